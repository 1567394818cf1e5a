"""A text, coloured token by token."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from xaikit.core import arrays
from xaikit.core.attribution import Attribution
from xaikit.plots.looks import distinct_labels, pale, signed

WIDTH, HEIGHT, MARGIN, TITLE = 7 * 72, 4.5 * 72, 8, 26  # points, 72 per inch
SIZES = (11.0, 9.0, 8.0)  # font sizes in points: the first that lets the text fit
LONGEST = 40  # characters of one token
# In multiples of the font size: the heights of a line and of a token's box, its number's font size.
LINE, BOX, NUMBER = 3.1, 1.6, 0.75


def tokens(attribution: Attribution, row: int = 0, unit: str = "units of the output") -> Axes:
    """Draw a text whose tokens are coloured by score, with the signed score below each.

    Orange tokens raise the output, blue ones lower it; the colour is deepest at the largest
    |score|. A text that is too long for 7 × 4.5 inches ends with the sum of the scores left out.

    Parameters
    ----------
    attribution : Attribution
        Of tokens, (d,) or (n, d). The words are in `data`, or else in `feature_names`.
    row : int
        The row to draw.
    unit : str
        What a score of 1 is.

    Raises
    ------
    ValueError
        If there are no words, or their number is not that of the scores.
    IndexError
        If the row does not exist.
    """
    scores = np.atleast_2d(arrays.to_numpy(attribution.values)).astype(float)
    if not 0 <= row < len(scores):
        raise IndexError(f"row {row} is out of range: there are {len(scores)} rows")
    words, scores = _words(attribution, row), scores[row]
    if scores.shape != (len(words),):
        raise ValueError(f"got scores {scores.shape} for {len(words)} tokens, expected one each")
    figure = plt.figure(figsize=(7, 4.5), layout="none")
    ax = figure.add_axes((0, 0, 1, 1))
    words = distinct_labels(words, LONGEST)
    written = list(zip(words, signed(scores), strict=True))
    faces = [pale(score, np.abs(scores).max() or 1.0) for score in scores]
    for size in SIZES:
        widths = [_width(ax, *cell, size) for cell in written]
        places = _places(widths, size)
        if _height(places, size) <= HEIGHT:
            break
    kept = len(scores)
    while _height(places, size) > HEIGHT:
        kept -= 1
        rest = f"… {len(scores) - kept} more tokens", signed(scores[kept:].sum(keepdims=True))[0]
        places = _places([*widths[:kept], _width(ax, *rest, size)], size)
    if kept < len(scores):
        written, faces = [*written[:kept], rest], [*faces[:kept], pale(0, 1)]
    height = _height(places, size)
    figure.set_size_inches(7, height / 72)
    ax.set(xlim=(0, WIDTH), ylim=(height, 0))
    ax.axis("off")
    title = f"{attribution.method or 'score'} of each token, in {unit}"
    ax.text(MARGIN, TITLE / 2, title, va="center", fontsize=10)
    for (word, number), face, (left, top, width) in zip(written, faces, places, strict=True):
        ax.add_patch(Rectangle((left, top), width, BOX * size, facecolor=face))
        middle, lower = left + width / 2, top + (BOX + NUMBER / 1.5) * size
        _write(ax, middle, top + BOX / 2 * size, word, size)
        _write(ax, middle, lower, number, NUMBER * size)
    return ax


def _words(attribution: Attribution, row: int) -> list[str]:
    """Return the tokens: the data if they are text, else the names of the features."""
    data = np.atleast_2d(arrays.to_numpy(attribution.data))
    if data.dtype.kind in "UO" and all(isinstance(word, str) for word in data.flat):
        return [str(word) for word in data[row]]
    if attribution.feature_names is None:
        raise ValueError(
            f"tokens need words, but the data hold {data.dtype} values and the features have no "
            "names: give the words by attribution.with_names(words), or draw attribution_bars"
        )
    return [str(name) for name in attribution.feature_names]


def _write(ax: Axes, x: float, y: float, text: str, size: float):
    # "$5 or $6" is not a formula.
    return ax.text(x, y, text, fontsize=size, ha="center", va="center", parse_math=False)


def _width(ax: Axes, word: str, number: str, size: float) -> float:
    """Return how wide a box must be, in points, for a token and the number below it."""
    drawn = [_write(ax, 0, 0, word, size), _write(ax, 0, 0, number, NUMBER * size)]
    pixels = max(text.get_window_extent().width for text in drawn)
    for text in drawn:
        text.remove()
    return 72 * pixels / ax.figure.dpi + 0.6 * size


def _places(widths: Sequence[float], size: float) -> list[tuple[float, float, float]]:
    """Return (left, top, width) of each box, from left to right and line by line, in points."""
    places, left, top = [], float(MARGIN), float(TITLE)
    for width in widths:
        if left > MARGIN and left + width > WIDTH - MARGIN:
            left, top = float(MARGIN), top + LINE * size
        places.append((left, top, width))
        left += width + 0.35 * size
    return places


def _height(places: Sequence[tuple[float, float, float]], size: float) -> float:
    """Return the height of the figure that holds these boxes, in points."""
    return places[-1][1] + LINE * size + MARGIN / 2
