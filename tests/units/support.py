"""Help for the unit tests: the backends, torch's version of each layer, random networks."""

from typing import NamedTuple

import numpy as np
import torch
from hypothesis import strategies as st
from torch.nn import functional

import xaikit as xk


class Backend(NamedTuple):
    """The place of arrays, and the tolerance of sums of a hundred products there."""

    library: str
    device: str
    dtype: str

    def __str__(self):
        return f"{self.library if self.library == 'numpy' else self.device}-{self.dtype}"

    @property
    def tolerance(self):
        return 1e-12 if self.dtype == "float64" else 2e-5

    def array(self, values):
        """Return values as a new array of this backend."""
        values = np.array(values, dtype=self.dtype)
        if self.library == "numpy":
            return values
        return torch.tensor(values, device=self.device)

    def network(self, network):
        where = "numpy" if self.library == "numpy" else self.device
        return network.to(where, self.dtype)


DEVICES = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
BACKENDS = [
    Backend(library, device, dtype)
    for library, device in [("numpy", "cpu"), *[("torch", device) for device in DEVICES]]
    for dtype in ("float64", "float32")
]


def numpy_of(array):
    return array.detach().cpu().numpy() if isinstance(array, torch.Tensor) else np.asarray(array)


def assert_lives_at(backend, array):
    """Raise unless an array has the backend's library, device and dtype, and is detached."""
    if backend.library == "numpy":
        assert isinstance(array, np.ndarray | np.generic)
    else:
        assert isinstance(array, torch.Tensor)
        assert array.device.type == backend.device
        assert not array.requires_grad
    assert str(array.dtype).removeprefix("torch.") == backend.dtype


def assert_equal(actual, expected, backend, tolerance=None):
    """Raise unless actual is an array of the backend and equals expected, of order one."""
    assert_lives_at(backend, actual)
    tolerance = backend.tolerance if tolerance is None else tolerance
    np.testing.assert_allclose(numpy_of(actual), numpy_of(expected), rtol=tolerance, atol=tolerance)
    assert tuple(actual.shape) == tuple(expected.shape)


# The peer: each layer again, by torch's functions, with gradients by autograd.


def double(array):
    """Return the same numbers as a float64 tensor on the CPU."""
    return torch.tensor(numpy_of(array), dtype=torch.float64)


def twin(layer, a, parameters):
    """Return layer.forward(a) by torch, with these parameters (named as the layer names them)."""
    weight, bias = parameters.get("weight"), parameters.get("bias")
    match layer:
        case xk.Dense():
            return functional.linear(a, weight, bias)
        case xk.Conv2d():
            return functional.conv2d(a, weight, bias, layer.stride, layer.padding, 1, layer.groups)
        case xk.MaxPool2d(size=None):
            return functional.adaptive_max_pool2d(a, 1)
        case xk.AvgPool2d(size=None):
            return functional.adaptive_avg_pool2d(a, 1)
        case xk.MaxPool2d():
            return functional.max_pool2d(a, layer.size, layer.stride)
        case xk.AvgPool2d():
            return functional.avg_pool2d(a, layer.size, layer.stride)
        case xk.Flatten():
            return a.flatten(1)
        case xk.ZeroPad2d():
            return functional.pad(a, (layer.left, layer.right, layer.top, layer.bottom))
        case xk.Residual():
            return a + twin_chain(layer.layers, a, parameters)
        case xk.ReLU():
            return functional.relu(a)
        case xk.LeakyReLU():
            return functional.leaky_relu(a, layer.slope)
        case xk.ReLU6():
            return functional.relu6(a)
        case xk.Tanh():
            return torch.tanh(a)
        case xk.Sigmoid():
            return torch.sigmoid(a)
        case xk.Softplus():
            # Above 20 torch replaces softplus by the identity by default, an error of 2e-9.
            return functional.softplus(a, threshold=700)
        case xk.GELU():
            return functional.gelu(a, approximate="tanh" if layer.tanh else "none")
        case xk.LayerNorm():
            return functional.layer_norm(a, a.shape[-1:], weight, bias, layer.epsilon)
        case xk.Embedding():
            vectors = functional.embedding(a.long(), parameters["words"])
            places = parameters.get("positions")
            return vectors if places is None else vectors + places[: a.shape[1]]
        case xk.Attention():
            return twin_attention(layer, a, parameters)
        case xk.TokenMean():
            there = torch.ones(a.shape[:2]) if layer.present is None else double(layer.present)
            total = torch.einsum("ntd,nt->nd", a, there.double())
            return total / there.sum(dim=1, keepdim=True).clamp(min=1)
        case xk.TokenAt():
            return a[:, layer.position]
    raise AssertionError(f"no twin for {layer!r}")


