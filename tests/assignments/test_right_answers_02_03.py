"""Right answers of an unusual form earn every point: in single precision, as one array."""

from pathlib import Path

import nbformat
import pytest

from tests.assignments import scoring

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"
NUMBERS = {
    "02_lime": ["kept_fraction", "fit_line", "explain", "proximity"],
    "03_shapley_values": ["contributions", "shapley", "estimate"],
}


def earned(assignment, grade_id, add):
    """Return whether the solution with more code after one answer still earns all points."""
    notebook = nbformat.read(SOLUTIONS / assignment / f"{assignment}.ipynb", as_version=4)
    run = scoring.run(scoring.with_more(notebook, grade_id, add))
    return scoring.points(run) == scoring.maxima(run)[0]


@pytest.mark.parametrize(
    ("assignment", "grade_id"), [(a, name) for a, names in NUMBERS.items() for name in names]
)
def test_single_precision_is_precise_enough(assignment, grade_id):
    assert earned(assignment, grade_id, scoring.SINGLE.format(name=grade_id))


@pytest.mark.parametrize("form", ["np.array", "np.float32", "list", "torch.tensor", "np.stack"])
def test_values_and_errors_may_be_one_array(form):
    form = form.replace("torch", "__import__('torch')")
    assert earned(
        "03_shapley_values",
        "estimate",
        f"""

pair_of = estimate


def estimate(*arguments):
    return {form}(np.array(pair_of(*arguments)))
""",
    )
