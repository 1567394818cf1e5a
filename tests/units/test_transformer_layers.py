"""Layers of texts: by hand, against torch's modules with padding, and what padding may not do."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import xaikit as xk
from tests.units.support import (
    DEVICES,
    OF_TOKENS,
    Backend,
    assert_equal,
    attentions,
    double,
    five_point,
    layers_with_inputs,
    norms,
    numpy_of,
    seeds,
    transformers,
    twin,
    twin_chain,
    twin_gradients,
)
from xaikit.networks.layers import run, run_back, with_mask
from xaikit.networks.losses import softmax
from xaikit.networks.training import loss_gradients
from xaikit.networks.transformer import transformer_block

NUMPY = Backend("numpy", "cpu", "float64")
few_ids = st.integers(1, 6).flatmap(
    lambda length: st.lists(
        st.lists(st.integers(0, 4), min_size=length, max_size=length), min_size=1, max_size=3
    ).map(lambda rows: np.array(rows, dtype=float))
)


# Attention.


def plain_attention(present=None, heads=1):
    """Return attention whose four dense layers change nothing, for two coordinates."""
    return xk.Attention(*[xk.Dense(np.eye(2))] * 4, heads, present)


def test_two_tokens_by_hand(backend):
    """A token (c, 0) with c²/√2 = ln 3 reads ¾ from itself; a token (0, 0) reads both by half."""
    c = (2**0.5 * np.log(3)) ** 0.5
    layer = plain_attention().map_arrays(backend.array)
    a = backend.array([[[c, 0.0], [0.0, 0.0]]])
    steps = layer.steps(a)
    assert_equal(steps.S[0, 0], np.array([[np.log(3), 0], [0, 0]]), backend)
    assert_equal(steps.P[0, 0], np.array([[0.75, 0.25], [0.5, 0.5]]), backend)
    assert_equal(layer.forward(a), c * np.array([[[0.75, 0], [0.5, 0]]]), backend)


def test_heads_read_side_by_side(backend):
    """With two heads of one coordinate each, a coordinate is read by its own scores."""
    a = np.random.default_rng(0).normal(size=(1, 3, 2))
    both = plain_attention(heads=2).map_arrays(backend.array).forward(backend.array(a))
    for head in (0, 1):
        one = a[0, :, head]
        odds = np.exp(np.outer(one, one))
        assert_equal(both[0, :, head], odds / odds.sum(axis=1, keepdims=True) @ one, backend)


@given(data=st.data(), seed=seeds)
def test_attention_equals_torchs_module(exact_backend, data, seed):
    """nn.MultiheadAttention with key_padding_mask, in float64, to 1e-12."""
    heads, size = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    n, length, width = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 5)), heads * size
    module = nn.MultiheadAttention(width, heads, batch_first=True, bias=seed % 2 == 0).double()
    rng = np.random.default_rng(seed)
    for parameter in module.parameters():
        parameter.data = torch.tensor(rng.normal(0, 1, tuple(parameter.shape)))
    a = rng.normal(size=(n, length, width))
    present = rng.integers(0, 2, (n, length)).astype(float)
    present[:, rng.integers(length)] = 1
    x = torch.tensor(a)
    expected, weights = module(x, x, x, key_padding_mask=torch.tensor(present) == 0)
    (layer,) = xk.from_torch(module).layers
    here = layer.for_tokens(double(present)).map_arrays(
        lambda array: exact_backend.array(numpy_of(array))
    )
    assert_equal(here.forward(exact_backend.array(a)), expected.detach(), exact_backend)
    P = here.steps(exact_backend.array(a)).P
    assert_equal(P.mean(axis=1), weights.detach(), exact_backend)
    assert not numpy_of(P)[np.broadcast_to(present[:, None, None] == 0, P.shape)].any()


def test_a_text_without_tokens_reads_nothing(backend):
    """Where torch's softmax is NaN."""
    layer = plain_attention(np.zeros((1, 3))).map_arrays(backend.array)
    a = backend.array(np.ones((1, 3, 2)))
    assert not numpy_of(layer.forward(a)).any()
    assert not numpy_of(layer.backward(a, a)).any()


