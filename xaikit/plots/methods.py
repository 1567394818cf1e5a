"""One colour, mark and dash for each method, in all figures of the course and the benchmarks."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from xaikit.plots.looks import ink


class Look(NamedTuple):
    """How a method is drawn: a colour, matplotlib's marker, and its line style."""

    colour: str
    marker: str
    dash: Any


# All pairs can be told apart with any kind of colour blindness, and all have contrast on white.
# Marks and dashes differ as well. No colour is one of a sign.
METHODS: Mapping[str, Look] = {
    "KernelSHAP": Look("#000000", "o", "-"),
    "permutations": Look("#767676", "^", "-."),
    "shap package": Look("#2196c4", "s", ":"),
    "Gaussian process": Look("#8b6f47", "D", "--"),
    "DASP": Look("#e0559a", "P", (0, (5, 1))),
    "LIME": Look("#aa4499", "v", (0, (3, 1, 1, 1))),
    "Shapley": Look("#661100", "*", (0, (8, 2))),
    "saliency": Look("#444444", "X", (0, (1, 3))),
    "grad × input": Look("#332288", "<", (0, (4, 2, 1, 2))),
    "IG": Look("#5c4db3", ">", (0, (2, 1))),
    "LRP-ε": Look("#7b68c8", "h", (0, (6, 2, 1, 2, 1, 2))),
    "LRP-0": Look("#1f00d6", "p", (0, (3, 3))),
    "LRP-γ": Look("#8585ff", "d", (0, (7, 1, 3, 1))),
    "LRP-z⁺": Look("#1f70ff", "8", (0, (1, 1))),
    "LRP composite": Look("#291466", "H", (0, (5, 5))),
    "attention constant": Look("#1f667a", "1", (0, (10, 3))),
    "AttnLRP": Look("#478f66", "2", (0, (5, 2, 1, 2, 1, 2, 1, 2))),
    "identity on norms": Look("#295c29", "3", (0, (2, 4))),
    "raw attention": Look("#998f85", "|", (0, (1, 5))),
    "rollout": Look("#5c5247", "_", (0, (3, 1, 3, 4))),
}

# Sizes and shares: their scores have no sign, so no figure gives them one.
UNSIGNED = frozenset({"saliency", "raw attention", "rollout"})


def strokes(method: str) -> dict[str, Any]:
    """Return matplotlib's arguments for a method's line."""
    if method not in METHODS:
        raise ValueError(f"'{method}' has no look, expected one of {', '.join(METHODS)}")
    colour, marker, dash = METHODS[method]
    return {"color": colour, "marker": marker, "linestyle": dash}


def label_ends(ax: Axes, **words: Any) -> None:
    """Write each line's label behind its last point, in its colour, and none over another.

    Light colours are darker in words: a line is wider than the strokes of a letter.

    Labels that begin with "_" are matplotlib's own. `words` are arguments for all texts.
    """
    figure = ax.figure.canvas.figure
    lines = [line for line in _labelled(ax) if len(line[1])]
    figure.draw_without_rendering()
    ends = [(points[-1], name, colour) for name, points, colour in lines]
    ends.sort(key=lambda end: ax.transData.transform(end[0])[1])
    height = 12 * figure.dpi / 72
    across, places = np.transpose([ax.transData.transform(end) for end, _, _ in ends])
    # Lines that end at nearly the same place have their names in one column.
    lead = np.where(across.max() - across < 0.3 * figure.dpi, across.max() - across, 0)
    shown = list(places)
    for _ in range(100):  # neighbours that are too close push each other away
        for i in range(1, len(shown)):
            lacking = max(0.0, height - (shown[i] - shown[i - 1]))
            shown[i - 1] -= lacking / 2
            shown[i] += lacking / 2
    for (end, name, colour), right, at, place in zip(ends, lead, shown, places, strict=True):
        beside = 8 + right * 72 / figure.dpi, (at - place) * 72 / figure.dpi
        looks = {"color": ink(colour), "fontsize": 9, "va": "center", **words}
        ax.annotate(name, end, beside, textcoords="offset points", **looks)


def _labelled(ax: Axes) -> list[tuple[str, Any, Any]]:
    """Return name, points and colour of each labelled line, also where it has error bars."""
    bars = {bar.lines[0]: str(bar.get_label()) for bar in ax.containers if hasattr(bar, "lines")}
    named = [(bars.get(line, str(line.get_label())), line) for line in ax.lines]
    return [
        (name, line.get_xydata(), line.get_color()) for name, line in named if name[:1] not in "_"
    ]
