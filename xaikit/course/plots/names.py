"""Names beside what they name, in the place of a legend: where a figure has room for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from xaikit.course.plots.parts import HALO
from xaikit.plots.looks import ink

STEP = 5  # pixels between the points of a line or a box
TRIED = 9  # pixels between the places that are tried
NEAR = 0.1  # of a cloud: the share of its points that a name is to be close to
LEAST, ENOUGH = 6.0, 16.0  # pixels between a name and what it does not name
CONFUSED = 40.0  # pixels that a name would rather move than be nearer to something else


class Mark(NamedTuple):
    """Something in a figure: points (n, 2), or the line through them.

    One whose name is empty gets none: the other names keep off it.
    """

    points: np.ndarray
    name: str = ""
    colour: str = "black"
    line: bool = False


def name_beside(ax: Axes, marks: Sequence[Mark], **looks: Any) -> None:
    """Write each mark's name near it, inside the axes, and over nothing else.

    The limits of the axes must be final. `looks` are arguments for all texts.
    """
    # The layout decides where the axes are.
    ax.figure.canvas.figure.draw_without_rendering()
    frame = ax.get_window_extent()
    corner, size = np.array([frame.x0, frame.y0]), np.array([frame.width, frame.height])
    seen = [_inside(_pixels(ax, mark), corner, size) for mark in marks]
    written = [_filled(text.get_window_extent()) for text in ax.texts]
    for place, mark in enumerate(marks):
        if not mark.name or not len(seen[place]):
            continue
        style: dict = {"fontsize": 9, "color": ink(mark.colour), "path_effects": HALO, **looks}
        text = ax.text(
            0.5, 0.5, mark.name, transform=ax.transAxes, ha="center", va="center", **style
        )
        box = text.get_window_extent()
        half = np.array([box.width, box.height]) / 2
        tried = _grid(corner + half + LEAST, corner + size - half - LEAST, TRIED)
        own = _gaps(tried, half, seen[place])
        others = [points for i, points in enumerate(seen) if i != place] + written
        away = _gaps(tried, half, np.vstack([np.empty((0, 2)), *others])).min(1, initial=np.inf)
        near = 1 if mark.line else max(1, round(NEAR * own.shape[1]))
        close = np.partition(own, near - 1, axis=1)[:, :near].mean(axis=1)
        nearest = own.min(axis=1)
        cost = close + np.maximum(0, ENOUGH - away) + CONFUSED * (away < nearest)
        # Of places that are as near, the one whose middle is.
        cost += 0.1 * _gaps(tried, np.zeros(2), seen[place]).min(axis=1)
        # Where no place is free, a name touches its own mark rather than another.
        cost += 1e3 * np.maximum(0, LEAST - nearest) + 1e4 * np.maximum(0, LEAST - away)
        best = tried[cost.argmin()]
        text.set_position(tuple((best - corner) / size))
        text.set_in_layout(False)
        written.append(_filled(text.get_window_extent()))


def _pixels(ax: Axes, mark: Mark) -> np.ndarray:
    """Return a mark's points in pixels; those of a line are close to each other."""
    points = ax.transData.transform(np.reshape(mark.points, (-1, 2)).astype(float))
    if not mark.line or len(points) < 2:
        return points
    way = np.append(0, np.cumsum(np.hypot(*np.diff(points, axis=0).T)))
    at = np.linspace(0, way[-1], int(way[-1] / STEP) + 2)
    return np.column_stack([np.interp(at, way, points[:, i]) for i in (0, 1)])


def _inside(points: np.ndarray, corner: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the points that can be seen, once where several are at nearly the same place."""
    points = points[((points >= corner - 1) & (points <= corner + size + 1)).all(axis=1)]
    return 3 * np.unique(np.round(points / 3), axis=0)


def _filled(box: Any) -> np.ndarray:
    """Return points that cover a box."""
    return _grid(np.array([box.x0, box.y0]), np.array([box.x1, box.y1]), STEP)


def _grid(low: np.ndarray, high: np.ndarray, step: float) -> np.ndarray:
    """Return a grid of points from one corner to the other."""
    ends = zip(low, high, strict=True)
    ways = [np.linspace(a, max(a, b), int(max(0, b - a) / step) + 2) for a, b in ends]
    return np.stack(np.meshgrid(*ways), axis=-1).reshape(-1, 2)


def _gaps(places: np.ndarray, half: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the distance of each point from a box around each place: (places, points)."""
    across, up = (
        np.maximum(np.abs(places[:, i, None] - points[:, i]) - half[i], 0) for i in (0, 1)
    )
    return np.sqrt(across**2 + up**2)
