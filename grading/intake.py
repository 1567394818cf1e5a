"""Take in each learner's notebook: whose it is, which of their files, and when it was handed in."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode
from nbgrader.api import MissingEntry

from grading import register, roster, times
from grading.course import Course, assignments, solution_of
from grading.errors import GradingError, Rejected
from grading.given import Given, files_of
from grading.layouts import copy_number, stem
from grading.limited import Limited
from grading.notebooks import MAX_BYTES, is_of, prepared
from grading.platforms import cell, places
from grading.roster import Index, PlatformId, Question, folder_name, is_learner
from grading.sheet import read, write_whole
from grading.whose import Found, Person, Sorted, attempt_of, sort, without_notebook
from tools.derive import derive

LEAVE_OUT = "-"
IDENTIFIER, MODIFIED = "Identifier", "Last modified (submission)"
# Notes that a later run replaces.
LATER, BEFORE = "a later file was", "before it was"
# How many files of a person, of other names than the assignment's, are looked into.
MOST_LOOKS = 20
# Of a path that stands for a learner in the register.
MOST_LETTERS = 128


class Report(NamedTuple):
    """The result of intake.

    Attributes
    ----------
    taken, unchanged, rejected : list of str
        Learners with a new or changed notebook; with the same notebook as before; without a
        notebook that can be graded.
    ignored : list of str
        Files of which the learner is not clear, and why.
    hints : tuple of str
        What the instructor may want to say in the next run.
    """

    taken: list[str]
    unchanged: list[str]
    rejected: list[str]
    ignored: list[str]
    hints: tuple[str, ...] = ()


class Unanswered(GradingError):
    """Somebody could not be joined to the roster; the message says where the answer belongs."""


class Chosen(NamedTuple):
    """The notebook of a learner, as text, with its repairs and its file."""

    text: str
    notes: list[str]
    found: Found


def take_in(
    course: Course,
    assignment: str,
    submissions: Path,
    use_file_times: bool = False,
    zone: tzinfo | None = None,
    worksheet: Path | None = None,
) -> Report:
    """Take in the submissions of one assignment.

    Parameters
    ----------
    course : Course
        The course that receives them.
    assignment : str
        Its name; the folder may also hold submissions of other assignments.
    submissions : Path
        The export of a learning platform (`grading.layouts` lists them), nbgrader's folders
        (``LEARNER/ASSIGNMENT/ASSIGNMENT.ipynb``), a folder for each learner, a flat folder
        (``LEARNER_ASSIGNMENT.ipynb``), or a zip file of any of these.
    use_file_times : bool
        Whether to use the time of a file's last change as the submission's time if nothing else
        says it. Copying files changes that time.
    zone : tzinfo, optional
        The time zone of platforms' times that name none. Without it they are not used.
    worksheet : Path, optional
        Moodle's grading worksheet, which says when each participant handed in; the export does not.

    Returns
    -------
    Report
        Which learners were taken in and which were not; the reasons are in the register.

    Raises
    ------
    Unanswered
        If the roster does not tell who somebody is. Nothing is taken in then.
    """
    release = nbformat.reads(
        derive(solution_of(course, assignment).read_text(encoding="utf-8")), as_version=4
    )
    report = Report([], [], [], [])
    moodles = moodles_times(worksheet) if worksheet else {}
    with Limited() as limited:
        files = list(files_of(submissions, limited))
        handed_in = sort(assignment, assignments(course.solutions), files, limited)
        handed_in = _of_this_assignment(handed_in, release, limited)
        learners, left_out = _learners(course, assignment, handed_in)
        former = _forget_former_names(course, assignment, learners)
        _record_people(course, assignment, learners)
        _record_left_out(course, assignment, left_out, files, submissions.name)
        report.ignored.extend(f"{where}: {why}" for where, why in left_out)
        known = register.entries(course.database, assignment)
        whens: dict[str, datetime | None] = {}
        unclear: dict[str, str] = {}
        for learner, people in sorted(learners.items()):
            try:
                chosen = _choose(assignment, people, release, limited)
                found = _with_time(chosen.found, moodles)
                when, why = _time_of(found, handed_in.stamps, use_file_times, zone)
            except Rejected as error:
                report.rejected.append(learner)
                _record(course, assignment, learner, known, f"not taken in: {error}")
                continue
            if why:
                unclear[learner] = why
            notes = [*chosen.notes, *_lateness(chosen.found, when)]
            before = known.get(learner)
            new, when = _take(course, assignment, learner, before, chosen.text, when, notes)
            (report.taken if new else report.unchanged).append(learner)
            whens[learner] = when
    # A graded submission may now have another time stamp.
    with course.gradebook() as gradebook:
        for submission in gradebook.assignment_submissions(assignment):
            if submission.student_id in whens:
                submission.timestamp = whens[submission.student_id]
        gradebook.db.commit()
    hints = [*handed_in.hints, *former]
    if any(not question.learner for question in roster.questions(course.root, assignment)):
        hints.append(f"say whose they are in {course.root / roster.QUESTIONS}, column 'learner'")
    if unclear:
        hints.append(
            f"{len(unclear)} times of the platform are not used: {next(iter(unclear.values()))}. "
            "Give its zone, like --time-zone Asia/Seoul"
        )
    return report._replace(hints=tuple(hints))


def read_roster(course: Course, path: Path) -> int:
    """Enter the learners of a CSV file into the gradebook, and return their number.

    Its first line names the columns: ``learner`` (or ``id``), and optionally ``first_name``,
    ``last_name``, ``email`` and any further id. A copy is kept in the work folder.
    """
    class_ = roster.read(path)
    roster.save(course.root, class_)
    with course.gradebook() as gradebook:
        for row in class_.rows:
            given = {k: row[k] for k in ("first_name", "last_name", "email") if row.get(k)}
            gradebook.update_or_create_student(row["learner"], **given)
    return len(class_.rows)


def _of_this_assignment(handed_in: Sorted, release: NotebookNode, limited: Limited) -> Sorted:
    """Leave out files that neither name nor content gives to this assignment."""

    def belongs(found: Found) -> bool:
        if found.right:
            return True
        try:
            return _holds_exercises(found.given, release, limited)
        except (Rejected, OSError):
            return True  # a broken file may be somebody's work

    people, rest = [], list(handed_in.rest)
    for person in handed_in.people:
        if not person.sure:
            # Without an own name: only what holds an exercise, or cannot be read.
            found = [found for found in person.found[:MOST_LOOKS] if belongs(found)]
            if not found:
                rest += [(found.given, False) for found in person.found]
                continue
            person = person._replace(found=found)
        people.append(person)
    nobodys = [found for found in handed_in.nobodys if belongs(found)]
    handed_in = handed_in._replace(people=people, nobodys=nobodys, rest=rest)
    return handed_in._replace(people=people + without_notebook(handed_in))


def _holds_exercises(given: Given, release: NotebookNode, limited: Limited) -> bool:
    """Return whether a file is a notebook with exercises of an assignment."""
    if given.problem:
        raise Rejected(given.problem)
    return limited(is_of, given.read(MAX_BYTES + 1), release)


def _learners(
    course: Course, assignment: str, handed_in: Sorted
) -> tuple[dict[str, list[Person]], list[tuple[str, str]]]:
    """Return each learner's persons in the export, and what is left out, with the reason."""
    class_ = roster.load(course.root)
    index = Index(class_ or roster.Roster([], []))
    answers = {
        question.who: question.learner
        for question in roster.questions(course.root, assignment)
        if question.learner
    }
    known = {
        (entry.platform, entry.id_kind, entry.id): entry.learner
        for entry in roster.platform_ids(course.root, assignment)
    }
    joined: dict[str, list[Person]] = defaultdict(list)
    asked, free, left_out, wrong = [], [], [], []
    nobodys = [
        Person(found.owner, [found], [], True, set(), str(found.given.path))
        for found in handed_in.nobodys
    ]
    for person in (*handed_in.people, *nobodys):
        answer = answers.get(person.owner.key)
        learner = None
        if answer == LEAVE_OUT:
            left_out.append((_place(person), "left out by the answer in roster-questions.csv"))
            continue
        if answer:
            learner = _answered(answer, index, class_)
            wrong += [answer] if learner is None else []
        elif class_:
            learner = index.find(person.owner.platform, person.owner.ids, person.folders)
        elif person.owner.label:
            free.append(person)
            continue
        if learner is not None:
            joined[learner].append(person)
        elif class_:
            asked.append(person)
        else:
            left_out.append((_place(person), "no learner in its name"))
    if class_:
        # Two persons of the export who are one learner: only the instructor knows.
        for learner, people in list(joined.items()):
            if len(people) > 1 and not all(person.owner.key in answers for person in people):
                asked += joined.pop(learner)
    _ask(course, assignment, asked, nobodys if not class_ else [], answers, index)
    if asked:
        raise Unanswered(_instructions(course, asked, wrong))
    for learner, person in _labelled(free, known, left_out):
        joined[learner].append(person)
    return joined, left_out


