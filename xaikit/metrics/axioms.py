"""Axioms as executable checks: a search for counterexamples among small random networks.

Lectures 03 and 06 state the axioms, lecture 09 checks every method for all of them. A search that
finds nothing proves nothing; a printed counterexample can be checked by hand. So weights and rows
have one decimal, and the smallest networks come first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xaikit.core.attribution import Attribution
from xaikit.core.settings import as_seed
from xaikit.networks.activations import ReLU
from xaikit.networks.layers import Dense
from xaikit.networks.network import Network

Method = Callable[[Network, np.ndarray, np.ndarray], Any]


@dataclass(frozen=True, eq=False)
class Counterexample:
    """A network and a row for which a method violates an axiom, printed for a check by hand.

    Attributes
    ----------
    axiom : str
    message : str
        The values found, and the values that the axiom demands.
    networks : tuple of Network
        One, or several for axioms that compare networks.
    x, baseline : array (d,)
    values : tuple of array (d,)
        The method's scores for each of the networks.
    """

    axiom: str
    message: str
    networks: tuple[Network, ...]
    x: np.ndarray
    baseline: np.ndarray
    values: tuple[np.ndarray, ...]

    def __str__(self) -> str:
        lines = [f"{self.axiom}: {self.message}"]
        lines += [f"  x = {_numbers(self.x)}, baseline = {_numbers(self.baseline)}"]
        for i, (network, scores) in enumerate(zip(self.networks, self.values, strict=True)):
            name = f"F{i + 1}" if len(self.networks) > 1 else "F"
            lines.append(f"  {name} = {_formula(network)}: scores {_numbers(scores)}")
        return "\n".join(lines)


def check_axioms(
    method: Method,
    axioms: Sequence[str] | None = None,
    baseline: float | None = None,
    trials: int = 60,
    tolerance: float = 1e-6,
    seed: int | None = 0,
) -> dict[str, Counterexample | None]:
    """Look for a counterexample to each axiom among random ReLU networks.

    - efficiency: :math:`Σ φ = F(x) − F(b)`
    - dummy: :math:`φ_i = 0` if F does not depend on :math:`x_i`
    - symmetry: :math:`φ_i = φ_j` if :math:`F(…x_i…x_j…) = F(…x_j…x_i…)`, :math:`x_i = x_j`
      and :math:`b_i = b_j`
    - linearity: φ of :math:`αF₁ + βF₂` is :math:`αφ₁ + βφ₂`
    - implementation invariance: :math:`φ₁ = φ₂` if :math:`F₁ = F₂` everywhere, however built
    - sensitivity(a): :math:`φ_i ≠ 0` if x and b differ in :math:`x_i` alone, and
      :math:`F(x) ≠ F(b)`

    Parameters
    ----------
    method : callable
        (network, x (d,), baseline (d,)) -> Attribution or scores (d,), for output 0.
    axioms : sequence of str, optional
        Names from the list above; None means all.
    baseline : float, optional
        The baseline of every feature. None draws one each time; 0 is for methods without a
        baseline, such as LRP.
    trials : int
        Networks to try for each axiom.
    tolerance : float
        The largest error that counts as equal, in units of F, which is about 1; quadrature and
        sampling need a larger one.
    seed : int or None
        The same seed draws the same networks; None draws new ones.

    Returns
    -------
    dict of axiom to Counterexample or None

    Raises
    ------
    TypeError, ValueError
        For an unknown axiom, or scores that are not d finite numbers.

    References
    ----------
    - Shapley 1953, A value for n-person games, Contributions to the Theory of Games II.
    - Sundararajan, Taly & Yan 2017, Axiomatic Attribution for Deep Networks, arXiv:1703.01365,
      §2 (sensitivity(a), implementation invariance).
    """
    if not callable(method):
        raise TypeError(
            f"method is {type(method).__name__}, expected (network, x, baseline) -> scores"
        )
    chosen = list(AXIOMS) if axioms is None else list(axioms)
    for name in chosen:
        if name not in AXIOMS:
            raise ValueError(f"unknown axiom {name!r}, expected one of {', '.join(AXIOMS)}")
    seed = as_seed(seed)
    found: dict[str, Counterexample | None] = {}
    for name in chosen:
        rng = np.random.default_rng(seed)
        found[name] = None
        for trial in range(trials):
            size = 2 + 3 * trial // trials  # 2, 3, then 4 features and hidden units
            draw = _Draw(rng, size, baseline)
            found[name] = AXIOMS[name](_checked(method), draw, tolerance)
            if found[name] is not None:
                break
    return found


@dataclass(frozen=True, eq=False)
class _Draw:
    """Random numbers of one trial, each with one decimal."""

    rng: np.random.Generator
    size: int
    fixed: float | None

    def numbers(self, *shape: int) -> np.ndarray:
        return self.rng.normal(0, 1, shape).round(1) + 0.0  # no −0 in print

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Return x and a baseline, (d,) each."""
        x, other = self.numbers(2, self.size)
        return x, other if self.fixed is None else np.full(self.size, float(self.fixed))

    def network(self, first: np.ndarray | None = None) -> Network:
        """Return a random F = w₂ · max(W₁ x + β₁, 0) + β₂."""
        weight = self.numbers(self.size, self.size) if first is None else first
        hidden = len(weight)
        return _two_layers(weight, self.numbers(hidden), self.numbers(1, hidden), self.numbers(1))


