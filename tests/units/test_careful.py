"""Accidents of models and callers: in-place work, NaN, hooks, other classes, data frames.

Each of these once gave a result that looked right.
"""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.nn.utils import prune

import xaikit as xk
from xaikit.games import pairs
from xaikit.methods import kernel_shap

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 4)) + np.array([1.0, 2, 3, 4])
WEIGHTS = np.array([1.0, -1, 2, 0.5])


def refused(words, error=ValueError):
    return pytest.raises(error, match=re.escape(words))


# Arrays that change during a call


def centred_in_place(rows):
    rows -= 3.0
    return rows @ WEIGHTS


@pytest.mark.parametrize(
    "game",
    [
        lambda model, x: xk.marginal_game(model, x, X),
        lambda model, x: xk.baseline_game(model, x),
        lambda model, x: xk.conditional_game(model, x, X, samples=50),
    ],
    ids=["marginal", "baseline", "conditional"],
)
def test_a_model_that_works_in_place_is_explained_as_it_is(game):
    x = X[0].copy()
    given = xk.exact_shapley(game(centred_in_place, x)).values
    right = xk.exact_shapley(game(lambda rows: (rows - 3.0) @ WEIGHTS, x)).values
    assert given == pytest.approx(right, abs=1e-12)
    assert x.tolist() == X[0].tolist()


def test_a_classifier_may_change_the_list_of_its_texts():
    def lowered_in_place(texts):
        texts[:] = map(str.lower, texts)
        return [text.count("good") for text in texts]

    explained = xk.exact_shapley(xk.text_game(lowered_in_place, "Good day GOOD luck", target=0))
    assert explained.values.tolist() == [1, 0, 1, 0]


def test_lime_and_deletion_leave_rows_as_they_were():
    x = X[:3].copy()
    explained = xk.lime_tabular(centred_in_place, x, X, samples=50)
    xk.deletion(centred_in_place, x, explained, baseline=X.mean(axis=0))
    assert x.tolist() == X[:3].tolist()


@pytest.mark.parametrize("make", [np.array, torch.tensor], ids=["numpy", "torch"])
def test_a_game_keeps_the_rows_that_it_was_made_of(make):
    x, background = make(X[0]), make(X)
    game = xk.marginal_game(lambda rows: rows[:, 0] * 1.0, x, background)
    conditional = xk.conditional_game(lambda rows: rows @ make(WEIGHTS), x, background, samples=20)
    one = np.array([[True, False, False, False]])
    before = conditional(one)
    x[:], background[:] = 5.0, 7.0
    assert game.ends().tolist() == pytest.approx([X[:, 0].mean(), X[0, 0]])
    assert conditional(one).tolist() == before.tolist()
    assert conditional.data.tolist() == game.data.tolist() == [X[0].tolist()]


# NaN and infinity


class Log(nn.Module):
    def forward(self, x):
        return torch.log(x.sum(1))


class Root(nn.Module):
    def forward(self, x):
        return x.pow(2).sum(1).sqrt()


def test_a_model_without_a_value_is_refused_by_methods_that_ask_for_slopes():
    model, x = xk.TorchModel(Log()), torch.tensor([[-1.0, -2.0]])
    for method in (xk.saliency, xk.gradient_x_input, xk.integrated_gradients):
        with refused("the model's output is NaN or infinite"):
            method(model, x)
    with refused("the model's output at the baseline is NaN or infinite"):
        xk.gradient_x_input(model, -x, baseline=x)


def test_a_model_without_a_slope_is_refused():
    model = xk.TorchModel(Root())
    with refused("gradient × input: a score is NaN or infinite"):
        xk.gradient_x_input(model, np.zeros((1, 2)), baseline=np.ones(2))
    with refused("integrated gradients: a score is NaN or infinite"):
        xk.integrated_gradients(model, np.ones((1, 2)), rule="trapezoid")


def test_a_network_that_overflows_is_refused():
    network = xk.Network([xk.Dense(np.full((1, 2), 1e300), np.zeros(1))])
    with np.errstate(over="ignore"), refused("output is NaN or infinite"):
        xk.lrp(network, np.full((1, 2), 1e10))


# Questions that were misunderstood


def test_an_explanation_of_another_class_is_not_judged():
    network, x = xk.Network.mlp([6, 8, 3], "tanh", seed=1), RNG.normal(size=6)
    explained = xk.integrated_gradients(network, x, target=2)
    for measure in (xk.deletion, xk.insertion, xk.infidelity, xk.sensitivity_n):
        with refused("give the target that was explained"):
            measure(network, x, explained)
        measure(network, x, explained, target=2)
        measure(network, x, explained.values)


