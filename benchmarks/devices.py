"""The same code on NumPy arrays, on tensors, and on a GPU if there is one."""

import time
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
import torch

import xaikit as xk
from benchmarks.backward import agree
from benchmarks.tables import Table

WIDTH, ROWS = 512, 256
Task = Callable[[xk.Network, object], xk.Attribution]
TASKS: dict[str, tuple[int, int, Task]] = {
    "integrated gradients, 50 steps": (30, ROWS, lambda net, x: xk.integrated_gradients(net, x)),
    "LRP-ε": (30, ROWS, lambda net, x: xk.lrp(net, x)),
    "DASP, 4 sizes": (30, 16, lambda net, x: xk.dasp(net, x, sizes=4)),
    "exact Shapley values, 12 features": (
        12,
        16,
        lambda net, x: xk.exact_shapley(xk.baseline_game(net, x, 0)),
    ),
    "KernelSHAP, 2,048 coalitions": (
        30,
        16,
        lambda net, x: xk.kernel_shap(xk.baseline_game(net, x, 0), budget=2048, seed=0),
    ),
}


def table() -> Table:
    """Time every task on every kind of array; without a GPU its columns stay empty."""
    columns = ["task", "NumPy, ms", "CPU tensors, ms", "GPU, ms", "NumPy ÷ GPU"]
    return Table(columns, [row(name, *task) for name, task in TASKS.items()], [])


def row(name: str, features: int, rows: int, task: Task, repeats: int = 5) -> list[str]:
    """Return one row of the table; the results on all kinds of arrays must agree."""
    network = xk.Network.mlp([features, WIDTH, WIDTH, 1], seed=0).to("numpy", dtype="float32")
    x = np.random.default_rng(0).normal(size=(rows, features)).astype("float32")
    took, results = {}, []
    for kind, net, given in kinds(network, x):
        results.append(task(net, given).values)
        took[kind] = milliseconds(lambda net=net, given=given: task(net, given), repeats)
    for result in results[1:]:
        agree([result], [torch.as_tensor(results[0])], 1e-3)
    numbers = [f"{took[kind]:.1f}" if kind in took else "–" for kind in ("numpy", "cpu", "cuda")]
    gain = f"{took['numpy'] / took['cuda']:.1f}" if "cuda" in took else "–"
    return [f"{name}, {features}-{WIDTH}-{WIDTH}-1, {rows} rows", *numbers, gain]


def kinds(network: xk.Network, x: np.ndarray) -> Iterator[tuple[str, xk.Network, object]]:
    """Yield the network and the rows as arrays, as tensors, and as tensors on a GPU."""
    yield "numpy", network, x
    for device in ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]:
        yield device, network.to(device), torch.tensor(x, device=device)


def milliseconds(function: Callable[[], object], repeats: int) -> float:
    """Return the median time of a function; it includes the GPU's work."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(1000 * (time.perf_counter() - start))
    return median(times)
