"""Bars, waterfalls and swarms show every number, each in the right place."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.colors import to_hex

import xaikit as xk
from tests.units.figures import explanation, reading_problems, texts_of, the_figure
from xaikit.core.attribution import Attribution
from xaikit.course import datasets, plots
from xaikit.plots import looks
from xaikit.plots.looks import distinct_labels

# In a notebook a warning is printed above the figure, and fails the notebook's test.
pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]
RNG = np.random.default_rng(0)
LONG_NAMES = [f"the mean of a measurement with a very long name, {i}" for i in range(8)]
# Scores, data and other fields of Attributions that have made figures unreadable.
CASES = {
    "one": ([2.0], {}),
    "one negative": ([-2.0], {"base": np.array(3.0)}),
    "eight": (RNG.normal(size=8), {}),
    "thirty": (RNG.normal(size=30), {"data": RNG.normal(0, 50, 30)}),
    "long names": (RNG.normal(size=8), {"feature_names": LONG_NAMES, "data": 1e4 * np.ones(8)}),
    "all zero": (np.zeros(8), {}),
    "negative only": (-np.arange(1.0, 9), {}),
    "tiny": (RNG.normal(0, 1e-6, 6), {"data": RNG.normal(0, 1e-6, 6)}),
    "huge": (RNG.normal(0, 1e6, 6), {"data": RNG.normal(0, 1e6, 6)}),
    "beyond": (RNG.normal(0, 1e12, 6), {"data": RNG.normal(0, 1e12, 6)}),
    "far from zero": (RNG.normal(0, 1e-3, 6), {"base": np.array(1e6)}),
    "mixed": ([12345.678, -98765.4, 3], {}),
    "tokens": ([0.1, -0.2, 0.3], {"data": np.array(["a", "b", "a"])}),
    "odd tokens": (
        [0.1, -0.2, 0.3, 0.5, 0.7, 0.4],
        {"data": np.array(["$5 or $6", "🔥", "음악", "", "x" * 200, "a\nb"], dtype=object)},
    ),
    "intervals": ([1.0, -0.5, 0.01], {"std": np.array([0.1, 0.4, 0.3])}),
}


def labels_of(ax):
    """Return the names of the lines, from the top."""
    the_figure().draw_without_rendering()
    return [tick.get_text() for tick in ax.get_yticklabels()][::-1]


def ends_of(bar):
    return bar.get_x(), bar.get_x() + bar.get_width()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("draw", [plots.attribution_bars, plots.waterfall])
def test_odd_scores_can_be_read(draw, case):
    scores, more = CASES[case]
    base = more.get("base", np.array(0.5))
    gap = 0.3 * np.abs(scores).max()
    output = base + np.sum(scores) - gap
    ax = draw(explanation(scores, **{**more, "base": base, "output": output}))
    assert reading_problems(the_figure()) == []
    axes = ax.get_window_extent()
    for text in ax.texts:
        assert axes.x0 <= text.get_window_extent().x0 and text.get_window_extent().x1 <= axes.x1
    # A number over a bar would be dark on dark.
    bars = [bar.get_window_extent() for bar in ax.patches if bar.get_width()]
    assert not any(text.get_window_extent().overlaps(bar) for text in ax.texts for bar in bars)


@pytest.mark.parametrize("draw", [plots.attribution_bars, plots.waterfall])
def test_figures_can_be_read_without_the_courses_style(draw):
    with plt.rc_context():
        plt.rcdefaults()
        draw(explanation(RNG.normal(size=8), feature_names=LONG_NAMES))
        figure = the_figure()
    assert reading_problems(figure) == []


@pytest.mark.parametrize(
    ("scores", "written"),
    [
        ([1.829, -0.2879, 0.0043], ["+1.83", "−0.29", "0.00"]),
        ([0.0123, -0.0045], ["+0.012", "−0.004"]),
        ([0.00098, -0.0004], ["+0.00098", "−0.00040"]),
        ([2e-6, -1e-7], ["+2.0e-06", "−1.0e-07"]),
        ([12345.6, -3.2], ["+12,346", "−3"]),
        ([-1e9, 2.5e6], ["−1.0e+09", "+2.5e+06"]),
    ],
)
def test_numbers_have_the_decimals_that_tell_them_apart(scores, written):
    assert texts_of(plots.attribution_bars(explanation(scores)))[::-1] == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.5, "0.50"),
        (-122.23, "−122.23"),
        (41.0, "41"),
        (8.0, "8.00"),
        (322.0, "322"),
        (12345.6, "12,346"),
        (0.0, "0.00"),
        (0.00012, "0.00012"),
        (-3e8, "−3e+08"),
    ],
)
def test_values_of_features_are_short(value, written):
    ax = plots.attribution_bars(explanation([1.0], data=np.array([value])))
    assert labels_of(ax) == [f"x0 = {written}"]


def test_whole_numbers_and_truth_values_have_no_decimals():
    for data, written in [(np.array([7]), "7"), (np.array([True]), "True")]:
        ax = plots.attribution_bars(explanation([1.0], data=data))
        assert labels_of(ax) == [f"x0 = {written}"]
        plt.close("all")


def test_names_of_one_family_are_told_apart():
    ax = plots.attribution_bars(explanation(np.arange(1.0, 9), feature_names=LONG_NAMES))
    labels = labels_of(ax)
    assert len(set(labels)) == 8
    assert all("…" in label and label.startswith("the mean of a") for label in labels)


# Names that begin or end alike.

GAUGES = [f"hours of rain in a night of June, gauge {i}, left bank of arm B (h)" for i in range(6)]
KOREAN = [f"유월 밤에 비가 온 시간, {i}번 우량계, 강 왼쪽 둑의 값 (시간)" for i in "일이삼사오육"]
ends, differences = st.text(max_size=60), st.lists(st.text(max_size=6), unique=True, max_size=12)


@st.composite
def families(draw):
    """Draw different names with the same beginning and end, some with two differences."""
    begin, middle, end = draw(ends), draw(ends), draw(ends)
    return list(
        {
            begin + one + middle + other + end
            for one in draw(differences)
            for other in draw(st.just([""]) | differences)
        }
    )


@given(families() | st.lists(st.text(), unique=True, max_size=20), st.sampled_from([28, 40]))
@example(["음악", "음식", "□□", "□□ x0"], 28)
@example(["a" * length for length in range(35, 60)], 28)
@example(["day temperature", "day\N{NO-BREAK SPACE}temperature"], 28)
def test_other_names_have_other_labels(names, longest):
    labels = distinct_labels(names, longest)
    assert len(set(labels)) == len(names)
    assert all(0 < len(label) <= longest for label in labels)
    assert distinct_labels([*names, *names], longest) == labels + labels


def test_names_are_cut_where_they_differ():
    assert distinct_labels(GAUGES[1:3], 28) == [
        "hours of…e, gauge 1…rm B (h)",
        "hours of…e, gauge 2…rm B (h)",
    ]
    grid = [name.replace("B (", f"{side} (") for name in GAUGES for side in "AB"]
    labels = distinct_labels(grid, 28)
    assert labels[:2] == ["hours of…e, gauge 0…rm A (h)", "hours of…e, gauge 0…rm B (h)"]
    # A name that is told apart by its ends keeps them, whatever the others need.
    other = "hours of sun in all the nights and days (h)"
    assert distinct_labels([*GAUGES, other], 28)[-1] == distinct_labels([other], 28)[0]


def test_names_without_letters_in_the_font_end_in_their_place():
    assert distinct_labels(["age", "음악", "음식", "음악"], 28) == [
        "age",
        "□□ x1",
        "□□ x2",
        "□□ x1",
    ]


@pytest.mark.parametrize("names", [GAUGES, KOREAN])
@pytest.mark.parametrize("draw", [xk.Attribution.plot, plots.waterfall, plots.beeswarm])
def test_alike_names_are_told_apart_in_every_figure(draw, names):
    scores = RNG.normal(size=(9, 6))
    ax = draw(explanation(scores, base=np.zeros(9), output=scores.sum(1), feature_names=names))
    assert reading_problems(the_figure()) == []
    labels = [re.sub(r" (= \S+|\([0-9.]+\))$", "", label) for label in labels_of(ax)]
    assert len(set(labels) - {"base", "output"}) == 6


@pytest.mark.parametrize("draw", [plots.attribution_bars, plots.waterfall, plots.tokens])
def test_long_tokens_are_told_apart(draw):
    links = np.array(
        [f"https://www.example.org/watch?video={i}&list=music+of+the+week" for i in "ab"]
    )
    ax = draw(explanation([1.0, -2.0], data=links))
    drawn = [*labels_of(ax), *texts_of(ax)]
    assert len({text for text in drawn if text.startswith("https")}) == 2


def test_players_that_are_no_features_have_names_without_values():
    explained = explanation([1.0, -2.0], data=np.ones(5), feature_names=["place", "income"])
    assert labels_of(plots.attribution_bars(explained)) == ["income", "place"]


@pytest.mark.parametrize("names", [None, ["visit", "my", "channel!"]])
def test_a_token_is_its_own_name(names):
    tokens = np.array(["visit", "my", "channel!"])
    explained = explanation([1.0, -2.0, 3.0], data=tokens, feature_names=names)
    for draw in (plots.attribution_bars, plots.waterfall):
        labels = labels_of(draw(explained))
        assert [x for x in labels if x not in ("base", "output")] == ["channel!", "my", "visit"]
        plt.close("all")


def test_dollars_are_no_formula():
    ax = plots.attribution_bars(explanation([1.0], data=np.array(["$5 or $6"])))
    assert not ax.get_yticklabels()[0].get_parse_math()


def test_a_word_as_a_features_value():
    explained = explanation(
        [1.0, 2.0], data=np.array(["red", "oval"]), feature_names=["colour", "form"]
    )
    assert labels_of(plots.attribution_bars(explained)) == ["form = oval", "colour = red"]


def test_plot_is_bars_for_features_and_coloured_tokens_for_text():
    assert len(explanation([1.0, 2.0]).plot().get_yticks()) == 2
    plt.close("all")
    words = explanation([1.0, -2.0], data=np.array(["hello", "you"]))
    assert texts_of(words.plot())[1:] == ["hello", "+1.00", "you", "−2.00"]
    plt.close("all")
    _, ax = plt.subplots()
    assert words.plot(ax=ax) is ax
    assert labels_of(ax) == ["you", "hello"]


# Bars


@pytest.fixture(scope="module")
def forecast():
    """The lecture's explanations of all test patients."""
    data = datasets.diabetes()
    y = (data.y_train - data.y_train.mean()) / data.y_train.std()
    network = xk.Network.mlp([10, 16, 8, 1], seed=0)
    network.fit(data.x_train, y, epochs=30, seed=0)
    return xk.gradient_x_input(network, data.x_test).with_names(data.feature_names)


