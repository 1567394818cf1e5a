"""Where data come from: other packages, and files that are shipped with this one."""

import hashlib
import io
from importlib import import_module, resources
from types import ModuleType


def module_of(package: str, module: str) -> ModuleType:
    """Import a module of an optional package that brings data with it.

    Parameters
    ----------
    package, module : str
        The name by which it is installed, and the one by which it is imported.

    Raises
    ------
    ModuleNotFoundError
        If it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"these data come with the package {package}, but the module {error.name} is not "
            "installed. It belongs to xaikit's extra `lab`: in the folder of the course, run\n"
            '    python -m pip install -c constraints.txt -e ".[lab]"\n'
            "and restart the kernel",
            name=error.name,
        ) from error


def shipped(name: str, sha256: str) -> io.BytesIO:
    """Read a file of this folder.

    Parameters
    ----------
    name : str
        The file's name.
    sha256 : str
        The checksum that it had when it was added.

    Raises
    ------
    ValueError
        If the file is no longer the one that was added.
    """
    content = (resources.files("xaikit.course.datasets") / name).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(
            f"{name}, which is shipped with xaikit, is damaged: its {len(content)} bytes have the "
            f"SHA-256 checksum {found}, expected {sha256}. Install xaikit again, or, in a git "
            f"checkout, run\n    git checkout -- xaikit/course/datasets/{name}"
        )
    return io.BytesIO(content)
