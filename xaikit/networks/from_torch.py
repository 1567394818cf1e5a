"""Conversion of feed-forward torch modules and transformers to a Network, layer by layer."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from xaikit.core.extras import needs
from xaikit.networks.activations import GELU, LeakyReLU, ReLU, ReLU6, Sigmoid, Softplus, Tanh
from xaikit.networks.attention import Attention
from xaikit.networks.convolution import AvgPool2d, Conv2d, MaxPool2d, ZeroPad2d
from xaikit.networks.layers import Dense, Flatten, Layer
from xaikit.networks.network import Network
from xaikit.networks.normalisation import LayerNorm
from xaikit.networks.tokens import Embedding
from xaikit.networks.transformer import transformer_block

with needs("torch", "from_torch"):
    import torch
    from torch import nn
    from torch.nn import functional

Layers = Layer | list[Layer]


def from_torch(
    module: nn.Module,
    converters: Mapping[type[nn.Module], Callable[[Any], Layers]] | None = None,
) -> Network:
    """Convert a feed-forward torch module to a Network with copies of its weights.

    Nested Sequential is flattened. Dropout and Identity are left out. BatchNorm, in evaluation
    mode, is folded into the dense or convolutional layer before it, or becomes a diagonal layer.
    AdaptiveAvgPool2d(1) becomes an average over the whole picture.

    TransformerEncoder and its layers take tokens (n, T, d), so batch_first must be True. A
    MultiheadAttention becomes self-attention, module(x, x, x)[0]. What torch is told with each
    call, masks and padding, follows from the ids here: see `Embedding`.

    Parameters
    ----------
    module : torch.nn.Module
        A Sequential, or a single layer.
    converters : dict from module type to function(module) -> layer or list of layers
        For modules that are not supported, or that need another conversion.

    Returns
    -------
    Network
        The module in evaluation mode, with weights on the module's device and in its dtype.

    Raises
    ------
    TypeError
        For a module without a converter; the message names it and what is supported.
    ValueError
        For a setting without a counterpart, for forward hooks (pruning, the old weight and
        spectral norm), also of modules inside others, and for a Softmax: explain the logit.
    """
    converters = converters or {}
    layers: list[Layer] = []
    for part in _leaves(module, converters):
        if type(part) in converters:
            new = converters[type(part)](part)
        elif _is_a(part, nn.BatchNorm1d, nn.BatchNorm2d):
            new = _batch_norm(part, layers)
        elif _is_a(part, nn.MaxPool2d):
            new = _max_pool(part, layers)
        else:
            new = _convert(part)
        layers += [new] if isinstance(new, Layer) else new
    return Network(layers)


def _is_a(module: nn.Module, *kinds: type[nn.Module]) -> bool:
    """Tell whether a module is of one of these classes and has its class's own `forward`."""
    return any(isinstance(module, k) and type(module).forward is k.forward for k in kinds)


def _leaves(module: nn.Module, converters: Mapping) -> list[nn.Module]:
    """Return the modules inside nested Sequential, in order, without Dropout and Identity."""
    if type(module) in converters:
        return [module]
    if _is_a(module, nn.Sequential):
        _expect_no_hook(module)
        children: Any = module  # not module.children(), which skips a module that occurs twice
        return [leaf for child in children for leaf in _leaves(child, converters)]
    for inner in module.modules():
        _expect_no_hook(inner)
    return [] if _is_a(module, *VANISHING) else [module]


def _expect_no_hook(module: nn.Module) -> None:
    if module._forward_hooks or module._forward_pre_hooks:
        raise ValueError(
            f"{type(module).__name__} has a hook, which may compute anything on the way: remove it "
            "(torch.nn.utils.prune.remove, remove_weight_norm, remove_spectral_norm) before you "
            "convert the module, or use TorchModel"
        )


def _convert(module: nn.Module) -> Layers:
    """Convert a module whose conversion does not depend on the layers before it."""
    if isinstance(module, SOFTMAX):
        raise ValueError(
            f"{type(module).__name__} mixes all classes into each output: remove it and explain "
            "the logit, the number that goes into it"
        )
    for kind, convert in SUPPORTED.items():
        if _is_a(module, kind):
            return convert(module)
    special = "Sequential, Identity, Dropout, BatchNorm1d, BatchNorm2d, MaxPool2d"
    raise TypeError(
        f"no converter for {type(module).__name__}; supported: {special}, "
        f"{', '.join(kind.__name__ for kind in SUPPORTED)}; for others pass "
        "converters={type: function(module) -> layer or list of layers}, or use TorchModel"
    )


