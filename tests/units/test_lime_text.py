"""Texts: the game of their tokens, LIME's fit, and the lime package's weights."""

import re

import numpy as np
import pytest
from lime.lime_text import LimeTextExplainer
from sklearn.metrics import pairwise_distances

import xaikit as xk
from tests.units.coalitions import by_subsets, coalitions, recorded
from xaikit.methods.lime import draw_removals

TEXT = "For Christmas Song visit my channel! ;)"
WEIGHT = {"channel!": 0.7, "visit": 0.2, "my": -0.1, "Song": 0.05}


def spam(texts):
    """Return P(not spam) and P(spam): tokens have effects, two of them only together."""
    score = [
        0.1 + sum(WEIGHT.get(token, 0.0) for token in text.split()) / 2
        + 0.1 * ("For" in text.split() and "Song" in text.split())
        for text in texts
    ]  # fmt: skip
    return np.stack([1 - np.array(score), np.array(score)], axis=1)


# The game.


def test_payoffs_of_texts_without_their_absent_tokens():
    game = xk.text_game(spam, TEXT)
    assert game.players == ("For", "Christmas", "Song", "visit", "my", "channel!", ";)")
    masks = coalitions(7)
    kept = [" ".join(t for t, there in zip(TEXT.split(), m, strict=True) if there) for m in masks]
    np.testing.assert_array_equal(game(masks), spam(kept)[:, 1])
    np.testing.assert_array_equal(xk.text_game(spam, TEXT, target=0)(masks), spam(kept)[:, 0])
    assert game.ends().tolist() == spam(["", TEXT])[:, 1].tolist()


def test_a_token_that_is_said_twice_is_one_player():
    seen = []

    def classifier(texts):
        seen.extend(texts)
        return np.array([float(len(text)) for text in texts])

    game = xk.text_game(classifier, "no no  yes no", target=0)
    assert game.players == ("no", "yes") and game.data.tolist() == ["no", "yes"]
    masks = coalitions(2)
    assert game(masks).tolist() == [0, 3, 8, 13]
    assert seen == ["no no  yes no", "", "yes", "no no no", "no no  yes no"]


def test_shapley_values_of_tokens():
    result = xk.exact_shapley(xk.text_game(spam, TEXT))
    expected = np.array([WEIGHT.get(token, 0.0) / 2 for token in TEXT.split()])
    expected[[0, 2]] += 0.05
    np.testing.assert_allclose(result.values, expected, atol=1e-14)
    assert result.data.tolist() == TEXT.split() and abs(result.gap) < 1e-14
    brute = by_subsets(xk.text_game(spam, TEXT))
    np.testing.assert_allclose(result.values, brute, atol=1e-14)


def test_any_tokenizer():
    words = re.compile(r"\w+").findall
    assert xk.text_game(spam, TEXT, tokenizer=words).players == tuple(words(TEXT))
    letters = xk.text_game(lambda texts: [len(t) for t in texts], "aab", 0, tokenizer=list)
    assert letters(coalitions(2)).tolist() == [0, 1, 2, 3]


def test_no_call_of_the_classifier_is_large_and_no_text_is_asked_twice():
    called, sizes = recorded(lambda texts: np.array([len(text) for text in texts]))
    game = xk.text_game(called, " ".join(map(str, range(12))), target=0)
    masks = np.concatenate([coalitions(12), coalitions(12)])
    payoffs = game(masks)
    assert sizes == [1, 2048, 2048] and game.evaluations == 2 * 4096
    assert np.array_equal(payoffs[:4096], payoffs[4096:])


# LIME.


@pytest.mark.parametrize("weight", ["kept-fraction", "cosine"])
def test_lime_package_fits_the_same_to_the_same_texts(weight):
    samples = 300
    masks = draw_removals(7, samples, seed=4)
    result = xk.lime_text(spam, TEXT, weight=weight, samples=samples, seed=4)
    answers = xk.text_game(spam, TEXT)(masks)[:, None]
    peer = LimeTextExplainer(random_state=0).base  # with its own kernel, of width 25
    distances = pairwise_distances(masks.astype(float), np.ones((1, 7)), metric="cosine") * 100
    if weight == "kept-fraction":
        peer.kernel_fn = lambda distance: masks.mean(axis=1)
    intercept, slopes, r2, local = peer.explain_instance_with_data(
        masks.astype(float), answers, distances.ravel(), 0, 7, feature_selection="none"
    )
    slopes = [slope for _, slope in sorted(slopes)]
    np.testing.assert_allclose(result.values, slopes, atol=1e-12)
    assert result.base == result.details["intercept"] == pytest.approx(intercept, abs=1e-12)
    assert result.details["r2"] == pytest.approx(r2, abs=1e-12)
    assert result.gap == pytest.approx(local[0] - result.output, abs=1e-12)
    assert result.output == spam([TEXT])[0, 1]


