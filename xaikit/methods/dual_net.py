"""Ranking features with two networks that train each other, in the order of lecture 08.

The operator answers under a mask, :math:`f_O(x ⊙ m, m) ≈ y`. The selector predicts the operator's
mean loss, :math:`f_S(m) ≈ L(m)`, and so finds the masks to try next. In the end its slope ranks the
features.
The source is Wojtas & Chen 2020, arXiv:2010.08973. The estimator is in `dual_net_estimator.py`.

A mask is float32, 1 where a feature is shown and 0 where it is hidden: s ones of d.
"""

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.progress import track
from xaikit.networks.layers import Layer, first_array, input_gradient, output_of, run
from xaikit.networks.losses import LOSSES
from xaikit.networks.network import Network
from xaikit.networks.training import Adam, parameter_gradients

SEARCH_ROUNDS, LAST_SEARCH_ROUNDS = 5, 12
INSTANCES = MASKS = 32  # in a batch of the operator: every instance under every mask
RANDOM_MASKS = 16  # of the masks of phase II
WEIGHT_OPTIMAL, WEIGHT_BEST = 5.0, 10.0
SELECTOR_EVERY = 8  # batches; their pairs of mask and loss are its batch
PAIRS = SELECTOR_EVERY * MASKS
VALIDATE_EVERY = 50
HIDDEN = 64, 32  # units of both networks
OPERATOR_RATE, SELECTOR_RATE = 2e-3, 1e-2  # Adam's steps

Layers = tuple[Layer, ...]
WeightedMasks = tuple[np.ndarray, np.ndarray]  # (B, d), and their weights for the selector (B,)


def masked(x: Array, masks: np.ndarray) -> Array:
    """Return (x ⊙ m, m) for every mask and every row, mask by mask: (masks · rows, 2d)."""
    xp = namespace(x)
    m = xp.broadcast_to(arrays.like(masks, x)[:, None], (len(masks), *x.shape))
    return xp.concat([x[None] * m, m], axis=2).reshape(-1, 2 * x.shape[1])


def mask_loss(operator: Layers, x: Array, y: Array, mask: np.ndarray, loss: str) -> float:
    """:math:`L(m) = 1/n Σ_i ℓ(f_O(x_i ⊙ m, m), y_i)`: the operator's mean loss under one mask."""
    output = output_of(operator, masked(x, mask[None]))
    return float(LOSSES[loss](output, y)[0].mean())


def operator_loss(
    operator: Layers, x: Array, y: Array, masks: np.ndarray, loss: str
) -> tuple[np.ndarray, list[Array]]:
    """L(m) of each mask, (masks,), and the gradients of mean_m L(m)."""
    values = run(operator, masked(x, masks))
    losses, grad = LOSSES[loss](values[-1], namespace(x).concat([y] * len(masks)))
    of_masks = arrays.to_numpy(losses).reshape(len(masks), len(x)).mean(axis=1)
    return of_masks, parameter_gradients(operator, values, grad)


def predicted_loss(selector: Layers, masks: np.ndarray) -> np.ndarray:
    """f_S(m) of masks (n, d), (n,)."""
    return arrays.to_numpy(output_of(selector, arrays.like(masks, first_array(selector))))[:, 0]


def selector_slope(selector: Layers, mask: np.ndarray) -> np.ndarray:
    """:math:`∂f_S/∂m` at one mask, (d,) float64. Negative is good: the predicted loss falls."""
    values = run(selector, arrays.like(mask[None], first_array(selector)))
    one = namespace(values[-1]).ones_like(values[-1])
    return arrays.to_numpy(input_gradient(selector, values, one))[0].astype(np.float64)


def selector_loss(
    selector: Layers, masks: np.ndarray, losses: np.ndarray, weights: np.ndarray
) -> tuple[float, list[Array]]:
    """:math:`½ mean_m w_m (f_S(m) − L(m))²`, and its gradients."""
    like = first_array(selector)
    m, L, w = (arrays.like(part, like) for part in (masks, losses[:, None], weights[:, None]))
    values = run(selector, m)
    error = values[-1] - L
    grad = w * error / len(masks)  # with respect to f_S(m)
    return float((grad * error).sum() / 2), parameter_gradients(selector, values, grad)


