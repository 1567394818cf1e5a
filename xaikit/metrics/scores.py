"""Checks of the scores that a measure is given."""

from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array
from xaikit.core.attribution import Attribution
from xaikit.core.question import Question, ask

SAME_OUTPUT = 1e-3  # relative to max(1, |output|), because of single precision


def ask_about(
    model: Any, x: Any, attribution: Any, target: Any, baseline: Any
) -> tuple[Question, np.ndarray]:
    """Check the arguments of a measure; return them as a Question, and the scores (n, d)."""
    question = ask(model, x, target, baseline)
    if isinstance(attribution, Attribution):
        _expect_same_output(attribution, arrays.float64(question.output))
    return question, scores_of(attribution, question.x)


def _expect_same_output(attribution: Attribution, output: np.ndarray) -> None:
    """Raise unless the attribution explains this output, not that of another class."""
    explained = arrays.float64(attribution.output).ravel()
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
        For scores that are not numeric, NaN, or of another shape than x.
    """
    values = attribution.values if isinstance(attribution, Attribution) else attribution
    values = arrays.float64(arrays.numeric(values, "attribution"))
    row = tuple(x.shape[1:])
    if values.shape != (len(x), *row) and not (len(x) == 1 and values.shape == row):
        raise ValueError(
            f"attribution has shape {values.shape}, expected one score for each number of x, "
            f"{tuple(x.shape) if len(x) > 1 else row}"
        )
    return values.reshape(len(x), -1)
