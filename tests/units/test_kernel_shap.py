"""KernelSHAP against a dense Lagrange system, a second derivation of std, and shap."""

import re
from itertools import pairwise
from math import comb

import numpy as np
import pytest
import shap
from hypothesis import given
from hypothesis import strategies as st

import xaikit as xk
from tests.units.coalitions import coalitions, network_game, random_payoffs, table_game, tables
from tests.units.support import seeds
from xaikit.core.linear_fits import sum_constrained_fit
from xaikit.games.pairs import allocate, draw_pairs
from xaikit.methods.kernel_shap import shapley_kernel


def lagrange(masks, gains, weights, total):
    """Minimise Σ w (gain − Σ_{i∈S} φ_i)² with Σφ = total, by one dense system with a multiplier."""
    players = masks.shape[1]
    z = masks.astype(float)
    system = np.ones((players + 1, players + 1))
    system[:-1, :-1] = 2 * z.T @ (weights[:, None] * z)
    system[-1, -1] = 0
    right = np.append(2 * z.T @ (weights * gains), total)
    return np.linalg.solve(system, right)[:-1]


def drawn_fit(game, pairs):
    """Return the fit to all drawn coalitions; S and its complement have half the weight each."""
    empty, everyone = game.ends()
    masks = np.concatenate([pairs.masks, ~pairs.masks])
    weights = np.concatenate([pairs.weights, pairs.weights]) / 2
    return lagrange(masks, game(masks) - empty, weights, everyone - empty)


# The kernel.


@pytest.mark.parametrize(
    ("players", "size", "weight"), [(4, 1, 1 / 4), (4, 2, 1 / 8), (5, 2, 1 / 15)]
)
def test_kernel_by_hand(players, size, weight):
    assert shapley_kernel(players, size) == pytest.approx(weight, rel=1e-15)
    assert shapley_kernel(players, players - size) == shapley_kernel(players, size)


def test_the_kernel_is_infinite_at_the_ends():
    for size in (0, 5):
        with pytest.raises(ZeroDivisionError):
            shapley_kernel(5, size)


# The fit.


@given(payoffs=tables(2, 8, games=(None,)))
def test_all_coalitions_in_one_dense_system(payoffs):
    game = table_game(payoffs)
    masks = coalitions(len(game.players))[1:-1]
    weights = np.array([shapley_kernel(masks.shape[1], int(size)) for size in masks.sum(axis=1)])
    expected = lagrange(masks, payoffs[1:-1] - payoffs[0], weights, payoffs[-1] - payoffs[0])
    result = xk.kernel_shap(game, budget=len(payoffs))
    np.testing.assert_allclose(result.values, expected, atol=1e-10)
    np.testing.assert_allclose(result.values, xk.exact_shapley(game).values, atol=1e-10)
    assert result.std.tolist() == [0] * masks.shape[1]
    assert result.evaluations == len(payoffs)


