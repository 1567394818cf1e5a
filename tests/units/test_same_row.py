"""A model that gives a row another output when it is asked again is refused, whatever its scale."""

import re

import numpy as np
import pandas as pd
import pytest

import xaikit as xk

RNG = np.random.default_rng(3)
ROWS, OTHERS = RNG.normal(size=(2, 4)), RNG.normal(size=(30, 4))
MIXED = pd.DataFrame(OTHERS, columns=list("wxyz")).assign(
    shape=np.resize(["round", "square", "flat"], 30)
)
REVIEW = "The soup was cold and the bread was old"


def of_rows(scale):
    """A sum with noise of a tenth of its size."""
    rng = np.random.default_rng(0)

    def model(rows):
        numbers = np.asarray(rows[list("wxyz")] if isinstance(rows, pd.DataFrame) else rows)
        return scale * (np.arctan(numbers).sum(axis=1) + rng.uniform(0.5, 1.5, len(numbers)))

    return model


def of_texts(scale):
    rng = np.random.default_rng(0)
    return lambda texts: (
        scale * (np.array([len(t) for t in texts]) + rng.uniform(0, 30, len(texts)))
    )


# Each comes back to x, or asks one row again.
OF_ROWS = {
    "baseline game": lambda m: xk.exact_shapley(xk.baseline_game(m, ROWS)),
    "marginal game": lambda m: xk.kernel_shap(xk.marginal_game(m, ROWS, OTHERS[:2])),
    "conditional game": lambda m: xk.exact_shapley(xk.conditional_game(m, ROWS, OTHERS)),
    "LIME": lambda m: xk.lime_tabular(m, ROWS, OTHERS, samples=50),
    "LIME around the background": lambda m: xk.lime_tabular(
        m, ROWS, OTHERS, samples=50, around="background"
    ),
    "LIME with categories": lambda m: xk.lime_tabular(
        m, MIXED[:2], MIXED, samples=50, categorical=["shape"]
    ),
    "LIME with categories around the background": lambda m: xk.lime_tabular(
        m, MIXED[:2], MIXED, samples=50, categorical=["shape"], around="background"
    ),
    "deletion": lambda m: xk.deletion(m, ROWS, ROWS, random=0),
    "insertion": lambda m: xk.insertion(m, ROWS, ROWS, random=0),
    "infidelity": lambda m: xk.infidelity(m, ROWS, ROWS, samples=9),
    "sensitivity-n": lambda m: xk.sensitivity_n(m, ROWS, ROWS, samples=9),
}
OF_TEXTS = {
    "text game": lambda m: xk.kernel_shap(xk.text_game(m, REVIEW, target=0)),
    "LIME of a text": lambda m: xk.lime_text(m, REVIEW, target=0, samples=40),
}
CASES = [(name, of_rows, ask) for name, ask in OF_ROWS.items()]
CASES += [(name, of_texts, ask) for name, ask in OF_TEXTS.items()]


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 1e6])
@pytest.mark.parametrize(("name", "model", "ask"), CASES, ids=[name for name, _, _ in CASES])
def test_random_outputs_are_refused_on_every_scale(name, model, ask, scale):
    with pytest.raises(ValueError, match=re.escape("it is no function of the row")):
        ask(model(scale))


def of_rows_with_a_little_noise():
    """A sum that differs by up to three thousandths whenever it is asked."""
    rng = np.random.default_rng(0)

    def model(rows):
        numbers = np.asarray(rows[list("wxyz")] if isinstance(rows, pd.DataFrame) else rows)
        return np.exp(np.arctan(numbers)).sum(axis=1) * rng.uniform(1, 1.003, len(numbers))

    return model


@pytest.mark.parametrize("name", OF_ROWS)
def test_a_little_chance_is_refused_though_half_precision_rounds_more(name):
    with pytest.raises(ValueError, match=re.escape("it is no function of the row")):
        OF_ROWS[name](of_rows_with_a_little_noise())


@pytest.mark.parametrize("name", OF_TEXTS)
def test_a_little_chance_in_texts_is_refused_too(name):
    rng = np.random.default_rng(0)

    def model(texts):
        return np.array([len(text) for text in texts]) * rng.uniform(1, 1.003, len(texts))

    with pytest.raises(ValueError, match=re.escape("it is no function of the row")):
        OF_TEXTS[name](model)


