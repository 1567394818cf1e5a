"""The same code for NumPy arrays and torch tensors.

Layers and methods are written against the array API standard, so the library, the device and the
dtype of x decide where they run. Functions that the standard lacks have two versions here, for
torch and for NumPy.
"""

from datetime import date, timedelta
from numbers import Number
from typing import Any

import array_api_compat
import numpy as np

Array = Any  # a NumPy array or a torch tensor; the two share no base class
NUMBERS = (bool, int, float, np.bool_, np.number)

namespace = array_api_compat.array_namespace
is_array = array_api_compat.is_array_api_obj
is_torch = array_api_compat.is_torch_array


def place(x: Array) -> str:
    """Describe an array's dtype, library and device: ``"a float64 NumPy array"``, …"""
    dtype = str(x.dtype).removeprefix("torch.")
    return f"a {dtype} torch tensor on {x.device}" if is_torch(x) else f"a {dtype} NumPy array"


def to_numpy(x: Array) -> np.ndarray:
    """Convert x, of any library and device, to a NumPy array in C order."""
    if not is_torch(x):
        return np.asarray(x, order="C")  # because torch refuses reversed views
    x = x.detach().cpu()
    # NumPy has no bfloat16; float32 holds all of its numbers.
    return (x.float() if str(x.dtype) == "torch.bfloat16" else x).numpy()


def float64(x: Array) -> np.ndarray:
    """Convert x to a float64 NumPy array."""
    return to_numpy(x).astype(np.float64)


def copied(x: Array) -> Array:
    """Return a copy of x, which shares no memory with it."""
    return namespace(x).asarray(x, copy=True)


def like(values: Any, x: Array) -> Array:
    """Convert values to x's library, device and dtype.

    NumPy draws all random numbers, so that a seed gives the same ones on every library and device.
    """
    if is_torch(x):
        import torch

        values = values if is_torch(values) else to_numpy(values)
        return torch.as_tensor(values, dtype=x.dtype, device=x.device)
    return np.asarray(to_numpy(values) if is_torch(values) else values, dtype=x.dtype)


def indices(values: np.ndarray, x: Array) -> Array:
    """Convert a NumPy array of integers or booleans to x's library and device."""
    return namespace(x).asarray(values, device=x.device) if is_torch(x) else values


def floating(x: Array) -> Array:
    """Return x; integers and booleans become float64 (in torch, its default dtype)."""
    if is_floating(x):
        return x
    if is_torch(x):
        import torch

        return x.to(torch.get_default_dtype())
    return x.astype(np.float64)


def as_whole(rows: Array, whole: Array) -> Array:
    """Return rows in the type of `whole`, if it holds all of their numbers; else as they are."""
    with np.errstate(invalid="ignore"):
        cast = like(rows, whole)
    return cast if bool(namespace(rows).all(cast == rows)) else rows


def is_sparse(x: Any) -> bool:
    """Tell whether x is a sparse matrix or array of SciPy."""
    return hasattr(x, "toarray") and hasattr(x, "nnz")


def dense(x: Any) -> Any:
    """Return a sparse matrix as an array, anything else as it is."""
    return x.toarray() if is_sparse(x) else x


def is_numeric(x: Any) -> bool:
    """Tell whether x is an array of real numbers, not of objects or text."""
    return is_torch(x) or (is_array(x) and x.dtype.kind in "biuf")


def is_floating(x: Array) -> bool:
    """Tell whether x holds floating-point numbers."""
    return bool(namespace(x).isdtype(x.dtype, "real floating"))


def all_finite(x: Array) -> bool:
    """Tell whether x holds neither NaN nor infinity."""
    xp = namespace(x)
    with np.errstate(over="ignore", invalid="ignore"):
        total = xp.sum(x)
    # A sum keeps NaN and infinity, so one cheap pass is enough for almost every x.
    return bool(xp.isfinite(total)) or bool(xp.all(xp.isfinite(x)))


