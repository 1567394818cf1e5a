"""LRP through transformers: against autograd, lxt, by hand, and the ledger.

The second derivation has no rules: it is gradient × input, by autograd, of a network in which
some factors are detached. Relevance is value × gradient at every place of it.
"""

import math
import pickle
import re
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

import xaikit as xk
from tests.missing import skip_or_fail
from tests.units.support import (
    Backend,
    assert_equal,
    double,
    numpy_of,
    seeds,
    transformers,
)
from xaikit.methods.lrp_rules import AttentionRule
from xaikit.networks.layers import run, with_mask

NUMPY = Backend("numpy", "cpu", "float64")


class Rules(NamedTuple):
    """ε of each kind of layer, how attention shares, and whether norms are passed unchanged."""

    dense: float = 0.0
    pool: float = 0.0
    sum: float = 0.0
    norm: float = 0.0
    attention: float = 0.0
    to_weights: float = 0.0
    identity: bool = False

    def composite(self):
        rules = {kind: xk.LRPEpsilon(getattr(self, kind)) for kind in ("dense", "pool", "sum")}
        rules["norm"] = xk.LRPIdentity() if self.identity else xk.LRPEpsilon(self.norm)
        return rules | {"attention": xk.LRPAttention(self.to_weights, self.attention)}


epsilons = st.sampled_from([0.0, 1e-6, 0.1])
rules = st.builds(
    Rules,
    *[epsilons] * 5,
    to_weights=st.sampled_from([0.0, 0.5, 0.3]),
    identity=st.booleans(),
)


# The second derivation.


def damped(z, epsilon):
    """Return z, with a gradient that is smaller by z / (z + ε sign z), or 0 where that is 0/0."""
    side = epsilon * (2.0 * (z >= 0).double() - 1)
    share = torch.where(z + side == 0, 0.0, z / torch.where(z + side == 0, 1.0, z + side)).detach()
    return z + (share - 1) * (z - z.detach())


def unchanged(before, after):
    """Return `after` as a multiple of `before`, so that value × gradient passes unchanged."""
    return before * (after / before).detach()


def through(layer, a, rules):
    match layer:
        case xk.Dense():
            bias = None if layer.bias is None else double(layer.bias)
            return damped(functional.linear(a, double(layer.weight), bias), rules.dense)
        case xk.Residual():
            return damped(a + chain(layer.layers, a, rules)[-1], rules.sum)
        case xk.LayerNorm():
            sigma = (a.var(-1, correction=0, keepdim=True) + layer.epsilon).sqrt().detach()
            y = (a - a.mean(-1, keepdim=True)) / sigma * double(layer.weight) + double(layer.bias)
            return unchanged(a, y) if rules.identity else damped(y, rules.norm)
        case xk.GELU():
            return unchanged(a, functional.gelu(a))
        case xk.Attention():
            return through_attention(layer, a, rules)
        case xk.TokenMean():
            there = double(layer.present)[..., None]
            return damped((there * a).sum(1) / there.sum(1), rules.pool)
        case xk.TokenAt():
            return a[:, layer.position]
    raise AssertionError(layer)


def through_attention(layer, a, rules):
    Q, K, V = (
        through(part, a, rules).unflatten(-1, (layer.heads, -1)).transpose(1, 2)
        for part in (layer.query, layer.key, layer.value)
    )
    there = double(layer.present)[:, None, None, :] > 0
    scores = (Q @ K.detach().mT + Q.detach() @ K.mT) / 2 / math.sqrt(Q.shape[-1])
    P = damped(scores, rules.attention).masked_fill(~there, -math.inf).softmax(-1)
    part = rules.to_weights
    read = damped(part * (P @ V.detach()) + (1 - part) * (P.detach() @ V), rules.attention)
    return through(layer.output, read.transpose(1, 2).flatten(2), rules)


def chain(layers, a, rules):
    values = [a]
    for layer in layers:
        values.append(through(layer, values[-1], rules))
    return values


def relevances(network, ids, target, rules):
    """Return the relevance before each layer, and of the output, by autograd."""
    first, *rest = with_mask(network.layers, ids.astype(float))
    vectors = double(first.forward(ids)).requires_grad_()
    values = chain(rest, vectors, rules)
    output = values[-1][range(len(ids)), target].sum()
    grads = torch.autograd.grad(output, values[:-1])
    found = [(value * grad).detach().numpy() for value, grad in zip(values, grads, strict=False)]
    start = np.zeros(values[-1].shape)
    start[range(len(ids)), target] = values[-1].detach().numpy()[range(len(ids)), target]
    return [found[0].sum(axis=-1), *found, start]


