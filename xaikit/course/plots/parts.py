"""Parts that several of the course's figures share."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from xaikit.plots.looks import DIVERGING, GREYS, colour

# Round numbers for logarithmic axes.
ROUND = [m * 10.0**e for e in range(-6, 5) for m in (1, 2, 5)]
MOST_MARKED = 32  # a wider map has no room for signs in its cells


def framed(ax: Axes) -> None:
    """Give a picture a frame, and no ticks."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(True)


def draw_map(
    ax: Axes, scores: np.ndarray, limit: float, signed: bool = True, **looks: Any
) -> AxesImage:
    """Draw scores (h, w) on a map centred at zero, whose ends are ±limit, and frame it.

    A small − stands in each cell below −20% of the limit: in grey print the colours of the signs
    are alike. Sizes, which have no sign, are grey from zero on.
    """
    cmap, lowest = (DIVERGING, -limit) if signed else (GREYS, 0.0)
    image = ax.imshow(scores, cmap=cmap, vmin=lowest, vmax=limit, **looks)
    if max(scores.shape) <= MOST_MARKED:
        mark_negative(ax, scores, limit, image.get_extent())
    framed(ax)
    return image


def mark_negative(ax: Axes, scores: np.ndarray, limit: float, extent: Iterable[float]) -> None:
    """Write a small − into each cell below −20% of the limit, white where the cell is dark."""
    left, right, bottom, top = extent
    size = 7 if max(scores.shape) <= 16 else 5
    rows, columns = scores.shape
    for i, j in np.argwhere(scores < -0.2 * limit):
        x = left + (j + 0.5) * (right - left) / columns
        y = top + (i + 0.5) * (bottom - top) / rows
        shade = "white" if scores[i, j] < -0.6 * limit else "black"
        ax.text(x, y, "−", color=shade, ha="center", va="center", fontsize=size)


def signs_bar(figure: Figure, axes: Iterable[Axes], words: str) -> None:
    """Draw the colours of the signs beside maps whose scales differ; `words` say what they mean."""
    colours = ScalarMappable(Normalize(-1, 1), DIVERGING)
    bar = figure.colorbar(colours, ax=list(axes), shrink=0.75, aspect=25, ticks=[-1, 0, 1])
    bar.set_ticklabels(["−", "0", "+"])
    bar.set_label(words, fontsize=9)


def plain_ticks(axis: Axis, ticks: Iterable[float]) -> None:
    """Write ticks of a logarithmic axis as plain numbers, and none between them."""
    axis.set_ticks(ticks := list(ticks), [f"{tick:g}" for tick in ticks])
    axis.set_ticks([], minor=True)


def signed_bar(ax: Axes, y: float, value: float, height: float, words: str, **looks: Any) -> None:
    """Draw a bar in the colour of its sign, with words behind its end."""
    ax.barh(y, value, height, **{"color": colour(np.array(value)), **looks})
    ax.annotate(
        words,
        (max(value, 0), y),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
    )


def bell(z: np.ndarray, mean: float, spread: float) -> np.ndarray:
    """Return the density of a normal distribution."""
    return np.exp(-0.5 * ((z - mean) / spread) ** 2) / (spread * (2 * np.pi) ** 0.5)
