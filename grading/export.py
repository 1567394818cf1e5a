"""Grades: a row for every learner, with a status and a score."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from nbgrader.api import Gradebook, MissingEntry

from grading import register
from grading.course import Course, GradingError
from grading.errors import unreadable
from grading.sheet import Sheet, harmless, to_bytes, write_whole

NO_TIME = "when it was handed in is not known, so the due time is not applied"


class Row(NamedTuple):
    """One learner's line of the table.

    Attributes
    ----------
    status : str
        ``"graded"``; ``"needs manual"``: points by hand are outstanding; ``"waiting"``: taken in,
        not graded yet; ``"failed: why"``; ``"left out: why"``: a file of which nobody knows whose
        it is; ``"missing"``: in the gradebook, without a submission.
        ``", late"`` follows if the submission was late.
    score, automatic, manual, penalty : float or None
        Points; None if nothing was graded. A missing learner has a score of 0, a failed one None.
    """

    learner: str
    last_name: str
    first_name: str
    email: str
    assignment: str
    status: str
    score: float | None
    max_score: float
    automatic: float | None
    manual: float | None
    penalty: float | None
    handed_in: str
    late_by: str
    notes: str


def called(row: Row) -> str:
    """Return whose row it is, for a person who reads it."""
    name = f"{row.first_name} {row.last_name}".strip()
    return f"{row.learner} ({name})" if name else row.learner


def rows(course: Course, assignment: str) -> list[Row]:
    """Return the table of an assignment, in the order of the learners' names."""
    entries = register.entries(course.database, assignment)
    policy = register.late_policy(course.database, assignment)
    own_due = register.due_times(course.database, assignment)
    with course.gradebook() as gradebook:
        try:
            most = gradebook.find_assignment(assignment).max_score
        except MissingEntry:
            most = 0.0
        table = [
            _row(
                gradebook,
                student,
                assignment,
                entries.get(student.id),
                own_due.get(student.id),
                policy,
                most,
            )
            for student in gradebook.students
        ]
    table += [_left_out(entry, most) for entry in register.left_out(course.database, assignment)]
    return sorted(table, key=lambda row: row.learner)


def _left_out(entry: register.Entry, most: float) -> Row:
    """Return the row of a file of which nobody knows whose it is."""
    status = f"left out: {entry.reason}"
    nothing = (None, most, None, None, None, "", "", "")
    return Row(entry.learner, "", "", "", entry.assignment, status, *nothing)


def _row(gradebook: Gradebook, student, assignment, entry, own_due, policy, most: float) -> Row:
    notes = [entry.notes] if entry and entry.notes else []
    if own_due is not None:
        notes.append(f"own due time {own_due:%Y-%m-%d %H:%M} UTC")
    row = Row(
        student.id,
        student.last_name or "",
        student.first_name or "",
        student.email or "",
        assignment,
        "missing",
        0.0,
        most,
        None,
        None,
        None,
        "",
        "",
        "; ".join(notes),
    )
    if entry is None:
        return row
    if entry.outcome == register.FAILED:
        return row._replace(status=f"failed: {entry.reason}", score=None)
    if entry.outcome == register.WAITING:
        return row._replace(status="waiting", score=None)
    try:
        return _with_points(gradebook, row, own_due, policy)
    except Exception as error:  # whatever the gradebook holds of one learner costs that row only
        return row._replace(status=f"failed: {unreadable(error)}; grade it again", score=None)


def _with_points(gradebook: Gradebook, row: Row, own_due, policy: register.LatePolicy) -> Row:
    """Return the row of a graded submission."""
    submission = gradebook.find_submission(row.assignment, row.learner)
    if not submission.notebooks:
        raise GradingError("the gradebook has no notebook of it")
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    automatic = sum(grade.auto_score or 0.0 for grade in grades)
    late = _seconds_late(submission, own_due)
    penalty = _penalty(late, submission.score, row.max_score, policy)
    status = "needs manual" if submission.needs_manual_grade else "graded"
    due = own_due or submission.assignment.duedate
    notes = [row.notes] if row.notes else []
    notes += [NO_TIME] if due and submission.timestamp is None else []
    return row._replace(
        notes="; ".join(notes),
        status=f"{status}, late" if late > 0 else status,
        score=round(submission.score - penalty, 6),
        automatic=round(automatic, 6),
        manual=round(submission.score - automatic, 6),
        penalty=round(penalty, 6),
        handed_in=str(submission.timestamp or ""),
        late_by=_span(late) if late > 0 else "",
    )


