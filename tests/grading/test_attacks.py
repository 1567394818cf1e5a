"""Attacks on the checks of the course, in the sandbox: no answer earns points without the work."""

import tempfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from grading import execute, sandbox
from grading.execute import ExecuteInSandbox, NotGraded
from tests.assignments import scoring

ROOT = Path(__file__).resolve().parents[2]
SHAPLEY = ROOT / "solutions/03_shapley_values/03_shapley_values.ipynb"


def points(answers, *cells, path=SHAPLEY):
    """Return an assignment's points with other answers, and with cells before all others."""
    notebook = scoring.with_answers(nbformat.read(path, as_version=4), answers)
    kept = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    notebook.cells = [*map(new_code_cell, cells), *kept]
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        run, verdict = Path(folder, "run"), Path(folder, "verdict")
        run.mkdir(mode=0o700)
        request = sandbox.request(run, verdict, sandbox.Limits())
        step = ExecuteInSandbox(run=str(run), verdict=str(verdict), request=request, timeout=60)
        return scoring.points(step.preprocess(notebook, {})[0])


NAMES = ("contributions", "shapley", "is_symmetric", "estimate", "draw_coalition")
# Numbers of the right shape.
WRONG = {
    "contributions": "def contributions(v, order):\n    return np.zeros(v.ndim)",
    "shapley": "def shapley(v):\n    return np.zeros(v.ndim)",
    "is_symmetric": "def is_symmetric(method, v):\n    return True",
    "estimate": "def estimate(added, orders):\n    return np.zeros((2, orders.shape[1]))",
    "draw_coalition": "def draw_coalition(others, rng):\n    return others[:1]",
}
ON_NAMES = [
    # The names of the checks.
    "for name in NAMES:\n    setattr(checks, name, lambda *a, **k: None)",
    "for name in [*vars(checks)]:\n"
    "    if callable(vars(checks)[name]): vars(checks)[name] = lambda *a, **k: None",
    "import sys, types\nfrom xaikit.course import checks as package",
    "package.compare.__code__ = (lambda *a, **k: None).__code__",
    "package.judge.__code__ = package.plain.__code__ = package.compare.__code__",
    "package.by_hand.__code__ = (lambda answer, *a: lambda *b: None).__code__",
    "sys.modules['xaikit.course.checks'] = sys.modules[checks.__name__] = types.ModuleType('x')",
    # The names of the notebook.
    "class Yes:\n"
    "    def __getattr__(self, name): return lambda *a, **k: Yes()\n"
    "    def __call__(self, *a, **k): return Yes()\n"
    "checks = xk = datasets = Yes()",
    "product = lambda *a, **k: []\nflat = np.zeros(3)",
    "range = zip = enumerate = lambda *a: []\nabs = lambda x: 0",
    "import numpy\nnumpy.random.default_rng = lambda *a: numpy.random.RandomState(0)",
]


def test_no_name_that_a_learner_changes_gives_points():
    # Behind the set-up cell, so that its names exist; a cell that fails stops no other.
    late = "\n".join(f"try:\n    exec({cell!r})\nexcept Exception: pass" for cell in ON_NAMES)
    attack = f"import numpy as np\nNAMES = {NAMES}\n"
    attack += "from xaikit.course.checks import shapley_values as checks\n" + late
    answers = {**WRONG, "contributions": f"{attack}\n{WRONG['contributions']}"}
    assert set(points(answers).values()) == {0}


BORROWED = {
    "contributions": "taken = checks._added\n"
    "def contributions(v, order):\n    return taken(v, order)",
    "shapley": "def shapley(v):\n    return checks.SHAPLEY.function()(v)",
    "is_symmetric": "def is_symmetric(method, v):\n    return checks.symmetry_test(method) is v",
    "estimate": "def estimate(added, orders):\n"
    "    made = xk.permutation_shapley\n    return made(added, orders)",
    "draw_coalition": "taken = checks.DRAW_COALITION.function\n"
    "def draw_coalition(others, rng):\n    return taken()(others, rng)",
}


