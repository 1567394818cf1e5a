"""The start page, lectures and solutions pass the guards, and every guard finds its fault."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from tests.notebooks import guards, samples
from tools.normalise import WIDGET_VIEW, to_text

ROOT = Path(__file__).resolve().parents[2]
START = ROOT / "start.ipynb"
LECTURES = sorted(ROOT.glob("lectures/*.ipynb"))
SOLUTIONS = sorted(ROOT.glob("solutions/*/*.ipynb"))


def test_there_are_notebooks_to_guard():
    assert LECTURES and SOLUTIONS


@pytest.mark.parametrize("path", [START, *LECTURES, *SOLUTIONS], ids=lambda path: path.stem)
def test_notebook_keeps_to_the_guards(path):
    problems = problems_of(path)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("sample", [samples.lecture, samples.solution])
def test_sound_notebook_passes(sample, tmp_path):
    assert problems_of(stored(sample(), tmp_path)) == []


def code(source, *outputs, **metadata):
    """Plant a code cell after the others."""

    def plant(notebook):
        count = sum(cell.cell_type == "code" for cell in notebook.cells) + 1
        notebook.cells.append(
            new_code_cell(source, execution_count=count, outputs=list(outputs), metadata=metadata)
        )

    return plant


def text(source):
    """Plant a text cell after the others."""
    return lambda notebook: notebook.cells.append(new_markdown_cell(source))


def printed(line):
    return code("show()", new_output("stream", text=line))


def figure(width, *behind):
    """Plant a cell that shows a figure, and outputs behind it."""
    metadata = {"image/png": {"width": width, "height": 400}}
    shown = new_output("display_data", data={"image/png": "iVBORw0KGgo="}, metadata=metadata)
    return code("show()", shown, *behind)


CAPTION = new_output("display_data", data={"text/markdown": "It grows.", "text/plain": "It grows."})


def displayed(**data):
    return code("show()", new_output("display_data", data=data))


def later_than_a_widget(source):
    """Plant a widget whose drawing reads two names, and a cell after it."""

    def plant(notebook):
        code("def of(t):\n    return b * t\n\ndef show(t=0):\n    a = of(t)\n    draw(a, c)")(
            notebook
        )
        code("widgets.explore(show)", tags=["nbval-ignore-output"])(notebook)
        text("And then")(notebook)
        code(source)(notebook)

    return plant


def under_a_widget(**metadata):
    """Plant a widget, and a cell that shows one of its settings."""

    def plant(notebook):
        code("widgets.explore(show)", tags=["nbval-ignore-output"])(notebook)
        code("show(3)", new_output("stream", text="three"), **metadata)(notebook)

    return plant


FAULTS = [
    (guards.invalid_format, lambda notebook: notebook.cells[0].update(id="no blanks")),
    (guards.invalid_format, lambda notebook: notebook.cells[0].update(colour="red")),
    (guards.broken_counts, lambda notebook: notebook.cells[1].update(execution_count=None)),
    (guards.broken_counts, lambda notebook: notebook.cells[3].update(execution_count=3)),
    (guards.broken_counts, code("1", new_output("execute_result", execution_count=7))),
    (guards.missing_outputs, lambda notebook: notebook.cells[3].update(outputs=[])),
    (guards.missing_outputs, code("if True:\n    xk.course.plots.bars(values)")),
    (guards.failures, code("1 / 0", new_output("error", ename="E", evalue="", traceback=[]))),
    (guards.failures, code("warn()", new_output("stream", name="stderr", text="careful"))),
    (guards.widget_leftovers, lambda notebook: notebook.metadata.update(widgets={})),
    (guards.widget_leftovers, displayed(**{WIDGET_VIEW: {}, "text/html": "a slider"})),
    (guards.volatile_outputs, printed("<Model object at 0x7f3c>")),
    (guards.volatile_outputs, printed("done at 12:31:07")),
    (guards.volatile_outputs, printed("that took 1.3 s")),
    (guards.volatile_outputs, printed("30 ms per row")),
    (guards.volatile_outputs, printed("100%|##########| 10/10")),
    (guards.volatile_outputs, printed("[00:02, 14.1it/s]")),
    (guards.volatile_outputs, displayed(**{"text/plain": "array([1., 2.])"})),
    (guards.volatile_outputs, displayed(**{"text/html": "<b>np.float64(2.0)</b>"})),
    (guards.signed_zeros, printed("latitude  -0.00")),
    (guards.signed_zeros, printed("[-0.11 -0.   -0.04]")),
    (guards.signed_zeros, printed("(0.02 and −0.00), biases")),
    (guards.trailing_semicolons, code("slope = 3; \nslope")),
    (guards.unknown_magics, code("%matplotlib widget")),
    (guards.unknown_magics, code("%%time\nslope")),
    (guards.unknown_magics, code("files = !ls")),
    (guards.unchecked_cells, code("slope", tags=["nbval-ignore-output"])),
    (guards.unchecked_cells, code("interact(show)", tags=["raises-exception"])),
    (guards.unchecked_cells, code("# NBVAL_SKIP\nslope")),
    (guards.spoilers, under_a_widget()),
    (guards.spoilers, under_a_widget(jupyter=guards.FOLDED[0])),
    (guards.spoilers, under_a_widget(jupyter={"source_hidden": True}, tags=["hide-input"])),
    (guards.stale_widgets, later_than_a_widget("c = 3")),
    (guards.stale_widgets, later_than_a_widget("for b in [1, 2]:\n    pass")),
    (guards.stale_widgets, later_than_a_widget("def of(t):\n    return 2 * t")),
    (guards.heading_faults, lambda notebook: notebook.cells.pop(0)),
    (guards.heading_faults, text("# A second title")),
    (guards.heading_faults, text("#### Two levels down")),
    (guards.missing_alt_texts, text("![ ](line.png)")),
    (guards.missing_alt_texts, text('<img src="line.png" alt="">')),
    (guards.missing_alt_texts, text('<img alt="a line" src="line.png"> <img src="line.png">')),
    (guards.bare_figures, figure(700)),
    (guards.bare_figures, figure(700, new_output("stream", text="It grows.\n"), CAPTION)),
    (guards.bare_figures, figure(711, CAPTION)),
    (guards.half_folded_cells, code("slope", jupyter={"source_hidden": True})),
    (guards.half_folded_cells, code("slope", tags=["hide-input"])),
    (guards.open_drawings, code("plots.bars(values)\nplots.say(f'{values.sum()}')", CAPTION)),
    (guards.not_normalised, lambda notebook: notebook.cells[0].update(id="by-hand")),
    (guards.not_normalised, lambda notebook: notebook.metadata.update(author="somebody")),
    (guards.oversize, text("word " * 200_000)),
    (guards.dead_links, text("the [next lecture](missing.ipynb)")),
    (guards.dead_links, text("![a line](missing.png)")),
    (guards.dead_links, text("the [notes][1]\n\n[1]: missing.md")),
    (guards.dead_links, text('<img alt="a line" src="missing.png">')),
    (guards.dead_links, text("an [absolute](/etc/hosts) link")),
]


@pytest.mark.parametrize(("guard", "plant"), FAULTS)
def test_guard_sees_the_planted_fault(guard, plant, tmp_path):
    notebook = samples.lecture()
    plant(notebook)
    path = stored(notebook, tmp_path)
    assert len(guard(path) if guard in guards.FILE_GUARDS else guard(notebook)) == 1


def test_every_guard_has_a_planted_fault():
    assert {guard for guard, _ in FAULTS} == {*guards.GUARDS, *guards.FILE_GUARDS}


INNOCENT = [
    code("def show():\n    print(1)\n\nlater = lambda: print(2)"),
    code("widgets.explore(show)\nprint(1)", tags=["nbval-ignore-output"]),
    later_than_a_widget("a = [c for c in range(3)]\nt = b + c\nimport draw"),
    under_a_widget(jupyter=guards.FOLDED[0], tags=guards.FOLDED[1]),
    code("plots.style()"),
    figure(700, CAPTION),
    code("slope", jupyter={"source_hidden": True}, tags=["hide-input"]),
    code("plots.bars(values)", CAPTION, jupyter={"source_hidden": True}, tags=["hide-input"]),
    code("plots.bars(xk.lrp(net, x).values)", CAPTION),
    code("def show():\n    plots.bars(values)"),
    printed("-0.004, x-0, 1.-0, +0.00, 1e-05, -0x1, [-0.01  0.  ]"),
    printed("an array (3, 2) at 0.5 per step, 12:1, 3.5 sigma, 40% | 60%"),
    text("```python\n# no heading, ![](no-image.png), [no](link)\n```\n\n~~~\n# nor here\n~~~"),
    text("`[code](missing)` and $f[i](x)$ and $$g[j]\n(y)$$ are no links"),
    text("[web](https://example.org/a) [mail](mailto:a@example.org) [up](#doubling)"),
    text('<img\n alt="a line"\n src="line.png">'),
]


@pytest.mark.parametrize("plant", INNOCENT)
def test_guards_leave_the_innocent_alone(plant, tmp_path):
    notebook = samples.lecture()
    plant(notebook)
    path = stored(notebook, tmp_path)
    assert [problem for problem in problems_of(path) if "not_normalised" not in problem] == []


def problems_of(path):
    notebook = nbformat.read(path, as_version=4)
    return [
        f"{guard.__name__}: {problem}"
        for guard in (*guards.GUARDS, *guards.FILE_GUARDS)
        for problem in guard(path if guard in guards.FILE_GUARDS else notebook)
    ]


def stored(notebook, folder):
    (folder / "notes.md").touch()
    (folder / "line.png").touch()
    path = folder / "sample.ipynb"
    path.write_text(to_text(notebook), encoding="utf-8")
    return path
