"""What was read and passed is remembered in the learner's folder, and shown with links."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

from tests.units.test_cards import Words, letters
from tools.contents import contents, contents_file
from xaikit.course import contents as course_contents
from xaikit.course import memory, notebook, overview, progress, verdicts
from xaikit.course.checks import shapley_values

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = sorted(ROOT.glob("solutions/*/*.ipynb"))
ASSIGNMENTS = {assignment.name: assignment for assignment in course_contents.assignments()}
THIRD = ASSIGNMENTS["03_shapley_values"]


# What the course holds


def test_the_contents_are_those_of_the_notebooks():
    words = "xaikit/course/contents.json is out of date: run python -m tools.contents"
    assert contents_file(ROOT).read_text(encoding="utf-8") == contents(ROOT), words


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_points_and_checks_are_those_of_the_solutions(path):
    marks = [
        (cell.cell_type, cell.metadata.nbgrader)
        for cell in nbformat.read(path, as_version=4).cells
        if cell.metadata.get("nbgrader", {}).get("points")
    ]
    by_check = {mark.grade_id: mark.points for kind, mark in marks if kind == "code"}
    assignment = ASSIGNMENTS[path.stem]
    found = [check for exercise in assignment.exercises for check in exercise.checks]
    assert {check.name: check.points for check in found} == by_check
    assert assignment.points == assignment.earned(by_check) == sum(by_check.values())
    by_hand = sum(mark.points for kind, mark in marks if kind == "markdown")
    assert sum(exercise.by_hand for exercise in assignment.exercises) == by_hand
    assert [e.place for e in assignment.exercises] == [*range(1, len(assignment.exercises) + 1)]


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_a_check_is_recognised_by_its_code_and_nothing_else_is(path):
    exercise = ROOT / "exercises" / path.stem / path.name
    found = {}
    for cell in nbformat.read(exercise, as_version=4).cells:
        if (pair := ASSIGNMENTS[path.stem].find(cell.source)) is not None:
            assert pair[1].name not in found, "two checks with the same code"
            found[pair[1].name] = cell.metadata.nbgrader.grade_id
    assert found == {name: name for name in found}
    assert len(found) == sum(len(e.checks) for e in ASSIGNMENTS[path.stem].exercises)
    assert ASSIGNMENTS[path.stem].find("checks.last_inputs()") is None


# The file


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Return an empty course, in which a person works in the notebook of assignment 03."""
    for path in [*ROOT.glob("lectures/*.ipynb"), *ROOT.glob("exercises/*/*.ipynb")]:
        copy = tmp_path / "my course" / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.touch()
    folder = tmp_path / "my course"
    monkeypatch.setattr(memory, "_seen", set())
    monkeypatch.setattr(memory, "_complained", set())
    monkeypatch.setattr(memory, "HERE", folder / "exercises" / "03_shapley_values")
    monkeypatch.setattr(notebook, "is_run_by_a_person", lambda: True)
    return folder


def forget(monkeypatch):
    """Begin a new kernel."""
    monkeypatch.setattr(memory, "_seen", set())


def test_what_was_passed_is_known_to_the_next_kernel(course, monkeypatch):
    assert memory.recall() == set()
    assert memory.remember("passed", "03_shapley_values/shapley-check") == ""
    assert memory.remember("read", "03_shapley_values") == ""
    once = (course / ".progress.jsonl").read_bytes()
    memory.remember("read", "03_shapley_values")
    assert (course / ".progress.jsonl").read_bytes() == once
    forget(monkeypatch)
    monkeypatch.setattr(memory, "HERE", course / "lectures")
    assert memory.passed("03_shapley_values") == {"shapley-check"}
    assert ("read", "03_shapley_values") in memory.recall()
    assert [path.name for path in course.iterdir() if path.is_file()] == [".progress.jsonl"]


