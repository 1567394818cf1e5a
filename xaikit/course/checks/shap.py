"""Checks of assignment 04: the kernel, the constrained fit, two kinds of absence, efficiency."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import permutations
from math import comb, factorial, isclose

import numpy as np

from xaikit.core import linear_fits
from xaikit.course import checks
from xaikit.course.checks import (
    Mistake,
    asked_rows,
    close,
    compare,
    enough_digits,
    if_written,
    is_single,
    judge,
    passed,
    plain,
    shape_of,
    shapes_fit,
)
from xaikit.course.checks import last_inputs as last_inputs
from xaikit.course.checks.mistakes import Answer
from xaikit.games.conditional import conditional_game
from xaikit.games.removal import baseline_game, marginal_game
from xaikit.methods import gaussian_process, kernel_shap, shapley


def by_hand(answer: Callable) -> Callable:
    """Return the learner's function, guarded; xaikit's games and Shapley values are off inside."""
    return checks.by_hand(
        answer,
        kernel_shap.shapley_kernel,
        kernel_shap.kernel_shap,
        shapley.exact_shapley,
        shapley.permutation_shapley,
        gaussian_process.gaussian_process_shapley,
        linear_fits.sum_constrained_fit,
        linear_fits.ridge_fit,
        baseline_game,
        marginal_game,
        conditional_game,
    )


KERNEL = Answer(
    """\
def kernel(players, size):
    above = $above
    below = $below
    return $weight
""",
    dict(
        above="players - 1",
        below="comb(players, size) * size * (players - size)",
        weight="above / below",
    ),
    {
        "C(M, s) is missing: the weight of a size is shared by all coalitions of that size": dict(
            below="size * (players - size)"
        ),
        "C(M, s) belongs below the line: the more coalitions of a size, the less each weighs": dict(
            above="(players - 1) * comb(players, size)", below="size * (players - size)"
        ),
        "C(M, s) counts all coalitions of this size: M stands in it, not M − 1": dict(
            below="comb(players - 1, size) * size * (players - size)"
        ),
        "a weight is a fraction: divide by /, because // rounds down to a whole number": dict(
            weight="above // below"
        ),
        "brackets are missing: in Python a / b * c is (a / b) * c": dict(
            weight="above / comb(players, size) * size * (players - size)"
        ),
        "s (M − s) is missing: without it every size has the same weight": dict(
            below="comb(players, size)"
        ),
        "below the line stands s (M − s), not s alone": dict(below="comb(players, size) * size"),
        "below the line stands s (M − s), not M − s alone": dict(
            below="comb(players, size) * (players - size)"
        ),
        "the factor M − 1 is missing (the fit would forgive it, this check does not)": dict(
            above="1"
        ),
        "above the line stands M − 1, not M": dict(above="players"),
        "this is the weight of a marginal contribution, |S|! (M − |S| − 1)! / M!": dict(
            weight="1 / (players * comb(players - 1, size))"
        ),
        "this is LIME's weight, the fraction that is kept": dict(weight="size / players"),
        "this is the kernel upside down": dict(weight="below / above"),
    },
    names=dict(comb=comb),
)


def kernel(answer: Callable) -> None:
    """Check ``kernel(players, size)`` -> float."""
    # Few players come last: for them several mistakes give the same numbers.
    for players in [*range(12, 3, -1), 2, 3]:
        sizes = np.arange(1, players)
        given = np.array([plain(by_hand(answer)(players, int(s)), (), "kernel") for s in sizes])
        expected = np.array([_kernel(players, s) for s in sizes])
        # Relative to each weight: the tiny weights of middle sizes must be right, too.
        ratios = {words: partial(_ratios, words, expected) for words in KERNEL.mistakes}
        unit = f" (M = {players}, your number ÷ the right one)"
        compare(given / expected, np.ones(len(sizes)), ratios, "kernel", unit)
    passed("kernel: every size of coalition, from 2 to 12 players")


def _ratios(words: str, right: np.ndarray) -> np.ndarray:
    """Return a mistake's weights of all sizes, divided by the right ones."""
    players = len(right) + 1
    return np.array([KERNEL.made((players, s), words) for s in range(1, players)]) / right


def _kernel(players: int, size: int) -> float:
    """(M − 1) (s − 1)! (M − s − 1)! / M!: the kernel without a binomial."""
    return (players - 1) * factorial(size - 1) * factorial(players - size - 1) / factorial(players)


