"""Games of absent features: baseline and marginal.

An absent feature gets a baseline's value or other rows' values. Values that are drawn given the
present features are in `conditional.py`, texts without their absent tokens in `texts.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xaikit.core.question import ask
from xaikit.games.game import Game
from xaikit.games.mixing import mixing_game
from xaikit.games.players import blocks_of


def baseline_game(
    model: Callable,
    x: Any,
    baseline: Any = None,
    target: Any = 0,
    groups: Mapping[str, Sequence] | None = None,
) -> Game:
    """Make the game :math:`v(S) = F(x_S, b)`: an absent feature has its baseline value.

    Parameters
    ----------
    model : callable
        F: rows (n, d) -> (n,) or (n, k).
    x : array (n, …) or (d,), data frame or series, sparse matrix
        Rows to explain, or a single row. F is called with rows of the same kind.
    baseline : None, number, row, or array like x
        b; None means zeros.
    target : int or (n,) ints
        The output column; one for all rows or one for each.
    groups : dict of str to columns, optional
        Players of several columns each (a one-hot block, a superpixel), by number or, in a frame,
        by name. Every other column is a player of its own, after them.

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
    groups: Mapping[str, Sequence] | None = None,
    categorical: Sequence | None = None,
) -> Game:
    """Make the game :math:`v(S) = E[F(x_S, X_−S)]`: absent values come from a background's rows.

    The dependence between features is ignored.

    Parameters
    ----------
    background : array (m, …)
        Rows that represent the data, of x's library, device and dtype.
    categorical : sequence of columns, optional
        Categories that are written in several columns (a one-hot block) each: a sequence of names
        or numbers of columns, which become one player. So no row is made that is in no
        category or in two. A category in a single column needs no declaration: absent, it is drawn
        from the background like any value.
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
    if categorical is not None:
        blocks = blocks_of(categorical, question.x.shape[1], question.names)
        groups = {**blocks, **({} if groups is None else groups)}
    return mixing_game(question, rows[None], groups)
