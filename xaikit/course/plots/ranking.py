"""Drawings of a ranking of features: losses of masks, the training in turns, ten runs as dots."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

from xaikit.course.intervals import mean_and_half
from xaikit.course.plots.names import Mark, name_beside
from xaikit.course.plots.parts import framed
from xaikit.plots.looks import ACCENT, NEGATIVE, NEUTRAL, POSITIVE, ink

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
    marks = []
    for count, (marker, shade) in enumerate(KINDS):
        at = np.flatnonzero(found[order] == count)
        ax.plot(at, losses[order][at], marker, color=shade)
        marks.append(Mark(np.column_stack([at, losses[order][at]]), _matter(count), shade))
    for name, level in levels.items():
        ax.axhline(level, color=NEUTRAL, linewidth=0.8)
        marks.append(Mark(np.array([(0, level), (len(losses), level)]), line=True))
        ax.text(len(losses) - 0.5, level - 0.008, name, ha="right", va="top", fontsize=8)
    ax.set_xticks(range(len(losses)), [words[i] for i in order], fontsize=8)
    ends = [*losses, *levels.values()]
    ax.set(xlabel="the three sensors shown", ylabel="loss, in nats")
    ax.set_ylim(min(ends) - 0.06, max(ends) + 0.09)
    name_beside(ax, marks)


def draw_predictions(true: np.ndarray, guess: np.ndarray, found: np.ndarray) -> None:
    """Draw predicted against measured losses of masks; `found` counts the relevant columns."""
    _, ax = plt.subplots(figsize=(7, 3.8))
    diagonal = np.array([(0.8, 0.8), (1.8, 1.8)])
    marks = [Mark(diagonal, "predicted = measured", NEUTRAL, line=True)]
    for count, (marker, shade) in enumerate(KINDS):
        at = found == count
        ax.plot(true[at], guess[at], marker, color=shade)
        # The line's name comes last: it has the most places to choose from.
        marks.insert(-1, Mark(np.column_stack([true[at], guess[at]]), _matter(count), shade))
    ax.axline((1.2, 1.2), slope=1, color=NEUTRAL, linewidth=0.8)
    ax.set(xlabel="measured loss, in nats", xlim=(0.9, 1.5))
    ax.set(ylabel="predicted loss, in nats", ylim=(0.8, 1.75))
    name_beside(ax, marks)


def _matter(count: int) -> str:
    return f"{count} that matter{'s' if count == 1 else ''}"


def draw_batches(
    batches: Mapping[str, Mapping[str, np.ndarray]], truth: np.ndarray, gap: int = 1
) -> None:
    """Draw batches of masks: shown columns in grey, in orange if they matter.

    Parameters
    ----------
    batches : mapping from a title to a mapping from a kind of mask to masks (masks, columns)
        A panel for each batch. Its kinds stand one below the other, their names beside them; the
        masks of a kind are sorted, those that show most of what matters first.
    truth : ndarray, shape (columns,)
        Which columns matter.
    gap : int
        Empty rows between two kinds.
    """
    _, axes = plt.subplots(1, len(batches), figsize=(7, 4), sharey=True)
    colours = ListedColormap(["white", "#666666", POSITIVE])
    for ax, (title, kinds) in zip(axes, batches.items(), strict=True):
        first, rows = 0, []
        for name, masks in kinds.items():
            keys = [*(-masks.T[::-1]), -(masks @ truth)]
            rows += [masks[np.lexsort(keys)], np.zeros((gap, len(truth)))]
            ends = first - 0.4, first + len(masks) - 0.6
            ax.plot([len(truth) - 0.2] * 2, ends, color=NEUTRAL, clip_on=False)
            ax.text(len(truth), np.mean(ends), name, va="center", fontsize=8)
            first += len(masks) + gap
        shown = np.vstack(rows[:-1]) * (1 + truth)
        ax.imshow(shown, cmap=colours, aspect="auto", vmin=0, vmax=2)
        ax.set(title=title, xlabel="column", xticks=range(len(truth)), yticks=[])
        ax.set_xlabel("column; orange: it matters,\ngrey: it does not, white: hidden")
        for tick, matters in zip(ax.get_xticklabels(), truth, strict=True):
            if matters:
                tick.set(color=ink(POSITIVE), weight="bold")
        ax.set_xlim(-0.5, len(truth) - 0.5)
        ax.spines["left"].set_visible(False)
    axes[0].set_ylabel("masks of the batch, sorted")


def draw_training(
    history: Mapping[str, Any], phase: int, masks: np.ndarray, size: int, smooth: int = 50
) -> np.ndarray:
    """Draw the operator's losses, and beside them how the best mask of another training moves.

    Parameters
    ----------
    history : mapping
        `history_` of a DualNet.
    phase : int
        The batch with which phase II begins.
    masks : ndarray, shape (validations, columns)
        The best mask, m_opt, at each validation, of a training with subset size `size`.
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
    left.plot(np.arange(len(mean)) + smooth, mean, color="black")
    held = history["validated"], history["validation_loss"]
    left.plot(*held, "--", color=ACCENT)
    left.axvline(phase, color=NEUTRAL, linewidth=0.8)
    over = {"fontsize": 9, "ha": "right"}
    left.text(len(mean), mean[-1] + 0.045, "all 32 masks", **over)
    left.text(len(mean), max(held[1]) + 0.015, "m_opt, held out", color=ACCENT, **over)
    left.text(phase - 40, 1.43, "phase I", **over)
    left.text(phase + 40, 1.43, "phase II", fontsize=9)
    left.set(xlabel="batch", ylabel="operator's loss, in nats", ylim=(0.95, 1.46), title="s = 3")
    right.imshow(masks.T, cmap="Greys", aspect="auto", vmax=1.5, interpolation="nearest")
    right.set(xlabel="validation of phase II", ylabel="columns of m_opt")
    right.set_title(f"s = {size}, grey: in m_opt")
    right.set(xticks=range(len(masks)), yticks=range(masks.shape[1]))
    return mean


