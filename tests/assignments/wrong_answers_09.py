"""Assignment 09, answered wrongly in every known way.

grade_id of the answer -> what is wrong -> the answer, the graded cells that lose their points, and
a part of the message that the learner meets first.
"""

from tests.assignments.scoring import WrongAnswer

SWITCHED_OFF = "this exercise asks you to write it yourself"


def relative_gap(line, told):
    """Return a wrong answer of one line that may use the `sums` and the `change`."""
    source = f"""\
def relative_gap(scores, outputs, bases):
    sums, change = scores.sum(axis=1), outputs - bases
    {line}
"""
    return WrongAnswer(source, {"relative_gap-check"}, told)


AREA = ("deletion_area-check", "deletion_area-example")


def deletion_area(
    told,
    *,
    start="left = x.copy()",
    order="order",
    step="left[i] = baseline[i]",
    end="((outputs[:-1] + outputs[1:]) / 2).mean()",
    loses=AREA,
    before="",
):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    source = f"""\
{before}
def deletion_area(f, x, baseline, order):
    {start}
    outputs = [f(left[None])[0]]
    for i in {order}:
        {step}
        outputs.append(f(left[None])[0])
    outputs = np.array(outputs)
    return {end}
"""
    return WrongAnswer(source, set(loses), told)


def share_as_good(line, told):
    """Return a wrong answer of one line that may use `own`, an area, and the `areas` of orders."""
    source = f"""\
def share_as_good(area_of, scores, orders):
    own = area_of(np.argsort(-scores))
    areas = np.array([area_of(order) for order in orders])
    {line}
"""
    return WrongAnswer(source, {"share_as_good-check"}, told)


RANKS = ("rank_correlation-check", "rank_correlation-example")


def rank_correlation(
    told,
    *,
    ranks="mean",
    end="p @ q / np.sqrt((p @ p) * (q @ q))",
    loses=RANKS,
    a_alone=False,
    b_alone=False,
):
    """Return a wrong answer with other ranks, of both or of one alone, or another end."""
    source = f"""\
def rank_correlation(a, b):
    def places(v, other=True):
        smaller = (v[None, :] < v[:, None]).sum(axis=1)
        equal = (v[None, :] == v[:, None]).sum(axis=1)
        mean, top = smaller + (equal + 1) / 2, smaller + equal
        low, dense = smaller, np.unique(v, return_inverse=True)[1]
        default = np.argsort(np.argsort(v))
        once = np.argsort(v)
        twice = np.argsort(np.argsort(v, kind="stable"))
        return {ranks} if other else mean

    p, q = places(a, {not b_alone}), places(b, {not a_alone})
    n, d = len(a), p - q
    p, q = p - p.mean(), q - q.mean()
    return {end}
"""
    return WrongAnswer(source, set(loses), told)


def infidelity(told, *, value="squares.mean()", error="squares.std(ddof=1) / np.sqrt(m)", end=""):
    """Return a wrong answer with another value or standard error."""
    source = f"""\
def infidelity(f, x, slopes, changes):
    m, told = len(changes), changes @ slopes
    was = f(x[None]) - f(x - changes)
    up = f(x[None]) - f(x + changes)
    squares = (told - was) ** 2
    {end or f"return {value}, {error}"}
"""
    return WrongAnswer(source, {"infidelity-check"}, told)


def sanity_check(line, told):
    """Return a wrong answer of one line that may use the two tables of scores."""
    source = f"""\
def passes_sanity_check(explain, trained, lost, rows, correlate, limit):
    before, after = explain(trained, rows), explain(lost, rows)
    sizes = [correlate(abs(a), abs(b)) for a, b in zip(before, after)]
    signed = [correlate(a, b) for a, b in zip(before, after)]
    {line}
"""
    return WrongAnswer(source, {"passes_sanity_check-check"}, told)


