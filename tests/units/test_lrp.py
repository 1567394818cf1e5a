"""LRP: every rule against its formula, against gradient × input, captum, and by hand."""

import re
from dataclasses import dataclass, replace

import captum.attr
import captum.attr._utils.lrp_rules as captum_rules
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import xaikit as xk
from tests.units.relevance import RULES, Rule, chain, share_out, through, total, zbox
from tests.units.support import (
    BACKENDS,
    assert_equal,
    assert_lives_at,
    dense_layers,
    masks,
    networks,
    numpy_of,
    seeds,
)
from xaikit.core import chunks
from xaikit.networks.layers import Layer, run

PLAIN = xk.LRPEpsilon(0.0)
TORCH = next(b for b in BACKENDS if (b.library, b.dtype) == ("torch", "float64"))
every_rule = pytest.mark.parametrize("name", RULES)


def close(actual, expected, size, tolerance):
    """Raise unless rows are equal, relative to the size (n,) of the numbers in their sums."""
    error = np.abs(numpy_of(actual) - expected).reshape(len(size), -1).max(axis=1)
    np.testing.assert_array_less(error, tolerance * (size + 1e-300))


# Against the formulas, for each layer and for the whole network.


def assert_follows_formulas(network, x, target, name, backend):
    """Raise unless every layer's relevance and ledger follow the formula of its rule."""
    here, rows = backend.network(network), backend.array(x)
    result = xk.lrp(here, rows, target, RULES[name].ours)
    relevances = [numpy_of(r).astype(float) for r in result.details["relevance"]]
    values = [numpy_of(v).astype(float) for v in run(here.layers, rows)]
    layers = network.to("numpy", "float64").layers
    for i, row in enumerate(reversed(result.details["ledger"])):
        step = through(layers[i], values[i], relevances[i + 1], RULES[name])
        tolerance = 10 * backend.tolerance
        close(relevances[i], step.passed, step.size, tolerance)
        close(row.to_bias, step.to_bias, step.size, tolerance)
        close(row.absorbed, step.absorbed, step.size, tolerance)
        close(row.passed_on, total(step.passed), step.size, tolerance)
        close(row.relevance, total(relevances[i + 1]), step.size, tolerance)
    return result


@settings(max_examples=60)
@given(name=st.sampled_from(sorted(RULES)), drawn=networks(), seed=seeds)
def test_every_layer_follows_its_formula(exact_backend, name, drawn, seed):
    network, x = drawn
    target = np.random.default_rng(seed).integers(0, network(x).shape[1], len(x))
    result = assert_follows_formulas(network, x, target, name, exact_backend)
    start = np.zeros_like(network(x))
    start[range(len(x)), target] = network(x)[range(len(x)), target]
    assert_equal(result.details["relevance"][-1], start, exact_backend)


@st.composite
def networks_of_tokens(draw):
    """Draw layers of tokens, their mean, and a dense layer; with vectors (n, T, d)."""
    n, length, width = (draw(st.integers(1, most)) for most in (3, 4, 4))
    inside = [draw(dense_layers(width, outputs=width)), xk.Tanh()]
    first = draw(dense_layers(width, outputs=width))
    layers = [first, xk.GELU(), xk.Residual(inside), xk.TokenMean(draw(masks(n, length, False)))]
    vectors = np.random.default_rng(draw(seeds)).normal(size=(n, length, width))
    return xk.Network([*layers, draw(dense_layers(width))]), vectors


@settings(max_examples=60)
@given(name=st.sampled_from(sorted(RULES)), drawn=networks_of_tokens())
def test_every_layer_of_tokens_follows_its_formula(exact_backend, name, drawn):
    assert_follows_formulas(*drawn, 0, name, exact_backend)


def small_network(kind, seed=0):
    """Return a network with biases, and rows: dense, or with all layers for pictures."""
    rng = np.random.default_rng(seed)

    def draw(*shape):
        return rng.normal(0, np.prod(shape[1:]) ** -0.5, shape).astype("float32").astype(float)

    if kind == "dense":
        layers = [xk.Dense(draw(6, 4), draw(6)), xk.ReLU(), xk.Dense(draw(3, 6), draw(3))]
        return xk.Network(layers), draw(5, 4)
    layers = [xk.ZeroPad2d(1, 0, 0, 1), xk.Conv2d(draw(4, 1, 3, 2), draw(4), (2, 1), (0, 1), 2)]
    layers += [xk.LeakyReLU(0.1), xk.AvgPool2d(2, 1), xk.Conv2d(draw(3, 4, 1, 2), draw(3))]
    layers += [xk.ReLU6(), xk.Residual([xk.Conv2d(draw(3, 3, 3, 3), draw(3), 1, 1), xk.Tanh()])]
    layers += [xk.MaxPool2d((1, 2)), xk.Flatten(), xk.Dense(draw(3, 6), draw(3))]
    return xk.Network(layers), draw(4, 2, 5, 5)


@every_rule
@pytest.mark.parametrize("kind", ["dense", "pictures"])
def test_every_backend_follows_the_formulas(backend, name, kind):
    network, x = small_network(kind)
    result = assert_follows_formulas(network, x, 1, name, backend)
    for row in result.details["ledger"]:
        for part in (row.relevance, row.passed_on, row.to_bias, row.absorbed):
            assert_lives_at(backend, part)
            assert tuple(part.shape) == (len(x),)
    assert_lives_at(backend, result.values)


@every_rule
@pytest.mark.parametrize("kind", ["dense", "pictures"])
def test_a_whole_network_composes_its_formulas(exact_backend, name, kind):
    network, x = small_network(kind)
    result = xk.lrp(exact_backend.network(network), exact_backend.array(x), 2, RULES[name].ours)
    start = network(x) * [0, 0, 1]
    step = chain(network.layers, x, start, RULES[name])
    close(result.values, step.passed, step.size, 1e-12)
    ledger = result.details["ledger"]
    close(sum(numpy_of(row.to_bias) for row in ledger), step.to_bias, step.size, 1e-12)
    close(sum(numpy_of(row.absorbed) for row in ledger), step.absorbed, step.size, 1e-12)


