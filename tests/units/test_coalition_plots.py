"""Drawings about SHAP can be read, and show the numbers that they are given."""

from math import comb

import numpy as np
import pytest
from matplotlib.colors import to_hex

from tests.units.figures import reading_problems, texts_of, the_figure
from xaikit.course import plots
from xaikit.methods.kernel_shap import shapley_kernel
from xaikit.plots.looks import NEGATIVE, POSITIVE

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]
RNG = np.random.default_rng(0)


def test_no_two_methods_look_alike_and_none_has_the_colour_of_a_sign():
    colours = [shade for shade, _ in plots.METHODS.values()]
    strokes = [stroke for _, stroke in plots.METHODS.values()]
    assert len(set(colours)) == len(set(strokes)) == len(plots.METHODS)
    assert {POSITIVE, NEGATIVE}.isdisjoint(colours)


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
        assert summed.get_ydata().sum() == pytest.approx(1)
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
    assert texts_of(ax)[:2] == ["+1.25", "-0.50"]
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names[:2] == ["park, way 0", "size, way 0"]


def test_a_score_of_minus_zero_has_no_minus():
    plots.draw_scores({"one": np.array([-0.0, 1.0])}, ["a", "b"])
    assert texts_of(the_figure().axes[0]) == ["+0.00", "+1.00"]


@pytest.mark.parametrize("r", [-0.9, 0.0, 0.8])
def test_drawn_absence(r):
    rows = RNG.normal(size=(50, 2))
    values = {"marginal": np.array([1.0, 0]), "conditional": np.array([1.4, -0.4])}
    plots.draw_absence(rows, np.array([0.5, -0.5]), r, values)
    assert reading_problems(the_figure()) == []


def test_drawn_places_near_and_far_have_their_own_marks():
    districts = RNG.uniform([33, -124], [41, -115], size=(300, 2))
    far = np.array([True, False, False])
    plots.draw_places(districts, districts[:3] + 0.1, far)
    assert reading_problems(the_figure()) == []
    _, near, away = the_figure().axes[0].collections
    assert (len(near.get_offsets()), len(away.get_offsets())) == (2, 1)


@pytest.mark.parametrize("size", [1e-3, 0.02, 0.4])
def test_drawn_errors_are_root_mean_squares(size):
    budgets = [64, 128, 256]
    scale = size / np.sqrt([1, 2, 4])[:, None, None]
    errors = {name: scale * RNG.normal(size=(3, 10, 5)) for name in plots.METHODS}
    plots.draw_errors(budgets, {"a network": errors, "a vote": errors})
    assert reading_problems(the_figure()) == []
    for ax in the_figure().axes:
        for line, (shade, _), e in zip(
            ax.lines[::3], plots.METHODS.values(), errors.values(), strict=True
        ):
            assert line.get_color() == shade
            assert np.allclose(line.get_ydata(), np.sqrt((e**2).mean(axis=(1, 2))))


def test_drawn_sample():
    off, half = RNG.normal(scale=0.03, size=4), np.full(4, 0.05)
    plots.draw_sample([4, 6, 4], [2, 2, 2], off, half, ["one", "two", "three", "four"])
    assert reading_problems(the_figure()) == []
    left, right = the_figure().axes
    assert [bar.get_height() for bar in left.patches] == [4, 6, 4, 2, 2, 2]
    assert np.allclose(right.lines[1].get_xdata(), off)
