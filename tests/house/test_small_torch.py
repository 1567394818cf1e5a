"""Without an NVIDIA driver, PyTorch's CPU build is installed if pip finds it."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tools.small_torch import SECONDS_TO_SEARCH

ROOT = Path(__file__).parents[2]
PIN = re.search(r"^torch==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)[1]
# The computer that runs this test may have a driver.
SCRIPT = """
import sys
from tools import small_torch
small_torch.SIGNS_OF_A_DRIVER = sys.argv[3:]
small_torch.SECONDS_TO_SEARCH = float(sys.argv[2])
small_torch.main(sys.argv[1])
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere pip's usual is small")


def write_torch(folder: Path, version: str = f"{PIN}+cpu") -> Path:
    """Write an empty wheel of that name; return its folder."""
    folder.mkdir(parents=True)
    about = f"torch-{version}.dist-info"
    with zipfile.ZipFile(folder / f"torch-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(
            f"{about}/METADATA",
            f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n"
            "Requires-Dist: a-package-from-the-usual-place\n",
        )
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")
    return folder


@dataclass(frozen=True)
class Environment:
    """A Python without PyTorch. pip knows one index, and the path has only planted programs."""

    python: Path
    path: Path
    index: str

    def run(self, *command: str | Path, **settings: str) -> str:
        """Return the command's output. pip alone would wait an hour for an answer."""
        environment = {
            "PATH": str(self.path),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": self.index,
            "PIP_DEFAULT_TIMEOUT": "3600",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        return subprocess.run(
            [self.python, *command],
            cwd=ROOT,
            env={**environment, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=True,
        ).stdout

    def take_torch(
        self, address: str, *signs: Path, seconds: float = SECONDS_TO_SEARCH, **settings: str
    ) -> str:
        return self.run("-c", SCRIPT, address, str(seconds), *signs, **settings)

    def torch(self) -> str | None:
        """Return the installed version."""
        packages = self.run("-m", "pip", "list", "--format", "freeze")
        found = re.search(r"^torch==(\S+)$", packages, re.MULTILINE)
        return found and found[1]

    def plant_nvidia_smi(self, status: int) -> None:
        tool = self.path / "nvidia-smi"
        tool.write_text(f"#!/bin/sh\nexit {status}\n")
        tool.chmod(0o755)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Serve three indexes: /cpu has the CPU build, /old an old one, /usual no PyTorch."""
    folder = tmp_path_factory.mktemp("served")
    write_torch(folder / "cpu/torch")
    write_torch(folder / "old/torch", "1.0.0+cpu")
    (folder / "usual").mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder / "bin/python"


@pytest.fixture
def environment(python, tmp_path, served):
    for installed in python.parents[1].glob("lib/python*/site-packages/torch-*.dist-info"):
        shutil.rmtree(installed)
    (tmp_path / "path").mkdir()
    return Environment(python, tmp_path / "path", f"{served}/usual")


@pytest.fixture
def silent():
    """Return an address that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def dead():
    """Return an address on which no program listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"


def test_it_comes_from_the_address_once_and_alone(environment, served):
    words = environment.take_torch(f"{served}/cpu")
    assert "No NVIDIA driver found: taking PyTorch's CPU build" in words
    assert "TORCH=default" in words
    assert environment.torch() == f"{PIN}+cpu"
    assert environment.take_torch(f"{served}/cpu") == ""


def test_an_old_version_gives_way_to_the_pinned_one(environment, served):
    environment.run("-m", "pip", "install", "--no-deps", "-i", f"{served}/old", "torch")
    assert environment.torch() == "1.0.0+cpu"
    environment.take_torch(f"{served}/cpu")
    assert environment.torch() == f"{PIN}+cpu"


def test_the_place_that_pip_is_set_up_with_needs_no_address(environment, silent, tmp_path):
    own = write_torch(tmp_path / "own")
    environment.take_torch(silent, PIP_FIND_LINKS=str(own))
    assert environment.torch() == f"{PIN}+cpu"


@pytest.mark.parametrize("address", ["dead", "silent"])
@pytest.mark.parametrize("usual", ["answers", "silent"])
def test_an_address_that_gives_no_answer_holds_nothing_up(environment, address, usual, request):
    url = request.getfixturevalue(address)
    settings = {} if usual == "answers" else {"PIP_INDEX_URL": request.getfixturevalue(usual)}
    # Nobody answers later than that.
    seconds = 1 if "silent" in (address, usual) else SECONDS_TO_SEARCH
    words = environment.take_torch(url, seconds=seconds, **settings)
    assert f"was not found at {url}: taking pip's usual one" in words
    assert len(words.splitlines()) == 1
    assert environment.torch() is None


def test_a_silent_index_takes_nothing_from_the_address(environment, served, silent):
    environment.take_torch(f"{served}/cpu", PIP_INDEX_URL=silent)
    assert environment.torch() == f"{PIN}+cpu"


def test_another_version_at_the_address_is_not_taken(environment, served):
    assert "taking pip's usual one" in environment.take_torch(f"{served}/old")
    assert environment.torch() is None


def test_a_driver_keeps_the_usual_build(environment, served, tmp_path):
    sign = tmp_path / "nvidiactl"
    sign.touch()
    assert environment.take_torch(f"{served}/cpu", sign) == ""
    environment.plant_nvidia_smi(status=0)
    assert environment.take_torch(f"{served}/cpu") == ""
    assert environment.torch() is None


def test_the_tool_of_a_driver_that_is_not_there_does_not_count(environment, served):
    environment.plant_nvidia_smi(status=9)
    environment.take_torch(f"{served}/cpu")
    assert environment.torch() == f"{PIN}+cpu"
