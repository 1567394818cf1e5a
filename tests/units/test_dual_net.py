"""Two networks that rank features: the parts by hand, the whole on synthetic tasks."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

import xaikit as xk
from tests.units.support import numpy_of
from xaikit.course.datasets import synthetic
from xaikit.methods import dual_net
from xaikit.networks.network import Network

SHORT = {"exploration": 64, "refinement": 100}


def selector(features, seed=0):
    return Network.mlp([features, 6, 1], "sigmoid", seed=seed, dtype="float32").layers


class Additive:
    """A layer that predicts the sum of the shown features' costs as the loss."""

    def __init__(self, costs):
        self.layers = (xk.Dense(np.array([costs], dtype=np.float32)),)


# The pieces


def test_every_row_meets_every_mask():
    x = np.arange(6.0).reshape(2, 3)
    masks = np.array([[1.0, 0, 1], [0, 1, 0]])
    np.testing.assert_array_equal(
        dual_net.masked(x, masks),
        [[0, 0, 2, 1, 0, 1], [3, 0, 5, 1, 0, 1], [0, 1, 0, 0, 1, 0], [0, 4, 0, 0, 1, 0]],
    )


def test_slope_of_the_selector_is_a_difference_quotient():
    layers, mask = selector(5), np.array([1, 0, 1, 0, 1], dtype=np.float32)
    step = 0.01 * np.eye(5, dtype=np.float32)
    rise = dual_net.predicted_loss(layers, mask + step)
    fall = dual_net.predicted_loss(layers, mask - step)
    np.testing.assert_allclose(
        dual_net.selector_slope(layers, mask), (rise - fall) / 0.02, atol=1e-4
    )


def test_best_mask_of_an_additive_selector_is_that_of_least_cost():
    costs = [3.0, -1.0, 2.0, -2.0, 0.0]
    layers = Additive(costs).layers
    np.testing.assert_array_equal(dual_net.optimal_mask(layers, 5, 2), [0, 1, 0, 1, 0])
    worst = np.array([1, 0, 1, 0, 0], dtype=np.float32)
    np.testing.assert_array_equal(dual_net.local_search(layers, worst, 1), [0, 0, 1, 1, 0])
    np.testing.assert_array_equal(dual_net.local_search(layers, worst, 9), [0, 1, 0, 1, 0])
    everything = np.ones(5, dtype=np.float32)
    np.testing.assert_array_equal(dual_net.local_search(layers, everything, 9), everything)


def test_local_search_never_climbs():
    rng = np.random.default_rng(0)
    for seed in range(20):
        layers = selector(8, seed)
        mask = np.zeros(8, dtype=np.float32)
        mask[rng.permutation(8)[:3]] = 1
        found = dual_net.local_search(layers, mask, 12)
        before, after = dual_net.predicted_loss(layers, np.array([mask, found]))
        assert found.sum() == 3 and after <= before


def test_swap_importances_by_hand():
    """Costs 1, 4 are shown, 2, 9 hidden: mean rises after swaps, negative for the hidden."""
    layers = Additive([1.0, 2.0, 4.0, 9.0]).layers
    swaps = dual_net.swap_importances(layers, np.array([1, 0, 1, 0], dtype=np.float32))
    np.testing.assert_allclose(swaps, [(1 + 8) / 2, -(1 - 2) / 2, (-2 + 5) / 2, -(8 + 5) / 2])
    np.testing.assert_array_equal(dual_net.swap_importances(layers, np.ones(4, "float32")), 0)


@pytest.mark.parametrize("size", [1, 3, 6])
def test_masks_show_as_many_features_as_they_should(size):
    rng = np.random.default_rng(0)
    masks, weights = dual_net.explored_masks(6, size, rng)
    assert masks.shape == (32, 6) and (masks.sum(axis=1) == size).all() and (weights == 1).all()
    focused, weights = dual_net.focused_masks(masks[0], masks[31], rng)
    assert focused.shape == (32, 6) and (focused.sum(axis=1) == size).all()
    np.testing.assert_array_equal(focused[16], masks[0])
    np.testing.assert_array_equal(focused[17], masks[31])
    assert weights[16:18].tolist() == [5, 10] and weights.sum() == 30 + 15
    swaps = np.abs(focused[18:] - masks[0]).sum(axis=1) / 2
    assert (swaps == min(2, size, 6 - size)).all()


