"""Run a command as on an older x86-64 processor, after a test that the emulation works.

    python -m tools.processors                           which kernels run here
    python -m tools.processors nehalem -m pytest tests   Python with these arguments, on older ones

Each library chooses its kernels by the processor that it finds, and has a setting for older ones:
OpenBLAS (in NumPy and in SciPy), NumPy's loops, torch's loops, MKL (in torch), and the C library's
exp, log and sin. Kernels add in another order and round in other places, so the last digits of a
result change. Newer kernels than the processor's cannot run: it lacks their instructions.
"""

import argparse
import ctypes
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# NumPy 2.4 names levels, older versions name instructions.
SSE = {"X86_V2", "SSE", "SSE2", "SSE3", "SSSE3", "SSE41", "POPCNT", "SSE42"}
AVX = SSE | {"AVX"}
AVX2 = AVX | {"X86_V3", "F16C", "FMA3", "AVX2"}
COMPATIBLE = 3  # the branch of MKL that every processor can run
BASELINE = "the kernels of every x86-64 processor"
FMA_BIT, AVX2_BIT = 1 << 12, 1 << 5  # bits of CPUID: leaf 1 in ECX, leaf 7 in EBX


@dataclass(frozen=True)
class Processor:
    """The libraries' settings, and the instructions that NumPy may still use."""

    openblas: str
    torch: str
    numpy: set[str]
    old: bool  # without FMA and AVX2, so MKL and the C library must not use them


PROCESSORS = {
    "nehalem": Processor("Nehalem", "default", SSE, old=True),  # 2008
    "sandybridge": Processor("Sandybridge", "default", AVX, old=True),  # 2011
    "haswell": Processor("Haswell", "avx2", AVX2, old=False),  # 2013
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the kernels, of this or an older processor, and run Python with them."""
    parser = argparse.ArgumentParser(prog="python -m tools.processors")
    parser.add_argument("--threads", type=int, default=1, help="of each library (default: 1)")
    parser.add_argument("name", nargs="?", choices=PROCESSORS)
    parser.add_argument("command", nargs="...", metavar="ARGUMENT", help="what Python is to run")
    given = parser.parse_args(arguments)
    if given.name is None:
        print(sentence(kernels()))
        return 0
    if platform.machine().lower() not in ("x86_64", "amd64") or not newer_than(given.name):
        print(f"Nothing was run: only a newer x86-64 processor can act as a {given.name}.")
        return 0
    wanted, settings = emulation(given.name, given.threads)
    found = kernels_under(settings)
    print(f"As on a {given.name}: {sentence(found)}", flush=True)
    if missed := {name: kernel for name, kernel in wanted.items() if found.get(name) != kernel}:
        print(f"The emulation did not take: expected {sentence(missed)}", file=sys.stderr)
        return 1
    if not given.command:
        return 0
    return subprocess.call([sys.executable, *given.command], env={**os.environ, **settings})


def sentence(found: Mapping[str, str]) -> str:
    """Return kernels in one line."""
    return "; ".join(f"{library}: {kernel}" for library, kernel in found.items())


def emulation(name: str, threads: int) -> tuple[dict[str, str], dict[str, str]]:
    """Return the kernels that must run, and the environment that selects them."""
    processor, newer = PROCESSORS[name], newer_than(name)
    usable = [feature for feature, found in numpy_features().items() if found]
    wanted = {
        "OpenBLAS": processor.openblas,
        "NumPy": " ".join(feature for feature in usable if feature not in newer) or BASELINE,
        "torch": processor.torch.upper(),
        "threads": str(threads),
    }
    settings = {
        "OPENBLAS_CORETYPE": processor.openblas,
        "NPY_DISABLE_CPU_FEATURES": " ".join(newer),
        "ATEN_CPU_CAPABILITY": processor.torch,
        **{f"{pool}_NUM_THREADS": str(threads) for pool in ("OMP", "OPENBLAS", "MKL")},
    }
    if processor.old:
        settings |= {"MKL_CBWR": "COMPATIBLE", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA"}
        here = kernels()  # a system may have no MKL or another C library
        wanted |= {library: "oldest" for library in ("MKL", "C library") if library in here}
    return wanted, settings


def newer_than(name: str) -> list[str]:
    """Return the instructions that NumPy uses here and that processor does not have."""
    usable = [feature for feature, found in numpy_features().items() if found]
    return [feature for feature in usable if feature not in PROCESSORS[name].numpy]


def kernels_under(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the kernels of a new Python with these settings."""
    # NumPy only warns about a name that it does not know: here that is an error.
    flags = ["-W", "error::ImportWarning"]
    script = "import json; from tools.processors import kernels; print(json.dumps(kernels()))"
    child = subprocess.run(
        [sys.executable, *flags, "-c", script],
        cwd=Path(__file__).parents[1],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return json.loads(child.stdout)


def kernels() -> dict[str, str]:
    """Return the kernels that the libraries of this process really use."""
    import scipy.linalg  # noqa: F401  (brings the second OpenBLAS)
    import threadpoolctl
    import torch

    pools = threadpoolctl.threadpool_info()
    blas = {pool.get("architecture", "?") for pool in pools if pool["user_api"] == "blas"}
    usable = [feature for feature, found in numpy_features().items() if found]
    return {
        "OpenBLAS": ", ".join(sorted(blas)),
        "NumPy": " ".join(usable) or BASELINE,
        "torch": torch.backends.cpu.get_cpu_capability(),
        "threads": ", ".join(sorted({str(pool["num_threads"]) for pool in pools})),
        **mkl_branch(),
        **libc_instructions(),
    }


def numpy_features() -> dict[str, bool]:
    """Return the instructions that NumPy has kernels for, and whether it may use them here."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return {name: __cpu_features__[name] for name in __cpu_dispatch__}


def mkl_branch() -> dict[str, str]:
    """Return whether torch's MKL uses only the kernels that every processor can run."""
    import torch

    library = next(Path(torch.__file__).parent.glob("lib/libtorch_cpu.so"), None)
    if library is None or not torch.backends.mkl.is_available():
        return {}
    branch = ctypes.CDLL(str(library)).mkl_serv_cbwr_get(1)
    return {"MKL": "oldest" if branch == COMPATIBLE else "of this processor"}


def libc_instructions() -> dict[str, str]:
    """Return whether glibc's functions use FMA or AVX2, as its loader reports from 2.33 on."""
    loader = Path("/lib64/ld-linux-x86-64.so.2")
    if not loader.exists():
        return {}
    report = subprocess.run([loader, "--list-diagnostics"], capture_output=True, text=True).stdout
    active = r"cpu_features\.features\[0x{}\]\.active\[0x{}\]=0x(\w+)"
    ecx, ebx = (re.search(active.format(*leaf), report) for leaf in [(0, 2), (1, 1)])
    if not ecx or not ebx:
        return {}
    used = int(ecx[1], 16) & FMA_BIT or int(ebx[1], 16) & AVX2_BIT
    return {"C library": "of this processor" if used else "oldest"}


if __name__ == "__main__":
    raise SystemExit(main())
