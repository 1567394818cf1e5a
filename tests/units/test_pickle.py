"""Rules, models and answers go to a file or another process, and come back with equal numbers."""

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields, is_dataclass

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.multiprocessing import reductions

import xaikit as xk
from tests.units.relevance import RULES
from tests.units.support import numpy_of
from xaikit.core.question import ask
from xaikit.methods import lrp as lrp_module

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4))
NETWORK = xk.Network.mlp([4, 6, 5, 2], seed=1)
torch.manual_seed(0)
MODULE = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2)).double()
PICTURES = RNG.normal(size=(2, 1, 6, 6))
PICTURE_NETWORK = xk.Network(
    [
        xk.ZeroPad2d(1, 1, 1, 1),
        xk.Conv2d(RNG.normal(size=(2, 1, 3, 3)), RNG.normal(size=2)),
        xk.LeakyReLU(0.1),
        xk.Residual([xk.Conv2d(RNG.normal(size=(2, 2, 3, 3)), None, padding=1), xk.ReLU6()]),
        xk.MaxPool2d(2),
        xk.AvgPool2d(3, 1),
        xk.Flatten(),
        xk.Dense(RNG.normal(size=(4, 2)), RNG.normal(size=4)),
        xk.Softplus(),
        xk.Dense(RNG.normal(size=(3, 4)), None),
        xk.Sigmoid(),
    ]
)
READER = xk.transformer(6, 2, width=4, heads=2, blocks=1, hidden=3)
COMPOSITE = {"first": xk.LRPZBox(-4, 4), "dense": xk.LRPGamma(0.25), 4: xk.LRPEpsilon(0.25)}


def pickled(thing):
    return pickle.loads(pickle.dumps(thing))


def sent(thing):
    """Return a thing as Dask hands it over: its arrays start at any byte, and nobody may write."""
    buffers = []
    data = pickle.dumps(thing, protocol=5, buffer_callback=buffers.append)
    return pickle.loads(data, buffers=[memoryview(b"." + bytes(b))[1:] for b in buffers])


WAYS = {"pickled": pickled, "copied": copy.copy, "deeply copied": copy.deepcopy}


