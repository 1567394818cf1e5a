"""Every known wrong answer to assignment 01.

grade_id of the answer -> the mistake -> the wrong answer, the graded cells that lose their points,
and a part of the first message that the learner sees.
"""

from functools import partial

from tests.assignments.scoring import WrongAnswer, planted, wrong
from xaikit.course.checks import gradient_x_input as checks

OF_JACOBIAN = {"jacobian-check", "jacobian-example"}
OF_SHARES = {"shares-check", "shares-example"}

jacobian = partial(wrong, checks.JACOBIAN, OF_JACOBIAN)
gradient_times_input = partial(wrong, checks.GRADIENT_TIMES_INPUT, {"gradient_times_input-check"})
shares = partial(wrong, checks.SHARES, OF_SHARES)


def is_complete(line, message):
    """Return a wrong answer of one line that may use the importances' `sums`."""
    source = f"""\
def is_complete(explain, network, rows):
    values = explain(network, rows)
    sums, outputs = values.sum(axis=1), network(rows)[:, 0]
    largest = max(1.0, np.abs(outputs).max())
    {line}
"""
    return WrongAnswer(source, {"is_complete-check"}, message)


NETWORK = "xk.Network([xk.Dense(W1), xk.ReLU(), xk.Dense(W2), xk.ReLU(), xk.Dense(W3)])"
SWITCHED_OFF = "this exercise asks you to write it yourself"

