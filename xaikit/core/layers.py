"""The layers of a network, forward beside backward, by hand.

Every layer is a frozen dataclass. With ``a`` (n, …) its inputs, one row an instance, and ``grad``
the derivative of a score with respect to its outputs:

- ``forward(a)`` gives the outputs,
- ``backward(a, grad)`` gives the derivative of the score with respect to ``a`` (the chain rule),
- ``parameter_gradients(a, grad)``, where there are weights, the derivative with respect to them,
  summed over rows.

Written against the array API: NumPy arrays and torch tensors alike, on any device. Another rule's
weights are one call away: ``dataclasses.replace(layer, weight=…, bias=…)``.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, Pair, namespace


@dataclass(frozen=True, eq=False)
class Layer:
    """What all layers share: two methods to fill in, and parameters where there are any."""

    @property
    def parameters(self) -> dict[str, Array]:
        """The layer's weights by name; empty where it has none."""
        return {}

    def forward(self, a: Array) -> Array:
        """Return the layer's outputs for inputs a (n, …)."""
        raise NotImplementedError

    def backward(self, a: Array, grad: Array) -> Array:
        """Return ∂score/∂a, given grad = ∂score/∂forward(a)."""
        raise NotImplementedError

    def parameter_gradients(self, a: Array, grad: Array) -> dict[str, Array]:
        """Return ∂score/∂parameter by name, summed over rows."""
        return {}

    def map_arrays(self, function: Callable[[Array], Array]) -> "Layer":
        """Return the same layer with every array replaced by function(array)."""
        changed = {
            field.name: function(value)
            for field in fields(self)
            if arrays.is_array(value := getattr(self, field.name))
        }
        return replace(self, **changed)


def _weights(layer: Layer, dimensions: str) -> None:
    """Check weight and bias of a new layer; whole numbers become float64."""
    for name, shape in (("weight", dimensions), ("bias", "(out,)")):
        value = getattr(layer, name)
        if value is None:
            continue
        value = arrays.numeric(value, f"{type(layer).__name__}'s {name}")
        if not arrays.is_floating(value):
            value = namespace(value).astype(value, namespace(value).float64)
        if value.ndim != shape.count(",") + (name == "weight"):
            raise ValueError(
                f"{type(layer).__name__}'s {name} has shape {tuple(value.shape)}, expected {shape}"
            )
        object.__setattr__(layer, name, value)
    weight, bias = layer.weight, layer.bias  # type: ignore[attr-defined]
    if bias is not None and bias.shape[0] != weight.shape[0]:
        raise ValueError(
            f"{type(layer).__name__}'s bias has {bias.shape[0]} entries, "
            f"but its weight has {weight.shape[0]} outputs (shape {tuple(weight.shape)})"
        )


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


@dataclass(frozen=True, eq=False)
class Dense(Layer):
    """z = a Wᵀ + b, with weight W of shape (out, in) and bias b (out,) or None.

    Back: z_k = Σ_j W_kj a_j + b_k, so ∂/∂a = grad W, ∂/∂W = gradᵀ a, ∂/∂b = Σ grad.
    """

    weight: Array
    bias: Array | None = None

    def __post_init__(self):
        _weights(self, "(out, in)")

    def __repr__(self) -> str:
        outputs, inputs = self.weight.shape
        return f"Dense({inputs} -> {outputs}{'' if self.bias is None else ', bias'})"

    @property
    def parameters(self) -> dict[str, Array]:
        both = {"weight": self.weight, "bias": self.bias}
        return {name: value for name, value in both.items() if value is not None}

    def forward(self, a: Array) -> Array:
        if a.ndim != 2 or a.shape[1] != self.weight.shape[1]:
            raise ValueError(
                f"{self!r} expects inputs of shape (n, {self.weight.shape[1]}), got "
                f"{tuple(a.shape)}" + (": put Flatten() before it" if a.ndim > 2 else "")
            )
        z = a @ self.weight.T
        if self.bias is not None:
            z += self.bias
        return z

    def backward(self, a: Array, grad: Array) -> Array:
        return grad @ self.weight

    def parameter_gradients(self, a: Array, grad: Array) -> dict[str, Array]:
        both = {"weight": grad.T @ a, "bias": namespace(grad).sum(grad, axis=0)}
        return {name: both[name] for name in self.parameters}


