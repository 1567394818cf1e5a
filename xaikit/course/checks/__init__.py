"""Checks of a learner's code, one file for each assignment.

A check draws fresh random inputs, compares with a reference derived in another way, and names the
misconception when it recognises one. While it runs, xaikit's own version of the answer raises.
"""

import builtins
import copy
import linecache
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from functools import cache, lru_cache, partial
from operator import is_
from sys import _getframe
from traceback import walk_tb
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from xaikit.core import arrays
from xaikit.course import cards, verdicts
from xaikit.course.cards import Card
from xaikit.course.checks import mistakes
from xaikit.course.verdicts import passed as passed

LOOK = "checks.last_inputs() shows the numbers."
# The docstring of each exercise ends with an example.
EXAMPLE = re.compile(r"By hand\b.*", re.DOTALL)


class Mistake(AssertionError):
    """What is wrong with an answer, in words; a notebook shows the words and no traceback.

    A `case` says how one random case went, for an answer of which nothing more is known.
    """

    def __init__(self, words: str, case: str = "") -> None:
        super().__init__(f"{words}: {case}. {LOOK}" if case else words)
        self.words, self.case = words, case

    def _render_traceback_(self) -> list[str]:
        """Return what IPython prints."""
        return [f"✗ {self}"]


class Fixed(ModuleType):
    """A module of checks: its names cannot be given another meaning from outside."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Take in a submodule, which becomes fixed as well; refuse to change any other name."""
        if isinstance(value, ModuleType) and value.__name__ == f"{self.__name__}.{name}":
            value.__class__ = Fixed
        # importlib.reload begins with this one, and would end with references that are on.
        elif not name.startswith("__") or name == "__spec__":
            raise AttributeError(
                f"{self.__name__}.{name} is fixed: give your own function another name, and leave "
                "the checks as they are"
            )
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        """Refuse."""
        raise AttributeError(f"{self.__name__}.{name} is fixed: leave the checks as they are")


for _module in (sys.modules[__name__], mistakes):
    _module.__class__ = Fixed


def _refuse(*args, **kwargs):
    # Imported here, because this code runs among the names of the function it replaces.
    from xaikit.course.checks import Mistake

    raise Mistake(
        "this exercise asks you to write it yourself: xaikit's own version is switched off "
        "while it is checked"
    )


@contextmanager
def _out_of_reach(
    loaded: "_Loaded", references: Sequence[Callable], *asking: dict[str, Any]
) -> Iterator[None]:
    """Keep a learner's code from the checks: right answers are off; names and code come back.

    So do the names of who is `asking`, and what it computes with. The functions' code is exchanged,
    not their names, so that a reference taken earlier raises too.
    """
    ours = [globals(), *map(vars, loaded.modules)]
    functions: list[Any] = [*loaded.others, *references]
    for names in asking:
        if not any(map(partial(is_, names), ours)):
            ours.append(names)
            functions += [thing for thing in names.values() if isinstance(thing, FunctionType)]
    kept = [(names, names.copy()) for names in ours]
    of_tools = [(names, names.copy()) for names in map(vars, TOOLS)]
    codes = [(function, function.__code__) for function in functions]
    try:
        for reference in references:
            reference.__code__ = _refuse.__code__  # type: ignore[attr-defined]
        yield
    finally:
        # Until names and code are back, no name is looked up here that the answer can have changed.
        for names, before in of_tools:
            names.update(before)
        for names, before in kept:
            names.update(before)
        for function, code in codes:
            if function.__code__ is not code:
                function.__code__ = code
        for function, code in _code_of_tools:
            if function.__code__ is not code:
                function.__code__ = code
        for names, before in kept:
            if len(names) > len(before):  # a new name `abs` would hide Python's
                _forget(names, before)


def _forget(names: dict[str, Any], before: dict[str, Any]) -> None:
    """Remove what is new among names, but for modules: an import may put them there."""
    for name in names.keys() - before.keys():
        if not isinstance(names[name], ModuleType):
            del names[name]


def _functions_in(modules: Iterable[ModuleType]) -> Iterator[FunctionType]:
    """Yield the functions in modules that are written in Python, NumPy's behind its dispatchers."""
    for module in modules:
        for thing in vars(module).values():
            inner = getattr(thing, "__wrapped__", thing) if callable(thing) else None
            if isinstance(inner, FunctionType):
                yield inner


# What checks and tests compute with: an answer that changes it while it runs changes verdicts.
TOOLS = (builtins, copy, math, np, np.linalg, np.random)
_code_of_tools = tuple((function, function.__code__) for function in _functions_in(TOOLS))


