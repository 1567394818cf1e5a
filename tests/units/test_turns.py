"""The small exercises inside the lectures: right answers, known mistakes, and what is no answer."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from xaikit.course import turns
from xaikit.course.turns import TURNS, Turn, your_turn

LECTURES = Path(__file__).resolve().parents[2] / "lectures"
SQUARE = Turn(
    lambda x: x**2,
    {"this doubles.": lambda x: 2 * x},
    [(3.0,), (np.array([1.0, 2.0]),)],
)


def said(capsys, name, answer):
    your_turn(name, answer)
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize("name", TURNS)
def test_every_exercise_knows_its_answer_and_its_mistakes(capsys, name):
    turn = TURNS[name]
    assert said(capsys, name, ...).startswith("○ Your turn")
    assert said(capsys, name, turn.right) == "✓ Right."
    for words, wrong in turn.mistakes.items():
        assert said(capsys, name, wrong) == f"✗ Not yet: {words}"
    if not turn.tries:
        rounded = np.round(np.asarray(turn.right, float), 2)
        assert said(capsys, name, rounded.tolist()) == "✓ Right."
        assert said(capsys, name, np.asarray(turn.right, float) + 7.7).startswith("✗ Not yet")
    assert said(capsys, name, "words").startswith("✗")


def test_every_exercise_is_asked_in_its_lecture_once():
    """A lecture without one would leave its reader without a pencil for two hours."""
    asked = []
    for path in sorted(LECTURES.glob("[0-9]*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
        names = re.findall(r'^your_turn\("([^"]+)"', code, re.MULTILINE)
        assert all(name.split(":")[0] == path.name.split("_")[0] for name in names)
        asked += names
    assert sorted(asked) == sorted(TURNS)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: x * x, "✓ Right."),
        (lambda x: 2 * x, "✗ Not yet: this doubles."),
        (lambda x: None, "○ Your turn"),
        (lambda x: ..., "○ Your turn"),
        (lambda x: x + 1, "✗ Not yet: <lambda>(3.0) is 9, and yours returned 4."),
        (lambda x: 9.0, "✗ <lambda>([1., 2.]) returned 9.0; [1., 4.] was expected."),
        (lambda x: 1 / 0, "✗ <lambda>(3.0) raised ZeroDivisionError: division by zero"),
        (lambda: 9.0, "✗ <lambda>(3.0) raised TypeError"),
        (9.0, "✗ 9.0 was given, and a function was expected: its name, without brackets."),
    ],
)
def test_a_function_is_tried(monkeypatch, capsys, answer, words):
    monkeypatch.setitem(turns.TURNS, "square", SQUARE)
    assert said(capsys, "square", answer).startswith(words)


def test_a_function_cannot_change_what_the_next_is_tried_on(monkeypatch, capsys):
    monkeypatch.setitem(turns.TURNS, "square", SQUARE)

    def spoils(x):
        if isinstance(x, np.ndarray):
            x += 1
        return x**2

    assert said(capsys, "square", spoils).startswith("✗ Not yet")
    assert said(capsys, "square", lambda x: x**2) == "✓ Right."


def test_an_unknown_name_is_refused_in_words():
    with pytest.raises(ValueError, match="no small exercise '05: share': expected one of 0"):
        your_turn("05: share", 1.0)
