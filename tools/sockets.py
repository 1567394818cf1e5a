"""Kernels that listen on files of their own instead of TCP ports."""

from __future__ import annotations

import tempfile
from pathlib import Path

import zmq

# Removed with all that is in it when Python ends.
_folder = tempfile.TemporaryDirectory(prefix="kernels-", ignore_cleanup_errors=True)


def own_sockets() -> dict[str, str]:
    """Return the settings of a Jupyter KernelManager whose sockets no other kernel can take.

    Jupyter picks a free TCP port first and binds it seconds later, in the kernel. Two programs
    that start kernels side by side can pick the same one, and then one of them waits in vain for
    an answer. On Windows, where ZeroMQ has no such files, TCP stays.
    """
    if not zmq.has("ipc"):
        return {}
    return {"transport": "ipc", "ip": str(Path(tempfile.mkdtemp(dir=_folder.name)) / "kernel")}
