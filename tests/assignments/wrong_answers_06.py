"""Every known wrong answer to assignment 06.

grade_id of the answer -> the mistake -> the wrong answer, the graded cells that lose their points,
and a part of the first message that the learner sees.
"""

from functools import partial

from tests.assignments.scoring import WrongAnswer, planted, wrong
from xaikit.course.checks import integrated_gradients as checks

SWITCHED_OFF = "this exercise asks you to write it yourself"
# A network with the given gradient function, for xaikit's own method.
DISGUISED = """
class Disguised:
    def __init__(self, slope):
        self.slope = slope

    def __call__(self, rows):
        return np.zeros((len(rows), 1))

    def gradient(self, rows, target=0):
        return self.slope(rows)

"""
OF_INTEGRATED_GRADIENTS = {"integrated_gradients-check", "integrated_gradients-example"}
OF_ONE_KINK = {"one_kink-check", "one_kink-example"}

slopes_on_the_way = partial(wrong, checks.SLOPES_ON_THE_WAY, {"slopes_on_the_way-check"})
quadrature = partial(wrong, checks.ALPHAS, {"quadrature-check"})
integrated_gradients = partial(wrong, checks.INTEGRATED_GRADIENTS, OF_INTEGRATED_GRADIENTS)
group_per_baseline = partial(wrong, checks.GROUP_PER_BASELINE, {"group_per_baseline-check"})
one_kink = partial(wrong, checks.ONE_KINK, OF_ONE_KINK)
not_in_the_example = partial(wrong, checks.ONE_KINK, {"one_kink-check"})


def losing(answer, check, *parts):
    """Return the mistakes that lose only the check, chosen by a part of their message."""
    return {words: {check} for words in answer.mistakes if any(part in words for part in parts)}


def is_complete(line, message):
    """Return a wrong answer of one line that may use the `gaps`."""
    source = f"""\
def is_complete(explain, f, rows, baseline, tolerance):
    values = explain(rows, baseline)
    sums, change = values.sum(axis=1), f(rows) - f(baseline)
    gaps = sums - change
    {line}
"""
    return WrongAnswer(source, {"is_complete-check"}, message)


