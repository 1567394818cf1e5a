"""The scores of many rows, a point per row."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from xaikit.core import arrays
from xaikit.core.attribution import Attribution
from xaikit.plots.lines import axes_for, largest, name_lines, names_of
from xaikit.plots.looks import NEUTRAL, signed

# Viridis without its palest end. Its lightness rises, so it can be read in print. A thin dark edge
# keeps the light points visible on white.
LOW_TO_HIGH = LinearSegmentedColormap.from_list(
    "low-high", plt.get_cmap("viridis")(np.linspace(0, 0.92, 64))
)
EDGE: dict = {"edgecolors": "#404040", "linewidths": 0.3}


def beeswarm(
    attribution: Attribution,
    top: int = 10,
    ax: Axes | None = None,
    unit: str = "units of the output",
) -> Axes:
    """Draw the scores of many rows: a line per feature, a point per row, coloured by value.

    Features are sorted by their mean |score|, which is in brackets. Points that would hide each
    other move up and down, the same way in every run. Colours span a feature's 5th to 95th
    percentile, so that one extreme value does not give all others the same colour.

    Parameters
    ----------
    attribution : Attribution
        Of several rows of features, (n, d); its data are numbers.
    top : int
        How many features have a line of their own, 1 to 12. One grey line shows the sums of the
        others.
    ax : matplotlib axes
        Where to draw; None makes a new figure.
    unit : str
        What 1 on the axis is.

    Raises
    ------
    ValueError
        If there is a single row, pictures or text, or `top` is out of range.
    """
    scores = arrays.to_numpy(attribution.values).astype(float)
    if scores.ndim != 2 or len(scores) < 2:
        raise ValueError(
            f"a beeswarm needs several rows of features (n, d), got scores {scores.shape}: "
            "draw one row by attribution_bars or waterfall"
        )
    data = arrays.to_numpy(attribution.data)
    if data.dtype.kind not in "biuf" or data.shape != scores.shape:
        raise ValueError(
            "a beeswarm colours each score by its feature's value, and needs a number for each: "
            f"got scores {scores.shape} and data {data.shape} of {data.dtype} values"
        )
    sizes = np.abs(scores).mean(axis=0)
    order, others = largest(sizes, top)
    names = names_of(attribution, scores.shape[1])
    written = [text.lstrip("+") for text in signed(sizes[order])]
    labels = [f"{names[i]} ({size})" for i, size in zip(order, written, strict=True)]
    swarms = [scores[:, i] for i in order]
    if len(others):
        labels.append(f"{len(others)} other features, sum")
        swarms.append(scores[:, others].sum(axis=1))
    ax = axes_for(ax, len(labels), margin=1.2)
    name_lines(ax, labels[::-1])
    ax.axvline(0, color="black", linewidth=0.8, zorder=0)
    reach = np.abs(swarms).max() or 1.0
    for place, points in enumerate(swarms):
        heights = len(swarms) - 1 - place + _spread(points, reach)
        if place < len(order):
            shades = _shades(data[:, order[place]].astype(float))
            dots = ax.scatter(
                points, heights, s=11, c=shades, cmap=LOW_TO_HIGH, vmin=0, vmax=1, **EDGE
            )
        else:
            ax.scatter(points, heights, s=9, color=NEUTRAL)
    bar = plt.colorbar(dots, ax=ax, aspect=40, pad=0.02)
    bar.set_ticks([0, 1], labels=["low", "high"])
    ax.margins(x=0.05)
    ax.set_ylim(-0.6, len(labels) - 0.4)
    method = attribution.method or "score"
    ax.set_xlabel(f"{method}, in {unit}\nin brackets: mean |score|; colour: feature's value")
    return ax


def _shades(values: np.ndarray) -> np.ndarray:
    """Scale values (n,) so that their 5th percentile is 0 and their 95th is 1; clip the rest."""
    low, high = np.percentile(values, [5, 95])
    if low == high:  # such as a column of zeros and a few ones
        low, high = values.min(), values.max()
    return np.clip((values - low) / (high - low), 0, 1) if high > low else np.full(len(values), 0.5)


def _spread(points: np.ndarray, reach: float) -> np.ndarray:
    """Return heights in ±0.4 for scores (n,), so that points of nearly the same score pile up."""
    places = np.round(points / reach * 60).astype(int)
    heights = np.zeros(len(points))
    for place in np.unique(places):
        pile = np.flatnonzero(places == place)
        ranks = np.arange(len(pile))
        # 0, 1, −1, 2, −2 … from the middle.
        heights[pile] = (ranks + 1) // 2 * np.where(ranks % 2, 1, -1)
    return heights * min(0.09, 0.4 / (np.abs(heights).max() or 1))
