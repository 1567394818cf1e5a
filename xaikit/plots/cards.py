"""Figures in a notebook: each a light card of its own, sharp on any screen, and small to store."""

import io
from base64 import b64encode

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

SHARPNESS = 2  # stored pixels for one on the page, in each direction
PHOTO = 30_000  # more colours than a drawing has


def show_as_cards() -> None:
    """Make this kernel show every figure as a card."""
    # It sets its own form of figures when it is imported, and ours must come later.
    import matplotlib_inline.backend_inline  # noqa: F401
    from IPython import get_ipython

    get_ipython().display_formatter.formatters["image/png"].for_type(Figure, card)


def card(figure: Figure) -> tuple[str, dict[str, int]]:
    """Return a figure as a PNG in base64, and its width and height on the page.

    The whole figure is stored, with its margins, so that figures have one width. 256 colours make
    the file a third as large: those that cover all colours best, so that a map keeps both its ends.
    """
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=SHARPNESS * figure.dpi, facecolor="white")
    picture = Image.open(drawn).convert("RGB")
    stored = io.BytesIO()
    few = picture.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    if picture.getcolors(PHOTO) is None:  # its sky would have steps
        few = picture.quantize(palette=few, dither=Image.Dither.FLOYDSTEINBERG)
    few.save(stored, "PNG", optimize=True)
    return _shown(stored, picture)


def quick_card(figure: Figure) -> tuple[str, dict[str, int]]:
    """Return a card for a figure that is soon drawn anew: in all colours, and hardly compressed.

    `savefig` would draw the figure twice, first without a picture, to lay it out.
    """
    dpi = figure.dpi
    figure.set_dpi(SHARPNESS * dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    figure.set_dpi(dpi)
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    stored = io.BytesIO()
    picture.save(stored, "PNG", compress_level=1)
    return _shown(stored, picture)


def _shown(stored: io.BytesIO, picture: Image.Image) -> tuple[str, dict[str, int]]:
    width, height = (size // SHARPNESS for size in picture.size)
    return b64encode(stored.getvalue()).decode("ascii"), {"width": width, "height": height}