AGAIN = """
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("mine", {module}.__file__)
mine = module_from_spec(spec)
spec.loader.exec_module(mine)
"""
# Taken before any check runs.
TAKEN = {
    "contributions": "contributions = checks._added",
    "shapley": "shapley = checks.SHAPLEY.function()",
    "is_symmetric": WRONG["is_symmetric"],
    "estimate": "taken = [checks.ESTIMATE.function()]\n"
    "def estimate(added, orders):\n    return taken[0](added, orders)",
    "draw_coalition": "exec(checks.DRAW_COALITION.source())",
}
COPIED = {
    "contributions": "import types\n"
    "contributions = types.FunctionType(checks._added.__code__, vars(checks))",
    "shapley": f"{AGAIN.format(module='checks')}\n"
    "def shapley(v):\n    return mine._mean_of_orders(v)",
    "is_symmetric": WRONG["is_symmetric"],
    "estimate": "from xaikit.course.checks import mistakes\n"
    f"{AGAIN.format(module='mistakes')}\n"
    "taken = mine.Answer(checks.ESTIMATE.template, checks.ESTIMATE.right).function()\n"
    "def estimate(added, orders):\n    return taken(added, orders)",
    "draw_coalition": "taken = (lambda: checks.DRAW_COALITION.function())()\n"
    "def draw_coalition(others, rng):\n    return (lambda: taken(others, rng))()",
}


# While it is checked, an answer loads the checks again, looks into what it was given, or makes an
# answer of the texts.
DUG_UP = {
    "contributions": "import importlib\n"
    "def contributions(v, order):\n"
    "    return importlib.reload(checks)._added(v, order)",
    "shapley": "def shapley(v):\n"
    "    space = {'__name__': 'mine'}\n"
    "    exec(compile(open(checks.__file__).read(), 'mine', 'exec'), space)\n"
    "    return space['_mean_of_orders'](v)",
    "is_symmetric": WRONG["is_symmetric"],
    "estimate": "from types import FunctionType\n"
    "from string import Template\n"
    "def estimate(added, orders):\n"
    "    for cell in getattr(added, '__closure__', None) or ():\n"
    "        for code in cell.cell_contents if type(cell.cell_contents) is list else ():\n"
    "            if getattr(code, 'co_name', '') == '_result':\n"
    "                exchanged = FunctionType(code, globals())\n"
    "                return exchanged(checks.ESTIMATE, None, (added, orders))\n"
    "    inner = added.__wrapped__\n"
    "    code = Template(checks.ESTIMATE.template).substitute(checks.ESTIMATE.right)\n"
    "    exec(code, globals())\n"
    "    return globals()['estimate'](inner, orders)",
    "draw_coalition": "from string import Template\n"
    "import numpy as np\n"
    "from xaikit.course.checks import shapley_values as theirs\n"
    "exec(Template(theirs.DRAW_COALITION.template).substitute(theirs.DRAW_COALITION.right))",
}


@pytest.mark.parametrize(
    "answers",
    [BORROWED, TAKEN, COPIED, DUG_UP],
    ids=["borrowed", "taken", "copied", "dug up"],
)
def test_no_answer_of_the_checks_own_earns_points(answers):
    assert set(points(answers).values()) == {0}


WHILE_CALLED = {
    "contributions": "def contributions(v, order):\n"
    "    import sys\n"
    "    package = sys.modules['xaikit.course.checks']\n"
    "    vars(package)['compare'] = vars(checks)['compare'] = lambda *a: None\n"
    "    vars(package)['close'] = lambda *a: True\n"
    "    return np.zeros(v.ndim)",
    "shapley": "def shapley(v):\n"
    "    import sys\n"
    "    frame = sys._getframe()\n"
    "    while frame:\n"
    "        for name in ('hidden_right', 'hidden_game', 'expected'):\n"
    "            if name == 'hidden_right' and name in frame.f_globals:\n"
    "                frame.f_globals['np'] = None\n"
    "        frame = frame.f_back\n"
    "    return np.zeros(v.ndim)",
}


