"""The public names that the course uses, and the few modules that are loaded before that."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import xaikit as xk

# Notebooks and graders use each of these names.
PROMISED = [
    *["Network", "Dense", "Conv2d", "MaxPool2d", "AvgPool2d", "Flatten", "ZeroPad2d", "Residual"],
    *["ReLU", "LeakyReLU", "ReLU6", "Tanh", "Sigmoid", "Softplus"],
    *["GELU", "Embedding", "Attention", "LayerNorm", "TokenMean", "TokenAt", "transformer"],
    *["LRPAttention", "LRPIdentity", "raw_attention", "attention_rollout", "attention_weights"],
    *["TorchModel", "from_torch", "saliency", "gradient_x_input", "Attribution"],
    *["integrated_gradients", "lrp", "LRPEpsilon", "LRPGamma", "LRPZBox", "LRPWSquare", "LRPFlat"],
]


STUB = ast.parse(Path(xk.__file__).with_suffix(".pyi").read_text(encoding="ascii"))
HOMES = [
    (alias.name, f"xaikit.{node.module}")
    for node in STUB.body
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
]


@pytest.mark.parametrize(("name", "home"), HOMES)
def test_every_public_name_resolves_to_what_its_home_defines(name, home):
    value = getattr(xk, name)
    assert value.__name__ == name
    assert value.__module__ == home


@pytest.mark.parametrize("name", PROMISED)
def test_every_promised_name_is_public(name):
    assert name in xk.__all__


def test_type_checkers_python_and_readers_see_the_same_names():
    (listed,) = [node.value for node in STUB.body if isinstance(node, ast.Assign)]
    names = sorted(name for name, _ in HOMES)
    assert sorted(ast.literal_eval(listed)) == names  # a public name for type checkers
    assert sorted(xk.__all__) == sorted(dir(xk)) == names


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="No xaikit attribute salience"):
        xk.salience  # noqa: B018
    assert not hasattr(xk, "plot")


def loaded_by(code):
    """Return the names of the modules that a fresh interpreter has loaded after this code."""
    script = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


HEAVY = {"torch", "scipy", "sklearn", "pandas", "matplotlib", "ipywidgets", "IPython", "tqdm"}


@pytest.mark.parametrize(
    "code",
    [
        "import xaikit",
        "import xaikit; dir(xaikit)",
        "import xaikit as xk; n = xk.Network.mlp([2, 3, 1]); n.fit([[1, 2]], [3], epochs=1); "
        "print(xk.gradient_x_input(n, [1, 2]))",
        "import xaikit as xk; n = xk.Network.mlp([2, 3, 1]); print(xk.lrp(n, [1, 2]), "
        "xk.integrated_gradients(n, [1, 2]), xk.integrated_gradients(n, [1, 2], rule='exact'))",
        "import xaikit as xk; n = xk.Network.mlp([2, 3, 1]); a = xk.gradient_x_input(n, [1, 2]); "
        "print(xk.deletion(n, [1, 2], a), xk.infidelity(n, [1, 2], a), xk.completeness(a), "
        "xk.check_axioms(lambda n, x, b: 0 * x))",
    ],
)
def test_numpy_alone_is_enough(code):
    assert not loaded_by(code) & HEAVY
