"""Integrated gradients by quadrature: against captum, closed forms and axioms."""

import re

import captum.attr
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import xaikit as xk
from tests.units.support import (
    BACKENDS,
    SMOOTH,
    assert_equal,
    assert_lives_at,
    networks,
    numpy_of,
    seeds,
)
from xaikit.core import chunks
from xaikit.methods.integrated_gradients import quadrature

TORCH = next(b for b in BACKENDS if (b.library, b.dtype) == ("torch", "float64"))
QUADRATURES = ["gauss-legendre", "trapezoid", "midpoint", "right"]
every_rule = pytest.mark.parametrize("rule", QUADRATURES)


# Quadrature.


@pytest.mark.parametrize(
    ("rule", "steps", "positions", "weights"),
    [
        ("trapezoid", 2, [0, 1], [0.5, 0.5]),
        ("trapezoid", 3, [0, 0.5, 1], [0.25, 0.5, 0.25]),
        ("midpoint", 1, [0.5], [1]),
        ("midpoint", 2, [0.25, 0.75], [0.5, 0.5]),
        ("right", 1, [1], [1]),
        ("right", 4, [0.25, 0.5, 0.75, 1], [0.25] * 4),
        ("gauss-legendre", 1, [0.5], [1]),
        ("gauss-legendre", 2, [0.5 - 12**-0.5, 0.5 + 12**-0.5], [0.5, 0.5]),
        ("gauss-legendre", 3, [0.5 - 0.15**0.5, 0.5, 0.5 + 0.15**0.5], [5 / 18, 8 / 18, 5 / 18]),
    ],
)
def test_positions_and_weights_by_hand(rule, steps, positions, weights):
    found = quadrature(rule, steps)
    np.testing.assert_allclose(found[0], positions, rtol=1e-15, atol=0)
    np.testing.assert_allclose(found[1], weights, rtol=2e-15, atol=0)


@every_rule
@given(steps=st.integers(2, 300) | st.integers(2, 300).map(np.int64))
def test_weights_sum_to_one_and_positions_rise_from_0_to_1(rule, steps):
    positions, weights = quadrature(rule, steps)
    assert len(positions) == len(weights) == steps
    assert abs(weights.sum() - 1) < 1e-13 and (weights > 0).all()
    assert positions[0] >= 0 and positions[-1] <= 1 and (np.diff(positions) > 0).all()


def error_of(rule, steps, degree):
    """Return Σ w t^degree − ∫₀¹ t^degree dt."""
    positions, weights = quadrature(rule, steps)
    return weights @ positions**degree - 1 / (degree + 1)


@given(steps=st.integers(2, 12))
def test_each_rule_is_exact_to_its_degree_and_no_further(steps):
    """The error for the next degree is known: Stoer & Bulirsch, chapter 3."""
    for degree in range(2 * steps):
        assert abs(error_of("gauss-legendre", steps, degree)) < 1e-14
    missed = error_of("gauss-legendre", steps, 2 * steps)
    # ∫ of the squared monic Legendre polynomial: (n!)⁴ / ((2n + 1) (2n)!²).
    factorials = np.prod([k / (steps + k) for k in range(1, steps + 1)])
    np.testing.assert_allclose(-missed, factorials**2 / (2 * steps + 1), rtol=1e-2, atol=1e-15)
    for rule, degree, error in [
        ("trapezoid", 1, 0),
        ("trapezoid", 2, 1 / (6 * (steps - 1) ** 2)),
        ("midpoint", 1, 0),
        ("midpoint", 2, -1 / (12 * steps**2)),
        ("right", 0, 0),
        ("right", 1, 1 / (2 * steps)),
    ]:
        assert abs(error_of(rule, steps, degree) - error) < 1e-14


