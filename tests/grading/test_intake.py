import os
import re
import shutil
import struct
import time
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import nbformat
import pytest
from nbformat.v4 import new_notebook

from grading import intake, register
from grading.course import GradingError, open_course, prepare
from tests.grading.classes import (
    NAME,
    answered,
    cell_of,
    exercise,
    hand_in,
    to_bytes,
    without_cells,
    write_solution,
)


@pytest.fixture
def course(tmp_path):
    course = open_course(tmp_path / "work", write_solution(tmp_path / "solutions"))
    prepare(course, NAME)
    return course


def taken(course, report):
    return {name: course.submitted(NAME, name).is_file() for name in report.taken}


def test_nbgraders_folders_flat_files_and_folders_of_learners(course, tmp_path):
    given = tmp_path / "given"
    hand_in(given, "anna", answered())
    (given / "kim_min_jun_two_sums.ipynb").write_bytes(to_bytes(answered()))
    (given / "Anna Maria").mkdir()
    (given / "Anna Maria" / "two_sums.ipynb").write_bytes(to_bytes(answered()))
    hand_in(given / "submitted", "김민준", answered())
    (given / "anna_other_assignment.ipynb").write_bytes(to_bytes(new_notebook()))
    report = intake.take_in(course, NAME, given)
    everyone = {"anna", "kim_min_jun", "Anna Maria", "김민준"}
    assert taken(course, report) == dict.fromkeys(everyone, True)
    assert (report.rejected, report.ignored) == ([], [])


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("layout", ["{}_two_sums", "{}/two_sums", "{}/two_sums/two_sums"])
def test_a_class_below_a_folder_of_the_assignment(course, tmp_path, layout, zipped):
    given, learners = tmp_path / "given", ["anna", "ben", "carl"]
    for number, learner in enumerate(learners):
        path = given / "export" / NAME / f"{layout.format(learner)}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_bytes(answered(double=f"return {number}")))
    (given / "export" / NAME / "readme.txt").write_text("how to open them")
    if zipped:
        given = Path(shutil.make_archive(str(tmp_path / "given"), "zip", given))
    report = intake.take_in(course, NAME, given)
    assert report == intake.Report(learners, [], [], [])
    for number, learner in enumerate(learners):
        notebook = nbformat.read(course.submitted(NAME, learner), as_version=4)
        assert f"return {number}" in cell_of(notebook, "double").source
        assert register.entries(course.database, NAME)[learner].notes == ""


def test_files_of_other_names_are_the_learners_whose_folder_it_is(course, tmp_path):
    given = tmp_path / "given"
    for path in (
        "anna/two_sums/Untitled.ipynb",
        "ben/two_sums/more/Untitled.ipynb",
        "class/two_sums/carl/two_sums.ipynb",
        "class/two_sums/dora/Untitled.ipynb",
        "two_sums/two_sums.ipynb",
    ):
        (given / path).parent.mkdir(parents=True)
        (given / path).write_bytes(to_bytes(answered()))
    report = intake.take_in(course, NAME, given)
    assert report.taken == ["anna", "ben", "carl", "dora"]
    assert report.ignored == ["two_sums/two_sums.ipynb: no learner in its name"]


