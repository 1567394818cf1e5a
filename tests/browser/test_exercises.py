"""A learner opens an exercise in JupyterLab, answers it, and sees a message immediately."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.browser import axe
from tests.browser.notebook import PICTURES_ARE_WANTED
from tests.lab import ROOT
from tools.normalise import KERNELSPEC
from tools.screenshots import WIDTHS
from xaikit.course import cards
from xaikit.course.cards import Bars, Card, Link

EXERCISES = sorted(path.stem for path in (ROOT / "exercises").glob("*/*.ipynb"))
STUB = ["    # YOUR CODE HERE", "    raise NotImplementedError()"]
FORGOTTEN_RETURN = ["    answer = None  # and no return"]
ZEROS = ["    return np.zeros(v.ndim)"]


def code_cells(exercise):
    """Return the positions of the answers and of the checks, from nbgrader's metadata."""
    cells = nbformat.read(ROOT / f"exercises/{exercise}/{exercise}.ipynb", as_version=4).cells
    marks = {
        place: cell.metadata.get("nbgrader", {})
        for place, cell in enumerate(cells)
        if cell.cell_type == "code"
    }
    answers = {place: mark["grade_id"] for place, mark in marks.items() if mark.get("solution")}
    return answers, [place for place, mark in marks.items() if mark.get("grade")]


def solution_of(exercise, grade_id):
    """Return the lines between the solution's markers."""
    cells = nbformat.read(ROOT / f"solutions/{exercise}/{exercise}.ipynb", as_version=4).cells
    (source,) = [
        cell.source
        for cell in cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    ]
    (lines,) = re.findall(r"### BEGIN SOLUTION\n(.*)\n +### END SOLUTION", source, re.DOTALL)
    return lines.split("\n")


def lines_below(notebook, place):
    return re.split(r"\n+", notebook.text_below(place))


def card_below(cell):
    """Return the plain words of a cell's only output."""
    (output,) = cell["outputs"]
    return "".join(output["data"]["text/plain"])


def errors_of(cell):
    return [output["ename"] for output in cell["outputs"] if output["output_type"] == "error"]


def answer(notebook, place, old, new):
    """Replace the last lines of a cell, and run it."""
    source = notebook.cells()[place]["source"]
    head = source.removesuffix("\n".join(old))
    notebook.replace_last_lines(place, len(old), "\n".join(new))
    expected = head + "\n".join(new)
    assert notebook.cells()[place]["source"] == expected
    assert not errors_of(notebook.run(place))


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_check_stops_at_an_unwritten_answer_and_judges_a_written_one(next_notebook, exercise):
    notebook = next_notebook
    answers, checks = code_cells(exercise)
    notebook.open_next(f"exercises/{exercise}/{exercise}.ipynb")
    notebook.run_all()
    # JupyterLab stops at the first error; a learner runs the other cells one by one.
    code = {p: cell for p, cell in enumerate(notebook.cells()) if cell["cell_type"] == "code"}
    for place, cell in code.items():
        if cell["execution_count"] is None:
            notebook.run(place)
    cells = notebook.cells()
    assert not [place for place in code if errors_of(cells[place])]
    unwritten = r"○ \w+ is not written yet: your code goes in the place of raise NotImplemented.*"
    assert all(re.fullmatch(unwritten, card_below(cells[place])) for place in checks)

    place, grade_id = next(iter(answers.items()))
    check = min(p for p in checks if p > place)
    right = solution_of(exercise, grade_id)
    answer(notebook, place, STUB, FORGOTTEN_RETURN)
    assert not errors_of(notebook.run(check))
    first, example, *_ = lines_below(notebook, check)
    assert re.fullmatch(r"✗\s*\w+.*returned nothing.*", first)
    assert example.startswith("By hand: ")

    answer(notebook, place, FORGOTTEN_RETURN, right)
    assert not errors_of(notebook.run(check))
    first, *_, points = lines_below(notebook, check)
    assert re.match(r"✓\s*\w+", first)
    assert re.match(r"\d+ of \d+ points · next: (the other check of )?exercise", points)
    assert notebook.complaints == []


def test_run_all_stops_at_the_first_answer_that_is_missing(next_notebook):
    notebook = next_notebook
    _, checks = code_cells("03_shapley_values")
    notebook.open_next("exercises/03_shapley_values/03_shapley_values.ipynb")
    notebook.run_all()
    counts = [cell.get("execution_count") for cell in notebook.cells()]
    assert counts[checks[0]] and not any(counts[place] for place in checks[1:])


THEMES = ["JupyterLab Light", "JupyterLab Dark"]
# What cells show; JupyterLab's own buttons, and its colours of code, are not the course's.
OUTPUTS = ".jp-Notebook .jp-OutputArea-output"


