"""Drawings of measures can be read, and their bars are intervals."""

import numpy as np
import pytest
from matplotlib.transforms import Bbox

from tests.units.figures import reading_problems, texts_of, the_figure
from xaikit.course import plots

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]


def test_agreement_shows_its_numbers():
    ranks = np.array([[1, -0.004, 0.5], [-0.004, 1, -0.7], [0.5, -0.7, 1]])
    plots.draw_agreement(ranks, ["IG", "DASP", "noise"], {"attributions": 2, "controls": 1})
    assert reading_problems(the_figure()) == []
    ax, _ = the_figure().axes
    # Each pair once.
    assert texts_of(ax) == ["0.00", "0.50", "−0.70", "attributions"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["DASP", "noise"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["IG", "DASP"]


def test_a_curve_lies_over_random_ones():
    steps = np.linspace(0, 1, 3)
    curves = {"IG": np.array([2.0, 0.5, 0]), "noise": np.array([2.0, 1.2, 0])}
    plots.draw_curve(steps, curves, np.array([[2.0, 1, 0], [2, 1.5, 0]]))
    assert reading_problems(the_figure()) == []
    (ax,) = the_figure().axes
    assert [line.get_ydata()[1] for line in ax.lines] == [0.5, 1.2]
    (orders,) = ax.collections
    assert [way[:, 1].tolist() for way in orders.get_segments()] == [[2, 1, 0], [2, 1.5, 0]]
    assert texts_of(ax) == ["IG", "noise", "grey: 2 random orders"]
    # Each name stands at its curve, on the side away from the other.
    assert [(text.xy, text.get_va()) for text in ax.texts[:2]] == [
        ((0.5, 0.5), "top"),
        ((0.5, 1.2), "bottom"),
    ]


@pytest.mark.parametrize("middle", [False, True])
def test_two_measures_have_bars_over_rows(middle):
    rng = np.random.default_rng(0)
    values = {name: (rng.exponential(size=50), rng.exponential(size=50)) for name in "abcd"}
    plots.draw_two_measures(values, 1, "subsets", "small steps", middle)
    assert reading_problems(the_figure()) == []
    (ax,) = the_figure().axes
    assert texts_of(ax) == list("abcd")
    for bars, (across, up) in zip(ax.containers, values.values(), strict=True):
        (x,), (y,) = bars.lines[0].get_data()
        left, right = bars.lines[2][0].get_segments()[0][:, 0]
        centre = np.median if middle else np.mean
        assert (x, y) == pytest.approx((centre(across), centre(up)))
        half = 1.96 * across.std() / 50**0.5
        ends = np.quantile(across, [0.25, 0.75]) if middle else (x - half, x + half)
        assert (left, right) == pytest.approx(tuple(ends))


def test_names_of_points_that_meet_stand_apart():
    near = {name: (np.array([0.1, 0.1]), np.array([1.0, 1.0])) for name in ("IG", "LRP-ε", "DASP")}
    plots.draw_two_measures(near | {"far": (np.ones(2), np.ones(2))}, 1, "subsets", "small steps")
    assert reading_problems(the_figure()) == []


def test_a_name_stands_where_it_covers_no_bar():
    # The interval of "long" passes above the point of "short", where its name would stand.
    long = np.array([0.2, 1.8]), np.array([1.06, 1.06])
    short = np.array([0.9, 0.9]), np.array([1.0, 1.0])
    corner = np.array([3.0, 3.0]), np.array([0.5, 0.5])
    plots.draw_two_measures({"long": long, "short": short, "corner": corner}, 0, "a", "b")
    assert reading_problems(the_figure()) == []
    (ax,) = the_figure().axes
    name = next(text for text in ax.texts if text.get_text() == "short")
    bars = [bar for lines in ax.collections for bar in lines.get_segments()]
    boxes = [Bbox(ax.transData.transform(bar)) for bar in bars]
    assert name.get_window_extent().count_overlaps(boxes) == 0
