"""Layer-wise relevance propagation: the output is redistributed layer by layer, with a ledger.

A rule is data: the inputs and weights that replace a layer's own while relevance passes through it.
The rules LRP-0, ε, γ, z⁺, z^B, w², flat and the ratio split are in `lrp_rules.py`, composites by
their usual names in `lrp_composites.py`. The four steps of every rule are written once, in
`_share_out`. Lecture 05 shows the effect of each rule on a picture.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace
from xaikit.core.attribution import Attribution
from xaikit.core.chunks import cache_rows, chunks
from xaikit.core.question import ask
from xaikit.core.targets import one_hot
from xaikit.methods.lrp_composites import lrp_composite
from xaikit.methods.lrp_rules import PLAIN, LRPEpsilon, Rule, Shares
from xaikit.networks.activations import Activation
from xaikit.networks.convolution import AvgPool2d, Conv2d, MaxPool2d, ZeroPad2d
from xaikit.networks.layers import Dense, Flatten, Layer, Residual, run
from xaikit.networks.network import Network, expect_network


@dataclass(frozen=True)
class LedgerRow:
    """The balance of a layer's relevance: relevance = passed_on + to_bias + absorbed.

    Attributes
    ----------
    layer : str
    relevance : array (n,)
        Σ_k R_k over the layer's outputs.
    passed_on : array (n,)
        Σ_j R_j over its inputs.
    to_bias : array (n,)
        Σ_k bias_k R_k / z_k.
    absorbed : array (n,)
        The relevance lost to ε, and that of units with z = 0, which have no shares to divide it by.
    """

    layer: str
    relevance: Array
    passed_on: Array
    to_bias: Array
    absorbed: Array


def lrp(
    network: Network,
    x: Any,
    target: Any = 0,
    rule: Rule | Mapping[str | int, Rule] | str | None = None,
) -> Attribution:
    """Redistribute the output layer by layer, from each unit to its inputs by their shares of z.

    LRP-0 equals gradient × input on networks of dense and convolutional layers, ReLU, leaky ReLU,
    pools and residual sums. It does not with a saturated ReLU6 or smooth activations.

    Parameters
    ----------
    network : Network
        F, with outputs (n, k).
    x : array (n, …) or (d,)
        Rows to explain, or a single row.
    target : int or (n,) ints
        The output column; one for all rows or one for each.
    rule : rule, dict of rules, or str
        One rule for every dense, convolutional and average pooling layer and every residual sum;
        None is ``LRPEpsilon(0.25)``. Or a composite: the keys are a layer's index, "first" (the
        first layer with weights), "conv", "dense", "pool" (average) or "sum" (residual), in this
        order of precedence; other layers get LRP-0. A layer inside a Residual has the Residual's
        index. Or the name of a composite, see `lrp_composite`.

    Returns
    -------
    Attribution
        values in units of F; base is 0, so −gap is the relevance of biases and absorbed relevance.
        details: ``ledger``, a `LedgerRow` for each layer from the output to the input, and
        ``relevance``, R before each layer and at the output, from the input to the output.

    Raises
    ------
    TypeError
        For a model without layers, a rule that is not a `Rule`, x that does not match the weights.
    ValueError
        For NaN, a target out of range, an unknown key of a composite, z^B with x out of bounds, a
        layer that LRP has no rule for.

    Notes
    -----
    Activations pass relevance on unchanged. A max pool passes it to the largest entry. An average
    pool is a convolution with equal weights, a residual sum a + f(a) a unit with weights 1 and 1.

    References
    ----------
    - Bach et al. 2015, On Pixel-Wise Explanations …, doi:10.1371/journal.pone.0130140.
    - Montavon et al. 2019, Layer-Wise Relevance Propagation: An Overview,
      doi:10.1007/978-3-030-28954-6_10.
    """
    expect_network(network, "lrp")
    if isinstance(rule, str):
        rule = lrp_composite(rule, network)
    rule_of = _composite(LRPEpsilon(0.25) if rule is None else rule, network)
    question = ask(network, x, target, keep_forward=True)
    assert question.forward is not None
    output, _, values = question.forward
    relevances = [output * one_hot(question.target, output)]
    ledger, total = [], _total(relevances[0])
    for index in reversed(range(len(network.layers))):
        # Removed from the list, so that the layers below can use its memory.
        layer, z = network.layers[index], values.pop()
        passed, booked = _through(layer, values[-1], z, relevances[-1], rule_of, index)
        same = passed is relevances[-1]  # through an activation
        arrived, total = total, total if same else _total(passed)
        ledger.append(_row(f"{index} {layer!r}", arrived, total, *booked))
        relevances.append(passed)
    return question.answer(
        relevances[-1],
        base=namespace(output).zeros_like(question.output),
        method="LRP" if isinstance(rule, Mapping) else rule_of(None, None).name,
        details={"ledger": ledger, "relevance": relevances[::-1]},
    )


RuleOf = Callable[[Layer | None, int | None], Rule]


def _composite(rule: Rule | Mapping[str | int, Rule], network: Network) -> RuleOf:
    """Return the rule of each layer as a function of the layer and its index."""
    for value in rule.values() if isinstance(rule, Mapping) else [rule]:
        if not isinstance(value, Rule):
            raise TypeError(
                f"expected a rule such as LRPEpsilon(0.25), a dict of rules, or the name of a "
                f"composite, got {value!r}"
            )
    if not isinstance(rule, Mapping):
        return lambda layer, index: rule
    composite: Mapping[Any, Rule] = rule
    count = len(network.layers)
    for key in composite:
        if not (key in ("first", *KINDS) or (type(key) is int and 0 <= key < count)):
            raise ValueError(
                f"unknown key {key!r} in a composite: expected 'first', "
                f"{', '.join(map(repr, KINDS))}, or a layer's index from 0 to {count - 1}"
            )
    # With its index, because a layer may occur in a network twice.
    inside = ((i, layer) for i in range(count) for layer in _weighted(network.layers[i : i + 1]))
    first_index, first = next(inside, (None, None))

    def rule_of(layer: Layer | None, index: int | None) -> Rule:
        keys = [index, *(["first"] if layer is first and index == first_index else [])]
        keys += [kind for kind, layers in KINDS.items() if isinstance(layer, layers)]
        return next((composite[key] for key in keys if key in composite), LRPEpsilon(0.0))

    return rule_of


KINDS = {"conv": Conv2d, "dense": Dense, "pool": AvgPool2d, "sum": Residual}


def _weighted(layers):
    """Yield the layers with weights in order, those inside Residual too."""
    for layer in layers:
        if isinstance(layer, Residual):
            yield from _weighted(layer.layers)
        elif layer.parameters:
            yield layer


def _through(
    layer: Layer, a: Array, output: Array, relevance: Array, rule_of: RuleOf, index: int
) -> tuple[Array, tuple[Any, Any]]:
    """Return the relevance of a layer's inputs, and the amounts to biases and absorbed."""
    if isinstance(layer, Activation):
        return relevance, (0.0, 0.0)
    if isinstance(layer, Residual):
        return _through_sum(layer, a, output, relevance, rule_of, index)
    if isinstance(layer, Dense | Conv2d | AvgPool2d):
        return _share_out(layer, a, output, relevance, rule_of(layer, index))
    if isinstance(layer, MaxPool2d | Flatten):
        return layer.backward(a, relevance), (0.0, 0.0)
    if isinstance(layer, ZeroPad2d):  # the relevance of padded pixels is absorbed
        passed = layer.backward(a, relevance)
        return passed, (0.0, _total(relevance) - _total(passed))
    raise ValueError(
        f"LRP has no rule for {layer!r}, only for xaikit's own layers: "
        "take a method that needs no more than gradients, such as integrated_gradients"
    )


