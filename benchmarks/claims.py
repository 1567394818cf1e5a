"""The lectures' comparative sentences, measured again with ten seeds.

A claim is a sentence and a function of a seed. The function returns a number that is above zero
where the sentence is true. The seed changes the split of the data, the training and the draws.
"""

from collections.abc import Callable
from functools import cache
from math import comb
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.ensemble import RandomForestClassifier

import xaikit as xk
from benchmarks.tables import Table
from xaikit.course import datasets
from xaikit.course.intervals import mean_and_half

SEEDS = range(10)


class Claim(NamedTuple):
    """A sentence of a lecture, and what is measured with one seed; its docstring says it."""

    lecture: str
    sentence: str
    measure: Callable[[int], float]

    @property
    def words(self) -> str:
        """The lecture, the sentence, and what is measured."""
        return f"{self.lecture}: {self.sentence} ({str(self.measure.__doc__).rstrip('.')})"


CLAIMS: list[Claim] = []


def claim(lecture: str, sentence: str) -> Callable:
    """Return a decorator that adds a function of a seed to the claims."""

    def add(measure: Callable[[int], float]) -> Callable[[int], float]:
        CLAIMS.append(Claim(lecture, sentence, measure))
        return measure

    return add


def table() -> Table:
    """Measure each claim with each seed; a claim whose interval reaches zero is missed."""
    rows, missed = [], []
    for one in CLAIMS:
        values = np.array([one.measure(seed) for seed in SEEDS])
        low, high = interval(values)
        true = int((values > 0).sum())
        numbers = [f"{values.mean():.3g}", f"{low:.3g} to {high:.3g}", f"{true} of {len(values)}"]
        print(f"{one.words}: {', '.join(numbers)}", flush=True)
        rows.append([one.words, *numbers])
        if low <= 0:
            missed.append(f"{one.lecture}: {one.sentence}: {numbers[1]}")
    columns = ["lecture: sentence (what is above 0 where it is true)", "mean", "95%", "true"]
    return Table(columns, rows, missed)


def interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 95% interval of the mean over seeds, by Student's t."""
    mean, half = mean_and_half(values)
    return mean - half, mean + half


@cache
def digits(seed: int):
    """Return training rows, test rows and their classes, and a network that reads them."""
    data = datasets.digits(seed)
    rows, tests = (part.reshape(len(part), -1) for part in (data.x_train, data.x_test))
    reader = xk.Network.mlp([64, 64, 32, 10], seed=seed)
    reader.fit(rows, data.y_train, loss="cross_entropy", epochs=30, seed=seed)
    return rows, tests, data.y_test, reader


@cache
def forecaster(seed: int, activation: str = "relu"):
    """Return patients for testing, and a network that forecasts diabetes."""
    return _trained(seed, [16, 8], 30, activation)


def _trained(seed: int, hidden: list[int], epochs: int, activation: str = "relu"):
    data = datasets.diabetes(seed)
    goal = (data.y_train - data.y_train.mean()) / data.y_train.std()
    network = xk.Network.mlp([10, *hidden, 1], activation=activation, seed=seed)
    network.fit(data.x_train, goal, epochs=epochs, seed=seed)
    return data.x_test, network


# Lectures 00 and 01.


