"""The claims of lecture 07, DASP and five methods on one network."""

from functools import cache
from itertools import combinations

import numpy as np

import xaikit as xk
from benchmarks.claims import claim
from benchmarks.claims.shared import digits, forecaster, lead, seven_columns
from xaikit.course import datasets
from xaikit.methods.dasp import unit_moments

DRAWN = {"permutations": xk.permutation_shapley, "KernelSHAP": xk.kernel_shap}


def _relative_error(values: np.ndarray, exact: np.ndarray) -> float:
    """Return the mean over rows of |values − exact| ÷ |exact|."""
    sizes = np.linalg.norm(exact, axis=1)
    return float((np.linalg.norm(values - exact, axis=1) / sizes).mean())


def _errors_of_draws(seed: int, games: list[xk.Game], budget: int, exact: np.ndarray):
    """Return the mean error of what is drawn for each game, by method."""
    return {
        name: _relative_error(
            np.array([method(game, budget=budget, seed=seed).values for game in games]), exact
        )
        for name, method in DRAWN.items()
    }


@cache
def _errors_at_160_passes(seed: int) -> dict[str, float]:
    """Return each method's error ÷ the size of the exact values, for 20 patients."""
    patients, network = forecaster(seed)
    rows = patients[:20]
    exact = xk.exact_shapley(xk.baseline_game(network, rows)).values
    games = [xk.baseline_game(network, row) for row in rows]
    ours = _relative_error(xk.dasp(network, rows).values, exact)
    return {"DASP": ours, **_errors_of_draws(seed, games, 160, exact)}


@claim("with ten players and 160 passes DASP is ahead of permutations")
def dasp_is_ahead_of_permutations(seed: int) -> float:
    """Error of permutations minus DASP's."""
    return lead(_errors_at_160_passes(seed), "permutations", "DASP")


@claim("with ten players and 160 passes KernelSHAP is ahead of DASP")
def kernel_shap_is_ahead_of_dasp(seed: int) -> float:
    """Error of DASP minus KernelSHAP's."""
    return lead(_errors_at_160_passes(seed), "DASP", "KernelSHAP")


@claim("about half of the error of DASP's outputs cancels in its scores")
def errors_cancel_in_scores(seed: int) -> float:
    """A quarter minus the distance from a half of scores' error ÷ outputs' error, 5 patients."""
    patients, network = forecaster(seed)
    masks = np.array(list(np.ndindex(*[2] * 10)), dtype=bool)
    sizes, outputs, scores = masks.sum(axis=1), [], []
    for row in patients[:5]:
        game = xk.baseline_game(network, row)
        payoffs = game(masks)
        for k in range(1, 10):
            mean = unit_moments(network, row, k)[-1][0][0, 0]
            outputs.append(abs(mean - payoffs[sizes == k].mean()))
        scores.append(np.abs(xk.dasp(network, row).values - xk.exact_shapley(game).values))
    return 0.25 - abs(float(np.mean(scores) / np.mean(outputs)) - 0.5)


def _left_by_four_times_the_passes(seed: int, name: str) -> float:
    """Return a method's error with 640 passes ÷ that with 160, for 20 patients, five draws."""
    patients, network = forecaster(seed)
    game = xk.baseline_game(network, patients[:20])
    exact, draws = xk.exact_shapley(game).values, range(5 * seed, 5 * seed + 5)
    with_640, with_160 = (
        [_relative_error(DRAWN[name](game, budget=n, seed=draw).values, exact) for draw in draws]
        for n in (640, 160)
    )
    return float(np.mean(with_640)) / float(np.mean(with_160))


@claim("with ten players four times the passes about halve the error of permutations")
def four_times_the_passes_halve(seed: int) -> float:
    """0.1 minus the distance from a half of the error with 640 passes ÷ that with 160."""
    return 0.1 - abs(_left_by_four_times_the_passes(seed, "permutations") - 0.5)


@claim("with ten players four times the passes bring KernelSHAP's error to about a quarter")
def four_times_the_passes_quarter(seed: int) -> float:
    """0.1 minus the distance from a quarter of the error with 640 passes ÷ that with 160."""
    return 0.1 - abs(_left_by_four_times_the_passes(seed, "KernelSHAP") - 0.25)


@cache
def _dasp_error(seed: int, sizes: int) -> float:
    """Return the error of DASP with so many coalition sizes, for 20 patients."""
    patients, network = forecaster(seed)
    rows = patients[:20]
    exact = xk.exact_shapley(xk.baseline_game(network, rows)).values
    return _relative_error(xk.dasp(network, rows, sizes=sizes).values, exact)


@claim("DASP's error falls while the sizes are too few")
def too_few_sizes_cost(seed: int) -> float:
    """Error with one size ÷ that with four, minus 1."""
    return _dasp_error(seed, 1) / _dasp_error(seed, 4) - 1


@claim("with more than four sizes DASP's error stays")
def more_sizes_do_not_help(seed: int) -> float:
    """0.1 minus the change from four to eight sizes, as a share."""
    return 0.1 - abs(_dasp_error(seed, 8) / _dasp_error(seed, 4) - 1)


@cache
def _rank_correlations(seed: int) -> dict[str, float]:
    """Return the mean rank correlation of |scores| of each two of lecture 07's five methods."""
    found = seven_columns(seed)
    names = ("saliency", "grad × input", "IG", "Shapley", "DASP")
    alike = xk.rank_agreement({name: np.abs(found[name]) for name in names}, top=3).spearman
    return {
        f"{names[i]}, {names[j]}": float(alike[:, i, j].mean())
        for i, j in combinations(range(5), 2)
    }


