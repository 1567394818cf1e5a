"""Grade the waiting submissions, each in a process of its own, several at a time."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import re
import resource
import secrets
import shutil
import tempfile
import threading
import time
import warnings
import zlib
from collections.abc import Callable, Collection
from contextlib import contextmanager
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbgrader.apps import NbGraderAPI
from sqlalchemy.exc import SAWarning

from grading import register, sandbox
from grading.course import Course, GradingError, digest_of, nbgrader_config, prepare, solution_of

# The memory of the trusted side: a notebook can send it more than it expects.
TRUSTED_MEMORY = 3 * sandbox.GIGABYTE
NOT_GRADED = re.compile(r"^\s*grading\.execute\.NotGraded: (.*)$", re.MULTILINE)


class Pace(NamedTuple):
    """How many workers grade, and the limits of each submission."""

    workers: int = 2
    cell_seconds: int = 60
    limits: sandbox.Limits = sandbox.Limits()


def grade_waiting(
    course: Course,
    assignment: str,
    pace: Pace,
    shard: tuple[int, int] = (1, 1),
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
        Workers and limits.
    shard : (int, int)
        ``(i, n)``: only the i-th of n slices of the learners. A learner's slice depends on the
        name only, so machines need not agree on the class.
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
        If the same slice is being graded already. The caller first asks `sandbox.missing`:
        without a sandbox each submission fails.
    """
    prepare(course, assignment)
    digest = digest_of(solution_of(course, assignment))
    with _alone(course, assignment, shard):
        waiting = [
            entry
            for entry in register.entries(course.database, assignment).values()
            if slice_of(entry.learner, shard[1]) == shard[0]
            and (again or entry.outcome == register.WAITING or entry.solution != digest)
            and (not only or entry.learner in only)
            # A rejected submission has no notebook to grade.
            and entry.submission
        ]
        return _grade_all(course, waiting, digest, pace, progress)


def slice_of(learner: str, slices: int) -> int:
    """Return which of n slices, 1 to n, a learner belongs to."""
    return zlib.crc32(learner.encode()) % slices + 1


@contextmanager
def _alone(course: Course, assignment: str, shard: tuple[int, int]):
    """Hold a lock, which the system releases even when this process is killed."""
    path = course.root / f".grading-{assignment}-{shard[0]}-of-{shard[1]}"
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GradingError(
                f"{assignment} is being graded in {course.root} right now; wait for its end"
            ) from None
        yield


def _grade_all(course, waiting, digest, pace, progress) -> list[register.Entry]:
    # One process per submission, so that no submission can change the grader of the next. They
    # are forked from a server that has loaded nbgrader.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["grading.autograde", "grading.feedback"])
    todo, done = list(reversed(waiting)), []
    running: dict[Any, tuple] = {}
    while todo or running:
        while todo and len(running) < pace.workers:
            entry = todo.pop()
            # The new process makes and removes it, even when this one is killed.
            home = Path(tempfile.gettempdir()) / f"grading-{secrets.token_hex(8)}"
            process = context.Process(
                target=_grade_in_process, args=(course, entry, digest, pace, home), daemon=False
            )
            process.start()
            deadline = time.monotonic() + pace.limits.seconds + 60
            running[process.sentinel] = (process, entry, home, deadline)
        ended = wait(list(running), timeout=1)
        late = [s for s, (*_, deadline) in running.items() if time.monotonic() > deadline]
        for sentinel in {*ended, *late}:
            process, entry, home, _ = running.pop(sentinel)
            if sentinel in late:
                process.kill()
            process.join()
            # It still exists if that process was killed.
            shutil.rmtree(home, ignore_errors=True)
            if process.exitcode:
                reason = "its grader did not come to an end"
                if sentinel not in late:
                    reason = f"its grader broke down (exit code {process.exitcode})"
                _fail(course, entry, digest, reason)
            done.append(register.entry_of(course.database, entry.assignment, entry.learner))
            progress(len(done), len(waiting))
    return done


def _grade_in_process(course: Course, entry, digest: str, pace: Pace, home: Path) -> None:
    """Grade one submission in this process, which ends when the grader that started it ends."""
    home.mkdir(mode=0o700)
    threading.Thread(target=_end_with_parent, args=(home,), daemon=True).start()
    # SQLAlchemy warns about the order in which nbgrader makes its objects.
    warnings.filterwarnings("ignore", category=SAWarning)
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (TRUSTED_MEMORY, hard))
    started = time.monotonic()
    try:
        reason = grade_one(course, entry.assignment, entry.learner, pace, home)
    finally:
        # Before the end is recorded: after that the grader may end, and this process with it.
        shutil.rmtree(home, ignore_errors=True)
    seconds = round(time.monotonic() - started, 2)
    if reason:
        _fail(course, entry, digest, reason, seconds)
        return
    stopped = _cells_out_of_time(course.autograded(entry.assignment, entry.learner))
    graded = entry._replace(
        outcome=register.GRADED,
        reason="",
        notes=_notes(entry.notes, stopped),
        solution=digest,
        seconds=seconds,
    )
    register.record_end(course.database, graded)


def grade_one(course: Course, assignment: str, learner: str, pace: Pace, home: Path) -> str | None:
    """Grade one submission into the gradebook; return why it got no score, or None if it did.

    `home` is an empty folder for this run only; the caller removes it.
    """
    run = home / "run"
    run.mkdir(mode=0o700)
    verdict = home / "verdict"
    config = nbgrader_config(course)
    config.ExecuteInSandbox.run = str(run)
    config.ExecuteInSandbox.verdict = str(verdict)
    config.ExecuteInSandbox.request = sandbox.request(run, verdict, pace.limits)
    config.ExecuteInSandbox.timeout = pace.cell_seconds
    answer = NbGraderAPI(config=config).autograde(assignment, learner, force=True)
    if answer["success"]:
        return None
    log = answer.get("log", "")
    if found := NOT_GRADED.search(log):
        return found[1]
    (course.root / "logs").mkdir(exist_ok=True)
    place = course.root / "logs" / f"{assignment}-{learner}.log"
    place.write_text(f"{log}\n{answer.get('error', '')}", encoding="utf-8")
    return f"nbgrader gave up; its words are in {place.relative_to(course.root)}"


def _fail(course: Course, entry, digest: str, reason: str, seconds: float | None = None) -> None:
    failed = entry._replace(
        outcome=register.FAILED, reason=reason, solution=digest, seconds=seconds
    )
    register.record_end(course.database, failed)


def _notes(before: str, stopped: int) -> str:
    """Return intake's notes and the number of cells out of time in this run, not an earlier one."""
    notes = [note for note in before.split("; ") if note and not note.endswith("out of time")]
    if stopped:
        notes.append(f"{stopped} cell{'' if stopped == 1 else 's'} out of time")
    return "; ".join(notes)


def _cells_out_of_time(path: Path) -> int:
    notebook = nbformat.read(path, as_version=4)
    return sum(
        any(output.get("ename") == "CellTimeoutError" for output in cell.get("outputs", []))
        for cell in notebook.cells
    )


def _end_with_parent(home: Path) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        # The kernel ends later than the grader, and may still be making its sockets.
        for _ in range(20):
            shutil.rmtree(home, ignore_errors=True)
            if not home.exists():
                break
            time.sleep(0.05)
        os._exit(1)
