"""Every known wrong answer to assignment 10.

grade_id of the answer -> the mistake -> the wrong answer, the graded cells that lose their points,
and a part of the first message that the learner sees.
"""

from functools import partial

from tests.assignments.scoring import WrongAnswer, planted, wrong
from xaikit.course.checks import transformers

SWITCHED_OFF = "this exercise asks you to write it yourself"
HELD, HALVES = "through_head-held", "through_head-check"

attend = partial(wrong, transformers.ATTEND, {"attend-check"})
attend_back = partial(wrong, transformers.ATTEND_BACK, {"attend_back-check"})
softmax_rule = partial(wrong, transformers.SOFTMAX_RULE, {"softmax_rule-check"})
through_head = partial(wrong, transformers.THROUGH_HEAD, {HELD, HALVES})
rollout = partial(wrong, transformers.ROLLOUT, {"rollout-check"})


def depends(lines, message, asked="range(len(W))"):
    """Return a wrong answer that may use `maps`, those of `other`, and pairs of all that differ."""
    source = f"""\
def depends(explain, cases):
    maps = np.array([[explain(Q, K, V, W, c) for c in {asked}] for Q, K, V, _, W in cases])
    others = np.array(
        [[explain(Q, K, other, W, c) for c in {asked}] for Q, K, _, other, W in cases]
    )
    classes = range(maps.shape[1])
    pairs = [(maps[:, i], maps[:, j]) for i in classes for j in range(i)]
    pairs += [(maps[:, i], others[:, i]) for i in classes]
    ones, twos = np.array(pairs).swapaxes(0, 1)
    sizes = np.maximum(abs(ones).max(axis=-1), abs(twos).max(axis=-1))
    gaps = abs(ones - twos).max(axis=-1)
    {lines}
"""
    return WrongAnswer(source, {"depends-check"}, message)


# An Attention whose Q, K and V are those given, for the inputs [Q K V].
LAYER = (
    "(lambda d, v: xk.Attention(*[xk.Dense(np.eye(2 * d + v)[a:b], np.zeros(b - a)) "
    "for a, b in [(0, d), (d, 2 * d), (2 * d, 2 * d + v)]], "
    "xk.Dense(np.eye(v), np.zeros(v))))(Q.shape[1], V.shape[1])"
)
INPUTS = "np.hstack([Q, K, V])[None]"

