"""Drawings of the path of integrated gradients can be read, and their areas are the sums."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

import xaikit as xk
from tests.units.figures import reading_problems, texts_of, the_figure
from xaikit.course import datasets, plots

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]


@pytest.mark.parametrize("alpha", [0.0, 0.35, 1.0])
@pytest.mark.parametrize("rule", ["midpoint", "trapezoid", "right", "gauss-legendre"])
def test_drawn_path(rule, alpha):
    network, x = datasets.small_network(bias=True), datasets.small_row()
    explained = xk.integrated_gradients(network, x, rule=rule, steps=6)
    path = explained.details["path"]
    collected, moved = plots.draw_path(network, x, 0 * x, path, alpha)
    assert reading_problems(the_figure()) == []
    left, _ = the_figure().axes
    area = sum(bar.get_width() * bar.get_height() for bar in left.patches)
    assert collected == pytest.approx(area)
    heights = np.array([bar.get_height() for bar in left.patches])
    assert [to_hex(bar.get_facecolor()) for bar in left.patches] == plots.colour(heights)
    assert moved == pytest.approx(network(alpha * x)[0] - network(0 * x)[0])
    if alpha == 1:
        assert collected == pytest.approx(explained.values.sum())
        assert left.patches[-1].get_x() + left.patches[-1].get_width() == pytest.approx(1)


def test_the_gap_is_born_at_the_kink_alone():
    network, x = datasets.small_network(bias=True), datasets.small_row()
    path = xk.integrated_gradients(network, x, rule="midpoint", steps=5).details["path"]

    def gap(alpha):
        collected, moved = plots.draw_path(network, x, 0 * x, path, alpha)
        return collected - moved

    assert [gap(alpha) for alpha in (0.05, 0.1, 0.25, 0.5, 0.6)] == pytest.approx([0.0] * 5)
    # The bar from 0.6 to 0.8 is 1.5 too high up to the kink at 2/3, and right from there on.
    assert [gap(alpha) for alpha in (2 / 3, 0.75, 1.0)] == pytest.approx([0.1] * 3)


def test_drawn_path_shows_weights_that_do_not_sum_to_one():
    network, x = datasets.small_network(), datasets.small_row()
    path = {"alpha": np.array([0, 0.5, 1]), "weights": np.full(3, 0.3), "slope": np.full(3, 4.0)}
    collected, moved = plots.draw_path(network, x, 0 * x, path)
    last = plt.gcf().axes[0].patches[-1]
    assert last.get_x() + last.get_width() == pytest.approx(0.9)
    assert (collected, moved) == (pytest.approx(3.6), pytest.approx(4.0))


def test_the_walk_names_its_kinks():
    network, x = datasets.small_network(bias=True), datasets.small_row()
    (crossed,) = plots.draw_walk(network, x, 0 * x, ["bmi", "blood pressure"])
    assert reading_problems(the_figure()) == []
    assert crossed == pytest.approx(2 / 3, abs=1e-3)
    assert "kink at α = 0.67" in texts_of(the_figure().axes[0])


def test_gaps_of_rules_and_the_exact_path():
    gaps = {"midpoint": [1e-2, 1e-3], "gauss-legendre": [1e-3, 1e-12]}
    plots.draw_gaps([5, 50], {"softplus": gaps, "relu": gaps}, {"relu": 1e-15})
    assert reading_problems(the_figure()) == []
    left, right = the_figure().axes
    assert [list(line.get_ydata()) for line in left.lines] == list(gaps.values())
    assert texts_of(right) == ["exact path"] and {*texts_of(left)} == {*gaps}


def test_drawn_path_of_another_output():
    network = xk.Network([xk.Dense(np.array([[1.0, 0.0], [0.0, 3.0]]))])
    x, b = np.array([1.0, 2.0]), np.array([0.0, 1.0])
    path = xk.integrated_gradients(network, x, target=1, baseline=b).details["path"]
    assert plots.draw_path(network, x, b, path, target=1) == pytest.approx((3.0, 3.0))