@pytest.mark.parametrize(
    ("rule", "steps", "error", "message"),
    [
        ("midpoint", 0, ValueError, "steps is 0, expected at least 1 for 'midpoint'"),
        ("gauss-legendre", -1, ValueError, "steps is -1, expected at least 1 for 'gauss-legendre'"),
        ("trapezoid", 1, ValueError, "steps is 1, expected at least 2 for 'trapezoid'"),
        ("right", 2.5, TypeError, "steps is 2.5, expected a whole number"),
        ("right", True, TypeError, "steps is True, expected a whole number"),
        ("right", "5", TypeError, "steps is '5', expected a whole number"),
        (
            "simpson",
            5,
            ValueError,
            "unknown rule 'simpson', expected one of gauss-legendre, trapezoid, midpoint, right, "
            "exact",
        ),
    ],
)
def test_bad_quadratures_are_refused_in_words(rule, steps, error, message):
    for call in (
        lambda: quadrature(rule, steps),
        lambda: xk.integrated_gradients(xk.Network.mlp([2, 1]), [1.0, 2.0], 0, None, steps, rule),
    ):
        with pytest.raises(error, match=re.escape(message)):
            call()


# Beside captum.

CAPTUM = {
    "gauss-legendre": "gausslegendre",
    "right": "riemann_right",
    "midpoint": "riemann_middle",
    "trapezoid": "riemann_trapezoid",
}


def modules():
    torch.manual_seed(0)
    head = nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()
    return {
        "smooth": (nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 3)), (5, 3)),
        "kinked": (nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 3)), (5, 3)),
        "pictures": (nn.Sequential(*head, nn.Linear(16, 3)), (5, 2, 4, 4)),
    }


@every_rule
@pytest.mark.parametrize("name", modules())
@pytest.mark.parametrize("wrap", [xk.from_torch, xk.TorchModel])
@pytest.mark.parametrize("steps", [7, 50])
def test_the_same_scores_as_captum(wrap, name, rule, steps):
    """Captum's trapezoid weights sum to 1 − 1/n, so ours are n / (n − 1) times its scores.

    It rounds positions and weights to float32 for every dtype of x.
    """
    module, shape = modules()[name]
    module = module.double()
    x, baseline = torch.randn(2, *shape, dtype=torch.float64)
    target = [2, 0, 1, 1, 0]
    scores = captum.attr.IntegratedGradients(module).attribute(
        x, baseline, torch.tensor(target), n_steps=steps, method=CAPTUM[rule]
    )
    result = xk.integrated_gradients(wrap(module), x, target, baseline, steps, rule)
    ratio = steps / (steps - 1) if rule == "trapezoid" else 1
    assert_equal(result.values, ratio * scores.detach(), TORCH, 1e-7)


# The reported path, and completeness.


def assert_path_adds_up(result, x, baseline, network, target, backend):
    """Raise unless the path's slopes are those of F, and their weighted sum gives the values."""
    path = result.details["path"]
    assert sorted(path) == ["alpha", "slope", "weights"]
    alpha, weights, slope = (numpy_of(path[name]) for name in ("alpha", "weights", "slope"))
    assert slope.shape == (len(alpha), len(x))
    total = numpy_of(result.values).reshape(len(x), -1).sum(axis=1)
    size = 1 + np.abs(slope).max()
    np.testing.assert_allclose(weights @ slope, total, rtol=0, atol=10 * backend.tolerance * size)
    for t, found in zip(alpha, slope, strict=True):
        gradient = network.gradient(baseline + t * (x - baseline), target)
        expected = (gradient * (x - baseline)).reshape(len(x), -1).sum(axis=1)
        np.testing.assert_allclose(found, expected, rtol=0, atol=10 * backend.tolerance * size)


@given(
    drawn=networks(kinds=SMOOTH, pictures=False),
    rule=st.sampled_from(QUADRATURES),
    steps=st.integers(2, 9),
    seed=seeds,
)
def test_values_are_distance_times_the_weighted_gradients(exact_backend, drawn, rule, steps, seed):
    network, x = drawn
    rng = np.random.default_rng(seed)
    baseline, target = rng.normal(size=x.shape), rng.integers(0, network(x).shape[1], len(x))
    result = xk.integrated_gradients(
        exact_backend.network(network),
        exact_backend.array(x),
        target,
        exact_backend.array(baseline),
        steps,
        rule,
    )
    mean = sum(
        weight * network.gradient(baseline + t * (x - baseline), target)
        for t, weight in zip(*quadrature(rule, steps), strict=True)
    )
    assert_equal(result.values, (x - baseline) * mean, exact_backend)
    chosen = range(len(x)), target
    assert_equal(result.output, network(x)[chosen], exact_backend)
    assert_equal(result.base, network(baseline)[chosen], exact_backend)
    assert_path_adds_up(result, x, baseline, network, target, exact_backend)


