"""Figures can be read: by sign, with and without colours, without overlapping text."""

import io
from base64 import b64decode

import IPython.display
import matplotlib.pyplot as plt
import numpy as np
import pytest
from markdown_it import MarkdownIt
from matplotlib.colors import to_hex, to_rgb
from PIL import Image

import xaikit as xk
from tests.units.figures import reading_problems, texts_of, the_figure
from xaikit.course import datasets, plots
from xaikit.plots import cards, looks

# In a notebook a warning is printed above the figure, and fails the notebook's test.
pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]
INPUTS = ["bmi", "blood pressure"]


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


# The drawn network


@pytest.mark.parametrize(
    ("bias", "units", "off"),
    [
        (False, ["0.5", "−0.5", "0.5", "1.5", "0", "2", "0", "4"], 2),
        (True, ["0.5", "−0.5", "0", "0.5", "1", "2.5", "1.5", "5.5"], 1),
    ],
)
def test_drawn_network(bias, units, off):
    network = datasets.small_network(bias=bias)
    ax = plots.draw_network(network, datasets.small_row(), INPUTS)
    assert reading_problems(the_figure()) == []

    weights = [
        looks.written(w, "+g") for layer in network.layers[::2] for w in layer.weight.ravel()
    ]
    heads = ["input", "hidden 1", "hidden 2", "output"]
    assert sorted(texts_of(ax)) == sorted([*weights, *units, *INPUTS, *heads])
    faces = [to_hex(points.get_facecolor()[0]) for points in ax.collections]
    assert faces.count("#d9d9d9") == off and faces.count("#ffffff") == len(units) - off
    # The grey units are those with a zero as text in the same place.
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
    widths = [line.get_linewidth() for line in ax.lines]
    assert (np.diff(np.array(widths)[np.argsort(np.abs(weights), kind="stable")]) >= 0).all()


def test_network_drawn_into_axes_that_are_given():
    _, ax = plt.subplots()
    network = xk.Network([xk.Dense(np.array([[2.0, -3.0]]))])
    assert plots.draw_network(network, np.array([1.0, 1.0]), INPUTS, ax=ax) is ax
    assert sorted(texts_of(ax)) == sorted(["+2", "−3", "1", "1", "−1", "input", "output", *INPUTS])
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
    entries = [looks.written(value, "g") for matrix in matrices for value in matrix.ravel()]
    titles = [
        f"{name}\n{m.shape[0]} × {m.shape[1]}" for name, m in zip(names, matrices, strict=True)
    ]
    assert sorted(texts_of(ax)) == sorted([*entries, *titles, "=", *"····"])
    # A sign or a title over a cell looks like a part of its number.
    between = [text.get_window_extent() for text in ax.texts if text.get_text() not in entries]
    cells = [cell.get_window_extent() for cell in ax.patches]
    assert not any(text.overlaps(cell) for text in between for cell in cells)


def test_entries_of_a_drawn_product_are_coloured_by_sign():
    plots.draw_product([np.array([[0.0, 4.0, -4.0]]), np.array([[1.0, -1.0, 0.0]])], ["A", "B"])
    (ax,) = the_figure().axes
    red, _, blue, _ = np.array([cell.get_facecolor() for cell in ax.patches]).T
    warm = np.sign((red - blue).round(2))
    assert warm.tolist() == [0, 1, -1, 1, -1, 0]
    # Paler than the colours of bars, because a number is drawn on it.
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
    left, *bars = the_figure().axes
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
    titles = ["slope, in output per sd", "input, in sd", "product, in units of ŷ"]
    for ax, title, shown in zip(bars, titles, [slope, x, slope * x], strict=True):
        assert [bar.get_width() for bar in ax.patches] == pytest.approx(shown.tolist())
        assert texts_of(ax) == [looks.written(v) for v in shown]
        assert [to_hex(bar.get_facecolor()) for bar in ax.patches] == plots.colour(shown)
        assert [label.get_text() for label in ax.get_yticklabels()] == INPUTS
        assert ax.get_title() == title


@pytest.mark.parametrize(("biases", "words"), [(True, ["+9.00", "sum\n−3.50"]), (False, ["0.00"])])
def test_line_through_the_origin_marks_the_sum_of_products(biases, words):
    network = datasets.small_network(bias=biases)
    plots.draw_line(network, *LINES["scale the patient"], 1.0, INPUTS)
    assert set(words) <= set(texts_of(the_figure().axes[0]))
    plt.close("all")
    # Along another line the tangent's rise is not the sum.
    plots.draw_line(network, *LINES["move bmi alone"], 1.0, INPUTS)
    assert not any("sum" in text for text in texts_of(the_figure().axes[0]))


# Classes


