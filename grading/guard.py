"""The guard of one sandbox: starts its kernel, watches it, and ends it at a limit.

Jupyter starts this file as if it were the kernel (``python guard.py REQUEST CONNECTION_FILE``),
once for each submission. So it is a program that loads little, and knows the request alone:
`sandbox.py` has thought of everything else before.
"""

import json
import os
import signal
import subprocess
import sys
import time

WATCH_EVERY = 0.1  # seconds
PAGE = os.sysconf("SC_PAGE_SIZE")


def guard(kernel: subprocess.Popen, run: str, limits: dict, grader: int) -> str | None:
    """Wait until a kernel ends; kill it if it exceeds a limit, and return which one.

    `grader` is the number of the process that asked for the kernel, and this process's parent. It
    comes from the grader itself: if that has ended already, getppid() gives another process.
    """
    started = time.monotonic()
    while kernel.poll() is None:
        verdict = None
        if os.getppid() != grader:
            verdict = "the grader ended"
        elif time.monotonic() - started > limits["seconds"]:
            verdict = f"it ran for more than {limits['seconds']:g} seconds"
        elif _resident(kernel.pid) > limits["resident"]:
            verdict = f"it took more than {limits['resident'] / 1024**3:g} GB of memory"
        elif _size(run) > limits["shared_folder"]:
            verdict = "it filled the folder of its own sockets"
        if verdict:
            # Everything inside ends with bubblewrap's first process.
            kernel.kill()
            kernel.wait()
            return verdict
        time.sleep(WATCH_EVERY)
    return None


def _resident(first: int) -> int:
    """Return the memory, in bytes, of a process and all its descendants."""
    children: dict[int, list[tuple[int, int]]] = {}
    left = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                # A program's name is in brackets, and may have brackets and blanks in it.
                words = file.read().rpartition(b")")[2].split()
        except OSError:  # it has ended
            continue
        pages = int(words[21])
        if int(name) == first:
            left = [(first, pages)]
        children.setdefault(int(words[1]), []).append((int(name), pages))
    total = 0
    while left:
        process, pages = left.pop()
        total += pages * PAGE
        left += children.get(process, [])
    return total


def _size(folder: str) -> int:
    """Return the bytes in a folder; every entry counts as at least one block."""
    total = 0
    for place, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            try:
                total += max(4096, os.lstat(os.path.join(place, name)).st_size)
            except OSError:
                continue
    return total


def main() -> int:
    """Run the kernel that Jupyter asked for, as `sandbox.request` says."""
    settings = json.loads(sys.argv[1])
    connection_file, run = os.path.realpath(sys.argv[2]), os.path.realpath(settings["run"])
    # Its owner changes below, and the kernel sees everything in it.
    if os.path.dirname(connection_file) != run or os.stat(run).st_mode & 0o777 != 0o700:
        raise SystemExit(f"{connection_file} is not in the private folder made for this kernel")
    if os.getuid() == 0:
        for path in (run, connection_file):
            os.chown(path, settings["uid"], settings["uid"])
    # Cells print by message, so this is only the kernel's own output. Jupyter interrupts by
    # message, too: its signals mean that the kernel must end.
    silent = subprocess.DEVNULL
    kernel = subprocess.Popen(
        settings["command"], start_new_session=True, stdin=silent, stdout=silent, stderr=silent
    )
    signal.signal(signal.SIGTERM, lambda *_: kernel.kill())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    verdict = guard(kernel, run, settings["limits"], settings["grader"])
    # A killed grader reads nothing, and its folder is removed.
    if verdict and os.getppid() == settings["grader"]:
        with open(settings["verdict"], "w", encoding="utf-8") as file:
            file.write(verdict)
    return kernel.returncode


if __name__ == "__main__":
    sys.exit(main())
