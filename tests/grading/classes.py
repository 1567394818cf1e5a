"""Assignments and classes of learners to grade, made for the tests."""

import atexit
import contextlib
import copy
import hashlib
import tempfile
import warnings
from functools import cache
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sqlalchemy.exc import SAWarning

from grading import autograde, cluster, feedback, intake, register, sandbox
from grading.course import open_course, prepare
from tools.derive import derive
from tools.normalise import to_text

NAME = "two_sums"
SECRET = "hidden_answer = double(20.5) + 1.25 - secrets_of_the_test"

DOUBLE = """def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION"""
DOUBLE_CHECK = f"""assert double(2) == 4, "double(2) is 4"
### BEGIN HIDDEN TESTS
secrets_of_the_test = 42.25
{SECRET}
assert float(hidden_answer) == 0.0, "double: wrong"
### END HIDDEN TESTS"""
MEAN = """def mean(values):
    ### BEGIN SOLUTION
    return np.sum(values) / len(values)
    ### END SOLUTION"""
MEAN_CHECK = """np.testing.assert_allclose(mean(np.array([1.0, 3.0])), 2.0)
### BEGIN HIDDEN TESTS
hidden_values = np.random.default_rng().normal(size=5)
assert np.abs(np.asarray(mean(hidden_values)) - hidden_values.sum() / 5).max() < 1e-12
### END HIDDEN TESTS"""
TASK = """Say why a mean may lie.
<!-- BEGIN MARK SCHEME -->
One point for outliers, three for saying which.
<!-- END MARK SCHEME -->"""


def marked(cell, grade_id, **mark):
    """Return a cell with nbgrader's metadata."""
    mark = {"grade": False, "solution": False, "locked": False, "task": False, **mark}
    mark |= {"grade_id": grade_id, "schema_version": 3, "cell_type": cell.cell_type}
    cell.metadata["nbgrader"] = mark
    return cell


def solution():
    """Return the solution of a small assignment: 8 and 8 points, and 4 by hand."""
    check = {"grade": True, "locked": True, "points": 8}
    cells = [
        new_markdown_cell("# Two sums"),
        marked(new_code_cell("import numpy as np"), "setup", locked=True),
        marked(new_code_cell(DOUBLE), "double", solution=True),
        marked(new_code_cell(DOUBLE_CHECK), "double-check", **check),
        marked(new_code_cell(MEAN), "mean", solution=True),
        marked(new_code_cell(MEAN_CHECK), "mean-check", **check),
        marked(new_markdown_cell(TASK), "why", task=True, locked=True, points=4),
        new_markdown_cell("*Your answer:*"),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return new_notebook(cells=cells)


def write_solution(folder, notebook=None, name=NAME):
    """Write a solution below `folder`; return `folder`."""
    path = Path(folder) / name / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_text(notebook or solution()), encoding="utf-8")
    return Path(folder)


def exercise():
    """Return the small assignment's exercise, which learners receive."""
    return nbformat.reads(derive(solution()), as_version=4)


RIGHT_MEAN = "return np.sum(values) / len(values)"


def answered(double="return 2 * x", mean=RIGHT_MEAN, before=(), after=()):
    """Return an exercise with answers, and with more cells before and after them."""
    notebook = exercise()
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in ("double", "mean"):
            body = double if grade_id == "double" else mean
            cell.source = cell.source.replace("raise NotImplementedError()", body)
            assert body in cell.source
    notebook.cells[2:2] = [new_code_cell(source) for source in before]
    notebook.cells += [new_code_cell(source) for source in after]
    return notebook


def without_cells(notebook, *grade_ids):
    """Return a notebook without these marked cells."""
    notebook = copy.deepcopy(notebook)
    notebook.cells = [
        cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") not in grade_ids
    ]
    return notebook


def cell_of(notebook, grade_id):
    """Return the cell with a grade id."""
    return next(
        cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


def hand_in(folder, learner, content, name=NAME, file=None):
    """Write a notebook, or bytes, to the place where nbgrader collects a learner's submission."""
    path = Path(folder) / learner / name / (file or f"{name}.ipynb")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else to_bytes(content))
    return path


def snapshot(folder):
    """Return every file below a folder, with a fingerprint; links are not followed."""
    return {
        str(path): "link" if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if not path.is_dir()
    }


def to_bytes(notebook):
    """Return a notebook's file."""
    return nbformat.writes(notebook).encode()


PACE = autograde.Pace(
    workers=2,
    cell_seconds=4,
    limits=sandbox.Limits(data=800 * 1024**2, resident=sandbox.GIGABYTE, seconds=25.0),
)


def recorded(course, learner, double=8.0, mean=8.0, why=4.0, when=None, notes=""):
    """Enter a graded submission without running it; with `why=None` its answer in text waits."""
    points = {"double-check": double, "mean-check": mean}
    with course.gradebook() as gradebook, warnings.catch_warnings():
        # SQLAlchemy warns about the order in which nbgrader makes its objects.
        warnings.simplefilter("ignore", SAWarning)
        gradebook.update_or_create_student(learner)
        submission = gradebook.update_or_create_submission(NAME, learner, timestamp=when)
        for one in submission.notebooks[0].grades:
            one.auto_score = points.get(one.name)
            one.manual_score = why if one.name == "why" else None
            one.needs_manual_grade = one.name == "why" and why is None
        gradebook.db.commit()
    register.record(course.database, register.Entry(NAME, learner, register.GRADED, notes=notes))


@cache
def workers():
    """Start workers that grade all classes of this process; return the client."""
    started = contextlib.ExitStack()
    atexit.register(started.close)
    folder = started.enter_context(tempfile.TemporaryDirectory())
    return started.enter_context(cluster.workers_here(PACE.workers, Path(folder)))


def grade(work, solutions, submissions, name=NAME, pace=PACE, **options):
    """Take in and grade a class; return its course."""
    options.setdefault("client", workers())
    course = open_course(Path(work), Path(solutions))
    prepare(course, name)
    intake.take_in(course, name, Path(submissions))
    autograde.grade_waiting(course, name, pace, **options)
    entries = register.entries(course.database, name).values()
    feedback.write_pages(course, [one for one in entries if one.outcome != register.WAITING])
    return course
