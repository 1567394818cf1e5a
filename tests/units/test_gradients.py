"""Saliency and gradient × input: against captum, by hand, and as axioms."""

import re

import captum.attr
import numpy as np
import pytest
import torch
from hypothesis import given
from torch import nn

import xaikit as xk
from tests.units.support import BACKENDS, assert_equal, assert_lives_at, networks, numpy_of, seeds

# Networks with gates, pools and no biases: positively homogeneous, F(λx) = λF(x).
HOMOGENEOUS = {"bias": False, "kinds": (xk.ReLU, xk.LeakyReLU)}


def relative_gap(result):
    """Return |gap| divided by the size of the summed numbers."""
    features = tuple(range(1, result.values.ndim))
    size = np.abs(numpy_of(result.values)).sum(axis=features) + np.abs(numpy_of(result.output))
    return np.abs(numpy_of(result.gap)) / np.where(size > 0, size, 1)


def assert_complete(result):
    """Raise unless Σ values = F(x) − F(b) in every row, to rounding."""
    np.testing.assert_array_less(relative_gap(result), 1e-12)


# By hand: in a linear network a feature's score is value times slope.


@pytest.mark.parametrize(
    ("value", "slope", "score"), [(100.0, 0.0, 0.0), (0.1, 50.0, 5.0), (2.0, 3.0, 6.0)]
)
def test_the_three_worked_numbers(backend, value, slope, score):
    network = backend.network(xk.Network([xk.Dense([[slope]])]))
    result = xk.gradient_x_input(network, backend.array([value]))
    assert_equal(result.values, np.array([score]), backend)
    assert_equal(xk.saliency(network, backend.array([value])).values, np.array([slope]), backend)


def test_the_three_worked_numbers_as_features_of_one_row(exact_backend):
    network = exact_backend.network(xk.Network([xk.Dense([[0.0, 50.0, 3.0]], [7.0])]))
    result = xk.gradient_x_input(network, exact_backend.array([100.0, 0.1, 2.0]))
    assert_equal(result.values, np.array([0.0, 5.0, 6.0]), exact_backend)
    assert (float(result.base), float(result.output), result.gap.ndim) == (7.0, 18.0, 0)
    assert abs(float(result.gap)) < 1e-14
    assert result.method == "gradient × input"


def test_signs_and_magnitudes_by_hand(backend):
    """F = 2x₁ − 3x₂: saliency (2, 3); gradient × input from b = (1, 1): 2(x₁ − 1), −3(x₂ − 1)."""
    network = backend.network(xk.Network([xk.Dense([[2.0, -3.0], [9.0, 9.0]])]))
    x = backend.array([[5.0, 3.0], [-1.0, 1.0]])
    slopes = xk.saliency(network, x)
    assert numpy_of(slopes.values).tolist() == [[2, 3], [2, 3]]
    assert slopes.base is None and slopes.gap is None and slopes.method == "saliency"
    assert numpy_of(slopes.output).tolist() == [1, -5]
    result = xk.gradient_x_input(network, x, baseline=1.0)
    assert numpy_of(result.values).tolist() == [[8, -6], [-4, 0]]
    assert numpy_of(result.base).tolist() == [-1, -1]
    assert numpy_of(result.gap).tolist() == [0, 0]


def test_a_saturated_unit_gets_nothing():
    """f = 1 − max(1 − x, 0) rises from f(0) = 0 to f(2) = 1, but its slope at 2 is 0."""
    network = xk.Network([xk.Dense([[-1.0]], [1.0]), xk.ReLU(), xk.Dense([[-1.0]], [1.0])])
    result = xk.gradient_x_input(network, [2.0])
    assert (result.values.tolist(), result.base, result.output, result.gap) == ([0], 0, 1, -1)


# Against captum.


def captum_values(method, module, x, target, **settings):
    """Return captum's scores, for a copy of x, because captum sets requires_grad."""
    leaf = x.detach().clone().requires_grad_()
    return method(module).attribute(leaf, target=torch.as_tensor(target), **settings).detach()


def modules():
    torch.manual_seed(0)
    head = nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()
    return {
        "smooth": (nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 3)), (5, 3)),
        "kinked": (nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 3)), (5, 3)),
        "pictures": (nn.Sequential(*head, nn.Linear(16, 3)), (5, 2, 4, 4)),
    }


@pytest.mark.parametrize("wrap", [xk.from_torch, xk.TorchModel])
@pytest.mark.parametrize("name", modules())
@pytest.mark.parametrize("target", [1, [2, 0, 1, 1, 0]])
def test_the_same_scores_as_captum(wrap, name, target):
    module, shape = modules()[name]
    module = module.double()
    x = torch.randn(shape, dtype=torch.float64)
    where = next(b for b in BACKENDS if (b.library, b.dtype) == ("torch", "float64"))
    slopes = captum_values(captum.attr.Saliency, module, x, target)
    assert_equal(xk.saliency(wrap(module), x, target).values, slopes, where)
    scores = captum_values(captum.attr.InputXGradient, module, x, target)
    result = xk.gradient_x_input(wrap(module), x, target)
    assert_equal(result.values, scores, where)
    output = module(x)[range(5), target].detach()
    base = module(torch.zeros_like(x))[range(5), target].detach()
    assert_equal(result.output, output, where)
    assert_equal(result.base, base, where)


