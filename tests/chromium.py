"""The browser of the tests."""

import os
import shutil
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
