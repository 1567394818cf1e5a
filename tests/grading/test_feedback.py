"""A learner's page is a pure function, and what one notebook does costs its own page only."""

import os
import re
import signal
import sys
import time
import zipfile
from html import unescape
from html.parser import HTMLParser
from pathlib import PurePosixPath
from xml.etree import ElementTree

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from grading import export, feedback, page, register, rendering, roster
from grading.__main__ import main
from grading.course import open_course, prepare
from grading.layouts import Patterns
from grading.page import Mark, page_of
from tests.grading.classes import NAME, cell_of, exercise, write_solution
from tests.grading.sheets import MARKS, RIGHT, headed, section, sheet, with_cells, words_of
from tools.derive import derive

# SQLAlchemy warns about the order in which nbgrader makes its objects.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


def test_each_exercise_has_its_name_colour_and_points():
    html = page_of(sheet())
    badges = re.findall(
        r'<a href="#exercise-\d">(.*?)</a>\s*<span class="badge (\w+)">(.*?)<', html
    )
    assert badges == [
        ("Exercise 1 · Twice as much", "green", "8 of 8 points"),
        ("Exercise 2 · A mean", "amber", "0 of 8 points"),
        ("Exercise 3 · In words", "grey", "4 points waiting for your instructor"),
    ]
    assert "8 of 20 points so far" in words_of(html)
    assert "4 points are waiting for your instructor" in words_of(html)
    assert "0 / 4" not in html and "tudent" not in html


def test_exercises_without_headings_are_named_after_their_cells():
    names = [one.name for one in page.exercises_of(exercise())]
    assert names == ["double", "mean", "why"]


def test_an_untouched_answer_is_not_written_yet():
    blank = nbformat.reads(derive(headed()), as_version=4)
    part = section(page_of(sheet(blank)), 2)
    assert "not written yet, 0 of 8 points" in part and 'class="badge grey"' in part


def test_the_words_of_the_check_come_first():
    html = section(page_of(sheet(comments={"mean": "Look at **both** numbers."})), 2)
    order = [
        "✓ double",
        "A further test of the same kind",
        "✗ mean: wrong",
        "Look at <strong>both</strong> numbers.",
        "Your answer",
        "<summary>The exercise</summary>",
        "Hint: which mean?",
    ]
    places = [html.find(part) for part in order]
    assert places == sorted(places) and -1 not in places
    assert "--&gt; hidden" not in html


def test_a_check_is_heard_behind_what_an_answer_prints():
    notebook = headed()
    printed = new_output("stream", text=f"debugging\n{RIGHT.text}")
    cell_of(notebook, "double-check").outputs = [printed]
    assert '<div class="right"><pre class="output">debugging' in page_of(sheet(notebook))


def test_a_check_without_words_passed():
    notebook = headed()
    assert "✓ passed" in section(page_of(sheet(notebook)), 1)
    assert "✓ passed" not in section(page_of(sheet(notebook)), 2)


def test_what_a_check_says_of_an_error_is_not_cut():
    told = "✗ mean stopped with TypeError: no\n  in line 2 of the cell with mean:  return no"
    notebook = headed()
    error = new_output("error", ename="TypeError", evalue="no", traceback=[told])
    cell_of(notebook, "mean-check").outputs = [error]
    assert "in line 2 of the cell with mean:  return no" in section(page_of(sheet(notebook)), 2)


def test_what_is_not_written_yet_is_not_called_wrong():
    told = "○ mean is not written yet: your code goes in the place of raise NotImplementedError()"
    notebook = headed()
    error = new_output("error", ename="NotImplementedError", evalue="", traceback=[told])
    cell_of(notebook, "mean-check").outputs = [error]
    assert f'<div class=""><pre class="output">{told}</pre>' in section(page_of(sheet(notebook)), 2)


@pytest.mark.parametrize(
    ("instead", "number"),
    [
        # What they wrote instead is theirs: it is shown where the heading says, or with the
        # exercise above it.
        ("## Exercise 2 · A mean (8 points)\n\nMine.", 2),
        ("Mine.", 1),
    ],
)
def test_hints_are_complete_whatever_a_learner_did_to_them(instead, number):
    notebook = headed()
    notebook.cells[5].source = instead
    html = page_of(sheet(notebook))
    assert re.search(
        r"<details><summary>Hint: which mean\?</summary>\s*<p>The one with <code>len</code>",
        section(html, 2),
    )
    assert "Mine." in section(html, number)


def test_a_page_shows_no_hidden_test_and_no_mark_scheme():
    stolen = new_code_cell("print(In)")
    stolen.outputs = [
        new_output("stream", text="hidden_answer = double(20.5) + 1.25 - secrets_of_the_test")
    ]
    html = page_of(with_cells(stolen))
    for secret in ("hidden_", "secrets_of_the_test", "three for saying", "BEGIN HIDDEN"):
        assert secret not in html


