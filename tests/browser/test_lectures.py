"""Every lecture runs in JupyterLab, offline, and its widgets answer to the keyboard."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.browser.notebook import SECONDS
from tests.lab import ROOT
from tools.normalise import normalise

LECTURES = sorted(path.name for path in (ROOT / "lectures").glob("*.ipynb"))
PLANTED = [
    new_markdown_cell('# Faults\n\n<img src="https://elsewhere.example/dot.png" alt="a dot">'),
    new_code_cell(
        """\
import sys
import matplotlib.pyplot as plt
from xaikit.course import plots, widgets

def same_figure(t):
    plt.plot([0, 1])
    plots.say(f"t is {t}")

def same_sentence(t):
    plt.plot([0, t])
    plots.say("this is t")

widgets.explore(same_figure, t=(0, 9, 1, 1))"""
    ),
    new_code_cell("widgets.explore(same_sentence, t=(0, 9, 1, 1))"),
    new_code_cell("print('careful', file=sys.stderr)"),
    new_code_cell("1 / 0"),
    new_code_cell("print('never run')"),
]


def faults(notebook, seconds=SECONDS):
    """Run all cells, move every control of every widget; return what a learner stumbles over."""
    notebook.run_all()
    code = [cell for cell in notebook.cells() if cell["cell_type"] == "code"]
    found = [
        f"code cell {number} has the count {cell['execution_count']}"
        for number, cell in enumerate(code, start=1)
        if cell["execution_count"] != number
    ]
    for index, controls in notebook.controls().items():
        moves = notebook.move_controls(index, seconds)
        notebook.picture_widget(index)
        found += [f"cell {index}: {move}" for move in moves if move]
        if len(moves) != controls:
            found.append(f"cell {index}: Tab reaches {len(moves)} of {controls} controls")
    return found + notebook.errors() + notebook.complaints


@pytest.mark.parametrize("lecture", LECTURES)
def test_a_lecture_runs_and_its_widgets_redraw(notebook, lecture):
    notebook.open(f"lectures/{lecture}")
    assert faults(notebook) == []
    assert notebook.controls(), "there is no widget"


def test_planted_faults_are_found(notebook, course):
    nbformat.write(normalise(new_notebook(cells=PLANTED)), course / "planted.ipynb")
    notebook.open("planted.ipynb")
    expected = [
        "code cell 5 has the count None",
        "cell 1: ArrowRight leaves the figure as it was",
        "cell 2: ArrowRight leaves the sentence as it was",
        "careful",
        "ZeroDivisionError",
        "console: Failed to load resource: net::ERR_NAME_NOT_RESOLVED",
        "request to another host: https://elsewhere.example/dot.png",
    ]
    # A widget that stays as it is does so for any time: no need to wait long.
    found = faults(notebook, seconds=3)
    assert len(found) == len(expected)
    for words in expected:
        assert any(words in fault for fault in found), f"'{words}' is not among {found}"
