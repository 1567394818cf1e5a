"""The synthetic tasks match their descriptions: places, formulas, best possible scores."""

import numpy as np
import pytest

from xaikit.course.datasets import synthetic

ROWS = 200_000


def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


def orange(x):
    return sigmoid((x**2).sum(axis=1) - 4)


def additive(x):
    a, b, c, d = x.T
    return sigmoid(-100 * np.sin(0.2 * a) + np.abs(b) + c + np.exp(-d) - 2.4)


def switch(x):
    of_orange = sigmoid(6 * x[:, 8])  # N(3, 1) against N(−3, 1)
    return of_orange * orange(x[:, :4]) + (1 - of_orange) * additive(x[:, 4:8])


@pytest.mark.parametrize("name", synthetic.TASKS)
def test_tasks_are_seeded_and_hide_their_columns(name):
    task = synthetic.TASKS[name]
    one, same, other = task(100, seed=1), task(100, seed=1), task(100, seed=2)
    np.testing.assert_array_equal(one.x, same.x)
    np.testing.assert_array_equal(one.y, same.y)
    assert one.x.shape == (100, 10) and one.y.shape == (100,)
    assert len(set(one.relevant)) == len(one.relevant)
    assert not np.array_equal(one.relevant, other.relevant)
    with pytest.raises(ValueError, match="at least 1"):
        task(0)


@pytest.mark.parametrize(
    ("name", "probability"), [("orange skin", orange), ("additive", additive), ("switch", switch)]
)
def test_probabilities_and_best_accuracy(name, probability):
    task = synthetic.TASKS[name](ROWS, seed=3)
    p = probability(task.x[:, task.relevant])
    best = np.maximum(p, 1 - p)
    assert abs(best.mean() - task.best) < 0.002
    # The labels agree with the better guess as often as expected: three standard errors.
    right = ((p > 0.5) == task.y).mean()
    assert abs(right - best.mean()) < 3 * np.sqrt(best.mean() * (1 - best.mean()) / ROWS)


def test_xor_needs_all_three_columns():
    task = synthetic.xor(ROWS, seed=4)

    def posterior(columns):
        away = task.x[:, None, task.relevant[columns]] - synthetic.XOR_CORNERS[None, :, columns]
        density = np.exp(-(away**2).sum(axis=2) / 2).reshape(ROWS, 4, 2).sum(axis=2)
        return density / density.sum(axis=1, keepdims=True)

    p = posterior([0, 1, 2])
    assert abs((p.argmax(axis=1) == task.y).mean() - task.best) < 0.004
    assert abs(-np.log(p[np.arange(ROWS), task.y]).mean() - 0.964) < 0.008
    for two in ([0, 1], [0, 2], [1, 2]):
        q = posterior(two)
        assert abs((q.argmax(axis=1) == task.y).mean() - 0.366) < 0.004
    means = np.array([task.x[task.y == c].mean(axis=0) for c in range(4)])
    assert np.abs(means).max() < 0.03  # no single column is informative


def test_regression_is_its_formula_and_noise():
    task = synthetic.nonlinear_regression(ROWS, seed=5)
    a, b, c, d = task.x[:, task.relevant].T
    rest = task.y - (-2 * np.sin(2 * a) + np.maximum(b, 0) + c + np.exp(-d))
    assert abs(rest.std() - task.best) < 0.001 and abs(rest.mean()) < 0.001
