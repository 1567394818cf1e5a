"""Submissions that attack the grader, or break it by accident, and their expected outcomes.

Each is code for a cell before the answers, or a whole file. The tests run them in the sandbox
only.
"""

import copy
import re
from typing import NamedTuple

from nbformat.v4 import new_code_cell, new_markdown_cell

from tests.grading.classes import answered, cell_of, to_bytes, without_cells

WRONG = {"double": "return 3 * x", "mean": "return 0.0"}


class Expected(NamedTuple):
    """A row of the table: the whole status (a pattern), and the score."""

    status: str
    score: float | None

    def is_met(self, status, score):
        """Return whether a row has this outcome; one of several ends may have any score."""
        is_score = self.score == score or (self.score is None and "|" in self.status)
        return re.fullmatch(self.status, status, re.DOTALL) is not None and is_score


RIGHT = Expected("needs manual", 16.0)
ZERO = Expected("needs manual", 0.0)
EIGHT = Expected("needs manual", 8.0)  # one answer of two is right
ENDED = Expected(r"failed: it ended its own kernel \(exit, os._exit, kill or a crash\)", None)
DEAF = Expected("failed: it did not stop when it was told to", None)
TOO_LONG = Expected("failed: stopped: it ran for more than 25 seconds", None)
TAMPERED = Expected(r"failed: its tests prove nothing: an assertion that must fail .*", None)


def rejected(words):
    """Return the outcome of a file that is not taken in."""
    return Expected(f"failed: not taken in: .*{re.escape(words)}.*", None)


# Code in a cell before right answers.
BEFORE = {
    "loop": ("while True: pass", RIGHT),
    "loop_swallowing": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        # A second interrupt may come between the loops.
        Expected("needs manual|failed: it did not stop when it was told to", None),
    ),
    "loop_deaf": (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        DEAF,
    ),
    "print_loop": (
        "while True: print('x' * 1000)",
        Expected("needs manual|failed: it printed more than 100 MB", None),
    ),
    "much_output": ("print('x' * 40_000_000)", RIGHT),
    "much_error": ("raise ValueError('x' * 30_000_000)", RIGHT),
    # By its name the first: the others run while it sleeps.
    "a_sleeper_in_every_cell": (
        # At least eight cells follow: which and how many of the grader's own, is drawn.
        "import time\nget_ipython().events.register('pre_run_cell', lambda *a: time.sleep(3.4))",
        TOO_LONG,
    ),
    "memory_at_once": ("x = bytearray(30 * 2**30)", RIGHT),
    "memory_in_steps": (
        # What stays free is at least 32 MB, so that the cells that follow can run.
        "x, spare = [], bytearray(2**25)\n"
        "try:\n    while True: x.append(bytearray(2**26))\nfinally: del spare",
        RIGHT,
    ),
    "memory_in_children": (
        "import os, time\n"
        "for _ in range(6):\n"
        "    if os.fork() == 0:\n"
        "        x = bytearray(b'x') * (400 * 2**20)\n"
        "        time.sleep(60)\n"
        "        os._exit(0)\n"
        "time.sleep(60)",
        Expected(r"failed: stopped: it took more than 1 GB of memory", None),
    ),
    "fork_bomb": (
        "import os, time\n"
        "for _ in range(500):\n"
        "    try:\n"
        "        if os.fork() == 0:\n"
        "            time.sleep(60)\n"
        "            os._exit(0)\n"
        "    except OSError:\n"
        "        break",
        Expected("needs manual|failed: (stopped|it ended its own kernel).*", None),
    ),
    "background": ("import subprocess\nsubprocess.Popen(['sleep', '1000'])", RIGHT),
    "big_file": ("open('/tmp/big', 'wb').write(bytes(10**9))", RIGHT),
    "many_files": (
        "for i in range(40):\n    open(f'/tmp/big{i}', 'wb').write(bytes(50 * 2**20))",
        RIGHT,
    ),
    "socket_folder": (
        "import os, ipykernel\n"
        "folder = os.path.dirname(ipykernel.get_connection_file())\n"
        "for i in range(100):\n    open(f'{folder}/{i}', 'wb').write(bytes(10**6))\n"
        "import time; time.sleep(3)",
        Expected(r"failed: stopped: it filled the folder of its own sockets", None),
    ),
    "os_exit": ("import os\nos._exit(0)", ENDED),
    "kill": ("import os\nos.kill(os.getpid(), 9)", ENDED),
    "exit": ("exit()", ENDED),
    "crash": ("import ctypes\nctypes.string_at(0)", ENDED),
    "input": ("input()", RIGHT),
    "socket": ("import socket\nsocket.create_connection(('1.1.1.1', 53), 2)", RIGHT),
    "numpy_folder": (
        "import os\nos.makedirs('numpy')\nopen('numpy/__init__.py', 'w').write('1/0')",
        RIGHT,
    ),
    "numpy_in_home": (
        "import pathlib\npathlib.Path.home().joinpath('numpy.py').write_text('1/0')",
        RIGHT,
    ),
    "shadowed_builtins": (
        "sum = abs = len = list = str = float = type = range = max = zip = isinstance = 0",
        RIGHT,
    ),
    "warnings": (
        "import warnings\ndef warn(x):\n    warnings.warn('careful')\n    return x",
        RIGHT,
    ),
}

