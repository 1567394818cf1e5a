"""Cooperative games: players, and the payoffs v(S) of coalitions, evaluated in batches.

A game gives the payoff of a coalition of features. An estimator (`exact_shapley`,
`permutation_shapley`, `kernel_shap`, `gaussian_process_shapley`, a LIME fit) divides payoffs among
the players. Any estimator runs on any game.

The games of features are made by `baseline_game`, `marginal_game` and `text_game` (`removal.py`)
and by `conditional_game` (`conditional.py`).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array
from xaikit.core.attribution import Attribution
from xaikit.core.chunks import ROWS, chunks
from xaikit.core.models import expect_same_outputs
from xaikit.core.progress import track


class Game:
    """Players, and the payoffs of their coalitions.

    Parameters
    ----------
    players : int or sequence of str
        Their number, or their names.
    value : callable
        Takes masks (B, M), True where a player is present, and returns the payoffs v(S): (B,), or
        (B, n) for n games at once. All of them are evaluated at the same coalitions. It may end in
        squeeze(): for one coalition () and (n,) are (1,) and (1, n). Its attribute `at_once`, if it
        has one, says how many coalitions it takes well; else it gets at most 2,048. One that
        remembers payoffs has another, `again`: a function like it that does not.
    data : array (M,) or (n, M), optional
        The values of the players (of the features), for tables and plots. Attributions have its
        library, device and dtype.
    full : array (n,) or 0-d, optional
        F(x), where v(N) must be F(x), up to rounding.

    Attributes
    ----------
    evaluations : int
        Number of coalitions evaluated so far.
    at_once : int
        Number of coalitions for one call of `value`.
    """

    def __init__(
        self,
        players: int | Sequence[str],
        value: Callable,
        data: Array | None = None,
        full: np.ndarray | None = None,
    ):
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
        self.at_once: int = getattr(value, "at_once", ROWS)
        self.data: Array | None = np.array(data) if isinstance(data, list | tuple) else data
        self.full = full
        self.evaluations = 0

    def __call__(self, masks: Any) -> np.ndarray:
        """Return the payoffs of coalitions: masks (B, M) bool -> float64 (B,) or (B, n).

        They are NumPy arrays on any device of the model: they are few, and sums of differences
        need the precision.
        """
        masks = np.asarray(masks)
        if masks.dtype != bool or masks.ndim != 2 or masks.shape[1] != len(self.players):
            raise ValueError(
                f"masks are {masks.dtype} {masks.shape}, "
                f"expected bool (coalitions, {len(self.players)} players)"
            )
        payoffs = self._values(masks, self.value)
        self.evaluations += len(masks)
        if self.full is not None:
            everyone = np.ones((1, len(self.players)), dtype=bool)
            again = getattr(self.value, "again", self.value)  # some remember what they were asked
            expect_same_outputs(
                payoffs[masks.all(axis=1)],
                self.full,
                payoffs,
                lambda: self._values(everyone, again),
            )
        return payoffs

    def _values(self, masks: np.ndarray, value: Callable) -> np.ndarray:
        """Return the payoffs of checked masks, checked."""
        payoffs = arrays.float64(arrays.numeric(value(masks), "v(S)"))
        payoffs = arrays.unsqueezed(payoffs, len(masks))
        if payoffs.ndim not in (1, 2) or len(payoffs) != len(masks):
            raise ValueError(
                f"value returned payoffs {payoffs.shape} for {len(masks)} coalitions, "
                f"expected ({len(masks)},) or ({len(masks)}, n)"
            )
        return payoffs

    def payoffs(self, masks: np.ndarray, progress: bool = False) -> np.ndarray:
        """Return the payoffs of many coalitions, evaluated in blocks."""
        blocks = [masks[block] for block in chunks(len(masks), self.at_once)]
        return np.concatenate([self(block) for block in track(blocks, progress)])

    def ends(self) -> np.ndarray:
        """Return v(∅) and v(N), (2,) or (2, n)."""
        return self(np.array([[False], [True]]).repeat(len(self.players), axis=1))

    def answer(
        self, values: np.ndarray, ends: np.ndarray, std: np.ndarray | None = None, **more: Any
    ) -> Attribution:
        """Return scores (M, n) as an Attribution; those of a single game lose the axis n."""
        data = np.ones(values.T.shape) if self.data is None else self.data
        numbers = arrays.floating(data) if arrays.is_numeric(data) else values

        def shaped(scores: np.ndarray) -> Array:
            return arrays.like(scores.T[0] if ends.ndim == 1 else scores.T, numbers)

        return Attribution(
            shaped(values),
            base=arrays.like(ends[0], numbers),
            output=arrays.like(ends[1] if self.full is None else self.full, numbers),
            data=data[0] if ends.ndim == 1 and data.ndim == 2 else data,
            std=None if std is None else shaped(std),
            feature_names=self.players,
            **more,
        )
