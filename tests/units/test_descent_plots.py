"""Drawings of gradient descent can be read, also where the steps leave the picture."""

import numpy as np
import pytest

from tests.units.figures import reading_problems, the_figure
from xaikit.course import plots

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]


def bowl(weights):
    return 0.6 + ((weights - [0.5, 0.2]) ** 2).sum(axis=1)


@pytest.mark.parametrize("step", [0.05, 0.5, 0.9, 1.1])
def test_drawn_descent_shows_every_step_and_its_loss(step):
    path = [np.zeros(2)]
    for _ in range(20):
        path.append(path[-1] - step * 2 * (path[-1] - [0.5, 0.2]))
    plots.draw_descent(bowl, np.array(path), ["bmi", "blood pressure"])
    assert reading_problems(the_figure()) == []
    left, right = the_figure().axes
    assert np.allclose(np.stack(left.lines[0].get_data(), axis=1), path)
    assert np.allclose(right.lines[0].get_ydata(), bowl(np.array(path)))
    # The picture stays where the valley is.
    assert left.get_xlim() == (-0.5, 1.5)
