"""Every known wrong answer to assignment 03.

grade_id of the answer -> the mistake -> the wrong answer, the graded cells that lose their points,
and a part of the first message that the learner sees.
"""

from functools import partial

from tests.assignments.scoring import WrongAnswer, planted, wrong
from xaikit.course.checks import shapley_values as checks

OF_SHAPLEY = {"shapley-check", "shapley-example"}
SWITCHED_OFF = "this exercise asks you to write it yourself"
GAME = """\
def as_game(v):
    return xk.Game(v.ndim, lambda masks: np.array([v[tuple(m.astype(int))] for m in masks]))


"""

contributions = partial(wrong, checks.CONTRIBUTIONS, {"contributions-check"})
shapley = partial(wrong, checks.SHAPLEY, OF_SHAPLEY)
estimate = partial(wrong, checks.ESTIMATE, {"estimate-check"})
draw_coalition = partial(wrong, checks.DRAW_COALITION, {"draw_coalition-check"})


def is_symmetric(message, lines):
    """Return a wrong answer that may use `shares`, the pairs of players, and the pairs of twins."""
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
    return WrongAnswer(source, {"is_symmetric-check"}, message)


WRONG_ANSWERS = {
    "contributions": planted(checks.CONTRIBUTIONS, {"contributions-check"})
    | {
        "everyone alone, spelled here": contributions(
            "those who came before stay in",
            "def contributions(v, order):\n"
            "    return [np.take(v, 1, i).flat[0] - v.flat[0] for i in range(v.ndim)]\n",
        ),
        "whole numbers": contributions("holds whole numbers only", end="added.astype(int)"),
        "the payoff of nobody, too": contributions(
            "one number too many", end="[v[nobody], *added]"
        ),
        "no return": contributions("contributions returned nothing", end="None"),
        "the sum alone": contributions("contributions returned a single number", end="added.sum()"),
        "its inputs changed": contributions(
            "contributions changed one of its inputs", end="order.sort() or added"
        ),
        "the example by heart": contributions("contributions: got", end="np.resize([6.0, 4.0], M)"),
    },
    "shapley": planted(checks.SHAPLEY, OF_SHAPLEY)
    | {
        "Banzhaf values, spelled here": shapley(
            "these are Banzhaf values",
            "def shapley(v):\n"
            "    return [(np.take(v, 1, i) - np.take(v, 0, i)).mean() for i in range(v.ndim)]\n",
        ),
        "the example by heart": shapley("shapley: got", end="np.resize([35.0, 105.0, -30.0], M)"),
        "right for three players only": shapley(
            "these are Banzhaf values", weight="share if M == 3 else 2.0 ** (1 - M)"
        ),
        # Only the hidden games have other numbers of players.
        "three to five players only": wrong(
            checks.SHAPLEY,
            {"shapley-example"},
            "division by zero",
            end="values if 3 <= M <= 5 else 1 / 0",
        ),
        "no return": shapley("shapley returned nothing", end="None"),
        "a value for every coalition": shapley("returned an array of shape", end="v * 1.0"),
        "its inputs changed": shapley(
            "shapley changed one of its inputs", end="v.fill(0) or values"
        ),
    }
    | {
        f"xaikit's {method}": shapley(
            SWITCHED_OFF, before=GAME, end=f"xk.{method}(as_game(v)).values"
        )
        for method in (
            "exact_shapley",
            "permutation_shapley",
            "kernel_shap",
            "gaussian_process_shapley",
        )
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
    "estimate": planted(checks.VALUES, {"estimate-check"})
    | planted(checks.ERRORS, {"estimate-check"})
    | {
        "the variance of the mean, spelled here": estimate(
            "you took the variance: its root is missing",
            "def estimate(added, orders):\n"
            "    pairs = [0.5 * (added(o) + added(o[::-1])) for o in orders]\n"
            "    variances = np.cov(pairs, rowvar=False).diagonal()\n"
            "    return np.mean(pairs, axis=0), variances / len(pairs)\n",
        ),
        "the list turned round, beside its reverses": estimate(
            "the reverses are missing",
            values="np.mean([added(order) for order in orders[::-1]], axis=0)",
        ),
        "values only": estimate("return two arrays", end="values"),
        "one error for all": estimate(
            "estimate, standard errors returned a single number",
            errors="std.mean() / np.sqrt(n)",
        ),
        "no return": estimate("return two arrays", end="None"),
        "all orders at once": estimate("hand `added` one order at a time", values="added(orders)"),
        "its inputs changed": estimate(
            "estimate changed one of its inputs", end="orders.sort(axis=1) or (values, errors)"
        ),
        "the example by heart": estimate(
            "estimate, values: got", values="np.full(M, 6.0)", errors="np.full(M, 1.155)"
        ),
    },
    "draw_coalition": planted(checks.DRAW_COALITION, {"draw_coalition-check"})
    | {
        "a coin for each, spelled here": draw_coalition(
            "a coin for each player makes every *subset* equally probable",
            "def draw_coalition(others, rng):\n"
            "    return {other for other in others.tolist() if rng.integers(2)}\n",
        ),
        "one size": draw_coalition("the size is always the same", size="k // 2"),
        "always nobody": draw_coalition("nothing was drawn with the `rng`", size="0"),
        "a player twice": draw_coalition(
            "a player is drawn twice", coalition="rng.choice(others, size=size)"
        ),
        "places instead of players": draw_coalition(
            "all of them from `others`", coalition="rng.choice(k, size=size, replace=False)"
        ),
        "the size only": draw_coalition("return a list or an array", coalition="size"),
        "another generator": draw_coalition(
            "draw with the rng that you are given",
            coalition="np.random.default_rng().choice(others, size=size, replace=False)",
        ),
        "a generator of its own with a fixed seed": draw_coalition(
            "nothing was drawn with the `rng`",
            "def draw_coalition(others, rng):\n"
            "    rng = np.random.default_rng(0)\n"
            "    return rng.choice(others, size=rng.integers(len(others) + 1), replace=False)\n",
        ),
        "sizes by a coin, twice": draw_coalition(
            "sizes 0, 1, 2, 3, 4 came in shares", size="min(k, 4 * rng.integers(2))"
        ),
        "no return": draw_coalition("draw_coalition returned nothing", coalition="None"),
        "its inputs changed": draw_coalition(
            "draw_coalition changed one of its inputs",
            coalition="rng.shuffle(others) or others[:size]",
        ),
    },
}