class _Loaded(NamedTuple):
    """The modules of checks that are loaded, and what they hold. An answer can change none of it.

    Of functions there are `references`, which hold right answers, with their `codes`, and `others`.
    """

    modules: tuple[ModuleType, ...] = ()
    things: tuple[Any, ...] = ()
    references: tuple[FunctionType, ...] = ()
    codes: frozenset[CodeType] = frozenset()
    others: tuple[FunctionType, ...] = ()


def _loaded() -> _Loaded:
    global _found
    modules = tuple([module for module in globals().values() if isinstance(module, Fixed)])
    things = [thing for module in modules for thing in vars(module).values()]
    before = _found.things
    # It is looked through again when something is new or another thing; to be equal is not enough.
    if len(things) != len(before) or not all(map(is_, things, before)):
        references = _references_among(things, {id(vars(module)) for module in modules})
        codes = frozenset(reference.__code__ for reference in references)
        own = [thing for thing in [*globals().values(), *things] if isinstance(thing, FunctionType)]
        others = dict.fromkeys(function for function in own if function not in references)
        _found = _Loaded(modules, tuple(things), references, codes, tuple(others))
    return _found


# What the modules of checks held last.
_found = _Loaded()


def _made() -> list[FunctionType]:
    """Return the functions that `Answer`s have made: they hold right answers, too."""
    return [function for functions in mistakes.made.values() for function in functions]


def _references_among(things: list[Any], homes: set[int]) -> tuple[FunctionType, ...]:
    """Return the functions and methods among things that are written in modules of checks."""
    kinds = [thing for thing in things if isinstance(thing, type)]
    return tuple(
        thing
        for thing in [*things, *(method for kind in kinds for method in vars(kind).values())]
        if isinstance(thing, FunctionType)
        and id(thing.__globals__) in homes
        # What closes over names, a context manager for instance, cannot take other code.
        and not thing.__code__.co_freevars
    )


def called_back(function: Callable) -> Callable:
    """Return a function of the checks that a learner's code may call: it needs the right answers.

    Any other callable is returned as it is.
    """
    if not isinstance(function, FunctionType) or not str(function.__module__).startswith(__name__):
        return function
    right = [(reference, reference.__code__) for reference in [*_loaded().references, *_made()]]

    # It keeps nothing: what it makes is no function of Python's, so it has no closure to look into.
    # It looks up no name: an answer that calls it can have changed each.
    @lru_cache(maxsize=0)
    def callback(*args: Any, **kwargs: Any) -> Any:
        off = [(reference, reference.__code__) for reference, _ in right]
        for reference, code in right:
            reference.__code__ = code
        try:
            return function(*args, **kwargs)
        finally:
            for reference, code in off:
                reference.__code__ = code

    del callback.__wrapped__  # type: ignore[attr-defined]
    callback.__name__ = function.__name__  # type: ignore[attr-defined]
    return callback


def _copied(value: Any) -> Any:
    """Return a copy; of arrays it is one whatever Python's `copy` has become."""
    if type(value) is tuple or type(value) is list:
        return type(value)([_copied(part) for part in value])
    # A method of the class itself, which nobody can change.
    return value.__deepcopy__({}) if type(value) is ndarray else copy.deepcopy(value)


def _expect_no_copy(answer: Callable, references: Sequence[Callable], codes: Set[CodeType]) -> None:
    """Raise a Mistake if an answer is or reads a copy of what is switched off.

    A copy is a function of its own, made of the same code or loaded a second time. Of an `Answer`
    only the file's name tells: whoever writes the same lines has the same code.
    """
    for function in _read_by(answer):
        code = function.__code__
        if (code.co_filename == mistakes.MADE or code in codes) and function not in references:
            _refuse()


def _read_by(answer: Any) -> Iterator[FunctionType]:
    """Yield an answer, and the functions that it and those of its notebook read."""
    left: list[Any] = [answer]
    seen: set[int] = set()
    names: set[str] = set()
    while left:
        thing = left.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, ModuleType):
            left += [vars(thing)[name] for name in names & vars(thing).keys()]
        elif isinstance(thing, FunctionType):
            yield thing
            if thing is answer or thing.__globals__.get("__name__") == "__main__":
                names |= _names_in(thing.__code__)
                left += [thing.__globals__[name] for name in names & thing.__globals__.keys()]
                left += [cell.cell_contents for cell in thing.__closure__ or () if cell != EMPTY]
                left += thing.__defaults__ or ()


EMPTY = CellType()


