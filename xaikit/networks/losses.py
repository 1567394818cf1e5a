"""Losses of rows, and the derivative of their mean with respect to a network's outputs."""

import math

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace


def mean_squared_error(output: Array, y: Array) -> tuple[Array, Array]:
    """Return the mean :math:`(output − y)²` over columns, (n,), and the gradient; y is (n, k)."""
    error = output - y
    return namespace(output).mean(error**2, axis=1), 2 * error / math.prod(error.shape)


def cross_entropy(output: Array, y: Array) -> tuple[Array, Array]:
    """Return :math:`−log softmax(output)_y`, (n,), and the gradient; y are class numbers (n,)."""
    xp = namespace(output)
    shifted, odds, total = _odds(output)
    rows = arrays.indices(np.arange(output.shape[0]), output)
    grad = odds / total
    grad[rows, y] -= 1
    return xp.log(total)[:, 0] - shifted[rows, y], grad / output.shape[0]


def softmax(output: Array) -> Array:
    """Return :math:`e^output / Σ e^output` over the last axis; −∞ gets 0, also where all are −∞."""
    _, odds, total = _odds(output)
    return odds / total


def _odds(output: Array) -> tuple[Array, Array, Array]:
    """Return outputs minus their row's maximum, e to that, and its sum, without overflow."""
    xp = namespace(output)
    least = xp.finfo(output.dtype).min  # finite, since −∞ − (−∞) is NaN
    shifted = output - xp.max(output, axis=-1, keepdims=True).clip(least)
    odds = xp.exp(shifted)
    # The largest has the odds 1; below that there is a sum only where all are −∞.
    return shifted, odds, xp.sum(odds, axis=-1, keepdims=True).clip(1)


LOSSES = {"mse": mean_squared_error, "cross_entropy": cross_entropy}