KERNEL_FIT = Answer(
    """\
def kernel_fit(z, v, weights, base, top):
    A = $A
    b = $b
    total = $total
    ones = np.ones((len(A), 1))
    system = np.block([[A, ones], [ones.T, np.zeros((1, 1))]])
    return $values
""",
    dict(
        A="z.T @ (weights[:, None] * z)",
        b="z.T @ (weights * (v - base))",
        total="top - base",
        values="np.linalg.solve(system, np.append(b, total))[:-1]",
    ),
    {
        "v(∅) is not subtracted from the payoffs": dict(b="z.T @ (weights * v)"),
        "the values share v(N) − v(∅), not v(N)": dict(total="top"),
        "v(∅) is forgotten everywhere: the values share v(N) − v(∅), and the payoffs count from "
        "v(∅)": dict(b="z.T @ (weights * v)", total="top"),
        "the weights are not used": dict(A="z.T @ z", b="z.T @ (v - base)"),
        "the weights stand in A alone: they belong into b too": dict(b="z.T @ (v - base)"),
        "the weights stand in b alone: they belong into A too": dict(A="z.T @ z"),
        "the weights are squared: weigh either z or the payoffs, or both by √π": dict(
            A="z.T @ (weights[:, None] ** 2 * z)", b="z.T @ (weights**2 * (v - base))"
        ),
        "the weights stand under a root: the squared errors are weighed by π": dict(
            A="z.T @ (np.sqrt(weights)[:, None] * z)", b="z.T @ (np.sqrt(weights) * (v - base))"
        ),
        "the constraint is missing": dict(values="np.linalg.solve(A, b)"),
        "the constraint is missing, and φ₀ is v(∅), not fitted": dict(
            values="np.linalg.lstsq(np.column_stack([np.ones(len(z)), z]) * "
            "np.sqrt(weights)[:, None], v * np.sqrt(weights), rcond=None)[0][1:]"
        ),
        "the gap was shared equally after a fit without constraint: it must stand in the system "
        "that is solved": dict(
            values="(free := np.linalg.solve(A, b)) + (total - free.sum()) / len(free)"
        ),
        "the values were stretched to the right sum after a fit without constraint: it must stand "
        "in the system that is solved": dict(
            values="(free := np.linalg.solve(A, b)) * total / free.sum()"
        ),
        "the first value is cut off and λ is kept: λ is the last unknown, so take [:-1]": dict(
            values="np.linalg.solve(system, np.append(b, total))[1:]"
        ),
        "the multiplier stands with the wrong total: the last line says Σφ = v(N) − v(∅), not "
        "its opposite": dict(total="base - top"),
    },
)


NEARLY = (
    "The constraint must hold exactly: a very large weight for the two ends is no constraint, and "
    "the weights may be of any size themselves"
)
FAR_OFF = (
    "Is the constraint a line of the system that you solve, and are all M values returned, "
    "without λ?"
)


def constrained_fit(answer: Callable, rounds: int = 10) -> None:
    """Check ``kernel_fit(z, v, weights, base, top)`` -> (M,)."""
    rng = np.random.default_rng()
    for z, v, weights, base, top, truth in _fits(rng, rounds):
        hint = "z is (n, M), v and weights are (n,): weights[:, None] * z weighs the rows of z"
        with shapes_fit("kernel_fit", hint):
            given = by_hand(answer)(z, v, weights, base, top)
        shape = shape_of(given)
        players = z.shape[1]
        if shape == (players + 1,):
            raise Mistake(
                "kernel_fit: one number too many. The multiplier λ, or the intercept, is no "
                "player's value: return the M values alone"
            )
        if shape == (players - 1,):
            raise Mistake(
                "kernel_fit: one number too few. Where a value was eliminated, it is the total "
                "minus the others"
            )
        # Half of the digits of the numbers that it is made of.
        room = 1e-5 if is_single(given) else 1e-9
        given = plain(given, (players,), "kernel_fit")
        expected = _eliminated(z, v - base, weights, top - base)
        if truth is not None:
            # A check of the reference: for all coalitions it is the mean over all orders.
            assert close(expected, truth, 1e-8)
        if close(given, expected, room):
            continue
        wrong = KERNEL_FIT.mistaken(z, v, weights, base, top)
        fitting = any(close(given, made()) for made in wrong.values())
        total = top - base
        if not fitting and not isclose(given.sum(), total, rel_tol=1e-9, abs_tol=1e-9):
            found, right = enough_digits(float(given.sum()), total)
            is_near = abs(given.sum() - total) < 0.1 * np.abs(v - base).max()
            raise Mistake(
                f"kernel_fit: {if_written(given)}the values add up to {found}, v(N) − v(∅) is "
                f"{right}. " + (NEARLY if is_near else FAR_OFF)
            )
        compare(given, expected, wrong, "kernel_fit")
        raise Mistake(
            "kernel_fit: right to a few digits only. Solve the linear system with the constraint "
            "in it, once, by np.linalg.solve: np.linalg.lstsq drops what is small beside large "
            "weights, unless you divide these by their sum first"
        )
    passed(f"kernel_fit: {rounds} games with all coalitions, {rounds} fits to some of them")


