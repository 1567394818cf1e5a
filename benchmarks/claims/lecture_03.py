"""The claims of lecture 03, Shapley values."""

from math import comb

import numpy as np

from benchmarks.claims import claim
from benchmarks.claims.shared import patients_game


@claim("drawing the size first has a far smaller error bar than multiplying back")
def size_first_is_calmer(seed: int) -> float:
    """Error bar of 2,000 draws multiplied back ÷ that of size first, minus 4."""
    game, _ = patients_game(seed)
    rng, player = np.random.default_rng(seed), 2
    others = np.delete(np.arange(10), player)
    coins, sized = np.zeros((2, 2000, 10), dtype=bool)
    coins[:, others] = rng.random((2000, 9)) < 0.5
    sizes = rng.integers(10, size=(2000, 1))
    sized[:, others] = rng.random((2000, 9)).argsort(axis=1).argsort(axis=1) < sizes

    def added(masks: np.ndarray) -> np.ndarray:
        joined = masks.copy()
        joined[:, player] = True
        return game(joined) - game(masks)

    back = added(coins) * [2**9 / 10 / comb(9, int(k)) for k in coins.sum(axis=1)]
    return float(back.std(ddof=1) / added(sized).std(ddof=1)) - 4


def _added(seed: int, orders: np.ndarray) -> np.ndarray:
    """Return what each player adds in each order (n, 10) of joining the patients' game."""
    values = patients_game(seed)[0](np.array(list(np.ndindex(*[2] * 10)), dtype=bool))
    codes = np.cumsum(2 ** (9 - orders), axis=1)
    steps = np.diff(values[np.hstack([np.zeros((len(orders), 1), dtype=int), codes])], axis=1)
    added = np.empty(orders.shape)
    np.put_along_axis(added, orders, steps, axis=1)
    return added


@claim("antithetic pairs of orders have a smaller error than as many single orders")
def pairs_halve_the_error(seed: int) -> float:
    """Error of single orders ÷ that of pairs, with 128 orders, minus 1."""
    _, truth = patients_game(seed)
    rng, single, pairs = np.random.default_rng(seed), [], []
    for _ in range(10):
        orders = np.array([rng.permutation(10) for _ in range(128)])
        both = np.vstack([orders[:64], orders[:64, ::-1]])
        single.append(_added(seed, orders).mean(axis=0) - truth)
        pairs.append(_added(seed, both).mean(axis=0) - truth)
    return float(np.sqrt(np.mean(np.square(single)) / np.mean(np.square(pairs)))) - 1


@claim("about 95% of the error bars hold the exact value")
def error_bars_hold(seed: int) -> float:
    """3 points minus the distance from 95%, for 160 times 128 orders."""
    _, truth = patients_game(seed)
    rng = np.random.default_rng(seed)
    orders = np.array([rng.permutation(10) for _ in range(160 * 128)])
    groups = _added(seed, orders).reshape(160, 128, 10)
    half = 1.96 * groups.std(axis=1, ddof=1) / np.sqrt(128)
    return 0.03 - abs(float(np.mean(np.abs(groups.mean(axis=1) - truth) < half)) - 0.95)
