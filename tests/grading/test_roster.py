import csv
import unicodedata

import pytest

from grading import roster
from grading.course import GradingError
from grading.roster import PlatformId


def given(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "class.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_the_roster_is_kept_with_every_column(tmp_path):
    text = "learner,login,section,due\nanna,akim,1,2026-03-01\nO'Neil,zon,2,\n"
    roster.save(tmp_path, roster.read(given(tmp_path, text)))
    kept = roster.load(tmp_path)
    assert kept.columns == ["learner", "login", "section", "due"]
    assert [row["learner"] for row in kept.rows] == ["anna", "O'Neil"]
    assert kept.rows[0] == {"learner": "anna", "login": "akim", "section": "1", "due": "2026-03-01"}


def test_a_name_that_no_folder_can_have_is_kept_beside_one_that_it_can(tmp_path):
    text = 'learner,email\n"Kim, Anna (2)",a+b@x.edu\n'
    roster.save(tmp_path, roster.read(given(tmp_path, text)))
    (row,) = roster.load(tmp_path).rows
    assert (row["learner"], row["learner_given"]) == ("Kim_ Anna _2", "Kim, Anna (2)")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("learner;last_name\nanna;Kim\n", "utf-8"),
        ("learner\tlast_name\nanna\tKim\n", "utf-8-sig"),
        ("id,last_name\nanna,Kim\n,\n", "utf-8"),
    ],
)
def test_tables_as_spreadsheets_write_them(tmp_path, text, encoding):
    (row,) = roster.read(given(tmp_path, text, encoding)).rows
    assert (row["learner"], row["last_name"]) == ("anna", "Kim")


def test_columns_may_be_called_as_platforms_call_them(tmp_path):
    text = "ID,First name,Surname,Email address,Username,My own\n1,Anna,Kim,a@x.edu,akim,x\n"
    class_ = roster.read(given(tmp_path, text))
    assert class_.columns == [
        "learner", "id", "first_name", "last_name", "email", "login", "My own",
    ]  # fmt: skip
    assert class_.rows[0]["login"] == "akim"


def test_a_column_that_two_learners_share_is_no_id(tmp_path):
    text = "learner,group,pair\nanna,3,1\nben,3,2\ncarl,4,5\n"
    index = roster.Index(roster.read(given(tmp_path, text)))
    assert index.find("", [("label", "4")], set()) is None
    assert index.find("", [("label", "2")], set()) == "ben"


def test_a_name_is_no_longer_than_a_folders_name_can_be():
    name = roster.folder_name("김" * 100)
    assert len(name.encode()) == 240 and roster.is_learner(name)
    assert not roster.is_learner("김" * 100)


def test_one_name_twice_is_refused(tmp_path):
    with pytest.raises(GradingError, match="twice"):
        roster.read(given(tmp_path, "learner,section\nanna,1\nanna,2\n"))


def test_a_table_that_is_not_in_utf_8_is_refused_with_the_way_out(tmp_path):
    with pytest.raises(GradingError, match="CSV UTF-8"):
        roster.read(given(tmp_path, "learner\n김민준\n", "cp949"))


def test_ids_are_kept_and_the_last_word_counts(tmp_path):
    first = PlatformId("a1", "anna", "canvas", "user", "111")
    others = [first._replace(assignment="a2"), first._replace(id="112", learner="ben")]
    roster.record_ids(tmp_path, [first, *others])
    roster.record_ids(tmp_path, [first._replace(learner="Anna Kim")])
    assert set(roster.platform_ids(tmp_path)) == {first._replace(learner="Anna Kim"), *others}
    assert roster.platform_ids(tmp_path, "a2") == [others[0]]


def test_no_id_is_a_formula_for_a_spreadsheet(tmp_path):
    entry = PlatformId("a1", "anna", "moodle", "name", "=cmd|'/c calc'!A0")
    roster.record_ids(tmp_path, [entry])
    with open(tmp_path / "platform-ids.csv", encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["id"].startswith("'=")
    assert roster.platform_ids(tmp_path) == [entry]


def test_names_in_both_normal_forms_are_one(tmp_path):
    text = unicodedata.normalize("NFD", "learner\n김민준\n")
    assert roster.read(given(tmp_path, text)).rows[0]["learner"] == "김민준"
