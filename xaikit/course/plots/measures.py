"""Drawings of measures of explanations: agreement, a deletion curve, one measure by another."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection

from xaikit.course.plots.names import Mark, name_beside
from xaikit.course.plots.parts import HALO, ROUND, plain_ticks
from xaikit.plots.looks import DIVERGING, NEUTRAL, ink, written
from xaikit.plots.methods import METHODS, strokes

CONTROL: dict = {"color": NEUTRAL, "marker": "s"}


def draw_agreement(ranks: np.ndarray, names: Sequence[str], groups: Mapping[str, int]) -> None:
    """Draw rank correlations as a triangle, with their numbers, and brackets around groups.

    Parameters
    ----------
    ranks : ndarray, shape (k, k)
        Symmetric.
    names : sequence of k str
    groups : mapping from a word to a number of names
        The word stands at so many names; the first word at the first names, and so on.
    """
    _, ax = plt.subplots(figsize=(7, 4.3))
    below = np.tril(np.ones_like(ranks, dtype=bool), -1)[1:, :-1]
    shown = np.where(below, ranks[1:, :-1], np.nan)
    image = ax.imshow(shown, cmap=DIVERGING, vmin=-1, vmax=1, aspect="auto")
    for i, j in np.argwhere(below):
        words = written(shown[i, j], ".2f")
        shade = "white" if shown[i, j] < -0.6 else "black"
        ax.text(j, i, words, ha="center", va="center", fontsize=8, color=shade)
    ax.set_xticks(range(len(names) - 1), names[:-1], rotation=45, ha="right")
    ax.set_yticks(range(len(names) - 1), names[1:])
    first = 0
    for words, count in groups.items():
        # In the rows of the triangle, name i stands in row i − 1; right of them is room.
        top, bottom = max(first, 1) - 1, first + count - 2
        at = min(bottom + 0.7, len(names) - 2.6)
        if words != list(groups)[-1]:
            ax.plot([at, at], [top - 0.3, bottom + 0.3], color=NEUTRAL, clip_on=False)
            ax.text(at + 0.15, (top + bottom) / 2, words, va="center", fontsize=9)
        first += count
    plt.colorbar(image, ax=ax, label="rank correlation", aspect=30)


def draw_curve(
    steps: np.ndarray,
    curves: Mapping[str, np.ndarray],
    orders: np.ndarray,
    unit: str = "units of the output",
) -> None:
    """Draw curves of deletion, with their names, over those of random orders, one a row."""
    _, ax = plt.subplots(figsize=(7, 3.4))
    # In one piece: a line for each order would take as long as all the rest of the figure.
    ways = [np.column_stack([steps, order]) for order in orders]
    ax.add_collection(LineCollection(ways, colors=NEUTRAL, linewidths=0.5, alpha=0.4))
    beside: dict = {"textcoords": "offset points", "fontsize": 9, "ha": "center"}
    for name, outputs in curves.items():
        looks = strokes(name) if name in METHODS else CONTROL
        ax.plot(steps, outputs, **looks, linewidth=2)
        # Where it is farthest from the others, on their other side; the ends are common to all.
        others = [curve for other, curve in curves.items() if other != name] or [*orders]
        away = np.abs(outputs - others).min(axis=0)[1:-1]
        at = 1 + away.argmax()
        above = outputs[at] > np.mean(others, axis=0)[at]
        text: dict = {"va": "bottom" if above else "top", "path_effects": HALO, "weight": "bold"}
        place, offset = (steps[at], outputs[at]), (0, 7 if above else -7)
        ax.annotate(name, place, offset, color=ink(looks["color"]), **text, **beside)
    words = f"grey: {len(orders)} random orders"
    ax.annotate(words, (0.98, 0.95), xycoords="axes fraction", fontsize=9, ha="right", va="top")
    ax.margins(y=0.12)
    ax.set(xlabel="share of features at the baseline", ylabel=f"forecast, in {unit}")


def draw_two_measures(
    points: Mapping[str, tuple[np.ndarray, np.ndarray]],
    controls: int,
    across: str,
    up: str,
    middle: bool = False,
) -> None:
    """Draw one measure of explanations against another, on logarithmic axes, with bars over rows.

    Parameters
    ----------
    points : mapping from a name to two arrays
        Values of both measures, one a row.
    controls : int
        The last so many names are controls, and are drawn as grey squares.
    across, up : str
        The names of the measures.
    middle : bool
        Whether to draw medians with the middle half of the rows, instead of means with their 95%
        intervals.
    """
    _, ax = plt.subplots(figsize=(7, 3.8))
    places, marks = [], []
    for place, (name, pair) in enumerate(points.items()):
        (x, *ends), (y, *heights) = (_spread(np.asarray(values), middle) for values in pair)
        control = place >= len(points) - controls
        plain = control or name not in METHODS
        look = CONTROL if plain else strokes(name)
        up_down, left_right = np.reshape(heights, (2, 1)), np.reshape(ends, (2, 1))
        ax.errorbar(x, y, up_down, left_right, **look, markersize=6, elinewidth=1)
        places.append((x, y))
        marks.append(Mark(np.array([(x, y)]), name, look["color"]))
    ax.set(xscale="log", yscale="log", xlabel=f"{across}, log scale", ylabel=f"{up}, log scale")
    for axis, centres in zip((ax.xaxis, ax.yaxis), zip(*places, strict=True), strict=True):
        plain_ticks(axis, (t for t in ROUND if min(centres) / 1.6 <= t <= max(centres) * 1.6))
    bars = [
        Mark(np.array(ends), line=True)
        for lines in ax.collections
        if isinstance(lines, LineCollection)
        for ends in lines.get_segments()
    ]
    name_beside(ax, [*marks, *bars])


def _spread(values: np.ndarray, middle: bool) -> tuple[float, float, float]:
    """Return a centre, and how far its bar reaches below and above."""
    if middle:
        low, centre, high = np.quantile(values, (0.25, 0.5, 0.75))
        return centre, centre - low, high - centre
    half = 1.96 * values.std() / np.sqrt(values.size)
    return values.mean(), half, half
