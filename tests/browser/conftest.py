"""One JupyterLab, started by `make lab` on a copy of the course, and one Chromium to open it in."""

import os
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.notebook import SECONDS, Notebook
from tests.chromium import chromium
from tests.lab import ROOT, make_lab, running

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# As if offline: requests to other hosts find nothing.
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@pytest.fixture(scope="package")
def context(tmp_path_factory):
    """Chromium, which keeps JupyterLab's files and the clipboard from page to page."""
    # It ends with this folder's tests, because asyncio.run fails while Playwright runs.
    with sync_playwright() as playwright:
        # A profile on the disk also keeps compiled code, so JupyterLab opens faster.
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=chromium(playwright),
            args=[*FLAGS, OFFLINE],
            timeout=SECONDS * 1000,
            viewport={"width": 1280, "height": 900},
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(SECONDS * 1000)
        yield context
        context.close()


@pytest.fixture
def page(context):
    page = context.new_page()
    yield page
    page.close()


@pytest.fixture(scope="package")
def course(tmp_path_factory):
    course = tmp_path_factory.mktemp("course")
    for part in ["tools/lab", "lectures", "exercises"]:
        shutil.copytree(ROOT / part, course / part)
    for file in ["Makefile", "pyproject.toml", "constraints.txt"]:
        shutil.copy(ROOT / file, course)
    return course


@pytest.fixture(scope="package")
def lab(course, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    # With this flag the page has an object from which the tests read a notebook's state.
    with running(lambda flags: make_lab(f"{flags} --expose-app-in-browser"), folder, course) as lab:
        yield lab


@pytest.fixture
def notebook(context, lab, request, tmp_path):
    """A fresh page; XAI_SCREENSHOTS may name a folder for its pictures."""
    name = re.sub(r"\W+", "_", request.node.name).strip("_")
    pictures = Path(os.environ.get("XAI_SCREENSHOTS", tmp_path)) / name
    notebook = Notebook(context.new_page(), lab, pictures)
    yield notebook
    notebook.close()
