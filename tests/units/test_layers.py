"""Every layer, forward and backward, against torch's autograd and against its own formula."""

import re
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import xaikit as xk
from tests.units.support import (
    KINDS,
    activations,
    assert_equal,
    conv_layers,
    dense_layers,
    double,
    five_point,
    frames,
    layers_with_inputs,
    numpy_of,
    picture_shapes,
    pool_layers,
    seeds,
    twin,
    twin_gradients,
)
from xaikit.networks.layers import Layer, run, run_back


def assert_layer_equals_torch(layer, a, grad, backend):
    """Compare forward, backward and parameter_gradients with torch's, for the same numbers."""
    layer = layer.map_arrays(backend.array)
    a, grad = backend.array(a), backend.array(grad)
    z, slope, weights = twin_gradients(
        lambda a, parameters: twin(layer, a, parameters), a, layer.parameters, grad
    )
    assert_equal(layer.forward(a), z, backend)
    assert_equal(layer.backward(a, grad), slope, backend)
    gradients = layer.parameter_gradients(a, grad)
    assert list(gradients) == list(layer.parameters)
    for name, gradient in gradients.items():
        assert_equal(gradient, weights[name], backend)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_layer_equals_torch(backend, kind, data):
    assert_layer_equals_torch(*data.draw(layers_with_inputs(kind)), backend)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_layer_leaves_its_arguments_alone(backend, kind, data):
    layer, a, grad = data.draw(layers_with_inputs(kind))
    layer = layer.map_arrays(backend.array)
    given_arrays = [backend.array(a), backend.array(grad), *layer.parameters.values()]
    before = [numpy_of(array).copy() for array in given_arrays]
    layer.forward(given_arrays[0])
    layer.backward(*given_arrays[:2])
    layer.parameter_gradients(*given_arrays[:2])
    for array, old in zip(given_arrays, before, strict=True):
        np.testing.assert_array_equal(numpy_of(array), old)


# Settings that random shapes rarely have.

