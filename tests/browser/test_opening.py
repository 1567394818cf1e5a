"""Opening a notebook changes nothing, and at the first start the table of contents is open.

That it changes no lecture is tested in test_lectures.py, which opens them all.
"""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.lab import ROOT, TOKEN
from tools.normalise import normalise, to_text

START = "start.ipynb"
VERSION = "xaiTests.content.model.getMetadata('language_info').version"


def test_opening_the_first_page_leaves_it_as_it_was(notebook, course):
    notebook.open(START)
    assert not notebook.is_dirty()
    assert (course / START).read_bytes() == (ROOT / START).read_bytes()


@pytest.mark.parametrize(
    "info", [{"name": "python"}, {"name": "python", "version": "3.9.1", "file_extension": ".py"}]
)
def test_the_version_of_python_is_never_stored(next_notebook, course, info):
    notebook = next_notebook
    file = course / "versions.ipynb"
    stored = normalise(new_notebook(cells=[new_code_cell("1 + 1")]))
    stored.metadata.language_info, stored.cells[0].execution_count = info, None
    file.write_text(to_text(stored))
    notebook.open_next(file.name)
    assert not notebook.is_dirty()
    assert notebook.ask(VERSION).startswith("3.")
    # A change of a learner's is one, and is stored without the version.
    notebook.run(0)
    assert notebook.is_dirty()
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
    start = nbformat.read(ROOT / START, as_version=4)
    title = start.cells[0].source.splitlines()[0].removeprefix("# ")
    assert any(title in heading for heading in headings)
    assert page.locator("#jp-left-stack").bounding_box()["width"] > 250
