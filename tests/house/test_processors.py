"""The emulation of older processors works, prints the kernels, and fails if it does not work."""

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tools import processors

ROOT = Path(__file__).parents[2]

needs_x86 = pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="x86-64 alone is emulated"
)


def run(*arguments, **variables):
    """Return the exit status, the output, and the complaints."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.processors", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**processors.os.environ, **variables},
    )
    return done.returncode, done.stdout, done.stderr


DIGITS = (
    "import hashlib, numpy as np; x = np.random.default_rng(0).normal(size=(99, 99));"
    "print(hashlib.sha256((x @ x).tobytes()).hexdigest())"
)
KERNELS = "import json; from tools.processors import kernels; print(json.dumps(kernels()))"


@pytest.fixture(scope="module", params=[1, 2], ids=str)
def emulated(request):
    """Return the number of threads, and what a command said that ends with status 3."""
    command = f"{DIGITS}\n{KERNELS}\nraise SystemExit(3)"
    return request.param, *run("--threads", str(request.param), "nehalem", "-c", command)


@needs_x86
def test_every_library_runs_the_kernels_of_a_nehalem(emulated):
    threads, _, printed, _ = emulated
    announced, _, found = printed.splitlines()
    assert announced.startswith("As on a nehalem: OpenBLAS: Nehalem;")
    found = json.loads(found)
    assert found["OpenBLAS"] == "Nehalem" and found["torch"] == "DEFAULT"
    assert found["NumPy"] == processors.BASELINE and found["threads"] == str(threads)
    assert {found.get(library, "oldest") for library in ("MKL", "C library")} == {"oldest"}


@needs_x86
def test_another_kernel_gives_other_last_digits(emulated):
    """If not, the lanes would compute the same numbers twice."""
    here = subprocess.run([sys.executable, "-c", DIGITS], capture_output=True, text=True).stdout
    assert len(here.strip()) == 64 and emulated[2].splitlines()[1] != here.strip()


@needs_x86
def test_the_status_is_that_of_the_command(emulated):
    assert emulated[1] == 3


@needs_x86
@pytest.mark.parametrize("variable", ["OPENBLAS_CORETYPE", "ATEN_CPU_CAPABILITY", "GLIBC_TUNABLES"])
def test_an_emulation_that_did_not_take_is_a_failure(monkeypatch, capsys, variable):
    started = []
    monkeypatch.setattr(processors.subprocess, "call", started.append)
    under = processors.kernels_under
    monkeypatch.setattr(
        processors, "kernels_under", lambda settings: under({**settings, variable: ""})
    )
    assert processors.main(["nehalem", "-c", ""]) == 1 and not started
    assert "did not take: expected" in capsys.readouterr().err


@needs_x86
def test_a_name_that_numpy_does_not_know_is_a_failure():
    with pytest.raises(subprocess.CalledProcessError):
        processors.kernels_under({"NPY_DISABLE_CPU_FEATURES": "AVX1024"})


def test_a_processor_that_is_no_newer_has_nothing_to_emulate(monkeypatch, capsys):
    monkeypatch.setattr(processors, "numpy_features", lambda: {"X86_V3": False, "AVX": True})
    assert processors.main(["sandybridge", "-c", ""]) == 0
    assert "Nothing was run" in capsys.readouterr().out


def test_without_a_name_it_says_what_runs_here():
    status, printed, _ = run()
    assert status == 0 and "OpenBLAS: " in printed and "threads: " in printed
