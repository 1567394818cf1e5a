"""A notebook in JupyterLab, which tests use by keyboard and read from the page."""

import json
import os
import re
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from tests.lab import TOKEN, Lab

# A page or a kernel may be slow under load; the awaited conditions are exact.
SECONDS = 120
# The page's time to show its output when the kernel is idle.
SECONDS_TO_SHOW = 5
ASK_FIRST, ASK_EVERY = 10, 100  # milliseconds
# JupyterLab writes the kernel's answer into the notebook when it has it, and marks the tab with a
# dot a moment later.
KERNEL_ANSWERED = "xaiTests.panel.sessionContext.session.kernel.info.then(({status}) => status)"
A_MOMENT = 1000  # milliseconds
DIRTY_TABS = "document.querySelectorAll('.lm-TabBar-tab.jp-mod-dirty').length"
# A page is pictured before it is closed, also unasked: that may show why a test failed.
PICTURES_ARE_WANTED = "XAI_SCREENSHOTS" in os.environ
HERE = "127.0.0.1"
BAD = ["error", "stderr"]
# Tab stops at the cell's buttons and then in the widget: a slider has two, a row of buttons many.
MOST_STOPS_BEFORE_A_WIDGET = 10
MOST_STOPS_IN_A_WIDGET = 50
# Fewer, and a mouse cannot choose among sixty values.
SHORTEST_TRACK = 300  # pixels

# The open notebook, in the page. Questions that come ten times a second copy no outputs.
SCRIPT = """
window.xaiTests = {
    get panel() { return window.jupyterapp?.shell.currentWidget },
    get content() { return this.panel?.content },
    get kernel() { return this.panel?.sessionContext?.session?.kernel?.status },
    get models() { return this.content?.model ? [...this.content.model.cells] : [] },
    get code() { return this.models.filter(cell => cell.type === 'code') },
    get idle() {
        return this.kernel === 'idle'
            && this.code.every(cell => (cell.executionState ?? 'idle') === 'idle')
    },
    get counts() { return this.code.map(cell => cell.executionCount) },
    // A check that fails shows a card, with its plain words, in the place of an error.
    get failed() {
        return this.code.some(({id, outputs}) => Array.from({length: outputs.length}).some(
            (_, place) => {
                const output = outputs.get(place)
                return output.type === 'error' || /-(check|example)$/.test(id)
                    && /^[○✗]/.test(output.data['text/plain'] ?? '')
            }))
    },
    // Every cell in plain values.
    get cells() { return this.models.map(cell => cell.toJSON()) },
    async activate(place) {
        this.content.activeCellIndex = place
        await this.content.scrollToItem(place)
        this.content.activeCell.node.focus()
    },
    // A widget's picture, and the text that stands under it; and what is new since it was asked to
    // remember them.
    drawn(index) {
        const shown = [...this.content.widgets[index].node.querySelectorAll(
            '.widget-output .jp-OutputArea-output')]
        const last = shown.findLastIndex(output => output.querySelector('img'))
        return {
            figure: last < 0 ? '' : shown[last].querySelector('img').src,
            sentence: last < 0 ? '' : shown.slice(last + 1).map(o => o.textContent).join('').trim(),
        }
    },
    remember(index) { this.remembered = this.drawn(index) },
    isNew(index, part) { return !['', this.remembered[part]].includes(this.drawn(index)[part]) },
}
"""
# Each kind has a label. So a kind without keys below is counted, and reported as unmoved.
CONTROLS = ".jupyter-widgets :has(> .widget-label)"
# The keys that move the focused control, and those that move it back. Until a drop-down list is
# open, JupyterLab uses the plain arrow keys to move between cells.
OPEN_THE_LIST = "Alt+ArrowDown"
KEYS = f"""focused => {{
    if (focused.role === 'slider') {{
        const [now, most] = ['aria-valuenow', 'aria-valuemax'].map(v => +focused.getAttribute(v))
        const keys = [['ArrowRight'], ['ArrowLeft']]
        return now < most ? keys : keys.reverse()
    }}
    if (focused.matches('select')) {{
        const keys = ['ArrowDown', 'ArrowUp'].map(arrow => ['{OPEN_THE_LIST}', arrow, 'Enter'])
        return focused.selectedIndex < focused.options.length - 1 ? keys : keys.reverse()
    }}
    if (focused.matches('.widget-toggle-button:not(.mod-active)')) {{
        const row = [...focused.parentElement.children]
        const active = row.findIndex(button => button.matches('.mod-active'))
        const away = active - row.indexOf(focused)
        const steps = Array(Math.abs(away)).fill(away > 0 ? 'Tab' : 'Shift+Tab')
        return [['Space'], [...steps, 'Space']]
    }}
    return focused.matches('input[type=checkbox]') ? [['Space'], ['Space']] : null
}}"""


