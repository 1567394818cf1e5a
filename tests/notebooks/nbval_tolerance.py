"""Pytest plugin: for nbval, decimals are equal if they agree to rtol 1e-3 or atol 1e-6.

Load it with ``-p tests.notebooks.nbval_tolerance``. Integers, words, shapes and layout stay
exact, and so do "5." (an integer that ends a sentence), nan and inf.
"""

import copy
import math
import re
from collections import defaultdict, deque

from nbval.plugin import IPyNbCell

RTOL, ATOL = 1e-3, 1e-6
# Spaces before a decimal belong to it: in a column, a sign or more digits replace them.
# Digits in names (layer1.0x), versions (1.2.3) and colours (#1e5) are no decimals.
DECIMAL = re.compile(
    r"( *)(?<![\w.#])([-+]?(?:\d*\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+))(?!\w|\.\d)"
)


def pytest_configure():
    exact = IPyNbCell.compare_outputs

    def compare_outputs(cell, fresh, stored, skip_compare=None):
        return exact(cell, respelled(fresh, stored), stored, skip_compare)

    IPyNbCell.compare_outputs = compare_outputs


def respelled(fresh, stored):
    """Return the fresh outputs; a text that matches the stored one is replaced by it.

    Outputs of a kind are paired in their order, because nbval compares them in this way.
    """
    fresh = copy.deepcopy(fresh)
    waiting: defaultdict[str, deque[str]] = defaultdict(deque)
    for kind, holder, key in _texts(stored):
        waiting[kind].append(holder[key])
    for kind, holder, key in _texts(fresh):
        if waiting[kind]:
            text = waiting[kind].popleft()
            holder[key] = text if matches(holder[key], text) else holder[key]
    return fresh


def matches(fresh, stored):
    """Return whether two texts are the same except for decimals that are close."""
    fresh, stored = DECIMAL.split(fresh), DECIMAL.split(stored)  # words, spaces, decimal, words, …
    decimals = zip(fresh[1::3], fresh[2::3], stored[1::3], stored[2::3], strict=False)
    return fresh[::3] == stored[::3] and all(_close(*pair) for pair in decimals)


def _close(blanks, decimal, stored_blanks, stored_decimal):
    if (blanks, decimal) == (stored_blanks, stored_decimal):
        return True
    # A decimal may change its width in a sentence (9.999, 10.001; 0.00, -0.00), not in a column.
    in_sentence = blanks == stored_blanks and len(blanks) < 2
    same_width = len(blanks + decimal) == len(stored_blanks + stored_decimal)
    values = float(decimal), float(stored_decimal)
    return (
        (in_sentence or same_width)
        and all(map(math.isfinite, values))
        and math.isclose(*values, rel_tol=RTOL, abs_tol=ATOL)
    )


def _texts(outputs):
    for output in outputs:
        if output["output_type"] == "stream":
            yield output["name"], output, "text"
        for kind in output.get("data", {}):
            if kind.startswith("text/"):
                yield kind, output["data"], kind
