"""Texts without their absent tokens: written by hand, and properties of any text."""

import re
from collections import UserDict
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import xaikit as xk
from tests.units.coalitions import coalitions, recorded
from xaikit.games.texts import token_spans

words = re.compile(r"\w+").findall
BERT = "A Kindly\nday, DAY"  # with offsets as WordPiece gives them, of a small vocabulary
BERT_OFFSETS = [(0, 0), (0, 1), (2, 6), (6, 8), (9, 12), (12, 13), (14, 17), (0, 0)]
BYTES = "쿠폰 🔥\nok"  # byte-level BPE: a letter has several tokens
BYTES_OFFSETS = [(0, 1)] * 3 + [(1, 2)] * 3 + [(3, 3)] + [(3, 4)] * 4 + [(4, 5), (5, 6), (6, 7)]


def encoding(offsets):
    """Return a tokenizer whose answer looks like an Encoding of the package tokenizers."""
    return lambda text: SimpleNamespace(offsets=offsets)


def spacy_like(text):
    """Return tokens that look like spaCy's: words, punctuation, and line breaks."""
    found = re.finditer(r"\w+|[^\w\s]|\n", text)
    return [SimpleNamespace(text=match.group(), idx=match.start()) for match in found]


def asked(text, tokenizer, gone, **more):
    """Return the text that the classifier gets when the tokens in `gone` are absent."""
    seen = []

    def classifier(texts):
        seen.extend(texts)
        return np.zeros(len(texts))

    game = xk.text_game(classifier, text, target=0, tokenizer=tokenizer, **more)
    assert set(gone) <= set(game.players)
    game(np.array([[player not in gone for player in game.players]]))
    assert seen[0] == text and len(seen) <= 2
    return seen[-1]