def _fits(rng: np.random.Generator, rounds: int) -> Iterator[tuple]:
    """Draw games: all coalitions with the kernel's weights, or a subset with random weights."""
    for number in range(2 * rounds):
        players = int(rng.integers(4, 7))
        table = (np.arange(2**players)[:, None] >> np.arange(players)) & 1
        payoffs = rng.normal(size=2**players) * 5 + 10
        base, top = float(payoffs[0]), float(payoffs[-1])
        z, v = table[1:-1].astype(float), payoffs[1:-1]
        # Near 1 at first: there a large weight for the two ends nearly fits, and is recognised.
        scale = 1.0 if number < 2 else 10.0 ** rng.integers(0, 7)
        if number % 2:
            weights = np.array([_kernel(players, int(s)) for s in z.sum(axis=1)])
            yield z, v, scale * weights, base, top, _over_orders(payoffs, players)
        else:
            # All coalitions of one player are drawn, so that the values are determined.
            alone = np.flatnonzero(z.sum(axis=1) == 1)
            others = rng.permutation(np.flatnonzero(z.sum(axis=1) > 1))[:players]
            subset = np.concatenate([alone, others])
            weights = rng.uniform(0.2, 2.0, size=len(subset))
            yield z[subset], v[subset], scale * weights, base, top, None


def _over_orders(payoffs: np.ndarray, players: int) -> np.ndarray:
    values = np.zeros(players)
    for order in permutations(range(players)):
        coalition = 0
        for player in order:
            values[player] += payoffs[coalition | 1 << player] - payoffs[coalition]
            coalition |= 1 << player
    return values / factorial(players)


def _eliminated(z: np.ndarray, v: np.ndarray, weights: np.ndarray, total: float) -> np.ndarray:
    """Fit with the last value replaced by total − the others, by least squares."""
    root = np.sqrt(weights / weights.max())
    others = (z[:, :-1] - z[:, -1:]) * root[:, None]
    values = np.linalg.lstsq(others, (v - total * z[:, -1]) * root, rcond=None)[0]
    return np.append(values, total - values.sum())


MARGINAL_PAYOFF = Answer(
    """\
def marginal_payoff(model, x, background, present):
    rows = $rows
    return $payoff
""",
    dict(rows="np.where(present, x, background)", payoff="model(rows).mean()"),
    {
        "the payoff is the mean output itself: nothing is subtracted, and nobody present is "
        "worth the base": dict(payoff="model(rows).mean() - model(background).mean()"),
        "this is the median of the outputs: the payoff is their mean": dict(
            payoff="np.median(model(rows))"
        ),
        "you put the mean of the background into the model: E[f(X)] is not f(E[X]). Run the "
        "model on every mixed row, then average": dict(payoff="model(rows.mean(axis=0)[None])[0]"),
        "absent features are 0 in your rows: take them from the background": dict(
            rows="(x * present)[None]"
        ),
        "absent features come from the first background row only": dict(
            payoff="model(rows[:1])[0]"
        ),
        "absent features are medians: run the model on every background row": dict(
            payoff="model(np.median(rows, axis=0)[None])[0]"
        ),
        "present and absent are exchanged: present features are those of x": dict(
            rows="np.where(present, background, x)"
        ),
        "the outputs are summed: divide by the number of background rows": dict(
            payoff="model(rows).sum()"
        ),
        "this is f(x): absent features must come from the background": dict(rows="x[None]"),
        "this is the mean over the background: present features are those of x": dict(
            rows="background"
        ),
    },
)


