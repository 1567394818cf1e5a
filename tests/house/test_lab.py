"""`make lab` opens the start page and hides the grading tools."""

import json
import re

import pytest

from tests.lab import ROOT, make_lab, plain_lab, running

START = "start.ipynb"
NBGRADER = "@jupyter/nbgrader"
NEWS = "@jupyterlab/apputils-extension:announcements"
# One address of each of nbgrader's four server extensions, and the one they share.
GRADING_ADDRESSES = [
    "/formgrader",
    "/formgraders",
    "/assignments",
    "/assignments/validate",
    "/nbgrader_version",
]


@pytest.fixture(scope="module")
def learners_lab(tmp_path_factory):
    with running(make_lab, tmp_path_factory.mktemp("learner")) as lab:
        yield lab


def test_a_plain_lab_has_the_grading_tools(tmp_path):
    # Else the tests below would pass without nbgrader, or if it had new names.
    with running(plain_lab, tmp_path) as lab:
        config = lab.page_config()
        assert NBGRADER in [extension["name"] for extension in config["federated_extensions"]]
        assert NBGRADER not in config["disabledExtensions"]
        assert [lab.get(address)[0] for address in GRADING_ADDRESSES].count(404) == 0
        assert "nbgrader.server_extensions.formgrader | extension was successfully" in lab.log()


def test_the_grading_menu_is_off(learners_lab):
    assert NBGRADER in learners_lab.page_config()["disabledExtensions"]


@pytest.mark.parametrize("address", GRADING_ADDRESSES)
def test_the_grading_server_is_off(learners_lab, address):
    assert learners_lab.get(address)[0] == 404


def test_no_grading_extension_is_loaded(learners_lab):
    loaded = re.findall(r"(\S+) \| extension was successfully loaded", learners_lab.log())
    assert "jupyterlab" in loaded
    assert not [name for name in loaded if name.startswith("nbgrader")]


def test_the_news_pop_up_is_off(learners_lab):
    assert NEWS in learners_lab.page_config()["disabledExtensions"]


def test_file_names_have_the_room_of_a_column_of_dates(learners_lab):
    _, answer = learners_lab.get("/lab/api/settings/@jupyterlab/filebrowser-extension:browser")
    assert json.loads(answer)["schema"]["properties"]["showLastModifiedColumn"]["default"] is False


def test_widgets_have_no_thread_of_their_own_in_the_kernel(learners_lab):
    # Else a slider that moves while a cell draws takes part of the cell's figure.
    plugin = "@jupyterlab/apputils-extension:kernels-settings"
    _, answer = learners_lab.get(f"/lab/api/settings/{plugin}")
    properties = json.loads(answer)["schema"]["properties"]
    assert properties["commsOverSubshells"]["default"] == "disabled"


def test_links_to_pages_open_them_as_they_are_meant_to_be_read_here_and_on_the_site(learners_lab):
    """A lecture links to the notation and the glossary: not to their source."""
    plugin = "@jupyterlab/docmanager-extension:plugin"
    _, answer = learners_lab.get(f"/lab/api/settings/{plugin}")
    viewers = json.loads(answer)["schema"]["properties"]["defaultViewers"]["default"]
    assert viewers == {"markdown": "Markdown Preview"}
    site = json.loads((ROOT / "tools/site/overrides.json").read_text(encoding="utf-8"))
    assert site[plugin] == {"defaultViewers": viewers}


def test_the_start_page_opens(learners_lab):
    assert learners_lab.get(f"/lab/tree/{START}")[0] == 200
    assert learners_lab.page_config("/")["treePath"] == START
    assert json.loads(learners_lab.get(f"/api/contents/{START}")[1])["type"] == "notebook"