# The whole


@pytest.mark.parametrize(
    ("task", "size"), [("xor", 3), ("orange skin", 4), ("regression", 4)], ids=str
)
def test_finds_the_columns_that_matter(task, size):
    data = synthetic.TASKS[task](512, seed=60)
    ranker = xk.DualNet(size, seed=1, exploration=800, refinement=600).fit(data.x, data.y)
    assert set(ranker.subset_) == set(data.relevant)
    assert set(np.argsort(-ranker.importances_)[:size]) == set(data.relevant)
    np.testing.assert_array_equal(ranker.get_support(indices=True), np.sort(ranker.subset_))
    shown = ranker.importances_[ranker.subset_]
    assert (np.diff(shown) <= 0).all()
    np.testing.assert_array_equal(ranker.transform(data.x), data.x[:, np.sort(ranker.subset_)])


def test_predicts_from_the_chosen_features_alone():
    data = synthetic.orange_skin(300, seed=3)
    ranker = xk.DualNet(4, seed=0, **SHORT).fit(data.x, data.y)
    other = np.random.default_rng(0).normal(size=data.x.shape)
    other[:, ranker.subset_] = data.x[:, ranker.subset_]
    np.testing.assert_array_equal(ranker.predict_proba(data.x), ranker.predict_proba(other))
    np.testing.assert_allclose(ranker.predict_proba(data.x).sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_the_order_of_the_rows_changes_a_prediction_by_rounding_alone(library):
    """In float64, for rows of any dtype; three layers, whose largest sum has 64 products."""
    data = synthetic.nonlinear_regression(301, seed=3)
    x = torch.tensor(data.x) if library == "torch" else data.x
    ranker = xk.DualNet(2, seed=0, **SHORT).fit(x, data.y)
    whole, alone = ranker.predict(x), [ranker.predict(x[i : i + 1])[0] for i in range(len(x))]
    assert str(whole.dtype).endswith("float64")
    atol = 3 * 64 * np.finfo(float).eps * np.abs(numpy_of(whole)).max()
    np.testing.assert_allclose(np.array(alone), numpy_of(whole), rtol=0, atol=atol)


def test_same_seed_same_ranking_and_rows_in_any_units():
    data = synthetic.nonlinear_regression(200, seed=4)
    one = xk.DualNet(2, seed=5, **SHORT).fit(data.x, data.y)
    same = clone(one).fit(data.x, data.y)
    np.testing.assert_array_equal(one.importances_, same.importances_)
    assert not np.array_equal(
        one.importances_, xk.DualNet(2, seed=6, **SHORT).fit(data.x, data.y).importances_
    )
    scaled = clone(one).fit(1000 * data.x + 5, 1e4 * data.y - 7)
    np.testing.assert_allclose(scaled.importances_, one.importances_, atol=1e-2)
    np.testing.assert_allclose(
        scaled.predict(1000 * data.x + 5), 1e4 * one.predict(data.x) - 7, rtol=1e-2, atol=300
    )


def test_what_is_kept_belongs_together():
    """Operator, selector and mask are of the best validated step, also with the caller's rows."""
    data, held = synthetic.orange_skin(200, seed=7), synthetic.orange_skin(100, seed=7)
    ranker = xk.DualNet(4, seed=0, exploration=200, refinement=400)
    ranker.fit(data.x, data.y, validation=(held.x, held.y))
    probability = ranker.predict_proba(held.x)[np.arange(100), held.y]
    history = ranker.history_
    assert -np.log(probability).mean() <= history["validation_loss"].min() + 1e-5
    assert history["masks"].shape == (len(history["validated"]), 10)
    assert (np.diff(history["validated"]) == 50).all() and history["validated"][0] == 200
    assert len(history["selector_loss"]) == len(history["loss"]) // 8


def test_patience_ends_the_second_phase():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 4)), rng.integers(2, size=60)  # no feature predicts y
    ranker = xk.DualNet(1, exploration=8, refinement=5000, patience=100).fit(x, y)
    assert len(ranker.history_["loss"]) < 2000


