import os

import pytest

from grading import sandbox


@pytest.fixture(scope="session", autouse=True)
def _sandbox_or_skip():
    """Without bubblewrap nothing here can run; on CI that is a failure."""
    if why := sandbox.missing():
        (pytest.fail if os.environ.get("XAI_CI") else pytest.skip)(why)
