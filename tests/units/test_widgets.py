"""Controls are named in words, pass their values to the drawing, and go back to their starts."""

import ipywidgets
import pytest

from xaikit.course import widgets

ALL_KINDS = {
    "line": ("the patient", ["is scaled", "changes bmi alone"]),
    "biases": ("with biases", False),
    "t": ("t", -2.0, 2.0, 0.1, 1.0),
    "samples": ("rows drawn", 10, 100, 10, 50),
    "budget": ("coalitions paid", [32, 64, 128], 64),
}
START = {"line": "is scaled", "biases": False, "t": 1.0, "samples": 50, "budget": 64}
MOVED = {"line": "changes bmi alone", "biases": True, "t": -0.5, "samples": 20, "budget": 128}


def explored(**controls):
    """Return a drawing's controls by argument name, its button, and the list of its calls."""
    calls = []

    def draw(**values):
        calls.append(values)

    rows = widgets.panel(draw, **controls).children[0].children
    return dict(zip(controls, rows, strict=False)), rows[-1], calls


def test_each_setting_has_its_kind_of_control():
    controls, _, _ = explored(**ALL_KINDS)
    assert {name: type(control) for name, control in controls.items()} == {
        "line": ipywidgets.Dropdown,
        "biases": ipywidgets.Checkbox,
        "t": ipywidgets.FloatSlider,
        "samples": ipywidgets.IntSlider,
        "budget": ipywidgets.SelectionSlider,
    }


def test_one_fraction_makes_a_slider_of_fractions():
    controls, _, _ = explored(t=("t", 0, 1, 0.25, 0))
    assert type(controls["t"]) is ipywidgets.FloatSlider


@pytest.mark.parametrize(
    ("step", "written"), [(0.1, ".1f"), (0.25, ".2f"), (0.5, ".1f"), (1.0, ".0f"), (0.05, ".2f")]
)
def test_a_value_is_written_with_the_decimals_of_its_steps(step, written):
    controls, _, _ = explored(t=("t", 0.0, 4.0, step, 0.0))
    assert controls["t"].readout_format == written


def test_controls_start_and_end_where_they_are_told():
    controls, _, _ = explored(**ALL_KINDS)
    assert {name: control.value for name, control in controls.items()} == START
    assert controls["line"].options == ("is scaled", "changes bmi alone")
    assert controls["budget"].options == (32, 64, 128)
    for name, track in [("t", (-2, 2, 0.1)), ("samples", (10, 100, 10))]:
        assert (controls[name].min, controls[name].max, controls[name].step) == track
    assert explored(on=("on", True))[0]["on"].value is True


def test_controls_are_named_in_words_and_names_are_not_cut_off():
    controls, _, _ = explored(**ALL_KINDS)
    for name, control in controls.items():
        assert control.description == ALL_KINDS[name][0]
        assert control.style.description_width == f"{len('coalitions paid') + 1}ch"


def test_tracks_are_as_wide_as_the_cell():
    controls, _, _ = explored(**ALL_KINDS)
    # ipywidgets gives a control 300 px, of which a label takes its part, unless it is told a width.
    assert {control.layout.width for control in controls.values()} == {"auto"}


def test_no_control_is_disabled_or_out_of_the_tab_order():
    controls, reset, _ = explored(**ALL_KINDS)
    for control in [*controls.values(), reset]:
        assert not control.disabled and control.tabbable is not False


@pytest.mark.parametrize("name", MOVED)
def test_a_change_draws_once_more_with_the_new_value(name):
    controls, _, calls = explored(**ALL_KINDS)
    calls.clear()
    controls[name].value = MOVED[name]
    assert calls == [{**START, name: MOVED[name]}]


def test_reset_puts_all_controls_back_and_draws_once():
    controls, reset, calls = explored(**ALL_KINDS)
    for name, value in MOVED.items():
        controls[name].value = value
    assert calls[-1] == MOVED
    calls.clear()
    reset.click()
    assert {name: control.value for name, control in controls.items()} == START
    assert calls == [START]
    controls["t"].value = 0.0
    assert calls == [START, {**START, "t": 0.0}]


def test_it_draws_at_once_with_the_starting_values():
    assert explored(**ALL_KINDS)[2] == [START]


def test_two_explorations_do_not_share_their_controls():
    first, _, first_calls = explored(t=("t", 0, 10, 1, 5))
    _, _, second_calls = explored(t=("t", 0, 10, 1, 5))
    first_calls.clear()
    second_calls.clear()
    first["t"].value = 6
    assert (first_calls, second_calls) == ([{"t": 6}], [])


@pytest.mark.parametrize(
    "setting", [(0, 9, 1, 1), ("t", 0, 9), ("t",), ("t", [1, 2], 1, 2), ("t", "abc"), "t"]
)
def test_a_control_that_cannot_be_understood_is_named(setting):
    with pytest.raises(ValueError, match=r"the control 't' is .*; expected \(label, low, high"):
        explored(t=setting)
