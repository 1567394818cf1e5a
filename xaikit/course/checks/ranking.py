"""Checks of assignment 08: masks, their losses, a step of the search, rankings that do not leak.

The references go mask by mask and row by row; the selectors are quadratic forms, whose slopes are
known without a network.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from operator import itemgetter

import numpy as np

from xaikit.course import checks
from xaikit.course.checks import (
    Mistake,
    compare,
    if_written,
    judge,
    pair,
    passed,
    plain,
    shapes_fit,
)
from xaikit.course.checks import last_inputs as last_inputs
from xaikit.course.checks.mistakes import Answer
from xaikit.methods import dual_net
from xaikit.methods.dual_net_estimator import DualNet
from xaikit.networks.network import Network

DRAWS = 4000
SIGMAS = 5.5  # rejects a right answer once in millions of checks

Folds = list[tuple[np.ndarray, np.ndarray]]


def by_hand(answer: Callable) -> Callable:
    """Return the learner's function, guarded; xaikit's dual net is switched off inside."""
    return checks.by_hand(
        answer,
        DualNet.fit,
        dual_net.random_masks,
        dual_net.masked,
        dual_net.local_search,
        dual_net.optimal_mask,
    )


def random_masks(answer: Callable, rounds: int = 12) -> None:
    """Check ``random_masks(d, s, count, rng)`` -> (count, d)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        d = int(rng.integers(5, 9))
        s = int(rng.integers(2, d - 1))
        _expect_exactly(by_hand(answer)(d, s, 40, np.random.default_rng()), d, s, 40)
    _expect_uniform(by_hand(answer)(5, 2, DRAWS, np.random.default_rng()))
    for d in (1, 4):
        _expect_exactly(_with_all(by_hand(answer), d), d, d, 3)
    first, again, other = (by_hand(answer)(8, 4, 20, np.random.default_rng(n)) for n in (7, 7, 8))
    if not np.array_equal(first, again):
        raise Mistake("random_masks: the same rng must give the same masks: draw from `rng` only")
    if np.array_equal(first, other):
        raise Mistake(
            "random_masks: another rng gives the very same masks: draw from the `rng` that you are "
            "handed, and make none of your own"
        )
    for d, s in [(4, 0), (4, 5), (6, -1)]:
        _expect_refusal(by_hand(answer), d, s)
    passed(f"random_masks: exactly s ones, every subset alike, {rounds} sizes")


def _with_all(draw: Callable, d: int) -> object:
    try:
        return draw(d, d, 3, np.random.default_rng())
    except ValueError:
        raise Mistake(
            f"random_masks: s = {d} of d = {d} shows every column and is allowed: raise where s is "
            "below 1 or above d"
        ) from None


def _expect_exactly(given: object, d: int, s: int, count: int) -> None:
    masks = plain(given, (count, d), "random_masks")
    if not np.isin(masks, (0, 1)).all():
        raise Mistake("random_masks: a mask holds 0 and 1 only")
    ones = masks.sum(axis=1)
    if (ones == s).all():
        return
    if (ones == d - s).all():
        raise Mistake("random_masks: 1 is shown and 0 is hidden: you hid s columns")
    if (ones > s).any():
        raise Mistake(
            f"random_masks: rows hold {ones.min():.0f} to {ones.max():.0f} ones, expected exactly "
            f"{s}. A coin for each column gives s ones on average only"
        )
    raise Mistake(
        f"random_masks: {if_written(masks)}some rows hold fewer than {s} ones: a column drawn "
        "twice is shown once. Draw without replacement"
    )


def _expect_uniform(given: object) -> None:
    masks = plain(given, (DRAWS, 5), "random_masks")
    if (masks == masks[0]).all():
        raise Mistake("random_masks: all rows are the same mask: draw anew for each row")
    never = np.flatnonzero((masks == 0).all(axis=0))
    if never.size:
        raise Mistake(
            f"random_masks: of columns 0 to 4, column {never[0]} is never shown. Draw from all d: "
            "permutation(d) and integers(d) hold the numbers 0 to d − 1"
        )
    pairs = list(combinations(range(5), 2))
    shares = np.array([(masks[:, list(pair)] == 1).all(axis=1).mean() for pair in pairs])
    spread = np.sqrt(0.1 * 0.9 / DRAWS)
    if (np.abs(shares - 0.1) > SIGMAS * spread).any():
        raise Mistake(
            "random_masks: not all subsets are alike. Of 5 columns, each pair is a tenth of the "
            f"masks; yours are {shares.min():.2f} to {shares.max():.2f}"
        )


