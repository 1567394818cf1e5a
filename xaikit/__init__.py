"""Reference implementations of attribution methods, and the course that teaches them.

Public names are listed in ``__init__.pyi`` and loaded on first use (PEP 562), so that
``import xaikit`` is light: it never loads torch, SciPy, scikit-learn or matplotlib by itself.
"""

import lazy_loader

from xaikit.core import extras

__version__ = "0.1.0"

_load, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str):
    try:
        return _load(name)
    except extras.MissingPackage as error:
        return extras.stand_in(name, error)
