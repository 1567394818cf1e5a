"""Grade the waiting submissions: each is prepared and recorded here, and run by a worker between.

This is nbgrader's autograde, cut in three. Only this process writes to the gradebook.
"""

from __future__ import annotations

import fcntl
import traceback
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext

import nbformat
from distributed import Client, KilledWorker
from nbformat import NotebookNode
from nbgrader import preprocessors
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning

from grading import cluster, register
from grading.course import Course, GradingError, digest_of, nbgrader_config, prepare, solution_of
from grading.run import Pace, Ran, fingerprint, run_notebook

# nbgrader's own steps before a notebook runs, and after. There is none for late penalties: it
# computes them before points are given by hand.
BEFORE = (
    preprocessors.ClearOutput,
    preprocessors.DeduplicateIds,
    preprocessors.OverwriteKernelspec,
    preprocessors.OverwriteCells,
    preprocessors.CheckCellMetadata,
)
AFTER = (preprocessors.SaveAutoGrades, preprocessors.CheckCellMetadata)


def grade_waiting(
    course: Course,
    assignment: str,
    pace: Pace,
    client: Client | None = None,
    again: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
    only: Collection[str] = (),
) -> list[register.Entry]:
    """Grade every submission that was taken in and not graded by the current solution.

    Parameters
    ----------
    course, assignment
        Which submissions.
    pace : Pace
        The limits of each, and how many workers this machine has for them.
    client : distributed.Client, optional
        A connection to the workers of a cluster, which grade instead.
    again : bool
        Also grade what is graded already.
    progress : callable
        Called after each submission with the number done and the total.
    only : collection of str
        Only these learners; without any, everyone.

    Returns
    -------
    list of Entry
        The new entries, in the order in which they came in.

    Raises
    ------
    GradingError
        If the assignment is being graded already, or a worker cannot grade: it has no sandbox or
        another version of the course, or the cluster is lost. What was graded stays graded.
    """
    prepare(course, assignment)
    digest = digest_of(solution_of(course, assignment))
    with _alone(course, assignment):
        waiting = [
            entry._replace(solution=digest)
            for entry in register.entries(course.database, assignment).values()
            if (again or entry.outcome == register.WAITING or entry.solution != digest)
            and (not only or entry.learner in only)
            # A rejected submission has no notebook to grade.
            and entry.submission
        ]
        done = []
        for entry in _graded(course, waiting, pace, client):
            register.record_end(course.database, entry)
            done.append(register.entry_of(course.database, assignment, entry.learner))
            progress(len(done), len(waiting))
    return done


@contextmanager
def _alone(course: Course, assignment: str) -> Iterator[None]:
    """Hold a lock, which the system releases even when this process is killed."""
    with open(course.root / f".grading-{assignment}", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GradingError(
                f"{assignment} is being graded in {course.root} right now; wait for its end"
            ) from None
        yield


def _graded(
    course: Course, waiting: list[register.Entry], pace: Pace, client: Client | None
) -> Iterator[register.Entry]:
    """Yield the new entry of each waiting submission as it comes in."""
    if not waiting:
        return
    broken = []

    def tasks() -> Iterator[tuple[register.Entry, tuple]]:
        for entry in waiting:
            try:
                task = (_prepared(course, entry), pace, fingerprint() if client else "")
            except Exception:  # whatever a learner's file does costs that learner only
                broken.append(_failed(course, entry, "nbgrader gave up", traceback.format_exc()))
            else:
                yield entry, task

    here = cluster.workers_here(min(pace.workers, len(waiting)), course.root / ".workers")
    with nullcontext(client) if client else here as connected:
        for entry, end in cluster.outcomes(connected, run_notebook, tasks()):
            if isinstance(end, KilledWorker):
                yield _failed(course, entry, "every worker that ran it died")
            elif isinstance(end, Exception):
                raise GradingError(
                    "a worker cannot grade; each needs the same checkout of the course as here, "
                    f"with its environment, and bubblewrap. What was said: {end}"
                ) from end
            else:
                try:
                    yield _recorded(course, entry, end)
                except Exception:
                    yield _failed(course, entry, "nbgrader gave up", traceback.format_exc())
    yield from broken


def _prepared(course: Course, entry: register.Entry) -> str:
    """Return a notebook's text with the solution's tests; enter its submission in the gradebook."""
    path = course.submitted(entry.assignment, entry.learner)
    when = CourseDirectory(config=nbgrader_config(course)).get_existing_timestamp(str(path.parent))
    with course.gradebook() as gradebook, warnings.catch_warnings():
        # SQLAlchemy warns about the order in which nbgrader makes its objects.
        warnings.simplefilter("ignore", SAWarning)
        gradebook.update_or_create_student(entry.learner)
        new = {"timestamp": when} if when else {}
        gradebook.update_or_create_submission(entry.assignment, entry.learner, **new)
    notebook = nbformat.read(path, as_version=4)
    return nbformat.writes(_after_steps(course, entry, BEFORE, notebook))


def _recorded(course: Course, entry: register.Entry, ran: Ran) -> register.Entry:
    """Write the scores of an executed notebook, if there is one; return the new entry."""
    path = course.autograded(entry.assignment, entry.learner)
    path.unlink(missing_ok=True)
    if ran.text is None:
        return _failed(course, entry, ran.reason, ran.words, ran.seconds)
    notebook = nbformat.reads(ran.text, as_version=4)
    text = nbformat.writes(_after_steps(course, entry, AFTER, notebook))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    notes = _notes(entry.notes, _cells_out_of_time(notebook))
    return entry._replace(outcome=register.GRADED, reason="", notes=notes, seconds=ran.seconds)


def _after_steps(course: Course, entry: register.Entry, steps, notebook: NotebookNode):
    """Return a notebook after steps of nbgrader, which are told whose it is."""
    about = {"student": entry.learner, "assignment": entry.assignment, "db_url": course.database}
    resources = {"nbgrader": {**about, "notebook": entry.assignment}}
    for step in steps:
        notebook, resources = step(config=nbgrader_config(course))(notebook, resources)
    return notebook


def _failed(
    course: Course, entry: register.Entry, reason: str, words: str = "", seconds: float = 0.0
) -> register.Entry:
    """Return the new entry of a submission without a score; put a grader's words into a log."""
    if words:
        log = course.root / "logs" / f"{entry.assignment}-{entry.learner}.log"
        log.parent.mkdir(exist_ok=True)
        log.write_text(words, encoding="utf-8")
        reason += f"; its words are in {log.relative_to(course.root)}"
    return entry._replace(outcome=register.FAILED, reason=reason, seconds=seconds)


def _notes(before: str, stopped: int) -> str:
    """Return intake's notes and the number of cells out of time in this run, not an earlier one."""
    notes = [note for note in register.each_note(before) if not note.endswith("out of time")]
    if stopped:
        notes.append(f"{stopped} cell{'' if stopped == 1 else 's'} out of time")
    return "; ".join(notes)


def _cells_out_of_time(notebook: NotebookNode) -> int:
    return sum(
        any(output.get("ename") == "CellTimeoutError" for output in cell.get("outputs", []))
        for cell in notebook.cells
    )
