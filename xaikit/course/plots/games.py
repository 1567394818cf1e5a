"""Drawings of cooperative games: coalitions, players who join one by one, their averages."""

from collections.abc import Callable, Sequence
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np

from xaikit.course.plots.parts import plain_ticks
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


def draw_coalitions(
    players: Sequence[str], payoff: Callable[[Sequence[str]], float], order: Sequence[str]
) -> None:
    """Draw all coalitions of at most four players, and what each player adds to each of them.

    From left to right one more player is present. A line is a player who joins, with what it adds;
    the thick lines are one order of joining.

    Parameters
    ----------
    players : sequence of M str
    payoff : callable
        A list of players -> v of this coalition.
    order : sequence of M str
        The player who joins first, second, …
    """
    _, ax = plt.subplots(figsize=(7, 4))
    place: dict[frozenset[str], tuple[int, float]] = {}
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    for size in range(len(players) + 1):
        column = list(combinations(players, size))
        for row, coalition in enumerate(column):
            place[frozenset(coalition)] = (size, (len(column) - 1) / 2 - row)
    way = [frozenset(order[:k]) for k in range(len(order) + 1)]
    for present, start in place.items():
        names = [p for p in players if p in present]
        for i, player in enumerate(players):
            if player in present:
                continue
            shade, stroke = STROKES[i]
            after = frozenset([*names, player])
            end = place[after]
            width = 3.5 if after in way and present in way else 1.2
            across, up = zip(start, end, strict=True)
            ax.plot(across, up, stroke, color=shade, linewidth=width, zorder=1)
            added = payoff([*names, player]) - payoff(names)
            x, y = 0.62 * np.array(start) + 0.38 * np.array(end)
            ax.text(
                x, y, f"{added:+g}", color=shade, ha="center", va="center", bbox=box, fontsize=9
            )
        words = "\n".join([*names, f"{payoff(names):g}"]) if names else f"∅\n{payoff(names):g}"
        frame = {"facecolor": "white", "edgecolor": "black", "boxstyle": "round"}
        ax.text(*start, words, ha="center", va="center", bbox=frame, fontsize=9, zorder=3)
    for i, player in enumerate(players):
        ax.plot([], [], STROKES[i][1], color=STROKES[i][0], label=f"{player} joins")
    ax.figure.legend(loc="outside lower center", ncols=len(players), frameon=False)
    ax.margins(x=0.1, y=0.2)
    ax.axis("off")


def draw_falling(counts: Sequence[int], errors: dict[str, Sequence[float]]) -> None:
    """Draw errors against the number of orders, on scales of powers, beside a line 1 / √n.

    Parameters
    ----------
    counts : sequence of B int
    errors : dict of str to B numbers
        At most four kinds; the line begins at the first error of the first kind.
    """
    _, ax = plt.subplots(figsize=(7, 3.4))
    for (name, values), (shade, stroke) in zip(errors.items(), STROKES, strict=False):
        ax.loglog(counts, values, stroke, marker="o", color=shade, label=name)
    first = next(iter(errors.values()))[0]
    fall = first * np.sqrt(counts[0] / np.array(counts))
    ax.loglog(counts, fall, ":", color=NEUTRAL, label="1/√n")
    plain_ticks(ax.xaxis, counts)
    plain_ticks(ax.yaxis, [0.08, 0.04, 0.02, 0.01, 0.005])
    ax.set(xlabel="orders drawn", ylabel="typical error of a value")
    ax.legend(frameon=False)