def test_softmax_of_large_and_of_infinite_scores(backend):
    S = backend.array([[1e4, 1e4, -np.inf], [-np.inf] * 3, [-1e4, 0.0, -np.inf]])
    assert_equal(softmax(S), np.array([[0.5, 0.5, 0], [0, 0, 0], [0, 1, 0]]), backend)


@given(data=st.data(), seed=seeds)
def test_attention_does_not_know_the_order(exact_backend, data, seed):
    """Permuted tokens give permuted outputs: without positions a text is a bag of words."""
    layer = data.draw(attentions(3)).map_arrays(exact_backend.array)
    rng = np.random.default_rng(seed)
    a, order = rng.normal(size=(2, 5, 3)), rng.permutation(5)
    shuffled = layer.forward(exact_backend.array(a[:, order]))
    assert_equal(shuffled, numpy_of(layer.forward(exact_backend.array(a)))[:, order], exact_backend)


@pytest.mark.parametrize("kind", OF_TOKENS)
@given(data=st.data(), seed=seeds)
def test_backward_is_the_limit_of_differences(exact_backend, kind, data, seed):
    layer, a, grad = data.draw(layers_with_inputs(kind))
    here, step = layer.map_arrays(exact_backend.array), np.random.default_rng(seed)
    step = step.normal(size=a.shape)

    def score(t):
        return (numpy_of(here.forward(exact_backend.array(a + t * step))) * grad).sum()

    slope = numpy_of(here.backward(exact_backend.array(a), exact_backend.array(grad)))
    size = np.abs(slope * step).sum() + np.abs(score(0))
    np.testing.assert_allclose(
        five_point(score, 1e-3), (slope * step).sum(), atol=1e-9 * (1 + size)
    )


@pytest.mark.parametrize("kind", ["Dense of tokens", "LayerNorm", "Attention", "Embedding"])
@given(data=st.data(), seed=seeds)
def test_parameter_gradients_are_limits_of_differences(exact_backend, kind, data, seed):
    """Of each parameter by itself, so that a large one hides no other."""
    rng = np.random.default_rng(seed)
    if kind == "Embedding":
        layer, a = (
            xk.Embedding(rng.normal(size=(5, 3)), rng.normal(size=(6, 3)), 0),
            data.draw(few_ids),
        )
        grad = rng.normal(size=(*a.shape, 3))
    else:
        layer, a, grad = data.draw(layers_with_inputs(kind))
    here = layer.map_arrays(exact_backend.array)
    found = here.parameter_gradients(exact_backend.array(a), exact_backend.array(grad))
    assert list(found) == list(layer.parameters)
    for name, parameter in layer.parameters.items():
        step = rng.normal(size=parameter.shape)

        def score(t, parameter=parameter, step=step):
            moved = layer.map_arrays(lambda p: p + t * step if p is parameter else p)
            values = moved.map_arrays(exact_backend.array).forward(exact_backend.array(a))
            return (numpy_of(values) * grad).sum()

        parts = numpy_of(found[name]) * step
        size = 1 + np.abs(parts).sum() + np.abs(score(0))
        np.testing.assert_allclose(
            five_point(score, 1e-3), parts.sum(), rtol=0, atol=1e-9 * size, err_msg=name
        )


# LayerNorm.


