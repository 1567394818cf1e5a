"""Checks of assignment 03: contributions, exact values, an axiom as a test, sampling.

Games are tables with one axis per player: v[1, 0, 1] is the payoff of players 0 and 2. The
reference averages over all orders of joining, without the weights of the formula.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import combinations, permutations, product
from math import comb, factorial
from operator import itemgetter

import numpy as np

from xaikit.course import checks
from xaikit.course.cards import Bars
from xaikit.course.checks import Mistake, compare, judge, pair, passed, plain, shape_of
from xaikit.course.checks import last_inputs as last_inputs
from xaikit.course.checks.mistakes import Answer
from xaikit.methods.gaussian_process import gaussian_process_shapley
from xaikit.methods.kernel_shap import kernel_shap
from xaikit.methods.shapley import exact_shapley, permutation_shapley

# The lecture's game in million won, one axis for each player: 1 is present.
PLAYERS = ("park", "size", "cats banned")
FLAT = np.array([[[0.0, -20], [100, 70]], [[30, 0], [150, 110]]])
DRAWS = 2000
SIGMAS = 5.5  # rejects a right answer once in millions of checks


def by_hand(answer: Callable) -> Callable:
    """Return the learner's function, guarded; xaikit's four estimators are switched off inside."""
    return checks.by_hand(
        answer, exact_shapley, permutation_shapley, kernel_shap, gaussian_process_shapley
    )


CONTRIBUTIONS = Answer(
    """\
def contributions(v, order):
    M, nobody = v.ndim, (0,) * v.ndim
    present, added = [0] * M, np.zeros(M)
    for player in $order:
        before = v[tuple(present)]
        present[player] = 1
        added[player] = $step
    return $end
