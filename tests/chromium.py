"""The browser of the tests."""

import shutil
from contextlib import contextmanager
from pathlib import Path

from tests.missing import skip_or_fail

HOW_TO_INSTALL = (
    "this test needs Chromium; on Debian: sudo apt install chromium; "
    "elsewhere: .venv/bin/python -m playwright install chromium"
)

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


def chromium(playwright) -> str:
    """Return Playwright's own Chromium, else the system's; without one, skip."""
    # Playwright's comes first: on Ubuntu the system's may be a snap, which cannot read /tmp.
    own = playwright.chromium.executable_path
    found = own if Path(own).exists() else shutil.which("chromium")
    if not found:
        skip_or_fail(HOW_TO_INSTALL)
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


@contextmanager
def offline(profile: Path, seconds: float, **options):
    """Start Chromium with a profile in a folder, as if offline; an action may take some seconds.

    The profile keeps files, and compiled code too, from page to page.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=chromium(playwright),
            args=[*FLAGS, OFFLINE],
            timeout=seconds * 1000,
            viewport={"width": 1280, "height": 900},
            **options,
        )
        context.set_default_timeout(seconds * 1000)
        yield context
        context.close()
