"""Remove and retrain: the removed features, planted explanations, and the measure's limits."""

import re

import numpy as np
import pytest
import torch

import xaikit as xk


def least_squares(x, y, x_test, y_test, seed):
    """Fit a line and return R² on the test rows."""
    design, design_test = (np.c_[np.ones(len(r)), r] for r in (x, x_test))
    weight = np.linalg.lstsq(design, y, rcond=None)[0]
    errors = y_test - design_test @ weight
    return 1 - (errors**2).sum() / ((y_test - y_test.mean()) ** 2).sum()


WEIGHT = np.array([4.0, -3.0, 2.0, 1.0, 0.0, 0.0, 0.0, 0.0])


def data(seed=0):
    rng = np.random.default_rng(seed)
    x, x_test = rng.normal(size=(400, 8)), rng.normal(size=(300, 8))
    return x, x @ WEIGHT, x_test, x_test @ WEIGHT


def judged(explain, **settings):
    x, y, x_test, y_test = data()
    return xk.remove_and_retrain(
        least_squares, x, y, explain(x), x_test, y_test, explain(x_test), **settings
    )


def test_an_additive_model_loses_the_share_of_its_removed_parts():
    """Every row loses the same columns: R² without them is the remaining share of variance."""
    result = judged(lambda r: 0 * r + WEIGHT, fractions=[0, 1 / 8, 1 / 4, 3 / 8, 1 / 2, 1])
    squares = np.sort(WEIGHT**2)[::-1]
    left = 1 - np.cumsum([0, *squares])[[0, 1, 2, 3, 4, 8]] / squares.sum()
    np.testing.assert_allclose(result.scores, np.tile(left[:, None], 3), atol=0.08)
    np.testing.assert_allclose(result.scores[0], 1)
    np.testing.assert_allclose(result.random_scores[0], 1)
    assert result.scores.shape == result.random_scores.shape == (6, 3)
    # A random third of the features has a third of the variance, in each row.
    assert (result.random_scores[1:5] > result.scores[1:5] + 0.15).all()


def test_the_truth_is_preferred_to_planted_explanations():
    def truth(r):
        return r * WEIGHT

    best = judged(truth)
    assert (best.scores[1:] < best.random_scores[1:] - 0.1).all()
    wrongs = {
        "random": lambda r: np.random.default_rng(len(r)).normal(size=r.shape),
        "constant": lambda r: 0 * r + 0.5,
    }
    for name, wrong in wrongs.items():
        found = judged(wrong)
        assert (found.scores[1:] > best.scores[1:] + 0.1).all(), name
        np.testing.assert_allclose(found.scores, found.random_scores, atol=0.12)
    # The input itself removes large numbers in all columns: better than chance, but not right.
    itself = judged(lambda r: r)
    assert (itself.scores[1:3] > best.scores[1:3] + 0.1).all()


def test_what_is_removed_becomes_the_training_mean():
    seen = []

    def train(x, y, x_test, y_test, seed):
        seen.append((x.copy(), x_test.copy(), y, y_test, seed))
        return 0.0

    x = np.array([[1.0, 10.0, 100.0, 1000.0], [3.0, 30.0, 300.0, 3000.0]])
    x_test = x + 0.5
    scores = np.array([[1.0, -9.0, 2.0, 0.0], [5.0, 1.0, 2.0, 9.0]])
    xk.remove_and_retrain(train, x, "y", scores, x_test, "z", scores, [0.25, 0.5, 1.0], [7])
    means = [2, 20, 200, 2000]
    np.testing.assert_array_equal(seen[0][0], [[1, 20, 100, 1000], [3, 30, 300, 2000]])
    np.testing.assert_array_equal(seen[1][0], [[1, 20, 200, 1000], [2, 30, 300, 2000]])
    half = [[1.5, 20, 200, 1000.5], [2, 30.5, 300.5, 2000]]
    np.testing.assert_array_equal(seen[1][1], half)
    np.testing.assert_array_equal(seen[2][0], [means, means])
    assert [call[2:] for call in seen] == [("y", "z", 7)] * 6
    for call, count in zip(seen[3:], (1, 2, 4), strict=True):
        assert ((call[0] == means).sum(axis=1) == count).all()


