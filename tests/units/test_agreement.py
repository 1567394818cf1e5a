"""Agreement between explanations: ranks, ties, first features, and planted explanations."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

import xaikit as xk
from tests.units.planted import planted, rows, truth
from tests.units.support import seeds
from xaikit.metrics.agreement import rank_correlation


def test_by_hand():
    scores = {
        "a": [3.0, -2.0, 1.0, 0.0],
        "b": [3.0, 2.0, 1.0, 0.0],
        "c": [0.0, 1.0, 2.0, 3.0],
    }
    found = xk.rank_agreement(scores, top=2)
    assert found.names == ["a", "b", "c"]
    np.testing.assert_allclose(found.spearman[0], [1, 0.4, -0.4])
    np.testing.assert_allclose(found.spearman[1], [0.4, 1, -1])
    np.testing.assert_allclose(found.overlap, [[1, 1, 0], [1, 1, 0], [0, 0, 1]])
    sizes = xk.rank_agreement(scores, top=2, absolute=True)
    np.testing.assert_allclose(sizes.spearman[0], [1, 1, -1])


@given(seed=seeds, width=st.integers(2, 9), tied=st.booleans())
def test_ranks_correlate_as_scipy_says(seed, width, tied):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 5, width))
    if tied:
        a, b = a.round(), b.round()
    found = rank_correlation(a, b)
    for i in range(5):
        if len(set(a[i])) > 1 and len(set(b[i])) > 1:
            np.testing.assert_allclose(found[i], spearmanr(a[i], b[i])[0], atol=1e-12)


@given(seed=seeds, width=st.integers(2, 9), top=st.integers(1, 9))
def test_the_matrix_is_symmetric_and_bounded(seed, width, top):
    top = min(top, width)
    scores = dict(enumerate(np.random.default_rng(seed).normal(size=(4, 3, width)).round(1)))
    found = xk.rank_agreement(scores, top)
    for matrix, low in ((found.spearman, -1), (found.overlap, 0)):
        assert matrix.shape == (3, 4, 4)
        np.testing.assert_allclose(matrix, matrix.transpose(0, 2, 1), atol=1e-12)
        assert matrix.min() >= low - 1e-12 and matrix.max() <= 1 + 1e-12
    assert (found.spearman[:, range(4), range(4)] == 1).all()
    np.testing.assert_allclose(xk.rank_agreement(scores, width).overlap, 1)


def test_ranks_do_not_care_for_units():
    a = np.random.default_rng(0).normal(size=(3, 6))
    found = xk.rank_agreement({"a": a, "b": 1e6 * a, "c": a**3, "d": -a}, top=2)
    np.testing.assert_allclose(found.spearman[:, 0], [[1, 1, 1, -1]] * 3)
    np.testing.assert_allclose(found.overlap[:, 0], 1)


def test_equal_scores_draw_lots():
    """The top two of (5, 1, 1, 1) are feature 0 and any other."""
    found = xk.rank_agreement(
        {"a": [5.0, 1.0, 1.0, 1.0], "b": [5.0, 4.0, 0.0, 0.0], "c": [2.0] * 4}, top=2
    )
    np.testing.assert_allclose(found.overlap[0], [(1 + 1 / 3) / 2, (1 + 1 / 3) / 2, 0.5])
    np.testing.assert_allclose(found.spearman[2], [0, 0, 1])


def test_methods_of_a_true_explanation_agree_and_planted_ones_do_not():
    x = rows(40)
    scores = {"truth": truth(x), "again": truth(x) * 2 + 1e-3 * x} | planted(x)
    found = xk.rank_agreement(scores, top=3)
    spearman, overlap = found.spearman.mean(axis=0)[0], found.overlap.mean(axis=0)[0]
    assert spearman[1] > 0.9 and overlap[1] > 0.9
    for name, r, shared in zip(found.names[2:], spearman[2:], overlap[2:], strict=True):
        assert r < 0.5, name
        assert shared < 0.6 or name == "minus the truth", name
    assert abs(overlap[found.names.index("random")] - 3 / 8) < 0.1
    np.testing.assert_allclose(overlap[found.names.index("constant")], 3 / 8)


def test_attributions_pictures_and_libraries_mix():
    network = xk.Network.mlp([4, 8, 1], seed=0)
    x = np.random.default_rng(0).normal(size=(3, 4))
    attribution = xk.integrated_gradients(network, x)
    found = xk.rank_agreement({"a": attribution, "b": torch.tensor(attribution.values)}, top=1)
    np.testing.assert_allclose(found.spearman, 1)
    pictures = np.random.default_rng(0).normal(size=(2, 3, 3, 4, 4))
    assert xk.rank_agreement({"a": pictures[0], "b": pictures[1]}).overlap.shape == (3, 2, 2)
    single = xk.rank_agreement({"a": x[0], "b": x[1]}, top=1)
    assert single.spearman.shape == (2, 2)


@pytest.mark.parametrize(
    ("scores", "top", "error", "message"),
    [
        ({"a": np.ones(3)}, 1, TypeError, "expected a dict of at least two explanations"),
        ([np.ones(3), np.ones(3)], 1, TypeError, "expected a dict of at least two explanations"),
        ({"a": np.ones(3), "b": np.ones(4)}, 1, ValueError, "b has shape (4,), the first"),
        ({"a": 1.0, "b": 2.0}, 1, ValueError, "a has shape ()"),
        ({"a": np.ones(3), "b": np.full(3, np.nan)}, 1, ValueError, "b holds NaN"),
        ({"a": np.ones(3), "b": np.ones(3)}, 4, ValueError, "top is 4, expected a number in 1 … 3"),
        ({"a": np.ones(3), "b": np.ones(3)}, 0, ValueError, "top is 0"),
    ],
)
def test_bad_comparisons_are_refused_in_words(scores, top, error, message):
    with pytest.raises(error, match=re.escape(message)):
        xk.rank_agreement(scores, top)
