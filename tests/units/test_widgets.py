"""Controls have the right kind, wait for a final value, and pass it to the drawing."""

import ipywidgets
import pytest

from xaikit.course import widgets


def explored(**controls):
    """Return a drawing's controls by argument name, and the list of its calls."""
    calls = []

    def draw(**values):
        calls.append(values)

    widgets.explore(draw, **controls)
    by_name = dict(zip(controls, draw.widget.children, strict=False))
    return by_name, calls


ALL_KINDS = {
    "line": ["scale the patient", "move bmi alone"],
    "with_biases": False,
    "t": (-2.0, 2.0, 0.1, 1.0),
    "samples": (10, 100, 10, 50),
}


def test_each_setting_has_its_kind_of_control():
    controls, _ = explored(**ALL_KINDS)
    assert {name: type(control) for name, control in controls.items()} == {
        "line": ipywidgets.Dropdown,
        "with_biases": ipywidgets.Checkbox,
        "t": ipywidgets.FloatSlider,
        "samples": ipywidgets.IntSlider,
    }


def test_one_fraction_makes_a_slider_of_fractions():
    controls, _ = explored(t=(0, 1, 0.25, 0))
    assert type(controls["t"]) is ipywidgets.FloatSlider


def test_controls_start_and_end_where_they_are_told():
    controls, _ = explored(**ALL_KINDS)
    assert controls["line"].options == ("scale the patient", "move bmi alone")
    for name, (low, high, step, start) in [("t", (-2, 2, 0.1, 1)), ("samples", (10, 100, 10, 50))]:
        control = controls[name]
        assert (control.min, control.max, control.step, control.value) == (low, high, step, start)
    assert explored(on=True)[0]["on"].value is True
    assert explored(on=False)[0]["on"].value is False


def test_sliders_wait_until_a_value_is_final():
    controls, _ = explored(**ALL_KINDS)
    assert controls["t"].continuous_update is False
    assert controls["samples"].continuous_update is False


def test_controls_are_labelled_by_their_argument_and_labels_are_not_cut_off():
    controls, _ = explored(**ALL_KINDS)
    descriptions = {name: control.description for name, control in controls.items()}
    assert descriptions == {
        "line": "line",
        "with_biases": "with biases",
        "t": "t",
        "samples": "samples",
    }
    for control in controls.values():
        assert control.style.description_width == "9em"
        assert control.layout.width == "26em"


def test_no_control_is_disabled_or_out_of_the_tab_order():
    controls, _ = explored(**ALL_KINDS)
    for control in controls.values():
        assert not control.disabled and control.tabbable is not False


@pytest.mark.parametrize(
    ("name", "value"),
    [("line", "move bmi alone"), ("with_biases", True), ("t", -0.5), ("samples", 20)],
)
def test_a_change_draws_once_more_with_the_new_value(name, value):
    controls, calls = explored(**ALL_KINDS)
    start = {"line": "scale the patient", "with_biases": False, "t": 1.0, "samples": 50}
    calls.clear()
    controls[name].value = value
    assert calls == [{**start, name: value}]


def test_it_draws_at_once_with_the_starting_values():
    _, calls = explored(t=(-2.0, 2.0, 0.1, 1.0), biases=True)
    assert calls == [{"t": 1.0, "biases": True}]


def test_two_explorations_do_not_share_their_controls():
    first, first_calls = explored(t=(0, 10, 1, 5))
    _, second_calls = explored(t=(0, 10, 1, 5))
    first_calls.clear()
    second_calls.clear()
    first["t"].value = 6
    assert (first_calls, second_calls) == ([{"t": 6}], [])
