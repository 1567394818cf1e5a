"""Assignment 01, answered wrongly in every known way.

grade_id of the answer -> what is wrong -> the answer, the graded cells that lose their points, and
a part of the message that the learner meets first.
"""

from tests.assignments.scoring import WrongAnswer


def jacobian(lines, told, loses=("jacobian-check", "jacobian-example"), before=""):
    """Return a wrong answer that begins with the z and the gates of the right one."""
    source = f"""\
{before}
def jacobian(W1, W2, W3, x):
    z1 = W1 @ x
    z2 = W2 @ np.maximum(z1, 0)
    gates_1 = np.diag(np.where(z1 > 0, 1.0, 0.0))
    gates_2 = np.diag(np.where(z2 > 0, 1.0, 0.0))
    {lines}
"""
    return WrongAnswer(source, set(loses), told)


def gradient_times_input(line, told):
    """Return a wrong answer of one line."""
    source = f"def gradient_times_input(J, x, target):\n    {line}\n"
    return WrongAnswer(source, {"gradient_times_input-check"}, told)


def shares(
    told,
    *,
    forward="W @ a + b",
    relu="np.maximum(received[-1], 0)",
    through_gate="grad * (received[layer] > 0)",
    share="biases[layer] @ grad",
    late="",
    end="np.array([x @ grad, *result])",
):
    """Return a wrong answer that differs from the right one in the parts that are given.

    `late` runs after a layer's share was taken.
    """
    source = f"""\
def shares(weights, biases, x):
    received, a = [], x
    for W, b in zip(weights, biases):
        received.append({forward})
        a = {relu}
    grad, result = np.ones(1), []
    for layer in reversed(range(len(weights))):
        last = layer == len(weights) - 1
        if not last:
            grad = {through_gate}
        result.insert(0, {share})
        {late}
        grad = grad @ weights[layer]
    return {end}
"""
    return WrongAnswer(source, {"shares-check", "shares-example"}, told)


def is_complete(line, told):
    """Return a wrong answer of one line that may use the importances' `sums`."""
    source = f"""\
def is_complete(explain, network, rows):
    values = explain(network, rows)
    sums, outputs = values.sum(axis=1), network(rows)[:, 0]
    largest = max(1.0, np.abs(outputs).max())
    {line}
"""
    return WrongAnswer(source, {"is_complete-check"}, told)


NETWORK = "xk.Network([xk.Dense(W1), xk.ReLU(), xk.Dense(W2), xk.ReLU(), xk.Dense(W3)])"
SWITCHED_OFF = "this exercise asks you to write it yourself"

