"""Drawings of DASP: a bell curve and what a ReLU lets through, the whole method, error and cost."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from xaikit.core import arrays
from xaikit.course.plots.names import Mark, name_beside
from xaikit.course.plots.parts import bell, plain_ticks
from xaikit.methods import moments
from xaikit.networks.layers import Dense
from xaikit.networks.network import Network
from xaikit.plots.looks import NEUTRAL, POSITIVE, ink, written
from xaikit.plots.methods import METHODS, label_ends, strokes

CERTAIN = 1e-9
GAP = 1.35  # from one bell to the next; each is 1 high


def draw_normal(mean: float, spread: float, draws: int = 10**6, seed: int = 0) -> tuple[float, ...]:
    """Draw a normal distribution, before a ReLU and behind it, with drawn numbers below the curve.

    The part of the bell right of 0 is shaded: there the gate is open.

    Parameters
    ----------
    mean, spread : float
        Mean and standard deviation before the ReLU.
    draws, seed : int
        How many numbers are drawn, and with which seed.

    Returns
    -------
    tuple of float
        Of the drawn numbers: the share with an open gate, and the mean behind the ReLU.
    """
    drawn = mean + spread * np.random.default_rng(seed).standard_normal(draws)
    passed = np.maximum(drawn, 0)
    z = np.linspace(mean - 3.6 * spread, mean + 3.6 * spread, 400)
    _, (left, right) = plt.subplots(1, 2, figsize=(7, 2.9))
    left.plot(z, bell(z, mean, spread), color="black")
    above = np.maximum(z, 0)
    left.fill_between(above, bell(above, mean, spread), color=POSITIVE, alpha=0.45)
    left.axvline(mean, color="black", linewidth=0.8)
    for edge in (mean - spread, mean + spread):
        left.axvline(edge, color=NEUTRAL, linestyle=":", linewidth=1.2)
    left.set(
        xlabel="z: solid line m, dotted m − s and m + s", title="before the ReLU, orange: open"
    )
    left.set(ylabel="density", yticks=[], ylim=(0, None))
    width = spread / 8
    edges = np.arange(0, max(passed.max(), width) + width, width)
    shares = np.full(draws, 1 / draws)
    opened = drawn > 0
    right.hist(passed[opened], edges, weights=shares[opened], color=POSITIVE, alpha=0.45)
    right.bar(-width, 1 - opened.mean(), width=width, color=NEUTRAL)
    right.axvline(passed.mean(), color="black")
    right.set(xlabel="relu(z): line at its mean", title="after it, grey: gate closed")
    right.set_ylabel("share of the draws")
    return float(opened.mean()), float(passed.mean())


def draw_propagation(
    network: Network, x: np.ndarray, player: int, size: int, baseline: np.ndarray | None = None
) -> tuple[float, float]:
    """Draw DASP for one player and one coalition size, through a network with one hidden layer.

    Above: `size` of the others without the player, below: with it. From left to right: how probable
    it is that each is present, what the hidden units receive, what they pass on, the mean output.

    Returns
    -------
    tuple of float
        The mean of the first output, without and with the player.
    """
    x = np.asarray(x, dtype=float)
    b = np.zeros_like(x) if baseline is None else np.asarray(baseline, dtype=float)
    figure, axes = plt.subplots(2, 4, figsize=(7, 4), sharex="col", width_ratios=[1, 1.2, 1.2, 0.9])
    means = []
    for row, present, words in zip(axes, (0, 1), ("without", "with"), strict=True):
        output = _draw_step(row[:3], network, x, b, player, size, present)
        row[0].set_ylabel(f"{words} player {player + 1}")
        row[3].bar([0], [output], color="black", width=0.5)
        row[3].text(0, max(output, 0.0), written(output, ".2f"), ha="center", va="bottom")
        means.append(output)
    low, high = min(0.0, *means), max(0.0, *means)
    margin = 0.25 * (high - low) or 1.0
    for row in axes:
        row[3].axhline(0, color=NEUTRAL, linewidth=0.8)
        floor = low - margin if low < 0 else 0.0
        row[3].set(ylim=(floor, high + margin), xlim=(-1, 1), xticks=[], yticks=[])
    titles = ("1 · P(present)", "2 · received: z", "3 · passed on", "4 · mean output")
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title)
    for ax, label in zip(axes[1], ("player", "line: mean", "line: mean", ""), strict=True):
        ax.set_xlabel(label)
    words = f"step of player {player + 1} at size {size}: {written(means[1] - means[0])}"
    figure.suptitle(words, fontsize=11)
    return means[0], means[1]


def draw_dasp(
    network: Network, x: np.ndarray, player: int, size: int, baseline: np.ndarray | None = None
) -> float:
    """Draw the whole of DASP for one player, through a network with one hidden layer.

    Above: one coalition size with the player, from left to right. Below: the mean output without
    and with the player at every size. The player's value is the mean of these steps.

    Returns
    -------
    float
        The value.
    """
    x = np.asarray(x, dtype=float)
    b = np.zeros_like(x) if baseline is None else np.asarray(baseline, dtype=float)
    names = ["chances", "received", "passed"]
    shape: list = [names, ["sizes"] * 3]
    _, axes = plt.subplot_mosaic(shape, figsize=(7, 4.5), height_ratios=[1, 1.35])
    _draw_step([axes[name] for name in names], network, x, b, player, size, present=1)
    titles = [f"1 · P(present), size {size}", "2 · unit receives: a bell", "3 · ReLU lets through"]
    for name, title, label in zip(names, titles, ("player", "z", "relu(z)"), strict=True):
        axes[name].set(title=title, xlabel=label)
    ax, sizes = axes["sizes"], np.arange(len(x))
    ends = np.array(
        [[_moments(network, x, b, player, k, p)[3] for p in (0, 1)] for k in range(len(x))]
    )
    steps = ends[:, 1] - ends[:, 0]
    ax.plot(sizes, ends[:, 1], **strokes("DASP"), label=f"with player {player + 1}")
    grey: dict = {"color": "#595959", "marker": "o"}
    ax.plot(sizes, ends[:, 0], **grey, label=f"without player {player + 1}")
    for k, (low, high) in enumerate(ends):
        arrow = {"arrowstyle": "->", "color": "black", "shrinkA": 4, "shrinkB": 4}
        ax.annotate("", (k, high), (k, low), arrowprops=arrow)
        above: dict = {"ha": "center", "va": "bottom", "fontsize": 9, "textcoords": "offset points"}
        ax.annotate(written(steps[k]), (k, max(low, high)), (0, 8), **above)
    ax.set(xlabel="others present", ylabel="4 · mean output", xticks=sizes)
    ax.set_title(f"5 · the mean of the {len(x)} steps is DASP's value: {written(steps.mean())}")
    ax.margins(x=0.08, y=0.2)
    label_ends(ax)
    return float(steps.mean())


def draw_costs(
    lines: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]], level: str, words: str
) -> dict[str, dict[str, float]]:
    """Draw error against forward passes, a panel for each task, a line for each method.

    Parameters
    ----------
    lines : mapping from a title to a mapping from a method to (passes, error) pairs
        The methods are names in METHODS.
    level : str
        A method whose third error is drawn as a level.
    words : str
        The level's name.

    Returns
    -------
    dict
        For each title and other method: the passes at which its line falls to that level.
    """
    _, axes = plt.subplots(1, len(lines), figsize=(7, 3.4), squeeze=False)
    met: dict[str, dict[str, float]] = {}
    for ax, (title, methods) in zip(axes[0], lines.items(), strict=True):
        floor = methods[level][2][1]
        ax.axhline(floor, color=NEUTRAL, linewidth=0.8)
        start = min(cost for points in methods.values() for cost, _ in points)
        ax.text(start, 0.97 * floor, words, fontsize=8, color=ink(NEUTRAL), va="top")
        met[title] = {}
        for name, points in methods.items():
            cost, wrong = np.transpose(points)
            ax.loglog(cost, wrong, **strokes(name), markersize=5)
            if name != level:
                log = np.interp(-np.log(floor), -np.log(wrong), np.log(cost))
                met[title][name] = float(np.exp(log))
        ax.set(title=title, xlabel="forward passes a row")
        for axis, ticks in [(ax.xaxis, cost[[0, 2, 4]]), (ax.yaxis, [0.01, 0.03, 0.1])]:
            plain_ticks(axis, ticks)
    axes[0, 0].set_ylabel("relative error")
    # In one panel: the last one has the most room.
    marks = [Mark(np.array([(start, floor), (cost[-1], floor)]), line=True)]
    for name, points in methods.items():
        marks.append(Mark(np.array(points), name, METHODS[name].colour, line=True))
    name_beside(ax, marks)
    return met


def _moments(
    network: Network, x: np.ndarray, b: np.ndarray, player: int, size: int, present: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return mean and variance of what units receive, the mean they pass on, the mean output."""
    if len(network.layers) != 3:
        raise ValueError(f"expected one hidden layer: {network!r}")
    first, _, last = network.layers
    assert isinstance(first, Dense) and isinstance(last, Dense)
    brought, K = first.weight * (x - b), len(x) - 1
    rest = np.delete(brought, player, axis=1)
    mean = first.forward(b[None])[0] + size * rest.mean(axis=1) + present * brought[:, player]
    variance = size * rest.var(axis=1) * (K - size) / max(K - 1, 1)
    passed, _ = moments.relu(mean, variance)
    return mean, variance, passed, float(last.forward(passed[None])[0, 0])


