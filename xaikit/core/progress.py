"""A progress bar for long work, shown on request."""

from collections.abc import Iterable

from xaikit.core.extras import needs


def track(steps: Iterable, progress: bool, unit: str = "it") -> Iterable:
    """Return the steps as they are, or under a progress bar that counts them in a unit."""
    if not progress:
        return steps
    with needs("tqdm", "progress=True"):
        from tqdm.auto import tqdm

    return tqdm(steps, unit=unit)
