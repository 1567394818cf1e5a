"""The abilities of a kernel in the sandbox, and the actions of its guard."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from grading import guard, sandbox
from tests.missing import skip_or_fail


def inside(code, tmp_path, user=None):
    """Return the command that runs Python code instead of the kernel."""
    run = tmp_path / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    user = user or sandbox.any_user()
    if os.getuid() == 0:
        os.chown(run, user, user)
    command = sandbox.kernel_command(run / "kernel.json", sandbox.Limits(), user)
    return [*command[: command.index(sys.executable)], sys.executable, "-c", code]


def run_inside(code, tmp_path, user=None):
    """Run Python code instead of the kernel; return the finished process."""
    command = inside(code, tmp_path, user)
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_torch_and_the_course_work_inside(tmp_path):
    code = """
import torch, xaikit as xk, numpy as np
from xaikit.course import datasets, photos
net = torch.nn.Sequential(torch.nn.Linear(784, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10))
optimizer = torch.optim.Adam(net.parameters())
for _ in range(5):
    optimizer.zero_grad()
    net(torch.rand(256, 784)).sum().backward()
    optimizer.step()
import captum.attr, shap, sklearn.ensemble, matplotlib.pyplot
print("done", datasets.diabetes().x_train.shape)
"""
    finished = run_inside(code, tmp_path)
    assert finished.stdout.startswith("done (")
    # Learners would see text on stderr.
    assert finished.stderr == ""


def test_a_memory_bomb_meets_a_memory_error(tmp_path):
    code = """
x = []
try:
    while True: x.append(bytes(2**28))
except MemoryError:
    print(len(x))
"""
    quarters = int(run_inside(code, tmp_path).stdout)
    assert 10 <= quarters <= 12


def test_what_is_seen_inside(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADING_DB", "postgresql://grader:password@db")
    code = """
import json, os, sys
seen = {"root": sorted(os.listdir("/")), "course": sorted(os.listdir(sys.argv[1])),
        "processes": [p for p in os.listdir("/proc") if p.isdigit()], "user": os.getuid(),
        "environment": sorted(os.environ)}
for name, path in [("home", "/root"), ("etc", "/etc/passwd"), ("root", "/x"), ("venv", sys.prefix)]:
    try:
        open(os.path.join(path, "y") if os.path.isdir(path) else path, "w")
        seen["wrote " + name] = True
    except OSError:
        pass
print(json.dumps(seen))
"""
    course = Path(sandbox.__file__).resolve().parents[1]
    user = sandbox.any_user()
    finished = run_inside(f"import sys\nsys.argv.append({str(course)!r})\n{code}", tmp_path, user)
    seen = json.loads(finished.stdout)
    assert not [key for key in seen if key.startswith("wrote")]
    assert set(seen["course"]) <= {"xaikit", Path(sys.prefix).name}
    assert "home" not in seen["root"] and "var" not in seen["root"]
    assert len(seen["processes"]) <= 3
    assert seen["user"] == (user if os.getuid() == 0 else os.getuid())
    assert "GRADING_DB" not in seen["environment"]


EVERY_ENVIRONMENT = "cat /proc/[0-9]*/environ | tr '\\0' '\\n'; echo; echo END"


def test_no_environment_of_the_grader_can_be_read(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADING_DB", "postgresql://grader:password@db")
    command = inside("", tmp_path)
    command = [*command[: command.index(sys.executable)], "/bin/sh", "-c", EVERY_ENVIRONMENT]
    seen = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
    assert seen.endswith("END\n") and "HOME=/tmp" in seen
    assert "password" not in seen


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user without rights")
def test_nor_where_a_user_without_rights_grades(monkeypatch):
    """That user's kernels have its own number, so they may read their own bubblewrap's memory."""
    monkeypatch.setenv("GRADING_DB", "postgresql://grader:password@db")
    monkeypatch.setattr(os, "getuid", lambda: 65_533)
    # Both may be in root's home.
    monkeypatch.setattr(sandbox, "_read_only_folders", list)
    monkeypatch.setenv("MPLCONFIGDIR", "/nowhere")
    become = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"]
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chown(folder, 65_533, 65_533)
        bubblewrap = sandbox._bubblewrap(Path(folder))
        command = [*become, *bubblewrap, "/bin/sh", "-c", EVERY_ENVIRONMENT]
        finished = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if "namespace" in finished.stderr:
        skip_or_fail(f"no user without rights may make a sandbox here: {finished.stderr}")
    assert finished.stdout.endswith("END\n") and "HOME=/tmp" in finished.stdout, finished.stderr
    assert "password" not in finished.stdout


def test_no_network(tmp_path):
    finished = run_inside("import socket; print(socket.if_nameindex())", tmp_path)
    assert finished.stdout.strip() in ("[(1, 'lo')]", "[]")


@pytest.mark.skipif(os.getuid() != 0, reason="kernels are users of their own where root grades")
def test_a_fork_bomb_takes_its_own_processes_alone(tmp_path_factory):
    bomb = """
