"""The checks of assignment 02 restore the names that they replace for an answer."""

import numpy as np
import pytest

from xaikit.course.checks import Mistake
from xaikit.course.checks import lime as checks


def answer(names):
    """Return an `explain` with these names as globals, as in a notebook."""
    source = """\
def explain(classifier, text, masks, target, ridge):
    y = classifier(perturb(text.split(), masks))[:, target]
    return fit_line(masks, y, kept_fraction(masks), ridge)[1:]
"""
    exec(source, names)
    return names["explain"]


def test_parts_are_lent_whether_the_learner_has_them_or_not():
    checks.explain(answer({}))
    checks.explain(answer({"fit_line": None, "perturb": None}))


ARGUMENTS = (lambda texts: np.ones((len(texts), 2)) / 2, "a b", np.eye(2), 0, 1.0)


def test_parts_are_put_back():
    names = {"fit_line": "the learner's own"}
    assert np.allclose(checks.explaining(answer(names))(*ARGUMENTS), 0)
    assert names["fit_line"] == "the learner's own"
    assert "perturb" not in names and "kept_fraction" not in names


def test_parts_are_put_back_after_an_error():
    names = {"fit_line": "the learner's own"}
    with pytest.raises(KeyError):
        checks.explaining(eval("lambda *arguments: {}['no']", names))(*ARGUMENTS)
    assert names["fit_line"] == "the learner's own" and "perturb" not in names


def test_a_callable_without_names_is_checked_too():
    class Explain:
        __name__ = "explain"

        def __call__(self, classifier, text, masks, target, ridge):
            return np.zeros(len(text.split()))

    with pytest.raises(Mistake, match="explain: got"):
        checks.explain(Explain())


def test_reference_line_is_the_one_that_a_small_case_gives_by_hand():
    line = checks._line(np.array([[0.0], [1.0]]), [0.0, 1.0], [1.0, 3.0], 0.75)
    assert np.allclose(line, [3 / 8, 1 / 2])