SITUATIONS = {
    # text, tokenizer, absent tokens, what is asked
    "Korean words": ("배송이 아주 빠르다", str.split, ["아주"], "배송이 빠르다"),
    "Korean characters": ("배송이아주빠르다", list, ["아", "주"], "배송이빠르다"),
    "Japanese": ("配送がとても速い", lambda t: ["配送", "が", "とても", "速い"], ["とても"],
                 "配送が速い"),
    "nothing is absent": (" a \n\n b\t", str.split, [], " a \n\n b\t"),
    "a line break stays": ("a b\nc d\ne", str.split, ["b", "d"], "a\nc\ne"),
    "the first word of a line": ("k l\nm n\no", str.split, ["m"], "k l\nn\no"),
    "a line goes, with one of its breaks": ("a\nb\nc", str.split, ["b"], "a\nc"),
    "the wider break stays": ("a\n\nb\nc", str.split, ["b"], "a\n\nc"),
    "Windows line breaks": ("a b\r\nc d", str.split, ["b", "c"], "a\r\nd"),
    "tabs": ("name\tage\tcity", str.split, ["age"], "name\tcity"),
    "blanks do not pile up": ("one  two three", str.split, ["two"], "one three"),
    "the first word": ("one  two three", str.split, ["one"], "two three"),
    "the first two words": ("one  two three", str.split, ["one", "two"], "three"),
    "the last word": ("one  two three", str.split, ["three"], "one  two"),
    "the ends of the text": ("  one two\n", str.split, ["one"], "  two\n"),
    "the ends of the text, last word": ("  one two\n", str.split, ["two"], "  one\n"),
    "no word is left": ("one two", str.split, ["one", "two"], ""),
    "an emoji of one code point": ("so🔥good", list, ["🔥"], "sogood"),
    "an emoji of five code points": ("👨‍👩‍👧 hi 👨‍👩‍👧!", re.compile(r"[\w]+|[^\w\s!]+").finditer,
                                     ["👨‍👩‍👧"], "hi!"),
    "a flag": ("🇰🇷🇯🇵", lambda t: ["🇰🇷", "🇯🇵"], ["🇰🇷"], "🇯🇵"),
    "punctuation stays": ("Great movie, really!", words, ["movie"], "Great, really!"),
    "only punctuation is left": ("Great movie, really!", words, ["Great", "movie", "really"], ",!"),
    "a dash stays apart": ("tea - milk - sugar", words, ["milk"], "tea - - sugar"),
    "punctuation on a line of its own": ("Yes,\nno! Or", words, ["no"], "Yes,\n! Or"),
    "a bracket": ("my (old) car", words, ["old"], "my () car"),
    "one piece of a word": ("an unhappy end", lambda t: ["an", "un", "##happy", "end"], ["happy"],
                            "an un end"),
    "the first piece: words stay apart": ("an unhappy end",
                                          lambda t: ["an", "un", "##happy", "end"], ["un"],
                                          "an happy end"),
    "all pieces of a word": ("an unhappy end", lambda t: ["▁an", "▁un", "happy", "▁end"],
                             ["un", "happy"], "an end"),
    "byte-level markers": ("an unhappy end", lambda t: ["an", "Ġunhappy", "Ġend"], ["unhappy"],
                           "an end"),
    "## of the text": ("## a title", str.split, ["##"], "a title"),
    "a mark on a letter is a part of it": ("की बात की", lambda t: ["की", "बा", "त", "की"], ["बा"],
                                           "की त की"),
    "spaCy": ("Don't go,\nBob.", spacy_like, ["go"], "Don't,\nBob."),
    "Encoding": (BERT, encoding(BERT_OFFSETS), ["ly", ","], "A Kind\nday DAY"),
    "bytes": (BYTES, encoding(BYTES_OFFSETS), ["폰", "o"], "쿠 🔥\nk"),
    "offsets as an array": ("one two", lambda t: np.array([[0, 3], [4, 7]]), ["one"], "two"),
    "matches": ("a1 b2", re.compile(r"[a-z]").finditer, ["b"], "a1 2"),
    "a line break that is a token": ("a b\nc", spacy_like, ["b", "\n"], "a c"),
    "blanks are tokens": ("a b  c", list, [" "], "abc"),
    "tokens that hold their blanks": (" I love it", lambda t: [(0, 2), (2, 7), (7, 10)], [" love"],
                                      " I it"),
    "repeated": ("no no yes no", str.split, ["no"], "yes"),
    "not repeated": ("no no yes no", str.split, ["yes"], "no no no"),
    "not a repeated word, but its letters": ("no one noted no", str.split, ["no"], "one noted"),
    "the first tokens only": ("the cat, the cat", lambda t: t.split()[:2], ["the"], "cat, the cat"),
    "the first pieces only": ("lala la", lambda t: ["la", "##la"], ["la"], "la"),
    "a stem": ("cats purr", lambda t: ["cat", "purr"], ["cat"], "s purr"),
    "empty strings": ("a b", lambda t: re.split(r"\b", t), ["b"], "a "),
}  # fmt: skip


@pytest.mark.parametrize("case", SITUATIONS)
def test_a_text_without_its_absent_tokens(case):
    text, tokenizer, gone, expected = SITUATIONS[case]
    assert asked(text, tokenizer, gone) == expected


@pytest.mark.parametrize(
    ("text", "tokenizer", "gone", "expected"),
    [
        ("one  two\nthree", str.split, ["two"], "one  [MASK]\nthree"),
        (" one two", str.split, ["one", "two"], " [MASK] [MASK]"),
        ("no, no!", words, ["no"], "[MASK], [MASK]!"),
        ("빠르다", list, ["르"], "빠[MASK]다"),
    ],
)
def test_a_mask_token_stands_in_the_place_of_an_absent_one(text, tokenizer, gone, expected):
    assert asked(text, tokenizer, gone, absent="[MASK]") == expected


def test_shapley_values_of_korean_characters():
    """Three characters share 0.6 in equal parts; at once they stand in the text, or not."""

    def classifier(texts):
        return np.array([0.3 + 0.6 * ("빠르다" in text) for text in texts])

    result = xk.exact_shapley(xk.text_game(classifier, "배송빠르다", target=0, tokenizer=list))
    np.testing.assert_allclose(result.values, [0, 0, 0.2, 0.2, 0.2], atol=1e-15)
    assert result.base == 0.3 and result.output == classifier(["배송빠르다"])[0]


