"""Every known wrong answer to assignment 08.

grade_id of the answer -> the mistake -> the wrong answer, the graded cells that lose their points,
and a part of the first message that the learner sees.
"""

from functools import partial

from tests.assignments.scoring import WrongAnswer, planted, wrong
from xaikit.course.checks import ranking as checks

SWITCHED_OFF = "this exercise asks you to write it yourself"
OF_LOSSES = {"mask_losses-check", "mask_losses-example"}

mask_losses = partial(wrong, checks.MASK_LOSSES, OF_LOSSES)
selector_loss = partial(wrong, checks.SELECTOR_LOSS, {"selector_loss-check"})
search_step = partial(wrong, checks.SEARCH_STEP, {"search_step-check"})
cross_validate = partial(wrong, checks.CROSS_VALIDATE, {"cross_validate-check"})


def random_masks(message, lines, *, guard=True):
    """Return a wrong answer: lines that fill `masks`, with or without the guard on s."""
    refuse = 'if not 1 <= s <= d:\n        raise ValueError(f"s is {s}")' if guard else "pass"
    source = f"""\
def random_masks(d, s, count, rng):
    {refuse}
    masks = np.zeros((count, d))
    {lines}
"""
    return WrongAnswer(source, {"random_masks-check"}, message)


def is_honest(message, verdict, *, numbers="np.arange(len(x), dtype=float)", scores="np.ones(d)"):
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
    return WrongAnswer(source, {"is_honest-check"}, message)


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
            "from xaikit.methods import dual_net\n"
            "    return dual_net.random_masks(d, s, count, rng)",
        ),
    },
    "mask_losses": planted(checks.MASK_LOSSES, OF_LOSSES)
    | {
        "the sum, spelled here": mask_losses(
            "the mean over the rows, not the sum",
            "def mask_losses(predict, x, y, masks):\n"
            "    losses = np.zeros(len(masks))\n"
            "    for b, m in enumerate(masks):\n"
            "        for i in range(len(x)):\n"
            "            inputs = np.concatenate([x[i] * m, m])[None]\n"
            "            losses[b] += (predict(inputs)[0] - y[i]) ** 2\n"
            "    return losses\n",
        ),
        "not told at all": mask_losses("beside what is shown it reads the mask", inputs="shown"),
        "a mask for one row": mask_losses("repeat it for each row", mask="m"),
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
    "selector_loss": planted(checks.SELECTOR_LOSS, {"selector_loss-check"})
    | {
        "slopes of the sum, spelled here": selector_loss(
            "is divided by B",
            "def selector_loss(predicted, losses, weights):\n"
            "    triples = list(zip(predicted, losses, weights))\n"
            "    total = sum(w * (f - L) ** 2 for f, L, w in triples)\n"
            "    return total / 2 / len(triples), [w * (f - L) for f, L, w in triples]\n",
        ),
        "slopes without weights": selector_loss(
            "the slopes: the weights are missing", slopes="error / len(error)"
        ),
        "the loss alone": selector_loss("return two things", end="loss"),
        "the example by heart": selector_loss("selector_loss, the loss: got", loss="0.015"),
        "no return": selector_loss("returned nothing", end="None"),
    },
    "search_step": planted(checks.SEARCH_STEP, {"search_step-check"})
    | {
        "every swap, spelled here": search_step(
            "every swap is accepted",
            "def search_step(predict, slope, mask):\n"
            "    slopes, columns, new = slope(mask), range(len(mask)), np.array(mask)\n"
            "    if mask.all():\n"
            "        return new\n"
            "    new[max((j for j in columns if mask[j]), key=lambda j: slopes[j])] = 0\n"
            "    new[min((j for j in columns if not mask[j]), key=lambda j: slopes[j])] = 1\n"
            "    return new\n",
        ),
        "only out": search_step(
            "the column that left was not replaced", swap="new[leaves] = 0.0", end="new"
        ),
        "only in": search_step(
            "no column left for the one that came", swap="new[joins] = 1.0", end="new"
        ),
        "the mask itself changed": search_step(
            "search_step changed one of its inputs", copy="mask"
        ),
        "nothing left to swap": search_step("return the mask. Yours stops", full="False"),
        "kept if nothing changes": search_step(
            "< and not <=", end="new if after <= before else mask"
        ),
        "half a column": search_step(
            "a mask holds 0 and 1 only", swap="new[leaves], new[joins] = 0.5, 0.5", end="new"
        ),
        "no return": search_step("search_step returned nothing", end="None"),
        "xaikit's search": search_step(
            SWITCHED_OFF,
            "from xaikit.methods.dual_net import local_search\n\n\n"
            "def search_step(predict, slope, mask):\n"
            "    return local_search((), mask, 1)\n",
        ),
    },
    "cross_validate": planted(checks.CROSS_VALIDATE, {"cross_validate-check"})
    | {
        "ranked on all rows, before": cross_validate(
            "that leaks",
            "def cross_validate(rank, judge, x, y, folds, s):\n"
            "    few = x[:, np.argsort(rank(x, y))[-s:]]\n"
            "    return [judge(few[a], y[a], few[b], y[b]) for a, b in folds]\n",
        ),
        "ranked twice in each fold": cross_validate(
            "call it once in each", columns="np.argsort(-rank(x[train], y[train]))[:s]"
        ),
        "all columns": cross_validate("expected the", columns=":"),
        "rows and columns at once": cross_validate(
            "x[rows][:, columns]",
            "def cross_validate(rank, judge, x, y, folds, s):\n"
            "    for train, test in folds:\n"
            "        c = np.argsort(-rank(x[train], y[train]))[:s]\n"
            "        judge(x[train, c], y[train], x[test, c], y[test])\n",
        ),
        "the answers of all rows": cross_validate(
            "rank was handed shapes", scores="rank(x[fit], y)"
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
