"""Checks of assignment 04: the kernel, the constrained fit, two kinds of absence, efficiency."""

from collections.abc import Callable, Iterator
from itertools import combinations, permutations
from math import factorial, isclose

import numpy as np

from xaikit.core import linear_fits
from xaikit.course import checks
from xaikit.course.checks import Mistake, close, compare, judge, passed, plain, shape_of
from xaikit.course.checks import last_inputs as last_inputs
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


def kernel(answer: Callable) -> None:
    """Check ``kernel(players, size)`` -> float."""
    # Few players come last: there, several mistakes give the same numbers.
    for players in [*range(12, 3, -1), 2, 3]:
        sizes = np.arange(1, players)
        given = np.array([plain(by_hand(answer)(players, int(s)), (), "kernel") for s in sizes])
        expected = np.array([_kernel(players, s) for s in sizes])
        subsets = np.array([len(list(combinations(range(players), s))) for s in sizes])
        product = sizes * (players - sizes)
        wrong = {
            "C(M, s) is missing: the weight of a size is shared by all coalitions of that size": (
                expected * subsets
            ),
            "C(M, s) belongs below the line: the more coalitions of a size, the less each weighs": (
                (players - 1) * subsets / product
            ),
            "C(M, s) counts all coalitions of this size: M stands in it, not M − 1": (
                expected * players / (players - sizes)
            ),
            "a weight is a fraction: divide by /, because // rounds down to a whole number": (
                np.floor(expected)
            ),
            "s (M − s) is missing: without it every size has the same weight": (
                (players - 1) / subsets
            ),
            "below the line stands s (M − s), not s alone": (players - 1) / (subsets * sizes),
            "below the line stands s (M − s), not M − s alone": (
                (players - 1) / (subsets * (players - sizes))
            ),
            "the factor M − 1 is missing (the fit would forgive it, this check does not)": (
                expected / (players - 1)
            ),
            "above the line stands M − 1, not M": expected * players / (players - 1),
            "this is the weight of a marginal contribution, |S|! (M − |S| − 1)! / M!": np.array(
                [
                    factorial(s) * factorial(players - s - 1) / factorial(players)
                    for s in range(1, players)
                ]
            ),
            "this is LIME's weight, the fraction that is kept": sizes / players,
            "this is the kernel upside down": 1 / expected,
        }
        # Relative to each weight: those of middle sizes are tiny, and must be right, too.
        ones = np.ones(len(sizes))
        ratios = {words: numbers / expected for words, numbers in wrong.items()}
        compare(
            given / expected, ones, ratios, f"kernel (M = {players}, your number ÷ the right one)"
        )
    passed("kernel: every size of coalition, from 2 to 12 players")


def _kernel(players: int, size: int) -> float:
    """(M − 1) (s − 1)! (M − s − 1)! / M!, the same without a binomial."""
    return (players - 1) * factorial(size - 1) * factorial(players - size - 1) / factorial(players)


def constrained_fit(answer: Callable, rounds: int = 10) -> None:
    """Check ``kernel_fit(z, v, weights, base, top)`` -> (M,)."""
    rng = np.random.default_rng()
    for z, v, weights, base, top, truth in _fits(rng, rounds):
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
        given = plain(given, (players,), "kernel_fit")
        expected = _eliminated(z, v - base, weights, top - base)
        if truth is not None:
            # The reference proves itself: with all coalitions it is the mean over all orders.
            assert close(expected, truth, 1e-8)
        if close(given, expected, 1e-9):
            continue
        wrong = _wrong_fits(z, v, weights, base, top)
        fitting = [words for words, numbers in wrong.items() if close(given, numbers)]
        total = top - base
        if not fitting and not isclose(given.sum(), total, rel_tol=1e-9, abs_tol=1e-9):
            raise Mistake(
                f"kernel_fit: the values add up to {given.sum():.6g}, v(N) − v(∅) is {total:.6g}. "
                "The constraint must hold exactly: a very large weight for the two ends is no "
                "constraint, and the weights may be of any size themselves"
            )
        compare(given, expected, wrong, "kernel_fit")
        raise Mistake(
            "kernel_fit: right to a few digits only. Solve the linear system with the constraint "
            "in it, once"
        )
    passed(f"kernel_fit: {rounds} games with all coalitions, {rounds} fits to some of them")


