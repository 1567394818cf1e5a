"""The dual net's two phases, piece by piece: what each step learns from, and what is kept."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional

import xaikit as xk
from xaikit.course.datasets import synthetic
from xaikit.methods import dual_net, dual_net_estimator
from xaikit.networks.network import Network


def three_classes(rows, seed=0):
    """Return rows of four columns in float32, their classes, and a random generator."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 4)).astype("float32"), rng.integers(3, size=rows), rng


def train(rows, *lengths):
    """Train on a few rows, validated on the same."""
    *both, rng = three_classes(rows)
    return dual_net.train(both, both, "cross_entropy", 3, 2, lengths, rng, False)


def weights(layers):
    return [w.copy() for layer in layers for w in layer.parameters.values()]


def losses_under(operator, x, y, mask):
    """Return the loss of each row, its columns hidden by hand."""
    both = np.concatenate([x * mask, np.broadcast_to(mask, x.shape)], axis=1)
    output = torch.tensor(Network(operator)(both.astype("float32")))
    return functional.cross_entropy(output, torch.tensor(y), reduction="none").numpy()


def test_each_mask_has_the_mean_loss_of_its_rows():
    x, y, rng = three_classes(5)
    operator, _ = dual_net.two_networks(x, 3, rng)
    masks, _ = dual_net.explored_masks(4, 2, rng)
    expected = [losses_under(operator, x, y, mask).mean() for mask in masks]
    rtol = 64 * np.finfo("float32").eps  # the largest sum has 64 products
    loss = dual_net.mask_loss(operator, x, y, masks[3], "cross_entropy")
    np.testing.assert_allclose(loss, expected[3], rtol=rtol)
    losses, _ = dual_net.operator_loss(operator, x, y, masks, "cross_entropy")
    np.testing.assert_allclose(losses, expected, rtol=rtol)


def test_the_selector_learns_weighted_losses():
    """½ mean w (f − L)²."""
    x, _, rng = three_classes(5)
    _, selector = dual_net.two_networks(x, 3, rng)
    masks = dual_net.random_masks(4, 2, 12, rng)
    losses, w = (rng.uniform(low, 9, 12).astype("float32") for low in (0, 1))
    found, gradients = dual_net.selector_loss(selector, masks, losses, w)

    first, second, last = selector[::2]
    assert len(first.bias) == 64 and len(second.bias) == 32 and last.weight.shape == (1, 32)
    leaves = [torch.tensor(w, requires_grad=True) for w in weights(selector)]
    a = torch.tensor(masks)
    for weight, bias in zip(leaves[:-2:2], leaves[1:-2:2], strict=True):
        a = torch.sigmoid(a @ weight.T + bias)
    predicted = (a @ leaves[-2].T + leaves[-1])[:, 0]
    loss = (torch.tensor(w) * (predicted - torch.tensor(losses)) ** 2).mean() / 2
    loss.backward()
    np.testing.assert_allclose(found, float(loss.detach()), rtol=1e-5)
    for gradient, leaf in zip(gradients, leaves, strict=True):
        np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-4, atol=1e-6)


def test_the_selector_takes_a_step_every_eighth_batch_on_the_last_eight(monkeypatch):
    """At first its output bias is the mean of all losses, afterwards it is what it has learned."""
    of_operator, steps, asked, biases = [], [], [], []
    loss, step, best = dual_net.operator_loss, dual_net.selector_loss, dual_net.optimal_mask

    def noted_loss(operator, x, y, masks, name):
        losses, gradients = loss(operator, x, y, masks, name)
        of_operator.append((masks, losses))
        return losses, gradients

    def noted_step(selector, masks, losses, weights):
        steps.append(len(of_operator))
        for ours, theirs in zip((masks, losses), zip(*of_operator[-8:], strict=True), strict=True):
            np.testing.assert_array_equal(ours, np.concatenate(theirs))
        biases.append((float(selector[-1].bias[0]), float(losses.mean())))
        return step(selector, masks, losses, weights)

    def found(*arguments):
        asked.append((len(of_operator), best(*arguments)))
        return asked[-1][1]

    monkeypatch.setattr(dual_net, "operator_loss", noted_loss)
    monkeypatch.setattr(dual_net, "selector_loss", noted_step)
    monkeypatch.setattr(dual_net, "optimal_mask", found)
    _, _, history = train(12, 16, 24, 500)
    assert steps == [8, 16, 24, 32, 40]
    # From the last step of the first phase on; its mask is the first to be validated.
    assert [count for count, _ in asked] == [16, 24, 32, 40]
    np.testing.assert_array_equal(history["masks"][0], asked[0][1])
    means = [losses.mean() for _, losses in of_operator]
    np.testing.assert_array_equal(history["loss"], means)
    assert biases[0][0] == biases[0][1]
    # Adam's steps are at most a few percent longer than its rate.
    for (before, _), (after, _) in pairwise(biases):
        assert 0 < abs(after - before) < 0.011


def test_the_second_phase_returns_to_the_mask_of_lowest_loss_recorded(monkeypatch):
    of_operator, returned_to = [], []
    loss, focused = dual_net.operator_loss, dual_net.focused_masks

    def noted(operator, x, y, masks, name):
        losses, gradients = loss(operator, x, y, masks, name)
        of_operator.append((masks, losses))
        return losses, gradients

    def near(optimal, best, rng):
        masks, losses = (np.concatenate(part) for part in zip(*of_operator[-8:], strict=True))
        returned_to.append(best)
        np.testing.assert_array_equal(best, masks[losses.argmin()])
        return focused(optimal, best, rng)

    monkeypatch.setattr(dual_net, "operator_loss", noted)
    monkeypatch.setattr(dual_net, "focused_masks", near)
    train(12, 12, 12, 500)
    assert len(returned_to) == 12


