"""Every test that asks for `backend` runs once for each place where xaikit computes."""

import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch
from hypothesis import settings

from tests.units.support import BACKENDS

matplotlib.use("agg")

# The same examples in every run: a red test is red for everyone. To look further:
# `pytest tests/units --hypothesis-profile=default`, which draws new ones.
settings.register_profile("same", max_examples=25, derandomize=True, deadline=None)
settings.register_profile("few", max_examples=5, derandomize=True, deadline=None)
settings.load_profile("same")

# TF32 keeps 10 bits of the mantissa: no tolerance that is fit for float32 would hold.
torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False


@pytest.fixture(params=BACKENDS, ids=str, scope="session")
def backend(request):
    return request.param


@pytest.fixture(params=[b for b in BACKENDS if b.dtype == "float64"], ids=str, scope="session")
def exact_backend(request):
    return request.param


@pytest.fixture(autouse=True)
def no_figure_is_left():
    """A test's figures are its own: the next one on this worker counts what is open."""
    yield
    plt.close("all")


@pytest.fixture
def course_style():
    """The look that lectures set, for one test's figures."""
    from xaikit.course import plots

    with matplotlib.rc_context():
        plots.style()
        yield
