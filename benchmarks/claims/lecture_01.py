"""The claims of lecture 01, gradient × input."""

import numpy as np

import xaikit as xk
from benchmarks.claims import claim
from benchmarks.claims.shared import tumours


@claim("explaining a difference of scores changes the first measurement of many tumours")
def differences_have_other_firsts(seed: int) -> float:
    """Share of tumours with another first measurement, minus a tenth."""
    rows, network = tumours(seed)
    zero, one = (xk.gradient_x_input(network, rows, target=c).values for c in (0, 1))
    first, of_difference = (np.abs(v).argmax(axis=1) for v in (one, one - zero))
    return float(np.mean(first != of_difference)) - 0.1
