"""Infidelity and max-sensitivity: closed forms, captum, planted explanations, memory, errors."""

import re
import tracemalloc

import captum.metrics
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import xaikit as xk
from tests.units.planted import BASELINE, additive, planted, rows, truth
from tests.units.support import seeds
from xaikit.metrics.infidelity import PERTURBATIONS

every_perturbation = pytest.mark.parametrize("perturbation", PERTURBATIONS)


# Closed forms.


@every_perturbation
@given(seed=seeds, width=st.integers(1, 6))
def test_a_linear_model_is_predicted_without_error(perturbation, seed, width):
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=width)
    x, baseline = rng.normal(size=(2, 3, width))
    question = {"baseline": baseline, "perturbation": perturbation, "samples": 20, "spread": 0.3}
    for scores, slopes in ((np.tile(weight, (3, 1)), True), (weight * (x - baseline), False)):
        found = xk.infidelity(lambda r: r @ weight, x, scores, slopes=slopes, **question)
        # Contributions are divided by x − baseline, which may be small.
        np.testing.assert_allclose(found.value, 0, atol=1e-18)
        np.testing.assert_allclose(found.std_error, 0, atol=1e-18)
        assert (found.scale == 1).all()
        best = xk.infidelity(
            lambda r: r @ weight, x, 3 * scores, slopes=slopes, optimal_scale=True, **question
        )
        np.testing.assert_allclose(best.value, 0, atol=1e-16)
        np.testing.assert_allclose(best.scale, 1 / 3, rtol=1e-9)


def test_gaussian_perturbations_of_a_wrong_slope_by_hand():
    """(I·(φ − w))² has mean Σ σ_i² (φ_i − w_i)², and its square three times that: std √2 · mean."""
    weight, x = np.array([1.0, -2.0, 0.5]), np.zeros(3)
    wrong, spread = np.array([1.5, -2.0, 0.0]), np.array([0.1, 7.0, 0.4])
    found = xk.infidelity(
        lambda r: r @ weight,
        x,
        wrong,
        perturbation="gaussian",
        spread=spread,
        slopes=True,
        samples=40_000,
    )
    mean = 0.01 * 0.25 + 0.16 * 0.25
    assert abs(found.value - mean) < 4 * found.std_error
    np.testing.assert_allclose(found.std_error, np.sqrt(2) * mean / 200, rtol=0.05)
    curved = xk.infidelity(  # x² at 0: E[I⁴] = 3σ⁴
        lambda r: r[:, 0] ** 2,
        [0.0],
        [0.0],
        perturbation="gaussian",
        spread=0.5,
        slopes=True,
        samples=40_000,
    )
    assert abs(curved.value - 3 * 0.5**4) < 4 * curved.std_error


def test_subsets_by_hand():
    """F = x₀ + x₁ with scores (1, 0): the error is 1 if x₁ is removed, with probability 3/4.

    Sizes are uniform on 1, 2, so {0}, {1}, {0, 1} have probabilities 1/4, 1/4, 1/2.
    """
    found = xk.infidelity(lambda r: r.sum(axis=1), np.ones(2), [1.0, 0.0], samples=20_000)
    assert abs(found.value - 0.75) < 4 * found.std_error
    np.testing.assert_allclose(found.std_error, np.sqrt(0.75 * 0.25 / 20_000), rtol=0.02)


def test_a_noisy_baseline_is_a_baseline_with_noise():
    seen = []

    def model(r):
        seen.append(r.copy())
        return r.sum(axis=1)

    x, baseline = np.array([5.0, -3.0]), np.array([1.0, 2.0])
    xk.infidelity(model, x, [0.0, 0], 0, baseline, "noisy baseline", [0.1, 0.4], samples=4000)
    drawn = np.concatenate(seen[2:])
    np.testing.assert_allclose(drawn.mean(axis=0), baseline, atol=0.03)
    np.testing.assert_allclose(drawn.std(axis=0), [0.1, 0.4], rtol=0.05)


