import csv

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from grading import export, feedback, harmless, hidden, register, summary
from grading.course import open_course, prepare
from tests.grading.classes import (
    DOUBLE_CHECK,
    NAME,
    SECRET,
    TASK,
    marked,
    recorded,
    write_solution,
)

DAY = 86_400


@pytest.mark.parametrize(
    ("seconds", "score", "grace", "penalty"),
    [
        (0, 16, 0, 0),
        (-DAY, 16, 0, 0),
        (1, 16, 0, 2),
        (DAY, 16, 0, 2),
        (DAY + 1, 16, 0, 4),
        (10 * 60, 16, 15, 0),
        (15 * 60 + 1, 16, 15, 2),
        (20 * DAY, 16, 0, 16),
        (20 * DAY, 0, 0, 0),
    ],
)
def test_a_tenth_of_all_points_for_each_day_begun(seconds, score, grace, penalty):
    policy = register.LatePolicy(per_day=0.1, grace_minutes=grace)
    assert export._penalty(seconds, score, 20.0, policy) == penalty


@pytest.fixture
def course(tmp_path):
    course = open_course(tmp_path / "work", write_solution(tmp_path / "solutions"))
    prepare(course, NAME)
    return course


def test_failed_waiting_and_missing_are_told_apart(course):
    with course.gradebook() as gradebook:
        for learner in ("anna", "ben", "clara"):
            gradebook.add_student(learner)
    record = register.Entry(NAME, "anna", register.FAILED, "it broke")
    register.record(course.database, record, register.Entry(NAME, "ben", register.WAITING))
    table = export.rows(course, NAME)
    assert [(row.status, row.score) for row in table] == [
        ("failed: it broke", None),
        ("waiting", None),
        ("missing", 0.0),
    ]
    assert {row.max_score for row in table} == {20.0}
    message = export.summary(table)
    assert "anna: failed: it broke" in message and "in all      3" in message


def without_submission(gradebook):
    gradebook.remove_submission(NAME, "ben")


def without_notebook(gradebook):
    gradebook.db.delete(gradebook.find_submission(NAME, "ben").notebooks[0])


@pytest.mark.parametrize("fault", [without_submission, without_notebook])
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_table_pages_and_summary_go_on_past_anything(course, tmp_path, fault):
    for learner in ("anna", "ben", "clara"):
        recorded(course, learner)
    with course.gradebook() as gradebook:
        fault(gradebook)
        gradebook.db.commit()
    export.record_penalties(course, NAME)
    table = {row.learner: row for row in export.rows(course, NAME)}
    assert [table[name].score for name in ("anna", "ben", "clara")] == [20, None, 20]
    assert table["ben"].status.startswith("failed: its points cannot be read (")
    entries = register.entries(course.database, NAME).values()
    reasons = feedback.write_pages(course, list(entries))
    assert reasons["ben"].startswith("its points cannot be read")
    assert course.feedback(NAME, "ben").is_file()
    assert not reasons["anna"].startswith("its points")
    summary.write_summary(course, NAME, tmp_path / "page.html")
    assert "its points cannot be read" in (tmp_path / "page.html").read_text()


def test_an_entry_replaces_its_own_and_no_other(course):
    first = register.Entry(NAME, "anna", register.WAITING)
    others = [first._replace(learner="ben"), first._replace(assignment="another")]
    register.record(course.database, first, *others)
    register.record(course.database, first._replace(outcome=register.GRADED))
    assert register.entries(course.database, NAME) == {
        "anna": first._replace(outcome=register.GRADED),
        "ben": others[0],
    }
    assert register.entries(course.database, "another") == {"anna": others[1]}


