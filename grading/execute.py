"""Run a submission in the sandbox, and find out whether its tests can still fail.

`ExecuteInSandbox` stands in the place of two of nbgrader's steps, Execute and LimitOutput.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import symtable
import sys
import time
from pathlib import Path
from queue import Empty
from typing import Any

import nbformat
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager, KernelManager
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbconvert.preprocessors import ExecutePreprocessor
from nbformat import NotebookNode
from traitlets import Bool, Dict, Integer, List, Unicode

from grading import sandbox
from grading.marks import is_grade, is_locked, is_solution

CELL_OUTPUT = 1_000_000  # characters kept of one cell
CELL_LINES = 500  # lines kept of what a cell prints
ERROR_TEXT = 10_000  # characters kept of an error's message, and of each entry of its traceback
ERROR_ENTRIES = 60  # entries kept of its traceback
NOTEBOOK_OUTPUT = 100_000_000  # a notebook that prints more characters is stopped

# Each must raise an AssertionError whose message has the token. They fail in the same ways as the
# course's tests: if a learner patches numpy, the shell or `assert`, these do not fail either.
# Builtins do not occur: a learner may call a number `sum`.
NUMPYS = (
    "{x}.abs({x}.asarray([{a}.0]) - {b}.0).max() < 1e-9",
    "{x}.allclose({x}.array([{a}.0]), [{b}.0])",
    "{x}.array_equal([{a}], [{b}])",
    "{x}.isclose({a}.0, {b}.0)",
)
CANARIES = (
    "assert {a} == {b}, '{token}'",
    "assert '{a}' == '{b}', '{token}'",
    "for {x} in [{a}, {a}]:\n    assert [{x}] == [{b}], '{token}'",
    *(f"import numpy as {{x}}\nassert {form}, '{{token}}'" for form in NUMPYS),
)
# All of numpy's at once, in any order.
ALL_OF_NUMPY = "import numpy as {x}\nassert {forms}, '{token}'"
# To load numpy.testing takes a twentieth of a second, so only where a test says its name.
TESTING = "import numpy as {x}\n{x}.testing.assert_allclose([{a}.0], [{b}.0], err_msg='{token}')"
ALL_WITH_TESTING = """import numpy as {x}
try:
    {x}.testing.assert_allclose([{a}.0], [{b}.0])
except:
    assert {forms}, '{token}'"""
# Between the lines of a test, which has builtins of its own.
INSIDE = (
    *CANARIES,
    "if {a} != {b}:\n    raise AssertionError('{token}')",
    "assert float('{a}') == float({b}), '{token}'",
    "assert abs({a} - {b}) < 1e-9 and isinstance({a}, int), '{token}'",
    "assert max(zip([{a}], [{b}], strict=True)) == ({b}, {b}), '{token}'",
    "for {x} in range(1):\n    assert bool({x}) and len([{a}]) == {b}, '{token}'",
)
PROVE_NOTHING = "its tests prove nothing: an assertion that must fail did not"
chance = secrets.SystemRandom()
OURS = "grading"  # marks the grader's own cells
IMPORT = re.compile(r"^(import|from) ", re.MULTILINE)
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", re.DOTALL)


class NotGraded(Exception):
    """A submission that gets no score; the message says why."""


class OnlyOurs(KernelSpecManager):
    """Gives every notebook the kernel in the sandbox, whatever kernel it asks for."""

    guard = List(Unicode())

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the spec of the kernel in the sandbox."""
        return KernelSpec(
            # -I -S: it needs no packages, and half the time to start.
            argv=[sys.executable, "-I", "-S", *self.guard, "{connection_file}"],
            display_name="Python in a sandbox",
            language="python",
            # A signal would reach the guard outside, a message reaches the kernel.
            interrupt_mode="message",
        )


class Client(AsyncKernelClient):
    """A connection to a kernel that counts as ready with its first answer.

    Jupyter's own then waits a fifth of a second, until nothing more comes. nbclient looks only at
    messages about the cell that it runs, so what comes later does no harm.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers, on both channels; raise a RuntimeError if it does not."""
        deadline = time.monotonic() + (timeout or float("inf"))
        while True:
            self.kernel_info()
            try:
                await self.get_shell_msg(timeout=1)
                await self.get_iopub_msg(timeout=0.2)
            except Empty:
                if not await self.is_alive():
                    raise RuntimeError("it ended before its first answer") from None
                if time.monotonic() > deadline:
                    raise RuntimeError(f"no answer in {timeout:g} seconds") from None
            else:
                return