@cache
def _names_in(code: CodeType) -> frozenset[str]:
    """Return the names that code, and the functions in it, look up."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return frozenset(code.co_names).union(*map(_names_in, inner))


def by_hand(answer: Callable, *forbidden: Callable) -> Callable:
    """Return the learner's function, guarded.

    It runs on copies, with `forbidden` and the references of the checks switched off.
    """

    def guarded(*arguments: Any) -> Any:
        loaded = _loaded()
        off: list[Callable] = [*loaded.references, *_made(), *forbidden]
        _expect_no_copy(answer, off, loaded.codes.union(f.__code__ for f in forbidden))
        given = _copied(arguments)
        called = [called_back(argument) for argument in given]
        asking = _getframe(1).f_globals
        # A notebook's own names are its learner's to change.
        others = [] if getattr(answer, "__globals__", None) is asking else [asking]
        try:
            with _out_of_reach(loaded, off, *others):
                result = answer(*called)
        except Exception as error:
            if not isinstance(error, Mistake):
                card = _stopped(error, answer, arguments)
                # IPython shows these words instead of a traceback through checks and NumPy.
                error._render_traceback_ = lambda: [cards.plain(card)]  # type: ignore[attr-defined]
                error._card_ = card  # type: ignore[attr-defined]
            raise
        finally:
            _last_call.update(answer=answer, arguments=arguments)
        if not _same(given, arguments):
            raise Mistake(
                f"{answer.__name__} changed one of its inputs, and the next to use it gets wrong "
                "numbers. Work on a copy, x.copy(), or write a = a + b instead of a += b"
            )
        return result

    return guarded


@contextmanager
def shapes_fit(name: str, hint: str) -> Iterator[None]:
    """Raise a Mistake with a hint where NumPy finds that the shapes of an answer do not fit."""
    try:
        yield
    except (ValueError, IndexError) as error:
        if not ("broadcast" in str(error) or "dimension" in str(error)):
            raise
        raise Mistake(f"{name}: shapes do not fit. {hint}. NumPy says: {error}") from None


_last_call: dict[str, Any] = {}


def last_inputs() -> dict[str, Any]:
    """Return what the last check handed to the learner's function in its last call, by name."""
    if not _last_call:
        raise LookupError("no check has run yet: run one first, then ask what it handed over")
    arguments = copy.deepcopy(_last_call["arguments"])
    return dict(zip(_names(_last_call["answer"], len(arguments)), arguments, strict=True))


def _names(answer: Callable, count: int) -> list[str]:
    code = getattr(answer, "__code__", None)
    if code is None or code.co_argcount != count:
        return [f"input {i}" for i in range(1, count + 1)]
    return list(code.co_varnames[:count])


def _stopped(error: Exception, answer: Callable, arguments: tuple) -> Card:
    """Return the card of an answer that stopped: the error, the learner's line, and the inputs."""
    if card := _unwritten(error, answer):
        return card
    name, number, line = _place(error, answer)
    cell = "" if name.startswith("<") else f" of the cell with {name}"
    lines = [f"in line {number}{cell}:  {line}"]
    folded = None
    if isinstance(error, AssertionError):
        lines += ["A function that tests something says so with return True or return False."]
    else:
        folded = "The case in which it stopped", _given(answer, arguments)
    said = f"{type(error).__name__}{': ' * bool(str(error))}{error}"
    words = f"{answer.__name__} stopped with {said}"
    return Card("✗", words, [*lines, *_example(answer)], folded)


def _unwritten(error: Exception, answer: Callable | None = None) -> Card | None:
    """Return the card of an exercise's stub; None for any other error."""
    if not isinstance(error, NotImplementedError) or error.args:
        return None
    name, _, line = _place(error, answer)
    if not line.startswith("raise"):  # a library raised it, not the learner's own line
        return None
    return Card("○", f"{name} is not written yet: your code goes in the place of {line}")


def _place(error: Exception, answer: Callable | None) -> tuple[str, int, str]:
    """Return the function, the number and the text of the learner's line that raised an error."""
    frames = [(frame.f_code, line, frame.f_globals) for frame, line in walk_tb(error.__traceback__)]
    # The learner's own line, not the line in NumPy that raised the error.
    homes = ["__main__", getattr(answer, "__globals__", {}).get("__name__")]
    own = [f for f in frames if f[2].get("__name__") in homes]
    code, number, names = (own or frames)[-1]
    line = linecache.getline(code.co_filename, number, names).strip()
    # A comprehension or a lambda has no name of its own: the function around it has.
    return code.co_qualname.partition(".")[0], number, line


