"""A model near one row of two features, and the line that LIME fits there."""

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np

from xaikit.core import arrays
from xaikit.core.attribution import Attribution
from xaikit.plots.looks import DIVERGING, NEUTRAL, colour

REACH = 3.0  # half the width of the plane, in standard deviations
RIGHT = 0.36  # share of the width for the slopes


def draw_neighbourhood(
    model: Callable[[np.ndarray], np.ndarray],
    explained: Attribution,
    rows: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draw a model's border through a row x (2,), LIME's straight border, and the line's slopes.

    The left side shows the model's output over the plane, orange above F(x) and blue below. The
    output is F(x) on the solid curve, the fitted line is F(x) on the dashed one, and the star is x.
    The right side shows the line's slopes with 95% intervals.

    Parameters
    ----------
    model : callable
        Rows (n, 2) -> (n,) or (n, 1).
    explained : Attribution
        The result of `lime_tabular` for x, with two named features.
    rows, weights : ndarray, shapes (B, 2) and (B,)
        Perturbed rows; a dot's size shows its weight.
    limits : two numbers
        Ends of the axis of slopes; None makes it wide enough for these.
    """
    x, slopes = (arrays.to_numpy(part) for part in (explained.data, explained.values))
    names, output = list(explained.feature_names or ["x0", "x1"]), float(explained.output)
    _, (left, right) = plt.subplots(1, 2, figsize=(7, 3.3), width_ratios=[1 - RIGHT, RIGHT])
    ticks = np.linspace(-REACH, REACH, 121)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1)
    height = np.reshape(model(grid.reshape(-1, 2)), grid.shape[:2]) - output
    limit = np.abs(height).max() or 1.0
    bands = np.linspace(-limit, limit, 12)
    left.contourf(ticks, ticks, height, levels=bands, cmap=DIVERGING, alpha=0.45)
    left.contour(ticks, ticks, height, levels=[0], colors="black", linewidths=1.8, zorder=3)
    if rows is not None and weights is not None:
        left.scatter(*rows.T, s=30 * weights, color="black", alpha=0.35, linewidths=0)
    fitted = float(explained.details["intercept"]) + grid @ slopes - output
    if fitted.min() < 0 < fitted.max():
        dashed = {"linewidths": 1.8, "linestyles": "dashed"}
        left.contour(ticks, ticks, fitted, levels=[0], colors="black", zorder=3, **dashed)
    left.plot(*x, "*", color="black", markeredgecolor="white", markersize=15, zorder=4)
    ends = (-REACH, REACH)
    left.set(xlim=ends, ylim=ends, xlabel=f"{names[0]} (sd)", ylabel=f"{names[1]} (sd)")

    places = [1, 0]  # the first feature on top
    # The labels cover the line at zero.
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    halves = arrays.to_numpy(explained.interval()[1] - explained.values)
    right.barh(places, slopes, 0.5, color=colour(slopes))
    right.errorbar(slopes, places, xerr=halves, fmt="none", ecolor="black", capsize=3)
    for place, name, slope in zip(places, names, slopes, strict=True):
        words = f"{name} {slope:+.2f}"
        right.text(0.03, place + 0.36, words, transform=right.get_yaxis_transform(), bbox=box)
    right.axvline(0, color=NEUTRAL, linewidth=0.8, zorder=0)
    right.set(yticks=[], ylim=(-0.5, 1.65), xlabel="slope of the line, per sd")
    right.spines["left"].set_visible(False)
    if limits is not None:
        right.set_xlim(*limits)
    r2 = float(explained.details["r2"])
    right.set_title(f"R² = {r2:.2f}")
