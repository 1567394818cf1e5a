"""Drawings of cooperative games: coalitions, players who join one by one, their averages."""

from collections.abc import Callable, Sequence
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np

from xaikit.course.plots.parts import plain_ticks
from xaikit.plots.looks import ACCENT, NEUTRAL, colour, ink, written
from xaikit.plots.methods import label_ends, strokes

# Colour-blind-safe, and with different strokes. The colours mean players here, not signs, and no
# method has one of them.
STROKES = [("#240c3c", "-"), ("#0c4824", "--"), (ACCENT, "-."), ("#a8903c", ":")]


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
    steps, lines = np.diff(payoffs), np.arange(len(order))
    left.barh(lines, steps, left=payoffs[:-1], color=colour(steps), height=0.6)
    reach = max(payoffs) - min(payoffs) or 1.0
    for step, line, start, end in zip(steps, lines, payoffs[:-1], payoffs[1:], strict=True):
        left.text(max(start, end) + 0.03 * reach, line, written(step, "+g"), va="center")
        left.plot([end, end], [line, line + 1], color=NEUTRAL, linewidth=0.8, zorder=0.5)
    left.axvline(0, color="black", linewidth=0.8)
    left.plot(payoffs[-1], len(order), "D", color="black", markersize=5)
    left.text(payoffs[-1] + 0.06 * reach, len(order), written(payoffs[-1], "g"), va="center")
    left.set_xlim(min(payoffs) - 0.05 * reach, max(payoffs) + 0.25 * reach)
    left.set_ylim(-0.6, len(order) + 0.6)
    left.set_yticks([*lines, len(order)], [*(players[i] for i in order), "together"])
    # Bars have the colours of signs, and names those of the lines beside them.
    for label, i in zip(left.get_yticklabels(), order, strict=False):
        label.set(color=ink(STROKES[i][0]), weight="bold")
    left.set(xlabel=unit, title="this order, from the bottom up")

    counts = np.arange(1, len(averages) + 1)
    marker = "o" if len(averages) == 1 else None
    for i, (shade, stroke) in zip(range(len(players)), STROKES, strict=False):
        right.axhline(exact[i], color=NEUTRAL, linewidth=0.8)
        right.plot(counts, averages[:, i], stroke, color=shade, marker=marker, label=players[i])
    right.set(xlabel="orders so far; grey: exact", ylabel=unit)
    right.set_title("average of the orders so far")
    if len(averages) < 5:
        right.set_xticks(counts)
    # The grey lines end where the names begin.
    right.set_xlim(0.5, len(averages) + 0.02 * len(averages))
    label_ends(right)


def draw_coalitions(
    players: Sequence[str], payoff: Callable[[Sequence[str]], float], order: Sequence[str]
) -> None:
    """Draw all coalitions of at most four players, and what each player adds to each of them.

    From left to right one more player is present: with three players a cube, seen along a diagonal,
    in which parallel edges are the same player. A line is a player who joins, with what it adds;
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
            looks: dict = {"color": ink(shade), "ha": "center", "va": "center", "fontsize": 9}
            # Its name stands where a player joins nobody; elsewhere the dashes tell.
            words = written(added, "+g") if names else f"{player} {written(added, '+g')}"
            ax.text(x, y, words, bbox=box, **looks)
        words = "\n".join([*(names or "∅"), written(payoff(names), "g")])
        frame = {"facecolor": "white", "edgecolor": "black", "boxstyle": "round"}
        ax.text(*start, words, ha="center", va="center", bbox=frame, fontsize=9, zorder=3)
    ax.margins(x=0.1, y=0.2)
    ax.axis("off")


def draw_falling(
    counts: Sequence[int],
    single: Sequence[float],
    paired: Sequence[float],
    unit: str = "units of the output",
) -> None:
    """Draw errors against the number of orders, on scales of powers, beside a line :math:`1 / √n`.

    Parameters
    ----------
    counts : sequence of B int
    single, paired : sequence of B numbers
        Errors of `permutation_shapley` with single orders, and with pairs, as it draws them.
    unit : str
        What an error of 1 is.
    """
    _, ax = plt.subplots(figsize=(7, 3.4))
    fall = single[0] * np.sqrt(counts[0] / np.array(counts))
    ax.loglog(counts, fall, color=NEUTRAL, linewidth=0.8, label="1/√n")
    looks = strokes("permutations")
    hollow = {"markerfacecolor": "white", "linestyle": ":"}
    ax.loglog(counts, single, **{**looks, **hollow}, label="single orders")
    ax.loglog(counts, paired, **looks, label="in pairs")
    plain_ticks(ax.xaxis, counts)
    plain_ticks(ax.yaxis, [0.08, 0.04, 0.02, 0.01, 0.005])
    ax.set(xlabel="orders drawn", ylabel=f"typical error, in {unit}")
    label_ends(ax)