def test_the_standard_error_is_that_of_the_mean():
    """Over 200 seeds the standard deviation of the means agrees with their standard errors."""
    network, x = xk.Network.mlp([4, 8, 1], seed=0), np.array([0.5, -1.0, 2.0, 0.3])
    scores = network.gradient(x) * x
    for optimal in (False, True):
        found = [
            xk.infidelity(network, x, scores, samples=100, seed=s, optimal_scale=optimal)
            for s in range(200)
        ]
        spread = np.std([f.value for f in found])
        assert 0.8 < np.mean([f.std_error for f in found]) / spread < 1.25


# Beside captum.


@pytest.mark.parametrize("optimal_scale", [False, True])
@pytest.mark.parametrize("shape", [(5, 4), (3, 2, 4, 4)])
def test_infidelity_is_captums(optimal_scale, shape):
    torch.manual_seed(0)
    head = [torch.nn.Flatten()] if len(shape) == 4 else []
    width = int(np.prod(shape[1:]))
    layers = [*head, torch.nn.Linear(width, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)]
    module = torch.nn.Sequential(*layers).double()
    x, scores = torch.randn(2, *shape, dtype=torch.float64)
    target = torch.arange(shape[0]) % 3
    given = torch.randn(7, *shape, dtype=torch.float64)

    def perturb(inputs):
        drawn = given.transpose(0, 1).reshape(inputs.shape)
        return drawn, inputs - drawn

    peer = captum.metrics.infidelity(
        module, perturb, x, scores, target=target, n_perturb_samples=7, normalize=optimal_scale
    )
    settings = {"slopes": True, "optimal_scale": optimal_scale}
    found = xk.infidelity(
        xk.TorchModel(module), x, scores, target.tolist(), perturbation=given, **settings
    )
    np.testing.assert_allclose(found.value, peer.numpy(), rtol=1e-10)
    shared = xk.infidelity(
        xk.TorchModel(module), x, scores, target.tolist(), perturbation=given[:, 0], **settings
    )
    again = given[:, :1].expand_as(given)
    repeated = xk.infidelity(
        xk.TorchModel(module), x, scores, target.tolist(), perturbation=again, **settings
    )
    np.testing.assert_allclose(shared.value, repeated.value, rtol=1e-12)


def test_max_sensitivity_is_captums():
    network = xk.Network.mlp([4, 8, 2], "tanh", seed=1)
    x = np.random.default_rng(0).normal(size=(5, 4))

    def peer_scores(inputs):
        rows = inputs[0] if isinstance(inputs, tuple) else inputs
        return (torch.tensor(xk.gradient_x_input(network, rows.numpy()).values),)

    def perturb(inputs, radius):
        drawn = np.random.default_rng(3).uniform(-1, 1, (9, 5, 4)) * radius
        return inputs + torch.tensor(drawn).transpose(0, 1).reshape(45, 4)

    peer = captum.metrics.sensitivity_max(
        peer_scores,
        torch.tensor(x),
        perturb,
        perturb_radius=0.1,
        n_perturb_samples=9,
    )
    found = xk.max_sensitivity(lambda r: xk.gradient_x_input(network, r), x, 0.1, 9, seed=3)
    np.testing.assert_allclose(found, peer.numpy(), rtol=1e-6)


# Max-sensitivity in closed form.


@given(seed=seeds, radius=st.floats(1e-3, 10))
def test_a_linear_explanation_moves_at_most_by_its_norm(seed, radius):
    rng = np.random.default_rng(seed)
    matrix, x = rng.normal(size=(4, 4)), rng.normal(size=(3, 4))
    moved = xk.max_sensitivity(lambda r: r @ matrix.T, x, radius, relative=False)
    corners = np.array(np.meshgrid(*[[-1, 1]] * 4)).reshape(4, -1).T
    bound = radius * np.linalg.norm(corners @ matrix.T, axis=1).max()
    assert (moved <= bound * (1 + 1e-9)).all() and (moved > bound / 5).all()
    relative = xk.max_sensitivity(lambda r: r @ matrix.T, x, radius)
    np.testing.assert_allclose(relative, moved / np.linalg.norm(x @ matrix.T, axis=1))


