"""A drawing of relevance that flows back through a small network, with its ledger below."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from xaikit.plots.looks import NEUTRAL, colour, pale, written


def draw_flow(
    output: float, tables: Sequence[np.ndarray], inputs: Sequence[str], ax: Axes | None = None
) -> None:
    """Draw the relevance of every unit, and on each edge the relevance that flows along it.

    Parameters
    ----------
    output : float
        The relevance of the only output at the start.
    tables : sequence of arrays (out, 1 + in)
        For each layer, first layer first: row k is the relevance that unit k hands back, to its
        bias (column 0) and to each of its inputs. The rest of the unit's relevance is absorbed.
    inputs : sequence of str
        Names of the inputs.
    ax : Axes, optional
        Where to draw.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 4.2))
    columns = [*(table[:, 1:].sum(axis=0) for table in tables), np.array([float(output)])]
    largest = max(np.abs(values).max() for values in columns) or 1.0
    widest = max(np.abs(table[:, 1:]).max() for table in tables) or 1.0
    places = [
        [(3.0 * c, -(i - (len(column) - 1) / 2) * 1.6) for i in range(len(column))]
        for c, column in enumerate(columns)
    ]
    for table, ends, starts in zip(tables, places, places[1:], strict=False):
        for (k, j), share in np.ndenumerate(table[:, 1:]):
            near, far = np.array(ends[j]), np.array(starts[k])
            nothing = abs(share) < 0.005
            line = NEUTRAL if nothing else colour(share)[0]
            width = 0.6 if nothing else 0.8 + 4 * abs(share) / widest
            ax.plot(*zip(near, far, strict=True), color=line, lw=width, alpha=0.7, zorder=1)
            if not nothing:
                # Near its end, where edges to different units have not crossed yet.
                box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
                at = 0.73 * near + 0.27 * far
                ax.text(
                    at[0],
                    at[1],
                    _signed(share),
                    fontsize=8,
                    ha="center",
                    va="center",
                    bbox=box,
                )
    heights = [height for column in places for _, height in column]
    lowest = min(heights) - 0.95
    for column, values in zip(places, columns, strict=True):
        for place, value in zip(column, values, strict=True):
            ax.scatter(*place, s=1100, facecolor=pale(value, largest), edgecolor="black", zorder=2)
            ax.text(*place, _signed(value), ha="center", va="center", fontsize=9, zorder=3)
        words = f"sum\n{_signed(values.sum())}"
        ax.text(column[0][0], lowest, words, ha="center", va="center", fontsize=9, weight="bold")
    for c, table in enumerate(tables):
        bias = table[:, 0].sum()
        absorbed = columns[c + 1].sum() - table.sum()
        words = f"biases {_signed(bias)}\nabsorbed {_signed(absorbed)}"
        ax.text(3.0 * c + 1.5, lowest, words, ha="center", va="center", fontsize=8)
    for name, (left, height) in zip(inputs, places[0], strict=True):
        ax.text(left - 0.55, height, name, ha="right", va="center")
    ax.set_xlim(-2.4, places[-1][0][0] + 0.9)
    ax.set_ylim(lowest - 0.3, max(heights) + 0.5)
    ax.axis("off")


def _signed(value: float) -> str:
    """Write a number with its sign and at most two decimals; zero has no sign."""
    return "0" if abs(value) < 0.005 else written(round(float(value), 2), "+g")
