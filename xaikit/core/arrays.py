"""One code for NumPy arrays and torch tensors.

Layers and methods are written against the array API standard, so the library, the device and the
dtype of x decide where they run. What the standard lacks stands below in two versions, torch's
and NumPy's, side by side.
"""

from collections.abc import Iterator
from functools import reduce
from typing import Any

import array_api_compat
import numpy as np

Array = Any  # a NumPy array or a torch tensor; the two share no base class
Pair = tuple[int, int]
NUMBERS = (bool, int, float, np.bool_, np.number)

namespace = array_api_compat.array_namespace
is_array = array_api_compat.is_array_api_obj
is_torch = array_api_compat.is_torch_array


def place(x: Array) -> str:
    """Say in words where an array lives: ``"a float64 NumPy array"``, …"""
    dtype = str(x.dtype).removeprefix("torch.")
    return f"a {dtype} torch tensor on {x.device}" if is_torch(x) else f"a {dtype} NumPy array"


def to_numpy(x: Array) -> np.ndarray:
    """Bring x, from whatever library and device, to NumPy, its entries in reading order."""
    if not is_torch(x):
        return np.asarray(x, order="C")  # in that order, because torch refuses reversed views
    x = x.detach().cpu()
    # NumPy has no bfloat16; float32 holds all of its numbers.
    return (x.float() if str(x.dtype) == "torch.bfloat16" else x).numpy()


def copied(x: Array) -> Array:
    """Return a copy of x that nobody else can change."""
    return namespace(x).asarray(x, copy=True)


def like(values: Any, x: Array) -> Array:
    """Convert values to x's library, device and dtype.

    Random numbers are drawn by NumPy and brought here, so that a seed means the same everywhere.
    """
    if is_torch(x):
        import torch

        values = values if is_torch(values) else to_numpy(values)
        return torch.as_tensor(values, dtype=x.dtype, device=x.device)
    return np.asarray(to_numpy(values) if is_torch(values) else values, dtype=x.dtype)


def indices(values: np.ndarray, x: Array) -> Array:
    """Bring a NumPy array of whole numbers (or booleans) to x's library and device."""
    return namespace(x).asarray(values, device=x.device) if is_torch(x) else values


def floating(x: Array) -> Array:
    """Return x, whole numbers and booleans as float64 (torch: as its default dtype)."""
    if is_floating(x):
        return x
    if is_torch(x):
        import torch

        return x.to(torch.get_default_dtype())
    return x.astype(np.float64)


def is_floating(x: Array) -> bool:
    """Tell whether x holds floating-point numbers."""
    return bool(namespace(x).isdtype(x.dtype, "real floating"))


def all_finite(x: Array) -> bool:
    """Tell whether x holds neither NaN nor infinity."""
    xp = namespace(x)
    with np.errstate(over="ignore", invalid="ignore"):
        total = xp.sum(x)
    # NaN and infinity survive a sum, so one cheap pass clears almost every x.
    return bool(xp.isfinite(total)) or bool(xp.all(xp.isfinite(x)))


def where_positive(values: Array, z: Array) -> Array:
    """Return values where z > 0, else 0."""
    if is_torch(z):
        import torch

        # On a CPU several times faster than a comparison and a product.
        return torch.ops.aten.threshold_backward(values, z, 0)
    return values * (z > 0)


def normal_cdf(z: Array) -> Array:
    """Φ(z), the standard normal distribution function."""
    if is_torch(z):
        import torch

        return torch.special.ndtr(z)
    from scipy.special import ndtr

    return ndtr(z)


def numeric(x: Any, name: str = "x") -> Array:
    """Return x as an array of numbers, detached, or say what is wrong with it.

    Lists and data frames become NumPy arrays. Text, complex numbers, no numbers at all, NaN and
    infinity are errors: an explanation of any of them would be silently wrong.
    """
    if not is_array(x):
        x = np.asarray(x)
        # A data frame of numbers beside booleans (one-hot columns) becomes an array of objects.
        if x.dtype == object and all(isinstance(v, NUMBERS) for v in x.flat):
            x = x.astype(np.float64)
    if is_torch(x):
        x = x.detach()
    elif x.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} holds {x.dtype} values, expected real numbers: "
            "encode text and categories as numbers first"
        )
    xp = namespace(x)
    if xp.isdtype(x.dtype, "complex floating"):
        raise TypeError(f"{name} holds complex numbers, expected real ones")
    if 0 in x.shape:
        raise ValueError(
            f"{name} is empty: its shape is {tuple(x.shape)}, expected at least one row"
        )
    if is_floating(x) and not all_finite(x):
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(to_numpy(x)))[0])
        raise ValueError(
            f"{name} holds NaN or infinity (first at index {where}): "
            "fill in or drop missing values first"
        )
    return x