def twin_attention(layer, a, parameters):
    """Run attention by torch's own function, which also takes the mask."""

    def dense(name, values):
        return functional.linear(
            values, parameters[f"{name}.weight"], parameters.get(f"{name}.bias")
        )

    Q, K, V = (
        dense(name, a).unflatten(-1, (layer.heads, -1)).transpose(1, 2)
        for name in ("query", "key", "value")
    )
    mask = None if layer.present is None else (double(layer.present) > 0)[:, None, None, :]
    # Where no token is present torch's softmax is NaN; there nothing is read.
    read = functional.scaled_dot_product_attention(Q, K, V, mask).nan_to_num(nan=0.0)
    return dense("output", read.transpose(1, 2).flatten(2))


def twin_chain(layers, a, parameters):
    """Run layers by torch; parameters of layer i are named "i.name"."""
    for i, layer in enumerate(layers):
        own = {
            name.removeprefix(f"{i}."): value
            for name, value in parameters.items()
            if name.startswith(f"{i}.")
        }
        a = twin(layer, a, own)
    return a


def twin_gradients(function, a, parameters, grad):
    """Return f(a, parameters), ∂/∂a and ∂/∂parameters of Σ grad · f, by autograd in float64."""
    a = double(a).requires_grad_()
    parameters = {name: double(value).requires_grad_() for name, value in parameters.items()}
    output = function(a, parameters)
    found = torch.autograd.grad(output, [a, *parameters.values()], double(grad))
    return output.detach(), found[0], dict(zip(parameters, found[1:], strict=True))


def twin_network(network):
    """Return a network as a function of (x, parameters), and its parameters."""
    parameters = {
        f"{i}.{name}": value
        for i, layer in enumerate(network.layers)
        for name, value in layer.parameters.items()
    }
    return lambda x, values: twin_chain(network.layers, x, values), parameters


# Random layers and networks, float64 on NumPy. Hypothesis draws the shapes and the seed. The
# numbers are normal, so kinks and ties have probability zero unless a test plants them.

seeds = st.integers(0, 2**32 - 1)
KINKED = (xk.ReLU, xk.LeakyReLU, xk.ReLU6)
SMOOTH = (xk.Tanh, xk.Sigmoid, xk.Softplus, xk.GELU)


@st.composite
def activations(draw, kinds=KINKED + SMOOTH):
    kind = draw(st.sampled_from(kinds))
    if kind is xk.GELU:
        return xk.GELU(tanh=draw(st.booleans()))
    return xk.LeakyReLU(draw(st.sampled_from([0.01, 0.3]))) if kind is xk.LeakyReLU else kind()


def random_bias(draw, rng, bias, outputs):
    """Draw a bias or None; if `bias` is False, None."""
    return rng.normal(0, 0.5, outputs) if bias and draw(st.booleans()) else None


@st.composite
def dense_layers(draw, inputs, bias=True, outputs=None):
    rng = np.random.default_rng(draw(seeds))
    outputs = draw(st.integers(1, 6)) if outputs is None else outputs
    weight = rng.normal(0, inputs**-0.5, (outputs, inputs))
    return xk.Dense(weight, random_bias(draw, rng, bias, outputs))


