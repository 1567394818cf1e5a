"""Checks of settings, with the same messages in every method."""

import secrets
from typing import Any

import numpy as np


def expect_count(name: str, value: Any, fewest: int, why: str = "") -> None:
    """Raise unless a setting is a whole number of at least `fewest`; `why` ends the message.

    Raises
    ------
    TypeError, ValueError
        For anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} is {value!r}, expected a whole number")
    if value < fewest:
        raise ValueError(f"{name} is {value}, expected at least {fewest}{why and f' {why}'}")


def as_seed(seed: Any, name: str = "seed") -> int:
    """Return a seed as a whole number; None is a new one each time.

    A method that draws several times from one seed, or hands it on, asks for it here first. A new
    one has 32 bits, so that scikit-learn takes it, too.

    Raises
    ------
    TypeError, ValueError
        For anything else than a whole number ≥ 0 or None.
    """
    if seed is None:
        return secrets.randbits(32)
    expect_count(name, seed, 0, "(None draws fresh numbers each time)")
    return int(seed)
