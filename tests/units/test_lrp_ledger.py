"""LRP's ledger closes at every layer, and its parts are right."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import xaikit as xk
from tests.units.relevance import RULES
from tests.units.support import assert_equal, networks, numpy_of, seeds


def assert_closes(result, network, tolerance=1e-10):
    """Raise unless the ledger accounts for all relevance, at each layer and in total."""
    ledger = result.details["ledger"]
    count = len(network.layers)
    names = [f"{i} {layer!r}" for i, layer in enumerate(network.layers)]
    assert [row.layer for row in ledger] == names[::-1]
    relevances = [numpy_of(r).reshape(len(r), -1) for r in result.details["relevance"]]
    assert len(relevances) == count + 1
    for row, before, after in zip(ledger, relevances[-2::-1], relevances[:0:-1], strict=True):
        relevance, passed_on, to_bias, absorbed = (
            numpy_of(part) for part in (row.relevance, row.passed_on, row.to_bias, row.absorbed)
        )
        size = np.abs(before).sum(axis=1) + np.abs(after).sum(axis=1) + np.abs(to_bias)
        size = tolerance * (size + np.abs(absorbed)) + 1e-300
        assert (np.abs(passed_on + to_bias + absorbed - relevance) <= size).all()
        assert (np.abs(relevance - after.sum(axis=1)) <= size).all()
        assert (np.abs(passed_on - before.sum(axis=1)) <= size).all()


@settings(max_examples=80)
@given(name=st.sampled_from(sorted(RULES)), drawn=networks(), seed=seeds)
def test_it_closes_for_every_rule_and_every_layer(exact_backend, name, drawn, seed):
    network, x = drawn
    target = np.random.default_rng(seed).integers(0, network(x).shape[1], len(x))
    here = exact_backend.network(network)
    assert_closes(xk.lrp(here, exact_backend.array(x), target, RULES[name].ours), here)


@given(
    names=st.tuples(*[st.sampled_from(sorted(RULES))] * 4),
    drawn=networks(pictures=True),
    seed=seeds,
)
def test_it_closes_for_composites(exact_backend, names, drawn, seed):
    network, x = drawn
    keys = ["first", "conv", "pool", np.random.default_rng(seed).integers(len(network.layers))]
    rules = {
        key if isinstance(key, str) else int(key): RULES[name].ours
        for key, name in zip(keys, names, strict=True)
    }
    here = exact_backend.network(network)
    assert_closes(xk.lrp(here, exact_backend.array(x), rule=rules), here)


def photo_like():
    """Return a network from torch, with batch normalisation, and blocks that add their input."""
    torch.manual_seed(0)

    def unit(inputs, outputs, **settings):
        norm = nn.BatchNorm2d(outputs)
        nn.init.normal_(norm.running_mean)
        nn.init.uniform_(norm.running_var, 0.5, 2.0)
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
        return [nn.Conv2d(inputs, outputs, 3, bias=False, **settings), norm]

    def converted(*parts):
        return list(xk.from_torch(nn.Sequential(*parts).double()).to("numpy").layers)

    alone = unit(2, 2)[1:]  # batch normalisation that has no layer to fold into
    inner = converted(*unit(6, 6, padding=1, groups=6), nn.ReLU6())
    nested = xk.Residual([*converted(*unit(6, 6, padding=1)), nn_free_residual()])
    layers = [*converted(*alone, nn.ZeroPad2d((0, 1, 0, 1)), *unit(2, 6, stride=2), nn.ReLU6())]
    layers += [xk.Residual([*inner, nested]), xk.LeakyReLU(), xk.MaxPool2d(3, 1)]
    layers += [xk.Residual([xk.Softplus(), xk.ZeroPad2d(1), xk.AvgPool2d((1, 2), 1)])]
    layers += [xk.AvgPool2d(None), xk.Flatten()]
    layers += converted(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Sigmoid(), nn.Linear(5, 3))
    return xk.Network(layers), np.random.default_rng(0).normal(size=(3, 2, 8, 8))


def nn_free_residual():
    return xk.Residual([xk.Tanh(), xk.Conv2d(np.full((6, 1, 1, 1), 0.7), np.ones(6), groups=6)])


@pytest.mark.parametrize("name", RULES)
def test_it_closes_through_a_network_like_that_of_the_photos(exact_backend, name):
    network, x = photo_like()
    here = exact_backend.network(network)
    result = xk.lrp(here, exact_backend.array(x), [0, 1, 2], RULES[name].ours)
    assert_closes(result, here)
    spread = np.abs(numpy_of(result.values)).reshape(3, -1)
    # Relevance did reach the input. Under z⁺ only those who pushed a unit up hold any.
    assert (spread > 0).mean() > (0.25 if name == "z⁺" else 0.5)


@given(name=st.sampled_from(sorted(RULES)), drawn=networks())
def test_the_gap_is_what_biases_and_absorption_took(exact_backend, name, drawn):
    network, x = drawn
    here, rows = exact_backend.network(network), exact_backend.array(x)
    result = xk.lrp(here, rows, rule=RULES[name].ours)
    parts = [
        numpy_of(part) for row in result.details["ledger"] for part in (row.to_bias, row.absorbed)
    ]
    relevances = [numpy_of(r).reshape(len(x), -1) for r in result.details["relevance"]]
    size = sum(np.abs(part) for part in parts) + sum(np.abs(r).sum(axis=1) for r in relevances)
    assert (np.abs(numpy_of(result.gap) + sum(parts)) <= 1e-11 * size).all()


@given(
    drawn=networks(bias=False, kinds=(xk.ReLU, xk.LeakyReLU)), name=st.sampled_from(["LRP-0", "γ"])
)
def test_without_bias_and_epsilon_relevance_is_conserved(exact_backend, drawn, name):
    network, x = drawn
    rules = dict.fromkeys(("conv", "dense"), RULES[name].ours)
    result = xk.lrp(exact_backend.network(network), exact_backend.array(x), rule=rules)
    for row in result.details["ledger"]:
        assert not numpy_of(row.to_bias).any()
    size = max(np.abs(numpy_of(r)).sum() for r in result.details["relevance"])
    absorbed = sum(numpy_of(row.absorbed) for row in result.details["ledger"])
    assert (np.abs(numpy_of(result.gap) + absorbed) <= 1e-9 * size).all()


# The parts, by hand.


def rows_of(network, x, rule, backend):
    """Return the ledger, from the input to the output, as lists of numbers."""
    result = xk.lrp(backend.network(xk.Network(network)), backend.array(x), rule=rule)
    parts = ("relevance", "passed_on", "to_bias", "absorbed")
    return [
        [numpy_of(getattr(row, part)).tolist() for part in parts]
        for row in result.details["ledger"][::-1]
    ]


def test_biases_take_their_share_row_by_row(backend):
    """F = x + 3: the bias gets 3 of F = 4, of F = 1 (x = −2) and of F = −1 (x = −4)."""
    rows = rows_of([xk.Dense([[1.0]], [3.0])], [[1.0], [-2.0], [-4.0]], xk.LRPEpsilon(0.0), backend)
    assert rows == [[[4, 1, -1], [1, -2, -4], [3, 3, 3], [0, 0, 0]]]


def test_epsilon_takes_a_share_with_the_sign_of_z(backend):
    """F = ±3, ε = 1: ε absorbs a quarter of F."""
    rows = rows_of([xk.Dense([[1.0]])], [[3.0], [-3.0]], xk.LRPEpsilon(1.0), backend)
    assert rows == [[[3, -3], [2.25, -2.25], [0, 0], [0.75, -0.75]]]


def test_every_position_of_a_convolution_has_its_bias(backend):
    """Two positions x + 1, with weights 1 and 2: F = 2 + 2 · 4 = 10; the biases get 1 and 2."""
    layers = [xk.Conv2d([[[[1.0]]]], [1.0]), xk.Flatten(), xk.Dense([[1.0, 2.0]])]
    rows = rows_of(layers, [[[[1.0, 3.0]]]], xk.LRPEpsilon(0.0), backend)
    assert rows[0] == [[10], [7], [3], [0]]
    assert rows[1:] == [[[10], [10], [0], [0]]] * 2


def test_units_at_zero_absorb_what_they_are_given(backend):
    """Flat gives 2 of 6 to each of three units; one has z = 0."""
    layers = [xk.Dense([[1.0], [0.0], [3.0]]), xk.Dense([[1.0, 1.0, 1.0]], [2.0])]
    rows = rows_of(layers, [[1.0]], {1: xk.LRPFlat()}, backend)
    assert rows == [[[6], [4], [0], [2]], [[6], [6], [0], [0]]]


def test_a_frame_keeps_what_flat_gave_its_pixels(backend):
    """Padding inside a convolution is not an input and gets nothing; a ZeroPad2d is one."""
    kernel, x = np.ones((1, 1, 1, 3)), [[[[1.0]]]]
    framed = [xk.ZeroPad2d(1, 1), xk.Conv2d(kernel), xk.Flatten()]
    rows = rows_of(framed, x, xk.LRPFlat(), backend)
    np.testing.assert_allclose(np.ravel(rows[0]), [1, 1 / 3, 0, 2 / 3], rtol=1e-6)
    inside = [xk.Conv2d(kernel, padding=(0, 1)), xk.Flatten()]
    assert rows_of(inside, x, xk.LRPFlat(), backend)[0] == [[1], [1], [0], [0]]


def test_a_residual_books_what_its_layers_booked(backend):
    """a = 2, f = 2a + 4 = 8, F = 10: f gets 8, its bias 4; ε = 8 absorbs half of f's 8."""
    layers = [xk.Residual([xk.Dense([[2.0]], [4.0])])]
    assert rows_of(layers, [[2.0]], xk.LRPEpsilon(0.0), backend) == [[[10], [6], [4], [0]]]
    assert rows_of(layers, [[2.0]], {"dense": xk.LRPEpsilon(8.0)}, backend) == [
        [[10], [4], [2], [4]]
    ]
    nested = [xk.Residual([xk.Residual([xk.Dense([[2.0]], [4.0])]), xk.Dense([[1.0]], [6.0])])]
    # a = 2, f = 10 + 6 = 16, F = 18: of f's 16 the outer bias gets 6, then the inner one 4.
    assert rows_of(nested, [[2.0]], xk.LRPEpsilon(0.0), backend) == [[[18], [8], [10], [0]]]


