"""Workers that are lost, that are not fit, and that nobody else may reach."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from distributed import Security

from grading import autograde, cluster, export, intake, register, run
from grading.course import GradingError, open_course, prepare
from tests.grading.classes import NAME, PACE, answered, hand_in, to_bytes, write_solution
from tests.grading.nodes import cluster_of

LEARNERS = 6


@pytest.fixture
def course(tmp_path):
    """Take in a class of honest learners."""
    course = open_course(tmp_path / "work", write_solution(tmp_path / "solutions"))
    for number in range(LEARNERS):
        answer = answered(mean="return 0.0") if number % 2 else answered()
        hand_in(tmp_path / "given", f"learner{number}", answer)
    prepare(course, NAME)
    intake.take_in(course, NAME, tmp_path / "given")
    return course


def everyone_has_a_grade(course, graded):
    names = [f"learner{number}" for number in range(LEARNERS)]
    assert sorted(entry.learner for entry in graded) == names  # each once
    rows = export.rows(course, NAME)
    found = [(row.learner, row.status, row.score) for row in rows]
    assert found == [(name, "needs manual", 8 if i % 2 else 16) for i, name in enumerate(names)]


def test_a_worker_that_is_killed_costs_nobody_a_grade(course):
    killed = []

    def progress(done, of):
        while not killed:
            for process in psutil.Process().children(recursive=True):
                if "grading.run" in process.cmdline():
                    killed.append(process.parent())
                    killed[0].kill()
                    break

    everyone_has_a_grade(course, autograde.grade_waiting(course, NAME, PACE, progress=progress))
    assert len(killed) == 1


def dies_of(text, *rest):
    """Run a notebook, but for one that takes its worker with it, as a lack of memory does."""
    if "worker killer" in text:
        time.sleep(0.5)  # the next tasks wait at this worker by then
        os.kill(os.getpid(), signal.SIGKILL)
    return run.Ran(None, "ran to its end")


def test_a_notebook_that_every_worker_dies_of_costs_its_own_learner_only(course, tmp_path):
    hand_in(tmp_path / "given", "learner3", answered(before=["# worker killer"]))
    intake.take_in(course, NAME, tmp_path / "given")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(autograde, "run_notebook", dies_of)
        # All wait at the one worker that dies, and Dask suspects them all.
        graded = autograde.grade_waiting(course, NAME, PACE._replace(workers=1))
    assert {entry.learner: entry.reason for entry in graded} == {
        f"learner{number}": "every worker that ran it died" if number == 3 else "ran to its end"
        for number in range(LEARNERS)
    }
    rows = {row.learner: row.status for row in export.rows(course, NAME)}
    assert rows["learner3"] == "failed: every worker that ran it died"


def test_a_scheduler_that_is_restarted_costs_nobody_a_grade(course, tmp_path):
    with cluster_of(2, tmp_path) as nodes, cluster.workers_at(nodes.address) as client:

        def progress(done, of):
            if done == 2:
                nodes.stop()
                nodes.start(2)

        graded = autograde.grade_waiting(course, NAME, PACE, client, progress=progress)
    everyone_has_a_grade(course, graded)


def test_a_task_that_gets_lost_is_run_again(course, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "LOOK_EVERY", 0.5)
    with cluster.workers_here(2, tmp_path / "workers") as client:

        def progress(done, of):
            if done == 1:
                # As a client does that connects anew.
                for key in [k for k, state in client.futures.items() if state.status == "pending"]:
                    del client.futures[key]

        graded = autograde.grade_waiting(course, NAME, PACE, client, progress=progress)
    everyone_has_a_grade(course, graded)


def test_a_scheduler_that_does_not_come_back_is_said(course, tmp_path, monkeypatch):
    with cluster_of(1, tmp_path) as nodes, cluster.workers_at(nodes.address) as client:
        monkeypatch.setattr(client, "_timeout", 1)
        with pytest.raises(GradingError, match="the same command goes on from here"):
            autograde.grade_waiting(
                course, NAME, PACE, client, progress=lambda done, of: nodes.stop()
            )
    outcomes = [entry.outcome for entry in register.entries(course.database, NAME).values()]
    assert sorted(outcomes) == [register.GRADED] + [register.WAITING] * (LEARNERS - 1)
    everyone_has_a_grade(course, autograde.grade_waiting(course, NAME, PACE, again=True))


def test_a_worker_without_a_sandbox_grades_nobody(course, tmp_path):
    with (
        cluster_of(1, tmp_path, PATH="/nonexistent") as nodes,
        cluster.workers_at(nodes.address) as client,
        pytest.raises(GradingError, match="bwrap is not installed"),
    ):
        autograde.grade_waiting(course, NAME, PACE, client)
    entries = register.entries(course.database, NAME).values()
    assert {entry.outcome for entry in entries} == {register.WAITING}


def test_a_worker_with_another_version_of_the_course_is_unfit():
    with pytest.raises(run.UnfitWorker, match="is not the one of the client"):
        run.run_notebook("", PACE, "another checkout")


def test_a_grader_that_breaks_down_or_does_not_end_costs_its_submission_only(monkeypatch):
    here = run.fingerprint()
    assert run.unfit(here) is None
    with monkeypatch.context() as patch:
        patch.setattr(run, "EXTRA_SECONDS", 0.5 - PACE.limits.seconds)
        late = run.run_notebook(to_bytes(answered()).decode(), PACE, here)
    assert (late.text, late.reason) == (None, "its grader did not come to an end")
    broken = run.run_notebook("no notebook", PACE, here)
    assert (broken.text, broken.reason) == (None, "its grader broke down (exit code 1)")
    assert "NotJSONError" in broken.words


def test_a_worker_that_cannot_load_the_grader_is_unfit(monkeypatch):
    assert run.unfit(run.fingerprint()) is None
    monkeypatch.setattr(run, "FORKS", {})
    monkeypatch.setattr(run.sys, "executable", "/bin/false")
    with pytest.raises(run.UnfitWorker, match="the grader cannot be loaded"):
        run.run_notebook("", PACE, run.fingerprint())


def test_the_memory_of_a_grader_is_limited(tmp_path):
    # Less than what is loaded: the first new block is too much.
    code = "import os\nfrom grading import run\nrun.TRUSTED_MEMORY = 2**25\nrun.main(os.getppid())"
    task = json.dumps([to_bytes(answered()).decode(), PACE.cell_seconds, PACE.limits])
    (tmp_path / "task").write_text(task)
    ended = subprocess.run(
        [sys.executable, "-c", code], input=f"60 {tmp_path}\n", capture_output=True, text=True
    )
    assert ended.stdout == "ready\n1\n"
    words = (tmp_path / "words").read_text()
    assert "MemoryError" in words or "Cannot allocate memory" in words, words


def answer_of(port, context):
    """Return what a server says first to someone who connects with a certificate, or none."""
    with socket.create_connection(("127.0.0.1", port), 3) as plain:
        try:
            with context.wrap_socket(plain) as secure:
                return secure.recv(100)
        except OSError:
            return b""


# Another user of the machine, who has the system's Python. Most ports give no answer for 3 seconds.
STRANGER = """
import json, socket, ssl, sys, tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import product
ports, certificate, key = json.load(sys.stdin)
def context(own):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    if own:
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(certificate + key)
            file.flush()
            made.load_cert_chain(file.name)
    return made
