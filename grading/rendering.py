"""Texts, formulas, code and outputs as HTML that runs nothing and needs no network.

Whatever a learner wrote is cleaned here, after it has become HTML: one list says which tags and
attributes stay.
"""

from __future__ import annotations

import binascii
import html
import posixpath
import re
from base64 import b64decode
from xml.etree import ElementTree

import bleach
from latex2mathml.converter import convert_to_element
from markupsafe import Markup
from nbconvert.filters import strip_ansi
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

TAGS = "a b blockquote br caption code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd "
TAGS += "li ol p pre s small span strong sub summary sup table tbody td tfoot th thead tr u ul"
# What an attribute's whole value must look like to stay.
ATTRIBUTES = {
    ("a", "href"): r"(https?://|mailto:)[^\s]+",
    ("img", "src"): r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+",
    ("img", "alt"): r"[^\ue000\ue001]+",
    ("img", "width"): r"\d{1,4}",
    ("img", "height"): r"\d{1,4}",
    ("ol", "start"): r"\d{1,4}",
    ("td", "colspan"): r"\d{1,4}",
    ("td", "rowspan"): r"\d{1,4}",
    ("th", "colspan"): r"\d{1,4}",
    ("th", "rowspan"): r"\d{1,4}",
    # The short names that pygments gives to the words of a program.
    ("span", "class"): r"[a-z][a-z0-9]{0,2}",
}
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
MATHML = "math mrow mi mn mo mtext mspace mfrac msqrt mroot mstyle mpadded mphantom menclose msub "
MATHML += "msup msubsup munder mover munderover mtable mtr mtd"
MATHML_ATTRIBUTES = "display displaystyle mathvariant stretchy fence form separator movablelimits "
MATHML_ATTRIBUTES += "accent largeop minsize maxsize lspace rspace width linethickness columnalign "
MATHML_ATTRIBUTES += "columnspacing rowspacing notation"
# pandas writes one before each table; the first cleaning, at grading, has made it a text.
STYLE = re.compile(r"(<|&lt;)style((?!(<|&lt;)style).)*?(<|&lt;)/style(>|&gt;)", re.DOTALL)
# Letters that no text holds stand for the formulas until everything else is clean.
PLACE = re.compile("\ue000(\\d+)\ue001")

LONGEST_FORMULA = 2_000
LONGEST_TEXT = 20_000
LARGEST_PICTURE = 1_500_000


def clean(page: str) -> str:
    """Return HTML with the tags and attributes of the lists above only."""
    page = STYLE.sub("", page)
    protocols = ["http", "https", "mailto", "data"]
    page = bleach.clean(page, TAGS.split(), _stays, protocols, strip=True)
    # A head cell without words is the head of nothing.
    page = re.sub(r"<th([^>]*)>\s*</th>", r"<td\1></td>", page)
    page = re.sub(
        r"<img(?![^>]* src=)[^>]*>", "<em>(A picture that is not in the notebook.)</em>", page
    )
    page = re.sub(r"<img(?![^>]* alt=)", '<img alt="a picture without a description"', page)
    # A wide table is scrolled, by the keyboard too.
    page = page.replace("<table", '<div class="wide" tabindex="0"><table')
    return page.replace("</table>", "</table></div>")


def _stays(tag: str, name: str, value: str) -> bool:
    form = ATTRIBUTES.get((tag, name))
    return form is not None and re.fullmatch(form, value) is not None


def text(source: str, attachments: dict | None = None) -> Markup:
    """Return Markdown as HTML, its formulas as MathML."""
    renderer = _Renderer(attachments or {})
    source = re.sub("[\ue000\ue001]", "", _shortened(source))
    page = MarkdownWithMath(renderer=renderer).render(source)
    return Markup(PLACE.sub(lambda found: renderer.formulas[int(found[1])], clean(page)))


