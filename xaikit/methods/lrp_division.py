"""The second of LRP's four steps: relevance is divided by what the units received."""

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.chunks import cache_rows, chunks
from xaikit.methods.lrp_ledger import total


def divide(
    relevance: Array, z: Array, epsilon: float = 0.0, relative: bool = False
) -> tuple[Array, Array]:
    """Return s = R / (z + ε sign(z)), written over z, and what was absorbed of each row, (n,).

    With `relative` ε is a share of the root mean square of z over a row; of texts (n, T, d) over
    each token, so that it does not depend on padding.

    z is a layer's output, which nobody reads after this; new memory would cost more than the
    division. Block by block, the steps stay in the cache.
    """
    xp = namespace(z)
    absorbed = xp.zeros_like(z.reshape(len(z), -1)[:, 0])
    for rows in chunks(len(z), cache_rows(z[0])):
        R, sums = relevance[rows], z[rows]
        if not epsilon:
            z[rows], absorbed[rows] = _quotient(R, sums)
            continue
        size = arrays.like(epsilon, z)
        if relative:
            others = -1 if z.ndim == 3 else tuple(range(1, z.ndim))
            size = size * xp.sqrt(xp.mean(sums**2, axis=others, keepdims=True))
        # sign(0) = +1: to −0.0, + 0.0 gives 0.0.
        side = xp.copysign(size, sums + 0.0)
        if relative:  # a layer whose z are all 0 has ε = 0
            z[rows], lost = _quotient(R, sums + side)
        else:
            z[rows], lost = R / (sums + side), 0.0
        absorbed[rows] = lost + total(side * z[rows])
    return z, absorbed


def _quotient(R: Array, z: Array) -> tuple[Array, Array]:
    """Return R / z, and what is absorbed by units with z = 0, which have no shares, (n,)."""
    is_zero = namespace(z).astype(z == 0, z.dtype)
    return R * (1 - is_zero) / (z + is_zero), total(R * is_zero)
