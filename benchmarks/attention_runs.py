"""The ten networks of lecture 10: each trained on another split, and all that is measured of them.

``python -m benchmarks.attention_runs`` takes about a quarter of an hour and rewrites the file that
:func:`xaikit.course.datasets.attention_runs` reads.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

import xaikit as xk
from xaikit.core.arrays import Array
from xaikit.course import datasets
from xaikit.course.datasets.runs import ATTENTION
from xaikit.course.datasets.sentences import Sentences
from xaikit.course.sentence_network import LEAST, UNKNOWN, Reader, tokens_of, train
from xaikit.networks.layers import Layer

SEEDS = range(10)
SHORT = range(5, 11)  # tokens of the sentences with exact Shapley values
LENGTHS = {"5 to 10": SHORT, "14 to 20": range(14, 21, 2), "26 to 36": range(26, 37, 5)}
RULES = ("attention-constant", "attnlrp", "attnlrp-identity-norm")
Row = tuple[str, int, str, float]
Method = Callable[[xk.Network, np.ndarray, np.ndarray], np.ndarray]
METHODS: dict[str, Method] = {
    "Shapley": lambda net, x, c: xk.exact_shapley(xk.baseline_game(net, x, UNKNOWN, c)).values,
    "IG": lambda net, x, c: xk.integrated_gradients(net, x, c, UNKNOWN).values,
    "grad × input": lambda net, x, c: xk.gradient_x_input(net, x, c).values,
    "LRP, attention constant": lambda net, x, c: xk.lrp(net, x, c, RULES[0]).values,
    "AttnLRP": lambda net, x, c: xk.lrp(net, x, c, RULES[1]).values,
    "LRP, identity on norms": lambda net, x, c: xk.lrp(net, x, c, RULES[2]).values,
    "raw attention": lambda net, x, c: xk.raw_attention(net, x),
    "rollout": lambda net, x, c: xk.attention_rollout(net, x),
}


def for_the_answer(network: xk.Network) -> xk.Network:
    """Return a network with the outputs F and −F: the better one is the answer."""
    *layers, last = network.layers
    return xk.Network([*layers, replace(last, weight=both(last.weight), bias=both(last.bias))])


def both(array: Array) -> Array:
    """Return an array above its negative."""
    return np.concatenate([array, -array])


def uniform(network: xk.Network) -> xk.Network:
    """Return the network with the same attention for all tokens: queries of 0 have equal scores."""

    def equal(layer: Layer) -> Layer:
        if isinstance(layer, xk.Residual):
            return xk.Residual([equal(inner) for inner in layer.layers])
        if isinstance(layer, xk.Attention):
            return replace(layer, query=layer.query.map_arrays(np.zeros_like))
        return layer

    return xk.Network([equal(layer) for layer in network.layers])


def sentences(
    reader: Reader, data: Sentences, lengths: range, each: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield, for each length, the token ids of `each` test sentences, and the answers' outputs.

    The answer is F or −F: the one that the whole sentence raises, compared with unknown words.
    """
    network = for_the_answer(reader.network)
    rows = [row for row in data.test if len(tokens_of(data.texts[row])) in lengths]
    for length in lengths:
        some = [row for row in rows if len(tokens_of(data.texts[row])) == length][:each]
        ids = reader.ids(data.texts[some])
        rise = network(ids) - network(np.full_like(ids, UNKNOWN))
        yield ids, rise.argmax(axis=1)


def accuracies(reader: Reader, data: Sentences, seed: int) -> Iterator[Row]:
    """Yield the shares of test sentences whose sign is right, and the effect of equal attention."""
    texts, labels = data.texts[data.test], data.labels[data.test]
    ratings = reader.ratings(texts)
    equal = replace(reader, network=uniform(reader.network)).ratings(texts)
    yield "accuracy", seed, "transformer", np.mean((ratings > 0) == labels)
    yield "accuracy", seed, "equal attention", np.mean((equal > 0) == labels)
    yield "accuracy", seed, "bag of words", bag_of_words(data)[1]
    yield "equal attention", seed, "same sign", np.mean((ratings > 0) == (equal > 0))
    yield "equal attention", seed, "correlation", np.corrcoef(ratings, equal)[0, 1]


def bag_of_words(data: Sentences) -> tuple[dict[str, float], float]:
    """Return the weight of each word in a logistic regression, and its accuracy."""
    counter = CountVectorizer(analyzer=tokens_of, binary=True, min_df=LEAST)
    line = LogisticRegression(C=0.3, max_iter=1000)
    line.fit(counter.fit_transform(data.texts[data.train]), data.labels[data.train])
    right = line.score(counter.transform(data.texts[data.test]), data.labels[data.test])
    return dict(zip(counter.get_feature_names_out(), line.coef_[0], strict=True)), float(right)


def controls(reader: Reader, data: Sentences, seed: int) -> dict[str, Method]:
    """Return explanations that do not know the network."""
    weights = np.zeros(UNKNOWN + 1 + len(reader.words))
    for word, weight in bag_of_words(data)[0].items():
        weights[reader.words[word]] = weight
    rng = np.random.default_rng(seed)
    return {
        "bag of words": lambda _, x, c: weights[x] * np.where(c == 0, 1, -1)[:, None],
        "noise": lambda _, x, c: rng.normal(size=x.shape),
        "equal shares": lambda _, x, c: np.ones(x.shape),
    }


