"""`conv2d` and pooling as sums over shifted pictures, for NumPy arrays and torch tensors.

Pictures are (rows, channels, height, width). Each backward pass follows its operation.
"""

from collections.abc import Iterator
from functools import reduce
from typing import Any

import numpy as np

from xaikit.core.arrays import Array, copied, is_torch, namespace

Pair = tuple[int, int]


def pad2d(a: Array, left: int, right: int, top: int, bottom: int) -> Array:
    """Put a frame of zeros around each picture."""
    if is_torch(a):
        from torch.nn import functional

        return functional.pad(a, (left, right, top, bottom))
    return np.pad(a, ((0, 0), (0, 0), (top, bottom), (left, right)))


def _shifts(a: Array, size: Pair, stride: Pair) -> Iterator[tuple[int, int, Array]]:
    """Yield each position (i, j) in a window, and the view of a with the entries it reads."""
    rows = stride[0] * ((a.shape[2] - size[0]) // stride[0]) + 1
    columns = stride[1] * ((a.shape[3] - size[1]) // stride[1]) + 1
    for i in range(size[0]):
        for j in range(size[1]):
            yield i, j, a[:, :, i : i + rows : stride[0], j : j + columns : stride[1]]


def _by_group(a: np.ndarray, groups: int) -> np.ndarray:
    """Reshape (n, c, h, w) to (n, groups, c / groups, h · w), ready for a matrix product."""
    return a.reshape(a.shape[0], groups, a.shape[1] // groups, -1)


def conv2d(a: Array, weight: Array, stride: Pair, padding: Pair, groups: int) -> Array:
    """Return :math:`Z = Σ_ij W_ij · a_ij`, a sum of dense layers; a_ij is a, shifted."""
    if is_torch(a):
        from torch.nn import functional

        return functional.conv2d(a, weight, None, stride, padding, 1, groups)
    a = pad2d(a, padding[1], padding[1], padding[0], padding[0])
    kernel = weight.reshape(groups, -1, *weight.shape[1:])
    z: Any = 0
    for i, j, seen in _shifts(a, weight.shape[2:], stride):
        z = z + kernel[..., i, j] @ _by_group(seen, groups)
    return z.reshape(a.shape[0], weight.shape[0], *seen.shape[2:])


def conv2d_backward(
    a: Array, weight: Array, grad: Array, stride: Pair, padding: Pair, groups: int
) -> Array:
    """Return ∂score/∂a: each kernel position adds :math:`W_ijᵀ grad` to the pixels that it read."""
    if is_torch(a):
        return _torch_conv2d_backward(a, weight, grad, stride, padding, groups, wanted=0)
    n, channels, height, width = a.shape
    padded = np.zeros(
        (n, channels, height + 2 * padding[0], width + 2 * padding[1]), dtype=grad.dtype
    )
    kernel = weight.reshape(groups, -1, *weight.shape[1:])
    for i, j, seen in _shifts(padded, weight.shape[2:], stride):
        seen += (kernel[..., i, j].swapaxes(-1, -2) @ _by_group(grad, groups)).reshape(seen.shape)
    return padded[:, :, padding[0] : padding[0] + height, padding[1] : padding[1] + width]


def _torch_conv2d_backward(
    a: Array, weight: Array, grad: Array, stride: Pair, padding: Pair, groups: int, wanted: int
) -> Array:
    """Return the gradient of a (wanted 0) or of weight (1), by the call that autograd makes."""
    import torch

    mask = [wanted == 0, wanted == 1, False]
    settings = (stride, padding, (1, 1), False, (0, 0), groups)
    return torch.ops.aten.convolution_backward(grad, a, weight, None, *settings, mask)[wanted]


def conv2d_weight_gradient(
    a: Array, weight: Array, grad: Array, stride: Pair, padding: Pair, groups: int
) -> Array:
    """Return :math:`∂score/∂W_ij = Σ grad · a_ijᵀ` over rows and pixels; a_ij is a, shifted."""
    if is_torch(a):
        return _torch_conv2d_backward(a, weight, grad, stride, padding, groups, wanted=1)
    a = pad2d(a, padding[1], padding[1], padding[0], padding[0])
    result = np.zeros((groups, weight.shape[0] // groups, *weight.shape[1:]), dtype=grad.dtype)
    for i, j, seen in _shifts(a, weight.shape[2:], stride):
        products = _by_group(grad, groups) @ _by_group(seen, groups).swapaxes(-1, -2)
        result[..., i, j] = products.sum(axis=0)
    return result.reshape(weight.shape)


def windows2d(a: Array, size: Pair, stride: Pair) -> Array:
    """Return the windows' entries by position: (positions, n, c, windows high, windows wide)."""
    return namespace(a).stack([seen for _, _, seen in _shifts(a, size, stride)])


def windows2d_backward(a: Array, grad: Array, size: Pair, stride: Pair) -> Array:
    """Return ∂score/∂a: the gradient of `windows2d` is added to the pixels that were read."""
    result = namespace(a).zeros_like(a)
    for (_, _, into), part in zip(_shifts(result, size, stride), grad, strict=True):
        into += part
    return result


def max_pool2d(a: Array, size: Pair, stride: Pair) -> Array:
    """Return the largest entry of each window."""
    views = [seen for _, _, seen in _shifts(a, size, stride)]
    return reduce(namespace(a).maximum, views)


def max_pool2d_backward(a: Array, grad: Array, size: Pair, stride: Pair) -> Array:
    """Return ∂score/∂a: grad goes to the first largest entry of each window."""
    result = namespace(a).zeros_like(a)
    largest = max_pool2d(a, size, stride)
    left = copied(grad)
    shifts = zip(_shifts(a, size, stride), _shifts(result, size, stride), strict=True)
    for (_, _, seen), (_, _, into) in shifts:
        won = left * (seen == largest)
        into += won
        left -= won
    return result


def avg_pool2d(a: Array, size: Pair, stride: Pair) -> Array:
    """Return the mean of each window."""
    total: Any = 0
    for _, _, seen in _shifts(a, size, stride):
        total = total + seen
    return total / (size[0] * size[1])


def avg_pool2d_backward(a: Array, grad: Array, size: Pair, stride: Pair) -> Array:
    """Return ∂score/∂a: every entry of a window receives an equal share of grad."""
    result = namespace(a).zeros_like(a)
    share = grad / (size[0] * size[1])
    for _, _, into in _shifts(result, size, stride):
        into += share
    return result
