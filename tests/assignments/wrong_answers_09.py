"""Every known wrong answer to assignment 09.

grade_id of the answer -> the mistake -> the wrong answer, the graded cells that lose their points,
and a part of the first message that the learner sees.
"""

from functools import partial

from tests.assignments.scoring import WrongAnswer, planted, wrong
from xaikit.course.checks import trust as checks

OF_AREA = {"deletion_area-check", "deletion_area-example"}
OF_RANKS = {"rank_correlation-check", "rank_correlation-example"}
SWITCHED_OFF = "this exercise asks you to write it yourself"

relative_gap = partial(wrong, checks.RELATIVE_GAP, {"relative_gap-check"})
deletion_area = partial(wrong, checks.DELETION_AREA, OF_AREA)
share_as_good = partial(wrong, checks.SHARE_AS_GOOD, {"share_as_good-check"})
rank_correlation = partial(wrong, checks.RANK_CORRELATION, OF_RANKS)
infidelity = partial(wrong, checks.INFIDELITY, {"infidelity-check"})


def sanity_check(line, message):
    """Return a wrong answer of one line that may use the two tables of scores."""
    source = f"""\
def passes_sanity_check(explain, trained, lost, rows, correlate, limit):
    before, after = explain(trained, rows), explain(lost, rows)
    sizes = [correlate(abs(a), abs(b)) for a, b in zip(before, after)]
    signed = [correlate(a, b) for a, b in zip(before, after)]
    {line}
"""
    return WrongAnswer(source, {"passes_sanity_check-check"}, message)


WRONG_ANSWERS = {
    "relative_gap": planted(checks.RELATIVE_GAP, {"relative_gap-check"})
    | {
        "the base forgotten, spelled here": relative_gap(
            "scores do not sum to the output",
            "def relative_gap(scores, outputs, bases):\n"
            "    rows = zip(scores, outputs, bases)\n"
            "    return [abs((sum(row) - y) / (y - b)) for row, y, b in rows]\n",
        ),
        "over the rows": relative_gap(
            "features are along axis 1",
            sums="scores.sum(axis=0)",
            explained="change.mean()",
            end="abs(gaps)",
        ),
        "axis=0": relative_gap("axis=1, has shape (n,)", sums="scores.sum(axis=0)"),
        "no return": relative_gap("returned nothing", end="None"),
        "its inputs changed": relative_gap(
            "changed one of its inputs", end="np.divide(abs(gaps), abs(change), out=bases)"
        ),
        "xaikit's completeness": relative_gap(
            SWITCHED_OFF,
            end="xk.completeness(xk.Attribution(scores, bases, outputs, scores)).relative",
        ),
    },
    "deletion_area": planted(
        checks.DELETION_AREA,
        OF_AREA,
        # In the example the baseline and its output are zero, and the order is its own inverse.
        {
            "features go to zero instead of to the baseline": {"deletion_area-check"},
            "`order` holds column numbers, first removed first: you read it as ranks": {
                "deletion_area-check"
            },
            "the area reaches down to zero, not to the output at the baseline": {
                "deletion_area-check"
            },
        },
    )
    | {
        "insertion, spelled here": deletion_area(
            "insertion has the same area",
            "def deletion_area(f, x, baseline, order):\n"
            "    gone = np.tri(len(x) + 1, len(x), -1)[:, np.argsort(order)]\n"
            "    return np.trapezoid(f(np.where(gone, x, baseline)), dx=1 / len(x))\n",
        ),
        "insertion": deletion_area(
            "insertion has the same area", start="baseline.copy()", step="left[i] = x[i]"
        ),
        "one row without its axis": deletion_area("a single row is x[None]", area="f(x)"),
        "its inputs changed": deletion_area("changed one of its inputs", start="x"),
        "the outputs": deletion_area("returned an array of shape", area="outputs"),
        "no return": deletion_area("returned nothing", area="None"),
        "the example by heart": deletion_area("deletion_area: got", area="1.5"),
        "xaikit's deletion": deletion_area(
            SWITCHED_OFF,
            area="xk.deletion(f, x, -np.argsort(order).astype(float), baseline=baseline).auc",
        ),
    },
    "share_as_good": planted(checks.SHARE_AS_GOOD, {"share_as_good-check"})
    | {
        "by size, spelled here": share_as_good(
            "the size of the scores",
            "def share_as_good(area_of, scores, orders):\n"
            "    own = area_of(sorted(range(len(scores)), key=lambda i: -abs(scores[i])))\n"
            "    return sum(area_of(list(order)) <= own for order in orders) / len(orders)\n",
        ),
        "scores for an order": share_as_good("area_of takes an order", own="scores"),
        "each order": share_as_good("returned an array of shape", share="areas <= own"),
        "no return": share_as_good("returned nothing", share="None"),
    },
    "rank_correlation": planted(
        checks.RANK_CORRELATION,
        OF_RANKS,
        # In the example no score is negative, and the ranks of a are evenly spaced either way.
        {
            "you rank the sizes: here the sign counts": {"rank_correlation-check"},
            "equal scores use up places: after three of them the next rank is three higher "
            "(in a alone)": {"rank_correlation-check"},
        },
    )
    | {
        "the scores themselves, spelled here": rank_correlation(
            "this correlates the scores",
            "def rank_correlation(a, b):\n    return np.corrcoef(a, b)[0, 1]\n",
        ),
        # On some processors these are ties by column, and that message begins in the same way.
        "ties as they fall": rank_correlation(
            checks.SHARED,
            checks.TIES_AS_THEY_FALL.source(next(iter(checks.TIES_AS_THEY_FALL.mistakes))),
        ),
        "a matrix": rank_correlation("returned an array of shape", end="np.corrcoef(p, q)"),
        "no return": rank_correlation("returned nothing", end="None"),
        # Few values are possible for a rank correlation, so another mistake may give this one, too.
        "the example by heart": rank_correlation("rank_correlation: ", end="3.75 / 4.5"),
        "xaikit's agreement": rank_correlation(
            SWITCHED_OFF, end="xk.rank_agreement({'a': a, 'b': b}, 1).spearman[0, 1]"
        ),
    },
    "infidelity": planted(checks.VALUE, {"infidelity-check"})
    | planted(checks.ERROR, {"infidelity-check"})
    | {
        "no model, spelled here": infidelity(
            "the model's change is missing",
            "def infidelity(f, x, slopes, changes):\n"
            "    squares = [sum(row) ** 2 for row in changes * slopes]\n"
            "    return np.mean(squares), np.sqrt(np.var(squares, ddof=1) / len(squares))\n",
        ),
        "the value alone": infidelity("the value and its standard error", end="value"),
        "no return": infidelity("returned nothing", end="None"),
        "xaikit's infidelity": infidelity(
            SWITCHED_OFF,
            end="xk.infidelity(f, x, slopes, perturbation=changes, slopes=True)[:2]",
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
