"""Rules for every stored lecture and solution; each guard returns the problems that it finds."""

import ast
import re
import symtable
from itertools import pairwise
from urllib.parse import unquote

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbval.plugin import comment_markers, metadata_tags

from tools.execute import MEMORY_ADDRESS, output_texts
from tools.links import links_to_files
from tools.normalise import WIDGET_VIEW, normalise, to_text

MOST_BYTES = 1_000_000
CARD_WIDTH = 700  # pixels on the page: 7 inches at 100 dots per inch
VOLATILE = {
    "a memory address": MEMORY_ADDRESS,
    "a time of day": re.compile(r"\b\d{1,2}:\d{2}:\d{2}\b|\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"),
    "a duration": re.compile(
        r"\d ?(?:seconds?|secs?|ms|[µμ]s|ns)\b|\d\.\d+ ?s\b|Wall time|CPU times", re.IGNORECASE
    ),
    "a progress bar": re.compile(r"\d ?(?:it/s|s/it)\b|\d%\||\r"),
    "an array's repr": re.compile(r"\b(?:array|tensor)\(|\bnp\.\w+\("),
}
SIGNED_ZERO = re.compile(r"(?<![\w.)])[-−]0(?:\.0*)?(?![\w.])")
PERMITTED_MAGIC = "get_ipython().run_line_magic('matplotlib', 'inline')"
UNCHECKED_TAG = "nbval-ignore-output"
# Widgets are not stored, and the device depends on the machine.
MAY_BE_UNCHECKED = re.compile(r"interact|widgets|cuda")
# JupyterLab's own marks of a folded cell, and the tag that folds its code in the book.
FOLDED = ({"source_hidden": True, "outputs_hidden": True}, ["hide-input"])
# Functions of xaikit.course.plots that show nothing.
SILENT_PLOTS = {"style", "colour"}
DEFERRED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
FENCED = re.compile(r"^ *(`{3,}|~{3,})[^`\n]*\n.*?^ *\1[`~]* *$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*)", re.MULTILINE)
IMAGE_WITHOUT_ALT = re.compile(
    r"!\[\s*\][(\[]\S*|<img\b(?![^>]*\balt\s*=\s*[\"']\s*[^\"'\s])[^>]*>"
)


def invalid_format(notebook):
    """Report violations of the notebook format."""
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        return [str(error).splitlines()[0]]
    return []


def broken_counts(notebook):
    """Report cells whose execution count is missing or out of order: nbval would skip them."""
    problems = []
    for count, (number, cell) in enumerate(_code_cells(notebook), start=1):
        counts = {cell.execution_count} | {
            output.execution_count
            for output in cell.outputs
            if output.output_type == "execute_result"
        }
        if counts != {count}:
            problems.append(f"cell {number} has execution counts {counts} instead of {count}")
    return problems


def missing_outputs(notebook):
    """Report cells that print or plot, yet hold no output to compare."""
    return [
        f"cell {number} shows something, but no output is stored"
        for number, cell in _code_cells(notebook)
        if not cell.outputs and UNCHECKED_TAG not in cell.metadata.get("tags", []) and _shows(cell)
    ]


def failures(notebook):
    """Report error outputs and text on stderr."""
    return [
        f"cell {number} holds {'an error' if output.output_type == 'error' else 'stderr'}"
        for number, output in _outputs(notebook)
        if output.output_type == "error" or output.get("name") == "stderr"
    ]


def widget_leftovers(notebook):
    """Report stored widget state and widget views."""
    problems = ["the metadata hold widget state"] if "widgets" in notebook.metadata else []
    return problems + [
        f"cell {number} holds a widget view"
        for number, output in _outputs(notebook)
        if WIDGET_VIEW in output.get("data", {})
    ]


def volatile_outputs(notebook):
    """Report outputs that differ from run to run, and reprs that are not for readers."""
    return [
        f"cell {number} prints {what}: '{found[0]}'"
        for number, output in _outputs(notebook)
        for text in output_texts(output)
        for what, pattern in VOLATILE.items()
        if (found := pattern.search(text))
    ]


