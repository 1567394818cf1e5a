"""What a test does where a program or a package that it needs is missing."""

import os
from typing import NoReturn

import pytest


def skip_or_fail(why: str) -> NoReturn:
    """Skip the test; fail it where `XAI_CI` says that everything is to be there."""
    (pytest.fail if os.environ.get("XAI_CI") else pytest.skip)(why)
