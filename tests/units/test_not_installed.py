"""Cells that need a package which is not installed, seen before they run."""

import ast
import json

import pytest

from tests.notebooks.person import kernel
from xaikit.course import contents, minilm, not_installed, photos
from xaikit.course.not_installed import FIRST_WORDS, Watcher, results

THERE = {"numpy", "xaikit"}


def missing(*cells):
    """Return for each of these cells the packages that it lacks."""
    watcher = Watcher(lambda package: package in THERE)
    return [watcher.missing(ast.parse(cell)) for cell in cells]


@pytest.mark.parametrize(
    ("cells", "lacking"),
    [
        (["import numpy as np", "np.zeros(2)"], [[], []]),
        (["import torch", "torch.ones(1)", "1"], [["torch"], ["torch"], []]),
        (["from captum.attr import LRP"], [["captum"]]),
        (["import captum.metrics\nimport torch"], [["captum", "torch"]]),
        # What is defined anew is there again; what is used before is not.
        (["import torch\nx = 1", "x = 2\nx + 1", "x"], [["torch"], [], []]),
        (["import torch\nx = 1", "x = x + 1", "x"], [["torch"]] * 3),
        # Functions carry what they use.
        (["import torch", "def f():\n    return torch.e", "f()"], [["torch"]] * 3),
        (["import torch\nx = 1", "def f(x):\n    return x"], [["torch"], []]),
        (["import lime", "import shap", "(lime, shap)"], [["lime"], ["shap"], ["lime", "shap"]]),
        (["from xaikit.course import photos"], [sorted(photos.NEEDS)]),
        (["from xaikit.course import datasets, photos as p", "p"], [sorted(photos.NEEDS)] * 2),
        (["def f():\n    from xaikit.course import minilm"], [sorted(minilm.NEEDS)]),
        (["import xaikit.course.minilm as m"], [sorted(minilm.NEEDS)]),
        (["from xaikit.course import datasets, progress, nothing"], [[]]),
        (["from xaikit.course.photos import photo"], [sorted(photos.NEEDS)]),
        (["import nunpy as np", "np.ones(1)"], [[], []]),  # Python says that there is none
        (["await f()"], [[]]),
        (["return 1"], [[]]),  # IPython says what is wrong
    ],
)  # fmt: skip
def test_a_cell_lacks_what_it_imports_and_what_was_never_defined(cells, lacking):
    assert missing(*cells) == lacking


def test_a_notebook_goes_on_with_the_stored_result(tmp_path):
    code = "import captum\nprint(1)"
    output = {"output_type": "stream", "name": "stdout", "text": ["stored ", "words\n"]}
    picture = {"image/png": "AAAA", "text/plain": ["<Figure>"]}
    outputs = [output, {"output_type": "display_data", "data": picture, "metadata": {}}]
    cells = [{"cell_type": "code", "source": code.splitlines(True), "outputs": outputs}]
    (tmp_path / "one.ipynb").write_text(json.dumps({"cells": cells}))
    with kernel(tmp_path) as run:
        run("from xaikit.course import not_installed, progress")
        run("not_installed._is_installed = lambda package: package != 'captum'\nprogress()")
        status, shown = run(code)
        assert status == "ok"
        kinds = [kind for kind, _ in shown]
        assert kinds == ["display_data", "stream", "display_data"]
        words = "This cell needs captum, which is not installed here. Its stored result:"
        assert shown[0][1]["data"]["text/plain"] == words
        assert shown[1][1]["text"] == "stored words\n"
        assert shown[2][1]["data"] == {"image/png": "AAAA", "text/plain": "<Figure>"}
        # A cell that is not the course's own.
        _, [(_, said)] = run("import captum")
        assert said["data"]["text/plain"].endswith("which is not installed here.")
        # Other errors are errors.
        assert [run(f"import {name}")[0] for name in ("numpy.nunpy", "nunpy")] == ["error"] * 2


def test_the_sentence_is_not_stored_as_a_result():
    said = {"output_type": "display_data", "data": {"text/plain": [f"{FIRST_WORDS}torch …"]}}
    printed = {"output_type": "stream", "name": "stdout", "text": [f"{FIRST_WORDS}torch …"]}
    kept = {"output_type": "stream", "name": "stdout", "text": ["0.5"]}
    error = {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}
    assert results([said, printed, kept, error]) == [kept]


def test_results_that_were_brought_come_first(tmp_path, monkeypatch):
    code = contents.digest("import not_there")
    file = tmp_path / "results.json"
    file.write_text(json.dumps({code: []}))
    monkeypatch.setattr(not_installed, "FILE", file)
    assert not_installed.stored() == {code: []}