def marginal_payoff(answer: Callable, rounds: int = 20) -> None:
    """Check ``marginal_payoff(model, x, background, present)`` -> float."""
    rng = np.random.default_rng()
    for number in range(rounds):
        # An even number of rows: the median of their outputs is not the output of one.
        features, m = int(rng.integers(3, 7)), 2 * int(rng.integers(3, 15))
        model = _curved_model(rng, features)
        x, background = rng.normal(size=features) + 1, rng.normal(size=(m, features)) * 1.5
        present = _present(rng, features, number)
        given = by_hand(answer)(model, x, background, present)
        if shape_of(given) in ((m,), (m, 1)):
            raise Mistake(
                "marginal_payoff: one output for every background row. The payoff is their mean"
            )
        given = plain(given, (), "marginal_payoff")
        # Row by row and column by column: slow, but simple.
        mixed = [[x[j] if present[j] else row[j] for j in range(features)] for row in background]
        expected = np.array(sum(model(np.array([row]))[0] for row in mixed) / m)
        wrong = MARGINAL_PAYOFF.mistaken(model, x, background, present)
        single = [model(np.array([row])) for row in mixed]
        known = any(close(given, made()) for made in wrong.values())
        if not (close(given, expected) or known) and any(close(given[None], s) for s in single):
            raise Mistake(
                "marginal_payoff: this is the output for one background row. The payoff is the "
                "mean over all of them"
            )
        compare(given, expected, wrong, "marginal_payoff")
    passed(f"marginal_payoff: {rounds} curved models, nobody and everybody present included")


def _present(rng: np.random.Generator, features: int, number: int) -> np.ndarray:
    """Draw the present features: all in round 3, none in round 4, else a random subset."""
    if number in (3, 4):
        return np.full(features, number == 3)
    present = rng.permutation(features) < rng.integers(1, features)
    return present


def _curved_model(rng: np.random.Generator, features: int) -> Callable:
    weights = rng.normal(size=(2, features))

    def model(rows: np.ndarray) -> np.ndarray:
        if np.ndim(rows) != 2:
            raise Mistake("the model reads rows, (n, d): a single row is x[None]")
        return (rows @ weights[0]) ** 2 + 3 * np.tanh(rows @ weights[1])

    return model


CONDITIONAL_PAYOFF = Answer(
    """\
def conditional_payoff(w, x, mean, cov, present):
    present, absent = $who
    among = $table[np.ix_(present, present)]
    cross = $table[np.ix_(present, absent)]
    slopes = $slopes
    row = x.copy()
    row[absent] = $filled
    return $payoff
""",
    dict(
        who="present, ~present",
        table="cov",
        slopes="np.linalg.solve(among, cross)",
        filled="mean[absent] + (x - mean)[present] @ slopes",
        payoff="w @ row",
    ),
    {
        "the payoff is the expected output itself: the base wᵀμ is not subtracted": dict(
            payoff="w @ row - w @ mean"
        ),
        "absent features count as 0 in your sum: they are expected at μ_U + …": dict(filled="0.0"),
        "present and absent are exchanged: present features keep the values of x": dict(
            who="~present, present"
        ),
        "you divided by every entry of Σ_SS: its inverse is a matrix, see np.linalg.solve": dict(
            slopes="(1 / among) @ cross"
        ),
        "you multiplied by Σ_SS: its inverse belongs there": dict(slopes="among @ cross"),
        "the sign is wrong: μ_U + Σ_US Σ_SS⁻¹ (x_S − μ_S)": dict(
            filled="mean[absent] - (x - mean)[present] @ slopes"
        ),
        "Σ_SS⁻¹ is missing: a covariance has units, divide by the variance of what is known": dict(
            slopes="cross"
        ),
        "you divided by the variances of the absent features: this is the regression of the "
        "present on the absent. What is known stands in Σ_SS": dict(
            slopes="np.linalg.solve(cov[np.ix_(absent, absent)], cross.T).T"
        ),
        "you divided by the variances alone: present features depend on each other too, use all "
        "of Σ_SS": dict(slopes="cross / np.diag(among)[:, None]"),
        "you used correlations: without units, x must be without units, too": dict(
            table="(cov / np.sqrt(np.outer(np.diag(cov), np.diag(cov))))"
        ),
        "subtract μ_S from x_S: how far from usual is what we know?": dict(
            filled="mean[absent] + x[present] @ slopes"
        ),
        "both means are missing: subtract μ_S from x_S, and begin at μ_U": dict(
            filled="x[present] @ slopes"
        ),
        "μ_U is missing: where nothing is known, a feature is at its mean": dict(
            filled="(x - mean)[present] @ slopes"
        ),
        "this is the marginal payoff: what is known says something about what is absent": dict(
            filled="mean[absent]"
        ),
        "only the absent features are in your sum: the present ones keep their own values": dict(
            payoff="w[absent] @ row[absent]"
        ),
    },
)


