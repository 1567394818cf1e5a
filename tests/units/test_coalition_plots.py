"""Drawings about SHAP can be read, and show the numbers that they are given."""

from math import comb

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.path import Path

from tests.units.figures import reading_problems, texts_of, the_figure
from xaikit.course import datasets, plots
from xaikit.course.plots.places import CALIFORNIA
from xaikit.methods.kernel_shap import shapley_kernel
from xaikit.plots.looks import NEGATIVE, NEUTRAL, POSITIVE

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("players", [3, 8, 12])
def test_drawn_weights_add_up_over_all_coalitions(players):
    sizes = np.arange(1, players)
    kernel = np.array([shapley_kernel(players, s) for s in sizes])
    plots.draw_weights(players, {"KernelSHAP": kernel, "LIME": sizes / players})
    assert reading_problems(the_figure()) == []
    one, together = the_figure().axes
    counts = np.array([comb(players, s) for s in sizes])
    for single, summed in zip(one.lines, together.lines, strict=True):
        assert np.allclose(single.get_ydata() * counts, summed.get_ydata())
        assert summed.get_ydata().sum() == pytest.approx(100)
    ratio = one.lines[0].get_ydata() / kernel
    assert np.allclose(ratio, ratio[0])


@pytest.mark.parametrize("explanations", [1, 2, 3])
def test_drawn_scores_carry_their_sign_in_colour_and_text(explanations):
    scores = {f"way {k}": np.array([1.25 + k, -0.5]) for k in range(explanations)}
    plots.draw_scores(scores, ["park", "size"])
    assert reading_problems(the_figure()) == []
    (ax,) = the_figure().axes
    colours = [to_hex(bar.get_facecolor()) for bar in ax.patches]
    assert colours == [POSITIVE, NEGATIVE] * explanations
    assert texts_of(ax)[:2] == ["+1.25", "−0.50"]
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names[:2] == ["park, way 0", "size, way 0"]


def test_a_score_of_minus_zero_has_no_minus():
    plots.draw_scores({"one": np.array([-0.0, 1.0])}, ["a", "b"])
    assert texts_of(the_figure().axes[0]) == ["0.00", "+1.00"]


@pytest.mark.parametrize("r", [-0.9, 0.0, 0.8])
def test_drawn_absence(r):
    rows = RNG.normal(size=(50, 2))
    values = {"marginal": np.array([1.0, 0]), "conditional": np.array([1.4, -0.4])}
    plots.draw_absence(rows, np.array([0.5, -0.5]), r, values)
    assert reading_problems(the_figure()) == []


def test_drawn_places_near_and_far_have_their_own_marks():
    districts = RNG.uniform([33, -124], [41, -115], size=(300, 2))
    far = np.array([True, False, False])
    mixed = np.array([[34.0, -122], [38, -122], [40, -122]])
    plots.draw_places(districts, mixed[1], mixed, far)
    assert reading_problems(the_figure()) == []
    (ax,) = the_figure().axes
    _, near, away = ax.collections
    assert (len(near.get_offsets()), len(away.get_offsets())) == (2, 1)
    assert "our district" in texts_of(ax)
    # Nevada is land, and has not the colour of the sea.
    lands = [Path(patch.get_xy()) for patch in ax.patches]
    assert [land.contains_point((-116, 40)) for land in lands].count(True) == 1
    assert not any(land.contains_point((-125, 36)) for land in lands)
    assert to_hex(ax.get_facecolor()) not in {to_hex(patch.get_facecolor()) for patch in ax.patches}


def test_california_holds_its_districts_and_not_the_sea():
    houses = datasets.california_housing()
    border = Path([*CALIFORNIA, CALIFORNIA[0]], closed=True)
    # It is simplified, and islands lie outside.
    assert border.contains_points(houses.x[:, [7, 6]]).mean() > 0.98
    assert not border.contains_points([(-122.2, 34.0), (-125, 39), (-119, 33)]).any()


def test_sizes_without_a_sign_are_grey():
    plots.draw_scores({"one": np.array([0.5, 1.0])}, ["a", "b"], unit="|slope|", style=".2f")
    assert {to_hex(bar.get_facecolor()) for bar in the_figure().axes[0].patches} == {NEUTRAL}


@pytest.mark.parametrize("size", [1e-3, 0.02, 0.4])
def test_drawn_errors_are_root_mean_squares(size):
    budgets = [64, 128, 256]
    scale = size / np.sqrt([1, 2, 4])[:, None, None]
    names = list(plots.METHODS)[:11]  # the figure has room for so many labels
    errors = {name: scale * RNG.normal(size=(3, 10, 5)) for name in names}
    plots.draw_errors(budgets, {"a network": errors, "a vote": errors})
    assert reading_problems(the_figure()) == []
    for ax in the_figure().axes:
        for line, look, e in zip(
            ax.lines[::3], map(plots.METHODS.get, names), errors.values(), strict=True
        ):
            assert (line.get_color(), line.get_marker()) == (look.colour, look.marker)
            assert np.allclose(line.get_ydata(), np.sqrt((e**2).mean(axis=(1, 2))))


def test_no_interval_of_an_error_leaves_a_logarithmic_axis():
    # The second draw is far larger: mean ± half of the squares would go below 0.
    errors = np.array([1.0, 1.1, 9.0])[None, :, None] * np.ones((2, 1, 4))
    plots.draw_errors([64, 128], {"a network": {"KernelSHAP": errors}})
    ax = the_figure().axes[0]
    low, high = ax.get_ylim()
    (bars,) = [path for path in ax.collections if len(path.get_segments()) == 2]
    for segment in bars.get_segments():
        assert low < segment[0, 1] < segment[1, 1] < high


@pytest.mark.parametrize("longest", ["four", "log triglycerides"])
def test_drawn_sample(longest):
    off, half = RNG.normal(scale=0.03, size=4), np.full(4, 0.05)
    names = ["one", "two", "three", longest]
    plots.draw_sample([4, 6, 4], [2, 2, 2], off, half, names, unit="units of 77 points")
    assert reading_problems(the_figure()) == []
    left, right = the_figure().axes
    assert [bar.get_height() for bar in left.patches] == [4, 6, 4, 2, 2, 2]
    assert np.allclose(right.lines[1].get_xdata(), off)


def test_an_interval_that_leaves_the_picture_ends_in_an_arrow():
    off, half = np.array([0.0, 0.12, -0.3]), np.full(3, 0.1)
    plots.draw_sample([3, 3], [2, 2], off, half, ["one", "two", "three"])
    arrows = {line.get_marker(): line.get_ydata() for line in the_figure().axes[1].lines[-2:]}
    assert {mark: list(lines) for mark, lines in arrows.items()} == {"<": [2], ">": [1]}
