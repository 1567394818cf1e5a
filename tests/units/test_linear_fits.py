"""Weighted linear fits against scikit-learn, a dense Lagrange system, and repeated draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from tests.units.support import seeds
from xaikit.core.linear_fits import ridge_fit, side_by_side, sum_constrained_fit


@st.composite
def fits(draw):
    """Draw inputs z (B, M), outputs (B, n), weights (B,) and a ridge."""
    rng = np.random.default_rng(draw(seeds))
    players, games = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    rows = players + draw(st.integers(2, 30))
    z = rng.normal(2, 3, size=(rows, players))
    weights = rng.exponential(size=rows) * draw(st.sampled_from([1e-3, 1.0, 50.0]))
    return z, rng.normal(5, 2, size=(rows, games)), weights, draw(st.sampled_from([0.0, 0.1, 1.0]))


@given(fits())
def test_ridge_against_scikit_learn(drawn):
    z, outputs, weights, ridge = drawn
    fit = ridge_fit(z, outputs, weights, ridge)
    for game, y in enumerate(outputs.T):
        peer = Ridge(alpha=ridge, solver="svd").fit(z, y, sample_weight=weights)
        np.testing.assert_allclose(fit.coefficients[:, game], peer.coef_, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(fit.intercept[game], peer.intercept_, rtol=1e-7, atol=1e-9)
        score = peer.score(z, y, sample_weight=weights)
        np.testing.assert_allclose(fit.r2[game], score, atol=1e-9)


@given(fits())
def test_std_is_whites_sandwich(drawn):
    """The sandwich is summed row by row, from weighted-centred inputs and the fit's residuals."""
    z, outputs, weights, ridge = drawn
    fit = ridge_fit(z, outputs, weights, ridge)
    centred = z - np.average(z, axis=0, weights=weights)
    bread = sum(w * np.outer(c, c) for w, c in zip(weights, centred, strict=True))
    bread = np.linalg.inv(bread + ridge * np.eye(z.shape[1]))
    for game in range(outputs.shape[1]):
        residual = outputs[:, game] - fit.intercept[game] - z @ fit.coefficients[:, game]
        middle = sum(
            (w * r) ** 2 * np.outer(c, c)
            for w, r, c in zip(weights, residual, centred, strict=True)
        )
        freedom = len(z) / (len(z) - z.shape[1] - 1)
        std = np.sqrt(np.diag(bread @ middle @ bread) * freedom)
        np.testing.assert_allclose(fit.std[:, game], std, rtol=1e-8)


def test_std_is_the_spread_over_draws():
    """400 fits to 100 draws each of a curved function whose errors grow with z."""
    rng = np.random.default_rng(0)
    slopes, stds = [], []
    for _ in range(400):
        z = rng.normal(size=(100, 2))
        y = z[:, 0] ** 3 + z[:, 1]
        fit = ridge_fit(z, y[:, None], np.exp(-(z**2).sum(axis=1) / 8), ridge=0.0)
        slopes.append(fit.coefficients[:, 0])
        stds.append(fit.std[:, 0])
    np.testing.assert_allclose(np.mean(stds, axis=0), np.std(slopes, axis=0), rtol=0.15)


def test_few_rows_leave_the_std_finite():
    fit = ridge_fit(np.eye(2), np.ones((2, 1)) * [[1.0], [2.0]], np.ones(2), ridge=1.0)
    assert np.all(np.isfinite(fit.std))


@given(seed=seeds, constant=st.sampled_from([0.0, 1 / 3, -7.1, 1e6 / 7]))
def test_a_constant_is_explained_in_full(seed, constant):
    rng = np.random.default_rng(seed)
    z, weights = rng.normal(size=(20, 3)), rng.exponential(size=20)
    fit = ridge_fit(z, np.stack([np.full(20, constant), z[:, 0]], axis=1), weights, ridge=1.0)
    assert fit.r2[0] == 1 and 0.5 < fit.r2[1] < 1
    np.testing.assert_allclose(fit.coefficients[:, 0], 0, atol=1e-14 * abs(constant))
    assert fit.intercept[0] == pytest.approx(constant, rel=1e-14)


