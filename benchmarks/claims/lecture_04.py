"""The claims of lecture 04, SHAP."""

from functools import cache

import numpy as np

import xaikit as xk
from benchmarks.claims import claim
from benchmarks.claims.shared import error, held, highest_forecast, patients_game
from xaikit.course import datasets

_california = cache(datasets.california_model)


@claim("KernelSHAP has a smaller error than permutations")
def kernel_shap_before_permutations(seed: int) -> float:
    """Error of permutations ÷ that of KernelSHAP, with 256 coalitions, minus 1."""
    return error(seed, xk.permutation_shapley) / error(seed, xk.kernel_shap) - 1


@claim("xaikit's KernelSHAP has a smaller error than the package's")
def our_draws_err_less(seed: int) -> float:
    """1 minus our error ÷ the package's, with 256 coalitions, ten draws."""
    import shap

    forecast, patient, background = highest_forecast(seed)
    truth, errors = patients_game(seed)[1], []
    explainer = shap.KernelExplainer(lambda rows: forecast(rows)[:, 0], background)
    for draw in range(10):
        np.random.seed(100 * seed + draw)  # noqa: NPY002 (the package draws from this generator)
        theirs = explainer.shap_values(patient, nsamples=254, l1_reg=False, silent=True)
        errors.append(theirs - truth)
    return 1 - error(seed, xk.kernel_shap) / float(np.sqrt(np.mean(np.square(errors))))


@claim("KernelSHAP's intervals hold the truth about as often as promised")
def kernel_shap_keeps_its_promise(seed: int) -> float:
    """3 points minus the distance from 95%, 40 draws of 128 coalitions."""
    game, truth = patients_game(seed)
    return 0.03 - abs(held(seed, xk.kernel_shap, game, truth, 128, 40) - 0.95)


def _district(seed: int):
    """Return the model, the first district, and 200 others."""
    houses = datasets.california_housing()
    others = houses.x[np.random.default_rng(seed).choice(houses.train, 200, replace=False)]
    return _california().predict, houses.x[0], others


@claim("with any background the marginal value of the latitude is negative")
def latitude_lowers_the_price(seed: int) -> float:
    """Minus that value, in 100,000 dollars."""
    return -float(xk.exact_shapley(xk.marginal_game(*_district(seed))).values[6])


@claim("as one player, the location raises the price with either absence")
def location_raises_the_price(seed: int) -> float:
    """Smaller one of its marginal and its conditional value, in 100,000 dollars."""
    model, district, others = _district(seed)
    one, everyone = {"location": [6, 7]}, datasets.california_housing().x
    games = (
        xk.marginal_game(model, district, others, groups=one),
        xk.conditional_game(model, district, everyone, groups=one, seed=seed),
    )
    return min(float(xk.exact_shapley(game).values[0]) for game in games)
