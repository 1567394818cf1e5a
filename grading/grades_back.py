"""Grades in the files that learning platforms import, filled into their own exports.

A platform knows its learners and columns by numbers of its own. So its own table is the template:
each row finds its learner, the column of the assignment takes the grades, and no other column of
grades is sent back. A cell for which there is no grade stays as it was.
"""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from grading import export
from grading.course import Course, GradingError
from grading.export import Row, called
from grading.platforms import FORMATS, Format, cell, number, places
from grading.sheet import Sheet, harmless, read, to_bytes
from grading.who import Directory, Joined, join, plain, words

NEEDS_MANUAL, FAILED = "needs-manual", "failed"
# Our own words in a column of comments, which the next export replaces.
OURS = re.compile(r"[\d.]+ of [\d.]+ points\b.*|Not graded: .*|Nothing was handed in\.")


class Back(NamedTuple):
    """A file for a platform, and what its reader must know.

    Attributes
    ----------
    data, suffix
        The file, and the end of its name.
    upload : str
        Where it goes.
    written : dict
        The score of each learner whose grade is in it.
    left_out : list of str
        Learners whose grade is not in it although they have one, and why.
    said : list of str
        All else: who has no grade yet, who is not in the class, another scale.
    """

    data: bytes
    suffix: str
    upload: str
    written: dict[str, float]
    left_out: list[str]
    said: list[str]


def fill(
    course: Course,
    assignment: str,
    platform: str,
    template: Path | None = None,
    column: str | None = None,
    also: Collection[str] = (),
    only: Collection[str] = (),
) -> Back:
    """Return the file by which a platform takes an assignment's grades.

    Parameters
    ----------
    course, assignment
        Whose grades, and which.
    platform : str
        A key of `platforms.FORMATS`.
    template : Path, optional
        The platform's own table. Canvas and Blackboard need it.
    column : str, optional
        The column, or a part of its name that no other has; by default the one whose name holds
        the assignment's.
    also : collection of str
        ``"needs-manual"``: write the points so far of those who wait for points by hand;
        ``"failed"``: write 0 for those who could not be graded.
    only : collection of str
        Only these learners; without any, everyone.

    Raises
    ------
    GradingError
        If the template is missing or of another kind, or the column is not clear.
    """
    everyone = export.rows(course, assignment)
    table = [row for row in everyone if not only or row.learner in only]
    grades = {row.learner: _grade(row, also) for row in table}
    if template is None and platform == "moodle":
        return _for_moodle_without_ids(assignment, table, grades)
    if template is None and platform == "gradescope":
        known = Directory(course, assignment, platform, FORMATS[platform][0], everyone)
        return _for_gradescope(table, grades, known.emails, [])
    if template is None:
        form = FORMATS[platform][0]
        raise GradingError(
            f"{form.what} knows learners and columns by numbers of its own: give one, "
            f"--template FILE ({form.download})"
        )
    sheet = read(template)
    form = _form_of(sheet, platform, template)
    joined = join(sheet, form, Directory(course, assignment, platform, form, everyone))
    if platform == "gradescope":
        place = places(sheet)["Email"]
        emails = {who: {plain(cell(sheet.rows[at], place))} for who, at in joined.rows.items()}
        return _for_gradescope(table, grades, emails, joined.said)
    place = _column_of(sheet, form, assignment, column)
    return _filled(sheet, form, joined, place, table, grades)._replace(suffix=template.suffix)


def comment(row: Row) -> str:
    """Return in words for its learner what became of a submission."""
    if row.status.startswith("failed: "):
        return f"Not graded: {row.status.removeprefix('failed: ')}."
    if row.status == "missing":
        return "Nothing was handed in."
    if row.score is None:
        return ""
    text = f"{_text(row.score)} of {row.max_score:g} points"
    if row.penalty:
        before = _text(row.score + row.penalty)
        text += f": {before}, less {_text(row.penalty)} for being {row.late_by} late"
    elif row.late_by:
        text += f"; {row.late_by} late, which costs nothing"
    waits = row.status.startswith("needs manual")
    return f"{text}. An answer still waits for your instructor." if waits else f"{text}."


def _grade(row: Row, also: Collection[str]) -> float | None:
    """Return what is to be written for a learner, None if nothing."""
    if row.status.startswith("failed"):
        return 0.0 if FAILED in also else None
    if row.status.startswith("needs manual") and NEEDS_MANUAL not in also:
        return None
    return row.score