def test_one_feature_reaches_the_edge_of_its_box():
    moved = xk.max_sensitivity(lambda r: 3 * r, [[2.0]], 0.5, 1000, relative=False)
    assert 1.49 < moved[0] <= 1.5
    both = xk.max_sensitivity(lambda r: r, np.ones(2), [0.0, 0.5], 1000, relative=False)
    assert 0.49 < both <= 0.5 and both.shape == ()


def test_more_draws_never_find_less_and_seeds_repeat():
    network, x = xk.Network.mlp([4, 8, 1], seed=0), rows(3)[:, :4]
    found = [xk.max_sensitivity(lambda r: network.gradient(r), x, 0.3, s) for s in (1, 5, 50)]
    assert (found[0] <= found[1]).all() and (found[1] <= found[2]).all()
    again = xk.max_sensitivity(lambda r: network.gradient(r), x, 0.3, 50)
    np.testing.assert_array_equal(found[2], again)


def test_scores_of_zero():
    assert xk.max_sensitivity(lambda r: 0 * r, np.ones(3)) == 0
    assert xk.max_sensitivity(lambda r: np.where(r == 1, 0, r), np.ones(3)) == np.inf


# Planted explanations.


@every_perturbation
@pytest.mark.parametrize("optimal_scale", [False, True])
def test_infidelity_prefers_the_truth_to_planted_explanations(perturbation, optimal_scale):
    """Slopes for small Gaussian steps, contributions for features that go to the baseline."""
    x = rows(20)
    if perturbation == "gaussian":
        step = 1e-6
        shifted = [additive(x + step * np.eye(8)[i]) - additive(x) for i in range(8)]
        best = np.array(shifted).T / step
    else:
        best = truth(x)
    settings = {
        "baseline": BASELINE,
        "perturbation": perturbation,
        "spread": 0.01,
        "slopes": perturbation == "gaussian",
        "optimal_scale": optimal_scale,
        "samples": 300,
    }
    true = xk.infidelity(additive, x, best, **settings)
    wrongs = planted(x) | {"none": 0 * x}
    if optimal_scale:
        del wrongs["minus the truth"]  # the best scale is negative, which corrects the sign
    for name, scores in wrongs.items():
        wrong = xk.infidelity(additive, x, scores, **settings)
        assert (wrong.value > true.value + 2 * wrong.std_error).mean() >= 0.95, name
        assert wrong.value.mean() > 3 * true.value.mean(), name


def test_max_sensitivity_rejects_restless_explanations_and_knows_its_blind_spot():
    """A constant explanation and the input do not change: this measure cannot reject them."""
    x, rng = rows(10), np.random.default_rng(0)
    true = xk.max_sensitivity(truth, x, 0.01)
    noise = xk.max_sensitivity(lambda r: rng.normal(size=r.shape), x, 0.01)
    signs = xk.max_sensitivity(lambda r: np.sign(np.sin(1e3 * r)), x, 0.01)
    assert (true < 0.1).all() and (noise > 5 * true).all() and (signs > 5 * true).all()
    assert (xk.max_sensitivity(lambda r: 0 * r + 0.5, x, 0.01) == 0).all()
    assert (xk.max_sensitivity(lambda r: r, x, 0.01) < 0.1).all()


# Devices, shapes, memory, errors.


@every_perturbation
def test_every_backend_gives_the_same(backend, perturbation):
    network = xk.Network.mlp([4, 8, 3], "tanh", seed=1, dtype="float32").to(dtype="float64")
    x, scores = np.random.default_rng(0).normal(size=(2, 5, 4)).astype("float32").astype(float)
    question = [2, 0, 1, 1, 0], 0.5, perturbation
    expected = xk.infidelity(network, x, scores, *question)
    here = backend.network(network), backend.array(x), backend.array(scores)
    result = xk.infidelity(*here, *question)
    for part, other in zip(result, expected, strict=True):
        assert part.dtype == np.float64 and part.shape == (5,)
        np.testing.assert_allclose(part, other, rtol=100 * backend.tolerance)
    moved = xk.max_sensitivity(lambda r: here[0].gradient(r, 1), here[1], 0.5)
    other = xk.max_sensitivity(lambda r: network.gradient(r, 1), x, 0.5)
    np.testing.assert_allclose(moved, other, rtol=100 * backend.tolerance)