def optimal_mask(selector: Layers, features: int, size: int) -> np.ndarray:
    """Return m_opt: the s smallest slopes at m = ½, then a local search."""
    slope = selector_slope(selector, np.full(features, 0.5, dtype=np.float32))
    mask = np.zeros(features, dtype=np.float32)
    mask[np.argsort(slope, kind="stable")[:size]] = 1
    return local_search(selector, mask, SEARCH_ROUNDS)


def local_search(selector: Layers, mask: np.ndarray, rounds: int) -> np.ndarray:
    """Swap the chosen feature of largest slope for the other of smallest, if f_S falls by it.

    It stops at the first swap that does not lower f_S, and after at most `rounds` swaps.
    """
    loss = predicted_loss(selector, mask[None])[0]
    for _ in range(rounds):
        on, off = on_off(mask)
        if not off.size:
            break
        slope = selector_slope(selector, mask)
        new = swapped(mask, on[slope[on].argmax()], off[slope[off].argmin()])
        new_loss = predicted_loss(selector, new[None])[0]
        if not new_loss < loss:
            break
        mask, loss = new, new_loss
    return mask


def swapped(mask: np.ndarray, i: int | np.ndarray, j: int | np.ndarray) -> np.ndarray:
    """m − i + j: a copy of the mask that hides i and shows j."""
    new = mask.copy()
    new[i], new[j] = 0, 1
    return new


