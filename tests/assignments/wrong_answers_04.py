"""Every known wrong answer to assignment 04.

grade_id of the answer -> the mistake -> the wrong answer, the graded cells that lose their points,
and a part of the first message that the learner sees.
"""

from functools import partial

from tests.assignments.scoring import WrongAnswer, planted, wrong
from xaikit.course.checks import shap

SWITCHED_OFF = "this exercise asks you to write it yourself"
FIT = {"kernel_fit-check", "kernel_fit-example"}
CONDITIONAL = {"conditional_payoff-check", "conditional_payoff-example"}

kernel = partial(wrong, shap.KERNEL, {"kernel-check"})
kernel_fit = partial(wrong, shap.KERNEL_FIT, FIT)
marginal_payoff = partial(wrong, shap.MARGINAL_PAYOFF, {"marginal_payoff-check"})
conditional_payoff = partial(wrong, shap.CONDITIONAL_PAYOFF, CONDITIONAL)
smudged_bar = partial(wrong, shap.SMUDGED_BAR, {"smudged_bar-check"})


def hidden_by_the_example(answer, check, *beginnings):
    """Return the mistakes that the example does not show: they lose only the check's points."""
    return {words: {check} for words in answer.mistakes if words.startswith(beginnings)}


def big_weight(size):
    """Return a wrong answer that fits the two ends as points with a large weight."""
    source = f"""\
def kernel_fit(z, v, weights, base, top):
    M = z.shape[1]
    Z = np.vstack([np.zeros(M), z, np.ones(M)])
    X = np.column_stack([np.ones(len(Z)), Z])
    y = np.array([base, *v, top])
    w = np.sqrt(np.array([{size}, *weights, {size}]))
    return np.linalg.lstsq(X * w[:, None], y * w, rcond=None)[0][1:]
"""
    return kernel_fit("a very large weight for the two ends is no constraint", source)


def is_true_to_model(message, *, efficient=None, dummy=None, end="bool(efficient and dummy)"):
    """Return a wrong answer: the right one with other parts."""
    source = f"""\
def is_true_to_model(explain, model, rows, unused):
    base, values = explain(model, rows)
    outputs = model(rows)
    tolerance = 1e-8 * max(1.0, np.abs(outputs).max())
    gaps = base + values.sum(axis=1) - outputs
    efficient = {efficient or "np.abs(gaps).max() <= tolerance"}
    dummy = {dummy or "np.abs(values[:, unused]).max() <= tolerance"}
    return {end}
"""
    return WrongAnswer(source, {"is_true_to_model-check"}, message)


