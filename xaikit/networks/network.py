"""Feed-forward networks: outputs, gradients and training, written by hand."""

import math
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array
from xaikit.core.extras import needs
from xaikit.core.models import DifferentiableModel, ForwardPass
from xaikit.core.settings import as_seed
from xaikit.networks import training
from xaikit.networks.activations import ACTIVATIONS, Activation
from xaikit.networks.convolution import Conv2d
from xaikit.networks.layers import (
    Dense,
    Layer,
    expect_columns,
    expect_layers,
    first_array,
    input_gradient,
    output_of,
    run,
    with_mask,
)
from xaikit.networks.tokens import Embedding, Vectors


class Network(DifferentiableModel):
    """A feed-forward network: a list of layers, each with a hand-written backward pass.

    The weights decide where it runs: NumPy arrays on NumPy, torch tensors on their device.
    x must match them in library, device and dtype; whole numbers are cast.

    Parameters
    ----------
    layers : sequence of Layer
        Dense, Conv2d, MaxPool2d, AvgPool2d, Flatten, ZeroPad2d, Residual; for texts Embedding,
        Attention, LayerNorm, TokenMean, TokenAt; and the activations ReLU, LeakyReLU, ReLU6, Tanh,
        Sigmoid, Softplus, GELU.

    Raises
    ------
    TypeError
        For something that is not a layer, or weights in different places.
    ValueError
        If a layer's inputs cannot be the outputs of the layer before it.
    """

    is_function = True

    def __init__(self, layers: Sequence[Layer]):
        self.layers = tuple(layers)
        _check_layers(self.layers)

    def __repr__(self) -> str:
        """Return one line per layer."""
        return "Network([\n" + "".join(f"    {layer!r},\n" for layer in self.layers) + "])"

    @classmethod
    def mlp(
        cls,
        sizes: Sequence[int],
        activation: str = "relu",
        bias: bool = True,
        seed: int | None = 0,
        dtype: str = "float64",
    ) -> "Network":
        """Make a multilayer perceptron with random weights and zero biases.

        Parameters
        ----------
        sizes : sequence of int
            [inputs, units of each hidden layer …, outputs].
        activation : str
            "relu", "leaky_relu", "relu6", "tanh", "sigmoid", "softplus" or "gelu", after each
            hidden layer.
        bias : bool
            Whether the dense layers have biases.
        seed : int or None
            The same seed gives the same weights; None gives new ones.
        dtype : str
            "float64" or "float32".

        Notes
        -----
        Standard deviation :math:`√(2 / inputs)` for the ReLU family (He et al. 2015,
        arXiv:1502.01852), :math:`√(1 / inputs)` for the others (LeCun et al. 1998, Efficient
        BackProp).
        """
        if activation not in ACTIVATIONS:
            raise ValueError(
                f"unknown activation {activation!r}, expected {', '.join(ACTIVATIONS)}"
            )
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(
                f"sizes is {list(sizes)}, expected at least [inputs, outputs], each ≥ 1"
            )
        rng = np.random.default_rng(as_seed(seed))
        gain = 2.0 if "relu" in activation else 1.0
        layers: list[Layer] = []
        for inputs, outputs in pairwise(sizes):
            weight = rng.normal(0, math.sqrt(gain / inputs), (outputs, inputs)).astype(dtype)
            layers += [Dense(weight, np.zeros(outputs, dtype) if bias else None)]
            layers += [ACTIVATIONS[activation]()]
        return cls(layers[:-1])

    def outputs(self, rows: Array) -> Array:
        """Return all outputs (n, k) for checked rows: one layer after the other."""
        return output_of(with_mask(self.layers, rows), rows)

    def forward_pass(self, rows: Array) -> ForwardPass:
        """Return the outputs of checked rows, with a backward pass through the layers."""
        layers = with_mask(self.layers, rows)
        values = run(layers, rows)
        back = partial(input_gradient, layers, values)
        return ForwardPass(expect_columns(values[-1]), back, values)

    @property
    def reads_tokens(self) -> bool:
        """Whether x are token ids, which an embedding looks up."""
        return isinstance(self.layers[0], Embedding)

    def behind_embedding(self, rows: Array, baseline: Any) -> tuple["Network", Array, Array]:
        """Return the network behind the embedding, its inputs, and a baseline like them."""
        embedding = self.layers[0]
        assert isinstance(embedding, Embedding)
        vectors = embedding.vectors(rows)
        behind = Network([Vectors(), *self.layers[1:]])
        return behind, vectors, embedding.baseline_vectors(baseline, vectors)

    def as_rows(self, x: Any, name: str = "x") -> tuple[Array, bool]:
        """Return x as rows that match the weights, and whether it was a single row (d,)."""
        weights = first_array(self.layers)
        if weights is None:
            x = arrays.floating(arrays.numeric(x, name))
        else:
            x = arrays.matching(x, weights, name)
        return arrays.batched(x, name)

    def to(self, where: str | None = None, dtype: str | None = None) -> "Network":
        """Return a copy on another device: ``"numpy"``, ``"cpu"``, ``"cuda"`` or any torch device.

        None keeps the library and device, or the dtype (else "float32", "float64" or a dtype).
        """
        name = None if dtype is None else str(np.dtype(dtype) if isinstance(dtype, type) else dtype)
        name = None if name is None else name.removeprefix("torch.")

        def move(array: Array) -> Array:
            kind = str(array.dtype).removeprefix("torch.") if name is None else name
            if where == "numpy" or (where is None and not arrays.is_torch(array)):
                return np.array(arrays.to_numpy(array), dtype=kind)
            with needs("torch", "a Network of torch tensors"):
                import torch

            device = array.device if where is None else where
            return torch.tensor(
                arrays.to_numpy(array), dtype=getattr(torch, kind), device=torch.device(device)
            )

        return Network([layer.map_arrays(move) for layer in self.layers])

    def fit(
        self,
        x: Any,
        y: Any,
        loss: str = "mse",
        epochs: int = 100,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        seed: int | None = 0,
        progress: bool = False,
    ) -> list[float]:
        """Train with Adam on minibatches (Kingma & Ba 2015, arXiv:1412.6980).

        Parameters
        ----------
        x : array (n, …)
            Rows, standardised for best results; for texts token ids.
        y : array (n,) or (n, k)
            Numbers for "mse"; class numbers 0 … k − 1, shape (n,), for "cross_entropy".
        loss : str
            "mse", the mean squared error, or "cross_entropy", of the softmax of the outputs.
        epochs : int
            Passes through the data.
        batch_size : int
            Rows per step.
        learning_rate : float
            Adam's step size.
        seed : int or None
            The seed of the shuffling.
        progress : bool
            Whether to show a progress bar.

        Returns
        -------
        list of float
            The mean training loss of each epoch.

        Raises
        ------
        FloatingPointError
            If the loss becomes NaN or infinite; the network then keeps its old weights.
        """
        x, single = self.as_rows(x)
        if single:
            raise ValueError("fit needs rows (n, …), got a single row")
        self.layers, history = training.fit(
            self.layers, x, y, loss, epochs, batch_size, learning_rate, seed, progress
        )
        return history


def expect_network(model: Any, method: str) -> Network:
    """Return the model, or raise a TypeError if it has no layers for a method to go through."""
    if not isinstance(model, Network):
        raise TypeError(
            f"{method} goes through layers, got {type(model).__name__}: expected a Network "
            "(from_torch(module) makes one)"
        )
    return model


def _check_layers(layers: Sequence[Layer]) -> None:
    """Raise unless these are layers that fit together, with weights of one device and dtype."""
    expect_layers(layers)
    places = {arrays.place(p) for layer in layers for p in layer.parameters.values()}
    if len(places) > 1:
        raise TypeError(f"the layers' weights differ in kind: {', '.join(sorted(places))}")
    before: Layer | None = None
    for layer in layers:
        if isinstance(layer, Dense | Conv2d):
            inputs = layer.weight.shape[1] * getattr(layer, "groups", 1)
            if type(before) is type(layer) and before.weight.shape[0] != inputs:  # type: ignore
                raise ValueError(f"{layer!r} cannot follow {before!r}")
        if not isinstance(layer, Activation):
            before = layer
