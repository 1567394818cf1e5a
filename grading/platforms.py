"""The tables of learning platforms: what their columns mean, where they come from and go to.

Sources of the formats
----------------------
Moodle, grading worksheet
    ``mod/assign/feedback/offline`` (importgradeslib.php, locallib.php) and
    ``mod/assign/gradingtable.php`` of https://github.com/moodle/moodle: needed are Identifier,
    Grade and Last modified (grade); a grade above the maximum is skipped without a word.
Moodle, gradebook
    https://docs.moodle.org/en/Grade_import: the columns of the export, mapped by hand; a row of
    somebody unknown stops the import.
Canvas
    ``lib/gradebook_importer.rb`` and ``lib/gradebook_exporter.rb`` of
    https://github.com/instructure/canvas-lms: a learner by ID, SIS ids or name, an assignment by
    the number in brackets; an empty cell deletes a grade.
Blackboard
    "Work offline with grade data", https://help.blackboard.com/Learn/Instructor: tab-delimited
    UTF-16 (.xls) or CSV; a learner by Username, a column by the number after the bar.
Gradescope
    It imports no table. https://gradescope-autograders.readthedocs.io: an autograder is a zip with
    setup.sh and run_autograder, which writes results.json for each submission.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from grading.course import GradingError
from grading.sheet import Sheet


class Format(NamedTuple):
    """One kind of table, in its platform's words.

    Attributes
    ----------
    what, download, upload : str
        Its name; how to get one, and how to give it back.
    needs : tuple of str
        Columns by which the table is recognised.
    inner : str
        The column with the platform's own number of a learner, which only its exports know.
    ids, also : tuple of str
        Columns with other ids of a learner; further columns that the import needs or a reader
        wants.
    names : tuple of tuple of str
        Columns that make up a learner's name, in their order, each way one after another.
    grades : str
        A pattern of columns with grades; group 1 is the assignment's title.
    possible : callable
        From the table and the number of the column: the points possible there, None if unknown.
    comment : str
        The column of comments for learners; empty if there is none.
    locked : (str, str)
        The column, and what stands there, of a row that the import skips.
    excused : tuple of str
        Words in place of a grade that say that this learner needs none.
    one_assignment : bool
        Whether the table is about one assignment, so that its column needs no name.
    """

    what: str
    download: str
    upload: str
    needs: tuple[str, ...]
    grades: str
    possible: Callable[[Sheet, int], float | None]
    names: tuple[tuple[str, ...], ...]
    inner: str = ""
    ids: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    comment: str = ""
    locked: tuple[str, str] = ("", "")
    excused: tuple[str, ...] = ()
    one_assignment: bool = False


def _in_a_column(name: str) -> Callable[[Sheet, int], float | None]:
    def possible(sheet: Sheet, column: int) -> float | None:
        place = places(sheet)[name]
        found = (number(cell(row, place)) for row in sheet.rows[1:])
        return next((points for points in found if points), None)

    return possible


def _in_the_header(sheet: Sheet, column: int) -> float | None:
    found = re.search(r"\[Total Pts: ([\d.,]+)", sheet.rows[0][column])
    return number(found[1]) if found else None


def _in_a_row(sheet: Sheet, column: int) -> float | None:
    points = next((cell(row, column) for row in sheet.rows if is_points_row(row)), "")
    if "read only" in points:
        raise GradingError(
            f"Canvas takes no grades for '{sheet.rows[0][column]}' from a file: it is read only"
        )
    return number(points)


def _unknown(sheet: Sheet, column: int) -> None:
    return None


FORMATS: dict[str, tuple[Format, ...]] = {
    "moodle": (
        Format(
            what="Moodle's grading worksheet",
            download="in the assignment: View all submissions, Download grading worksheet, with "
            "Moodle in English (the worksheet is a feedback type in the assignment's settings)",
            upload="in the assignment: Upload grading worksheet, with Moodle in English",
            needs=("Identifier", "Grade", "Maximum Grade", "Last modified (grade)"),
            grades="(Grade)",
            possible=_in_a_column("Maximum Grade"),
            names=(("Full name",),),
            inner="Identifier",
            ids=("Email address", "ID number", "Username"),
            also=(
                "Status",
                "Maximum Grade",
                "Grade can be changed",
                "Last modified (submission)",
                "Last modified (grade)",
            ),
            comment="Feedback comments",
            locked=("Grade can be changed", "No"),
            one_assignment=True,
        ),
        Format(
            what="Moodle's gradebook",
            download="in the course: Grades, Export, Plain text file",
            upload="in the course: Grades, Import, CSV file; map Email address to useremail (or ID "
            "number to useridnumber), and the column to the assignment",
            needs=("First name",),
            grades=r"(?:Assignment: ?)?(.+) \(Real\)",
            possible=_unknown,
            names=(("First name", "Last name"), ("First name", "Surname")),
            ids=("Email address", "ID number", "Username"),
        ),
    ),
    "canvas": (
        Format(
            what="Canvas's gradebook",
            download="Grades, Export, Export Entire Gradebook",
            upload="Grades, Import",
            needs=("ID", "Section"),
            grades=r"(.+) \(\d+\)",
            possible=_in_a_row,
            names=(("Student",), ("FirstName", "LastName")),
            inner="ID",
            ids=("SIS User ID", "SIS Login ID", "Integration ID"),
            also=("Root Account", "Section"),
            excused=("EX", "N/A"),
        ),
    ),
    "blackboard": (
        Format(
            what="Blackboard's table",
            download="Grade Center (Ultra: Gradebook), Work Offline, Download; with comments, if "
            "you want ours",
            upload="Work Offline, Upload",
            needs=("Username",),
            grades=r"(.+?) ?\[Total Pts: [\d.,]+.*\] ?\|\d+",
            possible=_in_the_header,
            names=(("First Name", "Last Name"),),
            ids=("Username", "Student ID"),
            also=("Grading Notes", "Notes Format", "Feedback Format"),
            comment="Feedback to Learner",
            excused=("Exempt",),
        ),
    ),
    "gradescope": (
        Format(
            what="Gradescope's grades",
            download="in the assignment: Review Grades, Download Grades, CSV",
            upload="in the programming assignment: Configure Autograder, upload, then Regrade All "
            "Submissions",
            needs=("Email",),
            grades="(Total Score)",
            possible=_in_a_column("Max Points"),
            names=(("First Name", "Last Name"), ("Name",)),
            ids=("Email", "SID"),
            one_assignment=True,
        ),
    ),
}


def is_points_row(row: list[str]) -> bool:
    """Return whether a row is Canvas's row of points possible."""
    return bool(row) and row[0].strip() == "Points Possible"


def is_learner(row: list[str], columns: dict[str, int], form: Format) -> bool:
    """Return whether a row is a learner's, and not Canvas's about points or about posting."""
    return any(one.strip() for one in row) and (
        form.inner != "ID" or bool(cell(row, columns["ID"]).strip())
    )


def places(sheet: Sheet) -> dict[str, int]:
    """Return the number of each column by its name; of two with one name, the first."""
    return {name.strip(): number for number, name in reversed(list(enumerate(sheet.rows[0])))}


def cell(row: list[str], place: int) -> str:
    """Return a cell, which is empty if the row is shorter than the header."""
    return row[place] if place < len(row) else ""


def number(text: str) -> float | None:
    """Return the number in a cell, with a point or a comma, or None."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None
