"""Ranking features with two networks that train each other.

The operator answers the question under a mask: f_O(x ⊙ m, m) ≈ y, where m shows s of the d
features. The selector learns how much the operator loses under each mask, f_S(m) ≈ L(m), and so
which masks to try next. In the end the selector is the ranking: its slope says what a feature is
worth. Lecture 08 builds both and asks whether this outranks simpler methods.
"""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.layers import Layer, input_gradient, run
from xaikit.core.network import Network
from xaikit.core.training import Adam, parameter_gradients

INSTANCES = MASKS = 32  # in a batch of the operator: every instance under every mask
RANDOM_MASKS = 16  # of them in the second phase
SELECTOR_EVERY = 8  # batches; their pairs of mask and loss are its batch
VALIDATE_EVERY = 50
WEIGHT_OPTIMAL, WEIGHT_BEST = 5.0, 10.0
SEARCH_ROUNDS, LAST_SEARCH_ROUNDS = 5, 12


class DualNet(SelectorMixin, BaseEstimator):
    """Choose and rank features by an operator and a selector network, trained in turn.

    Follows scikit-learn: it is a classifier or a regressor, and a feature selector.

    Parameters
    ----------
    subset_size : int
        s, how many features are shown at a time: 1 to d.
    task : str
        "classification", "regression", or "auto": floating-point y is regression.
    exploration, refinement : int
        Batches of the first phase, with random masks, and at most of the second, around the best.
    patience : int
        Batches of the second phase without a better validation loss before it ends.
    seed : int
        The same seed gives the same networks, splits and masks.
    progress : bool
        Whether to show a bar.

    Attributes
    ----------
    subset_ : (s,) ints
        The chosen features, most important first.
    importances_ : (d,)
        −∂f_S/∂m at the chosen mask: how much the loss falls with a feature. A column that does
        not vary has the least importance of all.
    swap_importances_ : (d,)
        In units of the loss. Of a chosen feature: how much f_S rises, on average, if another takes
        its place; of another: minus how much it rises if it takes the place of a chosen one.
    operator_, selector_ : Network
    history_ : dict of arrays
        "loss", the operator's mean loss of each batch; "selector_loss" of each of its steps;
        "validated" batches, and there "validation_loss" and "masks".
    classes_ : array
        Of a classifier.

    References
    ----------
    Wojtas & Chen 2020, Feature Importance Ranking for Deep Learning, arXiv:2010.08973.

    Notes
    -----
    Unlike in the authors' code, validation rows are independent of the training rows, and what is
    kept is operator, selector and mask of the same moment.
    """

    def __init__(
        self,
        subset_size: int = 3,
        task: str = "auto",
        exploration: int = 1500,
        refinement: int = 1500,
        patience: int = 500,
        seed: int = 0,
        progress: bool = False,
    ):
        self.subset_size = subset_size
        self.task = task
        self.exploration = exploration
        self.refinement = refinement
        self.patience = patience
        self.seed = seed
        self.progress = progress

    def __sklearn_tags__(self):
        from sklearn.utils import ClassifierTags, RegressorTags

        tags = super().__sklearn_tags__()
        if self.task == "classification":
            tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
        if self.task == "regression":
            tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
        tags.target_tags.required = True
        return tags

    def fit(self, X: Any, y: Any, validation: tuple[Any, Any] | None = None) -> "DualNet":
        """Train both networks.

        Parameters
        ----------
        X : array (n, d)
            Rows; they are standardised inside. A torch tensor trains on its device.
        y : array (n,)
            Classes or numbers.
        validation : (X, y), optional
            Rows for early stopping; None takes a quarter of the given ones.

        Raises
        ------
        TypeError, ValueError
            For NaN, a single class, too few rows, or a subset size out of range.
        """
        X = self._checked(X, y)
        y, loss = self._target(y)
        rng = np.random.default_rng(self.seed)
        if validation is None:
            order = rng.permutation(len(X))
            held = max(1, len(X) // 4)
            parts = [(X[_at(rows, X)], y[rows]) for rows in (order[held:], order[:held])]
        else:
            other = self._checked(validation[0], validation[1], reset=False)
            parts = [(X, y), (other, self._encode(validation[1]))]
        self._standardise(parts[0][0], parts[0][1], loss)
        (x, y), (x_held, y_held) = [
            (self._ready(rows), self._ready_target(target, X, loss)) for rows, target in parts
        ]
        trainer = _Trainer(x, y, loss, self._outputs(), self.subset_size, rng)
        self.history_ = trainer.train(
            x_held, y_held, self.exploration, self.refinement, self.patience, self.progress
        )
        self.operator_, self.selector_ = Network(trainer.operator), Network(trainer.selector)
        self._read_out(trainer.mask)
        return self

    def predict(self, X: Any) -> Array:
        """Return classes or numbers (n,), from the chosen features alone."""
        output = self._output(X)
        if self.task_ == "classification":
            return self.classes_[arrays.to_numpy(output).argmax(axis=1)]
        return output[:, 0] * self._y_scale + self._y_mean

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, (n, k)."""
        output = self._output(X)
        if self.task_ != "classification":
            raise AttributeError("predict_proba is for classification")
        xp = namespace(output)
        odds = xp.exp(output - xp.max(output, axis=1, keepdims=True))
        return odds / xp.sum(odds, axis=1, keepdims=True)

    def score(self, X: Any, y: Any) -> float:
        """Return the accuracy of a classifier, R² of a regressor."""
        from sklearn.metrics import accuracy_score, r2_score

        predicted, y = arrays.to_numpy(self.predict(X)), arrays.to_numpy(y)
        return float((accuracy_score if self.task_ == "classification" else r2_score)(y, predicted))

    def _get_support_mask(self) -> np.ndarray:
        check_is_fitted(self, "subset_")
        support = np.zeros(self.n_features_in_, dtype=bool)
        support[self.subset_] = True
        return support

    def _checked(self, X: Any, y: Any = None, reset: bool = True) -> Array:
        """Return X as rows of numbers, of as many columns as in fit."""
        if not arrays.is_torch(X):
            return validate_data(self, X, reset=reset, dtype=[np.float64, np.float32])
        X = arrays.floating(arrays.numeric(X, "X"))
        if X.ndim != 2 or (not reset and X.shape[1] != self.n_features_in_):
            raise ValueError(f"X has shape {tuple(X.shape)}, expected rows (n, d)")
        if reset:
            self.n_features_in_: int = X.shape[1]
        return X

    def _target(self, y: Any) -> tuple[np.ndarray, str]:
        """Return y as class numbers or numbers, and the name of the loss."""
        y = arrays.to_numpy(y)
        if self.task not in ("auto", "classification", "regression"):
            raise ValueError(
                f"task is {self.task!r}, expected 'classification', 'regression' or 'auto'"
            )
        automatic = "regression" if y.dtype.kind == "f" else "classification"
        self.task_ = automatic if self.task == "auto" else self.task
        if y.ndim != 1:
            raise ValueError(f"y has shape {y.shape}, expected (n,)")
        if self.task_ == "classification":
            self.classes_ = np.unique(y)
            if len(self.classes_) < 2:
                raise ValueError(f"y holds one class only ({self.classes_[0]}), expected two")
        return self._encode(y), "cross_entropy" if self.task_ == "classification" else "mse"

    def _encode(self, y: Any) -> np.ndarray:
        y = arrays.to_numpy(y)
        if self.task_ == "regression":
            return arrays.numeric(y, "y").astype(np.float64)
        if unknown := sorted(set(y.tolist()) - set(self.classes_.tolist())):
            raise ValueError(f"y holds classes that fit has not seen: {unknown}")
        return np.searchsorted(self.classes_, y)

    def _outputs(self) -> int:
        return len(self.classes_) if self.task_ == "classification" else 1

    def _standardise(self, X: Array, y: np.ndarray, loss: str) -> None:
        rows = arrays.to_numpy(X).astype(np.float64)
        if len(rows) < 2:
            raise ValueError(f"{len(rows)} row(s) to train on, expected at least 2")
        self._mean, scale = rows.mean(axis=0), rows.std(axis=0)
        # At rounding error a constant column is a constant column.
        self._varies = np.flatnonzero(scale > 1e-12 * np.maximum(1.0, np.abs(self._mean)))
        self._scale = np.where(scale > 0, scale, 1.0)
        varying = len(self._varies)
        size = self.subset_size
        if isinstance(size, bool) or not isinstance(size, int | np.integer):
            raise TypeError(f"subset_size is {size!r}, expected a whole number")
        if not 1 <= size <= varying:
            raise ValueError(
                f"subset_size is {size}, expected 1 to {varying}: X has {rows.shape[1]} columns, "
                f"and {rows.shape[1] - varying} of them never change"
            )
        self._y_mean, self._y_scale = 0.0, 1.0
        if loss == "mse":
            self._y_mean, self._y_scale = float(y.mean()), float(y.std()) or 1.0

    def _ready(self, X: Array) -> Array:
        """Return the varying columns, standardised, in float32."""
        xp = namespace(X)
        mean, scale = arrays.like(self._mean, X), arrays.like(self._scale, X)
        return xp.astype(((X - mean) / scale)[:, _at(self._varies, X)], xp.float32)

    def _ready_target(self, y: np.ndarray, X: Array, loss: str) -> Array:
        if loss == "cross_entropy":
            return _at(y, X)
        standardised = ((y - self._y_mean) / self._y_scale).astype(np.float32)
        return _at(standardised[:, None], X)

    def _output(self, X: Any) -> Array:
        check_is_fitted(self, "subset_")
        x = self._ready(self._checked(X, reset=False))
        return self.operator_(masked(x, arrays.like(self._mask, x)[None]))

    def _read_out(self, mask: np.ndarray) -> None:
        """Store mask, subset and both importances in terms of all columns."""
        self._mask = mask
        slope = selector_slope(self.selector_.layers, mask)
        swaps = swap_importances(self.selector_.layers, mask)
        self.importances_ = np.full(self.n_features_in_, (-slope).min())
        self.swap_importances_ = np.full(self.n_features_in_, swaps.min())
        self.importances_[self._varies], self.swap_importances_[self._varies] = -slope, swaps
        chosen = self._varies[mask > 0]
        self.subset_ = chosen[np.argsort(-self.importances_[chosen], kind="stable")]


class _Trainer:
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
        for step in _steps(exploration + refinement, progress):
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
                "nothing was validated: exploration must be 0 or more, refinement at least 1, and "
                "the loss a number (it is not when rows hold extreme values)"
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
        rows = _at(self.rng.choice(len(self.x), count, replace=False), self.x)
        shown = masked(self.x[rows], arrays.like(masks, self.x))
        y = namespace(self.x).concat([self.y[rows]] * len(masks))
        values = run(self.operator, shown)
        losses, grad = losses_and_gradient(values[-1], y, self.loss)
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
        return float(losses_and_gradient(output, y, self.loss)[0].mean())


def masked(x: Array, masks: Array) -> Array:
    """Return (x ⊙ m, m) for every mask and every row, mask by mask: (masks · rows, 2d)."""
    xp = namespace(x)
    shape = (len(masks), len(x), x.shape[1])
    shown = x[None] * masks[:, None]
    both = xp.concat([shown, xp.broadcast_to(masks[:, None], shape)], axis=2)
    return both.reshape(-1, 2 * x.shape[1])


def losses_and_gradient(output: Array, y: Array, loss: str) -> tuple[Array, Array]:
    """Return each row's loss (n,), and the derivative of their mean with respect to the outputs."""
    if loss == "mse":
        error = output - y
        return (error**2)[:, 0], 2 * error / len(output)
    xp = namespace(output)
    shifted = output - xp.max(output, axis=1, keepdims=True)
    odds = xp.exp(shifted)
    total = xp.sum(odds, axis=1, keepdims=True)
    rows = _at(np.arange(len(output)), output)
    grad = odds / total
    grad[rows, y] -= 1
    return (xp.log(total)[:, 0] - shifted[rows, y]), grad / len(output)


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


def _at(values: np.ndarray, x: Array) -> Array:
    return arrays.indices(values, x)


def _parameters(layers: tuple[Layer, ...]) -> list[Array]:
    return [parameter for layer in layers for parameter in layer.parameters.values()]


def _copies(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    return tuple(layer.map_arrays(lambda a: a + 0) for layer in layers)


def _steps(count: int, progress: bool) -> Any:
    if not progress:
        return range(count)
    from tqdm.auto import trange

    return trange(count)
