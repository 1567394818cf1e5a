"""Checks of assignment 07: moments of coalitions, of a ReLU, of a layer; a DASP value; weights."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from math import comb, factorial
from operator import itemgetter
from typing import Any

import numpy as np
from scipy.stats import norm

import xaikit as xk
from xaikit.course import checks
from xaikit.course.checks import Mistake, compare, passed, plain, shape_of, shapes_fit, verdict_of
from xaikit.course.checks import last_inputs as last_inputs
from xaikit.course.checks.mistakes import Answer
from xaikit.methods import dasp as xaikits
from xaikit.methods import moments

KINDS = ("shapley", "banzhaf")
NODES = np.polynomial.legendre.leggauss(120)


XAIKITS = (
    xaikits.dasp,
    xaikits.unit_moments,
    xaikits.unit_samples,
    moments.propagate,
    moments.layer_moments,
    moments.relu,
    moments.leaky_relu,
    xaikits._of_coalitions,
)


def by_hand(answer: Callable, handed: bool = False) -> Callable:
    """Return the learner's function, guarded; xaikit's own answers are switched off inside.

    `dasp_value` receives the answers of exercises 1 and 2: for it they stay on.
    """
    moments = () if handed else (given_coalition_moments, given_relu_moments)
    return checks.by_hand(answer, *XAIKITS, *moments)


def _two(given: Any, shape: tuple[int, ...], name: str) -> list[np.ndarray]:
    """Return the two parts of an answer, mean and variance."""
    words = f"{name} returns two things, mean and variance: return mean, variance"
    parts = checks.pair(given, words, shape)
    return [plain(part, shape, f"{name}, {what}") for part, what in zip(parts, WHAT, strict=True)]


WHAT = ("mean", "variance")


def _compare_both(
    given: list[np.ndarray], expected: tuple, answer: Answer, arguments: tuple, name: str
) -> None:
    """Compare both parts of an answer, each with that part of its mistakes."""
    for i, what in enumerate(WHAT):
        mistaken = replace(answer, read=itemgetter(i)).mistaken(*arguments)
        compare(given[i], np.asarray(expected[i]), mistaken, f"{name}, {what}")


COALITION_MOMENTS = Answer(
    """\
def coalition_moments(P, player, k):
    others = $others
    K, mu, var = len(others), others.mean(), $var
    mean, variance = $mean, $count * var * $share
    return $end
