"""Threads of the linear algebra below NumPy and SciPy."""

from contextlib import AbstractContextManager


def one_blas_thread() -> AbstractContextManager:
    """Hold NumPy's and SciPy's BLAS to one thread inside of a `with`.

    Each has its own threads, which stay busy for a moment after a product. Where the two take
    turns, the threads of one keep the other waiting: on the small matrices of a fit two threads
    took four times as long as one.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, "blas")
