"""Use every public part of xaikit once, where only the wheel and its requirements are installed.

`test_wheel.py` runs this file there and reads its output: for every use, the error or null.
"""

import json
import pkgutil
import pydoc
from importlib import import_module

import numpy as np

import xaikit as xk

X = np.array([1.0, 0.5, -1.0])
ROWS = np.random.default_rng(0).normal(size=(30, 3))
PICTURE = np.arange(16.0).reshape(1, 1, 4, 4)
NETWORK = xk.Network.mlp([3, 4, 1])
TEXT = np.array([3, 1, 4])
READER = xk.transformer(5, 2, width=4, heads=2, blocks=1, hidden=4)
SCORES = xk.gradient_x_input(NETWORK, X)
ALL_SCORES = xk.gradient_x_input(NETWORK, ROWS)


def game():
    return xk.baseline_game(NETWORK, X)


def lrp(rule):
    return xk.lrp(NETWORK, X, rule=rule)


def positive(texts):
    return np.array([["good" in text.split(), True] for text in texts], dtype=float)


def import_star():
    names: dict = {}
    exec("from xaikit import *", names)
    assert set(xk.__all__) <= set(names)


def look_around():
    assert dir(xk) == xk.__all__ and all(hasattr(xk, name) for name in dir(xk))
    assert not hasattr(xk, "lrp_typo")


def dense():
    return xk.Dense(np.eye(3))


