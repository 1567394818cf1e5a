"""Compare the hand-written backward pass with torch's autograd, on the same cores."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import xaikit as xk
from benchmarks.tables import Table, of_comparisons
from benchmarks.timing import Comparison, compare
from xaikit.networks.training import loss_gradients

SIZES = [784, 256, 128, 10]
BATCH = 256


def dense_module(sizes: Sequence[int] = SIZES) -> nn.Sequential:
    """Dense layers of these sizes, with ReLU between them."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def convolutional_module() -> nn.Sequential:
    """Two convolutions with ReLU and pools on 28 × 28 pictures, then a dense layer."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 49, 10),
    )


def input_gradient(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """∂F₀/∂x by autograd."""
    x = x.clone().requires_grad_()
    return torch.autograd.grad(module(x)[:, 0].sum(), x)[0]


def parameter_gradients(module: nn.Module, x: torch.Tensor, y: torch.Tensor) -> list:
    """∂loss/∂parameters by autograd."""
    loss = functional.cross_entropy(module(x), y)
    return list(torch.autograd.grad(loss, list(module.parameters())))


def agree(ours, peer, tolerance: float = 1e-5) -> None:
    """Raise unless two functions compute the same, before they are timed."""
    for a, b in zip(ours, peer, strict=True):
        a, b = (np.asarray(v.cpu() if isinstance(v, torch.Tensor) else v) for v in (a, b))
        worst = np.abs(a - b).max() / np.abs(b).max()
        if not worst <= tolerance:
            raise AssertionError(f"results differ by {worst:.1e}")


def comparisons(repeats: int = 40, batch: int = BATCH) -> Iterator[Comparison]:
    """Yield the table's rows: NumPy and torch, then tensors on each device."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, SIZES[0])).astype("float32")
    y = rng.integers(0, SIZES[-1], batch)
    pictures = torch.tensor(rng.normal(size=(batch // 2, 1, 28, 28)), dtype=torch.float32)

    module = dense_module()
    tensor, classes = torch.tensor(x), torch.tensor(y)
    arrays = xk.from_torch(module).to("numpy")
    name = "784-256-128-10, batch 256"

    def forward():
        with torch.no_grad():
            return module(tensor)

    def training_step():
        return loss_gradients(arrays.layers, x, y, "cross_entropy")[1]

    agree(training_step(), parameter_gradients(module, tensor, classes))
    yield compare(
        f"{name}: loss and weight gradients, NumPy",
        training_step,
        lambda: parameter_gradients(module, tensor, classes),
        forward,
        {"peer": 1.5},
        repeats,
    )
    agree([arrays.gradient(x)], [input_gradient(module, tensor)])
    yield compare(
        f"{name}: input gradient, NumPy",
        lambda: arrays.gradient(x),
        lambda: input_gradient(module, tensor),
        forward,
        {"peer": 1.5},
        repeats,
    )
    for device in ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]:
        yield from _tensors(f"{name}: from_torch", module.to(device), tensor.to(device), repeats)
        yield from _tensors(
            "convolutional, 28 × 28, batch 128: from_torch",
            convolutional_module().to(device),
            pictures.to(device),
            repeats,
        )


def _tensors(name: str, module: nn.Module, x: torch.Tensor, repeats: int) -> Iterator[Comparison]:
    network = xk.from_torch(module)
    agree([network.gradient(x)], [input_gradient(module, x)])

    def forward():
        with torch.no_grad():
            return module(x)

    yield compare(
        f"{name}, input gradient, {x.device.type} tensors",
        lambda: network.gradient(x),
        lambda: input_gradient(module, x),
        forward,
        {"peer": 1.2},
        repeats,
        x.device.type,
    )


def table() -> Table:
    """Measure all comparisons."""
    return of_comparisons(comparisons())
