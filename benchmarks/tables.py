"""Markdown tables of results and demands, stored between markers in README.md."""

import datetime
import math
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks.timing import Comparison
from xaikit.plots.looks import typeset

README = Path(__file__).with_name("README.md")


@dataclass(frozen=True)
class Table:
    """Measured numbers as text, and the demands that they miss.

    Attributes
    ----------
    columns : names of the columns; the first holds words, the others numbers
    rows : a text for each column
    missed : a sentence for each demand that was not met
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    missed: Sequence[str]

    def markdown(self) -> str:
        """Return the table in Markdown; numbers have a minus, and a zero has no sign."""
        bars = ["---", *["---:"] * (len(self.columns) - 1)]
        lines = [self.columns, bars, *(map(typeset, row) for row in self.rows)]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def of_comparisons(comparisons: Iterable[Comparison]) -> Table:
    """Return times and their ratios as a table."""
    rows, missed = [], []
    for result in comparisons:
        limits = {f"{most:.2f} × {against}": against for against, most in result.demands.items()}
        numbers = (result.ours, result.peer, result.floor, result.to_peer, result.to_floor)
        megabytes = [megabytes_of(result.our_memory), megabytes_of(result.peer_memory)]
        asked = ", ".join(limits)
        rows.append([result.task, *(f"{number:.2f}" for number in numbers), *megabytes, asked])
        for limit, against in limits.items():
            found = f"{result.task}: {result.ratio(against):.2f}, at most {limit}"
            print(found, flush=True)
            if result.ratio(against) > result.demands[against]:
                missed.append(found)
    times = ["xaikit, ms", "peer, ms", "bare model, ms"]
    ratios, memory = ["÷ peer", "÷ bare model"], ["xaikit, MB", "peer, MB"]
    return Table(["task", *times, *ratios, *memory, "at most"], rows, missed)


def megabytes_of(number: float) -> str:
    """Write a size of memory; a dash if it is unknown."""
    return "–" if math.isnan(number) else "< 1" if number < 1 else f"{number:,.0f}"


def machine(packages: Sequence[str]) -> str:
    """Return the date, machine and versions of a measurement, in words."""
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    return (
        f"{today}, {os.cpu_count()} cores ({platform.machine()}), {torch.get_num_threads()} used, "
        f"Python {platform.python_version()}, {versions}."
    )


def stored(name: str) -> tuple[str, str, str]:
    """Return README before a section's table, the table, and README after it."""
    text = README.read_text(encoding="utf-8")
    start, end = f"<!-- {name}: written by make bench -->", f"<!-- end of {name} -->"
    before, rest = text.split(start)
    table, after = rest.split(end)
    return before + start, table, end + after


def rows_of(name: str) -> list[dict[str, str]]:
    """Return a stored table's rows, each by the names of the columns."""
    lines = [line for line in stored(name)[1].splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def store(name: str, table: Table, packages: Sequence[str]) -> None:
    """Put a table into its place in README."""
    before, _, after = stored(name)
    text = f"{before}\n\n{machine(packages)}\n\n{table.markdown()}\n{after}"
    README.write_text(text, encoding="utf-8")
