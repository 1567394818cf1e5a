"""Saliency and gradient × input: explanations from a single gradient.

Lecture 00 explains the first, lecture 01 derives the second as a product of matrices.
"""

from typing import Any

from xaikit.core.attribution import Attribution
from xaikit.core.models import DifferentiableModel
from xaikit.core.question import ask_for_slopes


def saliency(model: DifferentiableModel, x: Any, target: Any = 0) -> Attribution:
    """Return :math:`|∂F_c/∂x|`, the change of the output per small change of each feature.

    Parameters
    ----------
    model : Network or TorchModel
        F, with outputs (n, k).
    x : array (n, …) or (d,)
        Rows to explain, or a single row. Token ids are explained by their vectors: a token's score
        is the sum over its coordinates.
    target : int or (n,) ints
        c, the output column; one for all rows or one for each.

    Returns
    -------
    Attribution
        values in units of F per unit of x; base and gap are None, since slopes are not parts of
        a whole.

    Raises
    ------
    TypeError, ValueError
        For a model without gradients, x that does not match its weights, NaN or infinity in x, an
        empty x, outputs or slopes that are no numbers, or a target out of range.

    References
    ----------
    Simonyan, Vedaldi & Zisserman 2014, Deep Inside Convolutional Networks, arXiv:1312.6034, §3.
    """
    question = ask_for_slopes(model, x, target, keep_forward=True)
    return question.answer(abs(question.gradient_at_x()), base=None, method="saliency")


def gradient_x_input(
    model: DifferentiableModel, x: Any, target: Any = 0, baseline: Any = None
) -> Attribution:
    """Return :math:`(x − b) ⊙ ∂F_c/∂x`, the difference from the baseline times the gradient at x.

    Complete (gap 0) for every b if F(x) = w·x + c, and for b = 0 if F(λx) = λF(x) for λ ≥ 0, as in
    ReLU networks without bias. Elsewhere the gap is the error of the sum.

    Parameters
    ----------
    model : Network or TorchModel
        F, with outputs (n, k).
    x : array (n, …) or (d,)
        Rows to explain, or a single row. Token ids are explained by their vectors: a token's score
        is the sum over its coordinates.
    target : int or (n,) ints
        c, the output column; one for all rows or one for each.
    baseline : None, number, row, or array like x
        b; None means zeros. For token ids: other ids (whole numbers), at the same positions, or
        vectors (d,), (T, d) or (n, T, d).

    Returns
    -------
    Attribution
        values in units of F; base is :math:`F_c(b)`.

    Raises
    ------
    TypeError, ValueError
        As `saliency`; for a baseline of another shape.

    References
    ----------
    Shrikumar et al. 2016, Not Just a Black Box, arXiv:1605.01713, §2.
    """
    question = ask_for_slopes(model, x, target, baseline, keep_forward=True)
    slope = question.gradient_at_x()
    values = (question.x - question.baseline) * slope
    return question.answer(values, base=question.base(), method="gradient × input")
