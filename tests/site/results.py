"""What a notebook in the browser must give."""

from pathlib import Path

import nbformat

from tests.lab import ROOT
from tests.site.live import OTHERWISE, Live, is_same, texts
from tools.site.missing import missing_cells
from xaikit.course.not_installed import FIRST_WORDS

# A person sees a card there, and a program other words: progress, and answers that are missing.
PERSONAL = "progress(", "your_turn("


def wrong_results(live: Live, stored: Path) -> dict[str, tuple]:
    """Return, by their code, the open notebook's cells that give something else than is stored.

    The checks of an assignment are left out: a person gets cards from them.
    """
    missing = {cell.id for cell in missing_cells(stored)}
    wrong = {}
    cells = nbformat.read(stored, as_version=4).cells
    assert len(live.cells()) == len(cells)
    for cell, expected in zip(live.cells(), cells, strict=True):
        code = expected.source
        is_ignored = "nbval-ignore-output" in expected.metadata.get("tags", [])
        is_card = expected.metadata.get("nbgrader", {}).get("grade")
        if (
            expected.cell_type != "code"
            or is_ignored
            or is_card
            or any(p in code for p in PERSONAL)
        ):
            continue
        fresh = cell["outputs"]
        if expected.id in missing:
            assert FIRST_WORDS in texts(fresh)[0][1], code
            fresh = [output for output in fresh if FIRST_WORDS not in str(output)]
        # A cell that is listed, and is the same after all, is to leave the list.
        if is_same(fresh, expected.outputs) == (code.splitlines()[0] in OTHERWISE):
            wrong[code] = texts(fresh), texts(expected.outputs)
    return wrong


def wrong_results_of_lecture(live: Live, name: str) -> dict[str, tuple]:
    """Open and run a lecture; return what `wrong_results` returns."""
    path = f"lectures/{name}.ipynb"
    live.open(path)
    live.run_all()
    return wrong_results(live, ROOT / path)
