"""The conditional game: absent features are drawn given the present ones.

Lecture 04 compares it with the marginal game of `removal`, which ignores the dependence between
features.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.chunks import chunk_rows, chunks
from xaikit.core.question import Question, ask
from xaikit.core.settings import as_seed, expect_count
from xaikit.games.game import Game
from xaikit.games.players import Players, players_of


def conditional_game(
    model: Callable,
    x: Any,
    background: Any,
    target: Any = 0,
    samples: int = 256,
    seed: int | None = 0,
    groups: Mapping[str, Sequence] | None = None,
) -> Game:
    """Make the game :math:`v(S) = E[F(X) | X_S = x_S]`: absent features are drawn given the rest.

    A Gaussian is fitted to the background: given :math:`x_S`, the absent columns U have mean
    :math:`μ_U + Σ_US Σ_SS⁻¹ (x_S − μ_S)` and covariance :math:`Σ_UU − Σ_US Σ_SS⁻¹ Σ_SU`. v(∅) is
    the plain mean over the background, v(N) is F(x). A missing value (NaN) of x that the model
    takes stays missing where it is present, and tells nothing about the absent columns: these are
    drawn given the columns that are present and known. What is drawn are real numbers, in columns
    of whole numbers too.

    Parameters
    ----------
    background : array (m, d)
        At least two rows, of x's library, device and dtype.
    samples : int
        Draws per coalition, in antithetic pairs. All coalitions share them, so v(S) is
        the same each time.
    seed : int or None
        The same seed gives the same game; None gives a new one.
    model, x, target, groups
        See `baseline_game`; x has rows of features, (n, d) or (d,).

    Returns
    -------
    Game
        Payoffs (B,) for a single row, (B, n) for rows.

    Raises
    ------
    TypeError, ValueError
        As `marginal_game`; for pictures, or a background of one row.

    Notes
    -----
    If the covariance is singular (a constant column, one that is the sum of others, fewer rows
    than columns), a ridge of 1e-6 is added to the correlations, with a warning.

    References
    ----------
    Aas, Jullum & Løland 2021, Explaining individual predictions when features are dependent,
    arXiv:1903.10464, §3.
    """
    question = ask(model, x, target, second=background)
    question, rows = question.in_numbers("a conditional game").with_rows(background, "background")
    question = replace(question, x=arrays.copied(question.x))  # evaluated much later; see `removal`
    x, rows = question.x, arrays.numeric(rows, "background")  # without missing values
    if x.ndim != 2 or rows.shape[0] < 2:
        raise ValueError(
            f"x has shape {tuple(x.shape)} and the background {tuple(rows.shape)}, "
            "expected rows of features (n, d) and at least two background rows"
        )
    expect_count("samples", samples, 2)
    if samples % 2:
        raise ValueError(f"samples is {samples}, expected an even number")
    players = players_of(groups, x.shape[1], question.names)
    half = np.random.default_rng(as_seed(seed)).standard_normal((samples // 2, x.shape[1]))
    normals = np.concatenate([half, -half])
    empty = _mean_outputs(question, namespace(x).broadcast_to(rows, (len(x), *rows.shape)))
    return Game(
        players.names,
        Conditional(question, players, *_gaussian(arrays.float64(rows)), normals, empty),
        players.data(question.data),
        question.unbatched(question.explained),
    )


@dataclass(frozen=True, eq=False)
class Conditional:
    """The payoffs :math:`v(S) = E[F(X) | X_S = x_S]` of a Gaussian X.

    Attributes
    ----------
    question : Question
    players : Players
    mean, scale : (d,)
        Of each column.
    correlation : (d, d)
    normals : (samples, d)
        Standard normal draws, which all coalitions share.
    empty : (n,)
        v(∅).
    """

    question: Question
    players: Players
    mean: np.ndarray
    scale: np.ndarray
    correlation: np.ndarray
    normals: np.ndarray
    empty: np.ndarray

    def __call__(self, masks: np.ndarray) -> np.ndarray:
        """Return the payoffs of coalitions (B, M): (B, n), or (B,) for a single row."""
        present = self.players.columns(masks)
        payoffs = np.empty((len(masks), len(self.question.x)))
        full, empty = present.all(axis=1), ~present.any(axis=1)
        payoffs[empty] = self.empty
        if full.any():
            x = self.question.x
            payoffs[full] = self.question.target_outputs(x, np.arange(len(x)))
        mixed = np.flatnonzero(~full & ~empty)
        rows, width = self.question.x.shape
        each = rows * len(self.normals)
        # Few rows: one call takes several coalitions. Many: a coalition takes several calls.
        few = each <= chunk_rows(width)
        blocks = self.question.calls(len(mixed), width, each) if few else chunks(len(mixed), 1)
        for block in blocks:
            drawn = np.stack([self.draws(columns) for columns in present[mixed[block]]])
            drawn = arrays.like(drawn, self.question.x)
            payoffs[mixed[block]] = _mean_outputs(self.question, drawn, at_once=few)
        return self.question.unbatched(payoffs, axis=1)

    def draws(self, present: np.ndarray) -> np.ndarray:
        """Return rows (n, samples, d), the absent columns drawn given the present ones."""
        x = arrays.float64(self.question.x)
        drawn = np.repeat(x[:, None], len(self.normals), axis=1)
        missing = np.isnan(x) & present
        for unknown in np.unique(missing, axis=0) if missing.any() else missing[:1]:
            rows = (missing == unknown).all(axis=1)
            drawn[np.ix_(rows, np.arange(len(self.normals)), ~present)] = self._absent(
                x[rows], present & ~unknown, ~present
            )
        return drawn

    def _absent(self, x: np.ndarray, known: np.ndarray, absent: np.ndarray) -> np.ndarray:
        """Return the absent columns (n, samples, ·) of rows x, drawn given the known ones."""
        to_known = self.correlation[np.ix_(absent, known)]
        weights = np.linalg.solve(self.correlation[np.ix_(known, known)], to_known.T).T
        covariance = self.correlation[np.ix_(absent, absent)] - weights @ to_known.T
        noise = self.normals[:, absent] @ _root(covariance).T
        centres = ((x - self.mean) / self.scale)[:, known] @ weights.T
        return self.mean[absent] + self.scale[absent] * (centres[:, None] + noise)


def _mean_outputs(question: Question, rows: Array, at_once: bool = False) -> np.ndarray:
    """Return the mean over draws of F_target: rows (…, n, draws, d) -> (…, n)."""
    *size, draws, width = rows.shape
    flat = rows.reshape(-1, width)
    row_of = np.broadcast_to(np.arange(size[-1])[:, None], (*size, draws)).ravel()
    parts = [slice(len(flat))] if at_once else question.calls(len(flat), width)
    outputs = [question.target_outputs(flat[part], row_of[part]) for part in parts]
    return np.concatenate(outputs).reshape(*size, draws).mean(axis=-1)


def _gaussian(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the means, standard deviations and correlations of a background (m, d)."""
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale[scale == 0] = 1.0
    correlation = np.atleast_2d(np.cov(((rows - mean) / scale).T, ddof=0))
    # Within rounding error Cholesky may fail or not; eigenvalues are reliable.
    if np.linalg.eigvalsh(correlation)[0] < 1e-10:
        warnings.warn(
            "the background's covariance is singular (a constant column, one that is the sum of "
            "others, or fewer rows than columns): 1e-6 was added to its diagonal",
            stacklevel=3,
        )
        correlation = correlation + 1e-6 * np.eye(len(correlation))
    return mean, scale, correlation


def _root(covariance: np.ndarray) -> np.ndarray:
    """Return L with L Lᵀ = covariance."""
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:  # a conditional variance of zero, up to rounding
        return np.linalg.cholesky(covariance + 1e-6 * np.eye(len(covariance)))