def _tensor(value: torch.Tensor | None) -> torch.Tensor | None:
    return None if value is None else value.detach().clone()


def _require(module: nn.Module, **settings: Any) -> None:
    """Raise unless the module's settings have these values."""
    for name, expected in settings.items():
        if (given := getattr(module, name)) != expected:
            raise ValueError(f"{module}: {name}={given!r} has no counterpart, use {expected!r}")


def _dense(module: nn.Linear) -> Dense:
    return Dense(_tensor(module.weight), _tensor(module.bias))


def _both(value: Any) -> tuple:
    return (value, value) if isinstance(value, int) else tuple(value)


def _conv(module: Any) -> Layers:
    _require(module, dilation=(1, 1))
    padding, frame = module.padding, list[Layer]()
    if padding == "valid":
        padding = (0, 0)
    elif padding == "same":
        height, width = (size - 1 for size in module.kernel_size)
        sides = (width // 2, width - width // 2, height // 2, height - height // 2)
        padding, frame = (0, 0), [ZeroPad2d(*sides)]
    if padding != (0, 0) or frame:
        _require(module, padding_mode="zeros")
    weight, bias = _tensor(module.weight), _tensor(module.bias)
    return [*frame, Conv2d(weight, bias, module.stride, padding, module.groups)]


def _avg_pool(module: nn.AvgPool2d) -> Layers:
    _require(module, ceil_mode=False, divisor_override=None)
    height, width = _both(module.padding)
    pool = AvgPool2d(_both(module.kernel_size), _both(module.stride))
    if (height, width) == (0, 0):
        return pool
    _require(module, count_include_pad=True)
    return [ZeroPad2d(width, width, height, height), pool]


def _global_average(module: nn.AdaptiveAvgPool2d) -> Layers:
    if _both(module.output_size) != (1, 1):
        raise ValueError(f"{module}: only AdaptiveAvgPool2d(1), the global average, is supported")
    return AvgPool2d(None)


def _flatten(module: nn.Flatten) -> Layers:
    _require(module, start_dim=1, end_dim=-1)
    return Flatten()


def _softplus(module: nn.Softplus) -> Layers:
    _require(module, beta=1, threshold=20)
    return Softplus()


def _max_pool(module: Any, before: list[Layer]) -> Layers:
    """Convert a max pool. Torch pads with −∞; if all inputs are ≥ 0, zeros give the same result."""
    _require(module, ceil_mode=False, return_indices=False)
    if _both(module.dilation) != (1, 1):
        raise ValueError(f"{module}: dilation={module.dilation} has no counterpart, use 1")
    height, width = _both(module.padding)
    pool = MaxPool2d(_both(module.kernel_size), _both(module.stride))
    if (height, width) == (0, 0):
        return pool
    if not (before and isinstance(before[-1], ReLU | ReLU6 | Sigmoid | Softplus)):
        raise ValueError(f"{module}: padding is supported after ReLU, ReLU6, Sigmoid or Softplus")
    return [ZeroPad2d(width, width, height, height), pool]


def _batch_norm(module: Any, before: list[Layer]) -> Layers:
    """Convert y = (z − mean) · scale + shift, with the stored mean and variance.

    It is folded into a dense or convolutional layer before it, which is removed from `before`;
    otherwise it becomes a layer with a diagonal weight.
    """
    mean, variance = module.running_mean, module.running_var
    if mean is None:
        raise ValueError(f"{module}: without running statistics, rows depend on each other")
    scale = (variance + module.eps).rsqrt()
    scale = (scale if module.weight is None else scale * module.weight).detach()
    shift = (-mean * scale if module.bias is None else module.bias - mean * scale).detach()
    if before and isinstance(before[-1], Dense | Conv2d):
        layer: Any = before.pop()
        weight = layer.weight * scale.reshape(-1, *[1] * (layer.weight.ndim - 1))
        shift = shift if layer.bias is None else shift + layer.bias * scale
        return replace(layer, weight=weight, bias=shift)
    if isinstance(module, nn.BatchNorm1d):
        return Dense(torch.diag(scale), shift)
    return Conv2d(scale[:, None, None, None], shift, groups=len(scale))


def _embedding(module: nn.Embedding) -> Layers:
    _require(module, max_norm=None)
    return Embedding(_tensor(module.weight), None, module.padding_idx)


def _layer_norm(module: Any) -> LayerNorm:
    if len(module.normalized_shape) != 1:
        raise ValueError(
            f"{module}: normalized_shape={module.normalized_shape} has no counterpart, only the "
            "last axis is normalised"
        )
    return LayerNorm(_tensor(module.weight), _tensor(module.bias), module.eps)


def _gelu(module: nn.GELU) -> GELU:
    return GELU(tanh=module.approximate == "tanh")


def _attention(module: nn.MultiheadAttention) -> Attention:
    """Convert self-attention; torch keeps the weights of query, key and value in one array."""
    _require(module, batch_first=True, add_zero_attn=False)
    if module.bias_k is not None:
        raise ValueError(f"{module}: add_bias_kv=True has no counterpart, use False")
    if module.in_proj_weight is None:
        weights = [module.q_proj_weight, module.k_proj_weight, module.v_proj_weight]
        if {weight.shape[1] for weight in weights} != {module.embed_dim}:
            raise ValueError(
                f"{module}: kdim={module.kdim} and vdim={module.vdim} have no counterpart, use "
                f"{module.embed_dim}: keys and values are made of the same tokens as queries"
            )
    else:
        weights = list(module.in_proj_weight.chunk(3))
    biases = [None] * 3 if module.in_proj_bias is None else module.in_proj_bias.chunk(3)
    query, key, value = (
        Dense(_tensor(weight), _tensor(bias)) for weight, bias in zip(weights, biases, strict=True)
    )
    return Attention(query, key, value, _dense(module.out_proj), module.num_heads)


def _encoder_layer(module: Any) -> list[Layer]:
    activation = FUNCTIONS.get(module.activation, module.activation)
    if not isinstance(activation, nn.Module):
        raise ValueError(
            f"the activation {activation} of TransformerEncoderLayer has no counterpart: give it a "
            "module that from_torch converts, such as activation=nn.GELU()"
        )
    inner = [module.linear1, activation, module.linear2]
    attention, first, second, *perceptron = (
        part
        for child in (module.self_attn, module.norm1, module.norm2, *inner)
        for part in _list(child)
    )
    return transformer_block(attention, perceptron, (first, second), module.norm_first)


def _encoder(module: Any) -> list[Layer]:
    parts = [*module.layers, *([] if module.norm is None else [module.norm])]
    return [layer for part in parts for layer in _list(part)]


def _list(module: nn.Module) -> list[Any]:
    """Convert a module inside another one to a list of layers."""
    new = _convert(module)
    return [new] if isinstance(new, Layer) else new


FUNCTIONS = {functional.relu: nn.ReLU(), functional.gelu: nn.GELU()}
VANISHING = (
    nn.Identity,
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.Dropout3d,
    nn.AlphaDropout,
    nn.FeatureAlphaDropout,
)
SOFTMAX = (nn.Softmax, nn.LogSoftmax, nn.Softmax2d, nn.Softmin)
SUPPORTED: dict[type[nn.Module], Callable[[Any], Layers]] = {
    nn.Linear: _dense,
    nn.Conv2d: _conv,
    nn.AvgPool2d: _avg_pool,
    nn.AdaptiveAvgPool2d: _global_average,
    nn.Flatten: _flatten,
    nn.ZeroPad2d: lambda m: ZeroPad2d(*m.padding),
    nn.ReLU: lambda m: ReLU(),
    nn.LeakyReLU: lambda m: LeakyReLU(m.negative_slope),
    nn.ReLU6: lambda m: ReLU6(),
    nn.Tanh: lambda m: Tanh(),
    nn.Sigmoid: lambda m: Sigmoid(),
    nn.Softplus: _softplus,
    nn.GELU: _gelu,
    nn.Embedding: _embedding,
    nn.LayerNorm: _layer_norm,
    nn.MultiheadAttention: _attention,
    nn.TransformerEncoderLayer: _encoder_layer,
    nn.TransformerEncoder: _encoder,
}
