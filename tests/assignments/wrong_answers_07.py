"""Every known wrong answer to assignment 07.

grade_id of the answer -> the mistake -> the wrong answer, the graded cells that lose their points,
and a part of the first message that the learner sees.
"""

from functools import partial

from tests.assignments.scoring import WrongAnswer, planted, wrong
from xaikit.course.checks import dasp as checks

SWITCHED_OFF = "this exercise asks you to write it yourself"
OF_COALITIONS = {"coalition_moments-check", "coalition_moments-example"}
OF_RELU = {"relu_moments-check", "relu_moments-example"}
OF_DASP = {"dasp_value-check", "dasp_value-example"}

coalition = partial(wrong, checks.COALITION_MOMENTS, OF_COALITIONS)
relu = partial(wrong, checks.RELU_MOMENTS, OF_RELU)
dense = partial(wrong, checks.DENSE_MOMENTS, {"dense_moments-check"})
value = partial(wrong, checks.DASP_VALUE, OF_DASP)
weights = partial(wrong, checks.SIZE_WEIGHTS, {"size_weights-check"})
# Their examples do not show the mistake.
hidden_coalition = partial(wrong, checks.COALITION_MOMENTS, {"coalition_moments-check"})
hidden_relu = partial(wrong, checks.RELU_MOMENTS, {"relu_moments-check"})
hidden_value = partial(wrong, checks.DASP_VALUE, {"dasp_value-check"})


def own_test(message, *, draw="x, b, w = rng.normal(size=(3, M))", linear=None, **more):
    """Return a wrong answer: the right one with other parts."""
    linear = linear or "np.allclose(steps_of(line, x, b), (w * (x - b))[:, None])"
    ends = more.get("ends", "np.allclose(steps[:, 0], first) and np.allclose(steps[:, -1], last)")
    source = f"""\
def is_right_where_certain(steps_of):
    rng = np.random.default_rng()
    for _ in range(5):
        M = {more.get("players", 4)}
        {draw}
        line = xk.Network([xk.Dense(w[None], rng.normal(size=1))])
        {more.get("before", "pass")}
        if not ({linear}):
            return False
        bent, own = xk.Network.mlp([M, 8, 1], seed=int(rng.integers(10**6))), np.eye(M) == 1
        first = (bent(np.where(own, x, b)) - bent(b[None]))[:, 0]
        last = (bent(x[None]) - bent(np.where(own, b, x)))[:, 0]
        steps = steps_of(bent, x, b)
        if not ({ends}):
            return False
    return {more.get("result", "True")}
"""
    return WrongAnswer(source, {"is_right_where_certain-check"}, message)


