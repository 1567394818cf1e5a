"""An Attribution drawn: bars, a waterfall, a beeswarm, a text's tokens."""
