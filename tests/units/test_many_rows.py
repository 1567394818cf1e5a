"""The page Many rows: its code runs as it stands, and two workers compute what one process does.

Its code blocks make the cluster, the functions and the tables of these tests.
"""

import ast
import copy
import os
import re
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from threadpoolctl import threadpool_limits
from torch import nn

import xaikit as xk
from tests.missing import skip_or_fail

PAGE = (Path(__file__).parents[2] / "book" / "many_rows.md").read_text(encoding="utf-8")
BLOCKS = list(re.finditer(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
ELSEWHERE = 'Client("tls://'  # in the one block that asks for another cluster

# Dask's use of pandas, when it reads Parquet.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")

RNG = np.random.default_rng(1)
X, BACKGROUND = RNG.normal(size=(40, 6)), RNG.normal(size=(20, 6))
SIZE = 15  # so the last block is shorter
NETWORK = xk.Network.mlp([6, 16, 1], seed=1)
torch.manual_seed(0)
MODULE = xk.TorchModel(nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1)).double())
TREES = HistGradientBoostingRegressor(max_iter=10, random_state=0).fit(
    RNG.normal(size=(200, 6)), RNG.normal(size=200)
)
MODELS = {"network": NETWORK, "torch": MODULE, "trees": TREES.predict}
CASES = [
    (method, model)
    for method in ("kernel_shap", "lime", "integrated_gradients")
    for model in MODELS
    if (method, model) != ("integrated_gradients", "trees")
]
# The longest sum has 500 perturbed rows, and each has gone through sums over 20 background rows, 16
# units and 6 features. The fits add little: their condition is below 2.
ROUNDING = 2 * (500 + 20 + 16 + 6) * np.finfo(float).eps


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """What the page's code defines, and its cluster, which leaves no process behind."""
    if not find_spec("distributed"):
        skip_or_fail('Dask is not installed: python -m pip install ".[dask]"')
    import dask
    import psutil

    before = copy.deepcopy(dask.config.config)
    names = {"__name__": "many_rows"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("many rows"))
        for pool in ("OMP", "OPENBLAS", "MKL"):  # as in a shell that sets none of them
            patch.delenv(f"{pool}_NUM_THREADS", raising=False)
        for block in BLOCKS:
            if ELSEWHERE not in block[1]:
                run(block, names)
        client = names["client"]
        workers = list(client.run(os.getpid).values())
        yield SimpleNamespace(**names)
        client.close()
    dask.config.config.clear()
    dask.config.config.update(before)
    assert len(workers) == 2 and not any(map(psutil.pid_exists, workers))


def run(block, names, replaced=()):
    """Execute a block of the page, with some words replaced; an error shows the page's line."""
    code = block[1]
    for word in replaced:
        code = code.replace(word, replaced[word])
    tree = ast.parse(code)
    ast.increment_lineno(tree, PAGE[: block.start(1)].count("\n"))
    exec(compile(tree, "book/many_rows.md", "exec"), names)


def given(method, background=BACKGROUND):
    if method == "integrated_gradients":
        return {"baseline": background[:1]}
    return {"background": background}


def by_blocks(page, explain, model, x=X, size=SIZE, **more):
    """Return a Dask array of scores, made as the page says."""
    import dask

    return page.da.from_array(x, chunks=(size, -1)).map_blocks(
        page.explain_block, explain, dask.delayed(model), meta=np.empty((0, 0)), **more
    )


def by_parts(page, explain, model, table, **more):
    """Return a Dask frame of scores, made as the page says."""
    import dask

    return page.dd.from_pandas(table, npartitions=3, sort=False).map_partitions(
        page.explain_part,
        explain,
        dask.delayed(model),
        meta=page.score_table(table.columns),
        **more,
    )