def _expect_refusal(draw: Callable, d: int, s: int) -> None:
    try:
        draw(d, s, 3, np.random.default_rng())
    except ValueError as error:
        if str(s) in str(error):
            return
        raise Mistake(
            f"random_masks: the error's words should say what was given: s = {s}"
        ) from None
    except Mistake:
        raise
    except Exception as error:
        raise Mistake(
            f"random_masks: s = {s} of d = {d} must raise a ValueError, and yours raises "
            f'{type(error).__name__}. In an `if`: raise ValueError(f"s is {{s}}")'
        ) from None
    raise Mistake(f"random_masks: s = {s} of d = {d} must raise a ValueError")


MASK_LOSSES = Answer(
    """\
def mask_losses(predict, x, y, masks):
    losses = []
    for m in masks:
        shown, mask = $shown, $mask
        error = predict($inputs) - $y
        losses.append($loss)
    return $end
""",
    dict(
        shown="x * m",
        mask="np.broadcast_to(m, x.shape)",
        inputs="np.hstack([shown, mask])",
        y="y",
        loss="(error**2).mean()",
        end="np.array(losses)",
    ),
    {
        "the input is not masked: hidden entries must be 0": dict(shown="x"),
        "a hidden entry becomes 0, not its column's mean": dict(
            shown="np.where(m == 1, x, x.mean(axis=0))"
        ),
        "a 1 in the mask means shown: you hid those": dict(shown="x * (1 - m)"),
        "a 1 in the mask means shown: you hid those, and told predict so": dict(
            shown="x * (1 - m)", mask="np.broadcast_to(1 - m, x.shape)"
        ),
        "the mask that predict is told has 0 and 1 exchanged": dict(
            mask="np.broadcast_to(1 - m, x.shape)"
        ),
        "predict is told that everything is hidden: hand it the mask": dict(mask="0 * x"),
        "predict is told that everything is shown: hand it the mask": dict(mask="0 * x + 1"),
        "first what is shown, then the mask: yours are the other way round": dict(
            inputs="np.hstack([mask, shown])"
        ),
        "L(m) is the mean over the rows, not the sum": dict(loss="(error**2).sum()"),
        "L(m) is the mean over the rows: you divided by the number of masks": dict(
            loss="(error**2).sum() / len(masks)"
        ),
        "the root is too much: L(m) is the mean of squares": dict(
            loss="np.sqrt((error**2).mean())"
        ),
        "no ½ here: it belongs to the selector's loss": dict(loss="(error**2).mean() / 2"),
        "each prediction met the answers of all rows: predict(...) and y both have shape (n,)": (
            dict(y="y[:, None]")
        ),
        "square the errors; you took their sizes": dict(loss="abs(error).mean()"),
        "square first, then average: errors of both signs cancelled": dict(
            loss="error.mean() ** 2"
        ),
        "each mask hides more of what the last one left: x = x * m in the loop changes x for the "
        "next mask, so give the product another name": dict(shown="(x := x * m)"),
        "this is the mean over all masks: each has a loss of its own": dict(
            end="np.full(len(masks), np.mean(losses))"
        ),
        # For as many rows as columns; for other shapes it raises.
        "the mask hid rows: it belongs to the columns, m[j] to x[:, j]": dict(
            shown="x * m[:, None]"
        ),
    },
)


