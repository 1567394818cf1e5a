"""The Makefile sets up once, says what is missing, and runs each lane even if another fails."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LANES = [
    "-m ruff check",
    "-m mypy",
    "-m pytest tests -n 2",
    "-m pytest --nbval --nbval-current-env",
    "-m tools.processors nehalem -m pytest tests/units",
    "-m pytest --nbval-lax",
    "-m pytest tests/grading",
    "-m pytest tests/site/test_first_visit.py",
]
# Replaces Python: it notes its calls, and fails on request.
FAKE_PYTHON = """#!/bin/sh
[ "$1" = --version ] && echo Python 3.9.2 && exit
echo "$*" >> "{calls}"
case "$*" in *"${{FAILS:-nothing}}"*) exit 1 ;; esac
"""


@dataclass(frozen=True)
class Checkout:
    folder: Path

    @property
    def calls(self) -> Path:
        return self.folder / "calls.txt"

    def make(self, *arguments: str, fails: str = "nothing") -> tuple[int, str, list[str]]:
        """Return the exit status, the output, and the calls of Python."""
        self.calls.write_text("")
        # Inside `make test`, these would pass its options to the inner make.
        outer = ["MAKEFLAGS", "MAKELEVEL", "MFLAGS"]
        environment = {name: value for name, value in os.environ.items() if name not in outer}
        run = subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env={**environment, "FAILS": fails},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return run.returncode, run.stdout, self.calls.read_text().splitlines()

    def write_python(self, path: str) -> Path:
        python = self.folder / path
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text(FAKE_PYTHON.format(calls=self.calls))
        python.chmod(0o755)
        return python


@pytest.fixture
def bare(tmp_path):
    """Make a checkout without an environment, in a folder with a space in its name."""
    folder = tmp_path / "a course"
    folder.mkdir()
    for name in ["Makefile", "pyproject.toml", "constraints.txt"]:
        shutil.copy(ROOT / name, folder)
    return Checkout(folder)


@pytest.fixture
def prepared(bare):
    """Make the same with an environment in which nothing is installed yet."""
    bare.write_python(".venv/bin/python")
    (bare.folder / ".venv/pyvenv.cfg").touch()
    (bare.folder / ".venv/bin/activate").write_text(f"VIRTUAL_ENV={bare.folder}/.venv\n")
    return bare


def installs(calls: list[str]) -> list[str]:
    return [call for call in calls if "pip install" in call]


def test_help_is_what_a_bare_make_shows(bare):
    status, text, _ = bare.make()
    assert status == 0
    for target in ["lab", "test", "notebooks", "book", "bench"]:
        assert f"make {target} " in text


INSTALL = "-m pip install --no-compile -c constraints.txt"
COMPILE = "-m compileall -qq -j 0 .venv/lib"
PEER = "-m pip install --no-deps lxt==2.1"
JUPYTERLITE = "-m pip install --quiet --no-deps --upgrade --target"


@pytest.mark.parametrize(
    "target, extra, others",
    [
        ("lab", "lab", []),
        ("book", "book", []),
        ("site", "book", [JUPYTERLITE]),
        ("test", "test", [PEER, JUPYTERLITE]),
    ],
)
def test_packages_are_installed_once(prepared, target, extra, others):
    found = installs(prepared.make(target)[2])
    wanted = [f"{INSTALL} -e .[{extra}]", *others]
    assert [call[: len(start)] for call, start in zip(found, wanted, strict=True)] == wanted
    assert not installs(prepared.make(target)[2])


def test_a_small_pytorch_is_looked_for_before_the_rest(prepared):
    calls = prepared.make("lab", "TORCH_CPU_INDEX=http://an-index/cpu")[2]
    look = calls.index("-m tools.small_torch http://an-index/cpu")
    install = calls.index(f"{INSTALL} -e .[lab]")
    assert look < install < calls.index(COMPILE)


def test_the_usual_pytorch_can_be_had(prepared):
    calls = prepared.make("lab", "TORCH=default")[2]
    assert installs(calls) and not any("small_torch" in call for call in calls)


@pytest.mark.parametrize("source", ["pyproject.toml", "constraints.txt"])
def test_a_changed_requirement_installs_again(prepared, source):
    prepared.make("lab")
    later = (prepared.folder / ".venv/.has-lab").stat().st_mtime + 10
    os.utime(prepared.folder / source, (later, later))
    assert installs(prepared.make("lab")[2])


def test_what_the_tests_need_includes_what_the_course_needs(prepared):
    prepared.make("test")
    assert not installs(prepared.make("lab")[2])
    assert not installs(prepared.make("book")[2])


def test_an_interrupted_installation_is_taken_up_again(prepared):
    assert prepared.make("lab", fails="pip install")[0] != 0
    assert installs(prepared.make("lab")[2])


def test_all_lanes_run(prepared):
    status, _, calls = prepared.make("test")
    assert status == 0
    assert [lane for lane in LANES if any(call.startswith(lane) for call in calls)] == LANES


@pytest.mark.parametrize("failing", LANES)
def test_a_failing_lane_fails_make_but_stops_no_other(prepared, failing):
    status, _, calls = prepared.make("test", fails=failing)
    assert status != 0
    assert [lane for lane in LANES if any(call.startswith(lane) for call in calls)] == LANES


def test_an_environment_of_another_folder_is_made_again(prepared):
    prepared.make("lab")
    moved = Checkout(prepared.folder.with_name("moved course"))
    prepared.folder.rename(moved.folder)
    moved.write_python(".venv/bin/python")
    moved.write_python("bin/python3")
    _, text, calls = moved.make("lab", "PYTHON=bin/python3")
    assert "-m venv --clear .venv" in calls and installs(calls)
    assert "another folder" in text


def test_a_broken_interpreter_is_replaced(prepared):
    prepared.make("lab")
    (prepared.folder / ".venv/bin/python").unlink()
    prepared.write_python("bin/python3")
    assert "-m venv --clear .venv" in prepared.make("lab", "PYTHON=bin/python3")[2]


def test_an_old_python_is_named(bare):
    bare.write_python("bin/python3")
    status, text, calls = bare.make("lab", "PYTHON=bin/python3", fails="version_info")
    assert status != 0 and not installs(calls)
    assert "needs Python 3.11 or newer" in text and "Python 3.9.2" in text
    assert "make lab PYTHON=" in text


def test_a_missing_python_is_named(bare):
    status, text, _ = bare.make("lab", "PYTHON=no-such-python")
    assert status != 0
    assert "needs Python 3.11 or newer" in text and "missing" in text


def test_a_missing_venv_module_is_named_with_its_cure(bare):
    bare.write_python("bin/python3")
    status, text, calls = bare.make("lab", "PYTHON=bin/python3", fails="ensurepip")
    assert status != 0 and not installs(calls)
    assert "sudo apt install python3-venv" in text


def test_the_pins_are_resolved_for_every_python_and_system(prepared):
    prepared.write_python(".venv/bin/uv")
    status, _, calls = prepared.make("systems")
    asked = [re.findall(r"--python-(?:version|platform) (\S+)", call) for call in calls]
    pythons, systems = ["3.11", "3.12", "3.13", "3.14"], ["linux", "windows", "macos"]
    assert status == 0
    assert [tuple(pair) for pair in asked if pair] == [*product(pythons, systems)]
    assert "Python 3.11 to 3.14" in (ROOT / "README.md").read_text()


def test_a_pin_that_one_system_cannot_have_fails(prepared):
    prepared.write_python(".venv/bin/uv")
    assert prepared.make("systems", fails="3.12 --python-platform windows")[0] != 0
