"""Which cells of the lectures the browser edition cannot run, and what it shows instead."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

from xaikit.course import contents
from xaikit.course.not_installed import Watcher, results

# Packages that a lecture imports, and that Pyodide or the site's lock file have.
THERE = {"matplotlib", "numpy", "scipy", "sklearn", "xaikit"}


def results_of(lectures: Sequence[Path]) -> dict[str, Any]:
    """Return the stored outputs of all such cells, by the digest of their code."""
    return {
        contents.digest(cell.source): results(cell.outputs)
        for lecture in lectures
        for cell in missing_cells(lecture)
    }


def missing_cells(lecture: Path) -> list[nbformat.NotebookNode]:
    """Return the cells of a lecture that need what the browser edition has not."""
    watcher = Watcher(is_there)
    cells = nbformat.read(lecture, as_version=4).cells
    return [
        cell
        for cell in cells
        if cell.cell_type == "code" and watcher.missing(ast.parse(cell.source))
    ]


def is_there(package: str) -> bool:
    """Return whether the browser edition has a package; it has Python's own."""
    return package in THERE or package in sys.stdlib_module_names
