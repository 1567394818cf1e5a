"""Threads of the linear algebra below NumPy and SciPy."""

from contextlib import AbstractContextManager


def one_blas_thread() -> AbstractContextManager:
    """Hold NumPy's and SciPy's BLAS to one thread inside of a `with`.

    Each has threads of its own. Where the two take turns, each waits for the other's to fall
    asleep: on the small matrices of a fit two threads took four times as long as one.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, "blas")
