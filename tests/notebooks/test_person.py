"""To a person a check speaks in cards, to a program in errors and lines of text."""

import json

import nbformat
import pytest

from tests.lab import ROOT
from tests.notebooks.person import kernel

NAME = "03_shapley_values"


def cells_of(part):
    path = ROOT / part / NAME / f"{NAME}.ipynb"
    return {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}


EXERCISE, SOLUTION = cells_of("exercises"), cells_of("solutions")
ZEROS = EXERCISE["shapley"].replace("raise NotImplementedError()", "return np.zeros(v.ndim)")


@pytest.fixture
def course(tmp_path):
    for part in ("lectures", f"exercises/{NAME}", f"solutions/{NAME}"):
        (tmp_path / part).mkdir(parents=True)
    return tmp_path


def said(outputs):
    """Return the plain words of the one card that was shown."""
    ((kind, content),) = outputs
    assert kind == "display_data" and set(content["data"]) == {"text/html", "text/plain"}
    return content["data"]["text/plain"]


def remembered(course):
    file = course / ".progress.jsonl"
    return [json.loads(line) for line in file.read_text().split("\n")[1:]] if file.exists() else []


def test_a_person_sees_cards_and_the_cell_counts_as_failed(course):
    with kernel(course / "exercises" / NAME) as run:
        assert run(EXERCISE["setup"]) == ("ok", [])

        status, outputs = run(EXERCISE["shapley-check"])
        assert status == "error" and said(outputs).startswith(
            "○ name 'shapley' is not defined: run"
        )

        run(EXERCISE["shapley"])
        status, outputs = run(EXERCISE["shapley-check"])
        assert status == "error" and said(outputs).startswith("○ shapley is not written yet: your")

        run(ZEROS)
        status, outputs = run(EXERCISE["shapley-check"])
        assert status == "error"
        first, example, *case = said(outputs).split("\n")
        assert first.startswith("✗ shapley: all numbers are 0. Is a part of it not written yet? If")
        assert example.startswith("  By hand: v = [[0, 4], [3, 10]]. Player 0 adds 3 to nobody")
        assert case[1] == "    It was given v: array of shape (2, 2, 2)."
        # A plain assertion in a check cell is a card as well; what else fails there, too.
        status, outputs = run(EXERCISE["shapley-example"])
        assert status == "error" and said(outputs).startswith("✗ the flat of the lecture: got [0.")
        run("def shapley(v):\n    return [1, 2]")
        status, outputs = run(EXERCISE["shapley-example"])
        words = "✗ the check cannot use the result: ValueError: operands could not be broadcast"
        assert status == "error" and said(outputs).startswith(words)
        assert remembered(course) == []

        run(SOLUTION["shapley"])
        status, outputs = run(EXERCISE["shapley-check"])
        assert status == "ok"
        assert "\n  3 of 16 points · next: the other check" in said(outputs)
        status, outputs = run(EXERCISE["shapley-example"])
        assert said(outputs).startswith("✓ shapley: the example is right\n  5 of 16 points")
        passed = [{"passed": f"{NAME}/shapley-{part}"} for part in ("check", "example")]
        assert remembered(course) == passed

        # A check in a cell of one's own says whether it went well, and earns nothing.
        status, outputs = run("checks.contributions(lambda v, order: checks_are_off)")
        assert status == "error" and "NameError" in said(outputs)
        run(SOLUTION["contributions"])
        status, outputs = run("x = 1\nchecks.contributions(contributions)")
        assert said(outputs) == "✓ contributions: 20 random games and orders"
        assert remembered(course) == passed


FAILING = ["1 / 0", "assert 1 == 2, 'no'", "def f(:", "  x = 1\n y = 2", "eval('def')", "'\\0' + 1"]


def test_other_errors_look_as_ever(course):
    with kernel(course / "exercises" / NAME) as run:
        before = list(map(run, FAILING))
        run(EXERCISE["setup"])
        after = list(map(run, FAILING))
    for (status, ((kind, was),)), (status_now, ((kind_now, now),)) in zip(
        before, after, strict=True
    ):
        assert status == status_now == "error" and kind == kind_now == "error"
        assert (was["ename"], was["evalue"]) == (now["ename"], now["evalue"])
        assert len(was["traceback"]) == len(now["traceback"])


def test_a_program_gets_errors_and_lines_and_nothing_is_remembered(course):
    with kernel(course / "exercises" / NAME) as run:

        def ask(code):
            return run(code, program=True)

        ask(EXERCISE["setup"] + "\nfrom xaikit.course import progress")
        ask(EXERCISE["shapley"])
        status, ((kind, error),) = ask(EXERCISE["shapley-check"])
        assert (status, kind, error["ename"]) == ("error", "error", "NotImplementedError")
        assert error["traceback"][0].startswith("○ shapley is not written yet")
        ask(ZEROS)
        status, ((kind, error),) = ask(EXERCISE["shapley-check"])
        assert (status, kind, error["ename"]) == ("error", "error", "Mistake")
        assert error["traceback"] == [f"✗ {error['evalue']}"]
        ask(SOLUTION["shapley"])
        status, ((kind, content),) = ask(EXERCISE["shapley-check"])
        assert (status, kind) == ("ok", "stream") and content["text"].startswith("✓ shapley: 12")
        assert ask(EXERCISE["shapley-example"]) == ("ok", [])
        assert ask("progress()\nprogress(read='03_shapley_values')") == ("ok", [])
    assert not (course / ".progress.jsonl").exists()


def test_a_solution_shows_cards_and_earns_its_reader_nothing(course):
    with kernel(course / "solutions" / NAME) as run:
        run(SOLUTION["setup"])
        run(SOLUTION["contributions"])
        _, outputs = run(EXERCISE["contributions-check"])
        assert said(outputs).startswith("✓ contributions")
    assert not (course / ".progress.jsonl").exists()


def test_progress_is_shown_in_a_lecture(course):
    with kernel(course / "lectures") as run:
        status, outputs = run("from xaikit.course import progress\n\nprogress()")
        assert status == "ok" and said(outputs).startswith("0 of ")
        _, outputs = run('progress(read="03_shapley_values")')
        words = "✓ lecture 03, Shapley values: read to its end\n  next: lecture 00"
        assert said(outputs).startswith(words)
        _, outputs = run("progress()")
        assert said(outputs).startswith("1 of ")


def test_small_exercises_of_lectures_are_cards_too(course):
    with kernel(course / "lectures") as run:
        run("from xaikit.course.turns import your_turn")
        _, outputs = run('your_turn("03: weight", ...)')
        assert said(outputs).startswith("○ Your turn: ")
        _, outputs = run('your_turn("03: weight", 1 / 4)')
        assert said(outputs).startswith("✗ Not yet: this is the weight of all coalitions")
        _, ((kind, content),) = run('your_turn("03: weight", 1 / 12)', program=True)
        assert (kind, content["text"]) == ("stream", "✓ Right.\n")
