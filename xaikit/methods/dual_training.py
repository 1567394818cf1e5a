"""The two phases in which an operator and a selector train each other; see `ranking`."""

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.progress import track
from xaikit.methods.mask_search import local_search, optimal_mask
from xaikit.networks.layers import Layer, run
from xaikit.networks.losses import LOSSES
from xaikit.networks.network import Network
from xaikit.networks.training import Adam, parameter_gradients

INSTANCES = MASKS = 32  # in a batch of the operator: every instance under every mask
RANDOM_MASKS = 16  # of them in the second phase
SELECTOR_EVERY = 8  # batches; their pairs of mask and loss are its batch
VALIDATE_EVERY = 50
WEIGHT_OPTIMAL, WEIGHT_BEST = 5.0, 10.0
LAST_SEARCH_ROUNDS = 12


class DualTraining:
    """Operator, selector and the best mask so far, while they are trained."""

    def __init__(
        self, x: Array, y: Array, loss: str, outputs: int, size: int, rng: np.random.Generator
    ):
        self.x, self.y, self.loss, self.size, self.rng = x, y, loss, size, rng
        self.features = features = x.shape[1]
        seeds = rng.integers(2**31, size=2)
        where = str(x.device) if arrays.is_torch(x) else "numpy"

        def layers(sizes: list[int], activation: str, seed: int) -> tuple[Layer, ...]:
            network = Network.mlp(sizes, activation, seed=int(seed), dtype="float32")
            return network.to(where).layers

        self.operator = layers([2 * features, 64, 32, outputs], "tanh", seeds[0])
        # With tanh the selector finds the same masks, but its slopes rank features wrongly.
        self.selector = layers([features, 64, 32, 1], "sigmoid", seeds[1])
        self.adam_operator = Adam(_parameters(self.operator), 2e-3)
        self.adam_selector = Adam(_parameters(self.selector), 1e-2)
        self.mask = self.random_masks(1)[0]
        self.window: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.selector_steps = 0

    def train(
        self, x: Array, y: Array, exploration: int, refinement: int, patience: int, progress: bool
    ) -> dict[str, np.ndarray]:
        """Run both phases; keep operator, selector and mask of the best validation loss."""
        history: dict[str, list] = {
            "loss": [],
            "selector_loss": [],
            "validated": [],
            "validation_loss": [],
            "masks": [],
        }
        best, best_step, kept = np.inf, exploration, None
        for step in track(range(exploration + refinement), progress):
            refining = step >= exploration
            masks, weights = self.focused_masks() if refining else self.explored_masks()
            losses = self.operator_step(masks)
            history["loss"].append(losses.mean())
            self.window = [*self.window, (masks, losses, weights)][-SELECTOR_EVERY:]
            if (step + 1) % SELECTOR_EVERY == 0:
                history["selector_loss"].append(self.selector_step())
                if refining or step + SELECTOR_EVERY >= exploration:
                    self.mask = optimal_mask(self.selector, self.features, self.size)
            if refining and (step - exploration) % VALIDATE_EVERY == 0:
                held = self.validation_loss(x, y, self.mask)
                history["validated"].append(step)
                history["validation_loss"].append(held)
                history["masks"].append(self.mask)
                if held < best:
                    best, best_step = held, step
                    kept = [_copies(self.operator), _copies(self.selector), self.mask]
                elif step - best_step >= patience:
                    break
        if kept is None:
            raise ValueError(
                "the loss was no number in any validation: do rows hold extreme values?"
            )
        self.operator, self.selector, self.mask = kept
        last = local_search(self.selector, self.mask, LAST_SEARCH_ROUNDS)
        if self.validation_loss(x, y, last) <= best:
            self.mask = last
        return {name: np.array(values) for name, values in history.items()}

    def random_masks(self, count: int) -> np.ndarray:
        """Return masks of s features, uniformly drawn."""
        masks = np.zeros((count, self.features), dtype=np.float32)
        order = np.argsort(self.rng.random(masks.shape), axis=1)
        np.put_along_axis(masks, order[:, : self.size], 1, axis=1)
        return masks

    def explored_masks(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the masks of a batch of the first phase, and their weights for the selector."""
        return self.random_masks(MASKS), np.ones(MASKS, dtype=np.float32)

    def focused_masks(self) -> tuple[np.ndarray, np.ndarray]:
        """Return random masks, the selector's best, the one of lowest loss, and neighbours."""
        tried = np.concatenate([masks for masks, _, _ in self.window])
        lost = np.concatenate([losses for _, losses, _ in self.window])
        neighbours = np.repeat(self.mask[None], MASKS - RANDOM_MASKS - 2, axis=0)
        swaps = min(2, self.size, self.features - self.size)
        for neighbour in neighbours:
            on, off = np.flatnonzero(self.mask > 0), np.flatnonzero(self.mask == 0)
            neighbour[self.rng.choice(on, swaps, replace=False)] = 0
            neighbour[self.rng.choice(off, swaps, replace=False)] = 1
        best = tried[lost.argmin()]
        masks = np.concatenate(
            [self.random_masks(RANDOM_MASKS), self.mask[None], best[None], neighbours]
        )
        weights = np.ones(MASKS, dtype=np.float32)
        weights[RANDOM_MASKS : RANDOM_MASKS + 2] = WEIGHT_OPTIMAL, WEIGHT_BEST
        return masks, weights

    def operator_step(self, masks: np.ndarray) -> np.ndarray:
        """Train the operator on some rows under each mask; return each mask's mean loss."""
        count = min(INSTANCES, len(self.x))
        rows = arrays.indices(self.rng.choice(len(self.x), count, replace=False), self.x)
        shown = masked(self.x[rows], arrays.like(masks, self.x))
        y = namespace(self.x).concat([self.y[rows]] * len(masks))
        values = run(self.operator, shown)
        losses, grad = LOSSES[self.loss](values[-1], y)
        self.adam_operator.step(parameter_gradients(self.operator, values, grad))
        return arrays.to_numpy(losses).reshape(len(masks), count).mean(axis=1)

    def selector_step(self) -> float:
        """Train the selector on the masks and losses of the last batches: ½ mean w (f_S − L)²."""
        masks, losses, weights = (np.concatenate(part) for part in zip(*self.window, strict=True))
        if self.selector_steps == 0:
            self.selector[-1].bias[:] = float(losses.mean())  # type: ignore[attr-defined]
        self.selector_steps += 1
        values = run(self.selector, arrays.like(masks, self.x))
        error = values[-1] - arrays.like(losses[:, None], self.x)
        weighted = arrays.like(weights[:, None], self.x) * error / len(masks)
        self.adam_selector.step(parameter_gradients(self.selector, values, weighted))
        return float((weighted * error).sum() / 2)

    def validation_loss(self, x: Array, y: Array, mask: np.ndarray) -> float:
        """Return the operator's mean loss on rows under a mask."""
        output = run(self.operator, masked(x, arrays.like(mask[None], x)))[-1]
        return float(LOSSES[self.loss](output, y)[0].mean())


def masked(x: Array, masks: Array) -> Array:
    """Return (x ⊙ m, m) for every mask and every row, mask by mask: (masks · rows, 2d)."""
    xp = namespace(x)
    shape = (len(masks), len(x), x.shape[1])
    shown = x[None] * masks[:, None]
    both = xp.concat([shown, xp.broadcast_to(masks[:, None], shape)], axis=2)
    return both.reshape(-1, 2 * x.shape[1])


def _parameters(layers: tuple[Layer, ...]) -> list[Array]:
    return [parameter for layer in layers for parameter in layer.parameters.values()]


def _copies(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    return tuple(layer.map_arrays(lambda a: a + 0) for layer in layers)
