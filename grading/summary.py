"""A page for the instructor: scores, exercises, frequent mistakes, and who needs a look."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median
from typing import NamedTuple

import nbformat
from nbconvert.filters import strip_ansi

from grading import export, register
from grading.course import Course, solution_of
from grading.errors import Rejected
from grading.export import Row, called
from grading.feedback import MOST_BYTES
from grading.limited import Limited
from grading.marks import is_grade
from grading.page import TEMPLATES
from grading.sheet import write_whole

MISTAKES, BARS = 10, 10
HEADING = re.compile(r"^#{1,4} +(.+?)(?: *\([^()]*points?\b[^()]*\))?\s*$", re.MULTILINE)
NUMBER = re.compile(r"[-+−]?(?:\d[\d.,]*|\.\d+)(?:e[-+]?\d+)?|\b(?:nan|inf)\b")
# Arrays and shapes, once their numbers are written as "#".
ARRAY = re.compile(r"[\[(][\[\]()#,.\s]*#[\[\]()#,.\s]*[\])]")


class Bar(NamedTuple):
    """How many learners have a score from `low` to `high`."""

    low: float
    high: float
    learners: int


class Exercise(NamedTuple):
    """What a class earned in one exercise.

    Attributes
    ----------
    points : float
        The points possible.
    share : float or None
        The mean share of them; None if nobody's points are there yet.
    full, part, none, waiting : int
        Learners with all points, with some, with none, and with points by hand outstanding.
    """

    name: str
    points: float
    share: float | None
    full: int
    part: int
    none: int
    waiting: int


class Mistake(NamedTuple):
    """Words of a check, in one learner's numbers, and everyone to whom it said the like."""

    exercise: str
    words: str
    learners: list[str]


def write_summary(course: Course, assignment: str, path: Path) -> None:
    """Write the page; it is one file, without scripts, and asks nothing of other hosts."""
    table = export.rows(course, assignment)
    names = exercise_names(course, assignment)
    scored = [row.score for row in table if row.score is not None and row.status != "missing"]
    counts = Counter(re.split("[:,]", row.status)[0] for row in table)
    found, unread = mistakes(course, assignment, names)
    looks = [(row, why) for row in table for why in _why(row)]
    looks += [(row, unread[row.learner]) for row in table if row.learner in unread]
    page = TEMPLATES.get_template("summary.html.j2").render(
        assignment=assignment,
        in_all=len(table),
        scored=bool(scored),
        counts=dict(sorted(counts.items())),
        late=sum(bool(row.late_by) for row in table),
        most=table[0].max_score if table else 0.0,
        mean=mean(scored) if scored else 0.0,
        median=median(scored) if scored else 0.0,
        bars=bars(scored, table[0].max_score) if scored else [],
        exercises=exercises(course, assignment, names),
        mistakes=found[:MISTAKES],
        looks=[(called(row), why) for row, why in looks],
        missing=[called(row) for row in table if row.status == "missing"],
    )
    write_whole(path, page.encode())


def bars(scores: list[float], most: float) -> list[Bar]:
    """Return how many scores lie in each tenth of the points; full points are in the last."""
    counts = [0] * BARS
    for score in scores:
        counts[max(0, min(BARS - 1, int(BARS * score / most)))] += 1
    edges = [most * number / BARS for number in range(BARS + 1)]
    return [Bar(edges[n], edges[n + 1], counts[n]) for n in range(BARS)]


def exercise_names(course: Course, assignment: str) -> dict[str, str]:
    """Return the heading above each graded cell of the solution, without its points."""
    text = solution_of(course, assignment).read_text(encoding="utf-8")
    names, heading = {}, assignment
    for cell in nbformat.reads(text, as_version=4).cells:
        if cell.cell_type == "markdown" and (found := HEADING.findall(cell.source)):
            heading = found[-1]
        if is_grade(cell) or cell.metadata.get("nbgrader", {}).get("task"):
            names[cell.metadata["nbgrader"]["grade_id"]] = heading
    return names


def exercises(course: Course, assignment: str, names: dict[str, str]) -> list[Exercise]:
    """Return what those who are graded earned in each exercise, in the notebook's order."""
    graded = _graded(course, assignment)
    points: dict[str, dict[str, float]] = {}
    earned: dict[str, dict[str, float | None]] = {name: {} for name in names.values()}
    with course.gradebook() as gradebook:
        for submission in gradebook.assignment_submissions(assignment):
            if submission.student_id not in graded:
                continue
            for grade in (grade for notebook in submission.notebooks for grade in notebook.grades):
                name = names.get(grade.name, grade.name)
                points.setdefault(name, {})[grade.name] = grade.max_score
                so_far = earned.setdefault(name, {}).get(submission.student_id, 0.0)
                waits = grade.needs_manual_grade or so_far is None
                earned[name][submission.student_id] = None if waits else so_far + grade.score
    result = []
    for name, by_learner in earned.items():
        most = sum(points.get(name, {}).values())
        there = [score for score in by_learner.values() if score is not None]
        full = sum(score >= most for score in there)
        none = sum(score <= 0 for score in there)
        share = mean(there) / most if there and most else None
        waiting = len(by_learner) - len(there)
        result.append(Exercise(name, most, share, full, len(there) - full - none, none, waiting))
    return [exercise for exercise in result if exercise.points]


def mistakes(
    course: Course, assignment: str, names: dict[str, str]
) -> tuple[list[Mistake], dict[str, str]]:
    """Return what the checks said, and whose graded notebook could not be read, and why.

    The most frequent words stand first; numbers do not make words different.
    """
    found: dict[tuple[str, str], Mistake] = {}
    unread = {}
    with Limited() as limited:
        for learner in sorted(_graded(course, assignment)):
            try:
                said = limited(errors_of, course.autograded(assignment, learner))
            except Rejected as error:
                unread[learner] = f"the graded notebook is not read: {error}"
                continue
            for grade_id, text in said.items():
                exercise = names.get(grade_id, grade_id)
                like = ARRAY.sub("[#]", NUMBER.sub("#", text))
                mistake = found.setdefault((exercise, like), Mistake(exercise, text, []))
                if learner not in mistake.learners:
                    mistake.learners.append(learner)
    return sorted(found.values(), key=lambda mistake: -len(mistake.learners)), unread


def _graded(course: Course, assignment: str) -> set[str]:
    entries = register.entries(course.database, assignment).values()
    return {entry.learner for entry in entries if entry.outcome == register.GRADED}


def errors_of(path: Path) -> dict[str, str]:
    """Return what was said in each graded cell that failed, by its id."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Rejected(f"it has more than {MOST_BYTES / 1e6:g} MB")
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except FileNotFoundError:
        raise Rejected("it is gone") from None
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: _words(output["ename"], output["evalue"])
        for cell in cells
        if cell["metadata"].get("nbgrader", {}).get("grade")
        for output in cell.get("outputs", [])
        if output["output_type"] == "error"
    }


def _words(kind: str, text: str) -> str:
    """Return an error's first paragraph in words."""
    first = strip_ansi(text).strip().split("\n\n")[0]
    first = " ".join(first.split())[:300]
    if kind == "NotImplementedError":
        return "not written yet"
    if kind == "CellTimeoutError":
        return "out of time"
    if kind in ("AssertionError", "Mistake"):
        return first or "an assertion failed"
    return f"{kind}: {first}" if first else kind


def _why(row: Row) -> Iterator[str]:
    """Yield why an instructor looks at a learner."""
    if row.score is None:
        yield row.status
    if notes := export.own_notes(row):
        yield notes