def _answered(answer: str, index: Index, class_: roster.Roster | None) -> str | None:
    """Return the learner whom an answer names; without a roster it may be a new one."""
    if class_ is None:
        return folder_name(answer) or None
    return index.find("", [("label", answer)], set())


def _ask(
    course: Course,
    assignment: str,
    asked: list[Person],
    offered: list[Person],
    answers: dict[str, str],
    index: Index,
) -> None:
    """Write the questions; those of `offered` may be answered, but need not."""
    questions = []
    for person in (*asked, *offered):
        owner = person.owner
        questions.append(
            Question(
                assignment,
                owner.key,
                "; ".join(f"{kind} {value}" for kind, value in owner.ids if kind != "label"),
                "; ".join(str(found.given.path) for found in person.found[:3]),
                index.nearest(owner.ids),
                answers.get(owner.key, ""),
            )
        )
    roster.ask(course.root, assignment, questions)


def _instructions(course: Course, asked: list[Person], wrong: list[str]) -> str:
    names = ", ".join(repr(person.owner.label or _place(person)) for person in asked[:5])
    more = f" and {len(asked) - 5} more" if len(asked) > 5 else ""
    again = f" The roster does not have {wrong[:5]}." if wrong else ""
    return (
        f"{len(asked)} in the submissions cannot be joined to one learner of the roster: {names}"
        f"{more}.{again} Nothing was taken in. Fill in the column 'learner' of "
        f"{course.root / roster.QUESTIONS} (a learner of the roster, or {LEAVE_OUT} to leave it "
        "out), and type the same command again"
    )


