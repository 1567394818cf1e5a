"""The book's figures: a caption under an image is also the words for who cannot see it."""

from __future__ import annotations

from docutils import nodes


def describe_figures(doctree: nodes.document) -> None:
    """Give every image that a cell shows the caption behind it as its alt text.

    `plots.say` shows the two as outputs that follow each other. The caption gets the class
    "figure-caption". An image keeps its width alone: on a small screen both would distort it.
    """
    for cell in doctree.findall(lambda node: _part(node, "nb_element") == "cell_code_output"):
        images: list[nodes.image] = []
        for bundle in cell.children:
            kinds = {_part(kind, "mime_type"): kind for kind in bundle.children}
            if "image/png" in kinds:
                images += kinds["image/png"].findall(nodes.image)
                images[-1].attributes.pop("height", None)
            elif "text/markdown" in kinds:
                for image in images:
                    # An attribute has no lines.
                    image["alt"] = " ".join(kinds["text/plain"].astext().split())
                for paragraph in kinds["text/markdown"].children:
                    paragraph["classes"].append("figure-caption")
                images = []


def _part(node: nodes.Node, attribute: str) -> str | None:
    """Return what myst-nb wrote into a node's attribute."""
    return node.get(attribute) if isinstance(node, nodes.Element) else None
