"""Build the web book: gather its pages in a folder, and let Sphinx make HTML of them.

Lectures and exercises are copied as they are, and their results are the stored ones; only the
pictures under the sliders are drawn anew (tools/live_figures.py). The lists of references and of
xaikit's public names are written here; the pages of its modules are Sphinx's work.
"""

from __future__ import annotations

import argparse
import re
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell
from sphinx.cmd.build import build_main

import xaikit
from tools import live_figures
from tools.formulas import with_tex
from tools.references import linked, works

ROOT = Path(__file__).resolve().parents[1]
COPIED = [
    "README.md",
    "benchmarks/README.md",
    "benchmarks/images/*.png",
    "lectures/*.ipynb",
    "lectures/*.md",
    "exercises/*/*.ipynb",
]
# The part of MathJax's 24 MB that pages need: formulas as HTML, and the parts loaded on demand.
MATHJAX = ["tex-chtml.js", "output/chtml", "input/tex/extensions"]
NUMBER = r"\b(\d\db?)\b"  # of a lecture
WIDGET_NOTE = "*In JupyterLab there are controls here; the next figure shows one setting.*"
SLIDER_NOTE = "*In JupyterLab there are controls here; the slider shows some of their settings.*"


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the book, and print where it is."""
    parser = argparse.ArgumentParser(prog="python -m tools.book", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build", help="for the book")
    folder = parser.parse_args(arguments).folder.resolve()
    status = build(folder / "book-source", folder / "book")
    if status == 0:
        print(f"The book: {folder / 'book' / 'index.html'}")
    return status


def build(source: Path, book: Path, is_live: bool = False) -> int:
    """Gather the pages in `source`, make the book in `book`; return Sphinx's exit status.

    With `is_live` each notebook's page has a link to the same notebook in the folder `live`, where
    it can be run (tools/site).

    Both folders are made again each time. Sphinx reports faults only when it reads a page, and it
    does not read an unchanged page again.
    """
    for folder in (source, book):
        shutil.rmtree(folder, ignore_errors=True)
    gather(source)
    return make_pages(source, book, is_live)


def make_pages(source: Path, book: Path, is_live: bool = False) -> int:
    """Run Sphinx on `source` to make HTML in `book`; return its exit status."""
    # Two processes. A warning makes the build fail, but only after all of them are shown.
    options = ["-q", "-j", "2", "-W", "--keep-going", "-d", str(source / ".doctrees")]
    options += ["-t", "live"] * is_live
    return build_main([*options, "-b", "html", str(source), str(book)])


def gather(source: Path) -> None:
    """Write all input of Sphinx into a folder."""
    shutil.copytree(ROOT / "book", source)
    for pattern in COPIED:
        for path in sorted(ROOT.glob(pattern)):
            copy = source / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    live_figures.insert(source)
    # The README's pictures are the book's own, and the first page is beside them.
    readme = source / "README.md"
    readme.write_text(readme.read_text().replace('"book/_static/', '"_static/'))
    copy_mathjax(source / "_static" / "mathjax")
    (source / "references.md").write_text(references_page())
    (source / "api").mkdir()
    (source / "api" / "index.md").write_text(public_names_page())


def copy_mathjax(target: Path) -> None:
    """Copy MathJax from its package, which has no importable name."""
    package = find_spec("sphinx-mathjax-offline")
    assert package and package.origin
    for part in MATHJAX:
        path = Path(package.origin).parent / "static" / "mathjax" / part
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if path.is_dir() else shutil.copy)(path, target / part)


def read_notebook(text: str, live: str | None = None) -> str:
    """Return a notebook's text, with the links and notes changed for readers of the book.

    If `live` is its place from the book's first page on, it has a link to where it can be run.
    """
    notebook = nbformat.reads(text, as_version=4)
    cells = []
    for cell, after in zip_longest(notebook.cells, notebook.cells[1:]):
        cells.append(cell)
        if cell.cell_type == "markdown":
            cell.source = unbroken(linked(link_to_api(cell.source)))
        elif "widgets.explore(" in cell.source:
            is_slider = after is not None and after.source.startswith(live_figures.SLIDER)
            cells.append(new_markdown_cell(SLIDER_NOTE if is_slider else WIDGET_NOTE))
    if live:
        cells.insert(1, new_markdown_cell(live_link(live)))
    notebook.cells = cells
    return nbformat.writes(notebook)


def unbroken(text: str) -> str:
    """Return Markdown in which no line ends between a number and "minutes" or "points"."""
    return re.sub(r"(\d) (minutes|points)\b(\*\*, (?=★))?", _with_no_break, text)


def _with_no_break(match: re.Match[str]) -> str:
    return match[0].replace(" ", "\N{NO-BREAK SPACE}")


def live_link(place: str) -> str:
    """Return the link from a notebook's page to the same notebook, ready to run."""
    up = "../" * place.count("/")
    return (
        f'<p class="live-link"><a href="{up}live/lab/index.html?path={place}.ipynb">'
        "Open in the browser</a>: run and change it, with nothing to install.</p>"
    )


