"""Random dense ReLU networks for checks, and their slopes without any formula of a lecture."""

from itertools import pairwise

import numpy as np


def forward(weights: list, biases: list, x: np.ndarray) -> list[np.ndarray]:
    """Return [z₁, z₂, …] of a dense ReLU network; the last one is the output."""
    received = [weights[0] @ x + biases[0]]
    for weight, bias in zip(weights[1:], biases[1:], strict=True):
        received.append(weight @ np.maximum(received[-1], 0) + bias)
    return received


def draw(rng: np.random.Generator, sizes: list[int], bias: bool) -> tuple[list, list, np.ndarray]:
    """Draw weights, biases and an input for which every hidden layer has open and closed gates.

    No unit is near its kink, so that central differences are exact up to rounding.
    """
    while True:
        pairs = list(pairwise(sizes))
        weights = [rng.normal(size=(m, n)) for n, m in pairs]
        biases = [rng.normal(size=m) * bias for _, m in pairs]
        x = rng.normal(size=sizes[0]) + rng.choice([-1.0, 1.0], size=sizes[0])
        hidden = forward(weights, biases, x)[:-1]
        if all(z.min() < -0.05 and z.max() > 0.05 and abs(z).min() > 0.01 for z in hidden):
            return weights, biases, x


def slopes(weights: list, biases: list, x: np.ndarray, eps: float = 1e-6) -> np.ndarray:
    """Return the Jacobian (k, n) by central differences, without a formula of the lecture."""
    columns = []
    for step in np.eye(len(x)) * eps:
        up, down = (forward(weights, biases, x + s)[-1] for s in (step, -step))
        columns.append((up - down) / (2 * eps))
    return np.stack(columns, axis=1)
