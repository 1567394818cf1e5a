"""The rules of layer-wise relevance propagation, as data.

A rule gives the inputs, weights and bias that replace a unit's own while relevance passes through
it. The computation with them is written once, in `lrp.py`; that with a rule for attention in
`lrp_attention.py`. All maps are functions of this module, so that a rule can be pickled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np

from xaikit.core import arrays, tables
from xaikit.core.arrays import Array, namespace

Map = Callable[[Array], Array]


def same(values: Array) -> Array:
    """Return the values as they are."""
    return values


def positive(values: Array) -> Array:
    """Return max(values, 0)."""
    return values.clip(0)


def negative(values: Array) -> Array:
    """Return min(values, 0)."""
    return values.clip(max=0)


def size(values: Array) -> Array:
    """Return |values|."""
    return abs(values)


def ones(values: Array) -> Array:
    """Return a one for each value."""
    return namespace(values).ones_like(values)


def squares(values: Array) -> Array:
    """Return values²."""
    return values**2


def more_positive(gamma: float, values: Array) -> Array:
    """Return v + γ max(v, 0)."""
    return values + gamma * positive(values)


def more_negative(gamma: float, values: Array) -> Array:
    """Return v + γ min(v, 0)."""
    return values + gamma * negative(values)


def minus(bound: np.ndarray, values: Array) -> Array:
    """Return −bound for each row of values."""
    return namespace(values).zeros_like(values) - arrays.like(bound, values)


@dataclass(frozen=True)
class Shares:
    """The modified sum of a unit under a rule, :math:`z = Σ_p ρ_p(W) α_p(a) + bias`.

    Attributes
    ----------
    parts : pairs (α, ρ)
        Maps of the inputs a and of the weights W.
    bias : map or None
        Map of the bias; None leaves it out.
    """

    parts: tuple[tuple[Map, Map], ...]
    bias: Map | None = same


@dataclass(frozen=True)
class Rule:
    """A rule by which a layer redistributes its relevance to its inputs.

    Attributes
    ----------
    name : str
    above : Shares
        For units whose z = Wa + β is positive …
    below : Shares
        … and for all others.
    epsilon : float
        ε ≥ 0: each z is moved away from zero by this much …
    relative : bool
        … or by this share of the root mean square of z over the layer's units, row by row.
    low, high : array or None
        The bounds of the inputs, for z^B.
    labels : list of str, or None
        The names of the bounds, if they are series.
    """

    name: str
    above: Shares
    below: Shares
    epsilon: float = 0.0
    relative: bool = False
    low: Any = None
    high: Any = None
    labels: Sequence[str] | None = None


PLAIN = Shares(((same, same),))
UNCHANGED = Shares(())


@dataclass(frozen=True)
class AttentionRule:
    """A rule by which attention redistributes the relevance of :math:`O = PV`.

    Attributes
    ----------
    name : str
    to_weights : float
        The part that goes to the weights P, and on to queries and keys; the rest goes to V.
    epsilon : float
        ε ≥ 0 in the products :math:`PV` and :math:`QKᵀ/√d`.
    """

    name: str
    to_weights: float
    epsilon: float


R = TypeVar("R", bound=Rule | AttentionRule)


def LRPEpsilon(epsilon: float = 0.0, *, relative: float | None = None) -> Rule:
    """LRP-ε; LRP-0 for ε = 0.

    .. math:: R_j = Σ_k a_j w_kj / (z_k + ε sign(z_k)) R_k

    ε absorbs a share of every unit's relevance, the largest where z is small. Without the sign, a
    negative z would move towards zero or across it.

    Parameters
    ----------
    epsilon : float
        ε ≥ 0, in the units of z.
    relative : float
        Instead: ε is this share of the root mean square of the layer's z, for each row. Then it
        does not depend on the scale of a layer (Montavon et al. 2019 take 0.25).
    """
    share = epsilon if relative is None else relative
    name = "epsilon" if relative is None else "relative"
    if not 0 <= share < np.inf:
        raise ValueError(f"{name} is {share}, expected a number ≥ 0")
    if relative is not None and epsilon:
        raise ValueError(f"epsilon is {epsilon} and relative is {relative}: give one of them")
    words = f"LRP-ε ({share:g}{' rms' if relative else ''})" if share else "LRP-0"
    return Rule(words, PLAIN, PLAIN, float(share), relative is not None)


def LRPGamma(gamma: float = 0.25) -> Rule:
    """LRP-γ: contributions with the sign of z weigh 1 + γ.

    If z > 0, the sum is :math:`a⁺(W + γW⁺) + a⁻(W + γW⁻) + β + γβ⁺`, else the mirror image
    :math:`a⁺(W + γW⁻) + a⁻(W + γW⁺) + β + γβ⁻`. For inputs a ≥ 0 and z > 0 this is the rule of
    the literature, :math:`ρ(w) = w + γ max(w, 0)`; here it holds for all inputs, row by row.
    """
    if not 0 <= gamma < np.inf:
        raise ValueError(f"gamma is {gamma}, expected a number ≥ 0")
    up, down = partial(more_positive, gamma), partial(more_negative, gamma)
    above = Shares(((positive, up), (negative, down)), bias=up)
    below = Shares(((positive, down), (negative, up)), bias=down)
    return Rule(f"LRP-γ ({gamma:g})", above, below)


def LRPZPlus() -> Rule:
    """LRP-z⁺: only positive contributions count, and a positive bias; also called α = 1, β = 0.

    For inputs ≥ 0 it is LRP-γ with γ → ∞ at units with z > 0. A unit that nobody pushed up
    absorbs its relevance (Bach et al. 2015, doi:10.1371/journal.pone.0130140).
    """
    shares = Shares(((positive, positive), (negative, negative)), bias=positive)
    return Rule("LRP-z⁺", shares, shares)


def LRPRatio() -> Rule:
    """Ratio split: relevance in proportion to the sizes :math:`|a_j w_kj|`, none to the bias.

    Made for residual sums, where a and f may nearly cancel (Otsuki et al. 2024, arXiv:2407.09115):
    ``{"sum": LRPRatio()}``.
    """
    shares = Shares(((size, size),), bias=None)
    return Rule("LRP-ratio", shares, shares)


def LRPZBox(low: Any, high: Any) -> Rule:
    """LRP-z^B, for a first layer with inputs in [low, high]; no bias.

    .. math:: z = Wa − W⁺ low − W⁻ high

    Parameters
    ----------
    low, high : number, or array or series like one row of x
        A series is aligned by the names of x's columns.
    """
    labels = tables.labels(low) or tables.labels(high)
    high = tables.aligned(high, labels, "high")
    bounds = [arrays.to_numpy(arrays.numeric(bound, "a bound")) for bound in (low, high)]
    if not (bounds[0] <= bounds[1]).all():
        raise ValueError("low is above high")
    minus_low, minus_high = (partial(minus, bound) for bound in bounds)
    parts = ((same, same), (minus_low, positive), (minus_high, negative))
    shares = Shares(parts, bias=None)
    return Rule("LRP-z^B", shares, shares, low=bounds[0], high=bounds[1], labels=labels)


def ordered(rule: R, labels: Sequence[str] | None) -> R:
    """Return a rule with its bounds in the order of x's columns; anything else as it is.

    Raises
    ------
    ValueError
        For bounds of other names.
    """
    if not isinstance(rule, Rule) or rule.labels is None or labels is None:
        return rule
    places = tables.places_in(rule.labels, labels, f"the bounds of {rule.name}")
    if places is None:
        return rule
    bounds = (bound[places] if bound.ndim else bound for bound in (rule.low, rule.high))
    return LRPZBox(*bounds)  # type: ignore[return-value]


def LRPWSquare() -> Rule:
    """LRP-w²: a first layer's relevance goes to its inputs in proportion to w², for any a."""
    shares = Shares(((ones, squares),), bias=None)
    return Rule("LRP-w²", shares, shares)


