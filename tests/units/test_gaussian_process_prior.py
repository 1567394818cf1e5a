"""The prior over games: again over all subsets, over all pairs, and by differences."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import multivariate_normal, norm
from threadpoolctl import threadpool_info, threadpool_limits

from tests.units.coalitions import (
    by_subsets,
    coalitions,
    network_game,
    table_game,
)
from tests.units.support import five_point, seeds
from xaikit.core.threads import one_blas_thread
from xaikit.methods import gaussian_process
from xaikit.methods.gaussian_process import (
    Prior,
    fit_prior,
    log_marginal_likelihood,
    shapley_functional,
)


def all_pairs(players):
    """Return one coalition of each of the 2^(M−1) pairs, as ±1; first N, of the pair ∅ and N."""
    masks = coalitions(players)[::-1]
    return np.where(masks[: len(masks) // 2], 1.0, -1.0)


def exact_functional(players):
    """Return L (M, pairs): the Shapley values of a game with odd part o are L o."""
    z = all_pairs(players)
    # v(S) = o, v(Sᶜ) = −o: as many games as pairs, each with o = 1 at one of them.
    payoffs = np.concatenate([np.eye(len(z)), -np.eye(len(z))[::-1]])
    return by_subsets(table_game(payoffs[::-1]))


def covariance(prior, z, others):
    """Return k(z, z′), its interactions summed over all odd subsets T: Π_{j∈T} ρ_j z_j z′_j."""
    players = z.shape[1]
    odd = [mask for mask in coalitions(players) if mask.sum() % 2]
    products = z[:, None] * others[None]
    rho = np.tanh(prior.a)
    smooth = sum((rho * products)[..., subset].prod(axis=-1) for subset in odd)
    same = (products > 0).all(axis=-1).astype(float) - (products < 0).all(axis=-1)
    normaliser = sum(rho[subset].prod() for subset in odd)
    linear = products.mean(axis=-1)
    return prior.linear * linear + prior.smooth * smooth / normaliser + prior.white * same


@st.composite
def priors(draw, players):
    numbers = np.random.default_rng(draw(seeds)).normal(size=players + 3)
    return Prior.from_logs(numbers + np.r_[0, -1, -2, np.full(players, draw(st.floats(-4, 0)))])


@st.composite
def points(draw, most=6):
    """Draw a prior, and one coalition of each of a few pairs, ∅/N first."""
    players = draw(st.integers(2, most))
    z = all_pairs(players)
    rng = np.random.default_rng(draw(seeds))
    chosen = 1 + rng.permutation(len(z) - 1)[: draw(st.integers(1, 12))]
    signed = z[chosen] * rng.choice([-1.0, 1.0], len(chosen))[:, None]
    return draw(priors(players)), np.concatenate([z[:1], signed])


# The prior.


@given(points())
def test_covariance_is_a_sum_over_odd_subsets(drawn):
    prior, z = drawn
    sinh, cosh = prior.hyperbolic(z)
    np.testing.assert_allclose(prior.covariance(z, sinh), covariance(prior, z, z), rtol=1e-10)
    u = (z * prior.a) @ z.T
    np.testing.assert_allclose(sinh, np.sinh(u) / np.sinh(prior.a.sum()), atol=1e-14)
    np.testing.assert_allclose(cosh, np.cosh(u) / np.sinh(prior.a.sum()), rtol=1e-12)


def test_strong_interactions_do_not_overflow():
    prior = Prior(1.0, 1.0, 1.0, np.full(400, np.e))
    z = np.ones((2, 400))
    z[1, :300] = -1
    sinh, cosh = prior.hyperbolic(z)
    # The diagonal is exact; elsewhere the exponent is a sum of 100 numbers, with rounding.
    np.testing.assert_array_equal([np.diag(sinh), np.diag(cosh)], 1)
    exponent, rtol = 200 * np.e, 100 * np.finfo(float).eps * 200 * np.e
    np.testing.assert_allclose([-sinh[0, 1], cosh[0, 1]], np.exp(-exponent), rtol=rtol)


@given(points())
def test_likelihood_is_that_of_a_normal(drawn):
    prior, z = drawn
    t = np.random.default_rng(0).normal(size=len(z))
    expected = multivariate_normal(np.zeros(len(z)), covariance(prior, z, z)).logpdf(t)
    assert log_marginal_likelihood(prior, z, t)[0] == pytest.approx(expected, rel=1e-8)


@given(points(5))
def test_likelihoods_slope_against_differences(drawn):
    prior, z = drawn
    t = np.random.default_rng(0).normal(size=len(z))
    logs = np.log([prior.linear, prior.smooth, prior.white, *prior.a])
    slope = log_marginal_likelihood(prior, z, t)[1]

    def along(k, step):
        moved = logs + step * (np.arange(len(logs)) == k)
        return log_marginal_likelihood(Prior.from_logs(moved), z, t)[0]

    expected = [five_point(lambda step, k=k: along(k, step), 1e-3) for k in range(len(logs))]
    np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())


# The functional.


@given(points())
def test_functional_and_prior_variance_from_all_pairs(drawn):
    prior, z = drawn
    everyone, exact = all_pairs(z.shape[1]), exact_functional(z.shape[1])
    functional, variance = shapley_functional(prior, z)
    expected = exact @ covariance(prior, everyone, z)
    np.testing.assert_allclose(functional, expected, atol=1e-12 * np.abs(expected).max())
    expected = np.diag(exact @ covariance(prior, everyone, everyone) @ exact.T)
    np.testing.assert_allclose(variance, expected, rtol=1e-10)


# The fit.


def cost(logs, z, t):
    """Return −log(likelihood × priors of the parameters), up to a constant."""
    prior, log_a = Prior.from_logs(logs), logs[3:]
    likelihood = multivariate_normal(np.zeros(len(z)), covariance(prior, z, z)).logpdf(t)
    scales = norm.logpdf(logs[:3], [0, -2, -6], 3).sum()
    players = norm.logpdf(log_a, log_a.mean(), 1).sum() + norm.logpdf(log_a.mean(), np.log(0.1), 1)
    return -likelihood - scales - players


@pytest.mark.parametrize("seed", range(3))
def test_fitted_prior_is_the_best_within_bounds(seed):
    """Minimise again from its result, by another formula, with slopes from differences."""
    game = network_game(5, seed)
    z = all_pairs(5)[:12]
    odd = (game(z > 0) - game(z < 0)) / 2
    t = odd / np.sqrt(np.mean(odd**2))
    prior = fit_prior(z, t, seed=0)
    logs = np.log([prior.linear, prior.smooth, prior.white, *prior.a])
    bounds = [(-15, 8), (-15, 8), (-14, 8)] + [(-7, 1)] * 5
    assert all(
        low - 1e-9 <= log <= high + 1e-9 for log, (low, high) in zip(logs, bounds, strict=True)
    )
    best = minimize(cost, logs, (z, t), "L-BFGS-B", bounds=bounds)
    assert best.fun > cost(logs, z, t) - 0.02
    start = np.r_[0, -2, -6, np.full(5, np.log(0.1))]
    assert cost(logs, z, t) < cost(start, z, t) - 0.5


@pytest.mark.parametrize(("players", "a"), [(3, 0.1), (40, 0.05)])
def test_the_fit_starts_from_weak_interactions(monkeypatch, players, a):
    tried = []

    def likelihood(prior, z, t):
        tried.append([prior.linear, prior.smooth, prior.white, *prior.a])
        return 0.0, np.zeros(players + 3)

    monkeypatch.setattr(gaussian_process, "log_marginal_likelihood", likelihood)
    fit_prior(np.ones((1, players)), np.ones(1), seed=0)
    np.testing.assert_allclose(tried[0], [1, np.exp(-2), np.exp(-6)] + [a] * players, rtol=1e-12)


def test_many_points_are_fitted_in_part(monkeypatch):
    seen = []

    def likelihood(prior, z, t):
        seen.append((z, t))
        return 0.0, np.zeros(13)

    monkeypatch.setattr(gaussian_process, "log_marginal_likelihood", likelihood)
    z = all_pairs(10)[:401]
    t = np.arange(401.0)
    for count, seed in [(400, 0), (401, 0), (401, 1)]:
        seen.clear()
        fit_prior(z[:count], t[:count], seed)
        chosen = seen[0][1].astype(int)
        assert len(set(chosen)) == 400 and chosen[0] == 0  # always with ∅ and N
        np.testing.assert_array_equal(seen[0][0], z[chosen])
        assert (chosen[:5].tolist() == [0, 1, 2, 3, 4]) == (count == 400)
    first = chosen
    fit_prior(z, t, seed=0)
    assert set(seen[-1][1].astype(int)) != set(first)


def test_the_fit_takes_one_thread_and_gives_the_others_back(monkeypatch):
    def threads():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    seen = []
    monkeypatch.setattr(
        gaussian_process,
        "log_marginal_likelihood",
        lambda *point: seen.extend(threads()) or log_marginal_likelihood(*point),
    )
    z = np.random.default_rng(0).choice([-1.0, 1.0], size=(20, 4))
    with threadpool_limits(2, "blas"):
        before = threads()
        fit_prior(z, z.sum(axis=1), 0)
        assert threads() == before
    assert set(before) == {2} and set(seen) == {1}


def test_in_a_browser_nobody_looks_for_threads(monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    with one_blas_thread():
        pass