class Notebook:
    """A page with a notebook, its complaints, and its requests to other hosts."""

    def __init__(self, page, lab: Lab, pictures: Path):
        self.page, self.lab, self.pictures = page, lab, pictures
        self.complaints: list[str] = []
        page.add_init_script(SCRIPT)
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        page.on("request", lambda request: self._note_address(request.url))
        page.on("websocket", lambda socket: self._note_address(socket.url))

    def _note_message(self, message) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} ({message.location.get('url')})")

    def _note_address(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("data", "blob") and parts.hostname != HERE:
            self.complaints.append(f"request to another host: {address}")

    def open(self, path: str) -> None:
        # A workspace of its own: the default one would open the last test's notebooks, and from one
        # that another page shows JupyterLab turns away.
        name = re.sub(r"\W+", "-", f"{path} {time.monotonic_ns()}")
        address = f"{self.lab.address}/lab/workspaces/{name}/tree/{quote(path)}?token={TOKEN}"
        self.page.goto(address)
        self.wait("xaiTests.models.length && xaiTests.idle", "an open notebook and an idle kernel")

    def open_next(self, path: str) -> None:
        """Open a notebook as the file browser does, in the JupyterLab that the page shows."""
        if not self.ask("Boolean(window.jupyterapp)"):
            self.open(path)
            return
        # Not returned: what JupyterLab gives is large, and would be sent.
        command = "await jupyterapp.commands.execute('docmanager:open', {path})"
        self.ask(f"async path => {{ {command} }}", path)
        self.wait(
            f"xaiTests.panel?.context?.path === {json.dumps(path)}"
            " && xaiTests.models.length && xaiTests.idle",
            "an open notebook and an idle kernel",
        )

    def is_dirty(self) -> bool:
        """Return whether JupyterLab has something to save, once it has the kernel's answer."""
        assert self.ask(KERNEL_ANSWERED) == "ok"
        self.page.wait_for_timeout(A_MOMENT)
        dirty = self.ask("xaiTests.panel.context.model.dirty")
        assert (self.ask(DIRTY_TABS) > 0) == dirty
        return dirty

    def leave(self) -> None:
        """Close all notebooks, saved or not, and shut down their kernels."""
        if PICTURES_ARE_WANTED:
            self.page.screenshot(path=self.pictures / "page.png")
        self.ask("[...jupyterapp.shell.widgets('main')].forEach(panel => panel.dispose())")
        self._shut_down()

    def close(self) -> None:
        """Save a picture, and shut down the kernel."""
        self.page.screenshot(path=self.pictures / "page.png")
        self.page.close()
        self._shut_down()

    def _shut_down(self) -> None:
        sessions = f"{self.lab.address}/api/sessions"
        requests = self.page.context.request
        for session in requests.get(f"{sessions}?token={TOKEN}").json():
            requests.delete(f"{sessions}/{session['id']}?token={TOKEN}")

    def wait(self, condition: str, what: str) -> None:
        """Wait until a JavaScript expression is true."""
        if not self._becomes_true(condition):
            pytest.fail(f"waited {SECONDS} seconds for {what}; so far: {self.complaints}")

    def _becomes_true(self, condition: str, seconds: float = SECONDS) -> bool:
        """Ask repeatedly; a page that checks itself, in every frame, would slow the kernel down."""
        end, pause = time.monotonic() + seconds, ASK_FIRST
        while not (is_true := self.ask(condition)) and time.monotonic() < end:
            self.page.wait_for_timeout(pause)
            pause = min(2 * pause, ASK_EVERY)
        return is_true

    def ask(self, expression: str, *argument):
        return self.page.evaluate(expression, *argument)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    # Cells, by their place from 0.

    def cells(self) -> list[dict]:
        return self.ask("xaiTests.cells")

    def select(self, index: int) -> None:
        """Make a cell the active one directly: arrow keys would draw each cell in between."""
        self.press("Escape")
        self.ask("place => xaiTests.activate(place)", index)

    def menu(self, menu: str, item: str) -> None:
        self.page.locator(".lm-MenuBar-item", has_text=menu).click()
        self.page.locator(".lm-Menu-itemLabel").get_by_text(item, exact=True).click()

    def run_all(self) -> None:
        """Clear all outputs, as learners must, and run until the end or an error."""
        self.menu("Edit", "Clear Outputs of All Cells")
        self.wait("xaiTests.counts.every(count => count === null)", "all outputs to be cleared")
        self.menu("Run", "Run All Cells")
        all_ran = "xaiTests.counts.every(count => count !== null)"
        finished = f"xaiTests.idle && ({all_ran} || xaiTests.failed)"
        started = "xaiTests.counts.filter(count => count !== null).length"
        # The limit of time is per cell.
        while not self.ask(finished):
            self.wait(f"{finished} || {started} > {self.ask(started)}", "the next cell to run")

    def run(self, index: int) -> dict:
        """Run a cell by Shift+Enter and return it."""
        self.select(index)
        before = self.ask(f"xaiTests.models[{index}].executionCount")
        self.press("Shift+Enter")
        count = f"xaiTests.models[{index}].executionCount"
        self.wait(
            f"xaiTests.idle && ![null, {json.dumps(before)}].includes({count})",
            f"cell {index} to have run",
        )
        return self.ask("place => xaiTests.models[place].toJSON()", index)

    def text_below(self, index: int) -> str:
        """Return the text below a cell."""
        return self.ask(
            "i => xaiTests.content.widgets[i].node.querySelector('.jp-OutputArea').innerText", index
        ).strip()

    def replace_last_lines(self, index: int, lines: int, text: str) -> None:
        """Put the cursor into a cell, select its last lines, and paste a text over them."""
        # Home goes to the first letter of a line, not to its first column.
        self.ask("text => navigator.clipboard.writeText(text)", text.lstrip())
        self.select(index)
        self.press("Enter")
        self.wait("xaiTests.content.mode === 'edit'", "a cursor in the cell")
        self.press("Control+End", *["Shift+ArrowUp"] * (lines - 1), "Shift+Home", "Control+V")

    def errors(self) -> list[str]:
        """Return every error and warning below a cell or inside a widget."""
        kinds = ", ".join(f'[data-mime-type="application/vnd.jupyter.{kind}"]' for kind in BAD)
        texts = "[...document.querySelectorAll(kinds)].map(output => output.innerText)"
        return self.ask(f"kinds => {texts}", kinds)

    # Widgets.

    def controls(self) -> dict[int, int]:
        """Return the number of controls of each cell with a widget."""
        cells = "xaiTests.content.widgets.map(cell => cell.node.querySelectorAll(controls).length)"
        numbers = self.ask(f"controls => {cells}", CONTROLS)
        return {index: number for index, number in enumerate(numbers) if number}

    def move_controls(self, index: int) -> dict[int, str]:
        """Reach each of a cell's controls by Tab and move it there and back; return the faults.

        Each move must give a new figure and a new sentence. The controls are counted from 1.
        """
        widget = f"xaiTests.content.widgets[{index}].node.querySelector('.jupyter-widgets')"
        inside = f"{widget}.contains(document.activeElement)"
        self.select(index)
        for _ in range(MOST_STOPS_BEFORE_A_WIDGET):
            self.press("Tab")
            if self.ask(inside):
                break
        all_controls = f"[...{widget}.querySelectorAll(controls)]"
        place = f"controls => {all_controls}.indexOf(document.activeElement.closest(controls)) + 1"
        moves: dict[int, str] = {}
        for _ in range(MOST_STOPS_IN_A_WIDGET):
            if not self.ask(inside):
                break
            control = self.ask(place, CONTROLS)
            keys = self.ask(f"({KEYS})(document.activeElement)")
            if keys and control not in moves:
                there, back = keys
                moves[control] = self._move(index, there) or self._move(index, back)
            self.press("Tab")
        return moves

    def bad_widgets(self) -> list[str]:
        """Return what is wrong: sliders without a name or with a short track, silent figures."""
        tracks = "document.querySelectorAll('.jupyter-widgets .noUi-target')"
        facts = "[track.querySelector('[role=slider]').ariaLabel, track.clientWidth]"
        found = self.ask(f"[...{tracks}].map(track => {facts})")
        words = self.ask("[...document.querySelectorAll('.widget-output img')].map(i => i.alt)")
        return [
            *("a widget's figure has no words" for alt in words if not alt),
            *("a slider has no name" for name, _ in found if not name),
            *(f"a slider's track has {px} pixels" for _, px in found if px < SHORTEST_TRACK),
        ]

    def picture_widget(self, index: int) -> None:
        if not PICTURES_ARE_WANTED:
            return
        cell = self.page.locator(".jp-Notebook-cell").nth(index)
        widget = cell.locator(".jp-Cell-outputArea")
        widget.screenshot(path=self.pictures / f"widget_in_cell_{index}.png")

    def _move(self, index: int, keys: list[str]) -> str:
        drawn = f"xaiTests.drawn({index})"
        self.wait(f"{drawn}.figure && {drawn}.sentence", "a figure with a sentence under it")
        self.ask(f"xaiTests.remember({index})")
        new = {part: f"xaiTests.isNew({index}, '{part}')" for part in ("figure", "sentence")}
        for key in keys:
            self.press(key)
            if key == OPEN_THE_LIST:
                self.wait("document.activeElement.matches(':open')", "the list to be open")
        if self._becomes_true(" || ".join(new.values())):
            self._becomes_true("xaiTests.idle")
            self._becomes_true(" && ".join(new.values()), SECONDS_TO_SHOW)
        still = [part for part, is_new in new.items() if not self.ask(is_new)]
        return f"{' '.join(keys)} leaves the {' and the '.join(still)} as it was" if still else ""
