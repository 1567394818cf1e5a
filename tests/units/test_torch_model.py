"""Any torch module as a model: values and gradients are autograd's, and no state changes."""

import re
import warnings

import numpy as np
import pytest
import torch
from torch import nn

import xaikit as xk
from tests.units.support import BACKENDS, assert_equal, numpy_of

TORCH = [b for b in BACKENDS if b.library == "torch"]


@pytest.fixture(params=TORCH, ids=str)
def torch_backend(request):
    return request.param


def perceptron(backend=TORCH[0], outputs=2):
    torch.manual_seed(0)
    layers = nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, outputs)
    return nn.Sequential(*layers).to(backend.device, getattr(torch, backend.dtype))


def rows(n=4, d=3):
    return np.random.default_rng(0).normal(size=(n, d))


class Function(nn.Module):
    """A module whose forward is this function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


# Values and gradients.


def test_values_and_gradients_equal_autograd(torch_backend):
    module, x = perceptron(torch_backend), torch_backend.array(rows())
    model, targets = xk.TorchModel(module), [1, 0, 0, 1]
    leaf = x.clone().requires_grad_()
    output = module(leaf)
    output[range(4), targets].sum().backward()
    assert_equal(model(x), output.detach(), torch_backend, 0)
    assert_equal(model.gradient(x, targets), leaf.grad, torch_backend, 0)


@pytest.mark.parametrize("weights", TORCH, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_numpy_x_goes_to_the_module_and_comes_back(weights, dtype):
    module, x = perceptron(weights), rows().astype(dtype)
    model = xk.TorchModel(module)
    tensor = torch.tensor(x, dtype=getattr(torch, weights.dtype), device=weights.device)
    for answer, expected in [
        (model(x), model(tensor)),
        (model.gradient(x, 1), model.gradient(tensor, 1)),
    ]:
        assert isinstance(answer, np.ndarray) and answer.dtype == dtype
        np.testing.assert_array_equal(answer, numpy_of(expected).astype(dtype))


@pytest.mark.parametrize("x", [[[1, 0, 2]], np.array([[1, 0, 2]]), torch.tensor([[1, 0, 2]])])
def test_whole_numbers_become_the_modules_numbers(x):
    model = xk.TorchModel(perceptron())
    expected = torch.tensor([[1.0, 0.0, 2.0]], dtype=torch.float64)
    np.testing.assert_array_equal(numpy_of(model(x)), numpy_of(model(expected)))
    np.testing.assert_array_equal(numpy_of(model.gradient(x)), numpy_of(model.gradient(expected)))


def test_flipped_and_transposed_views_are_read_as_they_stand():
    model = xk.TorchModel(perceptron())
    for view in (rows()[:, ::-1], rows()[::-1], rows(3, 4).T, rows()[::2]):
        np.testing.assert_array_equal(model(view), model(view.copy()))
        np.testing.assert_array_equal(model.gradient(view), model.gradient(view.copy()))


def test_whole_numbers_and_a_baseline_between_them():
    model, x = xk.TorchModel(perceptron()), np.array([[1, 0, 2]])
    expected = xk.gradient_x_input(model, x.astype(float), baseline=0.5)
    answer = xk.gradient_x_input(model, x, baseline=0.5)
    np.testing.assert_allclose(answer.base, expected.base, rtol=1e-14)
    np.testing.assert_allclose(answer.values, expected.values, rtol=1e-14)


def test_booleans_are_zeros_and_ones():
    model, x = xk.TorchModel(perceptron()), np.array([[True, False, True]])
    expected = xk.gradient_x_input(model, x.astype(float))
    np.testing.assert_allclose(xk.gradient_x_input(model, x).values, expected.values, rtol=1e-14)


def test_a_single_row_is_answered_without_a_batch_axis():
    model, x = xk.TorchModel(perceptron()), rows()
    np.testing.assert_allclose(model(x[0]), model(x)[0], rtol=1e-14)
    np.testing.assert_allclose(model.gradient(x[0], 1), model.gradient(x, 1)[0], rtol=1e-14)


def test_outputs_without_a_column_are_one_column():
    model, x = xk.TorchModel(nn.Sequential(perceptron(outputs=1), nn.Flatten(0))), rows()
    column = xk.TorchModel(perceptron(outputs=1))
    np.testing.assert_array_equal(model(x), column(x))
    np.testing.assert_array_equal(model.gradient(x), column.gradient(x))
    with pytest.raises(
        ValueError, match=re.escape("target 1 is out of range: the model has 1 out")
    ):
        model.gradient(x, 1)


def test_pictures():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(2, 3, 2), nn.Flatten(), nn.Linear(12, 2)).double()
    x = torch.randn(2, 2, 3, 3, dtype=torch.float64)
    leaf = x.clone().requires_grad_()
    module(leaf)[:, 1].sum().backward()
    assert_equal(xk.TorchModel(module).gradient(x, 1), leaf.grad, TORCH[0], 0)


def test_a_module_without_weights_computes_in_the_tensors_dtype():
    model = xk.TorchModel(Function(lambda x: x**2))
    x = torch.tensor([[1.0, 3.0]], dtype=torch.float64)
    assert model.gradient(x, 1).tolist() == [[0.0, 6.0]] and model(x).dtype is torch.float64
    answer = model(np.array([[0.1]]))
    assert answer.dtype == np.float64 and answer[0, 0] == 0.1**2


def test_the_module_may_move_after_it_was_wrapped():
    module = perceptron().float()
    model = xk.TorchModel(module)
    module.double()
    np.testing.assert_array_equal(model(rows()), xk.TorchModel(module)(rows()))
    np.testing.assert_array_equal(model.gradient(rows()), xk.TorchModel(module).gradient(rows()))


# No state changes.


def mixed_modes():
    """Return a module in training mode with one part in evaluation mode: a frozen BatchNorm."""
    torch.manual_seed(0)
    layers = nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Sequential(nn.Linear(4, 2))
    module = nn.Sequential(*layers).double().train()
    module[1].running_mean.normal_()
    module[1].eval()
    return module


def modes(module):
    return [part.training for part in module.modules()]


ASKED = [xk.TorchModel.__call__, xk.TorchModel.gradient, xk.saliency, xk.integrated_gradients]


@pytest.mark.parametrize("ask", ASKED)
def test_dropout_and_batch_norm_are_in_evaluation_mode_and_their_mode_comes_back(ask):
    module = mixed_modes()
    state = {name: value.clone() for name, value in module.state_dict().items()}
    before, model = modes(module), xk.TorchModel(module)
    ask(model, rows())
    assert modes(module) == before == [True, True, False, True, True, True]
    for name, value in module.state_dict().items():
        assert torch.equal(value, state[name]), name


def test_modules_that_draw_numbers_answer_alike_each_time():
    module = mixed_modes()
    expected = xk.TorchModel(mixed_modes().eval())
    model = xk.TorchModel(module)
    for _ in range(2):
        np.testing.assert_array_equal(model(rows()), expected(rows()))
        np.testing.assert_array_equal(model.gradient(rows()), expected.gradient(rows()))


def test_a_row_in_training_mode_does_not_depend_on_its_batch():
    model = xk.TorchModel(mixed_modes())
    np.testing.assert_allclose(model(rows())[:1], model(rows()[:1]), rtol=1e-13)


@pytest.mark.parametrize("ask", [xk.TorchModel.__call__, xk.TorchModel.gradient])
def test_modes_come_back_after_an_exception(ask):
    def fail(x):
        raise ZeroDivisionError("inside the module")

    module = nn.Sequential(mixed_modes(), Function(fail))
    before = modes(module)
    with pytest.raises(ZeroDivisionError, match="inside the module"):
        ask(xk.TorchModel(module), rows())
    assert modes(module) == before


@pytest.mark.parametrize("filled", [True, False])
def test_the_parameters_own_gradients_are_untouched(filled):
    module = perceptron()
    for parameter in module.parameters():
        parameter.grad = torch.full_like(parameter, 7.0) if filled else None
    model = xk.TorchModel(module)
    model(rows()), model.gradient(rows()), xk.gradient_x_input(model, rows())
    xk.integrated_gradients(model, rows(), steps=2)
    for parameter in module.parameters():
        assert parameter.requires_grad
        assert bool((parameter.grad == 7).all()) if filled else parameter.grad is None


def test_x_keeps_its_own_gradient_and_results_are_detached():
    model = xk.TorchModel(perceptron())
    x = torch.tensor(rows(), requires_grad=True)
    x.grad = torch.full_like(x, 7.0)
    result = xk.gradient_x_input(model, x)
    path = xk.integrated_gradients(model, x)
    arrays = [model(x), model.gradient(x), result.values, result.output, result.base]
    for array in [*arrays, path.values, *path.details["path"].values()]:
        assert not array.requires_grad
    assert x.requires_grad and x.is_leaf and bool((x.grad == 7).all())


@pytest.mark.parametrize("where", [torch.no_grad, torch.enable_grad])
def test_gradients_inside_and_outside_no_grad(where):
    model = xk.TorchModel(perceptron())
    expected = model.gradient(rows())
    with where():
        np.testing.assert_array_equal(model.gradient(rows()), expected)
        assert torch.is_grad_enabled() == (where is torch.enable_grad)


def test_a_module_that_turns_gradients_on_gives_detached_results():
    linear = perceptron()
    model = xk.TorchModel(Function(torch.enable_grad()(lambda x: linear(x))))
    assert not model(torch.tensor(rows())).requires_grad


@pytest.mark.parametrize("x", [-torch.ones(2, 3), -np.ones((2, 3), np.float32)])
def test_a_module_that_works_in_place_does_not_change_x(x):
    torch.manual_seed(0)
    linear = nn.Linear(3, 1)
    model = xk.TorchModel(nn.Sequential(nn.ReLU(inplace=True), linear))
    outside = xk.TorchModel(nn.Sequential(nn.ReLU(), linear))
    expected = numpy_of(outside(x)), numpy_of(outside.gradient(x))
    np.testing.assert_array_equal(numpy_of(model(x)), expected[0])
    np.testing.assert_array_equal(numpy_of(model.gradient(x)), expected[1])
    assert numpy_of(x).max() == -1


def test_read_only_arrays_raise_no_warning():
    x = rows()
    x.setflags(write=False)
    torch.set_warn_always(True)  # else torch warns once per process, perhaps in another test
    try:
        with warnings.catch_warnings(action="error"):
            xk.TorchModel(perceptron())(x)
    finally:
        torch.set_warn_always(False)


# Errors.


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: (x, x), "the module returned tuple, expected a tensor (n, k) or (n,)"),
        (lambda x: {"logits": x}, "the module returned dict, expected a tensor (n, k) or (n,)"),
        (lambda x: None, "the module returned NoneType, expected a tensor"),
        (lambda x: x.numpy(), "the module returned ndarray of shape (4, 3), expected a tensor"),
        (lambda x: x[:, :, None], "the module returned Tensor of shape (4, 3, 1), expected a"),
        (lambda x: x.sum(), "the module returned Tensor of shape (), expected a tensor (n, k)"),
        (lambda x: x[:2], "the module returned 2 rows for 4 rows of x"),
        (lambda x: x[:1, 0], "the module returned 1 rows for 4 rows of x"),
    ],
)
def test_outputs_that_are_no_table_are_refused_in_words(function, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        xk.TorchModel(Function(function))(rows())


@pytest.mark.parametrize(
    "function",
    [lambda x: x.detach(), lambda x: torch.tensor(x.tolist()), torch.no_grad()(lambda x: 2 * x)],
    ids=["detach", "round trip", "no_grad"],
)
def test_an_output_cut_off_from_x_is_refused_in_words(function):
    model = xk.TorchModel(Function(function))
    message = r"autograd finds no path from the output of Function to x: is there a detach\(\)"
    with pytest.raises(ValueError, match=message):
        model.gradient(rows())
    # With weights after the detach(), the output has a gradient, but not with respect to x.
    module = nn.Sequential(Function(function), nn.Linear(3, 1))
    with pytest.raises(ValueError, match="autograd finds no path from the output of Sequential"):
        xk.TorchModel(module).gradient(rows().astype("float32"))


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (
            torch.ones(1, 3),
            TypeError,
            "x is a float32 torch tensor on cpu, but the module's weights are float64 torch tensor",
        ),
        (np.full((1, 3), np.nan), ValueError, "x holds NaN or infinity (first at index (0, 0))"),
        (torch.full((1, 3), torch.inf), ValueError, "x holds NaN or infinity"),
        (np.ones((0, 3)), ValueError, "x is empty: its shape is (0, 3)"),
        ([["a", "b", "c"]], TypeError, "x holds <U1 values, expected real numbers"),
        (np.ones((1, 3), complex), TypeError, "x holds complex numbers"),
        (1.0, ValueError, "x is a single number, expected a row (d,) or rows (n, …)"),
    ],
)
@pytest.mark.parametrize("ask", ASKED)
def test_bad_x_is_refused_in_words(ask, x, error, message):
    with pytest.raises(error, match=re.escape(message)):
        ask(xk.TorchModel(perceptron()), x)


def test_x_on_another_device_than_the_module_is_refused_in_words():
    model = xk.TorchModel(nn.Linear(3, 1, device="meta"))
    message = (
        "x is a float32 torch tensor on cpu, but the module's weights are float32 torch tensor on"
    )
    with pytest.raises(TypeError, match=message):
        model(torch.ones(1, 3))


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        (2, ValueError, "target 2 is out of range: the model has 2 output(s), numbered 0 to 1"),
        (-1, ValueError, "target -1 is out of range"),
        (0.0, TypeError, "target holds float64 values"),
        ([0, 1], ValueError, "target has shape (2,), expected one number or one for each of 4"),
    ],
)
def test_bad_targets_are_refused_in_words(target, error, message):
    with pytest.raises(error, match=re.escape(message)):
        xk.TorchModel(perceptron()).gradient(rows(), target)


@pytest.mark.parametrize("thing", [lambda x: x, nn.Linear, xk.Network.mlp([1, 1])])
def test_what_is_no_module_is_refused_in_words(thing):
    message = f"expected a torch.nn.Module, got {type(thing).__name__}"
    with pytest.raises(TypeError, match=re.escape(message)):
        xk.TorchModel(thing)
