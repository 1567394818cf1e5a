"""List the works that the lectures cite, from their sections "References"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

# Some publishers' identifiers hold pairs of brackets; a single ")" belongs to the sentence.
_DOI = r"doi:10\.\d+/(?:[^\s()]|\([^\s()]*\))*(?:\w|\([^\s()]*\))"
IDENTIFIER = re.compile(rf"\b({_DOI}|arXiv:\d+\.\d+)")
ADDRESSES = {"doi": "https://doi.org/", "arXiv": "https://arxiv.org/abs/"}


@dataclass
class Work:
    """A cited work, in the longest wording of the lectures, and the lectures that cite it."""

    text: str
    lectures: list[Path] = field(default_factory=list)


def works(lectures: list[Path]) -> list[Work]:
    """Return each work that the lectures cite, once, sorted by first author and year."""
    found: dict[str, Work] = {}
    for lecture in lectures:
        for text in cited(lecture):
            work = found.setdefault(_key(text), Work(text))
            work.text = max(work.text, text, key=len)
            if lecture not in work.lectures:
                work.lectures.append(lecture)
    return sorted(found.values(), key=lambda work: _order(work.text))


def cited(lecture: Path) -> Iterator[str]:
    """Yield the works in a lecture's section "References", each in one line of Markdown."""
    for cell in nbformat.read(lecture, as_version=4).cells:
        _, heading, section = cell.source.partition("## References\n")
        if cell.cell_type == "markdown" and heading:
            for item in re.findall(r"^- (.*)", section, re.MULTILINE):
                yield from _split(item)


def linked(text: str, form: str = "[{0}]({1})") -> str:
    """Return text in which each plain doi:… and arXiv:… is a link, by default in Markdown."""

    def link(match: re.Match[str]) -> str:
        kind, _, number = match[0].partition(":")
        return form.format(match[0], f"{ADDRESSES[kind]}{number}")

    return IDENTIFIER.sub(link, text)


def _split(item: str) -> Iterator[str]:
    """Yield the works of a list item; each one but the last ends with its identifier."""
    rest = item.removeprefix("Data: ")
    for part in re.split(r"(?<=\d|X)(?: \([^)]*\))?[.;] (?=[A-Z])", rest):
        text = re.sub(rf"({IDENTIFIER.pattern})(?: \([^)]*\))?\.?$", r"\1", part).rstrip(".")
        # A part without a year is not a work; it may be the source of a picture.
        if re.search(r"\(\d{4}\)", text):
            yield f"{text}."


def _key(text: str) -> str:
    identifier = IDENTIFIER.search(text)
    return identifier[0].lower() if identifier else re.sub(r"\W", "", text).lower()


def _order(text: str) -> tuple[str, str]:
    year = re.search(r"\((\d{4})\)", text)
    without_initials = re.sub(r"^(?:\w\.[- ]?)+", "", text)
    surname = re.split(r",| \(| & | and | et al", without_initials)[0]
    return surname.replace("Š", "S").casefold(), year[1] if year else ""
