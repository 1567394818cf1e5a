"""Assignment 08, answered wrongly in every known way.

grade_id of the answer -> what is wrong -> the answer, the graded cells that lose their points, and
a part of the message that the learner meets first.
"""

from tests.assignments.scoring import WrongAnswer

SWITCHED_OFF = "this exercise asks you to write it yourself"


def random_masks(told, lines, *, guard=True):
    """Return a wrong answer: what fills `masks`, with or without the guard on s."""
    refuse = 'if not 1 <= s <= d:\n        raise ValueError(f"s is {s}")' if guard else "pass"
    source = f"""\
def random_masks(d, s, count, rng):
    {refuse}
    masks = np.zeros((count, d))
    {lines}
"""
    return WrongAnswer(source, {"random_masks-check"}, told)


def mask_losses(told, *, shown="x * m", mask="m", loss="(error**2).mean()", end="np.array(losses)"):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    source = f"""\
def mask_losses(predict, x, y, masks):
    losses, n = [], len(x)
    for m in masks:
        shown = {shown}
        error = predict(np.hstack([shown, np.broadcast_to({mask}, shown.shape)])) - y
        losses.append({loss})
    return {end}
"""
    return WrongAnswer(source, {"mask_losses-check", "mask_losses-example"}, told)


def selector_loss(told, *, value=None, slopes="weights * error / len(error)", end=None):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    end = end or f"{value or '(weights * error**2).mean() / 2'}, {slopes}"
    source = f"""\
def selector_loss(predicted, losses, weights):
    error = predicted - losses
    return {end}
"""
    return WrongAnswer(source, {"selector_loss-check"}, told)


def search_step(
    told,
    *,
    at="mask",
    out="argmax",
    enter="argmin",
    keep="after < before",
    change="new[leaves], new[joins] = 0.0, 1.0",
    copy="mask.copy()",
    full="if len(off) == 0:\n        return mask",
    before="",
):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    source = f"""\
{before}def search_step(predict, slope, mask):
    on, off = np.flatnonzero(mask == 1), np.flatnonzero(mask == 0)
    {full}
    slopes = slope({at})
    new = {copy}
    leaves, joins = on[slopes[on].{out}()], off[slopes[off].{enter}()]
    {change}
    before, after = predict(np.array([mask, new]))
    return new if {keep} else mask
"""
    return WrongAnswer(source, {"search_step-check"}, told)


def cross_validate(
    told,
    *,
    first="",
    scores="rank(x[train], y[train])",
    order="np.argsort(-scores)",
    columns="[:, chosen]",
    parts="x[train]{0}, y[train], x[test]{0}, y[test]",
    end="np.array(results)",
):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    source = f"""\
def cross_validate(rank, judge, x, y, folds, s):
    results = []
    {first}
    for train, test in folds:
        scores = {scores}
        chosen = {order}[:s]
        results.append(judge({parts.format(columns)}))
    return {end}
"""
    return WrongAnswer(source, {"cross_validate-check"}, told)


def is_honest(told, verdict, *, numbers="np.arange(len(x), dtype=float)", scores="np.ones(d)"):
    """Return a wrong answer that may use `shown`, the rows of each ranking, and the test rows."""
    source = f"""\
def is_honest(evaluate, x, y, folds):
    n, d = x.shape
    numbered = np.repeat({numbers}[:, None], d, axis=1)
    shown = []

    def rank(x_rows, y_rows):
        shown.append(set(x_rows[:, 0].astype(int).tolist()))
        return {scores}

    evaluate(rank, lambda *parts: 0.0, numbered, y, folds, 1)
    tests = [set(test.tolist()) for _, test in folds]
    trains = [set(train.tolist()) for train, _ in folds]
    return {verdict}
"""
    return WrongAnswer(source, {"is_honest-check"}, told)


APART = "not any(a & b for a, b in zip(shown, tests))"
CALLED = "len(shown) == len(folds)"

