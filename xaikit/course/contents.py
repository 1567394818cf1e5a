"""What the course holds, in its order: lectures, and assignments with exercises and points.

`contents.json` is derived from the lectures and the solutions by `tools/contents.py`.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Check:
    """A cell that checks an answer: its name, its points, and how its code is recognised."""

    name: str
    points: int
    digest: str


@dataclass(frozen=True)
class Exercise:
    """An exercise, at its place (from 1); one that a person grades has points `by_hand`."""

    place: int
    title: str
    by_hand: int
    checks: tuple[Check, ...]

    def is_passed(self, passed: Collection[str]) -> bool:
        """Return whether all checks, of which there is one at least, are among those passed."""
        return bool(self.checks) and all(check.name in passed for check in self.checks)


@dataclass(frozen=True)
class Assignment:
    """An assignment, and the module of its checks."""

    name: str
    title: str
    module: str
    exercises: tuple[Exercise, ...]

    @property
    def chapter(self) -> str:
        """The number that it shares with its lecture."""
        return self.name.partition("_")[0]

    def __str__(self) -> str:
        return f"assignment {self.chapter}, {self.title}"

    @property
    def points(self) -> int:
        """The points that checks can give."""
        return sum(check.points for exercise in self.exercises for check in exercise.checks)

    def earned(self, passed: Collection[str]) -> int:
        """Return the points of the checks that were passed."""
        checks = [check for exercise in self.exercises for check in exercise.checks]
        return sum(check.points for check in checks if check.name in passed)

    def find(self, code: str) -> tuple[Exercise, Check] | None:
        """Return the exercise and the check whose code this is."""
        wanted = digest(code)
        pairs = [(exercise, check) for exercise in self.exercises for check in exercise.checks]
        return next((pair for pair in pairs if pair[1].digest == wanted), None)


@dataclass(frozen=True)
class Lecture:
    """A lecture."""

    name: str
    title: str

    @property
    def chapter(self) -> str:
        """Its number, "03", or "04b" for an optional second part."""
        return self.name.partition("_")[0]

    @property
    def is_optional(self) -> bool:
        """Whether the course goes on without it."""
        return not self.chapter.isdigit()

    def __str__(self) -> str:
        return f"lecture {self.chapter}{' (optional)' * self.is_optional}, {self.title}"


def digest(code: str) -> str:
    """Return eight characters that tell a cell's code from another's."""
    return hashlib.sha256(code.strip().encode()).hexdigest()[:8]


@cache
def _file() -> dict:
    return json.loads(FILE.read_text(encoding="utf-8"))


@cache
def lectures() -> tuple[Lecture, ...]:
    """Return the lectures in their order."""
    return tuple(Lecture(**lecture) for lecture in _file()["lectures"])


@cache
def assignments() -> tuple[Assignment, ...]:
    """Return the assignments in their order."""
    return tuple(
        Assignment(
            entry["name"],
            entry["title"],
            entry["checks"],
            tuple(
                Exercise(
                    place,
                    exercise["title"],
                    exercise["by_hand"],
                    tuple(Check(**check) for check in exercise["cells"]),
                )
                for place, exercise in enumerate(entry["exercises"], start=1)
            ),
        )
        for entry in _file()["assignments"]
    )


def assignment_of(lecture: Lecture) -> Assignment | None:
    """Return a lecture's assignment; an optional second part has none."""
    return next((a for a in assignments() if a.chapter == lecture.chapter), None)


def lecture_after(assignment: Assignment) -> Lecture | None:
    """Return the lecture that comes after an assignment; None after the last."""
    return next((lecture for lecture in lectures() if lecture.chapter > assignment.chapter), None)
