"""The claims of lecture 09, trust."""

from collections.abc import Callable
from functools import cache

import numpy as np
from sklearn.linear_model import LinearRegression

import xaikit as xk
from benchmarks.claims import claim
from benchmarks.claims.shared import (
    CONTRIBUTIONS,
    SLOPES,
    digits,
    forecaster,
    lead,
    seven_columns,
    seven_methods,
)
from xaikit.course import datasets


@claim("the five contributions agree more with each other than with slopes")
def contributions_are_a_block(seed: int) -> float:
    """Smallest rank correlation within the five minus the largest of a slope with one of them."""
    columns = seven_columns(seed)
    agreement = xk.rank_agreement(columns, top=3).spearman.mean(axis=0)
    names = list(columns)
    inside = [names.index(name) for name in CONTRIBUTIONS]
    outside = [i for i in range(len(names)) if i not in inside]
    block = agreement[np.ix_(inside, inside)][~np.eye(len(inside), dtype=bool)]
    return float(block.min() - agreement[np.ix_(outside, inside)].max())


@claim("every contribution has a smaller deletion area than saliency and LIME")
def contributions_are_deleted_first(seed: int) -> float:
    """Smallest area of the two slopes minus the largest of the five."""
    return lead(_areas(seed), SLOPES, CONTRIBUTIONS)


@cache
def _areas(seed: int) -> dict[str, float]:
    """Return mean areas of deletion: of the methods, of the patients' numbers, of chance."""
    patients, network = forecaster(seed)
    areas = {
        name: float(xk.deletion(network, patients, scores, random=0).auc.mean())
        for name, scores in seven_columns(seed).items()
    }
    itself = xk.deletion(network, patients, patients, seed=seed)
    chance = itself.random_auc.mean()
    return {**areas, "x itself": float(itself.auc.mean()), "chance": float(chance)}


@claim("all five contributions are far below chance")
def contributions_are_far_below_chance(seed: int) -> float:
    """Area of random orders minus the largest of the five, minus 0.1."""
    return lead(_areas(seed), "chance", CONTRIBUTIONS) - 0.1


@claim("Shapley values and DASP are the furthest below chance")
def shapley_and_dasp_are_the_furthest(seed: int) -> float:
    """Smallest area of the other methods minus the larger of these two."""
    others = (*SLOPES, "grad × input", "IG", "LRP-ε")
    return lead(_areas(seed), others, ("Shapley", "DASP"))


@claim("saliency and LIME are not far below chance")
def slopes_are_near_chance(seed: int) -> float:
    """0.1 minus the area of random orders, plus the mean of these two."""
    areas = _areas(seed)
    return 0.1 - areas["chance"] + float(np.mean([areas[name] for name in SLOPES]))


@claim("the patients' own numbers are below chance")
def large_values_have_large_effects(seed: int) -> float:
    """Area of random orders minus that of x itself."""
    return lead(_areas(seed), "chance", "x itself")


@claim("multiplied by x − b, LIME's slopes join the contributions")
def lime_times_distance_joins(seed: int) -> float:
    """Rank correlation with Shapley values minus the least of two contributions."""
    patients, _ = forecaster(seed)
    columns = {name: seven_columns(seed)[name] for name in CONTRIBUTIONS}
    columns["LIME"] = seven_columns(seed)["LIME"] * patients
    alike = xk.rank_agreement(columns, top=3).spearman.mean(axis=0)
    return float(alike[-1, -2] - alike[:-1, :-1].min())


@claim("unmultiplied, LIME's slopes resemble the signed gradient")
def lime_resembles_the_gradient(seed: int) -> float:
    """Their rank correlation minus a half."""
    patients, network = forecaster(seed)
    columns = {"gradient": network.gradient(patients), "LIME": seven_columns(seed)["LIME"]}
    return float(xk.rank_agreement(columns, top=3).spearman.mean(axis=0)[0, 1]) - 0.5


