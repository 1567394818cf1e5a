"""The Jupyter kernel of one submission, in a bubblewrap sandbox, under a watch.

Jupyter starts this file as if it were the kernel (``python sandbox.py REQUEST CONNECTION_FILE``).
This file starts the true kernel inside and stays outside as its guard. If it must end the kernel,
it writes down why.

Inside there are: the interpreter, its packages and `xaikit`, read-only; an empty home and an empty
working folder in memory; no network; no other process, no other user's files. Inside and outside
share only the folder of the connection file, with the kernel's Unix sockets.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import psutil

GIGABYTE = 1024**3
WATCH_EVERY = 0.1  # seconds
# Kernels run as these users when root grades. systemd's list of user numbers leaves the first range
# free. The second is for containers, which have fewer numbers: it holds their last ones.
USERS = (range(0x7000_0000, 0x7FFF_FFFF), range(64_001, 65_534))


class Limits(NamedTuple):
    """The limits of one submission.

    There are three limits of memory. The kernel's process has `data` (RLIMIT_DATA): an allocation
    beyond it raises a MemoryError in Python. It does not count mapped libraries, of which PyTorch
    has gigabytes, so it may be small. The guard watches `resident`, for all processes together. The
    third is fixed: a process maps at most 16 GB (RLIMIT_AS), with libraries and files.
    """

    data: int = 3 * GIGABYTE
    resident: int = 4 * GIGABYTE
    seconds: float = 300.0
    processes: int = 64
    file_size: int = 64 * 1024**2
    shared_folder: int = 16 * 1024**2


def missing() -> str | None:
    """Return why this machine cannot run a notebook safely, or None if it can."""
    for program, package in [("bwrap", "bubblewrap"), ("prlimit", "util-linux")]:
        if shutil.which(program) is None:
            return (
                f"{program} is not installed, and learners' notebooks are run in no other way. "
                f"On Debian or Ubuntu:  sudo apt install {package}"
            )
    # A machine may have bubblewrap but forbid new namespaces.
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        run = Path(folder, "run")
        run.mkdir(mode=0o700)
        inside = kernel_command(run / "kernel.json", Limits(), any_user())
        inside = inside[: inside.index(sys.executable)]
        trial = subprocess.run(
            [*inside, sys.executable, "-c", "import ipykernel"], capture_output=True, text=True
        )
    if trial.returncode:
        return (
            "no sandbox can be made on this machine, and learners' notebooks are run in no other "
            f"way. What was said: {trial.stderr.strip()[-500:]}. In a container, allow user "
            "namespaces (docker run --security-opt seccomp=unconfined); on Ubuntu 24.04 see its "
            "AppArmor profile for bwrap."
        )
    return None


def any_user() -> int:
    """Draw the number of a user for one kernel.

    The limit on processes counts all processes of a user on the machine, also in other sandboxes
    and containers. So kernels that run at the same time must be different users.
    """
    maps = [Path(f"/proc/self/{kind}_map").read_text(encoding="ascii") for kind in ("uid", "gid")]
    many, few = USERS
    return secrets.choice(many if all(_has(users, many) for users in maps) else few)


def _has(users: str, wanted: range) -> bool:
    """Return whether this process can use the wanted users; Linux lists first, -, count."""
    lines = (list(map(int, line.split())) for line in users.splitlines())
    return any(first <= wanted[0] and wanted[-1] < first + count for first, _, count in lines)


def kernel_command(connection_file: Path, limits: Limits, uid: int) -> list[str]:
    """Return the command that runs an IPython kernel inside.

    Parameters
    ----------
    connection_file : Path
        Jupyter writes it; inside and outside share only its folder.
    limits : Limits
        The kernel's limits.
    uid : int
        The kernel's user, if this process is root's; else the kernel has this process's user, in
        a user namespace of its own.
    """
    processes = limits.processes
    if os.getuid() != 0:
        # The limit counts every process of this user, also outside.
        processes += sum(p.num_threads() for p in psutil.process_iter() if _is_ours(p))
    prlimit = [
        "prlimit",
        f"--data={limits.data}",
        f"--as={16 * GIGABYTE}",
        f"--cpu={int(limits.seconds) + 5}",
        f"--nproc={processes}",
        f"--fsize={limits.file_size}",
        "--nofile=512",
        "--core=0",
    ]
    kernel = [
        sys.executable,
        "-m",
        "ipykernel_launcher",
        "-f",
        str(connection_file),
        # A file numpy.py in the working folder must not replace the real NumPy.
        "--InteractiveShellApp.ignore_cwd=True",
        "--HistoryManager.hist_file=:memory:",
        # The usual one takes a twentieth of a second for an error; assertions that must fail
        # stand around every test.
        "--InteractiveShell.xmode=Plain",
    ]
    become = []
    if os.getuid() == 0:
        become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
        become += ["--no-new-privs", "--bounding-set=-all"]
    return [*_bubblewrap(connection_file.parent), *become, *prlimit, *kernel]


def _bubblewrap(run: Path) -> list[str]:
    """Return bubblewrap's part of the command; the kernel sees the folder `run`."""
    # Code inside can read the environment that bubblewrap was started with (/proc/1/environ), also
    # after --clearenv. So `env` starts it with none; without PATH it needs its whole path.
    command = ["/usr/bin/env", "-i", shutil.which("bwrap") or "bwrap"]
    command += ["--die-with-parent", "--new-session", "--unshare-ipc", "--unshare-pid"]
    command += ["--unshare-net", "--unshare-uts", "--unshare-cgroup-try", "--hostname", "sandbox"]
    if os.getuid() == 0:
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        command += ["--cap-add", "CAP_SETPCAP"]
    else:
        command += ["--unshare-user", "--disable-userns"]
    command += ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "lib", "lib64", "sbin"):
        command += ["--symlink", f"usr/{name}", f"/{name}"]
    for name in ("ld.so.cache", "alternatives", "fonts", "localtime"):
        command += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    command += ["--proc", "/proc", "--dev", "/dev"]
    # Each takes at most a quarter of a gigabyte of memory.
    for place in ("/tmp", "/submission", "/dev/shm"):
        command += ["--size", str(GIGABYTE // 4), "--perms", "1777", "--tmpfs", place]
    made: set[Path] = {Path("/"), Path("/usr"), Path("/tmp")}
    folders = _read_only_folders()
    for folder in [*folders, run]:
        # Else bubblewrap would make the parent folders for root only.
        for parent in reversed(folder.parents):
            if parent not in made and not parent.is_relative_to("/usr"):
                made.add(parent)
                command += ["--perms", "0755", "--dir", str(parent)]
    for folder in folders:
        if not folder.is_relative_to("/usr"):
            command += ["--ro-bind", str(folder), str(folder)]
    command += ["--bind", str(run), str(run)]
    # Without this list, matplotlib would search the system's fonts in every submission.
    for fonts in Path(_matplotlib_cache()).glob("fontlist-*.json"):
        inside = _environment()["MPLCONFIGDIR"]
        command += ["--perms", "1777", "--dir", inside]
        command += ["--ro-bind", str(fonts), f"{inside}/{fonts.name}"]
    command += ["--remount-ro", "/", "--chdir", "/submission", "--clearenv"]
    for name, value in _environment().items():
        command += ["--setenv", name, value]
    return command


def _read_only_folders() -> list[Path]:
    """Return the folders of the interpreter, its environment and xaikit, not the whole course."""
    xaikit = find_spec("xaikit")
    folders = {Path(sys.base_prefix), Path(sys.prefix)}
    if xaikit is not None and xaikit.origin is not None:
        folders.add(Path(xaikit.origin).parent)
    outermost = [a for a in folders if not any(a != b and a.is_relative_to(b) for b in folders)]
    return sorted(outermost)


def _environment() -> dict[str, str]:
    return {
        "PATH": f"{sys.prefix}/bin:/usr/bin",
        "HOME": "/tmp",
        "USER": "learner",
        "IPYTHONDIR": "/tmp/.ipython",
        "MPLCONFIGDIR": "/tmp/.matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "NBGRADER_EXECUTION": "autograde",
        "PYTHONPATH": os.pathsep.join(
            str(folder.parent) for folder in _read_only_folders() if folder.name == "xaikit"
        ),
    }


def _matplotlib_cache() -> str:
    """Return the folder of matplotlib's list of fonts, without loading matplotlib."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("MPLCONFIGDIR") or os.path.join(home, "matplotlib")


def _is_ours(process: psutil.Process) -> bool:
    try:
        return process.uids().real == os.getuid()
    except psutil.Error:
        return False


def guard(kernel: subprocess.Popen, run: Path, limits: Limits, grader: int) -> str | None:
    """Wait until a kernel ends; kill it if it exceeds a limit, and return which one.

    `grader` is the number of the process that asked for the kernel, and this process's parent. It
    comes from the grader itself: if that has ended already, getppid() gives another process.
    """
    started, watched = time.monotonic(), psutil.Process(kernel.pid)
    while kernel.poll() is None:
        verdict = None
        if os.getppid() != grader:
            verdict = "the grader ended"
        elif time.monotonic() - started > limits.seconds:
            verdict = f"it ran for more than {limits.seconds:g} seconds"
        elif _resident(watched) > limits.resident:
            verdict = f"it took more than {limits.resident / GIGABYTE:g} GB of memory"
        elif _size(run) > limits.shared_folder:
            verdict = "it filled the folder of its own sockets"
        if verdict:
            # Everything inside ends with bubblewrap's first process.
            kernel.kill()
            kernel.wait()
            return verdict
        time.sleep(WATCH_EVERY)
    return None


def _resident(process: psutil.Process) -> int:
    """Return the memory, in bytes, of a process and all its descendants."""
    total = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    for member in family:
        try:
            total += member.memory_info().rss
        except psutil.Error:
            continue
    return total


def _size(folder: Path) -> int:
    """Return the bytes in a folder; every entry counts as at least one block."""
    total = 0
    for place, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            try:
                total += max(4096, os.lstat(os.path.join(place, name)).st_size)
            except OSError:
                continue
    return total


def request(run: Path, verdict: Path, limits: Limits) -> str:
    """Return the grader's request to `main`, as one argument of its command line.

    Parameters
    ----------
    run : Path
        A folder of the grader's own (mode 0700) that holds the connection file and nothing else.
    verdict : Path
        The file for the reason why the kernel was killed. The kernel cannot see it.
    limits : Limits
        The kernel's limits.
    """
    settings = {"run": str(run), "verdict": str(verdict), "limits": limits, "grader": os.getpid()}
    return json.dumps(settings)


def main() -> int:
    """Run the kernel that Jupyter asked for, as `request` says."""
    settings = json.loads(sys.argv[1])
    connection_file, run = Path(sys.argv[2]).resolve(), Path(settings["run"]).resolve()
    # Its owner changes below, and the kernel sees everything in it.
    if connection_file.parent != run or run.stat().st_mode & 0o777 != 0o700:
        raise SystemExit(f"{connection_file} is not in the private folder made for this kernel")
    uid = any_user()
    if os.getuid() == 0:
        for path in (run, connection_file):
            os.chown(path, uid, uid)
    limits = Limits(*settings["limits"])
    command = kernel_command(connection_file, limits, uid)
    # Cells print by message, so this is only the kernel's own output. Jupyter interrupts by
    # message, too: its signals mean that the kernel must end.
    silent = subprocess.DEVNULL
    kernel = subprocess.Popen(
        command, start_new_session=True, stdin=silent, stdout=silent, stderr=silent
    )
    signal.signal(signal.SIGTERM, lambda *_: kernel.kill())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    verdict = guard(kernel, run, limits, settings["grader"])
    # A killed grader reads nothing, and its folder is removed.
    if verdict and os.getppid() == settings["grader"]:
        Path(settings["verdict"]).write_text(verdict, encoding="utf-8")
    return kernel.returncode


if __name__ == "__main__":
    sys.exit(main())