import os, time
children = 0
try:
    while os.fork():
        children += 1
except OSError:
    print(children, flush=True)
time.sleep(60)
"""
    command = inside(bomb, tmp_path_factory.mktemp("bomb"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bombing:
        try:
            children = int(bombing.stdout.readline())
            assert 55 <= children <= 64
            other = run_inside("import os; print(os.fork() >= 0)", tmp_path_factory.mktemp("other"))
        finally:
            bombing.kill()
    assert "True" in other.stdout


def test_kernels_are_users_that_the_machine_has():
    whole, rootless = "0 0 4294967295\n", "0 1000 1\n1 100000 65536\n"
    many, few = sandbox.USERS
    assert sandbox._has(whole, many) and sandbox._has(whole, few)
    assert sandbox._has(rootless, few) and not sandbox._has(rootless, many)
    assert not sandbox._has("0 1000 1\n", few)


def guarded(code, tmp_path, **limits):
    """Run code under the guard; return its verdict and the seconds it took."""
    process = subprocess.Popen([sys.executable, "-c", code])
    started = time.monotonic()
    verdict = guard.guard(process, str(tmp_path), sandbox.Limits(**limits)._asdict(), os.getppid())
    assert process.poll() is not None
    return verdict, time.monotonic() - started


def test_the_guard_lets_a_good_kernel_be(tmp_path):
    assert guarded("pass", tmp_path)[0] is None


def test_the_guard_counts_the_memory_of_children(tmp_path):
    code = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        x = bytearray(b"x") * (60 * 2**20)
        time.sleep(30)
time.sleep(30)
"""
    verdict, _ = guarded(code, tmp_path, resident=200 * 2**20)
    assert verdict == "it took more than 0.195312 GB of memory"


def test_the_guard_looks_at_the_clock_and_the_folder(tmp_path):
    assert guarded("import time; time.sleep(60)", tmp_path, seconds=0.3)[0].startswith("it ran for")
    (tmp_path / "big").write_bytes(bytes(10_000))
    verdict, _ = guarded("import time; time.sleep(60)", tmp_path, shared_folder=8000)
    assert verdict == "it filled the folder of its own sockets"


def test_the_guard_ends_a_kernel_whose_grader_was_gone_before_it_looked(tmp_path):
    grader = subprocess.Popen([sys.executable, "-c", "pass"])
    grader.wait()
    kernel = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    verdict = guard.guard(kernel, str(tmp_path), sandbox.Limits()._asdict(), grader.pid)
    assert verdict == "the grader ended" and kernel.poll() is not None


def test_only_a_private_folder_changes_its_owner(tmp_path):
    (tmp_path / "kernel.json").write_text("{}")
    os.chmod(tmp_path, 0o755)
    wish = sandbox.request(tmp_path, tmp_path / "verdict", sandbox.Limits())
    owner = tmp_path.stat().st_uid
    finished = subprocess.run(
        [sys.executable, guard.__file__, wish, str(tmp_path / "kernel.json")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "is not in the private folder" in finished.stderr
    assert tmp_path.stat().st_uid == owner


@pytest.mark.parametrize(
    ("program", "package"), [("bwrap", "bubblewrap"), ("prlimit", "util-linux")]
)
def test_what_is_missing_is_said(monkeypatch, program, package):
    which = sandbox.shutil.which
    monkeypatch.setattr(
        sandbox.shutil, "which", lambda name: None if name == program else which(name)
    )
    assert f"sudo apt install {package}" in sandbox.missing()
