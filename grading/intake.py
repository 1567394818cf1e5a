"""Find each learner's notebook among the submissions, and take in those that can be graded."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode
from nbgrader.utils import parse_utc

from grading import register, roster
from grading.course import Course, solution_of
from grading.given import Given, files_of
from grading.notebooks import MAX_BYTES, Rejected, grade_ids, read, restored
from grading.roster import LEARNER
from tools.derive import derive
from tools.normalise import to_text

# Suffixes of browsers and file managers: "name (1)", "name-1", "name copy 2", "name - Copy".
COPY = re.compile(r"(?: ?\((\d{1,3})\)|(?:_|-| - | )[cC]opy(?:[ -]?(\d{1,3}))?|-[cC]opy(\d{1,3}))$")


class Candidate(NamedTuple):
    """A file that may be a learner's notebook for one assignment."""

    learner: str
    given: Given
    rank: tuple[bool, bool, int]


class Report(NamedTuple):
    """The result of intake.

    Attributes
    ----------
    taken, unchanged, rejected : list of str
        Learners with a new or changed notebook; with the same notebook as before; without a
        notebook that can be graded.
    ignored : list of str
        Files of which the learner is not clear, and why.
    """

    taken: list[str]
    unchanged: list[str]
    rejected: list[str]
    ignored: list[str]


def take_in(
    course: Course, assignment: str, submissions: Path, use_file_times: bool = False
) -> Report:
    """Take in the submissions of one assignment.

    Parameters
    ----------
    course : Course
        The course that receives them.
    assignment : str
        Its name; the folder may also hold submissions of other assignments.
    submissions : Path
        nbgrader's folders (``LEARNER/ASSIGNMENT/ASSIGNMENT.ipynb``), a folder for each learner
        (``LEARNER/ASSIGNMENT.ipynb``), a flat folder (``LEARNER_ASSIGNMENT.ipynb``), or a zip file
        of any of these.
    use_file_times : bool
        Whether to use the time of a file's last change as the submission's time if there is no
        ``timestamp.txt`` beside it. Copying files changes that time.

    Returns
    -------
    Report
        Which learners were taken in and which were not; the reasons are in the register.
    """
    release = nbformat.reads(
        derive(solution_of(course, assignment).read_text(encoding="utf-8")), as_version=4
    )
    candidates, stamps, ignored = _sort(assignment, list(files_of(submissions)))
    known = register.entries(course.database, assignment)
    report = Report([], [], [], ignored)
    times: dict[str, datetime | None] = {}
    with course.gradebook() as gradebook:
        for learner in candidates:
            gradebook.update_or_create_student(learner)
    for learner, found in sorted(candidates.items()):
        try:
            notebook, notes, given = _choose(assignment, found, release)
            when = _handed_in(
                stamps.get(given.path.parent), given.changed if use_file_times else None
            )
        except Rejected as error:
            report.rejected.append(learner)
            register.record(
                course.database,
                register.Entry(assignment, learner, register.FAILED, f"not taken in: {error}"),
            )
            continue
        text = to_text(notebook)
        digest = hashlib.sha256(text.encode()).hexdigest()
        _write(course.submitted(assignment, learner), text, when)
        times[learner] = when
        before = known.get(learner)
        if before and before.submission == digest and before.outcome != register.WAITING:
            report.unchanged.append(learner)
            continue
        report.taken.append(learner)
        register.record(
            course.database,
            register.Entry(
                assignment, learner, register.WAITING, notes="; ".join(notes), submission=digest
            ),
        )
    # A graded submission may now have another time stamp.
    with course.gradebook() as gradebook:
        for submission in gradebook.assignment_submissions(assignment):
            if submission.student_id in times:
                submission.timestamp = times[submission.student_id]
        gradebook.db.commit()
    return report


def read_roster(course: Course, path: Path) -> int:
    """Enter the learners of a CSV file into the gradebook, and return their number.

    Its first line names the columns: ``learner`` (or ``id``), and optionally ``first_name``,
    ``last_name``, ``email`` and any further id. A copy is kept in the work folder.
    """
    class_ = roster.read(path)
    roster.save(course.root, class_)
    with course.gradebook() as gradebook:
        for row in class_.rows:
            given = {k: row[k] for k in ("first_name", "last_name", "email") if row.get(k)}
            gradebook.update_or_create_student(row["learner"], **given)
    return len(class_.rows)


