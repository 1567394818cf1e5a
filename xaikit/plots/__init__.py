"""An Attribution drawn: bars, a waterfall, a beeswarm, a text's tokens."""

from xaikit.core.extras import needs

# Before the modules of this room, all of which draw with it.
with needs("matplotlib", "a plot"):
    import matplotlib.pyplot  # noqa: F401
