"""Ratios of times: functions run in turn, so that a slow moment of the machine affects all.

Memory is measured in a separate call, because that takes time.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import torch

from benchmarks import memory


@dataclass(frozen=True)
class Comparison:
    """One row of a table.

    Attributes
    ----------
    task : str
        The computation.
    ours, peer, floor : float
        Median milliseconds of xaikit, of the peer, and of the bare model's evaluations.
    to_peer, to_floor : float
        Median of ours / peer and of ours / floor over the runs.
    our_memory, peer_memory : float
        Peak megabytes of a call, NaN if unknown.
    demands : dict of str to float
        The largest allowed ratios to the "peer" and to the "bare model".
    """

    task: str
    ours: float
    peer: float
    floor: float
    to_peer: float
    to_floor: float
    our_memory: float
    peer_memory: float
    demands: Mapping[str, float]

    def ratio(self, against: str) -> float:
        """Return the ratio that a demand limits."""
        return self.to_peer if against == "peer" else self.to_floor


def compare(
    task: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    floor: Callable[[], object],
    demands: Mapping[str, float],
    repeats: int,
    device: str = "cpu",
    warm_up: int = 3,
) -> Comparison:
    """Time three functions in turn; the times include the device's work."""
    runs = in_turn([ours, peer, floor], repeats, device, warm_up)
    medians = [median(times) for times in runs]
    ratios = [ratio_of(runs[0], others) for others in runs[1:]]
    megabytes = [memory.peak(function, device) for function in (ours, peer)]
    return Comparison(task, *medians, *ratios, *megabytes, demands)


def in_turn(
    functions: Sequence[Callable[[], object]], repeats: int, device: str = "cpu", warm_up: int = 3
) -> list[list[float]]:
    """Return the milliseconds of each function's runs, of which some before are not counted."""
    runs: list[list[float]] = [[] for _ in functions]
    for repeat in range(repeats + warm_up):
        for function, times in zip(functions, runs, strict=True):
            start = time.perf_counter()
            function()
            if device == "cuda":
                torch.cuda.synchronize()
            if repeat >= warm_up:
                times.append(1000 * (time.perf_counter() - start))
    return runs


def ratio_of(times: Sequence[float], others: Sequence[float]) -> float:
    """Return the median over pairs of runs."""
    return median(a / b for a, b in zip(times, others, strict=True))
