"""Drawings of games can be read, and show the given numbers."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex

from tests.units.figures import reading_problems, texts_of, the_figure
from xaikit.course import plots

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]
FLAT = ["park", "size", "cats banned"]
EXACT = np.array([35.0, 105.0, -30.0])


@pytest.mark.parametrize("orders", [1, 2, 60])
@pytest.mark.parametrize(
    ("order", "payoffs"),
    [([0, 1, 2], [0, 30, 150, 110]), ([2, 0, 1], [0, -20, 0, 110]), ([1, 2, 0], [0, 100, 70, 110])],
)
def test_drawn_joining(orders, order, payoffs):
    averages = EXACT + np.random.default_rng(0).normal(size=(orders, 3))
    plots.draw_joining(FLAT, order, payoffs, averages, EXACT, "million won")
    assert reading_problems(the_figure()) == []
    left, right = the_figure().axes
    steps = np.diff(payoffs)
    assert texts_of(left) == [*(f"{step:+g}" for step in steps), "110"]
    # A bar begins where the one before it ends, and its colour shows its sign.
    assert [bar.get_x() + min(bar.get_width(), 0) for bar in left.patches] == [
        min(pair) for pair in pairwise(payoffs)
    ]
    assert [to_hex(bar.get_facecolor()) for bar in left.patches] == plots.colour(steps)
    named = {label.get_text(): label.get_position()[1] for label in left.get_yticklabels()}
    assert sorted(named, key=named.get, reverse=True) == [
        *(FLAT[i] for i in order),
        "together",
    ]
    drawn = {line.get_label(): line.get_ydata() for line in right.lines}
    for i, name in enumerate(FLAT):
        assert np.array_equal(drawn[name], averages[:, i])
    assert len({line.get_linestyle() for line in right.lines if line.get_label() in FLAT}) == 3


def test_drawn_joining_of_a_game_worth_nothing():
    plots.draw_joining(["a", "b"], [1, 0], [0, 0, 0], np.zeros((3, 2)), np.zeros(2), "points")
    assert reading_problems(the_figure()) == []
