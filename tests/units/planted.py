"""A model with a known true explanation, and explanations that are wrong in known ways.

F(x) = Σ g_i(x_i), so feature i contributes g_i(x_i) − g_i(b_i) for any values of the others.
"""

import numpy as np

from xaikit.core import arrays

FEATURES = 8
BASELINE = 0.25


def parts(x):
    """Return g_i(x_i) for rows x (n, 8): steep, flat, curved, and three without effect."""
    xp = arrays.namespace(x)
    zero = 0 * x[:, 0]
    columns = [
        3 * x[:, 0],
        -2 * x[:, 1],
        x[:, 2] ** 2,
        2 * xp.sin(2 * x[:, 3]),
        -xp.exp(x[:, 4]) / 2,
    ]
    return xp.stack([*columns, zero, zero, zero], axis=1)


def additive(x):
    """Return F (n,)."""
    return arrays.namespace(x).sum(parts(x), axis=1)


def rows(n=12, seed=0):
    return np.random.default_rng(seed).normal(size=(n, FEATURES))


def truth(x, baseline=BASELINE):
    return parts(x) - parts(0 * x + baseline)


def planted(x, seed=0):
    """Return explanations that do not depend on the model, by name."""
    return {
        "random": np.random.default_rng(seed).normal(size=x.shape),
        "constant": np.full(x.shape, 0.5),
        "the input itself": x.copy(),
        "minus the truth": -truth(x),
    }
