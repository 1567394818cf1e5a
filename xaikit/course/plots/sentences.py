"""Drawings of sentences: the scores of several methods word by word, and methods over networks."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from xaikit.course.intervals import mean_and_half
from xaikit.plots.looks import GREYS, NEUTRAL, distinct_labels, ink, pale, signed
from xaikit.plots.methods import UNSIGNED

SHADES = ("#000000", "#5c5c5c", "#949494")
MARKS = ("o", "s", "D")


def draw_words(words: Sequence[str], scores: Mapping[str, np.ndarray], unit: str) -> None:
    """Draw a table: a row for each method, a column for each word, coloured by score.

    Each row has a scale of its own, and its numbers are written in the cells. Scores without a
    sign, such as attention, are grey.

    Parameters
    ----------
    words : sequence of d str
    scores : mapping from a method to an array (d,)
    unit : str
        What the numbers are.
    """
    figure, ax = plt.subplots(figsize=(7, 0.85 + 0.3 * len(scores)))
    for row, (name, values) in enumerate(scores.items()):
        limit = np.abs(values).max() or 1.0
        for column, (value, number) in enumerate(zip(values, signed(values), strict=True)):
            shade = pale(value, limit)
            if name in UNSIGNED:
                shade, number = GREYS(0.35 * value / limit), number.lstrip("+")
            ax.add_patch(plt.Rectangle((column - 0.48, row - 0.45), 0.96, 0.9, fc=shade))
            ax.text(column, row, number, ha="center", va="center", fontsize=8)
    ax.set(xlim=(-0.5, len(words) - 0.5), ylim=(len(scores) - 0.5, -0.5))
    ax.set_xticks(range(len(words)), distinct_labels(list(words), 14), fontsize=9)
    ax.set_yticks(range(len(scores)), scores, fontsize=9)
    ax.xaxis.tick_top()
    ax.set_xlabel(unit, fontsize=9)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    figure.align_labels()


def draw_runs_by_length(
    runs: Mapping[str, Mapping[str, np.ndarray]], controls: Sequence[str], unit: str
) -> dict[str, dict[str, tuple[float, float]]]:
    """Draw means over networks with their 95% intervals: a row a method, a mark for each length.

    Parameters
    ----------
    runs : mapping from the words for at most three lengths to a mapping from a method to (s,)
    controls : sequence of str
        Methods below the line, which know nothing of the network.
    unit : str
        The name of what is measured.

    Returns
    -------
    dict
        For each length and method the mean, and half of Student's interval.
    """
    names = list(dict.fromkeys(name for methods in runs.values() for name in methods))
    _, ax = plt.subplots(figsize=(7, 0.9 + 0.32 * len(names)))
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for place, (words, methods) in enumerate(runs.items()):
        found[words] = {name: mean_and_half(values) for name, values in methods.items()}
        rows = [names.index(name) + 0.24 * (place - (len(runs) - 1) / 2) for name in methods]
        means, halves = np.transpose(list(found[words].values()))
        looks: dict = {"color": SHADES[place], "fmt": MARKS[place], "markersize": 4, "capsize": 2}
        ax.errorbar(means, rows, xerr=halves, **looks)
    ax.axhline(len(names) - len(controls) - 0.5, color=NEUTRAL, linewidth=0.8)
    ax.set_yticks(range(len(names)), names)
    ax.set(ylim=(len(names) - 0.5, -0.5), xlabel=unit)
    _name_lengths(ax, found, names)
    return found


def _name_lengths(
    ax: Axes, found: Mapping[str, Mapping[str, tuple[float, float]]], names: Sequence[str]
) -> None:
    """Write the lengths behind the intervals of that method whose ends are farthest apart."""
    ends = {
        name: [mean + half for mean, half in (methods[name] for methods in found.values())]
        for name in names
        if all(name in methods for methods in found.values())
    }
    chosen = max(ends, key=lambda name: np.diff(ends[name]).min(initial=np.inf))
    for place, (words, end) in enumerate(zip(found, ends[chosen], strict=True)):
        row = names.index(chosen) + 0.36 * (place - (len(found) - 1) / 2)
        looks: dict = {"textcoords": "offset points", "fontsize": 8, "va": "center"}
        ax.annotate(f"{words} tokens", (end, row), (5, 0), color=ink(SHADES[place]), **looks)