def test_points_and_penalty_are_the_gradebooks():
    marks = {**MARKS, "why": Mark(3, 4, by_hand=True)}
    html = words_of(page_of(sheet(marks=marks, total=7.0, penalty="4 points taken off.")))
    assert "7 of 20 points" in html and "so far" not in html
    assert "4 points taken off." in html
    assert "3 of 4 points given by your instructor" in html


def test_points_by_hand_of_a_version_before_count_until_they_are_looked_at():
    marks = {**MARKS, "why": Mark(3, 4, waiting=True, by_hand=True)}
    html = words_of(page_of(sheet(marks=marks, total=11.0)))
    assert "11 of 20 points so far You handed in again." in html
    assert "3 of 4 points until your instructor looks again" in html


def test_a_page_needs_no_other_file():
    html = page_of(sheet())
    assert not re.search(r"<(script|link|iframe|object)|url\(|@import|src=\"(?!data:)", html)
    assert "default-src 'none'" in html
    assert len(html) < 60_000
    assert html == page_of(sheet())


def test_links_lead_somewhere_or_are_words():
    text = rendering.text(
        "[one](../../lectures/one.ipynb) [two](https://x.org/a?b=1&c=2) [three](javascript:x()) "
        "[four](#part) [five](file:///etc/passwd) <a href='../six'>six</a> "
        "<a href='JaVaScRiPt:x()'>seven</a> [eight](mailto:a@x.org)"
    )
    hrefs = re.findall(r'href="([^"]*)"', text)
    assert hrefs == ["https://x.org/a?b=1&amp;c=2", "mailto:a@x.org"]
    assert "one (<code>lectures/one.ipynb</code> in the course’s folder)" in text
    assert {"three", "four", "five", "six", "seven"} <= set(words_of(text).split())


def test_formulas_are_mathml():
    text = rendering.text(r"Let $\phi_i$ be $a &lt; b$." + "\n\n" + r"$$\frac{1}{|N\setminus i|}$$")
    assert "<msub><mi>ϕ</mi><mi>i</mi></msub>" in text
    assert "<mo>&lt;</mo>" in text and "&amp;lt;" not in text
    assert '<math display="block"' in text.replace(
        ' xmlns="http://www.w3.org/1998/Math/MathML"', ""
    )
    assert "∖" in text and "$" not in text


def tags_of(html):
    """Return a page's tags, each with its attributes, as a browser reads them."""
    found = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.append((tag, dict(attributes)))
    parser.feed(html)
    return found


@pytest.mark.parametrize(
    "tex",
    [
        r"\text{<img src=x onerror=stolen()>}",
        r"\text{<img/src=x/onerror=stolen()>}",
        r"\href{javascript:stolen()}{x}",
        r"\style{background:url(javascript:stolen())}{x}",
        r"\color{red\" onclick=\"stolen()}{x}",
        r"</math><script>stolen()</script>",
    ],
)
def test_a_formula_runs_nothing(tex):
    for math in (rendering.formula(tex), rendering.text(f"${tex}$"), rendering.text(f"$${tex}$$")):
        for tag, attributes in tags_of(math):
            assert tag in (*rendering.MATHML.split(), "p", "span", "code")
            assert not attributes.keys() & {"href", "style", "onclick", "onerror"}


def test_a_formula_has_the_elements_of_formulas_only(monkeypatch):
    found = ElementTree.fromstring("<math><mrow><script>stolen()</script></mrow></math>")
    monkeypatch.setattr(rendering, "convert_to_element", lambda tex, display: found)
    assert rendering.formula("x") == "<code>x</code>"


def test_a_formula_that_cannot_be_read_is_shown_as_it_was_written():
    assert rendering.formula(r"\frac") == r"<code>\frac</code>"


@pytest.mark.parametrize(
    "source",
    [
        "<script>stolen()</script>",
        "<img src=x onerror=stolen()>",
        "<svg onload=stolen()></svg>",
        "<details ontoggle=stolen() open>x</details>",
        "<b style='background:url(https://x.org)'>x</b>",
        "![a](https://x.org/seen.png)",
        '![a" onerror="stolen()](attachment:a.png)',
        "<iframe src='https://x.org'></iframe>",
        # A formula must not end up inside of an attribute.
        '<div><img src="data:image/png;base64,AAAA" alt="\n\n$$\\text{" onerror="stolen()}$$\n\n'
        '<p class="></p></div>',
    ],
)
def test_a_text_runs_nothing_and_asks_for_nothing(source):
    html = rendering.text(source, {"a.png": {'image/png" onerror="stolen()': "AAAA"}})
    for tag, attributes in tags_of(html):
        assert tag not in ("script", "svg", "iframe")
        for name, value in attributes.items():
            assert name in ("class", "tabindex", "alt", "display", "href", "src")
            assert name != "src" or value.startswith("data:image/")
            assert "stolen" not in value


