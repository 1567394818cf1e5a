"""Methods are told apart by colour, mark and dash, by every reader, on paper and on screens."""

import ast
import re
from itertools import chain, combinations
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from colorspacious import cspace_convert
from matplotlib.colors import to_rgb

import xaikit as xk
from tests.units.figures import reading_problems, texts_of, the_figure
from xaikit.course import plots
from xaikit.course.plots.games import STROKES
from xaikit.plots.looks import ACCENT, NEGATIVE, NEUTRAL, POSITIVE, ink
from xaikit.plots.methods import METHODS, UNSIGNED, label_ends, strokes

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]
KINDS = [None, "protanomaly", "deuteranomaly", "tritanomaly"]
# In CAM02-UCS, where a just noticeable difference is about 1.
LEAST = 7
PLAYERS = [shade for shade, _ in STROKES]
STEPS = np.linspace(0, 1, 5)
LECTURES = sorted((Path(__file__).parents[2] / "lectures").glob("*.ipynb"))
EXPLAINS = re.compile(
    r"xk\.(saliency|gradient_x_input|integrated_gradients|lrp|lime_\w+|dasp|\w+_shapley|kernel_shap"
    r"|raw_attention|attention_rollout)\("
)
OTHER_WORDS = {
    "gradient × input": "grad × input",
    "Shapley values": "Shapley",
    "marginal": "Shapley",
}
UNIT = xk.Network(
    [xk.Dense(np.ones((1, 2)), np.zeros(1)), xk.ReLU(), xk.Dense(np.ones((1, 1)), np.zeros(1))]
)


def distance(one, other, kind):
    """Return how far apart two colours are for a reader with this kind of colour blindness."""
    colours = np.array([to_rgb(one), to_rgb(other)])
    if kind:
        seen = {"name": "sRGB1+CVD", "cvd_type": kind, "severity": 100}
        colours = np.clip(cspace_convert(colours, seen, "sRGB1"), 0, 1)
    return np.linalg.norm(np.subtract(*cspace_convert(colours, "sRGB1", "CAM02-UCS")))


def contrast(colour):
    """Return WCAG's contrast of a colour with white."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_lines_are_told_apart_with_any_kind_of_colour_blindness(kind):
    methods = [look.colour for look in METHODS.values()]
    # A player is no method, and neither has the colour of a sign.
    for pair in combinations([*methods, *PLAYERS, POSITIVE], 2):
        assert (pair, distance(*pair, kind)) > (pair, LEAST)
    for colour in (*methods, *PLAYERS):
        assert distance(colour, NEGATIVE, kind) > LEAST


def test_colours_that_were_confused_would_fail():
    # shap's orange and KernelSHAP's green, as matplotlib's cycle once gave them.
    assert distance("#ff7f0e", "#2ca02c", None) > 40
    assert distance("#a68a00", "#c08000", "protanomaly") < LEAST


def test_lines_have_contrast_on_white():
    # WCAG 2.1 demands 3 : 1 for graphics.
    assert min(map(contrast, [*(look.colour for look in METHODS.values()), *PLAYERS])) > 3


def test_signs_differ_in_lightness_too():
    assert contrast(NEGATIVE) / contrast(POSITIVE) > 1.9


def test_marks_and_dashes_differ():
    assert len({look.marker for look in METHODS.values()}) == len(METHODS)
    assert len({look.dash for look in METHODS.values()}) == len(METHODS)


def named_methods(lecture):
    """Return a lecture's words for the methods of xaikit that it calls."""
    cells = [c.source for c in nbformat.read(lecture, as_version=4).cells if c.cell_type == "code"]
    steps = [step for code in cells for step in ast.walk(ast.parse(re.sub("(?m)^%.*", "", code)))]
    pairs = [zip(s.keys, s.values, strict=True) for s in steps if isinstance(s, ast.Dict)]
    # A name and what it stands for; "IG, paper" is IG.
    return {
        key.value.partition(",")[0]
        for key, value in chain(*pairs)
        if isinstance(key, ast.Constant) and EXPLAINS.search(ast.unparse(value))
    }


