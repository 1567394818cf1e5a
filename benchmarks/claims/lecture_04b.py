"""What lecture 04b claims of a picture of many rows, and of a Gaussian process."""

import numpy as np

import xaikit as xk
from benchmarks.claims import claim
from benchmarks.claims.shared import error, held, patients_game
from xaikit.course import datasets

VOTE, SHARES = xk.Game(11, lambda masks: (masks.sum(axis=1) > 5).astype(float)), np.full(11, 1 / 11)


@claim("in most districts one of latitude and longitude takes away and the other adds")
def latitude_and_longitude_oppose(seed: int) -> float:
    """Share of 200 districts in which their signs differ, minus a half."""
    houses, trees = datasets.california_housing(), datasets.california_model()
    rng = np.random.default_rng(seed)
    background, districts = (
        houses.x[rng.choice(rows, count, replace=False)]
        for rows, count in ((houses.train, 25), (houses.test, 200))
    )
    game = xk.marginal_game(trees.predict, districts, background)
    two = xk.exact_shapley(game).values[:, 6:8]
    return float(np.mean(two[:, 0] * two[:, 1] < 0)) - 0.5


@claim("on the patients' game the Gaussian process has a smaller error than KernelSHAP")
def gaussian_process_before_kernel_shap(seed: int) -> float:
    """1 minus the error of the process ÷ that of KernelSHAP, with 256 coalitions."""
    return 1 - error(seed, xk.gaussian_process_shapley, 3) / error(seed, xk.kernel_shap, 3)


@claim("the intervals of the process hold the truth about as often as promised")
def the_process_nearly_keeps_its_promise(seed: int) -> float:
    """7 points minus the distance from 95%, on the patients' game, 10 draws of 256 coalitions."""
    game, truth = patients_game(seed)
    return 0.07 - abs(held(seed, xk.gaussian_process_shapley, game, truth, 256, 10) - 0.95)


@claim("on a majority vote the Gaussian process has a larger error than KernelSHAP")
def the_process_fails_on_a_vote(seed: int) -> float:
    """Error of the process ÷ that of KernelSHAP, with 256 coalitions, minus 1."""
    errors = [
        np.linalg.norm(method(VOTE, budget=256, seed=seed).values - SHARES)
        for method in (xk.gaussian_process_shapley, xk.kernel_shap)
    ]
    return float(errors[0] / errors[1]) - 1


@claim("on a majority vote the process's intervals are far too small")
def the_process_is_too_sure_of_a_vote(seed: int) -> float:
    """0.8 minus the share of its intervals that hold the truth, 2 draws of 256 coalitions."""
    return 0.8 - held(seed, xk.gaussian_process_shapley, VOTE, SHARES, 256, 2)