def LRPFlat() -> Rule:
    """LRP-flat: a first layer's relevance goes to its inputs in equal shares."""
    shares = Shares(((ones, ones),), bias=None)
    return Rule("LRP-flat", shares, shares)


def LRPIdentity() -> Rule:
    """LRP-identity: a LayerNorm passes relevance on unchanged, coordinate by coordinate.

    Cruder than LRP-ε, which holds σ and shares the centring :math:`x − mean(x)` and the bias out:
    ``{"norm": LRPIdentity()}``.
    """
    return Rule("LRP-identity", UNCHANGED, UNCHANGED)


def LRPAttention(to_weights: float = 0.0, epsilon: float = 0.0) -> AttentionRule:
    """Return a rule for attention, :math:`O = PV` with :math:`P = softmax(QKᵀ/√d)`.

    Parameters
    ----------
    to_weights : float
        0: P is held constant, all relevance goes to V (Ali et al. 2022, arXiv:2202.07304, §3.2).
        ½: P and V get half each, the softmax is replaced by its first-order Taylor expansion, and
        Q and K get half each of what arrives (AttnLRP: Achtibat et al. 2024, arXiv:2402.05602,
        propositions 3.1 and 3.3).
    epsilon : float
        ε ≥ 0 in the two products.
    """
    if not 0 <= to_weights <= 1:
        raise ValueError(f"to_weights is {to_weights}, expected a share from 0 to 1")
    if not 0 <= epsilon < np.inf:
        raise ValueError(f"epsilon is {epsilon}, expected a number ≥ 0")
    words = "attention held constant" if to_weights == 0 else f"AttnLRP ({to_weights:g} to P)"
    return AttentionRule(words, float(to_weights), float(epsilon))