@settings(max_examples=80)
@given(drawn=transformers(), rules=rules, seed=seeds)
def test_every_layer_equals_autograd(exact_backend, drawn, rules, seed):
    network, ids = drawn
    target = np.random.default_rng(seed).integers(0, 2, len(ids))
    here, x = exact_backend.network(network), exact_backend.array(ids)
    result = xk.lrp(here, x, target, rules.composite())
    for found, expected in zip(
        result.details["relevance"], relevances(network, ids, target, rules), strict=True
    ):
        size = np.abs(expected).max()
        assert_equal(found / (1 + size), expected / (1 + size), exact_backend, 1e-9)
    assert not numpy_of(result.values)[ids == 0].any()


@given(drawn=transformers(), rules=rules)
def test_the_ledger_closes(exact_backend, drawn, rules):
    network, ids = drawn
    result = xk.lrp(
        exact_backend.network(network), exact_backend.array(ids), rule=rules.composite()
    )
    assert_closes(result)
    booked = sum(
        numpy_of(part)
        for row in result.details["ledger"]
        for part in (row.to_bias, row.absorbed, row.to_norm, row.to_softmax)
    )
    size = sum(np.abs(numpy_of(r)).sum() for r in result.details["relevance"])
    np.testing.assert_allclose(numpy_of(result.gap), -booked, rtol=0, atol=1e-10 * size)
    for row in result.details["ledger"]:
        if rules.identity:
            assert not numpy_of(row.to_norm).any()
        if not rules.to_weights:
            assert not numpy_of(row.to_softmax).any()


def assert_closes(result):
    """Raise unless each layer's relevance is accounted for, relative to the size of its numbers."""
    for row, after in zip(
        result.details["ledger"], result.details["relevance"][:0:-1], strict=True
    ):
        parts = [row.passed_on, row.to_bias, row.absorbed, row.to_norm, row.to_softmax]
        parts = [numpy_of(part) for part in parts]
        arrived = numpy_of(row.relevance)
        size = np.abs(numpy_of(after)).reshape(len(arrived), -1).sum(axis=1)
        size = size + sum(np.abs(part) for part in parts)
        assert (np.abs(sum(parts) - arrived) <= 1e-10 * size).all()


@given(drawn=transformers(), name=st.sampled_from(["attention-constant", "attnlrp", None]))
def test_padding_changes_no_score(drawn, name):
    """A text by itself has the scores that it has beside longer ones, ε relative to z included."""
    network, ids = drawn
    rule = xk.LRPEpsilon(relative=0.25) if name is None else name
    together = xk.lrp(network, ids, 1, rule)
    for row, text in enumerate(ids):
        alone = xk.lrp(network, text[text > 0], 1, rule)
        size = 1 + np.abs(alone.values).max()
        assert_equal(
            alone.values / size, together.values[row, : len(alone.values)] / size, NUMPY, 1e-10
        )


@given(drawn=transformers(), seed=seeds)
def test_lrp_0_is_gradient_x_input_where_weights_are_held(drawn, seed):
    """Of a layer that reads tokens by fixed weights: dense layers, no softmax in between."""
    network, ids = drawn
    linear = xk.Network([network.layers[0], network.layers[-2], network.layers[-1]])
    scores = xk.lrp(linear, ids, 0, xk.LRPEpsilon(0.0))
    assert_equal(scores.values, xk.gradient_x_input(linear, ids, 0).values, NUMPY, 1e-10)


# The parts, by hand: one head, V = a, and two tokens.


def one_head():
    """Return attention over tokens with one coordinate, Q = K = V = a: S_ij = a_i a_j."""
    return xk.Attention(*[xk.Dense([[1.0]])] * 4)


def rows_of(layers, x, rule):
    result = xk.lrp(xk.Network(layers), np.array(x), rule=rule)
    names = ("relevance", "passed_on", "to_bias", "absorbed", "to_norm", "to_softmax")
    return result.values, [
        dict(zip(names, [float(getattr(row, name)[0]) for name in names], strict=True))
        for row in result.details["ledger"][::-1]
    ]