def test_bars_of_real_patients_can_be_read(forecast):
    for row in [int(forecast.output.argmax()), int(forecast.output.argmin()), 0, 50]:
        forecast.plot(row=row)
        assert reading_problems(the_figure()) == []
        plt.close("all")


@pytest.mark.parametrize(
    "values",
    [[2], [-2], [-1, -2, -3, -4], [1, -0.001, -1], [12345.678, -98765.4, 3], [0.0] * 10],
    ids=str,
)
def test_bars_of_odd_scores_can_be_read(values):
    plots.attribution_bars(explanation(values))
    assert reading_problems(the_figure()) == []


def test_bars_have_the_largest_on_top_with_name_value_and_signed_score():
    explained = explanation(
        [1, -3, 2], feature_names=["age", "sex", "bmi"], data=np.array([0.5, -1, 2.25])
    )
    ax = plots.attribution_bars(explained)
    the_figure().draw_without_rendering()
    assert [bar.get_width() for bar in ax.patches] == [1, 2, -3]  # from the bottom
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [
        "age = 0.50",
        "bmi = 2.25",
        "sex = −1.00",
    ]
    assert texts_of(ax) == ["+1.00", "+2.00", "−3.00"]
    for bar, text in zip(ax.patches, ax.texts, strict=True):
        assert text.get_position()[1] == pytest.approx(bar.get_y() + bar.get_height() / 2)
        assert not text.get_window_extent().overlaps(bar.get_window_extent())
    assert ax.get_xlabel() == "gradient × input, in units of the output"


