import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import psutil
import pytest

from grading import register
from grading.__main__ import main
from tests.grading.classes import NAME, answered, hand_in, workers, write_solution
from tests.waiting import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[2]
LEARNERS = 4


@pytest.fixture
def folders(tmp_path):
    write_solution(tmp_path / "solutions")
    for number in range(LEARNERS):
        hand_in(tmp_path / "given", f"learner{number}", answered())
    return tmp_path


@pytest.fixture
def temporary():
    # The path of a kernel's socket has at most 107 letters; pytest's folders are too long.
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def options(folders, *more):
    given = ["--work", folders / "work", "--solutions", folders / "solutions", *more]
    return [str(word) for word in given]


def command(folders, *words, **environment):
    line = [sys.executable, "-m", "grading", *words]
    return subprocess.Popen(
        line,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Whoever runs the tests in a shell's background gives them a Ctrl-C that is ignored.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


def children_of(process):
    return psutil.Process(process.pid).children(recursive=True)


def test_without_bubblewrap_it_refuses(folders):
    words = ["grade", NAME, *options(folders, "--submissions", folders / "given")]
    empty = folders / "no-programs"
    empty.mkdir()
    process = command(folders, *words, PATH=str(empty))
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "sudo apt install bubblewrap" in err
    assert not (folders / "work" / "submitted").exists()
    assert not (folders / "work" / "autograded").exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_in_the_middle_it_is_finished_by_the_next_run(folders, temporary, how):
    # One submission needs a quarter of an hour, so it is running when the grader is stopped.
    hand_in(folders / "given", "a_sleeper", answered(before=["import time\ntime.sleep(900)"]))
    database = f"sqlite:///{folders / 'work' / 'gradebook.db'}"
    words = options(folders, "--submissions", folders / "given")
    assert main(["intake", NAME, *words]) == 0
    patient = ["--workers", "2", "--cell-seconds", "900", "--notebook-seconds", "900"]
    process = command(
        folders,
        "autograde",
        NAME,
        *options(folders, *patient),
        TMPDIR=str(temporary),
    )

    def sleeps_while_one_is_graded():
        outcomes = [entry.outcome for entry in register.entries(database, NAME).values()]
        return "graded" in outcomes and "bwrap" in [child.name() for child in children_of(process)]

    wait_until(sleeps_while_one_is_graded)
    begun = children_of(process)
    assert list(temporary.glob("grading-*"))
    if how == signal.SIGINT:
        # A terminal sends it to all processes of the command.
        os.killpg(process.pid, how)
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        assert said == "stopped; the same command goes on from here\n"
    else:
        process.send_signal(how)
        process.communicate(timeout=PATIENCE)
    _, left = psutil.wait_procs(begun, timeout=PATIENCE)
    assert left == []
    # `begun` lacks a process that was about to start, which removes its folder a little later.
    wait_until(lambda: not list(temporary.glob("grading-*")))
    first = {
        name: entry
        for name, entry in register.entries(database, NAME).items()
        if entry.outcome == "graded"
    }
    assert 1 <= len(first) <= LEARNERS
    words = options(folders, "--cell-seconds", "4")
    assert main(["autograde", NAME, *words], client=workers()) == 0
    second = register.entries(database, NAME)
    assert {entry.outcome for entry in second.values()} == {"graded"}
    assert len(second) == LEARNERS + 1
    # The seconds are the same, so they were not graded again.
    assert {name: second[name] for name in first} == first


def test_one_grader_at_a_time(folders, capsys):
    assert main(["intake", NAME, *options(folders, "--submissions", folders / "given")]) == 0
    process = command(folders, "autograde", NAME, *options(folders, "--workers", "1"))
    lock = folders / "work" / f".grading-{NAME}"
    while not lock.exists():
        time.sleep(0.05)
    time.sleep(0.5)
    assert main(["autograde", NAME, *options(folders)]) == 2
    assert "is being graded" in capsys.readouterr().err
    process.kill()
    process.communicate()


def test_a_changed_solution_grades_anew(folders, capsys):
    words = options(folders, "--submissions", folders / "given")
    assert main(["intake", NAME, *words]) == 0
    for graded in (LEARNERS, 0):
        assert main(["autograde", NAME, *options(folders)], client=workers()) == 0
        assert f"graded now: {graded}" in capsys.readouterr().out
    path = folders / "solutions" / NAME / f"{NAME}.ipynb"
    path.write_text(path.read_text().replace("== 4", "== 4.0"))
    assert main(["autograde", NAME, *options(folders)], client=workers()) == 0
    assert f"graded now: {LEARNERS}" in capsys.readouterr().out


def test_one_learner_is_graded_and_graded_again(folders, capsys):
    assert main(["intake", NAME, *options(folders, "--submissions", folders / "given")]) == 0
    for more, graded in [(["--only", "learner2"], 2), ([], 0), (["--again"], 1)]:
        words = options(folders, "--only", "learner3", *more)
        assert main(["autograde", NAME, *words], client=workers()) == 0
        assert f"graded now: {graded}\n" in capsys.readouterr().out
    assert main(["feedback", NAME, *options(folders, "--only", "learner3")]) == 0
    pages = list((folders / "work" / "feedback").rglob("*.html"))
    assert [page.parents[1].name for page in pages] == ["learner3"]


@pytest.mark.parametrize(
    "name", ["intake", "autograde", "feedback", "export", "summary", "status", "grade"]
)
def test_every_command_has_help(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert "--work" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["grade", "no_such"], "there is no solution"),
        (["intake", NAME], "--submissions"),
        (["intake", NAME, "--submissions", "/nonexistent"], "neither a folder nor a zip"),
        (["autograde", NAME, "--scheduler", "tcp://10.0.0.1:8786"], "asks for no certificate"),
        (["autograde", NAME, "--scheduler", "tls://127.0.0.1:1"], "there is no way to"),
    ],
)
def test_what_cannot_be_done_is_said(folders, capsys, words, message):
    assert main([*words, *options(folders)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["--workers", "0"], ["--workers", "x"], ["--cell-seconds", "-1"]],
)
def test_options_out_of_range(folders, words):
    with pytest.raises(SystemExit) as ended:
        main(["autograde", NAME, *options(folders, *words)])
    assert ended.value.code == 2


