"""Assignment 00, answered wrongly in every known way.

grade_id of the answer -> what is wrong -> the answer, the graded cells that lose their points, and
a part of the message that the learner meets first.
"""

from tests.assignments.scoring import WrongAnswer


def layer(line, told):
    """Return a wrong answer of one line."""
    return WrongAnswer(f"def layer(W, b, X):\n    {line}\n", {"layer-check"}, told)


def backward(
    told,
    *,
    z="W1 @ x + b1",
    h="np.maximum(z, 0)",
    y="w2 @ h + b2",
    dy="2 * (y - t)",
    dz="dy * w2 * (z > 0)",
    end="np.outer(dz, x), dz, dy * h, dy",
):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    source = f"""\
def backward(W1, b1, w2, b2, x, t):
    z = {z}
    h = {h}
    y = {y}
    dy = {dy}
    dz = {dz}
    return {end}
"""
    return WrongAnswer(source, {"backward-check", "backward-example"}, told)


def saliency(told, *, z="W1 @ x + b1", dz="W2[target] * (z > 0)", end="np.abs(dz @ W1)"):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    source = f"""\
def saliency(W1, b1, W2, b2, x, target):
    z = {z}
    scores = W2 @ np.maximum(z, 0) + b2
    dz = {dz}
    return {end}
"""
    return WrongAnswer(source, {"saliency-check"}, told)


def slope_is_right(told, line, *, difference="(f(x + step) - f(x - step)) / 2e-5"):
    """Return a wrong answer that measures right unless told otherwise, and concludes wrongly."""
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
    return WrongAnswer(source, {"slope_is_right-check"}, told)


SWITCHED_OFF = "this exercise asks you to write it yourself"

