"""The layers of a network, with hand-written forward and backward passes, and how to run them.

Every layer is a frozen dataclass. ``a`` (n, …) are its inputs, one instance per row, and ``grad``
is the derivative of a score with respect to its outputs:

- ``forward(a)`` gives the outputs,
- ``backward(a, grad)`` gives the derivative of the score with respect to ``a`` (the chain rule),
- ``parameter_gradients(a, grad)`` gives the derivatives with respect to the weights, if there are
  any, summed over rows.

The code follows the array API: it runs on NumPy arrays and torch tensors, on any device. A copy of
a layer with other weights is ``dataclasses.replace(layer, weight=…, bias=…)``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace


@dataclass(frozen=True, eq=False)
class Layer:
    """The base class of all layers; a subclass implements `forward` and `backward`."""

    @property
    def parameters(self) -> dict[str, Array]:
        """The layer's weights by name; empty if it has none."""
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
        changed: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if arrays.is_array(value):
                changed[field.name] = function(value)
            elif isinstance(value, Layer):
                changed[field.name] = value.map_arrays(function)
        return replace(self, **changed)

    def tokens_present(self, a: Array) -> Array | None:
        """Return 1 for each token of inputs a and 0 for padding, (n, T), if the layer can tell."""
        return None

    def for_tokens(self, present: Array) -> "Layer":
        """Return the layer for rows whose tokens are `present` (n, T); most do not ask for it."""
        return self

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what was pickled, with arrays at addresses that their type asks for.

        Dask hands over arrays that start at any byte. A product copies such weights each time, and
        for a single row it adds in another order.
        """
        for name, value in state.items():
            kept = np.require(value, requirements="A") if isinstance(value, np.ndarray) else value
            object.__setattr__(self, name, kept)


def check_arrays(layer: Layer, **shapes: str) -> None:
    """Check the arrays of a new layer, such as ``bias="(out,)"``; whole numbers become float64."""
    for name, shape in shapes.items():
        value = getattr(layer, name)
        if value is None:
            continue
        value = arrays.numeric(value, f"{type(layer).__name__}'s {name}")
        if not arrays.is_floating(value):
            value = namespace(value).astype(value, namespace(value).float64)
        if value.ndim != len(shape.strip("(,)").split(",")):
            raise ValueError(
                f"{type(layer).__name__}'s {name} has shape {tuple(value.shape)}, expected {shape}"
            )
        object.__setattr__(layer, name, value)


def check_weights(layer: Layer, dimensions: str) -> None:
    """Check weight and bias of a new layer; whole numbers become float64."""
    check_arrays(layer, weight=dimensions, bias="(out,)")
    weight, bias = layer.weight, layer.bias  # type: ignore[attr-defined]
    if bias is not None and bias.shape[0] != weight.shape[0]:
        raise ValueError(
            f"{type(layer).__name__}'s bias has {bias.shape[0]} entries, "
            f"but its weight has {weight.shape[0]} outputs (shape {tuple(weight.shape)})"
        )


@dataclass(frozen=True, eq=False)
class Dense(Layer):
    """:math:`z = a Wᵀ + b`, with weight W of shape (out, in) and bias b (out,) or None.

    Backward: :math:`z_k = Σ_j W_kj a_j + b_k`, so :math:`∂/∂a = grad W`,
    :math:`∂/∂W = gradᵀ a`, :math:`∂/∂b = Σ grad`.
    Inputs are rows (n, in), or the tokens of texts (n, T, in), each token by itself.
    """

    weight: Array
    bias: Array | None = None

    def __post_init__(self):
        check_weights(self, "(out, in)")

    def __repr__(self) -> str:
        outputs, inputs = self.weight.shape
        return f"Dense({inputs} -> {outputs}{'' if self.bias is None else ', bias'})"

    @property
    def parameters(self) -> dict[str, Array]:
        both = {"weight": self.weight, "bias": self.bias}
        return {name: value for name, value in both.items() if value is not None}

    def forward(self, a: Array) -> Array:
        width = self.weight.shape[1]
        if a.ndim not in (2, 3) or a.shape[-1] != width:
            raise ValueError(
                f"{self!r} expects inputs of shape (n, {width}), got {tuple(a.shape)}"
                + (": put Flatten() before it" if a.ndim > 2 else "")
            )
        z = as_rows(a) @ self.weight.T
        if self.bias is not None:
            z += self.bias
        return z.reshape(*a.shape[:-1], -1)

    def backward(self, a: Array, grad: Array) -> Array:
        return (as_rows(grad) @ self.weight).reshape(*grad.shape[:-1], -1)

    def parameter_gradients(self, a: Array, grad: Array) -> dict[str, Array]:
        a, grad = as_rows(a), as_rows(grad)
        both = {"weight": grad.T @ a, "bias": namespace(grad).sum(grad, axis=0)}
        return {name: both[name] for name in self.parameters}


def as_rows(a: Array) -> Array:
    """Return the tokens (n, T, d) of texts as rows (n · T, d); rows stay as they are."""
    return a.reshape(-1, a.shape[-1])


@dataclass(frozen=True, eq=False)
class Flatten(Layer):
    """Pictures (n, c, h, w) become rows (n, c · h · w)."""

    def forward(self, a: Array) -> Array:
        return a.reshape(a.shape[0], -1)

    def backward(self, a: Array, grad: Array) -> Array:
        return grad.reshape(a.shape)


def expect_layers(layers: Sequence[Layer]) -> None:
    """Raise unless these are layers, and at least one."""
    if not layers:
        raise ValueError("a network needs at least one layer")
    for layer in layers:
        if not isinstance(layer, Layer):
            raise TypeError(
                f"{layer!r} is not a layer of xaikit: expected Dense, Conv2d, MaxPool2d, "
                "AvgPool2d, Flatten, ZeroPad2d, Residual, Embedding, Attention, LayerNorm, "
                "TokenMean, TokenAt or an activation; "
                "a torch module becomes a network with from_torch(module)"
            )


def with_mask(layers: Sequence[Layer], x: Array) -> Sequence[Layer]:
    """Return layers that know which tokens of these rows are padding, if the first can tell."""
    present = layers[0].tokens_present(x)
    return layers if present is None else [layer.for_tokens(present) for layer in layers]


def output_of(layers: Sequence[Layer], a: Array) -> Array:
    """Return only the output of the last layer."""
    for layer in layers:
        a = layer.forward(a)
    return a


def run(layers: Sequence[Layer], a: Array) -> list[Array]:
    """Return [input of layer 0, input of layer 1, …, output of the last layer]."""
    values = [a]
    for layer in layers:
        values.append(layer.forward(values[-1]))
    return values


def run_back(layers: Sequence[Layer], values: Sequence[Array], grad: Array) -> list[Array]:
    """Return the derivatives of a score with respect to each of `run`'s values, in their order.

    The chain rule, from `grad`, the derivative with respect to the output.
    """
    grads = [grad]
    for layer, a in zip(reversed(layers), reversed(values[:-1]), strict=True):
        grads.append(layer.backward(a, grads[-1]))
    return grads[::-1]


def input_gradient(layers: Sequence[Layer], values: list[Array], grad: Array) -> Array:
    """Return only the first of `run_back`'s derivatives, and empty the list `values`.

    Freed memory is still in the cache when it is used again: this is a third faster. The output of
    the last layer is not used, so the list may lack it.
    """
    del values[len(layers) :]
    for layer in reversed(layers):
        grad = layer.backward(values.pop(), grad)
    return grad


def first_array(layers: Sequence[Layer]) -> Array | None:
    """Return the first weight, or None; all others have its library and device."""
    for layer in layers:
        for parameter in layer.parameters.values():
            return parameter
    return None


def expect_columns(output: Array) -> Array:
    """Return a network's outputs; raise unless they are (n, k)."""
    if output.ndim != 2:
        raise ValueError(
            f"the network's outputs have shape {tuple(output.shape)}, expected (n, k): "
            "end it with Flatten() or a Dense layer"
        )
    return output


