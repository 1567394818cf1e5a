"""Every method on a transformer: what a token's score is, from which baseline, in which game."""

import re

import captum.attr
import numpy as np
import pytest
import shap
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import xaikit as xk
from tests.units.support import (
    Backend,
    assert_equal,
    double,
    numpy_of,
    seeds,
    transformers,
    twin_chain,
    twin_gradients,
)
from xaikit.methods.lime import draw_removals
from xaikit.networks.layers import with_mask
from xaikit.networks.losses import softmax

NUMPY = Backend("numpy", "cpu", "float64")


def slopes(network, ids, vectors, target):
    """Return ∂F_target/∂vectors by autograd, and F."""
    layers = with_mask(network.layers, ids.astype(float))
    parameters = {
        f"{i}.{name}": value
        for i, layer in enumerate(layers[1:])
        for name, value in layer.parameters.items()
    }
    grad = np.eye(2)[target]
    output, slope, _ = twin_gradients(
        lambda a, p: twin_chain(layers[1:], a, p), vectors, parameters, grad
    )
    return slope.numpy(), output.numpy()[range(len(ids)), target]


@given(drawn=transformers(), seed=seeds)
def test_gradient_x_input_and_saliency_add_up_a_tokens_coordinates(exact_backend, drawn, seed):
    network, ids = drawn
    rng = np.random.default_rng(seed)
    target, b = rng.integers(0, 2, len(ids)), rng.normal(size=network.layers[0].words.shape[1])
    vectors = network.layers[0].forward(ids)
    slope, output = slopes(network, ids, vectors, target)
    here, x = exact_backend.network(network), exact_backend.array(ids)
    found = xk.gradient_x_input(here, x, target)
    assert_equal(found.values, (vectors * slope).sum(axis=-1), exact_backend, 1e-9)
    assert_equal(found.output, output, exact_backend)
    assert_equal(found.data, ids, exact_backend)
    assert_equal(
        xk.gradient_x_input(here, x, target, exact_backend.array(b)).values,
        ((vectors - b * (ids > 0)[..., None]) * slope).sum(axis=-1),
        exact_backend,
        1e-9,
    )
    sizes = xk.saliency(here, x, target)
    assert_equal(sizes.values, np.abs(slope).sum(axis=-1), exact_backend, 1e-9)
    for scores in (found, sizes):
        assert not numpy_of(scores.values)[ids == 0].any()


@settings(max_examples=10)
@given(drawn=transformers(), seed=seeds)
def test_integrated_gradients_are_the_mean_slope_times_the_distance(exact_backend, drawn, seed):
    network, ids = drawn
    target = np.random.default_rng(seed).integers(0, 2, len(ids))
    vectors, words = network.layers[0].forward(ids), network.layers[0].words
    b = vectors - words[ids] + words[1]  # token 1 everywhere, at the same positions
    nodes, weights = np.polynomial.legendre.leggauss(6)
    mean = sum(
        w / 2 * slopes(network, ids, b + (1 + t) / 2 * (vectors - b), target)[0]
        for t, w in zip(nodes, weights, strict=True)
    )
    found = xk.integrated_gradients(
        exact_backend.network(network), exact_backend.array(ids), target, 1, steps=6
    )
    assert_equal(found.values, ((vectors - b) * mean).sum(axis=-1), exact_backend, 1e-9)
    assert_equal(found.base, slopes(network, ids, b, target)[1], exact_backend)
    assert not numpy_of(found.values)[ids == 0].any()


def test_integrated_gradients_of_torchs_transformer_equal_captums():
    """Of the vectors that a TransformerEncoder reads, each side by its own forward and backward."""
    torch.manual_seed(0)
    encoder = nn.TransformerEncoderLayer(6, 2, 5, activation="gelu", batch_first=True)
    module = nn.Sequential(encoder, nn.Flatten(), nn.Linear(18, 2)).double().eval()
    x, b = torch.randn(2, 2, 3, 6).double()
    expected = captum.attr.IntegratedGradients(module).attribute(
        x, b, target=1, n_steps=20, method="gausslegendre"
    )
    found = xk.integrated_gradients(xk.from_torch(module), x, 1, b, steps=20)
    # captum keeps its steps in single precision.
    assert_equal(found.values, expected, Backend("torch", "cpu", "float64"), 1e-6)


def test_integrated_gradients_of_ids_equal_captums_layer_integrated_gradients():
    """From the mask's vector, through nn.Embedding and a TransformerEncoder."""
    torch.manual_seed(1)
    encoder = nn.TransformerEncoderLayer(6, 2, 5, activation="gelu", batch_first=True)
    module = nn.Sequential(nn.Embedding(7, 6), encoder, nn.Flatten(), nn.Linear(18, 2))
    module, mask = module.double().eval(), 6
    ids = torch.tensor([[0, 3, 5], [2, 2, 1]])
    expected = captum.attr.LayerIntegratedGradients(module, module[0]).attribute(
        ids, torch.full_like(ids, mask), target=1, n_steps=20, method="gausslegendre"
    )
    found = xk.integrated_gradients(xk.from_torch(module), ids, 1, mask, steps=20)
    # captum keeps its steps in single precision.
    assert_equal(found.values, expected.sum(dim=-1), Backend("torch", "cpu", "float64"), 1e-6)


