"""Assignment 06, answered wrongly in every known way.

grade_id of the answer -> what is wrong -> the answer, the graded cells that lose their points, and
a part of the message that the learner meets first.
"""

from tests.assignments.scoring import WrongAnswer

SWITCHED_OFF = "this exercise asks you to write it yourself"
# A network whose gradient is the function given, to hand to xaikit's own method.
DISGUISED = """
class Disguised:
    def __init__(self, slope):
        self.slope = slope

    def __call__(self, rows):
        return np.zeros((len(rows), 1))

    def gradient(self, rows, target=0):
        return self.slope(rows)

"""


def slopes_on_the_way(line, told):
    """Return a wrong answer of one line that may use the column `a` and the step `delta`."""
    source = f"""\
def slopes_on_the_way(gradient, x, baseline, alphas):
    a, delta = alphas[:, None], x - baseline
    {line}
"""
    return WrongAnswer(source, {"slopes_on_the_way-check"}, told)


def quadrature(told, *, midpoint=None, right=None, trapezoid=None, before=""):
    """Return a wrong answer that differs from the right one in the rules that are given."""
    midpoint = midpoint or "(np.arange(n) + 0.5) / n, np.full(n, 1 / n)"
    right = right or "np.arange(1, n + 1) / n, np.full(n, 1 / n)"
    trapezoid = trapezoid or "np.linspace(0, 1, n), halved / (n - 1)"
    source = f"""\
def quadrature(rule, n):
    {before}
    halved = np.ones(n)
    halved[[0, -1]] = 0.5
    if rule == "midpoint":
        return {midpoint}
    if rule == "right":
        return {right}
    return {trapezoid}
"""
    return WrongAnswer(source, {"quadrature-check"}, told)


BOTH = ("integrated_gradients-check", "integrated_gradients-example")


def integrated(
    told,
    *,
    alphas="(np.arange(steps) + 0.5) / steps",
    points="baseline + alphas[:, None] * (x - baseline)",
    result="(x - baseline) * slopes.mean(axis=0)",
    before="",
    loses=BOTH,
):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    source = f"""\
{before}
def integrated_gradients(gradient, x, baseline, steps):
    alphas = {alphas}
    points = {points}
    slopes = gradient(points)
    return {result}
"""
    return WrongAnswer(source, set(loses), told)


def group_per_baseline(line, told):
    """Return a wrong answer of one line that may use the `tables` of all scores (k, d)."""
    source = f"""\
def group_per_baseline(explain, x, baselines, group):
    tables = np.array([explain(x, baseline) for baseline in baselines])
    {line}
"""
    return WrongAnswer(source, {"group_per_baseline-check"}, told)


def is_complete(line, told):
    """Return a wrong answer of one line that may use the `gaps`."""
    source = f"""\
def is_complete(explain, f, rows, baseline, tolerance):
    values = explain(rows, baseline)
    sums, change = values.sum(axis=1), f(rows) - f(baseline)
    gaps = sums - change
    {line}
"""
    return WrongAnswer(source, {"is_complete-check"}, told)


def one_kink(told, *, share=None, end="delta * v * w * share", loses=None, before=""):
    """Return a wrong answer that takes another share of the way, or ends in another way."""
    share = share or "1 - kink if z_x > 0 else kink"
    source = f"""\
{before}
def one_kink(w, c, v, x, baseline):
    z_b, z_x, delta = w @ baseline + c, w @ x + c, x - baseline
    if (z_b > 0) == (z_x > 0):
        share = float(z_x > 0)
    else:
        kink = -z_b / (z_x - z_b)
        share = {share}
    return {end}
"""
    return WrongAnswer(source, set(loses or ("one_kink-check", "one_kink-example")), told)


