"""The data that lectures and assignments share, with the drawn network and the boosted trees."""

from xaikit.course.datasets import synthetic
from xaikit.course.datasets.comments import Comments, youtube_comments, youtube_spam_collection
from xaikit.course.datasets.drawn import small_network, small_row
from xaikit.course.datasets.models import california_model
from xaikit.course.datasets.pictures import Pictures, digits, mnist
from xaikit.course.datasets.runs import attention_runs, minilm_runs, ranking_runs
from xaikit.course.datasets.sentences import Sentences, rated_sentences
from xaikit.course.datasets.tabular import (
    Housing,
    Table,
    breast_cancer,
    california_housing,
    diabetes,
)

__all__ = [
    "Comments",
    "Housing",
    "Pictures",
    "Sentences",
    "Table",
    "attention_runs",
    "breast_cancer",
    "california_housing",
    "california_model",
    "diabetes",
    "digits",
    "minilm_runs",
    "mnist",
    "ranking_runs",
    "rated_sentences",
    "small_network",
    "small_row",
    "synthetic",
    "youtube_comments",
    "youtube_spam_collection",
]
