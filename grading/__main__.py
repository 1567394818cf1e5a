"""``python -m grading COMMAND``: the instructor's commands. README.md is the guide."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from distributed import Client
from tqdm import tqdm

from grading import (
    autograde,
    cluster,
    export,
    feedback,
    grades_back,
    intake,
    learners,
    platforms,
    register,
    sandbox,
    sheet,
    summary,
    times,
)
from grading.course import Course, GradingError, assignments, open_course, prepare, solution_of

COMMANDS = {
    "grade": "intake, autograde, feedback and export, one after the other",
    "intake": "take in the submissions of an assignment",
    "autograde": "grade what was taken in, in the sandbox",
    "feedback": "write a page for each learner",
    "export": "write the grades as a table, or in the file that your platform imports",
    "summary": "write a page about the class: scores, exercises, mistakes, who needs a look",
    "status": "show where everything stands",
}

EXIT_CODES = (
    "exit codes: 0; 1 if files are left out, since nobody knows whose they are; 2 for an error; "
    "3 if roster-questions.csv asks something first"
)


def main(arguments: list[str] | None = None, client: Client | None = None) -> int:
    """Run one command, with the workers of a cluster if there is a client; return the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    _understand_times(parser, given)
    try:
        course = open_course(given.work, given.solutions)
        solution_of(course, given.assignment)
        return _run(course, given, client)
    except intake.Unanswered as error:
        print(f"question: {error}", file=sys.stderr)
        return 3
    except GradingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130


def _run(course: Course, given: argparse.Namespace, client: Client | None) -> int:
    everything = given.command == "grade"
    # Checked before anything changes: nothing is graded without a sandbox.
    if everything or given.command == "autograde":
        if client is not None:
            cluster.expect_encryption(client.scheduler_info()["address"])
        elif given.scheduler:
            cluster.expect_encryption(given.scheduler)
        elif why := sandbox.missing():
            raise GradingError(why)
    if everything or given.command == "intake":
        _intake(course, given)
    if hasattr(given, "due"):
        _set_late_policy(course, given)
    if hasattr(given, "only"):
        learners.known(course, given.only)
    if everything or given.command == "autograde":
        _autograde(course, given, client)
    if everything or given.command == "feedback":
        _feedback(course, given)
    back = given.command == "export" and given.platform != "csv"
    if given.command == "export" and not back and (given.template or given.column or given.also):
        raise GradingError("say which platform the template is from: --for moodle, for example")
    code = _grades_back(course, given) if back else 0
    if everything or (given.command == "export" and not back):
        _export(course, given)
    if everything or given.command == "summary":
        path = course.root / f"summary-{given.assignment}.html"
        summary.write_summary(course, given.assignment, path)
        print(f"the class at a glance in {path}")
    if everything or given.command in ("intake", "export", "status"):
        for line in export.lateness(course, given.assignment):
            print(f"  {line}")
    if given.command in ("grade", "status"):
        print(export.summary(export.rows(course, given.assignment)))
    if everything or given.command == "intake":
        return int(bool(register.left_out(course.database, given.assignment)))
    return code


def _set_late_policy(course: Course, given: argparse.Namespace) -> None:
    """Keep what was said about lateness; what was not said stays as it was."""
    if given.due:
        with course.gradebook() as gradebook:
            gradebook.update_or_create_assignment(given.assignment, duedate=given.due)
    learners.known(course, [learner for learner, _ in given.due_for])
    for learner, due in given.due_for:
        register.set_due_time(course.database, given.assignment, learner, due)
    if register.due_times(course.database, given.assignment):
        with course.gradebook() as gradebook:
            # nbgrader, whose pages show lateness too, knows extensions of the class's time alone.
            if gradebook.find_assignment(given.assignment).duedate is None:
                raise GradingError("with a due time of one learner's own, give the class's: --due")
    wishes = {
        "per_day": given.late_penalty,
        "grace_minutes": given.grace,
        "max_share": given.max_penalty,
    }
    if new := {name: value for name, value in wishes.items() if value is not None}:
        policy = register.late_policy(course.database, given.assignment)._replace(**new)
        register.set_late_policy(course.database, given.assignment, policy)