def test_a_lost_picture_costs_the_picture():
    html = page_of(with_cells(new_markdown_cell("Mine:\n\n![a.png](attachment:a.png)\n\nand more")))
    assert "The picture a.png is not in the notebook." in html and "and more" in html


def test_pictures_of_a_notebook_are_in_the_page():
    cell = new_markdown_cell("![mine](attachment:a.png)")
    cell["attachments"] = {"a.png": {"image/png": "iVBORw0KGgo="}}
    code = new_code_cell("plot()")
    code.outputs = [
        new_output("display_data", data={"image/png": "iVBORw0KGgo=\n"}),
        new_output("display_data", data={"image/png": 'x" onerror="stolen()'}),
    ]
    html = page_of(with_cells(cell, code))
    assert html.count('src="data:image/png;base64,iVBORw0KGgo="') == 2
    assert "a picture that is damaged" in html and "onerror" not in html


def test_a_page_has_an_end():
    cells = [new_markdown_cell(f"number {number}") for number in range(5_000)]
    code = new_code_cell("x" * 1_000_000)
    code.outputs = [new_output("stream", text="y" * 100_000)] * 30
    html = page_of(with_cells(code, *cells))
    assert "number 198" in html and "number 199" not in html
    assert "4,801 more cells of yours are not shown" in html
    assert "10 more outputs are not shown" in html
    assert len(html) < 1_000_000


def test_half_a_character_stops_no_file():
    code = new_code_cell("x")
    code.outputs = [new_output("stream", text="half: HALF")]
    whole = with_cells(code)
    html = page_of(whole._replace(notebook=whole.notebook.replace("HALF", "\\ud800")))
    assert "half: ?" in html and html.encode()


@pytest.mark.parametrize(
    "source",
    [
        "> " * 10_000,
        "[" * 20_000,
        "<div>" * 4_000,
        "$" + "{" * 900 + "x" + "}" * 900 + "$",
        "<details>" * 2_000,
        r"\begin{a}" * 20_000,
        "\n".join(" " * k + "- x" for k in range(900)),
    ],
    ids=["quotes", "brackets", "blocks", "formula", "details", "environments", "lists"],
)
def test_deep_nesting_costs_nothing_else(source):
    html = page_of(with_cells(new_markdown_cell(source), new_markdown_cell("and more")))
    assert "and more" in html


def test_a_page_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(feedback, "SECONDS", 1)
    monkeypatch.setattr(feedback, "page_of", lambda sheet: time.sleep(30))
    assert feedback._made_apart(sheet()) == ("", "it took more than 1 seconds")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (lambda sheet: "x" * 2 * feedback.MEMORY, "it took more than 1 GB of memory"),
        (lambda sheet: page_of(sheet._replace(notebook="{")), "JSONDecodeError"),
        (lambda sheet: os.kill(os.getpid(), signal.SIGKILL), "ended with code -9"),
        (lambda sheet: os._exit(7), "ended with code 7"),
        (lambda sheet: sys.exit(), "ended with code 1"),
    ],
    ids=["memory", "error", "killed", "crashed", "left"],
)
def test_whatever_happens_to_a_page_has_a_reason(monkeypatch, fault, reason):
    monkeypatch.setattr(feedback, "page_of", fault)
    html, why = feedback._made_apart(sheet())
    assert html == "" and reason in why


def test_a_notebook_that_cannot_be_shown_leaves_its_points():
    good, broken = sheet(), sheet()._replace(notebook='{"cells": 3}', learner="Ben")
    (first, none), (second, why) = feedback.pages_of([good, broken])
    assert first == page_of(good) and none == ""
    assert "Ben" in second and "8 of 20 points" in words_of(second) and why
    assert "Your notebook is not shown here" in second and why in unescape(second)
    assert "Hint: which mean?" in second


@pytest.fixture
def course(tmp_path):
    """Return a course of three learners, whose notebooks were graded without running them."""
    course = open_course(tmp_path / "work", write_solution(tmp_path / "solutions", headed()))
    prepare(course, NAME)
    with course.gradebook() as gradebook:
        for number, learner in enumerate(["anna", "ben", "clara"]):
            gradebook.add_student(
                learner,
                first_name=["Anna", "민준", ""][number],
                last_name=["Kim", "김", ""][number],
            )
            gradebook.add_submission(NAME, learner)
            path = course.autograded(NAME, learner)
            path.parent.mkdir(parents=True)
            path.write_text(sheet().notebook, encoding="utf-8")
            register.record(
                course.database, register.Entry(NAME, learner, register.GRADED, submission=learner)
            )
    return course


