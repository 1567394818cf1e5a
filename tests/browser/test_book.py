"""The web book in a browser: axe finds no fault, formulas are set, no other host is asked."""

import re
import threading
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.browser import axe

PAGES = ["lectures/05_lrp", "api/xaikit.methods.lrp", "lectures/glossary"]
# Complaints that are not about the course: an axe rule, and the place where it is ignored.
NOT_OURS = [
    # The theme puts the book's title above the menu, outside of any landmark.
    ("region", ".sidebar-primary-item"),
    # Sphinx writes a signature that fills several lines as a list of definitions without terms.
    ("definition-list", "dt.sig"),
]
SETTINGS = r"<script>window.MathJax = .*?</script>"
# Gives the number of formulas, and those that could not be set.
SET_FORMULAS_OF = """async pages => {
    const box = document.querySelector('article')
    const read = page => new DOMParser().parseFromString(page, 'text/html')
    box.replaceChildren(...pages.flatMap(page => [...read(page).querySelectorAll('.math')]))
    const formulas = [...box.children]
    await MathJax.typesetPromise([box])
    const isSet = formula => formula.querySelector('mjx-container')
        && !formula.querySelector('mjx-merror, [data-mml-node=merror]')
    return [formulas.length, formulas.filter(f => !isSet(f)).map(f => f.innerText)]
}"""
MATH_IS_SET = """() => window.MathJax?.startup?.promise?.then(() => true) ?? false"""


@pytest.fixture(scope="module")
def book(built_book):
    status, printed, folder = built_book
    assert status == 0, printed
    return folder


def show(page, book, name):
    page.goto((book / f"{name}.html").as_uri())


@pytest.fixture(scope="module")
def complaints(context, book):
    """Return a function that gives axe's complaints about a page, which it asks once."""

    @cache
    def of(name):
        page = context.new_page()
        show(page, book, name)
        found = axe.complaints(page, NOT_OURS)
        page.close()
        return found

    return of


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_fault(complaints, name):
    assert [(rule, html) for rule, html, place in complaints(name) if place is None] == []


def test_axe_finds_planted_faults(page, book):
    show(page, book, "lectures/glossary")
    page.evaluate(
        """() => document.querySelector('article').insertAdjacentHTML('beforeend',
            '<img src="x.png"><p style="color: #bbbbbb">Pale grey on white.</p>')"""
    )
    assert {rule for rule, _ in axe.faults(page, NOT_OURS)} == {"image-alt", "color-contrast"}


def test_nothing_is_left_out_without_need(complaints):
    needed = {(rule, place) for name in PAGES for rule, _, place in complaints(name)}
    assert needed == set(NOT_OURS)


def test_formulas_are_set_without_a_network(page, book):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    show(page, book, "lectures/notation")
    page.wait_for_function(MATH_IS_SET)
    formulas = page.locator(".math").count()
    assert formulas > 50
    assert page.locator("mjx-container").count() == formulas
    assert page.locator("mjx-merror").count() == 0
    assert [url for url in asked if not re.match("file:|data:", url)] == []


@pytest.mark.parametrize("name", ["index", *PAGES])
def test_a_phone_shows_a_page_without_scrolling_sideways(page, book, name):
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, book, name)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_phone_shows_figures_at_a_size_at_which_they_can_be_read(page, book):
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, book, "lectures/05_lrp")
    images = "[...document.querySelectorAll('.cell_output img, figure.live img')]"
    widths = page.evaluate(f"{images}.map(image => image.width)")
    # The smallest words of a figure that is 700 pixels wide have 11.
    assert len(widths) > 5 and min(widths) >= 500


@pytest.mark.parametrize("name", ["lectures/02_lime", "lectures/05_lrp"])
def test_no_code_is_cut_on_a_large_screen(page, book, name):
    show(page, book, name)
    cut = """() => [...document.querySelectorAll('.cell_input pre')]
        .filter(pre => pre.scrollWidth > pre.clientWidth).map(pre => pre.innerText)"""
    size = "parseFloat(getComputedStyle(document.querySelector('.cell_input pre')).fontSize)"
    for width in (1200, 1399, 1400):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function("width => innerWidth === width", arg=width)
        assert page.evaluate(cut) == [], width
        assert page.evaluate(size) >= 13.5, width


@pytest.mark.parametrize("width", [390, 1000])
def test_what_is_wider_than_the_page_fades_out_until_it_is_scrolled(page, book, width):
    page.set_viewport_size({"width": width, "height": 844})
    show(page, book, "lectures/05_lrp")
    page.wait_for_function(MATH_IS_SET)
    wide = """() => [...document.querySelectorAll(
        'div.math, span.math, .cell pre, .cell_output a, .live-picture, '
        + '.pst-scrollable-table-container')]
        .filter(box => box.scrollWidth > box.clientWidth + (box.matches('span.math') ? 8 : 1))"""
    page.wait_for_function(f"({wide})().length > 1")
    faded = "box => getComputedStyle(box).maskImage != 'none' && box.tabIndex == 0"
    page.wait_for_function(f"({wide})().every({faded})")
    page.evaluate(f"({wide})().forEach(box => {{ box.scrollLeft = 1e6 }})")
    page.wait_for_function(f"({wide})().every(box => !box.matches('.more-right'))")
    assert page.evaluate(f"({wide})().every(box => box.matches('.more-left'))")


