"""The parts of checks: xaikit's answers are off, inputs are fresh, mistakes have messages."""

import builtins
import copy
import inspect
import pkgutil
import re
from asyncio import AbstractEventLoop
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from itertools import pairwise
from types import FunctionType

import numpy as np
import pytest
import torch

import xaikit as xk
from xaikit.course import checks, datasets
from xaikit.course.checks import (
    Mistake,
    compare,
    dasp,
    gradient_x_input,
    mistakes,
    plain,
    random_networks,
    shap,
    shapley_values,
)

SWITCHED_OFF = "this exercise asks you to write it yourself: xaikit's own version is switched off"
MODULES = [
    import_module(f"{checks.__name__}.{m.name}") for m in pkgutil.iter_modules(checks.__path__)
]
# Every check of every assignment: it takes the learner's answer, and prints a line.
CHECKS = [
    pytest.param(function, id=f"{module.__name__.rpartition('.')[2]}-{name}")
    for module in MODULES
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if list(inspect.signature(function).parameters)[:1] == ["answer"]
    and function.__module__ == module.__name__
    and name != "by_hand"
]

# Answers to these take a word, whole numbers or a function; the check tries many.
WITHOUT_ARRAYS = {
    "dasp-property_test",
    "dasp-size_weights",
    "integrated_gradients-quadrature",
    "lime-one_token_test",
    "ranking-random_masks",
    "shap-kernel",
}


def doubled(value, times=2):
    return value * times


def tripled(value):
    return 3 * value


def written_by_hand(*answers):
    return checks._out_of_reach(checks._loaded(), answers)


def refused():
    return pytest.raises((NameError, Mistake), match=SWITCHED_OFF)


class Stop(Exception):
    """An error in a learner's code."""


# Switching off


def test_switched_off_inside_and_back_afterwards():
    with written_by_hand(doubled):
        with refused():
            doubled(1)
        assert tripled(1) == 3
    assert doubled(1) == 2 and doubled(1, times=5) == 5


@pytest.mark.parametrize(
    ("arguments", "named"), [((), {}), ((1, 2, 3), {}), ((1,), {"times": 3}), ((), {"other": 0})]
)
def test_switched_off_however_it_is_called(arguments, named):
    with written_by_hand(doubled), refused():
        doubled(*arguments, **named)


def test_back_after_an_error_inside():
    with pytest.raises(Stop), written_by_hand(doubled, tripled):
        raise Stop
    assert (doubled(1), tripled(1)) == (2, 3)


def test_references_taken_earlier_are_switched_off_too():
    network, row = datasets.small_network(), datasets.small_row()
    of_class, of_network, function = xk.Network.gradient, network.gradient, xk.gradient_x_input
    with written_by_hand(xk.Network.gradient, xk.gradient_x_input):
        for attempt in (
            lambda: of_class(network, row),
            lambda: of_network(row),
            lambda: network.gradient(row, target=0),
            lambda: datasets.small_network().gradient(row),
            lambda: function(network, row),
            lambda: xk.gradient_x_input(network, row),
        ):
            with refused():
                attempt()
        assert network(row).tolist() == [4]  # the rest of xaikit goes on
    assert of_network(row).tolist() == of_class(network, row).tolist() == [6, -2]
    assert function(network, row).values.tolist() == [3, 1]


def test_nested_switches_end_with_the_outer_one():
    with written_by_hand(doubled):
        with written_by_hand(doubled, tripled), refused():
            tripled(1)
        assert tripled(1) == 3
        with refused():
            doubled(1)
    assert doubled(1) == 2


def test_one_function_named_twice_comes_back():
    with written_by_hand(doubled, doubled), refused():
        doubled(1)
    assert doubled(1) == 2


def test_a_function_that_cannot_be_switched_off_leaves_the_others_as_they_were():
    def first(value):
        return value

    def reads_from_outside(value):
        return value + outer

    outer = 1
    with pytest.raises((ValueError, TypeError)), written_by_hand(first, reads_from_outside):
        pass
    assert (first(1), reads_from_outside(1)) == (1, 2)


# The learner's function, guarded


def test_guarded_answer_gives_what_the_answer_gives():
    assert checks.by_hand(doubled)(3, 4) == 12


