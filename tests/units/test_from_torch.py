"""Torch modules as networks: the same values and gradients as the module in evaluation mode."""

import copy
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import xaikit as xk
from tests.units.support import DEVICES, Backend, assert_equal, seeds

DOUBLE = Backend("torch", "cpu", "float64")


def randomise(module, seed):
    """Give a module random weights and statistics, in float64 and in training mode."""
    generator = torch.Generator().manual_seed(seed)
    module = module.double().train()
    for part in module.modules():
        for name, value in [*part.named_parameters(recurse=False), *part.named_buffers("", False)]:
            if name == "running_var":
                value.uniform_(0.5, 3, generator=generator)
            elif value.is_floating_point():
                inputs = value[0].numel() if value.ndim > 1 else 4
                value.data.normal_(0, inputs**-0.5, generator=generator)
    return module


def assert_converts(module, x, converters=None):
    """Raise unless from_torch gives the module's values and gradients, and does not change it."""
    module.train()
    state = {name: value.clone() for name, value in module.state_dict().items()}
    modes = [part.training for part in module.modules()]
    network = xk.from_torch(module, converters)
    assert [part.training for part in module.modules()] == modes
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())
    module.eval()
    leaf = x.clone().requires_grad_()
    output = module(leaf.clone())  # not the leaf itself: a module may change its input in place
    targets = np.arange(x.shape[0]) % output.shape[1]
    output[range(x.shape[0]), targets].sum().backward()
    assert_equal(network(x), output.detach(), DOUBLE)
    assert_equal(network.gradient(x, targets), leaf.grad, DOUBLE)


def rows(*shape, seed=0):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


# Random modules.

ACTIVATIONS = [
    nn.ReLU(),
    nn.LeakyReLU(0.2),
    nn.ReLU6(),
    nn.Tanh(),
    nn.Sigmoid(),
    nn.Softplus(),
    nn.GELU(),
    nn.GELU("tanh"),
]
FOR_ALL = [*ACTIVATIONS, nn.Dropout(0.5), nn.Identity(), nn.AlphaDropout(0.5)]


def one_of(draw, modules):
    """Draw one of these modules, as a new object: another test has a module that occurs twice."""
    return copy.deepcopy(modules[draw(st.integers(0, len(modules) - 1))])


@st.composite
def parts_for_rows(draw, width):
    """Draw a module for rows of this width, and the width after it."""
    kind = draw(st.sampled_from(["linear", "linear", "norm", "other"]))
    if kind == "linear":
        outputs = draw(st.integers(1, 5))
        return nn.Linear(width, outputs, bias=draw(st.booleans())), outputs
    if kind == "norm":
        return nn.BatchNorm1d(
            width, eps=draw(st.sampled_from([1e-5, 0.5])), affine=draw(st.booleans())
        ), width
    return one_of(draw, FOR_ALL), width


def convolution(draw, channels):
    groups = draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))
    padding = draw(st.sampled_from(["same", "valid", 0, 1, (0, 2)]))
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    stride = 1 if padding == "same" else draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    return nn.Conv2d(
        channels,
        groups * draw(st.integers(1, 2)),
        kernel,
        stride,
        padding,
        groups=groups,
        bias=draw(st.booleans()),
    )


@st.composite
def parts_for_pictures(draw, channels):
    """Draw modules for pictures with these channels."""
    match draw(st.sampled_from(["conv", "conv", "norm", "average", "largest", "frame", "other"])):
        case "conv":
            return [convolution(draw, channels)]
        case "norm":
            eps = draw(st.sampled_from([1e-5, 0.5]))
            return [nn.BatchNorm2d(channels, eps=eps, affine=draw(st.booleans()))]
        case "average":
            size, stride, padding = draw(st.sampled_from([(2, None, 0), (3, 1, 1), (3, 2, (1, 0))]))
            return [nn.AvgPool2d(size, stride, padding)]
        case "largest":
            size, stride = draw(st.sampled_from([(2, None), (3, 1), ((2, 3), (1, 2))]))
            if draw(st.booleans()):
                return [nn.MaxPool2d(size, stride)]
            before = one_of(draw, [nn.ReLU(), nn.ReLU6(), nn.Sigmoid(), nn.Softplus()])
            return [before, nn.Dropout(), nn.MaxPool2d(size, stride, padding=1)]
        case "frame":
            return [nn.ZeroPad2d(draw(st.tuples(*[st.integers(0, 2)] * 4)))]
    return [one_of(draw, [*FOR_ALL, nn.Dropout2d(0.5)])]


