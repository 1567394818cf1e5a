"""Drawings of the scores of several methods, side by side."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from xaikit.course.plots.parts import framed
from xaikit.plots.looks import DIVERGING, colour


def draw_columns(columns: Mapping[str, np.ndarray], features: Sequence[str], unit: str) -> None:
    """Draw scores of several methods as bars side by side, on one scale, the first on top."""
    _, axes = plt.subplots(1, len(columns), figsize=(7, 3.4), sharey=True)
    low, high = (end(0.0, *(end(v) for v in columns.values())) for end in (min, max))
    margin = 0.08 * (high - low) or 1.0
    for ax, (name, scores) in zip(np.atleast_1d(axes), columns.items(), strict=True):
        ax.barh(range(len(scores)), scores, color=colour(scores))
        ax.axvline(0, color="black", linewidth=0.8)
        ax.set(title=name, xlim=(low - margin, high + margin), xticks=[0, np.round(0.8 * high, 1)])
    first = np.atleast_1d(axes)[0]
    first.set_yticks(range(len(features)), features)
    first.invert_yaxis()
    first.figure.supxlabel(unit, fontsize=10)


def draw_strip(maps: Mapping[str, np.ndarray], shape: tuple[int, int]) -> None:
    """Draw a picture, and beside it scores of its pixels, each on its own scale around 0."""
    _, axes = plt.subplots(1, len(maps), figsize=(7, 1.6))
    for place, (ax, (name, values)) in enumerate(zip(axes, maps.items(), strict=True)):
        picture, limit = np.reshape(values, shape), np.abs(values).max() or 1.0
        looks = (DIVERGING, -limit) if place else ("Greys", 0.0)
        ax.imshow(picture, cmap=looks[0], vmin=looks[1], vmax=limit)
        ax.set_title(name)
        framed(ax)