def test_guarded_answer_runs_with_the_forbidden_switched_off():
    guarded = checks.by_hand(lambda value: doubled(value), doubled)
    assert doubled(1) == 2
    with refused():
        guarded(1)
    assert doubled(1) == 2


def set_first(values):
    values[0] = 7


@pytest.mark.parametrize(
    ("change", "arguments"),
    [
        (lambda x: set_first(x), (np.zeros(2),)),
        (lambda n, x: set_first(x), (1, np.zeros(2))),
        (lambda weights: set_first(weights[1]), ([np.zeros(2), np.zeros(3)],)),
        (lambda weights: weights.reverse(), ([np.zeros(2), np.ones(2)],)),
        (lambda weights: weights.pop(), ([np.zeros(2), np.ones(2)],)),
        (lambda weights: weights.append(np.zeros(2)), ([np.zeros(2)],)),
    ],
)
def test_an_answer_that_changes_its_inputs_is_told_and_changes_only_copies(change, arguments):
    before = repr(arguments)
    with pytest.raises(Mistake, match="changed one of its inputs"):
        checks.by_hand(change)(*arguments)
    assert repr(arguments) == before


def test_an_answer_that_reads_its_inputs_is_left_alone():
    def total(weights, x, network):
        return sum(w.sum() for w in weights) + x.sum() + network(x)[0]

    arguments = [np.ones(2), np.ones(3)], datasets.small_row(), datasets.small_network()
    assert checks.by_hand(total)(*arguments) == 5 + 0 + 4


def unwritten(value):
    # YOUR CODE HERE
    raise NotImplementedError()


def misfit(W, target, others, explain):
    return W @ np.ones(2) + target


def asserting(values):
    assert values[0] > 1
    return True


stop_in_a_list = lambda values: [1 / v for v in values]  # noqa: E731


def worked_by_hand(values):
    """Do something.

    By hand, one row: [1, 2]
    gives 3.
    """
    return values[9]


def list_of_stops(values):
    return list(1 / (v - v) for v in values)


def unfinished_library(value):
    return AbstractEventLoop().stop()


STOPS = (IndexError, NotImplementedError, ValueError, AssertionError, TypeError, ZeroDivisionError)
SHOWN_BY_NUMPY = "ValueError: matmul: Input operand 1 has a mismatch"


@pytest.mark.parametrize(
    ("answer", "arguments", "words"),
    [
        (
            unwritten,
            (1,),
            "○ unwritten is not written yet: your code goes in the place of "
            r"raise NotImplementedError\(\)",
        ),
        # A library's own is an error like any other.
        (
            unfinished_library,
            (1,),
            r"✗ unfinished_library stopped with NotImplementedError\n"
            r"  in line \d+ of the cell with unfinished_library:  return AbstractEventLoop(.|\n)*",
        ),
        (lambda v: unwritten(v), (1,), "○ unwritten is not written yet: .*"),
        (
            misfit,
            (np.ones((2, 3)), 1, [1, 2], doubled),
            rf"✗ misfit stopped with {SHOWN_BY_NUMPY}.*\n"
            r"  in line \d+ of the cell with misfit:  return W @ np.ones\(2\) \+ target\n"
            r"  The case in which it stopped\n"
            r"    It was given W: array of shape \(2, 3\), target: 1, others: list of 2, "
            r"explain: function\.\n"
            r"    checks.last_inputs\(\) shows the numbers\.",
        ),
        (
            asserting,
            (np.zeros(2),),
            r"✗ asserting stopped with AssertionError.*\n"
            r"  in line \d+ of the cell with asserting:  assert values\[0\] > 1\n"
            r"  A function that tests something says so with return True or return False\.",
        ),
        (
            worked_by_hand,
            (np.zeros(2),),
            r"✗ worked_by_hand stopped with IndexError.*\n"
            r"  in line \d+ of the cell with worked_by_hand:  return values\[9\]\n"
            r"  By hand, one row: \[1, 2\] gives 3\.\n"
            r"  The case in which it stopped\n"
            r"    It was given values: array of shape \(2,\)\.\n.*",
        ),
        # What has no name of its own is not called <genexpr> or <lambda>.
        (
            list_of_stops,
            ([1, 2],),
            r"✗ list_of_stops stopped with ZeroDivisionError.*\n"
            r"  in line \d+ of the cell with list_of_stops:  return list(.|\n)*",
        ),
        (
            stop_in_a_list,
            ([0],),
            r"✗ <lambda> stopped with ZeroDivisionError.*\n"
            r"  in line \d+:  stop_in_a_list = (.|\n)*",
        ),
        (sum, (3,), r"✗ sum stopped with TypeError: (.|\n)*It was given input 1: 3\.\n.*"),
    ],
)
def test_what_stops_an_answer_is_said_in_words_where_a_notebook_would_print_a_traceback(
    answer, arguments, words
):
    with pytest.raises(STOPS) as stopped:
        checks.by_hand(answer)(*arguments)
    (shown,) = stopped.value._render_traceback_()
    assert re.fullmatch(words, shown)


