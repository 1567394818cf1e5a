"""Figures of the course: one style, colour-blind-safe, zero in the middle, a caption below.

Positive scores are orange and negative ones blue, and every score also carries its sign in text. A
method looks the same in all figures.
"""

from xaikit.core.extras import needs

# Before this folder's modules, because all of them use it.
with needs("matplotlib", "a plot"):
    import matplotlib.pyplot as plt

from xaikit.course.plots.coalitions import (
    draw_absence,
    draw_errors,
    draw_sample,
    draw_scores,
    draw_weights,
)
from xaikit.course.plots.descent import draw_descent, draw_valley
from xaikit.course.plots.drawings import (
    draw_classes,
    draw_line,
    draw_network,
    draw_product,
    draw_sums,
)
from xaikit.course.plots.flow import draw_flow
from xaikit.course.plots.games import draw_coalitions, draw_falling, draw_joining
from xaikit.course.plots.measures import draw_agreement, draw_curve, draw_two_measures
from xaikit.course.plots.neighbourhoods import draw_clouds, draw_neighbourhood, draw_widths
from xaikit.course.plots.paths import draw_gaps, draw_path, draw_walk
from xaikit.course.plots.pictures import (
    draw_boxes,
    draw_frames,
    draw_maps,
    draw_pictures,
    draw_rows,
)
from xaikit.course.plots.places import DISTRICT, draw_places
from xaikit.course.plots.propagation import draw_costs, draw_dasp, draw_normal, draw_propagation
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
from xaikit.course.plots.segments import draw_segments
from xaikit.course.plots.sentences import draw_runs_by_length, draw_words
from xaikit.course.plots.side_by_side import draw_columns
from xaikit.course.plots.units import draw_units
from xaikit.plots.bars import attribution_bars
from xaikit.plots.beeswarm import LOW_TO_HIGH, beeswarm
from xaikit.plots.looks import ACCENT, DIVERGING, NEGATIVE, NEUTRAL, POSITIVE, colour, say, style
from xaikit.plots.methods import METHODS
from xaikit.plots.tokens import tokens
from xaikit.plots.waterfall import waterfall

__all__ = [
    "ACCENT",
    "DISTRICT",
    "DIVERGING",
    "LOW_TO_HIGH",
    "METHODS",
    "NEGATIVE",
    "NEUTRAL",
    "POSITIVE",
    "attribution_bars",
    "beeswarm",
    "colour",
    "draw_absence",
    "draw_agreement",
    "draw_ball",
    "draw_batches",
    "draw_boxes",
    "draw_classes",
    "draw_clouds",
    "draw_coalitions",
    "draw_columns",
    "draw_costs",
    "draw_curve",
    "draw_dasp",
    "draw_descent",
    "draw_errors",
    "draw_falling",
    "draw_flow",
    "draw_frames",
    "draw_gaps",
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
    "draw_places",
    "draw_predictions",
    "draw_product",
    "draw_propagation",
    "draw_rows",
    "draw_runs",
    "draw_runs_by_length",
    "draw_sample",
    "draw_scores",
    "draw_segments",
    "draw_stairs",
    "draw_sums",
    "draw_training",
    "draw_two_measures",
    "draw_units",
    "draw_valley",
    "draw_walk",
    "draw_weights",
    "draw_widths",
    "draw_words",
    "plt",
    "say",
    "style",
    "tokens",
    "waterfall",
]
