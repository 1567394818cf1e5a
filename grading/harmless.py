"""Remove scripts from learners' HTML.

nbgrader's formgrader shows notebooks inside the instructor's own session.
"""

from __future__ import annotations

from bleach import ALLOWED_ATTRIBUTES, ALLOWED_TAGS
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode
from nbgrader.utils import is_locked

# The HTML of lectures and pandas tables.
TAGS = "br details div h1 h2 h3 h4 h5 h6 hr img p pre span sub summary sup "
TAGS += "table tbody td tfoot th thead tr"


class Harmless(SanitizeHTML):
    """nbconvert's sanitising, for all cells except those that only the instructor can write."""

    def __init__(self, **settings) -> None:
        super().__init__(**settings)
        self.enabled = True
        self.tags = sorted({*ALLOWED_TAGS, *TAGS.split()})
        self.attributes = {**ALLOWED_ATTRIBUTES, "img": ["alt", "src", "width", "height"]}
        # nbgrader marks the rubric for graders with comments.
        self.strip_comments = False

    def preprocess_cell(self, cell: NotebookNode, resources: dict, cell_index: int) -> tuple:
        """Return a cell whose HTML has only text, links, pictures and tables."""
        if cell.cell_type == "markdown" and is_locked(cell):
            return cell, resources
        return super().preprocess_cell(cell, resources, cell_index)
