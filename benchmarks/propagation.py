"""DASP: distance from exact values, error and cost compared with sampling, and time."""

import time
from collections.abc import Iterator
from statistics import median

import numpy as np
from scipy.stats import spearmanr

import xaikit as xk
from benchmarks.coalitions import evaluations
from benchmarks.estimators import ESTIMATORS
from benchmarks.tables import Table

MOST_ERROR, LEAST_RANK_CORRELATION, MOST_SECONDS = 0.12, 0.95, 1.0
HIDDEN = [32, 16]
SIZES = (1, 2, 4, 8, 12)  # numbers of coalition sizes, for 12 features: the last is all of them
ROWS = 4  # explained rows per network


def drawn(seed: int, features: int) -> xk.Network:
    """Return a network with random weights."""
    return xk.Network.mlp([features, *HIDDEN, 1], seed=seed)


def outcome(x: np.ndarray) -> np.ndarray:
    """Use six columns in sums, a product, a wave and a kink; the others have no effect."""
    kinked = np.maximum(x[:, 3], 0) + x[:, 4] - x[:, 5] ** 2 / 2
    return np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + kinked


def fitted(seed: int, features: int, rows: int, noise: float, epochs: int) -> xk.Network:
    """Return a network that was trained on `rows` rows with this noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, features))
    y = outcome(x) + noise * rng.normal(size=rows)
    network = drawn(seed, features)
    network.fit(x, ((y - y.mean()) / y.std())[:, None], loss="mse", epochs=epochs, seed=seed)
    return network


def networks(features: int, drawn_ones: int, fitted_ones: int) -> dict[str, list[xk.Network]]:
    """Return networks of three kinds."""
    seeds = range(fitted_ones)
    return {
        "random": [drawn(seed, features) for seed in range(drawn_ones)],
        "well fitted": [fitted(seed, features, 4000, 0.1, 60) for seed in seeds],
        # The network memorises its rows and learns nothing else.
        "over-fitted": [fitted(seed, features, 80, 1.0, 1500) for seed in seeds],
    }


def explained(seed: int, features: int) -> np.ndarray:
    """Return the explained rows of network number `seed`."""
    return np.random.default_rng(1000 + seed).normal(size=(ROWS, features))


def errors(values: np.ndarray, exact: np.ndarray) -> list[float]:
    """Return |φ − exact| / |exact| of each row."""
    lengths = np.linalg.norm(values - exact, axis=1) / np.linalg.norm(exact, axis=1)
    return lengths.tolist()


def distances(kinds: dict[str, list[xk.Network]]) -> Iterator[tuple[str, float, float]]:
    """Yield kinds of networks, the median error of DASP, and the median rank correlation."""
    for kind, members in kinds.items():
        off, ranks = [], []
        for seed, network in enumerate(members):
            x = explained(seed, network.layers[0].weight.shape[1])
            exact = xk.exact_shapley(xk.baseline_game(network, x)).values
            values = xk.dasp(network, x).values
            off += errors(values, exact)
            ranks += [spearmanr(*pair).statistic for pair in zip(values, exact, strict=True)]
        yield f"{kind}, {len(members)} networks × {ROWS} rows", median(off), median(ranks)


def seconds(rows: int = 100, repeats: int = 10) -> tuple[float, float]:
    """Return the median seconds of DASP, and of as many forward passes of its 18-128-64-1."""
    network = xk.Network.mlp([18, 128, 64, 1], seed=0)
    x = np.random.default_rng(0).normal(size=(rows, 18))
    passes = rows * xk.dasp(network, x[0]).details["forward_passes"]
    runs = {"dasp": lambda: xk.dasp(network, x), "bare": evaluations(network, passes, 18)}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return median(times["dasp"]), median(times["bare"])


def table() -> Table:
    """Distance from exact Shapley values, and time."""
    rows, missed = [], []
    for task, off, rank in distances(networks(8, 20, 5)):
        asked = task.startswith("random")
        demand = f"< {MOST_ERROR} and > {LEAST_RANK_CORRELATION}" if asked else "–"
        rows.append([f"8-32-16-1, {task}", f"{off:.3f}", f"{rank:.3f}", demand])
        print(*rows[-1], flush=True)
        if asked and not (off < MOST_ERROR and rank > LEAST_RANK_CORRELATION):
            missed.append(f"DASP on random networks: error {off:.3f}, rank correlation {rank:.3f}")
    own, bare = seconds()
    task = f"18-128-64-1, 100 rows: {own:.2f} s, as many rows through the bare model {bare:.2f} s"
    rows.append([task, "–", "–", f"at most {MOST_SECONDS:.0f} s"])
    if own > MOST_SECONDS:
        missed.append(f"DASP of 100 rows took {own:.2f} s, at most {MOST_SECONDS:.0f}")
    return Table(["DASP", "relative error", "rank correlation", "demand"], rows, missed)


def cost_table(per_kind: int = 6, seeds: int = 5) -> Table:
    """Median relative errors of DASP and of sampling, at equal numbers of forward passes."""
    players = SIZES[-1]
    costs = {sizes: 4 * players * sizes for sizes in SIZES}
    rows = []
    for kind, members in networks(players, per_kind, per_kind).items():
        found: dict[str, dict[int, list[float]]] = {
            name: {cost: [] for cost in costs.values()} for name in ("DASP", *ESTIMATORS)
        }
        for number, network in enumerate(members):
            x = explained(number, players)
            exact = xk.exact_shapley(xk.baseline_game(network, x)).values
            for sizes, cost in costs.items():
                result = xk.dasp(network, x, sizes=sizes)
                assert result.details["forward_passes"] == cost
                found["DASP"][cost] += errors(result.values, exact)
                for name, estimator in ESTIMATORS.items():
                    for seed in range(seeds):
                        game = xk.baseline_game(network, x)
                        estimate = estimator(game, budget=cost, seed=seed)
                        found[name][cost] += errors(estimate.values, exact)
        for name, off in found.items():
            rows.append([f"{name}, {kind}", *(f"{median(part):.3f}" for part in off.values())])
            print(*rows[-1], flush=True)
    return Table(["forward passes a row:", *map(str, costs.values())], rows, [])