def _given(answer: Callable, arguments: tuple) -> list[str]:
    given = zip(_names(answer, len(arguments)), arguments, strict=True)
    words = ", ".join(f"{name}: {_described(value)}" for name, value in given)
    return [f"It was given {words}.", LOOK]


def _card(error: Exception, is_check: bool) -> Card | None:
    """Return the card of an error, in a cell that is a check of an assignment or in any other."""
    if isinstance(error, Mistake):
        case = [error.case] if error.case else []
        words = f"{error.words}: not right yet" if case else error.words
        given = _given(**_last_call) if _last_call else []
        lines = _example(_last_call.get("answer"))
        return Card("✗", words, lines, ("The random case that shows it", [*case, *given]))
    if isinstance(card := getattr(error, "_card_", None), Card):
        return card
    if card := _unwritten(error):
        return card
    if is_check and isinstance(error, NameError):
        return Card("○", f"{error}: run the cells above first, then this one")
    if is_check and isinstance(error, AssertionError):
        return Card("✗", str(error), _example(_last_call.get("answer")))
    if is_check:
        words = f"the check cannot use the result: {type(error).__name__}: {error}"
        return Card("✗", words, _example(_last_call.get("answer")))
    return None


def _example(answer: Callable | None) -> list[str]:
    """Return the example worked by hand in an answer's docstring."""
    found = EXAMPLE.search(getattr(answer, "__doc__", None) or "")
    return [" ".join(found[0].split())] if found else []


verdicts.watch(_card)


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}"
    if isinstance(value, bool | int | float | str | np.number):
        return repr(value)
    return f"{type(value).__name__} of {len(value)}" if hasattr(value, "__len__") else "function"


def _same(given: Any, kept: Any) -> bool:
    if isinstance(kept, tuple | list):
        pairs = zip(given, kept, strict=False)
        return len(given) == len(kept) and all(_same(g, k) for g, k in pairs)
    if not isinstance(kept, np.ndarray) or np.array_equal(given, kept):
        return True
    # A number that was moved and moved back is the same but for rounding.
    is_moved_back = kept.dtype.kind == "f" and given.shape == kept.shape
    return is_moved_back and np.allclose(given, kept, rtol=1e-12, atol=1e-12)


def shape_of(answer: Any) -> tuple[int, ...] | None:
    """Return the shape of an answer, None where it has none (rows of different lengths)."""
    try:
        return np.shape(answer)
    except ValueError:
        return None


def expect_returned(answer: Any, name: str) -> None:
    """Raise a Mistake if an answer returned nothing."""
    if answer is None:
        raise Mistake(f"{name} returned nothing: is there a return at its end?")


