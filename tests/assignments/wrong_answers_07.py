"""Assignment 07, answered wrongly in every known way.

grade_id of the answer -> what is wrong -> the answer, the graded cells that lose their points, and
a part of the message that the learner meets first.
"""

from tests.assignments.scoring import WrongAnswer

SWITCHED_OFF = "this exercise asks you to write it yourself"
WITHOUT_EXAMPLE = ("-check",)
BOTH = ("-check", "-example")


def cells(name, which):
    return {name + part for part in which}


def coalition(told, *, mean="k * mu", variance="k * var * (K - k) / max(K - 1, 1)", **more):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    others = more.get("others", "np.delete(P, player)")
    result = more.get("result", "mean, variance")
    source = f"""\
def coalition_moments(P, player, k):
    others = {others}
    K, mu, var = len(others), others.mean(), others.var()
    mean, variance = {mean}, {variance}
    return {result}
"""
    return WrongAnswer(source, cells("coalition_moments", more.get("loses", BOTH)), told)


def relu(told, *, mean="m * below + s * p", square="(m**2 + v) * below + m * s * p", **more):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    root = more.get("root", "np.sqrt(v)")
    ratio = more.get("ratio", "m / np.maximum(s, 1e-12)")
    variance = more.get("variance", "square - mean**2")
    source = f"""\
def relu_moments(m, v):
    {more.get("before", "pass")}
    s = {root}
    r = {ratio}
    below, p = norm.cdf(r), norm.pdf(r)
    mean, square = {mean}, {square}
    return {more.get("result", f"mean, {variance}")}
"""
    return WrongAnswer(source, cells("relu_moments", more.get("loses", BOTH)), told)


def dense(line, told):
    """Return a wrong answer of one line."""
    source = f"""\
def dense_moments(W, beta, m, v):
    {line}
"""
    return WrongAnswer(source, {"dense_moments-check"}, told)


def value(told, *, sizes="range(M)", step="readout @ (present - without)", **more):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    own = more.get("own", "0")
    source = f"""\
def dasp_value(P, start, readout, player, coalition_moments, relu_moments):
    M, steps = P.shape[1], []
    {more.get("before", "pass")}
    for k in {sizes}:
        m, v = np.array({more.get("pairs", "[coalition_moments(row, player, k) for row in P]")}).T
        v = {more.get("v", "v")}
        without, _ = relu_moments({more.get("without", "start + m")}, v)
        present, _ = relu_moments({more.get("present", "start + m + P[:, player]")}, v + {own})
        steps.append({step})
    return {more.get("result", "np.mean(steps)")}
"""
    return WrongAnswer(source, cells("dasp_value", more.get("loses", BOTH)), told)


def own_test(told, *, draw="x, b, w = rng.normal(size=(3, M))", linear=None, **more):
    """Return a wrong answer that differs from the right one in the parts that are given."""
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
    return WrongAnswer(source, {"is_right_where_certain-check"}, told)


def weights(told, *, shapley="np.full(M, 1 / M)", banzhaf=None):
    """Return a wrong answer that differs from the right one in the kinds that are given."""
    banzhaf = banzhaf or "np.array([comb(M - 1, k) for k in range(M)]) / 2 ** (M - 1)"
    source = f"""\
def size_weights(M, kind):
    from math import factorial

    if kind == "shapley":
        return {shapley}
    return {banzhaf}
"""
    return WrongAnswer(source, {"size_weights-check"}, told)


