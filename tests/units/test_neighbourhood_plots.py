"""The drawing of a model near one row, and of the line that LIME fits."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import xaikit as xk
from tests.units.figures import reading_problems, the_figure
from xaikit.course import datasets, plots
from xaikit.plots.looks import written

NAMES = ["bmi", "blood pressure"]


@pytest.fixture(autouse=True)
def figures():
    plots.style()
    yield
    plt.close("all")


def explained(width, bias=False, samples=300):
    background = np.array([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
    return xk.lime_tabular(
        datasets.small_network(bias=bias),
        datasets.small_row(),
        background,
        kernel_width=width,
        samples=samples,
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
    left, right, *_ = the_figure().axes
    _, border, fitted = left.collections
    points = np.concatenate([path.vertices for path in border.get_paths()])
    assert network(points)[:, 0] == pytest.approx(np.full(len(points), 4.0), abs=0.05)
    points = np.concatenate([path.vertices for path in fitted.get_paths()])
    heights = line.details["intercept"] + points @ line.values
    assert heights == pytest.approx(np.full(len(points), 4.0), abs=1e-6)
    assert [left.lines[0].get_xdata()[0], left.lines[0].get_ydata()[0]] == [0.5, -0.5]

    assert [bar.get_width() for bar in right.patches] == pytest.approx(line.values.tolist())
    names = zip(NAMES, line.values, strict=True)
    assert [t.get_text() for t in right.texts] == [
        f"{name} {written(slope)}" for name, slope in names
    ]
    (bars,) = right.collections
    halves = [np.ptp(segment[:, 0]) / 2 for segment in bars.get_segments()]
    assert halves == pytest.approx((line.interval()[1] - line.values).tolist())
    assert right.get_title() == f"R² = {line.details['r2']:.2f}"


def test_dots_are_as_large_as_their_weights():
    rows, weights = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([1.0, 0.25])
    plots.draw_neighbourhood(datasets.small_network(), explained(1.0), rows, weights)
    dots = the_figure().axes[0].collections[-1]
    assert np.array_equal(dots.get_offsets(), rows)
    assert dots.get_sizes()[0] == 4 * dots.get_sizes()[1]


def test_a_line_that_never_says_so_is_left_out():
    line = explained(1.0)
    line.details["intercept"] = 1000.0
    plots.draw_neighbourhood(datasets.small_network(), line)
    assert len(the_figure().axes[0].collections) == 2


def test_a_window_shows_the_same_borders_close_by():
    network, line = datasets.small_network(), explained(0.05, samples=5000)
    plots.draw_neighbourhood(network, line, zoom=0.25)
    assert reading_problems(the_figure()) == []
    left, right, *_ = the_figure().axes
    assert right.get_xlim() == pytest.approx((0.25, 0.75))
    assert right.get_ylim() == pytest.approx((-0.75, -0.25))
    (box,) = left.patches
    assert [box.get_x(), box.get_y(), box.get_width()] == pytest.approx([0.25, -0.75, 0.5])
    _, border, fitted = right.collections
    points = np.concatenate([path.vertices for path in border.get_paths()])
    assert network(points)[:, 0] == pytest.approx(np.full(len(points), 4.0), abs=0.01)
    # The line lies on the border around x: that is what the figure is for.
    near = points[np.abs(points - datasets.small_row()).max(axis=1) < 0.08]
    heights = line.details["intercept"] + near @ line.values
    assert len(near) > 5 and heights == pytest.approx(np.full(len(near), 4.0), abs=0.1)
    assert len(fitted.get_paths()) == 1


def test_slopes_by_width_have_colours_of_no_sign():
    widths = [0.2, 0.5, 2.0]
    lines = [explained(width) for width in widths]
    plots.draw_widths(widths, lines, datasets.small_network().gradient(datasets.small_row()))
    assert reading_problems(the_figure()) == []
    top, bottom = the_figure().axes
    drawn = [container.lines[0] for container in top.containers]
    assert [one.get_ydata().tolist() for one in drawn] == [
        [line.values[j] for line in lines] for j in (0, 1)
    ]
    shades = {one.get_color() for one in drawn}
    assert len(shades) == 2 and not shades & {plots.POSITIVE, plots.NEGATIVE}
    shown = [text.get_text() for text in top.texts]
    assert shown == ["gradient 6", "gradient −2", "blood pressure", "bmi"]
    dotted = [one.get_ydata()[0] for one in top.lines if one.get_linestyle() == ":"]
    assert dotted == [6.0, -2.0]
    assert bottom.lines[0].get_ydata().tolist() == [line.details["r2"] for line in lines]


def test_clouds_show_both_kinds_of_rows():
    drawn, real = np.random.default_rng(0).normal(size=(2, 30, 2))
    plots.draw_clouds(drawn, real, NAMES, "patients")
    assert reading_problems(the_figure()) == []
    (ax,) = the_figure().axes
    assert [c.get_offsets().tolist() for c in ax.collections] == [drawn.tolist(), real.tolist()]
    assert [(t.get_text(), t.xy) for t in ax.texts] == [
        ("patients", tuple(real[real[:, 1].argmax()])),
        ("perturbed", tuple(drawn[drawn[:, 1].argmax()])),
    ]


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3)])
def test_segments_lie_on_the_picture_in_colours_of_one_scale(shape):
    picture = np.random.default_rng(0).uniform(size=shape)
    answers = {
        f"hidden: {baseline}": xk.lime_image(
            lambda p: p.reshape(len(p), -1) @ np.arange(p[0].size), picture, 4, baseline=baseline
        )
        for baseline in (0, 1)
    }
    plots.draw_segments(picture, answers)
    assert reading_problems(the_figure()) == []
    first, *maps, _ = the_figure().axes
    assert first.images[0].get_array().shape == shape
    limit = max(np.abs(a.values).max() for a in answers.values())
    for ax, (title, answer) in zip(maps, answers.items(), strict=True):
        assert ax.get_title() == title
        (_, shown) = ax.images
        assert np.array_equal(shown.get_array(), answer.values[answer.details["segments"]])
        assert shown.get_clim() == pytest.approx((-limit, limit))
        # In grey print the signs' colours are alike: one − for each clearly negative segment.
        negative = np.flatnonzero(answer.values < -0.2 * limit)
        assert len(ax.texts) == len(negative)
        places = [tuple(np.round(text.get_position()).astype(int)) for text in ax.texts]
        segments = answer.details["segments"]
        assert {segments[y, x] for x, y in places} == set(negative)
        across, down = ax.collections
        # Three borders of eight pixels in each direction.
        assert len(across.get_segments()) == len(down.get_segments()) == 24
        assert {segment[0, 0] for segment in across.get_segments()} == {1.5, 3.5, 5.5}
        assert {segment[0, 1] for segment in down.get_segments()} == {1.5, 3.5, 5.5}
