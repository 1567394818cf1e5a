"""Softmax attention: every token reads from all tokens, forward and backward by hand.

Vaswani et al. 2017, Attention Is All You Need, arXiv:1706.03762, §3.2.
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

from xaikit.core.arrays import Array, namespace
from xaikit.networks.layers import Dense, Layer, named
from xaikit.networks.losses import softmax


class Steps(NamedTuple):
    """What a forward pass through attention computes, side by side for all heads.

    Attributes
    ----------
    Q, K, V : array (n, heads, T, d)
        Queries, keys and values; d of V may be another.
    S : array (n, heads, T, T)
        Scores: :math:`S_ij` says how well key j answers query i; −∞ for padding.
    P : array (n, heads, T, T)
        Weights: token i reads the share :math:`P_ij` from token j; 0 for padding.
    O : array (n, heads, T, d)
        What each token has read.
    """

    Q: Array
    K: Array
    V: Array
    S: Array
    P: Array
    O: Array


@dataclass(frozen=True, eq=False)
class Attention(Layer):
    """:math:`S = QKᵀ/√d`, :math:`P = softmax(S)` row by row, :math:`O = PV`, for each head.

    Q, K and V are dense layers of the inputs a (n, T, in); the output is :math:`O Wᵀ + b`.
    Backward, with :math:`dX = ∂score/∂X`:

    - :math:`dV = Pᵀ dO` and :math:`dP = dO Vᵀ`,
    - :math:`dS_ij = P_ij (dP_ij − Σ_k dP_ik P_ik)`,
    - :math:`dQ = dS K/√d` and :math:`dK = dSᵀ Q/√d`.

    Parameters
    ----------
    query, key, value, output : Dense
    heads : int
        The outputs of query, key and value are cut into this many equal parts.
    present : array (n, T), or None
        1 for a token, 0 for padding, which nobody reads. A network sets it from the ids.
    """

    query: Dense
    key: Dense
    value: Dense
    output: Dense
    heads: int = 1
    present: Array | None = None

    def __post_init__(self):
        asked, answered, read = (
            part.weight.shape[0] for part in (self.query, self.key, self.value)
        )
        if asked != answered:
            raise ValueError(
                f"query has {asked} outputs and key {answered}: expected the same number, since "
                "each is multiplied with the other"
            )
        if self.output.weight.shape[1] != read:
            raise ValueError(f"{self.output!r} cannot follow the {read} outputs of value")
        if self.heads < 1 or asked % self.heads or read % self.heads:
            raise ValueError(
                f"{asked} outputs of query and {read} of value do not split into {self.heads} heads"
            )

    def __repr__(self) -> str:
        inputs, outputs = self.query.weight.shape[1], self.output.weight.shape[0]
        return f"Attention({inputs} -> {outputs}, heads {self.heads})"

    @property
    def parts(self) -> dict[str, Dense]:
        """The four dense layers by name."""
        return {"query": self.query, "key": self.key, "value": self.value, "output": self.output}

    @property
    def parameters(self) -> dict[str, Array]:
        return named({name: part.parameters for name, part in self.parts.items()})

    def for_tokens(self, present: Array) -> "Attention":
        return replace(self, present=present)

    def steps(self, a: Array) -> Steps:
        """Return every step of the forward pass but the last dense layer."""
        if a.ndim != 3:
            raise ValueError(f"{self!r} expects tokens of shape (n, T, in), got {tuple(a.shape)}")
        Q = self.split(self.query.forward(a))
        K = self.split(self.key.forward(a))
        V = self.split(self.value.forward(a))
        S = Q @ K.mT / math.sqrt(Q.shape[-1])
        if self.present is not None:
            S = namespace(a).where(self.present[:, None, None, :] > 0, S, -math.inf)
        P = softmax(S)
        return Steps(Q, K, V, S, P, P @ V)

    def forward(self, a: Array) -> Array:
        return self.after(self.steps(a))

    def after(self, steps: Steps) -> Array:
        """Return the output, (n, T, out), of the last dense layer."""
        return self.output.forward(self.join(steps.O))

    def backward(self, a: Array, grad: Array) -> Array:
        dQ, dK, dV = self._gradients(self.steps(a), grad)
        return self.query.backward(a, dQ) + self.key.backward(a, dK) + self.value.backward(a, dV)

    def parameter_gradients(self, a: Array, grad: Array) -> dict[str, Array]:
        steps = self.steps(a)
        dQ, dK, dV = self._gradients(steps, grad)
        return named(
            {
                "query": self.query.parameter_gradients(a, dQ),
                "key": self.key.parameter_gradients(a, dK),
                "value": self.value.parameter_gradients(a, dV),
                "output": self.output.parameter_gradients(self.join(steps.O), grad),
            }
        )

    def _gradients(self, steps: Steps, grad: Array) -> tuple[Array, Array, Array]:
        """Return dQ, dK and dV, heads joined (n, T, …), given ∂score/∂output."""
        Q, K, V, _, P, O = steps
        dO = self.split(self.output.backward(self.join(O), grad))
        dV = P.mT @ dO
        dP = dO @ V.mT
        dS = P * (dP - namespace(P).sum(dP * P, axis=-1, keepdims=True))
        dQ = dS @ K / math.sqrt(Q.shape[-1])
        dK = dS.mT @ Q / math.sqrt(Q.shape[-1])
        return self.join(dQ), self.join(dK), self.join(dV)

    def split(self, values: Array) -> Array:
        """Cut (n, T, heads · d) into heads, (n, heads, T, d)."""
        return values.reshape(*values.shape[:2], self.heads, -1).swapaxes(1, 2)

    def join(self, values: Array) -> Array:
        """Lay heads (n, heads, T, d) side by side, (n, T, heads · d)."""
        return values.swapaxes(1, 2).reshape(values.shape[0], values.shape[2], -1)
