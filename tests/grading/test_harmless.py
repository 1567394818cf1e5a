"""What a learner plants in a notebook does nothing to whoever opens its pages."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from nbgrader.server_extensions.formgrader.handlers import template_path

from grading.harmless import Harmless, make_harmless
from tests.chromium import headless
from tests.grading.classes import NAME, answered, grade, hand_in, write_solution
from tests.grading.payloads import payloads

MATHJAX = Path(find_spec("nbconvert").origin).parents[1] / "sphinx-mathjax-offline/static/mathjax"
# Finds what may run, load or lead somewhere: an answer to a click, and what runs by itself.
LURES = """() => [...document.querySelectorAll(':is(main, #notebook) *')].filter(element =>
  element.matches('iframe, object, embed, form, meta, base, style') ||
  [...element.attributes].some(attribute => attribute.name.startsWith('on')) ||
  ['href', 'xlink:href', 'src', 'action', 'formaction'].some(name => element.hasAttribute(name) &&
    !/^(https?|mailto|data:image.(png|jpeg)|about:blank#)/.test(
      new URL(element.getAttribute(name), document.baseURI).href))
).map(element => element.outerHTML.slice(0, 200))"""
PROVOKE = """() => { for (const element of document.querySelectorAll('*'))
  for (const kind of ['click', 'mouseover', 'focus'])
    element.dispatchEvent(new MouseEvent(kind, {bubbles: true, cancelable: true})); }"""
PUBLISH = "from IPython.display import publish_display_data as publish"
ADDRESS = "http://grader.test/"


@pytest.fixture(scope="module")
def page():
    def formulas(route):
        name = route.request.url.partition("?")[0].partition("/2.7.7/")[2]
        route.fulfill(path=MATHJAX / name.replace("latest.js", "tex-chtml.js"))

    with headless("--host-resolver-rules=MAP * ~NOTFOUND") as browser:
        page = browser.new_page()
        page.route("**/mathjax/2.7.7/**", formulas)
        page.add_init_script(
            # The last is formgrader's jQuery, which outputs in JavaScript are given.
            "window.hits = []; window.stolen = name => hits.push(name); window.$ = () => ({})"
        )
        yield page


@cache
def exporter():
    return HTMLExporter(template_name="formgrade", extra_template_basedirs=[template_path])


def by_formgrader(notebook):
    """Return the page that formgrader makes of a notebook, without the files of its server."""
    resources = {"index": 0, "total": 1, "base_url": "", "submission_id": "1", "notebook_id": NAME}
    page = exporter().from_notebook_node(notebook, resources)[0]
    return re.sub(r'<(script|link) [^>]*"/formgrader[^>]*>', "", page)


def opened(page, text):
    """Open a page; return the payloads that ran, and what may still run in the notebook."""
    page.unroute(ADDRESS)
    page.route(ADDRESS, lambda route: route.fulfill(body=text, content_type="text/html"))
    page.goto(ADDRESS, wait_until="load")
    page.evaluate("() => window.MathJax?.startup?.promise")  # formgrader's; our pages have MathML
    assert page.query_selector(":is(main, #notebook) *")
    return page.evaluate("hits"), page.evaluate(LURES)


def test_every_payload_lives_where_nothing_is_done(page):
    """Else the other tests prove nothing."""
    pages = {name: by_formgrader(new_notebook(cells=[c])) for name, c in payloads().items()}
    dead = [name for name, text in pages.items() if not any(opened(page, text))]
    assert len(pages) >= 40 and not dead


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Grade one learner, whose notebook holds every payload."""
    folder = tmp_path_factory.mktemp("planted")
    notebook = answered()
    notebook.cells.insert(2, new_code_cell(PUBLISH))
    notebook.cells += payloads().values()
    hand_in(folder / "given", "planter", notebook)
    return grade(folder / "work", write_solution(folder / "solutions"), folder / "given")


def page_of(course, kind):
    """Return the page of the learner's notebook in one of the work folder's folders."""
    if kind == "feedback":
        return course.feedback(NAME, "planter").read_text()
    return by_formgrader(nbformat.read(getattr(course, kind)(NAME, "planter"), as_version=4))


@pytest.mark.parametrize("kind", ["submitted", "autograded", "feedback"])
def test_no_payload_lives_on_a_page(course, page, kind):
    text = page_of(course, kind)
    assert "stolen" in text  # the words are there
    assert opened(page, text) == ([], [])
    # Nor when whatever may be clicked is clicked.
    page.evaluate(PROVOKE)
    page.wait_for_timeout(300)
    assert page.evaluate("window.hits") == []