def _form_of(sheet: Sheet, platform: str, template: Path) -> Format:
    columns = places(sheet)
    for form in FORMATS[platform]:
        if all(name in columns for name in form.needs) and any(
            all(name in columns for name in way) for way in form.names
        ):
            return form
    expected = "; or ".join(
        f"{', '.join((*form.needs, *form.names[0]))} of {form.what} ({form.download})"
        for form in FORMATS[platform]
    )
    raise GradingError(
        f"{template} has the columns {', '.join(sheet.rows[0][:12])}; expected are {expected}"
    )


def _column_of(sheet: Sheet, form: Format, assignment: str, wanted: str | None) -> int:
    """Return the number of the assignment's column."""
    headers = [header.strip() for header in sheet.rows[0]]
    titles = {
        place: match[1]
        for place, header in enumerate(headers)
        if (match := re.fullmatch(form.grades, header))
    }
    if form.one_assignment:
        return min(titles)
    if wanted is None:
        name = words(assignment)
        short = name[1:] if name[0].isdigit() else name
        of = {place: words(title) for place, title in titles.items()}
        found = [place for place in of if of[place] in (name, short)] or [
            place for place in of if _contains(of[place], short)
        ]
    else:
        found = [place for place in titles if headers[place] == wanted] or [
            place for place in titles if wanted.casefold() in headers[place].casefold()
        ]
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"'{headers[place]}'" for place in titles) or "none"
    raise GradingError(
        f"{'more than one' if found else 'no'} column of {form.what} is called "
        f"{wanted or assignment!r}; say which one, --column NAME. There are: {there}"
    )


def _filled(
    sheet: Sheet,
    form: Format,
    joined: Joined,
    place: int,
    table: list[Row],
    grades: dict[str, float | None],
) -> Back:
    columns, header = places(sheet), sheet.rows[0][place]
    rows = [[*row, *[""] * (len(sheet.rows[0]) - len(row))] for row in sheet.rows]
    back = Back(b"", "", form.upload, {}, [], [f"the column is '{header}'"])
    possible = form.possible(sheet, place)
    factor = _factor(possible, table, header, back)
    for row in table:
        grade, at = grades[row.learner], joined.rows.get(row.learner)
        if at is None:
            _leave_out(back, row, grade, joined.why.get(row.learner, "not in the template"))
            continue
        reason = _kept_because(rows[at], columns, form, place, row)
        if grade is None or reason:
            _leave_out(back, row, grade, reason or "no grade written")
        else:
            rows[at][place] = _text(grade * factor)
            _write_down(back, row, grade)
            if possible and grade > row.max_score:
                back.said.append(f"{called(row)}: above all points; Moodle takes no such grade")
        tells = grade is not None or row.status.startswith("failed")
        if form.comment in columns and tells and not reason:
            words_at = columns[form.comment]
            rows[at][words_at] = _with_comment(rows[at][words_at], comment(row))
    back.said.extend(joined.said)
    return back._replace(data=to_bytes(sheet._replace(rows=_sent_back(rows, form, columns, place))))


def _sent_back(
    rows: list[list[str]], form: Format, columns: dict[str, int], place: int
) -> list[list[str]]:
    """Return the columns that the import needs, without formulas in what it does not read."""
    ids = {columns[name] for name in (form.inner, *form.ids, form.comment) if name in columns}
    others = [*(name for way in form.names for name in way), *form.also]
    kept = sorted({place} | ids | {columns[name] for name in others if name in columns})
    return [
        [row[at] if line == 0 or at in ids else harmless(row[at]) for at in kept]
        for line, row in enumerate(rows)
    ]


def _kept_because(
    cells: list[str], columns: dict[str, int], form: Format, place: int, row: Row
) -> str | None:
    """Return why a row keeps what stands in it, None if it takes our grade."""
    name, word = form.locked
    if name in columns and cells[columns[name]].strip() == word:
        return f"'{name}' is '{word}' there"
    before = cells[place].strip()
    if before in form.excused:
        return f"'{before}' stands there"
    if row.status == "missing" and number(before):
        return f"{before} stands there already"
    return None