def _sort(
    assignment: str, files: list[Given]
) -> tuple[dict[str, list[Candidate]], dict[PurePosixPath, Given], list[str]]:
    """Return each learner's files for the assignment, folders' time stamps, and ignored files."""
    candidates: dict[str, list[Candidate]] = {}
    stamps: dict[PurePosixPath, Given] = {}
    ignored = []
    named = {given.path: _named_learner(assignment, given) for given in files}
    shared = _shared_folders(assignment, named)
    for given in files:
        is_notebook = given.path.name.endswith(".ipynb")
        if given.path.name == "timestamp.txt":
            stamps[given.path.parent] = given
        learner, place = named[given.path], _own_folder(assignment, given)
        if learner is None and place is not None and place not in shared:
            learner = place[-2]
        if learner is None:
            if given.is_folder and place is not None:
                ignored.append(f"{given.path}: an empty folder")
            elif is_notebook and (place is not None or _stem(given)[0].endswith(assignment)):
                ignored.append(f"{given.path}: no learner in its name")
            continue
        learner = unicodedata.normalize("NFC", learner)
        if not LEARNER.fullmatch(learner):
            ignored.append(f"{given.path}: '{learner}' cannot be a learner's name")
        else:
            mine = candidates.setdefault(learner, [])
            if is_notebook and not given.is_folder:
                # Prefer the file with the right name, and the newest copy.
                stem, copy_number = _stem(given)
                right = stem == assignment or stem.endswith(f"_{assignment}")
                rank = (right, copy_number == 0, copy_number)
                mine.append(Candidate(learner, given, rank))
    return candidates, stamps, ignored


def _named_learner(assignment: str, given: Given) -> str | None:
    """Return the learner whom a file's name and its folder's name give."""
    if given.is_folder or not given.path.name.endswith(".ipynb"):
        return None
    folders, (stem, _) = given.path.parts[:-1], _stem(given)
    if stem.endswith(f"_{assignment}"):
        return stem[: -len(assignment) - 1]
    if stem != assignment:
        return None
    # In nbgrader's folders the assignment's folder is between learner and file.
    own = folders[:-1] if folders[-1:] == (assignment,) else folders
    return own[-1] if own else None


def _own_folder(assignment: str, given: Given) -> tuple[str, ...] | None:
    """Return the innermost folder LEARNER/ASSIGNMENT (nbgrader's form) around a file."""
    folders = given.path.parts if given.is_folder else given.path.parts[:-1]
    for depth in range(len(folders), 1, -1):
        if folders[depth - 1] == assignment:
            return folders[:depth]
    return None


def _shared_folders(
    assignment: str, named: dict[PurePosixPath, str | None]
) -> set[tuple[str, ...]]:
    """Return the folders ANY/ASSIGNMENT of a whole class: they hold notebooks of other learners."""
    return {
        path.parts[:depth]
        for path, learner in named.items()
        if learner is not None
        for depth in range(2, len(path.parts))
        if path.parts[depth - 1] == assignment and path.parts[depth - 2] != learner
    }


def _stem(given: Given) -> tuple[str, int]:
    return _without_copy(given.path.name.removesuffix(".ipynb"))


def _without_copy(stem: str) -> tuple[str, int]:
    if match := COPY.search(stem):
        return stem[: match.start()], int(next((n for n in match.groups() if n), "1"))
    return stem, 0


def _choose(
    assignment: str, found: list[Candidate], release: NotebookNode
) -> tuple[NotebookNode, list[str], Given]:
    """Return a learner's notebook, the repairs in it, and its file."""
    if not found:
        raise Rejected(f"no notebook: the folder holds no {assignment}.ipynb")
    found = sorted(found, key=lambda candidate: candidate.rank, reverse=True)
    given = found[0].given
    if given.problem:
        raise Rejected(f"{given.path.name} is {given.problem}; hand in the notebook itself")
    try:
        notebook = read(given.read(MAX_BYTES + 1))
    except OSError as error:
        raise Rejected(f"{given.path.name} cannot be read: {error.strerror}") from None
    if not grade_ids(notebook) & grade_ids(release):
        raise Rejected(
            f"{given.path.name} holds no exercise of {assignment}; hand in the notebook that was "
            "released"
        )
    notebook, notes = restored(notebook, release)
    if given.path.name != f"{assignment}.ipynb" and not given.path.name.endswith(
        f"_{assignment}.ipynb"
    ):
        notes.insert(0, f"taken from {given.path.name}")
    if others := [candidate.given.path.name for candidate in found[1:]]:
        notes.append(f"not looked at: {', '.join(others[:5])}")
    return notebook, notes, given


def _handed_in(stamp: Given | None, otherwise: datetime | None) -> datetime | None:
    if stamp is None or stamp.problem:
        return otherwise and otherwise.replace(microsecond=0)
    try:
        return parse_utc(stamp.read(200).decode("utf-8").strip()).replace(microsecond=0)
    except (ValueError, OverflowError, OSError):
        raise Rejected(
            "its timestamp.txt does not hold a time, like 2026-03-01 23:59 UTC"
        ) from None


def _write(path: Path, text: str, when: datetime | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(".new")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    os.replace(temporary, path)
    stamp = path.with_name("timestamp.txt")
    if when is None:
        stamp.unlink(missing_ok=True)
    else:
        stamp.write_text(f"{when.isoformat(sep=' ')} UTC\n", encoding="utf-8")
