"""Drawings of one unit under random coalitions: its values, and the predicted Gaussian."""

import matplotlib.pyplot as plt
import numpy as np

from xaikit.core import arrays
from xaikit.course.plots.parts import bell
from xaikit.methods import moments
from xaikit.plots.looks import NEUTRAL, POSITIVE

BINS = 40


def draw_unit(drawn: np.ndarray, mean: float, variance: float) -> tuple[float, float]:
    """Draw the values of a unit under drawn coalitions, and its predicted Gaussian, twice.

    The left side shows them before the ReLU, the right side after it. There one bar at zero
    collects all negative values.

    Parameters
    ----------
    drawn : ndarray, shape (coalitions,)
        The unit's value before the ReLU, for each drawn coalition.
    mean, variance : float
        The predicted mean and variance of that value.

    Returns
    -------
    tuple of float
        The mean after the ReLU, predicted and drawn.
    """
    drawn, spread = np.asarray(drawn, dtype=float), float(variance) ** 0.5
    low = min(drawn.min(), mean - 3 * spread)
    high = max(drawn.max(), mean + 3 * spread)
    margin = 0.03 * (high - low) or 0.5
    # Zero is an edge between bins, so the gate is the same in the whole of a bin.
    width = (high - low + 2 * margin) / BINS
    edges = width * np.arange(np.floor((low - margin) / width), (high + margin) / width + 1)
    passed, share = np.maximum(drawn, 0), 1 / len(drawn)
    predicted, _ = moments.relu(np.array(mean), np.array(variance))

    _, (left, right) = plt.subplots(1, 2, figsize=(7, 3.6))
    left.hist(drawn, edges, weights=np.full(len(drawn), share), color=NEUTRAL, alpha=0.6)
    opened = passed[passed > 0]
    behind = np.append(0.0, edges[edges > width / 2])
    shares = np.full(len(opened), share)
    right.hist(opened, behind, weights=shares, color=NEUTRAL, alpha=0.6, label="drawn coalitions")
    right.bar(-width, (passed == 0).mean(), width=width, color=NEUTRAL, alpha=0.6)
    if spread > 1e-9 * max(1.0, abs(mean)):
        z = np.linspace(edges[0], edges[-1], 400)
        curve = width * bell(z, mean, spread)
        left.plot(z, curve, color=POSITIVE)
        right.plot(z[z >= 0], curve[z >= 0], color=POSITIVE, label="predicted Gaussian")
        closed = float(arrays.normal_cdf(np.array(-mean / spread)))
        right.plot([-width], [closed], "D", color=POSITIVE, markersize=5, label="closed, predicted")
    for ax, ours, theirs in [(left, mean, drawn.mean()), (right, predicted, passed.mean())]:
        ax.axvline(theirs, color="black", linewidth=1.2, label="mean, drawn")
        ax.axvline(ours, color=POSITIVE, linestyle="--", linewidth=1.2, label="mean, predicted")
        ax.set_ylim(0, 1.06 * ax.get_ylim()[1])
    left.set(xlabel="the unit receives z", ylabel="share of the coalitions", title="before")
    right.set(xlabel="it passes on relu(z)", title="behind (left of 0: gate closed)")
    handles = dict(zip(*right.get_legend_handles_labels()[::-1], strict=True))
    left.figure.legend(
        handles.values(), handles, loc="outside lower center", ncols=3, frameon=False
    )
    return float(predicted), float(passed.mean())
