"""Photograph every page of the web book, the start page and every widget, to be looked at.

Each has a picture at three widths, in light and in dark. What can be measured is printed: pages
that are wider than their window, and words that do not fit into their place. What checks say is
photographed by their test: `XAI_SCREENSHOTS=folder`, and tests/browser/test_exercises.py.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.notebook import Notebook
from tests.chromium import headless
from tests.lab import copy_course, open_lab, running

ROOT = Path(__file__).resolve().parents[1]
WIDTHS = (1400, 1000, 390)
HEIGHT = 900
LONGEST = 12_000  # pixels: a longer page has several pictures
# A slider's picture is fetched when it comes near the window, and a photograph does not scroll.
FETCH = """() => Promise.all([...document.images].map(image => {
    image.loading = 'eager'
    return image.decode().catch(() => {})
}))"""
# What has a scroll bar of its own may be wider than its place.
TOO_WIDE = """() => {
    const cut = node => node.clientWidth > 1 && node.scrollWidth > node.clientWidth + 1
        && ['hidden', 'clip'].includes(getComputedStyle(node).overflowX)
    const words = [...document.querySelectorAll('.xai-explore *, article *')]
        .filter(node => !node.closest('mjx-container') && node.innerText?.trim() && cut(node))
        .map(node => `"${node.innerText.trim().slice(0, 40)}"`)
    return [...document.documentElement.scrollWidth > innerWidth ? ['the page'] : [], ...words]
}"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Photograph what is asked for; print each fault that was measured."""
    parser = argparse.ArgumentParser(prog="python -m tools.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path, help="for the pictures")
    parser.add_argument("--book", type=Path, default=ROOT / "build" / "book", help="of `make book`")
    parser.add_argument("--only", default="", help="a part of the names of pages and notebooks")
    options = parser.parse_args(arguments)
    with headless() as browser:
        context = browser.new_context()
        page = context.new_page()
        for name, fault in photograph_book(page, options.book, options.folder, options.only):
            print(f"{name}: {fault} is too wide", flush=True)
        page.close()
        with tempfile.TemporaryDirectory(prefix="screenshots-") as temporary:
            course = copy_course(Path(temporary, "course"))
            with running(open_lab, Path(temporary), course) as lab:
                for path in notebooks(course):
                    if options.only in path.stem:
                        notebook = Notebook(context.new_page(), lab, Path(temporary))
                        notebook.open(str(path.relative_to(course)))
                        for name, fault in photograph_outputs(notebook, options.folder / path.stem):
                            print(f"{name}: {fault} is too wide", flush=True)
                        notebook.close()


def photograph_book(page: Page, book: Path, folder: Path, only: str) -> Iterator[tuple[str, str]]:
    """Photograph the pages of a book; yield the name of a picture, and what is too wide in it."""
    for file in sorted(book.rglob("*.html")):
        name = str(file.relative_to(book).with_suffix(""))
        if only not in name or name.startswith("_"):
            continue
        page.goto(file.resolve().as_uri())
        page.evaluate(FETCH)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": HEIGHT})
                page.wait_for_timeout(300)  # what scrolls is painted later than the rest
                height = page.evaluate("document.documentElement.scrollHeight")
                for part, top in enumerate(range(0, height, LONGEST), start=1):
                    size: Any = {"x": 0, "y": top, "width": width}
                    size["height"] = min(height - top, LONGEST)
                    number = f"_{part}" if height > LONGEST else ""
                    place = folder / "book" / f"{name}_{theme}_{width}{number}.jpeg"
                    # Without animations: the menu would be photographed on its way.
                    page.screenshot(
                        path=place, type="jpeg", full_page=True, clip=size, animations="disabled"
                    )
                shot = f"{Path(name).name}_{theme}_{width}"
                yield from ((shot, fault) for fault in page.evaluate(TOO_WIDE))


def notebooks(course: Path) -> list[Path]:
    """Return the notebooks of a course that show something before a learner writes anything."""
    return [course / "start.ipynb", *sorted(course.glob("lectures/*.ipynb"))]


def shown(sources: Sequence[str]) -> list[int]:
    """Return the places of a notebook's widgets, or without one of its first code cell."""
    return [i for i, source in enumerate(sources) if "widgets.explore(" in source] or [1]


def photograph_outputs(notebook: Notebook, start: Path) -> Iterator[tuple[str, str]]:
    """Run a notebook and photograph its widgets, or without one what its cells show."""
    notebook.ask("jupyterapp.shell.collapseLeft()")
    notebook.run_all()
    places = shown([cell["source"] for cell in notebook.cells()])
    for theme in ("Light", "Dark"):
        command = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"
        notebook.ask(command, f"JupyterLab {theme}")
        for width in WIDTHS:
            notebook.page.set_viewport_size({"width": width, "height": HEIGHT})
            for place in places:
                notebook.select(place)
                notebook.page.wait_for_timeout(500)  # the layout follows the width
                name = f"{start.name}_{place}_{theme.lower()}_{width}"
                outputs = notebook.page.locator(".jp-Cell.jp-mod-active .jp-Cell-outputArea")
                outputs.screenshot(path=start.parent / "lab" / f"{name}.png")
                yield from ((name, fault) for fault in notebook.ask(TOO_WIDE))


if __name__ == "__main__":
    main()
