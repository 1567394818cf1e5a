"""Exact integrated gradients: the gap is rounding, and a search for all kinks agrees."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

import xaikit as xk
from tests.units.support import KINKED, assert_equal, assert_lives_at, networks, numpy_of, seeds
from xaikit.networks.layers import run


def exact(network, x, target=0, baseline=None, **settings):
    return xk.integrated_gradients(network, x, target, baseline, rule="exact", **settings)


def pieces_of(result):
    return numpy_of(result.details["path"]["pieces"])


def assert_complete(result):
    """Raise unless Σ values = F(x) − F(b) to rounding."""
    values, output = numpy_of(result.values), numpy_of(result.output)
    size = np.abs(values).reshape(len(values), -1).sum(axis=1) + np.abs(output) + 1
    np.testing.assert_array_less(np.abs(numpy_of(result.gap)), 1e-12 * size)


# Complete on all kinds of piecewise linear networks.


@settings(max_examples=60)
@given(drawn=networks(kinds=KINKED), start=st.sampled_from(["zeros", "drawn"]), seed=seeds)
def test_the_gap_is_rounding(exact_backend, drawn, start, seed):
    network, x = drawn
    rng = np.random.default_rng(seed)
    target = rng.integers(0, network(x).shape[1], len(x))
    baseline = None if start == "zeros" else exact_backend.array(rng.normal(size=x.shape))
    # Long paths, so that ReLU6 saturates.
    here, rows = exact_backend.network(network), exact_backend.array(5 * x)
    result = exact(here, rows, target, baseline)
    assert_lives_at(exact_backend, result.values)
    assert_complete(result)
    assert (pieces_of(result) >= 1).all() and tuple(pieces_of(result).shape) == (len(x),)


def pooled(seed):
    """Return a network with overlapping windows of both kinds, gaps and ReLU6, and pictures."""
    rng = np.random.default_rng(seed)
    first = xk.Conv2d(rng.normal(size=(4, 2, 3, 3)), rng.normal(size=4), padding=1)
    inner = xk.Conv2d(rng.normal(size=(4, 1, 1, 1)), rng.normal(size=4), groups=4)
    layers = [first, xk.ReLU6(), xk.MaxPool2d(3, 1), xk.Residual([inner, xk.LeakyReLU(0.2)])]
    layers += [xk.MaxPool2d(2, 1), xk.AvgPool2d(2, 1), xk.ZeroPad2d(1), xk.MaxPool2d((1, 2), 2)]
    network = xk.Network([*layers, xk.Flatten(), xk.Dense(rng.normal(size=(2, 16)))])
    return network, 3 * rng.normal(size=(3, 2, 7, 7)), rng.normal(size=(3, 2, 7, 7))


@pytest.mark.parametrize("seed", range(3))
def test_the_gap_is_rounding_where_windows_overlap(exact_backend, seed):
    network, x, baseline = pooled(seed)
    here = exact_backend.network(network)
    for start in (None, exact_backend.array(baseline)):
        result = exact(here, exact_backend.array(x), 1, start)
        assert_complete(result)
        assert pieces_of(result).min() > 50


# The second derivation finds every change of gates and winners by bisection.


def states(layers, a):
    """Return the number of the linear part of every unit, (n, units)."""
    found = [np.zeros((len(a), 1), int)]
    for layer, inputs in zip(layers, run(layers, a)[:-1], strict=True):
        match layer:
            case xk.ReLU() | xk.LeakyReLU():
                found.append(inputs > 0)
            case xk.ReLU6():
                found.append((inputs > 0).astype(int) + (inputs > 6))
            case xk.MaxPool2d():
                windows = layer.windows(inputs)
                found.append(
                    functional.max_pool2d(torch.tensor(inputs), *windows, return_indices=True)[
                        1
                    ].numpy()
                )
            case xk.Residual():
                found.append(states(layer.layers, inputs))
    return np.concatenate([part.reshape(len(a), -1).astype(int) for part in found], axis=1)


def kinks(network, x, baseline, cells=1000):
    """Return all t in (0, 1) where a unit on the path changes its part, by bisection of cells.

    Each t is evaluated once. Near a kink a unit's part depends on rounding, and so on the block of
    rows with t: if t were evaluated again, a kink could be in neither half of its cell.
    """

    def parts(t):
        return states(network.layers, baseline + t.reshape(-1, *[1] * x.ndim) * (x - baseline))

    edges = np.linspace(0, 1, cells + 1)
    found = parts(edges)
    low, high, at_low, at_high = edges[:-1], edges[1:], found[:-1], found[1:]
    for halving in range(45):
        changes = (at_low != at_high).any(axis=1)
        low, high, at_low, at_high = (ends[changes] for ends in (low, high, at_low, at_high))
        if halving == 44 or not low.size:
            break
        middle = (low + high) / 2
        at_middle = parts(middle)
        low, high = np.append(low, middle), np.append(middle, high)
        at_low, at_high = np.append(at_low, at_middle, 0), np.append(at_middle, at_high, 0)
    # Units that start on their kink leave it at t = 0: no piece ends there.
    low = np.sort(low[low > 1e-12])
    return low[np.diff(low, prepend=0) > 1e-12]


def by_bisection(network, x, baseline, target):
    """Return Δ Σ length × gradient over the pieces of one row, and their number."""
    edges = np.array([0, *kinks(network, x, baseline), 1])
    middles = (edges[:-1] + edges[1:]) / 2
    points = baseline + middles.reshape(-1, *[1] * x.ndim) * (x - baseline)
    gradients = network.gradient(points, target)
    return (x - baseline) * np.tensordot(np.diff(edges), gradients, 1), len(middles)


@given(drawn=networks(kinds=KINKED), start=st.sampled_from(["zeros", "drawn"]), seed=seeds)
@settings(max_examples=20)
def test_a_search_for_all_kinks_finds_the_same(drawn, start, seed):
    network, x = drawn
    x = 3 * x[:2]
    baseline = np.random.default_rng(seed).normal(size=x.shape) * (start == "drawn")
    result = exact(network, x, 0, baseline)
    for i in range(len(x)):
        values, count = by_bisection(network, x[i], baseline[i], 0)
        np.testing.assert_allclose(result.values[i], values, rtol=0, atol=1e-10)
        assert pieces_of(result)[i] == count


def test_a_search_for_all_kinks_finds_the_same_where_windows_overlap():
    network, x, baseline = pooled(0)
    values, count = by_bisection(network, x[0], baseline[0], 1)
    result = exact(network, x[:1], 1, baseline[:1])
    np.testing.assert_allclose(result.values[0], values, rtol=0, atol=1e-10)
    assert pieces_of(result)[0] == count


@pytest.mark.parametrize("seed", range(3))
def test_fine_midpoint_sums_come_near(exact_backend, seed):
    """Their error per kink is at most one step times the change of slope."""
    rng = np.random.default_rng(seed)
    network = exact_backend.network(xk.Network.mlp([4, 12, 12, 2], "relu6", seed=seed))
    x, baseline = (exact_backend.array(3 * rng.normal(size=(3, 4))) for _ in range(2))
    expected = exact(network, x, 1, baseline)
    steps = 20_000
    fine = xk.integrated_gradients(network, x, 1, baseline, steps, "midpoint")
    slopes = np.abs(np.diff(numpy_of(fine.details["path"]["slope"]), axis=0)).max()
    gradients = np.abs(numpy_of(fine.values - expected.values)).max()
    assert gradients < 20 * slopes * pieces_of(expected).max() / steps
    assert gradients < 1e-2


# Paths of one piece, and examples by hand.


@settings(max_examples=40)
@given(drawn=networks(bias=False, kinds=(xk.ReLU, xk.LeakyReLU)))
def test_from_zero_without_biases_it_is_gradient_times_input(exact_backend, drawn):
    """F(λx) = λF(x): all units leave zero together, and no gate changes on the path."""
    network, x = drawn
    here, rows = exact_backend.network(network), exact_backend.array(x)
    result = exact(here, rows)
    expected = numpy_of(xk.gradient_x_input(here, rows).values)
    assert_equal(result.values, expected, exact_backend)
    assert (pieces_of(result) == 1).all()


STEEP = [xk.Dense([[1.0]], [2.0**-24 - 1]), xk.ReLU(), xk.Dense([[2.0**24]])]
UNITS = {
    # x from −6 to 12 through min(max(x, 0), 6): the slope is 1 on a third of the path.
    "relu6": ([xk.ReLU6()], [[12.0]], [[-6.0]], [[6.0]], 3),
    "relu6 on the way back": ([xk.ReLU6()], [[-6.0]], [[12.0]], [[-6.0]], 3),
    "relu6 from its upper kink up": ([xk.ReLU6()], [[9.0]], [[6.0]], [[0.0]], 1),
    "relu6 from its upper kink down": ([xk.ReLU6()], [[3.0]], [[6.0]], [[-3.0]], 1),
    "relu": ([xk.ReLU()], [[3.0]], [[-1.0]], [[3.0]], 2),
    "relu from its kink down": ([xk.ReLU()], [[-3.0]], [[0.0]], [[0.0]], 1),
    "relu to its kink": ([xk.ReLU()], [[0.0]], [[-4.0]], [[0.0]], 1),
    "leaky": ([xk.LeakyReLU(0.25)], [[3.0]], [[-1.0]], [[3.25]], 2),
    "leaky from its kink down": ([xk.LeakyReLU(0.25)], [[-3.0]], [[0.0]], [[-0.75]], 1),
    # The steep part is the last 2⁻²⁴ of the path, or the first.
    "late": (STEEP, [[1.0]], [[0.0]], [[1.0]], 2),
    "early": (STEEP, [[0.0]], [[1.0]], [[-1.0]], 2),
    # max(x₁, x₂): x₁ goes from 0 to 2 and passes x₂ = 1 in the middle.
    "max": (
        [xk.MaxPool2d((1, 2)), xk.Flatten()],
        [[[[2.0, 1.0]]]],
        [[[[0.0, 1.0]]]],
        [[[[1.0, 0.0]]]],
        2,
    ),
    # Equal at the start: the entry that grows faster wins.
    "equal": (
        [xk.MaxPool2d((1, 2)), xk.Flatten()],
        [[[[1.0, 2.0]]]],
        [[[[0.0, 0.0]]]],
        [[[[0.0, 2.0]]]],
        1,
    ),
    # The first wins and falls, until the second is as large.
    "crossing": (
        [xk.MaxPool2d((1, 2)), xk.Flatten()],
        [[[[0.0, 4.0]]]],
        [[[[4.0, 0.0]]]],
        [[[[-2.0, 2.0]]]],
        2,
    ),
    # The second passes the first, although it hardly grows.
    "slow": (
        [xk.MaxPool2d((1, 2)), xk.Flatten()],
        [[[[0.0, 2.0**-14]]]],
        [[[[0.0, -(2.0**-14)]]]],
        [[[[0.0, 2.0**-14]]]],
        2,
    ),
    # Equal on the whole path: the first one wins, as in the gradient.
    "always equal": (
        [xk.MaxPool2d((1, 2)), xk.Flatten()],
        [[[[3.0, 3.0]]]],
        [[[[1.0, 1.0]]]],
        [[[[2.0, 0.0]]]],
        1,
    ),
    # x + max(x, 0).
    "residual": ([xk.Residual([xk.ReLU()])], [[3.0]], [[-1.0]], [[7.0]], 2),
}


@pytest.mark.parametrize("name", UNITS)
def test_units_by_hand(backend, name):
    layers, x, baseline, values, pieces = UNITS[name]
    result = exact(
        backend.network(xk.Network(layers)), backend.array(x), 0, backend.array(baseline)
    )
    assert_equal(result.values, np.array(values), backend)
    assert pieces_of(result).tolist() == [pieces]


def test_a_unit_that_stays_on_its_kink_is_closed(backend):
    """max(x₁ − x₂, 0) and its gradient are zero on the whole path from (0, 0) to (1, 1)."""
    layers = [xk.Dense([[1.0, -1.0], [1.0, 0.0]]), xk.ReLU(), xk.Dense([[5.0, 2.0]])]
    result = exact(backend.network(xk.Network(layers)), backend.array([[1.0, 1.0]]))
    assert_equal(result.values, np.array([[2.0, 0.0]]), backend)
    assert pieces_of(result).tolist() == [1]


def test_units_that_kink_together_end_one_piece(exact_backend):
    """A unit occurs a hundred times, and once with weights a third as large."""
    rng = np.random.default_rng(0)
    one = xk.Network([xk.Dense([[0.7, -0.9]], [0.1]), xk.ReLU(), xk.Dense([[1.0]])])
    weight = np.array([[0.7, -0.9]] * 100 + [[0.7 / 3, -0.3]])
    bias, last = np.array([0.1] * 100 + [0.1 / 3]), np.array([[0.005] * 100 + [1.5]])
    many = xk.Network([xk.Dense(weight, bias), xk.ReLU(), xk.Dense(last)])
    x, baseline = 3 * rng.normal(size=(2, 50, 2))
    x, baseline = exact_backend.array(x), exact_backend.array(baseline)
    expected = exact(exact_backend.network(one), x, 0, baseline)
    result = exact(exact_backend.network(many), x, 0, baseline)
    assert_equal(result.values, numpy_of(expected.values), exact_backend, 1e-12)
    assert sorted(set(pieces_of(result))) == [1, 2]
    assert (pieces_of(result) == pieces_of(expected)).all()


def test_pool_entries_that_are_the_same_win_together(exact_backend):
    """Each pixel twice, side by side, in windows of four: the same as once in windows of two."""
    rng = np.random.default_rng(0)
    x, baseline = rng.normal(size=(2, 6, 1, 3, 2))
    last = xk.Dense(rng.normal(size=(1, 3)))
    plain = xk.Network([xk.MaxPool2d((1, 2)), xk.Flatten(), last])
    twins = xk.Network([xk.MaxPool2d((1, 4)), xk.Flatten(), last])
    expected = exact(
        exact_backend.network(plain), exact_backend.array(x), 0, exact_backend.array(baseline)
    )
    result = exact(
        exact_backend.network(twins),
        exact_backend.array(np.repeat(x, 2, axis=3)),
        0,
        exact_backend.array(np.repeat(baseline, 2, axis=3)),
    )
    both = numpy_of(result.values).reshape(6, 1, 3, 2, 2).sum(axis=-1)
    np.testing.assert_allclose(both, numpy_of(expected.values), rtol=0, atol=1e-14)
    assert (pieces_of(result) == pieces_of(expected)).all()
    assert pieces_of(result).max() > 1


def test_scale_decides_nothing(exact_backend):
    """The first layer times 2⁴⁰ or 2⁻⁴⁰: the same kinks, and scores times this factor."""
    rng = np.random.default_rng(0)
    weight, bias, last = rng.normal(size=(9, 3)), rng.normal(size=9), rng.normal(size=(1, 9))
    x = exact_backend.array(rng.normal(size=(4, 3)))
    results = [
        exact(
            exact_backend.network(
                xk.Network([xk.Dense(scale * weight, scale * bias), xk.ReLU(), xk.Dense(last)])
            ),
            x,
        )
        for scale in (1.0, 2.0**40, 2.0**-40)
    ]
    for result, scale in zip(results[1:], (2.0**40, 2.0**-40), strict=True):
        expected = scale * numpy_of(results[0].values)
        np.testing.assert_allclose(numpy_of(result.values), expected, rtol=1e-13)
        assert (pieces_of(result) == pieces_of(results[0])).all()


# Rows.


@given(drawn=networks(kinds=KINKED))
@settings(max_examples=8)
def test_a_row_does_not_depend_on_its_batch(exact_backend, drawn):
    """Also for a scaled row: rows of very different size share no tolerance."""
    network, x = drawn
    here = exact_backend.network(network)
    rows = exact_backend.array(np.concatenate([x[:2], 1e6 * x[:1], np.zeros_like(x[:1])]))
    together = exact(here, rows, 0, 0.3)
    for i in range(len(rows)):
        alone = exact(here, rows[i : i + 1], 0, 0.3)
        expected = numpy_of(together.values)[i : i + 1]
        atol = 1e-10 * (1 + np.abs(expected).max())
        np.testing.assert_allclose(numpy_of(alone.values), expected, rtol=0, atol=atol)
        assert pieces_of(alone)[0] == pieces_of(together)[i]


def test_what_is_near_a_kink_is_not_measured_by_longer_rows(backend):
    """A unit 2⁻²⁴ before its kink is not on it, even if another row's path is long."""
    network = backend.network(xk.Network(STEEP))
    x, baseline = backend.array([[0.0], [1e8], [-1e8]]), backend.array([[1.0]] * 3)
    result = exact(network, x, 0, baseline)
    assert_equal(result.values[:1], np.array([[-1.0]]), backend)
    assert pieces_of(result)[0] == 2


