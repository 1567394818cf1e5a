"""Every test that uses `backend` runs once on each library and device of xaikit."""

import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch
from hypothesis import settings

from tests.units.support import BACKENDS

matplotlib.use("agg")

# The same examples in every run: a red test is red on every machine. To draw new ones:
# `pytest tests/units --hypothesis-profile=default`.
settings.register_profile("same", max_examples=25, derandomize=True, deadline=None)
settings.register_profile("few", max_examples=5, derandomize=True, deadline=None)
settings.load_profile("same")

# TF32 keeps 10 bits of the mantissa, too few for the tolerances of float32.
torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False


@pytest.fixture(params=BACKENDS, ids=str, scope="session")
def backend(request):
    return request.param


@pytest.fixture(params=[b for b in BACKENDS if b.dtype == "float64"], ids=str, scope="session")
def exact_backend(request):
    return request.param


@pytest.fixture(scope="module")
def first_draws(request):
    """Return the state of a file's generator RNG as its tests begin, None without one."""
    rng = getattr(request.module, "RNG", None)
    return rng and rng.bit_generator.state


@pytest.fixture(autouse=True)
def same_draws(request, first_draws):
    """Start every test from the same draws: alone, in any order and on any worker."""
    torch.manual_seed(0)
    if first_draws:
        request.module.RNG.bit_generator.state = first_draws


@pytest.fixture(autouse=True)
def no_figure_is_left():
    """Close a test's figures: the next test on this worker counts the open ones."""
    yield
    plt.close("all")


@pytest.fixture
def course_style():
    """Use the lectures' style for one test's figures."""
    from xaikit.course import plots

    with matplotlib.rc_context():
        plots.style()
        yield
