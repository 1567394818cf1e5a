"""Statistics of the sampling methods on real games: error at equal budget, and coverage."""

import time
from collections.abc import Callable, Sequence

import numpy as np
import shap
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier

import xaikit as xk
from benchmarks.games import TableGame, real_games, vote
from benchmarks.tables import Table

ESTIMATORS = {
    "permutations": xk.permutation_shapley,
    "KernelSHAP": xk.kernel_shap,
    "Gaussian process": xk.gaussian_process_shapley,
}
# The largest ratio to the error of shap's KernelExplainer, at 128, 256 and 512 coalitions.
DEMANDS = {"KernelSHAP": [0.9, 0.9, 0.9], "Gaussian process": [0.5, 0.3, 0.12]}
BUDGETS = (128, 256, 512)
COVERAGE_BUDGETS = (64, 128, 256, 512)
# The Gaussian process promises its intervals from 128 evaluations on.
PROMISED = {"permutations": 64, "KernelSHAP": 64, "Gaussian process": 128}


def peer(value: Callable, players: int, budget: int, seed: int) -> np.ndarray:
    """Return the values of shap's KernelExplainer for a game on masks."""
    np.random.seed(seed)  # noqa: NPY002 — shap draws from NumPy's global generator
    explainer = shap.KernelExplainer(value, np.zeros((1, players)))
    return explainer.shap_values(np.ones(players), nsamples=budget, l1_reg=False, silent=True)


def error(values: np.ndarray, truth: np.ndarray) -> float:
    """Root of the mean squared error over players."""
    return float(np.sqrt(np.mean((values - truth) ** 2)))


def error_ratios(games: Sequence[TableGame], budget: int, seeds: int) -> dict[str, list[float]]:
    """Return each estimator's mean error over seeds divided by the peer's, for each game."""
    ratios: dict[str, list[float]] = {name: [] for name in ESTIMATORS}
    for game in games:
        theirs = [
            error(peer(game.value, game.players, budget, seed), game.shapley)
            for seed in range(seeds)
        ]
        for name, estimator in ESTIMATORS.items():
            ours = [
                error(estimator(game.game(), budget=budget, seed=seed).values, game.shapley)
                for seed in range(seeds)
            ]
            ratios[name].append(float(np.mean(ours) / np.mean(theirs)))
    return ratios


def thirty_features() -> tuple[Callable, np.ndarray, np.ndarray, np.ndarray]:
    """Return boosted trees on breast cancer, a row, a background, and interventional TreeSHAP."""
    x, y = load_breast_cancer(return_X_y=True)
    model = GradientBoostingClassifier(n_estimators=100, random_state=0).fit(x, y)
    order = np.random.default_rng(0).permutation(len(x))
    background, rows = x[order[:50]], x[order[-4:]]
    explainer = shap.TreeExplainer(model, background, feature_perturbation="interventional")
    return model.decision_function, rows, background, np.asarray(explainer.shap_values(rows))


def thirty_ratios(budget: int, seeds: int) -> tuple[dict[str, list[float]], float]:
    """Return error ratios for rows of thirty features, and the most seconds an estimator took."""
    model, rows, background, truth = thirty_features()
    ratios: dict[str, list[float]] = {"KernelSHAP": [], "Gaussian process": []}
    own = []
    for row, exact in zip(rows, truth, strict=True):
        game = xk.marginal_game(model, row, background)

        def value(masks: np.ndarray, game=game) -> np.ndarray:
            return game.payoffs(masks > 0.5)

        theirs = np.mean([error(peer(value, 30, budget, seed), exact) for seed in range(seeds)])
        for name, others in ratios.items():
            estimates = []
            for seed in range(seeds):
                timed = Stopwatch(game)
                start = time.perf_counter()
                answer = ESTIMATORS[name](xk.Game(30, timed), budget=budget, seed=seed)
                own.append(time.perf_counter() - start - timed.seconds)
                estimates.append(error(answer.values, exact))
            others.append(float(np.mean(estimates) / theirs))
    return ratios, max(own)


