"""How many rows a model evaluates at once: enough for speed, few enough for the cache."""

import math
from collections.abc import Iterator
from typing import Any

ROWS = 2048  # per call: more are no faster, and do not fit into the cache
NUMBERS = 2**22  # per call: fewer rows where they are wide (pictures)
# For a gradient, which keeps the values of every layer; its rows are points on a path.
GRADIENT_ROWS, GRADIENT_NUMBERS = 4096, 2**20


CACHE_NUMBERS = (
    2**17
)  # of an array that a few elementwise steps go through while it is in the cache


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