def test_a_background_that_never_changes_is_refused():
    for rows in (X[1:2], np.repeat(X[1:2], 5, axis=0)):
        with refused(f"no column changes in the background of {len(rows)} row(s)"):
            xk.lime_tabular(lambda rows: rows @ WEIGHTS, X[0], rows)


def test_bounds_of_a_picture_are_one_number_or_a_picture():
    network = xk.Network([xk.Conv2d(np.ones((1, 3, 1, 1)), np.zeros(1)), xk.Flatten()])
    picture = np.full((1, 3, 3, 3), 0.5)
    network = xk.Network([*network.layers, xk.Dense(np.ones((1, 9)), np.zeros(1))])
    rule = xk.LRPZBox(np.zeros(3), np.array([1.0, 2.0, 3.0]))
    with refused("a bound of LRP-z^B has shape (3,), expected a number or one for each number"):
        xk.lrp(network, picture, rule={"first": rule})
    whole = xk.LRPZBox(0.0, np.broadcast_to(np.array([1.0, 2, 3])[:, None, None], (3, 3, 3)))
    assert xk.lrp(network, picture, rule={"first": whole}).values.shape == picture.shape
    with refused("unknown key True"):
        xk.lrp(network, picture, rule={True: rule})


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize(
    "change",
    [
        lambda layer: prune.l1_unstructured(layer, "weight", amount=1),
        nn.utils.spectral_norm,
        nn.utils.weight_norm,
        lambda layer: layer.register_forward_hook(lambda module, inputs, output: output * 10),
        lambda layer: layer.register_forward_pre_hook(lambda module, inputs: (inputs[0] * 2,)),
    ],
    ids=["pruned", "spectral norm", "weight norm", "hook", "hook before"],
)
def test_modules_with_hooks_are_not_converted(change):
    layer = nn.Linear(4, 1)
    change(layer)
    with refused("Linear has a hook"):
        xk.from_torch(nn.Sequential(layer))
    with refused("Sequential has a hook"):
        outer = nn.Sequential(nn.Linear(4, 1))
        outer.register_forward_hook(lambda module, inputs, output: output + 1)
        xk.from_torch(nn.Sequential(outer))


# Types of numbers


def test_a_frame_of_numbers_and_booleans_is_numbers():
    frame = pd.DataFrame({"age": X[:, 0], "smokes": X[:, 1] > 2, "size": X[:, 2]})
    asked = xk.baseline_game(lambda rows: rows @ WEIGHTS[:3], frame.iloc[:2])
    assert asked.ends()[1] == pytest.approx(frame.to_numpy(dtype=float)[:2] @ WEIGHTS[:3])
    with refused("hold no numbers, so 0 is no baseline"):
        xk.baseline_game(lambda rows: rows["a"], pd.DataFrame({"a": [1.0], "b": ["red"]}))


@pytest.mark.parametrize("of_one", [True, False], ids=["a row", "rows"])
def test_names_of_a_frame_are_the_names_of_players_and_features(of_one):
    names = ["age", "bmi", "size", "steps"]
    frame = pd.DataFrame(X, columns=names)
    x = frame.iloc[0] if of_one else frame.iloc[:2]
    network = xk.Network.mlp([4, 3, 1], "tanh", seed=0)

    def model(rows):
        return network(rows)[:, 0]

    for game in (
        xk.baseline_game(model, x),
        xk.marginal_game(model, x, X),
        xk.conditional_game(model, x, X, samples=20),
    ):
        assert list(game.players) == names
    grouped = xk.baseline_game(model, x, groups={"body": [1, 2]})
    assert list(grouped.players) == ["body", "age", "steps"]
    for answer in (
        xk.saliency(network, x),
        xk.lrp(network, x),
        xk.lime_tabular(model, x, X, samples=50),
    ):
        assert list(answer.feature_names) == names
    assert xk.saliency(network, X[0]).feature_names is None
    assert xk.saliency(network, pd.DataFrame(X)).feature_names is None  # columns 0, 1, …


def test_bfloat16_has_a_table_and_games():
    model = xk.TorchModel(nn.Linear(2, 1).bfloat16())
    x = torch.ones(1, 2, dtype=torch.bfloat16)
    assert "output" in str(xk.saliency(model, x))
    values = xk.exact_shapley(xk.baseline_game(model, x)).values
    assert values.float().sum() == pytest.approx(float(model(x) - model(0 * x)), abs=0.02)


def test_gradients_under_inference_mode():
    torch.manual_seed(0)
    model, x = xk.TorchModel(nn.Linear(2, 1)), torch.ones(1, 2)
    with torch.inference_mode():
        inside = xk.saliency(model, torch.ones(1, 2)).values
    assert inside.tolist() == xk.saliency(model, x).values.tolist()


