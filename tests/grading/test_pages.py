"""The pages of learners and instructors: feedback, and nbgrader's own formgrader."""

import json
import os
import re
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

import pytest

from grading import export
from tests.chromium import chromium
from tests.grading.classes import NAME, answered, grade, hand_in, write_solution
from tests.lab import TOKEN, plain_lab, running


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    hand_in(folder / "given", "anna", answered(mean="return 0.0"))
    hand_in(folder / "given", "ben", answered(before=["import os; os._exit(1)"]))
    return grade(folder / "work", write_solution(folder / "solutions"), folder / "given")


@pytest.fixture(scope="module")
def page():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(playwright),
            args=["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"],
        )
        yield browser.new_page(viewport={"width": 1000, "height": 900})
        browser.close()


def screenshot(page, name):
    if folder := os.environ.get("XAI_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_a_learner_opens_the_feedback(course, page):
    page.goto(f"file://{course.feedback(NAME, 'anna')}", wait_until="domcontentloaded")
    text = page.inner_text("body")
    screenshot(page, "feedback")
    assert re.search(r"Score: *8(\.0)? */ *20", text)
    assert "AssertionError" in text and "Not equal to tolerance" in text
    assert "hidden_values" not in text


def test_a_learner_whose_notebook_broke_reads_what_to_do(course, page):
    page.goto(f"file://{course.feedback(NAME, 'ben')}")
    screenshot(page, "not-graded")
    text = page.inner_text("body")
    assert "could not be graded" in text and "ended its own kernel" in text
    assert "Restart Kernel" in text


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
    row = next(row for row in export.rows(course, NAME) if row.learner == "anna")
    assert (row.status, row.automatic, row.manual, row.score) == ("graded", 8.0, 3.0, 11.0)
