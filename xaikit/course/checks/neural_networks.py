"""Checks of assignment 00: a layer, a backward pass, saliency, a test of slopes."""

from collections.abc import Callable
from dataclasses import replace
from operator import itemgetter

import numpy as np

from xaikit.course import checks
from xaikit.course.checks import Mistake, close, compare, judge, passed, plain, shape_of
from xaikit.course.checks import last_inputs as last_inputs
from xaikit.course.checks.mistakes import Answer
from xaikit.course.checks.random_networks import draw, forward, slopes
from xaikit.methods import gradients
from xaikit.networks.activations import ReLU
from xaikit.networks.layers import Dense, input_gradient, run_back
from xaikit.networks.network import Network
from xaikit.networks.torch_model import TorchModel


def by_hand(answer: Callable) -> Callable:
    """Return the learner's function, guarded; xaikit's layers and gradients are switched off."""
    return checks.by_hand(
        answer,
        Dense.forward,
        ReLU.forward,
        Network.__call__,
        Network.gradient,
        run_back,
        input_gradient,
        TorchModel.gradient,
        gradients.saliency,
        gradients.gradient_x_input,
    )


LAYER = Answer(
    """\
def layer(W, b, X):
    z = $z
    return $end
""",
    dict(z="X @ W.T + b", end="np.maximum(z, 0)"),
    {
        "the bias is missing": dict(z="X @ W.T"),
        "the ReLU is missing: negative sums become 0": dict(end="z"),
        "the bias belongs inside the ReLU: add it first": dict(
            z="X @ W.T", end="np.maximum(z, 0) + b"
        ),
        "the bias is added to the sum, not subtracted": dict(z="X @ W.T - b"),
        "the ReLU cuts negative sums off; it does not turn them round": dict(end="abs(z)"),
        "you kept the negative sums and cut off the positive ones": dict(end="np.minimum(z, 0)"),
        "this is a sigmoid: the activation of this layer is the ReLU": dict(
            end="1 / (1 + np.exp(-z))"
        ),
        "this is a leaky ReLU: negative sums become 0, not a small part of them": dict(
            end="np.where(z > 0, z, 0.01 * z)"
        ),
    },
)


def layer(answer: Callable, rounds: int = 20) -> None:
    """Check ``layer(W, b, X)`` -> (n, out)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        rows, inputs, outputs = (int(v) for v in rng.permutation([2, 3, 4, 5, 6])[:3])
        W, b = rng.normal(size=(outputs, inputs)), rng.normal(size=outputs)
        X = rng.normal(size=(rows, inputs))
        b[0] += 2.5 - min(W[0] @ X[0] + b[0], 0)  # one sum is above 2: cut-off decimals show
        z = np.array([[sum(W[k] * x) + b[k] for k in range(outputs)] for x in X])
        given = by_hand(answer)(W, b, X)
        if shape_of(given) == (outputs, rows):
            raise Mistake("layer: your table is transposed: a row of X gives a row of the result")
        given = plain(given, (rows, outputs), "layer")
        compare(given, np.where(z > 0, z, 0.0), LAYER.mistaken(W, b, X), "layer")
    passed(f"layer: {rounds} random layers, several rows at once")


BACKWARD = Answer(
    """\
def backward(W1, b1, w2, b2, x, t):
    z = $z
    h = np.maximum(z, 0)
    y = $y
    dy = $dy
    dz = $dz
    return $at_W1, $at_b1, $at_w2, $at_b2