@cache
def _slopes(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return new digits, and each one's saliency map for its own class."""
    _, tests, classes, reader = digits(seed)
    return tests, xk.saliency(reader, tests, target=classes).values


@claim("00", "over all digits ink is steeper than paper")
def ink_is_steeper(seed: int) -> float:
    """1 minus the mean ratio of slopes, paper ÷ ink."""
    tests, maps = _slopes(seed)
    paper, ink = (np.mean(maps, where=where, axis=1) for where in (tests == 0, tests > 0))
    return 1 - float(np.mean(paper / ink))


@claim("00", "training again changes a map more than shaking does")
def retraining_changes_more(seed: int) -> float:
    """Mean similarity after shaking minus that after training again, over 60 digits."""
    rows, tests, classes, reader = digits(seed)
    data = datasets.digits(seed)
    other = xk.Network.mlp([64, 64, 32, 10], seed=seed + 100)
    other.fit(rows, data.y_train, loss="cross_entropy", epochs=30, seed=seed + 100)
    first, chosen = _slopes(seed)[1], range(60)
    again = xk.saliency(other, tests[chosen], target=classes[chosen]).values
    moved = tests[chosen] + np.random.default_rng(seed).normal(scale=0.3, size=(60, 64))
    shaken = xk.saliency(reader, moved, target=classes[chosen]).values
    return float(
        np.mean(
            [
                np.corrcoef(first[i], shaken[i])[0, 1] - np.corrcoef(first[i], again[i])[0, 1]
                for i in chosen
            ]
        )
    )


@claim("01", "explaining a difference of scores changes the first measurement of many tumours")
def differences_have_other_firsts(seed: int) -> float:
    """Share of tumours with another first measurement, minus a tenth."""
    tumours = datasets.breast_cancer(seed)
    network = xk.Network.mlp([30, 16, 8, 2], seed=seed)
    network.fit(tumours.x_train, tumours.y_train, loss="cross_entropy", epochs=30, seed=seed)
    zero, one = (xk.gradient_x_input(network, tumours.x_test, target=c).values for c in (0, 1))
    first, of_difference = (np.abs(v).argmax(axis=1) for v in (one, one - zero))
    return float(np.mean(first != of_difference)) - 0.1


# Lecture 02.


@cache
def _forest_and_disguise(seed: int):
    """Return the tumours for training, one of them all for testing, and both models' answers."""
    data = datasets.breast_cancer(seed)
    forest = RandomForestClassifier(100, random_state=seed).fit(data.x_train, data.y_train)
    radius, perimeter, smoothness = (
        data.feature_names.index(f"mean {name}") for name in ("radius", "perimeter", "smoothness")
    )

    def malignant(rows: np.ndarray) -> np.ndarray:
        return forest.predict_proba(rows)[:, 1]

    def disguised(rows: np.ndarray) -> np.ndarray:
        strange = np.abs(rows[:, radius] - rows[:, perimeter]) > 0.5
        return np.where(strange, np.clip(0.5 + 0.25 * rows[:, smoothness], 0, 1), malignant(rows))

    tumour = data.x_test[int(np.abs(malignant(data.x_test) - 0.6).argmin())]
    return data.x_train, tumour, malignant, disguised


@claim("02", "with draws half as wide, the disguise has a lower R² than the forest")
def nearer_draws_unmask(seed: int) -> float:
    """R² of the forest minus that of the disguise, minus 0.1."""
    background, tumour, *models = _forest_and_disguise(seed)
    lines = [xk.lime_tabular(model, tumour, 0.5 * background, seed=seed) for model in models]
    return float(lines[0].details["r2"] - lines[1].details["r2"]) - 0.1


@claim("02", "draws a tenth as wide change the forest's largest slope more than a kernel does")
def where_you_draw_decides(seed: int) -> float:
    """Largest slope by draws 0.1 ÷ 1 wide, over that by kernels 2 ÷ 8 wide, as logarithms."""
    background, tumour, forest, _ = _forest_and_disguise(seed)

    def largest(spread: float, width: float | None = None) -> float:
        line = xk.lime_tabular(forest, tumour, spread * background, kernel_width=width, seed=seed)
        return float(np.log(np.abs(line.values).max() / spread))

    return abs(largest(0.1) - largest(1.0)) - abs(largest(1.0, 2.0) - largest(1.0, 8.0))


@claim("02", "paper and the mean grey seldom agree on a digit's most important patch")
def absence_decides(seed: int) -> float:
    """A third minus the share of 100 digits on which they agree."""
    _, tests, classes, reader = digits(seed)
    pictures = xk.Network([xk.Flatten(), *reader.layers])

    def first(i: int, baseline: float | None) -> int:
        picture, digit = tests[i].reshape(8, 8), int(classes[i])
        line = xk.lime_image(pictures, picture, 4, digit, baseline, samples=500, seed=seed)
        return int(line.values.argmax())

    return 1 / 3 - float(np.mean([first(i, 0.0) == first(i, None) for i in range(100)]))


# Lectures 03 and 04.


@cache
def _patients_game(seed: int):
    """Return the game of the highest forecast, and its Shapley values; 50 background rows."""
    patients, forecast = _trained(seed, [32, 16], 60)
    patient = patients[forecast(patients)[:, 0].argmax()]
    game = xk.marginal_game(forecast, patient, datasets.diabetes(seed).x_train[:50])
    return game, xk.exact_shapley(game).values


def _error(seed: int, method: Callable, budget: int, draws: int = 10) -> float:
    """Return the root mean square error of a method over its draws."""
    game, truth = _patients_game(seed)
    found = [method(game, budget=budget, seed=100 * seed + i).values for i in range(draws)]
    return float(np.sqrt(np.mean((np.array(found) - truth) ** 2)))


@claim("03", "drawing the size first has a far smaller error bar than multiplying back")
def size_first_is_calmer(seed: int) -> float:
    """Error bar of 2,000 draws multiplied back ÷ that of size first, minus 4."""
    game, _ = _patients_game(seed)
    rng, player = np.random.default_rng(seed), 2
    others = np.delete(np.arange(10), player)
    coins, sized = np.zeros((2, 2000, 10), dtype=bool)
    coins[:, others] = rng.random((2000, 9)) < 0.5
    sizes = rng.integers(10, size=(2000, 1))
    sized[:, others] = rng.random((2000, 9)).argsort(axis=1).argsort(axis=1) < sizes

    def added(masks: np.ndarray) -> np.ndarray:
        joined = masks.copy()
        joined[:, player] = True
        return game(joined) - game(masks)

    back = added(coins) * [2**9 / 10 / comb(9, int(k)) for k in coins.sum(axis=1)]
    return float(back.std(ddof=1) / added(sized).std(ddof=1)) - 4


@claim("03", "antithetic pairs of orders have a smaller error than as many single orders")
def pairs_halve_the_error(seed: int) -> float:
    """Error of single orders ÷ that of pairs, with 128 orders, minus 1."""
    game, truth = _patients_game(seed)
    values = game(np.array(list(np.ndindex(*[2] * 10)), dtype=bool))
    place = 2 ** np.arange(9, -1, -1)

    def estimate(orders: np.ndarray) -> np.ndarray:
        added = np.zeros(10)
        for order in orders:
            before = np.append(0, np.cumsum(place[order]))
            added[order] += np.diff(values[before])
        return added / len(orders)

    rng, single, pairs = np.random.default_rng(seed), [], []
    for _ in range(10):
        orders = np.array([rng.permutation(10) for _ in range(128)])
        single.append(estimate(orders) - truth)
        pairs.append(estimate(np.vstack([orders[:64], orders[:64, ::-1]])) - truth)
    return float(np.sqrt(np.mean(np.square(single)) / np.mean(np.square(pairs)))) - 1


@claim("04", "KernelSHAP has a smaller error than permutations")
def kernel_shap_before_permutations(seed: int) -> float:
    """Error of permutations ÷ that of KernelSHAP, with 256 coalitions, minus 1."""
    errors = (_error(seed, method, 256) for method in (xk.permutation_shapley, xk.kernel_shap))
    return next(errors) / next(errors) - 1


@claim("04b", "on the patients' game the Gaussian process has a smaller error than KernelSHAP")
def gaussian_process_before_kernel_shap(seed: int) -> float:
    """1 minus the error of the process ÷ that of KernelSHAP, with 256 coalitions."""
    errors = [
        _error(seed, method, 256, draws=3)
        for method in (xk.gaussian_process_shapley, xk.kernel_shap)
    ]
    return 1 - errors[0] / errors[1]


# Lecture 05.


def _alike(seed: int, rule) -> float:
    """Return the median correlation of the winner's and the runner-up's maps."""
    _, tests, _, reader = digits(seed)
    first, second = np.argsort(-reader(tests), axis=1)[:, :2].T
    maps = (xk.lrp(reader, tests, target, rule).values for target in (first, second))
    return float(np.median([np.corrcoef(a, b)[0, 1] for a, b in zip(*maps, strict=True)]))


@claim("05", "under γ the maps of winner and runner-up are more alike than under LRP-0")
def gamma_silences_classes(seed: int) -> float:
    """Median correlation under γ = 1 minus that under LRP-0."""
    return _alike(seed, xk.LRPGamma(1.0)) - _alike(seed, xk.LRPEpsilon(0.0))


def _pixels_that_hold_most(seed: int, epsilon: float) -> float:
    """Return the share of pixels that hold 80% of |relevance| for the class 3."""
    _, tests, _, reader = digits(seed)
    sizes = np.abs(xk.lrp(reader, tests, 3, xk.LRPEpsilon(epsilon)).values)
    sizes = np.sort(sizes)[:, ::-1]
    held = sizes.cumsum(axis=1) < 0.8 * sizes.sum(axis=1, keepdims=True)
    return float(held.mean())


@claim("05", "on digits ε = 3 leaves 80% of the relevance on as many pixels")
def epsilon_keeps_the_digits_pixels(seed: int) -> float:
    """3 points minus the difference of the shares of pixels."""
    return 0.03 - abs(_pixels_that_hold_most(seed, 0.0) - _pixels_that_hold_most(seed, 3.0))


@claim("05", "γ takes most of the blue away")
def gamma_takes_the_blue_away(seed: int) -> float:
    """A half minus the negative relevance under γ = 0.25 ÷ that under LRP-0."""
    _, tests, classes, reader = digits(seed)
    threes = tests[classes == 3]
    blue = [
        -xk.lrp(reader, threes, 3, rule).values.clip(max=0).sum()
        for rule in (xk.LRPGamma(0.25), xk.LRPEpsilon(0.0))
    ]
    return 0.5 - blue[0] / blue[1]


# Lecture 06.


def _gap(seed: int, activation: str, rule: str, steps: int) -> float:
    patients, network = forecaster(seed, activation)
    gap = xk.integrated_gradients(network, patients, steps=steps, rule=rule).gap
    return max(float(np.abs(gap).mean()), 1e-16)


@claim("06", "on a smooth network Gauss-Legendre is spectacular")
def gauss_legendre_is_spectacular_when_smooth(seed: int) -> float:
    """Decimals gained over the best other rule with 10 points, minus 3."""
    others = min(_gap(seed, "softplus", rule, 10) for rule in ("midpoint", "right", "trapezoid"))
    return float(np.log10(others / _gap(seed, "softplus", "gauss-legendre", 10))) - 3


@claim("06", "on a ReLU network no rule is: ten times the points, about a digit more")
def kinks_cost_all_rules_about_the_same(seed: int) -> float:
    """2 minus the decimals that the best rule gains from 10 to 100 points."""
    rules = ("midpoint", "right", "trapezoid", "gauss-legendre")
    gained = [np.log10(_gap(seed, "relu", r, 10) / _gap(seed, "relu", r, 100)) for r in rules]
    return 2 - float(max(gained))


@cache
def _baselines_alike(seed: int) -> dict[tuple[str, str], float]:
    """Return the mean correlation of two baselines' maps over ten digits of each seed."""
    rows, tests, _, reader = digits(seed)
    rng = np.random.default_rng(seed)
    drawn = rng.choice(rows, 50, replace=False)
    likeness: dict[tuple[str, str], list[float]] = {}
    for row in tests[rng.choice(len(tests), 10, replace=False)]:
        target = int(reader(row).argmax())
        baselines = {
            "paper": 0 * row,
            "ink": 0 * row + 1,
            "mean digit": rows.mean(axis=0),
            "blurred": gaussian_filter(row.reshape(8, 8), 1.0).ravel(),
            "50 digits": drawn,
        }
        maps = {}
        for name, base in baselines.items():
            copies = np.repeat(row[None], len(np.atleast_2d(base)), axis=0)
            given = {"target": target, "baseline": base, "rule": "exact"}
            maps[name] = xk.integrated_gradients(reader, copies, **given).values.mean(axis=0)
        names = list(maps)
        for i, one in enumerate(names):
            for other in names[i + 1 :]:
                alike = np.corrcoef(maps[one], maps[other])[0, 1]
                likeness.setdefault((one, other), []).append(alike)
    return {pair: float(np.mean(values)) for pair, values in likeness.items()}


@claim("06", "mean digit and 50 digits are the most alike of ten pairs")
def the_mean_digit_is_nearly_fifty_digits(seed: int) -> float:
    """Their mean correlation minus the next largest."""
    alike = dict(_baselines_alike(seed))
    return alike.pop(("mean digit", "50 digits")) - max(alike.values())


@claim("06", "paper and ink are the least alike")
def paper_and_ink_agree_least(seed: int) -> float:
    """The next smallest mean correlation minus theirs."""
    alike = dict(_baselines_alike(seed))
    paper = alike.pop(("paper", "ink"))
    return min(alike.values()) - paper


# Lecture 07.

DRAWN = {"permutations": xk.permutation_shapley, "KernelSHAP": xk.kernel_shap}


def _relative_error(values: np.ndarray, exact: np.ndarray) -> float:
    """Return the mean over rows of |values − exact| ÷ |exact|."""
    sizes = np.linalg.norm(exact, axis=1)
    return float((np.linalg.norm(values - exact, axis=1) / sizes).mean())


@cache
def _errors_at_160_passes(seed: int) -> dict[str, float]:
    """Return each method's error ÷ the size of the exact values, for 20 patients."""
    patients, network = forecaster(seed)
    rows = patients[:20]
    exact = xk.exact_shapley(xk.baseline_game(network, rows)).values

    games = [xk.baseline_game(network, row) for row in rows]
    drawn = {
        name: np.array([method(game, budget=160, seed=seed).values for game in games])
        for name, method in DRAWN.items()
    }
    found = {"DASP": xk.dasp(network, rows).values, **drawn}
    return {name: _relative_error(values, exact) for name, values in found.items()}


@claim("07", "with ten players and 160 passes DASP is ahead of permutations")
def dasp_is_ahead_of_permutations(seed: int) -> float:
    """Error of permutations minus DASP's."""
    errors = _errors_at_160_passes(seed)
    return errors["permutations"] - errors["DASP"]


@claim("07", "with ten players and 160 passes KernelSHAP is ahead of DASP")
def kernel_shap_is_ahead_of_dasp(seed: int) -> float:
    """Error of DASP minus KernelSHAP's."""
    errors = _errors_at_160_passes(seed)
    return errors["DASP"] - errors["KernelSHAP"]


@claim("07", "training far too long makes DASP's error larger")
def overfitting_costs_dasp(seed: int) -> float:
    """Error of the over-fitted network ÷ that of the other, minus 1."""
    errors, _ = _with_and_without_overfitting(seed)
    return errors[1] / errors[0] - 1


@claim("07", "training far too long makes DASP's gap larger, relative to the change")
def overfitting_widens_the_gap(seed: int) -> float:
    """Relative gap of the over-fitted network ÷ that of the other, minus 1."""
    _, gaps = _with_and_without_overfitting(seed)
    return gaps[1] / gaps[0] - 1


@cache
def _with_and_without_overfitting(seed: int) -> tuple[list[float], list[float]]:
    """Return DASP's mean relative errors, and its mean gaps ÷ the mean change, of two networks."""
    patients, network = forecaster(seed)
    _, over = _trained(seed, [64, 32], 300)
    errors, gaps = [], []
    for model in (network, over):
        guess = xk.dasp(model, patients)
        exact = xk.exact_shapley(xk.baseline_game(model, patients)).values
        errors.append(_relative_error(guess.values, exact))
        gaps.append(float(np.abs(guess.gap).mean() / np.abs(guess.output - guess.base).mean()))
    return errors, gaps


@cache
def _errors_on_digits(seed: int) -> tuple[float, dict[tuple[str, int], float]]:
    """Return DASP's error for six digits, and those of what is drawn, by method and passes."""
    _, tests, classes, reader = digits(seed)
    chosen = np.random.default_rng(seed).permutation(len(tests))[:6]
    rows, labels = tests[chosen], classes[chosen]
    pairs = zip(rows, labels, strict=True)
    games = [xk.baseline_game(reader, row, target=int(label)) for row, label in pairs]
    exact = np.array([xk.permutation_shapley(game, budget=60_000).values for game in games])
    drawn = {
        (name, budget): _relative_error(
            np.array([method(game, budget=budget, seed=seed).values for game in games]), exact
        )
        for name, method in DRAWN.items()
        for budget in (1024, 4096)
    }
    return _relative_error(xk.dasp(reader, rows, labels).values, exact), drawn


@claim("07", "with 64 players and 1,024 passes DASP is ahead of permutations")
def dasp_is_ahead_with_many_players(seed: int) -> float:
    """Error of permutations minus DASP's, six digits."""
    ours, drawn = _errors_on_digits(seed)
    return drawn["permutations", 1024] - ours


@claim("07", "with 64 players and 1,024 passes DASP is ahead of KernelSHAP")
def dasp_is_ahead_of_kernel_shap(seed: int) -> float:
    """Error of KernelSHAP minus DASP's, six digits."""
    ours, drawn = _errors_on_digits(seed)
    return drawn["KernelSHAP", 1024] - ours


@claim("07", "with 64 players KernelSHAP has caught up with DASP for four times the passes")
def kernel_shap_catches_up(seed: int) -> float:
    """DASP's error minus that of KernelSHAP with 4,096 passes, six digits."""
    ours, drawn = _errors_on_digits(seed)
    return ours - drawn["KernelSHAP", 4096]


# Lecture 09.

CONTRIBUTIONS = ("grad × input", "IG", "LRP-ε", "DASP", "Shapley")


@cache
def _columns(seed: int) -> dict[str, np.ndarray]:
    """Return the scores of the lecture's methods for patients of one split."""
    patients, network = forecaster(seed)
    background = datasets.diabetes(seed).x_train
    found = {
        "saliency": xk.saliency(network, patients),
        "LIME": xk.lime_tabular(network, patients, background, seed=seed),
        "grad × input": xk.gradient_x_input(network, patients),
        "IG": xk.integrated_gradients(network, patients, rule="exact"),
        "LRP-ε": xk.lrp(network, patients, rule=xk.LRPEpsilon(0.25)),
        "DASP": xk.dasp(network, patients),
        "Shapley": xk.exact_shapley(xk.baseline_game(network, patients)),
    }
    return {name: scores.values for name, scores in found.items()}


@claim("09", "the five contributions agree more with each other than with slopes")
def contributions_are_a_block(seed: int) -> float:
    """Smallest rank correlation within the five minus the largest of a slope with one of them."""
    columns = _columns(seed)
    agreement = xk.rank_agreement(columns, top=3).spearman.mean(axis=0)
    names = list(columns)
    inside = [names.index(name) for name in CONTRIBUTIONS]
    outside = [i for i in range(len(names)) if i not in inside]
    block = agreement[np.ix_(inside, inside)][~np.eye(len(inside), dtype=bool)]
    return float(block.min() - agreement[np.ix_(outside, inside)].max())


@claim("09", "every contribution has a smaller deletion area than saliency and LIME")
def contributions_are_deleted_first(seed: int) -> float:
    """Smallest area of the two slopes minus the largest of the five."""
    patients, network = forecaster(seed)
    areas = {
        name: float(xk.deletion(network, patients, scores, random=0).auc.mean())
        for name, scores in _columns(seed).items()
    }
    return min(areas["saliency"], areas["LIME"]) - max(areas[name] for name in CONTRIBUTIONS)


@cache
def _infidelity(seed: int, name: str, kind: str) -> float:
    patients, network = forecaster(seed)
    settings = {"optimal_scale": True, "samples": 300, "perturbation": kind, "spread": 0.1}
    return float(xk.infidelity(network, patients, _columns(seed)[name], **settings).value.mean())


@claim("09", "for features that disappear Shapley values predict best, before DASP")
def shapley_predicts_subsets(seed: int) -> float:
    """Infidelity of DASP ÷ that of Shapley values, minus 1."""
    ratio = _infidelity(seed, "DASP", "subset") / _infidelity(seed, "Shapley", "subset")
    return ratio - 1


@claim("09", "for small steps gradient × input predicts best, before integrated gradients")
def gradient_predicts_small_steps(seed: int) -> float:
    """Infidelity of integrated gradients ÷ that of gradient × input, minus 1."""
    ratio = _infidelity(seed, "IG", "gaussian") / _infidelity(seed, "grad × input", "gaussian")
    return ratio - 1