def plain(answer: Any, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Return a learner's answer as a float array of this shape, or raise a Mistake."""
    expect_returned(answer, name)
    try:
        values = np.asarray(arrays.to_numpy(answer), dtype=float).copy()
    except (TypeError, ValueError):
        raise Mistake(
            f"{name} returned a {type(answer).__name__} that is no array of numbers, "
            f"expected {_shape_in_words(shape)}"
        ) from None
    if values.shape != shape:
        got, wanted = _shape_in_words(values.shape), _shape_in_words(shape)
        raise Mistake(f"{name} returned {got}, expected {wanted}")
    if not np.isfinite(values).all():
        raise Mistake(f"{name} returned NaN or infinity")
    return values


def pair(answer: Any, words: str, part: tuple[int, ...] = ()) -> list[Any]:
    """Return the two parts of an answer, or raise a Mistake with these words.

    They may be a tuple, a list, or one array that unpacks into two; an array with the shape of one
    `part` is that part alone.
    """
    expect_returned(answer, words.split()[0].rstrip(":"))
    if not isinstance(answer, tuple | list):
        try:
            answer = np.asarray(arrays.to_numpy(answer))
        except (TypeError, ValueError):
            raise Mistake(words) from None
        if answer.shape in ((), part):
            raise Mistake(words)
    if len(answer) != 2:
        raise Mistake(words)
    return list(answer)


def is_single(answer: Any) -> bool:
    """Return whether an answer's numbers are of single precision."""
    try:
        return np.asarray(arrays.to_numpy(answer)).dtype == np.float32
    except (TypeError, ValueError):
        return False


def _shape_in_words(shape: tuple[int, ...]) -> str:
    return f"an array of shape {shape}" if shape else "a single number"


def verdict_of(given: Any, name: str, hint: str = "") -> bool:
    """Return the verdict of a learner's test; raise a Mistake if it is not True or False."""
    if not isinstance(given, bool | np.bool_):
        ending = f": {hint}" if hint else ""
        raise Mistake(f"{name} returned {type(given).__name__}, expected True or False{ending}")
    return bool(given)


def judge(given: Any, verdict: bool, what: str, name: str, hint: str = "") -> None:
    """Raise a Mistake unless a learner's test gives this verdict on `what`."""
    if verdict_of(given, name, hint) is not verdict:
        raise Mistake(f"{name}: your test {'rejected' if verdict else 'accepted'} {what}")


def expect_finite(given: Any, shape: tuple[int, ...], words: str) -> None:
    """Raise a Mistake if an answer of the right shape has NaN or infinity."""
    if shape_of(given) == shape and not np.isfinite(np.asarray(given, dtype=float)).all():
        raise Mistake(words)


def asked_rows(x: np.ndarray, rows: np.ndarray, name: str) -> np.ndarray:
    """Return which of `rows` a learner's test asks about, one by one or all together."""
    matches = (np.atleast_2d(x)[:, None] == rows).all(axis=2)
    if not matches.any(axis=1).all():
        raise Mistake(f"{name}: ask for explanations of the rows that you are given")
    found = matches.argmax(axis=1)
    return found if np.ndim(x) == 2 else found[0]


def close(given: np.ndarray, expected: np.ndarray, tolerance: float = 1e-6) -> bool:
    """Return whether two arrays agree, relative to the size of the expected one.

    Infinity agrees with nothing.
    """
    if given.shape != expected.shape or not np.isfinite(expected).all():
        return False
    return bool(_agree(given, expected, tolerance).all())


def _agree(given: np.ndarray, expected: np.ndarray, tolerance: float = 1e-6) -> np.ndarray:
    """Return which numbers agree, relative to the largest expected one; NaN never agrees."""
    return np.abs(given - expected) <= tolerance * max(1.0, np.abs(expected).max())


def all_differ(answers: Iterable[Any], tolerance: float = 1e-4) -> bool:
    """Return whether each answer differs from all others by more than the tolerance.

    It asks for no further answers after the first one that does not differ.
    """
    others: list[np.ndarray] = []
    for answer in answers:
        value = np.asarray(answer, dtype=float)
        if not all(np.abs(value - other).max() > tolerance for other in others):
            return False
        others.append(value)
    return True


def compare(
    given: np.ndarray,
    expected: np.ndarray,
    misconceptions: Mapping[str, np.ndarray | Callable[[], np.ndarray]],
    name: str,
    unit: str = "",
) -> None:
    """Raise a Mistake unless the numbers agree; name the misconception that explains them.

    A misconception's result may be a function, which is called only when needed. Where numbers are
    shown, `unit` says what they are.
    """
    if close(given, expected):
        return
    results = {words: w() if callable(w) else w for words, w in misconceptions.items()}
    fitting = [words for words, wrong in results.items() if close(given, wrong)]
    if fitting:
        several = "".join(f" ({i}) {words}" for i, words in enumerate(fitting, 1))
        told = fitting[0] if len(fitting) == 1 else f"one of these is the reason:{several}"
        raise Mistake(f"{name}: {if_written(given)}{told}")
    # A single number may be whole by chance.
    if given.size > 1 and given.any() and np.array_equal(given, np.trunc(expected)):
        raise Mistake(
            f"{name}: your result holds whole numbers only, so all behind the point was cut off. "
            "An array takes the kind of what it is made of: np.zeros(shape) holds decimals, "
            "np.zeros_like of whole numbers does not"
        )
    worst = np.unravel_index(np.abs(given - expected).argmax(), expected.shape)
    got, wanted = enough_digits(float(given[worst]), float(expected[worst]))
    if not expected.ndim:
        raise Mistake(name + unit, f"got {got}, expected {wanted}")
    different = int((~_agree(given, expected)).sum())
    raise Mistake(
        name + unit,
        f"got {got} at index {tuple(int(i) for i in worst)}, expected {wanted} "
        f"({different} of {expected.size} numbers differ, this one most)",
    )


def if_written(given: np.ndarray) -> str:
    """Return what comes first about an answer of zeros, before any mistake that gives them, too.

    np.zeros(…) is where most answers begin.
    """
    if given.any():
        return ""
    zeros = "all numbers are 0" if given.size > 1 else "the result is 0"
    return f"{zeros}. Is a part of it not written yet? If it is written: "


def enough_digits(a: float, b: float) -> tuple[str, str]:
    """Write two different numbers with enough digits to show that they differ."""
    pairs = ((f"{a:.{digits}g}", f"{b:.{digits}g}") for digits in range(4, 18))
    return next(pair for pair in pairs if pair[0] != pair[1])
