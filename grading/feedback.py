"""Write each learner's page, several at a time; what one notebook does costs its own page only."""

from __future__ import annotations

import io
import json
import math
import os
import pickle
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

from nbgrader.api import Gradebook

from grading import register, roster
from grading.course import TITLE, Course, GradingError, solution_of
from grading.errors import unreadable
from grading.limited import CHECKOUT, limit_memory
from grading.page import Mark, Sheet, page_of, points
from grading.sandbox import GIGABYTE
from grading.sheet import write_whole
from tools.derive import derive

SECONDS, MEMORY = 30, GIGABYTE  # for one page
MOST_BYTES = 20_000_000  # of a graded notebook
BATCH = 25  # pages that one process makes: its start takes a second
NOTE = "feedback page without the notebook"


def write_pages(
    course: Course,
    entries: list[register.Entry],
    workers: int = 2,
    progress: Callable[[int], object] = lambda more: None,
) -> dict[str, str]:
    """Write the pages of graded and failed submissions of one assignment.

    Parameters
    ----------
    course, entries
        Whose pages.
    workers : int
        How many pages are made at a time.
    progress : callable
        Called with the number of pages that were written since the last call.

    Returns
    -------
    dict of str
        The learners whose page has their points but not their notebook, and why.
    """
    if not entries:
        return {}
    release = derive(solution_of(course, entries[0].assignment).read_text(encoding="utf-8"))
    size = min(BATCH, math.ceil(len(entries) / workers))
    batches = [entries[start : start + size] for start in range(0, len(entries), size)]
    without: dict[str, str] = {}
    # The threads only wait for the processes that make the pages.
    with ThreadPoolExecutor(workers) as pool:
        for task in as_completed(
            pool.submit(_write_batch, course, batch, release) for batch in batches
        ):
            found = task.result()
            without |= {learner: why for learner, why in found.items() if why}
            progress(len(found))
    for entry in entries:
        _note(course, entry, without.get(entry.learner, ""))
    return dict(sorted(without.items()))


def _note(course: Course, entry: register.Entry, why: str) -> None:
    """Keep among a submission's notes why its page lacks the notebook, and no older reason."""
    notes = [note for note in register.each_note(entry.notes) if not note.startswith(NOTE)]
    notes += [f"{NOTE}: {why}"] if why else []
    if (new := "; ".join(notes)) != entry.notes:
        register.record_end(course.database, entry._replace(notes=new))


def _write_batch(course: Course, entries: list[register.Entry], release: str) -> dict[str, str]:
    policy = register.late_policy(course.database, entries[0].assignment)
    with course.gradebook() as gradebook:
        sheets = [_sheet_of(course, gradebook, entry, policy, release) for entry in entries]
    reasons = {}
    for entry, sheet, (page, why) in zip(entries, sheets, pages_of(sheets), strict=True):
        path = course.feedback(entry.assignment, entry.learner)
        write_whole(path, page.encode())
        reasons[entry.learner] = why or (sheet.reason if entry.outcome == register.GRADED else "")
    return reasons


def for_moodle(course: Course, assignment: str, learners: list[str]) -> tuple[bytes, list[str]]:
    """Return a zip file of pages as Moodle's "Upload multiple feedback files in a zip" takes it.

    Moodle reads the participant's number in each name
    (``mod/assign/feedback/file/importziplib.php`` of https://github.com/moodle/moodle).

    Returns
    -------
    bytes, list of str
        The file, and the learners of whom Moodle's export gave no number.
    """
    numbers = {
        seen.learner: seen.id
        for seen in roster.platform_ids(course.root, assignment)
        if (seen.platform, seen.id_kind) == ("moodle", "participant")
    }
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for learner in learners:
            if learner in numbers:
                name = f"{learner.replace('_', ' ')}_{numbers[learner]}_assignsubmission_file_"
                page = course.feedback(assignment, learner).read_bytes()
                archive.writestr(f"{name}{assignment}.html", page)
    return data.getvalue(), [learner for learner in learners if learner not in numbers]


def pages_of(sheets: list[Sheet]) -> list[tuple[str, str]]:
    """Return each sheet's page; if it could not be made, one without the notebook, and why.

    One process makes all of them, each in a fork with its own limits. It can be started from
    anywhere, also from a thread or a daemonic process.
    """
    made = subprocess.run(
        [sys.executable, "-c", "from grading.feedback import _serve; _serve()"],
        cwd=CHECKOUT,
        input=pickle.dumps(sheets),
        capture_output=True,
        timeout=SECONDS * (len(sheets) + 1),
        check=False,
    )
    if made.returncode:
        raise GradingError(f"the pages could not be made: {made.stderr.decode()[-2000:]}")
    return [
        (page, sheet.reason if sheet.marks else "")
        if page
        else (page_of(sheet._replace(notebook="", reason=why)), why)
        for sheet, (page, why) in zip(sheets, json.loads(made.stdout), strict=True)
    ]


