"""Whose row is it: learners in a platform's table, by ids, by its own numbers, or by names."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from grading import roster
from grading.course import Course
from grading.export import Row
from grading.platforms import Format, cell, is_learner, places
from grading.sheet import Sheet


class Joined(NamedTuple):
    """Which row of a template is whose.

    Attributes
    ----------
    rows : dict
        The number of the row of each learner who has exactly one.
    why : dict
        Why a learner has none, if the reason is not that nobody resembles them.
    said : list of str
        Rows of nobody in this class, and rows that were joined by their name alone.
    """

    rows: dict[str, int]
    why: dict[str, str]
    said: list[str]


class Directory:
    """What is known of each learner of a class.

    Attributes
    ----------
    ids, numbers, names : dict
        Learners by an id, by the platform's own number (from its exports, or a column of the roster
        like ``canvas_id``), and by the words of their name.
    emails : dict
        The e-mail addresses of each learner.
    """

    def __init__(
        self, course: Course, assignment: str, platform: str, form: Format, table: list[Row]
    ) -> None:
        self.ids: dict[str, set[str]] = {}
        self.numbers: dict[str, set[str]] = {}
        self.names: dict[str, set[str]] = {}
        self.emails: dict[str, set[str]] = {}
        everyone = {row.learner for row in table}
        for row in table:
            self._add(row.learner, row.learner)
            self._add(row.learner, row.email)
            self._name(row.learner, row.first_name, row.last_name)
        known = roster.load(course.root)
        for line in known.rows if known else []:
            if (learner := line["learner"]) not in everyone:
                continue
            for column, value in line.items():
                if column == f"{platform}_id":
                    _note(self.numbers, plain(value), learner)
                elif column not in roster.NO_ID:
                    self._add(learner, value)
            self._name(learner, line.get("first_name", ""), line.get("last_name", ""))
        for seen in roster.platform_ids(course.root, assignment):
            if seen.platform != platform or seen.learner not in everyone:
                continue
            if form.inner and seen.id.isdigit():
                _note(self.numbers, plain(seen.id), seen.learner)
            else:
                self._add(seen.learner, seen.id)

    def _add(self, learner: str, value: str) -> None:
        value = plain(value)
        _note(self.ids, value, learner)
        # The name of a folder may be a person's, "Anna Kim", and so may a column "name".
        _note(self.names, _in_any_order(value), learner)
        if "@" in value:
            _note(self.emails, learner, value)

    def _name(self, learner: str, first: str, last: str) -> None:
        if first.strip() and last.strip():
            _note(self.names, _in_any_order(f"{first} {last}"), learner)


def join(sheet: Sheet, form: Format, known: Directory) -> Joined:
    """Find each learner's row: by any id, else by a name that nobody else has.

    A name alone joins nobody who has another e-mail address, or whom an id gave a row. Rows that
    fit two learners, and learners whom two rows fit, are not joined.
    """
    columns = places(sheet)
    way = next(way for way in form.names if all(name in columns for name in way))
    rows = {
        number: row
        for number, row in enumerate(sheet.rows)
        if number and is_learner(row, columns, form)
    }
    names = {
        number: " ".join(cell(row, columns[name]).strip(" '=\"") for name in way)
        for number, row in rows.items()
    }
    ids = [columns[name] for name in form.ids if name in columns]
    joined = Joined({}, {}, [])
    claims: dict[int, set[str]] = {}
    for number, row in rows.items():
        claims[number] = set()
        for place in ids:
            claims[number] |= known.ids.get(plain(cell(row, place)), set())
        if form.inner in columns:
            inner = plain(cell(row, columns[form.inner])).split(" ")[-1]
            claims[number] |= known.numbers.get(inner, set())
    taken = set().union(*claims.values())
    for number in [number for number, found in claims.items() if not found]:
        has_email = any("@" in cell(rows[number], place) for place in ids)
        claims[number] = {
            learner
            for learner in known.names.get(_in_any_order(names[number]), set()) - taken
            if not (has_email and learner in known.emails)
        }
        if claims[number]:
            joined.said.append(
                f"{names[number]}: joined by the name alone, to {_or(claims[number])}"
            )
    rows_of: dict[str, set[int]] = {}
    for number, found in claims.items():
        for learner in found:
            rows_of.setdefault(learner, set()).add(number)
    for number, found in claims.items():
        where = f"row {number + 1} of the template ({names[number]})"
        rivals = sorted(set().union(*(rows_of[learner] for learner in found)))
        if not found:
            joined.said.append(f"{where}: nobody in this class")
        elif len(rivals) > 1:
            both = " and ".join(f"row {rival + 1}" for rival in rivals)
            joined.why.update(dict.fromkeys(found, f"{both} of the template ({names[number]}) fit"))
        elif len(found) > 1:
            joined.why.update(dict.fromkeys(found, f"{where} may be {_or(found)}"))
        else:
            joined.rows[min(found)] = number
    return joined


def plain(text: str) -> str:
    """Return an id as it is compared: without case, spaces around it, and forms of one letter."""
    return unicodedata.normalize("NFC", text).strip().casefold()


def words(text: str) -> list[str]:
    """Return the words of a name or a title."""
    return re.findall(r"[^\W_]+", plain(text))


def _in_any_order(name: str) -> str:
    """Return a name as it is compared: "Kim, Anna" is "Anna Kim"."""
    return " ".join(sorted(words(name)))


def _or(learners: set[str]) -> str:
    return " or ".join(sorted(learners))


def _note(known: dict[str, set[str]], key: str, value: str) -> None:
    if key:
        known.setdefault(key, set()).add(value)