@st.composite
def conv_layers(draw, shape, bias=True):
    """Draw a convolution for pictures of this shape (channels, height, width)."""
    channels, height, width = shape
    rng = np.random.default_rng(draw(seeds))
    groups = draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))
    outputs = groups * draw(st.integers(1, 3))
    kernel = draw(st.integers(1, min(3, height))), draw(st.integers(1, min(4, width)))
    stride = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    padding = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    inputs = channels // groups
    weight = rng.normal(0, (inputs * kernel[0] * kernel[1]) ** -0.5, (outputs, inputs, *kernel))
    return xk.Conv2d(weight, random_bias(draw, rng, bias, outputs), stride, padding, groups)


@st.composite
def pool_layers(draw, shape, kinds=(xk.MaxPool2d, xk.AvgPool2d)):
    """Draw a pool whose windows overlap, touch, leave gaps, or cover the whole picture."""
    kind = draw(st.sampled_from(kinds))
    if draw(st.integers(0, 3)) == 0:
        return kind(None)
    size = draw(st.integers(1, min(3, shape[1]))), draw(st.integers(1, min(3, shape[2])))
    stride = draw(st.none() | st.tuples(st.integers(1, 3), st.integers(1, 3)))
    return kind(size, stride)


@st.composite
def frames(draw):
    return xk.ZeroPad2d(*(draw(st.integers(0, 2)) for _ in range(4)))


@st.composite
def residuals(draw, shape, bias=True, kinds=KINKED + SMOOTH, depth=2):
    """Draw a Residual that keeps this shape; it may contain another Residual."""
    rng = np.random.default_rng(draw(seeds))
    if len(shape) == 1:
        inner = [draw(dense_layers(shape[0], bias, outputs=shape[0]))]
    else:
        weight = rng.normal(0, 0.3, (shape[0], shape[0], 3, 3))
        inner = [xk.Conv2d(weight, random_bias(draw, rng, bias, shape[0]), padding=1)]
    inner.append(draw(activations(kinds)))
    if depth > 1 and draw(st.booleans()):
        inner.append(draw(residuals(shape, bias, kinds, depth - 1)))
    return xk.Residual(inner)


picture_shapes = st.tuples(st.integers(1, 4), st.integers(1, 7), st.integers(1, 7))


@st.composite
def norms(draw, width):
    rng = np.random.default_rng(draw(seeds))
    weight = rng.normal(1, 0.5, width) if draw(st.booleans()) else None
    bias = random_bias(draw, rng, weight is not None, width)
    return xk.LayerNorm(weight, bias, draw(st.sampled_from([1e-5, 0.1])))


@st.composite
def masks(draw, rows, length, or_none=True):
    """Draw which tokens are present, (rows, length) of 1 and 0; perhaps None, for all."""
    if or_none and draw(st.booleans()):
        return None
    there = st.lists(st.sampled_from([1.0, 1.0, 0.0]), min_size=length, max_size=length)
    return np.array([draw(there) for _ in range(rows)])


@st.composite
def attentions(draw, width, outputs=None, present=None):
    """Draw attention over tokens of this width."""
    heads = draw(st.integers(1, 3))
    asked, read = heads * draw(st.integers(1, 3)), heads * draw(st.integers(1, 3))
    parts = [draw(dense_layers(width, outputs=units)) for units in (asked, asked, read)]
    output = draw(dense_layers(read, outputs=outputs))
    return xk.Attention(*parts, output, heads, present)


@st.composite
def transformers(draw):
    """Draw a small transformer with random weights, and ids (n, T): tokens, then padding."""
    rng = np.random.default_rng(draw(seeds))
    longest = draw(st.integers(1, 5))
    heads = draw(st.integers(1, 2))
    network = xk.transformer(
        vocabulary=6,
        outputs=2,
        width=heads * draw(st.integers(2, 3)),
        heads=heads,
        blocks=draw(st.integers(1, 2)),
        hidden=3,
        longest=longest,
        norm_first=draw(st.booleans()),
        read=draw(st.sampled_from(["mean", "first"])),
        seed=draw(seeds),
    )
    # Biases and norms are 0 and 1 in a new network.
    layers = [
        layer.map_arrays(lambda array: array + rng.normal(0, 0.3, array.shape))
        for layer in network.layers
    ]
    ids = rng.integers(1, 6, (draw(st.integers(1, 3)), longest))
    for row in ids:
        row[draw(st.integers(1, longest)) :] = 0
    return xk.Network(layers), ids


