"""The book's sliders: keys move them, each value has its picture and its words, offline."""

import json
import re

import pytest

from tools.live_figures import FIGURES

LIVE = pytest.mark.parametrize("lecture", FIGURES)
MOST_BYTES = 4_000_000  # of all pictures
SHOWN = """() => {
    const [slider, value, image, caption] = ['input', 'output', 'img', 'figcaption'].map(
        part => document.querySelector(`figure.live ${part}`))
    return {
        value: value.textContent, spoken: slider.ariaValueText,
        picture: image.getAttribute('src'), alt: image.alt, text: caption.textContent,
    }
}"""
IS_DRAWN = """() => {
    const image = document.querySelector('figure.live img')
    return image.complete && image.naturalWidth > 0
}"""


@pytest.fixture(scope="module")
def book(built_book):
    status, printed, folder = built_book
    assert status == 0, printed
    return folder


def address(book, lecture):
    return (book / "lectures" / f"{lecture}.html").as_uri()


def frames_of(book, lecture):
    page = (book / "lectures" / f"{lecture}.html").read_text(encoding="utf-8")
    (data,) = re.findall(r'<script type="application/json">(.*)</script>', page)
    return json.loads(data)


def shown(frame):
    return {
        "value": frame["value"],
        "spoken": frame["value"],
        "picture": frame["picture"],
        "alt": frame["text"],
        "text": frame["text"],
    }


@LIVE
def test_arrow_keys_show_every_picture_with_its_words(page, book, lecture):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address(book, lecture))
    frames = frames_of(book, lecture)
    page.locator("figure.live input").focus()
    for place, frame in enumerate(frames):
        if place:
            page.keyboard.press("ArrowRight")
        page.wait_for_function(IS_DRAWN)
        assert page.evaluate(SHOWN) == shown(frame)
    page.keyboard.press("Home")
    assert page.evaluate(SHOWN) == shown(frames[0])
    page.keyboard.press("End")
    assert page.evaluate(SHOWN) == shown(frames[-1])
    assert [url for url in asked if not re.match("file:|data:", url)] == []


@LIVE
def test_a_slider_has_a_name(page, book, lecture):
    page.goto(address(book, lecture))
    slider = page.get_by_role("slider", name=FIGURES[lecture].label, exact=True)
    assert slider.count() == 1


@LIVE
def test_every_value_has_a_picture_and_words_of_its_own(book, lecture):
    frames = frames_of(book, lecture)
    assert [frame["value"] for frame in frames] == list(FIGURES[lecture].settings)
    files = [book / "lectures" / frame["picture"] for frame in frames]
    assert len({file.read_bytes() for file in files}) == len(frames)
    assert len({frame["text"] for frame in frames}) == len(frames)


def test_pictures_come_late_and_are_small(page, book):
    assert sum(file.stat().st_size for file in book.rglob("_static/live/*/*")) < MOST_BYTES
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address(book, "05_lrp"))
    assert sum("/live/05_lrp/" in url for url in asked) <= 1
    page.locator("figure.live input").focus()
    page.wait_for_timeout(500)
    assert sum("/live/05_lrp/" in url for url in asked) >= len(FIGURES["05_lrp"].settings)


def test_without_the_script_the_first_picture_stands(page, book):
    page.route("**/live.js*", lambda route: route.abort())
    page.goto(address(book, "05_lrp"))
    assert not page.locator("figure.live input").is_visible()
    page.locator("figure.live img").scroll_into_view_if_needed()
    page.wait_for_function(IS_DRAWN)
    first = frames_of(book, "05_lrp")[0]
    assert page.locator("figure.live img").get_attribute("alt") == first["text"]
    assert page.locator("figure.live figcaption").inner_text() == first["text"]


@pytest.mark.parametrize("width", [1400, 1000, 390])
def test_a_slider_fits_its_page(page, book, width):
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(address(book, "05_lrp"))
    outer, *inner = [
        page.locator(part).bounding_box()
        for part in ["figure.live", "figure.live input", "figure.live output", ".live-picture"]
    ]
    for box in inner:
        assert box["x"] >= outer["x"] - 1
        assert box["x"] + box["width"] <= outer["x"] + outer["width"] + 1
    assert inner[0]["width"] >= 150
