"""One site, served on this machine, and one Chromium to visit it."""

import os
from pathlib import Path

import pytest

from tests.browser.notebook import SECONDS
from tests.chromium import offline
from tests.site.live import Live
from tests.site.serving import build, served


@pytest.fixture(scope="session")
def release():
    """The folder with Pyodide's release."""
    if not os.environ.get("PYODIDE"):
        # Who has no such folder may still run all other checks; the workflow always fetches one.
        pytest.skip("this test needs a folder with Pyodide's release: PYODIDE=folder")
    return Path(os.environ["PYODIDE"])


@pytest.fixture(scope="session")
def site(tmp_path_factory, release):
    """The folder of the site."""
    return build(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def address(site):
    with served(site) as address:
        yield address


@pytest.fixture(scope="package")
def context(tmp_path_factory):
    """Chromium, which keeps the site's files and a learner's work from page to page."""
    with offline(tmp_path_factory.mktemp("profile"), SECONDS) as context:
        yield context


@pytest.fixture
def live(context, address, request, tmp_path):
    """A fresh page; XAI_SCREENSHOTS may name a folder for its pictures."""
    pictures = Path(os.environ.get("XAI_SCREENSHOTS", tmp_path)) / request.node.name
    page = Live(context.new_page(), address, pictures)
    yield page
    page.close()
