"""A sanity check: an explanation of a trained model must change when its weights are lost.

Lecture 09 runs it on every method. Several well-known methods pass through it unchanged: they show
the edges of the photo, not what the network learned.
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
    """How much of an explanation is left while weights are lost, from the top layer down.

    Attributes
    ----------
    layers : list of str
        The L layers with weights, in the order in which they are lost, the last layer first.
    correlation : array (L, n), or (L,) for a single row
        Spearman's, of the scores with those of the trained model.
    absolute : array, likewise
        The same of their sizes |φ|: a map whose signs flip still looks the same.
    """

    layers: list[str]
    correlation: np.ndarray
    absolute: np.ndarray


def parameter_randomisation(
    model: Any, explain: Callable[[Any, Any], Any], x: Any, seed: int | None = 0
) -> Randomisation:
    """corr(φ of the model, φ of the model whose last 1, 2, …, L layers are random).

    A lost weight is drawn from N(0, mean square of its layer's array), each layer from a seed of
    its own, so layers of one shape do not become equal; what is lost stays lost as it is.

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
        Correlations near 0 at the end are what a faithful explanation should show, near 1 what
        cannot depend on the weights. An explanation of pure noise shows 0, too: this check only
        convicts, it acquits nobody.

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
    """Yield the last layer's name and the model without its weights, then one layer more, …"""
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
    """Draw normal numbers of mean 0 and the mean square of an array, in its place."""
    values = arrays.float64(array)
    size = np.sqrt((values**2).mean())
    return arrays.like(size * rng.standard_normal(values.shape), array)