WRONG_ANSWERS = {
    "slopes_on_the_way": {
        "the slopes at x alone": slopes_on_the_way(
            "return gradient(x + 0 * a)", "these are the slopes at x alone"
        ),
        "from x to the baseline": slopes_on_the_way(
            "return gradient(x - a * delta)", "you walk from x to the baseline"
        ),
        "the input scaled": slopes_on_the_way("return gradient(a * x)", "you scale the input"),
        "x added to the baseline": slopes_on_the_way(
            "return gradient(baseline + a * x)", "b + α x ends at b + x"
        ),
        "away from the baseline": slopes_on_the_way(
            "return gradient(baseline - a * delta)", "leads away from x: the step"
        ),
        "one slope, scaled": slopes_on_the_way(
            "return a * gradient(x)", "α moves the point, not the slope"
        ),
        "away from x": slopes_on_the_way(
            "return gradient(x + a * delta)", "x + α (x − b) begins at x"
        ),
        "products": slopes_on_the_way(
            "return delta * gradient(baseline + a * delta)", "give the slopes"
        ),
        "transposed": slopes_on_the_way(
            "return gradient(baseline + a * delta).T", "your table is transposed"
        ),
        "points as columns": slopes_on_the_way(
            "return gradient((baseline + a * delta).T)", "write α as a column"
        ),
        "from zero": slopes_on_the_way("return gradient(a * delta)", "add the baseline"),
        "the points": slopes_on_the_way(
            "return baseline + a * delta", "these are the points themselves"
        ),
        "slopes mixed": slopes_on_the_way(
            "return gradient(baseline) + a * (gradient(x) - gradient(baseline))",
            "you mix the slopes at both ends",
        ),
        "the average": slopes_on_the_way(
            "return gradient(baseline + a * delta).mean(axis=0)", "keep a row for each point"
        ),
        "no return": slopes_on_the_way("gradient(baseline + a * delta)", "returned nothing"),
        "its inputs changed": slopes_on_the_way(
            "x -= baseline; return gradient(baseline + a * x)", "changed one of its inputs"
        ),
        "the example by heart": slopes_on_the_way(
            "return np.array([[2.0, 1.0]])", "expected an array of shape ("
        ),
    },
    "quadrature": {
        "a trapezoid of width 1 / n": quadrature(
            "they sum to 1 − 1/n", trapezoid="np.linspace(0, 1, n), halved / n"
        ),
        "ends in full": quadrature(
            "halve their weights", trapezoid="np.linspace(0, 1, n), np.full(n, 1 / (n - 1))"
        ),
        "equal weights": quadrature(
            "the two ends count half", trapezoid="np.linspace(0, 1, n), np.full(n, 1 / n)"
        ),
        "left ends": quadrature("these are left ends", right="np.arange(n) / n, np.full(n, 1 / n)"),
        "left ends for middles": quadrature(
            "these are left ends", midpoint="np.arange(n) / n, np.full(n, 1 / n)"
        ),
        "right ends for middles": quadrature(
            "these are right ends", midpoint="np.arange(1, n + 1) / n, np.full(n, 1 / n)"
        ),
        "from end to end for middles": quadrature(
            "n points from end to end", midpoint="np.linspace(0, 1, n), np.full(n, 1 / n)"
        ),
        "widths of n - 1 parts": quadrature(
            "n parts have the width 1 / n",
            right="np.arange(1, n + 1) / n, np.full(n, 1 / (n - 1))",
        ),
        "one end halved": quadrature(
            "of both ends, not of one",
            trapezoid="np.linspace(0, 1, n), np.append(0.5, np.ones(n - 1)) / (n - 1)",
        ),
        "half a part too far": quadrature(
            "half a part beyond", midpoint="np.linspace(0, 1, n) + 0.5 / n, np.full(n, 1 / n)"
        ),
        "a part too far": quadrature(
            "j begins at 0", midpoint="(np.arange(n) + 1.5) / n, np.full(n, 1 / n)"
        ),
        "n + 1 parts": quadrature(
            "n parts, not n + 1", midpoint="(np.arange(n) + 0.5) / (n + 1), np.full(n, 1 / n)"
        ),
        "right ends of n − 1 parts": quadrature(
            "n parts have n right ends", right="np.arange(1, n + 1) / (n - 1), np.full(n, 1 / n)"
        ),
        "exchanged": quadrature(
            "return alphas first", midpoint="np.full(n, 1 / n), (np.arange(n) + 0.5) / n"
        ),
        "no widths": quadrature("divide by n", midpoint="(np.arange(n) + 0.5) / n, np.ones(n)"),
        "backwards": quadrature(
            "the way is walked backwards",
            trapezoid="np.linspace(1, 0, n), halved / (n - 1)",
        ),
        "a closed right rule": quadrature(
            "n points from end to end", right="np.linspace(0, 1, n), np.full(n, 1 / n)"
        ),
        "positions alone": quadrature("returns two arrays", midpoint="(np.arange(n) + 0.5) / n"),
        "one point more": quadrature(
            "returned an array of shape",
            trapezoid="np.linspace(0, 1, n + 1), np.full(n + 1, 1 / (n + 1))",
        ),
        "the example by heart": quadrature(
            "returned an array of shape", midpoint="np.array([0.25, 0.75]), np.full(2, 0.5)"
        ),
        "xaikit's quadrature": quadrature(
            SWITCHED_OFF,
            before="from xaikit.methods.integrated_gradients import quadrature; "
            "return quadrature(rule, n)",
        ),
    },
    "integrated_gradients": {
        "one slope, at x": integrated("this is one slope, at x", points="x + 0 * alphas[:, None]"),
        # The example's slopes are straight lines.
        "one slope, in the middle": integrated(
            "at the middle of the way",
            points="(x + baseline) / 2 + 0 * alphas[:, None]",
            loses=BOTH[:1],
        ),
        "the mean of everything": integrated(
            "you averaged over the features too", result="(x - baseline) * slopes.mean()"
        ),
        "no distance": integrated("multiply by the distance", result="slopes.mean(axis=0)"),
        "times x": integrated(
            "the distance that was walked is x − b", result="x * slopes.mean(axis=0)"
        ),
        "the sign": integrated("the sign is wrong", result="(baseline - x) * slopes.mean(axis=0)"),
        "from x to the baseline, with its own distance": integrated(
            "the sign is wrong",
            points="x + alphas[:, None] * (baseline - x)",
            result="(baseline - x) * slopes.mean(axis=0)",
        ),
        "a sum": integrated("divide by their number", result="(x - baseline) * slopes.sum(axis=0)"),
        "left ends": integrated("you used left ends", alphas="np.arange(steps) / steps"),
        "right ends": integrated("you used right ends", alphas="np.arange(1, steps + 1) / steps"),
        "one point too many": integrated(
            "the weights sum to more than 1",
            alphas="np.linspace(0, 1, steps + 1)",
            result="(x - baseline) * slopes.sum(axis=0) / steps",
        ),
        # The example's slopes are straight lines, and their mean does not mind.
        "both ends": integrated(
            "n points from 0 to 1 with both ends",
            alphas="np.linspace(0, 1, steps)",
            loses=BOTH[:1],
        ),
        "from zero": integrated("you walk from zero", points="alphas[:, None] * x"),
        "the baseline unused": integrated(
            "the baseline is not used",
            points="alphas[:, None] * x",
            result="x * slopes.mean(axis=0)",
        ),
        # The example's scores are positive anyway.
        "absolute": integrated(
            "keep the sign", result="abs((x - baseline) * slopes.mean(axis=0))", loses=BOTH[:1]
        ),
        "points as columns": integrated(
            "write α as a column",
            points="baseline[:, None] + alphas * (x - baseline)[:, None]",
            loses=BOTH,
        ),
        "no average": integrated("average over the points", result="(x - baseline) * slopes"),
        "the mean over features": integrated(
            "average over the points, axis 0, not over", result="slopes.mean(axis=1)"
        ),
        "divided by n − 1": integrated(
            "you divide by n − 1", result="(x - baseline) * slopes.sum(axis=0) / (steps - 1)"
        ),
        "divided by n + 1": integrated(
            "you divide by n + 1", result="(x - baseline) * slopes.sum(axis=0) / (steps + 1)"
        ),
        # The example's slopes are straight lines.
        "a trapezoid": integrated(
            "this is the trapezoid with n points",
            alphas="np.linspace(0, 1, steps)",
            result="(x - baseline) * (slopes[1:] + slopes[:-1]).sum(axis=0) / 2 / (steps - 1)",
            loses=BOTH[:1],
        ),
        "a trapezoid of n intervals": integrated(
            "this is the trapezoid with n + 1 points",
            alphas="np.linspace(0, 1, steps + 1)",
            result="(x - baseline) * (slopes[1:] + slopes[:-1]).mean(axis=0) / 2",
            loses=BOTH[:1],
        ),
        "always a thousand points": integrated(
            "these are 1000 points", alphas="(np.arange(1000) + 0.5) / 1000", loses=BOTH[:1]
        ),
        "always fifty points": integrated(
            "these are 50 points", alphas="(np.arange(50) + 0.5) / 50", loses=BOTH[:1]
        ),
        "its inputs changed": integrated(
            "changed one of its inputs",
            result="np.subtract(x, baseline, out=x) * slopes.mean(axis=0)",
        ),
        "no return": integrated("returned nothing", result="None"),
        "the example by heart": integrated(
            "integrated_gradients", result="np.resize([4.0, 2.0], len(x))", loses=BOTH[:1]
        ),
        "xaikit's integrated gradients": integrated(
            SWITCHED_OFF,
            before=DISGUISED,
            result="xk.integrated_gradients(Disguised(gradient), x, baseline=baseline, "
            "steps=steps, rule='midpoint').values",
        ),
    },
    "group_per_baseline": {
        "the mean of the group": group_per_baseline(
            "return tables[:, group].mean(axis=1)", "not their mean"
        ),
        "all features": group_per_baseline(
            "return tables.sum(axis=1)", "you summed over all features"
        ),
        "the others": group_per_baseline(
            "return np.delete(tables, group, axis=1).sum(axis=1)", "features outside the group"
        ),
        "the mean baseline": group_per_baseline(
            "return np.full(len(tables), explain(x, baselines.mean(axis=0))[group].sum())",
            "you averaged the baselines first",
        ),
        "the mean of all": group_per_baseline(
            "return np.full(len(tables), tables[:, group].sum(axis=1).mean())",
            "you averaged over the baselines",
        ),
        "the first baseline": group_per_baseline(
            "return np.full(len(tables), tables[0, group].sum())", "the first baseline's number"
        ),
        "the group moved alone": group_per_baseline(
            "return np.array([explain(x, np.where(np.isin(range(len(x)), group), b, x)).sum() "
            "for b in baselines])",
            "you moved the group alone",
        ),
        "the first member": group_per_baseline(
            "return tables[:, group[0]]", "the group's first member alone"
        ),
        "a slice": group_per_baseline(
            "return tables[:, group[0] : group[-1] + 1].sum(axis=1)", "those in between too"
        ),
        "one number": group_per_baseline("return tables[:, group].sum()", "one number a baseline"),
        "exchanged": group_per_baseline(
            "return np.array([explain(b, x)[group].sum() for b in baselines])",
            "x and the baseline are exchanged",
        ),
        "absolute": group_per_baseline(
            "return abs(tables[:, group]).sum(axis=1)", "keep their signs"
        ),
        "reversed": group_per_baseline(
            "return tables[::-1, group].sum(axis=1)", "the order is that of the baselines"
        ),
        "all baselines at once": group_per_baseline(
            "return explain(x, baselines)[:, group].sum(axis=1)", "one row and one baseline"
        ),
        "a number for each member": group_per_baseline(
            "return tables[:, group]", "one number a baseline"
        ),
        "no return": group_per_baseline("tables[:, group].sum(axis=1)", "returned nothing"),
        "its inputs changed": group_per_baseline(
            "baselines -= x; return tables[:, group].sum(axis=1)", "changed one of its inputs"
        ),
        "the example by heart": group_per_baseline(
            "return np.resize([6.0, 4.0], len(baselines))", "group_per_baseline: got"
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
            "the rows and the baseline you are given",
        ),
    },
    "one_kink": {
        "the slope at x": one_kink("this is the slope at x", share="float(z_x > 0)"),
        # In the example the gate is closed at the baseline.
        "the slope at the baseline": one_kink(
            "this is the slope at the baseline", share="float(z_b > 0)"
        ),
        "the closed share": one_kink(
            "on which the gate is closed", share="kink if z_x > 0 else 1 - kink"
        ),
        "right for units that close": one_kink("on which the gate is closed", share="kink"),
        "right for units that open": one_kink(
            "on which the gate is closed", share="1 - kink", loses=["one_kink-check"]
        ),
        "half the way": one_kink("the kink is not in the middle", share="0.5"),
        "v forgotten": one_kink("the weight v behind the unit", end="delta * w * share"),
        # The example's weights are 1.
        "w forgotten": one_kink(
            "the weights w are missing", end="delta * v * share", loses=["one_kink-check"]
        ),
        "c forgotten": one_kink("the bias c is missing", before="", share=None)._replace(
            source=one_kink("").source.replace("baseline + c", "baseline").replace("x + c", "x")
        ),
        # The example opens after a quarter of the way, which a thousand points hit.
        "a sum over points": one_kink(
            "close, but not exact",
            end="delta * v * w * np.mean([w @ (baseline + (j + 0.5) / 1000 * delta) + c > 0 "
            "for j in range(1000)])",
            loses=["one_kink-check"],
        ),
        "a rounding error divided": one_kink(
            "a rounding error",
            end="delta * v * w * np.clip(z_x / (z_x - z_b or 1e-30), 0, 1) if z_x > z_b "
            "else delta * v * w * share * (abs(z_x - z_b) > 1e-9)",
            loses=["one_kink-check"],
        ),
        "the sign": one_kink("the sign is wrong", end="-delta * v * w * share"),
        # The example's v is positive.
        "the size of v": one_kink(
            "v may be negative", end="delta * abs(v) * w * share", loses=["one_kink-check"]
        ),
        "averaged slopes": one_kink("these are averaged slopes", end="v * w * share"),
        # The example's baseline is zero.
        "times x": one_kink("not by x", end="x * v * w * share", loses=["one_kink-check"]),
        "a division by zero": one_kink(
            "NaN or infinity",
            end="delta * v * w * (max(z_x, 0) - max(z_b, 0)) / (z_x - z_b if z_x - z_b > 1e-9 "
            "or z_x - z_b < -1e-9 else np.float64(np.nan))",
            loses=["one_kink-check"],
        ),
        "the example by heart": one_kink(
            "one_kink", end="np.resize([4.5, 1.5], len(x))", loses=["one_kink-check"]
        ),
        "no return": one_kink("returned nothing", end="None"),
        "its inputs changed": one_kink(
            "changed one of its inputs",
            end="np.subtract(x, baseline, out=x) * v * w * share",
            loses=["one_kink-check"],
        ),
        "xaikit's exact integral": one_kink(
            SWITCHED_OFF,
            end="xk.integrated_gradients(xk.Network([xk.Dense(w[None], np.array([c])), xk.ReLU(), "
            "xk.Dense(np.array([[v]]))]), x, baseline=baseline, rule='exact').values",
        ),
    },
}
