"""Completeness and sensitivity-n: closed forms, planted explanations, errors."""

import re
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import xaikit as xk
from tests.units.planted import BASELINE, additive, planted, rows, truth
from tests.units.support import SMOOTH, networks, seeds


def made(values, output, base, dtype=np.float64):
    """Return an Attribution by hand."""
    values = np.asarray(values, dtype)
    return xk.Attribution(values, np.asarray(base, dtype), np.asarray(output, dtype), values)


# Completeness.


@pytest.mark.parametrize(
    ("values", "output", "base", "gap", "relative", "complete"),
    [
        ([1.0, 2.0], 4.0, 1.0, 0, 0, True),
        ([1.0, 2.0], 3.0, 1.0, 1, 0.5, False),
        ([1.0, 2.0], 5.0, 1.0, -1, 0.25, False),
        ([1.0, 1.99], 4.0, 1.0, -0.01, 0.01 / 3, True),
        ([-1.0, -1.0], -3.0, 0.0, 1, 1 / 3, False),
        ([1.0, -1.0], 2.0, 2.0, 0, 0, True),
        ([1.0, -0.5], 2.0, 2.0, 0.5, np.inf, False),
        ([1000.0, -999.0], 2.0, 0.0, -1, 0.5, False),  # large scores are no excuse
        ([0.1, 0.2, -0.3], 7.0, 7.0, 0, 0, True),  # their sum is 5.6e-17
    ],
)
def test_completeness_by_hand(values, output, base, gap, relative, complete):
    found = xk.completeness(made(values, output, base))
    np.testing.assert_allclose(found.gap, gap, atol=1e-15)
    np.testing.assert_allclose(found.relative, relative, rtol=1e-12)
    assert found.complete == complete
    assert found.gap.shape == found.relative.shape == found.complete.shape == ()


def test_completeness_of_rows_and_pictures():
    values = np.arange(24.0).reshape(2, 3, 4)
    found = xk.completeness(made(values, [66.0, 200.0], [0.0, 0.0]), tolerance=0.06)
    np.testing.assert_allclose(found.gap, [0, 10])
    np.testing.assert_allclose(found.relative, [0, 0.05])
    assert found.complete.tolist() == [True, True]
    assert xk.completeness(made(values, [66.0, 200.0], [0.0, 0.0])).complete.tolist() == [1, 0]


@given(drawn=networks(kinds=SMOOTH, pictures=False))
def test_integrated_gradients_are_complete_in_every_precision(backend, drawn):
    network, x = drawn
    result = xk.integrated_gradients(backend.network(network), backend.array(x), 0, 0.5)
    assert xk.completeness(result).complete.all()
    short = replace(result, values=result.values * 0.9)
    whole = np.abs(network(x)[:, 0] - network(0 * x + 0.5)[:, 0])
    far = whole > 1e-3
    assert not xk.completeness(short).complete[far].any()
    np.testing.assert_allclose(xk.completeness(short).relative[far], 0.1, rtol=0.02)


