"""Assignments: right answers earn every point, wrong ones lose exactly their own points."""

import ast
import dis
import importlib.util
import os
import pkgutil
import re
from functools import cache
from pathlib import Path
from types import CodeType
from zlib import crc32

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from tests.assignments import scoring
from tests.notebooks import samples
from tools.derive import derive, exercise_path
from tools.sockets import own_sockets
from xaikit.course import checks
from xaikit.course.checks.mistakes import Answer

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = sorted(ROOT.glob("solutions/*/*.ipynb"))
POINTS = 20
# In how many runs each wrong answer meets new numbers, and a right one five times as often; use
# more after a change of a check.
DRAWS = int(os.environ.get("XAI_DRAWS", "2"))

every_assignment = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)


def wrong_answers(path):
    """Return the table of wrong answers to a solution, from `wrong_answers_<its number>.py`."""
    name = f"tests.assignments.wrong_answers_{path.stem[:2]}"
    if importlib.util.find_spec(name) is None:
        return {}
    return importlib.import_module(name).WRONG_ANSWERS


PLANTED = [
    pytest.param(path, grade_id, wrong, id=f"{path.stem[:2]}-{grade_id}-{name}")
    for path in SOLUTIONS
    for grade_id, table in wrong_answers(path).items()
    for name, wrong in table.items()
]


def read(path):
    return nbformat.read(path, as_version=4)


@every_assignment
def test_every_exercise_has_an_example_by_hand_for_its_card(path):
    """The card finds it in the docstring of each function that the learner is to write."""
    stubs = [
        node
        for cell in read(exercise_path(path)).cells
        if cell.cell_type == "code" and "raise NotImplementedError()" in cell.source
        for node in ast.parse(cell.source).body
        if isinstance(node, ast.FunctionDef) and "NotImplementedError" in ast.unparse(node)
    ]
    assert stubs

    def stub():
        pass

    for node in stubs:
        stub.__doc__ = ast.get_docstring(node)
        example = checks._example(stub)
        assert example and example[0].startswith("By hand"), node.name


def until_last_check(path):
    """Return a file's notebook without the code after its last automatically graded cell.

    Later code cannot change the points.
    """
    notebook = read(path)
    last = max(i for i, cell in enumerate(notebook.cells) if cell.id in scoring.maxima(notebook)[0])
    return nbformat.from_dict({**notebook, "cells": notebook.cells[: last + 1]})


def with_checks(notebook, names):
    """Return the notebook with only these automatically graded cells."""
    others = set(scoring.maxima(notebook)[0]) - names
    cells = [cell for cell in notebook.cells if cell.id not in others]
    return nbformat.from_dict({**notebook, "cells": cells})


@cache
def names_of(code):
    """Return the names that code, or a cell's source, reads from outside, and those that it sets.

    A function in it may read whatever it names.
    """
    read, given = set(), set()
    for step in dis.get_instructions(code):
        if step.opname in ("STORE_NAME", "STORE_GLOBAL", "DELETE_NAME", "DELETE_GLOBAL"):
            given.add(step.argval)
        elif step.opname in ("LOAD_NAME", "LOAD_GLOBAL") and step.argval not in given:
            read.add(step.argval)
        elif isinstance(step.argval, CodeType):
            inner, given_inside = names_of(step.argval)
            read |= inner - given
            given |= given_inside
    return read, given


def reached(notebook, grade_id, source):
    """Return the graded cells whose points can hang on an answer's source.

    They read what it defines, be it through other cells.
    """
    changed, found = set(names_of(source)[1]), set()
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        read, given = names_of(cell.source)
        if cell.id == grade_id or read & changed:
            changed |= given
            found.add(cell.id)
    return found & set(scoring.maxima(notebook)[0])


def first_message(run, wrong):
    """Return the first message that the learner sees about a wrong answer."""
    first = next(cell.id for cell in run.cells if cell.id in wrong.loses)
    return scoring.errors(run)[first][1]


def lost(notebook):
    """Return the graded cells of an executed notebook that lose points."""
    automatic, _ = scoring.maxima(notebook)
    return {name for name, earned in scoring.points(notebook).items() if earned < automatic[name]}


def promised(notebook):
    """Return the points in each exercise's heading, and the maximal points of its cells."""
    automatic, by_hand = scoring.maxima(notebook)
    points, pairs = {**automatic, **by_hand}, []
    for cell in notebook.cells:
        if heading := re.search(r"^## Exercise .*\((\d+) points?\b", cell.source, re.MULTILINE):
            pairs.append([int(heading[1]), 0])
        elif pairs:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            pairs[-1][1] += points.get(grade_id, 0)
    return pairs


