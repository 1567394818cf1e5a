"""LIME of pictures: segments, what stands for hidden ones, and the lime package's fit."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lime.lime_image import LimeImageExplainer

import xaikit as xk
from tests.units.coalitions import recorded
from xaikit.core import arrays

RNG = np.random.default_rng(0)
PHOTO = RNG.uniform(size=(12, 12, 3))
QUARTERS = np.arange(12) // 6
SEGMENTS = 2 * QUARTERS[:, None] + QUARTERS  # of the photo, 0 to 3
WEIGHTS = RNG.normal(size=PHOTO.shape)


def weighted(pictures, weights):
    """Return the sum over all numbers of each picture, times their weights."""
    return np.reshape(pictures, (len(pictures), -1)) @ np.ravel(weights)


def bright(pictures):
    """Return two classes; the second is a curved function of the picture."""
    level = np.tanh(weighted(pictures, WEIGHTS) / 5)
    return np.stack([-level, level], axis=1)


class Fixed:
    """A generator that returns a given table of coin flips."""

    def __init__(self, shown):
        self.shown = shown

    def random(self, shape):
        assert shape == self.shown.shape
        return np.where(self.shown, 0.2, 0.7)


@pytest.mark.parametrize("hidden", [None, 0.25])
def test_the_lime_package_fits_the_same_to_the_same_masks(monkeypatch, hidden):
    peer = LimeImageExplainer(random_state=3, feature_selection="none")
    drawn = []
    own_fit = peer.base.explain_instance_with_data

    def noted(data, *rest, **more):
        drawn.append(data)
        return own_fit(data, *rest, **more)

    monkeypatch.setattr(peer.base, "explain_instance_with_data", noted)
    answer = peer.explain_instance(
        PHOTO, bright, labels=(1,), top_labels=None, hide_color=hidden, num_samples=80,
        segmentation_fn=lambda picture: SEGMENTS, batch_size=40,
    )  # fmt: skip
    monkeypatch.setattr(np.random, "default_rng", lambda seed: Fixed(drawn[0] > 0))
    result = xk.lime_image(bright, PHOTO, SEGMENTS, 1, baseline=hidden, samples=80)
    slopes = [slope for _, slope in sorted(answer.local_exp[1])]
    np.testing.assert_allclose(result.values, slopes, rtol=0, atol=1e-12)
    assert result.base == pytest.approx(answer.intercept[1], abs=1e-12)
    assert result.details["r2"] == pytest.approx(answer.score, abs=1e-12)
    assert result.output == bright(PHOTO[None])[0, 1]


@pytest.mark.parametrize("seed", range(3))
def test_the_lime_packages_own_draws_come_to_the_same(seed):
    """They are others: the difference is within five standard deviations."""
    peer = LimeImageExplainer(random_state=seed, feature_selection="none")
    answer = peer.explain_instance(
        PHOTO, bright, labels=(1,), top_labels=None, num_samples=2000,
        segmentation_fn=lambda picture: SEGMENTS, batch_size=500,
    )  # fmt: skip
    result = xk.lime_image(bright, PHOTO, SEGMENTS, 1, samples=2000, seed=seed)
    slopes = np.array([slope for _, slope in sorted(answer.local_exp[1])])
    assert np.all(np.abs(result.values - slopes) < 5 * np.sqrt(2) * result.std)


@pytest.mark.parametrize("layout", ["h w", "c h w", "h w c", "flat"])
@given(seed=st.integers(0, 2**16), along=st.integers(2, 4))
def test_a_linear_model_gets_what_each_segment_adds(layout, seed, along):
    """Without a ridge its line is exact: w · (x − baseline), summed over the segment."""
    rng = np.random.default_rng(seed)
    height, width = rng.integers(max(along, 3), 9, size=2)  # more than the two channels
    shape = {"h w": (height, width), "c h w": (2, height, width), "h w c": (height, width, 2)}.get(
        layout, (height * width,)
    )
    image, weights, baseline = rng.normal(size=(3, *shape))
    row, column = np.indices((height, width))
    segments = 7 * (row * along // height) + (column * along // width) - 3
    if layout == "flat":
        segments = segments.ravel()
    result = xk.lime_image(
        lambda pictures: weighted(pictures, weights),
        image, segments, baseline=baseline, kernel_width=1.0, samples=200, ridge=0, seed=seed,
    )  # fmt: skip
    added = weights * (image - baseline)
    by_pixel = added.sum(axis={"c h w": 0, "h w c": -1}[layout]) if len(shape) == 3 else added
    expected = [by_pixel[segments == number].sum() for number in np.unique(segments)]
    np.testing.assert_allclose(result.values, expected, atol=1e-8)
    assert result.base == pytest.approx((weights * baseline).sum(), abs=1e-8)
    assert result.details["r2"] == pytest.approx(1) and abs(result.gap) < 1e-8
    places = result.details["segments"]
    assert places.shape == segments.shape
    assert np.array_equal(np.unique(segments)[places], segments)


@given(seed=st.integers(0, 2**16))
def test_the_numbers_of_the_segments_do_not_matter_but_for_their_order(seed):
    rng = np.random.default_rng(seed)
    numbers = np.sort(rng.choice(100, size=4, replace=False)) - 50
    plain = xk.lime_image(bright, PHOTO, SEGMENTS, 1, samples=50)
    other = xk.lime_image(bright, PHOTO, numbers[SEGMENTS], 1, samples=50)
    np.testing.assert_array_equal(plain.values, other.values)
    assert other.feature_names == tuple(f"segment {k}" for k in range(4))


@pytest.mark.parametrize("axis", [0, -1, None])
def test_a_hidden_segment_shows_its_own_mean_colour(axis):
    picture = PHOTO[..., 0] if axis is None else np.moveaxis(PHOTO, -1, axis)
    seen = []

    def model(pictures):
        seen.extend(pictures)
        return weighted(pictures, np.ones_like(picture))

    xk.lime_image(model, picture, SEGMENTS, samples=300)
    channels = picture[None] if axis is None else np.moveaxis(picture, axis, 0)
    for number in range(4):
        place = number == SEGMENTS
        even = np.array([np.full(place.sum(), channel[place].mean()) for channel in channels])
        shown = channels[:, place]
        kinds = set()
        for one in seen:
            there = (one[None] if axis is None else np.moveaxis(one, axis, 0))[:, place]
            whole = np.array_equal(there, shown)
            assert whole or np.allclose(there, even, rtol=0, atol=1e-14)
            kinds.add(whole)
        assert kinds == {True, False}


def test_a_segment_of_one_colour_is_not_hidden_by_its_mean():
    even = np.array(PHOTO)
    even[SEGMENTS == 2] = [0.2, 0.4, 0.6]
    result = xk.lime_image(bright, even, SEGMENTS, 1, samples=2000, ridge=0)
    assert abs(result.values[2]) < 4 * result.std[2] + 1e-9
    assert abs(xk.lime_image(bright, even, SEGMENTS, 1, baseline=0).values[2]) > 0.02


@pytest.mark.parametrize(
    ("shape", "segments", "counts"),
    [
        ((8, 8), None, [4] * 16),
        ((224, 224), None, [784] * 64),
        ((3, 16, 24), None, [6] * 64),
        ((16, 24, 3), 2, [96] * 4),
        ((7, 9), 3, [6, 6, 6, 6, 6, 6, 9, 9, 9]),
        ((1, 8, 8), 4, [4] * 16),
        ((8, 8, 1), 2, [16] * 4),
    ],
)
def test_patches(shape, segments, counts):
    picture = np.random.default_rng(0).normal(size=shape)
    result = xk.lime_image(lambda pictures: weighted(pictures, np.ones(shape)), picture, segments)
    places = result.details["segments"]
    assert places.shape == tuple(size for size in shape if size > 3)
    assert sorted(np.bincount(places.ravel()).tolist()) == sorted(counts)
    for number in range(len(counts)):
        rows, columns = np.nonzero(places == number)
        block = places[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert np.all(block == number)  # a rectangle


def test_networks_and_tensors(backend):
    rng = np.random.default_rng(0)
    layers = [xk.Conv2d(rng.normal(size=(2, 1, 3, 3))), xk.Tanh(), xk.AvgPool2d(None), xk.Flatten()]
    network, picture = xk.Network(layers), rng.uniform(size=(1, 8, 8))
    expected = xk.lime_image(network, picture, 2, 1, samples=40)
    assert np.abs(expected.values).max() > 1e-3
    where = backend.device if backend.library == "torch" else "numpy"
    there = network.to(where, backend.dtype)
    result = xk.lime_image(there, backend.array(picture), 2, 1, samples=40)
    np.testing.assert_allclose(result.values, expected.values, rtol=0, atol=backend.tolerance)


def test_whole_numbers_and_lists_are_pictures_too():
    levels = np.random.default_rng(1).integers(0, 256, size=(4, 4), dtype=np.uint8)

    def total(pictures):
        return pictures.sum(axis=(1, 2), dtype=float)

    as_bytes = xk.lime_image(total, levels, 2, baseline=0, ridge=0)
    expected = levels.reshape(2, 2, 2, 2).sum(axis=(1, 3), dtype=float).ravel()
    np.testing.assert_allclose(as_bytes.values, expected, atol=1e-9)
    listed = xk.lime_image(total, levels.tolist(), 2, baseline=0, ridge=0)
    np.testing.assert_allclose(listed.values, expected, atol=1e-9)


@pytest.mark.parametrize("kind", [np.array, torch.tensor])
def test_a_mean_of_whole_numbers_is_rounded(kind):
    """A model of bytes, or one that looks colours up, takes no 0.75."""
    seen = []
    picture = kind([[0, 1, 2, 3], [1, 1, 2, 2]] * 2)

    def total(pictures):
        assert pictures.dtype == picture.dtype
        seen.append(arrays.to_numpy(pictures))
        return seen[-1].sum(axis=(1, 2), dtype=float)

    xk.lime_image(total, picture, 2)  # the means are 0.75 and 2.25
    hidden = {tuple(one[0, ::2]) for one in np.concatenate(seen)}
    assert hidden == {(0, 2), (1, 2)}


def test_each_distinct_picture_is_asked_once():
    called, sizes = recorded(bright)
    result = xk.lime_image(called, PHOTO, SEGMENTS, samples=500)
    # The picture itself is asked first, alone.
    assert result.evaluations == 16 and sum(sizes) <= 18
    assert result.method == "LIME" and result.values.shape == result.std.shape == (4,)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"segments": np.zeros((12, 12), int)}, ValueError, "there is one segment"),
        ({"segments": 1}, ValueError, "there is one segment, and a line needs two"),
        ({"segments": np.eye(12)}, TypeError, "segments hold float64, expected a whole number"),
        ({"segments": SEGMENTS[:6]}, ValueError, "shape (6, 12), and the picture (12, 12, 3)"),
        ({"segments": 0}, ValueError, "segments is 0, expected at least 1 patch along each side"),
        ({"segments": 2.0}, TypeError, "segments is 2.0, expected a whole number"),
        ({"segments": True}, TypeError, "segments is True, expected a whole number"),
        ({"segments": 13}, ValueError, "segments is 13, and the picture has 12 × 12 pixels"),
        ({"samples": 5}, ValueError, "samples is 5, expected at least 6 for 4 segments"),
        ({"kernel_width": 0.0}, ValueError, "kernel_width is 0.0, expected a positive number"),
        ({"kernel_width": 0.01}, ValueError, "too few for 4 slopes: give a wider kernel"),
        ({"target": 2}, ValueError, "target 2 is out of range: the model has 2 output(s)"),
        ({"baseline": np.zeros(5)}, ValueError, "baseline has shape (5,)"),
        ({"ridge": -1.0}, ValueError, "ridge is -1.0, expected a number ≥ 0"),
    ],
)
def test_bad_settings_are_refused_in_words(settings, error, message):
    settings = {"segments": SEGMENTS, "samples": 40} | settings
    with pytest.raises(error, match=re.escape(message)):
        xk.lime_image(bright, PHOTO, **settings)


@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (64,), (5, 5, 5)])
def test_a_picture_that_cannot_be_cut_is_refused_in_words(shape):
    with pytest.raises(ValueError, match=re.escape(f"image has shape {shape}, expected one pict")):
        xk.lime_image(lambda pictures: pictures[:, 0], np.ones(shape))
