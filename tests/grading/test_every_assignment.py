"""Every assignment of the course goes through the grader."""

import shutil
from pathlib import Path

import nbformat
import pytest

from grading import autograde, export, intake
from grading.course import open_course, prepare
from tests.assignments import scoring
from tests.grading.classes import workers

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("solutions/*/*.ipynb")), ids=lambda path: path.stem
)
def test_every_assignment_can_be_graded(path, tmp_path):
    """Its solution earns every automatic point, its untouched exercise none, in the sandbox."""
    name = path.stem
    for learner, folder in [("knows", "solutions"), ("new", "exercises")]:
        target = tmp_path / "given" / learner / name / f"{name}.ipynb"
        target.parent.mkdir(parents=True)
        shutil.copy(ROOT / folder / name / f"{name}.ipynb", target)
    course = open_course(tmp_path / "work", ROOT / "solutions")
    prepare(course, name)
    intake.take_in(course, name, tmp_path / "given")
    autograde.grade_waiting(course, name, autograde.Pace(), workers())
    most = sum(scoring.maxima(nbformat.read(path, as_version=4))[0].values())
    found = [(row.learner, row.status, row.score) for row in export.rows(course, name)]
    assert found == [("knows", "needs manual", most), ("new", "needs manual", 0)]
