"""The pages of learners and instructors: feedback, and nbgrader's own formgrader."""

import json
import os
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from grading import export
from grading.page import page_of
from tests.browser import axe
from tests.chromium import headless
from tests.grading.classes import NAME, answered, grade, hand_in, write_solution
from tests.grading.sheets import MARKS, sheet, with_cells
from tests.lab import TOKEN, plain_lab, running

PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    hand_in(folder / "given", "anna", answered(mean="return 0.0"))
    hand_in(folder / "given", "ben", answered(before=["import os; os._exit(1)"]))
    return grade(folder / "work", write_solution(folder / "solutions"), folder / "given")


@pytest.fixture(scope="module")
def page():
    with headless("--disable-gpu", "--no-first-run") as browser:
        yield browser.new_page(viewport={"width": 1000, "height": 900})


def screenshot(page, name):
    if folder := os.environ.get("XAI_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_a_learner_opens_the_feedback(course, page):
    page.goto(f"file://{course.feedback(NAME, 'anna')}")
    text = page.inner_text("body")
    screenshot(page, "feedback")
    assert "8 of 20 points so far" in text
    assert "✗ Not equal to tolerance" in text
    assert "hidden_values" not in page.content()


def test_a_learner_whose_notebook_broke_reads_what_to_do(course, page):
    page.goto(f"file://{course.feedback(NAME, 'ben')}")
    screenshot(page, "not-graded")
    text = page.inner_text("body")
    assert "could not be graded" in text and "ended its own kernel" in text
    assert "Restart Kernel" in text


RIGHT_EDGE = """() => Math.max(...Array.from(
    document.querySelectorAll("table, pre, img"), part => part.getBoundingClientRect().right))"""


def wide():
    """Return cells with all that is too wide for a telephone, and text in Korean."""
    code = new_code_cell(
        "x = " + " + ".join(f"number_{i}" for i in range(60)) + "; y = '" + "z" * 300
    )
    table = "".join(f"<td>{number / 7}</td>" for number in range(30))
    code.outputs = [
        new_output("stream", text="w" * 500),
        new_output("display_data", {"text/html": f"<table><tr><th></th>{table}</tr></table>"}),
        new_output("display_data", {"image/png": PICTURE}),
        new_output(
            "error", ename="E", evalue="v", traceback=["\x1b[31m" + "-" * 200, "File " * 90]
        ),
    ]
    formula = r"$$" + " + ".join(rf"\frac{{x_{{{i}}}}}{{|S_{{{i}}}|}}" for i in range(40)) + "$$"
    words = (
        f"공정한 배분은 게임이 정해진 뒤에야 하나로 정해진다.\n\n{formula}\n\n###### deep\n\n# high"
    )
    table = (
        "|"
        + "| ".join(f"column {i}" for i in range(30))
        + "|\n"
        + "|-" * 30
        + "|\n"
        + "|x" * 30
        + "|"
    )
    return [new_markdown_cell(words), new_markdown_cell(table), code]


SHEETS = {
    "full": sheet(marks={key: mark._replace(points=mark.most) for key, mark in MARKS.items()}),
    "partial": sheet(),
    "wide": with_cells(*wide()),
    "late": sheet(
        comments={"why": "Name *one* of them: $x_1$?", "mean": "See [NumPy](https://numpy.org)."},
        lateness="1 day late",
        handed_in="1 March 2026, 21:40 UTC",
        penalty="2 points taken off.",
    ),
    "failed": sheet(notebook=False, marks={}, reason="not taken in: the file is empty"),
    "not shown": sheet(notebook=False, reason="it took more than 30 seconds"),
}


def show(page, name, tmp_path, scheme="light", width=1000):
    """Open a page as a learner does who got it by mail; return the requests that it makes."""
    (tmp_path / "page.html").write_text(page_of(SHEETS[name]), encoding="utf-8")
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme, media="screen")
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"file://{tmp_path}/page.html")
    return [url for url in requests if not url.startswith(("data:", "file:"))]


@pytest.mark.parametrize("name", SHEETS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(page, tmp_path, name, scheme):
    assert show(page, name, tmp_path, scheme, width=390) == []
    assert axe.faults(page, []) == []


@pytest.mark.parametrize("name", SHEETS)
def test_a_telephone_shows_all_of_a_page(page, tmp_path, name):
    show(page, name, tmp_path, width=390)
    page.evaluate(axe.OPEN_ALL)
    screenshot(page, f"telephone-{name}")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_what_is_folded_is_on_paper(page, tmp_path):
    show(page, "wide", tmp_path, width=700)
    hint = page.get_by_text("The one with")
    assert not hint.is_visible()
    page.emulate_media(media="print")
    assert hint.is_visible()
    # No table, line of code or picture is cut at the edge of the sheet.
    assert page.evaluate(RIGHT_EDGE) <= 700


def test_no_script_runs_even_where_the_cleaning_fails(page, tmp_path):
    show(page, "partial", tmp_path)
    html = page_of(SHEETS["partial"]).replace(
        "<h2>",
        "<script>document.title = 'x'</script><img src='x' onerror='document.title = 1'><h2>",
    )
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    page.goto(f"file://{tmp_path}/page.html")
    assert page.title() == "Two sums: Anna Kim"


def test_an_instructor_gives_points_in_formgrader(course, tmp_path_factory):
    """By formgrader's own pages and requests, as a browser sends them."""
    folder = tmp_path_factory.mktemp("lab")
    with running(plain_lab, folder, course.root) as lab:

        def ask(path, method="GET", **content):
            request = urllib.request.Request(
                f"{lab.address}{path}",
                method=method,
                data=json.dumps(content).encode() if content else None,
                headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read().decode()

        assert "formgrader" in ask("/formgrader").lower()
        submitted = json.loads(ask(f"/formgrader/api/submissions/{NAME}"))
        anna = next(one for one in submitted if one["student"] == "anna")
        assert anna["score"] == 8 and anna["needs_manual_grade"]
        notebooks = json.loads(ask(f"/formgrader/api/submitted_notebooks/{NAME}/{NAME}"))
        submission = next(one for one in notebooks if one["student"] == "anna")["id"]
        shown = ask(f"/formgrader/submissions/{submission}/")
        assert "One point for outliers" in shown  # the rubric
        grades = json.loads(ask(f"/formgrader/api/grades?submission_id={submission}"))
        by_hand = next(grade for grade in grades if grade["needs_manual_grade"])
        ask(f"/formgrader/api/grade/{by_hand['id']}", "PUT", manual_score=3, extra_credit=0)
        # formgrader's own autograding has no sandbox: it is refused, and no result is lost.
        with pytest.raises(HTTPError):
            ask(f"/formgrader/api/submission/{NAME}/anna/autograde", "POST", nothing="")
        assert course.autograded(NAME, "anna").is_file()
        assert "it grades in a sandbox" in lab.log()
        # Nor does it write pages: its own have the hidden tests in them.
        before = course.feedback(NAME, "anna").read_bytes()
        with pytest.raises(HTTPError):
            ask(f"/formgrader/api/assignment/{NAME}/anna/generate_feedback", "POST", nothing="")
        assert course.feedback(NAME, "anna").read_bytes() == before
    row = next(row for row in export.rows(course, NAME) if row.learner == "anna")
    assert (row.status, row.automatic, row.manual, row.score) == ("graded", 8.0, 3.0, 11.0)