# Code before wrong answers. It must not make them pass.
CHEATING = {
    "patched_testing": (
        "import numpy as np\nnp.testing.assert_allclose = lambda *a, **k: None",
        TAMPERED,
    ),
    "patched_abs": ("import numpy as np\nnp.abs = lambda x: np.zeros(1)", TAMPERED),
    "patched_allclose": ("import numpy as np\nnp.allclose = lambda *a, **k: True", TAMPERED),
    "input_transformer": (
        "get_ipython().input_transformers_post.append(lambda lines: ['pass\\n'])",
        TAMPERED,
    ),
    "ast_transformer": (
        "import ast\n"
        "class NoAssert(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node):\n"
        "        return ast.copy_location(ast.Pass(), node)\n"
        "get_ipython().ast_transformers.append(NoAssert())",
        TAMPERED,
    ),
    "do_execute": (
        "import types\n"
        "async def do_execute(self, *args, **kwargs):\n"
        "    return {'status': 'ok', 'execution_count': 1, 'payload': [], 'user_expressions': {}}\n"
        "kernel = get_ipython().kernel\n"
        "kernel.do_execute = types.MethodType(do_execute, kernel)",
        TAMPERED,
    ),
    "patched_while_tests_run": (
        # By the number of the cell, and by the words of the test.
        "import numpy as np\n"
        "shell, own, seen = get_ipython(), np.abs, [0]\n"
        "def before(info):\n"
        "    seen[0] += 1\n"
        "    if 'hidden' in info.raw_cell:\n"
        "        np.abs = lambda x: np.zeros(1)\n"
        "        np.testing.assert_allclose = lambda *a, **k: None\n"
        "def after(result):\n"
        "    np.abs = own\n"
        "shell.events.register('pre_run_cell', before)\n"
        "shell.events.register('post_run_cell', after)",
        ZERO,
    ),
    "executes_all_but_tests": (
        "import types\n"
        "kernel = get_ipython().kernel\n"
        "own = kernel.do_execute\n"
        "async def do_execute(self, code, *args, **kwargs):\n"
        "    if 'HIDDEN' in code:\n"
        "        return {'status': 'ok', 'execution_count': 1, 'payload': [],\n"
        "                'user_expressions': {}}\n"
        "    return await own(code, *args, **kwargs)\n"
        "kernel.do_execute = types.MethodType(do_execute, kernel)",
        TAMPERED,
    ),
    "own_test_runner": (
        "class Runner:\n"
        "    modules = property(lambda self: self)\n"
        "    def __getitem__(self, name): return self\n"
        "    def test(self, source, shown, forms, token): raise AssertionError(token)\n"
        "def __import__(name): return Runner()",
        ZERO,
    ),
    "no_asserts_in_tests": (
        "import ast\n"
        "class NoAssert(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node):\n"
        "        return ast.copy_location(ast.Pass(), node)\n"
        "shell = get_ipython()\n"
        "def before(info):\n"
        "    shell.ast_transformers[:] = [NoAssert()] if 'hidden' in info.raw_cell else []\n"
        "shell.events.register('pre_run_cell', before)",
        ZERO,
    ),
    "patched_range": ("range = lambda *a: []\nzip = float = range\nabs = lambda x: 0.0", ZERO),
    "patched_builtins": (
        "import builtins\nbuiltins.abs = lambda x: 0.0\nbuiltins.all = lambda x: True",
        TAMPERED,  # NumPy's comparisons use them
    ),
    "own_numpy": (
        "import sys, types\n"
        "class Fake(types.ModuleType):\n"
        "    def __getattr__(self, name): return lambda *a, **k: Fake('np')\n"
        "    def __sub__(self, x): return 0.0\n"
        "np = Fake('numpy')",
        ZERO,
    ),
    "traced": (
        "import sys\n"
        "def trace(frame, event, arg):\n"
        "    frame.f_globals['hidden_answer'] = 0.0\n"
        "    return trace\n"
        "sys.settrace(trace)",
        ZERO,
    ),
    "silent_traceback": ("get_ipython().showtraceback = lambda *a, **k: None", ZERO),
    "equal_to_all": (
        "class Same(float):\n    def __eq__(self, other): return True\n    __hash__ = None",
        ZERO,
    ),
}

