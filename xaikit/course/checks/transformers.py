"""Checks of assignment 10: attention, its slopes, LRP through one head, rollout, a test of maps.

The references take one token and one key at a time. Slopes are central differences, relevance is
slope times input wherever a product or a softmax hands it on, rollout follows every token down.
"""

import math
from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from xaikit.course import checks
from xaikit.course.checks import Mistake, close, compare, judge, passed, plain, shape_of, shapes_fit
from xaikit.course.checks import last_inputs as last_inputs
from xaikit.course.checks.mistakes import Answer
from xaikit.methods import attention_maps, lrp_attention
from xaikit.methods import lrp as method
from xaikit.methods.gradients import gradient_x_input
from xaikit.networks import losses
from xaikit.networks.attention import Attention
from xaikit.networks.layers import input_gradient, run_back
from xaikit.networks.network import Network
from xaikit.networks.torch_model import TorchModel


def by_hand(answer: Callable) -> Callable:
    """Return the learner's function, guarded; xaikit's attention and its explanations are off."""
    return checks.by_hand(
        answer,
        Attention.steps,
        Attention.forward,
        Attention.backward,
        Attention._gradients,
        losses.softmax,
        method.lrp,
        lrp_attention.through_attention,
        attention_maps.attention_weights,
        attention_maps.raw_attention,
        attention_maps.attention_rollout,
        gradient_x_input,
        Network.gradient,
        TorchModel.gradient,
        run_back,
        input_gradient,
    )


