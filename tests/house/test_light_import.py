"""`import xaikit` stays light: a method's packages are loaded when the method is used."""

import json
import subprocess
import sys

import pytest

from tests.lab import ROOT

ALLOWED = {"xaikit", "numpy", "array_api_compat", "lazy_loader"}
# Notebooks whose code is about what these packages have, from its beginning.
WITH_SCIPY = {
    "exercises/02_lime/02_lime.ipynb",
    "exercises/07_dasp/07_dasp.ipynb",
    "exercises/08_ranking/08_ranking.ipynb",
    "lectures/08_ranking.ipynb",
}


def test_import_loads_nothing_heavy():
    # Modules that Python itself and the environment's .pth files load do not count.
    script = "import sys; before = {*sys.modules}; import xaikit; print(*{*sys.modules} - before)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert {"xaikit", "lazy_loader"} <= loaded
    assert loaded - sys.stdlib_module_names <= ALLOWED


def test_a_notebook_begins_without_scipy_unless_it_is_about_it():
    """In the browser SciPy takes seconds to load, and a first cell should answer at once."""
    notebooks = [*ROOT.glob("lectures/*.ipynb"), *ROOT.glob("exercises/*/*.ipynb")]
    beginning = {path.relative_to(ROOT).as_posix(): first_cells(path) for path in notebooks}
    named = {name for name, code in beginning.items() if "scipy" in code or "sklearn" in code}
    assert named == WITH_SCIPY
    others = [beginning[name] for name in beginning.keys() - WITH_SCIPY]
    assert len(others) == len(notebooks) - 4
    script = "\n".join([*others, "import sys; print('loaded:', *sys.modules)"])
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = run.stdout.rpartition("loaded: ")[2].split()
    assert "matplotlib" in loaded and not {"scipy", "sklearn", "torch", "pandas"} & {*loaded}


def first_cells(path):
    """Return the code of the cell with the progress, if there is one, and of the imports."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return "\n".join(code[: 2 if "progress()" in code[0] else 1])


@pytest.mark.parametrize("checks", ["gradient_x_input", "lrp", "neural_networks"])
def test_checks_switch_gradients_of_torch_off_without_loading_it(checks):
    script = f"import sys, xaikit.course.checks.{checks} as c; print(c.__name__, *sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = run.stdout.split()
    assert loaded[0].endswith(checks) and "xaikit.networks.torch_model" in loaded
    assert "torch" not in loaded
