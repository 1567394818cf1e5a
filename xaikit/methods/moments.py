"""Propagation of means and variances through the layers of a network, for DASP.

The inputs of a layer are treated as independent Gaussians.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.networks import windows
from xaikit.networks.activations import Activation, LeakyReLU, ReLU, ReLU6
from xaikit.networks.convolution import AvgPool2d, Conv2d, MaxPool2d, ZeroPad2d
from xaikit.networks.layers import Dense, Flatten, Layer, Residual

HERMITE_NODES = 20  # with 10, the spread of a tanh is 2% off

Pair = tuple[Array, Array]
Moments = Pair  # means and variances


def propagate(layers: Sequence[Layer], moments: Moments) -> Moments:
    """Propagate means and variances through layers."""
    for layer in layers:
        moments = layer_moments(layer, moments)
    return moments


def layer_moments(layer: Layer, moments: Moments) -> Moments:
    """Return the moments of a layer's outputs, its inputs being independent Gaussians."""
    m, v = moments
    if isinstance(layer, Dense | Conv2d):
        squared = replace(layer, weight=layer.weight**2, bias=None)
        return layer.forward(m), squared.forward(v)
    if isinstance(layer, AvgPool2d):
        (height, width), _ = layer.windows(m)
        return layer.forward(m), layer.forward(v) / (height * width)
    if isinstance(layer, MaxPool2d):
        return _max_pool(layer, m, v)
    if isinstance(layer, Residual):
        f = propagate(layer.layers, moments)
        return m + f[0], v + f[1]
    if isinstance(layer, Flatten | ZeroPad2d):
        return layer.forward(m), layer.forward(v)
    if isinstance(layer, Activation):
        mean, square = _activation(layer)(m, v)
        return mean, (square - mean**2).clip(0)
    raise ValueError(
        f"DASP knows no moments of {layer!r}: take an estimator that only asks the model, such as "
        "kernel_shap"
    )


def _activation(layer: Activation) -> Callable[[Array, Array], Pair]:
    """Return a function (m, v) -> E[φ(z)], E[φ(z)²] for z ~ N(m, v)."""
    if isinstance(layer, ReLU):
        return relu
    if isinstance(layer, LeakyReLU):
        return lambda m, v: leaky_relu(m, v, layer.slope)
    if isinstance(layer, ReLU6):
        return relu6
    return lambda m, v: smooth(layer, m, v)


def relu(m: Array, v: Array) -> Pair:
    """With :math:`s = √v` and a = m/s:

    .. math:: E[y] = mΦ(a) + sϕ(a), E[y²] = (m² + v)Φ(a) + msϕ(a)
    """
    above, s_density = _gaussian(m, v**0.5)
    return m * above + s_density, (m**2 + v) * above + m * s_density


def leaky_relu(m: Array, v: Array, q: float) -> Pair:
    """Moments for y = qz where z < 0, and a ReLU r.

    .. math:: E[y] = qm + (1 − q) E[r], E[y²] = E[r²] + q² (m² + v − E[r²])
    """
    mean, square = relu(m, v)
    return q * m + (1 - q) * mean, square + q**2 * (m**2 + v - square)


def relu6(m: Array, v: Array) -> Pair:
    """Return E[y], E[y²] of y = relu(z) − relu(z − 6)."""
    mean, square = relu(m, v)
    over, over_square = relu(m - 6, v)
    return mean - over, square - over_square - 12 * over


def smooth(layer: Activation, m: Array, v: Array) -> Pair:
    """:math:`E[φ(z)] = Σ_g w_g φ(m + s x_g)` and :math:`E[φ(z)²]`, by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(HERMITE_NODES)
    mean, square = namespace(m).zeros_like(m), namespace(m).zeros_like(m)
    for node, weight in zip(nodes, weights / weights.sum(), strict=True):
        y = layer.forward(m + v**0.5 * float(node))
        mean, square = mean + float(weight) * y, square + float(weight) * y**2
    return mean, square


def larger_of(one: Moments, other: Moments) -> Moments:
    """Return mean and variance of the larger of two independent Gaussians (Clark 1961)."""
    (m_a, v_a), (m_b, v_b) = one, other
    a_larger, s_density = _gaussian(m_a - m_b, (v_a + v_b) ** 0.5)
    mean = s_density + (m_a - m_b) * a_larger + m_b
    square = (m_a + m_b) * s_density + (m_a**2 + v_a) * a_larger + (m_b**2 + v_b) * (1 - a_larger)
    return mean, (square - mean**2).clip(0)


def _max_pool(layer: MaxPool2d, m: Array, v: Array) -> Moments:
    """Return the moments of each window's maximum, computed pair by pair."""
    size, stride = layer.windows(m)
    entries = list(
        zip(windows.windows2d(m, size, stride), windows.windows2d(v, size, stride), strict=True)
    )
    while len(entries) > 1:
        rest = entries[len(entries) // 2 * 2 :]
        pairs = zip(entries[0:-1:2], entries[1::2], strict=False)
        entries = [larger_of(one, other) for one, other in pairs] + rest
    return entries[0]


def _gaussian(m: Array, s: Array) -> Pair:
    """Return Φ(m/s), the chance to be above zero, and sϕ(m/s).

    For s = 0 they are 1 if m > 0, else 0; and 0.
    """
    xp = namespace(m)
    certain = s == 0
    a = m / xp.where(certain, xp.ones_like(s), s)
    above = xp.where(certain, xp.astype(m > 0, m.dtype), arrays.normal_cdf(a))
    return above, s * xp.exp(-(a**2) / 2) / (2 * np.pi) ** 0.5