def test_attention_held_constant_by_hand():
    """Tokens 1 and 0: P of the first row is softmax(1, 0), so it reads P₁ · 1 + P₂ · 0."""
    P = 1 / (1 + np.exp(-1.0))
    layers = [one_head(), xk.TokenAt(0)]
    values, rows = rows_of(layers, [[[1.0], [0.0]]], {"attention": xk.LRPAttention(0.0)})
    np.testing.assert_allclose(values.ravel(), [P, 0], atol=1e-15)
    assert abs(rows[0]["passed_on"] - P) < 1e-15 and rows[0]["to_softmax"] == 0


def test_attnlrp_by_hand():
    """Tokens 2 and 1: S = (4, 2), P = softmax, O = 2 P₁ + P₂. V gets ½ P_j a_j, P the same.

    R_S,j = S_j (R_j − P_j Σ R), half to query (token 1), half to key (token j).
    """
    S, a = np.array([4.0, 2.0]), np.array([2.0, 1.0])
    P = np.exp(S) / np.exp(S).sum()
    R = P * a / 2
    R_S = S * (R - P * R.sum())
    expected = R + R_S / 2 + np.array([R_S.sum() / 2, 0])
    layers = [one_head(), xk.TokenAt(0)]
    values, rows = rows_of(layers, [[[2.0], [1.0]]], {"attention": xk.LRPAttention(0.5)})
    np.testing.assert_allclose(values.ravel(), expected, atol=1e-15)
    np.testing.assert_allclose(rows[0]["to_softmax"], R.sum() - R_S.sum(), atol=1e-15)
    np.testing.assert_allclose(rows[0]["relevance"], P @ a, atol=1e-15)


def test_a_norm_by_hand():
    """x = (1, 3), g = (1, 1), b = (0, 1): y = (−1, 2); σ held, R_2 = 2 goes to −1 · ½, 3 · ½, 1."""
    layers = [xk.LayerNorm([1.0, 1.0], [0.0, 1.0], 0.0), xk.Dense([[0.0, 1.0]])]
    values, rows = rows_of(layers, [[1.0, 3.0]], {"norm": xk.LRPEpsilon(0.0)})
    np.testing.assert_allclose(values, [[-0.5, 1.5]], atol=1e-15)
    assert rows[0] == {
        "relevance": 2,
        "passed_on": 1,
        "to_bias": 0,
        "absorbed": 0,
        "to_norm": 1,
        "to_softmax": 0,
    }
    values, rows = rows_of(layers, [[1.0, 3.0]], {"norm": xk.LRPIdentity()})
    assert values.tolist() == [[0, 2]] and rows[0]["passed_on"] == 2
    values, rows = rows_of(layers, [[1.0, 3.0]], {"norm": xk.LRPEpsilon(2.0)})
    assert values.tolist() == [[-0.25, 0.75]]
    assert rows[0]["absorbed"] == 1 and rows[0]["to_norm"] == 0.5


def test_biases_of_tokens_are_booked_as_biases():
    """Two tokens a + 1 with a = 1 and 3, then their mean 3: 1 to the biases."""
    layers = [xk.Dense([[1.0]], [1.0]), xk.TokenMean()]
    values, rows = rows_of(layers, [[[1.0], [3.0]]], xk.LRPEpsilon(0.0))
    assert values.ravel().tolist() == [0.5, 1.5]
    assert (rows[0]["to_bias"], rows[0]["absorbed"]) == (1, 0)


def test_flat_gives_padding_nothing():
    network = xk.Network([xk.Embedding([[5.0], [1.0], [3.0]], padding=0), xk.TokenMean()])
    scores = xk.lrp(network, [1, 2, 0, 0], rule={"pool": xk.LRPFlat()})
    assert scores.values.tolist() == [1, 1, 0, 0]


def test_a_composite_reaches_the_layers_inside_a_residual():
    """Layers 1 and 3 are Residuals around a norm and an attention."""
    network, ids = xk.transformer(5, 2, width=4, heads=2, blocks=2, hidden=3), [[1, 2, 3]]
    rule, held = xk.LRPAttention(0.5), xk.LRPAttention(0.0)
    named = xk.lrp(network, ids, rule={"attention": rule})
    indexed = xk.lrp(network, ids, rule={1: rule, 3: rule})
    assert np.array_equal(named.values, indexed.values)
    first = xk.lrp(network, ids, rule={1: rule})
    assert np.array_equal(
        first.values, xk.lrp(network, ids, rule={"attention": rule, 3: held}).values
    )
    assert not np.allclose(named.values, first.values)
    # A rule for units reaches the dense layers of attention, and leaves attention itself alone.
    damped = xk.lrp(network, ids, rule={1: xk.LRPEpsilon(0.5), "attention": rule})
    assert not np.allclose(damped.values, named.values)
    assert any(numpy_of(row.to_softmax).any() for row in damped.details["ledger"][-2:-1])


