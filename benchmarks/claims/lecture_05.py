"""The claims of lecture 05, layer-wise relevance propagation."""

import numpy as np

import xaikit as xk
from benchmarks.claims import claim
from benchmarks.claims.shared import digits


def _alike(seed: int, rule) -> float:
    """Return the median correlation of the winner's and the runner-up's maps."""
    _, tests, _, reader = digits(seed)
    first, second = np.argsort(-reader(tests), axis=1)[:, :2].T
    maps = (xk.lrp(reader, tests, target, rule).values for target in (first, second))
    return float(np.median([np.corrcoef(a, b)[0, 1] for a, b in zip(*maps, strict=True)]))


@claim("under γ the maps of winner and runner-up are more alike than under LRP-0")
def gamma_silences_classes(seed: int) -> float:
    """Median correlation under γ = 1 minus that under LRP-0."""
    return _alike(seed, xk.LRPGamma(1.0)) - _alike(seed, xk.LRPEpsilon(0.0))


def _pixels_that_hold_most(seed: int, epsilon: float) -> float:
    """Return the share of pixels that hold 80% of |relevance| for the class 3."""
    _, tests, _, reader = digits(seed)
    sizes = np.abs(xk.lrp(reader, tests, 3, xk.LRPEpsilon(epsilon)).values)
    sizes = np.sort(sizes)[:, ::-1]
    held = sizes.cumsum(axis=1) < 0.8 * sizes.sum(axis=1, keepdims=True)
    return float(held.mean())


@claim("on digits ε = 3 leaves 80% of the relevance on as many pixels")
def epsilon_keeps_the_digits_pixels(seed: int) -> float:
    """3 points minus the difference of the shares of pixels."""
    return 0.03 - abs(_pixels_that_hold_most(seed, 0.0) - _pixels_that_hold_most(seed, 3.0))


@claim("γ takes most of the blue away")
def gamma_takes_the_blue_away(seed: int) -> float:
    """A half minus the negative relevance under γ = 0.25 ÷ that under LRP-0."""
    _, tests, classes, reader = digits(seed)
    threes = tests[classes == 3]
    blue = [
        -xk.lrp(reader, threes, 3, rule).values.clip(max=0).sum()
        for rule in (xk.LRPGamma(0.25), xk.LRPEpsilon(0.0))
    ]
    return 0.5 - blue[0] / blue[1]
