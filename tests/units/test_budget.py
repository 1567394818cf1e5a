"""Budgets, tolerances and seeds of all estimators that sample."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import xaikit as xk
from tests.units.coalitions import SAMPLERS, network_game, random_payoffs, table_game
from tests.units.support import seeds
from xaikit.games.budget import budgets, reached, smallest_budget

# Most tolerances here cannot be reached; `test_careful.py` tests the warning.
pytestmark = pytest.mark.filterwarnings("ignore:the tolerance")
samplers = pytest.mark.parametrize("name", SAMPLERS)
# Games whose estimates are linear in the payoffs drawn; a Gaussian process fits its prior to them.
linear = pytest.mark.parametrize("name", ["permutation", "kernel"])


@samplers
@given(
    players=st.integers(1, 9), share=st.floats(0, 1), seed=seeds, games=st.sampled_from([None, 2])
)
def test_any_budget_is_enough_and_never_exceeded(name, players, share, seed, games):
    payoffs = 100 * random_payoffs(players, seed, games)
    game = table_game(payoffs)
    budget = smallest_budget(players) + round(share * 100)
    result = SAMPLERS[name](game, budget, seed=seed)
    assert result.evaluations == game.evaluations <= budget
    np.testing.assert_allclose(result.gap, 0, atol=1e-9)
    assert np.all(np.isfinite(result.values)) and np.all(result.std >= 0)
    np.testing.assert_array_equal(result.base, payoffs[0])
    np.testing.assert_array_equal(result.output, payoffs[-1])


@pytest.mark.parametrize(
    ("name", "most", "draws"), [("permutation", 40, 3), ("kernel", 40, 3), ("process", 9, 1)]
)
def test_the_smallest_budget(name, most, draws):
    for players in [*range(1, most + 1), 40]:
        budget = min(2 * players + 2, 2**players)
        game = xk.Game(players, lambda masks: (masks @ np.linspace(-1, 1, masks.shape[1])) ** 3)
        for seed in range(draws):
            result = SAMPLERS[name](game, budget, seed=seed)
            assert abs(result.gap) < 1e-9 and result.evaluations <= budget
        message = f"expected at least {budget} coalitions for {players} players$"
        with pytest.raises(ValueError, match=message):
            SAMPLERS[name](game, budget - 1)


# Tolerance.


@samplers
@given(
    players=st.integers(1, 8),
    budget=st.integers(30, 260),
    tolerance=st.sampled_from([1e-9, 0.05, 0.3, 3.0]),
    seed=seeds,
)
def test_tolerance_stops_early_but_not_too_early(name, players, budget, tolerance, seed):
    game = network_game(players, seed)
    result = SAMPLERS[name](game, budget, tolerance, seed=seed)
    assert result.evaluations == game.evaluations <= budget
    reached = result.std.max() <= tolerance * np.ptp(result.values)
    next_step = 2 * (players - 1) if name == "permutation" else 2
    assert reached or result.evaluations + next_step > min(budget, 2**players)
    # The evaluations of earlier rounds are part of the result.
    asked = SAMPLERS[name](network_game(players, seed), max(result.evaluations, 2), seed=seed)
    np.testing.assert_allclose(result.values, asked.values, atol=1e-9)
    np.testing.assert_allclose(result.std, asked.std, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "players", "budget"),
    [("kernel", 19, 82), ("kernel", 19, 83), ("kernel", 30, 257), ("process", 19, 82)],
)
def test_a_little_more_budget_evaluates_nothing_twice(name, players, budget):
    """With two or four more pairs, rounding could give a stratum one pair less."""
    game = xk.Game(players, lambda masks: np.tanh(masks @ np.linspace(-1, 2, players)))
    assert SAMPLERS[name](game, budget, tolerance=1e-9).evaluations == budget // 2 * 2


def asked_of(result, players=5, budget=None, tolerance=None, most=10**6):
    """Return the budgets of all rounds, for a method with these results."""
    asked = []
    for evaluations in budgets(players, budget, tolerance, most):
        asked.append(evaluations)
        if reached(tolerance, *map(np.array, result(evaluations) if callable(result) else result)):
            break
    return asked


def test_budgets_double_up_to_the_whole():
    never = [[1.0], [2.0]], [[1.0], [1.0]]
    assert asked_of(never, budget=1000, tolerance=0.1) == [125, 250, 500, 1000]
    assert asked_of(never, budget=1000, tolerance=0.1, most=300) == [75, 150, 300]
    assert asked_of(never, budget=127, tolerance=0.1) == [127]
    assert asked_of(never, budget=128, tolerance=0.1) == [64, 128]
    assert asked_of(never, budget=175, tolerance=0.1, players=20) == [87, 175]
    assert asked_of(never, budget=167, tolerance=0.1, players=20) == [167]
    assert asked_of(never, tolerance=0.1, most=256) == [64, 128, 256]
    assert asked_of(never, budget=np.int64(99)) == [99]
    assert asked_of(never) == [2 * 5 + 2048]
    assert asked_of(never, most=100) == [100]


def test_tolerance_is_a_share_of_the_range_in_every_game():
    values = [[5.0, -3.0], [15.0, -2.0], [7.0, -2.5]]
    settings = {"budget": 256, "tolerance": 0.1}
    assert asked_of((values, [[1.0, 0.1], [0.0, 0.0], [0.5, 0.0]]), **settings) == [64]
    assert asked_of((values, [[1.0, 0.1], [0.0, 0.0], [0.0, 0.11]]), **settings) == [64, 128, 256]
    assert asked_of((values, [[1.1, 0.1], [0.0, 0.0], [0.0, 0.0]]), **settings) == [64, 128, 256]
    shrinking = lambda budget: (values, np.full((3, 2), 10 / budget))  # noqa: E731
    assert asked_of(shrinking, **settings) == [64, 128]


@samplers
def test_a_constant_game_is_done_at_once(name):
    game = xk.Game(6, lambda masks: np.full(len(masks), 7.0))
    result = SAMPLERS[name](game, tolerance=0.01)
    assert result.values.tolist() == result.std.tolist() == [0] * 6
    assert (result.base, result.output, result.gap) == (7, 7, 0) and result.evaluations <= 64


# Seeds and games.


@samplers
def test_a_seed_decides_the_draw(name):
    first, again, other = (
        SAMPLERS[name](network_game(8, 0), 40, seed=seed).values for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert np.all(first != other)


@linear
@given(players=st.integers(3, 7), seed=seeds, factor=st.sampled_from([-2.0, 0.5, 1e4]))
def test_linearity_in_the_game_at_the_same_seed(name, players, seed, factor):
    u, v = random_payoffs(players, seed), random_payoffs(players, seed + 1)
    budget = 4 * players + 2
    parts = [SAMPLERS[name](table_game(game), budget, seed=seed).values for game in (u, v)]
    result = SAMPLERS[name](table_game(u + factor * v + 3), budget, seed=seed).values
    tolerance = 1e-9 * (1 + abs(factor))
    np.testing.assert_allclose(result, parts[0] + factor * parts[1], atol=tolerance)


@linear
def test_games_of_one_call_are_estimated_each_as_alone(name):
    payoffs = random_payoffs(6, 0, 3)
    together = SAMPLERS[name](table_game(payoffs), 40, seed=2)
    for row in range(3):
        alone = SAMPLERS[name](table_game(payoffs[:, row]), 40, seed=2)
        np.testing.assert_allclose(together.values[row], alone.values, atol=1e-12)
        np.testing.assert_allclose(together.std[row], alone.std, atol=1e-12)
        assert alone.values.shape == alone.std.shape == (6,) and alone.gap.ndim == 0


@samplers
def test_a_game_may_be_asked_twice(name):
    game = network_game(6, 0)
    for _ in range(2):
        result = SAMPLERS[name](game, 30)
    assert result.evaluations == game.evaluations / 2


@samplers
def test_default_budget_and_method(name):
    game = xk.Game(13, lambda masks: masks.sum(axis=1))
    evaluations = {"permutation": 2 + 86 * 24, "kernel": 2074}
    if name in evaluations:
        assert SAMPLERS[name](game).evaluations == evaluations[name]
    methods = {"permutation": "permutation Shapley", "kernel": "KernelSHAP"}
    assert SAMPLERS[name](game, 60).method == methods.get(name, "Gaussian process")


@pytest.mark.parametrize("name", ["kernel", "process"])
def test_a_bar_is_shown_on_demand(name, capsys):
    SAMPLERS[name](network_game(5, 0), 20)
    assert capsys.readouterr().err == ""
    SAMPLERS[name](network_game(5, 0), 20, progress=True)
    assert "1/1" in capsys.readouterr().err


# Errors.


@samplers
@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"budget": 11}, ValueError, "budget is 11, expected at least 12 coalitions for 5 players"),
        ({"budget": 0}, ValueError, "expected at least 12"),
        ({"budget": -5, "tolerance": 0.1}, ValueError, "expected at least 12"),
        ({"budget": 100.5}, TypeError, "budget is 100.5, expected a whole number"),
        ({"budget": 100.0}, TypeError, "budget is 100.0, expected a whole number"),
        ({"budget": "100"}, TypeError, "budget is '100', expected a whole number"),
        ({"budget": True}, TypeError, "budget is True, expected a whole number"),
        ({"tolerance": 0}, ValueError, "tolerance is 0, expected a positive number"),
        ({"tolerance": -0.1}, ValueError, "tolerance is -0.1, expected a positive number"),
        ({"tolerance": float("nan")}, ValueError, "tolerance is nan, expected a positive number"),
    ],
)
def test_bad_settings_are_refused_in_words(name, settings, error, message):
    with pytest.raises(error, match=re.escape(message)):
        SAMPLERS[name](network_game(5, 0), **settings)
