"""axe has no complaint about the notebooks as web pages (WCAG 2 A and AA, and more)."""

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.browser import axe
from tests.lab import ROOT
from xaikit.course import cards, overview
from xaikit.course.cards import Bars, Card, Link

NOTEBOOKS = sorted(
    [ROOT / "start.ipynb", *ROOT.glob("lectures/*.ipynb"), *ROOT.glob("exercises/*/*.ipynb")]
)
# Complaints that are not about the course: an axe rule, and the place where it is ignored.
NOT_OURS = [
    # The counts beside the cells have JupyterLab's own pale grey. The text does not need them.
    ("color-contrast", ".jp-InputPrompt"),
    ("color-contrast", ".jp-OutputPrompt"),
    # JupyterLab's colours of comments, numbers, and words such as `in` have a contrast of 4.2 to
    # 4.4, and the rule demands 4.5. All other code is checked.
    ("color-contrast", ".highlight .c1"),
    ("color-contrast", ".highlight :is(.mi, .mf)"),
    ("color-contrast", ".highlight .ow"),
    # JupyterLab's style sheet underlines a link only under the mouse. Links also differ in colour.
    ("link-in-text-block", ".jp-RenderedMarkdown a"),
    # The empty corner of a table with names on two sides is not the head of anything. Markdown has
    # no other way to write it.
    ("empty-table-header", ".jp-RenderedMarkdown thead th:first-child"),
]
# For a text's image without alt text nbconvert writes "No description has been provided", and axe
# takes alt="" for decoration, which the course does not have. Both become images without alt.
# Figures of code cells keep nbconvert's words: matplotlib writes no alt text, and the caption
# below each figure replaces it.
FORGET_EMPTY_WORDS = """() => {
    document.querySelectorAll('.jp-RenderedMarkdown img').forEach(image => {
        if (/^$|^No description/.test(image.alt.trim())) image.removeAttribute('alt')
    })
}"""


def show(page, notebook):
    """Open a notebook in the form that nbconvert makes."""
    html, _ = HTMLExporter().from_notebook_node(notebook)
    page.set_content(html)
    page.evaluate(FORGET_EMPTY_WORDS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_axe_finds_no_fault(page, path):
    show(page, nbformat.read(path, as_version=4))
    assert axe.faults(page, NOT_OURS) == []


CARDS = [
    Card("○", "shares is not written yet: your code goes in the place of raise Not…()"),
    Card(
        "✗",
        "shares: not right yet",
        ["By hand: v = [[0, 4], [3, 10]]", "in line 3 of the cell with shares:  return x"],
        ("The random case", ["got 1, expected 2", "checks.last_inputs() shows the numbers."]),
    ),
    Card("✓", "shares: 20 games", [["16 of 16 points · then ", Link("lecture 04", "4.ipynb")]]),
    Card("✓", "shares", ["3 of 16 points"], part=(3, 16), bars=Bars("House:", {"a": -1.0})),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_fault_in_what_checks_say_nor_in_progress(page, theme):
    pages = [*map(cards.html, CARDS), overview.html(overview.rows())]
    outputs = [new_output("display_data", {"text/html": page}) for page in pages]
    cells = [new_markdown_cell("# Cards")]
    cells += [new_code_cell("x", execution_count=1, outputs=[output]) for output in outputs]
    html, _ = HTMLExporter(theme=theme).from_notebook_node(new_notebook(cells=cells))
    page.set_content(html)
    assert axe.faults(page, NOT_OURS) == []


def test_axe_finds_planted_faults(page):
    planted = {
        "![](line.png)": "image-alt",
        '<img src="line.png">': "image-alt",
        "### Straight to the third level": "heading-order",
        "[](notes.md)": "link-name",
        '<p style="color: #bbbbbb">Pale grey on white.</p>': "color-contrast",
        "| name | |\n| --- | --- |\n| w | 1 |": "empty-table-header",
        "<details><summary>Answer</summary>\n\n[](notes.md)\n\n</details>": "link-name",
    }
    cells = [new_markdown_cell(source) for source in ["# Faults", *planted]]
    show(page, new_notebook(cells=cells))
    assert sorted(rule for rule, _ in axe.faults(page, NOT_OURS)) == sorted(planted.values())


def test_nothing_is_left_out_without_need(page):
    result = new_output("execute_result", {"text/plain": "True"}, execution_count=1)
    cells = [
        new_markdown_cell("# Not ours\n\nIn a text [a link](notes.md), and more of the text."),
        new_markdown_cell("| | one | two |\n| --- | --- | --- |\n| w | 1 | 2 |"),
        new_code_cell("1 in [1.5, 1]  # a comment", execution_count=1, outputs=[result]),
    ]
    show(page, new_notebook(cells=cells))
    assert {(rule, place) for rule, _, place in axe.complaints(page, NOT_OURS)} == set(NOT_OURS)
