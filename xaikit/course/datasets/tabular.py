"""Tables of real data, split and standardised the same way for every lecture."""

from typing import NamedTuple

import numpy as np


class Table(NamedTuple):
    """Real data, split into training and test rows.

    Columns of x are in standard deviations from the mean of the training rows, so that 0 is the
    average row.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    feature_names: list[str]


def _split(x: np.ndarray, y: np.ndarray, names: list[str], seed: int) -> Table:
    """Keep a quarter of the rows for testing, and standardise by the others."""
    order = np.random.default_rng(seed).permutation(len(x))
    test, train = np.split(order, [len(x) // 4])
    mean, std = x[train].mean(axis=0), x[train].std(axis=0)
    x = (x - mean) / std
    return Table(x[train], y[train], x[test], y[test], names)


def diabetes(seed: int = 0) -> Table:
    """442 people with diabetes: ten measurements, and how far the disease went in a year.

    y is the progression one year later, in points of the study's own scale, 25 to 346.

    References
    ----------
    Efron, Hastie, Johnstone & Tibshirani 2004, Least Angle Regression, Annals of Statistics 32,
    doi:10.1214/009053604000000067; shipped with scikit-learn.
    """
    from sklearn.datasets import load_diabetes

    data = load_diabetes(scaled=False)
    # scikit-learn calls the six blood serum measurements s1 … s6; these are their names.
    serum = ["cholesterol", "ldl", "hdl", "chol / hdl", "triglycerides", "glucose"]
    names = ["age", "sex", "bmi", "blood pressure", *serum]
    return _split(data.data, data.target, names, seed)
