"""What a method asks of a model: outputs, and from a model with gradients the way back to x."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array
from xaikit.core.targets import as_targets, one_hot


class ForwardPass(NamedTuple):
    """What a forward pass leaves for one way back.

    Attributes
    ----------
    output : array (n, k)
    back : callable
        ∂score/∂output (n, k) -> ∂score/∂x. It may use up what the pass left: call it once.
    values : list of arrays
        Of a Network: the input of each layer, and the output.
    """

    output: Array
    back: Callable[[Array], Array]
    values: list[Array]

    def gradient(self, targets: np.ndarray) -> Array:
        """Return ∂F_target/∂x of each row, like x."""
        return self.back(one_hot(targets, self.output))


class DifferentiableModel:
    """A model with gradients: a `Network` or a `TorchModel`, which fill in three methods.

    These take rows with a batch axis that `as_rows` has checked.
    """

    def as_rows(self, x: Any, name: str = "x") -> tuple[Array, bool]:
        """Return x checked, with a batch axis, and whether it was a single row (d,)."""
        raise NotImplementedError

    def outputs(self, rows: Array) -> Array:
        """Return all outputs (n, k), and keep nothing."""
        raise NotImplementedError

    def forward_pass(self, rows: Array) -> ForwardPass:
        """Return all outputs (n, k), and keep what the way back needs."""
        raise NotImplementedError

    def __call__(self, x: Any) -> Array:
        """Return all outputs (n, k) for x (n, …); (k,) for a single row (d,)."""
        rows, single = self.as_rows(x)
        return arrays.unbatched(self.outputs(rows), single)

    def gradient(self, x: Any, target: Any = 0) -> Array:
        """Return ∂F_target/∂x, in x's shape.

        Parameters
        ----------
        x : array (n, …) or (d,)
            Rows, or a single row.
        target : int or (n,) ints
            The output column; one for all rows or one for each.
        """
        rows, single = self.as_rows(x)
        forward = self.forward_pass(rows)
        slope = forward.gradient(as_targets(target, *forward.output.shape))
        return arrays.unbatched(slope, single)


def as_rows(model: Any, x: Any, name: str = "x") -> tuple[Array, bool]:
    """Return x checked, with a batch axis, and whether it was a single row (d,).

    Raises
    ------
    TypeError
        For a model that cannot be called as it is, or x that is no numbers.
    ValueError
        For NaN, infinity or an empty x.
    """
    if isinstance(model, DifferentiableModel):
        return model.as_rows(x, name)
    expect_callable(model)
    return arrays.batched(arrays.floating(arrays.numeric(x, name)), name)


def expect_callable(model: Any) -> None:
    """Raise a TypeError unless the model is called with rows and answers with numbers."""
    if hasattr(model, "named_parameters"):
        raise TypeError(f"wrap the torch module {type(model).__name__} as TorchModel(module)")
    if not callable(model):
        ways = [way for way in ("predict_proba", "predict") if hasattr(model, way)]
        hint = f": give its {' or '.join(ways)}" if ways else ""
        raise TypeError(f"{type(model).__name__} is not callable{hint}")


def outputs(
    model: Callable, rows: Any, what: str = "the model's output", fresh: bool = False
) -> Array:
    """Return the outputs (n, k) for checked rows as numbers, or say what is wrong with them.

    (n,) is one output a row. A model that ends in squeeze() may answer one row by () or (k,).

    A function gets a copy of the rows, unless they are fresh: made for this call, and read by
    nobody after it. If it works in place, it would change them for all that comes after.

    Raises
    ------
    TypeError
        For labels instead of numbers.
    ValueError
        For another number of rows, NaN or infinity.
    """
    if isinstance(model, DifferentiableModel):
        result = model.outputs(rows)
    else:
        # A text cannot be changed.
        result = model(rows if fresh or not arrays.is_array(rows) else arrays.copied(rows))
    if not arrays.is_array(result):
        result = np.asarray(result)
    if not arrays.is_torch(result) and result.dtype.kind not in "biuf":
        example = result.item(0) if result.size else "nothing"
        raise TypeError(
            f"the model returned labels ({example!r}), expected numbers: "
            "give its predict_proba, or a function that returns scores"
        )
    result = arrays.unsqueezed(result.detach() if arrays.is_torch(result) else result, len(rows))
    if result.ndim not in (1, 2) or result.shape[0] != len(rows):
        raise ValueError(
            f"the model returned shape {tuple(result.shape)} for {len(rows)} rows, "
            f"expected ({len(rows)},) or ({len(rows)}, k)"
        )
    result = expect_finite(arrays.floating(result), what)
    return result[:, None] if result.ndim == 1 else result


def expect_finite(values: Array, what: str) -> Array:
    """Return values, or raise a ValueError that says which of them is NaN or infinite."""
    if not arrays.all_finite(values):
        raise ValueError(
            f"{what} is NaN or infinite: the model has no value or no slope where it was asked "
            "(a logarithm or a root of 0, numbers that overflow)"
        )
    return values
