"""A progress bar for long work, shown on request."""

from collections.abc import Iterable

from xaikit.core.extras import needs


def track(steps: Iterable, progress: bool, unit: str = "it") -> Iterable:
    """Return the steps, with a progress bar if `progress`; `unit` names what it counts."""
    if not progress:
        return steps
    with needs("tqdm", "progress=True"):
        from tqdm.auto import tqdm

    return tqdm(steps, unit=unit)
