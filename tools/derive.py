"""Derive exercises from solutions by nbgrader's own steps, without a kernel or a database."""

from __future__ import annotations

import builtins
import copy
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.nbgraderformat import SchemaTooNewError, SchemaTooOldError, ValidationError
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)

from tools.normalise import to_text

POINTS = 20
MARKER = "### BEGIN SOLUTION"
REGIONS = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
# The steps of `nbgrader generate_assignment`, without headers, test templates and database.
STEPS = (
    LockCells,
    ClearSolutions,
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    ClearHiddenTests,
    ClearMarkScheme,
    ComputeChecksums,
    CheckCellMetadata,
)


class SolutionError(ValueError):
    """A solution from which no exercise can be derived; the message says why."""


def derive(solution: str | NotebookNode) -> str:
    """Return the text of the exercise that belongs to a solution.

    Parameters
    ----------
    solution : str or NotebookNode
        The solution, as text or as a notebook; it is not changed.

    Returns
    -------
    str
        The exercise's file, without answers, hidden tests, mark schemes and outputs. Cells that
        learners must not change are locked.

    Raises
    ------
    SolutionError
        If a code cell to be answered does not mark its solution, a marker lacks its partner, a
        grade id occurs twice, the points do not add up to 20, or nbgrader finds a fault.
    """
    if isinstance(solution, str):
        notebook = nbformat.reads(solution, as_version=4)
    else:
        notebook = copy.deepcopy(solution)
    if problems := list(_problems(notebook)):
        raise SolutionError("; ".join(problems))
    try:
        for step in STEPS:
            notebook, _ = step().preprocess(notebook, {})
    except (RuntimeError, SchemaTooNewError, SchemaTooOldError, ValidationError) as error:
        raise SolutionError(f"nbgrader refuses it: {error}") from error
    return to_text(notebook)


def exercise_path(solution: Path) -> Path:
    """Return the path of the exercise of a solution's file."""
    return solution.parents[2] / "exercises" / solution.parent.name / solution.name


def write_exercise(solution: Path) -> None:
    """Derive a solution's exercise and store it."""
    text = derive(solution.read_text(encoding="utf-8"))
    exercise = exercise_path(solution)
    exercise.parent.mkdir(parents=True, exist_ok=True)
    exercise.write_text(text, encoding="utf-8", newline="\n")


def remove_orphans(root: Path) -> list[Path]:
    """Remove the exercises under `root` that have no solution any more, and return their paths.

    A notebook whose name is not that of its folder was put there by a person, and stays.
    """
    expected = {exercise_path(solution) for solution in root.glob("solutions/*/*.ipynb")}
    exercises = {path for path in root.glob("exercises/*/*.ipynb") if path.stem == path.parent.name}
    orphans = sorted(exercises - expected)
    for orphan in orphans:
        orphan.unlink()
        if not any(orphan.parent.iterdir()):
            orphan.parent.rmdir()
    return orphans


def _defined(source: str) -> set[str]:
    """Return the names of a cell's functions and classes."""
    return set(re.findall(r"^(?:def|class) (\w+)", source, re.MULTILINE))


def _problems(notebook: NotebookNode) -> Iterator[str]:
    for number, cell in enumerate(notebook.cells, start=1):
        for region in REGIONS:
            # nbgrader ignores an END without a BEGIN, and shows the text before it.
            markers = "".join(re.findall(rf"(BEGIN|END) {region}", cell.source))
            if not re.fullmatch("(BEGINEND)*", markers):
                yield f"cell {number} needs BEGIN {region} and END {region} in pairs"

    marked = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    for cell in marked:
        mark = cell.metadata.nbgrader
        # Without the markers nbgrader clears the whole cell, the learner's signature included.
        if cell.cell_type == "code" and mark.get("solution") and MARKER not in cell.source:
            yield f"cell '{mark.get('grade_id')}' needs {MARKER}"

        # Hidden tests mean Python's own, whatever a learner's names are.
        if cell.cell_type == "code" and mark.get("solution"):
            for name in sorted(_defined(cell.source) & set(dir(builtins))):
                yield f"cell '{mark.get('grade_id')}' defines {name}, a builtin: use another name"

    marks = [cell.metadata.nbgrader for cell in marked]
    for grade_id, times in Counter(mark.get("grade_id") for mark in marks).items():
        if grade_id and times > 1:
            yield f"grade id '{grade_id}' occurs {times} times"
    points = sum(mark.get("points", 0) for mark in marks if mark.get("grade") or mark.get("task"))
    if points != POINTS:
        yield f"the points add up to {points:g} instead of {POINTS}"
