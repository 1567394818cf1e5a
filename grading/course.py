"""The work folder of a course: its folders, nbgrader's settings, and assignments made ready."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from grading import register
from grading.errors import GradingError
from tools.derive import derive

TITLE = "xaikit: how a network came to its answer"
# nbgrader's parts have two defaults, of which one is no course.
COURSE_ID = "default_course"
# formgrader reads these settings when JupyterLab is started in the work folder.
FORMGRADER_SETTINGS = """\
# Written by `python -m grading`; edits are lost.
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.db_url = {database!r}
c.CourseDirectory.course_id = {course_id!r}
# formgrader's Autograde button would run learners' code with your rights, and its Generate Feedback
# button would show them the hidden tests. They meet these lines first.
c.Autograde.force = "Use `python -m grading autograde`: it grades in a sandbox."
c.GenerateFeedback.force = "Use `python -m grading feedback`: its pages show no hidden test."
"""


class Course(NamedTuple):
    """Where everything is.

    Attributes
    ----------
    root : Path
        The work folder: gradebook, submissions taken in, graded notebooks, feedback.
    solutions : Path
        Folder of the solutions, ``solutions/NAME/NAME.ipynb``.
    """

    root: Path
    solutions: Path

    @property
    def database(self) -> str:
        """The gradebook's address for SQLAlchemy: SQLite, since only one process writes to it."""
        return f"sqlite:///{self.root}/gradebook.db"

    def submitted(self, assignment: str, learner: str) -> Path:
        """Return the path where nbgrader looks for a submission's notebook."""
        return self.root / "submitted" / learner / assignment / f"{assignment}.ipynb"

    def autograded(self, assignment: str, learner: str) -> Path:
        """Return the path of a graded notebook."""
        return self.root / "autograded" / learner / assignment / f"{assignment}.ipynb"

    def feedback(self, assignment: str, learner: str) -> Path:
        """Return the path of a learner's feedback page."""
        return self.root / "feedback" / learner / assignment / f"{assignment}.html"

    def gradebook(self) -> Gradebook:
        """Open the gradebook; use it in a `with`."""
        return Gradebook(self.database, COURSE_ID)


def open_course(work: Path, solutions: Path) -> Course:
    """Make a course's work folder, open its gradebook once, and return the course."""
    work = work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    # nbgrader makes a new gradebook with the first program alembic on the path.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    course = Course(work, solutions.resolve())
    try:
        with course.gradebook():
            pass
        register.make_tables(course.database)
    except Exception as error:  # those of nbgrader, alembic and SQLAlchemy have no common class
        raise GradingError(f"{work / 'gradebook.db'} cannot be opened: {error}") from error
    settings = FORMGRADER_SETTINGS.format(
        root=str(work), database=course.database, course_id=COURSE_ID
    )
    (work / "nbgrader_config.py").write_text(settings, encoding="utf-8")
    return course


def assignments(solutions: Path) -> list[str]:
    """Return the names of the assignments that have a solution."""
    files = solutions.glob("*/*.ipynb")
    return sorted(path.stem for path in files if path.stem == path.parent.name)


def solution_of(course: Course, assignment: str) -> Path:
    """Return the file of an assignment's solution, or raise an error that lists the assignments."""
    path = course.solutions / assignment / f"{assignment}.ipynb"
    if not path.is_file():
        known = ", ".join(assignments(course.solutions)) or "none at all"
        raise GradingError(
            f"there is no solution {path}; the assignments in {course.solutions} are: {known}"
        )
    return path


def digest_of(solution: Path) -> str:
    """Return a fingerprint of a solution: if it changes, submissions are graded again."""
    return hashlib.sha256(solution.read_bytes()).hexdigest()


def prepare(course: Course, assignment: str) -> None:
    """Write an assignment's cells, points and hidden tests into the gradebook, once per version."""
    solution = solution_of(course, assignment)
    derive(solution.read_text(encoding="utf-8"))  # raises if the solution has a fault
    source = course.root / "source" / assignment / solution.name
    stamp = source.with_name(".in-gradebook")
    known = digest_of(solution)
    # Check the gradebook too: it may be a new one.
    if stamp.is_file() and stamp.read_text() == known and _holds(course, assignment):
        return
    source.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(solution, source)
    answer = NbGraderAPI(config=nbgrader_config(course)).generate_assignment(assignment, force=True)
    if not answer["success"]:
        raise GradingError(f"nbgrader does not take {solution}:\n{answer.get('log', '')}")
    stamp.write_text(known)


def _holds(course: Course, assignment: str) -> bool:
    """Return whether the gradebook has an assignment's notebook, not only its name."""
    with course.gradebook() as gradebook:
        try:
            return bool(gradebook.find_notebook(assignment, assignment))
        except MissingEntry:
            return False


def nbgrader_config(course: Course) -> Config:
    """Return nbgrader's settings, with the steps of feedback that replace its own."""
    config = Config()
    config.CourseDirectory.root = str(course.root)
    config.CourseDirectory.db_url = course.database
    config.CourseDirectory.course_id = COURSE_ID
    # Files beside a solution must not reach learners.
    config.CourseDirectory.ignore = [".*", "*.py", "*.md", "*.pyc", "__pycache__"]
    config.OverwriteCells.add_missing_cells = True
    # nbgrader looks for this folder but does not use it: submissions come through intake.
    config.Exchange.root = str(course.root / "exchange")
    return config
