"""LIME with categories: rows that exist, drawn as often as in the data, and one score each."""

import re

import numpy as np
import pandas as pd
import pytest
import torch

import xaikit as xk

RNG = np.random.default_rng(0)
BLOCK = np.eye(3)[RNG.choice(3, 300, p=[0.2, 0.5, 0.3])]
X = np.column_stack([BLOCK, RNG.normal(size=300), RNG.normal(2, 3, 300)])
FRAME = pd.DataFrame(
    {
        "city": np.array(["Busan", "Jeju", "Seoul"])[BLOCK.argmax(axis=1)],
        "age": X[:, 3],
        "size": X[:, 4],
    }
)
EFFECTS = np.array([1.0, -2.0, 4.0])


def block_model(rows):
    return rows[:, :3] @ EFFECTS + np.sin(rows[:, 3]) + rows[:, 4] ** 2 / 10


def frame_model(frame):
    effects = frame["city"].map(dict(zip(["Busan", "Jeju", "Seoul"], EFFECTS, strict=True)))
    return effects.to_numpy() + np.sin(frame["age"].to_numpy()) + frame["size"].to_numpy() ** 2 / 10


def recorded(model):
    seen = []

    def called(rows):
        seen.append(rows.copy())
        return model(rows)

    return called, seen


@pytest.mark.parametrize("around", ["instance", "background"])
def test_every_row_is_in_one_category_as_often_as_in_the_data(around):
    called, seen = recorded(block_model)
    xk.lime_tabular(called, X[0], X, samples=4000, around=around, categorical=[[0, 1, 2]])
    blocks = np.concatenate(seen)[1:, :3]  # without F(x)
    assert np.isin(blocks, [0, 1]).all() and (blocks.sum(axis=1) == 1).all()
    frequencies = X[:, :3].mean(axis=0)
    error = 5 * np.sqrt(frequencies * (1 - frequencies) / len(blocks))
    assert np.all(np.abs(blocks.mean(axis=0) - frequencies) < error)


def by_least_squares(rows, outputs, x, width):
    """The weighted line, from the rows that the model saw: numpy's lstsq instead of ridge_fit."""
    scale = X[:, 3:].std(axis=0)
    same = (rows[:, :3] == x[:3]).all(axis=1)[:, None]
    moved = (rows[:, 3:] - x[3:]) / scale
    z = np.hstack([np.ones((len(rows), 1)), moved, same])
    distance = (moved**2).sum(axis=1) + (1 - same[:, 0])
    root = np.sqrt(np.exp(-distance / (2 * width**2)))
    return np.linalg.lstsq(root[:, None] * z, root * outputs, rcond=None)[0]


def test_the_line_is_the_weighted_least_squares_fit_of_what_the_model_saw():
    called, seen = recorded(block_model)
    width, x = 1.5, X[4]
    result = xk.lime_tabular(
        called, x, X, samples=500, ridge=0.0, kernel_width=width, categorical=[[0, 1, 2]]
    )
    rows = np.concatenate(seen)[1:]
    np.testing.assert_array_equal(rows[0], x)
    fitted = by_least_squares(rows, block_model(rows), x, width)
    block = np.flatnonzero(x[:3])[0]
    np.testing.assert_allclose(result.values[3:], fitted[1:3], atol=1e-10)
    assert result.values[block] == pytest.approx(fitted[3], abs=1e-10)
    assert np.count_nonzero(result.values[:3]) == 1 and result.std[block] > 0


