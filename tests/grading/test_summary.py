"""The page about a class: its numbers, and how it looks in Chromium."""

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_output

from grading import export, register, summary
from grading.__main__ import main
from grading.course import open_course, prepare
from tests.browser.axe import faults
from tests.chromium import headless
from tests.grading.classes import NAME, answered, cell_of, recorded, solution, write_solution

SCRIPT = "<script>document.title = 'owned'</script><img src=x onerror='document.title=1'>"


def went_wrong(course, learner, **errors):
    """Write a graded notebook whose checks said this: grade_id=(kind of error, words)."""
    notebook = answered()
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        if said := errors.get(mark.get("grade_id", "").replace("-", "_")):
            cell.outputs = [new_output("error", ename=said[0], evalue=said[1], traceback=[])]
    path = course.autograded(NAME, learner)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("summary")
    notebook = solution()
    for grade_id, title in [("double", "Exercise 1 · Doubling (8 points)"), ("mean", "Exercise 2")]:
        place = notebook.cells.index(cell_of(notebook, grade_id))
        heading = new_markdown_cell(f"Before it.\n\n## {title}\n\nDo it.", id=f"above-{grade_id}")
        notebook.cells.insert(place, heading)
    course = open_course(folder / "work", write_solution(folder / "solutions", notebook))
    prepare(course, NAME)
    for number in range(12):
        learner = f"right{number}"
        recorded(course, learner, why=4 if number % 2 else None)
        went_wrong(course, learner)
    wrong = [
        ("amy", "AssertionError", "the sign is wrong: got [1.5 -2.0], expected [-1.5 2.0]"),
        (
            "bob",
            "AssertionError",
            "the sign is wrong: got [0.25], expected [-0.2]\n\nlast_inputs()",
        ),
        ("cid", "TypeError", f"unsupported operand: 'int' and 'str' {SCRIPT}"),
        ("dan", "NotImplementedError", ""),
    ]
    for learner, *said in wrong:
        recorded(course, learner, mean=0.0, why=2.0, notes=f"taken from {SCRIPT}.ipynb")
        went_wrong(course, learner, mean_check=said)
    recorded(course, "eve", double=0.0, mean=3.0)
    went_wrong(course, "eve", double_check=("Mistake", "the sign is wrong: got [1], expected [2]"))
    with course.gradebook() as gradebook:
        gradebook.add_student("fay", first_name="Fay", last_name=SCRIPT)
        gradebook.add_student("gus")
    broken = register.Entry(NAME, "gus", register.FAILED, "not taken in: the file is empty")
    register.record(course.database, broken)
    return course


def test_mistakes_are_the_same_words_in_other_numbers(course):
    names = summary.exercise_names(course, NAME)
    (first, *others), unread = summary.mistakes(course, NAME, names)
    assert unread == {}
    assert (first.exercise, first.learners) == ("Exercise 2", ["amy", "bob"])
    assert first.words == "the sign is wrong: got [1.5 -2.0], expected [-1.5 2.0]"
    assert sorted((one.exercise, one.learners, one.words[:20]) for one in others) == [
        ("Exercise 1 · Doubling", ["eve"], "the sign is wrong: g"),
        ("Exercise 2", ["cid"], "TypeError: unsupport"),
        ("Exercise 2", ["dan"], "not written yet"),
    ]


DEEP = b'{"cells":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
OTHER = b'{"cells": [{"metadata": {"nbgrader": {"grade": 1}}, "outputs": [3]}]}'


def test_a_graded_notebook_that_is_broken_or_gone_stops_nothing(course, tmp_path):
    path = course.autograded(NAME, "amy")
    before = path.read_bytes()
    try:
        for content in (b"", b"{}", b"\xff", DEEP, OTHER, b" " * (summary.MOST_BYTES + 1), None):
            path.write_bytes(content) if content is not None else path.unlink()
            found, unread = summary.mistakes(course, NAME, {})
            assert (len(found), list(unread)) == (4, ["amy"])
        summary.write_summary(course, NAME, tmp_path / "page.html")
        assert "the graded notebook is not read: it is gone" in (tmp_path / "page.html").read_text()
    finally:
        path.write_bytes(before)


def test_exercises_in_the_notebooks_order_with_their_shares(course):
    found = summary.exercises(course, NAME, summary.exercise_names(course, NAME))
    assert [(one.name, one.points) for one in found] == [
        ("Exercise 1 · Doubling", 8.0),
        ("Exercise 2", 12.0),
    ]
    doubling, means = found
    assert doubling.share == pytest.approx(16 / 17, abs=1e-12)
    assert doubling[3:] == (16, 0, 1, 0)
    # Twelve points are the check and the text. Six texts wait; 6 have all 12, 4 have 2, eve 7.
    assert means.share == pytest.approx((6 * 12 + 4 * 2 + 7) / 11 / 12, abs=1e-12)
    assert means[3:] == (6, 5, 0, 6)


@pytest.mark.parametrize(
    ("scores", "counts"),
    [
        ([0, 1.9, 2, 19.9, 20, 20], [2, 1, 0, 0, 0, 0, 0, 0, 0, 3]),
        ([-1, 25], [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    ],
)
def test_every_score_has_one_bar(scores, counts):
    assert [bar.learners for bar in summary.bars(scores, 20.0)] == counts


def test_the_page_of_an_empty_class(tmp_path):
    course = open_course(tmp_path / "work", write_solution(tmp_path / "solutions"))
    prepare(course, NAME)
    summary.write_summary(course, NAME, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "No check failed." in text and "Nobody." in text


@pytest.fixture(scope="module")
def page_file(course):
    given = ["--work", str(course.root), "--solutions", str(course.solutions)]
    assert main(["summary", NAME, *given]) == 0
    return course.root / f"summary-{NAME}.html"


@pytest.fixture(scope="module")
def browser():
    with headless("--disable-gpu", "--no-first-run") as browser:
        yield browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 390])
def test_it_is_readable(page_file, browser, scheme, width):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"file://{page_file}")
    if folder := os.environ.get("XAI_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/summary-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert faults(page, []) == []
    assert [url for url in asked if not url.startswith("file:")] == []
    page.close()


def test_what_it_says(course, page_file, browser):
    page = browser.new_page()
    page.goto(f"file://{page_file}")
    text = page.inner_text("body")
    assert page.title() == f"{NAME}: the class"
    facts = [re.sub(r"\s+", " ", item) for item in page.locator(".facts li").all_inner_texts()]
    # 12 with 20 or 16, 4 with 10, and 7.
    assert facts == [
        "19 learners",
        "1 failed",
        "11 graded",
        "1 missing",
        "6 needs manual",
        "15.5 mean of 20 points",
        "16.0 median",
    ]
    assert "gus\tfailed: not taken in: the file is empty" in text
    assert "Nothing was handed in by fay (Fay <script>" in text
    assert "taken from <script>" in text
    assert export.rows(course, NAME)[0].learner == "amy"
    page.close()
