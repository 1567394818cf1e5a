"""Pairs of a coalition and its complement: their draw, and the standard deviation of a fit to them.

KernelSHAP and the Gaussian process evaluate the same pairs. Shapley values depend only on the odd
half of a game, (v(S) − v(Sᶜ)) / 2, and the two payoffs of a pair give it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb, sqrt

import numpy as np

from xaikit.core.settings import as_seed
from xaikit.games.game import Game

Kernel = Callable[[int, int, int], float]
FIRST_DRAWS, DRAWS_AT_ONCE = 16, 1024
ATTEMPTS = 100


@dataclass(frozen=True)
class Pairs:
    """Drawn pairs of a coalition S and its complement, by strata of equal size |S| = k ≤ M/2.

    Attributes
    ----------
    masks : (P, M) bool
        One coalition of each pair.
    stratum : (P,) ints
        Its stratum, k.
    weights : (P,)
        The total weight of the stratum, divided equally among the pairs drawn from it.
    drawn, population : dict of k to int
        :math:`n_k` pairs were drawn out of :math:`N_k`.
    """

    masks: np.ndarray
    stratum: np.ndarray
    weights: np.ndarray
    drawn: dict[int, int]
    population: dict[int, int]

    @property
    def z(self) -> np.ndarray:
        """The coalitions as +1 where a player is present, −1 where absent, (P, M)."""
        return np.where(self.masks, 1.0, -1.0)


def draw_pairs(players: int, pairs: int, seed: int | None, kernel: Kernel) -> Pairs:
    """Draw pairs of complementary coalitions, stratified by size, without replacement.

    `kernel(players, size, count)` is the total weight of `count` coalitions of a size, such as
    `kernel_shap.shapley_kernel`.

    With the same seed, a draw of at least twice as many pairs contains the smaller draw. There is
    one exception. A draw with hardly more pairs than players may not determine every player's
    value, for example because two players are always together. Then it is drawn again.
    """
    seed = as_seed(seed)
    population = {k: comb(players, k) for k in range(1, players // 2 + 1)}
    if players % 2 == 0:
        # A coalition of half the players has its complement in the same stratum.
        population[players // 2] //= 2
    mass = {k: kernel(players, k, 2 * count) for k, count in population.items()}
    drawn = allocate(population, mass, pairs)
    if drawn and min(drawn.values()) < 1:
        needed = pairs
        while min(allocate(population, mass, needed).values()) < 1:
            needed += 1
        raise ValueError(
            f"a budget of {2 * pairs + 2} coalitions leaves some sizes of coalition undrawn: "
            f"give at least {2 * needed + 2}"
        )
    for attempt in range(ATTEMPTS):
        masks = np.zeros((0, players), dtype=bool)
        for k, wanted in drawn.items():
            stratum = _draw_stratum(players, k, wanted, population[k], [seed, k, attempt])
            masks = np.concatenate([masks, stratum])
        if _determines_values(masks):
            break
    else:
        raise ValueError(
            f"no draw of {pairs} pairs determines the values of all {players} players: "
            f"give a budget of at least {4 * players}"
        )
    return Pairs(
        masks,
        np.repeat(list(drawn), list(drawn.values())).astype(int),
        np.array([mass[k] / n for k, n in drawn.items() for _ in range(n)]),
        drawn,
        population,
    )


def _determines_values(masks: np.ndarray) -> bool:
    """Tell whether the pairs and the sum of all values determine every value."""
    pairs, players = masks.shape
    if pairs > 8 * players:  # no failure was seen beyond 2M, and the rank is slow
        return True
    z = np.where(np.concatenate([masks, np.ones((1, players), dtype=bool)]), 1, -1)
    return bool(np.linalg.matrix_rank(z) == players)


def allocate(population: dict[int, int], mass: dict[int, float], pairs: int) -> dict[int, int]:
    """Divide pairs among strata in proportion to :math:`√mass`, up to a stratum's population."""
    pairs = min(pairs, sum(population.values()))
    drawn: dict[int, int] = {}
    while True:
        left = pairs - sum(drawn.values())
        rest = [k for k in population if k not in drawn]
        roots = sum(sqrt(mass[k]) for k in rest)
        share = {k: left * sqrt(mass[k]) / roots for k in rest}
        full = {k: population[k] for k in rest if share[k] >= population[k]}
        if not full:
            break
        drawn |= full
    drawn |= {k: int(share[k]) for k in rest}
    largest_remainder = sorted(rest, key=lambda k: int(share[k]) - share[k])
    for k in largest_remainder[: pairs - sum(drawn.values())]:
        drawn[k] += 1
    return {k: drawn[k] for k in population}


