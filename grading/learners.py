"""Learners by name: those that a command is about, and due times of their own."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, tzinfo
from difflib import get_close_matches

from grading import register, roster, times
from grading.course import Course, GradingError


def known(course: Course, names: Collection[str]) -> frozenset[str]:
    """Return these names; a name that the gradebook lacks is an error, which lists those near it.

    Near are learners whose own name, first and last name or e-mail address resembles it.
    """
    with course.gradebook() as gradebook:
        words: dict[str, tuple[str, ...]] = {
            student.id: (
                student.id,
                f"{student.first_name or ''} {student.last_name or ''}",
                student.email or "",
            )
            for student in gradebook.students
        }
    for name in names:
        if name not in words:
            raise GradingError(f"no learner {name!r}; {_near(name, words)}")
    return frozenset(names)


def _near(name: str, words: dict[str, tuple[str, ...]]) -> str:
    owners: dict[str, str] = {}
    for learner, known_as in words.items():
        owners.update((word.casefold().strip(), learner) for word in known_as if word.strip())
    close = dict.fromkeys(owners[word] for word in get_close_matches(name.casefold(), owners))
    if close:
        return f"near: {', '.join(close)}"
    if not words:
        return "there are none yet: the command intake brings them in"
    first = ", ".join(sorted(words)[:5])
    return f"there are {len(words)}: {first}{', …' if len(words) > 5 else ''}"


def due_times_of_roster(course: Course, assignment: str, zone: tzinfo | None = None) -> None:
    """Register the due times in the roster's column ``due``; an empty cell changes nothing.

    A time that names no zone is one of `zone`, or of UTC.

    Raises
    ------
    GradingError
        If a cell holds no time; the message names its learner.
    """
    known = roster.load(course.root)
    for row in known.rows if known else []:
        if due := row.get("due"):
            try:
                when = times.parse(due, zone or UTC)
            except ValueError as error:
                problem = f"the roster's column due, for {row['learner']}: {error}"
                raise GradingError(problem) from None
            register.set_due_time(course.database, assignment, row["learner"], when)
