"""Composites for LRP: a rule for each kind of layer, and the names that the field gives them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from xaikit.methods.lrp_rules import (
    PLAIN,
    UNCHANGED,
    AttentionRule,
    LRPAttention,
    LRPEpsilon,
    LRPFlat,
    LRPGamma,
    LRPIdentity,
    LRPZBox,
    LRPZPlus,
    Rule,
)
from xaikit.networks.attention import Attention
from xaikit.networks.convolution import AvgPool2d, Conv2d
from xaikit.networks.layers import Dense, Layer, Residual
from xaikit.networks.network import Network
from xaikit.networks.normalisation import LayerNorm
from xaikit.networks.tokens import TokenMean

AnyRule = Rule | AttentionRule
Composite = dict[str | int, AnyRule]
RuleOf = Callable[[Layer, int], Any]
FOR_TEXTS = ("attention-constant", "attnlrp", "attnlrp-identity-norm")
NAMES = ("epsilon-plus", "epsilon-plus-flat", "epsilon-gamma-box", "zones", *FOR_TEXTS)
KINDS: dict[str, Any] = {
    "conv": Conv2d,
    "dense": Dense,
    "pool": AvgPool2d | TokenMean,
    "sum": Residual,
    "norm": LayerNorm,
    "attention": Attention,
}


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
          dense layers, and LRP-z^B in the first layer;
        - "attention-constant": attention is held constant and each LayerNorm's σ; LRP-ε in dense
          layers, means of tokens, sums and norms;
        - "attnlrp": the same, but half of the relevance goes through the softmax (AttnLRP);
        - "attnlrp-identity-norm": AttnLRP, and a LayerNorm passes relevance on unchanged.
    network : Network
        Needed for "zones".
    low, high : number or array like one row of x
        The bounds of the inputs, for LRP-z^B.
    epsilon : rule
        LRP-ε; None is ``LRPEpsilon(1e-6)``, and for "zones" ``LRPEpsilon(relative=0.25)``.
    gamma : float

    Returns
    -------
    dict from "first", a kind of layer or a layer's index to a rule
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
    - "attention-constant": Ali et al. 2022, XAI for Transformers, arXiv:2202.07304.
    - "attnlrp": Achtibat et al. 2024, AttnLRP, arXiv:2402.05602.
    """
    if name not in NAMES:
        raise ValueError(f"unknown composite {name!r}: expected one of {', '.join(NAMES)}")
    small = LRPEpsilon(1e-6) if epsilon is None else epsilon
    composite: Composite
    if name in FOR_TEXTS:
        composite = dict.fromkeys(("dense", "pool", "sum", "norm"), small)
        composite["attention"] = LRPAttention(0.0 if name == "attention-constant" else 0.5, 1e-6)
        return composite | ({"norm": LRPIdentity()} if name.endswith("identity-norm") else {})
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


def rule_of_layers(rule: AnyRule | Mapping[str | int, AnyRule], network: Network) -> RuleOf:
    """Return the rule of each layer as a function of the layer and its index.

    Raises
    ------
    TypeError
        For something that is not a rule.
    ValueError
        For an unknown key, or a rule that does not fit its key.
    """
    if isinstance(rule, Mapping):
        composite: dict[Any, Any] = dict(rule)
    elif isinstance(rule, AttentionRule):
        raise TypeError(f"{rule.name!r} is a rule for attention only: {{'attention': …}}")
    else:
        composite = dict.fromkeys(("conv", "dense", "pool", "sum"), rule)
    for key, value in composite.items():
        _check_entry(key, value, network.layers)
    # With its index, because a layer may occur in a network twice.
    places = ((i, layer) for i, one in enumerate(network.layers) for layer in _inside(one))
    weighted = ((i, layer) for i, layer in places if isinstance(layer, Dense | Conv2d))
    first_index, first = next(weighted, (None, None))

    def rule_of(layer: Layer, index: int) -> AnyRule:
        kinds = _kinds(layer)
        keys = [index, *(["first"] if layer is first and index == first_index else []), *kinds]
        own = (composite[key] for key in keys if key in composite)
        usual = LRPAttention() if kinds == ["attention"] else LRPEpsilon(0.0)
        return next((one for one in own if _fits(one, *kinds)), usual)

    return rule_of


def _kinds(layer: Layer) -> list[str]:
    """Return the key of the layer's kind in a composite; none if it takes no rule."""
    return [kind for kind, layers in KINDS.items() if isinstance(layer, layers)]


def _inside(layer: Layer) -> Iterator[Layer]:
    """Yield the layer, and those inside of it if it is a Residual."""
    yield layer
    for inner in layer.layers if isinstance(layer, Residual) else ():
        yield from _inside(inner)


def _check_entry(key: Any, rule: Any, layers: Sequence[Layer]) -> None:
    """Raise unless a composite's key is known, and its rule fits it."""
    if not isinstance(rule, AnyRule):
        raise TypeError(
            f"expected a rule such as LRPEpsilon(0.25), a dict of rules, or the name of a "
            f"composite, got {rule!r}"
        )
    kinds = [key]
    if type(key) is int and 0 <= key < len(layers):  # a Residual has layers of several kinds
        kinds = [kind for layer in _inside(layers[key]) for kind in _kinds(layer) or [""]]
        kinds += ["dense"] * ("attention" in kinds)
    elif key not in ("first", *KINDS):
        raise ValueError(
            f"unknown key {key!r} in a composite: expected 'first', "
            f"{', '.join(map(repr, KINDS))}, or a layer's index from 0 to {len(layers) - 1}"
        )
    if not any(_fits(rule, kind) for kind in kinds):
        expected = EXPECTED.get(kinds[0], "a rule for units, such as LRPEpsilon(…)")
        raise ValueError(f"{rule.name} is no rule for {key!r}: expected {expected}")


def _fits(rule: AnyRule, kind: str = "") -> bool:
    """Tell whether a rule can be used for a kind of layer."""
    if isinstance(rule, AttentionRule) or kind == "attention":
        return isinstance(rule, AttentionRule) and kind == "attention"
    return rule.above == PLAIN or (rule.above == UNCHANGED) == (kind == "norm")


EXPECTED = {
    "attention": "LRPAttention(…)",
    "norm": "LRPEpsilon(…), which holds σ, or LRPIdentity()",
}
