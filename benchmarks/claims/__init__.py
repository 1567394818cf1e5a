"""The lectures' comparative sentences, measured again with ten seeds.

A claim is a sentence and a function of a seed. The function returns a number that is above zero
where the sentence is true. The seed changes the split of the data, the training and the draws.
Those of a lecture stand in the file with its number; what several lectures need is in `shared`.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.tables import Table
from xaikit.course.intervals import mean_and_half

SEEDS = range(10)


class Claim(NamedTuple):
    """A sentence of a lecture, and what is measured with one seed; its docstring says it."""

    lecture: str
    sentence: str
    measure: Callable[[int], float]

    @property
    def words(self) -> str:
        """The lecture, the sentence, and what is measured."""
        return f"{self.lecture}: {self.sentence} ({str(self.measure.__doc__).rstrip('.')})"


CLAIMS: list[Claim] = []


def claim(sentence: str) -> Callable:
    """Return a decorator that adds a function of a seed to the claims of its file's lecture."""

    def add(measure: Callable[[int], float]) -> Callable[[int], float]:
        CLAIMS.append(Claim(measure.__module__.rpartition("_")[2], sentence, measure))
        return measure

    return add


def table() -> Table:
    """Measure each claim with each seed; a claim whose interval reaches zero is missed."""
    rows, missed = [], []
    for one in CLAIMS:
        values = np.array([one.measure(seed) for seed in SEEDS])
        low, high = interval(values)
        true = int((values > 0).sum())
        numbers = [f"{values.mean():.3g}", f"{low:.3g} to {high:.3g}", f"{true} of {len(values)}"]
        print(f"{one.words}: {', '.join(numbers)}", flush=True)
        rows.append([one.words, *numbers])
        if low <= 0:
            missed.append(f"{one.lecture}: {one.sentence}: {numbers[1]}")
    columns = ["lecture: sentence (what is above 0 where it is true)", "mean", "95%", "true"]
    return Table(columns, rows, missed)


def interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 95% interval of the mean over seeds, by Student's t."""
    mean, half = mean_and_half(values)
    return mean - half, mean + half


for _file in sorted(Path(__file__).parent.glob("lecture_*.py")):  # each adds its claims
    import_module(f"{__name__}.{_file.stem}")
