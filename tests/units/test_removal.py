"""Absence by a baseline or a background: payoffs row by row, groups, chunks, errors."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import xaikit as xk
from tests.units.coalitions import by_subsets, coalitions, recorded
from tests.units.support import assert_equal, assert_lives_at, seeds
from xaikit.core.chunks import Pace


def model(x):
    """Return three outputs of four features, in x's library."""
    return x[:, :3] * x[:, 1:] + x[:, 3:]


@st.composite
def questions(draw):
    rng = np.random.default_rng(draw(seeds))
    rows, background = draw(st.integers(1, 4)), draw(st.sampled_from([1, 2, 7, 8, 20]))
    x, others = rng.normal(size=(rows, 4)), rng.normal(size=(background, 4))
    return x, others, rng.integers(0, 3, rows)


def by_rows(x, others, targets, columns):
    """Return v(S) of masks of columns (B, 4): a loop over coalitions, rows and background."""
    payoffs = np.zeros((len(columns), len(x)))
    for b, mask in enumerate(columns):
        for n, row in enumerate(x):
            mixed = np.array([np.where(mask, row, other) for other in others[n]])
            payoffs[b, n] = model(mixed)[:, targets[n]].mean()
    return payoffs


@given(questions())
def test_payoffs_row_by_row(question):
    x, background, targets = question
    masks = coalitions(4)
    expected = by_rows(x, [background] * len(x), targets, masks)
    game = xk.marginal_game(model, x, background, targets)
    np.testing.assert_allclose(game(masks), expected, atol=1e-13)
    for baseline, others in [
        (None, np.zeros_like(x)),
        (0.5, np.full_like(x, 0.5)),
        (background[0], background[:1].repeat(len(x), axis=0)),
        (x[::-1].copy(), x[::-1]),
    ]:
        game = xk.baseline_game(model, x, baseline, targets)
        expected = by_rows(x, others[:, None], targets, masks)
        np.testing.assert_allclose(game(masks), expected, atol=1e-13)


GROUPS = {
    "one": ({"a": [0, 2]}, ["a", "x1", "x3"], [[0, 2], [1], [3]]),
    "two": ({"b": [3], "a": (1, 2)}, ["b", "a", "x0"], [[3], [1, 2], [0]]),
    "all": ({"all": np.arange(4)}, ["all"], [[0, 1, 2, 3]]),
    "none": ({}, ["x0", "x1", "x2", "x3"], [[0], [1], [2], [3]]),
}


@pytest.mark.parametrize("name", GROUPS)
def test_groups_are_players_of_several_columns(backend, name):
    groups, players, members = GROUPS[name]
    rng = np.random.default_rng(0)
    x, background = rng.normal(size=(2, 4)), rng.normal(size=(5, 4))
    given_x, given_background = backend.array(x), backend.array(background)
    games = {
        "baseline": xk.baseline_game(model, given_x, given_background[0], groups=groups),
        "marginal": xk.marginal_game(model, given_x, given_background, groups=groups),
    }
    for kind, game in games.items():
        others = background[:1] if kind == "baseline" else background
        assert game.players == tuple(players)

        def worth(masks, others=others):
            columns = np.zeros((len(masks), 4), dtype=bool)
            for player, group in enumerate(members):
                columns[:, group] = masks[:, [player]]
            return by_rows(x, [others] * 2, [0, 0], columns)

        result = xk.exact_shapley(game)
        expected = by_subsets(xk.Game(len(players), worth)).T
        assert_equal(result.values, expected, backend)
        alone = [i for i in range(4) if f"x{i}" in players]
        present = np.ones((2, len(groups)))
        assert_equal(result.data, np.concatenate([present, x[:, alone]], axis=1), backend)


@pytest.mark.parametrize(
    ("game", "others"), [(xk.baseline_game, np.zeros(4)), (xk.marginal_game, np.eye(4))]
)
def test_a_single_row_loses_the_axis_of_rows(game, others):
    x = np.arange(4.0)
    single, rows = game(model, x, others), game(model, x[None], others)
    assert single(coalitions(4)).shape == (16,) and rows(coalitions(4)).shape == (16, 1)
    np.testing.assert_array_equal(single(coalitions(4)), rows(coalitions(4))[:, 0])
    result = xk.exact_shapley(single)
    assert result.values.shape == result.data.shape == (4,) and result.gap.ndim == 0