@given(players=st.integers(4, 9), extra=st.integers(0, 60), seed=seeds)
def test_some_coalitions_in_one_dense_system(players, extra, seed):
    """A fit to both halves of a pair is the same as a fit to its odd half."""
    game = table_game(random_payoffs(players, seed))
    budget = min(2 * players + 2 + extra, 2**players)
    result = xk.kernel_shap(game, budget, seed=seed)
    pairs = draw_pairs(players, (budget - 2) // 2, seed, kernel=shapley_kernel)
    scale = np.linalg.cond(pairs.z * np.sqrt(pairs.weights)[:, None])
    np.testing.assert_allclose(result.values, drawn_fit(game, pairs), atol=1e-12 * scale**2)
    assert result.evaluations == budget // 2 * 2


def test_weights_share_out_the_kernel_among_the_drawn():
    """A stratum keeps the mass of all its coalitions, even if few of them were drawn."""
    for players in (5, 6):
        pairs = draw_pairs(players, 9, seed=0, kernel=shapley_kernel)
        for size in range(1, players // 2 + 1):
            sizes = {size, players - size}
            mass = sum(comb(players, s) * shapley_kernel(players, s) for s in sizes)
            weights = pairs.weights[pairs.stratum == size]
            np.testing.assert_allclose(weights, mass / len(weights), rtol=1e-14)


# Its standard deviation.


@pytest.mark.parametrize(("players", "budget"), [(5, 20), (7, 40), (8, 100), (9, 20)])
def test_std_is_the_sandwich_of_a_stratified_draw(players, budget):
    game = table_game(random_payoffs(players, 1, 2))
    pairs = draw_pairs(players, (budget - 2) // 2, seed=3, kernel=shapley_kernel)
    half = pairs.z / 2
    # C is the inverse of A among vectors that sum to 0.
    basis = np.linalg.svd(np.ones((1, players)))[2][1:].T
    gram = half.T @ (pairs.weights[:, None] * half)
    spread = basis @ np.linalg.inv(basis.T @ gram @ basis) @ basis.T
    odd = (game(pairs.masks) - game(~pairs.masks)) / 2
    values = xk.kernel_shap(game, budget, seed=3)
    for row in range(2):
        scores = []
        for z, w, o in zip(half, pairs.weights, odd[:, row], strict=True):
            leverage = w * z @ spread @ z
            scores.append(w * z * (o - z @ values.values[row]) / max(1 - leverage, 1e-9))
        scores = np.array(scores)
        middle = np.zeros((players, players))
        for size in range(1, players // 2 + 1):
            own = scores[pairs.stratum == size]
            n, population = len(own), comb(players, size) // (2 if 2 * size == players else 1)
            away = own - own.mean(axis=0) if n > 1 else own
            middle += (1 - n / population) * (n / (n - 1) if n > 1 else 1) * away.T @ away
        std = np.sqrt(np.diag(spread @ middle @ spread))
        np.testing.assert_allclose(values.std[row], std, rtol=1e-7, atol=1e-5)


def test_leverage_turns_residuals_into_errors_at_points_left_out():
    game, pairs = table_game(random_payoffs(6, 5)), draw_pairs(6, 14, seed=0, kernel=shapley_kernel)
    odd = (game(pairs.masks) - game(~pairs.masks)) / 2
    half, total = pairs.z / 2, np.diff(game.ends())

    def fit(kept):
        values, spread = sum_constrained_fit(
            half[kept], odd[kept, None], pairs.weights[kept], total
        )
        return values[:, 0], spread

    values, spread = fit(np.arange(14))
    for left_out in range(14):
        z, w = half[left_out], pairs.weights[left_out]
        error = odd[left_out] - z @ fit(np.delete(np.arange(14), left_out))[0]
        corrected = (odd[left_out] - z @ values) / (1 - w * z @ spread @ z)
        assert corrected == pytest.approx(error, rel=1e-9)


# The draw.


@given(players=st.integers(2, 13), share=st.floats(0, 1), seed=seeds)
def test_a_draw(players, share, seed):
    least, most = min(players, 2 ** (players - 1) - 1), min(2 ** (players - 1) - 1, 400)
    wanted = round(least + share * (most - least))
    pairs = draw_pairs(players, wanted, seed, kernel=shapley_kernel)
    both = np.concatenate([pairs.masks, ~pairs.masks])
    assert len(pairs.masks) == wanted and len(np.unique(both, axis=0)) == 2 * wanted
    assert pairs.stratum.tolist() == pairs.masks.sum(axis=1).tolist()
    assert pairs.stratum.max() <= players / 2 and set(pairs.drawn) == set(pairs.stratum)
    for size, drawn in pairs.drawn.items():
        population = comb(players, size) // (2 if 2 * size == players else 1)
        assert pairs.population[size] == population
        assert drawn == (pairs.stratum == size).sum() <= population
    np.testing.assert_array_equal(pairs.z, 2.0 * pairs.masks - 1)


@given(players=st.integers(4, 30), pairs=st.integers(30, 3000))
def test_strata_share_pairs_by_the_root_of_their_mass(players, pairs):
    population = {k: comb(players, k) for k in range(1, players // 2 + 1)}
    mass = {k: 1 / k + 1 / (players - k) for k in population}
    drawn = allocate(population, mass, pairs)
    assert sum(drawn.values()) == min(pairs, sum(population.values()))
    assert list(drawn) == list(population)
    rates = {k: drawn[k] / np.sqrt(mass[k]) for k in drawn}
    free = [k for k in drawn if drawn[k] < population[k]]
    for k in free:  # shares are rounded to whole pairs
        bounds = [(drawn[k] + sign) / np.sqrt(mass[k]) for sign in (-1, 1)]
        assert all(bounds[0] < (drawn[j] + 1) / np.sqrt(mass[j]) for j in free)
        assert all(rates[full] <= bounds[1] for full in drawn if full not in free)


def test_largest_remainders_are_rounded_up():
    assert allocate({1: 9, 2: 9, 3: 9}, {1: 9.0, 2: 4.0, 3: 1.0}, 8) == {1: 4, 2: 3, 3: 1}
    assert allocate({1: 2, 2: 9, 3: 9}, {1: 9.0, 2: 4.0, 3: 1.0}, 8) == {1: 2, 2: 4, 3: 2}
    capped = allocate({1: 9, 2: 2, 3: 9}, {1: 1.0, 2: 9.0, 3: 1.0}, 8)
    assert list(capped.items()) == [(1, 3), (2, 2), (3, 3)]


def test_coalitions_of_one_size_are_equally_likely():
    """Chi-square over 400 draws of 2 of the 10 pairs of players, and of 3 of 10 halves of six."""
    for players, size, pairs in [(5, 2, 8), (6, 3, 14)]:
        counts: dict[bytes, int] = {}
        draws = [draw_pairs(players, pairs, seed, kernel=shapley_kernel) for seed in range(400)]
        for drawn in draws:
            for mask in drawn.masks[drawn.stratum == size]:
                counts[mask.tobytes()] = counts.get(mask.tobytes(), 0) + 1
        assert len(counts) == 10
        expected = 400 * draws[0].drawn[size] / 10
        assert 1 < sum((n - expected) ** 2 for n in counts.values()) / expected < 27.9


def test_a_larger_draw_holds_the_smaller_one():
    for players in (6, 9, 14, 30):
        budgets = [4 * players + 4 << doubling for doubling in range(4)]
        draws = [
            draw_pairs(players, min((b - 2) // 2, 2 ** (players - 1) - 1), 5, kernel=shapley_kernel)
            for b in budgets
        ]
        held = [{mask.tobytes() for mask in draw.masks} for draw in draws]
        assert all(few <= more for few, more in pairwise(held))


def determined(players, pairs, seed):
    """Return whether the pairs of a draw and the sum of all values have one solution."""
    z = draw_pairs(players, pairs, seed, kernel=shapley_kernel).z
    return np.linalg.matrix_rank(np.concatenate([z, np.ones((1, players))])) == players


def test_the_smallest_budget_never_fails():
    for players in range(1, 41):
        pairs = min(players, 2 ** (players - 1) - 1)
        assert all(determined(players, pairs, seed) for seed in range(40 if players <= 12 else 3))


@pytest.mark.parametrize(("players", "pairs", "seed"), [(6, 9, 86), (8, 15, 100), (11, 19, 54)])
def test_draws_that_would_leave_a_player_open_are_drawn_again(players, pairs, seed):
    assert determined(players, pairs, seed)


def test_too_few_pairs_are_refused_in_words():
    message = "a budget of 12 coalitions leaves some sizes of coalition undrawn: give at least "
    with pytest.raises(ValueError, match=message) as error:
        draw_pairs(20, 5, seed=0, kernel=shapley_kernel)
    needed = int(re.search(r"at least (\d+)", str(error.value))[1])
    assert min(allocated(20, needed).values()) == 1 and min(allocated(20, needed - 2).values()) == 0
    message = (
        "no draw of 4 pairs determines the values of all 6 players: give a budget of at least 24"
    )
    with pytest.raises(ValueError, match=message):
        draw_pairs(6, 4, seed=0, kernel=shapley_kernel)


def allocated(players, budget):
    population = {k: comb(players, k) for k in range(1, players // 2 + 1)}
    mass = {k: 2 * (players - 1) / (k * (players - k)) for k in population}
    population[players // 2] //= 2
    mass[players // 2] /= 2
    return allocate(population, mass, (budget - 2) // 2)


# The peer.


def test_shap_package_gives_the_same_of_all_coalitions():
    game = network_game(8, 3, games=2)
    peer = shap.KernelExplainer(lambda rows: game(rows.astype(bool)), np.zeros((1, 8)))
    values = peer.shap_values(np.ones((1, 8)), nsamples=2**8, l1_reg=False, silent=True)
    result = xk.kernel_shap(game, budget=2**8)
    np.testing.assert_allclose(result.values, values[0].T, atol=1e-8)
