"""Columns of any label and type: they align, keep their types, and may lack values."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from torch import nn

import xaikit as xk

RNG = np.random.default_rng(11)
SLOPES = np.array([2.0, -1.0, 0.5])
PLAIN = RNG.normal(size=(25, 3))
LABELS = {
    "numbers from 0": [0, 1, 2],
    "years": [2019, 2020, 2021],
    "of two levels": [("mean", 1), ("mean", 2), ("max", 1)],
    "words and numbers": ["wind", 7, "rain"],
}
NETWORK = xk.Network([xk.Dense(SLOPES[None])])


def linear(rows):
    return np.asarray(rows, dtype=float) @ SLOPES


def shapley(x, others):
    return xk.exact_shapley(xk.marginal_game(linear, x, others)).values


def zbox(x, others):
    low, high = 3 * others.min() - 9, 5 * others.max() + 9
    return xk.lrp(NETWORK, x, rule={"first": xk.LRPZBox(low, high[::-1])}).values


# What each asks of rows x and of a second table or row.
SECOND = {
    "marginal game": shapley,
    "conditional game": lambda x, t: xk.exact_shapley(xk.conditional_game(linear, x, t)).values,
    "LIME": lambda x, t: xk.lime_tabular(linear, x, t, samples=40).values,
    "baseline": lambda x, t: xk.exact_shapley(xk.baseline_game(linear, x, t.iloc[0])).values,
    "scores": lambda x, t: xk.deletion(linear, x, t.iloc[:2], random=0).outputs,
    "spread": lambda x, t: (
        xk.infidelity(
            linear, x, np.ones(x.shape), perturbation="gaussian", spread=abs(t.iloc[0])
        ).value
    ),
    "perturbation": lambda x, t: (
        xk.infidelity(linear, x, np.ones(x.shape), perturbation=t.iloc[:5]).value
    ),
    "radius": lambda x, t: xk.max_sensitivity(lambda z: z**2, x, radius=abs(t.iloc[0])),
    "bounds of LRP": zbox,
    "test rows": lambda x, t: (
        xk.remove_and_retrain(
            lambda x, y, x_test, y_test, seed: (np.asarray(x_test) @ SLOPES).sum(),
            x,
            None,
            np.ones(x.shape),
            t,
            None,
            t**2,
            (0.0, 0.5),
            (0,),
        ).scores
    ),
}


@pytest.mark.parametrize("name", SECOND)
@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_a_second_table_is_aligned_by_labels_of_any_kind(name, labels):
    frame = pd.DataFrame(PLAIN, columns=pd.Index(labels, tupleize_cols=False))
    x, others = frame.iloc[:2], frame.iloc[5:]
    expected = SECOND[name](x, others)
    np.testing.assert_array_equal(SECOND[name](x, others.iloc[:, [2, 0, 1]]), expected)


@pytest.mark.parametrize("name", SECOND)
def test_a_second_table_of_other_labels_is_refused(name):
    x = pd.DataFrame(PLAIN[:2], columns=["wind", "rain", "sun"])
    others = pd.DataFrame(PLAIN[5:], columns=["wind", "rain", "snow"])
    with pytest.raises(ValueError, match=r"other names than those of x: wind, rain, snow; expec"):
        SECOND[name](x, others)


def test_columns_that_are_only_numbered_count_by_place():
    named = pd.DataFrame(PLAIN, columns=["wind", "rain", "sun"])
    for one, other in ((named, pd.DataFrame(PLAIN)), (pd.DataFrame(PLAIN), named)):
        np.testing.assert_array_equal(
            shapley(one.iloc[:2], other.iloc[5:]), shapley(PLAIN[:2], PLAIN[5:])
        )


def test_labels_that_are_no_words_are_names_too():
    years = pd.DataFrame(PLAIN, columns=LABELS["years"])
    answer = xk.exact_shapley(xk.marginal_game(linear, years.iloc[:2], years))
    assert list(answer.feature_names) == ["2019", "2020", "2021"]
    assert xk.saliency(NETWORK, pd.DataFrame(PLAIN)).feature_names is None


def test_a_name_of_two_columns_is_refused_in_another_order():
    twice = pd.DataFrame(PLAIN, columns=["wind", "rain", "wind"])
    shapley(twice.iloc[:2], twice)
    with pytest.raises(ValueError, match="two columns of background have the name wind"):
        shapley(twice.iloc[:2], twice.iloc[:, [1, 0, 2]])


# Attributions.


def test_an_attribution_of_other_names_is_refused():
    x = pd.DataFrame(PLAIN[:2], columns=["wind", "rain", "sun"])
    scores = xk.exact_shapley(xk.baseline_game(linear, x))
    other = scores.with_names(["wind", "rain", "snow"])
    message = "attribution have other names than those of x: wind, rain, snow; expected wind, rain"
    for measure in (xk.deletion, xk.insertion, xk.infidelity, xk.sensitivity_n):
        with pytest.raises(ValueError, match=f"{message}.* under other names are attribution.val"):
            measure(linear, x, other)
        measure(linear, x, other.values)
    with pytest.raises(ValueError, match=message):
        xk.rank_agreement({"one": scores, "other": other}, top=1)


def test_an_attribution_of_an_array_counts_by_place():
    x = pd.DataFrame(PLAIN[:2], columns=["wind", "rain", "sun"])
    by_place = xk.exact_shapley(xk.baseline_game(linear, PLAIN[:2]))
    by_name = xk.exact_shapley(xk.baseline_game(linear, x))
    for one in (by_place, by_name):
        np.testing.assert_allclose(xk.infidelity(linear, x, one).value, 0, atol=1e-20)
    assert (xk.rank_agreement({"a": by_place, "b": by_name}, top=1).spearman == 1).all()


def test_columns_called_as_the_players_of_an_array_align():
    x = pd.DataFrame(PLAIN[:2], columns=["x2", "x1", "x0"])
    straight = xk.exact_shapley(
        xk.baseline_game(lambda rows: linear(rows[["x2", "x1", "x0"]]), x[["x0", "x1", "x2"]])
    )
    np.testing.assert_allclose(xk.infidelity(linear, x, straight).value, 0, atol=1e-20)


# Types.

SIZE = 40
FARM = pd.DataFrame(
    {
        "crop": RNG.choice(["barley", "millet", "oats"], SIZE),
        "cows": RNG.integers(0, 9, SIZE),
        "organic": RNG.random(SIZE) < 0.4,
        "acres": RNG.gamma(3, 2, SIZE).astype("float32"),
        "rain": RNG.normal(600, 90, SIZE),
    }
)
WORTH = {"barley": 3.0, "millet": -1.0, "oats": 0.5}


def harvest(farm):
    """A model that needs each column in the type that it was given."""
    assert [str(kind) for kind in farm.dtypes[1:]] == ["int64", "bool", "float32", "float64"]
    crop = farm["crop"].map(WORTH).to_numpy(dtype=float)
    extra = np.where(farm["organic"], farm["cows"], 0)
    return crop + extra + np.sqrt(np.abs(farm["acres"].to_numpy())) + farm["rain"] / 100


@pytest.mark.parametrize("around", ["instance", "background"])
def test_lime_keeps_the_types_of_all_columns(around):
    seen = []

    def model(farm):
        seen.append(farm)
        return harvest(farm)

    x = FARM.iloc[:3]
    answer = xk.lime_tabular(model, x, FARM, samples=300, categorical=["crop"], around=around)
    asked = pd.concat(seen)
    assert asked["cows"].nunique() > 9 and asked["organic"].nunique() == 2
    # The line is fitted to what the model was asked, not to the numbers before they were rounded.
    cows = (asked["cows"] - FARM["cows"].mean()) / FARM["cows"].std(ddof=0)
    assert answer.values.shape == (3, 5) and cows.abs().max() > 2
    with pytest.raises(TypeError, match="crop hold none: name them in categorical"):
        xk.lime_tabular(harvest, x, FARM)


@pytest.mark.parametrize("kind", ["int64", "uint8"])
@pytest.mark.parametrize("around", ["instance", "background"])
@pytest.mark.parametrize("form", ["array", "frame", "frame of two types"])
def test_the_line_through_whole_numbers_is_exact(kind, around, form):
    """Of a linear model, with perturbations that are whole numbers themselves."""
    counts = np.random.default_rng(4).integers(90, 120, (50, 3)).astype(kind)
    table = counts if form == "array" else pd.DataFrame(counts, columns=["a", "b", "c"])
    if form == "frame of two types":
        table["c"] = table["c"].astype("float64")

    def model(rows):
        if isinstance(rows, pd.DataFrame):
            assert (rows.dtypes == table.dtypes).all()
        else:
            assert rows.dtype == kind
        return linear(rows)

    answer = xk.lime_tabular(model, table[:4], table, ridge=0.0, samples=400, around=around)
    expected = np.tile(SLOPES * counts.std(axis=0), (4, 1))
    np.testing.assert_allclose(answer.values, expected, rtol=1e-9)
    np.testing.assert_allclose(answer.details["intercept"], linear(counts.mean(axis=0)), rtol=1e-9)


def test_booleans_are_categories():
    """Of an additive model the score is the difference between yes and no."""
    frame = pd.DataFrame({"wet": RNG.random(60) < 0.5, "wind": RNG.normal(size=60)})
    model = lambda rows: np.where(rows["wet"], 5.0, 2.0) + rows["wind"]  # noqa: E731
    answer = xk.lime_tabular(model, frame.iloc[:8], frame, samples=300, ridge=0.0)
    expected = np.where(frame["wet"][:8], 3.0, -3.0)
    np.testing.assert_allclose(answer.values[:, 0], expected, atol=1e-10)
    truths = frame[["wet"]].assign(cold=RNG.random(60) < 0.5)
    doubled = lambda rows: rows[:, 0] * 2.0  # noqa: E731
    for x, model in (
        (truths, lambda rows: rows["wet"] * 2.0),
        (truths.to_numpy(), doubled),
        (torch.tensor(truths.to_numpy()), doubled),
    ):
        kinds = set()

        def called(rows, model=model, kinds=kinds):
            kinds.add(str(rows.to_numpy().dtype if isinstance(rows, pd.DataFrame) else rows.dtype))
            return model(rows)

        found = xk.lime_tabular(called, x[:8], x, samples=200, ridge=0.0).values
        assert {kind.removeprefix("torch.") for kind in kinds} == {"bool"}
        sign = np.where(frame["wet"][:8], 2.0, -2.0)
        np.testing.assert_allclose(np.asarray(found), np.stack([sign, 0 * sign], 1), atol=1e-5)


def test_infidelity_keeps_types_where_they_hold_the_numbers():
    frame = FARM.drop(columns="crop")
    kinds = []

    def model(farm):
        kinds.append([str(kind) for kind in farm.dtypes])
        return farm.to_numpy(dtype=float) @ [1.0, 2.0, 3.0, 4.0]

    scores = frame.to_numpy(dtype=float)[:2] * [1.0, 2.0, 3.0, 4.0]
    exact = xk.infidelity(model, frame.iloc[:2], scores, samples=30)
    assert {tuple(kind) for kind in kinds} == {("int64", "bool", "float32", "float64")}
    np.testing.assert_allclose(exact.value, 0, atol=1e-6)
    xk.infidelity(model, frame.iloc[:2], scores, perturbation="gaussian", samples=30)
    assert kinds[-1] == ["float64", "float64", "float32", "float64"]  # 2.03 cows


def test_infidelity_asks_an_embedding_about_whole_numbers():
    torch.manual_seed(1)
    table = nn.Embedding(9, 2).double()
    model = xk.TorchModel(nn.Sequential(table, nn.Flatten(), nn.Linear(8, 1).double()))
    codes = np.array([[5, 1, 8, 3], [2, 2, 7, 4]])
    scores = xk.exact_shapley(xk.baseline_game(model, codes, 0))
    assert (xk.infidelity(model, codes, scores, samples=50).value < 1e-20).all()


def test_max_sensitivity_hands_on_a_frame():
    y = FARM["cows"] + FARM["rain"] / 100
    encode = ColumnTransformer(
        [("one", OneHotEncoder(), ["crop"]), ("scale", StandardScaler(), ["cows", "rain"])]
    )
    model = make_pipeline(encode, LinearRegression()).fit(FARM, y)

    def effects(rows):
        assert list(rows.columns) == list(FARM.columns) and rows["acres"].dtype == np.float32
        left = rows.assign(rain=600.0)
        return np.outer(model.predict(rows) - model.predict(left), [0, 0, 0, 0, 1.0])

    radius = pd.Series({"rain": 5.0, "acres": 0.1, "crop": 0, "organic": 0, "cows": 0})
    found = xk.max_sensitivity(effects, FARM.iloc[:4], radius, relative=False, samples=200)
    # The effect of rain is a slope of 1/100: it moves by 5/100, less what 200 draws miss.
    np.testing.assert_allclose(found, 0.05, rtol=0.05)
    one = xk.max_sensitivity(
        lambda row: effects(row.to_frame().T.infer_objects().astype({"acres": "float32"}))[0],
        FARM.iloc[0],
        radius,
        relative=False,
        samples=200,
    )
    assert one == pytest.approx(found[0], rel=0.1) and np.ndim(one) == 0
    with pytest.raises(TypeError, match="no column of x holds numbers"):
        xk.max_sensitivity(effects, FARM[["crop"]])


def test_remove_and_retrain_hands_on_frames():
    y = FARM["crop"].map(WORTH) + FARM["cows"]
    first, rest = FARM.iloc[:30], FARM.iloc[30:]
    seen = []

    def train(x, y, x_test, y_test, seed):
        seen.append((x, x_test))
        encode = ColumnTransformer(
            [("one", OneHotEncoder(), ["crop"]), ("rest", "passthrough", ["cows"])]
        )
        return make_pipeline(encode, LinearRegression()).fit(x, y).score(x_test, y_test)

    scores = np.tile([9.0, 1.0, 4.0, 3.0, 2.0], (len(FARM), 1))  # crop first
    found = xk.remove_and_retrain(
        train, first, y[:30], scores[:30], rest, y[30:], scores[30:], (0.0, 0.2, 0.4), (0,)
    ).scores[:, 0]
    assert found[0] == pytest.approx(1, abs=1e-9) and found[1] < 0.99
    whole, without_crop, without_two = (x for x, _ in seen[:3])
    pd.testing.assert_frame_equal(
        whole, first.astype({"cows": float, "organic": float}), check_dtype=True
    )
    assert (without_crop["crop"] == first["crop"].mode()[0]).all()
    assert without_two["organic"].tolist() == [first["organic"].mean()] * 30
    assert without_two["acres"].equals(first["acres"])
    _, test_rows = seen[2]
    assert test_rows["organic"].tolist() == [first["organic"].mean()] * 10
    assert test_rows["crop"].tolist() == [first["crop"].mode()[0]] * 10


# Numbers in pandas' own types.

NULLABLE = pd.DataFrame(
    {
        "cows": pd.array([3, None, 0, 5, 2, 7, 1, 4], dtype="Int64"),
        "organic": pd.array([True, False, None, True, False, True, False, True], dtype="boolean"),
        "acres": pd.array([1.5, 2.5, 0.25, None, 4.0, 3.0, 2.0, 1.0], dtype="Float64"),
    }
)
OF_NUMPY = pd.DataFrame(
    {name: NULLABLE[name].to_numpy(float, na_value=np.nan) for name in NULLABLE}
)


def of_nullable(rows):
    assert [str(kind) for kind in rows.dtypes] == ["Int64", "boolean", "Float64"]
    return of_floats(pd.DataFrame({n: rows[n].to_numpy(float, na_value=np.nan) for n in rows}))


def of_floats(rows):
    numbers = rows.to_numpy().astype(float)
    return np.nan_to_num(numbers, nan=2.5) @ SLOPES + np.nan_to_num(numbers[:, 0]) * numbers[
        :, 1:
    ].sum(axis=1, where=~np.isnan(numbers[:, 1:]))


FULL = [0, 4, 5, 6, 7]
ASKED = {
    "marginal game": lambda m, t: xk.exact_shapley(xk.marginal_game(m, t.iloc[:3], t)).values,
    "baseline game": lambda m, t: xk.exact_shapley(xk.baseline_game(m, t.iloc[:3])).values,
    "a baseline row": lambda m, t: (
        xk.exact_shapley(xk.baseline_game(m, t.iloc[:3], t.iloc[4])).values
    ),
    "deletion": lambda m, t: xk.deletion(m, t.iloc[:3], np.ones((3, 3)), random=0).outputs,
    "infidelity": lambda m, t: xk.infidelity(m, t.iloc[FULL], np.ones((5, 3)), samples=40).value,
}


@pytest.mark.parametrize("name", ASKED)
def test_nullable_columns_are_numbers(name):
    found, expected = ASKED[name](of_nullable, NULLABLE), ASKED[name](of_floats, OF_NUMPY)
    np.testing.assert_allclose(np.asarray(found, dtype=float), expected, atol=1e-12)


def test_lime_and_conditional_games_take_nullable_columns():
    counts = NULLABLE[["cows", "acres"]]
    model = lambda rows: rows["cows"].fillna(0) * 2.0 + rows["acres"].fillna(0)  # noqa: E731
    numbers = lambda rows: np.nan_to_num(np.asarray(rows, dtype=float)) @ [2.0, 1.0]  # noqa: E731

    def kept(rows):
        assert str(rows["cows"].dtype) == "Int64" and str(rows["acres"].dtype) == "Float64"
        return model(rows).to_numpy(float)

    plain = OF_NUMPY[["cows", "acres"]]
    slopes = xk.lime_tabular(kept, counts.iloc[[0, 4]], counts, ridge=0.0, samples=200).values
    np.testing.assert_allclose(slopes, [np.nanstd(plain, axis=0) * [2.0, 1.0]] * 2, atol=1e-9)
    found, expected = (
        xk.exact_shapley(xk.conditional_game(f, t.iloc[:2], t.iloc[FULL])).values
        for f, t in ((lambda rows: model(rows).to_numpy(float), counts), (numbers, plain))
    )
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_methods_of_gradients_and_scores_take_nullable_columns():
    whole = NULLABLE.iloc[FULL]
    expected = xk.gradient_x_input(NETWORK, OF_NUMPY.iloc[FULL]).values
    np.testing.assert_array_equal(xk.gradient_x_input(NETWORK, whole).values, expected)
    with pytest.raises(ValueError, match="x holds NaN or infinity"):
        xk.gradient_x_input(NETWORK, NULLABLE)
    scores = xk.rank_agreement({"a": NULLABLE.iloc[FULL], "b": OF_NUMPY.iloc[FULL]}, top=1)
    assert (scores.spearman == 1).all()


# A frame and an array of its numbers.


def coded(values, kinds):
    """Return a frame of numbers (n, d), some of whose columns are words or categories of them."""
    frame = pd.DataFrame(values, columns=[f"column {i}" for i in range(values.shape[1])])
    for name, kind in zip(frame, kinds, strict=True):
        if kind == "words":
            frame[name] = frame[name].map("number {:g}".format)
        elif kind == "categories":
            frame[name] = pd.Categorical(frame[name], categories=[-2.0, -1.0, 0.0, 1.0, 2.0])
        else:
            frame[name] = frame[name].astype(kind)
    return frame


def numbers_of(frame, kinds):
    """Undo `coded`."""
    columns = []
    for name, kind in zip(frame, kinds, strict=True):
        column = frame[name]
        words = column.str.removeprefix("number ") if kind == "words" else column
        columns.append(words.astype(float).to_numpy())
    return np.stack(columns, axis=1)


@st.composite
def tables_of_two_forms(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    width = draw(st.integers(2, 4))
    kinds = draw(
        st.lists(
            st.sampled_from(["words", "categories", "float64", "float32", "int64"]),
            min_size=width,
            max_size=width,
        )
    )
    values = rng.integers(-2, 3, (12, width)).astype(float)
    values[:5, :] = np.arange(-2, 3)[:, None]  # no column is constant
    return values, kinds, rng


@given(tables_of_two_forms())
def test_a_frame_of_words_and_an_array_of_numbers_give_the_same(table):
    values, kinds, rng = table
    frame, width = coded(values, kinds), len(kinds)
    weights = rng.normal(size=width)
    of_numbers = lambda rows: np.tanh(np.asarray(rows, dtype=float) @ weights)  # noqa: E731
    of_frame = lambda rows: of_numbers(numbers_of(rows, kinds))  # noqa: E731
    scores, turned = rng.normal(size=(3, width)), rng.permutation(width)
    named = pd.DataFrame(scores, columns=frame.columns)
    # Every column is a category: so LIME draws the same rows, whatever their types.
    everything = range(width)

    def asked(model, x, t, scores):
        return [
            xk.exact_shapley(xk.marginal_game(model, x, t)).values,
            xk.exact_shapley(xk.baseline_game(model, x, t[3:4])).values,
            xk.lime_tabular(model, x, t, samples=60, categorical=everything).values,
            xk.deletion(model, x, scores, 0, t[3:4], random=0).outputs,
            xk.insertion(model, x, scores, 0, t[3:4], random=3).random_auc,
            xk.sensitivity_n(model, x, scores, 0, t[3:4], samples=6).correlation,
        ]

    expected = asked(of_numbers, values[:3], values, scores)
    for one, other in zip(asked(of_frame, frame[:3], frame, named), expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)
    # The second table and the scores in another order, and x in another order.
    aside = asked(of_frame, frame[:3], frame.iloc[:, turned], named.iloc[:, turned])
    for one, other in zip(aside, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)
    in_order = lambda rows: of_frame(rows[frame.columns])  # noqa: E731
    mirrored = asked(in_order, frame.iloc[:3, turned], frame, named)
    for one, other in zip(mirrored[:2], expected[:2], strict=True):
        np.testing.assert_allclose(one, other[:, turned], atol=1e-9)
    np.testing.assert_allclose(mirrored[3], expected[3], atol=1e-9)


class LeafwiseBoosting:
    """A stand-in with the manners of LightGBM's estimators.

    It takes category columns by their order and their categories as in training, recodes them to
    integers, and refuses a frame whose category columns are others.
    """

    def fit(self, frame, y):
        self.categories = self._categories(frame)
        codes = self._codes(frame)
        cuts = [np.median(codes[:, j]) for j in range(codes.shape[1])]
        self.rounds = [(j, cut, self._leaves(codes[:, j] <= cut, y)) for j, cut in enumerate(cuts)]
        return self

    def predict(self, frame):
        if list(map(list, self._categories(frame))) != list(map(list, self.categories)):
            raise ValueError("train and valid dataset categorical_feature do not match.")
        codes = self._codes(frame)
        return sum(np.where(codes[:, j] <= cut, *leaves) for j, cut, leaves in self.rounds)

    @staticmethod
    def _categories(frame):
        of_kind = [frame[name].dtype for name in frame if frame[name].dtype == "category"]
        return [kind.categories for kind in of_kind]

    def _codes(self, frame):
        bad = [name for name in frame if frame[name].dtype.kind not in "iufb" + "O"]
        assert not bad, bad
        coded = frame.copy()
        seen = iter(self.categories)
        for name in frame:
            if frame[name].dtype == "category":
                coded[name] = frame[name].cat.set_categories(next(seen)).cat.codes
        return coded.to_numpy(dtype=float)

    @staticmethod
    def _leaves(left, y):
        return float(y[left].mean()), float(y[~left].mean())


def test_an_estimator_that_compares_categories_is_explained_as_it_answers():
    frame = pd.DataFrame(
        {
            "soil": pd.Categorical(RNG.choice([40, 10, 25], 60), categories=[40, 10, 25]),
            "slope": RNG.normal(size=60),
            "side": pd.Categorical(RNG.choice(["south", "north"], 60)),
            "trees": RNG.integers(0, 5, 60),
        }
    )
    y = (frame["soil"].cat.codes * 2 + frame["slope"]).to_numpy()
    model = LeafwiseBoosting().fit(frame, y)
    x, others = frame.iloc[:3], frame.iloc[10:16]
    game = xk.marginal_game(model.predict, x, others)
    answer = xk.exact_shapley(game)
    np.testing.assert_array_equal(answer.output, model.predict(x))
    # Additive: each feature's own term at x, less its mean over the others.
    for j, (_, cut, leaves) in enumerate(model.rounds):
        term = lambda t, j=j, cut=cut, leaves=leaves: np.where(  # noqa: E731
            model._codes(t)[:, j] <= cut, *leaves
        )
        np.testing.assert_allclose(answer.values[:, j], term(x) - term(others).mean(), atol=1e-12)
    # A background whose columns stand otherwise, and whose categories are written as plain values.
    written = others.astype({"soil": "int64", "side": "object"}).iloc[:, [3, 1, 0, 2]]
    found = xk.exact_shapley(xk.marginal_game(model.predict, x, written))
    np.testing.assert_array_equal(found.values, answer.values)
    curve = xk.deletion(model.predict, x, answer, baseline=others.iloc[:1], random=2)
    np.testing.assert_allclose(curve.outputs[:, 0], model.predict(x), rtol=1e-14)
    lime = xk.lime_tabular(model.predict, x, others, samples=50, categorical=["soil", "side"])
    np.testing.assert_array_equal(lime.output, model.predict(x))
    with pytest.raises(ValueError, match=re.escape("which is no category of x's")):
        xk.marginal_game(model.predict, x, written.assign(soil=41))