def _two_layers(
    weight: np.ndarray, bias: np.ndarray, last: np.ndarray, last_bias: np.ndarray
) -> Network:
    return Network([Dense(weight, bias), ReLU(), Dense(last, last_bias)])


def _checked(method: Method) -> Method:
    """Return the method with float64 scores (d,); raise if they are not d finite numbers."""

    def scores(network: Network, x: np.ndarray, baseline: np.ndarray) -> np.ndarray:
        given = method(network, x.copy(), baseline.copy())
        values = np.asarray(
            given.values if isinstance(given, Attribution) else given, dtype=np.float64
        )
        if values.shape != x.shape or not np.isfinite(values).all():
            raise ValueError(f"the method returned {values}, expected {len(x)} finite scores")
        return values

    return scores


def _efficiency(method: Method, draw: _Draw, tolerance: float) -> Counterexample | None:
    (x, baseline), network = draw.rows(), draw.network()
    values = method(network, x, baseline)
    whole = float(network(x)[0] - network(baseline)[0])
    if abs(values.sum() - whole) <= tolerance:
        return None
    message = f"scores sum to {values.sum():.3f}, but F(x) − F(b) is {whole:.3f}"
    return Counterexample("efficiency", message, (network,), x, baseline, (values,))


def _dummy(method: Method, draw: _Draw, tolerance: float) -> Counterexample | None:
    (x, baseline), weight = draw.rows(), draw.numbers(draw.size, draw.size)
    i = int(draw.rng.integers(draw.size))
    weight[:, i] = 0
    network = draw.network(weight)
    values = method(network, x, baseline)
    if abs(values[i]) <= tolerance:
        return None
    message = f"F does not depend on x{i + 1}, but its score is {values[i]:.3f}"
    return Counterexample("dummy", message, (network,), x, baseline, (values,))


def _symmetry(method: Method, draw: _Draw, tolerance: float) -> Counterexample | None:
    (x, baseline), half = draw.rows(), draw.numbers(draw.size, draw.size)
    i, j = draw.rng.choice(draw.size, 2, replace=False)
    x[j], baseline[j] = x[i], baseline[i]
    # Each unit has a twin in which the two features change places: F is symmetric, although its
    # units need not be.
    twin = half.copy()
    twin[:, [i, j]] = half[:, [j, i]]
    bias, last = draw.numbers(draw.size), draw.numbers(1, draw.size)
    network = _two_layers(
        np.concatenate([half, twin]),
        np.tile(bias, 2),
        np.tile(last, (1, 2)),
        draw.numbers(1),
    )
    values = method(network, x, baseline)
    if abs(values[i] - values[j]) <= tolerance:
        return None
    message = (
        f"x{i + 1} and x{j + 1} play the same part, but score {values[i]:.3f} and {values[j]:.3f}"
    )
    return Counterexample("symmetry", message, (network,), x, baseline, (values,))


