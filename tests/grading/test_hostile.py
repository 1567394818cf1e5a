import os
import re
from pathlib import Path

import psutil
import pytest

import xaikit
from grading import cluster, export, sandbox
from tests.grading.classes import NAME, SECRET, answered, grade, hand_in, snapshot, write_solution
from tests.grading.hostile import Expected, files, notebooks

PUBLIC = str(Path(xaikit.__file__).parent)  # everybody has it, with the licences in it
HONEST = {"anna": 16.0, "ben": 8.0, "clara": 0.0, "dora": 16.0}


def sandboxed():
    """Return the processes that belong to a sandbox."""
    return {
        process.pid
        for process in psutil.process_iter(["name", "uids", "cmdline"])
        if process.info["name"] == "bwrap"
        or (
            process.info["uids"]
            and any(process.info["uids"].real in users for users in sandbox.USERS)
        )
        or "sandbox.py" in " ".join(process.info["cmdline"] or [])
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Grade one class of honest and hostile learners; return everything that the tests look at."""
    outside = tmp_path_factory.mktemp("outside")
    submissions, solutions = outside / "submissions", write_solution(outside / "solutions")
    (outside / "treasure.txt").write_text(SECRET)
    os.chmod(outside / "treasure.txt", 0o666)
    hand_in(submissions, "anna", answered())
    hand_in(submissions, "ben", answered(mean="return 0.0"))
    hand_in(submissions, "clara", answered(double="return x", mean="return values[0]"))
    expected = {}
    for learner, (content, end) in notebooks().items():
        hand_in(submissions, learner, content)
        expected[learner] = end
    for learner, (content, name, end) in files().items():
        hand_in(submissions, learner, content, file=name)
        expected[learner] = end
    work = tmp_path_factory.mktemp("work")
    thief = f"""
import os, pathlib, sqlite3, sys
seen = []
for place, folders, names in os.walk('/'):
    folders[:] = [n for n in folders if os.path.join(place, n) not in ('/usr', '/proc', '/dev')
                  and os.path.join(place, n) not in (sys.prefix, sys.base_prefix, {PUBLIC!r})]
    seen += [os.path.join(place, n) for n in names if n.endswith(('.ipynb', '.db', '.txt'))]
try:
    pathlib.Path({str(outside / "treasure.txt")!r}).write_text('stolen')
    seen.append('written')
except OSError:
    pass
try:
    sqlite3.connect({str(work / "gradebook.db")!r}).execute('update grade set auto_score = 99')
    seen.append('database')
except sqlite3.Error:
    pass
print('LOOT', seen)
"""
    hand_in(submissions, "thief", answered(before=[thief]))
    expected["thief"] = Expected("needs manual", 16.0)
    target = hand_in(submissions, "linker", b"").with_name("two_sums.ipynb")
    target.unlink()
    target.symlink_to(submissions / "anna" / NAME / f"{NAME}.ipynb")
    expected["linker"] = Expected("failed: not taken in: .*a symbolic link.*", None)
    hand_in(submissions, "dora", answered())
    before, processes = snapshot(outside), sandboxed()
    # A third worker, since many of these learners wait for the limit that ends them.
    with cluster.workers_here(3, tmp_path_factory.mktemp("workers")) as client:
        course = grade(work, solutions, submissions, client=client)
    table = {row.learner: row for row in export.rows(course, NAME)}
    return {
        "course": course,
        "table": table,
        "expected": expected,
        "outside": (before, snapshot(outside)),
        "processes": sandboxed() - processes,
    }


def test_every_submission_has_its_own_true_status(world):
    wrong = {}
    for learner, end in world["expected"].items():
        row = world["table"][learner]
        if not end.is_met(row.status, row.score):
            wrong[learner] = (row.status, row.score, row.notes)
    assert not wrong


def test_the_others_get_their_grades(world):
    assert {name: world["table"][name].score for name in HONEST} == HONEST
    assert all(row.max_score == 20 for row in world["table"].values())
    assert set(world["table"]) == {*HONEST, *world["expected"]}


def test_nothing_outside_the_work_folder_changed(world):
    before, after = world["outside"]
    assert after == before


def test_no_process_is_left(world):
    assert world["processes"] == set()


def test_a_thief_finds_nothing(world):
    graded = world["course"].autograded(NAME, "thief").read_text()
    assert "LOOT []" in graded


def test_no_graded_notebook_is_large(world):
    graded = world["course"].root.glob("autograded/*/*/*.ipynb")
    assert not [(path, path.stat().st_size) for path in graded if path.stat().st_size > 2_000_000]
    assert "ValueError" in world["course"].autograded(NAME, "much_error").read_text()


def test_repairs_and_time_outs_are_noted(world):
    notes = {name: row.notes for name, row in world["table"].items()}
    assert "1 cell out of time" in notes["loop"]
    assert "put back 2 deleted cells: double-check, mean-check" in notes["tests_deleted"]
    assert "copies not counted: double-check, mean-check" in notes["tests_duplicated"]
    assert "taken from Untitled.ipynb" in notes["renamed"]


@pytest.mark.parametrize("learner", ["anna", "ben", "clara", "reads_history", "tests_duplicated"])
def test_feedback_shows_no_hidden_test(world, learner):
    page = world["course"].feedback(NAME, learner).read_text()
    for secret in ("hidden_answer", "secrets_of_the_test", "hidden_values", "three for saying"):
        assert secret not in page
    assert "BEGIN HIDDEN" not in page


def test_feedback_says_what_failed(world):
    page = world["course"].feedback(NAME, "ben").read_text()
    assert "✗ Not equal to tolerance" in page  # the message of the visible test
    assert "it ended its own kernel" in world["course"].feedback(NAME, "os_exit").read_text()


def test_feedback_runs_no_script_of_a_learner(world):
    page = world["course"].feedback(NAME, "scripts").read_text()
    assert "<script>stolen" not in page
    assert "onerror=stolen" not in page
    assert not re.search(r"<script[^>]*>\s*stolen", page)
