"""Axioms as checks: the methods that pass, and for each axiom a planted method that fails."""

import re

import numpy as np
import pytest

import xaikit as xk
from xaikit.metrics.axioms import AXIOMS


def shapley(network, x, baseline):
    return xk.exact_shapley(xk.baseline_game(network, x, baseline))


def integrated(network, x, baseline):
    return xk.integrated_gradients(network, x, 0, baseline, rule="exact")


def gradient(network, x, baseline):
    return network.gradient(x)


def difference(network, x, baseline):
    return float(network(x)[0] - network(baseline)[0])


@pytest.mark.parametrize("method", [shapley, integrated])
@pytest.mark.parametrize("baseline", [None, 0.0])
def test_shapley_values_and_integrated_gradients_pass(method, baseline):
    found = xk.check_axioms(method, baseline=baseline)
    assert list(found) == list(AXIOMS)
    assert not any(found.values())


# Planted methods, each wrong in one way, and the axioms that each of them breaks.


def one_order(network, x, baseline):
    """Features join in the order of their columns."""
    joined = np.tril(np.ones((len(x) + 1, len(x))), -1) > 0
    return np.diff(network(np.where(joined, x, baseline))[:, 0])


def shared_remainder(network, x, baseline):
    """The gap, in equal shares."""
    values = xk.gradient_x_input(network, x, 0, baseline).values
    return values + (difference(network, x, baseline) - values.sum()) / len(x)


def rescaled(network, x, baseline):
    """Shapley values, forced to the sum by a factor that depends on the network."""
    values = np.asarray(shapley(network, x, baseline).values)
    size = np.abs(values).sum()
    return np.abs(values) * difference(network, x, baseline) / size if size else values


def weights_alone(network, x, baseline):
    """The product of the absolute weights, without the gates."""
    first, _, last = network.layers
    return (np.abs(last.weight) @ np.abs(first.weight))[0] * (x - baseline)


def first_weights(network, x, baseline):
    """The size of each column of the first layer, without the later layers."""
    return np.abs(network.layers[0].weight).sum(axis=0) * (x - baseline)


PLANTED = {
    "constant": (lambda n, x, b: 0 * x + 0.5, {"efficiency", "dummy", "linearity"}),
    "nothing": (lambda n, x, b: 0 * x, {"efficiency", "sensitivity(a)"}),
    "the input itself": (
        lambda n, x, b: x,
        {"efficiency", "dummy", "linearity", "sensitivity(a)"},
    ),
    "noise": (
        lambda n, x, b: np.random.default_rng(round(1e6 * abs(n(x)[0]))).normal(size=len(x)),
        {"efficiency", "dummy", "symmetry", "linearity"},
    ),
    "one order": (one_order, {"symmetry"}),
    "equal shares of the remainder": (shared_remainder, {"dummy"}),
    "rescaled": (rescaled, {"linearity"}),
    "weights alone": (weights_alone, {"efficiency", "linearity"}),
    "first weights": (
        first_weights,
        {"efficiency", "linearity", "implementation invariance"},
    ),
    "gradient": (gradient, {"efficiency", "sensitivity(a)"}),
    "saliency": (lambda n, x, b: xk.saliency(n, x), {"efficiency", "linearity", "sensitivity(a)"}),
    "gradient × input": (
        lambda n, x, b: xk.gradient_x_input(n, x, 0, b),
        {"efficiency", "sensitivity(a)"},
    ),
    "a forgotten baseline": (
        lambda n, x, b: integrated(n, x, 0 * b),
        {"efficiency", "sensitivity(a)"},
    ),
    "Banzhaf": (
        lambda n, x, b: banzhaf(n, x, b),
        {"efficiency"},
    ),
}


def banzhaf(network, x, baseline):
    """The mean over all subsets, with equal weights."""
    masks = np.array(np.meshgrid(*[[False, True]] * len(x))).reshape(len(x), -1).T
    payoffs = network(np.where(masks, x, baseline))[:, 0]
    return np.array([payoffs[m].mean() - payoffs[~m].mean() for m in masks.T])


@pytest.mark.parametrize("name", PLANTED)
def test_planted_methods_break_exactly_their_axioms(name):
    method, broken = PLANTED[name]
    found = xk.check_axioms(method)
    assert {axiom for axiom, example in found.items() if example is not None} == broken


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (0.25, {"efficiency", "linearity", "implementation invariance", "sensitivity(a)"}),
        (0.0, {"efficiency", "sensitivity(a)"}),  # gradient × input on these networks
    ],
)
def test_lrp(rule, broken):
    found = xk.check_axioms(lambda n, x, b: xk.lrp(n, x, rule=xk.LRPEpsilon(rule)), baseline=0.0)
    assert {axiom for axiom, example in found.items() if example is not None} == broken


# The counterexamples themselves.


