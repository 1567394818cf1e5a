"""Drawings of DASP can be read, and show what DASP computes."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

import xaikit as xk
from tests.units.figures import reading_problems, texts_of, the_figure
from xaikit.course import plots
from xaikit.methods.dasp import coalition_sizes
from xaikit.plots.looks import written

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]
W, ROW = np.array([2.0, 2, 1, 1, 3]), np.array([2.0, -1, 1, 1, 1])
UNIT = xk.Network(
    [xk.Dense(W[None], np.array([-2.0])), xk.ReLU(), xk.Dense(np.ones((1, 1)), np.zeros(1))]
)


@pytest.mark.parametrize(("mean", "spread"), [(0.0, 6**0.5), (3.0, 1.0), (-20.0, 12.0)])
def test_a_normal_distribution_before_and_behind_the_gate(mean, spread):
    opened, passed = plots.draw_normal(mean, spread, draws=50_000)
    drawn = mean + spread * np.random.default_rng(1).standard_normal(50_000)
    assert reading_problems(the_figure()) == []
    assert opened == pytest.approx((drawn > 0).mean(), abs=0.01)
    assert passed == pytest.approx(np.maximum(drawn, 0).mean(), abs=0.03 * spread)
    right = the_figure().axes[1]
    assert sum(bar.get_height() for bar in right.patches) == pytest.approx(1)


@pytest.mark.parametrize("network", [UNIT, xk.Network.mlp([5, 3, 1], seed=0)])
@pytest.mark.parametrize("player", [0, 4])
def test_the_steps_that_are_drawn_are_those_of_dasp(network, player):
    sizes, weights = coalition_sizes(5)
    steps = []
    for size in sizes:
        plots.plt.close("all")
        without, with_player = plots.draw_propagation(network, ROW, player, size)
        steps.append(with_player - without)
        assert written(steps[-1]) in the_figure().get_suptitle()
    assert weights @ steps == pytest.approx(xk.dasp(network, ROW).values[player])


@pytest.mark.parametrize("network", [UNIT, xk.Network.mlp([5, 3, 1], seed=0)])
@pytest.mark.parametrize("player", [0, 4])
def test_the_whole_of_dasp_is_the_mean_of_its_steps(network, player):
    base = np.array([1.0, 1, 0, 0, 0])
    value = plots.draw_dasp(network, ROW, player, 2, base)
    assert reading_problems(the_figure()) == []
    assert value == pytest.approx(xk.dasp(network, ROW, baseline=base).values[player])
    ax = the_figure().axes[-1]
    with_player, without = (line.get_ydata() for line in ax.lines)
    steps = [written(step) for step in with_player - without]
    assert [text for text in texts_of(ax) if text and "player" not in text] == steps


@pytest.mark.parametrize("size", [0, 2, 4])
def test_the_picture_of_the_method_can_be_read(size):
    plots.draw_propagation(UNIT, ROW, 4, size)
    assert reading_problems(the_figure()) == []
    outputs = the_figure().axes[3::4]
    heights = [written(ax.patches[0].get_height(), ".2f") for ax in outputs]
    assert [text for ax in outputs for text in texts_of(ax)] == heights


def test_the_closed_gate_has_its_share():
    plots.draw_propagation(UNIT, ROW, 4, 2)
    # z has mean 0 without and 3 with the player, and the variance 6: Φ(0) and Φ(−3/√6).
    assert [texts_of(ax)[0] for ax in the_figure().axes[2::4]] == ["0.50", "0.11"]


def test_a_baseline_is_what_players_leave():
    base = np.array([1.0, 1, 0, 0, 0])
    ends = plots.draw_propagation(UNIT, ROW, 4, 4, base)
    absent = np.array([*ROW[:4], base[4]])
    assert ends == pytest.approx((UNIT(absent)[0], UNIT(ROW)[0]))


def test_a_network_with_two_hidden_layers_is_refused():
    with pytest.raises(ValueError):
        plots.draw_propagation(xk.Network.mlp([5, 3, 2, 1], seed=0), ROW, 4, 2)


def test_costs_say_where_a_line_meets_the_level():
    level = [(40, 0.2), (80, 0.11), (160, 0.1), (320, 0.1)]
    falling = [(50, 0.4), (100, 0.2), (200, 0.1), (400, 0.05), (800, 0.025), (1600, 0.0125)]
    met = plots.draw_costs(
        {"ten players": {"DASP": level, "permutations": falling}}, "DASP", "DASP, 4 sizes"
    )
    assert texts_of(the_figure().axes[0]) == ["DASP, 4 sizes", "DASP", "permutations"]
    assert reading_problems(the_figure()) == []
    assert met == {"ten players": {"permutations": pytest.approx(200)}}


def test_columns_can_be_read():
    columns = {"saliency": np.array([0.6, 0.2]), "gradient × input": np.array([1.1, -0.6])}
    plots.draw_columns(columns, ["bmi", "blood pressure"], "standard deviations")
    assert reading_problems(the_figure()) == []
    first = the_figure().axes[0]
    assert first.yaxis_inverted()
    assert [bar.get_width() for bar in the_figure().axes[1].patches] == [1.1, -0.6]
    assert texts_of(the_figure().axes[1]) == ["+1.10", "−0.60"]
    # Saliency has no sign.
    assert texts_of(first) == ["0.60", "0.20"]
    assert {to_hex(bar.get_facecolor()) for bar in first.patches} == {plots.NEUTRAL}
