"""Grades in the platforms' own files: filled, and read again as each platform's import reads them.

The readers here follow the sources that `grading/platforms.py` names, and nothing of ours.
"""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import unicodedata
import zipfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grading import export, grades_back, register, sheet
from grading.__main__ import main
from grading.course import GradingError, open_course, prepare
from grading.grades_back import fill
from tests.grading.classes import NAME, recorded, write_solution

ROSTER = """\
learner,first_name,last_name,email,login,student_number
akim,Anna,Kim,akim@x.edu,akim7,20261001
blee,Ben,Lee,Blee@X.edu,blee9,20261002
zoneil,Zoë,O'Neil,zoe@x.edu,zoneil1,20261003
김민준,민준,김,mj@x.ac.kr,mjkim,20261004
dpark,Dora,Park,dora@x.edu,dpark2,20261005
nobody,No,Body,nb@x.edu,nbody,20261006
"""
SCORES = {"akim": 20.0, "blee": 14.0, "zoneil": 12.5, "nobody": 0.0}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Anna on time, Ben late (16 less 2), Zoë, Minjun waiting, Dora failed, and a missing one."""
    tmp_path = tmp_path_factory.mktemp("made")
    course = open_course(tmp_path / "work", write_solution(tmp_path / "solutions"))
    prepare(course, NAME)
    (course.root / "roster.csv").write_text(ROSTER, encoding="utf-8-sig")
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate="2026-03-01 12:00")
        for line in csv.DictReader(io.StringIO(ROSTER)):
            given = {name: line[name] for name in ("first_name", "last_name", "email")}
            gradebook.update_or_create_student(line["learner"], **given)
    register.set_late_policy(course.database, NAME, register.LatePolicy(0.1))
    recorded(course, "akim", when="2026-03-01 11:00")
    recorded(course, "blee", mean=4.0, when="2026-03-02 12:00")
    recorded(course, "zoneil", double=0.5)
    recorded(course, "김민준", why=None)
    broken = register.Entry(NAME, "dpark", register.FAILED, "not taken in: a<b>.ipynb is empty")
    register.record(course.database, broken)
    return course


@pytest.fixture
def course(made, tmp_path):
    """Return a copy, which a test may change."""
    root = shutil.copytree(made.root, tmp_path / "work")
    return made._replace(root=root)


def template(course, text, name="template.csv", encoding="utf-8", newline="\n"):
    path = course.root.parent / name
    path.write_bytes(text.replace("\n", newline).encode(encoding))
    return path


# Not what no platform writes: half characters, and the sign that ends a text in C.
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=3), max_size=4),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
@example([["", "\r"]], "utf-8", ",", "\n", False)
def test_a_table_is_read_as_it_was_written(tmp_path_factory, rows, encoding, mark, newline, quoted):
    made = sheet.Sheet([["Student", "ID"], *rows], encoding, mark, newline, quoted)
    path = tmp_path_factory.getbasetemp() / "sheet.csv"
    path.write_bytes(sheet.to_bytes(made))
    found = sheet.read(path)
    assert found.rows == made.rows
    assert (found.encoding, found.delimiter) == (encoding, mark)
    assert sheet.to_bytes(sheet.read(path)) == path.read_bytes() or "\r\n" in str(rows)


WORKSHEET = """\
Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",\
"Last modified (submission)","Online text","Last modified (grade)","Feedback comments"
"Participant 101","Anna Kim",akim@x.edu,"Submitted for grading",,20.00,Yes,\
"Sunday, 1 March 2026, 11:00 AM",,-,
"Participant 102","Ben Lee",blee@x.edu,"Submitted for grading",3.00,20.00,Yes,\
"Monday, 2 March 2026, 12:00 PM","=HYPERLINK(""http://x.org"")","Monday, 2 March 2026, 1:00 PM",\
"Well begun.
3 of 20 points."
"Participant 103","Zoë O'Neil",zoe@x.edu,"Submitted for grading",,20.00,Yes,-,,-,
"Participant 104","김 민준",mj@x.ac.kr,"Submitted for grading",,20.00,Yes,-,,-,
"Participant 105","Dora Park",dora@x.edu,"Submitted for grading",,20.00,Yes,-,,-,
"Participant 106","No Body",nb@x.edu,"No submission",,20.00,Yes,-,,-,
"Participant 107","=cmd|'/c calc'!A0",guest@x.edu,"No submission",,20.00,Yes,-,,-,
"""


def moodle_worksheet(data):
    """Return {participant: (grade, comment)} as assignfeedback_offline_grade_importer reads it."""
    rows = list(csv.reader(io.StringIO(data.decode("utf-8").removeprefix("\ufeff"))))
    header = rows[0]
    place = {name: header.index(name) for name in ("Identifier", "Grade", "Last modified (grade)")}
    words = header.index("Feedback comments")
    assert words > 0  # at the first place Moodle overlooks it
    found = {}
    for row in rows[1:]:
        number = row[place["Identifier"]].removeprefix("Participant ")
        grade = row[place["Grade"]]
        if grade != "" and 0 <= float(grade) <= 20:
            found[number] = (float(grade), row[words])
    return found


def test_moodle_takes_the_grading_worksheet(course):
    path = template(course, WORKSHEET)
    back = fill(course, NAME, "moodle", path)
    read = moodle_worksheet(back.data)
    assert {number: grade for number, (grade, _) in read.items()} == {
        "101": 20.0, "102": 14.0, "103": 12.5, "106": 0.0,
    }  # fmt: skip
    assert read["101"][1] == "20 of 20 points."
    assert read["102"][1].splitlines() == [
        "Well begun.",
        "14 of 20 points: 16, less 2 for being 1 d 00:00 late.",
    ]
    assert read["106"][1] == "Nothing was handed in."
    text = back.data.decode()
    assert "Not graded: not taken in: a&lt;b&gt;.ipynb is empty." in text
    assert back.written == SCORES and back.left_out == []
    said = "\n".join(back.said)
    assert "김민준 (민준 김): no grade written (needs manual)" in said
    assert "dpark (Dora Park): no grade written (failed: " in said
    assert "nobody (No Body): 0 is written (missing)" in said
    assert "row 8 of the template (cmd|'/c calc'!A0): nobody in this class" in said


def test_a_second_export_replaces_its_own_words_and_keeps_the_instructors(course):
    first = fill(course, NAME, "moodle", template(course, WORKSHEET)).data
    again = fill(course, NAME, "moodle", template(course, first.decode(), "again.csv"))
    assert again.data == first


def test_nothing_in_the_file_is_run_by_a_spreadsheet(course):
    text = fill(course, NAME, "moodle", template(course, WORKSHEET)).data.decode()
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert "'=cmd|'/c calc'!A0" in cells
    assert [cell for cell in cells if cell[:1] in "=+@-" and cell not in ("", "-")] == []


def test_points_so_far_and_zeros_are_written_if_asked(course):
    also = [grades_back.NEEDS_MANUAL, grades_back.FAILED]
    back = fill(course, NAME, "moodle", template(course, WORKSHEET), also=also)
    read = moodle_worksheet(back.data)
    assert read["104"] == (16.0, "16 of 20 points. An answer still waits for your instructor.")
    assert read["105"][0] == 0.0
    assert "dpark (Dora Park): 0 is written (failed: " in "\n".join(back.said)


def test_a_grade_that_moodle_has_locked_is_said(course):
    locked = WORKSHEET.replace('"Submitted for grading",,20.00,Yes', "Graded,,20.00,No", 1)
    back = fill(course, NAME, "moodle", template(course, locked))
    assert back.left_out == [
        "akim (Anna Kim): 'Grade can be changed' is 'No' there (graded, 20 points)"
    ]
    assert "101" not in moodle_worksheet(back.data)


def test_a_row_that_keeps_its_grade_keeps_its_comment(course):
    by_mail = WORKSHEET.replace('"No submission",,', '"No submission",15.00,', 1)
    by_mail = by_mail.replace('Yes,-,,-,\n"Participant 107', 'Yes,-,,-,By mail.\n"Participant 107')
    back = fill(course, NAME, "moodle", template(course, by_mail))
    assert moodle_worksheet(back.data)["106"] == (15.0, "By mail.")


def test_moodle_in_another_language_or_with_a_scale_is_refused_with_words(course):
    text = WORKSHEET.replace('"Maximum Grade"', "Scale")
    with pytest.raises(GradingError, match="expected are Identifier, Grade, Maximum Grade"):
        fill(course, NAME, "moodle", template(course, text))


def test_blind_marking_joins_by_the_numbers_that_intake_saw(course):
    lines = [line.split(",") for line in WORKSHEET.replace("\\\n", "").splitlines()]
    text = "Identifier,Full name,Status,Grade,Maximum Grade,Last modified (grade)\n"
    text += "".join(f"Participant {n},Participant {n},-,,20.00,-\n" for n in (101, 102, 999))
    ids = f"assignment,learner,platform,id_kind,id\n{NAME},akim,moodle,participant,101\n"
    ids += f"another,blee,moodle,participant,102\n{NAME},blee,canvas,user,102\n"
    (course.root / "platform-ids.csv").write_text(ids, encoding="utf-8-sig")
    back = fill(course, NAME, "moodle", template(course, text))
    assert list(back.written) == ["akim"] and lines
    assert "blee (Ben Lee): not in the template (graded, late, 14 points)" in back.left_out


def test_the_roster_may_hold_the_platforms_own_numbers(course):
    roster = "learner,canvas_id,points\nakim,77,88\nblee,88,77\nzoneil,,\n"
    (course.root / "roster.csv").write_text(roster, encoding="utf-8-sig")
    rows = "Student,ID,SIS User ID,SIS Login ID,Section,Two sums (1)\n"
    rows += "x,77,,,S1,\ny,88,,,S1,\n?,99,,,S1,\n"
    back = fill(course, NAME, "canvas", template(course, rows))
    assert canvas(back.data)[0] == {"77": "20", "88": "14", "99": ""}


MOODLE_GRADEBOOK = """\
"First name","Last name","ID number",Institution,Department,"Email address",\
"Assignment: Two sums (Real)","Assignment: Three sums (Real)","Course total (Real)",\
"Last downloaded from this course"
Anna,Kim,20261001,,,other@x.edu,-,5.00,5.00,1772409600
Ben,Lee,,,,blee@x.edu,-,7.00,7.00,1772409600
Zoë,O'Neil,,,,,-,9.00,9.00,1772409600
"""


def test_moodle_takes_its_gradebook(course):
    back = fill(course, NAME, "moodle", template(course, MOODLE_GRADEBOOK))
    table = list(csv.DictReader(io.StringIO(back.data.decode())))
    assert [row["Assignment: Two sums (Real)"] for row in table] == ["20", "14", "12.5"]
    # No other grade goes back: it might have changed meanwhile.
    assert not any("Three" in name or "total" in name for name in table[0])
    assert [row["Email address"] for row in table] == ["other@x.edu", "blee@x.edu", ""]
    assert "Zoë O'Neil: joined by the name alone, to zoneil" in back.said
    assert any("is unknown; here it is 20" in line for line in back.said)
    assert any(line.startswith("nobody (No Body): not in the template") for line in back.said)


def test_moodle_without_a_template_gets_a_row_for_each_grade(course):
    back = fill(course, NAME, "moodle")
    table = list(csv.DictReader(io.StringIO(back.data.decode("utf-8-sig"))))
    grades = {row["Email address"]: float(row[NAME]) for row in table}
    assert grades == {"akim@x.edu": 20, "Blee@X.edu": 14, "zoe@x.edu": 12.5, "nb@x.edu": 0}


CANVAS = '''\
Student,ID,SIS User ID,SIS Login ID,Section,Notes,Two sums (4711),Sums of two sums (4712),\
Assignments Current Score,Final Score
,,,,,,Manual Posting,,,
    Points Possible,,,,,,100,10,(read only),(read only)
"Kim, Anna",501,20261001,akim7,S1,,,4,40,40
"Lee, Ben",502,,blee9,S1 and S2,,55,5,50,50
"O'Neil, Zoë",503,,zoe@x.edu,S1,,,6,60,60
"김, 민준",504,,mjkim,S2,,33,,,
"=""=1+1""",505,,guest,S2,,,,,
"Student, Test",506,,b0c1,S1,,,,,
'''


def canvas(data):
    """Return {user: grade}, the points possible and the header as GradebookImporter reads them."""
    text = data.decode("utf-8").removeprefix("\ufeff")
    rows = [row for row in csv.reader(io.StringIO(text)) if re.search(r"[^;, ]", ",".join(row))]
    header = rows[0]
    assert "Student" in header[0] and "ID" in header[1] and len(header) > 3
    columns = 3
    if re.search(r"SIS\s+Login\s+ID", header[2]):
        columns += 1
    elif re.search(r"SIS\s+User\s+ID", header[2]) and re.search(r"SIS\s+Login\s+ID", header[3]):
        columns += 2
    assert "Section" in header[columns - 1]
    totals = "Current Score|Final Score|Override Score"
    assignments = [name for name in header[columns:] if not re.search(totals, name)]
    assert all(re.fullmatch(r".+ \(\d+\)", name) for name in assignments), "a new assignment"
    place = header.index(assignments[0])
    grades, possible = {}, None
    for row in rows[1:]:
        if "Points Possible" in row[0]:
            possible = row[place]
        elif not all(re.fullmatch(r"(?i)\s*(Muted|Manual Posting.*)?\s*", cell) for cell in row):
            grades[row[1]] = row[place]
    return grades, possible, assignments


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_canvas_takes_its_gradebook(course, separator, encoding):
    rows = csv.reader(io.StringIO(CANVAS))
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(rows)
    back = fill(course, NAME, "canvas", template(course, text.getvalue(), encoding=encoding))
    first = back.data.decode("utf-8-sig").splitlines()[0]
    assert first.split(separator)[1] == "ID"
    assert back.data.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")
    same = io.StringIO()
    csv.writer(same).writerows(
        csv.reader(io.StringIO(back.data.decode("utf-8-sig")), delimiter=separator)
    )
    grades, possible, assignments = canvas(same.getvalue().encode())
    # What waits for points by hand keeps its 33: an empty cell would delete it.
    assert grades == {
        "501": "100", "502": "70", "503": "62.5", "504": "33", "505": "", "506": "",
    }  # fmt: skip
    assert (possible, assignments) == ("100", ["Two sums (4711)"])
    assert any("100 points there and 20 here" in line and "by 5" in line for line in back.said)
    assert back.written == {"akim": 20.0, "blee": 14.0, "zoneil": 12.5}
    assert any(line.startswith("dpark (Dora Park): not in the template") for line in back.said)
    assert not any("Points Possible" in line or "row 2" in line for line in back.said)


@pytest.mark.parametrize("word", ["EX", "N/A"])
def test_who_is_excused_stays_excused(course, word):
    text = CANVAS.replace("S1 and S2,,55", f"S1 and S2,,{word}")
    back = fill(course, NAME, "canvas", template(course, text))
    assert canvas(back.data)[0]["502"] == word
    assert back.left_out == [f"blee (Ben Lee): '{word}' stands there (graded, late, 14 points)"]


@pytest.mark.parametrize(("before", "after"), [("15", "15"), ("0", "0"), ("", "0"), ("-", "0")])
def test_a_grade_by_hand_is_no_zero_because_nothing_was_handed_in(course, before, after):
    text = f"{CANVAS}x,507,,nbody,S1,,{before},,,\n"
    back = fill(course, NAME, "canvas", template(course, text))
    assert canvas(back.data)[0]["507"] == after
    kept = "nobody (No Body): 15 stands there already (missing)" in back.said
    assert kept == (before == "15")


def test_a_column_without_points_is_said(course):
    text = CANVAS.replace("100,10", "0,10")
    back = fill(course, NAME, "canvas", template(course, text))
    assert canvas(back.data)[0]["501"] == "20"
    assert "'Two sums (4711)' has 0 points there: grades are not scaled" in back.said


def test_two_columns_that_may_be_meant_are_asked_about(course):
    text = CANVAS.replace("Two sums (", "Two sums once (").replace("Sums of two", "Two sums again")
    with pytest.raises(
        GradingError, match=r"more than one.*'Two sums once \(4711\)', 'Two sums ag"
    ):
        fill(course, NAME, "canvas", template(course, text))
    back = fill(course, NAME, "canvas", template(course, text), column="again")
    assert canvas(back.data)[2] == ["Two sums again sums (4712)"]
    with pytest.raises(GradingError, match="no column of Canvas's gradebook is called 'Three'"):
        fill(course, NAME, "canvas", template(course, text), column="Three")


@pytest.mark.parametrize(
    ("name", "title", "fits"),
    [
        ("04_shap", "Shapley values (1)", False),
        ("04_shap", "Assignment 4: SHAP (1)", True),
        ("03_shapley_values", "Shapley values (1)", True),
        ("03_shapley_values", "03 Shapley-Values (1)", True),
        ("02_lime", "Sublime (1)", False),
    ],
)
def test_a_column_is_found_by_whole_words(name, title, fits):
    table = sheet.Sheet([["Student", "ID", "Section", title]])
    form = grades_back.FORMATS["canvas"][0]
    if fits:
        assert grades_back._column_of(table, form, name, None) == 3
    else:
        with pytest.raises(GradingError, match="say which one"):
            grades_back._column_of(table, form, name, None)


BLACKBOARD = """\
"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Last Access"\t"Availability"\t\
"Two sums [Total Pts: 20 Score] |31337"\t"Weighted Total [Total Pts: up to 40 Score] |31338"\t\
"Feedback to Learner"\t"Feedback Format"
"Kim"\t"Anna"\t"akim7"\t""\t"2026-03-01 10:00:00"\t"Yes"\t""\t"0"\t""\t"SMART_TEXT"
"Lee"\t"Ben"\t"blee9"\t"20261002"\t"2026-03-01 10:00:00"\t"Yes"\t"Needs Grading"\t"0"\t""\t""
"김"\t"민준"\t"mjkim"\t""\t"2026-03-01 10:00:00"\t"Yes"\t"Needs Grading"\t"0"\t""\t""
"""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_blackboard_takes_what_it_gave(course, encoding):
    path = template(course, BLACKBOARD, "gc.xls", encoding, newline="\r\n")
    back = fill(course, NAME, "blackboard", path)
    assert back.suffix == ".xls"
    text = back.data.decode(encoding)
    assert text.startswith('"Last Name"\t"First Name"\t"Username"') and text.endswith('"\r\n')
    table = list(csv.DictReader(io.StringIO(text), delimiter="\t"))
    column = next(name for name in table[0] if name.endswith("|31337"))
    assert {row["Username"]: row[column] for row in table} == {
        "akim7": "20", "blee9": "14", "mjkim": "Needs Grading",
    }  # fmt: skip
    assert table[1]["Feedback to Learner"].startswith("14 of 20 points: 16, less 2")
    assert not any("31338" in name for name in table[0])
    zoe = "zoneil (Zoë O'Neil): not in the template (graded, 12.5 points)"
    assert back.left_out == [zoe]


def gradescope(data, folder, email):
    """Run the autograder as Gradescope does, for a submission of this address."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {"setup.sh", "run_autograder"} <= set(archive.namelist())
        archive.extractall(folder / "source")
    (folder / "run_autograder").write_bytes((folder / "source" / "run_autograder").read_bytes())
    users = {"users": [{"email": email, "id": 7, "name": "Anyone"}]}
    (folder / "submission_metadata.json").write_text(json.dumps(users))
    line = [sys.executable, "run_autograder"]
    process = subprocess.run(line, cwd=folder, capture_output=True, text=True)
    results = folder / "results" / "results.json"
    return process, json.loads(results.read_text()) if results.is_file() else None


@pytest.mark.parametrize(
    ("email", "score"), [("AKIM@x.edu", 20), ("blee@x.edu", 14), ("nb@x.edu", 0)]
)
def test_gradescope_runs_it_and_has_the_grade(course, tmp_path, email, score):
    back = fill(course, NAME, "gradescope")
    process, result = gradescope(back.data, tmp_path / "autograder", email)
    assert (process.returncode, result["score"]) == (0, score)
    assert "points" in result["output"] or score == 0


@pytest.mark.parametrize("email", ["mj@x.ac.kr", "dora@x.edu", "stranger@x.edu"])
def test_gradescope_gets_no_grade_of_those_who_have_none(course, tmp_path, email):
    back = fill(course, NAME, "gradescope")
    process, result = gradescope(back.data, tmp_path / "autograder", email)
    assert process.returncode != 0 and result is None
    assert f"there is no grade for {email}" in process.stderr


def test_gradescope_finds_the_address_in_its_own_table(course, tmp_path):
    text = "First Name,Last Name,SID,Email,Sections,Total Score,Max Points,Status\n"
    text += "Anna,Kim,20261001,anna@home.org,S1,,20.0,Ungraded\n"
    back = fill(course, NAME, "gradescope", template(course, text))
    assert gradescope(back.data, tmp_path / "autograder", "anna@home.org")[1]["score"] == 20
    assert len(back.left_out) == 2


def test_two_of_one_name_stay_two(course):
    with course.gradebook() as gradebook:
        gradebook.add_student("akim8", first_name="Anna", last_name="Kim")
    recorded(course, "akim8", mean=0.0)
    rows = "Student,ID,Section,Two sums (1)\n    Points Possible,,,20\n"
    back = fill(course, NAME, "canvas", template(course, rows + '"Kim, Anna",1,S1,\n'))
    assert back.written == {} and canvas(back.data)[0] == {"1": ""}
    assert [line for line in back.left_out if "may be akim or akim8" in line][1:]
    # One of them has an id there: it is that one's row, and the other name is the other's.
    rows = rows.replace("ID,", "ID,SIS Login ID,").replace(",,,20", ",,,,20")
    both = rows + '"Kim, Anna",1,akim7,S1,\n"Kim, Anna",2,,S2,\n'
    back = fill(course, NAME, "canvas", template(course, both))
    assert canvas(back.data)[0] == {"1": "20", "2": "12"}


def test_two_rows_of_one_name_are_not_clear(course):
    rows = "Student,ID,Section,Two sums (1)\n    Points Possible,,,20\n"
    both = rows + '"Kim, Anna",1,S1,\n"Kim, Anna",2,S2,\n'
    back = fill(course, NAME, "canvas", template(course, both))
    assert back.written == {} and set(canvas(back.data)[0].values()) == {""}
    why = "akim (Anna Kim): row 3 and row 4 of the template (Kim, Anna) fit (graded, 20 points)"
    assert why in back.left_out


def test_a_name_joins_nobody_who_has_another_address(course):
    rows = "First name,Last name,Email address,Two sums (Real)\nAnna,Kim,anna@elsewhere.org,-\n"
    back = fill(course, NAME, "moodle", template(course, rows))
    assert back.written == {}
    assert any("nobody in this class" in line for line in back.said)


def test_names_in_either_normal_form_and_order(course):
    name = unicodedata.normalize("NFD", "김민준")
    rows = f"Student,ID,SIS Login ID,Section,Two sums (1)\nx,1,{name},S1,\n"
    also = [grades_back.NEEDS_MANUAL]
    back = fill(course, NAME, "canvas", template(course, rows), also=also)
    assert back.written == {"김민준": 16.0}


def test_one_learner_alone_and_the_rest_of_the_table_as_it_was(course):
    back = fill(course, NAME, "canvas", template(course, CANVAS), only=["blee"])
    grades, _, _ = canvas(back.data)
    assert (grades["501"], grades["502"]) == ("", "70") and back.left_out == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK\x03\x04", "is an Excel workbook"),
        (b"\xd0\xcf\x11\xe0", "is an old Excel workbook"),
        ("Student,ID,Section\nZoë,1,S".encode("latin-1"), "neither UTF-8 nor UTF-16"),
        (b"", "is empty"),
        (b"a,b\n1,2\n", "has the columns a, b; expected are ID, Section, Student of Canvas's"),
        (CANVAS.replace("100,10", "(read only),10").encode(), "it is read only"),
    ],
)
def test_what_is_no_template_is_told(course, data, message):
    path = course.root / "template.csv"
    path.write_bytes(data)
    with pytest.raises(GradingError, match=message):
        fill(course, NAME, "canvas", path)


@pytest.mark.parametrize("platform", ["canvas", "blackboard"])
def test_who_needs_a_template_says_where_it_comes_from(course, platform):
    with pytest.raises(GradingError, match=r"--template FILE \(Grade"):
        fill(course, NAME, platform)


def test_a_template_of_no_platform_is_an_error(course, capsys):
    folders = ["--work", str(course.root), "--solutions", str(course.solutions)]
    assert main(["export", NAME, *folders, "--template", "x.csv"]) == 2
    assert "say which platform" in capsys.readouterr().err


def test_the_command_says_who_is_left_out_and_returns_1(course, capsys):
    path = template(course, CANVAS.replace("zoe@x.edu", "").replace("O'Neil, Zoë", "X"))
    folders = ["--work", str(course.root), "--solutions", str(course.solutions)]
    words = ["export", NAME, *folders, "--for", "canvas", "--template", str(path)]
    assert main(words) == 1
    out, err = capsys.readouterr()
    made = course.root / f"grades-{NAME}-canvas.csv"
    assert f"grades of 2 in {made}\n  where it goes: Grades, Import\n" in out
    assert "NOT in this file: zoneil (Zoë O'Neil): not in the template (graded, 12.5" in err
    assert canvas(made.read_bytes())[0]["501"] == "100"
    path = template(course, CANVAS)
    assert main(words) == 0
    assert sorted(row.score for row in export.rows(course, NAME) if row.score) == [
        12.5, 14.0, 16.0, 20.0,
    ]  # fmt: skip
