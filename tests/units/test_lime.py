"""LIME on tables: against the lime package on the same perturbations, by hand, and errors."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lime.lime_base import LimeBase
from lime.lime_tabular import LimeTabularExplainer
from sklearn.linear_model import Ridge

import xaikit as xk
from tests.units.coalitions import recorded
from tests.units.support import assert_equal, assert_lives_at, numpy_of, seeds

BETA = np.array([1.0, -2.0, 0.0, 3.0])
BACKGROUND = np.random.default_rng(0).normal(1.0, [1.0, 2.0, 0.5, 10.0], size=(80, 4))
MEAN, SCALE = BACKGROUND.mean(axis=0), BACKGROUND.std(axis=0)
ROWS = BACKGROUND[:3] + 0.5


def line(rows):
    return rows @ BETA + 7


def curve(rows):
    """Return two nonlinear outputs."""
    return np.stack([np.sin(rows[:, 0]) * rows[:, 1], np.tanh(rows[:, 3] / 5) + rows[:, 2]], axis=1)


def asked(model, rows=None):
    """Return a model, and a list to which it adds all its rows."""
    seen = []

    def called(rows):
        seen.append(np.array(rows, dtype=float))
        return model(rows)

    return called, seen


BEFORE = {"instance": 1, "background": 2}  # calls for F(x) itself, and for the first row again


@pytest.mark.parametrize("around", ["instance", "background"])
@pytest.mark.parametrize("width", [None, 1.2])
def test_lime_package_fits_the_same_to_the_same_perturbations(around, width):
    samples, targets = 700, [1, 0, 1]
    called, seen = asked(curve)
    result = xk.lime_tabular(called, ROWS, BACKGROUND, targets, width, samples, around=around)
    expected_width = 1.5 if width is None else width  # 0.75 √4
    assert result.details["kernel_width"] == expected_width
    peer = LimeBase(lambda distance: np.exp(-(distance**2) / (2 * expected_width**2)))
    perturbed = np.concatenate(seen[BEFORE[around] :])
    for row, x in enumerate(ROWS):
        if around == "instance":
            own = perturbed[row * samples : (row + 1) * samples]
            np.testing.assert_allclose(own[0], x, rtol=1e-14)
        else:
            own = perturbed
        distance = np.sqrt((((own - x) / SCALE) ** 2).sum(axis=1))
        z = (own - MEAN) / SCALE
        intercept, slopes, r2, _ = peer.explain_instance_with_data(
            z, curve(own), distance, targets[row], 4, feature_selection="none"
        )
        slopes = [slope for _, slope in sorted(slopes)]
        np.testing.assert_allclose(result.values[row], slopes, atol=1e-11)
        assert result.details["r2"][row] == pytest.approx(r2, abs=1e-11)
        assert result.details["intercept"][row] == pytest.approx(intercept, abs=1e-10)
    assert (
        result.evaluations == len(perturbed) == (samples * 3 if around == "instance" else samples)
    )
    np.testing.assert_allclose(result.output, curve(ROWS)[range(3), targets], rtol=1e-14)


def test_lime_packages_own_explainer_comes_to_the_same():
    """It draws other perturbations: the difference is within five standard deviations."""
    peer = LimeTabularExplainer(
        BACKGROUND, mode="regression", discretize_continuous=False, sample_around_instance=True,
        feature_selection="none", random_state=0,
    )  # fmt: skip
    model = lambda rows: curve(rows)[:, 0]  # noqa: E731
    answer = peer.explain_instance(ROWS[0], model, num_features=4, num_samples=4000)
    slopes = [slope for _, slope in sorted(answer.local_exp[1])]
    result = xk.lime_tabular(model, ROWS[0], BACKGROUND, samples=4000)
    assert np.all(np.abs(result.values - slopes) < 5 * np.sqrt(2) * result.std)
    assert np.all(result.std < 0.1)


@pytest.mark.parametrize("around", ["instance", "background"])
def test_a_linear_model_is_found_exactly_without_a_ridge(around):
    result = xk.lime_tabular(line, ROWS, BACKGROUND, ridge=0.0, samples=200, around=around)
    np.testing.assert_allclose(result.values, [BETA * SCALE] * 3, atol=1e-10)
    np.testing.assert_allclose(result.details["intercept"], MEAN @ BETA + 7, atol=1e-10)
    np.testing.assert_allclose(result.details["r2"], 1, atol=1e-12)
    np.testing.assert_allclose(result.std, 0, atol=1e-10)


@given(seed=seeds, scale=st.sampled_from([1e-3, 1.0, 1e3]))
def test_a_new_unit_of_a_feature_changes_nothing(seed, scale):
    units = np.array([scale, 1.0, 1.0, 1 / scale])
    first = xk.lime_tabular(curve, ROWS, BACKGROUND, 1, samples=50, seed=seed)
    model = lambda rows: curve(rows / units)  # noqa: E731
    second = xk.lime_tabular(model, ROWS * units, BACKGROUND * units, 1, samples=50, seed=seed)
    np.testing.assert_allclose(first.values, second.values, atol=1e-9)
    np.testing.assert_allclose(first.std, second.std, atol=1e-9)


def test_rows_of_one_call_share_their_perturbations():
    together = xk.lime_tabular(curve, ROWS, BACKGROUND, [0, 1, 0], samples=300, features=2)
    for row in range(3):
        alone = xk.lime_tabular(
            curve, ROWS[row], BACKGROUND, [0, 1, 0][row], samples=300, features=2
        )
        np.testing.assert_allclose(together.values[row], alone.values, atol=1e-12)
        np.testing.assert_allclose(together.std[row], alone.std, atol=1e-12)
        for name in ("r2", "intercept"):
            assert together.details[name][row] == pytest.approx(alone.details[name], abs=1e-11)
        assert alone.values.shape == alone.data.shape == (4,) and alone.output.ndim == 0
        assert alone.details["r2"].ndim == alone.details["intercept"].ndim == 0


def test_fewer_features_are_the_largest_and_are_fitted_again():
    called, seen = asked(line)
    result = xk.lime_tabular(called, ROWS[0], BACKGROUND, samples=300, ridge=5.0, features=2)
    assert np.flatnonzero(result.values).tolist() == np.flatnonzero(result.std).tolist() == [1, 3]
    rows = np.concatenate(seen[1:])
    z = ((rows - ROWS[0]) / SCALE)[:, [1, 3]]
    weights = np.exp(-(((rows - ROWS[0]) / SCALE) ** 2).sum(axis=1) / (2 * 1.5**2))
    peer = Ridge(5.0).fit(z, line(rows), sample_weight=weights)
    np.testing.assert_allclose(result.values[[1, 3]], peer.coef_, atol=1e-10)
    score = peer.score(z, line(rows), sample_weight=weights)
    assert result.details["r2"] == pytest.approx(score, abs=1e-12)
    everything = xk.lime_tabular(line, ROWS[0], BACKGROUND, samples=300, ridge=5.0, features=4)
    plain = xk.lime_tabular(line, ROWS[0], BACKGROUND, samples=300, ridge=5.0)
    np.testing.assert_allclose(everything.values, plain.values, atol=1e-12)


@pytest.mark.parametrize("around", ["instance", "background"])
@pytest.mark.parametrize("constant", [2.0, 1 / 3])
def test_a_column_that_never_changes_gets_nothing(around, constant):
    """Also if rounding gives it a standard deviation of 1e-17."""
    background = BACKGROUND.copy()
    background[:, 1] = constant
    x = np.array([1.0, 2.0, 0.5, 0.5])
    called, seen = asked(line)
    result = xk.lime_tabular(called, x, background, samples=100, ridge=0.1, around=around)
    assert result.values[1] == 0 and result.std[1] == 0
    perturbed = np.concatenate(seen[BEFORE[around] :])[:, 1]
    np.testing.assert_allclose(perturbed, 2.0 if around == "instance" else constant, rtol=1e-14)
    assert abs(result.details["intercept"]) < 100


def test_std_is_the_spread_over_seeds():
    results = [xk.lime_tabular(curve, ROWS[0], BACKGROUND, samples=300, seed=s) for s in range(60)]
    spread = np.std([result.values for result in results], axis=0)
    np.testing.assert_allclose(np.mean([r.std for r in results], axis=0), spread, rtol=0.35)
    assert np.array_equal(
        results[0].values, xk.lime_tabular(curve, ROWS[0], BACKGROUND, samples=300).values
    )
    assert np.all(results[0].values != results[1].values)


def test_a_narrow_kernel_sees_the_slope_and_a_wide_one_the_trend():
    model = lambda rows: np.tanh(5 * rows[:, 0])  # noqa: E731
    background = np.random.default_rng(0).normal(size=(100, 1))
    narrow, wide = (
        xk.lime_tabular(model, np.zeros(1), background, kernel_width=w, ridge=1e-6).values[0]
        for w in (0.03, 3.0)
    )
    assert narrow > 4 * background.std() > 2 * wide > 0


def test_a_constant_model_gets_zeros():
    result = xk.lime_tabular(lambda rows: np.full(len(rows), 3.0), ROWS, BACKGROUND, samples=50)
    np.testing.assert_allclose(result.values, 0, atol=1e-14)
    assert result.details["r2"].tolist() == [1, 1, 1]
    np.testing.assert_allclose(result.details["intercept"], 3, rtol=1e-14)


@pytest.mark.parametrize("around", ["instance", "background"])
def test_the_same_numbers_everywhere(backend, around):
    network = xk.Network.mlp([4, 6, 2], "tanh", seed=0)
    settings = {"target": 1, "samples": 60, "around": around}
    expected = xk.lime_tabular(network, ROWS, BACKGROUND, **settings)
    here = backend.network(network)
    x, background = backend.array(ROWS), backend.array(BACKGROUND)
    result = xk.lime_tabular(here, x, background, **settings)
    tolerance = 1e-10 if backend.dtype == "float64" else 2e-4
    for name in ("values", "std", "output", "data"):
        actual, other = getattr(result, name), numpy_of(getattr(expected, name))
        assert_equal(actual, other, backend, tolerance)
    for name in ("r2", "intercept"):
        assert_equal(result.details[name], expected.details[name], backend, tolerance)
    single = xk.lime_tabular(here, x[0], background, **settings)
    assert_equal(single.values, numpy_of(expected.values[0]), backend, tolerance)
    assert_lives_at(backend, single.output)


def test_no_call_of_the_model_is_large():
    called, sizes = recorded(line)
    xk.lime_tabular(called, ROWS, BACKGROUND)
    assert max(sizes) <= 2048 and sum(sizes) == 3 + 3 * 5000
    called, sizes = recorded(lambda rows: rows.mean(axis=1))
    wide = np.random.default_rng(0).normal(size=(2, 5000))
    with pytest.raises(ValueError, match="expected at least 5002 for 5000 features"):
        xk.lime_tabular(called, wide[0], wide, samples=5001)


def test_the_answer_is_of_slopes_not_parts():
    result = xk.lime_tabular(line, ROWS, BACKGROUND, samples=50)
    assert result.base is None and result.gap is None and result.method == "LIME"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"samples": 5}, "samples is 5, expected at least 6 for 4 features"),
        ({"kernel_width": 0.0}, "kernel_width is 0.0, expected a positive number"),
        ({"kernel_width": -1.0}, "kernel_width is -1.0, expected a positive number"),
        ({"kernel_width": np.nan}, "kernel_width is nan, expected a positive number"),
        ({"kernel_width": 0.05}, "at kernel_width 0.05 only about 1 of 5000 perturbed rows count"),
        ({"kernel_width": 1e-200}, "too few for 4 slopes: give a wider kernel or more samples"),
        ({"kernel_width": 0.05, "around": "background"}, "perturbed rows count, too few for 4"),
        ({"kernel_width": 1e-3, "around": "background"}, "only about 0 of 5000 perturbed rows"),
        ({"features": 0}, "features is 0, expected at least 1"),
        ({"features": 5}, "features is 5, expected 1 to 4, or None for all"),
        ({"around": "x"}, "unknown around 'x', expected 'instance' or 'background'"),
        ({"ridge": -1.0}, "ridge is -1.0, expected a number ≥ 0"),
        ({"target": 1}, "target 1 is out of range: the model has 1 output(s)"),
    ],
)
def test_bad_settings_are_refused_in_words(settings, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        xk.lime_tabular(line, ROWS, BACKGROUND, **settings)


def test_the_smallest_samples_and_all_features_are_allowed():
    result = xk.lime_tabular(line, ROWS, BACKGROUND, samples=6, kernel_width=100.0, features=1)
    assert np.all(np.isfinite(result.std)) and np.count_nonzero(result.values) == 3


def test_pictures_are_refused_in_words():
    message = "x has shape (1, 1, 2, 2), expected rows of features (n, d) or (d,)"
    with pytest.raises(ValueError, match=re.escape(message)):
        xk.lime_tabular(lambda x: x[:, 0, 0, 0], np.ones((1, 1, 2, 2)), np.ones((2, 1, 2, 2)))
