"""Drawings of lecture 10 can be read: scores word by word, and methods over ten networks."""

import numpy as np
import pytest

from tests.units.figures import reading_problems, texts_of, the_figure
from xaikit.course import plots
from xaikit.course.intervals import mean_and_half

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]


def test_every_cell_has_its_number_and_each_row_its_own_scale():
    words = ["it's", "never", "dull", "and", "always", "looks", "good"]
    scores = {"Shapley": np.arange(7.0) - 3, "none": np.zeros(7), "map": np.full(7, 0.01)}
    plots.draw_words(words, scores, "points of the rating")
    assert reading_problems(the_figure()) == []
    (ax,) = the_figure().axes
    assert texts_of(ax)[:7] == ["−3.00", "−2.00", "−1.00", "0.00", "+1.00", "+2.00", "+3.00"]
    assert ax.get_xlabel() == "points of the rating"
    faces = [patch.get_facecolor() for patch in ax.patches]
    assert faces[6] == faces[14] != faces[7]  # the largest of its row, and 0


def test_shares_without_a_sign_are_grey():
    plots.draw_words(["dull", "good"], {"rollout": np.array([0.2, 0.8])}, "shares")
    assert reading_problems(the_figure()) == []
    (ax,) = the_figure().axes
    assert texts_of(ax) == ["0.20", "0.80"]
    assert all(np.ptp(patch.get_facecolor()[:3]) < 0.01 for patch in ax.patches)


def test_means_stand_where_they_are_with_student_intervals():
    short, long = ({"IG": np.array([9.0, 8, 7]), "noise": np.array([1.0, 2, 3])} for _ in range(2))
    found = plots.draw_runs_by_length({"5": short, "20": long}, ["noise"], "%")
    assert reading_problems(the_figure()) == []
    assert found["20"]["IG"] == mean_and_half(long["IG"])
    (ax,) = the_figure().axes
    means = [bars.lines[0].get_xdata().tolist() for bars in ax.containers]
    assert means == [[8, 2], [8, 2]]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["IG", "noise"]
    assert texts_of(ax) == ["5 tokens", "20 tokens"]