@given(layer=norms(4), seed=seeds, scale=st.floats(0.5, 100), shift=st.floats(-5, 5))
def test_a_norm_ignores_scale_and_shift(exact_backend, layer, seed, scale, shift):
    """With ε = 0: the same outputs, and gradients with Σ x_i ∂/∂x_i = Σ ∂/∂x_i = 0."""
    layer = xk.LayerNorm(layer.weight, layer.bias, 0.0).map_arrays(exact_backend.array)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 4)) + np.arange(4)
    other = layer.forward(exact_backend.array(scale * x + shift))
    assert_equal(other, numpy_of(layer.forward(exact_backend.array(x))), exact_backend, 1e-10)
    slope = numpy_of(
        layer.backward(exact_backend.array(x), exact_backend.array(rng.normal(size=x.shape)))
    )
    np.testing.assert_allclose((x * slope).sum(axis=1), 0, atol=1e-11)
    np.testing.assert_allclose(slope.sum(axis=1), 0, atol=1e-11)


def test_a_norm_has_torchs_epsilon():
    assert xk.LayerNorm().epsilon == nn.LayerNorm(1).eps


def test_a_norm_by_hand(backend):
    """(1, 3): mean 2, σ = 1; with g = (2, 4) and b = (10, 20): (8, 24)."""
    layer = xk.LayerNorm([2.0, 4.0], [10.0, 20.0], 0.0).map_arrays(backend.array)
    assert_equal(layer.forward(backend.array([[1.0, 3.0]])), np.array([[8.0, 24.0]]), backend)


# Embedding, and the row that is read from the tokens.


def test_ids_are_looked_up_and_placed(backend):
    layer = xk.Embedding([[0, 0], [1, 2], [3, 4]], [[10, 0], [20, 0]], 0).map_arrays(backend.array)
    ids = backend.array([[2, 1], [1, 0]])
    assert_equal(layer.forward(ids), np.array([[[13, 4], [21, 2]], [[11, 2], [20, 0]]]), backend)
    assert numpy_of(layer.tokens_present(ids)).tolist() == [[1, 1], [1, 0]]
    assert xk.Embedding([[1.0]]).tokens_present(np.zeros((1, 1))) is None


@given(seed=seeds, n=st.integers(1, 3), length=st.integers(1, 5), places=st.booleans())
def test_embedding_gradients_equal_torchs(backend, seed, n, length, places):
    rng = np.random.default_rng(seed)
    layer = xk.Embedding(rng.normal(size=(4, 3)), rng.normal(size=(6, 3)) if places else None)
    layer = layer.map_arrays(backend.array)
    ids, grad = rng.integers(0, 4, (n, length)), rng.normal(size=(n, length, 3))
    values, _, expected = twin_gradients(
        lambda a, parameters: twin(layer, a, parameters) + 0 * a.sum(), ids, layer.parameters, grad
    )
    assert_equal(layer.forward(backend.array(ids)), values, backend)
    found = layer.parameter_gradients(backend.array(ids), backend.array(grad))
    assert list(found) == list(layer.parameters)
    for name, gradient in found.items():
        assert_equal(gradient, expected[name], backend)


def test_the_mean_of_no_tokens_is_zero(backend):
    layer = xk.TokenMean(backend.array([[0.0, 0.0], [1.0, 0.0]]))
    a = backend.array(np.full((2, 2, 1), 3.0))
    assert numpy_of(layer.forward(a)).tolist() == [[0], [3]]
    assert numpy_of(layer.backward(a, backend.array([[1.0], [1.0]])))[:, :, 0].tolist() == [
        [0, 0],
        [1, 0],
    ]


# Whole networks, with padding.


def padded(ids, by):
    return np.pad(ids, ((0, 0), (0, by)))


def longer(network, by):
    """Return the network with positions for longer texts."""
    first, *rest = network.layers
    positions = np.vstack([first.positions, np.full((by, first.positions.shape[1]), 7.0)])
    return xk.Network([xk.Embedding(first.words, positions, first.padding), *rest])


@given(drawn=transformers(), by=st.integers(1, 3))
def test_padding_never_changes_an_answer(exact_backend, drawn, by):
    """Nor what the padding's vector and positions are."""
    network, ids = drawn
    first, *rest = network.layers
    words = first.words.copy()
    words[0] += 5
    other = xk.Network([xk.Embedding(words, first.positions, 0), *rest])
    here = exact_backend.network(longer(other, by))
    found = here(exact_backend.array(padded(ids, by)))
    assert_equal(found, network(ids), exact_backend)
    for row, text in enumerate(ids):
        assert_equal(network(text[text > 0]), network(ids)[row], NUMPY)


