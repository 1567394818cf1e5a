"""The result of every method (gap, table, names), and the baseline of the question."""

import dataclasses
import re

import numpy as np
import pytest
import torch

import xaikit as xk
from tests.units.support import assert_equal, numpy_of
from xaikit.core.models import expect_gradients
from xaikit.core.question import as_baseline
from xaikit.core.targets import select


def attribution(backend, values, base, output, **more):
    values = backend.array(values)
    base = None if base is None else backend.array(base)
    return xk.Attribution(values, base, backend.array(output), values, **more)


@pytest.mark.parametrize(
    ("values", "base", "output", "gap"),
    [
        ([1.0, 2.0], 0.5, 4.0, -0.5),
        ([[1.0, 2.0], [3.0, 4.0]], [0.0, 1.0], [3.0, 7.0], [0.0, 1.0]),
        (np.ones((2, 1, 2, 3)), [0.0, 0.0], [6.0, 5.0], [0.0, 1.0]),
    ],
    ids=["a row", "rows", "pictures"],
)
def test_gap_is_what_the_scores_say_too_much(backend, values, base, output, gap):
    """Σ values − (output − base), over all but the first axis of a batch."""
    assert_equal(attribution(backend, values, base, output).gap, np.array(gap), backend, 0)


def test_gap_of_scores_that_are_no_parts_of_a_whole(backend):
    assert attribution(backend, [1.0], None, 2.0).gap is None


def test_a_single_row_prints_as_a_table(backend):
    result = xk.Attribution(
        values=backend.array([0.5, -1.25]),
        base=backend.array(1.0),
        output=backend.array(0.5),
        data=backend.array([20.0, 0.0625]),
        method="gradient × input",
    )
    assert (
        str(result)
        == repr(result)
        == (
            "gradient × input\n"
            "feature      value      score\n"
            "x0          20.000     +0.500\n"
            "x1           0.062     -1.250\n"
            "output 0.500, base 1.000: scores -0.750, gap -0.250"
        )
    )


def test_a_rounding_error_has_no_sign(backend):
    """Its side of zero depends on the processor."""
    for tiny in (-1e-12, 1e-12):
        result = attribution(backend, [1.0, tiny], 0.0, 1.0)
        result = dataclasses.replace(result, data=backend.array([1.0, 1.0]))
        assert "-0.000" not in str(result) and "gap +0.000" in str(result)


def test_names_widen_the_table(backend):
    result = attribution(backend, [0.5, 2.0], None, 3.0, method="saliency")
    assert str(result.with_names(["age", "temperature"])) == (
        "saliency\n"
        "feature          value      score\n"
        "age              0.500     +0.500\n"
        "temperature      2.000     +2.000\n"
        "output 3.000"
    )


def test_rows_print_a_line_each(backend):
    result = attribution(backend, [[1.0], [2.0]], [0.0, 0.5], [1.0, 2.0], method="IG")
    assert str(result) == (
        "IG\n"
        "row 0: output 1.000, base 0.000: scores +1.000, gap +0.000\n"
        "row 1: output 2.000, base 0.500: scores +2.000, gap +0.500"
    )


@pytest.mark.parametrize(("rows", "last"), [(10, "row 9: output 9.000"), (11, "… 11 rows")])
def test_a_long_batch_prints_in_part(backend, rows, last):
    lines = str(attribution(backend, np.ones((rows, 2)), None, np.arange(rows))).split("\n")
    assert lines[-1] == last
    assert sum(line.startswith("row ") for line in lines) == 10


def test_pictures_print_without_a_table_of_pixels(backend):
    result = attribution(backend, np.ones((1, 1, 2, 2)), [0.0], [4.0], method="IG")
    assert str(result) == "IG\nrow 0: output 4.000, base 0.000: scores +4.000, gap +0.000"


def test_with_names_gives_a_new_attribution_and_keeps_the_rest(backend):
    result = attribution(backend, [1.0, 2.0], 0.0, 3.0, method="IG", evaluations=7)
    named = result.with_names(np.array(["a", "b"]))
    assert named.feature_names == ["a", "b"] and result.feature_names is None
    assert named.values is result.values
    assert (named.method, named.evaluations) == ("IG", 7)


