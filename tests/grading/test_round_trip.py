"""A class of twenty in one real assignment."""

import csv
import shutil
import zipfile
from pathlib import Path

import nbformat
import pytest

from grading import export, register
from grading.__main__ import main
from grading.course import open_course
from tests.assignments import scoring
from tests.assignments.wrong_answers_03 import WRONG_ANSWERS

ROOT = Path(__file__).resolve().parents[2]
NAME = "03_shapley_values"
CLASS = 20


def read(folder, name=NAME):
    return nbformat.read(ROOT / folder / name / f"{name}.ipynb", as_version=4)


def handed_in(answers):
    """Return the bytes of an exercise with a learner's answers."""
    notebook = read("exercises")
    for cell in notebook.cells:
        if (grade_id := cell.metadata.get("nbgrader", {}).get("grade_id")) in answers:
            cell.source = answers[grade_id]
    return nbformat.writes(notebook).encode()


def the_class():
    """Return {learner: (the notebook's bytes, its automatic points)}."""
    right, (most, _) = scoring.answers_of(read("solutions")), scoring.maxima(read("solutions"))
    planted = [
        (grade_id, wrong) for grade_id, table in WRONG_ANSWERS.items() for wrong in table.values()
    ]
    learners = {
        "perfect": (handed_in(right), sum(most.values())),
        "untouched": (handed_in({}), 0.0),
        "kim_min_jun": (handed_in(right), sum(most.values())),
        "late_lea": (handed_in(right), sum(most.values())),
    }
    first = next(iter(right))
    only_first = sum(most[name] for name in most if name.startswith(f"{first}-"))
    learners["half_way"] = (handed_in({first: right[first]}), only_first)
    others = CLASS - 1 - len(learners)  # one learner submits nothing
    for number, (grade_id, wrong) in enumerate(planted[:: len(planted) // others][:others]):
        points = sum(most[name] for name in most if name not in wrong.loses)
        learners[f"wrong_{number}"] = (handed_in({**right, grade_id: wrong.source}), points)
    assert len(learners) == CLASS - 1
    return learners


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Grade the class by the instructor's command; return learners, rows and work folder."""
    folder, learners = tmp_path_factory.mktemp("class"), the_class()
    with zipfile.ZipFile(folder / "export.zip", "w") as archive:
        for learner, (content, _) in learners.items():
            if learner == "late_lea":
                archive.writestr(f"{learner}/{NAME}/{NAME}.ipynb", content)
                archive.writestr(f"{learner}/{NAME}/timestamp.txt", "2026-03-03 12:00:00 UTC\n")
            else:
                archive.writestr(f"all/{learner}_{NAME}.ipynb", content)
    names = [*learners, "missing_mia"]
    roster = "learner,first_name,last_name\n" + "".join(f"{n},{n.title()},Ng\n" for n in names)
    (folder / "roster.csv").write_text(roster, encoding="utf-8")
    work = folder / "grades"
    options = ["--work", work, "--solutions", ROOT / "solutions", "--workers", "2"]
    options += ["--submissions", folder / "export.zip", "--roster", folder / "roster.csv"]
    options += ["--due", "2026-03-02 00:00", "--late-penalty", "0.1"]
    assert main(["grade", NAME, *map(str, options)]) == 0
    with open(work / f"grades-{NAME}.csv", encoding="utf-8-sig", newline="") as file:
        rows = {row["learner"]: row for row in csv.DictReader(file)}
    return learners, rows, work


def test_every_score_is_right(graded):
    learners, rows, _ = graded
    wrong = {
        name: (float(rows[name]["automatic"]), points)
        for name, (_, points) in learners.items()
        if float(rows[name]["automatic"]) != points
    }
    assert not wrong
    assert len({points for _, points in learners.values()}) > 3  # the scores differ


def test_there_is_a_row_for_each_learner_with_score_and_status(graded):
    learners, rows, _ = graded
    assert set(rows) == {*learners, "missing_mia"}
    assert len(rows) == CLASS
    assert rows["missing_mia"]["status"] == "missing"
    assert float(rows["missing_mia"]["score"]) == 0.0
    for name in set(learners) - {"late_lea"}:
        assert rows[name]["status"] == "needs manual"
        assert rows[name]["score"] == rows[name]["automatic"]


def test_lateness_costs_two_of_twenty_points_for_each_day_begun(graded):
    _, rows, _ = graded
    late = rows["late_lea"]
    assert late["status"] == "needs manual, late"
    assert late["late_by"] == "1 d 12:00"
    assert (float(late["automatic"]), float(late["penalty"]), float(late["score"])) == (16, 4, 12)


def test_the_first_page_shows_what_lateness_cost(graded):
    _, _, work = graded
    page = work / "feedback" / "late_lea" / NAME / f"{NAME}.html"
    text = page.read_text(encoding="utf-8")
    assert "4 points taken off, since it was 1 day 12 hours late" in text
    assert "12 of 20 points" in text


def test_a_second_call_grades_nothing_twice(graded, capsys):
    _, rows, work = graded
    before = register.entries(f"sqlite:///{work}/gradebook.db", NAME)
    options = ["--work", work, "--solutions", ROOT / "solutions"]
    options += ["--submissions", work.parent / "export.zip"]
    assert main(["grade", NAME, *map(str, options)]) == 0
    said = capsys.readouterr().out
    assert f"taken in: 0, known before: {CLASS - 1}" in said
    assert "graded now: 0" in said
    assert register.entries(f"sqlite:///{work}/gradebook.db", NAME) == before
    with open(work / f"grades-{NAME}.csv", encoding="utf-8-sig", newline="") as file:
        assert {row["learner"]: row for row in csv.DictReader(file)} == rows


def test_points_by_hand_complete_a_grade(graded, tmp_path):
    _, _, work = graded
    copied = shutil.copytree(work, tmp_path / "grades", symlinks=True)
    course = open_course(copied, ROOT / "solutions")
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission(NAME, "late_lea")
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                if grade.needs_manual_grade:
                    grade.manual_score, grade.needs_manual_grade = 3.0, False
        gradebook.db.commit()
    row = next(row for row in export.rows(course, NAME) if row.learner == "late_lea")
    assert row.status == "graded, late"
    assert (row.automatic, row.manual, row.penalty, row.score) == (16.0, 3.0, 4.0, 15.0)


def test_the_hidden_tests_stay_hidden(graded):
    _, _, work = graded
    hidden = [
        line.strip()
        for cell in read("solutions").cells
        if "BEGIN HIDDEN TESTS" in cell.source
        for line in cell.source.partition("BEGIN HIDDEN TESTS")[2].splitlines()
        if "hidden_" in line and "=" in line and len(line.strip()) > 30
    ]
    assert len(hidden) > 5
    pages = sorted(work.glob("feedback/*/*/*.html"))
    assert len(pages) == CLASS - 1
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not [line for line in hidden if line in text], page
        assert "BEGIN HIDDEN TESTS" not in text
        assert "BEGIN MARK SCHEME" not in text
