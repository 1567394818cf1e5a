"""Drawings of gradient descent: the valley of the loss, and the steps in it."""

from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np

from xaikit.plots.looks import NEUTRAL


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
        Of weights, shape (n, 2) to (n,).
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
    left.contour(across, up, heights, levels=levels, colors=NEUTRAL, linewidths=0.7)
    left.plot(*path.T, "o-", color="black", markersize=3, linewidth=1)
    left.plot(*path[0], "s", color="black", markersize=7, label="start")
    left.set(xlabel=f"weight of {weights[0]}", ylabel=f"weight of {weights[1]}")
    left.set(
        xlim=(low[0], high[0]), ylim=(low[1], high[1]), title="the valley of the loss, from above"
    )
    left.legend(frameon=False, loc="lower right")
    losses = loss(path)
    right.plot(losses, "o-", color="black", markersize=3, linewidth=1)
    right.set(xlabel="step", ylabel="loss", ylim=(0, 2 * losses[0]), title="the loss, step by step")