def column_names(x: Any) -> list[str] | None:
    """Return the names of a data frame's columns, or of a series' entries; None without names."""
    names = getattr(x, "columns", getattr(x, "index", None))
    if is_array(x) or callable(names) or names is None:
        return None
    return list(names) if all(isinstance(name, str) for name in names) else None


def batched(x: Array, name: str = "x") -> tuple[Array, bool]:
    """Return x with a batch axis, and whether it was a single row (d,)."""
    if x.ndim == 0:
        raise ValueError(f"{name} is a single number, expected a row (d,) or rows (n, …)")
    return (x[None], True) if x.ndim == 1 else (x, False)


def matching(
    x: Any, reference: Array, name: str = "x", owner: str = "the network's weights"
) -> Array:
    """Return x as numbers that may meet `reference`, or raise a TypeError that names both places.

    Lists and whole numbers are cast to the reference's dtype; another library, device or floating
    dtype is an error, because converting it silently would hide where and how precisely we compute.
    """
    if not is_array(x):
        return like(numeric(x, name), reference)
    same_place = is_torch(x) == is_torch(reference) and x.device == reference.device
    if same_place:
        x = numeric(x, name)
        if not is_floating(x):
            return like(x, reference)
    if not same_place or x.dtype != reference.dtype:
        move = ", or move the network with net.to('numpy' | 'cpu' | 'cuda', dtype=…)"
        raise TypeError(
            f"{name} is {place(x)}, but {owner} are those of {place(reference)}: convert {name}"
            + move * (owner == "the network's weights")
        )
    return x


# Convolution and pooling: pictures are (rows, channels, height, width).


def pad2d(a: Array, left: int, right: int, top: int, bottom: int) -> Array:
    """Put a frame of zeros around each picture."""
    if is_torch(a):
        from torch.nn import functional

        return functional.pad(a, (left, right, top, bottom))
    return np.pad(a, ((0, 0), (0, 0), (top, bottom), (left, right)))