# Where LRP-0 is gradient × input, and where it is not.


@given(drawn=networks(kinds=(xk.ReLU, xk.LeakyReLU)), seed=seeds)
def test_lrp_0_is_gradient_times_input(exact_backend, drawn, seed):
    network, x = drawn
    target = np.random.default_rng(seed).integers(0, network(x).shape[1], len(x))
    here, rows = exact_backend.network(network), exact_backend.array(x)
    expected = numpy_of(xk.gradient_x_input(here, rows, target).values)
    assert_equal(xk.lrp(here, rows, target, PLAIN).values, expected, exact_backend, 1e-9)


@pytest.mark.parametrize(
    ("layers", "lrp", "gradient"),
    [
        ([xk.Dense([[5.0]]), xk.ReLU6()], 6.0, 0.0),
        ([xk.Dense([[1.0]]), xk.Tanh()], np.tanh(2), 2 / np.cosh(2) ** 2),
    ],
    ids=["saturated ReLU6", "tanh"],
)
def test_lrp_0_is_not_gradient_times_input_everywhere(backend, layers, lrp, gradient):
    network, x = backend.network(xk.Network([xk.Dense([[1.0]]), *layers])), backend.array([[2.0]])
    scores = xk.gradient_x_input(network, x).values
    assert_equal(scores, np.array([[gradient]]), backend)
    assert_equal(xk.lrp(network, x, rule=PLAIN).values, np.array([[lrp]]), backend)


# By hand: F = 3x₁ − x₂ + 4 at (1, 2) is 5.

BY_HAND = {
    "LRP-0": (xk.LRPEpsilon(0.0), [3, -2], 4, 0),
    "ε": (xk.LRPEpsilon(5.0), [1.5, -1], 2, 2.5),
    # Positive contributions count twice: 6 − 2 + 8 = 12.
    "γ": (xk.LRPGamma(1.0), [2.5, -10 / 12], 40 / 12, 0),
    # In [0, 4], 3x₁ is at least 0, and −x₂ at least −4: they are larger by 3 and by 2.
    "z^B": (xk.LRPZBox(0.0, 4.0), [3, 2], 0, 0),
    "z^B of each feature": (xk.LRPZBox([-1.0, 0.0], [1.0, 3.0]), [30 / 7, 5 / 7], 0, 0),
    "w²": (xk.LRPWSquare(), [4.5, 0.5], 0, 0),
    "flat": (xk.LRPFlat(), [2.5, 2.5], 0, 0),
}


def assert_unit(network, backend, rule, values, to_bias, absorbed):
    result = xk.lrp(backend.network(network), backend.array([1.0, 2.0]), rule=rule)
    assert_equal(result.values, np.array(values, float), backend)
    (row,) = result.details["ledger"]
    parts = [row.relevance, row.passed_on, row.to_bias, row.absorbed]
    for part, value in zip(parts, [result.output, sum(values), to_bias, absorbed], strict=True):
        assert_equal(part, np.array([float(value)]), backend)


@pytest.mark.parametrize("name", BY_HAND)
def test_a_unit_by_hand(backend, name):
    assert_unit(xk.Network([xk.Dense([[3.0, -1.0]], [4.0])]), backend, *BY_HAND[name])


@pytest.mark.parametrize("name", BY_HAND)
def test_a_unit_below_zero_by_hand(backend, name):
    """Opposite weights give opposite relevance; only z^B has other contributions: 9, 2 or 0, 2."""
    rule, values, to_bias, absorbed = BY_HAND[name]
    turned = {"z^B": [45 / 11, 10 / 11], "z^B of each feature": [0, 5]}.get(name, values)
    network = xk.Network([xk.Dense([[-3.0, 1.0]], [-4.0])])
    assert_unit(network, backend, rule, [-v for v in turned], -to_bias, -absorbed)


class MinusZero(xk.Dense):
    """A custom layer whose zeros are −0.0."""

    def forward(self, a):
        return -super().forward(-a)


@pytest.mark.parametrize("kind", [xk.Dense, MinusZero])
def test_zero_counts_as_positive(backend, kind):
    """Two inputs cancel, so z = 0, and the unit's relevance is 6: an input x gets 6x / ε."""
    network = backend.network(xk.Network([kind([[1.0, 1.0]]), xk.Dense([[2.0]], [6.0])]))
    x, rules = backend.array([[1.0, -1.0], [-3.0, 3.0]]), {0: xk.LRPEpsilon(0.5), 1: xk.LRPFlat()}
    result = xk.lrp(network, x, rule=rules)
    assert numpy_of(result.values).tolist() == [[12, -12], [-36, 36]]
    assert numpy_of(result.details["ledger"][1].absorbed).tolist() == [6, 6]
    without = xk.lrp(network, x, rule={1: xk.LRPFlat()})
    assert numpy_of(without.values).tolist() == [[0, 0], [0, 0]]
    assert numpy_of(without.details["ledger"][1].absorbed).tolist() == [6, 6]


def test_a_sum_of_zero_absorbs_its_relevance(backend):
    """a + f of (1, −2, 0): f = 3a, but −a in the second column, where the sum is 0."""
    network = xk.Network(
        [xk.Residual([xk.Dense(np.diag([3.0, -1.0, 3.0]))]), xk.Dense(np.ones((1, 3)), [5.0])]
    )
    result = xk.lrp(
        backend.network(network), backend.array([[1.0, -2.0, 0.0]]), rule={1: xk.LRPFlat()}
    )
    # F = 4 + 0 + 0 + 5 = 9 is split into thirds: 3 of the first sum go to a and to 3a.
    assert_equal(result.values, np.array([[3.0, 0.0, 0.0]]), backend)
    assert_equal(result.details["ledger"][1].absorbed, np.array([6.0]), backend)


