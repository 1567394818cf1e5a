"""The targets of links in README.md and its companions exist."""

import re
from pathlib import Path

import nbformat
import pytest
import yaml

import xaikit
from benchmarks.tables import rows_of
from xaikit.course import contents

ROOT = Path(__file__).parents[2]
LECTURES = sorted((ROOT / "lectures").glob("*.ipynb"))
README = (ROOT / "README.md").read_text()
INDEX = (ROOT / "book" / "index.md").read_text()


DOCUMENTS = ["README.md", "CONTRIBUTING.md", "TEACHING.md", "grading/README.md"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    links = re.findall(r"\]\(([^)#]+)", (ROOT / document).read_text())
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (ROOT / document).parent.joinpath(link).exists()] == []


def test_the_minutes_of_the_plan_are_those_of_the_notebooks():
    plan = re.findall(
        r"^\| (\d\d\w?) \|[^|]+\| (\d+) \| (\d*) ?\|",
        (ROOT / "TEACHING.md").read_text(),
        re.MULTILINE,
    )

    def minutes(pattern):
        # An optional second part, such as 04b, has no assignment.
        found = [path.read_text() for path in ROOT.glob(pattern)]
        return "".join(re.search(r"\*\*Time\*\* about (\d+) minutes", text)[1] for text in found)

    numbers = [path.name.split("_")[0] for path in LECTURES]
    assert plan == [
        (number, minutes(f"lectures/{number}_*.ipynb"), minutes(f"solutions/{number}_*/*"))
        for number in numbers
    ]


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda path: path.stem)
def test_the_readme_lists_every_lecture(lecture):
    assert f"](lectures/{lecture.name})" in README


def ratio(section, beginning, end=""):
    """Return xaikit's time divided by the peer's, of the one task with such a name."""
    (found,) = [
        row["÷ peer"]
        for row in rows_of(section)
        if row["task"].startswith(beginning) and row["task"].endswith(end)
    ]
    return float(found)


def test_the_readme_s_numbers_are_those_of_the_benchmarks():
    said = " ".join(README.split())
    assert "exact Shapley values take less than half" in said
    assert ratio("coalitions", "exact Shapley, 14", "network") < 1 / 2
    assert "integrated gradients less than a tenth" in said
    assert ratio("inside", "integrated gradients") < 1 / 10
    assert f"{len(rows_of('claims'))} sentences" in said
    assert {(row["statuses"], row["as expected"]) for row in rows_of("class")} == {("300", "300")}


def test_the_binder_button_opens_the_start_page():
    assert re.findall(r"urlpath=lab/tree/([^)]+)\)", README) == ["start.ipynb"]


def test_the_start_page_lists_the_course_with_the_words_of_the_book():
    start = "\n".join(c.source for c in nbformat.read(ROOT / "start.ipynb", as_version=4).cells)
    wanted = []
    for lecture in contents.lectures():
        pattern = rf"^\| \[\]\(lectures/{lecture.name}\.ipynb\) (\|.+\|)$"
        (row,) = re.findall(pattern, INDEX, re.MULTILINE)
        link = f"[{lecture.title}](lectures/{lecture.name}.ipynb)"
        wanted.append(f"| {lecture.chapter} | {link} {row}")
    assert re.findall(r"^\| \d.+$", start, re.MULTILINE) == wanted


def test_the_paths_that_contributors_read_about_exist():
    named = re.findall(r"`([\w.-]+/[\w./-]+)`", (ROOT / "CONTRIBUTING.md").read_text())
    paths = [path for path in named if "NN_" not in path and path != "OWNER/REPO"]
    assert "tests/notebooks/test_derived.py" in paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_citation_names_the_version_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == xaikit.__version__
