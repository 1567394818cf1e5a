"""A seed means the same in every function: a whole number repeats the draw, None draws anew."""

import inspect
import re

import numpy as np
import pytest

import xaikit as xk
from xaikit.course import datasets
from xaikit.games.pairs import draw_pairs
from xaikit.methods import dasp
from xaikit.methods.kernel_shap import shapley_kernel
from xaikit.metrics.sanity import cascade

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 12))
SCORES = RNG.normal(size=12)
NETWORK = xk.Network.mlp([12, 4, 1], seed=0)
ROWS, COLUMN = RNG.normal(size=(8, 3)), RNG.normal(size=8)


def curved(rows):
    return np.tanh(rows @ np.arange(12.0)) + rows[:, 0] * rows[:, 1] * rows[:, 2]


def game():
    return xk.baseline_game(curved, np.ones(12))


def vowels(texts):
    return np.array([len(re.findall("[aeo]+", text)) for text in texts], dtype=float)


def trained(seed):
    network = xk.Network.mlp([3, 2, 1], seed=0)
    return network.fit(ROWS, COLUMN, epochs=2, batch_size=3, seed=seed)


def ranking(seed):
    model = xk.DualNet(2, "regression", exploration=2, refinement=2, seed=seed)
    return model.fit(ROWS, COLUMN).history_["loss"]


def retrained(seed):
    return xk.remove_and_retrain(
        lambda x, y, x_test, y_test, seed: x.mean(), X, None, X, X, None, X, [0.3], [seed]
    ).random_scores


def moved(seed):
    """What a method is asked about by check_axioms."""
    asked = []

    def method(network, x, baseline):
        asked.append(x)
        return np.zeros_like(x)

    xk.check_axioms(method, ["dummy"], trials=1, seed=seed)
    return asked[0]


# Each function's random numbers, or what they change, as numbers.
DRAWS = {
    "Network.mlp": lambda seed: xk.Network.mlp([3, 2], seed=seed).layers[0].weight,
    "transformer": lambda seed: xk.transformer(5, 2, width=4, seed=seed).layers[0].words,
    "Network.fit": trained,
    "DualNet": ranking,
    "permutation_shapley": lambda seed: xk.permutation_shapley(game(), 100, seed=seed).values,
    "kernel_shap": lambda seed: xk.kernel_shap(game(), 100, seed=seed).values,
    "gaussian_process_shapley": lambda seed: (
        xk.gaussian_process_shapley(game(), 60, seed=seed).values
    ),
    "conditional_game": lambda seed: xk.conditional_game(curved, X[0], X, samples=4, seed=seed)(
        np.eye(12, dtype=bool)
    ),
    "lime_image": lambda seed: (
        xk.lime_image(curved, X[0], np.arange(12) // 3, samples=50, seed=seed).values
    ),
    "lime_tabular": lambda seed: xk.lime_tabular(curved, X[0], X, samples=50, seed=seed).values,
    "lime_text": lambda seed: (
        xk.lime_text(vowels, "one and two are three", target=0, samples=20, seed=seed).values
    ),
    "deletion": lambda seed: xk.deletion(curved, X[0], SCORES, seed=seed).random_auc,
    "insertion": lambda seed: xk.insertion(curved, X[0], SCORES, seed=seed).random_auc,
    "sensitivity_n": lambda seed: (
        xk.sensitivity_n(curved, X[:2], np.array([SCORES, SCORES]), seed=seed).correlation
    ),
    "infidelity": lambda seed: xk.infidelity(curved, X[0], SCORES, samples=9, seed=seed).value,
    "max_sensitivity": lambda seed: xk.max_sensitivity(
        lambda x: np.sin(50 * x), X[0], samples=3, seed=seed
    ),
    "parameter_randomisation": lambda seed: (
        xk.parameter_randomisation(NETWORK, xk.saliency, X[:2], seed=seed).correlation
    ),
    "remove_and_retrain": retrained,
    "check_axioms": moved,
    "cascade": lambda seed: next(cascade(NETWORK, seed))[1].layers[-1].weight,
    "draw_pairs": lambda seed: draw_pairs(12, 30, seed, shapley_kernel).masks,
    "unit_samples": lambda seed: dasp.unit_samples(NETWORK, X[0], 3, samples=5, seed=seed)[0],
    "datasets.california_housing": lambda seed: datasets.california_housing(seed=seed).train,
    **{
        f"datasets.{name}": lambda seed, name=name: getattr(datasets, name)(seed=seed).x_test
        for name in ("diabetes", "breast_cancer", "digits")
    },
    **{
        f"datasets.{name}": lambda seed, name=name: datasets.synthetic.TASKS[name](seed=seed).x
        for name in datasets.synthetic.TASKS
    },
    "datasets.youtube_comments": lambda seed: datasets.youtube_comments(seed=seed).train,
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_seed_repeats_the_draw_and_none_does_not(name):
    draw = DRAWS[name]
    np.testing.assert_array_equal(draw(3), draw(3))
    np.testing.assert_array_equal(draw(np.int64(3)), draw(3))
    fresh = [np.asarray(draw(None)) for _ in range(6)]
    assert any(not np.array_equal(fresh[0], other) for other in fresh[1:])


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize(
    ("seed", "error", "message"),
    [
        ("zero", TypeError, "'zero', expected a whole number"),
        (0.5, TypeError, "0.5, expected a whole number"),
        (True, TypeError, "True, expected a whole number"),
        (-1, ValueError, "-1, expected at least 0 (None draws fresh numbers each time)"),
    ],
)
def test_what_is_no_seed_is_refused_by_its_name(name, seed, error, message):
    words = "one of seeds is " if name == "remove_and_retrain" else "seed is "
    with pytest.raises(error, match=re.escape(words + message)):
        DRAWS[name](seed)


def test_every_public_function_with_a_seed_is_here():
    public = {name: getattr(xk, name) for name in xk.__all__}
    public |= {f"Network.{name}": getattr(xk.Network, name) for name in ("mlp", "fit")}
    seeded = {
        name
        for name, thing in public.items()
        if {"seed", "seeds"} & set(inspect.signature(thing).parameters)
    }
    assert seeded <= set(DRAWS), seeded - set(DRAWS)


def test_a_draw_without_a_seed_grows_and_is_not_drawn_anew():
    """A tolerance is sought with more and more coalitions: those evaluated already count."""
    for estimate in (xk.kernel_shap, xk.gaussian_process_shapley):
        asked = game()
        with pytest.warns(UserWarning, match="tolerance"):
            estimate(asked, 400, tolerance=1e-9, seed=None)
        assert asked.evaluations <= 400


@pytest.mark.parametrize("seeds", [None, 3, [], ()])
def test_seeds_that_are_no_list_are_refused_in_words(seeds):
    with pytest.raises(ValueError, match=r"seeds is .*, expected one for each training, such as"):
        xk.remove_and_retrain(lambda *given: 0.0, X, None, X, X, None, X, seeds=seeds)


def test_trainings_without_a_seed_share_one_that_is_drawn():
    """As with a number: the same for all shares, with and without the explanation."""
    asked = []

    def train(x, y, x_test, y_test, seed):
        asked.append(seed)
        return 0.0

    xk.remove_and_retrain(train, X, None, X, X, None, X, [0.1, 0.2], [None, 7, None])
    assert all(type(seed) is int and 0 <= seed < 2**32 for seed in asked)
    first, second, third = asked[:4], asked[4:8], asked[8:]
    assert len(set(first)) == len(set(third)) == 1 and second == [7] * 4
    assert first[0] != third[0]  # equal once in 4 billion runs
