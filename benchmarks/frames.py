"""Time explanations of a data frame beside those of an array of the same numbers."""

from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
import pandas as pd

import xaikit as xk
from benchmarks.coalitions import models
from benchmarks.tables import Table
from benchmarks.timing import in_turn, ratio_of

COLUMNS, BACKGROUND = 12, 50
MOST = 1.5  # frame ÷ array


def tables(rows: int) -> tuple[np.ndarray, pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Return rows to explain and a background, each as an array and as a frame of two types."""
    rng = np.random.default_rng(1)
    both = rng.normal(size=(rows + BACKGROUND, COLUMNS))
    whole = [f"c{column}" for column in range(0, COLUMNS, 3)]
    both[:, ::3] = np.rint(3 * both[:, ::3])
    frame = pd.DataFrame(both, columns=[f"c{column}" for column in range(COLUMNS)])
    frame = frame.astype(dict.fromkeys(whole, int))
    return both[:rows], frame[:rows], both[rows:], frame[rows:]


def as_floats(model: Callable) -> Callable:
    """Return a function of arrays as one that takes frames too."""
    return lambda rows: model(np.asarray(rows, dtype=float))


def methods(budget: int, samples: int, random: int) -> dict[str, tuple[int, Callable]]:
    """Return for each task the number of rows, and a function of a model, rows and background."""
    return {
        f"exact Shapley, {BACKGROUND} background rows, 1 row": (
            1,
            lambda f, x, others: xk.exact_shapley(xk.marginal_game(f, x, others)).values,
        ),
        f"KernelSHAP, {BACKGROUND} background rows × {budget:,} coalitions, 4 rows": (
            4,
            lambda f, x, others: (
                xk.kernel_shap(xk.marginal_game(f, x, others), budget=budget).values
            ),
        ),
        f"LIME, {samples:,} samples, 20 rows": (
            20,
            lambda f, x, others: xk.lime_tabular(f, x, others, samples=samples).values,
        ),
        f"deletion, {random} random orders, 50 rows": (
            50,
            lambda f, x, others: xk.deletion(f, x, np.asarray(x), random=random).outputs,
        ),
    }


def ratios(
    repeats: int, budget: int = 1000, samples: int = 5000, random: int = 100
) -> Iterator[tuple[str, float, float, float]]:
    """Yield tasks, milliseconds of the array and of the frame, and their ratio.

    Raise if both do not give the same. LIME draws whole steps in columns of whole numbers, which an
    array of floats has not, so its answers differ.
    """
    for task, (rows, explain) in methods(budget, samples, random).items():
        x, frame, others, other_frame = tables(rows)
        for name, model in models(COLUMNS):
            either = as_floats(model)

            def of_array(either=either, explain=explain, x=x, others=others):
                return explain(either, x, others)

            def of_frame(either=either, explain=explain, x=frame, others=other_frame):
                return explain(either, x, others)

            if not task.startswith("LIME"):
                np.testing.assert_array_equal(of_frame(), of_array())
            framed, plain = in_turn([of_frame, of_array], repeats, warm_up=1)
            yield f"{task}, {name}", median(plain), median(framed), ratio_of(framed, plain)


def table() -> Table:
    """Measure all tasks."""
    rows, missed = [], []
    for task, plain, framed, ratio in ratios(7):
        print(f"{task}: {ratio:.2f}, at most {MOST}", flush=True)
        rows.append([task, f"{plain:.1f}", f"{framed:.1f}", f"{ratio:.2f}", f"{MOST:.2f}"])
        if ratio > MOST:
            missed.append(f"frames, {task}: {ratio:.2f} of the array's time, at most {MOST}")
    return Table(["12 columns", "array, ms", "frame, ms", "frame ÷ array", "at most"], rows, missed)
