"""Drawings of lecture 08 can be read, and its stored runs are those that it describes."""

import numpy as np
import pytest
from scipy.stats import t as student

from tests.units.figures import reading_problems, texts_of, the_figure
from xaikit.course import datasets, plots
from xaikit.course.datasets import synthetic

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]
MASKS = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1]])


def test_stairs_stand_above_what_is_possible():
    losses, found = np.array([1.4, 1.01, 1.25, 1.41]), np.array([1, 3, 2, 0])
    levels = {"guessing, 1.39": 1.39, "best possible, 0.96": 0.96}
    plots.draw_stairs(losses, found, ["ABC", "CEF", "BCF", "ABD"], levels)
    assert reading_problems(the_figure()) == []
    (ax,) = the_figure().axes
    assert [t.get_text() for t in ax.get_xticklabels()] == ["CEF", "BCF", "ABC", "ABD"]
    heights = [tuple(line.get_ydata()) for line in ax.lines[:4]]
    assert heights == [(1.41,), (1.4,), (1.25,), (1.01,)]
    names = ["0 that matter", "1 that matters", "2 that matter", "3 that matter"]
    assert texts_of(ax) == [*levels, *names]


def test_predictions_batches_and_pixels_can_be_read():
    found = np.array([3, 2, 2])
    plots.draw_predictions(np.array([1.0, 1.2, 1.3]), np.array([1.1, 1.2, 1.2]), found)
    assert reading_problems(the_figure()) == []
    plots.plt.close("all")
    phases = {"phase I": {"random": MASKS[::-1]}, "phase II": {"m_opt": MASKS[2:], "best": MASKS}}
    plots.draw_batches(phases, np.array([True, False, False]))
    assert reading_problems(the_figure()) == []
    first, second = (ax.images[0].get_array().tolist() for ax in the_figure().axes)
    ordered = [[2, 1, 0], [2, 0, 1], [0, 1, 1]]
    assert first == ordered and second == [[0, 1, 1], [0, 0, 0], *ordered]
    assert [texts_of(ax) for ax in the_figure().axes] == [["random"], ["m_opt", "best"]]
    # The names of columns that matter have the colour of their cells.
    weights = [[t.get_weight() for t in ax.get_xticklabels()] for ax in the_figure().axes]
    assert weights == [["bold", "normal", "normal"]] * 2
    plots.plt.close("all")
    plots.draw_pixels([{"forest": np.array([7, 8])}] * 2, np.zeros((8, 8)))
    assert reading_problems(the_figure()) == []
    across, up = the_figure().axes[1].lines[0].get_data()
    assert (list(across), list(up)) == ([7, 0], [0, 1])


def test_training_shows_losses_and_the_moves_of_the_mask():
    history = {
        "loss": np.linspace(1.4, 1.2, 300),
        "validated": np.array([200, 250]),
        "validation_loss": np.array([1.2, 1.0]),
    }
    mean = plots.draw_training(history, 150, MASKS, size=2)
    assert reading_problems(the_figure()) == []
    assert len(mean) == 251 and mean[0] == pytest.approx(history["loss"][:50].mean())
    assert the_figure().axes[1].images[0].get_array().tolist() == MASKS.T.tolist()


def test_the_circle_is_where_both_classes_are_as_likely():
    plots.draw_ball(np.array([[1.0, 1], [3, 0]]), np.array([0, 1]), radius=2.0)
    assert reading_problems(the_figure()) == []
    assert texts_of(the_figure().axes[0]) == [
        "circle: both equally likely",
        "class 1: outside",
        "class 0: inside",
    ]
    assert synthetic._orange(np.array([[2.0, 0, 0, 0]])) == 0


def test_runs_are_dots_as_large_as_their_number():
    runs = {"xor": {"dual net": np.array([3.0, 3, 2]), "lasso": np.array([0.0, 1, 0])}}
    chance = {"xor": 0.9, "skin": 1.6}
    plots.draw_runs(runs | {"skin": runs["xor"]}, {"xor": 3, "skin": 4}, chance)
    assert reading_problems(the_figure()) == []
    dots, _ = the_figure().axes[0].collections
    assert dots.get_offsets().tolist() == [[2, 0], [3, 0]]
    assert dots.get_sizes()[1] == 2 * dots.get_sizes()[0]
    assert [texts_of(ax) for ax in the_figure().axes] == [["chance"], []]
    assert [ax.lines[0].get_xdata()[0] for ax in the_figure().axes] == [0.9, 1.6]


def test_leads_have_student_intervals():
    values = np.array([3.0, -1, 2, 4])
    found = plots.draw_leads({"forest": values, "lasso": -values}, "points")
    assert reading_problems(the_figure()) == []
    half = student.ppf(0.975, 3) * values.std(ddof=1) / 2
    assert found == {"forest": pytest.approx((2, half)), "lasso": pytest.approx((-2, half))}


def test_the_stored_runs_hold_ten_values_for_each_method():
    runs = datasets.ranking_runs()
    assert {"xor", "xor, 30 columns", "tumours", "digits, s = 8", "digits, s = 12"} < set(runs)
    for task, methods in runs.items():
        assert "dual net" in methods
        for values in methods.values():
            assert values.shape == (10,)
            assert (values == values.astype(int)).all() == (task in synthetic.TASKS or "30" in task)
            assert values.min() >= 0 and values.max() <= 4


@pytest.mark.parametrize("shown", range(4))
def test_nobody_answers_xor_better_than_the_best(shown):
    # The standard error of 100,000 rows is at most 0.0021.
    least = synthetic.least_xor_loss(shown, rows=100_000, seed=1)
    assert least == pytest.approx([1.3863, 1.3863, 1.213, 0.9637][shown], abs=0.008)
    assert least <= np.log(4) + 1e-12


def test_columns_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="shown is 4"):
        synthetic.least_xor_loss(4, rows=10)
