"""Layer-wise relevance propagation: the output is redistributed layer by layer, with a ledger.

A rule is data: the inputs and weights that replace a layer's own while relevance passes through it.
The rules LRP-0, ε, γ, z⁺, z^B, w², flat and the ratio split are in `lrp_rules.py`, composites by
their usual names in `lrp_composites.py`. The four steps of every rule are written once, in
`_share_out`. Lecture 05 shows the effect of each rule on a picture. What is special about
attention and LayerNorm is in `lrp_attention.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from xaikit.core import arrays, tables
from xaikit.core.arrays import Array, namespace
from xaikit.core.attribution import Attribution
from xaikit.core.question import ask
from xaikit.core.targets import one_hot
from xaikit.methods.lrp_attention import HeldNorm, TokenSum, as_sum, held, through_attention
from xaikit.methods.lrp_composites import RuleOf, lrp_composite, rule_of_layers
from xaikit.methods.lrp_division import divide
from xaikit.methods.lrp_ledger import Booked, ledger_row, total
from xaikit.methods.lrp_rules import (
    PLAIN,
    UNCHANGED,
    AttentionRule,
    LRPEpsilon,
    Rule,
    Shares,
    ordered,
)
from xaikit.networks.activations import Activation
from xaikit.networks.attention import Attention, Steps
from xaikit.networks.convolution import AvgPool2d, Conv2d, MaxPool2d, ZeroPad2d
from xaikit.networks.layers import Dense, Flatten, Layer, Residual, run, with_mask
from xaikit.networks.network import Network, expect_network
from xaikit.networks.normalisation import LayerNorm
from xaikit.networks.tokens import Embedding, TokenAt, TokenMean


def lrp(
    network: Network,
    x: Any,
    target: Any = 0,
    rule: Rule | Mapping[str | int, Rule | AttentionRule] | str | None = None,
) -> Attribution:
    """Redistribute the output layer by layer, from each unit to its inputs by their shares of z.

    LRP-0 equals gradient × input on networks of dense and convolutional layers, ReLU, leaky ReLU,
    pools and residual sums. It does not with a saturated ReLU6 or smooth activations.

    Parameters
    ----------
    network : Network
        F, with outputs (n, k).
    x : array (n, …) or (d,)
        Rows to explain, or a single row; for texts token ids, whose scores are sums over the
        coordinates of the tokens' vectors.
    target : int or (n,) ints
        The output column; one for all rows or one for each.
    rule : rule, dict of rules, or str
        One rule for every dense, convolutional and average pooling layer and every residual sum;
        None is ``LRPEpsilon(0.25)``. Or a composite: the keys are a layer's index, "first" (the
        first dense or convolutional layer), "conv", "dense", "pool" (average, also of tokens),
        "sum" (residual), "norm" (LayerNorm) or "attention", in this order of precedence; other
        layers get LRP-0, attention is held constant. A layer inside a Residual has the Residual's
        index, the dense layers of attention are "dense". Or the name of a composite, see
        `lrp_composite`.

    Returns
    -------
    Attribution
        values in units of F; base is 0, so −gap is all relevance that some layer did not pass on.
        details: ``ledger``, a `LedgerRow` for each layer from the output to the input, and
        ``relevance``, R before each layer and at the output, from the input to the output.

    Raises
    ------
    TypeError
        For a model without layers, something else than a rule, x that does not match the weights.
    ValueError
        For NaN, a target out of range, an unknown key of a composite, a rule that does not fit its
        key, z^B with x out of bounds, a layer that LRP has no rule for.

    Notes
    -----
    Activations pass relevance on unchanged. A max pool passes it to the largest entry. An average
    pool is a convolution with equal weights, a residual sum a + f(a) a unit with weights 1 and 1.
    A LayerNorm holds its σ. Padding gets 0.

    References
    ----------
    - Bach et al. 2015, On Pixel-Wise Explanations …, doi:10.1371/journal.pone.0130140.
    - Montavon et al. 2019, Layer-Wise Relevance Propagation: An Overview,
      doi:10.1007/978-3-030-28954-6_10.
    - Attention and LayerNorm: Ali et al. 2022, XAI for Transformers, arXiv:2202.07304; Achtibat et
      al. 2024, AttnLRP, arXiv:2402.05602.
    """
    expect_network(network, "lrp")
    if isinstance(rule, str):
        rule = lrp_composite(rule, network)
    rule = LRPEpsilon(0.25) if rule is None else rule
    labels = tables.labels(x)
    if isinstance(rule, Mapping):
        rule = {key: ordered(one, labels) for key, one in rule.items()}
    else:
        rule = ordered(rule, labels)
    rule_of = rule_of_layers(rule, network)
    question = ask(network, x, target, keep_forward=True)
    assert question.forward is not None
    output, _, values = question.forward
    layers = with_mask(network.layers, question.x)
    relevances = [output * one_hot(question.target, output)]
    ledger, left = [], total(relevances[0])
    for index in reversed(range(len(layers))):
        # Removed from the list, so that the layers below can use its memory.
        layer, z = layers[index], values.pop()
        passed, booked = _through(layer, values[-1], z, relevances[-1], rule_of, index)
        same = passed is relevances[-1]  # through an activation
        arrived, left = left, left if same else total(passed)
        ledger.append(ledger_row(f"{index} {layer!r}", arrived, left, booked))
        relevances.append(passed)
    return question.answer(
        relevances[-1],
        base=namespace(output).zeros_like(question.output),
        method="LRP" if isinstance(rule, Mapping) else rule.name,
        details={"ledger": ledger, "relevance": relevances[::-1]},
    )


def _through(
    layer: Layer,
    a: Array,
    output: Array,
    relevance: Array,
    rule_of: RuleOf,
    index: int,
    steps: Steps | None = None,
) -> tuple[Array, Booked]:
    """Return the relevance of a layer's inputs, and what the layer did not pass on.

    `steps` are those of an Attention, where they are known.
    """
    if isinstance(layer, Activation):
        return relevance, Booked()
    rule = rule_of(layer, index)
    if isinstance(layer, Residual):
        return _through_sum(layer, a, output, relevance, rule_of, index)
    if isinstance(layer, Attention):
        through_dense = partial(_through, rule_of=rule_of, index=index)
        return through_attention(layer, a, output, relevance, rule, through_dense, steps)
    if isinstance(layer, LayerNorm):
        return _through_norm(layer, a, output, relevance, rule)
    if isinstance(layer, TokenMean):
        return _share_out(as_sum(layer, a), a, output, relevance, rule)
    if isinstance(layer, Dense | Conv2d | AvgPool2d):
        return _share_out(layer, a, output, relevance, rule)
    if isinstance(layer, MaxPool2d | Flatten | TokenAt):
        return layer.backward(a, relevance), Booked()
    if isinstance(layer, Embedding):
        return namespace(relevance).sum(relevance, axis=-1), Booked()
    if isinstance(layer, ZeroPad2d):  # the relevance of padded pixels is absorbed
        passed = layer.backward(a, relevance)
        return passed, Booked(absorbed=total(relevance) - total(passed))
    raise ValueError(
        f"LRP has no rule for {layer!r}, only for xaikit's own layers: "
        "take a method that needs no more than gradients, such as integrated_gradients"
    )


def _share_out(
    layer: "Dense | Conv2d | AvgPool2d | _Sum | TokenSum | HeldNorm",
    a: Array,
    output: Array,
    relevance: Array,
    rule: Rule,
) -> tuple[Array, Booked]:
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
            z = z if bias is None else z + (bias if z.ndim < 4 else bias[:, None, None])
        # 2 · Divide.
        s, lost = divide(given, z, rule.epsilon, rule.relative)
        absorbed = absorbed + lost
        if bias is not None:
            to_bias = to_bias + _of_units(s) @ bias
        # 3 · Backward, and 4 · multiply.
        for inputs, part in parts:
            share = part.backward(inputs, s)
            share *= inputs  # in place: new memory costs more than the product
            passed = share if passed is None else passed + share
    return passed, Booked(to_bias, absorbed)


def _of_units(s: Array) -> Array:
    """Return the sum of s over the tokens of a text or the pixels of a picture, (n, units)."""
    if s.ndim == 3:
        return namespace(s).sum(s, axis=1)
    return namespace(s).sum(s.reshape(*s.shape[:2], -1), axis=2)


def _through_norm(
    layer: LayerNorm, a: Array, output: Array, relevance: Array, rule: Rule
) -> tuple[Array, Booked]:
    """Pass relevance through a LayerNorm: as it is, or as through a dense layer, σ held."""
    if rule.above == UNCHANGED:
        return relevance, Booked()
    passed, booked = _share_out(held(layer, a), a, output, relevance, rule)
    return passed, Booked(absorbed=booked.absorbed, to_norm=booked.to_bias)


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
) -> tuple[Array, Booked]:
    """Share the relevance of a + f(a) out, and propagate f's part through f's layers."""
    values = run(layer.layers[:-1], a)
    last = layer.layers[-1]
    steps = None
    if isinstance(last, Attention):  # its steps take half of a forward pass, and are needed twice
        steps = last.steps(values[-1])
        values.append(last.after(steps))
    else:
        values.append(last.forward(values[-1]))
    terms = namespace(a).stack([a, values[-1]], axis=1)
    weights = arrays.like([1.0, 1.0], a)
    shared, booked = _share_out(_Sum(weights), terms, output, relevance, rule_of(layer, index))
    kept, passed = shared[:, 0], shared[:, 1]
    for inner, before, after in zip(
        reversed(layer.layers), reversed(values[:-1]), reversed(values[1:]), strict=True
    ):
        known = steps if inner is last else None
        passed, more = _through(inner, before, after, passed, rule_of, index, known)
        booked += more
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
