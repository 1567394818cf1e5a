"""Scores of rows of features as bars, as a way from base to output, and as swarms of points."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.transforms import offset_copy

from xaikit.core import arrays
from xaikit.core.attribution import Attribution
from xaikit.plots.looks import NEUTRAL, colour, decimals, printable, signed

MOST_LINES = 12  # more features than this are too close to each other in 4.5 inches
NAME_LENGTH, VALUE_LENGTH = 28, 14  # characters
# Viridis without its palest end, which is lost on white.
LOW_TO_HIGH = LinearSegmentedColormap.from_list(
    "low-high", plt.get_cmap("viridis")(np.linspace(0, 0.92, 64))
)


def attribution_bars(
    attribution: Attribution, row: int = 0, ax: Axes | None = None, top: int = 10
) -> Axes:
    """Draw the scores of one row as horizontal bars, largest on top, with their signs in text.

    Where the scores were estimated by sampling, black lines are their 95% intervals, as
    `Attribution.interval` gives them. The sum of other features has none: its parts err together.

    Parameters
    ----------
    attribution : Attribution
        Of rows of features (n, d), or of a single row (d,).
    row : int
        Which row of several.
    ax : matplotlib axes
        Where to draw; None is a new figure.
    top : int
        How many features have a bar of their own, 1 to 12; the others share one.

    Raises
    ------
    IndexError, ValueError
        For a row that does not exist, scores of pictures, a `top` out of range.
    """
    scores, names = _one_row(attribution, row)
    order, others = _largest(np.abs(scores), top)
    sizes, labels = scores[order], [names[i] for i in order]
    halves = np.zeros(len(sizes))
    if attribution.std is not None:
        low, high = (np.atleast_2d(arrays.to_numpy(end))[row] for end in attribution.interval())
        halves = (high - low)[order] / 2
        halves[~np.isfinite(halves)] = 0  # of a single pair of orders: its spread is unknown
    if len(others):
        sizes = np.append(sizes, scores[others].sum())
        halves = np.append(halves, 0)
        labels.append(f"{len(others)} other features")
    # The largest on top: positions count from the bottom.
    sizes, halves, labels = sizes[::-1], halves[::-1], labels[::-1]
    ax = _axes(ax, len(sizes), margin=1.2)
    # Positions, not the labels themselves: two tokens may be the same word.
    positions = np.arange(len(sizes))
    ax.barh(positions, sizes, color=colour(sizes))
    _name_lines(ax, labels)
    if attribution.std is not None:
        known = positions[halves > 0]
        ax.errorbar(sizes[known], known, xerr=halves[known], fmt="none", ecolor="black", capsize=2)
    ends = sizes + np.where(sizes >= 0, halves, -halves)
    _write_beside(ax, ends, positions, signed(sizes), rightwards=sizes >= 0, start=np.zeros(1))
    ax.axvline(0, color="black", linewidth=0.8)
    unit = f"{attribution.method or 'score'}, in units of the output"
    ax.set_xlabel(unit if attribution.std is None else f"{unit}; lines: 95% intervals")
    return ax


def waterfall(
    attribution: Attribution, row: int = 0, ax: Axes | None = None, top: int = 10
) -> Axes:
    """Draw the way from base to output: base + Σ scores − gap = output, one bar a feature.

    The way starts at the bottom, at the base; the smallest scores come first, and the largest
    last. Where the scores do not add up to output − base, a grey bar says by how much.

    Parameters
    ----------
    attribution : Attribution
        Of rows of features (n, d), or of a single row (d,), with a base.
    row : int
        Which row of several.
    ax : matplotlib axes
        Where to draw; None is a new figure.
    top : int
        How many features have a bar of their own, 1 to 12; the others share one.

    Raises
    ------
    ValueError
        For scores without a base, scores of pictures, a `top` out of range.
    IndexError
        For a row that does not exist.
    """
    if attribution.base is None:
        raise ValueError(
            f"{attribution.method or 'this attribution'} has no base: its scores are not parts of "
            "a whole, so there is no way from a base to the output. Draw attribution_bars, or "
            "explain with a method that has a base (integrated gradients, Shapley values)"
        )
    scores, names = _one_row(attribution, row)
    base, output = (
        float(np.atleast_1d(arrays.to_numpy(number))[row])
        for number in (attribution.base, attribution.output)
    )
    order, others = _largest(np.abs(scores), top)
    order = order[::-1]
    steps, labels = list(scores[order]), [names[i] for i in order]
    if len(others):
        steps.insert(0, scores[others].sum())
        labels.insert(0, f"{len(others)} other features")
    gap = base + scores.sum() - output
    if _is_seen(gap, [base, output, *scores]):
        steps.append(-gap)
        labels.append("− gap (not explained)")
    sizes = np.array(steps)
    levels = base + np.append(0, np.cumsum(sizes))  # before and after each step
    lines = np.arange(1, len(sizes) + 1)
    faces = colour(sizes)
    if len(sizes) > len(order) + bool(len(others)):
        faces[-1] = NEUTRAL

    ax = _axes(ax, len(sizes) + 2, margin=0.9)
    top_line = len(sizes) + 1
    ax.barh(lines, sizes, left=levels[:-1], color=faces)
    _name_lines(ax, ["base", *labels, "output"])
    ends = [base, *levels[1:], output]
    for line, level in enumerate(levels):  # a step begins where the one below it ends
        ax.plot([level, level], [line, line + 1], color=NEUTRAL, linewidth=0.8, zorder=0.5)
    ax.plot([base, output], [0, top_line], "D", color="black", markersize=5)
    ax.set_ylim(-0.6, top_line + 0.6)
    texts = [_level(base, sizes), *signed(sizes), _level(output, sizes)]
    _write_beside(
        ax,
        np.array(ends),
        np.arange(top_line + 1),
        texts,
        rightwards=np.array([True, *(sizes >= 0), True]),
        start=levels,
    )
    ax.set_xlabel(f"{attribution.method or 'scores'}, in units of the output")
    return ax


def beeswarm(attribution: Attribution, top: int = 10, ax: Axes | None = None) -> Axes:
    """Draw the scores of many rows: a line a feature, a point a row, its colour the value.

    Features are sorted by their mean |score|, which stands in brackets. Points that would hide
    each other move up and down, the same way in every run. Colours run from a feature's 5th
    percentile to its 95th, so that one extreme value does not make all others alike.

    Parameters
    ----------
    attribution : Attribution
        Of several rows of features, (n, d), with data of numbers.
    top : int
        How many features have a line of their own, 1 to 12; the others' sums share one, in grey.
    ax : matplotlib axes
        Where to draw; None is a new figure.

    Raises
    ------
    ValueError
        For a single row, for pictures, for data of text, a `top` out of range.
    """
    scores = arrays.to_numpy(attribution.values).astype(float)
    if scores.ndim != 2 or len(scores) < 2:
        raise ValueError(
            f"a beeswarm needs several rows of features (n, d), got scores {scores.shape}: "
            "draw one row by attribution_bars or waterfall"
        )
    data = arrays.to_numpy(attribution.data)
    if data.dtype.kind not in "biuf" or data.shape != scores.shape:
        raise ValueError(
            "a beeswarm colours each score by its feature's value, and needs a number for each: "
            f"got scores {scores.shape} and data {data.shape} of {data.dtype} values"
        )
    sizes = np.abs(scores).mean(axis=0)
    order, others = _largest(sizes, top)
    names = _names(attribution, scores.shape[1])
    written = [text.lstrip("+") for text in signed(sizes[order])]
    labels = [f"{names[i]} ({size})" for i, size in zip(order, written, strict=True)]
    swarms = [scores[:, i] for i in order]
    if len(others):
        labels.append(f"{len(others)} other features, sum")
        swarms.append(scores[:, others].sum(axis=1))
    ax = _axes(ax, len(labels), margin=1.2)
    _name_lines(ax, labels[::-1])
    ax.axvline(0, color="black", linewidth=0.8, zorder=0)
    reach = np.abs(swarms).max() or 1.0
    for place, points in enumerate(swarms):
        heights = len(swarms) - 1 - place + _spread(points, reach)
        if place < len(order):
            shades = _shades(data[:, order[place]].astype(float))
            dots = ax.scatter(points, heights, s=9, c=shades, cmap=LOW_TO_HIGH, vmin=0, vmax=1)
        else:
            ax.scatter(points, heights, s=9, color=NEUTRAL)
    bar = plt.colorbar(dots, ax=ax, aspect=40, pad=0.02)
    bar.set_ticks([0, 1], labels=["low", "high"])
    ax.margins(x=0.05)
    ax.set_ylim(-0.6, len(labels) - 0.4)
    method = attribution.method or "score"
    ax.set_xlabel(
        f"{method}, in units of the output\nin brackets: mean |score|; colour: feature's value"
    )
    return ax


def _one_row(attribution: Attribution, row: int) -> tuple[np.ndarray, list[str]]:
    """Return a row's scores (d,), and a label "name = value" for each."""
    values = np.atleast_2d(arrays.to_numpy(attribution.values)).astype(float)
    if values.ndim != 2:
        raise ValueError(
            f"bars need rows of features (n, d), got scores {values.shape}: "
            "pictures are drawn by plots.draw_pictures"
        )
    if not 0 <= row < len(values):
        raise IndexError(f"row {row} is out of range: there are {len(values)} rows")
    names = _names(attribution, values.shape[1])
    data = np.atleast_2d(arrays.to_numpy(attribution.data))
    if data.shape != values.shape:  # players of several columns have no one value
        return values[row], names
    # A token is its own name, whether or not it was given as one.
    own = attribution.feature_names or data[row]
    labels = [
        printable(value, NAME_LENGTH)
        if isinstance(value, str) and value == word
        else f"{name} = {_value(value)}"
        for name, word, value in zip(names, own, data[row], strict=True)
    ]
    return values[row], labels


