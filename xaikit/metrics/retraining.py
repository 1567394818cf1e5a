"""Remove and retrain: the test score of a model that is trained without the top features.

Lecture 09 compares it with deletion, whose rows are out of distribution for the model. Here the
model is trained on such rows.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from xaikit.core import arrays, tables
from xaikit.core.arrays import Array, namespace
from xaikit.core.settings import as_seed
from xaikit.metrics.scores import scores_of

Train = Callable[[Array, Any, Array, Any, int], float]


class Retraining(NamedTuple):
    """Test scores of models that were trained without some features.

    Attributes
    ----------
    fractions : array (f,)
        Share of each row's features that were removed.
    scores : array (f, s)
        With the explanation's top features removed, for each of s seeds.
    random_scores : array (f, s)
        With random features removed.
    """

    fractions: np.ndarray
    scores: np.ndarray
    random_scores: np.ndarray


def remove_and_retrain(
    train: Train,
    x: Any,
    y: Any,
    attribution: Any,
    x_test: Any,
    y_test: Any,
    attribution_test: Any,
    fractions: Sequence[float] = (0.0, 0.25, 0.5, 0.75),
    seeds: Sequence[int | None] = (0, 1, 2),
) -> Retraining:
    """Train models without the share t of features with the largest |φ|; return their test scores.

    A removed feature is set to its mean over x; in a column of a frame that holds no numbers, to
    its most frequent value. A good explanation names features that cannot be replaced:
    the test scores fall **below** those of random removal.

    Parameters
    ----------
    train : callable
        (x, y, x_test, y_test, seed) -> a number such as the accuracy on the test rows. It starts
        from scratch each time.
    x, x_test : array (n, …), (m, …), or data frame
        Rows for training and for testing. A frame stays one, its whole numbers become floating.
    y, y_test
        Their labels, passed on to `train`.
    attribution, attribution_test : Attribution or array like x, like x_test
        Scores of both; in each row the largest |φ| go first, equal ones in a random order.
    fractions : sequence of float
        t, each in 0 … 1.
    seeds : sequence of int or None
        One training each, and one random order of each row; a spread needs several. For None a new
        seed is drawn, and `train` gets that.

    Returns
    -------
    Retraining

    Raises
    ------
    TypeError, ValueError
        For scores of another shape than their rows or of other names, NaN, fractions outside
        0 … 1, no seeds.

    Notes
    -----
    If features are redundant, removing the right one costs nothing: a perfect explanation looks no
    better than chance. If scores are made for each row's own class, the set of missing features
    may reveal the class.

    References
    ----------
    - Hooker et al. 2019, A Benchmark for Interpretability Methods in Deep Neural Networks,
      arXiv:1806.10758.
    - Rong et al. 2022, A Consistent and Efficient Evaluation Strategy for Attribution Methods,
      arXiv:2202.00449 (masks that reveal the class).
    """
    if not callable(train):
        raise TypeError(f"train is {type(train).__name__}, expected a function")
    shares = np.asarray(fractions, dtype=np.float64)
    if shares.ndim != 1 or not shares.size or shares.min() < 0 or shares.max() > 1:
        raise ValueError(f"fractions is {fractions}, expected shares in 0 … 1")
    if not isinstance(seeds, Sequence | np.ndarray) or not len(seeds):
        raise ValueError(f"seeds is {seeds!r}, expected one for each training, such as (0, 1, 2)")
    drawn = [as_seed(seed, "one of seeds") for seed in seeds]
    parts = []
    labels = tables.labels(x)
    x_test = tables.aligned(x_test, labels, "x_test")
    for rows, given, name in ((x, attribution, "x"), (x_test, attribution_test, "x_test")):
        if tables.is_frame(rows) and rows.ndim == 2:
            rows = tables.as_numbers(rows, name)
        else:
            rows = arrays.floating(arrays.numeric(rows, name))
        if rows.ndim < 2:
            raise ValueError(f"{name} has shape {tuple(rows.shape)}, expected rows (n, …)")
        parts.append((rows, np.abs(scores_of(given, rows, labels))))
    usual = _usual(parts[0][0])
    found = np.empty((2, len(shares), len(drawn)))
    for column, seed in enumerate(drawn):
        rng = np.random.default_rng(seed)
        lots = [rng.random(size.shape) for _, size in parts]
        for way in range(2):
            ranks = [
                np.argsort(np.lexsort((lot, -size * (way == 0)), axis=1), axis=1)
                for (_, size), lot in zip(parts, lots, strict=True)
            ]
            for row, share in enumerate(shares):
                left, left_test = (
                    _without(rows, usual, rank, share)
                    for (rows, _), rank in zip(parts, ranks, strict=True)
                )
                found[way, row, column] = train(left, y, left_test, y_test, seed)
    return Retraining(shares, *found)


def _usual(rows: Any) -> Any:
    """Return what stands for a removed feature: the mean, or the most frequent value."""
    if not tables.is_frame(rows):
        return namespace(rows).mean(rows, axis=0)
    columns = (rows.iloc[:, j] for j in range(rows.shape[1]))
    return [
        column.to_numpy().mean() if tables.is_plain(column.dtype) else column.mode().iloc[0]
        for column in columns
    ]


def _without(rows: Any, usual: Any, rank: np.ndarray, share: float) -> Any:
    """Return rows with the first `share` of each row's features as usual."""
    count = round(share * rank.shape[1])
    removed = (rank < count).reshape(tuple(rows.shape))
    if not tables.is_frame(rows):
        return namespace(rows).where(arrays.indices(removed, rows), usual, rows)
    left = rows.copy()
    for j, value in enumerate(usual):
        left.isetitem(j, rows.iloc[:, j].mask(removed[:, j], value))
    return left