@pytest.mark.parametrize(
    "misfitting",
    [
        lambda: np.ones(2) + np.ones(3),
        lambda: np.ones((2, 3)) @ np.ones(2),
        lambda: np.hstack([np.ones(2), np.ones((2, 2))]),
    ],
)
def test_shapes_that_do_not_fit_get_a_hint(misfitting):
    message = r"^sums: shapes do not fit\. Rows first\. NumPy says: .+"
    with pytest.raises(Mistake, match=message), checks.shapes_fit("sums", "Rows first"):
        misfitting()


def test_other_errors_get_no_hint_on_shapes():
    with (
        pytest.raises(ValueError, match=r"^ask for rows$"),
        checks.shapes_fit("sums", "Rows first"),
    ):
        raise ValueError("ask for rows")


# The checks, out of a learner's reach


def test_the_right_answers_of_the_checks_are_switched_off():
    v, order, earlier = np.ones((2, 2)), np.arange(2), shapley_values._added
    known = shapley_values.CONTRIBUTIONS
    for attempt in (
        lambda v, order: shapley_values._added(v, order),
        lambda v, order: earlier(v, order),
        lambda v, order: known.function()(v, order),
        lambda v, order: known.made((v, order)),
    ):
        with pytest.raises(Mistake, match="switched off"):
            shapley_values.contributions(attempt)
    assert earlier(v, order).tolist() == known.made((v, order)).tolist() == [0, 0]


def loaded_again(module):
    spec = spec_from_file_location("again", module.__file__)
    again = module_from_spec(spec)
    spec.loader.exec_module(again)
    return again


def test_taken_before_a_check_or_copied_they_are_switched_off_too():
    right = shapley_values.CONTRIBUTIONS.function()
    twin = FunctionType(shapley_values._added.__code__, vars(shapley_values))
    held, again = [right], loaded_again(shapley_values)
    made_again = loaded_again(mistakes)._function(shapley_values.CONTRIBUTIONS.source(), ())
    own = FunctionType(xk.exact_shapley.__code__, xk.exact_shapley.__globals__)
    for attempt in (
        right,
        twin,
        made_again,
        lambda v, order: held[0](v, order),
        lambda v, order: (lambda: twin(v, order))(),
        lambda v, order: again._added(v, order),
        lambda v, order, f=made_again: f(v, order),
        lambda v, order: own(v, order),
    ):
        with pytest.raises(Mistake, match="switched off"):
            shapley_values.contributions(attempt)
    assert right(np.ones((2, 2)), np.arange(2)).tolist() == [0, 0]


@pytest.mark.parametrize("line", ["SHAPLEY.source()", "SHAPLEY.function()", "SHAPLEY.made((v,))"])
def test_no_line_of_a_notebook_gets_at_them(line):
    names = {"__name__": "__main__", "v": np.ones((2, 2)), "SHAPLEY": shapley_values.SHAPLEY}
    with pytest.raises(Mistake, match="is yours to write"):
        eval(line, names)
    eval(line, {**names, "__name__": "tests"})


def test_who_writes_the_very_lines_of_a_right_answer_has_written_them():
    answer = shapley_values.CONTRIBUTIONS
    answer.function()
    exec(answer.source(), own := {"np": np})
    shapley_values.contributions(own["contributions"])


def test_a_function_that_a_check_hands_over_may_use_them():
    guarded = checks.by_hand(lambda moments: moments(np.zeros(2), np.ones(2)))
    assert guarded(dasp.given_relu_moments)[0].shape == (2,)


