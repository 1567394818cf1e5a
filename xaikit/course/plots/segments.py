"""A picture cut into segments, and the scores of the segments on top of it."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np

from xaikit.core import arrays
from xaikit.core.attribution import Attribution
from xaikit.course.plots.parts import framed
from xaikit.plots.looks import DIVERGING


def draw_segments(
    picture: np.ndarray,
    explained: Mapping[str, Attribution],
    unit: str = "units of the output",
) -> None:
    """Draw a picture with the borders of its segments, and the segments' scores beside it.

    Parameters
    ----------
    picture : ndarray, shape (h, w) or (h, w, 3)
        Ink from 0 to 1, or red, green and blue.
    explained : dict of str to Attribution
        Titles, and results of `lime_image` for the picture. All share one map of colours.
    unit : str
        What a slope of 1 is.
    """
    size = 7, 2.9 if len(explained) > 1 else 3.4
    figure, axes = plt.subplots(1, 1 + len(explained), figsize=size, layout="compressed")
    grey = picture if picture.ndim == 2 else 255 - picture.mean(axis=-1)
    scores = {name: arrays.to_numpy(one.values) for name, one in explained.items()}
    limit = max(np.abs(values).max() for values in scores.values()) or 1.0
    segments = next(iter(explained.values())).details["segments"]
    if picture.ndim == 2:
        axes[0].imshow(picture, cmap="Greys", vmin=0, vmax=1)
    else:
        axes[0].imshow(picture)
    axes[0].set_title("the picture in segments")
    for ax, (name, values) in zip(axes[1:], scores.items(), strict=True):
        ax.imshow(grey, cmap="Greys", alpha=0.6)
        placed = explained[name].details["segments"]
        image = ax.imshow(values[placed], cmap=DIVERGING, vmin=-limit, vmax=limit, alpha=0.75)
        for segment in np.flatnonzero(values < -0.2 * limit):
            _mark(ax, placed == segment, "white" if values[segment] < -0.6 * limit else "black")
        ax.set_title(name)
    for ax in axes:
        _draw_borders(ax, segments)
        framed(ax)
    figure.colorbar(image, ax=axes, shrink=0.75, aspect=15, label=f"slope, in {unit}")


def _mark(ax: plt.Axes, inside: np.ndarray, shade: str) -> None:
    """Write a − into the middle of a segment, or, if that lies outside, at its nearest pixel."""
    places = np.argwhere(inside)
    middle = places.mean(axis=0)
    nearest = places[((places - middle) ** 2).sum(axis=1).argmin()]
    y, x = middle if inside[tuple(np.round(middle).astype(int))] else nearest
    ax.text(x, y, "−", color=shade, ha="center", va="center", fontsize=9)


def _draw_borders(ax: plt.Axes, segments: np.ndarray) -> None:
    """Draw a line between neighbours of different segments."""
    rows, columns = np.nonzero(segments[:, 1:] != segments[:, :-1])
    ax.vlines(columns + 0.5, rows - 0.5, rows + 0.5, color="black", linewidth=0.8)
    rows, columns = np.nonzero(segments[1:] != segments[:-1])
    ax.hlines(rows + 0.5, columns - 0.5, columns + 0.5, color="black", linewidth=0.8)
