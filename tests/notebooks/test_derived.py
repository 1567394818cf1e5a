"""Exercises are derived from their solutions, and do not contain the answers."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.converters import GenerateAssignment

from tests.notebooks import samples
from tools.derive import (
    REGIONS,
    STEPS,
    SolutionError,
    derive,
    exercise_path,
    remove_orphans,
    write_exercise,
)
from tools.normalise import to_text

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = sorted(ROOT.glob("solutions/*/*.ipynb"))
# Shorter lines ("else:", "x = x + 1") may occur anywhere.
TELLING_LENGTH = 12


def outdated(root):
    """Report exercises that are missing or differ from those derived now."""
    problems = []
    for solution in sorted(root.glob("solutions/*/*.ipynb")):
        exercise = exercise_path(solution)
        if not exercise.exists():
            problems.append(f"{exercise.parent.name} has no exercise")
        elif exercise.read_bytes() != derive(solution.read_text(encoding="utf-8")).encode():
            problems.append(f"{exercise.parent.name} differs from what its solution derives to")
    return problems


def strays(root):
    """Report files in exercises/ that are not notebooks with a solution."""
    expected = {exercise_path(solution) for solution in root.glob("solutions/*/*.ipynb")}
    return [
        f"{path.relative_to(root)} does not belong here"
        for path in sorted(root.glob("exercises/**/*"))
        if path.is_file() and path not in expected and ".ipynb_checkpoints" not in path.parts
    ]


def leaks(solution, exercise):
    """Report markers, outputs and lines of the solution's secret regions in the exercise."""
    source = "\n".join(cell.source for cell in exercise.cells)
    secret, shown = secret_and_shown_lines(solution)
    return [
        *(f"a marker is left: {marker}" for marker in re.findall("BEGIN [A-Z]+", source)),
        *(
            f"cell {number} holds outputs"
            for number, cell in enumerate(exercise.cells, start=1)
            if cell.get("outputs") or cell.get("execution_count")
        ),
        *(
            f"a line is given away: {line}"
            for line in secret
            if len(line) >= TELLING_LENGTH and line in source and line not in shown
        ),
    ]


def secret_and_shown_lines(solution):
    """Return the stripped lines that learners must not see, and the text of all other lines."""
    secret: list[str] = []
    shown: list[str] = []
    for cell in solution.cells:
        answer = cell.metadata.get("nbgrader", {}).get("solution", False)
        hidden = answer and "BEGIN SOLUTION" not in cell.source
        for line in cell.source.splitlines():
            if marker := re.search(f"(BEGIN|END) ({'|'.join(REGIONS)})", line):
                hidden = marker[1] == "BEGIN"
            else:
                (secret if hidden else shown).append(line.strip())
    return secret, "\n".join(shown)


def test_exercises_are_derived_from_solutions():
    assert outdated(ROOT) == []


def test_exercises_hold_nothing_else():
    assert strays(ROOT) == []


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_exercise_gives_nothing_away(path):
    solution = nbformat.read(path, as_version=4)
    exercise = nbformat.read(exercise_path(path), as_version=4)
    assert leaks(solution, exercise) == []


def test_outdated_and_stray_exercises_are_seen(tmp_path):
    solution = stored_solution(tmp_path, "01_doubling")
    exercise = exercise_path(solution)
    assert outdated(tmp_path) == ["01_doubling has no exercise"]
    write_exercise(solution)
    assert outdated(tmp_path) == strays(tmp_path) == []

    exercise.write_text(exercise.read_text().replace("Twice", "Thrice"))
    assert outdated(tmp_path) == ["01_doubling differs from what its solution derives to"]

    (exercise.parent / "answers.py").touch()
    assert strays(tmp_path) == ["exercises/01_doubling/answers.py does not belong here"]
    solution.unlink()
    assert len(strays(tmp_path)) == 2


def test_leaks_are_seen():
    solution = samples.solution()
    exercise = nbformat.reads(derive(solution), as_version=4)
    assert leaks(solution, exercise) == []
    line = samples.ANSWER.splitlines()[3]
    for cell in (
        new_markdown_cell(f"Hint: `{line}`"),
        new_code_cell("assert doubled(-3.5) == -7"),
        new_code_cell("### BEGIN SOLUTION"),
        new_markdown_cell("BEGIN MARK SCHEME"),
        new_code_cell("### BEGIN HIDEN TESTS"),
        samples.printing("doubled", "4\n"),
    ):
        leaking = nbformat.from_dict({**exercise, "cells": [*exercise.cells, cell]})
        assert len(leaks(solution, leaking)) == 1

    # A line that learners see elsewhere in the notebook is not secret.
    solution.cells[0].source += f"\n\n    {line}"
    exercise.cells[0].source += f"\n\n    {line}"
    assert leaks(solution, exercise) == []


