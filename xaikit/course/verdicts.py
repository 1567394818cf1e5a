"""What a check says below its cell: to a person as a card, to a program as it always was.

A program needs an error where an answer is wrong; a person does not need its red box. So IPython
asks us first how to show an error. Its cell counts as failed all the same: "Run All" stops there.
"""

from collections.abc import Callable
from traceback import walk_tb
from typing import Any

from xaikit.course import cards, contents, memory, notebook
from xaikit.course.cards import Bars, Card, Line, Link
from xaikit.course.contents import Assignment, Check, Exercise

# What the checks of the running cell have said, their last picture, and the cell's code.
_said: list[str] = []
_drawn: list[Bars] = []
_code = {"runs": ""}


def passed(what: str, bars: Bars | None = None) -> None:
    """Say that a check went well; a person also sees a picture, if there is one."""
    if notebook.is_run_by_a_person():
        _said.append(what)
        if bars:
            _drawn[:] = [bars]
    else:
        print(f"✓ {what}")


def watch(card_of: Callable[[Exception, bool], Card | None]) -> None:
    """Show cards from now on, in a notebook.

    Parameters
    ----------
    card_of : function
        Returns the card of an error, None for an error that is shown as usual; it is told whether
        the cell is a check of an assignment.
    """
    shell = notebook.shell()
    if shell is None or shell.custom_exceptions:
        return

    def show_error(shell, kind, error, frames, tb_offset=None):
        if not any(frame.f_globals is shell.user_global_ns for frame, _ in walk_tb(frames)):
            shell.showsyntaxerror()  # nothing has run
            return
        is_check = _check_of(shell, _code["runs"]) is not None
        card = card_of(error, is_check) if notebook.is_run_by_a_person() else None
        if card is None:
            shell.showtraceback((kind, error, frames), running_compiled_code=True)
            return
        shell._last_traceback = [cards.plain(card)]  # the kernel's reply holds it
        cards.show(card)

    shell.set_custom_exc((Exception,), show_error)
    shell.events.register("pre_run_cell", _begin)
    shell.events.register("post_run_cell", _end)


def _begin(cell: Any) -> None:
    _said.clear()
    _drawn.clear()
    _code["runs"] = cell.raw_cell or ""


def _end(result: Any) -> None:
    if not (notebook.is_run_by_a_person() and result.success):
        return
    found = _check_of(notebook.shell(), result.info.raw_cell or "")
    if found:
        cards.show(success(*found, list(_said), *_drawn))
    elif _said:
        cards.show(Card("✓", "\n".join(_said)))


def _check_of(shell: Any, code: str) -> tuple[Assignment, Exercise, Check] | None:
    """Return the check that a cell is; its assignment is that of the module called `checks`."""
    module = getattr(shell.user_ns.get("checks"), "__name__", "").rpartition(".")[2]
    for assignment in contents.assignments():
        if assignment.module == module and (found := assignment.find(code)):
            return assignment, *found
    return None


def success(
    assignment: Assignment,
    exercise: Exercise,
    check: Check,
    said: list[str],
    bars: Bars | None = None,
) -> Card:
    """Remember that a check was passed, and return its card: the points so far, what comes next."""
    complaint = memory.remember("passed", f"{assignment.name}/{check.name}")
    passed = memory.passed(assignment.name) | {check.name}
    earned = assignment.earned(passed)
    words = "\n".join(said) or f"{check.name.rpartition('-')[0]}: the example is right"
    lines: list[Line] = [_points_and_next(assignment, exercise, passed, earned)]
    if complaint:
        lines.append(complaint)
    return Card("✓", words, lines, part=(earned, assignment.points), bars=bars)


def _points_and_next(
    assignment: Assignment, exercise: Exercise, passed: set[str], earned: int
) -> Line:
    so_far = f"{earned} of {assignment.points} points"
    here = exercise.place
    waiting = [e for e in assignment.exercises if e.checks and not e.is_passed(passed)]
    if waiting:
        # Those below come before those that were left out above.
        after = min(waiting, key=lambda e: (e.place < here, e.place))
        other = "the other check of " * (after.place == here)
        return f"{so_far} · next: {other}exercise {after.place}, {after.title}"
    by_hand = [e for e in assignment.exercises if e.by_hand]
    parts = [f" · exercise {e.place} is read by a person ({e.by_hand} points)" for e in by_hand]
    line: list[str | Link] = [so_far, *parts]
    if lecture := contents.lecture_after(assignment):
        line += [" · next: ", memory.link_to(lecture)]
    return line
