"""Help for the tests of LRP: every rule again, as a table of shares from its formula.

Unit k of a layer is a sum of contributions of its inputs j. A rule replaces them by a table
c (out, in), and the bias by b (out,). The shares of its relevance R_k are c_kj / z_k, with
z = Σ_j c_kj + b_k + ε sign(z). Convolutions and average pools are dense matrices here: torch's
version of the layer is applied to unit vectors. A layer of tokens is that layer for each token, and
the mean of tokens is a dense layer of a whole text.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

import xaikit as xk
from tests.units.support import twin, twin_gradients
from xaikit.networks.layers import run


class Rule(NamedTuple):
    """xaikit's rule, and the formula of its table: (a, W, touched, β) -> c, b, for a row a."""

    ours: object
    table: Callable
    epsilon: float = 0.0
    relative: bool = False


def plain(a, weight, touched, bias):
    return weight * a, bias


def gamma(gamma):
    """Contributions with the sign of z have the weight 1 + γ."""

    def table(a, weight, touched, bias):
        sent = weight * a
        side = np.where(sent.sum(axis=1) + bias > 0, 1, -1)

        def favoured(values, side):
            return np.where(values * side > 0, (1 + gamma) * values, values)

        return favoured(sent, side[:, None]), favoured(bias, side)

    return table


def zbox(low, high):
    """Contributions minus their least possible value: at low if w > 0, at high if w < 0."""

    def table(a, weight, touched, bias):
        return weight * (a - np.where(weight > 0, low, high)), 0 * bias

    return table


def zplus(a, weight, touched, bias):
    return np.maximum(weight * a, 0), np.maximum(bias, 0)


def ratio(a, weight, touched, bias):
    return np.abs(weight * a), 0 * bias


def squares(a, weight, touched, bias):
    return weight**2, 0 * bias


def equal(a, weight, touched, bias):
    return touched, 0 * bias


RULES = {
    "LRP-0": Rule(xk.LRPEpsilon(0.0), plain),
    "ε": Rule(xk.LRPEpsilon(0.25), plain, 0.25),
    "small ε": Rule(xk.LRPEpsilon(1e-6), plain, 1e-6),
    "relative ε": Rule(xk.LRPEpsilon(relative=0.25), plain, 0.25, True),
    "γ": Rule(xk.LRPGamma(0.25), gamma(0.25)),
    "large γ": Rule(xk.LRPGamma(50.0), gamma(50.0)),
    "z^B": Rule(xk.LRPZBox(-1e3, 2e3), zbox(-1e3, 2e3)),
    "z⁺": Rule(xk.LRPZPlus(), zplus),
    "ratio": Rule(xk.LRPRatio(), ratio),
    "w²": Rule(xk.LRPWSquare(), squares),
    "flat": Rule(xk.LRPFlat(), equal),
}


class Step(NamedTuple):
    """The parts of a layer's relevance, and the size of the numbers in its sums."""

    passed: np.ndarray
    to_bias: np.ndarray
    absorbed: np.ndarray
    size: np.ndarray


def matrix(layer, shape, weight=None):
    """Return a linear layer without its bias as a matrix (out, in), for inputs of this shape."""
    units = torch.eye(int(np.prod(shape)), dtype=torch.float64).reshape(-1, *shape)
    parameters = {} if weight is None else {"weight": torch.tensor(weight)}
    return twin(layer, units, parameters).flatten(1).numpy().T


