"""Weighted linear fits, :math:`g(z) = φ₀ + Σ φ_j z_j`, for LIME and KernelSHAP.

Both evaluate a model at many simplified inputs z and fit a linear model to its outputs. LIME
weights the inputs by closeness and shrinks the coefficients by a ridge. KernelSHAP takes the
weights and a constraint for which the coefficients are Shapley values.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class LinearFit:
    """A weighted ridge fit of one or more outputs at once.

    Attributes
    ----------
    coefficients : (M, n)
        :math:`φ_j` of each output.
    intercept : (n,)
        :math:`φ₀`.
    r2 : (n,)
        1 − weighted squared error / weighted variance; 1 where the outputs are constant.
    std : (M, n)
        Standard deviation of the coefficients over draws of z.
    """

    coefficients: np.ndarray
    intercept: np.ndarray
    r2: np.ndarray
    std: np.ndarray


def ridge_fit(
    z: np.ndarray, outputs: np.ndarray, weights: np.ndarray, ridge: float = 1.0
) -> LinearFit:
    """Fit a line by weighted least squares; the ridge does not shrink the intercept.

    .. math:: min Σ_b π_b (y_b − φ₀ − φᵀz_b)² + ridge · ‖φ‖²

    Parameters
    ----------
    z : (B, M)
        Simplified inputs.
    outputs : (B, n)
        The model's outputs y.
    weights : (B,)
        :math:`π ≥ 0`, not all zero.
    ridge : float
        ≥ 0.

    Raises
    ------
    ValueError
        For a negative ridge; for ridge 0 if the inputs do not determine the coefficients.

    Notes
    -----
    The standard deviations hold for random draws of z, also if the model is not linear
    (White 1980, A heteroskedasticity-consistent covariance matrix estimator, Econometrica 48):
    :math:`A⁻¹ [Σ π_b² r_b² z_b z_bᵀ] A⁻¹` with residuals r, times :math:`B / (B − M − 1)`.
    """
    if not ridge >= 0:
        raise ValueError(f"ridge is {ridge}, expected a number ≥ 0")
    share = weights / weights.sum()
    z_mean, y_mean = share @ z, share @ outputs
    z, y = z - z_mean, outputs - y_mean
    weighted = weights[:, None] * z
    gram = weighted.T @ z + ridge * np.eye(z.shape[1])
    if ridge == 0 and np.linalg.matrix_rank(gram) < len(gram):
        raise ValueError(
            "the perturbed inputs do not determine all coefficients: "
            "give more samples, or a ridge above 0"
        )
    inverse = np.linalg.inv(gram)
    coefficients = inverse @ (weighted.T @ y)
    residual = y - z @ coefficients
    unexplained, total = weights @ residual**2, weights @ y**2
    constant = total <= 1e-24 * (weights @ outputs**2)
    r2 = np.where(constant, 1.0, 1 - unexplained / np.where(constant, 1.0, total))
    freedom = len(z) / max(1, len(z) - z.shape[1] - 1)
    variance = ((weighted @ inverse) ** 2).T @ residual**2 * freedom
    return LinearFit(coefficients, y_mean - z_mean @ coefficients, r2, np.sqrt(variance))


def side_by_side(fits: Sequence[LinearFit]) -> LinearFit:
    """Join the fits of several outputs into one."""
    parts = [[getattr(fit, field.name) for fit in fits] for field in fields(LinearFit)]
    return LinearFit(*(np.concatenate(part, axis=-1) for part in parts))


def sum_constrained_fit(
    z: np.ndarray, outputs: np.ndarray, weights: np.ndarray, total: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Minimise :math:`Σ_b w_b (o_b − φᵀz_b)²` under the constraint :math:`Σ_j φ_j = total`.

    With :math:`A = Σ w z zᵀ`, :math:`b = Σ w z o` and a vector e of ones the solution is

    .. math:: φ = A⁻¹ (b − e (eᵀA⁻¹b − total) / (eᵀA⁻¹e))

    Parameters
    ----------
    z : (B, M)
    outputs : (B, n)
    weights : (B,)
    total : (n,)

    Returns
    -------
    coefficients : (M, n)
    spread : (M, M)
        :math:`C = A⁻¹ − A⁻¹e eᵀA⁻¹ / (eᵀA⁻¹e) = ∂φ/∂b`, so that :math:`Ce = 0`.

    Raises
    ------
    numpy.linalg.LinAlgError
        If z and the constraint do not determine φ.
    """
    players = z.shape[1]
    ones = np.ones((players, 1))
    # 11ᵀ adds (Σφ)² to the objective, a constant under the constraint. It makes A regular
    # if only the direction 1 was missing.
    gram = (weights[:, None] * z).T @ z + ones @ ones.T
    if np.linalg.cond(gram) > 1e12:
        raise np.linalg.LinAlgError(f"{len(z)} inputs do not determine {players} coefficients")
    inverse = np.linalg.inv(gram)
    towards = inverse @ ones / (ones.T @ inverse @ ones)  # (M, 1), sums to 1
    spread = inverse - towards @ (ones.T @ inverse)
    right = (weights[:, None] * z).T @ outputs
    return spread @ right + towards * total, spread
