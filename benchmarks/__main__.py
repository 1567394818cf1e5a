"""Run all benchmarks, or the named ones, and write their tables into README.md."""

import argparse
import sys

from benchmarks import (
    attention,
    backward,
    claims,
    classes,
    coalitions,
    devices,
    estimators,
    frames,
    grading,
    inside,
    lab,
    many_rows,
    pictures,
    propagation,
    ranking,
    selection,
    site,
    widgets,
)
from benchmarks.tables import store

SECTIONS = {
    "backward pass": (backward.table, ["numpy", "torch"]),
    "inside": (inside.table, ["numpy", "torch", "captum"]),
    "attention": (attention.table, ["numpy", "torch"]),
    "devices": (devices.table, ["numpy", "torch"]),
    "coalitions": (coalitions.table, ["numpy", "shap", "lime"]),
    "frames": (frames.table, ["numpy", "pandas", "scikit-learn"]),
    "errors": (estimators.error_table, ["numpy", "scikit-learn", "shap"]),
    "coverage": (estimators.coverage_table, ["numpy", "scikit-learn"]),
    "propagation": (propagation.table, ["numpy"]),
    "propagation costs": (propagation.cost_table, ["numpy"]),
    "ranking": (ranking.table, ["numpy", "scikit-learn"]),
    "selection": (selection.table, ["numpy", "scikit-learn"]),
    "claims": (claims.table, ["numpy", "scikit-learn", "torch", "shap"]),
    "widgets": (widgets.table, ["jupyterlab", "ipywidgets", "matplotlib"]),
    "many rows": (many_rows.table, ["numpy", "scikit-learn", "dask", "distributed"]),
    "class": (classes.table, ["nbgrader", "distributed"]),
    "grading": (grading.table, ["nbgrader", "nbclient"]),
    "grading kernel": (grading.kernel_table, ["nbgrader", "ipykernel"]),
    "site": (site.table, ["ipywidgets", "playwright"]),
    "lab": (lab.table, ["jupyterlab", "playwright"]),
}


def main() -> int:
    """Run, print and store the tables; return 1 if a demand was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("section", nargs="*", help=", ".join(SECTIONS))
    chosen = parser.parse_args().section or list(SECTIONS)
    if unknown := set(chosen) - set(SECTIONS):
        parser.error(f"no section {', '.join(unknown)}: choose from {', '.join(SECTIONS)}")
    missed: list[str] = []
    for name in chosen:
        measure, packages = SECTIONS[name]
        table = measure()
        if table is None:  # something for it is missing, and it said so
            continue
        store(name, table, packages)
        missed += table.missed
    pictures.draw()
    print("\n".join(["missed:", *missed] if missed else ["every demand met"]))
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