def _fits(rng: np.random.Generator, rounds: int) -> Iterator[tuple]:
    """Draw games: all coalitions and the kernel's weights, or some and weights at random."""
    for number in range(2 * rounds):
        players = int(rng.integers(4, 7))
        table = (np.arange(2**players)[:, None] >> np.arange(players)) & 1
        payoffs = rng.normal(size=2**players) * 5 + 10
        base, top = float(payoffs[0]), float(payoffs[-1])
        z, v = table[1:-1].astype(float), payoffs[1:-1]
        scale = 10.0 ** rng.integers(0, 7)
        if number % 2:
            weights = np.array([_kernel(players, int(s)) for s in z.sum(axis=1)])
            yield z, v, scale * weights, base, top, _over_orders(payoffs, players)
        else:
            # Every player is alone once, so that all values are determined.
            alone = np.flatnonzero(z.sum(axis=1) == 1)
            others = rng.permutation(np.flatnonzero(z.sum(axis=1) > 1))[:players]
            some = np.concatenate([alone, others])
            weights = rng.uniform(0.2, 2.0, size=len(some))
            yield z[some], v[some], scale * weights, base, top, None


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


def _wrong_fits(
    z: np.ndarray, v: np.ndarray, weights: np.ndarray, base: float, top: float
) -> dict[str, np.ndarray]:
    root = np.sqrt(weights)[:, None]

    def free(columns: np.ndarray, payoffs: np.ndarray) -> np.ndarray:
        return np.linalg.lstsq(columns * root, payoffs * root[:, 0], rcond=None)[0]

    def solved(A: np.ndarray, b: np.ndarray) -> np.ndarray:
        line = np.ones((len(A), 1))
        system = np.block([[A, line], [line.T, np.zeros((1, 1))]])
        return np.linalg.solve(system, np.append(b, total))[:-1]

    total = top - base
    weighted_A, weighted_b = z.T @ (weights[:, None] * z), z.T @ (weights * (v - base))
    unconstrained = free(z, v - base)
    gap = total - unconstrained.sum()
    ones = np.ones((len(z), 1))
    return {
        "v(∅) is not subtracted from the payoffs": _eliminated(z, v, weights, total),
        "the values share v(N) − v(∅), not v(N)": _eliminated(z, v - base, weights, top),
        "v(∅) is forgotten everywhere: the values share v(N) − v(∅), and the payoffs count from "
        "v(∅)": _eliminated(z, v, weights, top),
        "the weights are not used": _eliminated(z, v - base, np.ones_like(weights), total),
        "the weights stand in A alone: they belong into b too": solved(
            weighted_A, z.T @ (v - base)
        ),
        "the weights stand in b alone: they belong into A too": solved(z.T @ z, weighted_b),
        "the weights are squared: weigh either z or the payoffs, or both by √π": _eliminated(
            z, v - base, weights**2, total
        ),
        "the weights stand under a root: the squared errors are weighed by π": _eliminated(
            z, v - base, np.sqrt(weights), total
        ),
        "the constraint is missing": unconstrained,
        "the constraint is missing, and φ₀ is v(∅), not fitted": free(np.hstack([ones, z]), v)[1:],
        "the gap was shared equally after a fit without constraint: it must stand in the system "
        "that is solved": unconstrained + gap / z.shape[1],
        "the values were stretched to the right sum after a fit without constraint: it must stand "
        "in the system that is solved": unconstrained * total / unconstrained.sum(),
        "the multiplier stands with the wrong total: the last line says Σφ = v(N) − v(∅), not "
        "its opposite": _eliminated(z, v - base, weights, -total),
    }


def marginal_payoff(answer: Callable, rounds: int = 20) -> None:
    """Check ``marginal_payoff(model, x, background, present)`` -> float."""
    rng = np.random.default_rng()
    for number in range(rounds):
        features, m = int(rng.integers(3, 7)), int(rng.integers(5, 30))
        model = _curved_model(rng, features)
        x, background = rng.normal(size=features) + 1, rng.normal(size=(m, features)) * 1.5
        present = _present(rng, features, number)
        given = by_hand(answer)(model, x, background, present)
        if shape_of(given) in ((m,), (m, 1)):
            raise Mistake(
                "marginal_payoff: one output for every background row. The payoff is their mean"
            )
        given = plain(given, (), "marginal_payoff")
        # Row by row and column by column: slow, and hard to get wrong.
        mixed = [[x[j] if present[j] else row[j] for j in range(features)] for row in background]
        expected = np.array(sum(model(np.array([row]))[0] for row in mixed) / m)
        swapped = np.where(present, background, x)
        centre = background.mean(axis=0)
        filled = {
            "you put the mean of the background into the model: E[f(X)] is not f(E[X]). Run the "
            "model on every mixed row, then average": centre,
            "absent features are 0 in your rows: take them from the background": np.zeros(features),
            "absent features come from the first background row only": background[0],
            "absent features are medians: run the model on every background row": np.median(
                background, axis=0
            ),
        }
        outputs = model(np.array(mixed))
        everywhere = model(background).mean()
        wrong = {
            "the payoff is the mean output itself: nothing is subtracted, and nobody present is "
            "worth the base": expected - everywhere,
            "this is the median of the outputs: the payoff is their mean": np.median(outputs),
            **{w: model(np.where(present, x, other)[None])[0] for w, other in filled.items()},
            "present and absent are exchanged: present features are those of x": model(
                swapped
            ).mean(),
            "the outputs are summed: divide by the number of background rows": expected * m,
            "this is f(x): absent features must come from the background": model(x[None])[0],
            "this is the mean over the background: present features are those of x": (everywhere),
        }
        different = {w: np.array(n) for w, n in wrong.items() if not close(np.array(n), expected)}
        compare(given, expected, different, "marginal_payoff")
    passed(f"marginal_payoff: {rounds} curved models, nobody and everybody present included")


