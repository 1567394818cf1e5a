"""Check a page with axe (WCAG 2 A and AA, and more), and return its complaints."""

from axe_playwright_python.sync_playwright import Axe

# What opens fades in, and axe would find it pale.
OPEN_ALL = """() => {
    document.querySelectorAll('details').forEach(details => { details.open = true })
    const ends = fade => Number.isFinite(fade.effect.getComputedTiming().endTime)
    document.getAnimations().filter(ends).forEach(fade => fade.finish())
}"""
# Code has thousands of words and few colours. A word's class decides its colour, its kind of box
# the background. axe checks one word of each combination; the others lose their class.
ONE_OF_EACH_COLOUR = """() => {
    const seen = new Set()
    document.querySelectorAll('.highlight span[class]').forEach(word => {
        const colour = `${word.className} in ${word.closest('.highlight').parentElement.className}`
        if (seen.has(colour)) word.replaceWith(word.textContent)
        seen.add(colour)
    })
}"""
ONLY_FAULTS = {"resultTypes": ["violations"]}
# axe names an element by a selector, or by several from the outer frame inwards.
IS_INSIDE = "([target, place]) => document.querySelector(target.at(-1)).closest(place) !== null"


def complaints(page, not_ours):
    """Return all complaints of axe as (rule, html, place).

    `not_ours` lists rules, each with a place (a selector) where its complaints are not about the
    course. A complaint about the course has the place None. Folded hints and answers are opened.
    """
    page.evaluate(OPEN_ALL)
    page.evaluate(ONE_OF_EACH_COLOUR)
    found = Axe().run(page, options=ONLY_FAULTS).response
    assert found["passes"], "axe looked at nothing"
    return [
        (rule["id"], element["html"], _excuse(page, rule["id"], element["target"], not_ours))
        for rule in found["violations"]
        for element in rule["nodes"]
    ]


def faults_within(page, place):
    """Return (rule, html) of each complaint about the elements that a selector finds.

    JupyterLab's body has no height and hides what overflows; axe believes that all is hidden.
    """
    page.evaluate("document.body.style.height = '100vh'")
    found = Axe().run(page, context=place, options=ONLY_FAULTS).response
    assert found["passes"], "axe looked at nothing"
    return [(rule["id"], node["html"]) for rule in found["violations"] for node in rule["nodes"]]


def faults(page, not_ours):
    """Return (rule, html) of each complaint about the course."""
    return [(rule, html) for rule, html, place in complaints(page, not_ours) if place is None]


def _excuse(page, rule, target, not_ours):
    places = [place for name, place in not_ours if name == rule]
    return next((p for p in places if page.evaluate(IS_INSIDE, [target, p])), None)
