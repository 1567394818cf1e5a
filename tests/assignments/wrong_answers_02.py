"""Assignment 02, answered wrongly in every known way.

grade_id of the answer -> what is wrong -> the answer, the graded cells that lose their points, and
a part of the message that the learner meets first.
"""

from tests.assignments.scoring import WrongAnswer


def perturb(lines, told):
    """Return a wrong answer."""
    return WrongAnswer(f"def perturb(tokens, masks):\n    {lines}\n", {"perturb-check"}, told)


def kept_fraction(line, told):
    """Return a wrong answer of one line."""
    source = f"def kept_fraction(masks):\n    {line}\n"
    return WrongAnswer(source, {"kept_fraction-check"}, told)


def fit_line(
    told,
    *,
    table="np.column_stack([np.ones(len(z)), z])",
    pi="weights",
    shrink="shrink[0, 0] = 0",
    left="Z.T @ (pi[:, None] * Z)",
    right="Z.T @ (pi * y)",
    end="phi",
    before="",
):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    source = f"""\
{before}
def fit_line(z, y, weights, ridge):
    Z, pi = {table}, {pi}
    shrink = ridge * np.eye(Z.shape[1])
    {shrink}
    phi = np.linalg.solve({left} + shrink, {right})
    return {end}
"""
    return WrongAnswer(source, {"fit_line-check", "fit_line-example"}, told)


def least_squares(told, *, rows="np.sqrt(weights)", heights="np.sqrt(weights)", added="ridge**0.5"):
    """Return a wrong answer that uses np.linalg.lstsq."""
    source = f"""\
def fit_line(z, y, weights, ridge):
    Z = np.column_stack([np.ones(len(z)), z]) * ({rows})[:, None]
    shrink = ({added}) * np.eye(Z.shape[1])[1:]
    right = np.append(y * ({heights}), np.zeros(len(shrink)))
    return np.linalg.lstsq(np.vstack([Z, shrink]), right)[0]
"""
    return WrongAnswer(source, {"fit_line-check", "fit_line-example"}, told)


def explain(
    told,
    *,
    masks="masks",
    probability="classifier(perturb(text.split(), masks))[:, target]",
    weights="kept_fraction(masks)",
    ridge="ridge",
    end="line[1:]",
    before="",
):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    source = f"""\
{before}
def explain(classifier, text, masks, target, ridge):
    masks = {masks}
    y = {probability}
    line = fit_line(masks, y, {weights}, {ridge})
    return {end}
"""
    return WrongAnswer(source, {"explain-check"}, told)


def finds_the_token(
    told,
    *,
    places="range(len(tokens))",
    there="token in t.split()",
    answers="np.column_stack([1 - spam, spam])",
    verdict="np.allclose(given, right, rtol=0, atol=1e-8)",
    end="True",
    text="text",
):
    """Return a wrong answer that differs from the right one in the parts that are given."""
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
    return WrongAnswer(source, {"finds_the_token-check"}, told)


def proximity(told, *, lines="", squared="(((rows - x) / scale) ** 2).sum(axis=1)", end=None):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    source = f"""\
def proximity(rows, x, scale, width):
    {lines}
    squared = {squared}
    return {end or "np.exp(-squared / (2 * width**2))"}
"""
    return WrongAnswer(source, {"proximity-check"}, told)


SWITCHED_OFF = "this exercise asks you to write it yourself"
KEPT = "[[t for t, kept in zip(tokens, mask) if kept] for mask in masks]"

