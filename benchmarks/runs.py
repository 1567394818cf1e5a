"""The runs that lecture 08 shows as dots: ten tables, splits or seeds for each comparison.

``python -m benchmarks.runs`` takes about ten minutes and rewrites the file that
:func:`xaikit.course.datasets.ranking_runs` reads.
"""

import csv
from collections.abc import Iterable, Iterator

import numpy as np
from sklearn import feature_selection as fs
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LassoCV, LinearRegression, LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import xaikit as xk
from benchmarks.selectors import lasso_of_classes
from xaikit.course import datasets
from xaikit.course.datasets.runs import STORED
from xaikit.course.datasets.synthetic import TASKS

SEEDS = range(10)
SIZES = {"xor": 3, "orange skin": 4, "regression": 4, "additive": 4, "switch": 4}
SHORT = {"exploration": 800, "refinement": 600, "patience": 200}
Row = tuple[str, int, str, float]


def rankings(x: np.ndarray, y: np.ndarray, s: int, seed: int) -> dict[str, np.ndarray]:
    """Return the s best columns by the dual net and its five rivals, as lecture 08 trains them."""
    classes = y.dtype.kind != "f"
    forest = (RandomForestClassifier if classes else RandomForestRegressor)(random_state=seed)
    line = LogisticRegression() if classes else LinearRegression()
    tell = fs.mutual_info_classif if classes else fs.mutual_info_regression
    lasso = lasso_of_classes() if classes else LassoCV()
    mixed, fourth = np.random.default_rng(seed).permutation(len(x)), len(x) // 4
    fit, out = mixed[fourth:], mixed[:fourth]
    fitted = forest.fit(x[fit], y[fit])
    shuffled = permutation_importance(fitted, x[out], y[out], random_state=seed).importances_mean
    scores = {
        "permutation": shuffled,
        "forest": forest.fit(x, y).feature_importances_,
        "lasso": np.abs(np.atleast_2d(lasso.fit(x, y).coef_)).sum(axis=0),
        "mutual information": tell(x, y, random_state=seed),
        "RFE": -fs.RFE(line, n_features_to_select=s).fit(x, y).ranking_,
    }
    chosen = {name: np.argsort(-score, kind="stable")[:s] for name, score in scores.items()}
    return {"dual net": xk.DualNet(s, seed=seed, **SHORT).fit(x, y).subset_, **chosen}


def hits() -> Iterator[Row]:
    """Yield how many of a task's relevant columns each method chooses, in ten tables."""
    for task, s in SIZES.items():
        for seed in SEEDS:
            data = TASKS[task](512, seed=seed)
            for method, chosen in rankings(data.x, data.y, s, seed).items():
                yield task, seed, method, len(set(chosen) & set(data.relevant))


def wide(seeds: Iterable[int] = SEEDS) -> Iterator[Row]:
    """Yield how many of xor's three columns are chosen among thirty, in a table for each seed."""
    for seed in seeds:
        data = TASKS["xor"](512, seed=seed)
        x = np.hstack([data.x, np.random.default_rng(seed).standard_normal((512, 20))])
        forest = RandomForestClassifier(random_state=seed).fit(x, data.y)
        order = np.argsort(-forest.feature_importances_)
        dual = xk.DualNet(3, seed=seed, refinement=500).fit(x, data.y)
        for method, chosen in (("dual net", dual.subset_), ("forest", order[:3])):
            yield "xor, 30 columns", seed, method, len(set(chosen) & set(data.relevant))


def tumours() -> Iterator[Row]:
    """Yield the share of tumours that five columns tell, in ten splits into three folds."""
    table = datasets.breast_cancer()
    x = np.vstack([table.x_train, table.x_test])
    y = np.concatenate([table.y_train, table.y_test])
    for seed in SEEDS:
        right: dict[str, int] = {}
        for fit, test in StratifiedKFold(3, shuffle=True, random_state=seed).split(x, y):
            scaler = StandardScaler().fit(x[fit])
            rows, others = scaler.transform(x[fit]), scaler.transform(x[test])
            choices = rankings(rows, y[fit], 5, seed) | {"all 30": np.arange(30)}
            for method, chosen in choices.items():
                answers = SVC().fit(rows[:, chosen], y[fit]).predict(others[:, chosen])
                right[method] = right.get(method, 0) + int((answers == y[test]).sum())
        for method, count in right.items():
            yield "tumours", seed, method, count / len(y)


def digits() -> Iterator[Row]:
    """Yield the share of digits that 8 or 12 pixels tell, for ten seeds of both methods."""
    data = datasets.digits()
    a, b = data.x_train.reshape(-1, 64), data.x_test.reshape(-1, 64)
    for s in (8, 12):
        for seed in SEEDS:
            forest = RandomForestClassifier(random_state=seed).fit(a, data.y_train)
            dual = xk.DualNet(s, seed=seed, exploration=500, refinement=250).fit(a, data.y_train)
            order = np.argsort(-forest.feature_importances_)
            for method, pixels in (("dual net", dual.subset_), ("forest", order[:s])):
                answers = SVC().fit(a[:, pixels], data.y_train).predict(b[:, pixels])
                yield f"digits, s = {s}", seed, method, float((answers == data.y_test).mean())


def main() -> None:
    """Run everything, and store it."""
    rows = [*hits(), *wide(), *digits(), *tumours()]
    with STORED.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["task", "seed", "method", "value"])
        writer.writerows((task, seed, method, f"{value:.4g}") for task, seed, method, value in rows)


if __name__ == "__main__":
    main()