def test_names_of_the_checks_are_fixed():
    for change in (
        lambda: setattr(checks, "compare", None),
        lambda: setattr(gradient_x_input, "jacobian", None),
        lambda: delattr(gradient_x_input, "jacobian"),
        lambda: setattr(gradient_x_input, "mine", None),
    ):
        with pytest.raises(AttributeError, match="is fixed"):
            change()


@pytest.mark.parametrize("name", ["compare", "plain", "_same", "passed"])
def test_names_that_an_answer_changed_all_the_same_come_back(name):
    ours = getattr(checks, name)

    def answer(value):
        vars(checks)[name] = lambda *a, **k: value
        assert getattr(checks, name) is not ours
        return value

    checks.by_hand(answer)(1)
    assert getattr(checks, name) is ours


@pytest.mark.parametrize("function", [compare, random_networks.forward])
def test_code_that_an_answer_changed_comes_back(function):
    ours = function.__code__

    def answer(value):
        function.__code__ = (lambda *a: None).__code__
        return value

    checks.by_hand(answer)(1)
    assert function.__code__ is ours


@pytest.mark.parametrize(
    "change",
    [
        lambda: setattr(np, "abs", lambda x: 0 * x),
        lambda: setattr(np.linalg, "norm", lambda x: 0),
        lambda: setattr(np.allclose.__wrapped__, "__code__", (lambda *a, **k: True).__code__),
        lambda: setattr(copy, "deepcopy", lambda x: x),
        lambda: setattr(builtins, "abs", lambda x: 0),
        lambda: vars(checks).update(abs=lambda x: 0),
        lambda: vars(checks).pop("close"),
        lambda: setattr(builtins, "zip", lambda *a, **k: ()),
    ],
)
def test_what_checks_compute_with_comes_back(change):
    def state():
        found = [dict(vars(m)) for m in (np, np.linalg, copy, builtins, checks)]
        return found, np.allclose(1, 2)

    before = state()
    checks.by_hand(lambda value: change())(1)
    after = state()
    assert before[1] is after[1] is False
    for old, new in zip(before[0], after[0], strict=True):
        assert old.keys() == new.keys() and all(old[name] is new[name] for name in old)


@pytest.mark.parametrize("name", ["zip", "_made", "_loaded"])
def test_what_an_answer_may_call_back_looks_up_no_name(name):
    """Right answers are on meanwhile, and an answer can give each name another meaning."""
    heard = []

    def answer(call_back):
        vars(checks)[name] = lambda *given, **named: heard.extend(given) or ()
        return call_back()

    checks.by_hand(answer)(checks._made)
    codes = {reference.__code__ for reference in checks._loaded().references}
    assert codes and not any(codes.intersection(part) for part in heard)


def test_the_names_of_who_asks_come_back():
    """A hidden test has names of its own."""
    change = "def answer(n):\n    import sys\n    names = sys._getframe(2).f_globals\n"
    change += "    names['limit'] = names['abs'] = names['np'] = 7\n"
    exec(change, own := {"checks": checks})
    asking = {"limit": 1, "checks": checks, "answer": own["answer"], "np": np}
    exec("checks.by_hand(answer)(1)", asking)
    assert asking["limit"] == 1 and asking["np"] is np and "abs" not in asking


@pytest.mark.parametrize("value", [np.ones(2), [np.ones(2)], (np.ones(2), [np.ones(2)])])
def test_copies_of_inputs_do_not_hang_on_pythons_copy(value, monkeypatch):
    monkeypatch.setattr(copy, "deepcopy", lambda thing, *memo: thing)
    monkeypatch.setitem(copy._deepcopy_dispatch, np.ndarray, lambda thing, memo: thing)
    before = repr(value)

    def zeroing(thing):
        for part in thing if isinstance(thing, tuple | list) else ():
            zeroing(part)
        if isinstance(thing, np.ndarray):
            thing[:] = 0

    with pytest.raises(Mistake, match="changed one of its inputs"):
        checks.by_hand(zeroing)(value)
    assert repr(value) == before


def test_a_mistake_keeps_its_own_words():
    def mistaken(value):
        raise Mistake("ask for rows")

    with pytest.raises(Mistake) as stopped:
        checks.by_hand(mistaken)(1)
    assert stopped.value._render_traceback_() == ["✗ ask for rows"]


