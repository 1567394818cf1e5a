"""Every assignment of the course goes through the grader."""

import json
import shutil
from pathlib import Path

import nbformat

from grading import autograde, export, intake
from grading.course import open_course, prepare
from tests.assignments import scoring

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = sorted(path.stem for path in ROOT.glob("solutions/*/*.ipynb"))


def test_every_assignment_can_be_graded(tmp_path):
    """Its solution earns every automatic point, its untouched exercise none, in the sandbox."""
    submissions = tmp_path / "submissions"
    for name in ASSIGNMENTS:
        for learner, folder in [("knows", "solutions"), ("new", "exercises")]:
            target = submissions / learner / name / f"{name}.ipynb"
            target.parent.mkdir(parents=True)
            shutil.copy(ROOT / folder / name / f"{name}.ipynb", target)
    course, found = open_course(tmp_path / "work", ROOT / "solutions"), {}
    for name in ASSIGNMENTS:
        prepare(course, name)
        intake.take_in(course, name, submissions)
        autograde.grade_waiting(course, name, autograde.Pace())
        table = export.rows(course, name)
        solution = nbformat.read(ROOT / f"solutions/{name}/{name}.ipynb", as_version=4)
        most = sum(scoring.maxima(solution)[0].values())
        found[name] = [
            (row.learner, row.status, row.score == (most if row.learner == "knows" else 0))
            for row in table
        ]
    right = [("knows", "needs manual", True), ("new", "needs manual", True)]
    assert found == {name: right for name in ASSIGNMENTS}, json.dumps(found, indent=1)
