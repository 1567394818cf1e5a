"""Late penalties: the cap, and due times of one's own."""

from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sql

from grading import export, learners, register
from grading.__main__ import main
from grading.course import GradingError, open_course, prepare
from tests.grading.classes import NAME, answered, hand_in, recorded, write_solution

DAY = 86_400


@pytest.fixture
def course(tmp_path):
    course = open_course(tmp_path / "work", write_solution(tmp_path / "solutions"))
    prepare(course, NAME)
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate="2026-03-01 12:00")
    return course


@pytest.fixture
def class_of_three(course):
    register.set_late_policy(course.database, NAME, register.LatePolicy(0.1))
    recorded(course, "anna", when="2026-03-02 12:00")
    recorded(course, "ben", when="2026-03-02 12:00")
    recorded(course, "clara", when="2026-03-01 11:00")
    return course


def rows(course):
    return {row.learner: row for row in export.rows(course, NAME)}


def run(course, command, *words):
    given = ["--work", str(course.root), "--solutions", str(course.solutions)]
    return main([command, NAME, *given, *words])


@pytest.mark.parametrize(
    ("days", "score", "penalty"), [(1, 16, 2), (3, 16, 6), (4, 16, 6), (20, 16, 6), (20, 5, 5)]
)
def test_a_cap_of_three_tenths(days, score, penalty):
    policy = register.LatePolicy(per_day=0.1, max_share=0.3)
    assert export._penalty(days * DAY, score, 20.0, policy) == pytest.approx(penalty, abs=1e-12)


def test_a_due_time_of_ones_own(class_of_three):
    course = class_of_three
    assert run(course, "export", "--due-for", "anna=2026-03-03 12:00") == 0
    table = rows(course)
    assert (table["anna"].late_by, table["anna"].penalty, table["anna"].score) == ("", 0, 20)
    assert table["anna"].notes == "own due time 2026-03-03 12:00 UTC"
    assert (table["ben"].late_by, table["ben"].penalty, table["ben"].score) == ("1 d 00:00", 2, 18)
    # An earlier one, with another offset, replaces it.
    assert run(course, "export", "--due-for", "anna=2026-02-28 13:00+01:00") == 0
    assert (rows(course)["anna"].late_by, rows(course)["anna"].penalty) == ("2 d 00:00", 4)
    # nbgrader's own pages show the same lateness.
    with course.gradebook() as gradebook:
        late = gradebook.find_submission(NAME, "anna").total_seconds_late
    assert late == 2 * DAY


def test_a_due_time_of_ones_own_needs_that_of_the_class(class_of_three, capsys):
    course = class_of_three
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate=None)
    assert run(course, "export", "--due-for", "anna=2026-03-01 12:00") == 2
    assert "give the class's: --due" in capsys.readouterr().err
    assert run(course, "export", "--due", "2026-03-02 12:00") == 0
    assert (rows(course)["anna"].penalty, rows(course)["ben"].penalty) == (2, 0)


def test_the_policy_can_change_without_taking_in_again(class_of_three):
    assert run(class_of_three, "export", "--max-penalty", "0.05", "--due", "2026-02-20") == 0
    assert rows(class_of_three)["clara"].penalty == 1
    assert run(class_of_three, "export", "--late-penalty", "0.01") == 0
    assert register.late_policy(class_of_three.database, NAME) == (0.01, 0.0, 0.05)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--due-for", "ana=2026-03-03"], "no learner 'ana'; near: anna"),
        (["--only", "BEN"], "no learner 'BEN'; near: ben"),
        (["--only", "nobody"], "no learner 'nobody'; there are 3: anna, ben, clara"),
    ],
)
def test_a_wrong_name_is_an_error_with_those_near_it(class_of_three, capsys, words, message):
    assert run(class_of_three, "export", *words) == 2
    assert message in capsys.readouterr().err
    assert not list(class_of_three.root.glob("grades-*"))


@pytest.mark.parametrize("words", ["anna", "anna=noon", "=2026-03-03", "anna="])
def test_a_due_time_that_is_none(class_of_three, words, capsys):
    with pytest.raises(SystemExit):
        run(class_of_three, "export", "--due-for", words)
    assert "--due-for" in capsys.readouterr().err


def test_the_name_is_found_by_what_the_gradebook_knows_of_them(course):
    with course.gradebook() as gradebook:
        gradebook.add_student("akim2", first_name="Anna", last_name="Kim", email="a.kim@x.edu")
    with pytest.raises(GradingError, match="near: akim2"):
        learners.known(course, ["Anna Kim"])
    with pytest.raises(GradingError, match="near: akim2"):
        learners.known(course, ["A.Kim@x.edu"])


