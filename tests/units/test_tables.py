"""Data frames: the model sees the columns it was given, by name and in their own types."""

import pickle
import re
import warnings
from functools import cache
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from torch import nn
from xgboost import XGBRegressor

import xaikit as xk
from xaikit.core import tables

RNG = np.random.default_rng(0)
ROWS = 60
TABLE = pd.DataFrame(
    {
        "area": RNG.normal(40, 10, ROWS),
        "city": RNG.choice(["Busan", "Jeju", "Seoul"], ROWS),
        "rooms": RNG.integers(0, 4, ROWS),
        "lift": RNG.random(ROWS) > 0.5,
        "grade": pd.Categorical(RNG.choice([3, 5, 8], ROWS)),
    }
)
NUMBERS = TABLE[["area", "rooms"]]
TURNED = list(TABLE.columns[::-1])
WEIGHTS = {"area": 0.1, "rooms": 2.0}


def by_types(frame):
    """A model that needs every column by its name and in its type."""
    assert list(frame.columns) == list(TABLE.columns)
    assert frame["rooms"].dtype == np.int64 and frame["lift"].dtype == bool
    assert isinstance(frame["grade"].dtype, pd.CategoricalDtype)
    city = frame["city"].map({"Busan": 1.0, "Jeju": -2.0, "Seoul": 5.0}).to_numpy()
    grade = frame["grade"].cat.codes.to_numpy() ** 2
    products = frame["area"] * frame["lift"] + city * frame["rooms"]
    return products.to_numpy() + grade


def by_name(frame):
    return sum(weight * frame[name].to_numpy() for name, weight in WEIGHTS.items())


def shapley_by_orders(value, players):
    """Average the marginal contributions over all orders: v takes a set of players."""
    value = cache(value)
    orders = list(permutations(players))
    found = dict.fromkeys(players, 0.0)
    for order in orders:
        for k, player in enumerate(order):
            before = frozenset(order[:k])
            found[player] += (value(before | {player}) - value(before)) / len(orders)
    return list(found.values())


def mixed(x, others, present):
    """Return the rows `others` with the present columns of one row, by pandas alone."""
    rows = others.copy()
    for name in present:
        rows[name] = pd.Series([x[name].iloc[0]] * len(rows), index=rows.index).astype(
            x[name].dtype
        )
    return rows


def test_every_column_keeps_its_type_in_a_marginal_game():
    x, background = TABLE.iloc[:2], TABLE.iloc[10:20]
    result = xk.exact_shapley(xk.marginal_game(by_types, x, background))
    for row in range(2):
        one = x.iloc[row : row + 1]
        expected = shapley_by_orders(
            lambda present, one=one: by_types(mixed(one, background, present)).mean(), TABLE.columns
        )
        np.testing.assert_allclose(result.values[row], expected, atol=1e-12)
    np.testing.assert_array_equal(result.output, by_types(x))
    assert list(result.feature_names) == list(TABLE.columns)
    assert result.data.tolist() == x.to_numpy(dtype=object).tolist()


def test_every_column_keeps_its_type_with_a_baseline_row():
    x, other = TABLE.iloc[:1], TABLE.iloc[5:6]
    result = xk.exact_shapley(xk.baseline_game(by_types, x, other))
    expected = shapley_by_orders(
        lambda present: by_types(mixed(x, other, present)).mean(), TABLE.columns
    )
    np.testing.assert_allclose(result.values[0], expected, atol=1e-12)


def test_a_deletion_curve_of_a_frame_by_hand():
    x, other = TABLE.iloc[:1], TABLE.iloc[5:6]
    curve = xk.deletion(by_types, x, np.arange(5.0)[None], baseline=other, random=3)
    left = [list(TABLE.columns[: 5 - k]) for k in range(6)]
    expected = [by_types(mixed(x, other, present))[0] for present in left]
    np.testing.assert_allclose(curve.outputs[0], np.array(expected, dtype=float), atol=1e-12)


