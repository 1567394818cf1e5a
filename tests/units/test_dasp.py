"""DASP: moments against draws, end terms against occlusion, values against exact ones."""

from dataclasses import replace
from itertools import combinations, pairwise, product

import numpy as np
import pytest
import torch
from scipy.stats import norm, spearmanr

import xaikit as xk
from tests.units.support import assert_lives_at, numpy_of
from xaikit.methods import dasp, moments
from xaikit.networks.activations import LeakyReLU, ReLU, ReLU6, Sigmoid, Softplus, Tanh
from xaikit.networks.convolution import AvgPool2d, Conv2d, MaxPool2d, ZeroPad2d
from xaikit.networks.layers import Dense, Flatten, Residual

ACTIVATIONS = [ReLU(), LeakyReLU(0.2), ReLU6(), Tanh(), Sigmoid(), Softplus()]


def dense(rng, outputs, inputs):
    weight = rng.normal(size=(outputs, inputs)) * np.sqrt(2 / inputs)
    return Dense(weight, rng.normal(size=outputs) * 0.1)


def mlp(seed, sizes):
    rng = np.random.default_rng(seed)
    layers = []
    for inputs, outputs in pairwise(sizes):
        layers += [dense(rng, outputs, inputs), ReLU()]
    return xk.Network(layers[:-1])


def pictures(seed, middle):
    """A network on pictures 1 × 6 × 6 whose first layer is a convolution, and a row."""
    rng = np.random.default_rng(seed)
    first = Conv2d(rng.normal(size=(3, 1, 3, 3)) * 0.5, rng.normal(size=3) * 0.1, padding=1)
    layers = [first, ReLU(), *middle(rng)]
    x = rng.normal(size=(2, 1, 6, 6))
    width = xk.Network([*layers, Flatten()])(x).shape[1]
    return xk.Network([*layers, Flatten(), dense(rng, 2, width)]), x


def in_one_basket(rng):
    return [
        ZeroPad2d(0, 1, 0, 1),
        Residual([Conv2d(rng.normal(size=(3, 3, 3, 3)) * 0.2, None, padding=1), ReLU6()]),
        MaxPool2d(2),
        AvgPool2d((1, 2)),
    ]


# Moments of single layers


M, V = np.linspace(-3, 7, 11)[None], np.full((1, 11), 2.0)


@pytest.mark.parametrize("layer", ACTIVATIONS, ids=repr)
def test_moments_of_activations_are_integrals(layer, backend):
    """Exact up to rounding if piecewise linear; within 0.3% of a standard deviation if smooth."""
    mean, variance = moments.layer_moments(layer, (backend.array(M), backend.array(V)))
    assert_lives_at(backend, mean)
    x = np.linspace(-10, 10, 200_001)[:, None]
    density = np.exp(-(x**2) / 2)
    y = layer.forward(M + np.sqrt(V) * x)
    true_mean = (density * y).sum(axis=0) / density.sum()
    true_std = np.sqrt((density * (y - true_mean) ** 2).sum(axis=0) / density.sum())
    smooth = isinstance(layer, Tanh | Sigmoid | Softplus)
    off = 0.003 if smooth else 1e-6 if backend.dtype == "float64" else 2e-3
    scale = np.maximum(true_std, 0.05)  # saturated units hardly change
    assert np.abs((numpy_of(mean) - true_mean) / scale).max() < off
    assert np.abs((np.sqrt(numpy_of(variance)) - true_std) / scale).max() < off


@pytest.mark.parametrize("layer", ACTIVATIONS, ids=repr)
def test_certain_units_pass_the_activation_as_they_are(layer, exact_backend):
    m = np.array([[-2.0, 0.0, 1.5, 7.0]])
    mean, variance = moments.layer_moments(
        layer, (exact_backend.array(m), exact_backend.array(0 * m))
    )
    np.testing.assert_allclose(numpy_of(mean), layer.forward(m), atol=1e-14)
    assert np.abs(numpy_of(variance)).max() < 1e-13


def test_larger_of_two_gaussians():
    rng = np.random.default_rng(0)
    for m_a, m_b, v_a, v_b in [(0.0, 0.5, 1.0, 2.0), (2.0, -1.0, 0.3, 1.0), (1.0, 1.0, 1.0, 0.0)]:
        draws = np.maximum(
            m_a + np.sqrt(v_a) * rng.standard_normal(10**6),
            m_b + np.sqrt(v_b) * rng.standard_normal(10**6),
        )
        m, v = moments.larger_of(*((np.array(m), np.array(s)) for m, s in [(m_a, v_a), (m_b, v_b)]))
        assert abs(m - draws.mean()) < 0.01 * draws.std()
        assert abs(np.sqrt(v) - draws.std()) < 0.01 * draws.std()
    m, v = moments.larger_of((np.array(2.0), np.array(0.0)), (np.array(3.0), np.array(0.0)))
    assert (m, v) == (3.0, 0.0)