""",
    dict(order="order", step="v[tuple(present)] - before", end="added"),
    {
        "the numbers are in the order of joining, but entry i belongs to player i": dict(
            end="added[order]"
        ),
        "the first to join adds v({i}) − v(∅): nobody may already be paid": dict(
            step="v[tuple(present)] - (before if sum(present) > 1 else 0)"
        ),
        "this is what the coalition is worth when each has joined: subtract what it was worth "
        "before": dict(step="v[tuple(present)]"),
        "everyone joined an empty room: those who came before stay in": dict(
            step="v[tuple(int(p == player) for p in range(M))] - v[nobody]"
        ),
        "this is what each would take away by leaving last: v(N) − v(N∖i)": dict(
            step="v[(1,) * M] - v[tuple(int(p != player) for p in range(M))]"
        ),
        "you went through the order backwards": dict(order="order[::-1]"),
        "the sign is wrong: worth after joining minus worth before": dict(
            step="before - v[tuple(present)]"
        ),
        "the players joined in the order of their numbers: follow `order`": dict(order="range(M)"),
        "order[k] joins at step k: set present[order[k]], not present[k]": dict(
            order="range(M)", end="added[np.argsort(order)]"
        ),
        "player i is not the one at place order[i]: order[0] joins first": dict(
            order="np.argsort(order)"
        ),
    },
)


def contributions(answer: Callable, rounds: int = 20) -> None:
    """Check ``contributions(v, order)`` -> (M,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        players = int(rng.integers(4, 7))
        # Large contributions, so that cut-off decimals are recognised.
        v, order = 100 * rng.normal(size=(2,) * players), _order(rng, players)
        given = by_hand(answer)(v, order)
        if shape_of(given) == (players + 1,):
            raise Mistake("contributions: M players make M steps from ∅ to N: one number too many")
        given = plain(given, (players,), "contributions")
        compare(given, _added(v, order), CONTRIBUTIONS.mistaken(v, order), "contributions")
    words = "The flat of the lecture, size before park before the ban on cats:"
    drawn = Bars(words, dict(zip(PLAYERS, _added(FLAT, np.array([1, 0, 2])), strict=True)))
    passed(f"contributions: {rounds} random games and orders", drawn)


def _order(rng: np.random.Generator, players: int) -> np.ndarray:
    """Draw an order that is not its own inverse: swapped players and places then show."""
    while True:
        order = rng.permutation(players)
        if (order[order] != np.arange(players)).any():
            return order


def _added(v: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return each player's contribution when they join in this order, by player number."""
    place = np.argsort(order)
    before = [tuple((place < p).astype(int)) for p in place]
    after = [tuple((place <= p).astype(int)) for p in place]
    return np.array([v[a] - v[b] for a, b in zip(after, before, strict=True)])


COMB = "from math import comb\n"
ALWAYS_THREE = "M is not always 3: it is v.ndim"

SHAPLEY = Answer(
    """\
$before
def shapley(v):
    M, values, nobody = v.ndim, np.zeros(v.ndim), v[(0,) * v.ndim]
    for i in range(M):
        for S in product([0, 1], repeat=M):
            if S[i] == 0:
                size, with_i = sum(S), v[(*S[:i], 1, *S[i + 1 :])]
                share = factorial(size) * factorial(M - size - 1) / factorial(M)
                values[i] $gather ($weight) * ($added)
    return $end
""",
    dict(before="", gather="+=", weight="share", added="with_i - v[S]", end="values"),
    {
        ALWAYS_THREE: dict(weight="share * factorial(M) / 6"),
        "the weights |S|!/M! are those of a single order of the players behind i; they can stand "
        "in (M−|S|−1)! orders": dict(weight="factorial(size) / factorial(M)"),
        "the weights (M−|S|−1)!/M! count a single order of the players in S; they can stand in "
        "|S|! orders": dict(weight="factorial(M - size - 1) / factorial(M)"),
        "you divided by |S|! only: the share of orders that begin with S, then i, is "
        "|S|! (M−|S|−1)! / M!": dict(weight="1 / factorial(size)"),
        "in the weight stands M! where (M−|S|−1)! belongs: only those behind i are arranged": dict(
            weight="factorial(size) * factorial(M) / factorial(M)"
        ),
        "behind S ∪ i stand M−|S|−1 players: you counted i among them": dict(
            weight="factorial(size) * factorial(M - size) / factorial(M)"
        ),
        "divide by M!: weights are shares of all orders": dict(weight="share * factorial(M)"),
        "1/M is the weight of all coalitions of one size together, not of each": dict(
            weight="1 / M"
        ),
        "you divided by M C(M, |S|): S is drawn from M − 1 others, so it is M C(M−1, |S|)": dict(
            before=COMB, weight="1 / (M * comb(M, size))"
        ),
        "you divided by M C(M, |S|+1): S holds |S| of M − 1 others, so it is M C(M−1, |S|)": dict(
            before=COMB, weight="1 / (M * comb(M, size + 1))"
        ),
        "you divided by C(M, |S|): S is drawn from the M − 1 others, and all M sizes share the "
        "weight 1, so it is M C(M−1, |S|)": dict(before=COMB, weight="1 / comb(M, size)"),
        "you divided by C(M−1, |S|): all M sizes share the weight 1, so divide by M, too": dict(
            before=COMB, weight="1 / comb(M - 1, size)"
        ),
        "|S| counts those before i, without i": dict(
            weight="factorial(size + 1) * factorial(M - size - 1) / factorial(M)"
        ),
        "only the last coalition is left of your sum: add up, with += in the place of =": dict(
            gather="="
        ),
        "// cuts the weights off behind the point, / does not": dict(
            weight="factorial(size) * factorial(M - size - 1) // factorial(M)"
        ),
        "subtract v(S), not v(∅): what i adds to those who are there": dict(
            added="with_i - nobody"
        ),
        "all subsets weigh the same in your mean: these are Banzhaf values. Each *size* weighs "
        "the same": dict(weight="2.0 ** (1 - M)"),
        "the weights are missing": dict(weight="1"),
        "you weighed and averaged: the weights sum to 1 already, so the sum is the mean": dict(
            weight="share / 2 ** (M - 1)"
        ),
        "S = ∅ is missing: i may be the first to join": dict(weight="share if size else 0"),
        "S = N∖i is missing: i may be the last to join": dict(
            weight="share if size < M - 1 else 0"
        ),
        "subtract v(S): a contribution is worth with i minus worth without i": dict(added="with_i"),
        "the sign is wrong: worth with i minus worth without i": dict(added="v[S] - with_i"),
        "nobody earned v(∅): the values share out v(N) − v(∅)": dict(end="values + nobody / M"),
        "this is one order of joining: average over all of them": dict(
            weight="all(S[:i]) and not any(S[i + 1 :])"
        ),
        "this is what each adds when alone: all coalitions count": dict(weight="size == 0"),
        "this is what each would take away at the end: all coalitions count": dict(
            weight="size == M - 1"
        ),
    },
    names=dict(product=product, factorial=factorial),
)


def shapley(answer: Callable, rounds: int = 12) -> None:
    """Check ``shapley(v)`` -> (M,)."""
    rng = np.random.default_rng()
    for number in range(rounds):
        v = rng.normal(size=(2,) * (3 + number % 3))
        given = plain(by_hand(answer)(v), (v.ndim,), "shapley")
        mistaken = SHAPLEY.mistaken(v)
        mistaken = {f"{ALWAYS_THREE}, here {v.ndim}": mistaken.pop(ALWAYS_THREE), **mistaken}
        compare(given, _mean_of_orders(v), mistaken, "shapley")
    drawn = Bars("The flat of the lecture:", dict(zip(PLAYERS, _mean_of_orders(FLAT), strict=True)))
    words = f"shapley: {rounds} random games of 3, 4 and 5 players agree with all orders of joining"
    passed(words, drawn)


def _mean_of_orders(v: np.ndarray) -> np.ndarray:
    """Return the exact values without weights: the mean over all orders."""
    orders = np.array(list(permutations(range(v.ndim))))
    # In v.ravel() a coalition stands at the sum of its players' powers of two.
    places = np.cumsum(2 ** (v.ndim - 1 - orders), axis=1)
    steps = np.diff(v.ravel()[places], axis=1, prepend=v.flat[0])
    return np.bincount(orders.ravel(), weights=steps.ravel()) / len(orders)


def symmetry_test(answer: Callable) -> None:
    """Check a learner's test ``is_symmetric(method, v)`` -> bool."""
    rng = np.random.default_rng()
    for _ in range(2):
        for verdict, what, method, v in _symmetry_cases(rng):
            given = by_hand(answer)(method, v)
            judge(given, verdict, what, "is_symmetric")
    passed("is_symmetric: accepts eight right divisions, rejects eight wrong ones")


def _symmetry_cases(rng: np.random.Generator) -> list[tuple[bool, str, Callable, np.ndarray]]:
    """Return (verdict, words, method, game) with two pairs of twins among five players."""
    # No twins are neighbours, and v.T, which reverses the axes, does not exchange the pairs.
    a, b, c, d = ((0, 2, 1, 4), (0, 3, 2, 4), (1, 4, 0, 3))[int(rng.integers(3))]
    strange = rng.normal(size=(2,) * 5)
    alike_alone, alike_at_last = strange.copy(), strange.copy()
    unit = np.eye(5, dtype=int)
    # a and b agree only when they join first or last; or only as sets of numbers.
    alike_twice, same_numbers = strange.copy(), strange.copy()
    alike_twice[tuple(unit[b])] = alike_twice[tuple(unit[a])]
    alike_twice[tuple(1 - unit[b])] = alike_twice[tuple(1 - unit[a])]
    with_a, with_b = (np.moveaxis(same_numbers, (a, b), (0, 1))[i, 1 - i] for i in (1, 0))
    with_b[:] = np.roll(with_a.ravel(), 1).reshape(with_a.shape)
    near_twins = strange + np.swapaxes(strange, a, b)
    exact_twins = near_twins + np.swapaxes(near_twins, c, d)
    near_twins[tuple(unit[a])], near_twins[tuple(unit[b])] = 1.0, 1.005
    twins = exact_twins + 1e-13 * rng.normal(size=strange.shape)
    alike_alone[tuple(unit[b])] = alike_alone[tuple(unit[a])]
    alike_at_last[tuple(1 - unit[b])] = alike_at_last[tuple(1 - unit[a])]

    def off(i: int, share: float) -> Callable:
        def method(table: np.ndarray) -> np.ndarray:
            values = _mean_of_orders(table)
            values[i] += share * np.abs(values).max()
            return values

        return method

    def opposite(table: np.ndarray) -> np.ndarray:
        values = _mean_of_orders(table)
        values[a] = -values[b]
        return values

    def unequal(table: np.ndarray) -> np.ndarray:
        # One pair of twins ascends, the other descends.
        values = np.full(5, 5.0)
        values[[a, b, d, c]] = [1, 2, 3, 4]
        return values

    def in_order(table: np.ndarray) -> np.ndarray:
        return _added(table, np.arange(5))

    fair = _mean_of_orders
    beside = "beside other twins who are right: look at every pair, and in both directions"
    return [
        (
            True,
            "a game without twins: players who are not interchangeable may get different shares",
            fair,
            strange,
        ),
        (
            True,
            "equal shares for players who are no twins: of them the axiom asks nothing",
            lambda table: np.full(5, table[(1,) * 5] / 5),
            strange,
        ),
        (
            True,
            "Shapley's division, in which twins get the same up to rounding. Is there a "
            "tolerance, in the payoffs as well?",
            fair,
            twins,
        ),
        (
            True,
            "a game in which two players are worth the same alone, but not in company: they are "
            "no twins. Compare v(S ∪ i) and v(S ∪ j) for every S",
            fair,
            alike_alone,
        ),
        (
            True,
            "a game in which two players add the same when they come last, but not before: they "
            "are no twins. Compare v(S ∪ i) and v(S ∪ j) for every S",
            fair,
            alike_at_last,
        ),
        (
            True,
            "a game in which two players are worth the same alone and add the same when they come "
            "last, but not in between: they are no twins. Compare v(S ∪ i) and v(S ∪ j) for every "
            "S",
            unequal,
            alike_twice,
        ),
        (
            True,
            "a game in which the payoffs of two players are the same numbers, but at other "
            "coalitions: they are no twins. Compare v(S ∪ i) and v(S ∪ j) for every S",
            unequal,
            same_numbers,
        ),
        (
            True,
            "a game in which two players are worth 1 and 1.005 alone: half a percent is no "
            "rounding error, so they are no twins. The tolerance is too wide",
            unequal,
            near_twins,
        ),
        (
            False,
            "unequal shares for twins: it does not see that they are twins. Exchange two axes, "
            "np.swapaxes(v, i, j) (v.T turns all round), and look at every pair",
            unequal,
            exact_twins,
        ),
        (
            False,
            "unequal shares for twins whose payoffs differ in the last digit: compare the payoffs "
            "with a tolerance, np.allclose",
            unequal,
            twins,
        ),
        (
            False,
            f"a twin who gets 1% too much, {beside}; a tolerance is for rounding alone",
            off(a, 0.01),
            twins,
        ),
        (False, f"a twin who gets 1% too little, {beside}", off(a, -0.01), twins),
        (False, f"a twin of the second pair who gets too much, {beside}", off(d, 0.2), twins),
        (False, f"a twin of the second pair who gets too little, {beside}", off(d, -0.2), twins),
        (False, "twins with shares of opposite signs", opposite, twins),
        (
            False,
            "a division in one fixed order, in which twins get different shares",
            in_order,
            twins,
        ),
    ]


EACH_TWICE = (
    "you asked each order twice and none backwards: orders[::-1] turns the list of orders round, "
    "order[::-1] one order, and orders[:, ::-1] each of them"
)
NO_REVERSE = "the reverses are missing: an order and order[::-1] make a pair"

ESTIMATE = Answer(
    """\
def estimate(added, orders):
    there = np.array([added(order) for order in orders])
    back = np.array([$asked for order in $back])
    pairs, n, M = (there + back) / 2, *orders.shape
    std = pairs.std(axis=0, ddof=1)
    values, errors = $values, $errors
    return $end
""",
    dict(
        asked="added(order)",
        back="orders[:, ::-1]",
        values="pairs.mean(axis=0)",
        errors="std / np.sqrt(n)",
        end="values, errors",
    ),
)
VALUES = replace(
    ESTIMATE,
    mistakes={
        EACH_TWICE: dict(back="orders[::-1]"),
        NO_REVERSE: dict(values="there.mean(axis=0)"),
        "you reverse what the players added: reverse the order that you ask about": dict(
            asked="added(order)[::-1]", back="orders"
        ),
        "the order is reversed, and so is the answer, which is in the players' own order": dict(
            asked="added(order)[::-1]"
        ),
        "only the reverses were asked: an order and its reverse make a pair": dict(
            values="back.mean(axis=0)"
        ),
        "you added the two of a pair: take their mean": dict(values="(there + back).mean(axis=0)"),
        "take the mean over the pairs, not the sum": dict(values="pairs.sum(axis=0)"),
        "the values come first, then their standard errors": dict(end="errors, values"),
    },
    read=itemgetter(0),
)
ERRORS = replace(
    ESTIMATE,
    mistakes={
        "this is the standard deviation of one pair. That of the *mean* of n pairs is smaller by "
        "√n": dict(errors="std"),
        "this is the standard deviation of one pair, and divided by n instead of n − 1": dict(
            errors="pairs.std(axis=0)"
        ),
        "divide by √n, not by n": dict(errors="std / n"),
        "this is the variance over √n: take the root of the variance first": dict(
            errors="std**2 / np.sqrt(n)"
        ),
        "return the standard error itself: 1.96 times that makes a 95% interval": dict(
            errors="1.96 * std / np.sqrt(n)"
        ),
        "you took the variance: its root is missing": dict(errors="std**2 / n"),
        "you took the variance of one pair: its root is missing, and the √n of the mean": dict(
            errors="std**2"
        ),
        "the spread of n numbers around their own mean is divided by n − 1: ddof=1": dict(
            errors="pairs.std(axis=0) / np.sqrt(n)"
        ),
        "an order and its reverse are not independent: take the spread of the n pair means, not "
        "of 2n walks": dict(
            errors="np.concatenate([there, back]).std(axis=0, ddof=1) / np.sqrt(2 * n)"
        ),
        "n is the number of pairs, not of walks": dict(errors="std / np.sqrt(2 * n)"),
        "n is the number of pairs, not of players": dict(errors="std / np.sqrt(M)"),
        "take the spread of the pair means, not of the orders without their reverses": dict(
            errors="there.std(axis=0, ddof=1) / np.sqrt(n)"
        ),
    },
    read=itemgetter(1),
)


def estimate(answer: Callable, rounds: int = 20) -> None:
    """Check ``estimate(added, orders)`` -> values (M,) and standard errors (M,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        players, count = int(rng.integers(3, 6)), int(rng.integers(6, 10))
        v = rng.normal(size=(2,) * players)
        orders = np.array([rng.permutation(players) for _ in range(count)])

        asked: list[np.ndarray] = []

        def added(order, v=v, players=players, asked=asked):
            asked.append(order)
            order = np.asarray(order)
            if order.shape != (players,) or sorted(order.tolist()) != list(range(players)):
                raise Mistake("estimate: hand `added` one order at a time, with every player in it")
            return _added(v, order)

        given = by_hand(answer)(added, orders)
        words = "estimate: return two arrays, the values and their standard errors"
        if given is None:
            raise Mistake(words)
        values, errors = (
            plain(part, (players,), f"estimate, {name}")
            for part, name in zip(
                pair(given, words, (players,)), ("values", "standard errors"), strict=True
            )
        )
        there = np.array([_added(v, order) for order in orders])
        back = np.array([_added(v, order[::-1]) for order in orders])
        pairs = (there + back) / 2
        expected = np.sqrt(((pairs - pairs.mean(axis=0)) ** 2).sum(axis=0) / (count - 1) / count)
        twice = sorted(map(tuple, asked)) == sorted(map(tuple, [*orders, *orders]))
        mistaken = VALUES.mistaken(partial(_added, v), orders)
        del mistaken[NO_REVERSE if twice else EACH_TWICE]  # both give the same values
        compare(values, pairs.mean(axis=0), mistaken, "estimate, values")
        mistaken = ERRORS.mistaken(partial(_added, v), orders)
        compare(errors, expected, mistaken, "estimate, standard errors")
    passed(f"estimate: {rounds} random games, values and standard errors of pairs")


DRAW_COALITION = Answer(
    """\
def draw_coalition(others, rng):
    k = len(others)
    size = $size
    return $coalition
""",
    dict(size="rng.integers(k + 1)", coalition="rng.choice(others, size=size, replace=False)"),
    {
        "a coin for each player makes every *subset* equally probable; here every *size* must be. "
        "Draw the size first": dict(coalition="others[rng.random(k) < 0.5]"),
        "never are all the others drawn: the size goes from 0 to M − 1, and rng.integers(k) stops "
        "before k": dict(size="rng.integers(k)"),
        "never is nobody drawn: the size begins at 0": dict(size="rng.integers(1, k + 1)"),
        "never is nobody drawn, and never everybody: the size goes from 0 to M − 1": dict(
            size="rng.integers(1, k)"
        ),
        "of each size you always take the first players: draw them, too": dict(
            coalition="others[:size]"
        ),
        "of each size you always take the last players: draw them, too": dict(
            coalition="others[k - size :]"
        ),
        "only neighbours in `others` are drawn together: rng.choice draws any of them": dict(
            coalition="np.roll(others, rng.integers(k))[:size]"
        ),
    },
)
OWN_GENERATOR = (
    "nothing was drawn with the `rng` that you are given: use it. A new generator with a fixed "
    "seed would draw the same in each call"
)
SUBSETS = [S for size in range(5) for S in combinations(range(4), size)]
SIZES = np.array([len(S) for S in SUBSETS])


def draw_coalition(answer: Callable) -> None:
    """Check ``draw_coalition(others, rng)`` -> players drawn, each size as probable as the next."""
    rng = np.random.default_rng()
    others = rng.choice(10**6, size=4, replace=False)
    drawn = _drawn(answer, others, int(rng.integers(2**31)))
    once, again = (_drawn(answer, others, 1, 50) for _ in range(2))
    if not np.array_equal(once, again):
        raise Mistake("draw_coalition: draw with the rng that you are given, and with no other")
    given = _shares(drawn)
    chances = np.array([1 / comb(4, size) / 5 for size in SIZES])
    if _likely(given - chances, chances * (1 - chances)):
        passed(f"draw_coalition: {DRAWS} draws, every size as often, every subset of a size too")
        return
    if len(set(SIZES[given > 0])) == 1:
        raise Mistake("draw_coalition: the size is always the same: draw it, too")
    for words in DRAW_COALITION.mistakes:
        theirs = _shares(_held(many_drawn(DRAW_COALITION.function(words))(others, rng), others))
        mean = (given + theirs) / 2
        if _likely(given - theirs, 2 * mean * (1 - mean)):
            raise Mistake(f"draw_coalition: {words}")
    shares = [f"{share:.2f}" for share in np.bincount(SIZES, weights=given)]
    raise Mistake(
        f"draw_coalition: with four others, sizes 0, 1, 2, 3, 4 came in shares {', '.join(shares)} "
        "of the draws, expected 0.20 each, and all subsets of one size equally often"
    )


def _drawn(draw: Callable, others: np.ndarray, seed: int, draws: int = DRAWS) -> np.ndarray:
    """Return which of the others are in each of the learner's draws, (draws, others)."""
    many = many_drawn(draw, draws)
    many.__name__ = getattr(draw, "__name__", "draw_coalition")
    many.__doc__ = draw.__doc__
    return _held(by_hand(many)(others, np.random.default_rng(seed)), others)


def many_drawn(draw: Callable, draws: int = DRAWS) -> Callable:
    """Return a function that draws many coalitions; it raises a Mistake if `rng` is not used."""

    def many(others: np.ndarray, rng: np.random.Generator) -> list:
        before = rng.bit_generator.state
        coalitions = [draw(others, rng) for _ in range(draws)]
        if rng.bit_generator.state == before and coalitions[0] is not None:
            raise Mistake(f"draw_coalition: {OWN_GENERATOR}")
        return coalitions

    return many


def _held(coalitions: list, others: np.ndarray) -> np.ndarray:
    """Return which of the others are in each coalition, (coalitions, others)."""
    held = np.zeros((len(coalitions), len(others)), dtype=bool)
    places = {player: place for place, player in enumerate(others.tolist())}
    for row, coalition in zip(held, coalitions, strict=True):
        checks.expect_returned(coalition, "draw_coalition")
        members = np.asarray(list(coalition) if isinstance(coalition, set) else coalition)
        if members.ndim != 1 or not all(member in places for member in members.tolist()):
            raise Mistake(
                "draw_coalition: return a list or an array of players, all of them from `others`"
            )
        if len(set(members.tolist())) < len(members):
            raise Mistake("draw_coalition: a player is drawn twice: replace=False")
        row[[places[member] for member in members.tolist()]] = True
    return held


def _shares(held: np.ndarray) -> np.ndarray:
    """Return how often each subset of four was drawn, as shares."""
    counts = np.bincount(held @ 2 ** np.arange(4), minlength=16)
    return counts[[sum(2**member for member in S) for S in SUBSETS]] / len(held)


def _likely(differences: np.ndarray, variances: np.ndarray) -> bool:
    """Return whether chance explains these differences; `variances` are those of one draw."""
    return bool((np.abs(differences) <= SIGMAS * np.sqrt(variances / DRAWS) + 1e-12).all())
