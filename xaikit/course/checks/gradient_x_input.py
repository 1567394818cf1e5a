"""Checks of assignment 01: the Jacobian, gradient × input, the bias's shares, a property test."""

from collections.abc import Callable

import numpy as np

from xaikit.course import checks
from xaikit.course.cards import Bars
from xaikit.course.checks import Mistake, asked_rows, compare, judge, passed, plain, shape_of
from xaikit.course.checks import last_inputs as last_inputs
from xaikit.course.checks.mistakes import Answer
from xaikit.course.checks.random_networks import draw, forward, slopes
from xaikit.methods.gradients import gradient_x_input, saliency
from xaikit.networks.layers import Dense, input_gradient, run_back
from xaikit.networks.network import Network
from xaikit.networks.torch_model import TorchModel


def by_hand(answer: Callable) -> Callable:
    """Return the learner's function, guarded; xaikit's gradients are switched off inside."""
    return checks.by_hand(
        answer,
        gradient_x_input,
        saliency,
        Network.gradient,
        TorchModel.gradient,
        run_back,
        input_gradient,
    )


JACOBIAN = Answer(
    """\
def jacobian(W1, W2, W3, x):
    z1 = W1 @ x
    z2 = W2 @ $h1
    gates_1, gates_2 = [np.diag($gate) for z in (z1, z2)]
    table = $product
    return $end
""",
    dict(
        h1="np.maximum(z1, 0)",
        gate="np.where(z > 0, 1.0, 0.0)",
        product="W3 @ gates_2 @ W2 @ gates_1 @ W1",
        end="table",
    ),
    {
        "you multiplied the weights alone. A closed gate lets nothing through: the diagonal "
        "matrices diag(φ′(z)) are missing": dict(product="W3 @ W2 @ W1"),
        "the gates of the second layer are missing": dict(product="W3 @ W2 @ gates_1 @ W1"),
        "the gates of the first layer are missing": dict(product="W3 @ gates_2 @ W2 @ W1"),
        "z2 must be computed from h1 = relu(z1), not from z1 itself": dict(h1="z1"),
        "on the diagonal belong the slopes φ′(z), which are 0 or 1, not the values φ(z)": dict(
            gate="np.maximum(z, 0)"
        ),
        "on the diagonal belong the slopes φ′(z), which are 0 or 1, not z": dict(gate="z"),
        "on the diagonal belong the slopes φ′(z): 0 where z < 0. np.sign gives −1 there": dict(
            gate="np.sign(z)"
        ),
        "return the slopes alone: multiplying by x is the next exercise": dict(end="x * table"),
        "keep the signs: slopes may be negative": dict(end="abs(table)"),
        "your gates are the wrong way round: a gate is open where z > 0": dict(
            gate="np.where(z < 0, 1.0, 0.0)"
        ),
        "no ReLU follows the last layer, so there is no gate at the outputs": dict(
            end="table * (W3 @ np.maximum(z2, 0) > 0)[:, None]"
        ),
    },
)


def jacobian(answer: Callable, rounds: int = 20) -> None:
    """Check ``jacobian(W1, W2, W3, x)`` -> (k, n)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        n, d1, d2, k = (int(v) for v in rng.permutation([2, 3, 4, 5, 6, 7])[:4])
        weights, none, x = draw(rng, [n, d1, d2, k], bias=False)
        given = by_hand(answer)(*weights, x)
        if shape_of(given) == (n, k):
            raise Mistake(
                "jacobian: your table is transposed. It has a row for each output and a column for "
                "each input: the last matrix, W3, stands on the left of the product"
            )
        given = plain(given, (k, n), "jacobian")
        compare(given, slopes(weights, none, x), JACOBIAN.mistaken(*weights, x), "jacobian")
    one = np.ones((1, 1))
    at_kink = by_hand(answer)(np.array([[1.0, -1.0]]), one, one, np.ones(2))
    if plain(at_kink, (1, 2), "jacobian").any():
        raise Mistake("jacobian: a unit that receives exactly 0 is closed, φ′(0) = 0")
    passed(f"jacobian: {rounds} random networks agree with finite differences")


GRADIENT_TIMES_INPUT = Answer(
    """\
