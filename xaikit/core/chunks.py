"""How many rows a model evaluates at once: enough for speed, few enough for the cache."""

from collections.abc import Iterator

ROWS = 2048  # per call: more are no faster, and do not fit into the cache
NUMBERS = 2**22  # per call: fewer rows where they are wide (pictures)
# For a gradient, which keeps the values of every layer; its rows are points on a path.
GRADIENT_ROWS, GRADIENT_NUMBERS = 4096, 2**20


def chunk_rows(width: int) -> int:
    """Return the number of rows, of a given width, for one call of a model."""
    return max(1, min(ROWS, NUMBERS // width))


def gradient_rows(width: int) -> int:
    """Return the number of rows, of a given width, for one gradient of a model."""
    return max(1, min(GRADIENT_ROWS, GRADIENT_NUMBERS // width))


def chunks(rows: int, size: int) -> Iterator[slice]:
    """Cut 0 … rows into slices of at most `size`."""
    return (slice(start, min(start + size, rows)) for start in range(0, rows, size))