@dataclass(frozen=True, eq=False)
class Residual(Layer):
    """a + f(a), where f is a sequence of layers that keeps a's shape."""

    layers: Sequence[Layer]

    def __post_init__(self):
        object.__setattr__(self, "layers", tuple(self.layers))
        expect_layers(self.layers)

    @property
    def parameters(self) -> dict[str, Array]:
        return numbered([layer.parameters for layer in self.layers])

    def map_arrays(self, function: Callable[[Array], Array]) -> "Residual":
        return Residual([layer.map_arrays(function) for layer in self.layers])

    def for_tokens(self, present: Array) -> "Residual":
        return Residual([layer.for_tokens(present) for layer in self.layers])

    def forward(self, a: Array) -> Array:
        f = output_of(self.layers, a)
        if f.shape != a.shape:
            raise ValueError(
                f"a Residual adds f(a) to a: the shapes must be equal, but a is {tuple(a.shape)} "
                f"and f(a) is {tuple(f.shape)}"
            )
        return a + f

    def backward(self, a: Array, grad: Array) -> Array:
        inputs = run(self.layers[:-1], a)
        return grad + input_gradient(self.layers, inputs, grad)

    def parameter_gradients(self, a: Array, grad: Array) -> dict[str, Array]:
        values = run(self.layers, a)
        grads = run_back(self.layers, values, grad)
        steps = zip(self.layers, values, grads[1:], strict=False)
        return numbered([layer.parameter_gradients(a, grad) for layer, a, grad in steps])


def numbered(dicts: Sequence[dict[str, Array]]) -> dict[str, Array]:
    """Join dicts, each name prefixed by its dict's position."""
    return named({str(i): d for i, d in enumerate(dicts)})


def named(dicts: dict[str, dict[str, Array]]) -> dict[str, Array]:
    """Join dicts by name, each of their names prefixed by its dict's: ``"0.weight"``."""
    return {f"{own}.{name}": value for own, d in dicts.items() for name, value in d.items()}