# Axioms.


@given(drawn=networks(**HOMOGENEOUS))
def test_complete_where_the_network_is_positively_homogeneous(exact_backend, drawn):
    """Euler: F(λx) = λF(x) gives Σ xᵢ ∂F/∂xᵢ = F(x), for any layers, gates and pools."""
    network, x = drawn
    here = exact_backend.network(network)
    for target in range(network(x).shape[1]):
        assert_complete(xk.gradient_x_input(here, exact_backend.array(x), target))


WRONG = {
    "slope without the input": lambda x, slope: slope,
    "unsigned slope": lambda x, slope: x * np.abs(slope),
    "unsigned input": lambda x, slope: np.abs(x) * slope,
    "unsigned score": lambda x, slope: np.abs(x * slope),
    "twice the score": lambda x, slope: 2 * x * slope,
    "the slopes of the other rows": lambda x, slope: x * np.roll(slope, 1, axis=0),
    "one feature forgotten": lambda x, slope: np.append((x * slope)[:, :-1], 0 * x[:, :1], axis=1),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_check_of_completeness_rejects_wrong_versions(name):
    network = xk.Network.mlp([4, 8, 2], bias=False, seed=0)
    x = np.random.default_rng(0).normal(size=(6, 4))
    result = xk.gradient_x_input(network, x)
    assert_complete(result)
    wrong = WRONG[name](x, network.gradient(x))
    with pytest.raises(AssertionError):
        assert_complete(xk.Attribution(wrong, result.base, result.output, x))


@given(seed=seeds)
def test_a_bias_leaves_a_gap(seed):
    """The bias drops out of the derivative, but it sets the gates: Σ x ∂F/∂x ≠ F(x) − F(0)."""
    rng = np.random.default_rng(seed)
    first = xk.Dense(rng.normal(size=(30, 4)), rng.normal(size=30))
    network = xk.Network([first, xk.ReLU(), xk.Dense(rng.normal(size=(1, 30)))])
    gaps = relative_gap(xk.gradient_x_input(network, rng.normal(size=(5, 4))))
    assert gaps.max() > 1e-3


@given(drawn=networks(**HOMOGENEOUS), seed=seeds)
def test_scores_scale_with_x(exact_backend, drawn, seed):
    """∂F/∂x (λx) = ∂F/∂x (x) for λ > 0, so saliency stays, and scores and F are multiplied by λ."""
    network, x = drawn
    # A power of two changes no rounding, so every gate and every winner stays.
    scale = 2.0 ** np.random.default_rng(seed).integers(-8, 9)
    here, x = exact_backend.network(network), exact_backend.array(x)
    plain, scaled = xk.gradient_x_input(here, x), xk.gradient_x_input(here, scale * x)
    assert_equal(scaled.values, scale * numpy_of(plain.values), exact_backend, 0)
    assert_equal(scaled.output, scale * numpy_of(plain.output), exact_backend, 0)
    slopes = numpy_of(xk.saliency(here, x).values)
    assert_equal(xk.saliency(here, scale * x).values, slopes, exact_backend, 0)


@given(drawn=networks(), seed=seeds)
def test_scores_are_distance_times_slope(exact_backend, drawn, seed):
    network, x = drawn
    rng = np.random.default_rng(seed)
    baseline = rng.normal(size=x.shape)
    targets = rng.integers(0, network(x).shape[1], x.shape[0])
    here, rows = exact_backend.network(network), exact_backend.array(x)
    result = xk.gradient_x_input(here, rows, targets, exact_backend.array(baseline))
    slopes = numpy_of(here.gradient(rows, targets))
    assert_equal(result.values, (x - baseline) * slopes, exact_backend, 1e-15)
    chosen = range(x.shape[0]), targets
    assert_equal(result.output, network(x)[chosen], exact_backend)
    assert_equal(result.base, network(baseline)[chosen], exact_backend)
    assert_equal(xk.saliency(here, rows, targets).values, np.abs(slopes), exact_backend, 0)


@given(drawn=networks())
def test_every_backend_gives_the_same_scores(backend, drawn):
    network, x = drawn
    # Rounded to float32, so that weights and rows are the same on every backend.
    network, x = network.to("numpy", "float32").to("numpy", "float64"), np.float32(x).astype(float)
    expected = xk.gradient_x_input(network, x, baseline=0.25)
    result = xk.gradient_x_input(backend.network(network), backend.array(x), baseline=0.25)
    for name in ("values", "base", "output", "gap"):
        assert_equal(getattr(result, name), getattr(expected, name), backend)


# Forms of x and of the baseline.


@pytest.mark.parametrize("shape", [(3,), (1, 3), (4, 3)])
def test_answers_have_the_shape_of_the_rows(backend, shape):
    network, x = backend.network(xk.Network.mlp([3, 4, 2])), backend.array(np.ones(shape))
    for result in (xk.saliency(network, x, 1), xk.gradient_x_input(network, x, 1)):
        assert tuple(result.values.shape) == tuple(result.data.shape) == shape
        assert tuple(result.output.shape) == shape[:-1]
        assert_lives_at(backend, result.values)
        assert_lives_at(backend, result.output)
    assert tuple(result.base.shape) == tuple(result.gap.shape) == shape[:-1]
    assert_lives_at(backend, result.base)
    assert bool((result.data == x).all())


def test_answers_have_the_shape_of_the_pictures(backend):
    conv = xk.Conv2d(np.ones((2, 3, 2, 2)))
    network = backend.network(xk.Network([conv, xk.AvgPool2d(None), xk.Flatten()]))
    x = backend.array(np.ones((4, 3, 5, 6)))
    for result in (xk.saliency(network, x, 1), xk.gradient_x_input(network, x, 1)):
        assert tuple(result.values.shape) == (4, 3, 5, 6)
        assert tuple(result.output.shape) == (4,)
    assert tuple(result.base.shape) == tuple(result.gap.shape) == (4,)


BASELINES = {
    "none": (None, [[0.0, 0.0]] * 2),
    "number": (0.5, [[0.5, 0.5]] * 2),
    "row": ([1.0, -2.0], [[1.0, -2.0]] * 2),
    "like x": ([[1.0, -2.0], [0.0, 3.0]], [[1.0, -2.0], [0.0, 3.0]]),
}


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("as_array", [True, False])
def test_forms_of_the_baseline(backend, name, as_array):
    given_form, full = BASELINES[name]
    if as_array and isinstance(given_form, list):
        given_form = backend.array(given_form)
    network = backend.network(xk.Network.mlp([2, 6, 2], "tanh", seed=1))
    x = backend.array([[0.5, 1.5], [-1.0, 2.0]])
    result = xk.gradient_x_input(network, x, [1, 0], given_form)
    expected = xk.gradient_x_input(network, x, [1, 0], backend.array(full))
    assert_equal(result.values, numpy_of(expected.values), backend, 0)
    assert_equal(result.base, numpy_of(expected.base), backend)


@pytest.mark.parametrize("baseline", [None, 0.5, [1.0, -2.0]])
def test_a_single_row_with_a_baseline(exact_backend, baseline):
    network = exact_backend.network(xk.Network.mlp([2, 6, 2], "tanh", seed=1))
    x = exact_backend.array([[0.5, 1.5]])
    rows, row = (xk.gradient_x_input(network, form, 1, baseline) for form in (x, x[0]))
    for name in ("values", "base", "output", "gap", "data"):
        expected = numpy_of(getattr(rows, name)[0])
        assert_equal(getattr(row, name), expected, exact_backend, 1e-15)


def test_numpy_rows_through_a_float32_module():
    module = modules()["smooth"][0]
    x = np.random.default_rng(0).normal(size=(4, 3))
    result = xk.gradient_x_input(xk.TorchModel(module), x, 2, 0.5)
    expected = xk.gradient_x_input(xk.from_torch(module.double()).to("numpy"), x, 2, 0.5)
    for name in ("values", "base", "output"):
        assert getattr(result, name).dtype == np.float64
        np.testing.assert_allclose(
            getattr(result, name), getattr(expected, name), rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("method", [xk.saliency, xk.gradient_x_input])
@pytest.mark.parametrize(
    ("x", "target", "error", "message"),
    [
        (np.ones((2, 3)), 2, ValueError, "target 2 is out of range: the model has 2 output(s)"),
        (np.ones((2, 3)), [0, 0, 0], ValueError, "target has shape (3,)"),
        (np.ones((2, 4)), 0, ValueError, "expects inputs of shape (n, 3), got (2, 4)"),
        (np.full((2, 3), np.nan), 0, ValueError, "x holds NaN or infinity"),
        (np.ones((0, 3)), 0, ValueError, "x is empty"),
        (torch.ones(2, 3), 0, TypeError, "x is a float32 torch tensor on cpu, but the network's"),
    ],
)
def test_bad_questions_are_refused_in_words(method, x, target, error, message):
    with pytest.raises(error, match=re.escape(message)):
        method(xk.Network.mlp([3, 2]), x, target)


@pytest.mark.parametrize("method", [xk.saliency, xk.gradient_x_input])
def test_a_model_without_gradients_is_refused_in_words(method):
    message = "needs a model with gradients, got function: expected a Network, or a torch module"
    with pytest.raises(TypeError, match=message):
        method(lambda x: x, np.ones((2, 3)))


def test_a_baseline_of_another_shape_is_refused_in_words():
    message = (
        "baseline has shape (2,), expected a number, one row (3,), or a row for each of x (4, 3)"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        xk.gradient_x_input(xk.Network.mlp([3, 2]), np.ones((4, 3)), baseline=[1.0, 2.0])