""",
    dict(
        z="W1 @ x + b1",
        y="w2 @ h + b2",
        dy="2 * (y - t)",
        dz="dy * w2 * (z > 0)",
        at_W1="np.outer(dz, x)",
        at_b1="dz",
        at_w2="dy * h",
        at_b2="dy",
    ),
    {
        "the derivative of (ŷ − t)² is 2 (ŷ − t): the 2 is missing": dict(dy="y - t"),
        "the sign is wrong: (ŷ − t)² has the slope 2 (ŷ − t), not 2 (t − ŷ)": dict(
            dy="2 * (t - y)"
        ),
        "these are slopes of ŷ: multiply by that of the loss, 2 (ŷ − t)": dict(dy="1.0"),
        "(ŷ − t)² is the loss itself: the walk back starts with its slope, 2 (ŷ − t)": dict(
            dy="(y - t) ** 2"
        ),
        "the gates are the wrong way round: a slope passes where z > 0": dict(
            dz="dy * w2 * (z < 0)"
        ),
        "these are the parameters after a step, W − slope: return the slopes alone": dict(
            at_W1="W1 - np.outer(dz, x)", at_b1="b1 - dz", at_w2="w2 - dy * h", at_b2="b2 - dy"
        ),
        "the ReLU is missing on the way back: no slope passes a unit that is off": dict(
            dz="dy * w2"
        ),
        "through the ReLU multiply by 1 or 0, its slope (z > 0), not by h": dict(dz="dy * w2 * h"),
        "through the ReLU multiply by 1 or 0, its slope (z > 0), not by z": dict(dz="dy * w2 * z"),
        "the slope at W1[k, j] is that at z[k] times what W1[k, j] multiplies, x[j]": dict(
            at_W1="np.outer(dz, np.ones_like(x))"
        ),
        "multiply by w2 on the way back through the output neuron": dict(dz="dy * (z > 0)"),
        # Changed at W1 only: at b1 the same numbers would mean slopes in another order.
        "from ŷ to h[k] multiply by w2[k], not by h[k]": dict(at_W1="np.outer(dy * h, x)"),
        "the slopes are not in the order W1, b1, w2, b2": dict(at_b1="dy * h", at_w2="dz"),
        "b1 is only added, so its slope is the one that arrives: do not multiply by b1": dict(
            at_b1="dz * b1"
        ),
        "b2 is only added, so its slope is the one that arrives: do not multiply by b2": dict(
            at_b2="dy * b2"
        ),
        "the slope at w2 is that at ŷ times what w2 multiplies, which is h": dict(
            at_w2="dy * np.ones_like(h)"
        ),
        "w2 multiplies h, what the ReLU lets through, not z": dict(at_w2="dy * z"),
        "b1 is added, so z moves as much as b1 does: its slope is the one at z, not 0": dict(
            at_b1="np.zeros_like(dz)"
        ),
        "b2 is added, so ŷ moves as much as b2 does: its slope is the one at ŷ, not 0": dict(
            at_b2="0.0 * dy"
        ),
        "b1 is missing on the way forwards": dict(z="W1 @ x"),
        "b2 is missing on the way forwards": dict(y="w2 @ h"),
        "the biases are forgotten on the way forwards: z = W₁ x + b₁, y = w₂ h + b₂": dict(
            z="W1 @ x", y="w2 @ h"
        ),
    },
)


def backward(answer: Callable, rounds: int = 20) -> None:
    """Check ``backward(W1, b1, w2, b2, x, t)`` -> slopes of the loss, like the parameters."""
    rng = np.random.default_rng()
    names = ("W1", "b1", "w2", "b2")
    for _ in range(rounds):
        inputs, hidden = (int(v) for v in rng.permutation([3, 4, 5, 6])[:2])
        (W1, W2), (b1, b2), x = draw(rng, [inputs, hidden, 1], bias=True)
        t = float(forward([W1, W2], [b1, b2], x)[-1][0] + rng.choice([-1, 1]) * rng.uniform(1, 3))
        parameters = [W1, b1, W2[0], float(b2[0])]
        given = by_hand(answer)(*parameters, x, t)
        if not isinstance(given, tuple | list) or len(given) != 4:
            raise Mistake("backward: return four slopes, in the order W1, b1, w2, b2")
        expected = _loss_slopes(parameters, x, t)
        shapes, right_shapes = ([shape_of(s) for s in slopes_] for slopes_ in (given, expected))
        if shapes != right_shapes and sorted(map(str, shapes)) == sorted(map(str, right_shapes)):
            raise Mistake(
                "backward: the slopes have the right shapes, but not in the order W1, b1, w2, b2"
            )
        for i, (name, mine, right) in enumerate(zip(names, given, expected, strict=True)):
            if name == "b2" and shape_of(mine) == (1,):
                mine = np.reshape(mine, ())
            if name == "W1" and shape_of(mine) == right.shape[::-1]:
                raise Mistake(
                    "backward: the slopes at W1 are transposed: W1 has a row for each hidden unit. "
                    "np.outer(a, b)[k, j] is a[k] · b[j]"
                )
            mine = plain(mine, right.shape, f"backward, slope at {name}")
            mistaken = replace(BACKWARD, read=itemgetter(i)).mistaken(*parameters, x, t)
            compare(mine, right, mistaken, f"backward, slope at {name}")
    passed(f"backward: all slopes of {rounds} random networks agree with small steps")


def _loss(parameters: list, x: np.ndarray, t: float) -> float:
    W1, b1, w2, b2 = parameters
    return float((w2 @ np.maximum(W1 @ x + b1, 0) + b2 - t) ** 2)


def _loss_slopes(parameters: list, x: np.ndarray, t: float, eps: float = 1e-6) -> list[np.ndarray]:
    """Return the slope at every parameter by central differences."""
    result = []
    for position, parameter in enumerate(parameters):
        slope = np.zeros(np.shape(parameter))
        for index in np.ndindex(slope.shape):
            losses = []
            for step in (eps, -eps):
                moved = np.array(parameter, dtype=float)
                moved[index] += step
                losses.append(
                    _loss([*parameters[:position], moved, *parameters[position + 1 :]], x, t)
                )
            slope[index] = (losses[0] - losses[1]) / (2 * eps)
        result.append(slope)
    return result


SALIENCY = Answer(
    """\
