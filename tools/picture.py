"""Draw the picture of README.md: the course's small network and explanations of its output."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

import xaikit as xk
from xaikit.course import datasets, plots

PICTURE = Path(__file__).resolve().parents[1] / "lectures" / "images" / "small_network.png"


def main() -> None:
    """Write the picture."""
    plots.style()
    network, x = datasets.small_network(), datasets.small_row()
    inputs = ["bmi", "blood pressure"]
    _, (left, right) = plt.subplots(1, 2, figsize=(11, 4), width_ratios=[2.2, 1])
    plots.draw_network(network, x, inputs, ax=left)
    left.set_title("A network answers 4. How much of that is each input's doing?")
    explained = xk.gradient_x_input(network, x).with_names(inputs)
    plots.attribution_bars(explained, ax=right)
    right.set_title("input × slope: 3 + 1 = 4. Why?")
    PICTURE.parent.mkdir(exist_ok=True)
    plt.savefig(PICTURE, dpi=100, metadata={"Software": None})


if __name__ == "__main__":
    main()