def test_activations_and_pools_pass_all_of_it_on(backend):
    layers = [xk.ReLU6(), xk.MaxPool2d((1, 2)), xk.Tanh(), xk.Sigmoid(), xk.AvgPool2d(None)]
    layers = [*layers, xk.Softplus(), xk.Flatten()]
    result = xk.lrp(
        xk.Network(layers), np.array([[[[9.0, 5.0, 1.0, 2.0]]]]), rule=xk.LRPEpsilon(0.0)
    )
    share = numpy_of(result.output)
    # tanh of the winners (9, limited to 6, and 2) is about 1, so the average splits nearly evenly.
    tops = 1 / (1 + np.exp(-np.tanh([6.0, 2.0])))
    expected = np.array([[[[tops[0], 0, 0, tops[1]]]]]) / tops.sum() * share
    np.testing.assert_allclose(result.values, expected, rtol=1e-14)
    for row in result.details["ledger"]:
        np.testing.assert_allclose(row.passed_on, share, rtol=1e-14)
        assert abs(row.absorbed) < 1e-15 and row.to_bias == 0


def test_a_single_row_has_a_ledger_of_one_row(backend):
    network = backend.network(xk.Network.mlp([3, 4, 2]))
    result = xk.lrp(network, backend.array([1.0, 2.0, 3.0]))
    for row in result.details["ledger"]:
        assert tuple(row.relevance.shape) == (1,)
    top = result.details["ledger"][0]
    assert top.layer == "2 Dense(4 -> 2, bias)"
    assert_equal(top.relevance[0], numpy_of(result.output), backend)
