"""Pytest plugin: nbval's kernels get their own sockets, so that lanes can run at the same time.

Load it with ``-p tests.notebooks.kernel_sockets``.
"""

import nbval.kernel
from jupyter_client.manager import KernelManager

from tools.sockets import own_sockets


def pytest_configure():
    nbval.kernel.KernelManager = lambda **settings: KernelManager(**settings, **own_sockets())
