"""Wait for what another process does."""

import time

PATIENCE = 600  # seconds, for what takes a few: the machine may have much else to do


def wait_until(true):
    """Wait until something is true; fail if it is not in a long time."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)
