"""Pictures of README.md's tables: times beside the peers', and errors at each cost."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from benchmarks.tables import rows_of
from xaikit.plots import looks
from xaikit.plots.methods import label_ends, strokes

FOLDER = Path(__file__).with_name("images")
TIMED = ("backward pass", "inside", "coalitions")
FIRST = "forward passes a row:"


def draw() -> None:
    """Write all pictures."""
    FOLDER.mkdir(exist_ok=True)
    looks.style()
    for name, picture in [("time", times()), ("error", errors())]:
        picture.savefig(FOLDER / f"{name}.png", dpi=200, metadata={"Software": None})
        plt.close(picture)


def times() -> plt.Figure:
    """Draw the time of every comparison, divided by the peer's."""
    ratios = {
        row["task"]: float(row["÷ peer"])
        for section in TIMED
        for row in rows_of(section)
        if row["÷ peer"] != "–"
    }
    figure, ax = plt.subplots(figsize=(10, 0.36 * len(ratios) + 1))
    for place, ratio in enumerate(ratios.values()):
        faster = ratio < 1
        ax.barh(place, ratio - 1, left=1, color=looks.NEGATIVE if faster else looks.POSITIVE)
        side, gap = ("right", 0.97) if faster else ("left", 1.03)
        ax.text(ratio * gap, place, f"{ratio:.2f}", ha=side, va="center", fontsize=9)
    ax.axvline(1, color="black", linewidth=0.8)
    ax.set_xscale("log")
    ax.set_xlim(min(ratios.values()) / 1.8, max(ratios.values()) * 1.8)
    ax.set_xticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
    ax.minorticks_off()
    ax.set_yticks(range(len(ratios)), list(ratios))
    ax.invert_yaxis()
    ax.set_xlabel("time ÷ peer's time (left of 1: xaikit is faster)")
    return figure


def errors() -> plt.Figure:
    """Draw each estimator's error against its cost, for three kinds of networks."""
    table = rows_of("propagation costs")
    passes = [int(column) for column in table[0] if column.isdigit()]
    kinds = list(dict.fromkeys(row[FIRST].split(", ")[1] for row in table))
    figure, axes = plt.subplots(1, len(kinds), figsize=(10, 3.6), sharey=True)
    for ax, kind in zip(axes, kinds, strict=True):
        for row in table:
            method, of = row[FIRST].split(", ")
            if of == kind:
                found = [float(row[str(cost)]) for cost in passes]
                ax.plot(passes, found, label=method, **strokes(method))
        ax.set(title=f"{kind} networks", xscale="log", yscale="log")
        ax.set_xticks(passes, [str(cost) for cost in passes])
        ax.minorticks_off()
        ax.set_yticks([0.003, 0.01, 0.03, 0.1, 0.3], ["0.003", "0.01", "0.03", "0.1", "0.3"])
    axes[0].set_ylabel("median relative error")
    axes[1].set_xlabel("forward passes a row")
    label_ends(axes[-1])
    return figure


if __name__ == "__main__":
    draw()