def draw_ball(x: np.ndarray, y: np.ndarray, radius: float) -> None:
    """Draw points (n, 2) of two classes, and the circle on which both are equally likely."""
    _, ax = plt.subplots(figsize=(7, 3.6))
    named = []
    for value, marker, shade, name in ((1, "^", POSITIVE, "outside"), (0, "o", NEGATIVE, "inside")):
        own = x[y == value]
        ax.scatter(own[:, 0], own[:, 1], s=14, marker=marker, color=shade)
        inner = own[(np.hypot(*own.T) < radius) == (name == "inside")]
        # The point farthest right, in the part of the plane that the name speaks of.
        named.append((f"class {value}: {name}", inner[inner[:, 0].argmax()], shade))
    turn = np.linspace(0, 2 * np.pi, 200)
    ax.plot(radius * np.cos(turn), radius * np.sin(turn), color="black", linewidth=1)
    at = radius * np.array([np.cos(np.pi / 4), -np.sin(np.pi / 4)])
    named.append(("circle: both equally likely", at, "black"))
    ax.set(xlabel="first column", ylabel="second column", aspect="equal")
    ax.set(xlim=(-3.6, 3.6), ylim=(-3.6, 3.6))
    # Between the points there is no room for words.
    named.sort(key=lambda one: one[1][1])
    for height, (words, place, shade) in zip((-2, 0, 2), named, strict=True):
        line: dict = {"arrowstyle": "-", "color": NEUTRAL, "shrinkB": 4}
        ax.annotate(
            words, tuple(place), (3.9, height), va="center", color=ink(shade), arrowprops=line
        )


def draw_runs(
    runs: Mapping[str, Mapping[str, np.ndarray]],
    most: Mapping[str, int],
    chance: Mapping[str, float],
) -> None:
    """Draw hits of several methods, a panel for each task: a grey dot for each run, their mean.

    A dotted line stands at what blind drawing hits on average.

    Parameters
    ----------
    runs : mapping from a task to a mapping from a method to an array of hits
    most : mapping from a task to the number of relevant columns that could be hit
    chance : mapping from a task to the number that blind drawing hits on average
    """
    _, axes = plt.subplots(1, len(runs), figsize=(7, 3), sharey=True)
    for ax, (task, methods) in zip(axes, runs.items(), strict=True):
        ax.axvline(chance[task], color="black", linestyle=":", linewidth=1)
        for row, values in enumerate(methods.values()):
            sizes = np.bincount(values.astype(int), minlength=most[task] + 1)
            at = np.flatnonzero(sizes)
            ax.scatter(at, np.full(len(at), row), s=12 * sizes[at], color=NEUTRAL, alpha=0.6)
            ax.plot([values.mean()], [row], "|", color="black", markersize=14, markeredgewidth=2)
        ax.set(title=task, xlim=(-0.5, most[task] + 0.5), xticks=range(most[task] + 1))
    first = chance[next(iter(runs))] + 0.1
    axes[0].text(first, -0.5, "chance", fontsize=8, va="center")
    axes[0].set_yticks(range(len(methods)), methods)
    axes[0].set_ylim(len(methods) - 0.4, -0.8)
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
        len(choices),
        len(choices[0]),
        figsize=(7, 2.1 * len(choices)),
        squeeze=False,
        layout="compressed",
    )
    for line, chosen in zip(axes, choices, strict=True):
        for ax, (name, pixels) in zip(line, chosen.items(), strict=True):
            ax.imshow(mean, cmap="Greys")
            across, up = pixels % len(mean), pixels // len(mean)
            ax.plot(across, up, "o", color=POSITIVE, markeredgecolor="black")
            ax.set_title(name)
            framed(ax)
