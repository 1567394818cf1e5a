"""Drawings of the straight path from a baseline to an input: the slope, and its integral."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from xaikit.core import arrays
from xaikit.course.plots.games import STROKES
from xaikit.course.plots.names import Mark, name_beside
from xaikit.course.plots.parts import plain_ticks
from xaikit.networks.activations import ReLU
from xaikit.networks.layers import run
from xaikit.networks.network import Network
from xaikit.plots.looks import NEUTRAL, colour
from xaikit.plots.methods import label_ends, strokes

POINTS = 2001  # points of each curve: enough to show a kink as a step
COLLECTED = strokes("IG")["color"]


def draw_path(
    network: Network,
    x: np.ndarray,
    baseline: np.ndarray,
    path: Mapping,
    alpha: float = 1.0,
    target: int = 0,
    output: str = "output (no unit)",
) -> tuple[float, float]:
    """Draw the slope along b + α (x − b), a bar per point, and the sum of the bars' areas so far.

    A bar is as wide as its point's weight: if the weights sum to less than 1, the bars end before
    the path does. The bars are cut off at alpha, wherever their points are.

    Parameters
    ----------
    network : Network
    x, baseline : ndarray, shape (d,)
    path : mapping
        What `integrated_gradients` gives as ``details["path"]`` for one row: alpha, weights, slope.
    alpha : float
        Where on the path to stop, 0 to 1.
    target : int
        The output column.
    output : str
        Its name, with its unit.

    Returns
    -------
    tuple of float
        The sum of the bars' areas, and the change of the output, at alpha.
    """
    delta = x - baseline
    ts = np.linspace(0, 1, POINTS)
    way = baseline + ts[:, None] * delta
    slope = network.gradient(way, target) @ delta
    change = network(way)[:, target] - network(baseline)[target]
    places, weights, heights = (arrays.to_numpy(path[k]) for k in ("alpha", "weights", "slope"))
    edges = np.minimum(np.append(0, np.cumsum(weights)), alpha)
    widths = np.diff(edges)
    begun = widths > 0
    collected = np.append(0, np.cumsum(widths * heights))

    _, (left, right) = plt.subplots(1, 2, figsize=(7, 3.2))
    left.bar(
        edges[:-1][begun],
        heights[begun],
        widths[begun],
        align="edge",
        color=colour(heights[begun]),
        alpha=0.35,
        edgecolor="white",
    )
    left.plot(places[begun], heights[begun], "o", color="black", markersize=4)
    left.plot(ts, slope, color="black", linewidth=1.2)
    left.axhline(0, color=NEUTRAL, linewidth=0.8, zorder=0.5)
    left.axvline(alpha, color=NEUTRAL, linestyle="--", linewidth=1)
    low, high = min(0.0, slope.min()), max(0.0, slope.max())
    left.set_ylim(low - 0.08 * (high - low) - 0.01, high + 0.08 * (high - low) + 0.01)
    left.set(xlabel="α", ylabel="output per unit of α", xlim=(-0.02, 1.02))
    left.set_title("line: slope; bar's area: weight × slope")

    right.plot(ts, change, color="black", linewidth=1.2)
    gathered = np.append(edges, alpha), np.append(collected, collected[-1])
    right.plot(*gathered, **strokes("IG") | {"marker": ""})
    right.plot([alpha], [collected[-1]], **strokes("IG"), markersize=7)
    right.axhline(0, color=NEUTRAL, linewidth=0.8, zorder=0.5)
    shown = np.append(change, collected)
    reach = np.ptp(shown) or 1.0
    right.set_ylim(shown.min() - 0.08 * reach, shown.max() + 0.08 * reach)
    right.set(xlabel="α", ylabel=output, xlim=(-0.02, 1.02))
    marks = [
        Mark(np.array([[0, 0], [1, 0]]), line=True),
        Mark(np.column_stack(gathered), "collected so far", COLLECTED, line=True),
        Mark(np.column_stack([ts, change]), "F − F(baseline)", line=True),
    ]
    name_beside(right, marks)
    moved = network(baseline + alpha * delta)[target] - network(baseline)[target]
    return float(collected[-1]), float(moved)


def draw_walk(
    network: Network, x: np.ndarray, baseline: np.ndarray, inputs: Sequence[str], target: int = 0
) -> list[float]:
    """Draw the path from a baseline to x in the plane of two inputs, over the output and its kinks.

    Parameters
    ----------
    network : Network
        Of dense layers and ReLUs, with two inputs.
    x, baseline : ndarray, shape (2,)
    inputs : sequence of str
        The names of the inputs.
    target : int
        The output column.

    Returns
    -------
    list of float
        The α at which the path crosses a kink.
    """
    low, high = np.minimum(x, baseline), np.maximum(x, baseline)
    margin = 0.35 * (high - low).max()
    across, up = (np.linspace(a - margin, b + margin, 201) for a, b in zip(low, high, strict=True))
    grid = np.stack(np.meshgrid(across, up), axis=-1)
    outputs = network(grid.reshape(-1, 2))[:, target].reshape(201, 201)
    _, ax = plt.subplots(figsize=(7, 4.2))
    pale = {"vmin": outputs.min(), "vmax": 2 * outputs.max() - outputs.min()}
    shades = ax.contourf(across, up, outputs, levels=12, cmap="Greys", **pale)
    plt.colorbar(shades, ax=ax).set_label("output (no unit)")
    ts = np.linspace(0, 1, POINTS)
    way = baseline + ts[:, None] * (x - baseline)
    crossed = []
    for layer, z, along in zip(
        network.layers,
        run(network.layers, grid.reshape(-1, 2))[:-1],
        run(network.layers, way)[:-1],
        strict=True,
    ):
        if isinstance(layer, ReLU):
            for unit in range(z.shape[1]):
                kink = z[:, unit].reshape(201, 201)
                if kink.min() < 0 < kink.max():
                    ax.contour(across, up, kink, levels=[0], colors="black")
            crossed += list(ts[1:][np.diff(np.sign(along), axis=0).any(axis=1)])
    ax.annotate(
        "", tuple(x), tuple(baseline), arrowprops={"arrowstyle": "->", "color": COLLECTED, "lw": 2}
    )
    for place, name in [(baseline, "baseline"), (x, "x")]:
        ax.plot(*place, "o", color=COLLECTED)
        ax.annotate(name, tuple(place), (7, 6), textcoords="offset points", fontweight="bold")
    beside: dict = {"textcoords": "offset points", "fontsize": 9, "va": "center"}
    for alpha in crossed:
        place = baseline + alpha * (x - baseline)
        ax.plot(*place, "D", color="white", markeredgecolor="black")
        ax.annotate(f"kink at α = {alpha:.2f}", tuple(place), (18, -3), **beside)
    ax.set(xlabel=f"{inputs[0]} (sd)", ylabel=f"{inputs[1]} (sd)")
    return crossed


def draw_gaps(
    counts: Sequence[int],
    panels: Mapping[str, Mapping[str, Sequence[float]]],
    levels: Mapping[str, float],
    unit: str = "units of the output",
) -> None:
    """Draw how far the sums of several rules are from the output's change, by number of points.

    Parameters
    ----------
    counts : sequence of B int
        Points.
    panels : mapping from a title to a mapping from a rule to B gaps
        At most four rules.
    levels : mapping from a title to a gap
        Of the exact path, as a line in the panel of this title.
    unit : str
        What a gap of 1 is.
    """
    _, axes = plt.subplots(1, len(panels), figsize=(7, 3.6), sharey=True, squeeze=False)
    for ax, (title, rules) in zip(axes[0], panels.items(), strict=True):
        for (rule, gaps), (shade, stroke), mark in zip(
            rules.items(), STROKES, "os^D", strict=False
        ):
            looks = {"color": shade, "marker": mark, "markersize": 4}
            ax.loglog(counts, gaps, stroke, **looks, label=rule)
        if title in levels:
            ax.axhline(levels[title], color=NEUTRAL)
            ax.text(counts[0], 1.6 * levels[title], "exact path", fontsize=9)
        ax.set(title=title, xlabel="points", ylim=(3e-17, 3))
        plain_ticks(ax.xaxis, counts)
    axes[0, 0].set_ylabel(f"mean |gap| over patients,\nin {unit}")
    label_ends(axes[0, 0])
