"""The package alone: the wheel's files, and its functions without other packages."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_bytes
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import xaikit
from xaikit.core.extras import PACKAGES

ROOT = Path(__file__).parents[2]
OPTIONAL = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def run(*command, **settings):
    done = subprocess.run(command, capture_output=True, text=True, **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build from a copy, because setuptools leaves its own files in the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    unwanted = shutil.ignore_patterns("__pycache__")
    for package in ("xaikit", "tools"):  # the second must be left out
        shutil.copytree(ROOT / package, folder / package, ignore=unwanted)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", folder]
    run(sys.executable, "-m", "pip", "wheel", *options, folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def about(wheel):
    with zipfile.ZipFile(wheel) as packed:
        (name,) = [name for name in packed.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_bytes(packed.read(name))


@pytest.fixture(scope="module")
def bare(wheel, about, tmp_path_factory):
    """Return a Python that finds only the wheel and its requirements without extras.

    The requirements are links to the packages installed here, without a network.
    """
    folder = tmp_path_factory.mktemp("bare")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / Path(sys.executable).relative_to(sys.prefix)
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run(python, "-I", "-c", ask).strip())
    for name in required(about.get_all("Requires-Dist")):
        distribution = metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files if file.parts[0] != ".."}:
            if top != "__pycache__":
                (packages / top).symlink_to(distribution.locate_file(top))
    options = ["--no-index", "--no-deps", wheel]
    run(sys.executable, "-m", "pip", "--python", python, "install", *options)
    return python


def required(lines):
    """Return the names of these requirements, and of their own requirements."""
    names = set()
    for requirement in map(Requirement, lines or []):
        if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
            names |= {requirement.name, *required(metadata.requires(requirement.name))}
    return names


@pytest.fixture(scope="module")
def errors(bare):
    """Return the error, or None, of every use in `alone.py`."""
    return json.loads(run(bare, "-I", Path(__file__).with_name("alone.py")))


def sentence(user, package, extra):
    return (
        f"MissingPackage: {user} needs {package}, which is not installed: "
        f'python -m pip install "xaikit[{extra}]"'
    )


MISSING = {
    "DualNet": sentence("DualNet", "scikit-learn", "sklearn"),
    "TorchModel": sentence("TorchModel", "torch", "torch"),
    "from_torch": sentence("from_torch", "torch", "torch"),
    ".plot": sentence("a plot", "matplotlib", "plot"),
    ".to": sentence("a Network of torch tensors", "torch", "torch"),
    ".to_shap": sentence("to_shap", "shap", "lab"),
    "progress=True": sentence("progress=True", "tqdm", "progress"),
}


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    files = [path for path in (ROOT / "xaikit").rglob("*") if path.is_file()]
    expected = {file.relative_to(ROOT).as_posix(): file for file in files if file.suffix != ".pyc"}
    assert {"xaikit/py.typed", "xaikit/__init__.pyi"} < set(expected)
    with zipfile.ZipFile(wheel) as packed:
        found = {name for name in packed.namelist() if ".dist-info/" not in name}
        assert found == set(expected)
        assert [n for n in found if packed.read(n) != expected[n].read_bytes()] == []
    assert wheel.stat().st_size < 2_500_000  # most of it is data and weights


def test_one_version_and_every_extra(about):
    assert about["Version"] == xaikit.__version__
    assert set(about.get_all("Provides-Extra")) == set(OPTIONAL)


def test_the_bare_environment_is_bare(bare):
    listed = run(sys.executable, "-m", "pip", "--python", bare, "list", "--format", "freeze")
    names = {line.partition("==")[0] for line in listed.splitlines()}
    assert {"xaikit", "numpy"} < names
    assert names.isdisjoint(package for package, _ in PACKAGES.values())
    where = run(bare, "-I", "-c", "import xaikit; print(xaikit.__file__)").strip()
    assert Path(where).is_relative_to(bare.parents[1])


def test_the_example_in_the_readme_prints_what_it_says(bare):
    readme = (ROOT / "README.md").read_text()
    ((example, printed),) = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", readme, re.DOTALL)
    assert run(bare, "-I", "-c", example) == printed


@pytest.mark.parametrize("name", xaikit.__all__)
def test_every_public_name_works_or_names_its_extra(errors, name):
    assert errors["public"][name] == MISSING.get(name)


def test_what_else_a_stranger_does_works_or_names_its_extra(errors):
    assert errors["others"] == {name: MISSING.get(name) for name in errors["others"]}


def test_every_module_is_imported_or_names_its_extra(errors):
    assert set(filter(None, errors["modules"].values())) == {
        MISSING["DualNet"],
        MISSING["from_torch"],
        MISSING[".plot"],
    }


def test_type_checkers_see_the_public_names(bare, tmp_path):
    (tmp_path / "stranger.py").write_text(
        "import xaikit as xk\n\nreveal_type(xk.lrp)\nxk.lrp_typo\nprint(xk.__version__ + 1)\n"
    )
    options = ["--config-file=", "--cache-dir=.cache", "--python-executable", bare]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "stranger.py"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    found = done.stdout.splitlines()
    signature = (
        r'Revealed type is "def \(network: xaikit\.[\w.]+\.Network, x: Any, target: Any =, '
        r'rule: .*\) -> xaikit\.[\w.]+\.Attribution"'
    )
    assert len(found) == 4 and done.returncode == 1, done.stdout + done.stderr
    assert re.search(rf"^stranger\.py:3: note: {signature}", found[0])
    assert 'stranger.py:4: error: Module has no attribute "lrp_typo"' in found[1]
    assert "stranger.py:5: error: Unsupported operand types" in found[2]