def _intake(course: Course, given: argparse.Namespace) -> None:
    if given.submissions is None:
        raise GradingError("say where the submissions are: --submissions FOLDER_OR_ZIP")
    prepare(course, given.assignment)
    if given.roster:
        print(f"{intake.read_roster(course, given.roster)} learners in the roster")
        learners.due_times_of_roster(course, given.assignment, given.time_zone)
    report = intake.take_in(
        course,
        given.assignment,
        given.submissions,
        given.file_times,
        given.time_zone,
        given.worksheet,
    )
    print(
        f"taken in: {len(report.taken)}, known before: {len(report.unchanged)}, "
        f"not taken in: {len(report.rejected)}"
    )
    for line in report.ignored:
        print(f"  left out {line}")
    for line in report.hints:
        print(f"  {line}")
    if not (report.taken or report.unchanged or report.rejected or report.ignored):
        raise GradingError(
            f"no submission of {given.assignment} in {given.submissions}; expected is the export "
            "of a learning platform, or, with NAME for the assignment, LEARNER/NAME/NAME.ipynb, "
            "LEARNER/NAME.ipynb or LEARNER_NAME.ipynb"
        )


def _autograde(course: Course, given: argparse.Namespace, client: Client | None) -> None:
    limits = sandbox.Limits()._replace(seconds=given.notebook_seconds)
    pace = autograde.Pace(given.workers, given.cell_seconds, limits)
    workers = cluster.workers_at(given.scheduler) if given.scheduler else nullcontext(client)
    with workers as client, tqdm(unit="notebook", desc=given.assignment, disable=None) as bar:

        def progress(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        graded = autograde.grade_waiting(
            course, given.assignment, pace, client, given.again, progress, given.only
        )
    print(f"graded now: {sum(entry.outcome != register.WAITING for entry in graded)}")


def _feedback(course: Course, given: argparse.Namespace) -> None:
    # Pages show the current points and penalties, with those given by hand.
    export.record_penalties(course, given.assignment)
    ready = [
        entry
        for entry in register.entries(course.database, given.assignment).values()
        if entry.outcome != register.WAITING and (not given.only or entry.learner in given.only)
    ]
    with tqdm(total=len(ready), unit="page", desc="feedback", disable=None) as bar:
        without = feedback.write_pages(course, ready, given.workers, bar.update)
    print(f"feedback for {len(ready)} learners below {course.root / 'feedback'}")
    for learner, reason in without.items():
        print(f"  {learner}: points without the notebook: {reason}")
    if given.command == "feedback" and given.pages_for:
        names = [entry.learner for entry in ready]
        data, unknown = feedback.for_moodle(course, given.assignment, names)
        path = course.root / f"feedback-{given.assignment}-moodle.zip"
        sheet.write_whole(path, data)
        print(f"{len(names) - len(unknown)} of these pages for Moodle in {path}")
        print("  where it goes: in the assignment, Upload multiple feedback files in a zip")
        for learner in unknown:
            print(f"  {learner}: not in it, since Moodle's export of submissions has no number")


def _export(course: Course, given: argparse.Namespace) -> None:
    export.record_penalties(course, given.assignment)
    table = export.rows(course, given.assignment)
    name = f"grades-{given.assignment}"
    if given.command == "export" and given.only:
        # Beside the table of the class, not over it.
        table, name = [row for row in table if row.learner in given.only], f"{name}-only"
    path = given.to or course.root / f"{name}.csv"
    export.write_csv(table, path)
    print(f"grades in {path}")


def _grades_back(course: Course, given: argparse.Namespace) -> int:
    """Write the file for a platform; return 1 if somebody's grade could not be written into it."""
    export.record_penalties(course, given.assignment)
    back = grades_back.fill(
        course,
        given.assignment,
        given.platform,
        given.template,
        given.column,
        given.also,
        given.only,
    )
    name = f"grades-{given.assignment}-{given.platform}{back.suffix}"
    path = given.to or course.root / name
    sheet.write_whole(path, back.data)
    print(f"grades of {len(back.written)} in {path}")
    print(f"  where it goes: {back.upload}")
    for line in back.said:
        print(f"  {line}")
    for line in back.left_out:
        print(f"NOT in this file: {line}", file=sys.stderr)
    return 1 if back.left_out else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m grading", description=__doc__.split(":")[1])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        codes = EXIT_CODES if name in ("grade", "intake") else None
        parser_of_one = commands.add_parser(name, help=text, description=text, epilog=codes)
        _add_options(parser_of_one, name)
    return parser


def _add_options(parser: argparse.ArgumentParser, command: str) -> None:
    add = parser.add_argument
    names = ", ".join(assignments(Path("solutions")))
    add("assignment", help=f"its name: {names}" if names else "its name")
    add("--work", type=Path, default=Path("grades"), help="work folder (default: grades)")
    add("--solutions", type=Path, default=Path("solutions"), help="your solutions, hidden tests in")
    if command in ("grade", "intake"):
        add("--submissions", type=Path, help="a platform's export, a folder or zip file")
        add(
            "--roster",
            type=Path,
            help="CSV of the class: learner, names, any ids of platforms, due",
        )
        add("--file-times", action="store_true", help="a file's time is when it was handed in")
        add(
            "--worksheet",
            type=Path,
            metavar="FILE",
            help="Moodle's grading worksheet, which says when each one handed in",
        )
    if command in ("grade", "intake", "export"):
        add(
            "--time-zone",
            type=_zone,
            metavar="ZONE",
            help="of times that name none, the platform's and due times, like Asia/Seoul",
        )
        late = parser.add_argument_group("lateness (what is said stays until it is said anew)")
        late.add_argument(
            "--due",
            metavar="TIME",
            help='like "2026-03-01 23:59 +0900"; without a zone that of --time-zone, or UTC',
        )
        late.add_argument(
            "--due-for",
            action="append",
            default=[],
            metavar="LEARNER=TIME",
            help="a due time of one learner's own; again for another",
        )
        late.add_argument(
            "--late-penalty",
            type=_share,
            metavar="SHARE",
            help="what each day begun costs, as a share of all points",
        )
        late.add_argument(
            "--max-penalty", type=_share, metavar="SHARE", help="what all days cost at most"
        )
        late.add_argument(
            "--grace", type=float, metavar="MINUTES", help="lateness that costs nothing"
        )
    if command in ("grade", "autograde", "feedback", "export"):
        add(
            "--only",
            action="append",
            default=[],
            metavar="LEARNER",
            help="only this learner; again for another",
        )
    if command == "feedback":
        add(
            "--for",
            dest="pages_for",
            choices=["moodle"],
            help="also a zip file of all pages, as this platform takes them",
        )
    if command in ("grade", "autograde", "feedback"):
        add("--workers", type=_positive, default=cluster.WORKERS, help="at a time, on this machine")
    if command in ("grade", "autograde"):
        add("--scheduler", metavar="tls://…", help="the workers of a Dask cluster grade instead")
        add("--again", action="store_true", help="grade also what is graded")
        add("--cell-seconds", type=_positive, default=60, help="for one cell (default: 60)")
        add("--notebook-seconds", type=_positive, default=300, help="for all (default: 300)")
    if command in ("grade", "export"):
        add("--to", type=Path, metavar="FILE", help="where the table goes")
    if command == "export":
        back = parser.add_argument_group("grades back into your platform")
        back.add_argument(
            "--for",
            dest="platform",
            choices=["csv", *platforms.FORMATS],
            default="csv",
            help="the file that this platform imports (default: csv, the table of the class)",
        )
        back.add_argument(
            "--template",
            type=Path,
            metavar="FILE",
            help="the platform's own table, as it exported it",
        )
        back.add_argument(
            "--column", metavar="NAME", help="its column, if it is not called like the assignment"
        )
        back.add_argument(
            "--also",
            action="append",
            choices=[grades_back.NEEDS_MANUAL, grades_back.FAILED],
            default=[],
            help="write points so far where points by hand are missing; 0 where grading failed",
        )


def _understand_times(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """Turn due times into times: all options are known now, so their zone is, too."""
    if not hasattr(given, "due"):
        return
    zone = given.time_zone or UTC
    try:
        given.due = times.parse(given.due, zone) if given.due else None
    except ValueError as error:
        parser.error(f"argument --due: {error}")
    try:
        given.due_for = [_own_due(text, zone) for text in given.due_for]
    except ValueError as error:
        parser.error(f"argument --due-for: {error}")


def _own_due(text: str, zone: tzinfo) -> tuple[str, datetime]:
    learner, _, time = text.partition("=")
    if not learner or not time:
        raise ValueError(f"{text!r} is not like 'anna=2026-03-01 23:59'")
    return learner, times.parse(time, zone)


def _zone(text: str) -> tzinfo:
    try:
        return times.zone_named(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a share between 0 and 1")
    return share


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