def test_a_table_that_a_spreadsheet_opens_without_running_it(course, tmp_path):
    with course.gradebook() as gradebook:
        gradebook.add_student("anna", first_name="=cmd|'/c calc'!A0", last_name='Ng, "A"')
        gradebook.add_student("김민준", first_name="+1", last_name="-2")
    export.write_csv(export.rows(course, NAME), tmp_path / "grades.csv")
    assert (tmp_path / "grades.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with open(tmp_path / "grades.csv", encoding="utf-8-sig", newline="") as file:
        rows = {row["learner"]: row for row in csv.DictReader(file)}
    assert rows["anna"]["first_name"] == "'=cmd|'/c calc'!A0"
    assert rows["anna"]["last_name"] == 'Ng, "A"'
    assert (rows["김민준"]["first_name"], rows["김민준"]["last_name"]) == ("'+1", "'-2")


def graded_notebook(*outputs, source=DOUBLE_CHECK, after=()):
    cell = marked(new_code_cell(source), "double-check", grade=True, locked=True, points=8)
    cell.outputs = [nbformat.from_dict(output) for output in outputs]
    task = marked(new_markdown_cell(TASK), "why", task=True, locked=True, points=4)
    return new_notebook(cells=[cell, task, *after])


def shown(notebook):
    notebook, _ = hidden.HideTests().preprocess(notebook, {})
    return notebook


def test_a_locked_cell_loses_its_hidden_lines_and_its_traceback():
    trace = [f"----> 3 {SECRET}", "AssertionError: double: wrong"]
    error = new_output("error", ename="AssertionError", evalue="double: wrong", traceback=trace)
    notebook = shown(graded_notebook(error))
    assert notebook.cells[0].source.strip() == 'assert double(2) == 4, "double(2) is 4"'
    assert notebook.cells[0].outputs[0].traceback == ["AssertionError: double: wrong"]
    assert notebook.cells[1].source.strip() == "Say why a mean may lie."


@pytest.mark.parametrize(
    "output",
    [
        new_output("stream", text=f"In[3]: {SECRET}\n"),
        new_output("stream", text=repr([f"x\n{SECRET}\ny"])),
        new_output("stream", text=SECRET.replace(" ", "\n> ")),
        new_output("execute_result", data={"text/plain": SECRET.replace(" ", "\x1b[31m \x1b[0m")}),
        new_output("display_data", data={"text/html": f"<b>{SECRET}</b>"}),
        new_output("error", ename="E", evalue=SECRET, traceback=[]),
    ],
)
def test_no_output_repeats_a_hidden_line(output):
    stolen = new_code_cell("print(In)")
    stolen.outputs = [output]
    notebook = shown(graded_notebook(after=[stolen]))
    assert notebook.cells[2].outputs[0].text == hidden.REMOVED


def test_other_outputs_stay():
    cell = new_code_cell("print(double(20.5))")
    cell.outputs = [new_output("stream", text="hidden_answer was 41.0, as on the blackboard")]
    notebook = shown(graded_notebook(after=[cell]))
    assert notebook.cells[2].outputs == cell.outputs


def test_markdown_and_html_of_learners_run_nothing():
    cell = new_code_cell("x")
    table = "<table><tr><td onclick='x()'>1</td></tr></table><script>x()</script>"
    cell.outputs = [
        new_output("execute_result", data={"text/html": table, "text/plain": "1"}),
        new_output("display_data", data={"application/javascript": "x()", "text/plain": "j"}),
        new_output("display_data", data={"image/svg+xml": "<svg onload='x()'/>"}),
    ]
    text = new_markdown_cell("<details>$a < b$</details><iframe src='https://x.org'></iframe>")
    own = marked(new_markdown_cell("<video></video>"), "task", task=True, locked=True, points=1)
    notebook = new_notebook(cells=[cell, text, own])
    notebook, _ = harmless.Harmless()(notebook, {})
    html = notebook.cells[0].outputs[0].data["text/html"]
    assert "<td>1</td>" in html and "<script" not in html and "onclick" not in html
    assert set(notebook.cells[0].outputs[1].data) == {"text/plain"}
    assert len(notebook.cells[0].outputs) == 2  # nothing is left of the drawing
    assert "<details>" in notebook.cells[1].source and "<iframe" not in notebook.cells[1].source
    assert notebook.cells[2].source == "<video></video>"
