"""Figures of an Attribution: bars, a waterfall, a beeswarm, a text's tokens."""

from xaikit.core.extras import needs

# Before this folder's modules, because all of them use it.
with needs("matplotlib", "a plot"):
    import matplotlib.pyplot  # noqa: F401