@pytest.mark.parametrize("name", ["attention-constant", "attnlrp", "attnlrp-identity-norm"])
def test_composites_by_name(name):
    network = xk.transformer(5, 2, width=4, heads=2, blocks=1, hidden=3)
    ids = [[1, 2, 3]]
    expected = Rules(*[1e-6] * 5, 0.0 if "constant" in name else 0.5, name.endswith("norm"))
    found = xk.lrp(network, ids, 1, name)
    assert np.array_equal(found.values, xk.lrp(network, ids, 1, expected.composite()).values)
    strong = xk.lrp(network, ids, 1, xk.lrp_composite(name, epsilon=xk.LRPEpsilon(0.5)))
    assert not np.allclose(found.values, strong.values)


# Against lxt, one operation at a time, where no denominator is near 0.


@pytest.fixture(scope="module")
def lxt():
    if not find_spec("lxt"):
        skip_or_fail("lxt is not installed: python -m pip install --no-deps lxt==2.1")
    return import_module("lxt.explicit.functional")


def apart(rng, *shape):
    """Draw numbers whose sums and products are above zero, as lxt adds ε without a sign."""
    return torch.tensor(rng.uniform(0.5, 1.5, shape))


def relevance_by(function, inputs, R):
    """Return the relevance of the inputs, which lxt hands back as gradients."""
    leaves = [value.clone().requires_grad_() for value in inputs]
    return torch.autograd.grad(function(*leaves), leaves, R)


def test_products_softmax_norms_and_dense_layers_equal_lxts(lxt):
    """Attention in lxt's operations, with the same ε, to 1e-6."""
    rng, epsilon = np.random.default_rng(0), 1e-6
    dense = [xk.Dense(apart(rng, 4, 4), apart(rng, 4)) for _ in range(4)]
    layer = xk.Attention(*dense, heads=2)
    a = apart(rng, 2, 3, 4)

    def heads(values):
        return values.unflatten(-1, (2, -1)).transpose(1, 2)

    def attended(a):
        Q, K, V = (
            heads(lxt.linear_epsilon(a, part.weight, part.bias, epsilon)) for part in dense[:3]
        )
        S = lxt.mul2(lxt.matmul(Q, K.mT, epsilon=epsilon), 1 / math.sqrt(2))
        P = lxt.softmax(S, -1)
        read = lxt.matmul(P, V, epsilon=epsilon).transpose(1, 2).flatten(2)
        return lxt.linear_epsilon(read, dense[3].weight, dense[3].bias, epsilon)

    network = xk.Network([layer, xk.TokenMean()])
    rule = {"dense": xk.LRPEpsilon(epsilon), "attention": xk.LRPAttention(0.5, epsilon / 2)}
    result = xk.lrp(network, a, 1, rule)
    before, after = result.details["relevance"][:2]
    (expected,) = relevance_by(attended, [a], after)
    np.testing.assert_allclose(before, expected, rtol=1e-6, atol=1e-9)


def test_each_operation_of_attention_is_exactly_lxts(lxt):
    """One number each for query, key and value, without ε, and no dense layer that adds."""
    rng = np.random.default_rng(3)
    a = apart(rng, 2, 4, 3)
    Q, K, V = (a[..., i : i + 1] for i in range(3))
    parts = [xk.Dense(row[None]) for row in (*torch.eye(3).double(), torch.ones(1).double())]
    network = xk.Network([xk.Attention(*parts), xk.TokenAt(1)])
    result = xk.lrp(network, a, rule={"attention": xk.LRPAttention(0.5)})
    R = torch.as_tensor(result.details["relevance"][1])
    S = Q @ K.mT
    P = S.softmax(-1)
    R_P, R_V = relevance_by(lambda P, V: lxt.matmul(P, V, epsilon=0.0), [P, V], R)
    (R_S,) = relevance_by(lambda S: lxt.softmax(S, -1), [S], R_P)
    R_Q, R_K = relevance_by(lambda Q, K: lxt.matmul(Q, K, epsilon=0.0), [Q, K.mT], R_S)
    expected = torch.cat([R_Q, R_K.mT, R_V], dim=-1)
    assert (expected.abs() > 1e-6).any(dim=1).all()
    np.testing.assert_allclose(result.values, expected, rtol=0, atol=1e-15)