def mask_losses(answer: Callable, rounds: int = 12) -> None:
    """Check ``mask_losses(predict, x, y, masks)`` -> (B,)."""
    rng = np.random.default_rng()
    for number in range(rounds):
        d = int(rng.integers(3, 6))
        # Every second round has as many rows as columns: a mask on the wrong axis raises no error.
        n = d if number % 2 == 0 else int(rng.integers(7, 12))
        x, y = rng.normal(size=(n, d)), rng.normal(size=n)
        masks = _some_masks(rng, d)
        predict = _predictor(rng, d)
        hint = (
            f"x * m is a table {x.shape}, m alone has shape {(d,)}: repeat it for each row, "
            "np.broadcast_to(m, x.shape), then np.hstack"
        )
        with shapes_fit("mask_losses", hint):
            given = by_hand(answer)(predict, x, y, masks)
        given = plain(given, (len(masks),), "mask_losses")
        inputs = [np.hstack([x * m, np.tile(m, (n, 1))]) for m in masks]
        expected = np.array([((predict(rows) - y) ** 2).mean() for rows in inputs])
        compare(given, expected, MASK_LOSSES.mistaken(predict, x, y, masks), "mask_losses")
    passed(f"mask_losses: {rounds} random operators, tables and sets of masks")


def _some_masks(rng: np.random.Generator, d: int) -> np.ndarray:
    """Return six masks of one or two columns each; none is the complement of another."""
    masks = np.zeros((6, d))
    for m in masks:
        m[rng.permutation(d)[: rng.integers(1, d)]] = 1.0
    return masks


def _predictor(rng: np.random.Generator, d: int) -> Callable:
    network = Network.mlp([2 * d, 6, 1], "tanh", seed=int(rng.integers(2**31)))

    def predict(inputs: np.ndarray) -> np.ndarray:
        inputs = np.asarray(inputs, dtype=float)
        if inputs.ndim != 2 or inputs.shape[1] != 2 * d:
            raise Mistake(
                f"mask_losses: predict was handed an array of shape {inputs.shape}, expected "
                f"(n, {2 * d}): beside what is shown it reads the mask, one copy for each row"
            )
        return network(inputs)[:, 0]

    return predict


SELECTOR_LOSS = Answer(
    """\
def selector_loss(predicted, losses, weights):
    error = predicted - losses
    loss, slopes = $loss, $slopes
    return $end
""",
    dict(
        loss="(weights * error**2).mean() / 2",
        slopes="weights * error / len(error)",
        end="loss, slopes",
    ),
    {
        "the ½ is missing": dict(loss="(weights * error**2).mean()"),
        "take the mean over masks, not the sum": dict(loss="(weights * error**2).sum() / 2"),
        "divide by the number of masks, not by the sum of the weights": dict(
            loss="(weights * error**2).sum() / weights.sum() / 2"
        ),
        "the weights are missing": dict(loss="(error**2).mean() / 2", slopes="error / len(error)"),
        "the weights are squared: they stand outside of the square": dict(
            loss="((weights * error) ** 2).mean() / 2"
        ),
        "square the errors; you took their sizes": dict(loss="(weights * abs(error)).mean() / 2"),
        "the sign is wrong: where f_S is above L, more f_S means more loss": dict(
            end="loss, -slopes"
        ),
        "the mean is over B masks, so each slope is divided by B": dict(slopes="weights * error"),
        "the ½ and the square's 2 cancel: yours are twice as steep": dict(end="loss, 2 * slopes"),
        "the ½ and the square's 2 cancel: yours are half as steep": dict(end="loss, slopes / 2"),
    },
)


def selector_loss(answer: Callable, rounds: int = 20) -> None:
    """Check ``selector_loss(predicted, losses, weights)`` -> a number and its slopes (B,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        count = int(rng.integers(3, 9))
        f, L = rng.normal(size=count), rng.normal(size=count)
        w = rng.integers(2, 11, size=count) + 0.5
        given = by_hand(answer)(f, L, w)
        given = pair(given, "selector_loss: return two things, the loss and its slopes")
        value = plain(given[0], (), "selector_loss, the loss")
        slopes = plain(given[1], (count,), "selector_loss, the slopes")
        error = f - L
        of_loss, of_slopes = (
            replace(SELECTOR_LOSS, read=itemgetter(i)).mistaken(f, L, w) for i in (0, 1)
        )
        right = np.array((w * error**2).mean() / 2)
        compare(value, right, of_loss, "selector_loss, the loss")
        compare(slopes, w * error / count, of_slopes, "selector_loss, the slopes")
    passed(f"selector_loss: {rounds} random sets of masks, the loss and its slopes")


BIG_IS_GOOD = dict(leaves="on[slopes[on].argmin()]", joins="off[slopes[off].argmax()]")

SEARCH_STEP = Answer(
    """\
