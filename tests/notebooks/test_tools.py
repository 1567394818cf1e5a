"""Execute, normalise, derive: the same bytes each time, and no loss after a failure."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.notebooks import samples
from tools.derive import derive
from tools.normalise import WIDGET_VIEW, cell_ids, normalise, to_text
from tools.notebooks import length_warnings, main

WIDGET_LECTURE = [
    "%matplotlib inline\nimport ipywidgets\nimport matplotlib.pyplot as plt",
    "def show(slope):\n    plt.plot([0, slope])\n    plt.show()\n    print(slope)",
    "_ = ipywidgets.interact(show, slope=(0, 4))",
    "ipywidgets.IntSlider()",
    "show(2)\nshow(3)",
    "slope = 2\nslope",
]
BROKEN_LECTURE = ["import ipywidgets", "print('fine')", "1 / 0"]
NOISY_LECTURE = [
    "import sys, ipywidgets\nprint('careful', file=sys.stderr)",
    "print(object())",
    "_ = ipywidgets.interact(lambda slope: 1 / slope, slope=(0, 0))",
]


@pytest.mark.usefixtures("kernels_are_collected")
def test_notebooks_are_stored_alike_each_time_and_failures_left_alone(tmp_path, capsys):
    widget, broken, noisy, unreadable = (
        tmp_path / "lectures" / f"{name}.ipynb"
        for name in ("01_widget", "02_broken", "03_noisy", "04_unreadable")
    )
    solution = tmp_path / "solutions" / "01_doubling" / "01_doubling.ipynb"
    orphan = tmp_path / "exercises" / "00_gone" / "00_gone.ipynb"
    for path in (widget, solution, orphan):
        path.parent.mkdir(parents=True)
    write(widget, WIDGET_LECTURE)
    write(broken, BROKEN_LECTURE)
    write(noisy, NOISY_LECTURE)
    unreadable.write_text("{")
    nbformat.write(samples.solution(), solution)
    orphan.touch()
    failing = {path: path.read_bytes() for path in (broken, noisy, unreadable)}

    assert main([], root=tmp_path) == 1
    report = capsys.readouterr().out
    assert "02_broken.ipynb: FAILED\n  error: cell 3 (id " in report
    assert "ZeroDivisionError: division by zero" in report
    assert "cell 1 (id " in report and "): stderr: careful\n" in report
    assert "): a memory address in the output differs each run: at 0x" in report
    assert "  error: inside a widget: ZeroDivisionError: " in report
    assert "04_unreadable.ipynb: FAILED\n  error: NotJSONError: " in report
    assert {path: path.read_bytes() for path in failing} == failing
    assert not orphan.parent.exists()

    stored = widget.read_bytes()
    kinds = [kinds_of_outputs(cell) for cell in nbformat.reads(stored, as_version=4).cells]
    assert kinds == [[], [], [], [], ["figure", "text"] * 2, ["result"]]
    assert b"widget-view" not in stored and b'"widgets"' not in stored

    assert main([str(widget), str(solution)], root=tmp_path) == 0
    assert widget.read_bytes() == stored
    exercise = tmp_path / "exercises" / "01_doubling" / "01_doubling.ipynb"
    assert exercise.read_text(encoding="utf-8") == derive(solution.read_text(encoding="utf-8"))


def test_normalising_twice_changes_nothing():
    notebook = samples.lecture()
    assert to_text(normalise(notebook)) == to_text(notebook)


def test_a_cell_keeps_its_id_when_others_come_and_go():
    cells = samples.solution().cells
    ids = cell_ids(cells)
    assert ids[1:] == ["doubled", "check-doubled", "why-linear"]
    assert cell_ids([*cells[:1], new_markdown_cell("New"), *cells[1:]])[:1] == ids[:1]
    assert cell_ids([new_markdown_cell("New"), *cells])[1:] == ids
    assert cell_ids([cells[0], cells[0]]) == [ids[0], f"{ids[0]}-2"]


def test_only_what_readers_see_is_stored():
    outputs = [
        new_output("stream", text="one, "),
        new_output("stream", text="two"),
        new_output("stream", name="stderr", text="careful"),
        new_output("display_data", {WIDGET_VIEW: {}, "text/plain": "IntSlider(value=0)"}),
        new_output("display_data", {WIDGET_VIEW: {}, "text/html": "a slider"}),
        new_output("execute_result", {"text/plain": "3"}, execution_count=8),
    ]
    metadata = {"execution": {"iopub.status.busy": "2024-01-01"}, "tags": ["kept"]}
    cell = new_code_cell("1 + 2", execution_count=8, outputs=outputs, metadata=metadata)
    normal = normalise(new_notebook(cells=[cell], metadata={"widgets": {}, "toc": {}}))

    assert set(normal.metadata) == {"kernelspec", "language_info"}
    assert normal.cells[0].metadata == {"tags": ["kept"]}
    assert normal.cells[0].execution_count == normal.cells[0].outputs[-1].execution_count == 1
    stream, stderr, slider, result = normal.cells[0].outputs
    assert (stream.text, stderr.text) == ("one, two", "careful")
    assert (slider.data, result.data) == ({"text/html": "a slider"}, {"text/plain": "3"})


def test_length_warnings():
    assert list(length_warnings(samples.lecture())) == []
    long_text = new_markdown_cell("word | " * 2601)
    long_codes = [new_code_cell("slope = 2\n\n" * 26) for _ in range(3)]
    assert list(length_warnings(new_notebook(cells=[long_text, *long_codes]))) == [
        "2601 words of text, more than 2600",
        *(f"cell {number} has 26 lines of code, more than 25" for number in (2, 3, 4)),
        "3 code cells beside 1 text cells",
    ]


def kinds_of_outputs(cell):
    names = {"display_data": "figure", "stream": "text", "execute_result": "result"}
    return [names[output.output_type] for output in cell.outputs]


def write(path, sources):
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)