def _present(rng: np.random.Generator, features: int, number: int) -> np.ndarray:
    """Draw who is present: some, and in rounds 3 and 4 everybody and nobody."""
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


def conditional_payoff(answer: Callable, rounds: int = 20) -> None:
    """Check ``conditional_payoff(w, x, mean, cov, present)`` -> float."""
    rng = np.random.default_rng()
    for number in range(rounds):
        features = int(rng.integers(4, 7))
        w, x, mean = rng.normal(size=(3, features))
        root = rng.normal(size=(features, features))
        cov = root @ root.T + 0.5 * np.eye(features)
        present = _present(rng, features, number)
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
        expected = np.array(w @ filled)
        wrong = {
            words: np.array(payoff)
            for words, payoff in _wrong_payoffs(w, x, mean, cov, there, gone).items()
            if not close(np.array(payoff), expected)
        }
        compare(given, expected, wrong, "conditional_payoff")
    passed(f"conditional_payoff: {rounds} Gaussians, nobody and everybody present included")


def _wrong_payoffs(
    w: np.ndarray,
    x: np.ndarray,
    mean: np.ndarray,
    cov: np.ndarray,
    there: np.ndarray,
    gone: np.ndarray,
) -> dict[str, float]:
    cross, among = cov[np.ix_(gone, there)], cov[np.ix_(there, there)]
    away = (x - mean)[there]
    scale = np.sqrt(np.diag(cov))
    correlation = cov / np.outer(scale, scale)
    slope_r = np.linalg.solve(correlation[np.ix_(there, there)], correlation[np.ix_(there, gone)]).T

    def payoff(shift: np.ndarray, centre: np.ndarray = mean) -> float:
        filled = x.copy()
        filled[gone] = centre[gone] + shift
        return w @ filled

    right = np.linalg.solve(among, cross.T).T @ away
    exchanged = x.copy()
    exchanged[there] = mean[there] + cross.T @ np.linalg.solve(
        cov[np.ix_(gone, gone)], (x - mean)[gone]
    )
    return {
        "the payoff is the expected output itself: the base wᵀμ is not subtracted": (
            payoff(right) - w @ mean
        ),
        "absent features count as 0 in your sum: they are expected at μ_U + …": (
            w[there] @ x[there]
        ),
        "present and absent are exchanged: present features keep the values of x": w @ exchanged,
        "you divided by every entry of Σ_SS: its inverse is a matrix, see np.linalg.solve": (
            payoff(cross @ (1 / among) @ away)
        ),
        "you multiplied by Σ_SS: its inverse belongs there": payoff(cross @ among @ away),
        "the sign is wrong: μ_U + Σ_US Σ_SS⁻¹ (x_S − μ_S)": payoff(-right),
        "Σ_SS⁻¹ is missing: a covariance has units, divide by the variance of what is known": (
            payoff(cross @ away)
        ),
        "you divided by the variances of the absent features: this is the regression of the "
        "present on the absent. What is known stands in Σ_SS": payoff(
            np.linalg.solve(cov[np.ix_(gone, gone)], cross) @ away
        ),
        "you divided by the variances alone: present features depend on each other too, use all "
        "of Σ_SS": payoff(cross @ (away / np.diag(among))),
        "you used correlations: without units, x must be without units, too": payoff(
            slope_r @ away
        ),
        "subtract μ_S from x_S: how far from usual is what we know?": payoff(
            np.linalg.solve(among, cross.T).T @ x[there]
        ),
        "μ_U is missing: where nothing is known, a feature is at its mean": payoff(
            right, np.zeros_like(mean)
        ),
        "this is the marginal payoff: what is known says something about what is absent": payoff(
            np.zeros(len(gone))
        ),
        "only the absent features are in your sum: the present ones keep their own values": (
            payoff(right) - w[there] @ x[there]
        ),
    }


