"""Drawings of a ranking of features: losses of masks, the training in turns, ten runs as dots."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

from xaikit.course.intervals import mean_and_half
from xaikit.plots.looks import NEGATIVE, NEUTRAL, POSITIVE

KINDS = list(zip("xovD", (NEUTRAL, "#000000", NEGATIVE, POSITIVE), strict=True))


def draw_stairs(
    losses: np.ndarray, found: np.ndarray, words: Sequence[str], levels: Mapping[str, float]
) -> None:
    """Draw the loss under each mask, sorted, and named levels as lines.

    Parameters
    ----------
    losses, found : ndarray, shape (masks,)
        The loss under each mask, and how many relevant columns it shows: 0 to 3.
    words : sequence of str
        The name of each mask.
    levels : mapping from str to float
        Losses to compare with.
    """
    order = np.argsort(losses)
    _, ax = plt.subplots(figsize=(7, 3.2))
    for count, (marker, shade) in enumerate(KINDS):
        at = np.flatnonzero(found[order] == count)
        ax.plot(at, losses[order][at], marker, color=shade, label=f"{count} that matter shown")
    for name, level in levels.items():
        ax.axhline(level, color=NEUTRAL, linewidth=0.8)
        ax.text(len(losses) - 0.5, level - 0.008, name, ha="right", va="top", fontsize=8)
    ax.set_xticks(range(len(losses)), [words[i] for i in order], rotation=90)
    ends = [*losses, *levels.values()]
    ax.set(ylabel="loss, in nats", ylim=(min(ends) - 0.06, max(ends) + 0.09))
    ax.legend(loc="center right", bbox_to_anchor=(1, 0.29), fontsize=8)


def draw_predictions(true: np.ndarray, guess: np.ndarray, found: np.ndarray) -> None:
    """Draw predicted against measured losses of masks; `found` counts the relevant columns."""
    _, ax = plt.subplots(figsize=(5.5, 3.6))
    for count, (marker, shade) in enumerate(KINDS):
        at = found == count
        ax.plot(true[at], guess[at], marker, color=shade, label=f"{count} that matter shown")
    ax.axline((1.2, 1.2), slope=1, color=NEUTRAL, linewidth=0.8)
    ax.set(xlabel="measured loss, in nats", xlim=(0.9, 1.5))
    ax.set(ylabel="predicted loss", ylim=(0.8, 1.75))
    ax.legend(loc="upper left", fontsize=8)


def draw_batches(batches: Mapping[str, np.ndarray], truth: np.ndarray) -> None:
    """Draw batches of masks (masks, columns): shown in grey, in orange if it matters."""
    _, axes = plt.subplots(1, len(batches), figsize=(7, 3.6), sharey=True)
    colours = ListedColormap(["white", "#666666", POSITIVE])
    for ax, (title, batch) in zip(axes, batches.items(), strict=True):
        ax.imshow(batch * (1 + truth), cmap=colours, aspect="auto", vmin=0, vmax=2)
        ax.set(title=title, xlabel="column", xticks=range(len(truth)))
    axes[0].set_ylabel("mask of the batch")


def draw_training(
    history: Mapping[str, Any], phase: int, masks: np.ndarray, size: int, smooth: int = 50
) -> np.ndarray:
    """Draw the operator's losses, and beside them how m_opt of another training moves.

    Parameters
    ----------
    history : mapping
        `history_` of a DualNet.
    phase : int
        The batch with which phase II begins.
    masks : ndarray, shape (validations, columns)
        m_opt at each validation, of a training with subset size `size`.
    size : int
        That size.
    smooth : int
        Over how many batches the loss is averaged.

    Returns
    -------
    ndarray
        The averaged loss.
    """
    _, (left, right) = plt.subplots(1, 2, figsize=(7, 3.4))
    mean = np.convolve(history["loss"], np.ones(smooth) / smooth, "valid")
    left.plot(np.arange(len(mean)) + smooth, mean, color="black", label="all 32 masks")
    left.plot(
        history["validated"], history["validation_loss"], color=POSITIVE, label="m_opt, held out"
    )
    left.axvline(phase, ymin=0.25, color=NEUTRAL, linewidth=0.8)
    left.set(xlabel="batch", ylabel="operator's loss, in nats", ylim=(0.5, 1.6), title="s = 3")
    left.legend(loc="lower left", fontsize=8)
    right.imshow(masks.T, cmap="Greys", aspect="auto", vmax=1.5, interpolation="nearest")
    right.set(xlabel="validation of phase II", ylabel="column of m_opt", title=f"s = {size}")
    right.set(xticks=range(len(masks)), yticks=range(masks.shape[1]))
    return mean


def draw_ball(x: np.ndarray, y: np.ndarray, radius: float) -> None:
    """Draw points (n, 2) of two classes, and the circle on which both are equally likely."""
    _, ax = plt.subplots(figsize=(5.5, 3.4))
    for value, marker, shade, name in ((0, "o", NEGATIVE, "inside"), (1, "^", POSITIVE, "outside")):
        at = y == value
        ax.scatter(
            x[at, 0], x[at, 1], s=14, marker=marker, color=shade, label=f"class {value}: {name}"
        )
    ax.add_patch(plt.Circle((0, 0), radius, fill=False))
    ax.set(xlabel="first column", ylabel="second column", aspect="equal")
    ax.set(xlim=(-3.6, 3.6), ylim=(-3.6, 3.6))
    ax.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=8)


def draw_runs(runs: Mapping[str, Mapping[str, np.ndarray]], most: Mapping[str, int]) -> None:
    """Draw hits of several methods, a panel for each task: a grey dot for each run, their mean.

    Parameters
    ----------
    runs : mapping from a task to a mapping from a method to an array of hits
    most : mapping from a task to the number of relevant columns that could be hit
    """
    _, axes = plt.subplots(1, len(runs), figsize=(7, 3), sharey=True)
    for ax, (task, methods) in zip(axes, runs.items(), strict=True):
        for row, values in enumerate(methods.values()):
            sizes = np.bincount(values.astype(int), minlength=most[task] + 1)
            at = np.flatnonzero(sizes)
            ax.scatter(at, np.full(len(at), row), s=12 * sizes[at], color=NEUTRAL, alpha=0.6)
            ax.plot([values.mean()], [row], "|", color="black", markersize=14, markeredgewidth=2)
        ax.set(title=task, xlim=(-0.5, most[task] + 0.5), xticks=range(most[task] + 1))
    axes[0].set_yticks(range(len(methods)), methods)
    axes[0].invert_yaxis()
    axes[0].figure.supxlabel("true columns among those chosen", fontsize=10)


def draw_leads(leads: Mapping[str, np.ndarray], unit: str) -> dict[str, tuple[float, float]]:
    """Draw differences of several runs as dots, with their mean and its 95% interval.

    Returns
    -------
    dict
        For each name the mean, and half of Student's interval.
    """
    _, ax = plt.subplots(figsize=(7, 1.1 + 0.34 * len(leads)))
    found = {}
    for row, (name, values) in enumerate(leads.items()):
        mean, half = found[name] = mean_and_half(values)
        ax.plot(values, np.full(len(values), row - 0.18), "o", color=NEUTRAL, markersize=4)
        ax.errorbar([mean], [row + 0.12], xerr=half, fmt="D", color="black", capsize=3)
    ax.axvline(0, color=NEUTRAL, linewidth=0.8)
    ax.set_yticks(range(len(leads)), leads)
    ax.set(xlabel=unit, ylim=(len(leads) - 0.5, -0.5))
    return found


def draw_pixels(choices: Sequence[Mapping[str, np.ndarray]], mean: np.ndarray) -> None:
    """Draw chosen pixels on the average picture (side, side): a row for each set of choices."""
    _, axes = plt.subplots(
        len(choices), len(choices[0]), figsize=(7, 2.1 * len(choices)), squeeze=False
    )
    for line, chosen in zip(axes, choices, strict=True):
        for ax, (name, pixels) in zip(line, chosen.items(), strict=True):
            ax.imshow(mean, cmap="Greys")
            across, up = pixels % len(mean), pixels // len(mean)
            ax.plot(across, up, "o", color=POSITIVE, markeredgecolor="black")
            ax.set(title=name, xticks=[], yticks=[])
