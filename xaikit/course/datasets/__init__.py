"""The data and the drawn network that lectures and assignments share."""

from xaikit.course.datasets.drawn import small_network, small_row
from xaikit.course.datasets.pictures import Pictures, digits, mnist
from xaikit.course.datasets.tabular import (
    Housing,
    Table,
    breast_cancer,
    california_housing,
    diabetes,
)

__all__ = [
    "Housing",
    "Pictures",
    "Table",
    "breast_cancer",
    "california_housing",
    "diabetes",
    "digits",
    "mnist",
    "small_network",
    "small_row",
]
