"""Boosted trees as arrays: they predict where xgboost, which fitted them, is not installed."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

# The trees of `california_model`: assignment 04 runs without xgboost.
FILE = Path(__file__).with_name("california_trees.npz")


@dataclass(frozen=True)
class StoredTrees:
    """A sum of trees.

    Attributes
    ----------
    feature, threshold, yes, no, value : ndarray, shape (trees, nodes)
        A row goes from a node to ``yes`` if its feature is below the threshold, else to ``no``. A
        leaf leads to itself, and has the value that its tree adds.
    depth : int
        So many steps lead to a leaf.
    base : float
        What the trees add to.
    """

    feature: np.ndarray
    threshold: np.ndarray
    yes: np.ndarray
    no: np.ndarray
    value: np.ndarray
    depth: int
    base: float

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the predictions for rows (n, features), shape (n,), in float32 as xgboost does."""
        x = np.asarray(x, dtype=np.float32)
        rows, total = np.arange(len(x)), np.full(len(x), self.base, dtype=np.float32)
        for tree in range(len(self.feature)):
            node = np.zeros(len(x), dtype=np.intp)
            for _ in range(self.depth):
                is_below = x[rows, self.feature[tree, node]] < self.threshold[tree, node]
                node = np.where(is_below, self.yes[tree, node], self.no[tree, node])
            total += self.value[tree, node]
        return total


def stored_trees() -> StoredTrees:
    """Return the trees of the file."""
    with np.load(FILE) as arrays:
        parts = {name: arrays[name] for name in arrays.files}
    depth, base = int(parts.pop("depth")), float(parts.pop("base"))
    return StoredTrees(**parts, depth=depth, base=base)


def trees_of(model: Any, base: float = 0.5) -> StoredTrees:
    """Return the trees of a fitted ``xgboost.XGBRegressor``."""
    dumps = [json.loads(tree) for tree in model.get_booster().get_dump(dump_format="json")]
    trees = [list(_nodes(tree)) for tree in dumps]
    shape = len(trees), max(map(len, trees))
    feature, yes, no = (np.zeros(shape, dtype=np.int16) for _ in range(3))
    threshold, value = (np.zeros(shape, dtype=np.float32) for _ in range(2))
    for t, nodes in enumerate(trees):
        for node in nodes:
            place = t, node["nodeid"]
            yes[place], no[place] = node.get("yes", place[1]), node.get("no", place[1])
            feature[place] = int(node.get("split", "f0")[1:])
            threshold[place], value[place] = node.get("split_condition", 0), node.get("leaf", 0)
    depth = max(node.get("depth", 0) for nodes in trees for node in nodes) + 1
    return StoredTrees(feature, threshold, yes, no, value, depth, base)


def _nodes(node: dict) -> Any:
    yield node
    for child in node.get("children", ()):
        yield from _nodes(child)