def test_bars_are_coloured_by_sign_around_a_line_at_zero():
    ax = plots.attribution_bars(explanation([1, -3, 0]))
    assert [to_hex(bar.get_facecolor()) for bar in ax.patches] == [
        plots.NEUTRAL,
        plots.POSITIVE,
        plots.NEGATIVE,
    ]
    (line,) = ax.lines
    assert list(line.get_xdata()) == [0, 0]
    low, high = ax.get_xlim()
    assert low < 0 < high


def test_features_with_the_same_label_keep_bars_of_their_own():
    ax = plots.attribution_bars(explanation([1, -2, 3], feature_names=["the", "the", "dog"]))
    heights = [bar.get_y() + bar.get_height() / 2 for bar in ax.patches]
    assert heights == pytest.approx([0, 1, 2])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [
        "the = 1.00",
        "the = 1.00",
        "dog = 1.00",
    ]


def test_bars_of_one_row_of_several_in_axes_that_are_given():
    _, ax = plt.subplots()
    values, data = np.array([[1.0, 2], [-5, 4]]), np.array([[1.0, 1], [7, 8]])
    explained = explanation(values, output=np.zeros(2), base=np.zeros(2), data=data)
    assert plots.attribution_bars(explained, row=1, ax=ax) is ax
    assert texts_of(ax) == ["+4.00", "−5.00"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["x1 = 8.00", "x0 = 7.00"]
    the_figure()  # and no second one


def test_bars_of_torch_tensors(backend):
    values, data = backend.array([1, -2]), backend.array([3, 4])
    explained = Attribution(values, None, values.sum(), data, method="saliency")
    ax = plots.attribution_bars(explained)
    assert texts_of(ax) == ["+1.00", "−2.00"]
    assert ax.get_xlabel().startswith("saliency")


@pytest.mark.parametrize("row", [-1, 2])
def test_bars_of_a_row_that_does_not_exist(row):
    explained = explanation(np.ones((2, 3)), output=np.zeros(2), base=np.zeros(2))
    with pytest.raises(IndexError, match=f"row {row} is out of range: there are 2 rows"):
        plots.attribution_bars(explained, row=row)
    assert plt.get_fignums() == []


def test_bars_of_images():
    explained = explanation(np.ones((1, 3, 8, 8)), output=np.zeros(1), base=np.zeros(1))
    with pytest.raises(ValueError, match=r"rows of features \(n, d\), got scores \(1, 3, 8, 8\)"):
        plots.attribution_bars(explained)
    assert plt.get_fignums() == []


def test_bars_that_are_all_zero_do_not_crash():
    ax = plots.attribution_bars(explanation([0, 0]))
    assert texts_of(ax) == ["0.00", "0.00"]
    low, high = ax.get_xlim()
    assert low < 0 < high


def test_more_features_than_lines_share_one_bar():
    scores = np.linspace(-1, 2, 30)
    ax = plots.attribution_bars(explanation(scores), top=4)
    assert labels_of(ax) == [*(f"x{i} = 1.00" for i in (29, 28, 27, 26)), "26 other features"]
    widths = [bar.get_width() for bar in ax.patches][::-1]
    assert widths == pytest.approx([*scores[:-5:-1], scores[:26].sum()])
    assert texts_of(ax)[0] == looks.written(scores[:26].sum())
    # A sum is no rival of single features.
    assert to_hex(ax.patches[0].get_facecolor()) == plots.NEUTRAL and ax.patches[0].get_hatch()


@pytest.mark.parametrize("features", [10, 11])
def test_nothing_is_merged_while_there_is_a_line_for_each(features):
    ax = plots.attribution_bars(explanation(np.ones(features)))
    assert labels_of(ax) == [f"x{i} = 1.00" for i in range(features)]


@pytest.mark.parametrize("top", [0, 13, -1])
def test_a_top_that_cannot_be_read_is_refused(top):
    rows = explanation(np.ones((5, 30)), output=np.zeros(5), base=np.zeros(5))
    for draw in (plots.attribution_bars, plots.waterfall, plots.beeswarm):
        with pytest.raises(ValueError, match=f"top is {top}, expected 1 to 12"):
            draw(rows, top=top)
    assert plt.get_fignums() == []


def intervals_of(ax):
    """Return (y, low, high) of each interval."""
    (lines,) = [c for container in ax.containers[1:] for c in container.lines[2]]
    return [(path[0, 1], path[0, 0], path[1, 0]) for path in lines.get_segments()]


def test_bars_of_estimates_have_95_percent_intervals():
    std = np.array([0.5, 0.1, 0.2])
    ax = plots.attribution_bars(explanation([1.0, -3.0, 2.0], std=std))
    expected = [(0, 1.0, 0.5), (1, 2.0, 0.2), (2, -3.0, 0.1)]
    expected = [(line, score - 1.96 * s, score + 1.96 * s) for line, score, s in expected]
    assert np.allclose(intervals_of(ax), expected, atol=1e-4)
    assert ax.get_xlabel().endswith("lines: 95% intervals")
    # The number is outside the interval, not over it.
    for text, (_, low, high) in zip(ax.texts, expected, strict=True):
        x = text.get_position()[0]
        beyond = low if text.get_text().startswith("−") else high
        assert x == pytest.approx(beyond, abs=1e-4)


def test_intervals_after_few_samples_are_students():
    std = np.array([0.5, 0.1])
    explained = explanation([1.0, -3.0], std=std, details={"degrees_of_freedom": 2})
    (_, low, high), _ = intervals_of(plots.attribution_bars(explained))
    assert (low, high) == pytest.approx((1 - 4.3027 * 0.5, 1 + 4.3027 * 0.5), abs=1e-3)


def test_intervals_of_one_row_of_several(backend):
    values, std = backend.array([[1, 2], [3, -1]]), backend.array([[0, 0], [0.5, 0.25]])
    explained = Attribution(values, None, values.sum(1), values, std=std)
    found = intervals_of(plots.attribution_bars(explained, row=1))
    assert np.allclose(found, [(0, -1.49, -0.51), (1, 2.02, 3.98)], atol=1e-3)


def test_merged_and_exact_features_have_no_interval():
    std = np.full(30, 0.1)
    std[29] = 0
    ax = plots.attribution_bars(explanation(np.arange(1.0, 31), std=std), top=3)
    assert [line for line, _, _ in intervals_of(ax)] == [1, 2]  # of "others", 28, 29 and 30


def test_exact_scores_have_no_intervals():
    ax = plots.attribution_bars(explanation([1.0, 2.0]))
    assert len(ax.containers) == 1 and "interval" not in ax.get_xlabel()


# The way from base to output


CALIFORNIA = {
    "MedInc = 8.33": 1.8293,
    "Longitude = −122.23": 0.6377,
    "Latitude = 37.88": -0.2879,
    "AveRooms = 6.98": 0.1415,
    "HouseAge = 41": 0.0914,
    "Population = 322": -0.0705,
    "AveOccup = 2.56": 0.0043,
    "AveBedrms = 1.02": -0.0009,
}


def california():
    names = [label.split(" = ")[0] for label in CALIFORNIA]
    data = [8.3252, -122.23, 37.88, 6.984, 41, 322, 2.5556, 1.0238]
    scores = np.array(list(CALIFORNIA.values()))
    base = np.array(2.0684)
    return explanation(
        scores, base=base, output=base + scores.sum(), data=np.array(data), feature_names=names
    )


def test_waterfall_of_the_sources_house():
    ax = plots.waterfall(california())
    assert labels_of(ax) == ["output", *CALIFORNIA, "base"]
    assert texts_of(ax)[::-1] == [
        *["4.413", "+1.83", "+0.64", "−0.29", "+0.14", "+0.09", "−0.07", "0.00", "0.00", "2.068"]
    ]
    assert reading_problems(the_figure()) == []


def test_each_bar_begins_where_the_one_below_it_ends():
    explained = california()
    ax = plots.waterfall(explained)
    level = float(explained.base)
    for line, (bar, score) in enumerate(
        zip(ax.patches, list(CALIFORNIA.values())[::-1], strict=True), start=1
    ):
        assert bar.get_y() + bar.get_height() / 2 == pytest.approx(line)
        assert (bar.get_x(), bar.get_width()) == pytest.approx((level, score))
        level = level + score
    assert level == pytest.approx(explained.output)
    (marks,) = [line for line in ax.lines if line.get_marker() == "D"]
    assert marks.get_xdata() == pytest.approx([2.0684, 4.4133])
    assert list(marks.get_ydata()) == [0, 9]
    assert [to_hex(bar.get_facecolor()) for bar in ax.patches] == plots.colour(
        np.array(list(CALIFORNIA.values()))[::-1]
    )


def test_numbers_of_a_waterfall_stand_on_the_lines_of_their_bars():
    ax = plots.waterfall(california())
    assert [text.get_position()[1] for text in ax.texts] == list(range(10))
    for text, bar in zip(ax.texts[1:-1], ax.patches, strict=True):
        end = bar.get_x() + bar.get_width()
        assert text.get_position()[0] == pytest.approx(end)
        assert text.get_ha() == ("left" if bar.get_width() > 0 else "right")


def test_a_gap_is_a_bar_of_its_own():
    explained = explanation([1.0, 2.0], base=np.array(10.0), output=np.array(12.5))
    assert explained.gap == 0.5
    ax = plots.waterfall(explained)
    assert labels_of(ax) == ["output", "− gap (not explained)", "x1 = 1.00", "x0 = 1.00", "base"]
    assert texts_of(ax) == ["10.000", "+1.00", "+2.00", "−0.50", "12.500"]
    assert sorted(ends_of(ax.patches[-1])) == [12.5, 13]
    assert to_hex(ax.patches[-1].get_facecolor()) == plots.NEUTRAL


@pytest.mark.parametrize("gap", [1e-9, -0.004, 0.0])
def test_a_gap_that_cannot_be_seen_has_no_bar(gap):
    ax = plots.waterfall(explanation([1.0, 2.0], output=np.array(3.0 - gap)))
    assert not any("gap" in label for label in labels_of(ax))


def test_rounding_of_small_numbers_is_no_gap():
    explained = explanation(np.zeros(3), base=np.array(0.1), output=np.array(0.1 + 1e-17))
    assert len(plots.waterfall(explained).patches) == 3
    # float32's spacing near 1e6 is 0.06, as large as the scores here: this is not a gap.
    scores, base, output = (np.float32(v) for v in ([0.05, 0.03], 1e6, 1e6))
    explained = explanation(scores, base=base, output=output)
    assert len(plots.waterfall(explained).patches) == 2


def test_a_gap_beside_small_scores_is_seen():
    explained = explanation([1e-4, 2e-4], base=np.array(0.5), output=np.array(0.5))
    assert texts_of(plots.waterfall(explained))[-2] == "−0.00030"


def test_features_that_share_a_bar_come_first():
    scores = np.append(np.full(20, 0.1), [5.0, -3.0])
    ax = plots.waterfall(explanation(scores), top=2)
    assert labels_of(ax) == ["output", "x20 = 1.00", "x21 = 1.00", "20 other features", "base"]
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([2, -3, 5])


def test_waterfall_of_one_row_of_several_from_any_library(backend):
    values, base = backend.array([[1, 2], [3, -1]]), backend.array([0, 10])
    explained = Attribution(values, base, base + values.sum(1), values, method="IG")
    ax = plots.waterfall(explained, row=1)
    assert texts_of(ax) == ["10.000", "−1.00", "+3.00", "12.000"]
    assert ax.get_xlabel() == "IG, in units of the output"


def test_scores_without_a_base_have_no_waterfall():
    network, x = datasets.small_network(), datasets.small_row()
    with pytest.raises(ValueError, match=r"saliency has no base.* attribution_bars") as error:
        plots.waterfall(xk.saliency(network, x))
    assert "Shapley values" in str(error.value)
    assert plt.get_fignums() == []


def test_waterfalls_that_do_not_exist():
    rows = explanation(np.ones((2, 3)), output=np.zeros(2), base=np.zeros(2))
    with pytest.raises(IndexError, match="row 2 is out of range"):
        plots.waterfall(rows, row=2)
    pictures = explanation(np.ones((1, 3, 8, 8)), output=np.zeros(1), base=np.zeros(1))
    with pytest.raises(ValueError, match=r"got scores \(1, 3, 8, 8\)"):
        plots.waterfall(pictures)


def test_waterfall_in_axes_that_are_given():
    _, ax = plt.subplots()
    assert plots.waterfall(california(), ax=ax) is ax
    the_figure()  # and no second one


# Swarms


def swarm(values, data=None, **more):
    values = np.array(values, dtype=float)
    data = values if data is None else data
    zeros = np.zeros(len(values))
    return explanation(values, base=zeros, output=zeros, data=data, **more)


def points_of(ax):
    """Return the offsets of each line's points, from the top, and their shades."""
    return [(c.get_offsets().data, c.get_array()) for c in ax.collections if len(c.get_offsets())]


SWARMS = {
    "one feature": swarm(RNG.normal(size=(40, 1))),
    "two rows": swarm([[1, 2], [3, -4]]),
    "all zero": swarm(np.zeros((20, 4))),
    "all the same": swarm(np.ones((300, 3))),
    "thirty features": swarm(RNG.normal(size=(100, 30))),
    "long names": swarm(RNG.normal(size=(500, 8)), feature_names=LONG_NAMES),
    "tiny": swarm(RNG.normal(0, 1e-6, size=(50, 5))),
    "huge": swarm(RNG.normal(0, 1e7, size=(50, 5))),
}


@pytest.mark.parametrize("case", SWARMS)
def test_swarms_can_be_read(case):
    ax = plots.beeswarm(SWARMS[case])
    assert reading_problems(the_figure()) == []
    # No line's points reach the next line.
    for place, (points, _) in enumerate(points_of(ax)):
        line = len(points_of(ax)) - 1 - place
        assert np.abs(points[:, 1] - line).max() < 0.41


def test_a_swarm_has_a_point_for_each_score_on_lines_sorted_by_size():
    values = RNG.normal(size=(50, 3)) * [1, 5, 2]
    ax = plots.beeswarm(swarm(values, feature_names=["a", "b", "c"]))
    means = np.abs(values).mean(axis=0)
    assert labels_of(ax) == [f"{n} ({means[i]:.2f})" for n, i in [("b", 1), ("c", 2), ("a", 0)]]
    for (points, _), (line, feature) in zip(points_of(ax), [(2, 1), (1, 2), (0, 0)], strict=True):
        assert points[:, 0] == pytest.approx(values[:, feature])
        assert set(np.round(points[:, 1])) == {line}


def test_points_are_coloured_by_the_value_of_the_feature():
    data = np.stack([np.arange(101.0), -np.arange(101.0)], axis=1)
    data[100, 0] = 1e9  # one extreme value must not make all others alike
    ax = plots.beeswarm(swarm(RNG.normal(size=(101, 2)) * [2, 1], data))
    (_, rising), (_, falling) = points_of(ax)
    assert np.allclose(rising, np.clip((np.arange(101) - 5) / 90, 0, 1))
    assert np.allclose(falling, 1 - rising)
    (bar,) = (other for other in the_figure().axes if other is not ax)
    assert [text.get_text() for text in bar.get_yticklabels()] == ["low", "high"]


def test_shades_of_columns_with_few_values():
    rare = np.zeros((100, 2))
    rare[3, 0] = 1  # the percentiles are both 0
    ax = plots.beeswarm(swarm(RNG.normal(size=(100, 2)) * [2, 1], rare))
    (_, shades), (_, constant) = points_of(ax)
    assert shades[3] == 1 and shades.sum() == 1
    assert set(constant) == {0.5}


def test_shades_grow_darker_in_one_direction():
    # Lightness alone distinguishes them, so colour-blind readers can, also in print.
    from xaikit.plots.beeswarm import LOW_TO_HIGH

    rgb = LOW_TO_HIGH(np.linspace(0, 1, 20))[:, :3]
    lightness = rgb @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0).all() and lightness[-1] - lightness[0] > 0.5