def signed_zeros(notebook):
    """Report a zero with a minus: a small number that was rounded, or a negative zero."""
    return [
        f"cell {number} shows '{found[0]}'"
        for number, output in _outputs(notebook)
        for text in output_texts(output)
        if (found := SIGNED_ZERO.search(text))
    ]


def trailing_semicolons(notebook):
    """Report lines that hide their value with a semicolon: nbval shows it anyway."""
    return [
        f"cell {number} has a line that ends with ';': {line.strip()}"
        for number, cell in _code_cells(notebook)
        for line in cell.source.splitlines()
        if line.rstrip().endswith(";")
    ]


def unknown_magics(notebook):
    """Report magics and shell commands: nbval accepts even those that do not exist."""
    return [
        f"cell {number} uses IPython's own syntax: {line}"
        for number, cell in _code_cells(notebook)
        for line in _python(cell).splitlines()
        if "get_ipython()" in line and line.strip() != PERMITTED_MAGIC
    ]


def unchecked_cells(notebook):
    """Report cells that skip nbval's check of their outputs without need."""
    problems = []
    for number, cell in _code_cells(notebook):
        tags = {tag for tag in cell.metadata.get("tags", []) if tag in metadata_tags}
        if MAY_BE_UNCHECKED.search(cell.source):
            tags.discard(UNCHECKED_TAG)
        comments = {comment for comment in comment_markers if comment in cell.source}
        problems += [f"cell {number} escapes the check by {way}" for way in sorted(tags | comments)]
    return problems


def spoilers(notebook):
    """Report cells that show a widget's figure before a learner has moved anything."""
    return [
        f"cell {number} stands open under a widget"
        for number, (cell, below) in enumerate(pairwise(notebook.cells), start=2)
        if "widgets.explore(" in cell.source
        and below.cell_type == "code"
        and (below.metadata.get("jupyter"), below.metadata.get("tags")) != FOLDED
    ]


def stale_widgets(notebook):
    """Report names that a widget reads whenever it is moved, and that a cell below it sets anew."""
    problems, above = [], ""
    cells = [(number, cell, _python(cell)) for number, cell in _code_cells(notebook)]
    for place, (widget, _, source) in enumerate(cells):
        above += f"{source}\n"
        if found := re.search(r"widgets\.explore\(\s*(\w+)", source):
            reads = _reads(found[1], above)
            for number, _, below in cells[place + 1 :]:
                for name in sorted(reads & _sets(below)):
                    problems.append(
                        f"cell {number} sets {name}, which cell {widget}'s widget reads"
                    )
    return problems


def heading_faults(notebook):
    """Report a missing or second title and skipped heading levels."""
    headings = [
        (len(hashes), text)
        for _, prose in _prose(notebook)
        for hashes, text in HEADING.findall(prose)
    ]
    levels = [level for level, _ in headings]
    problems = [] if levels[:1] == [1] else ["the first heading is not an H1"]
    if levels.count(1) > 1:
        problems.append(f"{levels.count(1)} H1 headings instead of one")
    return problems + [
        f"'{text}' skips a heading level"
        for (level, _), (next_level, text) in pairwise(headings)
        if next_level > level + 1
    ]


def missing_alt_texts(notebook):
    """Report images without alternative text."""
    return [
        f"cell {number} holds an image without alt text: {image}"
        for number, prose in _prose(notebook)
        for image in IMAGE_WITHOUT_ALT.findall(prose)
    ]


def bare_figures(notebook):
    """Report figures without a caption right behind them, and cards that are not 700 wide."""
    problems = []
    for number, cell in _code_cells(notebook):
        for output, following in pairwise([*cell.outputs, {}]):
            if "image/png" in output.get("data", {}):
                if "text/markdown" not in following.get("data", {}):
                    problems.append(f"cell {number} has a figure without a caption: use plots.say")
                if output.metadata.get("image/png", {}).get("width") != CARD_WIDTH:
                    problems.append(f"cell {number} has a figure that is not {CARD_WIDTH} wide")
    return problems


def half_folded_cells(notebook):
    """Report cells that are folded in JupyterLab or in the book, but not in both."""
    return [
        f"cell {number} is not folded in {'the book' if in_lab else 'JupyterLab'}"
        for number, cell in _code_cells(notebook)
        if (in_lab := cell.metadata.get("jupyter", {}).get("source_hidden", False))
        != ("hide-input" in cell.metadata.get("tags", []))
    ]


