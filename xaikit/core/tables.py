"""Data frames on their way to a model: names align, and each column keeps its type.

A mixed row of a frame is written as cells: for each column the number of the row that it is taken
from. So what mixes rows of numbers mixes rows of a frame too, whatever its columns hold.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from xaikit.core import arrays


def is_frame(x: Any) -> bool:
    """Tell whether x is a pandas DataFrame or Series."""
    return hasattr(x, "iloc")


def labels(x: Any) -> list[str] | None:
    """Return the labels of a data frame's columns, or of a series' entries; None without labels."""
    own = getattr(x, "columns", getattr(x, "index", None))
    return None if arrays.is_array(x) or callable(own) or own is None else [str(n) for n in own]


def names_of(own: Sequence[str] | None) -> list[str] | None:
    """Return labels that are names; None where columns are only numbered, 0 … d − 1."""
    return None if own is None or _numbered(own) else list(own)


def _numbered(own: Sequence[str]) -> bool:
    return list(own) == [str(i) for i in range(len(own))]


def expect_in_memory(x: Any, what: str) -> None:
    """Raise a TypeError for a collection of Dask, whose blocks may be on other machines."""
    if type(x).__module__.partition(".")[0] == "dask":
        raise TypeError(
            f"{what} is a Dask {type(x).__name__}, expected rows in memory: give {what}.compute(), "
            "or explain x block by block, with map_blocks or map_partitions (the page Many rows)"
        )


def aligned(values: Any, expected: Sequence[str] | None, what: str) -> Any:
    """Return a table or a row of numbers, its columns in the order of the labels `expected`.

    Where one of the two sides has no names, columns count by their place.

    Raises
    ------
    TypeError
        For a collection of Dask.
    ValueError
        For other names, or a name that two columns have.
    """
    expect_in_memory(values, what)
    own = labels(values)
    places = None if own is None or expected is None else places_in(own, expected, what)
    if places is None:
        return values
    if not is_frame(values):
        return values[[own[place] for place in places]]  # type: ignore[index]
    return values.iloc[places] if values.ndim == 1 else values.iloc[:, places]


def places_in(
    own: Sequence[str], expected: Sequence[str], what: str, hint: str = ""
) -> list[int] | None:
    """Return where each of the expected labels stands among others; None where places count.

    Raises
    ------
    ValueError
        For other names, or a name that two columns have; `hint` ends the message.
    """
    own, expected = list(own), list(expected)
    if own == expected:
        return None
    if sorted(own) == sorted(expected):
        if len(set(own)) < len(own):
            twice = next(label for label in own if own.count(label) > 1)
            raise ValueError(
                f"two columns of {what} have the name {twice}, and x has them in another order: "
                "give each column a name of its own"
            )
        return [own.index(label) for label in expected]
    if _numbered(own) or _numbered(expected):
        return None
    raise ValueError(
        f"the columns of {what} have other names than those of x: {', '.join(own)}; "
        f"expected {', '.join(expected)}{hint}"
    )


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
        kinds = frame.dtypes
        one = kinds.nunique() == 1 and isinstance(kinds.iloc[0], np.dtype)
        self.kind = kinds.iloc[0] if self.numeric and one else None

    def other_columns(self) -> list[str]:
        """Return the names of the columns that do not hold plain numbers."""
        return [str(name) for name, kind in self.frame.dtypes.items() if not of_numbers(kind)]

    def frame_of(self, rows: np.ndarray) -> Any:
        """Return the frame of mixed rows (n, d): whole numbers are cells, others are values."""
        frame = self.frame
        if rows.dtype.kind == "f":
            columns = {j: in_kind(rows[:, j], kind) for j, kind in enumerate(frame.dtypes)}
        else:
            columns = {j: column.take(rows[:, j]) for j, column in enumerate(self._columns)}
        # With its index given, pandas need not look for one in the columns: half of the time.
        mixed = type(frame)(columns, index=range(len(rows)), copy=False)
        mixed.columns = frame.columns
        return mixed

    @cached_property
    def _columns(self) -> list[Any]:
        """The values of each column. NumPy takes numbers several times as fast as pandas does."""
        columns = (column for _, column in self.frame.items())
        return [c.to_numpy() if is_plain(c.dtype) else c.array for c in columns]

    def frame_of_numbers(self, rows: np.ndarray) -> Any:
        """Return numbers (n, d) of one type as a frame, which shares their memory."""
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
        return self.frame.to_numpy(dtype=np.float64, na_value=np.nan)

    def data(self) -> np.ndarray:
        """Return the pool's values for tables and plots: float64, or objects."""
        return self.numbers("a table") if self.numeric else self.frame.to_numpy(dtype=object)

    def joined(self, other: Any, what: str) -> tuple["Table", np.ndarray]:
        """Return a pool that holds `other`'s rows too, and their cells (m, d).

        Columns are aligned by name, and take the types of this table.
        """
        import pandas as pd

        frame = self.frame
        other = as_frame(aligned(other, labels(frame), what), frame.columns, what)
        columns = {}
        kinds = list(frame.dtypes)
        for j, (name, column) in enumerate(other.items()):
            kind = kinds[j]
            if isinstance(kind, pd.CategoricalDtype) and column.dtype != kind:
                unknown = sorted(set(column.dropna()) - set(kind.categories), key=str)
                if unknown:
                    raise ValueError(
                        f"column {name} of {what} holds {unknown[0]!r}, which is no category of x's"
                    )
                column = column.astype(kind)
            elif of_numbers(kind) and of_numbers(column.dtype) and column.dtype != kind:
                column = in_kind(column.to_numpy(np.float64, na_value=np.nan), kind)
            columns[j] = column.array if hasattr(column, "iloc") else column
        other = type(frame)(columns)
        other.columns = frame.columns
        expect_no_infinity(other, what)
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
    if is_plain(column.dtype) and column.dtype.itemsize <= 8:
        column = column.to_numpy().view(f"u{column.dtype.itemsize}")
    codes, _ = pd.factorize(column, use_na_sentinel=False)
    return np.unique(codes, return_index=True)[1][codes]


