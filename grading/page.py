"""A learner's page, as a function of their graded notebook, points and comments alone."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from nbformat import NotebookNode

from grading import rendering
from grading.hidden import HideTests
from grading.marks import is_grade, is_locked, is_solution, is_task

HEADING = re.compile(r"#{2,6} +(.+)")
POINTS_IN_HEADING = re.compile(r"\s*\([^()]*\bpoints?\b[^()]*\)\s*$")
HINT = re.compile(r"<details>.*?</details>", re.DOTALL)
# What a page shows at most of a learner's own cells, and of the outputs of one.
MOST_CELLS, MOST_OUTPUTS = 200, 20

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("pages")),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)

AGAIN = (
    "Open it in JupyterLab, choose Kernel, Restart Kernel and Run All Cells, wait until no cell "
    "shows [*], and save. Then hand it in again."
)
# Parts of a reason, what a learner calls it, and what to do about it.
ADVICE = (
    (
        "not taken in",
        "Your file could not be opened as a notebook.",
        "Hand in the notebook itself, the file whose name ends in .ipynb: not a web page, a PDF, a "
        "copy of its text or a shortcut to it. Open it in JupyterLab once more before: if it opens "
        "there, save it and hand it in again.",
    ),
    (
        "ended its own kernel",
        "Your notebook ended the Python that it runs in, so nothing after that cell could run.",
        f"Look for exit(), quit(), sys.exit() or os._exit(), and remove them. {AGAIN}",
    ),
    (
        "ran for more than",
        "Your notebook takes too long.",
        f"Look for a loop that does not end, and for a cell that computes far more than the "
        f"exercise asks for. {AGAIN}",
    ),
    (
        "did not stop",
        "One of your cells could not be stopped when its time was over.",
        f"Look for a loop that does not end, or one that catches every error. {AGAIN}",
    ),
    (
        "of memory",
        "Your notebook takes too much memory.",
        f"Look for an array that is far too large, or a list that grows without an end. {AGAIN}",
    ),
    (
        "printed more than",
        "Your notebook prints too much.",
        f"Look for a print inside a long loop, and remove it. {AGAIN}",
    ),
    (
        "prove nothing",
        "Something in your notebook changes how tests work, so they can say nothing about it.",
        "Look for cells that replace parts of Python, NumPy or the checks, and remove them. Then "
        f"ask your instructor, who sees this too. {AGAIN}",
    ),
)
OTHERWISE = (
    "Something went wrong while your notebook was graded. It may be no fault of yours.",
    f"Your instructor sees this too, and you may ask. Meanwhile make sure that it runs: {AGAIN}",
)


class Mark(NamedTuple):
    """What a graded cell earned, of how much; or that a person is still to give its points.

    Points by hand that are waiting are those of a version before this one.
    """

    points: float
    most: float
    waiting: bool = False
    by_hand: bool = False


class Sheet(NamedTuple):
    """All that a learner's page is made of.

    Attributes
    ----------
    course, assignment, learner : str
        As the page names them.
    release : str
        The notebook as it was given out.
    marks : dict of Mark
        By the ids of the graded cells; empty if the notebook was not graded.
    comments : dict of str
        What a person wrote about a cell, by its id.
    total : float
        All points, less the penalty.
    handed_in, lateness, penalty : str
        In words: when, how late, and what that costs; empty if unknown, in time or nothing.
    notebook : str
        The graded notebook; empty if it cannot be shown.
    reason : str
        Why it was not graded, or cannot be shown.
    """

    course: str
    assignment: str
    learner: str
    release: str
    marks: dict[str, Mark]
    comments: dict[str, str]
    total: float = 0.0
    handed_in: str = ""
    lateness: str = ""
    penalty: str = ""
    notebook: str = ""
    reason: str = ""


class Exercise(NamedTuple):
    """A part of the release with points: its cells, and the prompt where an answer is written."""

    name: str
    text: str
    hints: list[str]
    cells: list[NotebookNode]
    prompt: str


def page_of(sheet: Sheet) -> str:
    """Return a learner's page, as HTML that needs no other file and no network.

    The same sheet gives the same page, on any machine. What a learner wrote can make this raise
    anything or take for ever: `grading.feedback.pages_of` sets limits.
    """
    release = nbformat.reads(sheet.release, as_version=4)
    facts: dict[str, Any] = {"sheet": sheet, "title": _title(release) or sheet.assignment}
    facts |= _graded(sheet, release) if sheet.marks else _not_graded(sheet)
    kind = "feedback" if sheet.marks else "not_graded"
    page = TEMPLATES.get_template(f"{kind}.html.j2").render(**facts)
    # Half a character, which JSON can hold, is in no file.
    return page.encode("utf-8", "replace").decode("utf-8")


def _not_graded(sheet: Sheet) -> dict[str, Any]:
    """Return what happened, and what to do."""
    happened, todo = next(
        ((said, do) for part, said, do in ADVICE if part in sheet.reason), OTHERWISE
    )
    return {"happened": happened, "todo": todo}


def _graded(sheet: Sheet, release: NotebookNode) -> dict[str, Any]:
    """Return the exercises with a learner's cells, and the points."""
    exercises = exercises_of(release)
    theirs, others, left_out = _shared_out(_shown(sheet.notebook), release, exercises)
    return {
        "parts": [_part(*pair, sheet) for pair in zip(exercises, theirs, strict=True)],
        "others": others,
        "left_out": left_out,
        "most": sum(mark.most for mark in sheet.marks.values()),
        "waiting": sum(mark.most for mark in sheet.marks.values() if _is_to_come(mark)),
        "again": any(mark.waiting and mark.by_hand for mark in sheet.marks.values()),
    }


