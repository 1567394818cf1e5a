"""Read learners' files in a process of its own, with limits of time and memory.

Nothing in these files is run. But a file can be made so that reading it takes hours or all memory;
then the process is replaced, and the file costs its own learner only.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

from grading.errors import GradingError, Rejected

CHECKOUT = Path(__file__).resolve().parents[1]
START, SECONDS = 120, 20
MEMORY = 1_500_000_000


class Limited:
    """A process that calls functions; use it in a `with`.

    Parameters
    ----------
    seconds : float
        The time for one call.
    memory : int
        The bytes that the process may have.
    """

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self.seconds, self.memory = seconds, memory
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> Limited:
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()

    def __call__(self, function: Callable, *arguments: object) -> Any:
        """Return what a function of a module returns.

        Raises
        ------
        Rejected
            What the function raised, or if it took too long or too much memory.
        """
        if self.process is None:
            try:
                self._start()
            except EOFError:
                raise GradingError("the process that reads submissions ended at once") from None
        try:
            self.connection.send((function, arguments))
            if not self.connection.poll(self.seconds):
                self._stop()
                raise Rejected(f"it takes more than {self.seconds:g} seconds to read")
            problem, value = self.connection.recv()
        except (EOFError, OSError):
            self._stop()
            raise Rejected("its reader broke down; it may need too much memory") from None
        if problem is not None:
            raise Rejected(problem)
        return value

    def _start(self) -> None:
        self.connection, other = Pipe()
        line = [sys.executable, "-m", __name__, str(other.fileno()), str(self.memory)]
        self.process = subprocess.Popen(
            line,
            # No password of the gradebook's: the files are learners'.
            env={"PYTHONPATH": os.pathsep.join([str(CHECKOUT), *sys.path])},
            pass_fds=[other.fileno()],
            start_new_session=True,
        )
        other.close()
        # What it takes to start is not the file's fault.
        if not self.connection.poll(START) or self.connection.recv() != "ready":
            self._stop()
            raise GradingError("the process that reads submissions does not start; see above why")

    def _stop(self) -> None:
        if self.process is not None:
            self.connection.close()
            self.process.kill()
            self.process.wait()
            self.process = None


def limit_memory(size: int) -> None:
    """Let this process have so many bytes; mapped libraries do not count."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (size, hard))


def _serve(connection: Connection, memory: int) -> None:
    """Call what is asked for, until the other side ends."""
    # Loaded before the limit holds, so that it counts what the files need.
    import grading.given
    import grading.notebooks  # noqa: F401

    limit_memory(memory)
    connection.send("ready")
    while True:
        try:
            function, arguments = connection.recv()
        except EOFError:
            return
        try:
            answer: tuple[str | None, Any] = None, function(*arguments)
        except Rejected as error:
            answer = str(error), None
        except RecursionError:
            answer = "the file is nested too deeply to be a notebook", None
        except MemoryError:
            answer = "the file needs too much memory to read", None
        except Exception as error:  # a file that breaks its reader costs its own learner only
            answer = f"the file cannot be read ({type(error).__name__}: {error})"[:500], None
        connection.send(answer)


if __name__ == "__main__":
    _serve(Connection(int(sys.argv[1])), int(sys.argv[2]))
