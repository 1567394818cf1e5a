"""Checks of assignment 05: four steps, three rules, the ledger, a whole network, a property test.

The reference hands relevance back one unit and one input at a time, as section 1 of the lecture
does by hand; it multiplies no matrices.
"""

from collections.abc import Callable
from itertools import permutations

import numpy as np

from xaikit.course import checks
from xaikit.course.checks import (
    Mistake,
    close,
    compare,
    is_single,
    judge,
    passed,
    plain,
    shape_of,
    shapes_fit,
)
from xaikit.course.checks import last_inputs as last_inputs
from xaikit.course.checks.mistakes import Answer
from xaikit.course.checks.random_networks import draw, forward
from xaikit.methods import lrp as method
from xaikit.methods.gradients import gradient_x_input
from xaikit.networks.layers import input_gradient, run_back
from xaikit.networks.network import Network
from xaikit.networks.torch_model import TorchModel


def by_hand(answer: Callable) -> Callable:
    """Return the learner's function, guarded; xaikit's LRP and its gradients are off inside."""
    return checks.by_hand(
        answer,
        method.lrp,
        method._share_out,
        method._through,
        gradient_x_input,
        Network.gradient,
        TorchModel.gradient,
        run_back,
        input_gradient,
    )


def handed_back(
    a: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    R: np.ndarray,
    epsilon: float = 0.0,
    gamma: float = 0.0,
) -> tuple[np.ndarray, float, float]:
    """Return the relevance of each input, of all biases together, and of ε."""
    to_inputs, to_bias, absorbed = np.zeros(len(a)), 0.0, 0.0
    for k in range(len(R)):
        contributions = [a[j] * W[k, j] for j in range(len(a))] + [b[k]]
        z = sum(contributions)
        contributions = [m * (1 + gamma) if m * z > 0 else m for m in contributions]
        z = sum(contributions)
        whole, side = abs(z) + epsilon, 1.0 if z >= 0 else -1.0
        if whole == 0:  # the shares are undefined
            absorbed += R[k]
            continue
        shares = [R[k] * m * side / whole for m in contributions]
        to_inputs += shares[:-1]
        to_bias += shares[-1]
        absorbed += R[k] * epsilon / whole
    return to_inputs, to_bias, absorbed


