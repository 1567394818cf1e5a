"""Compare DualNet with scikit-learn's selectors, on the same folds and by the same judge."""

import time
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from benchmarks.selectors import METHODS, OURS, are_classes, everything
from benchmarks.tables import Table
from xaikit.course.datasets import synthetic

FOLDS = 5
SIZES = {"xor": 3, "orange skin": 4, "regression": 4, "additive": 4}


class DataSet(NamedTuple):
    """Rows, outcomes, the relevant columns if they are known, and how many to choose."""

    x: np.ndarray
    y: np.ndarray
    relevant: np.ndarray | None
    size: int


def data_sets() -> dict[str, DataSet]:
    """Return four synthetic tasks, and two tables whose relevant columns are unknown."""
    sets = {}
    for task, size in SIZES.items():
        x, y, relevant, _ = synthetic.TASKS[task](512, seed=600)
        sets[task] = DataSet(x, y, relevant, size)
    sets["breast cancer"] = DataSet(*load_breast_cancer(return_X_y=True), None, 5)
    sets["digits"] = DataSet(*load_digits(return_X_y=True), None, 10)
    return sets


class Judged(NamedTuple):
    """A method's columns in each fold: hits, the judge's score, and the CPU seconds of the choice.

    A hit is a chosen column that is known to be relevant.
    """

    hits: np.ndarray
    scores: np.ndarray
    seconds: np.ndarray


def judged(data: DataSet, methods=METHODS, folds: int = FOLDS) -> dict[str, Judged]:
    """Return each method's hits, scores of a support vector machine, and seconds, per fold."""
    x, y, relevant, size = data
    splitter = (StratifiedKFold if are_classes(y) else KFold)(folds, shuffle=True, random_state=0)
    results: dict[str, list[tuple]] = {name: [] for name in methods}
    for train, test in splitter.split(x, y):
        scaler = StandardScaler().fit(x[train])
        rows, others = scaler.transform(x[train]), scaler.transform(x[test])
        for name, choose in methods.items():
            start = time.process_time()
            chosen = np.sort(choose(rows, y[train], size))
            seconds = time.process_time() - start
            hits = 0 if relevant is None else len(np.intersect1d(chosen, relevant))
            judge = (SVC if are_classes(y) else SVR)().fit(rows[:, chosen], y[train])
            results[name].append((hits, judge.score(others[:, chosen], y[test]), seconds))
    return {name: Judged(*np.array(found).T) for name, found in results.items()}


def interval(differences: np.ndarray) -> tuple[float, float]:
    """Return the 95% interval of a mean over k folds.

    Folds share most of their training rows. So the mean's variance is not 1/k of a fold's, but
    1/k + 1/(k − 1) of it, where 1/(k − 1) is test rows ÷ training rows (Nadeau & Bengio 2003,
    Inference for the Generalization Error).
    """
    k = len(differences)
    std = differences.std(ddof=1) * (1 / k + 1 / (k - 1)) ** 0.5
    half = student.ppf(0.975, k - 1) * std
    return differences.mean() - half, differences.mean() + half


def verdict(low: float, high: float) -> str:
    """Return the meaning of an interval of the dual net's lead, in words."""
    return "dual net wins" if low > 0 else "dual net loses" if high < 0 else "no difference"


def table() -> Table:
    """Hits, the judge's score and CPU seconds of each method, and the dual net's lead."""
    rows = []
    for name, data in data_sets().items():
        results = judged(data)
        for method, (hits, scores, seconds) in results.items():
            known = data.relevant is not None and METHODS[method] is not everything
            shown = f"{hits.mean():.1f} of {data.size}" if known else "–"
            line = [f"{name}: {method}", shown, f"{scores.mean():.3f}"]
            if method == OURS:
                line += ["–", "–"]
            else:
                low, high = interval(results[OURS].scores - scores)
                line += [f"{low:+.3f} to {high:+.3f}", verdict(low, high)]
            rows.append([*line, f"{seconds.mean():.2f}"])
            print(*rows[-1], flush=True)
    columns = ["hits", "score", "dual net's lead, 95% interval", "verdict", "CPU s a fold"]
    return Table(["data: method", *columns], rows, [])