def _labelled(
    people: list[Person],
    known: dict[tuple[str, str, str], str],
    left_out: list[tuple[str, str]],
) -> Iterator[tuple[str, Person]]:
    """Yield each person with a name for their folder; two persons have two names."""
    named: list[tuple[str, Person]] = []
    for person in people:
        owner = person.owner
        label = owner.label if is_learner(owner.label) else ""
        # What a platform calls somebody may hold signs that no folder can have.
        if not label and owner.platform:
            label = folder_name(owner.label)
        if label:
            named.append((label, person))
        else:
            left_out.append((_place(person), f"'{owner.label}' cannot be a learner's name"))
    times_used = Counter(label for label, _ in named)
    used = set()
    for label, person in named:
        if times_used[label] > 1:
            label = folder_name(f"{label} {_difference(label, person)}")
        # The name of an earlier run stays.
        for kind, value in person.owner.ids:
            if kind not in ("name", "label"):
                label = known.get((person.owner.platform, kind, value), label)
        unique, number = label, 2
        while unique in used:
            unique, number = f"{label} {number}", number + 1
        used.add(unique)
        yield unique, person


def _difference(label: str, person: Person) -> str:
    """Return what tells this person from another one of the same name."""
    ids = dict(person.owner.ids)
    if path := ids.get("path"):
        return path.rpartition("/")[0].rpartition("/")[2]
    return next((value for kind, value in ids.items() if value != label and kind != "name"), "")


def _place(person: Person) -> str:
    return str(person.found[0].given.path) if person.found else person.path


def _forget_former_names(
    course: Course, assignment: str, learners: dict[str, list[Person]]
) -> list[str]:
    """Remove the rows of learners who had other names before there was a roster.

    Who has points by hand, or other assignments, stays; the hint that is returned says so.
    """
    known = {
        (entry.platform, entry.id_kind, entry.id): entry.learner
        for entry in roster.platform_ids(course.root, assignment)
        if entry.id_kind != "name"
    }
    former = {
        old: learner
        for learner, people in learners.items()
        for person in people
        for kind, value in person.owner.ids
        if (old := known.get((person.owner.platform, kind, value), learner)) not in learners
    }
    hints, gone = [], []
    with course.gradebook() as gradebook:
        for old, learner in former.items():
            try:
                submissions = gradebook.find_student(old).submissions
            except MissingEntry:
                continue
            by_hand = any(
                grade.manual_score is not None
                for submission in submissions
                for notebook in submission.notebooks
                for grade in notebook.grades
            )
            if by_hand or any(one.assignment.name != assignment for one in submissions):
                hints.append(f"'{old}' of an earlier run is {learner} now, and keeps a row")
                continue
            gradebook.remove_student(old)
            hints.append(f"'{old}' of an earlier run is {learner} now")
            gone.append(old)
    for old in gone:
        register.forget(course.database, assignment, old)
    return hints


