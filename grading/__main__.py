"""``python -m grading COMMAND``: the instructor's commands. README.md is the guide."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from distributed import Client
from tqdm import tqdm

from grading import autograde, cluster, export, feedback, intake, register, sandbox
from grading.course import Course, GradingError, assignments, open_course, prepare, solution_of

COMMANDS = {
    "grade": "intake, autograde, feedback and export, one after the other",
    "intake": "take in the submissions of an assignment",
    "autograde": "grade what was taken in, in the sandbox",
    "feedback": "write a page for each learner",
    "export": "write the grades, with a status for every learner, as CSV",
    "status": "show where everything stands",
}


def main(arguments: list[str] | None = None, client: Client | None = None) -> int:
    """Run one command, with the workers of a cluster if there is a client; return the exit code."""
    given = _parser().parse_args(arguments)
    try:
        course = open_course(given.work, given.solutions)
        solution_of(course, given.assignment)
        return _run(course, given, client)
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
    if everything or given.command == "autograde":
        _autograde(course, given, client)
    if everything or given.command == "feedback":
        _feedback(course, given)
    if everything or given.command == "export":
        _export(course, given)
    if given.command in ("grade", "status"):
        print(export.summary(export.rows(course, given.assignment)))
    return 0


def _intake(course: Course, given: argparse.Namespace) -> None:
    if given.submissions is None:
        raise GradingError("say where the submissions are: --submissions FOLDER_OR_ZIP")
    prepare(course, given.assignment)
    if given.roster:
        print(f"{intake.read_roster(course, given.roster)} learners in the roster")
    if given.due:
        with course.gradebook() as gradebook:
            gradebook.update_or_create_assignment(given.assignment, duedate=given.due)
    wishes = {"per_day": given.late_penalty, "grace_minutes": given.grace}
    if new := {name: value for name, value in wishes.items() if value is not None}:
        policy = register.late_policy(course.database, given.assignment)._replace(**new)
        register.set_late_policy(course.database, given.assignment, policy)
    report = intake.take_in(course, given.assignment, given.submissions, given.file_times)
    print(
        f"taken in: {len(report.taken)}, known before: {len(report.unchanged)}, "
        f"not taken in: {len(report.rejected)}"
    )
    for line in report.ignored:
        print(f"  left out {line}")
    if not (report.taken or report.unchanged or report.rejected):
        raise GradingError(
            f"no submission of {given.assignment} in {given.submissions}; with NAME for the "
            "assignment, expected are LEARNER/NAME/NAME.ipynb, LEARNER/NAME.ipynb or "
            "LEARNER_NAME.ipynb"
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
            course, given.assignment, pace, client, given.again, progress
        )
    print(f"graded now: {sum(entry.outcome != register.WAITING for entry in graded)}")


def _feedback(course: Course, given: argparse.Namespace) -> None:
    # Pages show the current points and penalties, with those given by hand.
    export.record_penalties(course, given.assignment)
    ready = [
        entry
        for entry in register.entries(course.database, given.assignment).values()
        if entry.outcome != register.WAITING
    ]
    for entry in tqdm(ready, unit="page", desc="feedback", disable=None):
        feedback.write_feedback(course, entry)
    print(f"feedback for {len(ready)} learners below {course.root / 'feedback'}")


def _export(course: Course, given: argparse.Namespace) -> None:
    export.record_penalties(course, given.assignment)
    path = given.to or course.root / f"grades-{given.assignment}.csv"
    export.write_csv(export.rows(course, given.assignment), path)
    print(f"grades in {path}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m grading", description=__doc__.split(":")[1])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        _add_options(commands.add_parser(name, help=text, description=text), name)
    return parser


def _add_options(parser: argparse.ArgumentParser, command: str) -> None:
    add = parser.add_argument
    names = ", ".join(assignments(Path("solutions")))
    add("assignment", help=f"its name: {names}" if names else "its name")
    add("--work", type=Path, default=Path("grades"), help="work folder (default: grades)")
    add("--solutions", type=Path, default=Path("solutions"), help="your solutions, hidden tests in")
    if command in ("grade", "intake"):
        add("--submissions", type=Path, help="folder or zip file")
        add("--roster", type=Path, help="CSV of the class: learner, first_name, last_name, email")
        add("--due", type=_time, help='in UTC, like "2026-03-01 23:59"')
        add("--late-penalty", type=_share, metavar="SHARE", help="of all points, a day begun")
        add("--grace", type=float, metavar="MINUTES", help="that cost nothing")
        add("--file-times", action="store_true", help="a file's time is when it was handed in")
    if command in ("grade", "autograde"):
        add("--workers", type=_positive, default=cluster.WORKERS, help="at a time, on this machine")
        add("--scheduler", metavar="tls://…", help="the workers of a Dask cluster grade instead")
        add("--again", action="store_true", help="grade also what is graded")
        add("--cell-seconds", type=_positive, default=60, help="for one cell (default: 60)")
        add("--notebook-seconds", type=_positive, default=300, help="for all (default: 300)")
    if command in ("grade", "export"):
        add("--to", type=Path, help="the CSV file")


def _time(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        problem = f"{text!r} is not a time like '2026-03-01 23:59'"
        raise argparse.ArgumentTypeError(problem) from None
    return when if when.tzinfo is None else when.astimezone(UTC).replace(tzinfo=None)


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
