"""Drawings of a unit under random coalitions can be read, and their bars are shares."""

import numpy as np
import pytest
from matplotlib.patches import StepPatch

from tests.units.figures import reading_problems, the_figure
from xaikit.course import plots
from xaikit.methods import moments

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]


def shares(ax):
    """Return the sum of an area's heights, and of the bar beside it."""
    return sum(
        part.get_data().values.sum() if isinstance(part, StepPatch) else part.get_height()
        for part in ax.patches
    )


@pytest.mark.parametrize(
    ("mean", "variance"), [(0.3, 2.0), (-4.0, 0.5), (7.0, 1e-4), (0.0, 1.0), (120.0, 900.0)]
)
def test_drawn_unit(mean, variance):
    drawn = mean + variance**0.5 * np.random.default_rng(0).standard_normal(4000)
    (means,) = plots.draw_units({"unit": (drawn, mean, variance)}).values()
    predicted, seen = means
    assert reading_problems(the_figure()) == []
    for ax in the_figure().axes:
        assert shares(ax) == pytest.approx(1)
    assert predicted == float(moments.relu(np.array(mean), np.array(variance))[0])
    assert seen == pytest.approx(np.maximum(drawn, 0).mean())
    assert abs(predicted - seen) < 0.05 * variance**0.5


def test_drawn_unit_predicts_how_many_are_closed():
    drawn = np.random.default_rng(1).standard_normal(20_000) - 1
    plots.draw_units({"unit": (drawn, -1.0, 1.0)})
    _, right = the_figure().axes
    (diamond,) = (line for line in right.lines if line.get_marker() == "D")
    assert diamond.get_ydata()[0] == pytest.approx((drawn <= 0).mean(), abs=0.01)


@pytest.mark.parametrize("rounding", [0.0, 1e-16])
@pytest.mark.parametrize("z", [-1.5, 0.0, 2.0])
def test_drawn_unit_that_is_certain(z, rounding):
    means = plots.draw_units({"unit": (np.full(50, z), z, rounding**2)})
    assert means["unit"] == pytest.approx((max(z, 0.0), max(z, 0.0)), abs=1e-12)
    assert reading_problems(the_figure()) == []
    for ax in the_figure().axes:
        assert shares(ax) == pytest.approx(1)


def test_three_units_share_axes_and_names():
    rng = np.random.default_rng(0)
    units = {
        f"layer {k}\nunit 5, k = 10": (k + rng.standard_normal(4000), float(k), 1.0)
        for k in range(3)
    }
    plots.draw_units(units)
    assert reading_problems(the_figure()) == []
    axes = np.reshape(the_figure().axes, (3, 2))
    for column in axes.T:
        assert len({ax.get_xlim() for ax in column}) == 1
    # The colours are named once, and in no legend.
    words = [[text.get_text() for text in ax.texts] for ax in axes.ravel()]
    assert words == [["drawn coalitions", "predicted Gaussian"], *[[]] * 5]
