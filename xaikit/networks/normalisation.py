"""LayerNorm: every token's vector gets mean 0 and standard deviation 1."""

from dataclasses import dataclass

from xaikit.core.arrays import Array, namespace
from xaikit.networks.layers import Layer, as_rows, check_arrays


@dataclass(frozen=True, eq=False)
class LayerNorm(Layer):
    """:math:`y = g ⊙ x̂ + b` with :math:`x̂ = (x − mean(x))/σ`, over the last axis of x (…, d).

    Here :math:`σ² = variance(x) + ε`. Backward, with :math:`h = g ⊙ grad`:

    - :math:`∂/∂x = (h − mean(h) − x̂ mean(h ⊙ x̂))/σ`,
    - :math:`∂/∂g = Σ grad ⊙ x̂` and :math:`∂/∂b = Σ grad`.

    But for ε the layer ignores the scale of x, so :math:`Σ_i x_i ∂/∂x_i = 0`.

    Parameters
    ----------
    weight : array (d,), or None
        g; None is 1.
    bias : array (d,), or None
        b; None is 0.
    epsilon : float
        ε, which keeps σ above 0.
    """

    weight: Array | None = None
    bias: Array | None = None
    epsilon: float = 1e-5

    def __post_init__(self):
        check_arrays(self, weight="(d,)", bias="(d,)")
        lengths = [p.shape[0] for p in self.parameters.values()]
        if len(set(lengths)) > 1:
            raise ValueError(
                f"LayerNorm's weight has {lengths[0]} entries and its bias {lengths[1]}, expected "
                "the same number"
            )

    def __repr__(self) -> str:
        width = ", ".join(str(p.shape[0]) for p in [*self.parameters.values()][:1])
        return f"LayerNorm({width}{'' if self.bias is None else ', bias'})"

    @property
    def parameters(self) -> dict[str, Array]:
        both = {"weight": self.weight, "bias": self.bias}
        return {name: value for name, value in both.items() if value is not None}

    def forward(self, x: Array) -> Array:
        y = self.scaled(self.standardised(x)[0])
        return y if self.bias is None else y + self.bias

    def backward(self, x: Array, grad: Array) -> Array:
        (x_hat, sigma), h = self.standardised(x), self.scaled(grad)
        return (h - _mean(h) - x_hat * _mean(h * x_hat)) / sigma

    def parameter_gradients(self, x: Array, grad: Array) -> dict[str, Array]:
        xp, (x_hat, _) = namespace(x), self.standardised(x)
        both = {
            "weight": xp.sum(as_rows(grad * x_hat), axis=0),
            "bias": xp.sum(as_rows(grad), axis=0),
        }
        return {name: both[name] for name in self.parameters}

    def standardised(self, x: Array) -> tuple[Array, Array]:
        """Return :math:`x̂` (…, d) and σ (…, 1)."""
        for parameter in self.parameters.values():
            if x.shape[-1] != parameter.shape[0]:
                raise ValueError(
                    f"{self!r} expects vectors of {parameter.shape[0]} numbers, got inputs of "
                    f"shape {tuple(x.shape)}"
                )
        centred = x - _mean(x)
        sigma = (_mean(centred**2) + self.epsilon) ** 0.5
        return centred / sigma, sigma

    def scaled(self, values: Array) -> Array:
        """Return :math:`g ⊙ values`."""
        return values if self.weight is None else self.weight * values


def _mean(x: Array) -> Array:
    return namespace(x).mean(x, axis=-1, keepdims=True)