def same_bits(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Tell where NumPy arrays of one dtype hold the same bits: so NaN is NaN, and 0 is not −0."""
    if x.dtype.itemsize > 8:  # a long double, which holds unused bits
        return x == y
    bits = f"u{x.dtype.itemsize}"
    return x.view(bits) == y.view(bits)


def where_positive(values: Array, z: Array) -> Array:
    """Return values where z > 0, else 0."""
    if is_torch(z):
        import torch

        # On a CPU this is several times faster than a comparison and a product.
        return torch.ops.aten.threshold_backward(values, z, 0)
    return values * (z > 0)


def sum_at(indices: Array, values: Array, target: Array) -> Array:
    """Return an array like `target`: in row i the sum of the rows of values whose index is i."""
    total = namespace(target).zeros_like(target)
    if is_torch(target):
        return total.index_add_(0, indices, values)
    np.add.at(total, indices, values)
    return total


def normal_cdf(z: Array) -> Array:
    """Return Φ(z), the standard normal distribution function."""
    if is_torch(z):
        import torch

        return torch.special.ndtr(z)
    from scipy.special import ndtr

    return ndtr(z)


def numeric(x: Any, name: str = "x", missing: bool = False) -> Array:
    """Return x as a detached array of numbers, or raise an error.

    Lists and data frames become NumPy arrays. Text, complex numbers, an empty array, infinity and
    NaN (unless `missing`) are errors: an explanation of any of them would be silently wrong.
    """
    x = numbers_of_objects(x if is_array(x) else _array_of(x, name))
    if is_torch(x):
        x = x.detach()
    elif x.dtype.kind not in "biufc":
        kinds = _kinds(x)
        given = f"holds {', '.join(kinds)} values" if x.ndim else f"is {type(x.item()).__name__}"
        raise TypeError(
            f"{name} {given}, expected real numbers: {'; '.join(dict.fromkeys(kinds.values()))}"
        )
    xp = namespace(x)
    if xp.isdtype(x.dtype, "complex floating"):
        raise TypeError(f"{name} holds complex numbers, expected real ones")
    if 0 in x.shape:
        raise ValueError(
            f"{name} is empty: its shape is {tuple(x.shape)}, expected at least one row"
        )
    if is_floating(x) and not (all_finite(x) or (missing and not bool(xp.any(xp.isinf(x))))):
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(to_numpy(x)))[0])
        raise ValueError(
            f"{name} holds NaN or infinity (first at index {where}): "
            "fill in or drop missing values first"
        )
    return x


def numbers_of_objects(x: Array) -> Array:
    """Return x as float64 if its objects are numbers, as in a frame of numbers and booleans."""
    if x.dtype == object and x.size and all(isinstance(value, NUMBERS) for value in x.flat):
        return x.astype(np.float64)
    return x


def _kinds(x: np.ndarray) -> dict[str, str]:
    """Return the types of an array's values, of objects those that are no numbers, with advice."""
    if x.dtype != object:
        return {str(x.dtype): _advice(x.dtype.type)}
    others = {type(value) for value in x.flat if not isinstance(value, NUMBERS)}
    return {kind.__name__: _advice(kind) for kind in sorted(others, key=lambda kind: kind.__name__)}


def _advice(kind: type) -> str:
    """Say how values of a type become numbers."""
    if issubclass(kind, str | bytes):
        return "encode text and categories as numbers first"
    if kind.__name__ in ("NoneType", "NAType", "NaTType"):
        return "write missing values as NaN"
    if issubclass(kind, date | timedelta | np.datetime64 | np.timedelta64):
        return "count times from a start, in days or seconds"
    if issubclass(kind, Number) and not issubclass(kind, complex | np.complexfloating):
        return "convert them with astype(float)"
    if hasattr(kind, "__len__"):
        return "give rows of equal length, with one number for each feature"
    return "give an array of numbers"


def _array_of(x: Any, name: str) -> np.ndarray:
    """Return lists, frames and numbers as a NumPy array, or say why there is none."""
    if is_sparse(x):
        raise TypeError(
            f"{name} is a sparse {type(x).__name__}, expected an array: give {name}.toarray()"
        )
    if isinstance(x, list | tuple) and (kind := _several(x)):
        raise TypeError(
            f"{name} is a {type(x).__name__} of {len(x)} {kind}, expected one: a model of several "
            "inputs is explained by a function of one of them, or of all of them side by side"
        )
    if hasattr(x, "iloc") and _nullable(x):
        return x.to_numpy(np.float64, na_value=np.nan)
    try:
        # In C order always: a frame's own order changes when the frame is sent to another process,
        # and with it the last digits of a matrix product.
        return np.asarray(x, order="C")
    except ValueError:
        raise ValueError(
            f"{name} is a {type(x).__name__} of rows with different lengths, expected rows (n, d)"
        ) from None


def _several(parts: list | tuple) -> str:
    """Name what a list or tuple holds, if these are several inputs; else return nothing.

    A list of NumPy arrays may be rows or pictures; a tuple of them is what a model of several
    inputs gets.
    """
    if any(map(is_torch, parts)):
        return "tensors"
    if any(hasattr(part, "iloc") and part.ndim == 2 for part in parts):
        return "data frames"
    whole = isinstance(parts, tuple) and any(is_array(part) and part.ndim for part in parts)
    return "arrays" if whole else ""


def _nullable(x: Any) -> bool:
    """Tell whether a frame or series holds numbers, some in types as pandas' Int64 and boolean."""
    kinds = [x.dtype] if x.ndim == 1 else list(x.dtypes)
    plain = all(isinstance(kind, np.dtype) for kind in kinds)
    return not plain and all(kind.kind in "biuf" for kind in kinds)


def batched(x: Array, name: str = "x") -> tuple[Array, bool]:
    """Return x with a batch axis, and whether it was a single row (d,)."""
    if x.ndim == 0:
        raise ValueError(f"{name} is a single number, expected a row (d,) or rows (n, …)")
    return (x[None], True) if x.ndim == 1 else (x, False)


def unbatched(values: Any, single: bool, axis: int = 0) -> Any:
    """Undo `batched`: take the axis n off the values of a single row; None stays None."""
    return values[(slice(None),) * axis + (0,)] if single and values is not None else values


def unsqueezed(values: Array, rows: int) -> Array:
    """Return values with the axis of a single row, if a squeeze() has taken it away.

    For one row () becomes (1,), and (k,) with k > 1 becomes (1, k). For several rows nothing is
    missing: a squeeze() leaves (n,) or (n, k).
    """
    squeezed = values.ndim == 0 or (values.ndim == 1 and values.shape[0] > 1)
    return values[None] if rows == 1 and squeezed else values


def matching(
    x: Any,
    reference: Array,
    name: str = "x",
    owner: str = "the network's weights",
    missing: bool = False,
) -> Array:
    """Return x as numbers of `reference`'s library, device and dtype, or raise a TypeError.

    Lists and whole numbers are cast to the reference's dtype; another library, device or floating
    dtype is an error, because converting it silently would hide where and how precisely we compute.
    """
    if not is_array(x):
        return like(numeric(x, name, missing), reference)
    same_place = is_torch(x) == is_torch(reference) and x.device == reference.device
    if same_place:
        x = numeric(x, name, missing)
        if not is_floating(x):
            return like(x, reference)
    if not same_place or x.dtype != reference.dtype:
        target = place(reference).removeprefix("a ")
        move = ", or move the network with net.to('numpy' | 'cpu' | 'cuda', dtype=…)"
        raise TypeError(
            f"{name} is {place(x)}, but {owner} are {target}: convert {name}"
            + move * (owner == "the network's weights")
        )
    return x
