"""Make a learner's notebook harmless for whoever opens it.

nbgrader's pages show learners' text and outputs inside the instructor's own session. What is not
known to be harmless is shown as plain text, so that no answer is lost.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import bleach
from bleach.html5lib_shim import HTMLParser
from nbconvert.filters import strip_files_prefix
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from grading.marks import is_locked

NOTE = "*(Shown as text, because it holds HTML, a link or a picture that these pages do not show.)*"
# What Markdown, pandas tables and syntax colours need. Whatever else is there is not shown.
TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt"),
    *("em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "input", "li", "ol", "p", "pre"),
    *("s", "span", "strong", "sub", "summary", "sup"),
    *("table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
}
# A picture is one inside the notebook: another one would tell its owner who reads it and when.
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
BASE64 = r"[A-Za-z0-9+/\s]*={0,2}\s*"
SIZE = r"\d{1,4}"
ATTRIBUTES = {
    "href": r"(?i:https?:|mailto:)[^\0-\x1f]*|(?![^/?#]*:)[^\0-\x1f]*",
    "src": rf"data:image/(png|jpeg|gif|webp|svg\+xml);base64,{BASE64}",
    "alt": r"[^\0]*",
    "title": r"[^\0]*",
    "border": SIZE,
    "width": SIZE,
    "height": SIZE,
    "colspan": SIZE,
    "rowspan": SIZE,
    "start": SIZE,
    "id": r"[^\0]*",
    "open": "",
    "type": "checkbox",
    "disabled": "",
    "checked": "",
    "style": r"text-align: ?(left|right|center);?",
    # Those of syntax colours (of three letters at most) and of nbconvert's Markdown.
    "class": r"highlight|anchor-link|dataframe|language-[\w+-]+|task-list-item(-checkbox)?|"
    r"[a-z][a-z0-9]{0,2}|",
}
ATTRIBUTES_OF = {
    "a": "href title class",
    "img": "src alt title width height",
    "input": "type disabled checked class",
    "details": "open",
    "ol": "start",
    "abbr": "title",
    "table": "border class",
    **dict.fromkeys(("td", "th"), "colspan rowspan style"),
    **dict.fromkeys(("code", "div", "li", "pre", "span", "tr", "ul"), "class"),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "id"),
}
# Commands of formulas that make links, load extensions or change the page.
COMMANDS = re.compile(
    r"\\(href|url|require|style|class|cssId|bbox|mmlToken|includegraphics|html[A-Z]\w*)\b"
)
STYLE = re.compile(r"<style\b.*?</style\s*>", re.DOTALL | re.IGNORECASE)
REMOTE_PICTURE = re.compile(r"!(\[[^\]]*\]\(https?:[^)\s]*\))")


class Harmless(Preprocessor):
    """The step of nbgrader's autograding that leaves only what harms nobody in a notebook."""

    def __init__(self, **settings) -> None:
        super().__init__(**settings)
        self.enabled = True

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Return the notebook, harmless."""
        # The kernel wrote there, and it was the learner's.
        nb.metadata.pop("widgets", None)
        nb.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
        for cell in nb.cells:
            make_harmless(cell)
        return nb, resources


def make_harmless(cell: NotebookNode) -> None:
    """Change a cell so that no page or editor that shows it can be harmed.

    Text in locked cells is the instructor's own, and stays.
    """
    if cell.cell_type == "code":
        cell.execution_count = _count(cell.execution_count)
        outputs = [_output(output) for output in cell.outputs]
        cell.outputs = [output for output in outputs if output.get("data") != {}]
    elif not is_locked(cell):
        attachments = _attachments(cell.pop("attachments", {}))
        if attachments:
            cell["attachments"] = attachments
        if cell.cell_type == "markdown":
            cell.source = _markdown(cell.source, attachments)
        else:
            cell.source = _html(cell.source)


def _output(output: NotebookNode) -> NotebookNode:
    """Return an output with only the kinds of data and metadata that are known."""
    kind = output.output_type
    new = NotebookNode(output_type=kind)
    if kind == "stream":
        new.name = "stderr" if output.name == "stderr" else "stdout"
        new.text = str(output.text)
    elif kind == "error":
        new.ename, new.evalue = str(output.ename), str(output.evalue)
        new.traceback = [str(line) for line in output.traceback]
    else:
        if kind == "execute_result":
            new.execution_count = _count(output.execution_count)
        new.data = NotebookNode(_data(output.data))
        new.metadata = NotebookNode(
            {kind: _sizes(output.metadata.get(kind)) for kind in PICTURES if kind in new.data}
        )
    return new


def _data(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the kinds of data that are shown, each harmless."""
    for kind, value in data.items():
        if not isinstance(value, str):
            continue
        if kind == "text/plain" or (kind in PICTURES and re.fullmatch(BASE64, value)):
            yield kind, value
        elif kind == "text/html":
            yield kind, _html(value)
        elif kind == "text/markdown":
            yield kind, _markdown(value, {})
        elif kind == "text/latex" and is_harmless(html.escape(value)):
            yield kind, value