def test_lime_explains_the_text_as_it_stands():
    def classifier(texts):
        return np.array([0.2 * text.count("\n") + 0.1 * text.count("[MASK]") for text in texts])

    text = "u v\nw x\n\ny"
    assert xk.lime_text(classifier, text, target=0).output == classifier([text])[0]
    masked = xk.lime_text(classifier, text, target=0, ridge=0, absent="[MASK]")
    np.testing.assert_allclose(masked.values, -0.1, atol=1e-12)
    np.testing.assert_allclose([masked.output, masked.base], [0.6, 1.1], atol=1e-12)


def test_no_text_is_asked_twice():
    called, sizes = recorded(lambda texts: [len(text) for text in texts])
    game = xk.text_game(called, "a  b aa", target=0)
    first, again = game(coalitions(3)), game(coalitions(3))
    assert sizes == [1, 8] and np.array_equal(first, again) and game.evaluations == 16


# Properties of any text.

characters = st.characters(exclude_categories=["Cs"]) | st.sampled_from(" \n\tab,!가👍")


@st.composite
def texts_and_spans(draw):
    """Draw a text and spans of it: at least one, not all of its characters."""
    text = draw(st.text(characters, min_size=1, max_size=30))
    places = st.sets(st.integers(0, len(text)), min_size=2, max_size=12)
    spans = list(pairwise(sorted(draw(places))))
    chosen = draw(st.lists(st.booleans(), min_size=len(spans), max_size=len(spans)))
    return text, [span for span, there in zip(spans, chosen, strict=True) if there] or spans


def visible(text):
    return "".join(text.split())


@given(texts_and_spans(), st.data())
def test_what_is_present_stays_in_order_and_nothing_is_added(drawn, data):
    text, spans = drawn
    said = [text[start:end] for start, end in spans]
    gone = data.draw(st.sets(st.sampled_from(said)))
    expected, place = "", 0
    for (start, end), token in zip(spans, said, strict=True):
        expected += text[place:start] + ("" if token in gone else token)
        place = end
    written = asked(text, lambda text: spans, gone)
    assert visible(written) == visible(expected + text[place:])
    rest = iter(text)
    assert all(character in rest for character in written)
    if not gone:
        assert written == text


@given(texts_and_spans())
def test_without_any_token_what_is_outside_is_left(drawn):
    text, spans = drawn
    inside = {place for span in spans for place in range(*span)}
    outside = "".join(c for place, c in enumerate(text) if place not in inside)
    gone = {text[start:end] for start, end in spans}
    assert visible(asked(text, lambda text: spans, gone)) == visible(outside)


@given(texts_and_spans(), st.data(), st.text(characters, min_size=1, max_size=3))
def test_with_a_mask_token_nothing_else_moves(drawn, data, absent):
    text, spans = drawn
    gone = data.draw(st.sets(st.sampled_from([text[start:end] for start, end in spans])))
    expected = text
    for start, end in reversed(spans):
        if text[start:end] in gone:
            expected = expected[:start] + absent + expected[end:]
    assert asked(text, lambda text: spans, gone, absent=absent) == expected


@given(st.text(characters, min_size=1), st.data())
def test_characters_that_stay_are_joined(text, data):
    gone = data.draw(st.sets(st.sampled_from(text)))
    assert asked(text, list, gone) == "".join(c for c in text if c not in gone)


@given(st.lists(st.sampled_from(["a", "b", "no", "no!", "가", "👍", ","]), min_size=1), st.data())
def test_words_between_single_blanks_are_joined_by_blanks(said, data):
    gone = data.draw(st.sets(st.sampled_from(said)))
    kept = " ".join(word for word in said if word not in gone)
    assert asked(" ".join(said), str.split, gone) == kept


@given(st.text(st.sampled_from("ab \n\t"), min_size=1), st.data())
def test_words_that_stay_are_on_their_lines(text, data):
    found = list(re.finditer(r"\S+", text))
    if not found:
        return
    gone = data.draw(st.sets(st.sampled_from([match.group() for match in found])))
    kept = [match for match in found if match.group() not in gone]
    written = asked(text, str.split, gone)
    assert written.split() == [match.group() for match in kept]
    left = list(re.finditer(r"\S+", written))
    for (one, other), (now, then) in zip(pairwise(kept), pairwise(left), strict=True):
        before, after = text[one.end() : other.start()], written[now.end() : then.start()]
        assert ("\n" in before) == ("\n" in after) and len(after) <= len(before)


