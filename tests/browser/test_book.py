"""The web book in a browser: axe finds no fault, formulas are set, nothing comes from elsewhere."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.book import build

PAGES = ["lectures/05_lrp", "api/methods.lrp", "lectures/glossary"]
# Complaints about what is not ours: an axe rule, and where it is left out.
NOT_OURS = [
    # The theme puts the book's title above the menu, outside of any landmark.
    ("region", ".sidebar-primary-item"),
    # Sphinx writes a signature that fills several lines as a list of definitions without terms.
    ("definition-list", "dt.sig"),
]
OPEN_ALL = "document.querySelectorAll('details').forEach(details => { details.open = true })"
IS_INSIDE = "([target, place]) => document.querySelector(target.at(-1)).closest(place) !== null"
MATH_IS_SET = """() => window.MathJax?.startup?.promise?.then(() => true) ?? false"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("web_book")
    status, printed = build(folder)
    assert status == 0, printed
    return folder / "book"


@pytest.fixture
def page(context):
    page = context.new_page()
    yield page
    page.close()


def show(page, book, name):
    page.goto((book / f"{name}.html").as_uri())
    page.evaluate(OPEN_ALL)


def complaints(page):
    """Return all complaints of axe with their places of NOT_OURS, None for what is ours."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response
    assert found["passes"], "axe looked at nothing"
    return [
        (rule["id"], element["html"], excuse(page, rule["id"], element["target"]))
        for rule in found["violations"]
        for element in rule["nodes"]
    ]


def excuse(page, rule, target):
    places = [place for name, place in NOT_OURS if name == rule]
    return next((p for p in places if page.evaluate(IS_INSIDE, [target, p])), None)


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_fault(page, book, name):
    show(page, book, name)
    assert [(rule, html) for rule, html, place in complaints(page) if place is None] == []


def test_axe_finds_planted_faults(page, book):
    show(page, book, "lectures/glossary")
    page.evaluate(
        """() => document.querySelector('article').insertAdjacentHTML('beforeend',
            '<img src="x.png"><p style="color: #bbbbbb">Pale grey on white.</p>')"""
    )
    found = {rule for rule, _, place in complaints(page) if place is None}
    assert found == {"image-alt", "color-contrast"}


def test_nothing_is_left_out_without_need(page, book):
    needed = set()
    for name in PAGES:
        show(page, book, name)
        needed |= {(rule, place) for rule, _, place in complaints(page)}
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