def test_a_baseline_with_a_batch_axis_serves_all_rows():
    network = xk.Network.mlp([4, 3, 1], "tanh", seed=0)
    given = xk.integrated_gradients(network, X, baseline=X[:1])
    assert (
        given.values.tolist() == xk.integrated_gradients(network, X, baseline=X[0]).values.tolist()
    )


# Bad settings, in words


@pytest.mark.parametrize(
    ("groups", "error", "words"),
    [
        ([[0, 1]], TypeError, "groups is list, expected a dict"),
        ({"b": 2}, TypeError, "group 'b' is 2, expected a list of columns"),
        ({"b": [0, 4]}, ValueError, "group 'b' names the column 4, which x does not have"),
        ({"x3": [0, 1]}, ValueError, "group 'x3' has the name of a column that is not in a group"),
    ],
)
def test_groups_are_dicts_of_columns(groups, error, words):
    with refused(words, error):
        xk.baseline_game(lambda rows: rows @ WEIGHTS, X[0], groups=groups)


def test_groups_may_be_tensors():
    x = torch.tensor(X[0])
    game = xk.baseline_game(lambda rows: rows.sum(1), x, groups={"a": torch.tensor([0, 1])})
    answer = xk.exact_shapley(game)
    assert answer.data.shape == (3,) and "x3" in str(answer)


def test_what_players_stand_for_has_their_number():
    assert "output" in str(xk.exact_shapley(xk.Game(3, lambda m: m.sum(1), data=[1.0, 2.0, 3.0])))
    with refused("data has shape (2,), expected one entry for each of 3 players"):
        xk.Game(3, lambda masks: masks.sum(1), data=np.ones(2))


def test_settings_that_are_no_numbers_of_things():
    explained = {"a": X[0], "b": X[1]}
    with refused("top is 2.5, expected a whole number", TypeError):
        xk.rank_agreement(explained, top=2.5)
    with refused("features is 1.5, expected a whole number", TypeError):
        xk.lime_tabular(lambda rows: rows @ WEIGHTS, X[0], X, features=1.5)
    with refused("learning_rate is -1.0, expected a positive number"):
        xk.Network.mlp([4, 1]).fit(X, X[:, 0], learning_rate=-1.0)


def test_rows_left_to_train_on_are_counted():
    ranker = xk.DualNet(1, exploration=8, refinement=8)
    with refused("1 row is left to train on"):
        ranker.fit(X[:2], [0, 1])


def test_validation_rows_go_where_the_training_rows_are():
    ranker = xk.DualNet(1, exploration=8, refinement=8)
    y = X[:, 0] > 1
    ranker.fit(torch.tensor(X), y, validation=(X, y))
    assert len(ranker.history_["validated"])


# Sampling that ends


def majority(players):
    return xk.Game(players, lambda masks: (masks.sum(1) >= players / 2).astype(float))


def test_a_tolerance_that_is_never_reached_ends_and_says_so(monkeypatch):
    monkeypatch.setattr(kernel_shap, "MOST_DRAWN", 2**10)
    for method, budget in [(xk.kernel_shap, None), (xk.permutation_shapley, 2**10)]:
        with pytest.warns(UserWarning, match=r"the tolerance 0\.01 was not reached with 1,024"):
            answer = method(majority(30), budget=budget, tolerance=0.01)
        assert answer.evaluations <= 2**10


def test_many_players_are_drawn_from_few_at_a_time(monkeypatch):
    drawn = []
    rng = np.random.default_rng

    def counting(seed):
        generator = rng(seed)

        class Counting:
            def random(self, shape):
                drawn.append(int(np.prod(shape)))
                return generator.random(shape)

        return Counting()

    monkeypatch.setattr(pairs.np.random, "default_rng", counting)
    assert len(pairs.draw_pairs(100, 1100, 0, kernel_shap.shapley_kernel).masks) == 1100
    # At most twice the needed number, except for the first few of each of the 50 sizes.
    assert sum(drawn) <= 100 * (2 * 1100 + 50 * 16)


def test_intervals_without_end_are_drawn_as_none():
    answer = xk.permutation_shapley(xk.Game(4, lambda masks: masks @ WEIGHTS), budget=10)
    assert np.isinf(answer.std).all()
    axes = answer.plot()
    assert np.isfinite(axes.get_xlim()).all()


def test_a_table_of_many_features_is_printed_in_part():
    answer = xk.exact_shapley(xk.Game(2, lambda masks: masks.sum(1)))
    assert "…" not in str(answer)
    many = xk.permutation_shapley(xk.Game(200, lambda masks: masks.sum(1)), budget=402)
    assert len(str(many).splitlines()) == 64 and "… 200 features" in str(many)
