"""Seconds until a learner reads the first lecture, and until its kernel is ready."""

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

from playwright.sync_api import BrowserContext, sync_playwright

from benchmarks.tables import Table
from tests.chromium import chromium
from tests.lab import TOKEN, Lab, make_lab, running

FIRST = "lectures/00_neural_networks.ipynb"
RUNS = 3
MOST = 10.0  # seconds from the server's answer to a lecture that can be read
# A heading that is drawn, and nothing on top of it.
READABLE = """() => document.querySelector('.jp-Notebook .jp-RenderedMarkdown h1')?.offsetHeight
    && !document.querySelector('#jupyterlab-splash')"""
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu"]


def table() -> Table:
    """Start JupyterLab and open the first lecture, by a new browser and by the same one again."""
    names = ["server answers", "lecture is there, new browser", "its kernel is ready"]
    names += ["lecture is there, browser that knows it", "its kernel is ready then"]
    took: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory(prefix="lab-") as folder:
            started = time.perf_counter()
            with running(make_lab, Path(folder)) as lab:
                seconds = [time.perf_counter() - started]
                with browser(Path(folder, "profile")) as opened:
                    seconds += [*open_lecture(lab, opened), *open_lecture(lab, opened)]
        for name, second in zip(names, seconds, strict=True):
            took[name].append(second)
    rows = [[name, f"{median(runs):.1f}", f"{max(runs):.1f}"] for name, runs in took.items()]
    missed = [
        f"{name}: {median(took[name]):.1f} s, at most {MOST:.0f}"
        for name in (names[1], names[3])
        if median(took[name]) > MOST
    ]
    return Table(["in JupyterLab", "seconds, median", "longest"], rows, missed)


@contextmanager
def browser(profile: Path) -> Iterator[BrowserContext]:
    """Start Chromium with a profile in a folder, where it keeps what it has loaded and compiled."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium(playwright), args=FLAGS
        )
        yield opened
        opened.close()


def open_lecture(lab: Lab, opened: BrowserContext) -> tuple[float, float]:
    """Return the seconds until the lecture can be read, and until its kernel is idle."""
    started = time.perf_counter()
    page = opened.new_page()
    page.goto(f"{lab.address}/lab/tree/{FIRST}?token={TOKEN}")
    page.wait_for_function(READABLE, timeout=120_000)
    readable = time.perf_counter() - started
    while [session["kernel"]["execution_state"] for session in sessions(lab)] != ["idle"]:
        page.wait_for_timeout(100)
    ready = time.perf_counter() - started
    page.close()
    for session in sessions(lab):
        ask(lab, f"/{session['id']}", "DELETE")
    return readable, ready


def sessions(lab: Lab) -> list[dict]:
    """Return the open notebooks with their kernels."""
    return json.loads(ask(lab))


def ask(lab: Lab, path: str = "", method: str = "GET") -> str:
    """Send a request about sessions to the server, and return its answer."""
    address = f"{lab.address}/api/sessions{path}?token={TOKEN}"
    with urlopen(Request(address, method=method), timeout=60) as answer:
        return answer.read().decode()
