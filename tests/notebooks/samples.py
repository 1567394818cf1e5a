"""Small correct notebooks, in which the tests plant faults."""

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.normalise import normalise

ANSWER = '''\
def doubled(value: float) -> float:
    """Twice the value."""
    ### BEGIN SOLUTION
    twice_the_value = value + value
    return twice_the_value
    ### END SOLUTION'''
CHECK = """\
assert doubled(2) == 4
### BEGIN HIDDEN TESTS
assert doubled(-3.5) == -7
### END HIDDEN TESTS"""
ESSAY = """\
Why is doubling linear?

<!-- BEGIN MARK SCHEME -->
8 points for naming additivity and homogeneity.
<!-- END MARK SCHEME -->"""


def printing(source, text):
    """Return a code cell that was run and printed `text`."""
    return new_code_cell(source, outputs=[new_output("stream", text=text)])


def lecture():
    """Return a stored lecture."""
    title = "# Doubling\n\n[Notes](notes.md#top) on ![a line through the origin](line.png)"
    story = "## A slope\n\n```\n# no heading\n```\n\nWhat will it print?"
    cells = [
        new_markdown_cell(title),
        new_code_cell("%matplotlib inline\nslope = 2"),
        new_markdown_cell(story),
        printing('print(f"twice 0.25 is {slope * 0.25:.3f}")', "twice 0.25 is 0.500\n"),
    ]
    return normalise(new_notebook(cells=cells))


def solution():
    """Return a stored solution: an answer, its check, and a question graded by hand."""
    cells = [
        new_markdown_cell("# Doubling, on your own"),
        graded(new_code_cell(ANSWER), "doubled", solution=True),
        graded(new_code_cell(CHECK), "check-doubled", grade=True, locked=True, points=12),
        graded(new_markdown_cell(ESSAY), "why-linear", task=True, locked=True, points=8),
    ]
    return normalise(new_notebook(cells=cells))


def graded(cell, grade_id, **marks):
    """Return the cell with nbgrader's metadata."""
    flags = dict.fromkeys(("grade", "locked", "solution", "task"), False)
    cell.metadata.nbgrader = {"schema_version": 3, "grade_id": grade_id, **flags, **marks}
    return cell
