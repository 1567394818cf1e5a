"""The rated sentences: what they are, and that near-duplicates do not cross the split."""

import re
from collections import Counter

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from xaikit.course import datasets


@pytest.fixture(scope="module")
def sentences():
    return datasets.rated_sentences()


def test_sentences_are_those_of_the_source(sentences):
    assert len(sentences.texts) == 14313
    assert Counter(sentences.sources.tolist()) == {"film": 10605, "product": 3708}
    assert sentences.texts[2] == "Effective but too tepid biopic"
    assert sentences.ratings[2] == -0.6 and sentences.labels[2] == 0
    assert {type(text) for text in sentences.texts} == {str}
    assert sentences.ratings.min() == -3.88 and sentences.ratings.max() == 3.94


@pytest.mark.parametrize("seed", [0, 1])
def test_a_clear_sentence_is_for_training_or_for_testing(seed):
    sentences = datasets.rated_sentences(seed)
    clear = np.flatnonzero(np.abs(sentences.ratings) >= 0.5)
    assert sorted([*sentences.train, *sentences.test]) == clear.tolist()
    assert not set(sentences.groups[sentences.train]) & set(sentences.groups[sentences.test])
    # Groups are drawn, and nearly all are single sentences.
    assert len(sentences.test) / len(clear) == pytest.approx(1 / 4, abs=0.01)


def test_the_seed_decides_the_split(sentences):
    assert datasets.rated_sentences(0).test.tolist() == sentences.test.tolist()
    assert datasets.rated_sentences(1).test.tolist() != sentences.test.tolist()


def test_groups_are_the_near_duplicates(sentences):
    words = [set(re.findall(r"\w+", text.lower())) or {text} for text in sentences.texts]
    column = {word: number for number, word in enumerate(sorted(set().union(*words)))}
    places = [(row, column[word]) for row, own in enumerate(words) for word in own]
    holds = sparse.csr_matrix((np.ones(len(places)), np.transpose(places)))
    size = holds.sum(axis=1).A1
    near = []
    for start in range(0, len(words), 1000):
        both = (holds[start : start + 1000] @ holds.T).tocoo()
        shared = both.data / (size[both.row + start] + size[both.col] - both.data)
        near.append(np.stack([both.row + start, both.col])[:, shared >= 0.6])
    one, other = np.concatenate(near, axis=1)
    shape = (len(words), len(words))
    count, found = connected_components(sparse.coo_matrix((np.ones(len(one)), (one, other)), shape))
    assert count == len(set(sentences.groups))
    assert len(set(zip(found.tolist(), sentences.groups.tolist(), strict=True))) == count