# a = 3, and f is only a bias: F = 3 + f. What the rule of the sum gives to a, to f, and to nobody.
SUMS = {
    "LRP-0": (1.0, PLAIN, 3.0, 1.0, 0.0),
    "LRP-0, opposite signs": (-1.0, PLAIN, 3.0, -1.0, 0.0),
    "ε": (-1.0, xk.LRPEpsilon(2.0), 1.5, -0.5, 1.0),
    "relative ε": (-1.0, xk.LRPEpsilon(relative=1.0), 1.5, -0.5, 1.0),
    "γ": (-1.0, xk.LRPGamma(1.0), 6 * 2 / 5, -2 / 5, 0.0),
    "z⁺": (-1.0, xk.LRPZPlus(), 2.0, 0.0, 0.0),
    "ratio": (-1.0, xk.LRPRatio(), 1.5, 0.5, 0.0),
    "flat": (-1.0, xk.LRPFlat(), 1.0, 1.0, 0.0),
}


@pytest.mark.parametrize("name", SUMS)
def test_the_sums_split_by_hand(backend, name):
    f, rule, to_a, to_f, absorbed = SUMS[name]
    network = backend.network(xk.Network([xk.Residual([xk.Dense([[0.0]], [f])])]))
    result = xk.lrp(network, backend.array([[3.0]]), rule={"sum": rule})
    assert_equal(result.values, np.array([[to_a]]), backend)
    (row,) = result.details["ledger"]
    assert_equal(row.to_bias, np.array([to_f]), backend)
    assert_equal(row.absorbed, np.array([absorbed]), backend)


# γ, for inputs of both signs.


@st.composite
def linear_chains(draw):
    """Draw dense layers with tanh, an odd function, between them, and rows of both signs."""
    inputs, hidden = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    layers = [draw(dense_layers(inputs, outputs=hidden)), xk.Tanh()]
    layers.append(draw(dense_layers(hidden, outputs=2)))
    rng = np.random.default_rng(draw(seeds))
    return xk.Network(layers), rng.normal(size=(draw(st.integers(2, 4)), inputs))


@given(drawn=linear_chains(), gamma=st.sampled_from([0.25, 3.0]))
def test_gamma_is_the_same_in_the_mirror(exact_backend, drawn, gamma):
    """For −x and −β all z and all inputs change their sign, so no share changes."""
    network, x = drawn
    flipped = [
        replace(layer, bias=None if layer.bias is None else -layer.bias)
        if isinstance(layer, xk.Dense)
        else layer
        for layer in network.layers
    ]
    here, there = exact_backend.network(network), exact_backend.network(xk.Network(flipped))
    expected = -numpy_of(xk.lrp(here, exact_backend.array(x), 1, xk.LRPGamma(gamma)).values)
    found = xk.lrp(there, exact_backend.array(-x), 1, xk.LRPGamma(gamma)).values
    assert_equal(found, expected, exact_backend, 0)


@given(name=st.sampled_from(sorted(RULES)), drawn=networks())
def test_a_rows_relevance_does_not_depend_on_its_batch(exact_backend, name, drawn):
    network, x = drawn
    here, rows = exact_backend.network(network), exact_backend.array(np.concatenate([x, -2 * x]))
    together = xk.lrp(here, rows, rule=RULES[name].ours)
    for i in range(len(rows)):
        alone = xk.lrp(here, rows[i : i + 1], rule=RULES[name].ours)
        # A z near zero magnifies the rounding of the two matrix products.
        size = max(numpy_of(abs(r)).sum() for r in alone.details["relevance"]) ** 2 + 1
        close(alone.values, numpy_of(together.values)[i : i + 1], np.array([size]), 1e-9)


@given(drawn=networks(kinds=(xk.ReLU,), pictures=False), gamma=st.sampled_from([0.1, 1.0, 10.0]))
def test_gamma_does_not_explode(exact_backend, drawn, gamma):
    """Its shares are bounded: for z > 0, Σ|c| ≤ (2 + γ)P, and the denominator is at least γP."""
    network, x = drawn
    result = xk.lrp(exact_backend.network(network), exact_backend.array(x), 0, xk.LRPGamma(gamma))
    relevances = [np.abs(numpy_of(r)).sum(axis=1) for r in result.details["relevance"]]
    for layer, before, after in zip(network.layers, relevances[:-1], relevances[1:], strict=True):
        if isinstance(layer, xk.Dense):
            assert (before <= (2 + gamma) / gamma * after * (1 + 1e-12)).all()


def test_gamma_on_what_a_relu_lets_through_is_the_rule_of_the_literature(backend):
    """a ≥ 0, z > 0: R_j = Σ_k a_j ρ(w_kj) / Σ_0,j a_j ρ(w_kj) R_k, ρ(w) = w + γ max(w, 0)."""
    first = xk.Dense([[1.0, -0.5, 2.0], [-1.0, 1.0, 0.25]], [0.5, -0.25])
    last = xk.Dense([[1.0, 2.0]], [0.75])
    a = np.array([1.0, 2.0, 0.5])
    network = backend.network(xk.Network([first, last]))

    def rho(values):
        return values + 0.25 * np.maximum(values, 0)

    relevance = np.array([2.0 * 1 + 0])  # z = (1.5, .875), F = 1.5 + 1.75 + 0.75 = 4
    for layer, values in ((last, first.forward(a[None])[0]), (first, a)):
        relevance = np.array([4.0]) if layer is last else relevance
        denominator = rho(layer.weight) @ values + rho(layer.bias)
        relevance = values * (rho(layer.weight).T @ (relevance / denominator))
    found = xk.lrp(network, backend.array(a), rule=xk.LRPGamma(0.25))
    assert float(found.output) == 4.0
    assert_equal(found.values, relevance, backend)


