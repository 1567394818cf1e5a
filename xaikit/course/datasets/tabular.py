"""Tables of real data, split and standardised the same way for every lecture."""

from typing import NamedTuple

import numpy as np

from xaikit.core.settings import as_seed
from xaikit.course.datasets.sources import scikit_learns, shipped

HOUSING_SHA256 = "c589fdac4e2b46842ffd821af2e6773ed510f651d7cc291eb25037e73d56c34b"


class Table(NamedTuple):
    """Real data, split into training and test rows.

    Columns of x are in standard deviations from the mean of the training rows, so that 0 is the
    average row. Where y holds classes, 0, 1, …, `class_names` has the name of each.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    feature_names: list[str]
    class_names: list[str] | None = None


class Housing(NamedTuple):
    """All rows in the order of their source, in their own units.

    `train` and `test` are row numbers: `x[train]`, `y[train]` are the training rows.
    """

    x: np.ndarray
    y: np.ndarray
    feature_names: list[str]
    train: np.ndarray
    test: np.ndarray


def split_rows(kinds: np.ndarray, seed: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Draw a quarter of the rows of each kind for testing, and leave the others for training.

    Parameters
    ----------
    kinds : ndarray, shape (n,)
        The class of each row, so that both parts hold the classes in the same proportions; all
        zeros where there are no classes.
    seed : int or None
        The same seed draws the same rows; None draws new ones.

    Returns
    -------
    train, test : ndarray of int
        Row numbers in random order.
    """
    order = np.random.default_rng(as_seed(seed)).permutation(len(kinds))
    drawn = np.zeros(len(kinds), dtype=bool)
    for kind in np.unique(kinds):
        rows = order[kinds[order] == kind]
        drawn[rows[: len(rows) // 4]] = True
    return order[~drawn[order]], order[drawn[order]]


def _table(
    x: np.ndarray,
    y: np.ndarray,
    feature_names: list[str],
    seed: int | None,
    class_names: list[str] | None = None,
) -> Table:
    """Split the rows, by class where there are classes, and standardise by the training rows."""
    train, test = split_rows(np.zeros(len(y)) if class_names is None else y, seed)
    mean, std = x[train].mean(axis=0), x[train].std(axis=0)
    x = (x - mean) / std
    return Table(x[train], y[train], x[test], y[test], feature_names, class_names)


def diabetes(seed: int | None = 0) -> Table:
    """442 people with diabetes: ten measurements, and the progression of the disease in a year.

    y is the progression one year later, in points of the study's own scale, 25 to 346.

    Parameters
    ----------
    seed : int or None
        Decides which rows are for testing.

    References
    ----------
    Efron, Hastie, Johnstone & Tibshirani 2004, Least Angle Regression, Annals of Statistics 32,
    doi:10.1214/009053604000000067; shipped with scikit-learn.
    """
    x = scikit_learns("diabetes_data_raw.csv.gz", "diabetes")
    y = scikit_learns("diabetes_target.csv.gz", "diabetes")
    # scikit-learn calls the six blood serum measurements s1 … s6; these are their names.
    serum = ["cholesterol", "ldl", "hdl", "chol / hdl", "log triglycerides", "glucose"]
    names = ["age", "sex", "bmi", "blood pressure", *serum]
    return _table(x, y, names, seed)


def breast_cancer(seed: int | None = 0) -> Table:
    """569 breast tumours: thirty measurements of their cell nuclei, and whether they are malignant.

    y is 1 for a malignant tumour (212 of them) and 0 for a benign one (357), so that a model's
    output rises with the danger. scikit-learn's own numbers are the other way round. Both parts
    hold the two classes in the same proportions.

    Ten properties of the nuclei were measured in one picture of each tumour. Each gives three
    columns: the mean over the nuclei, its standard error ("error"), and the mean of the three
    largest ("worst").

    Parameters
    ----------
    seed : int or None
        Decides which rows are for testing.

    References
    ----------
    Street, Wolberg & Mangasarian 1993, Nuclear feature extraction for breast tumor diagnosis,
    doi:10.1117/12.148698; UCI Machine Learning Repository, doi:10.24432/C5DW2B (CC BY 4.0);
    shipped with scikit-learn.
    """
    data = scikit_learns("breast_cancer.csv", "breast_cancer", delimiter=",", skiprows=1)
    measured = ["radius", "texture", "perimeter", "area", "smoothness", "compactness"]
    measured += ["concavity", "concave points", "symmetry", "fractal dimension"]
    names = [f"mean {word}" for word in measured] + [f"{word} error" for word in measured]
    names += [f"worst {word}" for word in measured]
    is_benign = data[:, -1].astype(int)
    return _table(data[:, :-1], 1 - is_benign, names, seed, ["benign", "malignant"])


def california_housing(seed: int | None = 0) -> Housing:
    """20,640 districts of California in the census of 1990: eight columns, and house prices.

    y, shape (20640,), is the median value of a district's houses in 100,000 dollars; values above
    5 were recorded as 5.00001. x, shape (20640, 8), is not standardised:

    ========== ================================================================
    MedInc     median income of a household, in 10,000 dollars
    HouseAge   median age of the houses, in years; 52 stands for 52 and more
    AveRooms   rooms, divided by the number of households
    AveBedrms  bedrooms, divided by the number of households
    Population people
    AveOccup   people, divided by the number of households
    Latitude   of the district's centre, in degrees north
    Longitude  of the district's centre, in degrees east: California's are negative
    ========== ================================================================

    Parameters
    ----------
    seed : int or None
        Decides `train` and `test` only. The rows are the same, in the same order, for every seed.

    Raises
    ------
    ValueError
        If the file that holds the table is damaged.

    References
    ----------
    Pace & Barry 1997, Sparse spatial autoregressions, Statistics & Probability Letters 33,
    doi:10.1016/S0167-7152(96)00140-X. Public figures of the US census of 1990, from StatLib; the
    names of the columns are scikit-learn's.
    """
    # One compressed array per column: smaller than the same numbers as compressed text.
    with np.load(shipped("california_housing.npz", HOUSING_SHA256)) as columns:
        *feature_names, target = columns.files
        x = np.column_stack([columns[name] for name in feature_names])
        y = columns[target]
    return Housing(x, y, feature_names, *split_rows(np.zeros(len(y)), seed))