PUBLIC = {
    "Attention": lambda: xk.Attention(*(dense() for _ in range(4))).forward(ROWS[None]),
    "Attribution": lambda: str(SCORES),
    "AvgPool2d": lambda: xk.AvgPool2d(2).forward(PICTURE),
    "Conv2d": lambda: xk.Conv2d(np.ones((1, 1, 3, 3))).forward(PICTURE),
    "Dense": lambda: xk.Dense(np.ones((2, 3))).forward(ROWS),
    "DualNet": lambda: xk.DualNet(subset_size=1),
    "Embedding": lambda: xk.Embedding(ROWS).forward(TEXT[None]),
    "Flatten": lambda: xk.Flatten().forward(PICTURE),
    "GELU": lambda: xk.GELU().forward(ROWS),
    "Game": lambda: xk.Game(2, lambda masks: masks.sum(axis=1)),
    "LRPAttention": lambda: xk.lrp(READER, TEXT, rule={"attention": xk.LRPAttention(0.5)}),
    "LRPEpsilon": lambda: lrp(xk.LRPEpsilon()),
    "LRPFlat": lambda: lrp({"first": xk.LRPFlat()}),
    "LRPGamma": lambda: lrp(xk.LRPGamma()),
    "LRPIdentity": lambda: xk.lrp(READER, TEXT, rule={"norm": xk.LRPIdentity()}),
    "LRPRatio": lambda: lrp({"sum": xk.LRPRatio()}),
    "LRPWSquare": lambda: lrp({"first": xk.LRPWSquare()}),
    "LRPZBox": lambda: lrp({"first": xk.LRPZBox(-1, 1)}),
    "LRPZPlus": lambda: lrp({"first": xk.LRPZPlus()}),
    "LayerNorm": lambda: xk.LayerNorm(np.ones(3)).forward(ROWS),
    "LeakyReLU": lambda: xk.LeakyReLU().forward(ROWS),
    "MaxPool2d": lambda: xk.MaxPool2d(2).forward(PICTURE),
    "Network": lambda: xk.Network.mlp([3, 1]).fit(ROWS, ROWS[:, :1], epochs=1),
    "ReLU": lambda: xk.ReLU().forward(ROWS),
    "ReLU6": lambda: xk.ReLU6().forward(ROWS),
    "Residual": lambda: xk.Residual([xk.Tanh()]).forward(ROWS),
    "Sigmoid": lambda: xk.Sigmoid().forward(ROWS),
    "Softplus": lambda: xk.Softplus().forward(ROWS),
    "Tanh": lambda: xk.Tanh().forward(ROWS),
    "TokenAt": lambda: xk.TokenAt().forward(ROWS[None]),
    "TokenMean": lambda: xk.TokenMean().forward(ROWS[None]),
    "TorchModel": lambda: xk.TorchModel(None),
    "ZeroPad2d": lambda: xk.ZeroPad2d(1, 1, 1, 1).forward(PICTURE),
    "attention_rollout": lambda: xk.attention_rollout(READER, TEXT),
    "attention_weights": lambda: xk.attention_weights(READER, TEXT),
    "baseline_game": lambda: game()(np.eye(3) > 0),
    "check_axioms": lambda: xk.check_axioms(lambda network, x, baseline: 0 * x, trials=2),
    "completeness": lambda: xk.completeness(SCORES),
    "conditional_game": lambda: xk.conditional_game(NETWORK, X, ROWS)(np.eye(3) > 0),
    "dasp": lambda: xk.dasp(NETWORK, X),
    "deletion": lambda: xk.deletion(NETWORK, X, SCORES),
    "exact_shapley": lambda: xk.exact_shapley(game()),
    "from_torch": lambda: xk.from_torch(None),
    "gaussian_process_shapley": lambda: xk.gaussian_process_shapley(game()),
    "gradient_x_input": lambda: SCORES,
    "infidelity": lambda: xk.infidelity(NETWORK, X, SCORES),
    "insertion": lambda: xk.insertion(NETWORK, X, SCORES),
    "integrated_gradients": lambda: xk.integrated_gradients(NETWORK, X),
    "kernel_shap": lambda: xk.kernel_shap(game()),
    "lime_image": lambda: xk.lime_image(lambda p: p.sum(axis=(1, 2, 3)), PICTURE[0]),
    "lime_tabular": lambda: xk.lime_tabular(NETWORK, X, ROWS, samples=50),
    "lime_text": lambda: xk.lime_text(positive, "a good day", samples=50),
    "lrp_composite": lambda: lrp(xk.lrp_composite("epsilon-plus")),
    "lrp": lambda: lrp(None),
    "marginal_game": lambda: xk.marginal_game(NETWORK, X, ROWS)(np.eye(3) > 0),
    "max_sensitivity": lambda: xk.max_sensitivity(lambda x: xk.saliency(NETWORK, x), X),
    "parameter_randomisation": lambda: xk.parameter_randomisation(NETWORK, xk.saliency, X),
    "permutation_shapley": lambda: xk.permutation_shapley(game()),
    "rank_agreement": lambda: xk.rank_agreement({"a": SCORES, "b": lrp(None)}, top=2),
    "raw_attention": lambda: xk.raw_attention(READER, TEXT),
    "remove_and_retrain": lambda: xk.remove_and_retrain(
        lambda *given: 1.0, ROWS, ROWS[:, 0], ALL_SCORES, ROWS, ROWS[:, 0], ALL_SCORES
    ),
    "saliency": lambda: xk.saliency(NETWORK, X),
    "sensitivity_n": lambda: xk.sensitivity_n(NETWORK, X, SCORES),
    "text_game": lambda: xk.exact_shapley(xk.text_game(positive, "a good day")),
    "transformer": lambda: READER(TEXT),
}
OTHERS = {
    "from xaikit import *": import_star,
    "dir and hasattr": look_around,
    "help(xaikit)": lambda: pydoc.render_doc(xk),
    ".interval": lambda: xk.lime_tabular(NETWORK, X, ROWS, samples=50).interval(),
    ".plot": SCORES.plot,
    ".to": lambda: NETWORK.to("cpu"),
    ".to_shap": SCORES.to_shap,
    "progress=True": lambda: xk.exact_shapley(game(), progress=True),
}
MODULES = {
    module.name: lambda name=module.name: import_module(name)
    for module in pkgutil.walk_packages(xk.__path__, "xaikit.", onerror=lambda name: None)
}


def error_of(use):
    try:
        use()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    uses = {"public": PUBLIC, "others": OTHERS, "modules": MODULES}
    print(
        json.dumps({k: {name: error_of(use) for name, use in u.items()} for k, u in uses.items()})
    )