@given(name=st.sampled_from(sorted(RULES)), drawn=networks())
def test_relevance_is_linear_in_what_is_handed_out(exact_backend, name, drawn):
    """4F has four times the relevance, exactly, where the last layer has LRP-0."""
    network, x = drawn
    rule = RULES[name].ours
    *layers, last = network.layers
    bias = None if last.bias is None else 4 * last.bias
    louder = xk.Network([*layers, replace(last, weight=4 * last.weight, bias=bias)])
    rules = {i: rule for i in range(len(layers))}
    scores = [
        xk.lrp(exact_backend.network(version), exact_backend.array(x), rule=rules).values
        for version in (network, louder)
    ]
    assert_equal(scores[1], 4 * numpy_of(scores[0]), exact_backend, 0)


@pytest.mark.parametrize("name", ["w²", "flat"])
def test_input_rules_that_do_not_look_at_the_input(backend, name):
    """In a first layer w² and flat give the same scores to all inputs with the same R."""
    network = xk.Network([xk.Dense([[1.0, 1.0], [2.0, -2.0]]), xk.Dense([[1.0, 0.0]])])
    x = backend.array([[3.0, 1.0], [1.0, 3.0]])
    rules = {"first": RULES[name].ours}
    assert_equal(
        xk.lrp(backend.network(network), x, rule=rules).values, np.full((2, 2), 2.0), backend
    )


@given(drawn=networks(kinds=(xk.ReLU,)), seed=seeds)
def test_zbox_of_a_first_layer_keeps_the_sign_of_relevance(exact_backend, drawn, seed):
    """Within the bounds no contribution is negative: if all R_k ≥ 0, all R_j ≥ 0."""
    network, x = drawn
    rng = np.random.default_rng(seed)
    low, high = x.min(axis=0) - rng.exponential(size=x.shape[1:]), x.max(axis=0)
    rules = {"first": xk.LRPZBox(low, high)}
    result = xk.lrp(exact_backend.network(network), exact_backend.array(x), rule=rules)
    before, after = (numpy_of(r).reshape(len(x), -1) for r in result.details["relevance"][:2])
    step = through(network.layers[0], x, numpy_of(result.details["relevance"][1]), Z(low, high))
    close(result.values, step.passed, step.size, 1e-11)
    for row, handed in zip(before, after, strict=True):
        assert (handed < 0).any() or (row >= 0).all()


def Z(low, high):
    return Rule(None, zbox(low.ravel(), high.ravel()))


# Composites.


def composite_network():
    rng = np.random.default_rng(1)

    def conv(inputs, outputs):
        return xk.Conv2d(
            rng.normal(0, 0.3, (outputs, inputs, 3, 3)), rng.normal(size=outputs), 1, 1
        )

    inner = [conv(3, 3), xk.ReLU(), xk.AvgPool2d(2, 1), xk.ZeroPad2d(1, 0, 0, 1), conv(3, 3)]
    layers = [xk.ZeroPad2d(1), conv(2, 3), xk.ReLU(), conv(3, 3), xk.AvgPool2d(2), conv(3, 3)]
    layers += [xk.Residual(inner), xk.Flatten(), xk.Dense(rng.normal(0, 0.3, (4, 12)), np.ones(4))]
    layers += [xk.ReLU(), xk.Dense(rng.normal(size=(2, 4)))]
    return xk.Network(layers), rng.normal(size=(3, 2, 5, 3))


@pytest.mark.parametrize(
    ("composite", "expected"),
    [
        ({}, {}),
        ({"conv": "γ"}, {1: "γ", 3: "γ", 5: "γ"}),
        ({"dense": "ε"}, {8: "ε", 10: "ε"}),
        ({"pool": "flat"}, {4: "flat"}),
        ({"first": "w²"}, {1: "w²"}),
        ({"conv": "γ", "first": "flat"}, {1: "flat", 3: "γ", 5: "γ"}),
        ({"first": "flat", "conv": "γ"}, {1: "flat", 3: "γ", 5: "γ"}),
        ({"first": "w²", 1: "z^B"}, {1: "z^B"}),
        ({"conv": "γ", 5: "ε", "pool": "w²", 4: "ε"}, {1: "γ", 3: "γ", 4: "ε", 5: "ε"}),
        ({0: "γ", 2: "γ", 7: "γ", 9: "γ", 10: "small ε"}, {10: "small ε"}),
    ],
)
def test_the_layers_index_comes_before_first_before_its_kind(backend, composite, expected):
    network, x = composite_network()
    here, rows = backend.network(network), backend.array(x)
    result = xk.lrp(here, rows, 1, {key: RULES[name].ours for key, name in composite.items()})
    assert result.method == "LRP"
    values = [numpy_of(v).astype(float) for v in run(here.layers, rows)]
    relevances = [numpy_of(r).astype(float) for r in result.details["relevance"]]
    for i, layer in enumerate(network.layers):
        if not isinstance(layer, xk.Residual):
            rule = RULES[expected.get(i, "LRP-0")]
            step = through(layer, values[i], relevances[i + 1], rule)
            close(relevances[i], step.passed, step.size, 10 * backend.tolerance)


def residual_by_hand(layers, a, relevance, rules, summed):
    """Return the relevance after a sum a + f(a), with a rule for it and for each layer of f."""
    values = run(layers, a)
    both = np.stack([a, values[-1]], axis=1)
    kept, passed = share_out(xk.Residual(layers), both, relevance, RULES[summed]).passed.swapaxes(
        0, 1
    )
    for layer, inputs, name in zip(layers[::-1], values[-2::-1], rules[::-1], strict=True):
        passed = through(layer, inputs, passed, RULES[name]).passed
    return kept + passed


