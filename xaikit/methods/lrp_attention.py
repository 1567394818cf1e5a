"""LRP through the layers of a transformer: attention, LayerNorm, and the mean of tokens.

LayerNorm with σ held and the mean of tokens are linear, so the four steps of `lrp.py` hold for
them: here they are written as layers with a weight. Attention multiplies numbers that all depend
on the input, and needs rules of its own.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from xaikit.core.arrays import Array, namespace
from xaikit.methods.lrp_division import divide
from xaikit.methods.lrp_ledger import Booked, total
from xaikit.methods.lrp_rules import AttentionRule
from xaikit.networks.attention import Attention, Steps
from xaikit.networks.layers import Dense, Layer
from xaikit.networks.normalisation import LayerNorm
from xaikit.networks.tokens import Readout, TokenMean

Passed = tuple[Array, Booked]  # the relevance of a layer's inputs, and what was not passed on


def through_attention(
    layer: Attention,
    a: Array,
    output: Array,
    relevance: Array,
    rule: AttentionRule,
    through_dense: Callable[[Dense, Array, Array, Array], Passed],
    steps: Steps | None = None,
) -> Passed:
    """Pass relevance (n, T, out) through attention: dense layer, product, softmax, product, dense.

    A product :math:`Σ_j a_j b_j` has the shares of a sum, and each share is divided between the two
    factors: of :math:`O = PV` the part `rule.to_weights` goes to P, of :math:`S = QKᵀ/√d` half to
    Q, half to K. Softmax hands on :math:`R_S = S ⊙ (R_P − P Σ R_P)`, its first-order Taylor
    expansion at S.

    Parameters
    ----------
    through_dense : callable
        (layer, inputs, outputs, relevance) -> the same for one of the four dense layers.
    steps : Steps, optional
        Those of the forward pass, if they are known; O is written over.
    """
    Q, K, V, S, P, O = steps or layer.steps(a)
    R, booked = through_dense(layer.output, layer.join(O), output, relevance)
    s, lost = divide(layer.split(R), O, rule.epsilon)
    booked += Booked(absorbed=lost)
    found = [(layer.value, V, (1 - rule.to_weights) * V * (P.mT @ s))]
    if rule.to_weights:
        xp = namespace(a)
        S = xp.where(P > 0, S, xp.zeros_like(S))  # −∞ for padding, and −∞ · 0 is no number
        R_P = rule.to_weights * P * (s @ V.mT)
        R_S = S * (R_P - P * xp.sum(R_P, axis=-1, keepdims=True))
        booked += Booked(to_softmax=total(R_P) - total(R_S))
        s, lost = divide(R_S, S, rule.epsilon)
        booked += Booked(absorbed=lost)
        half = 0.5 / math.sqrt(Q.shape[-1])
        found += [(layer.query, Q, half * Q * (s @ K)), (layer.key, K, half * K * (s.mT @ Q))]
    passed = namespace(a).zeros_like(a)
    for part, z, of_heads in found:
        share, more = through_dense(part, a, layer.join(z), layer.join(of_heads))
        passed, booked = passed + share, booked + more
    return passed, booked


@dataclass(frozen=True, eq=False)
class HeldNorm(Layer):
    """A LayerNorm with σ held, linear in x: :math:`y = w ⊙ (x − mean(x)) + b`, :math:`w = g/σ`."""

    weight: Array
    bias: Array | None

    def backward(self, x: Array, grad: Array) -> Array:
        """Return :math:`∂score/∂x`, given grad = :math:`∂score/∂y`."""
        h = self.weight * grad
        return h - namespace(h).mean(h, axis=-1, keepdims=True)


def held(layer: LayerNorm, x: Array) -> HeldNorm:
    """Return a LayerNorm with the σ that it has at x."""
    return HeldNorm(layer.scaled(1 / layer.standardised(x)[1]), layer.bias)


@dataclass(frozen=True, eq=False)
class TokenSum(Readout):
    """:math:`Σ_t w_t a_t` over the tokens that are present."""

    weight: Array
    present: Array
    bias: None = None

    def weights(self, a: Array) -> Array:
        """Return w (n, T), 0 for padding under every rule."""
        return self.weight * self.present


def as_sum(layer: TokenMean, a: Array) -> TokenSum:
    """Return the mean of tokens as the weighted sum that it is."""
    weights = layer.weights(a)
    return TokenSum(weights, namespace(a).astype(weights > 0, a.dtype))