def weights(Q: np.ndarray, K: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Return P (T, T), one token and one key at a time."""
    P = np.zeros((len(Q), len(K)))
    for i, q in enumerate(Q):
        for j in np.flatnonzero(present):
            P[i, j] = math.exp(sum(q * K[j]) / math.sqrt(len(q)))
        P[i] /= P[i].sum()
    return P


def was_read(Q: np.ndarray, K: np.ndarray, V: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Return O (T, v)."""
    return np.array(
        [sum(p * v for p, v in zip(row, V, strict=True)) for row in weights(Q, K, present)]
    )


def slopes(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, present: np.ndarray, dO: np.ndarray
) -> list[np.ndarray]:
    """Return dQ, dK and dV of the score Σ dO ⊙ O by central differences."""
    found, step = [], 1e-5
    for part in range(3):
        d = np.zeros((Q, K, V)[part].shape)
        for index in np.ndindex(d.shape):
            scores = []
            for side in (step, -step):
                moved = [Q, K, V]
                moved[part] = moved[part].copy()
                moved[part][index] += side
                scores.append(np.sum(dO * was_read(moved[0], moved[1], moved[2], present)))
            d[index] = (scores[0] - scores[1]) / (2 * step)
        found.append(d)
    return found


def softmax_handed(S: np.ndarray, R_P: np.ndarray) -> np.ndarray:
    """Return R_S: score times slope, for each weight's relevance per unit of weight."""
    R_S = np.zeros(S.shape)
    for i, scores in enumerate(S):
        tokens = np.flatnonzero(np.isfinite(scores))
        whole = sum(math.exp(scores[k]) for k in tokens)
        P = {k: math.exp(scores[k]) / whole for k in tokens}
        for j in tokens:
            for k in tokens:
                slope = P[k] * ((j == k) - P[j])
                R_S[i, j] += scores[j] * slope * R_P[i, k] / P[k]
    return R_S


def head_handed(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, P: np.ndarray, R: np.ndarray, to_weights: float
) -> list[np.ndarray]:
    """Return R_Q, R_K and R_V of one head."""
    (length, d), read = Q.shape, P @ V
    R_Q, R_K, R_V, R_P = (np.zeros(part.shape) for part in (Q, K, V, P))
    S = np.where(P > 0, Q @ K.T / math.sqrt(d), -np.inf)
    for i, j, c in np.ndindex(length, length, V.shape[1]):
        share = P[i, j] * V[j, c] / read[i, c] * R[i, c]
        R_P[i, j] += to_weights * share
        R_V[j, c] += share - to_weights * share
    R_S = softmax_handed(S, R_P)
    for i, j in zip(*np.nonzero(P), strict=True):
        share = Q[i] * K[j] / math.sqrt(d) / S[i, j] * R_S[i, j]
        R_Q[i] += share / 2
        R_K[j] += share / 2
    return [R_Q, R_K, R_V]


def draw_head(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Draw Q, K (T, d), V (T, v) and present (T,) with one token of padding at least.

    T, d and v differ, two tokens at least are present, no unit of O is near 0, nor is a score.
    d is not 4: √d would be 2, and dividing by it would look like dividing by d / 2.
    """
    while True:
        length, d, v = (int(size) for size in rng.permutation([3, 5, 6]))
        Q, K = rng.normal(size=(length, d)), rng.normal(size=(length, d))
        V = rng.normal(size=(length, v))
        present = np.ones(length)
        present[rng.permutation(length)[: rng.integers(1, length - 1)]] = 0
        if abs(was_read(Q, K, V, present)).min() > 0.05 and abs(Q @ K.T).min() > 0.05:
            return Q, K, V, present


NO_SOFTMAX = "P is missing: softmax makes shares of the scores, which add up to 1 in each row"

ATTEND = Answer(
    """\
def attend(Q, K, V, present):
    S = $S
    S = $masked
    e = $e
    P = $P
    return $end
""",
    dict(
        S="Q @ K.T / np.sqrt(Q.shape[1])",
        masked="np.where(present > 0, S, -np.inf)",
        e="np.exp(S)",
        P="e / e.sum(axis=1, keepdims=True)",
        end="P @ V",
    ),
    {
        "the scores are divided by √d: without it, long vectors make sharp shares": dict(
            S="Q @ K.T"
        ),
        "the scores are divided by √d, not by d": dict(S="Q @ K.T / Q.shape[1]"),
        "multiplied by √d: divide": dict(S="Q @ K.T * np.sqrt(Q.shape[1])"),
        "d is the number of a query's coordinates, Q.shape[1], not the number of tokens": dict(
            S="Q @ K.T / np.sqrt(len(Q))"
        ),
        "d is the number of a query's coordinates, Q.shape[1], not that of V's": dict(
            S="Q @ K.T / np.sqrt(V.shape[1])"
        ),
        "Q and K are exchanged: S_ij has query i in its row and key j in its column": dict(
            S="K @ Q.T / np.sqrt(Q.shape[1])"
        ),
        "the mask is missing: a token with present = 0 is read by nobody": dict(masked="S"),
        "a score of 0 is no mask, since e⁰ = 1: a masked score is −∞": dict(
            masked="np.where(present > 0, S, 0.0)"
        ),
        "the mask is upside down: present = 1 is a token, 0 is padding": dict(
            masked="np.where(present > 0, -np.inf, S)"
        ),
        "you mask rows: padding is not read, so its columns are masked, one for each key": dict(
            masked="np.where(present[:, None] > 0, S, -1e9)",
            e="np.exp(S - S.max(axis=1, keepdims=True))",
        ),
        "P or V is set to 0 at the padding, but its share was given away before: mask the scores, "
        "so that the other shares add up to 1": dict(masked="S", end="(P * present) @ V"),
        "the rows of padding are 0 here: padding is not read, but its own row may read": dict(
            end="P @ V * present[:, None]"
        ),
        "the exponentials are not divided by their sum": dict(P="e"),
        "one sum for the whole table: each row is divided by its own, axis=1, keepdims=True": dict(
            P="e / e.sum()"
        ),
        "without keepdims=True the sums of the rows stand in a row, and NumPy divides the columns "
        "by them": dict(P="e / e.sum(axis=1)"),
        "without keepdims=True the sums of the rows stand in a row: write e.sum(axis=1, "
        "keepdims=True)": dict(e="np.exp(S - S.max(axis=1, keepdims=True))", P="e / e.sum(axis=1)"),
        "without keepdims=True the largest scores of the rows stand in a row: write S.max(axis=1, "
        "keepdims=True)": dict(e="np.exp(S - S.max(axis=1))"),
        "without keepdims=True the largest scores and the sums of the rows stand in a row: both "
        "need axis=1, keepdims=True": dict(e="np.exp(S - S.max(axis=1))", P="e / e.sum(axis=1)"),
        "softmax goes along a row, axis=1, and yours goes down a column": dict(
            masked="np.where(present > 0, S, -1e9)",
            e="np.exp(S - S.max(axis=0))",
            P="e / e.sum(axis=0)",
        ),
        NO_SOFTMAX: dict(masked="np.where(present > 0, S, 0.0)", P="S"),
        "P is transposed: O = P V, row i of P is what token i reads": dict(end="P.T @ V"),
        "one sum for the whole table, where each row has its own largest score taken off: each row "
        "is divided by its own sum, axis=1, keepdims=True": dict(
            e="np.exp(S - S.max(axis=1, keepdims=True))", P="e / e.sum()"
        ),
    },
)


def attend(answer: Callable, rounds: int = 20) -> None:
    """Check ``attend(Q, K, V, present)`` -> (T, v)."""
    rng = np.random.default_rng()
    name = "attend"
    for _ in range(rounds):
        Q, K, V, present = draw_head(rng)
        length, width = V.shape
        given = _run(name, answer, Q, K, V, present)
        shape = shape_of(given)
        if shape == (length, length):
            raise Mistake(
                f"{name}: these are shares or scores, a row of keys for each token: O = P V"
            )
        if shape == (width,):
            raise Mistake(f"{name}: each token has a row of its own in O: do not add them up")
        checks.expect_finite(
            given,
            (length, width),
            f"{name}: your result has NaN. Do you divide by the sum down a column (softmax goes "
            "along a row, axis=1)? Are rows masked (the columns of padding are)? Or is −∞ "
            "multiplied by 0 (np.where(present > 0, S, -np.inf) chooses, it does not multiply)?",
        )
        compare(
            plain(given, (length, width), name),
            was_read(Q, K, V, present),
            ATTEND.mistaken(Q, K, V, present),
            name,
        )
    passed(f"{name}: {rounds} random heads, each with padding")


def _run(name: str, answer: Callable, *arguments):
    """Return the answer's result; NumPy may divide by 0, and shapes that do not fit are named."""
    hint = "Q and K have shape (T, d), V (T, v), S and P (T, T): write the shapes beside each line"
    with np.errstate(all="ignore"), shapes_fit(name, hint):
        return by_hand(answer)(*arguments)


def _three(given, shapes: list[tuple[int, ...]], names: str, name: str) -> list[np.ndarray]:
    """Return the three parts of an answer."""
    parts = names.split(", ")
    checks.expect_returned(given, name)
    if not isinstance(given, tuple | list) or len(given) != 3:
        raise Mistake(f"{name} returns three arrays: return {names}")
    found = [shape_of(part) for part in given]
    if found != shapes and sorted(map(str, found)) == sorted(map(str, shapes)):
        raise Mistake(f"{name}: the order is: return {names}")
    return [
        plain(part, shape, f"{name}, {what}")
        for part, shape, what in zip(given, shapes, parts, strict=True)
    ]


def _compare_three(
    given: list[np.ndarray], expected: list[np.ndarray], mistaken: dict, names: str, name: str
) -> None:
    """Compare all parts at once with the mistakes; else say which part is the first wrong one."""
    whole, right = flat(given), flat(expected)
    if not close(whole, right) and any(close(whole, wrong()) for wrong in mistaken.values()):
        compare(whole, right, mistaken, name)
    order = [2, 0, 1]  # as they are computed
    for i in order:
        what = names.split(", ")[i]
        compare(given[i], expected[i], {}, f"{name}, {what}")


def flat(parts) -> np.ndarray:
    """Return the numbers of several arrays in one row."""
    return np.concatenate([np.ravel(part) for part in parts])


SLOPES = "dQ, dK, dV"

ATTEND_BACK = Answer(
    """\
def attend_back(Q, K, V, P, dO):
    root = np.sqrt(Q.shape[1])
    dV = $dV
    dP = $dP
    dS = $dS
    dQ = $dQ
    dK = $dK
    return $end
""",
    dict(
        dV="P.T @ dO",
        dP="dO @ V.T",
        dS="P * (dP - (dP * P).sum(axis=1, keepdims=True))",
        dQ="dS @ K / root",
        dK="dS.T @ Q / root",
        end="dQ, dK, dV",
    ),
    {
        "dV: token j is read by every i with P_ij, so dV = Pᵀ dO": dict(dV="P @ dO"),
        "dV is the slope handed back, times P: dO alone forgets who was read": dict(dV="dO"),
        "dP is transposed: row i belongs to the token that reads, so dP = dO Vᵀ": dict(
            dP="V @ dO.T"
        ),
        "dS: the softmax has a slope of its own, dS is not dP": dict(dS="dP"),
        "dS: the sum is missing: a score that rises takes from the other keys": dict(dS="P * dP"),
        "dS: P is missing in front of the bracket": dict(
            dS="dP - (dP * P).sum(axis=1, keepdims=True)"
        ),
        "dS: the sum is that of dP ⊙ P, not of dP": dict(
            dS="P * (dP - dP.sum(axis=1, keepdims=True))"
        ),
        "dS: P (1 − P) is a weight's slope by its own score: add dP ⊙ P up over the row": dict(
            dS="P * (1 - P) * dP"
        ),
        "dS: the sum goes along a row, axis=1": dict(dS="P * (dP - (dP * P).sum(axis=0))"),
        "dS: without keepdims=True the sums of the rows stand in a row, and each is taken off a "
        "column": dict(dS="P * (dP - (dP * P).sum(axis=1))"),
        "dS: each row has its own sum, axis=1, keepdims=True": dict(dS="P * (dP - (dP * P).sum())"),
        "dS: the sum is taken off, not added": dict(
            dS="P * (dP + (dP * P).sum(axis=1, keepdims=True))"
        ),
        "dS: this is LRP's rule of exercise 3, and a slope is asked for": dict(
            dS="dP - P * dP.sum(axis=1, keepdims=True)"
        ),
        "√d is missing in dQ and dK": dict(dQ="dS @ K", dK="dS.T @ Q"),
        "√d is missing in dQ": dict(dQ="dS @ K"),
        "√d is missing in dK": dict(dK="dS.T @ Q"),
        "divide by √d, not by d": dict(dQ="dS @ K / root**2", dK="dS.T @ Q / root**2"),
        "dK: key j answers every query i, so dK = dSᵀ Q/√d": dict(dK="dS @ Q / root"),
        "dQ: query i asks every key j, so dQ = dS K/√d": dict(dQ="dS.T @ K / root"),
        "dQ holds keys, and dK queries: each is multiplied with the other": dict(
            dQ="dS @ Q / root", dK="dS.T @ K / root"
        ),
        f"dQ and dK are exchanged: return {SLOPES}": dict(end="dK, dQ, dV"),
        "dS: P stands in front of the whole bracket, of the sum as well": dict(
            dS="P * dP - (dP * P).sum(axis=1, keepdims=True)"
        ),
    },
    read=flat,
)


def attend_back(answer: Callable, rounds: int = 8) -> None:
    """Check ``attend_back(Q, K, V, P, dO)`` -> dQ, dK, dV."""
    rng = np.random.default_rng()
    name = "attend_back"
    for _ in range(rounds):
        Q, K, V, present = draw_head(rng)
        P, dO = weights(Q, K, present), rng.normal(size=V.shape)
        given = _run(name, answer, Q, K, V, P, dO)
        parts = _three(given, [Q.shape, K.shape, V.shape], SLOPES, name)
        expected = slopes(Q, K, V, present, dO)
        mistaken = ATTEND_BACK.mistaken(Q, K, V, P, dO)
        _compare_three(parts, expected, mistaken, SLOPES, name)
    passed(f"{name}: {rounds} random heads, against central differences")


SOFTMAX_RULE = Answer(
    """\
def softmax_rule(S, R_P):
    e = np.exp(S)
    P = $P
    scores = $scores
    return $end
""",
    dict(
        P="e / e.sum(axis=1, keepdims=True)",
        scores="np.where(np.isfinite(S), S, 0.0)",
        end="scores * (R_P - P * R_P.sum(axis=1, keepdims=True))",
    ),
    {
        "S in front of the bracket is missing: relevance is slope times score": dict(
            end="R_P - P * R_P.sum(axis=1, keepdims=True)"
        ),
        "the sum over the row is missing: R_P − P Σ R_P": dict(end="scores * (R_P - P * R_P)"),
        "the sum is missing: R_P − P Σ R_P, and yours is R_P − P": dict(end="scores * (R_P - P)"),
        "P in front of the sum is missing: R_P − P Σ R_P": dict(
            end="scores * (R_P - R_P.sum(axis=1, keepdims=True)) * np.isfinite(S)"
        ),
        "P is outside of the bracket: it belongs in front of the sum alone": dict(
            end="scores * P * (R_P - R_P.sum(axis=1, keepdims=True))"
        ),
        "this is slope times score for a slope, P ⊙ (R_P − Σ R_P P): R_P is relevance already, so "
        "the P in front cancels": dict(
            end="scores * P * (R_P - (R_P * P).sum(axis=1, keepdims=True))"
        ),
        "this is the backward pass of exercise 2: here R_S = S ⊙ (R_P − P Σ R_P)": dict(
            end="P * (R_P - (R_P * P).sum(axis=1, keepdims=True))"
        ),
        "the sum is that of R_P alone, without P": dict(
            end="scores * (R_P - P * (R_P * P).sum(axis=1, keepdims=True))"
        ),
        "you pass R_P on as it is: in a softmax each score changes all shares of its row": dict(
            end="R_P"
        ),
        "the sum goes along a row, axis=1, keepdims=True": dict(
            end="scores * (R_P - P * R_P.sum(axis=0))"
        ),
        "each row has its own sum, axis=1, keepdims=True": dict(
            end="scores * (R_P - P * R_P.sum())"
        ),
        "without keepdims=True the sums of the rows stand in a row, and each meets a column": dict(
            end="scores * (R_P - P * R_P.sum(axis=1))"
        ),
        "the softmax is without keepdims=True: NumPy divides each column by the sum of a row": dict(
            P="e / e.sum(axis=1)"
        ),
        "the softmax is without keepdims=True: e.sum(axis=1, keepdims=True) keeps a column": dict(
            P="np.exp(S - S.max(axis=1, keepdims=True)) / np.exp(S - S.max(axis=1, keepdims=True))"
            ".sum(axis=1)"
        ),
        "P Σ R_P is taken off, not added": dict(
            end="scores * (R_P + P * R_P.sum(axis=1, keepdims=True))"
        ),
        "it is a sum, not a mean": dict(end="scores * (R_P - P * R_P.mean(axis=1, keepdims=True))"),
        "leave the sum as it comes out: this rule leaks, and nothing is stretched to Σ R_P": dict(
            end="scores * (R_P - P * R_P.sum(axis=1, keepdims=True)) * R_P.sum() / np.sum(scores * "
            "(R_P - P * R_P.sum(axis=1, keepdims=True)))"
        ),
        "in front of the bracket stands S itself, not S − max or exp(S)": dict(
            scores="np.where(np.isfinite(S), S - S.max(axis=1, keepdims=True), 0.0)"
        ),
        "in front of the bracket stands S itself, not exp(S)": dict(scores="e"),
        "in front of the bracket stands the score S, not the share P": dict(scores="P"),
        "softmax has one sum for each row: axis=1, keepdims=True": dict(P="e / e.sum()"),
        "−∞ is set to 0 before the softmax, where a score of 0 has a share: for the softmax it "
        "stays −∞": dict(
            P="np.exp(np.nan_to_num(S, neginf=0)) / np.exp(np.nan_to_num(S, neginf=0)).sum("
            "axis=1, keepdims=True)"
        ),
        "relevance may be negative: keep its sign": dict(
            end="abs(scores * (R_P - P * R_P.sum(axis=1, keepdims=True)))"
        ),
        "a score may be negative: keep its sign": dict(
            scores="abs(np.where(np.isfinite(S), S, 0))"
        ),
    },
)


def softmax_rule(answer: Callable, rounds: int = 20) -> None:
    """Check ``softmax_rule(S, R_P)`` -> (T, T)."""
    rng = np.random.default_rng()
    name = "softmax_rule"
    for _ in range(rounds):
        S, R_P = draw_scores(rng)
        given = _run(name, answer, S, R_P)
        checks.expect_finite(
            given,
            S.shape,
            f"{name}: your result has NaN. A masked score is −∞, and −∞ · 0 is no number: in front "
            "of the bracket it counts as 0. If not that: softmax goes along a row, axis=1",
        )
        compare(
            plain(given, S.shape, name), softmax_handed(S, R_P), SOFTMAX_RULE.mistaken(S, R_P), name
        )
    passed(f"{name}: {rounds} random tables of scores, each with padding")


def draw_scores(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw S (T, T), −∞ for padding, and R_P, 0 there."""
    Q, K, _, present = draw_head(rng)
    S = np.where(present > 0, Q @ K.T / math.sqrt(Q.shape[1]), -np.inf)
    return S, np.where(present > 0, rng.normal(size=S.shape), 0.0)


SHARES = "R_Q, R_K, R_V"

# Mistakes that do not show while attention is held constant, to_weights = 0.
OF_WEIGHTS = {
    "Q and K get a half each of what S has, whatever to_weights is": dict(
        R_Q="to_weights * Q * (s_S @ K) / root", R_K="to_weights * K * (s_S.T @ Q) / root"
    ),
    "Q is missing in R_Q: a relevance is value times slope": dict(R_Q="0.5 * (s_S @ K) / root"),
    "V gets all, and P a part as well, so that relevance is handed out twice: V gets the share "
    "1 − to_weights": dict(R_V="V * (P.T @ s)"),
    "Q and K get nothing: that is attention held constant, and to_weights goes to P": dict(
        R_P="0 * P"
    ),
    "R_P: P itself is missing: R_P = to_weights P ⊙ (s Vᵀ)": dict(R_P="to_weights * (s @ V.T)"),
    "R_P: s Vᵀ is transposed: row i belongs to the token that reads": dict(
        R_P="to_weights * P * (V @ s.T)"
    ),
    "the softmax's rule is missing: R_S is not R_P": dict(
        s_S="R_P / (Q @ K.T / root)",
    ),
    "divide R_S by S before you hand it to Q and K": dict(
        s_S="(Q @ K.T / root) * (R_P - P * R_P.sum(axis=1, keepdims=True))"
    ),
    "R_P instead of R_S / S is handed to Q and K": dict(s_S="R_P"),
    "the softmax's sum goes along a row, axis=1, keepdims=True": dict(
        s_S="R_P - P * R_P.sum(axis=0)"
    ),
    "the softmax has a sum for each row, axis=1, keepdims=True": dict(s_S="R_P - P * R_P.sum()"),
    "without keepdims=True the sums of the rows stand in a row, and each meets a column": dict(
        s_S="R_P - P * R_P.sum(axis=1)"
    ),
    "the softmax's backward pass is no rule for relevance: R_S = S ⊙ (R_P − P Σ R_P)": dict(
        s_S="P * (R_P - (R_P * P).sum(axis=1, keepdims=True))"
    ),
    "Q and K get half of R_S each, not all of it": dict(
        R_Q="Q * (s_S @ K) / root", R_K="K * (s_S.T @ Q) / root"
    ),
    "√d is missing in R_Q and R_K: a contribution to S is Q K/√d": dict(
        R_Q="0.5 * Q * (s_S @ K)", R_K="0.5 * K * (s_S.T @ Q)"
    ),
    "R_Q and R_K are divided by d: it is √d, once": dict(
        R_Q="0.5 * Q * (s_S @ K) / root**2", R_K="0.5 * K * (s_S.T @ Q) / root**2"
    ),
    "Q is missing in R_Q, and K in R_K": dict(
        R_Q="0.5 * (s_S @ K) / root", R_K="0.5 * (s_S.T @ Q) / root"
    ),
    "R_K: key j answers every query i, so (R_S / S)ᵀ Q": dict(R_K="0.5 * K * (s_S @ Q) / root"),
    f"R_Q and R_K are exchanged: return {SHARES}": dict(end="R_K, R_Q, R_V"),
}

THROUGH_HEAD = Answer(
    """\
def through_head(Q, K, V, P, R, to_weights):
    root = np.sqrt(Q.shape[1])
    s = $s
    R_V = $R_V
    R_P = $R_P
    s_S = $s_S
    R_Q = $R_Q
    R_K = $R_K
    return $end
""",
    dict(
        s="R / (P @ V)",
        R_V="(1 - to_weights) * V * (P.T @ s)",
        R_P="to_weights * P * (s @ V.T)",
        s_S="R_P - P * R_P.sum(axis=1, keepdims=True)",  # R_S / S
        R_Q="0.5 * Q * (s_S @ K) / root",
        R_K="0.5 * K * (s_S.T @ Q) / root",
        end="R_Q, R_K, R_V",
    ),
    {
        "s: divide R by O = P V before you hand it back": dict(s="R"),
        "s is upside down: s = R / O": dict(s="P @ V / R"),
        "s: divide R by what the unit received, O = P V, do not multiply": dict(s="R * (P @ V)"),
        "relevance is handed out by the shares P alone: what counts is P V, divided by O": dict(
            s="R", R_V="(1 - to_weights) * (P.T @ s)"
        ),
        "R_V: V itself is missing: R_V = (1 − to_weights) V ⊙ (Pᵀ s)": dict(
            R_V="(1 - to_weights) * (P.T @ s)"
        ),
        "R_V: token j is read by every i, so Pᵀ s": dict(R_V="(1 - to_weights) * V * (P @ s)"),
        "V and P get to_weights and 1 − to_weights the wrong way round: to_weights goes to P": dict(
            R_V="to_weights * V * (P.T @ s)", R_P="(1 - to_weights) * P * (s @ V.T)"
        ),
        "V gets half, whatever to_weights is: V gets the share 1 − to_weights": dict(
            R_V="0.5 * V * (P.T @ s)"
        ),
        "P gets half, whatever to_weights is": dict(R_P="0.5 * P * (s @ V.T)"),
        "P gets all, and V a part as well: P gets the share to_weights": dict(R_P="P * (s @ V.T)"),
        "R_V: to_weights is the share of P, and V gets the rest, 1 − to_weights": dict(
            R_V="to_weights * V * (P.T @ s)"
        ),
    }
    | OF_WEIGHTS,
    read=flat,
)


def held_head(answer: Callable, rounds: int = 10) -> None:
    """Check ``through_head(Q, K, V, P, R, 0)``, attention held constant."""
    _through_head([0.0] * rounds, answer)
    passed(f"through_head: {rounds} random heads, attention held constant")


def through_head(answer: Callable, rounds: int = 7) -> None:
    """Check ``through_head(Q, K, V, P, R, to_weights)`` -> R_Q, R_K, R_V."""
    # Not ½ first: then a half too much and a half forgotten are the same.
    _through_head([0.3, 0.5, 0.8] * rounds, answer)
    passed(f"through_head: {3 * rounds} random heads, AttnLRP's halves and other parts")


def _through_head(parts: Sequence[float], answer: Callable) -> None:
    rng = np.random.default_rng()
    name = "through_head"
    for to_weights in parts:
        Q, K, V, present = draw_head(rng)
        P, R = weights(Q, K, present), rng.normal(size=V.shape)
        given = _run(name, answer, Q, K, V, P, R, to_weights)
        if isinstance(given, tuple | list) and len(given) == 3:
            for what, values, like in zip(SHARES.split(", "), given, (Q, K, V), strict=True):
                checks.expect_finite(
                    values,
                    like.shape,
                    f"{name}, {what}: your result has NaN. Is there 0 / 0 at the padding, or "
                    "−∞ · 0? S ⊙ (…) divided by S is the bracket alone, so you need no S at all",
                )
        three = _three(given, [Q.shape, K.shape, V.shape], SHARES, name)
        expected = head_handed(Q, K, V, P, R, to_weights)
        mistaken = THROUGH_HEAD.mistaken(Q, K, V, P, R, to_weights)
        _compare_three(three, expected, mistaken, SHARES, name)


ROLLOUT = Answer(
    """\
def rollout(P):
    M = $start
    for layer in $layers:
        mean = $mean
        mix = $mix
        M = $M
    return $end
""",
    dict(
        start="np.eye(P.shape[-1])",
        layers="P",
        mean="layer.mean(axis=0)",
        mix="(mean + np.eye(len(mean))) / 2",
        M="mix @ M",
        end="M",
    ),
    {
        "the layers are multiplied in the wrong order: the first one stands on the right, since "
        "the last one reads from what the first one wrote": dict(M="M @ mix"),
        "the 1 is missing: half of what a token holds comes from itself": dict(mix="mean"),
        "½ is missing: the rows of P̄ + 1 add up to 2": dict(mix="mean + np.eye(len(mean))"),
        "the 1 is the unit matrix: np.eye(T) has ones on the diagonal alone, and you add 1 "
        "everywhere": dict(mix="(mean + 1) / 2"),
        "½ belongs in front of both, ½ (P̄ + 1)": dict(mix="mean / 2 + np.eye(len(mean))"),
        "½ belongs in front of both, and P̄ has none": dict(mix="mean + np.eye(len(mean)) / 2"),
        "P̄ is the mean of the heads, not their sum": dict(mean="layer.sum(axis=0)"),
        "P̄ is the mean of all heads, and you take the first one": dict(mean="layer[0]"),
        "P̄ is the mean of the heads, not the largest": dict(mean="layer.max(axis=0)"),
        "P̄ is the mean of heads, and yours of layers: P[l].mean(axis=0) is that of layer l": dict(
            layers="P.mean(axis=0)", mean="layer"
        ),
        "the product is one of matrices, @": dict(
            start="np.ones((P.shape[-1], P.shape[-1]))", M="mix * M"
        ),
        "the mean over layers is no rollout: multiply": dict(
            start="np.zeros((P.shape[-1], P.shape[-1]))", M="M + mix / len(P)"
        ),
        "this is the last layer alone": dict(M="mix"),
        "this is the first layer alone": dict(layers="P[:1]"),
        "the last layer is missing": dict(layers="P[:-1]"),
        "the first layer is missing": dict(layers="P[1:]"),
        "P is transposed: row i of the result is what token i has read": dict(end="M.T"),
        "entry by entry is no product of tables: write @": dict(M="mix * M"),
    },
)


def rollout(answer: Callable, rounds: int = 20) -> None:
    """Check ``rollout(P)`` -> (T, T)."""
    rng = np.random.default_rng()
    name = "rollout"
    for _ in range(rounds):
        layers, heads, length = rng.permutation([(3, 4, 5), (3, 5, 4), (4, 5, 3)])[0].tolist()
        P = draw_weights(rng, layers, heads, length)
        given = _run(name, answer, P)
        if shape_of(given) == (heads, length, length):
            raise Mistake(
                f"{name}: take the mean over heads first: P[l].mean(axis=0) is P̄ of layer l"
            )
        if shape_of(given) == (layers, length, length):
            raise Mistake(f"{name}: this has a table for each layer: multiply them")
        if shape_of(given) == (length,):
            raise Mistake(f"{name}: return the whole table, a row for each token")
        compare(plain(given, (length, length), name), rolled(P), ROLLOUT.mistaken(P), name)
    passed(f"{name}: {rounds} random networks of 3 or 4 layers")


def draw_weights(rng: np.random.Generator, layers: int, heads: int, length: int) -> np.ndarray:
    """Draw P (layers, heads, T, T)."""
    e = np.exp(rng.normal(scale=1.5, size=(layers, heads, length, length)))
    return e / e.sum(axis=-1, keepdims=True)


def rolled(P: np.ndarray) -> np.ndarray:
    """Return the rollout (T, T), each token followed down to the first layer."""

    def read_by(i: int, above: int) -> np.ndarray:
        if above == 0:
            return np.eye(P.shape[-1])[i]
        shares = [sum(P[above - 1, :, i, j]) / P.shape[1] for j in range(P.shape[-1])]
        others = sum(share * read_by(j, above - 1) for j, share in enumerate(shares))
        return (read_by(i, above - 1) + others) / 2

    return np.array([read_by(i, len(P)) for i in range(P.shape[-1])])


def map_test(answer: Callable) -> None:
    """Check a learner's test ``depends(explain, cases)`` -> bool.

    It must accept maps that depend on class and values, and reject those that do not.
    """
    rng = np.random.default_rng()
    # Not as many classes as a value has coordinates, and at last another number of them.
    cases, two_classes = [draw_case(rng, 4) for _ in range(3)], [draw_case(rng, 2)]

    def number(Q):
        return next(i for i, case in enumerate(cases) if np.array_equal(case[0], Q))

    def same(one, other):
        """Return an explanation that takes one class for the other."""
        return lambda Q, K, V, W, target: right(Q, K, V, W, one if target == other else target)

    def blind(where):
        """Return an explanation that ignores V for some cases and classes."""

        def explain(Q, K, V, W, target):
            return right(Q, K, K if where(number(Q), target) else V, W, target)

        return explain

    def classless(case):
        """Return an explanation that ignores the class in one case."""
        return lambda Q, K, V, W, target: right(Q, K, V, W, target * (number(Q) != case))

    def larger(Q, K, V, W, target):
        """Return a map larger in every token for class 0 than for 1, for 2 than for 0, …"""
        return shares(Q, K) * (V**2).sum() * [2, 1, 3, 4][target]

    def in_one_token(Q, K, V, W, target):
        return shares(Q, K) + np.eye(len(Q))[-1] * right(Q, K, V, W, target)

    def same_sum(Q, K, V, W, target):
        values = right(Q, K, V, W, target)
        return values - values.mean()

    verdicts = {
        True: {
            "attention held constant, share times value for the class": right,
            "maps of the same sum that differ token by token": same_sum,
            "maps that differ by one percent: a tolerance is for rounding alone": (
                lambda Q, K, V, W, target: 1 + 0.01 * np.tanh(right(Q, K, V, W, target))
            ),
            "maps that differ, in units of a billionth: compare with a tolerance relative to the "
            "scores, since np.allclose counts differences below 1e-8 as none (atol=0)": (
                lambda Q, K, V, W, target: 1e-9 * right(Q, K, V, W, target)
            ),
            "maps of which one is larger in every token: a difference counts in both directions, "
            "so take its size": larger,
            "maps that differ in the last token alone": in_one_token,
        },
        False: {
            "raw attention: it has the same map for every class, and for other values": (
                lambda Q, K, V, W, target: shares(Q, K)
            ),
            "raw attention with rounding errors of 1e-13: differences must exceed rounding": (
                lambda Q, K, V, W, target: shares(Q, K) * (1 + 1e-13 * (V @ W[target]))
            ),
            "rollout: it has the same map for every class, and for other values": (
                lambda Q, K, V, W, target: (shares(Q, K) + 1 / len(Q)) / 2
            ),
            "attention times the size of the values: it has the same map for every class": (
                lambda Q, K, V, W, target: shares(Q, K) * np.sqrt((V**2).sum(axis=1))
            ),
            "attention times a number for the class: it has the same map for other values": (
                lambda Q, K, V, W, target: shares(Q, K) * (1 + target)
            ),
            **{
                f"a map that is the same for classes {one} and {other}: compare all classes": (
                    same(one, other)
                )
                for one, other in combinations(range(4), 2)
            },
            **{
                f"a map that ignores the values for class {c}: try other values for every class": (
                    blind(lambda case, target, c=c: target == c)
                )
                for c in range(4)
            },
            **{
                f"a map that ignores the {what} in the {which} case alone: look at all cases": (
                    explain
                )
                for which, case in [("first", 0), ("last", 2)]
                for what, explain in [
                    ("class", classless(case)),
                    ("values", blind(lambda at, target, case=case: at == case)),
                ]
            },
        },
    }
    for verdict, maps in verdicts.items():
        for what, explain in maps.items():
            judge(by_hand(answer)(of_a_class(explain), cases), verdict, what, "depends")
    judge(by_hand(answer)(of_a_class(right), two_classes), True, "maps of two classes", "depends")
    accepted, rejected = (len(verdicts[verdict]) for verdict in (True, False))
    passed(f"depends: accepts {accepted} kinds of maps, rejects {rejected}")


def shares(Q: np.ndarray, K: np.ndarray) -> np.ndarray:
    """Return the mean row of P, (T,): the map of raw attention."""
    return weights(Q, K, np.ones(len(Q))).mean(axis=0)


def of_a_class(explain: Callable) -> Callable:
    """Return an explanation that says so where it is asked about a class that W does not have."""

    def explained(Q, K, V, W, target):
        if target not in range(len(W)):
            raise Mistake(
                f"depends: asked for the map of class {target}, and W has {len(W)} rows, one for "
                f"each class: the classes are 0 to {len(W) - 1}"
            )
        return explain(Q, K, V, W, target)

    return explained


def right(Q: np.ndarray, K: np.ndarray, V: np.ndarray, W: np.ndarray, target: int) -> np.ndarray:
    """Return what each token adds to the score of a class, attention held constant."""
    return shares(Q, K) * (V @ W[target])


def draw_case(rng: np.random.Generator, classes: int) -> tuple[np.ndarray, ...]:
    """Draw Q, K (T, d), V and other values (T, d), and W (classes, d).

    Of any two maps that are to differ each is the larger one somewhere, by a fifth of the scores;
    in the last token they differ as well, in none they are nearly the same, and the two values are
    not of one size.
    """
    while True:
        Q, K, V, other = rng.normal(size=(4, 5, 3))
        sizes = [(values**2).sum() for values in (V, other)]
        rows, read = rng.normal(size=(20 * classes, 3)), shares(Q, K)
        # The maps of each row of W: for V, for the other values, and for K taken for V.
        maps = [(values @ rows.T).T * read for values in (V, other, K)]
        chosen: list[int] = []
        for row, (one, *others) in enumerate(zip(*maps, strict=True)):
            rivals = [*others, *maps[0][chosen]]
            if len(chosen) < classes and all(apart(one, two) for two in rivals):
                chosen.append(row)
        if len(chosen) == classes and max(sizes) > 1.3 * min(sizes):
            return Q, K, V, other, rows[chosen]


def apart(one: np.ndarray, two: np.ndarray) -> bool:
    """Return whether each of two maps is the larger one somewhere, as `draw_case` has it."""
    gaps = (one - two) / max(abs(one).max(), abs(two).max())
    last_differs = abs(gaps[-1]) > 0.02
    return bool(
        gaps.max() > 0.2 and gaps.min() < -0.2 and last_differs and (abs(gaps) > 0.002).all()
    )
