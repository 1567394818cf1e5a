"""A learner's work stays, and can be put aside."""

import json
import os
from pathlib import Path

import nbformat
import pytest

from tests.browser import axe
from tests.site.live import BUTTONS, Live

OTHER = "exercises/01_gradient_x_input/01_gradient_x_input.ipynb"
# The two buttons of the course; JupyterLab's own are not looked at.
TOOLBAR = ", ".join(
    f'.jp-NotebookPanel-toolbar [data-jp-item-name="{name}"]'
    for name in ("download-my-work", "start-afresh")
)
STUB = "raise NotImplementedError()"

# A kernel runs in a worker of its own, and not in the page.
ASKS_ELSEWHERE = """
import js

try:
    await js.fetch("https://elsewhere.example/")
except Exception as error:
    print("refused:", type(error).__name__)
"""


def test_answers_outlive_a_newer_course_and_are_kept_when_a_learner_starts_afresh(
    live, site, tmp_path
):
    live.page.set_viewport_size({"width": 768, "height": 1024})  # a tablet
    live.open(OTHER)
    live.wait("jupyterapp.shell.leftCollapsed", "room for the notebook")
    live.write_answers("01_gradient_x_input")
    assert axe.faults_within(live.page, TOOLBAR) == []
    with live.page.expect_download() as download:
        live.page.get_by_role("button", name=BUTTONS[0]).click()
    taken = nbformat.read(download.value.path(), as_version=4).cells
    assert not is_unwritten(taken)
    live.menu("File", "Save Notebook")
    live.wait("!xaiTests.panel.context.model.dirty", "the notebook to be saved")
    original = site / "live" / "files" / OTHER
    course = json.loads(original.read_text())
    course["cells"][0]["source"] += "\n\nA newer edition."
    # In one step: a page that asks meanwhile would get an empty file, and keep it.
    newer = tmp_path / original.name
    newer.write_text(json.dumps(course))
    newer.replace(original)

    live.open(OTHER)
    assert not is_unwritten(live.cells())
    assert "A newer edition." not in sources(live)[0]

    questions = []
    live.page.once("dialog", lambda dialog: (questions.append(dialog.message), dialog.accept()))
    live.page.get_by_role("button", name=BUTTONS[1]).click()
    live.wait("xaiTests.models[0].sharedModel.source.includes('A newer edition.')", "the original")
    # What is stored, and not whether anything is unsaved: a kernel that starts writes its own name
    # into an open notebook.
    stored = f"jupyterapp.serviceManager.contents.get('{OTHER}', {{content: true}})"
    is_new = "file => String(file.content.cells[0].source).includes('A newer edition.')"
    live.wait(f"{stored}.then({is_new})", "the original to be saved")
    (question,) = questions
    assert "is kept beside it" in question
    live.show(OTHER)
    assert "A newer edition." in sources(live)[0] and is_unwritten(live.cells())
    kept = question.partition("“")[2].partition("”")[0]
    live.show(str(Path(OTHER).with_name(kept)))
    assert not is_unwritten(live.cells())
    assert live.outside() == []


@pytest.fixture(scope="module")
def telephone(context, address, tmp_path_factory):
    """One page for two tests: to start its kernel takes most of their time."""
    pictures = Path(os.environ.get("XAI_SCREENSHOTS", tmp_path_factory.mktemp("pictures")))
    live = Live(context.new_page(), address, pictures / "telephone")
    live.page.set_viewport_size({"width": 360, "height": 740})
    live.open(OTHER)
    yield live
    live.close()


def test_a_telephone_shows_both_buttons_and_the_one_that_runs_a_cell(telephone):
    telephone.wait("jupyterapp.shell.leftCollapsed", "room for the notebook")
    # JupyterLab moves what has no room behind "…", a moment later.
    more = "document.querySelector('[data-jp-item-name=toolbar-popup-opener]').offsetWidth"
    telephone.wait(more, "…")
    for name in (*BUTTONS, "Run this cell and advance"):
        assert telephone.page.get_by_role("button", name=name).is_visible(), name


def test_a_request_of_the_kernel_to_another_host_is_seen(telephone):
    assert telephone.outside() == []
    telephone.run_code(ASKS_ELSEWHERE)
    assert "https://elsewhere.example/" in str(telephone.outside())


def sources(live) -> list[str]:
    return [cell["source"] for cell in live.cells()]


def is_unwritten(cells) -> bool:
    code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    return any(source.endswith(STUB) for source in code)