# Right answers


@every_assignment
def test_points_are_those_promised_and_add_up(path):
    notebook = read(path)
    automatic, by_hand = (sum(points.values()) for points in scoring.maxima(notebook))
    assert automatic + by_hand == POINTS
    words = r"check themselves \((\d+)\) and one written answer \((\d+)\)"
    assert re.search(words, notebook.cells[0].source).groups() == (str(automatic), str(by_hand))
    pairs = promised(notebook)
    assert [said for said, _ in pairs] == [worth for _, worth in pairs]
    assert sum(said for said, _ in pairs) == POINTS


def test_assignment_01_gives_16_points_by_itself_and_4_by_hand():
    (path,) = (path for path in SOLUTIONS if path.stem.startswith("01_"))
    automatic, by_hand = scoring.maxima(read(path))
    assert (sum(automatic.values()), sum(by_hand.values())) == (16, 4)


@every_assignment
def test_solution_earns_every_automatic_point(path):
    run = scoring.run(until_last_check(path))
    assert scoring.errors(run) == {}
    assert scoring.points(run) == scoring.maxima(run)[0]


@every_assignment
def test_solution_earns_every_automatic_point_whatever_the_checks_draw(path):
    notebook = until_last_check(path)
    for seed in range(1, 1 + 5 * DRAWS):
        run = scoring.run(notebook, seed)
        assert (seed, scoring.errors(run), lost(run)) == (seed, {}, set())


EVERY_ANSWER = [
    pytest.param(path, name, id=f"{path.stem[:2]}-{name}")
    for path in SOLUTIONS
    for name in scoring.answers_of(read(path))
]
FIRST_ANSWERS = [one for one in EVERY_ANSWER if one.values[0].stem[:2] in ("00", "01", "04")]


@pytest.mark.parametrize(("path", "name"), FIRST_ANSWERS)
def test_a_right_answer_in_single_precision_earns_every_point(path, name):
    single = scoring.SINGLE.format(name=name)
    notebook = scoring.with_more(until_last_check(path), name, single)
    for seed in range(3):
        run = scoring.run(notebook, seed)
        assert (seed, scoring.errors(run), lost(run)) == (seed, {}, set())


def test_an_input_may_be_moved_if_it_is_moved_back():
    (path,) = (path for path in SOLUTIONS if path.stem.startswith("00_"))
    source = """\
def slope_is_right(f, slope, x):
    measured = []
    for i in range(len(x)):
        x[i] += 1e-5
        above = f(x)
        x[i] -= 2e-5
        measured.append((above - f(x)) / 2e-5)
        x[i] += 1e-5
    return bool(np.abs(measured - slope(x)).max() < 1e-6)
"""
    notebook = scoring.with_answers(until_last_check(path), {"slope_is_right": source})
    run = scoring.run(notebook)
    assert (scoring.errors(run), lost(run)) == ({}, set())


# No answers


@every_assignment
def test_untouched_exercise_earns_nothing_and_fails_by_its_stubs_alone(path):
    solution, exercise = until_last_check(path), until_last_check(exercise_path(path))
    stubs = scoring.answers_of(exercise)
    assert all("raise NotImplementedError()" in source for source in stubs.values())
    run = scoring.run(scoring.with_answers(solution, stubs))
    assert set(scoring.points(run).values()) == {0}
    assert set(scoring.errors(run).values()) == {("NotImplementedError", "")}
    # The learner's version, without the hidden tests, gives the same.
    assert scoring.errors(scoring.run(exercise)) == scoring.errors(run)


HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", re.DOTALL)


@every_assignment
def test_every_automatic_point_stands_behind_a_hidden_test(path):
    """Without the visible tests, the solution still earns every point, and an untouched one none.

    The checks are public, and learners can call them; only a hidden test is nobody's to prepare.
    """
    solution = until_last_check(path)
    for cell in solution.cells:
        if cell.id in scoring.maxima(solution)[0]:
            shown, hidden = HIDDEN.sub("", cell.source), HIDDEN.search(cell.source)
            assert hidden and "assert " in hidden[1], f"{cell.id} has no hidden test"
            # The names that the hidden test takes from the visible one.
            names = [line for line in ast.parse(shown).body if isinstance(line, ast.Assign)]
            cell.source = f"{ast.unparse(ast.Module(names, []))}\n{hidden[1]}"
    assert lost(scoring.run(solution)) == set()
    stubs = scoring.answers_of(read(exercise_path(path)))
    blank = scoring.run(scoring.with_answers(solution, stubs))
    assert set(scoring.points(blank).values()) == {0}


