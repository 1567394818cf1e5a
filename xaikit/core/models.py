"""The interface of a model: its outputs and, where it has them, its gradients."""

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any, NamedTuple

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array
from xaikit.core.targets import as_targets, one_hot

# The share of an output by which it may differ among other rows. A model in half precision has 8 to
# 11 bits: one unit in the last place is up to 0.8%.
SAME_OUTPUT = 1e-2
# The share by which it may differ when the very same rows are asked again, of which the rounding is
# the same.
SAME_CALL = 1e-4


class ForwardPass(NamedTuple):
    """The output of a forward pass, and one backward pass from it.

    Attributes
    ----------
    output : array (n, k)
    back : callable
        ∂score/∂output (n, k) -> ∂score/∂x. It may free the kept values: call it once.
    values : list of arrays
        The input of each layer, and the output; empty for a TorchModel, and after `back`.
    """

    output: Array
    back: Callable[[Array], Array]
    values: list[Array]

    def gradient(self, targets: np.ndarray) -> Array:
        """Return :math:`∂F_target/∂x` of each row, like x."""
        return self.back(one_hot(targets, self.output))


class DifferentiableModel:
    """The base class of models with gradients, `Network` and `TorchModel`.

    They implement `as_rows`, `outputs` and `forward_pass`; the last two take checked rows.

    Attributes
    ----------
    is_function : bool
        Whether each row's output is known to depend on that row alone.
    """

    is_function = False

    @property
    def reads_tokens(self) -> bool:
        """Whether x are token ids, so that `behind_embedding` is there."""
        return False

    def as_rows(self, x: Any, name: str = "x") -> tuple[Array, bool]:
        """Check x; return it with a batch axis, and whether it was a single row (d,)."""
        raise NotImplementedError

    def outputs(self, rows: Array) -> Array:
        """Return all outputs (n, k); keep nothing for a gradient."""
        raise NotImplementedError

    def forward_pass(self, rows: Array) -> ForwardPass:
        """Return a ForwardPass: all outputs (n, k), and a backward pass from them."""
        raise NotImplementedError

    def behind_embedding(
        self, rows: Array, baseline: Any
    ) -> tuple["DifferentiableModel", Array, Array]:
        """Return the model of the tokens' vectors, the vectors (n, T, …) of ids, and a baseline.

        There are slopes along vectors; along ids there are none.
        """
        raise NotImplementedError

    def __call__(self, x: Any) -> Array:
        """Return all outputs (n, k) for x (n, …); (k,) for a single row (d,)."""
        rows, single = self.as_rows(x)
        return arrays.unbatched(self.outputs(rows), single)

    def gradient(self, x: Any, target: Any = 0) -> Array:
        """Return :math:`∂F_target/∂x`, in x's shape.

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
    """Check x; return it with a batch axis, and whether it was a single row (d,).

    Raises
    ------
    TypeError
        For a model that is not callable or must be wrapped, or x that is not numeric.
    ValueError
        For infinity or an empty x; for NaN, if the model has gradients.
    """
    if isinstance(model, DifferentiableModel):
        return model.as_rows(x, name)
    expect_callable(model)
    numbers = arrays.numeric(x, name, missing=True)
    return arrays.batched(numbers if arrays.is_array(x) else arrays.floating(numbers), name)


def expect_callable(model: Any) -> None:
    """Raise a TypeError for a torch module without its wrapper, or a model that is not callable."""
    if hasattr(model, "named_parameters"):
        raise TypeError(f"wrap the torch module {type(model).__name__} as TorchModel(module)")
    booster = getattr(model, "__self__", model)
    if hasattr(booster, "inplace_predict") and getattr(model, "__name__", "") != "inplace_predict":
        raise TypeError("XGBoost's Booster predicts from a DMatrix only: give its inplace_predict")
    if not callable(model):
        ways = [way for way in ("predict_proba", "predict") if hasattr(model, way)]
        hint = f": give its {' or '.join(ways)}" if ways else ""
        raise TypeError(f"{type(model).__name__} is not callable{hint}")


def expect_gradients(model: Any) -> DifferentiableModel:
    """Return the model, or raise a TypeError if it has no gradients."""
    if not isinstance(model, DifferentiableModel):
        raise TypeError(
            f"this method needs a model with gradients, got {type(model).__name__}: "
            "expected a Network, or a torch module wrapped as TorchModel(module)"
        )
    return model


def outputs(
    model: Callable,
    rows: Any,
    what: str = "the model's output",
    fresh: bool = False,
    made: Callable | None = None,
) -> Array:
    """Return a model's outputs (n, k) for checked rows, or raise if they are not finite numbers.

    (n,) is one output per row. A model that ends in squeeze() may return () or (k,) for one row.

    A function gets a copy of the rows, because it may change them in place. No copy is made of
    `fresh` rows, which were made for this call and are not read after it. If rows are to be a frame
    or a sparse matrix, `made` makes it of the array.

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
        copied = arrays.copied if arrays.is_array(rows) else list  # a list of texts
        given = rows if fresh else copied(rows)
        result = asked(model, made(given) if made else given)
    result = arrays.dense(result)
    if not arrays.is_array(result):
        result = _as_array(result)
    if arrays.is_torch(result):
        result = result.detach()
    elif result.dtype.kind not in "biuf":
        example = result.item(0) if result.size else "nothing"
        raise TypeError(
            f"the model returned labels ({example!r}), expected numbers: "
            "give its predict_proba, or a function that returns scores"
        )
    result = arrays.unsqueezed(result, len(rows))
    if result.ndim not in (1, 2) or result.shape[0] != len(rows):
        raise ValueError(
            f"the model returned shape {tuple(result.shape)} for {len(rows)} rows, "
            f"expected ({len(rows)},) or ({len(rows)}, k){batch_hint(rows)}"
        )
    result = expect_finite(arrays.floating(result), what)
    return result[:, None] if result.ndim == 1 else result