def link_to_api(text: str) -> str:
    """Return Markdown in which links to files of xaikit point to the pages about them."""

    def page(match: re.Match[str]) -> str:
        return f"]({match[1]}api/xaikit.{match[2].replace('/', '.')}.rst)"

    return re.sub(r"\]\(((?:\.\./)+)xaikit/([\w/]+)\.py\)", page, text)


def docstring_line(line: str) -> str:
    """Return a docstring's line with its formulas in TeX, and links to lectures and to works."""
    if line.lstrip().startswith(".. math::"):
        return with_tex(line)
    if not line.lstrip().startswith(">>>"):
        line = line.replace(" -> ", " → ")  # as in signatures
    return link_to_lectures(linked(escape_formulas(with_tex(line)), "`{0} <{1}>`__"))


def link_to_lectures(line: str) -> str:
    """Return reStructuredText in which "lecture 03" and "lectures 03 and 06" are links."""
    pages = {path.name.split("_")[0]: path.stem for path in ROOT.glob("lectures/*.ipynb")}

    def link(match: re.Match[str]) -> str:
        return f":doc:`{match[0]} </lectures/{pages[match[1]]}>`"

    def links(match: re.Match[str]) -> str:
        return re.sub(NUMBER, link, match[0])

    line = re.sub(rf"\b[Ll]ectures {NUMBER}(?:(?:, | and | to ){NUMBER})+", links, line)
    return re.sub(rf"\b[Ll]ecture {NUMBER}", link, line)


def escape_formulas(line: str) -> str:
    """Escape |x| and importances_ in a docstring's line, which reStructuredText takes for markup.

    What stands between backticks is left as it is, and **strong** words are strong.
    """
    parts = re.split(r"(`+[^`]*`+)", line)
    markup = r"(\||(?<!\*)\*(?=\w)|(?<=\w)_(?!\w))"
    parts[::2] = [re.sub(markup, r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def plain_signature(signature: str | None) -> str | None:
    """Return a signature with the code's names of types and defaults, and without Any."""
    for pattern, instead in [
        (r"~(?!xaikit)(?:\w+\.)+", ""),
        (r"<(?:built-in )?function (\w+)>", r"\1"),
        (r"<factory>", "..."),
        (r"^\(\*args, \*\*kwargs\)$", ""),  # a protocol: nobody calls it
        (r": Any(?=,|\)| =)", ""),
    ]:
        signature = signature and re.sub(pattern, instead, signature)
    return signature


def references_page() -> str:
    """Return the page with all works that the lectures cite."""
    lines = [
        "# References",
        "",
        "What the lectures cite, each work once, with the lectures that cite it.",
        "",
    ]
    for work in works(sorted(ROOT.glob("lectures/*.ipynb"))):
        places = ", ".join(
            f"[{path.name.split('_')[0]}](lectures/{path.name})" for path in work.lectures
        )
        lines.append(f"- {linked(work.text)} Lecture{'s' * (len(work.lectures) > 1)} {places}.")
    return "\n".join(lines) + "\n"


def public_names_page() -> str:
    """Return the page that lists xaikit's public names, each by the module that it comes from."""
    names = sorted(xaikit.__all__, key=str.lower)
    lines = [
        "# Public names",
        "",
        "All of these are there after `import xaikit as xk`: `xk.lrp`, for one.",
        "",
        "```{eval-rst}",
        ".. autosummary::",
        "   :signatures: none",
        "",
        *(f"   ~{getattr(xaikit, name).__module__}.{name}" for name in names),
        "```",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
