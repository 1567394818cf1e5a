"""For integrated gradients, rule="exact": the integral of a piecewise linear network's gradient.

On the path from b to x every unit is linear in t until one of them reaches a kink: a ReLU reaches
zero, or a max pool gets a new largest entry. Between kinks the gradient is constant. So propagate
the point and the direction Δ through the layers together, find the nearest kink of all units, add
length × gradient, and continue from there.

Just after a kink a unit is at zero up to rounding. From a zero baseline without biases all units
start at zero. The direction of such a unit decides its side of the kink just after t.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.targets import one_hot
from xaikit.networks.activations import Activation, LeakyReLU, ReLU, ReLU6
from xaikit.networks.convolution import AvgPool2d, Conv2d, MaxPool2d, ZeroPad2d
from xaikit.networks.layers import Dense, Flatten, Layer, Residual, first_array
from xaikit.networks.network import Network
from xaikit.networks.windows import windows2d, windows2d_backward

# A unit is on its kink at this distance, relative to the largest unit of its layer.
NEAR = 1e-12

Back = Callable[[Array], Array]
# Outputs, their direction, the backward pass, and the distance in t to the next kink, (n,).
Piece = tuple[Array, Array, Back, Array]


def exact_integral(
    network: Network, x: Array, targets: np.ndarray, baseline: Array, max_pieces: int
) -> tuple[Array, Array]:
    """Return the integral, and the number of pieces of each row (n,).

    .. math:: (x − b) ⊙ ∫₀¹ ∂F/∂x (b + t (x − b)) dt

    Computed in float64, returned in x's dtype.

    Parameters
    ----------
    network : Network
        Of Dense, Conv2d, ReLU, LeakyReLU, ReLU6, pools, Flatten, ZeroPad2d and Residual layers.
    x : array (n, …)
    targets : (n,) ints
    baseline : array (1, …) or (n, …)
    max_pieces : int

    Raises
    ------
    ValueError
        For a layer that is not piecewise linear, or more pieces than max_pieces.
    """
    _expect_piecewise_linear(network.layers)
    weights = first_array(network.layers)
    exact = weights is None or weights.dtype == namespace(x).float64
    layers = (network if exact else network.to(dtype="float64")).layers
    xp = namespace(x)
    start = xp.astype(xp.broadcast_to(baseline, x.shape), xp.float64)
    delta = xp.astype(x, xp.float64) - start
    t, pieces = np.zeros(len(x)), np.zeros(len(x), dtype=int)
    total = xp.zeros_like(delta)
    active = np.arange(len(x))
    while active.size:
        first = active[0]  # all active rows have the same number of pieces
        if pieces[first] >= max_pieces:
            raise ValueError(
                f"the way of row {first} has more than {max_pieces} linear pieces: "
                "raise max_pieces, or take a quadrature such as rule='midpoint'"
            )
        rows = arrays.indices(active, x)
        here, direction = start[rows], delta[rows]
        point = here + _column(t[active], direction) * direction
        output, _, back, reach = _push(layers, point, direction)
        length = np.minimum(arrays.to_numpy(reach), 1 - t[active])
        gradient = back(one_hot(targets[active], output))
        total[rows] += _column(length, direction) * gradient
        pieces[active] += 1
        t[active] += length
        active = active[t[active] < 1]
    return arrays.like(delta * total, x), arrays.indices(pieces, x)


def _column(values: np.ndarray, like: Array) -> Array:
    """Return (n,) numbers in shape (n, 1, …), to scale rows of `like`."""
    return arrays.like(values.reshape(-1, *[1] * (like.ndim - 1)), like)


def _expect_piecewise_linear(layers: Sequence[Layer]) -> None:
    for layer in layers:
        if isinstance(layer, Residual):
            _expect_piecewise_linear(layer.layers)
        elif not isinstance(layer, LINEAR | KINKED):
            raise ValueError(
                f"rule 'exact' needs piecewise linear layers, and {layer!r} is not: "
                "take a quadrature such as rule='gauss-legendre'"
            )


LINEAR = Dense | Conv2d | AvgPool2d | Flatten | ZeroPad2d
KINKED = ReLU | LeakyReLU | ReLU6 | MaxPool2d


def _push(layers: Sequence[Layer], a: Array, da: Array) -> Piece:
    """Propagate points a and directions da through layers, with the gates just after the points."""
    xp = namespace(a)
    backs: list[Back] = []
    reach = xp.zeros_like(a.reshape(len(a), -1)[:, 0]) + np.inf
    for layer in layers:
        a, da, back, here = _push_one(layer, a, da)
        backs.append(back)
        reach = xp.minimum(reach, here)

    def all_back(grad: Array) -> Array:
        for back in reversed(backs):
            grad = back(grad)
        return grad

    return a, da, all_back, reach


def _push_one(layer: Layer, a: Array, da: Array) -> Piece:
    if isinstance(layer, Activation):
        return _push_activation(layer, a, da)
    if isinstance(layer, MaxPool2d):
        return _push_max_pool(layer, a, da)
    if isinstance(layer, Residual):
        f, df, back, reach = _push(layer.layers, a, da)
        return a + f, da + df, lambda grad: grad + back(grad), reach
    slopes = replace(layer, bias=None) if isinstance(layer, Dense | Conv2d) else layer
    endless = namespace(a).zeros_like(a.reshape(len(a), -1)[:, 0]) + np.inf
    return layer.forward(a), slopes.forward(da), lambda grad: layer.backward(a, grad), endless


def _push_activation(layer: Activation, z: Array, dz: Array) -> Piece:
    """Propagate (z, dz). On a kink the direction decides the slope; dz = 0 closes the unit."""
    xp = namespace(z)
    near = _tolerance(z, dz)
    above_zero = (z > near) | ((xp.abs(z) <= near) & (dz > 0))
    slope = xp.astype(above_zero, z.dtype)
    reach = _time_to(0.0, z, dz, near)
    if isinstance(layer, LeakyReLU):
        slope = slope + layer.slope * (1 - slope)
    if isinstance(layer, ReLU6):
        below_six = (z < 6 - near) | ((xp.abs(z - 6) <= near) & (dz < 0))
        slope = slope * xp.astype(below_six, z.dtype)
        reach = xp.minimum(reach, _time_to(6.0, z, dz, near))
    return layer.forward(z), slope * dz, lambda grad: grad * slope, reach


def _tolerance(z: Array, dz: Array) -> Array:
    """Return the distance at which a unit is on its kink, for each row: (n, 1, …)."""
    xp = namespace(z)
    axes = tuple(range(1, z.ndim))
    return NEAR * xp.max(xp.abs(z) + xp.abs(dz), axis=axes, keepdims=True)


def _time_to(kink: float, z: Array, dz: Array, near: Array) -> Array:
    """Return the distance in t until a unit of the row reaches the kink, (n,)."""
    xp = namespace(z)
    away = z - kink
    comes = (xp.abs(away) > near) & (away * dz < 0)
    safe = xp.where(comes, dz, xp.ones_like(dz))
    time = xp.where(comes, -away / safe, xp.zeros_like(z) + np.inf)
    return xp.min(time.reshape(len(z), -1), axis=1)


def _push_max_pool(layer: MaxPool2d, a: Array, da: Array) -> Piece:
    """Propagate (a, da): of equal largest entries, the one that grows fastest is selected."""
    xp = namespace(a)
    windows = layer.windows(a)
    seen, growing = windows2d(a, *windows), windows2d(da, *windows)
    near = _tolerance(a, da)[None]
    top = xp.max(seen, axis=0)
    at_top = seen >= top - near
    fastest = xp.where(at_top, growing, xp.zeros_like(growing) - np.inf)
    winner = xp.argmax(fastest, axis=0)
    place = arrays.indices(np.arange(seen.shape[0]).reshape(-1, 1, 1, 1, 1), a)
    won = xp.astype(place == winner[None], a.dtype)
    best, rate = xp.sum(won * seen, axis=0), xp.sum(won * growing, axis=0)
    behind, faster = best - seen, growing - rate
    comes = (behind > near) & (faster > 0)
    time = xp.where(comes, behind / xp.where(comes, faster, xp.ones_like(faster)), np.inf)
    reach = xp.min(xp.min(time, axis=0).reshape(len(a), -1), axis=1)
    return best, rate, lambda grad: windows2d_backward(a, won * grad, *windows), reach