def test_lime_packages_own_explainer_comes_to_the_same():
    """It draws other texts: the difference is within five standard deviations."""
    peer = LimeTextExplainer(split_expression=str.split, random_state=0, feature_selection="none")
    answer = peer.explain_instance(TEXT, spam, num_features=7, num_samples=3000)
    result = xk.lime_text(spam, TEXT, weight="cosine", samples=3000)
    slopes = dict(answer.as_list())
    difference = result.values - [slopes[token] for token in TEXT.split()]
    assert np.all(np.abs(difference) < 5 * np.sqrt(2) * result.std + 1e-9)
    assert np.all(result.std < 0.01)


def test_the_sources_weight_of_four_tokens_kept_of_seven():
    """0.57: one fit by hand, of all texts drawn, with π = 1 − the fraction removed."""
    masks = draw_removals(7, 200, seed=0)
    weights = 1 - (~masks).sum(axis=1) / 7
    z = np.column_stack([np.ones(200), masks])
    answers = xk.text_game(spam, TEXT)(masks)
    shrink = np.diag([0.0] + [2.0] * 7)
    expected = np.linalg.solve(z.T @ (weights[:, None] * z) + shrink, z.T @ (weights * answers))
    result = xk.lime_text(spam, TEXT, samples=200, ridge=2.0)
    np.testing.assert_allclose([result.base, *result.values], expected, atol=1e-12)


def test_each_different_text_is_asked_once():
    called, sizes = recorded(spam)
    result = xk.lime_text(called, "two words", samples=500)
    assert result.evaluations == 4  # neither word, one of them, both
    assert sum(sizes) == 1 + 4  # the whole text twice
    assert result.feature_names == ("two", "words") and result.data.tolist() == ["two", "words"]
    assert result.method == "LIME"


def test_removals():
    """First no token is removed, then 1 … M; all numbers and all tokens are equally likely."""
    masks = draw_removals(5, 5001, seed=0)
    assert masks[0].all() and masks.shape == (5001, 5)
    removed = (~masks[1:]).sum(axis=1)
    counts = np.bincount(removed, minlength=6)
    assert counts[0] == 0 and np.all(np.abs(counts[1:] - 1000) < 4 * np.sqrt(800))
    share = (~masks[np.r_[False, removed == 2]]).mean(axis=0)
    np.testing.assert_allclose(share, 0.4, atol=4 * np.sqrt(0.24 / counts[2]))
    assert np.array_equal(masks, draw_removals(5, 5001, seed=0))
    assert not np.array_equal(masks, draw_removals(5, 5001, seed=1))


def test_a_seed_decides_the_texts():
    first, again, other = (xk.lime_text(spam, TEXT, samples=40, seed=s).values for s in (0, 0, 1))
    assert np.array_equal(first, again) and np.all(first != other)


def test_a_constant_classifier_gets_zeros():
    result = xk.lime_text(lambda texts: np.full((len(texts), 2), 0.5), TEXT, samples=50)
    np.testing.assert_allclose(result.values, 0, atol=1e-15)
    assert result.details["r2"] == 1 and result.base == pytest.approx(0.5, rel=1e-15)


# Errors.


@pytest.mark.parametrize("explain", [xk.text_game, xk.lime_text])
@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", ValueError, "the text '' holds no token to explain"),
        ("   ", ValueError, "the text '   ' holds no token to explain"),
        (["a text"], TypeError, "text is list, expected one text (str)"),
        (None, TypeError, "text is NoneType, expected one text (str)"),
    ],
)
def test_a_text_that_is_none_is_refused_in_words(explain, text, error, message):
    with pytest.raises(error, match=re.escape(message)):
        explain(spam, text)


@pytest.mark.parametrize("text", ["visit", "visit visit visit"])
def test_one_token_needs_no_line(text):
    effect = len(text.split()) * 0.1
    message = (
        f"the text '{text}' holds one token: there is no line to fit. "
        f"Its whole effect is F(text) − F(text without it) = {effect:+.3f}"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        xk.lime_text(spam, text)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weight": "euclid"}, "unknown weight 'euclid', expected 'kept-fraction' or 'cosine'"),
        ({"samples": 1}, "samples is 1, expected at least 2"),
        ({"target": 2}, "target 2 is out of range: the model has 2 output(s)"),
        ({"ridge": -1.0}, "ridge is -1.0, expected a number ≥ 0"),
        ({"samples": 2, "ridge": 0.0}, "give more samples, or a ridge above 0"),
    ],
)
def test_bad_settings_are_refused_in_words(settings, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        xk.lime_text(spam, TEXT, **settings)


@pytest.mark.parametrize(
    ("classifier", "error", "message"),
    [
        (lambda texts: ["spam"] * len(texts), TypeError, "the model returned labels ('spam')"),
        (lambda texts: np.ones((1, 2)), ValueError, "the model returned shape (1, 2) for"),
        (lambda texts: np.full((len(texts), 2), np.nan), ValueError, "output is NaN or infinite"),
    ],
)
def test_bad_classifiers_are_refused_in_words(classifier, error, message):
    for explain in (xk.lime_text, lambda *given: xk.exact_shapley(xk.text_game(*given))):
        with pytest.raises(error, match=re.escape(message)):
            explain(classifier, TEXT)