@contextmanager
def one_thread():
    """Compute as a worker does; torch has a setting of its own."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)


def lengths(parts):
    return parts.map_partitions(len).compute().tolist()


def cut(rows, lengths):
    """Return the same rows in blocks of these lengths."""
    assert len(lengths) > 1 and min(lengths) > 1 and sum(lengths) == len(rows)
    ends = np.cumsum([0, *lengths])
    return [rows[first:end] for first, end in pairwise(ends)]


def assert_same_but_for_rounding(found, expected, scale):
    np.testing.assert_allclose(found, expected, rtol=0, atol=ROUNDING * np.abs(scale).max())


def test_the_page_s_own_tables_are_explained(page):
    """From memory and from files, whose partitions Dask chooses."""
    whole = page.kernel_shap(page.x, page.network, page.background)
    assert_same_but_for_rounding(page.values, whole.values, whole.output)
    stored = page.da.from_npy_stack("scores").compute()
    whole = page.lime(page.x, page.network, page.background)
    assert_same_but_for_rounding(stored, whole.values, whole.output)
    background = page.table.sample(20, random_state=0)
    whole = page.kernel_shap(page.table, page.forest.predict, background)
    for frame in (page.frame, pd.read_parquet("table-scores")):
        assert_same_but_for_rounding(frame.iloc[:, :3], whole.values, whole.output)


@pytest.mark.parametrize(("method", "model"), CASES)
def test_two_workers_compute_the_bits_of_one_process(page, method, model):
    explain, model = getattr(page, method), MODELS[model]
    found = by_blocks(page, explain, model, **given(method))
    assert found.chunks[0] == (15, 15, 10)
    with one_thread():
        blocks = [explain(rows, model, **given(method)) for rows in cut(X, found.chunks[0])]
        whole = explain(X, model, **given(method))
        here = found.compute(scheduler="sync")
    values = found.compute()
    np.testing.assert_array_equal(values, np.concatenate([block.values for block in blocks]))
    np.testing.assert_array_equal(values, here)
    assert_same_but_for_rounding(values, whole.values, whole.output)


NAMES = ["width", "age", "b", "a", "weight", "size"]
NUMBERS = pd.DataFrame(X, columns=NAMES, index=RNG.permutation(40) + 100)


@pytest.mark.parametrize(("method", "model"), [case for case in CASES if case[1] != "trees"])
def test_frames_of_numbers(page, method, model):
    explain, model = getattr(page, method), MODELS[model]
    others = pd.DataFrame(BACKGROUND, columns=NAMES)[sorted(NAMES)]  # in another order
    parts = by_parts(page, explain, model, NUMBERS, **given(method, others))
    found = parts.compute()
    with one_thread():
        tables = cut(NUMBERS, lengths(parts))
        answers = [explain(table, model, **given(method, others)) for table in tables]
        whole = explain(NUMBERS, model, **given(method, others))
    assert list(found.columns) == [*NAMES, "base", "output"]
    assert found.index.tolist() == NUMBERS.index.tolist()
    np.testing.assert_array_equal(found[NAMES], np.concatenate([a.values for a in answers]))
    np.testing.assert_array_equal(found["output"], np.concatenate([a.output for a in answers]))
    assert_same_but_for_rounding(found[NAMES], whole.values, whole.output)
    if method == "lime":
        assert found["base"].isna().all()
    else:
        np.testing.assert_array_equal(found["base"], np.concatenate([a.base for a in answers]))


def mixed_table(rows, seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "city": rng.choice(["Seoul", "Busan", "Jeju"], rows),
            "age": rng.normal(size=rows).astype("float32"),
            "kids": rng.integers(0, 5, rows),
            "grade": pd.Categorical(rng.choice([10, 20], rows), [10, 20, 40]),
            "member": rng.random(rows) < 0.5,
        },
        index=[f"row {i}" for i in rng.permutation(rows)],
    )


TABLE, OTHERS = mixed_table(40, 0), mixed_table(20, 1)


def strict_model(typed):
    """Return a model that refuses rows with other names or order, or some columns' other types."""
    encode = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["city", "grade"]), remainder="passthrough"
    )
    trees = HistGradientBoostingRegressor(max_iter=10, min_samples_leaf=2, random_state=0)
    y = TABLE["kids"] * (TABLE["city"] == "Jeju") + TABLE["age"] * TABLE["member"]
    predict = make_pipeline(encode, trees).fit(TABLE, y).predict
    names, types = list(TABLE.columns), TABLE[typed].dtypes

    def strict(rows):
        if list(rows.columns) != names or not rows[typed].dtypes.equals(types):
            raise TypeError(f"the model got {dict(rows.dtypes)}")
        return predict(rows)

    return strict


