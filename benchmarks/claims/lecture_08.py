"""The claims of lecture 08, ranking. `runs` ranks its ten tables, and what it found is stored."""

from functools import cache
from itertools import combinations

import numpy as np
from sklearn import feature_selection as fs
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

import xaikit as xk
from benchmarks import runs
from benchmarks.claims import claim
from benchmarks.claims.shared import lead
from xaikit.course import datasets
from xaikit.course.datasets import synthetic


@cache
def _found(seed: int, task: str) -> dict[str, float]:
    """Return how many of a task's columns each method chooses in one table."""
    if seed in runs.SEEDS:
        stored = datasets.ranking_runs()[task]
        return {method: float(values[seed]) for method, values in stored.items()}
    if task == "xor, 30 columns":
        return {method: float(count) for _, _, method, count in runs.wide([seed])}
    data = synthetic.TASKS[task](512, seed=seed)
    chosen = runs.rankings(data.x, data.y, runs.SIZES[task], seed)
    return {method: float(np.isin(data.relevant, chosen[method]).sum()) for method in chosen}


@claim("on xor lasso, mutual information and RFE fail")
def methods_of_one_column_fail_on_xor(seed: int) -> float:
    """True columns of the dual net minus the most that one of them finds."""
    return lead(_found(seed, "xor"), "dual net", ("lasso", "mutual information", "RFE"))


@claim("on the orange skin lasso and RFE fail")
def linear_models_fail_on_a_ball(seed: int) -> float:
    """True columns of the dual net minus the most that one of them finds."""
    return lead(_found(seed, "orange skin"), "dual net", ("lasso", "RFE"))


@claim("a forest finds about as much as the dual net")
def a_forest_finds_as_much(seed: int) -> float:
    """0.5 minus the difference of true columns, the mean of five tasks."""
    tables = [_found(seed, task) for task in runs.SIZES]
    return 0.5 - abs(float(np.mean([t["forest"] - t["dual net"] for t in tables])))


@claim("among thirty columns the dual net finds fewer than a forest")
def the_dual_net_needs_few_columns(seed: int) -> float:
    """True columns of the forest minus those of the dual net."""
    return lead(_found(seed, "xor, 30 columns"), "forest", "dual net")


@claim("on additive the first column tells the class nearly as well as all four")
def the_first_column_is_nearly_all(seed: int) -> float:
    """2 points minus what the best possible accuracy gains over the best threshold on it."""
    task = synthetic.additive(20_000, seed)
    order = task.x[:, task.relevant[0]].argsort()
    right = np.cumsum(2 * task.y[order] - 1) + np.sum(task.y == 0)  # below: 1, above: 0
    return 0.02 - (task.best - float(right.max()) / len(order))


@claim("what matters on switch differs by row")
def switch_differs_by_row(seed: int) -> float:
    """Importance of the side's own four columns minus that of the other four, smaller side."""
    data = synthetic.switch(2000, seed=seed)
    parts = data.relevant[:4], data.relevant[4:8]
    leads = []
    for own, other, rows in (
        (*parts, data.x[:, data.relevant[8]] > 0),
        (*parts[::-1], data.x[:, data.relevant[8]] <= 0),
    ):
        forest = RandomForestClassifier(random_state=seed).fit(data.x[rows], data.y[rows])
        leads.append(
            sum(forest.feature_importances_[own]) - sum(forest.feature_importances_[other])
        )
    return float(min(leads))


@claim("on noise, ranking on all rows first makes the accuracy too good")
def leaks_flatter(seed: int) -> float:
    """Accuracy of what is ranked on all rows minus that of what is ranked inside, minus 0.1."""
    rng = np.random.default_rng(seed)
    noise, coin = rng.standard_normal((60, 2000)), rng.integers(2, size=60)
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    best = fs.SelectKBest(fs.f_classif, k=10)
    leaking = cross_val_score(SVC(), best.fit_transform(noise, coin), coin, cv=folds)
    honest = cross_val_score(make_pipeline(best, SVC()), noise, coin, cv=folds)
    return float(leaking.mean() - honest.mean()) - 0.1


@claim("a column and its copy each look less important than the two others")
def copies_share(seed: int) -> float:
    """The smaller slope of the selector at ½ along a copy minus the larger of the others."""
    task = synthetic.xor(1500, seed=seed)
    idle = np.setdiff1d(np.arange(10), task.relevant)[:3]
    x = task.x[:, [*task.relevant, task.relevant[0], *idle]]
    masks = np.array([np.isin(np.arange(7), three) * 1.0 for three in combinations(range(7), 3)])

    def shown(rows: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return np.hstack([rows * mask, np.broadcast_to(mask, rows.shape)])

    operator = xk.Network.mlp([14, 32, 16, 4], "tanh", seed=seed)
    given = np.vstack([shown(x[:1000], mask) for mask in masks])
    steps = {"batch_size": 256, "learning_rate": 2e-3, "seed": seed}
    operator.fit(given, np.tile(task.y[:1000], len(masks)), "cross_entropy", 12, **steps)
    losses = []
    for mask in masks:
        scores = operator(shown(x[1000:], mask))
        chosen = scores[np.arange(500), task.y[1000:]]
        losses.append(np.mean(np.log(np.exp(scores).sum(axis=1)) - chosen))
    selector = xk.Network.mlp([7, 16, 1], "sigmoid", seed=seed)
    steps = {"batch_size": 32, "learning_rate": 1e-2, "seed": seed}
    selector.fit(masks, np.array(losses) - np.mean(losses), epochs=400, **steps)
    slopes = selector.gradient(np.full(7, 0.5))
    return float(min(slopes[[0, 3]]) - max(slopes[[1, 2]]))