@pytest.mark.parametrize("names", [["a"], ["a", "b", "c"], []])
def test_with_names_needs_a_name_for_each_feature(backend, names):
    result = attribution(backend, [[1.0, 2.0]], None, [3.0])
    with pytest.raises(ValueError, match=f"{len(names)} names were given for 2 features"):
        result.with_names(names)


def test_an_attribution_is_frozen(backend):
    result = attribution(backend, [1.0], None, 2.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.values = None


def test_details_are_not_shared_between_attributions(backend):
    first, second = (attribution(backend, [1.0], None, 2.0) for _ in range(2))
    first.details["r2"] = 1.0
    assert second.details == {}


# The question.


@pytest.mark.parametrize(
    ("baseline", "expected"),
    [
        (None, [[0.0, 0.0]]),
        (0.5, [[0.5, 0.5]]),
        (2, [[2.0, 2.0]]),
        (np.float64(0.5), [[0.5, 0.5]]),  # results of np.mean: a NumPy number, and a Python float
        ([1, 2], [[1.0, 2.0]]),
        ([[1.5, 2], [3, 4], [5, 6]], [[1.5, 2.0], [3.0, 4.0], [5.0, 6.0]]),
    ],
)
def test_forms_of_a_baseline(backend, baseline, expected):
    x = backend.array(np.ones((3, 2)))
    assert_equal(as_baseline(baseline, x), np.array(expected), backend, 0)
    if isinstance(baseline, list):
        assert_equal(as_baseline(backend.array(baseline), x), np.array(expected), backend, 0)


def test_a_picture_or_a_batch_of_pictures_as_baseline(backend):
    x = backend.array(np.ones((3, 1, 2, 2)))
    for shape, expected in [((1, 2, 2), (1, 1, 2, 2)), ((3, 1, 2, 2), (3, 1, 2, 2))]:
        assert tuple(as_baseline(backend.array(np.ones(shape)), x).shape) == expected


@pytest.mark.parametrize(
    ("baseline", "error", "message"),
    [
        ([1.0], ValueError, "baseline has shape (1,), expected a number, one row (2,), or a row"),
        ([[1.0, 2.0]] * 2, ValueError, "or a row for each of x (3, 2)"),
        (np.ones((3, 1)), ValueError, "baseline has shape (3, 1)"),
        ([np.nan, 1.0], ValueError, "baseline holds NaN or infinity (first at index (0,))"),
        (np.inf, ValueError, "baseline holds NaN or infinity"),
        ("mean", TypeError, "baseline is str, expected real numbers"),
        (
            np.ones(2, np.float32),
            TypeError,
            "baseline is a float32 NumPy array, but the numbers of x are",
        ),
        (
            torch.ones(2),
            TypeError,
            "baseline is a float32 torch tensor on cpu, but the numbers of x are",
        ),
    ],
)
def test_a_baseline_that_does_not_fit_is_refused_in_words(baseline, error, message):
    with pytest.raises(error, match=re.escape(message)):
        as_baseline(baseline, np.ones((3, 2)))


@pytest.mark.parametrize("model", [lambda x: x, torch.nn.Linear(2, 1), None, "net"])
def test_a_model_without_gradients_is_refused_in_words(model):
    message = f"needs a model with gradients, got {type(model).__name__}: expected a Network, or a"
    with pytest.raises(TypeError, match=message):
        expect_gradients(model)


def test_select_takes_each_rows_own_column(backend):
    output = backend.array([[1, 2, 3], [4, 5, 6]])
    assert numpy_of(select(output, np.array([2, 0]))).tolist() == [3, 4]


def test_interval_is_normal_or_students():
    exact = xk.Attribution(np.array([1.0, 2.0]), np.array(0.0), np.array(3.0), np.ones(2))
    with pytest.raises(ValueError, match="does not sample"):
        exact.interval()
    sampled = dataclasses.replace(exact, std=np.array([0.1, 0.0]))
    low, high = sampled.interval()
    np.testing.assert_allclose([low, high], [[1 - 0.1959964, 2.0], [1 + 0.1959964, 2.0]], rtol=1e-7)
    few = dataclasses.replace(sampled, details={"degrees_of_freedom": 2})
    np.testing.assert_allclose(few.interval(0.9)[1], [1 + 0.1 * 2.9199856, 2.0], rtol=1e-7)
    with pytest.raises(ValueError, match="share such as"):
        few.interval(95)


def test_words_print_as_values():
    result = xk.Attribution(
        np.array([0.5, -1.25]), None, np.array(0.5), np.array(["my", "channel!"]), method="LIME"
    )
    assert str(result) == (
        "LIME\n"
        "feature      value      score\n"
        "x0              my     +0.500\n"
        "x1        channel!     -1.250\n"
        "output 0.500"
    )


def test_a_line_break_that_is_a_token_keeps_the_table_together():
    game = xk.text_game(lambda texts: [t.count("\n") for t in texts], "a\n b", 0, tokenizer=list)
    assert str(xk.exact_shapley(game)) == (
        "exact Shapley\n"
        "feature      value      score\n"
        "a                a     +0.000\n"
        "'\\n'          '\\n'     +1.000\n"
        "' '            ' '     +0.000\n"
        "b                b     +0.000\n"
        "output 1.000, base 0.000: scores +1.000, gap +0.000"
    )


# For the plots of the shap package


SHAP_PLOTS = {
    "a row": ["waterfall", "bar"],
    "rows": ["bar", "beeswarm", "heatmap"],
    "a text": ["waterfall", "bar", "text"],
}


@pytest.fixture
def explanations(backend):
    """A row, rows and a text, explained."""
    values, data = np.array([[1.0, -2.0, 0.5]] * 4), np.arange(12.0).reshape(4, 3)
    row = xk.Attribution(*(backend.array(v) for v in (values[0], 10, 9.5, data[0])), method="IG")
    rows = xk.Attribution(*(backend.array(v) for v in (values, np.arange(4), np.ones(4), data)))
    text = xk.Attribution(row.values, row.base, row.output, np.array(["visit", "my", "channel!"]))
    return {"a row": row.with_names(["age", "sex", "bmi"]), "rows": rows, "a text": text}


@pytest.mark.parametrize("kind", SHAP_PLOTS)
def test_shap_draws_our_scores(explanations, kind, course_style):
    import matplotlib.pyplot as plt
    import shap

    explained = explanations[kind]
    for name in SHAP_PLOTS[kind]:
        if name == "text":
            page = shap.plots.text(explained.to_shap(), display=False)
            assert "channel!" in page and "9.5" in page  # base + Σ values
            continue
        getattr(shap.plots, name)(explained.to_shap(), show=False)
        plt.gcf().canvas.draw()
        drawn = " ".join(text.get_text() for ax in plt.gcf().axes for text in ax.texts)
        if name != "heatmap" and name != "beeswarm":
            assert "−2" in drawn if kind != "rows" else "+2" in drawn  # rows: mean |score|
        plt.close("all")


def test_what_shap_is_given(explanations):
    row, rows, text = (explanations[kind].to_shap() for kind in ("a row", "rows", "a text"))
    assert row.values.tolist() == [1, -2, 0.5] and row.data.tolist() == [0, 1, 2]
    assert row.base_values == 10 and row.feature_names == ["age", "sex", "bmi"]
    assert rows.shape == (4, 3) and rows.base_values.tolist() == [0, 1, 2, 3]
    assert rows.feature_names == ["x0", "x1", "x2"]
    assert rows[2].base_values == 2 and rows[2].data.tolist() == [6, 7, 8]
    assert list(text.data) == ["visit ", "my ", "channel! "]
    for given in (row, rows):
        assert isinstance(given.values, np.ndarray) and isinstance(given.data, np.ndarray)


def test_a_row_of_rows_is_drawn_by_shap(explanations, course_style):
    import shap

    ax = shap.plots.waterfall(explanations["rows"].to_shap()[1], show=False)
    assert ax is not None


def test_scores_without_a_base_are_not_for_shap(backend):
    result = attribution(backend, [1.0, 2.0], None, 3.0, method="saliency")
    with pytest.raises(ValueError, match="saliency has no base, and shap's plots start at one"):
        result.to_shap()