WRONG_ANSWERS = {
    "coalition_moments": planted(
        checks.COALITION_MOMENTS,
        OF_COALITIONS,
        {
            # The example's player is the last.
            "you left out the last player: leave out `player`, which may be any of them": {
                "coalition_moments-check"
            }
        },
    )
    | {
        "with replacement, spelled here": coalition(
            "drawing with replacement",
            "def coalition_moments(P, player, k):\n"
            "    rest = [p for j, p in enumerate(P) if j != player]\n"
            "    mean = sum(rest) / len(rest)\n"
            "    return k * mean, k * sum((p - mean) ** 2 for p in rest) / len(rest)\n",
        ),
        "the player among the others, in the variance": coalition(
            "leave it out", var="P.var()", share="(len(P) - k) / K"
        ),
        "a division by zero": hidden_coalition("K − 1 = 0", share="((K - k) / (K - 1))"),
        "NaN for two players": hidden_coalition(
            "K − 1 = 0", end="mean, variance if K > 1 else np.nan"
        ),
        "the mean alone": coalition("returns two things", end="mean"),
        "no return": coalition("returned nothing", end="None"),
        "its inputs changed": coalition(
            "changed one of its inputs", others="np.delete(P, player); P -= 1"
        ),
        "the example by heart": coalition("coalition_moments", end="2.0, 6.0"),
        "those of exercise 4": coalition(
            SWITCHED_OFF, end="checks.given_coalition_moments(P, player, k)"
        ),
        "xaikit's moments": coalition(
            SWITCHED_OFF,
            end="xk.methods.dasp._of_coalitions(np.array([k]), K, others.sum()[None], "
            "(others**2).sum()[None])",
        ),
    },
    "relu_moments": planted(
        checks.RELU_MOMENTS,
        OF_RELU,
        # At m = 0 the missing term is 0, and a certain unit has s = 0.
        {"in the mean square, the part m s p(r) is missing": {"relu_moments-check"}},
    )
    | {
        "the mean of the open, spelled here": relu(
            "where the gate is open",
            "def relu_moments(m, v):\n"
            "    s = np.maximum(np.sqrt(v), 1e-12)\n"
            "    return m + s * norm.pdf(m / s) / np.maximum(norm.cdf(m / s), 1e-300), v\n",
        ),
        "an if": relu("`if` decides for one", s="np.sqrt(v) if v > 0 else 0.0"),
        "NaN for certain units": hidden_relu(
            "NaN or infinity for a certain unit",
            s="np.sqrt(v); np.seterr(all='ignore')",
            r="m / s",
        ),
        "one certain unit, and all are": relu(
            "does not make the others certain",
            end="(np.maximum(m, 0), 0 * v) if (v == 0).any() else (mean, variance)",
        ),
        "certain units closed": relu(
            "of a certain unit", end="np.where(v > 0, mean, 0), np.where(v > 0, variance, 0)"
        ),
        "one part": relu("returns two things", end="mean"),
        "no return": relu("returned nothing", end="None"),
        "its inputs changed": relu("changed one of its inputs", s="np.sqrt(v, out=v)"),
        "the example by heart": relu(
            "relu_moments",
            end="np.resize([0.798, 3.0], len(m)), np.resize([1.363, 0.0], len(m))",
        ),
        "that of exercise 4": relu(SWITCHED_OFF, end="checks.given_relu_moments(m, v)"),
        "xaikit's ReLU": relu(SWITCHED_OFF, end="xk.methods.moments.relu(m, v)"),
    },
    "dense_moments": planted(checks.DENSE_MOMENTS, {"dense_moments-check"})
    | {
        "W for W², spelled here": dense(
            "weights are squared for a variance",
            "def dense_moments(W, beta, m, v):\n"
            "    return [w @ m + b for w, b in zip(W, beta)], [w @ v for w in W]\n",
        ),
        "a matrix product of W with itself": dense("shapes do not fit", variance="W @ W @ v"),
        "transposed": dense("so W @ m", mean="W.T @ m + beta"),
        "the mean alone": dense("returns two things", end="mean"),
        "no return": dense("returned nothing", end="None"),
        "its inputs changed": dense("changed one of its", variance="np.multiply(W, W, out=W) @ v"),
        "the example by heart": dense("expected an array", end="([4.0], [17.0])"),
        "xaikit's layer": dense(
            SWITCHED_OFF,
            end="xk.methods.moments.layer_moments(xk.Dense(W, beta), (m[None], v[None]))",
        ),
    },
    "dasp_value": planted(
        checks.DASP_VALUE,
        OF_DASP,
        {"what reads the units out is missing: here they are just added": {"dasp_value-check"}},
    )
    | {
        "a sum, spelled here": value(
            "this is a sum over the sizes",
            "def dasp_value(P, start, readout, player, coalition_moments, relu_moments):\n"
            "    total = 0.0\n"
            "    for k in range(P.shape[1]):\n"
            "        for row, b, w in zip(P, start, readout):\n"
            "            m, v = coalition_moments(row, player, k)\n"
            "            total += w * relu_moments(b + m + row[player], v)[0]\n"
            "            total -= w * relu_moments(b + m, v)[0]\n"
            "    return total\n",
        ),
        "sizes 1 to M": value("k goes from 0 to M − 1", sizes="range(1, M + 1)"),
        "two moments subtracted": value(
            "returns two things", step="relu_moments(m, v) - relu_moments(m, v)"
        ),
        "a size for each unit": value("M is P.shape[1]", sizes="range(9)"),
        "a value for each unit": hidden_value(
            "readout @ …", step="present - without", end="np.mean(steps, axis=0)"
        ),
        "a value for each size": value("average over the sizes", end="np.array(steps)"),
        "all units at once": value("call it for each row of P", contributions="P"),
        "no return": value("returned nothing", end="None"),
        "its inputs changed": value("changed one of its inputs", m="np.add(start, m, out=start)"),
        "the example by heart": value("dasp_value: got", end="2.0994689 if M == 5 else 1.5"),
        "xaikit's DASP": value(
            SWITCHED_OFF,
            end="xk.dasp(xk.Network([xk.Dense(P, start), xk.ReLU(), xk.Dense(readout[None])]), "
            "np.ones(M)).values[player]",
        ),
    },
    "is_right_where_certain": {
        "a baseline of zeros": own_test(
            "draw a baseline that is not zero", draw="x, w = rng.normal(size=(2, M)); b = 0 * x"
        ),
        "no linear network": own_test("on a linear network", linear="True"),
        "the ends of linear networks": own_test(
            "on a linear network",
            linear="np.allclose(steps_of(line, x, b)[:, [0, -1]], (w * (x - b))[:, None])",
        ),
        "linear networks alone": own_test("whose first end", ends="True"),
        "the last end alone": own_test("whose first end", ends="np.allclose(steps[:, -1], last)"),
        "the first end alone": own_test("whose last end", ends="np.allclose(steps[:, 0], first)"),
        "the first player alone": own_test(
            "look at every player",
            linear="np.allclose(steps_of(line, x, b)[0], w[0] * (x[0] - b[0]))",
            ends="np.isclose(steps[0, 0], first[0]) and np.isclose(steps[0, -1], last[0])",
        ),
        "sizes alone": own_test(
            "whose sign is wrong",
            linear="np.allclose(abs(steps_of(line, x, b)), abs(w * (x - b))[:, None])",
            ends="np.allclose(abs(steps[:, 0]), abs(first)) "
            "and np.allclose(abs(steps[:, -1]), abs(last))",
        ),
        "equal to the last digit": own_test(
            "leave a tolerance",
            linear="(steps_of(line, x, b) == (w * (x - b))[:, None]).all()",
        ),
        "a tolerance too wide": own_test(
            "1% too large",
            linear="np.allclose(steps_of(line, x, b), (w * (x - b))[:, None], rtol=0.03, atol=0)",
            ends="np.allclose(steps[:, [0, -1]], np.array([first, last]).T, rtol=0.03, atol=1e-9)",
        ),
        "the middle of any network": own_test(
            "approximate in the middle",
            before="worth = lambda mask: bent(np.where(mask, x, b))[0]; "
            "masks = (np.arange(2**M)[:, None] >> np.arange(M)) & 1 == 1",
            ends="np.allclose(steps, [[np.mean([worth(m | own[i]) - worth(m) for m in masks "
            "if m.sum() == k and not m[i]]) for k in range(M)] for i in range(M)])",
        ),
        "steps that do not depend on the size": own_test(
            "rejected every right method", ends="np.allclose(steps, steps[:, :1])"
        ),
        "two players": own_test("wrong in the middle", players=2),
        "only one of two ends": own_test(
            "whose first end",
            ends="np.allclose(steps[:, 0], first) or np.allclose(steps[:, -1], last)",
        ),
        "the last verdict decides": own_test("your test", result="False"),
        "always True": own_test("it never returns False", linear="True", ends="True"),
        "players in columns": own_test(
            "row i with player i", linear="np.allclose(steps_of(line, x, b), w * (x - b))"
        ),
        "an assert": own_test(
            "stopped at an assert",
            before="assert np.allclose(steps_of(line, x, b), (w * (x - b))[:, None])",
        ),
        "a number": own_test("returned float", result="1.0"),
        "no return": own_test("returned NoneType", result="None"),
        "rows for a row": own_test(
            "takes one row x", draw="x, b = rng.normal(size=(2, 1, M)); w = rng.normal(size=M)"
        ),
        "a function for a network": own_test(
            "takes an xk.Network first",
            linear="np.allclose(steps_of(line.__call__, x, b), (w * (x - b))[:, None])",
        ),
    },
    "size_weights": planted(checks.SIZE_WEIGHTS, {"size_weights-check"})
    | {
        "one coalition, spelled here": weights(
            "the weight of one coalition",
            "def size_weights(M, kind):\n"
            "    from math import factorial as f\n\n"
            "    if kind == 'shapley':\n"
            "        return [f(k) * f(M - k - 1) / f(M) for k in range(M)]\n"
            "    return [comb(M - 1, k) / 2 ** (M - 1) for k in range(M)]\n",
        ),
        "one coalition, Banzhaf": weights(
            "the weight of one coalition", banzhaf="np.full(M, 1 / 2 ** (M - 1))"
        ),
        "one size more": weights("0 to M − 1 members", shapley="np.full(M + 1, 1 / (M + 1))"),
        "one size less": weights("yours are", shapley="np.full(M - 1, 1 / M)"),
        "divided by zero for one player": weights(
            "With M = 1 there are no others", shapley="np.full(M, (1 - 1 / M) / (M - 1))"
        ),
        "a number": weights("returned a single number", shapley="1 / M"),
        "no return": weights("returned nothing", shapley="None"),
        "the example by heart": weights("size_weights", banzhaf="np.resize([0.25, 0.5, 0.25], M)"),
    },
}
