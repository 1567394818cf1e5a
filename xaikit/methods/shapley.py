"""Shapley values: each player's marginal contribution, averaged over the orders of joining.

Lecture 03 derives the formula from four axioms; it applies to any `Game`.
"""

from math import factorial

import numpy as np

from xaikit.core.attribution import Attribution
from xaikit.core.chunks import ROWS, chunks
from xaikit.core.progress import track
from xaikit.core.settings import as_seed
from xaikit.games.budget import budgets, reached, warn_not_reached
from xaikit.games.game import Game

MOST_BYTES = 2**31
MOST_PLAYERS = 25
MOST_SAMPLES = 2**20  # coalitions; sampling to a tolerance stops there


def exact_shapley(game: Game, progress: bool = False) -> Attribution:
    """Compute Shapley values from all :math:`2^M` coalitions.

    .. math:: φ_i = Σ_{S∌i} |S|! (M − |S| − 1)! / M! · (v(S ∪ i) − v(S))

    Parameters
    ----------
    game : Game
        At most 25 players.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    Attribution
        values (M,) or (n, M) in units of v; base is v(∅), output is v(N), the gap is rounding.

    Raises
    ------
    ValueError
        For too many players: sampling needs fewer coalitions.

    References
    ----------
    Shapley 1953, A value for n-person games, Contributions to the Theory of Games II.
    """
    players = len(game.players)
    ends = game.ends()
    games = ends.size // 2
    if players > MOST_PLAYERS or 8 * games * 2**players > MOST_BYTES:
        raise ValueError(
            f"{players} players have 2^{players} coalitions, too many to ask for each of them in "
            f"{games} game(s): use permutation_shapley, kernel_shap or gaussian_process_shapley, "
            "or make groups of features"
        )
    v = _all_payoffs(game, ends, progress)
    size = np.zeros(1, dtype=int)  # |S| of each coalition, in the order of the payoffs
    for _ in range(players):
        size = np.concatenate([size, size + 1])
    weight = np.array(
        [factorial(s) * factorial(players - s - 1) / factorial(players) for s in range(players)]
    )
    values = np.empty((players, games))
    for i in range(players):
        # Coalitions are numbered in binary: blocks without i and with i are adjacent.
        without_i, with_i = np.moveaxis(v.reshape(-1, 2, 2**i, games), 1, 0)
        without_size = size.reshape(-1, 2, 2**i)[:, 0]
        values[i] = np.einsum("hl,hlg->g", weight[without_size], with_i - without_i)
    return game.answer(values, ends, method="exact Shapley", evaluations=2**players)


def _all_payoffs(game: Game, ends: np.ndarray, progress: bool) -> np.ndarray:
    """Return v(S) of all coalitions, (2^M, n): player i is in coalition c where c has bit i."""
    players = len(game.players)
    payoffs = np.empty((2**players, ends.size // 2))
    payoffs[[0, -1]] = ends.reshape(2, -1)
    for block in track(list(chunks(2**players - 2, game.at_once)), progress):
        numbers = np.arange(1 + block.start, 1 + block.stop)  # ∅ and N are known
        masks = (numbers[:, None] >> np.arange(players)) & 1 == 1
        payoffs[numbers] = game(masks).reshape(len(numbers), -1)
    return payoffs


def permutation_shapley(
    game: Game,
    budget: int | None = None,
    tolerance: float | None = None,
    seed: int | None = 0,
    progress: bool = False,
) -> Attribution:
    """Estimate φ_i, the mean of v(those before i, and i) − v(those before i), from random orders.

    Orders come in antithetic pairs: an order and its reverse. The mean of a pair varies less than
    that of two independent orders: a player early in one order is late in the other.

    Parameters
    ----------
    game : Game
        Any number of players M.
    budget : int, optional
        Coalitions, at least 2M + 2, or all :math:`2^M` if fewer; a pair of orders needs 2(M − 1).
        None is 2M + 2048, or :math:`2^20` with a tolerance.
    tolerance : float, optional
        Stop when the largest std is at most this share of the range of the values.
    seed : int or None
        The same seed draws the same orders; None draws new ones.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    Attribution
        values (M,) or (n, M); std, infinite for a single pair, which has no spread;
        the gap is rounding. details: ``degrees_of_freedom`` of Student's t, for intervals.

    Raises
    ------
    TypeError, ValueError
        For a budget that is too small or a tolerance that is not positive.

    Notes
    -----
    In a few pairs a player's contributions may be equal by chance. With trees this is frequent, and
    its variance would be 0. So one more observation is added to it: the mean of all players'
    variances.

    References
    ----------
    - Castro, Gómez & Tejada 2009, Polynomial calculation of the Shapley value based on sampling,
      doi:10.1016/j.cor.2008.04.004.
    - Mitchell et al. 2022, Sampling permutations for Shapley value estimation, arXiv:2104.12199
      (antithetic pairs).
    """
    players = len(game.players)
    before, ends = game.evaluations, game.ends()
    rng = np.random.default_rng(as_seed(seed))
    pairs: list[np.ndarray] = []  # mean contributions (M, n) of each pair

    for coalitions in budgets(players, budget, tolerance, MOST_SAMPLES):
        if players == 1:
            values = (ends[1:] - ends[:1]).reshape(1, -1)
            std = np.zeros_like(values)
            break
        wanted = range(len(pairs), (coalitions - 2) // (2 * players - 2))
        at_once = max(1, ROWS // (2 * players - 2))
        for block in track(list(chunks(len(wanted), at_once)), progress):
            orders = np.array([rng.permutation(players) for _ in wanted[block]])
            pairs.extend(_pair_means(game, orders, ends))
        values, std = np.mean(pairs, axis=0), _std_of_mean(np.array(pairs))
        if reached(tolerance, values, std):
            break
    else:
        warn_not_reached(tolerance, coalitions)
    return game.answer(
        values,
        ends,
        std,
        method="permutation Shapley",
        evaluations=game.evaluations - before,
        details={"degrees_of_freedom": max(1, len(pairs))},
    )


def _pair_means(game: Game, orders: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return each player's mean contribution in orders (P, M) and their reverses: (P, M, n)."""
    pairs, players = orders.shape
    both = np.concatenate([orders, orders[:, ::-1]])
    rank = np.argsort(both, axis=1)  # when each player joins
    steps = np.arange(players - 1)
    masks = rank[:, None, :] <= steps[:, None]  # after 1, 2, …, M − 1 have joined
    payoffs = game.payoffs(masks.reshape(-1, players)).reshape(2 * pairs, players - 1, -1)
    first, last = (np.broadcast_to(end.reshape(1, 1, -1), payoffs[:, :1].shape) for end in ends)
    joining = np.diff(np.concatenate([first, payoffs, last], axis=1), axis=1)
    contributions = np.take_along_axis(joining, rank[:, :, None], axis=1)
    return (contributions[:pairs] + contributions[pairs:]) / 2


def _std_of_mean(drawn: np.ndarray) -> np.ndarray:
    """Return the standard deviation of the mean of pairs (P, M, n), from their spread: (M, n)."""
    pairs = len(drawn)
    if pairs == 1:
        return np.full(drawn.shape[1:], np.inf)
    variance = drawn.var(axis=0, ddof=1)
    shared = (variance.mean(axis=0) + (pairs - 1) * variance) / pairs
    return np.sqrt(shared / pairs)
