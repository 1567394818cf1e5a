"""Checks of assignment 06: the way and its slopes, weights, the integral, baselines, one kink."""

from collections.abc import Callable

import numpy as np

from xaikit.course import checks
from xaikit.course.checks import Mistake, compare, judge, passed, plain, shape_of
from xaikit.course.checks import last_inputs as last_inputs
from xaikit.methods import exact_path
from xaikit.methods import integrated_gradients as xaikits
from xaikit.methods.gradients import gradient_x_input

RULES = ("midpoint", "right", "trapezoid")


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


def slopes_on_the_way(answer: Callable, rounds: int = 20) -> None:
    """Check ``slopes_on_the_way(gradient, x, baseline, alphas)`` -> (n, d)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        n, d = (int(v) for v in rng.permutation([3, 4, 5, 6])[:2])
        _, gradient = _curve(rng, d)
        x, baseline, alphas = *_ends(rng, d), np.sort(rng.uniform(0.05, 0.8, size=n))
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

        def along(place, alphas=alphas, gradient=gradient):
            return np.array([gradient(place(a)) for a in alphas])

        misconceptions = {
            "these are the slopes at x alone, again and again: α is not used": along(
                lambda a, x=x: x
            ),
            "you walk from x to the baseline: at α = 0 you should be at the baseline": along(
                lambda a, x=x, b=baseline: x + a * (b - x)
            ),
            "you scale the input, α x: the way begins at the baseline, not at zero": along(
                lambda a, x=x: a * x
            ),
            "α (x − b) begins at zero: add the baseline": along(
                lambda a, x=x, b=baseline: a * (x - b)
            ),
            "these are the points themselves: hand them to `gradient`": np.array(
                [baseline + a * (x - baseline) for a in alphas]
            ),
            "you mix the slopes at both ends: take the slopes at the points between": np.array(
                [gradient(baseline) + a * (gradient(x) - gradient(baseline)) for a in alphas]
            ),
            "b + α x ends at b + x: the step from b to x is x − b": along(
                lambda a, x=x, b=baseline: b + a * x
            ),
            "b + α (b − x) leads away from x: the step from b to x is x − b": along(
                lambda a, x=x, b=baseline: b + a * (b - x)
            ),
            "this is the slope at x, scaled by α: α moves the point, not the slope": np.array(
                [a * gradient(x) for a in alphas]
            ),
            "x + α (x − b) begins at x and leads away: begin at b": along(
                lambda a, x=x, b=baseline: x + a * (x - b)
            ),
            "these are products with x − b: give the slopes, the product comes in exercise 3": (
                along(lambda a, x=x, b=baseline: b + a * (x - b)) * (x - baseline)
            ),
        }
        expected = along(
            lambda a, x=x, b=baseline: [(1 - a) * q + a * p for p, q in zip(x, b, strict=True)]
        )
        compare(given, expected, misconceptions, "slopes_on_the_way")
    passed(f"slopes_on_the_way: {rounds} random functions, every point on the way")


def quadrature(answer: Callable) -> None:
    """Check ``quadrature(rule, n)`` -> (alphas (n,), weights (n,))."""
    rng = np.random.default_rng()
    # Two points last: among so few, many mistakes look alike.
    for n in (3, *(int(v) for v in rng.integers(4, 60, size=8)), 2):
        for rule in RULES:
            given = by_hand(answer)(rule, n)
            if not isinstance(given, tuple | list) or len(given) != 2:
                raise Mistake("quadrature returns two arrays, alphas and weights: return a, w")
            alphas, weights = (plain(part, (n,), f"quadrature({rule!r}, {n})") for part in given)
            _compare_alphas(rule, n, alphas)
            _compare_weights(rule, n, weights)
    passed("quadrature: three rules, the weights of each sum to 1")


def _places(rule: str, n: int) -> np.ndarray:
    if rule == "midpoint":
        return np.array([(2 * j + 1) / (2 * n) for j in range(n)])
    return np.array([(j + 1) / n if rule == "right" else j / (n - 1) for j in range(n)])


def _weights(rule: str, n: int) -> np.ndarray:
    if rule != "trapezoid":
        return np.full(n, 1 / n)
    return np.array([0.5, *[1.0] * (n - 2), 0.5]) / (n - 1)


def _compare_alphas(rule: str, n: int, alphas: np.ndarray) -> None:
    ends = {
        "these are left ends, j / n from j = 0": np.arange(n) / n,
        "these are right ends": _places("right", n),
        "these are n points from end to end, which belongs to the trapezoid": np.linspace(0, 1, n),
        "these are midpoints": _places("midpoint", n),
        "half a part beyond n points from end to end: the middles are (j + ½) / n": (
            np.linspace(0, 1, n) + 0.5 / n
        ),
        "a part too far: j begins at 0, and the first middle is ½ / n": (np.arange(n) + 1.5) / n,
        "n parts, not n + 1: the middles are (j + ½) / n": (np.arange(n) + 0.5) / (n + 1),
        "n parts have n right ends, (j + 1) / n, not divided by n − 1": (
            np.arange(1, n + 1) / (n - 1)
        ),
        "these are the weights: return alphas first, then weights": _weights(rule, n),
        "the way is walked backwards": _places(rule, n)[::-1],
    }
    # Which coincide for few points is no mistake of the learner's.
    compare(alphas, _places(rule, n), ends, f"quadrature({rule!r}, {n}), alphas")


def _compare_weights(rule: str, n: int, weights: np.ndarray) -> None:
    name = f"quadrature({rule!r}, {n}), weights"
    if rule != "trapezoid":
        misconceptions = {
            "n parts have the width 1 / n each, not 1 / (n − 1)": np.full(n, 1 / (n - 1)),
            "these are widths of 1: divide by n": np.ones(n),
        }
        compare(weights, _weights(rule, n), misconceptions, name)
        return
    halved = np.array([0.5, *[1.0] * (n - 2), 0.5])
    misconceptions = {
        "they sum to 1 − 1/n: n points from end to end bound n − 1 intervals, and each is "
        "1 / (n − 1) wide": halved / n,
        "both ends bound one interval only: halve their weights": np.full(n, 1 / (n - 1)),
        "halve the weights of both ends, not of one": np.array([0.5, *[1.0] * (n - 1)]) / (n - 1),
    }
    if n > 2:  # two points that are both ends weigh the same
        misconceptions["equal weights sum to 1, but the two ends count half"] = np.full(n, 1 / n)
    compare(weights, _weights(rule, n), misconceptions, name)


def integrated_gradients(answer: Callable, rounds: int = 20) -> None:
    """Check ``integrated_gradients(gradient, x, baseline, steps)`` -> (d,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        d, steps = int(rng.integers(3, 6)), int(rng.integers(7, 15))
        _, gradient = _curve(rng, d)
        x, baseline = _ends(rng, d)
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
        misconceptions = _wrong_integrals(gradient, x, baseline, steps)
        compare(given, expected, misconceptions, "integrated_gradients")
    passed(f"integrated_gradients: {rounds} random functions, d slopes and one walk each")


def _walk(gradient: Callable, x: np.ndarray, baseline: np.ndarray, alphas: np.ndarray):
    return gradient(baseline + alphas[:, None] * (x - baseline)).mean(axis=0)


def _wrong_integrals(
    gradient: Callable, x: np.ndarray, baseline: np.ndarray, steps: int
) -> dict[str, np.ndarray]:
    delta = x - baseline
    middle = _walk(gradient, x, baseline, _places("midpoint", steps))
    closed = np.linspace(0, 1, steps + 1)

    def trapezoid(n: int) -> np.ndarray:
        slopes = gradient(baseline + _places("trapezoid", n)[:, None] * delta)
        return _weights("trapezoid", n) @ slopes * delta

    return {
        **{
            f"`steps` is not used: these are {n} points whatever it says": (
                _walk(gradient, x, baseline, _places("midpoint", n)) * delta
            )
            for n in (20, 50, 100, 200, 300, 500, 1000)
        },
        "n points have the mean Σ / n: you divide by n − 1": middle * delta * steps / (steps - 1),
        "n points have the mean Σ / n: you divide by n + 1": middle * delta * steps / (steps + 1),
        "this is the trapezoid with n points: take the middles (j + ½) / n": trapezoid(steps),
        "this is the trapezoid with n + 1 points: take the n middles (j + ½) / n": (
            trapezoid(steps + 1)
        ),
        "this is one slope, at x, times x − b: average the slopes of the whole way": (
            gradient(x) * delta
        ),
        "these are the averaged slopes: multiply by the distance x − b": middle,
        "the average is multiplied by x: the distance that was walked is x − b": middle * x,
        "the sign is wrong: the distance is x − b, from the baseline to x": -middle * delta,
        "this is a sum over the points: divide by their number": steps * middle * delta,
        "you used left ends, from α = 0 on: take the middles (j + ½) / n": (
            _walk(gradient, x, baseline, np.arange(steps) / steps) * delta
        ),
        "you used right ends: take the middles (j + ½) / n": (
            _walk(gradient, x, baseline, _places("right", steps)) * delta
        ),
        "n + 1 points from 0 to 1, divided by n: the weights sum to more than 1": (
            _walk(gradient, x, baseline, closed) * (steps + 1) / steps * delta
        ),
        "n points from 0 to 1 with both ends: take the middles (j + ½) / n": (
            _walk(gradient, x, baseline, np.linspace(0, 1, steps)) * delta
        ),
        "you walk from zero, α x: the way begins at the baseline": (
            _walk(gradient, x, 0 * x, _places("midpoint", steps)) * delta
        ),
        "you explain against zero, and the baseline is not used": (
            _walk(gradient, x, 0 * x, _places("midpoint", steps)) * x
        ),
        "keep the sign: a negative score lowered the output": abs(middle * delta),
        "this is one slope, at the middle of the way: average the slopes of the whole way": (
            gradient((x + baseline) / 2) * delta
        ),
        "you averaged over the features too: mean(axis=0) keeps a slope for each": (
            middle.mean() * delta
        ),
    }


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
            raise Mistake("group_per_baseline: one number a baseline, the sum over the group")
        given = plain(given, (k,), "group_per_baseline")
        tables = np.array([explain(x, b) for b in baselines])
        expected = np.array([sum(table[i] for i in group) for table in tables])
        averaged = explain(x, baselines.mean(axis=0))[group].sum()
        misconceptions = {
            "a group's score is the sum of its members', not their mean": expected / 3,
            "this is the group's first member alone: sum over all of them": tables[:, group[0]],
            "a group is a list of columns: yours takes those in between too": (
                tables[:, group[0] : group[-1] + 1].sum(axis=1)
            ),
            "you summed over all features: take the columns of the group": tables.sum(axis=1),
            "these are the features outside the group": tables.sum(axis=1) - expected,
            "you averaged the baselines first: a walk for each is asked": np.full(k, averaged),
            "you averaged over the baselines: a number for each is asked": np.full(
                k, expected.mean()
            ),
            "x and the baseline are exchanged: explain(x, baseline)": -expected,
            "members of a group may cancel: keep their signs": abs(tables[:, group]).sum(axis=1),
            "the order is that of the baselines": expected[::-1],
            "this is the first baseline's number every time": np.full(k, expected[0]),
            "you moved the group alone: explain all of x, then take the group's scores": np.array(
                [explain(x, np.where(np.isin(range(d), group), b, x)).sum() for b in baselines]
            ),
        }
        compare(given, expected, misconceptions, "group_per_baseline")
    passed(f"group_per_baseline: {rounds} random functions, two to six baselines")


def completeness_test(answer: Callable) -> None:
    """Check a learner's test ``is_complete(explain, f, rows, baseline, tolerance)`` -> bool."""
    rng = np.random.default_rng()
    f, rows, baseline = _moving(rng)
    signs = np.resize([1.0, 1.0, -1.0], len(rows))  # whose mean is not 0
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
    # Where the output moves by 3 to 15, what is relative to it is generous; where it moves by
    # 0.35 at most, what is relative to it is strict. No number of one's own fits both tolerances.
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
            pairs = (given_rows, rows), (given_baseline, baseline)
            if not all(np.array_equal(given, expected) for given, expected in pairs):
                raise Mistake(
                    "is_complete: ask for explanations of the rows and the baseline you are given"
                )
            return values.copy()

        return explain

    for scale, tolerance, cases in [(15, 0.14, large), (0.35, 0.013, small), (15, 0.14, beyond)]:
        for verdict, what, values, scaled, limit in explanations(scale, tolerance, cases):
            given = by_hand(answer)(explainer(values), scaled, rows, baseline, limit)
            judge(given, verdict, what, "is_complete")
    passed("is_complete: accepts four explanations within the tolerance, rejects nine")


def _moving(rng: np.random.Generator) -> tuple[Callable, np.ndarray, np.ndarray]:
    """Draw f, nine rows and a baseline: sizes and changes of f are 1 at most, none is near 0."""
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


def one_kink(answer: Callable, rounds: int = 10) -> None:
    """Check ``one_kink(w, c, v, x, baseline)`` -> (d,), the exact integral of v · relu(w·x + c)."""
    rng = np.random.default_rng()
    for number in range(rounds):
        for case in ("opens", "closes", "open", "closed", "still"):
            w, c, v, x, baseline = _unit(rng, case)
            if number == 0 or case == "still":  # first positive: there −v and |v| are told apart
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
            compare(given, expected, _wrong_kinks(w, c, v, x, baseline), "one_kink")
    passed(f"one_kink: {5 * rounds} random units that open, close or stay as they are")


def _unit(rng: np.random.Generator, case: str):
    """Draw a unit whose gate behaves as the case says, its kink not near the middle or an end."""
    signs = {"opens": (-1, 1), "closes": (1, -1), "open": (1, 1), "closed": (-1, -1)}
    while True:
        d = int(rng.integers(2, 6))
        w, x, baseline = rng.normal(size=(3, d))
        v = float(rng.choice([-1, 1]) * rng.uniform(1.5, 3))
        if case == "still":  # a way along which the unit receives the same throughout
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
    """Return the scores by completeness: in proportion to w_i Δ_i, and they sum to the change."""
    parts = w * (x - baseline)
    z_b, z_x = w @ baseline + c, w @ x + c
    if abs(z_x - z_b) < 1e-9:
        return v * parts * (z_x > 0)
    return v * (max(z_x, 0) - max(z_b, 0)) * parts / (z_x - z_b)


def _wrong_kinks(
    w: np.ndarray, c: float, v: float, x: np.ndarray, baseline: np.ndarray
) -> dict[str, np.ndarray]:
    parts = w * (x - baseline)
    z_b, z_x = w @ baseline + c, w @ x + c
    right = _one_kink(w, c, v, x, baseline)
    wrong = {
        "this is the slope at x times the distance: the gate may change on the way": (
            v * parts * (z_x > 0)
        ),
        "this is the slope at the baseline times the distance: the gate may change on the way": (
            v * parts * (z_b > 0)
        ),
        "this is the share of the way on which the gate is closed": v * parts - right,
        "the kink is not in the middle: find the α at which w·x + c is 0": (
            v * parts * ((z_x > 0) + (z_b > 0)) / 2
        ),
        "the weight v behind the unit is missing": right / v,
        "these are averaged slopes: multiply by x − b": right / (x - baseline),
        (
            "the sign is wrong: the distance is x − b, from the baseline to x"
            if v > 0
            else "v may be negative: keep its sign"
        ): -right,
        "multiply by the distance x − b, not by x": right * x / (x - baseline),
        "the weights w are missing: the slope of an open unit is v w": right / w,
        "the bias c is missing in z": _one_kink(w, 0.0, v, x, baseline),
    }
    return {words: values for words, values in wrong.items() if not checks.close(right, values)}


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