def rounded_in_blocks(rows):
    """A sum in single precision, whose last digits hang on the number of rows.

    Its parts are a hundred times as large as the output: they cancel.
    """
    numbers = np.asarray(rows[list("wxyz")] if isinstance(rows, pd.DataFrame) else rows)
    total = (100 + np.arctan(numbers).sum(axis=1)).astype(np.float32)
    return total * np.float32(1 + (len(numbers) % 7) * 2.0**-23) - np.float32(100)


@pytest.mark.parametrize("name", OF_ROWS)
def test_rounding_in_single_precision_is_no_alarm(name):
    OF_ROWS[name](rounded_in_blocks)


def half_before_softmax(rows):
    """Probabilities in single precision of logits in half, whose last digit hangs on the call."""
    numbers = np.asarray(rows[list("wxyz")] if isinstance(rows, pd.DataFrame) else rows)
    logits = (10 + np.arctan(numbers).sum(axis=1)).astype(np.float16)
    logits = (logits + np.float16(2.0**-7 * (len(numbers) % 2))).astype(np.float32)
    return 1 / (1 + np.exp(10 - logits))


def single_products(rows):
    """A sum whose parts lose all but eleven bits, as on TensorFloat-32, in calls of many rows."""
    numbers = np.asarray(rows[list("wxyz")] if isinstance(rows, pd.DataFrame) else rows)
    parts = 2 + np.arctan(numbers)
    if len(numbers) % 2:
        parts = parts.astype(np.float16)
    return parts.astype(np.float32).prod(axis=1)


@pytest.mark.parametrize("name", OF_ROWS)
@pytest.mark.parametrize("model", [half_before_softmax, single_products])
def test_rounding_that_hangs_on_the_call_is_no_alarm(name, model):
    OF_ROWS[name](model)


@pytest.mark.parametrize("name", OF_ROWS)
def test_an_output_of_nearly_nothing_is_no_alarm(name):
    """F(x) is 1e-7 of other outputs: its digits are all rounding."""
    at_x = np.arctan(ROWS[0]).sum()

    def model(rows):
        numbers = np.asarray(rows[list("wxyz")] if isinstance(rows, pd.DataFrame) else rows)
        off = np.arctan(numbers).sum(axis=1) - at_x
        return off + 1e-7 * (1 + len(numbers) % 3)

    if "categories" not in name:  # there x are other rows
        OF_ROWS[name](model)


def test_half_precision_is_no_alarm():
    def model(texts):
        length = np.array([len(text) / 40 for text in texts], dtype=np.float16)
        return length * np.float16(1 + 2.0**-9 * (len(texts) % 2))

    for ask in OF_TEXTS.values():
        ask(model)


def test_scores_of_another_small_output_are_refused():
    network = lambda rows: 1e-4 * np.stack([rows.sum(axis=1), rows[:, 0]], axis=1)  # noqa: E731
    scores = xk.exact_shapley(xk.baseline_game(network, ROWS, target=1))
    with pytest.raises(ValueError, match="give the target that was explained"):
        xk.deletion(network, ROWS, scores, target=0)
    xk.deletion(network, ROWS, scores, target=1)


def test_x_is_asked_again_by_one_row_at_most():
    """Deletion, LIME around x: no row more. Elsewhere the n rows of x, or the first of them."""
    more = {
        "baseline game": 0,
        "conditional game": 2,
        "LIME": 0,
        "LIME around the background": 1,
        "deletion": 0,
        "insertion": 0,
        "infidelity": 1,
        "sensitivity-n": 1,
    }
    needed = {
        "baseline game": 2 + 2 * 16,
        "conditional game": 2 + 2 * 30 + 2 * 14 * 256,
        "LIME": 2 + 2 * 50,
        "LIME around the background": 2 + 50,
        "deletion": 2 + 2 * 5,
        "insertion": 2 + 2 * 5,
        "infidelity": 2 + 2 * 9,
        "sensitivity-n": 2 + 2 * 3 * 9,
    }
    for name, extra in more.items():
        sizes = []

        def model(rows, sizes=sizes):
            sizes.append(len(rows))
            return np.arctan(rows).sum(axis=1)

        OF_ROWS[name](model)
        assert sum(sizes) == needed[name] + extra, name