class _Renderer(IPythonRenderer):
    """nbconvert's Markdown, for a page that is read far from the course and without a network."""

    def __init__(self, attachments: dict) -> None:
        super().__init__(escape=False, attachments=attachments)
        self.formulas: list[str] = []

    def heading(self, text: str, level: int, **attrs) -> str:
        """Return a heading below those of the page."""
        return f"<h4>{text}</h4>"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """Return a link; one into the course's folder, which is elsewhere, as words."""
        if re.fullmatch(ATTRIBUTES["a", "href"], url):
            return f'<a href="{html.escape(url)}">{text}</a>'
        place = posixpath.normpath(url.partition("#")[0].lstrip("./") or ".")
        if place in (".", text) or ":" in place:
            return text
        return f"{text} (<code>{html.escape(place)}</code> in the course’s folder)"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Return a picture that the notebook holds; words in the place of any other."""
        name = url.removeprefix("attachment:")
        if url.startswith("attachment:"):
            url = next(
                (
                    f"data:{kind};base64,{''.join(data.split())}"
                    for kind, data in self.attachments.get(name, {}).items()
                    if isinstance(data, str)
                ),
                "",
            )
        if len(url) <= LARGEST_PICTURE and re.fullmatch(ATTRIBUTES["img", "src"], url):
            return f'<img src="{url}" alt="{html.escape(text or "a picture")}">'
        if re.fullmatch(ATTRIBUTES["a", "href"], url):
            return self.link(f"picture: {text or html.escape(url)}", url)
        shown = html.escape(name if len(name) < 100 else text)
        return f"<em>(The picture {shown} is not in the notebook.)</em>"

    # The first cleaning, at grading, has escaped what looks like a tag, in code too.
    def codespan(self, text: str) -> str:
        """Return code in a line."""
        return super().codespan(html.unescape(text))

    def block_code(self, code: str, info: str | None = None) -> str:
        """Return lines of code."""
        return super().block_code(html.unescape(code), info)

    def block_math(self, body: str) -> str:
        """Return the place of a formula on a line of its own."""
        return self._place(body, True)

    def inline_math(self, body: str) -> str:
        """Return the place of a formula in a line."""
        return self._place(body, False)

    def latex_environment(self, name: str, body: str) -> str:
        """Return the place of a formula that is not between dollars."""
        return self._place(f"\\begin{{{name}}}{body}\\end{{{name}}}", True)

    def _place(self, tex: str, block: bool) -> str:
        self.formulas.append(formula(html.unescape(tex), block))
        return f"\ue000{len(self.formulas) - 1}\ue001"


def formula(tex: str, block: bool = False) -> str:
    """Return a formula as MathML; as it was written, if that is not possible."""
    try:
        if len(tex) > LONGEST_FORMULA:
            raise ValueError(f"a formula of {len(tex)} characters")
        # The converter knows `aligned` by another name.
        tree = convert_to_element(
            tex.replace("{aligned}", "{split}"), display="block" if block else "inline"
        )
        for node in tree.iter():
            if node.tag not in MATHML.split():
                raise ValueError(f"<{node.tag}> is not known")
            node.attrib = {
                name: value
                for name, value in node.attrib.items()
                if name in MATHML_ATTRIBUTES.split() and re.fullmatch(r"[\w .%-]*", value)
            }
            # The converter writes letters as &#x…;, which ElementTree would escape again.
            node.text = html.unescape(node.text or "")
            if node.text == "\u29f5":
                # \\setminus; few fonts have the converter's own sign for it.
                node.tag, node.text = "mo", "\u2216"
            if node.text in ("|", "\u2016"):
                # Browsers take the second bar of |S| for a sign between two terms.
                node.attrib |= {"lspace": "0", "rspace": "0"}
        math = ElementTree.tostring(tree, encoding="unicode")
    except Exception:  # the converter raises whatever it meets; a formula must not cost a page
        return f"<code>{html.escape(tex)}</code>"
    return f'<span class="wide formula" tabindex="0">{math}</span>' if block else math


def code(source: str) -> Markup:
    """Return Python in colours."""
    return Markup(highlight(_shortened(source), PythonLexer(), HtmlFormatter(nowrap=True)))


def output(out: NotebookNode) -> Markup:
    """Return one output of a cell."""
    kind = out.get("output_type")
    if kind == "stream":
        return plain(out.get("text", ""))
    if kind == "error":
        return plain("\n".join(out.get("traceback") or [said(out)]))
    data = out.get("data", {})
    for kind in PICTURES:
        if isinstance(data.get(kind), str):
            return _picture(kind, data[kind])
    if isinstance(data.get("text/html"), str) and len(data["text/html"]) < LONGEST_TEXT * 5:
        return Markup(clean(data["text/html"]))
    for kind in ("text/markdown", "text/latex"):
        if isinstance(data.get(kind), str):
            return text(data[kind])
    return plain(data.get("text/plain", "(an output that a page cannot show)"))


def said(error: NotebookNode) -> str:
    """Return an error's words without its traceback: those of a check, or its last line."""
    if (told := "\n".join(error.get("traceback", []))).startswith(("✗", "○")):
        return told
    name, words = error.get("ename", "Error"), strip_ansi(error.get("evalue", "")).strip()
    if name == "AssertionError" and words:
        return f"✗ {words}"
    return f"✗ {name}: {words}" if words else f"✗ {name}"


def plain(words: str) -> Markup:
    """Return text as it is."""
    return Markup('<pre class="output">{}</pre>').format(_shortened(strip_ansi(words)))


def _picture(kind: str, data: str) -> Markup:
    data = "".join(data.split())
    try:
        b64decode(data, validate=True)
    except binascii.Error:
        return plain("(a picture that is damaged)")
    if len(data) > LARGEST_PICTURE:
        return plain(f"(a picture of {len(data) / 1e6:.1f} MB, too large for this page)")
    picture = '<img src="data:{};base64,{}" alt="a picture that this code made">'
    return Markup(picture).format(kind, data)


def _shortened(words: str) -> str:
    if len(words) <= LONGEST_TEXT:
        return words
    left, half = len(words) - LONGEST_TEXT, LONGEST_TEXT // 2
    return f"{words[:half]}\n… {left} characters are left out here …\n{words[-half:]}"
