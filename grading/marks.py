"""nbgrader's marks of a cell; nbgrader itself takes half a second to load."""

from __future__ import annotations

from nbformat import NotebookNode


def is_task(cell: NotebookNode) -> bool:
    """Return whether a person marks what was written below the cell."""
    return _has(cell, "task")


def is_grade(cell: NotebookNode) -> bool:
    """Return whether a cell has points."""
    return _has(cell, "grade")


def is_solution(cell: NotebookNode) -> bool:
    """Return whether a learner writes in the cell."""
    return _has(cell, "solution")


def is_locked(cell: NotebookNode) -> bool:
    """Return whether a cell is the instructor's: grading puts its text back."""
    return not is_solution(cell) and (is_grade(cell) or _has(cell, "locked"))


def _has(cell: NotebookNode, mark: str) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get(mark, False))
