"""Drawings of the straight path from a baseline to an input: the slope, and its integral."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from xaikit.core import arrays
from xaikit.networks.activations import ReLU
from xaikit.networks.layers import run
from xaikit.networks.network import Network
from xaikit.plots.looks import NEUTRAL, POSITIVE

POINTS = 2001  # points of each curve: enough to show a kink as a step
# Above the axes, where no curve runs.
KEY: dict = {
    "loc": "lower center",
    "bbox_to_anchor": (0.5, 1),
    "ncols": 2,
    "frameon": False,
    "fontsize": 8,
    "handlelength": 1.5,
    "columnspacing": 1.2,
}


def draw_path(
    network: Network,
    x: np.ndarray,
    baseline: np.ndarray,
    path: Mapping,
    alpha: float = 1.0,
    target: int = 0,
) -> tuple[float, float]:
    """Draw the slope along b + α (x − b), a bar per point, and the sum of the bars' areas so far.

    A bar is as wide as its point's weight: if the weights sum to less than 1, the bars end before
    the path does. Bars whose point lies beyond alpha are left out.

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
    edges = np.append(0, np.cumsum(weights))
    done = int(np.sum(places <= alpha + 1e-9))
    collected = np.append(0, np.cumsum(weights * heights))

    _, (left, right) = plt.subplots(1, 2, figsize=(7, 3.2))
    left.bar(
        edges[:done],
        heights[:done],
        weights[:done],
        align="edge",
        color=POSITIVE,
        alpha=0.35,
        edgecolor="white",
        label="weight × slope",
    )
    left.plot(places[:done], heights[:done], "o", color=POSITIVE, markersize=4)
    left.plot(ts, slope, color="black", linewidth=1.2, label="slope along the way")
    left.axhline(0, color=NEUTRAL, linewidth=0.8, zorder=0.5)
    left.axvline(alpha, color=NEUTRAL, linestyle="--", linewidth=1)
    low, high = min(0.0, slope.min()), max(0.0, slope.max())
    left.set_ylim(low - 0.08 * (high - low) - 0.01, high + 0.08 * (high - low) + 0.01)
    left.set(xlabel="α", ylabel="output per unit of α", xlim=(-0.02, 1.02))
    left.legend(**KEY)

    right.plot(ts, change, color="black", linewidth=1.2, label="F − F(baseline)")
    sums = np.append(places[:done], alpha), np.append(collected[1 : done + 1], collected[done])
    right.step(
        np.append(0, sums[0]),
        np.append(0, sums[1]),
        where="post",
        color=POSITIVE,
        label="collected so far",
    )
    right.plot([alpha], [collected[done]], "o", color=POSITIVE, markersize=6)
    right.axhline(0, color=NEUTRAL, linewidth=0.8, zorder=0.5)
    shown = np.append(change, collected[: done + 1])
    reach = np.ptp(shown) or 1.0
    right.set_ylim(shown.min() - 0.08 * reach, shown.max() + 0.08 * reach)
    right.set(xlabel="α", ylabel="output", xlim=(-0.02, 1.02))
    right.legend(**KEY)
    moved = network(baseline + alpha * delta)[target] - network(baseline)[target]
    return float(collected[done]), float(moved)


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
    _, ax = plt.subplots(figsize=(5, 3.6))
    pale = {"vmin": outputs.min(), "vmax": 2 * outputs.max() - outputs.min()}
    shades = ax.contourf(across, up, outputs, levels=12, cmap="Greys", **pale)
    plt.colorbar(shades, ax=ax).set_label("output")
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
                ax.contour(across, up, z[:, unit].reshape(201, 201), levels=[0], colors="black")
            crossed += list(ts[1:][np.diff(np.sign(along), axis=0).any(axis=1)])
    ax.annotate(
        "", tuple(x), tuple(baseline), arrowprops={"arrowstyle": "->", "color": POSITIVE, "lw": 2}
    )
    for place, name, side in [(baseline, "b", 6), (x, "x", 6)]:
        ax.plot(*place, "o", color=POSITIVE)
        ax.annotate(name, tuple(place), (side, side), textcoords="offset points", fontweight="bold")
    for alpha in crossed:
        ax.plot(*(baseline + alpha * (x - baseline)), "D", color="white", markeredgecolor="black")
    ax.set(xlabel=inputs[0], ylabel=inputs[1])
    return crossed
