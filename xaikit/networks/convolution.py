"""Layers for pictures (n, channels, height, width): convolution, pooling and padding.

The sums over windows are in `windows.py`.
"""

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from xaikit.core.arrays import Array, namespace
from xaikit.networks import windows
from xaikit.networks.layers import Dense, Layer, check_weights
from xaikit.networks.windows import Pair


@dataclass(frozen=True, eq=False)
class Conv2d(Layer):
    """Cross-correlation of pictures (n, in, h, w) with weight (out, in / groups, kh, kw).

    It is a sum of shifted dense layers, one for each position of the kernel; see `windows.conv2d`.
    """

    weight: Array
    bias: Array | None = None
    stride: Any = 1  # a number or (height, width); stored as a pair
    padding: Any = 0
    groups: int = 1

    def __post_init__(self):
        check_weights(self, "(out, in / groups, height, width)")
        object.__setattr__(self, "stride", _pair(self.stride, "stride", 1))
        object.__setattr__(self, "padding", _pair(self.padding, "padding", 0))
        if self.groups < 1 or self.weight.shape[0] % self.groups:
            raise ValueError(
                f"{self.weight.shape[0]} outputs do not split into {self.groups} groups"
            )

    def __repr__(self) -> str:
        outputs, inputs, height, width = self.weight.shape
        return f"Conv2d({inputs * self.groups} -> {outputs}, {height}×{width})"

    parameters = Dense.parameters

    @property
    def _settings(self) -> tuple:
        return self.stride, self.padding, self.groups

    def forward(self, a: Array) -> Array:
        _expect_pictures(self, a, self.weight.shape[1] * self.groups)
        for axis, side in enumerate(("high", "wide")):
            size, kernel = a.shape[2 + axis] + 2 * self.padding[axis], self.weight.shape[2 + axis]
            if size < kernel:
                raise ValueError(f"{self!r} got pictures {size} pixels {side}, padding included")
        z = windows.conv2d(a, self.weight, *self._settings)
        if self.bias is not None:
            z += self.bias[:, None, None]
        return z

    def backward(self, a: Array, grad: Array) -> Array:
        return windows.conv2d_backward(a, self.weight, grad, *self._settings)

    def parameter_gradients(self, a: Array, grad: Array) -> dict[str, Array]:
        gradients = {
            "weight": windows.conv2d_weight_gradient(a, self.weight, grad, *self._settings)
        }
        if self.bias is not None:
            gradients["bias"] = namespace(grad).sum(grad, axis=(0, 2, 3))
        return gradients


@dataclass(frozen=True, eq=False)
class _Pool2d(Layer):
    """Windows of a `size` at a `stride` (None: equal to size); size None is the whole picture."""

    size: Any = 2  # a number or (height, width); stored as a pair
    stride: Any = None

    def __post_init__(self):
        if self.size is None and self.stride is not None:
            raise ValueError("a pool over the whole picture (size None) has no stride")
        for name in ("size", "stride"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _pair(getattr(self, name), name, 1))

    def windows(self, a: Array) -> tuple[Pair, Pair]:
        """Return size and stride of the windows on pictures a."""
        _expect_pictures(self, a)
        size = tuple(a.shape[2:]) if self.size is None else self.size
        if size[0] > a.shape[2] or size[1] > a.shape[3]:
            raise ValueError(f"{self!r} got pictures of {a.shape[2]}×{a.shape[3]} pixels")
        return size, size if self.stride is None else self.stride


@dataclass(frozen=True, eq=False)
class MaxPool2d(_Pool2d):
    """The largest entry of each window; it receives the gradient (the first of equal ones)."""

    def forward(self, a: Array) -> Array:
        return windows.max_pool2d(a, *self.windows(a))

    def backward(self, a: Array, grad: Array) -> Array:
        return windows.max_pool2d_backward(a, grad, *self.windows(a))


@dataclass(frozen=True, eq=False)
class AvgPool2d(_Pool2d):
    """The mean of each window; every entry receives an equal share of the gradient."""

    def forward(self, a: Array) -> Array:
        return windows.avg_pool2d(a, *self.windows(a))

    def backward(self, a: Array, grad: Array) -> Array:
        return windows.avg_pool2d_backward(a, grad, *self.windows(a))


@dataclass(frozen=True, eq=False)
class ZeroPad2d(Layer):
    """A frame of zeros around each picture; the sides need not be equal."""

    left: int = 0
    right: int = 0
    top: int = 0
    bottom: int = 0

    def __post_init__(self):
        if min(self.left, self.right, self.top, self.bottom) < 0:
            raise ValueError(f"{self!r}: a frame cannot be negative")

    def forward(self, a: Array) -> Array:
        _expect_pictures(self, a)
        return windows.pad2d(a, self.left, self.right, self.top, self.bottom)

    def backward(self, a: Array, grad: Array) -> Array:
        height, width = a.shape[2:]
        return grad[:, :, self.top : self.top + height, self.left : self.left + width]


def _pair(value: Any, what: str, smallest: int) -> Pair:
    """Return (height, width) of a setting given as one number or two."""
    try:
        height, width = (operator.index(v) for v in (value if np.ndim(value) else (value, value)))
    except (TypeError, ValueError):
        height = width = smallest - 1
    if min(height, width) < smallest:
        raise ValueError(f"{what} is {value!r}, expected a whole number ≥ {smallest}, or two")
    return height, width


def _expect_pictures(layer: Layer, a: Array, channels: int | None = None) -> None:
    """Raise unless a is (n, channels, height, width)."""
    if a.ndim != 4 or (channels is not None and a.shape[1] != channels):
        raise ValueError(
            f"{layer!r} expects pictures of shape (n, {channels or 'channels'}, height, width), "
            f"got {tuple(a.shape)}"
        )
