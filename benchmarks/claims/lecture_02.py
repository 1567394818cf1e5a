"""The claims of lecture 02, LIME."""

from functools import cache

import numpy as np
from sklearn.ensemble import RandomForestClassifier

import xaikit as xk
from benchmarks.claims import claim
from benchmarks.claims.shared import digits
from xaikit.course import datasets


@cache
def _forest_and_disguise(seed: int):
    """Return the tumours for training, one of them all for testing, and both models' answers."""
    data = datasets.breast_cancer(seed)
    forest = RandomForestClassifier(100, random_state=seed).fit(data.x_train, data.y_train)
    radius, perimeter, smoothness = (
        data.feature_names.index(f"mean {name}") for name in ("radius", "perimeter", "smoothness")
    )

    def malignant(rows: np.ndarray) -> np.ndarray:
        return forest.predict_proba(rows)[:, 1]

    def disguised(rows: np.ndarray) -> np.ndarray:
        strange = np.abs(rows[:, radius] - rows[:, perimeter]) > 0.5
        return np.where(strange, np.clip(0.5 + 0.25 * rows[:, smoothness], 0, 1), malignant(rows))

    tumour = data.x_test[int(np.abs(malignant(data.x_test) - 0.6).argmin())]
    return data.x_train, tumour, malignant, disguised


@claim("with draws half as wide, the disguise has a lower R² than the forest")
def nearer_draws_unmask(seed: int) -> float:
    """R² of the forest minus that of the disguise, minus 0.1."""
    background, tumour, *models = _forest_and_disguise(seed)
    lines = [xk.lime_tabular(model, tumour, 0.5 * background, seed=seed) for model in models]
    return float(lines[0].details["r2"] - lines[1].details["r2"]) - 0.1


@claim("with the usual draws smoothness has the largest slope in the disguise")
def the_disguise_works(seed: int) -> float:
    """Its size ÷ the largest of the others, minus 1."""
    background, tumour, _, disguised = _forest_and_disguise(seed)
    sizes = np.abs(xk.lime_tabular(disguised, tumour, background, seed=seed).values)
    smoothness = datasets.breast_cancer().feature_names.index("mean smoothness")
    return float(sizes[smoothness] / np.delete(sizes, smoothness).max()) - 1


@claim("draws half as wide show the disguise more clearly than the usual ones")
def narrow_draws_show_more(seed: int) -> float:
    """R² of the forest minus that of the disguise, draws half as wide minus usual."""
    background, tumour, *models = _forest_and_disguise(seed)
    half, usual = (
        [xk.lime_tabular(m, tumour, w * background, seed=seed).details["r2"] for m in models]
        for w in (0.5, 1.0)
    )
    return float(half[0] - half[1] - usual[0] + usual[1])


@claim("draws a tenth as wide change the forest's largest slope more than a kernel does")
def where_you_draw_decides(seed: int) -> float:
    """Largest slope by draws 0.1 ÷ 1 wide, over that by kernels 2 ÷ 8 wide, as logarithms."""
    background, tumour, forest, _ = _forest_and_disguise(seed)

    def largest(spread: float, width: float | None = None) -> float:
        line = xk.lime_tabular(forest, tumour, spread * background, kernel_width=width, seed=seed)
        return float(np.log(np.abs(line.values).max() / spread))

    return abs(largest(0.1) - largest(1.0)) - abs(largest(1.0, 2.0) - largest(1.0, 8.0))


@claim("paper and the mean grey seldom agree on a digit's most important patch")
def absence_decides(seed: int) -> float:
    """A third minus the share of 100 digits on which they agree."""
    _, tests, classes, reader = digits(seed)
    pictures = xk.Network([xk.Flatten(), *reader.layers])

    def first(i: int, baseline: float | None) -> int:
        picture, digit = tests[i].reshape(8, 8), int(classes[i])
        line = xk.lime_image(pictures, picture, 4, digit, baseline, samples=500, seed=seed)
        return int(line.values.argmax())

    return 1 / 3 - float(np.mean([first(i, 0.0) == first(i, None) for i in range(100)]))


@claim("most of palace comes from the tower")
def the_tower_is_the_palace(seed: int) -> float:
    """Sum of the slopes of the tower's segments minus twice that of the others, 80 draws."""
    import torch

    from xaikit.course.photos import as_input, class_names, photo, photo_network, superpixels

    picture, network = photo(), photo_network()
    parts = superpixels(picture, 16, place=1.0)
    found = xk.lime_image(
        lambda pictures: torch.softmax(network(pictures), dim=1),
        as_input(picture)[0],
        parts,
        target=class_names().index("palace"),
        samples=80,
        seed=seed,
    )
    tower = found.values[np.unique(parts[60:200, :60])].sum()
    return float(tower - 2 * (found.values.sum() - tower))
