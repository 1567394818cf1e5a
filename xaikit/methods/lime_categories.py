"""LIME for categories: what a perturbed row of `lime_tabular` holds where columns are no numbers.

A category is one feature of the line: 1 where a perturbed row has x's category, 0 where it has
another (Ribeiro et al. 2016, arXiv:1602.04938, §3.1). A perturbed row takes it from a row of the
background. So each category comes as often as in the data, and a one-hot block always is one.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.question import Question
from xaikit.games.players import category_places

Groups = list[np.ndarray]


def as_groups(categorical: Any, question: Question) -> Groups:
    """Return the columns of each category: a name or a number is one, several are a block.

    Raises
    ------
    TypeError, ValueError
        For a column that x does not have, or that two categories share; for columns of a frame
        that hold no numbers and are not named.
    """
    groups = category_places(categorical, question.x.shape[1], question.names)
    taken = np.concatenate(groups) if groups else np.array([], dtype=int)
    if len(set(taken.tolist())) < len(taken):
        raise ValueError("a column stands in two entries of categorical")
    if question.table is not None:
        frame = question.table.frame
        known = {str(frame.columns[place]) for place in taken}
        if left := [name for name in question.table.other_columns() if name not in known]:
            raise TypeError(
                f"LIME needs numbers, and {', '.join(left)} hold none: name them in categorical"
            )
    return groups


@dataclass(frozen=True, eq=False)
class Perturbation:
    """Rows with numbers in some columns, and categories of background rows in the others.

    Attributes
    ----------
    question : Question
    pool : array (m + n, d)
        The background, then x: NumPy numbers, or cells of the question's table.
    groups : list of arrays
        The columns of each category.
    """

    question: Question
    pool: np.ndarray
    groups: Groups

    @cached_property
    def numeric(self) -> np.ndarray:
        """The columns that are in no group."""
        return np.setdiff1d(np.arange(self.pool.shape[1]), np.concatenate(self.groups))

    @cached_property
    def numbers(self) -> np.ndarray:
        """The numeric columns of the pool, float64."""
        table = self.question.table
        if table is None:
            return self.pool[:, self.numeric]
        return table.frame.iloc[self.pool[:, 0], self.numeric].to_numpy(dtype=np.float64)

    def same(self, picks: np.ndarray, row: int) -> np.ndarray:
        """Tell which categories of the rows `picks` (B, groups) of the pool are those of a row."""
        kinds = self._kinds
        return np.stack(
            [
                (kinds[picks[:, g]][:, columns] == kinds[row, columns]).all(axis=1)
                for g, columns in enumerate(self.groups)
            ],
            axis=1,
        )

    @cached_property
    def _kinds(self) -> np.ndarray:
        """Number the different values of each column of the pool, (rows, columns)."""
        table = self.question.table
        if table is None:
            columns = [np.unique(column, return_inverse=True)[1] for column in self.pool.T]
        else:
            frame = table.frame.iloc[self.pool[:, 0]]
            columns = [frame.iloc[:, j].factorize()[0] for j in range(frame.shape[1])]
        return np.stack(columns, axis=1)

    def outputs(self, numbers: np.ndarray, picks: np.ndarray) -> np.ndarray:
        """Return the model's outputs (B, k) for rows of numbers (B, …) and picked categories."""
        table, width = self.question.table, self.pool.shape[1]
        rows = np.zeros((len(numbers), width), dtype=int)
        for g, columns in enumerate(self.groups):
            rows[:, columns] = picks[:, [g]]
        if table is None:
            values = self.pool[rows, np.arange(width)]
            values[:, self.numeric] = numbers
            return arrays.float64(self.question.all_outputs(arrays.like(values, self.question.x)))
        frame = table.frame_of(self.pool[rows, 0])
        for j, column in enumerate(self.numeric):
            frame.isetitem(int(column), numbers[:, j])
        return arrays.float64(self.question.all_outputs(frame))

    def on_columns(self, scores: np.ndarray, row: int) -> np.ndarray:
        """Return scores (features, 1) as (d,): a block's stands at its column that is not 0."""
        placed = np.zeros(self.pool.shape[1])
        missing = np.isnan(self.numbers[row])
        placed[self.numeric] = np.where(missing, 0, scores[: len(self.numeric), 0])
        for columns, score in zip(self.groups, scores[len(self.numeric) :, 0], strict=True):
            placed[self._chosen(columns, row)] = score
        return placed

    def _chosen(self, columns: np.ndarray, row: int) -> int:
        if len(columns) == 1:
            return int(columns[0])
        table = self.question.table
        values = (
            self.pool[row, columns]
            if table is None
            else table.frame.iloc[self.pool[row, 0], columns].to_numpy()
        )
        return int(columns[np.flatnonzero(values)[0]] if values.any() else columns[0])
