"""Models that end in squeeze(): their answers are those of the same model without it."""

import re

import numpy as np
import pytest
import torch
from torch import nn

import xaikit as xk
from tests.units.support import numpy_of
from xaikit.core import arrays

RNG = np.random.default_rng(0)
X, BACKGROUND = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4))
WEIGHTS = {outputs: RNG.normal(size=(4, outputs)) for outputs in (1, 3)}


class Trimmed(nn.Sequential):
    """A stack of modules without the axes of length 1 of its output."""

    def forward(self, rows):
        return torch.squeeze(super().forward(rows))


def module(outputs):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.Softplus(), nn.Linear(6, outputs)).double()


def function(outputs, squeezed):
    def model(rows):
        answer = np.tanh(rows) @ WEIGHTS[outputs]
        return answer.squeeze() if squeezed else answer

    return model


PAIRS = {
    **{
        f"TorchModel, {k} outputs": (xk.TorchModel(Trimmed(*module(k))), xk.TorchModel(module(k)))
        for k in (1, 3)
    },
    **{f"function, {k} outputs": (function(k, True), function(k, False)) for k in (1, 3)},
}
WITH_GRADIENTS = {
    "saliency": lambda m, x, t: xk.saliency(m, x, t).values,
    "gradient × input": lambda m, x, t: xk.gradient_x_input(m, x, t, baseline=0.3).values,
    "integrated gradients": lambda m, x, t: xk.integrated_gradients(m, x, t).values,
}
# What each asks (model, x, target), and the numbers that come back.
ASKED = {
    "baseline game": lambda m, x, t: xk.exact_shapley(xk.baseline_game(m, x, 0.3, t)).values,
    "one coalition": lambda m, x, t: xk.baseline_game(m, x, 0.3, t)(np.eye(4, dtype=bool)[:1]),
    "marginal game": lambda m, x, t: xk.exact_shapley(xk.marginal_game(m, x, BACKGROUND, t)).values,
    "conditional game": lambda m, x, t: (
        xk.kernel_shap(xk.conditional_game(m, x, BACKGROUND, t, samples=4)).values
    ),
    "LIME": lambda m, x, t: xk.lime_tabular(m, x, BACKGROUND, t, samples=50).values,
    "deletion": lambda m, x, t: xk.deletion(m, x, x, t, random=2).outputs,
    "sensitivity-n": lambda m, x, t: xk.sensitivity_n(m, x, x, t).correlation,
    "infidelity": lambda m, x, t: xk.infidelity(m, x, x, t, samples=20).value,
    **WITH_GRADIENTS,
}
ROWS = {"one row": X[0], "one row of a table": X[:1], "three rows": X}
CASES = [
    (pair, asked)
    for pair in PAIRS
    for asked in ASKED
    if pair.startswith("TorchModel") or asked not in WITH_GRADIENTS
]


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize(("pair", "asked"), CASES)
def test_a_squeeze_changes_nothing(pair, asked, rows):
    squeezed, plain = PAIRS[pair]
    target = 2 if "3" in pair else 0
    answers = [ASKED[asked](model, ROWS[rows], target) for model in (squeezed, plain)]
    np.testing.assert_array_equal(*answers)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("rows", ROWS)
def test_values_and_gradients_of_tensors(outputs, rows):
    squeezed, plain = (xk.TorchModel(m) for m in (Trimmed(*module(outputs)), module(outputs)))
    x = torch.tensor(ROWS[rows])
    for ask in (lambda model: model(x), lambda model: model.gradient(x, outputs - 1)):
        assert ask(squeezed).shape == ask(plain).shape
        np.testing.assert_array_equal(numpy_of(ask(squeezed)), numpy_of(ask(plain)))


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_classifier_of_one_text(outputs):
    def counts(texts):
        return np.array([[text.count("a"), len(text)][:outputs] for text in texts], dtype=float)

    answers = [
        xk.exact_shapley(xk.text_game(classifier, "a banana", target=outputs - 1)).values
        for classifier in (lambda texts: counts(texts).squeeze(), counts)
    ]
    np.testing.assert_array_equal(*answers)