# Wrong answers


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(x):\n    return x", {"reads", "calls", "through"}),
        ("def f(x):\n    global rows\n    rows = x", {"reads", "calls", "through", "other"}),
        ("g = 1", {"reads", "calls", "through", "other"}),
    ],
)
def test_an_answer_reaches_the_checks_that_read_it_through_other_cells(source, found):
    cells = {
        "setup": "g, rows = abs, 3",
        "f": "def f(x): return -x",
        "reads": "assert f(1)",
        "twice": "def twice(x):\n    return [f(f(part)) for part in x]",
        "calls": "y = twice([2])",
        "through": "assert y",
        "other": "f = g(rows)\nassert f",
    }
    notebook = new_notebook(
        cells=[new_code_cell(source, id=name) for name, source in cells.items()]
    )
    for cell in notebook.cells:
        cell.metadata.nbgrader = {
            "grade_id": cell.id,
            "grade": cell.id not in ("setup", "f", "twice"),
            "solution": cell.id == "f",
            "points": 1,
        }
    assert reached(notebook, "f", source) == found


@pytest.mark.parametrize(("path", "grade_id", "wrong"), PLANTED)
def test_wrong_answer_loses_exactly_its_points_and_is_told_why(path, grade_id, wrong):
    solution = until_last_check(path)
    notebook = scoring.with_answers(solution, {grade_id: wrong.source})
    # The other checks meet only right answers, as in the tests above.
    run = scoring.run(with_checks(notebook, reached(solution, grade_id, wrong.source)))
    assert lost(run) == wrong.loses
    assert {scoring.points(run)[name] for name in wrong.loses} == {0}
    assert wrong.message in first_message(run, wrong)
    # The checks draw their inputs: neither verdict nor message may depend on chance. Each
    # answer has its own seeds, so that a check meets many of them.
    notebook = with_checks(notebook, wrong.loses)
    first = 1 + crc32(wrong.source.encode()) % 10_000
    for seed in range(first, first + DRAWS):
        run = scoring.run(notebook, seed)
        assert (seed, lost(run)) == (seed, wrong.loses)
        assert (seed, wrong.message in first_message(run, wrong)) == (seed, True)


@every_assignment
def test_every_answer_and_every_check_meets_a_wrong_answer(path):
    table, notebook = wrong_answers(path), read(path)
    assert set(table) == set(scoring.answers_of(notebook))
    planted = [wrong for answers in table.values() for wrong in answers.values()]
    assert set().union(*(wrong.loses for wrong in planted)) == set(scoring.maxima(notebook)[0])
    assert all(wrong.loses and wrong.message for wrong in planted)


@every_assignment
def test_answers_are_called_through_the_checks_alone(path):
    """There they get copies, and the right answers are switched off."""
    notebook = read(path)
    answers = scoring.answers_of(notebook)
    for cell in (c for c in notebook.cells if c.id in scoring.maxima(notebook)[0]):
        nodes = list(ast.walk(ast.parse(cell.source)))
        handed = [
            given
            for call in nodes
            if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("checks.")
            for given in call.args
        ]
        named = [n for n in nodes if isinstance(n, ast.Name) and n.id in answers]
        bare = [f"{name.id}, line {name.lineno}" for name in named if name not in handed]
        assert named and not bare, f"{cell.id}: {bare}"


