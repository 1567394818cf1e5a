"""Integrated gradients: the gradient integrated on the straight path from a baseline to the input.

Lecture 06 shows why one gradient is not enough. On the path a smooth network is integrated by
quadrature, a piecewise linear one exactly, from kink to kink (`exact_path`).
"""

from functools import lru_cache
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.attribution import Attribution
from xaikit.core.chunks import gradient_rows
from xaikit.core.question import Question, ask_for_slopes
from xaikit.core.settings import expect_count
from xaikit.methods.exact_path import exact_integral
from xaikit.networks.network import Network

RULES = ("gauss-legendre", "trapezoid", "midpoint", "right", "exact")


def quadrature(rule: str, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return positions t and weights w: :math:`∫₀¹ g(t) dt ≈ Σ w_j g(t_j)` with :math:`Σ w = 1`.

    Parameters
    ----------
    rule : str
        "gauss-legendre" is exact for polynomials of degree 2 · steps − 1; "midpoint" takes the
        middles of equal parts, "right" their right ends, "trapezoid" both ends, each half.
    steps : int
        At least 1, for "trapezoid" at least 2.

    Raises
    ------
    TypeError, ValueError
        For another rule, or too few steps.
    """
    expect_count("steps", steps, 2 if rule == "trapezoid" else 1, f"for {rule!r}")
    if rule == "gauss-legendre":
        nodes, weights = _gauss_legendre(steps)
        return (1 + nodes) / 2, weights / 2
    if rule == "trapezoid":
        weights = np.full(steps, 1 / (steps - 1))
        weights[[0, -1]] /= 2
        return np.linspace(0, 1, steps), weights
    if rule == "midpoint":
        return (np.arange(steps) + 0.5) / steps, np.full(steps, 1 / steps)
    if rule == "right":
        return np.arange(1, steps + 1) / steps, np.full(steps, 1 / steps)
    raise ValueError(f"unknown rule {rule!r}, expected one of {', '.join(RULES)}")


# Cached, because finding 50 nodes takes as long as the gradients of a thousand rows.
_gauss_legendre = lru_cache(np.polynomial.legendre.leggauss)


def integrated_gradients(
    model: Any,
    x: Any,
    target: Any = 0,
    baseline: Any = None,
    steps: int = 50,
    rule: str = "gauss-legendre",
    max_pieces: int = 10_000,
) -> Attribution:
    """Collect the gradients on the straight way from a baseline to x.

    .. math:: IG_i = (x_i − b_i) ∫₀¹ ∂F_c/∂x_i (b + t (x − b)) dt

    Complete: the values sum to F(x) − F(b), up to the error of the quadrature, which is the gap.

    Parameters
    ----------
    model : Network or TorchModel
        F, with outputs (n, k).
    x : array (n, …) or (d,)
        Rows to explain, or a single row. Token ids are explained by their vectors: a token's score
        is the sum over its coordinates.
    target : int or (n,) ints
        c, the output column; one for all rows or one for each.
    baseline : None, number, row, or array like x
        b; None means zeros. For token ids: other ids (whole numbers), at the same positions, or
        vectors (d,), (T, d) or (n, T, d).
    steps : int
        Number of gradients per row.
    rule : str
        "gauss-legendre", "trapezoid", "midpoint" or "right", see `quadrature`. Or "exact", for a
        Network of piecewise linear layers (ReLU, leaky ReLU, ReLU6, pools, dense, convolutional
        and residual ones): `steps` is then not used.
    max_pieces : int
        With "exact", the largest number of linear pieces on the path of a row.

    Returns
    -------
    Attribution
        values in units of F; base is :math:`F_c(b)`. details: ``path``, with "alpha" (s,), the
        positions t, "weights" (s,) and "slope" (s, n), the slope of F along the path, whose
        weighted sum is the sum of the values; with "exact" "pieces" (n,) instead.

    Raises
    ------
    TypeError, ValueError
        For x that does not match the model, NaN, a target out of range, a baseline of another
        shape, an unknown rule or too few steps; with "exact" for a TorchModel, a smooth
        activation, or too many pieces.

    References
    ----------
    Sundararajan, Taly & Yan 2017, Axiomatic Attribution for Deep Networks, arXiv:1703.01365.
    """
    question = ask_for_slopes(model, x, target, baseline)
    if rule == "exact":
        _expect_layers(model)
        values, pieces = exact_integral(
            model, question.x, question.target, question.baseline, max_pieces
        )
        path = {"pieces": question.unbatched(pieces)}
    else:
        values, path = _integrate(question, *quadrature(rule, steps))
    return question.answer(
        values, base=question.base(), method="integrated gradients", details={"path": path}
    )


def _integrate(
    question: Question, alpha: np.ndarray, weights: np.ndarray
) -> tuple[Array, dict[str, Array]]:
    """Return Δ ⊙ Σ_j w_j ∂F/∂x(b + t_j Δ), and the slope of F at each t_j."""
    x, xp = question.x, namespace(question.x)
    delta = x - question.baseline
    places, shares = arrays.like(alpha, x), arrays.like(weights, x)
    at_once = gradient_rows(int(np.prod(x.shape[1:])))
    rows = min(len(x), at_once)
    together = at_once // rows
    mean = xp.zeros_like(delta)
    slope = xp.zeros_like(places[:, None] + delta.reshape(len(x), -1)[:, 0])
    for first in range(0, len(x), rows):
        part = slice(first, first + rows)
        d, b = delta[part], question.baseline[part if len(question.baseline) > 1 else slice(None)]
        for j in range(0, len(alpha), together):
            t = places[j : j + together].reshape(-1, *[1] * x.ndim)
            points = (b + t * d).reshape(-1, *x.shape[1:])
            row_of = np.tile(np.arange(first, first + len(d)), t.shape[0])
            gradient = question.gradients_at(points, row_of).reshape(t.shape[0], -1)
            mean[part] += (shares[j : j + together] @ gradient).reshape(d.shape)
            along = gradient.reshape(t.shape[0], len(d), -1) * d.reshape(len(d), -1)
            slope[j : j + together, part] = xp.sum(along, axis=2)
    path = {"alpha": places, "weights": shares, "slope": question.unbatched(slope, 1)}
    return delta * mean, path


def _expect_layers(model: Any) -> None:
    if not isinstance(model, Network):
        raise TypeError(
            f"rule 'exact' follows the layers of a Network, got {type(model).__name__}: "
            "convert it with from_torch(module), or take a quadrature such as 'gauss-legendre'"
        )
