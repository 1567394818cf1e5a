"""`import xaikit` stays light: what a method needs is loaded when the method is used."""

import subprocess
import sys

import pytest

HEAVY = ["scipy", "sklearn", "matplotlib", "ipywidgets", "tqdm", "torch", "pandas"]


@pytest.fixture(scope="module")
def loaded_by_import():
    script = "import sys, xaikit; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_import_was_observed(loaded_by_import):
    assert "xaikit" in loaded_by_import


@pytest.mark.parametrize("package", HEAVY)
def test_import_loads_nothing_heavy(loaded_by_import, package):
    assert package not in loaded_by_import


@pytest.mark.parametrize("checks", ["gradient_x_input", "lrp", "neural_networks"])
def test_checks_switch_gradients_of_torch_off_without_loading_it(checks):
    script = f"import sys, xaikit.course.checks.{checks} as c; print(c.__name__, *sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = run.stdout.split()
    assert loaded[0].endswith(checks) and "xaikit.networks.torch_model" in loaded
    assert "torch" not in loaded