def test_a_notebook_outside_of_the_course_has_its_file_beside_it(course, tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "HERE", tmp_path)
    memory.remember("read", "02_lime")
    assert (tmp_path / ".progress.jsonl").exists()
    assert memory.link_to(THIRD).target is None


@pytest.mark.parametrize(
    "strange",
    [
        b"",
        b"\n\n",
        b"no JSON {",
        b'{"passed": "03_shap',  # half a line
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"[1, 2]\n7\nnull",
        b'{"passed": {"newer": "form"}, "version": 2}',
        b'{"passed": 5}\n{"badge": "gold"}',
    ],
)
def test_what_cannot_be_understood_counts_for_nothing_and_stays(course, strange, monkeypatch):
    file = course / ".progress.jsonl"
    file.write_bytes(strange)
    assert memory.passed("03_shapley_values") == set()
    memory.remember("passed", "03_shapley_values/shapley-check")
    forget(monkeypatch)
    assert memory.passed("03_shapley_values") == {"shapley-check"}
    assert file.read_bytes().startswith(strange)
    overview.plain(overview.rows())


def test_kernels_that_write_at_the_same_time_lose_nothing(course):
    program = """\
import sys
from pathlib import Path
from xaikit.course import memory, notebook
memory.HERE, notebook.is_run_by_a_person = Path(sys.argv[1]), lambda: True
for i in range(300):
    memory.remember("read", f"{sys.argv[2]}-{i}")
"""
    kernels = [
        subprocess.Popen([sys.executable, "-c", program, course, name]) for name in ("one", "two")
    ]
    assert [kernel.wait(60) for kernel in kernels] == [0, 0]
    names = [f"{name}-{i}" for name in ("one", "two") for i in range(300)]
    assert memory.recall() == {("read", name) for name in names}
    lines = (course / ".progress.jsonl").read_text().split("\n")[1:]
    assert sorted(json.loads(line)["read"] for line in lines) == sorted(names)


