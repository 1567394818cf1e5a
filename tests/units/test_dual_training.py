"""The dual net's two phases, part by part: each step's data, and the results kept."""

import numpy as np
import pytest
import torch
from torch.nn import functional

import xaikit as xk
from xaikit.course.datasets import synthetic
from xaikit.methods import dual_training, mask_search, ranking
from xaikit.networks.network import Network


def trainer(rows=5, size=2, seed=0):
    """Return a training of three classes in four columns, in float32."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4)).astype("float32")
    return dual_training.DualTraining(x, rng.integers(3, size=rows), "cross_entropy", 3, size, rng)


class Recorder:
    """An optimiser that only records the gradients."""

    def step(self, gradients):
        self.gradients = gradients


def losses_under(operator, x, y, mask):
    """Return the loss of each row, with its columns hidden by hand."""
    both = np.concatenate([x * mask, np.broadcast_to(mask, x.shape)], axis=1)
    output = torch.tensor(Network(operator)(both.astype("float32")))
    return functional.cross_entropy(output, torch.tensor(y), reduction="none").numpy()


def test_each_mask_has_the_mean_loss_of_its_rows():
    """Five rows are less than a batch, so each occurs once."""
    training = trainer()
    operator = tuple(layer.map_arrays(np.copy) for layer in training.operator)
    masks, _ = training.explored_masks()
    expected = [losses_under(operator, training.x, training.y, mask).mean() for mask in masks]
    rtol = 64 * np.finfo("float32").eps  # the largest sum has 64 products
    np.testing.assert_allclose(
        training.validation_loss(training.x, training.y, masks[3]), expected[3], rtol=rtol
    )
    np.testing.assert_allclose(training.operator_step(masks), expected, rtol=rtol)


def test_the_selector_learns_weighted_losses_of_its_window():
    """½ mean w (f − L)²; the output bias starts at the mean of all losses."""
    training = trainer()
    rng = np.random.default_rng(1)
    parts = [
        (training.random_masks(6), rng.exponential(size=6), rng.uniform(1, 9, 6)) for _ in "ab"
    ]
    training.window = [tuple(part.astype("float32") for part in batch) for batch in parts]
    training.adam_selector = Recorder()
    masks, losses, weights = (np.concatenate(part) for part in zip(*training.window, strict=True))
    found = training.selector_step()
    assert abs(training.selector[-1].bias[0] - losses.mean()) < 1e-6

    first, second, last = training.selector[::2]
    leaves = [
        torch.tensor(w, requires_grad=True) for w in dual_training._parameters(training.selector)
    ]
    a = torch.tensor(masks)
    for weight, bias in zip(leaves[:-2:2], leaves[1:-2:2], strict=True):
        a = torch.sigmoid(a @ weight.T + bias)
    predicted = (a @ leaves[-2].T + leaves[-1])[:, 0]
    loss = (torch.tensor(weights) * (predicted - torch.tensor(losses)) ** 2).mean() / 2
    loss.backward()
    np.testing.assert_allclose(found, float(loss.detach()), rtol=1e-5)
    for gradient, leaf in zip(training.adam_selector.gradients, leaves, strict=True):
        np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-4, atol=1e-6)
    before = training.selector[-1].bias.copy()
    training.selector_step()
    np.testing.assert_array_equal(training.selector[-1].bias, before)
    assert len(first.bias) == 64 and len(second.bias) == 32 and last.weight.shape == (1, 32)


def test_the_selector_takes_a_step_every_eighth_batch_on_the_last_eight(monkeypatch):
    training = trainer(rows=12)
    batches, asked = [], []
    step, best = training.selector_step, dual_training.optimal_mask

    def noted():
        batches.append((len(training.window), len(losses)))
        return step()

    losses = []
    operator_step = training.operator_step
    training.operator_step = lambda masks: losses.append(0) or operator_step(masks)
    training.selector_step = noted

    def found(*arguments):
        asked.append((len(losses), best(*arguments)))
        return asked[-1][1]

    monkeypatch.setattr(dual_training, "optimal_mask", found)
    history = training.train(training.x, training.y, 16, 24, 500, False)
    assert batches == [(8, count) for count in (8, 16, 24, 32, 40)]
    # It starts at the last step of the first phase, whose mask is validated first.
    assert [count for count, _ in asked] == [16, 24, 32, 40]
    np.testing.assert_array_equal(history["masks"][0], asked[0][1])


@pytest.mark.parametrize("seed", range(3))
def test_all_three_are_kept_as_they_were_at_the_lowest_validation_loss(monkeypatch, seed):
    data = synthetic.orange_skin(120, seed=seed)
    noted = []
    validate = dual_training.DualTraining.validation_loss

    def validated(training, x, y, mask):
        held = validate(training, x, y, mask)
        both = [training.operator, training.selector]
        noted.append((held, [[w.copy() for w in dual_training._parameters(p)] for p in both], mask))
        return held

    monkeypatch.setattr(dual_training.DualTraining, "validation_loss", validated)
    monkeypatch.setattr(dual_training, "local_search", lambda selector, mask, rounds: mask)
    ranker = xk.DualNet(4, seed=seed, exploration=64, refinement=600, patience=200)
    ranker.fit(data.x, data.y)
    count = len(ranker.history_["validated"])
    best = np.argmin([held for held, _, _ in noted[:count]])
    assert best < count - 1
    np.testing.assert_array_equal(ranker.history_["masks"][best], noted[best][2])
    assert set(ranker.subset_) == set(np.flatnonzero(noted[best][2]))
    for network, weights in zip((ranker.operator_, ranker.selector_), noted[best][1], strict=True):
        for ours, then in zip(dual_training._parameters(network.layers), weights, strict=True):
            np.testing.assert_array_equal(ours, then)
    slope = mask_search.selector_slope(ranker.selector_.layers, noted[best][2])
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
    training = trainer(rows=12)
    proposal = np.array([1, 1, 0, 0], dtype="float32")
    validate = training.validation_loss
    training.validation_loss = lambda x, y, mask: (
        (-1.0 if better else 99.0) if mask is proposal else validate(x, y, mask)
    )
    monkeypatch.setattr(dual_training, "local_search", lambda *_: proposal)
    training.train(training.x, training.y, 8, 50, 500, False)
    assert (training.mask is proposal) == better


def test_the_search_starts_in_the_middle_of_all_masks(monkeypatch):
    """In the middle the first column costs most; at m = 0, below its kink, it costs nothing."""
    weight, bias = np.diag([9.0, 1.0, 2.0]), np.array([-1.0, 1.0, 1.0])
    kink = xk.Dense(weight.astype("float32"), bias.astype("float32"))
    layers = (kink, xk.ReLU(), xk.Dense(np.ones((1, 3), "float32")))
    monkeypatch.setattr(mask_search, "local_search", lambda selector, mask, rounds: mask)
    np.testing.assert_array_equal(mask_search.optimal_mask(layers, 3, 2), [0, 1, 1])
    nothing = np.zeros(3, "float32")
    np.testing.assert_array_equal(mask_search.selector_slope(layers, nothing), [0, 1, 2])


def test_validation_rows_are_a_quarter_that_nothing_else_sees(monkeypatch):
    seen = {}

    def train(training, x, y, *_):
        seen.update(x=training.x, held=x, y=training.y, y_held=y)
        raise StopIteration

    monkeypatch.setattr(ranking.DualTraining, "train", train)
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
    # In the units of x again, up to a common shift and scale, each row occurs once.
    order, other = np.argsort(both[:, 0]), np.argsort(x[:, 0])
    scale = np.ptp(x[:, 0]) / np.ptp(both[:, 0])
    np.testing.assert_allclose(np.diff(both[order, 0]) * scale, np.diff(x[other, 0]), atol=1e-5)


def test_the_score_of_a_regressor_is_the_share_of_variance_explained():
    data = synthetic.nonlinear_regression(80, seed=1)
    ranker = xk.DualNet(2, exploration=64, refinement=100).fit(data.x, data.y)
    rest = ((data.y - ranker.predict(data.x)) ** 2).mean()
    np.testing.assert_allclose(ranker.score(data.x, data.y), 1 - rest / data.y.var(), rtol=1e-6)
