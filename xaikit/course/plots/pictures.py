"""Pictures and photos, and maps of scores beside them."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.layout_engine import ConstrainedLayoutEngine

from xaikit.course.plots.parts import draw_map, framed, signs_bar
from xaikit.plots.looks import typeset
from xaikit.plots.methods import UNSIGNED

OWN_SCALES = "scores, each map on its own scale"


def draw_pictures(
    pictures: Sequence[np.ndarray],
    titles: Sequence[str],
    scores: Sequence[bool],
    unit: str = "|slope|",
    signed: bool = False,
) -> None:
    """Draw pictures (h, w) side by side: ink or scores, all scores on one map.

    `unit` names the map's scale. Sizes of slopes have no sign and are grey; if they are `signed`,
    zero is in the middle.
    """
    figure, axes = plt.subplots(
        1, len(pictures), figsize=(7, 2.9), squeeze=False, layout="compressed"
    )
    maps = [p for p, is_score in zip(pictures, scores, strict=True) if is_score]
    limit = max((np.abs(m).max() for m in maps), default=0.0) or 1.0
    for ax, picture, title, is_score in zip(axes[0], pictures, titles, scores, strict=True):
        if is_score:
            image = draw_map(ax, picture, limit, signed)
        else:
            ax.imshow(picture, cmap="Greys", vmin=0, vmax=1)
            framed(ax)
        ax.set_title(title)
    if maps:
        figure.colorbar(image, ax=axes[0], shrink=0.75, aspect=15, label=unit)


def draw_maps(
    picture: np.ndarray, maps: Mapping[str, np.ndarray], line: float | None = None
) -> None:
    """Draw a picture and up to five maps of scores, each on a scale of its own around zero.

    Methods without a sign are grey. `line` is where a dotted line stands, as a share of the width.
    """
    figure, axes = plt.subplots(2, 3, figsize=(7, 4.5), layout="compressed")
    axes[0, 0].imshow(picture, cmap="Greys", extent=(0, 1, 0, 1))
    axes[0, 0].set_title("the picture")
    framed(axes[0, 0])
    for ax in axes.flat[1 + len(maps) :]:
        ax.remove()
    for ax, (name, scores) in zip(axes.flat[1:], maps.items(), strict=False):
        limit = np.quantile(np.abs(scores), 0.995) or 1.0
        draw_map(ax, scores, limit, name not in UNSIGNED, extent=(0, 1, 0, 1))
        ax.set_title(name)
    signs_bar(figure, axes.flat[: 1 + len(maps)], OWN_SCALES)
    for ax in axes.flat[: 1 + len(maps)] if line is not None else ():
        ax.axvline(line, color="black", linestyle=":", linewidth=1)


def draw_rows(
    picture: np.ndarray,
    title: str,
    rows: Mapping[str, Mapping[str, np.ndarray]],
    scores: Sequence[bool] = (False, False),
    unit: str = "units of the output",
) -> None:
    """Draw a picture, and right of it two rows of smaller ones, one below the other.

    Parameters
    ----------
    picture : ndarray, shape (h, w)
        Ink from 0 to 1.
    title : str
        Its name.
    rows : mapping from a row's name to a mapping from a name to a picture
        The names in the first row stand above both.
    scores : two bools
        Whether a row's pictures are scores, on one map centred at zero, and not ink.
    unit : str
        What a score of 1 is.
    """
    (above, upper), (below, lower) = rows.items()
    count = len(upper)
    shape: list = [["picture", *(f"{row} {k}" for k in range(count))] for row in (above, below)]
    widths = [1.6, *[1] * count]
    close = ConstrainedLayoutEngine(w_pad=0.04, h_pad=0.05)
    figure, axes = plt.subplot_mosaic(shape, figsize=(7, 2.5), width_ratios=widths, layout=close)
    axes["picture"].imshow(picture, cmap="Greys", vmin=0, vmax=1)
    axes["picture"].set_title(title)
    framed(axes["picture"])
    for row, pictures, is_score in zip((above, below), (upper, lower), scores, strict=True):
        limit = max(np.abs(one).max() for one in pictures.values()) or 1.0
        for k, one in enumerate(pictures.values()):
            ax = axes[f"{row} {k}"]
            if is_score:
                image = draw_map(ax, one, limit)
            else:
                ax.imshow(one, cmap="Greys", vmin=0, vmax=1)
                framed(ax)
        axes[f"{row} 0"].set_ylabel(row)
        if is_score:
            panels = [axes[f"{row} {k}"] for k in range(count)]
            figure.colorbar(image, ax=panels, aspect=12).set_label(unit, fontsize=8)
    for k, name in enumerate(upper):
        axes[f"{above} {k}"].set_title(name, fontsize=9)


def draw_frames(frames: Mapping[str, np.ndarray]) -> None:
    """Draw photos (h, w, 3) side by side, each under its name."""
    _, axes = plt.subplots(1, len(frames), figsize=(7, 2.1), layout="compressed")
    for ax, (name, frame) in zip(axes, frames.items(), strict=True):
        ax.imshow(frame)
        ax.set_title(typeset(name), fontsize=9)
        framed(ax)


def draw_boxes(
    photo: np.ndarray,
    boxes: Mapping[str, tuple[slice, slice]],
    maps: Mapping[str, np.ndarray],
    square: int = 8,
) -> None:
    """Draw a photo with named boxes, and beside it maps of scores, summed over squares.

    Parameters
    ----------
    photo : ndarray, shape (h, w, 3)
    boxes : mapping from a name to two slices
        Rows and columns; at most two boxes.
    maps : mapping from a name to ndarray, shape (h, w)
        Each on a scale of its own, centred at zero.
    square : int
        The side of a square, in pixels.
    """
    figure, axes = plt.subplots(1, 1 + len(maps), figsize=(7, 2.7), layout="compressed")
    axes[0].imshow(photo)
    axes[0].set_title("the photo")
    framed(axes[0])
    for (name, (down, across)), dash in zip(boxes.items(), ("-", "--"), strict=False):
        size = across.stop - across.start - 1, down.stop - down.start - 1
        corner = across.start, down.start
        axes[0].add_patch(plt.Rectangle(corner, *size, fill=False, linestyle=dash))
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
        words = {"va": "bottom", "ha": "right", "fontsize": 9, "bbox": box}
        axes[0].text(across.stop - 5, down.stop - 5, name, **words)
    for ax, (name, scores) in zip(axes[1:], maps.items(), strict=True):
        side = len(scores) // square
        sums = scores.reshape(side, square, side, square).sum(axis=(1, 3))
        draw_map(ax, sums, np.abs(sums).max() or 1.0)
        ax.set_title(name)
    signs_bar(figure, axes, OWN_SCALES)
