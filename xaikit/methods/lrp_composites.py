"""Composites for LRP by the names that the field uses: a rule for each kind of layer."""

from typing import Any

from xaikit.methods.lrp_rules import LRPEpsilon, LRPFlat, LRPGamma, LRPZBox, LRPZPlus, Rule
from xaikit.networks.convolution import Conv2d
from xaikit.networks.layers import Layer, Residual
from xaikit.networks.network import Network

Composite = dict[str | int, Rule]
NAMES = ("epsilon-plus", "epsilon-plus-flat", "epsilon-gamma-box", "zones")


def lrp_composite(
    name: str,
    network: Network | None = None,
    *,
    low: Any = None,
    high: Any = None,
    epsilon: Rule | None = None,
    gamma: float = 0.25,
) -> Composite:
    """Return a composite by its name, as a dict for `lrp`.

    Parameters
    ----------
    name : str
        - "epsilon-plus": LRP-z⁺ in convolutions, LRP-ε in dense layers;
        - "epsilon-plus-flat": the same, and LRP-flat in the first layer;
        - "epsilon-gamma-box": LRP-γ in convolutions, LRP-ε in dense layers, and LRP-z^B in the
          first layer;
        - "zones": LRP-γ in the lower half of the convolutions, LRP-ε in the upper half, LRP-0 in
          dense layers, and LRP-z^B in the first layer.
    network : Network
        Needed for "zones".
    low, high : number or array like one row of x
        The bounds of the inputs, for LRP-z^B.
    epsilon : rule
        LRP-ε; None is ``LRPEpsilon(1e-6)``, and for "zones" ``LRPEpsilon(relative=0.25)``.
    gamma : float

    Returns
    -------
    dict from "first", "conv", "dense" or a layer's index to a rule
        Other average pools and residual sums get LRP-0; add "pool" or "sum" for another rule.

    Raises
    ------
    ValueError
        For an unknown name; without `low` and `high`, or a network with convolutions, where they
        are needed.

    References
    ----------
    - The first three: Anders et al. 2021, Software for Dataset-wide XAI, arXiv:2106.13200.
    - "zones": Montavon et al. 2019, Layer-Wise Relevance Propagation: An Overview,
      doi:10.1007/978-3-030-28954-6_10.
    """
    if name not in NAMES:
        raise ValueError(f"unknown composite {name!r}: expected one of {', '.join(NAMES)}")
    small = LRPEpsilon(1e-6) if epsilon is None else epsilon
    composite: Composite
    if name.startswith("epsilon-plus"):
        composite = {"conv": LRPZPlus(), "dense": small}
        return composite | ({"first": LRPFlat()} if name.endswith("flat") else {})
    if low is None or high is None:
        raise ValueError(
            f"{name!r} has LRP-z^B in the first layer, which needs the bounds of the inputs: "
            f"rule=lrp_composite({name!r}, network, low=…, high=…)"
        )
    composite = {"first": LRPZBox(low, high), "conv": LRPGamma(gamma), "dense": small}
    if name == "epsilon-gamma-box":
        return composite
    if network is None:
        raise ValueError("'zones' needs the network: lrp_composite('zones', network, …)")
    places = [i for i, layer in enumerate(network.layers) if _has_convolutions(layer)]
    if not places:
        raise ValueError("'zones' are zones of convolutions, and the network has none")
    middle = LRPEpsilon(relative=0.25) if epsilon is None else epsilon
    upper: Composite = dict.fromkeys(places[(len(places) + 1) // 2 :], middle)
    return composite | upper | {"dense": LRPEpsilon(0.0)}


def _has_convolutions(layer: Layer) -> bool:
    if isinstance(layer, Residual):
        return any(map(_has_convolutions, layer.layers))
    return isinstance(layer, Conv2d)
