"""The scores of one row as bars, with intervals if the scores were estimated by sampling."""

import numpy as np
from matplotlib.axes import Axes

from xaikit.core import arrays
from xaikit.core.attribution import Attribution
from xaikit.plots.lines import axes_for, largest, name_lines, one_row, write_beside, zero_line
from xaikit.plots.looks import NEUTRAL, colour, signed


def attribution_bars(
    attribution: Attribution,
    row: int = 0,
    ax: Axes | None = None,
    top: int = 10,
    unit: str = "units of the output",
) -> Axes:
    """Draw the scores of one row as horizontal bars, largest on top, with their signs in text.

    If the scores were estimated by sampling, black lines are their 95% intervals
    (`Attribution.interval`). The sum of other features has none: its parts' errors are correlated.

    Parameters
    ----------
    attribution : Attribution
        Of rows of features (n, d), or of a single row (d,).
    row : int
        The row to draw.
    ax : matplotlib axes
        Where to draw; None makes a new figure.
    top : int
        How many features have a bar of their own, 1 to 12; the others share one, in grey.
    unit : str
        What 1 on the axis is.

    Raises
    ------
    IndexError, ValueError
        If the row does not exist, the scores are of pictures, or `top` is out of range.
    """
    scores, names = one_row(attribution, row)
    order, others = largest(np.abs(scores), top)
    sizes, labels = scores[order], [names[i] for i in order]
    halves = np.zeros(len(sizes))
    if attribution.std is not None:
        low, high = (np.atleast_2d(arrays.to_numpy(end))[row] for end in attribution.interval())
        halves = (high - low)[order] / 2
        halves[~np.isfinite(halves)] = 0  # from a single pair of orders: its spread is unknown
    if len(others):
        sizes = np.append(sizes, scores[others].sum())
        halves = np.append(halves, 0)
        labels.append(f"{len(others)} other features")
    # Positions count from the bottom, and the largest is on top.
    sizes, halves, labels = sizes[::-1], halves[::-1], labels[::-1]
    ax = axes_for(ax, len(sizes), margin=1.2)
    # Positions, not the labels themselves: two tokens may be the same word.
    positions = np.arange(len(sizes))
    bars = ax.barh(positions, sizes, color=colour(sizes))
    if len(others):  # a sum is no rival of single features
        bars[0].set(facecolor=NEUTRAL, hatch="///", edgecolor="white")
    name_lines(ax, labels)
    if attribution.std is not None:
        known = positions[halves > 0]
        ax.errorbar(sizes[known], known, xerr=halves[known], fmt="none", ecolor="black", capsize=2)
    ends = sizes + np.where(sizes >= 0, halves, -halves)
    write_beside(ax, ends, positions, signed(sizes), rightwards=sizes >= 0, start=np.zeros(1))
    zero_line(ax)
    words = f"{attribution.method or 'score'}, in {unit}"
    ax.set_xlabel(words if attribution.std is None else f"{words}\nlines: 95% intervals")
    return ax
