"""Conversions and checks of arrays; the layers' tests cover convolution and pooling."""

import re
import warnings
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from tests.units.support import (
    assert_equal,
    assert_lives_at,
    double,
    numpy_of,
    picture_shapes,
    pool_layers,
    seeds,
)
from xaikit.core import arrays
from xaikit.networks import windows


def test_place_says_library_dtype_and_device():
    assert arrays.place(np.zeros(2, np.float32)) == "a float32 NumPy array"
    assert arrays.place(torch.zeros(2, dtype=torch.float64)) == "a float64 torch tensor on cpu"
    assert arrays.place(torch.zeros(2, device="meta")) == "a float32 torch tensor on meta"


@pytest.mark.parametrize("values", [[1.5, -2.0], np.array([1.5, -2.0]), torch.tensor([1.5, -2.0])])
def test_like_takes_values_from_anywhere_to_a_reference(backend, values):
    brought = arrays.like(values, backend.array([0.0]))
    assert_lives_at(backend, brought)
    assert numpy_of(brought).tolist() == [1.5, -2.0]


def test_like_takes_reversed_views(backend):
    """Torch refuses NumPy's negative strides, as in a flipped picture or y[::-1]."""
    brought = arrays.like(np.array([[1.0, 2.0], [3.0, 4.0]])[::-1, ::-1], backend.array([0.0]))
    assert_equal(brought, np.array([[4.0, 3.0], [2.0, 1.0]]), backend, 0)


def test_to_numpy_and_back_changes_no_bit(backend):
    x = backend.array(np.random.default_rng(0).normal(size=(3, 2)))
    there = arrays.to_numpy(x)
    assert isinstance(there, np.ndarray) and str(there.dtype) == backend.dtype
    back = arrays.like(there, x)
    assert_lives_at(backend, back)
    assert bool((back == x).all())


def test_to_numpy_detaches():
    assert arrays.to_numpy(torch.ones(2, requires_grad=True)).tolist() == [1.0, 1.0]


def test_indices_follow_the_library_and_the_device(backend):
    x = backend.array([[1.0, 2.0], [3.0, 4.0]])
    picked = x[arrays.indices(np.array([1, 0]), x), arrays.indices(np.array([0, 1]), x)]
    assert numpy_of(picked).tolist() == [3.0, 2.0]


@pytest.mark.parametrize("kind", ["float32", "float64", "int64", "bool"])
@pytest.mark.parametrize("library", [np, torch])
def test_is_floating(library, kind):
    assert arrays.is_floating(library.ones(2, dtype=getattr(library, kind))) is ("float" in kind)


def test_where_positive_is_zero_at_zero_and_passes_just_above(backend):
    smallest = np.finfo(backend.dtype).tiny
    z = backend.array([-np.inf, -1.0, -smallest, -0.0, 0.0, smallest, 1.0, np.inf])
    kept = arrays.where_positive(backend.array([3, -3, 3, -3, 3, -3, 5, -7]), z)
    assert_equal(kept, np.array([0, 0, 0, 0, 0, -3, 5, -7]), backend, 0)


# Inputs that can be explained.


@pytest.mark.parametrize(
    ("x", "values"),
    [
        ([[1, 2], [3, 4]], [[1, 2], [3, 4]]),
        (((True, False),), [[True, False]]),
        (np.array([1, 2], np.uint8), [1, 2]),
        (torch.tensor([1, 2]), [1, 2]),
        (2.5, 2.5),
    ],
)
def test_numeric_takes_whole_numbers_booleans_and_lists(x, values):
    assert arrays.numeric(x).tolist() == values


