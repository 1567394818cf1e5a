"""Infinity in any column of a frame is refused in words, as it is in an array; NaN is carried."""

import numpy as np
import pandas as pd
import pytest

import xaikit as xk

NUMBERS = np.random.default_rng(0).normal(size=(20, 4))
TEXT = ["u", "v"] * 10
KINDS = {
    "floats and whole numbers": lambda frame: frame.assign(e=np.arange(len(frame))),
    "a column of text": lambda frame: frame.assign(t=TEXT),
    "objects": lambda frame: frame.astype(object).assign(t=TEXT),
    "an object column": lambda frame: frame.astype({"b": object}).assign(e=1),
    "pandas' own types": lambda frame: frame.astype({"a": "Float64", "b": "Float64"}),
    "single precision": lambda frame: frame.astype({"b": np.float32}),
}


def of_numbers(rows):
    """A model that has a value everywhere, also at infinity."""
    numbers = rows[list("abcd")].to_numpy(float, na_value=np.nan)
    return np.arctan(np.nan_to_num(numbers, posinf=9, neginf=-9)).sum(axis=1)


def scores(x):
    return np.ones(x.shape)


ASK = {
    "baseline game": lambda x, o: xk.exact_shapley(xk.baseline_game(of_numbers, x, o[:1])),
    "marginal game": lambda x, o: xk.kernel_shap(xk.marginal_game(of_numbers, x, o)),
    "LIME": lambda x, o: xk.lime_tabular(
        of_numbers, x, o, samples=200, categorical=[*x.columns[4:]] or None
    ),
    "deletion": lambda x, o: xk.deletion(of_numbers, x, scores(x), baseline=o[:1], random=1),
    "insertion": lambda x, o: xk.insertion(of_numbers, x, scores(x), baseline=o[:1], random=1),
    "sensitivity-n": lambda x, o: xk.sensitivity_n(
        of_numbers, x, np.arange(x.size).reshape(x.shape), baseline=o[:1], samples=9
    ),
}


def tables(kind, value, where):
    """Return rows and others as a frame of a kind, with a value in column b of one of them."""
    numbers = NUMBERS.copy()
    numbers[{"x": 0, "the others": 4}[where], 1] = value
    frame = KINDS[kind](pd.DataFrame(numbers, columns=list("abcd")))
    return frame[:4], frame[4:]


# LIME asks for numbers in place of objects, in words of its own.
CASES = [(name, kind) for name in ASK for kind in KINDS if name != "LIME" or "object" not in kind]


@pytest.mark.parametrize("where", ["x", "the others"])
@pytest.mark.parametrize(("name", "kind"), CASES)
def test_infinity_in_a_frame_is_refused(name, kind, where):
    x, others = tables(kind, -np.inf, where)
    with pytest.raises(ValueError, match="infinity"):
        ASK[name](x, others)


@pytest.mark.parametrize("kind", KINDS)
def test_the_place_of_infinity_is_named(kind):
    x, others = tables(kind, np.inf, "the others")
    with pytest.raises(ValueError, match=r"column b of background .* \(first in row 0\)"):
        xk.marginal_game(of_numbers, x, others)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", ["x", "the others"])
def test_nan_that_the_model_takes_is_carried(kind, where):
    x, others = tables(kind, np.nan, where)
    answer = xk.exact_shapley(xk.marginal_game(of_numbers, x, others))
    np.testing.assert_allclose(answer.output, of_numbers(x))
    np.testing.assert_allclose(answer.values.sum(axis=1), answer.output - answer.base)


def test_infinity_among_columns_that_stay_is_refused_by_max_sensitivity():
    x, _ = tables("an object column", np.inf, "x")
    with pytest.raises(ValueError, match="infinity"):
        xk.max_sensitivity(scores, x, samples=2)
