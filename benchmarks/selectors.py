"""Selectors of columns: xaikit's two networks, and scikit-learn's, with its defaults.

Each is a function of standardised rows (n, d), their y (n,), and the number of columns to choose.
It returns the indices of these columns. A y of whole numbers holds classes.
"""

from collections.abc import Callable

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.feature_selection import RFE, mutual_info_classif, mutual_info_regression
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LassoCV, LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split

import xaikit as xk

ITERATIONS = 5000  # scikit-learn's default of 100 does not always converge


def are_classes(y: np.ndarray) -> bool:
    """Return whether y holds classes."""
    return y.dtype.kind in "iub"


def largest(importances: np.ndarray, size: int) -> np.ndarray:
    """Return the columns of largest importance; the first of equal ones."""
    return np.argsort(-importances, kind="stable")[:size]


def dual_net(x: np.ndarray, y: np.ndarray, size: int) -> np.ndarray:
    """Return the subset of xaikit's ranker."""
    return xk.DualNet(size, seed=0).fit(x, y).subset_


def forest(y: np.ndarray) -> RandomForestClassifier | RandomForestRegressor:
    """Return a forest of scikit-learn's size."""
    return (RandomForestClassifier if are_classes(y) else RandomForestRegressor)(random_state=0)


def impurity(x: np.ndarray, y: np.ndarray, size: int) -> np.ndarray:
    """Return the columns whose splits in a forest reduce impurity most."""
    return largest(forest(y).fit(x, y).feature_importances_, size)


def permutation(x: np.ndarray, y: np.ndarray, size: int) -> np.ndarray:
    """Return the columns whose permutation in a held-out quarter costs a forest most."""
    classes = y if are_classes(y) else None
    x, held, y, y_held = train_test_split(x, y, random_state=0, stratify=classes)
    result = permutation_importance(forest(y).fit(x, y), held, y_held, random_state=0)
    return largest(result.importances_mean, size)


def penalty(x: np.ndarray, y: np.ndarray, size: int) -> np.ndarray:
    """Return the largest coefficients under an L1 penalty, summed over classes.

    For regression cross-validation chooses the penalty: scikit-learn's default leaves nothing.
    """
    if not are_classes(y):
        return largest(np.abs(LassoCV(random_state=0).fit(x, y).coef_), size)
    return largest(np.abs(lasso_of_classes().fit(x, y).coef_).sum(axis=0), size)


def lasso_of_classes() -> LogisticRegression:
    """Return a logistic regression with the lasso's penalty, as lecture 08 trains it."""
    model = LogisticRegression(l1_ratio=1, solver="saga", max_iter=ITERATIONS, random_state=0)
    if model.penalty == "l2":  # before scikit-learn 1.8 the ratio alone changed nothing
        model.penalty = "elasticnet"
    return model


def information(x: np.ndarray, y: np.ndarray, size: int) -> np.ndarray:
    """Return the columns that have the largest mutual information with y, each alone."""
    estimate = mutual_info_classif if are_classes(y) else mutual_info_regression
    return largest(estimate(x, y, random_state=0), size)


def elimination(x: np.ndarray, y: np.ndarray, size: int) -> np.ndarray:
    """Return the columns left after a linear model repeatedly drops its smallest coefficient."""
    model = LogisticRegression(max_iter=ITERATIONS) if are_classes(y) else LinearRegression()
    return np.flatnonzero(RFE(model, n_features_to_select=size).fit(x, y).support_)


def everything(x: np.ndarray, y: np.ndarray, size: int) -> np.ndarray:
    """Return all columns."""
    return np.arange(x.shape[1])


OURS = "dual net"
METHODS: dict[str, Callable[[np.ndarray, np.ndarray, int], np.ndarray]] = {
    OURS: dual_net,
    "permutation importance of a forest": permutation,
    "a forest's own importance": impurity,
    "L1 penalty": penalty,
    "mutual information": information,
    "recursive elimination": elimination,
    "all columns": everything,
}
