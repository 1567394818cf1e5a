"""Drawings of cooperative games: players who join one after the other, and their averages."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

from xaikit.plots.looks import NEUTRAL, colour

# Colour-blind-safe, and with different strokes. The colours mean players here, not signs.
STROKES = [("black", "-"), ("#009e73", "--"), ("#aa4499", "-."), ("#996600", ":")]


def draw_joining(
    players: Sequence[str],
    order: Sequence[int],
    payoffs: Sequence[float],
    averages: np.ndarray,
    exact: np.ndarray,
    unit: str,
) -> None:
    """Draw one order of joining as a staircase and, beside it, the averages over all orders so far.

    Parameters
    ----------
    players : sequence of M str
        At most four names.
    order : sequence of M int
        The player who joins first, second, …
    payoffs : sequence of M + 1 numbers
        v(∅), and v of the coalition after each player has joined.
    averages : ndarray, shape (n, M)
        Row k holds each player's mean contribution over the first k + 1 orders.
    exact : ndarray, shape (M,)
        The exact values, as grey lines: the averages approach them.
    unit : str
        The unit of the payoffs.
    """
    _, (left, right) = plt.subplots(1, 2, figsize=(7, 3.4), width_ratios=[1, 1.15])
    steps, lines = np.diff(payoffs), np.arange(len(order))[::-1]
    left.barh(lines, steps, left=payoffs[:-1], color=colour(steps), height=0.6)
    reach = max(payoffs) - min(payoffs) or 1.0
    for step, line, start, end in zip(steps, lines, payoffs[:-1], payoffs[1:], strict=True):
        left.text(max(start, end) + 0.03 * reach, line, f"{step:+g}", va="center")
        left.plot([end, end], [line, line - 1], color=NEUTRAL, linewidth=0.8, zorder=0.5)
    left.axvline(0, color="black", linewidth=0.8)
    left.plot(payoffs[-1], -1, "D", color="black", markersize=5)
    left.text(payoffs[-1] + 0.06 * reach, -1, f"{payoffs[-1]:g}", va="center")
    left.set_xlim(min(payoffs) - 0.05 * reach, max(payoffs) + 0.25 * reach)
    left.set_ylim(-1.6, len(order) - 0.5)
    left.set_yticks([*lines, -1], [*(players[i] for i in order), "together"])
    left.set(xlabel=unit, title="this order, first at the top")

    counts = np.arange(1, len(averages) + 1)
    marker = "o" if len(averages) == 1 else None
    for i, (shade, stroke) in zip(range(len(players)), STROKES, strict=False):
        right.axhline(exact[i], color=NEUTRAL, linewidth=0.8)
        right.plot(counts, averages[:, i], stroke, color=shade, marker=marker, label=players[i])
    right.set(xlabel="orders so far", ylabel=unit, title="average of the orders so far")
    if len(averages) < 5:
        right.set_xticks(counts)
    right.figure.legend(loc="outside lower right", ncols=len(players), frameon=False)
