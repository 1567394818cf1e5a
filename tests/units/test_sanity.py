"""Parameter randomisation: which weights are lost, and which explanations change."""

import re

import numpy as np
import pytest
import torch
from torch import nn

import xaikit as xk
from tests.units.support import numpy_of
from xaikit.metrics.sanity import cascade


def gradient(model, x):
    return xk.gradient_x_input(model, x)


def networks():
    conv = xk.Conv2d(np.random.default_rng(0).normal(size=(3, 2, 2, 2)), np.ones(3))
    inner = xk.Residual([xk.Conv2d(np.random.default_rng(1).normal(size=(3, 3, 1, 1)))])
    head = xk.Dense(np.random.default_rng(2).normal(size=(2, 27)))
    return {
        "mlp": (xk.Network.mlp([6, 6, 6, 6, 1], seed=0), (9, 6), ["6:", "4:", "2:", "0:"]),
        "pictures": (
            xk.Network([conv, xk.ReLU(), inner, xk.Flatten(), head]),
            (4, 2, 4, 4),
            ["4:", "2:", "0:"],
        ),
    }


@pytest.mark.parametrize("name", networks())
def test_layers_are_lost_from_the_top_and_stay_lost(name):
    network, shape, labels = networks()[name]
    before = network
    places = [int(label[:-1]) for label in labels]
    stages = list(cascade(network, seed=3))
    assert [label.split()[0] for label, _ in stages] == labels
    for stage, (_, lost) in enumerate(stages):
        for i, (old, new) in enumerate(zip(network.layers, lost.layers, strict=True)):
            for key, weight in old.parameters.items():
                same = np.array_equal(weight, new.parameters[key])
                assert same == (i not in places[: stage + 1] or not weight.any())
                if i in places[:stage]:  # the same random weights as in its own step
                    kept = before.layers[i].parameters[key]
                    np.testing.assert_array_equal(new.parameters[key], kept)
        before = lost
    x = np.random.default_rng(0).normal(size=shape)
    assert stages[-1][1](x).shape == network(x).shape


def test_layers_of_one_shape_do_not_become_equal_and_keep_their_size():
    sizes = [60, 60, 60, 60]
    (_, lost), *_ = reversed(list(cascade(xk.Network.mlp(sizes, seed=0), seed=0)))
    weights = [layer.parameters["weight"] for layer in lost.layers if layer.parameters]
    for i, weight in enumerate(weights):
        np.testing.assert_allclose(weight.std(), np.sqrt(2 / 60), rtol=0.05)
        assert abs(weight.mean()) < 0.02
        for other in weights[:i]:
            assert abs(np.corrcoef(weight.ravel(), other.ravel())[0, 1]) < 0.05
    again = list(cascade(xk.Network.mlp(sizes, seed=0), seed=0))[-1][1]
    np.testing.assert_array_equal(again.layers[0].weight, lost.layers[0].weight)
    other = list(cascade(xk.Network.mlp(sizes, seed=0), seed=1))[-1][1]
    assert not np.array_equal(other.layers[0].weight, lost.layers[0].weight)


def test_the_trained_model_is_not_changed():
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
    kept = [p.clone() for p in module.parameters()]
    network = xk.Network.mlp([3, 4, 2], seed=0)
    weights = [layer.weight.copy() for layer in network.layers[::2]]
    x = np.ones((2, 3))
    for model in (network, xk.TorchModel(module)):
        xk.parameter_randomisation(model, gradient, x)
    for old, new in zip(kept, module.parameters(), strict=True):
        assert torch.equal(old, new) and new.requires_grad
    for old, layer in zip(weights, network.layers[::2], strict=True):
        np.testing.assert_array_equal(old, layer.weight)


def test_the_modules_of_a_torch_model():
    torch.manual_seed(0)
    block = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4, affine=False), nn.ReLU())
    module = nn.Sequential(nn.Linear(3, 4), block, nn.Dropout(), nn.Linear(4, 2))
    stages = list(cascade(xk.TorchModel(module), 0))
    assert [name for name, _ in stages] == ["3: Linear", "1.0: Linear", "0: Linear"]
    parameters = [dict(lost.module.named_parameters()) for _, lost in stages]
    first = dict(module.named_parameters())
    changed = [{k for k in first if not torch.equal(first[k], p[k])} for p in parameters]
    assert changed[0] == {"3.weight", "3.bias"}
    assert changed[1] == changed[0] | {"1.0.weight", "1.0.bias"}
    assert changed[2] == set(first)
    assert torch.equal(parameters[0]["3.weight"], parameters[2]["3.weight"])
    twins = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    twins[2].load_state_dict(twins[0].state_dict())
    *_, (_, lost) = cascade(xk.TorchModel(twins), 0)
    assert not torch.allclose(lost.module[0].weight, lost.module[2].weight)
    x = np.random.default_rng(0).normal(size=(5, 3))
    result = xk.parameter_randomisation(xk.TorchModel(module), gradient, x)
    assert result.correlation.shape == result.absolute.shape == (3, 5)
    assert [name for name, _ in cascade(xk.TorchModel(nn.Linear(2, 1)), 0)] == ["Linear"]