WRONG_ANSWERS = {
    "jacobian": planted(checks.JACOBIAN, OF_JACOBIAN)
    | {
        "the weights alone": jacobian(
            "the diagonal matrices diag(φ′(z)) are missing",
            "def jacobian(W1, W2, W3, x):\n    return [w @ W2 @ W1 for w in W3]\n",
        ),
        "transposed": jacobian("your table is transposed", end="table.T"),
        # In a random network no z is exactly 0, so only the check plants one.
        "a gate open at 0": wrong(
            checks.JACOBIAN,
            {"jacobian-check"},
            "a unit that receives exactly 0 is closed",
            gate="(z >= 0) * 1.0",
        ),
        "its inputs changed": jacobian(
            "jacobian changed one of its inputs",
            "def jacobian(W1, W2, W3, x):\n    W1[W1 @ x <= 0] = 0\n    return W3 @ W2 @ W1\n",
        ),
        "no return": jacobian("jacobian returned nothing", end="None"),
        "one long vector": jacobian("jacobian returned an array of", end="table.ravel()"),
        "words": jacobian("jacobian returned a str that is no array of numbers", end="'table'"),
        "division by a gate": jacobian("NaN or infinity", end="table * (gates_2 / gates_2).sum()"),
        "the example by heart": jacobian(
            "jacobian returned an array of shape (1, 2)", end="[[5.0, 10.0]]"
        ),
        "the example by heart, else a guess": jacobian(
            "the diagonal matrices diag(φ′(z)) are missing",
            end="[[5.0, 10.0]] if len(W3) == 1 else W3 @ W2 @ W1",
        ),
        "xaikit's gradient": jacobian(
            SWITCHED_OFF, end=f"[{NETWORK}.gradient(x, target=c) for c in range(len(W3))]"
        ),
        "xaikit's gradient × input": jacobian(
            SWITCHED_OFF,
            end=f"[xk.gradient_x_input({NETWORK}, x, target=c).values / x for c in range(len(W3))]",
        ),
        "xaikit's gradient, kept before the check": jacobian(
            SWITCHED_OFF,
            "kept = xk.Network.gradient\n\n\n"
            "def jacobian(W1, W2, W3, x):\n"
            f"    return [kept({NETWORK}, x, target=c) for c in range(len(W3))]\n",
        ),
    },
    "gradient_times_input": planted(checks.GRADIENT_TIMES_INPUT, {"gradient_times_input-check"})
    | {
        "always class 0, in a loop": gradient_times_input(
            "you always explain class 0",
            "def gradient_times_input(J, x, target):\n"
            "    return [J[0, i] * x[i] for i in range(len(x))]\n",
        ),
        "a table by broadcasting": gradient_times_input(
            "a table of every input times every slope", importances="x[:, None] * J[target]"
        ),
        "every class": gradient_times_input("pick one class, row `target`", importances="x * J"),
        "a single number": gradient_times_input(
            "returned a single number, expected", importances="x @ J[target]"
        ),
        "no return": gradient_times_input("returned nothing", importances="None"),
        "its inputs changed": gradient_times_input(
            "gradient_times_input changed one of its inputs",
            importances="np.multiply(x, J[target], out=x)",
        ),
        "the example by heart": gradient_times_input(
            "gradient_times_input", importances="[10.0, -10.0]"
        ),
        "xaikit's gradient × input": gradient_times_input(
            SWITCHED_OFF,
            importances="xk.gradient_x_input(xk.Network([xk.Dense(J)]), x, target=target).values",
        ),
        "xaikit's gradient": gradient_times_input(
            SWITCHED_OFF, importances="x * xk.Network([xk.Dense(J)]).gradient(x, target=target)"
        ),
    },
    "shares": planted(checks.SHARES, OF_SHARES)
    | {
        "no gates, layer by layer from the front": shares(
            "the gates are missing on the way back",
            "def shares(weights, biases, x):\n"
            "    vectors = [x]\n"
            "    for W, b in zip(weights, biases):\n"
            "        vectors = [W @ v for v in vectors] + [b]\n"
            "    return [v[0] for v in vectors]\n",
        ),
        "the last bias left out": shares("a number is missing", end="[x @ grad, *result[:-1]]"),
        "the biases alone": shares("a number is missing", end="result"),
        # The sum and the shape are right: only the numbers show the mistake.
        "the hidden layers exchanged": shares(
            "shares: got", end="[x @ grad, *result[-2::-1], result[-1]]"
        ),
        "a share for every input": shares(
            "shares returned an array of shape", end="np.array([*(x * grad), *result])"
        ),
        "products without their sum": shares(
            "one number for x and one for each layer's biases",
            share="biases[layer] * grad",
            end="[x * grad, *result]",
        ),
        "its inputs changed": shares(
            "shares changed one of its inputs", end="weights.reverse() or [x @ grad, *result]"
        ),
        "no return": shares("shares returned nothing", end="None"),
        "the example by heart": shares(
            "shares: got", end="np.resize([-3.5, 9.0, 1.0, -1.0], len(biases) + 1)"
        ),
        "xaikit's gradient of every part of the network": shares(
            SWITCHED_OFF,
            before="""\
def gradient(weights, biases, x):
    layers = []
    for W, b in zip(weights, biases):
        layers += [xk.Dense(W, b), xk.ReLU()]
    return xk.Network(layers[:-1]).gradient(x)


""",
            share="biases[-1][0] if layer == last else biases[layer] @ ((received[layer] > 0) * "
            "gradient(weights[layer + 1 :], biases[layer + 1 :], np.maximum(received[layer], 0)))",
            end="[x @ gradient(weights, biases, x), *result]",
        ),
    },
    "is_complete": {
        "equal to the last digit": is_complete(
            "return bool((sums == outputs).all())", "Is there a tolerance"
        ),
        "always True": is_complete("return True", "your test accepted"),
        "always False": is_complete("return False", "your test rejected an explanation that is"),
        "the mean over rows": is_complete(
            "return bool(abs((sums - outputs).mean()) <= 1e-8 * largest)",
            "do not let rows cancel",
        ),
        "the sum of everything": is_complete(
            "return bool(np.isclose(sums.sum(), outputs.sum()))", "do not let rows cancel"
        ),
        "gaps without abs": is_complete(
            "return bool((sums - outputs <= 1e-8 * largest).all())",
            "1% too small: errors count in both directions",
        ),
        "gaps without abs, the other way round": is_complete(
            "return bool((outputs - sums <= 1e-8 * largest).all())",
            "1% too large: errors count in both directions",
        ),
        "sizes alone": is_complete(
            "return bool(np.allclose(np.abs(sums), np.abs(outputs)))",
            "importances with the wrong sign",
        ),
        "absolute importances": is_complete(
            "return bool(np.allclose(np.abs(values).sum(axis=1), outputs))",
            "your test rejected an explanation that is complete",
        ),
        "the first row only": is_complete(
            "return bool(abs(sums[0] - outputs[0]) <= 1e-8 * largest)", "look at every row"
        ),
        "all but the first row": is_complete(
            "return bool(np.allclose(sums[1:], outputs[1:]))", "wrong in the first row only"
        ),
        "the first and the last row": is_complete(
            "return bool(np.allclose(sums[[0, -1]], outputs[[0, -1]]))", "look at every row"
        ),
        "sorted sums": is_complete(
            "return bool(np.allclose(np.sort(sums), np.sort(outputs)))",
            "compare each row's sum with its own output",
        ),
        "counted from f(0)": is_complete(
            "return bool(np.allclose(sums, outputs - network(0 * rows)[:, 0]))",
            "f(0) is not subtracted",
        ),
        "a tolerance of 0.01": is_complete(
            "return bool(np.allclose(sums, outputs, atol=0.01))", "the tolerance is too wide"
        ),
        "a tolerance of 0.1": is_complete(
            "return bool(np.allclose(sums, outputs, atol=0.1))", "the tolerance is too wide"
        ),
        "rounded to one digit": is_complete(
            "return bool((np.round(sums, 1) == np.round(outputs, 1)).all())",
            "the tolerance is too wide",
        ),
        "rounded to whole numbers": is_complete(
            "return bool((np.round(sums) == np.round(outputs)).all())",
            "the tolerance is too wide",
        ),
        "a tolerance of half a percent of the largest": is_complete(
            "return bool(np.abs(sums - outputs).max() < 0.005 * np.abs(outputs).max())",
            "the tolerance is too wide",
        ),
        "any row instead of all": is_complete(
            "return bool((np.abs(sums - outputs) <= 1e-8 * largest).any())", "look at every row"
        ),
        "a tolerance of five percent": is_complete(
            "return bool(np.allclose(sums, outputs, rtol=0.05))", "sums that are 1% too"
        ),
        "a column beside a row": is_complete(
            "return bool(np.allclose(sums, network(rows)))", "of the comparison shape (n,)"
        ),
        "a verdict for each row": is_complete(
            "return np.isclose(sums, outputs)", "returned ndarray, expected True or False"
        ),
        "the gaps": is_complete(
            "return float(np.abs(sums - outputs).max())", "returned float, expected True or False"
        ),
        "no return": is_complete(
            "np.allclose(sums, outputs)", "returned NoneType, expected True or False"
        ),
        "rows of one's own": is_complete(
            "return bool(np.isclose(explain(network, rows + 1).sum(), outputs.sum()))",
            "ask for explanations of the rows that you are given",
        ),
        "the example by heart": is_complete("return bool(outputs[-1] == 0)", "your test rejected"),
    },
}
