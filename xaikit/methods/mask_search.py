"""Looking for the mask of lowest predicted loss, and reading it: the selector f_S as a guide.

Masks are float32, 1 where a feature is shown, 0 where it is hidden.
"""

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.networks.layers import Layer, input_gradient, run

SEARCH_ROUNDS = 5


def selector_slope(selector: tuple[Layer, ...], mask: np.ndarray) -> np.ndarray:
    """Return ∂f_S/∂m at one mask, (d,) float64."""
    values = run(selector, _as_rows(selector, mask[None]))
    one = namespace(values[-1]).ones_like(values[-1])
    return arrays.to_numpy(input_gradient(selector, values, one))[0].astype(np.float64)


def predicted_loss(selector: tuple[Layer, ...], masks: np.ndarray) -> np.ndarray:
    """Return f_S of masks (n, d), (n,)."""
    return arrays.to_numpy(run(selector, _as_rows(selector, masks))[-1])[:, 0]


def optimal_mask(selector: tuple[Layer, ...], features: int, size: int) -> np.ndarray:
    """Return the mask of lowest predicted loss that slopes and swaps find.

    From the middle of all masks, m = ½, the `size` steepest ways down; then a local search.
    """
    slope = selector_slope(selector, np.full(features, 0.5, dtype=np.float32))
    mask = np.zeros(features, dtype=np.float32)
    mask[np.argsort(slope, kind="stable")[:size]] = 1
    return local_search(selector, mask, SEARCH_ROUNDS)


def local_search(selector: tuple[Layer, ...], mask: np.ndarray, rounds: int) -> np.ndarray:
    """Swap the chosen feature of largest slope for the other of smallest, while f_S falls."""
    loss = predicted_loss(selector, mask[None])[0]
    for _ in range(rounds):
        on, off = np.flatnonzero(mask > 0), np.flatnonzero(mask == 0)
        if not off.size:
            break
        slope = selector_slope(selector, mask)
        swapped = mask.copy()
        swapped[on[slope[on].argmax()]] = 0
        swapped[off[slope[off].argmin()]] = 1
        new = predicted_loss(selector, swapped[None])[0]
        if not new < loss:
            break
        mask, loss = swapped, new
    return mask


def swap_importances(selector: tuple[Layer, ...], mask: np.ndarray) -> np.ndarray:
    """Return what swaps of a chosen feature i and another j do to f_S, on average: (d,).

    Of i: the mean over j of f_S(m − i + j) − f_S(m); of j: minus the mean over i of the same.
    """
    on, off = np.flatnonzero(mask > 0), np.flatnonzero(mask == 0)
    importances = np.zeros(len(mask))
    if not off.size:
        return importances
    pairs = np.array([(i, j) for i in on for j in off])
    swapped = np.repeat(mask[None], len(pairs), axis=0)
    rows = np.arange(len(pairs))
    swapped[rows, pairs[:, 0]], swapped[rows, pairs[:, 1]] = 0, 1
    rise = predicted_loss(selector, swapped) - predicted_loss(selector, mask[None])
    rise = rise.astype(np.float64).reshape(len(on), len(off))
    importances[on], importances[off] = rise.mean(axis=1), -rise.mean(axis=0)
    return importances


def _as_rows(selector: tuple[Layer, ...], masks: np.ndarray) -> Array:
    return arrays.like(masks, next(iter(selector[0].parameters.values())))
