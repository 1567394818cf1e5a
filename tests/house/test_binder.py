"""Binder's build of this repository, as repo2docker plans it without Docker."""

import shutil
from pathlib import Path

import pytest
import yaml
from repo2docker.app import Repo2Docker
from repo2docker.buildpacks import CondaBuildPack

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    for name in ["pyproject.toml", "environment.yml"]:
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "binder", tmp_path / "binder")
    monkeypatch.chdir(tmp_path)  # repo2docker looks at the current folder
    return tmp_path


def chosen_build_pack():
    """Return the first build pack that recognises the current folder: repo2docker's choice."""
    app = Repo2Docker()
    packs = [build_pack(base_image=app.base_image) for build_pack in app.buildpacks]
    fallback = app.default_buildpack(base_image=app.base_image)
    pack = next((pack for pack in packs if pack.detect()), fallback)
    pack.platform = "linux/amd64"
    return pack


def is_our_environment(pack) -> bool:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python = f"python={pack.python_version}."
    return type(pack) is CondaBuildPack and any(
        isinstance(line, str) and line.startswith(python) for line in environment["dependencies"]
    )


def test_binder_builds_our_conda_environment(checkout):
    pack = chosen_build_pack()
    assert is_our_environment(pack)
    dockerfile = pack.render()
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "binder/environment.yml"' in dockerfile
    assert "./binder/postBuild" in dockerfile


def test_the_top_level_file_alone_would_be_ignored(checkout):
    (checkout / "binder/environment.yml").unlink()
    assert not is_our_environment(chosen_build_pack())


def test_post_build_installs_xaikit_and_turns_the_news_off(checkout):
    script = (checkout / "binder/postBuild").read_text()
    assert "pip install --no-deps -e ." in script
    assert 'labextension disable "@jupyterlab/apputils-extension:announcements"' in script