def is_plain(kind: Any) -> bool:
    """Tell whether a column's type is one of NumPy's numbers."""
    return isinstance(kind, np.dtype) and kind.kind in "biuf"


def of_numbers(kind: Any) -> bool:
    """Tell whether a column holds real numbers; Int64, boolean, … of pandas may lack some."""
    return kind.kind in "biuf"


def in_kind(values: np.ndarray, kind: Any) -> Any:
    """Return float64 numbers in a column's type, or as they are where it does not hold them."""
    if not of_numbers(kind):
        return values
    if is_plain(kind):
        with np.errstate(invalid="ignore", over="ignore"):
            cast = values.astype(kind)
        return cast if kind.kind == "f" or (cast == values).all() else values
    import pandas as pd

    plain = pd.array(values, dtype="Float64")
    try:
        cast = plain.astype(kind)
    except (TypeError, ValueError):
        return plain
    back = cast.to_numpy(np.float64, na_value=np.nan)
    return cast if kind.kind == "f" or np.array_equal(back, values, equal_nan=True) else plain


def table_of(x: Any, second: Any = None) -> tuple[Table, np.ndarray]:
    """Return the table of a frame or a series (one row), and its cells (n, d)."""
    frame = as_frame(x, None, "x").reset_index(drop=True)
    if x.ndim == 1 and is_frame(second) and second.ndim == 2:
        frame = frame.astype(aligned(second, labels(x), "the background").dtypes)
    if not frame.size:
        raise ValueError(f"x is empty: its shape is {frame.shape}, expected at least one row")
    table = Table(frame)
    expect_no_infinity(frame, "x")
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


def expect_no_infinity(frame: Any, what: str) -> None:
    """Raise a ValueError for a column of numbers or objects that holds infinity."""
    for name, column in frame.items():
        kind = column.dtype
        if kind.kind == "f":
            own = is_plain(kind)
            values = column.to_numpy() if own else column.to_numpy(np.float64, na_value=np.nan)
        elif kind.kind == "O" and isinstance(kind, np.dtype):
            floats = (float, np.floating)
            values = np.array([value if isinstance(value, floats) else 0.0 for value in column])
        else:
            continue
        if (infinite := np.isinf(values)).any():
            raise ValueError(
                f"column {name} of {what} holds infinity (first in row {int(infinite.argmax())}): "
                "fill it in or drop its row first, or write NaN for a missing value"
            )


def as_numbers(x: Any, what: str) -> Any:
    """Return rows of a frame, or a series as one, with floating numbers in place of whole ones.

    Columns that hold no numbers stay as they are.

    Raises
    ------
    TypeError, ValueError
        For a frame without numbers, or for NaN or infinity.
    """
    frame = as_frame(x, None, what).copy()
    expect_no_infinity(frame, what)
    numbers = [j for j, kind in enumerate(frame.dtypes) if of_numbers(kind)]
    if not numbers:
        raise TypeError(f"no column of {what} holds numbers")
    arrays.numeric(frame.iloc[:, numbers], what)
    for j in numbers:
        column = frame.iloc[:, j]
        kind = column.dtype if column.dtype.kind == "f" and is_plain(column.dtype) else np.float64
        frame.isetitem(j, column.to_numpy(kind))
    return frame


def shifted(frame: Any, steps: np.ndarray, single: bool) -> Any:
    """Return a frame of floating numbers, or its only row, with steps (n, d) added to them."""
    moved = frame.copy()
    for j, kind in enumerate(frame.dtypes):
        if is_plain(kind):
            moved.isetitem(j, (frame.iloc[:, j].to_numpy() + steps[:, j]).astype(kind))
    return moved.iloc[0] if single else moved
