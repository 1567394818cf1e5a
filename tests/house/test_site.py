"""What the site is built of, and which cells its edition of the lectures cannot run."""

import ast

import nbformat
import pytest

from tests.lab import ROOT
from tests.notebooks import guards
from tests.site.live import OTHERWISE
from tools.book import read_notebook
from tools.site.__main__ import copy_course, main, wrong_release
from tools.site.missing import is_there, missing_cells
from tools.site.wheels import fonts, make_fonts, make_wheel, make_xaikit, modules
from xaikit.course.not_installed import ASKED_FOR, Watcher, results

LECTURES = sorted((ROOT / "lectures").glob("*.ipynb"))


def code_cells(lecture):
    return [c for c in nbformat.read(lecture, as_version=4).cells if c.cell_type == "code"]


def test_in_this_environment_no_cell_is_left_out():
    """All packages that any lecture asks for are installed: the notebooks' lane runs every cell."""
    left_out = []
    for lecture in LECTURES:
        watcher = Watcher()
        cells = code_cells(lecture)
        left_out += [cell.source for cell in cells if watcher.missing(ast.parse(cell.source))]
    assert left_out == []


def test_packages_that_lectures_ask_for_are_listed():
    modules = {
        name.split(".")[0]
        for lecture in LECTURES
        for cell in code_cells(lecture)
        for step in ast.walk(ast.parse(cell.source))
        for name in imported(step)
    }
    lacking = {module for module in modules if not is_there(module)}
    assert {"torch", "captum"} <= lacking <= ASKED_FOR


def imported(step):
    if isinstance(step, ast.Import):
        return [one.name for one in step.names]
    return [step.module] if isinstance(step, ast.ImportFrom) else []


def test_most_cells_of_each_lecture_run_in_the_browser():
    """At least two in three; the optional lecture is about another library."""
    for lecture in LECTURES:
        share = len(missing_cells(lecture)) / len(code_cells(lecture))
        assert share <= (0.6 if lecture.stem.startswith("04b") else 1 / 3), lecture.stem


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda path: path.stem)
def test_what_is_left_out_has_a_stored_result_and_is_not_in_the_first_cells(lecture):
    left_out = missing_cells(lecture)
    assert not {cell.id for cell in left_out} & {cell.id for cell in code_cells(lecture)[:2]}
    # A cell without any only prepares what the next one shows; of sliders that is one setting.
    silent = [c.source for c in left_out if not results(c.outputs) and "explore(" not in c.source]
    assert not [source for source in silent if "print(" in source or "plots." in source]


def test_every_cell_that_is_listed_as_different_is_a_lectures():
    firsts = {cell.source.partition("\n")[0] for path in LECTURES for cell in code_cells(path)}
    assert OTHERWISE.keys() <= firsts


def test_wheels_hold_the_packages(tmp_path):
    make_wheel("lazy-loader", tmp_path)
    make_xaikit(tmp_path)
    make_fonts(tmp_path)
    found = {path.name.split("-")[0]: set(modules(path)) for path in tmp_path.glob("*.whl")}
    assert found == {
        "lazy_loader": {"lazy_loader"},
        "xaikit": {"xaikit"},
        "xaikit_plots": set(),
    }


def test_the_list_of_fonts_is_matplotlibs_own():
    entries = fonts()["ttflist"]
    assert "DejaVu Sans" in {entry["name"] for entry in entries}
    assert all(entry["fname"].startswith("fonts/") for entry in entries)


@pytest.mark.parametrize("place", ["lectures/02_lime", "exercises/02_lime/02_lime"])
def test_a_page_of_the_book_leads_to_the_notebook_that_runs(place):
    text = (ROOT / f"{place}.ipynb").read_text(encoding="utf-8")
    up = "../" * place.count("/")
    link = f'<a href="{up}live/lab/index.html?path={place}.ipynb">Open in the browser</a>'
    assert link in nbformat.reads(read_notebook(text, place), as_version=4).cells[1].source
    assert "Open in the browser" not in read_notebook(text)


def test_links_of_the_notebooks_lead_to_files_of_the_site(tmp_path):
    copy_course(tmp_path)
    pages = sorted(path for path in tmp_path.rglob("*") if path.suffix in (".ipynb", ".md"))
    assert len(pages) > len(LECTURES) + 10
    assert (tmp_path / "lectures" / "notation.md").is_file()
    for page in pages:
        if page.suffix == ".md":
            text = page.read_text(encoding="utf-8")
            page = page.with_suffix(".ipynb")
            cell = nbformat.v4.new_markdown_cell(text)
            nbformat.write(nbformat.v4.new_notebook(cells=[cell]), page)
        assert guards.dead_links(page) == [], page


def test_a_folder_without_the_release_is_refused_before_anything_is_made(
    tmp_path, capsys, monkeypatch
):
    """Also where no JupyterLite is installed."""
    monkeypatch.setattr("tools.site.__main__.JUPYTERLITE", tmp_path / "no JupyterLite")
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--pyodide", str(tmp_path)])
    assert "release 0.27.7; " in capsys.readouterr().err and not (tmp_path / "site").exists()
    (tmp_path / "pyodide-lock.json").write_text('{"info": {"version": "0.26.0"}}')
    assert wrong_release(str(tmp_path)).endswith("has 0.26.0")
    assert wrong_release("https://example.org/pyodide/") == ""
