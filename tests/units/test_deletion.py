"""Deletion and insertion: closed forms, planted explanations, ties, memory, errors."""

import re
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import xaikit as xk
from tests.units.planted import BASELINE, additive, planted, rows, truth
from tests.units.support import networks, numpy_of, seeds
from xaikit.core import chunks
from xaikit.metrics import deletion as module

CURVES = [xk.deletion, xk.insertion]
both = pytest.mark.parametrize("curve", CURVES)


# Closed forms.


def test_a_linear_model_by_hand():
    """F = 3 + 4x₀ − 2x₁ + x₂ at (1, 1, 1) and 0: parts 4, −2, 1, and F(x) = 6."""
    network = xk.Network([xk.Dense([[4.0, -2.0, 1.0]], [3.0])])
    x = np.ones(3)
    removed = xk.deletion(network, x, [4.0, -2.0, 1.0])
    np.testing.assert_allclose(removed.fractions, [0, 1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(removed.outputs, [6, 2, 1, 3])  # x₀, x₂, then x₁
    np.testing.assert_allclose(removed.auc, (4 + 1.5 + 2) / 3)
    inserted = xk.insertion(network, x, [4.0, -2.0, 1.0])
    np.testing.assert_allclose(inserted.outputs, [3, 7, 8, 6])
    np.testing.assert_allclose(inserted.auc, (5 + 7.5 + 7) / 3)
    other = xk.deletion(network, x, [4.0, -2.0, 1.0], baseline=[0.5, 2.0, 1.0], steps=2)
    np.testing.assert_allclose(other.fractions, [0, 2 / 3, 1])
    np.testing.assert_allclose(other.outputs, [6, 4, 2])


@given(seed=seeds, width=st.integers(1, 7), steps=st.none() | st.integers(1, 9))
def test_a_linear_model_is_taken_apart_best_by_its_own_parts(seed, width, steps):
    rng = np.random.default_rng(seed)
    weight, x, baseline = rng.normal(size=(3, width))
    worth = weight * (x - baseline)
    for curve, sign in ((xk.deletion, -1), (xk.insertion, 1)):
        result = curve(lambda r: r @ weight, x, worth, baseline=baseline, steps=steps)
        start = weight @ (x if sign < 0 else baseline)
        counts = (result.fractions * width).round().astype(int)
        expected = start + sign * np.cumsum([0, *np.sort(worth)[::-1]])[counts]
        np.testing.assert_allclose(result.outputs, expected, atol=1e-12)
        np.testing.assert_allclose(result.auc, np.trapezoid(expected, counts / width), atol=1e-12)
        assert (sign * (result.auc - result.random_auc) >= -1e-12).all()
        assert len(result.fractions) == min(width, 64 if steps is None else steps) + 1


@given(drawn=networks(), seed=seeds)
def test_insertion_is_deletion_of_the_opposite_backwards(drawn, seed):
    network, x = drawn
    scores = np.random.default_rng(seed).normal(size=x.shape)
    steps = scores[0].size  # fewer steps may not be symmetric
    one = xk.insertion(network, x, scores, 0, 0.3, steps, random=0)
    other = xk.deletion(network, x, -scores, 0, 0.3, steps, random=0)
    np.testing.assert_allclose(one.outputs, other.outputs[:, ::-1], atol=1e-12)
    np.testing.assert_allclose(one.auc, other.auc, atol=1e-12)
    np.testing.assert_allclose(one.outputs[:, 0], network(0 * x + 0.3)[:, 0], atol=1e-12)
    np.testing.assert_allclose(one.outputs[:, -1], network(x)[:, 0], atol=1e-12)


@given(drawn=networks(), seed=seeds, factor=st.sampled_from([0.01, 7.0]))
def test_only_the_order_of_scores_counts(drawn, seed, factor):
    network, x = drawn
    scores = np.random.default_rng(seed).normal(size=x.shape)
    first = xk.deletion(network, x, scores, random=3)
    second = xk.deletion(network, x, factor * scores + 3, random=3)
    np.testing.assert_array_equal(first.outputs, second.outputs)
    np.testing.assert_array_equal(first.random_auc, second.random_auc)


def test_two_features_have_two_orders_and_the_band_holds_both():
    """F = x₀ + 3x₁ at (1, 1): the curves 4, 3, 0 and 4, 1, 0 have areas 2.5 and 1.5."""
    result = xk.deletion(lambda r: r @ [1.0, 3.0], np.ones(2), [0.0, 1.0], random=400)
    np.testing.assert_allclose(np.unique(result.random_auc.round(9)), [1.5, 2.5])
    assert abs(result.random_auc.mean() - 2) < 0.1
    np.testing.assert_allclose(result.band, [1.5, 2.5])


def test_the_band_is_the_middle_share_of_the_random_areas():
    x = rows(3)
    for confidence in (0.5, 0.95):
        result = xk.deletion(additive, x, truth(x), confidence=confidence, random=200)
        inside = (result.random_auc >= result.band[0][:, None]) & (
            result.random_auc <= result.band[1][:, None]
        )
        np.testing.assert_allclose(inside.mean(axis=1), confidence, atol=0.011)
    # Each row has its own random orders, so means over rows have narrow bands.
    same = xk.deletion(additive, x[[0, 0]], truth(x[[0, 0]]), random=400).random_auc
    assert abs(np.corrcoef(same)[0, 1]) < 0.2


# Planted explanations.


@both
def test_the_truth_is_preferred_to_planted_explanations(curve):
    x = rows(30)
    sign = 1 if curve is xk.deletion else -1
    best = curve(additive, x, truth(x), baseline=BASELINE)
    outside = best.auc < best.band[0] if sign > 0 else best.auc > best.band[1]
    assert outside.all()
    for name, scores in planted(x).items():
        wrong = curve(additive, x, scores, baseline=BASELINE, random=0)
        assert (sign * (wrong.auc - best.auc) > -1e-12).all(), name
        assert sign * (wrong.auc - best.auc).mean() > 0.5, name
        within = (wrong.auc >= best.band[0]) & (wrong.auc <= best.band[1])
        assert name in ("the input itself", "minus the truth") or within.mean() > 0.85, name


@both
def test_equal_scores_go_in_a_random_order_not_in_that_of_the_columns(curve):
    """A constant explanation of a model whose first columns matter most must not look good."""
    x, weight = np.ones(6), np.array([6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
    areas = [
        float(curve(lambda r: r @ weight, x, np.ones(6), random=0, seed=seed).auc)
        for seed in range(300)
    ]
    assert abs(np.mean(areas) - weight.sum() / 2) < 0.3
    assert np.std(areas) > 0.5
    partly = [
        curve(lambda r: r @ weight, x, [0.0, 0, 0, 0, 0, 9], random=0, seed=seed).outputs
        for seed in range(30)
    ]
    assert len({tuple(outputs[1:2]) for outputs in partly}) == 1  # the 9 is removed first
    assert len({tuple(outputs) for outputs in partly}) > 5


def test_what_deletion_cannot_see_a_wrong_scale():
    x = rows(5)
    wrong = xk.deletion(additive, x, 100 * truth(x), baseline=BASELINE, random=0)
    right = xk.deletion(additive, x, truth(x), baseline=BASELINE, random=0)
    np.testing.assert_array_equal(wrong.auc, right.auc)


# Forms, places, memory.


@both
def test_every_backend_gives_the_same_curve(backend, curve):
    network = xk.Network.mlp([4, 8, 3], seed=1, dtype="float32").to(dtype="float64")
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32").astype(float)
    target, baseline = [2, 0, 1, 1, 0], x[::-1] / 2
    attribution = xk.integrated_gradients(network, x, target, baseline)
    expected = curve(network, x, attribution.values, target, baseline, random=7)
    here = backend.network(network), backend.array(x)
    values = backend.array(attribution.values)
    result = curve(*here, values, target, backend.array(baseline), random=7)
    for part, other in zip(result, expected, strict=True):
        assert isinstance(part, np.ndarray) and part.dtype == np.float64
        np.testing.assert_allclose(part, other, atol=10 * backend.tolerance)


@both
def test_a_row_alone_is_judged_as_among_others(curve):
    network = xk.Network.mlp([4, 8, 3], seed=1)
    x, scores = np.random.default_rng(0).normal(size=(2, 5, 4))
    together = curve(network, x, scores, [0, 1, 2, 0, 1], 0.5)
    assert together.outputs.shape == (5, 5) and together.auc.shape == (5,)
    assert together.random_auc.shape == (5, 100) and together.band.shape == (2, 5)
    for i, target in enumerate([0, 1, 2, 0, 1]):
        row = curve(network, x[i], scores[i], target, 0.5)
        np.testing.assert_allclose(row.outputs, together.outputs[i], atol=1e-12)
        assert row.auc.shape == () and row.random_auc.shape == (100,) and row.band.shape == (2,)


def test_pictures_and_attributions_are_taken_as_they_are():
    conv = xk.Conv2d(np.full((2, 3, 2, 2), 0.1))
    network = xk.Network([conv, xk.ReLU(), xk.AvgPool2d(None), xk.Flatten()])
    x = np.random.default_rng(0).normal(size=(2, 3, 6, 5))
    attribution = xk.gradient_x_input(network, x, 1)
    result = xk.deletion(network, x, attribution, 1, random=5)
    assert result.outputs.shape == (2, 65)
    order = np.argsort(-attribution.values[0].ravel())
    without = x[0].ravel().copy()
    without[order[:45]] = 0
    half = int(np.flatnonzero(np.isclose(result.fractions, 45 / 90))[0])
    expected = network(without.reshape(1, 3, 6, 5))[0, 1]
    np.testing.assert_allclose(result.outputs[0, half], expected, atol=1e-12)


@pytest.mark.parametrize(("numbers", "rows_at_once"), [(1, 2048), (40, 7), (2**22, 1)])
def test_chunks_change_nothing_and_stay_small(monkeypatch, numbers, rows_at_once):
    x = rows(6)
    expected = xk.deletion(additive, x, truth(x), random=9)
    sizes = []

    def counted(r):
        sizes.append(len(r))
        return additive(r)

    monkeypatch.setattr(module, "NUMBERS", numbers)
    monkeypatch.setattr(chunks, "ROWS", rows_at_once)
    result = xk.deletion(counted, x, truth(x), random=9)
    for part, other in zip(result, expected, strict=True):
        np.testing.assert_allclose(part, other, atol=1e-14)
    assert max(sizes[1:]) <= rows_at_once * chunks.Pace.MOST
    assert sum(sizes) == 6 + 6 * 9 * (1 + 9)


def test_many_orders_of_a_wide_row_fit_into_memory():
    x = np.ones((2, 2000))
    tracemalloc.start()
    try:
        xk.deletion(lambda r: r[:, 0], x, x, steps=1, random=3000)
        assert tracemalloc.get_traced_memory()[1] < 190e6
    finally:
        tracemalloc.stop()


def test_random_orders_are_seeded_and_can_be_left_out():
    x = rows(2)
    first, again, other = (xk.deletion(additive, x, truth(x), seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.random_auc, again.random_auc)
    assert not np.array_equal(first.random_auc, other.random_auc)
    none = xk.deletion(additive, x, truth(x), random=0)
    assert none.band is None and none.random_auc.shape == (2, 0)
    np.testing.assert_array_equal(none.outputs, first.outputs)


@both
@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (
            {"attribution": np.ones((2, 4))},
            ValueError,
            "attribution has shape (2, 4), expected",
        ),
        (
            {"attribution": np.ones(3)},
            ValueError,
            "one score for each number of x, (2, 3)",
        ),
        ({"attribution": np.full((2, 3), np.nan)}, ValueError, "attribution holds NaN"),
        ({"attribution": "importance"}, TypeError, "attribution is str, expected real numbers"),
        ({"target": 2}, ValueError, "target 2 is out of range"),
        ({"baseline": np.ones(2)}, ValueError, "baseline has shape (2,)"),
        ({"steps": 0}, ValueError, "steps is 0, expected at least 1"),
        ({"steps": 2.5}, TypeError, "steps is 2.5, expected a whole number"),
        ({"random": -1}, ValueError, "random is -1, expected at least 0"),
        ({"random": True}, TypeError, "random is True, expected a whole number"),
        ({"confidence": 95}, ValueError, "confidence is 95, expected a share such as 0.95"),
        ({"model": lambda r: ["cat"] * len(r)}, TypeError, "the model returned labels ('cat')"),
        ({"model": lambda r: r[:1]}, ValueError, "the model returned shape (1, 3) for 2 rows"),
    ],
)
def test_bad_questions_are_refused_in_words(curve, settings, error, message):
    network = xk.Network.mlp([3, 2], seed=0)
    given_ = {"model": network, "x": np.ones((2, 3)), "attribution": np.ones((2, 3)), **settings}
    with pytest.raises(error, match=re.escape(message)):
        curve(**given_)


def test_numpy_rows_through_a_float32_module():
    import torch

    module_ = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    x = np.random.default_rng(0).normal(size=(4, 3))
    result = xk.deletion(xk.TorchModel(module_), x, x, 1)
    network = xk.from_torch(module_.double()).to("numpy")
    expected = xk.deletion(network, x, x, 1)
    np.testing.assert_allclose(result.outputs, numpy_of(expected.outputs), atol=1e-5)
