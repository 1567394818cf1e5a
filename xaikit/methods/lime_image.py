"""LIME for pictures: a line fitted to a model's outputs with segments of one picture hidden."""

from collections.abc import Callable
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.attribution import Attribution
from xaikit.core.linear_fits import ridge_fit
from xaikit.core.settings import as_seed, expect_count
from xaikit.games.removal import baseline_game
from xaikit.methods.lime import closeness

MOST_PATCHES = 8  # along each side, unless the caller gives a number
SMALLEST_PATCH = 2  # pixels


def lime_image(
    model: Callable,
    image: Any,
    segments: Any = None,
    target: int = 0,
    baseline: Any = None,
    kernel_width: float = 0.25,
    samples: int = 1000,
    ridge: float = 1.0,
    seed: int | None = 0,
) -> Attribution:
    """Fit a line to a model's outputs for a picture with some of its segments hidden.

    Parameters
    ----------
    model : callable, Network or TorchModel
        F: pictures (n, …) -> (n,) or (n, k).
    image : array
        One picture, as the model takes it, without a batch axis: (h, w), (c, h, w) or (h, w, c).
    segments : None, int or integer array
        The parts that are hidden together. An array (h, w) has the same number at all pixels of a
        segment (superpixels, such as skimage's ``slic`` finds them). An integer k cuts the picture
        into k × k patches. None takes 8 × 8, and fewer if a patch would be narrower than 2 pixels.
    target : int
        The output column.
    baseline : None, number, or array like image
        What a hidden segment shows. None is its own mean in each channel, as in the authors'
        package, rounded in a picture of whole numbers: then a segment of one even colour cannot be
        hidden and gets no score.
    kernel_width : float
        w in :math:`π = exp(−D² / 2w²)`, D = 1 − √(fraction of segments shown): the cosine
        distance to the whole picture.
    samples : int
        Number of pictures drawn, the whole one first; in the others each segment is shown with
        probability 1/2. Each distinct one is evaluated once.
    ridge : float
        :math:`Ω = ridge · ‖φ‖²`.
    seed : int or None
        The same seed draws the same pictures; None draws new ones.

    Returns
    -------
    Attribution
        values (M,) of the M segments, in the order of their numbers and in units of F; output is
        F(image); base is the intercept φ₀, the fit with all segments hidden, so gap is g − f at the
        whole picture. details: ``segments``, 0 … M − 1 at each pixel, so that
        ``values[details["segments"]]`` is a map; ``r2`` of the weighted fit, ``intercept``.

    Raises
    ------
    TypeError, ValueError
        As `baseline_game`; for segments of another shape than the picture, fewer than two of them,
        too few samples, a kernel width that leaves too few pictures.

    References
    ----------
    Ribeiro, Singh & Guestrin 2016, "Why Should I Trust You?", arXiv:1602.04938, §3.
    """
    image = arrays.numeric(image, "image")
    shape = tuple(image.shape)
    segments = _as_segments(segments, shape)
    groups = np.unique(segments)
    if len(groups) < 2:
        raise ValueError("there is one segment, and a line needs two: give smaller segments")
    expect_count("samples", samples, len(groups) + 2, f"for {len(groups)} segments")
    if not kernel_width > 0:
        raise ValueError(f"kernel_width is {kernel_width}, expected a positive number")
    axis = _axis_of_channels(segments.shape, shape)
    everywhere = np.broadcast_to(
        segments if axis is None else np.expand_dims(segments, axis), shape
    )
    if baseline is None:
        baseline = _means(image, everywhere, axis)
    flat = everywhere.ravel()
    game = baseline_game(
        model,
        image[None],
        baseline,
        target,
        groups={f"segment {group}": np.flatnonzero(flat == group).tolist() for group in groups},
    )
    shown = np.random.default_rng(as_seed(seed)).random((samples, len(groups))) < 0.5
    shown[0] = True
    distinct, drawn = np.unique(shown, axis=0, return_inverse=True)
    answers = game.payoffs(distinct)[drawn.ravel()]
    # The whole picture is a vector of ones: its cosine with z is √(segments shown / segments).
    steps = (1 - np.sqrt(shown.mean(axis=1))) / kernel_width
    pi = closeness(steps**2, kernel_width, len(groups))
    fit = ridge_fit(shown.astype(float), answers, pi, ridge)
    return Attribution(
        fit.coefficients[:, 0],
        base=fit.intercept[0],
        output=game.full[0],  # type: ignore[index]
        data=np.ones(len(groups)),
        std=fit.std[:, 0],
        evaluations=game.evaluations,
        method="LIME",
        feature_names=game.players,
        details={"segments": segments, "r2": fit.r2[0], "intercept": fit.intercept[0]},
    )


def _as_segments(segments: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return the number of each pixel's segment, 0 … M − 1, in the order of the given numbers."""
    if segments is None or np.ndim(segments) == 0:
        return _patches(segments, shape)
    given = arrays.to_numpy(segments) if arrays.is_array(segments) else np.asarray(segments)
    if given.dtype.kind not in "iu":
        raise TypeError(f"segments hold {given.dtype}, expected a whole number for each pixel")
    if given.shape not in (shape, shape[1:], shape[:-1]):
        raise ValueError(
            f"segments have shape {given.shape}, and the picture {shape}: expected a number for "
            "each pixel, (h, w) for a picture (h, w), (c, h, w) or (h, w, c)"
        )
    return np.unique(given, return_inverse=True)[1].reshape(given.shape)


def _patches(along: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Cut a picture into `along` × `along` patches that are nearly equally large, row by row."""
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[0] == shape[2]):
        raise ValueError(
            f"image has shape {shape}, expected one picture (h, w), (c, h, w) or (h, w, c), "
            "without a batch axis; or give segments, a whole number for each pixel"
        )
    # The channels are fewer than the pixels in a row.
    height, width = shape if len(shape) == 2 else shape[1:] if shape[0] < shape[2] else shape[:2]
    if along is None:
        along = max(1, min(MOST_PATCHES, min(height, width) // SMALLEST_PATCH))
    expect_count("segments", along, 1, "patch along each side")
    if along > min(height, width):
        raise ValueError(f"segments is {along}, and the picture has {height} × {width} pixels")
    row, column = (np.arange(size) * along // size for size in (height, width))
    return row[:, None] * along + column


def _axis_of_channels(pixels: tuple[int, ...], shape: tuple[int, ...]) -> int | None:
    """Return the axis that the picture has and its pixels have not."""
    if pixels == shape:
        return None
    return 0 if pixels == shape[1:] else len(shape) - 1


def _means(image: arrays.Array, everywhere: np.ndarray, axis: int | None) -> arrays.Array:
    """Return the picture with each segment evenly in its mean colour."""
    part = everywhere
    if axis is not None:  # a mean for each channel
        part = everywhere * everywhere.shape[axis] + np.indices(everywhere.shape)[axis]
    total = np.bincount(part.ravel(), arrays.float64(image).ravel())
    means = total / np.bincount(part.ravel())
    # A model of bytes gets bytes.
    return arrays.like(means[part] if arrays.is_floating(image) else np.rint(means)[part], image)