def after(*cells):
    """Return cells as Harmless leaves them."""
    return Harmless().preprocess(new_notebook(cells=cells), {})[0].cells


HONEST = """# My answer & more

A mean may *lie*: `a < b`, $a<b$, and <https://example.org> or [here](notes.html#top).

> quoted

- [x] done

| a | b |
|--:|---|
| 1 | 2 |

```python
x = 1 < 2
```

<details><summary>More</summary>

Words<br>and H<sub>2</sub>O

</details>

![drawing](attachment:d.png)"""


def test_an_honest_answer_stays_as_it_was_written():
    cell = new_markdown_cell(HONEST)
    cell["attachments"] = {"d.png": {"image/png": "iVBORw0KGgo="}}
    (same,) = after(cell)
    assert same.source == HONEST
    assert same.attachments == {"d.png": {"image/png": "iVBORw0KGgo="}}


@pytest.mark.parametrize(
    "source",
    [
        "[x](javascript:stolen())",
        "![lost](attachment:lost.png)",
        "[c](C:\\\\notes.txt)",
        "$\\bbox[position: fixed]{x}$",
        "$\\mmlToken{mi}[href='javascript:stolen()']{x}$",
    ],
)
def test_what_cannot_be_shown_is_shown_as_text(source):
    (cell,) = after(new_markdown_cell(source))
    assert f"```\n{source}\n```" in cell.source
    (again,) = after(cell)
    assert again.source == cell.source


def test_a_picture_elsewhere_becomes_a_link():
    (cell,) = after(new_markdown_cell("See ![map](https://example.org/map.png)."))
    assert cell.source == "See [map](https://example.org/map.png)."


def test_metadata_and_data_are_those_that_are_known():
    picture = {
        "image/png": "iVBORw0KGgo=",
        "text/plain": "<Figure>",
        "image/x": "x",
        "text/html": 1,
    }
    metadata = {"image/png": {"width": 300, "height": 2.4, "alt": "x"}, "isolated": True}
    odd = {"image/png": '" onerror="stolen()', "text/x": "x", "text/plain": "x"}
    cell = new_code_cell(outputs=[new_output("display_data") for _ in range(4)])
    cell.execution_count = "<script>"
    # As a kernel may send them: these are no valid notebook.
    cell.outputs[0].update(data=picture, metadata=metadata)
    cell.outputs[1].update(output_type="execute_result", data=odd, execution_count="<b>")
    cell.outputs[2].update(output_type="stream", name="stdout onerror", text="words")
    cell.outputs[3].update(data={"application/javascript": "stolen()"})
    make_harmless(cell)
    first, second, third = cell.outputs
    assert first.data == {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}
    assert first.metadata == {"image/png": {"width": 300, "height": 2}}
    assert (second.data, second.execution_count) == ({"text/plain": "x"}, None)
    assert cell.execution_count is None
    assert third == {"output_type": "stream", "name": "stdout", "text": "words"}


@pytest.mark.parametrize("size", ["300", "1 onerror=stolen()", -1, float("nan"), 1e9, None, [3]])
def test_a_size_is_a_number(size):
    output = new_output("display_data", {"image/png": "iVBORw0KGgo="})
    output.metadata = nbformat.from_dict({"image/png": {"width": size}})
    (cell,) = after(new_code_cell(outputs=[output]))
    assert cell.outputs[0].metadata == {"image/png": {}}


def test_tables_of_pandas_stay_and_their_style_goes():
    table = '<div><style scoped>td {color: red}</style><table border="1" class="dataframe">'
    table += "<tr><th>a</th></tr></table></div>"
    (cell,) = after(new_code_cell(outputs=[new_output("display_data", {"text/html": table})]))
    shown = cell.outputs[0].data["text/html"]
    assert "color" not in shown
    assert '<table border="1" class="dataframe">' in shown and "<th>a</th>" in shown


def test_the_kernel_names_no_language_and_no_widgets():
    notebook = new_notebook()
    notebook.metadata = nbformat.from_dict({"widgets": {"x": 1}, "language_info": {"name": 3}})
    notebook = Harmless().preprocess(notebook, {})[0]
    assert notebook.metadata == {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}


def test_the_instructors_text_stays():
    task = "<!-- BEGIN MARK SCHEME -->\n<span style='color: red'>Two points.</span>"
    cell = new_markdown_cell(task, metadata={"nbgrader": {"locked": True}})
    make_harmless(cell)
    assert cell.source == task
    make_harmless(raw := new_raw_cell("<script>stolen()</script>"))
    assert "<script>" not in raw.source
