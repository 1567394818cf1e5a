"""What a learner has read and passed, in a small file of their own.

The file is `.progress.jsonl` in the folder of the course: each line is one thing, as JSON. A line
is added in one piece, so that two kernels can write at a time; lines that cannot be understood (a
newer version's, or half of one) stay where they are and count for nothing. Nothing is sent.
"""

import errno
import json
import os
import sys
from pathlib import Path
from urllib.parse import quote

from xaikit.course import notebook
from xaikit.course.cards import Link
from xaikit.course.contents import Assignment, Lecture

NAME = ".progress.jsonl"
# The folder of the notebook, in which its kernel starts.
HERE = Path.cwd()

# On the site (tools/site) the folder /drive is the browser's storage. A private window has none.
NO_STORAGE = "this window keeps no files. Download your work before you close it."
# BinderHub names itself to what it launches, and deletes it when its visitor leaves.
BINDER = "BINDER_LAUNCH_HOST"

# Of this kernel: what it has seen, also where it may not write.
_seen: set[tuple[str, str]] = set()
_complained: set[Path] = set()


def course() -> Path | None:
    """Return the folder of the course around the notebook; None if the notebook lies elsewhere."""
    for folder in (HERE, *HERE.parents):
        if (folder / "lectures").is_dir() and (folder / "exercises").is_dir():
            return folder
    return None


def file() -> Path:
    """Return the path of the file: in the course's folder, else beside the notebook."""
    return (course() or HERE) / NAME


def recall() -> set[tuple[str, str]]:
    """Return what was read and passed: ("read", lecture) and ("passed", "assignment/check")."""
    try:
        text = file().read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    return _seen | {thing for line in text.splitlines() for thing in _things(line)}


def passed(assignment: str, known: set[tuple[str, str]] | None = None) -> set[str]:
    """Return the names of an assignment's checks that were passed, of `recall`'s things."""
    known = recall() if known is None else known
    names = [name.split("/", 1) for kind, name in known if kind == "passed"]
    return {check for owner, *rest in names for check in rest if owner == assignment}


def remember(kind: str, name: str) -> str:
    """Add a thing to the file, unless it is there; return what to say if that is not possible.

    It is said once in each kernel. Only what a person does counts, and nothing in the folder of
    the solutions.
    """
    folder = course()
    is_solution = folder and HERE.is_relative_to(folder / "solutions")
    if is_solution or not notebook.is_run_by_a_person() or (kind, name) in recall():
        return ""
    _seen.add((kind, name))
    # The line begins on a new one, even behind half a line.
    line = ("\n" + json.dumps({kind: name})).encode()
    why = NO_STORAGE if _is_without_storage() else ""
    try:
        with open(file(), "ab", buffering=0) as ours:
            ours.write(line)
    except OSError as error:
        why = _unwritable(error)
    if not why or file() in _complained:
        return ""
    _complained.add(file())
    return f"This is not remembered after the notebook is shut down: {why}"


def where() -> str:
    """Return where all this is remembered, or why it is not."""
    why = NO_STORAGE if _is_without_storage() else ""
    ours = file()
    try:
        if ours.exists():
            open(ours, "ab").close()
        elif not os.access(ours.parent, os.W_OK):  # to make a file is no part of a question
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        why = _unwritable(error)
    if why:
        return f"Not remembered after the notebook is shut down: {why} Nothing is sent anywhere."
    if BINDER in os.environ:
        return (
            f"Remembered in {NAME} until you leave Binder, which then deletes this copy of the "
            "course: download your work before. Nothing is sent anywhere."
        )
    return f"Remembered in {NAME}, in your copy of the course, and sent nowhere."


def _is_without_storage() -> bool:
    return sys.platform == "emscripten" and not HERE.is_relative_to("/drive")


def _unwritable(error: OSError) -> str:
    return (
        f"{file()} cannot be written ({error.strerror or error}). Your answers are safe: they "
        "are in the notebook."
    )


def link_to(part: Lecture | Assignment, words: str = "") -> Link:
    """Return a link to a lecture or an assignment, as seen from the notebook."""
    words = words or str(part)
    file = f"{part.name}.ipynb"
    inside = f"lectures/{file}" if isinstance(part, Lecture) else f"exercises/{part.name}/{file}"
    folder = course()
    if folder is None or not (folder / inside).exists():
        return Link(words)
    return Link(words, quote(Path(os.path.relpath(folder / inside, HERE)).as_posix()))


def _things(line: str) -> list[tuple[str, str]]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):  # no JSON, or thousands of brackets
        return []
    if not isinstance(entry, dict):
        return []
    return [(kind, name) for kind, name in entry.items() if isinstance(name, str)]