def test_moments_of_pools_are_those_of_draws():
    rng = np.random.default_rng(0)
    m, v = rng.normal(size=(1, 8, 4, 4)), rng.uniform(0.2, 2, size=(1, 8, 4, 4))
    z = m + np.sqrt(v) * rng.standard_normal((10**5, 8, 4, 4))
    for layer, worst, variance_off in [(AvgPool2d(2), 0.015, 0.02), (MaxPool2d(2), 0.035, 0.2)]:
        draws = layer.forward(z)
        mean, variance = moments.layer_moments(layer, (m, v))
        off = np.abs((mean[0] - draws.mean(axis=0)) / draws.std(axis=0))
        assert off.max() < worst and off.mean() < 0.01
        assert np.abs(variance[0] / draws.var(axis=0) - 1).max() < variance_off


@pytest.mark.parametrize("size", [(1, 3), (3, 2), (5, 1)])
def test_the_largest_of_an_odd_number_of_entries_may_be_any_of_them(size):
    """Entries without variance, so the largest is exact at any place."""
    count = size[0] * size[1]
    m = np.eye(count).reshape(count, 1, *size)
    for far in (0.0, -5.0):
        mean, variance = moments.layer_moments(MaxPool2d(size), (m + far, np.zeros_like(m)))
        np.testing.assert_array_equal(mean.ravel(), 1 + far)
        np.testing.assert_array_equal(variance, 0)


@pytest.mark.parametrize("layer", ACTIVATIONS, ids=repr)
def test_rounding_makes_no_variance_negative(layer):
    m = np.linspace(-300, 300, 601)[None]
    for v in (0.0, 1e-30, 1e-14, 1e-8):
        assert (moments.layer_moments(layer, (m, np.full_like(m, v)))[1] >= 0).all()


def test_linear_layers_and_sums_push_moments_exactly():
    rng = np.random.default_rng(1)
    layer = dense(rng, 4, 4)
    m, v = rng.normal(size=(3, 4)), rng.uniform(size=(3, 4))
    mean, variance = moments.layer_moments(layer, (m, v))
    np.testing.assert_allclose(mean, m @ layer.weight.T + layer.bias, atol=1e-14)
    np.testing.assert_allclose(variance, v @ (layer.weight**2).T, atol=1e-14)
    both = moments.layer_moments(Residual([layer]), (m, v))
    np.testing.assert_allclose(both, (m + mean, v + variance), atol=1e-14)


# Units under random coalitions


@pytest.mark.parametrize("size", [0, 1, 4, 7, 9])
def test_first_layer_moments_are_those_of_all_coalitions(size):
    """They are the exact mean and variance over every coalition of that size."""
    network, x = mlp(2, [9, 5, 1]), np.random.default_rng(3).normal(size=9)
    b = np.linspace(-1, 1, 9)
    rows = []
    for chosen in combinations(range(9), size):
        row = b.copy()
        row[list(chosen)] = x[list(chosen)]
        rows.append(network.layers[0].forward(row[None])[0])
    mean, variance = dasp.unit_moments(network, x, size, b)[0]
    np.testing.assert_allclose(mean[0], np.mean(rows, axis=0), atol=1e-13)
    np.testing.assert_allclose(variance[0], np.var(rows, axis=0), atol=1e-13)


def test_samples_of_units_show_what_moments_predict():
    network, x = mlp(4, [12, 20, 8, 1]), np.random.default_rng(5).normal(size=12)
    predicted = dasp.unit_moments(network, x, 5)
    samples = dasp.unit_samples(network, x, 5, samples=40_000)
    assert len(predicted) == len(samples) == len(network.layers)
    for (mean, _), drawn in zip(predicted, samples, strict=True):
        assert drawn.shape == (40_000, mean.shape[1])
        assert np.abs(mean[0] - drawn.mean(axis=0)).max() < 0.15 * drawn.std(axis=0).max()
    again = dasp.unit_samples(network, x, 5, samples=10)
    np.testing.assert_array_equal(again[0], dasp.unit_samples(network, x, 5, samples=10)[0])
    assert (again[0] != dasp.unit_samples(network, x, 5, samples=10, seed=1)[0]).any()


# Values


