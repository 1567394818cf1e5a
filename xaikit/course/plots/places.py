"""California: its districts, one of them, and places that a game makes up."""

import matplotlib.pyplot as plt
import numpy as np

from xaikit.plots.looks import ACCENT, NEUTRAL

# The border, simplified: longitude, latitude. From Oregon's coast southwards, and back inland.
CALIFORNIA = np.array(
    [
        *[(-124.3, 42.0), (-124.2, 41.6), (-124.15, 40.8), (-124.4, 40.4), (-123.8, 39.4)],
        *[(-123.7, 38.9), (-123.0, 38.2), (-122.5, 37.8), (-122.5, 37.5), (-122.4, 37.1)],
        *[(-121.9, 36.95), (-121.8, 36.7), (-121.95, 36.55), (-121.3, 35.7), (-120.85, 35.3)],
        *[(-120.65, 34.6), (-120.45, 34.45), (-119.3, 34.15), (-118.5, 34.0), (-118.4, 33.75)],
        *[(-117.9, 33.6), (-117.3, 33.0), (-117.12, 32.53), (-114.72, 32.72), (-114.5, 33.0)],
        *[(-114.5, 33.5), (-114.15, 34.25), (-114.63, 35.0), (-120.0, 39.0), (-120.0, 42.0)],
    ]
)
COAST = CALIFORNIA[:23]  # to the border of Mexico
# California's features in plain words, in the order of `datasets.california_housing()`.
DISTRICT = [
    *["median income", "house age", "rooms per home", "bedrooms per home"],
    *["population", "people per home", "latitude", "longitude"],
]


def draw_places(
    districts: np.ndarray, ours: np.ndarray, mixed: np.ndarray, far: np.ndarray
) -> None:
    """Draw California, a district, and mixed places, near a district or far from all.

    Parameters
    ----------
    districts : ndarray, shape (n, 2)
        Latitude and longitude.
    ours : ndarray, shape (2,)
    mixed : ndarray, shape (m, 2)
        Our district's longitude, with latitudes of other districts.
    far : ndarray of bool, shape (m,)
    """
    _, ax = plt.subplots(figsize=(7, 4.5))
    ax.set_facecolor("#e8eef4")
    # Oregon, Nevada and Mexico: from the coast to the picture's other edges.
    ax.fill(
        *np.vstack([(-124.2, 43.0), COAST, (-117.0, 31.0), (-113.0, 31.0), (-113.0, 43.0)]).T,
        color="#f0f0f0",
        zorder=-1,
    )
    border: dict = {"facecolor": "white", "edgecolor": NEUTRAL, "linewidth": 0.8, "zorder": 0}
    ax.fill(*CALIFORNIA.T, **border)
    ax.scatter(districts[:, 1], districts[:, 0], s=2, color="#b0b0b0", zorder=1)
    for chosen, mark, shade in [(~far, "o", "black"), (far, "x", ACCENT)]:
        places = mixed[chosen]
        ax.scatter(places[:, 1], places[:, 0], s=18, marker=mark, color=shade, zorder=2)
    star: dict = {"color": "#f0e442", "markeredgecolor": "black", "markersize": 17, "zorder": 3}
    ax.plot(ours[1], ours[0], "*", **star)
    ax.text(-125, 36, "Pacific", style="italic", color="#4a6a8a", fontsize=12, ha="center")
    beside: dict = {"fontsize": 9, "va": "center", "textcoords": "offset points"}
    ax.annotate("our district", (ours[1], ours[0]), (-14, -4), ha="right", **beside)
    if (~far).any():
        top = mixed[0, 1], mixed[~far, 0].max()
        line: dict = {"arrowstyle": "-", "color": NEUTRAL}
        outside: dict = {"xytext": (-119.6, 40.8), "fontsize": 9, "va": "center"}
        ax.annotate("mixed, near a district", top, **outside, arrowprops=line)
    if far.any():
        low = mixed[0, 1], mixed[far, 0].min()
        looks: dict = {"color": ACCENT, "ha": "right"}
        ax.annotate("mixed, over 0.5°\nfrom any district", low, (-9, 8), **looks, **beside)
    ax.set(xlabel="longitude, in degrees east", ylabel="latitude, in degrees north")
    ax.set(xlim=(-127.2, -113.6), ylim=(32.2, 42.3), aspect=1.2)