def draw_layer(
    rng: np.random.Generator, units: int, inputs: int, positive: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw a (inputs,) ≥ 0, W, b, R of a dense layer in which no unit's z is near 0.

    The z of the units are positive and negative in turn, or all positive. Each z is a sum of
    positive and negative contributions.
    """
    a = rng.uniform(0.3, 2.0, size=inputs)
    rows = [
        _draw_unit(
            rng, a, side=1 if positive or k % 2 == 0 else -1, bias_side=1 if k % 4 < 2 else -1
        )
        for k in range(units)
    ]
    R = rng.uniform(0.5, 2.0, size=units) * rng.choice([-1, 1], size=units)
    return a, np.array([w for w, _ in rows]), np.array([bias for _, bias in rows]), R


def _draw_unit(
    rng: np.random.Generator, a: np.ndarray, side: int, bias_side: int
) -> tuple[np.ndarray, float]:
    """Draw the weights and the bias of a unit whose z has this side."""
    while True:
        w, bias = rng.normal(size=len(a)), bias_side * rng.uniform(0.3, 1.0)
        z = w @ a + bias
        if w.min() < -0.2 and w.max() > 0.2 and 0.4 < side * z < 4 and abs(w @ a) > 0.2:
            return w, bias


FOUR_STEPS = Answer(
    """\
def four_steps(a, W, b, R):
    z = $z
    s = $s
    c = $c
    return $end
""",
    dict(z="W @ a + b", s="R / z", c="W.T @ s", end="a * c"),
    {
        "the bias belongs into z: it is neuron 0, a supplier like the others": dict(z="W @ a"),
        "step 4 is missing: multiply by a": dict(end="c"),
        "step 2 divides: s = R / z": dict(s="R * z"),
        "step 2 is upside down: s = R / z, not z / R": dict(s="z / R"),
        "step 2 is missing: divide R by z before you go back": dict(s="R"),
        "step 3 goes backwards: W.T @ s, not W @ s": dict(c="W @ s"),
        "W and W.T are exchanged: W @ a goes forwards, W.T @ s backwards": dict(
            z="W.T @ a + b", c="W @ s"
        ),
        "these are the contributions, summed: R is not in them": dict(end="a * W.sum(axis=0)"),
        "add the bias before you divide: s = R / (W a + b), not R / (W a) + b": dict(
            z="W @ a", s="R / z + b"
        ),
        "relevance may be negative: keep the signs of z": dict(s="R / abs(z)"),
        "relevance may be negative: keep its sign": dict(end="abs(a * c)"),
        "the bias keeps its share: do not spread it over the inputs": dict(
            end="a * c + b @ s / len(a)"
        ),
        "R is missing: step 2 shares out R, s = R / z, not 1 / z": dict(s="1 / z"),
        "leave the sum as it comes out: the bias keeps its share, nothing is stretched to R": dict(
            end="a * c * R.sum() / (a * c).sum()"
        ),
        "contributions keep their signs: share by a w, not by |a w|": dict(
            z="abs(W) @ a", c="abs(W).T @ s"
        ),
        "contributions keep their signs: share by a w and the bias, not by their sizes": dict(
            z="abs(W) @ a + abs(b)", c="abs(W).T @ s"
        ),
        "no ReLU in here: a unit with negative z hands relevance back too": dict(
            s="np.where(z > 0, R / z, 0.0)"
        ),
        "only positive contributions are shared here: that is the z⁺ rule, and LRP-0 keeps the "
        "negative ones": dict(
            z="np.maximum(W, 0) @ a + np.maximum(b, 0)", c="np.maximum(W, 0).T @ s"
        ),
        "only positive contributions are shared here, and no bias: that is the z⁺ rule, and LRP-0 "
        "keeps negative contributions and the bias": dict(
            z="np.maximum(W, 0) @ a", c="np.maximum(W, 0).T @ s"
        ),
        "every unit has its own bias: b stands beside the table as a column, b[:, None], and is "
        "not added along its rows": dict(z="W @ a + b.sum()", end="a * c + b * s.sum()"),
        "z_k takes the bias of its own unit, not the sum of all biases": dict(z="W @ a + b.sum()"),
        "the bias is added to every contribution: it is a supplier of its own, and counts once": (
            dict(z="W @ a + len(a) * b", end="a * c + b @ s")
        ),
        "this has a number for each unit: an input adds up over the units, axis 0": dict(
            end="(W * a * s[:, None]).sum(axis=1)"
        ),
        "each unit divides its relevance by its own z, not by all": dict(s="R / z.sum()"),
        "the shares add up to 1 down a column: those of *one* unit do, along its row": dict(
            end="(W * a / (W * a).sum(axis=0) * R[:, None]).sum(axis=0)"
        ),
    },
)


def four_steps(answer: Callable, rounds: int = 20) -> None:
    """Check ``four_steps(a, W, b, R)`` -> (in,)."""
    rng = np.random.default_rng()
    name = "four_steps"
    for attempt in range(rounds):
        # A square matrix first: for it a forgotten transpose raises no error.
        units, inputs = (3, 3) if attempt == 0 else (int(v) for v in rng.integers(2, 5, size=2))
        a, W, b, R = draw_layer(rng, units, inputs)
        expected = handed_back(a, W, b, R)[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            given = by_hand(answer)(a, W, b, R)
        if shape_of(given) == (units, inputs):
            raise Mistake(f"{name}: add up what an input gets from all units, over the rows")
        if shape_of(given) == (inputs + 1,):
            raise Mistake(
                f"{name}: leave out what the bias gets, return the inputs' relevance alone"
            )
        if shape_of(given) == (units,) != (inputs,):
            raise Mistake(
                f"{name}: this has a number for each unit: an input adds up over the units, axis 0"
            )
        checks.expect_finite(
            given,
            (inputs,),
            f"{name}: you divide by 0, and no unit receives z = 0 here. Is there a ReLU on z? "
            "A unit with negative z hands relevance back too",
        )
        single = is_single(given)
        given = plain(given, (inputs,), name)
        if single and close(given, expected, 1e-4):
            continue  # right, in single precision
        misconceptions: dict = FOUR_STEPS.mistaken(a, W, b, R)
        # No z is near 0 here, so a right answer agrees to nearly all digits.
        few = (
            "right to a few digits only. LRP-0 divides by z alone: no ε against a division by 0. "
            "Or is a part of yours in single precision, np.float32?"
        )
        nearly = close(given, expected, 1e-3) and not close(given, expected, 1e-10)
        if nearly:
            misconceptions = {**misconceptions, few: given}
        compare(given, expected, misconceptions, name)
        if nearly:
            raise Mistake(f"{name}: {few}")
    passed(f"{name}: {rounds} random layers")


HAND_BACK = Answer(
    """\
def hand_back(a, W, b, R, epsilon, gamma):
    def rho(w):
        return $rho

    z = $z
    s = R / (z + $side)
    c = $c
    return $end
""",
    dict(
        rho="w + gamma * np.maximum(w, 0)",
        z="rho(W) @ a + rho(b)",
        side="epsilon * np.where(z >= 0, 1.0, -1.0)",
        c="rho(W).T @ s",
        end="a * c",
    ),
    {
        "|z| + ε loses the sign of z: the denominator is z + ε sign(z)": dict(
            side="abs(z) + epsilon - z"
        ),
        "ε needs the sign of z: z + ε pushes a negative z towards zero, and through it": dict(
            side="epsilon"
        ),
        "ε moves z away from zero, yours moves it towards zero": dict(
            side="epsilon * np.where(z >= 0, -1.0, 1.0)"
        ),
        "ε is missing in the denominator": dict(side="0.0"),
        "γ is missing: W + γ max(W, 0), and the same for the bias": dict(rho="w"),
        "γ is a number, not a switch: W + γ max(W, 0), and the same for the bias": dict(
            rho="w + (gamma > 0) * np.maximum(w, 0)"
        ),
        "γ is counted twice: W + γ max(W, 0), not W + (1 + γ) max(W, 0)": dict(
            rho="w + (1 + gamma) * np.maximum(w, 0) if gamma else w"
        ),
        "γ favours positive weights; yours favours negative ones": dict(
            rho="w + gamma * np.minimum(w, 0)"
        ),
        "γ favours positive weights alone; yours strengthens negative weights too": dict(
            rho="(1 + gamma) * w"
        ),
        "γ's weights also go backwards, in step 3": dict(c="W.T @ s"),
        "γ's weights also go forwards, into z: the shares of a unit must add up to 1": dict(
            z="W @ a + b"
        ),
        "the bias is neuron 0 with weight b: it becomes b + γ max(b, 0) too": dict(
            z="rho(W) @ a + b"
        ),
        "the bias belongs into z": dict(z="rho(W) @ a"),
        "only the positive weights are left: ρ(W) is W + γ max(W, 0), W included": dict(
            rho="gamma * np.maximum(w, 0) if gamma else w"
        ),
        "the negative weights are dropped: ρ(W) is W + γ max(W, 0), and W keeps them": dict(
            rho="(1 + gamma) * np.maximum(w, 0)"
        ),
        "under γ the negative weights are dropped: ρ(W) is W + γ max(W, 0), W included": dict(
            rho="(1 + gamma) * np.maximum(w, 0) if gamma else w"
        ),
        "step 4 is missing: multiply by a": dict(end="c"),
        "sign(0) is +1": dict(side="epsilon * np.where(z > 0, 1.0, -1.0)"),
    },
)


def hand_back(answer: Callable, rounds: int = 10) -> None:
    """Check ``hand_back(a, W, b, R, epsilon, gamma)`` -> (in,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        # Both at once before γ alone: without ε, several mistakes in γ give the same numbers.
        for has_epsilon, has_gamma in [(0, 0), (1, 0), (1, 1), (0, 1)]:
            units, inputs = (int(v) for v in rng.integers(2, 5, size=2))
            a, W, b, R = draw_layer(rng, units, inputs, positive=bool(has_gamma))
            # Smaller than any |z|, so that no score explodes and a lost sign can be recognised.
            epsilon = has_epsilon * rng.uniform(0.1, 0.3)
            gamma = has_gamma * rng.uniform(0.2, 1.0)
            expected = handed_back(a, W, b, R, epsilon, gamma)[0]
            with np.errstate(divide="ignore", invalid="ignore"):
                given = by_hand(answer)(a, W, b, R, epsilon, gamma)
            checks.expect_finite(
                given,
                (inputs,),
                "hand_back: you divide by 0, and no unit's z is 0 here. For γ = 0 the weights are "
                "W itself, so W + γ max(W, 0), not the second part alone",
            )
            given = plain(given, (inputs,), "hand_back")
            mistaken = HAND_BACK.mistaken(a, W, b, R, epsilon, gamma)
            compare(given, expected, mistaken, "hand_back")
    _unit_at_zero(rng, answer)
    passed(f"hand_back: {4 * rounds} random layers, LRP-0, LRP-ε, LRP-γ, and both at once")


def _unit_at_zero(rng: np.random.Generator, answer: Callable) -> None:
    """Check LRP-ε where a unit's z is exactly 0."""
    a, W, b, R = draw_zero(rng)
    with np.errstate(divide="ignore", invalid="ignore"):
        given = by_hand(answer)(a, W, b, R, 0.25, 0.0)
    checks.expect_finite(
        given,
        (3,),
        "hand_back: a unit received z = 0 and you divide by 0: sign(0) is +1 here, and np.sign(0) "
        "is 0",
    )
    expected = handed_back(a, W, b, R, 0.25)[0]
    mistaken = HAND_BACK.mistaken(a, W, b, R, 0.25, 0.0)
    compare(plain(given, (3,), "hand_back"), expected, mistaken, "hand_back, a unit with z = 0")


def draw_zero(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Draw a, W, b, R of two units, the first with z = 0: whole numbers, so that no sum rounds."""
    a, w = np.ones(3), np.zeros(3)
    while w @ a == 0:  # with w·a = 0 the bias would be 0, and the ledger would not show sign(0)
        a = rng.integers(1, 5, size=3).astype(float)
        w = rng.integers(1, 4, size=3) * [1.0, -1.0, 1.0]
    W, b = np.array([w, [1.0, 1.0, 0.0]]), np.array([-(w @ a), 1.0])
    return a, W, b, rng.uniform(0.5, 2, size=2)


ACCOUNTS = {"passed on": "passed", "to the biases": "b @ s", "absorbed": "side @ s"}
WRONG_ORDERS = [order for order in permutations(ACCOUNTS) if order != tuple(ACCOUNTS)]

LEDGER = Answer(
    """\
def ledger(a, W, b, R, epsilon):
    z = $z
    side = epsilon * $sign
    s = R / $whole
    passed = np.sum(a * (W.T @ s))
    return $accounts
""",
    dict(
        z="W @ a + b",
        sign="np.where(z >= 0, 1.0, -1.0)",
        whole="(z + side)",
        accounts="[passed, b @ s, side @ s]",
    ),
    {
        f"the order is: {', '.join(ACCOUNTS)}; yours is: {', '.join(order)}": {
            "accounts": f"[{', '.join(ACCOUNTS[name] for name in order)}]"
        }
        for order in WRONG_ORDERS
    }
    | {
        "to the biases goes b s, with s = R/(z + ε·sign), and not b R": dict(
            accounts="[passed, b @ R, side @ s]"
        ),
        "absorbed is ε·sign·s, with s = R/(z + ε·sign), and not ε·sign·R": dict(
            accounts="[passed, b @ s, side @ R]"
        ),
        "the accounts keep their signs: no absolute values": dict(
            accounts="np.abs([passed, b @ s, side @ s])"
        ),
        "each account is a sum, not a mean": dict(
            accounts="[(a * (W.T @ s)).mean(), (b * s).mean(), (side * s).mean()]"
        ),
        "what is passed on is a sum over the inputs, not their mean": dict(
            accounts="[(a * (W.T @ s)).mean(), b @ s, side @ s]"
        ),
        "the biases' account has the same s, with ε in its denominator": dict(
            accounts="[passed, b @ (R / z), side @ s]"
        ),
        "the biases' account has the same s, with ε in its denominator; the rest is then not what "
        "ε absorbed": dict(accounts="[passed, b @ (R / z), R.sum() - passed - b @ (R / z)]"),
        "the biases' relevance may be negative: keep every unit's sign when you add up": dict(
            accounts="[passed, abs(b * s).sum(), side @ s]"
        ),
        "the biases' account may be negative: keep its sign": dict(
            accounts="[passed, abs(b @ s), side @ s]"
        ),
        "what ε absorbs may be negative: keep every unit's sign when you add up": dict(
            accounts="[passed, b @ s, abs(side * s).sum()]"
        ),
        "ε's account may be negative: keep its sign": dict(
            accounts="[passed, b @ s, abs(side @ s)]"
        ),
        "of each unit's relevance ε absorbs ε sign(z) · s, not ε itself": dict(
            accounts="[passed, b @ s, epsilon * len(R)]"
        ),
        "the biases' account is empty: b · s is what they get": dict(
            accounts="[passed, 0.0, side @ s]"
        ),
        "the biases and ε share one account: keep b · s and ε sign(z) · s apart": dict(
            accounts="[passed, 0.0, R.sum() - passed]"
        ),
        "what is missing went to two places: the biases get b · s, ε the rest": dict(
            accounts="[passed, R.sum() - passed, 0.0]"
        ),
        "ε's account is empty: ε sign(z) · s is what it absorbs": dict(
            accounts="[passed, b @ s, 0.0]"
        ),
        "these are the biases themselves: each gets b times its unit's s": dict(
            accounts="[passed, b.sum(), side @ s]"
        ),
        "the biases get Σ b_k s_k, a product for each unit, not Σ b times Σ s": dict(
            accounts="[passed, b.sum() * s.sum(), side @ s]"
        ),
        "ε absorbs a product for each unit, Σ ε sign(z_k) s_k, not one sum times another": dict(
            accounts="[passed, b @ s, side.sum() * s.sum()]"
        ),
        "the bias belongs into z": dict(z="W @ a", accounts="[passed, 0.0, side @ s]"),
        "the bias belongs into z before you divide": dict(z="W @ a"),
        "what ε absorbs is ε sign(z) · s: the sign is missing": dict(
            accounts="[passed, b @ s, epsilon * s.sum()]"
        ),
        "ε needs the sign of z, in the denominator and in its account": dict(
            sign="np.ones(len(z))"
        ),
        "ε belongs into the denominator of s: s = R / (z + ε sign(z))": dict(whole="z"),
        "the first account is what the inputs get, not what the units had": dict(
            accounts="[R.sum(), b @ s, side @ s]"
        ),
        "relevance may be negative: keep its sign when you add up": dict(
            accounts="[abs(a * (W.T @ s)).sum(), b @ s, side @ s]"
        ),
        "each bias counts times its unit's s, and here the last account is the rest": dict(
            accounts="[passed, b.sum(), R.sum() - passed - b.sum()]"
        ),
        "sign(0) is +1": dict(sign="np.where(z > 0, 1.0, -1.0)"),
    },
)


def ledger(answer: Callable, rounds: int = 20) -> None:
    """Check ``ledger(a, W, b, R, epsilon)`` -> [passed on, to the biases, absorbed]."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        units, inputs = (int(v) for v in rng.integers(3, 6, size=2))
        a, W, b, R = draw_layer(rng, units, inputs)
        epsilon = float(rng.uniform(0.1, 0.3))
        given = by_hand(answer)(a, W, b, R, epsilon)
        if isinstance(given, list | tuple) and any(np.size(part) > 1 for part in given):
            raise Mistake("ledger: each of the three accounts is one number, a sum over units")
        given = plain(given, (3,), "ledger")
        to_inputs, to_bias, absorbed = handed_back(a, W, b, R, epsilon)
        expected = np.array([to_inputs.sum(), to_bias, absorbed])
        compare(given, expected, LEDGER.mistaken(a, W, b, R, epsilon), "ledger")
    _ledger_at_zero(rng, answer)
    passed(f"ledger: {rounds} random layers, every ledger closes")


def _ledger_at_zero(rng: np.random.Generator, answer: Callable) -> None:
    """Check the ledger where a unit's z is exactly 0, and ε absorbs all its relevance."""
    a, W, b, R = draw_zero(rng)
    with np.errstate(divide="ignore", invalid="ignore"):
        given = by_hand(answer)(a, W, b, R, 0.25)
    name = "ledger, a unit with z = 0"
    zero = f"{name}: you divide by 0: sign(0) is +1 here, and np.sign(0) is 0"
    checks.expect_finite(given, (3,), zero)
    to_inputs, to_bias, absorbed = handed_back(a, W, b, R, 0.25)
    expected = np.array([to_inputs.sum(), to_bias, absorbed])
    compare(plain(given, (3,), name), expected, LEDGER.mistaken(a, W, b, R, 0.25), name)


EXPLAIN = Answer(
    """\
def explain(W1, b1, W2, b2, x, target, epsilon):
    h = $h
    output = $output
    one = np.arange(len(b2)) == $asked
    R = $start
    for a, W, b in [(h, W2, b2), (x, W1, b1)]:
        z = $z
        s = R / (z + $epsilon * $sign)
        R = a * (W.T @ s)
    return $end
""",
    dict(
        h="np.maximum(W1 @ x + b1, 0)",
        output="W2 @ h + b2",
        asked="target",
        start="output * one",
        z="W @ a + b",
        epsilon="epsilon",
        sign="np.where(z >= 0, 1.0, -1.0)",
        end="R",
    ),
    {
        "start from the target's output alone: the other outputs begin with 0": dict(
            start="output"
        ),
        "start from the target's output, not from 1": dict(start="1.0 * one"),
        "you always explain class 0": dict(asked="0"),
        "you explain the largest score: the class is `target`": dict(asked="output.argmax()"),
        "no ReLU behind the last layer: a score may be negative": dict(
            start="np.maximum(output, 0) * one"
        ),
        "ε is missing in the first layer": dict(epsilon="epsilon * (W is W2)"),
        "ε is missing in the second layer": dict(epsilon="epsilon * (W is W1)"),
        "start from the score, before any softmax": dict(
            start="np.exp(output) / np.exp(output).sum() * one"
        ),
        "ε is missing": dict(epsilon="0.0"),
        "the second layer reads relu(z1): its a is what the ReLU let through": dict(
            h="W1 @ x + b1"
        ),
        "ε needs the sign of z, in both layers": dict(sign="1.0"),
        "the first layer's bias is missing, forwards and backwards": dict(
            h="np.maximum(W1 @ x, 0)", z="W @ a + b * (W is W2)"
        ),
        "the first layer's bias is missing on the way back: its z is W1 x + b1": dict(
            z="W @ a + b * (W is W2)"
        ),
        "no bias on the way back: the z you divide by is the one with its bias": dict(z="W @ a"),
        "the biases are missing": dict(h="np.maximum(W1 @ x, 0)", output="W2 @ h", z="W @ a"),
    },
)


def explain(answer: Callable, rounds: int = 20) -> None:
    """Check ``explain(W1, b1, W2, b2, x, target, epsilon)`` -> (n,)."""
    rng = np.random.default_rng()
    for attempt in range(rounds):
        n, hidden, classes = (int(v) for v in rng.permutation([3, 4, 5, 6])[:3])
        z2 = np.zeros(classes)
        # Scores are not near 0 and differ, so that a start from a wrong one shows. No
        # probability is near 0.
        while abs(z2).min() < 0.3 or abs(np.diff(np.sort(z2))).min() < 0.1 or np.ptp(z2) > 5:
            weights, biases, x = draw(rng, [n, hidden, classes], bias=True)
            z2 = forward(weights, biases, x)[-1]
        # The target is neither class 0 nor the largest score; every fourth round has ε = 0.
        others = [c for c in range(1, classes) if c != z2.argmax()]
        target = int(rng.choice(others))
        epsilon = float(rng.uniform(0.2, 0.5)) * (attempt % 4 != 3)
        (W1, W2), (b1, b2) = weights, biases
        hint = "W2 and b2 belong to what they read, relu(W1 x + b1), and W1 and b1 to x"
        with np.errstate(divide="ignore", invalid="ignore"), shapes_fit("explain", hint):
            given = by_hand(answer)(W1, b1, W2, b2, x, target, epsilon)
        if shape_of(given) == (hidden,):
            raise Mistake("explain: this is the hidden units' relevance: go one layer further back")
        if not epsilon:
            checks.expect_finite(
                given,
                (n,),
                "explain: with ε = 0 you divide by 0. The z of the first layer is W1 x + b1, "
                "before the ReLU, and it is not 0",
            )
        given = plain(given, (n,), "explain")
        h, start = np.maximum(W1 @ x + b1, 0), z2 * (np.arange(classes) == target)
        middle = handed_back(h, W2, b2, start, epsilon)[0]
        expected = handed_back(x, W1, b1, middle, epsilon)[0]
        mistaken = EXPLAIN.mistaken(W1, b1, W2, b2, x, target, epsilon)
        compare(given, expected, mistaken, "explain")
    passed(f"explain: {rounds} random networks, every class but 0")


def conservation_test(answer: Callable) -> None:
    """Check a learner's test ``conserves(propagate, cases)`` -> bool.

    It must accept rules that conserve, with their rounding errors, and reject planted wrong ones.
    """
    rng = np.random.default_rng()
    cases = []
    for units, inputs in [(4, 4), (2, 3), (3, 2), (1, 5), (3, 4), (2, 4)]:
        a, W, b, R = draw_layer(rng, units, inputs, positive=True)
        W = W + (b / (a @ a))[:, None] * a  # the same z without a bias
        R = R * (2 if R.sum() >= 0 else -2) + np.eye(units)[0] * 3
        cases.append((a, W, -R if inputs == 2 else R))  # one case has a negative sum
    square, small = 0, 4
    a, W, R = cases[small]
    cases[small] = a, W, R * 1e-3 / R.sum()

    def rule(epsilon=0.0, gamma=0.0):
        return lambda a, W, R: handed_back(a, W, np.zeros(len(R)), R, epsilon, gamma)[0]

    right = rule()

    def number(a):
        return next(i for i, case in enumerate(cases) if np.array_equal(case[0], a))

    def moved(by):
        """Return LRP-0 with something added to the first input's relevance."""

        def propagate(a, W, R):
            values = right(a, W, R).copy()
            values[0] += by(number(a), R.sum())
            return values

        return propagate

    alone = (
        "LRP-0, which conserves up to rounding. Does it compare the sum of the inputs' "
        "relevance with that of R, signs kept, and with a tolerance that is positive in every "
        "case?"
    )
    # As many inputs as units: then means agree if sums agree.
    rounded = moved(lambda i, total: 1e-13 * abs(total))
    judge(by_hand(answer)(rounded, cases[square : square + 1]), True, alone, "conserves")
    verdicts = {
        True: {
            "LRP-0 in layers with more inputs than units, or fewer. Does it compare sums, and not "
            "means, with a tolerance that is positive in every case?": right,
            "LRP-γ, which conserves too: compare the sums, not the values": rule(gamma=0.5),
            "a rule with rounding errors of 1e-13": rounded,
        },
        False: {
            "LRP-ε, which absorbs a part": rule(epsilon=0.1),
            "sums that are half as large again: errors count in both directions": moved(
                lambda i, total: 0.5 * abs(total)
            ),
            "sums that are too small by half: errors count in both directions": moved(
                lambda i, total: -0.5 * abs(total)
            ),
            "a rule that is wrong in the last case only: look at every case": moved(
                lambda i, total: 5.0 * (i == len(cases) - 1)
            ),
            "a rule that is wrong in the first case only: look at every case": moved(
                lambda i, total: 5.0 * (i == 0)
            ),
            "errors of +5 in one case and −5 in another: do not let cases cancel": moved(
                lambda i, total: [5.0, -5.0, 0.0, 0.0, 0.0, 0.0][i]
            ),
            "a rule that returns the relevance with the wrong sign": (
                lambda a, W, R: -right(a, W, R)
            ),
            "a rule that loses half of the relevance in a case where there is little: a tolerance "
            "of its own size, 1e-8 times that of the relevance, notices": moved(
                lambda i, total: -0.5 * total * (i == small)
            ),
            "sums that are nearly 1% too large: a tolerance is for rounding alone": moved(
                lambda i, total: 0.009 * abs(total)
            ),
        },
    }
    for verdict, rules in verdicts.items():
        for what, propagate in rules.items():
            judge(by_hand(answer)(propagate, cases), verdict, what, "conserves")
    passed("conserves: accepts three rules that conserve, rejects nine that do not")
