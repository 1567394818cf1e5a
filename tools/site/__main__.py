"""Build the site: the web book, and beside it the whole course to run in the browser.

The folder `build/site` can be published as it is. `live/` in it is a JupyterLite: JupyterLab
without a server, whose kernel is Pyodide, Python compiled for browsers. Pyodide comes from its own
release address, or from a folder of one's own (`--pyodide`), which is then copied into the site.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat

from tools import book
from tools.site import wheels
from tools.site.linked import linked_files

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PYODIDE = "0.27.7"
RELEASE = f"https://cdn.jsdelivr.net/pyodide/v{PYODIDE}/full/"
NOTEBOOKS = ["start.ipynb", "lectures/*.ipynb", "exercises/*/*.ipynb"]
# The Makefile installs it there.
JUPYTERLITE = Path(sys.prefix, "jupyterlite")
EXTENSIONS = Path("share", "jupyter", "labextensions")
KERNEL, WIDGETS = "@jupyterlite/pyodide-kernel-extension", "@jupyter-widgets/jupyterlab-manager"


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the site, and print where it is."""
    parser = argparse.ArgumentParser(prog="python -m tools.site", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build", help="for the site")
    parser.add_argument(
        "--pyodide",
        default=os.environ.get("PYODIDE") or RELEASE,
        help=f"a folder with Pyodide's release {PYODIDE}, or its address; $PYODIDE, else {RELEASE}",
    )
    parser.add_argument("--without-book", action="store_true", help="only the part to run")
    options = parser.parse_args(arguments)
    if complaint := wrong_release(options.pyodide):
        parser.error(complaint)
    if not JUPYTERLITE.is_dir():
        parser.error(f"there is no JupyterLite in {JUPYTERLITE}: run `make site`")
    folder = options.folder.resolve()
    source, site = folder / "site-source", folder / "site"
    shutil.rmtree(site, ignore_errors=True)
    if not options.without_book and (status := book.build(source, site, is_live=True)):
        return status
    make_live(site / "live", options.pyodide)
    for path in unused(site):
        path.unlink()
    print(f"The site: {site}\nTo look at it: {sys.executable} -m http.server --directory {site}")
    return 0


def unused(site: Path) -> list[Path]:
    """Return the files that no browser of today asks for; Pyodide's folder stays as it is."""
    maps = [path for path in site.rglob("*.map") if "pyodide" not in path.parts]
    # Icons in older formats: each browser that runs Pyodide takes the one in .woff2.
    icons = site.glob("live/build/fa-*")
    return [*maps, *(path for path in icons if path.suffix != ".woff2")]


def wrong_release(pyodide: str) -> str:
    """Return what is wrong with a folder of Pyodide's release; an address is not looked at."""
    if "://" in pyodide:
        return ""
    wanted = f"PYODIDE is to be a folder with all files of Pyodide's release {PYODIDE}"
    lock = Path(pyodide, "pyodide-lock.json")
    if not lock.is_file():
        return f"{wanted}; {pyodide} has no {lock.name}"
    found = json.loads(lock.read_text(encoding="utf-8"))["info"]["version"]
    return "" if found == PYODIDE else f"{wanted}; {pyodide} has {found}"


def make_live(live: Path, pyodide: str) -> None:
    """Make the JupyterLite in a folder, for a Pyodide at an address or in a folder."""
    with tempfile.TemporaryDirectory() as temporary:
        lite = Path(temporary)
        contents = lite / "course"
        copy_course(contents)
        for name in ("jupyter-lite.json", "overrides.json"):
            shutil.copy(HERE / name, lite)
        settings = {
            "contents": [str(contents)],
            "output_dir": str(live),
            "apps": ["lab"],
            "federated_extensions": [
                str(JUPYTERLITE / EXTENSIONS / KERNEL),
                str(Path(sys.prefix) / EXTENSIONS / WIDGETS),
            ],
            "ignore_sys_prefix": True,
            "no_sourcemaps": True,
            "no_unused_shared_packages": True,
        }
        (lite / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": settings}))
        command = [sys.executable, "-m", "jupyterlite_core", "build"]
        run = subprocess.run(
            command,
            cwd=lite,
            env={**os.environ, "PYTHONPATH": str(JUPYTERLITE)},
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            raise RuntimeError(f"JupyterLite could not be built:\n{run.stdout}{run.stderr}")
    add_extension(live)
    kernel = live / "kernel"
    kernel.mkdir()
    wheels.gather(kernel, live / "extensions" / KERNEL / "static" / "pypi")
    release = pyodide
    if "://" not in pyodide:
        shutil.copytree(pyodide, live / "pyodide")
        release = "../pyodide/"
    script = (HERE / "kernel.js").read_text().replace("RELEASE", json.dumps(release))
    (kernel / "pyodide.js").write_text(script)


def copy_course(folder: Path) -> None:
    """Copy the notebooks, and all files to which they link, into a folder."""
    notebooks = {path for pattern in NOTEBOOKS for path in ROOT.glob(pattern)}
    for path in notebooks | linked_files(notebooks):
        copy_file(path, folder / path.relative_to(ROOT))


def copy_file(path: Path, copy: Path) -> None:
    """Copy a file; a notebook as JupyterLab's server would send it: each text in one piece."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".ipynb":
        copy.write_text(json.dumps(nbformat.read(path, as_version=4)), encoding="utf-8")
    else:
        shutil.copy(path, copy)


def add_extension(live: Path) -> None:
    """Add the buttons for a learner's own work to the notebooks' toolbar."""
    static = live / "extensions" / "xai-course" / "static"
    static.mkdir(parents=True)
    shutil.copy(HERE / "extension.js", static)
    path = live / "jupyter-lite.json"
    lite = json.loads(path.read_text())
    entry = {"name": "xai-course", "load": "static/extension.js", "extension": "./extension"}
    lite["jupyter-config-data"]["federated_extensions"].append(entry)
    path.write_text(json.dumps(lite, indent=2))


if __name__ == "__main__":
    raise SystemExit(main())
