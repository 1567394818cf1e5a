"""Training by hand against torch: losses, derivatives, Adam, whole runs."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from torch.nn import functional

import xaikit as xk
from tests.units.support import (
    assert_equal,
    double,
    networks,
    numpy_of,
    seeds,
    twin_network,
)
from xaikit.networks import training
from xaikit.networks.losses import LOSSES, cross_entropy, mean_squared_error, softmax


def class_numbers(values, backend):
    """Return class numbers in the form that `fit` passes to the loss."""
    values = np.asarray(values)
    return values if backend.library == "numpy" else torch.tensor(values, device=backend.device)


def assert_loss_equals_torch(name, output, y, backend):
    """Compare losses and the derivative of their mean with torch.nn.functional's."""
    output = backend.array(output)
    y = class_numbers(y, backend) if name == "cross_entropy" else backend.array(y)
    peer_output = double(output).requires_grad_()
    peer_y = torch.tensor(numpy_of(y)) if name == "cross_entropy" else double(y)
    peer = {"mse": functional.mse_loss, "cross_entropy": functional.cross_entropy}[name]
    expected = peer(peer_output, peer_y, reduction="none").reshape(len(output), -1).mean(1)
    expected.mean().backward()
    found, grad = LOSSES[name](output, y)
    assert_equal(found, expected.detach(), backend)
    assert_equal(grad, peer_output.grad, backend)


@given(seed=seeds)
def test_mean_squared_error_equals_torch(backend, seed):
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 6, 2)
    assert_loss_equals_torch("mse", rng.normal(size=shape), rng.normal(size=shape), backend)


@given(seed=seeds)
def test_cross_entropy_equals_torch(backend, seed):
    rng = np.random.default_rng(seed)
    rows, classes = rng.integers(1, 6), rng.integers(2, 6)
    output, y = rng.normal(0, 5, (rows, classes)), rng.integers(0, classes, rows)
    assert_loss_equals_torch("cross_entropy", output, y, backend)


def test_cross_entropy_of_extreme_logits_is_finite(backend):
    output = np.array([[800.0, -800.0], [800.0, -800.0], [-800.0, -800.0]])
    with np.errstate(all="raise", under="ignore"):
        assert_loss_equals_torch("cross_entropy", output, [0, 1, 1], backend)


def test_losses_by_hand(backend):
    found, grad = mean_squared_error(backend.array([[1, 2]]), backend.array([[0, 4]]))
    assert numpy_of(found).tolist() == [2.5] and numpy_of(grad).tolist() == [[1, -2]]
    even, y = backend.array(np.zeros((2, 4))), class_numbers([0, 3], backend)
    found, grad = cross_entropy(even, y)
    assert_equal(found, np.log([4, 4]), backend)
    assert_equal(softmax(even), np.full((2, 4), 0.25), backend)
    expected = np.array([[-0.75, 0.25, 0.25, 0.25], [0.25, 0.25, 0.25, -0.75]]) / 2
    assert_equal(grad, expected, backend)


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
@given(drawn=networks(), seed=seeds)
def test_gradients_of_all_weights_equal_autograd(backend, loss, drawn, seed):
    network, x = drawn
    here, rng = backend.network(network), np.random.default_rng(seed)
    x = backend.array(x)
    outputs = here(x)
    if loss == "mse":
        y = backend.array(rng.normal(size=tuple(outputs.shape)))
        peer_y, peer = double(y), functional.mse_loss
    else:
        y = class_numbers(rng.integers(0, outputs.shape[1], x.shape[0]), backend)
        peer_y, peer = torch.tensor(numpy_of(y)), functional.cross_entropy
    function, parameters = twin_network(here)
    tensors = {name: double(p).requires_grad_() for name, p in parameters.items()}
    expected = peer(function(double(x), tensors), peer_y)
    expected.backward()
    value, gradients = training.loss_gradients(here.layers, x, y, loss)
    assert_equal(value, expected.detach(), backend)
    for gradient, tensor in zip(gradients, tensors.values(), strict=True):
        assert_equal(gradient, tensor.grad, backend)


# Adam.


