"""Mistakes that learners make, each written once: its message, and the code that makes it.

An exercise's right answer is code with gaps, ``$name``, and the text for each gap. A mistake has
another text for one gap or more. The check runs it on the inputs that it drew, to recognise a
learner's result; the tests submit the same code as a learner's answer.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import Template
from sys import _getframe
from types import FunctionType
from typing import Any

import numpy as np

MADE = "<mistake>"  # the file's name in the code of answers


@dataclass(frozen=True)
class Answer:
    """An exercise's right answer, and the mistakes in it.

    Attributes
    ----------
    template : str
        A function with the exercise's signature; ``$name`` is a gap.
    right : dict
        The text of each gap in the right answer.
    mistakes : dict
        The message of a mistake -> the gaps that it changes, with their text.
    names : dict
        The names that the code finds in the notebook, besides NumPy as np.
    read : function
        Turns the function's result into the numbers that the check compares.
    """

    template: str
    right: Mapping[str, str]
    mistakes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[str, Any] = field(default_factory=dict)
    read: Callable[[Any], Any] = np.asarray

    def __post_init__(self) -> None:
        """Raise an error if a mistake changes a gap that there is not.

        It is switched off while an answer runs: so no answer can load a module of checks once more.
        """
        for changes in self.mistakes.values():
            self._expect_known(changes)

    def __getattribute__(self, name: str) -> Any:
        """Return an attribute; the texts of answers not to a notebook."""
        if name in ("template", "right", "mistakes"):
            _expect_no_notebook()
        # super() closes over the class, so this is never switched off: every look needs it.
        return super().__getattribute__(name)

    def source(self, words: str | None = None, **gaps: str) -> str:
        """Return the code that makes a mistake, or the right answer with these gaps changed."""
        _expect_no_notebook()
        changes = gaps if words is None else self.mistakes[words]
        self._expect_known(changes)
        return Template(self.template).substitute({**self.right, **changes})

    def function(self, words: str | None = None, **gaps: str) -> Callable:
        """Return that code as a function."""
        _expect_no_notebook()
        return _function(self.source(words, **gaps), tuple(self.names.items()))

    def made(self, arguments: tuple, words: str | None = None, **gaps: str) -> Any:
        """Return that code's result for copies of the arguments."""
        _expect_no_notebook()
        return self.function(words, **gaps)(*copy.deepcopy(arguments))

    def mistaken(self, *arguments: Any) -> dict[str, Callable[[], np.ndarray]]:
        """Return {message: function that computes the mistake's result for these arguments}."""
        return {
            words: lambda words=words: self._result(words, arguments)  # type: ignore[misc]
            for words in self.mistakes
        }

    def _expect_known(self, gaps: Mapping[str, str]) -> None:
        if unknown := set(gaps) - set(self.right):
            raise KeyError(f"no gaps of this answer: {', '.join(sorted(unknown))}")

    def _result(self, words: str, arguments: tuple) -> np.ndarray:
        """Return a mistake's numbers for copies of the arguments; an empty array if it fails."""
        try:
            with np.errstate(all="ignore"):
                return np.asarray(self.read(self.made(arguments, words)), dtype=float)
        except Exception:  # a mistake that fails does not explain the learner's numbers
            return np.empty(0)


# The functions that each code defines: right answers, too, so checks switch them off.
made: dict[tuple, list[FunctionType]] = {}


def _function(source: str, names: tuple[tuple[str, Any], ...]) -> Callable:
    """Return the function that code defines last."""
    if (source, names) not in made:
        found: dict[str, Any] = {"np": np, **dict(names), "__name__": __name__}
        exec(compile(source, MADE, "exec"), found)
        made[source, names] = [f for f in found.values() if _is_in(f, found)]
    return made[source, names][-1]


def _is_in(thing: Any, names: dict[str, Any]) -> bool:
    return isinstance(thing, FunctionType) and thing.__globals__ is names


def _expect_no_notebook() -> None:
    """Raise a Mistake if a notebook's own line asks for the code of an answer."""
    if _getframe(2).f_globals.get("__name__") == "__main__":
        from xaikit.course.checks import Mistake

        raise Mistake("the right answers are there for the checks: this exercise is yours to write")
