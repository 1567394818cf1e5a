"""Build the web book: gather its pages in a folder, and let Sphinx make HTML of them.

Lectures and exercises are copied and not run. This module writes the pages of xaikit and the list
of references, from the package's files and from the lectures.
"""

from __future__ import annotations

import argparse
import ast
import re
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell
from sphinx.cmd.build import build_main

from tools.references import linked, works

ROOT = Path(__file__).resolve().parents[1]
COPIED = [
    "README.md",
    "benchmarks/README.md",
    "benchmarks/images/*.png",
    "lectures/*.ipynb",
    "lectures/*.md",
    "lectures/images/*.png",
    "exercises/*/*.ipynb",
]
# The part of MathJax's 24 MB that pages need: formulas as HTML, and the parts loaded on demand.
MATHJAX = ["tex-chtml.js", "output/chtml", "input/tex/extensions"]
WIDGET_NOTE = "*In JupyterLab there are controls here; the next figure shows one setting.*"
FOLDERS = ["methods", "games", "networks", "metrics", "plots", "core", "course"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the book, and print where it is."""
    parser = argparse.ArgumentParser(prog="python -m tools.book", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build", help="for the book")
    folder = parser.parse_args(arguments).folder.resolve()
    status = build(folder / "book-source", folder / "book")
    if status == 0:
        print(f"The book: {folder / 'book' / 'index.html'}")
    return status


def build(source: Path, book: Path) -> int:
    """Gather the pages in `source`, make the book in `book`; return Sphinx's exit status.

    Both folders are made again each time. Sphinx reports faults only when it reads a page, and it
    does not read an unchanged page again.
    """
    for folder in (source, book):
        shutil.rmtree(folder, ignore_errors=True)
    gather(source)
    return make_pages(source, book)


def make_pages(source: Path, book: Path) -> int:
    """Run Sphinx on `source` to make HTML in `book`; return its exit status."""
    # Two processes. A warning makes the build fail, but only after all of them are shown.
    options = ["-q", "-j", "2", "-W", "--keep-going", "-d", str(source / ".doctrees")]
    return build_main([*options, "-b", "html", str(source), str(book)])


def gather(source: Path) -> None:
    """Write all input of Sphinx into a folder."""
    shutil.copytree(ROOT / "book", source)
    for pattern in COPIED:
        for path in sorted(ROOT.glob(pattern)):
            copy = source / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    copy_mathjax(source / "_static" / "mathjax")
    (source / "references.md").write_text(references_page())
    (source / "api").mkdir()
    for name, text in api_pages().items():
        (source / "api" / f"{name}.md").write_text(text)


def copy_mathjax(target: Path) -> None:
    """Copy MathJax from its package, which has no importable name."""
    package = find_spec("sphinx-mathjax-offline")
    assert package and package.origin
    for part in MATHJAX:
        path = Path(package.origin).parent / "static" / "mathjax" / part
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if path.is_dir() else shutil.copy)(path, target / part)


def read_notebook(text: str) -> str:
    """Return a notebook's text, with the links and notes changed for readers of the book."""
    notebook = nbformat.reads(text, as_version=4)
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type == "markdown":
            cell.source = linked(link_to_api(cell.source))
        elif "widgets.explore(" in cell.source:
            cells.append(new_markdown_cell(WIDGET_NOTE))
    notebook.cells = cells
    return nbformat.writes(notebook)


def link_to_api(text: str) -> str:
    """Return Markdown in which links to files of xaikit point to the pages about them."""

    def page(match: re.Match[str]) -> str:
        return f"]({match[1]}api/{match[2].replace('/', '.')}.md)"

    return re.sub(r"\]\(((?:\.\./)+)xaikit/([\w/]+)\.py\)", page, text)


def escape_formulas(line: str) -> str:
    """Escape |x| and importances_ in a docstring's line, which reStructuredText takes for markup.

    Text between backticks stays as it is.
    """
    parts = re.split(r"(`+[^`]*`+)", line)
    parts[::2] = [re.sub(r"(\||\*(?=\w)|(?<=\w)_(?!\w))", r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def plain_signature(signature: str | None) -> str | None:
    """Return a signature with the code's names of types and defaults, and without Any."""
    for pattern, instead in [
        (r"~(?!xaikit)(?:\w+\.)+", ""),
        (r"<function (\w+)>", r"\1"),
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
        places = ", ".join(f"[{path.name[:2]}](lectures/{path.name})" for path in work.lectures)
        lines.append(f"- {linked(work.text)} Lecture{'s' * (len(work.lectures) > 1)} {places}.")
    return "\n".join(lines) + "\n"


def api_pages() -> dict[str, str]:
    """Return the pages of xaikit by name: all public names, each folder, and each module."""
    pages = {"index": public_names_page()}
    for folder in FOLDERS:
        pages[folder] = f"# {folder}\n\n{first_line(folder)}\n\n{contents(folder)}"
        pages |= {name: module_page(name) for name in modules(folder)}
    return pages


def modules(folder: str) -> list[str]:
    """Return the modules inside a folder of xaikit, at any depth, without "xaikit."."""
    files = sorted((ROOT / "xaikit" / folder.replace(".", "/")).rglob("*.py"))
    paths = [file.relative_to(ROOT / "xaikit").with_suffix("") for file in files]
    names = [".".join(path.parts).removesuffix(".__init__") for path in paths]
    return sorted(name for name in names if name != folder)


def module_page(name: str) -> str:
    """Return the page of a module, or of a folder of modules."""
    file = file_of(name)
    path = file.relative_to(ROOT)
    title, directive = f"# xaikit.{name}", f"```{{eval-rst}}\n.. automodule:: xaikit.{name}"
    if not defines_names(file):
        return f"{title}\n\n{directive}\n```\n\n{contents(name)}"
    code = f"../_modules/xaikit/{name.replace('.', '/')}.html"
    whole = f'<p>The whole file: <a href="{code}">{path}</a></p>'
    parts = contents(name) if file.name == "__init__.py" else ""
    return f"{title}\n\n{whole}\n\n{directive}\n   :members:\n```\n\n{parts}"


def contents(folder: str) -> str:
    """Return a table of the modules in a folder, and the menu of their pages."""
    depth = folder.count(".") + 1
    names = [name for name in modules(folder) if name.count(".") == depth]
    rows = [f"| [xaikit.{name}]({name}.md) | {in_table(first_line(name))} |" for name in names]
    menu = [f"{name.rpartition('.')[2]} <{name}>" for name in names]
    table = ["| module | what it holds |", "| --- | --- |", *rows]
    return "\n".join([*table, "", "```{toctree}", ":hidden:", "", *menu, "```", ""])


def public_names_page() -> str:
    """Return the page that lists xaikit's public names."""
    rows = [
        f"| {{py:obj}}`xk.{name} <{home}.{name}>` | {in_table(first_line(home, name))} |"
        for name, home in sorted(public_names().items(), key=lambda item: item[0].lower())
    ]
    about = "All of these are there after `import xaikit as xk`."
    table = ["| name | what it is |", "| --- | --- |", *rows]
    return "\n".join(["# Public names", "", about, "", *table, ""])


def public_names() -> dict[str, str]:
    """Return the module of each public name of xaikit, read from its stub."""
    stub = ast.parse((ROOT / "xaikit/__init__.pyi").read_text())
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: f"xaikit.{node.module}" for node in imports for alias in node.names}


def first_line(module: str, name: str = "") -> str:
    """Return the first line of a module's docstring, without an import of the module."""
    tree = ast.parse(file_of(module.removeprefix("xaikit.")).read_text())
    described = {"": tree, **{getattr(node, "name", None): node for node in tree.body}}[name]
    return (ast.get_docstring(described) or "").partition("\n")[0]  # type: ignore[arg-type]


def defines_names(file: Path) -> bool:
    """Return whether a module defines functions or classes."""
    tree = ast.parse(file.read_text())
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return not all(name.startswith("_") for name in names)


def file_of(module: str) -> Path:
    """Return the file of a module of xaikit."""
    path = ROOT / "xaikit" / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def in_table(text: str) -> str:
    """Return text as a cell of a Markdown table."""
    return re.sub(r"([|*<])", r"\\\1", text)


if __name__ == "__main__":
    raise SystemExit(main())