def test_completeness_rejects_planted_explanations_and_knows_its_blind_spot():
    x = rows(20)
    output, base = additive(x), additive(0 * x + BASELINE)
    assert xk.completeness(made(truth(x), output, base)).complete.all()
    for name, scores in planted(x).items():
        assert xk.completeness(made(scores, output, base)).complete.mean() <= 0.05, name
    shares = np.repeat(((output - base) / 8)[:, None], 8, axis=1)
    assert xk.completeness(made(shares, output, base)).complete.all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: xk.completeness(np.ones(3)), TypeError, "attribution is ndarray, expected an"),
        (
            lambda: xk.completeness(xk.saliency(xk.Network.mlp([2, 1]), [1.0, 2.0])),
            ValueError,
            "saliency has no base: its scores are not parts of a whole",
        ),
        (lambda: xk.completeness(made([1.0], 1, 0), -1), ValueError, "tolerance is -1"),
        (lambda: xk.completeness(made([1.0], 1, 0), np.nan), ValueError, "tolerance is nan"),
    ],
)
def test_bad_claims_are_refused_in_words(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


# Sensitivity-n.


@given(seed=seeds, width=st.integers(3, 7), factor=st.sampled_from([0.01, 1.0, 30.0]))
def test_additive_models_correlate_perfectly_with_their_parts(seed, width, factor):
    rng = np.random.default_rng(seed)
    weight, x, baseline = rng.normal(size=(3, width))
    scores = factor * weight * (x - baseline)
    for sign in (1, -1):
        result = xk.sensitivity_n(lambda r: r @ weight, x, sign * scores, 0, baseline)
        assert result.sizes.tolist() == list(range(1, width))
        np.testing.assert_allclose(result.correlation, sign, atol=1e-9)


def test_against_all_subsets_of_a_size():
    network = xk.Network.mlp([5, 9, 2], seed=3)
    x, scores = np.random.default_rng(0).normal(size=(2, 5))
    result = xk.sensitivity_n(network, x, scores, 1, 0.5, sizes=[2, 3], samples=20_000)
    for size, found in zip((2, 3), result.correlation, strict=True):
        sums, drops = [], []
        for subset in combinations(range(5), size):
            without = x.copy()
            without[list(subset)] = 0.5
            sums.append(scores[list(subset)].sum())
            drops.append(network(x)[1] - network(without)[1])
        assert abs(found - np.corrcoef(sums, drops)[0, 1]) < 0.02


def test_sensitivity_n_prefers_the_truth_to_planted_explanations():
    x = rows(20)
    true = xk.sensitivity_n(additive, x, truth(x), 0, BASELINE)
    np.testing.assert_allclose(true.correlation, 1, atol=1e-9)
    for name, scores in planted(x).items():
        wrong = xk.sensitivity_n(additive, x, scores, 0, BASELINE).correlation
        assert (wrong < true.correlation).mean() > 0.99, name
        assert wrong.mean() < 0.5, name
    constant = xk.sensitivity_n(additive, x, planted(x)["constant"], 0, BASELINE)
    assert (constant.correlation == 0).all()


def test_where_nothing_varies():
    x = np.ones(3)
    still = xk.sensitivity_n(lambda r: 0 * r[:, 0] + 0.1, x, [1.0, 2.0, 3.0])
    assert np.isnan(still.correlation).all()
    equal = xk.sensitivity_n(lambda r: r @ [1.0, 2.0, 4.0], x, [0.1, 0.1, 0.1])
    assert (equal.correlation == 0).all()


def test_sizes_samples_and_shapes():
    x = rows(3)
    result = xk.sensitivity_n(additive, x, truth(x), sizes=[1, 7], samples=2)
    assert result.sizes.tolist() == [1, 7] and result.correlation.shape == (3, 2)
    wide = np.ones((1, 100))
    many = xk.sensitivity_n(lambda r: r.sum(axis=1), wide, wide).sizes
    assert len(many) == 10 and many[0] == 1 and many[-1] == 99
    calls = []

    def counted(r):
        calls.append(len(r))
        return additive(r)

    xk.sensitivity_n(counted, x, truth(x), sizes=[2], samples=30)
    assert sum(calls) == 3 + 1 + 30 * 3  # the outputs, the first again, and the subsets


def test_every_backend_gives_the_same(backend):
    network = xk.Network.mlp([6, 8, 3], seed=1, dtype="float32").to(dtype="float64")
    x, scores = np.random.default_rng(0).normal(size=(2, 4, 6)).astype("float32").astype(float)
    expected = xk.sensitivity_n(network, x, scores, [2, 0, 1, 1], 0.5)
    here = backend.network(network), backend.array(x), backend.array(scores)
    result = xk.sensitivity_n(*here, [2, 0, 1, 1], 0.5)
    assert result.correlation.dtype == np.float64
    np.testing.assert_allclose(result.correlation, expected.correlation, atol=1e-4)
    assert result.sizes.tolist() == expected.sizes.tolist()


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"sizes": [0, 1]}, ValueError, "sizes is [0, 1], expected numbers in 1 … 2"),
        ({"sizes": [3]}, ValueError, "sizes is [3], expected numbers in 1 … 2"),
        ({"sizes": [1.5]}, TypeError, "sizes is [1.5], expected a list of whole numbers"),
        ({"sizes": []}, TypeError, "sizes is [], expected a list of whole numbers"),
        ({"samples": 1}, ValueError, "samples is 1, expected at least 2"),
        ({"x": np.ones((2, 1)), "attribution": np.ones((2, 1))}, ValueError, "x has one feature"),
        ({"attribution": np.ones((3, 3))}, ValueError, "attribution has shape (3, 3)"),
        ({"target": 5}, ValueError, "target 5 is out of range"),
    ],
)
def test_bad_questions_are_refused_in_words(settings, error, message):
    given_ = {"x": np.ones((2, 3)), "attribution": np.ones((2, 3)), **settings}
    with pytest.raises(error, match=re.escape(message)):
        xk.sensitivity_n(lambda r: r, **given_)