@pytest.mark.parametrize(
    ("composite", "inside", "summed"),
    [
        ({"dense": "ε"}, ["ε", None, "ε"], "LRP-0"),
        ({"dense": "ε", "sum": "ratio"}, ["ε", None, "ε"], "ratio"),
        ({"dense": "ε", "first": "flat"}, ["flat", None, "ε"], "LRP-0"),
        ({"dense": "ε", "first": "flat", 0: "γ", "sum": "ε"}, ["γ", None, "γ"], "γ"),
        ({1: "γ"}, ["LRP-0", None, "LRP-0"], "LRP-0"),
    ],
)
def test_rules_reach_into_a_residual(exact_backend, composite, inside, summed):
    """Inside it "first" also means the first layer, and the Residual's index has priority."""
    rng = np.random.default_rng(0)
    inner = [xk.Dense(rng.normal(size=(3, 3)), rng.normal(size=3)), xk.ReLU()]
    inner.append(xk.Dense(rng.normal(size=(3, 3)), rng.normal(size=3)))
    network = xk.Network([xk.Residual(inner), xk.Dense(rng.normal(size=(1, 3)))])
    x = rng.normal(size=(4, 3))
    rules = {key: RULES[name].ours for key, name in composite.items()}
    result = xk.lrp(exact_backend.network(network), exact_backend.array(x), rule=rules)
    given = numpy_of(result.details["relevance"][1])
    expected = residual_by_hand(inner, x, given, [name or "LRP-0" for name in inside], summed)
    assert_equal(result.values, expected, exact_backend, 1e-11)


def test_the_first_layer_is_first_even_where_it_stands_twice(exact_backend):
    layer = xk.Dense([[1.0, 3.0], [-1.0, 2.0]])
    network, x = exact_backend.network(xk.Network([layer, layer])), exact_backend.array([1.0, 2.0])
    assert network.layers[0] is not network.layers[1]  # to() copies, so use the original, too
    for version, row in ((network, x), (xk.Network([layer, layer]), np.array([1.0, 2.0]))):
        result = xk.lrp(version, row, rule={"first": xk.LRPFlat()})
        # z = (7, 3), F = 7 + 9 = 16: first in proportion to the hidden units, then in equal shares.
        assert numpy_of(result.details["relevance"][1]).tolist() == [[7, 9]]
        assert numpy_of(result.values).tolist() == [8, 8]


@every_rule
def test_one_rule_is_a_composite_of_it_everywhere(exact_backend, name):
    network, x = small_network("pictures")
    here, rows, rule = exact_backend.network(network), exact_backend.array(x), RULES[name].ours
    expected = numpy_of(xk.lrp(here, rows, 1, rule).values)
    composite = dict.fromkeys(("conv", "dense", "pool", "sum"), rule)
    assert_equal(xk.lrp(here, rows, 1, composite).values, expected, exact_backend, 0)


COMPOSITES = {
    "epsilon-plus": {"conv": "z⁺", "dense": "small ε"},
    "epsilon-plus-flat": {"first": "flat", "conv": "z⁺", "dense": "small ε"},
    "epsilon-gamma-box": {"first": "z^B", "conv": "γ", "dense": "small ε"},
    # Of the four layers with convolutions, 1, 3, 5 and 6, the upper half gets ε.
    "zones": {"first": "z^B", "conv": "γ", 5: "relative ε", 6: "relative ε"},
}


@pytest.mark.parametrize("name", COMPOSITES)
def test_composites_by_their_names(name):
    network, x = composite_network()
    expected = {key: RULES[rule].ours for key, rule in COMPOSITES[name].items()}
    box = {"low": -1e3, "high": 2e3} if "first" in expected and "flat" not in name else {}
    found = xk.lrp_composite(name, network, **box)
    assert np.array_equal(
        xk.lrp(network, x, 1, found).values, xk.lrp(network, x, 1, expected).values
    )
    if not box:
        assert np.array_equal(
            xk.lrp(network, x, 1, name).values, xk.lrp(network, x, 1, found).values
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("epsilon-plus-box",), "unknown composite 'epsilon-plus-box': expected one of epsilon-"),
        (("zones", None, 0.0), "rule=lrp_composite('zones', network, low=…, high=…)"),
        (("zones", None, 0.0, 1.0), "'zones' needs the network"),
        (("zones", xk.Network([xk.Dense([[1.0]])]), 0.0, 1.0), "the network has none"),
    ],
)
def test_composites_that_cannot_be_made_are_refused_in_words(arguments, message):
    *places, low, high = [*arguments, None, None][:4] if len(arguments) > 2 else [*arguments, 0, 1]
    with pytest.raises(ValueError, match=re.escape(message)):
        xk.lrp_composite(*places, low=low, high=high)


# ε as a share of the layer's typical z.


@given(scale=st.sampled_from([0.1, 3.0, 10.0]), seed=seeds)
def test_relative_epsilon_does_not_notice_the_scale_of_a_layer(exact_backend, scale, seed):
    """A layer's weights and biases times c, the next one's weights by c: the same function."""
    rng = np.random.default_rng(seed)
    inputs, first, hidden = 3, 5, 4
    layers = [xk.Dense(rng.normal(size=(first, inputs)), rng.normal(size=first)), xk.ReLU()]
    layers += [xk.Dense(rng.normal(size=(hidden, first)), rng.normal(size=hidden)), xk.ReLU()]
    layers += [xk.Dense(rng.normal(size=(2, hidden)), rng.normal(size=2))]
    one, two = layers[0], layers[2]
    other = [replace(one, weight=scale * one.weight, bias=scale * one.bias), layers[1]]
    other += [replace(two, weight=two.weight / scale), *layers[3:]]
    x, rule = rng.normal(size=(6, inputs)), xk.LRPEpsilon(relative=0.25)
    scores, scores_too = (
        numpy_of(
            xk.lrp(exact_backend.network(xk.Network(n)), exact_backend.array(x), 1, rule).values
        )
        for n in (layers, other)
    )
    np.testing.assert_allclose(scores, scores_too, rtol=1e-9, atol=1e-12)