def search_step(predict, slope, mask):
    on, off = np.flatnonzero(mask == 1), np.flatnonzero(mask == 0)
    if $full:
        return mask
    slopes = $slopes
    leaves, joins = $leaves, $joins
    new = $copy
    $swap
    before, after = predict(np.array([mask, new]))
    return $end
""",
    dict(
        full="len(off) == 0",
        slopes="slope(mask)",
        leaves="on[slopes[on].argmax()]",
        joins="off[slopes[off].argmin()]",
        copy="mask.copy()",
        swap="new[leaves], new[joins] = 0.0, 1.0",
        end="new if after < before else mask",
    ),
    {
        "every swap is accepted: keep the new mask only if the predicted loss falls": dict(
            end="new"
        ),
        "the predicted loss is a loss: keep the swap if it falls, not if it rises": dict(
            end="new if after > before else mask"
        ),
        "small is good: out goes the chosen column of the largest slope, in comes the other of "
        "the smallest": BIG_IS_GOOD,
        "small is good, in the slopes and in the loss: yours climbs": dict(
            BIG_IS_GOOD, end="new if after > before else mask"
        ),
        "small is good, and every swap is accepted": dict(BIG_IS_GOOD, end="new"),
        "nothing was swapped": dict(end="mask"),
        "take the slopes at the mask, not at ½": dict(slopes="slope(0 * mask + 0.5)"),
        "one step swaps one pair: this takes the s smallest slopes of all": dict(
            swap="new[:] = 0.0; new[np.argsort(slopes)[: len(on)]] = 1.0"
        ),
        "this tries every pair: the step looks at the slopes and tries one": dict(
            swap="columns = np.arange(len(mask))\n"
            "    tried = [np.where(columns == i, 0.0, np.where(columns == j, 1.0, mask))\n"
            "             for i in on for j in off]\n"
            "    new = tried[predict(np.array(tried)).argmin()]"
        ),
        "one step swaps one pair: this goes on until nothing falls": dict(
            end="search_step(predict, slope, new) if after < before else mask"
        ),
        "the slopes alone decide: ask predict whether the loss of the new mask is lower": dict(
            end="new if slopes[joins] < slopes[leaves] else mask"
        ),
        "slopes[on].argmax() counts among the chosen columns: on[...] turns that place into a "
        "column's number, and off[...] does for the others": dict(
            leaves="slopes[on].argmax()", joins="slopes[off].argmin()"
        ),
        "out goes the largest slope among the chosen columns, in comes the smallest among the "
        "others: you took them of all columns": dict(
            leaves="slopes.argmax()", joins="slopes.argmin()"
        ),
        "slope times mask is 0 for the other columns, and 0 may be the largest: look among the "
        "chosen ones only, slopes[on], and slopes[off]": dict(
            leaves="(slopes * mask).argmax()", joins="(slopes * (1 - mask)).argmin()"
        ),
        "mask == 0 picks the slopes of the other columns, and the place among them is no column's "
        "number yet: np.flatnonzero(mask == 0)[place]": dict(joins="slopes[mask == 0].argmin()"),
        "the sign of a slope counts: you took sizes": dict(slopes="abs(slope(mask))"),
    },
)


def search_step(answer: Callable, rounds: int = 60) -> None:
    """Check ``search_step(predict, slope, mask)`` -> (d,)."""
    rng = np.random.default_rng()
    given, expected, masks, cases = [], [], [], []
    for number in range(rounds):
        predict, slope, mask = _selector(rng, falls=number % 2 == 0)
        given.append(plain(by_hand(answer)(predict, slope, mask), mask.shape, "search_step"))
        expected.append(_swapped(predict, slope, mask))
        masks.append(mask)
        cases.append(SEARCH_STEP.mistaken(predict, slope, mask))
    for mask in given:
        if not np.isin(mask, (0, 1)).all():
            raise Mistake("search_step: a mask holds 0 and 1 only")
    _expect_as_many(np.array(given), np.array(masks))
    tables = {words: partial(_in_all, cases, words) for words in SEARCH_STEP.mistakes}
    compare(np.array(given), np.array(expected), tables, "search_step")
    _expect_kept(by_hand(answer))
    passed(f"search_step: {rounds} random selectors, half of them where the swap must be refused")


def _in_all(cases: list[dict[str, Callable]], words: str) -> np.ndarray:
    """Return a mistake's results in all cases, in one array."""
    return np.array([case[words]() for case in cases])


