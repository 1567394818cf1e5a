"""Drawings of games can be read, and show the given numbers."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex

from tests.units.figures import reading_problems, texts_of, the_figure
from xaikit.course import plots
from xaikit.plots.looks import ink, written

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("course_style")]
FLAT = ["park", "size", "cats banned"]
EXACT = np.array([35.0, 105.0, -30.0])


@pytest.mark.parametrize("orders", [1, 2, 60])
@pytest.mark.parametrize(
    ("order", "payoffs"),
    [([0, 1, 2], [0, 30, 150, 110]), ([2, 0, 1], [0, -20, 0, 110]), ([1, 2, 0], [0, 100, 70, 110])],
)
def test_drawn_joining(orders, order, payoffs):
    averages = EXACT + np.random.default_rng(0).normal(size=(orders, 3))
    plots.draw_joining(FLAT, order, payoffs, averages, EXACT, "million won")
    assert reading_problems(the_figure()) == []
    left, right = the_figure().axes
    steps = np.diff(payoffs)
    assert texts_of(left) == [*(written(step, "+g") for step in steps), "110"]
    # A bar begins where the one before it ends, and its colour shows its sign.
    assert [bar.get_x() + min(bar.get_width(), 0) for bar in left.patches] == [
        min(pair) for pair in pairwise(payoffs)
    ]
    assert [to_hex(bar.get_facecolor()) for bar in left.patches] == plots.colour(steps)
    named = {label.get_text(): label.get_position()[1] for label in left.get_yticklabels()}
    # A name has the colour of its line, or is darker: bars have those of signs.
    shades = {line.get_label(): line.get_color() for line in right.lines}
    for label in left.get_yticklabels()[:3]:
        assert label.get_color() == ink(shades[label.get_text()])
    # Upwards, as a waterfall goes.
    assert sorted(named, key=named.get) == [*(FLAT[i] for i in order), "together"]
    drawn = {line.get_label(): line.get_ydata() for line in right.lines}
    for i, name in enumerate(FLAT):
        assert np.array_equal(drawn[name], averages[:, i])
    assert len({line.get_linestyle() for line in right.lines if line.get_label() in FLAT}) == 3
    assert {text.get_text(): text.get_color() for text in right.texts} == {
        name: ink(shades[name]) for name in FLAT
    }


def test_drawn_joining_of_a_game_worth_nothing():
    plots.draw_joining(["a", "b"], [1, 0], [0, 0, 0], np.zeros((3, 2)), np.zeros(2), "points")
    assert reading_problems(the_figure()) == []


PRICE = {
    frozenset(S.split(", ")) - {""}: amount
    for S, amount in [
        *[("", 0), ("park", 30), ("size", 100), ("cats banned", -20), ("park, size", 150)],
        *[("park, cats banned", 0), ("size, cats banned", 70), ("park, size, cats banned", 110)],
    ]
}


def price(S):
    return PRICE[frozenset(S)]


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 0, 2], [2, 1, 0]])
def test_coalitions_and_what_each_player_adds(order):
    plots.draw_coalitions(FLAT, price, [FLAT[i] for i in order])
    assert reading_problems(the_figure()) == []
    (ax,) = the_figure().axes
    # A player's name stands at its line that begins with nobody.
    first = {player: f"{player} {written(price([player]), '+g')}" for player in FLAT}
    named = {t.get_text(): t.get_color() for t in ax.texts if t.get_text() in first.values()}
    others = [t.get_text() for t in ax.texts if t.get_text() not in named]
    boxes = {tuple(text.split("\n")) for text in others if text[0] not in "+−"}
    assert boxes == {
        (*([p for p in FLAT if p in S] or "∅"), written(amount, "g")) for S, amount in PRICE.items()
    }
    added = sorted(text for text in others if text[0] in "+−")
    steps = [price([*S, p]) - v for S, v in PRICE.items() for p in FLAT if S and p not in S]
    assert (
        len(steps) == 9
        and len(named) == 3
        and added == sorted(written(step, "+g") for step in steps)
    )
    thick = [line for line in ax.lines if line.get_linewidth() > 3]
    assert len(ax.lines) == 12
    # One order: three lines, each of which starts where another ends, from ∅ to N.
    ends = [(line.get_xydata()[0].tolist(), line.get_xydata()[1].tolist()) for line in thick]
    ends.sort()
    assert [start[0] for start, _ in ends] == [0, 1, 2]
    assert all(one[1] == other[0] for one, other in pairwise(ends))
    thick.sort(key=lambda line: line.get_xdata()[0])
    shades = [named[first[FLAT[i]]] for i in order]
    assert shades == [ink(line.get_color()) for line in thick]


def test_errors_and_the_line_that_they_follow():
    counts, single, paired = [8, 32, 128], [0.08, 0.04, 0.02], [0.04, 0.02, 0.01]
    plots.draw_falling(counts, single, paired)
    assert reading_problems(the_figure()) == []
    (ax,) = the_figure().axes
    drawn = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert [*drawn["single orders"]] == single and [*drawn["in pairs"]] == paired
    assert drawn["1/√n"] == pytest.approx(single)
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert {line.get_color() for line in ax.lines}.isdisjoint({plots.POSITIVE, plots.NEGATIVE})