""",
    dict(
        others="np.delete(P, player)",
        var="others.var()",
        mean="k * mu",
        count="k",
        share="(K - k) / max(K - 1, 1)",
        end="mean, variance",
    ),
    {
        "the player itself is among those drawn from: leave it out": dict(others="P"),
        "this is the mean of one of the others: k of them are present": dict(mean="mu"),
        "this is the mean of all others together: k of them are present": dict(mean="K * mu"),
        "the player counts as present: it comes on top, later": dict(mean="k * mu + P[player]"),
        "players count from 0: you left out the one before": dict(
            others="np.delete(P, player - 1)"
        ),
        "the player stays among the others as a 0: leave it out, so that K = M − 1 are left": dict(
            others="np.where(np.arange(len(P)) == player, 0, P)"
        ),
        "you left out the last player: leave out `player`, which may be any of them": dict(
            others="P[:-1]"
        ),
        "this is drawing with replacement: nobody can be in a coalition twice": dict(share="1"),
        "(K − k) is divided by K − 1, not by K": dict(share="(K - k) / K"),
        "K counts the others, M − 1 of them: here it counts the player as well": dict(
            share="(K + 1 - k) / K"
        ),
        "the factor k of the variance is missing: more members vary more": dict(count="1"),
        "this is the variance of the mean of the k: their sum varies k² times as much": dict(
            end="mean, variance / max(k, 1) ** 2"
        ),
        "this is a standard deviation: give the variance": dict(end="mean, np.sqrt(variance)"),
        "σ² is the mean square minus the squared mean: you put the mean square": dict(
            var="np.mean(others**2)"
        ),
        "the variance of a sum of k grows with k, not with k²": dict(end="mean, k * variance"),
        "the K others are all there are: divide their squares by K, not by K − 1": dict(
            var="others.var(ddof=1)"
        ),
    },
)


def coalition_moments(answer: Callable, rounds: int = 8) -> None:
    """Check ``coalition_moments(P, player, k)`` -> (mean, variance)."""
    rng = np.random.default_rng()
    # Two players come last: for them many mistakes give the same numbers.
    for number, M in enumerate([*(int(m) for m in rng.integers(4, 8, size=rounds)), 2, 2]):
        P, player = _brought(rng, M), int(rng.integers(M))
        if number == 0:  # neither first nor last: shows which player was left out
            player = int(rng.integers(1, M - 1))
        for k in range(M):
            given = _two(_coalition_of(P, player, k, answer), (), "coalition_moments")
            others = np.delete(P, player)
            sums = [sum(chosen) for chosen in combinations(others, k)]
            _compare_both(
                given,
                (np.mean(sums), np.var(sums)),
                COALITION_MOMENTS,
                (P, player, k),
                "coalition_moments",
            )
    passed("coalition_moments: equal to the list of all coalitions, for every size")


def _coalition_of(P: np.ndarray, player: int, k: int, answer: Callable) -> Any:
    """Call the answer; raise a Mistake with a hint if division by K − 1 = 0 stops it."""
    words = (
        "coalition_moments: division by zero gives NaN or infinity, or stops: with two players "
        "there is one other, K − 1 = 0. Nothing is left to chance then, and the variance is 0"
    )
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            given = by_hand(answer)(P, player, k)
    except ZeroDivisionError:
        raise Mistake(words) from None
    if len(P) == 2 and shape_of(given) == (2,):
        variance = np.asarray(given[1])
        if variance.dtype.kind == "f" and not np.isfinite(variance).all():
            raise Mistake(words)
    return given


def _brought(rng: np.random.Generator, M: int) -> np.ndarray:
    """Draw contributions whose moments with and without any of them differ."""
    while True:
        P = rng.normal(size=M) * 2 + rng.choice([-1, 1])
        without = [np.delete(P, i) for i in range(M)]
        if min(abs(o.mean() - P.mean()) for o in without) > 0.02 and abs(P).min() > 0.1:
            return P


RELU_MOMENTS = Answer(
    """\
def relu_moments(m, v):
    s = $s
    r = $r
    below, p = norm.cdf(r), norm.pdf(r)
    whole = m * below + s * p
    square = $square
    mean, variance = $mean, $variance
    return $end
