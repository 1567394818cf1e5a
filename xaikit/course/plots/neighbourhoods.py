"""A model near one row of two features, and the line that LIME fits there."""

from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.contour import ContourSet

from xaikit.core import arrays
from xaikit.core.attribution import Attribution
from xaikit.course.plots.games import STROKES
from xaikit.course.plots.names import Mark, name_beside
from xaikit.course.plots.parts import HALO
from xaikit.plots.looks import DIVERGING, NEUTRAL, colour, ink, written
from xaikit.plots.methods import label_ends

SMALL: dict = {"textcoords": "offset points", "fontsize": 8, "va": "bottom"}
REACH = 3.0  # half the width of the plane, in standard deviations
RIGHT = 0.36  # share of the width for the slopes


def draw_neighbourhood(
    model: Callable[[np.ndarray], np.ndarray],
    explained: Attribution,
    rows: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    limits: tuple[float, float] | None = None,
    zoom: float | None = None,
) -> None:
    """Draw a model's border through a row x (2,), LIME's straight border, and the line's slopes.

    The left side shows the model's output over the plane, orange above F(x) and blue below. The
    output is F(x) on the solid curve, the fitted line is F(x) on the dashed one, and the star is x.
    The right side shows the line's slopes with 95% intervals, or the same plane close to x.

    Parameters
    ----------
    model : callable
        Rows (n, 2) -> (n,) or (n, 1).
    explained : Attribution
        The result of `lime_tabular` for x, with two named features.
    rows, weights : ndarray, shapes (B, 2) and (B,)
        Perturbed rows; a dot's size shows its weight.
    limits : two numbers
        Ends of the axis of slopes; None makes it wide enough for these.
    zoom : float
        Half the width of a window around x, in place of the slopes.
    """
    x = arrays.to_numpy(explained.data)
    shares = [1 - RIGHT, RIGHT] if zoom is None else [1, 1]
    _, (left, right) = plt.subplots(1, 2, figsize=(7, 3.6), width_ratios=shares)
    marks = _draw_plane(left, model, explained, np.zeros(2), REACH)
    if rows is not None and weights is not None:
        left.scatter(*rows.T, s=30 * weights, color="black", alpha=0.35, linewidths=0)
        marks.append(Mark(rows[weights > 0.1 * weights.max()]))
    if zoom is None:
        _draw_slopes(right, explained, limits)
        name_beside(left, marks)
        return
    _draw_plane(right, model, explained, x, zoom)
    left.set_title(f"{2 * REACH:g} sd wide")
    right.set_title(f"{2 * zoom:g} sd wide")
    corner = (x[0] - zoom, x[1] - zoom)
    left.add_patch(plt.Rectangle(corner, 2 * zoom, 2 * zoom, fill=False, linewidth=0.8, zorder=5))
    box = x + zoom * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)])
    name_beside(left, [*marks, Mark(box, line=True)])


def _draw_plane(
    ax: Axes,
    model: Callable[[np.ndarray], np.ndarray],
    explained: Attribution,
    middle: np.ndarray,
    reach: float,
) -> list[Mark]:
    """Draw the output around a point, and the borders where model and line say F(x).

    Returns
    -------
    list of Mark
        The borders and x.
    """
    x, slopes = (arrays.to_numpy(part) for part in (explained.data, explained.values))
    names, output = list(explained.feature_names or ["x0", "x1"]), float(explained.output)
    across, up = (np.linspace(m - reach, m + reach, 121) for m in middle)
    grid = np.stack(np.meshgrid(across, up), axis=-1)
    height = np.reshape(model(grid.reshape(-1, 2)), grid.shape[:2]) - output
    limit = np.abs(height).max() or 1.0
    bands = np.linspace(-limit, limit, 12)
    image = ax.contourf(across, up, height, levels=bands, cmap=DIVERGING, alpha=0.45)
    bar = plt.colorbar(image, ax=ax, aspect=30, pad=0.02, ticks=[-limit, 0, limit])
    bar.set_ticklabels([written(level, "+.2g") for level in (-limit, 0.0, limit)])
    said = written(output, ".3g")
    bar.set_label(f"output − {said}", labelpad=-8)
    border = ax.contour(across, up, height, levels=[0], colors="black", linewidths=1.8, zorder=3)
    marks = [Mark(x[None]), *_parts(border, f"the model says {said}")]
    fitted = float(explained.details["intercept"]) + grid @ slopes - output
    if fitted.min() < 0 < fitted.max():
        border = ax.contour(
            across, up, fitted, levels=[0], colors="black", linewidths=1.8, zorder=3
        )
        border.set_linestyle("dashed")
        marks += _parts(border, f"the fitted line says {said}")
    ax.plot(*x, "*", color="black", markeredgecolor="white", markersize=15, zorder=4)
    ax.set(xlim=(across[0], across[-1]), ylim=(up[0], up[-1]))
    ax.set(xlabel=f"{names[0]} (sd)", ylabel=f"{names[1]} (sd)")
    return marks


