"""Threads of the linear algebra below NumPy and SciPy."""

import sys
from contextlib import AbstractContextManager, nullcontext


def one_blas_thread() -> AbstractContextManager:
    """Hold NumPy's and SciPy's BLAS to one thread inside of a `with`.

    Each has its own threads, which stay busy for a moment after a product. Where the two take
    turns, the threads of one keep the other waiting: on the small matrices of a fit two threads
    took four times as long as one. In a browser there is one thread, and to look for others takes
    a second.
    """
    if sys.platform == "emscripten":
        return nullcontext()
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, "blas")
