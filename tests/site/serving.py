"""The site, built with a Pyodide of one's own, and served on this machine."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.lab import ROOT


def build(folder: Path, *options: str) -> Path:
    """Build the site without the book, by default with $PYODIDE; return its folder."""
    command = [sys.executable, "-m", "tools.site", str(folder), "--without-book", *options]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder / "site"


class Handler(SimpleHTTPRequestHandler):
    """Serves files to pages of any address, as Pyodide's own host does, and says nothing."""

    def end_headers(self):
        """Let other addresses read the file."""
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder; give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
