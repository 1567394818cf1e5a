"""The drawing of relevance shows the given shares, and its ledger closes."""

import numpy as np
import pytest

from tests.units.figures import reading_problems, texts_of, the_figure
from xaikit.course import plots
from xaikit.plots.looks import written

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]
INPUTS = ["bmi", "blood pressure"]
# The small network with biases under LRP-0, by hand: column 0 is the bias.
TABLES = [
    np.array([[0, 0, 0], [-1, 0.5, 1], [10, -2.5, -2.5]]),
    np.array([[0, 0, 1, 4], [1, 0, -0.5, 1]]),
    np.array([[-1, 5, 1.5]]),
]


def test_shares_units_sums_and_ledger_are_written():
    plots.draw_flow(5.5, TABLES, INPUTS)
    assert reading_problems(the_figure()) == []
    shown = texts_of(the_figure().axes[0])
    shares = [written(v, "+g") for table in TABLES for v in table[:, 1:].ravel() if v]
    units = ["−2", "−1.5", "0", "+0.5", "+5", "+5", "+1.5", "+5.5"]
    sums = ["sum\n−3.5", "sum\n+5.5", "sum\n+6.5", "sum\n+5.5"]
    ledger = [f"biases {bias}\nabsorbed 0" for bias in ("+9", "+1", "−1")]
    assert sorted(shown) == sorted([*shares, *units, *sums, *ledger, *INPUTS])


def test_what_a_row_leaves_is_absorbed():
    plots.draw_flow(6.0, TABLES, INPUTS)
    assert "biases −1\nabsorbed +0.5" in texts_of(the_figure().axes[0])


def test_colour_is_the_sign_and_width_the_size():
    plots.draw_flow(5.5, TABLES, INPUTS)
    (ax,) = the_figure().axes
    shares = [v for table in TABLES for v in table[:, 1:].ravel()]
    assert [line.get_color() for line in ax.lines] == plots.colour(np.array(shares))
    by_size = np.argsort([abs(v) for v in shares], kind="stable")
    assert (np.diff([ax.lines[i].get_linewidth() for i in by_size]) >= 0).all()


@pytest.mark.parametrize("scale", [1e-9, 0.0137, 137.0])
def test_small_and_large_relevance_can_be_read(scale):
    plots.draw_flow(5.5 * scale, [table * scale for table in TABLES], INPUTS)
    assert reading_problems(the_figure()) == []