def nest(draw, parts):
    """Put a random slice of the parts into a Sequential."""
    cut = sorted((draw(st.integers(0, len(parts))), draw(st.integers(0, len(parts)))))
    inner = nn.Sequential(*parts[cut[0] : cut[1]])
    return nn.Sequential(*parts[: cut[0]], inner, nn.Sequential(), *parts[cut[1] :])


@st.composite
def modules_for_rows(draw):
    width = inputs = draw(st.integers(1, 4))
    parts = []
    for _ in range(draw(st.integers(1, 6))):
        part, width = draw(parts_for_rows(width))
        parts.append(part)
    parts.append(nn.Linear(width, 2))
    return randomise(nest(draw, parts), draw(seeds)), rows(3, inputs, seed=draw(seeds))


@st.composite
def modules_for_pictures(draw):
    channels = inputs = draw(st.integers(1, 3))
    shape, parts = (10, 11), []
    for _ in range(draw(st.integers(1, 5))):
        new = draw(parts_for_pictures(channels))
        # Leave out modules that do not fit the picture.
        try:
            after = nn.Sequential(*new).eval()(torch.zeros(1, channels, *shape)).shape
        except RuntimeError:
            continue
        parts += new
        channels, shape = after[1], after[2:]
    if draw(st.booleans()):
        parts.append(nn.AdaptiveAvgPool2d(draw(st.sampled_from([1, (1, 1)]))))
        shape = (1, 1)
    width = channels * shape[0] * shape[1]
    parts += [nn.Flatten(), nn.BatchNorm1d(width), nn.Linear(width, 2)]
    return randomise(nest(draw, parts), draw(seeds)), rows(2, inputs, 10, 11, seed=draw(seeds))


@settings(max_examples=60)
@given(drawn=modules_for_rows())
def test_random_modules_for_rows(drawn):
    assert_converts(*drawn)


@pytest.mark.filterwarnings("ignore:Using padding='same'")  # torch's warning about speed
@settings(max_examples=60)
@given(drawn=modules_for_pictures())
def test_random_modules_for_pictures(drawn):
    assert_converts(*drawn)


# Each module by itself.

FOR_PICTURES = {
    "same, odd kernel": nn.Conv2d(3, 2, (3, 5), padding="same"),
    "same, even kernel": nn.Conv2d(3, 2, (2, 4), padding="same"),
    "valid": nn.Conv2d(3, 2, 3, padding="valid"),
    "valid, other padding mode": nn.Conv2d(3, 2, 3, padding="valid", padding_mode="reflect"),
    "unequal settings": nn.Conv2d(3, 2, (2, 3), (1, 2), (1, 2)),
    "depthwise": nn.Conv2d(3, 6, 3, groups=3, bias=False),
    "average, padded": nn.AvgPool2d(3, 2, 1),
    "average, unequal padding": nn.AvgPool2d((2, 4), (1, 2), (1, 2)),
    "average of the whole picture": nn.AdaptiveAvgPool2d((1, 1)),
    "largest": nn.MaxPool2d((2, 3), (1, 2)),
    "largest, padded after ReLU": nn.Sequential(nn.ReLU(), nn.MaxPool2d(3, 2, (1, 0))),
    "largest, padded after Sigmoid": nn.Sequential(nn.Sigmoid(), nn.MaxPool2d(2, padding=1)),
    "frame": nn.ZeroPad2d((1, 0, 2, 3)),
    "norm alone": nn.BatchNorm2d(3),
    "norm after a convolution": nn.Sequential(nn.Conv2d(3, 2, 2), nn.BatchNorm2d(2)),
    "norm after a grouped convolution": nn.Sequential(
        nn.Conv2d(3, 6, 2, groups=3, bias=False), nn.BatchNorm2d(6, eps=0.3)
    ),
    "two norms": nn.Sequential(nn.BatchNorm2d(3), nn.BatchNorm2d(3, affine=False)),
    "norm after an activation": nn.Sequential(nn.Conv2d(3, 2, 2), nn.ReLU(), nn.BatchNorm2d(2)),
}


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("name", FOR_PICTURES)
def test_modules_for_pictures(name):
    module = nn.Sequential(FOR_PICTURES[name], nn.Flatten())
    assert_converts(randomise(module, 1), rows(2, 3, 6, 8))


