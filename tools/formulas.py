"""Formulas of docstrings as TeX; in a terminal they are read as written, with φ_i and Σ."""

from __future__ import annotations

import re

FUNCTIONS = ["sin", "tanh", "sinh", "atanh", "log", "exp", "max", "min", "sign", "diag"]
SIGNS = {
    "−": "-",
    "·": r"\cdot ",
    "⊙": r"\odot ",
    "∘": r"\circ ",
    "≤": r"\le ",
    "≥": r"\ge ",
    "≠": r"\ne ",
    "≈": r"\approx ",
    "→": r"\to ",
    "~": r"\sim ",
    "∞": r"\infty ",
    "∅": r"\emptyset ",
    "∈": r"\in ",
    "∉": r"\notin ",
    "∋": r"\ni ",
    "∌": r"\not\ni ",
    "∪": r"\cup ",
    "∩": r"\cap ",
    "∂": r"\partial ",
    "∫": r"\int ",
    "√": r"\sqrt ",
    "½": r"\tfrac12 ",
    "…": r"\ldots ",
    "‖": r"\Vert ",
    "′": "'",
    "ū": r"\bar{u}",
}
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀᶜ", [*"0123456789+-", r"\top ", "c"], strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
HAT, BAR = "\N{COMBINING CIRCUMFLEX ACCENT}", "\N{COMBINING MACRON}"
# Commas between formulas: no bracket closes behind them before one opens.
BETWEEN = re.compile(r", (?![^(\[{]*[)\]}])")
MARKED = re.compile(r":math:`([^`]+)`|^(\s*\.\. math:: )(.+)$")


def with_tex(line: str) -> str:
    """Return a docstring's line with the formulas that it marks as TeX."""

    def role_or_directive(found: re.Match[str]) -> str:
        inline, directive, display = found.groups()
        if inline:
            return f":math:`{tex(inline)}`"
        return directive + r",\quad ".join(map(tex, BETWEEN.split(display)))

    return MARKED.sub(role_or_directive, line)


def tex(formula: str) -> str:
    """Return a formula in TeX.

    Σ and Π are sums and products, but Σ with two capitals below it is a covariance. A word of three
    letters or more is a word, two letters are a product. Braces group what stands below a letter,
    elsewhere they are braces of a set.
    """
    text = re.sub(r"(?<![_^])\{([^{}]*)\}", r"\\{\1\\}", formula)
    text = re.sub(r"[_^](−?[A-Za-z0-9₀-₉]+)", lambda found: f"{found[0][0]}{{{found[1]}}}", text)
    text = re.sub(r"√\(([^()]*)\)", r"√{\1}", text)
    text = re.sub(f"√([A-Za-z]+{HAT}?)", r"√{\1}", text)
    text = re.sub(f"([A-Za-z]){HAT}", r"\\hat{\1}", text)
    text = re.sub(f"([A-Za-z]){BAR}", r"\\bar{\1}", text)
    text = _grouped(_grouped(text, RAISED, "^"), LOWERED, "_")
    text = re.sub(r"(?<!\\)\b[A-Za-z]{3,}(?: [A-Za-z]{2,})*", _word, text)
    text = re.sub(r"Σ(?!_\{[A-Z]{2}\})", r"\\sum ", text)
    text = text.replace("Π", r"\prod ")
    return re.sub("|".join(map(re.escape, SIGNS)), lambda found: SIGNS[found[0]], text).strip()


def _grouped(text: str, letters: dict[str, str], mark: str) -> str:
    """Write ⁻¹ as ^{-1}."""
    run = re.compile(f"[{''.join(letters)}]+")
    return run.sub(lambda found: f"{mark}{{{''.join(letters[c] for c in found[0])}}}", text)


def _word(found: re.Match[str]) -> str:
    word = found[0]
    return f"\\operatorname{{{word}}}" if word in FUNCTIONS else f"\\text{{{word}}}"