WRONG_ANSWERS = {
    "random_masks": {
        "a coin for each column": random_masks(
            "A coin for each column gives s ones on average only",
            "return 1.0 * (rng.random((count, d)) < s / d)",
        ),
        "with replacement": random_masks(
            "a column drawn twice is shown once",
            "for m in masks:\n        m[rng.integers(d, size=s)] = 1.0\n    return masks",
        ),
        "s hidden": random_masks(
            "1 is shown and 0 is hidden: you hid s columns",
            "for m in masks:\n        m[rng.permutation(d)[s:]] = 1.0\n    return masks",
        ),
        "one mask for all": random_masks(
            "all rows are the same mask", "masks[:, rng.permutation(d)[:s]] = 1.0\n    return masks"
        ),
        "neighbours only": random_masks(
            "not all subsets are alike",
            "for m in masks:\n        m[(rng.integers(d) + np.arange(s)) % d] = 1.0\n"
            "    return masks",
        ),
        "the first column always": random_masks(
            "not all subsets are alike",
            "for m in masks:\n        m[[0, *(1 + rng.permutation(d - 1)[: s - 1])]] = 1.0\n"
            "    return masks",
        ),
        "the last column never": random_masks(
            "column 4 is never shown",
            "for m in masks:\n        m[rng.permutation(max(d - 1, s))[:s]] = 1.0\n"
            "    return masks",
        ),
        "the last column never, short of a row for all": random_masks(
            "column 4 is never shown",
            "for m in masks:\n        m[rng.permutation(d - 1)[:s]] = 1.0\n    return masks",
        ),
        "an assert": random_masks(
            "must raise a ValueError, and yours raises AssertionError",
            "assert 1 <= s <= d\n"
            "    for m in masks:\n        m[rng.permutation(d)[:s]] = 1.0\n    return masks",
            guard=False,
        ),
        "an rng of its own": random_masks(
            "draw from `rng` only",
            "own = np.random.default_rng()\n    for m in masks:\n"
            "        m[own.permutation(d)[:s]] = 1.0\n    return masks",
        ),
        "one rng for all": random_masks(
            "another rng gives the very same masks",
            "own = np.random.default_rng(0)\n    for m in masks:\n"
            "        m[own.permutation(d)[:s]] = 1.0\n    return masks",
        ),
        "all columns refused": random_masks(
            "shows every column and is allowed",
            "if not 1 <= s < d:\n        raise ValueError(s)\n"
            "    for m in masks:\n        m[rng.permutation(d)[:s]] = 1.0\n    return masks",
            guard=False,
        ),
        "no refusal": random_masks(
            "must raise a ValueError",
            "for m in masks:\n        m[rng.permutation(d)[:s]] = 1.0\n    return masks",
            guard=False,
        ),
        "an error without words": random_masks(
            "the error's words should say what was given",
            "if s < 1 or s > d:\n        raise ValueError()\n"
            "    for m in masks:\n        m[rng.permutation(d)[:s]] = 1.0\n    return masks",
            guard=False,
        ),
        "numbers of columns": random_masks(
            "random_masks returned an array of shape",
            "return np.array([rng.permutation(d)[:s] for _ in range(count)])",
        ),
        "no return": random_masks("random_masks returned nothing", "return None"),
        "other marks than 1": random_masks(
            "a mask holds 0 and 1 only",
            "for m in masks:\n        m[rng.permutation(d)[:s]] = 1 / s\n    return masks",
        ),
        "xaikit's": random_masks(
            SWITCHED_OFF,
            "from xaikit.methods.dual_training import DualTraining\n"
            "    trainer = DualTraining(np.zeros((9, d)), np.zeros(9), 'mse', 1, s, rng)\n"
            "    return trainer.random_masks(count)",
        ),
    },
    "mask_losses": {
        "not masked": mask_losses("the input is not masked", shown="x"),
        "hidden and shown exchanged": mask_losses(
            "a 1 in the mask means shown", shown="x * (1 - m)"
        ),
        "hidden and shown exchanged, told so": mask_losses(
            "you hid those, and told predict so", shown="x * (1 - m)", mask="1 - m"
        ),
        "halved": mask_losses("no ½ here", loss="(error**2).mean() / 2"),
        "every row with every answer": mask_losses(
            "each prediction met the answers of all rows",
            loss="((error + y - y[:, None]) ** 2).mean()",
        ),
        "the wrong axis": mask_losses(
            "the mask hid rows",
            shown="x * m[:, None] if n == len(m) else x * m",
        ),
        "told the opposite": mask_losses("has 0 and 1 exchanged", mask="1 - m"),
        "told nothing is shown": mask_losses("told that everything is hidden", mask="0 * m"),
        "told all is shown": mask_losses("told that everything is shown", mask="0 * m + 1"),
        "not told at all": WrongAnswer(
            "def mask_losses(predict, x, y, masks):\n"
            "    return np.array([((predict(x * m) - y) ** 2).mean() for m in masks])\n",
            {"mask_losses-check", "mask_losses-example"},
            "beside what is shown it reads the mask",
        ),
        "a mask for one row": WrongAnswer(
            "def mask_losses(predict, x, y, masks):\n"
            "    return np.array([((predict(np.hstack([x * m, m])) - y) ** 2).mean() "
            "for m in masks])\n",
            {"mask_losses-check", "mask_losses-example"},
            "repeat it for each row",
        ),
        # In the example the second mask shows what the first has hidden.
        "one mask on top of the other": WrongAnswer(
            "def mask_losses(predict, x, y, masks):\n"
            "    losses = []\n"
            "    for m in masks:\n"
            "        x = x * m\n"
            "        inputs = np.hstack([x, np.broadcast_to(m, x.shape)])\n"
            "        losses.append(((predict(inputs) - y) ** 2).mean())\n"
            "    return np.array(losses)\n",
            {"mask_losses-check", "mask_losses-example"},
            "so give the product another name",
        ),
        # The example has one row, so that only the hidden tests of its cell can tell.
        "the sum": mask_losses(
            "the mean over the rows, not the sum",
            loss="(error**2).sum()",
        ),
        "over masks": mask_losses(
            "you divided by the number of masks", loss="(error**2).sum() / len(masks)"
        ),
        "the root": mask_losses("the root is too much", loss="np.sqrt((error**2).mean())"),
        "sizes": mask_losses("square the errors; you took their sizes", loss="abs(error).mean()"),
        "averaged first": mask_losses("square first, then average", loss="error.mean() ** 2"),
        "the mean of all": mask_losses(
            "this is the mean over all masks", end="np.full(len(masks), np.mean(losses))"
        ),
        "one number": mask_losses("mask_losses returned a single number", end="np.mean(losses)"),
        "a loss for each row": mask_losses(
            "mask_losses returned an array of shape", loss="error**2"
        ),
        "its inputs changed": mask_losses(
            "mask_losses changed one of its inputs", shown="np.multiply(x, m, out=x)"
        ),
        "no return": mask_losses("mask_losses returned nothing", end="None"),
        "the example by heart": mask_losses(
            "mask_losses: got", end="np.resize([1.0, 25.0], len(masks))"
        ),
    },
    "selector_loss": {
        "no half": selector_loss("the ½ is missing", value="(weights * error**2).mean()"),
        "the sum": selector_loss(
            "take the mean over masks, not the sum", value="(weights * error**2).sum() / 2"
        ),
        "over the weights": selector_loss(
            "not by the sum of the weights", value="(weights * error**2).sum() / weights.sum() / 2"
        ),
        "no weights": selector_loss("the weights are missing", value="(error**2).mean() / 2"),
        "weights squared": selector_loss(
            "the weights are squared", value="((weights * error) ** 2).mean() / 2"
        ),
        "sizes": selector_loss(
            "square the errors; you took their sizes", value="(weights * abs(error)).mean() / 2"
        ),
        "the sign of the slopes": selector_loss(
            "the sign is wrong", slopes="-weights * error / len(error)"
        ),
        "slopes of the sum": selector_loss("is divided by B", slopes="weights * error"),
        "slopes twice": selector_loss(
            "yours are twice as steep", slopes="2 * weights * error / len(error)"
        ),
        "slopes halved": selector_loss(
            "yours are half as steep", slopes="weights * error / len(error) / 2"
        ),
        "slopes without weights": selector_loss(
            "the slopes: the weights are missing", slopes="error / len(error)"
        ),
        "the loss alone": selector_loss("return two things", end="(weights * error**2).mean() / 2"),
        "the example by heart": selector_loss("selector_loss, the loss: got", value="0.015"),
        "no return": selector_loss("return two things", end="None"),
    },
    "search_step": {
        "every swap": search_step("every swap is accepted", keep="True"),
        "kept if it rises": search_step("not if it rises", keep="after > before"),
        "big is good": search_step("small is good", out="argmin", enter="argmax"),
        "big is good, twice": search_step(
            "yours climbs", out="argmin", enter="argmax", keep="after > before"
        ),
        "big is good, always": search_step(
            "small is good, and every swap is accepted", out="argmin", enter="argmax", keep="True"
        ),
        "never": search_step("nothing was swapped", keep="False"),
        "slopes at ½": search_step("take the slopes at the mask", at="0 * mask + 0.5"),
        "all s at once": search_step(
            "one step swaps one pair",
            change="new[:] = 0.0; new[np.argsort(slopes)[: len(on)]] = 1.0",
        ),
        "only out": search_step(
            "the column that left was not replaced", change="new[leaves] = 0.0", keep="True"
        ),
        "only in": search_step(
            "no column left for the one that came", change="new[joins] = 1.0", keep="True"
        ),
        "every pair tried": search_step(
            "this tries every pair",
            change=(
                "tried = [np.where(np.arange(len(mask)) == i, 0.0, np.where("
                "np.arange(len(mask)) == j, 1.0, mask)) for i in on for j in off]\n"
                "    new = min(tried, key=lambda m: predict(m[None])[0])"
            ),
        ),
        "the mask itself changed": search_step(
            "search_step changed one of its inputs", copy="mask"
        ),
        "nothing left to swap": search_step("return the mask. Yours stops", full="pass"),
        "kept if nothing changes": search_step("< and not <=", keep="after <= before"),
        "places for numbers": search_step(
            "counts among the chosen columns",
            change="new[slopes[on].argmax()], new[slopes[off].argmin()] = 0.0, 1.0",
        ),
        "the steepest of all": search_step(
            "you took them of all columns",
            change="new[slopes.argmax()], new[slopes.argmin()] = 0.0, 1.0",
        ),
        "slopes times mask": search_step(
            "0 may be the largest",
            change=(
                "new[(slopes * mask).argmax()] = 0.0\n    new[(slopes * (1 - mask)).argmin()] = 1.0"
            ),
        ),
        "sizes of slopes": search_step("you took sizes", at="mask)\n    slopes = abs(slopes"),
        "slopes decide": search_step(
            "the slopes alone decide", keep="slopes[joins] < slopes[leaves]"
        ),
        "to the end": search_step(
            "this goes on until nothing falls",
            keep="False else search_step(predict, slope, new) if after < before",
        ),
        "half a column": search_step(
            "a mask holds 0 and 1 only",
            change="new[leaves], new[joins] = 0.5, 0.5",
            keep="True",
        ),
        "no return": search_step("search_step returned nothing", full="return None"),
        "xaikit's search": search_step(
            SWITCHED_OFF,
            full="return local_search((), mask, 1)",
            before="from xaikit.methods.mask_search import local_search\n\n\n",
        ),
    },
    "cross_validate": {
        "ranked on all rows": cross_validate("that leaks", scores="rank(x, y)"),
        "ranked on all rows, before": cross_validate(
            "that leaks", first="overall = rank(x, y)", scores="overall"
        ),
        "ranked on the test rows": cross_validate(
            "you ranked on the test rows", scores="rank(x[test], y[test])"
        ),
        "ranked in the first fold": cross_validate(
            "you ranked once",
            first="once = rank(x[folds[0][0]], y[folds[0][0]])",
            scores="once",
        ),
        "the least important": cross_validate(
            "you kept the s least important columns", order="np.argsort(scores)"
        ),
        "sizes of scores": cross_validate(
            "you took their sizes", order="np.argsort(-np.abs(scores))"
        ),
        "ranked twice in each fold": cross_validate(
            "call it once in each",
            parts="x[train]{0}, y[train], "
            "x[test][:, np.argsort(-rank(x[train], y[train]))[:s]], y[test]",
        ),
        "ranked and fitted on all rows": cross_validate(
            "the judge learned from all rows: test rows took part in both",
            scores="rank(x, y)",
            parts="x{0}, y, x[test]{0}, y[test]",
        ),
        "fit and test exchanged": cross_validate(
            "you handed them over the other way round",
            parts="x[test]{0}, y[test], x[train]{0}, y[train]",
        ),
        "tested on training rows": cross_validate(
            "the judge was tested on the rows it learned from",
            parts="x[train]{0}, y[train], x[train]{0}, y[train]",
        ),
        "fitted on all rows": cross_validate(
            "the judge learned from all rows", parts="x{0}, y, x[test]{0}, y[test]"
        ),
        "exchanged": cross_validate(
            "training and test rows are exchanged",
            scores="rank(x[test], y[test])",
            parts="x[test]{0}, y[test], x[train]{0}, y[train]",
        ),
        "the least important of all rows": cross_validate(
            "you ranked on all rows, and kept the least",
            scores="rank(x, y)",
            order="np.argsort(scores)",
        ),
        "all columns": cross_validate("expected the", columns=""),
        "columns of the test rows": cross_validate(
            "you ranked them for themselves",
            parts="x[train]{0}, y[train], "
            "x[test][:, np.argsort(-rank(x[test], y[test]))[:s]], y[test]",
        ),
        "places for the order": cross_validate(
            "it holds each column's place", order="np.argsort(np.argsort(-scores))"
        ),
        "the answers of all rows": cross_validate(
            "rank was handed shapes", scores="rank(x[train], y)"
        ),
        "the mean": cross_validate(
            "cross_validate returned a single number", end="np.mean(results)"
        ),
        "no return": cross_validate("cross_validate returned nothing", end="None"),
    },
    "is_honest": {
        "always": is_honest("your test accepted one that ranks on all rows, in every", "True"),
        "never": is_honest("your test rejected one that ranks inside", "False"),
        "not a verdict": is_honest("is_honest returned NoneType", "None"),
        "all training rows demanded": is_honest(
            "your test rejected an honest one that ranks on half", "shown == trains"
        ),
        "the calls not counted": is_honest(
            "your test accepted one that ranks once, on the first fold's training rows", APART
        ),
        "the first fold only": is_honest(
            "your test accepted one that lets a test row slip into the last fold's",
            f"{CALLED} and not (shown[0] & tests[0])",
        ),
        "the last fold only": is_honest(
            "accepted one that lets a test row slip into the first fold's",
            f"{CALLED} and not (shown[-1] & tests[-1])",
        ),
        "more calls than folds": is_honest(
            "accepted one that ranks once more than there are folds",
            f"len(shown) >= len(folds) and {APART}",
        ),
        "the calls counted only": is_honest(
            "your test accepted one that ranks on all rows, in every fold", CALLED
        ),
        "all test rows needed to be caught": is_honest(
            "lets a single test row slip into every ranking",
            f"{CALLED} and not any(b <= a for a, b in zip(shown, tests))",
        ),
        "sizes compared": is_honest(
            "your test accepted one that ranks on the test rows",
            f"{CALLED} and all(len(a) <= len(b) for a, b in zip(shown, trains))",
        ),
        "scores of the wrong shape": is_honest(
            "must return a score for each column", f"{CALLED} and {APART}", scores="np.ones(d + 1)"
        ),
    },
}