def test_a_free_answer_without_markers_is_secret_as_a_whole():
    solution = samples.solution()
    answer = samples.graded(
        new_markdown_cell("Because it is additive."), "essay", grade=True, solution=True, points=0
    )
    solution.cells.append(answer)
    exercise = nbformat.reads(derive(solution), as_version=4)
    assert exercise.cells[-1].source == "YOUR ANSWER HERE"
    exercise.cells[-1].source = answer.source
    assert leaks(solution, exercise) == ["a line is given away: Because it is additive."]


def test_derived_exercise_is_ready_for_a_learner():
    solution = samples.solution()
    solution.cells[1].outputs = [new_output("stream", text="4\n")]
    before = to_text(solution)
    exercise = nbformat.reads(derive(solution), as_version=4)

    assert to_text(solution) == before
    assert derive(before) == derive(solution) == to_text(exercise)
    assert exercise.metadata == solution.metadata
    assert [cell.id for cell in exercise.cells] == [cell.id for cell in solution.cells]
    assert exercise.cells[1].source.endswith("# YOUR CODE HERE\n    raise NotImplementedError()")
    assert exercise.cells[2].source == "assert doubled(2) == 4"
    assert exercise.cells[2].metadata.editable is False
    assert exercise.cells[2].metadata.nbgrader.points == 12
    assert exercise.cells[3].source.strip() == "Why is doubling linear?"


def test_the_steps_are_nbgraders_own():
    ours = [step.__name__ for step in STEPS]
    elsewhere = {"IncludeHeaderFooter", "InstantiateTests", "SaveCells"}
    theirs = GenerateAssignment.class_traits()["preprocessors"].default()
    assert ours == [step.__name__ for step in theirs if step.__name__ not in elsewhere]


def marks(**changes):
    return lambda cells: cells[2].metadata.nbgrader.update(changes)


def replaced(index, old, new):
    return lambda cells: cells[index].update(source=cells[index].source.replace(old, new))


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (replaced(1, "###", "# no"), "'doubled' needs ### BEGIN SOLUTION"),
        (replaced(1, "### END SOLUTION", ""), "cell 2 needs BEGIN SOLUTION and END SOLUTION"),
        (replaced(2, "### BEGIN HIDDEN TESTS", ""), "cell 3 needs BEGIN HIDDEN TESTS and END"),
        (replaced(3, "END MARK", "END OF MARK"), "cell 4 needs BEGIN MARK SCHEME and END"),
        (replaced(0, "#", "### BEGIN SOLUTION\n### END SOLUTION"), "nbgrader refuses it"),
        (marks(grade_id="doubled"), "grade id 'doubled' occurs 2 times"),
        (replaced(1, "def doubled", "def sum"), "'doubled' defines sum, a builtin"),
        (marks(points=11), "the points add up to 19 instead of 20"),
        (marks(grade=False), "the points add up to 8 instead of 20"),
        (marks(schema_version=4), "nbgrader refuses it"),
    ],
)
def test_spoilt_solution_is_refused(spoil, complaint):
    solution = samples.solution()
    spoil(solution.cells)
    with pytest.raises(SolutionError, match=complaint):
        derive(solution)


def test_exercises_whose_solution_is_gone_are_removed(tmp_path):
    kept, gone = stored_solution(tmp_path, "01_kept"), stored_solution(tmp_path, "02_gone")
    write_exercise(kept)
    write_exercise(gone)
    gone.unlink()
    (exercise_path(kept).parent / "my copy.ipynb").touch()
    assert remove_orphans(tmp_path) == [exercise_path(gone)]
    assert (exercise_path(kept).parent / "my copy.ipynb").exists()
    assert [path.name for path in (tmp_path / "exercises").iterdir()] == ["01_kept"]


def stored_solution(root, name):
    path = root / "solutions" / name / f"{name}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(to_text(samples.solution()), encoding="utf-8")
    return path
