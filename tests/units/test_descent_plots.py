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
    # Numbers on the rings are the loss there.
    rings = [text for text in left.texts if text.get_text() != "start"]
    assert len(rings) >= 2
    for text in rings:
        assert bowl(np.array([text.get_position()]))[0] == pytest.approx(
            float(text.get_text()), abs=0.05
        )
    # The picture stays where the valley is.
    assert left.get_xlim() == (-0.5, 1.5)


@pytest.mark.parametrize(("step", "stays"), [(0.1, True), (0.5, True), (0.9, True), (1.2, False)])
def test_drawn_valley_shows_the_steps_until_they_leave_it(step, stays):
    way = plots.draw_valley(
        lambda w: (w - 0.5) ** 2 + 0.6, lambda w: 2 * (w - 0.5), 0.0, step, "bmi"
    )
    assert reading_problems(the_figure()) == []
    # A parabola's steps shrink by 1 − 2 · step, or grow.
    steps = np.arange(len(way))
    assert np.allclose(way, 0.5 - 0.5 * (1 - 2 * step) ** steps)
    assert (len(way) == 9) == stays
    assert (-0.5 <= way[-1] <= 1.5) == stays
