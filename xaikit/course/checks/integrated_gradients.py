"""Checks of assignment 06: the way and its slopes, weights, the integral, baselines, one kink."""

from collections.abc import Callable
from dataclasses import replace
from operator import itemgetter

import numpy as np

from xaikit.course import checks
from xaikit.course.checks import (
    Mistake,
    asked_rows,
    close,
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
from xaikit.methods import exact_path
from xaikit.methods import integrated_gradients as xaikits
from xaikit.methods.gradients import gradient_x_input

RULES = ("midpoint", "right", "trapezoid")
BRACKETS = "brackets are missing: np.arange(n) + ½ / n divides the ½ alone"


def by_hand(answer: Callable) -> Callable:
    """Return the learner's function, guarded; xaikit's integrated gradients are switched off."""
    return checks.by_hand(
        answer,
        xaikits.integrated_gradients,
        xaikits.quadrature,
        xaikits._integrate,
        exact_path.exact_integral,
        gradient_x_input,
    )


SLOPES_ON_THE_WAY = Answer(
    """\
def slopes_on_the_way(gradient, x, baseline, alphas):
    a = alphas[:, None]
    points = $points
    return $end
""",
    dict(points="baseline + a * (x - baseline)", end="gradient(points)"),
    {
        "these are the slopes at x alone, again and again: α is not used": dict(points="x + 0 * a"),
        "you walk from x to the baseline: at α = 0 you should be at the baseline": dict(
            points="x + a * (baseline - x)"
        ),
        "you scale the input, α x: the way begins at the baseline, not at zero": dict(
            points="a * x"
        ),
        "α (x − b) begins at zero: add the baseline": dict(points="a * (x - baseline)"),
        "these are the points themselves: hand them to `gradient`": dict(end="points"),
        "you mix the slopes at both ends: take the slopes at the points between": dict(
            end="gradient(baseline) + a * (gradient(x) - gradient(baseline))"
        ),
        "b + α x ends at b + x: the step from b to x is x − b": dict(points="baseline + a * x"),
        "b + α (b − x) leads away from x: the step from b to x is x − b": dict(
            points="baseline + a * (baseline - x)"
        ),
        "this is the slope at x, scaled by α: α moves the point, not the slope": dict(
            end="a * gradient(x)"
        ),
        "x + α (x − b) begins at x and leads away: begin at b": dict(
            points="x + a * (x - baseline)"
        ),
        "these are products with x − b: give the slopes, the product comes in exercise 3": dict(
            end="gradient(points) * (x - baseline)"
        ),
    },
)


def slopes_on_the_way(answer: Callable, rounds: int = 20) -> None:
    """Check ``slopes_on_the_way(gradient, x, baseline, alphas)`` -> (n, d)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        n, d = (int(v) for v in rng.permutation([3, 4, 5, 6])[:2])
        _, gradient = _curve(rng, d)
        x, baseline, alphas = *_ends(rng, d), np.sort(rng.uniform(0.05, 0.8, size=n))
        hint = (
            f"alphas is ({n},), the step x − b is ({d},): alphas[:, None] has a row for each point"
        )
        with shapes_fit("slopes_on_the_way", hint):
            given = by_hand(answer)(gradient, x, baseline, alphas)
        if shape_of(given) == (d, n):
            raise Mistake(
                "slopes_on_the_way: your table is transposed, it has a row for each point"
            )
        if shape_of(given) == (d,):
            raise Mistake(
                "slopes_on_the_way: keep a row for each point; their average is exercise 3"
            )
        given = plain(given, (n, d), "slopes_on_the_way")
        points = [[(1 - a) * q + a * p for p, q in zip(x, baseline, strict=True)] for a in alphas]
        expected = np.array([gradient(point) for point in points])
        mistaken = SLOPES_ON_THE_WAY.mistaken(gradient, x, baseline, alphas)
        compare(given, expected, mistaken, "slopes_on_the_way")
    passed(f"slopes_on_the_way: {rounds} random functions, every point on the way")


ALPHAS = Answer(
    """\
def quadrature(rule, n):
    middles, right_ends = (np.arange(n) + 0.5) / n, np.arange(1, n + 1) / n
    both_ends, halved = np.linspace(0, 1, n), np.ones(n)
    halved[[0, -1]] = 0.5
    alphas = $alphas
    weights = $trapezoid if rule == "trapezoid" else $parts
    return $end
""",
    dict(
        alphas='{"midpoint": middles, "right": right_ends, "trapezoid": both_ends}[rule]',
        trapezoid="halved / (n - 1)",
        parts="np.full(n, 1 / n)",
        end="alphas, weights",
    ),
    {
        "these are left ends, j / n from j = 0": dict(alphas="np.arange(n) / n"),
        "these are right ends": dict(alphas="right_ends"),
        "these are n points from end to end, which belongs to the trapezoid": dict(
            alphas="both_ends"
        ),
        "these are midpoints": dict(alphas="middles"),
        "half a part beyond n points from end to end: the middles are (j + ½) / n": dict(
            alphas="both_ends + 0.5 / n"
        ),
        BRACKETS: dict(alphas="np.arange(n) + 0.5 / n"),
        "a part too far: j begins at 0, and the first middle is ½ / n": dict(
            alphas="(np.arange(n) + 1.5) / n"
        ),
        "n parts, not n + 1: the middles are (j + ½) / n": dict(
            alphas="(np.arange(n) + 0.5) / (n + 1)"
        ),
        "n parts have n right ends, (j + 1) / n, not divided by n − 1": dict(
            alphas="np.arange(1, n + 1) / (n - 1)"
        ),
        "these are the weights: return alphas first, then weights": dict(end="weights, alphas"),
        "the way is walked backwards": dict(end="alphas[::-1], weights"),
    },
    read=itemgetter(0),
)
WEIGHTS = replace(
    ALPHAS,
    mistakes={
        "n parts have the width 1 / n each, not 1 / (n − 1)": dict(parts="np.full(n, 1 / (n - 1))"),
        "these are widths of 1: divide by n": dict(parts="np.ones(n)"),
        "they sum to 1 − 1/n: n points from end to end bound n − 1 intervals, and each is "
        "1 / (n − 1) wide": dict(trapezoid="halved / n"),
        "both ends bound one interval only: halve their weights": dict(
            trapezoid="np.full(n, 1 / (n - 1))"
        ),
        "halve the weights of both ends, not of one": dict(
            trapezoid="np.append(0.5, np.ones(n - 1)) / (n - 1)"
        ),
        "equal weights sum to 1, but the two ends count half": dict(trapezoid="np.full(n, 1 / n)"),
    },
    read=itemgetter(1),
)


def quadrature(answer: Callable) -> None:
    """Check ``quadrature(rule, n)`` -> (alphas (n,), weights (n,))."""
    rng = np.random.default_rng()
    # Two points come last: with so few, many mistakes give the same numbers.
    for n in (3, *(int(v) for v in rng.integers(4, 60, size=8)), 2):
        for rule in RULES:
            given = by_hand(answer)(rule, n)
            words = "quadrature returns two arrays, alphas and weights: return a, w"
            parts = pair(given, words, (n,))
            name = f"quadrature({rule!r}, {n})"
            alphas, weights = (plain(part, (n,), name) for part in parts)
            compare(alphas, _places(rule, n), ALPHAS.mistaken(rule, n), f"{name}, alphas")
            compare(weights, _weights(rule, n), WEIGHTS.mistaken(rule, n), f"{name}, weights")
    passed("quadrature: three rules, the weights of each sum to 1")


def _places(rule: str, n: int) -> np.ndarray:
    if rule == "midpoint":
        return np.array([(2 * j + 1) / (2 * n) for j in range(n)])
    return np.array([(j + 1) / n if rule == "right" else j / (n - 1) for j in range(n)])


def _weights(rule: str, n: int) -> np.ndarray:
    if rule != "trapezoid":
        return np.full(n, 1 / n)
    return np.array([0.5, *[1.0] * (n - 2), 0.5]) / (n - 1)


INTEGRATED_GRADIENTS = Answer(
    """\
def integrated_gradients(gradient, x, baseline, steps):
    alphas = $alphas
    points = $points
    slopes = gradient(points)
    average = $average
    return $end
""",
    dict(
        alphas="(np.arange(steps) + 0.5) / steps",
        points="baseline + alphas[:, None] * (x - baseline)",
        average="slopes.mean(axis=0)",
        end="average * (x - baseline)",
    ),
    {
        f"`steps` is not used: these are {n} points whatever it says": dict(
            alphas=f"(np.arange({n}) + 0.5) / {n}"
        )
        for n in (20, 50, 100, 200, 300, 500, 1000)
    }
    | {
        "n points have the mean Σ / n: you divide by n − 1": dict(
            average="slopes.sum(axis=0) / (steps - 1)"
        ),
        "n points have the mean Σ / n: you divide by n + 1": dict(
            average="slopes.sum(axis=0) / (steps + 1)"
        ),
        "this is the trapezoid with n points: take the middles (j + ½) / n": dict(
            alphas="np.linspace(0, 1, steps)", average="(slopes[1:] + slopes[:-1]).mean(axis=0) / 2"
        ),
        "this is the trapezoid with n + 1 points: take the n middles (j + ½) / n": dict(
            alphas="np.linspace(0, 1, steps + 1)",
            average="(slopes[1:] + slopes[:-1]).mean(axis=0) / 2",
        ),
        "this is one slope, at x, times x − b: average the slopes of the whole way": dict(
            average="gradient(x)"
        ),
        "these are the averaged slopes: multiply by the distance x − b": dict(end="average"),
        "the average is multiplied by x: the distance that was walked is x − b": dict(
            end="average * x"
        ),
        "the sign is wrong: the distance is x − b, from the baseline to x": dict(
            end="average * (baseline - x)"
        ),
        "this is a sum over the points: divide by their number": dict(average="slopes.sum(axis=0)"),
        "you used left ends, from α = 0 on: take the middles (j + ½) / n": dict(
            alphas="np.arange(steps) / steps"
        ),
        "you used right ends: take the middles (j + ½) / n": dict(
            alphas="np.arange(1, steps + 1) / steps"
        ),
        BRACKETS: dict(alphas="np.arange(steps) + 0.5 / steps"),
        "n + 1 points from 0 to 1, divided by n: the weights sum to more than 1": dict(
            alphas="np.linspace(0, 1, steps + 1)", average="slopes.sum(axis=0) / steps"
        ),
        "n points from 0 to 1 with both ends: take the middles (j + ½) / n": dict(
            alphas="np.linspace(0, 1, steps)"
        ),
        "you begin in the middle of the first part and end at x: the last point is the middle of "
        "the last part, 1 − ½ / n": dict(alphas="np.linspace(0.5 / steps, 1, steps)"),
        "these are the n points between n + 1 parts, (j + 1) / (n + 1): take the middles of n "
        "parts, (j + ½) / n": dict(alphas="np.arange(1, steps + 1) / (steps + 1)"),
        "you walk from zero, α x: the way begins at the baseline": dict(
            points="alphas[:, None] * x"
        ),
        "you explain against zero, and the baseline is not used": dict(
            points="alphas[:, None] * x", end="average * x"
        ),
        "keep the sign: a negative score lowered the output": dict(
            end="abs(average * (x - baseline))"
        ),
        "this is one slope, at the middle of the way: average the slopes of the whole way": dict(
            average="gradient((x + baseline) / 2)"
        ),
        "you averaged over the features too: mean(axis=0) keeps a slope for each": dict(
            average="slopes.mean()"
        ),
    },
)


def integrated_gradients(answer: Callable, rounds: int = 20) -> None:
    """Check ``integrated_gradients(gradient, x, baseline, steps)`` -> (d,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        d, steps = int(rng.integers(3, 6)), int(rng.integers(7, 15))
        _, gradient = _curve(rng, d)
        x, baseline = _ends(rng, d)
        hint = (
            f"The positions α are ({steps},), the step x − b is ({d},): alphas[:, None] has a row "
            "for each point"
        )
        with shapes_fit("integrated_gradients", hint):
            given = by_hand(answer)(gradient, x, baseline, steps)
        if shape_of(given) == (steps, d):
            raise Mistake("integrated_gradients: average over the points, axis 0")
        if shape_of(given) == (steps,):
            raise Mistake(
                "integrated_gradients: a number for each point, expected one for each feature: "
                "average over the points, axis 0, not over the features, axis 1"
            )
        given = plain(given, (d,), "integrated_gradients")
        expected = _walk(gradient, x, baseline, _places("midpoint", steps)) * (x - baseline)
        mistaken = INTEGRATED_GRADIENTS.mistaken(gradient, x, baseline, steps)
        compare(given, expected, mistaken, "integrated_gradients")
    passed(f"integrated_gradients: {rounds} random functions, d slopes and one walk each")


def _walk(gradient: Callable, x: np.ndarray, baseline: np.ndarray, alphas: np.ndarray):
    return gradient(baseline + alphas[:, None] * (x - baseline)).mean(axis=0)


AVERAGED = "you averaged the baselines first: a walk for each is asked"

GROUP_PER_BASELINE = Answer(
    """\
def group_per_baseline(explain, x, baselines, group):
    tables = np.array([$scores for b in baselines])
    return $end
""",
    dict(scores="explain(x, b)", end="tables[:, group].sum(axis=1)"),
    {
        "a group's score is the sum of its members', not their mean": dict(
            end="tables[:, group].mean(axis=1)"
        ),
        "this is the group's first member alone: sum over all of them": dict(
            end="tables[:, group[0]]"
        ),
        "a group is a list of columns: yours takes those in between too": dict(
            end="tables[:, group[0] : group[-1] + 1].sum(axis=1)"
        ),
        "you summed over all features: take the columns of the group": dict(
            end="tables.sum(axis=1)"
        ),
        "these are the features outside the group": dict(
            end="np.delete(tables, group, axis=1).sum(axis=1)"
        ),
        AVERAGED: dict(scores="explain(x, baselines.mean(axis=0))"),
        "you averaged over the baselines: a number for each is asked": dict(
            end="np.full(len(tables), tables[:, group].sum(axis=1).mean())"
        ),
        "x and the baseline are exchanged: explain(x, baseline)": dict(scores="explain(b, x)"),
        "members of a group may cancel: keep their signs": dict(
            end="abs(tables[:, group]).sum(axis=1)"
        ),
        "the order is that of the baselines": dict(end="tables[::-1, group].sum(axis=1)"),
        "this is the first baseline's number every time": dict(scores="explain(x, baselines[0])"),
        "you moved the group alone: explain all of x, then take the group's scores": dict(
            scores="explain(x, np.where(np.isin(range(len(x)), group), b, x))"
        ),
    },
)


def group_per_baseline(answer: Callable, rounds: int = 20) -> None:
    """Check ``group_per_baseline(explain, x, baselines, group)`` -> (k,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        k, d = (int(v) for v in rng.permutation([2, 4, 5, 6])[:2])
        d += 3
        _, gradient = _curve(rng, d)
        x = rng.normal(size=d)
        baselines = rng.normal(size=(k, d))
        group = sorted(int(i) for i in rng.choice(d, size=3, replace=False))

        def explain(start, end, gradient=gradient, d=d):
            if np.shape(start) != (d,) or np.shape(end) != (d,):
                raise Mistake(
                    "group_per_baseline: explain(x, baseline) takes one row and one baseline, of "
                    f"shape ({d},) each; it was given shapes {np.shape(start)} and {np.shape(end)}"
                )
            start, end = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
            return _walk(gradient, start, end, _places("midpoint", 40)) * (start - end)

        given = by_hand(answer)(explain, x, baselines, group)
        if shape_of(given) in ((k, 3), (3,), ()) and given is not None and shape_of(given) != (k,):
            of_mean = explain(x, baselines.mean(axis=0))[group]
            averaged = any(close(np.asarray(given), wrong) for wrong in (of_mean, of_mean.sum()))
            words = AVERAGED if averaged else "one number for each baseline, the sum over the group"
            raise Mistake(f"group_per_baseline: {words}")
        given = plain(given, (k,), "group_per_baseline")
        tables = [explain(x, b) for b in baselines]
        expected = np.array([sum(table[i] for i in group) for table in tables])
        mistaken = GROUP_PER_BASELINE.mistaken(explain, x, baselines, group)
        compare(given, expected, mistaken, "group_per_baseline")
    passed(f"group_per_baseline: {rounds} random functions, two to six baselines")


def completeness_test(answer: Callable) -> None:
    """Check a learner's test ``is_complete(explain, f, rows, baseline, tolerance)`` -> bool."""
    rng = np.random.default_rng()
    f, rows, baseline = _moving(rng)
    signs = np.resize([1.0, 1.0, -1.0], len(rows))  # their mean is not 0
    first, last, both = np.zeros((3, len(rows)))
    first[0], last[-1], both[0], both[1] = 1.0, 1.0, 1.0, -1.0

    def explanations(scale, tolerance, cases):
        """Yield f of another size, its tolerance, and scores with these gaps."""

        def scaled(given):
            return scale * f(given)

        total = scaled(rows) - scaled(baseline)
        right = rng.normal(size=rows.shape)
        right[:, 0] += total - right.sum(axis=1)
        for verdict, what, gaps in cases:
            if callable(gaps):
                values = gaps(right, scaled(baseline))
            else:
                values = right + tolerance * np.outer(gaps, np.eye(rows.shape[1])[0])
            yield verdict, what, values, scaled, tolerance

    own = "hold every row's gap by itself against the tolerance you are given"
    units = (
        "where the output hardly moves: the tolerance is in units of the output, no fraction of "
        "the change or of the output"
    )
    ones = np.ones(len(rows))
    # A tolerance relative to the output's change is generous where that is 3 to 15, and strict
    # where it is 0.35 at most. No constant of the learner's choice fits both tolerances.
    large = [
        (
            True,
            "sums of f(x) − f(b), right up to rounding: leave the tolerance, and check that your "
            "gap is the sum of a row's scores − (f(x) − f(b))",
            lambda right, base: right * (1 + 1e-13),
        ),
        (True, f"gaps of half the tolerance: {own}", 0.5 * ones),
        (True, f"gaps of minus half the tolerance: {own}", -0.5 * ones),
    ]
    small = [
        (True, f"gaps of half the tolerance, {units}", 0.5 * signs),
        (
            False,
            "gaps of five times the tolerance: hold the size of each gap, not its square, against "
            "the tolerance you are given",
            5 * signs,
        ),
        (
            False,
            "gaps of five times the tolerance, all positive: a gap counts in both directions",
            5 * ones,
        ),
        (
            False,
            "gaps of five times the tolerance, all negative: a gap counts in both directions",
            -5 * ones,
        ),
        (False, "a gap in the first row only: look at every row, not at their mean", 5 * first),
        (False, "a gap in the last row only: look at every row, not at their mean", 5 * last),
        (
            False,
            "a gap in one row and its opposite in another: do not let rows cancel",
            5 * both,
        ),
    ]
    beyond = [
        (
            False,
            "gaps of one and a half times the tolerance: the tolerance you are given is the limit, "
            "not twice as much, and nothing relative (rtol) is added to it",
            1.5 * signs,
        ),
        (
            False,
            "scores that sum to f(x): they explain the difference f(x) − f(b)",
            lambda right, base: right + base * np.eye(right.shape[1])[0],
        ),
        (False, "scores with the wrong sign", lambda right, base: -right),
    ]

    def explainer(values):
        def explain(given_rows, given_baseline):
            if not np.array_equal(given_baseline, baseline):
                raise Mistake("is_complete: ask for explanations with the baseline you are given")
            return values[asked_rows(given_rows, rows, "is_complete")].copy()

        return explain

    hint = (
        "explain gives scores (n, d), and f(rows) one number for each row, "
        "(n,): add up the scores of a row, axis 1"
    )
    for scale, tolerance, cases in [(15, 0.14, large), (0.35, 0.013, small), (15, 0.14, beyond)]:
        for verdict, what, values, scaled, limit in explanations(scale, tolerance, cases):
            with shapes_fit("is_complete", hint):
                given = by_hand(answer)(explainer(values), scaled, rows, baseline, limit)
            judge(given, verdict, what, "is_complete")
    passed("is_complete: accepts four explanations within the tolerance, rejects nine")


def _moving(rng: np.random.Generator) -> tuple[Callable, np.ndarray, np.ndarray]:
    """Draw f, nine rows and a baseline; |f| and its changes are at most 1 and not near 0."""
    while True:
        curve, _ = _curve(rng, 4)
        baseline, rows = rng.normal(size=4), rng.normal(size=(60, 4)) * 2
        change = curve(rows) - curve(baseline)
        size = max(np.abs(change).max(), np.abs(curve(rows)).max())
        clear = rows[np.abs(change) > 0.2 * size][:9]
        if len(clear) == 9 and abs(curve(baseline)) > 0.3 * size and np.ptp(change) > 0.5 * size:

            def f(given, curve=curve, size=size):
                return curve(given) / size

            if f(clear).std() > 0.1:
                return f, clear, baseline


WRONG_SIGN = "the sign is wrong: the distance is x − b, from the baseline to x"

ONE_KINK = Answer(
    """\
def one_kink(w, c, v, x, baseline):
    z_b, z_x = $z
    if (z_b > 0) == (z_x > 0):
        share = float(z_x > 0)
    else:
        kink = -z_b / (z_x - z_b)
        share = $share
    return $end
""",
    dict(
        z="w @ baseline + c, w @ x + c",
        share="1 - kink if z_x > 0 else kink",
        end="(x - baseline) * v * w * share",
    ),
    {
        "this is the slope at x times the distance: the gate may change on the way": dict(
            share="float(z_x > 0)"
        ),
        "this is the slope at the baseline times the distance: the gate may change on the way": (
            dict(share="float(z_b > 0)")
        ),
        "this is the share of the way on which the gate is closed": dict(
            end="(x - baseline) * v * w * (1 - share)"
        ),
        "the kink is not in the middle: find the α at which w·x + c is 0": dict(share="0.5"),
        "the weight v behind the unit is missing": dict(end="(x - baseline) * w * share"),
        "these are averaged slopes: multiply by x − b": dict(end="v * w * share"),
        WRONG_SIGN: dict(end="(baseline - x) * v * w * share"),
        "v may be negative: keep its sign": dict(end="(x - baseline) * abs(v) * w * share"),
        "multiply by the distance x − b, not by x": dict(end="x * v * w * share"),
        "the weights w are missing: the slope of an open unit is v w": dict(
            end="(x - baseline) * v * share"
        ),
        "the bias c is missing in z": dict(z="w @ baseline, w @ x"),
    },
)


def one_kink(answer: Callable, rounds: int = 10) -> None:
    """Check ``one_kink(w, c, v, x, baseline)`` -> (d,), the exact integral of v · relu(w·x + c)."""
    rng = np.random.default_rng()
    for number in range(rounds):
        for case in ("opens", "closes", "open", "closed", "still"):
            w, c, v, x, baseline = _unit(rng, case)
            if number == 0 or case == "still":  # positive first: it separates −v from |v|
                v = abs(v)
            given = plain(by_hand(answer)(w, c, v, x, baseline), (len(x),), "one_kink")
            expected = _one_kink(w, c, v, x, baseline)
            if case == "still" and not checks.close(given, expected):
                raise Mistake(
                    "one_kink: here w·x = w·b, and the gate stays open on the whole way, yet your "
                    "share is not 1. z_x − z_b is 0 or a rounding error: do not divide by it"
                )
            off, size = np.abs(given - expected).max(), np.abs(expected).max()
            if off < 0.01 * size and not checks.close(given, expected):
                raise Mistake(
                    "one_kink: close, but not exact. Is this a sum over points? Compute the α at "
                    "which z is 0 instead"
                )
            mistaken = ONE_KINK.mistaken(w, c, v, x, baseline)
            if v < 0:  # here −v is |v|; the first round recognises a wrong sign
                del mistaken[WRONG_SIGN]
            compare(given, expected, mistaken, "one_kink")
    passed(f"one_kink: {5 * rounds} random units that open, close or stay as they are")


def _unit(rng: np.random.Generator, case: str):
    """Draw a unit whose gate behaves as in this case; its kink is not near the middle or an end."""
    signs = {"opens": (-1, 1), "closes": (1, -1), "open": (1, 1), "closed": (-1, -1)}
    while True:
        d = int(rng.integers(2, 6))
        w, x, baseline = rng.normal(size=(3, d))
        v = float(rng.choice([-1, 1]) * rng.uniform(1.5, 3))
        if case == "still":  # the unit receives the same along the whole path
            baseline = x - (x - baseline) + w * (w @ (x - baseline)) / (w @ w)
        start, end = w @ baseline, w @ x
        c = float(-(start + rng.uniform(-0.5, 1.5) * (end - start)))
        if case == "still":
            c = float(rng.uniform(0.5, 2) - end)
            return w, c, v, x, baseline
        z_b, z_x = start + c, end + c
        share = z_x / (z_x - z_b)
        clear = min(abs(z_b), abs(z_x)) > 0.2 and abs(share - 0.5) > 0.1
        if (np.sign(z_b), np.sign(z_x)) == signs[case] and clear:
            return w, c, v, x, baseline


def _one_kink(w: np.ndarray, c: float, v: float, x: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """Return the scores by completeness: proportional to w_i Δ_i, with the change as their sum."""
    parts = w * (x - baseline)
    z_b, z_x = w @ baseline + c, w @ x + c
    if abs(z_x - z_b) < 1e-9:
        return v * parts * (z_x > 0)
    return v * (max(z_x, 0) - max(z_b, 0)) * parts / (z_x - z_b)


def _ends(rng: np.random.Generator, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw x and a baseline whose entries, sums and differences are well away from 0."""
    while True:
        x, baseline = rng.normal(size=(2, d)) * 1.5
        if min(abs(x).min(), abs(baseline).min(), abs(x - baseline).min()) > 0.1:
            return x, baseline


def _curve(rng: np.random.Generator, d: int) -> tuple[Callable, Callable]:
    """Draw a smooth function of rows (n, d) or of one row (d,), and its gradient."""
    w, c, v = rng.normal(size=(4, d)), rng.normal(size=4), rng.normal(size=4) + 1.0

    def f(rows):
        return np.tanh(np.asarray(rows, dtype=float) @ w.T + c) @ v

    def gradient(rows):
        shape = shape_of(rows)
        if not shape or shape[-1] != d or len(shape) > 2:
            raise Mistake(
                f"gradient takes points of shape (n, {d}), or one point ({d},), and was given "
                f"shape {shape}: write α as a column, alphas[:, None]"
            )
        slope = 1 - np.tanh(np.asarray(rows, dtype=float) @ w.T + c) ** 2
        return (slope * v) @ w

    return f, gradient