@dataclass(frozen=True, eq=False)
class Conv2d(Layer):
    """Cross-correlation of pictures (n, in, h, w) with weight (out, in / groups, kh, kw).

    A sum of shifted dense layers, one for each position of the kernel; see `arrays.conv2d`.
    """

    weight: Array
    bias: Array | None = None
    stride: Any = 1  # a number or (height, width); stored as a pair
    padding: Any = 0
    groups: int = 1

    def __post_init__(self):
        _weights(self, "(out, in / groups, height, width)")
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
        z = arrays.conv2d(a, self.weight, *self._settings)
        if self.bias is not None:
            z += self.bias[:, None, None]
        return z

    def backward(self, a: Array, grad: Array) -> Array:
        return arrays.conv2d_backward(a, self.weight, grad, *self._settings)

    def parameter_gradients(self, a: Array, grad: Array) -> dict[str, Array]:
        gradients = {"weight": arrays.conv2d_weight_gradient(a, self.weight, grad, *self._settings)}
        if self.bias is not None:
            gradients["bias"] = namespace(grad).sum(grad, axis=(0, 2, 3))
        return gradients


@dataclass(frozen=True, eq=False)
class _Pool2d(Layer):
    """Windows of `size`, `stride` apart (None: size apart); size None is the whole picture."""

    size: Any = 2  # a number or (height, width); stored as a pair
    stride: Any = None

    def __post_init__(self):
        if self.size is None and self.stride is not None:
            raise ValueError("a pool over the whole picture (size None) has no stride")
        for name in ("size", "stride"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _pair(getattr(self, name), name, 1))

    def windows(self, a: Array) -> tuple[Pair, Pair]:
        """Size and stride of the windows on pictures a."""
        _expect_pictures(self, a)
        size = tuple(a.shape[2:]) if self.size is None else self.size
        if size[0] > a.shape[2] or size[1] > a.shape[3]:
            raise ValueError(f"{self!r} got pictures of {a.shape[2]}×{a.shape[3]} pixels")
        return size, size if self.stride is None else self.stride


@dataclass(frozen=True, eq=False)
class MaxPool2d(_Pool2d):
    """The largest entry of each window; back, winner takes all (of equals, the first)."""

    def forward(self, a: Array) -> Array:
        return arrays.max_pool2d(a, *self.windows(a))

    def backward(self, a: Array, grad: Array) -> Array:
        return arrays.max_pool2d_backward(a, grad, *self.windows(a))


@dataclass(frozen=True, eq=False)
class AvgPool2d(_Pool2d):
    """The mean of each window; back, every entry receives an equal share."""

    def forward(self, a: Array) -> Array:
        return arrays.avg_pool2d(a, *self.windows(a))

    def backward(self, a: Array, grad: Array) -> Array:
        return arrays.avg_pool2d_backward(a, grad, *self.windows(a))


@dataclass(frozen=True, eq=False)
class Flatten(Layer):
    """Pictures (n, c, h, w) become rows (n, c · h · w)."""

    def forward(self, a: Array) -> Array:
        return a.reshape(a.shape[0], -1)

    def backward(self, a: Array, grad: Array) -> Array:
        return grad.reshape(a.shape)


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
        return arrays.pad2d(a, self.left, self.right, self.top, self.bottom)

    def backward(self, a: Array, grad: Array) -> Array:
        height, width = a.shape[2:]
        return grad[:, :, self.top : self.top + height, self.left : self.left + width]


def expect_layers(layers: Sequence[Layer]) -> None:
    """Raise unless these are layers, at least one."""
    if not layers:
        raise ValueError("a network needs at least one layer")
    for layer in layers:
        if not isinstance(layer, Layer):
            raise TypeError(
                f"{layer!r} is not a layer of xaikit: expected Dense, Conv2d, MaxPool2d, "
                "AvgPool2d, Flatten, ZeroPad2d, Residual or an activation; "
                "a torch module becomes a network with from_torch(module)"
            )


def run(layers: Sequence[Layer], a: Array) -> list[Array]:
    """Return [input of layer 0, input of layer 1, …, output of the last layer]."""
    values = [a]
    for layer in layers:
        values.append(layer.forward(values[-1]))
    return values


def run_back(layers: Sequence[Layer], values: Sequence[Array], grad: Array) -> list[Array]:
    """Return the derivatives of a score with respect to each of `run`'s values, same order.

    `grad` is the last of them, the derivative with respect to the output: the chain rule.
    """
    grads = [grad]
    for layer, a in zip(reversed(layers), reversed(values[:-1]), strict=True):
        grads.append(layer.backward(a, grads[-1]))
    return grads[::-1]


def input_gradient(layers: Sequence[Layer], values: list[Array], grad: Array) -> Array:
    """Return the first of `run_back`'s derivatives alone, emptying `values` on the way.

    Memory that is free again is warm in the cache: this runs a third faster than keeping it all.
    """
    values.pop()
    for layer in reversed(layers):
        grad = layer.backward(values.pop(), grad)
    return grad