def test_relative_epsilon_by_hand(backend):
    """z = (3, 4): ε = 0.5 · √12.5; R = z, so that a unit passes on z² / (z + ε)."""
    network = xk.Network([xk.Dense([[3.0], [4.0]]), xk.Dense([[1.0, 1.0]])])
    result = xk.lrp(
        backend.network(network), backend.array([[1.0]]), rule={0: xk.LRPEpsilon(relative=0.5)}
    )
    epsilon = 0.5 * np.sqrt(12.5)
    passed = 9 / (3 + epsilon) + 16 / (4 + epsilon)
    assert_equal(result.values, np.array([[passed]]), backend)
    assert_equal(result.details["ledger"][1].absorbed, np.array([7 - passed]), backend)


# Nothing becomes NaN or infinite.

DEAD = xk.Dense(-np.ones((4, 3)), -np.ones(4))
HEAD = xk.Dense([[1.0, -2.0, 0.0, 3.0]])
SILENT = {
    "zero inputs": ([xk.Dense(np.ones((4, 3))), xk.ReLU(), HEAD], np.zeros((2, 3))),
    "a dead layer": ([DEAD, xk.ReLU(), HEAD], np.ones((2, 3))),
    "a dead layer and a bias": ([DEAD, xk.ReLU(), replace(HEAD, bias=[2.0])], np.ones((2, 3))),
    "zero weights": ([xk.Dense(np.zeros((4, 3)), np.ones(4)), xk.ReLU(), HEAD], np.ones((2, 3))),
    "no relevance": (
        [xk.Dense(np.ones((4, 3))), xk.ReLU(), xk.Dense([[1, -1, 1, -1]])],
        np.ones((2, 3)),
    ),
    "a dead residual": (
        [xk.Residual([xk.Dense(np.zeros((3, 3))), xk.ReLU()]), xk.Dense(np.ones((1, 3)), [1.0])],
        np.zeros((2, 3)),
    ),
    "a constant image": (
        [
            xk.Conv2d([[[[1.0, -1.0], [-1.0, 1.0]]]], stride=2),
            xk.Residual([xk.Conv2d([[[[1.0]]]]), xk.ReLU6()]),
            xk.MaxPool2d(2, 1),
            xk.AvgPool2d(None),
            xk.Flatten(),
            xk.Dense([[1.0]], [3.0]),
        ],
        np.full((2, 1, 6, 6), 0.5),
    ),
}


@every_rule
@pytest.mark.parametrize("scene", SILENT)
@pytest.mark.parametrize("above", ["as below", "flat"])
@pytest.mark.filterwarnings("error")
def test_nothing_to_share_by_is_no_nan(backend, name, scene, above):
    """Flat in the layer above gives relevance to units with z = 0."""
    layers, x = SILENT[scene]
    rule = RULES[name].ours
    last = rule if above == "as below" else xk.LRPFlat()
    rules = dict.fromkeys(("conv", "dense", "pool", "sum"), rule) | {len(layers) - 1: last}
    with np.errstate(all="raise", under="ignore"):
        result = xk.lrp(backend.network(xk.Network(layers)), backend.array(x), rule=rules)
    for relevance in result.details["relevance"]:
        assert np.isfinite(numpy_of(relevance)).all()
    for row in result.details["ledger"]:
        out = numpy_of(row.passed_on) + numpy_of(row.to_bias) + numpy_of(row.absorbed)
        np.testing.assert_allclose(out, numpy_of(row.relevance), atol=10 * backend.tolerance)


# Against captum, whose denominator is also z + ε sign(z) with sign(0) = +1, with ε = 1e-9 in rules
# without ε. Its γ is for inputs ≥ 0 only, and does not change the bias.


def captum_lrp(module, x, target, rule):
    """Return captum's scores, with a new rule() for each layer that has a rule in xaikit."""
    for part in module:
        own = isinstance(part, nn.Linear | nn.Conv2d | nn.AvgPool2d)
        part.rule = rule() if own else captum_rules.EpsilonRule(1e-14)
        if isinstance(part, nn.ReLU):
            del part.rule
    leaf = x.detach().clone().requires_grad_()
    scores = captum.attr.LRP(module).attribute(leaf, target=torch.as_tensor(target))
    for parameter in module.parameters():
        parameter.grad = None
    return scores.detach()


def module_of(name):
    torch.manual_seed(0)
    if name == "dense":
        parts = [nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3)]
        return nn.Sequential(*parts).double(), torch.randn(6, 4, dtype=torch.float64)
    parts = [nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(2)]
    parts += [nn.Conv2d(4, 3, 2), nn.ReLU(), nn.AvgPool2d(2, 1), nn.Flatten(), nn.Linear(12, 3)]
    return nn.Sequential(*parts).double(), torch.randn(6, 2, 8, 8, dtype=torch.float64)


@pytest.mark.parametrize("name", ["dense", "pictures"])
@pytest.mark.parametrize("epsilon", [1e-9, 0.25, 5.0])
@pytest.mark.parametrize("target", [1, [2, 0, 1, 1, 0, 2]])
def test_the_same_relevance_as_captum_with_epsilon(name, epsilon, target):
    module, x = module_of(name)
    result = xk.lrp(xk.from_torch(module), x, target, xk.LRPEpsilon(epsilon))
    scores = captum_lrp(module, x, target, lambda: captum_rules.EpsilonRule(epsilon))
    assert_equal(result.values, scores, TORCH, 1e-11)


