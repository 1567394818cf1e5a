"""MiniLM with ten heads for comments, each fitted on another split, and what is measured of them.

``python -m benchmarks.minilm_runs`` needs the extra ``[text]``, takes four minutes, and rewrites
the file that :func:`xaikit.course.datasets.minilm_runs` reads.
"""

import csv
from collections.abc import Iterator

import numpy as np
from sklearn.linear_model import LogisticRegression

import xaikit as xk
from benchmarks.attention_runs import RULES, SEEDS, Row, alike, uniform
from xaikit.core.chunks import chunks
from xaikit.course import datasets
from xaikit.course.datasets.runs import MINILM
from xaikit.course.minilm import PADDING, encode, sentence_encoder

MASK = 103  # the id of [MASK], which stood for hidden words when MiniLM was trained
SHORT = range(4, 9)  # tokens of the comments with exact Shapley values, without first and last


def codes_of(encoder: xk.Network, ids: np.ndarray) -> np.ndarray:
    """Return the encoder's vector of each text, (n, 384)."""
    return np.concatenate([encoder(ids[part]) for part in chunks(len(ids), 16)])


def heads(codes: np.ndarray, labels: np.ndarray, splits: list) -> xk.Dense:
    """Return a logistic regression for each split, as one layer with an output for each."""
    lines = [
        LogisticRegression(max_iter=1000).fit(codes[split.train], labels[split.train])
        for split in splits
    ]
    weights = np.concatenate([line.coef_ for line in lines])
    biases = np.concatenate([line.intercept_ for line in lines])
    return xk.Dense(weights.astype(codes.dtype), biases.astype(codes.dtype))


def words_absent(network: xk.Network, ids: np.ndarray) -> xk.Game:
    """Return the game of a text's tokens but the first and the last: nobody reads absent ones."""

    def value(masks: np.ndarray) -> np.ndarray:
        always = np.ones((len(masks), 1), dtype=bool)
        rows = np.where(np.hstack([always, masks, always]), ids, PADDING)
        return np.concatenate([network(rows[part]) for part in chunks(len(rows), 64)])

    return xk.Game(len(ids) - 2, value)


def scores_of(network: xk.Network, ids: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
    """Return each method's scores (targets, tokens but the first and the last)."""
    rows = np.tile(ids, (len(targets), 1))
    hidden = np.where(np.isin(np.arange(len(ids)), (0, len(ids) - 1)), ids, MASK)
    names = ("LRP, attention constant", "AttnLRP", "LRP, identity on norms")
    found = {
        "IG": xk.integrated_gradients(network, rows, targets, hidden).values,
        "grad × input": xk.gradient_x_input(network, rows, targets).values,
        **{
            name: xk.lrp(network, rows, targets, rule).values
            for name, rule in zip(names, RULES, strict=True)
        },
        "raw attention": np.tile(xk.raw_attention(network, ids), (len(targets), 1)),
        "rollout": np.tile(xk.attention_rollout(network, ids), (len(targets), 1)),
    }
    return {name: values[:, 1:-1] for name, values in found.items()}


def measured() -> Iterator[Row]:
    """Yield accuracies, correlations with exact Shapley values, and sizes of the scores."""
    splits = [datasets.youtube_comments(seed) for seed in SEEDS]
    texts, labels = splits[0].texts, splits[0].labels
    encoder, (ids, encodings) = sentence_encoder(), encode(texts)
    equal = uniform(encoder)
    codes, equal_codes = codes_of(encoder, ids), codes_of(equal, ids)
    last = heads(codes, labels, splits)
    words = np.zeros((len(texts), 1 + ids.max()))
    words[np.arange(len(texts))[:, None], ids] = 1
    bags = heads(words, labels, splits)
    answers = {
        "MiniLM": last.forward(codes),
        "equal attention": last.forward(equal_codes),
        "equal attention, fitted anew": heads(equal_codes, labels, splits).forward(equal_codes),
        "bag of words": bags.forward(words),
    }
    for name, values in answers.items():
        for seed, split in zip(SEEDS, splits, strict=True):
            right = (values[split.test, seed] > 0) == labels[split.test]
            yield "accuracy", seed, name, np.mean(right)

    network = xk.Network([*encoder.layers, last])
    rng = np.random.default_rng(0)
    found: dict[tuple[str, str], list[list[float]]] = {}
    for row, encoding in enumerate(encodings):
        tested = np.array([seed for seed in SEEDS if row in splits[seed].test])
        one = np.array(encoding.ids)
        if len(one) - 2 not in SHORT or not len(tested):
            continue
        shapley = xk.exact_shapley(words_absent(network, one)).values[tested]
        scores = {"Shapley": shapley} | scores_of(network, one, tested)
        scores["bag of words"] = bags.weight[tested][:, one[1:-1]]
        scores["noise"] = rng.normal(size=shapley.shape)
        for name, values in scores.items():
            # The answer is spam or not, whichever the tokens raise: maps have no sign of their own.
            sign = np.sign(shapley.sum(axis=1)) if name in ("raw attention", "rollout") else 1.0
            goals = shapley * np.reshape(sign, (-1, 1))
            likeness = found.setdefault(("with Shapley", name), [[] for _ in SEEDS])
            sizes = found.setdefault(("largest score", name), [[] for _ in SEEDS])
            for seed, value, goal in zip(tested, values, goals, strict=True):
                likeness[seed].append(alike(value, goal))
                sizes[seed].append(np.abs(value).max())
        print(f"comment {row}: {len(one) - 2} tokens", flush=True)
    for (task, name), lists in found.items():
        for seed, values in zip(SEEDS, lists, strict=True):
            yield task, seed, name, np.mean(values)


def main() -> None:
    """Measure, and store."""
    with MINILM.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["task", "seed", "method", "value"])
        for task, seed, method, value in measured():
            writer.writerow((task, seed, method, f"{value:.4g}"))


if __name__ == "__main__":
    main()
