"""Seconds until a visitor of the site reads and runs the first lecture, and of each lecture."""

import os
import tempfile
import time
from pathlib import Path

from playwright.sync_api import BrowserContext

from benchmarks.lab import READABLE, browser
from benchmarks.tables import Table
from tests.lab import ROOT
from tests.site.live import Live
from tests.site.serving import build, served

FIRST = "00_neural_networks"
MOST_TO_START = 25.0  # seconds until the first two cells have run, when the browser has the files
MOST_OF_A_CELL = 60.0  # seconds: twice what a training may take in JupyterLab


def table() -> Table | None:
    """Visit the site with a new browser, and again; None without a folder of Pyodide's release."""
    if not os.environ.get("PYODIDE"):
        print("site: left out, since PYODIDE names no folder with its release")
        return None
    rows, missed = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        served(build(Path(folder))) as address,
        browser(Path(folder, "profile")) as opened,
    ):
        for which in ("new browser", "browser that knows it"):
            readable, ran = start(opened, address)
            rows.append([f"first lecture can be read, {which}", f"{readable:.1f}", "–"])
            rows.append([f"its first two cells have run, {which}", f"{ran:.1f}", "–"])
        rows[-1][-1] = f"{MOST_TO_START:.0f}"
        if ran > MOST_TO_START:
            missed.append(f"site, first two cells: {ran:.1f} s, at most {MOST_TO_START:.0f}")
        for lecture in sorted(path.stem for path in (ROOT / "lectures").glob("*.ipynb")):
            seconds = run_all(opened, address, lecture)
            rows.append([f"all cells of {lecture}", f"{sum(seconds):.1f}", "–"])
            rows.append(["its slowest cell", f"{max(seconds):.1f}", f"{MOST_OF_A_CELL:.0f}"])
            if max(seconds) > MOST_OF_A_CELL:
                missed.append(f"site, {lecture}: a cell takes {max(seconds):.0f} s")
    for row in rows:
        print(*row, flush=True)
    return Table(["on the site", "seconds", "at most"], rows, missed)


def start(opened: BrowserContext, address: str) -> tuple[float, float]:
    """Open the first lecture; return the seconds until it is readable, and until two cells ran."""
    live = Live(opened.new_page(), address, Path())
    began = time.perf_counter()
    live.page.goto(live.address_of(f"lectures/{FIRST}.ipynb"))
    live.page.wait_for_function(READABLE, timeout=120_000)
    readable = time.perf_counter() - began
    live.wait("xaiTests.models.length && xaiTests.kernel === 'idle'", "the kernel")
    live.run_first(2)
    ran = time.perf_counter() - began
    live.page.close()
    return readable, ran


def run_all(opened: BrowserContext, address: str, lecture: str) -> list[float]:
    """Return the seconds that each cell of a lecture takes, once its kernel is ready."""
    live = Live(opened.new_page(), address, Path())
    live.open(f"lectures/{lecture}.ipynb")
    live.menu("Edit", "Clear Outputs of All Cells")
    seconds = []
    for place in [i for i, cell in enumerate(live.cells()) if cell["cell_type"] == "code"]:
        began = time.perf_counter()
        live.run(place)
        seconds.append(time.perf_counter() - began)
    live.page.close()
    return seconds
