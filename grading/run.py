"""Run one submission: a pure function, from a notebook's text to the executed text or a reason.

Dask's workers call `run_notebook`, which starts this file as a process of its own for each
submission. So no submission can change the grader of the next, and limits are that process's.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from pathlib import Path
from typing import NamedTuple

from grading import sandbox

CHECKOUT = Path(__file__).resolve().parents[1]
# The memory of the trusted side: a notebook can send it more than it expects.
TRUSTED_MEMORY = 3 * sandbox.GIGABYTE
# Beyond a submission's own seconds: for the start and the end of its kernel.
EXTRA_SECONDS = 60


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


def run_notebook(text: str, pace: Pace, checkout: str) -> Ran:
    """Run a notebook in the sandbox, in a process of its own.

    Parameters
    ----------
    text : str
        The notebook, with the tests of the solution.
    pace : Pace
        Its limits.
    checkout : str
        The client's `fingerprint`: another version of the course would give other grades.

    Raises
    ------
    UnfitWorker
        If this machine has no sandbox, or another version of the course.
    """
    if why := unfit(checkout):
        raise UnfitWorker(f"{socket.gethostname()}: {why}")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as home:
        ran = _in_a_process(home, text, pace)
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


def _in_a_process(home: str, text: str, pace: Pace) -> Ran:
    command = [sys.executable, "-m", "grading.run", home, str(os.getpid())]
    try:
        ended = subprocess.run(
            command,
            input=json.dumps([text, pace.cell_seconds, pace.limits]),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=pace.limits.seconds + EXTRA_SECONDS,
            cwd=CHECKOUT,
            # Ctrl-C in a terminal is for the client alone.
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return Ran(None, "its grader did not come to an end")
    if ended.returncode:
        reason = f"its grader broke down (exit code {ended.returncode})"
        return Ran(None, reason, ended.stderr)
    return Ran(*json.loads(ended.stdout))


def main(home: Path, worker: int) -> None:
    """Run the notebook that stands on the standard input; write what became of it as JSON."""
    threading.Thread(target=_end_with_worker, args=(home, worker), daemon=True).start()
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (TRUSTED_MEMORY, hard))
    text, cell_seconds, limits = json.load(sys.stdin)
    print(json.dumps(_executed(text, cell_seconds, sandbox.Limits(*limits), home)))


def _executed(text: str, cell_seconds: int, limits: sandbox.Limits, home: Path) -> Ran:
    # Workers need none of these, and they take a second to load.
    import nbformat
    from nbgrader.preprocessors import LimitOutput

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
        LimitOutput(max_lines=500, max_traceback=60),
        Harmless(),
    ]
    notebook = nbformat.reads(text, as_version=4)
    try:
        for step in steps:
            notebook, _ = step(notebook, {})
    except NotGraded as why:
        return Ran(None, str(why))
    return Ran(nbformat.writes(notebook))


def _end_with_worker(home: Path, worker: int) -> None:
    """End this process, and its kernel with it, when the worker that started it has ended."""
    while os.getppid() == worker:
        time.sleep(sandbox.WATCH_EVERY)
    # The kernel ends later than the grader, and may still be making its sockets.
    for _ in range(20):
        shutil.rmtree(home, ignore_errors=True)
        if not home.exists():
            break
        time.sleep(0.05)
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
