"""A small transformer that rates sentences, as people did, and the words that it knows.

It is trained by torch on `datasets.rated_sentences`, and lecture 10 explains it.
``python -m xaikit.course.sentence_network`` trains it again, in a few minutes, and rewrites the
file of weights.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xaikit.core.arrays import Array
from xaikit.core.chunks import chunks
from xaikit.core.extras import needs
from xaikit.course import datasets
from xaikit.course.datasets.sentences import Sentences
from xaikit.course.datasets.sources import shipped
from xaikit.networks.layers import Dense, Layer
from xaikit.networks.network import Network
from xaikit.networks.tokens import Embedding, TokenMean, padded
from xaikit.networks.transformer import transformer

WEIGHTS = "sentence_network.npz"
SHA256 = "be24d702a4b692013ace9f53d04199fe82dd79fc24c5b9b3f1a751a14865e3a6"
PADDING, UNKNOWN = 0, 1  # ids; words begin at 2
LONGEST = 40  # tokens: of a longer sentence the rest is not read
LEAST = 3  # a word in fewer training sentences is unknown
WIDTH, HEADS, BLOCKS, HIDDEN = 32, 4, 2, 64
EPOCHS, BATCH, RATE, DROPOUT = 4, 32, 2e-3, 0.1
# So many words are replaced by "unknown" while training. It keeps the network from learning
# sentences by heart, and it makes sentences with absent words nothing new.
HIDE = 0.3
TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[!?]")


def tokens_of(text: str) -> list[str]:
    """Return a sentence's tokens: words in small letters, and the marks ! and ?."""
    return TOKEN.findall(text.lower())


def vocabulary(texts: Iterable[str]) -> dict[str, int]:
    """Return the id of each word that stands in at least three of the texts."""
    counts = Counter(word for text in texts for word in set(tokens_of(text)))
    known = sorted(word for word, count in counts.items() if count >= LEAST)
    return {word: number for number, word in enumerate(known, UNKNOWN + 1)}


def token_ids(texts: Sequence[str], words: dict[str, int]) -> np.ndarray:
    """Return the texts' token ids (n, T); shorter texts end in padding."""
    rows = [[words.get(word, UNKNOWN) for word in tokens_of(text)[:LONGEST]] for text in texts]
    return padded(rows, PADDING)


@dataclass(frozen=True, eq=False)
class Reader:
    """A network for sentences, with its words.

    Attributes
    ----------
    network : Network
        Token ids (n, T) -> the rating, (n, 1), from −4, most negative, to 4, most positive.
    words : dict of str to int
        The id of each word that it knows.
    """

    network: Network
    words: dict[str, int]

    def ids(self, texts: Sequence[str]) -> np.ndarray:
        """Return the texts' token ids (n, T); shorter texts end in padding."""
        return token_ids(texts, self.words)

    def ratings(self, texts: Sequence[str], rows: int = 256) -> np.ndarray:
        """Return the network's rating of each text, (n,)."""
        ids = self.ids(texts)
        parts = (self.network(ids[part])[:, 0] for part in chunks(len(ids), rows))
        return np.concatenate([np.empty(0), *parts])


def sentence_network() -> Reader:
    """Return the trained network in float64, with 2 blocks of 4 heads and 32 coordinates a token.

    It never saw the test sentences of `datasets.rated_sentences()`.

    Raises
    ------
    ValueError
        If a file that is shipped with xaikit is damaged.
    """
    data = datasets.rated_sentences()
    words = vocabulary(data.texts[data.train])
    with np.load(shipped(WEIGHTS, SHA256)) as stored:
        weights = iter([stored[name].astype(np.float64) for name in stored])
    empty = transformer(
        UNKNOWN + 1 + len(words), 1, WIDTH, HEADS, BLOCKS, HIDDEN, LONGEST, padding=PADDING
    )
    return Reader(Network([one.map_arrays(lambda _: next(weights)) for one in empty.layers]), words)


def train(data: Sentences, seed: int) -> Reader:
    """Train a network on the training sentences: the mean squared error of the ratings, by Adam."""
    with needs("torch", "train"):
        import torch
        from torch import nn

        from xaikit.networks.from_torch import from_torch

    words = vocabulary(data.texts[data.train])
    torch.manual_seed(seed)
    table = nn.Embedding(UNKNOWN + 1 + len(words), WIDTH, padding_idx=PADDING)
    places = nn.Parameter(0.1 * torch.randn(LONGEST, WIDTH))
    block = nn.TransformerEncoderLayer(
        WIDTH, HEADS, HIDDEN, DROPOUT, "gelu", batch_first=True, norm_first=True
    )
    blocks = nn.TransformerEncoder(block, BLOCKS, nn.LayerNorm(WIDTH), enable_nested_tensor=False)
    last = nn.Linear(WIDTH, 1)
    with torch.no_grad():
        table.weight.mul_(0.3)
    parameters = [*table.parameters(), places, *blocks.parameters(), *last.parameters()]
    adam = torch.optim.Adam(parameters, RATE)
    ids = torch.tensor(token_ids(data.texts[data.train], words))
    ratings = torch.tensor(data.ratings[data.train], dtype=torch.float32)
    lengths = (ids != PADDING).sum(1)
    steps = EPOCHS * -(-len(ids) // BATCH)
    slower = torch.optim.lr_scheduler.LambdaLR(
        adam, lambda step: min(1, (step + 1) / 100) * (1 - step / steps)
    )
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(ids)).split(BATCH):
            x = ids[batch][:, : max(1, int(lengths[batch].max()))]
            present = x != PADDING
            x = torch.where((torch.rand(x.shape) < HIDE) & present, UNKNOWN, x)
            a = blocks(table(x) + places[: x.shape[1]], src_key_padding_mask=~present)
            shares = present / present.sum(1, keepdim=True).clamp(min=1)
            rating = last((shares[..., None] * a).sum(1))[:, 0]
            loss = ((rating - ratings[batch]) ** 2).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
            slower.step()
    head = Dense(*(part.detach() for part in last.parameters()))
    first = Embedding(table.weight.detach(), places.detach(), PADDING)
    layers: list[Layer] = [first, *from_torch(blocks.eval()).layers, TokenMean(), head]
    return Reader(Network(layers).to("numpy", "float64"), words)


def store(network: Network, path: Path) -> None:
    """Write the weights in half precision, in the order of the layers."""
    weights: list[Array] = []

    def kept(array: Array) -> Array:
        weights.append(array.astype(np.float16))
        return array

    for layer in network.layers:
        layer.map_arrays(kept)
    np.savez_compressed(path, *weights)


def main() -> None:
    """Train the network that is shipped, and say how well it does."""
    import hashlib

    data = datasets.rated_sentences()
    reader = train(data, seed=0)
    path = Path(datasets.__file__).with_name(WEIGHTS)
    store(reader.network, path)
    right = (reader.ratings(data.texts[data.test]) > 0) == data.labels[data.test]
    print(f"accuracy {right.mean():.3f}, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