def categories(rows, model, background):
    return xk.lime_tabular(model, rows, background, samples=200, categorical=["city", "grade"])


@pytest.mark.parametrize("method", ["kernel_shap", "categories"])
def test_mixed_columns_keep_names_order_and_types(page, method):
    # LIME's noise makes all numbers floating.
    typed = ["city", "grade"] if method == "categories" else list(TABLE.columns)
    explain, model = getattr(page, method, categories), strict_model(typed)
    parts = by_parts(page, explain, model, TABLE, background=OTHERS)
    found = parts.compute()
    with one_thread():
        tables = cut(TABLE, lengths(parts))
        values = [explain(table, model, OTHERS).values for table in tables]
        whole = explain(TABLE, model, OTHERS)
    assert found.index.tolist() == TABLE.index.tolist()
    np.testing.assert_array_equal(found[TABLE.columns], np.concatenate(values))
    assert_same_but_for_rounding(found[TABLE.columns], whole.values, whole.output)


def test_the_scores_are_an_attribution_again(page):
    whole = page.kernel_shap(page.table, page.forest.predict, page.table.sample(20, random_state=0))
    assert page.answer.feature_names == list(whole.feature_names) == ["age", "rooms", "city"]
    assert page.answer.method == whole.method
    np.testing.assert_array_equal(page.answer.data, whole.data)
    np.testing.assert_array_equal(page.answer.output, whole.output)
    for name in ("values", "base", "gap"):
        found, expected = getattr(page.answer, name), getattr(whole, name)
        assert_same_but_for_rounding(found, expected, whole.output)


@pytest.mark.parametrize("method", ["kernel_shap", "lime"])
def test_a_draw_depends_neither_on_the_worker_nor_on_the_order_of_blocks(page, method):
    explain = getattr(page, method)
    workers = sorted(page.client.scheduler_info()["workers"])
    assert len(workers) == 2

    def here(rows, model, background, address):
        from distributed import get_worker

        assert get_worker().address == address
        return explain(rows, model, background)

    found = [
        page.client.compute(
            by_blocks(page, here, NETWORK, background=BACKGROUND, address=address), workers=address
        ).result()
        for address in workers
    ]
    np.testing.assert_array_equal(*found)
    backwards = by_blocks(page, explain, NETWORK, X[::-1].copy(), 10, background=BACKGROUND)
    forwards = by_blocks(page, explain, NETWORK, X, 10, background=BACKGROUND)
    turned = np.concatenate(cut(backwards.compute(), [10] * 4)[::-1])
    straight = np.concatenate([block[::-1] for block in cut(forwards.compute(), [10] * 4)])
    assert_same_but_for_rounding(turned, straight, NETWORK(X))


def test_a_scattered_model_is_the_same_model(page):
    rows = page.da.from_array(X, chunks=(SIZE, -1))
    found = rows.map_blocks(
        page.explain_block,
        page.kernel_shap,
        page.client.scatter(NETWORK, broadcast=True),
        background=BACKGROUND,
        meta=np.empty((0, 0)),
    )
    expected = by_blocks(page, page.kernel_shap, NETWORK, background=BACKGROUND)
    np.testing.assert_array_equal(found.compute(), expected.compute())


def test_workers_have_one_thread_and_keep_freed_memory(page):
    load = "import scipy.linalg, sklearn.ensemble, torch"
    page.client.run(exec, load)  # each brings threads of its own
    assert list(page.client.run(page.most_threads).values()) == [1, 1]
    assert set(page.client.run(os.environ.get, "MALLOC_TRIM_THRESHOLD_").values()) == {None}


def test_nothing_listens_to_other_machines(page):
    import psutil

    processes = [os.getpid(), *page.client.run(os.getpid).values()]
    connections = [c for pid in processes for c in psutil.Process(pid).net_connections()]
    hosts = [c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN]
    assert len(hosts) >= 3 and set(hosts) == {"127.0.0.1"}