def test_a_browser_without_storage_says_so_once(course, monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    complaint = memory.remember("passed", "03_shapley_values/shapley-check")
    assert complaint.endswith("this window keeps no files. Download your work before you close it.")
    assert memory.remember("passed", "03_shapley_values/shapley-example") == ""


def test_without_permission_it_says_so_once_and_goes_on(course):
    (course / ".progress.jsonl").mkdir()
    complaint = memory.remember("passed", "03_shapley_values/shapley-check")
    assert re.match(r"This is not remembered after .+ cannot be written \(.+\)\. Your", complaint)
    assert memory.remember("passed", "03_shapley_values/shapley-example") == ""
    assert memory.passed("03_shapley_values") == {"shapley-check", "shapley-example"}


@pytest.mark.parametrize("where", ["solutions/03_shapley_values", "exercises/03_shapley_values"])
def test_only_what_a_person_does_is_remembered_and_nothing_of_solutions(course, where, monkeypatch):
    monkeypatch.setattr(memory, "HERE", course / where)
    if where.startswith("exercises"):
        monkeypatch.setattr(notebook, "is_run_by_a_person", lambda: False)
    assert memory.remember("passed", "03_shapley_values/shapley-check") == ""
    assert not (course / ".progress.jsonl").exists()
    assert memory.recall() == set()


def test_nothing_is_remembered_by_these_tests():
    assert not notebook.is_run_by_a_person()
    progress(read="00_neural_networks")
    assert ("read", "00_neural_networks") not in memory.recall()


def test_the_overview_says_where_it_is_remembered(course):
    words = "Remembered in .progress.jsonl, in your copy of the course, and sent nowhere."
    assert overview.plain(overview.rows()).endswith(f"\n{words}")
    assert list(course.glob(".progress*")) == []  # to ask leaves nothing behind
    memory.remember("read", "02_lime")
    kept = (course / ".progress.jsonl").read_bytes()
    assert memory.where() == words
    assert (course / ".progress.jsonl").read_bytes() == kept


def test_the_overview_says_that_a_file_cannot_be_written(course):
    (course / ".progress.jsonl").mkdir()
    words = overview.plain(overview.rows()).split("\n")[-1]
    assert re.match(r"Not remembered after the notebook is shut down: .+ cannot be written", words)


def test_the_overview_says_that_a_folder_cannot_be_written(course, monkeypatch):
    # Root may write everywhere, so the system's answer is given here.
    monkeypatch.setattr(os, "access", lambda folder, how: (folder, how) != (course, os.W_OK))
    assert "cannot be written (Permission denied)" in memory.where()


def test_the_overview_says_that_a_browser_has_no_storage(course, monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert f"shut down: {memory.NO_STORAGE}" in overview.html(overview.rows())


def test_the_overview_says_that_binder_deletes_it(course, monkeypatch):
    monkeypatch.setenv("BINDER_LAUNCH_HOST", "https://mybinder.org/")
    assert "until you leave Binder, which then deletes" in memory.where()


# The card of a passed check


def after(*names):
    """Pass these checks of assignment 03; return the words about points, and what comes next."""
    for name in names:
        (pair,) = [
            (exercise, check)
            for exercise in THIRD.exercises
            for check in exercise.checks
            if check.name == name
        ]
        card = verdicts.success(THIRD, *pair, ["said"])
    assert card.sign == "✓" and card.words == "said" and card.part == (card.part[0], 16)
    return overview.cards.text(card.lines[0])


def test_points_so_far_and_what_is_next(course):
    assert after("contributions-check") == "3 of 16 points · next: exercise 2, Exact values"
    other = "6 of 16 points · next: the other check of exercise 2, Exact values"
    assert after("shapley-check") == other
    # Exercise 2 is left for later.
    words = "9 of 16 points · next: exercise 4, An estimate and its error bar"
    assert after("is_symmetric-check") == words
    after("estimate-check")
    assert after("draw_coalition-check") == "14 of 16 points · next: exercise 2, Exact values"
    assert after("shapley-example") == (
        "16 of 16 points · exercise 6 is read by a person (4 points) · next: lecture 04, SHAP: a "
        "line whose slopes are Shapley values (../../lectures/04_shap.ipynb)"
    )


def test_behind_the_last_assignment_comes_no_lecture(course):
    last = ASSIGNMENTS["10_transformers"]
    for exercise in last.exercises:
        for check in exercise.checks:
            card = verdicts.success(last, exercise, check, [])
    assert card.part == (16, 16)
    assert "lecture" not in overview.cards.text(card.lines[0])


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_an_exercise_ends_with_a_link_to_what_comes_next(path):
    """Also a learner who has not passed every check gets on."""
    last = nbformat.read(ROOT / "exercises" / path.stem / path.name, as_version=4).cells[-1]
    after = course_contents.lecture_after(ASSIGNMENTS[path.stem])
    target = after.name if after else "00_neural_networks"
    assert last.source.startswith("**Next step.** ")
    assert f"](../../lectures/{target}.ipynb)" in last.source


def test_a_learner_without_permission_is_told_on_the_first_card(course):
    (course / ".progress.jsonl").mkdir()
    exercise = THIRD.exercises[1]
    first, second = (verdicts.success(THIRD, exercise, check, []) for check in exercise.checks)
    assert "not remembered" in first.lines[1] and len(second.lines) == 1
    assert second.part == (5, 16)


def test_a_picture_stands_on_the_card_of_a_passed_check(monkeypatch):
    monkeypatch.setattr(notebook, "is_run_by_a_person", lambda: True)
    monkeypatch.setattr(verdicts, "_said", [])
    monkeypatch.setattr(verdicts, "_drawn", [])

    def contributions(v, order):
        present, added = [0] * v.ndim, [0.0] * v.ndim
        for player in order:
            before = v[tuple(present)]
            present[player] = 1
            added[player] = v[tuple(present)] - before
        return added

    shapley_values.contributions(contributions)
    assert dict(verdicts._drawn[0].numbers) == {"park": 50, "size": 100, "cats banned": -40}


# The overview


def test_the_overview_counts_and_says_what_is_next(course):
    def words():
        summary, following, *_ = overview.plain(overview.rows()).split("\n")
        return summary, following.partition(" (")[0]

    exercises = sum(bool(e.checks) for a in ASSIGNMENTS.values() for e in a.exercises)
    required = [lec for lec in course_contents.lectures() if not lec.is_optional]
    counts = "{} of %d lectures read, {} of %d exercises passed" % (len(required), exercises)  # noqa: UP031
    first = "next: lecture 00, Neural networks and attribution"
    assert words() == (counts.format(0, 0), first)
    memory.remember("read", "00_neural_networks")
    memory.remember("read", "04b_shap_in_practice")
    first = "next: assignment 00, Neural networks and attribution"
    assert words() == (counts.format(1, 0), first)
    # Half of an exercise is not passed, but has its points.
    memory.remember("passed", "03_shapley_values/shapley-check")
    assert words()[0] == counts.format(1, 0)
    assert "○○○○○ 3 of 16 points" in overview.plain(overview.rows())
    memory.remember("passed", "03_shapley_values/shapley-example")
    memory.remember("passed", "03_shapley_values/no-such-check")
    assert words()[0] == counts.format(1, 1)
    assert "○✓○○○ 5 of 16 points" in overview.plain(overview.rows())
    for assignment in ASSIGNMENTS.values():
        for check in [check for e in assignment.exercises for check in e.checks]:
            memory.remember("passed", f"{assignment.name}/{check.name}")
    for lecture in required:
        memory.remember("read", lecture.name)
    assert words()[0] == counts.format(len(required), exercises)
    assert words()[1].startswith("All lectures are read")


@pytest.mark.parametrize("place", [".", "lectures", "exercises/03_shapley_values"])
def test_links_lead_to_every_lecture_and_assignment_from_everywhere(course, monkeypatch, place):
    monkeypatch.setattr(memory, "HERE", course / place)
    found = overview.rows()
    links = re.findall(r'href="([^"]+)"', overview.html(found))
    files = {Path(os.path.normpath(course / place / unquote(link))) for link in links}
    assert files == {*course.glob("lectures/*.ipynb"), *course.glob("exercises/*/*.ipynb")}
    shown = re.findall(r"\(([^()]+\.ipynb)\)", overview.plain(found))
    assert {*shown} == {*links}


def test_the_overview_has_the_same_words_twice(course):
    memory.remember("read", "00_neural_networks")
    found = overview.rows()
    plain = re.sub(r" \([^()]+\.ipynb\)", "", overview.plain(found))
    page = "".join(Words(overview.html(found)).words)
    # Only the page has a table's heads, and words for the signs in its second column.
    page = page.replace("lecturereadexercises passed", "")
    signs = {"✓ ": "✓read", "○ ": "○not yet"}
    lines = [re.sub("^([✓○] )(.*)", lambda m: m[2] + signs[m[1]], x) for x in plain.split("\n")]
    assert letters(page) == letters("".join(lines))


def test_a_lecture_that_does_not_exist_cannot_be_read():
    with pytest.raises(ValueError, match=r"no lecture '10_more': expected one of 00_neural"):
        progress(read="10_more")


def test_the_end_of_a_lecture_is_remembered_and_leads_on(course, capsys, monkeypatch):
    shown = []
    monkeypatch.setattr(overview.cards, "show", shown.append)
    progress(read="00_neural_networks")
    (card,) = shown
    assert card.words == "lecture 00, Neural networks and attribution: read to its end"
    assert overview.cards.text(card.lines[0]).startswith("next: assignment 00, ")
    assert memory.recall() == {("read", "00_neural_networks")}
