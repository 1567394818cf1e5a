"""The book's sliders draw with the lectures' own widgets, and their HTML holds what it must."""

import ast
import json
import re
from html.parser import HTMLParser

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.book import ROOT
from tools.book import SLIDER_NOTE, WIDGET_NOTE, read_notebook
from tools.live_figures import FIGURES, Frame, Live, frames, html, place_of_widget

LIVE = pytest.mark.parametrize("lecture", FIGURES)
PLANTED = """\
import matplotlib.pyplot as plt
from xaikit.course import plots
def show(t=0, figures=1):
    for number in range(figures):
        plt.plot([number, t])
        plots.say(f"t is {t}")"""


@LIVE
def test_a_slider_s_settings_are_arguments_of_the_lecture_s_widget(lecture):
    live = FIGURES[lecture]
    notebook = nbformat.read(ROOT / f"lectures/{lecture}.ipynb", as_version=4)
    cell = notebook.cells[place_of_widget(notebook, live.draw) - 1]
    (function,) = [
        node
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.FunctionDef) and node.name == live.draw
    ]
    known = {argument.arg for argument in function.args.args}
    assert [s for s in live.settings.values() if not s or not set(s) <= known] == []
    assert len({json.dumps(setting) for setting in live.settings.values()}) > 10


def test_a_note_says_what_follows_a_widget():
    widget = new_code_cell("widgets.explore(draw, t=1)")
    slider = new_markdown_cell(
        html("05_lrp", Live("flow", "γ", {"0": {}}), [Frame(b"", (7, 4), "")])
    )
    for cells, note in [
        ([widget, slider], SLIDER_NOTE),
        ([widget, new_code_cell("draw(t=2)")], WIDGET_NOTE),
        ([widget], WIDGET_NOTE),
    ]:
        page = nbformat.reads(
            read_notebook(nbformat.writes(new_notebook(cells=cells))), as_version=4
        )
        assert [cell.source for cell in page.cells[:2]] == [widget.source, note]
        assert len(page.cells) == len(cells) + 1


def test_a_widget_that_is_gone_is_named():
    notebook = new_notebook(cells=[new_code_cell("def show(t): …\nwidgets.explore(other, t=1)")])
    with pytest.raises(ValueError, match="no cell defines show and gives it"):
        place_of_widget(notebook, "show")


def test_each_setting_is_drawn_with_its_caption(tmp_path):
    live = Live("show", "t", {"none": {"t": 0}, "two": {"t": 2}})
    drawn = frames([new_code_cell(PLANTED)], live, tmp_path / "scratch.ipynb")
    assert [frame.caption for frame in drawn] == ["t is 0", "t is 2"]
    assert drawn[0].png != drawn[1].png and drawn[0].png.startswith(b"\x89PNG")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("setting", "fault"),
    [({"figures": 0}, "0 pictures and 0 texts"), ({"figures": 2}, "2 pictures"), ({"u": 1}, "'u'")],
)
def test_a_setting_without_one_picture_is_refused(tmp_path, setting, fault):
    with pytest.raises(RuntimeError, match=fault):
        frames([new_code_cell(PLANTED)], Live("show", "t", {"x": setting}), tmp_path / "s.ipynb")


def test_words_of_any_kind_stay_words():
    words = 'if "a" < b & c: </script> \\ ε'
    page = html("05_lrp", Live("flow", "γ < 1", {"0": {}}), [Frame(b"", (7, 4), words)])
    assert "\n\n" not in page
    assert page.count("</script>") == 1
    (data,) = re.findall(r'<script type="application/json">(.*)</script>', page)
    assert json.loads(data) == [
        {"value": "0", "picture": "../_static/live/05_lrp/00.webp", "text": words}
    ]
    seen = {}
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: seen.update({tag: dict(attributes)})
    parser.feed(page)
    assert seen["img"]["alt"] == words
    assert (seen["img"]["width"], seen["img"]["height"]) == ("7", "4")
    assert seen["label"]["for"] == seen["input"]["id"] == seen["output"]["for"]
