"""Drawings of the scores of several methods, side by side."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from xaikit.plots.lines import zero_line
from xaikit.plots.looks import NEUTRAL, colour, written
from xaikit.plots.methods import UNSIGNED


def draw_columns(columns: Mapping[str, np.ndarray], features: Sequence[str], unit: str) -> None:
    """Draw scores of several methods as bars side by side, on one scale, the first on top.

    Scores without a sign, such as saliency, are grey.
    """
    _, axes = plt.subplots(1, len(columns), figsize=(7, 3.4), sharey=True, squeeze=False)
    low, high = (end(0.0, *(end(v) for v in columns.values())) for end in (min, max))
    # The numbers stand at the right edge, in a column of their own.
    room = (high - low or 1.0) * (0.1 + 0.16 * len(columns))
    for ax, (name, scores) in zip(axes[0], columns.items(), strict=True):
        has_sign = name not in UNSIGNED
        ax.barh(range(len(scores)), scores, color=colour(scores) if has_sign else NEUTRAL)
        for line, score in enumerate(scores):
            at = {"transform": ax.get_yaxis_transform(), "va": "center", "ha": "right"}
            ax.text(1, line, written(score, "+.2f" if has_sign else ".2f"), fontsize=8, **at)
        zero_line(ax)
        ax.set(title=name, xlim=(low - 0.05 * room, high + room), xticks=[])
        ax.spines["bottom"].set_visible(False)
    axes[0, 0].set_yticks(range(len(features)), features)
    axes[0, 0].invert_yaxis()
    axes[0, 0].figure.supxlabel(unit, fontsize=10)
