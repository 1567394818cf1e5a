"""The game of a text: tokens are spans of the text as it stands, and an absent one is cut out."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from operator import index
from typing import Any
from unicodedata import category

import numpy as np

from xaikit.core import arrays
from xaikit.core.chunks import ROWS, chunks
from xaikit.core.question import ask_text
from xaikit.games.game import Game

Span = tuple[int, int]  # text[start:end]

MARKERS = re.compile("^(##|[▁Ġ]+)")  # of word pieces, by WordPiece, SentencePiece, byte-level BPE
EXPECTED = (
    "expected tokens in the order of the text: strings that stand in it, (start, end) spans, "
    "regex matches, spaCy's tokens, or an Encoding of tokenizers"
)
GIVE_SPANS = (
    "Let the tokenizer return spans: re.finditer(pattern, text), the Encoding of tokenizers, or "
    "tokenizer(text, return_offsets_mapping=True)['offset_mapping'] of transformers"
)


def text_game(
    classifier: Callable,
    text: str,
    target: int = 1,
    tokenizer: Callable = str.split,
    absent: str = "",
) -> Game:
    r"""v(S) = F(the text without its absent tokens); v(N) = F(text).

    Parameters
    ----------
    classifier : callable
        F: list of str -> probabilities (n, k), such as a pipeline's predict_proba; or (n,), with
        target=0.
    text : str
        The text to explain.
    target : int
        The output column.
    tokenizer : callable
        str -> tokens in the order of the text: strings or word pieces, (start, end) spans, regex
        matches (``re.compile(r"\w+").finditer``), a spaCy Doc, or an Encoding of tokenizers. Tokens
        that read the same are one player: it goes everywhere or nowhere. What stands outside of
        all tokens always stays. Special tokens, which cover no character, are left out.
    absent : str
        What stands in the place of an absent token, such as "[MASK]"; then nothing else changes.
        "" cuts it out. The white space before a word goes with it, or behind it where it is the
        first; a line break between tokens that stay remains, and parts of words do not grow
        together.

    Returns
    -------
    Game
        Payoffs (B,). Each different text is evaluated once.

    Raises
    ------
    TypeError
        For a text or `absent` that is no str, a classifier that returns labels, a tokenizer that
        returns a mapping or something else without places in the text.
    ValueError
        For a text without tokens, tokens that overlap or cannot be located, a classifier that
        returns NaN or another number of rows.
    """
    if not isinstance(absent, str):
        raise TypeError(f"absent is {absent!r}, expected a str such as '[MASK]', or '' to cut out")
    question = ask_text(classifier, text, target)
    spans = token_spans(text, tokenizer(text))
    if not spans:
        raise ValueError(f"the text {text!r} holds no token to explain")
    said = [text[start:end] for start, end in spans]
    tokens = list(dict.fromkeys(said))
    player = {token: number for number, token in enumerate(tokens)}
    place = np.array([player[token] for token in said])
    write = _writer(text, spans, absent)
    payoff = {text: arrays.float64(question.output)[0]}

    def value(masks: np.ndarray) -> np.ndarray:
        asked = [write(present) for present in masks[:, place].tolist()]
        new = [each for each in dict.fromkeys(asked) if each not in payoff]
        for block in chunks(len(new), ROWS):
            texts = new[block]
            outputs = question.outputs(texts, np.zeros(len(texts), dtype=int))
            payoff.update(zip(texts, outputs, strict=True))
        return np.array([payoff[each] for each in asked])

    return Game(tokens, value, np.array(tokens))


def token_spans(text: str, tokens: Any) -> list[Span]:
    """Return the (start, end) of each token in the text, from left to right.

    Tokens of the same characters are one, such as the bytes of a letter in byte-level BPE; tokens
    of no characters are left out.

    Parameters
    ----------
    text : str
    tokens : iterable, or object with `offsets`
        What a tokenizer returned; see `text_game`.

    Raises
    ------
    TypeError
        For something that has no place in the text.
    ValueError
        For strings that cannot be located, spans outside of the text, out of order or overlapping.
    """
    if isinstance(tokens, Mapping):
        keys = ", ".join(map(repr, tokens))
        raise TypeError(
            f"the tokenizer returned {type(tokens).__name__} with the keys {keys}; {EXPECTED}. "
            f"{GIVE_SPANS}"
        )
    tokens = getattr(tokens, "offsets", tokens)
    if isinstance(tokens, str | bytes) or not isinstance(tokens, Iterable):
        raise TypeError(
            f"the tokenizer returned {type(tokens).__name__}; {EXPECTED}. "
            "tokenizer=list makes each character a token"
        )
    tokens = list(tokens)
    if all(isinstance(token, str) for token in tokens):
        spans = _located(text, tokens)
    else:
        spans = [_span(token) for token in tokens]
    for start, end in spans:
        if not 0 <= start <= end <= len(text):
            raise ValueError(
                f"the token ({start}, {end}) is not in the text, which has {len(text)} characters: "
                "spans are places in the text that the tokenizer was given"
            )
    spans = [span for span, _ in groupby(span for span in spans if span[0] < span[1])]
    for one, other in pairwise(spans):
        if other[0] < one[1]:
            raise ValueError(
                f"the tokens {one} {text[slice(*one)]!r} and {other} {text[slice(*other)]!r} "
                "overlap or are out of order: each character belongs to one token at most, and "
                "tokens come from left to right"
            )
    return spans


def _span(token: Any) -> Span:
    """Return the (start, end) of a token that says where it stands."""
    try:
        if hasattr(token, "idx"):  # spaCy
            return index(token.idx), index(token.idx) + len(token.text)
        start, end = token.span() if hasattr(token, "span") else token
        return index(start), index(end)
    except (TypeError, ValueError):
        raise TypeError(
            f"the tokenizer returned {token!r} as a token; {EXPECTED}. {GIVE_SPANS}"
        ) from None


def _located(text: str, tokens: Sequence[str]) -> list[Span]:
    """Return where strings stand in the text, each at the first place behind the one before."""
    # As they are, or else without the markers of word pieces.
    readings = [tokens, [MARKERS.sub("", token) for token in tokens]]
    strings = max(readings, key=lambda reading: len(_leftmost(text, reading)))
    spans = _leftmost(text, strings)
    if len(spans) < len(tokens):
        end = spans[-1][1] if spans else 0
        raise ValueError(
            f"the token {tokens[len(spans)]!r} does not stand in the text from character {end} on: "
            "the tokenizer changed letters, added tokens of its own or returned them in another "
            f"order. {GIVE_SPANS}"
        )
    backwards = _leftmost(text[::-1], [string[::-1] for string in reversed(strings)])
    rightmost = [(len(text) - end, len(text) - start) for start, end in reversed(backwards)]
    starts, ends = {start for start, _ in spans}, {end for _, end in spans}
    for one, other in zip(spans, rightmost, strict=True):
        # A word of which only a part is a token: perhaps another word was meant.
        torn = (_in_word(text, one[0]) and one[0] not in ends) or (
            _in_word(text, one[1]) and one[1] not in starts
        )
        if torn and one != other:
            raise ValueError(
                f"the token {text[slice(*one)]!r} may stand at character {one[0]} of the text or "
                f"at {other[0]}. {GIVE_SPANS}"
            )
    return spans


def _leftmost(text: str, strings: Sequence[str]) -> list[Span]:
    """Return the spans of the strings in turn, up to the first that cannot be found."""
    spans, end = [], 0
    for string in strings:
        start = text.find(string, end)
        if start < 0:
            break
        end = start + len(string)
        spans.append((start, end))
    return spans


def _in_word(text: str, place: int) -> bool:
    """Tell whether a place stands between two characters of one word."""
    return 0 < place < len(text) and _joins(text[place - 1]) and _joins(text[place])


def _joins(character: str) -> bool:
    """Tell whether a character is a letter, a number or a mark on one: what words are made of."""
    return category(character)[0] in "LMN"


def _writer(text: str, spans: Sequence[Span], absent: str) -> Callable[[Sequence[bool]], str]:
    """Return a function that writes the text with the tokens that are present (len(spans),)."""
    first = min(len(text) - len(text.lstrip()), spans[0][0])
    last = max(len(text.rstrip()), spans[-1][1])
    pieces: list[tuple[str, int | None]] = []  # inside the white space at both ends
    place = first
    for number, (start, end) in enumerate(spans):
        pieces += [(outside, None) for outside in re.findall(r"\s+|\S+", text[place:start])]
        pieces.append((text[start:end], number))
        place = end
    pieces += [(outside, None) for outside in re.findall(r"\s+|\S+", text[place:last])]

    def replaced(present: Sequence[bool]) -> Iterator[str]:
        for piece, number in pieces:
            yield piece if number is None or present[number] else absent

    def cut_out(present: Sequence[bool]) -> Iterator[str]:
        before, space, behind_space = "", "", False
        for piece, number in pieces:
            if number is None and piece.isspace():
                # One space stays of several: that with the most lines, or else the last.
                space = max(piece, space, key=lambda one: one.count("\n"))
                behind_space = True
            elif number is not None and not present[number]:
                behind_space = False
            else:
                grows_together = before and _joins(before[-1]) and _joins(piece[0])
                if before and (behind_space or "\n" in space or grows_together):
                    yield space
                yield piece
                before, space, behind_space = piece, "", False

    write = replaced if absent else cut_out
    return lambda present: text[:first] + "".join(write(present)) + text[last:]
