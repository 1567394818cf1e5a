"""Formulas of docstrings as TeX."""

import ast
import re
from pathlib import Path

import pytest

from tools.formulas import MARKED, tex, with_tex

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "formula, expected",
    [
        ("φ_i", "φ_{i}"),
        ("w_kj a_j", "w_{kj} a_{j}"),
        ("∂F_target/∂x", r"\partial F_{\text{target}}/\partial x"),
        ("Σ_{S∌i} |S|!", r"\sum _{S\not\ni i} |S|!"),
        ("Σ_US Σ_SS⁻¹", "Σ_{US} Σ_{SS}^{-1}"),  # covariances
        ("Σφ", r"\sum φ"),
        ("z ∈ {−1, +1}^M", r"z \in  \{-1, +1\}^{M}"),
        ("e^−x₃", "e^{-x_{3}}"),
        ("A⁻¹z_bᵀ", r"A^{-1}z_{b}^{\top }"),
        ("∫₀¹ g(t) dt", r"\int _{0}^{1} g(t) dt"),
        ("√(2 / inputs)", r"\sqrt {2 / \text{inputs}}"),
        ("m̂ / (√v̂ + 10⁻⁸)", r"\hat{m} / (\sqrt {\hat{v}} + 10^{-8})"),
        ("exp(−D² / 2w²)", r"\operatorname{exp}(-D^{2} / 2w^{2})"),
        ("½ (P̄ + 1)", r"\tfrac12  (\bar{P} + 1)"),
        ("msϕ(a)", "msϕ(a)"),
        ("a shifted by i, j", r"a \text{shifted by} i, j"),
        ("φ′(z) ≠ 0", r"φ'(z) \ne  0"),
    ],
)
def test_a_formula_as_it_is_written_becomes_tex(formula, expected):
    assert tex(formula) == expected


def test_only_what_is_marked_is_changed():
    line = "    The sum Σ_j of `x_j`, :math:`Σ_j x_j` and :math:`x²`."
    assert with_tex(line) == r"    The sum Σ_j of `x_j`, :math:`\sum _{j} x_{j}` and :math:`x^{2}`."
    assert with_tex("    .. math:: Σ_j x_j") == r"    .. math:: \sum _{j} x_{j}"


def test_formulas_in_one_line_keep_apart():
    line = with_tex(".. math:: φ_i = Σ_{T∋i, |T| odd} f(T, i), α = 2")
    assert line == r".. math:: φ_{i} = \sum _{T\ni i, |T| \text{odd}} f(T, i),\quad α = 2"


def marked():
    for file in sorted((ROOT / "xaikit").rglob("*.py")):
        nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
        for text in [ast.get_docstring(node) or "" for node in nodes if isinstance(node, kinds)]:
            for line in text.splitlines():
                yield from (inline or display for inline, _, display in MARKED.findall(line))


def test_every_formula_of_the_package_is_tex_that_a_reader_may_trust():
    formulas = list(marked())
    assert len(formulas) > 100
    for formula in formulas:
        result = tex(formula)
        assert result.count("{") == result.count("}"), formula
        # Letters, and what TeX writes itself; every sign has become a command.
        left = re.sub(r"[\x20-\x7eα-ωΑ-Ωϕℓ]", "", result)
        assert not left, f"{formula}: {left} has no command in tools/formulas.py"
