"""The files to which the course's notebooks link, beside the notebooks themselves."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

import nbformat

from tools.links import links_to_files


def linked_files(paths: Iterable[Path]) -> set[Path]:
    """Return the files to which notebooks and pages of Markdown link, and to which these link."""
    waiting, found = set(paths), set[Path]()
    while waiting:
        path = waiting.pop()
        new = {target for target in targets(path) if target.is_file()} - found - waiting
        found |= new
        waiting |= new
    return found


def targets(path: Path) -> set[Path]:
    """Return the paths to which the text of a notebook or of a page of Markdown links."""
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    else:
        texts = [path.read_text(encoding="utf-8")] if path.suffix == ".md" else []
    files = (link.partition("#")[0] for text in texts for link in links_to_files(text))
    return {(path.parent / unquote(file)).resolve() for file in files}
