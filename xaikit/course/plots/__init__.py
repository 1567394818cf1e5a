"""Figures of the course: one style, colour-blind-safe, zero in the middle, a sentence below.

Positive scores are orange and negative ones blue, and every score also carries its sign in text.
"""

from xaikit.core.extras import needs

# Before this folder's modules, because all of them use it.
with needs("matplotlib", "a plot"):
    import matplotlib.pyplot as plt

from xaikit.course.plots.drawings import (
    draw_classes,
    draw_line,
    draw_maps,
    draw_network,
    draw_pictures,
    draw_product,
)
from xaikit.course.plots.flow import draw_flow
from xaikit.course.plots.games import draw_joining
from xaikit.course.plots.measures import draw_agreement, draw_curve, draw_two_measures
from xaikit.course.plots.neighbourhoods import draw_neighbourhood
from xaikit.course.plots.paths import draw_path, draw_walk
from xaikit.course.plots.propagation import draw_costs, draw_normal, draw_propagation
from xaikit.course.plots.ranking import (
    draw_ball,
    draw_batches,
    draw_leads,
    draw_pixels,
    draw_predictions,
    draw_runs,
    draw_stairs,
    draw_training,
)
from xaikit.course.plots.side_by_side import draw_columns, draw_strip
from xaikit.course.plots.units import draw_unit
from xaikit.plots.bars import attribution_bars
from xaikit.plots.beeswarm import beeswarm
from xaikit.plots.looks import DIVERGING, NEGATIVE, NEUTRAL, POSITIVE, colour, say, style
from xaikit.plots.tokens import tokens
from xaikit.plots.waterfall import waterfall

__all__ = [
    "DIVERGING",
    "NEGATIVE",
    "NEUTRAL",
    "POSITIVE",
    "attribution_bars",
    "beeswarm",
    "colour",
    "draw_agreement",
    "draw_ball",
    "draw_batches",
    "draw_classes",
    "draw_columns",
    "draw_costs",
    "draw_curve",
    "draw_flow",
    "draw_joining",
    "draw_leads",
    "draw_line",
    "draw_maps",
    "draw_neighbourhood",
    "draw_network",
    "draw_normal",
    "draw_path",
    "draw_pictures",
    "draw_pixels",
    "draw_predictions",
    "draw_product",
    "draw_propagation",
    "draw_runs",
    "draw_stairs",
    "draw_strip",
    "draw_training",
    "draw_two_measures",
    "draw_unit",
    "draw_walk",
    "plt",
    "say",
    "style",
    "tokens",
    "waterfall",
]
