"""The book's sliders: pictures that a lecture's own widget draws when the book is built.

A page needs no kernel for them: book/_static/live.js shows another picture when a slider moves.
"""

from __future__ import annotations

import json
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image

from tools.execute import execute, output_texts

EXPLORE = "widgets.explore("
SLIDER = '<figure class="live">'


@dataclass(frozen=True)
class Live:
    """A slider of the book.

    Attributes
    ----------
    draw : str
        The function that the lecture gives to `widgets.explore`.
    label : str
        The slider's name.
    settings : dict
        By a value in words: the arguments of `draw`.
    """

    draw: str
    label: str
    settings: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Frame:
    """A picture as a PNG, its width and height on the page in pixels, and its caption."""

    png: bytes
    size: tuple[int, int]
    caption: str


def along(name: str, values: list[float], words: str = "{}", **fixed: Any) -> dict[str, dict]:
    """Return settings in which one argument takes each value, written into `words`."""
    return {words.format(value): {name: value, **fixed} for value in values}


FIGURES = {
    "02_lime": Live(
        "vary",
        "kernel width w",
        along("width", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0]),
    ),
    "03_shapley_values": Live(
        "join",
        "orders drawn",
        along("drawn", [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 60, 90, 130, 200]),
    ),
    "05_lrp": Live(
        "flow",
        "γ in the first and the middle layer",
        {f"{g / 2:g}": {"gamma_first": g / 2, "gamma_middle": g / 2} for g in range(13)},
    ),
    "06_integrated_gradients": Live(
        "walk", "midpoints", along("points", [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 18, 24, 30])
    ),
    "07_dasp": Live(
        "look", "k, features present", along("present", [*range(11)], "{} of 10", unit=0)
    ),
}


def insert(source: Path) -> None:
    """Draw all frames into source/_static/live, and put each slider under its lecture's widget."""
    # Threads are enough: each lecture's kernel is a process of its own.
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda item: _insert(source, *item), FIGURES.items()))


def _insert(source: Path, lecture: str, live: Live) -> None:
    path = source / "lectures" / f"{lecture}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    place = place_of_widget(notebook, live.draw)
    pictures = source / "_static" / "live" / lecture
    pictures.mkdir(parents=True)
    drawn = frames(notebook.cells[:place], live, pictures / "frames.ipynb")
    for number, frame in enumerate(drawn):
        # Without loss, and half as large as the PNG.
        picture = Image.open(BytesIO(frame.png))
        picture.save(pictures / f"{number:02}.webp", lossless=True)
    notebook.cells.insert(place, new_markdown_cell(html(lecture, live, drawn)))
    nbformat.write(notebook, path)


def place_of_widget(notebook: NotebookNode, draw: str) -> int:
    """Return the place behind the cell that gives a function to `widgets.explore`."""
    for place, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "code" and EXPLORE in cell.source:
            given = cell.source.partition(EXPLORE)[2].split(",")[0].strip()
            if given == draw and f"def {draw}(" in cell.source:
                return place
    raise ValueError(f"no cell defines {draw} and gives it to {EXPLORE}{draw}, …)")


def frames(before: list[NotebookNode], live: Live, scratch: Path) -> list[Frame]:
    """Run a lecture's cells up to its widget, then draw each setting; return the pictures.

    Parameters
    ----------
    before : list of cells
        The last is the widget's.
    live : Live
        What to draw.
    scratch : Path
        A file for the notebook that is run; it is removed again.

    Raises
    ------
    RuntimeError
        If a cell fails, or if a setting does not give one picture and one caption.
    """
    cells = [new_code_cell(cell.source) for cell in before if cell.cell_type == "code"]
    calls = [new_code_cell(f"{live.draw}(**{setting!r})") for setting in live.settings.values()]
    nbformat.write(new_notebook(cells=cells + calls), scratch)
    problems = execute(scratch)
    run = nbformat.read(scratch, as_version=4)
    scratch.unlink()
    if problems:
        raise RuntimeError(f"{live.draw} of the book's sliders: {'; '.join(problems)}")
    return [_frame(cell) for cell in run.cells[len(cells) :]]


def _frame(cell: NotebookNode) -> Frame:
    """Return the one picture of a cell's outputs, and the words behind it."""
    pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
    words = [text for output in cell.outputs if output not in pictures for text in _plain(output)]
    if len(pictures) != 1 or not words:
        raise RuntimeError(
            f"{cell.source} gave {len(pictures)} pictures and {len(words)} texts, expected a "
            "picture and its caption"
        )
    png = b64decode(pictures[0].data["image/png"])
    told = pictures[0].metadata.get("image/png", {})
    width, height = Image.open(BytesIO(png)).size
    size = told.get("width", width), told.get("height", height)
    return Frame(png, size, " ".join(" ".join(words).split()))


def _plain(output: NotebookNode) -> list[str]:
    """Return the words of an output, of its plain form if it has several."""
    plain = output.get("data", {}).get("text/plain")
    return [plain] if plain else output_texts(output)


def html(lecture: str, live: Live, drawn: list[Frame]) -> str:
    """Return a slider over pictures as HTML without a blank line, which would end it in Markdown.

    Without JavaScript the first picture and its caption stand there, without a slider.
    """
    shown = [
        {
            "value": value,
            "picture": f"../_static/live/{lecture}/{number:02}.webp",
            "text": f.caption,
        }
        for number, (value, f) in enumerate(zip(live.settings, drawn, strict=True))
    ]
    (width, height), first = drawn[0].size, shown[0]
    # "</" would end the script.
    data = json.dumps(shown, ensure_ascii=False).replace("</", "<\\/")
    slider = f"live-{lecture}"
    return f"""\
{SLIDER}
<div class="live-control" hidden>
<label for="{slider}">{escape(live.label)}</label>
<input type="range" id="{slider}" min="0" max="{len(shown) - 1}" value="0">
<output for="{slider}">{escape(first["value"])}</output>
</div>
<div class="live-picture">
<img src="{first["picture"]}" alt="{escape(first["text"])}" width="{width}" height="{height}" \
loading="lazy">
</div>
<figcaption aria-live="polite">{escape(first["text"])}</figcaption>
<script type="application/json">{data}</script>
</figure>"""