def test_a_letter_with_an_accent_is_seen_and_needs_no_scrolling(page, book):
    page.set_viewport_size({"width": 1000, "height": 844})
    show(page, book, "lectures/02_lime")
    page.wait_for_function(MATH_IS_SET)
    accents = """() => [...document.querySelectorAll('span.math')]
        .map(box => [box, box.scrollWidth - box.clientWidth])
        .filter(([, more]) => 0 < more && more <= 8).map(([box]) => box)"""
    page.wait_for_function(f"({accents})().length > 0")
    page.wait_for_function(
        f"({accents})().every(box => getComputedStyle(box).maskImage === 'none'"
        " && getComputedStyle(box).overflowX === 'visible' && box.tabIndex === -1)"
    )


@pytest.mark.parametrize("name", ["lectures/03_shapley_values", "lectures/05_lrp"])
def test_no_line_begins_with_the_comma_after_a_formula(page, book, name):
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, book, name)
    page.wait_for_function(MATH_IS_SET)
    # The first letter after a formula is not to its right, or it is beyond the page.
    torn = """() => [...document.querySelectorAll('article span.math')].filter(formula => {
        const after = formula.nextSibling ?? formula.parentElement.nextSibling
        if (!/^[,.;:?)]/.test(after?.textContent)) return false
        const comma = document.createRange()
        comma.setStart(after, 0)
        comma.setEnd(after, 1)
        const {left, right} = comma.getBoundingClientRect()
        return left < formula.getBoundingClientRect().right - 1 || right > innerWidth
    }).map(formula => formula.parentElement.innerText)"""
    assert page.evaluate(torn) == []


@pytest.mark.parametrize("width", [390, 1000])
def test_a_heading_that_fills_its_line_has_no_empty_line_below(page, book, width):
    page.set_viewport_size({"width": width, "height": 844})
    show(page, book, "lectures/09_trust")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    # A heading's own words, as high as the heading.
    headings = "[...document.querySelectorAll('article :is(h1, h2):has(> .headerlink)')]"
    spare = """heading => {
        const words = document.createRange()
        words.setStart(heading, 0)
        words.setEndBefore(heading.querySelector('.headerlink'))
        return heading.clientHeight - words.getBoundingClientRect().height
    }"""
    assert max(page.evaluate(f"{headings}.map({spare})")) < 20


@pytest.mark.parametrize(
    "words", ["kernel width", "relevance", "Shapley values", "baseline", "saliency"]
)
def test_the_search_finds_lectures_first(page, book, words):
    show(page, book, "search")
    page.goto(f"{page.url}?q={words.replace(' ', '+')}")
    page.wait_for_selector("#search-results li a")
    page.wait_for_function("Search.output.children.length > 5")
    results = page.eval_on_selector_all(
        "#search-results li > a", "all => all.map(a => a.getAttribute('href'))"
    )
    assert results[0].startswith("lectures/")
    assignments = [place for place, link in enumerate(results) if link.startswith("exercises/")]
    lectures = [place for place, link in enumerate(results) if re.match(r"lectures/\d", link)]
    assert max(lectures) < min(assignments, default=len(results))


class Site(SimpleHTTPRequestHandler):
    """The book below /course/, as GitHub Pages shows it; a missing page is answered by 404.html."""

    def translate_path(self, path):
        return super().translate_path(path.removeprefix("/course"))

    def send_error(self, code, *_):
        self.send_response(code)
        self.end_headers()
        self.wfile.write((self.book / "404.html").read_bytes())

    def log_message(self, *_):
        """Print nothing."""


@pytest.mark.parametrize("gone", ["gone.html", "lectures/gone.html", "api/deep/gone", "_modules/a"])
def test_a_missing_page_is_answered_by_a_page_of_the_book(page, book, gone):
    Site.book = book
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, directory=book))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        files = {200: set(), 404: set()}
        page.on("response", lambda r: files.setdefault(r.status, set()).add(r.url))
        root = f"http://127.0.0.1:{server.server_port}/course/"
        page.goto(root + gone)
        page.wait_for_load_state("networkidle")
        # The browser looks ahead for files before it has read where the book's first page is.
        again = {f"{root}_static/{url.partition('/_static/')[2]}" for url in files[404]}
        assert again - {f"{root}_static/"} <= files[200] and root + gone in files[404]
        assert page.evaluate("document.styleSheets.length") >= 5
        page.locator("article a", has_text="first page").click()
        page.wait_for_url("**/course/index.html")
    finally:
        server.shutdown()
        server.server_close()


def test_formulas_of_the_package_are_set(page, book):
    """All in one page, which costs a tenth of loading each page; their settings are the same."""
    texts = {path: path.read_text(encoding="utf-8") for path in (book / "api").glob("*.html")}
    pages = {path: text for path, text in sorted(texts.items()) if 'class="math' in text}
    assert len({re.search(SETTINGS, text)[0] for text in pages.values()}) == 1
    page.goto(next(iter(pages)).as_uri())
    page.wait_for_function(MATH_IS_SET)
    articles = [text.partition("<article")[2].partition("</article>")[0] for text in pages.values()]
    count, wrong = page.evaluate(SET_FORMULAS_OF, articles)
    assert count > 100 and wrong == []