def share_out(layer, a, relevance, rule):
    """Pass relevance (n, …) through a dense, convolutional or average pooling layer, or a sum."""
    if isinstance(layer, xk.Residual):  # its inputs are a and f, one behind the other
        half = a[0].size // 2
        table = touched = np.hstack([np.eye(half), np.eye(half)])
        return _share_out(table, touched, np.zeros(half), a, relevance, rule)
    weight = getattr(layer, "weight", None)
    table = matrix(layer, a.shape[1:], weight)
    # 1 for each weight, also for zeros; a pool's weights are never zero.
    touched = np.sign(matrix(layer, a.shape[1:], None if weight is None else np.ones_like(weight)))
    bias = getattr(layer, "bias", None)
    bias = np.zeros(len(touched)) if bias is None else np.repeat(bias, len(touched) // len(bias))
    return _share_out(table, touched, bias, a, relevance, rule)


def _share_out(table, touched, bias, a, relevance, rule):
    steps = []
    for row, given in zip(a.reshape(len(a), -1), relevance.reshape(len(a), -1), strict=True):
        c, b = rule.table(row, table, touched, bias)
        z = c.sum(axis=1) + b
        epsilon = rule.epsilon * (np.sqrt((z**2).mean()) if rule.relative else 1)
        extra = np.where(z >= 0, epsilon, -epsilon)
        nothing = z + extra == 0
        s = np.where(nothing, 0, given) / np.where(nothing, 1, z + extra)
        lost = (extra * s).sum() + given[nothing].sum()
        size = np.abs(c * s[:, None]).sum() + np.abs(b * s).sum() + np.abs(given).sum()
        steps.append(Step(c.T @ s, (b * s).sum(), lost, size))
    passed, *booked = (np.array(part) for part in zip(*steps, strict=True))
    return Step(passed.reshape(a.shape), *booked)


def total(values):
    """Sum over all but the first axis, (n,)."""
    return values.reshape(len(values), -1).sum(axis=1)


def through(layer, a, relevance, rule):
    """Pass relevance through any layer."""
    nothing, size = np.zeros(len(a)), total(np.abs(relevance))
    match layer:
        case xk.Dense() if a.ndim == 3:
            return by_token(layer, a, relevance, rule)
        case xk.TokenMean():
            return from_mean(layer, a, relevance, rule)
        case xk.Dense() | xk.Conv2d() | xk.AvgPool2d():
            return share_out(layer, a, relevance, rule)
        case xk.MaxPool2d() | xk.Flatten() | xk.ZeroPad2d():
            # As for gradients: to the winner, in the old shape, and not to the padding.
            passed = twin_gradients(lambda x, _: twin(layer, x, {}), a, {}, relevance)[1].numpy()
            return Step(passed, nothing, total(relevance) - total(passed), size)
        case xk.Residual():
            is_text = a.ndim == 3
            both = np.stack([a, run(layer.layers, a)[-1]], axis=-2 if is_text else 1)
            step = (by_token if is_text else share_out)(layer, both, relevance, rule)
            kept, sent = np.moveaxis(step.passed, -2 if is_text else 1, 0)
            inside = chain(layer.layers, a, sent, rule)
            booked = (old + new for old, new in zip(step[1:], inside[1:], strict=True))
            return Step(kept + inside.passed, *booked)
    return Step(relevance, nothing, nothing, size)


def by_token(layer, a, relevance, rule):
    """Pass relevance (n, T, …) through a layer that does the same to each token."""
    rows = (values.reshape(-1, *values.shape[2:]) for values in (a, relevance))
    passed, *booked = share_out(layer, *rows, rule)
    return Step(passed.reshape(a.shape), *(part.reshape(len(a), -1).sum(1) for part in booked))


def from_mean(layer, a, relevance, rule):
    """Pass relevance (n, d) to the tokens (n, T, d); a token that is not there has no weight."""
    steps, unit = [], np.eye(a.shape[-1])
    for text, given, there in zip(a, relevance, layer.present, strict=True):
        touched = np.hstack([is_there * unit for is_there in there])
        table = touched / max(there.sum(), 1)
        steps.append(_share_out(table, touched, 0 * given, text[None], given[None], rule))
    return Step(*(np.concatenate(parts) for parts in zip(*steps, strict=True)))


def chain(layers, a, relevance, rule):
    """Pass relevance through layers, one rule for all of them."""
    step = Step(relevance, *np.zeros((3, len(a))))
    for layer, inputs in zip(reversed(layers), reversed(run(layers, a)[:-1]), strict=True):
        passed, *booked = through(layer, inputs, step.passed, rule)
        step = Step(passed, *(old + new for old, new in zip(step[1:], booked, strict=True)))
    return step
