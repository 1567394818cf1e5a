"""Turn a submission's bytes into a notebook that is safe for nbgrader."""

from __future__ import annotations

import copy
import json

import nbformat
from nbformat import NotebookNode

from grading.harmless import make_harmless

MAX_BYTES = 10_000_000


class Rejected(Exception):
    """A submission that is not taken in; the message says why and what to do."""


def read(data: bytes) -> NotebookNode:
    """Return the notebook in these bytes, with only its cells.

    Raises
    ------
    Rejected
        If there are too many bytes, or they are not UTF-8, JSON or a notebook.
    """
    if len(data) > MAX_BYTES:
        raise Rejected(
            f"the file has more than {MAX_BYTES / 1e6:g} MB; clear the "
            "outputs (Edit, Clear Outputs of All Cells) and hand it in again"
        )
    if not data.strip():
        raise Rejected("the file is empty; hand in the notebook again")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        problem = f"the file is not UTF-8{_guess(data)}; save it in JupyterLab again"
        raise Rejected(problem) from None
    try:
        content = json.loads(text)
        if isinstance(content, dict) and content.get("nbformat") in (1, 2, 3):
            content = nbformat.reads(text, as_version=4)
    except RecursionError:
        raise Rejected("the file is nested too deeply to be a notebook") from None
    except Exception as error:
        raise Rejected(f"the file is not a notebook: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise Rejected("the file is JSON, but not a notebook: it has no list of cells")
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [_cell(number, cell) for number, cell in enumerate(content["cells"], 1)]
    return notebook


def _guess(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return " (it looks like UTF-16)"
    return " (it looks like Latin-1)" if data.lstrip()[:1] == b"{" else ""


def _cell(number: int, cell: object) -> NotebookNode:
    """Return a new cell of the same kind and source, without outputs and tags but nbgrader's id."""
    kinds = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }
    if not isinstance(cell, dict) or cell.get("cell_type") not in kinds:
        raise Rejected(f"cell {number} of the notebook is neither code nor text")
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise Rejected(f"cell {number} of the notebook has no text")
    try:
        source.encode("utf-8")
    except UnicodeEncodeError:
        raise Rejected(f"cell {number} of the notebook holds half a character") from None
    new = kinds[cell["cell_type"]](source)
    metadata = cell.get("metadata")
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if isinstance(mark, dict) and isinstance(mark.get("grade_id"), str):
        new.metadata["nbgrader"] = {"grade_id": mark["grade_id"]}
    pictures = cell.get("attachments")
    if cell["cell_type"] == "markdown" and isinstance(pictures, dict):
        with_pictures = copy.deepcopy(new)
        with_pictures["attachments"] = nbformat.from_dict(pictures)
        try:
            nbformat.validate(nbformat.v4.new_notebook(cells=[with_pictures]))
            new = with_pictures
        except nbformat.ValidationError:
            pass
    return new


def grade_ids(notebook: NotebookNode) -> set[str]:
    """Return the ids of the cells that nbgrader marked."""
    return {
        cell.metadata["nbgrader"]["grade_id"]
        for cell in notebook.cells
        if "nbgrader" in cell.metadata
    }


def restored(notebook: NotebookNode, release: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """Return a submission whose marked cells are those of the release, and its repairs.

    Marks (points, locks, ids) and the source of locked cells come from the release. The first of a
    cell's copies counts, the others run as plain cells. A deleted cell comes back after the cell
    that it followed.
    """
    official = {
        cell.metadata["nbgrader"]["grade_id"]: cell
        for cell in release.cells
        if "nbgrader" in cell.metadata
    }
    cells: list[NotebookNode] = []
    place: dict[str, NotebookNode] = {}
    copies, foreign = [], 0
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id is not None and (grade_id not in official or grade_id in place):
            if grade_id in official:
                copies.append(grade_id)
            else:
                foreign += 1
            cell = _plain(cell)
        elif grade_id is not None:
            source = cell.source
            cell = copy.deepcopy(official[grade_id])
            if not cell.metadata["nbgrader"]["locked"]:
                cell.source = source
            place[grade_id] = cell
        cells.append(cell)
    deleted = [grade_id for grade_id in official if grade_id not in place]
    before = 0
    for grade_id, cell in official.items():
        if grade_id in place:
            before = next(i for i, other in enumerate(cells) if other is place[grade_id]) + 1
        else:
            cells.insert(before, copy.deepcopy(cell))
            before += 1
    notes = []
    if deleted:
        notes.append(f"put back {_count(len(deleted), 'deleted cell')}: {', '.join(deleted)}")
    if copies:
        notes.append(f"copies not counted: {', '.join(dict.fromkeys(copies))}")
    if foreign:
        notes.append(f"{_count(foreign, 'cell')} marked with ids of no exercise")
    new = nbformat.v4.new_notebook(cells=cells, metadata=copy.deepcopy(release.metadata))
    for number, cell in enumerate(new.cells, start=1):
        cell["id"] = f"cell-{number}"
        make_harmless(cell)
    return new, notes


def _plain(cell: NotebookNode) -> NotebookNode:
    cell = copy.deepcopy(cell)
    del cell.metadata["nbgrader"]
    return cell


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
