"""The list of what `tools.screenshots` photographs is complete."""

import json
import re

from tests.lab import ROOT
from tools import screenshots

LECTURES = sorted((ROOT / "lectures").glob("*.ipynb"))


def sources_of(path):
    return ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]


def test_every_lecture_and_the_start_page_is_photographed():
    assert len(LECTURES) >= 12
    assert screenshots.notebooks(ROOT) == [ROOT / "start.ipynb", *LECTURES]


def test_every_widget_is_photographed():
    for path in LECTURES:
        sources = sources_of(path)
        # However a lecture imports it.
        widgets = [i for i, source in enumerate(sources) if re.search(r"\bexplore\(", source)]
        assert (path.stem, screenshots.shown(sources)) == (path.stem, widgets or [1])


def test_the_start_page_shows_its_second_cell():
    assert screenshots.shown(sources_of(ROOT / "start.ipynb")) == [1]


def test_the_states_of_a_check_are_photographed_by_their_test():
    told = re.search(r"`XAI_SCREENSHOTS=folder`, and ([\w/.]+)\.\n", screenshots.__doc__)
    source = (ROOT / told[1]).read_text("utf-8")
    states = re.findall(r'themes\("\d_(\w+)"', source)
    assert states == ["grey", "amber", "green", "last", "progress"]
