"""The question that a method, a game or a measure answers: why this output, for these rows?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xaikit.core import arrays, models
from xaikit.core.arrays import Array, namespace
from xaikit.core.attribution import Attribution
from xaikit.core.models import DifferentiableModel, ForwardPass, expect_finite
from xaikit.core.targets import as_targets, select


@dataclass(frozen=True, eq=False)
class Question:
    """Why F_target(x), and not F_target(baseline)? Checked, and with a batch axis.

    Attributes
    ----------
    model : callable or DifferentiableModel
        F.
    x : array (n, …), or a list of one text
    target : (n,) ints
        The output column to explain in each row.
    baseline : array (1, …) or (n, …)
    output : array (n,)
        F_target(x).
    columns : int
        How many outputs F has, k.
    single : bool
        Whether x was given as a single row (d,).
    names : list of str, or None
        Of the columns of a data frame.
    forward : ForwardPass, or None
        Of x, if it was to be kept.
    """

    model: Any
    x: Array
    target: np.ndarray
    baseline: Array
    output: Array
    columns: int
    single: bool
    names: Sequence[str] | None = None
    forward: ForwardPass | None = None

    def base(self) -> Array:
        """Return F_target(baseline), (n,)."""
        what = "the model's output at the baseline"
        outputs = self._as_for_x(models.outputs(self.model, self.baseline, what))
        rows = self.target.shape[0]
        return select(
            namespace(outputs).broadcast_to(outputs, (rows, outputs.shape[1])), self.target
        )

    def outputs(self, rows: Array, owner: np.ndarray, fresh: bool = False) -> np.ndarray:
        """Return F_target of rows (m, …) made from the rows `owner` (m,) of x: float64 (m,).

        For `fresh` see `models.outputs`.
        """
        found = self._as_for_x(models.outputs(self.model, rows, fresh=fresh))
        return arrays.float64(select(found, self.target[owner]))

    def gradient(self) -> Array:
        """Return ∂F_target/∂x at x by the forward pass that was kept; once."""
        assert self.forward is not None
        return self.forward.gradient(self.target)

    def gradients(self, rows: Array, owner: np.ndarray) -> Array:
        """Return ∂F_target/∂x at rows (m, …) made from the rows `owner` (m,) of x."""
        forward = self.model.forward_pass(rows)
        self._as_for_x(forward.output)
        return forward.gradient(self.target[owner])

    def _as_for_x(self, outputs: Array) -> Array:
        """Return outputs (m, k), or raise a ValueError if there are other than for x.

        A model that sums over the wrong axis answers one row by (d,), which reads as d outputs, and
        d rows by (d,), which reads as one each.
        """
        rows, columns = outputs.shape
        if columns != self.columns:
            raise ValueError(
                f"the model returned {columns} output(s) a row for {rows} rows, and {self.columns} "
                f"for the {len(self.x)} row(s) of x: expected (n,) or (n, k) with the same k always"
            )
        return outputs

    def flat(self) -> tuple[Array, Array]:
        """Return x and the baseline as rows (n, d)."""
        baseline = namespace(self.x).broadcast_to(self.baseline, self.x.shape)
        return self.x.reshape(len(self.x), -1), baseline.reshape(len(self.x), -1)

    def one(self, values: Any, axis: int = 0) -> Any:
        """Return values without their axis n, if x was a single row; None stays None."""
        return arrays.unbatched(values, self.single, axis)

    def answer(
        self,
        values: Array,
        base: Array | None,
        method: str,
        std: Array | None = None,
        **more: Any,
    ) -> Attribution:
        """Return the Attribution of these rows' values, in the shape of the x that was given."""
        return Attribution(
            self.one(expect_finite(values, f"{method}: a score")),
            self.one(base),
            self.one(arrays.like(self.output, self.x)),
            self.one(self.x),
            std=self.one(std),
            method=method,
            feature_names=self.names,
            **more,
        )


def ask(
    model: Any, x: Any, target: Any = 0, baseline: Any = None, way_back: bool = False
) -> Question:
    """Check what was given and return it as a Question.

    Parameters
    ----------
    model : callable, Network or TorchModel
    x : array (n, …) or (d,)
    target : int or (n,) ints
    baseline : None, number, row, or array like x
        None is zeros.
    way_back : bool
        Whether to keep the forward pass, for one way back: the model must have gradients.

    Raises
    ------
    TypeError
        For a model that cannot be called as it is or has no gradients, labels, x that does not
        match its weights.
    ValueError
        For NaN or infinity in x or in the model's outputs, an empty x, a target out of range, a
        baseline of another shape.
    """
    names = arrays.column_names(x)
    rows, single = models.as_rows(differentiable(model) if way_back else model, x)
    forward = model.forward_pass(rows) if way_back else None
    if forward:
        output = expect_finite(forward.output, "the model's output")
    else:
        output = models.outputs(model, rows)
    targets = as_targets(target, *output.shape)
    baseline = as_baseline(baseline, rows)
    chosen, columns = select(output, targets), output.shape[1]
    return Question(model, rows, targets, baseline, chosen, columns, single, names, forward)


def ask_text(classifier: Any, text: Any, target: int = 1) -> Question:
    """Check a text and its classifier and return them as a Question, which has no baseline.

    Raises
    ------
    TypeError, ValueError
        As `ask`; for something that is no text.
    """
    models.expect_callable(classifier)
    if not isinstance(text, str):
        raise TypeError(f"text is {type(text).__name__}, expected one text (str)")
    output = models.outputs(classifier, [text])
    targets = as_targets(target, *output.shape)
    chosen, columns = select(output, targets), output.shape[1]
    return Question(classifier, [text], targets, None, chosen, columns, single=True)


def differentiable(model: Any) -> DifferentiableModel:
    """Return the model, or raise a TypeError if it has no gradients."""
    if not isinstance(model, DifferentiableModel):
        raise TypeError(
            f"this method needs a model with gradients, got {type(model).__name__}: "
            "expected a Network, or a torch module wrapped as TorchModel(module)"
        )
    return model


def as_baseline(baseline: Any, x: Array) -> Array:
    """Return the baseline as (1, …) or (n, …): None is zeros, a number fills every feature."""
    if baseline is None:
        return namespace(x).zeros_like(x[:1])
    if np.ndim(baseline) == 0 and not arrays.is_torch(baseline):
        baseline = arrays.like(arrays.numeric(baseline, "baseline"), x)
    baseline = arrays.matching(baseline, x, "baseline", "the numbers of x")
    if baseline.ndim == 0:
        return namespace(x).zeros_like(x[:1]) + baseline
    if tuple(baseline.shape) == tuple(x.shape[1:]):
        return baseline[None]
    if tuple(baseline.shape) in (tuple(x.shape), (1, *x.shape[1:])):
        return baseline
    raise ValueError(
        f"baseline has shape {tuple(baseline.shape)}, expected a number, "
        f"one row {tuple(x.shape[1:])}, or a row for each of x {tuple(x.shape)}"
    )
