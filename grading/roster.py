"""The class: its roster, and the ids by which platforms know its learners.

Two tables in the work folder, both CSV in UTF-8:

``roster.csv``
    The roster as it was given, with the column ``learner``: the name of this learner's folders.
    The other columns are the instructor's: ``login``, ``student_number``, ``email``,
    ``first_name``, ``last_name``, ``section``, ``due``, or any other id.
``platform-ids.csv``
    What the exports say about each learner: ``assignment, learner, platform, id_kind, id``, one
    row for each id. A later import of grades needs them.
``roster-questions.csv``
    Who could not be joined to the roster: the instructor fills in the column ``learner``.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from grading.errors import GradingError
from grading.sheet import FORMULA, harmless, write_whole

ROSTER, PLATFORM_IDS, QUESTIONS = "roster.csv", "platform-ids.csv", "roster-questions.csv"
# It becomes the name of a folder, and nbgrader reads that as a pattern: no *, [, / or +.
LEARNER = re.compile(r"\w(?:[\w.@' -]{0,98}[\w.@'-])?")
# Columns that describe a learner, and identify none.
NO_ID = {"first_name", "last_name", "section", "due"}
# Columns with a whole name, beside first_name and last_name.
NAMES = ("name", "full_name")
# A name's length on disk; that of a file system is 255.
MAX_BYTES = 240
# Columns that are called so in exports of platforms.
ALIASES = {
    "email_address": "email",
    "surname": "last_name",
    "username": "login",
    "id_number": "student_number",
}
KNOWN = {"learner", "id", "login", "student_number", "email", *NO_ID}


class PlatformId(NamedTuple):
    """An id that a platform's export shows for a learner, like a login or a user number."""

    assignment: str
    learner: str
    platform: str
    id_kind: str
    id: str


class Question(NamedTuple):
    """Somebody who is not known: what the export says, the nearest learner, and the answer.

    The answer, in the column ``learner``, is a learner of the roster, or ``-``: leave it out.
    """

    assignment: str
    who: str
    says: str
    files: str
    perhaps: str
    learner: str = ""


class Roster(NamedTuple):
    """The learners of a class: the names of the columns, and a dict for each row."""

    columns: list[str]
    rows: list[dict[str, str]]


def is_learner(name: str) -> bool:
    """Return whether a learner's folder can have this name."""
    return bool(LEARNER.fullmatch(name)) and len(name.encode()) <= MAX_BYTES


def folder_name(text: str) -> str:
    """Return the nearest name that a learner's folder can have; empty if there is none."""
    text = unicodedata.normalize("NFC", text).replace("’", "'")
    text = re.sub(r"[^\w.@' -]+", "_", text).strip(" ._-@'")
    text = text[:100].encode()[:MAX_BYTES].decode("utf-8", "ignore").strip(" ._-@'")
    return text if is_learner(text) else ""


