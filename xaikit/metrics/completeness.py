"""Completeness and sensitivity-n: do scores add up, in total and over subsets?"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from xaikit.core import arrays
from xaikit.core.attribution import Attribution
from xaikit.core.settings import as_seed, expect_count
from xaikit.games.removal import mixing_game
from xaikit.metrics.scores import ask_about


class Correlations(NamedTuple):
    """Correlations of sums of scores with changes of the output, by number of removed features.

    Attributes
    ----------
    sizes : array (s,) of ints
        The number of features removed at once.
    correlation : array (n, s), or (s,) for a single row
        Pearson's, between −1 and 1.
    """

    sizes: np.ndarray
    correlation: np.ndarray


def sensitivity_n(
    model: Any,
    x: Any,
    attribution: Any,
    target: Any = 0,
    baseline: Any = None,
    sizes: Sequence[int] | None = None,
    samples: int = 100,
    seed: int | None = 0,
) -> Correlations:
    """Correlate :math:`Σ_{i∈S} φ_i` with F(x) − F(x without S) over subsets S of size n.

    1 for every size if and only if the model is additive and φ are its terms (times a positive
    number). A correlation does not depend on the scale: see `completeness` for that.

    Parameters
    ----------
    model, x, attribution, target, baseline
        See `deletion`; at least two features.
    sizes : sequence of int, optional
        Numbers of features removed at once, each in 1 … d − 1. None: about ten, evenly spread.
    samples : int
        Random subsets of each size.
    seed : int or None
        The same seed draws the same subsets, None draws new ones; all rows share them.

    Returns
    -------
    Correlations
        0 where the sums of scores are constant and explain nothing; NaN where the model's output
        is constant, so that there is nothing to explain.

    Raises
    ------
    TypeError, ValueError
        As `deletion`; for sizes outside 1 … d − 1, or fewer than 2 samples.

    References
    ----------
    Ancona et al. 2018, Towards better understanding of gradient-based attribution methods,
    arXiv:1711.06104, §4.
    """
    question, scores = ask_about(model, x, attribution, target, baseline)
    question.expect_function()
    width = scores.shape[1]
    if width < 2:
        raise ValueError("x has one feature: sensitivity_n compares subsets of at least two")
    spread = np.linspace(1, width - 1, min(10, width - 1)).round().astype(int)
    tried = spread if sizes is None else np.asarray(sizes)
    if tried.ndim != 1 or tried.dtype.kind not in "iu" or not tried.size:
        raise TypeError(f"sizes is {sizes!r}, expected a list of whole numbers")
    if tried.min() < 1 or tried.max() >= width:
        raise ValueError(f"sizes is {sizes!r}, expected numbers in 1 … {width - 1}")
    expect_count("samples", samples, 2)
    rng = np.random.default_rng(as_seed(seed))
    game = mixing_game(question, question.given_baseline()[:, None])
    whole = question.explained
    found = np.empty((len(scores), len(tried)))
    for column, size in enumerate(tried):
        removed = rng.permuted(np.tile(np.arange(width) < size, (samples, 1)), axis=1)
        found[:, column] = _correlation(
            removed @ scores.T, whole - game.payoffs(~removed).reshape(samples, -1)
        )
    return Correlations(tried, question.unbatched(found))


class Completeness(NamedTuple):
    """Whether scores sum to output − base. All (n,), or 0-d for a single row.

    Attributes
    ----------
    gap : array
        :math:`Σ φ − (output − base)`, in units of F.
    relative : array
        |gap| / |output − base|; 0 where both are 0 up to rounding.
    complete : array of bool
        Whether the relative gap is within the tolerance.
    """

    gap: np.ndarray
    relative: np.ndarray
    complete: np.ndarray


def completeness(attribution: Attribution, tolerance: float = 0.01) -> Completeness:
    """Check :math:`|Σ φ − (output − base)| ≤ tolerance · |output − base|`, up to rounding.

    A sum does not test its terms: equal scores of all features are complete, too.

    Parameters
    ----------
    attribution : Attribution
        With a base, from which its scores start.
    tolerance : float
        The largest relative gap that counts as complete.

    Returns
    -------
    Completeness

    Raises
    ------
    TypeError, ValueError
        For something that is not an Attribution, one without a base, or a negative tolerance.

    References
    ----------
    Sundararajan, Taly & Yan 2017, arXiv:1703.01365, §3 (completeness). Efficiency of Shapley
    values, local accuracy of SHAP and conservation of LRP are the same property.
    """
    if not isinstance(attribution, Attribution):
        raise TypeError(f"attribution is {type(attribution).__name__}, expected an Attribution")
    if attribution.base is None:
        raise ValueError(
            f"{attribution.method or 'this attribution'} has no base: its scores are not parts of "
            "a whole, and need not add up to anything"
        )
    if not tolerance >= 0:
        raise ValueError(f"tolerance is {tolerance}, expected a share such as 0.01")
    output, base = (arrays.float64(part) for part in (attribution.output, attribution.base))
    scores = arrays.float64(attribution.values)
    features = tuple(range(output.ndim, scores.ndim))
    gap = scores.sum(axis=features) - (output - base)
    # Rounding error must not count as a gap where the output equals the base.
    epsilon = np.finfo(arrays.to_numpy(arrays.floating(attribution.values)).dtype).eps
    size = np.abs(scores).sum(axis=features) + np.abs(output) + np.abs(base)
    rounding = 8 * epsilon * size
    whole = np.abs(output - base)
    excess = np.where(np.abs(gap) <= rounding, 0.0, np.abs(gap))
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(excess == 0, 0.0, excess / whole)
    return Completeness(gap, relative, relative <= tolerance)


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of columns (m, n) with columns (m, n), (n,)."""
    spread = []
    for values in (a, b):
        centred = values - values.mean(axis=0)
        # Rounding error of equal sums is no variation.
        still = np.abs(centred).max(axis=0) <= 1e-9 * np.abs(values).max(axis=0)
        spread.append(np.where(still, 0.0, centred))
    norms = [np.sqrt((values**2).sum(axis=0)) for values in spread]
    product = (spread[0] * spread[1]).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(norms[0] == 0, 0.0, product / (norms[0] * norms[1]))
    return np.where(norms[1] == 0, np.nan, np.clip(found, -1, 1))
