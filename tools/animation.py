"""Film the course for README.md: a slider moves, relevance flows, an exercise turns green.

What is filmed is JupyterLab as `make lab` opens it. It takes a minute, and needs Chromium.
"""

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from tests.browser.notebook import Notebook
from tests.chromium import headless
from tests.lab import copy_course, open_lab, running

ROOT = Path(__file__).resolve().parents[1]
FILM = ROOT / "book" / "_static" / "course.webp"
STILL = FILM.with_suffix(".png")
WIDTH, HEIGHT, SHARPNESS = 960, 720, 1.5
SHORT, LONG = 450, 2200  # milliseconds
STILL_PICTURE = -5  # relevance, before the four of the exercise
Frame = tuple[bytes, int]

STYLE = """
#film { position: fixed; z-index: 99999; inset: auto 0 0 0; padding: 14px 24px; color: white;
    background: #16324f; font: 600 19px/1.3 system-ui, "DejaVu Sans", sans-serif }
"""
CLOSE_THE_PANEL = "jupyterapp.shell.collapseLeft()"
CAPTION = """words => {
    document.querySelector('#film')?.remove()
    document.body.insertAdjacentHTML('beforeend', `<div id="film">${words}</div>`)
}"""
TO_THE_TOP = """([cell, part]) => {
    const node = xaiTests.content.widgets[cell].node
    ;(node.querySelector(part) ?? node).scrollIntoView({block: 'start'})
}"""


def main() -> None:
    """Film the scenes, and write the film and the still."""
    with tempfile.TemporaryDirectory(prefix="film-") as folder:
        frames = list(film(copy_course(Path(folder, "course")), Path(folder)))
    write(frames)
    print(f"{FILM}: {len(frames)} pictures, {FILM.stat().st_size / 1e6:.1f} MB")


def film(course: Path, folder: Path) -> Iterator[Frame]:
    """Open a copy of the course in JupyterLab and yield pictures, each with its milliseconds."""
    with running(open_lab, folder, course) as lab, headless() as browser:
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            device_scale_factor=SHARPNESS,
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(120_000)
        for scene in (neuron, relevance, exercise):
            notebook = Notebook(context.new_page(), lab, folder)
            yield from scene(notebook)
            notebook.close()


def neuron(notebook: Notebook) -> Iterator[Frame]:
    """Lecture 00: a weight is moved, and the neuron's line turns."""
    cell = open_at(notebook, "lectures/00_neural_networks.ipynb", "def neuron(")
    yield picture(notebook.page, "A neuron: two weights and a bias. Move them."), SHORT
    slider = notebook.page.locator(".jupyter-widgets [role=slider]").nth(1)
    yield from moved(notebook, cell, slider, "ArrowRight", 12, 2, "Its line turns with each step.")


def relevance(notebook: Notebook) -> Iterator[Frame]:
    """Lecture 05: a rule is changed, and relevance takes other ways."""
    cell = open_at(notebook, "lectures/05_lrp.ipynb", "def flow(")
    words = "LRP hands the answer back, layer by layer."
    yield picture(notebook.page, words), LONG
    slider = notebook.page.locator(".jupyter-widgets [role=slider]").nth(0)
    words = "Change the rule, and relevance takes other ways."
    yield from moved(notebook, cell, slider, "ArrowRight", 6, 1, words)


def exercise(notebook: Notebook) -> Iterator[Frame]:
    """Assignment 01: an answer that forgets something, then the right one."""
    open_clear(notebook, "exercises/01_gradient_x_input/01_gradient_x_input.ipynb")
    cell = place_of(notebook, "def gradient_times_input(")
    notebook.run(place_of(notebook, "import numpy as np"))
    lines = ["    # YOUR CODE HERE", "    raise NotImplementedError()"]
    for answer, words, time in (
        (
            "    return J[target]",
            "Write the method yourself. The check says what is missing …",
            LONG,
        ),
        ("    return x * J[target]", "… and when it is right.", LONG + 800),
    ):
        notebook.replace_last_lines(cell, len(lines), answer)
        lines = [answer]
        notebook.ask(TO_THE_TOP, [cell, ".jp-Cell-inputWrapper"])
        yield picture(notebook.page, words), SHORT * 2
        notebook.run(cell)
        notebook.run(cell + 1)
        notebook.ask(TO_THE_TOP, [cell, ".jp-Cell-inputWrapper"])
        yield picture(notebook.page, words), time


def open_at(notebook: Notebook, path: str, beginning: str) -> int:
    """Run a notebook up to a cell with a widget, and show the widget; return the cell's place."""
    open_clear(notebook, path)
    cell = place_of(notebook, beginning)
    for place in range(cell + 1):
        if notebook.cells()[place]["cell_type"] == "code":
            notebook.run(place)
    notebook.wait(f"xaiTests.drawn({cell}).figure", "the widget's figure")
    notebook.ask(TO_THE_TOP, [cell, ".jupyter-widgets"])
    return cell


def open_clear(notebook: Notebook, path: str) -> None:
    """Open a notebook without its outputs, and without the files beside it."""
    notebook.open(path)
    notebook.ask(CLOSE_THE_PANEL)
    notebook.menu("Edit", "Clear Outputs of All Cells")
    notebook.page.add_style_tag(content=STYLE)


def place_of(notebook: Notebook, beginning: str) -> int:
    """Return the place of the one code cell that holds a text."""
    (place,) = [
        place
        for place, cell in enumerate(notebook.cells())
        if cell["cell_type"] == "code" and beginning in cell["source"]
    ]
    return place


def moved(
    notebook: Notebook, cell: int, slider, key: str, steps: int, stride: int, words: str
) -> Iterator[Frame]:
    """Move a slider by its key, and yield a picture after each stride."""
    slider.focus()
    for step in range(steps):
        # After each key: of two, the first one's figure would be taken for the second's.
        for _ in range(stride):
            notebook.ask(f"xaiTests.remember({cell})")
            notebook.press(key)
            notebook.wait(f"xaiTests.isNew({cell}, 'figure') && xaiTests.idle", "a new figure")
        yield picture(notebook.page, words), LONG if step == steps - 1 else SHORT


def picture(page: Page, words: str) -> bytes:
    """Return a PNG of the page with words below it."""
    page.evaluate(CAPTION, words)
    page.wait_for_timeout(200)
    return page.screenshot()


def write(frames: list[Frame]) -> None:
    """Write the film, and one of its pictures as the still."""
    pictures = [Image.open(io.BytesIO(png)).convert("RGB") for png, _ in frames]
    times = [time for _, time in frames]
    pictures[0].save(
        FILM,
        save_all=True,
        append_images=pictures[1:],
        duration=times,
        loop=0,
        quality=80,
        method=6,
    )
    pictures[STILL_PICTURE].quantize(128).save(STILL, optimize=True)


if __name__ == "__main__":
    main()
