"""The Gaussian process over coalitions: all pairs conditioned on the drawn pairs."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import xaikit as xk
from tests.units.coalitions import network_game, random_payoffs, table_game
from tests.units.support import seeds
from tests.units.test_gaussian_process_prior import all_pairs, covariance, exact_functional
from xaikit.games.pairs import draw_pairs, sandwich_std
from xaikit.methods import gaussian_process
from xaikit.methods.gaussian_process import Prior, fit_prior, log_marginal_likelihood
from xaikit.methods.kernel_shap import shapley_kernel


@pytest.mark.parametrize(("players", "budget", "seed"), [(4, 10, 0), (5, 20, 1), (7, 40, 2)])
def test_posterior_conditions_all_pairs_on_the_drawn(monkeypatch, players, budget, seed):
    monkeypatch.setattr(gaussian_process, "FITTED_POINTS", 15)  # of 20 pairs, in the last case
    game = network_game(players, seed, games=2)
    result = xk.gaussian_process_shapley(game, budget, seed=seed)
    pairs = draw_pairs(players, (budget - 2) // 2, seed, kernel=shapley_kernel)
    z = np.concatenate([np.ones((1, players)), pairs.z])
    everyone, exact = all_pairs(players), exact_functional(players)
    observed = (game(z > 0) - game(z < 0)) / 2
    larger = []
    for row, odd in enumerate(observed.T):
        scale = np.sqrt(np.mean(odd**2))
        prior = fit_prior(z, odd / scale, seed)
        known, across = covariance(prior, z, z), covariance(prior, everyone, z)
        mean = exact @ across @ np.linalg.solve(known, odd)
        np.testing.assert_allclose(result.values[row], mean, atol=1e-9)
        left = covariance(prior, everyone, everyone) - across @ np.linalg.solve(known, across.T)
        std = scale * np.sqrt(np.diag(exact @ left @ exact.T))
        errors = []
        for n in range(1, len(z)):
            others = np.delete(np.arange(len(z)), n)
            weights = np.linalg.solve(known[np.ix_(others, others)], odd[others])
            errors.append(odd[n] - known[n, others] @ weights)
        basis = np.linalg.svd(np.ones((1, players)))[2][1:].T
        gram = pairs.z.T @ (pairs.weights[:, None] * pairs.z) / 4
        spread = basis @ np.linalg.inv(basis.T @ gram @ basis) @ basis.T
        sandwich = sandwich_std(pairs, spread, np.array(errors)[:, None])[:, 0]
        np.testing.assert_allclose(result.std[row], np.maximum(std, sandwich), rtol=1e-6)
        larger.append(sandwich > std)
    assert players == 4 or 0 < np.mean(larger) < 1  # each estimate was the larger one
    assert result.evaluations == budget


@given(players=st.integers(1, 7), seed=seeds)
def test_all_coalitions_give_the_exact_values(players, seed):
    game = table_game(random_payoffs(players, seed))
    result = xk.gaussian_process_shapley(game, budget=2**players)
    np.testing.assert_allclose(result.values, xk.exact_shapley(game).values, atol=1e-8)
    assert np.all(result.std < 1e-5) and (players == 1 or np.all(result.std > 0))


def test_all_coalitions_of_nine_players():
    game = network_game(9, 0)
    exact = xk.exact_shapley(game).values
    result = xk.gaussian_process_shapley(game, budget=2**9)
    np.testing.assert_allclose(result.values, exact, atol=1e-8)


@pytest.mark.parametrize("factor", [-1.0, 2.0**20, 2.0**-20])
def test_units_and_signs_do_not_matter(factor):
    payoffs = random_payoffs(6, 0)
    result = xk.gaussian_process_shapley(table_game(payoffs), 24)
    scaled = xk.gaussian_process_shapley(table_game(factor * payoffs), 24)
    np.testing.assert_allclose(scaled.values, factor * result.values, rtol=1e-9)
    np.testing.assert_allclose(scaled.std, abs(factor) * result.std, rtol=1e-9)


def test_a_linear_game_is_nearly_exact():
    result = xk.gaussian_process_shapley(xk.Game(8, lambda masks: masks @ np.arange(8.0)), 30)
    np.testing.assert_allclose(result.values, np.arange(8), atol=1e-5)


def test_each_game_of_several_is_its_own():
    """A constant game beside others gets zeros, not NaN."""
    payoffs = np.stack([random_payoffs(6, 0), np.ones(64), random_payoffs(6, 1)], axis=1)
    together = xk.gaussian_process_shapley(table_game(payoffs), 30)
    for row in range(3):
        alone = xk.gaussian_process_shapley(table_game(payoffs[:, row]), 30)
        np.testing.assert_allclose(together.values[row], alone.values, atol=1e-9)
        np.testing.assert_allclose(together.std[row], alone.std, atol=1e-9)
    assert together.values[1].tolist() == together.std[1].tolist() == [0] * 6


def test_large_budgets_are_refused_in_words():
    message = (
        "a budget of 10001 needs matrices of 5000 rows: give at most 10000, or use kernel_shap"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        xk.gaussian_process_shapley(network_game(4, 0), 10_001)
    assert xk.gaussian_process_shapley(network_game(4, 0), 10_000).evaluations == 16


def test_tolerance_gives_up_before_matrices_are_large(monkeypatch):
    monkeypatch.setattr(gaussian_process, "MOST_EVALUATIONS", 100)
    with pytest.warns(UserWarning, match="not reached with 100 coalitions"):
        answer = xk.gaussian_process_shapley(network_game(9, 0), tolerance=1e-9)
    assert answer.evaluations == 100


def test_a_covariance_that_is_none_is_refused_in_words():
    prior = Prior(1.0, 1.0, -10.0, np.ones(3))
    with pytest.raises(np.linalg.LinAlgError, match="the prior's covariance is not positive def"):
        log_marginal_likelihood(prior, all_pairs(3), np.ones(4))
