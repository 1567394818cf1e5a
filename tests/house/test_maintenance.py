"""Facts that several files repeat agree: lanes, versions, addresses."""

import ast
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tools.site.__main__ import PYODIDE

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
JOBS = yaml.safe_load((ROOT / ".github/workflows/checks.yml").read_text())["jobs"]
CONTAINER = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
REPOSITORY = PROJECT["urls"]["Repository"]
# Parts of Python on Linux and macOS only.
POSIX = {"fcntl", "grp", "pty", "pwd", "resource", "termios"}


def run(command: str | list[str], folder: Path) -> str:
    shell = isinstance(command, str)
    done = subprocess.run(
        command, shell=shell, cwd=folder, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def commands(job: str) -> list[str]:
    return [step["run"] for step in JOBS[job]["steps"] if "run" in step]


def test_the_workflow_runs_every_lane_of_make_test():
    recipe = (ROOT / "Makefile").read_text().partition("\ntest:")[2].partition("\n\n")[0]
    lanes = re.findall(r"lane-(\w+)", recipe)
    matrix = JOBS["lanes"]["strategy"]["matrix"]
    assert "units" in lanes and sorted(matrix["lane"]) == sorted(lanes)
    assert "make lane-${{ matrix.lane }}" in commands("lanes")
    assert not [left_out for left_out in matrix["exclude"] if "macos" not in left_out["system"]]


def test_workflows_fetch_the_release_of_pyodide_that_the_site_takes():
    """Without it the tests of the site fail there, since `XAI_CI` is set."""
    for name, job in [("checks", "lanes"), ("pages", "site")]:
        workflow = yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text())
        assert workflow["env"]["PYODIDE_VERSION"] == PYODIDE
        (step,) = [s for s in workflow["jobs"][job]["steps"] if "Pyodide" in s.get("name", "")]
        assert "$releases/$PYODIDE_VERSION/pyodide-$PYODIDE_VERSION.tar.bz2" in step["run"]


@pytest.mark.parametrize("lane", ["units", "notebooks", "exercises"])
def test_windows_runs_the_commands_of_the_makefile(lane):
    set_up = [f"VENV={sys.prefix}", f"--old-file={sys.prefix}/.has-test"]
    make = ["make", "--dry-run", "--no-print-directory", *set_up, f"lane-{lane}"]
    printed = run(make, ROOT)
    (command,) = [step["run"] for step in JOBS["windows"]["steps"] if step.get("name") == lane]
    assert shlex.split(command)[1:] == shlex.split(printed.replace("\\\n", " "))[1:]


def test_windows_installs_what_the_makefile_installs():
    marker = f"{sys.prefix}/.has-test"
    known = [f"VENV={sys.prefix}", f"--old-file={sys.prefix}/pyvenv.cfg"]
    printed = run(["make", "--dry-run", *known, "--what-if=pyproject.toml", marker], ROOT)
    theirs = [shlex.split(line)[1:] for line in printed.splitlines() if "pip install" in line]
    ours = [shlex.split(line)[1:] for line in commands("windows") if "pip install" in line]
    # What is installed into a folder of its own is for the site, whose tests run elsewhere. `make`
    # compiles afterwards, on all cores.
    theirs = [[word for word in call if word != "--no-compile"] for call in theirs]
    assert len(ours) == 2 and ours == [call for call in theirs if "--target" not in call]


def test_windows_is_asked_for_nothing_that_it_lacks():
    files = [
        file
        for folder in ["xaikit", "tools", "benchmarks", "tests"]
        for file in sorted((ROOT / folder).rglob("*.py"))
        if not file.is_relative_to(ROOT / "tests/grading")
    ]
    assert len(files) > 100
    assert [f"{file} imports {name}" for file in files for name in imported(file) & POSIX] == []