def agreement(reader: Reader, data: Sentences, seed: int, each: int = 20) -> Iterator[Row]:
    """Yield each method's mean correlation with exact Shapley values, for two kinds of absence."""
    network = for_the_answer(reader.network)
    methods = METHODS | controls(reader, data, seed)
    found: dict[tuple[str, str], list[float]] = {}
    for ids, answer in sentences(reader, data, SHORT, each):
        scores = {name: explain(network, ids, answer) for name, explain in methods.items()}
        masked = xk.exact_shapley(xk.baseline_game(network, ids, 0, answer)).values
        for name, values in scores.items():
            goals = {"unknown": scores["Shapley"], "masked": masked}
            if name.startswith("r"):  # maps without a sign
                goals["sizes"] = np.abs(scores["Shapley"])
            for absence, goal in goals.items():
                pairs = zip(values, goal, strict=True)
                found.setdefault((absence, name), []).extend(alike(*pair) for pair in pairs)
    for (absence, name), values in found.items():
        yield f"with Shapley, {absence}", seed, name, np.mean(values)


def alike(one: np.ndarray, other: np.ndarray) -> float:
    """Return the correlation; 0 for scores that do not tell tokens apart."""
    spread = min(np.ptp(one), np.ptp(other))
    return np.corrcoef(one, other)[0, 1] if spread > 1e-12 else 0.0


def deleted(reader: Reader, data: Sentences, seed: int, each: int = 4) -> Iterator[Row]:
    """Yield how deletion judges each method, by length: beside the band, and beside chance."""
    network = for_the_answer(reader.network).to(dtype="float32")
    methods = METHODS | controls(reader, data, seed)
    for words, lengths in LENGTHS.items():
        below: dict[str, list[bool]] = {}
        gains: dict[str, list[float]] = {}
        for ids, answer in sentences(reader, data, lengths, each):
            rows = np.arange(len(ids))
            nothing = network(np.full_like(ids, UNKNOWN))[rows, answer]
            rise = network(ids)[rows, answer] - nothing
            chance = xk.deletion(network, ids, np.ones(ids.shape), answer, UNKNOWN, random=60)
            for name, explain in methods.items():
                if name == "Shapley" and ids.shape[1] > SHORT[-1]:
                    continue
                scores = explain(network, ids, answer)
                area = xk.deletion(network, ids, scores, answer, UNKNOWN, random=0).auc
                below.setdefault(name, []).extend(area < chance.band[0])
                saved = (chance.random_auc.mean(axis=1) - area) / rise
                gains.setdefault(name, []).extend(saved)
        for name in below:
            yield f"below the band, {words}", seed, name, np.mean(below[name])
            yield f"gain, {words}", seed, name, np.median(gains[name])


def ledgers(reader: Reader, data: Sentences, seed: int, each: int = 20) -> Iterator[Row]:
    """Yield where the relevance goes, in shares of the outputs' sizes, and the gaps of IG."""
    network = for_the_answer(reader.network)
    sums = {rule: dict.fromkeys(LINES, 0.0) for rule in RULES}
    gaps: dict[str, list[float]] = {"zero vectors": [], "unknown words": []}
    total = 0.0
    for ids, answer in sentences(reader, data, SHORT, each):
        total += np.abs(network(ids)[np.arange(len(ids)), answer]).sum()
        for rule in RULES:
            explained = xk.lrp(network, ids, answer, rule)
            sign = np.sign(explained.output)
            sums[rule]["arrives"] += (sign * explained.values.sum(axis=1)).sum()
            for line in LINES[1:]:
                rows = (getattr(row, line) for row in explained.details["ledger"])
                sums[rule][line] += sum((sign * row).sum() for row in rows)
        for name, baseline in {"zero vectors": None, "unknown words": UNKNOWN}.items():
            path = xk.integrated_gradients(network, ids, answer, baseline)
            gaps[name].extend(np.abs(path.gap / (path.output - path.base)))
    for rule, lines in sums.items():
        for line, amount in lines.items():
            yield f"ledger, {rule}", seed, line, amount / total
    for name, values in gaps.items():
        yield "gap of IG", seed, name, np.median(values)


LINES = ("arrives", "to_bias", "to_norm", "to_softmax", "absorbed")


def hidden(reader: Reader, data: Sentences, seed: int, each: int = 20) -> Iterator[Row]:
    """Yield how much more F changes without the first token of a map than without any token."""
    network = for_the_answer(reader.network)
    names = ("raw attention", "rollout", "AttnLRP", "IG")
    change: dict[str, list[float]] = {name: [] for name in (*names, "a random token")}
    for ids, answer in sentences(reader, data, SHORT, each):
        rows, length = np.arange(len(ids)), ids.shape[1]
        without = np.where(np.eye(length, dtype=bool)[None], UNKNOWN, ids[:, None])
        outputs = reader.network(without.reshape(-1, length)).reshape(-1, length)
        moved = np.abs(outputs - reader.network(ids))
        for name in names:
            first = np.abs(METHODS[name](network, ids, answer)).argmax(axis=1)
            change[name].extend(moved[rows, first])
        change["a random token"].extend(moved.mean(axis=1))
    for name, values in change.items():
        yield "change without the first", seed, name, np.mean(values)


def of_network(seed: int) -> Iterator[Row]:
    """Train one network, and yield all that is measured of it."""
    data = datasets.rated_sentences(seed)
    reader = train(data, seed)
    for measure in (accuracies, agreement, ledgers, hidden, deleted):
        yield from measure(reader, data, seed)


def main() -> None:
    """Train ten networks, measure, and store."""
    with ATTENTION.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["task", "seed", "method", "value"])
        for seed in SEEDS:
            for task, number, method, value in of_network(seed):
                writer.writerow((task, number, method, f"{value:.4g}"))
            file.flush()


if __name__ == "__main__":
    main()
