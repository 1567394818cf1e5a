"""The web book in a folder of its own, for tests that read its pages."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[1]


def build(folder: Path) -> tuple[int, str]:
    """Build the book in folder/book; return the exit status and the output."""
    run = subprocess.run(
        [sys.executable, "-m", "tools.book", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout


class Page(HTMLParser):
    """An HTML page's anchors, its links, the files that it loads, and its images."""

    def __init__(self, file: Path):
        super().__init__()
        self.file = file
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.feed(file.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note the attributes that matter."""
        found = dict(attributes)
        self.anchors |= {found[key] or "" for key in ("id", "name") if key in found}
        if tag == "a" and found.get("href"):
            self.links.append(found["href"] or "")
        # Other links, such as rel=canonical, load nothing.
        if tag == "link" and found.get("rel") not in ("index", "search", "next", "prev", "author"):
            self.loaded.append(found["href"] or "")
        if tag in ("script", "img", "iframe", "source") and found.get("src"):
            self.loaded.append(found["src"] or "")
        if tag == "img":
            self.images.append(found)


def pages(book: Path) -> dict[Path, Page]:
    """Return all pages under a folder by their files."""
    files = [file.resolve() for file in sorted(book.rglob("*.html"))]
    # The theme has a template in this folder.
    return {file: Page(file) for file in files if "_static" not in file.parts}


def dead_links(book: dict[Path, Page]) -> list[tuple[str, str]]:
    """Return pages with their links to missing files and missing anchors."""
    dead = []
    for page in book.values():
        for link in [*page.links, *page.loaded]:
            address = urlsplit(link)
            if address.scheme or address.netloc:
                continue
            path = unquote(address.path)
            target = (page.file.parent / path).resolve() if path else page.file
            anchor = unquote(address.fragment)
            known = book[target].anchors if target in book else set()
            if not target.is_file() or (anchor and target in book and anchor not in known):
                dead.append((page.file.name, link))
    return dead


def other_hosts(book: dict[Path, Page]) -> set[str]:
    """Return addresses on other hosts that pages load."""
    return {
        address for page in book.values() for address in page.loaded if urlsplit(address).netloc
    }