@given(drawn=transformers(), seed=seeds)
def test_a_baseline_is_ids_or_vectors(drawn, seed):
    network, ids = drawn
    first, rng = network.layers[0], np.random.default_rng(seed)
    others = rng.integers(1, 6, ids.shape)
    places = np.broadcast_to(first.positions[: ids.shape[1]], (*ids.shape, first.words.shape[1]))

    def scores(baseline):
        return xk.gradient_x_input(network, ids, 1, baseline).values

    def assert_same(one, other):
        assert_equal(scores(one), scores(other), NUMPY, 1e-9)

    assert_same(None, np.zeros(first.words.shape[1]))
    assert_same(None, 0.0)
    assert_same(2, first.words[2] + places)
    assert_same(others, first.words[others] + places)
    assert_same(others[0], (first.words[others[0]] + places[0])[None])
    assert_same(0, first.words[0] + places)
    assert_same(places[0], places)


@pytest.mark.parametrize("baseline", [[1, 2, 3, 4], np.ones(3), np.ones((2, 3, 4)), [9]])
def test_another_baseline_is_refused(baseline):
    network = xk.transformer(5, 2, width=4, heads=1, blocks=1)
    message = "expected ids (whole numbers) (), (3,) or (1, 3), or vectors (4,), (3, 4) or"
    message = "9 is no token id" if len(baseline) == 1 else message
    with pytest.raises(ValueError, match=re.escape(message)):
        xk.integrated_gradients(network, [[1, 2, 3]], baseline=baseline)


def test_a_baseline_of_another_library_is_refused():
    network = xk.transformer(5, 2, width=4, heads=1, blocks=1)
    with pytest.raises(TypeError, match="baseline is a float64 torch tensor"):
        xk.gradient_x_input(network, [[1, 2]], baseline=torch.ones(4).double())


@pytest.mark.parametrize("norm_first", [True, False])
def test_integrated_gradients_are_complete_from_another_token(norm_first):
    network = xk.transformer(9, 2, width=8, heads=2, seed=1, norm_first=norm_first)
    ids = np.array([[1, 2, 3, 4, 5], [6, 7, 8, 0, 0]])
    found = xk.integrated_gradients(network, ids, 1, baseline=3, steps=100)
    np.testing.assert_allclose(found.gap, 0, atol=1e-4)
    for row, text in enumerate(([1, 2, 3, 4, 5], [6, 7, 8])):
        alone = xk.integrated_gradients(network, text, 1, baseline=3, steps=100)
        assert alone.values.shape == (len(text),) and alone.output.ndim == 0
        np.testing.assert_allclose(alone.values, found.values[row, : len(text)], atol=1e-10)


@given(seed=seeds)
def test_behind_a_norm_of_the_embedding_gradient_x_input_adds_up_to_nothing(seed):
    """A norm of word + position ignores their scale, but for its ε: each token's score is 0."""
    rng = np.random.default_rng(seed)
    network = xk.transformer(5, 2, width=4, heads=2, blocks=1, norm_first=False, seed=seed)
    norm = xk.LayerNorm(rng.normal(1, 0.2, 4), rng.normal(size=4), 1e-12)
    network = xk.Network([network.layers[0], norm, *network.layers[1:]])
    scores = xk.gradient_x_input(network, rng.integers(1, 5, (2, 4)))
    np.testing.assert_allclose(scores.values, 0, atol=1e-9)


def test_vectors_have_scores_for_each_coordinate():
    """Behind its embedding a network is a network as any other."""
    network = xk.transformer(5, 2, width=4, heads=2, blocks=1)
    vectors = network.layers[0].forward(np.array([[1.0, 2, 3]]))
    behind = xk.Network(network.layers[1:])
    scores = xk.gradient_x_input(behind, vectors, 1)
    assert scores.values.shape == (1, 3, 4)
    tokens = xk.gradient_x_input(network, [[1, 2, 3]], 1)
    assert_equal(scores.values.sum(axis=-1), tokens.values, NUMPY)


# Games: an absent token is masked out of attention, replaced by another, or cut from the text.

VOCABULARY = ["[PAD]", "[MASK]", "not", "a", "good", "bad", "film", "really"]
ID_OF = {word: number for number, word in enumerate(VOCABULARY)}
TOKEN = re.compile(r"\[\w+\]|\w+")
READER = xk.transformer(len(VOCABULARY), 2, width=8, heads=2, longest=8, seed=3)


def encoded(texts):
    """Return ids (n, T) of texts, shorter ones padded."""
    rows = [[ID_OF[word] for word in TOKEN.findall(text)] for text in texts]
    longest = max(1, *map(len, rows))
    return np.array([row + [0] * (longest - len(row)) for row in rows])


def classifier(texts):
    return softmax(READER(encoded(texts)))


def logits(texts):
    return READER(encoded(texts))


TEXT = "not a really good film"


