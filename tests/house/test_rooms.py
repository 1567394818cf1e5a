"""xaikit's folders: each import is of a lower folder, also inside functions; none is circular."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def lint(folder):
    """Return the exit status and output of import-linter with the contracts in pyproject.toml."""
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )
    return run.returncode, run.stdout + run.stderr


def test_every_import_runs_down():
    status, words = lint(ROOT)
    assert status == 0, words


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("core/arrays.py", "from xaikit.methods import lrp", "core.arrays -> xaikit.methods.lrp"),
        ("games/game.py", "from xaikit.networks import layers", "games.game -> xaikit.networks"),
        ("methods/lime.py", "import xaikit.course.plots", "methods.lime -> xaikit.course.plots"),
        ("methods/lrp_rules.py", "from xaikit.methods import lrp", "No circle inside a folder"),
    ],
)
def test_an_import_that_runs_up_is_found(tmp_path, module, line, broken):
    shutil.copytree(ROOT / "xaikit", tmp_path / "xaikit")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with open(tmp_path / "xaikit" / module, "a") as file:
        file.write(f"\n\ndef planted():\n    {line}\n")
    status, words = lint(tmp_path)
    assert status == 1 and broken in " ".join(words.split())


def test_a_new_folder_needs_a_layer(tmp_path):
    shutil.copytree(ROOT / "xaikit", tmp_path / "xaikit")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "xaikit/attic").mkdir()
    (tmp_path / "xaikit/attic/__init__.py").touch()
    status, words = lint(tmp_path)
    assert status == 1 and "attic" in words
