"""Who is who: the roster, questions about those whom it does not tell, and who is left out."""

import csv

import pytest

from grading import export, intake, register, roster
from grading.__main__ import main
from grading.course import open_course, prepare
from tests.grading.classes import NAME, answered, to_bytes, write_solution

CLASS = """learner,first_name,last_name,email,login,canvas_id,section
akim,Anna,Kim,anna.kim@x.edu,,111,1
blee,Ben,Lee,blee@x.edu,benl33,112,1
O'Neil,Zoë,O'Neil,zon@x.edu,,113,1
min1,민준,김,m1@x.ac.kr,,114,1
min2,민준,김,m2@x.ac.kr,,115,2
"""


@pytest.fixture
def course(tmp_path):
    course = open_course(tmp_path / "work", write_solution(tmp_path / "solutions"))
    prepare(course, NAME)
    (tmp_path / "class.csv").write_text(CLASS, encoding="utf-8")
    return course


def put(folder, *paths):
    for number, path in enumerate(paths):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(to_bytes(answered(double=f"return {number}")))
    return folder


def fill_in(course, **answers):
    asked = roster.questions(course.root, NAME)
    filled = [
        question._replace(learner=answers.get(question.who.partition(": ")[2], ""))
        for question in asked
    ]
    roster.ask(course.root, NAME, filled)


@pytest.mark.parametrize(
    ("path", "learner"),
    [
        ("annakim_111_1_two_sums.ipynb", "akim"),
        ("somebody_112_1_two_sums.ipynb", "blee"),
        ("oneilzoe_9_1_two_sums.ipynb", "O'Neil"),
        ("Zoe O’Neil_5_assignsubmission_file_/two_sums.ipynb", "O'Neil"),
        ("Group B-Ben Lee_5_assignsubmission_file_/two_sums.ipynb", "blee"),
        ("T_anna.kim_attempt_2026-03-01-22-10-30_two_sums.ipynb", "akim"),
        ("T_BENL33_attempt_2026-03-01-22-10-30_two_sums.ipynb", "blee"),
        ("Kim, Minjun(m2@x.ac.kr)/two_sums.ipynb", "min2"),
        ("2/민준 김_7_assignsubmission_file_/two_sums.ipynb", "min2"),
        ("ANNA.KIM@X.EDU/two_sums/two_sums.ipynb", "akim"),
        ("Lee, Ben_two_sums.ipynb", "blee"),
    ],
)
def test_any_id_joins_the_roster(tmp_path, path, learner):
    (tmp_path / "class.csv").write_text(CLASS, encoding="utf-8")
    index = roster.Index(roster.read(tmp_path / "class.csv"))
    put(tmp_path / "given", path, "akim_x.txt")
    files = list(intake.files_of(tmp_path / "given", None))
    (person,) = intake.sort(NAME, [], files, None).people
    assert index.find(person.owner.platform, person.owner.ids, person.folders) == learner


@pytest.mark.parametrize(
    "ids",
    [
        [("name", "김민준")],  # two have this name
        [("participant", "111")],  # a number of another platform's
        [("login", "nobody")],
        [("login", "akim"), ("email", "blee@x.edu")],
        [("name", "Anna")],
    ],
)
@pytest.mark.parametrize("folders", [set(), {"3"}, {"1", "2"}])
def test_what_means_nobody_or_several_joins_nobody(tmp_path, ids, folders):
    (tmp_path / "class.csv").write_text(CLASS, encoding="utf-8")
    index = roster.Index(roster.read(tmp_path / "class.csv"))
    assert index.find("moodle", ids, folders) is None


def test_whom_the_roster_does_not_tell_is_asked_about_before_anything_is_taken_in(course, tmp_path):
    intake.read_roster(course, tmp_path / "class.csv")
    given = put(tmp_path / "given", "akim_two_sums.ipynb", "Ben Leigh_two_sums.ipynb")
    put(given, "guest_two_sums.ipynb", "3/Copy of two_sums.ipynb")
    with pytest.raises(intake.Unanswered, match=r"3 in the submissions.*roster-questions\.csv"):
        intake.take_in(course, NAME, given)
    assert register.entries(course.database, NAME) == {}
    asked = {question.who: question for question in roster.questions(course.root, NAME)}
    assert set(asked) == {"path: Ben Leigh", "path: guest", "path: 3"}
    assert asked["path: Ben Leigh"].perhaps == "blee"
    fill_in(course, **{"Ben Leigh": "benl33", "guest": "-", "3": "nobody"})
    with pytest.raises(intake.Unanswered, match=r"does not have \['nobody'\]"):
        intake.take_in(course, NAME, given)
    fill_in(course, **{"Ben Leigh": "benl33", "guest": "-", "3": "Zoë O'Neil"})
    report = intake.take_in(course, NAME, given)
    assert report.taken == ["O'Neil", "akim", "blee"]
    rows = {row.learner: row.status for row in export.rows(course, NAME)}
    assert rows["guest_two_sums.ipynb"].startswith("left out")
    # The answers stay.
    assert intake.take_in(course, NAME, given).taken == ["O'Neil", "akim", "blee"]