def test_the_last_inputs_can_be_looked_at():
    checks._last_call.clear()
    with pytest.raises(LookupError, match="no check has run yet"):
        checks.last_inputs()
    x = np.ones(2)
    checks.by_hand(lambda a, n: checks.by_hand(doubled)(n))(x, 3)
    given = checks.last_inputs()
    # The outer function's inputs, as a copy.
    assert list(given) == ["a", "n"] and given["n"] == 3
    given["a"][0] = 7
    assert x.tolist() == checks.last_inputs()["a"].tolist() == [1, 1]
    with pytest.raises(ValueError, match="mismatch"):
        checks.by_hand(misfit)(np.ones((2, 3)), 1, [], None)
    assert list(checks.last_inputs()) == ["W", "target", "others", "explain"]


@pytest.mark.parametrize("module", [m for m in MODULES if hasattr(m, "by_hand")])
def test_every_assignments_checks_show_the_last_inputs(module):
    assert module.last_inputs is checks.last_inputs


# Answers as plain numbers


@pytest.mark.parametrize("answer", [[1, 2], (1.0, 2), np.array([1, 2]), [np.float32(1), True + 1]])
def test_numbers_in_any_form_become_a_float_array(answer):
    values = plain(answer, (2,), "shares")
    assert values.dtype == float and values.tolist() == [1, 2]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.int64], ids=str)
def test_torch_tensors_become_a_float_array(dtype):
    values = plain(torch.tensor([1, 2], dtype=dtype), (2,), "shares")
    assert values.dtype == float and values.tolist() == [1, 2]


def test_a_plain_copy_does_not_change_with_the_answer():
    answer = np.zeros(2)
    values = plain(answer, (2,), "shares")
    answer[0] = 1
    assert values.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "shares returned nothing: is there a return at its end?"),
        ("W @ x", "shares returned a str that is no array of numbers"),
        ({1: 2}, "shares returned a dict that is no array of numbers"),
        (doubled, "shares returned a function that is no array of numbers"),
        ([[1], [2, 3]], "shares returned a list that is no array of numbers"),
        ([1, None], "shares returned"),
        (3.0, "shares returned a single number, expected an array of shape (2,)"),
        ([1], "shares returned an array of shape (1,), expected an array of shape (2,)"),
        ([[1, 2]], "shares returned an array of shape (1, 2), expected an array of shape (2,)"),
        ([1, np.nan], "shares returned NaN or infinity"),
        ([1, np.inf], "shares returned NaN or infinity"),
    ],
    ids=lambda value: getattr(value, "__name__", repr(value)),
)
def test_anything_else_is_refused_in_words(answer, message):
    with pytest.raises(Mistake, match=re.escape(message)):
        plain(answer, (2,), "shares")


def test_a_single_number_is_called_that():
    message = "area returned an array of shape (1,), expected a single number"
    with pytest.raises(Mistake, match=re.escape(message)):
        plain([1.0], (), "area")
    with pytest.raises(Mistake, match=r"^area: got 2, expected 3\. checks\.last_inputs"):
        compare(np.array(2.0), np.array(3.0), {}, "area")


# Comparing


EXPECTED = np.array([1.0, -20.0, 3.0])
MISCONCEPTIONS = {"you forgot the sign": np.abs(EXPECTED), "you took half": EXPECTED / 2}


@pytest.mark.parametrize("error", [0, 1e-6, -1e-5])
def test_numbers_that_agree_up_to_rounding_are_right(error):
    compare(EXPECTED + error, EXPECTED, MISCONCEPTIONS, "shares")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1, 20, 3], "shares: you forgot the sign"),
        ([0.5, -10, 1.5], "shares: you took half"),
        (
            [1, -20, 7.12345],
            "shares: got 7.123 at index (2,), expected 3 (1 of 3 numbers differ, this one most)",
        ),
        ([1.01, -20, 3], "shares: got 1.01 at index (0,), expected 1"),
        ([1.1, -20.001, 3.5], "shares: got 3.5 at index (2,), expected 3 (3 of 3 numbers"),
        # Enough digits to show that they differ.
        ([1, -20.001, 3], "shares: got -20.001 at index (1,), expected -20 ("),
    ],
)
def test_a_difference_is_named_after_its_misconception_or_shown(given, message):
    with pytest.raises(Mistake, match=f"^{re.escape(message)}"):
        compare(np.array(given, dtype=float), EXPECTED, MISCONCEPTIONS, "shares")


