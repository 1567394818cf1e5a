"""Binder's build of this repository, as repo2docker plans it without Docker."""

import os
import shutil
import subprocess
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


def test_post_build_leaves_what_make_lab_sets(tmp_path):
    """The script, with programs that only note what they are asked for."""
    for program in ["python", "jupyter"]:
        (tmp_path / program).write_text(
            f"""#!/bin/sh
case "$*" in *sys.prefix*) echo "{tmp_path}/prefix" ;; *) echo "{program} $*" ;; esac
"""
        )
        (tmp_path / program).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    said = subprocess.run(
        ["bash", ROOT / "binder/postBuild"],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    assert said.splitlines() == [
        "python -m pip install --no-deps -e .",
        "jupyter lab workspaces import tools/lab/first_layout.json",
    ]
    copied = {p.name for p in (tmp_path / "prefix/etc/jupyter").rglob("*") if p.is_file()}
    settings = {p.name for p in (ROOT / "tools/lab").rglob("*.json")} - {"first_layout.json"}
    assert copied == settings | {"jupyter_server_config.py"}
