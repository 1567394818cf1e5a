"""A learner opens an exercise in JupyterLab, answers it, and sees a message immediately."""

import re

import nbformat
import pytest

from tests.lab import ROOT

EXERCISES = sorted(path.stem for path in (ROOT / "exercises").glob("*/*.ipynb"))
STUB = ["    # YOUR CODE HERE", "    raise NotImplementedError()"]
FORGOTTEN_RETURN = ["    answer = None  # and no return"]


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
def test_every_check_stops_at_an_unwritten_answer_and_judges_a_written_one(notebook, exercise):
    answers, checks = code_cells(exercise)
    notebook.open(f"exercises/{exercise}/{exercise}.ipynb")
    notebook.run_all()
    # JupyterLab stops at the first error; a learner runs the other cells one by one.
    places = [p for p, cell in enumerate(notebook.cells()) if cell["cell_type"] == "code"]
    for place in places:
        if notebook.cells()[place]["execution_count"] is None:
            notebook.run(place)
    found = {place: errors_of(notebook.cells()[place]) for place in places}
    assert {place: found[place] for place in checks} == {
        place: ["NotImplementedError"] for place in checks
    }
    assert {error for errors in found.values() for error in errors} == {"NotImplementedError"}

    place, grade_id = next(iter(answers.items()))
    check = min(p for p in checks if p > place)
    right = solution_of(exercise, grade_id)
    answer(notebook, place, STUB, FORGOTTEN_RETURN)
    notebook.run(check)
    # One line of text, no traceback.
    assert re.fullmatch(r"✗ .*returned nothing.*", notebook.text_below(check))

    answer(notebook, place, FORGOTTEN_RETURN, right)
    assert not errors_of(notebook.run(check))
    assert re.fullmatch("✓ .*", notebook.text_below(check))
    assert notebook.complaints == []
