"""Every known wrong answer to assignment 02.

grade_id of the answer -> the mistake -> the wrong answer, the graded cells that lose their points,
and a part of the first message that the learner sees.
"""

from functools import partial

from tests.assignments.scoring import WrongAnswer, planted, wrong
from xaikit.course.checks import lime

perturb = partial(wrong, lime.PERTURB, {"perturb-check"})
kept_fraction = partial(wrong, lime.KEPT_FRACTION, {"kept_fraction-check"})
FIT_LINE = {"fit_line-check", "fit_line-example"}
fit_line = partial(wrong, lime.FIT_LINE, FIT_LINE)
explain = partial(wrong, lime.EXPLAIN, {"explain-check"})
proximity = partial(wrong, lime.PROXIMITY, {"proximity-check"})


def finds_the_token(
    message,
    *,
    places="range(len(tokens))",
    there="token in t.split()",
    answers="np.column_stack([1 - spam, spam])",
    verdict="np.allclose(given, right, rtol=0, atol=1e-8)",
    end="True",
    text="text",
):
    """Return a wrong answer: the right one with other parts."""
    source = f"""\
def finds_the_token(explain, text):
    tokens = text.split()
    for place in {places}:

        def classifier(texts, token=tokens[place]):
            spam = np.array([0.9 if {there} else 0.1 for t in texts])
            return {answers}

        right = np.zeros(len(tokens))
        right[place] = 0.8
        given = explain(classifier, {text})
        if not {verdict}:
            return False
    return {end}
"""
    return WrongAnswer(source, {"finds_the_token-check"}, message)


SWITCHED_OFF = "this exercise asks you to write it yourself"

