"""Run a notebook and store it, or report why it must not be stored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbclient.output_widget import OutputWidget
from nbformat import NotebookNode

from tools.normalise import normalise, to_text
from tools.sockets import own_sockets

SECONDS_PER_CELL = 300
MEMORY_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def execute(path: Path) -> list[str]:
    """Run a notebook in its own folder, normalise it and write it back.

    Parameters
    ----------
    path : Path
        The notebook's file.

    Returns
    -------
    list of str
        The faults; if there is one, the file does not change.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    started = [0]
    client = client_of(notebook, path.parent)
    client.on_cell_execute = lambda cell, cell_index: started.append(cell_index)
    client.widget_registry = {"@jupyter-widgets/output": {"OutputModel": _ListeningOutput}}
    try:
        client.execute()
    except CellExecutionError as error:
        return [f"{_place(notebook, started[-1])}: {error.ename}: {error.evalue}"]
    except (CellTimeoutError, DeadKernelError) as error:
        return [f"{_place(notebook, started[-1])}: {type(error).__name__}: {error}"]

    executed = normalise(notebook)
    problems = list(_widget_problems(notebook))
    for index, problem in _output_problems(executed):
        problems.append(f"{_place(notebook, index)}: {problem}")
    if not problems:
        nbformat.validate(executed)
        path.write_text(to_text(executed), encoding="utf-8", newline="\n")
    return problems


def client_of(notebook: NotebookNode, folder: Path) -> NotebookClient:
    """Return what runs a notebook in a folder, with a kernel of its own."""
    return NotebookClient(
        notebook,
        km=AsyncKernelManager(kernel_name="python3", **own_sockets()),
        timeout=SECONDS_PER_CELL,
        record_timing=False,
        # Each kernel of ipykernel warns about its unencrypted transport.
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )


def output_texts(output: NotebookNode) -> list[str]:
    """Return the texts of an output that a reader sees: streams, text, HTML, LaTeX."""
    data = output.get("data", {})
    texts = [text for kind, text in data.items() if kind.startswith("text/")]
    return [output.text] if output.output_type == "stream" else texts


def _output_problems(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if failure := _failure(output):
                yield index, failure
            for text in output_texts(output):
                if address := MEMORY_ADDRESS.search(text):
                    yield index, f"a memory address in the output differs each run:{address[0]}"


def _widget_problems(notebook: NotebookNode) -> Iterator[str]:
    # Output and errors of a widget's callback go into the widget, and are removed with it.
    for widgets in notebook.metadata.get("widgets", {}).values():
        for widget in widgets["state"].values():
            for output in widget["state"].get("outputs", []):
                if failure := _failure(output):
                    yield f"inside a widget: {failure}"


def _failure(output: NotebookNode) -> str | None:
    if output["output_type"] == "error":
        return f"{output['ename']}: {output['evalue']}"
    if output["output_type"] == "stream" and output["name"] == "stderr":
        return f"stderr: {output['text'].strip()}"
    return None


def _place(notebook: NotebookNode, index: int) -> str:
    return f"cell {index + 1} (id {notebook.cells[index].get('id')})"


class _ListeningOutput(OutputWidget):
    """nbclient's stand-in for the Output widget, without its answers to the kernel.

    The answers use the socket on which the client waits for the cell's end. Sometimes the client
    then misses that end, and sleeps until the cell's time is over.
    """

    def sync_state(self) -> None:
        pass