@given(drawn=transformers(), seed=seeds)
def test_gradients_equal_autograds(exact_backend, drawn, seed):
    """Of every parameter and of the tokens' vectors; padding has exactly 0."""
    network, ids = drawn
    here, x = exact_backend.network(network), exact_backend.array(ids)
    layers = with_mask(here.layers, x)
    values = run(layers, x)
    grad = np.random.default_rng(seed).normal(size=tuple(values[-1].shape))
    parameters = {
        f"{i}.{name}": value
        for i, layer in enumerate(layers)
        for name, value in layer.parameters.items()
    }
    vectors = double(values[1])
    behind = {name: value for name, value in parameters.items() if not name.startswith("0.")}
    output, slope, expected = twin_gradients(
        lambda a, p: twin_chain(layers[1:], a, {rename(name): v for name, v in p.items()}),
        vectors,
        behind,
        grad,
    )
    grads = run_back(layers[1:], values[1:], exact_backend.array(grad))
    assert_equal(values[-1], output, exact_backend)
    assert_equal(grads[0], slope, exact_backend, 1e-9)
    assert not numpy_of(grads[0])[ids == 0].any()
    found = {
        f"{i}.{name}": gradient
        for i, (layer, a, g) in enumerate(zip(layers, values, [*grads], strict=False))
        for name, gradient in layer.parameter_gradients(a, g).items()
    }
    assert list(found) == list(parameters)
    for name, gradient in expected.items():
        assert_equal(found[name], gradient, exact_backend, 1e-9)
    assert_equal(
        found["0.positions"][: ids.shape[1]], numpy_of(grads[0]).sum(axis=0), exact_backend
    )


def rename(name):
    place, rest = name.split(".", 1)
    return f"{int(place) - 1}.{rest}"


@given(drawn=transformers(), seed=seeds)
def test_loss_gradients_are_the_limits_of_differences(drawn, seed):
    network, ids = drawn
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, len(ids))
    _, found = loss_gradients(network.layers, ids.astype(float), y, "cross_entropy")
    parameters = [p for layer in network.layers for p in layer.parameters.values()]
    step = [rng.normal(size=p.shape) for p in parameters]

    def loss(t):
        moved = iter([p + t * s for p, s in zip(parameters, step, strict=True)])
        layers = [layer.map_arrays(lambda _: next(moved)) for layer in network.layers]
        return loss_gradients(layers, ids.astype(float), y, "cross_entropy")[0]

    slope = sum((g * s).sum() for g, s in zip(found, step, strict=True))
    size = sum(np.abs(g * s).sum() for g, s in zip(found, step, strict=True))
    np.testing.assert_allclose(five_point(loss, 1e-4), slope, rtol=0, atol=1e-7 * (1 + size))


@pytest.mark.parametrize("norm_first", [True, False])
def test_a_block_is_torchs_encoder_layer(norm_first):
    torch.manual_seed(0)
    module = nn.TransformerEncoderLayer(
        6, 2, 5, activation="gelu", norm_first=norm_first, batch_first=True
    )
    module = module.double().eval()
    for parameter in module.parameters():  # torch makes both norms alike
        nn.init.normal_(parameter)
    parts = {
        name: xk.from_torch(part).layers[0]
        for name, part in module.named_children()
        if not isinstance(part, nn.Dropout)
    }
    block = transformer_block(
        parts["self_attn"],
        [parts["linear1"], xk.GELU(), parts["linear2"]],
        (parts["norm1"], parts["norm2"]),
        norm_first,
    )
    present = torch.tensor([[1.0, 1, 1, 0], [1, 0, 0, 0]]).double()
    x = torch.randn(2, 4, 6).double()
    with torch.no_grad():
        expected = module(x, src_key_padding_mask=present == 0)
    found = run([layer.for_tokens(present) for layer in block], x)[-1]
    there = present > 0
    assert_equal(found[there], expected[there], Backend("torch", "cpu", "float64"))


