"""Who runs this cell: a person in a notebook, or a program."""

from xaikit.core.notebook import shell as shell


def is_run_by_a_person() -> bool:
    """Return whether a person runs this cell.

    JupyterLab, Notebook and VS Code send the cell's id with its code. Programs do not (nbclient,
    nbval, nbgrader): what they run is stored, compared or graded, so it shows what a terminal
    shows, and leaves nothing behind.
    """
    kernel = getattr(shell(), "kernel", None)
    request = kernel.get_parent() if kernel else None
    return bool(request and request.get("metadata", {}).get("cellId"))
