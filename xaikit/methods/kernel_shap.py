"""KernelSHAP: Shapley values as the slopes of a weighted linear fit.

LIME makes such a fit with another kernel, and without a constraint on the sum of the slopes.
Lecture 04 derives the kernel. Coalitions are drawn in complementary pairs, so that only the odd
half of a game has to be fitted; Shapley values do not depend on the even half.
"""

from math import comb

import numpy as np

from xaikit.core.attribution import Attribution
from xaikit.core.linear_fits import sum_constrained_fit
from xaikit.core.settings import as_seed
from xaikit.games.budget import budgets, reached, warn_not_reached
from xaikit.games.game import Game
from xaikit.games.pairs import Pairs, draw_pairs, odd_payoffs, sandwich_std

MOST_DRAWN = 2**20
LEAST_LEVERAGE_LEFT = 1e-9


def shapley_kernel(players: int, size: int, count: int = 1) -> float:
    """Return π = (M − 1) / (C(M, s) s (M − s)), the weight of a coalition of s players, 0 < s < M.

    At s = 0 and s = M it is infinite: v(∅) and v(N) are constraints, not fitted. The result is the
    weight of `count` coalitions: for many players π alone is too small for a float.
    """
    return count * (players - 1) / (comb(players, size) * size * (players - size))


def kernel_shap(
    game: Game,
    budget: int | None = None,
    tolerance: float | None = None,
    seed: int | None = 0,
    progress: bool = False,
) -> Attribution:
    """Fit Shapley values as slopes, under the constraint :math:`Σφ = v(N) − v(∅)`.

    .. math:: min Σ_S π(S) (v(∅) + Σ_{i∈S} φ_i − v(S))²

    With all coalitions evaluated this is the exact Shapley value.

    Parameters
    ----------
    game : Game
        Any number of players M.
    budget : int, optional
        Coalitions, at least 2M + 2, or all :math:`2^M` if that is fewer. None is 2M + 2048; with a
        tolerance :math:`2^M`, at most :math:`2^20`.
    tolerance : float, optional
        Stop when the largest std is at most this share of the range of the values.
    seed : int or None
        The same seed draws the same coalitions; None draws new ones.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    Attribution
        values (M,) or (n, M); std of the draw, 0 for all coalitions; the gap is rounding.

    Raises
    ------
    TypeError, ValueError
        For a budget that is too small (also one that does not reach every size of coalition, or
        whose draw does not determine every value), or a tolerance that is not positive.

    Notes
    -----
    Pairs are stratified by size and drawn without replacement; the share of a stratum is
    proportional to the root of its kernel mass. The standard deviation is the sandwich of a
    stratified draw with leverage-corrected residuals. At the smallest budgets, hardly more pairs
    than players, few residuals estimate the error, and 95% intervals cover the value in only 75 to
    90% of draws: give 4M coalitions or more if you need intervals.

    References
    ----------
    - Lundberg & Lee 2017, A Unified Approach to Interpreting Model Predictions, arXiv:1705.07874.
    - Covert & Lee 2021, Improving KernelSHAP, arXiv:2012.01536 (pairs, exact constraint).
    """
    players, seed = len(game.players), as_seed(seed)
    before, ends = game.evaluations, game.ends()
    total = np.atleast_1d(ends[1] - ends[0])
    known: dict[bytes, np.ndarray] = {}  # evaluated pairs, kept from one budget to the next
    # With a tolerance but no budget, budgets grow up to a limit.
    most = 2**players if tolerance is None or budget is not None else min(2**players, MOST_DRAWN)
    for coalitions in budgets(players, budget, tolerance, most):
        pairs = draw_pairs(players, (coalitions - 2) // 2, seed, shapley_kernel)
        odd = odd_payoffs(game, pairs, known, progress)
        values, std = fit_pairs(pairs, odd, total)
        if reached(tolerance, values, std):
            break
    else:
        warn_not_reached(tolerance, coalitions)
    evaluations = game.evaluations - before
    return game.answer(values, ends, std, method="KernelSHAP", evaluations=evaluations)


def fit_pairs(pairs: Pairs, odd: np.ndarray, total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return φ and its std, (M, n) each: they minimise :math:`Σ w (o − φᵀz/2)²` under Σφ = total.

    :math:`o = (v(S) − v(Sᶜ)) / 2` is fitted by half of each player's value, + if in S, else −.
    The squares of the even halves do not depend on φ.
    """
    half_z = pairs.z / 2
    if not len(half_z):  # a single player gets the total
        return total[None], np.zeros_like(total[None])
    values, spread = sum_constrained_fit(half_z, odd, pairs.weights, total)
    # Divided by 1 − leverage, each residual is that of a fit without its pair.
    leverage = pairs.weights * ((half_z @ spread) * half_z).sum(axis=1)
    residual = (odd - half_z @ values) / np.maximum(1 - leverage, LEAST_LEVERAGE_LEFT)[:, None]
    return values, sandwich_std(pairs, spread, residual)