@pytest.mark.parametrize("baseline", [None, 0.5])
@pytest.mark.parametrize("name", ["noise", "gradient", "first weights", "one order"])
def test_counterexamples_can_be_recomputed(name, baseline):
    method = PLANTED[name][0]
    for axiom, example in xk.check_axioms(method, baseline=baseline).items():
        if example is None:
            continue
        assert example.axiom == axiom
        for network, values in zip(example.networks, example.values, strict=True):
            again = method(network, example.x, example.baseline)
            np.testing.assert_allclose(getattr(again, "values", again), values)
        first, *others = example.networks
        x, b, values = example.x, example.baseline, example.values[0]
        if baseline is not None:
            assert (b == baseline).all()
        match axiom:
            case "efficiency":
                assert abs(values.sum() - difference(first, x, b)) > 1e-6
            case "dummy":
                i = int(re.search(r"depend on x(\d)", str(example))[1]) - 1
                points = np.tile(x, (5, 1))
                points[:, i] = np.linspace(-9, 9, 5)
                np.testing.assert_allclose(first(points), first(x)[None].repeat(5, 0))
                assert abs(values[i]) > 1e-6
            case "symmetry":
                i, j = (int(k) - 1 for k in re.search(r"x(\d) and x(\d)", str(example)).groups())
                points = np.random.default_rng(0).normal(size=(20, len(x)))
                swapped = points.copy()
                swapped[:, [i, j]] = points[:, [j, i]]
                np.testing.assert_allclose(first(points), first(swapped), atol=1e-12)
                assert x[i] == x[j] and b[i] == b[j] and abs(values[i] - values[j]) > 1e-6
            case "implementation invariance":
                points = np.random.default_rng(0).normal(size=(20, len(x)))
                np.testing.assert_allclose(first(points), others[0](points), atol=1e-12)
                assert not np.allclose(values, example.values[1])
            case "linearity":
                points = np.random.default_rng(0).normal(size=(20, len(x)))
                parts = np.c_[first(points), others[0](points), np.ones(20)]
                whole = others[1](points)[:, 0]
                fit = np.linalg.lstsq(parts, whole, rcond=None)[0]
                np.testing.assert_allclose(parts @ fit, whole, atol=1e-10)
                expected = fit[0] * values + fit[1] * example.values[1]
                assert not np.allclose(expected, example.values[2])
            case "sensitivity(a)":
                assert (x != b).sum() == 1 and abs(difference(first, x, b)) > 0.1
                assert abs(values[x != b]).max() < 1e-6


def test_a_counterexample_prints_all_that_is_needed_to_recompute_it():
    found = xk.check_axioms(lambda n, x, b: 0 * x, ["sensitivity(a)"])
    text = str(found["sensitivity(a)"])
    assert text.startswith("sensitivity(a): only x")
    row, formula = text.splitlines()[1:]
    x, baseline = (
        np.array([float(v) for v in part.split(",")]) for part in re.findall(r"\(([^)]*)\)", row)
    )
    units = re.findall(r"([+-][\d.]+) max\(\(([^)]*)\)·x ([+-][\d.]+), 0\)", formula)
    shift = float(re.search(r"([+-][\d.]+): scores", formula)[1])

    def recomputed(row):
        return shift + sum(
            float(factor) * max(np.dot([float(v) for v in weight.split(",")], row) + float(bias), 0)
            for factor, weight, bias in units
        )

    network = found["sensitivity(a)"].networks[0]
    for point in (x, baseline):
        np.testing.assert_allclose(recomputed(point), network(point)[0], atol=1e-12)
    assert f"F by {recomputed(x) - recomputed(baseline):.3f}" in text


def test_small_counterexamples_come_first_and_seeds_repeat():
    found = xk.check_axioms(lambda n, x, b: 0 * x + 1, seed=4)
    assert len(found["efficiency"].x) == len(found["dummy"].x) == 2
    again = xk.check_axioms(lambda n, x, b: 0 * x + 1, seed=4)
    other = xk.check_axioms(lambda n, x, b: 0 * x + 1, seed=5)
    assert str(found["dummy"]) == str(again["dummy"]) != str(other["dummy"])
    sizes = []

    def noted(network, x, baseline):
        sizes.append(len(x))
        return shapley(network, x, baseline)

    xk.check_axioms(noted, ["efficiency"], trials=6)
    assert sizes == [2, 2, 3, 3, 4, 4]


def test_the_tolerance_forgives_small_errors():
    def close(network, x, baseline):
        return np.asarray(shapley(network, x, baseline).values) + 1e-4

    assert xk.check_axioms(close, ["efficiency", "dummy"], tolerance=1e-3) == {
        "efficiency": None,
        "dummy": None,
    }
    assert all(xk.check_axioms(close, ["efficiency", "dummy"]).values())


@pytest.mark.parametrize(
    ("method", "axioms", "error", "message"),
    [
        ("shapley", None, TypeError, "method is str, expected (network, x, baseline) -> scores"),
        (shapley, ["fairness"], ValueError, "unknown axiom 'fairness', expected one of efficiency"),
        (lambda n, x, b: x[:1], None, ValueError, "expected 2 finite scores"),
        (lambda n, x, b: x * np.nan, None, ValueError, "expected 2 finite scores"),
    ],
)
def test_bad_questions_are_refused_in_words(method, axioms, error, message):
    with pytest.raises(error, match=re.escape(message)):
        xk.check_axioms(method, axioms)
