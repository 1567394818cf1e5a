"""Mixed rows that are equal are asked once, and every payoff stays what it was."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

import xaikit as xk
from tests.units.coalitions import coalitions, recorded
from tests.units.support import seeds
from xaikit.games import mixing


def additive_and_more(rows):
    return rows[:, 0] * rows[:, 1] + rows.sum(axis=1) ** 2


@st.composite
def whole_tables(draw):
    """Rows and a background of few values: many of them are equal in many columns."""
    rng = np.random.default_rng(draw(seeds))
    columns, rows = draw(st.integers(2, 7)), draw(st.integers(1, 3))
    background = draw(st.sampled_from([1, 2, 9]))
    values = rng.choice([0.0, 1.0, 2.5], size=(rows + background, columns), p=[0.6, 0.3, 0.1])
    return values[:rows], values[rows:]


@given(whole_tables())
def test_payoffs_are_those_of_every_mixed_row(tables):
    x, others = tables
    masks = coalitions(x.shape[1])
    mixed = np.where(masks[:, None, None], x[:, None], others)  # (B, n, m, d)
    outputs = additive_and_more(mixed.reshape(-1, x.shape[1])).reshape(mixed.shape[:3])
    game = xk.marginal_game(additive_and_more, x, others)
    # Sums of quarters are exact; only the division by the number of background rows rounds.
    np.testing.assert_allclose(game(masks), outputs.mean(axis=2), rtol=1e-13, atol=1e-13)


@given(whole_tables())
def test_each_distinct_row_is_asked_once(tables):
    x, others = tables[0][:1], tables[1][:1]
    model, sizes = recorded(additive_and_more)
    masks = coalitions(x.shape[1])
    xk.baseline_game(model, x, others)(masks)
    distinct = len(np.unique(np.where(masks, x, others), axis=0))
    if distinct <= 0.8 * len(masks):
        assert sum(sizes) == 1 + distinct


def test_each_row_has_a_baseline_of_its_own():
    x = np.array([[1.0, 2.0, 0.0, 0.0], [0.0, 5.0, 1.0, 0.0]])
    baseline = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    model, sizes = recorded(additive_and_more)
    masks = coalitions(4)
    payoffs = xk.baseline_game(model, x, baseline)(masks)
    assert sum(sizes) == 2 + 2 + 4
    for n in range(2):
        expected = additive_and_more(np.where(masks, x[n], baseline[n]))
        np.testing.assert_array_equal(payoffs[:, n], expected)


def test_more_columns_than_bits_in_a_word():
    x, others = np.zeros(130), np.zeros((2, 130))
    x[[0, 63, 64, 129]] = 1, 2, 3, 4
    model, sizes = recorded(lambda rows: rows @ np.arange(130.0) + rows[:, 0] * rows[:, 129])
    answer = xk.permutation_shapley(xk.marginal_game(model, x, others), 600)
    expected = np.where(x > 0, x * np.arange(130.0), 0.0)
    expected[[0, 129]] += 2.0
    np.testing.assert_allclose(answer.values, expected, atol=1e-9)
    # Of four columns, two background rows that are equal: at most 32 rows in each of the calls.
    assert sum(sizes) < 600


def test_zero_and_minus_zero_are_two_values():
    signs = xk.baseline_game(
        lambda rows: np.copysign(1.0, rows).sum(axis=1), np.zeros(3), np.full(3, -0.0)
    )
    np.testing.assert_array_equal(signs(coalitions(3)), 2.0 * coalitions(3).sum(axis=1) - 3)


def test_a_missing_value_equals_a_missing_value():
    x, others = np.array([np.nan, 1.0, 2.0]), np.array([[np.nan, 0.0, 0.0]])
    model, sizes = recorded(lambda rows: np.nan_to_num(rows, nan=7.0).sum(axis=1))
    game = xk.marginal_game(model, x, others)
    np.testing.assert_array_equal(game(coalitions(3)), 7 + coalitions(3)[:, 1:] @ [1.0, 2.0])
    assert sum(sizes) == 1 + 4


def test_frames_know_equal_values_of_any_type():
    frame = pd.DataFrame(
        {
            "city": ["Seoul", "Jeju", "Seoul", "Busan"],
            "kind": pd.Categorical(["a", "a", "a", "b"]),
            "size": [1.5, np.nan, 1.5, np.nan],
            "mixed": [1, True, "1", 1],
        }
    )

    def model(rows):
        calls.append(len(rows))
        city = rows["city"].map({"Seoul": 1.0, "Jeju": 2.0, "Busan": 4.0})
        kind = (rows["kind"] == "b") * 8.0
        truth = [16.0 if value is True else 0.0 for value in rows["mixed"]]
        return (city + kind + rows["size"].fillna(32.0)).to_numpy() + truth

    calls = []
    masks = coalitions(4)
    payoffs = xk.marginal_game(model, frame.iloc[[0]], frame.iloc[[2]])(masks)
    assert sum(calls) == 1 + 2  # only `mixed` differs
    np.testing.assert_array_equal(payoffs[:, 0], np.full(16, 2.5))
    calls.clear()
    payoffs = xk.marginal_game(model, frame.iloc[[3]], frame.iloc[[1]])(masks)
    assert sum(calls) == 1 + 8  # 1 is not True, and a missing size is missing
    there = masks[:, [0, 1, 3]] @ [2.0, 8.0, -16.0] + 2 + 32 + 16
    np.testing.assert_array_equal(payoffs[:, 0], there)


def test_numbers_that_all_differ_are_not_searched(monkeypatch):
    def planted(bits):
        raise AssertionError("equal rows were searched for")

    monkeypatch.setattr(mixing, "_words", planted)
    rng = np.random.default_rng(0)
    xk.exact_shapley(
        xk.marginal_game(additive_and_more, rng.normal(size=4), rng.normal(size=(9, 4)))
    )
