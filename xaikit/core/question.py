"""The question that a method, a game or a measure answers: why this output, for these rows?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from xaikit.core import arrays, models, tables
from xaikit.core.arrays import Array, namespace
from xaikit.core.attribution import Attribution
from xaikit.core.chunks import NUMBERS, Pace, chunk_rows
from xaikit.core.models import (
    DifferentiableModel,
    ForwardPass,
    expect_finite,
    expect_same_outputs,
)
from xaikit.core.tables import Table
from xaikit.core.targets import as_targets, select


@dataclass(frozen=True, eq=False)
class Question:
    """The checked inputs of a method, with a batch axis: why F_target(x), not F_target(baseline)?

    Attributes
    ----------
    model : callable or DifferentiableModel
        The function F.
    x : array (n, …)
        The rows. For a function and a data frame of several types: cells of `table`. For a text: a
        list of it.
    target : (n,) ints
        The output column to explain in each row.
    baseline : array (1, …) or (n, …)
        Like x; None for texts, and for frames with columns that are not numbers.
    output : array (n,)
        F_target(x).
    columns : int
        How many outputs F has, k.
    single : bool
        Whether x was given as a single row (d,).
    labels : list of str, or None
        The labels of a data frame's columns, by which other tables are aligned.
    forward : ForwardPass, or None
        The forward pass of x, if it was kept.
    table : Table, or None
        The rows of a data frame of several types, that a function is called with.
    made : callable, or None
        Makes what a function is called with, of an array of rows: a frame of one type, or a sparse
        matrix.
    pace : Pace
        The size of the function's calls.
    tokens : array (n, T), or None
        The ids of a text's tokens, where x are their vectors (n, T, …).
    whole : array (0, …), or None
        Of x's type, if these were whole numbers that became floating for arithmetic.
    """

    model: Any
    x: Array
    target: np.ndarray
    baseline: Array
    output: Array
    columns: int
    single: bool
    labels: Sequence[str] | None = None
    forward: ForwardPass | None = None
    table: Table | None = None
    made: Callable | None = None
    pace: Pace = field(default_factory=Pace)
    tokens: Array | None = None
    whole: Array | None = None

    @property
    def names(self) -> list[str] | None:
        """The names of a data frame's columns."""
        return tables.names_of(self.labels)

    def base(self) -> Array:
        """Return F_target(baseline), (n,)."""
        what = "the model's output at the baseline"
        return select(self._as_for_x(models.outputs(self.model, self.baseline, what)), self.target)

    def target_outputs(self, rows: Array, row_of: np.ndarray, fresh: bool = False) -> np.ndarray:
        """Return F_target, float64 (m,), for rows (m, …) made from the rows `row_of` (m,) of x.

        For `fresh` see `models.outputs`.
        """
        found = self.all_outputs(rows, fresh)
        return arrays.float64(select(found, self.target[row_of]))

    def all_outputs(self, rows: Array, fresh: bool = False) -> Array:
        """Return F (m, k) of rows like x (m, …); for a frame they are cells or numbers."""
        if self.table is not None:
            rows, fresh = rows if tables.is_frame(rows) else self.table.frame_of(rows), True
        elif self.whole is not None:
            rows = arrays.as_whole(rows, self.whole)
        return self._as_for_x(models.outputs(self.model, rows, fresh=fresh, made=self.made))

    def expect_function(self) -> None:
        """Raise a ValueError unless one row alone gets the output that it had among others.

        For methods that do not come back to x: this asks a function about the row with the largest
        output. Models with gradients were asked by `ask`.
        """
        if not isinstance(self.model, DifferentiableModel):
            row = largest_row(self.explained)
            self.expect_same(self._alone(row), np.array([row]), self.explained)

    def expect_same(self, found: np.ndarray, row_of: np.ndarray, scale: Any) -> None:
        """Raise a ValueError unless outputs found for the rows `row_of` of x are F_target(x).

        For `scale` see `models.expect_same_outputs`.
        """
        known = self.explained[row_of]
        row = row_of[largest_row(known)]
        expect_same_outputs(found, known, scale, lambda: self._alone(row))

    def _alone(self, row: int) -> np.ndarray:
        """Return F_target of one row of x, (1,), asked alone."""
        return self.target_outputs(self.x[row : row + 1], np.array([row]))

    def calls(self, count: int, width: int, rows_each: int = 1, later: int = 0) -> Iterator[slice]:
        """Cut 0 … count into slices, one for each call of the model; `later` others are to come.

        Each of the count stands for `rows_each` rows of a width. A function may get larger calls
        after some were timed: see `Pace`.
        """
        rows = chunk_rows(width)
        most = 1 if isinstance(self.model, DifferentiableModel) else NUMBERS // (rows * width)
        return self.pace.chunks(count, max(1, rows // rows_each), most, later)

    def with_rows(self, rows: Any, what: str) -> tuple["Question", Array]:
        """Return a question whose x can be mixed with other rows, and these rows (m, …) like x.

        Columns are aligned by name. Whole numbers become floating where the others are.
        """
        if self.table is not None and not arrays.is_floating(self.x):
            table, cells = self.table.joined(rows, what)
            return replace(self, table=table), cells
        rows = arrays.dense(tables.aligned(rows, self.labels, what))
        rows = tables.as_frame(rows, None, what) if tables.is_frame(rows) else rows
        missing = not isinstance(self.model, DifferentiableModel)
        x, rows = _of_one_kind(self.x, rows, what, missing)
        if tuple(rows.shape[1:]) != tuple(x.shape[1:]):
            raise ValueError(
                f"{what} has shape {tuple(rows.shape)}, expected rows like those of x: "
                f"(m, {', '.join(map(str, x.shape[1:]))})"
            )
        return replace(self, x=x), rows

    def whole_columns(self) -> np.ndarray:
        """Tell which columns of x (n, d) were given as whole numbers, (d,)."""
        if self.table is not None:
            return np.array([kind.kind in "iu" for kind in self.table.frame.dtypes])
        x = self.x if self.whole is None else self.whole
        return np.full(x.shape[1], namespace(x).isdtype(x.dtype, "integral"))

    def limits(self, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the least and the largest number (d,) that the types of some columns hold.

        `columns` (d,) tells which: of those that were given as whole numbers. Others have no limit.
        """
        kinds = [None] * len(columns) if self.table is None else list(self.table.frame.dtypes)
        if self.table is None and columns.any():
            whole = arrays.to_numpy(self.x[:0] if self.whole is None else self.whole)
            kinds = [whole.dtype] * len(columns)
        low, high = np.full(len(columns), -np.inf), np.full(len(columns), np.inf)
        for j in np.flatnonzero(columns):
            held = np.iinfo(getattr(kinds[j], "numpy_dtype", kinds[j]))  # of pandas' Int64, int64
            low[j], high[j] = held.min, held.max
        return low, high

    def in_numbers(self, why: str) -> "Question":
        """Return the question with x and the baseline as floating numbers, for arithmetic.

        The model is still called with the types of x, where these hold the numbers.

        Raises
        ------
        TypeError
            For a frame with columns that are not numbers; `why` begins the message.
        """
        if self.table is None:
            if arrays.is_floating(self.x):
                return self
            x, baseline = arrays.floating(self.x), arrays.floating(self.baseline)
            return replace(self, x=x, baseline=baseline, whole=self.x[:0])
        pool = self.table.numbers(why)
        columns = np.arange(pool.shape[1])
        return replace(self, x=pool[self.x, columns], baseline=pool[self.baseline, columns])

    @property
    def explained(self) -> np.ndarray:
        """F_target(x) as float64, (n,)."""
        return arrays.float64(self.output)

    @property
    def data(self) -> Array:
        """The rows of x for tables and plots."""
        if self.tokens is not None:
            return self.tokens
        return self.x if self.table is None else self.table.data()[: len(self.target)]

    def gradient_at_x(self) -> Array:
        """Return :math:`∂F_target/∂x` at x from the kept forward pass; call it once."""
        assert self.forward is not None
        return self.forward.gradient(self.target)

    def gradients_at(self, rows: Array, row_of: np.ndarray) -> Array:
        """Return :math:`∂F_target/∂x` at rows (m, …) made from the rows `row_of` (m,) of x."""
        forward = self.model.forward_pass(rows)
        self._as_for_x(forward.output)
        return forward.gradient(self.target[row_of])

    def _as_for_x(self, outputs: Array) -> Array:
        """Return outputs (m, k), or raise a ValueError if there are other than for x.

        A model that sums over the wrong axis answers one row by (d,), which reads as d outputs, and
        d rows by (d,), which reads as one each.
        """
        rows, columns = outputs.shape
        if columns != self.columns:
            raise ValueError(
                f"the model returned {columns} output(s) a row for {rows} rows, and {self.columns} "
                f"for the {len(self.x)} row(s) of x: expected (n,) or (n, k) with the same k always"
            )
        return outputs

    def flat(self) -> tuple[Array, Array]:
        """Return x and the baseline as rows (n, d)."""
        baseline = namespace(self.x).broadcast_to(self.given_baseline(), self.x.shape)
        return self.x.reshape(len(self.x), -1), baseline.reshape(len(self.x), -1)

    def given_baseline(self) -> Array:
        """Return the baseline, or raise a ValueError where zeros cannot stand in for one."""
        if self.baseline is None:
            raise ValueError(
                f"{', '.join(self.table.other_columns())} hold no numbers, so 0 is no baseline: "  # type: ignore[union-attr]
                "give one, a row like those of x"
            )
        return self.baseline

    def unbatched(self, values: Any, axis: int = 0) -> Any:
        """Return values without their axis n if x was a single row; None stays None."""
        return arrays.unbatched(values, self.single, axis)

    def answer(
        self,
        values: Array,
        base: Array | None,
        method: str,
        std: Array | None = None,
        **more: Any,
    ) -> Attribution:
        """Return the scores of these rows as an Attribution, in the shape of the given x.

        A token's score is the sum over the coordinates of its vector.
        """
        if self.tokens is not None:
            values = namespace(values).sum(values, axis=-1)
        return Attribution(
            self.unbatched(expect_finite(values, f"{method}: a score")),
            self.unbatched(base),
            self.unbatched(arrays.like(self.output, values)),
            self.unbatched(self.data),
            std=self.unbatched(std),
            method=method,
            feature_names=self.names,
            **more,
        )


def ask(
    model: Any,
    x: Any,
    target: Any = 0,
    baseline: Any = None,
    keep_forward: bool = False,
    second: Any = None,
) -> Question:
    """Check the arguments of a method and return them as a Question.

    Parameters
    ----------
    model : callable, Network or TorchModel
        A function is called with rows of the kind that x is: a frame keeps names, order and types,
        whole numbers stay whole, a sparse matrix stays sparse.
    x : array (n, …) or (d,), data frame or series, sparse matrix (for a function)
    target : int or (n,) ints
    baseline : None, number, row, or array like x
        None is zeros.
    keep_forward : bool
        Whether to keep the forward pass for one backward pass; the model must have gradients.
    second : data frame, optional
        A background. It tells the columns' types if x is a series, which has a single type.

    Raises
    ------
    TypeError
        For a model that is not callable, or has no gradients where they are needed; outputs that
        are labels; x that is not numeric or does not match the weights in library, device or dtype;
        x or a baseline of Dask; a target that is not a whole number.
    ValueError
        For infinity in x, NaN in x for a model with gradients, NaN or infinity in the model's
        outputs, x that is empty or has another width than the weights, a target out of range, a
        baseline of another shape or other names.
    """
    tables.expect_in_memory(x, "x")
    labels, made = tables.labels(x), None
    if not (keep_forward or isinstance(model, DifferentiableModel)):
        models.expect_callable(model)
        if tables.is_frame(x):
            table, cells = tables.table_of(x, second)
            if table.kind is None:
                return _ask_about_cells(model, x, table, cells, target, baseline)
            made, rows = table.frame_of_numbers, table.frame.to_numpy()
            x = rows[0] if x.ndim == 1 else rows
        elif arrays.is_sparse(x):
            made, x = type(x), x.toarray()
    rows, single = models.as_rows(models.expect_gradients(model) if keep_forward else model, x)
    forward = model.forward_pass(rows) if keep_forward else None
    if forward:
        output = expect_finite(forward.output, "the model's output")
    else:
        output = models.outputs(model, rows, made=made)
    targets = as_targets(target, *output.shape)
    missing = not isinstance(model, DifferentiableModel)
    baseline = arrays.dense(tables.aligned(baseline, labels, "baseline"))
    baseline = as_baseline(baseline, rows, missing)
    rows = arrays.like(rows, baseline)  # whole numbers beside a floating baseline are floating
    chosen, columns = select(output, targets), output.shape[1]
    question = Question(
        model, rows, targets, baseline, chosen, columns, single, labels, forward, made=made
    )
    known = isinstance(model, DifferentiableModel) and model.is_function
    if not known and (isinstance(model, DifferentiableModel) or rows.ndim == 3):
        _expect_same_alone(question, output)
    return question


def ask_for_slopes(
    model: Any, x: Any, target: Any = 0, baseline: Any = None, keep_forward: bool = False
) -> Question:
    """Check the arguments of a method that takes slopes along x and return them as a Question.

    As `ask`, but token ids, along which there is no slope, become vectors. Then the baseline is
    None (zeros), ids (whole numbers; they get the positions of x's tokens), or vectors.
    """
    if not models.expect_gradients(model).reads_tokens:
        return ask(model, x, target, baseline, keep_forward)
    tokens, single = models.as_rows(model, x)
    behind, vectors, baseline = model.behind_embedding(tokens, baseline)
    question = ask(behind, vectors, target, baseline, keep_forward)
    return replace(question, tokens=tokens, single=single)


def largest_row(outputs: np.ndarray) -> int:
    """Return the row of outputs (n, …) with the largest one.

    All rows are rounded like their parts, which an output may hide if they cancel in it. Beside the
    largest one the rounding is small, and chance is not.
    """
    sizes = np.abs(outputs).reshape(len(outputs), -1).max(axis=1)
    return int(sizes.argmax())


def _expect_same_alone(question: Question, output: Array) -> None:
    """Raise a ValueError unless one row alone gets the outputs that it got among the others.

    A picture (3, h, w) without a batch axis looks like three rows.
    """
    outputs = arrays.float64(output)
    row = largest_row(outputs)

    def alone() -> np.ndarray:
        return arrays.float64(question.all_outputs(question.x[row : row + 1])[0])

    try:
        found = alone()
    except Exception as error:  # of any library
        raise ValueError(
            f"the model takes the {len(question.x)} rows of x together, and not one alone: "
            f"{error}{models.batch_hint(question.x)}"
        ) from error
    expect_same_outputs(found, outputs[row], outputs, alone)


def _ask_about_cells(
    model: Callable, x: Any, table: Table, cells: np.ndarray, target: Any, baseline: Any
) -> Question:
    """Return the Question about rows of a frame of several types, or about a series."""
    output = models.outputs(model, table.frame_of(cells), fresh=True)
    targets = as_targets(target, *output.shape)
    question = Question(
        model,
        cells,
        targets,
        None,
        select(output, targets),
        output.shape[1],
        single=x.ndim == 1,
        labels=tables.labels(x),
        table=table,
    )
    if np.ndim(baseline) == 0 and table.numeric:
        baseline = np.full((1, cells.shape[1]), 0 if baseline is None else baseline)
    if baseline is None:
        return question
    question, rows = question.with_rows(baseline, "baseline")
    if len(rows) not in (1, len(cells)):
        raise ValueError(f"baseline has {len(rows)} rows, expected one, or one for each of x")
    return replace(question, baseline=rows)


def ask_text(classifier: Any, text: Any, target: int = 1) -> Question:
    """Check a text and its classifier and return them as a Question, which has no baseline.

    Raises
    ------
    TypeError, ValueError
        As `ask`; for a text that is not a str.
    """
    models.expect_callable(classifier)
    if not isinstance(text, str):
        raise TypeError(f"text is {type(text).__name__}, expected one text (str)")
    output = models.outputs(classifier, [text])
    targets = as_targets(target, *output.shape)
    chosen, columns = select(output, targets), output.shape[1]
    return Question(classifier, [text], targets, None, chosen, columns, single=True)


def as_baseline(baseline: Any, x: Array, missing: bool = False) -> Array:
    """Return the baseline as (1, …) or (n, …): None is zeros, a number fills every feature."""
    if baseline is None:
        return namespace(x).zeros_like(x[:1])
    x, baseline = _of_one_kind(x, baseline, "baseline", missing)
    if baseline.ndim == 0:
        return namespace(x).zeros_like(x[:1]) + baseline
    if tuple(baseline.shape) == tuple(x.shape[1:]):
        return baseline[None]
    if tuple(baseline.shape) in (tuple(x.shape), (1, *x.shape[1:])):
        return baseline
    raise ValueError(
        f"baseline has shape {tuple(baseline.shape)}, expected a number, "
        f"one row {tuple(x.shape[1:])}, or a row for each of x {tuple(x.shape)}"
    )


def _of_one_kind(x: Array, values: Any, what: str, missing: bool) -> tuple[Array, Array]:
    """Return x and other values as arrays of one kind: floating if one of them is."""
    placed = arrays.is_array(values) and (np.ndim(values) > 0 or arrays.is_torch(values))
    if not placed:  # a list, a number, a frame: goes where x is
        values = arrays.numeric(values, what, missing)
    if not any(arrays.is_torch(one) or arrays.is_floating(one) for one in (x, values)):
        return _whole_numbers(x, arrays.numeric(values, what))
    if not (arrays.is_torch(x) or arrays.is_torch(values) or arrays.is_floating(x)):
        cast = arrays.as_whole(values, x[:0])
        if cast is not values:  # 0.0, or floats that hold whole numbers: x stays what it is
            return x, arrays.numeric(cast, what)
    if not placed:
        whole = not arrays.is_floating(values)
        values = arrays.like(values, x if whole else arrays.floating(x[:0]))
    if arrays.is_floating(values) and not arrays.is_floating(x):
        x = arrays.like(x, values)
    return x, arrays.matching(values, x, what, "the numbers of x", missing) if placed else values


def _whole_numbers(x: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return whole numbers in x's type; in a wider one if it lacks a value, as bytes lack −1."""
    cast = values.astype(x.dtype)
    if (cast == values).all():
        return x, cast
    kind = np.result_type(x, values)
    return x.astype(kind), values.astype(kind)
