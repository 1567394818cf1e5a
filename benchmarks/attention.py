"""LRP through attention: its time, what it agrees with, and where its relevance goes.

Agreement and ledger are those of ten networks, which `attention_runs` trains and measures.
"""

import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import nbformat
import numpy as np
import torch
from nbformat.v4 import new_code_cell
from torch import nn

import xaikit as xk
from benchmarks.attention_runs import LINES, RULES
from benchmarks.backward import agree, input_gradient
from benchmarks.minilm_runs import words_absent
from benchmarks.tables import Table
from benchmarks.timing import Comparison, compare
from tools.execute import client_of
from xaikit.course import datasets, minilm
from xaikit.course.intervals import mean_and_half
from xaikit.course.not_installed import FIRST_WORDS

MOST = 2.5  # times one forward and backward pass
MOST_OF_MINILM = 2.0  # seconds for one sentence
LECTURE = Path(__file__).resolve().parents[1] / "lectures" / "10_transformers.ipynb"
MOST_OF_THE_LECTURE = 60.0  # seconds, without the extra
# Python looks for a module by asking each finder in turn.
HIDE = f"""
import sys


class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, *rest):
        return None if name in {minilm.NEEDS!r} else self.finder.find_spec(name, *rest)

    def __getattr__(self, name):
        return getattr(self.finder, name)


sys.meta_path[:] = map(Without, sys.meta_path)
"""
EXACT = "exact Shapley values"  # of 1,024 texts: as long as they take
SENTENCE = "subscribe to my channel and win a free phone"


def times(repeats: int = 30, rows: int = 64, tokens: int = 20) -> Iterator[Comparison]:
    """Yield LRP by each rule beside autograd's forward and backward pass, and a forward pass."""
    torch.manual_seed(0)
    block = nn.TransformerEncoderLayer(32, 4, 64, 0.0, "gelu", batch_first=True, norm_first=True)
    blocks = nn.TransformerEncoder(block, 2, nn.LayerNorm(32), enable_nested_tensor=False).eval()
    last = nn.Linear(32, 2)
    head = xk.Dense(*(part.detach() for part in last.parameters()))
    network = xk.Network([*xk.from_torch(blocks).layers, xk.TokenMean(), head])
    x = torch.randn(rows, tokens, 32)

    def module(vectors):
        return last(blocks(vectors).mean(dim=1))

    agree([network.gradient(x)], [input_gradient(module, x)], 1e-4)
    for rule in RULES:
        yield compare(
            f"{rule}, {rows} texts of {tokens} tokens",
            lambda rule=rule: xk.lrp(network, x, rule=rule),
            lambda: input_gradient(module, x),
            lambda: network(x),
            MOST,
            repeats,
        )


def seconds_of_minilm(repeats: int = 5) -> Iterator[tuple[str, float]]:
    """Yield methods and their median seconds for one sentence, with MiniLM and a head for spam."""
    spam = minilm.comment_network(datasets.youtube_comments())
    ids, (encoding,) = minilm.encode([SENTENCE])
    methods = {
        **{rule: lambda rule=rule: xk.lrp(spam, ids[0], rule=rule) for rule in RULES},
        "IG": lambda: xk.integrated_gradients(spam, ids[0]),
        "rollout": lambda: xk.attention_rollout(spam, ids[0]),
        EXACT: lambda: xk.exact_shapley(words_absent(spam, ids[0])),
    }
    for name, method in methods.items():
        seconds = []
        for _ in range(repeats):
            began = time.perf_counter()
            method()
            seconds.append(time.perf_counter() - began)
        yield f"{name}, {len(encoding.ids) - 2} tokens", median(seconds)


def seconds_of_lecture(path: Path = LECTURE) -> float:
    """Return the seconds in which a new kernel runs a lecture, as if the extra were not there."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, new_code_cell(HIDE))
    client = client_of(notebook, path.parent)
    began = time.perf_counter()
    client.execute()
    seconds = time.perf_counter() - began
    if FIRST_WORDS not in str(notebook.cells):
        raise RuntimeError(f"{path.name} ran with {' and '.join(minilm.NEEDS)}")
    return seconds


def timed() -> Iterator[tuple[str, float, float | None]]:
    """Yield what is timed, the ratio or the seconds, and how many they may be at most, if told."""
    for found in times():
        yield f"time of {found.task} ÷ one forward and backward pass", found.to_peer, MOST
    yield "seconds of lecture 10 without MiniLM", seconds_of_lecture(), MOST_OF_THE_LECTURE
    if all(find_spec(package) for package in minilm.NEEDS):
        for task, seconds in seconds_of_minilm():
            most = None if task.startswith(EXACT) else MOST_OF_MINILM
            yield f"seconds for a sentence in MiniLM: {task}", seconds, most


def table() -> Table:
    """Time, agreement with exact Shapley values, and the ledger."""
    rows, missed = [], []
    for task, found, most in timed():
        rows.append([task, f"{found:.2f}", "–", "–" if most is None else f"at most {most:g}"])
        print(*rows[-1], flush=True)
        if most is not None and found > most:
            missed.append(f"{task}: {found:.2f}, at most {most:g}")
    runs = datasets.attention_runs()
    for absence in ("unknown", "masked"):
        for method, values in runs[f"with Shapley, {absence}"].items():
            rows.append([f"correlation with Shapley values, absent words {absence}: {method}"])
            rows[-1] += [*over_networks(values), "–"]
    for rule in RULES:
        for line in LINES:
            rows.append([f"{rule}, share of the output: {line.replace('_', ' ')}"])
            rows[-1] += [*over_networks(runs[f"ledger, {rule}"][line]), "–"]
        sums = np.sum(list(runs[f"ledger, {rule}"].values()), axis=0)
        if not np.allclose(sums, 1, atol=0.01):  # stored with four digits
            missed.append(f"{rule}: the ledger's lines sum to {sums}, not to 1")
    return Table(["attention", "mean", "95%", "demand"], rows, missed)


def over_networks(values: np.ndarray) -> list[str]:
    """Return the mean, and the ends of its interval."""
    mean, half = mean_and_half(values)
    return [f"{mean:.2f}", f"{mean - half:.2f} to {mean + half:.2f}"]
