"""Run all benchmarks and write their table into README.md."""

import datetime
import os
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks import backward
from benchmarks.timing import Comparison

README = Path(__file__).with_name("README.md")
START, END = "<!-- table: written by make bench -->", "<!-- end of table -->"


def main() -> int:
    """Run, print and store the comparisons; return 1 if a demand was missed."""
    rows = []
    for row in backward.comparisons():
        print(f"{row.task}: {row.ratio:.2f} × peer (demand {row.demand})", flush=True)
        rows.append(row)
    text = README.read_text(encoding="utf-8")
    before, after = text.split(START)[0], text.split(END)[1]
    README.write_text(f"{before}{START}\n\n{table(rows)}\n{END}{after}", encoding="utf-8")
    return int(any(row.ratio > row.demand for row in rows))


def table(rows: Iterable[Comparison]) -> str:
    """Return the comparisons as a Markdown table, with the day, the machine and the versions."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "torch"))
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    lines = [
        f"{today}, {os.cpu_count()} cores ({platform.machine()}), {torch.get_num_threads()} used, "
        f"Python {platform.python_version()}, {packages}.",
        "",
        "| task | xaikit, ms | peer, ms | bare forward, ms | ratio to peer | at most |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {row.task} | {row.ours:.2f} | {row.peer:.2f} | {row.floor:.2f} | {row.ratio:.2f} "
        f"| {row.demand:.1f} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
