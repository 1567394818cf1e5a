"""Run a submission in the sandbox, and find out whether its tests can still fail.

nbgrader calls `ExecuteInSandbox` instead of its own step.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade
from traitlets import Integer, List, Unicode

CELL_OUTPUT = 1_000_000  # characters kept of one cell
ERROR_TEXT = 10_000  # characters kept of an error's message, and of each entry of its traceback
NOTEBOOK_OUTPUT = 100_000_000  # a notebook that prints more characters is stopped

# Each must raise an AssertionError whose message has the token. They fail in the same ways as the
# course's tests: if a learner patches numpy, the shell or `assert`, these do not fail either.
CANARIES = (
    "assert {a} == {b}, '{token}'",
    "if {a} != {b}:\n    raise AssertionError('{token}')",
    "import numpy as canary_numpy\n"
    "assert canary_numpy.abs(canary_numpy.asarray([{a}.0]) - {b}.0).max() < 1e-9, '{token}'",
    "assert canary_numpy.allclose([{a}.0], [{b}.0]), '{token}'",
    "canary_numpy.testing.assert_allclose([{a}.0], [{b}.0], err_msg='{token}')",
    "assert float('{a}') == float('{b}') or isinstance({a}, str), '{token}'",
)


class NotGraded(Exception):
    """A submission that gets no score; the message says why."""


class OnlyOurs(KernelSpecManager):
    """Gives every notebook the kernel in the sandbox, whatever kernel it asks for."""

    guard = List(Unicode())

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the spec of the kernel in the sandbox."""
        return KernelSpec(
            argv=[sys.executable, *self.guard, "{connection_file}"],
            display_name="Python in a sandbox",
            language="python",
            # A signal would reach the guard outside, a message reaches the kernel.
            interrupt_mode="message",
        )


class ExecuteInSandbox(Execute):
    """nbgrader's execution, in the sandbox, with a limit on output, and with canaries."""

    run = Unicode(help="the private folder of this kernel's connection").tag(config=True)
    verdict = Unicode(help="where the guard says why it ended the kernel").tag(config=True)
    request = Unicode(help="the request to the guard").tag(config=True)
    printed = Integer(0)

    def create_kernel_manager(self) -> AsyncKernelManager:
        """Return a manager whose kernel has its Unix sockets in `run`."""
        if not self.run or not self.request:
            raise NotGraded("no sandbox was made for this notebook")
        guard = str(Path(__file__).with_name("sandbox.py"))
        self.km = AsyncKernelManager(
            kernel_name="sandbox",
            kernel_spec_manager=OnlyOurs(guard=[guard, self.request]),
            connection_file=str(Path(self.run) / "kernel.json"),
            transport="ipc",
        )
        return self.km

    def preprocess(self, nb: NotebookNode, resources: dict, km=None) -> tuple[NotebookNode, dict]:
        """Run the notebook; raise `NotGraded` if its tests cannot fail."""
        token = secrets.token_hex(8)
        original, nb.cells = nb.cells, with_canaries(nb.cells, token)
        try:
            nb, resources = super().preprocess(nb, resources, km)
        except DeadKernelError:
            verdict = Path(self.verdict)
            if verdict.is_file():
                raise NotGraded(f"stopped: {verdict.read_text(encoding='utf-8')}") from None
            raise NotGraded("it ended its own kernel (exit, os._exit, kill or a crash)") from None
        except CellTimeoutError:
            raise NotGraded("it did not stop when it was told to") from None
        except RuntimeError as error:
            raise NotGraded(f"its kernel did not start: {error}") from None
        if any(_timed_out(cell) for cell in nb.cells if _is_canary(cell)):
            raise NotGraded("it did not stop when it was told to")
        passing = [cell for cell in nb.cells if _is_canary(cell) and not _is_expected(cell, token)]
        if passing:
            raise NotGraded(
                "its tests prove nothing: an assertion that must fail did not "
                f"({passing[0].source.splitlines()[-1].replace(token, '…')})"
            )
        nb.cells = original
        for cell in nb.cells:
            for output in cell.get("outputs", []):
                # nbgrader gives a test no points if it writes to stderr, even a warning.
                if is_grade(cell) and output.output_type == "stream":
                    output.name = "stdout"
                if output.output_type == "error":
                    _shorten(output)
        return nb, resources

    def process_message(self, msg: dict, cell: NotebookNode, cell_index: int):
        """Process a message of the kernel; drop a cell's output beyond CELL_OUTPUT characters."""
        content = msg["content"]
        size = len(content.get("text", "")) + sum(
            len(str(part)) for part in content.get("data", {}).values()
        )
        size += sum(len(str(content.get(key, ""))) for key in ("ename", "evalue", "traceback"))
        if size:
            self.printed += size
            if self.printed > NOTEBOOK_OUTPUT:
                raise NotGraded(f"it printed more than {NOTEBOOK_OUTPUT / 1e6:g} MB")
            kept = cell.metadata.get("printed", 0) + size
            cell.metadata["printed"] = kept
            if kept > CELL_OUTPUT:
                return None
        return super().process_message(msg, cell, cell_index)


def with_canaries(cells: list[NotebookNode], token: str) -> list[NotebookNode]:
    """Return the cells, with the canaries after the last automatically graded one."""
    graded = [i for i, cell in enumerate(cells) if cell.cell_type == "code" and is_grade(cell)]
    canaries = []
    for form in CANARIES:
        a = secrets.randbelow(10**6)
        source = form.format(a=a, b=a + 1 + secrets.randbelow(10**6), token=token)
        canaries.append(nbformat.v4.new_code_cell(source, metadata={"canary": True}))
    end = graded[-1] + 1 if graded else len(cells)
    return [*cells[:end], *canaries, *cells[end:]]


def _is_canary(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("canary"))


def _is_expected(cell: NotebookNode, token: str) -> bool:
    """Return whether a canary's only error is the one that it must raise."""
    errors = [output for output in cell.outputs if output.output_type == "error"]
    return len(errors) == 1 and errors[0].ename == "AssertionError" and token in errors[0].evalue


def _timed_out(cell: NotebookNode) -> bool:
    return any(output.get("ename") == "CellTimeoutError" for output in cell.outputs)


def _shorten(error: NotebookNode) -> None:
    """Cut an error's texts. The error itself must stay, because a test with it gets no points."""
    error.ename, error.evalue = error.ename[:ERROR_TEXT], error.evalue[:ERROR_TEXT]
    error.traceback = [entry[:ERROR_TEXT] for entry in error.traceback]
