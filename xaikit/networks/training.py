"""Training by hand: gradients of a loss, Adam, minibatches."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.progress import track
from xaikit.core.settings import as_seed, expect_count
from xaikit.core.targets import as_targets
from xaikit.networks.layers import (
    Layer,
    expect_columns,
    first_array,
    output_of,
    run,
    run_back,
    with_mask,
)
from xaikit.networks.losses import LOSSES


def fit(
    layers: Sequence[Layer],
    x: Array,
    y: Any,
    loss: str,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int | None,
    progress: bool,
) -> tuple[tuple[Layer, ...], list[float]]:
    """Return trained copies of the layers, and each epoch's mean loss; see `Network.fit`."""
    if loss not in LOSSES:
        raise ValueError(f"unknown loss {loss!r}, expected {' or '.join(LOSSES)}")
    expect_count("epochs", epochs, 0)
    expect_count("batch_size", batch_size, 1)
    if not learning_rate > 0:
        raise ValueError(f"learning_rate is {learning_rate}, expected a positive number")
    if first_array(layers) is None:
        raise ValueError("there is nothing to train: no layer has weights")
    output = expect_columns(output_of(layers, x[:1]))
    y = TARGETS[loss](y, output, x.shape[0])

    trained = [layer.map_arrays(arrays.copied) for layer in layers]
    adam = Adam([p for layer in trained for p in layer.parameters.values()], learning_rate)
    rng = np.random.default_rng(as_seed(seed))
    history = []
    for epoch in track(range(epochs), progress, unit="epoch"):
        order, total = rng.permutation(x.shape[0]), 0.0
        with np.errstate(over="ignore", invalid="ignore"):  # reported below as an error
            for start in range(0, x.shape[0], batch_size):
                batch = arrays.indices(order[start : start + batch_size], x)
                value, gradients = loss_gradients(trained, x[batch], y[batch], loss)
                adam.step(gradients)
                total += float(value) * len(batch)
        history.append(total / x.shape[0])
        if not math.isfinite(history[-1]):
            raise FloatingPointError(
                f"the loss became {history[-1]} in epoch {epoch + 1}: standardise x and y, "
                f"or lower the learning rate (it is {learning_rate})"
            )
    return tuple(trained), history


def loss_gradients(
    layers: Sequence[Layer], x: Array, y: Array, loss: str
) -> tuple[Array, list[Array]]:
    """Return the mean loss, and its gradient for each parameter in the order of the layers."""
    layers = with_mask(layers, x)
    values = run(layers, x)
    losses, grad = LOSSES[loss](values[-1], y)
    return losses.mean(), parameter_gradients(layers, values, grad)


def parameter_gradients(
    layers: Sequence[Layer], values: Sequence[Array], grad: Array
) -> list[Array]:
    """Return a score's gradient for each parameter, given `run`'s values and ∂score/∂output."""
    # The first layer's input needs no gradient, which saves the largest product.
    grads = run_back(layers[1:], values[1:], grad)
    gradients: list[Array] = []
    for layer, a, g in zip(layers, values, grads, strict=False):
        gradients += layer.parameter_gradients(a, g).values()
    return gradients


class Adam:
    """The Adam optimiser, in place, with steps of about `rate` (Kingma & Ba 2015, algorithm 1)."""

    def __init__(self, parameters: Sequence[Array], rate: float):
        self.parameters, self.rate, self.steps = parameters, rate, 0
        self.means = [namespace(p).zeros_like(p) for p in parameters]
        self.squares = [namespace(p).zeros_like(p) for p in parameters]

    def step(self, gradients: Sequence[Array], decay: float = 0.9, decay_2: float = 0.999):
        """Move every parameter by :math:`rate · m̂ / (√v̂ + 10⁻⁸)`."""
        self.steps += 1
        unbias, unbias_2 = 1 - decay**self.steps, 1 - decay_2**self.steps
        moments = zip(self.parameters, gradients, self.means, self.squares, strict=True)
        for parameter, grad, mean, square in moments:
            mean += (1 - decay) * (grad - mean)
            square += (1 - decay_2) * (grad * grad - square)
            parameter -= (self.rate / unbias) * mean / ((square / unbias_2) ** 0.5 + 1e-8)


def _numbers(y: Any, output: Array, rows: int) -> Array:
    """Return y (rows, k) for the mean squared error."""
    y = arrays.numeric(y, "y")
    if not arrays.is_torch(y) or arrays.is_torch(output):
        y = arrays.like(y, output)
    y = arrays.matching(y, output, "y")
    if y.ndim == 1 and output.shape[1] == 1:
        y = y[:, None]
    if tuple(y.shape) != (rows, output.shape[1]):
        raise ValueError(
            f"y has shape {tuple(y.shape)}, expected ({rows}, {output.shape[1]}): "
            "a row of x, a row of y"
        )
    return y


def _classes(y: Any, output: Array, rows: int) -> Array:
    """Return y (rows,), class numbers for the cross-entropy."""
    if output.shape[1] < 2:
        raise ValueError("cross_entropy needs an output for each class, the network has one")
    y = arrays.to_numpy(y)
    if y.dtype.kind not in "iu":
        raise TypeError(f"y holds {y.dtype} values, expected class numbers 0, 1, …")
    if y.shape != (rows,):
        raise ValueError(f"y has shape {y.shape}, expected ({rows},): a row of x, a class")
    return arrays.indices(as_targets(y, rows, output.shape[1]), output)


TARGETS = {"mse": _numbers, "cross_entropy": _classes}
