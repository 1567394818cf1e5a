"""Checks that a learner's code meets as it is written, one file for each assignment.

A check draws fresh random inputs, compares with a reference derived in another way, and names the
misconception when it recognises one. While it runs, xaikit's own version of the answer raises.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from xaikit.core import arrays


class Mistake(AssertionError):
    """What is wrong with an answer, in words; a notebook shows the words and no traceback."""

    def _render_traceback_(self) -> list[str]:
        """Tell IPython what to print."""
        return [f"✗ {self}"]


def passed(what: str) -> None:
    """Say that a check went well."""
    print(f"✓ {what}")


@contextmanager
def written_by_hand(*answers: Callable) -> Iterator[None]:
    """Make xaikit's own answers raise while a learner's code runs.

    The functions' code is exchanged, not their names, so that a reference taken earlier raises too.
    """

    def refuse(*args, **kwargs):
        # Imported here, because this code runs among the names of the function it replaces.
        from xaikit.course.checks import Mistake

        raise Mistake(
            "this exercise asks you to write it yourself: xaikit's own version is switched off "
            "while it is checked"
        )

    originals = [answer.__code__ for answer in answers]  # type: ignore[attr-defined]
    try:
        for answer in answers:
            answer.__code__ = refuse.__code__  # type: ignore[attr-defined]
        yield
    finally:
        for answer, original in zip(answers, originals, strict=True):
            answer.__code__ = original  # type: ignore[attr-defined]


def by_hand(answer: Callable, *forbidden: Callable) -> Callable:
    """Return the learner's function, guarded: it runs on copies, with `forbidden` switched off."""

    def guarded(*arguments: Any) -> Any:
        given = copy.deepcopy(arguments)
        with written_by_hand(*forbidden):
            result = answer(*given)
        if not _same(given, arguments):
            raise Mistake(
                f"{answer.__name__} changed one of its inputs, and the next to use it gets wrong "
                "numbers. Work on a copy, x.copy(), or write a = a + b instead of a += b"
            )
        return result

    return guarded


def _same(given: Any, kept: Any) -> bool:
    if isinstance(kept, tuple | list):
        pairs = zip(given, kept, strict=False)
        return len(given) == len(kept) and all(_same(g, k) for g, k in pairs)
    return not isinstance(kept, np.ndarray) or np.array_equal(given, kept)


def shape_of(answer: Any) -> tuple[int, ...] | None:
    """Return the shape of an answer, None where it has none (rows of different lengths)."""
    try:
        return np.shape(answer)
    except ValueError:
        return None


def plain(answer: Any, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Return a learner's answer as a float array of this shape, or raise a Mistake."""
    if answer is None:
        raise Mistake(f"{name} returned nothing: is there a return at its end?")
    try:
        values = np.asarray(arrays.to_numpy(answer), dtype=float).copy()
    except (TypeError, ValueError):
        raise Mistake(
            f"{name} returned a {type(answer).__name__} that is no array of numbers, "
            f"expected an array of shape {shape}"
        ) from None
    if values.shape != shape:
        raise Mistake(f"{name} returned an array of shape {values.shape}, expected {shape}")
    if not np.isfinite(values).all():
        raise Mistake(f"{name} returned NaN or infinity")
    return values


def verdict_of(given: Any, name: str, hint: str = "") -> bool:
    """Return what a learner's test says, or raise a Mistake if that is not True or False."""
    if not isinstance(given, bool | np.bool_):
        ending = f": {hint}" if hint else ""
        raise Mistake(f"{name} returned {type(given).__name__}, expected True or False{ending}")
    return bool(given)


def judge(given: Any, verdict: bool, what: str, name: str, hint: str = "") -> None:
    """Raise a Mistake unless a learner's test passes this verdict on `what`."""
    if verdict_of(given, name, hint) is not verdict:
        raise Mistake(f"{name}: your test {'rejected' if verdict else 'accepted'} {what}")


def close(given: np.ndarray, expected: np.ndarray, tolerance: float = 1e-6) -> bool:
    """Tell whether two arrays agree, relative to the size of the expected one."""
    if given.shape != expected.shape:
        return False
    return bool(np.abs(given - expected).max() <= tolerance * max(1.0, np.abs(expected).max()))


def compare(
    given: np.ndarray, expected: np.ndarray, misconceptions: dict[str, np.ndarray], name: str
) -> None:
    """Raise a Mistake unless the numbers agree, naming the misconception that explains them."""
    if close(given, expected):
        return
    fitting = [words for words, wrong in misconceptions.items() if close(given, wrong)]
    if fitting:
        raise Mistake(f"{name}: {'; or: '.join(fitting)}")
    worst = np.unravel_index(np.abs(given - expected).argmax(), expected.shape)
    where = f" at index {tuple(int(i) for i in worst)}" if expected.ndim else ""
    raise Mistake(
        f"{name}: got {given[worst]:.4g}{where}, expected {expected[worst]:.4g} "
        f"(largest difference of {expected.size})"
    )
