"""One JupyterLab, started by `make lab` on a copy of the course, and one Chromium to open it in."""

import os
import re
from pathlib import Path

import pytest

from tests.browser.notebook import SECONDS, Notebook
from tests.chromium import offline
from tests.lab import copy_course, open_lab, running

LONGEST = ["test_lectures.py", "test_exercises.py"]


def pytest_collection_modifyitems(items):
    """Begin this folder's tests with the longest: at the end, one worker waits for the other."""
    places = [
        place for place, item in enumerate(items) if Path(__file__).parent in item.path.parents
    ]
    ours = [items[place] for place in places]
    ours.sort(key=lambda item: (*LONGEST, item.path.name).index(item.path.name))
    for place, item in zip(places, ours, strict=True):
        items[place] = item


@pytest.fixture(scope="package")
def context(tmp_path_factory):
    """Chromium, which keeps JupyterLab's files and the clipboard from page to page."""
    # It ends with this folder's tests, because asyncio.run fails while Playwright runs.
    clipboard = ["clipboard-read", "clipboard-write"]
    with offline(tmp_path_factory.mktemp("profile"), SECONDS, permissions=clipboard) as context:
        yield context


@pytest.fixture
def page(context):
    page = context.new_page()
    yield page
    page.close()


@pytest.fixture(scope="package")
def course(tmp_path_factory):
    return copy_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="package")
def lab(course, tmp_path_factory):
    with running(open_lab, tmp_path_factory.mktemp("lab"), course) as lab:
        yield lab


@pytest.fixture
def pictures(request, tmp_path):
    """Where a test's pictures go; XAI_SCREENSHOTS may name a folder for those of all."""
    name = re.sub(r"\W+", "_", request.node.name).strip("_")
    return Path(os.environ.get("XAI_SCREENSHOTS", tmp_path)) / name


@pytest.fixture
def notebook(context, lab, pictures):
    """A fresh page."""
    notebook = Notebook(context.new_page(), lab, pictures)
    yield notebook
    notebook.close()


@pytest.fixture(scope="package")
def left_behind(context):
    """What a test leaves to the next: a page with JupyterLab and no notebook, or nothing."""
    return []


@pytest.fixture
def next_notebook(context, lab, pictures, left_behind, request):
    """The page of the test before, as of a learner who goes on: JupyterLab is loaded once.

    What a failed test leaves nobody gets.
    """
    failed = request.session.testsfailed
    notebook = left_behind.pop() if left_behind else Notebook(context.new_page(), lab, pictures)
    notebook.pictures, notebook.complaints = pictures, []
    yield notebook
    if request.session.testsfailed == failed:
        notebook.leave()
        left_behind.append(notebook)
    else:
        notebook.close()