BLOCK = (
    "A block of Σ is cov[np.ix_(absent, present)]: a row for each absent feature, a column for "
    "each present one. cov[absent, present] is no block, and in a product the columns of the one "
    "meet the rows of the other"
)


def conditional_payoff(answer: Callable, rounds: int = 20) -> None:
    """Check ``conditional_payoff(w, x, mean, cov, present)`` -> float."""
    rng = np.random.default_rng()
    for number in range(rounds):
        features = 5 if number == 0 else int(rng.integers(4, 7))
        w, x, mean = rng.normal(size=(3, features))
        root = rng.normal(size=(features, features))
        cov = root @ root.T + 0.5 * np.eye(features)
        present = _present(rng, features, number)
        if number == 0:  # two present and three absent: a block that is no block raises an error
            present = rng.permutation(features) < 2
        with shapes_fit("conditional_payoff", BLOCK):
            given = by_hand(answer)(w, x, mean, cov, present)
        if shape_of(given) == (features,):
            raise Mistake(
                "conditional_payoff: a number for every feature. The payoff is the model's output, "
                "wᵀ times the row that you filled in"
            )
        given = plain(given, (), "conditional_payoff")
        there, gone = np.flatnonzero(present), np.flatnonzero(~present)
        # By the precision matrix Q = Σ⁻¹: E[X_U | x_S] = μ_U − Q_UU⁻¹ Q_US (x_S − μ_S).
        precision = np.linalg.inv(cov)
        filled = x.copy()
        filled[gone] = mean[gone] - np.linalg.solve(
            precision[np.ix_(gone, gone)], precision[np.ix_(gone, there)] @ (x - mean)[there]
        )
        wrong = CONDITIONAL_PAYOFF.mistaken(w, x, mean, cov, present)
        compare(given, np.array(w @ filled), wrong, "conditional_payoff")
    passed(f"conditional_payoff: {rounds} Gaussians, nobody and everybody present included")


SMUDGED_BAR = Answer(
    "def smudged_bar(base, output, bars):\n    return $bar\n",
    dict(bar="output - base - bars.sum()"),
    {
        "the base is forgotten: the bars lead from the base to the output": dict(
            bar="output - bars.sum()"
        ),
        "the sign is wrong: output minus what the readable bars reach": dict(
            bar="base + bars.sum() - output"
        ),
        "this is the whole way from base to output: subtract the readable bars": dict(
            bar="output - base"
        ),
        "this is where the readable bars end: subtract it from the output": dict(
            bar="base + bars.sum()"
        ),
        "bars keep their signs": dict(bar="output - base - np.abs(bars).sum()"),
        "the base is counted twice": dict(bar="output - 2 * base - bars.sum()"),
        "the base is subtracted, not added: the bars lead from the base to the output": dict(
            bar="output + base - bars.sum()"
        ),
        "the bars add up: take their sum, not their mean": dict(bar="output - base - bars.mean()"),
    },
)


