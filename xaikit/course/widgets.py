"""Labelled controls above a figure, which is redrawn when a learner moves them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from xaikit.core.extras import needs

# What ipywidgets leaves out for the eye. Names begin at the left, and in a narrow cell a name
# stands above its track. Handles are seen on white, and the arrow of a list is seen in the dark. In
# a narrow cell every figure of the page keeps a size at which its words can be read, and scrolls.
STYLE = """
.xai-explore { container-type: inline-size }
.xai-explore .widget-label.widget-label { text-align: left }
.xai-explore .slider-container.slider-container { min-width: min(320px, 60%) }
.xai-explore .noUi-handle.noUi-handle { border: 1px solid gray }
.xai-explore .widget-dropdown > select {
    background-image: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' \
viewBox='0 0 18 18'%3E%3Cpath fill='none' stroke='gray' stroke-width='2' d='M4 7l5 5 5-5'\
/%3E%3C/svg%3E") }
@container (max-width: 420px) {
    .xai-explore .widget-label.widget-label { flex-basis: 100% }
    .xai-explore .widget-checkbox > .widget-label { display: none }
}
.jp-RenderedImage.jp-RenderedImage { overflow-x: auto }
.jp-RenderedImage.jp-RenderedImage img { max-width: max(100%, 540px) }
"""
ADD_STYLE = f"""
const style = document.createElement('style')
style.textContent = `{STYLE}`
element.append(style)
"""
# What it leaves out for screen readers: a slider's name, its value as it is written beside it, the
# caption as the figure's own words, and that a new caption is read out. JupyterLab runs both in the
# page, where `element` is their own, still empty, place in the widget.
IN_THE_PAGE = """
const start = () => {
    if (!element.isConnected) return requestAnimationFrame(start)
    const widget = element.closest('.xai-explore'), shown = widget.querySelector('.xai-shown')
    const name = () => {
        for (const handle of widget.querySelectorAll('[role=slider]')) {
            const row = handle.closest('.widget-slider')
            handle.ariaLabel = row.querySelector('.widget-label').textContent
            handle.ariaValueText = row.querySelector('.widget-readout').textContent
        }
        for (const figure of shown.querySelectorAll('img')) figure.alt = shown.innerText.trim()
    }
    shown.ariaLive = 'polite'
    const changes = {childList: true, characterData: true, subtree: true}
    new MutationObserver(name).observe(widget, changes)
    name()
}
start()
"""


def explore(draw: Callable[..., None], **controls: tuple) -> None:
    """Show a control for each argument of `draw`, and redraw when one changes.

    Every control can be reached with the Tab key. The arrow keys move a slider, and choose from a
    list once it is open. A button puts all controls back.

    Parameters
    ----------
    draw : function
        Called with the controls' values by name; draws one figure and says what it shows.
    **controls : tuple
        By argument name: the control's label in words, and then low, high, step, start for a
        slider; or a list of options and, unless it is the first, the start; or a bool for a tick
        box. Options that are all numbers are the stops of a slider.

    Raises
    ------
    ValueError
        If a control is described in none of these ways.
    """
    box = panel(draw, **controls)
    from IPython.display import display

    display(box)


def panel(draw: Callable[..., None], **controls: tuple) -> Any:
    """Return what `explore` shows, an ipywidgets box: controls, a button, and the figure."""
    with needs("ipywidgets", "explore"):
        import ipywidgets

    made = {name: _control(name, setting) for name, setting in controls.items()}
    longest = max((len(control.description) for control in made.values()), default=0)
    for control in made.values():
        control.style.description_width = f"{longest + 1}ch"
        # As wide as the cell; in a narrow one the track is below the name.
        control.layout.width, control.layout.height = "auto", "auto"
        control.layout.flex_flow = "row wrap"
    starts = {name: control.value for name, control in made.items()}
    reset = ipywidgets.Button(description="Reset", icon="undo", tooltip="Put all controls back")
    shown = ipywidgets.Output()
    script = {"application/javascript": ADD_STYLE + IN_THE_PAGE}
    page = ipywidgets.Output(
        outputs=[{"output_type": "display_data", "data": script, "metadata": {}}]
    )

    def redraw(_change: Any = None) -> None:
        with shown, _quick_pictures():
            shown.clear_output(wait=True)
            draw(**{name: control.value for name, control in made.items()})

    def back(_button: Any) -> None:
        # One new figure, however many controls move.
        for name, control in made.items():
            control.unobserve(redraw, "value")
            control.value = starts[name]
            control.observe(redraw, "value")
        redraw()

    for control in made.values():
        control.observe(redraw, "value")
    reset.on_click(back)
    rows = ipywidgets.VBox([*made.values(), reset])
    box = ipywidgets.VBox([rows, shown.add_class("xai-shown"), page]).add_class("xai-explore")
    redraw()
    return box


def _control(name: str, setting: tuple) -> Any:
    """Return the control that a tuple describes."""
    import ipywidgets

    match setting:
        case str(label), bool(start):
            return ipywidgets.Checkbox(value=start, description=label)
        case str(label), list(options), *start if len(start) <= 1:
            numbers = all(isinstance(option, int | float) for option in options)
            kind = ipywidgets.SelectionSlider if numbers else ipywidgets.Dropdown
            value = start[0] if start else options[0]
            return kind(options=options, value=value, description=label)
        case str(label), low, high, step, start:
            track = {"min": low, "max": high, "step": step, "value": start, "description": label}
            if all(isinstance(v, int) for v in (low, high, step, start)):
                return ipywidgets.IntSlider(**track)
            decimals = len(f"{step:g}".partition(".")[2])
            return ipywidgets.FloatSlider(**track, readout_format=f".{decimals}f")
    raise ValueError(
        f"the control {name!r} is {setting!r}; expected (label, low, high, step, start) for a "
        "slider, (label, [options]) or (label, [options], start) for a list, (label, bool) for a "
        "tick box"
    )


@contextmanager
def _quick_pictures() -> Iterator[None]:
    """Let a notebook draw a figure once, and hardly compress it: this is most of a redraw."""
    from IPython import get_ipython

    shell = get_ipython()  # type: ignore[no-untyped-call]
    if shell is None:
        yield
        return
    # The first figure would load it, and it would then put its own way in the place of this one.
    import matplotlib_inline.backend_inline  # noqa: F401
    from matplotlib.figure import Figure

    from xaikit.plots.cards import quick_card

    pictures = shell.display_formatter.formatters["image/png"]
    usual = pictures.for_type(Figure, quick_card)
    try:
        yield
    finally:
        pictures.pop(Figure)
        if usual:
            pictures.for_type(Figure, usual)