@claim("half-deleted, nearly every second patient is a rarity")
def half_deleted_patients_are_rare(seed: int) -> float:
    """0.1 minus the distance from 0.45 of the share more unusual than 95% of the patients."""
    patients, _ = forecaster(seed)
    inverse = np.linalg.inv(np.cov(datasets.diabetes(seed).x_train.T))

    def distance(rows: np.ndarray) -> np.ndarray:
        return np.einsum("ni,ij,nj->n", rows, inverse, rows)

    rows = np.tile(patients, (10, 1))
    gone = np.random.default_rng(seed).permuted(np.tile(np.arange(10) < 5, (len(rows), 1)), axis=1)
    rare = distance(np.where(gone, 0.0, rows)) > np.quantile(distance(patients), 0.95)
    return 0.1 - abs(float(np.mean(rare)) - 0.45)


@claim("scores do better when the judge uses their own baseline")
def judges_favour_their_baseline(seed: int) -> float:
    """Area of deletion with the other's scores minus that with the judge's, the smaller of two."""
    patients, network = forecaster(seed)
    data = datasets.diabetes(seed)
    mild = data.x_train[data.y_train <= np.quantile(data.y_train, 0.1)].mean(axis=0)
    starts = (np.zeros(10), mild)
    scores = [
        xk.integrated_gradients(network, patients, baseline=b, rule="exact").values for b in starts
    ]
    areas = np.array(
        [
            [xk.deletion(network, patients, s, 0, b, random=0).auc.mean() for s in scores]
            for b in starts
        ]
    )
    return float(min(areas[0, 1] - areas[0, 0], areas[1, 0] - areas[1, 1]))


@cache
def _infidelity(seed: int, kind: str) -> dict[str, float]:
    """Return each method's mean infidelity to one kind of perturbation."""
    settings = {"optimal_scale": True, "samples": 300, "perturbation": kind, "spread": 0.1}
    patients, network = forecaster(seed)
    found = {}
    for name, scores in seven_columns(seed).items():
        result = xk.infidelity(network, patients, scores, slopes=name in SLOPES, **settings)
        found[name] = float(result.value.mean())
    return found


@claim("for features that disappear Shapley values predict best, before DASP")
def shapley_predicts_subsets(seed: int) -> float:
    """Infidelity of DASP ÷ that of Shapley values, minus 1."""
    found = _infidelity(seed, "subset")
    return found["DASP"] / found["Shapley"] - 1


@claim("for small steps gradient × input predicts best, before integrated gradients")
def gradient_predicts_small_steps(seed: int) -> float:
    """Infidelity of integrated gradients ÷ that of gradient × input, minus 1."""
    found = _infidelity(seed, "gaussian")
    return found["IG"] / found["grad × input"] - 1


@claim("for features that disappear the other five predict worse than DASP")
def dasp_predicts_subsets(seed: int) -> float:
    """Their smallest infidelity ÷ that of DASP, minus 1."""
    found = _infidelity(seed, "subset")
    others = set(found) - {"Shapley", "DASP"}
    return min(found[name] for name in others) / found["DASP"] - 1


@claim("for small steps the other six predict worse than gradient × input")
def gradient_predicts_small_steps_best(seed: int) -> float:
    """Their smallest infidelity ÷ that of gradient × input, minus 1."""
    found = _infidelity(seed, "gaussian")
    others = set(found) - {"grad × input"}
    return min(found[name] for name in others) / found["grad × input"] - 1


@cache
def _moves_nearby(seed: int) -> dict[str, float]:
    """Return each method's median max-sensitivity over 30 patients, and that of fresh noise."""
    few, rng = forecaster(seed)[0][:30], np.random.default_rng(seed)
    methods = {**seven_methods(seed), "noise": lambda rows: rng.normal(size=rows.shape)}
    return {
        name: float(np.median(xk.max_sensitivity(explain, few, 0.1, samples=20, seed=seed)))
        for name, explain in methods.items()
    }