FOR_ROWS = {
    "norm alone": nn.BatchNorm1d(3),
    "norm after a dense layer": nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)),
    "norm after a dense layer without bias": nn.Sequential(
        nn.Linear(3, 4, bias=False), nn.Dropout(), nn.BatchNorm1d(4, eps=0.3)
    ),
    "norm after an activation": nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.BatchNorm1d(4)),
    "norm without scale": nn.BatchNorm1d(3, affine=False),
    "in place": nn.ReLU(inplace=True),
    "a layer by itself": nn.Linear(3, 2),
} | {repr(unit): unit for unit in ACTIVATIONS}


@pytest.mark.parametrize("name", FOR_ROWS)
def test_modules_for_rows(name):
    assert_converts(randomise(nn.Sequential(FOR_ROWS[name]), 1), rows(5, 3))


def test_a_padded_pool_passes_no_gradient_to_dead_units():
    """ReLU's zeros are as large as the padding's: neither may get a gradient."""
    module = nn.Sequential(nn.ReLU(), nn.MaxPool2d(2, padding=1), nn.Flatten())
    assert_converts(module, -rows(1, 1, 4, 4).abs())
    assert_converts(module, torch.zeros(1, 1, 4, 4, dtype=torch.float64))


# Transformers.


@st.composite
def encoders(draw):
    """Draw a TransformerEncoder or one of its layers, and its width."""
    heads = draw(st.integers(1, 3))
    width = heads * draw(st.integers(1, 3))
    layer = nn.TransformerEncoderLayer(
        width,
        heads,
        draw(st.integers(1, 5)),
        activation=draw(st.sampled_from(["relu", "gelu", nn.GELU("tanh"), nn.Tanh()])),
        batch_first=True,
        norm_first=draw(st.booleans()),
        bias=draw(st.booleans()),
        layer_norm_eps=draw(st.sampled_from([1e-5, 0.1])),
    )
    if draw(st.booleans()):
        return layer, width
    norm = draw(st.sampled_from([None, nn.LayerNorm(width)]))
    depth = draw(st.integers(1, 2))
    return nn.TransformerEncoder(layer, depth, norm, enable_nested_tensor=False), width


class Averaged(nn.Module):
    """The mean of tokens, which torch has no module for."""

    def forward(self, x):
        return x.mean(dim=1)


@pytest.mark.filterwarnings("ignore:.*enable_nested_tensor")
@settings(max_examples=60)
@given(drawn=encoders(), seed=seeds, length=st.integers(1, 4))
def test_random_transformers(drawn, seed, length):
    encoder, width = drawn
    module = randomise(nn.Sequential(encoder, Averaged(), nn.Linear(width, 2)), seed)
    assert_converts(module, rows(3, length, width, seed=1), {Averaged: lambda m: xk.TokenMean()})


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("separate", [True, False])
def test_attention_is_self_attention(bias, separate):
    module = nn.MultiheadAttention(6, 2, batch_first=True, bias=bias)
    if separate:  # as with kdim and vdim, torch then keeps three arrays
        module = nn.MultiheadAttention(6, 2, batch_first=True, bias=bias, kdim=5)
        module.kdim, module.k_proj_weight = 6, nn.Parameter(torch.ones(6, 6))
    module = randomise(module, 0)
    x = rows(2, 3, 6)
    found = xk.from_torch(module)(x)
    assert_equal(found, module(x, x, x)[0].detach(), DOUBLE)


def test_embeddings_and_norms():
    words = randomise(nn.Embedding(7, 4, padding_idx=2), 0)
    (layer,) = xk.from_torch(words).layers
    ids = torch.tensor([[0, 2, 6]])
    assert layer.padding == 2
    assert_equal(layer.forward(ids), words(ids).detach(), DOUBLE)
    for norm in (nn.LayerNorm(4, bias=False), nn.LayerNorm(4, elementwise_affine=False, eps=0.2)):
        module = randomise(nn.Sequential(nn.Linear(3, 4), norm, nn.Linear(4, 2)), 0)
        assert_converts(module, rows(5, 3))


def test_a_hook_inside_a_transformer_is_found():
    layer = nn.TransformerEncoderLayer(4, 2, 3, batch_first=True)
    layer.self_attn.out_proj.register_forward_hook(lambda *given: None)
    with pytest.raises(ValueError, match="has a hook, which may compute anything on the way"):
        xk.from_torch(nn.Sequential(layer))


