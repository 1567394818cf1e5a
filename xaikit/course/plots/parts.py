"""Parts that several of the course's figures share."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis

from xaikit.plots.looks import colour

# Round numbers for logarithmic axes.
ROUND = [m * 10.0**e for e in range(-6, 3) for m in (1, 2, 5)]


def framed(ax: Axes) -> None:
    """Give a picture a frame, and no ticks."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(True)


def plain_ticks(axis: Axis, ticks: Iterable[float]) -> None:
    """Write ticks of a logarithmic axis as plain numbers, and none between them."""
    axis.set_ticks(ticks := list(ticks), [f"{tick:g}" for tick in ticks])
    axis.set_ticks([], minor=True)


def signed_bar(ax: Axes, y: float, value: float, height: float, words: str, **looks: Any) -> None:
    """Draw a bar in the colour of its sign, with words behind its end."""
    ax.barh(y, value, height, color=colour(np.array(value)), **looks)
    ax.annotate(
        words,
        (max(value, 0), y),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
    )


def bell(z: np.ndarray, mean: float, spread: float) -> np.ndarray:
    """Return the density of a normal distribution."""
    return np.exp(-0.5 * ((z - mean) / spread) ** 2) / (spread * (2 * np.pi) ** 0.5)