@given(drawn=networks(kinds=KINKED), seed=seeds)
@settings(max_examples=15)
def test_the_way_there_and_back(drawn, seed):
    """∫ from b to x is − ∫ from x to b for each feature, and the sum of ∫ over two parts."""
    network, x = drawn
    rng = np.random.default_rng(seed)
    baseline, share = rng.normal(size=x.shape), rng.uniform(0.2, 0.8)
    there = exact(network, x, 0, baseline).values
    size = 1e-11 * (1 + np.abs(there).max())
    back = exact(network, baseline, 0, x).values
    np.testing.assert_allclose(there, -back, rtol=0, atol=size)
    middle = baseline + share * (x - baseline)
    parts = exact(network, middle, 0, baseline).values + exact(network, x, 0, middle).values
    np.testing.assert_allclose(there, parts, rtol=0, atol=size)


def test_no_way_is_one_piece_and_no_score(backend):
    network = backend.network(xk.Network.mlp([3, 5, 1], seed=1))
    x = backend.array([[1.0, -2.0, 3.0], [0.0, 0.0, 0.0]])
    result = exact(network, x, 0, x)
    assert not numpy_of(result.values).any()
    assert pieces_of(result).tolist() == [1, 1]


@pytest.mark.parametrize("shape", [(4,), (1, 4), (3, 4)])
def test_the_answer_has_the_shape_of_the_rows(backend, shape):
    network = backend.network(xk.Network.mlp([4, 16, 2], seed=1))
    x = backend.array(np.random.default_rng(0).normal(size=shape))
    result = exact(network, x, 1, 0.5)
    assert tuple(result.values.shape) == shape
    assert_lives_at(backend, result.values)
    pieces = result.details["path"]["pieces"]
    assert list(result.details["path"]) == ["pieces"]
    assert tuple(pieces.shape) == shape[:-1]
    assert isinstance(pieces, torch.Tensor) == (backend.library == "torch")
    assert "int" in str(pieces.dtype)