def test_two_who_join_one_learner_are_asked_about(course, tmp_path):
    intake.read_roster(course, tmp_path / "class.csv")
    given = put(
        tmp_path / "given",
        "annakim_7_1_two_sums.ipynb",
        "mail/akim_two_sums.ipynb",
    )
    with pytest.raises(intake.Unanswered, match="2 in the submissions"):
        intake.take_in(course, NAME, given)
    (canvas, path) = roster.questions(course.root, NAME)
    roster.ask(course.root, NAME, [canvas._replace(learner="akim"), path._replace(learner="-")])
    report = intake.take_in(course, NAME, given)
    assert report.taken == ["akim"]
    assert report.ignored == [
        "mail/akim_two_sums.ipynb: left out by the answer in roster-questions.csv"
    ]


def test_the_ids_of_platforms_are_kept(course, tmp_path):
    intake.read_roster(course, tmp_path / "class.csv")
    intake.take_in(course, NAME, put(tmp_path / "given", "x_111_201_two_sums.ipynb"))
    found = {(e.learner, e.platform, e.id_kind, e.id) for e in roster.platform_ids(course.root)}
    assert found == {("akim", "canvas", "name", "x"), ("akim", "canvas", "user", "111")}


def test_without_a_roster_a_name_stays_when_another_of_it_comes(course, tmp_path):
    given = put(tmp_path / "given", "kim_11_1_two_sums.ipynb")
    assert intake.take_in(course, NAME, given).taken == ["kim"]
    put(given, "kim_12_2_two_sums.ipynb")
    report = intake.take_in(course, NAME, given)
    assert sorted([*report.taken, *report.unchanged]) == ["kim", "kim 12"]


def test_a_roster_that_comes_later_gives_learners_their_names(course, tmp_path):
    given = put(tmp_path / "given", "kimanna_111_1_two_sums.ipynb", "x_112_1_two_sums.ipynb")
    assert intake.take_in(course, NAME, given).taken == ["kimanna", "x"]
    intake.read_roster(course, tmp_path / "class.csv")
    report = intake.take_in(course, NAME, given)
    assert report.taken == ["akim", "blee"]
    assert report.hints == (
        "'kimanna' of an earlier run is akim now",
        "'x' of an earlier run is blee now",
    )
    assert {row.learner for row in export.rows(course, NAME)} == {
        "akim",
        "blee",
        "O'Neil",
        "min1",
        "min2",
    }


def options(tmp_path, *more):
    given = ["--work", tmp_path / "work", "--solutions", tmp_path / "solutions"]
    return [str(word) for word in (*given, "--submissions", tmp_path / "given", *more)]


def test_what_is_left_out_of_one_export_stays_when_another_comes(course, tmp_path):
    one = put(tmp_path / "one", "3/Anna_two_sums.ipynb", "3/two_sums.ipynb")
    intake.take_in(course, NAME, one)
    intake.take_in(course, NAME, put(tmp_path / "two", "ben_two_sums.ipynb", "two_sums.ipynb"))
    left = [row.learner for row in export.rows(course, NAME) if row.status.startswith("left out")]
    assert left == ["3/two_sums.ipynb", "two_sums.ipynb"]
    (one / "3" / "two_sums.ipynb").rename(one / "3" / "carl_two_sums.ipynb")
    intake.take_in(course, NAME, one)
    left = [row.learner for row in export.rows(course, NAME) if row.status.startswith("left out")]
    assert left == ["two_sums.ipynb"]


def test_the_exit_codes_say_that_there_is_a_question_and_who_is_left_out(course, tmp_path, capsys):
    put(tmp_path / "given", "akim_two_sums.ipynb", "3/Anna_two_sums.ipynb", "3/two_sums.ipynb")
    assert main(["intake", NAME, *options(tmp_path)]) == 1
    assert "left out 3/two_sums.ipynb: no learner in its name" in capsys.readouterr().out
    words = options(tmp_path, "--roster", tmp_path / "class.csv")
    assert main(["intake", NAME, *words]) == 3
    assert "roster-questions.csv" in capsys.readouterr().err
    (left, *_) = [r for r in export.rows(course, NAME) if r.status.startswith("left out")]
    assert (left.learner, left.score) == ("3/two_sums.ipynb", None)


def test_what_is_left_out_goes_into_the_table_and_leaves_it_when_it_has_an_answer(course, tmp_path):
    given = put(tmp_path / "given", "3/Anna_two_sums.ipynb", "3/Copy of two_sums.ipynb")
    intake.take_in(course, NAME, given)
    export.write_csv(export.rows(course, NAME), tmp_path / "grades.csv")
    with open(tmp_path / "grades.csv", encoding="utf-8-sig", newline="") as file:
        assert len([row for row in csv.DictReader(file) if "left out" in row["status"]]) == 1
    (question,) = roster.questions(course.root, NAME)
    assert "roster-questions.csv" in str(intake.take_in(course, NAME, given).hints)
    roster.ask(course.root, NAME, [question._replace(learner="Carl")])
    assert intake.take_in(course, NAME, given).taken == ["Anna", "Carl"]
    assert {row.status for row in export.rows(course, NAME)} == {"waiting"}
    assert intake.take_in(course, NAME, given).hints == ()