# Answers, in place of right ones, that try to make their own test pass.
ANSWERS = {
    "patches_when_called": (
        "np.abs = lambda x: np.zeros(1)\n"
        "    np.testing.assert_allclose = lambda *a, **k: None\n"
        "    return 0.0",
        # The first comparison is looked up before the answer is called, and fails.
        Expected("needs manual|failed: its tests prove nothing.*", None),
    ),
    "patches_and_undoes": (
        "import sys\n"
        "    own, calls = np.abs, [0]\n"
        "    def fake(x):\n"
        "        calls[0] += 1\n"
        "        if calls[0] > 1: np.abs = own\n"
        "        return np.zeros(1)\n"
        "    np.abs = fake\n"
        "    return values.mean() if len(values) == 2 else 0.0",
        TAMPERED,
    ),
    "raises_the_token": (
        "import sys\n"
        "    frame = sys._getframe()\n"
        "    while frame and 'token' not in frame.f_locals: frame = frame.f_back\n"
        "    raise AssertionError(frame.f_locals['token'])",
        TAMPERED,
    ),
    "looks_for_hidden_names": (
        "return globals()['hidden_values'].sum() / 5 if len(values) == 5 else 2.0",
        EIGHT,
    ),
}


def notebooks():
    """Return {learner: (the notebook's bytes, its expected outcome)}."""
    found = {name: (answered(before=[code]), end) for name, (code, end) in BEFORE.items()}
    found |= {
        name: (answered(**WRONG, before=[code]), end) for name, (code, end) in CHEATING.items()
    }
    found |= {name: (answered(mean=body), end) for name, (body, end) in ANSWERS.items()}
    found["warnings"] = (
        answered(before=[BEFORE["warnings"][0]], double="return 2 * warn(x)"),
        RIGHT,
    )
    found["tests_deleted"] = (
        without_cells(answered(**WRONG), "double-check", "mean-check"),
        ZERO,
    )
    found["all_deleted"] = (
        without_cells(
            answered(**WRONG), "setup", "double", "double-check", "mean", "mean-check", "why"
        ),
        rejected("holds no exercise"),
    )
    altered = answered(**WRONG)
    duplicated = answered(**WRONG)
    richer = answered()
    for grade_id in ("double-check", "mean-check"):
        cell_of(altered, grade_id).source = "pass"
        duplicated.cells.append(copy.deepcopy(cell_of(duplicated, grade_id)))
        duplicated.cells[-1].source = "pass"
        duplicated.cells[-1]["id"] = f"copy-of-{grade_id}"
        cell_of(richer, grade_id).metadata["nbgrader"]["points"] = 1000
    found["tests_altered"] = (altered, ZERO)
    found["tests_duplicated"] = (duplicated, ZERO)
    found["points_1000"] = (richer, RIGHT)
    skipped = answered(**WRONG)
    for cell in skipped.cells:
        cell.metadata["tags"] = ["skip-execution", "raises-exception"]
    found["tests_skipped"] = (skipped, ZERO)
    unmarked = answered(**WRONG)
    for cell in unmarked.cells[3:]:
        cell.metadata.pop("nbgrader", None)
    found["marks_taken_off"] = (unmarked, ZERO)
    foreign = answered()
    foreign.metadata["kernelspec"] = {"name": "bash", "display_name": "Bash", "language": "bash"}
    found["foreign_kernel"] = (foreign, RIGHT)
    scripts = answered(
        before=["from IPython.display import HTML, Javascript\nHTML('<script>stolen()</script>')"]
    )
    scripts.cells.append(new_markdown_cell("<script>stolen()</script><img src=x onerror=stolen()>"))
    scripts.cells.append(new_code_cell("Javascript('stolen()')"))
    found["scripts"] = (scripts, RIGHT)
    found["reads_history"] = (answered(after=["print(In)\n[str(cell) for cell in In]"]), RIGHT)
    return {name: (to_bytes(notebook), end) for name, (notebook, end) in found.items()}


def files():
    """Return {learner: (a file's bytes, its name, its expected outcome)}."""
    good = to_bytes(answered())
    own = "two_sums.ipynb"
    return {
        "malformed": (good[:-40], own, rejected("not a notebook")),
        "empty": (b"", own, rejected("empty")),
        "picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), own, rejected("not UTF-8")),
        "json_list": (b"[1, 2]", own, rejected("no list of cells")),
        "nested": (b"[" * 200_000, own, rejected("nested too deeply")),
        "utf16": (good.decode().encode("utf-16"), own, rejected("UTF-16")),
        "latin1": (
            good.replace(b"Two sums", b"Zwei S\xe4tze"),
            own,
            rejected("Latin-1"),
        ),
        "huge": (b" " * 11_000_000, own, rejected("more than 10 MB")),
        "another_notebook": (
            to_bytes(
                without_cells(
                    answered(), "setup", "double", "double-check", "mean", "mean-check", "why"
                )
            ),
            "diary.ipynb",
            rejected("holds no exercise"),
        ),
        "renamed": (good, "Untitled.ipynb", RIGHT),
        "downloaded_twice": (good, "two_sums (1).ipynb", RIGHT),
        "no_notebook": (b"see my e-mail", "readme.txt", rejected("no notebook")),
    }
