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
from matplotlib.patheffects import withStroke

from xaikit.plots.looks import DIVERGING, GREYS, colour

# Round numbers for logarithmic axes.
ROUND = [m * 10.0**e for e in range(-6, 5) for m in (1, 2, 5)]
# Keeps words readable over lines and pixels, and cuts them less than a box would.
HALO = [withStroke(linewidth=2, foreground="white")]
MOST_MARKED = 32  # a wider map has no room for signs in its cells
SQUARES = 16  # along the longer side of a wide map, each with one sign


def framed(ax: Axes) -> None:
    """Give a picture a frame, and no ticks."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(True)


def draw_map(
    ax: Axes, scores: np.ndarray, limit: float, signed: bool = True, **looks: Any
) -> AxesImage:
    """Draw scores (h, w) on a map centred at zero, whose ends are ±limit, and frame it.

    In grey print the colours of the signs are alike. So a small − stands in each cell below −20% of
    the limit; on a map of many pixels, in each square whose sum is below −20% of the largest sum.
    Sizes, which have no sign, are grey from zero on.
    """
    cmap, lowest = (DIVERGING, -limit) if signed else (GREYS, 0.0)
    image = ax.imshow(scores, cmap=cmap, vmin=lowest, vmax=limit, **looks)
    mark_negative(ax, scores, limit, image.get_extent())
    framed(ax)
    return image


def mark_negative(ax: Axes, scores: np.ndarray, limit: float, extent: Iterable[float]) -> None:
    """Write the signs of `draw_map`: white where a cell is dark, with a halo over many pixels."""
    left, right, bottom, top = extent
    rows, columns = scores.shape
    side, size, looks = 1, 7 if max(scores.shape) <= 16 else 5, dict[str, Any]()
    if max(scores.shape) > MOST_MARKED:
        side, size, looks = -(-max(scores.shape) // SQUARES), 8, {"path_effects": HALO}
        scores = _sums(_sums(scores, side, 0), side, 1)
        limit = np.abs(scores).max()
    for i, j in np.argwhere(scores < -0.2 * limit):
        x, y = (side * k + min(side, end - side * k) / 2 for k, end in ((j, columns), (i, rows)))
        place = left + x / columns * (right - left), top + y / rows * (bottom - top)
        shade = "white" if side == 1 and scores[i, j] < -0.6 * limit else "black"
        ax.text(*place, "−", color=shade, ha="center", va="center", fontsize=size, **looks)


def _sums(scores: np.ndarray, side: int, axis: int) -> np.ndarray:
    """Return the sums of so many neighbours; the last sum may have fewer."""
    return np.add.reduceat(scores, np.arange(0, scores.shape[axis], side), axis=axis)


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
