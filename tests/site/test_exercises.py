"""The solution of every assignment earns its points in the browser, and prints what is stored."""

import pytest

from tests.browser import axe
from tests.lab import ROOT
from tests.site.live import OUTPUTS, solution
from tests.site.results import wrong_results
from xaikit.course import contents

EXERCISES = sorted(path.stem for path in (ROOT / "exercises").glob("*/*.ipynb"))


@pytest.mark.parametrize("exercise", EXERCISES)
def test_a_solution_earns_its_points(live, exercise):
    live.open(f"exercises/{exercise}/{exercise}.ipynb")
    live.write_answers(exercise)
    live.run_all()
    assert live.errors() == []
    (assignment,) = [one for one in contents.assignments() if one.name == exercise]
    names = [check.name for part in assignment.exercises for check in part.checks]
    cards = {
        cell["id"]: [output["data"]["text/plain"] for output in cell["outputs"]]
        for cell in live.cells()
        if cell["id"] in names
    }
    assert list(cards) == names
    assert all(card.startswith("✓") for found in cards.values() for card in found)
    assert f"{assignment.points} of {assignment.points} points" in cards[names[-1]][0]
    assert wrong_results(live, solution(exercise)) == {}
    assert axe.faults_within(live.page, OUTPUTS) == []
    assert live.outside() == []