@given(seed=seeds)
def test_adam_equals_torch(exact_backend, seed):
    rng = np.random.default_rng(seed)
    shapes, rate = [(3, 2), (3,)], 10 ** rng.uniform(-4, 0)
    parameters = [exact_backend.array(rng.normal(size=s)) for s in shapes]
    peers = [double(p).requires_grad_() for p in parameters]
    adam, peer = training.Adam(parameters, rate), torch.optim.Adam(peers, lr=rate)
    for _ in range(8):
        # Gradients of all sizes: at 1e-8 the ε in the denominator has an effect.
        gradients = [rng.normal(size=s) * 10.0 ** rng.integers(-9, 2) for s in shapes]
        adam.step([exact_backend.array(g) for g in gradients])
        for tensor, gradient in zip(peers, gradients, strict=True):
            tensor.grad = torch.tensor(gradient)
        peer.step()
        for parameter, tensor in zip(parameters, peers, strict=True):
            assert_equal(parameter, tensor.detach(), exact_backend, 1e-13)


def test_the_first_step_of_adam_is_the_rate_whatever_the_gradient():
    parameter = np.zeros(3)
    training.Adam([parameter], 0.1).step([np.array([1e3, -1.0, 1e-3])])
    np.testing.assert_allclose(parameter, [-0.1, 0.1, -0.1], rtol=2e-5)


# Whole runs.

SETTINGS = {"epochs": 6, "batch_size": 5, "learning_rate": 0.02, "seed": 3}


