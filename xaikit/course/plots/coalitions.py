"""Drawings about SHAP: weights of coalitions, absent features, and estimates with their errors."""

from collections.abc import Mapping, Sequence
from math import comb

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from xaikit.course.intervals import mean_and_half
from xaikit.course.plots.parts import HALO, ROUND, plain_ticks, signed_bar
from xaikit.plots.lines import zero_line
from xaikit.plots.looks import LIGHT, NEUTRAL, written
from xaikit.plots.methods import label_ends, strokes

HATCHES = ["", "///", "..."]


def draw_weights(players: int, weights: Mapping[str, np.ndarray]) -> None:
    """Draw how weight is spread over the sizes of coalitions, by coalition and by size.

    Parameters
    ----------
    players : int
        Their number, M.
    weights : dict from method to ndarray, shape (M - 1,)
        The weight of one coalition of 1, 2, … M − 1 players. Only the ratios count.
    """
    sizes = np.arange(1, players)
    _, (one, together) = plt.subplots(1, 2, figsize=(7, 3))
    for name, weight in weights.items():
        total = weight * [comb(players, size) for size in sizes]
        one.plot(sizes, 100 * weight / total.sum(), **strokes(name))
        together.plot(sizes, 100 * total / total.sum(), **strokes(name), label=name)
    one.set(yscale="log", title="one coalition", ylabel="% of all weight (logarithmic)")
    shown = np.concatenate([line.get_ydata() for line in one.lines])
    plain_ticks(one.yaxis, (t for t in ROUND if 0.5 * min(shown) <= t <= 2 * max(shown)))
    together.set(title="all of a size together", ylim=(0, None), ylabel="% of all weight")
    label_ends(together)
    for ax in (one, together):
        ax.set(xlabel=f"players present, of {players}", xticks=sizes)


def draw_scores(
    values: Mapping[str, np.ndarray],
    features: Sequence[str],
    ax: Axes | None = None,
    unit: str = "Shapley value (no unit)",
    style: str = "+.2f",
) -> None:
    """Draw the values that several explanations give to the same features, side by side.

    The colour shows the sign, the hatch the explanation. `style` is how the numbers are written:
    sizes, such as saliency, have no sign and are grey.
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
            if not style.startswith("+"):
                looks["color"] = NEUTRAL
            signed_bar(ax, y, scores[i], 0.9 * height, written(scores[i], style), **looks)
    zero_line(ax)
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
    left.axline((0, 0), slope=slope, color="black", linewidth=1)
    left.plot(*x, "D", color="black")
    words: dict = {"textcoords": "offset points", "fontsize": 8, "path_effects": HALO}
    left.annotate("our patient", tuple(x), (8, 0), va="center", **words)
    # At the left end, on the side from which the line leads away.
    beside = {"va": "top"} if slope >= 0 else {"va": "bottom"}
    left.annotate(
        "expected pressure", (-3, -3 * slope), (3, -6 if slope >= 0 else 6), **beside, **words
    )
    left.set(xlabel="bmi (sd)", ylabel="blood pressure (sd)", xlim=(-3, 3), ylim=(-3, 3))
    draw_scores(values, ["bmi", "pressure"], right)


def draw_errors(
    budgets: Sequence[int],
    panels: Mapping[str, Mapping[str, np.ndarray]],
    unit: str = "error (units of the output)",
) -> None:
    """Draw errors against what was paid, with 95% intervals of the mean square over the draws.

    The intervals are those of its logarithm (the delta method): none reaches 0, which has no place
    on a logarithmic axis.

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
        for place, (name, errors) in enumerate(methods.items()):
            squares = (errors**2).mean(axis=2)
            mean, half = np.transpose([mean_and_half(draws) for draws in squares])
            root, factor = np.sqrt(mean), np.exp(half / np.where(mean > 0, mean, 1) / 2)
            bars = np.array([root - root / factor, root * factor - root])
            looks = {**strokes(name), "capsize": 3, "label": name}
            # Side by side, so that no interval hides another.
            beside = 1.04 ** (place - (len(methods) - 1) / 2)
            ax.errorbar(beside * np.array(budgets), root, yerr=bars, **looks)
            ends += [(root / factor).min(), (root * factor).max()]
        ax.set(xscale="log", yscale="log", title=title, xlabel="coalitions paid")
        plain_ticks(ax.xaxis, budgets)
        ax.margins(x=0.1)  # an interval is not to lie on the axis
        plain_ticks(ax.yaxis, (t for t in ROUND if min(ends) / 1.3 <= t <= 1.3 * max(ends)))
    axes[0, 0].set_ylabel(unit)
    label_ends(axes[0, -1])


def draw_sample(
    exist: Sequence[int],
    paid: Sequence[int],
    off: np.ndarray,
    half: np.ndarray,
    features: Sequence[str],
    reach: float = 0.16,
    unit: str = "units of the output",
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
    unit : str
        What an error of 1 is.
    """
    sizes = np.arange(1, len(exist) + 1)
    _, (left, right) = plt.subplots(1, 2, figsize=(7, 3.6))
    left.bar(sizes, exist, color=LIGHT)
    left.bar(sizes, paid, width=0.5, color="black")
    left.set(xlabel=f"players present, of {len(exist) + 1};\ngrey: exist, black: paid")
    left.set(ylabel="coalitions", yscale="log")
    plain_ticks(left.yaxis, [t for t in ROUND if 1 <= t <= max(exist)])
    left.set(xticks=sizes, ylim=(0.7, 1.5 * max(exist)))
    lines = np.arange(len(off))
    right.axvline(0, color=NEUTRAL)
    right.errorbar(off, lines, xerr=half, fmt="o", color="black", capsize=2)
    right.set_yticks(lines, features)
    # An arrow where an interval goes on beyond the picture.
    for beyond, end, mark in [(off - half < -reach, -reach, "<"), (off + half > reach, reach, ">")]:
        if beyond.any():
            at = np.full(beyond.sum(), end), lines[beyond]
            right.plot(*at, mark, color="black", clip_on=False)
    words = f"estimate − truth, 95% intervals,\nin {unit}"
    right.set(xlabel=words, xlim=(-reach, reach))