""",
    dict(
        s="np.sqrt(v)",
        r="m / np.maximum(s, 1e-12)",
        square="(m**2 + s**2) * below + m * s * p",
        mean="whole",
        variance="square - whole**2",
        end="mean, variance",
    ),
    {
        "this is relu of the mean: a unit whose mean is negative is open at times": dict(
            mean="np.maximum(m, 0)"
        ),
        "the part s p(r) is missing": dict(mean="m * below"),
        "the part m Φ(r) is missing": dict(mean="s * p"),
        "s is the square root of the variance: you put the variance itself": dict(s="v"),
        "p(r) is multiplied by s, not by the variance": dict(mean="m * below + v * p"),
        "p(r) is multiplied by s: the factor is missing": dict(mean="m * below + p"),
        "the sign of r is wrong: the gate is open for t > −r, with probability Φ(r)": dict(
            r="-m / np.maximum(s, 1e-12)"
        ),
        "Φ and p are exchanged: m Φ(r) + s p(r)": dict(mean="m * p + s * below"),
        "r is m/s, and you put m into Φ and p": dict(r="m"),
        "this is the mean where the gate is open: closed it passes 0, which counts": dict(
            mean="whole / below"
        ),
        "this is the variance before the ReLU": dict(variance="v"),
        "this is the mean square: subtract the squared mean": dict(variance="square"),
        "subtract the squared mean, not the mean": dict(variance="square - whole"),
        "subtract the squared mean behind the ReLU, not m²": dict(variance="square - m**2"),
        "this is a standard deviation: give the variance": dict(end="mean, np.sqrt(variance)"),
        "in the mean square, the part m s p(r) is missing": dict(square="(m**2 + v) * below"),
        "in the mean square, Φ(r) is multiplied by m² + v": dict(square="m**2 * below + m * s * p"),
        "a variance before the ReLU shrinks by more than the share that is open": dict(
            variance="v * below"
        ),
        "Φ(r)² is no factor of a variance: take the mean square, minus the squared mean": dict(
            variance="v * below**2"
        ),
    },
    names={"norm": norm},
)


def relu_moments(answer: Callable, rounds: int = 10) -> None:
    """Check ``relu_moments(m, v)`` -> (mean, variance), arrays (n,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        n = int(rng.integers(3, 7))
        m, v = rng.normal(size=n), rng.uniform(1.5, 5.0, size=n)
        try:
            given = by_hand(answer)(m, v)
        except ValueError as error:
            if "truth value" not in str(error):
                raise
            raise Mistake(
                "relu_moments: m and v are arrays, a number for each unit, and `if` decides for "
                "one. Divide by np.maximum(s, 1e-12), and no unit needs a case of its own"
            ) from None
        given = _two(given, (n,), "relu_moments")
        _compare_both(given, _relu(m, v), RELU_MOMENTS, (m, v), "relu_moments")
    # Certain units beside others: no case for all units at once is right.
    m, v = np.array([-2.0, 0.0, 1.5, -1.0, 0.5]), np.array([0.0, 0.0, 0.0, 2.0, 3.0])
    given = by_hand(answer)(m, v)
    if not all(np.isfinite(np.asarray(part, dtype=float)).all() for part in given):
        raise Mistake(
            "relu_moments returned NaN or infinity for a certain unit, v = 0: there r = m/s "
            "divides by zero. Such a unit passes relu(m) on, with variance 0"
        )
    given = _two(given, (5,), "relu_moments, v = 0")
    for what, ours, theirs in zip(WHAT, given, _relu(m, v), strict=True):
        compare(ours[:3], theirs[:3], {}, f"relu_moments, {what} of a certain unit (v = 0)")
        if not checks.close(ours, theirs):
            raise Mistake(
                f"relu_moments, {what}: one certain unit (v = 0) does not make the others certain. "
                "Divide by np.maximum(s, 1e-12), and no unit needs a case of its own"
            )
    passed(f"relu_moments: {rounds} rounds against integrals, and certain units")


def _relu(m: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Integrate relu(m + st) and its square over the part where the gate is open."""
    nodes, weights = NODES
    mean, square = np.maximum(m, 0.0), np.maximum(m, 0.0) ** 2
    for j in np.flatnonzero(v > 0):
        s = v[j] ** 0.5
        low, high = np.clip(-m[j] / s, -12, 12), 12.0
        t = low + (high - low) * (nodes + 1) / 2
        share = (high - low) / 2 * weights * np.exp(-(t**2) / 2) / (2 * np.pi) ** 0.5
        mean[j], square[j] = share @ (m[j] + s * t), share @ (m[j] + s * t) ** 2
    return mean, square - mean**2


DENSE_MOMENTS = Answer(
    """\
def dense_moments(W, beta, m, v):
    mean, variance = $mean, $variance
    return $end
""",
    dict(mean="W @ m + beta", variance="W**2 @ v", end="mean, variance"),
    {
        "the bias is missing: it moves the mean": dict(mean="W @ m"),
        "weights are not squared for the mean": dict(mean="W**2 @ m + beta"),
        "weights are squared for a variance, since (wa)² = w²a²": dict(variance="W @ v"),
        "weights are squared for a variance; their size alone is not enough": dict(
            variance="abs(W) @ v"
        ),
        "a bias is certain and adds nothing to a variance": dict(variance="W**2 @ v + beta"),
        "a bias is certain and adds nothing to a variance, squared or not": dict(
            variance="W**2 @ v + beta**2"
        ),
        "standard deviations of independent units do not add up, variances do": dict(
            variance="(abs(W) @ np.sqrt(v)) ** 2"
        ),
        "add the weighted parts first and you lose signs: square each weight": dict(
            variance="(W @ np.sqrt(v)) ** 2"
        ),
        "variances are not squared, only the weights": dict(variance="W**2 @ v**2"),
        "square each weight before you add up: you squared the sum": dict(variance="(W @ v) ** 2"),
        "this is a standard deviation: give the variance": dict(end="mean, np.sqrt(variance)"),
    },
)


def dense_moments(answer: Callable, rounds: int = 10) -> None:
    """Check ``dense_moments(W, beta, m, v)`` -> (mean, variance), arrays (out,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        outputs, inputs = (int(size) for size in rng.permutation([2, 3, 4, 5])[:2])
        W, beta = rng.normal(size=(outputs, inputs)), rng.uniform(0.5, 2, size=outputs)
        W[0] = -abs(W[0]) - 0.1
        m, v = rng.normal(size=inputs), rng.uniform(1.5, 4, size=inputs)
        hint = f"W is (out, in), here {W.shape}, and m and v are (in,), so W @ m"
        with shapes_fit("dense_moments", hint):
            given = by_hand(answer)(W, beta, m, v)
        given = _two(given, (outputs,), "dense_moments")
        pairs = [(range(inputs), W[o]) for o in range(outputs)]
        mean = np.array([sum(w[i] * m[i] for i in js) for js, w in pairs])
        variance = np.array([sum(w[i] ** 2 * v[i] for i in js) for js, w in pairs])
        _compare_both(
            given, (mean + beta, variance), DENSE_MOMENTS, (W, beta, m, v), "dense_moments"
        )
    passed(f"dense_moments: {rounds} random layers")


def given_coalition_moments(P: Any, player: int, k: int) -> tuple[float, float]:
    """Return the right answer of exercise 1, for `dasp_value`: exercise 1 may still be wrong."""
    shape = shape_of(P)
    if shape is None or len(shape) != 1 or len(P) < 2:
        raise Mistake(
            "coalition_moments takes the contributions to one unit, of shape (M,): call it for "
            f"each row of P. It was given shape {shape}"
        )
    others = np.delete(np.asarray(P, dtype=float), player)
    K = len(others)
    if not 0 <= k <= K:
        raise Mistake(
            f"dasp_value asked for a coalition of {k}, drawn from K = {K} others: k goes from 0 to "
            "M − 1, and M is P.shape[1]"
        )
    spread = (K - k) / (K - 1) if K > 1 else 0.0
    return float(k * others.mean()), float(k * others.var() * spread)


def given_relu_moments(m: Any, v: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the right answer of exercise 2, for numbers as well as for arrays."""
    m, v = np.broadcast_arrays(np.asarray(m, dtype=float), np.asarray(v, dtype=float))
    if (v < 0).any():
        raise Mistake("relu_moments was given a negative variance")
    mean, variance = _relu(m.reshape(-1), v.reshape(-1))
    return mean.reshape(m.shape), variance.reshape(m.shape)


DASP_VALUE = Answer(
    """\
def dasp_value(P, start, readout, player, coalition_moments, relu_moments):
    M, steps = P.shape[1], []
    for k in $sizes:
        m, v = np.array([coalition_moments($contributions, player, k) for row in P]).T
        m, v = $m, $v
        without, _ = relu_moments(m, v)
        present, _ = relu_moments($m_with, $v_with)
        steps.append($step)
    return $end
""",
    dict(
        sizes="range(M)",
        contributions="row",
        m="start + m",
        v="v",
        m_with="m + P[:, player]",
        v_with="v",
        step="readout @ (present - without)",
        end="np.mean(steps)",
    ),
    {
        "this is a sum over the sizes: take their mean": dict(end="np.sum(steps)"),
        "there are M sizes, 0 to M − 1: divide by M": dict(end="np.sum(steps) / (M - 1)"),
        "size 0, the empty coalition, is missing": dict(sizes="range(1, M)"),
        "size M − 1, all the others, is missing": dict(sizes="range(M - 1)"),
        "size 0, the empty coalition, is missing: range(M) begins with it": dict(
            sizes="range(1, M)", end="np.sum(steps) / M"
        ),
        "size M − 1, all the others, is missing: range(M) ends with it": dict(
            sizes="range(M - 1)", end="np.sum(steps) / M"
        ),
        "this is a sum over the sizes, and size 0, the empty coalition, is missing": dict(
            sizes="range(1, M)", end="np.sum(steps)"
        ),
        "this is a sum over the sizes, and size M − 1, all the others, is missing": dict(
            sizes="range(M - 1)", end="np.sum(steps)"
        ),
        "every size weighs the same: here every subset does, which is the Banzhaf value": dict(
            end="np.dot(steps, [comb(M - 1, k) for k in range(M)]) / 2 ** (M - 1)"
        ),
        "this is relu of the mean: hand the variance to relu_moments": dict(v="0 * v"),
        "the sign is wrong: with the player minus without": dict(
            step="readout @ (without - present)"
        ),
        "this is the mean with the player: subtract the mean without": dict(
            step="readout @ present"
        ),
        "start, what a unit receives from the baseline, is missing": dict(m="m"),
        "the player never joins: its own contributions, P[:, player], come on top of m": dict(
            m_with="m"
        ),
        "relu_moments takes the variance, and was given its square root": dict(v="np.sqrt(v)"),
        "the player is there for certain: it adds to the mean, not to the variance": dict(
            v_with="v + P[:, player] ** 2"
        ),
        "this is what a network without ReLU would give: hand the moments to relu_moments": dict(
            end="readout @ P[:, player]"
        ),
        "what reads the units out is missing: here they are just added": dict(
            step="(present - without).sum()"
        ),
    },
    names={"comb": comb},
)


def dasp_value(answer: Callable, rounds: int = 8) -> None:
    """Check ``dasp_value(P, start, readout, player, coalition_moments, relu_moments)``."""
    rng = np.random.default_rng()
    # Two players come last: dividing by M − 1 = 1 changes nothing, for instance.
    for M in [*(int(v) for v in rng.integers(4, 7, size=rounds)), 3, 2]:
        while True:
            P, start, readout, player, means = _hidden_layer(rng, M)
            expected = np.mean([readout @ (present - absent) for absent, present in means])
            handed = P, start, readout, player, given_coalition_moments, given_relu_moments
            wrong = {words: make() for words, make in DASP_VALUE.mistaken(*handed).items()}
            if M == 2 or checks.all_differ([expected, *wrong.values()]):
                break
        units = len(P)
        hint = "P is (units, M) and readout (units,), so the means of the units are (units,), too"
        try:
            with shapes_fit("dasp_value", hint):
                given = by_hand(answer, handed=True)(*handed)
        except TypeError as error:
            if "'tuple'" not in str(error):
                raise
            raise Mistake(
                "dasp_value: each of the two functions returns two things: take them apart, "
                f"mean, variance = …, and go on with what you need. Python says: {error}"
            ) from None
        if shape_of(given) == (M,):
            raise Mistake("dasp_value: average over the sizes, one number is asked")
        if shape_of(given) == (units,) and units > 1:
            raise Mistake("dasp_value: what reads the units out is missing: readout @ …")
        given = plain(given, (), "dasp_value")
        compare(given, np.asarray(expected), wrong, "dasp_value")
    passed("dasp_value: networks of two to six players")


def _hidden_layer(rng: np.random.Generator, M: int) -> tuple:
    """Draw a network and a player such that the ReLU changes the step at every size."""
    while True:
        units = int(rng.choice([u for u in (2, 3, 4) if u != M]))
        P = np.array([_brought(rng, M) for _ in range(units)])
        start, readout = rng.normal(size=units), rng.choice([-1, 1], units) * rng.uniform(1, 2)
        readout = readout * rng.uniform(1.2, 2, size=units)
        player = int(rng.integers(M))
        means = [_expectations(P, start, player, k) for k in range(M)]
        if all(abs(present - absent - P[:, player]).max() > 0.02 for absent, present in means):
            return P, start, readout, player, means


def _expectations(
    P: np.ndarray, start: np.ndarray, player: int, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the hidden units' means without and with the player."""
    pairs = [given_coalition_moments(row, player, k) for row in P]
    m, v = (np.array(part) for part in zip(*pairs, strict=True))
    return _relu(start + m, v)[0], _relu(start + m + P[:, player], v)[0]


def property_test(answer: Callable) -> None:
    """Check a learner's test ``is_right_where_certain(steps_of)`` -> bool."""
    for verdict, methods in _methods().items():
        misjudged = []
        for what, method in methods.items():
            try:
                given = by_hand(answer)(method)
            except Mistake:
                raise
            except AssertionError:
                raise Mistake(
                    "is_right_where_certain stopped at an assert: return False where a table is "
                    "not right, and True at the end"
                ) from None
            if verdict_of(given, "is_right_where_certain") is not verdict:
                misjudged.append(what)
        if misjudged == list(methods) and not verdict:
            misjudged = ["every wrong method: it never returns False"]
        if misjudged == list(methods):
            misjudged = [
                "every right method: leave a tolerance for rounding, and compare row i with "
                "player i, column k with size k. On a network with ReLU steps of the sizes in the "
                "middle may differ: certain are k = 0 and k = M − 1, and, on a linear network, "
                "every size"
            ]
        if misjudged:
            verb = "rejected" if verdict else "accepted"
            raise Mistake(f"is_right_where_certain: your test {verb} {misjudged[0]}")
    passed("is_right_where_certain: accepts three right methods, rejects nine wrong ones")


def _methods() -> dict[bool, dict[str, Callable]]:
    """Return methods that a good test accepts, and methods that it rejects."""

    def changed(change: Callable) -> Callable:
        return lambda network, x, b: change(exact_steps(network, x, b))

    def columns(table, chosen, values):
        result = table.copy()
        result[:, chosen] = values
        return result

    def level(table):  # changes nothing if all steps of a player are equal
        return np.repeat(table.mean(axis=1, keepdims=True), table.shape[1], axis=1)

    def slopes(network, x, b):
        table = exact_steps(network, x, b)
        slope = (np.asarray(x) - b) * network.gradient(np.asarray(x, dtype=float))
        return np.repeat(slope[:, None], table.shape[1], axis=1)

    def one_player(table):
        return np.vstack([table[:-1], table[-1:] * 1.05])

    middle = slice(1, -1)
    return {
        True: {
            "steps that are right up to rounding: leave a tolerance, and compare row i with "
            "player i, column k with size k": changed(lambda t: t * (1 + 1e-13)),
            "steps that are exact": exact_steps,
            "DASP's own steps, which are approximate in the middle: there, only a linear network "
            "makes them certain": changed(
                lambda t: columns(t, middle, 1.1 * t[:, middle] - 0.1 * level(t)[:, middle])
            ),
        },
        False: {
            "a method that takes zeros for the baseline: draw a baseline that is not zero": (
                lambda network, x, b: exact_steps(network, x, 0 * np.asarray(x))
            ),
            "steps whose sign is wrong": changed(lambda t: -t),
            "steps that are 1% too large": changed(lambda t: 1.01 * t),
            "a method that errs for the last player only: look at every player": changed(
                one_player
            ),
            "steps that are wrong in the middle on a linear network: there, all sizes give w Δ": (
                changed(lambda t: columns(t, middle, 1.1 * t[:, middle]))
            ),
            "a method whose first end, k = 0, is not F(b with x_i) − F(b): try a network that is "
            "not linear": changed(lambda t: columns(t, 0, level(t)[:, 0])),
            "a method whose last end, k = M − 1, is not F(x) − F(x with b_i): try a network that "
            "is not linear": changed(lambda t: columns(t, -1, level(t)[:, -1])),
            "a method that exchanges the two ends": changed(lambda t: t[:, ::-1]),
            "gradient × input at every size: right on linear networks only": slopes,
        },
    }


def steps_off_by(part: float) -> Callable:
    """Return a method whose steps are all wrong by as much."""
    return lambda network, x, b: exact_steps(network, x, b) + part


def exact_steps(network: Any, x: Any, b: Any) -> np.ndarray:
    """Return the mean step of each player at each size, (M, M), from all coalitions."""
    x, b = np.asarray(x, dtype=float), np.asarray(b, dtype=float)
    if not isinstance(network, xk.Network):
        raise Mistake(
            f"steps_of(network, x, b) takes an xk.Network first, and was given "
            f"{type(network).__name__}"
        )
    if x.ndim != 1 or x.shape != b.shape or len(x) > 10:
        raise Mistake(
            "steps_of(network, x, b) takes one row x and one baseline b, of shape (M,) each, with "
            f"at most ten players; it was given shapes {x.shape} and {b.shape}"
        )
    M = len(x)
    masks = (np.arange(2**M)[:, None] >> np.arange(M)) & 1 == 1
    worth, size = network(np.where(masks, x, b))[:, 0], masks.sum(axis=1)
    steps = np.empty((M, M))
    for i in range(M):
        for k in range(M):
            without = np.flatnonzero(~masks[:, i] & (size == k))
            steps[i, k] = (worth[without + 2**i] - worth[without]).mean()
    return steps


SIZE_WEIGHTS = Answer(
    """\
def size_weights(M, kind):
    subsets = np.array([comb(M - 1, k) for k in range(M)])
    if kind == "shapley":
        weights = $shapley
    else:
        weights = $banzhaf
    return $end
""",
    dict(shapley="np.full(M, 1 / M)", banzhaf="subsets / 2 ** (M - 1)", end="weights"),
    {
        "this is the weight of one coalition of that size: add up all of them": dict(
            end="weights / subsets"
        ),
        "these are the other value's weights": dict(
            shapley="subsets / 2 ** (M - 1)", banzhaf="np.full(M, 1 / M)"
        ),
        "these count the coalitions of a size: their weights are to sum to 1": dict(end="subsets"),
        "there are M sizes, 0 to M − 1: divide by M": dict(end="np.full(M, 1 / (M - 1))"),
        "the first size is 0, the empty coalition: range(M), not range(1, M + 1)": dict(
            end="np.append(weights[1:], 0)"
        ),
        "the coalitions do not contain the player: draw from M − 1 others": dict(
            end="np.array([comb(M, k) for k in range(M)]) / 2**M"
        ),
        "the coalitions do not contain the player: draw from M − 1 others, not from M, and "
        "dividing by the sum does not mend it": dict(
            end="np.array([comb(M, k) for k in range(M)]) / sum(comb(M, k) for k in range(M))"
        ),
    },
    names={"comb": comb},
)


def size_weights(answer: Callable) -> None:
    """Check ``size_weights(M, kind)`` -> (M,)."""
    rng = np.random.default_rng()
    # Few players come last: for them many mistakes give the same numbers.
    for M in (*(int(m) for m in rng.permutation(np.arange(4, 12))[:5]), 3, 2, 1):
        for kind in KINDS:
            name = f"size_weights({M}, {kind!r})"
            try:
                given = by_hand(answer)(M, kind)
            except ZeroDivisionError:
                raise Mistake(
                    f"{name}: division by zero. With M = 1 there are no others, M − 1 = 0, and one "
                    "size is left, 0, of weight 1"
                ) from None
            if shape_of(given) in [(M - 1,), (M + 1,)]:
                raise Mistake(
                    f"{name}: a coalition without the player has 0 to M − 1 members: M sizes, and "
                    f"yours are {len(given)}"
                )
            given = plain(given, (M,), name)
            # The weight of each subset of the others, summed by size.
            members = [bin(S).count("1") for S in range(2 ** (M - 1))]
            one = {
                "shapley": [factorial(k) * factorial(M - k - 1) / factorial(M) for k in range(M)],
                "banzhaf": [1 / 2 ** (M - 1)] * M,
            }
            whole = np.bincount(members, np.array(one[kind])[members], minlength=M)
            compare(given, whole, SIZE_WEIGHTS.mistaken(M, kind), name)
    passed("size_weights: both kinds, one to eleven players, every sum is 1")