def on_off(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the chosen features and the others."""
    return np.flatnonzero(mask > 0), np.flatnonzero(mask == 0)


def random_masks(features: int, size: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return masks of s features, uniformly drawn, (count, d)."""
    masks = np.zeros((count, features), dtype=np.float32)
    order = np.argsort(rng.random(masks.shape), axis=1)
    np.put_along_axis(masks, order[:, :size], 1, axis=1)
    return masks


def explored_masks(features: int, size: int, rng: np.random.Generator) -> WeightedMasks:
    """Return a batch of phase I: random masks, of weight 1."""
    return random_masks(features, size, MASKS, rng), np.ones(MASKS, dtype=np.float32)


def focused_masks(optimal: np.ndarray, best: np.ndarray, rng: np.random.Generator) -> WeightedMasks:
    """Return a batch of phase II: random masks, m_opt, the best mask, and neighbours.

    The best mask is the one of least loss among the last `PAIRS`. Neighbours are m_opt after two
    swaps, or fewer where no more are possible. m_opt and the best mask have larger weights.
    """
    on, off = on_off(optimal)
    swaps = min(2, len(on), len(off))
    neighbours = [
        swapped(optimal, *(rng.choice(part, swaps, replace=False) for part in (on, off)))
        for _ in range(MASKS - RANDOM_MASKS - 2)
    ]
    random = random_masks(len(optimal), len(on), RANDOM_MASKS, rng)
    weights = np.ones(MASKS, dtype=np.float32)
    weights[RANDOM_MASKS : RANDOM_MASKS + 2] = WEIGHT_OPTIMAL, WEIGHT_BEST
    return np.array([*random, optimal, best, *neighbours]), weights


def two_networks(x: Array, outputs: int, rng: np.random.Generator) -> tuple[Layers, Layers]:
    """Return an operator and a selector with random weights, on x's device."""
    d, (first, second) = x.shape[1], rng.integers(2**31, size=2)
    where = str(x.device) if arrays.is_torch(x) else "numpy"
    operator = Network.mlp([2 * d, *HIDDEN, outputs], "tanh", seed=int(first), dtype="float32")
    # A selector with tanh finds the same masks, but its slopes rank features wrongly.
    selector = Network.mlp([d, *HIDDEN, 1], "sigmoid", seed=int(second), dtype="float32")
    return operator.to(where).layers, selector.to(where).layers


def train(
    learned: tuple[Array, Array],
    held: tuple[Array, Array],
    loss: str,
    outputs: int,
    size: int,
    lengths: tuple[int, int, int],
    rng: np.random.Generator,
    progress: bool,
) -> tuple[tuple[Layers, Layers], np.ndarray, dict[str, np.ndarray]]:
    """Run both phases; return both networks, the mask, and the history.

    `learned` and `held` are (x, y) to learn from and to validate on; `lengths` are exploration,
    refinement and patience. These and the history are explained in `DualNet`.

    The networks are those of the best validation. The mask is the one validated there, or the one
    that a last search from it finds, if its loss on the held rows is not higher.
    """
    features, (exploration, refinement, patience) = learned[0].shape[1], lengths
    operator, selector = two_networks(learned[0], outputs, rng)
    adam_operator, adam_selector = _adam(operator, OPERATOR_RATE), _adam(selector, SELECTOR_RATE)
    mask = random_masks(features, size, 1, rng)[0]
    pairs: list[np.ndarray] = []  # the last masks, their losses and weights
    names = ("loss", "selector_loss", "validated", "validation_loss", "masks")
    history: dict[str, list] = {name: [] for name in names}
    best_loss, best_step, best = np.inf, exploration, None
    for step in track(range(exploration + refinement), progress):
        refining = step >= exploration
        if refining:
            masks, weights = focused_masks(mask, pairs[0][pairs[1].argmin()], rng)
        else:
            masks, weights = explored_masks(features, size, rng)
        losses, gradients = operator_loss(operator, *_instances(learned, rng), masks, loss)
        adam_operator.step(gradients)
        history["loss"].append(losses.mean())
        new = [masks, losses, weights]
        pairs = [np.concatenate(p)[-PAIRS:] for p in zip(pairs, new, strict=True)] if step else new
        if (step + 1) % SELECTOR_EVERY == 0:
            if step < SELECTOR_EVERY:  # the first time, it starts from the mean loss
                selector[-1].parameters["bias"][:] = float(pairs[1].mean())
            error, gradients = selector_loss(selector, *pairs)
            adam_selector.step(gradients)
            history["selector_loss"].append(error)
            if refining or step + SELECTOR_EVERY >= exploration:
                mask = optimal_mask(selector, features, size)
        if refining and (step - exploration) % VALIDATE_EVERY == 0:
            held_loss = mask_loss(operator, *held, mask, loss)
            history["validated"].append(step)
            history["validation_loss"].append(held_loss)
            history["masks"].append(mask)
            if held_loss < best_loss:
                best_loss, best_step = held_loss, step
                best = _copied(operator), _copied(selector), mask
            elif step - best_step >= patience:
                break
    if best is None:
        raise ValueError("the loss was no number in any validation: do rows hold extreme values?")
    operator, selector, mask = best
    last = local_search(selector, mask, LAST_SEARCH_ROUNDS)
    if mask_loss(operator, *held, last, loss) <= best_loss:
        mask = last
    return (operator, selector), mask, {name: np.array(found) for name, found in history.items()}


def _adam(layers: Layers, rate: float) -> Adam:
    return Adam([p for layer in layers for p in layer.parameters.values()], rate)


def _instances(learned: tuple[Array, Array], rng: np.random.Generator) -> tuple[Array, Array]:
    """Return a batch of x and y, drawn without replacement."""
    x, y = learned
    drawn = arrays.indices(rng.choice(len(x), min(INSTANCES, len(x)), replace=False), x)
    return x[drawn], y[drawn]


def _copied(layers: Layers) -> Layers:
    return tuple(layer.map_arrays(arrays.copied) for layer in layers)


def swap_importances(selector: Layers, mask: np.ndarray) -> np.ndarray:
    """Return what swaps of a chosen feature i and another j do to f_S, on average: (d,).

    For i the mean over j of f_S(m − i + j) − f_S(m), for j minus the mean of it over i.
    """
    on, off = on_off(mask)
    importances = np.zeros(len(mask))
    if off.size:
        masks = np.array([swapped(mask, i, j) for i in on for j in off])
        rise = predicted_loss(selector, masks) - predicted_loss(selector, mask[None])
        rise = rise.astype(np.float64).reshape(len(on), len(off))
        importances[on], importances[off] = rise.mean(axis=1), -rise.mean(axis=0)
    return importances