def test_layers_that_stand_twice_are_converted_twice():
    """Modules often use one nn.ReLU() after every layer; `children()` would give it once."""
    unit, square = nn.ReLU(), nn.Linear(3, 3)
    module = nn.Sequential(square, unit, square, unit, nn.Sequential(nn.Linear(3, 2), unit))
    assert len(xk.from_torch(module).layers) == 6
    assert_converts(randomise(module, 2), rows(4, 3))


def test_an_ordered_sequential_with_names():
    module = nn.Sequential()
    module.add_module("b", nn.Linear(3, 2))
    module.add_module("a", nn.Tanh())
    assert_converts(randomise(module, 0), rows(4, 3))


def test_subclasses_that_change_nothing_are_what_they_inherit():
    class Named(nn.Linear):
        pass

    class Block(nn.Sequential):
        pass

    assert_converts(randomise(Block(Named(3, 2), nn.Tanh()), 0), rows(4, 3))


def test_weights_are_copies_at_the_modules_place():
    for device in DEVICES:
        module = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.BatchNorm1d(2)).to(device)
        network = xk.from_torch(module)
        x = torch.ones(1, 3, device=device)
        before = network(x)
        with torch.no_grad():
            for tensor in [*module.parameters(), *module.buffers()]:
                tensor.fill_(7)
        assert torch.equal(network(x), before)
        for layer in network.layers:
            for value in layer.parameters.values():
                assert value.dtype is torch.float32 and value.device.type == device
                assert type(value) is torch.Tensor and not value.requires_grad


# Converters.


class Scaled(nn.Module):
    """A module that xaikit does not know: 3 tanh(x)."""

    def forward(self, x):
        return 3 * torch.tanh(x)


def test_a_converter_for_a_custom_module():
    module = nn.Sequential(nn.Linear(3, 2), Scaled(), nn.BatchNorm1d(2))
    three = torch.eye(2, dtype=torch.float64) * 3
    converters = {Scaled: lambda m: [xk.Tanh(), xk.Dense(three)]}
    assert_converts(randomise(module, 0), rows(4, 3), converters)
    assert float(three.max()) == 3  # the norm folds into a new layer, not into the converter's


def test_a_converter_may_give_one_layer_and_come_before_ours():
    module = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    network = xk.from_torch(module, converters={nn.ReLU: lambda m: xk.Softplus()})
    assert [type(layer) for layer in network.layers] == [xk.Dense, xk.Softplus]


def test_a_converter_for_a_block_of_modules():
    class Skip(nn.Sequential):
        def forward(self, x):
            return x + super().forward(x)

    def convert(module):
        return xk.Residual(xk.from_torch(nn.Sequential(*module)).layers)

    module = nn.Sequential(nn.Linear(3, 3), Skip(nn.Linear(3, 3), nn.Tanh()), nn.Linear(3, 2))
    assert_converts(randomise(module, 0), rows(4, 3), {Skip: convert})
    with pytest.raises(TypeError, match="no converter for Skip"):
        xk.from_torch(module)


# Refusals.


class Doubled(nn.Linear):
    """A subclass of a dense layer that computes something else."""

    def forward(self, x):
        return 2 * super().forward(x)