def _expect_as_many(given: np.ndarray, masks: np.ndarray) -> None:
    """Raise if all changed masks have fewer columns than before, or all have more."""
    more = (given - masks).sum(axis=1)[(given != masks).any(axis=1)]
    if more.size and (more < 0).all():
        raise Mistake(
            f"search_step: {if_written(given)}the column that left was not replaced: a mask has "
            "exactly s ones"
        )
    if more.size and (more > 0).all():
        raise Mistake(
            "search_step: no column left for the one that came: a mask has exactly s ones"
        )


def _expect_kept(step: Callable) -> None:
    """Check that two masks stay: a full one, and one whose loss a swap does not change."""

    def level(masks):
        return np.zeros(len(masks))

    try:
        full = step(level, np.cumsum, np.ones(4))
    except (ValueError, IndexError) as error:
        raise Mistake(
            "search_step: with every column shown there is nothing to swap: return the mask. "
            f"Yours stops with {type(error).__name__}: {error}"
        ) from None
    if not np.array_equal(plain(full, (4,), "search_step"), np.ones(4)):
        raise Mistake("search_step: with every column shown there is nothing to swap")
    mask = np.array([0.0, 0.0, 1.0, 1.0])
    tie = step(level, lambda m: np.arange(4.0), mask)
    if not np.array_equal(plain(tie, (4,), "search_step"), mask):
        raise Mistake(
            "search_step: where the predicted loss stays the same, keep the old mask (< and not "
            "<=): a search that goes on like this may never end"
        )


def _selector(rng: np.random.Generator, falls: bool) -> tuple[Callable, Callable, np.ndarray]:
    """Return f_S, its slope, and a mask of three in seven whose swap lowers f_S or does not.

    f_S(m) = c·m + mᵀQm has the slope c + 2Qm, but f_S may rise where the slope promises a fall.
    """
    while True:
        c, Q = rng.normal(size=7), rng.normal(size=(7, 7))
        Q = (Q + Q.T) / 2
        mask = np.zeros(7)
        mask[rng.permutation(7)[:3]] = 1.0

        def predict(masks, c=c, Q=Q):
            masks = np.asarray(masks, dtype=float)
            if masks.ndim != 2 or masks.shape[1] != 7:
                raise Mistake(
                    f"search_step: predict was handed an array of shape {masks.shape}, expected "
                    "(B, d): put masks in a table, mask[None] for one"
                )
            return masks @ c + np.einsum("bi,ij,bj->b", masks, Q, masks)

        def slope(m, c=c, Q=Q):
            return c + 2 * Q @ np.asarray(m, dtype=float)

        new = _exchanged(mask, *_pair(slope(mask), mask))
        if bool(predict(new[None])[0] < predict(mask[None])[0]) is falls:
            return predict, slope, mask


def _pair(slope: np.ndarray, mask: np.ndarray) -> tuple[int, int]:
    on, off = np.flatnonzero(mask == 1), np.flatnonzero(mask == 0)
    return int(on[slope[on].argmax()]), int(off[slope[off].argmin()])


def _exchanged(mask: np.ndarray, out: int, enter: int) -> np.ndarray:
    new = mask.copy()
    new[out], new[enter] = 0.0, 1.0
    return new


def _swapped(predict: Callable, slope: Callable, mask: np.ndarray) -> np.ndarray:
    new = _exchanged(mask, *_pair(slope(mask), mask))
    return new if predict(new[None])[0] < predict(mask[None])[0] else mask