def test_a_misconception_that_is_right_here_does_not_spoil_a_right_answer():
    compare(EXPECTED, EXPECTED, {"you are right": EXPECTED}, "shares")


def test_a_misconception_that_gives_infinity_explains_nothing():
    with pytest.raises(Mistake, match=r"^shares: got 0 at index \(1,\)"):
        wrong = {"you divided by 0": np.array([1.0, np.inf, 3.0])}
        compare(np.array([1.0, 0.0, 3.0]), EXPECTED, wrong, "shares")


@pytest.mark.parametrize("shape", [(3,), (2, 2), ()])
def test_zeros_are_first_of_all_no_answer_yet(shape):
    """np.zeros is where most answers begin, and // gives the same."""
    expected = np.full(shape, 0.4)
    wrong = {"// cuts off what is behind the point": np.zeros(shape)}
    with pytest.raises(Mistake, match=r"0\. Is a part .+ not written yet\? If it is written: //"):
        compare(np.zeros(shape), expected, wrong, "shares")
    with pytest.raises(Mistake, match=r"^shares: half of it$"):
        compare(expected / 2, expected, {"half of it": expected / 2}, "shares")


def test_differences_of_tables_and_of_single_numbers():
    with pytest.raises(Mistake, match=re.escape("got 9 at index (1, 0), expected 3")):
        compare(np.array([[1.0, 2], [9, 4]]), np.array([[1.0, 2], [3, 4]]), {}, "jacobian")
    with pytest.raises(Mistake, match=r"^sum: got 2, expected 1\. checks\.last_inputs"):
        compare(np.array(2.0), np.array(1.0), {}, "sum")


def test_a_mistake_fails_like_an_assert_and_shows_one_line():
    mistake = Mistake("the gates are missing")
    assert isinstance(mistake, AssertionError)
    assert mistake._render_traceback_() == ["✗ the gates are missing"]


# The checks of the assignments


def arrays_in(value):
    """Return the arrays in nested lists and tuples, and in the layers of a network."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, xk.Network):
        return [a for layer in value.layers for a in layer.parameters.values()]
    return [a for v in value for a in arrays_in(v)] if isinstance(value, list | tuple) else []


def inputs_drawn(check):
    """Return the arrays that a check hands to an answer at its first call."""
    drawn = []

    def answer(*arguments):
        drawn.extend(arrays_in(arguments))
        raise Stop

    with pytest.raises(Stop):
        check(answer)
    return drawn


def test_checks_were_found():
    names = {check.id for check in CHECKS}
    assert names >= {
        "gradient_x_input-jacobian",
        "gradient_x_input-gradient_times_input",
        "gradient_x_input-bias_shares",
        "gradient_x_input-completeness_test",
    }


@pytest.mark.parametrize("check", [check for check in CHECKS if check.id not in WITHOUT_ARRAYS])
def test_a_check_draws_other_inputs_each_time(check):
    # Random numbers never repeat. A few coalitions may repeat by chance, but not ten times.
    drawn = [b"".join(array.tobytes() for array in inputs_drawn(check)) for _ in range(10)]
    assert all(drawn) and len(set(drawn)) > 1


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_does_not_disturb_the_numbers_that_a_learner_draws(check):
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    inputs_drawn(check)
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize(("sizes", "bias"), [([4, 6, 5, 3], False), ([3, 4, 1], True)])
def test_random_networks_of_the_checks_tell_right_from_wrong_gates(sizes, bias):
    rng = np.random.default_rng(0)
    for _ in range(50):
        weights, biases, x = random_networks.draw(rng, sizes, bias)
        shapes = [(m, n) for n, m in pairwise(sizes)]
        assert [w.shape for w in weights] == shapes and x.shape == (sizes[0],)
        assert any(b.any() for b in biases) is bias
        *hidden, output = random_networks.forward(weights, biases, x)
        assert all(z.min() < 0 < z.max() and np.abs(z).min() > 0.01 for z in hidden)
        # Forward pass and slopes against xaikit's own, which have their own tests.
        layers = [xk.Dense(w, b) for w, b in zip(weights, biases, strict=True)]
        network = xk.Network([part for layer in layers for part in (layer, xk.ReLU())][:-1])
        assert output == pytest.approx(network(x), abs=1e-12)
        rows = [network.gradient(x, target=c) for c in range(sizes[-1])]
        assert random_networks.slopes(weights, biases, x) == pytest.approx(np.array(rows), abs=1e-6)


OF_ASSIGNMENT_01 = [check for check in CHECKS if check.id.startswith("gradient_x_input-")]
NETWORK, ROW = datasets.small_network(), datasets.small_row()


@pytest.mark.parametrize("check", OF_ASSIGNMENT_01)
@pytest.mark.parametrize(
    "attempt",
    [
        lambda: NETWORK.gradient(ROW),
        lambda: xk.gradient_x_input(NETWORK, ROW),
        lambda: xk.saliency(NETWORK, ROW),
        lambda: xk.TorchModel.gradient(None, ROW),
    ],
    ids=["Network.gradient", "gradient_x_input", "saliency", "TorchModel.gradient"],
)
def test_xaikits_gradients_are_off_while_a_check_runs_and_back_afterwards(check, attempt):
    with refused():
        check(lambda *arguments: attempt())
    assert NETWORK.gradient(ROW).tolist() == [6, -2]
    assert xk.gradient_x_input(NETWORK, ROW).values.tolist() == [3, 1]
    assert xk.saliency(NETWORK, ROW).values.tolist() == [6, 2]


def backward(weights, biases, x):
    """Return the slopes at x and at every layer's z, first layer first; the last has one output."""
    received, a = [], x
    for weight, bias in zip(weights, biases, strict=True):
        received.append(weight @ a + bias)
        a = np.maximum(received[-1], 0)
    grad, grads = np.ones(1), []
    for layer in reversed(range(len(weights))):
        grads.insert(0, grad)
        grad = grad @ weights[layer]
        if layer:
            grad = grad * (received[layer - 1] > 0)
    return grad, grads


