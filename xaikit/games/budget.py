"""How long a sampling method goes on: to a budget of coalitions, or to a tolerance."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from xaikit.core.settings import expect_count

Estimate = tuple[np.ndarray, np.ndarray]  # values and their standard deviations, (M, n) each


def smallest_budget(players: int) -> int:
    """Return 2M + 2 coalitions, or all 2^M of them where that is fewer."""
    return min(2 * players + 2, 2**players)


def spend(
    estimate: Callable[[int], Estimate],
    players: int,
    budget: int | None,
    tolerance: float | None,
    most: int,
) -> Estimate:
    """Call an estimate with a budget; with a tolerance, with doubled ones until it is reached.

    Parameters
    ----------
    estimate : callable
        Budget -> values and std, (M, n) each. What it paid in a call it need not pay in the next.
    players : int
        M.
    budget : int or None
        Coalitions to pay at most. None without a tolerance is 2M + 2048; with one, `most`.
    tolerance : float or None
        Stop when in every game the largest std is at most this share of the range of its values.
    most : int
        A budget beyond which more coalitions bring nothing, or no longer fit.

    Raises
    ------
    TypeError, ValueError
        For a budget below 2M + 2 (unless it pays every coalition), a tolerance that is not
        positive.
    """
    if budget is None:
        budget = 2 * players + 2048 if tolerance is None else most
    expect_count("budget", budget, smallest_budget(players), f"coalitions for {players} players")
    budget = min(int(budget), most)
    if tolerance is None:
        return estimate(budget)
    if not tolerance > 0:
        raise ValueError(f"tolerance is {tolerance}, expected a positive number")
    # Halved from the budget, so that each is at least the double of the one before: then every
    # stratum of a draw grows, and what was paid is part of what comes next.
    budgets = [budget]
    while budgets[-1] // 2 >= max(64, 4 * players + 4):
        budgets.append(budgets[-1] // 2)
    for spent in reversed(budgets):
        values, std = estimate(spent)
        if _within(values, std, tolerance):
            return values, std
    warnings.warn(
        f"the tolerance {tolerance:g} was not reached with {budget:,} coalitions: look at std, and "
        "give a larger budget or tolerance",
        stacklevel=3,
    )
    return values, std


def _within(values: np.ndarray, std: np.ndarray, tolerance: float) -> Any:
    reach = values.max(axis=0) - values.min(axis=0)
    return (std.max(axis=0) <= tolerance * reach).all()
