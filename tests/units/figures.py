"""Help for tests of figures: a measure of readability."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text

from xaikit.core.attribution import Attribution

LARGEST = np.array([700, 450])  # pixels: 7 × 4.5 inches at 100 dots per inch


def the_figure():
    """Return the one figure that was drawn."""
    (number,) = plt.get_fignums()
    return plt.figure(number)


def texts_drawn(figure):
    """Return the texts in the picture, with their boxes in pixels.

    A figure also has texts that it never draws, such as numbers of ticks beyond an axis' end.
    """
    # As in a notebook: the layout is computed before the final drawing.
    figure.draw_without_rendering()
    drawn, draw = {}, Text.draw

    def noted(text, renderer, *args, **kwargs):
        if text.get_visible() and text.get_text().strip():
            drawn[text] = text.get_window_extent(renderer)
        return draw(text, renderer, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", noted)
        figure.canvas.draw()
    return drawn


def reading_problems(figure):
    """Report texts that touch each other or leave the figure, and a figure that is too large."""
    figure.set_dpi(100)
    size = figure.get_size_inches() * 100
    drawn = texts_drawn(figure)
    assert drawn, "no text was drawn: nothing was checked"
    return [
        *(["the figure is larger than 7 × 4.5 inches"] if (size > LARGEST).any() else []),
        *(
            f"'{text.get_text()}' leaves the figure"
            for text, box in drawn.items()
            if box.x0 < 0 or box.y0 < 0 or box.x1 > size[0] or box.y1 > size[1]
        ),
        *(
            f"'{one.get_text()}' touches '{other.get_text()}'"
            for (one, box), (other, other_box) in combinations(drawn.items(), 2)
            if box.overlaps(other_box)
        ),
    ]


def explanation(values, **changes):
    """Return an Attribution of one row with these scores."""
    values = np.array(values, dtype=float)
    usual = {
        "base": np.array(0.0),
        "output": values.sum(),
        "data": np.ones_like(values),
        "method": "gradient × input",
    }
    return Attribution(values, **{**usual, **changes})


def texts_of(ax):
    return [text.get_text() for text in ax.texts]
