"""Ratios of times: functions run in turn, so that a slow moment of the machine affects all.

Memory is measured in a separate call, because that takes time.
"""

import time
from collections.abc import Callable
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
    demand : float
        The largest allowed value of one of these ratios.
    against : str
        Which one: "peer" or "bare model".
    """

    task: str
    ours: float
    peer: float
    floor: float
    to_peer: float
    to_floor: float
    our_memory: float
    peer_memory: float
    demand: float
    against: str

    @property
    def ratio(self) -> float:
        """The ratio that the demand limits."""
        return self.to_peer if self.against == "peer" else self.to_floor


def compare(
    task: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    floor: Callable[[], object],
    demand: float,
    repeats: int,
    device: str = "cpu",
    against: str = "peer",
    warm_up: int = 3,
) -> Comparison:
    """Time three functions in turn; the times include the device's work."""
    runs: dict[Callable, list[float]] = {ours: [], peer: [], floor: []}
    for repeat in range(repeats + warm_up):
        for function, times in runs.items():
            start = time.perf_counter()
            function()
            if device == "cuda":
                torch.cuda.synchronize()
            if repeat >= warm_up:
                times.append(1000 * (time.perf_counter() - start))
    medians = [median(runs[f]) for f in (ours, peer, floor)]
    ratios = [
        median(a / b for a, b in zip(runs[ours], runs[other], strict=True))
        for other in (peer, floor)
    ]
    megabytes = [memory.peak(function, device) for function in (ours, peer)]
    return Comparison(task, *medians, *ratios, *megabytes, demand, against)
