"""Every lecture runs in the browser, gives what is stored, and has a widget for the keyboard."""

import pytest

from tests.browser import axe
from tests.lab import ROOT
from tests.site.live import OUTPUTS
from tests.site.results import wrong_results_of_lecture

LECTURES = sorted(path.stem for path in (ROOT / "lectures").glob("*.ipynb"))


@pytest.mark.parametrize("lecture", LECTURES)
def test_a_lecture_gives_its_stored_results(live, lecture):
    assert wrong_results_of_lecture(live, lecture) == {}
    controls = live.controls()
    # The widget of 04b draws what shap computes.
    assert bool(controls) != lecture.startswith("04b")
    if controls:
        moves = live.move_controls(min(controls))
        assert moves and not any(moves.values())
    assert live.errors() == []
    found = axe.faults_within(live.page, OUTPUTS)
    # JupyterLab gives a figure no words; the sentence under it has them.
    assert not [fault for fault in found if fault[0] != "image-alt"]
    assert live.outside() == []
