"""Turn a submission's bytes into a notebook that is safe for nbgrader."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable
from difflib import SequenceMatcher

import nbformat
from nbformat import NotebookNode

from grading.errors import Rejected
from grading.harmless import make_harmless
from tools.normalise import to_text

MAX_BYTES, MAX_CELLS, MAX_LINES = 10_000_000, 2_000, 5_000
# A locked cell that was typed into still has this share of its lines.
ALIKE = 0.6
KEPT = "Typed into the locked cell '{}' and kept"
DEFINED = re.compile(r"^(?:async +)?(?:def|class) +(\w+)|^(\w+) *=[^=]", re.MULTILINE)


def prepared(
    data: bytes, assignment: str, name: str, release: NotebookNode
) -> tuple[str, list[str]]:
    """Return the notebook that is graded, as text, and its repairs.

    Parameters
    ----------
    data : bytes
        What the learner handed in.
    assignment, name : str
        The assignment's name, and the file's.
    release : NotebookNode
        The exercise as it was released.

    Raises
    ------
    Rejected
        If it is not a notebook, or none of this assignment.
    """
    notebook = read(data)
    recognised = recognise(notebook, release)
    if not grade_ids(notebook) & grade_ids(release):
        raise Rejected(
            f"{name} holds no exercise of {assignment}; hand in the notebook that was released"
        )
    notebook, notes = restored(notebook, release)
    if recognised:
        known = _listed(recognised) if len(recognised) < 8 else f"{len(recognised)} cells"
        notes.insert(0, f"marks were lost, recognised by their text: {known}")
    return to_text(notebook), notes


def is_of(data: bytes, release: NotebookNode) -> bool:
    """Return whether these bytes are a notebook with exercises of an assignment."""
    notebook = read(data)
    recognise(notebook, release)
    return bool(grade_ids(notebook) & grade_ids(release))


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
            _count_cells(content.get("cells"), *_old_cells(content))
            content = nbformat.reads(text, as_version=4)
    except RecursionError:
        raise Rejected("the file is nested too deeply to be a notebook") from None
    except Rejected:
        raise
    except Exception as error:
        raise Rejected(f"the file is not a notebook: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        raise Rejected("the file is JSON, but not a notebook: it has no list of cells")
    _count_cells(content["cells"])
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [_cell(number, cell) for number, cell in enumerate(content["cells"], 1)]
    return notebook


def _old_cells(content: dict) -> list[object]:
    sheets = content.get("worksheets")
    sheets = sheets if isinstance(sheets, list) else []
    return [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]


def _count_cells(*lists: object) -> None:
    number = sum(len(cells) for cells in lists if isinstance(cells, list))
    if number > MAX_CELLS:
        raise Rejected(
            f"the notebook has {number} cells, more than {MAX_CELLS}; delete those that are no "
            "part of the exercise and hand it in again"
        )


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


def recognise(notebook: NotebookNode, release: NotebookNode) -> list[str]:
    """Mark the cells whose marks an editor stripped, and return their ids.

    A cell that is missing is looked for among those without a mark: by its text, else by most of
    its lines; an answer's cell by the names that it defines, else by its place.
    """
    present = grade_ids(notebook)
    missing = [cell for cell in _official(release).values() if _id(cell) not in present]
    unmarked = [cell for cell in notebook.cells if _id(cell) is None and cell.source.strip()]
    found: list[str] = []
    for same in (_same_text, _mostly_same_lines, _same_names):
        for official in list(missing):
            for cell in unmarked:
                if same(cell, official):
                    _mark(cell, official, found)
                    missing.remove(official)
                    unmarked = [other for other in unmarked if other is not cell]
                    break
    # Only between neighbours that are known: an answer of which nothing reminds of the exercise.
    order = [_id(cell) for cell in release.cells if _id(cell) is not None]
    for official in missing if found else []:
        position = order.index(_id(official))
        around = [order[i] for i in (position - 1, position + 1) if 0 <= i < len(order)]
        places = [i for i, cell in enumerate(notebook.cells) if _id(cell) in around]
        if _is_answer(official) and len(places) == 2:
            between = notebook.cells[places[0] + 1 : places[1]]
            between = [cell for cell in between if cell.cell_type == official.cell_type]
            if len(between) == 1 and _id(between[0]) is None and between[0].source.strip():
                _mark(between[0], official, found)
    return sorted(found, key=order.index)


def _mark(cell: NotebookNode, official: NotebookNode, found: list[str]) -> None:
    cell.metadata["nbgrader"] = {"grade_id": _id(official)}
    found.append(official.metadata["nbgrader"]["grade_id"])


def _same_text(cell: NotebookNode, official: NotebookNode) -> bool:
    return cell.source.split() == official.source.split()


def _mostly_same_lines(cell: NotebookNode, official: NotebookNode) -> bool:
    """Return whether a cell holds most lines of a locked one, whatever was typed between them."""
    lines = {line.strip() for line in cell.source.splitlines()}
    wanted = [line.strip() for line in official.source.splitlines() if line.strip()]
    held = sum(line in lines for line in wanted)
    return not _is_answer(official) and held > 0 and held >= ALIKE * len(wanted)


def _same_names(cell: NotebookNode, official: NotebookNode) -> bool:
    return (
        _is_answer(official)
        and cell.cell_type == official.cell_type == "code"
        and bool(_names(cell.source) & _names(official.source))
    )


def restored(notebook: NotebookNode, release: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """Return a submission whose marked cells are those of the release, and its repairs.

    Marks (points, locks, ids) and the source of locked cells come from the release. What a learner
    typed into a locked cell is kept in a cell of its own beside it. The first answered one of a
    cell's copies counts, the others run as plain cells. A deleted cell comes back after the cell
    that it followed.
    """
    official = _official(release)
    cells: list[NotebookNode] = []
    place: dict[str, NotebookNode] = {}
    typed: list[tuple[str, NotebookNode, bool]] = []
    copies: list[str] = []
    moved: list[str] = []
    foreign = 0
    for cell in _answered_first(notebook.cells, official, moved):
        grade_id = _id(cell)
        if grade_id is not None and (grade_id not in official or grade_id in place):
            if grade_id in official:
                copies.append(grade_id)
            else:
                foreign += 1
            cell = _plain(cell)
        elif grade_id is not None:
            given, cell = cell, copy.deepcopy(official[grade_id])
            if not cell.metadata["nbgrader"]["locked"]:
                cell.source = given.source
                _with_pictures(cell, given)
            else:
                typed += [(grade_id, *part) for part in _typed_into(given, cell)]
            place[grade_id] = cell
        cells.append(cell)
    deleted = [grade_id for grade_id in official if grade_id not in place]
    before = 0
    for grade_id, cell in official.items():
        if grade_id in place:
            before = _index(cells, place[grade_id]) + 1
        else:
            place[grade_id] = copy.deepcopy(cell)
            cells.insert(before, place[grade_id])
            before += 1
    for grade_id, kept, above in typed:
        answer = _unanswered(kept, official, place)
        beside = place[answer or grade_id]
        cells.insert(_index(cells, beside) + (answer is not None or not above), kept)
    notes = []
    if deleted:
        notes.append(f"put back {_count(len(deleted), 'deleted cell')}: {_listed(deleted)}")
    if typed:
        notes.append(f"text typed into locked cells, kept: {_listed(name for name, *_ in typed)}")
    if moved:
        notes.append(f"answered in a copy further down: {_listed(moved)}")
    if copies:
        notes.append(f"copies not counted: {_listed(copies)}")
    if foreign:
        notes.append(f"{_count(foreign, 'cell')} marked with ids of no exercise")
    new = nbformat.v4.new_notebook(cells=cells, metadata=copy.deepcopy(release.metadata))
    for number, cell in enumerate(new.cells, start=1):
        cell["id"] = f"cell-{number}"
        make_harmless(cell)
    return new, notes


def _answered_first(
    cells: list[NotebookNode], official: dict[str, NotebookNode], moved: list[str]
) -> list[NotebookNode]:
    """Return the cells, with the first answered copy of each answer in the place of the first."""
    cells = list(cells)
    for grade_id, template in official.items():
        copies = [i for i, cell in enumerate(cells) if _id(cell) == grade_id]
        answered = [i for i in copies if _is_work(cells[i], template)]
        if _is_answer(template) and answered and answered[0] != copies[0]:
            cells[copies[0]] = cells.pop(answered[0])
            moved.append(grade_id)
    return cells


def _is_work(cell: NotebookNode, template: NotebookNode) -> bool:
    """Return whether an answer's cell holds more than its template and comments."""
    lines = [line.strip() for line in cell.source.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    return bool(lines) and not _same_text(cell, template)


def _typed_into(given: NotebookNode, locked: NotebookNode) -> list[tuple[NotebookNode, bool]]:
    """Return cells with what was typed into a locked cell, and whether each stood at its top."""
    lines = given.source.splitlines()
    old = [line.rstrip() for line in locked.source.splitlines()]
    new = [line.rstrip() for line in lines]
    if len(new) > MAX_LINES:
        raise Rejected(f"the locked cell '{_id(locked)}' has {len(new)} lines; hand in another one")
    changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    parts = []
    for above in (True, False):
        kept = [
            line
            for change, start, _, first, last in changes
            if change in ("insert", "replace") and (start == 0) == above
            for line in lines[first:last]
        ]
        if text := "\n".join(kept).strip("\n"):
            words = KEPT.format(_id(locked))
            if given.cell_type == "code":
                cell = nbformat.v4.new_code_cell(f"# {words}:\n{text}")
            else:
                cell = nbformat.v4.new_markdown_cell(f"*{words}:*\n\n{text}")
                _with_pictures(cell, given)
            parts.append((cell, above and locked.cell_type == "code"))
    return [part for part in parts if part[0].source.strip()]


def _with_pictures(cell: NotebookNode, given: NotebookNode) -> None:
    """Let a text have the pictures of the cell that was handed in, if it shows pictures."""
    if cell.cell_type == "markdown" and "attachment:" in cell.source and "attachments" in given:
        cell["attachments"] = copy.deepcopy(given.attachments)


def _unanswered(
    kept: NotebookNode, official: dict[str, NotebookNode], place: dict[str, NotebookNode]
) -> str | None:
    """Return the exercise that is untouched, and whose names this code defines."""
    for grade_id, template in official.items():
        if (
            kept.cell_type == "code"
            and _same_names(kept, template)
            and not _is_work(place[grade_id], template)
        ):
            return grade_id
    return None


def _official(release: NotebookNode) -> dict[str, NotebookNode]:
    return {grade_id: cell for cell in release.cells if (grade_id := _id(cell)) is not None}


def _id(cell: NotebookNode) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _is_answer(official: NotebookNode) -> bool:
    return not official.metadata["nbgrader"]["locked"]


def _names(source: str) -> set[str]:
    return {function or variable for function, variable in DEFINED.findall(source)}


def _index(cells: list[NotebookNode], cell: NotebookNode) -> int:
    return next(i for i, other in enumerate(cells) if other is cell)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _plain(cell: NotebookNode) -> NotebookNode:
    cell = copy.deepcopy(cell)
    del cell.metadata["nbgrader"]
    return cell


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
