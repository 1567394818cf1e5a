"""Checks of assignment 09: gaps, deletion, chance, ranks, infidelity, a sanity check."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from xaikit.course import checks
from xaikit.course.checks import Mistake, compare, judge, passed, plain, shape_of
from xaikit.course.checks import last_inputs as last_inputs
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


def relative_gap(answer: Callable, rounds: int = 20) -> None:
    """Check ``relative_gap(scores, outputs, bases)`` -> (n,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        n, d = (int(v) for v in rng.permutation([3, 4, 5, 6])[:2])
        scores = rng.normal(size=(n, d))
        bases = rng.uniform(2, 4, size=n) * rng.choice([-1, 1], size=n)
        # Signs that tell every way to lose or to keep one from the others.
        signs = np.r_[1, 1, -1, rng.choice([-1, 1], size=n - 3)]
        change = rng.uniform(0.5, 2, size=n) * signs
        outputs = bases + change
        # The first row has too much, the second too little.
        scores[:, 0] += change - scores.sum(axis=1) + np.r_[0.3, -0.2, rng.uniform(0.1, 1, n - 2)]
        try:
            given = by_hand(answer)(scores, outputs, bases)
        except ValueError as error:
            if "broadcast" not in str(error):
                raise
            raise Mistake(
                f"relative_gap: shapes do not fit. scores is (n, d), here {scores.shape}: a sum "
                f"over the features, axis=1, has shape (n,). NumPy says: {error}"
            ) from None
        if shape_of(given) == (d,):
            raise Mistake("relative_gap: you summed over the rows; features are along axis 1")
        given = plain(given, (n,), "relative_gap")
        gaps = np.array([sum(row) for row in scores]) - outputs + bases
        misconceptions = {
            "this is the gap itself: divide it by |output − base|": np.abs(gaps),
            "a gap counts in both directions: take its size": gaps / np.abs(change),
            "output − base may be negative: divide by its size": np.abs(gaps) / change,
            "you divide by Σ|scores|, which wild scores make large: divide by |output − base|": (
                np.abs(gaps) / np.abs(scores).sum(axis=1)
            ),
            "you divide by the output: what the scores explain is output − base": (
                np.abs(gaps) / np.abs(outputs)
            ),
            "scores do not sum to the output, but to output − base": (
                np.abs(scores.sum(axis=1) - outputs) / np.abs(change)
            ),
            "this is the share that was explained: the gap is what is missing from 1": (
                scores.sum(axis=1) / change
            ),
            "the base is missing twice: the scores explain output − base": (
                np.abs(scores.sum(axis=1) - outputs) / np.abs(outputs)
            ),
            "output + base is not the rise: it is output − base": (
                np.abs(scores.sum(axis=1) - outputs - bases) / np.abs(outputs + bases)
            ),
            "you divide by the scores' sum: divide by what was to be explained": (
                np.abs(gaps) / np.abs(scores.sum(axis=1))
            ),
            "you summed over all rows at once: each row has its own sum, axis=1": (
                np.abs(scores.sum() - change) / np.abs(change)
            ),
            "do not square: a gap is a size": (gaps / change) ** 2,
            "a gap counts in both directions: take the size of the quotient": gaps / change,
            "scores are added up: you took their mean": (
                np.abs(scores.mean(axis=1) - change) / np.abs(change)
            ),
            "the sum is compared with output − base: you compare it with output + base": (
                np.abs(scores.sum(axis=1) - outputs - bases) / np.abs(change)
            ),
            "scores keep their signs in the sum: you added up their sizes": (
                np.abs(np.abs(scores).sum(axis=1) - change) / np.abs(change)
            ),
        }
        compare(given, np.abs(gaps / change), misconceptions, "relative_gap")
    passed(f"relative_gap: {rounds} random tables, gaps in both directions")


def deletion_area(answer: Callable, rounds: int = 20) -> None:
    """Check ``deletion_area(f, x, baseline, order)`` -> number."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        d = int(rng.integers(4, 8))
        f = _model(rng, d)
        x, baseline = rng.normal(size=(2, d))
        order = rng.permutation(d)
        given = plain(by_hand(answer)(f, x, baseline, order), (), "deletion_area")
        curve = _outputs(f, x, baseline, order)
        alone = [f(np.where(np.arange(d) == i, baseline, x)[None])[0] for i in order]
        backwards, back_in = _outputs(f, x, baseline, order[::-1]), _outputs(f, baseline, x, order)
        misconceptions = {
            "each step puts one feature back: features that are gone stay gone": _area(
                [curve[0], *alone]
            ),
            "you remove the last of the order first": _area(backwards),
            "this is insertion: start from x, and put the baseline in": _area(back_in),
            "features go to zero instead of to the baseline": _area(
                _outputs(f, x, 0 * baseline, order)
            ),
            "`order` holds column numbers, first removed first: you read it as ranks": _area(
                _outputs(f, x, baseline, np.argsort(order))
            ),
            "the mean of all outputs counts both ends in full: an end bounds one piece only": (
                float(np.mean(curve))
            ),
            "this is a sum over the pieces: each is 1/d wide": d * _area(curve),
            "each piece takes its left end: take the mean of both ends": float(np.mean(curve[:-1])),
            "each piece takes its right end: take the mean of both ends": float(np.mean(curve[1:])),
            "you do not go to the end: the last feature is removed, too": _area(curve[:-1]),
            "you begin after the first removal: the curve begins at f(x)": _area(curve[1:]),
            "you remove column 0 first, then column 1: follow `order`": _area(
                _outputs(f, x, baseline, np.arange(d))
            ),
            "d + 1 points bound d pieces: each is 1/d wide": d / (d + 1) * _area(curve),
            "every point is the output at the baseline: if you collect rows, append row.copy(), "
            "or all are one and the same array": curve[-1],
            "every point but the first is the output at the baseline: if you collect rows, append "
            "row.copy(), or all are one and the same array": _area([curve[0], *[curve[-1]] * d]),
            "the first point, f(x) with nothing removed, is missing: d pieces need d + 1 points": (
                (d - 1) / d * _area(curve[1:])
            ),
            "the last point, all at the baseline, is missing: d pieces need d + 1 points": (
                (d - 1) / d * _area(curve[:-1])
            ),
            "the area reaches down to zero, not to the output at the baseline": (
                _area(curve) - curve[-1]
            ),
        }
        compare(given, np.array(_area(curve)), _arrays(misconceptions), "deletion_area")
    passed(f"deletion_area: {rounds} random models and orders")


def share_as_good(answer: Callable, rounds: int = 20) -> None:
    """Check ``share_as_good(area_of, scores, orders)`` -> number in 0 … 1."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        while True:
            d, r = int(rng.integers(4, 7)), int(rng.integers(12, 20))
            weight = rng.normal(size=d)
            scores = rng.permutation(np.arange(1, d + 1) * rng.choice([-1.0, 1.0], size=d))
            orders = np.array([rng.permutation(d) for _ in range(r)])
            orders[0] = np.argsort(-scores)
            right, misconceptions = _shares(weight, scores, orders)
            if checks.told_apart([right, *misconceptions.values()]):
                break

        def area_of(order, weight=weight, d=d):
            if shape_of(order) != (d,) or sorted(np.asarray(order).tolist()) != list(range(d)):
                raise Mistake(
                    f"share_as_good: area_of takes an order, the column numbers 0 … {d - 1} with "
                    "the first to be removed first"
                )
            return _toy_area(np.asarray(order), weight)

        given = plain(by_hand(answer)(area_of, scores, orders), (), "share_as_good")
        compare(given, np.array(right), _arrays(misconceptions), "share_as_good")
    passed(f"share_as_good: {rounds} random scores among random orders")


def _shares(
    weight: np.ndarray, scores: np.ndarray, orders: np.ndarray
) -> tuple[float, dict[str, float]]:
    """Return the share that is right, and those that other ways to read the exercise give."""
    r, d = orders.shape
    own = np.argsort(-scores)
    areas = np.array([_toy_area(order, weight) for order in orders])
    inverse = np.array([_toy_area(np.argsort(order), weight) for order in orders])

    def share(order: np.ndarray, areas: np.ndarray = areas) -> float:
        return float(np.mean(areas <= _toy_area(order, weight) + 1e-12))

    right = share(own)
    less = float(np.mean(areas < _toy_area(own, weight) - 1e-12))
    return right, {
        "you remove the lowest score first": share(own[::-1]),
        "you order by the size of the scores: their sign counts": share(
            np.argsort(-np.abs(scores))
        ),
        "argsort of argsort gives ranks: an order is the argsort itself": share(np.argsort(own)),
        "`orders` holds orders already: hand them to area_of as they are, without argsort": share(
            own, inverse
        ),
        "an order that is exactly as good counts, too: ≤": less,
        "these are the orders that are worse": 1 - right,
        "these are the orders that are as good or worse": 1 - less,
        "this is a number of orders: divide by how many there are": r * right,
        "divide by the number of orders, not by the number of features": r * right / d,
        "a share lies between 0 and 1: leave it in that unit, not in percent": 100 * right,
        "you count the scores' own order as one more: here only the given orders count": (
            (1 + r * right) / (1 + r)
        ),
    }


def rank_correlation(answer: Callable, rounds: int = 20) -> None:
    """Check ``rank_correlation(a, b)`` -> number in −1 … 1."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        while True:
            d = int(rng.integers(6, 10))
            a, b = rng.normal(size=(2, d)) ** 3
            # Equal scores in both, as maps of pictures have.
            for scores, equal in ((a, 3), (b, 2)):
                scores[rng.choice(d, equal, replace=False)] = 0.0
            right, misconceptions = _correlations(a, b)
            if checks.told_apart([right, *misconceptions.values()]):
                break
        # NumPy's default sort breaks ties by no rule that holds on every processor.
        for words, default in _in_one_or_both(a, b, lambda v: np.argsort(np.argsort(v))).items():
            if checks.told_apart([right, default, *misconceptions.values()]):
                misconceptions[f"{SHARED}: argsort of argsort tells them apart{words}"] = default
        given = plain(by_hand(answer)(a, b), (), "rank_correlation")
        compare(given, np.array(right), _arrays(misconceptions), "rank_correlation")
    passed(f"rank_correlation: {rounds} random pairs, with equal scores in both")


SHARED = "equal scores must share a rank, the mean of their places"


def _correlations(a: np.ndarray, b: np.ndarray) -> tuple[float, dict[str, float]]:
    """Return the correlation that is right, and those of other ranks and other formulas."""
    d, ranks = len(a), [_ranks(v) for v in (a, b)]
    right = _pearson(*ranks)
    p, q = (r - r.mean() for r in ranks)
    ways: dict[str, Callable] = {
        f"{SHARED}: you break ties by column": lambda v: np.argsort(np.argsort(v, kind="stable")),
        "equal scores get the mean of their places: you give them all the highest": (
            lambda v: np.array([np.sum(v <= one) for one in v])
        ),
        "equal scores get the mean of their places: you give them all the lowest": (
            lambda v: np.array([np.sum(v < one) for one in v])
        ),
        "equal scores use up places: after three of them the next rank is three higher": (
            lambda v: np.unique(v, return_inverse=True)[1]
        ),
    }
    wrong = {
        words + where: value
        for words, way in ways.items()
        for where, value in _in_one_or_both(a, b, way).items()
    }
    return right, wrong | {
        "this correlates the scores themselves: take their ranks": _pearson(a, b),
        "argsort gives an order, not ranks: whose turn it is, not the place of each": _pearson(
            np.argsort(a), np.argsort(b)
        ),
        "you rank the sizes: here the sign counts": _pearson(*[_ranks(np.abs(v)) for v in (a, b)]),
        "1 − 6 Σ d² / (n (n² − 1)) holds only without equal scores: correlate the ranks": (
            1 - 6 * ((p - q) ** 2).sum() / (d * (d**2 - 1))
        ),
        "one of the two is ranked the wrong way round": -right,
        "Pearson's correlation centres first: subtract the mean rank": (
            ranks[0] @ ranks[1] / np.sqrt((ranks[0] @ ranks[0]) * (ranks[1] @ ranks[1]))
        ),
        "this is a covariance, with 1/n: divide by both lengths": p @ q / d,
        "this is a covariance, with 1/(n − 1): divide by both lengths": p @ q / (d - 1),
        "the covariance is divided by n, and the standard deviations use n − 1 (ddof=1): both "
        "alike": right * (d - 1) / d,
        "the covariance is divided by n − 1, as np.cov does, and the standard deviations use n: "
        "both alike": right * d / (d - 1),
    }


def _in_one_or_both(a: np.ndarray, b: np.ndarray, way: Callable) -> dict[str, float]:
    """Return the correlations if both are ranked in this way, or only one of them is."""
    return {
        "": _pearson(way(a), way(b)),
        " (in a alone)": _pearson(way(a), _ranks(b)),
        " (in b alone)": _pearson(_ranks(a), way(b)),
    }


def infidelity_and_error(answer: Callable, rounds: int = 20) -> None:
    """Check ``infidelity(f, x, slopes, changes)`` -> (value, standard error)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        d, m = int(rng.integers(3, 6)), int(rng.integers(6, 12))
        f = _model(rng, d)
        x, slopes = rng.normal(size=(2, d))
        changes = rng.normal(size=(m, d))
        given = by_hand(answer)(f, x, slopes, changes)
        if not isinstance(given, tuple | list | np.ndarray) or len(given) != 2:
            raise Mistake("infidelity returns the value and its standard error: return a, b")
        value, error = (plain(part, (), "infidelity") for part in given)
        told = np.array(
            [sum(s * c for s, c in zip(slopes, change, strict=True)) for change in changes]
        )
        was = np.array([f(x[None])[0] - f((x - change)[None])[0] for change in changes])
        up = np.array([f(x[None])[0] - f((x + change)[None])[0] for change in changes])
        squares = (told - was) ** 2
        misconceptions = {
            "square the errors, their sizes are not enough": np.abs(told - was).mean(),
            "square each error before you average: errors of opposite sign must not cancel": (
                (told - was).mean() ** 2
            ),
            "the model is asked at x − I, not at x + I": ((told - up) ** 2).mean(),
            "the model's change is F(x) − F(x − I): its sign is wrong": ((told + was) ** 2).mean(),
            "your change of the model is F(x + I) − F(x): here I is taken away, F(x) − F(x − I)": (
                ((told + up) ** 2).mean()
            ),
            "I·slopes is a sum over the features: you took their mean": (
                ((told / d - was) ** 2).mean()
            ),
            "slopes are per unit of x: multiply them by I, not by I times x": (
                (((changes * x) @ slopes - was) ** 2).mean()
            ),
            "this is the variance of the errors: an error that is always the same counts, too": (
                (told - was).var()
            ),
            "this is a sum over the changes: take the mean": squares.sum(),
            "take no root: infidelity is the mean square": np.sqrt(squares.mean()),
            "the model's change is missing": (told**2).mean(),
            "the scores are missing": (was**2).mean(),
        }
        compare(value, squares.mean(), _arrays(misconceptions), "infidelity, the value")
        spread = squares.std(ddof=1)
        misconceptions = {
            "this is the standard deviation of one square: divide by √m": spread,
            "divide by √m, not by m": spread / m,
            "use ddof=1: the mean was estimated from the same numbers": squares.std() / np.sqrt(m),
            "this is the standard error of the errors: take that of their squares": (
                (told - was).std(ddof=1) / np.sqrt(m)
            ),
            "this is a variance: take the root": squares.var(ddof=1) / m,
            "√m goes below the standard deviation: you put the variance there": (
                squares.var(ddof=1) / np.sqrt(m)
            ),
            "√m counts the changes: you divide by √d, the features": spread / np.sqrt(d),
        }
        compare(error, spread / np.sqrt(m), _arrays(misconceptions), "infidelity, the error")
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
        return round(_pearson(*ranks), 9)  # or rows that agree would correlate by 0.999…

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
    """Return which rows are given, all or one by one; none if any of them is another row."""
    if shape_of(given) is None or np.shape(given)[1:] != rows.shape[1:]:
        return []
    found = [np.flatnonzero((rows == row).all(axis=1)) for row in np.asarray(given)]
    return [int(places[0]) for places in found] if all(map(len, found)) else []


class _Named:
    """A stand-in for a model, told apart by its name."""

    def __init__(self, name: str):
        self.name = name


def _arrays(misconceptions: dict[str, float]) -> dict[str, np.ndarray]:
    return {words: np.array(float(value)) for words, value in misconceptions.items()}


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


def _area(outputs: list[float]) -> float:
    return float(np.mean([(a + b) / 2 for a, b in pairwise(outputs)]))


def _toy_area(order: np.ndarray, weight: np.ndarray) -> float:
    """Return the area of Σ w_i x_i from x = 1 to the baseline 0: what stays longer counts more."""
    stays = np.arange(len(order)) + 0.5
    return float(np.round(weight[order] @ stays / len(order), 9))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks from 1; equal values share the mean of their places."""
    return np.array([np.sum(values < v) + (np.sum(values == v) + 1) / 2 for v in values])


def _pearson(a: np.ndarray, b: np.ndarray) -> float:
    p, q = a - a.mean(), b - b.mean()
    return float(p @ q / np.sqrt((p @ p) * (q @ q)))
