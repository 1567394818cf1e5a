"""The result of every method: scores, and the sum that they should have."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.extras import needs

TABLE_ROWS, TABLE_FEATURES = 10, 60  # longer tables are cut off


@dataclass(frozen=True, eq=False)
class Attribution:
    """A score for every feature of every row; complete scores sum to output − base.

    Attributes
    ----------
    values : array (n, …) or (d,)
        The scores, in the shape of the data: with a batch axis, or without for a single row.
    base : array (n,) or 0-d, or None
        The output that the scores start from: F(baseline), a mean prediction, an intercept; None
        for methods whose scores are not parts of a whole (saliency).
    output : array (n,) or 0-d
        The explained output F_target(x).
    data : array, like values
        The explained rows.
    std : array, like values, or None
        Standard deviation of the scores, from methods that sample.
    evaluations : int
        Number of inputs that a sampling method evaluated: coalitions, or LIME's perturbed inputs.
    method : str
        The method's name.
    feature_names : sequence of str, or None
        For tables and plots.
    details : dict
        Results that only one method has.
    """

    values: Array
    base: Array | None
    output: Array
    data: Array
    std: Array | None = None
    evaluations: int = 0
    method: str = ""
    feature_names: Sequence[str] | None = None
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def gap(self) -> Array | None:
        """:math:`Σ values − (output − base)`, (n,) or 0-d; zero where the method is complete."""
        if self.base is None:
            return None
        features = tuple(range(self.output.ndim, self.values.ndim))
        return namespace(self.values).sum(self.values, axis=features) - (self.output - self.base)

    def with_names(self, feature_names: Sequence[str]) -> "Attribution":
        """Return the same attribution with named features."""
        names = [str(name) for name in feature_names]
        if len(names) != self.values.shape[-1]:
            raise ValueError(f"{len(names)} names were given for {self.values.shape[-1]} features")
        return replace(self, feature_names=names)

    def plot(self, row: int = 0, ax=None):
        """Draw the scores of one row: a text as coloured tokens, features as bars.

        Scores of a picture are drawn by `plots.draw_pictures`.

        Returns matplotlib's axes. If `ax` is given, a text's tokens are drawn as bars, too.
        """
        from xaikit.plots.bars import attribution_bars
        from xaikit.plots.tokens import tokens

        if ax is None and arrays.to_numpy(self.data).dtype.kind in "UO":
            return tokens(self, row=row)
        return attribution_bars(self, row=row, ax=ax)

    def interval(self, confidence: float = 0.95) -> tuple[Array, Array]:
        """Return the lower and upper ends of confidence intervals for a sampling method's scores.

        values ± q · std, with q a quantile of Student's t if there are
        ``details["degrees_of_freedom"]``, else of the normal distribution.
        """
        # scipy.stats, which has them too, takes a second of the processor to load.
        from scipy.special import ndtri, stdtrit

        if self.std is None:
            raise ValueError(f"{self.method or 'this method'} does not sample: there is no std")
        if not 0 < confidence < 1:
            raise ValueError(f"confidence is {confidence}, expected a share such as 0.95")
        freedom = self.details.get("degrees_of_freedom")
        tail = (1 + confidence) / 2
        quantile = ndtri(tail) if freedom is None else stdtrit(freedom, tail)
        return self.values - float(quantile) * self.std, self.values + float(quantile) * self.std

    def to_shap(self) -> Any:
        """Return the same scores as a ``shap.Explanation``, for the plots of the shap package.

        The shape stays: ``shap.plots.waterfall`` takes a single row, ``bar`` one or several,
        ``beeswarm`` several. ``shap.plots.text`` expects a space after each token, so it is
        added. shap does not show a gap: its plots end at :math:`base + Σ values`.

        Raises
        ------
        ValueError
            For scores without a base: shap's plots would draw them as parts of a whole.
        ModuleNotFoundError
            If shap is not installed.
        """
        if self.base is None:
            raise ValueError(
                f"{self.method or 'this attribution'} has no base, and shap's plots start at one: "
                "its scores are not parts of a whole. Use .plot(), or a method that has a base "
                "(integrated gradients, Shapley values)"
            )
        with needs("shap", "to_shap"):
            import shap
        values, data = arrays.to_numpy(self.values), arrays.to_numpy(self.data)
        if data.dtype.kind in "UO":
            data = np.array([f"{token} " for token in data.flat], dtype=object).reshape(data.shape)
        names = self.feature_names or [f"x{i}" for i in range(values.shape[-1])]
        base = arrays.to_numpy(self.base)
        return shap.Explanation(
            values=values,
            base_values=float(base) if base.ndim == 0 else base,
            data=data,
            feature_names=list(names),
        )

    def __str__(self) -> str:
        """Return a table: one line per feature for a single row of features, else one per row."""
        lines = [self.method]
        if self.output.ndim == 0 and self.values.ndim == 1:
            names = self.feature_names or [f"x{i}" for i in range(self.values.shape[0])]
            names = [_on_one_line(str(name)) for name in names]
            width = max(len("feature"), *map(len, names[:TABLE_FEATURES]))
            lines.append(f"{'feature':<{width}}  {'value':>9}  {'score':>9}")
            scores = arrays.to_numpy(self.values)
            rows = list(zip(names, arrays.to_numpy(self.data), scores, strict=True))
            for name, x, score in rows[:TABLE_FEATURES]:
                value = f"{_on_one_line(str(x)):>9}" if isinstance(x, str) else f"{x:9.3f}"
                lines.append(f"{name:<{width}}  {value}  {score:+z9.3f}")
            if len(rows) > TABLE_FEATURES:
                lines.append(f"… {len(rows)} features")
        rows_shown = np.atleast_1d(arrays.to_numpy(self.output))[:TABLE_ROWS]
        for row, output in enumerate(rows_shown):
            line = f"output {output:.3f}"
            if self.base is not None and self.gap is not None:
                base = np.atleast_1d(arrays.to_numpy(self.base))[row]
                gap = np.atleast_1d(arrays.to_numpy(self.gap))[row]
                line += f", base {base:.3f}: scores {output - base + gap:+z.3f}, gap {gap:+z.3f}"
            lines.append(line if self.output.ndim == 0 else f"row {row}: {line}")
        if self.output.ndim == 1 and self.output.shape[0] > TABLE_ROWS:
            lines.append(f"… {self.output.shape[0]} rows")
        return "\n".join(lines)

    __repr__ = __str__


def _on_one_line(text: str) -> str:
    r"""Return text for a table; a token such as "\n" or " " is written as a string of Python."""
    return text if text.split(" ") == text.split() else repr(text)