def test_fit_learns_which_word_decides(backend):
    """Class 1 if token 2 stands before token 3, among others, in texts of unequal length."""
    rng = np.random.default_rng(0)
    ids = np.array([rng.permutation([2, 3, *rng.integers(4, 8, 2)]) for _ in range(120)])
    y = (np.argmax(ids == 2, axis=1) < np.argmax(ids == 3, axis=1)).astype(int)
    ids = padded(ids, 2)
    network = xk.transformer(8, 2, width=8, heads=2, blocks=1, hidden=8, longest=6)
    network = backend.network(network)
    history = network.fit(backend.array(ids), y, "cross_entropy", epochs=60, learning_rate=0.01)
    assert history[-1] < 0.1 < history[0]
    answers = numpy_of(network(backend.array(ids))).argmax(axis=1)
    assert (answers == y).mean() > 0.97


def test_fit_leaves_the_paddings_vector_alone():
    network = xk.transformer(4, 2, width=4, heads=1, blocks=1, hidden=3)
    before = network.layers[0].words.copy()
    network.fit([[1, 2, 0], [3, 0, 0]], [0, 1], "cross_entropy", epochs=3)
    after = network.layers[0].words
    assert not after[0].any() and (after[1:] != before[1:]).any(axis=1).all()


def test_a_network_moves_with_its_mask():
    network = xk.transformer(6, 2, width=4, heads=2, blocks=1, hidden=3)
    ids = np.array([[1, 2, 3], [4, 5, 0]])
    for device in DEVICES:
        there = network.to(device, "float32")
        found = there(torch.tensor(ids, device=device, dtype=torch.float32))
        np.testing.assert_allclose(numpy_of(found), network(ids), rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(there.to("numpy")(ids), network(ids), rtol=1e-4, atol=1e-4)


def test_a_transformer_is_drawn_from_its_seed():
    one, same, other = (xk.transformer(5, 2, width=4, seed=s) for s in (1, 1, 2))
    ids = [[1, 2, 3]]
    assert np.array_equal(one(ids), same(ids)) and not np.array_equal(one(ids), other(ids))
    assert xk.transformer(5, 2, width=4, dtype="float32")(ids).dtype == np.float32
    assert len(xk.transformer(5, 2, blocks=3).layers) == 1 + 3 * 2 + 1 + 2
    assert len(xk.transformer(5, 2, blocks=3, norm_first=False).layers) == 1 + 3 * 4 + 2


def test_a_transformers_weights_keep_the_size_of_what_comes_in():
    network = xk.transformer(500, 40, width=40, hidden=160, blocks=1)
    embedding, first, second, *_, last = network.layers
    attention, (_, into, _, back) = first.layers[1], second.layers
    denses = [attention.query, attention.key, attention.value, attention.output, into, back, last]
    drawn = [embedding.words, embedding.positions, *(dense.weight for dense in denses)]
    for weight in drawn:
        # Of 1,600 draws and more: its own error is 1.8% at most.
        assert weight.std() == pytest.approx(weight.shape[-1] ** -0.5, rel=0.1)
    assert not any(dense.bias.any() for dense in denses)


# Errors.


def attention(*units, heads=1):
    parts = [xk.Dense(np.ones((count, 2))) for count in units[:3]]
    return xk.Attention(*parts, xk.Dense(np.ones((2, units[3]))), heads)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: attention(4, 3, 4, 4), "query has 4 outputs and key 3: expected the same number"),
        (lambda: attention(4, 4, 6, 4), "Dense(4 -> 2) cannot follow the 6 outputs of value"),
        (lambda: attention(4, 4, 4, 4, heads=3), "do not split into 3 heads"),
        (
            lambda: attention(4, 4, 6, 6, heads=4),
            "4 outputs of query and 6 of value do not split into 4",
        ),
        (lambda: attention(4, 4, 4, 4, heads=0), "do not split into 0 heads"),
        (
            lambda: xk.LayerNorm([1.0, 2.0], [1.0]),
            "LayerNorm's weight has 2 entries and its bias 1",
        ),
        (lambda: xk.LayerNorm([[1.0]]), "LayerNorm's weight has shape (1, 1), expected (d,)"),
        (lambda: xk.Embedding([1.0]), "words has shape (1,), expected (vocabulary, d)"),
        (
            lambda: xk.Embedding([[1.0]], [[1.0, 2.0]]),
            "words have 1 coordinates and its positions 2",
        ),
        (
            lambda: xk.Embedding(np.ones((2049, 1), dtype="float16")),
            "float16 tells no more than 2048 ids apart, and there are 2049 tokens: take float32",
        ),
        (lambda: xk.Embedding([[1.0]], padding=-1), "padding is -1, expected at least 0"),
        (lambda: xk.TokenAt(-1), "position is -1, expected at least 0"),
        (lambda: xk.transformer(5, 2, blocks=0), "blocks is 0, expected at least 1"),
        (lambda: xk.transformer(5, 2, read="last"), "read is 'last', expected 'mean' or 'first'"),
        (lambda: xk.transformer(5, 2, width=6, heads=4), "do not split into 4 heads"),
        (lambda: xk.transformer(5, 2, padding=5), "padding is 5, but there are tokens 0 to 4 only"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_made(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


def test_as_many_tokens_as_a_dtype_tells_apart_are_not_refused():
    words = np.arange(2048, dtype="float16")[:, None]
    assert xk.Embedding(words).forward(np.array([[2047.0]], "float16")).item() == 2047


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([[1, 9]], "9 is no token id: expected whole numbers from 0 to 4, for a vocabulary of 5"),
        ([[1, 5]], "5 is no token id"),
        ([[-1, 1]], "-1 is no token id"),
        ([[0.5, 1.0]], "0.5 is no token id"),
        ([[1, 2, 3, 4]], "the texts have 4 tokens, but there are only 3 positions: cut the texts"),
        ([[[1, 2]]], "expects ids of shape (n, T), got (1, 1, 2)"),
    ],
)
def test_ids_that_cannot_be_are_refused(backend, ids, message):
    network = backend.network(xk.transformer(5, 2, width=4, heads=1, blocks=1, longest=3))
    with pytest.raises(ValueError, match=re.escape(message)):
        network(backend.array(ids))


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (plain_attention(), (3, 2), "expects tokens of shape (n, T, in), got (3, 2)"),
        (xk.LayerNorm(np.ones(3)), (1, 2, 4), "expects vectors of 3 numbers, got inputs of shape"),
        (xk.Dense(np.ones((2, 3))), (1, 2, 4), "expects inputs of shape (n, 3), got (1, 2, 4)"),
        (xk.TokenAt(2), (1, 2, 4), "TokenAt(position=2) reads texts that are longer, got 2 token"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(layer, shape, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        layer.forward(np.ones(shape))


def test_there_is_no_slope_along_ids():
    with pytest.raises(TypeError, match="there is no slope along them"):
        xk.transformer(5, 2, width=4).gradient([[1, 2]])


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (plain_attention(np.ones((1, 2)), heads=2), "Attention(2 -> 2, heads 2)"),
        (xk.LayerNorm(np.ones(3)), "LayerNorm(3)"),
        (xk.LayerNorm(np.ones(3), np.ones(3)), "LayerNorm(3, bias)"),
        (xk.LayerNorm(), "LayerNorm()"),
        (xk.Embedding(np.ones((5, 2)), padding=0), "Embedding(5 tokens -> 2, padding 0)"),
        (xk.TokenMean(np.ones((1, 2))), "TokenMean()"),
    ],
)
def test_a_layer_prints_in_a_line(layer, text):
    assert repr(layer) == text