@pytest.mark.parametrize("value", [0.1, 0.3, 0.7, 1.1, 2.3])
def test_exact_where_coalitions_of_a_size_are_all_the_same(value):
    """If all players contribute the same, the variance is 0, also with rounding."""
    rng = np.random.default_rng(16)
    column, bias, last = rng.normal(size=(3, 40))
    first = Dense(np.repeat(column[:, None], 7, axis=1), bias)
    network, x = xk.Network([first, ReLU(), Dense(last[None])]), np.full(7, value)
    exact = (network(x) - network(np.zeros(7))) / 7
    np.testing.assert_allclose(xk.dasp(network, x).values, np.repeat(exact, 7), atol=1e-12)
    for size in range(8):
        assert (dasp.unit_moments(network, x, size)[0][1] >= 0).all()


def test_exact_on_linear_models(backend):
    rng = np.random.default_rng(6)
    network = backend.network(xk.Network([dense(rng, 3, 12)]))
    x, b = backend.array(rng.normal(size=(4, 12))), backend.array(rng.normal(size=12))
    result = xk.dasp(network, x, [0, 1, 2, 1], b)
    assert_lives_at(backend, result.values)
    expected = (x - b) * network.layers[0].weight[[0, 1, 2, 1]]
    np.testing.assert_allclose(
        numpy_of(result.values), numpy_of(expected), atol=20 * backend.tolerance
    )
    assert np.abs(numpy_of(result.gap)).max() < 100 * backend.tolerance


@pytest.mark.parametrize("players", [1, 2])
def test_exact_for_one_or_two_players(players):
    network, x = mlp(7, [players, 6, 1]), np.random.default_rng(8).normal(size=(3, players))
    exact = xk.exact_shapley(xk.baseline_game(network, x, 0.5))
    np.testing.assert_allclose(xk.dasp(network, x, baseline=0.5).values, exact.values, atol=1e-12)


def by_enumeration(network, x, baseline):
    """φ of one row through first layer, ReLU and output, with moments over all coalitions.

    Player i's term at size k is the difference of E[relu] with i and without i. Each unit's values
    over the coalitions of k others are replaced by a Gaussian with their mean and variance.
    """
    first, _, *rest = network.layers
    players = x.size
    values = np.zeros(players)
    for i, size in product(range(players), range(players)):
        others = [j for j in range(players) if j != i]
        outputs = []
        for present in ([], [i]):
            rows = []
            for chosen in combinations(others, size):
                row = baseline.copy()
                row.ravel()[[*chosen, *present]] = x.ravel()[[*chosen, *present]]
                rows.append(first.forward(row[None])[0])
            mean, std = np.mean(rows, axis=0), np.std(rows, axis=0)
            a = mean / np.where(std > 1e-9, std, 1)
            inside = np.where(std > 1e-9, norm.cdf(a), mean > 0)
            hidden = mean * inside + np.where(std > 1e-9, std * norm.pdf(a), 0)
            outputs.append(xk.Network(rest)(hidden[None])[0, 0])
        values[i] += (outputs[1] - outputs[0]) / players
    return values.reshape(x.shape)


@pytest.mark.parametrize("first", ["dense", "convolution"])
def test_values_are_those_of_all_coalitions_listed(first):
    """Equal up to rounding: later layers are sums, so only the first layer's moments are needed."""
    rng = np.random.default_rng(15)
    if first == "dense":
        network, shape = mlp(15, [6, 7, 1]), (6,)
    else:
        conv = Conv2d(rng.normal(size=(2, 1, 2, 2)), rng.normal(size=2), padding=(0, 1))
        network, shape = xk.Network([conv, ReLU(), Flatten(), dense(rng, 1, 8)]), (1, 2, 3)
    x, baseline = rng.normal(size=(2, 2, *shape))
    result = xk.dasp(network, x, baseline=baseline, sizes=6)
    np.testing.assert_array_equal(result.details["sizes"], np.arange(6))
    for row in range(2):
        expected = by_enumeration(network, x[row], baseline[row])
        np.testing.assert_allclose(result.values[row], expected, atol=1e-12)
    end = network(baseline)[:, 0]
    np.testing.assert_allclose(result.base, end, atol=1e-14)
    gap = result.values.reshape(2, -1).sum(axis=1) - (network(x)[:, 0] - end)
    np.testing.assert_allclose(result.gap, gap, atol=1e-12)


