"""Submissions per minute, in the sandbox and by plain nbgrader; a kernel's seconds by edition."""

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
FIRST_EDITION = "5c73e87"  # its last commit
MOST_OF_FIRST = 0.6  # of a kernel's processor time at that commit
# Runs a solution in the sandbox, and prints its kernel's processor time. Both editions know it.
ONE_KERNEL = """
import sys, tempfile
from pathlib import Path
import nbformat
from grading import sandbox
from grading.execute import ExecuteInSandbox
notebook = nbformat.read(sys.argv[1], as_version=4)
notebook.cells.append(nbformat.v4.new_code_cell("import time; time.process_time()"))
with tempfile.TemporaryDirectory(prefix="grading-") as folder:
    run, verdict = Path(folder, "run"), Path(folder, "verdict")
    run.mkdir(mode=0o700)
    asked = sandbox.request(run, verdict, sandbox.Limits())
    step = ExecuteInSandbox(run=str(run), verdict=str(verdict), request=asked, timeout=60)
    ran, _ = step.preprocess(notebook, {})
    print(ran.cells[-1].outputs[0].data["text/plain"])
"""
RUNS = 7


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


def kernel_table() -> Table | None:
    """Compare the kernel's processor time for the solution with the first edition's."""
    wanted = ["grading", "xaikit", "tools", "solutions"]
    archive = ["git", "archive", "--format=tar", FIRST_EDITION, *wanted]
    packed = subprocess.run(archive, cwd=ROOT, capture_output=True)
    if packed.returncode:
        print(f"grading kernel: this checkout does not hold the commit {FIRST_EDITION}")
        return None
    with tempfile.TemporaryDirectory(prefix="first-") as folder:
        subprocess.run(["tar", "-x"], cwd=folder, input=packed.stdout, check=True)
        trees = {"the first": Path(folder), "this": ROOT}
        # In turn, and the least of each: other programs only ever add to it.
        runs = [{words: kernel_seconds(tree) for words, tree in trees.items()} for _ in range(RUNS)]
    took = {words: min(run[words] for run in runs) for words in trees}
    share = took["this"] / took["the first"]
    rows = [[w, f"{took[w]:.2f}", f"{took[w] / took['the first']:.2f}"] for w in took]
    words = f"grading kernel: {share:.2f} of the first edition's, at most {MOST_OF_FIRST}"
    missed = [] if share <= MOST_OF_FIRST else [words]
    return Table(["edition", "seconds", "of the first's"], rows, missed)


def kernel_seconds(tree: Path) -> float:
    """Return the processor time of one kernel that runs a checkout's solution in its sandbox."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-c", ONE_KERNEL, f"solutions/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"],
        cwd=tree,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)


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