def lateness(course: Course, assignment: str) -> list[str]:
    """Return what keeps the due time or the late penalty from being applied."""
    with course.gradebook() as gradebook:
        try:
            due = gradebook.find_assignment(assignment).duedate
        except MissingEntry:
            due = None
    costs = register.late_policy(course.database, assignment).per_day > 0
    if due is None:
        return ["there is a late penalty and no due time, so nobody is late: --due"] * costs
    entries = register.entries(course.database, assignment).values()
    taken = [course.submitted(assignment, entry.learner) for entry in entries if entry.submission]
    without = sum(not path.with_name("timestamp.txt").is_file() for path in taken)
    if not without:
        return []
    return [
        f"{without} of {len(taken)} have no time, so the due time is not applied to them; it comes "
        "from the platform's export, a timestamp.txt, --worksheet (Moodle) or --file-times"
    ]


def record_penalties(course: Course, assignment: str) -> None:
    """Write late penalties and own due times into the gradebook, for nbgrader's own pages."""
    policy = register.late_policy(course.database, assignment)
    own_due = register.due_times(course.database, assignment)
    with course.gradebook() as gradebook:
        for submission in gradebook.assignment_submissions(assignment):
            due, usual = own_due.get(submission.student_id), submission.assignment.duedate
            submission.extension = due - usual if due and usual else None
            try:
                late, most = _seconds_late(submission, due), submission.max_score
                penalty = _penalty(late, submission.score, most, policy)
            except Exception:  # its row says why
                continue
            for notebook in submission.notebooks:
                notebook.late_submission_penalty = penalty or None
        gradebook.db.commit()


def _seconds_late(submission, own_due: datetime | None) -> float:
    due = own_due or submission.assignment.duedate
    if due is None or submission.timestamp is None:
        return 0.0
    return max(0.0, (submission.timestamp - due).total_seconds())


def _penalty(seconds: float, score: float, most: float, policy: register.LatePolicy) -> float:
    """Return the late penalty in points: per_day · max score for each day begun, up to the cap."""
    over = seconds - 60 * policy.grace_minutes
    if seconds <= 0 or over <= 0:
        return 0.0
    share = min(policy.max_share, policy.per_day * math.ceil(over / 86_400))
    return min(score, share * most)


def _span(seconds: float) -> str:
    days, rest = divmod(int(seconds), 86_400)
    return f"{days} d {rest // 3600:02d}:{rest % 3600 // 60:02d}"


def write_csv(table: list[Row], path: Path) -> None:
    """Write the table in one step: a program that reads the file sees the old or the new table."""
    cells = [[_cell(value) for value in row] for row in table]
    write_whole(path, to_bytes(Sheet([list(Row._fields), *cells])))


def _cell(value: str | float | None) -> str:
    return harmless(value) if isinstance(value, str) else "" if value is None else str(value)


def own_notes(row: Row) -> str:
    """Return a row's notes but the one that a whole class has, which is said once."""
    return "; ".join(note for note in register.each_note(row.notes) if note != NO_TIME)


def summary(table: list[Row]) -> str:
    """Return how many learners have each status, and which ones the instructor must look at."""
    counts = Counter(row.status.split(":")[0] for row in table)
    width = max([len(status) for status in counts] + [0])
    lines = [f"{status:<{width}}  {number:4d}" for status, number in sorted(counts.items())]
    lines.append(f"{'in all':<{width}}  {len(table):4d}")
    scores = [row.score for row in table if row.score is not None and row.status != "missing"]
    if scores:
        mean = sum(scores) / len(scores)
        lines.append(f"mean score of those graded: {mean:.2f} of {table[0].max_score:g}")
    for row in table:
        if row.status.startswith(("failed", "left out")):
            lines.append(f"  {row.learner}: {row.status}")
    for row in table:
        if own_notes(row) and not row.status.startswith("failed"):
            lines.append(f"  {row.learner}: {own_notes(row)}")
    return "\n".join(lines)
