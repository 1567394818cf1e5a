"""Drawings about SHAP: weights of coalitions, absent features, and estimates with their errors."""

from collections.abc import Mapping, Sequence
from math import comb

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from xaikit.course.plots.parts import ROUND, plain_ticks, signed_bar
from xaikit.plots.looks import NEUTRAL

# A method has the same colour, stroke and mark in all figures. No colour is one of a sign.
METHODS = {
    "KernelSHAP": ("black", "o-"),
    "LIME": ("#aa4499", "s--"),
    "permutations": ("#767676", "^-."),
    "shap package": ("#009e73", "s:"),
    "Gaussian process": ("#996600", "D--"),
}
HATCHES = ["", "///", "..."]
LIGHT = "#d9d9d9"


def draw_weights(players: int, weights: Mapping[str, np.ndarray]) -> None:
    """Draw how weight is spread over the sizes of coalitions, by coalition and by size.

    Parameters
    ----------
    players : int
        M.
    weights : dict from method to ndarray, shape (M - 1,)
        The weight of one coalition of 1, 2, … M − 1 players. Only the ratios count.
    """
    sizes = np.arange(1, players)
    _, (one, together) = plt.subplots(1, 2, figsize=(7, 3))
    for name, weight in weights.items():
        shade, stroke = METHODS[name]
        total = weight * [comb(players, size) for size in sizes]
        one.plot(sizes, weight / total.sum(), stroke, color=shade, label=name)
        together.plot(sizes, total / total.sum(), stroke, color=shade)
    one.set(yscale="log", title="one coalition", ylabel="share of all weight")
    together.set(title="all coalitions of a size together")
    together.set_ylim(0, 1.15 * together.get_ylim()[1])
    one.legend(frameon=False)
    for ax in (one, together):
        ax.set(xlabel=f"players present, of {players}", xticks=sizes)


