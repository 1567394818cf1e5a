"""The same table from one worker, from two, and from three nodes of which one is killed."""

import random
import re

import pytest

from grading import autograde, cluster, export, intake
from grading.course import open_course, prepare
from tests.grading.classes import NAME, PACE, answered, hand_in, to_bytes, write_solution
from tests.grading.hostile import RIGHT, WRONG, files, notebooks
from tests.grading.nodes import cluster_of, kill

SEED = 17
# By accident or on purpose; those that take long are in test_hostile.py.
KINDS = [
    *("crash", "do_execute", "exit", "foreign_kernel", "input", "kill", "loop", "memory_at_once"),
    *("much_error", "os_exit", "patched_abs", "patched_allclose", "points_1000", "reads_history"),
    *("scripts", "silent_traceback", "socket", "tests_altered", "tests_deleted"),
    *("tests_duplicated", "warnings"),
]
CLASS = 28


def the_class():
    """Return {learner: (a file's bytes, its name, its expected outcome)}, the same every time."""
    draw = random.Random(SEED)
    strange = {name: (data, f"{NAME}.ipynb", end) for name, (data, end) in notebooks().items()}
    drawn = draw.sample(KINDS, 12)
    learners = {name: strange[name] for name in drawn}
    learners |= dict(draw.sample(sorted(files().items()), 8))
    while len(learners) < CLASS:
        parts = [part for part in WRONG if draw.random() < 0.5]
        end = RIGHT._replace(score=16.0 - 8 * len(parts))
        content = to_bytes(answered(**{part: WRONG[part] for part in parts}))
        learners[f"honest{len(learners)}"] = (content, f"{NAME}.ipynb", end)
    return learners


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    write_solution(folder / "solutions")
    for learner, (content, name, _) in the_class().items():
        hand_in(folder / "given", learner, content, file=name)
    return folder


def table(folders, name, workers=1, **options):
    """Grade the class into a new gradebook; return its table."""
    course = open_course(folders / name, folders / "solutions")
    prepare(course, NAME)
    intake.take_in(course, NAME, folders / "given")
    pace = PACE._replace(workers=workers)
    graded = autograde.grade_waiting(course, NAME, pace, **options)
    assert len({entry.learner for entry in graded}) == len(graded)
    return [row._replace(status=without_drawn(row.status)) for row in export.rows(course, NAME)]


def without_drawn(status):
    """Return a status without the assertion that did not fail, which is a drawn one."""
    return re.sub(r"(prove nothing).*", r"\1", status)


@pytest.fixture(scope="module")
def of_two(folders):
    return table(folders, "two", workers=2)


def test_everyone_has_a_true_status(of_two):
    assert len(of_two) == CLASS
    found, wrong = {row.learner: row for row in of_two}, {}
    for learner, (_, _, end) in the_class().items():
        row = found[learner]
        if (
            not re.fullmatch(without_drawn(end.status), row.status, re.DOTALL)
            or row.score != end.score
        ):
            wrong[learner] = (row.status, row.score, end)
    assert not wrong


def test_one_worker_gives_the_table_of_two(folders, of_two):
    assert table(folders, "one") == of_two


def test_three_nodes_give_the_table_of_two_though_one_is_killed(folders, of_two):
    with cluster_of(3, folders) as nodes, cluster.workers_at(nodes.address) as client:

        def progress(done, of):
            if done == 5:
                kill(nodes.running[-1])

        assert table(folders, "nodes", client=client, progress=progress) == of_two
        assert len(client.scheduler_info(n_workers=-1)["workers"]) == 2
