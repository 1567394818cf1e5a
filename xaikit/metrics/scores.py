"""Checks of the scores that a measure is given."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from xaikit.core import arrays, tables
from xaikit.core.arrays import Array
from xaikit.core.attribution import Attribution
from xaikit.core.models import differing
from xaikit.core.question import Question, ask

SAME_ROWS = 1e-3  # of the largest output: rounding in single precision, asked for the same rows


def ask_about(
    model: Any, x: Any, attribution: Any, target: Any, baseline: Any
) -> tuple[Question, np.ndarray]:
    """Check the arguments of a measure; return them as a Question, and the scores (n, d)."""
    question = ask(model, x, target, baseline)
    if isinstance(attribution, Attribution):
        _expect_same_output(attribution, question.explained)
    return question, scores_of(attribution, question.x, question.labels)


def _expect_same_output(attribution: Attribution, output: np.ndarray) -> None:
    """Raise unless the attribution explains this output, not that of another class."""
    explained = arrays.float64(attribution.output).ravel()
    if (place := differing(explained, output, SAME_ROWS)) is not None:
        row = int(place[0])
        raise ValueError(
            f"the attribution explains an output of {explained[row]:.4g}, and the model's output "
            f"for this target is {output[row]:.4g} (row {row}): give the target that was "
            "explained, or, for scores of another model, attribution.values"
        )


def scores_of(attribution: Any, x: Array, labels: Sequence[str] | None = None) -> np.ndarray:
    """Return an explanation of rows x (n, …) as float64 NumPy numbers (n, d).

    Raises
    ------
    TypeError, ValueError
        For scores that are not numeric, NaN, or of another shape than x; for other names.
    """
    values = with_columns(attribution, labels)
    values = arrays.float64(arrays.numeric(values, "attribution"))
    row = tuple(x.shape[1:])
    if values.shape != (len(x), *row) and not (len(x) == 1 and values.shape == row):
        raise ValueError(
            f"attribution has shape {values.shape}, expected one score for each number of x, "
            f"{tuple(x.shape) if len(x) > 1 else row}"
        )
    return values.reshape(len(x), -1)


def with_columns(attribution: Any, labels: Sequence[str] | None) -> Any:
    """Return scores, their columns in the order of the labels where both have the same names.

    Raises
    ------
    ValueError
        For other names.
    """
    if not isinstance(attribution, Attribution):
        return tables.aligned(attribution, labels, "attribution")
    own = attribution.feature_names
    if own is None or labels is None or (numbered(own) and sorted(own) != sorted(labels)):
        return attribution.values
    hint = ": scores of the same columns under other names are attribution.values"
    places = tables.places_in(own, labels, "attribution", hint)
    return attribution.values if places is None else attribution.values[..., places]


def numbered(names: Sequence[str]) -> bool:
    """Tell whether names are those of the players of an array."""
    return list(names) == [f"x{i}" for i in range(len(names))]
