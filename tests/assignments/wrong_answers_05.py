"""Every known wrong answer to assignment 05.

grade_id of the answer -> the mistake -> the wrong answer, the graded cells that lose their points,
and a part of the first message that the learner sees.
"""

from functools import partial

from tests.assignments.scoring import WrongAnswer, planted, wrong
from xaikit.course.checks import lrp

SWITCHED_OFF = "this exercise asks you to write it yourself"

four_steps = partial(wrong, lrp.FOUR_STEPS, {"four_steps-check"})
hand_back = partial(wrong, lrp.HAND_BACK, {"hand_back-check", "hand_back-example"})
ledger = partial(wrong, lrp.LEDGER, {"ledger-check"})
explain = partial(wrong, lrp.EXPLAIN, {"explain-check"})


def conserves(lines, message):
    """Return a wrong answer that may use the `gaps` of all cases and the size of the relevance."""
    source = f"""\
def conserves(propagate, cases):
    handed = [propagate(a, W, R) for a, W, R in cases]
    totals = np.array([R.sum() for _, _, R in cases])
    gaps = np.array([values.sum() for values in handed]) - totals
    size = max(1.0, max(np.abs(values).sum() for values in handed))
    {lines}
"""
    return WrongAnswer(source, {"conserves-check"}, message)


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
    "hand_back": planted(
        lrp.HAND_BACK,
        {"hand_back-check", "hand_back-example"},
        {"sign(0) is +1": {"hand_back-check"}},  # the example has no unit with z = 0
    )
    | {
        "ε without the sign, spelled here": hand_back(
            "ε needs the sign of z",
            "def hand_back(a, W, b, R, epsilon, gamma):\n"
            "    W, b = (w * np.where(w > 0, 1 + gamma, 1.0) for w in (W, b))\n"
            "    shares = [r * a * w / (a @ w + c + epsilon) for w, c, r in zip(W, b, R)]\n"
            "    return sum(shares)\n",
        ),
        "np.sign": wrong(
            lrp.HAND_BACK, {"hand_back-check"}, "np.sign(0)", side="epsilon * np.sign(z)"
        ),
        "γ max(W, 0) alone": hand_back("so W + γ max(W, 0)", rho="gamma * np.maximum(w, 0)"),
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
    "explain": planted(lrp.EXPLAIN, {"explain-check"})
    | {
        "no biases on the way back, spelled here": explain(
            "no bias on the way back",
            "def explain(W1, b1, W2, b2, x, target, epsilon):\n"
            "    h = (W1 @ x + b1).clip(0)\n"
            "    z1, z2 = x @ W1.T, h @ W2.T\n"
            "    R2 = np.eye(len(b2))[target] * (z2 + b2)\n"
            "    R1 = h * (R2 / (z2 + np.copysign(epsilon, z2)) @ W2)\n"
            "    return x * (R1 / (z1 + np.copysign(epsilon, z1)) @ W1)\n",
        ),
        "divided by what the ReLU let through": explain(
            "before the ReLU", z="h if W is W1 else W @ a + b"
        ),
        "h and x exchanged": explain(
            "W2 and b2 belong to what they read",
            lrp.EXPLAIN.source().replace("(h, W2, b2), (x, W1, b1)", "(x, W2, b2), (h, W1, b1)"),
        ),
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
