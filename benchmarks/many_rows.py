"""Rows per second in one process, and on one and two workers of Dask: the page Many rows, timed."""

import math
import time
from collections.abc import Callable
from typing import Any

import dask
import dask.array as da
import numpy as np
from distributed import Client
from threadpoolctl import threadpool_limits

import xaikit as xk
from benchmarks.coalitions import models
from benchmarks.tables import Table

ROWS, COLUMNS, BACKGROUND = 10_000, 12, 10
BLOCKS = 20
LEAST = 1.5  # two workers ÷ one, for KernelSHAP
ONE_THREAD = {"distributed.nanny.pre-spawn-environ": {"OMP_NUM_THREADS": 1}}


def kernel_shap(rows: np.ndarray, model: Callable, others: np.ndarray) -> np.ndarray:
    """Return KernelSHAP's values of a block of rows."""
    return xk.kernel_shap(xk.marginal_game(model, rows, others), budget=128).values


def lime(rows: np.ndarray, model: Callable, others: np.ndarray) -> np.ndarray:
    """Return LIME's slopes of a block of rows."""
    return xk.lime_tabular(model, rows, others, samples=500).values


def integrated_gradients(rows: np.ndarray, model: xk.Network, others: np.ndarray) -> np.ndarray:
    """Return integrated gradients of a block of rows, from the first other row."""
    return xk.integrated_gradients(model, rows, baseline=others[0]).values


def tasks() -> dict[str, tuple[Callable, Any, float | None]]:
    """Return for each line the method, the model, and the least ratio of two workers to one."""
    trees = dict(models(COLUMNS))["boosted trees"]
    network = xk.Network.mlp([COLUMNS, 128, 64, 1], seed=0)
    cost = f"{BACKGROUND} background rows × 128 coalitions"
    return {
        f"KernelSHAP, {cost}, boosted trees": (kernel_shap, trees, LEAST),
        f"KernelSHAP, {cost}, network": (kernel_shap, network, LEAST),
        "LIME, 500 samples, network": (lime, network, None),
        "integrated gradients, 50 steps, network": (integrated_gradients, network, None),
    }


def speeds(rows: int = ROWS, blocks: int = BLOCKS) -> dict[str, list[float]]:
    """Return rows per second of each task: without workers, on one worker, and on two.

    Raise if a worker finds other scores than this process.
    """
    rng = np.random.default_rng(0)
    x, others = rng.normal(size=(rows, COLUMNS)), rng.normal(size=(BACKGROUND, COLUMNS))
    cut = da.from_array(x, chunks=(math.ceil(rows / blocks), -1))
    scores = {
        name: cut.map_blocks(explain, dask.delayed(model), others, meta=np.empty((0, 0)))
        for name, (explain, model, _) in tasks().items()
    }
    with threadpool_limits(1):
        alone = {name: timed(of_task, scheduler="sync") for name, of_task in scores.items()}
    found = {name: [speed] for name, (_, speed) in alone.items()}
    for workers in (1, 2):
        options = {"n_workers": workers, "threads_per_worker": 1}
        with dask.config.set(ONE_THREAD), Client(**options, dashboard_address="127.0.0.1:0"):
            for name, of_task in scores.items():
                of_task.blocks[: 2 * workers].compute()  # the workers load what it needs
                values, speed = timed(of_task)
                np.testing.assert_allclose(values, alone[name][0], atol=1e-9)
                found[name].append(speed)
    return found


def timed(scores: da.Array, **where: str) -> tuple[np.ndarray, float]:
    """Return the scores, and how many rows a second were explained."""
    start = time.perf_counter()
    values = scores.compute(**where)
    return values, len(values) / (time.perf_counter() - start)


def table() -> Table:
    """Measure all tasks."""
    rows, missed = [], []
    for (name, (_, _, least)), numbers in zip(tasks().items(), speeds().values(), strict=True):
        gain = numbers[2] / numbers[1]
        limit = "–" if least is None else f"{least:.1f}"
        rows.append([name, *(f"{number:,.0f}" for number in numbers), f"{gain:.2f}", limit])
        print(*rows[-1], flush=True)
        if least is not None and gain < least:
            missed.append(f"{name}: two workers are {gain:.2f} × as fast as one, at least {least}")
    places = ["one process, rows/s", "one worker, rows/s", "two workers, rows/s"]
    return Table([f"{ROWS:,} rows", *places, "two ÷ one", "at least"], rows, missed)
