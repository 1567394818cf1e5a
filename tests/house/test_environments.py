"""pip's and conda's descriptions of one environment agree with each other."""

import os
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA_NAMES = {
    "torch": "pytorch-cpu",
    "matplotlib": "matplotlib-base",
    "xgboost-cpu": "py-xgboost-cpu",
}


def requirements(*extras: str) -> list[Requirement]:
    """Return xaikit's requirements and those of the extras, for this platform."""
    optional = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for e in extras or optional for line in optional[e])]
    found: list[Requirement] = []
    for requirement in map(Requirement, lines):
        if requirement.name == "xaikit":  # an extra that consists of others
            found += requirements(*sorted(requirement.extras))  # a set has no order
        elif not requirement.marker or requirement.marker.evaluate():
            found.append(requirement)
    return list({requirement.name: requirement for requirement in found}.values())


def pins() -> dict[str, Version]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def conda_ranges() -> dict[str, SpecifierSet]:
    """Return the requirements in environment.yml, conda's and pip's lines together."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    lines: list[str] = []
    for entry in environment["dependencies"]:
        lines += entry["pip"] if isinstance(entry, dict) else [entry]
    parsed = [Requirement(line.replace("python=", "python==")) for line in lines]
    return {requirement.name: requirement.specifier for requirement in parsed}


def conda_name(requirement: Requirement) -> str:
    return CONDA_NAMES.get(requirement.name, requirement.name)


def names(requirement: Requirement) -> str:
    return requirement.name


def test_no_package_brings_torchvision():
    """PyPI's torchvision cannot be imported beside PyTorch's CPU build."""
    assert "torchvision" not in pins()


def test_binder_reads_the_same_environment():
    # Binder ignores the top-level file if there is a folder binder/.
    assert (ROOT / "binder/environment.yml").read_bytes() == (
        ROOT / "environment.yml"
    ).read_bytes(), "run: cp environment.yml binder/"


@pytest.mark.parametrize("requirement", requirements("lab"), ids=names)
def test_conda_brings_what_the_course_needs(requirement):
    assert conda_name(requirement) in conda_ranges()


@pytest.mark.parametrize("requirement", requirements("lab"), ids=names)
def test_conda_ranges_hold_the_tested_version(requirement):
    conda_range = conda_ranges()[conda_name(requirement)]
    assert pins()[requirement.name] in conda_range
    assert requirement.specifier == SpecifierSet(
        ",".join(str(part) for part in conda_range if part.operator == ">=")
    ), "pyproject.toml and environment.yml start the range at different versions"
    assert any(part.operator == "<" for part in conda_range), "the range has no upper end"


def test_conda_pins_python_exactly():
    (python,) = conda_ranges()["python"]
    assert python.operator == "==" and len(Version(python.version).release) == 3
    assert Version(python.version) in SpecifierSet(PROJECT["requires-python"])


def test_constraints_are_plain_sorted_pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    listed = [line.partition("==")[0] for line in lines if not line.startswith("#")]
    assert listed == sorted(listed, key=str.lower)
    assert all(version.local is None for version in pins().values()), "a pin names a local build"
    assert "torch" in pins(), "an open range for torch may bring gigabytes of CUDA packages"


@pytest.mark.parametrize("requirement", requirements(), ids=names)
def test_every_requirement_is_pinned_inside_its_range(requirement):
    assert pins()[canonicalize_name(requirement.name)] in requirement.specifier


def installed(name: str) -> Version | None:
    try:
        return Version(metadata.version(name))
    except metadata.PackageNotFoundError:
        return None


def test_the_pinned_versions_are_the_installed_ones():
    found = {name: installed(name) for name in pins()}
    other = {
        name: f"{version.public} is installed, {pins()[name]} is pinned"
        for name, version in found.items()
        if version and version.public != str(pins()[name])
    }
    assert not other, "run `make test`, which installs what constraints.txt lists"


@pytest.mark.parametrize("script", ["binder/postBuild", ".ci/run"])
def test_scripts_are_executable_here_and_in_git(script):
    assert os.access(ROOT / script, os.X_OK)
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "--stage", script],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert listed.startswith("100755"), f"git update-index --chmod=+x {script}"