OF_TOKENS = ["Dense of tokens", "LayerNorm", "Attention", "TokenMean", "TokenAt"]
KINDS = ["Dense", "Conv2d", "Pool2d", "ZeroPad2d", "Flatten", "Residual", "Activation", *OF_TOKENS]


@st.composite
def layers_with_inputs(draw, kind):
    """Draw a layer of this kind, inputs (n, …) that fit it, and a grad for its outputs."""
    if kind in OF_TOKENS:
        return draw(token_layers_with_inputs(kind))
    shape = draw(picture_shapes)
    if kind == "Dense" or (kind == "Residual" and draw(st.booleans())):
        shape = shape[:1]
    strategies = {
        "Dense": dense_layers(shape[0]),
        "Conv2d": conv_layers(shape),
        "Pool2d": pool_layers(shape),
        "ZeroPad2d": frames(),
        "Flatten": st.just(xk.Flatten()),
        "Residual": residuals(shape),
        "Activation": activations(),
    }
    layer = draw(strategies[kind])
    rng = np.random.default_rng(draw(seeds))
    a = rng.normal(0, 3, (draw(st.integers(1, 3)), *shape))
    return layer, a, rng.normal(size=layer.forward(a).shape)


@st.composite
def token_layers_with_inputs(draw, kind):
    """Draw the same for a layer of tokens (n, T, d)."""
    n, length, width = (draw(st.integers(1, most)) for most in (3, 5, 5))
    present = draw(masks(n, length))
    strategies = {
        "Dense of tokens": dense_layers(width),
        "LayerNorm": norms(width),
        "Attention": attentions(width, present=present),
        "TokenMean": st.just(xk.TokenMean(present)),
        "TokenAt": st.builds(xk.TokenAt, st.integers(0, length - 1)),
    }
    layer = draw(strategies[kind])
    rng = np.random.default_rng(draw(seeds))
    # Apart from each other: a norm divides by their spread.
    a = rng.normal(0, 1, (n, length, width)) + 10 * np.arange(width) * (kind == "LayerNorm")
    return layer, a, rng.normal(size=layer.forward(a).shape)


@st.composite
def networks(draw, bias=True, kinds=KINKED + SMOOTH, pictures=None):
    """Draw a network and rows for it: a perceptron, or layers for pictures and a dense head."""
    pictures = draw(st.booleans()) if pictures is None else pictures
    rng = np.random.default_rng(draw(seeds))
    if pictures:
        shape = draw(st.tuples(st.integers(1, 3), st.integers(3, 6), st.integers(3, 6)))
    else:
        shape = (draw(st.integers(1, 5)),)
    x = rng.normal(size=(draw(st.integers(1, 4)), *shape))
    layers = []

    def add(layer):
        nonlocal shape
        layers.append(layer)
        shape = layer.forward(np.zeros((1, *shape))).shape[1:]

    for _ in range(draw(st.integers(1, 3))):
        add(draw(conv_layers(shape, bias) if pictures else dense_layers(shape[0], bias)))
        add(draw(activations(kinds)))
        match draw(st.integers(0, 3)):
            case 0:
                add(draw(residuals(shape, bias, kinds)))
            case 1 if pictures:
                add(draw(pool_layers(shape)))
            case 2 if pictures:
                add(draw(frames()))
    if pictures:
        add(xk.Flatten())
    add(draw(dense_layers(shape[0], bias, outputs=draw(st.integers(1, 3)))))
    return xk.Network(layers), x


def five_point(function, step):
    """Return d function(t) / dt at 0; exact to rounding on pieces of degree 4 and less."""
    outer = function(2 * step) - function(-2 * step)
    return (8 * (function(step) - function(-step)) - outer) / (12 * step)
