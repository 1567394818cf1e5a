"""The drawing of a model near one row, and of the line that LIME fits."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import xaikit as xk
from tests.units.figures import reading_problems, the_figure
from xaikit.course import datasets, plots

NAMES = ["bmi", "blood pressure"]


@pytest.fixture(autouse=True)
def figures():
    plots.style()
    yield
    plt.close("all")


def explained(width, bias=False):
    background = np.array([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
    return xk.lime_tabular(
        datasets.small_network(bias=bias),
        datasets.small_row(),
        background,
        kernel_width=width,
        samples=300,
        ridge=0.0,
    ).with_names(NAMES)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("width", [0.2, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("limits", [None, (-6, 9)])
def test_it_can_be_read_at_every_width(width, bias, limits):
    network = datasets.small_network(bias=bias)
    rows = np.random.default_rng(0).normal(size=(300, 2))
    plots.draw_neighbourhood(network, explained(width, bias), rows, np.ones(300), limits)
    assert reading_problems(the_figure()) == []


def test_it_shows_the_border_the_line_and_its_slopes():
    network, line = datasets.small_network(), explained(0.3)
    plots.draw_neighbourhood(network, line)
    left, right = the_figure().axes
    _, border, fitted = left.collections
    points = np.concatenate([path.vertices for path in border.get_paths()])
    assert network(points)[:, 0] == pytest.approx(np.full(len(points), 4.0), abs=0.05)
    points = np.concatenate([path.vertices for path in fitted.get_paths()])
    heights = line.details["intercept"] + points @ line.values
    assert heights == pytest.approx(np.full(len(points), 4.0), abs=1e-6)
    assert [left.lines[0].get_xdata()[0], left.lines[0].get_ydata()[0]] == [0.5, -0.5]

    assert [bar.get_width() for bar in right.patches] == pytest.approx(line.values.tolist())
    names = zip(NAMES, line.values, strict=True)
    assert [t.get_text() for t in right.texts] == [f"{name} {slope:+.2f}" for name, slope in names]
    (bars,) = right.collections
    halves = [np.ptp(segment[:, 0]) / 2 for segment in bars.get_segments()]
    assert halves == pytest.approx((line.interval()[1] - line.values).tolist())
    assert right.get_title() == f"R² = {line.details['r2']:.2f}"


def test_dots_are_as_large_as_their_weights():
    rows, weights = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([1.0, 0.25])
    plots.draw_neighbourhood(datasets.small_network(), explained(1.0), rows, weights)
    dots = the_figure().axes[0].collections[2]
    assert np.array_equal(dots.get_offsets(), rows)
    assert dots.get_sizes()[0] == 4 * dots.get_sizes()[1]


def test_a_line_that_never_says_so_is_left_out():
    line = explained(1.0)
    line.details["intercept"] = 1000.0
    plots.draw_neighbourhood(datasets.small_network(), line)
    assert len(the_figure().axes[0].collections) == 2
