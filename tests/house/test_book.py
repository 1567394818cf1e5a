"""`make book` builds without a warning, and its pages hold the whole course."""

import json
import re
import shutil
import subprocess
import sys
from html import unescape
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest

import xaikit
from tests.book import ROOT, Page, dead_links, other_hosts, pages
from tools.book import escape_formulas, link_to_api, link_to_lectures, plain_signature, unbroken
from tools.references import cited, linked, works
from tools.site.__main__ import copy_course

LECTURES = sorted(ROOT.glob("lectures/*.ipynb"))
EXERCISES = sorted(ROOT.glob("exercises/*/*.ipynb"))
NOTEBOOKS = [*LECTURES, *EXERCISES]


def name(path):
    return str(path.relative_to(ROOT).with_suffix(""))


@pytest.fixture(scope="module")
def folder(built_book):
    return built_book[2]


@pytest.fixture(scope="module")
def book(folder):
    return pages(folder)


def test_it_builds_without_a_warning(built_book):
    status, printed, folder = built_book
    assert (status, printed) == (0, f"The book: {folder / 'index.html'}\n")


def test_a_warning_fails_the_build_but_hides_no_other(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(ROOT / "book", source)
    (source / "index.md").write_text("# Book\n\n[gone](gone.md)\n\n[nowhere](nowhere.md)\n")
    script = "import sys; from pathlib import Path; from tools.book import make_pages; "
    script += "sys.exit(make_pages(*map(Path, sys.argv[1:])))"
    run = subprocess.run(
        [sys.executable, "-c", script, str(source), str(tmp_path / "book")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "gone.md" in run.stderr and "nowhere.md" in run.stderr


def test_the_site_s_first_page_and_a_lecture_lead_to_the_course_that_runs(tmp_path):
    source, course = tmp_path / "source", tmp_path / "book" / "live" / "files"
    shutil.copytree(ROOT / "book", source)
    (source / "many_rows.md").unlink()
    for part in ["README.md", "benchmarks/README.md", "lectures/00_neural_networks.ipynb"]:
        (source / part).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / part, source / part)
    first, _, _ = (source / "index.md").read_text().partition("## Lectures")
    toctree = "```{toctree}\n:hidden:\nlectures/00_neural_networks\n```\n"
    (source / "index.md").write_text(first + toctree)
    script = "import sys; from pathlib import Path; from tools.book import make_pages; "
    script += "make_pages(*map(Path, sys.argv[1:]), is_live=True)"
    command = [sys.executable, "-c", script, str(source), str(tmp_path / "book")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    copy_course(course)
    for page in ["index.html", "lectures/00_neural_networks.html"]:
        (link,) = {a for a in Page(tmp_path / "book" / page).links if "live/" in a}
        address = urlsplit(link)
        app = (tmp_path / "book" / page).parent / address.path
        assert app.resolve() == (course.parent / "lab" / "index.html").resolve()
        (notebook,) = parse_qs(address.query)["path"]
        assert (course / notebook).is_file()


def test_every_link_leads_somewhere(book):
    assert sum(len(page.links) for page in book.values()) > 1000
    assert dead_links(book) == []


def test_no_page_loads_from_another_host(book):
    assert sum(len(page.loaded) for page in book.values()) > 1000
    assert other_hosts(book) == set()


def test_the_checkers_find_planted_faults(tmp_path):
    (tmp_path / "a.html").write_text(
        '<h1 id="top">A</h1><a href="b.html#there">…</a><a href="#top">…</a><a href="b.html#no">…'
        '</a><a href="c.html">…</a><a href="#no">…</a><img src="no.png">'
        '<script src="https://host.example/x.js"></script><a href="https://host.example">…</a>'
    )
    (tmp_path / "b.html").write_text('<p id="there">B</p>')
    book = pages(tmp_path)
    dead = [link for _, link in dead_links(book)]
    assert dead == ["b.html#no", "c.html", "#no", "no.png"]
    assert other_hosts(book) == {"https://host.example/x.js"}


@pytest.mark.parametrize("kind", ["lectures", "exercises"])
def test_every_notebook_has_its_page_and_no_other(folder, kind):
    found = sorted((folder / kind).rglob("[0-9]*.html"))
    assert [str(page.relative_to(folder).with_suffix("")) for page in found] == [
        name(path) for path in NOTEBOOKS if path.is_relative_to(ROOT / kind)
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_the_first_page_links_every_notebook(folder, path):
    # Once in the menu, once in the table.
    assert Page(folder / "index.html").links.count(f"{name(path)}.html") >= 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_figures_and_results_are_the_stored_ones(folder, path):
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    page = (folder / f"{name(path)}.html").read_text()
    captions = [
        " ".join(caption.data["text/plain"].split())
        for figure, caption in pairwise(outputs)
        if "image/png" in figure.get("data", {})
    ]
    images = Page(folder / f"{name(path)}.html").images
    # Those under a slider are tested in tests/browser/test_live_figures.py.
    figures = [image for image in images if image.get("alt") and "/live/" not in image["src"]]
    assert [image["alt"] for image in figures] == captions
    assert len(set(captions)) == len(captions)
    printed = "\n".join(output.text for output in outputs if output.output_type == "stream")
    shown = unescape(re.sub(r"<[^>]+>", "", page))
    assert [line for line in printed.splitlines() if line not in shown] == []


@pytest.mark.parametrize("path", LECTURES, ids=name)
def test_links_to_files_of_xaikit_lead_to_their_pages(folder, path):
    text = "".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
    linked = re.findall(r"\]\(\.\./xaikit/(.+?)\.py\)", text)
    # The menu before it links all pages.
    article = (folder / f"{name(path)}.html").read_text().partition("<article")[2]
    hrefs = {file: f'href="../api/xaikit.{file.replace("/", ".")}.html"' for file in linked}
    assert [file for file, href in hrefs.items() if href not in article] == []


@pytest.mark.parametrize("path", LECTURES, ids=name)
def test_a_widget_is_followed_by_a_figure_of_it(path):
    # The place of a note for readers of the book.
    cells = nbformat.read(path, as_version=4).cells
    for cell, following in pairwise(cells):
        if cell.cell_type == "code" and "widgets.explore(" in cell.source:
            outputs = following.get("outputs", [])
            assert any("image/png" in output.get("data", {}) for output in outputs)


def test_every_public_name_is_described_and_listed(folder, book):
    listed = book[folder / "api" / "index.html"].links
    for public in xaikit.__all__:
        home = getattr(xaikit, public).__module__
        page = book[folder / "api" / f"{home}.html"]
        assert f"{home}.{public}" in page.anchors
        assert f"{page.file.name}#{home}.{public}" in listed


def test_every_module_has_a_page(folder):
    paths = [path.relative_to(ROOT).with_suffix("") for path in ROOT.glob("xaikit/*/**/*.py")]
    names = {".".join(path.parts).removesuffix(".__init__") for path in paths}
    assert {"xaikit.methods", "xaikit.methods.lrp", "xaikit.course.checks.lrp"} <= names
    files = {page.stem for page in (folder / "api").glob("*.html")}
    assert files == {"index", *names}


def test_the_menu_names_a_module_by_its_last_name(folder):
    page = (folder / "api" / "xaikit.methods.html").read_text(encoding="utf-8")
    for name in ["xaikit.games", "xaikit.methods.lrp"]:
        assert f'href="{name}.html">{name.rpartition(".")[2]}</a>' in page


def test_every_identifier_that_lectures_cite_is_listed_once(folder):
    text = "".join(
        cell.source.partition("## References")[2]
        for path in LECTURES
        for cell in nbformat.read(path, as_version=4).cells
    )
    wanted = set(re.findall(r"arXiv:[\d.]+\d|doi:10\.[^\s,;]+[^\s,;.)]", text))
    assert len(wanted) > 30
    page = unescape(re.sub(r"<[^>]+>", "", (folder / "references.html").read_text()))
    assert {i: page.count(i) for i in wanted} == dict.fromkeys(wanted, 1)


def test_works_are_split_joined_and_sorted(tmp_path):
    items = {
        "00_a": "- Data: Doe & Roe (2004), doi:10.1/2 (rows); Loe (1998), doi:10.3/4 (columns).",
        "01_b": "- A. Zoe (2017), First, arXiv:1509.06321. V. Coe, A. Doe (2018), Second.\n"
        "- J. Doe, R. Roe (2004), Rows, *Journal* 1, doi:10.1/2 (rows).\n- A photo, by somebody.",
    }
    paths = []
    for stem, references in items.items():
        cell = {"cell_type": "markdown", "metadata": {}, "source": f"## References\n\n{references}"}
        paths.append(tmp_path / f"{stem}.ipynb")
        paths[-1].write_text(
            json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})
        )
    assert len(list(cited(paths[0]))) == 2
    assert [(work.text, [path.stem for path in work.lectures]) for work in works(paths)] == [
        ("V. Coe, A. Doe (2018), Second.", ["01_b"]),
        ("J. Doe, R. Roe (2004), Rows, *Journal* 1, doi:10.1/2.", ["00_a", "01_b"]),
        ("Loe (1998), doi:10.3/4.", ["00_a"]),
        ("A. Zoe (2017), First, arXiv:1509.06321.", ["01_b"]),
    ]


@pytest.mark.parametrize(
    "given, expected",
    [
        ("|∂F_c/∂x|, x*y", r"\|∂F_c/∂x\|, x\*y"),
        ("the attribute subset_ of", r"the attribute subset\_ of"),
        ("`_a|b_` and ``*c``", "`_a|b_` and ``*c``"),
        ("a **large** area", "a **large** area"),
    ],
)
def test_formulas_of_docstrings_are_no_markup(given, expected):
    assert escape_formulas(given) == expected


@pytest.mark.parametrize(
    "identifier, address",
    [
        ("doi:10.1016/S0167-7152(96)00140-X", "https://doi.org/10.1016/S0167-7152(96)00140-X"),
        ("arXiv:1810.03292", "https://arxiv.org/abs/1810.03292"),
    ],
)
@pytest.mark.parametrize("after", ["", ".", ", §3", " (pairs)", ")."])
def test_identifiers_of_works_are_links(identifier, address, after):
    text = f"Doe (2018, {identifier}{after}"
    assert linked(text) == f"Doe (2018, [{identifier}]({address}){after}"
    in_docstrings = linked(text, "`{0} <{1}>`__")
    assert in_docstrings == f"Doe (2018, `{identifier} <{address}>`__{after}"


def test_a_docstring_s_works_are_linked_on_its_page(folder):
    page = (folder / "api" / "xaikit.methods.kernel_shap.html").read_text(encoding="utf-8")
    assert 'abs/2012.01536">arXiv:2012.01536</a> (pairs' in page


def test_what_another_module_defines_is_a_link_and_a_parameter_is_none(folder):
    page = (folder / "api/xaikit.games.conditional.html").read_text(encoding="utf-8")
    assert 'href="xaikit.games.removal.html#xaikit.games.removal.marginal_game"' in page
    # `target` is an attribute of classes, too.
    assert "xaikit.core.question.Question.target" not in page
    # A field of this page's class, and a function of another module.
    page = (folder / "api/xaikit.course.datasets.tabular.html").read_text(encoding="utf-8")
    assert "class_names" in page and "photos.class_names" not in page


def test_two_parameters_with_the_same_words_are_one_entry(folder):
    page = (folder / "api/xaikit.methods.lrp_rules.html").read_text(encoding="utf-8")
    assert "<strong>low, high</strong>" in page


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("## Exercise 2 · The fit (4 points)", "## Exercise 2 · The fit (4_points)"),
        ("**Goal** The fit. **15 minutes**, ★★☆.", "**Goal** The fit. **15_minutes**,_★★☆."),
        ("- **Points** 20: six exercises", "- **Points** 20: six exercises"),
    ],
)
def test_a_number_and_its_unit_stay_on_a_line(given, expected):
    assert unbroken(given).replace("\N{NO-BREAK SPACE}", "_") == expected


