"""Checks of settings, with the same messages in every method."""

from typing import Any

import numpy as np


def expect_count(name: str, value: Any, fewest: int, why: str = "") -> None:
    """Raise unless a setting is a whole number of at least `fewest`; `why` ends the message.

    Raises
    ------
    TypeError, ValueError
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} is {value!r}, expected a whole number")
    if value < fewest:
        raise ValueError(f"{name} is {value}, expected at least {fewest}{why and f' {why}'}")
