"""Where assertions that must fail stand, and what a test sees."""

import nbformat
import pytest

from grading import execute
from tests.grading.classes import solution


def test_they_stand_before_and_behind_each_test():
    cells = solution().cells
    for _ in range(20):
        mixed = execute.with_canaries(cells, "token")
        kept = [cell for cell in mixed if not execute._is_canary(cell)]
        assert kept == cells
        for place, cell in enumerate(mixed):
            if execute._is_test(cell):
                before, behind = mixed[place - 1], mixed[place + 1]
                assert execute._is_canary(before) and execute._is_canary(behind)


def test_their_number_and_their_forms_are_drawn():
    def drawn():
        return execute.with_canaries(solution().cells, "token")

    assert len({len(drawn()) for _ in range(50)}) > 2
    sources = [cell.source for _ in range(3) for cell in drawn() if execute._is_canary(cell)]
    assert len(set(sources)) == len(sources)


def test_without_a_test_they_stand_at_the_end():
    cells = [nbformat.v4.new_code_cell("1 + 1")]
    mixed = execute.with_canaries(cells, "token")
    assert mixed[0] == cells[0] and all(map(execute._is_canary, mixed[1:])) and len(mixed) > 1


@pytest.mark.parametrize("form", execute.INSIDE)
def test_each_fails_with_the_token(form):
    with pytest.raises(AssertionError, match="the-token"):
        exec(execute._filled(form, "the-token"), {})


def test_that_of_all_of_numpy_fails_and_notices_each(monkeypatch):
    import numpy as np

    form = execute.ALL_OF_NUMPY.replace("{forms}", " or ".join(execute.NUMPYS))
    with pytest.raises(AssertionError, match="the-token"):
        exec(execute._filled(form, "the-token"), {})
    for place, name, silent in [
        (np, "abs", lambda x: np.zeros(1)),
        (np, "allclose", lambda *a: True),
        (np, "array_equal", lambda *a: True),
        (np, "isclose", lambda *a: True),
        (np.testing, "assert_allclose", lambda *a, **k: None),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(place, name, silent)
            exec(execute._filled(form, "the-token"), {})  # it does not fail


def test_a_person_gives_the_points_of_an_answer():
    answer = nbformat.v4.new_code_cell("x = 1")
    answer.metadata["nbgrader"] = {"grade": True, "solution": True, "locked": False}
    assert not execute._is_test(answer)


def test_only_the_visible_names_of_a_test_reach_the_notebook():
    test = "example = f(1)\n### BEGIN HIDDEN TESTS\nhidden = 2\n### END HIDDEN TESTS"
    assert execute._names_shown(test) == ["example"]
    assert execute._names_shown("%%time\nx = 1") == []