def smudged_bar(answer: Callable, rounds: int = 20) -> None:
    """Check ``smudged_bar(base, output, bars)`` -> float."""
    rng = np.random.default_rng()
    for _ in range(rounds):
        bars = rng.normal(size=int(rng.integers(3, 8)))
        base, missing = rng.normal(loc=[2, 0]).tolist()
        output = base + missing + float(bars.sum())
        given = plain(by_hand(answer)(base, output, bars), (), "smudged_bar")
        wrong = {
            "the base is forgotten: the bars lead from the base to the output": missing + base,
            "the sign is wrong: output minus what the readable bars reach": -missing,
            "this is the whole way from base to output: subtract the readable bars": output - base,
            "this is where the readable bars end: subtract it from the output": (base + bars.sum()),
            "bars keep their signs": output - base - np.abs(bars).sum(),
            "the base is counted twice": missing - base,
            "the base is subtracted, not added: the bars lead from the base to the output": (
                missing + 2 * base
            ),
            "the bars add up: take their sum, not their mean": output - base - bars.mean(),
        }
        compare(
            given,
            np.array(missing),
            {words: np.array(number) for words, number in wrong.items()},
            "smudged_bar",
        )
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

    # Outputs between 9 and 31: what a tolerance relative to them accepts is no matter of luck.
    rows = rng.normal(size=(200, 5))
    rows = rows[np.abs(rows @ weights) < 6][:30]
    base = np.full(30, 12.0)
    right = np.zeros((30, 5))
    right[:, [0, 1]] = rng.normal(size=(30, 2))
    right[:, 3] = model(rows) - base - right.sum(axis=1)
    jitter = 1 + 1e-13 * rng.normal(size=right.shape)

    def changed(*parts: tuple) -> tuple[np.ndarray, np.ndarray]:
        values = right.copy()
        for where, amount in parts:
            values[where] += amount
        return base, values

    each = slice(None)
    # Errors of 5 and credit of 2 are found with any tolerance that is not absurd, so that each of
    # these cases has one explanation. What is left for the last two is a coarse tolerance.
    cases = {
        True: {
            "an explanation that is right up to rounding. Is there a tolerance, does the base "
            "count, and are the unused features columns, values[:, unused]?": (base, right * jitter)
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
            "an explanation whose sum is wrong in the last row only: look at every row": changed(
                ((-1, 0), 5.0)
            ),
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
            "credit for an unused feature in the last row only: look at every row": changed(
                ((-1, 2), 2.0), ((-1, 0), -2.0)
            ),
            "credit of +2 for one unused feature and −2 for the other: do not let features "
            "cancel": changed(((each, 2), 2.0), ((each, 4), -2.0)),
            "credit of +2 for an unused feature in one row and −2 in another: do not let rows "
            "cancel, look at the size of every value": changed(
                ((0, 2), 2.0), ((0, 0), -2.0), ((1, 2), -2.0), ((1, 0), 2.0)
            ),
            "sums that are wrong by 0.004, of outputs between 9 and 31: a tolerance is for "
            "rounding alone": changed(((each, 0), 0.004)),
            "credit of 0.004 for an unused feature: a tolerance is for rounding alone": changed(
                ((each, 2), 0.004), ((each, 0), -0.004)
            ),
        },
    }
    for verdict, explanations in cases.items():
        for what, (start, values) in explanations.items():
            explain = _explainer(rows, start, values)
            given = by_hand(answer)(explain, model, rows, unused)
            judge(given, verdict, what, "is_true_to_model")
    passed(
        f"is_true_to_model: accepts the right explanation, rejects {len(cases[False])} wrong ones"
    )


def _explainer(rows: np.ndarray, base: np.ndarray, values: np.ndarray) -> Callable:
    """Return explain(model, x), which knows base and values of these rows."""

    def explain(model: Callable, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = np.atleast_2d(x)
        matches = (x[:, None] == rows).all(axis=2)
        if not matches.any(axis=1).all():
            raise Mistake("is_true_to_model: ask for explanations of the rows that you are given")
        found = matches.argmax(axis=1)
        return base[found].copy(), values[found].copy()

    return explain
