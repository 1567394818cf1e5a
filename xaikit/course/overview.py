"""How far a learner has come: lectures read, exercises passed, and what is next."""

from dataclasses import dataclass

from xaikit.course import cards, contents, memory, not_installed, notebook
from xaikit.course.cards import Card, Line
from xaikit.course.contents import Assignment, Lecture


def progress(read: str | None = None) -> None:
    """Show which lectures you have read and which exercises you have passed, with links.

    From then on, a cell that needs a package which is not installed shows its stored result
    (`xaikit.course.not_installed`).

    What you passed is remembered in a small file in your copy of the course, `.progress.jsonl`;
    delete it to begin anew. Nothing is sent anywhere. In a notebook that a program runs (a test,
    for instance) nothing is shown or remembered; a terminal shows the overview as text.

    Parameters
    ----------
    read : str, optional
        A lecture, by the name of its file without ``.ipynb``, of which you have reached the end.
        The last cell of each lecture says so: to have run that cell is what "read" means here.

    Raises
    ------
    ValueError
        For a name that no lecture has.
    """
    not_installed.watch()
    found = {lecture.name: lecture for lecture in contents.lectures()}
    if read is not None and read not in found:
        raise ValueError(f"no lecture {read!r}: expected one of {', '.join(found)}")
    if not notebook.is_run_by_a_person() and (read or notebook.shell()):
        return
    complaint = memory.remember("read", read) if read else ""
    course = rows()
    if read is None:
        cards.show_both(html(course), plain(course))
        return
    lines = [next_line(course), *([complaint] if complaint else [])]
    cards.show(Card("✓", f"{found[read]}: read to its end", lines))


@dataclass(frozen=True)
class Row:
    """A lecture with its assignment, and what was done of both."""

    lecture: Lecture
    is_read: bool
    assignment: Assignment | None
    passed: frozenset[str]

    @property
    def exercises(self) -> list[bool]:
        """Whether each exercise that checks itself was passed."""
        found = self.assignment.exercises if self.assignment else ()
        return [exercise.is_passed(self.passed) for exercise in found if exercise.checks]


def rows() -> list[Row]:
    """Return the course, lecture by lecture."""
    known, found = memory.recall(), []
    for lecture in contents.lectures():
        assignment = contents.assignment_of(lecture)
        passed = memory.passed(assignment.name, known) if assignment else set()
        is_read = ("read", lecture.name) in known
        found.append(Row(lecture, is_read, assignment, frozenset(passed)))
    return found


def next_line(found: list[Row]) -> Line:
    """Return what comes first of all that is left, with its link."""
    for row in found:
        if not (row.is_read or row.lecture.is_optional):
            return ["next: ", memory.link_to(row.lecture)]
        if row.assignment and not all(row.exercises):
            return ["next: ", memory.link_to(row.assignment)]
    return "All lectures are read, and all exercises that check themselves are passed."


def summary(found: list[Row]) -> str:
    """Return the whole course in one line."""
    lectures = [row.is_read for row in found if not row.lecture.is_optional]
    exercises = [passed for row in found for passed in row.exercises]
    return (
        f"{sum(lectures)} of {len(lectures)} lectures read, "
        f"{sum(exercises)} of {len(exercises)} exercises passed"
    )


def plain(found: list[Row]) -> str:
    """Return the overview as text: a line for each lecture and each assignment."""
    lines = [summary(found), cards.text(next_line(found))]
    for row in found:
        lines.append(f"{sign(row.is_read)} {cards.text(_lecture(row))}")
        if row.assignment:
            signs = "".join(map(sign, row.exercises))
            lines.append(f"  {signs} {cards.text(_work(row))}")
    return "\n".join([*lines, memory.where()])


def html(found: list[Row]) -> str:
    """Return the overview as HTML whose styles stand in its tags."""
    cell = "text-align: left; vertical-align: top"
    heads = ("lecture", "read", "exercises passed")
    head = "".join(f'<th scope="col" style="{cell}">{words}</th>' for words in heads)
    body = []
    for row in found:
        is_read = f"{cards.pill(sign(row.is_read))}{'read' if row.is_read else 'not yet'}"
        work = ""
        if row.assignment:
            # A narrow page may break the line between any two.
            signs = "<wbr>".join(cards.pill(sign(passed), 3) for passed in row.exercises)
            work = f"{signs} {cards.marked(_work(row))}"
        body.append(
            f'<tr><th scope="row" style="{cell}; font-weight: normal">'
            f"{cards.marked(_lecture(row))}</th>"
            f'<td style="{cell}">{is_read}</td>'
            f'<td style="{cell}">{work}</td></tr>'
        )
    lines = [summary(found), next_line(found)]
    return (
        "".join(f'<p style="margin: 4px 0">{cards.marked(line)}</p>' for line in lines)
        # A wide table is scrolled, by the keyboard too.
        + '<div style="overflow-x: auto" tabindex="0" role="region" aria-label="your progress">'
        + f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
        + f'<p style="margin: 4px 0">{cards.marked(memory.where())}</p>'
    )


def sign(is_done: bool) -> str:
    """Return the sign of what is done, or not yet."""
    return "✓" if is_done else "○"


def _lecture(row: Row) -> Line:
    optional = " (optional)" * row.lecture.is_optional
    return memory.link_to(row.lecture, f"{row.lecture.chapter} · {row.lecture.title}{optional}")


def _work(row: Row) -> Line:
    assert row.assignment
    points = f"{row.assignment.earned(row.passed)} of {row.assignment.points} points, "
    return [points, memory.link_to(row.assignment, f"assignment {row.assignment.chapter}")]