def _factor(possible: float | None, table: list[Row], header: str, back: Back) -> float:
    """Return by what grades are multiplied for the platform's scale."""
    most = table[0].max_score if table else 0.0
    if possible is None:
        back.said.append(f"how many points '{header}' has there is unknown; here it is {most:g}")
    elif possible == 0:
        back.said.append(f"'{header}' has 0 points there: grades are not scaled")
    elif most and possible != most:
        back.said.append(
            f"'{header}' has {possible:g} points there and {most:g} here: grades are multiplied "
            f"by {possible / most:g}"
        )
        return possible / most
    return 1.0


def _for_moodle_without_ids(
    assignment: str, table: list[Row], grades: dict[str, float | None]
) -> Back:
    """Return a table for Moodle's gradebook, which finds learners by their e-mail addresses."""
    header = ["Username", "Email address", "First name", "Last name", assignment, "Feedback"]
    back = Back(b"", ".csv", FORMATS["moodle"][1].upload, {}, [], [])
    content = [header]
    for row in table:
        if (grade := grades[row.learner]) is None:
            _leave_out(back, row, grade, "no row")
            continue
        who = [harmless(text) for text in (row.learner, row.email, row.first_name, row.last_name)]
        content.append([*who, _text(grade), html.escape(comment(row), quote=False)])
        _write_down(back, row, grade)
        if not row.email:
            back.said.append(f"{called(row)}: no e-mail address; map another column in Moodle")
    return back._replace(data=to_bytes(Sheet(content)))


# Gradescope copies this file to /autograder, and the whole archive to /autograder/source.
RUN_AUTOGRADER = '''\
#!/usr/bin/env python3
"""Give a submission the grade that it got elsewhere. Nothing of the submission is run."""
import json
import sys
from pathlib import Path

root = Path(__file__).resolve().parent
grades = json.loads((root / "source" / "grades.json").read_text(encoding="utf-8"))
metadata = json.loads((root / "submission_metadata.json").read_text(encoding="utf-8"))
emails = [user["email"].strip().casefold() for user in metadata["users"]]
found = [grades[email] for email in emails if email in grades]
if not found:
    sys.exit(f"there is no grade for {', '.join(emails)}")
(root / "results").mkdir(exist_ok=True)
(root / "results" / "results.json").write_text(json.dumps(found[0]), encoding="utf-8")
'''


def _for_gradescope(
    table: list[Row],
    grades: dict[str, float | None],
    emails: dict[str, set[str]],
    said: list[str],
) -> Back:
    """Return an autograder that gives each submission its grade, by e-mail address."""
    most = f"{table[0].max_score:g}" if table else "0"
    back = Back(b"", ".zip", FORMATS["gradescope"][0].upload, {}, [], [])
    back.said.append(f"the assignment must have {most} autograder points there")
    results: dict[str, dict] = {}
    for row in table:
        grade = grades[row.learner]
        if grade is None:
            _leave_out(back, row, grade, "no grade written")
        elif row.learner not in emails:
            _leave_out(back, row, grade, "no e-mail address")
        else:
            result = {"score": grade, "output": comment(row)}
            results.update(dict.fromkeys(sorted(emails[row.learner]), result))
            _write_down(back, row, grade)
    back.said.extend(said)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in [
            ("setup.sh", "#!/usr/bin/env bash\n"),
            ("run_autograder", RUN_AUTOGRADER),
            ("grades.json", json.dumps(results, ensure_ascii=False, indent=1)),
        ]:
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o755 << 16
            archive.writestr(info, text)
    return back._replace(data=data.getvalue())


def _write_down(back: Back, row: Row, grade: float) -> None:
    back.written[row.learner] = grade
    if row.status == "missing" or row.status.startswith("failed"):
        back.said.append(f"{called(row)}: 0 is written ({row.status})")


def _leave_out(back: Back, row: Row, grade: float | None, why: str) -> None:
    """Say why a learner's grade is not written; it is serious if there is work behind it."""
    if grade is None or row.status == "missing":
        back.said.append(f"{called(row)}: {why} ({row.status})")
    else:
        back.left_out.append(f"{called(row)}: {why} ({row.status}, {_text(grade)} points)")


def _with_comment(before: str, ours: str) -> str:
    """Return a cell of comments with ours in place of our earlier one; others' words stay."""
    kept = [line for line in before.splitlines() if not OURS.fullmatch(html.unescape(line).strip())]
    return "\n".join([*kept, html.escape(ours, quote=False)]) if ours else before


def _text(number: float) -> str:
    """Return a number with at most two digits after the point, as platforms show it."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _contains(title: list[str], name: list[str]) -> bool:
    return any(title[i : i + len(name)] == name for i in range(len(title)))
