"""Cooperative games: players, and the payoffs v(S) of coalitions, evaluated in batches.

A game says what a coalition of features is worth; an estimator (`exact_shapley`,
`permutation_shapley`, `kernel_shap`, `gaussian_process_shapley`, a LIME fit) says how these worths
are shared out. Any estimator runs on any game.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array
from xaikit.core.attribution import Attribution
from xaikit.core.chunks import ROWS, chunks
from xaikit.core.progress import track


class Game:
    """Players, and the payoffs of their coalitions.

    Parameters
    ----------
    players : int or sequence of str
        How many there are, or their names.
    value : callable
        Takes masks (B, M), True where a player is present, and returns the payoffs v(S): (B,), or
        (B, n) for n games at once. All of them are evaluated at the same coalitions. It may end in
        squeeze(): for one coalition () and (n,) are (1,) and (1, n).
    data : array (M,) or (n, M), optional
        What the players stand for (the values of features), for tables and plots. Its library,
        device and dtype are those of the answers.

    Attributes
    ----------
    evaluations : int
        Coalitions evaluated so far.
    """

    def __init__(self, players: int | Sequence[str], value: Callable, data: Array | None = None):
        if isinstance(players, int | np.integer):
            players = [f"x{i}" for i in range(players)]
        self.players = tuple(str(player) for player in players)
        if not self.players:
            raise ValueError("a game needs at least one player")
        if not callable(value):
            raise TypeError(
                f"value is {type(value).__name__}, expected a function masks (B, M) -> payoffs (B,)"
            )
        if data is not None and np.shape(data)[-1:] != (len(self.players),):
            raise ValueError(
                f"data has shape {tuple(np.shape(data))}, expected one entry for each of "
                f"{len(self.players)} players"
            )
        self.value = value
        self.data: Array | None = np.array(data) if isinstance(data, list | tuple) else data
        self.evaluations = 0

    def __call__(self, masks: Any) -> np.ndarray:
        """Return the payoffs of coalitions: masks (B, M) bool -> float64 (B,) or (B, n).

        They come as NumPy numbers wherever the model runs: there are few of them, and sums of
        differences need the precision.
        """
        masks = np.asarray(masks)
        if masks.dtype != bool or masks.ndim != 2 or masks.shape[1] != len(self.players):
            raise ValueError(
                f"masks are {masks.dtype} {masks.shape}, "
                f"expected bool (coalitions, {len(self.players)} players)"
            )
        payoffs = arrays.float64(arrays.numeric(self.value(masks), "v(S)"))
        payoffs = arrays.unsqueezed(payoffs, len(masks))
        if payoffs.ndim not in (1, 2) or len(payoffs) != len(masks):
            raise ValueError(
                f"value returned payoffs {payoffs.shape} for {len(masks)} coalitions, "
                f"expected ({len(masks)},) or ({len(masks)}, n)"
            )
        self.evaluations += len(masks)
        return payoffs

    def payoffs(self, masks: np.ndarray, progress: bool = False) -> np.ndarray:
        """Return the payoffs of many coalitions, evaluated in blocks."""
        blocks = [masks[block] for block in chunks(len(masks), ROWS)]
        return np.concatenate([self(block) for block in track(blocks, progress)])

    def ends(self) -> np.ndarray:
        """Return v(∅) and v(N), (2,) or (2, n)."""
        return self(np.array([[False], [True]]).repeat(len(self.players), axis=1))

    def answer(
        self, values: np.ndarray, ends: np.ndarray, std: np.ndarray | None = None, **more: Any
    ) -> Attribution:
        """Return an Attribution of scores (M, n); for a single game they lose the last axis."""
        data = np.ones(values.T.shape) if self.data is None else self.data
        numbers = data if arrays.is_array(data) and arrays.is_floating(data) else values

        def shaped(scores: np.ndarray) -> Array:
            return arrays.like(scores.T[0] if ends.ndim == 1 else scores.T, numbers)

        return Attribution(
            shaped(values),
            base=arrays.like(ends[0], numbers),
            output=arrays.like(ends[1], numbers),
            data=data[0] if ends.ndim == 1 and data.ndim == 2 else data,
            std=None if std is None else shaped(std),
            feature_names=self.players,
            **more,
        )