def saliency(W1, b1, W2, b2, x, target):
    z = $z
    scores = W2 @ np.maximum(z, 0) + b2
    p = np.exp(scores) / np.exp(scores).sum()
    dz = $row * $gate
    return $end
""",
    dict(z="W1 @ x + b1", row="W2[target]", gate="(z > 0)", end="abs(dz @ W1)"),
    {
        "take the absolute value: the size of the slope counts": dict(end="dz @ W1"),
        "compute z with the bias, W1 x + b1: it decides which units are on": dict(z="W1 @ x"),
        "the ReLU is missing on the way back: no slope passes a unit that is off": dict(gate="1"),
        "through the ReLU multiply by 1 or 0, its slope (z > 0), not by h": dict(
            gate="np.maximum(z, 0)"
        ),
        "take the absolute value, not the square": dict(end="(dz @ W1) ** 2"),
        "you summed over all classes: use row `target` of W2": dict(row="W2.sum(axis=0)"),
        "this is the largest slope over all classes: use row `target` of W2": dict(
            end="np.max([abs((row * (z > 0)) @ W1) for row in W2], axis=0)"
        ),
        "take the absolute value once, at the end: paths may cancel": dict(end="abs(dz) @ abs(W1)"),
        "take the absolute value only at the end: paths may cancel": dict(end="abs(abs(dz) @ W1)"),
        "take the absolute value at the end: paths may cancel": dict(end="abs(dz) @ W1"),
        "this is gradient × input: saliency is the slope alone": dict(end="abs(x * (dz @ W1))"),
        "explain the score itself, not the probability after a softmax": dict(
            row="p[target] * (W2[target] - p @ W2)"
        ),
        "explain the class that is asked for, not the one with the largest score": dict(
            row="W2[scores.argmax()]"
        ),
        "you always explain class 0": dict(row="W2[0]"),
        "classes are counted from 0: use row `target` of W2, not row target − 1": dict(
            row="W2[target - 1]"
        ),
        "the walk back begins with 1 at the score: do not multiply by the score itself": dict(
            end="abs(scores[target] * (dz @ W1))"
        ),
        "this is always the row of class 1: take that of `target`": dict(row="W2[1]"),
    },
)


def saliency(answer: Callable, rounds: int = 20) -> None:
    """Check ``saliency(W1, b1, W2, b2, x, target)`` -> (inputs,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        classes = int(rng.choice([5, 6]))
        inputs, hidden = (int(v) for v in rng.permutation([3, 4, 11 - classes])[:2])
        weights, biases, x = draw(rng, [inputs, hidden, classes], bias=True)
        if forward(weights, biases, x)[-1].argmax() == 0:
            weights[1], biases[1] = np.roll(weights[1], 1, axis=0), np.roll(biases[1], 1)
        # Four different classes: the first, the largest score's, the target, and the one before
        # the target.
        scores = forward(weights, biases, x)[-1]
        target = int(
            rng.choice([c for c in range(2, classes) if scores.argmax() not in (c, c - 1)])
        )
        right = abs(slopes(weights, biases, x)[target])
        (W1, W2), (b1, b2) = weights, biases
        given = by_hand(answer)(W1, b1, W2, b2, x, target)
        if shape_of(given) == (classes, inputs):
            raise Mistake("saliency: pick the score of one class, row `target` of W2")
        if shape_of(given) == (hidden,):
            raise Mistake(
                "saliency: you stopped at the hidden units: go one step further, to the inputs"
            )
        if shape_of(given) == (hidden, inputs):
            raise Mistake(
                "saliency: each input collects from all hidden units: add up over them, `dz @ W1`"
            )
        given = plain(given, (inputs,), "saliency")
        mistaken = SALIENCY.mistaken(W1, b1, W2, b2, x, target)
        compare(given, right, mistaken, "saliency")
    passed(f"saliency: {rounds} random networks, random classes")


def slope_test(answer: Callable) -> None:
    """Check a learner's test ``slope_is_right(f, slope, x)`` -> bool."""
    rng = np.random.default_rng()
    single = 0.1 * np.eye(4)
    up_and_down = np.array([0.1, -0.1, 0.0, 0.0])
    # Steep functions and flat ones: one percent of a small slope is an error too.
    for scale in (1.0, 0.1, 1.0, 0.1):
        a, x = rng.uniform(1, 2, size=4), rng.uniform(0.2, 1.2, size=4)

        def f(v, a=a, scale=scale):
            return scale * float(np.sum(np.sin(a * v)) + v[0] * v[1])

        def right(v, a=a, scale=scale):
            cross = np.array([v[1], v[0], 0.0, 0.0])
            return scale * (a * np.cos(a * v) + cross)

        candidates = [
            (
                True,
                "the right slope. Do you step both ways, by 1e-5, one input at a time, divide "
                "by 2e-5, and is there a tolerance?",
                right,
            ),
            (False, "a slope with the wrong sign", lambda v: -right(v)),
            (False, "a slope that is twice too large", lambda v: 2 * right(v)),
            (False, "a slope that is 1% too large", lambda v: 1.01 * right(v)),
            (False, "a slope that is 1% too small", lambda v: 0.99 * right(v)),
            (False, "a slope too small in every entry", lambda v: right(v) - 0.1),
            (False, "a slope that is zero", lambda v: 0 * v),
            (
                False,
                "a slope wrong in its last entry only: try each input",
                lambda v: right(v) + single[3],
            ),
            *(
                (
                    False,
                    f"a slope wrong in its {name} entry only: try each input",
                    lambda v, i=i: right(v) + single[i],
                )
                for i, name in enumerate(("first", "second", "third"))
            ),
            (
                False,
                "errors of +0.1 and −0.1 in the first two inputs: try each input, and do not let "
                "errors cancel",
                lambda v: right(v) + up_and_down,
            ),
            (
                False,
                "the right numbers at the wrong inputs: compare each input's slope with its own",
                lambda v: np.roll(right(v), 1),
            ),
        ]
        for verdict, what, slope in candidates:
            # An error of 1% of slopes near zero is too small to demand.
            if close(slope(x), right(x), 1e-3) is not verdict:
                continue
            given = by_hand(answer)(f, slope, x)
            judge(given, verdict, what, "slope_is_right", "one verdict for all inputs together")
    passed("slope_is_right: accepts the right slope, rejects twelve wrong ones")