def _sizes(metadata: object) -> NotebookNode:
    """Return a picture's width and height, where they are numbers."""
    sizes = NotebookNode()
    for name in ("width", "height"):
        size = metadata.get(name) if isinstance(metadata, dict) else None
        if isinstance(size, int | float) and 1 <= size < 10_000:
            sizes[name] = round(size)
    return sizes


def _count(given: object) -> int | None:
    return given if type(given) is int else None


def _attachments(given: object) -> NotebookNode:
    """Return the attachments that are pictures."""
    found = NotebookNode()
    for name, bundle in given.items() if isinstance(given, dict) else ():
        pictures = {
            kind: data
            for kind, data in (bundle.items() if isinstance(bundle, dict) else ())
            if kind in PICTURES and isinstance(data, str) and re.fullmatch(BASE64, data)
        }
        if pictures:
            found[name] = NotebookNode(pictures)
    return found


def _markdown(source: str, attachments: dict) -> str:
    """Return Markdown whose page is harmless: the learner's own, or else the nearest that is."""
    links = REMOTE_PICTURE.sub(r"\1", source)
    for candidate in (source, links, _cleaned(links)):
        try:
            if is_harmless(_page_of(candidate, attachments)):
                return candidate
        except Exception:  # nbconvert cannot show it: a picture is lost, or it is nested too deeply
            continue
    longest = max(map(len, re.findall("`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{NOTE}\n\n{fence}\n{source}\n{fence}"


def _page_of(markdown: str, attachments: dict) -> str:
    """Return the HTML that nbconvert, and so formgrader, makes of Markdown."""
    renderer = IPythonRenderer(escape=False, attachments=attachments)
    return strip_files_prefix(MarkdownWithMath(renderer=renderer).render(markdown))


def _html(source: str) -> str:
    """Return harmless HTML."""
    cleaned = _cleaned(STYLE.sub("", source))
    return cleaned if is_harmless(cleaned) else f"<pre>{html.escape(source)}</pre>"


def _cleaned(source: str) -> str:
    """Return HTML of which all that is not allowed is shown as text."""
    return bleach.clean(
        source,
        tags=TAGS - {"input"},
        attributes=_is_allowed,
        protocols=["http", "https", "mailto", "data"],
    )


def _is_allowed(tag: str, name: str, value: str) -> bool:
    """Return whether an element may have an attribute with this value."""
    allowed = name in ATTRIBUTES_OF.get(tag, "").split()
    return allowed and re.fullmatch(ATTRIBUTES[name], value) is not None


def is_harmless(page: str) -> bool:
    """Return whether HTML, as a browser reads it, has only what is allowed, and closes its tags."""
    parser = HTMLParser(namespaceHTMLElements=False)
    # A tag left open, or closed twice, would change the page around it.
    return _is_known(parser.parseFragment(page)) and not parser.errors


def _is_known(parent: Any, shown_as_is: bool = False) -> bool:
    """Return whether an element of html5lib's tree, without itself, has only what is allowed."""
    texts = [parent.text, *(child.tail for child in parent)]
    # MathJax leaves `pre` and `code` alone.
    if not shown_as_is and any(COMMANDS.search(text or "") for text in texts):
        return False
    return all(
        child.tag in TAGS
        and all(_is_allowed(child.tag, name, value) for name, value in child.items())
        and _is_known(child, shown_as_is or child.tag in ("code", "pre"))
        for child in parent
    )