WRONG_ANSWERS = {
    "slopes_on_the_way": planted(checks.SLOPES_ON_THE_WAY, {"slopes_on_the_way-check"})
    | {
        "from x to the baseline, point by point": slopes_on_the_way(
            "you walk from x to the baseline",
            "def slopes_on_the_way(gradient, x, baseline, alphas):\n"
            "    return [gradient(a * baseline + (1 - a) * x) for a in alphas]\n",
        ),
        "α without its axis": slopes_on_the_way(
            "alphas[:, None] has a row for each point", points="baseline + alphas * (x - baseline)"
        ),
        "transposed": slopes_on_the_way("your table is transposed", end="gradient(points).T"),
        "points as columns": slopes_on_the_way("write α as a column", end="gradient(points.T)"),
        "the average": slopes_on_the_way(
            "keep a row for each point", end="gradient(points).mean(axis=0)"
        ),
        "no return": slopes_on_the_way("returned nothing", end="None"),
        "its inputs changed": slopes_on_the_way(
            "changed one of its inputs", end="gradient(np.add(x, baseline, out=x) * a)"
        ),
        "the example by heart": slopes_on_the_way(
            "expected an array of shape (", end="[[2.0, 1.0]]"
        ),
    },
    "quadrature": planted(checks.ALPHAS, {"quadrature-check"})
    | planted(checks.WEIGHTS, {"quadrature-check"})
    | {
        "left ends for right ones, spelled here": quadrature(
            "these are left ends",
            "def quadrature(rule, n):\n"
            "    places, parts = [j / n for j in range(n)], [1 / n] * n\n"
            "    if rule == 'midpoint':\n"
            "        places = [place + 1 / (2 * n) for place in places]\n"
            "    return places, parts\n",
        ),
        "a closed right rule": quadrature(
            "n points from end to end", alphas='middles if rule == "midpoint" else both_ends'
        ),
        "a trapezoid that is walked backwards": quadrature(
            "the way is walked backwards",
            end='both_ends[::-1] if rule == "trapezoid" else alphas, weights',
        ),
        "positions alone": quadrature("returns two arrays", end="alphas"),
        "one point more": quadrature(
            "returned an array of shape", end="np.linspace(0, 1, n + 1), np.ones(n + 1) / (n + 1)"
        ),
        "the example by heart": quadrature(
            "returned an array of shape", end="[0.25, 0.75], [0.5, 0.5]"
        ),
        "xaikit's quadrature": quadrature(
            SWITCHED_OFF,
            "from xaikit.methods.integrated_gradients import quadrature as xaikits\n\n\n"
            "def quadrature(rule, n):\n    return xaikits(rule, n)\n",
        ),
    },
    "integrated_gradients": planted(
        checks.INTEGRATED_GRADIENTS,
        OF_INTEGRATED_GRADIENTS,
        # The example's slopes are straight lines, and its scores are positive.
        losing(
            checks.INTEGRATED_GRADIENTS,
            "integrated_gradients-check",
            "whatever it says",
            "trapezoid",
            "both ends",
            "at the middle of the way",
            "keep the sign",
            "between n + 1 parts",
        ),
    )
    | {
        "one slope, at x, again and again": integrated_gradients(
            "this is one slope, at x",
            "def integrated_gradients(gradient, x, baseline, steps):\n"
            "    return sum((x - baseline) * gradient(x) for j in range(steps)) / steps\n",
        ),
        "points as columns": integrated_gradients(
            "write α as a column",
            points="baseline[:, None] + alphas * (x - baseline)[:, None]",
        ),
        "α without its axis": integrated_gradients(
            "alphas[:, None] has a row for each point", points="baseline + alphas * (x - baseline)"
        ),
        "no average": integrated_gradients("average over the points", average="slopes"),
        "the mean over features": integrated_gradients(
            "average over the points, axis 0, not over", end="slopes.mean(axis=1)"
        ),
        "its inputs changed": integrated_gradients(
            "changed one of its inputs", end="average * np.subtract(x, baseline, out=x)"
        ),
        "no return": integrated_gradients("returned nothing", end="None"),
        "the example by heart": integrated_gradients(
            "integrated_gradients: got", end="np.resize([4.0, 2.0], len(x))"
        ),
        "xaikit's integrated gradients": integrated_gradients(
            SWITCHED_OFF,
            DISGUISED
            + checks.INTEGRATED_GRADIENTS.source(
                end="xk.integrated_gradients(Disguised(gradient), x, baseline=baseline, "
                "steps=steps, rule='midpoint').values",
            ),
        ),
    },
    "group_per_baseline": planted(checks.GROUP_PER_BASELINE, {"group_per_baseline-check"})
    | {
        "the mean of the group, in a loop": group_per_baseline(
            "not their mean",
            "def group_per_baseline(explain, x, baselines, group):\n"
            "    return [np.mean([explain(x, b)[i] for i in group]) for b in baselines]\n",
        ),
        "one number": group_per_baseline(
            "one number for each baseline", end="tables[:, group].sum()"
        ),
        "a number for each member": group_per_baseline(
            "one number for each baseline", end="tables[:, group]"
        ),
        "one walk from the mean baseline": group_per_baseline(
            checks.AVERAGED, end="explain(x, baselines.mean(axis=0))[group].sum()"
        ),
        "one walk from the mean baseline, not summed": group_per_baseline(
            checks.AVERAGED, end="explain(x, baselines.mean(axis=0))[group]"
        ),
        "all baselines at once": group_per_baseline(
            "one row and one baseline", scores="explain(x, baselines)"
        ),
        "no return": group_per_baseline("returned nothing", end="None"),
        "its inputs changed": group_per_baseline(
            "changed one of its inputs", end="np.subtract(x, x, out=x)"
        ),
        "the example by heart": group_per_baseline(
            "group_per_baseline: got", end="np.resize([6.0, 4.0], len(baselines))"
        ),
    },
    "is_complete": {
        "equal to the last digit": is_complete("return bool((gaps == 0).all())", "leave the toler"),
        "the sum is f(x)": is_complete(
            "return bool(abs(sums - f(rows)).max() <= tolerance)", "your test rejected"
        ),
        "the sum is the difference or f(x)": is_complete(
            "return bool(np.minimum(abs(gaps), abs(sums - f(rows))).max() <= tolerance)",
            "they explain the difference",
        ),
        "sums over the rows": is_complete(
            "return bool(abs(values.sum(axis=0) - change).max() <= tolerance)", "of a row, axis 1"
        ),
        "without abs": is_complete(
            "return bool(gaps.max() <= tolerance)", "all negative: a gap counts in both"
        ),
        "without abs, the other way round": is_complete(
            "return bool(gaps.min() >= -tolerance)", "all positive: a gap counts in both"
        ),
        "the mean over rows": is_complete(
            "return bool(abs(gaps.mean()) <= tolerance)", "not at their mean"
        ),
        "the mean size": is_complete(
            "return bool(abs(gaps).mean() <= tolerance)", "not at their mean"
        ),
        "the first row alone": is_complete(
            "return bool(abs(gaps[0]) <= tolerance)", "look at every row"
        ),
        "any row": is_complete("return bool((abs(gaps) <= tolerance).any())", "look at every row"),
        "sizes alone": is_complete(
            "return bool(abs(abs(sums) - abs(change)).max() <= tolerance)", "the wrong sign"
        ),
        "a tolerance of one's own": is_complete(
            "return bool(abs(gaps).max() <= 1e-8)", "gaps of half the tolerance"
        ),
        "a tolerance of one's own, too wide": is_complete(
            "return bool(abs(gaps).max() <= 0.1)", "gaps of five times the tolerance"
        ),
        "a tolerance of one's own, as in the example": is_complete(
            "return bool(abs(gaps).max() <= 0.05)", "gaps of half the tolerance"
        ),
        "twice the tolerance": is_complete(
            "return bool(abs(gaps).max() <= 2 * tolerance)", "is the limit, not twice as much"
        ),
        "squares": is_complete("return bool((gaps**2).max() <= tolerance)", "not its square"),
        "relative to each change": is_complete(
            "return bool((abs(gaps) <= tolerance * abs(change)).all())", "in units of the output"
        ),
        "relative to the mean change": is_complete(
            "return bool(abs(gaps).max() <= tolerance * abs(change).mean())",
            "in units of the output",
        ),
        "relative to the largest change": is_complete(
            "return bool(abs(gaps).max() <= tolerance * abs(change).max())",
            "in units of the output",
        ),
        "relative to the spread": is_complete(
            "return bool(abs(gaps).max() <= tolerance * f(rows).std())", "in units of the output"
        ),
        "relative to the largest output": is_complete(
            "return bool(abs(gaps).max() <= tolerance * abs(f(rows)).max())",
            "in units of the output",
        ),
        "relative, by NumPy": is_complete(
            "return np.allclose(sums, change, rtol=tolerance)", "in units of the output"
        ),
        "relative and absolute": is_complete(
            "return np.allclose(sums, change, rtol=tolerance, atol=tolerance)",
            "nothing relative (rtol) is added",
        ),
        "the last row alone": is_complete(
            "return bool(abs(gaps[-1]) <= tolerance)", "first row only: look at every row"
        ),
        "rows that cancel": is_complete(
            "return bool(abs(gaps.sum()) <= tolerance)", "gaps of half the tolerance"
        ),
        "always True": is_complete("return True", "your test accepted"),
        "always False": is_complete("return False", "your test rejected"),
        "a verdict for each row": is_complete("return abs(gaps) <= tolerance", "returned ndarray"),
        "the largest gap": is_complete("return float(abs(gaps).max())", "returned float"),
        "no return": is_complete("bool(abs(gaps).max() <= tolerance)", "returned NoneType"),
        "rows of one's own": is_complete(
            "return bool(abs(explain(rows + 1, baseline).sum(axis=1) - change).max() <= tolerance)",
            "the rows that you are given",
        ),
    },
    "one_kink": planted(
        checks.ONE_KINK,
        OF_ONE_KINK,
        # The example's v is positive, its weights are 1, and its baseline is zero.
        losing(
            checks.ONE_KINK, "one_kink-check", "v may be", "the weights w are missing", "not by x"
        ),
    )
    | {
        "the slope at x, spelled here": one_kink(
            "this is the slope at x",
            "def one_kink(w, c, v, x, baseline):\n"
            "    return (x - baseline) * (v * w if np.dot(w, x) > -c else 0 * w)\n",
        ),
        "right for units that close": one_kink("on which the gate is closed", share="kink"),
        "right for units that open": not_in_the_example(
            "on which the gate is closed", share="1 - kink"
        ),
        # The example's gate opens after a quarter of the path, which a thousand points hit.
        "a sum over points": not_in_the_example(
            "close, but not exact",
            end="(x - baseline) * v * w * np.mean([w @ (baseline + (j + 0.5) / 1000 * "
            "(x - baseline)) + c > 0 for j in range(1000)])",
        ),
        "a rounding error divided": not_in_the_example(
            "a rounding error",
            end="(x - baseline) * v * w * (np.clip(z_x / (z_x - z_b or 1e-30), 0, 1) if z_x > z_b "
            "else share * (abs(z_x - z_b) > 1e-9))",
        ),
        "a division by zero": not_in_the_example(
            "NaN or infinity",
            end="(x - baseline) * v * w * (share if abs(z_x - z_b) > 1e-9 else np.nan)",
        ),
        "the example by heart": one_kink("one_kink: got", end="np.resize([4.5, 1.5], len(x))"),
        "no return": one_kink("returned nothing", end="None"),
        "its inputs changed": not_in_the_example(
            "changed one of its inputs", end="np.subtract(x, baseline, out=x) * v * w * share"
        ),
        "xaikit's exact integral": one_kink(
            SWITCHED_OFF,
            end="xk.integrated_gradients(xk.Network([xk.Dense(w[None], np.array([c])), xk.ReLU(), "
            "xk.Dense(np.array([[v]]))]), x, baseline=baseline, rule='exact').values",
        ),
    },
}