def read(path: Path) -> Roster:
    """Return the roster in a CSV file; its first line has a column ``learner`` or ``id``.

    Raises
    ------
    GradingError
        If it cannot be read, has no such column, an empty name, or one name twice.
    """
    try:
        table = _table(path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise GradingError(
            f"the roster {path} cannot be read as CSV in UTF-8: {error}; in a spreadsheet, save it "
            "as 'CSV UTF-8'"
        ) from error
    table = [{_column(name): value for name, value in line.items() if name} for line in table]
    key = next((name for name in ("learner", "id") if table and name in table[0]), None)
    if key is None:
        raise GradingError(
            f"the roster {path} needs a first line with a column 'learner', and a row for each one"
        )
    columns = list(table[0])
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


class Index:
    """Finds a learner by anything that the roster says about them."""

    def __init__(self, roster: Roster) -> None:
        self.rows = {row["learner"]: row for row in roster.rows}
        self.ids: dict[str, set[str]] = defaultdict(set)
        self.numbers: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.names: dict[str, set[str]] = defaultdict(set)
        mails: dict[str, set[str]] = defaultdict(set)
        ids = {column for column in roster.columns if _tells_apart(column, roster)} - NO_ID
        for learner, row in self.rows.items():
            for column, value in row.items():
                if value and column in ids:
                    self.ids[value.casefold()].add(learner)
                    self.numbers[_squashed(column), value.casefold()].add(learner)
            first, last = row.get("first_name", ""), row.get("last_name", "")
            said = (row.get(column, "") for column in ("learner", "learner_given", *NAMES))
            for name in (first + last, last + first, *said):
                self.names[_squashed(name)].add(learner)
            # A login is often the first half of an address.
            mails[row.get("email", "").partition("@")[0].casefold()].add(learner)
        self.names.pop("", None)
        for half, learners in mails.items():
            if half and half not in self.ids:
                self.ids[half] = learners

    def find(self, platform: str, ids: Iterable[tuple[str, str]], folders: set[str]) -> str | None:
        """Return the one learner whom these ids mean, or None if they mean nobody or several.

        Parameters
        ----------
        platform : str
            Its own numbers are looked for in columns like ``canvas_id`` or ``canvas_user`` alone.
        ids : iterable of (kind, id)
            What the export says.
        folders : set of str
            Names of folders, which tell learners of one name in two sections apart.
        """
        known: set[str] = set()
        names: set[str] = set()
        for kind, value in ids:
            if kind in ("name", "label"):
                names |= self._named(value)
            if kind == "label" and value in self.rows:
                return value
            if kind in ("login", "email", "student_number", "sid", "label"):
                known |= self.ids.get(value.casefold(), set())
            elif kind != "name":
                for column in (f"{platform}{kind}", f"{platform}id"):
                    known |= self.numbers.get((column, value.casefold()), set())
        found = known or names
        if len(found) > 1:
            around = {_squashed(folder) for folder in folders}
            section = {who: _squashed(self.rows[who].get("section", "")) for who in found}
            found = {who for who in found if section[who] and section[who] in around}
        return next(iter(found)) if len(found) == 1 else None

    def _named(self, name: str) -> set[str]:
        # Moodle writes "group-name".
        parts = name.split("-")
        for start in range(len(parts)):
            if found := self.names.get(_squashed("-".join(parts[start:]))):
                return found
        return set()

    def nearest(self, ids: Iterable[tuple[str, str]]) -> str:
        """Return the learner whose name or id is most like these, or nothing."""
        known = {**{_squashed(text): who for text, who in self.ids.items()}, **self.names}
        for kind, value in ids:
            if kind != "path" and (close := get_close_matches(_squashed(value), known, 1)):
                return min(known[close[0]])
        return ""


def _tells_apart(column: str, roster: Roster) -> bool:
    """Return whether no two rows hold the same: the number of a group is no id."""
    values = [row[column].casefold() for row in roster.rows if row.get(column)]
    return len(set(values)) == len(values)


def questions(root: Path, assignment: str | None = None) -> list[Question]:
    """Return the questions that were asked, with the answers that were filled in."""
    found = [Question(*row) for row in _rows(root / QUESTIONS, Question._fields)]
    return [question for question in found if assignment in (None, question.assignment)]


def ask(root: Path, assignment: str, new: list[Question]) -> None:
    """Write the questions of an assignment; those of others, and answered ones, stay."""
    asked = {question.who for question in new}
    kept = [
        question
        for question in questions(root)
        if question.assignment != assignment or (question.learner and question.who not in asked)
    ]
    rows = [question._asdict() for question in (*kept, *new)]
    if rows:
        _write(root / QUESTIONS, list(Question._fields), rows)
    else:
        (root / QUESTIONS).unlink(missing_ok=True)


def platform_ids(root: Path, assignment: str | None = None) -> list[PlatformId]:
    """Return what the exports said about learners, for one assignment or for all."""
    found = [PlatformId(*row) for row in _rows(root / PLATFORM_IDS, PlatformId._fields)]
    return [entry for entry in found if assignment in (None, entry.assignment)]


def record_ids(root: Path, new: Iterable[PlatformId]) -> None:
    """Add ids to those in the work folder; an id of a kind has one learner, the last one said."""
    known = {_place(entry): entry for entry in platform_ids(root)}
    known.update({_place(entry): entry for entry in new})
    rows = [entry._asdict() for entry in sorted(known.values())]
    _write(root / PLATFORM_IDS, list(PlatformId._fields), rows)


def _place(entry: PlatformId) -> tuple[str, str, str, str]:
    return entry.assignment, entry.platform, entry.id_kind, entry.id


def _column(name: str) -> str:
    """Return a column's name as it is called here: "First name" is first_name."""
    plain = name.strip().casefold().replace(" ", "_")
    plain = ALIASES.get(plain, plain)
    return plain if plain in KNOWN else name.strip()


def _rows(path: Path, fields: tuple[str, ...]) -> list[list[str]]:
    if not path.is_file():
        return []
    try:
        return [[_clean(row[field]) for field in fields] for row in _table(path)]
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise GradingError(
            f"{path} cannot be read as CSV in UTF-8 with the columns {', '.join(fields)}: {error}"
        ) from error


def _table(path: Path) -> list[dict[str, str]]:
    text = path.read_text(encoding="utf-8-sig")
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def _write(path: Path, columns: list[str], rows: Iterable[dict[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: harmless(value) for name, value in row.items()} for row in rows)
    # Excel reads UTF-8 if the file begins with this encoding's mark.
    write_whole(path, text.getvalue().encode("utf-8-sig"))


def _squashed(text: str) -> str:
    """Return a name's letters and digits alone, without accents: "O'Neil, Zoë" is "oneilzoe"."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def _clean(value: str | None) -> str:
    """Return a cell's text, as it was before `sheet.harmless`."""
    text = unicodedata.normalize("NFC", value or "").strip()
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA else text
