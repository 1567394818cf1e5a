"""Drawings of measures of explanations: agreement, a deletion curve, one measure by another."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from xaikit.course.plots.parts import ROUND, plain_ticks
from xaikit.plots.looks import DIVERGING, NEUTRAL, POSITIVE

OFFSETS = [
    ((6, 5), "left", "bottom"),
    ((-6, 5), "right", "bottom"),
    ((6, -5), "left", "top"),
    ((-6, -5), "right", "top"),
    ((6, 16), "left", "bottom"),
    ((6, -16), "left", "top"),
]


def draw_agreement(ranks: np.ndarray, names: Sequence[str]) -> None:
    """Draw a square table of rank correlations, with their numbers."""
    _, ax = plt.subplots(figsize=(7, 4.3))
    image = ax.imshow(ranks, cmap=DIVERGING, vmin=-1, vmax=1)
    for (i, j), value in np.ndenumerate(ranks):
        ax.text(j, i, f"{value.round(2) + 0:.2f}", ha="center", va="center", fontsize=8)
    ax.set_xticks(range(len(names)), names, rotation=45, ha="right")
    ax.set_yticks(range(len(names)), names)
    plt.colorbar(image, ax=ax, label="rank correlation")


def draw_curve(steps: np.ndarray, outputs: np.ndarray, orders: np.ndarray, name: str) -> None:
    """Draw a curve of deletion over those of random orders, one a row of `orders`."""
    _, ax = plt.subplots(figsize=(7, 3.4))
    for order in orders:
        ax.plot(steps, order, color=NEUTRAL, linewidth=0.5, alpha=0.4)
    ax.plot(steps, outputs, "o-", color=POSITIVE, label=name)
    ax.set(xlabel="share of features at the baseline", ylabel="forecast", ylim=(-1.3, 2.9))
    ax.legend(frameon=False)


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
        The last so many names are controls, and are drawn in grey.
    across, up : str
        The names of the measures.
    middle : bool
        Whether to draw medians with the middle half of the rows, instead of means with their 95%
        intervals.
    """
    _, ax = plt.subplots(figsize=(7, 3.8))
    places = []
    for place, pair in enumerate(points.values()):
        (x, *ends), (y, *heights) = (_spread(np.asarray(values), middle) for values in pair)
        control = place >= len(points) - controls
        shade, marker = (NEUTRAL, "s") if control else ("black", "o")
        up_down, left_right = np.reshape(heights, (2, 1)), np.reshape(ends, (2, 1))
        ax.errorbar(x, y, up_down, left_right, marker, color=shade, markersize=5, elinewidth=1)
        places.append((x, y))
    ax.set(xscale="log", yscale="log", xlabel=across, ylabel=up)
    for axis, centres in zip((ax.xaxis, ax.yaxis), zip(*places, strict=True), strict=True):
        plain_ticks(axis, (t for t in ROUND if min(centres) / 1.6 <= t <= max(centres) * 1.6))
    _label(ax, dict(zip(points, places, strict=True)))


def _spread(values: np.ndarray, middle: bool) -> tuple[float, float, float]:
    """Return a centre, and how far its bar reaches below and above."""
    if middle:
        low, centre, high = np.quantile(values, (0.25, 0.5, 0.75))
        return centre, centre - low, high - centre
    half = 1.96 * values.std() / np.sqrt(values.size)
    return values.mean(), half, half


def _label(ax: Axes, places: Mapping[str, tuple[float, float]]) -> None:
    """Write each name beside its point, where no earlier name and no point stands."""
    plt.gcf().draw_without_rendering()
    taken = []
    for x, y in places.values():
        across, up = ax.transData.transform((x, y))
        taken.append(Bbox.from_bounds(across - 4, up - 4, 8, 8))
    for name, place in places.items():
        for offset, side, height in OFFSETS:
            text = ax.annotate(
                name, place, offset, textcoords="offset points", ha=side, va=height, fontsize=8
            )
            box = text.get_window_extent()
            if not any(box.overlaps(other) for other in taken):
                break
            text.remove()
        else:
            ax.add_artist(text)
        taken.append(box)
