"""`tools.screenshots` photographs a page at each width and theme, and measures what is too wide."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from tools import screenshots

BELOW = 20_000  # pixels: far below the window, and in the second picture


def write_page(folder, width):
    red = BytesIO()
    Image.new("RGB", (300, 300), "red").save(red, "PNG")
    (folder / "red.png").write_bytes(red.getvalue())
    (folder / "page.html").write_text(
        "<!doctype html><style>body { margin: 0 } :root { color-scheme: light dark }</style>"
        f"<div style='width: {width}px; height: {BELOW}px'></div>"
        "<img src=red.png width=300 height=300 loading=lazy style='display: block'>"
    )


def test_a_long_page_is_photographed_to_its_end_in_each_width_and_theme(page, tmp_path):
    write_page(tmp_path, width=10)
    faults = list(screenshots.photograph_book(page, tmp_path, tmp_path / "pictures", ""))
    assert faults == []
    pictures = {path.stem: path for path in (tmp_path / "pictures" / "book").iterdir()}
    names = {
        f"page_{theme}_{width}_{part}"
        for theme in ("light", "dark")
        for width in screenshots.WIDTHS
        for part in (1, 2)
    }
    assert set(pictures) == names
    for width in screenshots.WIDTHS:
        with Image.open(pictures[f"page_dark_{width}_2"]) as picture:
            assert picture.size == (width, BELOW + 300 - screenshots.LONGEST)
            # A picture that the browser fetches late is there.
            corner = np.array(picture.getpixel((150, picture.height - 150)))
            assert np.abs(corner - [255, 0, 0]).max() < 20
            # JPEG writes nearly the colour.
            assert max(picture.getpixel((width - 20, 50))) < 60
        with Image.open(pictures[f"page_light_{width}_1"]) as picture:
            assert min(picture.getpixel((width - 20, 50))) > 240


def test_a_page_that_is_too_wide_is_told(page, tmp_path, monkeypatch):
    write_page(tmp_path, width=800)
    # The folder may be named from where one stands.
    monkeypatch.chdir(tmp_path)
    faults = list(screenshots.photograph_book(page, Path("."), tmp_path / "pictures", "page"))
    assert faults == [(f"page_{theme}_390", "the page") for theme in ("light", "dark")]
    assert list(screenshots.photograph_book(page, tmp_path, tmp_path / "pictures", "other")) == []
