"""Submissions per minute, in the sandbox and by plain nbgrader, which has none."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.tables import Table

ROOT = Path(__file__).resolve().parents[1]
ASSIGNMENT = "03_shapley_values"
LEARNERS = 16
MOST = 0.6  # of plain nbgrader's seconds, with two workers on two cores


def table() -> Table:
    """Grade an honest class by plain nbgrader, and by our grader with one and two workers."""
    with tempfile.TemporaryDirectory(prefix="class-") as folder:
        submissions = make_class(Path(folder, "submitted"), LEARNERS)
        nbgrader = plain(Path(folder, "plain"), submissions)
        took = {"nbgrader autograde, no sandbox": nbgrader}
        for workers in (1, 2):
            words = f"grading, {workers} worker{'s' if workers > 1 else ''}"
            took[words] = ours(Path(folder, str(workers)), submissions, workers)
    rows = [
        [words, f"{LEARNERS}", f"{seconds / LEARNERS:.2f}", f"{seconds / nbgrader:.2f}"]
        for words, seconds in took.items()
    ]
    share = took["grading, 2 workers"] / nbgrader
    missed = (
        [] if share <= MOST else [f"grading, 2 workers: {share:.2f} of nbgrader's, at most {MOST}"]
    )
    return Table(["grader", "submissions", "seconds each", "of nbgrader's"], rows, missed)


def make_class(folder: Path, learners: int) -> Path:
    """Submit the solution for every second learner, the unanswered exercise for the others."""
    for number in range(learners):
        target = folder / f"learner{number:02d}" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        target.parent.mkdir(parents=True)
        source = "solutions" if number % 2 else "exercises"
        shutil.copy(ROOT / source / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", target)
    return folder


def ours(work: Path, submissions: Path, workers: int) -> float:
    """Return the seconds of our grading after intake."""
    run("grading", "intake", ASSIGNMENT, "--work", work, "--submissions", submissions)
    command = ["grading", "autograde", ASSIGNMENT, "--work", work, "--workers", workers]
    return run(*command)


def plain(course: Path, submissions: Path) -> float:
    """Return the seconds of `nbgrader autograde` for the same notebooks."""
    source = course / "source" / ASSIGNMENT
    source.mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", source)
    shutil.copytree(submissions, course / "submitted")
    run("nbgrader", "generate_assignment", ASSIGNMENT, folder=course)
    return run("nbgrader", "autograde", ASSIGNMENT, folder=course)


def run(module: str, *words: object, folder: Path = ROOT) -> float:
    """Return a command's seconds; raise if it fails."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", module, *map(str, words)],
        cwd=folder,
        env={**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - started
