"""The data and the drawn network that lectures and assignments share."""

from xaikit.course.datasets.drawn import small_network, small_row
from xaikit.course.datasets.tabular import Table, diabetes

__all__ = ["Table", "diabetes", "small_network", "small_row"]
