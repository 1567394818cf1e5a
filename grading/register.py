"""The state of each submission: three tables of our own beside nbgrader's, in its database.

nbgrader's gradebook holds scores only: a failed or missing notebook looks like a score of zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import sqlalchemy as sql

TABLES = sql.MetaData()
SUBMISSIONS = sql.Table(
    "course_submissions",
    TABLES,
    sql.Column("assignment", sql.String(128), primary_key=True),
    sql.Column("learner", sql.String(128), primary_key=True),
    sql.Column("outcome", sql.String(16), nullable=False),
    sql.Column("reason", sql.Text, nullable=False, default=""),
    sql.Column("notes", sql.Text, nullable=False, default=""),
    sql.Column("submission", sql.String(64), nullable=False, default=""),
    sql.Column("solution", sql.String(64), nullable=False, default=""),
    sql.Column("seconds", sql.Float),
    sql.Column("changed", sql.String(32), nullable=False),
)
POLICIES = sql.Table(
    "course_late_policies",
    TABLES,
    sql.Column("assignment", sql.String(128), primary_key=True),
    sql.Column("per_day", sql.Float, nullable=False),
    sql.Column("grace_minutes", sql.Float, nullable=False),
    sql.Column("max_share", sql.Float, nullable=False, server_default="1"),
)
DUE_TIMES = sql.Table(
    "course_due_times",
    TABLES,
    sql.Column("assignment", sql.String(128), primary_key=True),
    sql.Column("learner", sql.String(128), primary_key=True),
    sql.Column("due", sql.DateTime, nullable=False),
)

WAITING, GRADED, FAILED, LEFT_OUT = "waiting", "graded", "failed", "left out"


class Entry(NamedTuple):
    """One submission.

    Attributes
    ----------
    outcome : str
        ``"waiting"`` for its grader, ``"graded"``, ``"failed"``, or ``"left out"``: a file of which
        nobody knows whose it is; its `learner` is its path.
    reason : str
        Why it failed or was left out.
    notes : str
        Repairs and omissions, for the instructor.
    submission, solution : str
        Fingerprints of the notebook and of the solution that graded it.
    seconds : float or None
        The time that grading took.
    """

    assignment: str
    learner: str
    outcome: str
    reason: str = ""
    notes: str = ""
    submission: str = ""
    solution: str = ""
    seconds: float | None = None


def each_note(notes: str) -> list[str]:
    """Return an entry's notes one by one."""
    return [note for note in notes.split("; ") if note]


class LatePolicy(NamedTuple):
    """The share of an assignment's points that each day begun costs, after `grace_minutes`.

    All days together cost at most the share `max_share`.
    """

    per_day: float = 0.0
    grace_minutes: float = 0.0
    max_share: float = 1.0


@contextmanager
def _connected(database: str) -> Iterator[sql.Connection]:
    engine = sql.create_engine(database)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def make_tables(database: str) -> None:
    """Make the three tables if they are missing."""
    with _connected(database) as connection:
        TABLES.create_all(connection)
        columns = sql.inspect(connection).get_columns(POLICIES.name)
        # A gradebook may be older than this column.
        if "max_share" not in {column["name"] for column in columns}:
            change = f"ALTER TABLE {POLICIES.name} ADD COLUMN max_share FLOAT NOT NULL DEFAULT 1"
            connection.execute(sql.text(change))


def entries(database: str, assignment: str) -> dict[str, Entry]:
    """Return an assignment's entries, by learner."""
    found = _all_entries(database, assignment)
    return {entry.learner: entry for entry in found if entry.outcome != LEFT_OUT}


def left_out(database: str, assignment: str) -> list[Entry]:
    """Return the entries of files of which nobody knows whose they are."""
    return [entry for entry in _all_entries(database, assignment) if entry.outcome == LEFT_OUT]


def _all_entries(database: str, assignment: str) -> list[Entry]:
    query = sql.select(SUBMISSIONS).where(SUBMISSIONS.c.assignment == assignment)
    with _connected(database) as connection:
        rows = connection.execute(query.order_by(SUBMISSIONS.c.learner)).mappings().all()
    return [_entry(row) for row in rows]


def entry_of(database: str, assignment: str, learner: str) -> Entry:
    """Return the entry of a submission that has one."""
    query = sql.select(SUBMISSIONS).where(
        SUBMISSIONS.c.assignment == assignment, SUBMISSIONS.c.learner == learner
    )
    with _connected(database) as connection:
        return _entry(connection.execute(query).mappings().one())


def _entry(row: sql.RowMapping) -> Entry:
    return Entry(*(row[field] for field in Entry._fields))


def record(database: str, *news: Entry) -> None:
    """Write entries; each replaces the one before."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with _connected(database) as connection:
        for entry in news:
            connection.execute(
                sql.delete(SUBMISSIONS).where(
                    SUBMISSIONS.c.assignment == entry.assignment,
                    SUBMISSIONS.c.learner == entry.learner,
                )
            )
            connection.execute(sql.insert(SUBMISSIONS).values(**entry._asdict(), changed=now))


def forget(database: str, assignment: str, learner: str) -> None:
    """Remove a learner's entry."""
    with _connected(database) as connection:
        connection.execute(
            sql.delete(SUBMISSIONS).where(
                SUBMISSIONS.c.assignment == assignment, SUBMISSIONS.c.learner == learner
            )
        )


def record_end(database: str, entry: Entry) -> None:
    """Write a submission's outcome, unless a new version was taken in meanwhile: that one waits."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with _connected(database) as connection:
        connection.execute(
            sql.update(SUBMISSIONS)
            .where(
                SUBMISSIONS.c.assignment == entry.assignment,
                SUBMISSIONS.c.learner == entry.learner,
                SUBMISSIONS.c.submission == entry.submission,
            )
            .values(**entry._asdict(), changed=now)
        )


def late_policy(database: str, assignment: str) -> LatePolicy:
    """Return the late policy; without one, lateness costs nothing."""
    query = sql.select(POLICIES).where(POLICIES.c.assignment == assignment)
    with _connected(database) as connection:
        row = connection.execute(query).mappings().first()
    return LatePolicy(*(row[field] for field in LatePolicy._fields)) if row else LatePolicy()


def set_late_policy(database: str, assignment: str, policy: LatePolicy) -> None:
    """Set the late policy from now on."""
    with _connected(database) as connection:
        connection.execute(sql.delete(POLICIES).where(POLICIES.c.assignment == assignment))
        values = {"assignment": assignment, **policy._asdict()}
        connection.execute(sql.insert(POLICIES).values(**values))


def due_times(database: str, assignment: str) -> dict[str, datetime]:
    """Return the due times of learners who have one of their own, in UTC."""
    query = sql.select(DUE_TIMES).where(DUE_TIMES.c.assignment == assignment)
    with _connected(database) as connection:
        return {row["learner"]: row["due"] for row in connection.execute(query).mappings()}


def set_due_time(database: str, assignment: str, learner: str, due: datetime) -> None:
    """Give a learner a due time of their own."""
    mine = (DUE_TIMES.c.assignment == assignment) & (DUE_TIMES.c.learner == learner)
    values = {"assignment": assignment, "learner": learner, "due": due}
    with _connected(database) as connection:
        connection.execute(sql.delete(DUE_TIMES).where(mine))
        connection.execute(sql.insert(DUE_TIMES).values(**values))