def exercises_of(release: NotebookNode) -> list[Exercise]:
    """Return the exercises: what stands below a heading and has points.

    In a notebook without headings an exercise ends behind its graded cells.
    """
    headed = any(_heading(cell) for cell in release.cells)
    groups: list[list[NotebookNode]] = [[]]
    for cell in release.cells:
        behind = any(map(_has_points, groups[-1])) and not is_locked(cell)
        if _heading(cell) if headed else behind or is_task(cell):
            groups.append([])
        groups[-1].append(cell)
    return [_exercise(group) for group in groups if any(map(_has_points, group))]


def _exercise(cells: list[NotebookNode]) -> Exercise:
    behind = max(index for index, cell in enumerate(cells) if _grade_id(cell)) + 1
    cells, rest = cells[:behind], cells[behind:]
    named = next(cell for cell in cells if is_solution(cell) or _has_points(cell))
    name = _heading(cells[0]) or re.sub(r"[-_]", " ", _grade_id(named))
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = text.partition("\n")[2] if _heading(cells[0]) else text
    return Exercise(
        POINTS_IN_HEADING.sub("", name),
        HINT.sub("", text).strip(),
        HINT.findall(text),
        cells,
        next((cell.source for cell in rest if cell.cell_type == "markdown"), ""),
    )


def _shown(notebook: str) -> list[NotebookNode]:
    """Return a graded notebook's cells, as their learner may see them."""
    if not notebook:
        return []
    # Not checked against the format, which takes longer than all the rest: it is the grader's own.
    return HideTests().preprocess(nbformat.v4.reads(notebook), {})[0].cells


def _shared_out(
    cells: list[NotebookNode], release: NotebookNode, exercises: list[Exercise]
) -> tuple[list[list[NotebookNode]], list[NotebookNode], int]:
    """Return each exercise's cells of a learner, their other cells, and the number left out.

    Of the release's own cells only the marked ones are returned. A cell that the learner added
    belongs to the exercise below whose text, or behind whose marked cells, it stands.
    """
    letters = Counter(_letters(cell) for cell in release.cells)
    place: dict[str, int] = {}
    for number, exercise in enumerate(exercises):
        for cell in exercise.cells:
            # A text that occurs more than once ("Your answer") is nobody's place.
            alone = _letters(cell) if letters[_letters(cell)] == 1 else ""
            place |= dict.fromkeys((_grade_id(cell), alone, _heading(cell)), number)
    place.pop("", None)
    found: list[list[NotebookNode]] = [[] for _ in exercises]
    others: list[NotebookNode] = []
    here, left_out = others, -MOST_CELLS
    for cell in cells:
        for key in (_grade_id(cell), _letters(cell), _heading(cell)):
            here = found[place[key]] if key in place else here
        own = not _grade_id(cell) and _letters(cell) not in letters and cell.source.strip()
        left_out += bool(own)
        if _grade_id(cell) or (own and left_out <= 0):
            here.append(cell)
    return found, [cell for cell in others if not _grade_id(cell)], max(0, left_out)


