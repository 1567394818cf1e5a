"""Drawings of what the lectures compute: networks, matrices, lines, classes, pictures."""

from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from xaikit.course.plots.parts import framed, signed_bar
from xaikit.networks.layers import Dense, run
from xaikit.networks.network import Network
from xaikit.plots.looks import DIVERGING, NEGATIVE, NEUTRAL, POSITIVE, colour, pale


def draw_network(network: Network, x: np.ndarray, inputs: Sequence[str], ax: Axes | None = None):
    """Draw a small dense network and its forward pass for one row x (d,).

    An edge carries its weight; a unit carries its value, and is grey where its gate is closed.
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
    for layer, starts, ends in zip(dense, places, places[1:], strict=False):
        for k, end in enumerate(ends):
            for j, start in enumerate(starts):
                weight = layer.weight[k, j]
                ax.plot(*zip(start, end, strict=True), color=colour(weight)[0], lw=1.2, zorder=1)
                # Near its start, where edges from different units have not crossed yet.
                at = 0.75 * np.array(start) + 0.25 * np.array(end)
                box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
                ax.text(
                    at[0], at[1], f"{weight:+g}", fontsize=9, ha="center", va="center", bbox=box
                )
    for c, column in enumerate(columns):
        for place, value in zip(places[c], column, strict=True):
            closed = 0 < c < len(columns) - 1 and value == 0
            face = "#d9d9d9" if closed else "white"
            ax.scatter(*place, s=1100, facecolor=face, edgecolor="black", zorder=2)
            ax.text(*place, f"{value:g}", ha="center", va="center", zorder=3)
    for name, (left, height) in zip(inputs, places[0], strict=True):
        ax.text(left - 0.55, height, name, ha="right", va="center")
    ax.set_xlim(-2.2, places[-1][0][0] + 0.9)
    ax.margins(y=0.15)
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
            ax.text(corner[0] + 0.5, corner[1] + 0.5, f"{value:g}", ha="center", va="center")
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
    product.
    """
    ts = np.linspace(-2, 2, 401)
    values = network(at + ts[:, None] * line)[:, 0]
    x = at + t * line
    slope, output = network.gradient(x), network(x)[0]
    _, (left, right) = plt.subplots(1, 2, figsize=(7, 3.4), width_ratios=[1, 1])
    left.plot(ts, values, color="black", label="output")
    left.plot(ts, output + (ts - t) * (slope @ line), "--", color=NEUTRAL, label="tangent")
    left.plot([t], [output], "o", color=POSITIVE, markersize=8)
    low, high = values.min(), values.max()
    left.set_ylim(low - 0.15 * (high - low) - 0.5, high + 0.15 * (high - low) + 0.5)
    left.set(xlabel="t, position on the line", ylabel="output ŷ")
    left.legend(frameon=False, loc="upper center")
    # Adding 0 turns −0 into 0, which is not written as -0.00.
    bars = {"slope": slope + 0.0, "input": x + 0.0, "product": slope * x + 0.0}
    height = 0.8 / len(inputs)
    for i, name in enumerate(inputs):
        for k, numbers in enumerate(bars.values()):
            y = -k - (i - (len(inputs) - 1) / 2) * height
            signed_bar(right, y, numbers[i], height * 0.9, f"{name} {numbers[i]:+.2f}")
    reach = max(1.0, *(np.abs(b).max() for b in bars.values()))
    right.set_xlim(-1.15 * reach, 2.7 * reach)
    right.axvline(0, color="black", linewidth=0.8)
    right.set_yticks([0, -1, -2], list(bars))
    right.set_xlabel("each in its own unit")


def draw_sums(panels: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """Draw sums of scores against outputs, and return the largest distance for each panel.

    Parameters
    ----------
    panels : dict from title to (outputs, sums)
        Both of shape (n,). Complete scores lie on the diagonal.
    """
    _, axes = plt.subplots(
        1, len(panels), figsize=(7, 3.4), sharex=True, sharey=True, squeeze=False
    )
    for ax, (title, (outputs, sums)) in zip(axes[0], panels.items(), strict=True):
        ax.scatter(outputs, sums, s=12, color="black", alpha=0.6)
        ax.axline((0, 0), slope=1, color=NEUTRAL, linewidth=1)
        ax.set(title=title, xlabel="output", ylabel="sum of products")
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
    ax.contourf(across, up, p, levels=np.linspace(0, 1, 11), cmap=DIVERGING, alpha=0.45)
    if p.min() < 0.5 < p.max():
        ax.contour(across, up, p, levels=[0.5], colors="black", linewidths=1.2)
    # The classes differ in shape and shade, not only in colour.
    for value, marker, face in [(0, "o", NEGATIVE), (1, "^", POSITIVE)]:
        chosen = points[labels == value]
        x, y = chosen[:, 0], chosen[:, 1]
        ax.scatter(x, y, s=16, marker=marker, color=face, label=classes[value])
    ax.set(xlabel=f"{axes[0]} (standard deviations)", ylabel=f"{axes[1]} (standard deviations)")
    ax.legend(frameon=True, loc="lower right")


def draw_pictures(
    pictures: Sequence[np.ndarray], titles: Sequence[str], scores: Sequence[bool]
) -> None:
    """Draw pictures (h, w) side by side: ink in grey, or scores on one map centred at zero."""
    _, axes = plt.subplots(1, len(pictures), figsize=(min(7, 2.6 * len(pictures)), 2.7))
    maps = [p for p, is_score in zip(pictures, scores, strict=True) if is_score]
    limit = max((np.abs(m).max() for m in maps), default=0.0) or 1.0
    lowest = -limit if any(m.min() < 0 for m in maps) else 0.0
    panels = zip(np.atleast_1d(axes), pictures, titles, scores, strict=True)
    for ax, picture, title, is_score in panels:
        if is_score:
            image = ax.imshow(picture, cmap=DIVERGING, vmin=-limit, vmax=limit)
            plt.colorbar(image, ax=ax, shrink=0.75).ax.set_ylim(lowest, limit)
        else:
            ax.imshow(picture, cmap="Greys", vmin=0, vmax=1)
        ax.set_title(title)
        framed(ax)


def draw_maps(
    picture: np.ndarray, maps: Mapping[str, np.ndarray], line: float | None = None
) -> None:
    """Draw a picture and up to five maps of scores, each with a colour scale of its own.

    `line` is where a dotted line stands, as a share of the width.
    """
    _, axes = plt.subplots(2, 3, figsize=(7, 4.5))
    axes[0, 0].imshow(picture, cmap="Greys", extent=(0, 1, 0, 1))
    axes[0, 0].set_title("the picture")
    for ax, (name, scores) in zip(axes.flat[1:], maps.items(), strict=False):
        limit = np.quantile(np.abs(scores), 0.995)
        ax.imshow(scores, DIVERGING, vmin=-limit, vmax=limit, extent=(0, 1, 0, 1))
        ax.set_title(name)
    for ax in axes.flat:
        framed(ax)
        if line is not None:
            ax.axvline(line, color="black", linestyle=":", linewidth=1)