@pytest.fixture(autouse=True)
def nothing_passed(course):
    """Begin each test as a learner does: another one's answers are not remembered."""
    (course / ".progress.jsonl").unlink(missing_ok=True)


@pytest.fixture
def themes(notebook):
    """Return a function that looks at the outputs in both themes, for pictures at three widths."""

    def look(state, place):
        page = notebook.page
        notebook.select(place)
        notebook.ask("jupyterapp.shell.collapseLeft()")
        notebook.ask(
            "document.querySelectorAll('.jp-OutputArea details').forEach(d => d.open = true)"
        )
        for theme in THEMES:
            use(notebook, theme)
            assert axe.faults_within(page, OUTPUTS) == []
            for width in WIDTHS if PICTURES_ARE_WANTED else ():
                page.set_viewport_size({"width": width, "height": 900})
                name = f"{state}_{theme.split()[-1].lower()}_{width}.png"
                page.screenshot(path=notebook.pictures / name)
        page.set_viewport_size({"width": 1280, "height": 900})

    yield look
    use(notebook, THEMES[0])


def use(notebook, theme):
    command = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"
    notebook.ask(command, theme)
    notebook.wait(f"document.body.dataset.jpThemeName === '{theme}'", f"the theme {theme}")


def test_a_check_turns_from_grey_to_amber_to_green_and_progress_shows_it(notebook, course, themes):
    exercise = "03_shapley_values"
    answers, checks = code_cells(exercise)
    notebook.open(f"exercises/{exercise}/{exercise}.ipynb")
    notebook.run_all()
    place, check = min(answers), checks[0]
    themes("1_grey", check)

    answer(notebook, place, STUB, ZEROS)
    notebook.run(check)
    first, example, *_ = lines_below(notebook, check)
    assert first.endswith("contributions: not right yet") and example.startswith("By hand: v = ")
    themes("2_amber", check)

    answer(notebook, place, ZEROS, solution_of(exercise, "contributions"))
    notebook.run(check)
    assert lines_below(notebook, check)[-1] == "3 of 16 points · next: exercise 2, Exact values"
    themes("3_green", check)

    # The last card leads to the next lecture.
    for name in ("shapley-check", "shapley-example", "is_symmetric-check", "estimate-check"):
        with (course / ".progress.jsonl").open("a") as file:
            file.write(f'\n{{"passed": "{exercise}/{name}"}}')
    last = max(answers)
    answer(notebook, last, STUB, solution_of(exercise, "draw_coalition"))
    notebook.run(checks[-1])
    assert lines_below(notebook, checks[-1])[1].startswith("16 of 16 points · exercise 6 is read")
    themes("4_last", checks[-1])
    notebook.page.get_by_role("link", name="lecture 04, SHAP").click()
    notebook.wait("xaiTests.panel.context.path === 'lectures/04_shap.ipynb'", "the next lecture")

    notebook.open("start.ipynb")
    notebook.run_all()
    assert "0 of 11 lectures read, 5 of 60 exercises passed" in notebook.text_below(1)
    themes("5_progress", 1)
    notebook.page.get_by_role("link", name="assignment 03").click()
    path = f"exercises/{exercise}/{exercise}.ipynb"
    notebook.wait(f"xaiTests.panel.context.path === '{path}'", "the assignment")
    assert notebook.complaints == []


def test_cards_can_be_read_in_a_notebook_that_is_not_trusted(notebook, course, themes):
    """JupyterLab removes what it does not know to be harmless from stored outputs."""
    link = Link("lecture 04", "04_shap.ipynb")
    folded = ("The random case", ["checks.last_inputs() shows the numbers."])
    bars = Bars("The house:", {"park": 2.0, "cats banned": -1.0})
    lines = ["By hand: 1 + 2", ["next: ", link]]
    card = Card("✗", "shares: not right yet", lines, folded, (3, 16), bars)
    data = {"text/html": cards.html(card), "text/plain": cards.plain(card)}
    output = new_output("display_data", data)
    cells = [new_code_cell("1", execution_count=1, outputs=[output])]
    stored = new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC})
    nbformat.write(stored, course / "lectures/cards.ipynb")
    notebook.open("lectures/cards.ipynb")
    assert not notebook.ask("document.querySelector('.jp-OutputArea-output.jp-mod-trusted')")
    themes("untrusted", 0)
    by_hand = "By hand: 1\N{NO-BREAK SPACE}+\N{NO-BREAK SPACE}2"
    words = [
        "shares: not right yet",
        by_hand,
        "cats banned −1",
        "next: lecture 04",
        "The random case",
    ]
    shown = " ".join(lines_below(notebook, 0))
    assert all(part in shown for part in [*words, "✗", "checks.last_inputs() shows"])
