"""Labelled controls above a figure, which is redrawn when a learner moves them."""

from collections.abc import Callable
from typing import Any

from xaikit.core.extras import needs


def explore(draw: Callable[..., None], **controls: Any) -> None:
    """Show a control for each argument of `draw`, and redraw when one changes.

    Every control can be reached with the Tab key. The arrow keys move a slider, and choose from a
    list once it is open. The figure is redrawn when a value is final, not while it is dragged.

    Parameters
    ----------
    draw : function
        Called with the controls' values by name; draws one figure and may print.
    **controls
        By argument name: (low, high, step, start) is a slider, a list a choice, a bool a tick box.
    """
    with needs("ipywidgets", "explore"):
        import ipywidgets

    shared = {"layout": {"width": "26em"}, "style": {"description_width": "9em"}}

    def control(name: str, setting: Any) -> ipywidgets.Widget:
        shared_here = {"description": name.replace("_", " "), **shared}
        if isinstance(setting, bool):
            return ipywidgets.Checkbox(value=setting, indent=True, **shared_here)
        if isinstance(setting, list):
            return ipywidgets.Dropdown(options=setting, **shared_here)
        low, high, step, start = setting
        whole = all(isinstance(v, int) for v in setting)
        slider = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
        return slider(
            value=start, min=low, max=high, step=step, continuous_update=False, **shared_here
        )

    ipywidgets.interact(draw, **{name: control(name, c) for name, c in controls.items()})
