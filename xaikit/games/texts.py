"""Removal from a text: tokens are spans of the text, and absent ones are cut out of it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import index
from typing import Any
from unicodedata import category

import numpy as np

from xaikit.core.chunks import ROWS, chunks
from xaikit.core.question import Question, ask_text
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
    r"""Make the game v(S) = F(the text without its absent tokens), so v(N) = F(text).

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
        with the same characters are one player: all occurrences are removed together. Characters
        outside of all tokens always stay. Special tokens, which have no characters, are skipped.
    absent : str
        Replaces each absent token, such as "[MASK]"; all other characters stay. "" removes the
        token. The white space before a removed word is removed too, or the white space after it
        if no word is left before it. Line breaks between present tokens stay, and so does
        the white space without which two words would become one.

    Returns
    -------
    Game
        Payoffs (B,). Each distinct text is evaluated once; the whole text twice, to compare.

    Raises
    ------
    TypeError
        For a text or `absent` that is not a str, a classifier that returns labels, a tokenizer that
        returns a mapping or anything else without positions in the text.
    ValueError
        For a text without tokens, tokens that overlap or cannot be located, a classifier that
        returns NaN, another number of rows, or another output for the same text.
    """
    if not isinstance(absent, str):
        raise TypeError(f"absent is {absent!r}, expected a str such as '[MASK]', or '' to cut out")
    question = ask_text(classifier, text, target)
    spans = token_spans(text, tokenizer(text))
    if not spans:
        raise ValueError(f"the text {text!r} holds no token to explain")
    occurrences = [text[start:end] for start, end in spans]
    tokens = list(dict.fromkeys(occurrences))
    player = {token: number for number, token in enumerate(tokens)}
    player_of = np.array([player[token] for token in occurrences])
    value = Cutting(question, spans, player_of, absent, {})
    return Game(tokens, value, np.array(tokens), question.unbatched(question.explained))


@dataclass(frozen=True, eq=False)
class Cutting:
    """The payoffs v(S) = F(the text without its absent tokens).

    Attributes
    ----------
    question : Question
        Its x is the text.
    spans : list of (start, end)
        The tokens.
    player_of : ints
        The player of each token.
    absent : str
        What stands in place of an absent token.
    payoff : dict of str to float
        F of the texts of coalitions asked so far.
    """

    question: Question
    spans: Sequence[Span]
    player_of: np.ndarray
    absent: str
    payoff: dict[str, float]

    def __call__(self, masks: np.ndarray) -> np.ndarray:
        """Return the payoffs of coalitions (B, M), (B,)."""
        written = self._written(masks)
        new = [one for one in dict.fromkeys(written) if one not in self.payoff]
        for block in chunks(len(new), ROWS):
            texts = new[block]
            outputs = self.question.target_outputs(texts, np.zeros(len(texts), dtype=int))
            self.payoff.update(zip(texts, outputs, strict=True))
        return np.array([self.payoff[one] for one in written])

    def again(self, masks: np.ndarray) -> np.ndarray:
        """Return the payoffs of coalitions (B, M), (B,), of the model and not from memory."""
        return self.question.target_outputs(self._written(masks), np.zeros(len(masks), dtype=int))

    def _written(self, masks: np.ndarray) -> list[str]:
        """Return the texts of coalitions (B, M)."""
        write = _writer(self.question.x[0], self.spans, self.absent)
        return [write(present) for present in masks[:, self.player_of].tolist()]


def token_spans(text: str, tokens: Any) -> list[Span]:
    """Return the (start, end) of each token in the text, from left to right.

    Consecutive tokens with the same span are one, such as the bytes of a letter in byte-level BPE;
    empty spans are skipped.

    Parameters
    ----------
    text : str
    tokens : iterable, or object with `offsets`
        The result of a tokenizer; see `text_game`.

    Raises
    ------
    TypeError
        For tokens without positions in the text.
    ValueError
        For strings that cannot be located, spans outside of the text, unordered or overlapping.
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
                "a span counts characters of the text that the tokenizer was given"
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
    """Return the (start, end) of a token that is not a string."""
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
    """Return the spans of strings: each at its first occurrence after the string before it."""
    # Unchanged, or else without the markers of word pieces.
    readings = [tokens, [MARKERS.sub("", token) for token in tokens]]
    strings = max(readings, key=lambda reading: len(_leftmost(text, reading)))
    spans = _leftmost(text, strings)
    if len(spans) < len(tokens):
        end = spans[-1][1] if spans else 0
        raise ValueError(
            f"the token {tokens[len(spans)]!r} does not occur in the text from character {end} on: "
            "the tokenizer changed letters, added tokens of its own or returned them in another "
            f"order. {GIVE_SPANS}"
        )
    backwards = _leftmost(text[::-1], [string[::-1] for string in reversed(strings)])
    rightmost = [(len(text) - end, len(text) - start) for start, end in reversed(backwards)]
    starts, ends = {start for start, _ in spans}, {end for _, end in spans}
    for one, other in zip(spans, rightmost, strict=True):
        # The token is only a part of a word: a later occurrence may be the right one.
        torn = (_in_word(text, one[0]) and one[0] not in ends) or (
            _in_word(text, one[1]) and one[1] not in starts
        )
        if torn and one != other:
            raise ValueError(
                f"the token {text[slice(*one)]!r} may be at character {one[0]} of the text or "
                f"at {other[0]}. {GIVE_SPANS}"
            )
    return spans


def _leftmost(text: str, strings: Sequence[str]) -> list[Span]:
    """Return the spans of the strings in order, up to the first string that is not found."""
    spans, end = [], 0
    for string in strings:
        start = text.find(string, end)
        if start < 0:
            break
        end = start + len(string)
        spans.append((start, end))
    return spans


def _in_word(text: str, position: int) -> bool:
    """Tell whether a position is between two characters of one word."""
    return 0 < position < len(text) and all(map(_of_word, text[position - 1 : position + 1]))


def _of_word(character: str) -> bool:
    """Tell whether a character is a letter, a number, or a mark such as an accent."""
    return category(character)[0] in "LMN"


def _writer(text: str, spans: Sequence[Span], absent: str) -> Callable[[Sequence[bool]], str]:
    """Return a function: which tokens are present, (len(spans),) -> the text that is left."""
    first = min(len(text) - len(text.lstrip()), spans[0][0])
    last = max(len(text.rstrip()), spans[-1][1])
    pieces: list[tuple[str, int | None]] = []  # without the white space at both ends
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
        before, space, after_space = "", "", False
        for piece, number in pieces:
            if number is None and piece.isspace():
                # Of several spaces one stays: the one with the most line breaks, or the last.
                space = max(piece, space, key=lambda one: one.count("\n"))
                after_space = True
            elif number is not None and not present[number]:
                after_space = False
            else:
                joined = _in_word(before[-1:] + piece, 1)
                if before and (after_space or "\n" in space or joined):
                    yield space
                yield piece
                before, space, after_space = piece, "", False

    write = replaced if absent else cut_out
    return lambda present: text[:first] + "".join(write(present)) + text[last:]
