"""The web book in a browser: axe finds no fault, formulas are set, no other host is asked."""

import re

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
MATH_IS_SET = """() => window.MathJax?.startup?.promise?.then(() => true) ?? false"""


@pytest.fixture(scope="module")
def book(built_book):
    status, printed, folder = built_book
    assert status == 0, printed
    return folder


def show(page, book, name):
    page.goto((book / f"{name}.html").as_uri())


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_fault(page, book, name):
    show(page, book, name)
    assert axe.faults(page, NOT_OURS) == []


def test_axe_finds_planted_faults(page, book):
    show(page, book, "lectures/glossary")
    page.evaluate(
        """() => document.querySelector('article').insertAdjacentHTML('beforeend',
            '<img src="x.png"><p style="color: #bbbbbb">Pale grey on white.</p>')"""
    )
    assert {rule for rule, _ in axe.faults(page, NOT_OURS)} == {"image-alt", "color-contrast"}


def test_nothing_is_left_out_without_need(page, book):
    needed = set()
    for name in PAGES:
        show(page, book, name)
        needed |= {(rule, place) for rule, _, place in axe.complaints(page, NOT_OURS)}
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
