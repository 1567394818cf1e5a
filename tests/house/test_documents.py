"""The targets of links in README.md and its companions exist."""

import re
from pathlib import Path

import pytest
import yaml

import xaikit

ROOT = Path(__file__).parents[2]
LECTURES = sorted((ROOT / "lectures").glob("*.ipynb"))
README = (ROOT / "README.md").read_text()


DOCUMENTS = ["README.md", "CONTRIBUTING.md", "TEACHING.md", "grading/README.md"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    links = re.findall(r"\]\(([^)#]+)", (ROOT / document).read_text())
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (ROOT / document).parent.joinpath(link).exists()] == []


def test_the_minutes_of_the_plan_are_those_of_the_notebooks():
    plan = re.findall(
        r"^\| (\d\d) \|[^|]+\| (\d+) \| (\d+) \|", (ROOT / "TEACHING.md").read_text(), re.MULTILINE
    )

    def minutes(pattern):
        (path,) = ROOT.glob(pattern)
        return re.search(r"\*\*Time\*\* about (\d+) minutes", path.read_text())[1]

    assert plan == [
        (path.name[:2], minutes(f"lectures/{path.name}"), minutes(f"solutions/{path.name[:2]}*/*"))
        for path in LECTURES
    ]


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda path: path.stem)
def test_the_readme_lists_every_lecture(lecture):
    assert f"](lectures/{lecture.name})" in README


def test_the_binder_button_opens_the_first_lecture():
    assert re.findall(r"urlpath=lab/tree/([^)]+)\)", README) == [f"lectures/{LECTURES[0].name}"]


def test_the_paths_that_contributors_read_about_exist():
    named = re.findall(r"`([\w.-]+/[\w./-]+)`", (ROOT / "CONTRIBUTING.md").read_text())
    paths = [path for path in named if "NN_" not in path and path != "OWNER/REPO"]
    assert "tests/notebooks/test_derived.py" in paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_citation_names_the_version_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == xaikit.__version__