WRONG_ANSWERS = {
    "perturb": {
        "kept and removed exchanged": perturb(
            "return [' '.join(t for t, k in zip(tokens, m) if not k) for m in masks]",
            "you kept what should go",
        ),
        "0 and 1 as positions": perturb(
            "return [' '.join(np.array(tokens)[mask]) for mask in masks]", "read as positions"
        ),
        "tokens replaced by a word": perturb(
            "return [' '.join(t if k else 'UNK' for t, k in zip(tokens, m)) for m in masks]",
            "tokens were replaced",
        ),
        "tokens replaced by nothing, their blanks kept": perturb(
            "return [' '.join(t if k else '' for t, k in zip(tokens, m)) for m in masks]",
            "one blank between two tokens",
        ),
        "a blank at the end": perturb(
            f"return [''.join(t + ' ' for t in kept) for kept in {KEPT}]",
            "one blank between two tokens",
        ),
        "no blanks": perturb(
            f"return [''.join(kept) for kept in {KEPT}]", "tokens are joined by a blank"
        ),
        "lists of tokens": perturb(f"return {KEPT}", "each text is one str"),
        "tokens removed by what they are": perturb(
            "return [' '.join(t for t in tokens"
            " if t not in [r for r, k in zip(tokens, m) if not k]) for m in masks]",
            "Go by places, not by words",
        ),
        "the place looked up": perturb(
            "return [' '.join(t for t in tokens if m[tokens.index(t)]) for m in masks]",
            "Go by places, not by words",
        ),
        "the first of two removed": perturb(
            """texts = []
    for mask in masks:
        kept = list(tokens)
        for token, stays in zip(tokens, mask):
            if not stays:
                kept.remove(token)
        texts.append(' '.join(kept))
    return texts""",
            "Go by places, not by words",
        ),
        "each text once": perturb(
            f"return list(dict.fromkeys(' '.join(kept) for kept in {KEPT}))",
            "where two rows give the same text, it stands there twice",
        ),
        "the empty text left out": perturb(
            f"return [' '.join(kept) for kept in {KEPT} if kept]", "gives the empty text"
        ),
        "one text": perturb(
            f"return ' '.join(t for kept in {KEPT} for t in kept)", "a list of texts"
        ),
        "sorted": perturb(
            f"return [' '.join(sorted(kept)) for kept in {KEPT}]", "the tokens that stay keep"
        ),
        "the last token always kept": perturb(
            "return [' '.join([*(t for t, k in zip(tokens[:-1], m) if k), tokens[-1]])"
            " for m in masks]",
            "perturb: got",
        ),
        "no return": perturb(f"[' '.join(kept) for kept in {KEPT}]", "perturb returned nothing"),
        "the example by heart": perturb("return ['visit channel!', '']", "2 texts for"),
        "its inputs changed": perturb(
            "masks[:] = 1 - masks; return [' '.join(t for t, k in zip(tokens, m) if not k)"
            " for m in masks]",
            "perturb changed one of its inputs",
        ),
    },
    "kept_fraction": {
        "the fraction removed": kept_fraction(
            "return 1 - masks.mean(axis=1)", "this is the fraction removed"
        ),
        "numbers of tokens": kept_fraction("return masks.sum(axis=1)", "numbers of tokens"),
        "adding up to 1": kept_fraction(
            "return masks.sum(axis=1) / masks.sum()", "the weights need not add up to 1"
        ),
        "divided by the number of texts": kept_fraction(
            "return masks.sum(axis=1) / len(masks)", "not by that of texts"
        ),
        "divided with //": kept_fraction(
            "return masks.sum(axis=1) // masks.shape[1]", "// cuts off"
        ),
        "one number": kept_fraction("return masks.mean()", "one weight for each text"),
        "along the other axis": kept_fraction("return masks.mean(axis=0)", "average along axis 1"),
        "squared": kept_fraction("return masks.mean(axis=1) ** 2", "kept_fraction: got"),
        "no return": kept_fraction("masks.mean(axis=1)", "kept_fraction returned nothing"),
        "the example by heart": kept_fraction(
            "return np.full(len(masks), 4 / 7)", "kept_fraction: got"
        ),
    },
    "fit_line": {
        "no weights": fit_line("the weights are missing", pi="np.ones(len(y))"),
        "weights not square-rooted in lstsq": least_squares(
            "multiply them by √π, not by π", rows="weights", heights="weights"
        ),
        "√π in the normal equations": fit_line(
            "in the normal equations stands π itself", pi="np.sqrt(weights)"
        ),
        "a ridge of 1": fit_line(
            "the ridge is the one that you are given",
            shrink="shrink = np.eye(Z.shape[1]); shrink[0, 0] = 0",
        ),
        "rows weighted and y not, in lstsq": least_squares(
            "y is multiplied like the rows of Z", heights="np.ones(len(y))"
        ),
        "ZᵀΠZ with Zᵀy": fit_line("both sides of the normal equations", right="Z.T @ y"),
        "no intercept": fit_line("the intercept is missing", table="z", shrink="", end="phi"),
        "no intercept, a 0 in its place": fit_line(
            "there is no intercept", table="z", shrink="", end="np.append(0, phi)"
        ),
        "the slopes alone": fit_line("the intercept is missing", end="phi[1:]"),
        "the intercept last": fit_line("the intercept comes first", end="np.roll(phi, -1)"),
        "the intercept shrunk": fit_line("the intercept was shrunk", shrink=""),
        "the ridge forgotten": fit_line("the ridge is missing", shrink="shrink = 0"),
        "a ridge of λ² in lstsq": least_squares("the ridge is λ, not λ²", added="ridge"),
        "the ridge subtracted": fit_line(
            "the ridge has the wrong sign", shrink="shrink[0, 0] = 0; shrink = -shrink"
        ),
        "weights that add up to 1": fit_line(
            "do not make the weights add up to 1", pi="weights / weights.sum()"
        ),
        "the mean over samples": fit_line("do not average over the samples", pi="weights / len(y)"),
        "no return": fit_line("fit_line returned nothing", end="None"),
        "its inputs changed": fit_line(
            "fit_line changed one of its inputs", shrink="shrink[0, 0] = 0; weights /= 2"
        ),
        "the example by heart": fit_line(
            "fit_line: got", end="np.resize([3 / 8, 1 / 2], 1 + z.shape[1])"
        ),
        "xaikit's fit": fit_line(
            SWITCHED_OFF,
            end="np.append(fitted(z, y[:, None], weights, ridge).intercept,"
            " fitted(z, y[:, None], weights, ridge).coefficients[:, 0])",
            before="from xaikit.core.linear_fits import ridge_fit as fitted\n",
        ),
    },
    "explain": {
        "class 1, whatever is asked": explain(
            "take column `target`",
            probability="classifier(perturb(text.split(), masks))[:, 1]",
        ),
        "class 0, whatever is asked": explain(
            "take column `target`",
            probability="classifier(perturb(text.split(), masks))[:, 0]",
        ),
        "labels": explain(
            "labels were explained",
            probability="(classifier(perturb(text.split(), masks)).argmax(axis=1) == target) * 1.0",
        ),
        "the number of the label": explain(
            "labels were explained",
            probability="classifier(perturb(text.split(), masks)).argmax(axis=1) * 1.0",
        ),
        "log-odds": explain(
            "the log-odds were explained",
            probability="(lambda p: np.log(p / (1 - p)))"
            "(classifier(perturb(text.split(), masks))[:, target])",
        ),
        "the logarithm": explain(
            "the logarithm was explained",
            probability="np.log(classifier(perturb(text.split(), masks))[:, target])",
        ),
        "no weights": explain("the weights are missing", weights="np.ones(len(masks))"),
        "the fraction removed": explain(
            "the weights are the fraction removed", weights="1 - kept_fraction(masks)"
        ),
        "no ridge": explain("the ridge was not passed on", ridge="0.0"),
        "with the intercept": explain("the intercept belongs to no token", end="line"),
        "the last slope lost": explain("the intercept stands first", end="line[:-1]"),
        "sizes": explain("keep the signs", end="np.abs(line[1:])"),
        "small letters": explain(
            "the text was written in small letters",
            probability="classifier(perturb(text.lower().split(), masks))[:, target]",
        ),
        "a ridge of 1": explain("the ridge is the one that you are given", ridge="1.0"),
        "1 for removed": explain(
            "the signs are turned round",
            end="fit_line(1 - masks, y, kept_fraction(masks), ridge)[1:]",
        ),
        "y and weights exchanged": explain(
            "y and the weights are exchanged",
            end="fit_line(masks, kept_fraction(masks), y, ridge)[1:]",
        ),
        "the text, not a list": explain(
            "reads a list of texts",
            probability="np.array([classifier(t)[target] for t in perturb(text.split(), masks)])",
        ),
        "tokens, not texts": explain(
            "the classifier reads texts",
            probability="classifier([t.split() for t in perturb(text.split(), masks)])[:, target]",
        ),
        "masks, not texts": explain(
            "the classifier reads texts", probability="classifier(masks)[:, target]"
        ),
        "letters, not tokens": explain(
            "zip() argument", probability="classifier(perturb(text, masks))[:, target]"
        ),
        "its inputs changed": explain(
            "explain changed one of its inputs", masks="np.multiply(masks, 2, out=masks) // 2"
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
            end="ridge_fit(masks, y[:, None], kept_fraction(masks), ridge).coefficients[:, 0]",
            before="from xaikit.core.linear_fits import ridge_fit\n",
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
            "A function reads a loop's variable when it is called",
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
    "proximity": {
        "not standardised": proximity(
            "the columns have different units", squared="((rows - x) ** 2).sum(axis=1)"
        ),
        "multiplied by the scale": proximity(
            "you multiplied by the standard deviations",
            squared="(((rows - x) * scale) ** 2).sum(axis=1)",
        ),
        "divided after squaring": proximity(
            "before squaring, not after", squared="((rows - x) ** 2 / scale).sum(axis=1)"
        ),
        "the distance from 0": proximity(
            "the distance is counted from x", squared="((rows / scale) ** 2).sum(axis=1)"
        ),
        "the distance not squared": proximity(
            "the distance must be squared", end="np.exp(-np.sqrt(squared) / (2 * width**2))"
        ),
        "the sum of sizes": proximity(
            "the sum of |…| is another one",
            squared="np.abs((rows - x) / scale).sum(axis=1) ** 2",
        ),
        "no 2": proximity("the 2 in 2w² is missing", end="np.exp(-squared / width**2)"),
        "the width not squared": proximity(
            "the width must be squared", end="np.exp(-squared / (2 * width))"
        ),
        "no minus": proximity("the minus is missing", end="np.exp(squared / (2 * width**2))"),
        "the distance itself": proximity("this is the distance", end="np.sqrt(squared)"),
        "no sum": proximity("D² is a sum over the features", squared="((rows - x) / scale) ** 2"),
        "the wrong brackets": proximity(
            "Python reads a / 2 * w**2", end="np.exp(-squared / 2 * width**2)"
        ),
        "the mean over columns": proximity(
            "D² is a sum over the columns, not their mean",
            squared="(((rows - x) / scale) ** 2).mean(axis=1)",
        ),
        "the rows' own standard deviations": proximity(
            "not those of `rows`",
            squared="(((rows - x) / rows.std(axis=0)) ** 2).sum(axis=1)",
        ),
        "no e": proximity("the e is missing", end="squared / (2 * width**2)"),
        "adding up to 1": proximity(
            "the weights need not add up to 1",
            lines="w = np.exp(-(((rows - x) / scale) ** 2).sum(axis=1) / (2 * width**2))",
            end="w / w.sum()",
        ),
        "its inputs changed": proximity("proximity changed one of its inputs", lines="rows -= x"),
        "no return": proximity("proximity returned nothing", end="None"),
        "the example by heart": proximity(
            "proximity: got", end="np.resize([0.368, 1.0], len(rows))"
        ),
    },
}
