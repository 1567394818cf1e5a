"""Drawings of gradient descent: the valley of the loss, and the steps in it."""

from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from xaikit.course.plots.parts import ROUND, plain_ticks
from xaikit.plots.looks import LIGHT, NEUTRAL

WORDS: dict = {"textcoords": "offset points", "fontsize": 9}


def draw_descent(
    loss: Callable[[np.ndarray], np.ndarray],
    path: np.ndarray,
    weights: Sequence[str],
    low: tuple[float, float] = (-0.5, -0.6),
    high: tuple[float, float] = (1.5, 1.1),
) -> None:
    """Draw the loss over two weights from above, the steps taken, and the loss after each step.

    Parameters
    ----------
    loss : function
        Of weights, shape (n, 2) to (n,). Some rings around the bottom carry its value.
    path : ndarray, shape (steps + 1, 2)
        The weights before each step, and after the last. What leaves the picture is not drawn.
    weights : sequence of two str
        Their names.
    low, high : pairs of float
        The corners of the picture.
    """
    _, (left, right) = plt.subplots(1, 2, figsize=(7, 3.4), width_ratios=[1.15, 1])
    across, up = (np.linspace(low[i], high[i], 80) for i in (0, 1))
    grid = np.stack(np.meshgrid(across, up), axis=-1)
    heights = loss(grid.reshape(-1, 2)).reshape(grid.shape[:2])
    bottom = heights.min()
    # Dense lines near the bottom, where the valley is flat.
    levels = bottom + (heights.max() - bottom) * np.linspace(0.03, 1, 14) ** 2
    pale = {"vmin": bottom, "vmax": bottom + 2 * (heights.max() - bottom)}
    left.contourf(across, up, heights, levels=[bottom, *levels], cmap="Greys", **pale)
    # The numbers stand on the way up from the bottom to the upper left corner: few steps go there.
    floor = grid.reshape(-1, 2)[heights.argmin()]
    way_up = floor + np.linspace(0, 1, 200)[:, None] * (np.array([low[0], high[1]]) - floor)
    marked = [level for level in levels[4::3] if level < loss(way_up)[-10]]
    places = [tuple(way_up[np.abs(loss(way_up) - level).argmin()]) for level in marked]
    lines = {"colors": NEUTRAL, "linewidths": 0.7}
    left.contour(across, up, heights, levels=[v for v in levels if v not in marked], **lines)
    # A set of their own: of some lines in a set, Matplotlib 3.8 names the wrong ones.
    rings = left.contour(across, up, heights, levels=marked, **lines)
    left.clabel(rings, fmt="%.2f", fontsize=8, colors="black", manual=places)
    left.plot(*path.T, "o-", color="black", markersize=3, linewidth=1)
    left.plot(*path[0], "s", color="black", markersize=7)
    left.annotate("start", path[0], (-8, 0), ha="right", va="center", **WORDS)
    left.set(xlabel=f"weight of {weights[0]}", ylabel=f"weight of {weights[1]}")
    left.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    left.set_title("the valley from above, darker is higher")
    _draw_losses(right, loss(path), bottom)


def _draw_losses(ax: Axes, losses: np.ndarray, bottom: float) -> None:
    """Draw the loss after each step, over the bottom of the valley: on a log scale if it rises."""
    ax.plot(losses, "o-", color="black", markersize=3, linewidth=1)
    ax.axhline(bottom, color=NEUTRAL, linewidth=0.8)
    ax.set(title="the loss, step by step", xlabel="step", ylabel="loss")
    top = losses.max()
    if rises := top > 1.05 * losses[0]:
        room = (top / bottom) ** 0.15
        ax.set(yscale="log", ylabel="loss, log scale", ylim=(bottom / room, top * room))
        tens = [10.0**e for e in range(-3, 7)] if top > 1000 * bottom else ROUND
        plain_ticks(ax.yaxis, (tick for tick in tens if bottom <= tick <= top))
    else:
        ax.set_ylim(bottom - 0.15 * (top - bottom), top + 0.15 * (top - bottom))
    ax.annotate("bottom of the valley", (0, bottom), (0, -4), va="top", **WORDS)
    ax.annotate(f"{losses[0]:.2f}", (0, losses[0]), (-3, 16) if rises else (12, 2), **WORDS)
    last = f"{losses[-1]:.2f}" if losses[-1] < 10 else f"{losses[-1]:,.0f}"
    ax.annotate(last, (len(losses) - 1, losses[-1]), (0, 6), ha="center", **WORDS)


def draw_valley(
    loss: Callable[[np.ndarray], np.ndarray],
    slope: Callable[[float], float],
    start: float,
    step_size: float,
    name: str,
    steps: int = 8,
    low: float = -0.5,
    high: float = 1.5,
) -> np.ndarray:
    """Draw the loss over one weight as a valley, and the steps of gradient descent in it.

    The dashed line is the slope where the descent starts. An arrow is one step: its length along
    the weight is step size × slope.

    Parameters
    ----------
    loss : function
        Of weights, shape (n,) to (n,).
    slope : function
        The loss's slope at one weight.
    start, step_size : float
        The first weight, and by which number each slope is multiplied.
    name : str
        The weight's name.
    steps : int
        How many steps are taken.
    low, high : float
        The ends of the picture. The steps stop where they leave it.

    Returns
    -------
    ndarray, shape (at most steps + 1,)
        The weights before each step, and after the last.
    """
    path = [start]
    while len(path) <= steps and low <= path[-1] <= high:
        path.append(path[-1] - step_size * slope(path[-1]))
    way = np.array(path)
    across = np.linspace(low, high, 201)
    heights, losses = loss(across), loss(way)
    bottom, reach = heights.min(), np.ptp(heights)
    _, ax = plt.subplots(figsize=(7, 3.4))
    ax.fill_between(across, bottom - 0.05 * reach, heights, color=LIGHT, linewidth=0)
    ax.plot(across, heights, color="black", linewidth=1.5)
    tangent = start + np.array([-0.25, 0.25]) * (high - low)
    ax.plot(tangent, losses[0] + (tangent - start) * slope(start), "--", color=NEUTRAL)
    for one, other, before, after in zip(way, way[1:], losses, losses[1:], strict=False):
        arrow = {"arrowstyle": "->", "color": "black", "lw": 1.2, "shrinkA": 3, "shrinkB": 3}
        ax.annotate("", (other, after), (one, before), arrowprops=arrow, annotation_clip=False)
    ax.plot(way, losses, "o", color="black", markersize=5)
    ax.annotate("start", (start, losses[0]), (-9, -2), ha="right", va="top", **WORDS)
    ax.set(xlabel=f"weight of {name}; dashed: the slope at the start", ylabel="loss")
    ax.set_xlim(low, high)
    ax.set(ylim=(bottom - 0.05 * reach, bottom + 1.05 * reach))
    return way
