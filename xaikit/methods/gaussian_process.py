"""A Gaussian process over coalitions: Shapley values with error bars, from few payoffs.

Write a coalition as :math:`z ∈ {−1, +1}^M` and the game as :math:`v = Σ_T f_T Π_{j∈T} z_j`. Then

.. math:: φ_i = 2 Σ_{T∋i, |T| odd} f_T / |T|

Even orders have no effect. So complementary pairs are observed, :math:`o = (v(S) − v(Sᶜ)) / 2`, and
the odd part of the game gets a prior with less variance in higher orders. The Shapley values are
linear in the game, so their posterior mean and variance have a closed form. Lecture 04b explains
the method and its limits in its last section.
"""

from dataclasses import dataclass
from math import comb, pi

import numpy as np

from xaikit.core.attribution import Attribution
from xaikit.core.linear_fits import sum_constrained_fit
from xaikit.core.progress import track
from xaikit.core.settings import as_seed
from xaikit.core.threads import one_blas_thread
from xaikit.games.budget import budgets, reached, warn_not_reached
from xaikit.games.game import Game
from xaikit.games.pairs import Pairs, draw_pairs, odd_payoffs, sandwich_std
from xaikit.methods.kernel_shap import shapley_kernel

FITTED_POINTS = 400  # more do not improve the prior's parameters
MOST_EVALUATIONS = 10_000  # matrices of half as many rows and columns
STEPS = 25


