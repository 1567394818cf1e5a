"""Assignment 04, answered wrongly in every known way.

grade_id of the answer -> what is wrong -> the answer, the graded cells that lose their points, and
a part of the message that the learner meets first.
"""

from tests.assignments.scoring import WrongAnswer

SWITCHED_OFF = "this exercise asks you to write it yourself"


def kernel(line, told):
    """Return a wrong answer of one line."""
    source = f"def kernel(players, size):\n    {line}\n"
    return WrongAnswer(source, {"kernel-check"}, told)


def kernel_fit(
    told,
    *,
    loses=("kernel_fit-check", "kernel_fit-example"),
    A="z.T @ (weights[:, None] * z)",
    b="z.T @ (weights * (v - base))",
    total="top - base",
    end="np.linalg.solve(system, np.append(b, total))[:-1]",
):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    source = f"""\
def kernel_fit(z, v, weights, base, top):
    A = {A}
    b = {b}
    total = {total}
    ones = np.ones((len(A), 1))
    system = np.block([[A, ones], [ones.T, np.zeros((1, 1))]])
    return {end}
"""
    return WrongAnswer(source, set(loses), told)


def big_weight(size, loses):
    """Return a wrong answer in which the two ends are points of a large weight."""
    source = f"""\
def kernel_fit(z, v, weights, base, top):
    M = z.shape[1]
    Z = np.vstack([np.zeros(M), z, np.ones(M)])
    X = np.column_stack([np.ones(len(Z)), Z])
    y = np.array([base, *v, top])
    w = np.sqrt(np.array([{size}, *weights, {size}]))
    return np.linalg.lstsq(X * w[:, None], y * w, rcond=None)[0][1:]
"""
    return WrongAnswer(source, set(loses), "a very large weight for the two ends is no constraint")


def marginal_payoff(line, told):
    """Return a wrong answer of one line that may use the mixed `rows`."""
    source = f"""\
def marginal_payoff(model, x, background, present):
    rows = np.where(present, x, background)
    {line}
"""
    return WrongAnswer(source, {"marginal_payoff-check"}, told)


def conditional_payoff(
    told,
    *,
    loses=("conditional_payoff-check", "conditional_payoff-example"),
    slopes="np.linalg.solve(cov[np.ix_(present, present)], cov[np.ix_(present, absent)])",
    filled="mean[absent] + (x - mean)[present] @ slopes",
    end="w @ row",
):
    """Return a wrong answer that differs from the right one in the parts that are given."""
    source = f"""\
def conditional_payoff(w, x, mean, cov, present):
    absent = ~present
    slopes = {slopes}
    row = x.copy()
    row[absent] = {filled}
    return {end}
"""
    return WrongAnswer(source, set(loses), told)


def smudged_bar(line, told):
    """Return a wrong answer of one line."""
    source = f"def smudged_bar(base, output, bars):\n    {line}\n"
    return WrongAnswer(source, {"smudged_bar-check"}, told)


def is_true_to_model(told, *, efficient=None, dummy=None, end="bool(efficient and dummy)"):
    """Return a wrong answer that differs from the right one in the parts that are given."""
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
    return WrongAnswer(source, {"is_true_to_model-check"}, told)


