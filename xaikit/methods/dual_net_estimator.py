"""DualNet, an estimator of scikit-learn; both losses and the search are in `dual_net.py`."""

from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.extras import needs
from xaikit.core.settings import as_seed, expect_count
from xaikit.core.threads import one_blas_thread
from xaikit.methods.dual_net import masked, selector_slope, swap_importances, train
from xaikit.networks.losses import softmax
from xaikit.networks.network import Network

with needs("sklearn", "DualNet"):
    from sklearn.base import BaseEstimator
    from sklearn.feature_selection import SelectorMixin
    from sklearn.metrics import accuracy_score, r2_score
    from sklearn.utils import ClassifierTags, RegressorTags, assert_all_finite
    from sklearn.utils.metaestimators import available_if
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data


class DualNet(SelectorMixin, BaseEstimator):
    """Choose and rank features by an operator and a selector network, trained in turn.

    Follows scikit-learn: it is a classifier or a regressor, and a feature selector. The formulas
    are in `xaikit.methods.dual_net`.

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
    seed : int or None
        The same seed gives the same networks, splits and masks; None gives new ones.
    progress : bool
        Whether to show a bar.

    Attributes
    ----------
    subset_ : (s,) ints
        The chosen features, most important first.
    importances_ : (d,)
        :math:`−∂f_S/∂m` at the chosen mask: how much the loss falls with a feature. A column
        that does not vary has the least importance of all.
    swap_importances_ : (d,)
        In units of the loss. For a chosen feature i: the mean rise of :math:`f_S` when another
        replaces i. For a feature j that was not chosen: minus the mean rise of :math:`f_S` when j
        replaces a chosen one.
    operator_, selector_ : Network
        Trained in float32; their weights are float64, and so are predictions.
    history_ : dict of arrays
        "loss", the operator's mean loss of each batch; "selector_loss" of each of its steps;
        "validated" batches, and there "validation_loss" and "masks".
    classes_ : array
        The classes; only a classifier has them.

    Notes
    -----
    Unlike in the authors' code, validation rows are independent of the training rows, and what is
    kept is operator, selector and mask of the same moment.

    References
    ----------
    Wojtas & Chen 2020, Feature Importance Ranking for Deep Learning, arXiv:2010.08973.
    """

    def __init__(
        self,
        subset_size: int = 3,
        task: str = "auto",
        exploration: int = 1500,
        refinement: int = 1500,
        patience: int = 500,
        seed: int | None = 0,
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
        lengths = self.exploration, self.refinement, self.patience
        for name, length in zip(("exploration", "refinement", "patience"), lengths, strict=True):
            expect_count(name, length, 1)
        X = self._checked(X)
        y = self._target(y, len(X))
        rng = np.random.default_rng(as_seed(self.seed))
        if validation is None:
            order = rng.permutation(len(X))
            cut = max(1, len(X) // 4)
            parts = [(X[arrays.indices(rows, X)], y[rows]) for rows in (order[cut:], order[:cut])]
        else:
            other = arrays.like(self._checked(validation[0], reset=False), X)
            parts = [(X, y), (other, self._encode(as_column(validation[1], len(other))))]
        self._standardise(*parts[0])
        xp = namespace(X)
        learned, held = (
            (xp.astype(self._ready(part), xp.float32), self._ready_target(target, X))
            for part, target in parts
        )
        regression = self.task_ == "regression"
        loss, outputs = ("mse", 1) if regression else ("cross_entropy", len(self.classes_))
        with one_blas_thread():
            networks, mask, self.history_ = train(
                learned, held, loss, outputs, self.subset_size, lengths, rng, self.progress
            )
        # Trained in float32, used in float64: a product depends on the block that a row falls
        # into, so in float32 the order of the rows would change a prediction by 1e-7.
        self.operator_, self.selector_ = (Network(n).to(dtype="float64") for n in networks)
        self._read_out(mask)
        return self

    def predict(self, X: Any) -> Array:
        """Return classes or numbers (n,), from the chosen features alone."""
        output = self._output(X)
        if self.task_ == "classification":
            return self.classes_[arrays.to_numpy(output).argmax(axis=1)]
        return output[:, 0] * self._y_scale + self._y_mean

    @available_if(lambda self: getattr(self, "task_", self.task) != "regression")
    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, (n, k)."""
        return softmax(self._output(X))

    def score(self, X: Any, y: Any) -> float:
        """Return the accuracy of a classifier, R² of a regressor."""
        predicted, y = arrays.to_numpy(self.predict(X)), arrays.to_numpy(y)
        return float((accuracy_score if self.task_ == "classification" else r2_score)(y, predicted))

    def _get_support_mask(self) -> np.ndarray:
        check_is_fitted(self, "subset_")
        return np.isin(np.arange(self.n_features_in_), self.subset_)

    def _checked(self, X: Any, reset: bool = True) -> Array:
        """Return X as rows of numbers, of as many columns as in fit."""
        if not arrays.is_torch(X):
            floats, fewest = [np.float64, np.float32], 2 if reset else 1
            return validate_data(self, X, reset=reset, dtype=floats, ensure_min_samples=fewest)
        X = arrays.floating(arrays.numeric(X, "X"))
        if X.ndim != 2 or (not reset and X.shape[1] != self.n_features_in_):
            raise ValueError(f"X has shape {tuple(X.shape)}, expected rows (n, d)")
        if reset:
            self.n_features_in_: int = X.shape[1]
        return X

    def _target(self, y: Any, rows: int) -> np.ndarray:
        """Settle the task; return y as class numbers or numbers."""
        if self.task not in ("auto", "classification", "regression"):
            raise ValueError(
                f"task is {self.task!r}, expected 'classification', 'regression' or 'auto'"
            )
        y = as_column(y, rows)
        automatic = "regression" if y.dtype.kind == "f" else "classification"
        self.task_ = automatic if self.task == "auto" else self.task
        if self.task_ == "classification":
            check_classification_targets(y)
            self.classes_ = np.unique(y)
            if len(self.classes_) < 2:
                raise ValueError(f"y holds one class only ({self.classes_[0]}), expected two")
        return self._encode(y)

    def _encode(self, y: np.ndarray) -> np.ndarray:
        if self.task_ == "regression":
            return arrays.numeric(y.astype(np.float64), "y")
        if unknown := sorted(set(y.tolist()) - set(self.classes_.tolist())):
            raise ValueError(f"y holds classes that fit has not seen: {unknown}")
        return np.searchsorted(self.classes_, y)

    def _standardise(self, X: Array, y: np.ndarray) -> None:
        """Note which columns vary, and the mean and spread of columns and numbers."""
        rows = arrays.to_numpy(X).astype(np.float64)
        self._mean, scale = rows.mean(axis=0), rows.std(axis=0)
        # At rounding error a constant column is a constant column.
        self._varies = np.flatnonzero(scale > 1e-12 * np.maximum(1.0, np.abs(self._mean)))
        self._scale = np.where(scale > 0, scale, 1.0)
        varying = len(self._varies)
        if len(rows) < 2:
            raise ValueError(
                f"{len(rows)} row is left to train on: give more rows, so that a quarter can be "
                "held out, or validation rows of their own"
            )
        expect_count("subset_size", self.subset_size, 1)
        if self.subset_size > varying:
            raise ValueError(
                f"subset_size is {self.subset_size}, expected 1 to {varying}: X has "
                f"{rows.shape[1]} columns, and {rows.shape[1] - varying} of them never change"
            )
        if self.task_ == "regression":
            self._y_mean, self._y_scale = float(y.mean()), float(y.std()) or 1.0

    def _ready(self, X: Array) -> Array:
        """Return the varying columns, standardised, in float64."""
        X = namespace(X).astype(X, namespace(X).float64)
        mean, scale = arrays.like(self._mean, X), arrays.like(self._scale, X)
        return ((X - mean) / scale)[:, arrays.indices(self._varies, X)]

    def _ready_target(self, y: np.ndarray, X: Array) -> Array:
        if self.task_ == "classification":
            return arrays.indices(y, X)
        standardised = ((y - self._y_mean) / self._y_scale).astype(np.float32)
        return arrays.indices(standardised[:, None], X)

    def _output(self, X: Any) -> Array:
        check_is_fitted(self, "subset_")
        x = self._ready(self._checked(X, reset=False))
        return self.operator_(masked(x, self._mask[None]))

    def _read_out(self, mask: np.ndarray) -> None:
        """Store mask, subset and both importances in terms of all columns."""
        self._mask, selector = mask, self.selector_.layers
        slopes, swaps = -selector_slope(selector, mask), swap_importances(selector, mask)
        self.importances_ = np.full(self.n_features_in_, slopes.min())
        self.swap_importances_ = np.full(self.n_features_in_, swaps.min())
        self.importances_[self._varies], self.swap_importances_[self._varies] = slopes, swaps
        chosen = self._varies[mask > 0]
        self.subset_ = chosen[np.argsort(-self.importances_[chosen], kind="stable")]


def as_column(y: Any, rows: int) -> np.ndarray:
    """Return y as (n,), one entry for each row."""
    if y is None:
        raise ValueError("requires y to be passed, but the target y is None")
    y = column_or_1d(arrays.to_numpy(y), warn=True)
    if y.dtype.kind == "f":
        assert_all_finite(y, input_name="y")
    if len(y) != rows:
        raise ValueError(f"X has {rows} rows, and y has {len(y)} entries")
    return y