def _parts(border: ContourSet, name: str) -> list[Mark]:
    """Return the pieces of a border; the longest has the name."""
    pieces = [
        np.array(piece)
        for path in border.get_paths()
        for piece in path.to_polygons(closed_only=False)
    ]
    pieces.sort(key=len, reverse=True)
    return [Mark(piece, "" if i else name, line=True) for i, piece in enumerate(pieces)]


def _draw_slopes(
    ax: Axes, explained: Attribution, limits: tuple[float, float] | None = None
) -> None:
    """Draw the two slopes of a line as bars, with 95% intervals."""
    slopes, names = arrays.to_numpy(explained.values), explained.feature_names or ["x0", "x1"]
    places = [1, 0]  # the first feature on top
    halves = arrays.to_numpy(explained.interval()[1] - explained.values)
    ax.barh(places, slopes, 0.5, color=colour(slopes))
    ax.errorbar(slopes, places, xerr=halves, fmt="none", ecolor="black", capsize=3)
    for place, name, slope in zip(places, names, slopes, strict=True):
        words = f"{name} {written(slope)}"
        ax.text(0.03, place + 0.36, words, transform=ax.get_yaxis_transform())
        # The line at zero leaves room for the labels.
        ax.plot([0, 0], [place - 0.4, place + 0.28], color="black", linewidth=0.8)
    ax.set(yticks=[], ylim=(-0.5, 1.65), xlabel="slope of the line, per sd")
    ax.spines["left"].set_visible(False)
    if limits is not None:
        ax.set_xlim(*limits)
    ax.set_title(f"R² = {float(explained.details['r2']):.2f}")


def draw_widths(
    widths: Sequence[float], lines: Sequence[Attribution], gradient: np.ndarray
) -> None:
    """Draw the slopes of lines fitted with several kernel widths, and their R² below.

    Parameters
    ----------
    widths : sequence of B numbers
    lines : sequence of B Attributions
        Results of `lime_tabular` for one row of at most four features.
    gradient : ndarray, shape (d,)
        The model's gradient at the row, as dotted lines.
    """
    _, (top, bottom) = plt.subplots(2, 1, figsize=(7, 4.4), sharex=True, height_ratios=[2, 1])
    names = lines[0].feature_names or [f"x{j}" for j in range(len(gradient))]
    for j, (name, marker) in enumerate(zip(names, "os^v", strict=False)):
        shade, stroke = STROKES[j]
        slopes = np.array([line.values[j] for line in lines])
        errors = [1.96 * line.std[j] for line in lines]  # type: ignore[index]
        top.errorbar(
            widths, slopes, yerr=errors, marker=marker, linestyle=stroke, color=shade, label=name
        )
        top.axhline(gradient[j], color=shade, linestyle="dotted")
        words = f"gradient {written(gradient[j], 'g')}"
        top.annotate(
            words, (widths[-1], gradient[j]), (0, 3), color=ink(shade), ha="right", **SMALL
        )
    top.axhline(0, color=NEUTRAL, linewidth=0.8)
    top.set(ylabel="slope per sd")
    label_ends(top)
    bottom.plot(widths, [line.details["r2"] for line in lines], "ko-")
    bottom.set(xlabel="kernel width w (standard deviations)", ylabel="R²", ylim=(0, 1.05))


def draw_clouds(drawn: np.ndarray, real: np.ndarray, axes: Sequence[str], words: str) -> None:
    """Draw drawn rows (B, 2), and over them the real ones (n, 2), which `words` name."""
    _, ax = plt.subplots(figsize=(7, 3.8))
    ax.scatter(drawn[:, 0], drawn[:, 1], s=6, color=NEUTRAL)
    ax.scatter(real[:, 0], real[:, 1], s=10, marker="^", color="black")
    ax.set(xlabel=f"{axes[0]} (sd)", ylabel=f"{axes[1]} (sd)")
    # Left of the highest points of both, where there are few.
    for name, cloud, shade in ((words, real, "black"), ("perturbed", drawn, ink(NEUTRAL))):
        top = tuple(cloud[cloud[:, 1].argmax()])
        place: dict = {"textcoords": "offset points", "ha": "right", "va": "center"}
        ax.annotate(name, top, (-8, 4), color=shade, path_effects=HALO, **place)