def test_columns_that_never_change_come_last():
    data = synthetic.orange_skin(200, seed=8)
    x = np.insert(data.x, [0, 5], 3.0, axis=1)
    ranker = xk.DualNet(3, **SHORT).fit(x, data.y)
    assert not {0, 6} & set(ranker.subset_)
    assert (ranker.importances_[[0, 6]] == ranker.importances_.min()).all()
    assert (ranker.swap_importances_[[0, 6]] == ranker.swap_importances_.min()).all()
    with pytest.raises(ValueError, match=r"1 to 10: X has 12 columns, and 2 of them never change"):
        xk.DualNet(11).fit(x, data.y)


def test_works_in_a_pipeline_and_in_cross_validation():
    data = synthetic.orange_skin(150, seed=9)
    pipeline = make_pipeline(xk.DualNet(4, **SHORT), LogisticRegression()).fit(data.x, data.y)
    assert pipeline[-1].coef_.shape == (1, 4)
    names = data.y.astype(str)
    scores = cross_val_score(xk.DualNet(2, task="classification", **SHORT), data.x, names, cv=3)
    assert scores.shape == (3,) and np.isfinite(scores).all()


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_follows_scikit_learn(task):
    ranker = xk.DualNet(1, task=task, exploration=8, refinement=8)
    results = check_estimator(ranker, on_fail=None, on_skip=None)
    # Training is too short for accuracy, which those two checks demand.
    expected = {"check_classifiers_train", "check_regressors_train"}
    failed = {r["check_name"] for r in results if r["status"] == "failed"}
    assert len(results) > 40 and failed <= expected


@pytest.mark.parametrize("device", ["cpu", *(["cuda"] if torch.cuda.is_available() else [])])
def test_torch_tensors_give_what_arrays_give(device):
    data = synthetic.orange_skin(200, seed=10)
    x = data.x.astype("float32")
    arrays = xk.DualNet(3, seed=0, **SHORT).fit(x, data.y)
    tensors = xk.DualNet(3, seed=0, **SHORT).fit(torch.tensor(x, device=device), data.y)
    assert tensors.operator_.layers[0].weight.device.type == device
    np.testing.assert_allclose(tensors.importances_, arrays.importances_, atol=0.02)
    probabilities = tensors.predict_proba(torch.tensor(x, device=device))
    assert isinstance(probabilities, torch.Tensor)
    np.testing.assert_allclose(probabilities.cpu().numpy(), arrays.predict_proba(x), atol=0.05)


def test_errors_say_what_is_expected():
    data = synthetic.orange_skin(50, seed=0)
    x, y = data.x, data.y
    for wrong, error, words in [
        (xk.DualNet(0), ValueError, "expected at least 1"),
        (xk.DualNet(11), ValueError, "expected 1 to 10"),
        (xk.DualNet(2.0), TypeError, "whole number"),
        (xk.DualNet(2, task="ranking"), ValueError, "'auto'"),
        (xk.DualNet(2, refinement=0), ValueError, "refinement is 0, expected at least 1"),
        (xk.DualNet(2, exploration=0), ValueError, "exploration is 0, expected at least 1"),
    ]:
        with pytest.raises(error, match=words):
            wrong.fit(x, y)
    ranker = xk.DualNet(2, **SHORT)
    with pytest.raises(ValueError, match="one class only"):
        ranker.fit(x, np.zeros(50, dtype=int))
    with pytest.raises(ValueError, match="NaN"):
        ranker.fit(np.where(x > 2, np.nan, x), y)
    with pytest.raises(ValueError, match="NaN"):
        ranker.fit(torch.tensor(np.where(x > 2, np.nan, x)), y)
    with pytest.raises(ValueError, match="50 rows, and y has 49"):
        ranker.fit(x, y[:49])
    with pytest.raises(ValueError, match="has not seen"):
        ranker.fit(x, y, validation=(x, y + 1))
