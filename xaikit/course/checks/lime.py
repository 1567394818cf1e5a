"""Checks of assignment 02: remove, weigh, fit, explain a comment, test, weigh rows of a table."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import numpy as np

from xaikit.core.linear_fits import ridge_fit
from xaikit.course import checks
from xaikit.course.checks import (
    Mistake,
    compare,
    expect_returned,
    judge,
    passed,
    plain,
    shape_of,
    shapes_fit,
    verdict_of,
)
from xaikit.course.checks import last_inputs as last_inputs
from xaikit.course.checks.mistakes import Answer
from xaikit.methods.lime import lime_tabular, lime_text

WORDS = ["visit", "my", "channel!", "on", "song", "for", "free", ";)", "good", "guy", "mystic"]


# The ends come first, so that a test of only the first or the last token is recognised.
TOKENS_IN_TURN = [("last", 4), ("first", 0), ("second", 1), ("third", 2), ("fourth", 3)]


def by_hand(answer: Callable) -> Callable:
    """Return the learner's function, guarded; xaikit's LIME and its fit are switched off inside."""
    return checks.by_hand(answer, lime_text, lime_tabular, ridge_fit)


def explaining(explain: Callable) -> Callable:
    """Return the learner's ``explain``, guarded, and with right versions of the parts it uses.

    A mistake in perturb, kept_fraction or fit_line costs its own points and no others.
    """

    def guarded(*arguments: Any) -> Any:
        with _lent(explain, perturb=_texts, kept_fraction=_fractions, fit_line=_line):
            return by_hand(explain)(*arguments)

    return guarded


@contextmanager
def _lent(function: Callable, **parts: Callable) -> Iterator[None]:
    """Replace functions among a function's globals, and restore them at the end."""
    names = getattr(function, "__globals__", {})
    kept = {name: names[name] for name in parts if name in names}
    names.update({name: checks.called_back(part) for name, part in parts.items()})
    try:
        yield
    finally:
        for name in parts:
            del names[name]
        names.update(kept)


def _texts(tokens: Any, masks: Any) -> list[str]:
    if isinstance(tokens, str):
        raise Mistake("explain: perturb takes a list of tokens, text.split(), not the text itself")
    texts = []
    for mask in np.asarray(masks).tolist():
        texts.append(" ".join(t for t, stays in zip(tokens, mask, strict=True) if stays))
    return texts


def _fractions(masks: Any) -> np.ndarray:
    return np.array([sum(map(bool, mask)) / len(mask) for mask in np.asarray(masks).tolist()])


def _line(z: Any, y: Any, weights: Any, ridge: float = 0.0) -> np.ndarray:
    """Fit by ordinary least squares, each slope's ridge as one more row: no normal equations."""
    z, root = np.asarray(z, dtype=float), np.sqrt(np.asarray(weights, dtype=float))
    table = np.column_stack([np.ones(len(z)), z]) * root[:, None]
    shrink = np.sqrt(ridge) * np.eye(table.shape[1])[1:]
    right = np.append(np.asarray(y, dtype=float) * root, np.zeros(len(shrink)))
    return np.linalg.lstsq(np.vstack([table, shrink]), right, rcond=None)[0]


def _masks(rng: np.random.Generator, tokens: int, samples: int) -> np.ndarray:
    """Draw 0s and 1s that determine every slope, with an empty and a full text."""
    while True:
        masks = rng.integers(0, 2, size=(samples, tokens))
        masks[0], masks[1] = 1, 0
        kept = masks.sum(axis=1)
        if np.linalg.matrix_rank(masks - masks.mean(axis=0)) == tokens and np.ptp(kept[2:]):
            return masks


PERTURB = Answer(
    """\
def perturb(tokens, masks):
    texts = []
    for mask in masks:
        kept = $kept
        texts.append($text)
    return $end
""",
    dict(
        kept="[t for t, stays in zip(tokens, mask) if stays]",
        text="' '.join(kept)",
        end="texts",
    ),
    {
        "you kept what should go: a 1 keeps its token, a 0 removes it": dict(
            kept="[t for t, stays in zip(tokens, mask) if not stays]"
        ),
        "0 and 1 were read as positions: make the masks true and false, masks == 1": dict(
            kept="np.array(tokens)[mask]"
        ),
    },
)
# The tokens kept by code that looks up tokens by their text, not by their position.
KEPT_BY_NAME = [
    "[t for t in tokens if t not in [u for u, stays in zip(tokens, mask) if not stays]]",
    "[t for t in tokens if mask[tokens.index(t)]]",
    "list(tokens); [kept.remove(t) for t, stays in zip(tokens, mask) if not stays]",
]