def _draw_stratum(
    players: int, size: int, wanted: int, population: int, seed: list[int]
) -> np.ndarray:
    """Return distinct coalitions of a size, (wanted, M) bool, and no complements of them."""
    # Of two complementary halves of the players, one does not contain player 0.
    first = 1 if 2 * size == players else 0
    if wanted == population:
        chosen = np.array(list(combinations(range(first, players), size)))
        masks = np.zeros((wanted, players), dtype=bool)
        np.put_along_axis(masks, chosen, True, axis=1)
        return masks
    seen: dict[bytes, np.ndarray] = {}
    stream = _random_coalitions(players, size, first, seed)
    while len(seen) < wanted:
        for mask in next(stream):
            seen.setdefault(mask.tobytes(), mask)
    return np.array(list(seen.values())[:wanted])


def _random_coalitions(
    players: int, size: int, first: int, seed: list[int]
) -> Iterator[np.ndarray]:
    """Draw coalitions of a size, of players first … M − 1, without end."""
    rng = np.random.default_rng(seed)
    draws = FIRST_DRAWS  # few, because many players have many strata with few draws in each
    while True:
        masks = np.zeros((draws, players), dtype=bool)
        chosen = np.argpartition(rng.random((draws, players - first)), size - 1, axis=1)[:, :size]
        np.put_along_axis(masks, first + chosen, True, axis=1)
        yield masks
        draws = min(2 * draws, DRAWS_AT_ONCE)


def odd_payoffs(
    game: Game, pairs: Pairs, known: dict[bytes, np.ndarray], progress: bool = False
) -> np.ndarray:
    """Return o = (v(S) − v(Sᶜ)) / 2 of each pair, (P, n); `known` stores those evaluated so far."""
    new = np.array([mask for mask in pairs.masks if mask.tobytes() not in known])
    if len(new):
        payoffs = game.payoffs(np.stack([new, ~new], axis=1).reshape(-1, new.shape[1]), progress)
        payoffs = payoffs.reshape(len(new), 2, -1)
        for mask, (present, complement) in zip(new, payoffs, strict=True):
            known[mask.tobytes()] = (present - complement) / 2
    return np.array([known[mask.tobytes()] for mask in pairs.masks])


def sandwich_std(pairs: Pairs, spread: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Return the standard deviation, (M, n), of the fit over stratified draws without replacement.

    .. math:: Var = C [Σ_k (1 − n_k/N_k) n_k/(n_k − 1) Σ_{n∈k} (u_n − ū_k)(u_n − ū_k)ᵀ] C

    with the scores :math:`u_n = w_n z_n/2 · r_n`. A single draw in a stratum counts without
    :math:`ū_k` and :math:`n_k/(n_k − 1)`.

    Parameters
    ----------
    pairs : Pairs
    spread : (M, M)
        C, from `sum_constrained_fit`.
    residual : (P, n)
        r, of each pair in each game.
    """
    influence = pairs.weights[:, None] * (pairs.z / 2) @ spread  # (P, M): C u = influence · r
    variance = np.zeros((spread.shape[0], residual.shape[1]))
    for k, drawn in pairs.drawn.items():
        unseen = 1 - drawn / pairs.population[k]
        if unseen == 0:
            continue
        g, r = influence[pairs.stratum == k], residual[pairs.stratum == k]
        squares = (g**2).T @ r**2
        if drawn > 1:
            squares = (squares - (g.T @ r) ** 2 / drawn) * drawn / (drawn - 1)
        variance += unseen * squares
    return np.sqrt(np.maximum(variance, 0))
