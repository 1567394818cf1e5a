"""Attention weights as maps: how much each token was read, whatever was made of it.

These are weights from inside the network, not attributions: they have no class and no sign, and
they ignore the values that were read. Lecture 10 asks what they tell.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.networks.attention import Attention
from xaikit.networks.layers import Layer, Residual, run, with_mask
from xaikit.networks.network import Network, expect_network
from xaikit.networks.tokens import Readout


def attention_weights(network: Network, x: Any) -> list[Array]:
    """Return P of each attention layer, the first layer first: (n, heads, T, T).

    Row i holds the shares that token i reads from each token; they sum to 1. For a single text
    the axis n is left out.

    Parameters
    ----------
    network : Network
        With attention layers.
    x : ids (n, T) or (T,), or vectors (n, T, d)

    Raises
    ------
    TypeError, ValueError
        For a model without layers or without attention, x that does not match its weights.
    """
    weights, _, single = _looked(network, x)
    return [arrays.unbatched(P, single) for P in weights]


def raw_attention(network: Network, x: Any) -> Array:
    """Return the last layer's weights where the output is read from, averaged over heads.

    Parameters
    ----------
    network : Network
        With attention layers, and a layer that reads the output's row from the tokens (TokenMean,
        TokenAt).
    x : ids (n, T) or (T,), or vectors (n, T, d)

    Returns
    -------
    array (n, T) or (T,)
        A share for each token; they sum to 1, padding has 0. The same for every class.

    Raises
    ------
    TypeError, ValueError
        As `attention_weights`; for a network that reads no row from the tokens.
    """
    weights, read, single = _looked(network, x)
    return arrays.unbatched(_read(read, [_over_heads(weights[-1])]), single)


def attention_rollout(network: Network, x: Any) -> Array:
    """Return the product over layers of :math:`½ (P̄ + 1)`, where the output is read from.

    :math:`P̄` are a layer's weights averaged over heads. The 1 stands for the residual sum: half of
    what a token holds is taken to come from itself.

    Parameters
    ----------
    network, x
        As for `raw_attention`.

    Returns
    -------
    array (n, T) or (T,)
        A share for each token; they sum to 1, padding has 0. The same for every class.

    Raises
    ------
    TypeError, ValueError
        As `raw_attention`.

    References
    ----------
    Abnar & Zuidema 2020, Quantifying Attention Flow in Transformers, arXiv:2005.00928, §3.
    """
    weights, read, single = _looked(network, x)
    mixes = [0.5 * (_over_heads(P) + _ones_on_the_diagonal(P)) for P in weights]
    return arrays.unbatched(_read(read, mixes), single)


def _looked(network: Network, x: Any) -> tuple[list[Array], Array | None, bool]:
    """Return all P, the weight of each token in the output's row (n, T), and if x was one text."""
    expect_network(network, "attention")
    rows, single = network.as_rows(x)
    layers = with_mask(network.layers, rows)
    values = run(layers, rows)
    weights = list(_weights(layers, values))
    if not weights:
        raise ValueError("the network has no attention layer")
    read = None
    for layer, a in zip(layers, values, strict=False):
        read = layer.weights(a) if isinstance(layer, Readout) else read
    return weights, read, single


def _weights(layers: Sequence[Layer], values: Sequence[Array]) -> Iterator[Array]:
    """Yield P of each attention layer, given `run`'s values, also of those inside a Residual."""
    for layer, a in zip(layers, values, strict=False):
        if isinstance(layer, Attention):
            yield layer.steps(a).P
        elif isinstance(layer, Residual):
            yield from _weights(layer.layers, run(layer.layers, a))


def _read(read: Array | None, mixes: Sequence[Array]) -> Array:
    """Return the row read @ mix of the last layer @ … @ mix of the first, (n, T)."""
    if read is None:
        raise ValueError(
            "the network reads no row from its tokens, so there is no place to look from: it needs "
            "TokenMean() or TokenAt(…), or take attention_weights(network, x)"
        )
    row = read[:, None, :]
    for mix in reversed(mixes):
        row = row @ mix
    return row[:, 0]


def _over_heads(P: Array) -> Array:
    return namespace(P).mean(P, axis=1)


def _ones_on_the_diagonal(P: Array) -> Array:
    xp = namespace(P)
    return xp.eye(P.shape[-1], dtype=P.dtype, device=P.device)
