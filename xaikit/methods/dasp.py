"""DASP: Shapley values by propagating the distribution of a random coalition, without sampling.

A unit of the first layer sums the contributions of the present players. For a random coalition of
k players the sum is nearly Gaussian, with known mean and variance. So means and variances are
propagated through the network once, instead of many sampled coalitions. The moments of each layer,
ReLU among them, are in `moments.py`. The estimate is deterministic: its error is a bias, not noise.
Lecture 07 compares the two.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.attribution import Attribution
from xaikit.core.chunks import chunk_rows, chunks
from xaikit.core.question import ask
from xaikit.core.settings import as_seed, expect_count
from xaikit.methods.moments import Moments, Pair, layer_moments, propagate
from xaikit.networks.convolution import Conv2d, ZeroPad2d
from xaikit.networks.layers import Dense, Flatten, Layer, output_of, run
from xaikit.networks.network import Network, expect_network

ALL_SIZES_UP_TO = 8  # players; for more, coalition sizes are integrated by quadrature
NODES = 4


def dasp(
    network: Network, x: Any, target: Any = 0, baseline: Any = None, sizes: int | None = None
) -> Attribution:
    """Estimate Shapley values by propagating moments.

    .. math:: φ_i = 1/M Σ_k (E[F(S ∪ i)] − E[F(S)]), |S| = k, i ∉ S

    Every input element is a player; an absent one has its baseline value. Exact for linear models.

    Parameters
    ----------
    network : Network
        F, with outputs (n, k). Only Flatten and ZeroPad2d may precede the first Dense or Conv2d.
    x : array (n, …) or (d,)
        Rows to explain, or a single row.
    target : int or (n,) ints
        The output column; one for all rows or one for each.
    baseline : None, number, row, or array like x
        None means zeros.
    sizes : int, optional
        Number of coalition sizes in the mean over k, by Gauss-Legendre quadrature at fractional
        sizes; M or more means every size from 0 to M − 1. None is every size for up to 8 players,
        else 4 sizes.

    Returns
    -------
    Attribution
        values in units of F; base is :math:`F_c(b)`; gap is the efficiency gap, the total error of
        the propagation. details: ``sizes`` and ``weights`` of the quadrature,
        ``forward_passes``, the cost per row (a pass of means and variances counts as two).

    Raises
    ------
    TypeError, ValueError
        For a model without layers, another first layer, sizes below 1; else as every method.

    Notes
    -----
    After the first layer units are treated as independent Gaussians, which they are not. A max pool
    is computed pairwise: the error of its mean is mostly below 1%, at worst about 3% of a standard
    deviation, that of its variance up to 20%.

    References
    ----------
    Ancona, Öztireli & Gross 2019, Explaining Deep Neural Networks with a Polynomial Time Algorithm
    for Shapley Values Approximation, arXiv:1903.10992.
    """
    question = ask(expect_network(network, "DASP"), x, target, baseline)
    head, first, tail = _split(network.layers)
    xp, x, b = namespace(question.x), question.x, question.baseline
    players = int(np.prod(x.shape[1:]))
    k, weights = coalition_sizes(players, sizes)
    values = xp.zeros_like(x).reshape(len(x), -1)
    for row in range(len(x)):
        here = b[row : row + 1] if len(b) > 1 else b
        delta = x[row : row + 1] - here
        start = first.forward(output_of(head, here))
        total, squares = _sums(head, first, delta)
        at_once = chunk_rows(2 * len(k) * max(players, int(np.prod(total.shape[1:]))))
        for part in chunks(players, at_once):
            alone = _alone(head, first, delta, part)
            mean, variance = _of_coalitions(k, players - 1, total - alone, squares - alone**2)
            without, spread = start + mean, variance
            both = xp.concat([without, without + alone]).reshape(-1, *start.shape[1:])
            spread = xp.concat([spread, spread]).reshape(both.shape)
            output = propagate(tail, (both, spread))[0][:, int(question.target[row])]
            absent, present = output.reshape(2, len(k), -1)
            values[row, part] = arrays.like(weights, x) @ (present - absent)
    return question.answer(
        values.reshape(x.shape),
        base=question.base(),
        method="DASP",
        details={"sizes": k, "weights": weights, "forward_passes": 4 * players * len(k)},
    )


def coalition_sizes(players: int, sizes: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return coalition sizes k in [0, M − 1] and weights: :math:`Σ w f(k)` is the mean over all.

    All sizes with weight 1/M; or Gauss-Legendre nodes on [−½, M − ½], clipped to the ends.
    """
    if sizes is None:
        sizes = players if players <= ALL_SIZES_UP_TO else NODES
    expect_count("sizes", sizes, 1)
    if sizes >= players:
        return np.arange(players, dtype=float), np.full(players, 1 / players)
    nodes, weights = np.polynomial.legendre.leggauss(sizes)
    return np.clip(players * (nodes + 1) / 2 - 0.5, 0, players - 1), weights / 2


