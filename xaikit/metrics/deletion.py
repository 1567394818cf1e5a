"""Deletion and insertion: change features in an explanation's order, and evaluate the model.

Lecture 09 compares every method of the course by these curves.
"""

from typing import Any, NamedTuple

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import namespace
from xaikit.core.chunks import NUMBERS, chunks
from xaikit.core.question import Question
from xaikit.core.settings import as_seed, expect_count
from xaikit.metrics.scores import ask_about

MOST_STEPS = 64  # per curve, unless `steps` is given: a picture has thousands of features


class Curve(NamedTuple):
    """Outputs while features disappear (or appear) in an order, and in random orders.

    All are float64 NumPy numbers; without the axis n for a single row.

    Attributes
    ----------
    fractions : array (s + 1,)
        Share of the features that were removed (inserted), from 0 to 1.
    outputs : array (n, s + 1)
        F_target at these fractions.
    auc : array (n,)
        The area under the outputs over the fractions, in units of F.
    random_auc : array (n, r)
        The same area for r random orders of each row.
    band : array (2, n) or None
        The ends of the middle 95% (`confidence`) of the random areas.
    """

    fractions: np.ndarray
    outputs: np.ndarray
    auc: np.ndarray
    random_auc: np.ndarray
    band: np.ndarray | None


def deletion(
    model: Any,
    x: Any,
    attribution: Any,
    target: Any = 0,
    baseline: Any = None,
    steps: int | None = None,
    random: int = 100,
    confidence: float = 0.95,
    seed: int | None = 0,
) -> Curve:
    """Return :math:`F_c` of x with k = 0 … d features at the baseline, highest first, and its area.

    F falls fast if the features that raise it go first: a **small** area is good, compared with the
    areas of random orders. Scores keep their sign (features that lower F go last); give their
    absolute values to remove by size. Equal scores go in a random order, because the order of
    columns would favour a constant explanation of a picture.

    Parameters
    ----------
    model : callable
        F: rows (n, …) -> (n,) or (n, k); a Network, a TorchModel, any function.
    x : array (n, …) or (d,)
        Explained rows, or a single row.
    attribution : Attribution or array like x
        The scores to judge.
    target : int or (n,) ints
        c, the output column; one for all rows or one for each.
    baseline : None, number, row, or array like x
        The value of a removed feature; None means zeros.
    steps : int, optional
        Number of steps, at most d. None: one feature per step, at most 64 steps.
    random : int
        r, random orders of each row; 0 for none.
    confidence : float
        The share of random areas inside the band.
    seed : int or None
        The same seed draws the same orders; None draws new ones.

    Returns
    -------
    Curve

    Raises
    ------
    TypeError, ValueError
        For a model that returns labels or NaN, or another output for x when it is asked again;
        scores of another shape than x, with other names or NaN; a target out of range, a baseline
        of another shape, steps or random out of range.

    Notes
    -----
    Rows with removed features are out of distribution, where the model is not trained. So the curve
    shows its behaviour with this baseline, not without the information: `remove_and_retrain` tests
    that. The curve favours scores made with the same baseline.

    References
    ----------
    - Samek et al. 2017, Evaluating the Visualization of What a Deep Neural Network Has Learned,
      arXiv:1509.06321.
    - Petsiuk, Das & Saenko 2018, RISE, arXiv:1806.07421, §4.1.
    """
    question, scores = ask_about(model, x, attribution, target, baseline)
    return _curve(question, scores, steps, random, confidence, seed, insert=False)


def insertion(
    model: Any,
    x: Any,
    attribution: Any,
    target: Any = 0,
    baseline: Any = None,
    steps: int | None = None,
    random: int = 100,
    confidence: float = 0.95,
    seed: int | None = 0,
) -> Curve:
    """Return :math:`F_c` of a baseline with k = 0 … d features of x; a **large** area is good.

    Parameters, result, errors and limits are those of `deletion`.
    """
    question, scores = ask_about(model, x, attribution, target, baseline)
    return _curve(question, scores, steps, random, confidence, seed, insert=True)


def _curve(
    question: Question,
    scores: np.ndarray,
    steps: int | None,
    random: int,
    confidence: float,
    seed: int | None,
    insert: bool,
) -> Curve:
    """Return the curve of the features' order by score, and the areas of random orders."""
    rows, width = scores.shape
    if steps is not None:
        expect_count("steps", steps, 1)
    expect_count("random", random, 0)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}, expected a share such as 0.95")
    parts = min(width, MOST_STEPS if steps is None else steps)
    counts = np.linspace(0, width, parts + 1).round().astype(int)
    fractions = counts / width
    rng = np.random.default_rng(as_seed(seed))
    order = np.lexsort((rng.random(scores.shape), -scores), axis=1)
    rank = np.argsort(order, axis=1)
    outputs = _outputs(question, rank[None], counts, insert)[0]
    whole = outputs[:, -1 if insert else 0]  # x itself
    question.expect_same(whole, np.arange(rows), outputs)
    areas = []
    together = max(1, NUMBERS // (rows * width))
    for block in chunks(random, together):
        ranks = np.broadcast_to(np.arange(width), (block.stop - block.start, rows, width))
        drawn = _outputs(question, rng.permuted(ranks, axis=2), counts, insert)
        areas.append(np.trapezoid(drawn, fractions, axis=2))
    random_auc = np.concatenate([np.empty((0, rows)), *areas]).T
    tail = (1 - confidence) / 2
    band = np.quantile(random_auc, [tail, 1 - tail], axis=1) if random else None
    unbatched = question.unbatched
    auc = np.trapezoid(outputs, fractions, axis=1)
    return Curve(
        fractions, unbatched(outputs), unbatched(auc), unbatched(random_auc), unbatched(band, 1)
    )


def _outputs(question: Question, ranks: np.ndarray, counts: np.ndarray, insert: bool) -> np.ndarray:
    """Return F after the first `count` features of each order have changed: (orders, n, counts).

    ranks (orders, n, d) are the places of the features in the order, from 0 to d − 1.
    """
    x, others = question.flat()
    size = (*ranks.shape[:2], len(counts))
    outputs = np.empty(size).ravel()
    for part in question.calls(outputs.size, x.shape[1]):
        order, row_of, step = np.unravel_index(np.arange(part.start, part.stop), size)
        changed = ranks[order, row_of] < counts[step, None]
        present = arrays.indices(changed if insert else ~changed, x)
        which = arrays.indices(row_of, x)
        rows = namespace(x).where(present, x[which], others[which])
        rows = rows.reshape(-1, *question.x.shape[1:])
        outputs[part] = question.target_outputs(rows, row_of, fresh=True)
    return outputs.reshape(size)