def test_numeric_detaches():
    assert not arrays.numeric(torch.ones(2, requires_grad=True)).requires_grad


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (["red", "green"], "x holds <U5 values, expected real numbers: encode text"),
        ([["red", 1]], "expected real numbers"),
        (np.array([[1.0, "a"]], object), "x holds str values"),
        (np.array(["2024-01-01"], "datetime64[D]"), "x holds datetime64[D] values"),
        (np.array([1 + 2j]), "x holds complex numbers, expected real ones"),
        (torch.tensor([1 + 2j]), "x holds complex numbers, expected real ones"),
    ],
)
def test_numeric_refuses_what_is_no_real_number(x, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        arrays.numeric(x)


@pytest.mark.parametrize(
    "x", [[], np.empty((0, 3)), torch.empty(0, 3), np.empty((3, 0)), np.empty((0, 3), int)]
)
def test_numeric_refuses_nothing(x):
    with pytest.raises(ValueError, match=r"x is empty: its shape is \(.*\), expected at least one"):
        arrays.numeric(x)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numeric_says_where_the_first_nan_or_infinity_is(backend, bad):
    x = np.zeros((2, 3))
    x[1, 0] = x[1, 2] = bad
    with pytest.raises(ValueError, match=r"baseline holds NaN or infinity \(first at index \(1, 0"):
        arrays.numeric(backend.array(x), "baseline")


def test_opposite_infinities_do_not_cancel(backend):
    with (
        warnings.catch_warnings(action="error"),
        pytest.raises(ValueError, match=r"NaN or infinity \(first at index \(0,\)\)"),
    ):
        arrays.numeric(backend.array([np.inf, -np.inf]))


def test_finite_numbers_with_an_infinite_sum_are_fine(backend):
    huge = backend.array([np.finfo(backend.dtype).max] * 2)
    with warnings.catch_warnings(action="error"):
        assert arrays.numeric(huge) is huge or bool((arrays.numeric(huge) == huge).all())


# Inputs that fit the weights.


@pytest.mark.parametrize("x", [[[1, 2]], [[1.0, 2.0]], ((True, False),)])
def test_lists_are_cast_to_the_reference(backend, x):
    assert_equal(arrays.matching(x, backend.array([0.0])), np.asarray(x, float), backend, 0)


@pytest.mark.parametrize("kind", ["int64", "uint8", "bool"])
def test_whole_numbers_in_the_same_library_are_cast(backend, kind):
    x = np.array([[0, 1]], kind)
    x = x if backend.library == "numpy" else torch.tensor(x, device=backend.device)
    assert_equal(arrays.matching(x, backend.array([0.0])), np.array([[0.0, 1.0]]), backend, 0)


@pytest.mark.parametrize(
    ("x", "reference", "message"),
    [
        (
            np.ones(2, np.float32),
            np.ones(2),
            "x is a float32 NumPy array, but the network's weights are float64 NumPy array",
        ),
        (
            torch.ones(2),
            torch.ones(2, dtype=torch.float64),
            "x is a float32 torch tensor on cpu, but the network's weights are float64 torch",
        ),
        (
            np.ones(2),
            torch.ones(2),
            "x is a float64 NumPy array, but the network's weights are float32 torch tensor on cpu",
        ),
        (
            np.ones(2, int),
            torch.ones(2),
            "x is a int64 NumPy array, but the network's weights are float32 torch tensor on cpu",
        ),
        (
            torch.ones(2),
            np.ones(2),
            "x is a float32 torch tensor on cpu, but the network's weights are float64 NumPy array",
        ),
        (
            torch.ones(2),
            torch.ones(2, device="meta"),
            "x is a float32 torch tensor on cpu, but the network's weights are float32 torch "
            "tensor on meta",
        ),
    ],
)
def test_another_place_is_an_error_that_names_both(x, reference, message):
    with pytest.raises(TypeError, match=re.escape(message)) as error:
        arrays.matching(x, reference)
    assert "net.to('numpy' | 'cpu' | 'cuda', dtype=…)" in str(error.value)


def test_a_tensor_from_elsewhere_is_refused_before_its_numbers_are_read():
    with pytest.raises(TypeError, match="x is a float32 torch tensor on meta, but the network's"):
        arrays.matching(torch.ones(2, device="meta"), torch.ones(2))


def test_matching_names_what_it_was_told_to():
    with pytest.raises(TypeError, match="baseline is a float32 NumPy array, but x are float64"):
        arrays.matching(np.ones(2, np.float32), np.ones(2), "baseline", "x")


# Windows.


def test_windows_by_hand(backend):
    """2 × 2 windows on 3 × 3 pixels: with stride 2 there is one, with stride 1 there are four."""
    a = backend.array(np.arange(9.0).reshape(1, 1, 3, 3))
    apart = windows.windows2d(a, (2, 2), (2, 2))
    assert_equal(apart, np.array([0, 1, 3, 4.0]).reshape(4, 1, 1, 1, 1), backend, 0)
    seen = windows.windows2d(a, (1, 2), (2, 1))
    assert_equal(seen, np.array([[[[[0, 1], [6, 7]]]], [[[[1, 2], [7, 8]]]]], float), backend, 0)
    back = windows.windows2d_backward(a, 10.0**seen, (1, 2), (2, 1))
    expected = [[[[1, 10 + 10, 100], [0, 0, 0], [10**6, 2 * 10**7, 10**8]]]]
    assert_equal(back, np.array(expected, float), backend)


@given(
    drawn=picture_shapes.flatmap(lambda shape: st.tuples(st.just(shape), pool_layers(shape))),
    seed=seeds,
)
def test_windows_are_what_torch_unfolds_and_their_way_back_is_the_adjoint(backend, drawn, seed):
    (channels, height, width), layer = drawn
    rng = np.random.default_rng(seed)
    a = backend.array(rng.normal(size=(2, channels, height, width)))
    size, stride = layer.windows(a)
    seen = windows.windows2d(a, size, stride)
    unfolded = functional.unfold(double(a), size, stride=stride).reshape(
        2, channels, size[0] * size[1], -1
    )
    expected = unfolded.permute(2, 0, 1, 3).reshape(seen.shape)
    assert_equal(seen, expected, backend, 0)
    grad = backend.array(rng.normal(size=tuple(seen.shape)))
    back = windows.windows2d_backward(a, grad, size, stride)
    flat = double(grad).reshape(*seen.shape[:3], -1).permute(1, 2, 0, 3).flatten(1, 2)
    assert_equal(back, functional.fold(flat, (height, width), size, stride=stride), backend)
    assert tuple(back.shape) == tuple(a.shape)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([[1, None]], "holds NoneType values, expected real numbers: write missing values as NaN"),
        ([[pd.NA, 2]], "holds NAType values, expected real numbers: write missing values as NaN"),
        ([[pd.NaT, 2]], "holds NaTType values, expected real numbers: write missing values as NaN"),
        (
            [[Decimal("0.1"), 2]],
            "holds Decimal values, expected real numbers: convert them",
        ),
        ([[Fraction(1, 3), 2]], "holds Fraction values, expected real numbers: convert them"),
        (
            [[date(2020, 5, 1), 2]],
            "holds date values, expected real numbers: count times from",
        ),
        (
            np.array(["2020-05-01"], "M8[D]"),
            "holds datetime64[D] values, expected real numbers:",
        ),
        (np.array([3], "m8[h]"), "holds timedelta64[h] values, expected real numbers: count times"),
        ([[b"red", 2]], "holds |S21 values, expected real numbers: encode text and categories"),
        (np.array([["red", 2]], object), "holds str values, expected real numbers: encode text"),
        (
            [[{"a": 1}, 2]],
            "holds dict values, expected real numbers: give rows of equal length",
        ),
        ([[np, 2]], "holds module values, expected real numbers: give an array of numbers"),
        (np, "is module, expected real numbers: give an array of numbers"),
        (None, "is NoneType, expected real numbers: write missing values as NaN"),
        ([[1j, 2]], "holds complex numbers, expected real ones"),
        (
            np.array([["red", None]], object),
            "holds NoneType, str values, expected real numbers: write missing values as NaN; e",
        ),
    ],
)
def test_each_kind_of_object_has_its_own_advice(x, message):
    with pytest.raises(TypeError, match="^x " + re.escape(message)):
        arrays.numeric(x)


def test_objects_that_are_numbers_are_taken():
    given = np.array([[1, 2.5], [True, np.float32(4)]], dtype=object)
    np.testing.assert_array_equal(arrays.numeric(given), [[1.0, 2.5], [1.0, 4.0]])