@pytest.mark.parametrize("middle", [in_one_basket, lambda rng: []], ids=["all layers", "plain"])
def test_end_terms_are_occlusion(middle, monkeypatch):
    """Without others, and with all others, there is only one coalition."""
    network, x = pictures(9, middle)
    b = np.random.default_rng(10).normal(size=(1, 6, 6))
    alone, last = np.empty((2, 2, 36))
    for i in range(36):
        one, without = np.repeat(b[None], 2, axis=0).copy(), x.copy()
        one.reshape(2, -1)[:, i] = x.reshape(2, -1)[:, i]
        without.reshape(2, -1)[:, i] = b.reshape(-1)[i]
        alone[:, i] = network(one)[:, 1] - network(b[None])[:, 1]
        last[:, i] = network(x)[:, 1] - network(without)[:, 1]
    for k, expected in [(0.0, alone), (35.0, last)]:
        monkeypatch.setattr(
            dasp, "coalition_sizes", lambda *_, k=k: (np.array([k]), np.array([1.0]))
        )
        values = xk.dasp(network, x, 1, b).values.reshape(2, -1)
        np.testing.assert_allclose(values, expected, atol=1e-10)


def test_close_to_exact_values_on_random_networks():
    errors, ranks = [], []
    for seed in range(20):
        network, x = mlp(seed, [8, 32, 16, 1]), np.random.default_rng(100 + seed).normal(size=8)
        exact, values = xk.exact_shapley(xk.baseline_game(network, x)).values, xk.dasp(network, x)
        errors.append(np.linalg.norm(values.values - exact) / np.linalg.norm(exact))
        ranks.append(spearmanr(values.values, exact).statistic)
    assert np.median(errors) < 0.12 and np.median(ranks) > 0.95
    assert np.median(errors) > 0.01, "too good: is this still propagation?"


def test_close_to_sampled_values_through_every_layer():
    network, x = pictures(11, in_one_basket)
    truth = xk.permutation_shapley(xk.baseline_game(network, x[:1], target=1), budget=30_000)
    values = xk.dasp(network, x[:1], 1).values.reshape(-1)
    assert np.corrcoef(values, truth.values[0])[0, 1] > 0.97
    assert np.linalg.norm(values - truth.values[0]) < 0.25 * np.linalg.norm(truth.values)


def test_four_sizes_come_close_to_all_of_them():
    network, x = mlp(12, [18, 64, 32, 1]), np.random.default_rng(13).normal(size=(5, 18))
    every, four = xk.dasp(network, x, sizes=18), xk.dasp(network, x)
    assert len(four.details["sizes"]) == 4 and four.details["forward_passes"] == 4 * 18 * 4
    assert np.abs(every.values - four.values).max() < 0.02 * np.abs(every.values).max()


def test_rows_do_not_depend_on_their_batch_or_on_chunks(monkeypatch):
    network, x = pictures(14, in_one_basket)
    together = xk.dasp(network, x, [0, 1]).values
    monkeypatch.setattr(dasp, "chunk_rows", lambda width: 5)
    for row, target in ((0, 0), (1, 1)):
        alone = xk.dasp(network, x[row : row + 1], target).values[0]
        np.testing.assert_allclose(alone, together[row], atol=1e-12)


def test_sizes_are_a_quadrature():
    k, weights = dasp.coalition_sizes(8)
    np.testing.assert_array_equal(k, np.arange(8))
    for players, sizes in [(9, None), (100, 7), (3, 2), (8, 7)]:
        k, weights = dasp.coalition_sizes(players, sizes)
        assert len(k) == (sizes or 4) and (k >= 0).all() and (k <= players - 1).all()
        assert np.isclose(weights.sum(), 1) and np.isclose(weights @ k, (players - 1) / 2)


# Errors


def test_errors_say_what_is_expected():
    network, x = mlp(0, [4, 3, 1]), np.ones(4)
    with pytest.raises(TypeError, match="from_torch"):
        xk.dasp(xk.TorchModel(torch.nn.Linear(4, 1)), x)
    with pytest.raises(ValueError, match="Dense or Conv2d layer first"):
        xk.dasp(xk.Network([ReLU(), *network.layers]), x)
    with pytest.raises(ValueError, match="sizes is 0, expected at least 1"):
        xk.dasp(network, x, sizes=0)
    for sizes in (2.5, True):
        with pytest.raises(TypeError, match="expected a whole number"):
            xk.dasp(network, x, sizes=sizes)
    for size in (-1, 5):
        with pytest.raises(ValueError, match="0 to 4"):
            dasp.unit_moments(network, x, size)
    with pytest.raises(ValueError, match="one row"):
        dasp.unit_samples(network, np.ones((2, 4)), 1)


def test_nothing_is_nan_where_nothing_happens():
    network = mlp(0, [4, 3, 1])
    dead = xk.Network([replace(network.layers[0], weight=np.zeros((3, 4))), *network.layers[1:]])
    for net, x in [(network, np.zeros((2, 4))), (dead, np.ones((2, 4)))]:
        result = xk.dasp(net, x)
        np.testing.assert_array_equal(result.values, 0)
        np.testing.assert_array_equal(result.gap, 0)