def test_pictures_have_their_pixels_as_players(backend):
    rng = np.random.default_rng(0)
    x, background = rng.normal(size=(2, 1, 2, 2)), rng.normal(size=(3, 1, 2, 2))
    network = xk.Network([xk.Conv2d(rng.normal(size=(2, 1, 2, 2))), xk.Tanh(), xk.Flatten()])
    game = xk.marginal_game(
        backend.network(network), backend.array(x), backend.array(background), 1
    )
    result = xk.exact_shapley(game)

    def worth(masks):
        mixed = [np.where(m.reshape(1, 2, 2), x[:, None], background[None]) for m in masks]
        return [
            network(rows.reshape(6, 1, 2, 2))[:, 1].reshape(2, 3).mean(axis=1) for rows in mixed
        ]

    assert_equal(result.values, by_subsets(xk.Game(4, worth)).T, backend)
    halves = {"top": [0, 1], "bottom": [2, 3]}
    grouped = xk.exact_shapley(
        xk.baseline_game(backend.network(network), backend.array(x), groups=halves)
    )
    assert tuple(grouped.values.shape) == (2, 2) and grouped.feature_names == ("top", "bottom")


@pytest.mark.parametrize("background", [1, 3, 7, 8, 30])
def test_the_same_numbers_everywhere(backend, background):
    rng = np.random.default_rng(1)
    x, others = rng.normal(size=(3, 5)), rng.normal(size=(background, 5))
    network = xk.Network.mlp([5, 8, 2], "tanh", seed=0)
    expected = xk.exact_shapley(xk.marginal_game(network, x, others, 1))
    here = backend.network(network)
    game = xk.marginal_game(here, backend.array(x), backend.array(others), 1)
    result = xk.exact_shapley(game)
    for name in ("values", "base", "output"):
        assert_equal(getattr(result, name), getattr(expected, name), backend)
    assert_lives_at(backend, result.gap)


# Chunks.


@pytest.mark.parametrize(("rows", "background"), [(1, 1), (3, 5000), (700, 10), (5000, 1)])
def test_no_call_of_the_model_is_large(rows, background):
    called, sizes = recorded(lambda x: x.sum(axis=1))
    rng = np.random.default_rng(0)
    x, others = rng.normal(size=(rows, 3)), rng.normal(size=(background, 3))
    game = xk.marginal_game(called, x, others)
    assert sizes == [rows]  # x itself, unchanged
    sizes.clear()
    masks = coalitions(3)
    expected = masks @ x.T + ~masks @ others.mean(axis=0)[:, None]
    np.testing.assert_allclose(game(masks), expected, atol=1e-12)
    assert max(sizes) <= 2048 * Pace.MOST and sum(sizes) == 8 * rows * background


def test_wide_rows_go_in_smaller_chunks():
    called, sizes = recorded(lambda x: x.mean(axis=(1, 2, 3)))
    x = np.ones((1, 3, 100, 100))
    game = xk.baseline_game(called, x, groups={"all": range(30_000)})
    game(np.array([[True]] * 500))
    assert max(sizes) == 2**22 // 30_000 and sum(sizes[1:]) == 500


# Errors.


@pytest.mark.parametrize("game", [xk.marginal_game, xk.conditional_game, xk.lime_tabular])
@pytest.mark.parametrize(
    ("background", "error", "message"),
    [
        ([[np.inf] * 4], ValueError, "background holds NaN or infinity"),
        (np.ones((3, 5)), ValueError, "background has shape (3, 5), expected rows like those of x"),
        (np.ones((3, 5)), ValueError, "(m, 4)"),
        (np.ones(4), ValueError, "background has shape (4,)"),
        (np.ones((3, 4), np.float32), TypeError, "background is a float32 NumPy array, but the"),
        (
            torch.ones(3, 4),
            TypeError,
            "background is a float32 torch tensor on cpu, but the numbers",
        ),
    ],
)
def test_a_background_that_does_not_fit_is_refused_in_words(game, background, error, message):
    with pytest.raises(error, match=re.escape(message)):
        game(model, np.ones((2, 4)), background)


ONE_HOT = pd.DataFrame(
    np.hstack([np.eye(3)[[0, 1, 2, 2, 1]], np.eye(2)[[0, 1, 1, 0, 0]], np.arange(5.0)[:, None]]),
    columns=["colour_red", "colour_blue", "colour_green", "small", "large", "weight"],
)
CATEGORIES = [["colour_red", "colour_blue", "colour_green"], ["small", "large"], "weight"]


