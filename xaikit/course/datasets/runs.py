"""Runs of lectures 08 and 10 that take minutes, made beforehand.

``python -m benchmarks.runs``, ``python -m benchmarks.attention_runs`` and
``python -m benchmarks.minilm_runs`` make them.
"""

import csv
from pathlib import Path

import numpy as np

STORED = Path(__file__).with_name("ranking_runs.csv")
ATTENTION = Path(__file__).with_name("attention_runs.csv")
MINILM = Path(__file__).with_name("minilm_runs.csv")


def ranking_runs() -> dict[str, dict[str, np.ndarray]]:
    """Return, for each task and method, ten values, one a seed.

    For synthetic tasks a value is how many of the relevant columns were chosen, for tumours and
    digits the share of right answers from the chosen columns.
    """
    return _stored(STORED)


def attention_runs() -> dict[str, dict[str, np.ndarray]]:
    """Return, for each measure and method, ten values, one a network with a split of its own.

    `benchmarks/attention_runs.py` says what each value is.
    """
    return _stored(ATTENTION)


def minilm_runs() -> dict[str, dict[str, np.ndarray]]:
    """Return, for each measure and method, ten values, one a head for comments on MiniLM.

    `benchmarks/minilm_runs.py` says what each value is.
    """
    return _stored(MINILM)


def _stored(path: Path) -> dict[str, dict[str, np.ndarray]]:
    """Read the columns task, seed, method and value."""
    found: dict[str, dict[str, list[float]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            methods = found.setdefault(row["task"], {})
            methods.setdefault(row["method"], []).append(float(row["value"]))
    return {
        task: {method: np.array(values) for method, values in methods.items()}
        for task, methods in found.items()
    }