def _draw_step(
    axes: Sequence[Axes],
    network: Network,
    x: np.ndarray,
    b: np.ndarray,
    player: int,
    size: int,
    present: int,
) -> float:
    """Draw who is present, what units receive and what they pass on; return the mean output."""
    K = len(x) - 1
    chances = np.full(len(x), size / K)
    chances[player] = present
    shades = [strokes("DASP")["color"] if j == player else NEUTRAL for j in range(len(x))]
    axes[0].bar(range(1, len(x) + 1), chances, color=shades)
    axes[0].set(ylim=(0, 1.05), xticks=range(1, len(x) + 1), yticks=sorted({0, size / K, 1}))
    mean, variance, passed, output = _moments(network, x, b, player, size, present)
    _ridges(axes[1], mean, variance, mean, cut=False)
    _ridges(axes[2], mean, variance, passed, cut=True)
    return output


def _ridges(ax: Axes, m: np.ndarray, variance: np.ndarray, means: np.ndarray, cut: bool) -> None:
    """Draw one bell above the other, one for each unit.

    `cut` collects what is below 0 in a bar, and writes its share above it.
    """
    spreads = variance**0.5
    low, high = (m - 3.2 * spreads).min() - 0.5, (m + 3.2 * spreads).max() + 0.5
    if cut:
        low = -0.08 * high
    z = np.linspace(max(low, 0.0) if cut else low, high, 300)
    for unit, (mean, spread, marked) in enumerate(zip(m, spreads, means, strict=True)):
        floor = GAP * unit
        if spread > CERTAIN:
            height = bell(z, mean, spread) / bell(mean, mean, spread)
            ax.fill_between(z, floor, floor + height, color=NEUTRAL, alpha=0.35)
            if cut:
                closed = float(arrays.normal_cdf(np.array(-mean / spread)))
                ax.bar(low / 2, closed, width=-low, bottom=floor, color=NEUTRAL)
                share: dict = {"ha": "right", "va": "bottom", "fontsize": 8}
                ax.text(0, floor + closed, written(closed, ".2f"), **share)
        ax.plot([marked, marked], [floor, floor + 1], color="black")
        words = " " + written(marked, ".2f")
        ax.text(marked, floor + 1.02, words, ha="left", va="bottom", fontsize=8)
    if cut:
        ax.set_xlim(3 * low, high)
    ax.set(ylim=(0, GAP * len(m)), yticks=[])
    ax.spines["left"].set_visible(False)
