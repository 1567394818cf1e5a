"""Execute the notebooks, normalise them, and derive the exercises from the solutions.

These are the start page, the lectures and the solutions.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.contents import write_contents
from tools.derive import remove_orphans, write_exercise
from tools.execute import execute

ROOT = Path(__file__).resolve().parents[1]
MOST_WORDS = 2600
MOST_CODE_LINES = 25


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Update the notebooks under `root`, or the named ones; return 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.notebooks", description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, help="some of them (default: all)")
    named = [path.resolve() for path in parser.parse_args(arguments).paths]
    patterns = ("start.ipynb", "lectures/*.ipynb", "solutions/*/*.ipynb")
    known = [path for pattern in patterns for path in sorted(root.glob(pattern))]
    if unknown := set(named) - set(known):
        parser.error(f"no start page, lecture or solution: {', '.join(map(str, sorted(unknown)))}")

    paths = named or known
    failed = False
    # Threads are enough: each notebook's kernel is a process of its own.
    with ThreadPoolExecutor(max_workers=2) as pool:
        for path, problems in zip(paths, pool.map(_update, paths), strict=True):
            name = path.relative_to(root)
            failed = failed or bool(problems)
            print(f"{name}: {'FAILED' if problems else 'done'}", flush=True)
            for problem in problems:
                print(f"  error: {problem}")
            if not problems and name.parts[0] == "lectures":
                for warning in length_warnings(nbformat.read(path, as_version=4)):
                    print(f"  warning: {warning}")
    if not named:
        for orphan in remove_orphans(root):
            print(f"{orphan.relative_to(root)}: removed, its solution is gone")
        if not failed:
            write_contents(root)
    return int(failed)


def length_warnings(notebook: NotebookNode) -> Iterator[str]:
    """Yield the faults that make a lecture hard to read: many words, long or unexplained code."""
    text = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    words = sum(any(map(str.isalnum, word)) for word in " ".join(text).split())
    if words > MOST_WORDS:
        yield f"{words} words of text, more than {MOST_WORDS}"
    for number, cell in enumerate(notebook.cells, start=1):
        lines = sum(bool(line.strip()) for line in cell.source.splitlines())
        if cell.cell_type == "code" and lines > MOST_CODE_LINES:
            yield f"cell {number} has {lines} lines of code, more than {MOST_CODE_LINES}"
    codes = sum(cell.cell_type == "code" for cell in notebook.cells)
    if not 0.5 <= codes / max(len(text), 1) <= 2:
        yield f"{codes} code cells beside {len(text)} text cells"


def _update(path: Path) -> list[str]:
    try:
        problems = execute(path)
        if not problems and path.parent.parent.name == "solutions":
            write_exercise(path)
    except Exception as error:  # one notebook's fault must not stop the others
        return [f"{type(error).__name__}: {error}"]
    return problems


if __name__ == "__main__":
    raise SystemExit(main())