WRONG_ANSWERS = {
    "coalition_moments": {
        "with replacement": coalition("drawing with replacement", variance="k * var"),
        "the player among the others": coalition("leave it out", others="P"),
        "the player among the others, in the variance": coalition(
            "leave it out", variance="k * P.var() * (len(P) - k) / K"
        ),
        "K counts the player": coalition(
            "it counts the player as well", variance="k * var * (K + 1 - k) / K"
        ),
        "divided by K": coalition("divided by K − 1", variance="k * var * (K - k) / K"),
        "a sample's variance": coalition(
            "divide their squares by K",
            variance="k * others.var(ddof=1) * (K - k) / (K - 1) if K > 1 else 0.0",
        ),
        "the mean of one": coalition("mean of one of the others", mean="mu"),
        "the mean of all": coalition("mean of all others together", mean="K * mu"),
        "the player on top": coalition("counts as present", mean="k * mu + P[player]"),
        "k squared": coalition("not with k²", variance="k**2 * var * (K - k) / max(K - 1, 1)"),
        "the variance of a mean": coalition(
            "variance of the mean of the k",
            variance="k * var * (K - k) / max(K - 1, 1) / max(k, 1) ** 2",
        ),
        "a standard deviation": coalition(
            "this is a standard deviation",
            variance="np.sqrt(k * var * (K - k) / max(K - 1, 1))",
        ),
        "a division by zero": coalition(
            "K − 1 = 0", variance="k * var * ((K - k) / (K - 1))", loses=WITHOUT_EXAMPLE
        ),
        "NaN for two players": coalition(
            "K − 1 = 0",
            variance="k * var * (K - k) / (K - 1) if K > 1 else np.nan",
            loses=WITHOUT_EXAMPLE,
        ),
        "players from 1": coalition("players count from 0", others="np.delete(P, player - 1)"),
        "the player as a 0": coalition(
            "stays among the others as a 0",
            others="np.where(np.arange(len(P)) == player, 0, P)",
        ),
        "the last player left out": coalition(
            "you left out the last player", others="P[:-1]", loses=WITHOUT_EXAMPLE
        ),
        "the mean square": coalition(
            "you put the mean square",
            variance="k * np.mean(others**2) * (K - k) / max(K - 1, 1)",
        ),
        "the mean alone": coalition("returns two things", result="mean"),
        "no return": coalition("returned nothing", result="None"),
        "its inputs changed": coalition(
            "changed one of its inputs", others="np.delete(P, player); P -= 1"
        ),
        "the example by heart": coalition(
            "coalition_moments", mean="2.0", variance="6.0", loses=WITHOUT_EXAMPLE
        ),
        "those of exercise 4": coalition(
            SWITCHED_OFF, result="checks.given_coalition_moments(P, player, k)"
        ),
        "xaikit's moments": coalition(
            SWITCHED_OFF,
            result="xk.methods.dasp._of_coalitions(np.array([k]), K, others.sum()[None], "
            "(others**2).sum()[None])",
        ),
    },
    "relu_moments": {
        "relu of the mean": relu("this is relu of the mean", mean="np.maximum(m, 0)"),
        # In the example r is 0 and Φ is ½; its certain unit has s = 0.
        "v for s": relu("you put the variance itself", root="v"),
        "the part with p missing": relu("the part s p(r) is missing", mean="m * below"),
        # At m = 0 nothing is missing, but the certain unit passes its mean on.
        "the part with Φ missing": relu("the part m Φ(r) is missing", mean="s * p"),
        "the variance times p": relu("not by the variance", mean="m * below + v * p"),
        "p alone": relu("the factor is missing", mean="m * below + p"),
        "the sign of r": relu("the sign of r is wrong", ratio="-m / np.maximum(s, 1e-12)"),
        "Φ and p exchanged": relu("Φ and p are exchanged", mean="m * p + s * below"),
        # At v = 0 it is Φ(m) that is wrong.
        "m for r": relu("you put m into Φ and p", ratio="m"),
        "an if": relu("`if` decides for one", before="if v == 0: return np.maximum(m, 0), 0"),
        "the mean of the open": relu(
            "where the gate is open", mean="m + s * p / np.maximum(below, 1e-300)"
        ),
        "the mean square": relu("this is the mean square", variance="square"),
        "the mean subtracted": relu("not the mean", variance="square - mean"),
        "m squared subtracted": relu("not m²", variance="square - m**2"),
        "the variance before": relu("the variance before the ReLU", variance="v"),
        "the open share of the variance": relu(
            "shrinks by more than the share", variance="v * below"
        ),
        "a standard deviation": relu(
            "this is a standard deviation",
            variance="np.sqrt(np.maximum(square - mean**2, 0))",
        ),
        "m s p missing": relu(
            "the part m s p(r) is missing",
            square="(m**2 + v) * below",
            loses=WITHOUT_EXAMPLE,
        ),
        "v missing": relu("is multiplied by m² + v", square="m**2 * below + m * s * p"),
        "NaN for certain units": relu(
            "NaN or infinity for a certain unit",
            before="np.seterr(all='ignore')",
            ratio="m / s",
            loses=WITHOUT_EXAMPLE,
        ),
        "certain units closed": relu(
            "of a certain unit",
            result="np.where(v > 0, mean, 0), np.where(v > 0, square - mean**2, 0)",
        ),
        "one part": relu("returns two things", result="mean"),
        "no return": relu("returned nothing", result="None"),
        "its inputs changed": relu("changed one of its inputs", before="m += 0.5"),
        "the example by heart": relu(
            "relu_moments",
            result="np.resize([0.798, 3.0], len(m)), np.resize([1.363, 0.0], len(m))",
            loses=WITHOUT_EXAMPLE,
        ),
        "that of exercise 4": relu(SWITCHED_OFF, result="checks.given_relu_moments(m, v)"),
        "xaikit's ReLU": relu(SWITCHED_OFF, result="xk.methods.dasp.relu(m, v)"),
    },
    "dense_moments": {
        "W for W²": dense("return W @ m + beta, W @ v", "weights are squared for a variance"),
        "sizes of W": dense("return W @ m + beta, abs(W) @ v", "their size alone"),
        "the bias in the variance": dense(
            "return W @ m + beta, W**2 @ v + beta", "adds nothing to a variance"
        ),
        "the bias squared in the variance": dense(
            "return W @ m + beta, W**2 @ v + beta**2", "squared or not"
        ),
        "the bias forgotten": dense("return W @ m, W**2 @ v", "the bias is missing"),
        "W² for the mean": dense("return W**2 @ m + beta, W**2 @ v", "not squared for the mean"),
        "standard deviations added": dense(
            "return W @ m + beta, (abs(W) @ np.sqrt(v)) ** 2", "do not add up"
        ),
        "parts added, then squared": dense(
            "return W @ m + beta, (W @ np.sqrt(v)) ** 2", "you lose signs"
        ),
        "the sum squared": dense("return W @ m + beta, (W @ v) ** 2", "you squared the sum"),
        "v squared": dense("return W @ m + beta, W**2 @ v**2", "only the weights"),
        "a standard deviation": dense(
            "return W @ m + beta, np.sqrt(W**2 @ v)", "this is a standard deviation"
        ),
        "a matrix product of W with itself": dense(
            "return W @ m + beta, W @ W @ v", "shapes do not fit"
        ),
        "transposed": dense("return W.T @ m + beta, W.T**2 @ v", "so W @ m"),
        "the mean alone": dense("return W @ m + beta", "returns two things"),
        "no return": dense("W @ m + beta, W**2 @ v", "returned nothing"),
        "its inputs changed": dense("W *= W; return W @ m + beta, W @ v", "changed one of its"),
        "the example by heart": dense("return [4.0], [17.0]", "expected an array"),
        "xaikit's layer": dense(
            "mean, variance = xk.methods.dasp.layer_moments(xk.Dense(W, beta), (m[None], v[None]))"
            "; return mean[0], variance[0]",
            SWITCHED_OFF,
        ),
    },
    "dasp_value": {
        "a sum": value("this is a sum over the sizes", result="np.sum(steps)"),
        "divided by M - 1": value("divide by M", result="np.sum(steps) / (M - 1)"),
        "sizes 1 to M": value("k goes from 0 to M − 1", sizes="range(1, M + 1)"),
        "size 0 missing": value("size 0, the empty coalition", sizes="range(1, M)"),
        "size M - 1 missing": value("size M − 1, all the others", sizes="range(M - 1)"),
        "size 0 missing, divided by M": value(
            "size 0, the empty coalition, is missing: range(M)",
            sizes="range(1, M)",
            result="np.sum(steps) / M",
        ),
        "size M - 1 missing, divided by M": value(
            "size M − 1, all the others, is missing: range(M)",
            sizes="range(M - 1)",
            result="np.sum(steps) / M",
        ),
        "size 0 missing, a sum": value(
            "this is a sum over the sizes, and size 0",
            sizes="range(1, M)",
            result="np.sum(steps)",
        ),
        "size M - 1 missing, a sum": value(
            "this is a sum over the sizes, and size M − 1",
            sizes="range(M - 1)",
            result="np.sum(steps)",
        ),
        # With two players there is one coalition of each size: no variance, and equal weights.
        "Banzhaf": value(
            "which is the Banzhaf value",
            result="np.dot(steps, [comb(M - 1, k) for k in range(M)]) / 2 ** (M - 1)",
        ),
        "relu of the mean": value("this is relu of the mean", v="0 * v"),
        "the sign": value("the sign is wrong", step="readout @ (without - present)"),
        "with the player only": value("subtract the mean without", step="readout @ present"),
        # The lecture's unit has a start, the example by hand has none.
        "the root of the variance": value("was given its square root", v="np.sqrt(v)"),
        "the player's own variance": value("not to the variance", own="P[:, player] ** 2"),
        "no ReLU": value("network without ReLU", result="readout @ P[:, player]"),
        "two moments subtracted": value(
            "returns two things", step="relu_moments(m, v) - relu_moments(m, v)"
        ),
        "a size for each unit": value("M is P.shape[1]", sizes="range(9)"),
        "start forgotten": value(
            "start, what a unit receives",
            without="m",
            present="m + P[:, player]",
        ),
        "the readout forgotten": value(
            "here they are just added", step="(present - without).sum()", loses=WITHOUT_EXAMPLE
        ),
        "a value for each unit": value(
            "readout @ …",
            step="present - without",
            result="np.mean(steps, axis=0)",
            loses=WITHOUT_EXAMPLE,
        ),
        "a value for each size": value("average over the sizes", result="np.array(steps)"),
        "all units at once": value(
            "call it for each row of P", pairs="coalition_moments(P, player, k)"
        ),
        "no return": value("returned nothing", result="None"),
        "its inputs changed": value("changed one of its inputs", before="P += start[:, None]"),
        "the example by heart": value(
            "dasp_value: got", result="2.0994689 if M == 5 else 1.5", loses=WITHOUT_EXAMPLE
        ),
        "xaikit's DASP": value(
            SWITCHED_OFF,
            result="xk.dasp(xk.Network([xk.Dense(P, start), xk.ReLU(), xk.Dense(readout[None])]), "
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
            "approximate in the middle", ends="np.allclose(steps, checks.exact_steps(bent, x, b))"
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
    "size_weights": {
        "one coalition, Shapley": weights(
            "the weight of one coalition",
            shapley="np.array([factorial(k) * factorial(M - k - 1) / factorial(M) "
            "for k in range(M)])",
        ),
        "one coalition, Banzhaf": weights(
            "the weight of one coalition", banzhaf="np.full(M, 1 / 2 ** (M - 1))"
        ),
        "exchanged": weights(
            "the other value's weights",
            shapley="np.array([comb(M - 1, k) for k in range(M)]) / 2 ** (M - 1)",
            banzhaf="np.full(M, 1 / M)",
        ),
        "counts": weights(
            "are to sum to 1", banzhaf="np.array([comb(M - 1, k) for k in range(M)])"
        ),
        "drawn from all players": weights(
            "draw from M − 1 others", banzhaf="np.array([comb(M, k) for k in range(M)]) / 2**M"
        ),
        "one size more": weights("0 to M − 1 members", shapley="np.full(M + 1, 1 / (M + 1))"),
        "one size less": weights("yours are", shapley="np.full(M - 1, 1 / M)"),
        "divided by M - 1": weights("divide by M", shapley="np.full(M, 1 / (M - 1))"),
        "divided by zero for one player": weights(
            "With M = 1 there are no others", shapley="np.full(M, (1 - 1 / M) / (M - 1))"
        ),
        "sizes from 1": weights(
            "the first size is 0",
            banzhaf="np.array([comb(M - 1, k) for k in range(1, M + 1)]) / 2 ** (M - 1)",
        ),
        "a number": weights("returned a single number", shapley="1 / M"),
        "no return": weights("returned nothing", shapley="None"),
        "the example by heart": weights("size_weights", banzhaf="np.resize([0.25, 0.5, 0.25], M)"),
    },
}