def open_drawings(notebook):
    """Report cells that only draw, and are not folded: the idea leads, and not how it is drawn."""
    return [
        f"cell {number} only draws, and is not folded"
        for number, cell in _code_cells(notebook)
        if not cell.metadata.get("jupyter", {}).get("source_hidden") and _only_draws(cell)
    ]


def not_normalised(path):
    """Report a file that `python -m tools.notebooks` would store differently."""
    notebook = nbformat.read(path, as_version=4)
    normal = normalise(notebook)
    problems = [
        f"cell {number} has id {cell.get('id')} instead of {normal_cell.id}"
        for number, (cell, normal_cell) in enumerate(
            zip(notebook.cells, normal.cells, strict=True), start=1
        )
        if cell.get("id") != normal_cell.id
    ]
    if not problems and path.read_bytes() != to_text(normal).encode():
        problems.append("not in its stored form: run python -m tools.notebooks")
    return problems


def oversize(path):
    """Report a file too large for a web page."""
    size = path.stat().st_size
    return [f"{size} bytes, {MOST_BYTES} or more"] if size >= MOST_BYTES else []


def dead_links(path):
    """Report links and images that lead to no file of this repository."""
    problems = []
    for number, prose in _prose(nbformat.read(path, as_version=4)):
        for target in links_to_files(prose):
            file = unquote(target.partition("#")[0])
            if file.startswith("/") or not (path.parent / file).exists():
                problems.append(f"cell {number} links to {target}, which does not exist")
    return problems


GUARDS = (
    invalid_format,
    broken_counts,
    missing_outputs,
    failures,
    widget_leftovers,
    volatile_outputs,
    signed_zeros,
    trailing_semicolons,
    unknown_magics,
    unchecked_cells,
    spoilers,
    stale_widgets,
    heading_faults,
    missing_alt_texts,
    bare_figures,
    half_folded_cells,
    open_drawings,
)
FILE_GUARDS = (not_normalised, oversize, dead_links)


def _code_cells(notebook):
    numbered = enumerate(notebook.cells, start=1)
    return [(number, cell) for number, cell in numbered if cell.cell_type == "code"]


def _outputs(notebook):
    return [(number, output) for number, cell in _code_cells(notebook) for output in cell.outputs]


def _prose(notebook):
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown":
            yield number, FENCED.sub("", cell.source)


def _python(cell):
    return TransformerManager().transform_cell(cell.source)


def _reads(function, source):
    """Return the global names that a function and those that it calls read."""
    tables = {t.get_name(): t for t in symtable.symtable(source, "", "exec").get_children()}

    def of(table):
        names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
        return names.union(*map(of, table.get_children()))

    read, waiting = set(), {function}
    while waiting:
        name = waiting.pop()
        if name in tables:
            waiting |= of(tables[name]) - read
            read |= of(tables[name])
    return read


def _sets(source):
    """Return the names that a cell sets; an import gives them the same value again."""
    symbols = symtable.symtable(source, "", "exec").get_symbols()
    return {s.get_name() for s in symbols if s.is_assigned() and not s.is_imported()}


def _only_draws(cell):
    """Return whether a cell draws, and neither imports, defines, prints nor explains anything."""
    steps = list(ast.walk(ast.parse(_python(cell))))
    called = [ast.unparse(step.func).split(".") for step in steps if isinstance(step, ast.Call)]
    draws = [names for names in called if names[0] == "plots" and names[-1] not in SILENT_PLOTS]
    others = [names for names in called if names[0] in ("print", "xk", "widgets")]
    made = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    return bool(draws) and not others and not any(isinstance(step, made) for step in steps)


def _shows(cell):
    waiting = [ast.parse(_python(cell))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, DEFERRED):
            continue
        if isinstance(node, ast.Call):
            names = ast.unparse(node.func).split(".")
            if names == ["print"] or ("plots" in names[:-1] and names[-1] not in SILENT_PLOTS):
                return True
        waiting.extend(ast.iter_child_nodes(node))
    return False
