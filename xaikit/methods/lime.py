"""LIME: explain one prediction by a line fitted to the model in its neighbourhood.

Minimise

.. math:: Σ_b π(z_b) (f(z_b) − g(z_b))² + Ω(g)

over lines :math:`g(z) = φ₀ + Σ φ_j z_j`: perturb, evaluate the model, weight by closeness,
fit. Lecture 02 builds it from these four steps.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.attribution import Attribution
from xaikit.core.linear_fits import LinearFit, ridge_fit, side_by_side
from xaikit.core.question import Question, ask
from xaikit.core.settings import as_seed, expect_count
from xaikit.games.texts import text_game
from xaikit.methods.lime_categories import Groups, Perturbation, as_groups


def lime_tabular(
    model: Callable,
    x: Any,
    background: Any,
    target: Any = 0,
    kernel_width: float | None = None,
    samples: int = 5000,
    ridge: float = 1.0,
    features: int | None = None,
    seed: int | None = 0,
    around: str = "instance",
    categorical: Sequence[Any] | None = None,
) -> Attribution:
    """Fit a line to the model around each row; slopes are in units of F per standard deviation.

    Parameters
    ----------
    model : callable
        F: rows (n, d) -> (n,) or (n, k).
    x : array (n, d) or (d,)
        Rows to explain, or a single row.
    background : array (m, d)
        Rows whose mean and standard deviation set the scale of perturbations; a constant column
        is not perturbed and gets 0.
    target : int or (n,) ints
        The output column; one for all rows or one for each.
    kernel_width : float, optional
        w in :math:`π = exp(−D² / 2w²)`, D the distance to x in standard deviations. None
        is :math:`0.75 √d`. The explanation depends on it: look at r2 and try others.
    samples : int
        Number of perturbed rows; around an instance, the first is the instance itself.
    ridge : float
        :math:`Ω = ridge · ‖φ‖²`. Its effect is relative to Σπ: if a narrow kernel leaves
        little weight, slopes shrink towards 0.
    features : int, optional
        Number of features to keep, those with the largest slopes, for a second fit; the others
        get 0. None keeps all.
    seed : int or None
        The same seed draws the same perturbations; None draws new ones.
    around : str
        "instance" draws perturbations around x, the same for all rows; "background" draws rows of
        a Gaussian with the background's means, and weighs them by their distance to x.
    categorical : sequence of columns, optional
        Categories: names or numbers of columns, and sequences of them for columns that move
        together (a one-hot block). They are drawn from the background's rows, as often as they
        occur there. A column of booleans is a category, declared or not. Other columns get Gaussian
        noise, which no category has; in columns of whole numbers it is rounded, and cut short where
        their type ends (bytes at 0 and 255).

    Returns
    -------
    Attribution
        values like x; std from the draw of perturbations; base and gap are None, since slopes are
        not parts of a whole. The score of a category is F with x's category against others, in
        units of F; that of a block stands at its column that is not 0, its other columns have 0.
        details: ``r2`` (n,) of the weighted fit, ``intercept`` (n,) where
        the standardised features are 0 (the background's mean), ``kernel_width``.

    Raises
    ------
    TypeError, ValueError
        For a model that returns labels, NaN or another number of rows, or another output for x
        when it is asked again; a background of another width; samples, features or a kernel width
        out of range.

    References
    ----------
    Ribeiro, Singh & Guestrin 2016, "Why Should I Trust You?", arXiv:1602.04938, §3.
    """
    question = ask(model, x, target, second=background)
    x, targets = question.x, question.target
    if x.ndim != 2:
        raise ValueError(f"x has shape {tuple(x.shape)}, expected rows of features (n, d) or (d,)")
    groups = as_groups(categorical, question)
    columns = x.shape[1] - sum(len(group) - 1 for group in groups)  # features of the line
    width = 0.75 * np.sqrt(columns) if kernel_width is None else kernel_width
    expect_count("samples", samples, columns + 2, f"for {columns} features")
    if not width > 0:
        raise ValueError(f"kernel_width is {kernel_width}, expected a positive number")
    if features is not None:
        expect_count("features", features, 1)
        if features > columns:
            raise ValueError(f"features is {features}, expected 1 to {columns}, or None for all")
    if around not in ("instance", "background"):
        raise ValueError(f"unknown around {around!r}, expected 'instance' or 'background'")
    if groups:
        return _with_categories(
            question, background, groups, width, samples, ridge, features, seed, around
        )
    question, rows = question.in_numbers("LIME").with_rows(background, "background")
    x, rows = question.x, arrays.float64(rows)
    mean, scale = _mean_and_scale(rows)
    if not scale.any():
        raise ValueError(
            f"no column changes in the background of {len(rows)} row(s), so there is nothing to "
            "perturb: give rows that stand for the data"
        )
    # A missing value stays missing around an instance, and is at no distance from others.
    missing = np.isnan(arrays.to_numpy(x))
    here = np.where(missing, 0, arrays.to_numpy(x) - mean) / np.where(scale > 0, scale, 1.0)
    noise = _draw(np.random.default_rng(as_seed(seed)), samples, scale)
    whole = _whole(question.whole_columns(), rows)
    limits = question.limits(whole)

    if around == "instance":
        noise[0] = 0
        noise = _in_whole_steps(noise, 0.0, scale, whole)
        answers, steps = [], []
        for row, original in enumerate(arrays.to_numpy(x)):
            later = samples * (len(x) - 1 - row)
            perturbed, made = _moved(original, noise, scale, whole, limits)
            answers.append(_ask(question, perturbed, later)[:, targets[row]])
            steps.append(made)
            del perturbed  # the next rows take its memory
        question.expect_same(np.array(answers)[:, 0], np.arange(len(x)), answers)
        if all(made is noise for made in steps):
            # The same perturbations have the same weights: one fit serves all rows.
            fit = _sparse_fit(noise, np.array(answers).T, _kernel(noise, width), ridge, features)
        else:
            fit = side_by_side(
                [
                    _sparse_fit(made, answer[:, None], _kernel(made, width), ridge, features)
                    for made, answer in zip(steps, answers, strict=True)
                ]
            )
        fit.coefficients.T[missing], fit.std.T[missing] = 0, 0
        intercept = fit.intercept - np.einsum("nj,jn->n", here, fit.coefficients)
        evaluations = samples * len(x)
    else:
        question.expect_function()
        noise = _in_whole_steps(noise, mean, scale, whole)
        perturbed, noise = _moved(mean, noise, scale, whole, limits)
        answer = _ask(question, perturbed)[:, targets]
        fits = [
            _sparse_fit(noise, answer[:, [row]], _kernel(noise - here[row], width), ridge, features)
            for row in range(len(x))
        ]
        fit = side_by_side(fits)
        intercept, evaluations = fit.intercept, samples

    values, std = fit.coefficients.T, fit.std.T
    return _answer(question, values, std, fit, intercept, width, evaluations)


def _answer(
    question: Question,
    values: np.ndarray,
    std: np.ndarray,
    fit: LinearFit,
    intercept: np.ndarray,
    width: float,
    evaluations: int,
) -> Attribution:
    """Return slopes (n, d) and what the fit says of them, where x is."""
    like = values if question.table is not None else question.x
    return question.answer(
        arrays.like(values, like),
        base=None,
        method="LIME",
        std=arrays.like(std, like),
        evaluations=evaluations,
        details={
            "r2": question.unbatched(arrays.like(fit.r2, like)),
            "intercept": question.unbatched(arrays.like(intercept, like)),
            "kernel_width": float(width),
        },
    )


def _with_categories(
    question: Question,
    background: Any,
    groups: Groups,
    width: float,
    samples: int,
    ridge: float,
    features: int | None,
    seed: int | None,
    around: str,
) -> Attribution:
    """Fit one line a row to numbers and categories; see `lime_categories`."""
    if question.table is None:
        question = question.in_numbers("LIME")
    question, others = question.with_rows(background, "background")
    pool = np.concatenate([arrays.to_numpy(others), arrays.to_numpy(question.x)])
    if question.table is None:
        pool = pool.astype(np.float64)
    drawn = Perturbation(question, pool, groups)
    numbers = drawn.numbers
    mean, scale = _mean_and_scale(numbers[: len(others)])
    rng = np.random.default_rng(as_seed(seed))
    noise = _draw(rng, samples, scale)
    whole = np.zeros(pool.shape[1], dtype=bool)
    given = question.whole_columns()[drawn.numeric]
    whole[drawn.numeric] = _whole(given, numbers[: len(others)])
    limits = tuple(limit[drawn.numeric] for limit in question.limits(whole))
    whole = whole[drawn.numeric]
    noise = _in_whole_steps(noise, 0.0 if around == "instance" else mean, scale, whole)
    picks = rng.integers(len(others), size=(samples, len(groups)))
    fits, intercepts, rows = [], [], range(len(others), len(numbers))
    if around == "background":
        question.expect_function()
    for row in rows:
        here = np.nan_to_num(numbers[row] - mean) / np.where(scale > 0, scale, 1.0)
        if around == "instance":
            noise[0], picks[0] = 0, row
        centre = numbers[row] if around == "instance" else mean
        perturbed, made = _moved(centre, noise, scale, whole, limits)
        away = made if around == "instance" else made - here
        same = drawn.same(picks, row)
        later = samples * (rows.stop - 1 - row)
        outputs = drawn.outputs(perturbed, picks, later)
        outputs = outputs[:, [question.target[row - len(others)]]]
        if around == "instance":
            question.expect_same(outputs[0], np.array([row - len(others)]), outputs)
        fits.append(
            _sparse_fit(
                np.hstack([made, same]),
                outputs,
                _kernel(np.hstack([away, ~same]), width),
                ridge,
                features,
            )
        )
        slopes, intercept = fits[-1].coefficients[: len(mean), 0], fits[-1].intercept[0]
        intercepts.append(intercept - here @ slopes if around == "instance" else intercept)
    fit = side_by_side(fits)
    values, std = (
        np.array([drawn.on_columns(scores[:, [i]], row) for i, row in enumerate(rows)])
        for scores in (fit.coefficients, fit.std)
    )
    return _answer(question, values, std, fit, np.array(intercepts), width, samples * len(rows))


def _mean_and_scale(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and standard deviation of each column, without missing values."""
    if np.isnan(rows).all(axis=0).any():
        raise ValueError("a column of the background has missing values only: its mean is unknown")
    spread = np.nanmax(rows, axis=0) - np.nanmin(rows, axis=0)
    scale = np.where(spread > 0, np.nanstd(rows, axis=0), 0.0)  # not 1e-17 by rounding
    return np.nanmean(rows, axis=0), scale


def _draw(rng: np.random.Generator, samples: int, scale: np.ndarray) -> np.ndarray:
    """Return noise (samples, d) in standard deviations; 0 where a column has none."""
    noise = rng.standard_normal((samples, len(scale)))
    noise[:, scale == 0] = 0
    return noise


def lime_text(
    classifier: Callable,
    text: str,
    target: int = 1,
    weight: str = "kept-fraction",
    tokenizer: Callable = str.split,
    samples: int = 1000,
    ridge: float = 1.0,
    seed: int | None = 0,
    absent: str = "",
) -> Attribution:
    """Fit a line to a classifier's outputs for a text with part of its tokens removed.

    Parameters
    ----------
    classifier : callable
        F: list of str -> probabilities (n, k) or (n,), such as a pipeline's predict_proba.
    text : str
        The text to explain.
    target : int
        The output column.
    weight : str
        "kept-fraction": π = 1 − the fraction of tokens removed. "cosine":
        :math:`π = exp(−D² / 2w²)`, D = 100 times the cosine distance to the full text and
        w = 25, as in the authors' package.
    tokenizer : callable
        str -> tokens: strings, (start, end) spans or objects with spans; see `text_game`. A token
        that occurs several times is one feature.
    samples : int
        Number of texts drawn, with the full one; each distinct text is evaluated once.
    ridge : float
        :math:`Ω = ridge · ‖φ‖²`.
    seed : int or None
        The same seed draws the same texts; None draws new ones.
    absent : str
        Replaces each absent token, such as "[MASK]"; "" removes it.

    Returns
    -------
    Attribution
        values (M,) of the M different tokens, in units of F; output is F(text); base is the
        intercept φ₀, the fit at the text without its tokens, so gap is g − f at the full text.
        details: ``r2`` of the weighted fit, ``intercept``.

    Raises
    ------
    TypeError, ValueError
        As `text_game`; for a text with fewer than two tokens, an unknown weight, too few samples.

    References
    ----------
    Ribeiro, Singh & Guestrin 2016, "Why Should I Trust You?", arXiv:1602.04938, §3.
    """
    if weight not in ("kept-fraction", "cosine"):
        raise ValueError(f"unknown weight {weight!r}, expected 'kept-fraction' or 'cosine'")
    expect_count("samples", samples, 2)
    game = text_game(classifier, text, target, tokenizer, absent)
    if len(game.players) == 1:
        nothing, all_of_it = game.ends()
        raise ValueError(
            f"the text {text!r} holds one token: there is no line to fit. Its whole effect is "
            f"F(text) − F(text without it) = {all_of_it - nothing:+.3f}"
        )
    masks = draw_removals(len(game.players), samples, seed)
    distinct, drawn = np.unique(masks, axis=0, return_inverse=True)
    answers = game.payoffs(distinct)[drawn.ravel()]
    kept = masks.mean(axis=1)
    # The full text is a vector of ones: its cosine with z is √(tokens kept / tokens).
    pi = kept if weight == "kept-fraction" else np.exp(-((100 * (1 - np.sqrt(kept)) / 25) ** 2) / 2)
    fit = ridge_fit(masks.astype(float), answers[:, None], pi, ridge)
    return Attribution(
        fit.coefficients[:, 0],
        base=fit.intercept[0],
        output=answers[0],
        data=game.data,
        std=fit.std[:, 0],
        evaluations=game.evaluations,
        method="LIME",
        feature_names=game.players,
        details={"r2": fit.r2[0], "intercept": fit.intercept[0]},
    )


def draw_removals(tokens: int, samples: int, seed: int | None) -> np.ndarray:
    """Return masks (samples, M): the first keeps all tokens, the others drop 1 … M at random."""
    rng = np.random.default_rng(as_seed(seed))
    removed = rng.integers(1, tokens + 1, samples)
    removed[0] = 0
    order = np.argsort(rng.random((samples, tokens)), axis=1)
    masks = np.empty((samples, tokens), dtype=bool)
    np.put_along_axis(masks, order, np.arange(tokens) >= removed[:, None], axis=1)
    return masks


def _kernel(displacement: np.ndarray, width: float) -> np.ndarray:
    """Return :math:`π = exp(−D² / 2w²)` of displacements (B, M)."""
    with np.errstate(over="ignore"):  # exp(−∞) = 0
        steps = displacement / width
        squares = np.einsum("bj,bj->b", steps, steps)
    return closeness(squares, width, displacement.shape[1])


def closeness(squares: np.ndarray, width: float, slopes: int) -> np.ndarray:
    """Return :math:`π = exp(−D² / 2w²)` of D² / w² (B,); raise if it leaves too few neighbours."""
    weights = np.exp(-squares / 2)
    total = weights.sum()
    neighbours = total**2 / (weights @ weights) if total else 0.0
    if neighbours < slopes + 1:
        raise ValueError(
            f"at kernel_width {width:g} only about {neighbours:.0f} of {len(weights)} perturbed "
            f"rows count, too few for {slopes} slopes: give a wider kernel or more samples"
        )
    return weights


def _whole(given: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Tell which columns (d,) hold whole numbers in x, given as such, and in the background."""
    return given & (np.isnan(rows) | (rows == np.rint(rows))).all(axis=0)


def _in_whole_steps(
    noise: np.ndarray, centre: np.ndarray | float, scale: np.ndarray, whole: np.ndarray
) -> np.ndarray:
    """Return noise (B, d) that leads from the centre to whole numbers in the `whole` columns."""
    if not whole.any():
        return noise
    steps = np.rint(centre + noise * scale) - centre
    return np.where(whole & (scale > 0), steps / np.where(scale > 0, scale, 1.0), noise)


def _moved(
    centre: np.ndarray,
    noise: np.ndarray,
    scale: np.ndarray,
    whole: np.ndarray,
    limits: tuple[np.ndarray, ...],
) -> tuple[np.ndarray, np.ndarray]:
    """Return rows with noise around a centre, and the noise that leads to them.

    Whole columns are without rounding error, and stay within the limits of their types: there the
    noise is cut short.
    """
    rows = noise * scale
    rows += centre  # in place: new memory costs more than the sum
    if not whole.any():
        return rows, noise
    steps = np.rint(rows[:, whole])
    low, high = (limit[whole] for limit in limits)
    if not (np.nanmin(steps) < low.max() or np.nanmax(steps) > high.min()):
        rows[:, whole] = steps
        return rows, noise
    beyond = (steps < low) | (steps > high)
    rows[:, whole] = held = np.clip(steps, low, high)
    if beyond.any():
        made = (held - centre[whole]) / np.where(scale > 0, scale, 1.0)[whole]
        noise = noise.copy()
        noise[:, whole] = np.where(beyond, made, noise[:, whole])
    return rows, noise


def _ask(question: Question, perturbed: np.ndarray, later: int = 0) -> np.ndarray:
    """Return the model's outputs (B, k) for perturbed rows like those of x, which it may change."""
    parts = question.calls(len(perturbed), perturbed.shape[1], later=later)
    made = (arrays.like(perturbed[part], question.x) for part in parts)
    answers = [question.all_outputs(rows, fresh=True) for rows in made]
    return np.concatenate([arrays.float64(answer) for answer in answers])


def _sparse_fit(
    z: np.ndarray, answers: np.ndarray, weights: np.ndarray, ridge: float, features: int | None
) -> LinearFit:
    """Fit all coefficients, or the `features` largest of each output; the others are 0."""
    fit = ridge_fit(z, answers, weights, ridge)
    if features is None:
        return fit
    sparse = []
    for row, slopes in enumerate(fit.coefficients.T):
        kept = np.argsort(-np.abs(slopes), kind="stable")[:features]
        part = ridge_fit(z[:, kept], answers[:, [row]], weights, ridge)
        coefficients, std = np.zeros((2, z.shape[1], 1))
        coefficients[kept], std[kept] = part.coefficients, part.std
        sparse.append(LinearFit(coefficients, part.intercept, part.r2, std))
    return side_by_side(sparse)
