"""A sanity check: an explanation must change when the model's weights are made random.

Lecture 09 runs it on every method. Several well-known explanations do not change: they show the
edges of the photo, not what the network learned.
"""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array
from xaikit.core.extras import needs
from xaikit.core.models import DifferentiableModel
from xaikit.core.settings import as_seed
from xaikit.metrics.agreement import rank_correlation
from xaikit.metrics.scores import scores_of
from xaikit.networks.network import Network


class Randomisation(NamedTuple):
    """Correlations with the original scores while layers are randomised, the last one first.

    Attributes
    ----------
    layers : list of str
        The L layers with weights in the order of randomisation, the last layer first.
    correlation : array (L, n), or (L,) for a single row
        Spearman's, of the scores with those of the trained model.
    absolute : array, likewise
        The same for absolute scores |φ|: a map with flipped signs still looks the same.
    """

    layers: list[str]
    correlation: np.ndarray
    absolute: np.ndarray


def parameter_randomisation(
    model: Any, explain: Callable[[Any, Any], Any], x: Any, seed: int | None = 0
) -> Randomisation:
    """Correlate scores of the model with those after randomising its last 1, 2, …, L layers.

    A random weight is drawn from N(0, mean square of its layer's array). Each layer has its own
    seed, so layers of one shape do not become equal, and keeps its random weights.

    Parameters
    ----------
    model : Network or TorchModel
        The trained model; it is not changed. A TorchModel's layers are its modules with weights of
        their own, in the order in which they were registered.
    explain : callable
        (model, x) -> Attribution or array like x.
    x : array (n, …) or (d,)
        Rows to explain, or a single row.
    seed : int or None
        The same seed gives the same random weights; None gives new ones.

    Returns
    -------
    Randomisation
        The last correlations should be near 0; near 1, the explanation does not depend on the
        weights. Pure noise has 0, too: this check can reject an explanation, not confirm one.

    Raises
    ------
    TypeError, ValueError
        For another kind of model, one without weights, scores of another shape than x, NaN.

    References
    ----------
    Adebayo et al. 2018, Sanity Checks for Saliency Maps, arXiv:1810.03292, §3 (cascading
    randomization).
    """
    if not callable(explain):
        raise TypeError(f"explain is {type(explain).__name__}, expected (model, x) -> scores")
    if not isinstance(model, DifferentiableModel):
        raise TypeError(
            f"the layers of {type(model).__name__} are not known: expected a Network, or a torch "
            "module wrapped as TorchModel(module)"
        )
    rows, single = model.as_rows(x)
    original = scores_of(explain(model, x), rows)
    names, signed, absolute = [], [], []
    for name, lost in cascade(model, seed):
        scores = scores_of(explain(lost, x), rows)
        names.append(name)
        signed.append(rank_correlation(original, scores))
        absolute.append(rank_correlation(np.abs(original), np.abs(scores)))
    if not names:
        raise ValueError("the model has no weights to randomise")
    both = np.array(signed), np.array(absolute)
    return Randomisation(names, *(arrays.unbatched(part, single, 1) for part in both))


def cascade(model: Any, seed: int | None = 0) -> Iterator[tuple[str, Any]]:
    """Yield the last layer's name and the model with it randomised, then one layer more, …"""
    if isinstance(model, Network):
        yield from _cascade_of_layers(model, as_seed(seed))
    else:
        yield from _cascade_of_modules(model, as_seed(seed))


def _cascade_of_layers(network: Network, seed: int) -> Iterator[tuple[str, Network]]:
    layers = list(network.layers)
    seeds = np.random.SeedSequence(seed).spawn(len(layers))
    for i in reversed(range(len(layers))):
        if layers[i].parameters:
            layers[i] = layers[i].map_arrays(partial(_random_like, np.random.default_rng(seeds[i])))
            yield f"{i}: {layers[i]!r}", Network(layers)


def _cascade_of_modules(model: Any, seed: int) -> Iterator[tuple[str, Any]]:
    with needs("torch", "randomising a torch module"):
        import torch

    module = copy.deepcopy(model.module)
    parts = [(name, m) for name, m in module.named_modules() if [*m.parameters(recurse=False)]]
    seeds = np.random.SeedSequence(seed).spawn(len(parts))
    for (name, part), own in reversed(list(zip(parts, seeds, strict=True))):
        rng = np.random.default_rng(own)
        with torch.no_grad():
            for parameter in part.parameters(recurse=False):
                parameter.copy_(_random_like(rng, parameter))
        label = f"{name}: {type(part).__name__}".removeprefix(": ")
        yield label, type(model)(copy.deepcopy(module))


def _random_like(rng: np.random.Generator, array: Array) -> Array:
    """Draw normal numbers of mean 0 with the mean square, shape and library of an array."""
    values = arrays.float64(array)
    size = np.sqrt((values**2).mean())
    return arrays.like(size * rng.standard_normal(values.shape), array)
