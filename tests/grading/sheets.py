"""What pages are made of, for the tests: no notebook is run."""

import re

import nbformat
from nbformat.v4 import new_markdown_cell, new_output

from grading.page import Mark, Sheet
from tests.grading.classes import NAME, cell_of, solution, to_bytes
from tools.derive import derive

RIGHT = new_output("stream", text="✓ double: as it should be\n")
WRONG = new_output("error", ename="AssertionError", evalue="mean: wrong", traceback=["--> hidden"])
HINT = "<details><summary>Hint: which mean?</summary>\n\nThe one with `len`.\n\n</details>"
MARKS = {"double-check": Mark(8, 8), "mean-check": Mark(0, 8), "why": Mark(0, 4, waiting=True)}


def headed():
    """Return a solution with headings, a hint and a link into the course."""
    notebook = solution()
    texts = {
        2: "## Exercise 1 · Twice as much (8 points)\n\nSee [lecture 1](../../lectures/one.ipynb).",
        4: f"## Exercise 2 · A mean (8 points)\n\nFor $x_1$.\n\n{HINT}",
        6: "## Exercise 3 · In words (4 points, graded by hand)",
    }
    for index in sorted(texts, reverse=True):
        notebook.cells.insert(index, new_markdown_cell(texts[index]))
    return notebook


def sheet(notebook=None, release=None, **facts):
    """Return the sheet of a right double, a wrong mean, and an answer in words that waits."""
    solved = headed()
    if notebook is None:
        notebook = nbformat.from_dict(solved)
        cell_of(notebook, "double-check").outputs = [RIGHT]
        cell_of(notebook, "mean-check").outputs = [RIGHT, WRONG]
        notebook.cells[-1].source = "*Your answer:* Outliers."
    release = derive(release or solved)
    facts = {"marks": MARKS, "comments": {}, "total": 8.0, **facts}
    written = to_bytes(notebook).decode() if notebook else ""
    return Sheet("The course", NAME, "Anna Kim", release, notebook=written, **facts)


def with_cells(*cells):
    """Return a sheet whose learner has written these cells behind the last question."""
    notebook = headed()
    notebook.cells[-1:] = cells
    return sheet(notebook)


def words_of(html):
    """Return a page's words, without tags."""
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL).split())


def section(html, number):
    """Return the part of a page about one exercise."""
    return html.split(f'id="exercise-{number}"')[1].split("</section>")[0]