@claim("averages over many inputs are calm")
def averages_are_calm(seed: int) -> float:
    """A quarter minus the largest median max-sensitivity of Shapley values, DASP and LIME."""
    moves = _moves_nearby(seed)
    return 0.25 - max(moves[name] for name in ("Shapley", "DASP", "LIME"))


@claim("with fresh seeds noise moves the most")
def fresh_noise_moves_the_most(seed: int) -> float:
    """Its median max-sensitivity minus the largest of the methods'."""
    return lead(_moves_nearby(seed), "noise")


@cache
def _when_weights_are_lost(seed: int) -> dict[str, tuple[float, float]]:
    """Return the rank correlation of scores, and of their sizes, before and after the loss."""
    _, tests, classes, reader = digits(seed)
    rows, labels = tests[:100], classes[:100]
    maps: dict[str, Callable] = {
        "IG": lambda model, x: xk.integrated_gradients(model, x, labels, steps=20),
        "LRP-ε": lambda model, x: xk.lrp(model, x, labels, rule=xk.LRPEpsilon(0.25)),
        "LRP-z⁺": lambda model, x: xk.lrp(model, x, labels, rule=xk.LRPZPlus()),
    }
    found = {}
    for name, explain in maps.items():
        result = xk.parameter_randomisation(reader, explain, rows, seed=seed)
        found[name] = float(result.correlation[-1].mean()), float(result.absolute[-1].mean())
    return found


@claim("random weights hardly change the sizes of LRP-z⁺")
def z_plus_keeps_its_sizes(seed: int) -> float:
    """Their rank correlation with those of the trained network minus 0.9."""
    return _when_weights_are_lost(seed)["LRP-z⁺"][1] - 0.9


@claim("with random weights the signed scores of IG and LRP-ε are lost")
def signs_are_lost(seed: int) -> float:
    """0.2 minus the larger size of their rank correlations with those of the trained network."""
    found = _when_weights_are_lost(seed)
    return 0.2 - max(abs(found[name][0]) for name in ("IG", "LRP-ε"))


@claim("with random weights the sizes of IG and LRP-ε stay")
def sizes_stay(seed: int) -> float:
    """The smaller of their rank correlations with those of the trained network minus 0.8."""
    found = _when_weights_are_lost(seed)
    return min(found[name][1] for name in ("IG", "LRP-ε")) - 0.8


@claim("remove and retrain: patients lie between independent columns and copies")
def patients_lie_between(seed: int) -> float:
    """The smaller difference of what the first quarter takes of R², beyond a random one."""
    rng, weight = np.random.default_rng(seed), np.array([4.0, -3, 2, 1, 0, 0, 0, 0])
    x, x_test = rng.normal(size=(2, 400, 8))
    y, y_test = x @ weight, x_test @ weight
    scores, first = np.tile(weight, (400, 1)), np.tile(np.append(weight, np.zeros(8)), (400, 1))
    twice, twice_test = np.hstack([x, x]), np.hstack([x_test, x_test])
    data, (_, network) = datasets.diabetes(seed), forecaster(seed)
    parts = [(data.x_train, data.y_train), (data.x_test, data.y_test)]
    patients = [
        given
        for rows, goal in parts
        for given in (rows, goal, xk.exact_shapley(xk.baseline_game(network, rows)))
    ]

    def line(rows, goal, rows_test, goal_test, _) -> float:
        left = goal_test - LinearRegression().fit(rows, goal).predict(rows_test)
        return float(1 - left.var() / goal_test.var())

    def taken(*case) -> float:
        seeds = range(3 * seed, 3 * seed + 3)
        found = xk.remove_and_retrain(line, *case, fractions=(0.25,), seeds=seeds)
        return float(found.random_scores.mean() - found.scores.mean())

    independent = taken(x, y, scores, x_test, y_test, scores)
    copied, real = taken(twice, y, first, twice_test, y_test, first), taken(*patients)
    return min(independent - real, real - copied)