WRONG_ANSWERS = {
    "kernel": planted(shap.KERNEL, {"kernel-check"})
    | {
        "Shapley's weight of a contribution, spelled here": kernel(
            "the weight of a marginal contribution",
            """\
from math import factorial

def kernel(players, size):
    return factorial(size) * factorial(players - size - 1) / factorial(players)
""",
        ),
        "the example by heart": kernel("kernel (M = 12", weight="0.25 if size == 1 else 0.125"),
        "no return": kernel("kernel returned nothing", weight="None"),
        "a list": kernel(
            "kernel returned an array of shape",
            weight="[1 / (comb(players, s) * s * (players - s)) for s in range(1, players)]",
        ),
        "xaikit's kernel": kernel(
            SWITCHED_OFF,
            "from xaikit.methods.kernel_shap import shapley_kernel\n"
            + shap.KERNEL.source(weight="shapley_kernel(players, size)"),
        ),
    },
    "kernel_fit": planted(
        shap.KERNEL_FIT,
        FIT,
        # By symmetry the gap is right for all coalitions: only the check has a subset of them.
        hidden_by_the_example(
            shap.KERNEL_FIT,
            "kernel_fit-check",
            "v(∅) is not subtracted",
            "the gap was shared equally",
        ),
    )
    | {
        "a weight of a million for the ends": big_weight("1e6"),
        "a weight of a million times the largest": big_weight("1e6 * weights.max()"),
        "no weights, spelled here": kernel_fit(
            "the weights are not used",
            """\
def kernel_fit(z, v, weights, base, top):
    last, rest = z[:, -1], z[:, :-1]
    phi = np.linalg.pinv(rest - last[:, None]) @ (v - base - (top - base) * last)
    return np.array([*phi, top - base - sum(phi)])
""",
        ),
        "weights in a row": kernel_fit("weighs the rows of z", A="z.T @ (weights * z)"),
        "the multiplier returned": kernel_fit(
            "one number too many", values="np.linalg.solve(system, np.append(b, total))"
        ),
        "the last value eliminated and lost": kernel_fit(
            "one number too few", values="np.linalg.solve(system, np.append(b, total))[:-2]"
        ),
        "no return": kernel_fit("kernel_fit returned nothing", values="None"),
        "its inputs changed": kernel_fit(
            "kernel_fit changed one of its inputs", b="z.T @ (weights * v.__isub__(base))"
        ),
        "the example by heart": kernel_fit(
            "Is the constraint a line of the system",
            values="np.resize([35.0, 105.0, -30.0], len(A))",
        ),
        "xaikit's fit": kernel_fit(
            SWITCHED_OFF,
            "from xaikit.core.linear_fits import sum_constrained_fit\n"
            + shap.KERNEL_FIT.source(
                values="sum_constrained_fit(z, (v - base)[:, None], weights, np.array([total]))"
            ),
        ),
        "xaikit's KernelSHAP": kernel_fit(
            SWITCHED_OFF,
            values="xk.kernel_shap(xk.Game(len(A), lambda m: m @ np.ones(len(A)))).values",
        ),
    },
    "marginal_payoff": planted(shap.MARGINAL_PAYOFF, {"marginal_payoff-check"})
    | {
        "the model of the mean, spelled here": marginal_payoff(
            "E[f(X)] is not f(E[X])",
            """\
def marginal_payoff(model, x, background, present):
    row = background.mean(axis=0)
    row[present] = x[present]
    return model(np.array([row])).item()
""",
        ),
        "one background row, drawn": marginal_payoff(
            "this is the output for one background row",
            payoff="model(rows)[len(rows) // 2]",
        ),
        "every output": marginal_payoff("The payoff is their mean", payoff="model(rows)"),
        "a single row": marginal_payoff(
            "the model reads rows, (n, d)", payoff="model(rows.mean(axis=0))"
        ),
        "its inputs changed": marginal_payoff(
            "marginal_payoff changed one of its inputs",
            rows="background; rows[:, present] = x[present]",
        ),
        "the example by heart": marginal_payoff("marginal_payoff: got", payoff="4.0"),
        "no return": marginal_payoff("marginal_payoff returned nothing", payoff="None"),
        "xaikit's game": marginal_payoff(
            SWITCHED_OFF, payoff="xk.marginal_game(model, x, background)(present[None])[0]"
        ),
        "xaikit's baseline game": marginal_payoff(
            SWITCHED_OFF,
            payoff="np.mean([xk.baseline_game(model, x, b)(present[None])[0] for b in background])",
        ),
    },
    "conditional_payoff": planted(
        shap.CONDITIONAL_PAYOFF,
        CONDITIONAL,
        # The example has two features, means of 0 and variances of 1.
        hidden_by_the_example(
            shap.CONDITIONAL_PAYOFF,
            "conditional_payoff-check",
            "the payoff is the expected output itself",
            "you divided by",
            "you multiplied by Σ_SS",
            "Σ_SS⁻¹ is missing",
            "you used correlations",
            "subtract μ_S from x_S",
            "both means are missing",
            "μ_U is missing",
        ),
    )
    | {
        "the present alone, spelled here": conditional_payoff(
            "absent features count as 0",
            """\
def conditional_payoff(w, x, mean, cov, present):
    return sum(weight * value for weight, value, there in zip(w, x, present) if there)
""",
        ),
        "entries in pairs": conditional_payoff(
            "cov[absent, present] is no block", slopes="np.linalg.inv(cov[present, present])"
        ),
        "marks in pairs": conditional_payoff(
            "cov[absent, present] is no block", slopes="cov[absent, present]"
        ),
        "the block the other way round": conditional_payoff(
            "cov[absent, present] is no block",
            slopes="np.linalg.inv(among) @ cov[np.ix_(absent, present)]",
        ),
        "a product for each feature": conditional_payoff(
            "a number for every feature", payoff="w * row"
        ),
        "no return": conditional_payoff("conditional_payoff returned nothing", payoff="None"),
        "its inputs changed": conditional_payoff(
            "conditional_payoff changed one of its inputs",
            payoff="w @ row + 0 * x.fill(0) if x.fill(0) else w @ row",
        ),
        "the example by heart": conditional_payoff("conditional_payoff: got", payoff="8.0"),
        "xaikit's game": conditional_payoff(
            SWITCHED_OFF,
            payoff="""xk.conditional_game(
        lambda rows: rows @ w, x, np.random.default_rng(0).multivariate_normal(mean, cov, 9999)
    )(present[None])[0]""",
        ),
    },
    "smudged_bar": planted(shap.SMUDGED_BAR, {"smudged_bar-check"})
    | {
        "sizes, spelled here": smudged_bar(
            "bars keep their signs",
            """\
def smudged_bar(base, output, bars):
    reached = base
    for bar in bars:
        reached += abs(bar)
    return output - reached
""",
        ),
        "the mean of the others": smudged_bar("smudged_bar: got", bar="bars.mean()"),
        "every bar": smudged_bar(
            "smudged_bar returned an array of shape", bar="output - base - bars"
        ),
        "the example by heart": smudged_bar("smudged_bar: got", bar="-0.5"),
        "its inputs changed": smudged_bar(
            "smudged_bar changed one of its inputs", bar="bars.fill(0) or output - base"
        ),
        "no return": smudged_bar("smudged_bar returned nothing", bar="None"),
    },
    "is_true_to_model": {
        "always True": is_true_to_model("by far: compare the base + the sum", end="True"),
        "always False": is_true_to_model("your test rejected an explanation", end="False"),
        "equal to the last digit": is_true_to_model(
            "Is there a tolerance", efficient="(gaps == 0).all()"
        ),
        "efficiency alone": is_true_to_model("a conditional explanation", dummy="True"),
        "the dummy alone": is_true_to_model("by far: compare the base + the sum", efficient="True"),
        "one of both": is_true_to_model("ask for both properties", end="bool(efficient or dummy)"),
        "sums over the rows": is_true_to_model(
            "of a row, axis 1",
            efficient="np.abs(base + values.sum(axis=0) - outputs).max() <= tolerance",
        ),
        "the base forgotten": is_true_to_model(
            "does the base count",
            efficient="np.abs(values.sum(axis=1) - outputs).max() <= tolerance",
        ),
        "gaps without abs": is_true_to_model("too little", efficient="gaps.max() <= tolerance"),
        "gaps without abs, the other way round": is_true_to_model(
            "too much", efficient="gaps.min() >= -tolerance"
        ),
        "the mean over rows": is_true_to_model(
            "do not let rows cancel", efficient="abs(gaps.mean()) <= tolerance"
        ),
        "the first row only": is_true_to_model(
            "in the last row only", efficient="abs(gaps[0]) <= tolerance"
        ),
        "the first and the last row": is_true_to_model(
            "an explanation whose sum is wrong in row 12 only",
            efficient="np.abs(gaps[[0, 1, -1]]).max() <= tolerance",
        ),
        "every second row": is_true_to_model(
            "an explanation whose sum is wrong in row 23 only",
            efficient="np.abs([*gaps[::2], gaps[1], gaps[-1]]).max() <= tolerance",
        ),
        "any row": is_true_to_model(
            "in the last row only", efficient="(np.abs(gaps) <= tolerance).any()"
        ),
        "two percent": is_true_to_model(
            "wrong by 0.0005", efficient="np.abs(gaps).max() <= 0.02 * np.abs(outputs).max()"
        ),
        "a thousandth of each output": is_true_to_model(
            "wrong by 0.0005", efficient="np.allclose(gaps + outputs, outputs, rtol=1e-3)"
        ),
        "a coarse tolerance": is_true_to_model(
            "wrong by 0.0005", efficient="np.abs(gaps).max() <= 0.1"
        ),
        "a very coarse tolerance": is_true_to_model(
            "wrong by 0.0005", efficient="np.abs(gaps).max() <= 1.0"
        ),
        "a coarse tolerance for credit": is_true_to_model(
            "credit of 0.0005", dummy="np.abs(values[:, unused]).max() <= 0.1"
        ),
        "rows for columns": is_true_to_model(
            "are the unused features columns", dummy="np.abs(values[unused]).max() <= tolerance"
        ),
        "credit that cancels over rows": is_true_to_model(
            "do not let rows cancel, look at the size of every value",
            dummy="np.allclose(values[:, unused].sum(axis=0), 0)",
        ),
        "the mean credit": is_true_to_model(
            "do not let rows cancel, look at the size of every value",
            dummy="np.allclose(values[:, unused].mean(axis=0), 0)",
        ),
        "credit without abs": is_true_to_model(
            "look at its size", dummy="values[:, unused].max() <= tolerance"
        ),
        "the first unused feature": is_true_to_model(
            "the last of the unused", dummy="np.abs(values[:, unused[0]]).max() <= tolerance"
        ),
        "credit in the first row": is_true_to_model(
            "credit for an unused feature in the last row only",
            dummy="np.abs(values[0, unused]).max() <= tolerance",
        ),
        "credit in the first and the last row": is_true_to_model(
            "credit for an unused feature in row 12 only",
            dummy="np.abs(values[[0, 1, -1]][:, unused]).max() <= tolerance",
        ),
        "credit that is 0 to the last digit": is_true_to_model(
            "Is there a tolerance", dummy="(values[:, unused] == 0).all()"
        ),
        "the sum over unused features": is_true_to_model(
            "do not let features cancel",
            dummy="np.abs(values[:, unused].sum(axis=1)).max() <= tolerance",
        ),
        "rows of one's own": is_true_to_model(
            "ask for explanations of the rows that you are given",
            dummy="np.abs(explain(model, rows + 1)[1][:, unused]).max() <= tolerance",
        ),
        "a verdict for each row": is_true_to_model(
            "returned ndarray, expected True or False", end="np.abs(gaps) <= tolerance"
        ),
        "the gaps": is_true_to_model(
            "returned float64, expected True or False", end="np.abs(gaps).max()"
        ),
        "no return": is_true_to_model("returned NoneType, expected True or False", end="None"),
    },
}