WRONG_ANSWERS = {
    "relative_gap": {
        "not relative": relative_gap("return abs(sums - change)", "this is the gap itself"),
        "one direction": relative_gap(
            "return (sums - change) / abs(change)", "a gap counts in both directions"
        ),
        "a negative share": relative_gap(
            "return abs(sums - change) / change", "output − base may be negative"
        ),
        "beside the scores": relative_gap(
            "return abs(sums - change) / abs(scores).sum(axis=1)", "you divide by Σ|scores|"
        ),
        "beside the output": relative_gap(
            "return abs(sums - change) / abs(outputs)", "you divide by the output"
        ),
        "the base forgotten": relative_gap(
            "return abs(sums - outputs) / abs(change)", "scores do not sum to the output"
        ),
        "the share explained": relative_gap("return sums / change", "what is missing from 1"),
        "the base forgotten twice": relative_gap(
            "return abs(sums - outputs) / abs(outputs)", "the base is missing twice"
        ),
        "output plus base": relative_gap(
            "return abs(sums - outputs - bases) / abs(outputs + bases)", "is not the rise"
        ),
        "beside the sum": relative_gap(
            "return abs(sums - change) / abs(sums)", "you divide by the scores' sum"
        ),
        "all rows at once": relative_gap(
            "return abs(scores.sum() - change) / abs(change)", "each row has its own sum"
        ),
        "squared": relative_gap("return ((sums - change) / change) ** 2", "do not square"),
        "over the rows": relative_gap(
            "return abs(scores.sum(axis=0) - change.mean())", "features are along axis 1"
        ),
        "axis=0": relative_gap(
            "return abs(scores.sum(axis=0) - change) / abs(change)", "axis=1, has shape (n,)"
        ),
        "no sizes": relative_gap("return (sums - change) / change", "the size of the quotient"),
        "a mean of scores": relative_gap(
            "return abs(scores.mean(axis=1) - change) / abs(change)", "you took their mean"
        ),
        "compared with output plus base": relative_gap(
            "return abs(sums - (outputs + bases)) / abs(change)",
            "you compare it with output + base",
        ),
        "sizes of scores": relative_gap(
            "return abs(abs(scores).sum(axis=1) - change) / abs(change)", "added up their sizes"
        ),
        "no return": relative_gap("abs(sums - change) / abs(change)", "returned nothing"),
        "its inputs changed": relative_gap(
            "scores -= 1; return abs(sums - change) / abs(change)", "changed one of its inputs"
        ),
        "xaikit's completeness": relative_gap(
            "return xk.completeness(xk.Attribution(scores, bases, outputs, scores)).relative",
            SWITCHED_OFF,
        ),
    },
    "deletion_area": {
        "each feature put back": deletion_area(
            "each step puts one feature back", step="left = x.copy(); left[i] = baseline[i]"
        ),
        "the last first": deletion_area(
            "you remove the last of the order first", order="order[::-1]"
        ),
        "insertion": deletion_area(
            "this is insertion", start="left = baseline.copy()", step="left[i] = x[i]"
        ),
        # The example's baseline is zero.
        "to zero": deletion_area(
            "zero instead of to the baseline", step="left[i] = 0", loses=AREA[:1]
        ),
        # In the example, of two features, an order is its own inverse.
        "ranks": deletion_area("you read it as ranks", order="np.argsort(order)", loses=AREA[:1]),
        "the mean of all": deletion_area("counts both ends in full", end="outputs.mean()"),
        "a sum": deletion_area(
            "this is a sum over the pieces", end="((outputs[:-1] + outputs[1:]) / 2).sum()"
        ),
        "left ends": deletion_area("takes its left end", end="outputs[:-1].mean()"),
        "right ends": deletion_area("takes its right end", end="outputs[1:].mean()"),
        "not to the end": deletion_area("you do not go to the end", order="order[:-1]"),
        "begun too late": deletion_area(
            "you begin after the first removal",
            end="((outputs[1:-1] + outputs[2:]) / 2).mean()",
        ),
        # In the example the baseline's output is zero.
        "above the last output": deletion_area(
            "the area reaches down to zero",
            end="((outputs[:-1] + outputs[1:]) / 2).mean() - outputs[-1]",
            loses=AREA[:1],
        ),
        "one piece too many": deletion_area(
            "d + 1 points bound d pieces",
            end="((outputs[:-1] + outputs[1:]) / 2).sum() / len(outputs)",
        ),
        "the columns as they come": deletion_area("follow `order`", order="range(len(x))"),
        "one array many times": deletion_area("append row.copy()", end="outputs[-1]"),
        "one array after the first": deletion_area(
            "every point but the first is the output at the baseline",
            end="(outputs[0] + (2 * len(x) - 1) * outputs[-1]) / (2 * len(x))",
            loses=AREA,
        ),
        "the first point missing": deletion_area(
            "with nothing removed, is missing",
            end="((outputs[1:-1] + outputs[2:]) / 2).sum() / len(x)",
        ),
        "the last point missing": deletion_area(
            "all at the baseline, is missing",
            end="((outputs[:-2] + outputs[1:-1]) / 2).sum() / len(x)",
        ),
        "one row without its axis": deletion_area(
            "a single row is x[None]", start="left = x[0:]; f(x)"
        ),
        "its inputs changed": deletion_area(
            "changed one of its inputs", start="left = x", loses=AREA
        ),
        "the outputs": deletion_area("returned an array of shape", end="outputs"),
        "no return": deletion_area("returned nothing", end="None"),
        "the example by heart": deletion_area("deletion_area: got", end="1.5", loses=AREA[:1]),
        "xaikit's deletion": deletion_area(
            SWITCHED_OFF,
            end="xk.deletion(f, x, -np.argsort(order).astype(float), baseline=baseline).auc",
        ),
    },
    "share_as_good": {
        "the lowest first": share_as_good(
            "return np.mean(areas <= area_of(np.argsort(scores)))", "the lowest score first"
        ),
        "by size": share_as_good(
            "return np.mean(areas <= area_of(np.argsort(-abs(scores))))", "the size of the scores"
        ),
        "ranks": share_as_good(
            "return np.mean(areas <= area_of(np.argsort(np.argsort(-scores))))",
            "argsort of argsort gives ranks",
        ),
        "strictly better": share_as_good("return np.mean(areas < own)", "counts, too: ≤"),
        "worse": share_as_good("return np.mean(areas > own)", "the orders that are worse"),
        "as good or worse": share_as_good("return np.mean(areas >= own)", "as good or worse"),
        "a number": share_as_good("return np.sum(areas <= own)", "this is a number of orders"),
        "in percent": share_as_good("return 100 * np.mean(areas <= own)", "not in percent"),
        "its own order as well": share_as_good(
            "return (1 + np.sum(areas <= own)) / (1 + len(areas))", "count the scores' own order"
        ),
        "orders sorted": share_as_good(
            "return np.mean([area_of(np.argsort(order)) <= own for order in orders])",
            "hand them to area_of as they are",
        ),
        "over the features": share_as_good(
            "return np.sum(areas <= own) / len(scores)", "not by the number of features"
        ),
        "scores for an order": share_as_good(
            "return np.mean(areas <= area_of(scores))", "area_of takes an order"
        ),
        "each order": share_as_good("return areas <= own", "returned an array of shape"),
        "no return": share_as_good("np.mean(areas <= own)", "returned nothing"),
    },
    "rank_correlation": {
        "the scores themselves": rank_correlation("this correlates the scores", ranks="v"),
        "argsort once": rank_correlation("argsort gives an order", ranks="once"),
        "ties by column": rank_correlation("you break ties by column", ranks="twice"),
        "ties at the top": rank_correlation("you give them all the highest", ranks="top"),
        "ties as they fall": rank_correlation("must share a rank", ranks="default"),
        "ties at the bottom": rank_correlation("you give them all the lowest", ranks="low"),
        "ties as one place": rank_correlation("equal scores use up places", ranks="dense"),
        "ties of a by column": rank_correlation(
            "you break ties by column (in a alone)", ranks="twice", a_alone=True
        ),
        "ties of b by column": rank_correlation(
            "you break ties by column (in b alone)", ranks="twice", b_alone=True
        ),
        "ties of b at the bottom": rank_correlation(
            "give them all the lowest (in b alone)", ranks="low", b_alone=True
        ),
        "ties of b at the top": rank_correlation(
            "give them all the highest (in b alone)", ranks="top", b_alone=True
        ),
        "not centred": rank_correlation(
            "centres first", end="(r := places(a)) @ (s := places(b)) / np.sqrt((r @ r) * (s @ s))"
        ),
        "sizes": rank_correlation(
            "you rank the sizes",
            ranks="np.array([np.mean(np.flatnonzero(np.sort(abs(v)) == abs(o))) for o in v])",
            loses=RANKS[:1],  # the example has no negative score
        ),
        "the shortcut": rank_correlation(
            "holds only without equal scores", end="1 - 6 * (d @ d) / (n * (n**2 - 1))"
        ),
        "the wrong way round": rank_correlation(
            "the wrong way round", end="-(p @ q) / np.sqrt((p @ p) * (q @ q))"
        ),
        "a covariance": rank_correlation("this is a covariance, with 1/n:", end="p @ q / n"),
        "another covariance": rank_correlation(
            "this is a covariance, with 1/(n − 1)", end="p @ q / (n - 1)"
        ),
        "1/n over ddof=1": rank_correlation(
            "the covariance is divided by n, and", end="p @ q / n / p.std(ddof=1) / q.std(ddof=1)"
        ),
        "1/(n − 1) over ddof=0": rank_correlation(
            "the covariance is divided by n − 1, as", end="np.cov(p, q)[0, 1] / p.std() / q.std()"
        ),
        "a matrix": rank_correlation("returned an array of shape", end="np.corrcoef(p, q)"),
        "no return": rank_correlation("returned nothing", end="None"),
        # Ranks have few correlations, so another mistake may give this number, too.
        "the example by heart": rank_correlation(
            "rank_correlation: ", end="3.75 / 4.5", loses=RANKS[:1]
        ),
        "xaikit's agreement": rank_correlation(
            SWITCHED_OFF, end="xk.rank_agreement({'a': a, 'b': b}, 1).spearman[0, 1]"
        ),
    },
    "infidelity": {
        "sizes": infidelity("square the errors", value="abs(told - was).mean()"),
        "averaged first": infidelity("must not cancel", value="(told - was).mean() ** 2"),
        "the other way": infidelity("not at x + I", value="((told - up) ** 2).mean()"),
        "the step upwards": infidelity("here I is taken away", value="((told + up) ** 2).mean()"),
        "a mean over features": infidelity(
            "you took their mean", value="((told / len(x) - was) ** 2).mean()"
        ),
        "times x": infidelity(
            "not by I times x", value="(((changes * x) @ slopes - was) ** 2).mean()"
        ),
        "a variance of errors": infidelity(
            "always the same counts, too", value="(told - was).var()"
        ),
        "the sign": infidelity("its sign is wrong", value="((told + was) ** 2).mean()"),
        "a sum": infidelity("this is a sum over the changes", value="squares.sum()"),
        "a root": infidelity("take no root", value="np.sqrt(squares.mean())"),
        "no model": infidelity("the model's change is missing", value="(told ** 2).mean()"),
        "no scores": infidelity("the scores are missing", value="(was ** 2).mean()"),
        "one square's spread": infidelity("divide by √m", error="squares.std(ddof=1)"),
        "over m": infidelity("not by m", error="squares.std(ddof=1) / m"),
        "ddof": infidelity("use ddof=1", error="squares.std() / np.sqrt(m)"),
        "of the errors": infidelity(
            "take that of their squares", error="(told - was).std(ddof=1) / np.sqrt(m)"
        ),
        "a variance": infidelity("this is a variance", error="squares.var(ddof=1) / m"),
        "a variance over √m": infidelity(
            "you put the variance there", error="squares.var(ddof=1) / np.sqrt(m)"
        ),
        "over √d": infidelity("you divide by √d", error="squares.std(ddof=1) / np.sqrt(len(x))"),
        "the value alone": infidelity(
            "the value and its standard error", end="return squares.mean()"
        ),
        "no return": infidelity("the value and its standard error", end="squares.mean()"),
        "xaikit's infidelity": infidelity(
            SWITCHED_OFF,
            end="return xk.infidelity(f, x, slopes, perturbation=changes, slopes=True)[:2]",
        ),
    },
    "passes_sanity_check": {
        "with signs": sanity_check(
            "return bool(np.mean(signed) <= limit)", "accepted an explanation turned into"
        ),
        "every row": sanity_check(
            "return bool(np.max(sizes) <= limit)", "rejected an explanation that kept one of six"
        ),
        "any row": sanity_check("return bool(np.min(sizes) <= limit)", "in one of six rows only"),
        "the median": sanity_check(
            "return bool(np.median(sizes) <= limit)", "take the mean of all, 1/3"
        ),
        "below the limit only": sanity_check("return bool(np.mean(sizes) < limit)", "≤ and not <"),
        "the size of the mean": sanity_check(
            "return bool(abs(np.mean(sizes)) <= limit)", "is below the limit, too"
        ),
        "all rows but the last": sanity_check(
            "return bool(np.mean(sizes[:-1]) <= limit)", "take the mean of all, 1/3"
        ),
        "a limit of its own": sanity_check(
            "return bool(np.mean(sizes) <= 0.5)", "below the limit given, 1.1"
        ),
        "equality": sanity_check(
            "return not np.allclose(before, after)", "of which only the scale changed"
        ),
        "the wrong way round": sanity_check(
            "return bool(np.mean(sizes) >= limit)", "rejected an explanation that is another"
        ),
        "sizes of signed correlations": sanity_check(
            "return bool(np.mean(np.abs(signed)) <= limit)", "every second sign flipped"
        ),
        "always True": sanity_check("return True", "accepted"),
        "always False": sanity_check("return False", "rejected"),
        "a number": sanity_check("return float(np.mean(sizes))", "returned float"),
        "no return": sanity_check("bool(np.mean(sizes) <= limit)", "returned NoneType"),
        "one model twice": sanity_check(
            "return bool(np.mean([correlate(abs(a), abs(a)) for a in before]) <= limit)",
            "rejected an explanation that is another",
        ),
        "all rows at once": sanity_check(
            "return correlate(abs(before).ravel(), abs(after).ravel()) <= limit",
            "correlate compares two rows",
        ),
        "other rows": sanity_check(
            "return bool(np.mean(np.abs(explain(lost, rows + 1))) <= limit)",
            "ask for explain(trained, rows)",
        ),
    },
}
