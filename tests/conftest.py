import gc
import json
from pathlib import Path

import pytest
from filelock import FileLock

from tests.book import build


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the names
def pytest_collection_modifyitems(items):
    """Name who runs which tests: a worker takes a file, of the assignments' file one assignment."""
    for item in items:
        path = item.callspec.params.get("path") if hasattr(item, "callspec") else None
        group = path.stem if isinstance(path, Path) else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def built_book(tmp_path_factory, request):
    """Exit status and output of `make book`, and its folder; the first worker makes it."""
    shared = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):  # pytest-xdist: a folder per worker
        shared = shared.parent
    folder, result = shared / "web book", shared / "web-book.json"
    with FileLock(shared / "web-book.lock"):
        if not result.exists():
            folder.mkdir()
            result.write_text(json.dumps(build(folder)))
    return *json.loads(result.read_text()), (folder / "book").resolve()


@pytest.fixture
def kernels_are_collected():
    """Collect nbclient's two open sockets per kernel: their warning would fail later tests."""
    yield
    gc.collect()