def draw_scores(
    values: Mapping[str, np.ndarray],
    features: Sequence[str],
    ax: Axes | None = None,
    unit: str = "Shapley value",
    style: str = "+.2f",
) -> None:
    """Draw the values that several explanations give to the same features, side by side.

    The colour shows the sign, the hatch the explanation. `style` is how the numbers are written:
    sizes, such as saliency, have no sign.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(7, min(4.4, 0.6 + 0.42 * len(values) * len(features))))
    height = 0.8 / len(values)
    reach = max(np.abs(np.concatenate(list(values.values()))).max(), 1e-9)
    lines, names = [], []
    for k, (name, scores) in enumerate(values.items()):
        for i, feature in enumerate(features):
            y = -i - (k - (len(values) - 1) / 2) * height
            lines.append(y)
            names.append(f"{feature}, {name}")
            looks = {"hatch": HATCHES[k % len(HATCHES)], "edgecolor": "white"}
            signed_bar(ax, y, scores[i], 0.9 * height, f"{scores[i] + 0.0:{style}}", **looks)
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set_yticks(lines, names)
    ax.set_ylim(-len(features) + 0.5, 0.5)
    low = min(scores.min() for scores in values.values())
    ax.set_xlim(min(low, 0) - 0.08 * reach, 1.35 * reach)
    ax.set_xlabel(unit)


def draw_absence(
    rows: np.ndarray, x: np.ndarray, slope: float, values: Mapping[str, np.ndarray]
) -> None:
    """Draw two dependent features and one row x, and beside them the values of each absence.

    Parameters
    ----------
    rows : ndarray, shape (n, 2)
        The data, bmi and blood pressure.
    x : ndarray, shape (2,)
        The row that is explained.
    slope : float
        Of the expected blood pressure along bmi.
    values : dict from absence to ndarray, shape (2,)
    """
    _, (left, right) = plt.subplots(1, 2, figsize=(7, 3.4), width_ratios=[1, 1.1])
    left.scatter(*rows.T, s=6, color=LIGHT)
    left.axline((0, 0), slope=slope, color="black", linewidth=1, label="E[pressure | bmi]")
    left.plot(*x, "D", color="black", label="our patient")
    left.set(xlabel="bmi", ylabel="blood pressure", xlim=(-3, 3), ylim=(-3, 3))
    draw_scores(values, ["bmi", "pressure"], right)
    left.figure.legend(loc="outside lower left", ncols=2, frameon=False)


def draw_places(districts: np.ndarray, mixed: np.ndarray, far: np.ndarray) -> None:
    """Draw places (latitude, longitude) of districts, and mixed ones, near a district or far.

    Parameters
    ----------
    districts : ndarray, shape (n, 2)
    mixed : ndarray, shape (m, 2)
    far : ndarray of bool, shape (m,)
    """
    _, ax = plt.subplots(figsize=(7, 4.2))
    ax.scatter(districts[:, 1], districts[:, 0], s=2, color=LIGHT, label="districts")
    for chosen, mark, shade, label in [
        (~far, "o", "black", "mixed, near a district"),
        (far, "x", "#aa4499", "mixed, over 0.5° from any district"),
    ]:
        ax.scatter(mixed[chosen, 1], mixed[chosen, 0], s=18, marker=mark, color=shade, label=label)
    ax.set(xlabel="longitude (degrees east)", ylabel="latitude (degrees north)", xlim=(-126, -114))
    ax.legend(frameon=False, loc="upper right")


def draw_errors(
    budgets: Sequence[int],
    panels: Mapping[str, Mapping[str, np.ndarray]],
    unit: str = "error (units of the output)",
) -> None:
    """Draw errors against what was paid, with 95% intervals of the mean square over the draws.

    Parameters
    ----------
    budgets : sequence of int
        Coalitions paid.
    panels : dict from title to dict from method to ndarray, shape (budgets, draws, players)
        Estimates minus the truth.
    """
    _, axes = plt.subplots(1, len(panels), figsize=(7, 3.6), squeeze=False)
    for ax, (title, methods) in zip(axes[0], panels.items(), strict=True):
        ends = []
        for name, errors in methods.items():
            shade, stroke = METHODS[name]
            squares = (errors**2).mean(axis=2)
            mean = squares.mean(axis=1)
            half = 1.96 * squares.std(axis=1, ddof=1) / np.sqrt(squares.shape[1])
            low, high = np.sqrt(np.maximum(mean - half, 0)), np.sqrt(mean + half)
            bars = np.array([np.sqrt(mean) - low, high - np.sqrt(mean)])
            ax.errorbar(
                budgets, np.sqrt(mean), yerr=bars, fmt=stroke, color=shade, capsize=3, label=name
            )
            ends += [np.sqrt(mean).min(), np.sqrt(mean).max()]
        ax.set(xscale="log", yscale="log", title=title, xlabel="coalitions paid")
        plain_ticks(ax.xaxis, budgets)
        plain_ticks(ax.yaxis, (t for t in ROUND if 0.7 * min(ends) <= t <= 1.5 * max(ends)))
    axes[0, 0].set_ylabel(unit)
    axes[0, 0].legend(frameon=False)


def draw_sample(
    exist: Sequence[int],
    paid: Sequence[int],
    off: np.ndarray,
    half: np.ndarray,
    features: Sequence[str],
    reach: float = 0.16,
) -> None:
    """Draw how many coalitions of each size were paid, and how far each estimate is from the truth.

    Parameters
    ----------
    exist, paid : sequences of M - 1 int
        By size, 1 to M − 1.
    off, half : ndarray, shape (M,)
        Estimate minus truth, and half the width of its interval.
    features : sequence of M str
    reach : float
        The largest error that is shown.
    """
    sizes = np.arange(1, len(exist) + 1)
    _, (left, right) = plt.subplots(1, 2, figsize=(7, 3.6))
    left.bar(sizes, exist, color=LIGHT, label="exist")
    left.bar(sizes, paid, width=0.5, color="black", label="paid")
    left.set(xlabel=f"players present, of {len(exist) + 1}", ylabel="coalitions")
    left.legend(frameon=False, loc="upper left")
    lines = range(len(off))
    right.axvline(0, color=NEUTRAL)
    right.errorbar(off, lines, xerr=half, fmt="o", color="black", capsize=2)
    right.set_yticks(lines, features)
    right.set(xlabel="estimate − truth, 95% interval", xlim=(-reach, reach))
