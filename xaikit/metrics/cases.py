"""What every measure of an explanation is given: a model, rows, and scores for them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from xaikit.core import arrays, models
from xaikit.core.arrays import Array, namespace
from xaikit.core.attribution import Attribution
from xaikit.core.question import as_baseline

SAME_OUTPUT = 1e-3  # of the output, or of 1 where it is smaller: single precision is not the same


@dataclass(frozen=True, eq=False)
class Case:
    """A model, rows with a batch axis, and the scores (n, d), float64 NumPy, that explain them."""

    model: Any
    x: Array
    scores: np.ndarray
    targets: np.ndarray
    baseline: Array
    output: np.ndarray
    single: bool

    def pay(self, rows: Array, owner: np.ndarray) -> np.ndarray:
        """Return F_target of rows (m, d) that were made from the rows `owner` (m,) of x."""
        shaped = rows.reshape(-1, *self.x.shape[1:])
        return models.targeted(self.model, shaped, self.targets[owner])

    def flat(self) -> tuple[Array, Array]:
        """Return x and the baseline as rows (n, d)."""
        n = len(self.x)
        return self.x.reshape(n, -1), self.baseline.reshape(n, -1)


def as_case(model: Any, x: Any, attribution: Any, target: Any, baseline: Any) -> Case:
    """Check what was given and return it as a Case."""
    x, single = models.as_rows(model, x)
    output, targets = models.outputs_and_targets(model, x, target)
    scores, output = scores_of(attribution, x), arrays.to_numpy(output).astype(np.float64)
    if isinstance(attribution, Attribution):
        _expect_same_output(attribution, output)
    baseline = namespace(x).broadcast_to(as_baseline(baseline, x), tuple(x.shape))
    return Case(model, x, scores, targets, baseline, output, single)


def _expect_same_output(attribution: Attribution, output: np.ndarray) -> None:
    """Raise unless an explanation is one of this output: that of another class says nothing."""
    explained = arrays.to_numpy(attribution.output).astype(np.float64).ravel()
    off = np.abs(explained - output)
    if (off > SAME_OUTPUT * np.maximum(1, np.abs(output))).any():
        row = int(off.argmax())
        raise ValueError(
            f"the attribution explains an output of {explained[row]:.4g}, and the model's output "
            f"for this target is {output[row]:.4g} (row {row}): give the target that was "
            "explained, or, for scores of another model, attribution.values"
        )


def scores_of(attribution: Any, x: Array) -> np.ndarray:
    """Return an explanation of rows x (n, …) as float64 NumPy numbers (n, d).

    Raises
    ------
    TypeError, ValueError
        For scores that are no numbers, NaN, or of another shape than x.
    """
    values = attribution.values if isinstance(attribution, Attribution) else attribution
    values = arrays.to_numpy(arrays.numeric(values, "attribution")).astype(np.float64)
    row = tuple(x.shape[1:])
    if values.shape != (len(x), *row) and not (len(x) == 1 and values.shape == row):
        raise ValueError(
            f"attribution has shape {values.shape}, expected one score for each number of x, "
            f"{tuple(x.shape) if len(x) > 1 else row}"
        )
    return values.reshape(len(x), -1)
