"""Milliseconds from a key press on a lecture's slider to the new figure, in JupyterLab."""

import tempfile
from pathlib import Path
from statistics import median

from playwright.sync_api import Page

from benchmarks.tables import Table
from tests.browser.notebook import Notebook
from tests.chromium import headless
from tests.lab import copy_course, open_lab, running

MOST = 300  # milliseconds, the median of a lecture
TIMES = 3  # there and back
SLIDERS = ".xai-explore [role=slider]"
# From the key to a new picture that is ready to be shown.
WATCH = """slider => {
    const shown = slider.closest('.xai-explore').querySelector('.xai-shown')
    const picture = () => shown.querySelector('img')
    const before = picture().src
    window.took = new Promise(resolve => {
        let pressed
        addEventListener('keydown', () => pressed = performance.now(), {once: true, capture: true})
        new MutationObserver((_, observer) => {
            if ([undefined, before].includes(picture()?.src)) return
            observer.disconnect()
            picture().decode().then(() => resolve(performance.now() - pressed))
        }).observe(shown, {attributes: true, childList: true, subtree: true})
    })
}"""


def table() -> Table:
    """Run every lecture in JupyterLab, and move each of its sliders by its arrow keys."""
    rows, missed = [], []
    with (
        tempfile.TemporaryDirectory(prefix="widgets-") as folder,
        headless("--disable-gpu") as browser,
    ):
        course = copy_course(Path(folder, "course"))
        context = browser.new_context()
        with running(open_lab, Path(folder), course) as lab:
            for path in sorted(course.glob("lectures/*.ipynb")):
                notebook = Notebook(context.new_page(), lab, Path(folder))
                notebook.open(f"lectures/{path.name}")
                notebook.run_all()
                number, took = move_sliders(notebook.page)
                notebook.close()
                if not number:  # its controls are lists of words
                    continue
                title = path.stem.replace("_", " ")
                rows.append([title, f"{number}", f"{median(took):.0f}", f"{max(took):.0f}"])
                print(*rows[-1], flush=True)
                if median(took) > MOST:
                    missed.append(f"{title}: {median(took):.0f} ms, at most {MOST}")
    return Table(["lecture", "sliders", "median, ms", "longest, ms"], rows, missed)


def move_sliders(page: Page) -> tuple[int, list[float]]:
    """Move every slider there and back; return how many there are, and the milliseconds."""
    sliders, took = page.locator(SLIDERS), []
    for place in range(sliders.count()):
        slider = sliders.nth(place)
        slider.focus()
        now, most = (float(slider.get_attribute(f"aria-value{end}")) for end in ("now", "max"))
        keys = ["ArrowRight", "ArrowLeft"] if now < most else ["ArrowLeft", "ArrowRight"]
        for key in keys * TIMES:
            slider.evaluate(WATCH)
            page.keyboard.press(key)
            took.append(page.evaluate("window.took"))
            page.wait_for_timeout(100)  # the sentence follows the picture
    return sliders.count(), took