def test_a_penalty_that_cannot_be_applied_is_said(course, tmp_path, capsys):
    given = tmp_path / "given"
    for learner in ("anna", "ben", "clara"):
        hand_in(given, learner, answered())
    (given / "clara" / NAME / "timestamp.txt").write_text("2026-03-01 22:00 UTC")
    assert run(course, "intake", "--submissions", str(given), "--late-penalty", "0.1") == 0
    assert "2 of 3 have no time, so the due time is not applied" in capsys.readouterr().out
    for learner, when in [("anna", None), ("ben", None), ("clara", "2026-03-01 22:00")]:
        entry = register.entry_of(course.database, NAME, learner)
        recorded(course, learner, when=when)
        register.record(course.database, entry._replace(outcome=register.GRADED))
    for command in ("export", "status"):
        assert run(course, command) == 0
        assert "2 of 3 have no time" in capsys.readouterr().out
    table = rows(course)
    assert [row.notes for row in table.values()] == [export.NO_TIME, export.NO_TIME, ""]
    assert [row.penalty for row in table.values()] == [0, 0, 2]
    # What the whole class has is said once, and not of each.
    assert export.NO_TIME not in export.summary(list(table.values()))
    assert run(course, "intake", "--submissions", str(given), "--file-times") == 0
    assert "have no time" not in capsys.readouterr().out
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate=None)
    assert run(course, "export") == 0
    assert "a late penalty and no due time" in capsys.readouterr().out
    assert run(course, "export", "--late-penalty", "0") == 0
    assert "due time" not in capsys.readouterr().out


WORKSHEET = """Identifier,Full name,Grade,Last modified (submission)
Participant 101,Anna Kim,,"Sunday, 1 March 2026, 10:30 PM"
Participant 102,Ben Lee,,-
"""


def test_moodles_worksheet_says_when_each_one_handed_in(course, tmp_path, capsys):
    for folder in ("Anna Kim_101_assignsubmission_file_", "Ben Lee_102_assignsubmission_file_"):
        hand_in(tmp_path / "given", folder, answered())
    (tmp_path / "sheet.csv").write_text(WORKSHEET, encoding="utf-8")
    words = ["--submissions", str(tmp_path / "given"), "--worksheet", str(tmp_path / "sheet.csv")]
    assert run(course, "intake", *words) == 0
    assert "Give its zone" in capsys.readouterr().out
    assert run(course, "intake", *words, "--time-zone", "Asia/Seoul") == 0
    assert "1 of 2 have no time" in capsys.readouterr().out
    stamp = course.submitted(NAME, "Anna Kim").with_name("timestamp.txt")
    assert stamp.read_text() == "2026-03-01 13:30:00 UTC\n"
    (tmp_path / "sheet.csv").write_text("Teilnehmer,Note\n1,2\n", encoding="utf-8")
    assert run(course, "intake", *words) == 2
    assert "Moodle in English" in capsys.readouterr().err


def test_the_time_zone_is_that_of_due_times_too(class_of_three, capsys):
    course = class_of_three
    words = ["--due", "2026-03-02 20:00", "--due-for", "clara=2026-03-01 19:00"]
    assert run(course, "export", *words, "--time-zone", "Asia/Seoul") == 0
    table = rows(course)
    assert [row.late_by for row in table.values()] == ["0 d 01:00"] * 3
    # One that names its own zone is of that zone.
    assert run(course, "export", "--due", "2026-03-02 12:00 UTC", "--time-zone", "Asia/Seoul") == 0
    assert rows(course)["anna"].late_by == ""
    (course.root / "roster.csv").write_text("learner,due\nanna,2026-03-02 20:30\n")
    learners.due_times_of_roster(course, NAME, ZoneInfo("Asia/Seoul"))
    assert rows(course)["anna"].late_by == "0 d 00:30"


def test_due_times_from_the_roster(class_of_three):
    course = class_of_three
    (course.root / "roster.csv").write_text(
        "learner,due\nanna,2026-03-02 21:00 KST\nben,\nclara,2026-03-01 10:00\ndora,2026-03-09\n"
    )
    learners.due_times_of_roster(course, NAME)
    table = rows(course)
    assert [row.penalty for row in table.values()] == [0, 2, 2]
    assert register.due_times(course.database, NAME).keys() == {"anna", "clara", "dora"}
    assert register.due_times(course.database, "another") == {}


def test_a_roster_whose_due_time_is_none(course):
    (course.root / "roster.csv").write_text("learner,due\nanna,next week\n")
    with pytest.raises(GradingError, match=r"column due, for anna: .*next week"):
        learners.due_times_of_roster(course, NAME)


def test_one_learner_is_exported_beside_the_table_of_the_class(class_of_three):
    assert run(class_of_three, "export") == 0
    assert run(class_of_three, "export", "--only", "ben") == 0
    everyone = (class_of_three.root / f"grades-{NAME}.csv").read_text("utf-8-sig").splitlines()
    one = (class_of_three.root / f"grades-{NAME}-only.csv").read_text("utf-8-sig").splitlines()
    assert len(everyone) == 4 and [one[0], everyone[2]] == [everyone[0], one[1]]


def test_a_gradebook_from_before_the_cap(course):
    engine = sql.create_engine(course.database)
    with engine.begin() as connection:
        connection.execute(sql.text("DROP TABLE course_late_policies"))
        columns = "assignment VARCHAR(128) PRIMARY KEY, per_day FLOAT, grace_minutes FLOAT"
        connection.execute(sql.text(f"CREATE TABLE course_late_policies ({columns})"))
        values = f"VALUES ('{NAME}', 0.1, 15)"
        connection.execute(sql.text(f"INSERT INTO course_late_policies {values}"))
    engine.dispose()
    open_course(course.root, course.solutions)
    assert register.late_policy(course.database, NAME) == register.LatePolicy(0.1, 15.0, 1.0)
