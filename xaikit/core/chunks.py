"""How many rows a model evaluates at once: enough for speed, few enough for the cache."""

import math
from collections.abc import Iterator
from time import perf_counter
from typing import Any

ROWS = 2048  # per call: networks are no faster with more, which do not fit into the cache
NUMBERS = 2**22  # per call: fewer rows where they are wide (pictures)
# For a gradient, which keeps the values of every layer; its rows are points on a path.
GRADIENT_ROWS, GRADIENT_NUMBERS = 4096, 2**20
# Of an array that a few elementwise steps go through while it is in the cache.
CACHE_NUMBERS = 2**17


def cache_rows(row: Any) -> int:
    """Return the number of rows like `row` for elementwise steps in the cache."""
    return max(1, CACHE_NUMBERS // math.prod(row.shape))


def chunk_rows(width: int) -> int:
    """Return the number of rows, of a given width, for one call of a model."""
    return max(1, min(ROWS, NUMBERS // width))


def gradient_rows(width: int) -> int:
    """Return the number of rows, of a given width, for one gradient of a model."""
    return max(1, min(GRADIENT_ROWS, GRADIENT_NUMBERS // width))


def chunks(rows: int, size: int) -> Iterator[slice]:
    """Cut 0 … rows into slices of at most `size`."""
    return (slice(start, min(start + size, rows)) for start in range(0, rows, size))


class Pace:
    """The size of a model's calls: four times as large each time, as long as that saves time.

    A call of trees takes a millisecond besides its rows, so large calls are faster. A network is
    faster with rows that fit into the cache. The first calls are timed to tell which it is.

    Attributes
    ----------
    times : int
        How many usual calls one call is now.
    """

    STEP, MOST = 4, 64
    TIMED = 2  # calls of each size: one may be slow by chance, the first often is
    SAVING = 0.97  # of the time: less may be chance
    LEFT = 8  # calls of the next size that must be left, so that a vain trial costs little

    def __init__(self) -> None:
        self.times, self.settled = 1, False
        self.before = math.inf
        self.timed: list[float] = []  # of the present size: seconds for each usual call in a call

    def chunks(self, count: int, size: int, most: int = MOST, later: int = 0) -> Iterator[slice]:
        """Cut 0 … count into slices, `size` or up to `most` sizes long, and time what uses them.

        After these, `later` others are to come.
        """
        start = 0
        while start < count:
            stop = min(start + self.times * size, count)
            began = perf_counter()
            yield slice(start, stop)
            # Larger calls may be cut short by the count, and tell as much.
            told = stop - start == self.times * size or stop - start > size
            if not self.settled and told:
                self.timed.append((perf_counter() - began) * size / (stop - start))
                self._choose((count - stop + later) // size, min(most, self.MOST))
            start = stop

    def _choose(self, left: int, most: int) -> None:
        """Choose the next size, of which `left` usual calls are left to make."""
        quick = min(self.timed) < self.SAVING * self.before
        if not quick and len(self.timed) == self.TIMED:
            self.times //= self.STEP
            self.settled = True
        elif quick and self.STEP * self.times > most:
            self.settled = True
        elif quick and len(self.timed) >= self.TIMED and left >= self.LEFT * self.STEP * self.times:
            self.before, self.timed = min(self.timed), []
            self.times *= self.STEP
