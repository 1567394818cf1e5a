"""A second run, on submissions that are graded already."""

import os

import pytest

from grading import autograde, export, intake, register
from tests.grading.classes import NAME, PACE, answered, grade, hand_in, write_solution


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
    autograde.grade_waiting(course, NAME, PACE)
    after = register.entry_of(course.database, NAME, "anna")
    assert (after.outcome, after.submission) == (end, entry.submission)