WRONG_ANSWERS = {
    "kernel": {
        "without C(M, s)": kernel(
            "return (players - 1) / (size * (players - size))", "C(M, s) is missing"
        ),
        "C(M, s) above the line": kernel(
            "return (players - 1) * comb(players, size) / (size * (players - size))",
            "C(M, s) belongs below the line",
        ),
        "without s (M − s)": kernel(
            "return (players - 1) / comb(players, size)", "s (M − s) is missing"
        ),
        "s alone": kernel(
            "return (players - 1) / (comb(players, size) * size)", "s (M − s), not s alone"
        ),
        "M − s alone": kernel(
            "return (players - 1) / (comb(players, size) * (players - size))", "not M − s alone"
        ),
        "brackets forgotten": kernel(
            "return (players - 1) / comb(players, size) * size * (players - size)", "kernel (M = 12"
        ),
        "without M − 1": kernel(
            "return 1 / (comb(players, size) * size * (players - size))",
            "the factor M − 1 is missing",
        ),
        "M in place of M − 1": kernel(
            "return players / (comb(players, size) * size * (players - size))",
            "above the line stands M − 1, not M",
        ),
        "Shapley's weight of a contribution": kernel(
            "return 1 / (players * comb(players - 1, size))",
            "the weight of a marginal contribution",
        ),
        "LIME's weight": kernel("return size / players", "this is LIME's weight"),
        "upside down": kernel(
            "return comb(players, size) * size * (players - size) / (players - 1)",
            "the kernel upside down",
        ),
        "whole division": kernel(
            "return (players - 1) // (comb(players, size) * size * (players - size))",
            "// rounds down to a whole number",
        ),
        "M − 1 in the binomial": kernel(
            "return (players - 1) / (comb(players - 1, size) * size * (players - size))",
            "M stands in it, not M − 1",
        ),
        "the example by heart": kernel("return 0.25 if size == 1 else 0.125", "kernel (M = 12"),
        "no return": kernel("comb(players, size)", "kernel returned nothing"),
        "a list": kernel(
            "return [1 / (comb(players, s) * s * (players - s)) for s in range(1, players)]",
            "kernel returned an array of shape",
        ),
        "xaikit's kernel": kernel(
            "from xaikit.methods.kernel_shap import shapley_kernel as k; return k(players, size)",
            SWITCHED_OFF,
        ),
    },
    "kernel_fit": {
        "a weight of a million for the ends": big_weight(
            "1e6", ["kernel_fit-check", "kernel_fit-example"]
        ),
        "a weight of a million times the largest": big_weight(
            "1e6 * weights.max()", ["kernel_fit-check", "kernel_fit-example"]
        ),
        "v(∅) not subtracted from the payoffs": kernel_fit(
            "v(∅) is not subtracted from the payoffs",
            loses=["kernel_fit-check"],
            b="z.T @ (weights * v)",
        ),
        "v(N) in place of v(N) − v(∅)": kernel_fit("not v(N)", total="top"),
        "v(∅) forgotten": kernel_fit(
            "v(∅) is forgotten everywhere", b="z.T @ (weights * v)", total="top"
        ),
        "no weights": kernel_fit("the weights are not used", A="z.T @ z", b="z.T @ (v - base)"),
        "squared weights": kernel_fit(
            "the weights are squared",
            A="z.T @ (weights[:, None] ** 2 * z)",
            b="z.T @ (weights**2 * (v - base))",
        ),
        "roots of the weights": kernel_fit(
            "the weights stand under a root",
            A="z.T @ (np.sqrt(weights)[:, None] * z)",
            b="z.T @ (np.sqrt(weights) * (v - base))",
        ),
        "weights in b only": kernel_fit("the weights stand in b alone", A="z.T @ z"),
        "weights in A only": kernel_fit("the weights stand in A alone", b="z.T @ (v - base)"),
        "no constraint": kernel_fit("the constraint is missing", end="np.linalg.solve(A, b)"),
        "an intercept in place of the constraint": kernel_fit(
            "the constraint is missing",
            end="""np.linalg.lstsq(
        np.column_stack([np.ones(len(z)), z]) * np.sqrt(weights)[:, None],
        v * np.sqrt(weights), rcond=None)[0][1:]""",
        ),
        # Right for all coalitions, by symmetry: only the check has some of them.
        "the gap shared afterwards": kernel_fit(
            "the gap was shared equally",
            loses=["kernel_fit-check"],
            end="np.linalg.solve(A, b) + (total - np.linalg.solve(A, b).sum()) / len(A)",
        ),
        "stretched afterwards": kernel_fit(
            "the values were stretched",
            end="np.linalg.solve(A, b) * total / np.linalg.solve(A, b).sum()",
        ),
        "the wrong sign of the total": kernel_fit("not its opposite", total="base - top"),
        "the multiplier returned": kernel_fit(
            "one number too many", end="np.linalg.solve(system, np.append(b, total))"
        ),
        "the last value eliminated and lost": kernel_fit(
            "one number too few", end="np.linalg.solve(system, np.append(b, total))[:-2]"
        ),
        "no return": kernel_fit("kernel_fit returned nothing", end="None"),
        "its inputs changed": kernel_fit(
            "kernel_fit changed one of its inputs", b="z.T @ (weights * v.__isub__(base))"
        ),
        "the example by heart": kernel_fit(
            "kernel_fit: the values add up to",
            loses=["kernel_fit-check", "kernel_fit-example"],
            end="np.resize([35.0, 105.0, -30.0], len(A))",
        ),
        "xaikit's fit": kernel_fit(
            SWITCHED_OFF,
            end="""__import__("xaikit.core.linear_fits", fromlist="x").sum_constrained_fit(
        z, (v - base)[:, None], weights, np.array([total]))[0][:, 0]""",
        ),
        "xaikit's KernelSHAP": kernel_fit(
            SWITCHED_OFF,
            end="xk.kernel_shap(xk.Game(len(A), lambda m: m @ np.ones(len(A)))).values",
        ),
    },
    "marginal_payoff": {
        "the model of the mean": marginal_payoff(
            "return model(rows.mean(axis=0)[None])[0]", "E[f(X)] is not f(E[X])"
        ),
        "zeros for the absent": marginal_payoff(
            "return model((x * present)[None])[0]", "absent features are 0 in your rows"
        ),
        "one background row": marginal_payoff(
            "return model(rows[:1])[0]", "the first background row only"
        ),
        "medians": marginal_payoff(
            "return model(np.median(rows, axis=0)[None])[0]", "absent features are medians"
        ),
        "exchanged": marginal_payoff(
            "return model(np.where(present, background, x)).mean()",
            "present and absent are exchanged",
        ),
        "the sum": marginal_payoff("return model(rows).sum()", "the outputs are summed"),
        "the base subtracted": marginal_payoff(
            "return model(rows).mean() - model(background).mean()", "nothing is subtracted"
        ),
        "the median of the outputs": marginal_payoff(
            "return np.median(model(rows))", "this is the median of the outputs"
        ),
        "every output": marginal_payoff("return model(rows)", "The payoff is their mean"),
        "nobody absent": marginal_payoff("return model(x[None])[0]", "this is f(x)"),
        "nobody present": marginal_payoff(
            "return model(background).mean()", "this is the mean over the background"
        ),
        "a single row": marginal_payoff(
            "return model(rows.mean(axis=0))", "the model reads rows, (n, d)"
        ),
        "its inputs changed": marginal_payoff(
            "background[:, present] = x[present]; return model(background).mean()",
            "marginal_payoff changed one of its inputs",
        ),
        "the example by heart": marginal_payoff("return 4.0", "marginal_payoff: got"),
        "no return": marginal_payoff("model(rows).mean()", "marginal_payoff returned nothing"),
        "xaikit's game": marginal_payoff(
            "return xk.marginal_game(model, x, background)(present[None])[0]", SWITCHED_OFF
        ),
        "xaikit's baseline game": marginal_payoff(
            "return np.mean([xk.baseline_game(model, x, b)(present[None])[0] for b in background])",
            SWITCHED_OFF,
        ),
    },
    "conditional_payoff": {
        "the wrong sign": conditional_payoff(
            "the sign is wrong", filled="mean[absent] - (x - mean)[present] @ slopes"
        ),
        # Where variances are 1 the example cannot tell a covariance from a slope.
        "a covariance in place of a slope": conditional_payoff(
            "Σ_SS⁻¹ is missing",
            loses=["conditional_payoff-check"],
            slopes="cov[np.ix_(present, absent)]",
        ),
        "the regression of the wrong direction": conditional_payoff(
            "the regression of the present on the absent",
            loses=["conditional_payoff-check"],
            slopes="np.linalg.solve(cov[np.ix_(absent, absent)], cov[np.ix_(absent, present)]).T",
        ),
        "variances alone": conditional_payoff(
            "use all of Σ_SS",
            loses=["conditional_payoff-check"],
            slopes="cov[np.ix_(present, absent)] / np.diag(cov)[present][:, None]",
        ),
        "correlations": conditional_payoff(
            "you used correlations",
            loses=["conditional_payoff-check"],
            slopes="""np.linalg.solve(
        (R := cov / np.sqrt(np.outer(np.diag(cov), np.diag(cov))))[np.ix_(present, present)],
        R[np.ix_(present, absent)])""",
        ),
        "μ_S not subtracted": conditional_payoff(
            "subtract μ_S from x_S",
            loses=["conditional_payoff-check"],
            filled="mean[absent] + x[present] @ slopes",
        ),
        "μ_U left out": conditional_payoff(
            "μ_U is missing",
            loses=["conditional_payoff-check"],
            filled="(x - mean)[present] @ slopes",
        ),
        "the marginal payoff": conditional_payoff(
            "this is the marginal payoff", filled="mean[absent]"
        ),
        "the absent alone": conditional_payoff(
            "only the absent features are in your sum", end="w[absent] @ row[absent]"
        ),
        "the base subtracted": conditional_payoff(
            "the base wᵀμ is not subtracted",
            loses=["conditional_payoff-check"],
            end="w @ row - w @ mean",
        ),
        "the absent at zero": conditional_payoff(
            "absent features count as 0", filled="0.0", end="w @ row"
        ),
        "the present alone": conditional_payoff(
            "absent features count as 0", end="w[present] @ row[present]"
        ),
        "present and absent exchanged": conditional_payoff(
            "present and absent are exchanged",
            slopes="(present := ~present) * 0 + (absent := ~absent) * 0",
            filled="mean[absent] + np.linalg.solve(cov[np.ix_(present, present)], "
            "cov[np.ix_(present, absent)]).T @ (x - mean)[present]",
        ),
        # A matrix of one entry, as in the example, has this inverse.
        "one over every entry": conditional_payoff(
            "you divided by every entry of Σ_SS",
            loses=["conditional_payoff-check"],
            slopes="(1 / cov[np.ix_(present, present)]) @ cov[np.ix_(present, absent)]",
        ),
        # The example's variances are 1.
        "multiplied in place of divided": conditional_payoff(
            "you multiplied by Σ_SS",
            loses=["conditional_payoff-check"],
            slopes="cov[np.ix_(present, present)] @ cov[np.ix_(present, absent)]",
        ),
        "a product for each feature": conditional_payoff(
            "a number for every feature", end="w * row"
        ),
        "no return": conditional_payoff("conditional_payoff returned nothing", end="None"),
        "its inputs changed": conditional_payoff(
            "conditional_payoff changed one of its inputs",
            end="w @ row + 0 * x.fill(0) if x.fill(0) else w @ row",
        ),
        "the example by heart": conditional_payoff("conditional_payoff: got", end="8.0"),
        "xaikit's game": conditional_payoff(
            SWITCHED_OFF,
            end="""xk.conditional_game(
        lambda rows: rows @ w, x, np.random.default_rng(0).multivariate_normal(mean, cov, 9999)
    )(present[None])[0]""",
        ),
    },
    "smudged_bar": {
        "the base forgotten": smudged_bar("return output - bars.sum()", "the base is forgotten"),
        "the sign": smudged_bar("return base + bars.sum() - output", "the sign is wrong"),
        "the whole way": smudged_bar("return output - base", "the whole way from base to output"),
        "where the bars end": smudged_bar(
            "return base + bars.sum()", "where the readable bars end"
        ),
        "sizes": smudged_bar("return output - base - np.abs(bars).sum()", "bars keep their signs"),
        "the base twice": smudged_bar(
            "return output - 2 * base - bars.sum()", "the base is counted twice"
        ),
        "the base added": smudged_bar(
            "return output + base - bars.sum()", "the base is subtracted, not added"
        ),
        "the mean of the bars": smudged_bar(
            "return output - base - bars.mean()", "take their sum, not their mean"
        ),
        "the mean of the others": smudged_bar("return bars.mean()", "smudged_bar: got"),
        "every bar": smudged_bar(
            "return output - base - bars", "smudged_bar returned an array of shape"
        ),
        "the example by heart": smudged_bar("return -0.5", "smudged_bar: got"),
        "its inputs changed": smudged_bar(
            "bars[0] += base; return output - bars.sum()", "smudged_bar changed one of its inputs"
        ),
        "no return": smudged_bar("output - base - bars.sum()", "smudged_bar returned nothing"),
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
        "any row": is_true_to_model(
            "in the last row only", efficient="(np.abs(gaps) <= tolerance).any()"
        ),
        "two percent": is_true_to_model(
            "wrong by 0.004", efficient="np.abs(gaps).max() <= 0.02 * np.abs(outputs).max()"
        ),
        "a thousandth of each output": is_true_to_model(
            "wrong by 0.004", efficient="np.allclose(gaps + outputs, outputs, rtol=1e-3)"
        ),
        "a coarse tolerance": is_true_to_model(
            "wrong by 0.004", efficient="np.abs(gaps).max() <= 0.1"
        ),
        "a very coarse tolerance": is_true_to_model(
            "wrong by 0.004", efficient="np.abs(gaps).max() <= 1.0"
        ),
        "a coarse tolerance for credit": is_true_to_model(
            "credit of 0.004", dummy="np.abs(values[:, unused]).max() <= 0.1"
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
