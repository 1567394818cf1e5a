"""The claims of lecture 10, transformers.

`attention_runs` trains and measures its ten networks, and what it found is stored.
"""

from collections.abc import Callable
from functools import cache

from benchmarks import attention_runs
from benchmarks.claims import claim
from benchmarks.claims.shared import lead
from xaikit.course import datasets

ATTENTION_MAPS = ("raw attention", "rollout")


@cache
def _sentence_network(seed: int):
    """Return a network trained on another split of the sentences, and its data."""
    data = datasets.rated_sentences(seed)
    return attention_runs.train(data, seed), data


@cache
def _of_sentences(seed: int, measure: Callable) -> dict[str, dict[str, float]]:
    """Return what one of the measures of `attention_runs` finds: by task and method."""
    if seed in attention_runs.SEEDS:
        runs = datasets.attention_runs()
        return {
            task: {method: float(values[seed]) for method, values in methods.items()}
            for task, methods in runs.items()
        }
    found: dict[str, dict[str, float]] = {}
    for task, _, method, value in measure(*_sentence_network(seed), seed):
        found.setdefault(task, {})[method] = float(value)
    return found


def _with_shapley(seed: int, absence: str = "unknown") -> dict[str, float]:
    """Return each method's mean correlation with Shapley values."""
    return _of_sentences(seed, attention_runs.agreement)[f"with Shapley, {absence}"]


def _moves(seed: int) -> dict[str, float]:
    """Return how far the rating moves without the highest token ÷ without a random one."""
    changes = dict(_of_sentences(seed, attention_runs.hidden)["change without the first"])
    by_chance = changes.pop("a random token")
    return {method: change / by_chance for method, change in changes.items()}


@claim("a bag of words is right more often than the transformer")
def a_bag_of_words_is_ahead(seed: int) -> float:
    """Accuracy of the bag of words minus that of the transformer."""
    right = _of_sentences(seed, attention_runs.accuracies)["accuracy"]
    return lead(right, "bag of words", "transformer")


@claim("reading all tokens alike costs accuracy")
def equal_attention_costs_accuracy(seed: int) -> float:
    """Accuracy of the transformer minus that with all queries 0."""
    right = _of_sentences(seed, attention_runs.accuracies)["accuracy"]
    return lead(right, "transformer", "equal attention")


@claim("reading all tokens alike leaves most signs")
def equal_attention_leaves_signs(seed: int) -> float:
    """Share of sentences whose sign stays with all queries 0, minus 0.9."""
    same = _of_sentences(seed, attention_runs.accuracies)["equal attention"]["same sign"]
    return same - 0.9


@claim("attention maps correlate more with Shapley values than noise does")
def maps_are_not_noise(seed: int) -> float:
    """Smaller correlation of raw attention's and rollout's minus that of noise."""
    return lead(_with_shapley(seed), ATTENTION_MAPS, "noise")


@claim("without the highest token of a map the rating moves further than without a random one")
def maps_find_tokens_that_count(seed: int) -> float:
    """Smaller ratio of raw attention's and rollout's, minus 1."""
    moves = _moves(seed)
    return min(moves[name] for name in ATTENTION_MAPS) - 1


@claim("the tokens that AttnLRP finds move the rating further than those of attention maps")
def attnlrp_finds_tokens_that_count_more(seed: int) -> float:
    """Ratio of AttnLRP minus the larger one of raw attention's and rollout's."""
    return lead(_moves(seed), "AttnLRP", ATTENTION_MAPS)


@claim("gradient × input correlates with Shapley values far less than integrated gradients")
def gradient_x_input_is_far_behind(seed: int) -> float:
    """Correlation of integrated gradients minus that of gradient × input, minus a half."""
    return lead(_with_shapley(seed), "IG", "grad × input") - 0.5


@claim("from vectors of 0 integrated gradients has a large gap, from unknown words none")
def a_tokens_baseline_is_a_token(seed: int) -> float:
    """Median relative gap from vectors of 0 minus that from unknown words, minus a tenth."""
    gaps = _of_sentences(seed, attention_runs.ledgers)["gap of IG"]
    return lead(gaps, "zero vectors", "unknown words") - 0.1


@claim("more of the output arrives with attention constant than under AttnLRP")
def attnlrp_leaves_more_behind(seed: int) -> float:
    """Share that arrives with attention constant minus that under AttnLRP, minus a quarter."""
    found = _of_sentences(seed, attention_runs.ledgers)
    shares = [found[f"ledger, {rule}"]["arrives"] for rule in attention_runs.RULES[:2]]
    return shares[0] - shares[1] - 0.25


@claim("if absent words are unknown, integrated gradients is ahead of attention constant")
def integrated_gradients_is_ahead_on_its_baseline(seed: int) -> float:
    """Correlation of integrated gradients minus that of attention constant."""
    return lead(_with_shapley(seed), "IG", "LRP, attention constant")


@claim("if absent words are masked, attention constant is ahead of integrated gradients")
def attention_constant_is_ahead_if_words_are_masked(seed: int) -> float:
    """Correlation of attention constant minus that of integrated gradients."""
    return lead(_with_shapley(seed, "masked"), "LRP, attention constant", "IG")


@claim("identity on norms correlates far less with Shapley values than AttnLRP")
def identity_on_norms_is_cruder(seed: int) -> float:
    """Correlation of AttnLRP minus that of identity on norms, minus a tenth."""
    return lead(_with_shapley(seed), "AttnLRP", "LRP, identity on norms") - 0.1


@claim("a bag of words is nearer to Shapley values than attention maps and gradient × input")
def language_alone_is_nearer_than_maps(seed: int) -> float:
    """Its correlation minus the largest of theirs, the smaller one of both kinds of absence."""
    return min(
        lead(_with_shapley(seed, absence), "bag of words", (*ATTENTION_MAPS, "grad × input"))
        for absence in ("unknown", "masked")
    )


@claim("a bag of words is nearer to Shapley values than identity on norms")
def language_alone_is_nearer_than_identity_on_norms(seed: int) -> float:
    """Its correlation minus that of identity on norms."""
    return lead(_with_shapley(seed), "bag of words", "LRP, identity on norms")


def _below(seed: int, words: str) -> dict[str, float]:
    """Return each method's share of sentences below deletion's band."""
    return _of_sentences(seed, attention_runs.deleted)[f"below the band, {words}"]


@claim("on short sentences IG and both rules are below the band more often than a bag of words")
def good_methods_are_below_the_band(seed: int) -> float:
    """Smallest of their shares minus that of the bag of words, sentences of 5 to 10 tokens."""
    good = ("IG", "LRP, attention constant", "AttnLRP")
    return lead(_below(seed, "5 to 10"), good, "bag of words")


@claim("gradient × input and rollout are seldom below the band, at any length")
def weak_methods_stay_weak(seed: int) -> float:
    """A half minus their mean share, the largest over the lengths."""
    return 0.5 - max(
        _below(seed, words)[name]
        for words in attention_runs.LENGTHS
        for name in ("grad × input", "rollout")
    )


@claim("a bag of words is below the band more often on long sentences than on short ones")
def long_texts_flatter(seed: int) -> float:
    """Its share of sentences of 26 to 36 tokens minus that of 5 to 10 tokens."""
    return _below(seed, "26 to 36")["bag of words"] - _below(seed, "5 to 10")["bag of words"]
