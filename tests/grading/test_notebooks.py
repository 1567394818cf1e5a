"""What becomes of a learner's notebook before it is graded; nothing is run."""

import copy
import json
import os
import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from grading.errors import Rejected
from grading.limited import Limited
from grading.notebooks import prepared
from tests.grading.classes import (
    NAME,
    answered,
    cell_of,
    exercise,
    marked,
    to_bytes,
    without_cells,
)


def after_intake(notebook):
    """Return a notebook as it is graded, and the notes."""
    text, notes = prepared(to_bytes(notebook), NAME, "a.ipynb", exercise())
    return nbformat.reads(text, as_version=4), notes


def order(notebook, *words):
    """Return at which cells these words stand first."""
    sources = [cell.source for cell in notebook.cells]
    return [next(i for i, source in enumerate(sources) if word in source) for word in words]


def changed(grade_id, source, notebook=None):
    notebook = notebook or answered()
    cell_of(notebook, grade_id).source = source(cell_of(notebook, grade_id).source)
    return notebook


def test_an_answer_typed_into_the_question_is_kept_below_it():
    notebook, notes = after_intake(changed("why", lambda text: f"{text}\n\nOutliers, mostly."))
    question, kept, answer = order(notebook, "Say why", "Outliers", "*Your answer:*")
    assert (kept, answer) == (question + 1, question + 2)
    assert notebook.cells[question].source == cell_of(exercise(), "why").source
    assert notes == ["text typed into locked cells, kept: why"]


PICTURE = {"a b.png": {"image/png": "iVBORw0KGgo="}}


def test_pictures_pasted_into_a_locked_question_are_kept_with_the_text():
    notebook = changed("why", lambda text: f"{text}\n\nSee ![mine](attachment:a%20b.png)")
    cell_of(notebook, "why")["attachments"] = PICTURE
    notebook, _ = after_intake(notebook)
    question, kept = order(notebook, "Say why", "See ![mine]")
    assert notebook.cells[kept].attachments == PICTURE
    assert "attachments" not in notebook.cells[question]


def test_pictures_in_an_answer_that_nbgrader_marks_are_kept():
    release = exercise()
    cell = marked(new_markdown_cell("YOUR ANSWER HERE"), "drawn", solution=True, grade=True)
    release.cells.append(cell)
    notebook = copy.deepcopy(release)
    notebook.cells[-1].source = "![mine](attachment:a%20b.png)"
    notebook.cells[-1]["attachments"] = PICTURE
    text, _ = prepared(to_bytes(notebook), NAME, "a.ipynb", release)
    assert cell_of(nbformat.reads(text, as_version=4), "drawn").attachments == PICTURE


def test_code_typed_into_a_check_runs_where_it_stood():
    code = "def double(x):\n    return 2 * x"
    notebook, _ = after_intake(
        changed("double-check", lambda text: f"{code}\n{text}\nprint(double(3))")
    )
    typed, check, below = order(notebook, "'double-check' and", "assert", "print(double")
    assert (check, below) == (typed + 1, typed + 2)


def test_an_answer_merged_into_a_check_stands_in_for_the_one_that_is_missing():
    right = "def mean(values):\n    return np.sum(values) / len(values)"
    notebook = changed("double-check", lambda text: f"{text}\n\n{right}")
    notebook, notes = after_intake(without_cells(notebook, "mean"))
    blank, typed, check = order(notebook, "raise NotImplementedError", right, "assert_allclose")
    assert blank < typed < check
    assert "text typed into locked cells, kept: double-check" in notes


def test_an_import_in_the_setup_cell_comes_right_after_it():
    notebook, _ = after_intake(changed("setup", lambda text: f"{text}\nimport pandas as pd"))
    setup, typed = order(notebook, "import numpy as np", "import pandas as pd")
    assert typed == setup + 1


def test_locked_cells_that_lost_lines_or_blanks_are_silently_whole_again():
    notebook = changed("double-check", lambda text: "\n" + text + "  \n")
    assert after_intake(changed("why", lambda text: "", notebook))[1] == []


def stripped(notebook):
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({"id": "x"})
    return notebook


