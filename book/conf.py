"""Sphinx's settings for the web book; `make book` copies them into build/book-source with the rest.

No page asks anything of another host: the theme's fonts and icons and MathJax come from packages.
"""

from pathlib import Path
from pydoc import locate
from types import FunctionType

from sphinx.addnodes import toctree
from sphinx.util.nodes import make_refnode

from tools.book import docstring_line, plain_signature, read_notebook
from tools.captions import describe_figures

project = "xaikit"
author = "the xaikit authors"
copyright = f"2026 {author}"
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx.ext.mathjax",
    "sphinx.ext.githubpages",
]
# README.md lends its parts to the first page, and is no page of its own.
exclude_patterns = ["README.md"]
templates_path = ["_templates"]

# "--" is a dash. Quotes stay as they are written: "gauss-legendre" is to be copied.
smartquotes_action = "D"

# Lectures are shown as they are stored.
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 2

# The files that `make book` copies are of MathJax 3. It is configured here, if only by a default,
# because MyST tells the version from that and adds its own settings. Its licence, Apache 2.0, goes
# with it: _static/mathjax-LICENSE.txt.
mathjax_path = "mathjax/tex-chtml.js"
mathjax3_config = {"options": {"enableMenu": True}}

# A layer's forward and backward are described once, where Layer is.
autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
add_module_names = False
# In a page's contents a method stands under its class.
toc_object_entries_show_parents = "hide"
default_role = "py:obj"
napoleon_use_rtype = False
# "low, high : float" is one entry: its words are about both.
napoleon_use_param = False
# Under their own name, and not as members, of which there would be too many of one name.
napoleon_custom_sections = [("Attributes", "params_style")]

html_theme = "sphinx_book_theme"
html_title = "xaikit: how a network came to its answer"
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["book.css", "columns.css", "sideways.css", "live.css"]
html_js_files = ["book.js", "sideways.js", "live.js"]
html_search_scorer = str(Path(__file__).with_name("_static") / "search_scorer.js")
html_context = {"default_mode": "auto"}
# A notebook's page of the site leads to where it can be run and downloaded.
html_copy_source = not tags.has("live")  # noqa: F821
html_theme_options = {
    "navbar_persistent": [],  # the search field stands in the menu already
    "show_navbar_depth": 1,
    "collapse_navbar": True,
    "show_toc_level": 2,
    "use_fullscreen_button": False,
    "use_download_button": html_copy_source,
    "extra_footer": "Code under the MIT licence; text and figures under CC BY 4.0.",
}

ROOT_OF_404 = """<script>
document.head.append(Object.assign(document.createElement("base"), {
    href: location.pathname.match(/^(.*?\/)(?:(?:%s)\/.*|[^/]*)$/)[1],
}));
</script>"""


def setup(app):
    """Adapt what was written for other readers: notebooks for JupyterLab, docstrings for help()."""

    def as_page(app, docname, source):
        if str(app.env.doc2path(docname)).endswith(".ipynb"):
            source[0] = read_notebook(source[0], docname if tags.has("live") else None)  # noqa: F821

    def as_text(app, what, name, obj, options, lines):
        lines[:] = [docstring_line(line) for line in lines]

    def as_signature(app, what, name, obj, options, signature, answer):
        return plain_signature(signature), None if answer == "~typing.Any" else answer

    def not_ours(app, what, name, obj, skip, options):
        # Members that another library wrote into ours, or that a named tuple or the default of a
        # dataclass makes.
        foreign = not (getattr(obj, "__module__", None) or "xaikit").startswith("xaikit")
        described = getattr(obj, "__doc__", None) or ""
        default = isinstance(obj, FunctionType) and obj.__name__ != name
        return foreign or default or described.startswith("Alias for field") or None

    def last_names(app, doctree):
        # A page of xaikit is called by its whole name, for which the menu has no room.
        for tree in doctree.findall(toctree):
            tree["entries"] = [
                (page.rpartition(".")[2] if page.startswith("api/xaikit.") else title, page)
                for title, page in tree["entries"]
            ]

    def out_of_the_index(app, doctree):
        # Who searches for "kernel width" wants no page with `linewidth` in its code.
        for cell in doctree.findall(
            lambda node: "cell_input" in getattr(node, "attributes", {}).get("classes", [])
        ):
            cell["classes"].append("no-search")

    def elsewhere(app, env, node, shown):
        # A docstring calls what another module defines by its last name: `baseline_game`. A word
        # like `target` is a parameter's, whatever else has that name.
        name = node.get("reftarget", "")
        if node.get("refdomain") != "py" or not ("_" in name or name[:1].isupper()):
            return None
        inside = locate(".".join(filter(None, [node.get("py:module"), node.get("py:class")])))
        if name in getattr(inside, "__annotations__", ()):
            return None  # a field of the class that is described
        found = env.get_domain("py").find_obj(env, None, None, name, None, 1)
        places = [place for place in found if place[1].objtype in ("class", "function")]
        if len(places) != 1:
            return None
        [(whole, place)] = places
        return make_refnode(
            app.builder, node["refdoc"], place.docname, place.node_id, shown, whole
        )

    def from_its_root(app, pagename, templatename, context, doctree):
        # A server shows 404.html under the missing page's address. The book's first page is in the
        # folder above the first one of these.
        if pagename == "404":
            folders = sorted({name.split("/")[0] for name in app.env.found_docs if "/" in name})
            context["metatags"] += ROOT_OF_404 % "|".join([*folders, "_modules"])

    app.connect("source-read", as_page)
    app.connect("doctree-read", lambda app, doctree: describe_figures(doctree))
    # Before Sphinx reads the menu from them.
    app.connect("doctree-read", last_names, priority=400)
    # Before napoleon, whose own markup is to stay.
    app.connect("autodoc-process-docstring", as_text, priority=400)
    app.connect("autodoc-process-signature", as_signature)
    app.connect("autodoc-skip-member", not_ours)
    app.connect("doctree-read", out_of_the_index)
    app.connect("missing-reference", elsewhere)
    app.connect("html-page-context", from_its_root)
