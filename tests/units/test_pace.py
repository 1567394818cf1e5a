"""The size of a model's calls follows the time they take, and changes no payoff."""

import numpy as np
import pytest

import xaikit as xk
from xaikit.core import chunks
from xaikit.core.chunks import Pace

TREES = 4e-3, 2e-6  # seconds for a call, and for each row in it
CACHED = 5e-5, 5e-7


class Clock:
    """A clock that a model moves forward: a call takes its own time, each row takes its own."""

    def __init__(self, call: float, row: float, slow_from: float = np.inf):
        self.now, self.sizes = 0.0, []
        self.call, self.row, self.slow_from = call, row, slow_from

    def model(self, rows):
        self.sizes.append(len(rows))
        row = self.row * (1.2 if len(rows) > self.slow_from else 1)
        self.now += self.call + row * len(rows)
        return np.tanh(rows).sum(axis=1)

    def read(self):
        return self.now


def sizes_of(monkeypatch, clock, columns=14, background=40):
    """Return the sizes of the calls for exact Shapley values, without the first one (x itself)."""
    monkeypatch.setattr(chunks, "perf_counter", clock.read)
    others = np.random.default_rng(0).normal(size=(background, columns))
    answer = xk.exact_shapley(xk.marginal_game(clock.model, np.ones(columns), others))
    expected = np.tanh(1.0) - np.tanh(others).mean(axis=0)
    np.testing.assert_allclose(answer.values, expected, atol=1e-12)
    return clock.sizes[1:]


def test_calls_of_trees_grow(monkeypatch):
    sizes = sizes_of(monkeypatch, Clock(*TREES))
    usual = 40 * (2048 // 40)
    assert sizes[0] == 2 * 40  # v(∅), v(N)
    assert {usual, 4 * usual, 16 * usual} <= set(sizes) and max(sizes) == 16 * usual
    assert sum(sizes) == 2**14 * 40


def test_a_saving_of_a_few_hundredths_is_taken(monkeypatch):
    """As of boosted trees: a call costs what 500 rows cost, and from 8,000 rows on that is 4%."""
    sizes = sizes_of(monkeypatch, Clock(1e-3, 2e-6))
    assert sizes.count(16 * 40 * (2048 // 40)) > Pace.TIMED  # and not only on trial


def test_calls_stay_small_where_larger_ones_are_slower(monkeypatch):
    sizes = sizes_of(monkeypatch, Clock(*CACHED, slow_from=4096))
    usual = 40 * (2048 // 40)
    assert sizes.count(4 * usual) == Pace.TIMED and max(sizes) == 4 * usual
    assert sizes.index(4 * usual) < 10 and set(sizes[10:-1]) == {usual}


def test_one_slow_call_does_not_decide(monkeypatch):
    class Interrupted(Clock):
        def read(self):
            return self.now + (1.0 if len(self.sizes) >= 4 else 0.0)  # in the first larger call

    assert max(sizes_of(monkeypatch, Interrupted(*TREES))) == 16 * 40 * (2048 // 40)


def test_a_short_job_makes_no_trial(monkeypatch):
    assert max(sizes_of(monkeypatch, Clock(*TREES), columns=8, background=40)) <= 2048


def test_wide_rows_grow_less(monkeypatch):
    """One call holds four million numbers at most."""
    clock = Clock(*TREES)
    monkeypatch.setattr(chunks, "perf_counter", clock.read)
    game = xk.marginal_game(clock.model, np.ones(500), np.zeros((50, 500)) + np.arange(50)[:, None])
    masks = np.random.default_rng(0).random((3000, 500)) < 0.5
    game.payoffs(masks)
    assert 2048 < max(clock.sizes) <= 2**22 // 500


def test_a_network_keeps_the_usual_size(monkeypatch):
    sizes, network = [], xk.Network.mlp([12, 4, 1], seed=0)
    monkeypatch.setattr(chunks, "perf_counter", lambda: 1e-3 * len(sizes))

    def outputs(rows):
        sizes.append(len(rows))
        return type(network).outputs(network, rows)

    monkeypatch.setattr(network, "outputs", outputs)
    xk.exact_shapley(
        xk.marginal_game(network, np.ones(12), np.random.default_rng(0).normal(size=(40, 12)))
    )
    assert max(sizes) <= 2048


@pytest.mark.parametrize("background", [3, 700, 3000])
def test_the_size_of_calls_changes_no_digit(monkeypatch, background):
    """Background rows are added up in the same order, whatever the time says."""
    rng = np.random.default_rng(0)
    x, others = rng.normal(size=(2, 9)), rng.normal(size=(background, 9))
    answers = []
    for clock in (Clock(*TREES), Clock(*CACHED, slow_from=4096)):
        monkeypatch.setattr(chunks, "perf_counter", clock.read)
        game = xk.marginal_game(clock.model, x, others)
        answers.append([xk.exact_shapley(game).values, xk.kernel_shap(game).values])
    np.testing.assert_array_equal(*answers)


def lime_sizes(monkeypatch, clock, rows):
    monkeypatch.setattr(chunks, "perf_counter", clock.read)
    x = np.random.default_rng(0).normal(size=(rows, 6))
    answer = xk.lime_tabular(clock.model, x, x)
    sizes = clock.sizes[1:]  # without x itself
    monkeypatch.setattr(Pace, "STEP", 1000)  # never grows
    plain = xk.lime_tabular(clock.model, x, x)
    np.testing.assert_array_equal(answer.values, plain.values)
    return sizes


def test_lime_of_many_rows_asks_for_each_row_at_once(monkeypatch):
    """Its calls of 2,048, 2,048 and 904 rows become one."""
    sizes = lime_sizes(monkeypatch, Clock(*TREES), 60)
    assert sizes[:3] == [2048, 2048, 904] and set(sizes[-20:]) == {5000}


def test_lime_stays_small_where_larger_calls_are_slower(monkeypatch):
    sizes = lime_sizes(monkeypatch, Clock(*CACHED, slow_from=4096), 60)
    assert sizes.count(5000) == Pace.TIMED and max(sizes[-20:]) == 2048


def test_lime_of_few_rows_makes_no_trial(monkeypatch):
    assert max(lime_sizes(monkeypatch, Clock(*TREES), 5)) == 2048
