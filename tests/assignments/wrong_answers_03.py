"""Assignment 03, answered wrongly in every known way.

grade_id of the answer -> what is wrong -> the answer, the graded cells that lose their points, and
a part of the message that the learner meets first.
"""

from tests.assignments.scoring import WrongAnswer

SWITCHED_OFF = "this exercise asks you to write it yourself"
GAME = """\
def as_game(v):
    return xk.Game(v.ndim, lambda masks: np.array([v[tuple(m.astype(int))] for m in masks]))


"""


def contributions(told, *, step="v[tuple(present)] - before", end="added", going="order"):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    source = f"""\
def contributions(v, order):
    M, nobody = v.ndim, (0,) * v.ndim
    present, added, in_turn = [0] * M, np.zeros(M), []
    for player in {going}:
        before = v[tuple(present)]
        present[player] = 1
        alone = tuple(int(p == player) for p in range(M))
        without = tuple(int(p != player) for p in range(M))
        added[player] = {step}
        in_turn.append(added[player])
    return {end}
"""
    return WrongAnswer(source, {"contributions-check"}, told)


def shapley(told, *, weight="right", of="with_i - v[S]", end="values", loses=(), before=""):
    """Return a wrong answer whose weights or differences are wrong."""
    source = f"""\
{before}def shapley(v):
    M, values, nobody = v.ndim, np.zeros(v.ndim), v[(0,) * v.ndim]
    for i in range(M):
        for S in product([0, 1], repeat=M):
            if S[i] == 0:
                size, with_i = sum(S), v[(*S[:i], 1, *S[i + 1 :])]
                right = factorial(size) * factorial(M - size - 1) / factorial(M)
                values[i] += ({weight}) * ({of})
    return {end}
"""
    return WrongAnswer(source, set(loses) or {"shapley-check", "shapley-example"}, told)


def is_symmetric(told, lines):
    """Return a wrong answer that may use `shares`, the pairs, and who is a twin of whom."""
    source = f"""\
def is_symmetric(method, v):
    shares, M = method(v), v.ndim
    pairs = [(i, j) for i in range(M) for j in range(i)]
    unit = np.eye(M, dtype=int)

    def twins(i, j):
        return np.allclose(v, np.swapaxes(v, i, j))

    def same(i, j):
        return np.isclose(shares[i], shares[j])

    {lines}
"""
    return WrongAnswer(source, {"is_symmetric-check"}, told)


def estimate(
    told, *, back="orders[:, ::-1]", mean="pairs.mean(axis=0)", error="std / np.sqrt(n)", end=None
):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    end = end or f"{mean}, {error}"
    source = f"""\
def estimate(added, orders):
    there = np.array([added(order) for order in orders])
    back = np.array([added(order) for order in {back}])
    pairs, n = (there + back) / 2, len(orders)
    std = pairs.std(axis=0, ddof=1)
    return {end}
"""
    return WrongAnswer(source, {"estimate-check"}, told)


def draw_coalition(told, line):
    """Return a wrong answer of one line."""
    source = f"def draw_coalition(others, rng):\n    k = len(others)\n    {line}\n"
    return WrongAnswer(source, {"draw_coalition-check"}, told)