@pytest.mark.parametrize("way", ["row", "series"])
def test_a_series_is_a_row_of_numbers(way):
    x = NUMBERS.iloc[0] if way == "series" else NUMBERS.iloc[:1]
    values = xk.exact_shapley(xk.marginal_game(by_name, x, NUMBERS)).values
    expected = [
        weight * (NUMBERS[name].iloc[0] - NUMBERS[name].mean()) for name, weight in WEIGHTS.items()
    ]
    np.testing.assert_allclose(np.ravel(values), expected, atol=1e-12)


def test_a_series_takes_its_types_from_the_background():
    x, background = TABLE.iloc[3], TABLE.iloc[10:20]
    single = xk.exact_shapley(xk.marginal_game(by_types, x, background))
    rows = xk.exact_shapley(xk.marginal_game(by_types, TABLE.iloc[3:4], background))
    np.testing.assert_array_equal(single.values, rows.values[0])


# Names.


ALIGNED = {
    "marginal_game": lambda x, t: xk.exact_shapley(xk.marginal_game(by_name, x, t)).values,
    "baseline_game": lambda x, t: xk.exact_shapley(xk.baseline_game(by_name, x, t.iloc[:4])).values,
    "conditional_game": lambda x, t: xk.exact_shapley(xk.conditional_game(by_name, x, t)).values,
    "lime_tabular": lambda x, t: xk.lime_tabular(by_name, x, t, samples=50).values,
    "deletion": lambda x, t: xk.deletion(by_name, x, np.ones(x.shape), 0, t.iloc[5]).outputs,
    "insertion": lambda x, t: xk.insertion(by_name, x, np.ones(x.shape), 0, t.iloc[5]).outputs,
    "infidelity": lambda x, t: xk.infidelity(by_name, x, np.ones(x.shape), 0, t.iloc[5]).value,
    "sensitivity_n": lambda x, t: (
        xk.sensitivity_n(by_name, x, np.eye(2)[[0, 1, 0, 1]], 0, t.iloc[5]).correlation
    ),
    "gradient_x_input": lambda x, t: xk.gradient_x_input(NETWORK, x, baseline=t.iloc[5]).values,
    "integrated_gradients": lambda x, t: (
        xk.integrated_gradients(NETWORK, x, baseline=t.iloc[5]).values
    ),
    "dasp": lambda x, t: xk.dasp(NETWORK, x, baseline=t.iloc[5]).values,
    "scores": lambda x, t: xk.deletion(by_name, x, t.iloc[:4], 0, random=0).outputs,
}
NETWORK = xk.Network.mlp([2, 4, 1], "tanh", seed=3)


@pytest.mark.parametrize("name", ALIGNED)
def test_a_second_table_is_aligned_by_name(name):
    x = NUMBERS.iloc[:4]
    expected = ALIGNED[name](x, NUMBERS.iloc[20:])
    np.testing.assert_array_equal(ALIGNED[name](x, NUMBERS.iloc[20:][["rooms", "area"]]), expected)


@pytest.mark.parametrize("name", ALIGNED)
def test_a_second_table_of_other_names_is_refused(name):
    message = "have other names than those of x: area, storeys; expected area, rooms"
    renamed = NUMBERS.iloc[20:].rename(columns={"rooms": "storeys"})
    with pytest.raises(ValueError, match=re.escape(message)):
        ALIGNED[name](NUMBERS.iloc[:4], renamed)


def test_an_attribution_is_aligned_by_its_names():
    x = NUMBERS.iloc[:4]
    turned = xk.exact_shapley(xk.marginal_game(by_name, x[["rooms", "area"]], NUMBERS))
    straight = xk.exact_shapley(xk.marginal_game(by_name, x, NUMBERS))
    for measure in (xk.deletion, xk.insertion, xk.infidelity):
        np.testing.assert_allclose(
            np.asarray(measure(by_name, x, turned)[1 if measure is not xk.infidelity else 0]),
            np.asarray(measure(by_name, x, straight)[1 if measure is not xk.infidelity else 0]),
            atol=1e-12,
        )
    agreement = xk.rank_agreement({"turned": turned, "straight": straight}, top=1)
    assert agreement.spearman.tolist() == np.ones((4, 2, 2)).tolist()
    assert agreement.overlap.tolist() == np.ones((4, 2, 2)).tolist()