def test_by_hand():
    """The explanation is a row of weights: correlations are those of two rows of weights."""
    network = xk.Network([xk.Dense([[1.0, 2.0, -3.0, 4.0, -5.0]])])

    def weights(model, x):
        return x * 0 + model.layers[0].weight

    lost = next(iter(cascade(network, 2)))[1].layers[0].weight[0]
    ranks = np.argsort(np.argsort(lost))
    sizes = np.argsort(np.argsort(np.abs(lost)))
    result = xk.parameter_randomisation(network, weights, np.ones(5), seed=2)
    assert result.layers == ["0: Dense(5 -> 1)"]
    assert result.correlation.shape == (1,)
    np.testing.assert_allclose(result.correlation, np.corrcoef(ranks, [2, 3, 1, 4, 0])[0, 1])
    np.testing.assert_allclose(result.absolute, np.corrcoef(sizes, [0, 1, 2, 3, 4])[0, 1])
    assert abs(abs(result.correlation[0]) - result.absolute[0]) > 0.1


def trained():
    """A network trained to use two of twelve columns."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 12))
    network = xk.Network.mlp([12, 16, 16, 1], seed=0)
    network.fit(x, 3 * x[:, 0] - 2 * x[:, 1], epochs=60, learning_rate=5e-3)
    return network, x[:60]


def test_the_true_explanation_is_lost_with_the_weights_and_planted_ones_are_not():
    network, x = trained()
    real = xk.parameter_randomisation(
        network, lambda m, r: xk.integrated_gradients(m, r, rule="exact"), x
    )
    assert real.absolute[-1].mean() < 0.35
    for explain in (
        lambda model, r: r,  # the input itself
        lambda model, r: 0 * r + 0.5,
        lambda model, r: 0 * r + float(model(r).mean()),  # constant, but each time another constant
        lambda model, r: np.random.default_rng(0).normal(size=r.shape),  # the same noise each time
        lambda model, r: np.abs(r - r.mean(axis=0)),  # an edge detector
    ):
        planted = xk.parameter_randomisation(network, explain, x)
        assert (planted.correlation == 1).all() and (planted.absolute == 1).all()


def test_what_the_check_cannot_see_fresh_noise():
    network, x = trained()
    rng = np.random.default_rng(0)
    noise = xk.parameter_randomisation(network, lambda m, r: rng.normal(size=r.shape), x)
    assert np.abs(noise.correlation.mean(axis=1)).max() < 0.15


def test_every_backend_loses_the_same_weights(backend):
    network = xk.Network.mlp([4, 8, 1], seed=1, dtype="float32").to(dtype="float64")
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32").astype(float)
    here = backend.network(network)
    pairs = zip(cascade(here, 2), cascade(network, 2), strict=True)
    for (name, lost), (other_name, expected) in pairs:
        assert name == other_name
        for layer, other in zip(lost.layers, expected.layers, strict=True):
            for key, weight in other.parameters.items():
                found = numpy_of(layer.parameters[key])
                assert str(found.dtype) == backend.dtype
                np.testing.assert_allclose(found, weight, rtol=1e-5)
    result = xk.parameter_randomisation(here, gradient, backend.array(x))
    assert isinstance(result.correlation, np.ndarray) and result.correlation.shape == (2, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: xk.parameter_randomisation(lambda r: r, gradient, np.ones(2)),
            TypeError,
            "the layers of function are not known: expected a Network",
        ),
        (
            lambda: xk.parameter_randomisation(xk.Network.mlp([2, 1]), "gradient", np.ones(2)),
            TypeError,
            "explain is str, expected (model, x) -> scores",
        ),
        (
            lambda: xk.parameter_randomisation(xk.Network([xk.ReLU()]), gradient, np.ones(2)),
            ValueError,
            "the model has no weights to randomise",
        ),
        (
            lambda: xk.parameter_randomisation(
                xk.Network.mlp([2, 1]), lambda m, r: r[0], np.ones((2, 2))
            ),
            ValueError,
            "attribution has shape (2,), expected one score for each number of x, (2, 2)",
        ),
    ],
)
def test_bad_checks_are_refused_in_words(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
