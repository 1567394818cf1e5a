"""Sentences from reviews of films and products, rated by people."""

import csv
import gzip
import io
from typing import NamedTuple

import numpy as np

from xaikit.core.settings import as_seed
from xaikit.course.datasets.sources import shipped

SHA256 = "34d34a6bb8a531559fb2e4f078dde38d88f85776f81bd97fcf954772dd40afdb"
NEUTRAL = 0.5  # a mean rating nearer to 0 is no clear answer


class Sentences(NamedTuple):
    """Sentences in the order of their source.

    `texts`, shape (n,), are Python's strings; `ratings`, shape (n,), run from −4, most negative,
    to 4, most positive; `labels`, shape (n,), are 1 for a positive and 0 for a negative sentence.
    `sources`, shape (n,), are "film" and "product". Sentences of one number in `groups`, shape
    (n,), are near-duplicates. `train` and `test` are row numbers.
    """

    texts: np.ndarray
    ratings: np.ndarray
    labels: np.ndarray
    sources: np.ndarray
    groups: np.ndarray
    train: np.ndarray
    test: np.ndarray


def rated_sentences(seed: int | None = 0) -> Sentences:
    """14,313 sentences of reviews, each with the mean of twenty people's ratings.

    A sentence with a rating nearer to 0 than 0.5 is neutral. It is neither for training nor for
    testing, since people do not agree on its sign.

    Two sentences are near-duplicates if they share at least 0.6 of the words that occur in either
    of them. They are in one group, with the near-duplicates of either, and a group is for training
    or for testing as a whole: an answer that was learnt by heart is no test.

    Parameters
    ----------
    seed : int or None
        Decides which quarter of the groups is for testing.

    Raises
    ------
    ValueError
        If the file that holds the sentences is damaged.

    References
    ----------
    Hutto & Gilbert 2014, VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social
    Media Text, ICWSM 8, doi:10.1609/icwsm.v8i1.14550. The sentences and their ratings are from the
    package vaderSentiment 3.3.2 (MIT licence, beside the data; copyright 2016 C. J. Hutto).
    """
    packed = gzip.decompress(shipped("rated_sentences.csv.gz", SHA256).read())
    rows = list(csv.DictReader(io.StringIO(packed.decode("utf-8"), newline="")))
    # Python's own strings: NumPy would pad all sentences to the longest one.
    texts = np.array([row["text"] for row in rows], dtype=object)
    ratings = np.array([float(row["rating"]) for row in rows])
    groups = np.array([int(row["group"]) for row in rows])
    order = np.random.default_rng(as_seed(seed)).permutation(groups.max() + 1)
    tested = np.isin(groups, order[: len(order) // 4])
    clear = np.abs(ratings) >= NEUTRAL
    train, test = np.flatnonzero(clear & ~tested), np.flatnonzero(clear & tested)
    sources = np.array([row["source"] for row in rows])
    return Sentences(texts, ratings, (ratings > 0).astype(int), sources, groups, train, test)
