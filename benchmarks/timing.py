"""Times as ratios: two functions in turn, so that a slow moment of the machine hits both."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Comparison:
    """One row of the table.

    Attributes
    ----------
    task : str
        What was computed.
    ours, peer, floor : float
        Median milliseconds of xaikit, of the peer, and of the bare model's forward pass.
    ratio : float
        Median of ours / peer over the pairs of runs.
    demand : float
        What the ratio must not exceed.
    """

    task: str
    ours: float
    peer: float
    floor: float
    ratio: float
    demand: float


def compare(
    task: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    floor: Callable[[], object],
    demand: float,
    repeats: int,
    finish: Callable[[], object] = lambda: None,
) -> Comparison:
    """Time three functions in turn; `finish` waits until a GPU has done its work."""
    runs: dict[Callable, list[float]] = {ours: [], peer: [], floor: []}
    for repeat in range(repeats + 3):
        for function, times in runs.items():
            start = time.perf_counter()
            function()
            finish()
            if repeat >= 3:  # the first runs warm up
                times.append(1000 * (time.perf_counter() - start))
    ratios = [a / b for a, b in zip(runs[ours], runs[peer], strict=True)]
    medians = [median(runs[f]) for f in (ours, peer, floor)]
    return Comparison(task, *medians, median(ratios), demand)
