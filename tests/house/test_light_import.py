"""`import xaikit` stays light: a method's packages are loaded when the method is used."""

import subprocess
import sys

import pytest

ALLOWED = {"xaikit", "numpy", "array_api_compat", "lazy_loader"}


def test_import_loads_nothing_heavy():
    # Modules that Python itself and the environment's .pth files load do not count.
    script = "import sys; before = {*sys.modules}; import xaikit; print(*{*sys.modules} - before)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert {"xaikit", "lazy_loader"} <= loaded
    assert loaded - sys.stdlib_module_names <= ALLOWED


@pytest.mark.parametrize("checks", ["gradient_x_input", "lrp", "neural_networks"])
def test_checks_switch_gradients_of_torch_off_without_loading_it(checks):
    script = f"import sys, xaikit.course.checks.{checks} as c; print(c.__name__, *sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = run.stdout.split()
    assert loaded[0].endswith(checks) and "xaikit.networks.torch_model" in loaded
    assert "torch" not in loaded