def imported(file: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(file.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("job", ["lanes", "windows"])
def test_the_workflow_runs_the_oldest_and_the_newest_python(job):
    label = "Programming Language :: Python :: 3."
    minors = [int(line.removeprefix(label)) for line in PROJECT["classifiers"] if label in line]
    assert PROJECT["requires-python"] == f">=3.{min(minors)}"
    assert JOBS[job]["strategy"]["matrix"]["python"] == [f"3.{min(minors)}", f"3.{max(minors)}"]


@pytest.mark.parametrize(
    "hooks, package",
    [("ruff-pre-commit", "ruff"), ("python-jsonschema/check-jsonschema", "check-jsonschema")],
)
def test_pre_commit_uses_the_pinned_versions(hooks, package):
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    (version,) = [each["rev"] for each in repositories if each["repo"].endswith(hooks)]
    pins = (ROOT / "constraints.txt").read_text().splitlines()
    assert f"{package}=={version.removeprefix('v')}" in pins


def test_the_dev_container_has_the_environment_of_make_test():
    assert CONTAINER["postCreateCommand"] == "make $VENV/.has-test"
    python = re.search(r"python=(\d+\.\d+)", (ROOT / "environment.yml").read_text())
    assert CONTAINER["image"].endswith(f"/python:{python[1]}-bookworm")
    settings = CONTAINER["customizations"]["vscode"]["settings"]
    environment = CONTAINER["containerEnv"]["VENV"]
    assert settings["python.defaultInterpreterPath"] == f"{environment}/bin/python"


def test_the_changelog_tells_of_this_version():
    version = yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"]
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", changes, re.MULTILINE)


def test_every_file_names_the_same_repository():
    name = REPOSITORY.removeprefix("https://github.com/")
    assert all(address.startswith(REPOSITORY) for address in PROJECT["urls"].values())
    for file in ["CITATION.cff", ".github/ISSUE_TEMPLATE/config.yml"]:
        assert REPOSITORY in (ROOT / file).read_text()
    assert f"https://mybinder.org/v2/gh/{name}/HEAD" in (ROOT / "README.md").read_text()


@pytest.fixture
def copy(tmp_path):
    """Make a repository of the files that a package needs, and of those about publishing it."""
    for file in ["README.md", "CONTRIBUTING.md", "LICENSE", "pyproject.toml", "setup.py"]:
        shutil.copy(ROOT / file, tmp_path)
    shutil.copy(ROOT / ".gitattributes", tmp_path)
    shutil.copytree(ROOT / "xaikit", tmp_path / "xaikit")
    run(["git", "init", "--quiet"], tmp_path)
    return tmp_path


def test_one_command_sets_the_address(copy):
    for name in ["a page.md", "CITATION.cff"]:
        (copy / name).write_text("See https://github.com/OWNER/REPO/issues\n")
    run(["git", "add", "--all"], copy)
    (command,) = re.findall(r"^git grep .*$", (copy / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    run(command, copy)
    assert run(["git", "grep", "--name-only", "OWNER/REPO"], copy).split() == ["CONTRIBUTING.md"]
    for name in ["a page.md", "CITATION.cff"]:
        assert (copy / name).read_text() == "See https://github.com/you/your-copy/issues\n"


def test_the_description_on_an_index_has_whole_addresses(copy):
    build = "from setuptools import build_meta; build_meta.prepare_metadata_for_build_wheel('.')"
    run([sys.executable, "-c", build], copy)
    (metadata,) = copy.glob("*.dist-info/METADATA")
    description = metadata.read_text().partition("\n\n")[2]
    readme = (ROOT / "README.md").read_text()

    address = r"\]\(([^)]+)"
    picture = r'(?<=src=|set=)"[^"]+"'
    words = [re.sub(f"{address}|{picture}", "", text).strip() for text in (description, readme)]
    assert words[0] == words[1]
    assert [link for link in re.findall(address, description) if "://" not in link] == []
    files = re.findall(rf"\]\({REPOSITORY}/(?:blob|raw)/HEAD/([^)#]+)", description)
    assert "LICENSE" in files and [file for file in files if not (ROOT / file).exists()] == []
    pictures = [f"{REPOSITORY}/raw/HEAD/book/_static/course.{kind}" for kind in ("png", "webp")]
    assert re.findall(r'(?<=src=|set=)"([^"]+)"', description) == pictures


@pytest.mark.parametrize("file", ["exercises/02_lime/02_lime.ipynb", ".ci/run", "xaikit/a.csv"])
def test_git_keeps_line_endings_on_every_system(copy, file):
    said = run(["git", "check-attr", "text", "eol", "--", file], copy)
    assert said.splitlines() == [f"{file}: text: auto", f"{file}: eol: lf"]