def test_equal_scores_go_in_a_random_order():
    orders = set()

    def train(x, y, x_test, y_test, seed):
        orders.add(tuple(x[0] == 0.5))
        return 0.0

    x = np.array([[0.0] * 6, [1.0] * 6])
    xk.remove_and_retrain(train, x, None, x * 0 + 1, x, None, x * 0 + 1, [0.5], range(20))
    assert len(orders) > 8


def test_where_it_is_blind_features_that_repeat_each_other():
    """Each column twice: a removed column's copy still predicts y."""

    def twice(r):
        return np.concatenate([r, r], axis=1)

    x, y, x_test, y_test = data()
    first_only = np.concatenate([WEIGHT, 0 * WEIGHT])
    result = xk.remove_and_retrain(
        least_squares,
        twice(x),
        y,
        0 * twice(x) + first_only,
        twice(x_test),
        y_test,
        0 * twice(x_test) + first_only,
        fractions=[0.25],
    )
    np.testing.assert_allclose(result.scores, 1)


def test_where_it_is_fooled_masks_that_give_the_answer_away():
    """Scores depend on y: the model predicts y from the missing feature, without any value."""
    rng = np.random.default_rng(0)
    x, x_test = rng.normal(size=(2, 500, 4)) ** 2 + 1
    y, y_test = rng.integers(0, 2, (2, 500)).astype(float)  # the values do not predict y
    scores, scores_test = (
        np.where(t[:, None] > 0, [9, 0, 0, 0], [0, 9, 0, 0]) for t in (y, y_test)
    )

    def by_gaps(rows, answers, rows_test, answers_test, seed):
        gone, gone_test = ((r == x.mean(axis=0)).astype(float) for r in (rows, rows_test))
        return least_squares(gone, answers, gone_test, answers_test, seed)

    result = xk.remove_and_retrain(by_gaps, x, y, scores, x_test, y_test, scores_test, [0.25])
    assert (result.scores > 0.5).all() and (result.random_scores < 0.1).all()


def test_torch_rows_stay_torch_and_give_the_same():
    x, y, x_test, y_test = data()
    places = []

    def train(rows, answers, rows_test, answers_test, seed):
        places.append(type(rows))
        return least_squares(np.asarray(rows), answers, np.asarray(rows_test), answers_test, seed)

    expected = xk.remove_and_retrain(train, x, y, x * WEIGHT, x_test, y_test, x_test * WEIGHT)
    tensors = torch.tensor(x), y, torch.tensor(x * WEIGHT), torch.tensor(x_test), y_test
    result = xk.remove_and_retrain(train, *tensors, torch.tensor(x_test * WEIGHT))
    assert set(places[24:]) == {torch.Tensor}
    np.testing.assert_allclose(result.scores, expected.scores, atol=1e-9)
    np.testing.assert_allclose(result.random_scores, expected.random_scores, atol=1e-9)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"train": None}, TypeError, "train is NoneType, expected a function"),
        (
            {"fractions": [0.5, 1.5]},
            ValueError,
            "fractions is [0.5, 1.5], expected shares",
        ),
        ({"fractions": []}, ValueError, "fractions is []"),
        ({"seeds": []}, ValueError, "seeds is [], expected one for each training"),
        (
            {"x": np.ones(3), "attribution": np.ones(3)},
            ValueError,
            "x has shape (3,), expected",
        ),
        ({"attribution_test": np.ones((2, 3))}, ValueError, "attribution has shape (2, 3)"),
    ],
)
def test_bad_questions_are_refused_in_words(settings, error, message):
    rows = np.ones((4, 3))
    given = {
        "train": least_squares,
        "x": rows,
        "y": rows[:, 0],
        "attribution": rows,
        "x_test": rows,
        "y_test": rows[:, 0],
        "attribution_test": rows,
    }
    with pytest.raises(error, match=re.escape(message)):
        xk.remove_and_retrain(**given | settings)
