"""Players, masks, payoffs, and the form of the estimators' results."""

import re

import numpy as np
import pytest
import torch

import xaikit as xk
from tests.units.coalitions import COMPLETE, coalitions, recorded
from tests.units.support import assert_equal, assert_lives_at, numpy_of


def counted(players=3):
    return xk.Game(players, lambda masks: masks.sum(axis=1))


def test_players_are_numbered_or_named():
    assert xk.Game(3, len).players == xk.Game(np.int64(3), len).players == ("x0", "x1", "x2")
    assert xk.Game(["park", 7], len).players == ("park", "7")


def test_payoffs_are_counted_numbers_of_full_precision():
    game = xk.Game(2, lambda masks: torch.ones(len(masks), 3, requires_grad=True))
    payoffs = game(coalitions(2))
    assert isinstance(payoffs, np.ndarray) and payoffs.dtype == np.float64
    assert payoffs.shape == (4, 3) and game.evaluations == 4
    assert counted()([[True, False, True]]).tolist() == [2]  # lists are masks, too


def test_many_coalitions_are_asked_for_in_blocks(capsys):
    value, sizes = recorded(lambda masks: masks.sum(axis=1))
    game = xk.Game(2, value)
    masks = np.random.default_rng(0).random((5000, 2)) < 0.5
    assert game.payoffs(masks, progress=True).tolist() == masks.sum(axis=1).tolist()
    assert sizes == [2048, 2048, 904] and game.evaluations == 5000
    assert "3/3" in capsys.readouterr().err


def test_ends_are_nobody_and_everybody():
    assert counted(4).ends().tolist() == [0, 4]
    assert xk.Game(2, lambda masks: np.ones((len(masks), 3))).ends().shape == (2, 3)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (np.ones((2, 3)), "masks are float64 (2, 3), expected bool (coalitions, 3 players)"),
        (np.ones((2, 2), bool), "masks are bool (2, 2), expected bool (coalitions, 3 players)"),
        (np.ones(3, bool), "masks are bool (3,)"),
        (np.ones((1, 2, 3), bool), "masks are bool (1, 2, 3)"),
    ],
)
def test_masks_of_another_form_are_refused_in_words(masks, message):
    game = counted()
    with pytest.raises(ValueError, match=re.escape(message)):
        game(masks)
    assert game.evaluations == 0


@pytest.mark.parametrize(
    ("payoffs", "error", "message"),
    [
        (np.ones(3), ValueError, "value returned payoffs (3,) for 2 coalitions, expected (2,) or"),
        (np.ones((2, 1, 1)), ValueError, "value returned payoffs (2, 1, 1) for 2 coalitions"),
        (5.0, ValueError, "value returned payoffs () for 2 coalitions"),
        ([1.0, np.nan], ValueError, "v(S) holds NaN or infinity (first at index (1,))"),
        (["a", "b"], TypeError, "v(S) holds <U1 values, expected real numbers"),
    ],
)
def test_payoffs_of_another_form_are_refused_in_words(payoffs, error, message):
    with pytest.raises(error, match=re.escape(message)):
        xk.Game(3, lambda masks: payoffs)(np.ones((2, 3), bool))


def test_a_game_needs_players_and_a_function():
    with pytest.raises(ValueError, match="a game needs at least one player"):
        xk.Game([], len)
    with pytest.raises(ValueError, match="a game needs at least one player"):
        xk.Game(0, len)
    with pytest.raises(
        TypeError, match=r"value is list, expected a function masks \(B, M\) -> pay"
    ):
        xk.Game(2, [1, 2, 3, 4])


@pytest.mark.parametrize("estimator", COMPLETE)
def test_answers_are_shaped_by_the_data(backend, estimator):
    data = backend.array(np.arange(6.0).reshape(2, 3))
    many = xk.Game(3, lambda masks: np.outer(masks.sum(axis=1), [1.0, 2.0]), data)
    result = COMPLETE[estimator][0](many)
    assert_equal(result.values, np.array([[1.0] * 3, [2.0] * 3]), backend, 1e-6)
    assert result.data is data
    for name in ("base", "output", "gap"):
        assert tuple(getattr(result, name).shape) == (2,)
        assert_lives_at(backend, getattr(result, name))
    for row in (data[:1], data[0]):
        single = COMPLETE[estimator][0](xk.Game(3, lambda masks: masks.sum(axis=1), row))
        assert_equal(single.values, np.ones(3), backend, 1e-6)
        assert_equal(single.data, numpy_of(data[0]), backend, 0)
        assert single.base.ndim == single.output.ndim == single.gap.ndim == 0
        if single.std is not None:
            assert_lives_at(backend, single.std)
    whole = COMPLETE[estimator][0](xk.Game(3, lambda masks: masks.sum(axis=1), np.arange(3)))
    assert whole.values.dtype == np.float64 and whole.data.tolist() == [0, 1, 2]


def test_data_are_present_where_none_were_given():
    assert xk.exact_shapley(counted()).data.tolist() == [1, 1, 1]
    several = xk.Game(3, lambda masks: np.ones((len(masks), 2)))
    assert xk.exact_shapley(several).data.tolist() == [[1] * 3] * 2