WRONG_ANSWERS = {
    "layer": {
        "no bias": layer("return np.maximum(X @ W.T, 0)", "the bias is missing"),
        "no ReLU": layer("return X @ W.T + b", "the ReLU is missing"),
        "the bias after the ReLU": layer(
            "return np.maximum(X @ W.T, 0) + b", "the bias belongs inside the ReLU"
        ),
        "the bias subtracted": layer(
            "return np.maximum(X @ W.T - b, 0)", "the bias is added to the sum, not subtracted"
        ),
        "the absolute value": layer("return np.abs(X @ W.T + b)", "it does not turn them round"),
        "the other half": layer("return np.minimum(X @ W.T + b, 0)", "cut off the positive ones"),
        "transposed": layer("return np.maximum(X @ W.T + b, 0).T", "your table is transposed"),
        "whole numbers": layer(
            "return np.maximum(X @ W.T + b, 0).astype(int)", "holds whole numbers only"
        ),
        "a sum over neurons": layer(
            "return np.maximum(X @ W.T + b, 0).sum(axis=1)", "layer returned an array of shape"
        ),
        "no return": layer("np.maximum(X @ W.T + b, 0)", "layer returned nothing"),
        "its inputs changed": layer(
            "b += 1; return np.maximum(X @ W.T + b - 1, 0)", "layer changed one of its inputs"
        ),
        "the example by heart": layer("return np.array([[0.5, 0.0]])", "layer returned an array"),
        "xaikit's layers": layer(
            "return xk.ReLU().forward(xk.Dense(W, b).forward(X))", SWITCHED_OFF
        ),
        "xaikit's network": layer(
            "return xk.Network([xk.Dense(W, b), xk.ReLU()])(X)", SWITCHED_OFF
        ),
    },
    "backward": {
        "half of everything": backward("the 2 is missing", dy="y - t"),
        "the other sign": backward("the sign is wrong", dy="2 * (t - y)"),
        "no gates": backward("the ReLU is missing on the way back", dz="dy * w2"),
        "h in place of the gates": backward("not by h", dz="dy * w2 * h"),
        "z in place of the gates": backward("not by z", dz="dy * w2 * z"),
        "past x": backward(
            "times what W1[k, j] multiplies, x[j]",
            end="np.outer(dz, np.ones_like(x)), dz, dy * h, dy",
        ),
        "past w2": backward("multiply by w2 on the way back", dz="dy * (z > 0)"),
        "b1 forgotten": backward("b1 is missing", z="W1 @ x"),
        "b2 forgotten": backward("b2 is missing", y="w2 @ h"),
        "z in place of h": backward(
            "w2 multiplies h, what the ReLU lets through, not z",
            end="np.outer(dz, x), dz, dy * z, dy",
        ),
        "the slope at ŷ in place of that at w2": backward(
            "slope at w2 is that at ŷ times what w2 multiplies",
            end="np.outer(dz, x), dz, dy * np.ones_like(h), dy",
        ),
        "transposed": backward(
            "the slopes at W1 are transposed", end="np.outer(x, dz), dz, dy * h, dy"
        ),
        "another order": backward(
            "not in the order W1, b1, w2, b2",
            end="dz, np.outer(dz, x), dy * h, dy",
        ),
        "b1 and w2 exchanged": backward(
            "not in the order W1, b1, w2, b2", end="np.outer(dz, x), dy * h, dz, dy"
        ),
        "times b1": backward("b1 is only added", end="np.outer(dz, x), dz * b1, dy * h, dy"),
        "times b2": backward("b2 is only added", end="np.outer(dz, x), dz, dy * h, dy * b2"),
        "h in place of w2": backward(
            "from ŷ to h[k] multiply by w2[k], not by h[k]", dz="dy * h * (z > 0)"
        ),
        "the slopes of ŷ": backward("these are slopes of ŷ", dy="1.0"),
        "three slopes": backward("return four slopes", end="np.outer(dz, x), dz, dy * h"),
        "no return": backward("return four slopes", end="None"),
        "its inputs changed": backward(
            "backward changed one of its inputs",
            end="np.outer(dz, x), dz, dy * h, dy + 0 * x.sort() if x.sort() else dy",
        ),
        "the example by heart": backward(
            "backward, slope at W1", end="[[-8.0]], [-4.0], [-12.0], -4.0"
        ),
    },
    "saliency": {
        "signed": saliency("take the absolute value", end="dz @ W1"),
        "no gates": saliency("the ReLU is missing on the way back", dz="W2[target]"),
        "no bias": saliency("compute z with the bias", z="W1 @ x"),
        "every class": saliency("you summed over all classes", dz="W2.sum(axis=0) * (z > 0)"),
        "always class 0": saliency("you always explain class 0", dz="W2[0] * (z > 0)"),
        "the winning class": saliency(
            "not the one with the largest score", dz="W2[scores.argmax()] * (z > 0)"
        ),
        "the class before": saliency("not row target − 1", dz="W2[target - 1] * (z > 0)"),
        "times the score": saliency(
            "do not multiply by the score itself", end="np.abs(scores[target] * dz @ W1)"
        ),
        "absolute values too early": saliency("paths may cancel", end="np.abs(dz) @ np.abs(W1)"),
        "absolute values of the units": saliency("take the absolute value", end="np.abs(dz) @ W1"),
        "gradient × input": saliency("this is gradient × input", end="np.abs(x * (dz @ W1))"),
        "a table": saliency("pick the score of one class", end="np.abs(W2 * (z > 0) @ W1)"),
        "h in place of the gates": saliency("not by h", dz="W2[target] * np.maximum(z, 0)"),
        "squared": saliency("not the square", end="(dz @ W1) ** 2"),
        "the hidden units": saliency("you stopped at the hidden units", end="np.abs(dz)"),
        "every path": saliency("each input collects", end="np.abs(dz[:, None] * W1)"),
        "no return": saliency("saliency returned nothing", end="None"),
        "the example by heart": saliency("saliency", end="np.array([6.0, 3.0])"),
        "xaikit's saliency": saliency(
            SWITCHED_OFF,
            end="xk.saliency(xk.Network([xk.Dense(W1, b1), xk.ReLU(), xk.Dense(W2, b2)]), x,"
            " target=target).values",
        ),
        "xaikit's gradient": saliency(
            SWITCHED_OFF,
            end="abs(xk.Network([xk.Dense(W1, b1), xk.ReLU(), xk.Dense(W2, b2)])"
            ".gradient(x, target=target))",
        ),
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
