"""The guide's scripts grade a class by the workers of a queue and of a gateway."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from grading import export
from grading.course import open_course
from tests.clusters import servers
from tests.clusters.servers import ROOT
from tests.grading.classes import NAME, answered, hand_in, write_solution

LEARNERS = 6


@pytest.fixture
def folder():
    """Yield a private folder with a short path, which sockets need."""
    with tempfile.TemporaryDirectory() as place:
        yield Path(place)


def script(name):
    """Return the guide's script of a name."""
    text = (ROOT / "grading" / "README.md").read_text(encoding="utf-8")
    return re.search(rf"```\n(# {name}\.py: .*?)```", text, re.DOTALL)[1]


def expect_grades(folder, text, **environment):
    """Run a script for a class; expect each learner's grade."""
    solutions = write_solution(folder / "solutions")
    for number in range(LEARNERS):
        answer = answered(mean="return 0.0") if number % 2 else answered()
        hand_in(folder / "given", f"learner{number}", answer)
    (folder / "script.py").write_text(text, encoding="utf-8")
    options = ["--submissions", "given", "--work", "work", "--solutions", "solutions"]
    words = [str(folder / word) if word[0] != "-" else word for word in options]
    ended = subprocess.run(
        [sys.executable, str(folder / "script.py"), "grade", NAME, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    rows = export.rows(open_course(folder / "work", solutions), NAME)
    found = [(row.learner, row.status, row.score) for row in rows]
    assert found == [
        (f"learner{number}", "needs manual", 8 if number % 2 else 16) for number in range(LEARNERS)
    ]


def test_the_script_for_slurm_grades_on_its_nodes(folder):
    pytest.importorskip("dask_jobqueue")
    if not all(map(shutil.which, ("slurmctld", "slurmd", "munged"))):
        pytest.skip("Slurm is not installed (Debian: slurm-wlm and munge)")
    (folder / "dask").mkdir(mode=0o700)
    before = set(ROOT.iterdir())
    (folder / "slurm").mkdir()
    with servers.slurm(folder / "slurm") as environment:
        expect_grades(folder, script("slurm"), **environment)
    assert len(list((folder / "dask").glob("*.err"))) == servers.NODES  # a job on each, others wait
    assert set(ROOT.iterdir()) == before


def test_the_script_for_a_gateway_grades_by_its_workers(folder):
    pytest.importorskip("dask_gateway_server")
    (folder / "gateway").mkdir()
    with servers.gateway(folder / "gateway") as address:
        text = script("gateway").replace("https://gateway.example.edu", address)
        assert address in text
        expect_grades(folder, text)
