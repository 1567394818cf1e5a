"""Drawings of units under random coalitions: their values, and the predicted Gaussian."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from xaikit.core import arrays
from xaikit.course.plots.names import Mark, name_beside
from xaikit.course.plots.parts import bell
from xaikit.methods import moments
from xaikit.plots.looks import NEUTRAL
from xaikit.plots.methods import METHODS

BINS = 40
PREDICTED = METHODS["DASP"].colour


def draw_units(
    units: Mapping[str, tuple[np.ndarray, float, float]],
) -> dict[str, tuple[float, float]]:
    """Draw the values of units under drawn coalitions, and their predicted Gaussians, twice.

    Each unit has a row. The left side shows its values before the ReLU, the right side after it.
    There one bar at zero collects all negative values.

    Parameters
    ----------
    units : mapping from a name to (drawn, mean, variance)
        A unit's value before the ReLU for each drawn coalition, shape (coalitions,), and the
        predicted mean and variance of that value. At most three units.

    Returns
    -------
    dict
        For each name the mean after the ReLU, predicted and drawn.
    """
    size = 7, 3.6 if len(units) == 1 else 4.5
    _, axes = plt.subplots(len(units), 2, figsize=size, squeeze=False, sharex="col")
    means, marks = {}, []
    for row, (name, unit) in zip(axes, units.items(), strict=True):
        means[name], shown = _draw_unit(row[0], row[1], *unit)
        marks.append(shown)
        row[0].set_ylabel(name, fontsize=9)
    axes[0, 0].set_title("before the ReLU; lines: means")
    axes[0, 1].set_title("after it, left of 0: gate closed")
    axes[-1, 0].set_xlabel("the unit receives z; heights: share of the coalitions")
    axes[-1, 1].set_xlabel("it passes on relu(z)")
    name_beside(axes[0, 0], marks[0])
    return means


def _draw_unit(
    left: Axes, right: Axes, drawn: np.ndarray, mean: float, variance: float
) -> tuple[tuple[float, float], list[Mark]]:
    """Draw one unit; return its mean after the ReLU, predicted and drawn, and what stands left."""
    drawn, spread = np.asarray(drawn, dtype=float), float(variance) ** 0.5
    low = min(drawn.min(), mean - 3 * spread)
    high = max(drawn.max(), mean + 3 * spread)
    # A unit that is certain still varies by rounding.
    exact = high - low <= 1e-9 * max(1.0, abs(mean))
    margin = 0.5 if exact else 0.03 * (high - low)
    # Zero is an edge between bins, so the gate is the same in the whole of a bin.
    width = (high - low + 2 * margin) / BINS
    edges = width * np.arange(np.floor((low - margin) / width), (high + margin) / width + 1)
    passed = np.maximum(drawn, 0)
    predicted, _ = moments.relu(np.array(mean), np.array(variance))

    # As one area: eighty bars would take most of the time of a redraw.
    area: dict = {"fill": True, "color": NEUTRAL, "alpha": 0.6}
    heights = np.histogram(drawn, edges)[0] / len(drawn)
    left.stairs(heights, edges, **area)
    # As many points as cover the area: a name is not to stand on it.
    middles, parts = (edges[1:] + edges[:-1]) / 2, np.linspace(0, 1, 12)[:, None]
    covered = np.stack(np.broadcast_arrays(middles, parts * heights), axis=-1)[:, heights > 0]
    marks = [Mark(covered.reshape(-1, 2), "drawn coalitions", NEUTRAL)]
    opened = passed[passed > 0]
    behind = np.append(0.0, edges[edges > width / 2])
    shares = np.histogram(opened, behind)[0] / len(drawn)
    right.stairs(shares, behind, **area)
    right.bar(-width, (passed == 0).mean(), width=width, color=NEUTRAL, alpha=0.6)
    if spread > 1e-9 * max(1.0, abs(mean)):
        z = np.linspace(edges[0], edges[-1], 400)
        curve = width * bell(z, mean, spread)
        left.plot(z, curve, color=PREDICTED)
        # Its ends lie on the axis.
        high = curve > 0.1 * curve.max()
        outline = np.column_stack([z, curve])
        marks.append(Mark(outline[high], "predicted Gaussian", PREDICTED, line=True))
        right.plot(z[z >= 0], curve[z >= 0], color=PREDICTED)
        closed = float(arrays.normal_cdf(np.array(-mean / spread)))
        right.plot([-width], [closed], "D", color=PREDICTED, markersize=5)
    for ax, ours, theirs in [(left, mean, drawn.mean()), (right, predicted, passed.mean())]:
        ax.axvline(theirs, color="black", linewidth=1.2)
        ax.axvline(ours, color=PREDICTED, linestyle="--", linewidth=1.2)
        ax.set_ylim(0, 1.06 * ax.get_ylim()[1])
    top = left.get_ylim()[1]
    for at in (mean, drawn.mean()):
        marks.append(Mark(np.array([(at, 0), (at, top)]), line=True))
    return (float(predicted), float(passed.mean())), marks