def test_rank_agreement_aligns_frames():
    scores = pd.DataFrame([[1.0, 5.0], [2.0, -3.0]], columns=["area", "rooms"])
    found = xk.rank_agreement({"a": scores, "b": scores[["rooms", "area"]]}, top=1)
    assert found.spearman[:, 0, 1].tolist() == [1, 1]
    with pytest.raises(ValueError, match="have other names"):
        xk.rank_agreement({"a": scores, "b": scores.rename(columns={"rooms": "k"})}, top=1)


def test_remove_and_retrain_aligns_test_rows_and_scores():
    y = by_name(NUMBERS)
    first, rest = NUMBERS.iloc[:40], NUMBERS.iloc[40:]

    def train(x, y, x_test, y_test, seed):
        return LinearRegression().fit(x, y).score(x_test, y_test)

    def scores(test, of_test):
        return xk.remove_and_retrain(
            train, first, y[:40], np.ones(first.shape), test, y[40:], of_test, (0.0, 0.5), (0,)
        ).scores

    judged = pd.DataFrame(RNG.normal(size=rest.shape), columns=rest.columns)
    turned = ["rooms", "area"]
    np.testing.assert_array_equal(scores(rest, judged), scores(rest[turned], judged[turned]))
    assert scores(rest[turned], judged)[0, 0] == pytest.approx(1, abs=1e-12)


def test_columns_without_names_count_by_place():
    plain = NUMBERS.to_numpy(dtype=float)
    expected = xk.exact_shapley(xk.marginal_game(by_name, NUMBERS.iloc[:2], NUMBERS)).values
    found = xk.exact_shapley(xk.marginal_game(by_name, NUMBERS.iloc[:2], plain)).values
    np.testing.assert_allclose(found, expected, atol=1e-12)


# Estimators that were fitted on frames.


def estimators():
    """Return functions of frames, each with the columns that it was fitted on."""
    y = 0.1 * TABLE["area"] + TABLE["rooms"] + (TABLE["city"] == "Jeju")
    encode = ColumnTransformer(
        [("scale", StandardScaler(), ["area", "rooms"]), ("city", OneHotEncoder(), ["city"])]
    )
    coded = TABLE[["area", "grade"]]
    return {
        "pipeline by names": (make_pipeline(encode, LinearRegression()).fit(TABLE, y), TABLE),
        "pipeline of numbers": (
            make_pipeline(StandardScaler(), LinearRegression()).fit(NUMBERS, y),
            NUMBERS,
        ),
        "XGBoost categories": (
            XGBRegressor(n_estimators=5, n_jobs=1, enable_categorical=True).fit(coded, y),
            coded,
        ),
        "HistGradientBoosting categories": (
            HistGradientBoostingRegressor(
                max_iter=5, categorical_features="from_dtype", min_samples_leaf=2
            ).fit(coded, y),
            coded,
        ),
    }


@pytest.mark.parametrize("name", estimators())
def test_an_estimator_is_explained_as_it_answers_itself(name):
    estimator, table = estimators()[name]
    x, background = table.iloc[:2], table.iloc[10:20]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = xk.exact_shapley(xk.marginal_game(estimator.predict, x, background))
        curve = xk.deletion(
            estimator.predict, x, result.values, baseline=background.iloc[:1], random=2
        )
    np.testing.assert_array_equal(result.output, estimator.predict(x))
    # Among other rows a product may differ in its last digit.
    np.testing.assert_allclose(curve.outputs[:, 0], estimator.predict(x), rtol=1e-14)
    for row in range(2):
        one = x.iloc[row : row + 1]
        expected = shapley_by_orders(
            lambda present, one=one: float(
                np.mean(estimator.predict(mixed(one, background, present)), dtype=float)
            ),
            table.columns,
        )
        np.testing.assert_allclose(result.values[row], expected, atol=1e-5)


