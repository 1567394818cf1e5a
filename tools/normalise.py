"""One stored form of every notebook, so that two runs give the same bytes."""

from __future__ import annotations

import copy
import hashlib
from collections import Counter
from collections.abc import Iterable

import nbformat
from nbformat import NotebookNode

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# Everything else (timings, scroll positions, an editor's own notes) changes from run to run.
KEPT_CELL_METADATA = ("nbgrader", "tags", "jupyter")


def to_text(notebook: NotebookNode) -> str:
    """Return the text of a notebook's file, byte for byte as ``nbformat.write`` stores it."""
    return nbformat.writes(notebook, version=4) + "\n"


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Return a copy of an executed notebook without the parts that differ between two runs.

    Parameters
    ----------
    notebook : NotebookNode
        A notebook whose code cells were all run in order.

    Returns
    -------
    NotebookNode
        The same notebook with fixed cell ids (:func:`cell_ids`), execution counts 1…n, fixed
        notebook metadata, no widget state and no widget views. Normalising it again changes
        nothing. Text in outputs is never rewritten.
    """
    notebook = copy.deepcopy(notebook)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    )
    count = 0
    for cell, cell_id in zip(notebook.cells, cell_ids(notebook.cells), strict=True):
        cell.id = cell_id
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in KEPT_CELL_METADATA if cell.metadata.get(key)}
        )
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = _stored_outputs(cell.outputs, count)
    return notebook


def cell_ids(cells: Iterable[NotebookNode]) -> list[str]:
    """Return an id for every cell that stays the same when other cells are added or removed.

    A cell of nbgrader has its ``grade_id``, any other a digest of its type and source. The second
    of two cells with the same source gets ``-2``.
    """
    seen: Counter[str] = Counter()
    ids = []
    for cell in cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        name = cell.metadata.get("nbgrader", {}).get("grade_id") or digest
        seen[name] += 1
        ids.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return ids


def _stored_outputs(outputs: list[NotebookNode], count: int) -> list[NotebookNode]:
    stored: list[NotebookNode] = []
    for output in outputs:
        output.pop("transient", None)
        if output.output_type == "execute_result":
            output.execution_count = count
        if WIDGET_VIEW in output.get("data", {}):
            del output.data[WIDGET_VIEW]
            output.metadata.pop(WIDGET_VIEW, None)
            # The rest is the widget's repr, which is not for readers.
            if set(output.data) <= {"text/plain"}:
                continue
        if stored and _continues(output, stored[-1]):
            # The kernel flushes a stream at random times, so join its parts.
            stored[-1].text += output.text
            continue
        stored.append(output)
    return stored


def _continues(output: NotebookNode, previous: NotebookNode) -> bool:
    streams = output.output_type == previous.output_type == "stream"
    return streams and output.name == previous.name
