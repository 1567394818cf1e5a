"""The small network that lectures 00 to 07 draw and compute by hand, and its two inputs."""

import numpy as np

from xaikit.networks.activations import ReLU
from xaikit.networks.layers import Dense
from xaikit.networks.network import Network


def small_row() -> np.ndarray:
    """x, shape (2,): body-mass index +0.5 and blood pressure −0.5, in standard deviations."""
    return np.array([0.5, -0.5])


def small_network(bias: bool = False) -> Network:
    """Return the 2-3-2-1 ReLU network of the course, whose numbers are easy to compute with.

    For the row of `small_row` its output is 4 without biases and 5.5 with them. Without biases each
    hidden layer has one closed gate. Both networks have the same weights, so any difference comes
    from the biases.

    Parameters
    ----------
    bias : bool
        Whether the layers have biases.
    """
    weights = [
        [[2.0, 1.0], [1.0, -2.0], [-1.0, 1.0]],
        [[1.0, 1.0, 2.0], [2.0, -1.0, 1.0]],
        [[2.0, 1.0]],
    ]
    biases = [[-1.0, -1.0, 2.0], [0.0, 1.0], [-1.0]]
    dense = [
        Dense(np.array(w), np.array(b) if bias else None)
        for w, b in zip(weights, biases, strict=True)
    ]
    return Network([dense[0], ReLU(), dense[1], ReLU(), dense[2]])