@dataclass(frozen=True, eq=False)
class Residual(Layer):
    """a + f(a), where f is a sequence of layers that keeps a's shape."""

    layers: Sequence[Layer]

    def __post_init__(self):
        object.__setattr__(self, "layers", tuple(self.layers))
        expect_layers(self.layers)

    @property
    def parameters(self) -> dict[str, Array]:
        return _numbered([layer.parameters for layer in self.layers])

    def map_arrays(self, function: Callable[[Array], Array]) -> "Residual":
        return Residual([layer.map_arrays(function) for layer in self.layers])

    def forward(self, a: Array) -> Array:
        f = run(self.layers, a)[-1]
        if f.shape != a.shape:
            raise ValueError(
                f"a Residual adds f(a) to a: the shapes must be equal, but a is {tuple(a.shape)} "
                f"and f(a) is {tuple(f.shape)}"
            )
        return a + f

    def backward(self, a: Array, grad: Array) -> Array:
        return grad + input_gradient(self.layers, run(self.layers, a), grad)

    def parameter_gradients(self, a: Array, grad: Array) -> dict[str, Array]:
        values = run(self.layers, a)
        grads = run_back(self.layers, values, grad)
        steps = zip(self.layers, values, grads[1:], strict=False)
        return _numbered([layer.parameter_gradients(a, grad) for layer, a, grad in steps])


def _numbered(dicts: Sequence[dict[str, Array]]) -> dict[str, Array]:
    """Join dicts, each name prefixed by its dict's position."""
    return {f"{i}.{name}": value for i, d in enumerate(dicts) for name, value in d.items()}


@dataclass(frozen=True, eq=False)
class Activation(Layer):
    """A function φ applied to each unit z on its own: its Jacobian is diag(φ′(z)).

    At a kink `derivative` is the slope that torch takes.
    """

    def derivative(self, z: Array) -> Array:
        """Return φ′(z)."""
        raise NotImplementedError

    def backward(self, z: Array, grad: Array) -> Array:
        return grad * self.derivative(z)


def _gate(z: Array) -> Array:
    """1 where z > 0, else 0, in z's dtype."""
    return arrays.where_positive(namespace(z).ones_like(z), z)


@dataclass(frozen=True, eq=False)
class ReLU(Activation):
    """φ(z) = max(z, 0), φ′(z) = 1 where z > 0, else 0."""

    def forward(self, z: Array) -> Array:
        return z.clip(0)

    def derivative(self, z: Array) -> Array:
        return _gate(z)

    def backward(self, z: Array, grad: Array) -> Array:
        return arrays.where_positive(grad, z)


@dataclass(frozen=True, eq=False)
class LeakyReLU(Activation):
    """φ(z) = z where z > 0, else slope · z."""

    slope: float = 0.01

    def forward(self, z: Array) -> Array:
        return z.clip(0) + self.slope * z.clip(max=0)

    def derivative(self, z: Array) -> Array:
        gate = _gate(z)
        return gate + self.slope * (1 - gate)


@dataclass(frozen=True, eq=False)
class ReLU6(Activation):
    """φ(z) = min(max(z, 0), 6), φ′(z) = 1 where 0 < z < 6, else 0."""

    def forward(self, z: Array) -> Array:
        return z.clip(0, 6)

    def derivative(self, z: Array) -> Array:
        return _gate(z) * _gate(6 - z)


@dataclass(frozen=True, eq=False)
class Tanh(Activation):
    """φ(z) = tanh z, φ′(z) = 1 − tanh² z."""

    def forward(self, z: Array) -> Array:
        return namespace(z).tanh(z)

    def derivative(self, z: Array) -> Array:
        return 1 - self.forward(z) ** 2


@dataclass(frozen=True, eq=False)
class Sigmoid(Activation):
    """φ(z) = 1 / (1 + e^−z), φ′(z) = φ(z) φ(−z)."""

    def forward(self, z: Array) -> Array:
        xp = namespace(z)
        e = xp.exp(-xp.abs(z))  # never overflows, unlike e^−z
        return xp.where(z >= 0, xp.ones_like(z), e) / (1 + e)

    def derivative(self, z: Array) -> Array:
        return self.forward(z) * self.forward(-z)


@dataclass(frozen=True, eq=False)
class Softplus(Activation):
    """φ(z) = log(1 + e^z), φ′(z) = 1 / (1 + e^−z)."""

    def forward(self, z: Array) -> Array:
        xp = namespace(z)
        return z.clip(0) + xp.log1p(xp.exp(-xp.abs(z)))  # never overflows, unlike e^z

    def derivative(self, z: Array) -> Array:
        return Sigmoid().forward(z)


ACTIVATIONS: dict[str, type[Activation]] = {
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "relu6": ReLU6,
    "tanh": Tanh,
    "sigmoid": Sigmoid,
    "softplus": Softplus,
}
