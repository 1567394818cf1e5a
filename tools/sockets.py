"""Kernels that listen on their own files instead of TCP ports."""

from __future__ import annotations

import tempfile
from pathlib import Path

import zmq

# Python removes it with its contents at the end.
_folder = tempfile.TemporaryDirectory(prefix="kernels-", ignore_cleanup_errors=True)


def own_sockets() -> dict[str, str]:
    """Return settings of a Jupyter KernelManager whose sockets no other kernel can take.

    Jupyter picks a free TCP port first, and the kernel binds it seconds later. Two programs that
    start kernels at the same time can pick the same port, and then one of them gets no answer. On
    Windows ZeroMQ has no such files, so TCP stays.
    """
    if not zmq.has("ipc"):
        return {}
    return {"transport": "ipc", "ip": str(Path(tempfile.mkdtemp(dir=_folder.name)) / "kernel")}
