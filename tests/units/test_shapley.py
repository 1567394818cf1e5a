"""Exact Shapley values: analytic games, two brute forces, the axioms, and the shap package."""

import re
import tracemalloc
from math import comb

import numpy as np
import pytest
import shap
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestRegressor

import xaikit as xk
from tests.units.coalitions import (
    COMPLETE,
    by_orders,
    by_subsets,
    coalitions,
    random_payoffs,
    recorded,
    table_game,
    tables,
)
from tests.units.support import seeds
from xaikit.core.chunks import Pace
from xaikit.methods import shapley


def apartment(masks):
    """Park, size, cats: the extra price of an apartment with these features."""
    price = {
        (0, 0, 0): 0,
        (1, 0, 0): 30,
        (0, 1, 0): 100,
        (0, 0, 1): -20,
        (1, 1, 0): 150,
        (1, 0, 1): 0,
        (0, 1, 1): 70,
        (1, 1, 1): 110,
    }
    return [price[tuple(mask)] for mask in masks.astype(int)]


ANALYTIC = {
    "product 3 · 4": (2, lambda m: (3.0 * m[:, 0]) * (4.0 * m[:, 1]), [6, 6]),
    "glove": (3, lambda m: m[:, 0] & (m[:, 1] | m[:, 2]), [2 / 3, 1 / 6, 1 / 6]),
    "AND of 7": (7, lambda m: m.all(axis=1), [1 / 7] * 7),
    "max(5, 2)": (2, lambda m: np.maximum(5.0 * m[:, 0], 2.0 * m[:, 1]), [4, 1]),
    "apartment": (3, apartment, [35, 105, -30]),
    "one player": (1, lambda m: 2.0 + 3.0 * m[:, 0], [3]),
    "additive": (4, lambda m: 7.0 + m @ np.array([1.0, -2.0, 0.0, 4.0]), [1, -2, 0, 4]),
    "constant": (3, lambda m: np.full(len(m), 5.0), [0, 0, 0]),
}


@pytest.mark.parametrize("estimator", COMPLETE)
@pytest.mark.parametrize("name", ANALYTIC)
def test_analytic_games(name, estimator):
    players, value, expected = ANALYTIC[name]
    estimate, tolerance = COMPLETE[estimator]
    result = estimate(xk.Game(players, value))
    np.testing.assert_allclose(result.values, expected, atol=tolerance * max(1, *np.abs(expected)))
    assert abs(result.gap) < 1e-9
    if name == "constant":
        assert result.values.tolist() == [0, 0, 0]


@pytest.mark.parametrize("estimator", COMPLETE)
@given(payoffs=tables())
def test_against_both_brute_forces(estimator, payoffs):
    estimate, tolerance = COMPLETE[estimator]
    game = table_game(payoffs)
    for expected in (by_orders(game), by_subsets(game)):
        np.testing.assert_allclose(estimate(game).values, expected.T, atol=tolerance)


@given(payoffs=tables(6, 7, games=(None,)))
def test_against_the_dividends_of_all_coalitions(payoffs):
    """A game is a sum of unanimity games with dividends d_T, which T's members share equally."""
    players = len(payoffs).bit_length() - 1
    masks = coalitions(players)
    holds = ~(masks[None, :, :] & ~masks[:, None, :]).any(axis=2)  # S holds T
    dividends = np.linalg.solve(holds.astype(float), payoffs)
    sizes = np.maximum(masks.sum(axis=1), 1)
    expected = (masks * (dividends / sizes)[:, None]).sum(axis=0)
    np.testing.assert_allclose(xk.exact_shapley(table_game(payoffs)).values, expected, atol=1e-12)


# The axioms, for all estimators that evaluate every coalition.


@pytest.mark.parametrize("estimator", COMPLETE)
@given(payoffs=tables())
def test_efficiency(estimator, payoffs):
    result = COMPLETE[estimator][0](table_game(payoffs))
    np.testing.assert_allclose(result.gap, 0, atol=1e-12)
    np.testing.assert_array_equal(result.base, payoffs[0])
    np.testing.assert_array_equal(result.output, payoffs[-1])


@pytest.mark.parametrize("estimator", COMPLETE)
@given(payoffs=tables(1, 4), slope=st.sampled_from([0.0, 2.5]))
def test_a_dummy_gets_what_it_is_worth_alone(estimator, payoffs, slope):
    estimate, tolerance = COMPLETE[estimator]
    with_dummy = np.concatenate([payoffs, payoffs + slope])  # the new player is player 0
    values = estimate(table_game(with_dummy)).values.T
    expected = estimate(table_game(payoffs)).values.T
    np.testing.assert_allclose(values[0], slope, atol=tolerance)
    np.testing.assert_allclose(values[1:], expected, atol=2 * tolerance)


@pytest.mark.parametrize("estimator", COMPLETE)
@given(payoffs=tables(2, 5), seed=seeds)
def test_renamed_players_keep_their_values_and_twins_share(estimator, payoffs, seed):
    estimate, tolerance = COMPLETE[estimator]
    game = table_game(payoffs)
    order = np.random.default_rng(seed).permutation(len(game.players))
    renamed = xk.Game(len(order), lambda masks: game(masks[:, np.argsort(order)]))
    values = estimate(game).values
    np.testing.assert_allclose(estimate(renamed).values, values[..., order], atol=tolerance)
    swap = np.r_[1, 0, 2 : len(order)]
    symmetric = xk.Game(len(order), lambda masks: game(masks) + game(masks[:, swap]))
    first, second = estimate(symmetric).values.T[:2]
    np.testing.assert_allclose(first, second, atol=2 * tolerance)