def _share_out(
    layer: "Dense | Conv2d | AvgPool2d | _Sum",
    a: Array,
    output: Array,
    relevance: Array,
    rule: Rule,
) -> tuple[Array, tuple[Array, Array]]:
    """Forward, divide, backward, multiply: the four steps of every rule."""
    xp = namespace(a)
    _expect_bounds(a, rule)
    passed: Any = None
    to_bias, absorbed = 0.0, 0.0
    for shares, given in _cases(rule, output, relevance):
        bias = getattr(layer, "bias", None)
        bias = None if bias is None or shares.bias is None else shares.bias(bias)
        # 1 · Forward: the modified sum z. For plain shares it is the layer's own output.
        if shares == PLAIN:
            parts, z = [(a, layer)], output
        else:
            parts = _parts(layer, a, shares)
            z = sum((part.forward(inputs) for inputs, part in parts), xp.zeros_like(output))
            z = z if bias is None else z + bias.reshape(-1, *[1] * (z.ndim - 2))
        # 2 · Divide.
        s, lost = _divide(given, z, rule)
        absorbed = absorbed + lost
        if bias is not None:
            to_bias = to_bias + xp.sum(s.reshape(*s.shape[:2], -1), axis=2) @ bias
        # 3 · Backward, and 4 · multiply.
        for inputs, part in parts:
            share = part.backward(inputs, s)
            share *= inputs  # in place: new memory costs more than the product
            passed = share if passed is None else passed + share
    return passed, (to_bias, absorbed)


def _divide(relevance: Array, z: Array, rule: Rule) -> tuple[Array, Array]:
    """Return s = R / (z + ε sign(z)), written over z, and what was absorbed of each row, (n,).

    z is a layer's output, which nobody reads after this; new memory would cost more than the
    division. Block by block, the steps stay in the cache.
    """
    xp = namespace(z)
    absorbed = xp.zeros_like(z.reshape(len(z), -1)[:, 0])
    for rows in chunks(len(z), cache_rows(z[0])):
        R, sums = relevance[rows], z[rows]
        if not rule.epsilon:
            z[rows], absorbed[rows] = _quotient(R, sums)
            continue
        epsilon = arrays.like(rule.epsilon, z)
        if rule.relative:
            others = tuple(range(1, sums.ndim))
            epsilon = epsilon * xp.sqrt(xp.mean(sums**2, axis=others, keepdims=True))
        # sign(0) = +1: to −0.0, + 0.0 gives 0.0.
        side = xp.copysign(epsilon, sums + 0.0)
        if rule.relative:  # a layer whose z are all 0 has ε = 0
            z[rows], lost = _quotient(R, sums + side)
        else:
            z[rows], lost = R / (sums + side), 0.0
        absorbed[rows] = lost + _total(side * z[rows])
    return z, absorbed


