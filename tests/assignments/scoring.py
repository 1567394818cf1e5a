"""Score a notebook as nbgrader does, without a kernel: run its code cells, then ask nbgrader.

A learner's notebook is the solution with other answers; the hidden tests stay.
"""

import ast
import contextlib
import copy
import io
import pkgutil
import re
import warnings
from functools import lru_cache
from typing import NamedTuple
from unittest import mock

import numpy as np
from nbformat.v4 import new_output
from nbgrader.utils import determine_grade, is_grade, is_solution

from xaikit.course import checks

# The files of checks that are one assignment's own.
ASSIGNMENTS = {module.name for module in pkgutil.iter_modules(checks.__path__)}
ASSIGNMENTS -= {"mistakes", "random_networks"}

# What each assignment's checks have made of their mistakes' code: it is compiled once.
MADE: dict = {}

# Behind a right answer: the same numbers in single precision, which every check must take.
SINGLE = """


_in_double = {name}


def {name}(*arguments):
    def single(value):
        if isinstance(value, tuple | list):
            return type(value)(map(single, value))
        if isinstance(value, np.ndarray) or type(value) in (float, np.float64):
            return np.float32(value)
        return value

    return single(_in_double(*arguments))
"""


# The same with every number 0, as long as an answer is not written to its end.
ZEROS = """


_in_full = {name}


def {name}(*arguments):
    def zeros(value):
        if isinstance(value, tuple | list):
            return type(value)(map(zeros, value))
        if isinstance(value, np.ndarray | float | np.floating):
            return np.zeros_like(value, dtype=float)
        return value

    return zeros(_in_full(*arguments))
"""


class WrongAnswer(NamedTuple):
    """A planted answer, the graded cells that it must lose, and the first cell's message."""

    source: str
    loses: set[str]
    message: str


def planted(answer, loses, others=None):
    """Return the mistakes that a check recognises, as wrong answers.

    `others` has the graded cells of mistakes that lose other cells than `loses`, by their message.
    """
    cells = dict.fromkeys(answer.mistakes, loses) | (others or {})
    return {words: WrongAnswer(answer.source(words), cells[words], words) for words in cells}


def wrong(answer, loses, message, source=None, **gaps):
    """Return a wrong answer that the check does not know as a mistake: code, or changed gaps."""
    return WrongAnswer(source or answer.source(**gaps), loses, message)


def answers_of(notebook):
    """Return the source of every code cell for an answer, by grade_id."""
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in notebook.cells
        if cell.cell_type == "code" and is_solution(cell)
    }


def with_answers(notebook, answers):
    """Return a copy of a solution with these answers, {grade_id: source}, in place of its own."""
    notebook = copy.deepcopy(notebook)
    if unknown := set(answers) - set(answers_of(notebook)):
        raise KeyError(f"not cells to be answered: {', '.join(sorted(unknown))}")
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(grade_id, cell.source)
    return notebook


def with_more(notebook, grade_id, add):
    """Return a copy of a solution with more code behind one answer."""
    return with_answers(notebook, {grade_id: answers_of(notebook)[grade_id] + add})


def run(notebook, seed=0):
    """Return a copy of a notebook whose code cells were run in one fresh namespace.

    A cell's error is recorded, and the next cell runs. The checks draw fresh numbers in every run;
    here they come from `seed`, so that a verdict is the same on every machine.
    """
    notebook = copy.deepcopy(notebook)
    namespace = {"__name__": "__main__"}
    drawing = mock.patch.object(np.random, "default_rng", _drawing_from(seed))
    with drawing, _only_its_checks(notebook):
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = _outputs(cell.source, namespace)
    return notebook


def points(notebook):
    """Return the points of each automatically graded cell of an executed notebook, by grade_id."""
    return {
        cell.metadata.nbgrader.grade_id: determine_grade(cell)[0]
        for cell in notebook.cells
        if cell.cell_type == "code" and is_grade(cell)
    }


def maxima(notebook):
    """Return each cell's maximal points, by grade_id: for automatic cells, for cells by hand."""
    automatic, by_hand = {}, {}
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("grade") or mark.get("task"):
            kind = automatic if cell.cell_type == "code" and not is_solution(cell) else by_hand
            kind[mark["grade_id"]] = mark["points"]
    return automatic, by_hand


def errors(notebook):
    """Return the errors of an executed notebook: {cell id: (name of the error, its message)}."""
    return {
        cell.id: (output.ename, output.evalue)
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    }


@contextlib.contextmanager
def _only_its_checks(notebook):
    """Hide other assignments' checks and mistakes, which a kernel does not load.

    Each call of an answer looks at all of them.
    """
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    loaded = re.findall(r"import (\w+) as checks\b", code)
    others = {
        name: vars(checks).pop(name)
        for name in ASSIGNMENTS.difference(loaded) & vars(checks).keys()
    }
    try:
        with mock.patch.dict(vars(checks.mistakes), made=MADE.setdefault(tuple(loaded), {})):
            yield
    finally:
        vars(checks).update(others)


def _drawing_from(seed):
    """Return np.random.default_rng, which without a seed takes the next one spawned from `seed`."""
    ours, original = np.random.SeedSequence(seed), np.random.default_rng

    def default_rng(given=None):
        return original(ours.spawn(1)[0] if given is None else given)

    return default_rng


def _outputs(source, namespace):
    """Run one cell; return the outputs that Jupyter would show."""
    outputs, printed, complained = [], io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(complained),
        warnings.catch_warnings(record=True) as warned,
    ):
        # As in a kernel: pytest's own filters would show more warnings, and raise for some of them.
        warnings.simplefilter("default")
        for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", kind)
        try:
            value = _value_of(source, namespace)
        except Exception as error:
            words = {"ename": type(error).__name__, "evalue": str(error), "traceback": []}
            outputs.append(new_output("error", **words))
        else:
            if value is not None:
                outputs.append(new_output("execute_result", {"text/plain": repr(value)}))
    complaint = complained.getvalue() + "".join(f"{w.message}\n" for w in warned)
    for name, text in [("stderr", complaint), ("stdout", printed.getvalue())]:
        if text:
            outputs.insert(0, new_output("stream", name=name, text=text))
    return outputs


def _value_of(source, namespace):
    """Run a cell's statements; return the value of the last one, if it is an expression."""
    statements, expression = _compiled(source)
    exec(statements, namespace)
    return expression and eval(expression, namespace)


@lru_cache(maxsize=4096)
def _compiled(source):
    """Return a cell's code without its last expression, and that expression's code or None."""
    statements = ast.parse(source).body
    last = statements.pop() if statements and isinstance(statements[-1], ast.Expr) else None
    expression = last and compile(ast.Expression(last.value), "<cell>", "eval")
    return compile(ast.Module(statements, []), "<cell>", "exec"), expression
