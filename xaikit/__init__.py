"""Reference implementations of attribution methods, and the course that teaches them.

Public names are loaded on first use (PEP 562), so that ``import xaikit`` is light: it never loads
torch, scikit-learn or matplotlib by itself.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "core.absence": ["baseline_game", "marginal_game", "text_game"],
    "core.activations": ["LeakyReLU", "ReLU", "ReLU6", "Sigmoid", "Softplus", "Tanh"],
    "core.attribution": ["Attribution"],
    "core.conditional": ["conditional_game"],
    "core.convolution": ["AvgPool2d", "Conv2d", "MaxPool2d", "ZeroPad2d"],
    "core.games": ["Game"],
    "core.layers": ["Dense", "Flatten", "Residual"],
    "core.network": ["Network"],
    "core.torch_model": ["TorchModel"],
    "core.from_torch": ["from_torch"],
    "methods.additivity": ["completeness", "sensitivity_n"],
    "methods.agreement": ["rank_agreement"],
    "methods.axioms": ["check_axioms"],
    "methods.dasp": ["dasp"],
    "methods.deletion": ["deletion", "insertion"],
    "methods.gaussian_process": ["gaussian_process_shapley"],
    "methods.gradients": ["gradient_x_input", "saliency"],
    "methods.infidelity": ["infidelity", "max_sensitivity"],
    "methods.integrated_gradients": ["integrated_gradients"],
    "methods.kernel_shap": ["kernel_shap"],
    "methods.lime": ["lime_tabular", "lime_text"],
    "methods.lrp": ["lrp"],
    "methods.lrp_rules": ["LRPEpsilon", "LRPFlat", "LRPGamma", "LRPWSquare", "LRPZBox"],
    "methods.ranking": ["DualNet"],
    "methods.retraining": ["remove_and_retrain"],
    "methods.sanity": ["parameter_randomisation"],
    "methods.shapley": ["exact_shapley", "permutation_shapley"],
}
_HOME = {name: f"xaikit.{module}" for module, names in _HOMES.items() for name in names}

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'xaikit' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value  # the next look-up does not come here
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
