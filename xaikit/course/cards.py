"""A short answer below a cell: in colour for a notebook, and the same words as plain text.

The colours are few and fixed, white on a dark pill, and the words have the page's own colour. So a
card can be read on light and on dark pages, and where a page removes all styles. No colour says
anything that the words do not.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape

from xaikit.course import notebook

# For each sign its colour: white on it has a contrast of 5 or more (WCAG asks for 4.5).
COLOURS = {"○": "#59636e", "✗": "#9a6700", "✓": "#1a7f37"}
# Calls that a reader may copy, and NumPy's names: they are not broken at the end of a line. A call
# has a name of two letters or more: v(S) is a formula. Its brackets may hold two pairs of others.
INSIDE = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
CODE = re.compile(rf"(?:raise )?(?<![\w.])[A-Za-z_](?:[A-Za-z_0-9]|\.(?=\w))+{INSIDE}|np(?:\.\w+)+")
LONGEST = 40  # letters of code in one piece: more do not fit on a phone
# A sum of numbers is read in one piece, too.
SUM = re.compile(r"(?<=\d) ([+−·×/]) (?=\d)")
# Bars of numbers above and below 0: a contrast of 3 or more, on white and on the dark page.
ABOVE, BELOW = "#c9540a", "#2f7fc4"
LONGEST_BAR = 180  # pixels, from the end of the lowest to the end of the highest
PILL = "color: #fff; border-radius: 9px; padding: 0 {0}px; margin-right: {0}px"


@dataclass(frozen=True)
class Link:
    """Words that lead to a file; words alone where there is no file."""

    words: str
    target: str | None = None


Line = str | Link | Sequence[str | Link]


@dataclass(frozen=True)
class Bars:
    """A small picture: a heading, and a bar with its name for each number."""

    heading: str
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class Card:
    """What is to be said.

    Attributes
    ----------
    sign : str
        ``"○"`` not written yet, ``"✗"`` not right yet, ``"✓"`` right.
    words : str
        The first line.
    lines : sequence of lines
        What stands below, one paragraph each.
    folded : tuple
        A heading, and lines that are shown when it is opened.
    part : tuple of int, optional
        So many of so many points: a bar.
    bars : Bars, optional
        A picture, right below the first line.
    """

    sign: str
    words: str
    lines: Sequence[Line] = ()
    folded: tuple[str, Sequence[Line]] | None = None
    part: tuple[int, int] | None = None
    bars: Bars | None = None


def plain(card: Card) -> str:
    """Return the card as text."""
    lines = [f"{card.sign} {card.words}"]
    if card.bars:
        lines += [f"  {card.bars.heading}", *(f"    {row}" for row in _rows(card.bars))]
    lines += [f"  {text(line)}" for line in card.lines]
    if card.folded:
        heading, inside = card.folded
        lines += [f"  {heading}", *(f"    {text(line)}" for line in inside)]
    return "\n".join(lines)


def html(card: Card) -> str:
    """Return the card as HTML whose styles stand in its tags: nothing else can be relied on."""
    colour = COLOURS[card.sign]
    parts = [
        f'<p style="margin: 0; white-space: pre-wrap">{pill(card.sign)}{marked(card.words)}</p>',
        *(_drawn(card.bars) if card.bars else []),
        *(_paragraph(line) for line in card.lines),
    ]
    if card.part:
        earned, most = card.part
        parts.append(
            f'<div aria-hidden="true" style="margin: 6px 0 2px; width: 240px; max-width: 100%; '
            f'height: 6px; border: 1px solid {colour}; border-radius: 4px">'
            f'<div style="width: {100 * earned / most:.0f}%; height: 6px; background: {colour}">'
            "</div></div>"
        )
    if card.folded:
        heading, inside = card.folded
        lines = "".join(map(_paragraph, inside))
        parts.append(
            f'<details style="margin: 4px 0 0"><summary>{marked(heading)}</summary>'
            f"{lines}</details>"
        )
    return (
        f'<div style="border-left: 4px solid {colour}; padding: 4px 0 4px 12px; max-width: 56em; '
        f'overflow-wrap: break-word">{"".join(parts)}</div>'
    )


def show(card: Card) -> None:
    """Show a card below the cell of a notebook; print it elsewhere."""
    show_both(html(card), plain(card))


def show_both(page: str, words: str) -> None:
    """Show HTML below the cell of a notebook, with its words; print the words elsewhere."""
    if not notebook.is_run_by_a_person():
        print(words)
        return
    sys.stdout.flush()  # what was printed before stays above
    from IPython.display import display

    display({"text/html": page, "text/plain": words}, raw=True)


def pill(sign: str, room: int = 6) -> str:
    """Return a sign in its colour, as HTML, with so many pixels beside it."""
    return f'<span style="background: {COLOURS[sign]}; {PILL.format(room)}">{sign}</span>'


def marked(line: Line) -> str:
    """Return a line as HTML: code as code, links as links."""
    if isinstance(line, str):
        whole = SUM.sub("\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", line)
        pieces = [escape(piece) for piece in re.split(f"({CODE.pattern})", whole)]
        pieces[1::2] = [
            f'<code style="white-space: nowrap">{piece}</code>'
            if len(unescape(piece)) <= LONGEST
            else piece
            for piece in pieces[1::2]
        ]
        return "".join(pieces)
    if isinstance(line, Link):
        words = escape(line.words)
        # JupyterLab underlines a link only under the mouse.
        style = "text-decoration: underline"
        link = f'<a href="{escape(line.target or "")}" style="{style}">{words}</a>'
        return link if line.target else words
    return "".join(map(marked, line))


def text(line: Line) -> str:
    """Return a line as text, with the addresses of its links."""
    if isinstance(line, str):
        return line
    if isinstance(line, Link):
        return f"{line.words} ({line.target})" if line.target else line.words
    return "".join(map(text, line))


def _rows(bars: Bars) -> list[str]:
    """Return each number with its name."""
    written = {name: f"{number:+g}".replace("-", "−") for name, number in bars.numbers.items()}
    return [f"{name} {number}" for name, number in written.items()]


def _drawn(bars: Bars) -> list[str]:
    """Return a heading and bars as HTML, each bar under its name and number."""
    lowest, highest = (end(0.0, *bars.numbers.values()) for end in (min, max))
    scale = LONGEST_BAR / ((highest - lowest) or 1.0)
    parts = [_paragraph(bars.heading)]
    for row, number in zip(_rows(bars), bars.numbers.values(), strict=True):
        start, length = scale * (min(number, 0.0) - lowest), scale * abs(number)
        parts.append(
            f'<p style="margin: 4px 0 0">{marked(row)}</p>'
            f'<div aria-hidden="true" style="margin-left: {start:.0f}px; width: {length:.0f}px; '
            f'height: 6px; background: {ABOVE if number > 0 else BELOW}"></div>'
        )
    return parts


def _paragraph(line: Line) -> str:
    return f'<p style="margin: 4px 0 0; white-space: pre-wrap">{marked(line)}</p>'
