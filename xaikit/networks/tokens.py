"""Texts as inputs: token ids become vectors, and the vectors of a text become one row.

Texts of a batch have different lengths, so the shorter ones end in padding. Which tokens are
present follows from the ids. A network tells those of its layers that must know (`with_mask`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.settings import expect_count
from xaikit.networks.layers import Layer, as_rows, check_arrays


def padded(texts: Sequence[Sequence[int]], padding: int) -> np.ndarray:
    """Return the token ids of texts as one array (n, T); shorter texts end in padding."""
    ids = np.full((len(texts), max(map(len, texts), default=1) or 1), padding)
    for row, text in zip(ids, texts, strict=True):
        row[: len(text)] = text
    return ids


@dataclass(frozen=True, eq=False)
class Embedding(Layer):
    """Token ids (n, T) become vectors e (n, T, d): :math:`e_t = words[i_t] + positions[t]`.

    Here :math:`i_t` is the id at position t. Backward there is no slope along ids.
    :math:`∂/∂words[i]` is the sum of grad over the tokens with id i, :math:`∂/∂positions[t]` the
    sum over the texts.

    Parameters
    ----------
    words : array (vocabulary, d)
    positions : array (longest, d), or None
    padding : int, or None
        The id that stands for no token.
    """

    words: Array
    positions: Array | None = None
    padding: int | None = None

    def __post_init__(self):
        check_arrays(self, words="(vocabulary, d)", positions="(longest, d)")
        if self.positions is not None and self.positions.shape[1] != self.words.shape[1]:
            raise ValueError(
                f"Embedding's words have {self.words.shape[1]} coordinates and its positions "
                f"{self.positions.shape[1]}, expected the same number"
            )
        if self.padding is not None:
            expect_count("padding", self.padding, 0)
        exact = int(2 / namespace(self.words).finfo(self.words.dtype).eps)
        if self.words.shape[0] > exact:  # ids become numbers of the weights' dtype
            raise ValueError(
                f"{self.words.dtype} tells no more than {exact} ids apart, and there are "
                f"{self.words.shape[0]} tokens: take float32 or float64"
            )

    def __repr__(self) -> str:
        ids, width = self.words.shape
        padding = "" if self.padding is None else f", padding {self.padding}"
        return f"Embedding({ids} tokens -> {width}{padding})"

    @property
    def parameters(self) -> dict[str, Array]:
        both = {"words": self.words, "positions": self.positions}
        return {name: value for name, value in both.items() if value is not None}

    def forward(self, ids: Array) -> Array:
        vectors = self.words[self._indices(ids)]
        return vectors if self.positions is None else vectors + self.positions[: ids.shape[1]]

    def backward(self, ids: Array, grad: Array) -> Array:
        raise TypeError(
            "token ids are looked up: there is no slope along them. gradient_x_input and "
            "integrated_gradients explain the tokens' vectors, and give each token their sum"
        )

    def parameter_gradients(self, ids: Array, grad: Array) -> dict[str, Array]:
        found = {"words": arrays.sum_at(self._indices(ids).reshape(-1), as_rows(grad), self.words)}
        if self.positions is not None:
            found["positions"] = namespace(grad).zeros_like(self.positions)
            found["positions"][: grad.shape[1]] = namespace(grad).sum(grad, axis=0)
        return found

    def tokens_present(self, ids: Array) -> Array | None:
        if self.padding is None:
            return None
        return namespace(ids).astype(ids != self.padding, ids.dtype)

    def vectors(self, ids: Array) -> Array:
        """Return the inputs of the network behind this layer, see `Vectors`: (n, T, d + 1)."""
        xp, present = namespace(ids), self.tokens_present(ids)
        present = xp.ones_like(ids) if present is None else present
        return xp.concat([self.forward(ids), present[..., None]], axis=-1)

    def baseline_vectors(self, baseline: Any, vectors: Array) -> Array:
        """Return a baseline like these vectors (n, T, d + 1); the same tokens are present in it.

        None is zeros. Whole numbers are ids, at the positions that they have in x: (), (T,) or
        (n, T). Other numbers are vectors: (), (d,), (T, d), (1, T, d) or (n, T, d).
        """
        xp, (n, length, width) = namespace(vectors), vectors.shape
        numbers = arrays.numeric(0.0 if baseline is None else baseline, "baseline")
        floating = arrays.is_floating(numbers)
        goal = (n, length, width - 1) if floating else (n, length)
        if floating and arrays.is_array(baseline):
            numbers = arrays.matching(numbers, vectors, "baseline", "the tokens' vectors")
        numbers = arrays.like(numbers, vectors)
        try:
            numbers = xp.broadcast_to(numbers, goal)
        except (ValueError, RuntimeError):
            raise ValueError(
                f"baseline has shape {tuple(numbers.shape)}, expected ids (whole numbers) (), "
                f"({length},) or ({n}, {length}), or vectors ({width - 1},), "
                f"({length}, {width - 1}) or ({n}, {length}, {width - 1})"
            ) from None
        words = numbers if floating else self.forward(numbers)
        return xp.concat([words, vectors[..., -1:]], axis=-1)

    def _indices(self, ids: Array) -> Array:
        """Return ids as whole numbers; raise unless they are tokens of the vocabulary."""
        xp, count = namespace(ids), self.words.shape[0]
        if ids.ndim != 2:
            raise ValueError(f"{self!r} expects ids of shape (n, T), got {tuple(ids.shape)}")
        if self.positions is not None and ids.shape[1] > self.positions.shape[0]:
            raise ValueError(
                f"the texts have {ids.shape[1]} tokens, but there are only "
                f"{self.positions.shape[0]} positions: cut the texts"
            )
        indices = xp.astype(ids, xp.int64)
        wrong = (ids != indices) | (ids < 0) | (ids >= count)
        if bool(xp.any(wrong)):
            raise ValueError(
                f"{float(ids[wrong][0]):g} is no token id: expected whole numbers from 0 to "
                f"{count - 1}, for a vocabulary of {count} tokens"
            )
        return indices


@dataclass(frozen=True, eq=False)
class Vectors(Layer):
    """The first layer of a network behind its embedding: vectors in place of ids.

    Its inputs are (n, T, d + 1). The last coordinate is 1 for a token and 0 for padding, so that
    the network is a function of its inputs; the layer takes it off.
    """

    def forward(self, a: Array) -> Array:
        return a[..., :-1]

    def backward(self, a: Array, grad: Array) -> Array:
        return namespace(a).concat([grad, namespace(a).zeros_like(a[..., -1:])], axis=-1)

    def tokens_present(self, a: Array) -> Array:
        return namespace(a).astype(a[..., -1] > 0, a.dtype)


class Readout(Layer):
    """Makes one row (n, d) of the vectors of a text (n, T, d): :math:`Σ_t w_t a_t`."""

    def weights(self, a: Array) -> Array:
        """Return w (n, T), which sum to 1."""
        raise NotImplementedError

    def forward(self, a: Array) -> Array:
        return namespace(a).sum(self.weights(a)[..., None] * a, axis=1)

    def backward(self, a: Array, grad: Array) -> Array:
        return self.weights(a)[..., None] * grad[:, None, :]


@dataclass(frozen=True, eq=False)
class TokenMean(Readout):
    """The mean of a text's tokens, without padding; 0 if there is no token at all."""

    present: Array | None = None

    def __repr__(self) -> str:
        return "TokenMean()"

    def for_tokens(self, present: Array) -> "TokenMean":
        return replace(self, present=present)

    def weights(self, a: Array) -> Array:
        xp = namespace(a)
        present = xp.ones_like(a[..., 0]) if self.present is None else self.present
        return present / xp.sum(present, axis=1, keepdims=True).clip(1)


@dataclass(frozen=True, eq=False)
class TokenAt(Readout):
    """The token at one position, such as the [CLS] that BERT puts at position 0."""

    position: int = 0

    def __post_init__(self):
        expect_count("position", self.position, 0)

    def weights(self, a: Array) -> Array:
        if self.position >= a.shape[1]:
            raise ValueError(f"{self!r} reads texts that are longer, got {a.shape[1]} token(s)")
        weights = namespace(a).zeros_like(a[..., 0])
        weights[:, self.position] = 1
        return weights