@every_perturbation
def test_a_row_alone_is_judged_as_among_others(perturbation):
    network = xk.Network.mlp([4, 8, 3], seed=1)
    x, scores = np.random.default_rng(0).normal(size=(2, 5, 4))
    together = xk.infidelity(network, x, scores, 1, 0.5, perturbation)
    for i in range(5):
        row = xk.infidelity(network, x[i], scores[i], 1, 0.5, perturbation)
        for part, other in zip(row, together, strict=True):
            assert part.shape == ()
            np.testing.assert_allclose(part, other[i], rtol=1e-12)


def test_wide_rows_are_perturbed_in_parts_that_fit_into_memory():
    x = np.ones((4, 50_000))
    sizes = []

    def model(r):
        sizes.append(r.size)
        return r[:, 0]

    tracemalloc.start()
    try:
        xk.infidelity(model, x, x, samples=200, perturbation="gaussian")
        assert tracemalloc.get_traced_memory()[1] < 300e6
    finally:
        tracemalloc.stop()
    assert max(sizes) <= 2**22 and sum(sizes) == x.size * 201 + x[0].size


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (
            {"perturbation": "noise"},
            ValueError,
            "unknown perturbation 'noise', expected one of",
        ),
        (
            {"perturbation": np.ones((4, 2))},
            ValueError,
            "expected (m, 3), m for all rows",
        ),
        (
            {"perturbation": "gaussian", "spread": -1},
            ValueError,
            "spread is -1, expected a",
        ),
        ({"perturbation": "gaussian", "spread": 0}, ValueError, "spread is 0, expected a"),
        ({"perturbation": "gaussian", "spread": [1, 1]}, ValueError, "spread has shape (2,)"),
        ({"samples": 1}, ValueError, "samples is 1, expected at least 2"),
        ({"samples": 1e3}, TypeError, "samples is 1000.0, expected a whole number"),
        ({"attribution": np.ones((3, 3))}, ValueError, "attribution has shape (3, 3)"),
        ({"target": 9}, ValueError, "target 9 is out of range"),
    ],
)
def test_bad_questions_are_refused_in_words(settings, error, message):
    given_ = {"x": np.ones((2, 3)), "attribution": np.ones((2, 3)), **settings}
    with pytest.raises(error, match=re.escape(message)):
        xk.infidelity(lambda r: r, **given_)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"explain": np.ones((2, 3))}, TypeError, "explain is ndarray, expected a function of x"),
        ({"explain": lambda r: r[0]}, ValueError, "attribution has shape (3,), expected one score"),
        ({"radius": -0.1}, ValueError, "radius is -0.1, expected a positive number"),
        ({"radius": [0.1, 0.1]}, ValueError, "radius has shape (2,), expected a number or a row"),
        ({"samples": 0}, ValueError, "samples is 0, expected at least 1"),
        ({"x": [[np.nan] * 3]}, ValueError, "x holds NaN"),
    ],
)
def test_bad_neighbourhoods_are_refused_in_words(settings, error, message):
    given_ = {"explain": lambda r: r, "x": np.ones((2, 3)), **settings}
    with pytest.raises(error, match=re.escape(message)):
        xk.max_sensitivity(**given_)


def test_a_feature_at_its_baseline_has_no_way_to_go():
    """If a feature of x is at the baseline, its contribution has no effect."""
    found = xk.infidelity(lambda r: r[:, 1], [0.0, 1.0], [5.0, 1.0], samples=50)
    assert found.value == 0


def test_missing_values_are_refused_in_words():
    """x − I lacks a value where x does; a model that fills it would see no change."""
    model = lambda rows: np.nan_to_num(rows, nan=4.0).sum(axis=1)  # noqa: E731
    x, whole = np.array([[1.0, np.nan], [2.0, 3.0]]), np.ones((2, 2))
    for perturbation in ("subset", "gaussian", "noisy baseline"):
        with pytest.raises(ValueError, match=r"^x holds NaN or infinity \(first at index \(0, 1\)"):
            xk.infidelity(model, x, whole, perturbation=perturbation)
        with pytest.raises(ValueError, match=r"^baseline holds NaN or infinity"):
            xk.infidelity(model, whole, whole, baseline=x, perturbation=perturbation)