def test_a_float32_network_is_integrated_in_float64(backend):
    """The result is the float64 result, rounded once, although there are hundreds of pieces."""
    network = xk.Network.mlp([6, 64, 64, 1], seed=1, dtype="float32").to(dtype="float64")
    x = (10 * np.random.default_rng(0).normal(size=(2, 6))).astype("float32").astype(float)
    expected = exact(network, x, 0, 0.25)
    result = exact(backend.network(network), backend.array(x), 0, 0.25)
    assert pieces_of(expected).min() > 50
    assert (pieces_of(result) == pieces_of(expected)).all()
    digits = 1e-7 if backend.dtype == "float32" else 1e-11
    np.testing.assert_allclose(numpy_of(result.values), expected.values, rtol=digits)


# Errors.


def test_pieces_have_a_limit(backend):
    """Ten kinks on the path of row 1, none on the paths of rows 0 and 2."""
    thresholds = np.arange(1, 11) - 0.5
    layers = [xk.Dense(np.ones((10, 1)), -thresholds), xk.ReLU(), xk.Dense(np.ones((1, 10)))]
    network = backend.network(xk.Network(layers))
    x = backend.array([[-1.0], [11.0], [0.25]])
    assert pieces_of(exact(network, x, max_pieces=11)).tolist() == [1, 11, 1]
    for limit in (10, 2, 1):
        message = (
            f"the way of row 1 has more than {limit} linear pieces: raise max_pieces, or take a"
        )
        with pytest.raises(ValueError, match=message):
            exact(network, x, max_pieces=limit)