def test_a_zip_of_either(course, tmp_path):
    with zipfile.ZipFile(tmp_path / "given.zip", "w") as archive:
        archive.writestr("export/anna/two_sums/two_sums.ipynb", to_bytes(answered()))
        archive.writestr("export/ben_two_sums (2).ipynb", to_bytes(answered()))
        archive.writestr("__MACOSX/export/._ben_two_sums.ipynb", b"\0")
        archive.writestr("../../evil_two_sums.ipynb", to_bytes(answered()))
        link = zipfile.ZipInfo("export/carl/two_sums/two_sums.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    report = intake.take_in(course, NAME, tmp_path / "given.zip")
    assert taken(course, report) == {"anna": True, "ben": True, "evil": True}
    assert report.rejected == ["carl"]
    assert "symbolic link" in register.entries(course.database, NAME)["carl"].reason
    assert not list(tmp_path.glob("*evil*")) and not list(tmp_path.parent.glob("*evil*"))


@pytest.mark.parametrize("zipped", [False, True])
def test_an_empty_folder_is_a_submission_without_a_notebook(course, tmp_path, zipped):
    given = tmp_path / "given"
    hand_in(given, "anna", answered())
    for folder in ("ben/two_sums", "carl/two_sums/.ipynb_checkpoints"):
        (given / folder).mkdir(parents=True)
    if zipped:
        given = Path(shutil.make_archive(str(tmp_path / "given"), "zip", given))
    report = intake.take_in(course, NAME, given)
    assert (report.taken, report.rejected) == (["anna"], ["ben", "carl"])
    assert "no notebook" in register.entries(course.database, NAME)["ben"].reason


@pytest.mark.parametrize(
    ("files", "rows"),
    [
        (["anna/A.ipynb", "ben/A.html", "carl/answers.pdf"], {"ben": "A.html", "carl": "answers"}),
        (["anna/A/A.ipynb", "ben/A/A.py", "carl/x/y.png"], {"ben": "A.py", "carl": "y.png"}),
        (["anna_A.ipynb", "ben_A.pdf", "carl.rar", "b.csv"], {"ben": "ben_A.pdf", "carl": "carl"}),
        (["Anna - A.ipynb", "Ben Lee - A.py", "grades-A.csv"], {"Ben Lee": "Ben Lee - A.py"}),
        (["anna.zip/A.ipynb", "ben.tar.gz", "carl.7z"], {"ben": "ben.tar.gz", "carl": "carl.7z"}),
        (["A_anna.ipynb", "A_zoe.ipynb", "A_ben.docx"], {"ben": "A_ben.docx"}),
        (["c/anna/A.ipynb", "c/ben/Untitled.ipynb", "c/carl/"], {"ben": "Untitled", "carl": "A"}),
        (["anna/Exercise.ipynb", "ben/x/My.ipynb", "my/z.txt"], {"ben": "My.ipynb", "my": "z.txt"}),
        (["anna_A.ipynb", "anna.rar", "ben.rar", "ben.zip/x.pdf"], {"ben": "ben.rar, x.pdf"}),
        # Not theirs, or of another assignment.
        (["anna/A.ipynb", "anna/x/y.pdf", "readme.pdf", "ben/04_shap.ipynb", "ben/x.csv"], {}),
        (["c/anna/A.ipynb", "zoe/A.ipynb", "c/readme.txt", "exercises/x.csv"], {}),
        (["akim/exercises/A/A.ipynb", "akim/lectures/03_x.ipynb", "akim/solutions/A/A.html"], {}),
    ],
)
def test_whoever_handed_in_no_notebook_has_a_row(course, tmp_path, files, rows):
    write_solution(course.solutions, name="04_shap")
    honest = {"A.ipynb", "Exercise.ipynb"}
    for path in files:
        file = tmp_path / "given" / re.sub(r"\bA\b|(?<=_)A\b|\bA(?=_)", NAME, path)
        if path.endswith("/"):
            file.mkdir(parents=True)
        elif ".zip/" in path:
            file.parent.parent.mkdir(exist_ok=True)
            with zipfile.ZipFile(file.parent, "w") as archive:
                archive.writestr(
                    file.name, to_bytes(answered()) if path.endswith("A.ipynb") else ""
                )
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            is_work = path.rpartition("/")[2] in honest or re.search("A_|[_ ]A.ipynb", path)
            file.write_bytes(to_bytes(answered() if is_work else new_notebook()))
    report = intake.take_in(course, NAME, tmp_path / "given")
    entries = register.entries(course.database, NAME)
    assert report.rejected == sorted(rows)
    assert set(report.taken) <= {"anna", "Anna", "zoe", "akim"} and report.taken
    for learner, words in rows.items():
        assert "not taken in: no notebook: the" in entries[learner].reason
        assert re.sub(r"\bA\b|(?<=_)A\b|\bA(?=_)", NAME, words) in entries[learner].reason


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_entry_of_a_zip_is_its_learners_alone(course, tmp_path, method):
    path = tmp_path / "given.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("anna_two_sums.ipynb", to_bytes(answered()))
        archive.writestr("ben_two_sums.ipynb", to_bytes(answered()))
    data = bytearray(path.read_bytes())
    data[60:90] = bytes(30)
    path.write_bytes(data)
    report = intake.take_in(course, NAME, path)
    assert (report.taken, report.rejected) == (["ben"], ["anna"])
    assert "damaged" in register.entries(course.database, NAME)["anna"].reason


def test_of_copies_the_right_name_counts_and_then_the_newest(course, tmp_path):
    given = tmp_path / "given"
    for file, body in [("two_sums (1).ipynb", "return 1"), ("two_sums (10).ipynb", "return 10")]:
        hand_in(given, "anna", answered(double=body), file=file)
        hand_in(given, "ben", answered(double=body), file=file)
    hand_in(given, "ben", answered(double="return 0"))
    intake.take_in(course, NAME, given)
    for learner, body in [("anna", "return 10"), ("ben", "return 0")]:
        notebook = nbformat.read(course.submitted(NAME, learner), as_version=4)
        assert body in cell_of(notebook, "double").source
    notes = register.entries(course.database, NAME)["anna"].notes
    assert notes == "taken from two_sums (10).ipynb; not looked at: two_sums (1).ipynb"


@pytest.mark.parametrize("name", ["*", "a[b]", "a+b", "..", ".hidden", " anna", "a\nb", "x" * 101])
def test_names_that_would_reach_other_folders_are_left_out(course, tmp_path, name):
    given = tmp_path / "given"
    hand_in(given, "anna", answered())
    path = given / f"{name}_two_sums.ipynb"
    path.write_bytes(to_bytes(answered()))
    report = intake.take_in(course, NAME, given)
    assert report.taken == ["anna"]
    assert len(report.ignored) == 1


def test_what_is_given_is_only_read(course, tmp_path):
    given = tmp_path / "given"
    path = hand_in(given, "anna", answered())
    for entry in (path, path.parent, path.parent.parent, given):
        os.chmod(entry, 0o555)
    before = path.read_bytes()
    assert intake.take_in(course, NAME, given).taken == ["anna"]
    assert path.read_bytes() == before
    for entry in (given, path.parent.parent, path.parent):
        os.chmod(entry, 0o755)


def test_deleted_cells_come_back_where_they_were(course, tmp_path):
    hand_in(tmp_path / "given", "anna", without_cells(answered(), "double", "double-check", "why"))
    intake.take_in(course, NAME, tmp_path / "given")
    notebook = nbformat.read(course.submitted(NAME, "anna"), as_version=4)
    marks = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    assert [mark for mark in marks if mark] == [
        "setup", "double", "double-check", "mean", "mean-check", "why",
    ]  # fmt: skip
    assert "NotImplementedError" in cell_of(notebook, "double").source


def test_outputs_tags_and_marks_of_the_learner_are_left_behind(course, tmp_path):
    notebook = answered()
    cell = cell_of(notebook, "double-check")
    cell.source = "pass"
    cell.metadata.update(tags=["skip-execution"])
    cell.metadata["nbgrader"].update(points=1000, locked=False, checksum="0")
    cell.outputs = [nbformat.v4.new_output("stream", text="all right")]
    hand_in(tmp_path / "given", "anna", notebook)
    intake.take_in(course, NAME, tmp_path / "given")
    cell = cell_of(nbformat.read(course.submitted(NAME, "anna"), as_version=4), "double-check")
    official = cell_of(exercise(), "double-check")
    assert cell.metadata == official.metadata
    assert (cell.outputs, cell.source) == ([], official.source)


def test_a_changed_notebook_waits_again_and_the_same_one_does_not(course, tmp_path):
    given = tmp_path / "given"
    hand_in(given, "anna", answered())
    assert intake.take_in(course, NAME, given).taken == ["anna"]
    entry = register.entries(course.database, NAME)["anna"]
    register.record(course.database, entry._replace(outcome=register.GRADED))
    assert intake.take_in(course, NAME, given).unchanged == ["anna"]
    hand_in(given, "anna", answered(double="return x + x"))
    assert intake.take_in(course, NAME, given).taken == ["anna"]
    assert register.entries(course.database, NAME)["anna"].outcome == register.WAITING


@pytest.mark.parametrize("path", ["anna/two_sums.ipynb", "anna/two_sums/two_sums.ipynb"])
def test_the_time_stamp_beside_a_notebook_counts(course, tmp_path, path):
    for place in (tmp_path / "given" / path, tmp_path / "given" / "ben_two_sums.ipynb"):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(to_bytes(answered()))
    (tmp_path / "given" / path).with_name("timestamp.txt").write_text("2026-03-03 12:00 UTC")
    assert intake.take_in(course, NAME, tmp_path / "given").taken == ["anna", "ben"]
    stamp = course.submitted(NAME, "anna").with_name("timestamp.txt")
    assert stamp.read_text() == "2026-03-03 12:00:00 UTC\n"
    assert not course.submitted(NAME, "ben").with_name("timestamp.txt").exists()


@pytest.fixture
def in_new_york(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_times_in_a_zip_are_local_unless_it_holds_utc(course, tmp_path, in_new_york):
    with zipfile.ZipFile(tmp_path / "given.zip", "w") as archive:
        for learner in ("anna", "ben"):
            info = zipfile.ZipInfo(f"{learner}_two_sums.ipynb", (2026, 1, 31, 22, 0, 0))
            if learner == "ben":
                info.extra = struct.pack("<HHI", 0x7875, 4, 0)
                info.extra += struct.pack("<HHBi", 0x5455, 5, 1, 1_769_904_000)
            archive.writestr(info, to_bytes(answered()))
    intake.take_in(course, NAME, tmp_path / "given.zip", use_file_times=True)
    times = [
        course.submitted(NAME, learner).with_name("timestamp.txt").read_text()
        for learner in ("anna", "ben")
    ]
    assert times == ["2026-02-01 03:00:00 UTC\n", "2026-02-01 00:00:00 UTC\n"]


@pytest.mark.parametrize(
    ("path", "stamp", "counts"),
    [
        ("Anna_1_assignsubmission_file_/two_sums.ipynb", "timestamp.txt", False),
        ("Kim, Anna(anna)/Submission attachment(s)/two_sums.ipynb", "timestamp.txt", False),
        ("Kim, Anna(anna)/Submission attachment(s)/two_sums.ipynb", "../timestamp.txt", True),
        ("anna/exercises/two_sums/two_sums.ipynb", "timestamp.txt", False),
    ],
)
def test_a_time_stamp_that_a_learner_hands_in_does_not_count(course, tmp_path, path, stamp, counts):
    path = tmp_path / "given" / path
    path.parent.mkdir(parents=True)
    path.write_bytes(to_bytes(answered()))
    (path.parent / stamp).write_text("20260301121212")
    (learner,) = intake.take_in(course, NAME, tmp_path / "given").taken
    assert course.submitted(NAME, learner).with_name("timestamp.txt").exists() == counts


@pytest.mark.parametrize(
    ("zone", "when"), [(None, None), (ZoneInfo("Asia/Seoul"), "2026-03-01 13:10:30 UTC\n")]
)
def test_a_platforms_own_time_needs_its_zone(course, tmp_path, zone, when):
    (tmp_path / "given").mkdir()
    name = "Task_anna_attempt_2026-03-01-22-10-30_two_sums.ipynb"
    (tmp_path / "given" / name).write_bytes(to_bytes(answered()))
    report = intake.take_in(course, NAME, tmp_path / "given", zone=zone)
    stamp = course.submitted(NAME, "anna").with_name("timestamp.txt")
    assert (stamp.read_text() if stamp.exists() else None) == when
    assert bool(report.hints) == (zone is None)


def test_a_newer_attempt_without_a_notebook_is_noted(course, tmp_path):
    (tmp_path / "given").mkdir()
    stamps = [f"Task_anna_attempt_2026-03-0{day}-22-10-30" for day in (1, 2)]
    (tmp_path / "given" / f"{stamps[0]}_two_sums.ipynb").write_bytes(to_bytes(answered()))
    for receipt in stamps:
        (tmp_path / "given" / f"{receipt}.txt").write_text("Name: Anna Kim (anna)")
    assert intake.take_in(course, NAME, tmp_path / "given").taken == ["anna"]
    notes = register.entries(course.database, NAME)["anna"].notes
    assert notes == "a newer attempt holds no notebook"
    (tmp_path / "given" / f"{stamps[1]}.txt").unlink()
    (tmp_path / "work" / "gradebook.db").unlink()
    prepare(open_course(tmp_path / "work", course.solutions), NAME)
    intake.take_in(course, NAME, tmp_path / "given")
    assert register.entries(course.database, NAME)["anna"].notes == ""


@pytest.mark.parametrize("text", ["2026-03-02 07:59:00 +0900", "2026-03-02 07:59 KST"])
def test_the_zone_of_a_time_stamp_is_understood(course, tmp_path, text):
    path = hand_in(tmp_path / "given", "anna", answered())
    path.with_name("timestamp.txt").write_text(text)
    intake.take_in(course, NAME, tmp_path / "given")
    stamp = course.submitted(NAME, "anna").with_name("timestamp.txt")
    assert stamp.read_text() == "2026-03-01 22:59:00 UTC\n"


def test_a_time_stamp_without_a_notebook_is_somebodys(course, tmp_path):
    hand_in(tmp_path / "given", "anna", b"2026-03-03 12:00 UTC", file="timestamp.txt")
    assert intake.take_in(course, NAME, tmp_path / "given").rejected == ["anna"]


def test_a_time_stamp_that_is_none(course, tmp_path):
    hand_in(tmp_path / "given", "anna", answered())
    hand_in(tmp_path / "given", "anna", b"2026-03-01 CST", file="timestamp.txt")
    assert intake.take_in(course, NAME, tmp_path / "given").rejected == ["anna"]
    reason = register.entries(course.database, NAME)["anna"].reason
    assert "timestamp.txt" in reason and "'CST' is not clear" in reason


@pytest.mark.parametrize(
    ("text", "words"),
    [("name,mail\na,b\n", "column 'learner'"), ("learner\n*\n", "no folder"), ("", "column")],
)
def test_a_roster_that_cannot_be_used(course, tmp_path, text, words):
    (tmp_path / "roster.csv").write_text(text)
    with pytest.raises(GradingError, match=words):
        intake.read_roster(course, tmp_path / "roster.csv")


def test_neither_a_folder_nor_an_archive(course, tmp_path):
    (tmp_path / "list.txt").write_text("anna")
    with pytest.raises(GradingError, match="neither a folder nor a zip file"):
        intake.take_in(course, NAME, tmp_path / "list.txt")