def test_points_of_the_same_score_move_apart_the_same_way_each_time():
    explained = swarm(np.append(np.zeros(9), 5.0)[:, None])
    ((points, _),) = points_of(plots.beeswarm(explained))
    assert len(set(points[:9, 1])) == 9
    assert points[:9, 1].mean() == pytest.approx(0)
    assert points[9, 1] == 0
    plt.close("all")
    ((again, _),) = points_of(plots.beeswarm(explained))
    assert np.array_equal(points, again)


def test_features_beyond_the_top_share_a_grey_line():
    values = RNG.normal(size=(30, 8)) * np.arange(8, 0, -1)
    ax = plots.beeswarm(swarm(values), top=3)
    assert labels_of(ax)[-1] == "5 other features, sum"
    points, shades = points_of(ax)[-1]
    assert shades is None
    assert points[:, 0] == pytest.approx(values[:, 3:].sum(axis=1))


def test_swarm_of_torch_tensors(backend):
    values = backend.array(RNG.normal(size=(10, 2)))
    explained = Attribution(values, None, values.sum(1), values, method="saliency")
    ax = plots.beeswarm(explained)
    assert sum(len(points) for points, _ in points_of(ax)) == 20
    assert ax.get_xlabel().startswith("saliency, in units of the output\n")


@pytest.mark.parametrize(
    ("explained", "message"),
    [
        (explanation([1.0, 2.0]), r"several rows of features \(n, d\), got scores \(2,\)"),
        (swarm([[1.0, 2.0]]), r"several rows .* got scores \(1, 2\)"),
        (swarm(np.ones((2, 1, 3, 3))), r"got scores \(2, 1, 3, 3\)"),
        (swarm(np.ones((2, 2)), np.array([["a", "b"]] * 2)), "needs a number for each.* <U1"),
        (swarm(np.ones((2, 2)), np.ones((2, 5))), r"scores \(2, 2\) and data \(2, 5\)"),
    ],
)
def test_swarms_that_do_not_exist(explained, message):
    with pytest.raises(ValueError, match=message):
        plots.beeswarm(explained)
    assert plt.get_fignums() == []