def asked(model: Callable, rows: Any) -> Any:
    """Return a function's answer for rows, or say that it takes more than them."""
    try:
        return model(rows)
    except TypeError:
        names = _inputs_needed(model)
        if len(names) < 2:
            raise
    name = getattr(model, "__name__", type(model).__name__)
    raise TypeError(
        f"the model {name} needs {len(names)} inputs, {', '.join(names)}, and is given rows of x "
        "alone: explain a function of one of them, or of all of them side by side"
    )


def _inputs_needed(model: Callable) -> list[str]:
    """Return the parameters that a call cannot do without, as far as Python knows them."""
    function = getattr(model, "forward", model)  # of a torch module
    try:
        parameters = signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    places = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.default is Parameter.empty and p.kind in places]


def batch_hint(rows: Any) -> str:
    """Say what rows with two axes each may be, at the end of an error; else nothing."""
    if getattr(rows, "ndim", 2) != 3:
        return ""
    return (
        f". x has shape {tuple(rows.shape)}, {len(rows)} rows of {tuple(rows.shape[1:])}: if it "
        "is a single picture, give it a batch axis, x[None]"
    )


def _as_array(result: Any) -> np.ndarray:
    """Return outputs as a NumPy array; several arrays at once are no outputs of rows."""
    if isinstance(result, list | tuple) and any(np.ndim(part) == 2 for part in result):
        raise ValueError(
            f"the model returned a {type(result).__name__} of {len(result)} arrays, one for each "
            "target: give a function that returns one of them, (n, k)"
        )
    return arrays.numbers_of_objects(np.asarray(result))


def expect_same_outputs(
    found: np.ndarray, known: np.ndarray, scale: Any, again: Callable[[], np.ndarray]
) -> None:
    """Raise a ValueError unless outputs (…, n) are those (n,) that the same rows had before.

    `scale` is the size of some of the model's outputs: where they cancel, an output is rounded like
    its parts.

    A difference between `SAME_CALL` and `SAME_OUTPUT` is rounding or chance, and the outputs do not
    tell which: half precision may be hidden behind a softmax in single. But rounding hangs on the
    rows that are asked together. So `again`, which asks the model about the same rows at each call,
    is called twice: then only chance differs.
    """
    row = differing(found, known, SAME_OUTPUT, scale)
    if row is None and differing(found, known, SAME_CALL, scale) is not None:
        found, known = again(), again()
        row = differing(found, known, SAME_CALL, scale)
    if row is not None:
        raise ValueError(
            f"the model's output for a row was {np.broadcast_to(known, np.shape(found))[row]:.4g} "
            f"and is {np.asarray(found)[row]:.4g} now: it is no function of the row. Is it in "
            "training mode (dropout, batch statistics), or does it draw random numbers?"
        )


def differing(found: np.ndarray, known: np.ndarray, share: float, scale: Any = 0.0) -> tuple | None:
    """Return the index at which outputs differ most, or None where all are the same.

    That is up to a share of the largest of them, and of `scale`.
    """
    off = np.abs(found - known)
    sizes = (np.abs(values).max(initial=0.0) for values in (found, known, scale))
    if (off <= share * max(sizes)).all():
        return None
    return np.unravel_index(int(off.argmax()), off.shape)


def expect_finite(values: Array, what: str) -> Array:
    """Return values, or raise a ValueError if any of them is NaN or infinite."""
    if not arrays.all_finite(values):
        raise ValueError(
            f"{what} is NaN or infinite: the model has no value or no slope where it was asked "
            "(a logarithm or a root of 0, numbers that overflow, a missing value)"
        )
    return values
