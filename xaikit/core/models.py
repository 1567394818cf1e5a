"""Any callable as a model: rows in, numbers out, and words for what is wrong with either."""

from collections.abc import Callable
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.targets import as_targets, select


def as_rows(model: Any, x: Any, name: str = "x") -> tuple[Array, bool]:
    """Return x checked, with a batch axis, and whether it was a single row (d,).

    Raises
    ------
    TypeError
        For a model that cannot be called as it is, or x that is no numbers.
    ValueError
        For NaN, infinity or an empty x.
    """
    if hasattr(model, "as_rows"):
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


def outputs(model: Callable, rows: Any, fresh: bool = False) -> Array:
    """Return a model's outputs as numbers (n, k), or say what is wrong with them.

    The model gets a copy of the rows, unless they are fresh: made for this call, and read by nobody
    after it. A function that works in place would change them for all that comes after.

    Raises
    ------
    TypeError
        For labels instead of numbers.
    ValueError
        For another number of rows, NaN or infinity.
    """
    # Networks and torch modules see to it themselves; a text cannot be changed.
    safe = fresh or hasattr(model, "as_rows") or not arrays.is_array(rows)
    result = model(rows if safe else arrays.copied(rows))
    if not arrays.is_array(result):
        result = np.asarray(result)
    if not arrays.is_torch(result) and result.dtype.kind not in "biuf":
        example = result.item(0) if result.size else "nothing"
        raise TypeError(
            f"the model returned labels ({example!r}), expected numbers: "
            "give its predict_proba, or a function that returns scores"
        )
    result = result.detach() if arrays.is_torch(result) else result
    if result.ndim not in (1, 2) or result.shape[0] != len(rows):
        raise ValueError(
            f"the model returned shape {tuple(result.shape)} for {len(rows)} rows, "
            f"expected ({len(rows)},) or ({len(rows)}, k)"
        )
    result = arrays.floating(result)
    xp = namespace(result)
    if not bool(xp.all(xp.isfinite(result))):
        raise ValueError("the model returned NaN or infinity: its explanation would be, too")
    return result[:, None] if result.ndim == 1 else result


def targeted(model: Callable, rows: Array, targets: np.ndarray, fresh: bool = False) -> np.ndarray:
    """Return F_target of each row as float64 NumPy numbers, (n,); for `fresh` see `outputs`."""
    return arrays.to_numpy(select(outputs(model, rows, fresh), targets)).astype(np.float64)


def outputs_and_targets(model: Callable, x: Array, target: Any) -> tuple[Array, np.ndarray]:
    """Return F_target(x) (n,), and the checked target of each row (n,)."""
    output = outputs(model, x)
    targets = as_targets(target, *output.shape)
    return select(output, targets), targets
