"""The packages of Python that the site brings with it, beside those of Pyodide's release."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

import matplotlib
from matplotlib.font_manager import fontManager

import xaikit
from tools.site import missing
from xaikit.course.datasets.sources import scikit_learns_file

ROOT = Path(__file__).resolve().parents[2]
# Pure Python of this environment that Pyodide's release does not have, or has too old.
OURS = ["ipywidgets", "comm", "lazy-loader", "array-api-compat"]
# What is loaded with a package. Everything that Pyodide has itself is in its own lock file.
DEPENDS = {
    "xaikit": [
        "numpy",
        "scipy",
        "ipywidgets",
        "lazy-loader",
        "array-api-compat",
    ],
    # With what draws: kernel.js loads it.
    "xaikit-plots": ["matplotlib"],
    "ipywidgets": ["comm", "widgetsnbextension", "ipython", "traitlets"],
    "pyodide-kernel": ["ipython", "comm", "ipykernel"],
    "piplite": ["micropip"],
}
DATA = ["digits.csv.gz", "diabetes_data_raw.csv.gz", "diabetes_target.csv.gz", "breast_cancer.csv"]
# Pyodide's Matplotlib brings a list of its fonts that it cannot read, being of another version; it
# would look at each font again, which takes seconds.
FONTS, FONTS_VERSION = "matplotlib/fontlist.json", 330
FONT_FIELDS = ["fname", "name", "style", "variant", "weight", "stretch", "size"]


def gather(kernel: Path, kernels_own: Path) -> None:
    """Gather them in a folder, with those of the kernel itself, and describe them to Pyodide."""
    for name in OURS:
        make_wheel(name, kernel)
    make_xaikit(kernel)
    make_fonts(kernel)
    for path in kernels_own.glob("*.whl"):
        if not path.name.startswith("widgetsnbextension-3"):  # for the ipywidgets of 2021
            shutil.copy(path, kernel)
    packages = {}
    for path in sorted(kernel.glob("*.whl")):
        entry = described(path)
        packages[entry["name"]] = entry
    (kernel / "packages.json").write_text(json.dumps(packages, indent=1))


def make_wheel(name: str, folder: Path) -> None:
    """Zip the files of an installed package of pure Python."""
    found = distribution(name)
    file = f"{name.replace('-', '_')}-{found.version}-py3-none-any.whl"
    with zipfile.ZipFile(folder / file, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path in found.files or []:
            if ".." not in path.parts and "__pycache__" not in path.parts:
                wheel.write(str(path.locate()), str(path))


def make_xaikit(folder: Path) -> None:
    """Zip xaikit, with what its browser edition has beside: data and stored results."""
    with new_wheel(folder, "xaikit") as wheel:
        for path in sorted((ROOT / "xaikit").rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                wheel.write(path, str(path.relative_to(ROOT)))
        for name in DATA:
            wheel.writestr(f"xaikit/course/datasets/{name}", scikit_learns_file(name).read_bytes())
        results = json.dumps(missing.results_of(sorted(ROOT.glob("lectures/*.ipynb"))))
        wheel.writestr("xaikit/course/not_installed.json", results)


def make_fonts(folder: Path) -> None:
    """Zip Matplotlib's list of its fonts; it is unpacked after Matplotlib."""
    with new_wheel(folder, "xaikit_plots") as wheel:
        wheel.writestr(FONTS, json.dumps(fonts()))


@contextmanager
def new_wheel(folder: Path, name: str) -> Iterator[zipfile.ZipFile]:
    """Open a new wheel, which says its name and the version of xaikit."""
    version = xaikit.__version__
    file = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as wheel:
        yield wheel
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        wheel.writestr(f"{name}-{version}.dist-info/METADATA", metadata)


def described(path: Path) -> dict:
    """Return what a lock file of Pyodide says of a wheel."""
    name, version, *_ = path.name.split("-")
    name = name.replace("_", "-").lower()
    return {
        "name": name,
        "version": version,
        "file_name": path.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": sorted(modules(path)),
        "depends": DEPENDS.get(name, []),
        "unvendored_tests": False,
    }


def modules(path: Path) -> Iterator[str]:
    """Yield the top-level modules of a wheel."""
    names = set(zipfile.ZipFile(path).namelist()) - {FONTS}
    for name in {name.partition("/")[0] for name in names}:
        if not name.endswith((".dist-info", ".data")):
            yield name.removesuffix(".py")


def fonts() -> dict:
    """Return Matplotlib's list of its own fonts, as its version in Pyodide keeps it."""
    own = Path(matplotlib.get_data_path())
    entries = [
        {field: getattr(font, field) for field in FONT_FIELDS}
        | {"fname": Path(font.fname).relative_to(own).as_posix(), "__class__": "FontEntry"}
        for font in fontManager.ttflist
        if Path(font.fname).is_relative_to(own)
    ]
    return {
        "_version": FONTS_VERSION,
        "_FontManager__default_weight": "normal",
        "default_size": None,
        "defaultFamily": {"ttf": "DejaVu Sans", "afm": "Helvetica"},
        "afmlist": [],
        "ttflist": entries,
        "__class__": "FontManager",
    }