def test_a_docstring_s_lectures_are_linked_on_its_page(folder):
    page = (folder / "api" / "xaikit.metrics.axioms.html").read_text(encoding="utf-8")
    article = re.sub(r"</?span[^>]*>", "", page.partition("<article")[2])
    for number, stem in [("03", "03_shapley_values"), ("06", "06_integrated_gradients")]:
        assert re.search(rf'href="../lectures/{stem}.html"[^>]*>{number}</a>', article)
    assert re.search(r'href="../lectures/09_trust.html"[^>]*>lecture 09</a>', article)


@pytest.mark.parametrize(
    "given, expected",
    [
        ("See lecture 04b.", "See :doc:`lecture 04b </lectures/04b_shap_in_practice>`."),
        (
            "lectures 02 to 03",
            "lectures :doc:`02 </lectures/02_lime>` to :doc:`03 </lectures/03_shapley_values>`",
        ),
        ("a lecture of 03 hours, 1603", "a lecture of 03 hours, 1603"),
    ],
)
def test_mentioned_lectures_are_links(given, expected):
    assert link_to_lectures(given) == expected


def test_code_is_not_in_the_index_of_the_search(folder):
    word = "set_printoptions"
    assert all(word in path.read_text() for path in EXERCISES[:3])
    index = (folder / "searchindex.js").read_text()
    terms = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))["terms"]
    assert word not in terms
    assert {"relev", "coalit"} <= set(terms)  # stems of words of the text


def test_two_hyphens_are_a_dash(folder):
    page = (folder / "api" / "xaikit.methods.shapley.html").read_text(encoding="utf-8")
    assert " – " in page and " -- " not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize(
    "given, expected",
    [
        ("(x: ~typing.Any, n: int = 3)", "(x, n: int = 3)"),
        ("(x: ~typing.Any = 0, **kw: ~typing.Any)", "(x = 0, **kw)"),
        ("(f: ~collections.abc.Callable = <function same>)", "(f: Callable = same)"),
        ("(a: ~xaikit.games.game.Game)", "(a: ~xaikit.games.game.Game)"),
        ("(d: dict[str, ~typing.Any] = <factory>)", "(d: dict[str, Any] = ...)"),
        ("(*args, **kwargs)", ""),
        (None, None),
    ],
)
def test_signatures_are_plain(given, expected):
    assert plain_signature(given) == expected


def test_only_files_of_xaikit_become_pages():
    text = "[a](../xaikit/plots/bars.py), [b](../../xaikit/games/game.py), [c](../README.md)"
    assert link_to_api(text) == (
        "[a](../api/xaikit.plots.bars.rst), [b](../../api/xaikit.games.game.rst), [c](../README.md)"
    )
