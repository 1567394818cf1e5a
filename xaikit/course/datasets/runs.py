"""Runs of lecture 08 that take minutes: made beforehand by ``python -m benchmarks.runs``."""

import csv
from pathlib import Path

import numpy as np

STORED = Path(__file__).with_name("ranking_runs.csv")


def ranking_runs() -> dict[str, dict[str, np.ndarray]]:
    """Return, for each task and method, ten values, one a seed.

    For synthetic tasks a value is how many of the relevant columns were chosen, for tumours and
    digits the share of right answers from the chosen columns.
    """
    found: dict[str, dict[str, list[float]]] = {}
    with STORED.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            methods = found.setdefault(row["task"], {})
            methods.setdefault(row["method"], []).append(float(row["value"]))
    return {
        task: {method: np.array(values) for method, values in methods.items()}
        for task, methods in found.items()
    }