WRONG_ANSWERS = {
    "attend": planted(transformers.ATTEND, {"attend-check"})
    | {
        "no √d, spelled here": attend(
            "the scores are divided by √d",
            "def attend(Q, K, V, present):\n"
            "    e = np.exp(np.einsum('ic,jc->ij', Q, K)) * present\n"
            "    return (e / e.sum(1)[:, None]) @ V\n",
        ),
        "rows masked with −∞": attend(
            "Are rows masked", masked="np.where(present[:, None] > 0, S, -np.inf)"
        ),
        "down a column": attend("down a column", P="e / e.sum(axis=0)"),
        "minus infinity times 0": attend("multiplied by 0", masked="S - np.inf * (1 - present)"),
        "the weights": attend("these are shares or scores", end="P"),
        "the scores": attend("these are shares or scores", end="Q @ K.T"),
        "one row for the text": attend(
            "each token has a row of its own", end="(P @ V).mean(axis=0)"
        ),
        "K not transposed": attend("shapes do not fit", S="Q @ K / np.sqrt(Q.shape[1])"),
        "no return": attend(
            "attend returned nothing", "def attend(Q, K, V, present):\n    Q @ K.T @ V\n"
        ),
        "its inputs changed": attend(
            "attend changed one of its inputs",
            "def attend(Q, K, V, present):\n"
            "    Q /= np.sqrt(Q.shape[1])\n"
            "    e = np.exp(Q @ K.T) * present\n"
            "    return e / e.sum(axis=1, keepdims=True) @ V\n",
        ),
        "the example by heart": attend("attend", end="np.array([[7.0], [6.0]])"),
        "xaikit's attention": attend(SWITCHED_OFF, end=f"{LAYER}.forward({INPUTS})[0]"),
        "xaikit's softmax": attend(
            SWITCHED_OFF,
            "def attend(Q, K, V, present):\n"
            "    from xaikit.networks.losses import softmax\n"
            "    S = np.where(present > 0, Q @ K.T / np.sqrt(Q.shape[1]), -np.inf)\n"
            "    return softmax(S) @ V\n",
        ),
    },
    "attend_back": planted(transformers.ATTEND_BACK, {"attend_back-check"})
    | {
        "the sum missing, spelled here": attend_back(
            "the sum is missing",
            "def attend_back(Q, K, V, P, dO):\n"
            "    dS = np.einsum('ij,ic,jc->ij', P, dO, V) / Q.shape[1] ** 0.5\n"
            "    return dS @ K, np.einsum('ij,ic->jc', dS, Q), np.einsum('ij,ic->jc', P, dO)\n",
        ),
        "in the order of the formula": attend_back("the order is", end="dV, dQ, dK"),
        "dV alone": attend_back("returns three arrays", end="dV"),
        "dQ not written": attend_back("attend_back, dQ", dQ="0 * Q"),
        "no return": attend_back(
            "attend_back returned nothing", "def attend_back(Q, K, V, P, dO):\n    P.T @ dO\n"
        ),
        "a product the wrong way round": attend_back("shapes do not fit", dK="Q @ dS / root"),
        "xaikit's backward": attend_back(
            SWITCHED_OFF,
            end=f"np.split({LAYER}.backward({INPUTS}, dO[None])[0], "
            "[Q.shape[1], 2 * Q.shape[1]], axis=1)",
        ),
    },
    "softmax_rule": planted(transformers.SOFTMAX_RULE, {"softmax_rule-check"})
    | {
        "no S, spelled here": softmax_rule(
            "S in front of the bracket is missing",
            "def softmax_rule(S, R_P):\n"
            "    P = np.exp(S) / np.exp(S).sum(1)[:, None]\n"
            "    return np.array([r - p * sum(r) for r, p in zip(R_P, P)])\n",
        ),
        "−∞ times 0": softmax_rule("−∞ · 0 is no number", scores="S"),
        "down a column": softmax_rule("along a row", P="e / e.sum(axis=0)"),
        "one row": softmax_rule("returned an array", end="R_P.sum(axis=1)"),
        "xaikit's softmax": softmax_rule(
            SWITCHED_OFF,
            "def softmax_rule(S, R_P):\n"
            "    from xaikit.networks.losses import softmax\n"
            "    scores = np.where(np.isfinite(S), S, 0.0)\n"
            "    return scores * (R_P - softmax(S) * R_P.sum(axis=1, keepdims=True))\n",
        ),
    },
    "through_head": planted(
        transformers.THROUGH_HEAD,
        {HELD, HALVES},
        {words: {HALVES} for words in transformers.OF_WEIGHTS},
    )
    | {
        "V gets half, spelled here": through_head(
            "V gets half, whatever to_weights is",
            "def through_head(Q, K, V, P, R, to_weights):\n"
            "    s = R / (P @ V)\n"
            "    R_P = to_weights * P * (s @ V.T)\n"
            "    B = (R_P - P * R_P.sum(1)[:, None]) / 2 / Q.shape[1] ** 0.5\n"
            "    return Q * (B @ K), K * (B.T @ Q), np.einsum('ij,jc,ic->jc', P, V, s) / 2\n",
        ),
        "0 / 0 at the padding": through_head(
            "Is there 0 / 0 at the padding",
            s_S="np.where(P > 0, Q @ K.T, 0) * (R_P - P * R_P.sum(axis=1, keepdims=True)) / "
            "np.where(P > 0, Q @ K.T, 0)",
        ),
        "in the order of the formula": through_head("the order is", end="R_V, R_Q, R_K"),
        "R_V alone": through_head("returns three arrays", end="R_V"),
        "no return": through_head(
            "through_head returned nothing",
            "def through_head(Q, K, V, P, R, to_weights):\n    P @ V\n",
        ),
        "xaikit's LRP": through_head(
            SWITCHED_OFF,
            end=f"xk.lrp(xk.Network([{LAYER}, xk.TokenMean()]), {INPUTS}, 0).values",
        ),
    },
    "rollout": planted(transformers.ROLLOUT, {"rollout-check"})
    | {
        "the wrong order, spelled here": rollout(
            "the wrong order",
            "def rollout(P):\n"
            "    mixes = (P.mean(axis=1) + np.eye(P.shape[-1])) / 2\n"
            "    return np.linalg.multi_dot(list(mixes))\n",
        ),
        "a table for each head": rollout(
            "take the mean over heads first",
            start="np.eye(P.shape[-1])[None]",
            mean="layer",
            mix="(mean + np.eye(P.shape[-1])) / 2",
        ),
        "a table for each layer": rollout(
            "this has a table for each layer", end="(P.mean(axis=1) + np.eye(P.shape[-1])) / 2"
        ),
        "the first token's row": rollout("return the whole table", end="M[0]"),
        "xaikit's rollout": rollout(SWITCHED_OFF, end="xk.attention_rollout(None, None)"),
    },
    "depends": {
        "no tolerance": depends("return bool((gaps > 0).all())", "with rounding errors of 1e-13"),
        "np.allclose": depends(
            "return not any(np.allclose(a, b) for x, y in pairs for a, b in zip(x, y))",
            "in units of a billionth",
        ),
        "a tolerance of a millionth": depends(
            "return bool((gaps > 1e-6).all())", "in units of a billionth"
        ),
        "a tolerance of a tenth": depends(
            "return bool((gaps > 0.1 * sizes).all())", "a tolerance is for rounding alone"
        ),
        "signed": depends(
            "return bool(((ones - twos).max(axis=-1) > 1e-6 * sizes).all())",
            "larger in every token",
        ),
        "sums": depends(
            "return bool((abs((ones - twos).sum(axis=-1)) > 1e-6 * sizes).all())",
            "of the same sum",
        ),
        "every token": depends(
            "return bool((abs(ones - twos) > 1e-6 * sizes[..., None]).all())",
            "the last token alone",
        ),
        "classes alone": depends(
            "n = len(pairs) - len(classes); return bool((gaps > 1e-6 * sizes)[:n].all())",
            "the same map for other values",
        ),
        "values alone": depends(
            "n = len(pairs) - len(classes); return bool((gaps > 1e-6 * sizes)[n:].all())",
            "attention times the size of the values",
        ),
        "neighbouring classes": depends(
            "return bool((gaps > 1e-6 * sizes)[[0, 2, 5, 6, 7, 8, 9]].all())",
            "the same for classes 0 and 2",
        ),
        "classes 0 and 1": depends(
            "return bool((gaps > 1e-6 * sizes)[[0, 6, 7, 8, 9]].all())", "compare all classes"
        ),
        "values for class 0": depends(
            "return bool((gaps > 1e-6 * sizes)[:7].all())", "other values for every class"
        ),
        **{
            f"classes by {asked}": depends("return bool((gaps > 1e-6 * sizes).all())", told, asked)
            for asked, told in {
                "range(W.shape[1])": "the same for classes 0 and 3",
                "range(Q.shape[1])": "the same for classes 0 and 3",
                "range(3)": "the same for classes 0 and 3",
                "range(4)": "the classes are 0 to 1",
                "range(1, len(W) + 1)": "asked for the map of class 4",
            }.items()
        },
        "class or values": depends(
            "return bool((gaps > 1e-6 * sizes).any())", "attention times the size of the values"
        ),
        "the first case": depends(
            "return bool((gaps > 1e-6 * sizes)[:, 0].all())", "in the last case alone"
        ),
        "the last case": depends(
            "return bool((gaps > 1e-6 * sizes)[:, -1].all())", "in the first case alone"
        ),
        "always true": depends("return True", "accepted raw attention"),
        "always false": depends("return False", "rejected attention held constant"),
        "the other way round": depends(
            "return not (gaps > 1e-6 * sizes).all()", "rejected attention held constant"
        ),
        "a number": depends("return gaps.max()", "expected True or False"),
        "no return": depends("gaps.max() > 0", "depends returned NoneType"),
    },
}
