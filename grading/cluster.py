"""The workers that grade: Dask's, on this machine or on a cluster.

Whoever reaches them runs code with the instructor's rights. So all they say is encrypted, and only
who has a certificate is listened to.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dask
from dask.system import CPU_COUNT
from distributed import (
    CancelledError,
    Client,
    Future,
    KilledWorker,
    LocalCluster,
    Security,
    as_completed,
)
from distributed.client import ClosedClientError
from distributed.system import MEMORY_LIMIT

from grading import run, sandbox
from grading.course import GradingError

# Dask does not count the memory of what its workers start: a kernel, and a grader beside it.
WORKERS = max(1, min(CPU_COUNT, MEMORY_LIMIT // (sandbox.Limits().resident + run.TRUSTED_MEMORY)))

LOOK_EVERY = 10.0  # seconds, for tasks that got lost


@contextmanager
def workers_here(number: int, scratch: Path) -> Iterator[Client]:
    """Start workers on this machine, with certificates that only this process and they have.

    `scratch` is a folder of this user's: Dask imports what lies in it.
    """
    settings = {
        "temporary-directory": str(scratch),
        # Dask's pages for browsers ask for no certificate.
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
        # A hundred times a second, of a worker that waits.
        "distributed.worker.profile.enabled": False,
        # Each death of a worker costs seconds; a suspect is tried once more, alone (`outcomes`).
        "distributed.scheduler.allowed-failures": 1,
    }
    with dask.config.set(settings):
        with _deaf():
            started = LocalCluster(
                n_workers=number,
                threads_per_worker=1,
                memory_limit=None,
                security=Security.temporary(),
                # Else its page would be at port 8787, and a second grader would warn of the first.
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                silence_logs=logging.CRITICAL,
            )
        with started, Client(started, set_as_default=False) as client:
            yield client


@contextmanager
def _deaf() -> Iterator[None]:
    """Let processes that start meanwhile ignore Ctrl-C: a terminal sends it to them, too."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def workers_at(address: str) -> Iterator[Client]:
    """Connect to the scheduler of a cluster, with the certificates that Dask's settings name."""
    try:
        client = Client(address, set_as_default=False)
    except (OSError, TypeError, ValueError) as error:
        raise GradingError(f"there is no way to the scheduler at {address}: {error}") from error
    with client:
        yield client


def expect_encryption(address: str) -> None:
    """Raise an error if a scheduler listens to everyone who reaches it."""
    if not address.startswith("tls://"):
        raise GradingError(
            f"{address} asks for no certificate, so whoever reaches it runs code with your rights; "
            "start that scheduler with certificates, and give its address as tls://HOST:PORT"
        )


def outcomes(
    client: Client, task: Callable, inputs: Iterable[tuple[Any, tuple]]
) -> Iterator[tuple[Any, Any]]:
    """Run a pure function on the workers, again where a worker or the scheduler is lost.

    Parameters
    ----------
    client : distributed.Client
        The connection to the workers.
    task : callable
        A function that the workers can import.
    inputs : iterable of (name, tuple)
        What the caller calls a task, and its arguments.

    Yields
    ------
    (name, result or Exception)
        Each name once, as the tasks end.

    Raises
    ------
    GradingError
        If the scheduler is lost and does not come back in time.
    """
    suspects = []
    for name, given, end in _ends(client, task, inputs):
        if isinstance(end, KilledWorker):
            suspects.append((name, given))
        else:
            yield name, end
    # A worker that dies makes Dask suspect each task that waited there, too. Who kills a worker
    # shows when each is alone.
    for suspect in suspects:
        for name, _, end in _ends(client, task, [suspect]):
            yield name, end


def _ends(
    client: Client, task: Callable, inputs: Iterable[tuple[Any, tuple]]
) -> Iterator[tuple[Any, tuple, Any]]:
    """Yield each task's name, its arguments, and its result or exception."""

    def submit(name: Any, given: tuple) -> Future:
        try:
            # Keys are drawn: others who use the cluster may see them, but no learner's name.
            future = client.submit(task, *given, pure=False)
        except ClosedClientError:
            raise GradingError(
                "the scheduler was lost and did not come back; the same command goes on from here"
            ) from None
        tasks[future] = name, given
        return future

    tasks: dict[Future, tuple[Any, tuple]] = {}
    for one in inputs:
        submit(*one)
    while tasks:
        ended = as_completed(list(tasks), loop=client.loop, timeout=LOOK_EVERY)
        with suppress(TimeoutError):
            for future in ended:
                name, given = tasks.pop(future)
                try:
                    end = future.result()
                except CancelledError:
                    ended.add(submit(name, given))
                except Exception as error:
                    yield name, given, error
                else:
                    yield name, given, end
        for future in _forgotten(client, list(tasks)):
            submit(*tasks.pop(future))


def _forgotten(client: Client, futures: list[Future]) -> list[Future]:
    """Return the tasks that will never end.

    While a client connects to a scheduler that was restarted, a new task can get lost between them.
    """
    if client.scheduler is None:  # the client has given up
        return futures
    try:
        states = client.sync(client.scheduler.get_task_status, keys=[one.key for one in futures])
    except OSError:  # the scheduler is lost now
        return []
    return [
        one
        for one in futures
        if one.key not in client.futures or states[one.key] in (None, "released", "forgotten")
    ]