def problem(loss, rows=13):
    """Return a network, x and y; 13 rows in batches of five have a short last batch."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 3))
    y = rng.integers(0, 2, rows) if loss == "cross_entropy" else rng.normal(size=(rows, 2))
    return xk.Network.mlp([3, 6, 2], activation="tanh", seed=1), x, y


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_fit_equals_a_training_loop_in_torch(exact_backend, loss):
    network, x, y = problem(loss)
    function, parameters = twin_network(network)
    tensors = {name: double(p).requires_grad_() for name, p in parameters.items()}
    peer = {"mse": functional.mse_loss, "cross_entropy": functional.cross_entropy}[loss]
    optimiser = torch.optim.Adam(tensors.values(), lr=SETTINGS["learning_rate"])
    shuffle, expected = np.random.default_rng(SETTINGS["seed"]), []
    for _ in range(SETTINGS["epochs"]):
        order, total = shuffle.permutation(len(x)), 0.0
        for batch in np.split(order, range(5, len(x), 5)):
            optimiser.zero_grad()
            value = peer(function(torch.tensor(x[batch]), tensors), torch.tensor(y[batch]))
            value.backward()
            optimiser.step()
            total += value.item() * len(batch)
        expected.append(total / len(x))

    here = exact_backend.network(network)
    history = here.fit(exact_backend.array(x), y, loss=loss, **SETTINGS)
    np.testing.assert_allclose(history, expected, rtol=1e-11)
    for name, parameter in twin_network(here)[1].items():
        assert_equal(parameter, tensors[name].detach(), exact_backend, 1e-11)


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_fit_is_the_same_on_every_backend(backend, loss):
    network, x, y = problem(loss)
    expected = network.to("numpy").fit(x, y, loss=loss, **SETTINGS)
    history = backend.network(network).fit(backend.array(x), y, loss=loss, **SETTINGS)
    np.testing.assert_allclose(
        history, expected, rtol=1e-11 if backend.dtype == "float64" else 1e-5
    )


def test_a_convolutional_network_trains_the_same_on_every_backend(backend):
    rng = np.random.default_rng(0)
    conv = xk.Conv2d(rng.normal(0, 0.3, (4, 2, 3, 3)), np.zeros(4), padding=1)
    inner = xk.Residual([xk.Conv2d(rng.normal(0, 0.3, (4, 1, 3, 3)), padding=1, groups=4)])
    head = [xk.Flatten(), xk.Dense(rng.normal(size=(2, 16)), np.zeros(2))]
    network = xk.Network([conv, xk.ReLU(), inner, xk.MaxPool2d(2), *head])
    x, y = rng.normal(size=(8, 2, 4, 4)), rng.integers(0, 2, 8)
    expected = network.to("numpy").fit(x, y, loss="cross_entropy", **SETTINGS)
    history = backend.network(network).fit(backend.array(x), y, loss="cross_entropy", **SETTINGS)
    assert expected[-1] < 0.5 * expected[0]
    np.testing.assert_allclose(
        history, expected, rtol=1e-10 if backend.dtype == "float64" else 1e-4
    )


def test_the_seed_decides_the_run():
    def history(seed):
        network, x, y = problem("mse")
        return network.fit(x, y, **{**SETTINGS, "seed": seed})

    assert history(3) == history(3)
    assert history(3) != history(4)


def test_a_linear_function_is_learned_to_its_weights(exact_backend):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 3))
    network = exact_backend.network(xk.Network.mlp([3, 1]))
    history = network.fit(
        exact_backend.array(x), x @ [1.0, -2.0, 0.5] + 3, epochs=150, learning_rate=0.03
    )
    assert len(history) == 150 and history[-1] < 1e-12
    np.testing.assert_allclose(numpy_of(network.layers[0].weight), [[1, -2, 0.5]], atol=1e-6)
    np.testing.assert_allclose(numpy_of(network.layers[0].bias), [3], atol=1e-6)


def test_separable_classes_are_learned(exact_backend):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 90)
    x = np.array([[3, 0], [-3, 3], [-3, -3]])[y] + rng.uniform(-1, 1, (90, 2))
    network = exact_backend.network(xk.Network.mlp([2, 8, 3]))
    x = exact_backend.array(x)
    history = network.fit(x, y, loss="cross_entropy", epochs=60, learning_rate=0.02)
    assert history[-1] < 0.01 < history[0]
    np.testing.assert_array_equal(numpy_of(network(x)).argmax(axis=1), y)


def test_fit_changes_no_array_it_was_given(exact_backend):
    rng = np.random.default_rng(0)
    given_arrays = [exact_backend.array(rng.normal(size=s)) for s in [(2, 3), (2,), (9, 3), (9, 2)]]
    weight, bias, x, y = given_arrays
    before = [numpy_of(array).copy() for array in given_arrays]
    network = xk.Network([xk.Dense(weight, bias), xk.Residual([xk.Dense(weight[:, :2])])])
    network.fit(x, y, epochs=2)
    for array, old in zip(given_arrays, before, strict=True):
        np.testing.assert_array_equal(numpy_of(array), old)
    assert not np.allclose(numpy_of(network.layers[0].weight), before[0])


def test_a_network_shares_no_weights_with_its_copy(exact_backend):
    network, x, y = problem("mse")
    first, second = exact_backend.network(network), exact_backend.network(network)
    first.fit(exact_backend.array(x), y, epochs=2)
    np.testing.assert_array_equal(numpy_of(second.layers[0].weight), network.layers[0].weight)


def test_no_epochs_are_no_training():
    network, x, y = problem("mse")
    before = network.layers[0].weight.copy()
    assert network.fit(x, y, epochs=0) == []
    np.testing.assert_array_equal(network.layers[0].weight, before)


@pytest.mark.parametrize("kind", [np.array, list, lambda y: torch.tensor(np.array(y))])
def test_y_may_be_a_column_a_vector_a_list_or_a_tensor(kind):
    x, y = np.random.default_rng(0).normal(size=(2, 7, 3))
    y = x.sum(axis=1)
    histories = [
        xk.Network.mlp([3, 1]).to("cpu").fit(torch.tensor(x), kind(form), epochs=2)
        for form in (y, y[:, None])
    ]
    assert (
        histories[0]
        == histories[1]
        == xk.Network.mlp([3, 1]).to("cpu").fit(torch.tensor(x), torch.tensor(y), epochs=2)
    )


@pytest.mark.parametrize("kind", ["int64", "int32", "int16", "uint8"])
def test_class_numbers_of_any_whole_number_type(exact_backend, kind):
    network, x, y = problem("cross_entropy")
    here, x = exact_backend.network(network), exact_backend.array(x)
    expected = exact_backend.network(network).fit(x, y, loss="cross_entropy", epochs=2)
    assert here.fit(x, y.astype(kind), loss="cross_entropy", epochs=2) == expected


def test_progress_is_written_to_stderr_only_when_asked(capsys):
    network, x, y = problem("mse")
    network.fit(x, y, epochs=2)
    assert capsys.readouterr() == ("", "")


# Errors.


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_divergence_is_an_error_in_words_and_keeps_the_weights(backend, loss):
    network, x, y = problem(loss)
    here = backend.network(network)
    before = [numpy_of(p).copy() for layer in here.layers for p in layer.parameters.values()]
    largest = float(np.finfo(backend.dtype).max)
    message = (
        r"the loss became (nan|inf) in epoch \d: standardise x and y, or lower the learning rate"
    )
    with pytest.raises(FloatingPointError, match=message):
        here.fit(backend.array(x), y, loss=loss, epochs=5, learning_rate=largest)
    after = [numpy_of(p) for layer in here.layers for p in layer.parameters.values()]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


X = np.ones((4, 3))
TWO, ONE = xk.Network.mlp([3, 2]), xk.Network.mlp([3, 1])


@pytest.mark.parametrize(
    ("network", "y", "loss", "error", "message"),
    [
        (TWO, np.ones(4), "mse", ValueError, "y has shape (4,), expected (4, 2): a row of x"),
        (TWO, np.ones((3, 2)), "mse", ValueError, "y has shape (3, 2), expected (4, 2)"),
        (TWO, np.ones((4, 1)), "mse", ValueError, "y has shape (4, 1), expected (4, 2)"),
        (ONE, np.ones(3), "mse", ValueError, "y has shape (3, 1), expected (4, 1)"),
        (ONE, 1.0, "mse", ValueError, "y has shape (), expected (4, 1)"),
        (ONE, [1, 2, np.nan, 4], "mse", ValueError, "y holds NaN or infinity (first at index (2,)"),
        (ONE, ["a"] * 4, "mse", TypeError, "y holds <U1 values, expected real numbers"),
        (
            ONE,
            torch.ones(4, dtype=torch.float64),
            "mse",
            TypeError,
            "y is a float64 torch tensor on cpu, but the network's weights are float64 NumPy array",
        ),
        (TWO, [0, 1, 2, 0], "cross_entropy", ValueError, "2 is out of range"),
        (TWO, [0, 1, -1, 0], "cross_entropy", ValueError, "-1 is out of range"),
        (TWO, [0.0, 1, 1, 0], "cross_entropy", TypeError, "y holds float64 values, expected class"),
        (TWO, ["a", "b", "a", "b"], "cross_entropy", TypeError, "y holds <U1 values, expected"),
        (
            TWO,
            [0, 1, 1],
            "cross_entropy",
            ValueError,
            "y has shape (3,), expected (4,): a row of x",
        ),
        (TWO, [[0], [1], [1], [0]], "cross_entropy", ValueError, "y has shape (4, 1), expected"),
        (
            ONE,
            [0, 0, 0, 0],
            "cross_entropy",
            ValueError,
            "cross_entropy needs an output for each class, the network has one",
        ),
        (ONE, [1, 2, 3, 4], "mae", ValueError, "unknown loss 'mae', expected mse or cross_entropy"),
    ],
)
def test_bad_y_is_refused_in_words(network, y, loss, error, message):
    with pytest.raises(error, match=re.escape(message)):
        network.fit(X, y, loss=loss)


@pytest.mark.parametrize(
    ("network", "x", "message"),
    [
        (TWO, np.ones(3), "fit needs rows (n, …), got a single row"),
        (TWO, np.full((4, 3), np.inf), "x holds NaN or infinity"),
        (TWO, np.ones((4, 2)), "Dense(3 -> 2, bias) expects inputs of shape (n, 3), got (1, 2)"),
        (xk.Network([xk.ReLU()]), X, "there is nothing to train: no layer has weights"),
        (
            xk.Network([xk.Conv2d(np.ones((1, 1, 1, 1)))]),
            np.ones((4, 1, 2, 2)),
            "the network's outputs have shape (1, 1, 2, 2), expected (n, k)",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused_in_words(network, x, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        network.fit(x, np.ones(4))


def test_a_batch_of_no_rows_is_refused_in_words():
    with pytest.raises(ValueError, match="batch_size is 0, expected at least 1"):
        TWO.fit(X, np.ones((4, 2)), batch_size=0)