def _names(attribution: Attribution, features: int) -> list[str]:
    names = attribution.feature_names or [f"x{i}" for i in range(features)]
    return [printable(str(name), NAME_LENGTH) for name in names]


def _value(value: Any) -> str:
    """Write a feature's value: a word, a whole number, or a number with what decimals matter."""
    if isinstance(value, str):
        return printable(value, VALUE_LENGTH)
    if isinstance(value, int | np.integer | bool | np.bool_):
        return str(value)
    if value != 0 and not 0.005 <= abs(value) < 1e7:
        return f"{value:.2g}"
    whole = abs(value) >= 1000 or (abs(value) >= 10 and value == round(value))
    return f"{value:,.0f}" if whole else f"{value:.2f}"


def _level(level: float, steps: np.ndarray) -> str:
    """Write base or output with one decimal more than the steps between them."""
    places = decimals(steps)
    if places is None or abs(level) >= 1e7:
        return f"{level:.8g}"
    return f"{level:,.{places + 1 if places else 0}f}"


def _largest(sizes: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the `top` largest features, falling, and those of the others."""
    if not 1 <= top <= MOST_LINES:
        raise ValueError(f"top is {top}, expected 1 to {MOST_LINES}: more lines cannot be read")
    order = np.argsort(-sizes, kind="stable")
    # A line "1 other feature" would take the place of that feature's own.
    return (order, order[:0]) if len(order) <= top + 1 else (order[:top], order[top:])


def _is_seen(gap: float, numbers: Sequence[float]) -> bool:
    """Tell whether a gap is more than rounding, and not zero in the figure's own decimals."""
    if abs(gap) <= 1e-6 * max(map(abs, numbers)):
        return False
    return any(digit in "123456789" for digit in signed(np.array([*numbers[2:], gap]))[-1])


def _axes(ax: Axes | None, lines: int, margin: float) -> Axes:
    """Return the axes, or those of a new figure that is high enough for so many lines."""
    if ax is None:
        _, ax = plt.subplots(figsize=(7, min(4.5, margin + 0.3 * lines)), layout="constrained")
    return ax


def _name_lines(ax: Axes, labels: Sequence[str]) -> None:
    ax.set_yticks(range(len(labels)), labels)
    for label in ax.get_yticklabels():
        label.set_parse_math(False)  # "$5 or $6" is no formula


def _write_beside(
    ax: Axes,
    ends: np.ndarray,
    lines: np.ndarray,
    texts: Sequence[str],
    rightwards: np.ndarray,
    start: np.ndarray,
) -> None:
    """Write each text beside the end of its bar, and make the x axis wide enough for all.

    Parameters
    ----------
    ax : matplotlib axes
    ends, lines : ndarray, shape (k,)
        Where the bars end: x, and y.
    texts : sequence of k str
    rightwards : ndarray of bool, shape (k,)
        Whether a text stands to the right of its bar's end.
    start : ndarray
        Other x that the axis must hold.
    """
    figure = ax.figure.canvas.figure
    drawn = []
    for end, line, text, right in zip(ends, lines, texts, rightwards, strict=True):
        shifted = offset_copy(ax.transData, fig=figure, x=6 if right else -6, units="points")
        side = "left" if right else "right"
        drawn.append(ax.text(end, line, text, transform=shifted, va="center", ha=side, fontsize=9))
    low, high = min(ends.min(), start.min()), max(ends.max(), start.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    ax.set_xlim(low, high)
    figure.draw_without_rendering()  # now the texts know their sizes
    widths = np.array([text.get_window_extent().width for text in drawn]) + 0.12 * figure.dpi
    left, right = (widths[side].max(initial=0) for side in (~rightwards, rightwards))
    scale = (high - low) / max(ax.get_window_extent().width - left - right, 1)
    low = min(low, (ends - scale * widths)[~rightwards].min(initial=low))
    high = max(high, (ends + scale * widths)[rightwards].max(initial=high))
    ax.set_xlim(low - 0.02 * (high - low), high + 0.02 * (high - low))


def _shades(values: np.ndarray) -> np.ndarray:
    """Return where values (n,) lie between their 5th percentile, 0, and their 95th, 1."""
    low, high = np.percentile(values, [5, 95])
    if low == high:  # a column of zeros and a few ones, say
        low, high = values.min(), values.max()
    return np.clip((values - low) / (high - low), 0, 1) if high > low else np.full(len(values), 0.5)


def _spread(points: np.ndarray, reach: float) -> np.ndarray:
    """Return heights in ±0.4 for scores (n,), so that points of nearly the same score pile up."""
    places = np.round(points / reach * 60).astype(int)
    heights = np.zeros(len(points))
    for place in np.unique(places):
        pile = np.flatnonzero(places == place)
        ranks = np.arange(len(pile))
        # 0, 1, −1, 2, −2 … from the middle.
        heights[pile] = (ranks + 1) // 2 * np.where(ranks % 2, 1, -1)
    return heights * min(0.09, 0.4 / (np.abs(heights).max() or 1))
