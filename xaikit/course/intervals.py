"""Student's interval of a mean over seeds, splits or networks."""

import numpy as np


def mean_and_half(values: np.ndarray) -> tuple[float, float]:
    """Return the mean of values (n,), and half the width of its 95% interval, by Student's t."""
    from scipy.special import stdtrit

    spread = values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean()), float(stdtrit(len(values) - 1, 0.975) * spread)