def test_a_gradebook_that_is_none_is_said(folders, capsys):
    (folders / "work").mkdir()
    (folders / "work" / "gradebook.db").write_bytes(b"a diary " * 1000)
    assert main(["status", NAME, *options(folders)]) == 2
    assert "gradebook.db cannot be opened" in capsys.readouterr().err


def test_an_empty_folder_is_not_a_success(folders, capsys):
    (folders / "nothing").mkdir()
    words = options(folders, "--submissions", folders / "nothing")
    assert main(["intake", NAME, *words]) == 2
    assert "no submission of two_sums" in capsys.readouterr().err


def test_status_shows_who_waits(folders, capsys):
    words = options(folders, "--submissions", folders / "given")
    assert main(["intake", NAME, *words]) == 0
    assert main(["status", NAME, *options(folders)]) == 0
    assert re.search(rf"waiting +{LEARNERS}", capsys.readouterr().out)


def test_the_table_goes_into_a_new_folder(folders):
    path = folders / "new" / "folder" / "grades.csv"
    assert main(["export", NAME, *options(folders, "--to", path)]) == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbflearner,")


def test_of_the_late_policy_only_what_was_given_changes(folders):
    database = f"sqlite:///{folders / 'work' / 'gradebook.db'}"
    words = options(folders, "--submissions", folders / "given")
    for given, policy in [
        (["--grace", "15"], (0.0, 15.0)),
        (["--late-penalty", "0.2"], (0.2, 15.0)),
        ([], (0.2, 15.0)),
        (["--grace", "0"], (0.2, 0.0)),
        (["--grace", "5", "--late-penalty", "0"], (0.0, 5.0)),
    ]:
        assert main(["intake", NAME, *words, *given]) == 0
        assert register.late_policy(database, NAME)[:2] == policy
