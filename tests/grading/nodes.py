"""A cluster for the tests: a scheduler and nodes, in processes of their own, with certificates."""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import dask
import psutil
from distributed import Security

ROOT = Path(__file__).resolve().parents[2]


def certificates(folder):
    """Write a certificate that all may use; return Dask's settings for it."""
    folder.mkdir()
    drawn, ca, key = Security.temporary(), folder / "ca.pem", folder / "key.pem"
    ca.write_text(drawn.tls_ca_file)
    key.write_text(drawn.tls_client_key)
    tls = "distributed.comm.tls"
    roles = ("client", "scheduler", "worker")
    settings = {f"{tls}.{role}.cert": str(ca) for role in roles}
    settings |= {f"{tls}.{role}.key": str(key) for role in roles}
    return {f"{tls}.ca-file": str(ca), "temporary-directory": str(folder), **settings}


def kill(process):
    """Kill a process and everything that it started, as when a node loses its power."""
    with suppress(psutil.NoSuchProcess):
        node = psutil.Process(process.pid)
        for one in [node, *node.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                one.kill()
    process.wait()


class Nodes:
    """The processes of a cluster."""

    def __init__(self, folder, environment):
        self.environment = environment
        self.settings = certificates(folder / "certificates")
        self.file, self.port, self.running = folder / "scheduler.json", 0, []

    def start(self, workers):
        """Start the scheduler, always at the same address, and some nodes with a worker each."""
        self.file.unlink(missing_ok=True)
        address = ["--host", "tls://127.0.0.1", "--port", self.port, "--no-dashboard"]
        self._start("scheduler", *address, "--scheduler-file", self.file)
        while not self.file.exists() or not self.file.read_text():
            assert self.running[-1].poll() is None
            time.sleep(0.05)
        self.address = json.loads(self.file.read_text())["address"]
        self.port = self.address.rpartition(":")[2]
        for _ in range(workers):
            self.add()

    def add(self):
        """Start a node with one worker."""
        words = [self.address, "--nthreads", "1", "--no-dashboard"]
        self._start("worker", *words)

    def _start(self, role, *words):
        line = [sys.executable, "-m", f"distributed.cli.dask_{role}", *map(str, words)]
        given = {
            f"DASK_{key.replace('.', '__').replace('-', '_').upper()}": value
            for key, value in self.settings.items()
        }
        given = {**os.environ, **given, **self.environment}
        silent = subprocess.DEVNULL
        process = subprocess.Popen(line, cwd=ROOT, env=given, stdout=silent, stderr=silent)
        self.running.append(process)

    def stop(self):
        """Kill all that runs."""
        while self.running:
            kill(self.running.pop())


@contextmanager
def cluster_of(workers, folder, **environment):
    """Start a cluster; this process has its certificate."""
    # A node that is killed leaves its folders; and pytest's are too long for the path of a socket.
    with tempfile.TemporaryDirectory() as temporary:
        nodes = Nodes(folder, {"TMPDIR": temporary, **environment})
        try:
            nodes.start(workers)
            with dask.config.set(nodes.settings):
                yield nodes
        finally:
            nodes.stop()
