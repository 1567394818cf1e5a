"""The data that lectures and assignments share, with the drawn network and the boosted trees."""

from xaikit.course.datasets import synthetic
from xaikit.course.datasets.comments import Comments, youtube_comments, youtube_spam_collection
from xaikit.course.datasets.drawn import small_network, small_row
from xaikit.course.datasets.models import california_model
from xaikit.course.datasets.pictures import Pictures, digits, mnist
from xaikit.course.datasets.runs import ranking_runs
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
    "Table",
    "breast_cancer",
    "california_housing",
    "california_model",
    "diabetes",
    "digits",
    "mnist",
    "ranking_runs",
    "small_network",
    "small_row",
    "synthetic",
    "youtube_comments",
    "youtube_spam_collection",
]
