"""Run one submission: a pure function, from a notebook's text to the executed text or a reason.

Dask's workers call `run_notebook`. Each submission has a grader process of its own, so none can
change the grader of the next, and the limits are that process's. It is a fork of this file started
as a program, once for each worker: Python's own forkserver is closed to Dask's workers, which are
daemons.
"""

from __future__ import annotations

import hashlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from functools import cache
from pathlib import Path
from typing import IO, Any, NamedTuple

from grading import sandbox
from grading.limited import CHECKOUT, limit_memory

# The memory of the trusted side: a notebook can send it more than it expects.
TRUSTED_MEMORY = 3 * sandbox.GIGABYTE
# Beyond a submission's own seconds: for the start and the end of its kernel.
EXTRA_SECONDS = 60
LOOK_EVERY = 0.1  # seconds, whether the worker is still there
FORKS: dict[int, Any] = {}  # by thread


class Pace(NamedTuple):
    """The limits of each submission, and how many workers a single machine has."""

    workers: int = 2
    cell_seconds: int = 60
    limits: sandbox.Limits = sandbox.Limits()


class Ran(NamedTuple):
    """What became of a notebook: the executed `text`, or None and the `reason`.

    `words` are those of a grader that broke down; `seconds` is the time that it took.
    """

    text: str | None
    reason: str = ""
    words: str = ""
    seconds: float = 0.0


class UnfitWorker(Exception):
    """A worker that must not grade; the message says why and what to do."""


def run_notebook(text: str, pace: Pace, checkout: str = "") -> Ran:
    """Run a notebook in the sandbox, in a process of its own.

    Parameters
    ----------
    text : str
        The notebook, with the tests of the solution.
    pace : Pace
        Its limits.
    checkout : str
        On another machine than the client's, the client's `fingerprint`: another version of the
        course would give other grades.

    Raises
    ------
    UnfitWorker
        If this machine has no sandbox, or another version of the course.
    """
    if checkout and (why := unfit(checkout)):
        raise UnfitWorker(f"{socket.gethostname()}: {why}")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as home:
        ran = _in_a_process(Path(home), text, pace)
    return ran._replace(seconds=round(time.monotonic() - started, 2))


@cache
def unfit(checkout: str) -> str | None:
    """Return why this machine must not grade for a client with that checkout, or None."""
    if fingerprint() != checkout:
        return f"the checkout of the course in {CHECKOUT} is not the one of the client"
    return sandbox.missing()


@cache
def fingerprint() -> str:
    """Return a fingerprint of the code that decides about points."""
    files = sorted([*CHECKOUT.glob("grading/**/*.py"), *CHECKOUT.glob("xaikit/**/*.py")])
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _in_a_process(home: Path, text: str, pace: Pace) -> Ran:
    task = json.dumps([text, pace.cell_seconds, pace.limits])
    (home / "task").write_text(task, encoding="utf-8")
    forks = _forks(threading.get_ident())
    print(pace.limits.seconds + EXTRA_SECONDS, home, file=forks.stdin, flush=True)
    end = forks.stdout.readline().strip()
    if end == "0":
        return Ran(*json.loads((home / "ran").read_text(encoding="utf-8")))
    if end == "late":
        return Ran(None, "its grader did not come to an end")
    words = (home / "words").read_text(encoding="utf-8", errors="replace")
    return Ran(None, f"its grader broke down (exit code {end})", words)


def _forks(thread: int) -> Any:
    """Return the process that has loaded nbclient, and forks itself for each submission."""
    if thread not in FORKS or FORKS[thread].poll() is not None:
        FORKS[thread] = subprocess.Popen(
            [sys.executable, "-m", "grading.run", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            cwd=CHECKOUT,
            # Ctrl-C in a terminal is for the client alone.
            start_new_session=True,
        )
        if FORKS[thread].stdout.readline() != "ready\n":
            raise UnfitWorker(f"{socket.gethostname()}: the grader cannot be loaded there")
    return FORKS[thread]


def main(worker: int) -> None:
    """Run the notebook of each folder on the standard input, in a fork with its own seconds."""
    # Workers need neither, and they take half a second to load.
    from grading import execute, harmless  # noqa: F401

    print("ready", flush=True)
    for line in sys.stdin:
        seconds, _, home = line.strip().partition(" ")
        # A pipe of which the fork alone has an end: it closes with the fork.
        open_while_it_runs, its_end = os.pipe()
        fork = os.fork()
        if not fork:
            _run_and_exit(Path(home))
        os.close(its_end)
        with open(open_while_it_runs, "rb") as pipe:
            print(_end_of(fork, pipe, float(seconds), Path(home), worker), flush=True)


def _end_of(fork: int, pipe: IO[bytes], seconds: float, home: Path, worker: int) -> str:
    """Wait for a fork, whose end closes the pipe; return its exit code, or "late".

    End with the worker.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and os.getppid() == worker:
        if select.select([pipe], [], [], LOOK_EVERY)[0]:
            return str(os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1]))
    os.kill(fork, signal.SIGKILL)
    os.waitpid(fork, 0)
    if os.getppid() != worker:
        # The kernel ends later than the grader, and may still be making its sockets.
        for _ in range(20):
            shutil.rmtree(home, ignore_errors=True)
            time.sleep(0.05)
        sys.exit(1)
    return "late"


def _run_and_exit(home: Path) -> None:
    # Whatever goes wrong, the fork must not go on as its parent.
    try:
        words = os.open(home / "words", os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(words, 1)
        os.dup2(words, 2)
        limit_memory(TRUSTED_MEMORY)
        text, cell_seconds, limits = json.loads((home / "task").read_text(encoding="utf-8"))
        ran = _executed(text, cell_seconds, sandbox.Limits(*limits), home)
        (home / "ran").write_text(json.dumps(ran), encoding="utf-8")
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _executed(text: str, cell_seconds: int, limits: sandbox.Limits, home: Path) -> Ran:
    # Workers need none of these.
    import nbformat

    from grading.execute import ExecuteInSandbox, NotGraded
    from grading.harmless import Harmless

    run, verdict = home / "run", home / "verdict"
    run.mkdir(mode=0o700)
    steps = [
        ExecuteInSandbox(
            run=str(run),
            verdict=str(verdict),
            request=sandbox.request(run, verdict, limits),
            timeout=cell_seconds,
        ),
        Harmless(),
    ]
    notebook = nbformat.reads(text, as_version=4)
    try:
        for step in steps:
            notebook, _ = step(notebook, {})
    except NotGraded as why:
        return Ran(None, str(why))
    return Ran(nbformat.writes(notebook))


if __name__ == "__main__":
    main(int(sys.argv[1]))
