"""JupyterLab, started by a learner's or an instructor's command, for tests."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import psutil
import pytest

ROOT = Path(__file__).parents[1]
TOKEN = "test"
# Far more than any start needs, also on a slow machine.
SECONDS = 120


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab."""

    address: str
    log_file: Path
    pid: int

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urlopen(f"{self.address}{quote(path)}?token={TOKEN}", timeout=SECONDS) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, ""

    def page_config(self, path: str = "/lab") -> dict:
        _, page = self.get(path)
        found = re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.DOTALL)
        assert found, f"{path} is no page of JupyterLab"
        return json.loads(found[1])

    def log(self) -> str:
        return self.log_file.read_text()

    def peak_megabytes(self) -> float:
        """Return the sum of the peak memory of the server and its kernels so far."""
        server = psutil.Process(self.pid)
        processes = [server, *server.children(recursive=True)]
        states = [Path(f"/proc/{process.pid}/status").read_text() for process in processes]
        return sum(int(kb) for kb in re.findall(r"VmHWM:\s+(\d+)", "".join(states))) / 1000


def make_lab(flags: str) -> list[str]:
    """Return the learner's command; it takes this environment as complete, so pip does not run."""
    environment = sys.prefix
    set_up = f"--old-file={environment}/.has-lab"
    return ["make", "lab", f"VENV={environment}", set_up, f"LAB_FLAGS={flags}"]


def open_lab(flags: str) -> list[str]:
    """Return the learner's command; the page has an object from which a notebook can be read."""
    return make_lab(f"{flags} --expose-app-in-browser")


def copy_course(course: Path) -> Path:
    """Copy into a folder what `make lab` needs, and what a learner opens; return the folder."""
    for part in ["tools/lab", "lectures", "exercises"]:
        shutil.copytree(ROOT / part, course / part)
    for file in ["start.ipynb", "Makefile", "pyproject.toml", "constraints.txt"]:
        shutil.copy(ROOT / file, course)
    return course


def plain_lab(flags: str) -> list[str]:
    """Return the instructor's command."""
    return [sys.executable, "-m", "jupyterlab", *flags.split()]


@contextmanager
def running(command, folder: Path, course: Path = ROOT) -> Iterator[Lab]:
    """Start JupyterLab in a course's folder with settings of its own, and stop it by its id."""
    # JupyterLab chooses its port: a kernel could take one that is chosen here. Each worker's begins
    # at another one: of two that start at once, both would find the same port free.
    port = 8888 + 100 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    flags = f"--no-browser --allow-root --ServerApp.ip=127.0.0.1 --IdentityProvider.token={TOKEN}"
    flags += f" --ServerApp.port={port}"
    environment = dict(os.environ)
    environment.pop("JUPYTER_CONFIG_PATH", None)
    # Inside `make test`, these would pass its options to the inner make.
    for name in ["MAKEFLAGS", "MAKELEVEL", "MFLAGS"]:
        environment.pop(name, None)
    for name in ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"]:
        environment[name] = str(folder / name)
    for name in ["JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"]:
        environment[name] = str(folder / name)
    log_file = folder / "log.txt"
    with log_file.open("w") as log:
        process = subprocess.Popen(
            command(flags),
            cwd=course,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        address = address_once_it_answers(process, folder / "JUPYTER_RUNTIME_DIR")
        if not address:
            pytest.fail(f"JupyterLab did not start:\n{log_file.read_text()}")
        yield Lab(address, log_file, process.pid)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=SECONDS)


def address_once_it_answers(process: subprocess.Popen, runtime: Path) -> str | None:
    deadline = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        # A server writes this file when it has a port, a moment before it listens.
        for server in runtime.glob("jpserver-*.json"):
            with suppress(OSError, ValueError):
                address = json.loads(server.read_text())["url"].rstrip("/")
                urlopen(f"{address}/api/status?token={TOKEN}", timeout=10).close()
                return address
        time.sleep(0.1)
    return None
