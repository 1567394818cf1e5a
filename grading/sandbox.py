"""The Jupyter kernel of one submission, in a bubblewrap sandbox, under a watch.

Jupyter starts a guard (`guard.py`) as if it were the kernel. That starts the true kernel inside and
stays outside. If it must end the kernel, it writes down why.

Inside there are: the interpreter, its packages and `xaikit`, read-only; an empty home and an empty
working folder in memory; no network; no other process, no other user's files. Inside and outside
share only the folder of the connection file, with the kernel's Unix sockets.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import psutil

GIGABYTE = 1024**3
# A tenth of a start goes into looking for garbage, of which there is none yet. `inside.py` switches
# the search on again, before a learner's first line.
START = "import gc; gc.disable(); from ipykernel.kernelapp import launch_new_instance as go; go()"
CONNECTION_FILE = "kernel.json"  # in the folder `run`
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
        # -P: a file numpy.py in the working folder must not replace the real NumPy.
        "-P",
        "-c",
        START,
        "-f",
        str(connection_file),
        "--InteractiveShellApp.ignore_cwd=True",
        "--HistoryManager.hist_file=:memory:",
        # The usual one takes a twentieth of a second for an error; assertions that must fail
        # stand around every test.
        "--InteractiveShell.xmode=Plain",
        "--InteractiveShell.colors=NoColor",
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


def request(run: Path, verdict: Path, limits: Limits) -> str:
    """Return the grader's request to a guard, as one argument of its command line.

    Parameters
    ----------
    run : Path
        A folder of the grader's own (mode 0700) that holds the connection file and nothing else.
    verdict : Path
        The file for the reason why the kernel was killed. The kernel cannot see it.
    limits : Limits
        The kernel's limits.
    """
    uid = any_user()
    settings = {
        "run": str(run),
        "verdict": str(verdict),
        "limits": limits._asdict(),
        "grader": os.getpid(),
        "uid": uid,
        "command": kernel_command(run.resolve() / CONNECTION_FILE, limits, uid),
    }
    return json.dumps(settings)
