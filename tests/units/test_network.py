"""Networks: values and gradients against autograd, differences and matrices; checks of x."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given

import xaikit as xk
from tests.units.support import (
    SMOOTH,
    Backend,
    assert_equal,
    assert_lives_at,
    five_point,
    networks,
    numpy_of,
    seeds,
    twin_gradients,
    twin_network,
)


def random_targets(network, x, seed=0):
    outputs = network(x).shape[1]
    return np.random.default_rng(seed).integers(0, outputs, x.shape[0])


@given(drawn=networks())
def test_values_and_gradients_equal_autograd(backend, drawn):
    network, x = drawn
    targets = random_targets(network, x)
    here, x = backend.network(network), backend.array(x)
    function, parameters = twin_network(here)
    grad = np.eye(here(x).shape[1])[targets]
    values, slopes, _ = twin_gradients(function, x, parameters, grad)
    assert_equal(here(x), values, backend)
    assert_equal(here.gradient(x, targets), slopes, backend)


@given(drawn=networks(), seed=seeds)
def test_gradient_is_the_limit_of_differences(drawn, seed):
    """<∂F/∂x, v> against a five-point stencil, in rows whose stencil has no kink.

    In these rows stencils of two widths agree, which depends on values only, not on a gradient.
    """
    network, x = drawn
    rng = np.random.default_rng(seed)
    v = rng.normal(size=x.shape)
    v /= np.sqrt((v**2).sum(axis=tuple(range(1, v.ndim)), keepdims=True))
    outputs = network(x).shape[1]
    for target in range(outputs):
        wide, narrow = (
            five_point(lambda t: network(x + t * v)[:, target], step)  # noqa: B023
            for step in (1e-3, 5e-4)
        )
        slopes = network.gradient(x, target)
        features = tuple(range(1, x.ndim))
        scale = np.sqrt((slopes**2).sum(axis=features)) + np.abs(network(x)[:, target]) + 1e-3
        calm = np.abs(wide - narrow) < 1e-9 * scale
        # A network with hundreds of units has a kink in a few rows' stencils, not in most.
        assert calm.mean() >= 0.5 or x.shape[0] == 1
        error = np.abs((slopes * v).sum(axis=features) - narrow) / scale
        assert error[calm].max(initial=0) < 1e-9


@given(drawn=networks(kinds=SMOOTH, pictures=False), seed=seeds)
def test_smooth_networks_have_no_kink_to_excuse_an_error(exact_backend, drawn, seed):
    network, x = drawn
    here = exact_backend.network(network)
    v = np.random.default_rng(seed).normal(size=x.shape)
    v /= np.sqrt((v**2).sum(axis=1, keepdims=True))
    difference = five_point(lambda t: numpy_of(here(exact_backend.array(x + t * v)))[:, 0], 5e-4)
    slopes = numpy_of(here.gradient(exact_backend.array(x)))
    # Rounding and the stencil's error are relative to hidden units, which are of order one.
    scale = np.sqrt((slopes**2).sum(axis=1)) + np.abs(network(x)[:, 0]) + 1e-3
    assert (np.abs((slopes * v).sum(axis=1) - difference) / scale).max() < 1e-9


@pytest.mark.parametrize("bias", [True, False])
@given(seed=seeds)
def test_gradient_is_the_product_of_matrices(exact_backend, bias, seed):
    """∂ŷ/∂x = W₃ diag(φ₂′(z₂)) W₂ diag(φ₁′(z₁)) W₁: biases have an effect only on the gates."""
    rng = np.random.default_rng(seed)
    sizes = [(5, 3), (4, 5), (2, 4)]
    (w1, b1), (w2, b2), (w3, b3) = (
        (rng.normal(size=s), rng.normal(size=s[0]) if bias else None) for s in sizes
    )
    network = xk.Network(
        [xk.Dense(w1, b1), xk.ReLU(), xk.Dense(w2, b2), xk.LeakyReLU(0.1), xk.Dense(w3, b3)]
    )
    x = rng.normal(size=3)
    z1 = w1 @ x + (b1 if bias else 0)
    z2 = w2 @ np.maximum(z1, 0) + (b2 if bias else 0)
    product = w3 @ np.diag(np.where(z2 > 0, 1, 0.1)) @ w2 @ np.diag(z1 > 0) @ w1
    here = exact_backend.network(network)
    for target in (0, 1):
        gradient = here.gradient(exact_backend.array(x), target)
        assert_equal(gradient, product[target], exact_backend, 1e-13)


@given(drawn=networks())
def test_a_row_does_not_depend_on_its_batch(exact_backend, drawn):
    network, x = drawn
    here, targets = exact_backend.network(network), random_targets(network, x)
    values, slopes = here(exact_backend.array(x)), here.gradient(exact_backend.array(x), targets)
    for i, target in enumerate(targets):
        row = exact_backend.array(x[i : i + 1])
        assert_equal(here(row)[0], numpy_of(values[i]), exact_backend, 1e-13)
        assert_equal(here.gradient(row, target)[0], numpy_of(slopes[i]), exact_backend, 1e-13)


@given(drawn=networks(pictures=False))
def test_a_single_row_is_answered_without_a_batch_axis(exact_backend, drawn):
    network, x = drawn
    here, row = exact_backend.network(network), exact_backend.array(x[0])
    assert_equal(here(row), network(x[:1])[0], exact_backend, 1e-13)
    assert_equal(here.gradient(row), network.gradient(x[:1])[0], exact_backend, 1e-13)
    assert_equal(here.gradient(row, [0]), network.gradient(x[:1])[0], exact_backend, 1e-13)


@pytest.mark.parametrize("targets", [[2, 0, 1, 2], np.array([2, 0, 1, 2], np.int64)])
def test_a_target_for_each_row(exact_backend, targets):
    network = exact_backend.network(xk.Network.mlp([3, 5, 3], "tanh"))
    x = exact_backend.array(np.random.default_rng(0).normal(size=(4, 3)))
    for row, target in enumerate([2, 0, 1, 2]):
        expected = numpy_of(network.gradient(x, target)[row])
        assert_equal(network.gradient(x, targets)[row], expected, exact_backend, 0)


@pytest.mark.parametrize("kind", ["int64", "int32", "int16", "int8", "uint8", "uint16"])
@pytest.mark.parametrize("shape", [(), (3,)])
@pytest.mark.parametrize("method", [xk.saliency, xk.lrp, xk.integrated_gradients])
def test_a_target_of_any_whole_number_type(exact_backend, method, kind, shape):
    """Torch takes uint8 for a mask, without an error if there are as many rows as outputs."""
    network = exact_backend.network(xk.Network.mlp([3, 5, 3], "tanh"))
    x = exact_backend.array(np.random.default_rng(0).normal(size=(3, 3)))
    expected = method(network, x, 1)
    answer = method(network, x, np.ones(shape, kind))
    assert_equal(answer.output, numpy_of(expected.output), exact_backend, 0)
    assert_equal(answer.values, numpy_of(expected.values), exact_backend, 0)


def test_tensors_of_targets(exact_backend):
    network = exact_backend.network(xk.Network.mlp([3, 5, 3], "tanh"))
    x = exact_backend.array(np.random.default_rng(0).normal(size=(2, 3)))
    targets = torch.tensor([2, 0], device=exact_backend.device)
    expected = numpy_of(network.gradient(x, [2, 0]))
    assert_equal(network.gradient(x, targets), expected, exact_backend, 0)


def test_gradient_keeps_off_x(backend):
    network, x = backend.network(xk.Network.mlp([2, 3, 1])), backend.array(np.ones((2, 2)))
    network(x), network.gradient(x)
    assert numpy_of(x).tolist() == [[1, 1], [1, 1]]


def test_results_are_detached_from_an_x_that_requires_grad():
    network = xk.Network.mlp([2, 3, 1]).to("cpu")
    x = torch.ones(2, 2, dtype=torch.float64, requires_grad=True)
    assert not network(x).requires_grad and not network.gradient(x).requires_grad
    assert x.requires_grad and x.grad is None


# Perceptrons.


def test_mlp_has_an_activation_between_dense_layers():
    network = xk.Network.mlp([3, 5, 4, 2], activation="softplus")
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == ["Dense", "Softplus", "Dense", "Softplus", "Dense"]
    shapes = [layer.weight.shape for layer in network.layers[::2]]
    assert shapes == [(5, 3), (4, 5), (2, 4)]
    assert all(not layer.bias.any() for layer in network.layers[::2])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_mlp_has_the_dtype_asked_for(dtype):
    network = xk.Network.mlp([3, 4, 2], dtype=dtype)
    assert {str(p.dtype) for layer in network.layers for p in layer.parameters.values()} == {dtype}
    assert network(np.ones((1, 3), dtype)).dtype == dtype


def test_mlp_without_bias():
    network = xk.Network.mlp([3, 4, 2], bias=False)
    assert all(layer.bias is None for layer in network.layers[::2])


def test_mlp_seeds():
    def weights(seed):
        return xk.Network.mlp([3, 4, 2], seed=seed).layers[0].weight

    np.testing.assert_array_equal(weights(7), weights(7))
    assert not np.allclose(weights(7), weights(8))


@pytest.mark.parametrize(
    ("activation", "gain"),
    [("relu", 2), ("leaky_relu", 2), ("relu6", 2), ("tanh", 1), ("sigmoid", 1), ("softplus", 1)],
)
def test_mlp_weights_have_the_published_spread(activation, gain):
    weight = xk.Network.mlp([400, 500, 1], activation).layers[0].weight
    # 200,000 numbers: one standard deviation is 0.3% for their variance and 0.2% for their mean.
    assert abs(weight.var() * 400 / gain - 1) < 0.015
    assert abs(weight.mean()) < 0.01 * weight.std()


@pytest.mark.parametrize("sizes", [[3], [], [3, 0], [3, -1, 2]])
def test_mlp_refuses_sizes_that_make_no_network(sizes):
    message = f"sizes is {sizes}, expected at least [inputs, outputs], each ≥ 1"
    with pytest.raises(ValueError, match=re.escape(message)):
        xk.Network.mlp(sizes)


def test_mlp_refuses_an_unknown_activation():
    with pytest.raises(ValueError, match="unknown activation 'swish', expected relu, leaky_relu"):
        xk.Network.mlp([3, 2], activation="swish")


# To another device and back.


@given(drawn=networks())
def test_to_torch_and_back_changes_no_bit(drawn):
    network, x = drawn
    back = network.to("cpu").to("numpy")
    old, new = twin_network(network)[1], twin_network(back)[1]
    assert list(old) == list(new)
    for name in old:
        assert isinstance(new[name], np.ndarray) and new[name].dtype == old[name].dtype
        np.testing.assert_array_equal(old[name], new[name])
    np.testing.assert_array_equal(back(x), network(x))
    assert repr(back) == repr(network)


@pytest.mark.parametrize("where", ["numpy", "cpu", None])
@pytest.mark.parametrize("there", [True, False])
def test_to_makes_copies(where, there):
    network = xk.Network.mlp([2, 1]).to("cpu") if there else xk.Network.mlp([2, 1])
    copy = network.to(where)
    before = numpy_of(network.layers[0].weight).copy()
    copy.layers[0].weight[...] = 9
    np.testing.assert_array_equal(numpy_of(network.layers[0].weight), before)


@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("float32"), torch.float32])
@pytest.mark.parametrize("where", ["numpy", "cpu", None])
def test_to_changes_the_dtype(where, dtype):
    moved = xk.Network.mlp([2, 1]).to(where, dtype)
    assert_lives_at(
        Backend("torch" if where == "cpu" else "numpy", "cpu", "float32"), moved.layers[0].weight
    )


@pytest.mark.parametrize("where", ["numpy", "cpu"])
def test_to_a_dtype_alone_stays_where_it_is(where):
    moved = xk.Network.mlp([2, 1]).to(where).to(dtype="float32")
    library = "numpy" if where == "numpy" else "torch"
    assert_lives_at(Backend(library, "cpu", "float32"), moved.layers[0].weight)


def test_to_takes_reversed_views():
    weight = np.array([[1.0, 2.0], [3.0, 4.0]])[::-1, ::-1]
    moved = xk.Network([xk.Dense(weight)]).to("cpu")
    assert moved.layers[0].weight.tolist() == [[4.0, 3.0], [2.0, 1.0]]


def test_to_reaches_into_residuals():
    network = xk.Network([xk.Residual([xk.Dense(np.eye(2)), xk.ReLU()])]).to("cpu", "float32")
    assert network.layers[0].layers[0].weight.dtype is torch.float32


# Checks of x.


@pytest.mark.parametrize(
    "x", [[[1, 0], [0, 1]], [[True, False], [False, True]], [[1.0, 0.0], [0.0, 1.0]]]
)
@pytest.mark.parametrize("as_array", [True, False])
def test_whole_numbers_booleans_and_lists_are_cast_to_the_weights_dtype(backend, x, as_array):
    network = backend.network(xk.Network([xk.Dense([[1.5, -2.0]], [0.5])]))
    if as_array and np.array(x).dtype.kind != "f":
        x = np.array(x) if backend.library == "numpy" else torch.tensor(x, device=backend.device)
    assert_equal(network(x), np.array([[2.0], [-1.5]]), backend, 0)
    assert_equal(network.gradient(x), np.array([[1.5, -2.0]] * 2), backend, 0)


@pytest.mark.parametrize("kind", ["int64", "bool"])
@pytest.mark.parametrize("where", ["numpy", "cpu"])
def test_whole_numbers_in_a_network_without_weights(where, kind):
    network = xk.Network([xk.AvgPool2d(2), xk.Flatten()])
    x = np.ones((1, 1, 2, 2), kind)
    x = x if where == "numpy" else torch.tensor(x)
    assert numpy_of(network(x)).tolist() == [[1.0]]
    assert numpy_of(network.gradient(x)).tolist() == [[[[0.25, 0.25], [0.25, 0.25]]]]


DENSE = xk.Network([xk.Dense(np.ones((2, 3)))])
CONV = xk.Network([xk.Conv2d(np.ones((2, 3, 2, 2))), xk.AvgPool2d(None), xk.Flatten()])


@pytest.mark.parametrize(
    ("network", "x", "error", "message"),
    [
        (DENSE, 3.0, ValueError, "x is a single number, expected a row (d,) or rows (n, …)"),
        (DENSE, [1.0, 2.0], ValueError, "expects inputs of shape (n, 3), got (1, 2)"),
        (DENSE, [[1.0, 2.0]], ValueError, "expects inputs of shape (n, 3), got (1, 2)"),
        (DENSE, np.ones((1, 3, 1)), ValueError, "got (1, 3, 1): put Flatten() before it"),
        (DENSE, np.ones((0, 3)), ValueError, "x is empty: its shape is (0, 3), expected at least"),
        (DENSE, [], ValueError, "x is empty: its shape is (0,)"),
        (DENSE, [[1, 2, "3"]], TypeError, "values, expected real numbers: encode text"),
        (DENSE, np.ones((1, 3), complex), TypeError, "x holds complex numbers, expected real"),
        (DENSE, [[1.0, np.nan, 2.0]], ValueError, "NaN or infinity (first at index (0, 1)): fill"),
        (DENSE, [[1.0, 2.0, -np.inf]], ValueError, "NaN or infinity (first at index (0, 2))"),
        (
            DENSE,
            np.ones((1, 3), np.float32),
            TypeError,
            "x is a float32 NumPy array, but the network's weights are float64 NumPy array",
        ),
        (
            DENSE,
            torch.ones(1, 3, dtype=torch.float64),
            TypeError,
            "x is a float64 torch tensor on cpu, but the network's weights are float64 NumPy array",
        ),
        (
            DENSE.to("cpu"),
            np.ones((1, 3)),
            TypeError,
            "x is a float64 NumPy array, but the network's weights are float64 torch tensor on cpu",
        ),
        (
            DENSE.to("cpu"),
            torch.ones(1, 3),
            TypeError,
            "x is a float32 torch tensor on cpu, but the network's weights are float64 torch",
        ),
        (DENSE.to("cpu"), torch.ones(1, 3) * 1j, TypeError, "x holds complex numbers"),
        (
            DENSE.to("cpu"),
            torch.full((1, 3), torch.nan, dtype=torch.float64),
            ValueError,
            "NaN or infinity (first at index (0, 0))",
        ),
        (CONV, np.ones((3, 5, 5)), ValueError, "(n, 3, height, width), got (3, 5, 5)"),
        (CONV, np.ones(5), ValueError, "(n, 3, height, width), got (1, 5)"),
        (CONV, np.ones((1, 1, 5, 5)), ValueError, "(n, 3, height, width), got (1, 1, 5, 5)"),
    ],
)
@pytest.mark.parametrize(
    "call",
    [xk.Network.__call__, xk.Network.gradient, xk.saliency, xk.lrp, xk.integrated_gradients],
    ids=lambda call: call.__name__,
)
def test_bad_x_is_refused_in_words(call, network, x, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call(network, x)


def test_x_on_another_device_is_refused_in_words():
    with pytest.raises(TypeError, match="x is a float32 torch tensor on meta, but the network's"):
        DENSE.to("cpu", "float32")(torch.ones(1, 3, device="meta"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_x_on_the_other_of_two_real_devices_is_refused_in_words():
    with pytest.raises(
        TypeError, match="on cpu, but the network's weights are float64 torch tensor on cuda"
    ):
        DENSE.to("cuda")(torch.ones(1, 3, dtype=torch.float64))


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        (2, ValueError, "target 2 is out of range: the model has 2 output(s), numbered 0 to 1"),
        (-1, ValueError, "target -1 is out of range"),
        ([0, 2], ValueError, "target 2 is out of range"),
        ([-1, 0], ValueError, "target -1 is out of range"),
        ([0, 1, 0], ValueError, "target has shape (3,), expected one number or one for each of 2"),
        ([[0], [1]], ValueError, "target has shape (2, 1), expected one number"),
        (1.0, TypeError, "target holds float64 values, expected the number of an output"),
        ([], TypeError, "target holds float64 values"),
        (True, TypeError, "target holds bool values"),
        ("cat", TypeError, "target holds <U3 values"),
        (None, TypeError, "target holds object values"),
        (torch.tensor([1.0, 0.0]), TypeError, "target holds float32 values"),
    ],
)
@pytest.mark.parametrize("where", ["numpy", "cpu"])
def test_bad_targets_are_refused_in_words(where, target, error, message):
    network = xk.Network([xk.Dense(np.ones((2, 3)))]).to(where)
    with pytest.raises(error, match=re.escape(message)):
        network.gradient([[1, 2, 3], [4, 5, 6]], target)


# Checks of layers.


@pytest.mark.parametrize(
    ("layers", "error", "message"),
    [
        ([], ValueError, "a network needs at least one layer"),
        ([xk.ReLU], TypeError, "is not a layer of xaikit: expected Dense, Conv2d, MaxPool2d"),
        ([torch.nn.ReLU()], TypeError, "ReLU() is not a layer of xaikit"),
        ([np.tanh], TypeError, "a torch module becomes a network with from_torch(module)"),
        (
            [xk.Dense(np.ones((4, 3))), xk.Tanh(), xk.Dense(np.ones((2, 5)))],
            ValueError,
            "Dense(5 -> 2) cannot follow Dense(3 -> 4)",
        ),
        (
            [xk.Conv2d(np.ones((4, 3, 1, 1))), xk.ReLU(), xk.Conv2d(np.ones((2, 3, 1, 1)))],
            ValueError,
            "Conv2d(3 -> 2, 1×1) cannot follow Conv2d(3 -> 4, 1×1)",
        ),
        (
            [xk.Dense(np.ones((1, 3))), xk.Dense(torch.ones(2, 1))],
            TypeError,
            "weights differ in kind: a float32 torch tensor on cpu, a float64 NumPy array",
        ),
        (
            [xk.Dense(np.ones((1, 3)), np.ones(1, np.float32))],
            TypeError,
            "weights differ in kind: a float32 NumPy array, a float64 NumPy array",
        ),
        (
            [xk.Dense(np.eye(3)), xk.Residual([xk.Dense(torch.eye(3))])],
            TypeError,
            "weights differ in kind",
        ),
    ],
)
def test_layers_that_make_no_network_are_refused_in_words(layers, error, message):
    with pytest.raises(error, match=re.escape(message)):
        xk.Network(layers)


@pytest.mark.parametrize("inner", [torch.nn.ReLU(), np.tanh, xk.ReLU])
def test_what_is_no_layer_is_refused_inside_a_residual_too(inner):
    with pytest.raises(TypeError, match="is not a layer of xaikit"):
        xk.Network([xk.Residual([inner])])


def test_groups_count_when_convolutions_are_chained():
    grouped = xk.Conv2d(np.ones((4, 2, 1, 1)), groups=2)
    network = xk.Network([xk.Conv2d(np.ones((4, 1, 1, 1))), grouped, xk.Flatten()])
    assert network(np.ones((1, 1, 1, 1))).tolist() == [[2.0] * 4]


def test_pictures_as_outputs_have_no_target():
    network = xk.Network([xk.Conv2d(np.ones((2, 1, 1, 1)))])
    message = "outputs have shape (1, 2, 3, 3), expected (n, k): end it with Flatten() or a Dense"
    with pytest.raises(ValueError, match=re.escape(message)):
        network.gradient(np.ones((1, 1, 3, 3)))


def test_a_network_prints_a_layer_a_line():
    text = "Network([\n    Dense(3 -> 4, bias),\n    ReLU(),\n    Dense(4 -> 2, bias),\n])"
    assert repr(xk.Network.mlp([3, 4, 2])) == text
