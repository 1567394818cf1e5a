"""Drawings of measures can be read, and their bars are intervals."""

import numpy as np
import pytest

from tests.units.figures import reading_problems, texts_of, the_figure
from xaikit.course import plots

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]


def test_agreement_shows_its_numbers():
    plots.draw_agreement(np.array([[1.0, -0.004], [-0.004, 1.0]]), ["IG", "equal shares"])
    assert reading_problems(the_figure()) == []
    assert texts_of(the_figure().axes[0]) == ["1.00", "0.00", "0.00", "1.00"]


def test_a_curve_lies_over_random_ones():
    steps = np.linspace(0, 1, 3)
    plots.draw_curve(steps, np.array([2.0, 0.5, 0]), np.array([[2.0, 1, 0], [2, 1.5, 0]]), "IG")
    assert reading_problems(the_figure()) == []
    assert [line.get_ydata()[1] for line in the_figure().axes[0].lines] == [1, 1.5, 0.5]


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