def _record_people(course: Course, assignment: str, learners: dict[str, list[Person]]) -> None:
    """Write who is known by which ids."""
    roster.record_ids(
        course.root,
        (
            PlatformId(assignment, learner, person.owner.platform, kind, value)
            for learner, people in learners.items()
            for person in people
            for kind, value in person.owner.ids
            if kind != "label"
        ),
    )
    with course.gradebook() as gradebook:
        for learner in learners:
            gradebook.update_or_create_student(learner)


def _record_left_out(
    course: Course,
    assignment: str,
    left_out: list[tuple[str, str]],
    files: list[Given],
    source: str,
) -> None:
    """Write a row for each that is left out, in place of those of an earlier run of this export."""
    here = {str(given.path)[-MOST_LETTERS:] for given in files}
    for entry in register.left_out(course.database, assignment):
        if entry.learner in here or entry.reason.endswith(f"({source})"):
            register.forget(course.database, assignment, entry.learner)
    register.record(
        course.database,
        *(
            register.Entry(
                assignment, where[-MOST_LETTERS:], register.LEFT_OUT, f"{why} ({source})"
            )
            for where, why in left_out
        ),
    )


def _record(
    course: Course,
    assignment: str,
    learner: str,
    known: dict[str, register.Entry],
    reason: str,
) -> None:
    """Record that a learner's file is not taken in; what was graded before stays in its row."""
    before = known.get(learner)
    if before and before.submission:
        note = f"{LATER} {reason.replace('; ', ', ')} (the one before counts)"
        notes = [part for part in register.each_note(before.notes) if not part.startswith(LATER)]
        register.record(course.database, before._replace(notes="; ".join([*notes, note])))
        return
    register.record(course.database, register.Entry(assignment, learner, register.FAILED, reason))


def _choose(
    assignment: str, people: list[Person], release: NotebookNode, limited: Limited
) -> Chosen:
    """Return the newest notebook of a learner."""
    found = [found for person in people for found in person.found]
    found = sorted(found, key=lambda each: each.rank, reverse=True)
    others = [name for person in people for name in person.others]
    if not found and others:
        raise Rejected(
            f"no notebook: there is only {', '.join(others[:3])}; hand in {assignment}.ipynb itself"
        )
    if not found:
        raise Rejected(f"no notebook: the folder holds no {assignment}.ipynb")
    chosen = found[0]
    if not chosen.right:
        chosen = _with_exercises(found, release, limited) or chosen
    given = chosen.given
    if given.problem:
        raise Rejected(f"{given.path.name} is {given.problem}; hand in the notebook itself")
    try:
        data = given.read(MAX_BYTES + 1)
    except OSError as error:
        raise Rejected(f"{given.path.name} cannot be read: {error.strerror}") from None
    text, notes = limited(prepared, data, assignment, given.path.name, release)
    if not chosen.right or _is_unusual(given.path.name, chosen.owner.platform):
        notes.insert(0, f"taken from {given.path.name}")
    if rest := [each.given.path for each in found if each is not chosen]:
        same = {path.name for path in rest} == {given.path.name}
        shown = [str(path) if same else path.name for path in rest[:5]]
        notes.append(f"not looked at: {', '.join(shown)}")
    if any(attempt_of(name) > chosen.owner.attempt for name in others):
        notes.append("a newer attempt holds no notebook")
    return Chosen(text, notes, chosen)


def _is_unusual(name: str, platform: str) -> bool:
    """Return whether a browser or a person has changed a file's name."""
    number = 0 if platform else copy_number(stem(name)[0])
    return number > 0 or not name.endswith(".ipynb")


def _with_exercises(found: list[Found], release: NotebookNode, limited: Limited) -> Found | None:
    """Return the first file that holds exercises of the assignment."""
    for each in found[:MOST_LOOKS]:
        try:
            if _holds_exercises(each.given, release, limited):
                return each
        except (Rejected, OSError):
            continue
    return None


def moodles_times(worksheet: Path) -> dict[str, str]:
    """Return when each participant handed in, by their number, from Moodle's grading worksheet.

    Raises
    ------
    GradingError
        If the file is no such table.
    """
    table = read(worksheet)
    columns = places(table)
    if missing := {IDENTIFIER, MODIFIED} - columns.keys():
        raise GradingError(
            f"{worksheet} is not Moodle's grading worksheet: it has no column "
            f"{', '.join(sorted(missing))}. Download it with Moodle in English"
        )
    return {
        # "Participant 101"
        cell(row, columns[IDENTIFIER]).split(" ")[-1]: cell(row, columns[MODIFIED]).strip(" -")
        for row in table.rows[1:]
    }