ANSWERS = [
    pytest.param(value, id=f"{module.name}-{name}")
    for module in pkgutil.iter_modules(checks.__path__)
    for name, value in vars(importlib.import_module(f"{checks.__name__}.{module.name}")).items()
    if isinstance(value, Answer)
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_mistake_is_another_one_or_the_right_answer(answer):
    """Check and tests share the mistakes, so a test must find two mistakes with the same code."""
    sources = [answer.source(), *map(answer.source, answer.mistakes)]
    assert len(set(sources)) == len(sources)


@pytest.mark.usefixtures("kernels_are_collected")
def test_wrong_answer_in_a_kernel_shows_its_message_alone():
    (path,) = (path for path in SOLUTIONS if path.stem.startswith("01_"))
    wrong = wrong_answers(path)["jacobian"]["the weights alone"]
    notebook = scoring.with_answers(until_last_check(path), {"jacobian": wrong.source})
    ours = scoring.run(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    kernel = AsyncKernelManager(kernel_name="python3", **own_sockets())
    NotebookClient(notebook, km=kernel, allow_errors=True, timeout=120).execute()

    (check,) = (cell for cell in notebook.cells if cell.id == "jacobian-check")
    (error,) = check.outputs
    assert error.output_type == "error" and error.ename == "Mistake"
    assert wrong.message in error.evalue
    assert error.traceback == [f"✗ {error.evalue}"]
    # nbgrader's verdict on the real outputs is the same as that of the tests above.
    assert scoring.points(notebook) == scoring.points(ours)
    assert scoring.errors(notebook) == scoring.errors(ours)


KNOWN = {words for answer in ANSWERS for words in answer.values[0].mistakes}


@pytest.mark.parametrize(("path", "name"), EVERY_ANSWER)
def test_zeros_are_not_taken_for_another_mistake(path, name):
    """np.zeros(…) is what a learner returns first; it is no cut-off decimals, for one."""
    zeros = scoring.ZEROS.format(name=name)
    solution = until_last_check(path)
    notebook = scoring.with_more(solution, name, zeros)
    source = scoring.answers_of(notebook)[name]
    notebook = with_checks(notebook, reached(solution, name, source))
    for seed in range(3):
        for message in (words for _, words in scoring.errors(scoring.run(notebook, seed)).values()):
            named = [words for words in KNOWN if words in message]
            assert not named or "not written yet" in message, message


# The scoring itself


def scored(*sources):
    """Return the outputs of cells that were run one after the other."""
    run = scoring.run(new_notebook(cells=[new_code_cell(source) for source in sources]))
    return [cell.outputs for cell in run.cells]


def sample_points(answer, check=samples.CHECK):
    notebook = samples.solution()
    notebook.cells[2].source = check
    return scoring.points(scoring.run(scoring.with_answers(notebook, {"doubled": answer})))


def test_cells_share_one_namespace_and_go_on_after_an_error():
    outputs = scored("a = 1", "b = a\n1 / 0\nb = 3", "print(a + b)", "for")
    assert [[output.output_type for output in cell] for cell in outputs] == [
        [],
        ["error"],
        ["stream"],
        ["error"],
    ]
    assert outputs[2][0].text == "2\n"
    assert outputs[1][0].ename == "ZeroDivisionError" and outputs[3][0].ename == "SyntaxError"
    assert scored("a")[0][0].ename == "NameError"  # each run has a fresh namespace


def test_last_expression_is_a_result_as_in_jupyter():
    (result,) = scored("a = 2\na + 1")[0]
    assert (result.output_type, result.data["text/plain"]) == ("execute_result", "3")
    assert scored("1 + 1; b = 3", "None", "print()")[:2] == [[], []]


@pytest.mark.parametrize(
    ("answer", "earned"),
    [
        ("def doubled(value):\n    return value + value", 12),
        ("def doubled(value):\n    return 4", 0),  # only the hidden test knows
        ("def doubled(value):\n    raise NotImplementedError()", 0),
        ("def doubled(value:", 0),
        ("", 0),
        # nbgrader gives no points to a cell that writes to stderr.
        ("import warnings\ndef doubled(v):\n    warnings.warn('hm'); return v + v", 0),
        ("import sys\ndef doubled(v):\n    print('hm', file=sys.stderr); return v + v", 0),
    ],
)
def test_points_are_nbgraders(answer, earned):
    assert sample_points(answer) == {"check-doubled": earned}


def test_points_of_a_check_that_ends_with_a_number_are_that_number():
    assert sample_points(samples.ANSWER, "doubled(1.5)") == {"check-doubled": 3}


def test_maxima_tell_what_is_graded_by_hand():
    assert scoring.maxima(samples.solution()) == ({"check-doubled": 12}, {"why-linear": 8})


def test_only_answers_can_be_exchanged():
    with pytest.raises(KeyError, match="check-doubled"):
        scoring.with_answers(samples.solution(), {"check-doubled": "pass"})
    solution = samples.solution()
    changed = scoring.with_answers(solution, {"doubled": "pass"})
    assert [cell.source for cell in changed.cells][1] == "pass"
    assert solution == samples.solution()


def test_answers_of_an_exercise_are_its_stubs():
    exercise = nbformat.reads(derive(samples.solution()), as_version=4)
    (stub,) = scoring.answers_of(exercise).values()
    assert stub.endswith("raise NotImplementedError()")


def test_fresh_numbers_are_those_of_the_seed():
    cell = new_code_cell("import numpy as np\n[np.random.default_rng().random() for _ in 'ab']")
    seeded = new_code_cell("import numpy as np\nnp.random.default_rng(5).random()")
    notebook = new_notebook(cells=[cell, seeded])

    def drawn(seed):
        return [c.outputs[0].data["text/plain"] for c in scoring.run(notebook, seed).cells]

    assert drawn(0) == drawn(0)
    assert drawn(0)[0] != drawn(1)[0] and drawn(0)[1] == drawn(1)[1]
    first, second = drawn(0)[0].strip("[]").split(", ")
    assert first != second