def test_the_row_with_too_many_pieces_is_named(backend):
    """The error does not name an earlier row with exactly the allowed number of pieces."""
    layers = [xk.Dense([[1.0, 0.0], [0.0, 1.0]], [-1.0, -1.0]), xk.ReLU(), xk.Dense([[1.0, 1.0]])]
    network = backend.network(xk.Network(layers))
    x = backend.array([[0.5, 0.5], [2.0, 0.5], [2.0, 4.0]])
    assert pieces_of(exact(network, x, max_pieces=3)).tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="the way of row 2 has more than 2 linear pieces"):
        exact(network, x, max_pieces=2)


@pytest.mark.parametrize("unit", [xk.Tanh(), xk.Sigmoid(), xk.Softplus()], ids=repr)
@pytest.mark.parametrize("inside", [False, True])
def test_smooth_networks_are_sent_to_quadrature(unit, inside):
    layers = [xk.Dense([[1.0]]), xk.Residual([xk.ReLU(), unit]) if inside else unit]
    message = (
        f"rule 'exact' needs piecewise linear layers, and {unit!r} is not: take a quadrature such "
        "as rule='gauss-legendre'"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        exact(xk.Network(layers), [[1.0]])


def test_modules_are_sent_to_from_torch_or_to_quadrature():
    message = (
        "rule 'exact' follows the layers of a Network, got TorchModel: convert it with "
        "from_torch(module), or take a quadrature such as 'gauss-legendre'"
    )
    with pytest.raises(TypeError, match=re.escape(message)):
        exact(xk.TorchModel(torch.nn.Linear(2, 1)), torch.ones(1, 2))
