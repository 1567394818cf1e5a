"""Whether this code runs in a notebook's kernel, whose outputs are more than text."""

import sys
from typing import Any


def shell() -> Any:
    """Return IPython's shell inside a notebook's kernel; None elsewhere."""
    ipython = sys.modules.get("IPython")
    found = ipython.get_ipython() if ipython else None
    return found if getattr(found, "kernel", None) is not None else None


def in_notebook() -> bool:
    """Return whether there is such a kernel."""
    return shell() is not None