def test_marks_that_an_editor_stripped_are_found_again_by_the_cells_text():
    notebook = changed("why", lambda text: f"{text}\nOutliers.", answered(before=["x = 1"]))
    notebook.cells.insert(0, new_code_cell("!pip install xaikit"))
    found, notes = after_intake(stripped(notebook))
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id", "-") for cell in found.cells]
    assert " ".join(ids) == "- - setup - double double-check mean mean-check why - -"
    assert "return 2 * x" in cell_of(found, "double").source
    ids = "setup, double, double-check, mean, mean-check, why"
    assert notes == [
        f"marks were lost, recognised by their text: {ids}",
        "text typed into locked cells, kept: why",
    ]


def test_an_answer_that_looks_like_nothing_is_found_by_its_place():
    notebook = changed("double", lambda text: "from answers import double")
    found, _ = after_intake(stripped(notebook))
    assert cell_of(found, "double").source == "from answers import double"


def test_a_notebook_of_something_else_is_not_recognised():
    notebook = nbformat.v4.new_notebook(cells=[new_markdown_cell("# Other"), new_code_cell("x")])
    with pytest.raises(Rejected, match="no exercise"):
        after_intake(notebook)


def test_the_answered_copy_of_an_untouched_cell_counts():
    notebook = answered()
    copied = copy.deepcopy(cell_of(notebook, "double"))
    copied["id"] = "copied"
    cell_of(notebook, "double").source = "# see below"
    notebook.cells.append(copied)
    found, notes = after_intake(notebook)
    assert "return 2 * x" in cell_of(found, "double").source
    assert notes == ["answered in a copy further down: double"]


def with_cells(change):
    content = json.loads(to_bytes(answered()))
    change(content)
    return json.dumps(content).encode()


def old(content):
    content.update(nbformat=3, worksheets=[{"cells": [{"cell_type": "code"}] * 100_000}])


HOSTILE = {
    "100,000 cells": (with_cells(lambda c: c["cells"].extend(c["cells"][:1] * 100_000)), "cells"),
    "100,000 cells of version 3": (with_cells(old), "more than 2000"),
    "deep nesting": (b"[" * 100_000, "nested too deeply"),
    "a digit for each atom": (b'{"cells": [], "x": ' + b"9" * 10_000 + b"}", "not a notebook"),
    "half a character": (with_cells(lambda c: c["cells"][0].update(source="\ud800")), "half a"),
    "a cell that is none": (with_cells(lambda c: c["cells"].append(3)), "neither code nor text"),
    "endless lines": (
        with_cells(lambda c: c["cells"][1].update(source=["x\n", "y\n"] * 50_000)),
        "100000 lines",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_too_much_is_refused_with_a_reason(name):
    data, words = HOSTILE[name]
    with pytest.raises(Rejected, match=words):
        prepared(data, NAME, "a.ipynb", exercise())


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(metadata=[1], nbformat="x", nbformat_minor=-1),
        lambda c: c["cells"][0].update(metadata=None, id=3, outputs=5),
        lambda c: c["cells"][0].update(attachments={"a.png": 3}),
        lambda c: c["cells"][-1].update(metadata={"nbgrader": {"grade_id": ["why"]}}),
        lambda c: c["cells"][2]["metadata"].update(nbgrader={"grade_id": "double", "points": "x"}),
    ],
)
def test_broken_metadata_costs_nothing(change):
    text, _ = prepared(with_cells(change), NAME, "a.ipynb", exercise())
    assert "return 2 * x" in cell_of(nbformat.reads(text, as_version=4), "double").source


@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [
        (time.sleep, [600], "more than 2 seconds"),
        (bytearray, [10**10], "too much memory"),
        (os._exit, [1], "broke down"),
        (int, ["x"], "ValueError"),
        (prepared, [b"[" * 100_000, NAME, "a.ipynb", None], "nested too deeply"),
    ],
)
def test_what_breaks_or_stops_its_reader_costs_one_file(function, arguments, words):
    with Limited(seconds=2, memory=10**9) as limited:
        with pytest.raises(Rejected, match=words):
            limited(function, *arguments)
        limited.seconds = 60
        assert limited(len, "next") == 4


def test_the_reader_ends_with_its_reader():
    with Limited() as limited:
        assert limited(len, "x") == 1
        process = limited.process
    assert process.poll() is not None