CROSS_VALIDATE = Answer(
    """\
def cross_validate(rank, judge, x, y, folds, s):
    results = []
    for train, test in folds:
        fit, judged = $fit, $judged
        scores = $scores
        chosen = $order[:s]
        results.append(judge(x[fit][:, chosen], y[fit], x[judged][:, $columns], y[judged]))
    return $end
""",
    dict(
        fit="train",
        judged="test",
        scores="rank(x[train], y[train])",
        order="np.argsort(-scores)",
        columns="chosen",
        end="np.array(results)",
    ),
    {
        "you ranked on all rows: the test rows took part in the choice, and that leaks": dict(
            scores="rank(x, y)"
        ),
        "you ranked on the test rows: rank inside each fold's training rows": dict(
            scores="rank(x[test], y[test])"
        ),
        "you ranked once, in the first fold: its training rows are test rows of others": dict(
            scores="rank(x[folds[0][0]], y[folds[0][0]])"
        ),
        "a large score is important: you kept the s least important columns": dict(
            order="np.argsort(scores)"
        ),
        "a large score is important, and a negative one is not: you took their sizes": dict(
            order="np.argsort(-np.abs(scores))"
        ),
        "the judge was tested on the rows it learned from": dict(judged="train"),
        "the judge learned from all rows, test rows as well": dict(fit="np.arange(len(x))"),
        "training and test rows are exchanged": dict(
            scores="rank(x[test], y[test])", fit="test", judged="train"
        ),
        "you ranked on all rows, and kept the least important columns": dict(
            scores="rank(x, y)", order="np.argsort(scores)"
        ),
        "you ranked on all rows, and the judge learned from all rows: test rows took part in "
        "both, and that leaks": dict(scores="rank(x, y)", fit="np.arange(len(x))"),
        "the judge learns from the training rows and is tested on the test rows: you handed them "
        "over the other way round": dict(fit="test", judged="train"),
        "the test rows need the columns that were chosen on the training rows: you ranked them "
        "for themselves": dict(columns="np.argsort(-rank(x[test], y[test]))[:s]"),
        "np.argsort(-scores) is the order, best column first; sorted once more it holds each "
        "column's place": dict(order="np.argsort(np.argsort(-scores))"),
    },
)


def cross_validate(answer: Callable, rounds: int = 16) -> None:
    """Check ``cross_validate(rank, judge, x, y, folds, s)`` -> (folds,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        while True:
            d, count = int(rng.integers(7, 10)), int(rng.integers(3, 5))
            x, y = rng.normal(size=(8 * count, d)), rng.normal(size=8 * count)
            s, folds = int(rng.integers(2, 4)), _folds(rng, len(x), count)
            expected = _scores(x, y, folds, s)
            made = CROSS_VALIDATE.mistaken(_rank, _error, x, y, folds, s)
            wrong = {words: make() for words, make in made.items()}
            if checks.all_differ([expected, *wrong.values()]):
                break
        calls: list[int] = []

        def rank(x_rows, y_rows, calls=calls):
            calls.append(len(x_rows))
            return _rank(x_rows, y_rows)

        try:
            given = by_hand(answer)(rank, _judge(s), x, y, folds, s)
        except IndexError as error:
            if "could not be broadcast" not in str(error):
                raise
            raise Mistake(
                "cross_validate: x[rows, columns] pairs each row with one column. Choose one after "
                f"the other, x[rows][:, columns]. NumPy says: {error}"
            ) from None
        given = plain(given, (count,), "cross_validate")
        compare(given, expected, wrong, "cross_validate")
        if len(calls) != count:
            raise Mistake(
                f"cross_validate: rank was called {len(calls)} times for {count} folds: call it "
                "once in each, and use its scores for both tables"
            )
    passed(f"cross_validate: {rounds} random tables, ranked and judged where they should be")


def _folds(rng: np.random.Generator, rows: int, count: int) -> Folds:
    parts = np.array_split(rng.permutation(rows), count)
    return [(np.setdiff1d(np.arange(rows), part), part) for part in parts]


def _rank(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return each column's covariance with y: scores of both signs, large is important."""
    if np.ndim(x) != 2 or np.shape(y) != np.shape(x)[:1]:
        raise Mistake(
            f"cross_validate: rank was handed shapes {np.shape(x)} and {np.shape(y)}, expected a "
            "table and one answer for each of its rows"
        )
    return (x - x.mean(axis=0)).T @ (y - y.mean()) / len(y)


def _judge(s: int) -> Callable:
    def judge(x_fit, y_fit, x_test, y_test):
        shapes = [np.shape(part) for part in (x_fit, x_test)]
        if any(len(shape) != 2 or shape[1] != s for shape in shapes):
            raise Mistake(
                f"cross_validate: the judge was handed tables of shapes {shapes[0]} and "
                f"{shapes[1]}, expected the {s} chosen columns of each"
            )
        return _error(x_fit, y_fit, x_test, y_test)

    return judge


