"""Sparse matrices: a function gets the kind that x is, and answers are those of arrays."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

import xaikit as xk

RNG = np.random.default_rng(0)
DENSE = np.where(RNG.random((20, 6)) < 0.3, RNG.normal(size=(20, 6)), 0.0)
KINDS = [sp.csr_matrix, sp.csc_matrix, sp.csr_array, sp.coo_array, sp.lil_matrix]


def model_of(kind):
    """Return a model (n, 6) -> (n, 2) that takes one kind of sparse matrix only."""

    def model(rows):
        assert type(rows) is kind and rows.dtype == np.float64
        given = rows.toarray()
        return np.stack([given[:, 0] * given[:, 1] + given.sum(axis=1), given.sum(axis=1)], axis=1)

    return model


def of_arrays(rows):
    return model_of(sp.csr_array)(sp.csr_array(rows))


ANSWERS = {
    "exact Shapley": lambda model, x, others: xk.exact_shapley(xk.marginal_game(model, x, others)),
    "KernelSHAP": lambda model, x, others: xk.kernel_shap(xk.baseline_game(model, x)),
    "a baseline": lambda model, x, others: xk.exact_shapley(xk.baseline_game(model, x, others[:1])),
    "conditional": lambda model, x, others: xk.exact_shapley(
        xk.conditional_game(model, x, others, samples=8)
    ),
    "LIME": lambda model, x, others: xk.lime_tabular(model, x, others, samples=200),
    "LIME around the background": lambda model, x, others: xk.lime_tabular(
        model, x, others, samples=200, around="background"
    ),
    "categories": lambda model, x, others: xk.lime_tabular(
        model, x, others, samples=200, categorical=[[0, 1]]
    ),
    "groups": lambda model, x, others: xk.exact_shapley(
        xk.marginal_game(model, x, others, groups={"pair": [0, 1]})
    ),
}


@pytest.mark.filterwarnings("ignore:the background's covariance")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("name", ANSWERS)
def test_answers_are_those_of_arrays(name, kind):
    found = ANSWERS[name](model_of(kind), kind(DENSE[:3]), kind(DENSE[3:]))
    expected = ANSWERS[name](of_arrays, DENSE[:3], DENSE[3:])
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.data, expected.data)


def test_a_background_may_be_an_array_and_x_sparse_or_the_other_way():
    x, others = DENSE[:3], DENSE[3:]
    expected = xk.exact_shapley(xk.marginal_game(of_arrays, x, others)).values
    sparse = model_of(sp.csr_matrix)
    found = xk.exact_shapley(xk.marginal_game(sparse, sp.csr_matrix(x), others)).values
    np.testing.assert_array_equal(found, expected)
    found = xk.exact_shapley(xk.marginal_game(of_arrays, x, sp.csr_matrix(others))).values
    np.testing.assert_array_equal(found, expected)


def test_measures_take_sparse_rows():
    x = sp.csr_matrix(DENSE[:3])
    scores = xk.exact_shapley(xk.baseline_game(model_of(sp.csr_matrix), x))
    for measure in (xk.deletion, xk.infidelity, xk.sensitivity_n):
        found = measure(model_of(sp.csr_matrix), x, scores)
        expected = measure(of_arrays, DENSE[:3], scores)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_classifier_of_word_counts():
    texts = [
        f"{a} {b} film" for a in ("good", "bad", "dull", "fine") for b in ("old", "new", "long")
    ]
    labels = [text.startswith(("good", "fine")) for text in texts]
    counts = TfidfVectorizer().fit_transform(texts)
    model = LogisticRegression().fit(counts, labels).predict_proba
    answer = xk.exact_shapley(xk.baseline_game(model, counts[:2], target=1))
    np.testing.assert_allclose(answer.output, model(counts[:2])[:, 1], rtol=1e-15)
    np.testing.assert_allclose(answer.base + answer.values.sum(axis=1), answer.output, rtol=1e-12)
    assert (answer.values[counts[:2].toarray() == 0] == 0).all()


def test_many_columns_go_in_blocks_of_bounded_size():
    columns = 30_000
    sizes = []

    def model(rows):
        sizes.append(rows.shape)
        return np.asarray(rows.sum(axis=1)).ravel()

    x = sp.random_array((1, columns), density=0.001, random_state=0, format="csr")
    third = columns // 3
    groups = {name: range(k * third, (k + 1) * third) for k, name in enumerate("abc")}
    answer = xk.exact_shapley(
        xk.marginal_game(model, x, sp.csr_array((500, columns)), groups=groups)
    )
    parts = [x[:, list(columns_of)].sum() for columns_of in groups.values()]
    np.testing.assert_allclose(answer.values[0], parts, rtol=1e-12)
    assert max(n * d for n, d in sizes) <= 2**22


def test_a_method_of_gradients_says_what_to_do():
    with pytest.raises(TypeError, match=r"x is a sparse csr_matrix.* give x.toarray\(\)"):
        xk.gradient_x_input(xk.Network.mlp([6, 3, 1]), sp.csr_matrix(DENSE))
    with pytest.raises(TypeError, match=r"x is a sparse csr_matrix"):
        xk.baseline_game(xk.Network.mlp([6, 3, 1]), sp.csr_matrix(DENSE))