CONVOLUTIONS = {
    "plain": ((4, 3, 2, 2), {}),
    "one pixel": ((4, 3, 1, 1), {}),
    "high kernel": ((2, 3, 4, 1), {}),
    "wide kernel": ((2, 3, 1, 5), {"padding": (0, 2)}),
    "unequal strides": ((2, 3, 3, 2), {"stride": (3, 2)}),
    "stride that leaves pixels unseen": ((2, 3, 2, 2), {"stride": 4}),
    "unequal padding": ((2, 3, 3, 3), {"padding": (2, 1)}),
    "padding wider than the kernel": ((2, 3, 2, 2), {"padding": 3}),
    "groups": ((4, 3, 3, 3), {"groups": 2, "padding": 1}),
    "depthwise": ((6, 1, 3, 3), {"groups": 6, "stride": 2, "padding": 1}),
    "depthwise, two outputs each": ((12, 1, 3, 2), {"groups": 6, "stride": (1, 2)}),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolution_equals_torch(backend, name):
    shape, settings = CONVOLUTIONS[name]
    rng = np.random.default_rng(0)
    channels = shape[1] * settings.get("groups", 1)
    layer = xk.Conv2d(rng.normal(size=shape), rng.normal(size=shape[0]), **settings)
    a = rng.normal(size=(2, channels, 6, 7))
    assert_layer_equals_torch(layer, a, rng.normal(size=layer.forward(a).shape), backend)


@given(conv=picture_shapes.flatmap(lambda s: st.tuples(conv_layers(s), st.just(s))), seed=seeds)
def test_convolution_is_the_sum_in_its_definition(exact_backend, conv, seed):
    """z_nopq = Σ_cij W_ocij a_n,c,p·s+i,q·s+j + b_o, in each group of channels."""
    layer, shape = conv
    a = np.random.default_rng(seed).normal(size=(2, *shape))
    (up, side), (down, across) = layer.padding, layer.stride
    padded = np.pad(a, ((0, 0), (0, 0), (up, up), (side, side)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, layer.weight.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::down, ::across]
    parts = [
        np.einsum("ocij,ncpqij->nopq", weight, seen)
        for weight, seen in zip(
            np.split(layer.weight, layer.groups),
            np.split(windows, layer.groups, axis=1),
            strict=True,
        )
    ]
    expected = np.concatenate(parts, axis=1)
    if layer.bias is not None:
        expected += layer.bias[:, None, None]
    here = layer.map_arrays(exact_backend.array)
    assert_equal(here.forward(exact_backend.array(a)), expected, exact_backend)


POOLS = {
    "apart": (2, None),
    "overlap": (3, 1),
    "overlap in one direction": ((3, 2), (1, 3)),
    "gaps": (2, 4),
    "one pixel": (1, None),
    "whole picture": (None, None),
    "whole picture by size": ((6, 7), None),
}


@pytest.mark.parametrize("kind", [xk.MaxPool2d, xk.AvgPool2d])
@pytest.mark.parametrize("name", POOLS)
def test_pool_equals_torch(backend, kind, name):
    layer = kind(*POOLS[name])
    rng = np.random.default_rng(1)
    a = rng.normal(size=(2, 3, 6, 7))
    assert_layer_equals_torch(layer, a, rng.normal(size=layer.forward(a).shape), backend)


@given(
    layer=pool_layers((3, 5, 6), kinds=(xk.MaxPool2d,)),
    rounded=st.lists(st.integers(-1, 1), min_size=90, max_size=90),
)
def test_of_equal_entries_max_pool_picks_the_one_torch_picks(backend, layer, rounded):
    a = np.reshape(rounded, (1, 3, 5, 6)).astype(float)
    grad = np.random.default_rng(0).normal(size=layer.forward(a).shape)
    assert_layer_equals_torch(layer, a, grad, backend)


def test_of_all_equal_entries_the_first_wins(backend):
    layer, a = xk.MaxPool2d(2), backend.array(np.zeros((1, 1, 2, 4)))
    back = layer.backward(a, backend.array([[[[3.0, 5.0]]]]))
    assert numpy_of(back).tolist() == [[[[3.0, 0.0, 5.0, 0.0], [0.0] * 4]]]


def test_max_pool_tells_neighbouring_floats_apart(backend):
    one = np.dtype(backend.dtype).type(1)
    below = np.nextafter(one, -one)
    a = backend.array([[[[below, one, below, one]]]])
    back = xk.MaxPool2d((1, 4)).backward(a, backend.array([[[[7.0]]]]))
    assert numpy_of(back).tolist() == [[[[0.0, 7.0, 0.0, 0.0]]]]


# Linear layers: the backward pass is the forward pass transposed.


@st.composite
def linear_layers(draw):
    shape = draw(picture_shapes)
    layer = draw(
        conv_layers(shape)
        | pool_layers(shape, kinds=(xk.AvgPool2d,))
        | frames()
        | st.just(xk.Flatten())
        | dense_layers(shape[0])
    )
    return layer, shape[:1] if isinstance(layer, xk.Dense) else shape


@given(drawn=linear_layers(), seed=seeds)
def test_backward_is_the_adjoint_of_a_linear_layer(exact_backend, drawn, seed):
    """<J v, u> = <v, Jᵀ u>; J v = f(v) − f(0)."""
    layer, shape = drawn
    layer, rng = layer.map_arrays(exact_backend.array), np.random.default_rng(seed)
    v, zero = rng.normal(size=(2, *shape)), exact_backend.array(np.zeros((2, *shape)))
    pushed = layer.forward(exact_backend.array(v)) - layer.forward(zero)
    u = rng.normal(size=tuple(pushed.shape))
    pulled = layer.backward(zero, exact_backend.array(u))
    terms = numpy_of(pushed) * u
    np.testing.assert_allclose(
        terms.sum(), (v * numpy_of(pulled)).sum(), rtol=0, atol=1e-13 * (1 + np.abs(terms).sum())
    )


@given(
    drawn=picture_shapes.flatmap(
        lambda s: (
            st.tuples(conv_layers(s), st.just(s)) | st.tuples(dense_layers(s[0]), st.just(s[:1]))
        )
    ),
    seed=seeds,
)
def test_weight_gradient_is_the_adjoint_of_a_step_in_the_weights(exact_backend, drawn, seed):
    """f is linear in W and b: f_{W+V} − f_W = f_V, and <f_V, u> = <V, ∂<f, u>/∂W>."""
    layer, shape = drawn
    rng = np.random.default_rng(seed)
    step = {name: rng.normal(size=p.shape) for name, p in layer.parameters.items()}
    a = exact_backend.array(rng.normal(size=(3, *shape)))
    pushed = replace(layer, **{n: exact_backend.array(v) for n, v in step.items()}).forward(a)
    u = rng.normal(size=tuple(pushed.shape))
    here = layer.map_arrays(exact_backend.array)
    gradients = here.parameter_gradients(a, exact_backend.array(u))
    terms = numpy_of(pushed) * u
    pulled = sum((step[name] * numpy_of(gradients[name])).sum() for name in step)
    np.testing.assert_allclose(terms.sum(), pulled, rtol=0, atol=1e-13 * (1 + np.abs(terms).sum()))


# Activations.

UNITS = [xk.ReLU(), xk.LeakyReLU(), xk.LeakyReLU(0.3), xk.ReLU6(), xk.Tanh(), xk.Sigmoid()]
UNITS += [xk.Softplus(), xk.GELU(), xk.GELU(tanh=True)]
NAMES = [repr(unit) for unit in UNITS]


@pytest.mark.parametrize("unit", UNITS, ids=NAMES)
def test_activation_equals_torch_on_its_kinks_and_around_them(backend, unit):
    around = [-6.0, -1.0, -1e-3, -0.0, 0.0, 1e-3, 1.0, 6.0, np.nextafter(6, 0), 6.001, 7.0]
    a = np.array([around, around[::-1]])
    assert_layer_equals_torch(unit, a, np.linspace(-1, 1, a.size).reshape(a.shape), backend)


@pytest.mark.parametrize("unit", UNITS, ids=NAMES)
def test_activation_survives_extreme_values_in_silence(backend, unit):
    a = backend.array([[-800.0, -100.0, 100.0, 800.0]])
    one = backend.array(np.ones((1, 4)))
    with warnings.catch_warnings(action="error"), np.errstate(all="raise", under="ignore"):
        z, slope = unit.forward(a), unit.backward(a, one)
    assert_equal(z, twin(unit, double(a), {}), backend)
    limits = {"ReLU": (0, 1), "LeakyReLU": (None, 1), "ReLU6": (0, 0), "Tanh": (0, 0)}
    limits |= {"Sigmoid": (0, 0), "Softplus": (0, 1), "GELU": (0, 1)}
    low, high = limits[type(unit).__name__]
    low = unit.slope if low is None else low
    assert_equal(slope, np.array([[low, low, high, high]]), backend)


@pytest.mark.parametrize(
    ("unit", "slopes"),
    [
        (xk.ReLU(), (0, 1)),
        (xk.LeakyReLU(0.25), (0.25, 1)),
        (xk.ReLU6(), (0, 0)),
        (xk.Tanh(), (1, None)),
        (xk.Sigmoid(), (0.25, None)),
        (xk.Softplus(), (0.5, None)),
        (xk.GELU(), (0.5, None)),
        (xk.GELU(tanh=True), (0.5, None)),
    ],
    ids=repr,
)
def test_derivative_at_0_and_6(backend, unit, slopes):
    """φ′(0) = 0 for ReLU, and φ′ = 0 at ReLU6's upper kink."""
    found = numpy_of(unit.derivative(backend.array([[0.0, 6.0]])))[0]
    for actual, expected in zip(found, slopes, strict=True):
        assert expected is None or actual == expected


@given(unit=activations(), seed=seeds)
def test_derivative_is_the_limit_of_differences(exact_backend, unit, seed):
    a = np.random.default_rng(seed).uniform(-3, 9, 20)
    a = a[(np.abs(a) > 0.01) & (np.abs(a - 6) > 0.01)]  # away from the kinks
    slope = five_point(lambda t: numpy_of(unit.forward(exact_backend.array(a + t))), 1e-3)
    assert_equal(unit.derivative(exact_backend.array(a)), slope, exact_backend, 1e-11)


@given(seed=seeds)
def test_activations_obey_their_identities(exact_backend, seed):
    z = exact_backend.array(np.random.default_rng(seed).normal(0, 10, 30))

    def equal(left, right):
        assert_equal(left, right, exact_backend, 1e-13)

    sigmoid, tanh, softplus = (unit.forward for unit in (xk.Sigmoid(), xk.Tanh(), xk.Softplus()))
    equal(sigmoid(z) + sigmoid(-z), np.ones(30))
    equal(tanh(z), 2 * sigmoid(2 * z) - 1)
    equal(softplus(z) - softplus(-z), z)
    equal(softplus(z), np.logaddexp(0, numpy_of(z)))
    equal(xk.ReLU().forward(z) - xk.ReLU().forward(-z), z)
    equal(xk.LeakyReLU(0.2).forward(z), np.maximum(0.2 * numpy_of(z), numpy_of(z)))
    equal(xk.ReLU6().forward(z), 6 - xk.ReLU6().forward(6 - z))
    for gelu in (xk.GELU(), xk.GELU(tanh=True)):
        equal(gelu.forward(z) - gelu.forward(-z), z)


def test_far_below_zero_softplus_and_sigmoid_keep_their_digits(backend):
    """The error is relative to e⁻⁸⁰, where 1 + e^z rounds to 1."""
    z = np.array([-20.0, -40.0, -80.0])
    digits = 1e-14 if backend.dtype == "float64" else 1e-6
    softplus, sigmoid = (
        numpy_of(unit.forward(backend.array(z))) for unit in (xk.Softplus(), xk.Sigmoid())
    )
    np.testing.assert_allclose(softplus, np.log1p(np.exp(z)), rtol=digits)
    np.testing.assert_allclose(sigmoid, 1 / (1 + np.exp(-z)), rtol=digits)


# By hand.


def test_dense_by_hand(backend):
    layer = xk.Dense(backend.array([[1, 2], [3, 4], [5, 6]]), backend.array([10, 20, 30]))
    a, grad = backend.array([[1, -1], [2, 0]]), backend.array([[1, 0, -1], [0, 1, 0]])
    assert numpy_of(layer.forward(a)).tolist() == [[9, 19, 29], [12, 26, 40]]
    assert numpy_of(layer.backward(a, grad)).tolist() == [[-4, -4], [3, 4]]
    gradients = layer.parameter_gradients(a, grad)
    assert numpy_of(gradients["weight"]).tolist() == [[1, -1], [2, 0], [-1, 1]]
    assert numpy_of(gradients["bias"]).tolist() == [1, 1, -1]


def test_convolution_by_hand(backend):
    """It does not flip its kernel: cross-correlation."""
    layer = xk.Conv2d(backend.array([[[[1, 2]]]]), backend.array([10]))
    a = backend.array([[[[1, 0, 5]]]])
    assert numpy_of(layer.forward(a)).tolist() == [[[[11, 20]]]]
    assert numpy_of(layer.backward(a, backend.array([[[[1, 10]]]]))).tolist() == [[[[1, 12, 20]]]]


def test_frame_by_hand(backend):
    framed = xk.ZeroPad2d(left=1, right=0, top=0, bottom=2).forward(backend.array([[[[7.0]]]]))
    assert numpy_of(framed).tolist() == [[[[0, 7], [0, 0], [0, 0]]]]


def test_residual_by_hand(backend):
    """x + 2 max(x, 0): slope 3 above zero, 1 below."""
    layer = xk.Residual([xk.ReLU(), xk.Dense(backend.array([[2.0]]))])
    a = backend.array([[5.0], [-5.0]])
    assert numpy_of(layer.forward(a)).tolist() == [[15], [-5]]
    assert numpy_of(layer.backward(a, backend.array([[1.0], [1.0]]))).tolist() == [[3], [1]]


def test_residual_names_its_parameters_by_position(backend):
    dense = xk.Dense(np.eye(2), np.zeros(2))
    layer = xk.Residual([dense, xk.ReLU(), xk.Residual([xk.Tanh(), xk.Dense(np.eye(2))])])
    here = layer.map_arrays(backend.array)
    assert list(here.parameters) == ["0.weight", "0.bias", "2.1.weight"]
    a = backend.array(np.ones((3, 2)))
    assert list(here.parameter_gradients(a, a)) == list(here.parameters)


# Chains.


def test_run_and_run_back_keep_every_value(backend):
    """x → 3x → max(·, 0) → 2·: values and derivatives at each stage."""
    layers = [xk.Dense(backend.array([[3.0]])), xk.ReLU(), xk.Dense(backend.array([[2.0]]))]
    values = run(layers, backend.array([[1.0], [-1.0]]))
    assert [numpy_of(v).ravel().tolist() for v in values] == [[1, -1], [3, -3], [3, 0], [6, 0]]
    grads = run_back(layers, values, backend.array([[1.0], [1.0]]))
    assert [numpy_of(g).ravel().tolist() for g in grads] == [[6, 0], [2, 0], [2, 2], [1, 1]]


# The parts of a layer.


def test_replace_gives_another_rules_weights():
    layer = xk.Conv2d(np.ones((2, 1, 3, 3)), np.ones(2), stride=2, padding=(1, 0), groups=1)
    other = replace(layer, weight=-layer.weight, bias=None)
    assert other.bias is None and float(other.weight.max()) == -1
    assert (other.stride, other.padding, other.groups) == ((2, 2), (1, 0), 1)
    assert float(layer.weight.min()) == 1


@pytest.mark.parametrize(
    "layer", [xk.Dense(np.eye(2)), xk.ReLU(), xk.MaxPool2d(), xk.Residual([xk.ReLU()])]
)
def test_layers_are_frozen(layer):
    name = next(iter(vars(layer)), "weight")
    with pytest.raises(AttributeError, match="cannot assign to field"):
        setattr(layer, name, None)


def test_whole_number_weights_become_float64():
    assert xk.Dense([[1, 2]], [3]).weight.dtype == np.float64
    assert xk.Dense([[1, 2]], [3]).bias.dtype == np.float64
    assert xk.Dense(torch.tensor([[1, 2]])).weight.dtype == torch.float64


def test_weights_are_detached():
    layer = xk.Dense(torch.nn.Parameter(torch.ones(1, 2)))
    assert not layer.weight.requires_grad and type(layer.weight) is torch.Tensor


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: xk.Dense([1.0, 2.0]), "Dense's weight has shape (2,), expected (out, in)"),
        (lambda: xk.Dense([[1.0]], 3.0), "Dense's bias has shape (), expected (out,)"),
        (
            lambda: xk.Dense(np.ones((2, 3)), np.ones(3)),
            "Dense's bias has 3 entries, but its weight has 2 outputs (shape (2, 3))",
        ),
        (lambda: xk.Dense([[np.nan]]), "Dense's weight holds NaN or infinity"),
        (lambda: xk.Dense([[1.0]], [np.inf]), "Dense's bias holds NaN or infinity"),
        (
            lambda: xk.Conv2d(np.ones((2, 3))),
            "Conv2d's weight has shape (2, 3), expected (out, in / groups, height, width)",
        ),
        (
            lambda: xk.Conv2d(np.ones((3, 1, 2, 2)), groups=2),
            "3 outputs do not split into 2 groups",
        ),
        (
            lambda: xk.Conv2d(np.ones((1, 1, 2, 2)), stride=0),
            "stride is 0, expected a whole number ≥ 1, or two",
        ),
        (
            lambda: xk.Conv2d(np.ones((1, 1, 2, 2)), padding=(1, -1)),
            "padding is (1, -1), expected a whole number ≥ 0, or two",
        ),
        (lambda: xk.MaxPool2d((2, 2, 2)), "size is (2, 2, 2), expected a whole number ≥ 1"),
        (lambda: xk.AvgPool2d(2, (1, 0.5)), "stride is (1, 0.5), expected a whole number ≥ 1"),
        (lambda: xk.AvgPool2d(None, 2), "a pool over the whole picture (size None) has no stride"),
        (lambda: xk.ZeroPad2d(0, -1), "a frame cannot be negative"),
    ],
)
def test_a_layer_that_cannot_be_is_refused_when_it_is_made(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


@pytest.mark.parametrize("stride", [np.int64(2), 1.5])
def test_a_stride_of_another_kind_works_or_is_refused_by_name(stride):
    try:
        layer = xk.Conv2d(np.ones((1, 1, 2, 2)), stride=stride)
    except (TypeError, ValueError) as error:
        assert "stride is" in str(error)
    else:
        assert layer.stride == (2, 2)


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (xk.Dense(np.ones((2, 3))), (1, 4), "Dense(3 -> 2) expects inputs of shape (n, 3), got"),
        (xk.Dense(np.ones((2, 3))), (1, 3, 1, 1), "got (1, 3, 1, 1): put Flatten() before it"),
        (
            xk.Conv2d(np.ones((2, 3, 2, 2))),
            (1, 4, 5, 5),
            "Conv2d(3 -> 2, 2×2) expects pictures of shape (n, 3, height, width), got (1, 4, 5, 5)",
        ),
        (
            xk.Conv2d(np.ones((4, 1, 2, 2)), groups=2),
            (1, 4, 5, 5),
            "expects pictures of shape (n, 2",
        ),
        (xk.Conv2d(np.ones((2, 3, 2, 2))), (3, 5, 5), "(n, 3, height, width), got (3, 5, 5)"),
        (xk.Conv2d(np.ones((2, 3, 6, 2))), (1, 3, 5, 5), "got pictures 5 pixels high"),
        (
            xk.Conv2d(np.ones((2, 3, 2, 9)), padding=(0, 1)),
            (1, 3, 5, 5),
            "got pictures 7 pixels wide, padding included",
        ),
        (xk.MaxPool2d(2), (1, 4), "expects pictures of shape (n, channels, height, width), got"),
        (xk.MaxPool2d((1, 3)), (1, 1, 2, 2), "got pictures of 2×2 pixels"),
        (xk.AvgPool2d(None), (1, 4), "expects pictures of shape (n, channels, height, width)"),
        (xk.ZeroPad2d(1), (1, 4), "expects pictures of shape (n, channels, height, width)"),
        (
            xk.Residual([xk.Dense(np.ones((1, 3)))]),
            (2, 3),
            "the shapes must be equal, but a is (2, 3) and f(a) is (2, 1)",
        ),
    ],
)
def test_inputs_that_do_not_fit_are_refused(backend, layer, shape, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        layer.map_arrays(backend.array).forward(backend.array(np.ones(shape)))


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (xk.Dense(np.ones((2, 3)), np.ones(2)), "Dense(3 -> 2, bias)"),
        (xk.Dense(np.ones((2, 3))), "Dense(3 -> 2)"),
        (xk.Conv2d(np.ones((4, 1, 3, 2)), groups=2), "Conv2d(2 -> 4, 3×2)"),
        (xk.MaxPool2d(3, 2), "MaxPool2d(size=(3, 3), stride=(2, 2))"),
        (xk.LeakyReLU(0.1), "LeakyReLU(slope=0.1)"),
    ],
)
def test_a_layer_prints_in_a_line(layer, text):
    assert repr(layer) == text


def test_a_layer_of_ones_own_needs_two_methods():
    with pytest.raises(NotImplementedError):
        Layer().forward(np.ones(1))
    with pytest.raises(NotImplementedError):
        Layer().backward(np.ones(1), np.ones(1))
    assert Layer().parameters == {} == Layer().parameter_gradients(np.ones(1), np.ones(1))
