"""Time exact Shapley values, KernelSHAP and LIME against the packages and the bare model."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import shap
from lime.lime_tabular import LimeTabularExplainer
from sklearn.ensemble import HistGradientBoostingRegressor

import xaikit as xk
from benchmarks import memory
from benchmarks.tables import Table, megabytes_of, of_comparisons
from benchmarks.timing import Comparison, compare

FLOOR_ROWS = 4096  # the bare model gets its rows in chunks of this many
MOST_MEGABYTES = 500  # for all coalitions of 20 features
# Trees gain by calls of many rows: shap's are of all rows at once.
PEER = {"boosted trees": {"peer": 1.1}}


def models(columns: int) -> Iterator[tuple[str, Callable]]:
    """Yield a network and boosted trees, as functions (n, d) -> (n,)."""
    network = xk.Network.mlp([columns, 128, 64, 1], seed=0)
    yield "network", lambda rows: network(rows)[:, 0]
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, columns))
    y = np.sin(x[:, 0]) + x[:, 1] * x[:, 2] + x @ rng.normal(size=columns)
    yield (
        "boosted trees",
        HistGradientBoostingRegressor(max_iter=50, random_state=0).fit(x, y).predict,
    )


def evaluations(model: Callable, rows: int, columns: int) -> Callable[[], None]:
    """Return a function that runs the bare model on that many rows, in chunks."""
    chunk = np.random.default_rng(0).normal(size=(FLOOR_ROWS, columns))

    def run() -> None:
        for start in range(0, rows, FLOOR_ROWS):
            model(chunk[: rows - start])

    return run


def exact(repeats: int, players: int = 14, background: int = 50) -> Iterator[Comparison]:
    """All coalitions of a marginal game, and shap's ExactExplainer."""
    rng = np.random.default_rng(1)
    x, others = rng.normal(size=players), rng.normal(size=(background, players))
    for name, model in models(players):
        masker = shap.maskers.Independent(others, max_samples=background)
        explainer = shap.explainers.Exact(model, masker)

        def ours(model=model):
            return xk.exact_shapley(xk.marginal_game(model, x, others)).values

        def peer(explainer=explainer):
            return explainer(x[None], max_evals=2**players).values[0]

        np.testing.assert_allclose(ours(), peer(), atol=1e-6)
        yield compare(
            f"exact Shapley, {players} features × {background} background rows, {name}",
            ours,
            peer,
            evaluations(model, 2**players * background, players),
            {"bare model": 1.2, **PEER.get(name, {})},
            repeats,
            warm_up=1,
        )


def kernel(repeats: int, background: int = 100, budget: int = 2108) -> Iterator[Comparison]:
    """Four rows of thirty features, and shap's KernelExplainer."""
    rng = np.random.default_rng(1)
    x, others = rng.normal(size=(4, 30)), rng.normal(size=(background, 30))
    for name, model in models(30):
        explainer = shap.KernelExplainer(model, others)

        def ours(model=model):
            return xk.kernel_shap(xk.marginal_game(model, x, others), budget=budget).values

        def peer(explainer=explainer):
            return explainer.shap_values(x, nsamples=budget, l1_reg=False, silent=True)

        agree(ours(), peer())
        yield compare(
            f"KernelSHAP, 30 features × {background} background rows × {budget:,} coalitions "
            f"× 4 rows, {name}",
            ours,
            peer,
            evaluations(model, 4 * budget * background, 30),
            {"bare model": 1.25, **PEER.get(name, {})},
            repeats,
            warm_up=1,
        )


def lime(repeats: int, samples: int = 5000) -> Iterator[Comparison]:
    """Four rows of thirty features, and the lime package."""
    rng = np.random.default_rng(1)
    x, others = rng.normal(size=(4, 30)), rng.normal(size=(200, 30))
    for name, model in models(30):
        explainer = LimeTabularExplainer(
            others, mode="regression", discretize_continuous=False, sample_around_instance=True
        )

        def ours(model=model):
            return xk.lime_tabular(model, x, others, samples=samples).values

        def peer(explainer=explainer, model=model):
            fits = [
                explainer.explain_instance(row, model, num_samples=samples, num_features=30)
                for row in x
            ]
            return np.array([[weight for _, weight in sorted(fit.local_exp[0])] for fit in fits])

        agree(ours(), -peer())  # for regression, lime's list 0 holds the slopes with opposite signs
        yield compare(
            f"LIME, 30 features × {samples:,} samples × 4 rows, {name}",
            ours,
            peer,
            evaluations(model, 4 * samples, 30),
            {"bare model": 2.0},
            repeats,
            warm_up=1,
        )


def agree(ours: np.ndarray, peer: np.ndarray) -> None:
    """Raise unless two sampling methods estimate the same, before they are timed."""
    correlation = np.corrcoef(np.ravel(ours), np.ravel(peer))[0, 1]
    if not correlation > 0.9:
        raise AssertionError(f"results differ: correlation {correlation:.2f}")


def all_coalitions(players: int = 20) -> float:
    """Return the memory, in megabytes, of exact Shapley values of a baseline game."""
    network = xk.Network.mlp([players, 32, 1], seed=0)
    game = xk.baseline_game(network, np.ones(players))
    return memory.peak(lambda: xk.exact_shapley(game))


def table() -> Table:
    """Measure all comparisons, and the memory."""
    logging.getLogger("shap").setLevel(logging.ERROR)
    timed = of_comparisons([*exact(3), *kernel(3), *lime(15)])
    peak, demand = all_coalitions(), f"{MOST_MEGABYTES} MB"
    row = ["exact Shapley, 20 features, network", *["–"] * 5, megabytes_of(peak), "–", demand]
    missed = [f"20 features took {peak:.0f} MB, at most {demand}"] * (peak > MOST_MEGABYTES)
    return replace(timed, rows=[*timed.rows, row], missed=[*timed.missed, *missed])