@pytest.mark.parametrize(
    ("module", "error", "message"),
    [
        (nn.Softmax(1), ValueError, "Softmax mixes all classes into each output: remove it and"),
        (nn.LogSoftmax(1), ValueError, "explain the logit, the number that goes into it"),
        (nn.SiLU(), TypeError, "no converter for SiLU; supported: Sequential, Identity, Dropout"),
        (nn.LSTM(3, 2), TypeError, "for others pass converters={type: function(module) -> layer"),
        (nn.Conv1d(3, 2, 1), TypeError, "no converter for Conv1d"),
        (nn.Hardtanh(), TypeError, "no converter for Hardtanh"),
        (Doubled(3, 2), TypeError, "no converter for Doubled"),
        (Scaled(), TypeError, "no converter for Scaled"),
        (nn.Conv2d(3, 2, 2, dilation=2), ValueError, "dilation=(2, 2) has no counterpart, use (1"),
        (
            nn.Conv2d(3, 2, 3, padding=1, padding_mode="circular"),
            ValueError,
            "padding_mode='circular' has no counterpart, use 'zeros'",
        ),
        (
            nn.Conv2d(3, 2, 3, padding="same", padding_mode="reflect"),
            ValueError,
            "padding_mode='reflect' has no counterpart",
        ),
        (nn.MaxPool2d(2, ceil_mode=True), ValueError, "ceil_mode=True has no counterpart"),
        (nn.MaxPool2d(2, dilation=2), ValueError, "dilation=2 has no counterpart, use 1"),
        (
            nn.MaxPool2d(2, return_indices=True),
            ValueError,
            "return_indices=True has no counterpart",
        ),
        (
            nn.AvgPool2d(2, ceil_mode=True),
            ValueError,
            "ceil_mode=True has no counterpart, use False",
        ),
        (nn.AvgPool2d(2, divisor_override=3), ValueError, "divisor_override=3 has no counterpart"),
        (
            nn.AvgPool2d(3, 1, 1, count_include_pad=False),
            ValueError,
            "count_include_pad=False has no counterpart, use True",
        ),
        (nn.AdaptiveAvgPool2d(2), ValueError, "only AdaptiveAvgPool2d(1), the global average, is"),
        (nn.AdaptiveAvgPool2d((1, None)), ValueError, "only AdaptiveAvgPool2d(1)"),
        (nn.MaxPool2d(2, padding=1), ValueError, "padding is supported after ReLU, ReLU6, Sigmoid"),
        (
            nn.Sequential(nn.Tanh(), nn.MaxPool2d(2, padding=1)),
            ValueError,
            "padding is supported after ReLU, ReLU6, Sigmoid or Softplus",
        ),
        (nn.Flatten(0), ValueError, "start_dim=0 has no counterpart, use 1"),
        (nn.Flatten(1, 2), ValueError, "end_dim=2 has no counterpart, use -1"),
        (nn.Softplus(beta=2), ValueError, "beta=2 has no counterpart, use 1"),
        (nn.Softplus(threshold=1), ValueError, "threshold=1 has no counterpart, use 20"),
        (nn.LayerNorm((2, 3)), ValueError, "normalized_shape=(2, 3) has no counterpart, only the"),
        (nn.Embedding(3, 2, max_norm=1.0), ValueError, "max_norm=1.0 has no counterpart, use None"),
        (nn.MultiheadAttention(4, 2), ValueError, "batch_first=False has no counterpart, use True"),
        (
            nn.MultiheadAttention(4, 2, batch_first=True, add_bias_kv=True),
            ValueError,
            "add_bias_kv=True has no counterpart, use False",
        ),
        (
            nn.MultiheadAttention(4, 2, batch_first=True, add_zero_attn=True),
            ValueError,
            "add_zero_attn=True has no counterpart, use False",
        ),
        (
            nn.MultiheadAttention(4, 2, batch_first=True, kdim=3),
            ValueError,
            "kdim=3 and vdim=4 have no counterpart, use 4: keys and values are made of the same",
        ),
        (
            nn.TransformerEncoderLayer(4, 2, 3, activation=torch.tanh, batch_first=True),
            ValueError,
            "TransformerEncoderLayer has no counterpart: give it a module that from_torch converts",
        ),
        (
            nn.TransformerEncoderLayer(4, 2, 3, activation=nn.SiLU(), batch_first=True),
            TypeError,
            "no converter for SiLU",
        ),
        (
            nn.TransformerEncoderLayer(4, 2, 3),
            ValueError,
            "batch_first=False has no counterpart, use True",
        ),
        (
            nn.BatchNorm1d(3, track_running_stats=False),
            ValueError,
            "without running statistics, rows depend on each other",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
@pytest.mark.parametrize("nested", [True, False])
def test_what_has_no_counterpart_is_refused_in_words(module, error, message, nested):
    module = nn.Sequential(nn.Dropout(), nn.Sequential(module)) if nested else module
    with pytest.raises(error, match=re.escape(message)):
        xk.from_torch(module)


def test_the_list_of_what_is_supported_is_complete():
    with pytest.raises(TypeError) as error:
        xk.from_torch(nn.SiLU())
    for name in ["Linear", "Conv2d", "AvgPool2d", "AdaptiveAvgPool2d", "Flatten", "ZeroPad2d"]:
        assert name in str(error.value)
    for name in ["Embedding", "LayerNorm", "MultiheadAttention", "TransformerEncoderLayer"]:
        assert name in str(error.value)
    for unit in ACTIVATIONS:
        assert type(unit).__name__ in str(error.value)
