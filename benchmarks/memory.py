"""A call's peak memory, beyond the memory in use before it."""

import ctypes
import gc
import math
from collections.abc import Callable
from pathlib import Path

import torch

MEGABYTE = 1e6
PROCESS = Path("/proc/self")


def peak(function: Callable[[], object], device: str = "cpu") -> float:
    """Return a call's peak megabytes on a device; NaN for a processor on systems but Linux.

    On a processor the whole process counts. So a first call (which loads libraries) and other
    threads add a few megabytes.
    """
    gc.collect()
    if device == "cuda":
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        function()
        return (torch.cuda.max_memory_allocated() - before) / MEGABYTE
    try:
        # Else the call could reuse memory that earlier calls freed and the allocator kept.
        ctypes.CDLL(None).malloc_trim(0)
        (PROCESS / "clear_refs").write_text("5")  # resets the peak
    except (AttributeError, OSError):
        return math.nan
    before = _in_use("VmRSS")
    function()
    return (_in_use("VmHWM") - before) / MEGABYTE


def _in_use(field: str) -> float:
    """Return a memory size of this process, in bytes, as Linux reports it."""
    lines = (PROCESS / "status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{field}:"))
    return 1024 * float(line.split()[1])
