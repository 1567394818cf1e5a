"""What a call takes of memory at its highest, beyond what was in use before it."""

import ctypes
import gc
import math
from collections.abc import Callable
from pathlib import Path

import torch

MEGABYTE = 1e6
PROCESS = Path("/proc/self")


def peak(function: Callable[[], object], device: str = "cpu") -> float:
    """Return the megabytes of a call on a device; NaN where nobody counts (only Linux does).

    On a processor all of the process is counted, so a first call (which loads libraries) and other
    threads add what they take: a few megabytes.
    """
    gc.collect()
    if device == "cuda":
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        function()
        return (torch.cuda.max_memory_allocated() - before) / MEGABYTE
    try:
        # What earlier calls freed and the allocator kept would hide what this one takes.
        ctypes.CDLL(None).malloc_trim(0)
        (PROCESS / "clear_refs").write_text("5")  # the mark of the highest use is set back
    except (AttributeError, OSError):
        return math.nan
    before = _in_use("VmRSS")
    function()
    return (_in_use("VmHWM") - before) / MEGABYTE


def _in_use(field: str) -> float:
    """Return a number of bytes that Linux keeps of this process."""
    lines = (PROCESS / "status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{field}:"))
    return 1024 * float(line.split()[1])
