"""The output of a model to explain: one column, or one for each row."""

from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace


def as_targets(target: Any, rows: int, outputs: int) -> np.ndarray:
    """Return the output column to explain for each row, (rows,) whole numbers.

    Raises
    ------
    TypeError, ValueError
        Unless target is a whole number, or one for each row, in 0 … outputs − 1.
    """
    target = arrays.to_numpy(target)
    if target.dtype.kind not in "iu":
        raise TypeError(f"target holds {target.dtype} values, expected the number of an output")
    if target.shape not in ((), (rows,)):
        raise ValueError(
            f"target has shape {target.shape}, expected one number or one for each of {rows} rows"
        )
    if target.min() < 0 or target.max() >= outputs:
        wrong = target.max() if target.max() >= outputs else target.min()
        raise ValueError(
            f"target {wrong} is out of range: the model has {outputs} output(s), "
            f"numbered 0 to {outputs - 1}"
        )
    return np.full(rows, target, dtype=np.int64)


def select(output: Array, targets: np.ndarray) -> Array:
    """Return F_target(x), shape (n,), from all outputs (n, k), or (1, k) for all rows."""
    return output[np.arange(len(output)), targets]


def one_hot(targets: np.ndarray, output: Array) -> Array:
    """Return :math:`∂(Σ_n F_target(x_n)) / ∂output`: 1 in each row's target column, else 0."""
    grad = namespace(output).zeros_like(output)
    grad[np.arange(len(targets)), targets] = 1
    return grad
