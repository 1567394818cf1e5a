"""A second run, on submissions that are graded already."""

import os

import pytest

from grading import autograde, export, intake, register
from tests.grading.classes import NAME, PACE, answered, grade, hand_in, workers, write_solution


@pytest.fixture
def folders(tmp_path):
    write_solution(tmp_path / "solutions")
    return tmp_path


def graded(folders, **options):
    return grade(folders / "work", folders / "solutions", folders / "given", **options)


def row(course, learner="anna"):
    return next(row for row in export.rows(course, NAME) if row.learner == learner)


def test_a_new_time_of_a_graded_notebook_counts(folders):
    path = hand_in(folders / "given", "anna", answered())
    course = graded(folders)
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate="2026-03-01 00:00")
    register.set_late_policy(course.database, NAME, register.LatePolicy(0.1))
    assert (row(course).handed_in, row(course).penalty) == ("", 0)
    second_of_march = 1_772_409_600
    os.utime(path, (second_of_march, second_of_march))
    for stamp, late_by, penalty in [
        (None, "1 d 00:00", 2),
        ("2026-03-02 12:00 UTC", "1 d 12:00", 4),
        ("2026-02-27 12:00 UTC", "", 0),
    ]:
        if stamp:
            path.with_name("timestamp.txt").write_text(stamp)
        report = intake.take_in(course, NAME, folders / "given", use_file_times=True)
        assert report.unchanged == ["anna"]
        assert (row(course).late_by, row(course).penalty) == (late_by, penalty)


def give_points(course, learner="anna", points=3.0):
    with course.gradebook() as gradebook:
        for notebook in gradebook.find_submission(NAME, learner).notebooks:
            for grade in notebook.grades:
                if grade.needs_manual_grade:
                    grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()


def with_answer(text):
    notebook = answered()
    notebook.cells[-1].source = text
    return notebook


def test_handed_in_again_after_points_by_hand_it_waits_for_the_instructor_again(folders):
    hand_in(folders / "given", "anna", with_answer("Outliers."))
    course = graded(folders)
    give_points(course)
    assert row(course).status == "graded"
    assert intake.take_in(course, NAME, folders / "given").unchanged == ["anna"]
    assert row(course).status == "graded"
    hand_in(folders / "given", "anna", with_answer("Nothing."))
    course = graded(folders)
    assert (row(course).status, row(course).manual) == ("needs manual", 3.0)
    assert "look again; before: earlier/anna/two_sums/1.ipynb" in row(course).notes
    assert "Outliers." in (course.root / "earlier" / "anna" / NAME / "1.ipynb").read_text()
    assert "Nothing." in course.submitted(NAME, "anna").read_text()


def test_a_version_without_a_time_keeps_the_penalty_of_the_one_before(folders):
    path = hand_in(folders / "given", "anna", answered())
    stamp = path.with_name("timestamp.txt")
    stamp.write_text("2026-03-02 12:00 UTC")
    course = graded(folders)
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate="2026-03-01 00:00")
    register.set_late_policy(course.database, NAME, register.LatePolicy(0.1))
    assert row(course).penalty == 4
    stamp.unlink()
    assert intake.take_in(course, NAME, folders / "given").unchanged == ["anna"]
    assert row(course).penalty == 4
    hand_in(folders / "given", "anna", answered(double="return x + x"))
    course = graded(folders)
    assert row(course).penalty == 4
    assert "no time came with it: that of the version before" in row(course).notes
    stamp.write_text("2026-02-27 12:00 UTC")
    intake.take_in(course, NAME, folders / "given")
    assert row(course).penalty == 0
    assert "handed in 2026-02-27 12:00:00 UTC, before it was 2026-03-02" in row(course).notes


def test_a_later_file_that_cannot_be_read_leaves_the_graded_one(folders):
    hand_in(folders / "given", "anna", answered())
    course = graded(folders)
    before = row(course)
    hand_in(folders / "given", "anna", b"no notebook")
    for _ in range(2):
        assert intake.take_in(course, NAME, folders / "given").rejected == ["anna"]
    assert row(course)._replace(notes="") == before
    assert row(course).notes.count("a later file was not taken in") == 1


def test_a_gradebook_that_was_deleted_is_filled_anew(folders):
    hand_in(folders / "given", "anna", answered())
    graded(folders)
    (folders / "work" / "gradebook.db").unlink()
    course = graded(folders)
    assert (row(course).status, row(course).score) == ("needs manual", 16)


@pytest.mark.parametrize("repairs", ["", "put back 1 deleted cell: mean; not looked at: a.ipynb"])
@pytest.mark.parametrize("stopped", ["", "1 cell out of time", "2 cells out of time"])
def test_notes_of_repairs_stay_and_those_of_time_are_new(repairs, stopped):
    before = "; ".join(filter(None, [repairs, "2 cells out of time"]))
    after = "; ".join(filter(None, [repairs, stopped]))
    assert autograde._notes(before, int(stopped[:1] or 0)) == after


@pytest.mark.parametrize(
    ("code", "end"), [([], register.GRADED), (["import os; os._exit(1)"], register.FAILED)]
)
def test_a_version_that_comes_while_one_is_graded_waits(folders, monkeypatch, code, end):
    given = folders / "given"
    graded_ones = autograde._graded

    def meanwhile(course, *more):
        hand_in(given, "anna", answered(before=code))
        assert intake.take_in(course, NAME, given).taken == ["anna"]
        return graded_ones(course, *more)

    hand_in(given, "anna", answered(mean="return 0.0"))
    with monkeypatch.context() as patch:
        patch.setattr(autograde, "_graded", meanwhile)
        course = graded(folders)
    entry = register.entry_of(course.database, NAME, "anna")
    assert (entry.outcome, entry.solution, row(course).status) == (register.WAITING, "", "waiting")
    autograde.grade_waiting(course, NAME, PACE, workers())
    after = register.entry_of(course.database, NAME, "anna")
    assert (after.outcome, after.submission) == (end, entry.submission)
