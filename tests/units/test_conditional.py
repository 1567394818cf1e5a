"""Absence by a Gaussian: the golden formula, conditioning by the precision matrix, odd data."""

import re
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import xaikit as xk
from tests.units.coalitions import by_subsets, coalitions, recorded
from tests.units.support import assert_equal, numpy_of, seeds
from xaikit.core.chunks import Pace


def with_moments(mean, covariance, rows=40, seed=0):
    """Return rows (m, d) whose mean and covariance are exactly these."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(rows, len(mean)))
    noise -= noise.mean(axis=0)
    white = noise @ np.linalg.inv(np.linalg.cholesky(noise.T @ noise / rows)).T
    return mean + white @ np.linalg.cholesky(covariance).T


def random_background(columns, seed, rows=40):
    rng = np.random.default_rng(seed)
    spread = rng.normal(size=(columns, columns)) * rng.uniform(0.1, 10, columns)[:, None]
    covariance = spread @ spread.T + 0.1 * np.eye(columns)
    return with_moments(rng.normal(0, 3, columns), covariance, rows)


def conditional(background, x, present):
    """Return mean and covariance of the absent columns given x, by the precision matrix."""
    mean, precision = background.mean(axis=0), np.linalg.inv(np.cov(background.T, ddof=0))
    covariance = np.linalg.inv(precision[np.ix_(~present, ~present)])
    shift = precision[np.ix_(~present, present)] @ (x - mean)[present]
    return mean[~present] - covariance @ shift, covariance


@given(
    r=st.floats(-0.99, 0.99),
    beta=st.tuples(*[st.floats(-3, 3)] * 2),
    seed=seeds,
    x=st.tuples(*[st.floats(-3, 3)] * 2),
)
def test_golden_formula(r, beta, seed, x):
    """φ₁ = β₁x₁ + (r/2)(β₂x₁ − β₁x₂) for conditional absence, β₁x₁ for marginal absence."""
    background = with_moments(np.zeros(2), np.array([[1, r], [r, 1]]))
    model, x = (lambda rows: rows @ beta), np.array(x)
    marginal = xk.exact_shapley(xk.marginal_game(model, x, background))
    np.testing.assert_allclose(marginal.values, beta * x, atol=1e-12)
    game = xk.conditional_game(model, x, background, samples=2, seed=seed)
    shared = r / 2 * (beta[1] * x[0] - beta[0] * x[1])
    expected = np.array([beta[0] * x[0] + shared, beta[1] * x[1] - shared])
    result = xk.exact_shapley(game)
    np.testing.assert_allclose(result.values, expected, atol=1e-11)
    assert result.values.shape == (2,) and result.gap.ndim == 0


@given(columns=st.integers(1, 4), rows=st.integers(1, 3), seed=seeds)
def test_linear_models_need_only_the_conditional_means(columns, rows, seed):
    background = random_background(columns, seed)
    rng = np.random.default_rng(seed)
    x, beta = rng.normal(size=(rows, columns)), rng.normal(size=columns)
    masks = coalitions(columns)
    payoffs = xk.conditional_game(lambda z: z @ beta + 7, x, background, samples=4, seed=seed)(
        masks
    )
    for mask, of_rows in zip(masks[1:-1], payoffs[1:-1], strict=True):
        for row, payoff in zip(x, of_rows, strict=True):
            filled = row.copy()
            filled[~mask] = conditional(background, row, mask)[0]
            assert payoff == pytest.approx(filled @ beta + 7, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_squares_show_the_conditional_covariances(seed):
    """E[(b·X)²] = (b·μ)² + bᵀΣb, within four standard errors of 20,000 draws."""
    background = random_background(4, seed, rows=6)
    rng = np.random.default_rng(seed)
    x, beta = rng.normal(size=4), rng.normal(size=4)
    game = xk.conditional_game(lambda z: (z @ beta) ** 2, x, background, samples=20_000, seed=seed)
    masks = coalitions(4)[1:-1]
    for mask, payoff in zip(masks, game(masks), strict=True):
        mean, covariance = conditional(background, x, mask)
        centre = x[mask] @ beta[mask] + mean @ beta[~mask]
        variance = beta[~mask] @ covariance @ beta[~mask]
        # The draws are antithetic: only the square is random, with variance 2 σ⁴ per pair.
        error = np.sqrt(2 / 10_000) * variance
        assert abs(payoff - centre**2 - variance) < 4 * error + 1e-9


def test_draws_are_normal_and_come_with_their_mirror_images():
    background = with_moments(np.array([1.0, 5.0]), np.array([[4.0, 0.0], [0.0, 9.0]]))
    seen = []

    def model(rows):
        seen.append(rows.copy())
        return rows[:, 0]

    game = xk.conditional_game(model, np.array([2.0, 3.0]), background, samples=1000)
    seen.clear()
    game(np.array([[True, False]]))
    rows = np.concatenate(seen)
    assert rows.shape == (1000, 2) and np.all(rows[:, 0] == 2.0)
    z = np.sort((rows[:, 1] - 5) / 3)
    np.testing.assert_allclose(z, -z[::-1], atol=1e-12)
    assert len(np.unique(z.round(9))) == 1000
    assert 0.9 < z.std() < 1.1 and 2.5 < np.mean(z**4) < 3.5


def test_ends_are_the_plain_mean_and_the_row_itself():
    background = np.random.default_rng(0).exponential(size=(30, 3))
    x = np.array([[1.0, 2.0, 3.0], [0.5, 0.0, 1.0]])
    model = lambda rows: np.stack([rows[:, 0], np.exp(rows).prod(axis=1)], axis=1)  # noqa: E731
    result = xk.exact_shapley(xk.conditional_game(model, x, background, [1, 0]))
    np.testing.assert_allclose(result.base, model(background).mean(axis=0)[[1, 0]], rtol=1e-14)
    np.testing.assert_allclose(result.output, [np.exp(6), 0.5], rtol=1e-14)


def test_the_same_coalition_pays_the_same_twice():
    background, x = random_background(3, 0), np.random.default_rng(1).normal(size=(2, 3))
    model = lambda rows: np.sin(rows).sum(axis=1)  # noqa: E731
    game = xk.conditional_game(model, x, background)
    masks = coalitions(3)
    np.testing.assert_array_equal(game(masks), game(masks))
    alone = xk.conditional_game(model, x[1], background)(masks[::-1])[::-1]
    np.testing.assert_allclose(game(masks)[:, 1], alone, atol=1e-14)
    other = xk.conditional_game(model, x, background, seed=1)(masks)
    assert np.all(other[1:-1] != game(masks)[1:-1])


def test_groups_come_and_go_together(backend):
    background, x = random_background(4, 2), np.random.default_rng(3).normal(size=(2, 4))
    beta = np.array([1.0, -2.0, 0.5, 3.0])
    network = backend.network(xk.Network([xk.Dense(beta[None])]))
    game = xk.conditional_game(
        network, backend.array(x), backend.array(background), groups={"pair": [3, 1]}
    )
    assert game.players == ("pair", "x0", "x2")

    def worth(masks):
        payoffs = []
        for mask in masks[:, [1, 0, 2, 0]]:
            filled = np.array([np.where(mask, row, background.mean(axis=0)) for row in x])
            if 0 < mask.sum() < 4:
                filled[:, ~mask] = [conditional(background, row, mask)[0] for row in x]
            payoffs.append(filled @ beta)
        return payoffs

    expected = by_subsets(xk.Game(3, worth)).T
    tolerance = 1e-10 if backend.dtype == "float64" else 1e-4
    assert_equal(xk.exact_shapley(game).values, expected, backend, tolerance)


def test_the_same_numbers_everywhere(backend):
    background, x = random_background(3, 4), np.random.default_rng(5).normal(size=(2, 3))
    network = xk.Network.mlp([3, 6, 2], "tanh", seed=0)
    expected = xk.exact_shapley(xk.conditional_game(network, x, background, 1, samples=16))
    here = backend.network(network)
    game = xk.conditional_game(here, backend.array(x), backend.array(background), 1, samples=16)
    result = xk.exact_shapley(game)
    for name in ("values", "base", "output", "data"):
        actual, other = getattr(result, name), numpy_of(getattr(expected, name))
        assert_equal(actual, other, backend, 1e-10 if backend.dtype == "float64" else 1e-4)


def test_no_call_of_the_model_is_large():
    called, sizes = recorded(lambda rows: rows.sum(axis=1))
    background = random_background(3, 0).repeat(100, axis=0)
    game = xk.conditional_game(called, np.ones((7, 3)), background, samples=5000)
    game(coalitions(3))
    assert max(sizes) <= 2048 * Pace.MOST and sum(sizes) == 7 + 7 * 4000 + 6 * 7 * 5000 + 7


# Missing values.


def filled(rows):
    """Return a model that takes missing values: a product, in which they count as 3."""
    known = np.nan_to_num(rows, nan=3.0)
    return known[:, 0] * known[:, 1] + known[:, 2] - 2 * known[:, 3]


def test_a_missing_value_tells_nothing_about_the_others():
    """By hand: the payoffs of the same coalition in which the missing column is absent.

    The product of a missing, present column (3) and an absent one is 3 times the other's mean, and
    the rest of the model is linear, so conditional means are enough.
    """
    background = random_background(4, 7)
    x = np.array([np.nan, 0.5, -1.0, 2.0])
    game = xk.conditional_game(filled, x, background, samples=4)
    for mask in coalitions(4)[1:-1]:
        if not mask[0]:
            continue
        known = mask & ~np.isnan(x)
        row = x.copy()
        if known.any():
            row[~known] = conditional(background, x, known)[0]
        else:
            row = background.mean(axis=0)
        row[0] = 3.0
        expected = row[0] * row[1] + row[2] - 2 * row[3]
        assert game(mask[None])[0] == pytest.approx(expected, abs=1e-9)
    assert game.ends()[1] == filled(x[None])[0]


def test_rows_that_lack_other_columns_are_those_of_each_alone():
    background = random_background(4, 8)
    x = np.random.default_rng(2).normal(size=(5, 4))
    x[0, 1] = x[1, 1] = x[2, [0, 3]] = x[3] = np.nan
    together = xk.conditional_game(filled, x, background, samples=16)(coalitions(4))
    assert np.isfinite(together).all()
    for row in range(5):
        alone = xk.conditional_game(filled, x[row], background, samples=16)(coalitions(4))
        np.testing.assert_allclose(together[:, row], alone, atol=1e-11)


def test_calls_take_several_coalitions():
    """Of 30 coalitions with 100 draws each, 20 fit into the usual 2,048 rows; x is one more row."""
    background, x = random_background(5, 1), np.ones(5)
    called, sizes = recorded(lambda rows: np.sin(rows).sum(axis=1))
    game = xk.conditional_game(called, x, background, samples=100)
    sizes.clear()
    together = game(coalitions(5))
    assert sorted(sizes) == [1, 1000, 2000]
    alone = np.concatenate([game(mask[None]) for mask in coalitions(5)])
    np.testing.assert_allclose(together, alone, atol=1e-13)


# Data that are not Gaussian.


def singular():
    """Backgrounds (m, 3) whose covariance has no inverse, by their fault."""
    rows = np.random.default_rng(0).normal(size=(50, 3))
    constant, rounded, doubled, total = (rows.copy() for _ in range(4))
    constant[:, 1] = 2.0
    rounded[:, 1] = 1 / 3  # its mean, and so its std, has a rounding error
    doubled[:, 1] = 2 * doubled[:, 0] + 1
    total[:, 2] = total[:, 0] + total[:, 1]
    return {
        "constant": constant,
        "rounded": rounded,
        "doubled": doubled,
        "total": total,
        "few rows": rows[:3],
        "all the same": np.ones((5, 3)),
    }


@pytest.mark.parametrize("name", singular())
def test_a_singular_covariance_warns_and_stays_finite(name):
    background, x = singular()[name], np.array([0.5, 0.8, -1.0])
    beta = np.array([1.0, 2.0, 3.0])
    message = "the background's covariance is singular .* 1e-6 was added to its diagonal"
    with pytest.warns(UserWarning, match=message):
        game = xk.conditional_game(lambda rows: rows @ beta, x, background)
    result = xk.exact_shapley(game)
    assert abs(result.gap) < 1e-9 and np.abs(result.values).max() < 100
    if name in ("constant", "rounded"):  # independent of the others
        rest = xk.conditional_game(lambda rows: rows @ beta[::2], x[::2], background[:, ::2])
        expected = xk.exact_shapley(rest).values
        np.testing.assert_allclose(result.values[::2], expected, atol=1e-4)
        mean = background[0, 1]
        assert result.values[1] == pytest.approx(2 * (0.8 - mean), abs=1e-9)


def test_one_of_two_equal_features_tells_all_of_the_other():
    background = np.random.default_rng(0).normal(size=(50, 1)).repeat(2, axis=1)
    with pytest.warns(UserWarning, match="singular"):
        game = xk.conditional_game(lambda rows: rows[:, 0], np.array([1.5, 1.5]), background)
    half = (1.5 - background.mean()) / 2
    np.testing.assert_allclose(xk.exact_shapley(game).values, [half, half], atol=1e-4)


def test_a_sound_background_gives_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        xk.conditional_game(lambda rows: rows[:, 0], np.ones(3), random_background(3, 0) * 1e-6)


@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        (0, ValueError, "at least 2"),
        (1, ValueError, "at least 2"),
        (-2, ValueError, "at least 2"),
        (3, ValueError, "an even number"),
        (2.0, TypeError, "a whole number"),
    ],
)
def test_samples_come_in_pairs(samples, error, message):
    with pytest.raises(error, match=f"samples is {samples}, expected {message}"):
        xk.conditional_game(np.ravel, np.ones((1, 1)), np.ones((2, 1)), samples=samples)


@pytest.mark.parametrize(
    ("x", "background", "message"),
    [
        (
            np.ones((2, 3)),
            np.ones((1, 3)),
            "(2, 3) and the background (1, 3), expected rows of fea",
        ),
        (np.ones((1, 1, 2, 2)), np.ones((5, 1, 2, 2)), "at least two background rows"),
    ],
)
def test_one_row_or_pictures_are_refused_in_words(x, background, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        xk.conditional_game(lambda rows: np.ones(len(rows)), x, background)