def test_norms_equal_lxts(lxt):
    rng = np.random.default_rng(1)
    layer = xk.LayerNorm(apart(rng, 5), apart(rng, 5) + 5, 1e-3)
    x = apart(rng, 3, 5)
    result = xk.lrp(xk.Network([layer]), x, 2, {"norm": xk.LRPEpsilon(1e-6)})
    start = result.details["relevance"][-1]
    (expected,) = relevance_by(
        lambda x: lxt.layer_norm(x, layer.weight, layer.bias, layer.epsilon), [x], start
    )
    np.testing.assert_allclose(result.values, expected, rtol=1e-9)


def test_sums_and_means_equal_lxts(lxt):
    """A mean of 3 tokens with ε is their sum with 3ε, as lxt has it."""
    rng, epsilon = np.random.default_rng(2), 1e-3
    a = apart(rng, 2, 3, 4)
    layers = [xk.Residual([xk.Dense(2 * torch.eye(4).double())]), xk.TokenMean()]
    rule = dict.fromkeys(("sum", "pool"), xk.LRPEpsilon(epsilon))
    result = xk.lrp(xk.Network(layers), a, 1, rule)
    before, between, R = result.details["relevance"]
    (expected,) = relevance_by(lambda z: lxt.mean(z, 1, False, 3 * epsilon), [3 * a], R)
    np.testing.assert_allclose(between, expected, rtol=1e-9)
    kept, passed = relevance_by(
        lambda a, f: lxt.add2(a, f, epsilon=epsilon), [a, 2 * a], torch.as_tensor(between)
    )
    np.testing.assert_allclose(before, kept + passed, rtol=1e-9)


# Rules as data.


def test_rules_have_names_and_can_be_pickled():
    rule = xk.LRPAttention(0.5, 1e-6)
    assert isinstance(rule, AttentionRule) and rule.name == "AttnLRP (0.5 to P)"
    assert xk.LRPAttention().name == "attention held constant"
    for one in (rule, xk.LRPIdentity()):
        assert pickle.loads(pickle.dumps(one)) == one


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        (lambda: xk.LRPAttention(1.5), ValueError, "to_weights is 1.5, expected a share from 0"),
        (lambda: xk.LRPAttention(0.5, -1), ValueError, "epsilon is -1, expected a number ≥ 0"),
        (
            lambda: {"norm": xk.LRPGamma()},
            ValueError,
            "LRP-γ (0.25) is no rule for 'norm': expected LRPEpsilon(…), which holds σ, or LRPId",
        ),
        (
            lambda: {"attention": xk.LRPEpsilon()},
            ValueError,
            "LRP-0 is no rule for 'attention': expected LRPAttention(…)",
        ),
        (
            lambda: {"dense": xk.LRPAttention()},
            ValueError,
            "attention held constant is no rule for 'dense': expected a rule for units, such as",
        ),
        (
            lambda: {7: xk.LRPIdentity()},
            ValueError,
            "LRP-identity is no rule for 7: expected a rule for units",
        ),
        (lambda: {7: xk.LRPAttention()}, ValueError, "attention held constant is no rule for 7"),
        (lambda: {"sum": xk.LRPIdentity()}, ValueError, "LRP-identity is no rule for 'sum'"),
        (lambda: {"first": xk.LRPIdentity()}, ValueError, "LRP-identity is no rule for 'first'"),
        (
            lambda: xk.LRPAttention(0.5),
            TypeError,
            "'AttnLRP (0.5 to P)' is a rule for attention only: {'attention': …}",
        ),
        (lambda: {"norms": xk.LRPEpsilon()}, ValueError, "unknown key 'norms' in a composite"),
    ],
)
def test_what_does_not_fit_is_refused(rule, error, message):
    network = xk.transformer(5, 2, width=4)
    with pytest.raises(error, match=re.escape(message)):
        xk.lrp(network, [[1, 2]], rule=rule())


def test_relevance_of_vectors_without_an_embedding():
    """A network that reads vectors has scores for each coordinate."""
    network = xk.transformer(5, 2, width=4, heads=2, blocks=1, hidden=3)
    vectors = network.layers[0].forward(np.array([[1.0, 2, 3]]))
    behind = xk.Network(network.layers[1:])
    scores = xk.lrp(behind, vectors, 1, "attnlrp").values
    assert scores.shape == (1, 3, 4)
    assert_equal(scores.sum(axis=-1), xk.lrp(network, [[1, 2, 3]], 1, "attnlrp").values, NUMPY)
    assert len(run(behind.layers, vectors)) == len(network.layers)