@pytest.mark.parametrize("seed", range(3))
def test_all_three_are_kept_as_they_were_at_the_lowest_validation_loss(monkeypatch, seed):
    data = synthetic.orange_skin(120, seed=seed)
    noted, selectors = [], []
    validate, step = dual_net.mask_loss, dual_net.selector_loss

    def stepped(selector, *pairs):
        selectors.append(selector)
        return step(selector, *pairs)

    def validated(operator, x, y, mask, loss):
        held = validate(operator, x, y, mask, loss)
        noted.append((held, [weights(operator), weights(selectors[-1])], mask))
        return held

    monkeypatch.setattr(dual_net, "selector_loss", stepped)
    monkeypatch.setattr(dual_net, "mask_loss", validated)
    monkeypatch.setattr(dual_net, "local_search", lambda selector, mask, rounds: mask)
    ranker = xk.DualNet(4, seed=seed, exploration=64, refinement=600, patience=200)
    ranker.fit(data.x, data.y)
    count = len(ranker.history_["validated"])
    best = np.argmin([held for held, _, _ in noted[:count]])
    assert best < count - 1
    np.testing.assert_array_equal(ranker.history_["masks"][best], noted[best][2])
    assert set(ranker.subset_) == set(np.flatnonzero(noted[best][2]))
    for network, kept in zip((ranker.operator_, ranker.selector_), noted[best][1], strict=True):
        for ours, then in zip(weights(network.layers), kept, strict=True):
            np.testing.assert_array_equal(ours, then)
    slope = dual_net.selector_slope(ranker.selector_.layers, noted[best][2])
    np.testing.assert_array_equal(ranker.importances_, -slope)


def test_patience_counts_from_the_best_batch():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 4)), rng.integers(2, size=60)  # nothing to learn
    for patience in (100, 250):
        ranker = xk.DualNet(1, exploration=8, refinement=5000, patience=patience).fit(x, y)
        validated, held = (ranker.history_[name] for name in ("validated", "validation_loss"))
        assert validated[-1] == validated[held.argmin()] + patience
        assert len(ranker.history_["loss"]) == validated[-1] + 1


@pytest.mark.parametrize("better", [True, False])
def test_the_last_search_must_not_make_it_worse(monkeypatch, better):
    proposal = np.array([1, 1, 0, 0], dtype="float32")
    validate = dual_net.mask_loss

    def validated(operator, x, y, mask, loss):
        if mask is proposal:
            return -1.0 if better else 99.0
        return validate(operator, x, y, mask, loss)

    found = dual_net.optimal_mask
    monkeypatch.setattr(dual_net, "mask_loss", validated)
    monkeypatch.setattr(dual_net, "optimal_mask", lambda *arguments: found(*arguments).copy())
    monkeypatch.setattr(dual_net, "local_search", lambda *_: proposal)
    _, mask, _ = train(12, 8, 50, 500)
    assert (mask is proposal) == better


def test_the_search_starts_in_the_middle_of_all_masks(monkeypatch):
    """There the first column costs most; at m = 0, below its kink, it costs nothing."""
    weight, bias = np.diag([9.0, 1.0, 2.0]), np.array([-1.0, 1.0, 1.0])
    kink = xk.Dense(weight.astype("float32"), bias.astype("float32"))
    layers = (kink, xk.ReLU(), xk.Dense(np.ones((1, 3), "float32")))
    monkeypatch.setattr(dual_net, "local_search", lambda selector, mask, rounds: mask)
    np.testing.assert_array_equal(dual_net.optimal_mask(layers, 3, 2), [0, 1, 1])
    nothing = np.zeros(3, "float32")
    np.testing.assert_array_equal(dual_net.selector_slope(layers, nothing), [0, 1, 2])


def test_validation_rows_are_a_quarter_that_nothing_else_sees(monkeypatch):
    seen = {}

    def train(rows, held, *_):
        seen.update(x=rows[0], y=rows[1], held=held[0])
        raise StopIteration

    monkeypatch.setattr(dual_net_estimator, "train", train)
    rng = np.random.default_rng(0)
    x, y = rng.normal(3, 2, size=(41, 3)), rng.normal(5, 3, size=41)
    with pytest.raises(StopIteration):
        xk.DualNet(1).fit(x, y)
    assert (len(seen["x"]), len(seen["held"])) == (31, 10)
    for rows in (seen["x"], seen["y"]):
        np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(rows.std(axis=0), 1, atol=1e-6)
    assert np.abs(seen["held"].mean(axis=0)).max() > 1e-3
    both = np.concatenate([seen["x"], seen["held"]])
    assert len(np.unique(both, axis=0)) == 41
    # In the units of x again, up to the same shift and scale for all: each row is there once.
    order, other = np.argsort(both[:, 0]), np.argsort(x[:, 0])
    scale = np.ptp(x[:, 0]) / np.ptp(both[:, 0])
    np.testing.assert_allclose(np.diff(both[order, 0]) * scale, np.diff(x[other, 0]), atol=1e-5)


def test_the_score_of_a_regressor_is_the_share_of_variance_explained():
    data = synthetic.nonlinear_regression(80, seed=1)
    ranker = xk.DualNet(2, exploration=64, refinement=100).fit(data.x, data.y)
    rest = ((data.y - ranker.predict(data.x)) ** 2).mean()
    np.testing.assert_allclose(ranker.score(data.x, data.y), 1 - rest / data.y.var(), rtol=1e-6)