@dataclass(frozen=True)
class Prior:
    """A covariance of games: the variance falls with the order of a term.

    .. math:: k(z, z′) = s₁ z·z′/M + s sinh(u)/sinh(A) + s_w [z = z′]

    with :math:`u = Σ a_j z_j z′_j` and :math:`A = Σ a_j`.

    Attributes
    ----------
    linear, smooth, white : float
        :math:`s₁, s, s_w > 0`: variance of the additive part, of interactions, of the rest.
    a : (M,)
        :math:`atanh ρ_j > 0`: the strength of player j's interactions.
    """

    linear: float
    smooth: float
    white: float
    a: np.ndarray

    @classmethod
    def from_logs(cls, logs: np.ndarray) -> "Prior":
        """Return the prior whose :math:`s₁, s, s_w` and a have these logarithms."""
        linear, smooth, white = np.exp(logs[:3])
        return cls(linear, smooth, white, np.exp(logs[3:]))

    def hyperbolic(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return sinh(u)/sinh(A) and cosh(u)/sinh(A), without overflow.

        The weights a of players on which z and z′ agree sum to s, the others to t: u = s − t,
        A = s + t, |u| − A = −2 min(s, t). The subtraction |u| − A itself would lose digits.
        """
        sides = np.hstack([z > 0, z < 0]).astype(np.float64)
        weighted = np.tile(self.a, 2) * sides
        s, t = weighted @ sides.T, weighted @ np.roll(sides, z.shape[1], axis=1).T
        u, a_sum = s - t, self.a.sum()
        scale = np.exp(-2 * np.minimum(s, t)) / -np.expm1(-2 * a_sum)
        rise = np.expm1(-2 * np.abs(u))
        return np.sign(u) * scale * -rise, scale * (2 + rise)

    def covariance(self, z: np.ndarray, sinh: np.ndarray) -> np.ndarray:
        """Return k of distinct points, no two of which are complements."""
        return (
            self.linear * (z @ z.T) / z.shape[1] + self.smooth * sinh + self.white * np.eye(len(z))
        )


def gaussian_process_shapley(
    game: Game,
    budget: int | None = None,
    tolerance: float | None = None,
    seed: int | None = 0,
    progress: bool = False,
) -> Attribution:
    """Return the posterior mean and std of the Shapley values, given pairs of payoffs.

    Parameters
    ----------
    game : Game
        Any number of players M.
    budget : int, optional
        Coalitions, from 2M + 2 (or all :math:`2^M` if fewer) to 10,000. None is 2M + 2048, or
        10,000 with a tolerance.
    tolerance : float, optional
        Stop when the largest std is at most this share of the range of the values.
    seed : int or None
        The same seed draws the same coalitions; None draws new ones.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    Attribution
        values (M,) or (n, M); std, never below that of a stratified draw; the gap is rounding.

    Raises
    ------
    TypeError, ValueError
        For a budget as in `kernel_shap`, or above 10,000; a tolerance that is not positive.

    Notes
    -----
    For games far from the prior the method is no better than `kernel_shap`, and its intervals are
    too small: for example majority and quota votes, whose odd part is as large in high
    orders as in low ones.

    References
    ----------
    The method is this project's. That only odd orders count: Fumagalli et al. 2026, An Odd
    Estimator for Shapley Values, arXiv:2602.01399. The prior's parameters maximise the marginal
    likelihood: Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, ch. 5.
    """
    players, seed = len(game.players), as_seed(seed)
    if isinstance(budget, int | np.integer) and budget > MOST_EVALUATIONS:
        raise ValueError(
            f"a budget of {budget} needs matrices of {budget // 2} rows: give at most "
            f"{MOST_EVALUATIONS}, or use kernel_shap"
        )
    before, ends = game.evaluations, game.ends()
    total = np.atleast_1d(ends[1] - ends[0])
    known: dict[bytes, np.ndarray] = {}  # pairs that are evaluated, from one budget to the next
    most = min(2**players, MOST_EVALUATIONS)
    for coalitions in budgets(players, budget, tolerance, most):
        if players == 1:
            values, std = total[None], np.zeros_like(total[None])
            break
        pairs = draw_pairs(players, (coalitions - 2) // 2, seed, shapley_kernel)
        z = np.concatenate([np.ones((1, players)), pairs.z])
        odd = np.concatenate([total[None] / 2, odd_payoffs(game, pairs, known, progress)])
        rows = track(range(odd.shape[1]), progress)
        answers = [_posterior(z, odd[:, row], pairs, seed) for row in rows]
        values, std = np.array(answers).transpose(1, 2, 0)
        if reached(tolerance, values, std):
            break
    else:
        warn_not_reached(tolerance, coalitions)
    evaluations = game.evaluations - before
    return game.answer(values, ends, std, method="Gaussian process", evaluations=evaluations)


def _posterior(
    z: np.ndarray, odd: np.ndarray, pairs: Pairs, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the Shapley values' posterior mean and std, (M,) each; row 0 of z is N against ∅."""
    scale = np.sqrt(np.mean(odd**2))
    if scale == 0:
        return np.zeros(z.shape[1]), np.zeros(z.shape[1])
    t = odd / scale  # not centred: exchanging S and its complement changes the sign of o
    prior = fit_prior(z, t, seed)
    inverse, _ = _inverse(prior.covariance(z, prior.hyperbolic(z)[0]))
    alpha = inverse @ t
    functional, prior_variance = shapley_functional(prior, z)
    values = functional @ alpha
    known = np.einsum("in,nm,im->i", functional, inverse, functional, optimize=True)
    variance = np.maximum(prior_variance - known, 1e-13 * len(z) * prior_variance)

    # For threshold games the posterior std is too small. The std of the draw, from leave-one-out
    # errors, is a second estimate; the larger one is returned.
    _, spread = sum_constrained_fit(pairs.z / 2, odd[1:, None], pairs.weights, 2 * odd[:1])
    left_out = (alpha / np.diag(inverse))[1:, None]
    second_opinion = sandwich_std(pairs, spread, left_out)[:, 0]
    return scale * values, scale * np.maximum(np.sqrt(variance), second_opinion)


def shapley_functional(prior: Prior, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the covariance Φ (M, n) of :math:`φ_i` with :math:`o(z_n)`, and its prior variance V.

    ⌈M/2⌉ Gauss-Legendre nodes integrate a product of M − 1 factors over [−1, 1] exactly.
    """
    n, players = z.shape
    rho = np.tanh(prior.a)
    nodes, weights = np.polynomial.legendre.leggauss((players + 1) // 2)
    log_cosh = prior.a + np.log1p(np.exp(-2 * prior.a)) - np.log(2)
    log_sinh = prior.a.sum() + np.log(-np.expm1(-2 * prior.a.sum())) - np.log(2)
    c = prior.smooth * np.exp(log_cosh.sum() - log_sinh)
    coalition = (z > 0).sum(axis=1)
    omega = np.array([1 / (players * comb(players - 1, q)) for q in range(players)])

    smooth = np.zeros((players, n))
    for x, w in zip(nodes, weights, strict=True):
        factors = 1 + rho * z * x
        smooth += w * (factors.prod(axis=1, keepdims=True) / factors).T
    joined, stayed = omega[np.maximum(coalition - 1, 0)], omega[np.minimum(coalition, players - 1)]
    white = np.where(z > 0, joined[:, None], -stayed[:, None]).T
    functional = (
        2 * prior.linear * z.T / players + c * rho[:, None] * z.T * smooth + 2 * prior.white * white
    )

    factors = 1 + rho[:, None, None] * np.outer(nodes, nodes)
    double = np.einsum("g,h,igh->i", weights, weights, factors.prod(axis=0) / factors)
    variance = 4 * prior.linear / players + c * rho * double
    return functional, variance + 4 * prior.white / players * omega.sum()


def fit_prior(z: np.ndarray, t: np.ndarray, seed: int) -> Prior:
    """Return the prior that maximises the marginal likelihood times weak priors of its parameters.

    Each :math:`log a_j ~ N(m, 1)`; their mean :math:`m ~ N(log 0.1, 1)`,
    :math:`log s ~ N(−2, 3²)`, :math:`log s_w ~ N(−6, 3²)`, :math:`log s₁ ~ N(0, 3²)`.
    """
    from scipy.optimize import minimize

    players = z.shape[1]
    if len(z) > FITTED_POINTS:
        others = np.random.default_rng(seed).permutation(len(z) - 1)[: FITTED_POINTS - 1]
        chosen = np.concatenate([[0], 1 + others])
        z, t = z[chosen], t[chosen]
    centre = np.array([0.0, -2.0, -6.0])  # of log s₁, log s, log s_w
    start = np.concatenate([centre, np.full(players, np.log(min(0.1, 2 / players)))])
    bounds = [(-15, 8), (-15, 8), (-14, 8), *[(-7, 1)] * players]

    def cost(logs: np.ndarray) -> tuple[float, np.ndarray]:
        likelihood, slope = log_marginal_likelihood(Prior.from_logs(logs), z, t)
        log_a = logs[3:]
        mean = log_a.mean()
        away = np.concatenate([(logs[:3] - centre) / 3, log_a - mean, [mean - np.log(0.1)]])
        slope[:3] -= away[:3] / 3
        slope[3:] -= away[3:-1] + away[-1] / players
        return 0.5 * (away**2).sum() - likelihood, -slope

    with one_blas_thread():
        found = minimize(
            cost, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS}
        )
    return Prior.from_logs(found.x)


def log_marginal_likelihood(prior: Prior, z: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
    """Return L, and its derivatives by the logarithms of :math:`s₁`, s, :math:`s_w` and a.

    .. math:: L = −½ tᵀα − ½ log|K| − n/2 log 2π, α = K⁻¹t

    With :math:`G = ααᵀ − K⁻¹` the derivative is :math:`∂L/∂θ = ½ Σ G ∘ ∂K/∂θ`.
    """
    sinh, cosh = prior.hyperbolic(z)
    inverse, log_determinant = _inverse(prior.covariance(z, sinh))
    alpha = inverse @ t
    g = np.outer(alpha, alpha) - inverse
    g_sinh = (g * sinh).sum()
    # ∂ sinh(u)/sinh(A) / ∂a_j = z_j z′_j cosh(u)/sinh(A) − coth(A) sinh(u)/sinh(A)
    by_player = np.einsum("nj,nj->j", z, (g * cosh) @ z) - g_sinh / np.tanh(prior.a.sum())
    slope = [
        prior.linear * np.einsum("nj,nj->", z, g @ z) / z.shape[1],
        prior.smooth * g_sinh,
        prior.white * np.trace(g),
        *(prior.smooth * prior.a * by_player),
    ]
    value = -0.5 * (t @ alpha + log_determinant + len(t) * np.log(2 * pi))
    return float(value), np.array(slope) / 2


def _inverse(k: np.ndarray) -> tuple[np.ndarray, float]:
    """Return K⁻¹ and log|K| of a positive definite K."""
    from scipy.linalg import lapack

    root, failed = lapack.dpotrf(k, lower=True)
    if failed:
        raise np.linalg.LinAlgError("the prior's covariance is not positive definite")
    inverse, _ = lapack.dpotri(root, lower=True)
    lower = np.tril(inverse, -1)
    return lower + lower.T + np.diag(np.diag(inverse)), 2 * float(np.log(np.diag(root)).sum())
