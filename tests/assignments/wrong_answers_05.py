"""Assignment 05, answered wrongly in every known way.

grade_id of the answer -> what is wrong -> the answer, the graded cells that lose their points, and
a part of the message that the learner meets first.
"""

from functools import partial

from tests.assignments.scoring import WrongAnswer, planted, wrong
from xaikit.course.checks import lrp

SWITCHED_OFF = "this exercise asks you to write it yourself"

four_steps = partial(wrong, lrp.FOUR_STEPS, {"four_steps-check"})
ledger = partial(wrong, lrp.LEDGER, {"ledger-check"})


def hand_back(
    told,
    *,
    weights="W + gamma * np.maximum(W, 0)",
    bias="b + gamma * np.maximum(b, 0)",
    forward="rho",
    side="epsilon * np.where(z >= 0, 1.0, -1.0)",
    back="rho",
    end="a * (back.T @ s)",
):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    source = f"""\
def hand_back(a, W, b, R, epsilon, gamma):
    rho = {weights}
    bias = {bias}
    z = {forward} @ a + bias
    s = R / (z + {side})
    back = {back}
    return {end}
"""
    return WrongAnswer(source, {"hand_back-check", "hand_back-example"}, told)


def explain(
    told,
    *,
    h="np.maximum(W1 @ x + b1, 0)",
    start="np.where(np.arange(len(output)) == target, output, 0.0)",
    z="W @ a + b",
    side="epsilon * np.where(z >= 0, 1.0, -1.0)",
    end="R",
):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    source = f"""\
def explain(W1, b1, W2, b2, x, target, epsilon):
    h = {h}
    output = W2 @ h + b2
    R = {start}
    for a, W, b in [(h, W2, b2), (x, W1, b1)]:
        z = {z}
        s = R / (z + {side})
        R = a * (W.T @ s)
    return {end}
"""
    return WrongAnswer(source, {"explain-check"}, told)


def conserves(lines, told):
    """Return a wrong answer that may use the `gaps` of all cases and the size of the relevance."""
    source = f"""\
def conserves(propagate, cases):
    handed = [propagate(a, W, R) for a, W, R in cases]
    totals = np.array([R.sum() for _, _, R in cases])
    gaps = np.array([values.sum() for values in handed]) - totals
    size = max(1.0, max(np.abs(values).sum() for values in handed))
    {lines}
"""
    return WrongAnswer(source, {"conserves-check"}, told)


SINGLE = "xk.Network([xk.Dense(W, b)])"
WHOLE = "xk.Network([xk.Dense(W1, b1), xk.ReLU(), xk.Dense(W2, b2)])"

