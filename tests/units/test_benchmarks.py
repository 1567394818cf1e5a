"""The benchmarks' machinery, and a run small enough for every day. No test asserts a time."""

import numpy as np
import pytest
import torch

import xaikit as xk
from benchmarks import __main__ as bench
from benchmarks import backward, coalitions, estimators, games, inside, tables
from benchmarks.timing import Comparison, compare


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
    assert "".join(calls) == "abc" * 5


def comparison(to_peer, to_floor, demand, against):
    return Comparison("a task", 1.0, 2.0, 0.5, to_peer, to_floor, demand, against)


def test_table_names_what_misses_its_demand():
    fast, slow = comparison(0.5, 2.0, 1.5, "peer"), comparison(0.5, 2.0, 1.5, "bare model")
    table = tables.of_comparisons([fast, slow])
    line = "| a task | 1.00 | 2.00 | 0.50 | 0.50 | 2.00 | 1.50 × peer |"
    assert line in table.markdown()
    assert table.missed == ["a task: 2.00, at most 1.50 × bare model"]


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
    assert len(rows) == 6 and all(row.against == "bare model" for row in rows)
    with pytest.raises(AssertionError, match="correlation"):
        coalitions.agree(np.arange(5.0), -np.arange(5.0))


def test_small_benchmarks_inside_networks_compute_the_same_on_both_sides():
    relevance, path = *inside.relevance(1, rows=3), *inside.path(1, rows=5, steps=8)
    assert (relevance.against, path.against) == ("peer", "bare model")
    assert all(time > 0 for row in (relevance, path) for time in (row.ours, row.peer, row.floor))


def test_the_bare_gradients_are_as_many_as_those_of_the_path(monkeypatch):
    """5,000 points: 4,096 of them, then the others."""
    seen = []
    monkeypatch.setattr(inside, "compare", lambda task, ours, peer, floor, *_, **__: floor())
    gradient = xk.Network.gradient
    monkeypatch.setattr(
        inside.xk.Network, "gradient", lambda *a: seen.append(len(a[1])) or gradient(*a)
    )
    list(inside.path(1, rows=250, steps=20))
    assert seen[-2:] == [4096, 904]


def test_games_of_the_benchmarks():
    game = games.vote(5, 3)
    assert game.value(np.array([[1, 1, 1, 0, 0], [1, 1, 0, 0, 0]])).tolist() == [1, 0]
    np.testing.assert_allclose(xk.exact_shapley(game.game()).values, game.shapley, atol=1e-15)
    x, background = np.array([1.0, 2.0, 3.0]), np.zeros((2, 3))
    table = games.table_game("sum", xk.marginal_game(lambda a: a.sum(axis=1), x, background))
    np.testing.assert_allclose(table.shapley, x, atol=1e-14)
    assert estimators.coverage([table], xk.kernel_shap, 8, seeds=1) == 1.0
