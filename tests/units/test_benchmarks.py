"""The benchmarks' machinery, and a run small enough for every day. No test asserts a time."""

import pytest
import torch

from benchmarks import __main__ as bench
from benchmarks import backward
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


def test_table_has_a_line_for_each_comparison_and_the_stored_one_is_filled():
    row = Comparison("a task", 1.0, 2.0, 0.5, 0.5, 1.5)
    assert "| a task | 1.00 | 2.00 | 0.50 | 0.50 | 1.5 |" in bench.table([row])
    stored = bench.README.read_text(encoding="utf-8")
    table = stored.split(bench.START)[1].split(bench.END)[0]
    assert table.count("from_torch") >= 2 and "2 cores" in table
