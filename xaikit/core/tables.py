"""Data frames on their way to a model: names align, and each column keeps its type.

A mixed row of a frame is written as cells: for each column the number of the row that it is taken
from. So what mixes rows of numbers mixes rows of a frame too, whatever its columns hold.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from xaikit.core import arrays


def is_frame(x: Any) -> bool:
    """Tell whether x is a pandas DataFrame or Series."""
    return hasattr(x, "iloc")


def column_names(x: Any) -> list[str] | None:
    """Return the names of a data frame's columns, or of a series' entries; None without names."""
    names = getattr(x, "columns", getattr(x, "index", None))
    if arrays.is_array(x) or callable(names) or names is None:
        return None
    return list(names) if all(isinstance(name, str) for name in names) else None


def expect_in_memory(x: Any, what: str) -> None:
    """Raise a TypeError for a collection of Dask, whose blocks may be on other machines."""
    if type(x).__module__.partition(".")[0] == "dask":
        raise TypeError(
            f"{what} is a Dask {type(x).__name__}, expected rows in memory: give {what}.compute(), "
            "or explain x block by block, with map_blocks or map_partitions (the page Many rows)"
        )


def aligned(values: Any, names: Sequence[str] | None, what: str) -> Any:
    """Return a table or a row of numbers, its columns in the order of `names`.

    Without names on one of the two sides columns count by their place.

    Raises
    ------
    TypeError
        For a collection of Dask.
    ValueError
        For other names.
    """
    expect_in_memory(values, what)
    own = column_names(values)
    if own is None or names is None or own == list(names):
        return values
    if sorted(own) != sorted(names):
        raise ValueError(
            f"the columns of {what} have other names than those of x: {', '.join(own)}; "
            f"expected {', '.join(names)}"
        )
    return values[list(names)]


class Table:
    """Rows of a data frame, made of cells.

    Parameters
    ----------
    frame : pandas.DataFrame
        The pool of rows (r, d) that cells are taken from.
    """

    def __init__(self, frame: Any):
        self.frame = frame
        self.numeric = not self.other_columns()
        # The one type of all columns, if they are numbers: then no cells are needed.
        self.kind = frame.dtypes.iloc[0] if self.numeric and frame.dtypes.nunique() == 1 else None

    def other_columns(self) -> list[str]:
        """Return the names of the columns that do not hold plain numbers."""
        return [str(name) for name, kind in self.frame.dtypes.items() if not _of_numbers(kind)]

    def frame_of(self, rows: np.ndarray) -> Any:
        """Return the frame of mixed rows (n, d): whole numbers are cells, others are values."""
        frame = self.frame
        if rows.dtype.kind == "f":
            return self.frame_of_numbers(rows)
        columns = {j: frame.iloc[:, j].array.take(rows[:, j]) for j in range(rows.shape[1])}
        mixed = type(frame)(columns, copy=False)
        mixed.columns = frame.columns
        return mixed

    def frame_of_numbers(self, rows: np.ndarray) -> Any:
        """Return numbers (n, d) as a frame, which shares their memory."""
        return type(self.frame)(rows, columns=self.frame.columns, copy=False)

    def first_equal(self, cells: np.ndarray) -> np.ndarray:
        """Return cells (…, d) in which equal values of a column are one cell: the first of them."""
        columns = range(self.frame.shape[1])
        first = np.stack([_first_equal(self.frame.iloc[:, j]) for j in columns], axis=1)
        return first[cells, np.arange(len(columns))]

    def numbers(self, why: str) -> np.ndarray:
        """Return the pool as float64 (r, d), or say which columns are not numbers."""
        if others := self.other_columns():
            raise TypeError(f"{why} needs numbers, and {', '.join(others)} hold none: encode them")
        return self.frame.to_numpy(dtype=np.float64)

    def data(self) -> np.ndarray:
        """Return the pool's values for tables and plots: float64, or objects."""
        return self.frame.to_numpy(dtype=np.float64 if self.numeric else object)

    def joined(self, other: Any, what: str) -> tuple["Table", np.ndarray]:
        """Return a pool that holds `other`'s rows too, and their cells (m, d).

        Columns are aligned by name, and take the types of this table.
        """
        import pandas as pd

        frame = self.frame
        other = as_frame(aligned(other, column_names(frame), what), frame.columns, what)
        for name in frame.columns:
            kind = frame[name].dtype
            if isinstance(kind, pd.CategoricalDtype) and other[name].dtype != kind:
                unknown = sorted(set(other[name].dropna()) - set(kind.categories), key=str)
                if unknown:
                    raise ValueError(
                        f"column {name} of {what} holds {unknown[0]!r}, which is no category of x's"
                    )
                other = other.assign(**{name: other[name].astype(kind)})
        cells = np.arange(len(frame), len(frame) + len(other))
        pool = pd.concat([frame, other], ignore_index=True)
        return Table(pool), np.repeat(cells[:, None], frame.shape[1], axis=1)


def _first_equal(column: Any) -> np.ndarray:
    """Return for each entry of a column the place of the first one that no model can tell from it.

    0 and −0 are not the same, nor are 1 and True.
    """
    import pandas as pd

    if column.dtype == object and not all(isinstance(value, str) for value in column):
        return np.arange(len(column))
    if _of_numbers(column.dtype) and column.dtype.itemsize <= 8:
        column = column.to_numpy().view(f"u{column.dtype.itemsize}")
    codes, _ = pd.factorize(column, use_na_sentinel=False)
    return np.unique(codes, return_index=True)[1][codes]


def _of_numbers(kind: Any) -> bool:
    return isinstance(kind, np.dtype) and kind.kind in "biuf"


def table_of(x: Any, second: Any = None) -> tuple[Table, np.ndarray]:
    """Return the table of a frame or a series (one row), and its cells (n, d)."""
    frame = as_frame(x, None, "x").reset_index(drop=True)
    if x.ndim == 1 and is_frame(second) and second.ndim == 2:
        frame = frame.astype(aligned(second, column_names(x), "the background").dtypes)
    if not frame.size:
        raise ValueError(f"x is empty: its shape is {frame.shape}, expected at least one row")
    table = Table(frame)
    if table.numeric:
        arrays.numeric(table.numbers("x"), missing=True)
    return table, np.repeat(np.arange(len(frame))[:, None], frame.shape[1], axis=1)


def as_frame(values: Any, columns: Any, what: str) -> Any:
    """Return a frame with these columns: of a frame, a series (one row) or an array of rows."""
    import pandas as pd

    if isinstance(values, pd.Series):
        values = values.to_frame().T.infer_objects()
    if not isinstance(values, pd.DataFrame):
        rows = np.atleast_2d(arrays.to_numpy(values))
        if rows.ndim != 2 or rows.shape[1] != len(columns):
            raise ValueError(
                f"{what} has shape {rows.shape}, expected rows like those of x: (m, {len(columns)})"
            )
        values = pd.DataFrame(rows, columns=columns)
    return values
