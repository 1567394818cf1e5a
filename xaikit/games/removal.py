"""Games of absent features: baseline and marginal.

An absent feature gets a baseline's value or other rows' values. Values that are drawn given the
present features are in `conditional.py`, texts without their absent tokens in `texts.py`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.chunks import chunk_rows, chunks
from xaikit.core.question import Question, ask
from xaikit.games.game import Game

FEW_ROWS = 8


def baseline_game(
    model: Callable,
    x: Any,
    baseline: Any = None,
    target: Any = 0,
    groups: Mapping[str, Sequence[int]] | None = None,
) -> Game:
    """Make the game v(S) = F(x_S, b): an absent feature has its baseline value.

    Parameters
    ----------
    model : callable
        F: rows (n, d) -> (n,) or (n, k).
    x : array (n, …) or (d,)
        Rows to explain, or a single row.
    baseline : None, number, row, or array like x
        b; None means zeros.
    target : int or (n,) ints
        The output column; one for all rows or one for each.
    groups : dict of str to columns, optional
        Players of several columns each (a one-hot block, a superpixel), by column number. Every
        other column is a player of its own, after them.

    Returns
    -------
    Game
        Payoffs (B,) for a single row, (B, n) for rows.

    Raises
    ------
    TypeError, ValueError
        For a model that returns labels, NaN or another number of rows; NaN in x; a baseline of
        another shape; groups that share a column.
    """
    question = ask(model, x, target, baseline)
    return mixing_game(question, question.given_baseline()[:, None], groups)


def marginal_game(
    model: Callable,
    x: Any,
    background: Any,
    target: Any = 0,
    groups: Mapping[str, Sequence[int]] | None = None,
) -> Game:
    """Make the game v(S) = mean over a background of F(x_S, X_{−S}): values come from other rows.

    The dependence between features is ignored.

    Parameters
    ----------
    background : array (m, …)
        Rows that represent the data, of x's library, device and dtype.
    model, x, target, groups
        See `baseline_game`.

    Returns
    -------
    Game
        Payoffs (B,) for a single row, (B, n) for rows.

    Raises
    ------
    TypeError, ValueError
        As `baseline_game`; for a background with NaN or of another width.

    References
    ----------
    - Lundberg & Lee 2017, A Unified Approach to Interpreting Model Predictions, arXiv:1705.07874.
    - Janzing, Minorics & Blöbaum 2020, Feature relevance quantification …, arXiv:1910.13413.
    """
    question, rows = ask(model, x, target, second=background).with_rows(background, "background")
    return mixing_game(question, rows[None], groups)


def mixing_game(
    question: Question, others: Array, groups: Mapping[str, Sequence[int]] | None = None
) -> Game:
    """Make the game v(S) = mean over m of F(x_S, others_{−S}); others is (1 or n, m, …)."""
    x, xp = question.x, namespace(question.x)
    # Copies: the game may be evaluated much later, when the caller's arrays hold other numbers.
    flat, others = arrays.copied(x).reshape(len(x), -1), arrays.copied(others)
    others = others.reshape(others.shape[0], others.shape[1], -1)
    others = xp.broadcast_to(others, (len(x), *others.shape[1:]))
    players, column_masks = name_players(groups, flat.shape[1], question.names)
    at_once = chunk_rows(flat.shape[1])

    def blocks(coalitions: int) -> Iterator[tuple[slice, slice, slice]]:
        # One call of the model takes all the background rows it can, then rows, then coalitions.
        m = min(others.shape[1], at_once)
        n = min(len(x), at_once // m)
        cuts = (chunks(coalitions, at_once // (m * n)), chunks(len(x), n))
        return product(*cuts, chunks(others.shape[1], m))

    def value(masks: np.ndarray) -> np.ndarray:
        present = arrays.indices(column_masks(masks), x)
        payoffs = np.zeros((len(masks), len(x)))
        for coalitions, rows, part in blocks(len(masks)):
            mixed = _mixed(present[coalitions], flat[rows], others[rows, part])
            size = tuple(mixed.shape[:3])
            row_of = np.broadcast_to(np.arange(len(x))[None, rows, None], size).ravel()
            outputs = question.target_outputs(mixed.reshape(-1, *x.shape[1:]), row_of, fresh=True)
            payoffs[coalitions, rows] += outputs.reshape(size).sum(axis=2)
        # v(S) is the mean over the background.
        return question.unbatched(payoffs / others.shape[1], axis=1)

    return Game(
        players,
        value,
        data_of_players(flat if question.table is None else question.data, groups),
        question.unbatched(question.explained),
    )


def _mixed(present: Array, x: Array, others: Array) -> Array:
    """Return x where present (c, d), others (n, m, d) elsewhere: (c, n, m, d)."""
    if arrays.is_torch(x) or others.shape[1] < FEW_ROWS:
        return namespace(x).where(present[:, None, None], x[:, None], others)
    # Overwriting whole columns of the background is twice as fast as a test at every number.
    mixed = np.empty((len(present), *others.shape), dtype=x.dtype)
    mixed[:] = others
    coalition, column = np.nonzero(present)
    mixed[coalition, :, :, column] = x.T[column][:, :, None]
    return mixed


def name_players(
    groups: Mapping[str, Sequence[int]] | None, columns: int, names: Sequence[str] | None = None
) -> tuple[Sequence[str], Callable[[np.ndarray], np.ndarray]]:
    """Return the players' names, and a function from masks of players to masks of columns."""
    names = list(names) if names is not None else [f"x{i}" for i in range(columns)]
    if groups is None:
        return names, lambda masks: masks
    if not isinstance(groups, Mapping):
        raise TypeError(
            f"groups is {type(groups).__name__}, expected a dict: a player's name -> its columns"
        )
    player_of = np.full(columns, -1)
    for player, (name, members) in enumerate(groups.items()):
        chosen = arrays.to_numpy(members)
        if chosen.ndim != 1 or chosen.dtype.kind not in "iu" or not chosen.size:
            raise TypeError(f"group {name!r} is {members!r}, expected numbers of columns")
        outside = chosen[(chosen < 0) | (chosen >= columns)]
        if outside.size:
            raise ValueError(f"group {name!r} names column {outside[0]} of {columns}")
        if (player_of[chosen] >= 0).any():
            raise ValueError(f"group {name!r} holds a column that another group has already")
        player_of[chosen] = player
    alone = np.flatnonzero(player_of < 0)
    if taken := sorted({names[i] for i in alone} & set(groups)):
        raise ValueError(f"group {taken[0]!r} has the name of a column that is not in a group")
    player_of[alone] = len(groups) + np.arange(len(alone))
    return [*groups, *(names[i] for i in alone)], lambda masks: masks[:, player_of]


def data_of_players(flat: Array, groups: Mapping | None) -> Array:
    """Return the players' values: those of their column, or 1 (present) for a group."""
    if groups is None:
        return flat
    grouped = {int(c) for members in groups.values() for c in arrays.to_numpy(members)}
    alone = sorted(set(range(flat.shape[1])) - grouped)
    xp = namespace(flat)
    ones = xp.zeros_like(flat[:, :1]) + 1
    return xp.concat([*[ones] * len(groups), *(flat[:, i : i + 1] for i in alone)], axis=1)
