"""Write what the course holds, for its checks and its progress page: titles, exercises, points.

All of it is read from the lectures and the solutions. `make notebooks` runs this at its end.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.derive import derive
from xaikit.course.contents import digest

ROOT = Path(__file__).resolve().parents[1]
EXERCISE = re.compile(r"^## Exercise \d+ · (.+) \(\d+ points?\b", re.MULTILINE)


def contents_file(root: Path) -> Path:
    """Return the path of the file below a course's folder."""
    return root / "xaikit" / "course" / "contents.json"


def contents(root: Path) -> str:
    """Return the file's text for the lectures and solutions under `root`."""
    found = {
        "lectures": [
            {"name": path.stem, "title": _title(nbformat.read(path, as_version=4))}
            for path in sorted(root.glob("lectures/*.ipynb"))
        ],
        "assignments": [_assignment(path) for path in sorted(root.glob("solutions/*/*.ipynb"))],
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def write_contents(root: Path) -> None:
    """Write the file."""
    contents_file(root).write_text(contents(root), encoding="utf-8", newline="\n")


def _assignment(solution: Path) -> dict:
    # Learners run the exercise's cells, which are without hidden tests.
    notebook = nbformat.reads(derive(solution.read_text(encoding="utf-8")), as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    (module,) = re.findall(r"^from xaikit\.course\.checks import (\w+) as checks$", code, re.M)
    exercises: list[dict] = []
    for cell in notebook.cells:
        if heading := EXERCISE.search(cell.source):
            exercises.append({"title": heading[1], "by_hand": 0, "cells": []})
        mark = cell.metadata.get("nbgrader", {})
        if not mark.get("points"):
            continue
        if cell.cell_type == "code" and not mark["solution"]:
            cell_of = {"name": mark["grade_id"], "points": mark["points"]}
            exercises[-1]["cells"].append({**cell_of, "digest": digest(cell.source)})
        else:
            exercises[-1]["by_hand"] += mark["points"]
    title = _title(notebook)
    return {"name": solution.stem, "title": title, "checks": module, "exercises": exercises}


def _title(notebook: NotebookNode) -> str:
    """Return a notebook's title without its number: "03 · Shapley values" -> "Shapley values"."""
    (title,) = re.findall(r"^# (.+)", notebook.cells[0].source, re.MULTILINE)
    return title.partition(" · ")[2] or title


if __name__ == "__main__":
    write_contents(ROOT)