@pytest.mark.parametrize("estimator", COMPLETE)
@given(seed=seeds, factor=st.sampled_from([-2.0, 0.5, 1e6]))
def test_linearity_in_the_game(estimator, seed, factor):
    estimate, tolerance = COMPLETE[estimator]
    u, v = random_payoffs(4, seed), random_payoffs(4, seed + 1)
    parts = [estimate(table_game(payoffs)).values for payoffs in (u, v)]
    result = estimate(table_game(u + factor * v + 3)).values
    atol = 2 * tolerance * (1 + abs(factor))
    np.testing.assert_allclose(result, parts[0] + factor * parts[1], atol=atol)


def test_large_payoffs_lose_no_digits():
    payoffs = np.round(random_payoffs(5, 0) * 2**10) / 2**10
    expected = by_orders(table_game(payoffs))
    result = xk.exact_shapley(table_game(payoffs + 2.0**40))
    np.testing.assert_allclose(result.values, expected, atol=1e-15)


# Peers, counts, memory.


@pytest.mark.parametrize("rows", [1, 3])
def test_shap_package_gives_the_same(rows):
    rng = np.random.default_rng(0)
    x, background = rng.normal(size=(rows, 6)), rng.normal(size=(15, 6))
    network = xk.Network.mlp([6, 8, 2], seed=1)
    forest = RandomForestRegressor(5, random_state=0).fit(background, background[:, 0] > 0)
    masker = shap.maskers.Independent(background, max_samples=15)
    for model in (lambda rows: network(rows)[:, 1], forest.predict):
        peer = shap.ExactExplainer(model, masker)(x)
        result = xk.exact_shapley(xk.marginal_game(model, x, background))
        np.testing.assert_allclose(result.values, peer.values, atol=1e-12)
        np.testing.assert_allclose(result.base, peer.base_values, atol=1e-12)


@pytest.mark.parametrize("players", [1, 2, 10, 11, 12, 13])
def test_every_coalition_is_asked_for_once(players):
    asked = []

    def value(masks):
        asked.append(masks.copy())
        masks[:] = False  # a value function may change its masks
        return np.zeros(len(masks))

    result = xk.exact_shapley(xk.Game(players, value))
    masks = np.concatenate(asked)
    assert result.evaluations == len(masks) == len(np.unique(masks, axis=0)) == 2**players
    assert max(map(len, asked)) <= 2048


def test_twenty_players_fit_into_memory():
    model, sizes = recorded(lambda rows: rows @ np.arange(20.0))
    game = xk.baseline_game(model, np.ones(20), 0.5)
    tracemalloc.start()
    try:
        result = xk.exact_shapley(game)
        assert tracemalloc.get_traced_memory()[1] < 60e6
    finally:
        tracemalloc.stop()
    np.testing.assert_allclose(result.values, np.arange(20) / 2, atol=1e-10)
    assert max(sizes) <= 2048 * Pace.MOST and result.evaluations == 2**20


def test_too_many_players_are_refused_before_they_are_paid():
    game = xk.Game(26, lambda masks: masks.sum(axis=1))
    message = "26 players have 2^26 coalitions, too many to ask for each of them in 1 game(s): use "
    samplers = "permutation_shapley, kernel_shap or gaussian_process_shapley, or make groups"
    with pytest.raises(ValueError, match=re.escape(message + samplers)):
        xk.exact_shapley(game)
    assert game.evaluations == 2


def test_too_many_games_are_refused(monkeypatch):
    monkeypatch.setattr(shapley, "MOST_BYTES", 8 * 2**4 * 3)
    result = xk.exact_shapley(table_game(random_payoffs(4, 0, 3)))
    assert result.values.shape == (3, 4)
    message = re.escape("too many to ask for each of them in 4 game(s)")
    with pytest.raises(ValueError, match=message):
        xk.exact_shapley(table_game(random_payoffs(4, 0, 4)))
    monkeypatch.setattr(shapley, "MOST_PLAYERS", 4)
    xk.exact_shapley(table_game(random_payoffs(4, 0)))
    with pytest.raises(ValueError, match="5 players"):
        xk.exact_shapley(table_game(random_payoffs(5, 0)))


def test_the_answer_names_players_and_method():
    game = xk.Game(["park", "size", "cats"], apartment)
    result = xk.exact_shapley(game)
    assert str(result) == (
        "exact Shapley\n"
        "feature      value      score\n"
        "park         1.000    +35.000\n"
        "size         1.000   +105.000\n"
        "cats         1.000    -30.000\n"
        "output 110.000, base 0.000: scores +110.000, gap +0.000"
    )
    assert result.std is None and result.details == {}


def test_a_bar_is_shown_on_demand(capsys):
    xk.exact_shapley(table_game(random_payoffs(3, 0)))
    assert capsys.readouterr().err == ""
    xk.exact_shapley(table_game(random_payoffs(3, 0)), progress=True)
    assert "1/1" in capsys.readouterr().err


def test_drawing_the_size_first_needs_no_weights():
    """φ = E[gain] for |S| uniform on 0 … M − 1 and S uniform among subsets of that size."""
    players, game = 4, table_game(random_payoffs(4, 3))
    masks = coalitions(players)
    without_0 = masks[~masks[:, 0]]
    gain = game(without_0 | (np.arange(players) == 0)) - game(without_0)
    chance = [1 / players / comb(players - 1, size) for size in without_0.sum(axis=1)]
    np.testing.assert_allclose(xk.exact_shapley(game).values[0], chance @ gain, atol=1e-14)
