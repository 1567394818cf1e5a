"""The way from base to output, a step per feature."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from xaikit.core import arrays
from xaikit.core.attribution import Attribution
from xaikit.plots.lines import axes_for, largest, name_lines, one_row, write_beside
from xaikit.plots.looks import NEUTRAL, colour, decimals, signed, written


def waterfall(
    attribution: Attribution,
    row: int = 0,
    ax: Axes | None = None,
    top: int = 10,
    unit: str = "units of the output",
) -> Axes:
    """Draw the way from base to output, one bar per feature.

    .. math:: base + Σ scores − gap = output

    The way starts at the base, at the bottom. The smallest scores come first, the largest last. If
    the scores do not add up to output − base, a grey bar shows the gap.

    Parameters
    ----------
    attribution : Attribution
        Of rows of features (n, d), or of a single row (d,), with a base.
    row : int
        The row to draw.
    ax : matplotlib axes
        Where to draw; None makes a new figure.
    top : int
        How many features have a bar of their own, 1 to 12; the others share one.
    unit : str
        What 1 on the axis is.

    Raises
    ------
    ValueError
        If the scores have no base or are of pictures, or `top` is out of range.
    IndexError
        If the row does not exist.
    """
    if attribution.base is None:
        raise ValueError(
            f"{attribution.method or 'this attribution'} has no base: its scores are not parts of "
            "a whole, so there is no way from a base to the output. Draw attribution_bars, or "
            "explain with a method that has a base (integrated gradients, Shapley values)"
        )
    scores, names = one_row(attribution, row)
    base, output = (
        float(np.atleast_1d(arrays.to_numpy(number))[row])
        for number in (attribution.base, attribution.output)
    )
    order, others = largest(np.abs(scores), top)
    order = order[::-1]
    steps, labels = list(scores[order]), [names[i] for i in order]
    if len(others):
        steps.insert(0, scores[others].sum())
        labels.insert(0, f"{len(others)} other features")
    gap = base + scores.sum() - output
    if _is_seen(gap, [base, output, *scores]):
        steps.append(-gap)
        labels.append("− gap (not explained)")
    sizes = np.array(steps)
    levels = base + np.append(0, np.cumsum(sizes))  # before and after each step
    lines = np.arange(1, len(sizes) + 1)
    faces = colour(sizes)
    if len(sizes) > len(order) + bool(len(others)):
        faces[-1] = NEUTRAL

    ax = axes_for(ax, len(sizes) + 2, margin=0.9)
    top_line = len(sizes) + 1
    ax.barh(lines, sizes, left=levels[:-1], color=faces)
    name_lines(ax, ["base", *labels, "output"])
    ends = [base, *levels[1:], output]
    for line, level in enumerate(levels):  # a step begins where the one below it ends
        ax.plot([level, level], [line, line + 1], color=NEUTRAL, linewidth=0.8, zorder=0.5)
    ax.plot([base, output], [0, top_line], "D", color="black", markersize=5)
    ax.set_ylim(-0.6, top_line + 0.6)
    texts = [_level(base, sizes), *signed(sizes), _level(output, sizes)]
    write_beside(
        ax,
        np.array(ends),
        np.arange(top_line + 1),
        texts,
        rightwards=np.array([True, *(sizes >= 0), True]),
        start=levels,
    )
    ax.set_xlabel(f"{attribution.method or 'scores'}, in {unit}")
    return ax


def _level(level: float, steps: np.ndarray) -> str:
    """Write base or output with one decimal more than the steps between them."""
    places = decimals(steps)
    if places is None or abs(level) >= 1e7:
        return written(level, ".8g")
    return written(level, f",.{places + 1 if places else 0}f")


def _is_seen(gap: float, numbers: Sequence[float]) -> bool:
    """Return whether a gap is more than rounding, and not zero in the figure's decimals."""
    if abs(gap) <= 1e-6 * max(map(abs, numbers)):
        return False
    return any(digit in "123456789" for digit in signed(np.array([*numbers[2:], gap]))[-1])
