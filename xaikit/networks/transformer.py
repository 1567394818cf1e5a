"""Transformers: blocks of attention and of a small perceptron, each added to what it read."""

import math
from collections.abc import Sequence

import numpy as np

from xaikit.core.settings import as_seed, expect_count
from xaikit.networks.activations import GELU
from xaikit.networks.attention import Attention
from xaikit.networks.layers import Dense, Layer, Residual
from xaikit.networks.network import Network
from xaikit.networks.normalisation import LayerNorm
from xaikit.networks.tokens import Embedding, TokenAt, TokenMean


def transformer_block(
    attention: Attention,
    perceptron: Sequence[Layer],
    norms: tuple[LayerNorm, LayerNorm],
    norm_first: bool = True,
) -> list[Layer]:
    """Return the layers of a block: attention, then the same perceptron for each token.

    Parameters
    ----------
    attention : Attention
    perceptron : sequence of Layer
        Dense, an activation, Dense; it keeps a's shape.
    norms : two LayerNorm
    norm_first : bool
        "Pre-norm": :math:`a + attention(norm(a))`, then the perceptron likewise (GPT-2). Else
        "post-norm": :math:`norm(a + attention(a))`, as in the original and in BERT.
    """
    first, second = norms
    if norm_first:
        return [Residual([first, attention]), Residual([second, *perceptron])]
    return [Residual([attention]), first, Residual(perceptron), second]


def transformer(
    vocabulary: int,
    outputs: int,
    width: int = 32,
    heads: int = 4,
    blocks: int = 2,
    hidden: int = 64,
    longest: int = 64,
    norm_first: bool = True,
    read: str = "mean",
    padding: int | None = 0,
    seed: int | None = 0,
    dtype: str = "float64",
) -> Network:
    """Make a transformer that reads token ids (n, T), with random weights and zero biases.

    Parameters
    ----------
    vocabulary, outputs : int
        How many tokens there are, and how many outputs.
    width, heads, blocks, hidden : int
        Coordinates of a token's vector, heads of each attention, number of blocks, and GELU units
        in the perceptron of a block.
    longest : int
        The most tokens of a text: each position has a vector of its own.
    norm_first : bool
        See `transformer_block`; with norms first, one norm more follows the last block.
    read : str
        What the outputs are made of: the "mean" of all tokens, or the "first" token.
    padding : int, or None
        The id that stands for no token; its vector is 0.
    seed : int or None
        The same seed gives the same weights; None gives new ones.
    dtype : str
        "float64" or "float32".

    Raises
    ------
    TypeError, ValueError
        For sizes below 1, a width that does not split into the heads, an unknown `read`.

    Notes
    -----
    Standard deviation :math:`√(1 / inputs)` for dense layers, :math:`√(1 / width)` for tokens and
    positions.
    """
    sizes = {"vocabulary": vocabulary, "outputs": outputs, "width": width, "heads": heads}
    sizes |= {"blocks": blocks, "hidden": hidden, "longest": longest}
    for name, size in sizes.items():
        expect_count(name, size, 1)
    if read not in READOUTS:
        raise ValueError(f"read is {read!r}, expected {' or '.join(map(repr, READOUTS))}")
    if padding is not None and padding >= vocabulary:
        raise ValueError(f"padding is {padding}, but there are tokens 0 to {vocabulary - 1} only")
    rng = np.random.default_rng(as_seed(seed))

    def drawn(*shape: int) -> np.ndarray:
        return rng.normal(0, math.sqrt(1 / shape[-1]), shape).astype(dtype)

    def dense(inputs: int, units: int) -> Dense:
        return Dense(drawn(units, inputs), np.zeros(units, dtype))

    def norm() -> LayerNorm:
        return LayerNorm(np.ones(width, dtype), np.zeros(width, dtype))

    words = drawn(vocabulary, width)
    if padding is not None:
        words[padding] = 0
    layers: list[Layer] = [Embedding(words, drawn(longest, width), padding)]
    for _ in range(blocks):
        query, key, value, output = (dense(width, width) for _ in range(4))
        attention = Attention(query, key, value, output, heads)
        perceptron = [dense(width, hidden), GELU(), dense(hidden, width)]
        layers += transformer_block(attention, perceptron, (norm(), norm()), norm_first)
    if norm_first:
        layers.append(norm())
    return Network([*layers, READOUTS[read](), dense(width, outputs)])


READOUTS = {"mean": TokenMean, "first": TokenAt}
