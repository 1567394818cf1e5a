"""Every known wrong answer to assignment 00.

grade_id of the answer -> the mistake -> the wrong answer, the graded cells that lose their points,
and a part of the first message that the learner sees.
"""

from functools import partial

from tests.assignments.scoring import WrongAnswer, planted, wrong
from xaikit.course.checks import neural_networks as checks

SWITCHED_OFF = "this exercise asks you to write it yourself"
NETWORK = "xk.Network([xk.Dense(W1, b1), xk.ReLU(), xk.Dense(W2, b2)])"

layer = partial(wrong, checks.LAYER, {"layer-check"})
backward = partial(wrong, checks.BACKWARD, {"backward-check", "backward-example"})
saliency = partial(wrong, checks.SALIENCY, {"saliency-check"})


def slope_is_right(message, line, *, difference="(f(x + step) - f(x - step)) / 2e-5"):
    """Return a wrong answer with a wrong last line; its slopes are right by default."""
    source = f"""\
def slope_is_right(f, slope, x):
    measured = np.zeros(len(x))
    for i in range(len(x)):
        step = np.zeros(len(x))
        step[i] = 1e-5
        measured[i] = {difference}
    errors = slope(x) - measured
    {line}
"""
    return WrongAnswer(source, {"slope_is_right-check"}, message)


WRONG_ANSWERS = {
    "layer": planted(checks.LAYER, {"layer-check"})
    | {
        "the bias after the ReLU, spelled here": layer(
            "the bias belongs inside the ReLU",
            "def layer(W, b, X):\n    return np.array([(W @ x).clip(0) + b for x in X])\n",
        ),
        "transposed": layer("your table is transposed", end="np.maximum(z, 0).T"),
        "whole numbers": layer("holds whole numbers only", end="np.maximum(z, 0).astype(int)"),
        "a sum over neurons": layer(
            "layer returned an array of shape", end="np.maximum(z, 0).sum(axis=1)"
        ),
        "no return": layer("layer returned nothing", end="None"),
        "its inputs changed": layer(
            "layer changed one of its inputs",
            "def layer(W, b, X):\n    b += 1\n    return np.maximum(X @ W.T + b - 1, 0)\n",
        ),
        "the example by heart": layer("layer returned an array", end="np.array([[0.5, 0.0]])"),
        "xaikit's layers": layer(SWITCHED_OFF, end="xk.ReLU().forward(xk.Dense(W, b).forward(X))"),
        "xaikit's network": layer(SWITCHED_OFF, end="xk.Network([xk.Dense(W, b), xk.ReLU()])(X)"),
    },
    "backward": planted(checks.BACKWARD, {"backward-check", "backward-example"})
    | {
        "past w2, spelled here": backward(
            "multiply by w2 on the way back",
            "def backward(W1, b1, w2, b2, x, t):\n"
            "    h = (W1 @ x + b1).clip(0)\n"
            "    error = h @ w2 + b2 - t\n"
            "    on = 2 * error * np.sign(h)\n"
            "    return on[:, None] * x, on, 2 * error * h, 2 * error\n",
        ),
        "transposed": backward("the slopes at W1 are transposed", at_W1="np.outer(x, dz)"),
        "another order": backward(
            "not in the order W1, b1, w2, b2", at_W1="dz", at_b1="np.outer(dz, x)"
        ),
        "three slopes": backward("return four slopes", at_b2=""),
        "no return": backward("return four slopes", "def backward(W1, b1, w2, b2, x, t): pass"),
        "its inputs changed": backward(
            "backward changed one of its inputs", at_b2="dy + 0 * x.sort() if x.sort() else dy"
        ),
        "the example by heart": backward(
            "backward, slope at W1",
            "def backward(W1, b1, w2, b2, x, t):\n    return [[-8.0]], [-4.0], [-12.0], -4.0\n",
        ),
    },
    "saliency": planted(checks.SALIENCY, {"saliency-check"})
    | {
        "the class before, spelled here": saliency(
            "not row target − 1",
            "def saliency(W1, b1, W2, b2, x, target):\n"
            "    on = W1 @ x > -b1\n"
            "    return abs(sum(W2[target - 1, k] * W1[k] for k in np.flatnonzero(on)))\n",
        ),
        "a table": saliency("pick the score of one class", row="W2"),
        "the hidden units": saliency("you stopped at the hidden units", end="abs(dz)"),
        "every path": saliency("each input collects", end="abs(dz[:, None] * W1)"),
        "no return": saliency("saliency returned nothing", end="None"),
        "the example by heart": saliency("saliency", end="np.array([6.0, 3.0])"),
        "xaikit's saliency": saliency(
            SWITCHED_OFF, end=f"xk.saliency({NETWORK}, x, target=target).values"
        ),
        "xaikit's gradient": saliency(SWITCHED_OFF, end=f"abs({NETWORK}.gradient(x, target))"),
    },
    "slope_is_right": {
        "always True": slope_is_right("your test accepted", "return True"),
        "always False": slope_is_right("your test rejected the right slope", "return False"),
        "equal to the last digit": slope_is_right(
            "is there a tolerance?", "return bool((errors == 0).all())"
        ),
        "one way only": slope_is_right(
            "Do you step both ways",
            "return bool(np.abs(errors).max() < 1e-7)",
            difference="(f(x + step) - f(x)) / 1e-5",
        ),
        "twice the slope": slope_is_right(
            "divide by 2e-5",
            "return bool(np.abs(errors).max() < 1e-6)",
            difference="(f(x + step) - f(x - step)) / 1e-5",
        ),
        "errors without abs": slope_is_right(
            "your test accepted", "return bool((errors < 1e-6).all())"
        ),
        "the mean error": slope_is_right(
            "do not let errors cancel", "return bool(abs(errors.mean()) < 1e-6)"
        ),
        "the first input only": slope_is_right(
            "your test accepted a slope wrong in its last entry only",
            "return bool(abs(errors[0]) < 1e-6)",
        ),
        "the last input only": slope_is_right(
            "try each input", "return bool(abs(errors[-1]) < 1e-6)"
        ),
        "all but the first input": slope_is_right(
            "wrong in its first entry only", "return bool(np.abs(errors[1:]).max() < 1e-6)"
        ),
        "the first and the last input": slope_is_right(
            "wrong in its second entry only",
            "return bool(np.abs(errors[[0, -1]]).max() < 1e-6)",
        ),
        "sorted": slope_is_right(
            "compare each input's slope with its own",
            "return bool(np.allclose(np.sort(measured), np.sort(slope(x)), atol=1e-6))",
        ),
        "the largest, the smallest and the sum": slope_is_right(
            "your test accepted",
            "return all(abs(part(measured) - part(slope(x))) < 1e-6"
            " for part in (np.max, np.min, np.sum))",
        ),
        "a tolerance of 0.01": slope_is_right(
            "a slope that is 1% too", "return bool(np.abs(errors).max() < 0.01)"
        ),
        "a verdict for each input": slope_is_right(
            "returned ndarray, expected True or False", "return np.abs(errors) < 1e-6"
        ),
        "no return": slope_is_right(
            "returned NoneType, expected True or False", "np.abs(errors).max() < 1e-6"
        ),
        "its inputs changed": slope_is_right(
            "changed one of its inputs", "x += 1; return bool(np.abs(errors).max() < 1e-6)"
        ),
        "the example by heart": slope_is_right(
            "your test rejected", "return len(x) == 1 and bool(slope(x)[0] == 6)"
        ),
    },
}
