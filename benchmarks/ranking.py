"""DualNet on synthetic tasks: whether it finds the relevant columns, and its time."""

import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from sklearn.metrics import log_loss

import xaikit as xk
from benchmarks.tables import Table
from xaikit.course.datasets import synthetic

TRAINED, TESTED, SEEDS, FIRST_SEED = 512, 5000, 10, 500
LOSS = "cross-entropy"


class Demand(NamedTuple):
    """A task's subset size, the number of masks that must be right, and the limit of its score."""

    task: str
    size: int
    right: int
    measure: str
    limit: float | None = None


DEMANDS = [
    Demand("xor", 3, 9, LOSS, 1.07),
    Demand("xor", 5, 9, LOSS),
    Demand("orange skin", 4, 9, "accuracy"),
    Demand("regression", 4, 8, "R²"),
    Demand("additive", 4, 0, "accuracy", 0.95),
    Demand("switch", 9, 0, "accuracy"),
]


class Fit(NamedTuple):
    """One fit: which parts are right, its score on new rows, and CPU seconds."""

    mask: bool
    ranking: bool
    first: bool
    score: float
    seconds: float


def fits(demand: Demand, seeds: int = SEEDS, **settings: int) -> Iterator[Fit]:
    """Yield fits to new data, with the relevant columns at new places each time."""
    for seed in range(seeds):
        x, y, relevant, _ = synthetic.TASKS[demand.task](TRAINED + TESTED, seed=FIRST_SEED + seed)
        start = time.process_time()
        ranker = xk.DualNet(demand.size, seed=seed, **settings).fit(x[:TRAINED], y[:TRAINED])
        seconds = time.process_time() - start
        order = np.argsort(-ranker.importances_, kind="stable")
        mask = set(relevant) <= set(ranker.subset_)
        ranking = set(relevant) == set(order[: len(relevant)])
        x, y = x[TRAINED:], y[TRAINED:]
        by_loss = demand.measure == LOSS
        score = log_loss(y, ranker.predict_proba(x)) if by_loss else ranker.score(x, y)
        yield Fit(mask, ranking, bool(order[0] == relevant[0]), score, seconds)


def row(demand: Demand, found: list[Fit]) -> tuple[list[str], list[str]]:
    """Return a row of the table, and the demands that it misses."""
    task = f"{demand.task}, s = {demand.size}"
    counts = [sum(fit[place] for fit in found) for place in range(3)]
    score, seconds = np.mean([fit[3:] for fit in found], axis=0)
    asked, missed = [], []
    if demand.right:
        asked.append(f"at least {demand.right} masks")
        if counts[0] < demand.right:
            missed.append(f"{task}: {counts[0]} masks right, {asked[-1]}")
    if demand.limit is not None:
        below = demand.measure == LOSS
        asked.append(f"{demand.measure} at {'most' if below else 'least'} {demand.limit}")
        if (score > demand.limit) if below else (score < demand.limit):
            missed.append(f"{task}: {score:.3f}, {asked[-1]}")
    if demand.task != "additive":
        del counts[2]  # only the additive task has one most important column
    shown = [f"{count} of {len(found)}" for count in counts] + ["–"] * (3 - len(counts))
    shown += [f"{demand.measure} {score:.3f}", f"{seconds:.1f}"]
    return [task, *shown, ", ".join(asked) or "–"], missed


def table() -> Table:
    """Ten new data sets of each task: right masks, right rankings, predictions, time."""
    rows, missed = [], []
    for demand in DEMANDS:
        line, unmet = row(demand, list(fits(demand)))
        rows.append(line)
        missed += unmet
        print(*line, flush=True)
    right = ["masks that hold all that matters", "rankings with it on top", "first column on top"]
    return Table(["task", *right, "on new rows", "CPU s a fit", "demand"], rows, missed)