class ExecuteInSandbox(ExecutePreprocessor):
    """nbconvert's execution, in the sandbox, with a limit on output, and with canaries.

    As in nbgrader's, an error or a cell out of time ends its cell and not the notebook.
    """

    enabled = Bool(True)
    allow_errors = Bool(True)
    interrupt_on_timeout = Bool(True)
    raise_on_iopub_timeout = Bool(True)
    error_on_timeout = Dict(
        {
            "ename": "CellTimeoutError",
            "evalue": "",
            "traceback": ["CellTimeoutError: No reply from kernel before timeout"],
        }
    )
    run = Unicode(help="the private folder of this kernel's connection").tag(config=True)
    verdict = Unicode(help="where the guard says why it ended the kernel").tag(config=True)
    request = Unicode(help="the request to the guard").tag(config=True)
    printed = Integer(0)
    token = Unicode(help="the word of this run's assertions that must fail")
    inside = Unicode(help="the name of the module that runs tests, in this run's kernel")
    secret = Unicode(help="the word with which tests prove that they were run")
    loads_testing = Bool(help="whether a test uses numpy.testing")

    def create_kernel_manager(self) -> AsyncKernelManager:
        """Return a manager whose kernel has its Unix sockets in `run`."""
        if not self.run or not self.request:
            raise NotGraded("no sandbox was made for this notebook")
        guard = str(Path(__file__).with_name("guard.py"))
        self.km = AsyncKernelManager(
            kernel_name="sandbox",
            client_factory=Client,
            kernel_spec_manager=OnlyOurs(guard=[guard, self.request]),
            connection_file=str(Path(self.run) / sandbox.CONNECTION_FILE),
            transport="ipc",
        )
        return self.km

    def preprocess(
        self, nb: NotebookNode, resources: Any = None, km: KernelManager | None = None
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Run the notebook; raise `NotGraded` if its tests cannot fail."""
        self.token, self.inside = secrets.token_hex(8), f"_{secrets.token_hex(8)}"
        original = nb.cells
        self.secret, self.loads_testing = secrets.token_hex(16), _loads_testing(original)
        keeping = _own_cell(_keeping(original, self.inside, self.secret), "keep")
        # The second takes the first one's place as the cell that IPython remembers.
        nb.cells = [keeping, _own_cell("0", "keep"), *with_canaries(original, self.token)]
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
        keeping, _, *cells = nb.cells
        nb.cells = original
        if failed := [o for o in keeping.outputs if o.output_type == "error"]:
            raise NotGraded(f"the set-up cells fail in the sandbox: {failed[0].evalue}")
        if any(_timed_out(cell) for cell in cells if _is_canary(cell)):
            raise NotGraded("it did not stop when it was told to")
        for cell in cells:
            if _is_canary(cell) and not _proves(cell, self.token):
                last = cell.source.splitlines()[-1].replace(self.token, "…")
                raise NotGraded(f"{PROVE_NOTHING} ({last})")
            if _is_test(cell):
                self._settle(cell)
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = _shortened(cell.outputs)
            for output in cell.get("outputs", []):
                # nbgrader gives a test no points if it writes to stderr, even a warning.
                if is_grade(cell) and output.output_type == "stream":
                    output.name = "stdout"
        return nb, resources

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int) -> tuple:
        """Run a cell: a test inside its own names, and leave no trace of it in the history."""
        source, ours = cell.source, _is_test(cell) or OURS in cell.metadata
        if _is_test(cell):
            token = self._token_of(cell)
            inside = (*INSIDE, TESTING) if self.loads_testing else INSIDE
            forms = [_filled(form, token) for form in inside]
            arguments = [source, _names_shown(source), forms, token]
            cell.source = f"__import__('sys').modules[{self.inside!r}].test(*{arguments!r})"
        try:
            self.execute_cell(cell, index, store_history=not ours)
        finally:
            cell.source = source
        return cell, resources

    def on_cell_executed(self, **kwargs) -> None:
        """Keep the error of a reply; end at `exit()`, whatever the kernel may still answer."""
        reply, outputs = kwargs["execute_reply"]["content"], kwargs["cell"].outputs
        # A cell out of time, or whose error the shell did not show, has it in the reply alone.
        shown = [output.ename for output in outputs if output.output_type == "error"]
        if reply["status"] == "error" and reply["ename"] not in shown:
            silent = ["ERROR: An error occurred while showtraceback was disabled"]
            error = {name: reply[name] for name in ("ename", "evalue")}
            traceback = reply["traceback"] or silent
            outputs.append(nbformat.v4.new_output("error", **error, traceback=traceback))
        # Such a kernel runs for a tenth of a second more, which can be enough for all cells.
        for wish in reply.get("payload", []):
            if wish.get("source") == "ask_exit" and not wish.get("keepkernel"):
                raise DeadKernelError("exit")

    async def _async_cleanup_kernel(self) -> None:
        """End the kernel at once; asked to end, it may take its time."""
        guard = getattr(self.km and self.km.provisioner, "process", None)
        if guard:
            # The kernel ends with its guard, within milliseconds.
            guard.kill()
            guard.wait()
        await super()._async_cleanup_kernel()

    # nbclient's own calls nbclient's own.
    _cleanup_kernel = run_sync(_async_cleanup_kernel)

    def _token_of(self, test: NotebookNode) -> str:
        return f"{self.token}-{test.metadata.nbgrader.grade_id}"

    def _settle(self, test: NotebookNode) -> None:
        """Take away the error that proves that a test passed; raise `NotGraded` without any."""
        token = self._token_of(test)
        errors = [output for output in test.outputs if output.output_type == "error"]
        if not errors or any(token in e.evalue and e.ename == "Tampered" for e in errors):
            raise NotGraded(f"{PROVE_NOTHING} (in {test.metadata.nbgrader.grade_id})")
        if _proves(test, hashlib.sha256(f"{self.secret} {token}".encode()).hexdigest()):
            test.outputs.remove(errors[0])

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
    """Return the cells, with canaries before and behind each test.

    Which and how many is drawn, so that no patch can count cells.
    """
    tested = [i for i, cell in enumerate(cells) if _is_test(cell)]
    around = {i + side for i in tested for side in (0, 1)} or {len(cells)}
    known, all_of_numpy = CANARIES, ALL_OF_NUMPY
    if _loads_testing(cells):
        known, all_of_numpy = (*CANARIES, TESTING), ALL_WITH_TESTING
    cells = list(cells)
    for place in sorted(around, reverse=True):
        forms = chance.choices(known, k=chance.randint(1, 2))
        if place in tested or not tested:
            shuffled = " or ".join(chance.sample(NUMPYS, len(NUMPYS)))
            forms[0] = all_of_numpy.replace("{forms}", shuffled)
        cells[place:place] = [_own_cell(_filled(form, token), "canary") for form in forms]
    return cells


def _own_cell(source: str, kind: str) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata={OURS: kind})


def _filled(form: str, token: str) -> str:
    """Return a form with numbers and names of its own, which are not equal."""
    a = secrets.randbelow(10**6)
    # So far away that no tolerance of NumPy's takes them for close.
    b = 2 * a + 1 + secrets.randbelow(10**6)
    return form.format(a=a, b=b, x=f"x{secrets.token_hex(4)}", token=token)


def _keeping(cells: list[NotebookNode], name: str, secret: str) -> str:
    """Return the code that brings `inside.py` into the kernel, under a name that nobody knows."""
    tests = [cell.source for cell in cells if _is_test(cell)]
    others = [cell.source for cell in cells if is_locked(cell) and not _is_test(cell)]
    setup = [source for source in others if IMPORT.search(source)]
    used = sorted({name for source in tests for name in re.findall(r"\.(\w+)", source)})
    text = Path(__file__).with_name("inside.py").read_text(encoding="utf-8")
    space = f"{{'__name__': {name!r}, '__builtins__': dict(vars(__import__('builtins')))}}"
    return (
        f"exec(compile({text!r}, '<grader>', 'exec'), {space})\n"
        f"__import__('sys').modules[{name!r}].keep({setup!r}, {used!r}, {secret!r})"
    )


def _is_test(cell: NotebookNode) -> bool:
    """Return whether a cell's points are given by running it, not by a person."""
    return cell.cell_type == "code" and is_grade(cell) and not is_solution(cell)


def _loads_testing(cells: list[NotebookNode]) -> bool:
    return any("testing" in cell.source for cell in cells if _is_test(cell))


def _names_shown(test: str) -> list[str]:
    """Return the names that the visible part of a test gives a meaning."""
    try:
        table = symtable.symtable(HIDDEN.sub("", test), "<test>", "exec")
    except SyntaxError:  # a magic
        return []
    return [symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned()]


def _is_canary(cell: NotebookNode) -> bool:
    return cell.metadata.get(OURS) == "canary"


def _proves(cell: NotebookNode, token: str) -> bool:
    """Return whether a cell's only error is the one that it must raise."""
    errors = [output for output in cell.outputs if output.output_type == "error"]
    return len(errors) == 1 and errors[0].ename == "AssertionError" and token in errors[0].evalue


def _timed_out(cell: NotebookNode) -> bool:
    return any(output.get("ename") == "CellTimeoutError" for output in cell.outputs)


def _shortened(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Cut what a cell printed, and its errors' texts.

    An error itself must stay, because a test with it gets no points.
    """
    kept, left = [], CELL_LINES
    for output in outputs:
        if output.output_type == "stream":
            lines = output.text.split("\n")
            if len(lines) > left:
                lines = [*lines[: left - 1], "... Output truncated ..."] if left else []
            if not lines:
                continue
            left -= len(lines)
            output.text = "\n".join(lines)
        elif output.output_type == "error":
            output.ename, output.evalue = output.ename[:ERROR_TEXT], output.evalue[:ERROR_TEXT]
            entries, half = output.traceback, ERROR_ENTRIES // 2
            if len(entries) > ERROR_ENTRIES:
                entries = [*entries[:half], "... Traceback truncated ...", *entries[1 - half :]]
            output.traceback = [entry[:ERROR_TEXT] for entry in entries]
        kept.append(output)
    return kept