def _quotient(R: Array, z: Array) -> tuple[Array, Array]:
    """Return R / z, and what is absorbed by units with z = 0, which have no shares, (n,)."""
    is_zero = namespace(z).astype(z == 0, z.dtype)
    return R * (1 - is_zero) / (z + is_zero), _total(R * is_zero)


def _parts(layer: Any, a: Array, shares: Shares) -> list[tuple[Array, Any]]:
    """Return pairs of inputs α(a) and a layer with weights ρ(W)."""
    if isinstance(layer, AvgPool2d):
        layer = _as_convolution(layer, a)
    return [
        (inputs, replace(layer, weight=rho(layer.weight), bias=None))
        for i, (inputs, rho) in enumerate([(alpha(a), rho) for alpha, rho in shares.parts])
        # After a ReLU no input is negative: half of γ's terms are zero and left out.
        if i == 0 or bool(namespace(a).any(inputs != 0))
    ]


def _cases(rule: Rule, output: Array, relevance: Array) -> list[tuple[Shares, Array]]:
    """Return the shares for units with z above zero and for the others, with their relevance."""
    if rule.above is rule.below:
        return [(rule.above, relevance)]
    above = arrays.where_positive(relevance, output)
    return [(rule.above, above), (rule.below, relevance - above)]


@dataclass(frozen=True, eq=False)
class _Sum(Layer):
    """w₁a + w₂f of a and f, stacked (n, 2, …): with weights 1, 1 the sum of a Residual."""

    weight: Array
    bias: None = None

    def forward(self, a: Array) -> Array:
        return self.weight[0] * a[:, 0] + self.weight[1] * a[:, 1]

    def backward(self, a: Array, grad: Array) -> Array:
        return namespace(a).stack([self.weight[0] * grad, self.weight[1] * grad], axis=1)


def _through_sum(
    layer: Residual, a: Array, output: Array, relevance: Array, rule_of: RuleOf, index: int
) -> tuple[Array, tuple[Any, Any]]:
    """Share the relevance of a + f(a) out, and propagate f's part through f's layers."""
    values = run(layer.layers, a)
    terms = namespace(a).stack([a, values[-1]], axis=1)
    weights = arrays.like([1.0, 1.0], a)
    shared, booked = _share_out(_Sum(weights), terms, output, relevance, rule_of(layer, index))
    kept, passed = shared[:, 0], shared[:, 1]
    for inner, before, after in zip(
        reversed(layer.layers), reversed(values[:-1]), reversed(values[1:]), strict=True
    ):
        passed, more = _through(inner, before, after, passed, rule_of, index)
        booked = booked[0] + more[0], booked[1] + more[1]
    return kept + passed, booked


def _as_convolution(layer: AvgPool2d, a: Array) -> Conv2d:
    """Return an average pool as the convolution that it is: each channel with weights 1 / p²."""
    (height, width), stride = layer.windows(a)
    weight = namespace(a).zeros_like(a[:1, :, :height, :width]) + 1 / (height * width)
    return Conv2d(weight.swapaxes(0, 1), None, stride, 0, groups=a.shape[1])


def _expect_bounds(a: Array, rule: Rule) -> None:
    if rule.low is None:
        return
    low, high = arrays.like(rule.low, a), arrays.like(rule.high, a)
    for bound in (low, high):
        if tuple(bound.shape) not in ((), tuple(a.shape[1:])):
            raise ValueError(
                f"a bound of {rule.name} has shape {tuple(bound.shape)}, expected a number or one "
                f"for each number of a row of x, {tuple(a.shape[1:])}"
            )
    xp = namespace(a)
    if not bool(xp.all((a >= low) & (a <= high))):
        raise ValueError(
            f"{rule.name} needs inputs between its bounds {rule.low} and {rule.high}, but they "
            f"reach from {float(xp.min(a)):g} to {float(xp.max(a)):g}: it is a rule for the first "
            "layer, with the bounds of the data"
        )


def _total(values: Array) -> Array:
    """Return the sum over all but the first axis, (n,)."""
    return namespace(values).sum(values, axis=tuple(range(1, values.ndim)))


def _row(name: str, relevance: Array, passed_on: Array, to_bias: Any, absorbed: Any) -> LedgerRow:
    zeros = namespace(relevance).zeros_like(relevance)
    return LedgerRow(name, relevance, passed_on, zeros + to_bias, zeros + absorbed)
