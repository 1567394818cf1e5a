import os
from functools import cache

import nbgrader.api
import pytest

from grading import sandbox


@pytest.fixture(scope="session", autouse=True)
def _sandbox_or_skip():
    """Without bubblewrap nothing here can run; on CI that is a failure."""
    if why := sandbox.missing():
        (pytest.fail if os.environ.get("XAI_CI") else pytest.skip)(why)


@pytest.fixture(scope="session", autouse=True)
def _alembic_is_asked_once():
    """Every new gradebook starts the program alembic, a second long, for the same answer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nbgrader.api, "get_alembic_version", cache(nbgrader.api.get_alembic_version))
        yield