def _with_time(found: Found, moodles: dict[str, str]) -> Found:
    """Return a file with the time at which its participant of Moodle handed in."""
    number = dict(found.owner.ids).get("participant")
    when = moodles.get(number, "") if found.owner.platform == "moodle" and number else ""
    return found._replace(owner=found.owner._replace(when=when)) if when else found


def _time_of(
    found: Found,
    stamps: dict[PurePosixPath, Given],
    use_file_times: bool,
    zone: tzinfo | None,
) -> tuple[datetime | None, str]:
    """Return when a file was handed in, and why a time that the platform gives is not used.

    Raises
    ------
    Rejected
        If a ``timestamp.txt`` holds no clear time.
    """
    unclear = ""
    folders = [folder for folder in found.given.path.parents[:2] if _is_stamped_by_others(folder)]
    stamp = next((stamps[folder] for folder in folders if folder in stamps), None)
    if found.owner.platform not in ("", "sakai"):
        stamp = None
    if stamp is not None and not stamp.problem:
        try:
            return times.parse(stamp.read(200).decode("utf-8"), UTC), ""
        except (ValueError, OverflowError, OSError) as error:
            raise Rejected(
                f"its timestamp.txt does not hold a time, like 2026-03-01 23:59 UTC: {error}"
            ) from None
    if found.owner.when:
        try:
            return times.parse(found.owner.when, zone), ""
        except (ValueError, OverflowError) as error:
            unclear = str(error)
    if use_file_times and found.given.changed:
        return found.given.changed.replace(microsecond=0), ""
    return None, unclear


def _is_stamped_by_others(folder: PurePosixPath) -> bool:
    """Return whether a time stamp in a folder is not the learner's own, handed in with the rest."""
    return not any(
        part.lower().endswith(".zip") or part in ("exercises", "Submission attachment(s)")
        for part in folder.parts
    )


def _lateness(found: Found, when: datetime | None) -> list[str]:
    if found.owner.late and when is None:
        return ["late, says the platform; without a time there is no penalty"]
    return []


def _take(
    course: Course,
    assignment: str,
    learner: str,
    before: register.Entry | None,
    text: str,
    when: datetime | None,
    notes: list[str],
) -> tuple[bool, datetime | None]:
    """Write a learner's notebook; return whether it is new or has changed, and its time."""
    path = course.submitted(assignment, learner)
    digest = hashlib.sha256(text.encode()).hexdigest()
    earlier = _stamped(path)
    if when is None and earlier is not None:
        # A lost time must not take a penalty away.
        when = earlier
        notes.append(f"no time came with it: that of the version before, {when} UTC, counts")
    elif earlier is not None and when != earlier:
        notes.append(f"handed in {when} UTC, {BEFORE} {earlier} UTC")
    same = before is not None and before.submission == digest
    if before is not None and not same:
        notes += _keep_earlier(course, assignment, learner)
    _write(path, text, when)
    entry = register.Entry(
        assignment, learner, register.WAITING, notes="; ".join(notes), submission=digest
    )
    if before is not None and same:
        said = [
            n
            for n in register.each_note(before.notes)
            if not n.startswith(LATER) and BEFORE not in n
        ]
        said += [note for note in notes if BEFORE in note]
        entry = before._replace(notes="; ".join(said))
    if entry != before:
        register.record(course.database, entry)
    return entry.outcome == register.WAITING, when


def _keep_earlier(course: Course, assignment: str, learner: str) -> list[str]:
    """Keep the version before, if points were given by hand; they wait for the instructor again."""
    with course.gradebook() as gradebook:
        try:
            notebooks = gradebook.find_submission(assignment, learner).notebooks
        except MissingEntry:
            return []
        grades = [grade for notebook in notebooks for grade in notebook.grades]
        by_hand = [grade for grade in grades if grade.manual_score is not None]
        for grade in by_hand:
            grade.needs_manual_grade = True
        gradebook.db.commit()
    path = course.submitted(assignment, learner)
    if not by_hand or not path.is_file():
        return []
    folder = course.root / "earlier" / learner / assignment
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{len(list(folder.iterdir())) + 1}.ipynb"
    kept.write_bytes(path.read_bytes())
    return [
        f"handed in again after points by hand: look again; before: {kept.relative_to(course.root)}"
    ]


def _stamped(path: Path) -> datetime | None:
    """Return the time that an earlier run wrote beside a notebook."""
    try:
        return times.parse(path.with_name("timestamp.txt").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write(path: Path, text: str, when: datetime | None) -> None:
    write_whole(path, text.encode())
    if when is not None:
        stamp = path.with_name("timestamp.txt")
        stamp.write_text(f"{when.isoformat(sep=' ')} UTC\n", encoding="utf-8")
