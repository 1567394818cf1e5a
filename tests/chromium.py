"""The browser of the tests."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

HOW_TO_INSTALL = (
    "this test needs Chromium; on Debian: sudo apt install chromium; "
    "elsewhere: .venv/bin/python -m playwright install chromium"
)


def chromium(playwright) -> str:
    """Return Playwright's own Chromium, else the system's; without one, skip."""
    # Playwright's comes first: on Ubuntu the system's may be a snap, which cannot read /tmp.
    own = playwright.chromium.executable_path
    found = own if Path(own).exists() else shutil.which("chromium")
    if not found:
        (pytest.fail if os.environ.get("XAI_CI") == "1" else pytest.skip)(HOW_TO_INSTALL)
    return found


@contextmanager
def headless(*flags: str):
    """Start Chromium without a window; it ends with the `with`."""
    # It needs an extra, and without it the other tests of a file can run.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(playwright), args=["--headless", "--no-sandbox", *flags]
        )
        yield browser
        browser.close()