def gradient_times_input(J, x, target):
    return $importances
""",
    dict(importances="x * J[target]"),
    {
        "these are the slopes: multiply each by its input": dict(importances="J[target]"),
        "keep the sign: a negative importance means that the input lowered the score": dict(
            importances="abs(x * J[target])"
        ),
        "the slopes must keep their sign": dict(importances="x * abs(J[target])"),
        "the inputs must keep their sign": dict(importances="abs(x) * J[target]"),
        "you summed over all classes: pick row `target` of the Jacobian": dict(
            importances="x * J.sum(axis=0)"
        ),
        "you always explain class 0: pick row `target` of the Jacobian": dict(
            importances="x * J[0]"
        ),
        "keep the importances as they are: do not divide by their sum": dict(
            importances="x * J[target] / (x @ J[target])"
        ),
        "explain the class that is asked for, not the one with the largest score": dict(
            importances="x * J[(J @ x).argmax()]"
        ),
    },
)


def gradient_times_input(answer: Callable, rounds: int = 20) -> None:
    """Check ``gradient_times_input(J, x, target)`` -> (n,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        n, k = (int(v) for v in rng.permutation([4, 5, 6, 7])[:2])
        x = rng.normal(size=n)
        table = rng.normal(size=(k, n))
        # All four pairs of signs occur, so that a lost sign shows.
        x[:4] = abs(x[:4]) * [1, 1, -1, -1]
        table[:, :4] = abs(table[:, :4]) * [1, -1, 1, -1]
        # The class with the largest score is neither the first nor the target.
        if (table @ x).argmax() == 0:
            table = np.roll(table, 1, axis=0)
        winner = int((table @ x).argmax())
        target = int(rng.choice([c for c in range(k) if c != winner]))
        expected = np.array([x[i] * table[target, i] for i in range(n)])
        given = by_hand(answer)(table, x, target)
        if shape_of(given) == (n, n):
            raise Mistake(
                "gradient_times_input: you got a table of every input times every slope. A column "
                "times a row broadcasts: make both plain vectors, or transpose one"
            )
        if shape_of(given) == (k, n):
            raise Mistake("gradient_times_input: pick one class, row `target` of the Jacobian")
        given = plain(given, (n,), "gradient_times_input")
        mistaken = GRADIENT_TIMES_INPUT.mistaken(table, x, target)
        compare(given, expected, mistaken, "gradient_times_input")
    drawn = Bars("The lecture's patient, slopes 6 and −2:", {"bmi": 3.0, "blood pressure": 1.0})
    passed(f"gradient_times_input: {rounds} random Jacobians, every class", drawn)


SHARES = Answer(
    """\
$before
def shares(weights, biases, x):
    received, a = [], x
    for W, b in zip(weights, biases):
        received.append($z)
        a = $h
    grad, result, last = np.ones(1), [], len(weights) - 1
    for layer in reversed(range(len(weights))):
        arriving, grad = grad, grad * ($gate)
        result.insert(0, $share)
        grad = grad @ weights[layer]
    return $end
""",
    dict(
        before="",
        z="W @ a + b",
        h="np.maximum(received[-1], 0)",
        gate="received[layer] > 0 if layer < last else 1.0",
        share="biases[layer] @ grad",
        end="[x @ grad, *result]",
    ),
    {
        "these are the biases themselves: multiply each by the slope that arrives at its unit": (
            dict(share="biases[layer].sum()")
        ),
        "compute the gates of the network with its biases: they decide which units are on": dict(
            z="W @ a"
        ),
        "the slopes at x are those of the network with its biases, too: they decide which units "
        "are on": dict(
            before="""\
def slopes_without_biases(weights, x):
    table, a = np.eye(len(x)), x
    for W in weights[:-1]:
        z = W @ a
        table, a = np.diag((z > 0) * 1.0) @ W @ table, np.maximum(z, 0)
    return (weights[-1] @ table)[0]


""",
            end="[x @ slopes_without_biases(weights, x), *result]",
        ),
        "the ReLU is missing on the way forwards: the next layer reads relu(z), not z": dict(
            h="received[-1]"
        ),
        "each share is a sum over features or units, not their mean": dict(
            share="(biases[layer] * grad).mean()", end="[(x * grad).mean(), *result]"
        ),
        "multiply by φ′(z) first, then by the bias: a bias is added to z, inside the ReLU": dict(
            share="biases[layer] @ arriving"
        ),
        "the gates are missing on the way back": dict(gate="1.0"),
        "the last bias has a share too: its slope is 1": dict(end="[x @ grad, *result[:-1], 0.0]"),
        "they add up, but each layer's biases have a share of their own: do not give all of the "
        "rest to the last": dict(end="[x @ grad, *[0.0] * last, sum(result)]"),
        "the order is x first, then b₁, b₂, …": dict(end="[x @ grad, *result][::-1]"),
        "the biases' shares are in reverse order: x first, then b₁, b₂, …": dict(
            end="[x @ grad, *result[::-1]]"
        ),
        "these are the slopes at the biases, summed: multiply each by its bias": dict(
            share="grad.sum()"
        ),
        "the first share is Σ x_i ∂ŷ/∂x_i: multiply the slopes at x by x": dict(
            end="[grad.sum(), *result]"
        ),
        "keep the signs: shares may be negative": dict(end="np.abs([x @ grad, *result])"),
        "no ReLU follows the last layer, so there is no gate": dict(gate="received[layer] > 0"),
        "this is how the output changes without a layer's biases: gates may flip on the way. A "
        "share is bias times slope, at this input": dict(
            before="""\
def output(weights, biases, x):
    for W, b in zip(weights[:-1], biases[:-1]):
        x = np.maximum(W @ x + b, 0)
    return (weights[-1] @ x + biases[-1])[0]


""",
            share="output(weights, biases, x)"
            " - output(weights, [b * (i != layer) for i, b in enumerate(biases)], x)",
        ),
        "you multiply by relu(z): a gate is the ReLU's slope, 1 or 0": dict(
            gate="np.maximum(received[layer], 0) if layer < last else 1.0"
        ),
    },
)


def bias_shares(answer: Callable, rounds: int = 20) -> None:
    """Check ``shares(weights, biases, x)`` -> (1 + layers,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        depth = int(rng.integers(1, 4))
        sizes = [*rng.integers(3, 7, size=depth + 1), 1]
        weights, biases, x = draw(rng, [int(s) for s in sizes], bias=True)
        given = by_hand(answer)(weights, biases, x)
        if shape_of(given) == (len(biases),):
            raise Mistake("shares: a number is missing, for x or for one of the layers")
        if isinstance(given, list | tuple) and any(np.size(part) > 1 for part in given):
            raise Mistake(
                "shares: one number for x and one for each layer's biases, each a sum over "
                "features or units: a @ b multiplies and sums"
            )
        given = plain(given, (len(biases) + 1,), "shares")
        expected = _shares(weights, biases, x)
        compare(given, expected, SHARES.mistaken(weights, biases, x), "shares")
    passed(f"shares: {rounds} random networks of 2 to 4 matrices, shares add up to the output")


def _shares(weights: list, biases: list, x: np.ndarray) -> np.ndarray:
    """Return the shares by central differences, along x and along each layer's biases."""
    shares, eps = [slopes(weights, biases, x)[0] @ x], 1e-6
    for layer, bias in enumerate(biases):
        # The derivative along the direction b itself is Σ_k b_k ∂ŷ/∂b_k.
        outputs = []
        for step in (eps, -eps):
            moved = [*biases[:layer], bias + step * bias, *biases[layer + 1 :]]
            outputs.append(forward(weights, moved, x)[-1][0])
        shares.append((outputs[0] - outputs[1]) / (2 * eps))
    return np.array(shares)


def completeness_test(answer: Callable) -> None:
    """Check a learner's test ``is_complete(explain, network, rows)`` -> bool.

    It must accept a complete explanation with rounding errors, and reject planted wrong ones.
    """
    rng = np.random.default_rng()
    network = Network.mlp([4, 6, 5, 1], bias=False, seed=int(rng.integers(1000)))
    rows = rng.normal(size=(2000, 4)) * 10
    rows = rows[np.abs(network(rows)[:, 0]) > 1][:40]
    # Without biases the output scales with the row. So we choose the sizes of the outputs, 1 to
    # 50, and 0.02 for one row: no verdict on a tolerance may depend on chance.
    sizes = rng.permutation(np.linspace(1, 50, len(rows)))
    small = int(rng.integers(5, 10))
    sizes[small] = 0.02
    rows *= (sizes / np.abs(network(rows)[:, 0]))[:, None]
    weights = [layer.parameters["weight"] for layer in network.layers if layer.parameters]
    exact = np.stack([row * slopes(weights, [0, 0, 0], row)[0] for row in rows])
    outputs = network(rows)[:, 0]
    exact[:, 0] += outputs - exact.sum(axis=1)  # exact up to rounding
    shifted = Network([*network.layers[:-1], Dense(weights[-1], np.array([5.0]))])

    def wrong_in(row: int) -> np.ndarray:
        return exact + np.eye(len(rows))[row, :, None] * [1.0, 0, 0, 0]

    one_percent = 0.01 * np.abs(outputs)[:, None] / exact.shape[1]
    in_small_row = exact.copy()
    in_small_row[small] *= 1.01
    cancelling = exact.copy()
    cancelling[0, 0] += 1.0
    cancelling[1, 0] -= 1.0
    planted = {"the last row": -1, "the first row": 0, "row 12": 12, "row 23": 23}
    cases: list[tuple[bool, str, np.ndarray, Network]] = [
        (
            True,
            "an explanation that is complete up to rounding. Is there a tolerance, and have both "
            "sides of the comparison shape (n,)?",
            exact * (1 + 1e-13 * rng.normal(size=exact.shape)),
            network,
        ),
        (
            False,
            "sums that are 1% too large: errors count in both directions",
            exact + one_percent,
            network,
        ),
        (
            False,
            "sums that are 1% too small: errors count in both directions",
            exact - one_percent,
            network,
        ),
        *(
            (
                False,
                f"an explanation that is wrong in {name} only: look at every row",
                wrong_in(row),
                network,
            )
            for name, row in planted.items()
        ),
        (
            False,
            "errors of +1 in one row and −1 in another: do not let rows cancel",
            cancelling,
            network,
        ),
        (False, "importances with the wrong sign", -exact, network),
        (
            False,
            f"importances that add up to {1.01 * outputs[small]:.4f} in a row with the output "
            f"{outputs[small]:.4f}: 1% is no rounding error, the tolerance is too wide",
            in_small_row,
            network,
        ),
        (
            False,
            "importances that belong to other rows: compare each row's sum with its own output",
            np.roll(exact, 1, axis=0),
            network,
        ),
        (
            False,
            "sums that miss the output by 5 in every row, in a network with biases where f(0) is "
            "5: compare with the output itself, f(0) is not subtracted",
            exact,
            shifted,
        ),
    ]
    for verdict, what, values, asked in cases:
        given = by_hand(answer)(_explainer(rows, values), asked, rows)
        judge(given, verdict, what, "is_complete", "one verdict for all rows together")
    passed("is_complete: accepts the right explanation, rejects eleven wrong ones")


def _explainer(rows: np.ndarray, values: np.ndarray) -> Callable:
    """Return explain(network, x), which knows the values of these rows."""

    def explain(network: Network, x: np.ndarray) -> np.ndarray:
        return values[asked_rows(x, rows, "is_complete")].copy()

    return explain
