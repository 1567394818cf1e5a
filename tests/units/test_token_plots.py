"""A coloured text has every token and number in reading order, and is readable without colour."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from tests.units.figures import explanation, reading_problems, texts_of, the_figure
from xaikit.core.attribution import Attribution
from xaikit.course import plots
from xaikit.plots.looks import printable, written

# In a notebook a warning is printed above the figure, and fails the notebook's test.
pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]
RNG = np.random.default_rng(0)
SPAM = "For Christmas Song visit my channel! ;)"
SCORES = [0.01, -0.02, -0.11, 0.12, 0.05, 0.62, 0.0]
ODD = [
    "🔥",
    "naïve",
    "$5$",
    "$",
    "음악",
    "👨‍👩‍👧",
    "",
    "\n\n",
    "x_1^2",
    "a" * 200,
    "guy\ufeff",
    "😀",
]


def text(words, scores=None, **more):
    words = words.split() if isinstance(words, str) else words
    scores = RNG.normal(0, 0.2, len(words)) if scores is None else scores
    return explanation(scores, data=np.array(words, dtype=object), method="LIME", **more)


TEXTS = {
    "the example": text(SPAM, SCORES),
    "one token": text("hello"),
    "sixty tokens": text("some words of which none is the last one in it " * 6),
    "two hundred tokens": text("some words of which none is the last one in it " * 20),
    "repeated": text("the the the the"),
    "odd": text(ODD),
    "all zero": text("a b c", [0, 0, 0]),
    "negative": text("a b c", [-1, -2, -0.5]),
    "tiny": text("a b c", [1e-6, -2e-6, 0]),
    "huge": text("a b c", [1e6, -2e6, 0]),
    "long tokens": text(["abcdefghij" * 5] * 8),
}


def cells_of(ax):
    """Return (token, number, box) of each token, in the order in which they were drawn."""
    _, *written = ax.texts
    return list(zip(written[::2], written[1::2], ax.patches, strict=True))


@pytest.mark.parametrize("case", TEXTS)
def test_texts_can_be_read(case):
    ax = plots.tokens(TEXTS[case])
    assert reading_problems(the_figure()) == []
    cells = cells_of(ax)
    boxes = [box.get_window_extent() for *_, box in cells]
    for (token, number, _), box in zip(cells, boxes, strict=True):
        word = token.get_window_extent()
        assert box.x0 <= word.x0 and word.x1 <= box.x1 and box.y0 <= word.y0 and word.y1 <= box.y1
        # The number is below its own token's box.
        below = number.get_window_extent()
        assert below.y1 <= box.y0 and box.x0 <= below.x0 and below.x1 <= box.x1
    # In reading order: to the right on the same line, or at the left of a lower one.
    for one, other in pairwise(boxes):
        same_line = other.y0 == pytest.approx(one.y0)
        assert other.x0 >= one.x1 if same_line else other.y1 < one.y0 and other.x0 < one.x1


@pytest.mark.parametrize("case", ["the example", "sixty tokens", "repeated"])
def test_every_token_has_its_signed_score(case):
    explained = TEXTS[case]
    cells = cells_of(plots.tokens(explained))
    assert [token.get_text() for token, *_ in cells] == list(explained.data)
    assert [number.get_text() for _, number, _ in cells] == [written(v) for v in explained.values]


def test_tokens_are_coloured_by_score_around_white():
    ax = plots.tokens(TEXTS["the example"])
    faces = np.array([box.get_facecolor()[:3] for *_, box in cells_of(ax)])
    warmth = np.sign((faces[:, 0] - faces[:, 2]).round(3))
    assert warmth.tolist() == np.sign(SCORES).tolist()
    assert to_hex(faces[-1]) == "#ffffff"
    # The largest score has the deepest colour, half of its sign's colour: text stays readable.
    assert np.argmin(faces.sum(axis=1)) == np.argmax(np.abs(SCORES))
    assert np.allclose(faces[5], plots.DIVERGING(0.75)[:3])


def test_the_title_says_what_the_numbers_are():
    assert texts_of(plots.tokens(TEXTS["odd"]))[0] == "LIME of each token, in units of the output"


def test_a_text_that_is_too_long_ends_with_the_sum_of_the_rest():
    explained = TEXTS["two hundred tokens"]
    *shown, (rest, total, box) = cells_of(plots.tokens(explained))
    left = len(explained.data) - len(shown)
    assert 0 < left < 120
    assert rest.get_text() == f"… {left} more tokens"
    assert total.get_text() == written(explained.values[len(shown) :].sum())
    assert [token.get_text() for token, *_ in shown] == list(explained.data[: len(shown)])
    assert to_hex(box.get_facecolor()) == "#ffffff"


def test_a_short_text_has_a_low_figure_and_large_letters():
    token, number, _ = cells_of(plots.tokens(TEXTS["the example"]))[0]
    assert the_figure().get_size_inches()[1] < 1
    assert token.get_fontsize() == 11
    plt.close("all")
    token, number, _ = cells_of(plots.tokens(TEXTS["two hundred tokens"]))[0]
    assert token.get_fontsize() == 8 and number.get_fontsize() == 6


def test_one_text_of_several_from_any_library(backend):
    values = backend.array([[1, 2], [-3, 4]])
    words = np.array([["a", "b"], ["c", "d"]])
    ax = plots.tokens(Attribution(values, None, values.sum(1), words), row=1)
    assert texts_of(ax)[1:] == ["c", "−3.00", "d", "+4.00"]
    with pytest.raises(IndexError, match="row 2 is out of range: there are 2 rows"):
        plots.tokens(Attribution(values, None, values.sum(1), words), row=2)


def test_dollars_are_no_formula():
    ax = plots.tokens(text("$5 or $6"))
    assert not any(token.get_parse_math() for token, *_ in cells_of(ax))


def test_names_are_tokens_where_the_data_are_numbers():
    ax = plots.tokens(explanation([1.0, -1.0], feature_names=["my", "channel"]))
    assert texts_of(ax)[1::2] == ["my", "channel"]


@pytest.mark.parametrize(
    ("explained", "message"),
    [
        (explanation([1.0, 2.0]), r"float64 values and the features have no names.*with_names"),
        (text("one two three", [1.0, 2.0]), r"got scores \(2,\) for 3 tokens"),
        (explanation(np.ones((1, 3, 8, 8)), feature_names=["a"]), r"scores \(3, 8, 8\) for 1"),
    ],
)
def test_scores_without_their_words_are_refused(explained, message):
    with pytest.raises(ValueError, match=message):
        plots.tokens(explained)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("channel!", "channel!"),
        ("naïve", "naïve"),
        ("😀", "😀"),  # the font has this one
        ("🔥", "[fire]"),
        ("a❤️b", "a❤b"),  # without the mark that asks for a colourful heart
        ("음악", "□□"),
        ("guy\ufeff", "guy"),
        ("a\nb", "a⏎b"),
        ("\r\n", "⏎"),
        ("\t", "⇥"),
        ("  ", "␣"),
        ("\u3000", "␣"),  # the blank of Korean and Japanese type
        ("", "␣"),
        ("abcdefghijklmnopqrstuvwxyz", "abcdefg…wxyz"),
    ],
)
def test_words_as_a_figure_shows_them(word, shown):
    assert printable(word, 12) == shown
