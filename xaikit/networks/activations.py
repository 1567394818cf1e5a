"""Activation functions and their derivatives: layers that act on each unit separately."""

from dataclasses import dataclass

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.networks.layers import Layer


@dataclass(frozen=True, eq=False)
class Activation(Layer):
    """A function φ applied to each unit z separately: its Jacobian is diag(φ′(z)).

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
    """φ(z) = max(z, 0), φ′(z) = 1 where z > 0, else 0."""

    def forward(self, z: Array) -> Array:
        return z.clip(0)

    def derivative(self, z: Array) -> Array:
        return _gate(z)

    def backward(self, z: Array, grad: Array) -> Array:
        return arrays.where_positive(grad, z)


@dataclass(frozen=True, eq=False)
class LeakyReLU(Activation):
    """φ(z) = z where z > 0, else slope · z."""

    slope: float = 0.01

    def forward(self, z: Array) -> Array:
        return z.clip(0) + self.slope * z.clip(max=0)

    def derivative(self, z: Array) -> Array:
        gate = _gate(z)
        return gate + self.slope * (1 - gate)


@dataclass(frozen=True, eq=False)
class ReLU6(Activation):
    """φ(z) = min(max(z, 0), 6), φ′(z) = 1 where 0 < z < 6, else 0."""

    def forward(self, z: Array) -> Array:
        return z.clip(0, 6)

    def derivative(self, z: Array) -> Array:
        return _gate(z) * _gate(6 - z)


@dataclass(frozen=True, eq=False)
class Tanh(Activation):
    """φ(z) = tanh z, φ′(z) = 1 − tanh² z."""

    def forward(self, z: Array) -> Array:
        return namespace(z).tanh(z)

    def derivative(self, z: Array) -> Array:
        return 1 - self.forward(z) ** 2


@dataclass(frozen=True, eq=False)
class Sigmoid(Activation):
    """φ(z) = 1 / (1 + e^−z), φ′(z) = φ(z) φ(−z)."""

    def forward(self, z: Array) -> Array:
        xp = namespace(z)
        e = xp.exp(-xp.abs(z))  # never overflows, unlike e^−z
        return xp.where(z >= 0, xp.ones_like(z), e) / (1 + e)

    def derivative(self, z: Array) -> Array:
        return self.forward(z) * self.forward(-z)


@dataclass(frozen=True, eq=False)
class Softplus(Activation):
    """φ(z) = log(1 + e^z), φ′(z) = 1 / (1 + e^−z)."""

    def forward(self, z: Array) -> Array:
        xp = namespace(z)
        return z.clip(0) + xp.log1p(xp.exp(-xp.abs(z)))  # never overflows, unlike e^z

    def derivative(self, z: Array) -> Array:
        return Sigmoid().forward(z)


ACTIVATIONS: dict[str, type[Activation]] = {
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "relu6": ReLU6,
    "tanh": Tanh,
    "sigmoid": Sigmoid,
    "softplus": Softplus,
}