def _shifts(a: Array, size: Pair, stride: Pair) -> Iterator[tuple[int, int, Array]]:
    """For each position (i, j) in a window, yield the view of a which that position sees."""
    rows = stride[0] * ((a.shape[2] - size[0]) // stride[0]) + 1
    columns = stride[1] * ((a.shape[3] - size[1]) // stride[1]) + 1
    for i in range(size[0]):
        for j in range(size[1]):
            yield i, j, a[:, :, i : i + rows : stride[0], j : j + columns : stride[1]]


def _by_group(a: np.ndarray, groups: int) -> np.ndarray:
    """Reshape (n, c, h, w) to (n, groups, c / groups, h · w), ready for a matrix product."""
    return a.reshape(a.shape[0], groups, a.shape[1] // groups, -1)


def conv2d(a: Array, weight: Array, stride: Pair, padding: Pair, groups: int) -> Array:
    """Z = Σ_ij W_ij · (a shifted by i, j): a convolution is a sum of shifted dense layers."""
    if is_torch(a):
        from torch.nn import functional

        return functional.conv2d(a, weight, None, stride, padding, 1, groups)
    a = pad2d(a, padding[1], padding[1], padding[0], padding[0])
    kernel = weight.reshape(groups, -1, *weight.shape[1:])
    z: Any = 0
    for i, j, seen in _shifts(a, weight.shape[2:], stride):
        z = z + kernel[..., i, j] @ _by_group(seen, groups)
    return z.reshape(a.shape[0], weight.shape[0], *seen.shape[2:])


def conv2d_backward(
    a: Array, weight: Array, grad: Array, stride: Pair, padding: Pair, groups: int
) -> Array:
    """∂/∂a: every position hands W_ijᵀ grad back to the pixels it saw."""
    if is_torch(a):
        return _torch_conv2d_backward(a, weight, grad, stride, padding, groups, wanted=0)
    n, channels, height, width = a.shape
    padded = np.zeros(
        (n, channels, height + 2 * padding[0], width + 2 * padding[1]), dtype=grad.dtype
    )
    kernel = weight.reshape(groups, -1, *weight.shape[1:])
    for i, j, seen in _shifts(padded, weight.shape[2:], stride):
        seen += (kernel[..., i, j].swapaxes(-1, -2) @ _by_group(grad, groups)).reshape(seen.shape)
    return padded[:, :, padding[0] : padding[0] + height, padding[1] : padding[1] + width]


def _torch_conv2d_backward(
    a: Array, weight: Array, grad: Array, stride: Pair, padding: Pair, groups: int, wanted: int
) -> Array:
    """The call that torch's autograd makes: the gradient of a (wanted 0) or of weight (1)."""
    import torch

    mask = [wanted == 0, wanted == 1, False]
    settings = (stride, padding, (1, 1), False, (0, 0), groups)
    return torch.ops.aten.convolution_backward(grad, a, weight, None, *settings, mask)[wanted]


def conv2d_weight_gradient(
    a: Array, weight: Array, grad: Array, stride: Pair, padding: Pair, groups: int
) -> Array:
    """∂/∂W_ij = Σ grad · (a shifted by i, j)ᵀ over rows and pixels."""
    if is_torch(a):
        return _torch_conv2d_backward(a, weight, grad, stride, padding, groups, wanted=1)
    a = pad2d(a, padding[1], padding[1], padding[0], padding[0])
    result = np.zeros((groups, weight.shape[0] // groups, *weight.shape[1:]), dtype=grad.dtype)
    for i, j, seen in _shifts(a, weight.shape[2:], stride):
        products = _by_group(grad, groups) @ _by_group(seen, groups).swapaxes(-1, -2)
        result[..., i, j] = products.sum(axis=0)
    return result.reshape(weight.shape)


def windows2d(a: Array, size: Pair, stride: Pair) -> Array:
    """Return what each position of a window sees: (positions, n, c, windows high, windows wide)."""
    return namespace(a).stack([seen for _, _, seen in _shifts(a, size, stride)])


def windows2d_backward(a: Array, grad: Array, size: Pair, stride: Pair) -> Array:
    """Hand the gradient of `windows2d` back to the pixels that were seen."""
    result = namespace(a).zeros_like(a)
    for (_, _, into), part in zip(_shifts(result, size, stride), grad, strict=True):
        into += part
    return result


def max_pool2d(a: Array, size: Pair, stride: Pair) -> Array:
    """Largest entry of each window."""
    views = [seen for _, _, seen in _shifts(a, size, stride)]
    return reduce(namespace(a).maximum, views)


def max_pool2d_backward(a: Array, grad: Array, size: Pair, stride: Pair) -> Array:
    """Winner takes all: grad goes to the first largest entry of each window."""
    result = namespace(a).zeros_like(a)
    largest = max_pool2d(a, size, stride)
    left = grad
    shifts = zip(_shifts(a, size, stride), _shifts(result, size, stride), strict=True)
    for (_, _, seen), (_, _, into) in shifts:
        won = _where_equal(left, seen, largest)
        into += won
        left = left - won
    return result


def _where_equal(values: Array, seen: Array, largest: Array) -> Array:
    """Return values where seen, nowhere above largest, reaches it, else 0."""
    if is_torch(seen):
        import torch

        below = -torch.finfo(seen.dtype).tiny
        return torch.ops.aten.threshold_backward(values, seen - largest, below)
    return values * (seen == largest)


def avg_pool2d(a: Array, size: Pair, stride: Pair) -> Array:
    """Mean of each window."""
    total: Any = 0
    for _, _, seen in _shifts(a, size, stride):
        total = total + seen
    return total / (size[0] * size[1])


def avg_pool2d_backward(a: Array, grad: Array, size: Pair, stride: Pair) -> Array:
    """Every entry of a window receives an equal share of grad."""
    result = namespace(a).zeros_like(a)
    share = grad / (size[0] * size[1])
    for _, _, into in _shifts(result, size, stride):
        into += share
    return result