def _linearity(method: Method, draw: _Draw, tolerance: float) -> Counterexample | None:
    (x, baseline), first, second = draw.rows(), draw.network(), draw.network()
    # Factors of both signs: a method of absolute values would pass with two equal signs.
    a, b = abs(draw.numbers(1)[0]) + 1, -abs(draw.numbers(1)[0]) - 0.5
    (w1, b1, l1, c1), (w2, b2, l2, c2) = _weights(first), _weights(second)
    both = _two_layers(
        np.concatenate([w1, w2]),
        np.concatenate([b1, b2]),
        np.concatenate([a * l1, b * l2], axis=1),
        a * c1 + b * c2,
    )
    networks = first, second, both
    values = tuple(method(network, x, baseline) for network in networks)
    expected = a * values[0] + b * values[1]
    if np.abs(values[2] - expected).max() <= tolerance:
        return None
    message = (
        f"F3 = {a:.1f} F1 − {-b:.1f} F2, whose scores would be {_numbers(expected)}, "
        f"but they are {_numbers(values[2])}"
    )
    return Counterexample("linearity", message, networks, x, baseline, values)


def _implementation(method: Method, draw: _Draw, tolerance: float) -> Counterexample | None:
    (x, baseline), network = draw.rows(), draw.network()
    first, bias, last, last_bias = _weights(network)
    # max(cz, 0) = c max(z, 0) for c > 0: units are scaled, one is split, the order is changed.
    scale = draw.rng.choice([0.5, 2.0, 4.0], draw.size)
    order = draw.rng.permutation(draw.size + 1)
    weight, bias, last = scale[:, None] * first, scale * bias, last / scale
    rebuilt = _two_layers(
        np.concatenate([weight, weight[:1]])[order],
        np.concatenate([bias, bias[:1]])[order],
        np.concatenate([last[:, :1] / 4, last[:, 1:], last[:, :1] * 3 / 4], axis=1)[:, order],
        last_bias,
    )
    networks = network, rebuilt
    values = tuple(method(one, x, baseline) for one in networks)
    if np.abs(values[0] - values[1]).max() <= tolerance:
        return None
    message = f"F1 = F2 everywhere, but they score {_numbers(values[0])} and {_numbers(values[1])}"
    return Counterexample("implementation invariance", message, networks, x, baseline, values)


def _sensitivity(method: Method, draw: _Draw, tolerance: float) -> Counterexample | None:
    x, baseline = draw.rows()
    # Few units, so that all of them may be saturated at x.
    network = draw.network(draw.numbers(int(draw.rng.integers(1, 3)), draw.size))
    i = int(draw.rng.integers(draw.size))
    if draw.fixed is None:
        baseline = np.where(np.arange(draw.size) == i, baseline, x)
    else:
        x = np.where(np.arange(draw.size) == i, x, baseline)
    step = float(network(x)[0] - network(baseline)[0])
    if abs(step) <= 0.1:
        return None
    values = method(network, x, baseline)
    if abs(values[i]) > tolerance:
        return None
    message = f"only x{i + 1} differs from the baseline, and F by {step:.3f}, but its score is 0"
    return Counterexample("sensitivity(a)", message, (network,), x, baseline, (values,))


AXIOMS: dict[str, Callable[[Method, _Draw, float], Counterexample | None]] = {
    "efficiency": _efficiency,
    "dummy": _dummy,
    "symmetry": _symmetry,
    "linearity": _linearity,
    "implementation invariance": _implementation,
    "sensitivity(a)": _sensitivity,
}


def _numbers(values: np.ndarray) -> str:
    return "(" + ", ".join(f"{v + 0:.4g}" for v in values) + ")"


def _formula(network: Network) -> str:
    """Write w₂ · max(W₁ x + β₁, 0) + β₂ as a sum over hidden units."""
    first, bias, last, last_bias = _weights(network)
    units = [
        f"{factor:+.6g} max({_numbers(weight)}·x {shift:+.6g}, 0)"
        for factor, weight, shift in zip(last[0], first, bias, strict=True)
    ]
    return " ".join(units) + f" {last_bias[0]:+.6g}"


def _weights(network: Network) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return W₁, β₁, w₂ and β₂ of a network of two dense layers."""
    first, _, last = (layer.parameters for layer in network.layers)
    return first["weight"], first["bias"], last["weight"], last["bias"]