@pytest.mark.parametrize("games", [1, 3])
def test_a_game_of_ones_own(games):
    def value(masks):
        return (masks @ WEIGHTS[games]) ** 2

    squeezed = xk.Game(4, lambda masks: value(masks).squeeze())
    masks = np.array([[True, False, True, False]])
    expected = value(masks) if games > 1 else value(masks)[:, 0]
    np.testing.assert_array_equal(squeezed(masks), expected)
    scores, expected = (xk.exact_shapley(g).values for g in (squeezed, xk.Game(4, value)))
    np.testing.assert_array_equal(scores, expected if games > 1 else expected[0])


def test_only_the_axis_of_a_single_row_comes_back(backend):
    def shape(given, rows):
        return tuple(arrays.unsqueezed(backend.array(np.ones(given)), rows).shape)

    assert shape((), 1) == (1,) and shape((3,), 1) == (1, 3)
    assert shape((1,), 1) == (1,) and shape((1, 3), 1) == (1, 3)
    assert shape((), 2) == () and shape((3,), 2) == (3,) and shape((0,), 1) == (0,)


# Sums over the wrong axis look like squeezed outputs where as many rows as columns are asked.


def test_a_number_of_outputs_that_changes_is_refused_in_words():
    wrong = xk.baseline_game(lambda rows: rows.sum(axis=0), np.ones(4))
    message = "the model returned 1 output(s) a row for 4 rows, and 4 for the 1 row(s) of x"
    with pytest.raises(ValueError, match=re.escape(message)):
        wrong(np.eye(4, dtype=bool))

    class Wrong(nn.Module):
        def forward(self, x):
            return x.sum(0)

    model, square = xk.TorchModel(Wrong()), RNG.normal(size=(4, 4))
    message = "the model returned 4 output(s) a row for 1 rows, and 1 for the 4 row(s) of x"
    with pytest.raises(ValueError, match=re.escape(message)):
        xk.gradient_x_input(model, square)
    message = "the model returned 1 output(s) a row for 4 rows, and 4 for the 1 row(s) of x"
    with pytest.raises(ValueError, match=re.escape(message)):
        xk.integrated_gradients(model, square[0], steps=4)


# A picture without a batch axis looks like rows.


class Pooled(nn.Module):
    """Scores (k,) of a picture (3, h, w), and (n, k) of pictures (n, 3, h, w)."""

    def __init__(self, outputs):
        super().__init__()
        torch.manual_seed(0)
        self.filters, self.line = nn.Conv2d(3, 4, 3), nn.Linear(4, outputs)

    def forward(self, x):
        return self.line(self.filters(x).relu().mean(dim=(-1, -2)))


PICTURE = np.random.default_rng(0).normal(size=(3, 8, 8)).astype(np.float32)


@pytest.mark.parametrize("outputs", [1, 2, 3, 5])
@pytest.mark.parametrize(
    "explain",
    [
        lambda module: xk.gradient_x_input(xk.TorchModel(module), PICTURE),
        lambda module: xk.integrated_gradients(xk.TorchModel(module), PICTURE),
        lambda module: xk.baseline_game(xk.TorchModel(module), PICTURE),
        lambda module: xk.baseline_game(function(module), PICTURE),
        lambda module: xk.marginal_game(function(module), PICTURE, PICTURE[:1]),
    ],
)
def test_a_picture_without_a_batch_axis_is_refused_in_words(explain, outputs):
    with pytest.raises(
        ValueError, match=r"\(3, 8, 8\), 3 rows of \(8, 8\).* batch axis, x\[None\]"
    ):
        explain(Pooled(outputs))


def function(module):
    def of_arrays(rows):
        with torch.no_grad():
            return module(torch.from_numpy(rows)).numpy()

    return of_arrays


def test_a_picture_with_a_batch_axis_is_explained():
    answer = xk.gradient_x_input(xk.TorchModel(Pooled(3)), PICTURE[None], 1)
    assert answer.values.shape == (1, 3, 8, 8)
    game = xk.baseline_game(function(Pooled(3)), PICTURE[None], groups={"red": range(64)})
    assert game.ends().shape == (2, 1)


def test_rows_of_two_axes_are_explained():
    """Three rows that are pictures without channels, or series of several numbers."""
    answer = xk.exact_shapley(
        xk.baseline_game(lambda rows: rows.sum(axis=(1, 2)), PICTURE[:, :2, :2])
    )
    np.testing.assert_allclose(answer.values.reshape(3, 2, 2), PICTURE[:, :2, :2], rtol=1e-5)