def test_an_error_names_its_block_of_rows(page):
    x = page.x.copy()
    x[150, 3] = np.inf
    with pytest.raises(ValueError, match="x holds NaN or infinity") as caught:
        by_blocks(
            page, page.kernel_shap, page.network, x, 100, background=page.background
        ).compute()
    words = "\n".join([f"ValueError: {caught.value}", *caught.value.__notes__])
    assert f"```\n{words}\n```" in PAGE


def test_an_error_names_its_partition(page):
    table = NUMBERS.copy()
    table.iloc[20, 2] = np.inf  # in the middle of three partitions
    with pytest.raises(ValueError, match="x holds NaN or infinity") as caught:
        by_parts(page, page.kernel_shap, NETWORK, table, background=BACKGROUND).compute()
    parts = page.dd.from_pandas(NUMBERS, npartitions=3, sort=False)
    index = cut(NUMBERS, lengths(parts))[1].index
    assert NUMBERS.index[20] in index
    assert caught.value.__notes__ == [f"in partition 1, rows {index[0]} to {index[-1]}"]


@pytest.mark.parametrize("least", [25.0, 1e9])
def test_a_filter_may_leave_partitions_empty(page, least):
    """Some, or all of them."""
    import dask

    table = NUMBERS.assign(age=np.arange(40.0))
    parts = page.dd.from_pandas(table, npartitions=4, sort=False)
    kept = parts[parts["age"] > least]
    assert 0 in lengths(kept)
    found = kept.map_partitions(
        page.explain_part,
        page.kernel_shap,
        dask.delayed(NETWORK),
        background=BACKGROUND,
        meta=page.score_table(NAMES),
    ).compute()
    left = table[table["age"] > least]
    assert found.index.tolist() == left.index.tolist()
    if len(left):
        whole = page.kernel_shap(left, NETWORK, BACKGROUND)
        assert_same_but_for_rounding(found[NAMES], whole.values, whole.output)


def test_scores_do_not_overwrite_a_column_of_their_name(page):
    table = NUMBERS.rename(columns={"a": "output"})
    with pytest.raises(ValueError, match="do not match the columns in the provided metadata"):
        by_parts(page, page.kernel_shap, NETWORK, table, background=BACKGROUND).compute()


@pytest.mark.parametrize("kind", ["Array", "DataFrame"])
def test_what_dask_holds_is_no_rows(page, kind):
    rows = {
        "Array": page.da.from_array(X, chunks=(SIZE, -1)),
        "DataFrame": page.dd.from_pandas(NUMBERS, npartitions=2),
    }[kind]
    message = f"x is a Dask {kind}, expected rows in memory: give x.compute(), or explain x block"
    for model in MODELS.values():
        with pytest.raises(TypeError, match=re.escape(message)):
            page.kernel_shap(rows, model, BACKGROUND)
        with pytest.raises(TypeError, match=re.escape(message)):
            page.lime(rows, model, BACKGROUND)
        for method in (page.kernel_shap, page.lime):
            with pytest.raises(TypeError, match=f"background is a Dask {kind}"):
                method(X, model, rows)
    for model in (NETWORK, MODULE):
        with pytest.raises(TypeError, match=re.escape(message)):
            page.integrated_gradients(rows, model, 0)
        with pytest.raises(TypeError, match=f"baseline is a Dask {kind}"):
            page.integrated_gradients(X, model, rows)


def test_the_client_of_a_cluster_elsewhere(page, tmp_path, monkeypatch):
    """A scheduler without workers, with certificates made for this test."""
    from distributed import LocalCluster, Security

    made = Security.temporary()  # what security=True makes
    for name in ("ca_file", "client_cert", "client_key"):
        file = "ca.pem" if name == "ca_file" else f"{name.removeprefix('client_')}.pem"
        (tmp_path / file).write_text(getattr(made, f"tls_{name}"))
    monkeypatch.chdir(tmp_path)
    (block,) = (block for block in BLOCKS if ELSEWHERE in block[1])
    names = {"__name__": "elsewhere"}
    with LocalCluster(n_workers=0, security=made, dashboard_address="127.0.0.1:0") as cluster:
        assert cluster.scheduler_address.startswith("tls://")
        run(block, names, {"tls://scheduler.example:8786": cluster.scheduler_address})
        with names["client"] as client:
            assert client.scheduler_info()["address"] == cluster.scheduler_address