def _serve() -> None:
    """Make the pages of the sheets at the standard input."""
    sheets = pickle.load(sys.stdin.buffer)
    # The libraries fill their caches once, before the forks.
    if graded := [sheet for sheet in sheets if sheet.marks]:
        page_of(graded[0]._replace(notebook=graded[0].release))
    json.dump([_made_apart(sheet) for sheet in sheets], sys.stdout)


def _made_apart(sheet: Sheet) -> tuple[str, str]:
    """Return a page, or why there is none, made in a fork of this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            signal.alarm(SECONDS)
            limit_memory(MEMORY)
            with open(writing, "w", encoding="utf-8") as file:
                json.dump(_page_or_reason(sheet), file)
            os._exit(0)
        finally:
            # Whatever went wrong, the fork must not go on as its parent.
            os._exit(1)
    os.close(writing)
    with open(reading, encoding="utf-8") as file:
        answer = file.read()
    end = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if end == -signal.SIGALRM:
        return "", f"it took more than {SECONDS} seconds"
    if end:
        return "", f"the process that made it ended with code {end}"
    return json.loads(answer)


def _page_or_reason(sheet: Sheet) -> tuple[str, str]:
    try:
        return page_of(sheet), ""
    except MemoryError:
        return "", f"it took more than {MEMORY / GIGABYTE:g} GB of memory"
    except Exception as error:  # whatever a notebook makes of a library costs its own page only
        return "", f"{type(error).__name__}: {error}"[:200]


def _sheet_of(
    course: Course,
    gradebook: Gradebook,
    entry: register.Entry,
    policy: register.LatePolicy,
    release: str,
) -> Sheet:
    """Return all that a page is made of."""
    sheet = Sheet(
        course=TITLE,
        assignment=entry.assignment,
        learner=entry.learner,
        release=release,
        marks={},
        comments={},
        reason=entry.reason,
    )
    try:
        sheet = sheet._replace(learner=_name(gradebook.find_student(entry.learner)))
        if entry.outcome == register.FAILED:
            return sheet
        return _with_points(course, gradebook, entry, policy, sheet)
    except Exception as error:  # whatever the gradebook holds of one learner costs that page only
        return sheet._replace(reason=unreadable(error)[:200])


def _with_points(
    course: Course,
    gradebook: Gradebook,
    entry: register.Entry,
    policy: register.LatePolicy,
    sheet: Sheet,
) -> Sheet:
    """Return the sheet of a graded submission."""
    submission = gradebook.find_submission(entry.assignment, entry.learner)
    (notebook,) = submission.notebooks
    late, penalty = submission.total_seconds_late, notebook.late_submission_penalty or 0.0
    sheet = sheet._replace(
        handed_in=f"{submission.timestamp:%-d %B %Y, %H:%M} UTC" if submission.timestamp else "",
        lateness=_lateness(submission),
        penalty=_penalty_in_words(late, penalty, policy),
        total=round(submission.score - penalty, 6),
        marks={
            grade.cell.name: Mark(
                grade.score,
                grade.max_score,
                grade.needs_manual_grade,
                grade.manual_score is not None,
            )
            for grade in notebook.grades
        },
        comments={
            comment.cell.name: comment.manual_comment
            for comment in notebook.comments
            if comment.manual_comment
        },
    )
    path = course.autograded(entry.assignment, entry.learner)
    try:
        if path.stat().st_size > MOST_BYTES:
            return sheet._replace(reason=f"it has more than {MOST_BYTES / 1e6:g} MB")
        return sheet._replace(notebook=path.read_text(encoding="utf-8"))
    except OSError as error:
        return sheet._replace(reason=f"the graded notebook cannot be read: {error.strerror}")


def _name(student) -> str:
    """Return a learner's name: in Korean, Chinese and Japanese the family name comes first."""
    first, last = student.first_name or "", student.last_name or ""
    if last[:1] > "\u3000":
        return f"{last}{first}"
    return f"{first} {last}".strip() or student.id


def _lateness(submission) -> str:
    """Return how late a submission was, if both times are known."""
    if submission.timestamp is None or submission.duedate is None:
        return ""
    late = submission.total_seconds_late
    return f"{_span(late)} late" if late > 0 else "in time"


def _penalty_in_words(late: float, penalty: float, policy: register.LatePolicy) -> str:
    if late <= 0:
        return ""
    if not penalty:
        return "It was late, which costs nothing here." if policy.per_day else ""
    most = f", together at most {100 * policy.max_share:g}%" if policy.max_share < 1 else ""
    after = f", after {policy.grace_minutes:g} minutes of grace" if policy.grace_minutes else ""
    return (
        f"{points(penalty)} taken off, since it was {_span(late)} late: each day begun costs "
        f"{100 * policy.per_day:g}% of all points{most}{after}."
    )


def _span(seconds: float) -> str:
    """Return a time in its two largest units."""
    minutes = math.ceil(seconds / 60)
    parts = (minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute")
    told = [f"{count} {unit}{'s' * (count > 1)}" for count, unit in parts if count]
    return " ".join(told[:2])
