"""A card says the same in colour and as text, and no style is needed to read it."""

import re
from html import escape
from html.parser import HTMLParser

import pytest

from xaikit.course import cards
from xaikit.course.cards import Bars, Card, Link

FULL = Card(
    "✗",
    "shares: use np.zeros(shape), not np.zeros_like",
    ["By hand: 1 < 2", ["then ", Link("lecture 04", "../a%20b.ipynb"), " & more"]],
    ("The case", ["got 1, expected 2", "checks.last_inputs() shows the numbers."]),
    (3, 16),
    Bars("The house:", {"park": 50.0, "cats banned": -40.0}),
)


class Words(HTMLParser):
    """The words of a page, and its tags with their attributes."""

    def __init__(self, page):
        super().__init__()
        self.words, self.tags = [], []
        self.feed(page)

    def handle_data(self, data):
        self.words.append(data)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))


def letters(text):
    return re.sub(r"\s", "", text)


def test_both_forms_have_the_same_words():
    plain = cards.plain(FULL).replace(" (../a%20b.ipynb)", "")
    assert letters("".join(Words(cards.html(FULL)).words)) == letters(plain)
    assert cards.plain(FULL) == (
        "✗ shares: use np.zeros(shape), not np.zeros_like\n"
        "  The house:\n"
        "    park +50\n"
        "    cats banned −40\n"
        "  By hand: 1 < 2\n"
        "  then lecture 04 (../a%20b.ipynb) & more\n"
        "  The case\n"
        "    got 1, expected 2\n"
        "    checks.last_inputs() shows the numbers."
    )


def test_what_can_be_copied_is_in_one_piece():
    page = cards.html(FULL)
    code = re.findall(r'<code style="white-space: nowrap">(.*?)</code>', page)
    assert code == ["np.zeros(shape)", "np.zeros_like", "checks.last_inputs()"]
    assert "10\N{NO-BREAK SPACE}−\N{NO-BREAK SPACE}4: 6" in cards.html(Card("✗", "10 − 4: 6"))
    assert "<code" not in cards.html(Card("✗", "subtract v(S), not v(∅): 1.5 (see e.g. below)"))


@pytest.mark.parametrize(
    "call",
    [
        "range(1, M + 1)",
        "explain(x, baseline)",
        "fit_line(z, y, weights, ridge)",
        'raise ValueError(f"s is {s}")',
        "raise NotImplementedError()",
        "np.exp(S - S.max(axis=1))",
        "np.ones((len(P), P.shape[-1]))",
        "np.eye(len(x))",
    ],
)
def test_a_call_is_in_one_piece_whatever_it_holds(call):
    page = cards.html(Card("✗", f"write {call}, not another (or 1)."))
    assert f'<code style="white-space: nowrap">{escape(call)}</code>, not another (or 1).' in page


def test_code_that_is_wider_than_a_phone_may_break():
    call = "np.linalg.lstsq(np.vstack([Z, shrink]), heights, rcond=None)"
    page = cards.html(Card("✗", f"{call}, not np.vstack([Z, z])"))
    assert re.findall("<code.*?>(.*?)</code>", page) == ["np.vstack([Z, z])"]


def test_a_learners_words_are_no_html():
    page = cards.html(Card("✗", "<b>&", ["<script>", Link("<i>", '"><b>')], ("<u>", ["<s>"])))
    assert {tag for tag, _ in Words(page).tags} <= {"div", "p", "span", "a", "details", "summary"}


def test_styles_stand_in_the_tags():
    """Where a notebook is not trusted, JupyterLab removes <style>, and classes mean nothing."""
    tags = Words(cards.html(FULL)).tags
    assert not [tag for tag, _ in tags if tag in ("style", "script")]
    assert not [attributes for _, attributes in tags if "class" in attributes]


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("colour", cards.COLOURS.values())
def test_a_sign_can_be_read_and_its_edge_seen_on_light_and_dark(colour):
    """By WCAG 2: 4.5 for text, 3 for the line at the side on JupyterLab's white and #111."""
    ours = luminance(colour) + 0.05
    assert 1.05 / ours >= 4.5
    assert ours / (luminance("#111111") + 0.05) >= 3


def test_bars_begin_at_zero():
    page = cards.html(Card("✓", "right", bars=Bars("", {"a": 30.0, "b": -60.0, "c": 0.0})))
    places = re.findall(r"margin-left: (\d+)px; width: (\d+)px.*?background: (#\w+)", page)
    assert places == [
        ("120", "60", cards.ABOVE),
        ("0", "120", cards.BELOW),
        ("120", "0", cards.BELOW),
    ]
    assert "NaN" not in cards.html(Card("✓", "right", bars=Bars("", {"a": 0.0})))


@pytest.mark.parametrize("colour", [cards.ABOVE, cards.BELOW])
def test_bars_are_seen_on_light_and_dark(colour):
    """WCAG 2 demands 3 for graphics."""
    ours = luminance(colour) + 0.05
    assert 1.05 / ours >= 3 and ours / (luminance("#111111") + 0.05) >= 3


def test_outside_of_a_notebook_the_words_are_printed(capsys):
    cards.show(FULL)
    assert capsys.readouterr().out == cards.plain(FULL) + "\n"
