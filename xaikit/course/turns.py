"""Small exercises inside the lectures: `your_turn` says at once whether an answer is right.

An exercise is a value, or a function with the inputs that it is tried on. The lecture asks; here
are the right answer and what others commonly mean by theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from xaikit.course import cards
from xaikit.course.cards import Card

# Two decimals by pencil are enough.
CLOSE = 0.006
NOT_YET = "○ Your turn: write your answer in place of the dots, and run this cell again."


@dataclass(frozen=True)
class Turn:
    """A small exercise.

    Attributes
    ----------
    right : value or function
        The answer.
    mistakes : dict from words to value or function
        Wrong answers with a known reason.
    tries : sequence of tuples
        For functions: the arguments that they are called with.
    """

    right: Any
    mistakes: Mapping[str, Any] = field(default_factory=dict)
    tries: Sequence[tuple] = ()


def your_turn(name: str, answer: Any) -> None:
    """Print whether an answer to a lecture's small exercise is right, and if not, what it shows.

    Parameters
    ----------
    name : str
        The exercise, as the lecture names it.
    answer : number, array, list or function
        ``...`` stands for no answer yet. Numbers may be rounded to two decimals.

    Raises
    ------
    ValueError
        For a name that no exercise has.
    """
    if name not in TURNS:
        raise ValueError(f"no small exercise {name!r}: expected one of {', '.join(TURNS)}")
    sign, _, words = _verdict(TURNS[name], answer).partition(" ")
    cards.show(Card(sign, words))


def _verdict(turn: Turn, answer: Any) -> str:
    if answer is ...:
        return NOT_YET
    if turn.tries:
        return _verdict_of_function(turn, answer)
    right, given = np.asarray(turn.right, float), _numbers(answer)
    if given is None or given.shape != right.shape:
        expected = f"{right.size} numbers were" if right.size > 1 else "a number was"
        return f"✗ {answer!r} was given, and {expected} expected."
    if _close(given, right):
        return "✓ Right."
    for words, wrong in turn.mistakes.items():
        if _close(given, np.asarray(wrong, float)):
            return f"✗ Not yet: {words}"
    return "✗ Not yet. Go back to the last formula, and put its numbers in one by one."


def _verdict_of_function(turn: Turn, answer: Any) -> str:
    if not callable(answer):
        return f"✗ {answer!r} was given, and a function was expected: its name, without brackets."
    outputs = []
    for arguments in turn.tries:
        called = f"{getattr(answer, '__name__', 'it')}({', '.join(map(_shown, arguments))})"
        try:
            output = answer(*(np.copy(a) if isinstance(a, np.ndarray) else a for a in arguments))
        except Exception as error:  # whatever a learner's function does is an answer
            return f"✗ {called} raised {type(error).__name__}: {error}"
        if output is None or output is ...:
            return NOT_YET
        right, given = np.asarray(turn.right(*arguments), float), _numbers(output)
        if given is None or given.shape != right.shape:
            return f"✗ {called} returned {output!r}; {_shown(right)} was expected."
        outputs.append((called, given, right))
    if all(_close(given, right) for _, given, right in outputs):
        return "✓ Right."
    for words, wrong in turn.mistakes.items():
        theirs = [np.asarray(wrong(*arguments), float) for arguments in turn.tries]
        if all(_close(given, w) for (_, given, _), w in zip(outputs, theirs, strict=True)):
            return f"✗ Not yet: {words}"
    called, given, right = next(o for o in outputs if not _close(o[1], o[2]))
    return f"✗ Not yet: {called} is {_shown(right)}, and yours returned {_shown(given)}."


def _numbers(answer: Any) -> np.ndarray | None:
    """Return an answer as an array, or None if it is no numbers."""
    try:
        return np.asarray(answer, float)
    except (TypeError, ValueError):
        return None


def _close(given: np.ndarray, right: np.ndarray) -> bool:
    return given.shape == right.shape and bool((np.abs(given - right) <= CLOSE).all())


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return f"{value:.6g}"
    if isinstance(value, np.ndarray):
        return np.array2string(value, precision=3, suppress_small=True, separator=", ")
    return repr(value)


# Exercises by lecture and name.
TURNS = {
    "00: step": Turn(
        [1.9, 1.6],
        {
            "these are the weights after a step up the slope: subtract.": [1.1, 0.4],
            "the step is the slope times 0.05.": [9.5, 13.0],
            "this is 0.05 times the slope: subtract it from the weight.": [-0.4, -0.6],
            "the order is w₁, w₂.": [1.6, 1.9],
            "take both slopes before you move a weight.": [1.564, 1.6],
        },
    ),
    "00: softmax": Turn(
        [np.exp(2) / (np.exp(2) + 1), 1 / (np.exp(2) + 1)],
        {
            "these are shares of the scores. Take e to the power of each score first.": [
                5 / 8,
                3 / 8,
            ],
            "the class with the larger score gets the larger probability.": [
                1 / (np.exp(2) + 1),
                np.exp(2) / (np.exp(2) + 1),
            ],
        },
    ),
    "01: slopes": Turn(
        [-5.0, 5.0],
        {
            "these are the slopes of the first patient. Other inputs open other gates.": [
                6.0,
                -2.0,
            ],
            "all gates are open here. What do the units of the first layer receive?": [4.0, 7.0],
            "the second unit of the second layer is open now: it receives 1.": [-4.0, 4.0],
            "these are slopes times inputs. The slopes alone are asked for.": [2.5, 2.5],
            "the signs are turned round: the open unit of the first layer reads the patient with "
            "weights −1 and 1.": [5.0, -5.0],
        },
    ),
    "01: difference": Turn(
        [4.5, 1.5],
        {
            "this is the sum of the two. Subtract the importances for S₁.": [1.5, 0.5],
            "this is S₁ − S₀: the other way round.": [-4.5, -1.5],
            "these are the importances for S₀ alone.": [3.0, 1.0],
        },
    ),
    "02: ridge": Turn(
        [1.0, 1.0],
        {
            "this is the line without a ridge: add λ to the entry of the slope.": [0.0, 3.0],
            "the level is not complexity: λ stands in the slope's entry only.": [0.6, 1.2],
            "λ is added to the slope's entry whole, not halved.": [0.75, 1.5],
        },
    ),
    "02: log-odds": Turn(
        0.8334,
        {
            "log-odds are added, probabilities are not: go back from log-odds 1.61.": 2.11,
            "these are the odds, five to one: the probability is odds / (1 + odds).": 5.0028,
            "probability 0.5 is log-odds 0: go back from log-odds 1.61, not 2.11.": 0.8919,
        },
    ),
    "03: weight": Turn(
        1 / 12,
        {
            "this is the weight of all coalitions of one size together: 1/M.": 1 / 4,
            "only 3 players are left to choose S from: 3 coalitions of size 1 share 1/M.": 1 / 16,
            "those who follow may stand in any order, too: (M − |S| − 1)! ways.": 1 / 24,
            "with M = 3 this is right; here four players join.": 1 / 6,
        },
    ),
    "03: unanimity": Turn(
        [0.5, 0.5, 0.0],
        {
            "cats banned never adds anything: by the dummy axiom it gets 0.": [1 / 3] * 3,
            "together they get v(N), which is 1.": [1.0, 1.0, 0.0],
        },
    ),
    "04: weights": Turn(
        [4 / (5 * 1 * 4), 4 / (10 * 2 * 3)],
        {
            "these are all coalitions of a size together. One of them has that, divided by "
            "how many there are, C(5, s).": [1.0, 4 / 6],
            "above the line stands M − 1, which is 4.": [1 / 20, 1 / 60],
            "this is LIME's kept fraction.": [0.2, 0.4],
            "above the line stands M − 1, not M.": [5 / 20, 5 / 60],
        },
    ),
    "04: conditional": Turn(
        [1.375, -0.875],
        {
            "these are the marginal values: no correlation is in them.": [1.0, -0.5],
            "r is halved: r/2 stands before the brackets.": [1.75, -1.25],
            "the sign of the part that moves is wrong: w₂x₁ − w₁x₂ is positive here.": [
                0.625,
                -0.125,
            ],
            "what bmi gains, blood pressure loses.": [1.375, -0.125],
        },
    ),
    "04b: tree": Turn(
        [0.4375, 0.1875],
        {
            "the order is park, size.": [0.1875, 0.4375],
            "these are the marginal values. For the tree, v(size) is the share of flats near a "
            "park among all.": [0.3125, 0.3125],
            "this is one order of joining, park first: average it with the other.": [0.375, 0.25],
            "this is one order of joining, size first: average it with the other.": [0.5, 0.125],
            "v(∅) is not 0: it is the mean premium, 3/8.": [0.625, 0.375],
        },
    ),
    "04b: odd orders": Turn(
        [10.0, 4.0, 4.0],
        {
            "the product of two players counts for nothing: its order is even.": [14.0, 8.0, 4.0],
            "the 2 is missing: from −1 to 1 a product rises by 2.": [5.0, 2.0, 2.0],
            "three players share the product of three: divide by |T|.": [18.0, 12.0, 12.0],
        },
    ),
    "05: shares": Turn(
        [10.0, -2.5, -2.5],
        {
            "these are contributions. Share the unit's relevance, 5, out by them.": [2, -0.5, -0.5],
            "the bias is a supplier, too: it belongs to z.": [0.0, 2.5, 2.5],
        },
    ),
    "06: a product": Turn(
        [3.0, 3.0],
        {
            "this is gradient × input, with the slopes at x. Average them over the walk.": [6, 6],
            "these are average slopes: multiply each by its feature's distance.": [1.5, 1.0],
            "each feature goes its own distance: 2 and 3.": [4.5, 2.0],
        },
    ),
    "07: variance": Turn(
        [4.0, 2.0],
        {
            "nobody is drawn twice: times (K − k)/(K − 1).": [4, 4],
            "σ² divides by the number of players, 3, not by 2.": [4, 3],
            "this is one draw. Two are present.": [2, 2],
        },
    ),
    "07: behind the gate": Turn(
        1.3956,
        {
            "this is relu(m). What lies above 0 leans to the right: add s · p(r).": 1.0,
            "the density counts s times: s is 2.": 1.0433,
            "this takes the variance, 4, for s.": 2.0997,
        },
    ),
    "08: a swap": Turn(
        [0.0, 2.0],
        {
            "the selector predicts a loss: a small slope is good.": [1, 3],
            "first the column that leaves, then the one that enters.": [2, 0],
            "the column that leaves is the shown one with the largest slope.": [1, 2],
            "the column that enters is the hidden one with the smallest slope.": [0, 3],
        },
    ),
    "09: the area": Turn(
        2.0,
        {
            "the mean of the outputs counts both ends fully: each piece is a trapezoid.": 2.25,
            "this is the sum of the pieces. Each is a third wide.": 6,
            "this is the sum of the outputs.": 9,
        },
    ),
    "10: what is read": Turn(
        [0.5, 1.0],
        {
            "these are the shares for the old key. Both scores are 0 now.": [0.75, -0.5],
            "what is read is weighted: ½ · (−2) + ½ · 4.": [0.5, 2.0],
            "a softmax of two equal scores gives ½ to each.": [0.0, 4.0],
        },
    ),
}
