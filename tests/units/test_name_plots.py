"""Names in figures stand beside what they name, and on nothing."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from tests.units.figures import reading_problems, texts_of, the_figure
from xaikit.course import plots
from xaikit.course.plots.names import LEAST, Mark, name_beside
from xaikit.plots.looks import NEUTRAL, ink

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]


def drawn(*marks):
    """Draw marks, name them, and return the axes."""
    _, ax = plt.subplots()
    for mark in marks:
        ax.plot(*mark.points.T, "-" if mark.line else "o", color=mark.colour)
    ax.set(xlim=(0, 1), ylim=(0, 1))
    name_beside(ax, marks)
    assert reading_problems(the_figure()) == []
    return ax


def gap(ax, text, points):
    """Return the pixels between a text and the nearest of some points."""
    box = text.get_window_extent()
    pixels = ax.transData.transform(points)
    outside = np.maximum([box.x0, box.y0] - pixels, pixels - [box.x1, box.y1])
    return np.hypot(*np.maximum(outside, 0).T).min()


def test_each_cloud_has_its_name_nearest():
    rng = np.random.default_rng(0)
    low, high = rng.normal(0.3, 0.07, (80, 2)), rng.normal(0.6, 0.07, (80, 2))
    ax = drawn(Mark(low, "low"), Mark(high, "high", NEUTRAL))
    assert texts_of(ax) == ["low", "high"]
    for text, own, other in zip(ax.texts, (low, high), (high, low), strict=True):
        # Points are counted to 3 pixels.
        assert LEAST - 3 < gap(ax, text, own) < gap(ax, text, other)
    assert [text.get_color() for text in ax.texts] == [ink("black"), ink(NEUTRAL)]


def test_lines_that_part_late_are_named_where_they_part():
    x = np.linspace(0, 1, 400)
    upper, lower = x, np.minimum(x, 0.6)
    both = [np.column_stack([x, y]) for y in (upper, lower)]
    ax = drawn(Mark(both[0], "upper", line=True), Mark(both[1], "lower", line=True))
    first, second = ax.texts
    assert gap(ax, first, both[0]) <= gap(ax, first, both[1])
    assert gap(ax, second, both[1]) < gap(ax, second, both[0])
    assert min(gap(ax, text, way) for text in ax.texts for way in both) > LEAST - 3


def test_what_has_no_name_is_in_the_way_and_what_is_outside_has_no_name():
    wall = np.array([(0.52, 0.0), (0.52, 1.0)])
    ax = drawn(Mark(np.array([(0.5, 0.5)]), "point"), Mark(wall, line=True))
    assert ax.texts[0].get_window_extent().x1 < ax.transData.transform((0.52, 0))[0]
    plots.plt.close("all")
    ax = drawn(Mark(np.array([(0.5, 0.5)]), "seen"), Mark(np.array([(2.0, 2.0)]), "unseen"))
    assert texts_of(ax) == ["seen"]


def test_a_name_keeps_its_place_when_the_figure_is_drawn_sharper():
    point = np.array([(0.5, 0.5)])
    ax = drawn(Mark(point, "point"))
    before = gap(ax, ax.texts[0], point)
    the_figure().set_dpi(200)
    the_figure().draw_without_rendering()
    # Letters begin and end at whole pixels: one before counts for two now.
    assert gap(ax, ax.texts[0], point) == pytest.approx(2 * before, abs=2)


def test_no_figure_has_a_legend():
    folders = [("xaikit", "*.py"), ("benchmarks", "*.py"), ("lectures", "*.ipynb")]
    folders += [("solutions", "*.ipynb")]
    sources = [path for folder, files in folders for path in (ROOT / folder).rglob(files)]
    assert len(sources) > 100
    assert [path for path in sources if ".legend(" in path.read_text("utf-8")] == []