WRONG_ANSWERS = {
    "perturb": planted(lime.PERTURB, {"perturb-check"})
    | {
        f"by name: {kept}": perturb("Go by places, not by words", kept=kept)
        for kept in lime.KEPT_BY_NAME
    }
    | {
        "0 and 1 exchanged, spelled here": perturb(
            "you kept what should go",
            """\
def perturb(tokens, masks):
    texts = []
    for mask in masks:
        texts.append(' '.join(tokens[i] for i in range(len(tokens)) if mask[i] == 0))
    return texts
""",
        ),
        "tokens replaced by a word": perturb(
            "tokens were replaced", kept="[t if k else 'UNK' for t, k in zip(tokens, mask)]"
        ),
        "tokens replaced by nothing, their blanks kept": perturb(
            "one blank between two tokens", kept="[t if k else '' for t, k in zip(tokens, mask)]"
        ),
        "a blank at the end": perturb(
            "one blank between two tokens", text="''.join(t + ' ' for t in kept)"
        ),
        "no blanks": perturb("tokens are joined by a blank", text="''.join(kept)"),
        "lists of tokens": perturb("each text is one str", text="kept"),
        "each text once": perturb(
            "where two rows give the same text, it stands there twice",
            end="list(dict.fromkeys(texts))",
        ),
        "the empty text left out": perturb(
            "gives the empty text", end="[text for text in texts if text]"
        ),
        "one text": perturb("a list of texts", end="' '.join(texts)"),
        "sorted": perturb("the tokens that stay keep", text="' '.join(sorted(kept))"),
        "the last token always kept": perturb(
            "perturb: got", kept="[t for t, k in zip(tokens, [*mask[:-1], 1]) if k]"
        ),
        "no return": perturb("perturb returned nothing", end="None"),
        "the example by heart": perturb("2 texts for", end="['visit channel!', '']"),
        "its inputs changed": perturb(
            "perturb changed one of its inputs", end="texts[: masks.fill(0)]"
        ),
    },
    "kept_fraction": planted(lime.KEPT_FRACTION, {"kept_fraction-check"})
    | {
        "the fraction removed, spelled here": kept_fraction(
            "this is the fraction removed",
            "def kept_fraction(masks):\n    return (masks == 0).sum(axis=1) / masks.shape[1]\n",
        ),
        "one number": kept_fraction("one weight for each text", fraction="masks.mean()"),
        "along the other axis": kept_fraction(
            "average along axis 1", fraction="masks.mean(axis=0)"
        ),
        "squared": kept_fraction("kept_fraction: got", fraction="masks.mean(axis=1) ** 2"),
        "no return": kept_fraction("kept_fraction returned nothing", fraction="None"),
        "the example by heart": kept_fraction(
            "kept_fraction: got", fraction="np.full(len(masks), 4 / 7)"
        ),
    },
    "fit_line": planted(lime.FIT_LINE, FIT_LINE)
    | planted(lime.LEAST_SQUARES, FIT_LINE)
    | {
        "the intercept shrunk, spelled here": fit_line(
            "the intercept was shrunk",
            """\
def fit_line(z, y, weights, ridge):
    Z, P = np.hstack([np.ones((len(z), 1)), z]), np.diag(weights)
    return np.linalg.inv(Z.T @ P @ Z + ridge * np.eye(1 + z.shape[1])) @ Z.T @ P @ y
""",
        ),
        "no intercept": fit_line("the intercept is missing", table="z", corner=""),
        "the slopes alone": fit_line("the intercept is missing", end="line[1:]"),
        "no return": fit_line("fit_line returned nothing", end="None"),
        "its inputs changed": fit_line(
            "fit_line changed one of its inputs", corner="shrink[0, 0] = 0; weights /= 2"
        ),
        "the example by heart": fit_line(
            "fit_line: got", end="np.resize([3 / 8, 1 / 2], 1 + z.shape[1])"
        ),
        "xaikit's fit": fit_line(
            SWITCHED_OFF,
            """\
from xaikit.core.linear_fits import ridge_fit

def fit_line(z, y, weights, ridge):
    fitted = ridge_fit(z, y[:, None], weights, ridge)
    return np.append(fitted.intercept, fitted.coefficients[:, 0])
""",
        ),
    },
    "explain": planted(lime.EXPLAIN, {"explain-check"})
    | {
        "class 1, spelled here": explain(
            "this explains class 1: take column `target`",
            """\
def explain(classifier, text, masks, target, ridge):
    tokens = text.split()
    asked = perturb(tokens, masks)
    spam = np.array([row[1] for row in classifier(asked)])
    intercept, *slopes = fit_line(z=masks, y=spam, weights=kept_fraction(masks), ridge=ridge)
    return np.array(slopes)
""",
        ),
        "with the intercept": explain("the intercept belongs to no token", end="line"),
        "the text, not a list": explain(
            "reads a list of texts",
            y="np.array([classifier(t)[target] for t in perturb(text.split(), masks)])",
        ),
        "tokens, not texts": explain(
            "the classifier reads texts",
            y="classifier([t.split() for t in perturb(text.split(), masks)])[:, target]",
        ),
        "masks, not texts": explain("the classifier reads texts", y="classifier(masks)[:, target]"),
        "letters, not tokens": explain("takes a list of tokens", tokens="text"),
        "a row of the answers": explain("answers[:, target]", y="answers[target]"),
        "its inputs changed": explain(
            "explain changed one of its inputs",
            fitted="np.multiply(masks, 2, out=masks) // 2, y, weights, ridge",
        ),
        "no return": explain("explain returned nothing", end="None"),
        "the example by heart": explain(
            "explain: got", end="np.resize([0.8, 0.0], masks.shape[1])"
        ),
        "xaikit's lime_text": explain(
            SWITCHED_OFF, end="xk.lime_text(classifier, text, target=target, ridge=ridge).values"
        ),
        "xaikit's fit": explain(
            SWITCHED_OFF,
            "from xaikit.core.linear_fits import ridge_fit\n"
            + lime.EXPLAIN.source(end="ridge_fit(masks, y[:, None], weights, ridge)"),
        ),
    },
    "finds_the_token": {
        "equal to the last digit": finds_the_token(
            "Is there a tolerance", verdict="(given == right).all()"
        ),
        "letters instead of tokens": finds_the_token(
            "Do you look for whole tokens", there="token in t"
        ),
        "always True": finds_the_token("your test accepted", verdict="True"),
        "always False": finds_the_token("your test rejected a right", end="False"),
        "the largest alone": finds_the_token(
            "your test accepted", verdict="np.argmax(given) == place"
        ),
        "the largest size alone": finds_the_token(
            "your test accepted", verdict="np.argmax(np.abs(given)) == place"
        ),
        "the token alone": finds_the_token(
            "gives another token something", verdict="abs(given[place] - 0.8) < 1e-8"
        ),
        "the other tokens alone": finds_the_token(
            "your test accepted",
            verdict="np.allclose(np.delete(given, place), 0, rtol=0, atol=1e-8)",
        ),
        "the sum": finds_the_token("your test accepted", verdict="abs(given.sum() - 0.8) < 1e-8"),
        "errors without abs": finds_the_token(
            "your test accepted", verdict="(given - right < 1e-8).all()"
        ),
        "errors without abs, the other way round": finds_the_token(
            "gives the other tokens a little", verdict="(right - given < 1e-8).all()"
        ),
        "sizes": finds_the_token(
            "the wrong sign", verdict="np.allclose(np.abs(given), right, atol=1e-8)"
        ),
        "a wide tolerance": finds_the_token(
            "your test accepted", verdict="np.allclose(given, right, rtol=0, atol=0.1)"
        ),
        "the first token alone": finds_the_token("wrong for the last token only", places="[0]"),
        "the last token alone": finds_the_token(
            "wrong for the first token only", places="[len(tokens) - 1]"
        ),
        "the sum and the token": finds_the_token(
            "do not let errors cancel",
            verdict="(np.isclose(given.sum(), 0.8) and np.isclose(given[place], 0.8))",
        ),
        "the first and the last token": finds_the_token(
            "wrong for the second token only", places="(0, len(tokens) - 1)"
        ),
        "a tolerance of 0.01": finds_the_token(
            "the tolerance is too wide",
            verdict="np.allclose(given, right, rtol=0, atol=0.01)",
        ),
        "rounded": finds_the_token(
            "the tolerance is too wide", verdict="(np.round(given, 3) == right).all()"
        ),
        "0.9 expected": finds_the_token(
            "do you expect just that", verdict="np.allclose(given, right * 9 / 8)"
        ),
        "all classifiers look at the last token": WrongAnswer(
            """\
def finds_the_token(explain, text):
    tokens, classifiers = text.split(), []
    for token in tokens:

        def classifier(texts):
            spam = np.array([0.9 if token in t.split() else 0.1 for t in texts])
            return np.column_stack([1 - spam, spam])

        classifiers.append(classifier)
    right = 0.8 * np.eye(len(tokens))
    return all(
        np.allclose(explain(classifier, text), row) for classifier, row in zip(classifiers, right)
    )
""",
            {"finds_the_token-check"},
            "do all your classifiers look at the last token",
        ),
        "a classifier that looks at no token": finds_the_token(
            "looks at no token", there="token in texts"
        ),
        "never asked": finds_the_token("never asked for one", places="[]", end="False"),
        "probabilities of one class": finds_the_token("expected (", answers="spam"),
        "the classes exchanged": finds_the_token(
            "the columns are exchanged", answers="np.column_stack([spam, 1 - spam])"
        ),
        "tokens instead of the text": finds_the_token("takes the text, one str", text="tokens"),
        "the slopes": finds_the_token("returned ndarray, expected True or False", end="given"),
        "no return": finds_the_token("returned NoneType, expected True or False", end="None"),
    },
    "proximity": planted(lime.PROXIMITY, {"proximity-check"})
    | {
        "not standardised, spelled here": proximity(
            "the columns have different units",
            """\
def proximity(rows, x, scale, width):
    distances = np.array([np.linalg.norm(row - x) for row in rows])
    return np.exp(-((distances / width) ** 2) / 2)
""",
        ),
        "no sum": proximity("D² is a sum over the features", squared="steps**2"),
        "its inputs changed": proximity(
            "proximity changed one of its inputs", steps="rows.__isub__(x) / scale"
        ),
        "no return": proximity("proximity returned nothing", end="None"),
        "the example by heart": proximity(
            "proximity: got", end="np.resize([0.368, 1.0], len(rows))"
        ),
    },
}
