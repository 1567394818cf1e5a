"""The class: its roster, and the ids by which platforms know its learners.

Two tables in the work folder, both CSV in UTF-8:

``roster.csv``
    The roster as it was given, with the column ``learner``: the name of this learner's folders.
    The other columns are the instructor's: ``login``, ``student_number``, ``email``,
    ``first_name``, ``last_name``, ``section``, ``due``, or any other id.
``platform-ids.csv``
    What the exports say about each learner: ``assignment, learner, platform, id_kind, id``, one
    row for each id. A later import of grades needs them.
"""

from __future__ import annotations

import csv
import io
import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from grading.course import GradingError

ROSTER, PLATFORM_IDS = "roster.csv", "platform-ids.csv"
# It becomes the name of a folder, and nbgrader reads that as a pattern: no *, [, / or +.
LEARNER = re.compile(r"\w(?:[\w.@' -]{0,98}[\w.@'-])?")
# Columns that describe a learner, and identify none.
NO_ID = {"first_name", "last_name", "section", "due"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class PlatformId(NamedTuple):
    """An id that a platform's export shows for a learner, like a login or a user number."""

    assignment: str
    learner: str
    platform: str
    id_kind: str
    id: str


class Roster(NamedTuple):
    """The learners of a class: the names of the columns, and a dict for each row."""

    columns: list[str]
    rows: list[dict[str, str]]


def folder_name(text: str) -> str:
    """Return the nearest name that a learner's folder can have; empty if there is none."""
    text = unicodedata.normalize("NFC", text).replace("’", "'")
    text = re.sub(r"[^\w.@' -]+", "_", text).strip(" ._-@'")[:100].strip(" ._-@'")
    return text if LEARNER.fullmatch(text) else ""


def read(path: Path) -> Roster:
    """Return the roster in a CSV file; its first line has a column ``learner`` or ``id``.

    Raises
    ------
    GradingError
        If it cannot be read, has no such column, an empty name, or one name twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        head = text.partition("\n")[0]
        delimiter = max(",;\t", key=head.count)
        table = list(csv.DictReader(io.StringIO(text), delimiter=delimiter))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise GradingError(
            f"the roster {path} cannot be read as CSV in UTF-8: {error}; in a spreadsheet, save it "
            "as 'CSV UTF-8'"
        ) from error
    key = next((name for name in ("learner", "id") if table and name in table[0]), None)
    if key is None:
        raise GradingError(
            f"the roster {path} needs a first line with a column 'learner', and a row for each one"
        )
    columns = [name for name in table[0] if name]
    rows = []
    for line in table:
        row = {name: _clean(line[name]) for name in columns}
        if any(row.values()):
            rows.append(row | {"learner": folder_name(row[key])})
            if row[key] != rows[-1]["learner"] and key == "learner":
                # What the platform calls this learner must not get lost.
                rows[-1]["learner_given"] = row[key]
    if bad := [line[key] for line in table if any(line.values()) and not folder_name(line[key])]:
        raise GradingError(
            f"the roster {path} holds names that no folder can have: {bad[:5]}; letters, digits, "
            "spaces and . _ @ - ' are possible"
        )
    names = [row["learner"] for row in rows]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise GradingError(
            f"the roster {path} holds {twice[:5]} twice; give each learner a name of their own in "
            f"the column '{key}', like a login"
        )
    extra = ["learner"] if key != "learner" else []
    extra += ["learner_given"] if any("learner_given" in row for row in rows) else []
    return Roster([*extra, *columns], rows)


def save(root: Path, roster: Roster) -> None:
    """Keep the roster in the work folder."""
    _write(root / ROSTER, roster.columns, roster.rows)


def load(root: Path) -> Roster | None:
    """Return the roster in the work folder, or None if none was ever given."""
    path = root / ROSTER
    return read(path) if path.is_file() else None


def platform_ids(root: Path, assignment: str | None = None) -> list[PlatformId]:
    """Return what the exports said about learners, for one assignment or for all."""
    path = root / PLATFORM_IDS
    if not path.is_file():
        return []
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        found = [PlatformId(*(_clean(row[field]) for field in PlatformId._fields)) for row in rows]
    return [entry for entry in found if assignment in (None, entry.assignment)]


def record_ids(root: Path, new: Iterable[PlatformId]) -> None:
    """Add ids to those in the work folder; an id of a kind has one learner, the last one said."""
    known = {_place(entry): entry for entry in platform_ids(root)}
    known.update({_place(entry): entry for entry in new})
    rows = [entry._asdict() for entry in sorted(known.values())]
    _write(root / PLATFORM_IDS, list(PlatformId._fields), rows)


def _place(entry: PlatformId) -> tuple[str, str, str, str]:
    return entry.assignment, entry.platform, entry.id_kind, entry.id


def _write(path: Path, columns: list[str], rows: Iterable[dict[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    temporary = path.with_name(f".{path.name}.new")
    # Excel reads UTF-8 if the file begins with this mark.
    temporary.write_text("\ufeff" + text.getvalue(), encoding="utf-8", newline="")
    os.replace(temporary, path)


def _harmless(value: str) -> str:
    """Return a value that a spreadsheet does not run as a formula; `_clean` takes it back."""
    return f"'{value}" if value[:1] in FORMULA else value


def _clean(value: str | None) -> str:
    text = unicodedata.normalize("NFC", value or "").strip()
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA else text
