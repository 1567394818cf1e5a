"""Figures can be read: by sign, with and without colours, without text upon text."""

from itertools import combinations

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text

import xaikit as xk
from xaikit.core.attribution import Attribution
from xaikit.course import datasets, plots

# In a notebook a warning stands above the figure, and fails the notebook's test.
pytestmark = pytest.mark.filterwarnings("error")
INPUTS = ["bmi", "blood pressure"]
LARGEST = np.array([700, 450])  # pixels: 7 × 4.5 inches at 100 dots per inch


@pytest.fixture(autouse=True)
def course_style():
    with matplotlib.rc_context():
        plots.style()
        yield
    plt.close("all")


def the_figure():
    """Return the one figure that was drawn."""
    (number,) = plt.get_fignums()
    return plt.figure(number)


def texts_drawn(figure):
    """Return the texts that reach the picture, with their boxes in pixels.

    A figure also owns texts that it never draws, such as numbers of ticks beyond an axis' end.
    """
    # As when a notebook stores a picture: the layout settles before the drawing that is kept.
    figure.draw_without_rendering()
    drawn, draw = {}, Text.draw

    def noted(text, renderer, *args, **kwargs):
        if text.get_visible() and text.get_text().strip():
            drawn[text] = text.get_window_extent(renderer)
        return draw(text, renderer, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", noted)
        figure.canvas.draw()
    return drawn


def reading_problems(figure):
    """Report texts that touch each other or leave the figure, and a figure that is too large."""
    figure.set_dpi(100)
    size = figure.get_size_inches() * 100
    drawn = texts_drawn(figure)
    assert drawn, "no text was drawn: nothing was checked"
    return [
        *(["the figure is larger than 7 × 4.5 inches"] if (size > LARGEST).any() else []),
        *(
            f"'{text.get_text()}' leaves the figure"
            for text, box in drawn.items()
            if box.x0 < 0 or box.y0 < 0 or box.x1 > size[0] or box.y1 > size[1]
        ),
        *(
            f"'{one.get_text()}' touches '{other.get_text()}'"
            for (one, box), (other, other_box) in combinations(drawn.items(), 2)
            if box.overlaps(other_box)
        ),
    ]


def explanation(values, **changes):
    """Return an Attribution of one row with these scores."""
    values = np.array(values, dtype=float)
    usual = {
        "base": np.array(0.0),
        "output": values.sum(),
        "data": np.ones_like(values),
        "method": "gradient × input",
    }
    return Attribution(values, **{**usual, **changes})


def texts_of(ax):
    return [text.get_text() for text in ax.texts]


# The measure itself


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda figure: figure.text(0.5, 0.5, "free"), []),
        (lambda figure: figure.text(0.52, 0.52, ""), []),
        (lambda figure: figure.text(0.1, 0.1, "unseen", visible=False), []),
        (lambda figure: figure.text(0.12, 0.11, "upon"), ["'first' touches 'upon'"]),
        (lambda figure: figure.text(0.99, 0.5, "too long"), ["'too long' leaves the figure"]),
        (lambda figure: figure.text(0.5, 1.02, "above"), ["'above' leaves the figure"]),
        (
            lambda figure: figure.set_size_inches(7, 4.6),
            ["the figure is larger than 7 × 4.5 inches"],
        ),
    ],
)
def test_reading_problems_are_seen(spoil, problem):
    figure = plt.figure(figsize=(7, 4.5))
    figure.text(0.1, 0.1, "first")
    spoil(figure)
    assert reading_problems(figure) == problem


# Bars


@pytest.fixture(scope="module")
def forecast():
    """The lecture's explanations of all test patients."""
    data = datasets.diabetes()
    y = (data.y_train - data.y_train.mean()) / data.y_train.std()
    network = xk.Network.mlp([10, 16, 8, 1], seed=0)
    network.fit(data.x_train, y, epochs=30, seed=0)
    return xk.gradient_x_input(network, data.x_test).with_names(data.feature_names)


def test_bars_of_real_patients_can_be_read(forecast):
    for row in [int(forecast.output.argmax()), int(forecast.output.argmin()), 0, 50]:
        forecast.plot(row=row)
        assert reading_problems(the_figure()) == []
        plt.close("all")


