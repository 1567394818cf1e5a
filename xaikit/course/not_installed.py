"""A cell that needs a package which is not installed shows its stored result instead.

Some sections compare with other libraries, or show a network that is an extra. Who has not got the
package reads on: the cell is not run, one sentence says what is missing, and the result that is
stored with the course follows. A later cell that uses what such a cell would have defined is
treated in the same way.

`progress` in the first cell of a lecture begins to watch. A cell's needs are seen in its code,
before it runs: the packages that it imports, and the `NEEDS` of the modules of `xaikit.course` that
it imports.
"""

import ast
import dis
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import CodeType
from typing import Any

from xaikit.core.extras import PACKAGES
from xaikit.course import cards, contents, memory, notebook

# The browser edition of the course brings the results with it: {digest of the code: outputs}.
FILE = Path(__file__).with_suffix(".json")
FIRST_WORDS = "This cell needs "
# Another name in an import is a slip of the pen: Python says that there is no such module.
ASKED_FOR = {*PACKAGES, "captum", "lime", "xgboost"}


def watch() -> None:
    """Begin to watch the cells of this notebook; without one, do nothing."""
    shell = notebook.shell()
    if shell and not any(isinstance(one, Watcher) for one in shell.ast_transformers):
        watcher = Watcher()
        shell.events.register("pre_run_cell", watcher.remember)
        shell.ast_transformers.append(watcher)


class Watcher:
    """Follows the cells of a notebook, in the order in which they run.

    Attributes
    ----------
    is_installed : callable
        Tells of a package whether it can be imported.
    lost : dict of str to list of str
        The names that cells would have defined, and the packages without which these were not run.
    """

    def __init__(self, is_installed: Callable[[str], bool] | None = None) -> None:
        self.is_installed = is_installed or _is_installed
        self.code = ""
        self.lost: dict[str, list[str]] = {}

    def remember(self, info: Any) -> None:
        """Remember the code of the cell that will run."""
        self.code = info.raw_cell

    def visit(self, tree: ast.Module) -> ast.Module:
        """Return the tree of a cell; if it cannot run, one that shows its stored result."""
        missing = self.missing(tree)
        if not missing:
            return tree
        show = f"__import__('sys').modules[{__name__!r}].show({missing!r}, {self.code!r})"
        return ast.parse(show)

    def missing(self, tree: ast.Module) -> list[str]:
        """Return the packages that a cell needs and that are not installed."""
        try:
            parts = list(_parts(compile(tree, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)))
        except SyntaxError:  # IPython will say which
            return []
        imported = {name for part in parts for name in _imported(part)}
        made, used = _made_and_used(parts)
        needed = {package for module in imported for package in _needs(module)}
        lacking = {name for name in needed & ASKED_FOR if not self.is_installed(name)}
        lacking.update(*(self.lost[name] for name in used & self.lost.keys()))
        for name in made:
            self.lost.pop(name, None)
        if lacking:
            self.lost |= dict.fromkeys(made, sorted(lacking))
        return sorted(lacking)


def show(packages: list[str], code: str) -> None:
    """Say which packages a cell needs; show the result that is stored for its code."""
    from IPython.display import display

    names = [PACKAGES.get(name, (name, ""))[0] for name in packages]
    outputs = stored().get(contents.digest(code), [])
    verb = "is" if len(names) == 1 else "are"
    words = f"{FIRST_WORDS}{' and '.join(names)}, which {verb} not installed here."
    if outputs:
        words += " Its stored result:"
    cards.show_both(f"<p><em>{words}</em></p>", words)
    for output in outputs:
        if output["output_type"] == "stream":
            print("".join(output["text"]), end="")
        else:
            data = {kind: _joined(content) for kind, content in output["data"].items()}
            display(data, metadata=output["metadata"], raw=True)


def stored() -> dict[str, list[dict]]:
    """Return the stored results of the course's cells, by the digest of their code."""
    if FILE.exists():
        return json.loads(FILE.read_text(encoding="utf-8"))
    return {
        contents.digest("".join(cell["source"])): results(cell["outputs"])
        for path in memory.HERE.glob("*.ipynb")
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    }


def results(outputs: list[dict]) -> list[dict]:
    """Return the outputs of a cell that are its result: no error, and no sentence of `show`."""
    return [
        output
        for output in outputs
        if output["output_type"] != "error" and FIRST_WORDS not in "".join(_plain(output))
    ]


def _plain(output: dict) -> str | list[str]:
    return output.get("text", output.get("data", {}).get("text/plain", ""))


def _joined(content: Any) -> Any:
    is_lines = isinstance(content, list) and all(isinstance(line, str) for line in content)
    return "".join(content) if is_lines else content


def _is_installed(package: str) -> bool:
    return package in sys.modules or find_spec(package) is not None


def _needs(module: str) -> Iterator[str]:
    """Yield the packages that the import of a module asks for."""
    package = module.partition(".")[0]
    if module.startswith("xaikit.course."):
        with suppress(Exception):  # the cell itself will say so
            yield from getattr(import_module(module), "NEEDS", ())
    else:
        yield package


def _parts(code: CodeType) -> Iterator[CodeType]:
    """Yield a cell's code, and that of the functions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _parts(constant)


def _imported(code: CodeType) -> Iterator[str]:
    """Yield the modules that code imports, and what it takes from them, which may be modules."""
    module = ""
    for step in dis.get_instructions(code):
        if step.opname == "IMPORT_NAME":
            module = step.argval
            yield module
        elif step.opname == "IMPORT_FROM":
            yield f"{module}.{step.argval}"


def _made_and_used(parts: list[CodeType]) -> tuple[set[str], set[str]]:
    """Return the names that a cell defines, and those that it takes from earlier cells."""
    made: set[str] = set()
    used: set[str] = set()
    for step in dis.get_instructions(parts[0]):
        if step.opname == "STORE_NAME":
            made.add(step.argval)
        elif step.opname in ("LOAD_NAME", "LOAD_GLOBAL") and step.argval not in made:
            used.add(step.argval)
    for part in parts[1:]:
        used |= set(_arguments(part, "LOAD_NAME", "LOAD_GLOBAL")) - made
    return made, used


def _arguments(code: CodeType, *instructions: str) -> Iterator[str]:
    return (step.argval for step in dis.get_instructions(code) if step.opname in instructions)