@given(drawn=networks(kinds=SMOOTH, pictures=False), baseline=st.sampled_from([None, 0.7]))
def test_gauss_legendre_is_complete_on_smooth_networks(exact_backend, drawn, baseline):
    network, x = drawn
    here, rows = exact_backend.network(network), exact_backend.array(x)
    assert np.abs(numpy_of(xk.integrated_gradients(here, rows, 0, baseline).gap)).max() < 1e-9
    rough = xk.integrated_gradients(here, rows, 0, baseline, 1).gap
    for rule, order in (("midpoint", 2), ("trapezoid", 2), ("right", 1)):
        gaps = [
            np.abs(numpy_of(xk.integrated_gradients(here, rows, 0, baseline, steps, rule).gap))
            for steps in (300, 900)
        ]
        slack = 1e-5 * (1 + np.abs(numpy_of(rough)))
        assert (gaps[1] <= gaps[0] / 3**order * 1.1 + slack).all()


def test_the_gap_is_what_the_quadrature_missed(backend):
    """F = 1 − max(1 − x, 0) from 0 to 2: its slope is 1 on half of the path."""
    network = backend.network(SATURATING)
    x = backend.array([[2.0]])
    for steps, share in ((1, 0.0), (2, 0.5), (3, 1 / 3), (10, 0.5)):
        result = xk.integrated_gradients(network, x, steps=steps, rule="midpoint")
        if steps > 1:
            assert_equal(result.values, np.array([[2 * share]]), backend)
        assert_equal(result.gap, numpy_of(result.values)[:, 0] - 1, backend)


@every_rule
def test_every_backend_gives_the_same_scores_and_path(backend, rule):
    network = xk.Network.mlp([3, 8, 2], "softplus", seed=1, dtype="float32").to(dtype="float64")
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32").astype(float)
    target, baseline = [1, 0, 0, 1], x[::-1] / 2
    here, rows = backend.network(network), backend.array(x)
    result = xk.integrated_gradients(here, rows, target, backend.array(baseline), 6, rule)
    expected = xk.integrated_gradients(network, x, target, baseline, 6, rule)
    for name in ("values", "base", "output", "gap"):
        assert_equal(getattr(result, name), getattr(expected, name), backend)
    for name, part in result.details["path"].items():
        assert_equal(part, expected.details["path"][name], backend)
    assert_path_adds_up(result, x, baseline, network, target, backend)
    assert result.method == "integrated gradients"


def test_the_default_is_gauss_legendre_in_50_steps_from_zero(exact_backend):
    network = exact_backend.network(xk.Network.mlp([3, 8, 2], seed=1))
    x = exact_backend.array(np.random.default_rng(0).normal(size=(4, 3)))
    zeros = exact_backend.array(np.zeros(3))
    expected = xk.integrated_gradients(network, x, 0, zeros, 50, "gauss-legendre")
    found = xk.integrated_gradients(network, x)
    assert_equal(found.values, numpy_of(expected.values), exact_backend, 0)


# Points in chunks.


class Counted(xk.Network):
    """A network that notes how many rows, and numbers, each call for gradients brings."""

    def __init__(self, network):
        super().__init__(network.layers)
        self.rows, self.numbers = [], []

    def forward_pass(self, rows):
        self.rows.append(len(rows))
        self.numbers.append(int(np.prod(rows.shape)))
        return super().forward_pass(rows)