@given(st.text(characters, max_size=30), st.data())
def test_strings_are_located_where_they_stood(text, data):
    """Words are cut into pieces; between pieces there is nothing but white space."""
    spans = []
    for word in re.finditer(r"\S+", text):
        inner = data.draw(st.sets(st.integers(word.start(), word.end())))
        spans += pairwise(sorted({word.start(), word.end(), *inner}))
    assert token_spans(text, [text[start:end] for start, end in spans]) == spans


# Errors.

ANSWERS = {
    "a mapping": (
        {"input_ids": [1, 2], "attention_mask": [1, 1]},
        TypeError,
        "the tokenizer returned dict with the keys 'input_ids', 'attention_mask'; expected tokens",
    ),
    "a mapping says what to do": (
        UserDict(input_ids=[1, 2]),
        TypeError,
        "tokenizer(text, return_offsets_mapping=True)['offset_mapping'] of transformers",
    ),
    "one string": (
        "this is",
        TypeError,
        "the tokenizer returned str; expected tokens in the order",
    ),
    "nothing": (None, TypeError, "the tokenizer returned NoneType; expected tokens"),
    "numbers": ([101, 2023], TypeError, "the tokenizer returned 101 as a token; expected tokens"),
    "strings and spans": (["this", (5, 7)], TypeError, "returned 'this' as a token; expected"),
    "triples": ([("this", 0, 4)], TypeError, "returned ('this', 0, 4) as a token; expected"),
    "fractions": ([(0.0, 4.0)], TypeError, "returned (0.0, 4.0) as a token; expected"),
    "outside": (
        [(0, 4), (8, 20)],
        ValueError,
        "the token (8, 20) is not in the text, which has 15 characters",
    ),
    "negative": ([(-4, 2)], ValueError, "the token (-4, 2) is not in the text"),
    "overlapping": (
        [(0, 7), (5, 10)],
        ValueError,
        "the tokens (0, 7) 'this is' and (5, 10) 'is it' overlap or are out of order",
    ),
    "unordered": ([(5, 7), (0, 4)], ValueError, "overlap or are out of order"),
    "a special token": (
        ["[CLS]", "this"],
        ValueError,
        "the token '[CLS]' does not occur in the text from character 0 on: the tokenizer changed",
    ),
    "capitals": (["this", "Is"], ValueError, "the token 'Is' does not occur in the text from char"),
    "strings in another order": (["it", "this"], ValueError, "the token 'this' does not occur in"),
    "bigrams": (["this is", "is it"], ValueError, "the token 'is it' does not occur in the text"),
    "in the middle of a word or at its own place": (
        ["is", "it"],
        ValueError,
        "the token 'is' may be at character 2 of the text or at 5. Let the tokenizer return",
    ),
    "the beginning of a word": (
        ["this", "i"],
        ValueError,
        "the token 'i' may be at character 5 of the text or at 8. Let the tokenizer return",
    ),
    "no token": ([], ValueError, "the text 'this is it, yes' holds no token to explain"),
    "special tokens only": ([(0, 0), (0, 0)], ValueError, "holds no token to explain"),
}


@pytest.mark.parametrize("explain", [xk.text_game, xk.lime_text])
@pytest.mark.parametrize("case", ANSWERS)
def test_a_tokenizer_without_places_is_refused_in_words(explain, case):
    answer, error, message = ANSWERS[case]
    with pytest.raises(error, match=re.escape(message)):
        explain(
            lambda texts: np.zeros((len(texts), 2)),
            "this is it, yes",
            1,
            tokenizer=lambda _: answer,
        )


@pytest.mark.parametrize("explain", [xk.text_game, xk.lime_text])
def test_what_stands_for_an_absent_token_is_a_text(explain):
    message = "absent is None, expected a str such as '[MASK]', or '' to cut out"
    with pytest.raises(TypeError, match=re.escape(message)):
        explain(lambda texts: np.zeros((len(texts), 2)), "this is it", absent=None)
