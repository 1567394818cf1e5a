"""Agreement of explanations: the correlation of ranks, and the overlap of their top features.

Lecture 09 shows it as a matrix. Agreement is no proof: related methods make the same errors.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from xaikit.core import arrays, tables
from xaikit.core.attribution import Attribution
from xaikit.core.settings import expect_count
from xaikit.metrics.scores import numbered, with_columns


class Agreement(NamedTuple):
    """Agreement of each pair of methods.

    Attributes
    ----------
    names : list of str
        The m methods.
    spearman : array (n, m, m), or (m, m) for a single row
        Rank correlation of their scores.
    overlap : array, likewise
        The share of one method's top features that are also top features of the other.
    """

    names: list[str]
    spearman: np.ndarray
    overlap: np.ndarray


def rank_agreement(
    attributions: Mapping[str, Any], top: int = 5, absolute: bool = False
) -> Agreement:
    """Return Spearman's correlation and the common top features of each pair of explanations.

    .. math:: |top_k(φ) ∩ top_k(ψ)| / k

    Parameters
    ----------
    attributions : dict of name to Attribution or array
        Explanations of the same rows, all (n, …) or all (d,).
    top : int
        k, the number of features with the largest |φ|. For equal ones the overlap is the mean
        over random choices; two random explanations reach k / d on average.
    absolute : bool
        Whether to correlate sizes |φ| instead of signed scores: for saliency, which has no sign.

    Returns
    -------
    Agreement
        A constant explanation has no ranks: its correlation with any other is 0, with a constant
        one 1.

    Raises
    ------
    TypeError, ValueError
        For fewer than two explanations, shapes that differ, other names, NaN, or a top outside
        1 … d.

    References
    ----------
    Krishna et al. 2022, The Disagreement Problem in Explainable Machine Learning,
    arXiv:2202.01602.
    """
    if not isinstance(attributions, Mapping) or len(attributions) < 2:
        raise TypeError("expected a dict of at least two explanations: name -> scores")
    scores, shape = [], None
    known = [_names_of(given) for given in attributions.values()]
    names = next((names for names in known if names), None)
    for name, given in attributions.items():
        values = with_columns(given, names)
        values = arrays.float64(arrays.numeric(values, str(name)))
        shape = values.shape if shape is None else shape
        if values.shape != shape or not shape:
            raise ValueError(
                f"{name} has shape {values.shape}, the first explanation {shape}: "
                "expected the same rows"
            )
        scores.append(values.reshape(1 if len(shape) == 1 else len(values), -1))
    rows, width = scores[0].shape
    expect_count("top", top, 1)
    if not 1 <= top <= width:
        raise ValueError(f"top is {top}, expected a number in 1 … {width}")
    ranked = [np.abs(s) if absolute else s for s in scores]
    first = [_top(np.abs(s), top) for s in scores]
    size = (rows, len(scores), len(scores))
    spearman, overlap = np.ones(size), np.ones(size)
    for i in range(len(scores)):
        for j in range(len(scores)):
            spearman[:, i, j] = rank_correlation(ranked[i], ranked[j])
            overlap[:, i, j] = (first[i] * first[j]).sum(axis=1) / top
    methods = [str(name) for name in attributions]
    if shape is not None and len(shape) == 1:
        return Agreement(methods, spearman[0], overlap[0])
    return Agreement(methods, spearman, overlap)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return Spearman's correlation (n,) of rows (n, d); equal scores share a rank.

    1 where all ranks are the same, even if all scores are equal; else 0 where one row is constant.
    """
    from scipy.stats import rankdata

    centred = [rankdata(scores, axis=1) - (scores.shape[1] + 1) / 2 for scores in (a, b)]
    norm = np.sqrt(np.prod([(ranks**2).sum(axis=1) for ranks in centred], axis=0))
    product = (centred[0] * centred[1]).sum(axis=1)
    same = (centred[0] == centred[1]).all(axis=1)
    return np.where(same, 1.0, product / np.where(norm == 0, 1.0, norm))


def _names_of(given: Any) -> Sequence[str] | None:
    if not isinstance(given, Attribution):
        return tables.labels(given)
    own = given.feature_names
    return None if own is None or numbered(own) else own


def _top(size: np.ndarray, top: int) -> np.ndarray:
    """Return each feature's probability to be among the k largest, ties random: (n, d)."""
    threshold = np.sort(size, axis=1)[:, -top, None]
    above, level = size > threshold, size == threshold
    left = top - above.sum(axis=1, keepdims=True)
    return above + level * left / level.sum(axis=1, keepdims=True)
