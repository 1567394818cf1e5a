"""Hidden tests and mark schemes: no page of a learner's repeats a line of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, NbGraderPreprocessor

from grading.marks import is_locked

HIDDEN = re.compile(r"BEGIN HIDDEN TESTS(.*?)(?:#+ )?END HIDDEN TESTS", re.DOTALL)
REMOVED = "(This output repeated a hidden test and is not shown.)"
# Shorter lines ("x = 1") may occur in anyone's output.
TELLING = 20


class HideTests(NbGraderPreprocessor):
    """Remove hidden tests and mark schemes from a graded notebook and its outputs."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Return the notebook as its learner may see it."""
        # Only locked cells are the instructor's; a learner may write the same marks in their own.
        locked = [cell for cell in nb.cells if is_locked(cell)]
        secrets = [_squeezed(line) for cell in locked for line in _hidden_lines(cell.source)]
        secrets = [line for line in secrets if len(line) >= TELLING]
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = [_seen(output, is_locked(cell), secrets) for output in cell.outputs]
        for step in (ClearHiddenTests(parent=self), ClearMarkScheme(parent=self)):
            for index, cell in enumerate(nb.cells):
                if is_locked(cell):
                    nb.cells[index], resources = step.preprocess_cell(cell, resources, index)
        return nb, resources


def _seen(output: NotebookNode, locked: bool, secrets: list[str]) -> NotebookNode:
    """Return an output, without a locked cell's traceback; replace it if it has a hidden line."""
    if output.output_type == "error" and locked and not _is_told(output):
        # The traceback quotes the cell with its hidden lines.
        output.traceback = [f"{output.ename}: {output.evalue}"]
    text = _squeezed(" ".join(_texts(output)))
    if any(line in text for line in secrets):
        return new_output("stream", name="stdout", text=REMOVED)
    return output


def _is_told(error: NotebookNode) -> bool:
    """Return whether a check says in words of its own what is wrong: it prints no traceback."""
    return "".join(error.traceback).startswith(("✗", "○"))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _hidden_lines(source: str) -> Iterator[str]:
    for region in HIDDEN.findall(source):
        yield from region.splitlines()


def _squeezed(text: str) -> str:
    """Return only letters and digits, so that quotes, colours and line ends hide no line."""
    return re.sub(r"\x1b\[[0-9;]*m|\\[nt]|[\W_]", "", text)