def test_two_categories_differ_by_the_difference_of_their_outputs():
    """Of an additive model with two categories the line is exact where the rest is linear."""
    rows = np.column_stack([RNG.integers(0, 2, 200), RNG.normal(size=200)])
    result = xk.lime_tabular(
        lambda r: 3.0 * r[:, 0] - r[:, 1], rows[:4], rows, samples=300, ridge=0.0, categorical=[0]
    )
    expected = np.where(rows[:4, 0] == 1, 3.0, -3.0)
    np.testing.assert_allclose(result.values[:, 0], expected, atol=1e-10)
    np.testing.assert_allclose(result.values[:, 1], -rows[:, 1].std(), atol=1e-10)
    # The intercept is F at the mean number, in the other category.
    other = 3.0 * (1 - rows[:4, 0]) - rows[:, 1].mean()
    np.testing.assert_allclose(result.details["intercept"], other, atol=1e-10)
    plain = xk.lime_tabular(block_model, X[0], X, samples=50, categorical=[])
    np.testing.assert_array_equal(
        plain.values, xk.lime_tabular(block_model, X[0], X, samples=50).values
    )


def test_a_frame_with_text_equals_its_one_hot_block():
    of_frame = xk.lime_tabular(
        frame_model, FRAME.iloc[:3], FRAME, samples=300, categorical=["city"]
    )
    of_block = xk.lime_tabular(block_model, X[:3], X, samples=300, categorical=[[0, 1, 2]])
    # The block's columns come first: the same draws, in the same order of features.
    np.testing.assert_allclose(of_frame.values[:, 1:], of_block.values[:, 3:], atol=1e-10)
    np.testing.assert_allclose(
        of_frame.values[:, 0], of_block.values[:, :3].sum(axis=1), atol=1e-10
    )
    np.testing.assert_array_equal(of_frame.output, frame_model(FRAME.iloc[:3]))
    assert of_frame.feature_names == ["city", "age", "size"]


def test_a_single_row_a_series_and_tensors():
    rows = xk.lime_tabular(frame_model, FRAME.iloc[2:3], FRAME, samples=100, categorical=["city"])
    single = xk.lime_tabular(frame_model, FRAME.iloc[2], FRAME, samples=100, categorical=["city"])
    np.testing.assert_array_equal(single.values, rows.values[0])
    assert single.values.shape == single.std.shape == (3,) and single.details["r2"].ndim == 0
    x = torch.tensor(X)
    effects = torch.tensor(EFFECTS)
    of_tensors = xk.lime_tabular(
        lambda r: r[:, :3] @ effects, x[:2], x, samples=100, categorical=[[0, 1, 2]]
    )
    of_arrays = xk.lime_tabular(
        lambda r: r[:, :3] @ EFFECTS, X[:2], X, samples=100, categorical=[[0, 1, 2]]
    )
    assert isinstance(of_tensors.values, torch.Tensor)
    np.testing.assert_allclose(of_tensors.values.numpy(), of_arrays.values, atol=1e-12)


@pytest.mark.parametrize(
    ("categorical", "message"),
    [
        ([9], "categorical names the column 9, which x does not have: its columns are 0 to 4"),
        (["city"], "categorical names the column 'city', which x does not have"),
        ([0, [0, 1]], "a column stands in two entries of categorical"),
    ],
)
def test_columns_that_do_not_fit_are_refused_in_words(categorical, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        xk.lime_tabular(block_model, X[0], X, categorical=categorical)


def test_text_that_is_not_declared_is_refused_in_words():
    with pytest.raises(TypeError, match="city hold none: name them in categorical"):
        xk.lime_tabular(frame_model, FRAME.iloc[0], FRAME, categorical=[])
    with pytest.raises(TypeError, match="LIME needs numbers, and city hold none"):
        xk.lime_tabular(frame_model, FRAME.iloc[0], FRAME)


def test_no_call_of_the_model_is_large():
    called, seen = recorded(block_model)
    plain = xk.lime_tabular(called, X[:2], X, samples=5000, categorical=[[0, 1, 2]])
    assert [len(rows) for rows in seen] == [2, *[2048, 2048, 904] * 2]
    called, seen = recorded(frame_model)
    framed = xk.lime_tabular(called, FRAME[:2], FRAME, samples=5000, categorical=["city"])
    assert [len(rows) for rows in seen] == [2, *[2048, 2048, 904] * 2]
    np.testing.assert_allclose(framed.values[:, 1:], plain.values[:, 3:], atol=1e-10)
