"""The claims of lecture 06, integrated gradients."""

from functools import cache
from itertools import combinations

import numpy as np
from scipy.ndimage import gaussian_filter

import xaikit as xk
from benchmarks.claims import claim
from benchmarks.claims.shared import digits, forecaster, lead


def _gap(seed: int, activation: str, rule: str, steps: int) -> float:
    patients, network = forecaster(seed, activation=activation)
    gap = xk.integrated_gradients(network, patients, steps=steps, rule=rule).gap
    return max(float(np.abs(gap).mean()), 1e-16)


@claim("on a smooth network Gauss-Legendre is spectacular")
def gauss_legendre_is_spectacular_when_smooth(seed: int) -> float:
    """Decimals gained over the best other rule with 10 points, minus 3."""
    others = min(_gap(seed, "softplus", rule, 10) for rule in ("midpoint", "right", "trapezoid"))
    return float(np.log10(others / _gap(seed, "softplus", "gauss-legendre", 10))) - 3


@claim("on a ReLU network no rule is: ten times the points, about a digit more")
def kinks_cost_all_rules_about_the_same(seed: int) -> float:
    """2 minus the decimals that the best rule gains from 10 to 100 points."""
    rules = ("midpoint", "right", "trapezoid", "gauss-legendre")
    gained = [np.log10(_gap(seed, "relu", r, 10) / _gap(seed, "relu", r, 100)) for r in rules]
    return 2 - float(max(gained))


@cache
def _baselines_alike(seed: int) -> dict[str, float]:
    """Return the mean correlation of two baselines' maps over ten digits of each seed."""
    rows, tests, _, reader = digits(seed)
    rng = np.random.default_rng(seed)
    drawn = rng.choice(rows, 50, replace=False)
    likeness: dict[str, list[float]] = {}
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
        for one, other in combinations(maps, 2):
            alike = np.corrcoef(maps[one], maps[other])[0, 1]
            likeness.setdefault(f"{one}, {other}", []).append(alike)
    return {pair: float(np.mean(values)) for pair, values in likeness.items()}


@claim("mean digit and 50 digits are the most alike of ten pairs")
def the_mean_digit_is_nearly_fifty_digits(seed: int) -> float:
    """Their mean correlation minus the next largest."""
    return lead(_baselines_alike(seed), "mean digit, 50 digits")


@claim("mean digit and 50 digits nearly agree")
def the_mean_digit_nearly_agrees(seed: int) -> float:
    """Their mean correlation minus 0.95."""
    return _baselines_alike(seed)["mean digit, 50 digits"] - 0.95


@claim("paper and ink are the least alike")
def paper_and_ink_agree_least(seed: int) -> float:
    """The next smallest mean correlation minus theirs."""
    return lead(_baselines_alike(seed), lower="paper, ink")
