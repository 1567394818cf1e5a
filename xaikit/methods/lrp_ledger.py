"""The ledger of layer-wise relevance propagation: where the relevance of each layer went."""

from dataclasses import dataclass
from typing import Any

from xaikit.core.arrays import Array, namespace


@dataclass(frozen=True)
class LedgerRow:
    """A layer's balance: relevance = passed_on + to_bias + absorbed + to_norm + to_softmax.

    Attributes
    ----------
    layer : str
    relevance : array (n,)
        :math:`Σ_k R_k` over the layer's outputs.
    passed_on : array (n,)
        :math:`Σ_j R_j` over its inputs.
    to_bias : array (n,)
        :math:`Σ_k bias_k R_k / z_k`.
    absorbed : array (n,)
        The relevance lost to ε, and that of units with z = 0, which have no shares to divide it by.
    to_norm : array (n,)
        The same as `to_bias` for the biases of a LayerNorm.
    to_softmax : array (n,)
        What a softmax takes: its first-order Taylor expansion has a constant term.
    """

    layer: str
    relevance: Array
    passed_on: Array
    to_bias: Array
    absorbed: Array
    to_norm: Array
    to_softmax: Array


@dataclass(frozen=True)
class Booked:
    """The amounts (n,), or 0, that a layer did not pass on, as in a `LedgerRow`."""

    to_bias: Any = 0.0
    absorbed: Any = 0.0
    to_norm: Any = 0.0
    to_softmax: Any = 0.0

    def __add__(self, other: "Booked") -> "Booked":
        return Booked(
            *(one + more for one, more in zip(amounts(self), amounts(other), strict=True))
        )


def ledger_row(layer: str, relevance: Array, passed_on: Array, booked: Booked) -> LedgerRow:
    """Return a row of the ledger, with an array (n,) for every amount."""
    zeros = namespace(relevance).zeros_like(relevance)
    return LedgerRow(layer, relevance, passed_on, *(zeros + amount for amount in amounts(booked)))


def amounts(booked: Booked) -> tuple[Any, Any, Any, Any]:
    """Return to_bias, absorbed, to_norm and to_softmax."""
    return booked.to_bias, booked.absorbed, booked.to_norm, booked.to_softmax


def total(values: Array) -> Array:
    """Return the sum over all but the first axis, (n,)."""
    return namespace(values).sum(values, axis=tuple(range(1, values.ndim)))