class Stopwatch:
    """A game that measures the time of its evaluations."""

    def __init__(self, game: xk.Game):
        self.game, self.seconds = game, 0.0

    def __call__(self, masks: np.ndarray) -> np.ndarray:
        """Return v(S), and add the time that it took."""
        start = time.perf_counter()
        payoffs = self.game(masks)
        self.seconds += time.perf_counter() - start
        return payoffs


def error_table(seeds: int = 5) -> Table:
    """Errors divided by shap's KernelExplainer's at equal budget: median, geometric mean, worst."""
    games = real_games()
    rows, missed = [], []

    def add(task: str, ratios: list[float], demand: float | None) -> None:
        middle = float(np.median(ratios))
        numbers = [middle, float(np.exp(np.mean(np.log(ratios)))), max(ratios)]
        limit = "–" if demand is None else f"{demand:.2f}"
        rows.append([task, *(f"{number:.2f}" for number in numbers), limit])
        print(task, *rows[-1][1:], flush=True)
        if demand is not None and middle > demand:
            missed.append(f"error of {task}: {middle:.2f} × the peer's, at most {demand}")

    for place, budget in enumerate(BUDGETS):
        for name, ratios in error_ratios(games, budget, seeds).items():
            demand = DEMANDS[name][place] if name in DEMANDS else None
            add(
                f"{name}, {len(games)} games of 10 to 14 players, {budget} coalitions",
                ratios,
                demand,
            )
    for budget, demand in ((512, 0.35), (2048, 0.2)):
        ratios, seconds = thirty_ratios(budget, seeds)
        for name, values in ratios.items():
            limit = demand if name == "Gaussian process" else None
            add(f"{name}, 30 features, boosted trees, {budget} coalitions", values, limit)
        rows.append([f"longest own time there: {seconds:.2f} s", "–", "–", "–", "1 s at 512"])
        if budget == 512 and seconds > 1:
            missed.append(f"an estimator's own time at 512 coalitions: {seconds:.2f} s, at most 1")
    return Table(["error ÷ peer's", "median", "geometric mean", "worst", "at most"], rows, missed)


def coverage(games: Sequence[TableGame], estimator: Callable, budget: int, seeds: int) -> float:
    """Return how often a 95% interval covers the exact value, over games, players and seeds."""
    hits = []
    for game in games:
        slack = 1e-10 * np.abs(game.shapley).max()
        for seed in range(seeds):
            low, high = estimator(game.game(), budget=budget, seed=seed).interval()
            hits.append((low - slack <= game.shapley) & (game.shapley <= high + slack))
    return float(np.mean(hits))


def coverage_table(seeds: int = 10) -> Table:
    """Coverage of 95% intervals on real games of 12 players, and on majority votes."""
    games = [game for game in real_games() if game.players == 12]
    votes = [vote(12, 7), vote(12, 9)]
    rows, missed = [], []
    for name, estimator in ESTIMATORS.items():
        shares = [coverage(games, estimator, budget, seeds) for budget in COVERAGE_BUDGETS]
        rows.append([f"{name}, {len(games)} real games", *(f"{s:.1%}" for s in shares), "90–99%"])
        print(*rows[-1], flush=True)
        for budget, share in zip(COVERAGE_BUDGETS, shares, strict=True):
            if budget >= PROMISED[name] and not 0.90 <= share <= 0.99:
                missed.append(f"{name}: coverage {share:.1%} at {budget} coalitions")
        shares = [coverage(votes, estimator, budget, seeds) for budget in COVERAGE_BUDGETS]
        rows.append([f"{name}, majority votes", *(f"{s:.1%}" for s in shares), "–"])
    columns = [f"{budget}" for budget in COVERAGE_BUDGETS]
    return Table(["95% intervals hold, at coalitions:", *columns, "demand"], rows, missed)