def of_possible_rows(rows):
    """A model that is asked only about rows with one colour and one size."""
    frame = pd.DataFrame(np.asarray(rows), columns=ONE_HOT.columns)
    for names in CATEGORIES[:2]:
        assert (frame[names].sum(axis=1) == 1).all()
    return (frame["colour_blue"] * 3 + frame["large"] * frame["weight"]).to_numpy()


@pytest.mark.parametrize(
    ("x", "background", "categories"),
    [
        (ONE_HOT[:2], ONE_HOT[2:], CATEGORIES),
        (ONE_HOT[:2].to_numpy(), ONE_HOT[2:].to_numpy(), [[0, 1, 2], (3, 4)]),
    ],
)
def test_columns_of_a_category_are_drawn_together(x, background, categories):
    with pytest.raises(AssertionError):
        xk.exact_shapley(xk.marginal_game(of_possible_rows, x, background))
    game = xk.marginal_game(of_possible_rows, x, background, categorical=categories)
    named = ("colour", "small + large", "weight")
    assert game.players == (
        named if isinstance(x, pd.DataFrame) else ("x0 + x1 + x2", "x3 + x4", "x5")
    )
    # By hand, with a table of the categories instead of the blocks.
    kinds = ONE_HOT.assign(colour=[0, 1, 2, 2, 1], size=[0, 1, 1, 0, 0])[
        ["colour", "size", "weight"]
    ]
    short = xk.marginal_game(
        lambda rows: (rows[:, 0] == 1) * 3 + (rows[:, 1] == 1) * rows[:, 2],
        kinds[:2].to_numpy(),
        kinds[2:].to_numpy(),
    )
    np.testing.assert_allclose(game(coalitions(3)), short(coalitions(3)), atol=1e-12)


def test_categories_stand_beside_groups():
    game = xk.marginal_game(
        of_possible_rows,
        ONE_HOT[:1],
        ONE_HOT[2:],
        categorical=[CATEGORIES[0]],
        groups={"body": ["small", "large", "weight"]},
    )
    assert game.players == ("colour", "body")


@pytest.mark.parametrize(
    ("categories", "message"),
    [
        ([["colour_red", "taste"]], "categorical names the column 'taste', which x does not have"),
        (["taste"], "categorical names the column 'taste', which x does not have"),
        ([[0, 1], [1, 2]], "holds a column that another group has already"),
    ],
)
def test_categories_that_do_not_fit_are_refused_in_words(categories, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        xk.marginal_game(of_possible_rows, ONE_HOT[:1], ONE_HOT, categorical=categories)


def test_groups_may_name_the_columns_of_a_frame():
    groups = {"colour": CATEGORIES[0], "size": [3, "large"]}
    game = xk.marginal_game(of_possible_rows, ONE_HOT[:1], ONE_HOT, groups=groups)
    assert game.players == ("colour", "size", "weight")
    game.ends()


@pytest.mark.parametrize("game", [xk.marginal_game, xk.conditional_game, xk.baseline_game])
@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        ({"a": [0, 4]}, ValueError, "group 'a' names the column 4, which x does not have"),
        ({"a": [-1, 2]}, ValueError, "group 'a' names the column -1, which x does not have"),
        ({"a": [0, 1], "b": [1]}, ValueError, "group 'b' holds a column that another group has"),
        ({"a": []}, TypeError, "group 'a' is [], expected a list of columns"),
        ({"a": ["age"]}, ValueError, "'age', which x does not have: its columns are 0 to 3"),
        ({"a": "age"}, TypeError, "group 'a' is 'age', expected a list of columns"),
        ({"a": [0.0, 1.0]}, TypeError, "'a' holds 0.0, expected numbers or names of columns"),
    ],
)
def test_groups_that_are_none_are_refused_in_words(game, groups, error, message):
    given_rows = {} if game is xk.baseline_game else {"background": np.eye(4)}
    with pytest.raises(error, match=re.escape(message)):
        game(model, np.ones((2, 4)), groups=groups, **given_rows)


def test_a_baseline_or_target_that_does_not_fit_is_refused_in_words():
    with pytest.raises(ValueError, match=re.escape("baseline has shape (3,), expected a number")):
        xk.baseline_game(model, np.ones((2, 4)), np.ones(3))
    with pytest.raises(
        ValueError, match=re.escape("target 3 is out of range: the model has 3 out")
    ):
        xk.marginal_game(model, np.ones((2, 4)), np.ones((2, 4)), target=3)
