"""Any callable as a model: scikit-learn, XGBoost, torch, a Network, functions; and errors."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn
from xgboost import DMatrix, XGBClassifier, XGBRegressor
from xgboost import train as train_booster

import xaikit as xk
from tests.units.coalitions import by_subsets
from tests.units.support import assert_lives_at, numpy_of
from xaikit.core import models
from xaikit.core.chunks import chunk_rows, chunks
from xaikit.core.question import ask

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = X[:, 0] * X[:, 1] + X[:, 2]
LABELS = (Y > 0).astype(int) + (Y > 1)
BACKGROUND = X[:20]
BOOSTER = train_booster({}, DMatrix(X, Y), 5)
BOOSTER_HINT = "XGBoost's Booster predicts from a DMatrix only: give its inplace_predict"
torch.manual_seed(0)
MODELS = {
    "function (n,)": lambda x: x[:, 0] * x[:, 1],
    "function (n, 1)": lambda x: x[:, :1] * x[:, 1:2],
    "whole numbers": lambda x: (x[:, 0] > x[:, 1]).astype(int),
    "booleans": lambda x: x[:, 0] > x[:, 1],
    "a list": lambda x: [row.sum() ** 2 for row in x],
    "a data frame": lambda x: pd.DataFrame({"a": x[:, 0], "b": x[:, 1] * x[:, 2]}),
    "a series": lambda x: pd.Series(x[:, 0] * x[:, 1]),
    "LinearRegression": LinearRegression().fit(X, Y).predict,
    "RandomForestRegressor": RandomForestRegressor(5, random_state=0).fit(X, Y).predict,
    "LogisticRegression": LogisticRegression().fit(X, LABELS).predict_proba,
    "Booster": BOOSTER.inplace_predict,
    "GradientBoostingClassifier": GradientBoostingClassifier(n_estimators=5)
    .fit(X, LABELS)
    .predict_proba,
    "a pipeline": make_pipeline(StandardScaler(), LinearRegression()).fit(X, Y).predict,
    "whole-number classes": LogisticRegression().fit(X, LABELS).predict,
    "XGBRegressor": XGBRegressor(n_estimators=5, n_jobs=1).fit(X, Y).predict,
    "XGBClassifier": XGBClassifier(n_estimators=5, n_jobs=1).fit(X, LABELS).predict_proba,
    "Network": xk.Network.mlp([4, 6, 3], "tanh", seed=0),
    "TorchModel": xk.TorchModel(nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2))),
    "TorchModel, float64": xk.TorchModel(nn.Sequential(nn.Linear(4, 2), nn.Softplus()).double()),
}


def column(model, rows, target):
    """Return F_target of rows, from the model itself."""
    answer = np.asarray(numpy_of(model(rows)), dtype=float).reshape(len(rows), -1)
    return answer[:, target]


@pytest.mark.parametrize("name", MODELS)
def test_any_callable_is_explained(name):
    """v(S) by plain calls of the model, with Shapley values by brute force."""
    model, rows = MODELS[name], X[20:22]
    targets = [0, np.asarray(numpy_of(model(rows))).reshape(2, -1).shape[1] - 1]
    result = xk.exact_shapley(xk.marginal_game(model, rows, BACKGROUND, targets))
    for row in range(2):

        def worth(masks, row=row):
            mixed = [np.where(mask, rows[row], BACKGROUND) for mask in masks]
            return [column(model, rows, targets[row]).mean() for rows in mixed]

        expected = by_subsets(xk.Game(4, worth))
        atol = 1e-6 if name in ("XGBRegressor", "XGBClassifier", "TorchModel") else 1e-12
        np.testing.assert_allclose(result.values[row], expected, atol=atol)
        assert abs(result.gap[row]) < atol
    assert result.values.dtype == np.float64


@pytest.mark.parametrize("name", ["LinearRegression", "XGBRegressor"])
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_data_frames_in(name):
    """Data frames for x and background, and a model fitted to a data frame."""
    frame = pd.DataFrame(X, columns=list("abcd"))
    kind = {"LinearRegression": LinearRegression(), "XGBRegressor": XGBRegressor(n_estimators=3)}
    model = kind[name].fit(frame, Y).predict
    for game in (xk.marginal_game, xk.conditional_game):
        result = xk.exact_shapley(game(model, frame[:2], frame[10:20]))
        expected = xk.exact_shapley(game(model, X[:2], X[10:20]))
        np.testing.assert_allclose(result.values, expected.values, atol=1e-14)
    series = xk.exact_shapley(xk.marginal_game(model, frame.iloc[0], frame[10:20]))
    row = xk.exact_shapley(xk.marginal_game(model, X[0], X[10:20]))
    # A frame lies in memory column by column: its product may differ in the last digit.
    np.testing.assert_allclose(series.values, row.values, rtol=0, atol=1e-15)
    result = xk.lime_tabular(model, frame[:2], frame[10:20], samples=50)
    assert result.values.shape == (2, 4)


# Rows in.


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4, 4)])
def test_rows_get_a_batch_axis(backend, shape):
    x = backend.array(np.ones(shape))
    rows, single = models.as_rows(len, x)
    assert tuple(rows.shape) == ((1, *shape) if len(shape) == 1 else shape)
    assert single == (len(shape) == 1)
    assert_lives_at(backend, rows)


def test_whole_numbers_stay_whole_in_an_array_and_are_floating_in_a_list():
    assert models.as_rows(len, [[1, 2]])[0].dtype == np.float64
    assert models.as_rows(len, [True, False])[0].dtype == np.float64
    assert models.as_rows(len, np.array([[1, 2]]))[0].dtype == np.int64
    assert models.as_rows(len, torch.ones(2, 2, dtype=torch.int32))[0].dtype == torch.int32
    network = xk.Network.mlp([2, 1]).to("numpy", "float32")
    assert models.as_rows(network, [[1, 2]])[0].dtype == np.float32


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (5.0, ValueError, "x is a single number, expected a row (d,) or rows (n, …)"),
        ([[1.0, np.inf]], ValueError, "x holds NaN or infinity (first at index (0, 1))"),
        (np.ones((0, 3)), ValueError, "x is empty"),
        ([["red", "blue"]], TypeError, "expected real numbers: encode text and categories"),
        (np.ones(2, complex), TypeError, "x holds complex numbers, expected real ones"),
    ],
)
def test_bad_rows_are_refused_in_words(x, error, message):
    with pytest.raises(error, match=re.escape(message)):
        models.as_rows(len, x)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.Linear(2, 1), "wrap the torch module Linear as TorchModel(module)"),
        (LinearRegression(), "LinearRegression is not callable: give its predict"),
        (BOOSTER, BOOSTER_HINT),
        (BOOSTER.predict, BOOSTER_HINT),
        (
            LogisticRegression(),
            "LogisticRegression is not callable: give its predict_proba or predict",
        ),
        ("net", "str is not callable"),
        (None, "NoneType is not callable"),
    ],
)
@pytest.mark.parametrize("explain", ["baseline", "marginal", "conditional", "lime", "text"])
def test_what_is_no_model_is_refused_in_words(explain, model, message):
    x = np.ones((3, 2))
    ways = {
        "baseline": lambda: xk.baseline_game(model, x),
        "marginal": lambda: xk.marginal_game(model, x, x),
        "conditional": lambda: xk.conditional_game(model, x, x),
        "lime": lambda: xk.lime_tabular(model, x, x),
        "text": lambda: xk.text_game(model, "two words"),
    }
    with pytest.raises(TypeError, match=re.escape(message) + "$"):
        ways[explain]()


# Outputs.


def test_outputs_are_a_table_of_numbers(backend):
    x = backend.array([[1.0, 2.0], [3.0, 4.0]])
    assert_lives_at(backend, models.outputs(lambda rows: rows, x))
    assert tuple(models.outputs(lambda rows: rows[:, 0], x).shape) == (2, 1)
    weight = torch.ones(2, requires_grad=True)
    assert not models.outputs(lambda rows: weight * 2, x).requires_grad


def test_targets_are_taken_row_by_row(backend):
    x = backend.array([[1.0, 2.0], [3.0, 4.0]])
    question = ask(lambda rows: rows, x, [1, 0])
    assert numpy_of(question.output).tolist() == [2, 3] and question.target.tolist() == [1, 0]
    taken = question.target_outputs(x + 10, np.array([1, 1]))
    assert taken.tolist() == [11, 13] and taken.dtype == np.float64


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (
            lambda x: np.array(["spam"] * len(x)),
            TypeError,
            "returned labels ('spam'), expected numbers",
        ),
        (lambda x: ["ham"] * len(x), TypeError, "labels ('ham')"),
        (lambda x: np.array(["a"]), TypeError, "give its predict_proba, or a function that"),
        (lambda x: np.array([None] * len(x)), TypeError, "returned labels (None)"),
        (lambda x: np.array([], dtype=str), TypeError, "returned labels ('nothing')"),
        (
            lambda x: np.ones(2),
            ValueError,
            "returned shape (2,) for 3 rows, expected (3,) or (3, k)",
        ),
        (lambda x: np.ones((4, 2)), ValueError, "the model returned shape (4, 2) for 3 rows"),
        (lambda x: np.ones((3, 2, 2)), ValueError, "the model returned shape (3, 2, 2) for 3 rows"),
        (lambda x: 1.0, ValueError, "the model returned shape () for 3 rows"),
        (
            lambda x: np.array([1.0, np.nan, 1.0]),
            ValueError,
            "the model's output is NaN or infinite",
        ),
        (
            lambda x: torch.full((3, 1), torch.inf),
            ValueError,
            "the model's output is NaN or infinite",
        ),
    ],
)
def test_bad_outputs_are_refused_in_words(model, error, message):
    with pytest.raises(error, match=re.escape(message)):
        models.outputs(model, np.ones((3, 2)))
    with pytest.raises(error, match=re.escape(message)):
        xk.baseline_game(model, np.ones((3, 2)))


def test_classes_as_labels_are_refused_where_they_are_explained():
    classifier = LogisticRegression().fit(X, np.where(Y > 0, "spam", "ham"))
    with pytest.raises(TypeError, match=r"returned labels .*'(sp|h)am'.* give its predict_proba"):
        xk.lime_tabular(classifier.predict, X[:1], X)


# Chunks.


def test_chunks_are_bounded_in_rows_and_in_numbers():
    assert chunk_rows(1) == chunk_rows(2048) == 2048
    assert chunk_rows(4096) == 1024
    assert chunk_rows(2**22) == chunk_rows(2**24) == 1


def test_chunks_cover_all_rows_once():
    for rows, size in [(0, 3), (1, 3), (3, 3), (7, 3)]:
        parts = list(chunks(rows, size))
        assert [i for part in parts for i in range(rows)[part]] == list(range(rows))
        assert all(part.stop - part.start <= size and part.stop <= rows for part in parts)
