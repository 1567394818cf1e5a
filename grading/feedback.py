"""A page for each learner: their notebook, points and comments, and no hidden test."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.apps import NbGraderAPI
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, NbGraderPreprocessor
from nbgrader.utils import is_grade, is_locked

from grading import register
from grading.course import Course, GradingError, nbgrader_config

HIDDEN = re.compile(r"BEGIN HIDDEN TESTS(.*?)(?:#+ )?END HIDDEN TESTS", re.DOTALL)
REMOVED = "(This output repeated a hidden test and is not shown.)"
# Shorter lines ("x = 1") may occur in anyone's output.
TELLING = 20

BROKEN_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{assignment}: not graded</title>
<style>body{{font:1.1rem/1.5 sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}}</style>
</head><body><main>
<h1>{assignment}</h1>
<p><strong>Your notebook could not be graded</strong>, so there are no points yet.</p>
<p>What happened: {reason}.</p>
<p>Before you hand it in again: open it in JupyterLab, choose <em>Kernel, Restart Kernel and Run All
Cells</em>, wait until no cell shows <code>[*]</code>, and save. If that works and this page comes
again, show it to your instructor.</p>
</main></body></html>
"""


class HideTests(NbGraderPreprocessor):
    """Remove hidden tests and mark schemes from a graded notebook and its outputs."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Return the notebook as its learner may see it."""
        secrets = [_squeezed(line) for cell in nb.cells for line in _hidden_lines(cell.source)]
        secrets = [line for line in secrets if len(line) >= TELLING]
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = [_seen(output, is_locked(cell), secrets) for output in cell.outputs]
        for step in (ClearHiddenTests(parent=self), ClearMarkScheme(parent=self)):
            for index, cell in enumerate(nb.cells):
                if is_grade(cell) or is_locked(cell):
                    nb.cells[index], resources = step.preprocess_cell(cell, resources, index)
        return nb, resources


def _seen(output: NotebookNode, locked: bool, secrets: list[str]) -> NotebookNode:
    """Return an output, without a locked cell's traceback; replace it if it has a hidden line."""
    if output.output_type == "error" and locked:
        # The traceback quotes the cell with its hidden lines.
        output.traceback = [f"{output.ename}: {output.evalue}"]
    text = _squeezed(" ".join(_texts(output)))
    if any(line in text for line in secrets):
        return new_output("stream", name="stdout", text=REMOVED)
    return output


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


def write_feedback(course: Course, entry: register.Entry) -> None:
    """Write a learner's page; if the notebook could not be graded, the page says why."""
    page = course.feedback(entry.assignment, entry.learner)
    if entry.outcome == register.FAILED:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.unlink(missing_ok=True)
        page.write_text(
            BROKEN_PAGE.format(
                assignment=html.escape(entry.assignment), reason=html.escape(entry.reason)
            ),
            encoding="utf-8",
        )
        return
    api = NbGraderAPI(config=nbgrader_config(course))
    answer = api.generate_feedback(entry.assignment, entry.learner, force=True)
    if not answer["success"]:
        raise GradingError(
            f"no feedback for {entry.learner}: {answer.get('log', '')}{answer.get('error', '')}"
        )