def heard(port, secure, own):
    try:
        with socket.create_connection(("127.0.0.1", port), 3) as found:
            if secure:
                found = context(own).wrap_socket(found)
            else:
                found.sendall(b"GET /info/main/workers.html HTTP/1.0\\r\\n\\r\\n")
            return found.recv(100).decode("latin-1")
    except OSError:
        return ""
tries = list(product(ports, (False, True), (False, True)))
with ThreadPoolExecutor(len(tries)) as pool:
    answers = pool.map(lambda one: heard(*one), tries)
    print(json.dumps({str(one): answer for one, answer in zip(tries, answers)}))
"""


def test_another_user_of_the_machine_reaches_no_worker(tmp_path):
    before = set(sys.path)  # with those of earlier tests' workers
    with cluster.workers_here(1, tmp_path) as client:
        family = [psutil.Process(), *psutil.Process().children(recursive=True)]
        listening = {
            connection.laddr.port: connection.laddr.ip
            for process in family
            for connection in process.net_connections()
            if connection.status == psutil.CONN_LISTEN
        }
        mine = client.security.get_connection_args("client")["ssl_context"]
        with ThreadPoolExecutor(len(listening)) as pool:
            answers = list(pool.map(lambda port: answer_of(port, mine), listening))
        ports = [port for port, answer in zip(listening, answers, strict=True) if answer]
        assert len(ports) >= 2  # those of the scheduler and of the worker, at least
        drawn = Security.temporary()
        stranger = {"user": 65_534} if os.getuid() == 0 else {}
        heard = subprocess.run(
            ["/usr/bin/python3", "-c", STRANGER],
            input=json.dumps([list(listening), drawn.tls_ca_file, drawn.tls_client_key]),
            capture_output=True,
            text=True,
            cwd="/",
            check=True,
            **stranger,
        )
        said = {key: text for key, text in json.loads(heard.stdout).items() if text}
        assert all(text.startswith("HTTP/1.1 404 ") for text in said.values()), said
        assert set(listening.values()) == {"127.0.0.1"}
        # Dask imports what lies there, and /tmp is everybody's.
        places = [*client.run(lambda: sys.path).values(), sys.path]
        used = {Path(path) for paths in places for path in paths if "dask-scratch" in path}
        used -= set(map(Path, before))
        assert used and all(path.is_relative_to(tmp_path) for path in used)
