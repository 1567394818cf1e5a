"""Infidelity and max-sensitivity: does an explanation predict changes of F, and is it stable?

Two of lecture 09's measures, from one paper. Use them together: an unstable explanation may have a
low infidelity, and a constant one has a low sensitivity.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from xaikit.core import arrays, tables
from xaikit.core.arrays import Array
from xaikit.core.chunks import chunk_rows, chunks
from xaikit.core.question import Question
from xaikit.core.settings import as_seed, expect_count
from xaikit.metrics.scores import ask_about, scores_of

PERTURBATIONS = ("subset", "noisy baseline", "gaussian")


class Infidelity(NamedTuple):
    """A mean squared error of an explanation. All (n,), or 0-d for a single row.

    Attributes
    ----------
    value : array
        In units of :math:`F²`.
    std_error : array
        Standard error of that mean over perturbations.
    scale : array
        The factor on the scores: 1, or the best one.
    """

    value: np.ndarray
    std_error: np.ndarray
    scale: np.ndarray


def infidelity(
    model: Any,
    x: Any,
    attribution: Any,
    target: Any = 0,
    baseline: Any = None,
    perturbation: Any = "subset",
    spread: Any = 0.1,
    slopes: bool = False,
    optimal_scale: bool = False,
    samples: int = 1000,
    seed: int | None = 0,
) -> Infidelity:
    """Return :math:`E[(I·φ − (F(x) − F(x − I)))²]` over perturbations I: **small** is good.

    φ are slopes here, in units of F per unit of x. Contributions, in units of F, are divided by the
    difference from the baseline: :math:`φ_i I_i / (x_i − b_i)`.

    Parameters
    ----------
    model, x, attribution, target, baseline
        See `deletion`.
    perturbation : str or array
        "subset": some features go to the baseline, I = m ⊙ (x − b), the size of m uniform on
        1 … d. "noisy baseline": I = x − (b + ε). "gaussian": I = ε. Or an array of I,
        (m, d) for all rows or (m, n, d) for each; pictures likewise.
    spread : number or row
        Standard deviation of ε.
    slopes : bool
        Whether the scores are slopes, as `model.gradient` returns them, not contributions.
    optimal_scale : bool
        Whether to multiply the scores by the optimal factor :math:`E[I·φ ΔF] / E[(I·φ)²]` first:
        then their unit does not matter, and no explanation is worse than φ = 0.
    samples : int
        Perturbations to draw, at least 2.
    seed : int or None
        The same seed draws the same perturbations, None draws new ones; all rows share them.

    Returns
    -------
    Infidelity

    Raises
    ------
    TypeError, ValueError
        As `deletion`; for NaN in x or the baseline, an unknown perturbation or one of another
        shape, a negative spread.

    Notes
    -----
    Each kind of perturbation favours other methods: small Gaussian ones favour gradients, subsets
    favour Shapley values and IG. Compare only values for the same perturbations.

    References
    ----------
    Yeh et al. 2019, On the (In)fidelity and Sensitivity of Explanations, arXiv:1901.09392,
    definition 2.1, and its appendix for the optimal scale.
    """
    question, scores = ask_about(model, x, attribution, target, baseline)
    question = question.in_numbers("infidelity")
    for rows, name in ((question.x, "x"), (question.given_baseline(), "baseline")):
        arrays.numeric(rows, name)  # x − I is NaN where x is, whatever I is
    question.expect_function()
    flat, whole = question.flat()[0], question.explained
    weights = scores if slopes else _slopes(question, scores)
    explained, changed = [], []
    for block in _perturbations(question, perturbation, spread, samples, seed):
        moved = flat - arrays.like(block, flat)  # (b, n or 1, d)
        moved = moved.reshape(-1, *question.x.shape[1:])
        row_of = np.tile(np.arange(len(flat)), len(block))
        outputs = question.target_outputs(moved, row_of, fresh=True)
        changed.append(whole - outputs.reshape(len(block), -1))
        explained.append((block * weights).sum(axis=2))
    predicted, true = np.concatenate(explained), np.concatenate(changed)  # (m, n)
    scale = np.ones(len(flat))
    if optimal_scale:
        size = (predicted**2).sum(axis=0)
        scale = (predicted * true).sum(axis=0) / np.where(size > 0, size, 1.0)
    errors = (scale * predicted - true) ** 2
    deviation = errors.std(axis=0, ddof=1) if len(errors) > 1 else np.full(len(flat), np.inf)
    found = errors.mean(axis=0), deviation / np.sqrt(len(errors)), scale
    return Infidelity(*map(question.unbatched, found))


def max_sensitivity(
    explain: Callable[[Array], Any],
    x: Any,
    radius: Any = 0.02,
    samples: int = 50,
    relative: bool = True,
    seed: int | None = 0,
) -> np.ndarray:
    """Return max over :math:`‖δ‖_∞ ≤ r` of :math:`‖φ(x + δ) − φ(x)‖ / ‖φ(x)‖`: **small** is stable.

    The maximum is over random δ, so it is a lower bound of the true one.

    Parameters
    ----------
    explain : callable
        x -> Attribution or array like x. It is called with as many rows as x has.
    x : array (n, …) or (d,), data frame or series
        Rows, or a single row. Columns of a frame that hold no numbers stay as they are.
    radius : number, or row (d,)
        r, how far each feature may move; a row where features have different units.
    samples : int
        Random δ, uniform in the box.
    relative : bool
        Whether to divide by :math:`‖φ(x)‖`, so that methods with different units can be compared.
    seed : int or None
        The same seed draws the same δ; None draws new ones.

    Returns
    -------
    array (n,), or 0-d for a single row
        Infinite for scores that are all 0 at x and change nearby.

    Raises
    ------
    TypeError, ValueError
        For a radius that is negative or of another shape, scores of another shape than x, NaN.

    Notes
    -----
    A constant explanation has sensitivity 0: a stable explanation need not be correct.

    References
    ----------
    Yeh et al. 2019, arXiv:1901.09392, definition 3.1 (there without the division).
    """
    if not callable(explain):
        raise TypeError(f"explain is {type(explain).__name__}, expected a function of x")
    expect_count("samples", samples, 1)
    labels, shift = tables.labels(x), tables.shifted if tables.is_frame(x) else _shifted
    if tables.is_frame(x):
        rows, single = tables.as_numbers(x, "x"), x.ndim == 1
    else:
        rows, single = arrays.batched(arrays.floating(arrays.numeric(x)))
    reach = _spread(radius, rows, "radius", labels)

    def scores_at(steps: np.ndarray) -> np.ndarray:
        return scores_of(explain(shift(rows, steps, single)), rows, labels)

    rng = np.random.default_rng(as_seed(seed))
    here = scores_at(np.zeros(tuple(rows.shape)))
    largest = np.zeros(len(rows))
    for _ in range(samples):
        there = scores_at(rng.uniform(-1, 1, tuple(rows.shape)) * reach)
        largest = np.maximum(largest, np.linalg.norm(there - here, axis=1))
    if relative:
        size = np.linalg.norm(here, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            largest = np.where(largest > 0, largest / size, 0.0)
    return arrays.unbatched(largest, single)


def _shifted(rows: Array, steps: np.ndarray, single: bool) -> Array:
    """Return rows, or a single one, with steps added to them."""
    return arrays.unbatched(rows + arrays.like(steps, rows), single)


def _slopes(question: Question, scores: np.ndarray) -> np.ndarray:
    """Return contributions (n, d) divided by x − b; 0 where x = b."""
    x, others = map(arrays.float64, question.flat())
    way = x - others
    return np.where(way == 0, 0.0, scores / np.where(way == 0, 1.0, way))


def _perturbations(
    question: Question, perturbation: Any, spread: Any, samples: int, seed: int | None
) -> Iterator[np.ndarray]:
    """Yield float64 blocks (b, n or 1, d) of perturbations I that fit into one call."""
    x, others = map(arrays.float64, question.flat())
    rows, width = x.shape
    at_once = max(1, chunk_rows(width) // rows)
    if not isinstance(perturbation, str):
        given = _given(question, perturbation)
        for block in chunks(len(given), at_once):
            yield given[block]
        return
    if perturbation not in PERTURBATIONS:
        raise ValueError(
            f"unknown perturbation {perturbation!r}, expected one of {', '.join(PERTURBATIONS)}, "
            "or an array of perturbations"
        )
    expect_count("samples", samples, 2)
    noise = _spread(spread, question.x, "spread", question.labels).reshape(-1)
    rng = np.random.default_rng(as_seed(seed))
    sizes = rng.integers(1, width + 1, (samples, 1))
    for block in chunks(samples, at_once):
        count = block.stop - block.start
        if perturbation == "subset":
            rank = np.argsort(rng.random((count, width)), axis=1)
            yield (rank < sizes[block])[:, None] * (x - others)
            continue
        epsilon = (rng.standard_normal((count, width)) * noise)[:, None]
        yield epsilon if perturbation == "gaussian" else x - others - epsilon


def _given(question: Question, perturbation: Any) -> np.ndarray:
    """Return perturbations that the caller made as (m, n or 1, d)."""
    perturbation = tables.aligned(perturbation, question.labels, "perturbation")
    drawn = arrays.float64(arrays.numeric(perturbation, "perturbation"))
    rows, shape = len(question.x), tuple(question.x.shape[1:])
    width = int(np.prod(shape))
    if drawn.shape[1:] == shape:
        return drawn.reshape(-1, 1, width)
    if drawn.shape[1:] == (rows, *shape):
        return drawn.reshape(-1, rows, width)
    raise ValueError(
        f"perturbation has shape {drawn.shape}, expected (m, {', '.join(map(str, shape))}), m for "
        f"all rows, or (m, {rows}, {', '.join(map(str, shape))}), m for each"
    )


def _spread(value: Any, x: Array, name: str, labels: Sequence[str] | None) -> np.ndarray:
    """Return a number, or one for each feature, as float64 (…) of a row's shape."""
    value = tables.aligned(value, labels, name)
    spread = arrays.float64(arrays.numeric(value, name))
    row = tuple(x.shape[1:])
    if spread.shape not in ((), row):
        raise ValueError(f"{name} has shape {spread.shape}, expected a number or a row {row}")
    if spread.min() < 0 or spread.max() == 0:
        raise ValueError(f"{name} is {value}, expected a positive number")
    return np.broadcast_to(spread, row)