WRONG_ANSWERS = {
    "contributions": {
        "in the order of joining": contributions(
            "the numbers are in the order of joining", end="np.array(in_turn)"
        ),
        "∅ forgotten": contributions(
            "the first to join adds v({i}) − v(∅)",
            step="v[tuple(present)] - (before if sum(present) > 1 else 0)",
        ),
        "the worth, not what was added": contributions(
            "subtract what it was worth before", step="v[tuple(present)]"
        ),
        "everyone alone": contributions(
            "those who came before stay in", step="v[alone] - v[nobody]"
        ),
        "everyone last": contributions(
            "this is what each would take away by leaving last",
            step="v[(1,) * M] - v[without]",
        ),
        "backwards": contributions("you went through the order backwards", going="order[::-1]"),
        "the sign": contributions("the sign is wrong", step="before - v[tuple(present)]"),
        "the order ignored": contributions(
            "joined in the order of their numbers", going="range(M)"
        ),
        "places taken for players": contributions(
            "player i is not the one at place order[i]", going="np.argsort(order)"
        ),
        "whole numbers": contributions("holds whole numbers only", end="added.astype(int)"),
        "the payoff of nobody, too": contributions(
            "one number too many", end="np.array([v[nobody], *in_turn])"
        ),
        "no return": contributions("contributions returned nothing", end="None"),
        "the sum alone": contributions("contributions returned a single number", end="added.sum()"),
        "its inputs changed": contributions(
            "contributions changed one of its inputs", end="order.sort() or added"
        ),
        "the example by heart": contributions("contributions: got", end="np.resize([6.0, 4.0], M)"),
    },
    "shapley": {
        "|S|!/M!": shapley(
            "the weights |S|!/M! are those of a single order of the players behind i",
            weight="factorial(size) / factorial(M)",
        ),
        "(M−|S|−1)!/M!": shapley(
            "count a single order of the players in S",
            weight="factorial(M - size - 1) / factorial(M)",
        ),
        "divided by |S|! only": shapley("you divided by |S|! only", weight="1 / factorial(size)"),
        "M! instead of (M−|S|−1)!": shapley(
            "in the weight stands M! where (M−|S|−1)! belongs",
            weight="factorial(size) * factorial(M) / factorial(M)",
        ),
        "i counted among those behind": shapley(
            "you counted i among them",
            weight="factorial(size) * factorial(M - size) / factorial(M)",
        ),
        "not divided by M!": shapley("divide by M!", weight="right * factorial(M)"),
        "1/M for each coalition": shapley("not of each", weight="1 / M"),
        "|S| with i": shapley(
            "|S| counts those before i, without i",
            weight="factorial(size + 1) * factorial(M - size - 1) / factorial(M)",
        ),
        "divided by 3!": shapley("M is not always 3", weight="right * factorial(M) / 6"),
        "= for +=": shapley(
            "only the last coalition is left", of="with_i - v[S]) - values[i] + 0 * (v[S]"
        ),
        "//": shapley(
            "// cuts the weights off",
            weight="factorial(size) * factorial(M - size - 1) // factorial(M)",
        ),
        "compared with nobody": shapley("subtract v(S), not v(∅)", of="with_i - nobody"),
        # The flat cannot tell: no payoff there needs all three.
        "Banzhaf": shapley("these are Banzhaf values", weight="2.0 ** (1 - M)"),
        "no weights": shapley("the weights are missing", weight="1"),
        "the source's five steps": shapley(
            "you weighed and averaged", weight="right / 2 ** (M - 1)"
        ),
        "without ∅": shapley("S = ∅ is missing", weight="right if size else 0"),
        "without the last": shapley("S = N∖i is missing", weight="right if size < M - 1 else 0"),
        "v(S ∪ i) alone": shapley("subtract v(S)", of="with_i"),
        "the sign": shapley("the sign is wrong", of="v[S] - with_i"),
        # Where v(∅) is 0, as on the flat, only the hidden games tell.
        "v(∅) shared out, too": shapley("nobody earned v(∅)", end="values + nobody / M"),
        "the payoffs counted from 0": shapley(
            "nobody earned v(∅)", of="with_i - (v[S] if size else 0)"
        ),
        "one order": shapley(
            "this is one order of joining",
            weight="all(S[:i]) and not any(S[i + 1 :])",
        ),
        "everyone alone": shapley("this is what each adds when alone", weight="size == 0"),
        "leave one out": shapley(
            "this is what each would take away at the end", weight="size == M - 1"
        ),
        "the example by heart": shapley("shapley: got", end="np.resize([35.0, 105.0, -30.0], M)"),
        "right for three players only": shapley(
            "these are Banzhaf values", weight="right if M == 3 else 2.0 ** (1 - M)"
        ),
        "three to five players only": shapley(
            "division by zero",
            end="values if 3 <= M <= 5 else 1 / 0",
            loses=["shapley-example"],
        ),
        "no return": shapley("shapley returned nothing", end="None"),
        "a value for every coalition": shapley("returned an array of shape", end="v * 1.0"),
        "its inputs changed": shapley(
            "shapley changed one of its inputs", end="v.fill(0) or values"
        ),
        "xaikit's exact values": shapley(
            SWITCHED_OFF, end="xk.exact_shapley(as_game(v)).values", before=GAME
        ),
        "xaikit's orders": shapley(
            SWITCHED_OFF, end="xk.permutation_shapley(as_game(v)).values", before=GAME
        ),
        "xaikit's regression": shapley(
            SWITCHED_OFF, end="xk.kernel_shap(as_game(v)).values", before=GAME
        ),
        "xaikit's Gaussian process": shapley(
            SWITCHED_OFF, end="xk.gaussian_process_shapley(as_game(v)).values", before=GAME
        ),
    },
    "is_symmetric": {
        "everyone gets the same": is_symmetric(
            "a game without twins", "return all(same(i, j) for i, j in pairs)"
        ),
        "nobody else may get the same": is_symmetric(
            "equal shares for players who are no twins",
            "return all(same(i, j) == twins(i, j) for i, j in pairs)",
        ),
        "worth the same alone": is_symmetric(
            "worth the same alone",
            "return all(same(i, j) for i, j in pairs"
            " if np.isclose(v[tuple(unit[i])], v[tuple(unit[j])]))",
        ),
        "add the same at last": is_symmetric(
            "add the same when they come last",
            "return all(same(i, j) for i, j in pairs"
            " if np.isclose(v[tuple(1 - unit[i])], v[tuple(1 - unit[j])]))",
        ),
        "alike at both ends": is_symmetric(
            "but not in between",
            "return all(same(i, j) for i, j in pairs"
            " if np.isclose(v[tuple(unit[i])], v[tuple(unit[j])])"
            " and np.isclose(v[tuple(1 - unit[i])], v[tuple(1 - unit[j])]))",
        ),
        "the same total worth": is_symmetric(
            "the same numbers, but at other coalitions",
            "return all(same(i, j) for i, j in pairs"
            " if np.isclose(np.take(v, 1, i).sum(), np.take(v, 1, j).sum()))",
        ),
        "the same numbers": is_symmetric(
            "the same numbers, but at other coalitions",
            "return all(same(i, j) for i, j in pairs if np.allclose("
            "np.sort(np.take(v, 1, i).ravel()), np.sort(np.take(v, 1, j).ravel())))",
        ),
        "nearly the same": is_symmetric(
            "The tolerance is too wide",
            "return all(same(i, j) for i, j in pairs"
            " if np.allclose(v, np.swapaxes(v, i, j), atol=0.2))",
        ),
        "the same to a hundredth": is_symmetric(
            "The tolerance is too wide",
            "return all(same(i, j) for i, j in pairs"
            " if np.allclose(v, np.swapaxes(v, i, j), atol=0.01))",
        ),
        "all axes turned round": is_symmetric(
            "v.T turns all round",
            "return all(same(i, j) for i, j in pairs if np.allclose(v, v.T))",
        ),
        "payoffs equal to the last digit": is_symmetric(
            "compare the payoffs with a tolerance",
            "return all(same(i, j) for i, j in pairs if (v == np.swapaxes(v, i, j)).all())",
        ),
        "shares equal to the last digit": is_symmetric(
            "is_symmetric: your test rejected Shapley's division",
            "return all(shares[i] == shares[j] for i, j in pairs if twins(i, j))",
        ),
        "no abs": is_symmetric(
            "in both directions",
            "return all(shares[i] - shares[j] < 1e-8 for i, j in pairs if twins(i, j))",
        ),
        "no abs, the other way round": is_symmetric(
            "in both directions",
            "return all(shares[j] - shares[i] < 1e-8 for i, j in pairs if twins(i, j))",
        ),
        "sizes alone": is_symmetric(
            "twins with shares of opposite signs",
            "return all(np.isclose(abs(shares[i]), abs(shares[j]))"
            " for i, j in pairs if twins(i, j))",
        ),
        "neighbours only": is_symmetric(
            "look at every pair",
            "return all(same(i, i + 1) for i in range(M - 1) if twins(i, i + 1))",
        ),
        "any pair instead of all": is_symmetric(
            "look at every pair",
            "return not pairs or any(same(i, j) for i, j in pairs if twins(i, j))"
            " or not any(twins(i, j) for i, j in pairs)",
        ),
        "a tolerance of five percent": is_symmetric(
            "a twin who gets 1% too",
            "return all(abs(shares[i] - shares[j]) <= 0.05 * abs(shares).max()"
            " for i, j in pairs if twins(i, j))",
        ),
        "always True": is_symmetric("your test accepted", "return True"),
        "always False": is_symmetric("your test rejected a game without twins", "return False"),
        "a verdict for each pair": is_symmetric(
            "returned list, expected True or False",
            "return [same(i, j) for i, j in pairs if twins(i, j)]",
        ),
        "no return": is_symmetric("returned NoneType", "all(same(i, j) for i, j in pairs)"),
        "the twins, not their shares": is_symmetric(
            "is_symmetric: your test accepted", "return any(twins(i, j) for i, j in pairs) or M > 0"
        ),
        "its inputs changed": is_symmetric(
            "is_symmetric changed one of its inputs",
            "v *= 0; return all(same(i, j) for i, j in pairs)",
        ),
    },
    "estimate": {
        "no reverses": estimate("the reverses are missing", mean="there.mean(axis=0)"),
        "the list turned round": estimate(
            "the reverses are missing",
            mean="np.mean([added(order) for order in orders[::-1]], axis=0)",
        ),
        "reverses only": estimate("only the reverses were asked", mean="back.mean(axis=0)"),
        "a pair added": estimate("take their mean", mean="(there + back).mean(axis=0)"),
        "a sum over pairs": estimate("take the mean over the pairs", mean="pairs.sum(axis=0)"),
        "std, not the standard error": estimate(
            "this is the standard deviation of one pair. That of the *mean*", error="std"
        ),
        "NumPy's std": estimate(
            "this is the standard deviation of one pair, and divided by n instead",
            error="pairs.std(axis=0)",
        ),
        "orders turned round, not each order": estimate(
            "orders[::-1] turns the list of orders round",
            back="orders[::-1]",
        ),
        "values and errors exchanged": estimate(
            "the values come first", end="std / np.sqrt(n), pairs.mean(axis=0)"
        ),
        "the variance over √n": estimate(
            "take the root of the variance first", error="std**2 / np.sqrt(n)"
        ),
        "1.96 standard errors": estimate(
            "return the standard error itself", error="1.96 * std / np.sqrt(n)"
        ),
        "divided by n": estimate("divide by √n, not by n", error="std / n"),
        "the variance of the mean": estimate("you took the variance: its", error="std**2 / n"),
        "the variance": estimate("you took the variance of one pair", error="std**2"),
        "no ddof": estimate("ddof=1", error="pairs.std(axis=0) / np.sqrt(n)"),
        "2n walks": estimate(
            "an order and its reverse are not independent",
            error="np.concatenate([there, back]).std(axis=0, ddof=1) / np.sqrt(2 * n)",
        ),
        "√(2n)": estimate("not of walks", error="std / np.sqrt(2 * n)"),
        "√M": estimate("not of players", error="std / np.sqrt(orders.shape[1])"),
        "the spread of single orders": estimate(
            "not of the orders without their reverses",
            error="there.std(axis=0, ddof=1) / np.sqrt(n)",
        ),
        "values only": estimate("return two arrays", end="pairs.mean(axis=0)"),
        "one error for all": estimate(
            "estimate, standard errors returned a single number",
            error="std.mean() / np.sqrt(n)",
        ),
        "no return": estimate("return two arrays", end="None"),
        "all orders at once": estimate(
            "hand `added` one order at a time", end="added(orders), std / np.sqrt(n)"
        ),
        "its inputs changed": estimate(
            "estimate changed one of its inputs",
            end="orders.sort(axis=1) or (pairs.mean(axis=0), std / np.sqrt(n))",
        ),
        "the example by heart": estimate(
            "estimate, values: got",
            end="np.full(orders.shape[1], 6.0), np.full(orders.shape[1], 1.155)",
        ),
    },
    "draw_coalition": {
        "a coin for each": draw_coalition(
            "a coin for each player makes every *subset* equally probable",
            "return others[rng.random(k) < 0.5]",
        ),
        "never all": draw_coalition(
            "never are all the others drawn",
            "return rng.choice(others, size=rng.integers(k), replace=False)",
        ),
        "never nobody": draw_coalition(
            "never is nobody drawn: the size begins at 0",
            "return rng.choice(others, size=rng.integers(1, k + 1), replace=False)",
        ),
        "neither": draw_coalition(
            "never is nobody drawn, and never everybody",
            "return rng.choice(others, size=rng.integers(1, k), replace=False)",
        ),
        "the first ones": draw_coalition(
            "you always take the first players", "return others[: rng.integers(k + 1)]"
        ),
        "the last ones": draw_coalition(
            "you always take the last players", "return others[k - rng.integers(k + 1) :]"
        ),
        "neighbours": draw_coalition(
            "only neighbours in `others`",
            "return np.roll(others, rng.integers(k))[: rng.integers(k + 1)]",
        ),
        "one size": draw_coalition(
            "the size is always the same",
            "return rng.choice(others, size=k // 2, replace=False)",
        ),
        "always nobody": draw_coalition("the size is always the same", "return others[:0]"),
        "a player twice": draw_coalition(
            "a player is drawn twice", "return rng.choice(others, size=rng.integers(k + 1))"
        ),
        "places instead of players": draw_coalition(
            "all of them from `others`",
            "return rng.choice(k, size=rng.integers(k + 1), replace=False)",
        ),
        "the size only": draw_coalition("return a list or an array", "return rng.integers(k + 1)"),
        "another generator": draw_coalition(
            "draw with the rng that you are given",
            "g = np.random.default_rng(); "
            "return g.choice(others, size=g.integers(k + 1), replace=False)",
        ),
        "sizes by a coin, twice": draw_coalition(
            "sizes 0, 1, 2, 3, 4 came in shares",
            "return rng.choice(others, size=min(k, 4 * rng.integers(2)), replace=False)",
        ),
        "no return": draw_coalition(
            "draw_coalition returned nothing", "rng.choice(others, size=1)"
        ),
        "its inputs changed": draw_coalition(
            "draw_coalition changed one of its inputs",
            "rng.shuffle(others); return others[: rng.integers(k + 1)]",
        ),
    },
}