def test_every_method_that_a_lecture_names_has_a_look():
    named = {name for lecture in LECTURES for name in named_methods(lecture)}
    assert {"LRP-0", "LRP-z⁺", "raw attention", "rollout"} <= named
    assert {OTHER_WORDS.get(name, name) for name in named} <= METHODS.keys()
    assert METHODS.keys() > UNSIGNED


def test_what_stands_out_is_no_method():
    assert ACCENT in PLAYERS  # so it is compared above


def looks_of(line):
    return line.get_color(), line.get_marker(), line.get_linestyle()


@pytest.mark.parametrize(
    ("method", "draw"),
    [
        ("permutations", lambda: plots.draw_falling([8, 32], [0.08, 0.04], [0.04, 0.02])),
        ("IG", lambda: plots.draw_curve(STEPS, {"IG": STEPS[::-1]}, np.array([STEPS[::-1]]))),
        ("DASP", lambda: plots.draw_curve(STEPS, {"DASP": STEPS[::-1]}, np.array([STEPS[::-1]]))),
        ("DASP", lambda: plots.draw_dasp(UNIT, np.ones(2), player=1, size=1)),
        ("LIME", lambda: plots.draw_weights(3, {"LIME": np.ones(2)})),
    ],
)
def test_a_method_looks_the_same_in_every_drawing(method, draw):
    draw()
    _, ax = plt.subplots()
    (line,) = ax.plot([0, 1], [0, 1], **strokes(method))
    drawn = [line for ax in plt.figure(plt.get_fignums()[0]).axes for line in ax.lines]
    assert looks_of(line) in map(looks_of, drawn)


def test_the_sum_of_integrated_gradients_has_their_colour_and_dash():
    path = {"alpha": np.array([0.5]), "weights": np.ones(1), "slope": np.full(1, 4.0)}
    plots.draw_path(UNIT, np.ones(2), np.zeros(2), path)
    _, right = the_figure().axes
    _, line, *_ = right.lines
    _, ax = plt.subplots()
    (own,) = ax.plot([0, 1], **strokes("IG"))
    assert (line.get_color(), line.get_linestyle()) == (own.get_color(), own.get_linestyle())


def test_a_control_has_no_look_of_a_method():
    plots.draw_curve(STEPS, {"noise": STEPS[::-1]}, np.array([STEPS[::-1]]))
    assert the_figure().axes[0].lines[-1].get_color() == NEUTRAL


def test_an_unknown_method_has_no_look():
    with pytest.raises(ValueError, match="'kernel_shap' has no look, expected one of KernelSHAP"):
        strokes("kernel_shap")


@pytest.mark.parametrize("ends", [[1.0, 1.0, 1.01], [1.0, 2.0, 3.0]])
def test_labels_stand_behind_the_ends_of_their_lines(ends):
    _, ax = plt.subplots()
    for name, end in zip(METHODS, ends, strict=False):
        ax.plot([0, 1], [0, end], **strokes(name), label=name)
    ax.axhline(1.5)  # without a name
    label_ends(ax)
    assert reading_problems(the_figure()) == []
    assert sorted(texts_of(ax)) == sorted(list(METHODS)[: len(ends)])
    for text in ax.texts:
        # WCAG 2 demands 4.5 : 1 for words: a light line has darker ones, of the same hue.
        assert contrast(text.get_color()) >= 4.5
        assert distance(text.get_color(), METHODS[text.get_text()].colour, None) < 12


def test_words_have_their_own_colour_where_it_is_dark_enough():
    assert ink("#332288") == "#332288"
    assert ink(POSITIVE) != POSITIVE and contrast(ink(POSITIVE)) >= 4.5
    assert distance(ink(POSITIVE), POSITIVE, None) < 2