WRONG_ANSWERS = {
    "four_steps": planted(lrp.FOUR_STEPS, {"four_steps-check"})
    | {
        "the bias left out, spelled here": four_steps(
            "the bias belongs into z",
            "def four_steps(a, W, b, R):\n    return a * (R / (W @ a) @ W)\n",
        ),
        "the bias's share returned": four_steps(
            "leave out what the bias gets", end="np.append(b @ s, a * c)"
        ),
        "the table, not summed": four_steps(
            "add up what an input gets from all units", end="W * a * s[:, None]"
        ),
        "a ReLU below the line": four_steps("Is there a ReLU on z?", z="np.maximum(W @ a + b, 0)"),
        "a millionth against zero": four_steps("no ε against a division by 0", s="R / (z + 1e-6)"),
        "a billionth against zero": four_steps("no ε against a division by 0", s="R / (z + 1e-9)"),
        "one number": four_steps("returned a single number", end="a @ c"),
        "no return": four_steps(
            "four_steps returned nothing",
            "def four_steps(a, W, b, R):\n    a * (W.T @ (R / (W @ a + b)))\n",
        ),
        "its inputs changed": four_steps(
            "four_steps changed one of its inputs",
            "def four_steps(a, W, b, R):\n    R /= W @ a + b\n    return a * (W.T @ R)\n",
        ),
        "the example by heart": four_steps("four_steps", end="np.array([6.0, -6.0])"),
        "xaikit's gradient × input": four_steps(
            SWITCHED_OFF,
            end=f"sum(xk.gradient_x_input({SINGLE}, a, target=k).values * s[k] "
            "for k in range(len(R)))",
        ),
        "xaikit's LRP": four_steps(
            SWITCHED_OFF,
            end=f"sum(xk.lrp({SINGLE}, a, k, xk.LRPEpsilon(0.0)).values * s[k] "
            "for k in range(len(R)))",
        ),
    },
    "hand_back": {
        "ε without the sign": hand_back("ε needs the sign of z", side="epsilon"),
        "ε towards zero": hand_back(
            "yours moves it towards zero",
            side="-epsilon * np.where(z >= 0, 1.0, -1.0) + 1e-12",
        ),
        # The example has no unit with z = 0.
        "np.sign": hand_back("np.sign(0)", side="epsilon * np.sign(z)")._replace(
            loses={"hand_back-check"}
        ),
        "the size of z and ε": hand_back("loses the sign of z", side="abs(z) + epsilon - z"),
        "γ as a switch": hand_back(
            "a number, not a switch",
            weights="W + (gamma > 0) * np.maximum(W, 0)",
            bias="b + (gamma > 0) * np.maximum(b, 0)",
        ),
        "no ε": hand_back("ε is missing in the denominator", side="0.0"),
        "no γ": hand_back("γ is missing", weights="W", bias="b"),
        "γ on negative weights": hand_back(
            "yours favours negative ones",
            weights="W + gamma * np.minimum(W, 0)",
            bias="b + gamma * np.minimum(b, 0)",
        ),
        "γ on all weights": hand_back(
            "yours strengthens negative weights too",
            weights="(1 + gamma) * W",
            bias="(1 + gamma) * b",
        ),
        "γ forwards only": hand_back("γ's weights also go backwards", back="W"),
        "γ backwards only": hand_back("γ's weights also go forwards", forward="W", bias="b"),
        "γ without the bias": hand_back("the bias is neuron 0 with weight b", bias="b"),
        "no bias": hand_back("the bias belongs into z", bias="0 * b"),
        "the positive weights only": hand_back(
            "only the positive weights are left",
            weights="gamma * np.maximum(W, 0) if gamma else W",
            bias="gamma * np.maximum(b, 0) if gamma else b",
        ),
        "not multiplied by a": hand_back("step 4 is missing", end="back.T @ s"),
        "the example by heart": hand_back(
            "hand_back", end="np.array([[6.0, -6.0], [3.0, -3.0]][int(epsilon)])"
        ),
        "xaikit's LRP": hand_back(
            SWITCHED_OFF,
            end=f"sum(xk.lrp({SINGLE}, a, k, xk.LRPGamma(gamma)).values * s[k] "
            "for k in range(len(R)))",
        ),
    },
    "ledger": planted(lrp.LEDGER, {"ledger-check"})
    | {
        "biases first, spelled here": ledger(
            "yours is: to the biases, passed on, absorbed",
            "def ledger(a, W, b, R, epsilon):\n"
            "    z = W @ a + b\n"
            "    side = np.copysign(epsilon, z)\n"
            "    s = R / (z + side)\n"
            "    return np.array([b @ s, a @ W.T @ s, side @ s])\n",
        ),
        "np.sign": ledger("np.sign(0) is 0", sign="np.sign(z)"),
        "not summed": ledger(
            "each of the three accounts is one number",
            accounts="[passed, b * s, side * s]",
        ),
        "xaikit's LRP": ledger(
            SWITCHED_OFF, z=f"W @ a + b + 0 * xk.lrp({SINGLE}, a, 0, xk.LRPEpsilon(epsilon)).base"
        ),
    },
    "explain": {
        "all outputs": explain("start from the target's output alone", start="output"),
        "from 1": explain("not from 1", start="1.0 * (np.arange(len(output)) == target)"),
        "class 0": explain(
            "you always explain class 0", start="output * (np.arange(len(b2)) == 0)"
        ),
        "the largest score": explain(
            "the class is `target`", start="output * (output == output.max())"
        ),
        "a ReLU at the end": explain(
            "no ReLU behind the last layer",
            start="np.where(np.arange(len(output)) == target, np.maximum(output, 0), 0.0)",
        ),
        "ε in the last layer alone": explain(
            "missing in the first layer", side="epsilon * (W is W2) * np.where(z >= 0, 1.0, -1.0)"
        ),
        "ε in the first layer alone": explain(
            "missing in the second layer",
            side="epsilon * (W is W1) * np.where(z >= 0, 1.0, -1.0)",
        ),
        "divided by what the ReLU let through": explain(
            "before the ReLU", z="h if W is W1 else W @ a + b"
        ),
        "a softmax": explain(
            "before any softmax",
            start="np.exp(output) / np.exp(output).sum() * (np.arange(len(b2)) == target)",
        ),
        "no ε": explain("ε is missing", side="0.0"),
        "no ReLU": explain("its a is what the ReLU let through", h="W1 @ x + b1"),
        "ε without the sign": explain("ε needs the sign of z, in both", side="epsilon"),
        "no biases": explain(
            "the biases are missing", h="np.maximum(W1 @ x, 0)", z="W @ a"
        )._replace(
            source=explain("", h="np.maximum(W1 @ x, 0)", z="W @ a").source.replace(
                "output = W2 @ h + b2", "output = W2 @ h"
            )
        ),
        "no bias in the first layer": explain(
            "the first layer's bias is missing, forwards and backwards",
            h="np.maximum(W1 @ x, 0)",
            z="W @ a + b * (W is W2)",
        ),
        "no bias in the first layer on the way back": explain(
            "the first layer's bias is missing on the way back", z="W @ a + b * (W is W2)"
        ),
        "no biases on the way back": explain("no bias on the way back", z="W @ a"),
        "hidden relevance": explain("go one layer further back", end="h"),
        "xaikit's LRP": explain(
            SWITCHED_OFF, end=f"xk.lrp({WHOLE}, x, target, xk.LRPEpsilon(epsilon)).values"
        ),
    },
    "conserves": {
        "no tolerance": conserves(
            "return bool((gaps == 0).all())", "rejected LRP-0, which conserves up to rounding"
        ),
        "one direction": conserves(
            "return bool((gaps <= 1e-8 * size).all())", "too small by half: errors count in both"
        ),
        "the other direction": conserves(
            "return bool((gaps >= -1e-8 * size).all())", "errors count in both directions"
        ),
        "a tolerance that may be negative": conserves(
            "return bool((abs(gaps) <= 1e-8 * totals).all())", "positive in every case"
        ),
        "a wide tolerance": conserves(
            "return bool((abs(gaps) <= 0.03 * abs(totals)).all())", "a tolerance is for rounding"
        ),
        "a tolerance of 0.02": conserves(
            "return bool(abs(gaps).max() <= 0.02)", "a case where there is little"
        ),
        "a tolerance of 0.1": conserves(
            "return bool(abs(gaps).max() <= 0.1)", "a case where there is little"
        ),
        "means": conserves(
            "return all(abs(v.mean() - R.mean()) <= 1e-8 * size "
            "for v, (_, _, R) in zip(handed, cases))",
            "compare sums, and not means",
        ),
        "values": conserves(
            "return all(v.shape == R.shape and np.allclose(v, R) "
            "for v, (_, _, R) in zip(handed, cases))",
            "rejected LRP-0, which conserves up to rounding",
        ),
        "the last case": conserves(
            "return bool(abs(gaps[-1]) <= 1e-8 * size)", "wrong in the first case only"
        ),
        "the first case": conserves(
            "return bool(abs(gaps[0]) <= 1e-8 * size)", "wrong in the last case only"
        ),
        "cases that cancel": conserves(
            "return bool(abs(gaps.sum()) <= 1e-8 * size)", "do not let cases cancel"
        ),
        "sizes of the sums": conserves(
            "return bool((abs(abs(gaps + totals) - abs(totals)) <= 1e-8 * size).all())",
            "with the wrong sign",
        ),
        "always true": conserves("return True", "accepted LRP-ε"),
        "a number": conserves("return abs(gaps).max()", "expected True or False"),
        "no return": conserves("abs(gaps).max() <= 1e-8 * size", "conserves returned NoneType"),
    },
}
