"""The number of coalitions to evaluate: a budget, or doubling budgets up to a tolerance.

A sampling method is a loop over budgets::

    for coalitions in budgets(players, budget, tolerance, most):
        values, std = …
        if reached(tolerance, values, std):
            break
    else:
        warn_not_reached(tolerance, coalitions)
"""

import warnings

import numpy as np

from xaikit.core.settings import expect_count


def smallest_budget(players: int) -> int:
    """Return the smallest budget: 2M + 2 coalitions, or all :math:`2^M` if that is fewer."""
    return min(2 * players + 2, 2**players)


def budgets(players: int, budget: int | None, tolerance: float | None, most: int) -> list[int]:
    """Return the budgets to try, in coalitions: one, or doubling ones for a tolerance.

    Each is at least twice the one before. So every stratum of a draw grows, and the coalitions of
    one budget are among those of the next.

    Parameters
    ----------
    players : int
        Their number, M.
    budget : int or None
        The largest one. None is 2M + 2048 without a tolerance, and `most` with one.
    tolerance : float or None
    most : int
        The budget beyond which more coalitions do not help, or do not fit in memory.

    Raises
    ------
    TypeError, ValueError
        For a budget below `smallest_budget`, a tolerance that is not positive.
    """
    if budget is None:
        budget = 2 * players + 2048 if tolerance is None else most
    expect_count("budget", budget, smallest_budget(players), f"coalitions for {players} players")
    found = [min(int(budget), most)]
    if tolerance is None:
        return found
    if not tolerance > 0:
        raise ValueError(f"tolerance is {tolerance}, expected a positive number")
    while found[-1] // 2 >= max(64, 4 * players + 4):
        found.append(found[-1] // 2)
    return found[::-1]


def reached(tolerance: float | None, values: np.ndarray, std: np.ndarray) -> bool:
    """Tell whether the largest std of every game is at most tolerance · range of its values.

    values and std are (M, n), with a column for each game. None accepts any std.
    """
    if tolerance is None:
        return True
    reach = values.max(axis=0) - values.min(axis=0)
    return bool((std.max(axis=0) <= tolerance * reach).all())


def warn_not_reached(tolerance: float | None, budget: int) -> None:
    """Warn the caller of the sampling method."""
    warnings.warn(
        f"the tolerance {tolerance:g} was not reached with {budget:,} coalitions: look at std, and "
        "give a larger budget or tolerance",
        stacklevel=3,
    )