def smudged_bar(answer: Callable, rounds: int = 20) -> None:
    """Check ``smudged_bar(base, output, bars)`` -> float."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        bars = rng.normal(size=int(rng.integers(3, 8)))
        base, missing = rng.normal(loc=[2, 0]).tolist()
        output = base + missing + float(bars.sum())
        given = plain(by_hand(answer)(base, output, bars), (), "smudged_bar")
        wrong = SMUDGED_BAR.mistaken(base, output, bars)
        compare(given, np.array(missing), wrong, "smudged_bar")
    passed(f"smudged_bar: {rounds} random waterfalls")


def property_test(answer: Callable) -> None:
    """Check a learner's test ``is_true_to_model(explain, model, rows, unused)`` -> bool.

    It must accept explanations that are efficient and give unused features nothing, both up to
    rounding, and reject planted wrong ones.
    """
    rng = np.random.default_rng()
    weights = np.array([2.0, -1.0, 0.0, 1.5, 0.0])
    unused = [2, 4]

    def model(rows: np.ndarray) -> np.ndarray:
        if np.ndim(rows) != 2:
            raise Mistake("the model reads rows, (n, d): a single row is x[None]")
        return 20 + np.tanh(rows @ weights) * 5 + rows @ weights

    # Outputs are between 9 and 31, so that a tolerance relative to them does not depend on luck.
    rows = rng.normal(size=(200, 5))
    rows = rows[np.abs(rows @ weights) < 6][:30]
    base = np.full(30, 12.0)
    right = np.zeros((30, 5))
    right[:, [0, 1]] = rng.normal(size=(30, 2))
    right[:, 3] = model(rows) - base - right.sum(axis=1)
    # The values of unused features are rounded, too.
    rounded = right + 1e-13 * rng.normal(size=right.shape)

    def changed(*parts: tuple) -> tuple[np.ndarray, np.ndarray]:
        values = right.copy()
        for where, amount in parts:
            values[where] += amount
        return base, values

    each, single_rows = slice(None), {"the last row": -1, "row 12": 12, "row 23": 23}
    # Any sensible tolerance finds an error of 5 and a credit of 2, so each of these cases has one
    # explanation. The last two cases are for a coarse tolerance.
    cases = {
        True: {
            "an explanation that is right up to rounding. Is there a tolerance, does the base "
            "count, and are the unused features columns, values[:, unused]?": (base, rounded)
        },
        False: {
            "values that do not add up to the output, by far: compare the base + the sum of a "
            "row's values with the model's output, and ask for both properties": changed(
                ((slice(0, None, 2), 0), 5.0), ((slice(1, None, 2), 0), -3.0)
            ),
            "values that add up to too much: errors count in both directions": changed(
                ((each, 0), 5.0)
            ),
            "values that add up to too little: errors count in both directions": changed(
                ((each, 0), -5.0)
            ),
            **{
                f"an explanation whose sum is wrong in {name} only: look at every row": changed(
                    ((row, 0), 5.0)
                )
                for name, row in single_rows.items()
            },
            "sums that are wrong by +5 in one row and −5 in another: do not let rows cancel": (
                changed(((0, 0), 5.0), ((1, 0), -5.0))
            ),
            "an explanation without its base: base plus values must be the output": (
                0 * base,
                right,
            ),
            "a conditional explanation, which gives an unused feature credit and adds up all the "
            "same": changed(((each, 2), 2.0), ((each, 0), -2.0)),
            "negative credit for an unused feature: look at its size": changed(
                ((each, 2), -2.0), ((each, 0), 2.0)
            ),
            "credit for the last of the unused features: look at all of them": changed(
                ((each, 4), 2.0), ((each, 0), -2.0)
            ),
            **{
                f"credit for an unused feature in {name} only: look at every row": changed(
                    ((row, 2), 2.0), ((row, 0), -2.0)
                )
                for name, row in single_rows.items()
            },
            "credit of +2 for one unused feature and −2 for the other: do not let features "
            "cancel": changed(((each, 2), 2.0), ((each, 4), -2.0)),
            "credit of +2 for an unused feature in one row and −2 in another: do not let rows "
            "cancel, look at the size of every value": changed(
                ((0, 2), 2.0), ((0, 0), -2.0), ((1, 2), -2.0), ((1, 0), 2.0)
            ),
            "sums that are wrong by 0.0005, of outputs between 9 and 31: a tolerance is for "
            "rounding alone": changed(((each, 0), 0.0005)),
            "credit of 0.0005 for an unused feature: a tolerance is for rounding alone": changed(
                ((each, 2), 0.0005), ((each, 0), -0.0005)
            ),
        },
    }
    hint = (
        "Base and outputs are (n,), a number for each row, and values (n, d): add up the values of "
        "a row, axis 1"
    )
    for verdict, explanations in cases.items():
        for what, (start, values) in explanations.items():
            explain = _explainer(rows, start, values)
            with shapes_fit("is_true_to_model", hint):
                given = by_hand(answer)(explain, model, rows, unused)
            judge(given, verdict, what, "is_true_to_model")
    passed(
        f"is_true_to_model: accepts the right explanation, rejects {len(cases[False])} wrong ones"
    )


def _explainer(rows: np.ndarray, base: np.ndarray, values: np.ndarray) -> Callable:
    """Return explain(model, x), which looks up base and values of these rows."""

    def explain(model: Callable, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = asked_rows(np.atleast_2d(x), rows, "is_true_to_model")
        return base[found].copy(), values[found].copy()

    return explain