def _part(exercise: Exercise, cells: list[NotebookNode], sheet: Sheet) -> dict[str, Any]:
    """Return what the template needs to show one exercise."""
    ids = [grade_id for cell in exercise.cells if (grade_id := _grade_id(cell))]
    marks = {grade_id: sheet.marks[grade_id] for grade_id in ids if grade_id in sheet.marks}
    by_id = {_grade_id(cell): cell for cell in cells if _grade_id(cell)}
    own = [cell for cell in cells if not _grade_id(cell)]
    for cell in own:
        cell.source = cell.source.removeprefix(exercise.prompt).strip()
    solutions = [cell for cell in by_id.values() if is_solution(cell)]
    asks_for_words = any(is_task(cell) for cell in exercise.cells)
    given = {_grade_id(cell): _letters(cell) for cell in exercise.cells}
    written = [cell for cell in solutions if _letters(cell) != given[_grade_id(cell)]]
    answer = own if asks_for_words else solutions
    return {
        "exercise": exercise,
        "checks": [
            (marks[_grade_id(cell)], _words(cell))
            for cell in by_id.values()
            if cell.cell_type == "code" and _grade_id(cell) in marks and not is_solution(cell)
        ],
        "comments": [sheet.comments[grade_id] for grade_id in ids if grade_id in sheet.comments],
        "by_hand": any(mark.by_hand for mark in marks.values()),
        "answer": answer,
        "more": [] if asks_for_words else own,
        "given": [
            cell if is_grade(cell) else by_id.get(_grade_id(cell), cell)
            for cell in exercise.cells
            if cell.cell_type == "code" and not is_solution(cell)
        ],
        **_state(list(marks.values()), bool(written or (asks_for_words and own) or not cells)),
    }


def _state(marks: list[Mark], written: bool) -> dict[str, Any]:
    """Return an exercise's colour, its points in words, and the points it is worth."""
    here = [mark for mark in marks if not _is_to_come(mark)]
    earned, most = sum(mark.points for mark in here), sum(mark.most for mark in here)
    waiting = sum(mark.most for mark in marks if _is_to_come(mark))
    words = f"{earned:g} of {points(most)}"
    colour = "green" if earned >= most else "amber"
    if not written and not earned:
        colour, words = "grey", f"not written yet, {words}"
    if any(mark.waiting for mark in here):
        colour, words = "grey", f"{words} until your instructor looks again"
    if waiting:
        later = f"{points(waiting)} waiting for your instructor"
        colour, words = "grey", f"{words}, {later}" if most else later
    most += waiting
    return {"colour": colour, "points": words, "most": most, "share": earned / (most or 1)}


def _is_to_come(mark: Mark) -> bool:
    return mark.waiting and not mark.by_hand


def _words(check: NotebookNode) -> list[tuple[str, Markup]]:
    """Return what a check said: the kind of each output, ``"right"``, ``"wrong"`` or ``""``."""
    words: list[tuple[str, Markup]] = []
    for output in check.outputs[:MOST_OUTPUTS]:
        if output.output_type == "error":
            if any(kind == "right" for kind, _ in words):
                words.append(("", Markup("A further test of the same kind, with fresh numbers:")))
            said = rendering.said(output)
            kind = "" if said.startswith("○") else "wrong"  # not written yet
            words.append((kind, rendering.plain(said)))
        elif output.output_type == "stream":
            # An answer may print lines of its own before the check does.
            kind = "right" if re.search("^✓", output.text, re.MULTILINE) else ""
            words.append((kind, rendering.output(output)))
        else:
            words.append(("", rendering.output(output)))
    return words


def points(number: float) -> str:
    """Return a number of points in words."""
    return f"{number:g} point{'' if number == 1 else 's'}"


def _title(release: NotebookNode) -> str:
    found = (re.match(r"# +(.+)", cell.source) for cell in release.cells)
    return next((match[1] for match in found if match), "")


def _heading(cell: NotebookNode) -> str:
    found = HEADING.match(cell.source) if cell.cell_type == "markdown" else None
    return found[1] if found else ""


def _has_points(cell: NotebookNode) -> bool:
    return is_grade(cell) or is_task(cell)


def _grade_id(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def _letters(cell: NotebookNode) -> str:
    """Return a cell's letters and digits, which cleaning and editors leave as they are."""
    return re.sub(r"&\w+;|[\W_]", "", cell.source)


TEMPLATES.globals.update(
    code=rendering.code,
    output=rendering.output,
    points=points,
    text=rendering.text,
    MOST_OUTPUTS=MOST_OUTPUTS,
)
