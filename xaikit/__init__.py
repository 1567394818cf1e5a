"""Reference implementations of attribution methods, and the course that teaches them.

Public names are loaded on first use (PEP 562), so that ``import xaikit`` is light: it never loads
torch, scikit-learn or matplotlib by itself.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "core.attribution": ["Attribution"],
    "games.conditional": ["conditional_game"],
    "games.game": ["Game"],
    "games.removal": ["baseline_game", "marginal_game", "text_game"],
    "methods.dasp": ["dasp"],
    "methods.gaussian_process": ["gaussian_process_shapley"],
    "methods.gradients": ["gradient_x_input", "saliency"],
    "methods.integrated_gradients": ["integrated_gradients"],
    "methods.kernel_shap": ["kernel_shap"],
    "methods.lime": ["lime_tabular", "lime_text"],
    "methods.lrp": ["lrp"],
    "methods.lrp_rules": ["LRPEpsilon", "LRPFlat", "LRPGamma", "LRPWSquare", "LRPZBox"],
    "methods.ranking": ["DualNet"],
    "methods.shapley": ["exact_shapley", "permutation_shapley"],
    "metrics.agreement": ["rank_agreement"],
    "metrics.axioms": ["check_axioms"],
    "metrics.completeness": ["completeness", "sensitivity_n"],
    "metrics.deletion": ["deletion", "insertion"],
    "metrics.infidelity": ["infidelity", "max_sensitivity"],
    "metrics.retraining": ["remove_and_retrain"],
    "metrics.sanity": ["parameter_randomisation"],
    "networks.activations": ["LeakyReLU", "ReLU", "ReLU6", "Sigmoid", "Softplus", "Tanh"],
    "networks.convolution": ["AvgPool2d", "Conv2d", "MaxPool2d", "ZeroPad2d"],
    "networks.from_torch": ["from_torch"],
    "networks.layers": ["Dense", "Flatten", "Residual"],
    "networks.network": ["Network"],
    "networks.torch_model": ["TorchModel"],
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
