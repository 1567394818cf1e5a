"""Raw attention and rollout: by hand, as torch's weights, and blind to class and values."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

import xaikit as xk
from tests.units.support import Backend, assert_equal, numpy_of, transformers

NUMPY = Backend("numpy", "cpu", "float64")


def reader(P, heads=1):
    """Return attention with these weights P (T, T), whatever one-hot tokens are: S = log P."""
    size = len(P)
    one = xk.Dense(np.eye(size))
    return xk.Attention(xk.Dense(np.log(P).T * size**0.5), one, one, one, heads)


P, PP = np.array([[0.75, 0.25], [0.5, 0.5]]), np.array([[0.9, 0.1], [0.2, 0.8]])
TOKENS = np.eye(2)[None]


def test_weights_are_those_of_every_layer(backend):
    layers = [xk.Residual([reader(P)]), xk.TokenAt(0)]
    network = backend.network(xk.Network(layers))
    (found,) = xk.attention_weights(network, backend.array(TOKENS))
    assert_equal(found, P[None, None], backend)


def test_a_single_text_has_no_axis_of_texts():
    network = xk.transformer(5, 2, width=4, heads=2, blocks=2, hidden=3)
    single, texts = (xk.attention_weights(network, ids) for ids in ([1, 2, 3], [[1, 2, 3]]))
    for one, (expected,) in zip(single, texts, strict=True):
        assert one.shape == (2, 3, 3) and np.array_equal(one, expected)


def test_raw_attention_reads_the_last_layer_where_the_output_is_read(backend):
    network = backend.network(xk.Network([reader(P), xk.TokenAt(1)]))
    assert_equal(xk.raw_attention(network, backend.array(TOKENS)), np.array([[0.5, 0.5]]), backend)
    network = backend.network(xk.Network([reader(P), xk.TokenMean()]))
    expected = np.array([[0.625, 0.375]])
    assert_equal(xk.raw_attention(network, backend.array(TOKENS)), expected, backend)


def test_raw_attention_is_the_mean_over_heads_of_the_last_layer(backend):
    one = [xk.Dense(np.diag(size * np.ones(2))) for size in (2.0, 1.0, 1.0, 1.0)]
    last = xk.Attention(*one, heads=2)
    network = xk.Network([xk.Residual([reader(P)]), last, xk.TokenAt(1)])
    first, second = xk.attention_weights(network, TOKENS)
    assert first.shape == (1, 1, 2, 2) and second.shape == (1, 2, 2, 2)
    here = backend.network(network)
    expected = second.mean(axis=1)[:, 1]
    assert not np.allclose(expected, first[:, 0, 1])
    assert_equal(xk.raw_attention(here, backend.array(TOKENS)), expected, backend)


def test_rollout_is_the_product_over_layers(backend):
    """The second layer sees what the first left, so its weights are computed at that place."""
    first = reader(P)
    network = xk.Network([xk.Residual([first]), reader(PP), xk.TokenAt(0)])
    one, two = xk.attention_weights(network, TOKENS)
    half = [0.5 * (weights[0].mean(axis=0) + np.eye(2)) for weights in (one, two)]
    here = backend.network(network)
    expected = (half[1] @ half[0])[:1]
    assert_equal(xk.attention_rollout(here, backend.array(TOKENS)), expected, backend)


@given(drawn=transformers())
def test_maps_are_shares_of_the_tokens(exact_backend, drawn):
    network, ids = drawn
    here, x = exact_backend.network(network), exact_backend.array(ids)
    for explain in (xk.raw_attention, xk.attention_rollout):
        found = numpy_of(explain(here, x))
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)
        assert found.min() >= 0 and not found[ids == 0].any()
        for row, text in enumerate(ids):
            alone = explain(network, text[text > 0])
            assert_equal(alone, found[row][text > 0], NUMPY)


@given(drawn=transformers())
def test_maps_do_not_know_what_was_read_in_the_last_layer_nor_the_class(drawn):
    """Other values in the last attention and another head: another answer, the same map."""
    network, ids = drawn
    layers = list(network.layers)
    place = max(i for i, layer in enumerate(layers) if has_attention(layer))
    *before, attention = layers[place].layers
    value = replace(attention.value, weight=-attention.value.weight)
    layers[place] = xk.Residual([*before, replace(attention, value=value)])
    layers[-1] = replace(layers[-1], weight=layers[-1].weight[::-1])
    for explain in (xk.raw_attention, xk.attention_rollout):
        assert np.array_equal(explain(network, ids), explain(xk.Network(layers), ids))


def has_attention(layer):
    return any(isinstance(inner, xk.Attention) for inner in getattr(layer, "layers", []))


@pytest.mark.parametrize("explain", [xk.raw_attention, xk.attention_rollout])
def test_errors_say_what_is_missing(explain):
    with pytest.raises(ValueError, match="the network has no attention layer"):
        explain(xk.Network.mlp([2, 1]), [1.0, 2.0])
    message = "reads no row from its tokens, so there is no place to look from: it needs TokenMean"
    with pytest.raises(ValueError, match=re.escape(message)):
        explain(xk.Network([reader(P)]), TOKENS)
    with pytest.raises(TypeError, match="goes through layers, got function"):
        explain(lambda x: x, TOKENS)