def written(course, workers=2):
    """Write all pages; return the reasons, and the pages by learner."""
    entries = register.entries(course.database, NAME)
    reasons = feedback.write_pages(course, list(entries.values()), workers)
    pages = {name: course.feedback(NAME, name).read_text(encoding="utf-8") for name in entries}
    return reasons, pages


def test_one_learners_file_costs_that_learners_page_only(course):
    course.autograded(NAME, "anna").unlink()
    course.autograded(NAME, "ben").write_text("no notebook", encoding="utf-8")
    reasons, pages = written(course)
    assert set(reasons) == {"anna", "ben"}
    assert "No such file" in reasons["anna"] and "JSONDecodeError" in reasons["ben"]
    for learner, html in pages.items():
        assert ("Your notebook is not shown here" in html) == (learner in reasons)
    notes = {row.learner: row.notes for row in export.rows(course, NAME)}
    assert notes["anna"].startswith(feedback.NOTE) and notes["ben"].startswith(feedback.NOTE)
    assert notes["clara"] == ""
    # The next run, in which all is well, takes the note away.
    course.autograded(NAME, "ben").write_text(sheet().notebook, encoding="utf-8")
    assert set(written(course)[0]) == {"anna"}
    assert next(row.notes for row in export.rows(course, NAME) if row.learner == "ben") == ""


def test_moodle_takes_the_pages_back(course):
    ids = [roster.PlatformId(NAME, who, "moodle", "participant", n) for who, n in (("anna", "7"),)]
    ids += [roster.PlatformId(NAME, "ben", "canvas", "user", "8")]
    roster.record_ids(course.root, ids)
    words = ["--work", str(course.root), "--solutions", str(course.solutions), "--for", "moodle"]
    assert main(["feedback", NAME, *words]) == 0
    with zipfile.ZipFile(course.root / f"feedback-{NAME}-moodle.zip") as archive:
        (name,) = archive.namelist()
        assert archive.read(name) == course.feedback(NAME, "anna").read_bytes()
    # As Moodle reads it: a number and a plugin stand between underscores, and then the file's name.
    assert name.split("_", 4)[1:] == ["7", "assignsubmission", "file", f"{NAME}.html"]
    assert dict(Patterns(NAME, [PurePosixPath(name)]).owner(PurePosixPath(name)).ids) == {
        "name": "anna",
        "participant": "7",
    }


def test_the_number_of_workers_changes_no_page(course):
    reasons, pages = written(course, workers=1)
    assert (reasons, pages) == written(course, workers=3)
    # A family name comes first where it does in its own language.
    assert "<strong>Anna Kim</strong>" in pages["anna"]
    assert "<strong>김민준</strong>" in pages["ben"]
    assert "<strong>clara</strong>" in pages["clara"]


def test_a_very_large_notebook_is_not_read(course, monkeypatch):
    monkeypatch.setattr(feedback, "MOST_BYTES", 100)
    entry = register.entry_of(course.database, NAME, "anna")
    with course.gradebook() as gradebook:
        large = feedback._sheet_of(course, gradebook, entry, register.LatePolicy(), "")
    assert large.notebook == "" and large.reason == "it has more than 0.0001 MB"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(59, "1 minute"), (3600, "1 hour"), (86_400 + 7200 + 60, "1 day 2 hours"), (61, "2 minutes")],
)
def test_a_time_in_its_two_largest_units(seconds, words):
    assert feedback._span(seconds) == words


def test_a_penalty_in_words():
    policy = register.LatePolicy(0.1, 15)
    words = feedback._penalty_in_words(90_000, 4, policy)
    assert words == (
        "4 points taken off, since it was 1 day 1 hour late: each day begun costs 10% "
        "of all points, after 15 minutes of grace."
    )
    words = feedback._penalty_in_words(90_000, 4, policy._replace(max_share=0.2))
    assert "costs 10% of all points, together at most 20%, after 15 minutes" in words
    assert "costs nothing" in feedback._penalty_in_words(600, 0, policy)
    assert feedback._penalty_in_words(0, 0, policy) == ""


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("not taken in: the file is empty", "Hand in the notebook itself"),
        ("it ended its own kernel (exit)", "Look for exit()"),
        ("stopped: it ran for more than 25 seconds", "a loop that does not end"),
        ("stopped: it took more than 4 GB of memory", "an array that is far too large"),
        ("its tests prove nothing: an assertion that must fail did not", "replace parts of Python"),
        ("its grader broke down (exit code 1)", "It may be no fault of yours"),
    ],
)
def test_a_failed_page_says_what_happened_and_what_to_do(reason, words):
    html = words_of(page_of(sheet(notebook=False, marks={}, reason=reason)))
    assert words in html and reason in html and "could not be graded" in html