@pytest.mark.parametrize("ridge", [-1.0, float("nan")])
def test_a_negative_ridge_is_refused_in_words(ridge):
    with pytest.raises(ValueError, match=f"ridge is {ridge}, expected a number ≥ 0"):
        ridge_fit(np.ones((3, 1)), np.ones((3, 1)), np.ones(3), ridge)


def test_inputs_that_do_not_determine_the_slopes_need_a_ridge():
    z = np.array([[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]])
    message = "do not determine all coefficients: give more samples, or a ridge above 0"
    with pytest.raises(ValueError, match=message):
        ridge_fit(z, z[:, :1], np.ones(3), ridge=0.0)
    # ε · condition is 2e-16 · 10 / 1e-6, and the ridge reduces the slopes by a share of 1e-7.
    fit = ridge_fit(z, z[:, :1], np.ones(3), ridge=1e-6)
    np.testing.assert_allclose(fit.coefficients[:, 0], [0.5, 0.5], atol=1e-6)


def test_fits_side_by_side_are_one_fit_of_several_outputs():
    rng = np.random.default_rng(0)
    z, outputs, weights = rng.normal(size=(20, 3)), rng.normal(size=(20, 4)), rng.random(20)
    together = ridge_fit(z, outputs, weights)
    apart = side_by_side([ridge_fit(z, part, weights) for part in (outputs[:, :1], outputs[:, 1:])])
    for name in ("coefficients", "intercept", "r2", "std"):
        np.testing.assert_allclose(getattr(apart, name), getattr(together, name), atol=1e-14)


# Under a constraint.


def lagrange(z, outputs, weights, total):
    """Solve the same problem with a multiplier, in one dense system."""
    players = z.shape[1]
    system = np.ones((players + 1, players + 1))
    system[:-1, :-1], system[-1, -1] = 2 * z.T @ (weights[:, None] * z), 0
    right = np.vstack([2 * z.T @ (weights[:, None] * outputs), total])
    return np.linalg.solve(system, right)[:-1]


@given(fits(), seeds)
def test_constraint_against_a_dense_lagrange_system(drawn, seed):
    z, outputs, weights, _ = drawn
    total = np.random.default_rng(seed).normal(size=outputs.shape[1])
    values, spread = sum_constrained_fit(z, outputs, weights, total)
    expected = lagrange(z, outputs, weights, total)
    np.testing.assert_allclose(values, expected, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(values.sum(axis=0), total, atol=1e-9)
    # C maps changes of the right-hand side to changes of the values, within the constraint.
    size = np.abs(spread).max()
    np.testing.assert_allclose(spread.sum(axis=0), 0, atol=1e-9 * size + 1e-12)
    np.testing.assert_allclose(spread, spread.T, atol=1e-9 * size + 1e-12)
    step = np.random.default_rng(seed).normal(size=outputs.shape)
    moved = sum_constrained_fit(z, outputs + step, weights, total)[0] - values
    np.testing.assert_allclose(moved, spread @ (z.T @ (weights[:, None] * step)), atol=1e-8)


def test_only_the_direction_of_the_sum_may_be_missing():
    """Of two players one pair is drawn: z = (1, −1) gives φ₁ − φ₂, and the sum is known."""
    z, total = np.array([[0.5, -0.5]]), np.array([4.0])
    values, spread = sum_constrained_fit(z, np.array([[1.0]]), np.ones(1), total)
    np.testing.assert_allclose(values[:, 0], [3, 1], atol=1e-14)
    np.testing.assert_allclose(spread, [[1, -1], [-1, 1]], atol=1e-14)
    with pytest.raises(np.linalg.LinAlgError, match="1 inputs do not determine 3 coefficients"):
        sum_constrained_fit(np.array([[1.0, -1.0, 0.0]]), np.ones((1, 1)), np.ones(1), total)