@pytest.mark.parametrize(
    "values",
    [[2], [-2], [-1, -2, -3, -4], [1, -0.001, -1], [12345.678, -98765.4, 3], [0.0] * 10],
    ids=str,
)
def test_bars_of_odd_scores_can_be_read(values):
    plots.attribution_bars(explanation(values))
    assert reading_problems(the_figure()) == []


def test_bars_have_the_largest_on_top_with_name_value_and_signed_score():
    explained = explanation(
        [1, -3, 2], feature_names=["age", "sex", "bmi"], data=np.array([0.5, -1, 2.25])
    )
    ax = plots.attribution_bars(explained)
    the_figure().draw_without_rendering()
    assert [bar.get_width() for bar in ax.patches] == [1, 2, -3]  # from the bottom
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [
        "age = 0.50",
        "bmi = 2.25",
        "sex = -1.00",
    ]
    assert texts_of(ax) == ["+1.00", "+2.00", "-3.00"]
    for bar, text in zip(ax.patches, ax.texts, strict=True):
        assert text.get_position()[1] == pytest.approx(bar.get_y() + bar.get_height() / 2)
        assert not text.get_window_extent().overlaps(bar.get_window_extent())
    assert ax.get_xlabel() == "gradient × input, in units of the output"


def test_bars_are_coloured_by_sign_around_a_line_at_zero():
    ax = plots.attribution_bars(explanation([1, -3, 0]))
    assert [to_hex(bar.get_facecolor()) for bar in ax.patches] == [
        plots.NEUTRAL,
        plots.POSITIVE,
        plots.NEGATIVE,
    ]
    (line,) = ax.lines
    assert list(line.get_xdata()) == [0, 0]
    low, high = ax.get_xlim()
    assert low < 0 < high


def test_features_with_the_same_label_keep_bars_of_their_own():
    ax = plots.attribution_bars(explanation([1, -2, 3], feature_names=["the", "the", "dog"]))
    heights = [bar.get_y() + bar.get_height() / 2 for bar in ax.patches]
    assert heights == pytest.approx([0, 1, 2])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [
        "the = 1.00",
        "the = 1.00",
        "dog = 1.00",
    ]