@pytest.mark.parametrize("shape", [(5, 3), (5, 1, 3), (1, 3)])
@pytest.mark.parametrize("form", ["row", "like x"])
@pytest.mark.parametrize(
    ("rows", "numbers"),
    [(4096, 2**20), (1, 2**20), (4, 2**20), (7, 2**20), (12, 2**20), (99, 9), (99, 1)],
)
def test_chunks_change_nothing_and_stay_small(
    monkeypatch, exact_backend, shape, form, rows, numbers
):
    rng = np.random.default_rng(0)
    layers = [xk.Flatten()] if len(shape) == 3 else []
    layers += xk.Network.mlp([3, 6, 2], "tanh", seed=1).layers
    network, x = (
        exact_backend.network(xk.Network(layers)),
        exact_backend.array(rng.normal(size=shape)),
    )
    baseline = exact_backend.array(rng.normal(size=shape if form == "like x" else shape[1:]))
    target = rng.integers(0, 2, shape[0])
    expected = xk.integrated_gradients(network, x, target, baseline, 11)
    monkeypatch.setattr(chunks, "GRADIENT_ROWS", rows)
    monkeypatch.setattr(chunks, "GRADIENT_NUMBERS", numbers)
    model = Counted(network)
    result = xk.integrated_gradients(model, x, target, baseline, 11)
    assert_equal(result.values, numpy_of(expected.values), exact_backend, 1e-14)
    for name, part in result.details["path"].items():
        assert_equal(part, numpy_of(expected.details["path"][name]), exact_backend, 1e-14)
    assert sum(model.rows) == 11 * shape[0]
    assert max(model.rows) <= rows and max(model.numbers) <= max(numbers, 3)
    # Calls are as large as possible: whole positions, or parts of one.
    limit = max(1, min(rows, numbers // 3))
    together = limit // shape[0]
    calls = -(-11 // together) if together else 11 * -(-shape[0] // limit)
    assert len(model.rows) == calls


# Forms of x and of the baseline.


@every_rule
@pytest.mark.parametrize("shape", [(3,), (1, 3), (4, 3)])
def test_the_answer_has_the_shape_of_the_rows(backend, rule, shape):
    network = backend.network(xk.Network.mlp([3, 4, 2], seed=2))
    x = backend.array(np.random.default_rng(0).normal(size=shape))
    result = xk.integrated_gradients(network, x, 1, 0.5, 5, rule)
    assert tuple(result.values.shape) == tuple(result.data.shape) == shape
    assert bool((result.data == x).all())
    assert_lives_at(backend, result.values)
    for part in (result.output, result.base, result.gap):
        assert tuple(part.shape) == shape[:-1]
        assert_lives_at(backend, part)
    path = result.details["path"]
    assert tuple(path["alpha"].shape) == tuple(path["weights"].shape) == (5,)
    assert tuple(path["slope"].shape) == (5, *shape[:-1])


def test_pictures_keep_their_shape(backend):
    conv = xk.Conv2d(np.full((2, 3, 2, 2), 0.1))
    network = backend.network(xk.Network([conv, xk.Tanh(), xk.AvgPool2d(None), xk.Flatten()]))
    x = backend.array(np.random.default_rng(0).normal(size=(4, 3, 5, 6)))
    for baseline in (None, x[0], backend.array(np.ones((4, 3, 5, 6)))):
        result = xk.integrated_gradients(network, x, 1, baseline, 60)
        assert tuple(result.values.shape) == (4, 3, 5, 6)
        assert tuple(result.base.shape) == tuple(result.gap.shape) == (4,)
        assert np.abs(numpy_of(result.gap)).max() < (1e-9 if backend.dtype == "float64" else 1e-4)


BASELINES = {
    "none": (None, [[0.0, 0.0]] * 2),
    "number": (0.5, [[0.5, 0.5]] * 2),
    "row": ([1.0, -2.0], [[1.0, -2.0]] * 2),
    "like x": ([[1.0, -2.0], [0.0, 3.0]], [[1.0, -2.0], [0.0, 3.0]]),
}


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("rule", ["gauss-legendre", "exact"])
def test_forms_of_the_baseline(backend, rule, name):
    form, full = BASELINES[name]
    network = backend.network(xk.Network.mlp([2, 6, 2], seed=1))
    x = backend.array([[0.5, 1.5], [-1.0, 2.0]])
    expected = xk.integrated_gradients(network, x, [1, 0], backend.array(full), rule=rule)
    forms = [form] if form is None else [form, backend.array(form)]
    for given_form in forms:
        result = xk.integrated_gradients(network, x, [1, 0], given_form, rule=rule)
        assert_equal(result.values, numpy_of(expected.values), backend)
        assert_equal(result.base, numpy_of(network(backend.array(full)))[[0, 1], [1, 0]], backend)


@pytest.mark.parametrize("rule", [*QUADRATURES, "exact"])
def test_a_row_alone_is_explained_as_among_others(exact_backend, rule):
    rng = np.random.default_rng(0)
    network = exact_backend.network(xk.Network.mlp([3, 8, 2], seed=1))
    x, baseline = (exact_backend.array(rng.normal(size=(6, 3))) for _ in range(2))
    target = rng.integers(0, 2, 6)
    together = xk.integrated_gradients(network, x, target, baseline, 9, rule)
    for i in range(6):
        row = xk.integrated_gradients(network, x[i], int(target[i]), baseline[i], 9, rule)
        for name in ("values", "base", "output", "gap"):
            expected = numpy_of(getattr(together, name)[i])
            assert_equal(getattr(row, name), expected, exact_backend, 1e-13)


def test_numpy_rows_through_a_float32_module():
    module = modules()["smooth"][0]
    x = np.random.default_rng(0).normal(size=(4, 3))
    result = xk.integrated_gradients(xk.TorchModel(module), x, 2, 0.5)
    reference = xk.from_torch(module.double()).to("numpy")
    expected = xk.integrated_gradients(reference, x, 2, 0.5)
    for name in ("values", "base", "output"):
        assert getattr(result, name).dtype == np.float64
        np.testing.assert_allclose(
            getattr(result, name), getattr(expected, name), rtol=1e-5, atol=1e-6
        )


# Axioms, and the lecture's examples.

SATURATING = xk.Network([xk.Dense([[-1.0]], [1.0]), xk.ReLU(), xk.Dense([[-1.0]], [1.0])])


def test_sensitivity_a_saturated_unit_gets_what_it_gave(backend):
    """f(x) = 1 − max(1 − x, 0) rises from f(0) = 0 to f(2) = 1; its gradient at 2 is 0."""
    network, x = backend.network(SATURATING), backend.array([[2.0]])
    assert not numpy_of(xk.gradient_x_input(network, x).values).any()
    assert not numpy_of(xk.lrp(network, x, rule=xk.LRPEpsilon(0.0)).values).any()
    assert_equal(xk.integrated_gradients(network, x).values, np.array([[1.0]]), backend)
    exact = xk.integrated_gradients(network, x, rule="exact")
    assert_equal(exact.values, np.array([[1.0]]), backend)
    assert numpy_of(exact.details["path"]["pieces"]).tolist() == [2]


def test_the_sources_example_of_sensitivity(backend):
    """f = 1 + 9 (1 − max(1 − 2x₁, 0)): f(1, 1, 1) = 10, f(0, 1, 1) = 1, slope 0 at 1."""
    layers = [xk.Dense([[-2.0, 0.0, 0.0]], [1.0]), xk.ReLU(), xk.Dense([[-9.0]], [10.0])]
    network, x = backend.network(xk.Network(layers)), backend.array([[1.0, 1.0, 1.0]])
    without = backend.array([0.0, 1.0, 1.0])
    assert not numpy_of(xk.gradient_x_input(network, x, 0, without).values).any()
    for rule in ("gauss-legendre", "exact"):
        result = xk.integrated_gradients(network, x, 0, without, rule=rule)
        assert (float(result.output[0]), float(result.base[0])) == (10, 1)
        assert_equal(result.values, np.array([[9.0, 0.0, 0.0]]), backend)


@pytest.mark.parametrize("x", [0.5, 2.0])
@pytest.mark.parametrize("epsilon", [0.25, 1.0])
def test_implementation_invariance(backend, x, epsilon):
    """max(x, 0), built in two ways: integrated gradients are the same, LRP-ε differs."""
    first, second = (
        backend.network(xk.Network([xk.Dense([[v]]), xk.ReLU(), xk.Dense([[w]])]))
        for v, w in ((1.0, 1.0), (2.0, 0.5))
    )
    row, rule = backend.array([[x]]), xk.LRPEpsilon(epsilon)
    in_one = x**3 / (x + epsilon) ** 2
    in_other = 2 * x**3 / ((x + epsilon) * (2 * x + epsilon))
    assert_equal(xk.lrp(first, row, rule=rule).values, np.array([[in_one]]), backend)
    assert_equal(xk.lrp(second, row, rule=rule).values, np.array([[in_other]]), backend)
    for network in (first, second):
        result = xk.integrated_gradients(network, row)
        assert_equal(result.values, np.array([[x]]), backend)


@every_rule
@given(seed=seeds)
@settings(max_examples=10)
def test_a_linear_model_needs_the_fewest_steps(exact_backend, rule, seed):
    """φ_i = w_i (x_i − b_i), and a feature without weight gets exactly 0."""
    rng = np.random.default_rng(seed)
    weight, bias = rng.normal(size=(2, 4)), rng.normal(size=2)
    weight[:, 2] = 0
    x, baseline = rng.normal(size=(2, 3, 4))
    network = exact_backend.network(xk.Network([xk.Dense(weight, bias)]))
    result = xk.integrated_gradients(
        network,
        exact_backend.array(x),
        1,
        exact_backend.array(baseline),
        2 if rule == "trapezoid" else 1,
        rule,
    )
    assert_equal(result.values, weight[1] * (x - baseline), exact_backend, 1e-14)
    assert not numpy_of(result.values)[:, 2].any()
    assert np.abs(numpy_of(result.gap)).max() < 1e-13


@pytest.mark.parametrize("rule", [*QUADRATURES, "exact"])
@given(seed=seeds)
@settings(max_examples=10)
def test_features_that_play_the_same_part_get_the_same(exact_backend, rule, seed):
    """f(x₁, x₂, x₃) = f(x₂, x₁, x₃), with x₁ = x₂ and b₁ = b₂."""
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=(5, 3))
    weight[:, 1] = weight[:, 0]
    layers = [
        xk.Dense(weight, rng.normal(size=5)),
        xk.LeakyReLU(),
        xk.Dense(rng.normal(size=(1, 5))),
    ]
    x, baseline = rng.normal(size=(2, 3, 3))
    x[:, 1], baseline[:, 1] = x[:, 0], baseline[:, 0]
    here, rows = exact_backend.network(xk.Network(layers)), exact_backend.array(x)
    result = xk.integrated_gradients(here, rows, 0, exact_backend.array(baseline), 8, rule)
    values = numpy_of(result.values)
    np.testing.assert_allclose(values[:, 0], values[:, 1], rtol=1e-12)


@pytest.mark.parametrize("rule", [*QUADRATURES, "exact"])
@given(seed=seeds)
@settings(max_examples=10)
def test_scores_of_a_sum_are_sums_of_scores(exact_backend, rule, seed):
    """2F₀ − 3F₁ as a third output."""
    rng = np.random.default_rng(seed)
    last = rng.normal(size=(2, 6))
    layers = [xk.Dense(rng.normal(size=(6, 3)), rng.normal(size=6)), xk.ReLU()]
    layers.append(xk.Dense(np.concatenate([last, [2 * last[0] - 3 * last[1]]])))
    here, x = (
        exact_backend.network(xk.Network(layers)),
        exact_backend.array(rng.normal(size=(4, 3))),
    )
    parts = [
        numpy_of(xk.integrated_gradients(here, x, target, 0.25, 6, rule).values)
        for target in range(3)
    ]
    np.testing.assert_allclose(parts[2], 2 * parts[0] - 3 * parts[1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("rule", [*QUADRATURES, "exact"])
def test_no_way_is_no_score(backend, rule):
    network = backend.network(xk.Network.mlp([3, 5, 1], seed=1))
    x = backend.array([[1.0, -2.0, 3.0]])
    result = xk.integrated_gradients(network, x, 0, x, 4, rule)
    assert not numpy_of(result.values).any() and not numpy_of(result.gap).any()


# Errors.


@pytest.mark.parametrize("rule", ["midpoint", "exact"])
@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"target": 2}, ValueError, "target 2 is out of range: the model has 2 output(s)"),
        ({"target": [0, 1, 0]}, ValueError, "target has shape (3,)"),
        ({"baseline": [1.0, 2.0]}, ValueError, "baseline has shape (2,), expected a number, one"),
        ({"baseline": np.nan}, ValueError, "baseline holds NaN or infinity"),
        ({"baseline": np.ones((3, 3))}, ValueError, "baseline has shape (3, 3)"),
    ],
)
def test_bad_questions_are_refused_in_words(rule, settings, error, message):
    with pytest.raises(error, match=re.escape(message)):
        xk.integrated_gradients(xk.Network.mlp([3, 2]), np.ones((2, 3)), rule=rule, **settings)


def test_a_model_without_gradients_is_refused_in_words():
    with pytest.raises(TypeError, match="needs a model with gradients, got function: expected a"):
        xk.integrated_gradients(lambda x: x, np.ones((2, 3)))