def right_jacobian(W1, W2, W3, x):
    nothing = [np.zeros(len(W1)), np.zeros(len(W2)), np.zeros(1)]
    return [backward([W1, W2, row[None]], nothing, x)[0] for row in W3]


def right_shares(weights, biases, x):
    grad, grads = backward(weights, biases, x)
    return [x @ grad, *(b @ g for b, g in zip(biases, grads, strict=True))]


def right_test(explain, network, rows):
    return all(abs(explain(network, row).sum() - network(row)[0]) < 1e-8 for row in rows)


@pytest.mark.parametrize(
    ("check", "answer"),
    [
        (gradient_x_input.jacobian, right_jacobian),
        (gradient_x_input.gradient_times_input, lambda J, x, target: (J * x).tolist()[target]),
        (gradient_x_input.bias_shares, right_shares),
        (gradient_x_input.completeness_test, right_test),
    ],
    ids=["jacobian", "gradient_times_input", "shares", "is_complete"],
)
def test_a_right_answer_written_in_another_way_passes_with_one_line(check, answer, capsys):
    for _ in range(10):
        check(answer)
        assert re.fullmatch("✓ .+\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    "check", [gradient_x_input.jacobian, gradient_x_input.gradient_times_input], ids=["1", "2"]
)
def test_an_answer_of_uneven_rows_is_told_so(check):
    with pytest.raises(Mistake, match="returned a list that is no array of numbers"):
        check(lambda *arguments: [[1.0], [2.0, 3.0]])


def test_two_sums_that_nearly_agree_are_written_with_the_digits_that_differ():
    """Weights of 1e9 for the ends miss the sum in its ninth digit."""

    def kernel_fit(z, v, weights, base, top):
        total = top - base
        others = (z[:, :-1] - z[:, -1:]) * np.sqrt(weights)[:, None]
        rest = (v - base - total * z[:, -1]) * np.sqrt(weights)
        values = np.linalg.lstsq(others, rest, rcond=None)[0]
        return np.append(values, total - values.sum() + 3e-8 * (1 + abs(total)))

    with pytest.raises(Mistake, match="The constraint must hold exactly") as caught:
        shap.constrained_fit(kernel_fit)
    found, right = re.findall(r"-?\d+\.\d+", str(caught.value))
    assert found != right and abs(float(found) - float(right)) < 1e-5