def _error(x_fit: np.ndarray, y_fit: np.ndarray, x_test: np.ndarray, y_test: np.ndarray) -> float:
    """Return the mean squared error of a least-squares line."""
    return float(((x_test @ np.linalg.lstsq(x_fit, y_fit, rcond=None)[0] - y_test) ** 2).mean())


def _scores(x: np.ndarray, y: np.ndarray, folds: Folds, s: int) -> np.ndarray:
    """Return each fold's error."""
    results = []
    for fit, test in folds:
        chosen = np.argsort(-_rank(x[fit], y[fit]))[:s]
        results.append(_error(x[fit][:, chosen], y[fit], x[test][:, chosen], y[test]))
    return np.array(results)


def honesty_test(answer: Callable) -> None:
    """Check a learner's test ``is_honest(evaluate, x, y, folds)`` -> bool."""
    rng = np.random.default_rng()
    for _ in range(3):
        x, y = rng.normal(size=(20, 4)), rng.normal(size=20)
        folds = _folds(rng, 20, 4)
        for verdict, what, rows_of in _evaluations():
            given = by_hand(answer)(_evaluation(rows_of), x, y, folds)
            judge(given, verdict, what, "is_honest")
    passed("is_honest: accepts three honest evaluations, rejects eight that peek")


def _evaluation(rows_of: Callable) -> Callable:
    """Return a cross-validation that ranks on each set of rows in `rows_of(folds, number)`."""

    def evaluate(rank, judge, x, y, folds, s):
        results, scores = [], np.empty(0)
        for number, (fit, test) in enumerate(folds):
            for rows in rows_of(folds, number):
                scores = np.asarray(rank(x[rows], y[rows]), dtype=float)
                if scores.shape != (x.shape[1],):
                    raise Mistake(
                        "is_honest: the rank that you hand over must return a score for each "
                        f"column, shape ({x.shape[1]},); yours has shape {scores.shape}"
                    )
            chosen = np.argsort(-scores)[:s]
            parts = x[fit][:, chosen], y[fit], x[test][:, chosen], y[test]
            results.append(judge(*parts))
        return np.array(results)

    return evaluate


def _evaluations() -> list[tuple[bool, str, Callable]]:
    """Return (verdict, description, rows to rank on) of evaluations."""

    def everything(folds: Folds) -> np.ndarray:
        return np.sort(np.concatenate(folds[0]))

    def with_a_test_row(folds: Folds, k: int, where: Sequence[int]) -> np.ndarray:
        fit, test = folds[k]
        return np.concatenate([fit, test[:1]]) if k in where else fit

    return [
        (True, "one that ranks inside each fold's training rows", lambda f, k: [f[k][0]]),
        (
            True,
            "an honest one that goes through the training rows in another order",
            lambda f, k: [f[k][0][::-1]],
        ),
        (
            True,
            "an honest one that ranks on half of the training rows",
            lambda f, k: [f[k][0][::2]],
        ),
        (False, "one that ranks on all rows, in every fold", lambda f, k: [everything(f)]),
        (
            False,
            "one that ranks on all rows once, before the folds",
            lambda f, k: [] if k else [everything(f)],
        ),
        (False, "one that ranks on the test rows", lambda f, k: [f[k][1]]),
        (
            False,
            "one that ranks once, on the first fold's training rows: they are test rows of others",
            lambda f, k: [] if k else [f[0][0]],
        ),
        (
            False,
            "one that lets a single test row slip into every ranking",
            lambda f, k: [with_a_test_row(f, k, range(len(f)))],
        ),
        (
            False,
            "one that lets a test row slip into the last fold's ranking only",
            lambda f, k: [with_a_test_row(f, k, [len(f) - 1])],
        ),
        (
            False,
            "one that lets a test row slip into the first fold's ranking only",
            lambda f, k: [with_a_test_row(f, k, [0])],
        ),
        (
            False,
            "one that ranks once more than there are folds, at the end and on all rows",
            lambda f, k: [f[k][0]] if k < len(f) - 1 else [f[k][0], everything(f)],
        ),
    ]