def test_bars_of_one_row_of_several_in_axes_that_are_given():
    _, ax = plt.subplots()
    values, data = np.array([[1.0, 2], [-5, 4]]), np.array([[1.0, 1], [7, 8]])
    explained = explanation(values, output=np.zeros(2), base=np.zeros(2), data=data)
    assert plots.attribution_bars(explained, row=1, ax=ax) is ax
    assert texts_of(ax) == ["+4.00", "-5.00"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["x1 = 8.00", "x0 = 7.00"]
    the_figure()  # and no second one


def test_bars_of_torch_tensors(backend):
    values, data = backend.array([1, -2]), backend.array([3, 4])
    explained = Attribution(values, None, values.sum(), data, method="saliency")
    ax = plots.attribution_bars(explained)
    assert texts_of(ax) == ["+1.00", "-2.00"]
    assert ax.get_xlabel().startswith("saliency")


@pytest.mark.parametrize("row", [-1, 2])
def test_bars_of_a_row_that_does_not_exist(row):
    explained = explanation(np.ones((2, 3)), output=np.zeros(2), base=np.zeros(2))
    with pytest.raises(IndexError, match=f"row {row} is out of range: there are 2 rows"):
        plots.attribution_bars(explained, row=row)
    assert plt.get_fignums() == []


def test_bars_of_images():
    explained = explanation(np.ones((1, 3, 8, 8)), output=np.zeros(1), base=np.zeros(1))
    with pytest.raises(ValueError, match=r"rows of features \(n, d\), got scores \(1, 3, 8, 8\)"):
        plots.attribution_bars(explained)
    assert plt.get_fignums() == []


def test_bars_that_are_all_zero_do_not_crash():
    ax = plots.attribution_bars(explanation([0, 0]))
    assert texts_of(ax) == ["+0.00", "+0.00"]
    low, high = ax.get_xlim()
    assert low < 0 < high


# The drawn network


@pytest.mark.parametrize(
    ("bias", "units", "off"),
    [
        (False, ["0.5", "-0.5", "0.5", "1.5", "0", "2", "0", "4"], 2),
        (True, ["0.5", "-0.5", "0", "0.5", "1", "2.5", "1.5", "5.5"], 1),
    ],
)
def test_drawn_network(bias, units, off):
    network = datasets.small_network(bias=bias)
    ax = plots.draw_network(network, datasets.small_row(), INPUTS)
    assert reading_problems(the_figure()) == []

    weights = [f"{w:+g}" for layer in network.layers[::2] for w in layer.weight.ravel()]
    assert sorted(texts_of(ax)) == sorted([*weights, *units, *INPUTS])
    faces = [to_hex(points.get_facecolor()[0]) for points in ax.collections]
    assert faces.count("#d9d9d9") == off and faces.count("#ffffff") == len(units) - off
    # The grey ones are those that carry a zero: their text stands in the same place.
    grey = [
        tuple(points.get_offsets()[0])
        for points in ax.collections
        if to_hex(points.get_facecolor()[0]) == "#d9d9d9"
    ]
    zeros = [text.get_position() for text in ax.texts if text.get_text() == "0"]
    assert sorted(grey) == sorted(zeros)


def test_edges_of_the_drawn_network_are_coloured_by_sign():
    network = datasets.small_network()
    ax = plots.draw_network(network, datasets.small_row(), INPUTS)
    weights = np.concatenate([layer.weight.ravel() for layer in network.layers[::2]])
    colours = [to_hex(line.get_color()) for line in ax.lines]
    assert colours.count(plots.POSITIVE) == (weights > 0).sum()
    assert colours.count(plots.NEGATIVE) == (weights < 0).sum()


def test_network_drawn_into_axes_that_are_given():
    _, ax = plt.subplots()
    network = xk.Network([xk.Dense(np.array([[2.0, -3.0]]))])
    assert plots.draw_network(network, np.array([1.0, 1.0]), INPUTS, ax=ax) is ax
    assert sorted(texts_of(ax)) == sorted(["+2", "-3", "1", "1", "-1", *INPUTS])
    the_figure()  # and no second one


# The product of matrices


def product_of_the_lecture():
    w1, w2, w3 = (layer.weight for layer in datasets.small_network().layers[::2])
    d1, d2 = np.diag([1.0, 1.0, 0.0]), np.diag([1.0, 0.0])
    matrices = [w3, d2, w2, d1, w1, w3 @ d2 @ w2 @ d1 @ w1]
    return matrices, ["W₃", "D₂", "W₂", "D₁", "W₁", "∂ŷ/∂x"]


def test_drawn_product():
    matrices, names = product_of_the_lecture()
    plots.draw_product(matrices, names)
    assert reading_problems(the_figure()) == []
    (ax,) = the_figure().axes
    entries = [f"{value:g}" for matrix in matrices for value in matrix.ravel()]
    titles = [
        f"{name}\n{m.shape[0]} × {m.shape[1]}" for name, m in zip(names, matrices, strict=True)
    ]
    assert sorted(texts_of(ax)) == sorted([*entries, *titles, "=", *"····"])
    # A sign or a title upon a cell would be read as part of its number.
    between = [text.get_window_extent() for text in ax.texts if text.get_text() not in entries]
    cells = [cell.get_window_extent() for cell in ax.patches]
    assert not any(text.overlaps(cell) for text in between for cell in cells)


def test_entries_of_a_drawn_product_are_coloured_by_sign():
    plots.draw_product([np.array([[0.0, 4.0, -4.0]]), np.array([[1.0, -1.0, 0.0]])], ["A", "B"])
    (ax,) = the_figure().axes
    red, _, blue, _ = np.array([cell.get_facecolor() for cell in ax.patches]).T
    warm = np.sign((red - blue).round(2))
    assert warm.tolist() == [0, 1, -1, 1, -1, 0]
    # Paler than the colours of bars, because a number stands on it.
    assert min(np.array(cell.get_facecolor()[:3]).mean() for cell in ax.patches) > 0.6


def test_a_product_of_vectors_and_zeros_is_drawn():
    plots.draw_product([np.array([1.0, 2.0]), np.zeros((2, 1)), np.array([0.0])], ["a", "b", "ab"])
    assert reading_problems(the_figure()) == []


# The line


LINES = {
    "scale the patient": (datasets.small_row(), np.zeros(2)),
    "move bmi alone": (np.array([1.0, 0.0]), np.array([0.0, -0.5])),
}


@pytest.mark.parametrize("biases", [False, True], ids=["without biases", "with biases"])
@pytest.mark.parametrize("line", LINES)
def test_line_can_be_read_wherever_the_patient_is(line, biases):
    network = datasets.small_network(bias=biases)
    for t in np.linspace(-2, 2, 7):
        plots.draw_line(network, *LINES[line], t, INPUTS)
        assert (t, reading_problems(the_figure())) == (t, [])
        plt.close("all")


@pytest.mark.parametrize("t", [-1.3, 1.0])
@pytest.mark.parametrize("line", LINES)
def test_line_shows_the_output_its_tangent_and_the_products(line, t):
    network, (direction, start) = datasets.small_network(bias=True), LINES[line]
    plots.draw_line(network, direction, start, t, INPUTS)
    left, right = the_figure().axes
    output, tangent, here = left.lines
    x = start + t * direction
    assert (here.get_xdata()[0], here.get_ydata()[0]) == (t, network(x)[0])
    for at, value in list(zip(*output.get_data(), strict=True))[::50]:
        assert value == pytest.approx(network(start + at * direction)[0])
    # The tangent goes through the point, and a small step along the line stays on it.
    ts, heights = tangent.get_data()
    assert np.interp(t, ts, heights) == pytest.approx(network(x)[0])
    step = network(x + 1e-4 * direction)[0]
    assert np.interp(t + 1e-4, ts, heights) == pytest.approx(step, abs=1e-9)

    slope = network.gradient(x)
    shown = np.column_stack([slope, x, slope * x]).ravel()
    assert [bar.get_width() for bar in right.patches] == pytest.approx(shown.tolist())
    names = np.repeat(INPUTS, 3)
    assert texts_of(right) == [f"{n} {v:+.2f}" for n, v in zip(names, shown, strict=True)]
    assert [to_hex(bar.get_facecolor()) for bar in right.patches] == plots.colour(shown)
    ticks = zip(right.get_yticks(), right.get_yticklabels(), strict=True)
    assert {text.get_text(): at for at, text in ticks} == {"slope": 0, "input": -1, "product": -2}


# Classes


def draw_tumours(w1, w2, b):
    """Draw what the neuron of lecture 00 draws, and return the axes."""
    tumours = datasets.breast_cancer()
    names = ["mean radius", "mean concave points"]
    pair = [tumours.feature_names.index(name) for name in names]
    points, malignant = tumours.x_train[:, pair], tumours.y_train

    def probability(rows):
        return 1 / (1 + np.exp(-(rows @ np.array([w1, w2]) + b)))

    plots.draw_classes(probability, points, malignant, names, tumours.class_names)
    return the_figure().axes[0], points, malignant


@pytest.mark.parametrize("weights", [(1.0, 0.0, 0.0), (1.0, 3.0, 0.8), (-3.0, -3.0, 3.0)])
def test_classes_can_be_read_and_told_apart_without_colours(weights):
    ax, points, malignant = draw_tumours(*weights)
    assert reading_problems(the_figure()) == []
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["benign", "malignant"]
    scatters = dict(zip([0, 1], ax.collections[-2:], strict=True))
    for value, scatter in scatters.items():
        assert np.array_equal(scatter.get_offsets(), points[malignant == value])
    shapes = [scatter.get_paths()[0].vertices for scatter in scatters.values()]
    assert shapes[0].shape != shapes[1].shape


def test_border_of_the_classes_lies_where_the_probability_is_one_half():
    ax, _, _ = draw_tumours(1.0, 3.0, 0.8)
    border = ax.collections[-3].get_paths()[0].vertices
    assert len(border) > 10
    assert np.abs(border @ [1.0, 3.0] + 0.8).max() < 0.05


def test_classes_without_a_border_are_drawn():
    ax, _, _ = draw_tumours(0.0, 0.0, 3.0)
    assert len(ax.collections) == 3  # the bands and the points of two classes
    assert reading_problems(the_figure()) == []


# Pictures


def test_pictures_can_be_read_and_share_one_scale_around_zero():
    ink, scores = np.eye(8), np.linspace(-1, 3, 64).reshape(8, 8)
    titles = ["the digit, shaken", "first map", "network 5, mean of 40"]
    plots.draw_pictures([ink, scores / 2, scores], titles, scores=[False, True, True])
    assert reading_problems(the_figure()) == []
    panels = [ax for ax in the_figure().axes if ax.get_title()]
    assert [ax.get_title() for ax in panels] == titles
    (first,), (small,), (large,) = (ax.images for ax in panels)
    assert first.get_cmap().name == "Greys" and first.get_clim() == (0, 1)
    for image in (small, large):
        assert image.get_cmap() is plots.DIVERGING and image.get_clim() == (-3, 3)
    assert np.array_equal(large.get_array(), scores)


@pytest.mark.parametrize(("lowest", "shown"), [(0.0, (0, 2)), (-1.0, (-2, 2))])
def test_scale_beside_a_picture_shows_negative_scores_only_where_there_are_any(lowest, shown):
    scores = np.array([[lowest, 2.0]])
    plots.draw_pictures([np.eye(2), scores], ["the digit", "saliency"], scores=[False, True])
    (bar,) = (ax for ax in the_figure().axes if ax.get_label() == "<colorbar>")
    assert bar.get_ylim() == shown


@pytest.mark.parametrize("is_score", [False, True])
def test_one_empty_picture_is_drawn(is_score):
    plots.draw_pictures([np.zeros((8, 8))], ["nothing"], scores=[is_score])
    assert reading_problems(the_figure()) == []


# The sentence


def test_a_sentence_comes_after_the_figure(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(plt, "show", lambda: seen.append(capsys.readouterr().out))
    plots.say("Both bars are positive.")
    assert seen == [""]
    assert capsys.readouterr().out == "Both bars are positive.\n"


# Colours


def test_colour_by_sign():
    assert plots.colour(np.array([[1.5, -2], [0, 1e-9]])) == [
        plots.POSITIVE,
        plots.NEGATIVE,
        plots.NEUTRAL,
        plots.POSITIVE,
    ]
    assert plots.colour(np.float64(-1)) == [plots.NEGATIVE]


def test_the_map_is_white_at_zero_and_ends_in_the_colours_of_the_signs():
    assert np.allclose(plots.DIVERGING(0.5)[:3], 1, atol=0.005)
    assert to_hex(plots.DIVERGING(0.0)) == plots.NEGATIVE
    assert to_hex(plots.DIVERGING(1.0)) == plots.POSITIVE
    # The same distance from zero is the same step away from white, in both directions.
    distances = np.abs(1 - np.array([plots.DIVERGING(v)[:3] for v in (0.0, 0.25, 0.75, 1.0)]))
    assert np.allclose(distances[[0, 3]] / 2, distances[[1, 2]], atol=0.01)


# Machado, Oliveira & Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1, on linear RGB.
SIMULATED = {
    "full colour": np.eye(3),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
}
RGB_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)


def linear_rgb(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def hue_distance(one, other, simulation):
    """Return how far two colours are apart in CIELAB's a* and b*, that is, lightness aside."""

    def a_and_b(colour):
        seen = np.clip(SIMULATED[simulation] @ linear_rgb(colour), 0, 1)
        x, y, z = np.cbrt(RGB_TO_XYZ @ seen / RGB_TO_XYZ.sum(axis=1))
        return np.array([500 * (x - y), 200 * (y - z)])

    return np.linalg.norm(a_and_b(one) - a_and_b(other))


@pytest.mark.parametrize("simulation", SIMULATED)
def test_signs_differ_in_hue_for_colour_blind_readers(simulation):
    full = hue_distance(plots.POSITIVE, plots.NEGATIVE, "full colour")
    assert hue_distance(plots.POSITIVE, plots.NEGATIVE, simulation) > max(40, 0.6 * full)
    # As pale as in a matrix, with numbers on top.
    pale = to_hex(plots.DIVERGING(0.75)), to_hex(plots.DIVERGING(0.25))
    assert hue_distance(*pale, simulation) > 20


def test_red_and_green_would_fail_for_colour_blind_readers():
    assert hue_distance("#d62728", "#2ca02c", "full colour") > 100
    assert hue_distance("#d62728", "#2ca02c", "deuteranopia") < 40


def test_numbers_in_coloured_cells_have_contrast():
    # A matrix uses the middle half of the map; WCAG 2.1 asks 4.5 : 1 of text.
    for value in np.linspace(0.25, 0.75, 21):
        luminance = RGB_TO_XYZ[1] @ linear_rgb(plots.DIVERGING(value)[:3])
        assert (luminance + 0.05) / 0.05 > 4.5
