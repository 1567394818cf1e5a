"""Right answers in another form are right: one array for two parts, single precision."""

from dataclasses import replace

import numpy as np
import pytest

from xaikit.course.checks import (
    Mistake,
    dasp,
    gradient_x_input,
    integrated_gradients,
    lrp,
    pair,
    ranking,
    trust,
)

ONE_ARRAY = {
    "quadrature": (integrated_gradients.ALPHAS, integrated_gradients.quadrature),
    "coalition_moments": (dasp.COALITION_MOMENTS, dasp.coalition_moments),
    "relu_moments": (dasp.RELU_MOMENTS, dasp.relu_moments),
    "dense_moments": (dasp.DENSE_MOMENTS, dasp.dense_moments),
    "infidelity": (trust.INFIDELITY, trust.infidelity_and_error),
}


def written(answer, **gaps):
    """Return a learner's function with the code of an answer: the checks' own is switched off."""
    found = {"np": np, **answer.names}
    exec(answer.source(**gaps), found)
    return list(found.values())[-1]


def twice(answer, check, **gaps):
    for _ in range(2):
        check(written(answer, **gaps))


@pytest.mark.parametrize("name", ONE_ARRAY)
def test_one_array_unpacks_into_two(name):
    answer, check = ONE_ARRAY[name]
    end = answer.right["end"]
    twice(answer, check, end=f"np.array([{end}])")


def test_a_completeness_test_may_ask_row_by_row():
    def is_complete(explain, network, rows):
        gaps = [explain(network, x).sum() - network(x)[0] for x in rows]
        return all(abs(gap) < 1e-8 for gap in gaps)

    def is_complete_within(explain, f, rows, baseline, tolerance):
        gaps = [explain(x, baseline).sum() - (f(x) - f(baseline)) for x in rows]
        return all(abs(gap) <= tolerance for gap in gaps)

    gradient_x_input.completeness_test(is_complete)
    integrated_gradients.completeness_test(is_complete_within)


@pytest.mark.parametrize("name", ONE_ARRAY)
def test_three_parts_are_not_two(name):
    answer, check = ONE_ARRAY[name]
    with pytest.raises(Mistake, match=r"return|two"):
        check(written(answer, end=f"({answer.right['end'].split(',')[0]},) * 3"))


@pytest.mark.parametrize("kind", ["np.float32", "list"])
def test_the_four_steps_in_another_kind(kind):
    answer = lrp.FOUR_STEPS
    if kind == "list":
        twice(answer, lrp.four_steps, end="list(a * c)")
        return
    single = dict(z="np.float32(W) @ np.float32(a) + np.float32(b)", s="np.float32(R) / z")
    end = "np.float32(a) * (np.float32(W).T @ s)"
    for _ in range(20):
        lrp.four_steps(written(answer, **single, end=end))


def test_single_precision_is_no_excuse_for_a_mistake():
    with pytest.raises(Mistake, match="step 4 is missing"):
        lrp.four_steps(written(lrp.FOUR_STEPS, end="np.float32(c)"))
    with pytest.raises(Mistake, match="single precision"):
        lrp.four_steps(written(lrp.FOUR_STEPS, s="R / np.float32(z)"))


def test_the_selectors_loss_is_a_list_or_a_tuple():
    answer = replace(ranking.SELECTOR_LOSS, read=list)
    twice(answer, ranking.selector_loss, end="[loss, slopes]")
    with pytest.raises(Mistake, match="return two things"):
        ranking.selector_loss(written(answer, end="loss"))


@pytest.mark.parametrize("given", [1.0, (1,), [1, 2, 3], np.zeros(3), {"a": 1, "b": 2}, "ab"])
def test_what_is_not_two_parts(given):
    with pytest.raises(Mistake, match="f returns two"):
        pair(given, "f returns two")


def test_nothing_is_no_pair():
    with pytest.raises(Mistake, match="f returned nothing"):
        pair(None, "f returns two")


def test_an_array_of_two_numbers_is_one_part_where_a_part_has_two():
    with pytest.raises(Mistake, match="f returns two"):
        pair(np.zeros(2), "f returns two", (2,))
    assert [part.tolist() for part in pair(np.eye(2), "f returns two", (2,))] == [[1, 0], [0, 1]]
