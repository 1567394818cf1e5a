from contextlib import nullcontext
from functools import cache

import nbgrader.api
import pytest

from grading import intake, sandbox, summary
from grading.limited import Limited
from tests.missing import skip_or_fail


@pytest.fixture(scope="session", autouse=True)
def _sandbox_or_skip():
    """Skip all tests in this folder without a sandbox; on CI fail."""
    if why := sandbox.missing():
        skip_or_fail(why)


@pytest.fixture(scope="session", autouse=True)
def _alembic_is_asked_once():
    """Keep alembic's answer: every new gradebook runs it for a second, with the same result."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nbgrader.api, "get_alembic_version", cache(nbgrader.api.get_alembic_version))
        yield


@pytest.fixture(scope="session", autouse=True)
def _a_reader_is_kept():
    """Read all classes' files in one process: to start one takes half a second.

    test_notebooks.py has readers of its own, and commands in processes of their own have theirs.
    """
    with pytest.MonkeyPatch.context() as patch, Limited() as reader:
        for module in (intake, summary):
            patch.setattr(module, "Limited", lambda: nullcontext(reader))
        yield
