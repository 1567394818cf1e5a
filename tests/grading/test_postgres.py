"""The gradebook on PostgreSQL: two graders at once, each with its slice of the class."""

import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grading import export
from grading.course import open_course
from tests.grading.classes import NAME, answered, grade, hand_in, write_solution
from tests.grading.test_commands import ROOT

ANSWERS = {
    "anna": {},
    "ben": {"mean": "return 0.0"},
    "clara": {"double": "return x"},
    "dora": {"double": "return x", "mean": "return 0.0"},
    "emil": {},
    "frida": {"mean": "return values[0]"},
}
SCORES = {"anna": 16, "ben": 8, "clara": 8, "dora": 0, "emil": 16, "frida": 8}


@pytest.fixture
def server(tmp_path_factory):
    """Start a PostgreSQL of our own on a Unix socket; return the address of an empty database."""
    programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if not programs:
        why = "PostgreSQL is not installed (Debian: sudo apt install postgresql)"
        (pytest.fail if os.environ.get("XAI_CI") else pytest.skip)(why)
    pytest.importorskip("psycopg")
    # A short path: a socket's path has at most 107 letters.
    folder = Path(subprocess.check_output(["mktemp", "-d", "/tmp/pg-XXXXXX"], text=True).strip())
    user = []
    if os.getuid() == 0:  # PostgreSQL does not run as root
        shutil.chown(folder, "postgres")
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]

    def run(program, *words):
        command = [*user, f"{programs[-1]}/{program}", *words]
        subprocess.run(command, check=True, capture_output=True, cwd=folder)

    data = folder / "data"
    run("initdb", "-D", str(data), "-U", "grader", "--auth=trust", "-E", "UTF8")
    start = ["-o", f"-k {folder} -c listen_addresses='' -F", "-l", str(folder / "log")]
    run("pg_ctl", "-D", str(data), "-w", *start, "start")
    try:
        run("createdb", "-h", str(folder), "-U", "grader", "grades")
        yield f"postgresql+psycopg://grader@/grades?host={folder}"
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder)


def test_two_shards_at_once_give_the_grades_of_one(server, tmp_path):
    solutions, given = write_solution(tmp_path / "solutions"), tmp_path / "given"
    for learner, answers in ANSWERS.items():
        hand_in(given, learner, answered(**answers))
    options = [NAME, "--work", tmp_path / "work", "--solutions", solutions, "--db", server]
    line = [sys.executable, "-m", "grading"]
    intake = [*line, "intake", *options, "--submissions", given]
    subprocess.run(list(map(str, intake)), check=True, cwd=ROOT)
    graders = [
        subprocess.Popen(
            list(map(str, [*line, "autograde", *options, "--workers", 1, "--shard", f"{i}/2"])),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for i in (1, 2)
    ]
    said = [grader.communicate(timeout=300)[0] for grader in graders]
    assert [grader.returncode for grader in graders] == [0, 0]
    numbers = [int(text.rsplit("graded now: ", 1)[1]) for text in said]
    assert sum(numbers) == len(ANSWERS) and min(numbers) > 0
    shared = export.rows(open_course(tmp_path / "work", solutions, server), NAME)
    alone = export.rows(grade(tmp_path / "alone", solutions, given), NAME)
    assert {row.learner: row.score for row in shared} == SCORES
    assert shared == alone
