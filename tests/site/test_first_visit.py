"""A learner opens the course in the browser, reads, answers, and takes the work along."""

from pathlib import Path

from grading import autograde, export
from tests.grading.classes import grade, hand_in
from tests.lab import ROOT
from tests.site.results import wrong_results_of_lecture
from xaikit.course import contents

EXERCISE = "00_neural_networks"
# A person's press of the mouse. A page that draws cells anew meanwhile takes the link away.
A_PRESS = 100  # milliseconds
PATH = f"exercises/{EXERCISE}/{EXERCISE}.ipynb"


def test_what_is_published_beside_the_book_is_small(site):
    parts = [path for path in site.rglob("live/**/*") if "pyodide" not in path.parts]
    assert sum(path.stat().st_size for path in parts) < 40e6


def test_the_first_lecture_runs_and_answers_to_the_keyboard(live):
    assert wrong_results_of_lecture(live, "00_neural_networks") == {}
    moves = live.move_controls(min(live.controls()))
    assert moves and not any(moves.values())
    assert live.errors() == [] and live.outside() == []
    # A page to which it links is shown beside it, and not as its source.
    live.page.get_by_role("link", name="notation page").first.click(delay=A_PRESS)
    shown = live.page.locator(".jp-MarkdownViewer h1")
    shown.wait_for()
    assert shown.inner_text().startswith("Notation")


def test_an_exercise_is_answered_taken_along_and_graded(live, tmp_path):
    live.open(PATH)
    live.write_answers(EXERCISE)
    live.run_all()
    (assignment,) = [one for one in contents.assignments() if one.name == EXERCISE]
    last = assignment.exercises[-1].checks or assignment.exercises[-2].checks
    (card,) = [
        output["data"]["text/plain"]
        for cell in live.cells()
        if cell["id"] == last[-1].name
        for output in cell["outputs"]
    ]
    assert f"{assignment.points} of {assignment.points} points" in card

    with live.page.expect_download() as download:
        live.page.get_by_role("button", name="Download my work").click()
    file = download.value
    assert file.suggested_filename == f"{EXERCISE}.ipynb"
    hand_in(tmp_path / "submissions", "mina", Path(file.path()).read_bytes(), EXERCISE)
    course = grade(
        tmp_path / "work", ROOT / "solutions", tmp_path / "submissions", EXERCISE, autograde.Pace()
    )
    (row,) = export.rows(course, EXERCISE)
    assert (row.status, row.score, row.notes) == ("needs manual", assignment.points, "")

    # The last card leads to the next lecture, which knows what was passed.
    link = live.page.get_by_role("link", name="lecture 01, ").last
    link.click(delay=A_PRESS)
    lecture = "lectures/01_gradient_x_input.ipynb"
    live.wait(f"xaiTests.panel.context.path === '{lecture}'", "the next lecture")
    live.wait("xaiTests.models.length && xaiTests.kernel === 'idle'", "its kernel")
    live.run_first(1)
    assert f"{assignment.points} of {assignment.points} points" in str(live.cells()[1]["outputs"])
    assert live.outside() == []