def perturb(answer: Callable, rounds: int = 20) -> None:
    """Check ``perturb(tokens, masks)`` -> list of B texts."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        tokens = rng.permutation(WORDS)[: rng.integers(4, 8)].tolist()
        tokens[-1] = tokens[int(rng.integers(len(tokens) - 2))]  # one token occurs twice
        masks = _masks(rng, len(tokens), len(tokens) + 4)
        # One mask removes the second of the two only, and one mask occurs twice.
        masks[2], masks[3] = [*[1] * (len(tokens) - 1), 0], masks[4]
        given = by_hand(answer)(tokens, masks)
        expect_returned(given, "perturb")
        if isinstance(given, str) or not hasattr(given, "__len__"):
            raise Mistake("perturb: a list of texts, one for each row of masks")
        _compare_texts(list(given), tokens, masks)
    passed(f"perturb: {rounds} random texts, the empty one among them")


def _compare_texts(given: list, tokens: list, masks: np.ndarray) -> None:
    expected = _texts(tokens, masks)
    if len(given) != len(expected):
        if set(map(str, given)) == set(expected) and len(given) == len(set(expected)):
            raise Mistake(
                "perturb: a text for each row of masks: where two rows give the same text, it "
                "stands there twice"
            )
        raise Mistake(
            f"perturb: {len(given)} texts for {len(expected)} rows of masks. A row that removes "
            "everything gives the empty text, ''"
        )
    if not all(isinstance(text, str) for text in given):
        raise Mistake('perturb: each text is one str, its tokens joined: " ".join(…)')
    for text, right, mask in zip(given, expected, masks.tolist(), strict=True):
        if text == right:
            continue
        stays = [t for t, kept in zip(tokens, mask, strict=True) if kept]
        arguments = tokens, masks
        if any(given == PERTURB.made(arguments, kept=kept) for kept in KEPT_BY_NAME):
            what = (
                f"got {text!r}, expected {right!r}: {tokens[-1]!r} stands there twice, and each "
                "has its own 0 or 1. Go by places, not by words"
            )
        elif made := [w for w in PERTURB.mistakes if given == PERTURB.made(arguments, w)]:
            what = made[0]
        elif text == "".join(stays):
            what = "tokens are joined by a blank"
        elif text.split() == stays:
            what = "one blank between two tokens, and none at the ends: removed tokens leave none"
        elif sorted(text.split()) == sorted(stays):
            what = "the tokens that stay keep their order"
        elif len(text.split()) == len(tokens):
            what = "tokens were replaced: a removed token leaves nothing behind"
        else:
            what = f"got {text!r}, expected {right!r}"
        raise Mistake(f"perturb: {what}")


KEPT_FRACTION = Answer(
    "def kept_fraction(masks):\n    return $fraction\n",
    dict(fraction="masks.mean(axis=1)"),
    {
        "this is the fraction removed: a text that lost more is further away and must weigh "
        "less": dict(fraction="1 - masks.mean(axis=1)"),
        "these are numbers of tokens: divide by how many there are": dict(
            fraction="masks.sum(axis=1)"
        ),
        "divide by the number of tokens, masks.shape[1], not by that of texts, len(masks)": dict(
            fraction="masks.sum(axis=1) / len(masks)"
        ),
        "// cuts off what is behind the point: divide with /": dict(
            fraction="masks.sum(axis=1) // masks.shape[1]"
        ),
        "the weights need not add up to 1: divide by the number of tokens, not by the total": dict(
            fraction="masks.sum(axis=1) / masks.sum()"
        ),
    },
)


def kept_fraction(answer: Callable, rounds: int = 20) -> None:
    """Check ``kept_fraction(masks)`` -> (B,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        tokens = int(rng.integers(4, 9))
        masks = _masks(rng, tokens, tokens + 4)
        expected = _fractions(masks)
        given = by_hand(answer)(masks)
        if given is not None and shape_of(given) == ():
            raise Mistake("kept_fraction: one weight for each text, that is for each row of masks")
        if shape_of(given) == (tokens,):
            raise Mistake("kept_fraction: this is a number for each token: average along axis 1")
        given = plain(given, (len(masks),), "kept_fraction")
        compare(given, expected, KEPT_FRACTION.mistaken(masks), "kept_fraction")
    passed(f"kept_fraction: {rounds} random tables of masks")


FIT_LINE = Answer(
    """\
def fit_line(z, y, weights, ridge):
    Z, pi = $table, $pi
    shrink = $ridge * np.eye(Z.shape[1])
    $corner
    line = np.linalg.solve(Z.T @ (pi[:, None] * Z) + shrink, $right)
    return $end
""",
    dict(
        table="np.column_stack([np.ones(len(z)), z])",
        pi="weights",
        ridge="ridge",
        corner="shrink[0, 0] = 0",
        right="Z.T @ (pi * y)",
        end="line",
    ),
    {
        "the weights are missing: near points must count more": dict(pi="np.ones(len(y))"),
        "in the normal equations stands π itself: √π multiplies rows for least squares": dict(
            pi="np.sqrt(weights)"
        ),
        "the ridge is the one that you are given, not always 1": dict(ridge="1.0"),
        "weigh both sides of the normal equations: ZᵀΠZ and ZᵀΠy": dict(right="Z.T @ y"),
        "there is no intercept: put a column of ones before z": dict(
            table="z", corner="", end="np.append(0, line)"
        ),
        "the intercept comes first": dict(end="np.roll(line, -1)"),
        "the intercept was shrunk by the ridge: I₀ has a 0 in its corner": dict(corner=""),
        "the ridge is missing": dict(ridge="0.0"),
        "do not make the weights add up to 1: the ridge competes with their sum": dict(
            pi="weights / weights.sum()"
        ),
        "do not average over the samples: the ridge competes with their sum": dict(
            pi="weights / len(y)"
        ),
        "the ridge has the wrong sign: it is added to ZᵀΠZ": dict(ridge="-ridge"),
        "λ counts twice: half of the penalty's slope 2λφ is λφ": dict(ridge="2 * ridge"),
        "I₀ has its 0 in the last corner: the intercept stands first": dict(
            corner="shrink[-1, -1] = 0"
        ),
    },
)

# The same fit without normal equations, and the mistakes that only this form has.
LEAST_SQUARES = Answer(
    """\
def fit_line(z, y, weights, ridge):
    root = $root
    Z = np.column_stack([np.ones(len(z)), z]) * root[:, None]
    shrink = $shrink * np.eye(Z.shape[1])[1:]
    heights = np.append($heights, np.zeros(len(shrink)))
    return np.linalg.lstsq(np.vstack([Z, shrink]), heights, rcond=None)[0]
""",
    dict(root="np.sqrt(weights)", shrink="np.sqrt(ridge)", heights="y * root"),
    {
        "least squares square what you multiply the rows with: multiply them by √π, not by π": dict(
            root="weights"
        ),
        "weigh both sides: y is multiplied like the rows of Z": dict(heights="y"),
        "the ridge is λ, not λ²: rows that are added to Z hold √λ": dict(shrink="ridge"),
    },
)


def fit_line(answer: Callable, rounds: int = 20) -> None:
    """Check ``fit_line(z, y, weights, ridge)`` -> (1 + M,), the intercept first."""
    rng = np.random.default_rng()
    for number in range(rounds):
        features = int(rng.integers(3, 6))
        samples = features + int(rng.integers(6, 12))
        if number % 2:
            z = rng.normal(size=(samples, features)) + 1
        else:
            z = _masks(rng, features, samples).astype(float)
        # Far from 0, so that a lost or shrunk intercept shows.
        y = rng.normal(size=samples) + 5 * z[:, 0] - 3 * z[:, 1] + 20
        weights = rng.uniform(0.05, 1.0, size=samples)
        ridge = 0.0 if number % 4 == 3 else float(rng.uniform(0.5, 3))
        given = by_hand(answer)(z, y, weights, ridge)
        if shape_of(given) == (features,):
            raise Mistake("fit_line: the intercept is missing: 1 + M numbers, and it comes first")
        given = plain(given, (1 + features,), "fit_line")
        expected = _line(z, y, weights, ridge)
        arguments = z, y, weights, ridge
        mistaken = FIT_LINE.mistaken(*arguments) | LEAST_SQUARES.mistaken(*arguments)
        compare(given, expected, mistaken, "fit_line")
    passed(f"fit_line: {rounds} random fits, with a ridge and without")


EXPLAIN = Answer(
    """\
def explain(classifier, text, masks, target, ridge):
    answers = classifier(perturb($tokens, masks))
    y, weights = $y, $weights
    line = fit_line($fitted)
    return $end
""",
    dict(
        tokens="text.split()",
        y="answers[:, target]",
        weights="kept_fraction(masks)",
        fitted="masks, y, weights, ridge",
        end="line[1:]",
    ),
    {
        "the text was written in small letters: ask about the tokens as they are": dict(
            tokens="text.lower().split()"
        ),
        "the ridge is the one that you are given, not always 1": dict(
            fitted="masks, y, weights, 1.0"
        ),
        "the signs are turned round: fit masks, where 1 means kept, not 1 − masks": dict(
            fitted="1 - masks, y, weights, ridge"
        ),
        "keep the signs: slopes may be negative": dict(end="np.abs(line[1:])"),
        "y and the weights are exchanged: fit_line(z, y, weights, ridge)": dict(
            fitted="masks, weights, y, ridge"
        ),
        "the weights are missing": dict(weights="np.ones(len(masks))"),
        "the weights are the fraction removed: 1 − kept": dict(weights="1 - kept_fraction(masks)"),
        "the ridge was not passed on to the fit": dict(fitted="masks, y, weights, 0.0"),
        "the log-odds were explained: fit the probabilities": dict(
            y="np.log(answers[:, target] / (1 - answers[:, target]))"
        ),
        "the logarithm was explained: fit the probabilities": dict(y="np.log(answers[:, target])"),
        "labels were explained (argmax): fit the probabilities": dict(
            y="(answers.argmax(axis=1) == target) * 1.0"
        ),
        "labels were explained (argmax): fit the probabilities of the target": dict(
            y="answers.argmax(axis=1) * 1.0"
        ),
        "the intercept stands first and the last slope was lost: leave out the first": dict(
            end="line[:-1]"
        ),
        **{
            f"this explains class {c}: take column `target` of the answers": dict(
                y=f"answers[:, {c}]"
            )
            for c in range(3)
        },
        "this is each text's largest probability: take the column of `target`": dict(
            y="answers.max(axis=1)"
        ),
    },
    names=dict(perturb=_texts, kept_fraction=_fractions, fit_line=_line),
)


def explain(answer: Callable, rounds: int = 20) -> None:
    """Check ``explain(classifier, text, masks, target, ridge)`` -> (M,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        tokens = rng.permutation(WORDS)[: rng.integers(4, 7)].tolist()
        tokens[:2] = [token.upper() for token in tokens[:2]]
        masks = _masks(rng, len(tokens), 3 * len(tokens))
        classifier = _classifier(rng, tokens)
        # If all texts with a weight had one label, the labels' slopes would be 0, the same as the
        # slopes of an answer that returns zeros.
        texts = _texts(tokens, masks[masks.any(axis=1)])
        while len(winners := set(classifier(texts).argmax(axis=1))) == 1:
            classifier = _classifier(rng, tokens)
        target = int(rng.choice(sorted(winners)))
        ridge = float(rng.uniform(0.5, 2))
        text = " ".join(tokens)
        arguments = classifier, text, masks, target, ridge
        with shapes_fit("explain", "The answers have a row for each text: answers[:, target]"):
            given = explaining(answer)(*arguments)
        if shape_of(given) == (len(tokens) + 1,):
            raise Mistake("explain: the intercept belongs to no token: return the slopes alone")
        given = plain(given, (len(tokens),), "explain")
        probability = classifier(_texts(tokens, masks))[:, target]
        expected = _line(masks, probability, _fractions(masks), ridge)[1:]
        compare(given, expected, EXPLAIN.mistaken(*arguments), "explain")
    passed(f"explain: {rounds} random classifiers of three classes")


def _classifier(rng: np.random.Generator, tokens: list) -> Callable:
    """Return a classifier of three classes that is not linear: it uses tokens and their pairs."""
    single = {token: rng.normal(size=3) for token in tokens}
    pairs = {pair: rng.normal(size=3) for pair in product(tokens, repeat=2)}

    def classifier(texts: Any) -> np.ndarray:
        if isinstance(texts, str):
            raise Mistake("explain: the classifier reads a list of texts, not one text")
        scores = np.zeros((len(texts), 3))
        for row, text in enumerate(texts):
            if not isinstance(text, str):
                raise Mistake("explain: the classifier reads texts: are these tokens or masks?")
            kept = text.split()
            scores[row] += sum((single[t] for t in kept if t in single), np.zeros(3))
            scores[row] += sum((v for p, v in pairs.items() if set(p) <= set(kept)), np.zeros(3))
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    return classifier


def one_token_test(answer: Callable) -> None:
    """Check a learner's test ``finds_the_token(explain, text)`` -> bool.

    It must accept LIME with all texts and no ridge, and reject planted wrong explanations.
    """
    rng = np.random.default_rng()
    # A search for the letters "on" also finds "song".
    tokens = rng.permutation(["on", "my", "song", "visit", "mystic"]).tolist()
    text = " ".join(tokens)
    asked: list[np.ndarray] = []
    given = by_hand(answer)(_explainer(lambda v: v + 1e-12 * rng.normal(size=len(v)), asked), text)
    if not verdict_of(given, "finds_the_token"):
        raise Mistake(f"finds_the_token: {_why_rejected(asked, tokens)}")
    wrong: dict[str, Callable] = {
        "scores that stand one token too far": lambda v: np.roll(v, 1),
        "scores with the wrong sign (the other class)": lambda v: -v,
        "half of the right score: the token is to get all of the difference": lambda v: v / 2,
        "an explanation that gives the other tokens a little, too": lambda v: v + 0.02,
        "an explanation that gives another token something negative": (
            lambda v: v - 0.05 * (np.arange(len(v)) == (np.argmax(v) + 1) % len(v))
        ),
        "an explanation that gives one of the other tokens +0.1 and another one −0.1: each is to "
        "get 0, do not let errors cancel": (
            lambda v: v + 0.1 * np.roll([0, 1, -1, 0, 0], np.argmax(v))
        ),
        **{
            f"an explanation that is wrong for the {name} token only: try each token": (
                lambda v, place=place: v * (np.argmax(v) != place)
            )
            for name, place in TOKENS_IN_TURN
        },
        "scores that are 0.0004 too large: that is no rounding error, the tolerance is too wide": (
            lambda v: v + 0.0004
        ),
    }
    for what, change in wrong.items():
        given = by_hand(answer)(_explainer(change, []), text)
        judge(given, False, what, "finds_the_token")
    passed(f"finds_the_token: accepts the right explanation, rejects {len(wrong)} wrong ones")


def _why_rejected(asked: list[np.ndarray], tokens: list) -> str:
    """Say why a test rejects the right slopes; `asked` holds those of the test's classifiers."""
    rejected = "your test rejected a right explanation"
    if not asked:
        return f"{rejected}, and never asked for one: call explain(classifier, text)"
    seen = [(np.abs(v) > 1e-6).sum() for v in asked]
    if max(seen) > 1:
        return (
            f"{rejected}: one of your classifiers looks at more than one token. Do you look for "
            "whole tokens, in t.split()? ('on' is inside 'song')"
        )
    if min(seen) == 0:
        return f"{rejected}: one of your classifiers looks at no token and always says the same"
    if min(v[np.abs(v).argmax()] for v in asked) < 0:
        return (
            f"{rejected}: the columns are exchanged. The second one, class 1, is to be larger "
            "where the token is there"
        )
    amount, expected = asked[-1].max(), f"in which {tokens[int(asked[-1].argmax())]!r} gets"
    words = (
        f"{rejected}, {expected} {amount:.3g}, the difference of your classifier's two answers, "
        "and each other token 0, up to rounding. Is there a tolerance, and do you expect just that?"
    )
    if asked[0].argmax() == len(tokens) - 1:
        return (
            "do all your classifiers look at the last token? The first one does. A function reads "
            "a loop's variable when it is called: give it its own, token=token. If you meant the "
            f"last token: {words}"
        )
    return words


def _explainer(change: Callable, asked: list[np.ndarray]) -> Callable:
    """Return explain(classifier, text): LIME with every text and no ridge, then changed.

    It adds the slopes, before the change, to `asked`.
    """

    def explain(classifier: Callable, text: str) -> np.ndarray:
        if not isinstance(text, str):
            raise Mistake("finds_the_token: explain(classifier, text) takes the text, one str")
        tokens = text.split()
        masks = np.array(list(product([1, 0], repeat=len(tokens))))
        answers = np.asarray(classifier(_texts(tokens, masks)), dtype=float)
        if answers.shape != (len(masks), 2):
            raise Mistake(
                "finds_the_token: your classifier returned an array of shape "
                f"{answers.shape} for {len(masks)} texts, expected ({len(masks)}, 2): the "
                "probabilities of class 0 and class 1"
            )
        asked.append(_line(masks, answers[:, 1], _fractions(masks))[1:])
        return change(asked[-1])

    return explain


PROXIMITY = Answer(
    """\
def proximity(rows, x, scale, width):
    steps = $steps
    squared = $squared
    weights = $weights
    return $end
""",
    dict(
        steps="(rows - x) / scale",
        squared="(steps**2).sum(axis=1)",
        weights="np.exp(-squared / (2 * width**2))",
        end="weights",
    ),
    {
        "the columns have different units: divide each by its standard deviation": dict(
            steps="rows - x"
        ),
        "you multiplied by the standard deviations: divide by them": dict(
            steps="(rows - x) * scale"
        ),
        "divide by the standard deviations before squaring, not after": dict(
            squared="((rows - x) ** 2 / scale).sum(axis=1)"
        ),
        "the distance is counted from x: subtract it": dict(steps="rows / scale"),
        "the distance must be squared": dict(weights="np.exp(-np.sqrt(squared) / (2 * width**2))"),
        "the distance is √Σ(…)²: the sum of |…| is another one": dict(
            squared="np.abs(steps).sum(axis=1) ** 2"
        ),
        "the 2 in 2w² is missing": dict(weights="np.exp(-squared / width**2)"),
        "Python reads a / 2 * w**2 as (a / 2) * w**2: write a / (2 * w**2)": dict(
            weights="np.exp(-squared / 2 * width**2)"
        ),
        "D² is a sum over the columns, not their mean": dict(squared="(steps**2).mean(axis=1)"),
        "the standard deviations are those you are given, `scale`, not those of `rows`": dict(
            steps="(rows - x) / rows.std(axis=0)"
        ),
        "the e is missing: the weight is exp(−D²/2w²)": dict(weights="squared / (2 * width**2)"),
        "the weights need not add up to 1": dict(end="weights / weights.sum()"),
        "the width must be squared": dict(weights="np.exp(-squared / (2 * width))"),
        "the minus is missing: near rows must weigh more": dict(
            weights="np.exp(squared / (2 * width**2))"
        ),
        "this is the distance: its weight is exp(−D²/2w²)": dict(end="np.sqrt(squared)"),
        "the steps are added up before they are squared: square each one first": dict(
            squared="steps.sum(axis=1) ** 2"
        ),
    },
)


def proximity(answer: Callable, rounds: int = 20) -> None:
    """Check ``proximity(rows, x, scale, width)`` -> (B,)."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        features, samples = int(rng.integers(2, 5)), int(rng.integers(6, 10))
        # The columns have different units, and all distances are about one width.
        scale = rng.permutation([0.2, 1.7, 3.0, 0.6])[:features]
        x = rng.normal(size=features) * scale + 0.5
        rows = x + rng.normal(size=(samples, features)) * scale
        width = float(rng.uniform(1.2, 2.0))
        given = by_hand(answer)(rows, x, scale, width)
        if shape_of(given) == (samples, features):
            raise Mistake(
                "proximity: one weight for each row: D² is a sum over the features, axis 1"
            )
        given = plain(given, (samples,), "proximity")
        expected = _proximity((rows - x) / scale, width)
        compare(given, expected, PROXIMITY.mistaken(rows, x, scale, width), "proximity")
    passed(f"proximity: {rounds} random tables, with columns in unequal units")


def _proximity(steps: np.ndarray, width: float) -> np.ndarray:
    return np.array([np.exp(-sum(s * s for s in row) / (2 * width * width)) for row in steps])
