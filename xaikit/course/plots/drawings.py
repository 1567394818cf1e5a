"""Drawings of what the lectures compute: networks, matrices, lines, classes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from xaikit.course.plots.names import Mark, name_beside
from xaikit.course.plots.parts import signed_bar
from xaikit.networks.layers import Dense, run
from xaikit.networks.network import Network
from xaikit.plots.lines import zero_line
from xaikit.plots.looks import DIVERGING, NEGATIVE, NEUTRAL, POSITIVE, colour, ink, pale, written


def draw_network(network: Network, x: np.ndarray, inputs: Sequence[str], ax: Axes | None = None):
    """Draw a small dense network and its forward pass for one row x (d,).

    An edge carries its weight, orange if it is positive and blue if negative, and is as wide as the
    weight is large; a unit carries its value, and is grey where its gate is closed.
    """
    dense = [layer for layer in network.layers if isinstance(layer, Dense)]
    values = [v[0] for v in run(network.layers, np.asarray(x)[None])]
    # A hidden unit shows its value after the activation.
    columns = [values[0], *values[2::2], values[-1]] if len(dense) > 1 else [values[0], values[-1]]
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 4))
    places = [
        [(3.0 * c, -(i - (len(column) - 1) / 2) * 1.6) for i in range(len(column))]
        for c, column in enumerate(columns)
    ]
    widest = max(np.abs(layer.weight).max() for layer in dense) or 1.0
    for layer, starts, ends in zip(dense, places, places[1:], strict=False):
        for k, end in enumerate(ends):
            for j, start in enumerate(starts):
                weight = layer.weight[k, j]
                shade, width = colour(weight)[0], 0.6 + 2.4 * abs(weight) / widest
                ax.plot(*zip(start, end, strict=True), color=shade, lw=width, zorder=1)
                # Near its start, where edges from different units have not crossed yet.
                at = 0.78 * np.array(start) + 0.22 * np.array(end)
                box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
                words = written(weight, "+g")
                middle: dict = {"ha": "center", "va": "center", "bbox": box}
                ax.text(at[0], at[1], words, color=ink(shade), fontsize=9, **middle)
    for c, column in enumerate(columns):
        for place, value in zip(places[c], column, strict=True):
            closed = 0 < c < len(columns) - 1 and value == 0
            face = "#d9d9d9" if closed else "white"
            ax.scatter(*place, s=1100, facecolor=face, edgecolor="black", zorder=2)
            ax.text(*place, written(value, "g"), ha="center", va="center", zorder=3)
    above = max(height for column in places for _, height in column) + 0.75
    heads = [f"hidden {c}" for c in range(1, len(columns) - 1)]
    for column, head in zip(places, ["input", *heads, "output"], strict=True):
        ax.text(column[0][0], above, head, ha="center", fontsize=9, color="#595959")
    for name, (left, height) in zip(inputs, places[0], strict=True):
        ax.text(left - 0.55, height, name, ha="right", va="center")
    lowest = min(height for column in places for _, height in column)
    ax.set(xlim=(-2.2, places[-1][0][0] + 0.9), ylim=(lowest - 0.6, above + 0.5))
    ax.axis("off")
    return ax


def draw_product(matrices: Sequence[np.ndarray], names: Sequence[str]) -> None:
    """Draw a product of matrices with all numbers; the last matrix is the result.

    Colours are centred at zero in each matrix.
    """
    matrices = [np.atleast_2d(m) for m in matrices]
    _, ax = plt.subplots(figsize=(7, 2.2))
    tallest = max(len(m) for m in matrices)
    left = 0.0
    for position, (matrix, name) in enumerate(zip(matrices, names, strict=True)):
        rows, columns = matrix.shape
        limit = np.abs(matrix).max() or 1.0
        for (i, j), value in np.ndenumerate(matrix):
            corner = (left + j, (rows / 2) - 1 - i)
            face = pale(value, limit)
            ax.add_patch(Rectangle(corner, 1, 1, facecolor=face, edgecolor="#b0b0b0"))
            ax.text(corner[0] + 0.5, corner[1] + 0.5, written(value, "g"), ha="center", va="center")
        title = f"{name}\n{rows} × {columns}"
        ax.text(left + columns / 2, tallest / 2 + 0.25, title, ha="center", va="bottom")
        left += columns
        if position < len(matrices) - 1:
            sign = "=" if position == len(matrices) - 2 else "·"
            ax.text(left + 0.4, 0, sign, ha="center", va="center", fontsize=14)
            left += 0.8
    ax.set(xlim=(-0.1, left + 0.1), ylim=(-tallest / 2 - 0.1, tallest / 2 + 1.5), aspect="equal")
    ax.axis("off")


def draw_line(
    network: Network, line: np.ndarray, at: np.ndarray, t: float, inputs: Sequence[str]
) -> None:
    """Draw an output along the line x = at + t · line, and slope, input and product at t.

    The left side shows the output and its tangent, the right side each input's slope, value and
    product. Their units differ, so each has an axis of its own. On a line through the origin, where
    the tangent rises by the sum of products from t = 0 to t, this rise is marked.
    """
    ts = np.linspace(-2, 2, 401)
    outputs = network(at + ts[:, None] * line)[:, 0]
    x = at + t * line
    slope, output = network.gradient(x), network(x)[0]
    shape: list = [["output", "slope"], ["output", "input"], ["output", "product"]]
    _, axes = plt.subplot_mosaic(shape, figsize=(7, 3.7), width_ratios=[1.1, 1])
    left = axes["output"]
    tangent = output + (ts - t) * (slope @ line)
    left.plot(ts, outputs, color="black")
    left.plot(ts, tangent, "--", color=NEUTRAL)
    left.plot([t], [output], "o", color="black", markersize=8)
    low, high = outputs.min(), outputs.max()
    left.set_ylim(low - 0.15 * (high - low) - 0.5, high + 0.15 * (high - low) + 0.5)
    left.set(xlabel="t, position on the line", ylabel="output ŷ (no unit)")
    if not at.any() and abs(t) > 0.25:  # nearer to 0 the marks would lie on each other
        _mark_rise(left, t, output, slope @ x)
    units = ["output per sd", "sd", "output"]
    numbers = {"slope": slope, "input": x, "product": slope * x}
    for (name, values), unit in zip(numbers.items(), units, strict=True):
        ax, reach = axes[name], max(np.abs(values).max(), 1e-9)
        for y, value in enumerate(values):
            signed_bar(ax, y, value, 0.7, written(value))
        zero_line(ax)
        ax.set_yticks(range(len(inputs)), inputs)
        # The numbers stand right of the bars, and of the zero line.
        low, high = min(values.min(), 0), max(values.max(), 0)
        ax.set(xlim=(low - 0.1 * reach, high + 0.45 * (high - low) + 0.1 * reach), xticks=[])
        ax.set(ylim=(len(inputs) - 0.4, -0.6))
        ax.set_title(f"{name}, in {unit}" if unit != "output" else "product, in units of ŷ")
        ax.spines["bottom"].set_visible(False)
    lines = {"output": (outputs, "black"), "tangent": (tangent, NEUTRAL)}
    # The arrow and the dotted line of the rise, too, stand between 0 and t.
    rise = np.array([(0.0, output - slope @ x), (t, output - slope @ x), (t, output)])
    marks = [Mark(rise, line=True)] if not at.any() else []
    marks += [
        Mark(np.column_stack([ts, heights]), name, shade, line=True)
        for name, (heights, shade) in lines.items()
    ]
    name_beside(left, marks)


def _mark_rise(ax: Axes, t: float, output: float, total: float) -> None:
    """Mark where the tangent meets t = 0, and its rise from there to t: the sum of products."""
    start = output - total
    low, high = ax.get_ylim()
    if not low < start < high:
        return
    ax.hlines(start, min(0, t), max(0, t), colors=NEUTRAL, linestyles=":", linewidth=1)
    ax.scatter([0], [start], s=40, facecolor="white", edgecolor="black", zorder=3)
    beside: dict[str, Any] = {"textcoords": "offset points", "fontsize": 8, "va": "center"}
    away = -1 if t > 0 else 1  # from the arrow, seen from t = 0
    ha = "right" if t > 0 else "left"
    ax.annotate(written(start), (0, start), (7 * away, 0), ha=ha, **beside)
    if abs(total) > 0.12 * (high - low):
        arrow = {"arrowstyle": "->", "color": "black", "lw": 1, "shrinkA": 0, "shrinkB": 4}
        ax.annotate("", (t, output), (t, start), arrowprops=arrow)
        words, at = f"sum\n{written(total)}", (t, (start + output) / 2)
        right = (t > 0) == (abs(t) < 1.4)  # near the edge of the picture, write inside
        ax.annotate(words, at, (5 if right else -5, 0), ha="left" if right else "right", **beside)


def draw_sums(
    panels: Mapping[str, tuple[np.ndarray, np.ndarray]], unit: str = "units of the output"
) -> dict[str, float]:
    """Draw sums of scores against outputs, and return the largest distance for each panel.

    Parameters
    ----------
    panels : dict from title to (outputs, sums)
        Both of shape (n,). Complete scores lie on the diagonal.
    unit : str
        What 1 on the axes is.
    """
    _, axes = plt.subplots(
        1, len(panels), figsize=(7, 3.4), sharex=True, sharey=True, squeeze=False
    )
    corner: dict = {"xycoords": "axes fraction", "fontsize": 8, "color": ink(NEUTRAL)}
    corner |= {"ha": "right", "va": "bottom"}
    for ax, (title, (outputs, sums)) in zip(axes[0], panels.items(), strict=True):
        ax.scatter(outputs, sums, s=12, color="black", alpha=0.6)
        ax.axline((0, 0), slope=1, color=NEUTRAL, linewidth=1)
        ax.set(title=title, xlabel=f"output, in {unit}")
        ax.annotate("line: sum = output", (0.99, 0.02), **corner)
    axes[0, 0].set_ylabel(f"sum of products, in {unit}")
    return {title: float(np.abs(s - o).max()) for title, (o, s) in panels.items()}


def draw_classes(
    probability: Callable[[np.ndarray], np.ndarray],
    points: np.ndarray,
    labels: np.ndarray,
    axes: Sequence[str],
    classes: Sequence[str],
) -> None:
    """Draw points (n, 2) of two classes over the probability of class 1, and the border at 0.5."""
    _, ax = plt.subplots(figsize=(7, 4))
    low, high = points.min(axis=0) - 0.3, points.max(axis=0) + 0.3
    across, up = (np.linspace(low[i], high[i], 120) for i in (0, 1))
    grid = np.stack(np.meshgrid(across, up), axis=-1)
    p = probability(grid.reshape(-1, 2)).reshape(grid.shape[:2])
    tenths = np.linspace(0, 1, 11)
    bands = ax.contourf(across, up, p, levels=tenths, cmap=DIVERGING, alpha=0.45)
    bar = plt.colorbar(bands, ax=ax, aspect=30, pad=0.02, ticks=[0, 0.5, 1])
    bar.set_label(f"probability of {classes[1]}")
    borders: list[Mark] = []
    if p.min() < 0.5 < p.max():
        border = ax.contour(across, up, p, levels=[0.5], colors="black", linewidths=1.2)
        borders = [Mark(np.array(path.vertices), line=True) for path in border.get_paths()]
    # The classes differ in shape and shade, not only in colour.
    marks = []
    for value, marker, face in [(0, "o", NEGATIVE), (1, "^", POSITIVE)]:
        chosen = points[labels == value]
        x, y = chosen[:, 0], chosen[:, 1]
        ax.scatter(x, y, s=16, marker=marker, color=face)
        # Black: on the bands the points' own colours have too little contrast for words.
        marks.append(Mark(chosen, classes[value]))
    ax.set(xlabel=f"{axes[0]} (standard deviations)", ylabel=f"{axes[1]} (standard deviations)")
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    name_beside(ax, [*marks, *borders], fontsize=10, weight="bold")