@claim("of the five methods DASP and Shapley values agree best")
def dasp_and_shapley_agree_best(seed: int) -> float:
    """Their rank correlation minus the largest of any other two."""
    return lead(_rank_correlations(seed), "Shapley, DASP")


@claim("with these two saliency agrees least")
def saliency_agrees_least(seed: int) -> float:
    """Smallest rank correlation of gradient × input and IG with them minus saliency's largest."""
    others = ("grad × input, Shapley", "grad × input, DASP", "IG, Shapley", "IG, DASP")
    return lead(_rank_correlations(seed), others, ("saliency, Shapley", "saliency, DASP"))


@claim("training far too long makes DASP's error larger")
def overfitting_costs_dasp(seed: int) -> float:
    """Error of the over-fitted network ÷ that of the other, minus 1."""
    errors, _ = _with_and_without_overfitting(seed)
    return errors[1] / errors[0] - 1


@claim("training far too long makes DASP's gap larger, relative to the change")
def overfitting_widens_the_gap(seed: int) -> float:
    """Relative gap of the over-fitted network ÷ that of the other, minus 1."""
    _, gaps = _with_and_without_overfitting(seed)
    return gaps[1] / gaps[0] - 1


def _overfitted(seed: int):
    """Return patients for testing, and a network that learned the others by heart."""
    return forecaster(seed, (64, 32), 300)


@claim("the over-fitted network fails on new patients")
def overfitting_fails_on_new_rows(seed: int) -> float:
    """R² of the other network minus its R², on new patients."""
    data = datasets.diabetes(seed)
    goal = (data.y_test - data.y_train.mean()) / data.y_train.std()
    left = [
        np.mean((network(patients)[:, 0] - goal) ** 2)
        for patients, network in (_overfitted(seed), forecaster(seed))
    ]
    return float(left[0] - left[1]) / goal.var()


@cache
def _with_and_without_overfitting(seed: int) -> tuple[list[float], list[float]]:
    """Return DASP's mean relative errors, and its mean gaps ÷ the mean change, of two networks."""
    patients, network = forecaster(seed)
    _, over = _overfitted(seed)
    errors, gaps = [], []
    for model in (network, over):
        guess = xk.dasp(model, patients)
        exact = xk.exact_shapley(xk.baseline_game(model, patients)).values
        errors.append(_relative_error(guess.values, exact))
        gaps.append(float(np.abs(guess.gap).mean() / np.abs(guess.output - guess.base).mean()))
    return errors, gaps


@cache
def _six_digits(seed: int):
    """Return six digits and their classes, their games, and Shapley values of 60,000 passes."""
    _, tests, classes, reader = digits(seed)
    chosen = np.random.default_rng(seed).permutation(len(tests))[:6]
    rows, labels = tests[chosen], classes[chosen]
    pairs = zip(rows, labels, strict=True)
    games = [xk.baseline_game(reader, row, target=int(label)) for row, label in pairs]
    exact = np.array([xk.permutation_shapley(game, budget=60_000).values for game in games])
    return rows, labels, games, exact


@cache
def _errors_on_digits(seed: int) -> dict[str, float]:
    """Return the errors for six digits: of DASP, and of what is drawn, by method and passes."""
    _, _, _, reader = digits(seed)
    rows, labels, games, exact = _six_digits(seed)
    drawn = {
        f"{name}, {budget}": error
        for budget in (1024, 4096)
        for name, error in _errors_of_draws(seed, games, budget, exact).items()
    }
    return {"DASP": _relative_error(xk.dasp(reader, rows, labels).values, exact), **drawn}


@claim("with 64 players and 1,024 passes DASP is ahead of permutations")
def dasp_is_ahead_with_many_players(seed: int) -> float:
    """Error of permutations minus DASP's, six digits."""
    return lead(_errors_on_digits(seed), "permutations, 1024", "DASP")


@claim("with 64 players and 1,024 passes DASP is ahead of KernelSHAP")
def dasp_is_ahead_of_kernel_shap(seed: int) -> float:
    """Error of KernelSHAP minus DASP's, six digits."""
    return lead(_errors_on_digits(seed), "KernelSHAP, 1024", "DASP")


@claim("with 64 players KernelSHAP has caught up with DASP for four times the passes")
def kernel_shap_catches_up(seed: int) -> float:
    """DASP's error minus that of KernelSHAP with 4,096 passes, six digits."""
    return lead(_errors_on_digits(seed), "DASP", "KernelSHAP, 4096")


@claim("with 64 players four times the passes about halve the errors of what is drawn")
def four_times_the_passes_halve_on_digits(seed: int) -> float:
    """0.15 minus the largest distance from a half of an error with 4,096 passes ÷ 1,024."""
    errors = _errors_on_digits(seed)
    left = (errors[f"{name}, 4096"] / errors[f"{name}, 1024"] for name in DRAWN)
    return 0.15 - max(abs(ratio - 0.5) for ratio in left)


@claim("on digits saliency is unlike the others")
def saliency_is_unlike_the_others(seed: int) -> float:
    """Smallest correlation of the others' maps with Shapley values minus saliency's, six digits."""
    _, _, _, reader = digits(seed)
    rows, labels, _, exact = _six_digits(seed)
    maps = {
        "saliency": xk.saliency(reader, rows, labels),
        "grad × input": xk.gradient_x_input(reader, rows, labels),
        "IG": xk.integrated_gradients(reader, rows, labels, rule="exact"),
        "DASP": xk.dasp(reader, rows, labels),
    }
    alike = {
        name: np.mean([np.corrcoef(*two)[0, 1] for two in zip(found.values, exact, strict=True)])
        for name, found in maps.items()
    }
    return float(lead(alike, lower="saliency"))
