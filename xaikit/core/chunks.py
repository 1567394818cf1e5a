"""How much goes through a model at once: enough to be quick, little enough to stay in the cache."""

from collections.abc import Iterator

ROWS = 2048  # of one call: more are no faster, and leave the cache
NUMBERS = 2**22  # of one call: with wide rows (pictures), fewer of them
# A gradient keeps what every layer made on the way; its rows are points on a path.
GRADIENT_ROWS, GRADIENT_NUMBERS = 4096, 2**20


def chunk_rows(width: int) -> int:
    """Return how many rows of a width one call of a model gets."""
    return max(1, min(ROWS, NUMBERS // width))


def gradient_rows(width: int) -> int:
    """Return how many rows of a width one gradient of a model gets."""
    return max(1, min(GRADIENT_ROWS, GRADIENT_NUMBERS // width))


def chunks(rows: int, size: int) -> Iterator[slice]:
    """Cut 0 … rows into slices of at most `size`."""
    return (slice(start, min(start + size, rows)) for start in range(0, rows, size))
