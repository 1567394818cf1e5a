"""Sources of data: files shipped with this package or with scikit-learn, and downloads."""

import hashlib
import io
import logging
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from xaikit.core.extras import needs


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


def from_package(path: Path, sha256: str, package: str) -> bytes:
    """Read a file of weights that another package brings.

    Parameters
    ----------
    path : Path
        The file.
    sha256 : str
        The checksum of the one that xaikit was written for.
    package : str
        What to install again, for the error's message.

    Raises
    ------
    ValueError
        If it is another file.
    """
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(
            f"{path.name} has the SHA-256 checksum {found}, expected {sha256}: install {package} "
            "again"
        )
    return content


def scikit_learns(name: str, user: str, **settings: Any) -> np.ndarray:
    """Return the numbers of a file that scikit-learn ships, without loading scikit-learn.

    ``import sklearn.datasets`` takes more than a second of the processor, in every kernel of the
    course, and in every submission that is graded.

    Parameters
    ----------
    name : str
        The file's name.
    user : str
        The function that needs it, for the error without scikit-learn.
    **settings
        Those of `numpy.loadtxt`.
    """
    with needs("sklearn", user):
        return np.loadtxt(scikit_learns_file(name), **settings)


def scikit_learns_file(name: str) -> Path:
    """Return the path of a file that scikit-learn ships; the browser edition has it beside this."""
    own = Path(__file__).with_name(name)
    if own.exists():
        return own
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise ModuleNotFoundError(name="sklearn")
    return Path(package.origin).parent / "datasets" / "data" / name


def fetched(address: str, name: str, folder: str | Path | None, otherwise: str) -> Path:
    """Download a file once and keep it; return its path.

    Parameters
    ----------
    address : str
        Where it is downloaded from, http or https.
    name : str
        What it is called here.
    folder : str or Path, optional
        Where it is kept; None is pooch's cache folder for ``xaikit``.
    otherwise : str
        What to do without a network, for the error's message.

    Raises
    ------
    ConnectionError
        If it cannot be downloaded.
    ModuleNotFoundError
        If pooch is not installed.
    """
    with needs("pooch", "a download"):
        import pooch
        import requests

    path = Path(folder or pooch.os_cache("xaikit"))
    # Its log would advise the reader to write down a checksum.
    pooch.get_logger().addFilter(_is_warning)
    try:
        return Path(pooch.retrieve(address, known_hash=None, fname=name, path=path))
    except requests.RequestException as error:
        raise ConnectionError(f"{address} cannot be downloaded ({error}): {otherwise}") from error
    finally:
        pooch.get_logger().removeFilter(_is_warning)


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING
