"""Coalitions of features as mixed rows: x where a feature is present, another row elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.chunks import ROWS, chunk_rows, chunks
from xaikit.core.question import Question
from xaikit.games.game import Game
from xaikit.games.players import Players, players_of

FEW_ROWS = 8
MOST_COALITIONS, MASKS = 2**16, 2**24  # in one call of a game: coalitions, and numbers in masks
SAMPLED_PAIRS = 8
WORTH_SAVING = 0.2  # of the rows: finding equal ones takes time too


def mixing_game(
    question: Question, others: Array, groups: Mapping[str, Sequence] | None = None
) -> Game:
    """Make the game :math:`v(S) = mean_m F(x_S, b_−S)`; b are the m `others`, (1 or n, m, …)."""
    # Copies: the game may be evaluated much later, when the caller's arrays hold other numbers.
    question, others = replace(question, x=arrays.copied(question.x)), arrays.copied(others)
    rows = len(question.x)
    flat, others = question.x.reshape(rows, -1), others.reshape(*others.shape[:2], -1)
    players = players_of(groups, flat.shape[1], question.names)
    data = players.data(question.data.reshape(rows, -1))
    if question.table is not None:
        flat, others = question.table.first_equal(flat), question.table.first_equal(others)
    return Game(
        players.names,
        Mixing(question, players, flat, others),
        data,
        question.unbatched(question.explained),
    )


@dataclass(frozen=True, eq=False)
class Mixing:
    """The payoffs :math:`v(S) = mean_m F(x_S, b_−S)` with m rows b, `others`.

    Attributes
    ----------
    question : Question
    players : Players
    x : array (n, d)
    others : array (1 or n, m, d)
    """

    question: Question
    players: Players
    x: Array
    others: Array

    @property
    def at_once(self) -> int:
        """How many coalitions make some hundred calls of the model; with few, none can be large."""
        most = min(MOST_COALITIONS, MASKS // self.x.shape[1])
        return max(ROWS, min(most, 2**20 // (len(self.x) * self.others.shape[1])))

    def __call__(self, masks: np.ndarray) -> np.ndarray:
        """Return the payoffs of coalitions (B, M): (B, n), or (B,) for a single row."""
        present = self.players.columns(masks)
        payoffs = np.zeros((len(masks), len(self.x)))
        for rows, part in self._blocks():
            payoffs[:, rows] += self._sums(present, rows, part)
        # v(S) is the mean over the background.
        return self.question.unbatched(payoffs / self.others.shape[1], axis=1)

    def _blocks(self) -> Iterator[tuple[slice, slice]]:
        """Cut rows and background: one call takes all the background it can, then rows."""
        at_once = chunk_rows(self.x.shape[1])
        m = min(self.others.shape[1], at_once)
        return product(chunks(len(self.x), at_once // m), chunks(self.others.shape[1], m))

    def _sums(self, present: np.ndarray, rows: slice, part: slice) -> np.ndarray:
        """Return Σ_m F(x_S, others_−S) of some rows over a part of the background, (B, n)."""
        x = self.x[rows]
        others = self.others[rows if len(self.others) > 1 else slice(None), part]
        row_of = np.arange(rows.start, rows.start + len(x))
        if distinct := _distinct(present, x, others):
            return self._sums_of_distinct(distinct, present, x, others, row_of)
        masks, sums = arrays.indices(present, x), np.empty((len(present), len(x)))
        for some in self.question.calls(len(present), x.shape[1], len(x) * others.shape[1]):
            mixed = _mixed(masks[some], x, others)
            size = tuple(mixed.shape[:3])
            outputs = self._outputs(mixed, np.broadcast_to(row_of[:, None], size).ravel())
            sums[some] = outputs.reshape(size).sum(axis=2)
        return sums

    def _sums_of_distinct(
        self, distinct: "Distinct", present: np.ndarray, x: Array, others: Array, row_of: np.ndarray
    ) -> np.ndarray:
        """Return the same sums from the distinct mixed rows."""
        coalition, row, other, place = distinct
        outputs = np.empty(len(coalition))
        for some in self.question.calls(len(coalition), x.shape[1]):
            i = row[some]
            absent = others[i if len(others) > 1 else 0, other[some]]
            outputs[some] = self._outputs(
                np.where(present[coalition[some]], x[i], absent), row_of[i]
            )
        return outputs[place].sum(axis=2)

    def _outputs(self, mixed: Array, row_of: np.ndarray) -> np.ndarray:
        rows = mixed.reshape(-1, *self.question.x.shape[1:])
        return self.question.target_outputs(rows, row_of, fresh=True)


def _mixed(present: Array, x: Array, others: Array) -> Array:
    """Return x (n, d) where present (c, d), others (1 or n, m, d) elsewhere: (c, n, m, d)."""
    if arrays.is_torch(x) or others.shape[1] < FEW_ROWS:
        return namespace(x).where(present[:, None, None], x[:, None], others)
    # Overwriting whole columns of the background is twice as fast as a test at every number.
    mixed = np.empty((len(present), len(x), *others.shape[1:]), dtype=x.dtype)
    mixed[:] = others
    coalition, column = np.nonzero(present)
    mixed[coalition, :, :, column] = x.T[column][:, :, None]
    return mixed


class Distinct(NamedTuple):
    """The distinct ones of mixed rows (c, n, m): c coalitions of n rows, m background rows each.

    Attributes
    ----------
    coalition, row, other : (q,) ints
        What each of them is mixed from.
    place : (c, n, m) ints
        Which of them each mixed row is.
    """

    coalition: np.ndarray
    row: np.ndarray
    other: np.ndarray
    place: np.ndarray


def _distinct(present: np.ndarray, x: Array, others: Array) -> Distinct | None:
    """Find the distinct mixed rows, so that equal ones are asked once; None if few are equal.

    Where x and a background row hold the same value, it does not matter whether the column is
    present. So for this pair of rows, two coalitions make one mixed row if they differ only there.
    present is (c, d), x (n, d), others (1 or n, m, d).
    """
    if arrays.is_torch(x):
        return None
    same = arrays.same_bits(x[:, None], others)  # (n, m, d)
    if not same.any():
        return None
    words, same_words = _words(present), _words(same.reshape(-1, x.shape[1]))

    def unique(pair: int) -> tuple[np.ndarray, np.ndarray]:
        keys = words | same_words[pair]
        return np.unique(keys.view(f"V{keys[0].nbytes}"), return_index=True, return_inverse=True)[
            1:
        ]

    pairs = range(len(same_words))
    sampled = pairs[:: max(1, len(pairs) // SAMPLED_PAIRS)]
    asked = np.mean([len(unique(pair)[0]) for pair in sampled])
    if asked > (1 - WORTH_SAVING) * len(present):
        return None
    firsts, inverses = zip(*map(unique, pairs), strict=True)
    counts = [len(first) for first in firsts]
    row, other = np.divmod(np.repeat(pairs, counts), same.shape[1])
    place = np.stack(inverses, axis=1).reshape(len(present), -1) + np.cumsum([0, *counts[:-1]])
    return Distinct(np.concatenate(firsts), row, other, place.reshape(-1, *same.shape[:2]))


def _words(bits: np.ndarray) -> np.ndarray:
    """Pack rows of bits (n, d) into words of 64, (n, ⌈d / 64⌉)."""
    filled = np.zeros((len(bits), -(-bits.shape[1] // 64) * 64), dtype=bool)
    filled[:, : bits.shape[1]] = bits
    return np.packbits(filled, axis=1).view(np.uint64)
