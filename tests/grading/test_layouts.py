"""Every platform's layout gives its learners, in small."""

import io
import re
import shutil
import unicodedata
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from grading import export, intake, whose
from grading.course import open_course, prepare
from grading.errors import Rejected
from grading.given import Given, files_of
from grading.layouts import LAYOUTS, Patterns, stem
from tests.grading.classes import answered, to_bytes, write_solution

A = "03_shapley_values"
OTHERS = [A, "04_shap"]


def here(function, *arguments):
    """Call a function as `Limited` does, without its process."""
    try:
        return function(*arguments)
    except Exception as error:
        raise Rejected(str(error)) from error


def given(path, content=b"{}"):
    return Given(PurePosixPath(path), lambda limit: content[:limit], "", None)


def sorted_out(files):
    """Return {learner: the paths of their files, the newest first}, and files of nobody."""
    files = [given(*entry) if isinstance(entry, tuple) else given(entry) for entry in files]
    found = whose.sort(A, OTHERS, files, here)
    left_out = []
    learners = {
        label: [
            str(one.given.path)
            for one in sorted(person.found, key=lambda one: one.rank, reverse=True)
        ]
        for label, person in intake._labelled(found.people, {}, left_out)
    }
    return learners, [str(one.given.path) for one in found.nobodys] + left_out


RECEIPT = (
    b"Name: Anna Kim (a_kim)\nAssignment: 3\nDate Submitted: Sunday, March 1, 2026 10:10 PM EST"
)
METADATA = b"""submission_1:
  :submitters:
  - :name: Anna Kim
    :sid: '100'
    :email: akim@x.edu
  - :name: Ben Lee
    :sid: '101'
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-03-01 22:10:30.000000000 Z
submission_2:
  :submitters: []
"""

# A layout, and its files with their learners; A stands for the assignment's name.
CASES = """
moodle
    Anna Kim_101_assignsubmission_file_/A.ipynb: Anna Kim
    Ben_102_assignsubmission_file_/x/y.ipynb: Ben
    Zoë O'Neil_103_assignsubmission_onlinetext_/onlinetext.html: Zoë O'Neil
moodle 4
    Anna Kim_101_assignsubmission_file/A.ipynb: Anna Kim
    Ben_102_assignsubmission_file/work.zip/homework/A.ipynb: Ben
moodle flat
    Anna Kim_101_assignsubmission_file_A.ipynb: Anna Kim
    Ben_102_assignsubmission_file_b.ipynb: Ben
moodle, blind
    Participant_101_assignsubmission_file_/A.ipynb: Participant 101
canvas
    annakim_111_201_A-1.ipynb: annakim
    LATE_anon_x7Yq_205_A.ipynb: canvas x7Yq
    benlee_LATE_112_202_mine.ipynb: benlee
blackboard
    3_akim_attempt_2026-03-01-22-10-30_A.ipynb: akim
    3_blee_attempt_2026-03-01-22-10-30.txt: blee
brightspace
    101-77 - Anna Kim - Mar 1, 2026 1159 PM/A.ipynb: Anna Kim
    index.html:
brightspace flat
    101-77 - N0123456 - Anna Kim - Mar 1, 2026 1159 PM - A.ipynb: Anna Kim
sakai
    3/Kim, Anna(akim)/Submission attachment(s)/A.ipynb: akim
    3/grades.csv:
ilias
    X/Abgaben/Kim_Anna_akim_101/20260301221010_A.ipynb: akim
    X/Abgaben/Team 1/Lee_Ben_blee_102/b.ipynb: blee
ilias without its folder
    Kim_Anna_akim_101/20260301221010_A.ipynb: akim
github
    hw-submissions/hw-akim/exercises/A/A.ipynb: akim
    hw-submissions/hw-b-lee/A.ipynb: b-lee
github, zipped
    03-shapley-akim/exercises/A/A.ipynb: akim
    03-shapley-blee/A.ipynb: blee
teams
    Submitted files/Anna Kim/Task 3/Version 2/A.ipynb: Anna Kim
    Submitted files/Lee, Ben/Task 3/A.ipynb: Lee_ Ben
    Submitted files/Zoë/Task 3/Wersja 1/A.ipynb: Zoë
teams, of one assignment
    Anna Kim/Version 2/A.ipynb: Anna Kim
    Anna Kim/Version 1/A.ipynb: Anna Kim
the whole course handed in
    akim/course/exercises/A/A.ipynb: akim
    blee/course/exercises/A/A.ipynb: blee
drive
    3/Anna Kim - A.ipynb: Anna Kim
    3/Ben-03 Shapley values.ipynb: Ben
    3/Copy of Zoë_A.ipynb: Zoë
the name behind
    A_akim.ipynb: akim
    A - Ben Lee.ipynb: Ben Lee
endings of browsers
    akim/A.ipynb.json: akim
    blee/A.ipynb (1).txt: blee
    zoe/A.IPYNB: zoe
zips
    akim_A.zip/A.ipynb: akim
    blee.zip/homework/my_A.ipynb: blee
    class.zip/anna/A.ipynb: anna
    class.zip/carl_A.ipynb: carl
zips in folders
    anna/work.zip/homework/A.ipynb: anna
    ben/A.zip/my/A.ipynb: ben
"""


