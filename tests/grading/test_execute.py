"""Where assertions that must fail stand, and what a test sees."""

import copy
import random
import subprocess
import sys
from itertools import product
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.preprocessors import LimitOutput

from grading import execute, marks
from tests.grading.classes import solution


def test_they_stand_before_and_behind_each_test():
    cells = solution().cells
    for _ in range(20):
        mixed = execute.with_canaries(cells, "token")
        kept = [cell for cell in mixed if not execute._is_canary(cell)]
        assert kept == cells
        for place, cell in enumerate(mixed):
            if execute._is_test(cell):
                before, behind = mixed[place - 1], mixed[place + 1]
                assert execute._is_canary(before) and execute._is_canary(behind)


def test_their_number_and_their_forms_are_drawn():
    def drawn():
        return execute.with_canaries(solution().cells, "token")

    assert len({len(drawn()) for _ in range(50)}) > 2
    sources = [cell.source for _ in range(3) for cell in drawn() if execute._is_canary(cell)]
    assert len(set(sources)) == len(sources)


def test_without_a_test_they_stand_at_the_end():
    cells = [nbformat.v4.new_code_cell("1 + 1")]
    mixed = execute.with_canaries(cells, "token")
    assert mixed[0] == cells[0] and all(map(execute._is_canary, mixed[1:])) and len(mixed) > 1


@pytest.mark.parametrize("drawn", [(0, 0), (10**6 - 1, 0), (10**6 - 1, 10**6 - 1)])
@pytest.mark.parametrize("form", [*execute.INSIDE, execute.TESTING])
def test_each_fails_with_the_token_whatever_its_numbers(form, drawn, monkeypatch):
    numbers = iter(drawn)
    monkeypatch.setattr(execute.secrets, "randbelow", lambda most: next(numbers))
    with pytest.raises(AssertionError, match="the-token"):
        exec(execute._filled(form, "the-token"), {})


def test_that_of_all_of_numpy_fails_and_notices_each(monkeypatch):
    import numpy as np

    silent = [
        (np, "abs", lambda x: np.zeros(1)),
        (np, "allclose", lambda *a: True),
        (np, "array_equal", lambda *a: True),
        (np, "isclose", lambda *a: True),
    ]
    testing = (np.testing, "assert_allclose", lambda *a, **k: None)
    for form, patches in [
        (execute.ALL_OF_NUMPY, silent),
        (execute.ALL_WITH_TESTING, [*silent, testing]),
    ]:
        form = form.replace("{forms}", " or ".join(execute.NUMPYS))
        with pytest.raises(AssertionError, match="the-token"):
            exec(execute._filled(form, "the-token"), {})
        for place, name, instead in patches:
            with monkeypatch.context() as patch:
                patch.setattr(place, name, instead)
                exec(execute._filled(form, "the-token"), {})  # it does not fail


def test_numpy_testing_is_loaded_only_for_a_test_that_names_it():
    def forms():
        mixed = [execute.with_canaries(cells, "token") for _ in range(20)]
        return "".join(cell.source for part in mixed for cell in part if execute._is_canary(cell))

    cells = solution().cells
    assert "testing" in forms()
    for cell in cells:
        cell.source = cell.source.replace("np.testing.assert_allclose", "assert np.allclose")
    assert "testing" not in forms()


def test_a_person_gives_the_points_of_an_answer():
    answer = nbformat.v4.new_code_cell("x = 1")
    answer.metadata["nbgrader"] = {"grade": True, "solution": True, "locked": False}
    assert not execute._is_test(answer)


def test_only_the_visible_names_of_a_test_reach_the_notebook():
    test = "example = f(1)\n### BEGIN HIDDEN TESTS\nhidden = 2\n### END HIDDEN TESTS"
    assert execute._names_shown(test) == ["example"]
    assert execute._names_shown("%%time\nx = 1") == []


MARKS = ("task", "grade", "solution", "locked")
EVERY = [{}, {"nbgrader": {}}]
EVERY += [
    {"nbgrader": dict(zip(MARKS, one, strict=True))} for one in product((False, True), repeat=4)
]


@pytest.mark.parametrize("metadata", EVERY)
def test_marks_are_read_as_nbgrader_reads_them(metadata):
    cell = nbformat.v4.new_code_cell(metadata=metadata)
    for name in (f"is_{mark}" for mark in MARKS):
        assert getattr(marks, name)(cell) == getattr(utils, name)(cell)


def test_what_a_cell_prints_is_cut_as_nbgrader_cuts_it():
    rng = random.Random(0)
    step = LimitOutput(max_lines=execute.CELL_LINES, max_traceback=execute.ERROR_ENTRIES)
    for _ in range(200):
        streams = [
            new_output("stream", text="a\n" * rng.choice([0, 1, 100, 249, 250, 498, 499, 500, 900]))
            for _ in range(4)
        ]
        entries = [str(number) for number in range(rng.choice([0, 59, 60, 61, 200]))]
        error = new_output("error", ename="E", evalue="", traceback=entries)
        cell = nbformat.v4.new_code_cell(outputs=[*streams, error])
        theirs, _ = step.preprocess_cell(copy.deepcopy(cell), {}, 0)
        assert execute._shortened(cell.outputs) == theirs.outputs


def test_a_run_loads_no_nbgrader():
    code = "import grading.execute, grading.harmless, grading.notebooks, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "nbclient" in loaded and "nbgrader" not in loaded


SETUP = "import copy, math\nimport numpy as np\nfrom xaikit.course.checks import dasp as checks"
# A change, and what it changes.
CHANGES = {
    "copy.deepcopy = lambda x, *memo: x": "copy.deepcopy(own) is own",
    "copy.deepcopy.__code__ = (lambda x, memo=0, _nil=0: x).__code__": "copy.deepcopy(own) is own",
    "copy._deepcopy_dispatch[list] = lambda x, memo: x": "copy.deepcopy(own) is own",
    "math.comb = lambda *given: 1": "math.comb(5, 2) == 1",
    "np.allclose.__wrapped__.__code__ = (lambda a, b, rtol=0, atol=0, equal_nan=0: 1).__code__": (
        "np.allclose(1, 2)"
    ),
    "checks.norm.cdf = lambda x: 7": "checks.norm.cdf(0) == 7",
    "type(checks.norm).pdf = lambda self, x: 7": "checks.norm.pdf(0) == 7",
    "vars(checks)['abs'] = lambda x: 7": "eval('abs(-1)', vars(checks)) == 7",
    "checks.checks.mistakes.Template.substitute = lambda *given: 'x'": (
        "checks.checks.mistakes.Template('$a').substitute(dict(a='y')) == 'x'"
    ),
}


def test_what_checks_and_tests_compute_with_gets_its_own_meaning_back():
    text = Path(execute.__file__).with_name("inside.py").read_text(encoding="utf-8")
    lines = [
        "import sys, types, IPython",
        "IPython.get_ipython = lambda: types.SimpleNamespace(user_ns={})",
        f"space = {{'__name__': 'inside', '__builtins__': dict(vars(__builtins__))}}\n{SETUP}",
        f"exec({text!r}, space)\nspace['keep']({[SETUP]!r}, [], 'secret')\nown = [1]",
    ]
    for change, seen in CHANGES.items():
        lines += [change, f"assert {seen}", "space['put_back']()", f"assert not {seen}"]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
