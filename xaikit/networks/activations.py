"""Activation functions and their derivatives: layers that act on each unit separately."""

import math
from dataclasses import dataclass

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.networks.layers import Layer


@dataclass(frozen=True, eq=False)
class Activation(Layer):
    """A function φ applied to each unit z separately: its Jacobian is :math:`diag(φ′(z))`.

    At a kink `derivative` has the same value as in torch.
    """

    def derivative(self, z: Array) -> Array:
        """Return φ′(z)."""
        raise NotImplementedError

    def backward(self, z: Array, grad: Array) -> Array:
        return grad * self.derivative(z)


def _gate(z: Array) -> Array:
    """Return 1 where z > 0, else 0, in z's dtype."""
    return arrays.where_positive(namespace(z).ones_like(z), z)


@dataclass(frozen=True, eq=False)
class ReLU(Activation):
    """:math:`φ(z) = max(z, 0)`, :math:`φ′(z) = 1` where z > 0, else 0."""

    def forward(self, z: Array) -> Array:
        return z.clip(0)

    def derivative(self, z: Array) -> Array:
        return _gate(z)

    def backward(self, z: Array, grad: Array) -> Array:
        return arrays.where_positive(grad, z)


@dataclass(frozen=True, eq=False)
class LeakyReLU(Activation):
    """:math:`φ(z) = z` where z > 0, else :math:`slope · z`."""

    slope: float = 0.01

    def forward(self, z: Array) -> Array:
        return z.clip(0) + self.slope * z.clip(max=0)

    def derivative(self, z: Array) -> Array:
        gate = _gate(z)
        return gate + self.slope * (1 - gate)


@dataclass(frozen=True, eq=False)
class ReLU6(Activation):
    """:math:`φ(z) = min(max(z, 0), 6)`, :math:`φ′(z) = 1` where :math:`0 < z < 6`, else 0."""

    def forward(self, z: Array) -> Array:
        return z.clip(0, 6)

    def derivative(self, z: Array) -> Array:
        return _gate(z) * _gate(6 - z)


@dataclass(frozen=True, eq=False)
class Tanh(Activation):
    """:math:`φ(z) = tanh z`, :math:`φ′(z) = 1 − tanh² z`."""

    def forward(self, z: Array) -> Array:
        return namespace(z).tanh(z)

    def derivative(self, z: Array) -> Array:
        return 1 - self.forward(z) ** 2


@dataclass(frozen=True, eq=False)
class Sigmoid(Activation):
    """:math:`φ(z) = 1 / (1 + e^−z)`, :math:`φ′(z) = φ(z) φ(−z)`."""

    def forward(self, z: Array) -> Array:
        xp = namespace(z)
        e = xp.exp(-xp.abs(z))  # never overflows, unlike e^−z
        return xp.where(z >= 0, xp.ones_like(z), e) / (1 + e)

    def derivative(self, z: Array) -> Array:
        return self.forward(z) * self.forward(-z)


@dataclass(frozen=True, eq=False)
class Softplus(Activation):
    """:math:`φ(z) = log(1 + e^z)`, :math:`φ′(z) = 1 / (1 + e^−z)`."""

    def forward(self, z: Array) -> Array:
        xp = namespace(z)
        return z.clip(0) + xp.log1p(xp.exp(-xp.abs(z)))  # never overflows, unlike e^z

    def derivative(self, z: Array) -> Array:
        return Sigmoid().forward(z)


@dataclass(frozen=True, eq=False)
class GELU(Activation):
    """:math:`φ(z) = z Φ(z)`, :math:`φ′(z) = Φ(z) + z Φ′(z)`; Φ is the normal distribution function.

    With `tanh` Φ is replaced by :math:`½ (1 + tanh u)` with
    :math:`u = √(2/π) (z + 0.044715 z³)`, as in GPT-2 (Hendrycks & Gimpel 2016, arXiv:1606.08415,
    §2).
    """

    tanh: bool = False

    def forward(self, z: Array) -> Array:
        return z * self._share(z)

    def derivative(self, z: Array) -> Array:
        xp, c = namespace(z), math.sqrt(2 / math.pi)
        if self.tanh:
            # ½ (1 − tanh² u) u′ = 2 Φ (1 − Φ) u′
            share = self._share(z)
            return share + z * 2 * share * (1 - share) * c * (1 + 3 * 0.044715 * z**2)
        return self._share(z) + z * xp.exp(-(z**2) / 2) * c / 2

    def _share(self, z: Array) -> Array:
        """Return Φ(z), the share of z that is passed on."""
        if self.tanh:
            u = math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)
            return Sigmoid().forward(2 * u)  # ½ (1 + tanh u)
        return arrays.normal_cdf(z)


ACTIVATIONS: dict[str, type[Activation]] = {
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "relu6": ReLU6,
    "tanh": Tanh,
    "sigmoid": Sigmoid,
    "softplus": Softplus,
    "gelu": GELU,
}