def cases():
    """Yield each layout with {path: learner}."""
    for block in re.split(r"\n(?=\S)", CASES.strip()):
        name, *lines = block.splitlines()
        files = dict(line.strip().rpartition(":")[::2] for line in lines)
        yield pytest.param(files, id=name)


def named(path):
    """Return a path with the assignment's name where A stands."""
    return re.sub(r"(?<![^\W_])A(?=[./_ -])", A, path)


@pytest.mark.parametrize("folder", ["", "export/"])
@pytest.mark.parametrize("files", list(cases()))
def test_each_layout_gives_its_learners(files, folder):
    files = {folder + named(path): learner.strip() for path, learner in files.items()}
    learners, nobodys = sorted_out(list(files))
    assert (set(learners), nobodys) == ({name for name in files.values() if name}, [])
    notebooks = {path: name for path, name in files.items() if stem(path)[1]}
    assert {path: who for who, paths in learners.items() for path in paths} == notebooks


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Return a work folder in which the assignment is made ready, to be copied."""
    folder = tmp_path_factory.mktemp("course")
    prepare(open_course(folder / "work", write_solution(folder / "solutions", name=A)), A)
    return folder


def put(folder, files):
    """Write files below a folder; what lies below NAME.zip is put into that zip file."""
    zipped = {}
    for path, content in files.items():
        outer, mark, inner = path.partition(".zip/")
        if mark:
            zipped.setdefault(f"{outer}.zip", {})[inner] = content
            continue
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    for outer, inside in zipped.items():
        (folder / outer).parent.mkdir(parents=True, exist_ok=True)
        zip_of(inside, folder / outer)


@pytest.mark.parametrize("files", list(cases()))
def test_each_layout_is_taken_in_and_has_its_rows(files, prepared, tmp_path):
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    course = open_course(tmp_path / "work", tmp_path / "solutions")
    files = {named(path): learner.strip() for path, learner in files.items()}
    put(tmp_path / "given", {p: to_bytes(answered()) if stem(p)[1] else b"" for p in files})
    given = Path(shutil.make_archive(str(tmp_path / "given"), "zip", tmp_path / "given"))
    report = intake.take_in(course, A, given)
    taken = {who for path, who in files.items() if stem(path)[1]}
    others = {who for who in files.values() if who} - taken
    assert (set(report.taken), set(report.rejected), report.ignored) == (taken, others, [])
    rows = {row.learner: row.status for row in export.rows(course, A)}
    assert rows.keys() == taken | others
    assert {rows[who] for who in taken} == {"waiting"}
    assert all("no notebook: there is only" in rows[who] for who in others)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.platform)
def test_each_example_of_the_table_is_of_its_platform(layout):
    path = PurePosixPath(layout.example.replace("A.ipynb", f"{A}.ipynb"))
    owner = Patterns(A, [path]).owner(path)
    assert owner.platform == layout.platform
    assert {kind for kind, _ in owner.ids}


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("kim_1_201_A.ipynb", "kim_1_1202_A-1.ipynb"),
        ("3_kim_attempt_2026-02-28-22-10-30_A.ipynb", "3_kim_attempt_2026-03-01-02-10-30_b.ipynb"),
        ("1-7 - Kim - Feb 28, 2026 1159 PM/A.ipynb", "1-7 - Kim - Mar 1, 2026 1201 AM/A.ipynb"),
        ("K_An_kim_1/20260301221010_A.ipynb", "K_An_kim_1/20260301221011_A.ipynb"),
        ("Kim/Version 9/A.ipynb", "Kim/Version 10/A.ipynb"),
        ("Submitted files/K/T/Versión 1/A.ipynb", "Submitted files/K/T/Versión 2/b.ipynb"),
        ("kim/A (1).ipynb", "kim/A (2).ipynb"),
        ("kim/Untitled.ipynb", "kim/A.ipynb"),
        ("03-shapley-kim/solutions/A/A.ipynb", "03-shapley-kim/exercises/A/A.ipynb"),
    ],
)  # fmt: skip
def test_the_newest_attempt_counts(older, newer):
    paths = [named(older), named(newer)]
    learners, _ = sorted_out([*paths, f"ben_{A}.ipynb"])
    assert paths[::-1] in learners.values()


def test_gradescopes_metadata_names_all_who_handed_in_together():
    files = ["submission_1/x.ipynb", "submission_2/x.ipynb", ("submission_metadata.yml", METADATA)]
    found = whose.sort(
        A, OTHERS, [given(*f) if isinstance(f, tuple) else given(f) for f in files], here
    )
    ids = {person.owner.label: dict(person.owner.ids) for person in found.people}
    assert ids["Anna Kim"] == {
        "name": "Anna Kim",
        "sid": "100",
        "email": "akim@x.edu",
        "submission": "1",
    }
    assert set(ids) == {"Anna Kim", "Ben Lee", "submission 2"}
    (anna, *_) = found.people
    assert anna.owner.when == "2026-03-01 22:10:30+00:00"


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a: [", b"- 1", b"submission_1: 3", b"{}"])
def test_metadata_that_cannot_be_read_names_nobody(content):
    learners, _ = sorted_out(["submission_1/x.ipynb", ("submission_metadata.yml", content)])
    assert set(learners) == {"submission 1"}


def test_blackboards_receipt_knows_the_login_and_the_time():
    stamp = "3_a_kim_attempt_2026-03-01-22-10-30"
    files = [given(f"{stamp}_{A}.ipynb"), given(f"{stamp}.txt", RECEIPT)]
    (person,) = whose.sort(A, OTHERS, files, here).people
    assert person.owner.label == "a_kim"
    assert person.owner.when == "Sunday, March 1, 2026 10:10 PM EST"
    assert dict(person.owner.ids)["name"] == "Anna Kim"


def test_drive_files_of_one_name_are_nobodys():
    learners, nobodys = sorted_out([f"3/{A}.ipynb", f"3/{A} (1).ipynb", f"3/{A}(2).ipynb"])
    assert (learners, len(nobodys)) == ({}, 3)
    learners, nobodys = sorted_out([f"3/Anna - {A}.ipynb", f"3/Copy of {A}.ipynb"])
    assert (set(learners), nobodys) == ({"Anna"}, [f"3/Copy of {A}.ipynb"])


def test_two_people_of_one_name_stay_two():
    learners, _ = sorted_out([f"section1/anna/{A}.ipynb", f"section2/anna/{A}.ipynb"])
    assert set(learners) == {"anna section1", "anna section2"}
    learners, _ = sorted_out([f"kimanna_11_1_{A}.ipynb", f"kimanna_12_2_{A}.ipynb"])
    assert set(learners) == {"kimanna 11", "kimanna 12"}
    learners, _ = sorted_out([f"Anna/{A}.ipynb", f"anna/{A}.ipynb"])
    assert set(learners) == {"Anna", "anna"}


def test_both_normal_forms_of_a_name_are_one_person(tmp_path):
    for form in ("NFC", "NFD"):
        (tmp_path / f"{unicodedata.normalize(form, '김민준')}_{A}.ipynb").write_bytes(b"{}")
    found = whose.sort(A, OTHERS, list(files_of(tmp_path, here)), here)
    assert [(p.owner.label, len(p.found)) for p in found.people] == [("김민준", 2)]


@pytest.mark.parametrize(
    "inside",
    [
        "Ben Lee_102_assignsubmission_file_/A.ipynb",
        "3_blee_attempt_2026-03-01-22-10-30_A.ipynb",
        "benlee_112_202_A.ipynb",
        "Lee, Ben(blee)/A.ipynb",
        "../../Ben Lee_102_assignsubmission_file_/A.ipynb",
    ],
)
@pytest.mark.parametrize(
    "mine",
    [
        "Mallory_101_assignsubmission_file_/",
        "3_mallory_attempt_2026-03-01-22-10-30_work.zip/",
        "Kim, Mallory(mallory)/Submission attachment(s)/",
        "Submissions/Kim_M_mallory_9/",
    ],
)
def test_nobody_speaks_for_another_from_inside_a_folder(mine, inside):
    learners, nobodys = sorted_out([named(mine + inside)])
    assert ([who.casefold() for who in learners], nobodys) == (["mallory"], [])


@pytest.mark.parametrize("slot", ["{}", "{}.zip"])
@pytest.mark.parametrize(
    "inside",
    [
        "Ben_102_assignsubmission_file_/A.ipynb",
        "Ben_102_assignsubmission_file_/A.html",
        "3_ben_attempt_2026-03-01-22-10-30_A.ipynb",
        "ben_102_202_A.ipynb",
        "Kim, Ben(ben)/A.ipynb",
        "Submitted files/Ben/A/A.ipynb",
        "Ben/Version 2/A.ipynb",
        "submission_2/A.ipynb",
        "export/Ben_102_assignsubmission_file_/A.ipynb",
    ],
)
@pytest.mark.parametrize(
    "others",
    [
        ["anna/A/A.ipynb", "mallory/A/"],  # nbgrader's
        ["anna/A.ipynb", "ben/Untitled.ipynb", "mallory/"],
        ["anna_A.ipynb", "mallory/"],
        ["Anna_101_assignsubmission_file_/A.ipynb", "mallory/"],
        ["export/anna/A.ipynb", "export/mallory/"],
    ],
)
def test_nobody_speaks_for_another_from_a_folder_among_those_of_learners(others, inside, slot):
    *others, mine = others
    mine = mine.replace("mallory", slot.format("mallory"))
    learners, nobodys = sorted_out([named(path) for path in (*others, mine + inside)])
    mallorys = [who for who, paths in learners.items() if named(mine + inside) in paths]
    assert mallorys in (["mallory"], [])
    assert "Ben" not in learners and "submission 2" not in learners, (learners, nobodys)
    files = [given(named(path)) for path in (*others, mine + inside)]
    (hint,) = whose.sort(A, OTHERS, files, here).hints
    assert f"{mine.partition('mallory')[0]}mallory" in hint and "one learner's" in hint


@pytest.mark.parametrize("inside", ["", "A/", "work/", "work/more/"])
@pytest.mark.parametrize(
    "others",
    [
        ["anna/A.ipynb"],
        ["anna/A.ipynb", "mallory/A.ipynb"],
        ["anna/anna_A.ipynb", "carl/A/A.ipynb"],
        ["anna/A.ipynb", "mallory/mallory_A.ipynb"],
    ],
)
def test_a_file_in_a_learners_folder_is_that_learners_whatever_its_name(others, inside):
    mine = f"mallory/{inside}ben_A.ipynb"
    learners, nobodys = sorted_out([named(path) for path in (*others, mine)])
    assert "ben" not in learners
    assert named(mine) in [*learners.get("mallory", []), *nobodys]
    if not any(path.startswith("mallory") for path in others):
        assert learners["mallory"] == [named(mine)]


def test_with_several_names_in_a_folder_among_those_of_learners_you_are_asked():
    others = ["anna/A.ipynb", "carl/A.ipynb"]
    mine = ["mallory/ben_A.ipynb", "mallory/dora_A.ipynb"]
    learners, nobodys = sorted_out([named(path) for path in (*others, *mine)])
    assert set(learners) == {"anna", "carl"}
    assert sorted(nobodys) == sorted(map(named, mine))


def test_a_section_of_named_files_stays_one_beside_a_latecomers_folder():
    paths = ["section1/anna_A.ipynb", "section1/ben_A.ipynb", "zoe/A.ipynb"]
    learners, nobodys = sorted_out(map(named, paths))
    assert (set(learners), nobodys) == ({"anna", "ben", "zoe"}, [])


def test_exports_in_folders_are_exports():
    files = {
        "1/Anna_1_assignsubmission_file_/A.ipynb": "Anna",
        "2/Ben_2_assignsubmission_file_/A.ipynb": "Ben",
        "more/3.zip/3_carl_attempt_2026-03-01-22-10-30_A.ipynb": "carl",
        "more/4.zip/dora_4_204_A.ipynb": "dora",
        "more/worksheet.csv": None,
        "readme.txt": None,
    }
    learners, nobodys = sorted_out([named(path) for path in files])
    assert (set(learners), nobodys) == ({name for name in files.values() if name}, [])


def test_a_file_of_blackboards_does_not_speak_for_another():
    mine = "3_mallory_attempt_2026-03-01-22-10-30"
    anna = f"3_akim_attempt_2026-02-01-22-10-30_{A}.ipynb"
    inside = "x_akim_attempt_2027-01-01-00-00-00"
    files = [
        anna,
        (f"{mine}.txt", b"Name: Mal (mallory)"),
        f"{mine}_{inside}_{A}.ipynb",
        # Receipts of a learner's own: beside the files, and in a zip file.
        (f"{mine}_{inside}.txt", RECEIPT),
        f"{mine}_work.zip/{inside}_{A}.ipynb",
        (f"{mine}_work.zip/{inside}.txt", RECEIPT),
        (f"{mine}_work.zip/{inside}_{A}.txt", RECEIPT),
    ]
    learners, nobodys = sorted_out(files)
    assert (learners["akim"], nobodys) == ([anna], [])
    assert set(learners) == {"akim", "mallory"}


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        (b"Name: Anna (Ann) Kim (akim)\r\n", {"name": "Anna (Ann) Kim", "login": "akim"}),
        (b"Nombre: Anna Kim (akim) ", {"name": "Anna Kim", "login": "akim"}),
        (b"Name: Anna Kim", {}),
        (b"Name: (akim)", {}),
        (b"Name:" + b" " * 90_000, {}),
        (b"Name: a" + b" (" * 45_000, {}),
    ],
)
def test_a_receipt_of_any_length_is_read_quickly(line, ids):
    stamp = "3_akim_attempt_2026-03-01-22-10-30"
    asked = []

    def read(limit):
        asked.append(limit)
        return (line + b"\nDate Submitted:" + b" " * 90_000)[:limit]

    files = [given(f"{stamp}_{A}.ipynb"), Given(PurePosixPath(f"{stamp}.txt"), read, "", None)]
    (person,) = whose.sort(A, OTHERS, files, here).people
    assert dict(person.owner.ids) == {"login": "akim", **ids}
    assert asked == [whose.MAX_RECEIPT] and whose.MAX_RECEIPT < 10_000


@pytest.mark.parametrize(
    "mine",
    [
        "submission_3/",
        "Mallory_3_assignsubmission_file_/",
        "3_mallory_attempt_2026-03-01-22-10-30_w.zip/",
        "mallory/",
        "mallory/submission_1/",
    ],
)
@pytest.mark.parametrize("folder", ["submission_1", "", ".", "x"])
def test_a_learners_own_metadata_names_nobody(mine, folder):
    said = f"{folder!r}: {{':submitters': [{{':name': Anna, ':email': anna@x.edu}}]}}".encode()
    files = [f"{mine}{A}.ipynb", f"{mine}x/{A}.ipynb", (f"{mine}submission_metadata.yml", said)]
    if mine.startswith("mallory"):
        files.append(f"ben/{A}.ipynb")
    found = whose.sort(
        A, OTHERS, [given(*f) if isinstance(f, tuple) else given(f) for f in files], here
    )
    assert "Anna" not in str([person.owner for person in found.people])


@pytest.mark.parametrize(
    "name", ["_" * 60_000, "1-2 - " + " - " * 20_000, "a-" * 30_000, "a/" * 30_000, "1_" * 30_000]
)
def test_names_of_any_length_are_looked_at_quickly(tmp_path, name):
    zip_of({f"{name}.ipynb": b"", f"ben_{A}.ipynb": b""}, tmp_path / "given.zip")
    found = whose.sort(A, OTHERS, list(files_of(tmp_path / "given.zip", here)), here)
    assert "ben" in {person.owner.label for person in found.people}


def test_the_wrong_notebook_in_an_export_is_somebodys(tmp_path):
    export = ["Anna_1_assignsubmission_file_/A.ipynb", "Ben_2_assignsubmission_file_/04_shap.ipynb"]
    found = whose.sort(A, OTHERS, [given(named(path)) for path in export], here)
    assert {p.owner.label: (len(p.found), p.others) for p in found.people} == {
        "Anna": (1, []),
        "Ben": (0, ["04_shap.ipynb"]),
    }
    another = ["Anna_1_assignsubmission_file_/04_shap.ipynb", "anna_A.ipynb"]
    learners, _ = sorted_out([f"x/{another[0]}", named(another[1])])
    assert set(learners) == {"anna"}


def test_lectures_in_a_course_that_was_handed_in_are_not_looked_into():
    learners, nobodys = sorted_out([f"akim/exercises/{A}/{A}.ipynb", "akim/lectures/03_x.ipynb"])
    assert (set(learners), nobodys) == ({"akim"}, [])


def test_a_learners_own_names_are_no_platforms():
    files = ["anna/A.ipynb", "anna/fig_1_2_b.ipynb", "anna/a_3_4_c.png", "ben/A.ipynb"]
    learners, nobodys = sorted_out([named(path) for path in files])
    assert (set(learners), nobodys) == ({"anna", "ben"}, [])


def test_files_of_other_assignments_and_of_the_course_are_of_no_interest():
    course = ["akim/exercises/04_shap/04_shap.ipynb", "anna_04_shap.ipynb"]
    learners, nobodys = sorted_out([f"akim/exercises/{A}/{A}.ipynb", "b.csv", *course])
    assert (learners, nobodys) == ({"akim": [f"akim/exercises/{A}/{A}.ipynb"]}, [])


def zip_of(files, path=None):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    if path:
        path.write_bytes(data.getvalue())
    return data.getvalue()


class OldName(zipfile.ZipInfo):
    """A member whose name is written as Korean Windows does."""

    def _encodeFilenameFlags(self):
        return self.filename.encode("cp949"), 0


def test_names_in_zips_from_windows_and_macos(tmp_path):
    path = tmp_path / "given.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(OldName(f"김민준/{A}.ipynb"), b"{}")
        archive.writestr(f"class\\akim\\{A}.ipynb", b"{}")
        archive.writestr(f"c/blee/._{A}.ipynb", b"\0")
        archive.writestr("c/.DS_Store", b"x")
        archive.writestr(f"{unicodedata.normalize('NFD', '박서연')}/{A}.ipynb", b"{}")
    paths = {str(given.path) for given in files_of(path, here)}
    assert paths == {f"김민준/{A}.ipynb", f"class/akim/{A}.ipynb", f"박서연/{A}.ipynb"}


def test_zips_in_zips_are_read_and_no_deeper_than_three(tmp_path):
    data = zip_of({f"{A}.ipynb": b"found"})
    for depth in range(4):
        zip_of({"akim.zip": data}, tmp_path / "given.zip")
        (found,) = files_of(tmp_path / "given.zip", here)
        if depth < 3:
            assert found.path.name == f"{A}.ipynb" and found.read(10) == b"found"
        else:
            assert "a zip file in zip files" in found.problem
        data = zip_of({"akim.zip": data})


TEN = zip_of({f"{number}.txt": bytes(range(200)) for number in range(10)})


@pytest.mark.parametrize(
    ("limit", "of", "words"),
    # Zip files inside are read with the one around them, and by themselves.
    [("MEMBERS", 30, "more than 30 files"), ("UNPACKED", 6 * len(TEN), "more than 0.0")],
)
def test_zips_in_zips_have_one_budget(tmp_path, monkeypatch, limit, of, words):
    monkeypatch.setattr(f"grading.given.MAX_{limit}", of)
    for who, zips in [("anna", 2), ("mallory", 4), ("zoe", 2)]:
        inside = {f"{number}.zip": TEN for number in range(zips)}
        zip_of({f"{A}.ipynb": b"{}", **inside}, tmp_path / f"{who}.zip")
    files = list(files_of(tmp_path, here))
    (broken,) = (file for file in files if file.path.parts[0] == "mallory.zip")
    assert str(broken.path) == "mallory.zip" and words in broken.problem
    assert len(files) == 2 * 21 + 1 and not any(file.problem for file in files if file != broken)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"no zip", "zip file"), (zip_of({}), "without a file"), (b"PK\3\4" + bytes(50), "zip")],
)
def test_a_broken_zip_is_its_learners_alone(tmp_path, content, words):
    (tmp_path / f"akim_{A}.zip").write_bytes(content)
    (tmp_path / f"blee_{A}.ipynb").write_bytes(b"{}")
    found = whose.sort(A, OTHERS, list(files_of(tmp_path, here)), here)
    problems = {p.owner.label: p.found[0].given.problem for p in found.people}
    assert problems["blee"] == "" and words in problems["akim"]