@pytest.mark.parametrize("name", ["dense", "pictures"])
def test_the_same_relevance_as_captum_with_gamma_where_it_has_one(name):
    module, x = module_of(name)
    for part in module:
        if getattr(part, "bias", None) is not None:
            part.bias.data.zero_()
    x = x.abs()
    target = module(x).argmax(dim=1).numpy()  # outputs are positive
    assert bool((module(x).max(dim=1).values > 0).all())
    result = xk.lrp(
        xk.from_torch(module), x, target, {"conv": xk.LRPGamma(), "dense": xk.LRPGamma()}
    )
    scores = captum_lrp(module, x, target, lambda: captum_rules.GammaRule(0.25))
    assert_equal(result.values, scores, TORCH, 1e-6)


# The result.


@pytest.mark.parametrize("shape", [(3,), (1, 3), (4, 3)])
def test_the_answer_has_the_shape_of_the_rows(backend, shape):
    network = backend.network(xk.Network.mlp([3, 4, 2], seed=3))
    x = backend.array(np.random.default_rng(0).normal(size=shape))
    result = xk.lrp(network, x, 1)
    assert tuple(result.values.shape) == tuple(result.data.shape) == shape
    for part in (result.base, result.output, result.gap):
        assert tuple(part.shape) == shape[:-1]
        assert_lives_at(backend, part)
    assert bool((result.data == x).all()) and not numpy_of(result.base).any()
    assert_equal(result.output, numpy_of(network(x))[..., 1], backend)
    gap = numpy_of(result.values).sum(axis=-1) - numpy_of(result.output)
    assert_equal(result.gap, gap, backend)
    assert np.abs(gap).max() > 0.01  # ε absorbed it
    relevances = result.details["relevance"]
    assert len(relevances) == 4
    assert_equal(relevances[0].reshape(shape), numpy_of(result.values), backend, 0)
    assert (numpy_of(relevances[-1])[:, 0] == 0).all()
    assert_equal(relevances[-1][:, 1].reshape(shape[:-1]), numpy_of(result.output), backend)


def test_pictures_keep_their_shape(backend):
    network, x = small_network("pictures")
    result = xk.lrp(backend.network(network), backend.array(x), [0, 1, 2, 1])
    assert tuple(result.values.shape) == x.shape and tuple(result.output.shape) == (4,)


@given(drawn=networks(), seed=seeds)
@settings(max_examples=10)
def test_a_target_for_each_row(exact_backend, drawn, seed):
    network, x = drawn
    target = np.random.default_rng(seed).integers(0, network(x).shape[1], len(x))
    here, rows = exact_backend.network(network), exact_backend.array(x)
    result = xk.lrp(here, rows, target)
    for i, column in enumerate(target):
        expected = numpy_of(xk.lrp(here, rows, int(column)).values)[i]
        assert_equal(result.values[i], expected, exact_backend, 0)


def test_the_default_is_epsilon_a_quarter(exact_backend):
    network, x = small_network("dense")
    here, rows = exact_backend.network(network), exact_backend.array(x)
    expected = numpy_of(xk.lrp(here, rows, rule=xk.LRPEpsilon(0.25)).values)
    assert_equal(xk.lrp(here, rows).values, expected, exact_backend, 0)
    assert_equal(
        xk.lrp(here, rows, rule=xk.LRPEpsilon()).values,
        numpy_of(xk.gradient_x_input(here, rows).values),
        exact_backend,
    )
    default = numpy_of(xk.lrp(here, rows, rule=xk.LRPGamma(0.25)).values)
    assert_equal(xk.lrp(here, rows, rule=xk.LRPGamma()).values, default, exact_backend, 0)


@pytest.mark.parametrize(
    ("rule", "method"),
    [
        (None, "LRP-ε (0.25)"),
        (xk.LRPEpsilon(1e-6), "LRP-ε (1e-06)"),
        (PLAIN, "LRP-0"),
        (xk.LRPGamma(2), "LRP-γ (2)"),
        (xk.LRPZBox(-9, 9), "LRP-z^B"),
        (xk.LRPWSquare(), "LRP-w²"),
        (xk.LRPFlat(), "LRP-flat"),
        ({"dense": xk.LRPFlat()}, "LRP"),
    ],
)
def test_the_answer_names_its_rule(rule, method):
    assert xk.lrp(xk.Network.mlp([2, 1]), [1.0, 2.0], rule=rule).method == method


def test_bounds_may_come_from_another_library(backend):
    network, x = backend.network(xk.Network.mlp([2, 3, 1])), backend.array([[0.5, -0.5]])
    expected = numpy_of(xk.lrp(network, x, rule={"first": xk.LRPZBox([-1.0, -2.0], 1)}).values)
    for low in (torch.tensor([-1.0, -2.0]), np.array([-1, -2])):
        found = xk.lrp(network, x, rule={"first": xk.LRPZBox(low, torch.tensor(1))})
        assert_equal(found.values, expected, backend, 0)


