"""LIME for categories: what a perturbed row of `lime_tabular` holds where columns are no numbers.

A category is one feature of the line: 1 where a perturbed row has x's category, 0 where it has
another (Ribeiro et al. 2016, arXiv:1602.04938, §3.1). A perturbed row takes it from a row of the
background. So each category comes as often as in the data, and a one-hot block always is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import namespace
from xaikit.core.question import Question
from xaikit.core.tables import in_kind, of_numbers
from xaikit.games.players import category_places

Groups = list[np.ndarray]


def as_groups(categorical: Sequence[Any] | None, question: Question) -> Groups:
    """Return the columns of each category: a name or a number is one, several are a block.

    A column of booleans is a category, declared or not.

    Raises
    ------
    TypeError, ValueError
        For a column that x does not have, or that two categories share; for columns of a frame
        that hold no numbers and are not named.
    """
    columns = question.x.shape[1]
    groups = category_places(categorical or [], columns, question.names)
    taken = np.concatenate(groups) if groups else np.array([], dtype=int)
    if len(set(taken.tolist())) < len(taken):
        raise ValueError("a column stands in two entries of categorical")
    rest = np.setdiff1d(np.arange(columns), taken)
    if question.table is None:
        truths = rest if namespace(question.x).isdtype(question.x.dtype, "bool") else rest[:0]
        return groups + [truths[i : i + 1] for i in range(len(truths))]
    frame = question.table.frame
    kinds = list(frame.dtypes)
    if left := [str(frame.columns[j]) for j in rest if not of_numbers(kinds[j])]:
        raise TypeError(
            f"LIME needs numbers, and {', '.join(left)} hold none: name them in categorical"
        )
    return groups + [np.array([j]) for j in rest if kinds[j].kind == "b"]


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
        numbers = table.frame.iloc[self.pool[:, 0], self.numeric]
        return numbers.to_numpy(dtype=np.float64, na_value=np.nan)

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

    def outputs(self, numbers: np.ndarray, picks: np.ndarray, later: int = 0) -> np.ndarray:
        """Return the model's outputs (B, k) for rows of numbers (B, …) and picked categories.

        For `later` see `Question.calls`.
        """
        parts = self.question.calls(len(numbers), self.pool.shape[1], later=later)
        made = (self._rows(numbers[part], picks[part]) for part in parts)
        answers = [self.question.all_outputs(rows, fresh=True) for rows in made]
        return np.concatenate([arrays.float64(answer) for answer in answers])

    def _rows(self, numbers: np.ndarray, picks: np.ndarray) -> Any:
        """Return rows of numbers and picked categories as an array like x, or as a frame."""
        table, width = self.question.table, self.pool.shape[1]
        rows = np.zeros((len(numbers), width), dtype=int)
        for g, columns in enumerate(self.groups):
            rows[:, columns] = picks[:, [g]]
        if table is None:
            values = self.pool[rows, np.arange(width)]
            values[:, self.numeric] = numbers
            return arrays.like(values, self.question.x)
        frame = table.frame_of(self.pool[rows, 0])
        for j, column in enumerate(self.numeric):
            kind = table.frame.dtypes.iloc[column]
            frame.isetitem(int(column), in_kind(numbers[:, j], kind))
        return frame

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