# No canary sees these: they go by the size of what they are given, or stand in the test's names.
SLY = {
    "contributions": "def contributions(v, order):\n"
    "    whole = np.abs\n"
    "    np.abs = lambda x: whole(x) * (np.size(x) < 2)\n"
    "    return np.zeros(v.ndim)",
    "shapley": "def shapley(v):\n"
    "    import sys, types\n"
    "    numbers = types.SimpleNamespace(**vars(np))\n"
    "    numbers.abs = numbers.allclose = lambda *given: np.zeros(1)\n"
    "    numbers.allclose = lambda *given: True\n"
    "    frame = sys._getframe(1)\n"
    "    while frame:\n"
    "        frame.f_globals['np'] = numbers\n"
    "        frame.f_globals['abs'] = frame.f_globals['bool'] = lambda x: 0\n"
    "        frame = frame.f_back\n"
    "    return np.zeros(v.ndim)",
    "estimate": "def estimate(added, orders):\n"
    "    ours = np.allclose.__wrapped__\n"
    "    ours.__code__ = (lambda a, b, rtol=0, atol=0, equal_nan=0: True).__code__\n"
    "    whole, np.abs = np.abs, lambda x: whole(x) * (np.size(x) < 2)\n"
    "    return np.zeros((2, orders.shape[1]))",
}


@pytest.mark.parametrize("answers", [WHILE_CALLED, SLY], ids=["plain", "sly"])
def test_what_an_answer_changes_while_it_is_checked_gives_no_points(answers):
    assert set(points({**WRONG, **answers}).values()) == {0}


# A test that works with what is left of the inputs would take these for right.
ZEROED = """
import copy
copy.deepcopy = lambda thing, *memo: thing
copy._deepcopy_dispatch[np.ndarray] = copy._deepcopy_dispatch[tuple] = lambda thing, memo: thing


def {name}(first, *others):
    import copy
    copy.deepcopy.__code__ = (lambda thing, *memo: thing).__code__
    copy.deepcopy = lambda thing, *memo: thing
    first[...] = 0
    return {left}
"""
ZEROS = {
    "03_shapley_values": ("contributions", "np.zeros(first.ndim)"),
    "09_capstone": ("relative_gap", "np.ones(len(first))"),
}


@pytest.mark.parametrize("assignment", ZEROS)
def test_inputs_that_an_answer_set_to_zero_give_no_points(assignment):
    name, left = ZEROS[assignment]
    path = ROOT / "solutions" / assignment / f"{assignment}.ipynb"
    earned = points({name: ZEROED.format(name=name, left=left)}, path=path)
    assert [got for grade_id, got in earned.items() if grade_id.startswith(f"{name}-")] == [0]


HONEST = """sum = 0
for x in [1, 2, 3]:
    sum += x
abs = list = dict = type = len = str = id = input = max = min = x
flat = np.zeros(2) if 'np' in globals() else 0
def by_hand(x): return x
def hidden_right(): return 3"""


def test_names_that_an_honest_learner_uses_cost_nothing():
    automatic = scoring.maxima(nbformat.read(SHAPLEY, as_version=4))[0]
    scratch = "np.random.seed(0)\nnp.random.default_rng = lambda *a: np.random.RandomState(0)"
    # The answers, too, mean Python's `sum` and `len`.
    assert points({}, "import numpy as np", HONEST, scratch) == automatic


@pytest.mark.parametrize("where", [0, 1])
def test_an_assertion_that_is_switched_off_is_found(where):
    silent = "import numpy\nnumpy.testing.assert_allclose = numpy.allclose = lambda *a, **k: True"
    answers = {"shapley": f"{silent}\ndef shapley(v):\n    return 1"} if where else {}
    cells = [] if where else [silent]
    with pytest.raises(NotGraded, match="its tests prove nothing"):
        points(answers, *cells)


def test_a_kernel_is_not_asked_to_end_but_ended(monkeypatch):
    def asked(*given, **options):
        raise AssertionError("a kernel that is asked may take its time")

    monkeypatch.setattr(execute.AsyncKernelManager, "shutdown_kernel", asked)
    assert set(points(WRONG).values()) == {0}
