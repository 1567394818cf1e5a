"""Servers that give workers to those who ask: Slurm with three nodes, and a Dask Gateway."""

import getpass
import os
import secrets
import socket
import subprocess
import sys
import urllib.request
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
NODES = 3

SLURM = """
ClusterName=grading
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/controller.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/controller.log
SlurmdLogFile={folder}/%n.log
# The nodes are said to have more memory than the machine that stands for all of them.
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
{nodes}
PartitionName=all Nodes=ALL Default=YES State=UP
"""

GATEWAY = """
c.DaskGateway.backend_class = "dask_gateway_server.backends.local.UnsafeLocalBackend"
c.UnsafeLocalBackend.clusters_directory = "{folder}"
c.Proxy.address = "127.0.0.1:{port}"
c.ClusterConfig.cluster_max_workers = {nodes}
c.ClusterConfig.worker_cmd = ["{python}", "-m", "distributed.cli.dask_worker"]
c.ClusterConfig.scheduler_cmd = ["{python}", "-m", "distributed.cli.dask_scheduler"]
"""


@contextmanager
def slurm(folder):
    """Start Slurm with nodes of one core; yield the environment that its commands need."""
    (folder / "munge.key").write_bytes(secrets.token_bytes(1024))
    (folder / "munge.key").chmod(0o600)
    host = socket.gethostname().partition(".")[0]
    controller, *ports = free_ports(1 + NODES)
    names = [f"node{number}" for number in range(NODES)]
    lines = [
        f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} RealMemory=16000"
        for name, port in zip(names, ports, strict=True)
    ]
    settings = folder / "slurm.conf"
    settings.write_text(
        SLURM.format(
            host=host,
            controller=controller,
            user=getpass.getuser(),
            folder=folder,
            nodes="\n".join(lines),
        )
    )
    munge = [
        f"--socket={folder}/munge.socket",
        f"--key-file={folder}/munge.key",
        f"--seed-file={folder}/munge.seed",
        f"--pid-file={folder}/munge.pid",
    ]
    environment = {"SLURM_CONF": str(settings)}
    with ExitStack() as stack:
        stack.enter_context(running(["munged", "--force", "--foreground", *munge], folder))
        wait_until((folder / "munge.socket").exists)
        stack.enter_context(running(["slurmctld", "-D", "-c", "-f", settings], folder))
        for name in names:
            stack.enter_context(running(["slurmd", "-D", "-N", name, "-f", settings], folder))
        idle = ["sinfo", "--noheader", "--states", "idle", "--format", "%D"]
        wait_until(lambda: said(idle, environment).strip() == str(NODES))
        yield environment


@contextmanager
def gateway(folder):
    """Start a Dask Gateway that gives workers of this machine; yield its address."""
    (port,) = free_ports(1)
    settings = folder / "gateway_config.py"
    python = sys.executable
    settings.write_text(GATEWAY.format(folder=folder, port=port, nodes=NODES, python=python))
    address = f"http://127.0.0.1:{port}"

    def answers():
        with suppress(OSError), urllib.request.urlopen(f"{address}/api/health", timeout=5) as page:
            return page.status == 200

    line = [python, "-m", "dask_gateway_server", "--config", settings]
    # As in the image of the guide.
    with running(line, folder, PYTHONPATH=str(ROOT)):
        wait_until(answers)
        yield address


@contextmanager
def running(line, folder, **environment):
    """Run a server in the foreground; its words go into a file."""
    line, given = list(map(str, line)), {**os.environ, **environment}
    with open(folder / "words", "ab") as words:
        process = subprocess.Popen(line, env=given, stdout=words, stderr=words)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def free_ports(number):
    """Return ports that nobody uses now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def said(line, environment):
    """Return what a command writes, "" where it fails."""
    return subprocess.run(line, env=environment, capture_output=True, text=True).stdout
