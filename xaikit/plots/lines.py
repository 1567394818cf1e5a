"""Parts of bars, waterfalls and beeswarms: a line per feature, with its name and number."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import offset_copy

from xaikit.core import arrays
from xaikit.core.attribution import Attribution
from xaikit.plots.looks import distinct_labels, printable, typeset, written

MOST_LINES = 12  # in 4.5 inches more lines would be too close to each other
NAME_LENGTH, VALUE_LENGTH = 28, 14  # characters


def one_row(attribution: Attribution, row: int) -> tuple[np.ndarray, list[str]]:
    """Return a row's scores (d,), and a label "name = value" for each."""
    values = np.atleast_2d(arrays.to_numpy(attribution.values)).astype(float)
    if values.ndim != 2:
        raise ValueError(
            f"bars need rows of features (n, d), got scores {values.shape}: "
            "pictures are drawn by plots.draw_pictures"
        )
    if not 0 <= row < len(values):
        raise IndexError(f"row {row} is out of range: there are {len(values)} rows")
    names = names_of(attribution, values.shape[1])
    data = np.atleast_2d(arrays.to_numpy(attribution.data))
    if data.shape != values.shape:  # a player of several columns has no single value
        return values[row], names
    # A token is its own name, also when feature_names repeats it.
    own = [str(name) for name in attribution.feature_names or data[row]]
    labels = [
        word if isinstance(value, str) and value == token else f"{name} = {_value(value)}"
        for name, token, word, value in zip(
            names, own, distinct_labels(own, NAME_LENGTH), data[row], strict=True
        )
    ]
    return values[row], labels


def names_of(attribution: Attribution, features: int) -> list[str]:
    """Return the features' names, by default x0, x1 …"""
    names = attribution.feature_names or [f"x{i}" for i in range(features)]
    return distinct_labels([str(name) for name in names], NAME_LENGTH)


def _value(value: Any) -> str:
    """Write a feature's value: a word, a whole number, or a number with enough decimals."""
    if isinstance(value, str):
        return printable(value, VALUE_LENGTH)
    if isinstance(value, int | np.integer | bool | np.bool_):
        return typeset(str(value))
    if value != 0 and not 0.005 <= abs(value) < 1e7:
        return written(value, ".2g")
    whole = abs(value) >= 1000 or (abs(value) >= 10 and value == round(value))
    return written(value, ",.0f" if whole else ".2f")


def largest(sizes: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of the `top` largest features, in falling order, and of the others."""
    if not 1 <= top <= MOST_LINES:
        raise ValueError(f"top is {top}, expected 1 to {MOST_LINES}: more lines cannot be read")
    order = np.argsort(-sizes, kind="stable")
    # A line "1 other feature" would need as much space as that feature's own line.
    return (order, order[:0]) if len(order) <= top + 1 else (order[:top], order[top:])


def axes_for(ax: Axes | None, lines: int, margin: float) -> Axes:
    """Return the axes, or those of a new figure that is high enough for these lines."""
    if ax is None:
        _, ax = plt.subplots(figsize=(7, min(4.5, margin + 0.3 * lines)), layout="constrained")
    return ax


def name_lines(ax: Axes, labels: Sequence[str]) -> None:
    """Write a name at each line, from the bottom."""
    ax.set_yticks(range(len(labels)), labels)
    for label in ax.get_yticklabels():
        label.set_parse_math(False)  # "$5 or $6" is not a formula


def zero_line(ax: Axes) -> None:
    """Draw the line at zero, where bars begin. The frame's left side would be a second one."""
    ax.axvline(0, color="black", linewidth=0.8)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)


def write_beside(
    ax: Axes,
    ends: np.ndarray,
    lines: np.ndarray,
    texts: Sequence[str],
    rightwards: np.ndarray,
    start: np.ndarray,
) -> None:
    """Write each text beside the end of its bar, and make the x axis wide enough for all.

    Parameters
    ----------
    ax : matplotlib axes
    ends, lines : ndarray, shape (k,)
        Where the bars end: x, and y.
    texts : sequence of k str
    rightwards : ndarray of bool, shape (k,)
        Whether a text stands to the right of its bar's end.
    start : ndarray
        Other x values that the axis must hold.
    """
    figure = ax.figure.canvas.figure
    drawn = []
    for end, line, text, right in zip(ends, lines, texts, rightwards, strict=True):
        shifted = offset_copy(ax.transData, fig=figure, x=6 if right else -6, units="points")
        side = "left" if right else "right"
        drawn.append(ax.text(end, line, text, transform=shifted, va="center", ha=side, fontsize=9))
    low, high = min(ends.min(), start.min()), max(ends.max(), start.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    ax.set_xlim(low, high)
    figure.draw_without_rendering()  # sets the sizes of the texts
    widths = np.array([text.get_window_extent().width for text in drawn]) + 0.12 * figure.dpi
    left, right = (widths[side].max(initial=0) for side in (~rightwards, rightwards))
    scale = (high - low) / max(ax.get_window_extent().width - left - right, 1)
    low = min(low, (ends - scale * widths)[~rightwards].min(initial=low))
    high = max(high, (ends + scale * widths)[rightwards].max(initial=high))
    ax.set_xlim(low - 0.02 * (high - low), high + 0.02 * (high - low))
