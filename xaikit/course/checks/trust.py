"""Checks of assignment 09: gaps, deletion, chance, ranks, infidelity, a sanity check."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import chain, pairwise
from operator import itemgetter

import numpy as np

from xaikit.course import checks
from xaikit.course.checks import (
    Mistake,
    all_differ,
    compare,
    judge,
    pair,
    passed,
    plain,
    shape_of,
    shapes_fit,
)
from xaikit.course.checks import last_inputs as last_inputs
from xaikit.course.checks.mistakes import Answer
from xaikit.metrics import agreement, completeness, infidelity, sanity
from xaikit.metrics import deletion as xaikits


def by_hand(answer: Callable) -> Callable:
    """Return the learner's function, guarded; xaikit's measures are switched off."""
    return checks.by_hand(
        answer,
        completeness.completeness,
        xaikits.deletion,
        xaikits.insertion,
        xaikits._curve,
        agreement.rank_agreement,
        agreement.rank_correlation,
        infidelity.infidelity,
        sanity.parameter_randomisation,
    )


RELATIVE_GAP = Answer(
    """\
def relative_gap(scores, outputs, bases):
    sums = $sums
    change = outputs - bases
    gaps = sums - ($explained)
    return $end
""",
    dict(sums="scores.sum(axis=1)", explained="change", end="abs(gaps) / abs(change)"),
    {
        "this is the gap itself: divide it by |output − base|": dict(end="abs(gaps)"),
        "a gap counts in both directions: take its size": dict(end="gaps / abs(change)"),
        "output − base may be negative: divide by its size": dict(end="abs(gaps) / change"),
        "you divide by Σ|scores|, which wild scores make large: divide by |output − base|": dict(
            end="abs(gaps) / abs(scores).sum(axis=1)"
        ),
        "you divide by the output: what the scores explain is output − base": dict(
            end="abs(gaps) / abs(outputs)"
        ),
        "scores do not sum to the output, but to output − base": dict(explained="outputs"),
        "this is the share that was explained: the gap is what is missing from 1": dict(
            end="sums / change"
        ),
        "the base is missing twice: the scores explain output − base": dict(
            explained="outputs", end="abs(gaps) / abs(outputs)"
        ),
        "output + base is not the rise: it is output − base": dict(
            explained="outputs + bases", end="abs(gaps) / abs(outputs + bases)"
        ),
        "you divide by the scores' sum: divide by what was to be explained": dict(
            end="abs(gaps) / abs(sums)"
        ),
        "you summed over all rows at once: each row has its own sum, axis=1": dict(
            sums="scores.sum()"
        ),
        "do not square: a gap is a size": dict(end="(gaps / change) ** 2"),
        "a gap counts in both directions: take the size of the quotient": dict(end="gaps / change"),
        "scores are added up: you took their mean": dict(sums="scores.mean(axis=1)"),
        "the sum is compared with output − base: you compare it with output + base": dict(
            explained="outputs + bases"
        ),
        "scores keep their signs in the sum: you added up their sizes": dict(
            sums="abs(scores).sum(axis=1)"
        ),
    },
)


def relative_gap(answer: Callable, rounds: int = 20) -> None:
    """Check ``relative_gap(scores, outputs, bases)`` -> (n,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        n, d = (int(v) for v in rng.permutation([3, 4, 5, 6])[:2])
        scores = rng.normal(size=(n, d))
        bases = rng.uniform(2, 4, size=n) * rng.choice([-1, 1], size=n)
        # With these signs each way to lose a sign gives different numbers.
        signs = np.r_[1, 1, -1, rng.choice([-1, 1], size=n - 3)]
        change = rng.uniform(0.5, 2, size=n) * signs
        outputs = bases + change
        # The first row's sum is too large, the second's too small.
        scores[:, 0] += change - scores.sum(axis=1) + np.r_[0.3, -0.2, rng.uniform(0.1, 1, n - 2)]
        hint = f"scores is (n, d), here {(n, d)}: a sum over the features, axis=1, has shape (n,)"
        with shapes_fit("relative_gap", hint):
            given = by_hand(answer)(scores, outputs, bases)
        if shape_of(given) == (d,):
            raise Mistake("relative_gap: you summed over the rows; features are along axis 1")
        given = plain(given, (n,), "relative_gap")
        gaps = np.array([sum(row) for row in scores]) - outputs + bases
        mistaken = RELATIVE_GAP.mistaken(scores, outputs, bases)
        compare(given, np.abs(gaps / change), mistaken, "relative_gap")
    passed(f"relative_gap: {rounds} random tables, gaps in both directions")


DELETION_AREA = Answer(
    """\
def deletion_area(f, x, baseline, order):
    left = $start
    rows = [$first]
    for i in $order:
        $step
        rows.append($row)
    outputs = f(np.array(rows))
    pieces = (outputs[:-1] + outputs[1:]) / 2
    return $area
""",
    dict(
        start="x.copy()",
        first="left.copy()",
        order="order",
        step="left[i] = baseline[i]",
        row="left.copy()",
        area="pieces.mean()",
    ),
    {
        "each step puts one feature back: features that are gone stay gone": dict(
            step="left = x.copy(); left[i] = baseline[i]"
        ),
        "you remove the last of the order first, or you start from the baseline and put x in "
        "(insertion has the same area): start from x, and remove the first of the order first": (
            dict(order="order[::-1]")
        ),
        "features go to zero instead of to the baseline": dict(step="left[i] = 0"),
        "`order` holds column numbers, first removed first: you read it as ranks": dict(
            order="np.argsort(order)"
        ),
        "the mean of all outputs counts both ends in full: an end bounds one piece only": dict(
            area="outputs.mean()"
        ),
        "this is a sum over the pieces: each is 1/d wide": dict(area="pieces.sum()"),
        "each piece takes its left end: take the mean of both ends": dict(
            area="outputs[:-1].mean()"
        ),
        "each piece takes its right end: take the mean of both ends": dict(
            area="outputs[1:].mean()"
        ),
        "you do not go to the end: the last feature is removed, too": dict(order="order[:-1]"),
        "you begin after the first removal: the curve begins at f(x)": dict(
            area="pieces[1:].mean()"
        ),
        "you remove column 0 first, then column 1: follow `order`": dict(order="range(len(x))"),
        "d + 1 points bound d pieces: each is 1/d wide": dict(area="pieces.sum() / len(outputs)"),
        "every point is the output at the baseline: if you collect rows, append row.copy(), "
        "or all are one and the same array": dict(first="left", row="left"),
        "every point but the first is the output at the baseline: if you collect rows, append "
        "row.copy(), or all are one and the same array": dict(row="left"),
        "the first point, f(x) with nothing removed, is missing: d pieces need d + 1 points": dict(
            area="pieces[1:].sum() / len(x)"
        ),
        "the last point, all at the baseline, is missing: d pieces need d + 1 points": dict(
            area="pieces[:-1].sum() / len(x)"
        ),
        "the area reaches down to zero, not to the output at the baseline": dict(
            area="pieces.mean() - outputs[-1]"
        ),
    },
)


def deletion_area(answer: Callable, rounds: int = 20) -> None:
    """Check ``deletion_area(f, x, baseline, order)`` -> number."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        d = int(rng.integers(4, 8))
        f = _model(rng, d)
        x, baseline = rng.normal(size=(2, d))
        order = rng.permutation(d)
        given = plain(by_hand(answer)(f, x, baseline, order), (), "deletion_area")
        mistaken = DELETION_AREA.mistaken(f, x, baseline, order)
        compare(given, _area(_outputs(f, x, baseline, order)), mistaken, "deletion_area")
    passed(f"deletion_area: {rounds} random models and orders")


SHARE_AS_GOOD = Answer(
    """\
def share_as_good(area_of, scores, orders):
    own = area_of($own)
    areas = np.array([area_of($order) for order in orders])
    return $share
""",
    dict(own="np.argsort(-scores)", order="order", share="np.mean(areas <= own)"),
    {
        "you remove the lowest score first": dict(own="np.argsort(scores)"),
        "you order by the size of the scores: their sign counts": dict(
            own="np.argsort(-abs(scores))"
        ),
        "argsort of argsort gives ranks: an order is the argsort itself": dict(
            own="np.argsort(np.argsort(-scores))"
        ),
        "`orders` holds orders already: hand them to area_of as they are, without argsort": dict(
            order="np.argsort(order)"
        ),
        "an order that is exactly as good counts, too: ≤": dict(share="np.mean(areas < own)"),
        "these are the orders that are worse": dict(share="np.mean(areas > own)"),
        "these are the orders that are as good or worse": dict(share="np.mean(areas >= own)"),
        "this is a number of orders: divide by how many there are": dict(
            share="np.sum(areas <= own)"
        ),
        "divide by the number of orders, not by the number of features": dict(
            share="np.sum(areas <= own) / len(scores)"
        ),
        "a share lies between 0 and 1: leave it in that unit, not in percent": dict(
            share="100 * np.mean(areas <= own)"
        ),
        "you count the scores' own order as one more: here only the given orders count": dict(
            share="(1 + np.sum(areas <= own)) / (1 + len(areas))"
        ),
    },
)


def share_as_good(answer: Callable, rounds: int = 20) -> None:
    """Check ``share_as_good(area_of, scores, orders)`` -> number in 0 … 1."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        while True:
            d, r = int(rng.integers(4, 7)), int(rng.integers(12, 20))
            area_of = _toy_areas(rng.normal(size=d))
            scores = rng.permutation(np.arange(1, d + 1) * rng.choice([-1.0, 1.0], size=d))
            orders = np.array([rng.permutation(d) for _ in range(r)])
            orders[0] = highest_first = np.argsort(-scores)
            areas = np.array([area_of(order) for order in orders])
            right = np.array(np.mean(areas <= area_of(highest_first) + 1e-12))
            mistaken = SHARE_AS_GOOD.mistaken(area_of, scores, orders)
            if _recognised(right, mistaken):
                break
        given = plain(by_hand(answer)(area_of, scores, orders), (), "share_as_good")
        compare(given, right, mistaken, "share_as_good")
    passed(f"share_as_good: {rounds} random scores among random orders")


def _recognised(right: np.ndarray, mistaken: dict[str, Callable]) -> bool:
    """Return whether each mistake's result differs from the right one and from the others'."""
    return all_differ(chain([right], (result() for result in mistaken.values())))


SHARED = "equal scores must share a rank, the mean of their places"


def _in_one_or_both(words: str, rank: str) -> dict[str, dict[str, str]]:
    """Return the mistakes of ranking in this way: both arrays, or only one."""
    return {
        words: dict(rank_a=rank, rank_b=rank),
        f"{words} (in a alone)": dict(rank_a=rank),
        f"{words} (in b alone)": dict(rank_b=rank),
    }


RANK_CORRELATION = Answer(
    """\
def rank_correlation(a, b):
    def ranks(v):
        smaller = (v[None, :] < v[:, None]).sum(axis=1)
        equal = (v[None, :] == v[:, None]).sum(axis=1)
        return smaller + (equal + 1) / 2

    n, p, q = len(a), $rank_a(a), $rank_b(b)
    p, q = $centred
    return $end
""",
    dict(
        rank_a="ranks",
        rank_b="ranks",
        centred="p - p.mean(), q - q.mean()",
        end="p @ q / np.sqrt((p @ p) * (q @ q))",
    ),
    {
        **_in_one_or_both(
            f"{SHARED}: you break ties by column",
            "(lambda v: np.argsort(np.argsort(v, kind='stable')))",
        ),
        **_in_one_or_both(
            "equal scores get the mean of their places: you give them all the highest",
            "(lambda v: (v[None, :] <= v[:, None]).sum(axis=1))",
        ),
        **_in_one_or_both(
            "equal scores get the mean of their places: you give them all the lowest",
            "(lambda v: (v[None, :] < v[:, None]).sum(axis=1))",
        ),
        **_in_one_or_both(
            "equal scores use up places: after three of them the next rank is three higher",
            "(lambda v: np.unique(v, return_inverse=True)[1])",
        ),
        "this correlates the scores themselves: take their ranks": dict(rank_a="", rank_b=""),
        "argsort gives an order, not ranks: whose turn it is, not the place of each": dict(
            rank_a="np.argsort", rank_b="np.argsort"
        ),
        "you rank the sizes: here the sign counts": dict(
            rank_a="(lambda v: ranks(abs(v)))", rank_b="(lambda v: ranks(abs(v)))"
        ),
        "1 − 6 Σ d² / (n (n² − 1)) holds only without equal scores: correlate the ranks": dict(
            end="1 - 6 * ((p - q) ** 2).sum() / (n * (n**2 - 1))"
        ),
        "one of the two is ranked the wrong way round": dict(rank_b="-ranks"),
        "Pearson's correlation centres first: subtract the mean rank": dict(centred="p, q"),
        "this is a covariance, with 1/n: divide by both lengths": dict(end="p @ q / n"),
        "this is a covariance, with 1/(n − 1): divide by both lengths": dict(end="p @ q / (n - 1)"),
        "the covariance is divided by n, and the standard deviations use n − 1 (ddof=1): both "
        "alike": dict(end="p @ q / n / (p.std(ddof=1) * q.std(ddof=1))"),
        "the covariance is divided by n − 1, as np.cov does, and the standard deviations use n: "
        "both alike": dict(end="np.cov(p, q)[0, 1] / (p.std() * q.std())"),
    },
)
# The order of ties in NumPy's default sort depends on the processor.
TIES_AS_THEY_FALL = replace(
    RANK_CORRELATION,
    mistakes=_in_one_or_both(
        f"{SHARED}: argsort of argsort tells them apart", "(lambda v: np.argsort(np.argsort(v)))"
    ),
)


def rank_correlation(answer: Callable, rounds: int = 20) -> None:
    """Check ``rank_correlation(a, b)`` -> number in −1 … 1."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        while True:
            d = int(rng.integers(6, 10))
            a, b = rng.normal(size=(2, d)) ** 3
            # Both have equal scores, as maps of pictures do.
            for scores, equal in ((a, 3), (b, 2)):
                scores[rng.choice(d, equal, replace=False)] = 0.0
            right = np.array(_pearson(_ranks(a), _ranks(b)))
            mistaken = RANK_CORRELATION.mistaken(a, b)
            if _recognised(right, mistaken):
                break
        for words, result in TIES_AS_THEY_FALL.mistaken(a, b).items():
            if _recognised(right, mistaken | {words: result}):
                mistaken[words] = result
        given = plain(by_hand(answer)(a, b), (), "rank_correlation")
        compare(given, right, mistaken, "rank_correlation")
    passed(f"rank_correlation: {rounds} random pairs, with equal scores in both")


INFIDELITY = Answer(
    """\
def infidelity(f, x, slopes, changes):
    m, d = changes.shape
    predicted = $predicted
    actual = $actual
    errors = predicted - actual
    squares = errors**2
    value, error = $value, $error
    return $end
""",
    dict(
        predicted="changes @ slopes",
        actual="f(x[None]) - f(x - changes)",
        value="squares.mean()",
        error="squares.std(ddof=1) / np.sqrt(m)",
        end="value, error",
    ),
)
VALUE = replace(
    INFIDELITY,
    mistakes={
        "square the errors, their sizes are not enough": dict(value="abs(errors).mean()"),
        "square each error before you average: errors of opposite sign must not cancel": dict(
            value="errors.mean() ** 2"
        ),
        "the model is asked at x − I, not at x + I": dict(actual="f(x[None]) - f(x + changes)"),
        "the model's change is F(x) − F(x − I): its sign is wrong": dict(
            actual="f(x - changes) - f(x[None])"
        ),
        "your change of the model is F(x + I) − F(x): here I is taken away, F(x) − F(x − I)": dict(
            actual="f(x + changes) - f(x[None])"
        ),
        "I·slopes is a sum over the features: you took their mean": dict(
            predicted="(changes * slopes).mean(axis=1)"
        ),
        "I·slopes is a sum over the features: yours is not summed up": dict(
            predicted="changes * slopes", actual="(f(x[None]) - f(x - changes))[:, None]"
        ),
        "the model is asked at I alone, not at x − I": dict(actual="f(x[None]) - f(changes)"),
        "slopes are per unit of x: multiply them by I, not by I times x": dict(
            predicted="(changes * x) @ slopes"
        ),
        "this is the variance of the errors: an error that is always the same counts, too": dict(
            value="errors.var()"
        ),
        "this is a sum over the changes: take the mean": dict(value="squares.sum()"),
        "take no root: infidelity is the mean square": dict(value="np.sqrt(squares.mean())"),
        "the model's change is missing": dict(actual="0"),
        "the scores are missing": dict(predicted="0"),
    },
    read=itemgetter(0),
)
ERROR = replace(
    INFIDELITY,
    mistakes={
        "this is the standard deviation of one square: divide by √m": dict(
            error="squares.std(ddof=1)"
        ),
        "divide by √m, not by m": dict(error="squares.std(ddof=1) / m"),
        "use ddof=1: the mean was estimated from the same numbers": dict(
            error="squares.std() / np.sqrt(m)"
        ),
        "this is the standard error of the errors: take that of their squares": dict(
            error="errors.std(ddof=1) / np.sqrt(m)"
        ),
        "this is a variance: take the root": dict(error="squares.var(ddof=1) / m"),
        "√m goes below the standard deviation: you put the variance there": dict(
            error="squares.var(ddof=1) / np.sqrt(m)"
        ),
        "√m counts the changes: you divide by √d, the features": dict(
            error="squares.std(ddof=1) / np.sqrt(d)"
        ),
    },
    read=itemgetter(1),
)


def infidelity_and_error(answer: Callable, rounds: int = 20) -> None:
    """Check ``infidelity(f, x, slopes, changes)`` -> (value, standard error)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        d, m = int(rng.integers(3, 6)), int(rng.integers(6, 12))
        f = _model(rng, d)
        x, slopes = rng.normal(size=(2, d))
        changes = rng.normal(size=(m, d))
        given = by_hand(answer)(f, x, slopes, changes)
        parts = pair(given, "infidelity returns the value and its standard error: return a, b")
        value, error = (plain(part, (), "infidelity") for part in parts)
        predicted = np.array(
            [sum(s * c for s, c in zip(slopes, change, strict=True)) for change in changes]
        )
        actual = np.array([f(x[None])[0] - f((x - change)[None])[0] for change in changes])
        squares, drawn = (predicted - actual) ** 2, (f, x, slopes, changes)
        compare(value, squares.mean(), VALUE.mistaken(*drawn), "infidelity, the value")
        standard_error = squares.std(ddof=1) / np.sqrt(m)
        compare(error, standard_error, ERROR.mistaken(*drawn), "infidelity, the error")
    passed(f"infidelity: {rounds} random models, a value and its standard error each")


def sanity_check(answer: Callable) -> None:
    """Check ``passes_sanity_check(explain, trained, lost, rows, correlate, limit)`` -> bool."""
    rng = np.random.default_rng()
    n, d, limit = 6, 12, 0.5
    rows, before = rng.normal(size=(2, n, d))
    while True:
        other = np.array([rng.permutation(row) for row in before]) * rng.choice([-1, 1], (n, d))
        sizes = [
            _pearson(_ranks(abs(p)), _ranks(abs(q))) for p, q in zip(before, other, strict=True)
        ]
        signs = [_pearson(_ranks(p), _ranks(q)) for p, q in zip(before, other, strict=True)]
        if max(map(abs, [*sizes, *signs])) < 0.45:
            break
    flipped = before * rng.permutation([1.0, -1.0] * (d // 2))
    one_row, five_rows = other.copy(), before.copy()
    one_row[0], five_rows[0] = before[0], other[0]
    reverse = before.copy()
    for row, places in enumerate(np.argsort(np.abs(before), axis=1)):
        reverse[row, places] = before[row, places[::-1]]
    # The mean is 1/3, the median 1, and without the first or the last row the mean is 0.6.
    first_and_last = before.copy()
    first_and_last[[0, -1]] = reverse[[0, -1]]
    kept_one = "an explanation that kept one of six rows: the mean over rows is below the limit"
    cases = [
        (True, limit, other, "an explanation that is another one in every row"),
        (True, limit, one_row, kept_one),
        (False, limit, before, "an explanation that did not change at all"),
        (False, limit, 10 * before, "an explanation of which only the scale changed"),
        (False, limit, -before, "an explanation turned into its opposite: its picture is the same"),
        (False, limit, flipped, "an explanation with every second sign flipped: compare the sizes"),
        (False, limit, five_rows, "an explanation that changed in one of six rows only"),
        (
            True,
            limit,
            first_and_last,
            "an explanation whose rows correlate by −1, 1, 1, 1, 1, −1: take the mean of all, 1/3",
        ),
        (True, limit, reverse, "an explanation whose mean is −1: that is below the limit, too"),
        (True, 1.1, before, "an explanation whose mean, 1, is below the limit given, 1.1"),
        (True, 1.0, before, "an explanation whose mean, 1, is the limit given: ≤ and not <"),
    ]
    trained, lost = _Named("trained"), _Named("lost")

    def correlate(a, b):
        if shape_of(a) != (d,) or shape_of(b) != (d,):
            raise Mistake(
                f"passes_sanity_check: correlate compares two rows ({d},); it was given "
                f"{shape_of(a)} and {shape_of(b)}"
            )
        ranks = [_ranks(np.asarray(row, dtype=float)) for row in (a, b)]
        return round(_pearson(*ranks), 9)  # else equal rows would correlate by 0.999…

    def explainer(after):
        def explain(model, given):
            numbers = _numbers_of(given, rows)
            if not numbers or getattr(model, "name", "") not in ("trained", "lost"):
                raise Mistake(
                    "passes_sanity_check: ask for explain(trained, rows) and explain(lost, rows)"
                )
            return (before if model.name == "trained" else after)[numbers]

        return explain

    for verdict, at_most, after, what in cases:
        given = by_hand(answer)(explainer(after), trained, lost, rows, correlate, at_most)
        judge(given, verdict, what, "passes_sanity_check", "compare the mean with the limit")
    passed("passes_sanity_check: True in the six cases that should pass, False in the other five")


def _numbers_of(given: np.ndarray, rows: np.ndarray) -> list[int]:
    """Return the numbers of the given rows; an empty list if any is not one of `rows`."""
    if shape_of(given) is None or np.shape(given)[1:] != rows.shape[1:]:
        return []
    found = [np.flatnonzero((rows == row).all(axis=1)) for row in np.asarray(given)]
    return [int(places[0]) for places in found] if all(map(len, found)) else []


class _Named:
    """A stand-in for a model; its name identifies it."""

    def __init__(self, name: str):
        self.name = name


def _model(rng: np.random.Generator, d: int) -> Callable:
    """Draw a smooth function of rows (n, d) in which features work together."""
    w, c, v = rng.normal(size=(4, d)), rng.normal(size=4), rng.normal(size=4) + 1.0

    def f(rows):
        if len(shape_of(rows) or ()) != 2 or np.shape(rows)[1] != d:
            raise Mistake(
                f"f takes rows of shape (n, {d}) and was given shape {shape_of(rows)}: "
                "a single row is x[None]"
            )
        return np.tanh(np.asarray(rows, dtype=float) @ w.T + c) @ v

    return f


def _outputs(f: Callable, x: np.ndarray, baseline: np.ndarray, order: np.ndarray) -> list[float]:
    """Return f after 0, 1, …, d features have gone to the baseline."""
    rank = np.argsort(order)
    return [float(f(np.where(rank < gone, baseline, x)[None])[0]) for gone in range(len(order) + 1)]


def _area(outputs: list[float]) -> np.ndarray:
    return np.array(np.mean([(a + b) / 2 for a, b in pairwise(outputs)]))


def _toy_areas(weight: np.ndarray) -> Callable:
    """Return a function order -> area of Σ w_i x_i, deleted from 1 to the baseline 0.

    It computes each order's area once, because all mistakes ask for the same orders.
    """
    d = len(weight)

    @cache
    def area(order: tuple) -> float:
        return float(np.round(weight[list(order)] @ (np.arange(d) + 0.5) / d, 9))

    def area_of(order):
        if shape_of(order) != (d,) or set(columns := np.asarray(order).tolist()) != set(range(d)):
            raise Mistake(
                f"share_as_good: area_of takes an order, the column numbers 0 … {d - 1} with the "
                "first to be removed first"
            )
        return area(tuple(columns))

    return area_of


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks from 1; equal values share the mean of their places."""
    return np.array([np.sum(values < v) + (np.sum(values == v) + 1) / 2 for v in values])


def _pearson(a: np.ndarray, b: np.ndarray) -> float:
    p, q = a - a.mean(), b - b.mean()
    return float(p @ q / np.sqrt((p @ p) * (q @ q)))
