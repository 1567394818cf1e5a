"""A package index shows README.md on its own site, where only whole addresses lead somewhere.

In the repository, on the disk and in the web book its links are to the files beside it. All else
about the package is in pyproject.toml.
"""

import re
import tomllib
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent


def description() -> str:
    """Return README.md with its links as addresses in the repository."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    repository = project["urls"]["Repository"]

    def whole(match: re.Match[str]) -> str:
        picture, text, target = match.groups()
        if "://" in target:
            return match[0]
        if target.startswith("#"):
            return f"[{text}]({repository}{target})"
        return f"{picture}[{text}]({repository}/{'raw' if picture else 'blob'}/HEAD/{target})"

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    readme = re.sub(r'(src|srcset)="([^":]+)"', rf'\1="{repository}/raw/HEAD/\2"', readme)
    return re.sub(r"(!?)\[([^]]*)\]\(([^)]+)\)", whole, readme)


setup(long_description=description(), long_description_content_type="text/markdown")
