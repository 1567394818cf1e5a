"""What the claims of several lectures need: data, networks, a game, and a comparison."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache

import numpy as np

import xaikit as xk
from xaikit.course import datasets

SLOPES = ("saliency", "LIME")
CONTRIBUTIONS = ("grad × input", "IG", "LRP-ε", "DASP", "Shapley")


def lead(
    numbers: Mapping[str, float], higher: str | Iterable[str] = (), lower: str | Iterable[str] = ()
) -> float:
    """Return the smallest of the higher numbers minus the largest of the lower ones.

    Either is one name or several; the one that is not given is all other names.
    """
    high, low = ([names] if isinstance(names, str) else [*names] for names in (higher, lower))
    others = [name for name in numbers if name not in high + low]
    return min(numbers[name] for name in high or others) - max(
        numbers[name] for name in low or others
    )


@cache
def digits(seed: int):
    """Return training rows, test rows and their classes, and a network that reads them."""
    data = datasets.digits(seed)
    rows, tests = (part.reshape(len(part), -1) for part in (data.x_train, data.x_test))
    reader = xk.Network.mlp([64, 64, 32, 10], seed=seed)
    reader.fit(rows, data.y_train, loss="cross_entropy", epochs=30, seed=seed)
    return rows, tests, data.y_test, reader


@cache
def tumours(seed: int):
    """Return tumours for testing, and a network that tells benign and malignant ones apart."""
    data = datasets.breast_cancer(seed)
    network = xk.Network.mlp([30, 16, 8, 2], seed=seed)
    network.fit(data.x_train, data.y_train, loss="cross_entropy", epochs=30, seed=seed)
    return data.x_test, network


@cache
def forecaster(
    seed: int, hidden: tuple[int, ...] = (16, 8), epochs: int = 30, activation: str = "relu"
):
    """Return patients for testing, and a network that forecasts diabetes."""
    data = datasets.diabetes(seed)
    goal = (data.y_train - data.y_train.mean()) / data.y_train.std()
    network = xk.Network.mlp([10, *hidden, 1], activation=activation, seed=seed)
    network.fit(data.x_train, goal, epochs=epochs, seed=seed)
    return data.x_test, network


def seven_methods(seed: int) -> dict[str, Callable]:
    """Return lecture 09's methods, functions of the patients of one split."""
    network, background = forecaster(seed)[1], datasets.diabetes(seed).x_train
    return {
        "saliency": lambda rows: xk.saliency(network, rows),
        "LIME": lambda rows: xk.lime_tabular(network, rows, background, seed=seed),
        "grad × input": lambda rows: xk.gradient_x_input(network, rows),
        "IG": lambda rows: xk.integrated_gradients(network, rows, rule="exact"),
        "LRP-ε": lambda rows: xk.lrp(network, rows, rule=xk.LRPEpsilon(0.25)),
        "DASP": lambda rows: xk.dasp(network, rows),
        "Shapley": lambda rows: xk.exact_shapley(xk.baseline_game(network, rows)),
    }


@cache
def seven_columns(seed: int) -> dict[str, np.ndarray]:
    """Return these methods' scores for patients of one split."""
    patients, _ = forecaster(seed)
    return {name: explain(patients).values for name, explain in seven_methods(seed).items()}


@cache
def highest_forecast(seed: int):
    """Return a network, the patient of its highest forecast, and 50 background rows."""
    patients, forecast = forecaster(seed, (32, 16), 60)
    patient = patients[forecast(patients)[:, 0].argmax()]
    return forecast, patient, datasets.diabetes(seed).x_train[:50]


@cache
def patients_game(seed: int):
    """Return the game of the highest forecast, and its Shapley values."""
    game = xk.marginal_game(*highest_forecast(seed))
    return game, xk.exact_shapley(game).values


def error(seed: int, method: Callable, draws: int = 10) -> float:
    """Return the root mean square error on the patient's game with 256 coalitions."""
    game, truth = patients_game(seed)
    found = [method(game, budget=256, seed=100 * seed + i).values for i in range(draws)]
    return float(np.sqrt(np.mean((np.array(found) - truth) ** 2)))


def held(
    seed: int, method: Callable, game: xk.Game, truth: np.ndarray, budget: int, draws: int
) -> float:
    """Return how often intervals of a method hold the truth."""
    seeds = range(draws * seed, draws * seed + draws)
    found = [method(game, budget=budget, seed=draw) for draw in seeds]
    return float(np.mean([np.abs(a.values - truth) <= 1.96 * a.std for a in found]))