WRONG_ANSWERS = {
    "jacobian": {
        "the weights alone": jacobian(
            "return W3 @ W2 @ W1", "the diagonal matrices diag(φ′(z)) are missing"
        ),
        "no gates in layer 1": jacobian(
            "return W3 @ gates_2 @ W2 @ W1", "the gates of the first layer are missing"
        ),
        "no gates in layer 2": jacobian(
            "return W3 @ W2 @ gates_1 @ W1", "the gates of the second layer are missing"
        ),
        "z2 from z1": jacobian(
            "return W3 @ np.diag((W2 @ z1 > 0) * 1.0) @ W2 @ gates_1 @ W1",
            "z2 must be computed from h1 = relu(z1)",
        ),
        "φ instead of φ′": jacobian(
            "return W3 @ np.diag(np.maximum(z2, 0)) @ W2 @ np.diag(np.maximum(z1, 0)) @ W1",
            "the slopes φ′(z), which are 0 or 1, not the values φ(z)",
        ),
        "z instead of φ′": jacobian(
            "return W3 @ np.diag(z2) @ W2 @ np.diag(z1) @ W1",
            "the slopes φ′(z), which are 0 or 1, not z",
        ),
        "gates by np.sign": jacobian(
            "return W3 @ np.diag(np.sign(z2)) @ W2 @ np.diag(np.sign(z1)) @ W1",
            "np.sign gives −1 there",
        ),
        "a gate at the output": jacobian(
            "return np.diag((W3 @ np.maximum(z2, 0) > 0) * 1.0) @ W3 @ gates_2 @ W2 @ gates_1 @ W1",
            "no ReLU follows the last layer",
        ),
        "gates the wrong way round": jacobian(
            "return W3 @ np.diag((z2 < 0) * 1.0) @ W2 @ np.diag((z1 < 0) * 1.0) @ W1",
            "your gates are the wrong way round",
        ),
        "transposed": jacobian(
            "return (W3 @ gates_2 @ W2 @ gates_1 @ W1).T", "your table is transposed"
        ),
        # No random network has a unit that receives exactly 0, so only the check plants one.
        "a gate open at 0": jacobian(
            "return W3 @ np.diag((z2 >= 0) * 1.0) @ W2 @ np.diag((z1 >= 0) * 1.0) @ W1",
            "a unit that receives exactly 0 is closed",
            loses=["jacobian-check"],
        ),
        "its inputs changed": jacobian(
            "W1[z1 <= 0], W2[z2 <= 0] = 0, 0; return W3 @ W2 @ W1",
            "jacobian changed one of its inputs",
        ),
        "times the input": jacobian(
            "return x * (W3 @ gates_2 @ W2 @ gates_1 @ W1)", "return the slopes alone"
        ),
        "absolute slopes": jacobian(
            "return np.abs(W3 @ gates_2 @ W2 @ gates_1 @ W1)",
            "keep the signs",
        ),
        "no return": jacobian("W3 @ gates_2 @ W2 @ gates_1 @ W1", "jacobian returned nothing"),
        "one long vector": jacobian(
            "return (W3 @ gates_2 @ W2 @ gates_1 @ W1).ravel()", "jacobian returned an array of"
        ),
        "words": jacobian(
            "return 'W3 @ W2 @ W1'", "jacobian returned a str that is no array of numbers"
        ),
        "division by a gate": jacobian(
            "return W3 @ (gates_2 / gates_2) @ W2 @ gates_1 @ W1", "NaN or infinity"
        ),
        "the example by heart": jacobian(
            "return np.array([[5.0, 10.0]])", "jacobian returned an array of shape (1, 2)"
        ),
        "the example by heart, else a guess": jacobian(
            "return np.array([[5.0, 10.0]]) if len(W3) == 1 else W3 @ W2 @ W1",
            "the diagonal matrices diag(φ′(z)) are missing",
        ),
        "xaikit's gradient": jacobian(
            f"return np.array([{NETWORK}.gradient(x, target=c) for c in range(len(W3))])",
            SWITCHED_OFF,
        ),
        "xaikit's gradient × input": jacobian(
            f"return np.array([xk.gradient_x_input({NETWORK}, x, target=c).values / x"
            " for c in range(len(W3))])",
            SWITCHED_OFF,
        ),
        "xaikit's gradient, kept before the check": jacobian(
            f"return np.array([kept({NETWORK}, x, target=c) for c in range(len(W3))])",
            SWITCHED_OFF,
            before="kept = xk.Network.gradient",
        ),
    },
    "gradient_times_input": {
        "a table by broadcasting": gradient_times_input(
            "return x[:, None] * J[target]", "a table of every input times every slope"
        ),
        "the slopes only": gradient_times_input(
            "return J[target]", "these are the slopes: multiply each by its input"
        ),
        "absolute importances": gradient_times_input(
            "return np.abs(x * J[target])", "a negative importance means that the input lowered"
        ),
        "absolute slopes": gradient_times_input(
            "return x * np.abs(J[target])", "the slopes must keep their sign"
        ),
        "absolute inputs": gradient_times_input(
            "return np.abs(x) * J[target]", "the inputs must keep their sign"
        ),
        "every class": gradient_times_input("return x * J", "pick one class, row `target`"),
        "always class 0": gradient_times_input("return x * J[0]", "you always explain class 0"),
        "the sum over classes": gradient_times_input(
            "return x * J.sum(axis=0)", "you summed over all classes"
        ),
        "the winning class": gradient_times_input(
            "return x * J[(J @ x).argmax()]", "not the one with the largest score"
        ),
        "parts of one": gradient_times_input(
            "return x * J[target] / (x @ J[target])", "do not divide by their sum"
        ),
        "a single number": gradient_times_input(
            "return x @ J[target]", "returned a single number, expected"
        ),
        "no return": gradient_times_input("x * J[target]", "returned nothing"),
        "its inputs changed": gradient_times_input(
            "x *= J[target]; return x", "gradient_times_input changed one of its inputs"
        ),
        "the example by heart": gradient_times_input(
            "return np.array([10.0, -10.0])", "gradient_times_input"
        ),
        "xaikit's gradient × input": gradient_times_input(
            "return xk.gradient_x_input(xk.Network([xk.Dense(J)]), x, target=target).values",
            SWITCHED_OFF,
        ),
        "xaikit's gradient": gradient_times_input(
            "return x * xk.Network([xk.Dense(J)]).gradient(x, target=target)", SWITCHED_OFF
        ),
    },
    "shares": {
        "the biases themselves": shares(
            "these are the biases themselves", share="biases[layer].sum()"
        ),
        "gates computed without biases": shares(
            "compute the gates of the network with its biases", forward="W @ a"
        ),
        "slopes at x computed without biases": shares(
            "the slopes at x are those of the network with its biases",
            end="""np.array([x @ slopes_without_biases(weights, x), *result])


def slopes_without_biases(weights, x):
    table, a = np.eye(len(x)), x
    for W in weights[:-1]:
        z = W @ a
        table, a = np.diag((z > 0) * 1.0) @ W @ table, np.maximum(z, 0)
    return (weights[-1] @ table)[0]""",
        ),
        # The small network of the lecture has the same gates without it.
        "no ReLU forwards": shares("the ReLU is missing on the way forwards", relu="received[-1]"),
        "means": shares(
            "a sum over features or units, not their mean",
            share="(biases[layer] * grad).mean()",
            end="np.array([(x * grad).mean(), *result])",
        ),
        "the slope before the gate": shares(
            "the slope at a bias is the one behind the gate",
            through_gate="grad",
            late="grad = grad if last else grad * (received[layer] > 0)",
        ),
        "no gates": shares("the gates are missing on the way back", through_gate="grad"),
        "the last bias forgotten": shares(
            "the last bias has a share too", share="0.0 if last else biases[layer] @ grad"
        ),
        "the last bias left out": shares(
            "a number is missing", end="np.array([x @ grad, *result[:-1]])"
        ),
        "the biases alone": shares("a number is missing", end="np.array(result)"),
        "a gate at the output": shares(
            "no ReLU follows the last layer",
            share="0.0 if received[-1][0] <= 0 else biases[layer] @ grad",
            end="np.array([0.0 if received[-1][0] <= 0 else x @ grad, *result])",
        ),
        "the slopes at the biases": shares("multiply each by its bias", share="grad.sum()"),
        "the slopes at the inputs": shares(
            "multiply the slopes at x by x", end="np.array([grad.sum(), *result])"
        ),
        "absolute shares": shares("keep the signs", end="np.abs(np.array([x @ grad, *result]))"),
        "the order reversed": shares(
            "the order is x first", end="np.array([x @ grad, *result])[::-1]"
        ),
        "the order of the biases reversed": shares(
            "the biases' shares are in reverse order", end="np.array([x @ grad, *result[::-1]])"
        ),
        # They add up and end as they should: only the numbers themselves tell.
        "the hidden layers exchanged": shares(
            "shares: got", end="np.array([x @ grad, *result[-2::-1], result[-1]])"
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
            end="""np.array([
        x @ xaikit_gradient(weights, biases, x),
        *(
            biases[layer] @ ((received[layer] > 0) * xaikit_gradient(
                weights[layer + 1 :], biases[layer + 1 :], np.maximum(received[layer], 0)
            ))
            for layer in range(len(biases) - 1)
        ),
        biases[-1][0],
    ])


def xaikit_gradient(weights, biases, x):
    layers = []
    for W, b in zip(weights, biases):
        layers += [xk.Dense(W, b), xk.ReLU()]
    return xk.Network(layers[:-1]).gradient(x)""",
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