def draw_tumours(w1, w2, b):
    """Draw the figure of lecture 00's neuron, and return the axes."""
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
    assert texts_of(ax) == ["benign", "malignant"]
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
    shown = [False, True, True]
    plots.draw_pictures([ink, scores / 2, scores], titles, scores=shown, signed=True)
    assert reading_problems(the_figure()) == []
    panels = [ax for ax in the_figure().axes if ax.get_title()]
    assert [ax.get_title() for ax in panels] == titles
    (first,), (small,), (large,) = (ax.images for ax in panels)
    assert first.get_cmap().name == "Greys" and first.get_clim() == (0, 1)
    for image in (small, large):
        assert image.get_cmap() is plots.DIVERGING and image.get_clim() == (-3, 3)
    assert np.array_equal(large.get_array(), scores)


@pytest.mark.parametrize("is_map", [False, True])
def test_sizes_of_slopes_are_grey_from_zero_on(is_map):
    sizes = np.array([[0.0, 2.0]])
    if is_map:
        plots.draw_maps(np.eye(2), {"saliency": sizes, "IG": sizes})
    else:
        plots.draw_pictures([np.eye(2), sizes], ["the digit", "saliency"], scores=[False, True])
    image, *others = (ax.images[0] for ax in the_figure().axes[1:3] if ax.images)
    assert image.get_cmap().name == "Greys" and image.get_clim()[0] == 0
    assert not is_map or others[0].get_cmap() is plots.DIVERGING


@pytest.mark.parametrize("is_score", [False, True])
def test_one_empty_picture_is_drawn(is_score):
    plots.draw_pictures([np.zeros((8, 8))], ["nothing"], scores=[is_score])
    assert reading_problems(the_figure()) == []


@pytest.mark.parametrize("scores", [(False, True), (False, False)])
def test_rows_of_pictures_beside_one(scores):
    above = {name: np.full((8, 8), 0.5) for name in ("paper", "ink", "one of 50")}
    below = {name: np.diag(np.linspace(-1, 1, 8)) for name in above}
    rows = {"baseline": above, "scores": below}
    plots.draw_rows(np.eye(8), "the digit", rows, scores)
    assert reading_problems(the_figure()) == []
    names = [ax.get_title() for ax in the_figure().axes if ax.get_title()]
    assert names == ["the digit", *above]
    limits = [ax.images[0].get_clim() for ax in the_figure().axes[4:7]]
    assert limits == [(-1, 1) if scores[1] else (0, 1)] * 3


def test_photos_with_boxes_and_frames_can_be_read():
    photo = np.zeros((16, 16, 3))
    boxes = {"tower": (slice(2, 12), slice(0, 6)), "sky": (slice(0, 6), slice(8, 16))}
    scores = np.arange(256.0).reshape(16, 16) - 100
    plots.draw_boxes(photo, boxes, {"from black": scores}, square=4)
    assert reading_problems(the_figure()) == []
    first, second, bar = the_figure().axes
    assert [tick.get_text() for tick in bar.get_yticklabels()] == ["−", "0", "+"]
    assert sorted(texts_of(first)) == ["sky", "tower"]
    assert second.images[0].get_array()[0, 1] == scores[:4, 4:8].sum()
    plt.close("all")
    plots.draw_frames({f"α = {a}\ncastle 5.7": photo for a in (0, 0.05, 0.1, 0.5, 1)})
    assert reading_problems(the_figure()) == []


def test_clearly_negative_cells_carry_a_minus_also_in_grey_print():
    scores = np.array([[1.0, -0.1], [-0.3, -0.9]])
    plots.draw_maps(np.eye(2), {"scores": scores})
    assert reading_problems(the_figure()) == []
    _, ax, bar = the_figure().axes
    assert bar.get_ylabel() == "scores, each map on its own scale"
    # Cells of a unit square, the first row on top.
    assert [(*text.get_position(), text.get_color()) for text in ax.texts] == [
        (0.25, 0.25, "black"),
        (0.75, 0.25, "white"),
    ]


@pytest.mark.parametrize("size", [(112, 112), (40, 100)])
def test_a_map_of_many_pixels_carries_a_minus_on_squares_whose_sum_is_negative(size):
    scores = np.zeros(size)
    scores[:7, :7] = [1.0, -1, 1, -1, 1, -1, 1]  # a sum above zero
    scores[14:21, 7:14] = -0.5
    scores[-1, -1] = -9.0
    plots.draw_maps(np.eye(2), {"scores": scores})
    _, ax, _ = the_figure().axes
    end = 1 - (7 if size[0] == 112 else 2) / 2 / size[1], (7 if size[0] == 112 else 5) / 2 / size[0]
    middle = 10.5 / size[1], 1 - 17.5 / size[0]
    assert np.allclose([text.get_position() for text in ax.texts], [middle, end])
    assert reading_problems(the_figure()) == []


# The card


def test_a_card_has_twice_the_pixels_and_all_colours():
    _, ax = plt.subplots(figsize=(7, 2))
    ax.imshow(np.linspace(-1, 1, 200).reshape(2, 100), cmap=plots.DIVERGING, aspect="auto")
    data, size = cards.card(the_figure())
    assert size == {"width": 700, "height": 200}
    picture = Image.open(io.BytesIO(b64decode(data))).convert("RGB")
    assert picture.size == (1400, 400)
    exact = io.BytesIO()
    the_figure().savefig(exact, format="png", dpi=200, facecolor="white")
    exact = np.asarray(Image.open(exact).convert("RGB")).astype(int)
    # Fewer colours, but near ones, and the card is light.
    assert np.abs(np.asarray(picture) - exact).max() <= 16
    assert min(picture.getpixel((0, 0))) >= 250