def test_an_absent_token_is_padding_in_a_baseline_game():
    """The default baseline, 0, is the padding's id; the text of no token has the head's bias."""
    ids = encoded([TEXT])[0]
    game = xk.baseline_game(READER, ids, target=1)
    present = np.array([[True, False, True, False, True], [False] * 5])
    by_hand = np.where(present, ids, 0)
    assert_equal(game(present), READER(by_hand)[:, 1], NUMPY)
    masked = xk.baseline_game(READER, ids, ID_OF["[MASK]"], target=1)
    assert_equal(masked(present), READER(np.where(present, ids, 1))[:, 1], NUMPY)


def test_padding_itself_is_a_dummy_player():
    ids = np.append(encoded([TEXT])[0], [0, 0])
    scores = xk.exact_shapley(xk.baseline_game(READER, ids, target=1))
    assert np.abs(scores.values[-2:]).max() < 1e-15


def test_shapley_estimators_agree_on_tokens():
    """Cut from the text: five different tokens, all coalitions, so each estimator is exact."""
    game = xk.text_game(logits, TEXT)
    exact = xk.exact_shapley(game)
    assert list(exact.feature_names) == TEXT.split()
    np.testing.assert_allclose(exact.gap, 0, atol=1e-12)
    for estimator, tolerance in ((xk.kernel_shap, 1e-9), (xk.gaussian_process_shapley, 1e-5)):
        found = estimator(xk.text_game(logits, TEXT), 2**5)
        np.testing.assert_allclose(found.values, exact.values, atol=tolerance)


@pytest.mark.parametrize("absent", ["", "[MASK]"])
def test_exact_shapley_values_of_words_equal_shaps(absent):
    """shap writes the mask without a blank behind it, and takes no empty mask: a blank is one."""
    masker = shap.maskers.Text(r"\s+", mask_token=absent or " ", collapse_mask_token=False)
    masker.clustering = None  # or shap finds Owen values, of words in groups
    theirs = shap.Explainer(logits, masker, algorithm="exact")([TEXT])
    for target in (0, 1):
        found = xk.exact_shapley(xk.text_game(logits, TEXT, target, absent=absent))
        assert [part.strip() for part in theirs.data[0]] == list(found.feature_names)
        np.testing.assert_allclose(found.values, theirs.values[0][:, target], rtol=0, atol=1e-12)
        np.testing.assert_allclose(found.base, theirs.base_values[0][target], rtol=0, atol=1e-12)


def test_lime_fits_its_line_to_texts_without_tokens():
    """Without a ridge it is the least squares fit of the drawn texts, weighted by what is kept."""
    samples, asked = 200, []

    def remembered(texts):
        asked.extend(texts)
        return classifier(texts)

    found = xk.lime_text(remembered, TEXT, samples=samples, ridge=0.0, seed=4)
    words = np.array(TEXT.split())
    assert list(found.feature_names) == list(words)
    masks = draw_removals(len(words), samples, 4)
    texts = [" ".join(words[mask]) for mask in masks]
    assert set(asked) == set(texts)
    root = np.sqrt(masks.mean(axis=1))
    rows = np.column_stack([np.ones(samples), masks])
    expected, *_ = np.linalg.lstsq(root[:, None] * rows, root * classifier(texts)[:, 1])
    np.testing.assert_allclose([found.base, *found.values], expected, rtol=0, atol=1e-10)


def test_perturbations_of_ids_reach_the_network_as_ids():
    """Deletion puts baseline tokens in; 0 is padding."""
    ids = encoded([TEXT, "a bad film"])
    scores = xk.lrp(READER, ids, 1, "attnlrp")
    curve = xk.deletion(READER, ids, scores, target=1)
    assert_equal(curve.outputs[:, 0], READER(ids)[:, 1], NUMPY)
    assert_equal(curve.outputs[:, -1], READER(0 * ids)[:, 1], NUMPY)


# What cannot be done is refused in words.


def test_dasp_and_the_exact_path_have_no_way_through_attention():
    ids = encoded([TEXT])
    with pytest.raises(ValueError, match="DASP needs a Dense or Conv2d layer first, got Embedding"):
        xk.dasp(READER, ids)
    vectors = READER.layers[0].forward(ids.astype(float))
    behind = [xk.Dense(np.eye(8)), *READER.layers[1:]]
    with pytest.raises(ValueError, match="DASP knows no moments of Attention"):
        xk.dasp(xk.Network([behind[0], behind[1].layers[1], *behind[-2:]]), vectors)
    with pytest.raises(ValueError, match="rule 'exact' needs piecewise linear layers, and Embedd"):
        xk.integrated_gradients(READER, ids, rule="exact")


@given(drawn=transformers(), data=st.data())
def test_a_transformer_is_a_function_of_each_row(drawn, data):
    network, ids = drawn
    row = data.draw(st.integers(0, len(ids) - 1))
    assert_equal(network(ids[row : row + 1])[0], network(ids)[row], NUMPY)
    there = network.to("cpu")
    assert_equal(numpy_of(there(double(ids))), network(ids), NUMPY)
    assert isinstance(there(double(ids)), torch.Tensor)
