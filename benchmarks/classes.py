"""A class of 300, honest, accidental and hostile: the same table from any workers."""

import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.tables import Table
from grading import autograde, cluster, export, intake
from grading.course import open_course, prepare
from tests.grading import hostile
from tests.grading.classes import NAME, PACE, answered, hand_in, snapshot, to_bytes, write_solution
from tests.grading.nodes import cluster_of, kill

LEARNERS = 300
HONEST = 0.7  # of the class; the others are drawn from the tests' accidents and attacks


def table(learners: int = LEARNERS, seed: int = 0) -> Table:
    """Grade one class by one worker, by two, and by three nodes of which one is killed."""
    rows, missed, first = [], [], None
    with tempfile.TemporaryDirectory(prefix="class-") as place:
        folder = Path(place)
        expected = make_class(folder / "given", learners, seed)
        solutions = write_solution(folder / "solutions")
        before = snapshot(folder / "given")
        for words, workers in WAYS.items():
            found = graded(folder / words.replace(" ", "-"), solutions, folder / "given", workers)
            first = first or found
            wrong = [
                who for who, end in expected.items() if not end.is_met(*found.get(who, ("", None)))
            ]
            # A hostile submission may end in one of several ways, by the machine's load.
            unlike = [
                who
                for who, end in expected.items()
                if "|" not in end.status and told(found.get(who)) != told(first.get(who))
            ]
            touched = snapshot(folder / "given") != before
            numbers = [len(found), len(expected) - len(wrong), len(unlike), int(touched)]
            print(words, numbers, wrong, unlike, flush=True)
            rows.append([words, *map(str, numbers)])
            if len(found) != learners or wrong or unlike or touched:
                missed.append(f"{words}: wrong {wrong}, unlike {unlike}, touched: {touched}")
    columns = ["graded by", "statuses", "as expected", "unlike one worker's", "files touched"]
    return Table(columns, rows, missed)


def make_class(folder: Path, learners: int, seed: int) -> dict[str, hostile.Expected]:
    """Hand in a class; return what each submission must come to."""
    rng = np.random.default_rng(seed)
    honest = {
        "right": ({}, hostile.RIGHT),
        "half": ({"mean": "return 0.0"}, hostile.EIGHT),
        "wrong": (hostile.WRONG, hostile.ZERO),
    }
    others = [(name, content, None, end) for name, (content, end) in hostile.notebooks().items()]
    others += [(name, *content_file_end) for name, content_file_end in hostile.files().items()]
    expected = {}
    for number in range(learners):
        if rng.random() < HONEST:
            kind = rng.choice(list(honest))
            answers, end = honest[kind]
            content, file = to_bytes(answered(**answers)), None
        else:
            kind, content, file, end = others[rng.integers(len(others))]
        learner = f"{kind}-{number:03d}"
        hand_in(folder, learner, content, file=file)
        expected[learner] = end
    return expected


def graded(work: Path, solutions: Path, given: Path, workers: Callable) -> dict[str, tuple]:
    """Return each learner's status and score."""
    course = open_course(work, solutions)
    prepare(course, NAME)
    intake.take_in(course, NAME, given)
    with workers(work) as (client, progress):
        autograde.grade_waiting(course, NAME, PACE, client=client, progress=progress)
    return {row.learner: (row.status, row.score) for row in export.rows(course, NAME)}


@contextmanager
def workers_here(number: int, work: Path):
    """Grade by workers of this machine."""
    with cluster.workers_here(number, work / ".workers") as client:
        yield client, lambda done, of: None


@contextmanager
def three_nodes(work: Path):
    """Grade by a cluster; kill one of its three nodes after a third of the class."""
    with cluster_of(3, work) as nodes, cluster.workers_at(nodes.address) as client:

        def progress(done: int, of: int) -> None:
            if done == of // 3:
                kill(nodes.running.pop())

        yield client, progress


WAYS = {
    "one worker": partial(workers_here, 1),
    "two workers": partial(workers_here, 2),
    "three nodes, one of them killed": three_nodes,
}


def told(found: tuple | None) -> tuple | None:
    """Return a status and a score without the drawn assertion that a status quotes."""
    return found and (found[0].partition(" (")[0], found[1])