def assert_same(one, other):
    """Raise unless two answers hold equal numbers and words, all the way down."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert list(one) == list(other)
        one, other = list(one.values()), list(other.values())
    if is_dataclass(one):
        one, other = ([getattr(it, f.name) for f in fields(it)] for it in (one, other))
    if isinstance(one, xk.Network):
        one, other = one.layers, other.layers
    if isinstance(one, list | tuple):
        for part, twin in zip(one, other, strict=True):
            assert_same(part, twin)
    else:
        np.testing.assert_array_equal(numpy_of(one), numpy_of(other))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", RULES)
def test_a_rule_comes_back_as_it_was(name, way):
    rule = RULES[name].ours
    back = WAYS[way](rule)
    assert (back.name, back.epsilon) == (rule.name, rule.epsilon)
    assert_same([back.low, back.high], [rule.low, rule.high])
    assert_same(xk.lrp(NETWORK, X, 1, back), xk.lrp(NETWORK, X, 1, rule))
    pictures = xk.lrp(PICTURE_NETWORK, PICTURES, 2, rule)
    assert_same(xk.lrp(PICTURE_NETWORK, PICTURES, 2, back), pictures)


@pytest.mark.parametrize("way", WAYS)
def test_a_composite_comes_back_as_it_was(way):
    back = WAYS[way](COMPOSITE)
    assert_same(xk.lrp(NETWORK, X, 1, back), xk.lrp(NETWORK, X, 1, COMPOSITE))


@pytest.mark.parametrize("way", WAYS)
def test_a_plain_rule_that_comes_back_is_still_the_layers_own_output(way, monkeypatch):
    """The layer is not run a second time, for a rule alone and in a composite."""
    back = WAYS[way]({"first": xk.LRPEpsilon(0.25), "dense": xk.LRPEpsilon()})

    def planted(*given):
        raise AssertionError("a plain rule made parts of its own")

    monkeypatch.setattr(lrp_module, "_parts", planted)
    for rule in (back, back["first"]):
        xk.lrp(NETWORK, X, 1, rule)


def test_another_process_explains_with_the_rules_that_it_is_sent():
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        waiting = [pool.submit(xk.lrp, NETWORK, X, 1, rule) for rule in (COMPOSITE, None)]
        for answer, rule in zip(waiting, (COMPOSITE, None), strict=True):
            assert_same(answer.result().values, xk.lrp(NETWORK, X, 1, rule).values)


@pytest.mark.parametrize("way", [pickled, copy.deepcopy, sent])
@pytest.mark.parametrize(
    ("model", "x"), [(NETWORK, X), (PICTURE_NETWORK, PICTURES), (xk.TorchModel(MODULE), X)]
)
def test_a_model_comes_back_as_it_was(model, x, way):
    back = way(model)
    np.testing.assert_array_equal(back(x), model(x))
    for row in x:  # another product than that of several rows
        np.testing.assert_array_equal(back(row[None]), model(row[None]))
    np.testing.assert_array_equal(back.gradient(x, 1), model.gradient(x, 1))


@pytest.mark.parametrize("way", [pickled, copy.deepcopy, sent])
def test_a_transformer_comes_back_as_it_was(way):
    ids = np.array([[1, 2, 3], [4, 5, 0]])
    back = way(READER)
    np.testing.assert_array_equal(back(ids), READER(ids))
    for explain in (xk.gradient_x_input, xk.lrp):
        assert_same(explain(back, ids, 1), explain(READER, ids, 1))


def test_a_network_of_tensors_comes_back_as_it_was():
    network = NETWORK.to("cpu", "float32")
    x = torch.tensor(X, dtype=torch.float32)
    assert torch.equal(pickled(network)(x), network(x))


def test_a_question_comes_back_as_it_was():
    for model in (NETWORK, xk.TorchModel(MODULE)):
        question = ask(model, X, [0, 1, 1], baseline=0.5)
        back = pickled(question)
        for name in ("x", "target", "output", "baseline"):
            assert_same(getattr(back, name), getattr(question, name))
        np.testing.assert_array_equal(back.base(), question.base())


def test_a_question_keeps_a_networks_way_back():
    np.testing.assert_array_equal(
        pickled(ask(NETWORK, X, 1, keep_forward=True)).gradient_at_x(), NETWORK.gradient(X, 1)
    )


def length(texts):
    return np.array([len(text) for text in texts], dtype=float)


ATTRIBUTION = xk.gradient_x_input(NETWORK, X)
ANSWERS = {
    "saliency": lambda: xk.saliency(NETWORK, X),
    "gradient × input": lambda: ATTRIBUTION,
    "gradient × input of tensors": lambda: xk.gradient_x_input(
        xk.TorchModel(MODULE), torch.tensor(X)
    ),
    "integrated gradients": lambda: xk.integrated_gradients(NETWORK, X),
    "LRP": lambda: xk.lrp(NETWORK, X),
    "DASP": lambda: xk.dasp(NETWORK, X),
    "exact Shapley": lambda: xk.exact_shapley(xk.baseline_game(NETWORK, X)),
    "permutations": lambda: xk.permutation_shapley(xk.baseline_game(NETWORK, X), 40),
    "KernelSHAP": lambda: xk.kernel_shap(xk.baseline_game(NETWORK, X)),
    "Gaussian process": lambda: xk.gaussian_process_shapley(xk.baseline_game(NETWORK, X)),
    "LIME": lambda: xk.lime_tabular(NETWORK, X, X, samples=50),
    "LIME of a picture": lambda: xk.lime_image(NETWORK, X[0], segments=np.arange(X.shape[1]) // 2),
    "LIME of a text": lambda: xk.lime_text(length, "a bb ccc", target=0, samples=50),
    "completeness": lambda: xk.completeness(ATTRIBUTION),
    "sensitivity-n": lambda: xk.sensitivity_n(NETWORK, X, ATTRIBUTION),
    "deletion": lambda: xk.deletion(NETWORK, X, ATTRIBUTION),
    "infidelity": lambda: xk.infidelity(NETWORK, X, ATTRIBUTION),
    "rank agreement": lambda: xk.rank_agreement({"one": ATTRIBUTION, "other": X}, top=2),
    "retraining": lambda: xk.remove_and_retrain(
        lambda x, y, x_test, y_test, seed: x.mean() + seed, X, None, X, X, None, X
    ),
    "randomisation": lambda: xk.parameter_randomisation(NETWORK, xk.saliency, X),
    "counterexamples": lambda: xk.check_axioms(
        lambda network, x, baseline: xk.saliency(network, x), trials=3
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_comes_back_as_it_was(name):
    answer = ANSWERS[name]()
    for way in WAYS.values():
        assert_same(way(answer), answer)
    assert str(pickled(answer)) == str(answer)


FRAME = pd.DataFrame({"city": ["Seoul", "Jeju", "Busan"], "size": [1.0, 2.0, 4.0]})


def of_frame(frame):
    return frame["size"].to_numpy() * (frame["city"] == "Seoul").to_numpy()


GAMES = {
    "baseline": lambda: xk.baseline_game(NETWORK, X, 0.5, [0, 1, 1]),
    "baseline of a module": lambda: xk.baseline_game(xk.TorchModel(MODULE), torch.tensor(X)),
    "marginal, groups": lambda: xk.marginal_game(NETWORK, X, X, groups={"pair": [1, 2]}),
    "marginal, frame": lambda: xk.marginal_game(of_frame, FRAME[:1], FRAME[1:]),
    "conditional": lambda: xk.conditional_game(NETWORK, X, RNG.normal(size=(20, 4)), samples=8),
    "text": lambda: xk.text_game(length, "a bb ccc a", target=0),
}


def explained(game):
    return xk.kernel_shap(game), xk.permutation_shapley(game, seed=3)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", GAMES)
def test_a_game_comes_back_as_it_was(name, way):
    game = GAMES[name]()
    back = WAYS[way](game)
    assert_same(explained(back), explained(game))
    assert back.players == game.players and back.evaluations == game.evaluations


def test_another_process_plays_the_games_that_it_is_sent():
    games = [make() for make in GAMES.values()]
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        for answer, game in zip(pool.map(explained, games), games, strict=True):
            assert_same(answer, explained(game))
    # Else torch complains once for each tensor when Python ends.
    reductions.shared_cache.clear()


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_trained_ranking_comes_back_as_it_was(task):
    x = RNG.normal(size=(40, 5))
    y = (x[:, 0] > 0).astype(int) if task == "classification" else x[:, 0]
    trained = xk.DualNet(2, task, exploration=8, refinement=8).fit(x, y)
    back = pickled(trained)
    assert back.get_params() == trained.get_params()
    np.testing.assert_array_equal(back.predict(x), trained.predict(x))
    for name in ("subset_", "importances_", "swap_importances_", "operator_", "history_"):
        assert_same(getattr(back, name), getattr(trained, name))
