"""Permutation sampling: contributions order by order, and their standard deviation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import xaikit as xk
from tests.units.coalitions import network_game, random_payoffs, table_game
from tests.units.support import seeds


def walk(game, order):
    """Return each player's contribution when they join in this order."""
    players = len(order)
    masks = np.array([np.isin(range(players), order[:k]) for k in range(players + 1)])
    gained = np.diff(game(masks), axis=0)
    return gained[np.argsort(order)]


@given(
    players=st.integers(2, 6), pairs=st.integers(2, 5), games=st.sampled_from([None, 2]), seed=seeds
)
def test_orders_walked_one_by_one(players, pairs, games, seed):
    game = table_game(random_payoffs(players, seed, games))
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(players) for _ in range(pairs)]
    means = np.array([(walk(game, order) + walk(game, order[::-1])) / 2 for order in orders])
    budget = 2 + pairs * (2 * players - 2)
    result = xk.permutation_shapley(game, budget, seed=seed)
    np.testing.assert_allclose(result.values, means.mean(axis=0).T, atol=1e-13)
    # Each variance gets one more observation: the mean variance of all players.
    variance = ((means - means.mean(axis=0)) ** 2).sum(axis=0) / (pairs - 1)
    variance += (variance.mean(axis=0) - variance) / pairs
    np.testing.assert_allclose(result.std, np.sqrt(variance / pairs).T, atol=1e-13)
    assert result.details == {"degrees_of_freedom": pairs}
    assert result.evaluations == 2 + pairs * (2 * players - 2)


def test_one_pair_does_not_show_its_spread():
    result = xk.permutation_shapley(network_game(5, 0), budget=12)
    assert np.isinf(result.std).all() and result.details == {"degrees_of_freedom": 1}
    assert result.evaluations == 10 and abs(result.gap) < 1e-12


def test_a_single_player_gets_the_whole():
    result = xk.permutation_shapley(table_game(np.array([[1.0, 5.0], [3.0, 4.0]])), budget=2)
    assert result.values.tolist() == [[2], [-1]] and result.std.tolist() == [[0], [0]]
    assert result.evaluations == 2
    single = xk.permutation_shapley(table_game(np.array([1.0, 3.0])))
    assert single.values.tolist() == [2] and single.std.tolist() == [0]


@given(players=st.integers(2, 5), slope=st.sampled_from([0.0, 2.5]), seed=seeds)
def test_a_dummy_is_seen_in_every_order(players, slope, seed):
    payoffs = random_payoffs(players, seed)
    result = xk.permutation_shapley(table_game(np.concatenate([payoffs, payoffs + slope])), 20)
    assert result.values[0] == pytest.approx(slope, abs=1e-15)


def test_many_orders_come_near_the_exact_values():
    game = network_game(7, 1)
    exact = xk.exact_shapley(game).values
    result = xk.permutation_shapley(game, budget=20_000, seed=2)
    assert np.all(result.std > 0)
    assert np.abs((result.values - exact) / result.std).max() < 3
    assert result.std.max() < 0.01 * np.ptp(exact)


def test_default_budget():
    assert xk.permutation_shapley(network_game(9, 0)).evaluations == 2 + 16 * 129  # ≤ 2 · 9 + 2048


def test_the_answer_names_its_method():
    game = xk.Game(["a", "b"], lambda masks: masks.sum(axis=1))
    result = xk.permutation_shapley(game)
    assert (result.method, result.feature_names) == ("permutation Shapley", ("a", "b"))


@pytest.mark.parametrize("progress", [False, True])
def test_a_bar_is_shown_on_demand(capsys, progress):
    xk.permutation_shapley(network_game(4, 0), budget=20, progress=progress)
    assert ("1/1" in capsys.readouterr().err) == progress
