"""Attacks on the checks of the course, in the sandbox: no answer earns points without the work."""

import tempfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from grading import sandbox
from grading.execute import ExecuteInSandbox, NotGraded
from tests.assignments import scoring

ROOT = Path(__file__).resolve().parents[2]
SHAPLEY = ROOT / "solutions/03_shapley_values/03_shapley_values.ipynb"


def points(answers, *cells):
    """Return the points of assignment 03 with other answers, and with cells before all others."""
    notebook = scoring.with_answers(nbformat.read(SHAPLEY, as_version=4), answers)
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


def test_no_answer_of_the_checks_own_earns_points():
    assert set(points(BORROWED).values()) == {0}


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


def test_what_an_answer_changes_while_it_is_checked_gives_no_points():
    assert set(points({**WRONG, **WHILE_CALLED}).values()) == {0}


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
