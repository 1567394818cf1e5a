import gc
import json

import pytest
from filelock import FileLock

from tests.book import build


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