def test_a_quick_card_is_the_same_picture_in_all_colours():
    _, ax = plt.subplots(figsize=(7, 2))
    ax.plot([1, 2], [30, 20], label="a line")
    ax.set(xlabel="across", ylabel="up", title="title")
    ax.legend()
    data, size = cards.quick_card(the_figure())
    assert size == {"width": 700, "height": 200} and the_figure().dpi == 100
    exact = io.BytesIO()
    the_figure().savefig(exact, format="png", dpi=200, facecolor="white")
    drawn, wanted = (
        np.asarray(Image.open(file).convert("RGB")).astype(int)
        for file in (io.BytesIO(b64decode(data)), exact)
    )
    assert np.abs(drawn - wanted).mean() < 1


# The caption


def test_a_caption_comes_after_the_figure(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(plt, "show", lambda: seen.append(capsys.readouterr().out))
    plots.say("Both bars are positive.")
    assert seen == [""]
    assert capsys.readouterr().out == "Both bars are positive.\n"


def test_in_a_notebook_a_caption_is_markdown_with_the_same_words(monkeypatch):
    shown = []
    monkeypatch.setattr(looks, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda data, raw: shown.append(data))
    words = "|slope| of w_1 * 2 is [−0.5 `b`] < $3\\4.\n#2: R² 0.50"
    plots.say(words)
    (caption,) = shown
    assert caption["text/plain"] == words
    parsed = MarkdownIt().parse(caption["text/markdown"])[1].children
    assert {token.type for token in parsed} <= {"text", "text_special", "hardbreak"}
    assert "".join("\n" if t.type == "hardbreak" else t.content for t in parsed) == words


@pytest.mark.parametrize(
    ("text", "typeset"),
    [
        ("slopes [-1. -.5], (-3) and -0.05", "slopes [−1. −.5], (−3) and −0.05"),
        ("zeros -0.00, +0.0, -0, +0% and -0.", "zeros 0.00, 0.0, 0, 0% and 0."),
        ("small -0.001 and +0.05, 1e-11", "small −0.001 and +0.05, 1e-11"),
        ("LRP-0, S₁ - S₀, 0.2-0.3, x-3, f(x)-1", "LRP-0, S₁ - S₀, 0.2-0.3, x-3, f(x)-1"),
    ],
)
def test_negative_numbers_have_a_minus_and_zeros_no_sign(text, typeset):
    assert looks.typeset(text) == typeset


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
    # Equal distances from zero have equal distances from white, in both directions.
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
    """Return the distance of two colours in CIELAB's a* and b*, without lightness."""

    def a_and_b(colour):
        seen = np.clip(SIMULATED[simulation] @ linear_rgb(colour), 0, 1)
        x, y, z = np.cbrt(RGB_TO_XYZ @ seen / RGB_TO_XYZ.sum(axis=1))
        return np.array([500 * (x - y), 200 * (y - z)])

    return np.linalg.norm(a_and_b(one) - a_and_b(other))


@pytest.mark.parametrize("simulation", SIMULATED)
def test_signs_differ_in_hue_for_colour_blind_readers(simulation):
    full = hue_distance(plots.POSITIVE, plots.NEGATIVE, "full colour")
    assert hue_distance(plots.POSITIVE, plots.NEGATIVE, simulation) > max(40, 0.6 * full)
    # As pale as in a matrix, below numbers.
    pale = to_hex(plots.DIVERGING(0.75)), to_hex(plots.DIVERGING(0.25))
    assert hue_distance(*pale, simulation) > 20


def test_red_and_green_would_fail_for_colour_blind_readers():
    assert hue_distance("#d62728", "#2ca02c", "full colour") > 100
    assert hue_distance("#d62728", "#2ca02c", "deuteranopia") < 40


def test_numbers_in_coloured_cells_have_contrast():
    # A matrix uses the middle half of the map; WCAG 2.1 demands 4.5 : 1 for text.
    for value in np.linspace(0.25, 0.75, 21):
        luminance = RGB_TO_XYZ[1] @ linear_rgb(plots.DIVERGING(value)[:3])
        assert (luminance + 0.05) / 0.05 > 4.5


# Sums against outputs


def test_drawn_sums_show_every_row_and_the_largest_distance():
    outputs = np.array([0.5, -1.0, 2.0])
    sums = {"complete": outputs, "not": outputs + np.array([0, 0.25, -0.5])}
    gaps = plots.draw_sums({title: (outputs, s) for title, s in sums.items()}, "points")
    assert the_figure().axes[0].get_ylabel() == "sum of products, in points"
    assert gaps == {"complete": 0.0, "not": 0.5}
    assert reading_problems(the_figure()) == []
    for ax, s in zip(the_figure().axes, sums.values(), strict=True):
        assert np.allclose(ax.collections[0].get_offsets(), np.column_stack([outputs, s]))
