"""Errors and intervals of estimates for games of networks and forests.

Small seeded versions, with wide margins, of what `make bench` measures on more games.
"""

import numpy as np
import pytest
import shap

import xaikit as xk
from tests.units.coalitions import SAMPLERS, forest_game, network_game
from tests.units.test_permutation import walk

PLAYERS = 12
SEEDS = range(5)


@pytest.fixture(scope="module")
def games():
    """Games of 12 features, each with its exact values."""
    made = [make(PLAYERS, seed) for make in (network_game, forest_game) for seed in range(10)]
    return [(game, xk.exact_shapley(game).values) for game in made]


@pytest.fixture(scope="module")
def sampled(games):
    """Each estimator's results with 128 evaluations, (games, seeds)."""
    return {
        name: [[estimate(game, 128, seed=seed) for seed in SEEDS] for game, _ in games]
        for name, estimate in SAMPLERS.items()
    }


def mean_errors(games, estimates):
    """Return the mean absolute error in each game; estimates (games, seeds, M)."""
    exact = np.array([values for _, values in games])
    return np.abs(np.array(estimates) - exact[:, None]).mean(axis=(1, 2))


def ratio(ours, theirs):
    """Return the geometric mean over games."""
    return np.exp(np.mean(np.log(ours / theirs)))


def values(answers):
    return [[answer.values for answer in seeds] for seeds in answers]


@pytest.mark.parametrize("name", SAMPLERS)
def test_intervals_hold_the_exact_value_95_times_of_100(games, sampled, name):
    held = []
    for (_, exact), answers in zip(games, sampled[name], strict=True):
        for answer in answers:
            low, high = answer.interval(0.95)
            held.append((low <= exact) & (exact <= high))
    assert np.size(held) == 1200 and 0.90 <= np.mean(held) <= 0.99


def test_antithetic_orders_beat_as_many_single_orders(games, sampled):
    single = []
    for game, _ in games:
        rng = np.random.default_rng(0)
        draws = [[walk(game, rng.permutation(PLAYERS)) for _ in range(10)] for _ in SEEDS]
        single.append(np.mean(draws, axis=1))
    paired = mean_errors(games, values(sampled["permutation"]))  # (128 − 2) // 22 = 5 pairs
    assert ratio(paired, mean_errors(games, single)) < 0.75


def test_kernel_shap_beats_the_shap_package(games, sampled):
    peers = []
    for game, _ in games:
        peer = shap.KernelExplainer(lambda z, v=game: v(z.astype(bool)), np.zeros((1, PLAYERS)))
        settings = {"nsamples": 126, "l1_reg": False, "silent": True}  # 128 with both ends
        peers.append([])
        for seed in SEEDS:
            np.random.seed(seed)  # noqa: NPY002 (the generator that shap draws from)
            peers[-1].append(peer.shap_values(np.ones((1, PLAYERS)), **settings)[0])
    ours = mean_errors(games, values(sampled["kernel"]))
    assert ratio(ours, mean_errors(games, peers)) < 0.85


def test_the_gaussian_process_beats_kernel_shap(games, sampled):
    ours, kernel = (mean_errors(games, values(sampled[name])) for name in ("process", "kernel"))
    assert ratio(ours, kernel) < 0.6
    assert np.all(ours < kernel)