def test_no_warning_about_names_for_methods_that_add_numbers():
    y = (by_name(NUMBERS) > 5).astype(int)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(NUMBERS, y).predict_proba
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        xk.lime_tabular(model, NUMBERS.iloc[:2], NUMBERS, samples=50)
        xk.exact_shapley(xk.conditional_game(model, NUMBERS.iloc[:2], NUMBERS, samples=4))
        xk.infidelity(model, NUMBERS.iloc[:2], np.ones((2, 2)), samples=10)


@pytest.mark.parametrize(
    ("explain", "message"),
    [
        (lambda: xk.lime_tabular(by_types, TABLE, TABLE), "LIME needs numbers, and city, grade"),
        (lambda: xk.conditional_game(by_types, TABLE, TABLE), "a conditional game needs numbers"),
        (
            lambda: xk.infidelity(by_types, TABLE, np.ones(TABLE.shape), 0, TABLE.iloc[:1]),
            "infidelity needs numbers, and city, grade hold none",
        ),
        (lambda: xk.baseline_game(by_types, TABLE), "city, grade hold no numbers, so 0 is no"),
        (lambda: xk.deletion(by_types, TABLE, np.ones(TABLE.shape)), "so 0 is no baseline"),
        (
            lambda: xk.marginal_game(
                lambda rows: np.ones(len(rows)),
                TABLE[["grade"]],
                pd.DataFrame({"grade": pd.Categorical([3, 9])}),
            ),
            "column grade of background holds 9, which is no category of x's",
        ),
        (lambda: xk.marginal_game(len, TABLE.iloc[:0], TABLE), "x is empty"),
        (
            lambda: xk.baseline_game(lambda rows: np.ones(len(rows)), TABLE, TABLE.iloc[:2]),
            "baseline has 2 rows, expected one, or one for each of x",
        ),
        (
            lambda: xk.marginal_game(lambda rows: np.ones(len(rows)), NUMBERS, np.ones((3, 5))),
            "background has shape (3, 5), expected rows like those of x: (m, 2)",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_words(explain, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        explain()


def test_how_a_frame_holds_its_columns_does_not_show_in_the_last_digit():
    """A frame that was pickled with its columns in another order holds them backwards."""
    x, names = np.random.default_rng(0).normal(size=(50, 6)), list("abcdef")
    network = xk.Network.mlp([6, 8, 1], seed=1)
    turned = pickle.loads(pickle.dumps(pd.DataFrame(x, columns=names)[names[::-1]]))[names]
    assert turned.to_numpy().strides[1] < 0
    for row in range(50):
        one, same = x[row : row + 1], turned[row : row + 1]
        np.testing.assert_array_equal(network(same), network(one))
        found = xk.integrated_gradients(network, same, baseline=turned[:1])
        expected = xk.integrated_gradients(network, one, baseline=x[:1])
        np.testing.assert_array_equal(found.values, expected.values)
        np.testing.assert_array_equal(found.base, expected.base)


# Properties.


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(1, 4),
)
def test_a_frame_and_an_array_of_its_numbers_give_the_same(seed, rows, others, width):
    rng = np.random.default_rng(seed)
    names = [f"column {i}" for i in rng.permutation(width)]
    values = rng.integers(-3, 4, (rows + others, width)).astype(float)  # with equal values
    values[rng.random(values.shape) < 0.2] = np.nan
    frame = pd.DataFrame(values, columns=names)
    for name in names:
        if rng.random() < 0.5 and frame[name].notna().all():
            frame[name] = frame[name].astype(rng.choice(["int64", "float32", "float64"]))
    weights = rng.normal(size=width)

    def model(given):
        numbers = np.nan_to_num(np.asarray(given, dtype=float), nan=9.0)
        return (numbers @ weights) ** 2

    x, background = slice(None, rows), slice(rows, None)
    expected = xk.exact_shapley(xk.marginal_game(model, values[x], values[background])).values
    found = xk.exact_shapley(xk.marginal_game(model, frame[x], frame[background])).values
    np.testing.assert_allclose(found, expected, atol=1e-10)
    order = rng.permutation(names)
    turned = xk.exact_shapley(
        xk.marginal_game(lambda given: model(given[names]), frame[x][order], frame[background])
    )
    columns = [names.index(name) for name in order]
    np.testing.assert_allclose(turned.values, expected[:, columns], atol=1e-10)


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 6))
def test_cells_are_taken_column_by_column(seed, pool, rows):
    rng = np.random.default_rng(seed)
    frame = TABLE.iloc[rng.choice(ROWS, pool)].reset_index(drop=True)
    cells = rng.integers(0, pool, (rows, frame.shape[1]))
    made = tables.Table(frame).frame_of(cells)
    assert made.dtypes.equals(frame.dtypes) and list(made.columns) == list(frame.columns)
    for row in range(rows):
        for column in range(frame.shape[1]):
            assert made.iat[row, column] == frame.iat[cells[row, column], column]


# Whole numbers, and models that are no functions.


class Melody(nn.Module):
    """Looks up the height of each note; what counts are the steps between neighbours."""

    def __init__(self):
        super().__init__()
        self.height = nn.Embedding(12, 1).double()

    def forward(self, notes):
        heights = self.height(notes).squeeze(-1)
        return (heights[:, 1:] * heights[:, :-1]).sum(dim=1)


@pytest.mark.parametrize("kind", ["TorchModel", "torch function", "NumPy function"])
def test_whole_numbers_reach_an_embedding_as_they_are(kind):
    torch.manual_seed(5)
    module, notes, silence = Melody(), np.array([6, 1, 10, 4, 9]), 11
    heights = module.height.weight.detach().numpy()[:, 0]

    def value(present):
        line = np.full(5, heights[silence])
        line[list(present)] = heights[notes[list(present)]]
        return line[1:] @ line[:-1]

    model = {
        "TorchModel": xk.TorchModel(module),
        "torch function": module.forward,
        "NumPy function": lambda rows: module(torch.as_tensor(rows)).detach().numpy(),
    }[kind]
    x = notes if kind == "NumPy function" else torch.tensor(notes)
    result = xk.exact_shapley(xk.baseline_game(model, x[None], silence))
    np.testing.assert_allclose(
        np.asarray(result.values)[0], shapley_by_orders(value, range(5)), atol=1e-12
    )
    for method in (xk.saliency, xk.gradient_x_input, xk.integrated_gradients):
        with pytest.raises(TypeError, match="whole numbers that an embedding looks up"):
            method(xk.TorchModel(module), torch.tensor(notes)[None])


def test_whole_numbers_become_floating_beside_floating_ones():
    x = np.array([[1, 4]])
    for other in (np.array([[0.5, 0.5]]), 0.5, [0.5, 0.5]):
        values = xk.exact_shapley(xk.baseline_game(lambda rows: rows @ [1.0, 2.0], x, other)).values
        np.testing.assert_allclose(values, [[0.5, 7.0]], atol=1e-15)
    rows = np.array([[0.5, 0.5], [1.5, 1.5]])
    values = xk.exact_shapley(xk.marginal_game(lambda rows: rows @ [1.0, 2.0], x, rows)).values
    np.testing.assert_allclose(values, [[0.0, 6.0]], atol=1e-15)


def test_missing_values_are_carried_by_games_and_lime_and_refused_by_gradients():
    x, background = np.array([[np.nan, 2.0]]), np.array([[1.0, np.nan], [3.0, 0.0]])

    def model(rows):
        return np.where(np.isnan(rows), 10.0, rows) @ [1.0, 2.0]

    values = xk.exact_shapley(xk.marginal_game(model, x, background)).values
    np.testing.assert_allclose(values, [[10 - 2.0, 2 * (2 - 5.0)]], atol=1e-15)
    full = np.array([[1.0, 0.0], [3.0, 4.0], [np.nan, 1.0]])
    slopes = xk.lime_tabular(model, x, full, samples=200, ridge=0.0)
    assert slopes.values[0, 0] == slopes.std[0, 0] == 0  # missing everywhere
    np.testing.assert_allclose(slopes.values[0, 1], 2 * full[:, 1].std(), atol=1e-12)
    curve = xk.deletion(model, x, np.array([[1.0, 2.0]]), baseline=[0.0, 0.0], random=0)
    assert curve.outputs.tolist() == [[14.0, 10.0, 0.0]]
    for method in (xk.saliency, xk.gradient_x_input, xk.lrp, xk.dasp, xk.integrated_gradients):
        with pytest.raises(ValueError, match="x holds NaN or infinity"):
            method(NETWORK, x)
    with pytest.raises(ValueError, match="background holds NaN or infinity"):
        xk.conditional_game(model, np.ones((1, 2)), background)


def random_model(rows):
    return np.random.default_rng().normal(size=len(rows))


@pytest.mark.parametrize(
    "explain",
    [
        lambda: xk.exact_shapley(xk.baseline_game(random_model, np.ones((2, 3)))),
        lambda: xk.kernel_shap(xk.marginal_game(random_model, np.ones((2, 3)), np.ones((4, 3)))),
        lambda: xk.permutation_shapley(xk.baseline_game(random_model, np.ones(3))),
        lambda: xk.gaussian_process_shapley(xk.baseline_game(random_model, np.ones(3))),
    ],
)
def test_a_model_that_is_no_function_of_the_row_is_refused(explain):
    with pytest.raises(ValueError, match="it is no function of the row"):
        explain()


class Dropped(nn.Module):
    def forward(self, x):
        return nn.functional.dropout(x.sum(1), 0.5)  # also outside of training


class Centred(nn.Module):
    def forward(self, x):
        return (x - x.mean(0)).sum(1)


@pytest.mark.parametrize("method", [xk.saliency, xk.gradient_x_input, xk.integrated_gradients])
@pytest.mark.parametrize("module", [Dropped, Centred])
def test_a_module_that_is_no_function_of_the_row_is_refused(method, module):
    x = RNG.uniform(1, 2, size=(40, 3))  # no first row that is small beside others
    with pytest.raises(ValueError, match="it is no function of the row"):
        for _ in range(20):  # dropout may keep the first row twice
            method(xk.TorchModel(module()), x)


@pytest.mark.parametrize("module", [Dropped, Centred])
def test_a_small_first_row_does_not_hide_chance_behind_large_ones(module):
    """The row with the largest output is asked alone: a hundredth of it is all of the first."""
    x = np.array([[0.2, 0.1, 0.2]]) + np.arange(40.0)[:, None] ** 2
    with pytest.raises(ValueError, match="it is no function of the row"):
        for _ in range(20):  # dropout may keep a row twice
            xk.saliency(xk.TorchModel(module()), x)


def test_the_row_asked_again_is_the_one_with_the_largest_output():
    asked = []

    def model(rows):
        asked.append(rows)
        return rows.sum(axis=1)

    x = np.array([[0.1, 0.2], [3.0, -9.0], [1.0, 2.0]])
    xk.infidelity(model, x, x, samples=3)
    alone = [rows for rows in asked if len(rows) == 1]
    assert [rows.tolist() for rows in alone] == [[[3.0, -9.0]]]


def priced(price, mass, tax=0.1):
    return price[:, 0] * mass[:, 0] * (1 + tax)


class Paired(nn.Module):
    def forward(self, price, mass, tax=0.1):
        return priced(price, mass, tax)


def test_an_error_of_type_inside_a_model_is_its_own():
    def model(rows, power=2):
        return rows.sum(axis=1) ** power + len(3)

    with pytest.raises(TypeError, match="object of type 'int' has no len"):
        xk.baseline_game(model, np.ones((5, 4)))


@pytest.mark.parametrize(
    ("explain", "message"),
    [
        (
            lambda: xk.baseline_game(lambda rows: [np.ones((2, 2))] * 3, np.ones((2, 2))),
            "the model returned a list of 3 arrays, one for each target",
        ),
        (
            lambda: xk.saliency(NETWORK, (torch.ones(2, 1), torch.ones(2, 1))),
            "x is a tuple of 2 tensors, expected one",
        ),
        (
            lambda: xk.baseline_game(by_name, [[0.5], [1.5, 2.5, 4.0]]),
            "x is a list of rows with different lengths",
        ),
        (
            lambda: xk.baseline_game(by_name, np.array([[1, None]], dtype=object)),
            "x holds NoneType values, expected real numbers: write missing values as NaN",
        ),
        (
            lambda: xk.baseline_game(lambda u, v: u[:, 0] + v[:, 0], (np.ones((4, 2)),) * 2),
            "x is a tuple of 2 arrays, expected one: a model of several inputs is explained by",
        ),
        (
            lambda: xk.lime_tabular(by_name, (np.ones(2), np.zeros(2)), np.ones((3, 2))),
            "x is a tuple of 2 arrays, expected one",
        ),
        (
            lambda: xk.saliency(NETWORK, [NUMBERS, NUMBERS]),
            "x is a list of 2 data frames, expected one",
        ),
        (
            lambda: xk.saliency(xk.TorchModel(Paired()), np.ones((5, 4))),
            "the model Paired needs 2 inputs, price, mass, and is given rows of x alone: explain",
        ),
        (
            lambda: xk.baseline_game(xk.TorchModel(Paired()), torch.ones(5, 4)),
            "the model Paired needs 2 inputs, price, mass, and is given rows of x alone: explain",
        ),
        (
            lambda: xk.marginal_game(priced, np.ones((5, 4)), np.ones((5, 4))),
            "the model priced needs 2 inputs, price, mass, and is given rows of x alone: explain",
        ),
    ],
)
def test_several_arrays_are_refused_in_words(explain, message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        explain()


# Frames and arrays of one type.


@pytest.mark.parametrize("kind", ["float32", "float64", "int8", "int64", "uint8", "bool"])
def test_a_frame_of_one_type_keeps_it(kind):
    frame = pd.DataFrame({"b": [1, 0, 1, 0], "a": [0, 0, 1, 1]}).astype(kind)

    def model(rows):
        assert list(rows.columns) == ["b", "a"] and set(rows.dtypes) == {np.dtype(kind)}
        return rows["b"].to_numpy(dtype=float) * 2 + rows["a"]

    wider = {"float32": "float64", "bool": "bool"}.get(kind, "int64" if "int" in kind else kind)
    others = frame[["a", "b"]].astype(wider)
    for game in (
        xk.marginal_game(model, frame, others),
        xk.baseline_game(model, frame, others.iloc[0]),
        xk.baseline_game(model, frame),
        xk.baseline_game(model, frame.iloc[0], 0),
    ):
        game.ends()


@pytest.mark.parametrize("rows", [np.array, pd.DataFrame])
def test_a_value_that_x_type_lacks_is_not_wrapped_around(rows):
    """−1 as a byte would be 255."""
    x, baseline = rows(np.array([[3, 4]], dtype=np.uint8)), rows(np.array([[-1, 300]]))

    def model(given):
        return np.asarray(given, dtype=float) @ [1.0, 10.0]

    for game in (xk.baseline_game(model, x, baseline), xk.marginal_game(model, x, baseline)):
        np.testing.assert_array_equal(game.ends(), [[2999.0], [43.0]])


def test_a_model_may_change_its_frame():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})

    def model(rows):
        total = rows.to_numpy().sum(axis=1)
        rows["a"] = 99.0
        rows.iloc[:, 1] = -1.0
        return total

    for method in (
        lambda: xk.exact_shapley(xk.baseline_game(model, frame)),
        lambda: xk.exact_shapley(xk.marginal_game(model, frame, frame * 0)),
    ):
        np.testing.assert_allclose(method().values, [[1.0, 3.0], [2.0, 4.0]])
    xk.lime_tabular(model, frame, RNG.normal(size=(30, 2)), samples=50)
    np.testing.assert_array_equal(frame.to_numpy(), [[1.0, 3.0], [2.0, 4.0]])
