"""Time LRP and integrated gradients against torch's autograd, captum and bare gradients."""

from collections.abc import Iterator

import numpy as np
import torch
from captum.attr import IntegratedGradients

import xaikit as xk
from benchmarks.backward import agree, convolutional_module, dense_module, input_gradient
from benchmarks.tables import Table, of_comparisons
from benchmarks.timing import Comparison, compare

FLOOR_ROWS = 4096  # the bare model gets its points in chunks of this many


def relevance(repeats: int = 30, rows: int = 128) -> Iterator[Comparison]:
    """Yield LRP-ε on pictures, compared with autograd's forward and backward pass."""
    module = convolutional_module()
    network = xk.from_torch(module)
    x = torch.tensor(np.random.default_rng(0).normal(size=(rows, 1, 28, 28)), dtype=torch.float32)

    def ours(epsilon=0.25):
        return xk.lrp(network, x, rule=xk.LRPEpsilon(epsilon)).values

    def forward():
        with torch.no_grad():
            return module(x)

    # With ε = 0 relevance is input × gradient.
    agree([ours(0.0)], [x * input_gradient(module, x)], 1e-3)
    yield compare(
        f"LRP-ε, convolutional, 28 × 28, batch {rows}",
        ours,
        lambda: input_gradient(module, x),
        forward,
        {"peer": 1.5},
        repeats,
    )


def path(repeats: int = 20, rows: int = 256, steps: int = 50) -> Iterator[Comparison]:
    """Yield integrated gradients on rows, compared with captum and as many bare gradients."""
    module = dense_module([30, 64, 64, 1])
    network, peer = xk.from_torch(module), IntegratedGradients(module)
    x = torch.tensor(np.random.default_rng(0).normal(size=(rows, 30)), dtype=torch.float32)
    points = x.repeat(-(-FLOOR_ROWS // rows), 1)[:FLOOR_ROWS]

    def ours():
        return xk.integrated_gradients(network, x, steps=steps).values

    def captum():
        return peer.attribute(x, target=0, n_steps=steps, internal_batch_size=None)

    def gradients():
        for start in range(0, rows * steps, FLOOR_ROWS):
            network.gradient(points[: rows * steps - start])

    agree([ours()], [captum()], 1e-4)
    yield compare(
        f"integrated gradients, 30-64-64-1, {rows} rows × {steps} steps",
        ours,
        captum,
        gradients,
        {"bare model": 1.3},
        repeats,
    )


def table() -> Table:
    """Measure all comparisons."""
    return of_comparisons([*relevance(), *path()])
