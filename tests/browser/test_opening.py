"""Opening a notebook changes nothing, and at the first start the table of contents is open."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.lab import ROOT, TOKEN
from tools.normalise import normalise, to_text

NOTEBOOKS = ["start.ipynb", *sorted(f"lectures/{p.name}" for p in ROOT.glob("lectures/*.ipynb"))]
# JupyterLab writes the kernel's answer into the notebook when it has it, and marks the tab with a
# dot a moment later.
KERNEL_ANSWERED = "xaiTests.panel.sessionContext.session.kernel.info.then(({status}) => status)"
A_MOMENT = 1000  # milliseconds
VERSION = "xaiTests.content.model.getMetadata('language_info').version"
DIRTY_TABS = "document.querySelectorAll('.lm-TabBar-tab.jp-mod-dirty').length"


def is_dirty(notebook):
    assert notebook.ask(KERNEL_ANSWERED) == "ok"
    notebook.page.wait_for_timeout(A_MOMENT)
    dirty = notebook.ask("xaiTests.panel.context.model.dirty")
    assert (notebook.ask(DIRTY_TABS) > 0) == dirty
    return dirty


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_opening_a_notebook_leaves_it_as_it_was(notebook, course, path):
    file = course / path
    before = file.read_bytes()
    notebook.open(path)
    assert not is_dirty(notebook)
    assert file.read_bytes() == before == (ROOT / path).read_bytes()


@pytest.mark.parametrize(
    "info", [{"name": "python"}, {"name": "python", "version": "3.9.1", "file_extension": ".py"}]
)
def test_the_version_of_python_is_never_stored(notebook, course, info):
    file = course / "versions.ipynb"
    stored = normalise(new_notebook(cells=[new_code_cell("1 + 1")]))
    stored.metadata.language_info, stored.cells[0].execution_count = info, None
    file.write_text(to_text(stored))
    notebook.open(file.name)
    assert not is_dirty(notebook)
    assert notebook.ask(VERSION).startswith("3.")
    # A change of a learner's is one, and is stored without the version.
    notebook.run(0)
    assert is_dirty(notebook)
    notebook.press("Control+S")
    notebook.wait("!xaiTests.panel.context.model.dirty", "a saved notebook")
    saved = nbformat.read(file, as_version=4)
    assert saved.metadata.language_info == {"name": "python"}
    assert saved.cells[0].outputs[0].data["text/plain"] == "2"


def test_another_language_keeps_its_words(notebook, lab, course):
    file = course / "other.ipynb"
    info = {"name": "R", "version": "4.5"}
    file.write_text(to_text(new_notebook(metadata={"language_info": info})))
    _, answer = lab.get(f"/api/contents/{file.name}")
    assert json.loads(answer)["content"]["metadata"]["language_info"] == info


def test_at_the_first_start_the_table_of_contents_is_open(page, lab):
    page.goto(f"{lab.address}/?token={TOKEN}")
    # Not the first place in the panel, but the one that is shown.
    contents = page.locator("#table-of-contents")
    contents.wait_for()
    first = contents.locator(".jp-tocItem").first
    first.wait_for()
    headings = contents.locator(".jp-tocItem").all_inner_texts()
    start = nbformat.read(ROOT / NOTEBOOKS[0], as_version=4)
    title = start.cells[0].source.splitlines()[0].removeprefix("# ")
    assert any(title in heading for heading in headings)
    assert page.locator("#jp-left-stack").bounding_box()["width"] > 250