def unit_moments(network: Network, x: Any, size: float, baseline: Any = None) -> list[Moments]:
    """Return mean and variance of every unit over random coalitions of `size` of all players.

    Parameters
    ----------
    network : Network
    x : array (d,), or pictures (1, channels, height, width)
        One row.
    size : float
        0 to M, whole or not.
    baseline : None, number, row, or array like x

    Returns
    -------
    list of (array, array)
        The moments after each layer, from the first Dense or Conv2d on; (1, …) each.
    """
    x, b = _one_row(network, x, size, baseline)
    head, first, tail = _split(network.layers)
    total, squares = _sums(head, first, x - b)
    mean, variance = _of_coalitions(np.array([size]), int(np.prod(x.shape[1:])), total, squares)
    moments = [(first.forward(output_of(head, b)) + mean[0], variance[0])]
    for layer in tail:
        moments.append(layer_moments(layer, moments[-1]))
    return moments


def unit_samples(
    network: Network,
    x: Any,
    size: int,
    baseline: Any = None,
    samples: int = 1000,
    seed: int | None = 0,
) -> list[Array]:
    """Return the values of every unit for sampled coalitions, to compare with `unit_moments`.

    Parameters
    ----------
    network, x, baseline
        See `unit_moments`.
    size : int
        Players present, 0 to M.
    samples : int
        Number of coalitions drawn.
    seed : int or None
        The same seed draws the same coalitions; None draws new ones.

    Returns
    -------
    list of arrays (samples, …)
        After each layer, from the first Dense or Conv2d on.
    """
    x, b = _one_row(network, x, size, baseline)
    players = int(np.prod(x.shape[1:]))
    order = np.argsort(np.random.default_rng(as_seed(seed)).random((samples, players)), axis=1)
    present = arrays.indices(np.argsort(order, axis=1) < size, x).reshape(-1, *x.shape[1:])
    head, first, tail = _split(network.layers)
    return run([first, *tail], output_of(head, namespace(x).where(present, x, b)))[1:]


def _one_row(network: Network, x: Any, size: float, baseline: Any) -> tuple[Array, Array]:
    question = ask(expect_network(network, "DASP"), x, baseline=baseline)
    x = question.x
    players = int(np.prod(x.shape[1:]))
    if len(x) != 1 or not 0 <= size <= players:
        raise ValueError(
            f"got {len(x)} rows and a coalition of {size}, expected one row and 0 to {players}"
        )
    return x, question.baseline


def _split(layers: Sequence[Layer]) -> tuple[Sequence[Layer], Dense | Conv2d, Sequence[Layer]]:
    """Return the layers before the first one with weights, this layer, and the rest."""
    for place, layer in enumerate(layers):
        if isinstance(layer, Dense | Conv2d):
            return layers[:place], layer, layers[place + 1 :]
        if not isinstance(layer, Flatten | ZeroPad2d):
            break
    raise ValueError(f"DASP needs a Dense or Conv2d layer first, got {layers[0]!r}")


def _sums(head: Sequence[Layer], first: Dense | Conv2d, delta: Array) -> Pair:
    """Return Σ P_j and Σ P_j² for each unit; P_j = Δ_j W_j is the contribution of player j."""
    arranged = output_of(head, delta)
    plain = replace(first, bias=None)
    return plain.forward(arranged), replace(plain, weight=first.weight**2).forward(arranged**2)


def _alone(head: Sequence[Layer], first: Dense | Conv2d, delta: Array, part: slice) -> Array:
    """Return P_i for a part of the players, (players, units …)."""
    chosen = np.eye(int(np.prod(delta.shape[1:])))[part].reshape(-1, *delta.shape[1:])
    inputs = arrays.like(chosen, delta) * delta
    return replace(first, bias=None).forward(output_of(head, inputs))


def _of_coalitions(k: np.ndarray, players: int, total: Array, squares: Array) -> Moments:
    """Return mean and variance of the sum over k of K players, without replacement: (sizes, …).

    kμ and kσ²(K − k)/(K − 1); μ and σ² are those of all K players.
    """
    xp = namespace(total)
    mean = total / max(players, 1)
    variance = (squares / max(players, 1) - mean**2).clip(0)
    shape = (-1, *[1] * total.ndim)
    factor = k * (players - k) / (players - 1) if players > 1 else 0 * k
    sizes = arrays.like(k.reshape(shape), total)
    return sizes * mean[None], xp.abs(arrays.like(factor.reshape(shape), total)) * variance[None]
