"""The question that a method is asked: which output of which rows, and instead of what?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.attribution import Attribution
from xaikit.core.targets import as_targets, select


class Model(Protocol):
    """A model with gradients: a Network or a TorchModel."""

    def __call__(self, x: Any) -> Array:
        """Return all outputs (n, k)."""

    def gradient(self, x: Any, target: Any = 0) -> Array:
        """Return ∂F_target/∂x, like x."""

    def as_rows(self, x: Any, name: str = "x") -> tuple[Array, bool]:
        """Return x checked, with a batch axis, and whether it had none."""


@dataclass(frozen=True, eq=False)
class Question:
    """Why F_target(x), and not F_target(baseline)? Checked, and with a batch axis.

    Attributes
    ----------
    model : Model
    x : array (n, …)
    target : (n,) ints
        The output column to explain in each row.
    baseline : array (1, …) or (n, …)
    output : array (n,)
        F_target(x).
    single : bool
        Whether x was given as a single row (d,).
    names : list of str, or None
        Of the columns of a data frame.
    """

    model: Model
    x: Array
    target: np.ndarray
    baseline: Array
    output: Array
    single: bool
    names: Sequence[str] | None = None

    def base(self) -> Array:
        """Return F_target(baseline), (n,)."""
        outputs = expect_finite(self.model(self.baseline), "the model's output at the baseline")
        rows = self.target.shape[0]
        return select(
            namespace(outputs).broadcast_to(outputs, (rows, outputs.shape[1])), self.target
        )

    def answer(self, values: Array, base: Array | None, method: str, **more: Any) -> Attribution:
        """Return the Attribution of these rows' values, in the shape of the x that was given."""
        expect_finite(values, f"{method}: a score")
        more = {"feature_names": self.names, **more}
        result = Attribution(values, base, self.output, self.x, method=method, **more)
        if not self.single:
            return result
        base = None if base is None else base[0]
        std = None if result.std is None else result.std[0]
        return replace(
            result, values=values[0], base=base, output=self.output[0], data=self.x[0], std=std
        )


def ask(model: Model, x: Any, target: Any = 0, baseline: Any = None) -> Question:
    """Check what was given and return it as a Question.

    Raises
    ------
    TypeError
        For a model without gradients, or x that does not match its weights.
    ValueError
        For NaN or infinity in x or in the model's outputs, an empty x, a target out of range, a
        baseline of another shape.
    """
    if not (hasattr(model, "gradient") and hasattr(model, "as_rows")):
        raise TypeError(
            f"this method needs a model with gradients, got {type(model).__name__}: "
            "expected a Network, or a torch module wrapped as TorchModel(module)"
        )
    names = arrays.column_names(x)
    x, single = model.as_rows(x)
    output = expect_finite(model(x), "the model's output")
    targets = as_targets(target, *output.shape)
    baseline = as_baseline(baseline, x)
    return Question(model, x, targets, baseline, select(output, targets), single, names)


def expect_finite(values: Array, what: str) -> Array:
    """Return values, or raise a ValueError that says which of them is NaN or infinite."""
    if not arrays.all_finite(values):
        raise ValueError(
            f"{what} is NaN or infinite: the model has no value or no slope where it was asked "
            "(a logarithm or a root of 0, numbers that overflow)"
        )
    return values


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
