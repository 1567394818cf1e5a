"""The two nbval lanes, by the Makefile's commands, on notebooks with planted faults."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.notebooks import samples
from tests.notebooks.nbval_tolerance import matches
from tools.derive import derive
from tools.normalise import normalise

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("fresh", "stored"),
    [
        ("loss 0.3330", "loss 0.3331"),
        ("-1.0005e-05 and 2e-07", "-1.0000e-05 and 1e-07"),
        ("sum 10.001, gap -0.00", "sum 9.999, gap 0.00"),
        ("age   9.9990\nbmi  -0.0000", "age  10.0010\nbmi   0.0000"),
        ("[ 0.5001 -2.    ]", "[ 0.5002 -2.    ]"),
        ("ends with 0.3330.", "ends with 0.3331."),
        ("nan inf -inf 0.1", "nan inf -inf 0.1"),
    ],
)
def test_close_decimals_match(fresh, stored):
    assert matches(fresh, stored)


@pytest.mark.parametrize(
    ("fresh", "stored"),
    [
        ("loss 0.330", "loss 0.333"),
        ("loss -0.333", "loss 0.333"),
        ("gap 0.00001", "gap -0.00001"),
        ("loss 0.333", "cost 0.333"),
        ("10000 rows", "10001 rows"),
        ("it was 10000.", "it was 10001."),
        ("[10000. 1.]", "[10001. 1.]"),
        ("0.5 0.5", "0.5"),
        ("age  0.5", "age 0.5"),
        ("age  9.999 |", "age  10.001 |"),
        ("nan", "0.0"),
        ("nan", "inf"),
        ("1e999", "2e999"),
        ("shape (100.5, 2)", "shape (100.5, 3)"),
        ("version 1.2.1000", "version 1.2.1001"),
        ("layer1.0001x", "layer1.0002x"),
        ("#1000e0", "#1001e0"),
    ],
)
def test_everything_else_stays_exact(fresh, stored):
    assert not matches(fresh, stored)


def shown(source, html):
    data = {"text/html": html, "text/plain": "<IPython.core.display.HTML object>"}
    return new_code_cell(source, outputs=[new_output("display_data", data)])


def captioned(words):
    """Return a cell whose caption is "|gap| of −0.3333 for w_1.", stored with these words."""
    data = {"text/markdown": words.replace("_", "\\_"), "text/plain": words}
    source = "from xaikit.course import plots\nplots.say(f'|gap| of {-1 / 3:.4f} for w_1.')"
    return new_code_cell(source, outputs=[new_output("display_data", data)])


# Cell, and whether its stored output is right.
TRIALS = [
    (new_code_cell("import sys\nfrom IPython.display import HTML, display"), True),
    (samples.printing("print(f'{0.33333:.4f} of 10 rows')", "0.3334 of 10 rows\n"), True),
    (samples.printing("print(f'{0.33333:.4f} of 10 rows')", "0.3300 of 10 rows\n"), False),
    (samples.printing("print(f'{0.33333:.4f} of 10 rows')", "0.3333 of 11 rows\n"), False),
    (samples.printing("print('it grows')", "it falls\n"), False),
    (samples.printing("slope = 2", "slope is 2\n"), False),
    (new_code_cell("print('something')"), False),
    (samples.printing("print(1)\nprint('careful', file=sys.stderr)", "1\n"), False),
    (shown("display(HTML('<b>0.3333</b>'))", "<b>0.3334</b>"), True),
    (shown("display(HTML('<b>0.3333</b>'))", "<i>0.3333</i>"), False),
    (samples.printing("print(2)\ndisplay(HTML('<b>3</b>'))", "2\n"), False),
    (captioned("|gap| of −0.3334 for w_1."), True),
    (captioned("|gap| of −0.3300 for w_1."), False),
    (captioned("|gap| of 0.3333 for w_1."), False),
    (captioned("|gap| of −0.3333 for w_2."), False),
    (samples.printing("print('the last word')", "the last word\n"), True),
]


def test_strict_lane_fails_exactly_the_lying_cells(tmp_path):
    notebook = normalise(new_notebook(cells=[cell for cell, _ in TRIALS]))
    nbformat.write(notebook, tmp_path / "trials.ipynb")
    flags = ["--nbval", "--nbval-cell-timeout=120", "-p", "tests.notebooks.nbval_tolerance"]
    results = run_lane(tmp_path, *flags)
    lies = [index for index, (_, honest) in enumerate(TRIALS) if not honest]
    assert results == {
        ("trials.ipynb", f"Cell {index}"): "failure" if index in lies else "passed"
        for index in range(len(TRIALS))
    }


def test_exercise_lane_forgives_unwritten_stubs_only(tmp_path):
    untouched = nbformat.reads(derive(samples.solution()), as_version=4)
    untouched.cells += [
        new_code_cell("try:\n    doubled(1)\nexcept Exception as error:\n    assert False, error"),
        new_code_cell("print('goes on')"),
    ]
    faulty = nbformat.reads(derive(samples.solution()), as_version=4)
    faulty.cells += [
        new_code_cell("tripled(2)"),
        new_code_cell("def doubled(:"),
        new_code_cell("try:\n    doubled(1)\nexcept NotImplementedError:\n    tripled(2)"),
        new_code_cell("assert 1 == 2"),
        new_code_cell("raise NotImplementedError('not by a stub')"),
    ]
    nbformat.write(untouched, tmp_path / "untouched.ipynb")
    nbformat.write(faulty, tmp_path / "faulty.ipynb")
    results = run_lane(tmp_path, "--nbval-lax", "-p", "tests.notebooks.exercise_lane")

    stub_and_checks = ["passed", "skipped"]
    assert outcomes(results, "untouched.ipynb") == [*stub_and_checks, "skipped", "passed"]
    assert outcomes(results, "faulty.ipynb") == [*stub_and_checks, *["failure"] * 5]


def run_lane(folder, *flags):
    """Run pytest over a folder of notebooks; return the outcome by file and cell."""
    report = folder / "report.xml"
    options = ["-c", "pyproject.toml", "--rootdir", folder, "--junitxml", report]
    flags = ["--nbval-current-env", "-p", "tests.notebooks.kernel_sockets", *flags]
    command = [sys.executable, "-m", "pytest", *options, *flags, folder]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert report.exists(), finished.stdout + finished.stderr
    return {
        (case.get("classname"), case.get("name")): case[0].tag if len(case) else "passed"
        for case in ElementTree.parse(report).iter("testcase")
    }


def outcomes(results, file):
    return [outcome for (name, _), outcome in results.items() if name == file]
