"""The claims of lecture 00, neural networks and attribution."""

from functools import cache

import numpy as np

import xaikit as xk
from benchmarks.claims import claim
from benchmarks.claims.shared import digits, tumours
from xaikit.course import datasets


@cache
def _slopes(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return new digits, and each one's saliency map for its own class."""
    _, tests, classes, reader = digits(seed)
    return tests, xk.saliency(reader, tests, target=classes).values


@claim("over all digits ink is steeper than paper")
def ink_is_steeper(seed: int) -> float:
    """1 minus the mean ratio of slopes, paper ÷ ink."""
    tests, maps = _slopes(seed)
    paper, ink = (np.mean(maps, where=where, axis=1) for where in (tests == 0, tests > 0))
    return 1 - float(np.mean(paper / ink))


@claim("training again changes a map more than shaking does")
def retraining_changes_more(seed: int) -> float:
    """Mean similarity after shaking minus that after training again, over 60 digits."""
    rows, tests, classes, reader = digits(seed)
    data = datasets.digits(seed)
    other = xk.Network.mlp([64, 64, 32, 10], seed=seed + 100)
    other.fit(rows, data.y_train, loss="cross_entropy", epochs=30, seed=seed + 100)
    first, chosen = _slopes(seed)[1], range(60)
    again = xk.saliency(other, tests[chosen], target=classes[chosen]).values
    moved = tests[chosen] + np.random.default_rng(seed).normal(scale=0.3, size=(60, 64))
    shaken = xk.saliency(reader, moved, target=classes[chosen]).values
    return float(
        np.mean(
            [
                np.corrcoef(first[i], shaken[i])[0, 1] - np.corrcoef(first[i], again[i])[0, 1]
                for i in chosen
            ]
        )
    )


@claim("averaging the maps of shaken copies largely undoes the shaking")
def averaging_undoes_shaking(seed: int) -> float:
    """A half minus the loss of similarity with 30 copies ÷ that with one, over 60 digits."""
    _, tests, classes, reader = digits(seed)
    maps, rng, similar = _slopes(seed)[1], np.random.default_rng(seed), []
    for i in range(60):
        copies = tests[i] + rng.normal(scale=0.3, size=(30, 64))
        found = xk.saliency(reader, copies, target=int(classes[i])).values
        one = np.mean([np.corrcoef(maps[i], copy)[0, 1] for copy in found])
        similar.append((one, np.corrcoef(maps[i], found.mean(axis=0))[0, 1]))
    one, mean = 1 - np.mean(similar, axis=0)
    return 0.5 - float(mean / one)


@claim("for most tumours another measurement is steepest than over all")
def local_is_not_global(seed: int) -> float:
    """A half minus the share of tumours whose steepest measurement is the steepest over all."""
    rows, network = tumours(seed)
    slopes = xk.saliency(network, rows, target=1).values
    return 0.5 - float(np.mean(slopes.argmax(axis=1) == slopes.mean(axis=0).argmax()))