# Errors.


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: xk.LRPEpsilon(-0.1), "epsilon is -0.1, expected a number ≥ 0"),
        (lambda: xk.LRPEpsilon(np.nan), "epsilon is nan, expected a number ≥ 0"),
        (lambda: xk.LRPEpsilon(relative=-1), "relative is -1, expected a number ≥ 0"),
        (lambda: xk.LRPEpsilon(0.1, relative=0.2), "epsilon is 0.1 and relative is 0.2: give one"),
        (lambda: xk.LRPEpsilon(np.inf), "epsilon is inf, expected a number ≥ 0"),
        (lambda: xk.LRPGamma(-1), "gamma is -1, expected a number ≥ 0"),
        (lambda: xk.LRPGamma(np.nan), "gamma is nan, expected a number ≥ 0"),
        (lambda: xk.LRPGamma(np.inf), "gamma is inf, expected a number ≥ 0"),
        (lambda: xk.LRPZBox(1.0, 0.0), "low is above high"),
        (lambda: xk.LRPZBox([0.0, 2.0], [1.0, 1.0]), "low is above high"),
        (lambda: xk.LRPZBox(np.nan, 1.0), "a bound holds NaN or infinity"),
        (lambda: xk.LRPZBox(0.0, np.inf), "a bound holds NaN or infinity"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_when_it_is_made(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


def test_equal_bounds_are_bounds():
    assert xk.lrp(xk.Network.mlp([1, 1]), [2.0], rule=xk.LRPZBox(2.0, 2.0)).values == 0


NETWORK = xk.Network.mlp([3, 4, 2])
EPSILON = xk.LRPEpsilon(0.25)


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        (
            0.25,
            TypeError,
            "expected a rule such as LRPEpsilon(0.25), a dict of rules, or the name of a "
            "composite, got 0.25",
        ),
        ("epsilon", ValueError, "unknown composite 'epsilon': expected one of epsilon-plus, "),
        ("zones", ValueError, "'zones' has LRP-z^B in the first layer, which needs the bounds"),
        (xk.LRPEpsilon, TypeError, "or the name of a composite, got <function LRPEpsilon"),
        ({"dense": 0.25}, TypeError, "or the name of a composite, got 0.25"),
        ({"dense": EPSILON, 0: None}, TypeError, "or the name of a composite, got None"),
        (
            {"convs": EPSILON},
            ValueError,
            "unknown key 'convs' in a composite: expected 'first', 'conv', 'dense', 'pool', 'sum', "
            "'norm', 'attention', or a layer's index from 0 to 2",
        ),
        ({3: EPSILON}, ValueError, "unknown key 3 in a composite"),
        ({-1: EPSILON}, ValueError, "unknown key -1 in a composite"),
        ({None: EPSILON}, ValueError, "unknown key None in a composite"),
        ({0.5: EPSILON}, ValueError, "unknown key 0.5 in a composite"),
        ({2: EPSILON, "last": EPSILON}, ValueError, "unknown key 'last' in a composite"),
    ],
)
def test_what_is_no_rule_is_refused_in_words(rule, error, message):
    with pytest.raises(error, match=re.escape(message)):
        xk.lrp(NETWORK, np.ones((2, 3)), rule=rule)


@pytest.mark.parametrize("thing", [xk.TorchModel(nn.Linear(3, 1)), nn.Linear(3, 1), abs])
def test_what_is_no_network_is_refused_in_words(thing):
    message = f"lrp goes through layers, got {type(thing).__name__}: expected a Network (from_torch"
    with pytest.raises(TypeError, match=re.escape(message)):
        xk.lrp(thing, np.ones((2, 3)))


@dataclass(frozen=True, eq=False)
class Scale(Layer):
    """A layer of a user's own: every input times its weight."""

    weight: np.ndarray

    @property
    def parameters(self):
        return {"weight": self.weight}

    def forward(self, a):
        return a * self.weight

    def backward(self, a, grad):
        return grad * self.weight


@pytest.mark.parametrize("wrap", [lambda layer: layer, lambda layer: xk.Residual([layer])])
def test_a_layer_without_a_rule_is_refused_in_words(wrap):
    """The gradient's way back would be no rule: relevance would grow by the weights."""
    network = xk.Network([wrap(Scale(np.array([2.0, 3.0]))), xk.Dense(np.ones((1, 2)), None)])
    with pytest.raises(ValueError, match=r"LRP has no rule for Scale\(.*, only for xaikit's own"):
        xk.lrp(network, np.ones((2, 2)))


@pytest.mark.parametrize("outside", [-0.5, 1.5])
def test_zbox_out_of_bounds_is_refused_in_words(backend, outside):
    x = backend.array([[0.0, 1.0, 0.5], [0.0, outside, 1.0]])
    reach = f"they reach from {min(outside, 0):g} to {max(outside, 1):g}"
    message = f"LRP-z^B needs inputs between its bounds 0.0 and 1.0, but {reach}"
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        xk.lrp(backend.network(NETWORK), x, rule={"first": xk.LRPZBox(0.0, 1.0)})
    assert "it is a rule for the first layer, with the bounds of the data" in str(error.value)


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        (2, ValueError, "target 2 is out of range: the model has 2 output(s)"),
        ([0, 0, 0], ValueError, "target has shape (3,)"),
        (0.5, TypeError, "target holds float64 values"),
    ],
)
def test_bad_targets_are_refused_in_words(target, error, message):
    with pytest.raises(error, match=re.escape(message)):
        xk.lrp(NETWORK, np.ones((2, 3)), target)


@every_rule
@pytest.mark.parametrize("kind", ["dense", "pictures"])
def test_nothing_that_was_given_is_written_to(backend, name, kind):
    """Steps work in place: on what they made, never on x, the weights or an earlier answer."""
    network, x = small_network(kind)
    here, rows = backend.network(network), backend.array(x)
    given = [rows, *(p for layer in here.layers for p in layer.parameters.values())]
    before = [numpy_of(array).copy() for array in given]
    first = xk.lrp(here, rows, 1, RULES[name].ours)
    handed = [numpy_of(relevance).copy() for relevance in first.details["relevance"]]
    xk.lrp(here, rows, 2, RULES[name].ours)
    for array, copy in zip([*given, *first.details["relevance"]], before + handed, strict=True):
        assert_equal(array, copy, backend, 0)


@every_rule
@pytest.mark.parametrize("numbers", [1, 7, 40])
def test_blocks_of_rows_change_nothing(monkeypatch, exact_backend, name, numbers):
    network, x = small_network("pictures")
    here, rows = exact_backend.network(network), exact_backend.array(x)
    expected = xk.lrp(here, rows, 1, RULES[name].ours)
    monkeypatch.setattr(chunks, "CACHE_NUMBERS", numbers)
    found = xk.lrp(here, rows, 1, RULES[name].ours)
    assert_equal(found.values, numpy_of(expected.values), exact_backend, 0)
    for row, whole in zip(found.details["ledger"], expected.details["ledger"], strict=True):
        assert_equal(row.absorbed, numpy_of(whole.absorbed), exact_backend, 1e-14)
