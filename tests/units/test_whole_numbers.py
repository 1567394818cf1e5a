"""Whole numbers reach the model in the type that they were given in."""

import numpy as np
import pandas as pd
import pytest

import xaikit as xk

RNG = np.random.default_rng(0)
ROWS, OTHERS = (RNG.integers(0, 256, size=(n, 4)).astype(np.uint8) for n in (3, 20))
PICTURE = RNG.integers(0, 256, size=(8, 8, 3)).astype(np.uint8)
NAMES = list("abcd")


class Watched:
    """A sum of the rows' numbers, and the types that it was asked with."""

    def __init__(self):
        self.kinds = set()

    def __call__(self, rows):
        kinds = rows.dtypes if isinstance(rows, pd.DataFrame) else [rows.dtype]
        self.kinds.update(map(str, kinds))
        return np.asarray(rows, dtype=float).reshape(len(rows), -1).sum(axis=1)


SCORES = np.ones((3, 4))
ASK = {
    "baseline game": lambda f, x, o: xk.exact_shapley(xk.baseline_game(f, x)),
    "baseline game, 0.0": lambda f, x, o: xk.exact_shapley(xk.baseline_game(f, x, 0.0)),
    "baseline game, a row": lambda f, x, o: xk.exact_shapley(
        xk.baseline_game(f, x, np.array([1.0, 2.0, 3.0, 4.0]))
    ),
    "marginal game": lambda f, x, o: xk.exact_shapley(xk.marginal_game(f, x, o)),
    "LIME": lambda f, x, o: xk.lime_tabular(f, x, o, samples=200),
    "LIME, background": lambda f, x, o: xk.lime_tabular(
        f, x, o, samples=200, around="background", kernel_width=3
    ),
    "LIME, categories": lambda f, x, o: xk.lime_tabular(f, x, o, samples=200, categorical=[0]),
    "LIME, categories, background": lambda f, x, o: xk.lime_tabular(
        f, x, o, samples=200, around="background", categorical=[0], kernel_width=3
    ),
    "deletion": lambda f, x, o: xk.deletion(f, x, SCORES, baseline=0.0, random=2),
    "insertion": lambda f, x, o: xk.insertion(f, x, SCORES, random=2),
    "sensitivity-n": lambda f, x, o: xk.sensitivity_n(f, x, SCORES, samples=9),
}


@pytest.mark.parametrize("kind", [np.array, lambda a: pd.DataFrame(a, columns=NAMES)])
@pytest.mark.parametrize("name", ASK)
def test_bytes_stay_bytes(name, kind):
    model = Watched()
    ASK[name](model, kind(ROWS), kind(OTHERS))
    assert model.kinds == {"uint8"}


@pytest.mark.parametrize("name", [name for name in ASK if name != "baseline game, a row"])
def test_columns_of_a_mixed_frame_keep_their_types(name):
    kinds = {"a": "uint8", "b": "int8", "c": "float64", "d": "int64"}
    tables = [pd.DataFrame(a // 2, columns=NAMES).astype(kinds) for a in (ROWS, OTHERS)]
    seen = []

    def model(rows):
        seen.append([str(kind) for kind in rows.dtypes])
        return np.asarray(rows, dtype=float).sum(axis=1)

    ASK[name](model, *tables)
    assert all(one == [*kinds.values()] for one in seen)


@pytest.mark.parametrize("baseline", [None, 0, 128.0])
def test_a_picture_of_bytes_stays_one(baseline):
    model = Watched()
    xk.lime_image(model, PICTURE, segments=2, samples=50, baseline=baseline)
    assert model.kinds == {"uint8"}


def test_a_mean_colour_of_bytes_is_rounded():
    seen = []

    def model(rows):
        seen.append(rows.copy())
        return rows.reshape(len(rows), -1).sum(axis=1, dtype=float)

    picture = np.array([[0, 1, 9, 9], [1, 1, 9, 8]], dtype=np.uint8)
    xk.lime_image(model, picture, segments=np.array([[0, 0, 1, 1]] * 2), samples=40)
    hidden = {rows[i, 0, 0] for rows in seen for i in range(len(rows)) if rows[i, 0, 1] == 1}
    assert hidden == {0, 1}  # the mean is 0.75; shown it is 0


def test_a_baseline_between_whole_numbers_is_kept():
    model = Watched()
    answer = xk.exact_shapley(xk.baseline_game(model, ROWS, 0.5))
    np.testing.assert_allclose(answer.values, ROWS - 0.5)
    assert "float64" in model.kinds
    negative = xk.exact_shapley(xk.baseline_game(model, ROWS, -3.0))
    np.testing.assert_allclose(negative.values, ROWS + 3.0)


@pytest.mark.parametrize("around", ["instance", "background"])
def test_slopes_of_bytes_are_those_of_the_steps_that_were_made(around):
    """A line is found again, though steps beyond 0 and 255 are cut short."""
    slopes = np.array([1.0, -2.0, 0.5, 3.0])
    model = lambda rows: rows.astype(float) @ slopes  # noqa: E731
    rows = np.array([[0, 255, 128, 3], [250, 1, 7, 255]], dtype=np.uint8)
    answer = xk.lime_tabular(
        model, rows, OTHERS, samples=300, ridge=1e-9, around=around, kernel_width=5
    )
    np.testing.assert_allclose(answer.values, np.tile(slopes * OTHERS.std(axis=0), (2, 1)), 1e-6)
    np.testing.assert_allclose(answer.details["r2"], 1)
